//! The account handed to another customer (过户, R-120 … R-126).
//!
//! Merge: of two transfers from the same owner the first stands; the second is an exception, and its owner stays visible among
//! the owners as disputed. The new owner bears what the account owes from then on. Prepaid that was paid out to the old
//! owner and spent elsewhere stands in suspense, with an exception.

use serde::{Deserialize, Serialize};

use super::fields::{CustomerFile, id_kind_of};
use super::{amend, payment};
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::customer::{EXTRA, FIELDS};
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::StoreError;
use crate::store::tables::account::OwnerRow;
use crate::store::tables::billing::BalanceRow;

/// Body of `account.transfer`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
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
    /// The case taken in for it (from version 2 on): it ends with this deed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<Id>,
    /// Why the new owner is another than the one the case was taken in for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What the old owner's prepaid and credit came to, when they passed to the new owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Fen>,
    /// What the old owner was paid out of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
}

/// Prepaid and credit paid out of a drawer.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct Refund {
    /// The shift whose drawer gives the money.
    pub shift: Id,
    /// 户号 and 户名 of the old owner.
    pub payer: String,
    /// Of prepaid.
    pub prepaid: Fen,
    /// Of credit.
    pub credit: Fen,
}

/// Applies `account.transfer`.
pub fn transfer(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AccountTransferred = event.read()?;
    if let Some(refund) = &body.refund {
        pay_out(fx, event, refund, "过户")?;
    }
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

/// The customer's prepaid and credit go out, at a 过户 or 销户. What was spent in between cannot: the surplus stands in suspense, with
/// an exception.
pub(super) fn pay_out(fx: &mut Fx<'_, '_>, event: &Event<'_>, refund: &Refund, at: &str) -> Result<(), DeriveError> {
    if refund.prepaid.is_negative() || refund.credit.is_negative() {
        return Err(DeriveError::Body("退款不能是负数".into()));
    }
    let balance = payment::balance(fx, event.subject)?;
    let prepaid = refund.prepaid.min(balance.prepaid.max(Fen::ZERO));
    let credit = refund.credit.min(balance.credit.max(Fen::ZERO));
    let short = refund.prepaid + refund.credit - prepaid - credit;
    let mut legs = Legs::default();
    legs.add(account::PREPAID, prepaid).add(account::CREDIT, credit).add(account::SUSPENSE, short);
    legs.post(fx, Kind::Account, event)?;
    if short > Fen::ZERO {
        let note = format!("凭单 {} {at}时退的预存或余款已在别处用掉，多退的 {short} 挂账待查", event.id);
        exception::open(fx, Kind::Account, event, "prepaid_twice", event.id, note)?;
    }
    let left = BalanceRow { prepaid: balance.prepaid - prepaid, credit: balance.credit - credit, ..balance };
    Ok(payment::keep(fx, &left)?)
}

fn note_second(fx: &Fx<'_, '_>, event: &Event<'_>, body: &AccountTransferred, first: Id) -> Result<(), StoreError> {
    let note = format!("凭单 {first} 已过户，凭单 {} 又过户给{}，先过户的有效，请核对后裁定", event.id, body.name);
    exception::open(fx, Kind::Account, event, "transferred_twice", first, note)
}
