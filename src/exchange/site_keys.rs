//! The site's own keys: ed25519 to sign bundles, age X25519 to open them, in a file of their own (`x.db.site`) beside the
//! database, readable by its owner only; with a passphrase, sealed under it (argon2id, XChaCha20-Poly1305).
//!
//! The file keeps the pairs of before as well, because a bundle under way may still be sealed to them, and the certificates by
//! which one pair followed the other.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use bech32::ToBase32;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ed25519_dalek::{Signer, SigningKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

pub use crate::book::public_keys::{BadKey, PublicKeys, Rotation, line};
use crate::book::public_keys::{Secret, hex, unhex, unhex_all};

const MAGIC: &str = "meterdesk-site 1";
const PLACE: &[u8] = b"meterdesk site file 1";
/// Largest key file read, in bytes.
const MAX_FILE: u64 = 64 << 10;
/// argon2id: memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// What can go wrong with the site's keys.
#[derive(Debug, thiserror::Error)]
pub enum SiteKeyError {
    /// No key file.
    #[error("没有网点密钥文件 {0}；请管理员用 site keys 生成")]
    Missing(PathBuf),
    /// The key file is damaged.
    #[error("网点密钥文件 {0} 已损坏；请从备份取回，或移到别处后用 site keys 另做，再请总部重新登记")]
    Damaged(PathBuf),
    /// The key file may be read by others.
    #[error("网点密钥文件 {0} 的权限过宽，只应本人可读；请改成 600")]
    Open(PathBuf),
    /// The key file is there already.
    #[error("网点密钥文件 {0} 已经在，不会改写；换密钥请用 site rotate，加口令请用 site keys --passphrase")]
    Exists(PathBuf),
    /// The key file cannot be read or written.
    #[error("读写网点密钥文件 {0} 出错：{1}")]
    Io(PathBuf, String),
    /// The file is sealed and no passphrase was given.
    #[error("网点密钥有口令；请设环境变量 METERDESK_PASSPHRASE 或输入口令")]
    Locked,
    /// Another passphrase.
    #[error("网点密钥的口令不对，请重输")]
    Passphrase,
    /// No randomness from the system.
    #[error("系统没有给出随机数：{0}")]
    Chance(String),
    /// What was sealed is not for this site, or was changed.
    #[error("内容不是封给本网点的，或已损坏")]
    NotForUs,
}

/// One pair of secret keys.
struct Pair {
    sign: SigningKey,
    seal: Identity,
    secret: Zeroizing<[u8; 64]>,
}

impl Pair {
    fn of(secret: [u8; 64]) -> Self {
        let (mut sign, mut seal) = ([0u8; 32], [0u8; 32]);
        sign.copy_from_slice(&secret[..32]);
        seal.copy_from_slice(&secret[32..]);
        let pair =
            Self { sign: SigningKey::from_bytes(&sign), seal: identity_of(&seal), secret: Zeroizing::new(secret) };
        sign.zeroize();
        seal.zeroize();
        pair
    }

    fn generate() -> Result<Self, SiteKeyError> {
        let mut secret = [0u8; 64];
        getrandom::fill(&mut secret).map_err(|error| SiteKeyError::Chance(error.to_string()))?;
        Ok(Self::of(secret))
    }

    fn public(&self) -> PublicKeys {
        PublicKeys { sign: hex(self.sign.verifying_key().as_bytes()), seal: self.seal.to_public().to_string() }
    }
}

/// An age identity of 32 secret bytes.
fn identity_of(secret: &[u8; 32]) -> Identity {
    let text = bech32::encode("age-secret-key-", secret.to_base32(), bech32::Variant::Bech32)
        .map(|text| Zeroizing::new(text.to_uppercase()));
    // A 32 byte secret under age's own prefix is an identity by definition.
    text.ok().and_then(|text| text.parse().ok()).expect("32 bytes are an X25519 secret")
}

/// The site's keys: the pair in use, the pairs of before, and how one followed the other.
pub struct SiteKeys {
    pairs: Vec<Pair>,
    rotations: Vec<Rotation>,
    passphrase: Option<Zeroizing<String>>,
    path: Option<PathBuf>,
}

/// What the key file holds, inside.
#[derive(Serialize, Deserialize)]
struct Inside {
    /// Secrets as hex, the one in use first.
    pairs: Vec<Secret>,
    /// Certificates, oldest first.
    rotations: Vec<Rotation>,
}

/// Where the site's key file of a database lies.
pub fn path_of(db: &Path) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".site");
    PathBuf::from(path)
}

impl SiteKeys {
    /// New keys without a file.
    pub fn generate() -> Result<Self, SiteKeyError> {
        Ok(Self { pairs: vec![Pair::generate()?], rotations: Vec::new(), passphrase: None, path: None })
    }

    /// The same keys for the same seed; for books in memory.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let mut secret = [0u8; 64];
        blake3::Hasher::new_keyed(&seed).update(b"meterdesk site keys 1").finalize_xof().fill(&mut secret);
        Self { pairs: vec![Pair::of(secret)], rotations: Vec::new(), passphrase: None, path: None }
    }

    /// Makes new keys and writes their file, owner-only; refuses to overwrite one.
    pub fn create(db: &Path, passphrase: Option<&str>) -> Result<Self, SiteKeyError> {
        let path = path_of(db);
        let passphrase = passphrase.filter(|text| !text.is_empty()).map(|text| Zeroizing::new(text.to_owned()));
        let keys = Self { path: Some(path.clone()), passphrase, ..Self::generate()? };
        write_new(&path, keys.to_text()?.as_bytes()).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => SiteKeyError::Exists(path.clone()),
            _ => SiteKeyError::Io(path.clone(), error.to_string()),
        })?;
        sync_folder(&path);
        Ok(keys)
    }

    /// Reads the site's keys of a database.
    pub fn open(db: &Path, passphrase: Option<&str>) -> Result<Self, SiteKeyError> {
        let path = path_of(db);
        let meta = fs::metadata(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => SiteKeyError::Missing(path.clone()),
            _ => SiteKeyError::Io(path.clone(), error.to_string()),
        })?;
        #[cfg(unix)]
        if std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o077 != 0 {
            return Err(SiteKeyError::Open(path));
        }
        if !meta.is_file() || meta.len() > MAX_FILE {
            return Err(SiteKeyError::Damaged(path));
        }
        let bytes = fs::read(&path).map_err(|error| SiteKeyError::Io(path.clone(), error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| SiteKeyError::Damaged(path.clone()))?;
        let text = Zeroizing::new(text);
        let passphrase = passphrase.filter(|text| !text.is_empty());
        let inside = open_text(&text, passphrase, &path)?;
        let damaged = || SiteKeyError::Damaged(path.clone());
        let pairs: Option<Vec<Pair>> = inside.pairs.iter().map(|pair| pair.bytes::<64>().map(Pair::of)).collect();
        let pairs = pairs.filter(|pairs| !pairs.is_empty()).ok_or_else(damaged)?;
        let passphrase = passphrase.map(|text| Zeroizing::new(text.to_owned()));
        Ok(Self { pairs, rotations: inside.rotations, passphrase, path: Some(path) })
    }

    /// Signs with the pair in use.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.current().sign.sign(message).to_bytes()
    }

    /// The public half of the pair in use.
    pub fn public(&self) -> PublicKeys {
        self.current().public()
    }

    /// What opens bundles sealed to the pair in use.
    pub fn identity(&self) -> &Identity {
        &self.current().seal
    }

    /// What opens bundles sealed to any pair this site ever had, the one in use first.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.pairs.iter().map(|pair| &pair.seal)
    }

    /// How the pairs followed each other, oldest first; they travel in every header.
    pub fn rotations(&self) -> &[Rotation] {
        &self.rotations
    }

    /// The public halves of all pairs, the one in use first.
    pub fn all_public(&self) -> Vec<PublicKeys> {
        self.pairs.iter().map(Pair::public).collect()
    }

    /// Opens a short text sealed to this site, such as a data key.
    pub fn open_sealed(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SiteKeyError> {
        let opened = self.identities().find_map(|identity| age::decrypt(identity, sealed).ok());
        opened.map(Zeroizing::new).ok_or(SiteKeyError::NotForUs)
    }

    /// The same keys again.
    pub fn again(&self) -> Self {
        Self {
            pairs: self.pairs.iter().map(|pair| Pair::of(*pair.secret)).collect(),
            rotations: self.rotations.clone(),
            passphrase: self.passphrase.clone(),
            path: self.path.clone(),
        }
    }

    /// Goes over to a new pair: the file, if there is one, is replaced whole, and the certificate answered. The old pair is
    /// kept to open with.
    pub fn rotate(&mut self, at: &str) -> Result<Rotation, SiteKeyError> {
        let new = Pair::generate()?;
        let (from, keys) = (self.public().name(), new.public());
        let signature = hex(&self.sign(&Rotation::message(&from, &keys, at)));
        let rotation = Rotation { from, keys, at: at.to_owned(), signature };
        let mut next = self.again();
        next.pairs.insert(0, new);
        next.rotations.push(rotation.clone());
        if let Some(path) = &self.path {
            let text = next.to_text()?;
            replace(path, text.as_bytes()).map_err(|error| SiteKeyError::Io(path.clone(), error.to_string()))?;
        }
        *self = next;
        Ok(rotation)
    }

    /// Seals the file under a passphrase, in the place of the one before or of none.
    pub fn seal_file(&mut self, passphrase: &str) -> Result<(), SiteKeyError> {
        self.passphrase = Some(Zeroizing::new(passphrase.to_owned()));
        let Some(path) = &self.path else { return Ok(()) };
        let text = self.to_text()?;
        replace(path, text.as_bytes()).map_err(|error| SiteKeyError::Io(path.clone(), error.to_string()))
    }

    fn current(&self) -> &Pair {
        // There is always one: made with one, opened only with one, never emptied.
        &self.pairs[0]
    }

    fn to_text(&self) -> Result<Zeroizing<String>, SiteKeyError> {
        let pairs = self.pairs.iter().map(|pair| Secret::hex(&*pair.secret)).collect();
        let inside = serde_json::to_string(&Inside { pairs, rotations: self.rotations.clone() });
        // Texts and lists of texts are always JSON.
        let inside = Zeroizing::new(inside.unwrap_or_default());
        let body = match &self.passphrase {
            None => Zeroizing::new(format!("{MAGIC}\nplain\n{}\n", *inside)),
            Some(passphrase) => {
                let (mut salt, mut nonce) = ([0u8; 16], [0u8; 24]);
                for bytes in [&mut salt[..], &mut nonce[..]] {
                    getrandom::fill(bytes).map_err(|error| SiteKeyError::Chance(error.to_string()))?;
                }
                let cipher = cipher_of(passphrase, &salt, COST).ok_or(SiteKeyError::Passphrase)?;
                let payload = Payload { msg: inside.as_bytes(), aad: PLACE };
                let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SiteKeyError::Passphrase)?;
                let (memory, passes, lanes) = COST;
                Zeroizing::new(format!(
                    "{MAGIC}\nargon2id {memory} {passes} {lanes} {} {}\n{}\n",
                    hex(&salt),
                    hex(&nonce),
                    hex(&sealed)
                ))
            }
        };
        Ok(Zeroizing::new(format!("{}check {}\n", *body, check_of(&body))))
    }
}

/// Digest of a file's lines, so that damage is told from a wrong passphrase.
fn check_of(body: &str) -> String {
    blake3::hash(body.as_bytes()).to_hex()[..16].to_owned()
}

fn cipher_of(passphrase: &str, salt: &[u8], (memory, passes, lanes): (u32, u32, u32)) -> Option<XChaCha20Poly1305> {
    let params = argon2::Params::new(memory, passes, lanes, Some(32)).ok()?;
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut key = Zeroizing::new([0u8; 32]);
    argon.hash_password_into(passphrase.as_bytes(), salt, &mut *key).ok()?;
    Some(XChaCha20Poly1305::new((&*key).into()))
}

fn open_text(text: &str, passphrase: Option<&str>, path: &Path) -> Result<Inside, SiteKeyError> {
    let damaged = || SiteKeyError::Damaged(path.to_owned());
    let (body, check) = text.rsplit_once("check ").ok_or_else(damaged)?;
    if check.strip_suffix('\n') != Some(check_of(body).as_str()) {
        return Err(damaged());
    }
    let mut lines = body.lines();
    let (Some(MAGIC), Some(how), Some(content), None) = (lines.next(), lines.next(), lines.next(), lines.next()) else {
        return Err(damaged());
    };
    if how == "plain" {
        return serde_json::from_str(content).map_err(|_| damaged());
    }
    let passphrase = passphrase.ok_or(SiteKeyError::Locked)?;
    let words: Vec<&str> = how.split(' ').collect();
    let ["argon2id", memory, passes, lanes, salt, nonce] = words[..] else { return Err(damaged()) };
    // Costs far beyond our own would only keep the machine busy.
    let number = |text: &str, most: u32| text.parse::<u32>().ok().filter(|n| *n <= most).ok_or_else(damaged);
    let cost = (number(memory, 1 << 20)?, number(passes, 16)?, number(lanes, 16)?);
    let salt = unhex::<16>(salt).ok_or_else(damaged)?;
    let nonce = unhex::<24>(nonce).ok_or_else(damaged)?;
    let sealed = unhex_all(content).ok_or_else(damaged)?;
    let cipher = cipher_of(passphrase, &salt, cost).ok_or_else(damaged)?;
    let opened = cipher
        .decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad: PLACE })
        .map(Zeroizing::new)
        .map_err(|_| SiteKeyError::Passphrase)?;
    serde_json::from_slice(&opened).map_err(|_| damaged())
}

/// Writes a new file, owner-only, to the disk.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Puts a file in the place of another: before or after, never between.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    write_new(&beside, bytes)?;
    fs::rename(&beside, path)?;
    sync_folder(path);
    Ok(())
}

/// Makes a rename or a new name durable, where the system can.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests;
