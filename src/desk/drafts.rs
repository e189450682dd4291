//! Drafts (草稿, 挂起): a form's words on disk from its first key, sealed, in a file of their own. A draft belongs to the person who
//! typed it, with the queue number it was put by under (F9); a case of intake put by is the branch's, and stands in the book.

use crate::book::seal::{Keys, SealError};
use crate::store::StoreError;
use crate::store::drafts::Drafts;

use super::Desk;
use super::refusal::Refusal;

/// Drafts that can be sealed and opened. One for a thread of its own, one for the desk.
pub struct DraftBox {
    drafts: Drafts,
    keys: Keys,
}

const PLACE: &str = "draft";

impl Desk {
    /// A box over this branch's drafts.
    pub fn draft_box(&self) -> Result<DraftBox, Refusal> {
        Ok(DraftBox { drafts: Drafts::open(self.path())?, keys: self.keys.again() })
    }
}

impl DraftBox {
    /// Keeps a draft. `at` is milliseconds since 1970, for listing.
    pub fn save(&self, name: &str, at: i64, bytes: &[u8]) -> Result<(), Refusal> {
        Ok(self.drafts.save(name, at, &self.keys.seal_bytes(PLACE, bytes)?)?)
    }

    /// Forgets a draft.
    pub fn forget(&self, name: &str) -> Result<(), StoreError> {
        self.drafts.forget(name)
    }

    /// Forgets what nobody came back to since this moment, in milliseconds.
    pub fn forget_before(&self, at: i64) -> Result<(), StoreError> {
        self.drafts.forget_before(at)
    }

    /// Opens a draft; one that does not open (another key) is none.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed = self.drafts.get(name)?;
        Ok(sealed.and_then(|sealed| self.keys.open_bytes(PLACE, &sealed).map_err(|_: SealError| ()).ok()))
    }

    /// Names that begin with `prefix`, newest first.
    pub fn names(&self, prefix: &str) -> Result<Vec<(String, i64)>, StoreError> {
        self.drafts.names(prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_sealed_on_disk_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("a.db");
        let open = |master| DraftBox { drafts: Drafts::open(&db).unwrap(), keys: Keys::from_master(master) };
        let one = open([1; 32]);
        one.save("user/pay", 5, "身份证 530124194610038814".as_bytes()).unwrap();
        assert_eq!(one.get("user/pay").unwrap().unwrap(), "身份证 530124194610038814".as_bytes());
        assert_eq!(open([2; 32]).get("user/pay").unwrap(), None);
        let found = |path: std::path::PathBuf| {
            std::fs::read(path).unwrap_or_default().windows(8).any(|window| window == b"53012419")
        };
        let wal = std::path::PathBuf::from(format!("{}-wal", crate::store::drafts::path_of(&db).display()));
        assert!(!found(crate::store::drafts::path_of(&db)) && !found(wal));
        assert_eq!(one.names("user/").unwrap().len(), 1);
        one.forget_before(5).unwrap();
        assert!(one.get("user/pay").unwrap().is_some());
        one.forget_before(6).unwrap();
        assert_eq!(one.get("user/pay").unwrap(), None, "nobody came back to it");
        one.save("user/pay", 5, b"{}").unwrap();
        one.forget("user/pay").unwrap();
        assert_eq!(one.get("user/pay").unwrap(), None);
    }
}
