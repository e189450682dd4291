//! The site card (网点名片): a short text file by which two sites come to know each other. It is signed by the keys it carries;
//! that those keys are the site's own is what the fingerprint read over the phone says.
//!
//! ```text
//! meterdesk site card 1
//! code: B03
//! name: 城南营业所
//! utility: water
//! role: branch
//! practice: no
//! sign: 64 hex digits
//! seal: age1…
//! data-key: 8 hex digits, code of the head office, age ciphertext in hex   (a branch that trusts one)
//! signature: 128 hex digits over every line above
//! ```

use crate::book::public_keys::{BadKey, PublicKeys, hex, unhex, unhex_all};
use crate::derive::site::SealedDataKey;
use crate::exchange::site_keys::SiteKeys;
use crate::rules::id::Site;

/// Largest card, in bytes.
pub const MAX_CARD: usize = 2 << 10;
/// Longest name of a site on a card, in characters.
pub const MAX_NAME: usize = 60;
const MAGIC: &str = "meterdesk site card 1";
const DOMAIN: &[u8] = b"meterdesk site card signature 1\0";

/// What can be wrong with a card.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CardError {
    /// Not a card, or longer than one.
    #[error("这个文件不是网点名片，请让对方用 site card 重新生成")]
    NotACard,
    /// A card of a later program.
    #[error("名片是较新版本的程序做的，请先升级本程序")]
    Newer,
    /// A line that is not as it must be.
    #[error("名片第 {0} 行不对，文件可能损坏，请让对方重新生成")]
    Line(usize),
    /// The signature does not fit.
    #[error("名片的签名不符，文件损坏或被改过，请让对方重新生成")]
    Signature,
    /// A key that is none.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The data key could not be sealed.
    #[error("数据密钥封不起来，请核对总部的名片")]
    Seal,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Site code.
    pub code: Site,
    /// Name.
    pub name: String,
    /// Utility.
    pub utility: String,
    /// Of a head office?
    pub head_office: bool,
    /// Of a practice book?
    pub practice: bool,
    /// Its keys.
    pub keys: PublicKeys,
    /// A branch's data key, sealed for its head office.
    pub data_key: Option<SealedDataKey>,
}

impl Card {
    /// The file, signed.
    pub fn to_text(&self, keys: &SiteKeys) -> String {
        let body = self.body();
        let signature = hex(&keys.sign(&signed(&body)));
        format!("{body}signature: {signature}\n")
    }

    fn body(&self) -> String {
        let role = if self.head_office { "head-office" } else { "branch" };
        let practice = if self.practice { "yes" } else { "no" };
        let mut text = format!(
            "{MAGIC}\ncode: {}\nname: {}\nutility: {}\nrole: {role}\npractice: {practice}\nsign: {}\nseal: {}\n",
            self.code, self.name, self.utility, self.keys.sign, self.keys.seal
        );
        if let Some(data) = &self.data_key {
            text.push_str(&format!("data-key: {} {} {}\n", data.key, data.for_site, data.sealed));
        }
        text
    }

    /// Reads a card and checks its signature.
    pub fn read(text: &str) -> Result<Self, CardError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        if text.len() > MAX_CARD {
            return Err(CardError::NotACard);
        }
        let mut lines = text.lines().enumerate();
        match lines.next() {
            Some((_, MAGIC)) => {}
            Some((_, line)) if line.starts_with("meterdesk site card ") => return Err(CardError::Newer),
            _ => return Err(CardError::NotACard),
        }
        let mut field = |name: &str| {
            let (at, line) = lines.next().ok_or(CardError::NotACard)?;
            let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(": "));
            value.map(|value| (at + 1, value.to_owned())).ok_or(CardError::Line(at + 1))
        };
        let (at, code) = field("code")?;
        let code = Site::parse(&code).ok().filter(|site| site.as_str() == code).ok_or(CardError::Line(at))?;
        let (at, name) = field("name")?;
        let plain = !name.trim().is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
        let name = Some(name).filter(|_| plain).ok_or(CardError::Line(at))?;
        let (at, utility) = field("utility")?;
        let known = ["water", "gas", "power", "heat"].contains(&utility.as_str());
        let utility = Some(utility).filter(|_| known).ok_or(CardError::Line(at))?;
        let head_office = either(field("role")?, "head-office", "branch")?;
        let practice = either(field("practice")?, "yes", "no")?;
        let keys = PublicKeys { sign: field("sign")?.1, seal: field("seal")?.1 };
        keys.check()?;
        let mut rest: Vec<(usize, &str)> = lines.collect();
        let data_key = match rest.first().and_then(|(at, line)| Some((at + 1, line.strip_prefix("data-key: ")?))) {
            Some((at, value)) => {
                rest.remove(0);
                Some(data_key(value).ok_or(CardError::Line(at))?)
            }
            None => None,
        };
        let card = Self { code, name, utility, head_office, practice, keys, data_key };
        let [(_, last)] = rest[..] else { return Err(CardError::NotACard) };
        let signature = last.strip_prefix("signature: ").and_then(unhex::<64>).ok_or(CardError::Signature)?;
        if !card.keys.verify(&signed(&card.body()), &signature) {
            return Err(CardError::Signature);
        }
        Ok(card)
    }
}

fn signed(body: &str) -> Vec<u8> {
    [DOMAIN, body.as_bytes()].concat()
}

fn either((at, value): (usize, String), yes: &str, no: &str) -> Result<bool, CardError> {
    match value {
        value if value == yes => Ok(true),
        value if value == no => Ok(false),
        _ => Err(CardError::Line(at)),
    }
}

fn data_key(value: &str) -> Option<SealedDataKey> {
    let words: Vec<&str> = value.split(' ').collect();
    let [key, for_site, sealed] = words[..] else { return None };
    let sound =
        key.len() == 8 && Site::parse(for_site).is_ok() && unhex_all(key).is_some() && unhex_all(sealed).is_some();
    sound.then(|| SealedDataKey { key: key.into(), for_site: for_site.into(), sealed: sealed.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::seal::Keys;
    use crate::exchange::secret::{open_data_key, seal_data_key};

    fn card(keys: &SiteKeys) -> Card {
        Card {
            code: Site::parse("B03").unwrap(),
            name: "城南营业所".into(),
            utility: "water".into(),
            head_office: false,
            practice: true,
            keys: keys.public(),
            data_key: None,
        }
    }

    #[test]
    fn a_card_comes_back_and_its_data_key_is_for_head_office_alone() {
        let (branch, office) = (SiteKeys::from_seed([1; 32]), SiteKeys::from_seed([2; 32]));
        let sealing = Keys::from_master([5; 32]);
        let data_key = Some(seal_data_key(&sealing, "H", &office.public()).unwrap());
        let made = Card { data_key, name: "城".repeat(MAX_NAME), ..card(&branch) };
        let text = made.to_text(&branch);
        assert!(text.len() <= MAX_CARD, "{}", text.len());
        for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
            assert_eq!(Card::read(&text), Ok(made.clone()));
        }
        let sealed = made.data_key.unwrap();
        assert!(open_data_key(&branch, &sealed).is_none());
        let json = open_data_key(&office, &sealed).unwrap();
        assert_eq!(Keys::from_master([6; 32]).take_over(None, &json, false).unwrap().data, 1);
    }

    #[test]
    fn no_letter_of_a_card_can_be_changed() {
        let keys = SiteKeys::from_seed([1; 32]);
        let text = card(&keys).to_text(&keys);
        for (at, _) in text.char_indices().filter(|(at, c)| c.is_ascii() && *at + 1 < text.len()) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Card::read(&changed).is_err(), "byte {at}");
            assert!(Card::read(&text[..at]).is_err(), "cut at {at}");
        }
        let other = SiteKeys::from_seed([2; 32]);
        assert_eq!(Card::read(&card(&keys).to_text(&other)), Err(CardError::Signature));
        assert_eq!(Card::read("meterdesk site card 2\n"), Err(CardError::Newer));
        assert_eq!(Card::read(&"x".repeat(1 << 20)), Err(CardError::NotACard));
        assert_eq!(Card::read(&format!("{text}{text}")), Err(CardError::NotACard));
    }
}
