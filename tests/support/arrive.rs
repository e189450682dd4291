//! Raw entries arriving at a book: in batches, in every order.

use meterdesk::book::clock::FixedClock;
use meterdesk::derive::{self, Incoming, Received, bulk, rebuild};
use meterdesk::desk::Desk;
use meterdesk::desk::open::NewSite;
use meterdesk::rules::id::Id;
use meterdesk::store::entries::EntryRow;

use super::orders::{Book, moment};
use super::site::new_site;

/// Every entry of a book, in place order.
pub fn entries(book: &Book) -> Vec<EntryRow> {
    book.desk.look().unwrap().entries_after(Id(0), 1_000_000).unwrap()
}

/// A book in memory that holds nothing.
pub fn empty() -> Desk {
    Desk::in_memory("Z9", Box::new(FixedClock::at(moment()))).unwrap()
}

/// Takes a batch in, in one transaction.
pub fn take(desk: &mut Desk, batch: &[EntryRow]) -> Vec<Received> {
    let batch: Vec<Incoming> = batch.iter().map(|row| Incoming { row: row.clone() }).collect();
    let tx = desk.db_mut().write().unwrap();
    let answers = derive::receive_many(&tx, &batch).unwrap();
    tx.commit().unwrap();
    answers
}

/// Derives what closed runs left to do.
pub fn finish(desk: &mut Desk) {
    bulk::finish(desk.db_mut(), |_| {}).unwrap();
}

/// The state.
pub fn hash(desk: &Desk) -> [u8; 32] {
    desk.look().unwrap().state_hash().unwrap()
}

/// Tables in which two books differ.
pub fn differing(left: &Desk, right: &Desk) -> Vec<String> {
    let (left, right) = (left.look().unwrap(), right.look().unwrap());
    let differs = |table: &String| left.table_hash(table).unwrap() != right.table_hash(table).unwrap();
    left.derived_tables().unwrap().into_iter().filter(differs).collect()
}

/// A book that took entries in one by one.
pub fn state_of(order: &[EntryRow]) -> Desk {
    let mut desk = empty();
    for entry in order {
        take(&mut desk, std::slice::from_ref(entry));
    }
    finish(&mut desk);
    desk
}

/// A book at a site that took in these entries; its clock is `minutes` after the common moment.
pub fn site(code: &str, common: &[EntryRow], minutes: i64) -> Book {
    let clock = FixedClock::at(moment() + chrono::Duration::minutes(minutes));
    let mut desk = Desk::in_memory(code, Box::new(clock)).unwrap();
    take(&mut desk, common);
    finish(&mut desk);
    Book { desk }
}

/// Sets a book's clock so many minutes after the common moment.
pub fn set_clock(book: &mut Book, minutes: i64) {
    book.desk.set_clock(Box::new(FixedClock::at(moment() + chrono::Duration::minutes(minutes))));
}

/// Performs an action and answers the entry it wrote.
pub fn made(book: &mut Book, user: &str, action: &str, input: serde_json::Value) -> EntryRow {
    let (entry, _) = book.try_act(user, action, &input).unwrap_or_else(|error| panic!("{action} {input}: {error:?}"));
    book.desk.look().unwrap().entry(entry.unwrap()).unwrap().unwrap()
}

/// A head office with its director `hq`.
pub fn head_office(code: &str) -> Book {
    let mut desk = Desk::in_memory(code, Box::new(FixedClock::at(moment()))).unwrap();
    let new = NewSite { name: "总部", login: "hq", manager: "总部主任", ..new_site(code, true) };
    desk.begin(&new).unwrap();
    Book { desk }
}

/// Takes entries in after the common ones, in every order of arrival, each alone; the state is one, equals a rebuild, and the
/// index stands as the entries say. Answers a book that has them.
pub fn in_all_orders(common: &[EntryRow], apart: &[EntryRow]) -> Desk {
    let arrive = |order: &[usize]| {
        let mut desk = empty();
        take(&mut desk, common);
        finish(&mut desk);
        for index in order {
            take(&mut desk, std::slice::from_ref(&apart[*index]));
            finish(&mut desk);
        }
        desk
    };
    let mut first: Option<Desk> = None;
    for order in super::orders::orders(apart.len()) {
        let mut desk = arrive(&order);
        let wanted = hash(first.get_or_insert_with(|| arrive(&order)));
        if hash(&desk) != wanted {
            panic!("{order:?} differs in {:?}", differing(first.as_ref().unwrap(), &desk));
        }
        let mut together = empty();
        take(&mut together, common);
        finish(&mut together);
        let batch: Vec<EntryRow> = order.iter().map(|index| apart[*index].clone()).collect();
        take(&mut together, &batch);
        finish(&mut together);
        if hash(&together) != wanted {
            panic!("{order:?} at once differs in {:?}", differing(first.as_ref().unwrap(), &together));
        }
        assert_eq!(rebuild::index_fault(&desk.look().unwrap()).unwrap(), None, "{order:?}");
        rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
        if hash(&desk) != wanted {
            panic!("{order:?}: rebuild differs in {:?}", differing(first.as_ref().unwrap(), &desk));
        }
    }
    first.unwrap()
}
