//! The account handed to another customer (过户, R-120 … R-126).
//!
//! Merge: of two transfers from the same owner the first stands; the second is an exception, and its owner stays visible among
//! the owners as disputed. The new owner bears what the account owes from then on.

use serde::{Deserialize, Serialize};

use super::amend;
use super::fields::{CustomerFile, id_kind_of};
use crate::book::subject::Kind;
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::customer::{EXTRA, FIELDS};
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::StoreError;
use crate::store::tables::account::OwnerRow;
use crate::store::tables::base::ExceptionRow;

/// Body of `account.transfer`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct AccountTransferred {
    /// The account.
    pub account: Id,
    /// The owner this rests on: id of the `d_owner` row the clerk saw.
    pub from: Id,
    /// New 户名.
    pub name: String,
    /// Sealed resident ID, or a credit code.
    pub id_number: Option<String>,
    /// Fields of the person, by name: telephone, bank …
    pub person: Vec<(String, String)>,
    /// 直系亲属: no fee.
    pub kin: bool,
    /// 过户费.
    pub fee: Fen,
    /// Name of the agent.
    pub agent: Option<String>,
    /// Sealed resident ID of the agent.
    pub agent_id: Option<String>,
    /// Papers shown.
    pub papers: Vec<String>,
    /// Settled reading written on the form.
    pub settled: Option<Milli>,
}

/// Applies `account.transfer`.
pub fn transfer(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AccountTransferred = event.read()?;
    let Some(row) = fx.tx.account(event.subject)? else { return Ok(()) };
    let stands = row.customer == body.from;
    fx.tx.put(&OwnerRow {
        account: event.subject,
        id: event.id,
        since: event.entry.business_day,
        name: body.name.clone(),
        id_kind: body.id_number.as_deref().map(|kept| id_kind_of(kept).to_owned()),
        id_number: body.id_number.clone(),
        fee: body.fee,
        state: if stands { "owner" } else { "disputed" }.into(),
    })?;
    if !stands {
        return Ok(note_second(fx, event, &body, row.customer)?);
    }
    let mut new = row.clone();
    for field in FIELDS.iter().chain(EXTRA).filter(|field| field.personal) {
        let given = body.person.iter().find(|(key, _)| key == field.key).map(|(_, value)| value.as_str());
        new.set(field.key, given);
    }
    new.set("name", Some(&body.name));
    new.set("id_number", body.id_number.as_deref());
    new.customer = event.id;
    amend::note_changes(fx, event, &row, &new)?;
    amend::settle_personal(fx, event.subject, &format!("凭单 {} 已过户", event.id))?;
    amend::forget_newcomer(fx, event.subject, &new)?;
    fx.tx.put(&new)?;
    fx.reindex.insert(event.subject);
    Ok(())
}

fn note_second(fx: &Fx<'_, '_>, event: &Event<'_>, body: &AccountTransferred, first: Id) -> Result<(), StoreError> {
    fx.tx.put(&ExceptionRow {
        kind: Kind::Account.letter().into(),
        subject: event.subject,
        what: "transferred_twice".into(),
        first,
        second: event.id,
        note: format!("凭单 {first} 已过户，凭单 {} 又过户给{}，先过户的有效，请核对后裁定", event.id, body.name),
        state: "open".into(),
        owner: None,
        decision: None,
    })
}
