//! Keys that sites hand to each other, sealed on their way: a branch its data key to head office, so that numbers it sealed can
//! be opened there; head office the company's search key to its branches, so that one person has one hash everywhere.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Keys, MAGIC, SealError, path_of};
use crate::book::public_keys::{Secret, hex, unhex};

/// Most data keys taken over: one a branch and a few of lives before.
const MAX_KEYS: usize = 10_000;

/// What one site hands to another, JSON.
#[derive(Serialize, Deserialize, Default)]
pub struct Handed {
    /// The company's search key, hex; from head office only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Secret>,
    /// Data keys; to head office only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<DataKey>,
}

/// A data key by name.
#[derive(Serialize, Deserialize)]
pub struct DataKey {
    /// The eight hex digits sealed fields name.
    pub key: String,
    /// The key, hex.
    pub secret: Secret,
}

/// What was new in what was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenOver {
    /// Another search key: the people's index is to be made again.
    pub search: bool,
    /// Data keys that were not known.
    pub data: usize,
}

impl TakenOver {
    /// Must `desk.rehash_people` be called?
    pub fn is_news(&self) -> bool {
        self.search || self.data > 0
    }
}

impl Handed {
    /// Can this be read, and is every key in it one, and are there no more than a site takes over?
    pub fn is_sound(json: &str) -> bool {
        let object = json.trim_start().starts_with('{'); // a list would pass for one of which everything is left out
        let Some(handed) = serde_json::from_str::<Self>(json).ok().filter(|_| object) else { return false };
        let is_key = |secret: &Secret| secret.bytes::<32>().map(Zeroizing::new).is_some();
        let data = |data: &DataKey| is_name(&data.key) && is_key(&data.secret);
        let few = handed.data.len() <= MAX_KEYS;
        few && handed.search.as_ref().is_none_or(is_key) && handed.data.iter().all(data)
    }
}

impl Keys {
    /// What a branch hands to its head office.
    pub fn for_head_office(&self) -> Handed {
        Handed { search: None, data: vec![DataKey { key: self.name.clone(), secret: Secret::hex(&*self.data) }] }
    }

    /// What head office hands to its branches: its own search key is the company's.
    pub fn for_branch(&self) -> Handed {
        Handed { search: Some(Secret::hex(self.search_key())), data: Vec::new() }
    }

    /// Can fields sealed under this key be opened here?
    pub fn knows(&self, key: &str) -> bool {
        key == self.name || self.others.contains_key(key)
    }

    /// Takes over what another site handed: from its head office the search key only, from a branch data keys only. The key
    /// file of `db` (none for a book in memory) is replaced whole before anything here changes. A data key known by name is
    /// never replaced by another.
    pub fn take_over(&mut self, db: Option<&Path>, json: &str, from_head_office: bool) -> Result<TakenOver, SealError> {
        let handed: Handed = serde_json::from_str(json).map_err(|_| SealError::Handed)?;
        let mut next = self.again();
        let mut news = TakenOver::default();
        if let Some(search) = handed.search.filter(|_| from_head_office) {
            let search = Zeroizing::new(search.bytes::<32>().ok_or(SealError::Handed)?);
            news.search = *search != *self.search_key();
            next.company = Some(search);
        }
        for data in handed.data.into_iter().filter(|_| !from_head_office) {
            if !is_name(&data.key) {
                return Err(SealError::Handed);
            }
            let secret = Zeroizing::new(data.secret.bytes::<32>().ok_or(SealError::Handed)?);
            if !next.knows(&data.key) && next.others.len() < MAX_KEYS {
                next.others.insert(data.key, secret);
                news.data += 1;
            }
        }
        if news.is_news() {
            if let Some(db) = db {
                next.replace(db)?;
            }
            *self = next;
        }
        Ok(news)
    }

    /// The key numbers are hashed with for finding them.
    pub(super) fn search_key(&self) -> &[u8; 32] {
        self.company.as_ref().unwrap_or(&self.search)
    }

    /// The key file's text.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(format!("{MAGIC}{}\n", self.recovery_code()));
        if let Some(search) = &self.company {
            text.push_str(&Zeroizing::new(format!("search {}\n", hex(&**search))));
        }
        for (name, secret) in &self.others {
            text.push_str(&Zeroizing::new(format!("data {name} {}\n", hex(&**secret))));
        }
        text
    }

    /// Reads a line of the key file after the first.
    pub(super) fn read_line(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            [""] => {}
            ["search", secret] => self.company = Some(Zeroizing::new(unhex::<32>(secret)?)),
            ["data", name, secret] if is_name(name) => {
                self.others.insert(name.to_owned(), Zeroizing::new(unhex::<32>(secret)?));
            }
            _ => return None,
        }
        Some(())
    }

    /// Replaces the key file: before or after, never between.
    fn replace(&self, db: &Path) -> Result<(), SealError> {
        let path = path_of(db);
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let fault = |error: std::io::Error| SealError::Write(path.clone(), error.to_string());
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fault(error)),
            _ => {}
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(fault)?;
        file.write_all(self.to_text().as_bytes()).map_err(fault)?;
        file.sync_all().map_err(fault)?;
        fs::rename(&beside, &path).map_err(fault)?;
        #[cfg(unix)]
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

fn is_name(key: &str) -> bool {
    key.len() == 8 && key.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(handed: &Handed) -> String {
        serde_json::to_string(handed).unwrap()
    }

    #[test]
    fn head_office_opens_what_a_branch_sealed_once_it_has_the_data_key_and_a_branch_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("h.db");
        let mut office = Keys::create(&db).unwrap();
        let branch = Keys::from_master([7; 32]);
        let sealed = branch.seal("resident_id", "530124194610038814").unwrap();
        assert!(matches!(office.open_sealed("resident_id", &sealed), Err(SealError::Foreign(_))));
        let news = office.take_over(Some(&db), &json(&branch.for_head_office()), false).unwrap();
        assert_eq!(news, TakenOver { search: false, data: 1 });
        let back = Keys::open(&db).unwrap();
        for keys in [&office, &back, &office.again()] {
            assert_eq!(*keys.open_sealed("resident_id", &sealed).unwrap(), "530124194610038814");
        }
        let again = office.take_over(Some(&db), &json(&branch.for_head_office()), false).unwrap();
        assert!(!again.is_news(), "the same key twice is no news");
    }

    #[test]
    fn one_person_has_one_hash_everywhere_once_the_search_key_is_the_companys() {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("b.db");
        let office = Keys::from_master([1; 32]);
        let mut branch = Keys::create(&db).unwrap();
        assert_ne!(office.search_hash("x"), branch.search_hash("x"));
        assert!(branch.take_over(Some(&db), &json(&office.for_branch()), true).unwrap().search);
        assert_eq!(office.search_hash("x"), branch.search_hash("x"));
        assert_eq!(office.search_hash("x"), Keys::open(&db).unwrap().search_hash("x"));
        let sealed = branch.seal("bank_card", "6222021001116245702").unwrap();
        assert!(Keys::open(&db).unwrap().open_sealed("bank_card", &sealed).is_ok(), "its own data key stays");
    }

    #[test]
    fn a_site_gives_only_what_is_its_to_give() {
        let mut keys = Keys::from_master([1; 32]);
        let other = Keys::from_master([2; 32]);
        let before = keys.search_hash("x");
        assert!(
            !keys.take_over(None, &json(&other.for_branch()), false).unwrap().is_news(),
            "a branch has no search key"
        );
        assert!(!keys.take_over(None, &json(&other.for_head_office()), true).unwrap().is_news());
        assert_eq!(keys.search_hash("x"), before);
        for bad in ["", "[1]", r#"{"data":[{"key":"../../x","secret":"00"}]}"#, r#"{"search":"00"}"#] {
            let from_head_office = bad.contains("search");
            assert!(keys.take_over(None, bad, from_head_office).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_file_with_a_line_nobody_wrote_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("b.db");
        Keys::create(&db).unwrap();
        let text = fs::read_to_string(path_of(&db)).unwrap();
        fs::write(path_of(&db), format!("{text}more\n")).unwrap();
        assert!(matches!(Keys::open(&db), Err(SealError::NoKey(_))));
    }
}
