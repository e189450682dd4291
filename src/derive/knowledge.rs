//! What this program knows: kinds of subject, actions and their versions. An entry of a newer program is kept and sent on as it
//! is, its subjects are paused; when a program that knows more opens the book, they are folded again.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{FOLDS, exception, index, rebuild, whose};
use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::tables::base::ExceptionRow;
use crate::store::{Db, StoreError, Tx};

/// Setting: actions this program is to treat as unknown, blank between; `kind:w` for a kind of subject. For tests of mixed
/// program versions.
pub const LACKS: &str = "program_lacks";

/// Setting: what the program that last opened the book knew.
const FINGERPRINT: &str = "knowledge";

/// Actions and kinds treated as unknown.
#[derive(Debug, Clone, Default)]
pub struct Lacks(Rc<BTreeSet<String>>);

impl Lacks {
    /// Reads the setting.
    pub fn of(tx: &Tx<'_>) -> Result<Self, StoreError> {
        let text = tx.setting(LACKS)?.unwrap_or_default();
        Ok(Self(Rc::new(text.split_whitespace().map(str::to_owned).collect())))
    }

    /// Is the action treated as unknown?
    pub fn action(&self, action: &str) -> bool {
        !self.0.is_empty() && self.0.contains(action)
    }

    /// Is the kind of subject treated as unknown?
    pub fn kind(&self, kind: Kind) -> bool {
        !self.0.is_empty() && self.0.contains(&format!("kind:{}", kind.letter()))
    }
}

/// Hash over everything the program knows.
fn fingerprint(lacks: &Lacks) -> String {
    let mut lines: BTreeSet<String> = lacks.0.iter().map(|lack| format!("- {lack}")).collect();
    lines.extend(Kind::ALL.iter().map(|kind| format!("kind {}", kind.letter())));
    lines.extend(exception::KNOWS.iter().map(|(action, version)| format!("every {action} {version}")));
    for fold in FOLDS {
        let line = |(action, version): &(&str, u32)| format!("{} {action} {version}", fold.kind.letter());
        lines.extend(fold.knows.iter().map(line));
    }
    let text: Vec<String> = lines.into_iter().collect();
    blake3::hash(text.join("\n").as_bytes()).to_hex().to_string()
}

/// Does this program, less what it is to treat as unknown, understand this version of an action for some kind of subject?
pub(super) fn understands(lacks: &Lacks, action: &str, version: i64) -> bool {
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    let mut known = FOLDS.iter().flat_map(|fold| fold.knows).chain(exception::KNOWS);
    !lacks.action(action) && known.any(|(name, last)| *name == action && version <= *last)
}

/// Called when a book is opened: when the program knows something else than the one before it, and something is paused, was
/// about an unknown kind of subject, or is not understood any more, everything is folded again. Answers whether it was.
pub fn catch_up(db: &mut Db) -> Result<bool, StoreError> {
    let (now, waits) = {
        let tx = db.look()?;
        let lacks = Lacks::of(&tx)?;
        let now = fingerprint(&lacks);
        if tx.setting(FINGERPRINT)?.as_ref() == Some(&now) {
            return Ok(false);
        }
        let paused = tx.anything_held()?
            || !strangers(&tx)?.is_empty()
            || tx.setting(index::UNKNOWN_KIND)?.is_some_and(|entry| !entry.is_empty());
        // An older program was put back: what a newer one made of entries it does not understand must not stay.
        let older = || Ok::<_, StoreError>(tx.actions()?.iter().any(|(name, last)| !understands(&lacks, name, *last)));
        (now, paused || older()?)
    };
    if waits {
        super::bulk::finish(db, |_| {})?;
    }
    let tx = db.write()?;
    if waits {
        let mut accounts = tx.held_subjects(Kind::Account.letter())?;
        accounts.extend(
            strangers(&tx)?.into_iter().filter(|row| row.kind == Kind::Account.letter()).map(|row| row.subject),
        );
        if tx.setting(index::UNKNOWN_KIND)?.is_some() {
            tx.set_setting(index::UNKNOWN_KIND, "")?;
            index_missing(&tx)?;
        }
        rebuild::all(&tx)?;
        crate::store::local::note_bulk(&tx, &accounts)?;
    }
    tx.set_setting(FINGERPRINT, &now)?;
    tx.commit()?;
    Ok(waits)
}

/// Subjects that go on beside an entry nobody here knew.
fn strangers(tx: &Tx<'_>) -> Result<Vec<ExceptionRow>, StoreError> {
    let mut rows = tx.all_exceptions()?;
    rows.retain(|row| row.what == whose::UNKNOWN);
    Ok(rows)
}

/// Puts the index rows of kinds that were unknown when their entries came.
fn index_missing(tx: &Tx<'_>) -> Result<(), StoreError> {
    let mut fx = super::Fx::new(tx);
    let mut after = Id(0);
    loop {
        let batch = tx.entries_after(after, 200)?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.id;
        for entry in &batch {
            let found = index::subjects(&mut fx, entry)?;
            index::note_unknown_kinds(&mut fx, entry, found.as_deref())?;
            if super::bulk::is_bulk(&entry.payload) && !super::bulk::counts(&mut fx, entry)? {
                continue;
            }
            for (_, row) in index::all_rows(&mut fx, entry)? {
                tx.index_row(&row)?;
            }
        }
    }
}
