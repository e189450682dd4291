//! Sealed fields (密封字段): resident ID and bank-card numbers never stand in clear. A sealed field is XChaCha20-Poly1305
//! under the site's data key with the field's place as associated data; a keyed hash finds it, the last four digits show.
//!
//! Both keys come from one master secret in a file of its own beside the database, readable by its owner only. The recovery
//! key printed at the first-run ceremony is that secret in letters, with a check.
//!
//! What other sites handed over stands in the same file, a line each: the company's search key at a branch, the branches' data
//! keys at head office ([`handed`]). The recovery code does not hold them; they come again with the next bundle.

mod handed;
pub mod verifier;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::public_keys::{hex, unhex_all as unhex};

/// What can go wrong with keys and seals.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key file is missing or damaged.
    #[error("密钥文件 {0} 不在或已损坏；请用首次启用时打印的恢复码恢复 (key restore)")]
    NoKey(PathBuf),
    /// The key file may be read by others.
    #[error("密钥文件 {0} 的权限过宽，只应本人可读；请改成 600")]
    Open(PathBuf),
    /// The key file cannot be written.
    #[error("写密钥文件 {0} 出错：{1}")]
    Write(PathBuf, String),
    /// A sealed field that does not open: another key or changed bytes.
    #[error("密封字段打不开：密钥 {0} 不对或内容被改过")]
    Broken(String),
    /// A field sealed by another site whose data key is not here.
    #[error("号码由别的网点密封 (密钥 {0})，本网点没有它的密钥，请到该网点或总部查看")]
    Foreign(String),
    /// Keys handed over that are none.
    #[error("交来的密钥读不懂，没有收下")]
    Handed,
    /// A recovery code that is not right.
    #[error("恢复码不对，请核对每一组字母")]
    Recovery,
    /// No randomness from the system.
    #[error("系统没有给出随机数：{0}")]
    Chance(String),
}

/// A sealed number as it stands in payloads and tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sealed {
    /// Which key: eight hex digits.
    pub key: String,
    /// Nonce and ciphertext, hex.
    pub box_: String,
    /// The last four characters, to show.
    pub tail: String,
}

impl Sealed {
    /// As it is shown: `**************1234`.
    pub fn masked(&self) -> String {
        format!("**************{}", self.tail)
    }

    /// One text, for a column or a bulk row.
    pub fn to_text(&self) -> String {
        format!("{}:{}:{}", self.key, self.box_, self.tail)
    }

    /// Reads [`Sealed::to_text`].
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        Some(Self { key: parts.next()?.into(), box_: parts.next()?.into(), tail: parts.next()?.into() })
    }
}

pub use handed::{DataKey, Handed, TakenOver};

/// The site's keys.
pub struct Keys {
    master: Zeroizing<[u8; 32]>,
    data: Zeroizing<[u8; 32]>,
    cipher: XChaCha20Poly1305,
    search: Zeroizing<[u8; 32]>,
    /// The company's search key, when it has been taken over.
    company: Option<Zeroizing<[u8; 32]>>,
    /// Data keys of other sites, by name.
    others: BTreeMap<String, Zeroizing<[u8; 32]>>,
    name: String,
}

/// Where the key file of a database lies.
pub fn path_of(db: &Path) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".key");
    PathBuf::from(path)
}

impl Keys {
    /// Keys of a master secret.
    pub fn from_master(master: [u8; 32]) -> Self {
        let data = Zeroizing::new(blake3::derive_key("meterdesk data key 1", &master));
        Self {
            cipher: XChaCha20Poly1305::new((&*data).into()),
            data,
            company: None,
            others: BTreeMap::new(),
            search: Zeroizing::new(blake3::derive_key("meterdesk search key 1", &master)),
            name: blake3::Hash::from_bytes(blake3::derive_key("meterdesk key name 1", &master)).to_hex()[..8]
                .to_owned(),
            master: Zeroizing::new(master),
        }
    }

    /// Which key this is: eight hex digits, not secret.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same keys, for another thread.
    pub fn again(&self) -> Self {
        Self { company: self.company.clone(), others: self.others.clone(), ..Self::from_master(*self.master) }
    }

    /// Makes new keys and writes their file, owner-only; refuses to overwrite one.
    pub fn create(db: &Path) -> Result<Self, SealError> {
        let mut master = [0u8; 32];
        getrandom::fill(&mut master).map_err(|error| SealError::Chance(error.to_string()))?;
        let keys = Self::from_master(master);
        keys.write(db)?;
        Ok(keys)
    }

    /// Writes the key file of a database.
    pub fn write(&self, db: &Path) -> Result<(), SealError> {
        let path = path_of(db);
        let fault = |error: std::io::Error| SealError::Write(path.clone(), error.to_string());
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(fault)?;
        file.write_all(self.to_text().as_bytes()).map_err(fault)?;
        file.sync_all().map_err(fault)
    }

    /// Reads the key file of a database.
    pub fn open(db: &Path) -> Result<Self, SealError> {
        let path = path_of(db);
        // Asked before it is opened: opening a pipe waits for whoever writes into it.
        let plain = fs::metadata(&path).is_ok_and(|meta| meta.is_file());
        let text = Some(&path).filter(|_| plain).and_then(|path| fs::read_to_string(path).ok());
        let text = text.ok_or_else(|| SealError::NoKey(path.clone()))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).map_or(0o777, |meta| meta.permissions().mode());
            if mode & 0o077 != 0 {
                return Err(SealError::Open(path));
            }
        }
        let text = Zeroizing::new(text);
        let damaged = || SealError::NoKey(path.clone());
        let mut lines = text.strip_prefix(MAGIC).ok_or_else(damaged)?.lines();
        let mut keys = Self::from_recovery(lines.next().unwrap_or_default()).map_err(|_| damaged())?;
        lines.try_for_each(|line| keys.read_line(line)).ok_or_else(damaged)?;
        Ok(keys)
    }

    /// The recovery code: the master secret in groups of letters, with a check group.
    pub fn recovery_code(&self) -> String {
        let mut bytes = self.master.to_vec();
        bytes.extend_from_slice(&blake3::hash(&*self.master).as_bytes()[..3]);
        let letters = base32(&bytes);
        letters.as_bytes().chunks(7).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    /// Keys of a recovery code, as typed from paper.
    pub fn from_recovery(code: &str) -> Result<Self, SealError> {
        let letters: String =
            code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        let bytes = unbase32(&letters).ok_or(SealError::Recovery)?;
        let master: [u8; 32] = bytes.get(..32).and_then(|part| part.try_into().ok()).ok_or(SealError::Recovery)?;
        if bytes.len() != 35 || bytes[32..] != blake3::hash(&master).as_bytes()[..3] {
            return Err(SealError::Recovery);
        }
        Ok(Self::from_master(master))
    }

    /// Seals a number. `place` names where it stands (`resident_id`, `bank_card`, `draft`): a seal opens only in its place.
    pub fn seal(&self, place: &str, clear: &str) -> Result<Sealed, SealError> {
        let bytes = self.seal_bytes(place, clear.as_bytes())?;
        let count = clear.chars().count();
        let tail = if count > 8 { clear.chars().skip(count - 4).collect() } else { String::new() };
        Ok(Sealed { key: self.name.clone(), box_: hex(&bytes), tail })
    }

    /// Opens a sealed number.
    pub fn open_sealed(&self, place: &str, sealed: &Sealed) -> Result<Zeroizing<String>, SealError> {
        let broken = || SealError::Broken(sealed.key.clone());
        let bytes = unhex(&sealed.box_).ok_or_else(broken)?;
        let clear = match self.others.get(&sealed.key) {
            _ if sealed.key == self.name => self.open_bytes(place, &bytes)?,
            Some(other) => open_with(&XChaCha20Poly1305::new((&**other).into()), place, &bytes).ok_or_else(broken)?,
            None => return Err(SealError::Foreign(sealed.key.clone())),
        };
        String::from_utf8(clear).map(Zeroizing::new).map_err(|_| broken())
    }

    /// Seals bytes: nonce, then ciphertext.
    pub fn seal_bytes(&self, place: &str, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; 24];
        getrandom::fill(&mut nonce).map_err(|error| SealError::Chance(error.to_string()))?;
        let payload = Payload { msg: clear, aad: place.as_bytes() };
        let sealed =
            self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Broken(self.name.clone()))?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens what [`Keys::seal_bytes`] made.
    pub fn open_bytes(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        open_with(&self.cipher, place, bytes).ok_or_else(|| SealError::Broken(self.name.clone()))
    }

    /// Seals a frame of the second copy, bound to the hash of all before it in its file: nonce, then ciphertext.
    pub fn seal_frame(&self, before: &[u8; 32], clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0u8; 24];
        getrandom::fill(&mut nonce).map_err(|error| SealError::Chance(error.to_string()))?;
        let payload = Payload { msg: clear, aad: before };
        let sealed = self.frame_cipher().encrypt(&XNonce::from(nonce), payload);
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed.map_err(|_| SealError::Broken(self.name.clone()))?);
        Ok(bytes)
    }

    /// Opens what [`Keys::seal_frame`] made.
    pub fn open_frame(&self, before: &[u8; 32], bytes: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = bytes.split_first_chunk::<24>()?;
        self.frame_cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: before }).ok()
    }

    fn frame_cipher(&self) -> XChaCha20Poly1305 {
        let key = Zeroizing::new(blake3::derive_key("meterdesk second copy key 1", &*self.master));
        XChaCha20Poly1305::new((&*key).into())
    }

    /// A hasher keyed by this site's secret, for fingerprints of what must not be guessed.
    pub fn keyed_hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&blake3::derive_key("meterdesk fingerprint key 1", &*self.master))
    }

    /// A hasher keyed by this site's secret, for the high-water mark.
    pub fn mark_hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&blake3::derive_key("meterdesk mark key 1", &*self.master))
    }

    /// Keyed hash of a number, for finding it and for telling that two are the same.
    pub fn search_hash(&self, clear: &str) -> i64 {
        let bytes = blake3::keyed_hash(self.search_key(), clear.as_bytes());
        let mut first = [0u8; 8];
        first.copy_from_slice(&bytes.as_bytes()[..8]);
        i64::from_le_bytes(first)
    }
}

/// Opens nonce and ciphertext in their place.
fn open_with(cipher: &XChaCha20Poly1305, place: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = bytes.split_at_checked(24)?;
    let nonce: [u8; 24] = nonce.try_into().ok()?;
    cipher.decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: place.as_bytes() }).ok()
}

/// First line of a key file.
const MAGIC: &str = "meterdesk-key 1\n";

const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

fn base32(bytes: &[u8]) -> String {
    let (mut out, mut buffer, mut bits) = (String::new(), 0u32, 0);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
    }
    out
}

fn unbase32(letters: &str) -> Option<Vec<u8>> {
    let (mut out, mut buffer, mut bits) = (Vec::new(), 0u32, 0);
    for letter in letters.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == letter)?;
        buffer = (buffer << 5) | u32::try_from(digit).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_only_with_its_key_in_its_place_and_unchanged() {
        let keys = Keys::from_master([7; 32]);
        let sealed = keys.seal("resident_id", "530124194610038814").unwrap();
        assert_eq!(sealed.tail, "8814");
        assert!(!sealed.to_text().contains("530124"));
        assert_eq!(Sealed::from_text(&sealed.to_text()), Some(sealed.clone()));
        assert_eq!(*keys.open_sealed("resident_id", &sealed).unwrap(), "530124194610038814");
        assert!(keys.open_sealed("bank_card", &sealed).is_err());
        assert!(Keys::from_master([8; 32]).open_sealed("resident_id", &sealed).is_err());
        let mut changed = sealed;
        changed.box_.replace_range(60..61, if changed.box_.as_bytes()[60] == b'0' { "1" } else { "0" });
        assert!(keys.open_sealed("resident_id", &changed).is_err());
    }

    #[test]
    fn the_recovery_code_brings_the_keys_back_and_a_wrong_letter_does_not() {
        let keys = Keys::from_master([9; 32]);
        let code = keys.recovery_code();
        let back = Keys::from_recovery(&code.to_lowercase()).unwrap();
        assert_eq!(back.search_hash("x"), keys.search_hash("x"));
        let wrong = code.strip_prefix('A').map_or_else(|| format!("A{}", &code[1..]), |rest| format!("B{rest}"));
        assert!(Keys::from_recovery(&wrong).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("a.db");
        Keys::create(&db).unwrap();
        assert!(Keys::open(&db).is_ok());
        fs::set_permissions(path_of(&db), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keys::open(&db), Err(SealError::Open(_))));
    }
}
