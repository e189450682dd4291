//! Entries → derived tables (记账): a pure, deterministic fold of each subject's own entries in the order (hlc, place).
//!
//! Usually the new entry is the subject's last and is applied at the end; when the subject already holds a later one, the
//! subject is cleared and folded again, so the state never depends on the order of arrival (I-4, I-5). A fold reads and
//! writes only rows of its own subject. What crosses subjects is the second pass in [`cross`].
//!
//! To add a subject: its row types in `store/tables`, its file here with a [`Fold`], one line in [`FOLDS`].

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use crate::book::subject::{Kind, Subject};
use crate::rules::id::Id;
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::tables::account::AccountRow;
use crate::store::tables::adjust::RequestRow;
use crate::store::tables::base::{HoldRow, RunRow};
use crate::store::tables::billing_facts::HangingMeter;
use crate::store::tables::order::{OrderRow, ParkedRow};
use crate::store::tables::slip::SlipRow;
use crate::store::tables::till::ShiftRow;
use crate::store::tables::user::UserRow;
use crate::store::{StoreError, Tx};

pub use receive::{Incoming, Received, receive, receive_many};

pub mod account;
pub mod approval_right;
mod at_hand;
pub mod bulk;
pub mod cross;
pub mod delegation;
pub mod exception;
pub mod fork;
pub mod index;
pub mod knowledge;
pub mod ledger;
pub mod order;
pub mod parties;
pub mod placed;
pub mod rebuild;
pub mod receive;
pub mod refolded;
pub mod request;
pub mod row;
pub mod run;
pub mod shift;
pub mod site;
pub mod slip;
pub mod sums;
pub mod system;
pub mod tariff;
pub mod twin;
pub mod user;
pub mod whose;
pub mod worker;

/// How one kind of subject is folded.
pub struct Fold {
    /// Which kind.
    pub kind: Kind,
    /// Tables that hold its rows, with the column of the subject; emptied before a fold from the start.
    pub tables: &'static [(&'static str, &'static str)],
    /// Actions and payload versions it understands.
    pub knows: &'static [(&'static str, u32)],
    /// Applies one entry.
    pub apply: fn(&mut Fx<'_, '_>, &Event<'_>) -> Result<(), DeriveError>,
}

/// Every fold.
pub const FOLDS: &[&Fold] = &[
    &account::FOLD,
    &order::FOLD,
    &site::FOLD,
    &run::FOLD,
    &shift::FOLD,
    &user::FOLD,
    &worker::FOLD,
    &slip::FOLD,
    &tariff::FOLD,
    &tariff::CALENDAR_FOLD,
    &tariff::SERVICE_FOLD,
    &request::FOLD,
];

/// Tables every kind shares, keyed (kind, subject).
const SHARED: &[&str] = &["d_exception", "d_hold", "d_posting", "d_clash_word"];

/// Word of the exception: an entry sorts before the beginning of its subject.
pub const BEFORE_BEGINNING: &str = "before_beginning";

/// Why an entry could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// The store failed: the transaction is lost.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The payload is not what its action and version promise: the subject is paused, the rest goes on.
    #[error("凭单内容读不懂：{0}")]
    Body(String),
}

/// One entry as one subject sees it.
pub struct Event<'a> {
    /// The subject being folded.
    pub subject: Id,
    /// The entry's place; for a bulk entry with the item.
    pub id: Id,
    /// The stored entry.
    pub entry: &'a EntryRow,
    /// The subject's part of the payload.
    pub body: &'a str,
}

impl Event<'_> {
    /// Reads the body; a row of a bulk entry (a JSON array) reads into the same struct.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, DeriveError> {
        serde_json::from_str(self.body).map_err(|error| DeriveError::Body(error.to_string()))
    }

    /// The action's name.
    pub fn action(&self) -> &str {
        &self.entry.action
    }
}

/// What a derivation works with and leaves behind.
pub struct Fx<'t, 'c> {
    /// The transaction.
    pub tx: &'t Tx<'c>,
    /// Numbers whose holders may have changed, for the second pass.
    pub touched: BTreeSet<(&'static str, String)>,
    /// Kinds of number of which too many changed to name each.
    pub dirty: BTreeSet<&'static str>,
    /// Accounts whose words in the search index may have changed.
    pub reindex: BTreeSet<Id>,
    /// Names of the branches of forks.
    pub(crate) names: twin::Shelf,
    at_hand: at_hand::Shelf,
    lacks: Option<knowledge::Lacks>,
    /// Is any subject paused? Not looked yet: none.
    pauses: Option<bool>,
    /// Has head office placed any entry? Not looked yet: none.
    placed: Option<bool>,
    /// The account at work, once its beginning has been seen.
    begun: Option<Id>,
    /// The meter last asked for, until something other than a reading is applied.
    pub(crate) hanging: Option<HangingMeter>,
}

impl<'t, 'c> Fx<'t, 'c> {
    /// Nothing touched yet.
    pub fn new(tx: &'t Tx<'c>) -> Self {
        Self {
            tx,
            touched: BTreeSet::new(),
            dirty: BTreeSet::new(),
            reindex: BTreeSet::new(),
            names: Default::default(),
            at_hand: Default::default(),
            lacks: None,
            pauses: None,
            placed: None,
            begun: None,
            hanging: None,
        }
    }

    /// What this program is to treat as unknown; usually nothing.
    pub(crate) fn lacks(&mut self) -> Result<knowledge::Lacks, StoreError> {
        match &self.lacks {
            Some(lacks) => Ok(lacks.clone()),
            None => Ok(self.lacks.insert(knowledge::Lacks::of(self.tx)?).clone()),
        }
    }

    /// Is the subject paused? Usually none is, which is looked up once; while rows are gathered, its own are at hand.
    fn is_paused(&mut self, kind: Kind, subject: Id) -> Result<bool, StoreError> {
        if !self.tx.is_gathering() {
            let pauses = match self.pauses {
                Some(pauses) => pauses,
                None => *self.pauses.insert(self.tx.anything_held()?),
            };
            if !pauses {
                return Ok(false);
            }
        }
        self.tx.is_held(kind.letter(), subject)
    }

    /// The order key an entry stands at. Usually head office has placed none, which is looked up once.
    fn order_key(&mut self, entry: &EntryRow) -> Result<i64, StoreError> {
        let placed = match self.placed {
            Some(placed) => placed,
            None => *self.placed.insert(self.tx.has_placed()?),
        };
        if placed { self.tx.order_key(entry) } else { Ok(entry.hlc) }
    }

    /// Pauses a subject.
    fn pause(&mut self, row: &HoldRow) -> Result<(), StoreError> {
        self.pauses = Some(true);
        self.tx.put(row)
    }

    /// Says that the holders of a number may have changed.
    pub fn touch(&mut self, what: &'static str, number: &str) {
        const MANY: usize = 2_000;
        if self.dirty.contains(what) || number.is_empty() {
            return;
        }
        self.touched.insert((what, number.to_owned()));
        if self.touched.len() > MANY {
            self.dirty.extend(self.touched.iter().map(|(what, _)| *what));
            self.touched.clear();
        }
    }
}

/// The fold of a kind, if this program has one.
pub fn fold_of(kind: Kind) -> Option<&'static Fold> {
    FOLDS.iter().copied().find(|fold| fold.kind == kind)
}

/// Derives one entry just written: indexes it under its subjects, applies it, runs the second pass.
pub fn record<'t, 'c>(tx: &'t Tx<'c>, entry: &EntryRow) -> Result<Fx<'t, 'c>, StoreError> {
    let mut fx = Fx::new(tx);
    parties::require(&mut fx, entry)?;
    receive::derive(&mut fx, &[entry])?;
    cross::settle(&mut fx)?;
    Ok(fx)
}

fn apply(fx: &mut Fx<'_, '_>, kind: Kind, event: &Event<'_>) -> Result<(), StoreError> {
    let Some(fold) = fold_of(kind) else { return Ok(()) };
    let lacks = fx.lacks()?;
    if lacks.kind(kind) || fx.is_paused(kind, event.subject)? {
        return Ok(());
    }
    let said = || match bulk::is_bulk(&event.entry.payload) {
        true => BTreeSet::from([Subject::new(kind, event.subject)]),
        false => parties::said(&event.entry.subjects, event.id),
    };
    if let Some(why) = whose::fault(fx.tx, event.entry, &said(), event.body)? {
        return exception::open(fx, kind, event, whose::OTHER, event.id, whose::sentence(event.id, &why));
    }
    if let Some(why) = parties::fault(&lacks, event.entry, event.id, said, event.body) {
        return exception::open(fx, kind, event, parties::OTHER, event.id, parties::sentence(event.id, &why));
    }
    let version = u32::try_from(event.entry.version).unwrap_or(u32::MAX);
    let common = exception::KNOWS.iter().any(|(action, last)| *action == event.action() && version <= *last);
    let known = fold.knows.iter().any(|(action, last)| *action == event.action() && version <= *last);
    let (action, author) = (event.action(), event.id.site());
    let (pauses, unread) = if (common || known) && !lacks.action(action) {
        let applied = if common { exception::apply(fx, kind, event) } else { (fold.apply)(fx, event) };
        match applied {
            Ok(()) => return tell_what_came_too_early(fx, fold, event),
            Err(DeriveError::Store(error)) => return Err(error),
            Err(DeriveError::Body(why)) => {
                (format!("内容读不懂：{why}"), format!("网点 {author} 记的 {action} 读不懂"))
            }
        }
    } else {
        let pauses = format!("需要升级程序：不认识 {action} 第 {version} 版");
        (pauses, format!("网点 {author} 的程序记的 {action} 第 {version} 版，这里还不认识"))
    };
    // What stops its author's own subjects stops no other office's customer: that one goes on, with a question.
    if whose::is_strangers(fx.tx, &author, event.subject)? {
        let note = format!("凭单 {}：{unread}，没有入账，照常办理；升级程序后自动重算", event.id);
        return exception::open(fx, kind, event, whose::UNKNOWN, event.id, note);
    }
    fx.pause(&HoldRow { kind: kind.letter().to_owned(), subject: event.subject, entry: event.id, reason: pauses })
}

/// Has the subject its own row, so that its beginning has come? Read as typed rows, which a rebuild holds back.
fn has_begun(tx: &Tx<'_>, kind: Kind, id: Id) -> Result<bool, StoreError> {
    Ok(match kind {
        Kind::Account => tx.has::<AccountRow>(&[&id])?,
        Kind::Order => tx.has::<OrderRow>(&[&id])? || tx.has::<ParkedRow>(&[&id])?,
        Kind::Slip => tx.has::<SlipRow>(&[&id])?,
        Kind::Request => tx.has::<RequestRow>(&[&id])?,
        Kind::Run => tx.has::<RunRow>(&[&id])?,
        Kind::Shift => tx.has::<ShiftRow>(&[&id])?,
        Kind::User => tx.has::<UserRow>(&[&id])?,
        // Every entry of these stands by itself.
        Kind::Calendar | Kind::Tariff | Kind::Site | Kind::Service | Kind::Worker => true,
    })
}

/// An entry about a subject that has not begun: its beginning is on its way, or was stamped later by a clock that is wrong. What
/// could be applied was; that the rest was not is never silent.
fn tell_what_came_too_early(fx: &mut Fx<'_, '_>, fold: &Fold, event: &Event<'_>) -> Result<(), StoreError> {
    if fold.kind == Kind::Account && fx.begun == Some(event.subject) {
        return Ok(());
    }
    if has_begun(fx.tx, fold.kind, event.subject)? {
        fx.begun = Some(event.subject).filter(|_| fold.kind == Kind::Account);
        return Ok(());
    }
    let note = format!("凭单 {} 排在 {} 的开头之前，没有全部生效，请核对两个网点的时钟", event.id, event.subject);
    exception::open(fx, fold.kind, event, BEFORE_BEGINNING, event.id, note)
}

/// Clears a subject and folds all of its entries again.
pub fn refold(fx: &mut Fx<'_, '_>, kind: Kind, subject: Id) -> Result<(), StoreError> {
    clear(fx, kind, subject)?;
    for row in fx.tx.scan::<SubjectRow>(&[&kind.letter(), &subject])? {
        let entry = fx.at_hand.get(fx.tx, row.id.entry())?;
        index::apply_row(fx, kind, &row, &entry)?;
    }
    Ok(())
}

/// Folds subjects again, and takes note of runs that are closed otherwise than before.
pub(crate) fn refold_all(fx: &mut Fx<'_, '_>, subjects: BTreeSet<(Kind, Id)>) -> Result<(), StoreError> {
    for (kind, subject) in subjects {
        let before = if kind == Kind::Run { fx.tx.get::<RunRow>(&[&subject])? } else { None };
        refold(fx, kind, subject)?;
        if kind == Kind::Run {
            bulk::follow(fx, before.as_ref(), subject)?;
        }
    }
    Ok(())
}

fn clear(fx: &mut Fx<'_, '_>, kind: Kind, subject: Id) -> Result<(), StoreError> {
    (fx.begun, fx.hanging) = (None, None);
    cross::touch_all_of(fx, kind, subject)?;
    for (table, column) in fold_of(kind).map_or(&[][..], |fold| fold.tables) {
        fx.tx.clear(table, column, subject.0)?;
    }
    for table in SHARED {
        fx.tx.clear_shared(table, kind.letter(), subject)?;
    }
    Ok(())
}
