//! What the bills screen shows: the cycles of the branch, what is held and why.

use chrono::Months;

use super::Desk;
use super::refusal::Refusal;
use crate::book::append::Head;
use crate::rules::billing::BillCycle;
use crate::rules::id::Id;
use crate::store::tables::billing::BillRow;

/// Cycles a person may choose from.
const CYCLES: u32 = 6;

/// A held bill in the list.
#[derive(Debug, Clone)]
pub struct HeldLine {
    /// The bill.
    pub bill: BillRow,
    /// 户号.
    pub no: String,
    /// 户名.
    pub name: String,
    /// Account.
    pub account: Id,
}

/// The present cycle and those before, newest first.
pub fn cycles(desk: &Desk) -> Result<Vec<BillCycle>, Refusal> {
    let now = BillCycle::of(desk.business_day()?);
    let back = |n: u32| now.first().checked_sub_months(Months::new(n)).map(BillCycle::of);
    Ok((0..CYCLES).filter_map(back).collect())
}

/// The place of the newest entry: what was worked out at an earlier one may have changed.
pub fn as_of(desk: &Desk) -> Result<i64, Refusal> {
    Ok(Head::read(&desk.look()?)?.seq)
}

/// Bills of a cycle that are held.
pub fn held(desk: &Desk, cycle: BillCycle) -> Result<Vec<HeldLine>, Refusal> {
    let tx = desk.look()?;
    let mut lines = Vec::new();
    for bill in tx.held_bills(&cycle.to_string())? {
        let account = tx.account(bill.account)?;
        let (no, name) = account.map(|row| (row.no, row.name)).unwrap_or_default();
        lines.push(HeldLine { account: bill.account, bill, no, name });
    }
    Ok(lines)
}
