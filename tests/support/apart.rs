//! Sites that acted apart, met in one book.

use meterdesk::derive::Received;
use meterdesk::store::entries::EntryRow;

use super::arrive::{entries, hash, in_all_orders, made, set_clock, site, take};
use super::orders::{Book, Sample, book};

/// Each act at a site of its own, five minutes apart; all of it in one book, after every order of arrival was tried.
pub fn meet(given: impl FnOnce(&mut Book), acts: &[Sample]) -> Book {
    let mut home = book("B01");
    given(&mut home);
    let common = entries(&home);
    let act = |(index, (user, action, input)): (usize, &Sample)| {
        let minutes = 5 * (1 + i64::try_from(index).unwrap());
        made(&mut site(&format!("S{index}"), &common, minutes), user, action, input.clone())
    };
    met(&common, &acts.iter().enumerate().map(act).collect::<Vec<_>>())
}

/// What sites wrote `apart` on what all of them know: one book of it, the same in every order of arrival.
pub fn met(common: &[EntryRow], apart: &[EntryRow]) -> Book {
    let mut book = Book { desk: in_all_orders(common, apart) };
    let before = hash(&book.desk);
    assert!(take(&mut book.desk, apart).iter().all(|answer| *answer == Received::Known));
    assert_eq!(hash(&book.desk), before, "a second arrival changes nothing");
    set_clock(&mut book, 60);
    book
}

/// Open questions, those of numbers included.
pub fn questions(book: &Book) -> Vec<String> {
    let tx = book.desk.look().unwrap();
    let mut found: Vec<String> = tx.open_exceptions().unwrap().into_iter().map(|row| row.what).collect();
    found.extend(tx.open_clashes().unwrap().into_iter().map(|row| row.what));
    found.sort();
    found
}
