//! What others know of a site's keys: the one its signatures are checked with, the one bundles are sealed to, and the
//! certificate by which it passes from old keys to new ones.

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Groups of a fingerprint, and letters in each: 160 bits.
const GROUPS: usize = 8;
const GROUP: usize = 4;

/// The public half of a site's keys.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicKeys {
    /// Ed25519 verification key, 64 hex digits.
    pub sign: String,
    /// age X25519 recipient, `age1…`.
    pub seal: String,
}

/// A key that is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("公钥“{0}”不对，请核对网点名片文件")]
pub struct BadKey(pub String);

impl PublicKeys {
    /// Does the signature fit the message? Weak keys and malleable signatures are refused.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.verifying().is_some_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }

    /// The key its signatures are checked with; `None` when it is no key.
    pub fn verifying(&self) -> Option<VerifyingKey> {
        unhex::<32>(&self.sign).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
    }

    /// Whom bundles for this site are sealed to.
    pub fn recipient(&self) -> Result<age::x25519::Recipient, BadKey> {
        self.seal.parse().map_err(|_| bad(&self.seal))
    }

    /// Are both keys well formed?
    pub fn check(&self) -> Result<(), BadKey> {
        let sound = unhex::<32>(&self.sign).is_some_and(|bytes| VerifyingKey::from_bytes(&bytes).is_ok());
        if !sound || self.sign.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(bad(&self.sign));
        }
        self.recipient().map(|_| ())
    }

    /// Short name of the pair: 16 hex digits over both keys.
    pub fn name(&self) -> String {
        hex(&self.digest("meterdesk site key name 1")[..8])
    }

    /// What is read over the phone: 8 groups of 4 letters over both keys.
    pub fn fingerprint(&self) -> String {
        let bytes = self.digest("meterdesk site key fingerprint 1");
        let letters: Vec<char> =
            bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).take(GROUPS * GROUP).collect();
        letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    /// Is what was heard or typed this pair's fingerprint? Blanks, dashes and small letters do not matter.
    pub fn is_fingerprint(&self, typed: &str) -> bool {
        plain(typed) == plain(&self.fingerprint())
    }

    fn digest(&self, context: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        for part in [&self.sign, &self.seal] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}

fn plain(fingerprint: &str) -> String {
    fingerprint.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect()
}

fn bad(text: &str) -> BadKey {
    BadKey(text.chars().take(80).collect())
}

/// New keys of a site, vouched for by its old ones.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Name of the old pair.
    pub from: String,
    /// The new pair.
    pub keys: PublicKeys,
    /// When, by the site's clock.
    pub at: String,
    /// The old pair's signature over [`Rotation::message`], hex.
    pub signature: String,
}

impl Rotation {
    /// What is signed.
    pub fn message(from: &str, keys: &PublicKeys, at: &str) -> Vec<u8> {
        let mut message = b"meterdesk rotation 1\0".to_vec();
        for part in [from, &keys.sign, &keys.seal, at] {
            message.extend_from_slice(&(part.len() as u64).to_le_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        message
    }

    /// Did this old pair sign it?
    pub fn is_by(&self, old: &PublicKeys) -> bool {
        let message = Self::message(&self.from, &self.keys, &self.at);
        old.name() == self.from
            && self.keys.check().is_ok()
            && unhex::<64>(&self.signature).is_some_and(|signature| old.verify(&message, &signature))
    }
}

/// The keys that follow from a trusted pair by certificates, the newest first and the trusted pair last. Certificates that
/// nobody in the line signed are passed over.
pub fn line(trusted: &PublicKeys, rotations: &[Rotation]) -> Vec<PublicKeys> {
    let mut known: Vec<(&str, &PublicKeys)> = vec![("", trusted)];
    loop {
        let is_new = |rotation: &&Rotation| known.iter().all(|(_, keys)| **keys != rotation.keys);
        let mut follow = rotations.iter().filter(is_new);
        let Some(next) = follow.find(|rotation| known.iter().any(|(_, keys)| rotation.is_by(keys))) else { break };
        known.push((&next.at, &next.keys));
    }
    known.sort_by_key(|(at, keys)| (std::cmp::Reverse(*at), keys.name()));
    known.into_iter().map(|(_, keys)| keys.clone()).collect()
}

/// A secret as text inside JSON; wiped when it goes.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Secret bytes as hex.
    pub fn hex(bytes: &[u8]) -> Self {
        Self(hex(bytes))
    }

    /// Exactly `N` bytes again.
    pub fn bytes<const N: usize>(&self) -> Option<[u8; N]> {
        unhex(&self.0)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// Bytes as small hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Exactly `N` bytes from hex digits.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    unhex_all(text)?.try_into().ok()
}

/// Bytes from hex digits.
pub fn unhex_all(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
