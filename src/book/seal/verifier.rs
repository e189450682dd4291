//! Password verifiers as entries hold them: sealed, so that the entry goes to other sites whole and the verifier does not. A text
//! of words with a blank between, each one box:
//!
//! - `own:KEY:BOX` is for the site itself; its key comes from the master secret, which no other site is ever told;
//! - `site:KEY:BOX` is for a branch and its head office, which knows the branch's data key: a password head office gives a person
//!   of the branch, and that of its own person whom it sends there.
//!
//! What earlier programs wrote is the verifier in clear (`$argon2id$…`). A box opens only for the login name it was made for. It is
//! written in letters with few digits among them, so that none of it looks like a number of a card.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{Keys, SealError, base32, open_with, unbase32};

const OWN: &str = "own";
const SITE: &str = "site";

impl Keys {
    /// A verifier for this site alone.
    pub fn seal_verifier(&self, login: &str, clear: &str) -> Result<String, SealError> {
        self.box_of(OWN, &self.name, login, clear)
    }

    /// A verifier for the branch whose data key has this name, and its head office; none when the key is not here.
    pub fn seal_verifier_for(&self, key: &str, login: &str, clear: &str) -> Result<Option<String>, SealError> {
        self.knows(key).then(|| self.box_of(SITE, key, login, clear)).transpose()
    }

    /// The verifier in an entry's text; none when no box of it is for this site.
    pub fn open_verifier(&self, login: &str, text: &str) -> Option<Zeroizing<String>> {
        if is_clear(text) {
            return Some(Zeroizing::new(text.to_owned()));
        }
        text.split(' ').find_map(|word| {
            let mut parts = word.splitn(3, ':');
            let (kind, key, sealed) = (parts.next()?, parts.next()?, unbase32(parts.next()?)?);
            let clear = open_with(&self.verifier_cipher(kind, key)?, &place(login), &sealed)?;
            String::from_utf8(clear).ok().map(Zeroizing::new)
        })
    }

    fn box_of(&self, kind: &str, key: &str, login: &str, clear: &str) -> Result<String, SealError> {
        let broken = || SealError::Broken(key.to_owned());
        let mut nonce = [0u8; 24];
        getrandom::fill(&mut nonce).map_err(|error| SealError::Chance(error.to_string()))?;
        let (cipher, place) = (self.verifier_cipher(kind, key).ok_or_else(broken)?, place(login));
        let payload = Payload { msg: clear.as_bytes(), aad: place.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| broken())?;
        Ok(format!("{kind}:{key}:{}", base32(&[&nonce[..], &sealed].concat())))
    }

    fn verifier_cipher(&self, kind: &str, key: &str) -> Option<XChaCha20Poly1305> {
        let secret = match (kind, self.others.get(key)) {
            (OWN, _) if key == self.name => blake3::derive_key("meterdesk verifier key 1", &*self.master),
            (SITE, _) if key == self.name => blake3::derive_key("meterdesk site verifier key 1", &*self.data),
            (SITE, Some(data)) => blake3::derive_key("meterdesk site verifier key 1", &**data),
            _ => return None,
        };
        let secret = Zeroizing::new(secret);
        Some(XChaCha20Poly1305::new((&*secret).into()))
    }
}

fn place(login: &str) -> String {
    format!("verifier {login}")
}

/// Was it written before verifiers were sealed?
pub fn is_clear(text: &str) -> bool {
    text.starts_with('$')
}

/// Which password it is, whoever it is sealed for besides: the hash of its first box.
pub fn mark(text: &str) -> [u8; 32] {
    *blake3::hash(text.split(' ').next().unwrap_or_default().as_bytes()).as_bytes()
}

/// The text with a further box, unless one for that key is in it.
pub fn with(text: &str, word: &str) -> String {
    let key = |word: &str| word.rsplit_once(':').map(|(key, _)| key.to_owned());
    match is_clear(text) || text.split(' ').any(|known| key(known) == key(word)) {
        true => text.to_owned(),
        false => format!("{text} {word}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAR: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn head_office_with_the_data_key_opens_no_verifier_a_branch_made_for_itself() {
        let (mut office, branch) = (Keys::from_master([1; 32]), Keys::from_master([2; 32]));
        let json = serde_json::to_string(&branch.for_head_office()).unwrap();
        office.take_over(None, &json, false).unwrap();
        let own = branch.seal_verifier("wang", CLEAR).unwrap();
        assert!(!own.contains("argon2"));
        assert_eq!(*branch.open_verifier("wang", &own).unwrap(), CLEAR);
        assert!(office.open_verifier("wang", &own).is_none());
        assert!(branch.open_verifier("li", &own).is_none(), "a box is of one person");
        let given = office.seal_verifier_for(branch.name(), "wang", CLEAR).unwrap().unwrap();
        assert_eq!(*branch.open_verifier("wang", &given).unwrap(), CLEAR);
        assert_eq!(*office.open_verifier("wang", &given).unwrap(), CLEAR);
        assert!(Keys::from_master([3; 32]).open_verifier("wang", &given).is_none());
        assert!(branch.seal_verifier_for(office.name(), "wang", CLEAR).unwrap().is_none());
    }

    #[test]
    fn a_further_box_changes_no_password_and_what_is_in_clear_stays_readable() {
        let (office, branch) = (Keys::from_master([1; 32]), Keys::from_master([2; 32]));
        let own = office.seal_verifier("audit", CLEAR).unwrap();
        let more = branch.seal_verifier_for(branch.name(), "audit", CLEAR).unwrap().unwrap();
        let both = with(&own, &more);
        assert_eq!(mark(&both), mark(&own));
        assert_eq!(with(&both, &more), both);
        assert!(office.open_verifier("audit", &both).is_some() && branch.open_verifier("audit", &both).is_some());
        assert_eq!(with(CLEAR, &more), CLEAR);
        assert_eq!(*branch.open_verifier("audit", CLEAR).unwrap(), CLEAR);
    }
}
