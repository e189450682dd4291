//! A book in memory that derives a lie and what follows it, in order and backwards.

use std::collections::BTreeSet;

use meterdesk::book::clock::FixedClock;
use meterdesk::book::entry;
use meterdesk::derive::{self, Incoming, bulk, ledger, rebuild};
use meterdesk::desk::{Desk, till};
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Fen;
use meterdesk::store::Tx;
use meterdesk::store::entries::EntryRow;

use super::lie_scene::TO;
use super::support::orders::moment;

/// Whom an entry is about, each by its full name.
fn subjects(row: &EntryRow) -> BTreeSet<String> {
    let full = |word: &str| match word.split_at(1) {
        (kind, "") => format!("{kind}{}", row.id),
        (kind, item) if item.starts_with('/') => format!("{kind}{}{}", row.id, item.trim_end_matches("/0")),
        _ => word.to_owned(),
    };
    row.subjects.split(' ').filter(|word| !word.is_empty()).map(full).collect()
}

/// A book in memory that holds every entry of a file but one that is to lie, and those after it that share a subject with it: a fold
/// sees no others.
pub struct Before {
    desk: Desk,
    /// Which entry of the file lies.
    pub entry: usize,
    /// The entry, and those that share a subject with it, as they are true.
    rest: Vec<EntryRow>,
}

impl Before {
    /// Before this entry of a file.
    pub fn new(rows: &[EntryRow], entry: usize) -> Self {
        let lied = &rows[entry];
        let about = subjects(lied);
        let shares = |row: &EntryRow| row.hlc > lied.hlc && !about.is_disjoint(&subjects(row));
        let (mut rest, mut held) = (vec![lied.clone()], Vec::new());
        for row in rows.iter().filter(|row| row.id != lied.id) {
            if shares(row) { &mut rest } else { &mut held }.push(row.clone());
        }
        let mut desk = Desk::in_memory(TO, Box::new(FixedClock::at(moment()))).unwrap();
        receive(&mut desk, &held);
        Self { desk, entry, rest }
    }

    /// Derives the lie and what follows it, in order and backwards: sound, and one state. Bulk entries, and some of the others, stay, and
    /// the book is rebuilt too; otherwise nothing stays.
    pub fn derives(&mut self, payload: String, rebuilt: bool) {
        let mut rows = self.rest.clone();
        rows[0] = entry::seal(EntryRow { payload, ..rows[0].clone() });
        if rows[0].payload.len() > 64 << 10 || entry::fault(&rows[0]).is_some() {
            return; // is refused, or no bundle carries it
        }
        if rebuilt || rows.iter().any(|row| bulk::is_bulk(&row.payload) || row.action.starts_with("run.")) {
            return self.stays(&rows);
        }
        let mut states = Vec::new();
        for round in 0..2 {
            let tx = self.desk.db_mut().write().unwrap();
            let batch: Vec<Incoming> = rows.iter().map(|row| Incoming { row: row.clone() }).collect();
            match round {
                0 => assert!(derive::receive_many(&tx, &batch).is_ok()),
                _ => batch.iter().rev().for_each(|one| assert!(derive::receive(&tx, &one.row).is_ok())),
            }
            states.push(sound(&tx));
        }
        assert_eq!(states[0], states[1], "backwards it derives otherwise");
    }

    fn stays(&self, rows: &[EntryRow]) {
        let mut desk = Desk::in_memory(TO, Box::new(FixedClock::at(moment()))).unwrap();
        let held = self.desk.look().unwrap().entries_after(Id(0), 1_000_000).unwrap();
        receive(&mut desk, &[held.as_slice(), rows].concat());
        let tables = |desk: &Desk| -> Vec<(String, [u8; 32])> {
            let tx = desk.look().unwrap();
            let hash = |name: String| (name.clone(), tx.table_hash(&name).unwrap());
            tx.derived_tables().unwrap().into_iter().map(hash).collect()
        };
        sound(&desk.look().unwrap());
        let before = tables(&desk);
        rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
        let after = tables(&desk);
        let other: Vec<&str> =
            before.iter().zip(&after).filter(|(old, new)| old != new).map(|((name, _), _)| name.as_str()).collect();
        assert!(other.is_empty(), "rebuilt otherwise: {other:?}");
    }
}

fn receive(desk: &mut Desk, rows: &[EntryRow]) {
    let batch: Vec<Incoming> = rows.iter().map(|row| Incoming { row: row.clone() }).collect();
    let tx = desk.db_mut().write().unwrap();
    derive::receive_many(&tx, &batch).unwrap();
    tx.commit().unwrap();
    bulk::finish(desk.db_mut(), |_| {}).unwrap();
}

/// What `verify` asks of a book, but for the chains and the copy; answers the state.
fn sound(tx: &Tx<'_>) -> [u8; 32] {
    let balance = ledger::trial_balance(tx).unwrap();
    let (total, odd) = (balance.total(), balance.unbalanced);
    assert!(total == Fen::ZERO && odd.is_none(), "out of balance by {total}, {odd:?}");
    assert!(till::sound::fault(tx).unwrap().is_none(), "{:?}", till::sound::fault(tx));
    assert_eq!(rebuild::index_fault(tx).unwrap(), None);
    tx.state_hash().unwrap()
}
