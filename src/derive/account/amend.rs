//! The customer file amended, field by field, each with the amendment it rests on.
//!
//! Merge: amendments of different fields merge and equal values agree. Of unequal values whose authors did not know of each
//! other the later wins and the loser stays visible in the history — but bank, ID and price class (the guarded units) have no
//! automatic winner: the value before both stays until somebody who has seen both decides. An amendment of the person's own
//! fields that rests on an owner who has left since is lost, with an exception. Money paid out at the closing has left the drawer
//! whatever becomes of the fields (`transfer::pay_out`).

use serde::{Deserialize, Serialize};

use super::PERSON;
use super::fields::{CustomerFile, masked, meter_value, set_meter};
use super::price;
use super::transfer::{self, Refund};
use crate::book::subject::Kind;
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::customer::{self, Field};
use crate::rules::id::Id;
use crate::store::StoreError;
use crate::store::tables::account::{AccountRow, FieldRow, MeterRow, NewcomerRow};
use crate::store::tables::base::ExceptionRow;

/// Body of `account.amend`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct AccountAmended {
    /// The account.
    pub account: Id,
    /// The owner it was made for.
    pub owner: Id,
    /// The meter whose facts it changes.
    pub meter: Option<Id>,
    /// The fields, at least one.
    pub changes: Vec<Change>,
    /// What the customer was paid out of prepaid and credit when the account was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
}

/// One field.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct Change {
    /// Its name, as in `rules::customer`.
    pub field: String,
    /// The value seen before; of a sealed one its tail.
    pub seen: Option<String>,
    /// The new value; none clears the field.
    pub value: Option<String>,
    /// The last amendment of the field's unit that was seen.
    pub base: Option<Id>,
    /// Keyed hash of a sealed value.
    #[serde(default)]
    pub mark: Option<i64>,
}

/// What an amendment works on.
struct Work {
    row: AccountRow,
    meter: Option<MeterRow>,
    history: Vec<FieldRow>,
}

/// Applies `account.amend`.
pub fn amend(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AccountAmended = event.read()?;
    if let Some(refund) = &body.refund {
        transfer::pay_out(fx, event, refund, "销户")?;
    }
    amend_as(fx, event, &body)?;
    let made = fx.tx.scan::<FieldRow>(&[&event.subject])?;
    let of_price = |row: &FieldRow| row.id == event.id && customer::unit_of(&row.field) == customer::CLASS;
    if made.iter().any(|row| of_price(row) && matches!(row.outcome.as_str(), "set" | "decided")) {
        price::from_the_beginning(fx, event.subject)?;
    }
    Ok(())
}

/// Applies an amendment that another action carries (a price set by special handling).
pub(super) fn amend_as(fx: &mut Fx<'_, '_>, event: &Event<'_>, body: &AccountAmended) -> Result<(), DeriveError> {
    let Some(row) = fx.tx.account(event.subject)? else { return Ok(()) };
    let meter = match body.meter {
        Some(meter) => fx.tx.get::<MeterRow>(&[&event.subject, &meter])?,
        None => None,
    };
    let mut work = Work { row, meter, history: fx.tx.scan::<FieldRow>(&[&event.subject])? };
    let mut units: Vec<&str> = Vec::new();
    for change in &body.changes {
        let unit = customer::unit_of(&change.field);
        if !units.contains(&unit) {
            units.push(unit);
        }
    }
    for unit in units {
        let changes: Vec<&Change> =
            body.changes.iter().filter(|change| customer::unit_of(&change.field) == unit).collect();
        apply_unit(fx, event, &mut work, body, unit, &changes)?;
    }
    // A merge of parts that cannot be written as a route number leaves the old number standing.
    let _ = work.row.compose_route();
    note_rules(fx, event, &work)?;
    forget_newcomer(fx, event.subject, &work.row)?;
    fx.tx.put(&work.row)?;
    if let Some(meter) = &work.meter {
        fx.tx.put(meter)?;
    }
    fx.reindex.insert(event.subject);
    Ok(())
}

/// Puts fields back to what they were before an amendment that another action carried, where they still are what it set.
pub(super) fn take_back(fx: &mut Fx<'_, '_>, event: &Event<'_>, body: &AccountAmended) -> Result<(), DeriveError> {
    let Some(row) = fx.tx.account(event.subject)? else { return Ok(()) };
    let meter = match body.meter {
        Some(meter) => fx.tx.get::<MeterRow>(&[&event.subject, &meter])?,
        None => None,
    };
    let owner = row.customer;
    let work = Work { row, meter, history: fx.tx.scan::<FieldRow>(&[&event.subject])? };
    let standing = body.changes.iter().filter(|change| work.value(&change.field) == change.value);
    let changes: Vec<Change> = standing
        .map(|change| Change {
            field: change.field.clone(),
            seen: change.value.clone(),
            value: change.seen.clone(),
            base: base_of(&work.history, &change.field),
            mark: None,
        })
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    amend_as(fx, event, &AccountAmended { owner, changes, ..body.clone() })
}

fn apply_unit(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    work: &mut Work,
    body: &AccountAmended,
    unit: &str,
    changes: &[&Change],
) -> Result<(), StoreError> {
    let (turn, last) = work.turn(unit);
    let base = changes.first().and_then(|change| change.base);
    let personal = changes.iter().any(|change| field_of(change).is_some_and(|field| field.personal));
    let open = open_conflict(fx, event.subject, unit)?;
    let outcome = if personal && body.owner != work.row.customer {
        note_left_owner(fx, event, work, changes)?;
        "lost"
    } else if base == last {
        match open {
            Some(conflict) => {
                exception::close(fx, conflict, format!("由凭单 {} 改定", event.id))?;
                "decided"
            }
            None => "set",
        }
    } else if open.is_none() && changes.iter().all(|change| work.agrees(change)) {
        "agreed"
    } else if is_guarded(unit) {
        if open.is_none() {
            if unit == customer::CLASS {
                let unseen: Vec<Id> = work.unseen(unit, base).iter().map(|row| row.id).collect();
                price::suspend(fx, event.subject, &unseen)?;
            }
            work.restore(unit, base);
            note_conflict(fx, event, work, changes, base)?;
        }
        "pending"
    } else {
        "late"
    };
    if outcome == "late" || outcome == "pending" {
        work.outdo(fx, unit, base, changes, if outcome == "late" { "lost" } else { "pending" })?;
    }
    for change in changes {
        let before = work.value(&change.field);
        fx.tx.put(&FieldRow {
            account: event.subject,
            field: change.field.clone(),
            id: event.id,
            turn: turn + 1,
            base: change.base,
            before,
            value: change.value.clone(),
            mark: change.mark,
            outcome: outcome.into(),
        })?;
        if matches!(outcome, "set" | "decided" | "late") {
            work.set(&change.field, change.value.as_deref());
        }
    }
    Ok(())
}

fn field_of(change: &Change) -> Option<&'static Field> {
    customer::field(&change.field)
}

fn is_guarded(unit: &str) -> bool {
    customer::units(unit).next().is_some_and(Field::is_guarded)
}

impl Work {
    fn value(&self, key: &str) -> Option<String> {
        match &self.meter {
            Some(meter) if key.starts_with("meter.") => meter_value(meter, key),
            _ => self.row.value(key),
        }
    }

    fn set(&mut self, key: &str, value: Option<&str>) {
        match &mut self.meter {
            Some(meter) if key.starts_with("meter.") => {
                set_meter(meter, key, value);
            }
            _ => {
                self.row.set(key, value);
            }
        }
    }

    /// The last turn of a unit and the amendment that made it.
    fn turn(&self, unit: &str) -> (i64, Option<Id>) {
        let last = self.of_unit(unit).max_by_key(|row| row.turn);
        (last.map_or(0, |row| row.turn), last.map(|row| row.id))
    }

    fn of_unit<'w>(&'w self, unit: &'w str) -> impl Iterator<Item = &'w FieldRow> {
        self.history.iter().filter(move |row| customer::unit_of(&row.field) == unit)
    }

    /// Amendments of a unit that an author who knew of `base` had not seen, oldest first.
    fn unseen<'w>(&'w self, unit: &'w str, base: Option<Id>) -> Vec<&'w FieldRow> {
        let known = self.of_unit(unit).find(|row| Some(row.id) == base).map_or(0, |row| row.turn);
        let mut rows: Vec<&FieldRow> = self.of_unit(unit).filter(|row| row.turn > known).collect();
        rows.sort_by_key(|row| (row.turn, customer_order(&row.field)));
        rows
    }

    /// Is the new value what is on file already?
    fn agrees(&self, change: &Change) -> bool {
        let now = self.value(&change.field);
        if now == change.value {
            return true;
        }
        let made = self.history.iter().filter(|row| row.field == change.field && row.value == now);
        let mark = made.max_by_key(|row| row.turn).and_then(|row| row.mark);
        mark.is_some() && mark == change.mark
    }

    /// Puts a guarded unit back to what it was before the amendments that its author had not seen.
    fn restore(&mut self, unit: &str, base: Option<Id>) {
        let mut old: Vec<(String, Option<String>)> = Vec::new();
        for row in self.unseen(unit, base) {
            if !old.iter().any(|(field, _)| *field == row.field) {
                old.push((row.field.clone(), row.before.clone()));
            }
        }
        for (field, value) in old {
            self.set(&field, value.as_deref());
        }
    }

    /// Marks unseen amendments of the same fields (of a guarded unit: of all of it) as lost or pending.
    fn outdo(
        &self,
        fx: &Fx<'_, '_>,
        unit: &str,
        base: Option<Id>,
        changes: &[&Change],
        outcome: &str,
    ) -> Result<(), StoreError> {
        for row in self.unseen(unit, base) {
            let touched = outcome == "pending" || changes.iter().any(|change| change.field == row.field);
            if touched && row.outcome != "lost" {
                fx.tx.put(&FieldRow { outcome: outcome.into(), ..row.clone() })?;
            }
        }
        Ok(())
    }
}

fn customer_order(key: &str) -> usize {
    customer::FIELDS.iter().position(|field| field.key == key).unwrap_or(usize::MAX)
}

/// The word of a guarded unit's conflict: `bank_conflict`, `identity_conflict`, `class_conflict`.
pub fn conflict_word(unit: &str) -> String {
    format!("{unit}_conflict")
}

/// The open conflict of a guarded unit.
fn open_conflict(fx: &Fx<'_, '_>, account: Id, unit: &str) -> Result<Option<ExceptionRow>, StoreError> {
    let word = conflict_word(unit);
    let rows = fx.tx.scan::<ExceptionRow>(&[&Kind::Account.letter(), &account, &word])?;
    Ok(rows.into_iter().find(|row| row.state == "open"))
}

/// Closes the open conflicts of the person's own units: their owner has left.
pub(super) fn settle_personal(fx: &Fx<'_, '_>, account: Id, decision: &str) -> Result<(), StoreError> {
    for unit in ["bank", "identity"] {
        if let Some(conflict) = open_conflict(fx, account, unit)? {
            exception::close(fx, conflict, decision.to_owned())?;
        }
    }
    Ok(())
}

fn shown(key: &str, value: Option<&str>) -> String {
    let form = customer::field(key).map(|field| field.form);
    match value {
        None => "空".to_owned(),
        Some(value) => {
            let masked = masked(key, value);
            form.map_or(masked.clone(), |form| form.shown(&masked))
        }
    }
}

fn note_conflict(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    work: &Work,
    changes: &[&Change],
    base: Option<Id>,
) -> Result<(), StoreError> {
    let unit = changes.first().map_or("", |change| customer::unit_of(&change.field));
    let unseen = work.unseen(unit, base);
    let Some(first) = unseen.first() else { return Ok(()) };
    let one =
        |row: &&FieldRow| format!("{}改为{}", customer::label(&row.field), shown(&row.field, row.value.as_deref()));
    let left: Vec<String> = unseen.iter().filter(|row| row.id == first.id).map(one).collect();
    let right: Vec<String> = changes
        .iter()
        .map(|change| {
            format!("{}改为{}", customer::label(&change.field), shown(&change.field, change.value.as_deref()))
        })
        .collect();
    exception::open(
        fx,
        Kind::Account,
        event,
        &conflict_word(unit),
        first.id,
        format!(
            "凭单 {} 把{}，凭单 {} 把{}，两处互不知情，原值保留，请裁定",
            first.id,
            left.join("、"),
            event.id,
            right.join("、")
        ),
    )
}

fn note_left_owner(fx: &Fx<'_, '_>, event: &Event<'_>, work: &Work, changes: &[&Change]) -> Result<(), StoreError> {
    let fields: Vec<&str> = changes.iter().map(|change| customer::label(&change.field)).collect();
    let note = format!(
        "凭单 {} 为原户主改{}，而凭单 {} 已过户，改动没有生效，请核对",
        event.id,
        fields.join("、"),
        work.row.customer
    );
    exception::open(fx, Kind::Account, event, "amended_old_owner", work.row.customer, note)
}

/// Amendments that were right apart may together break a rule between fields; that is an exception, closed by the amendment
/// that mends it.
fn note_rules(fx: &Fx<'_, '_>, event: &Event<'_>, work: &Work) -> Result<(), StoreError> {
    const WHAT: &str = "file_rules";
    let open = fx.tx.scan::<ExceptionRow>(&[&Kind::Account.letter(), &event.subject, &WHAT])?;
    let open = open.into_iter().find(|row| row.state == "open");
    let before = fx.tx.account(event.subject)?;
    let known: Vec<_> = before.iter().flat_map(|row| row.broken_rules()).map(|fault| fault.rule).collect();
    let faults = work.row.broken_rules();
    match (open, faults.iter().find(|fault| !known.contains(&fault.rule))) {
        (Some(open), _) if faults.is_empty() => exception::close(fx, open, format!("凭单 {} 已改正", event.id)),
        (None, Some(fault)) => {
            let note = format!("两处改动合在一起不符合 {}：{}", fault.rule, fault.message);
            let last = work.history.iter().max_by_key(|row| row.id).map_or(event.id, |row| row.id);
            exception::open(fx, Kind::Account, event, WHAT, last, note)
        }
        _ => Ok(()),
    }
}

/// A file whose person or number changed no longer stands for the person it was opened for.
pub(super) fn forget_newcomer(fx: &mut Fx<'_, '_>, account: Id, new: &AccountRow) -> Result<(), StoreError> {
    let Some(old) = fx.tx.account(account)? else { return Ok(()) };
    if old.id_number == new.id_number && old.customer == new.customer {
        return Ok(());
    }
    if let Some(row) = fx.tx.get::<NewcomerRow>(&[&account])? {
        fx.touch(PERSON.what, &row.mark.to_string());
        fx.tx.delete::<NewcomerRow>(&[&account])?;
    }
    Ok(())
}

/// Decides a conflict of a guarded unit for one of its two sides, by the event of an `exception.resolve`: the winner's values
/// stand from now on. Answers whether the exception was such a conflict.
pub fn decide(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    exception: &ExceptionRow,
    winner: Id,
) -> Result<bool, StoreError> {
    let Some(unit) = ["bank", "identity", "class"].into_iter().find(|unit| conflict_word(unit) == exception.what)
    else {
        return Ok(false);
    };
    let Some(row) = fx.tx.account(event.subject)? else { return Ok(true) };
    let mut work = Work { row, meter: None, history: fx.tx.scan::<FieldRow>(&[&event.subject])? };
    let (turn, last) = work.turn(unit);
    if unit == customer::CLASS {
        price::decided(fx, &work.row, winner, turn + 1)?;
    }
    let won: Vec<FieldRow> = work.of_unit(unit).filter(|row| row.id == winner).cloned().collect();
    for row in won {
        fx.tx.put(&FieldRow {
            id: event.id,
            turn: turn + 1,
            base: last,
            before: work.value(&row.field),
            outcome: "decided".into(),
            ..row.clone()
        })?;
        work.set(&row.field, row.value.as_deref());
    }
    forget_newcomer(fx, event.subject, &work.row)?;
    fx.tx.put(&work.row)?;
    fx.reindex.insert(event.subject);
    Ok(true)
}

/// The last amendment of a field's unit on file: what a new amendment rests on.
pub fn base_of(history: &[FieldRow], key: &str) -> Option<Id> {
    let unit = customer::unit_of(key);
    history.iter().filter(|row| customer::unit_of(&row.field) == unit).max_by_key(|row| row.turn).map(|row| row.id)
}

/// Keeps the history of fields that another action than `account.amend` set: a transfer, a first reading.
pub(super) fn note_changes(
    fx: &Fx<'_, '_>,
    event: &Event<'_>,
    old: &AccountRow,
    new: &AccountRow,
) -> Result<(), StoreError> {
    let history = fx.tx.scan::<FieldRow>(&[&event.subject])?;
    let work = Work { row: old.clone(), meter: None, history };
    for field in customer::FIELDS.iter().chain(customer::EXTRA) {
        let (before, value) = (old.value(field.key), new.value(field.key));
        if before == value {
            continue;
        }
        let (turn, last) = work.turn(field.unit);
        fx.tx.put(&FieldRow {
            account: event.subject,
            field: field.key.to_owned(),
            id: event.id,
            turn: turn + 1,
            base: last,
            before,
            value,
            mark: None,
            outcome: "set".into(),
        })?;
    }
    Ok(())
}
