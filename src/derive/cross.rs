//! The second pass: what crosses subjects. By number only — it looks who holds a number now and opens or closes a clash;
//! it never changes a subject's own rows.

use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::store::tables::base::ClashRow;
use crate::store::{StoreError, Tx};

use super::Fx;

/// One kind of number that only one may hold.
pub struct Cross {
    /// Its word, stable: `user_login`, `account_no` …
    pub what: &'static str,
    /// Which subjects hold such numbers.
    pub kind: Kind,
    /// Who holds a number now, in id order.
    pub holders: fn(&Tx<'_>, &str) -> Result<Vec<Id>, StoreError>,
    /// Numbers with more than one holder.
    pub several: fn(&Tx<'_>) -> Result<Vec<String>, StoreError>,
    /// Numbers a subject holds now.
    pub of: fn(&Tx<'_>, Id) -> Result<Vec<String>, StoreError>,
}

/// Every kind of number.
pub const ALL: &[Cross] = &[
    super::user::LOGIN,
    super::account::NUMBER,
    super::account::METER,
    super::order::SAME,
    super::shift::PAPER,
    super::shift::RECEIPT,
    super::account::PERSON,
    super::slip::NUMBER,
    super::tariff::SAME_DAY,
    super::tariff::SAME_YEAR,
    super::tariff::SAME_SERVICE,
    super::request::APPROVAL_RIGHT,
    super::delegation::BEYOND,
    super::delegation::TRUSTS,
];

/// A subject is about to be folded again: all its numbers may change holders.
pub(super) fn touch_all_of(fx: &mut Fx<'_, '_>, kind: Kind, subject: Id) -> Result<(), StoreError> {
    for cross in ALL.iter().filter(|cross| cross.kind == kind) {
        for number in (cross.of)(fx.tx, subject)? {
            fx.touch(cross.what, &number);
        }
    }
    Ok(())
}

/// Opens and closes the clashes of every number touched.
pub fn settle(fx: &mut Fx<'_, '_>) -> Result<(), StoreError> {
    for (what, number) in std::mem::take(&mut fx.touched) {
        if let Some(cross) = ALL.iter().find(|cross| cross.what == what) {
            write(fx.tx, what, &number, &(cross.holders)(fx.tx, &number)?)?;
        }
    }
    for what in std::mem::take(&mut fx.dirty) {
        if let Some(cross) = ALL.iter().find(|cross| cross.what == what) {
            for row in fx.tx.scan::<ClashRow>(&[&what])? {
                fx.tx.delete::<ClashRow>(&[&row.what, &row.number])?;
            }
            // What is empty is no number, here as in [`Fx::touch`].
            for number in (cross.several)(fx.tx)?.into_iter().filter(|number| !number.is_empty()) {
                write(fx.tx, what, &number, &(cross.holders)(fx.tx, &number)?)?;
            }
        }
    }
    Ok(())
}

fn write(tx: &Tx<'_>, what: &str, number: &str, holders: &[Id]) -> Result<(), StoreError> {
    if holders.len() < 2 {
        return tx.delete::<ClashRow>(&[&what, &number]);
    }
    let holders = holders.iter().map(Id::to_string).collect::<Vec<_>>().join(" ");
    let words = tx.clash_words(what, number)?;
    let mut spoken = words.iter().filter(|word| word.holders == holders);
    let decision = words.iter().filter(|word| word.holders == holders).find_map(|word| word.decision.clone());
    let owner = spoken.rfind(|word| word.owner.is_some()).and_then(|word| word.owner.clone());
    let state = if decision.is_some() { "resolved" } else { "open" }.to_owned();
    tx.put(&ClashRow { what: what.to_owned(), number: number.to_owned(), holders, state, owner, decision })
}
