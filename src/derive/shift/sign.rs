//! 出纳 then 会计 check a closed shift against the system and sign, in this order.
//!
//! Merge: of two signatures for one step the first stands, the second is an exception; the accountant's before the cashier's,
//! and anybody's on a shift of their own or on both steps, do not count and are exceptions (I-10). A figure that changes after it
//! was signed marks the signatures and is an exception; who signs again puts the new signature in the place of the marked one, and when
//! none is marked any more the exception is settled.

use serde::{Deserialize, Serialize};

use crate::book::subject::Kind;
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::StoreError;
use crate::store::tables::base::ExceptionRow;
use crate::store::tables::till::ShiftSignRow;

/// Who signs, in the order of the paper.
#[derive(Serialize, Deserialize, schemars::JsonSchema, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// 出纳.
    #[serde(rename = "出纳")]
    Cashier,
    /// 会计.
    #[serde(rename = "会计")]
    Accountant,
}

impl Step {
    /// As it stands on the paper.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cashier => "出纳",
            Self::Accountant => "会计",
        }
    }

    /// The step that is next when these have signed; none when both have. A signature on figures that changed since is given again.
    pub fn after(signed: &[ShiftSignRow]) -> Option<Self> {
        let open = |step: &Self| signed.iter().all(|row| row.step != step.word() || row.changed.is_some());
        [Self::Cashier, Self::Accountant].into_iter().find(open)
    }
}

/// Body of `shift.confirm`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct ShiftConfirmed {
    /// The shift.
    pub shift: Id,
    /// As whom.
    pub step: Step,
    /// Name as printed.
    pub name: String,
    /// 备注.
    pub remark: String,
    /// Paid in by the papers − by the system, as the signer saw it: signed with a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Fen>,
}

/// Applies `shift.confirm`.
pub(super) fn sign(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ShiftConfirmed = event.read()?;
    let Some(shift) = fx.tx.shift(event.subject)? else { return Ok(()) };
    let signed = fx.tx.scan::<ShiftSignRow>(&[&event.subject])?;
    let said = format!("{} 班次 {} 的{}签字 {}", shift.clerk, shift.no, body.step.word(), event.id);
    let refuse = |what: &str, first: Id, why: &str| {
        Ok(exception::open(fx, Kind::Shift, event, what, first, format!("{said} {why}"))?)
    };
    let (known, other) = of_step(&signed, body.step);
    if let Some(first) = known.filter(|row| row.changed.is_none()) {
        return refuse("signed_twice", first.id, "是第二个，以第一个为准");
    }
    let own = shift.user.to_string() == event.entry.actor || other.is_some_and(|row| row.actor == event.entry.actor);
    if own {
        let first = signed.first().map_or(shift.id, |row| row.id);
        return refuse("signed_own", first, "与经手人是同一人，不算数");
    }
    // An accountant's first signature stands on a cashier's, be it marked; one that is given again waits for the cashier's.
    let unsigned = other.is_none_or(|row| known.is_some() && row.changed.is_some());
    if shift.closed_by.is_none() || (body.step == Step::Accountant && unsigned) {
        return refuse("signed_early", shift.closed_by.unwrap_or(shift.id), "早于交班或出纳的签字，不算数");
    }
    fx.tx.put(&ShiftSignRow {
        shift: event.subject,
        step: body.step.word().to_owned(),
        id: event.id,
        actor: event.entry.actor.clone(),
        name: body.name,
        at: event.entry.at.clone(),
        remark: body.remark,
        difference: body.difference.unwrap_or_default(),
        changed: None,
    })?;
    Ok(settle(fx, event)?)
}

/// The signature of a step, and that of the other one.
pub fn of_step(signed: &[ShiftSignRow], step: Step) -> (Option<&ShiftSignRow>, Option<&ShiftSignRow>) {
    let own = signed.iter().find(|row| row.step == step.word());
    (own, signed.iter().find(|row| row.step != step.word()))
}

/// Once no signature is marked any more, what was asked about them is settled.
fn settle(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), StoreError> {
    let signed = fx.tx.scan::<ShiftSignRow>(&[&event.subject])?;
    if signed.iter().any(|row| row.changed.is_some()) {
        return Ok(());
    }
    let names: Vec<&str> = signed.iter().map(|row| row.name.as_str()).collect();
    for row in fx.tx.scan::<ExceptionRow>(&[&Kind::Shift.letter(), &event.subject, &CHANGED])? {
        if row.state == "open" {
            exception::close(fx, row, format!("{} 已按改后的数字重新签字", names.join("、")))?;
        }
    }
    Ok(())
}

/// The exception of a shift whose figures changed after they were signed.
pub const CHANGED: &str = "signed_changed";

/// A figure of the shift moved: what was signed is no more what stands. Marks the signatures given before and says so.
pub(super) fn changed(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), StoreError> {
    let signed = fx.tx.scan::<ShiftSignRow>(&[&event.subject])?;
    let Some(first) = signed.first().map(|row| row.id) else { return Ok(()) };
    let names: Vec<&str> = signed.iter().map(|row| row.name.as_str()).collect();
    let note = format!(
        "凭单 {} 在 {} 签字之后改动了这一班的数字，签的不是现在的数，请核对后重新签字",
        event.id,
        names.join("、")
    );
    for row in signed.iter().filter(|row| row.changed.is_none()) {
        fx.tx.put(&ShiftSignRow { changed: Some(event.id), ..row.clone() })?;
    }
    exception::open(fx, Kind::Shift, event, CHANGED, first, note)
}
