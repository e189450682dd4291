//! The second copy (随写副本): where a second place is set, each entry of this site is written there within a second of its commit, sealed,
//! beside the work ([`keeper`], [`write`]; [`format`] is the file). A copy of the book and these files bring a branch back to its last
//! second ([`bring`]). What other sites wrote comes again with their bundles.

pub mod bring;
mod format;
mod keeper;
mod state;
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use keeper::Keeper;
pub use keeper::last_word;
pub(super) use write::PLACE;
pub use write::Standing;

use super::Desk;
use super::refusal::Refusal;
use crate::book::seal::Keys;
use crate::store::companions::is_set_aside;
use crate::store::{Db, StoreError, Tx};

/// The keeper of a desk's second copy; the desks of other threads know it and do not end it.
pub(super) struct Slot {
    keeper: Arc<Mutex<Option<Keeper>>>,
    own: bool,
}

impl Slot {
    /// No second copy is kept.
    pub(super) fn empty() -> Self {
        Self { keeper: Arc::default(), own: true }
    }

    /// The same, for a desk on another thread.
    pub(super) fn again(&self) -> Self {
        Self { keeper: Arc::clone(&self.keeper), own: false }
    }

    /// Begins to keep a second copy where a place is set and nobody does yet.
    pub(super) fn keep(&self, db: &Db, keys: &Keys) -> Result<(), StoreError> {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if keeper.is_none() && db.is_on_disk() && !is_set_aside(db.path()) && write::place(&db.look()?)?.is_some() {
            *keeper = Some(Keeper::start(db, keys)?);
        }
        Ok(())
    }

    fn warning(&self) -> Option<String> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.warning()
    }

    fn settle(&self) {
        if let Some(keeper) = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            keeper.settle();
        }
    }

    /// Ends it, after the last entries or the time that is waited for them.
    fn end(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(keeper);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.own {
            self.end();
        }
    }
}

impl Desk {
    /// Sets the second place and makes a first copy there; `None` ends it. Answers that copy's file.
    pub fn set_second_copy(&mut self, folder: Option<&Path>) -> Result<Option<PathBuf>, Refusal> {
        let Some(folder) = folder else {
            self.remember(write::PLACE, "")?;
            self.second.end();
            return Ok(None);
        };
        let folder = std::fs::canonicalize(folder).ok().filter(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| Refusal::usage("随写副本的文件夹不存在，请先建好或插好盘"))?;
        if keeper::is_beside(&folder, self.path()) {
            let message = "随写副本不能放在数据库自己的文件夹里，会和它一起丢；请换另一个盘上的文件夹";
            return Err(Refusal::usage(message));
        }
        let text = folder.to_str().ok_or_else(|| Refusal::usage("文件夹的名字不是正常文字，请换一个"))?.to_owned();
        let before = self.look()?.setting(write::PLACE)?.unwrap_or_default();
        self.second.end();
        // Set before the copy is made: a book put back from that copy goes on with it.
        self.remember(write::PLACE, &text)?;
        let made = self.backup_into(&folder);
        if made.is_err() {
            self.remember(write::PLACE, &before)?;
        }
        self.second.keep(&self.db, &self.keys)?;
        Ok(Some(made?))
    }

    /// Where the second copy stands now, and what is wrong with it.
    pub fn second_copy(&self) -> Result<Option<(Standing, Option<String>)>, Refusal> {
        self.second.settle();
        let standing = write::standing(&self.look()?, self.path(), &self.keys);
        let standing = standing.map_err(|fault| Refusal::data(fault.0))?;
        Ok(standing.map(|standing| (standing, self.second.warning())))
    }

    /// Keeps a second copy up from now on, when a place was set since this desk was opened.
    pub fn keep_second_copy(&self) {
        let _ = self.second.keep(&self.db, &self.keys); // what fails now is tried again, and told by whoever opens the book
    }

    /// Ends the second copy of this desk: the last entries are written, as far as the place takes them in time.
    pub fn end_second_copy(&self) {
        self.second.end();
    }

    /// What a person must see of the second copy.
    pub(super) fn second_copy_warning(&self) -> Option<String> {
        self.second.warning()
    }

    /// A copy that lies elsewhere reaches so far: what is older need not be kept in the second copy for long.
    pub(super) fn note_copy(&mut self, upto: &str) -> Result<(), Refusal> {
        let copies = write::copies(&self.look()?)?;
        let Some((_, newest)) = upto.split_once('.') else { return Ok(()) };
        let older = copies.last().map_or(String::new(), |(life, seq)| format!("{life}.{seq} "));
        self.remember(write::COPIES, &format!("{older}{newest}"))
    }
}

/// Is a second place set?
pub fn is_set(tx: &Tx<'_>) -> Result<bool, StoreError> {
    Ok(write::place(tx)?.is_some())
}
