//! 拆换单: a swap slip from the swap desk to its entry.
//!
//! Merge: an entered slip stays entered; entered at two sites, the first counts and the second is an exception (what both did to
//! the meters is the account's matter). A slip sent back here and entered there is entered. The latest number found counts. One
//! 单号 on two slips is a clash.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::cross::Cross;
use super::{DeriveError, Event, Fold, Fx, exception};
use crate::book::subject::Kind;
use crate::derive::account::swap::SwapEntered;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::store::tables::slip::{SlipReturnRow, SlipRow, SlipState};

/// The fold of slips.
pub const FOLD: Fold = Fold {
    kind: Kind::Slip,
    tables: &[("d_slip", "id"), ("d_slip_return", "slip")],
    knows: &[("swap.task", 1), ("swap.assign", 1), ("swap.enter", 1), ("swap.send_back", 1), ("swap.number_found", 1)],
    apply,
};

/// One 单号, one slip: pads of slips are numbered by each site. The number is `HB1@B03`.
pub const NUMBER: Cross = Cross {
    what: "slip_no",
    kind: Kind::Slip,
    holders: |tx, name| {
        let no = name.rsplit_once('@').map_or(name, |(no, _)| no);
        let slips = tx.slips_of_no(no)?.into_iter().map(|row| row.id);
        Ok(slips.filter(|id| at_site(*id, no) == name).collect())
    },
    several: |tx| {
        let mut found = std::collections::BTreeSet::new();
        for no in tx.slip_nos_of_several()? {
            let mut seen = std::collections::BTreeSet::new();
            for row in tx.slips_of_no(&no)? {
                let name = at_site(row.id, &no);
                if !seen.insert(name.clone()) {
                    found.insert(name);
                }
            }
        }
        Ok(found.into_iter().collect())
    },
    of: |tx, id| {
        let row = tx.get::<SlipRow>(&[&id])?.filter(|row| !row.no.is_empty());
        Ok(row.map(|row| at_site(id, &row.no)).into_iter().collect())
    },
};

/// A slip's number with its site.
fn at_site(slip: Id, no: &str) -> String {
    format!("{no}@{}", slip.site())
}

/// What stands on a slip.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, schemars::JsonSchema)]
#[serde(default)]
pub struct SlipFacts {
    /// 单号.
    pub no: String,
    /// The account, where known.
    pub account: Option<Id>,
    /// 户号 as written.
    pub account_no: String,
    /// 户名.
    pub name: String,
    /// 地址.
    pub address: String,
    /// 旧表号.
    pub old_meter: String,
    /// 旧表止码.
    pub final_value: Option<Milli>,
    /// 新表号.
    pub new_meter: String,
    /// 新表口径.
    pub calibre: String,
    /// 新表起码.
    pub first_value: Option<Milli>,
    /// 拆换日期.
    pub day: Option<NaiveDate>,
    /// 拆换原因.
    pub reason: String,
    /// 施工人.
    pub worker: String,
    /// 旧铅封号.
    pub old_seal: String,
    /// 新铅封号.
    pub new_seal: String,
    /// 用料.
    pub materials: String,
    /// 备注.
    pub remark: String,
}

/// Body of `swap.task`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SwapTask {
    /// What stands on the slip.
    pub slip: SlipFacts,
    /// The clerk it goes to.
    pub clerk: Option<Id>,
}

/// Body of `swap.assign`: the slips are the subjects.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SwapAssigned {
    /// The clerk they go to.
    pub clerk: Id,
}

/// Body of `swap.send_back`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SlipSentBack {
    /// Why.
    pub reason: String,
}

/// Body of `swap.number_found`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SlipNumberFound {
    /// The account.
    pub account: Id,
    /// Its 户号.
    pub account_no: String,
}

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let known = fx.tx.get::<SlipRow>(&[&event.subject])?;
    match (event.action(), known) {
        ("swap.task", None) => {
            let body: SwapTask = event.read()?;
            put(fx, event, body.slip, body.clerk, None)
        }
        ("swap.enter", known) => enter(fx, event, known),
        ("swap.assign", Some(row)) => {
            let body: SwapAssigned = event.read()?;
            Ok(fx.tx.put(&SlipRow { clerk: Some(body.clerk), ..row })?)
        }
        ("swap.send_back", Some(row)) => send_back(fx, event, row),
        ("swap.number_found", Some(row)) => number_found(fx, event, row),
        _ => Ok(()),
    }
}

fn enter(fx: &mut Fx<'_, '_>, event: &Event<'_>, known: Option<SlipRow>) -> Result<(), DeriveError> {
    let body: SwapEntered = event.read()?;
    if let Some(first) = known.as_ref().and_then(|row| row.entered) {
        let note = format!("拆换单 {} 录入了两次：{first} 与 {}", body.facts.no, event.id);
        return Ok(exception::open(fx, Kind::Slip, event, "slip_entered_twice", first, note)?);
    }
    close_returns(fx, event)?;
    let clerk = known.as_ref().and_then(|row| row.clerk);
    let taken = known.map_or(event.entry.business_day, |row| row.taken);
    put(fx, event, body.facts, clerk, Some(taken))
}

/// Puts the slip as it is written; entered when `taken` (the day it came in) is given.
fn put(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    facts: SlipFacts,
    clerk: Option<Id>,
    taken: Option<NaiveDate>,
) -> Result<(), DeriveError> {
    if !facts.no.is_empty() {
        fx.touch(NUMBER.what, &at_site(event.subject, &facts.no));
    }
    let entered = taken.map(|_| event.id);
    let row = SlipRow {
        id: event.subject,
        no: facts.no,
        account: facts.account,
        account_no: facts.account_no,
        name: facts.name,
        address: facts.address,
        old_meter: facts.old_meter,
        final_value: facts.final_value,
        new_meter: facts.new_meter,
        calibre: facts.calibre,
        first_value: facts.first_value,
        day: facts.day,
        reason: facts.reason,
        worker: facts.worker,
        old_seal: facts.old_seal,
        new_seal: facts.new_seal,
        materials: facts.materials,
        remark: facts.remark,
        state: if entered.is_some() { SlipState::Entered } else { SlipState::Waiting },
        clerk,
        entered,
        taken: taken.unwrap_or(event.entry.business_day),
    };
    Ok(fx.tx.put(&row)?)
}

fn send_back(fx: &mut Fx<'_, '_>, event: &Event<'_>, row: SlipRow) -> Result<(), DeriveError> {
    let body: SlipSentBack = event.read()?;
    let entered = row.state == SlipState::Entered;
    let day = event.entry.business_day;
    fx.tx.put(&SlipReturnRow {
        slip: event.subject,
        id: event.id,
        day,
        reason: body.reason,
        resumed: entered.then_some(day),
    })?;
    if !entered {
        fx.tx.put(&SlipRow { state: SlipState::Returned, ..row })?;
    }
    Ok(())
}

fn number_found(fx: &mut Fx<'_, '_>, event: &Event<'_>, row: SlipRow) -> Result<(), DeriveError> {
    let body: SlipNumberFound = event.read()?;
    close_returns(fx, event)?;
    if row.state == SlipState::Entered {
        return Ok(());
    }
    let row = SlipRow { account: Some(body.account), account_no: body.account_no, state: SlipState::Waiting, ..row };
    Ok(fx.tx.put(&row)?)
}

/// The slip is back: its open returns are closed.
fn close_returns(fx: &Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    for open in fx.tx.scan::<SlipReturnRow>(&[&event.subject])?.into_iter().filter(|row| row.resumed.is_none()) {
        fx.tx.put(&SlipReturnRow { resumed: Some(event.entry.business_day), ..open })?;
    }
    Ok(())
}
