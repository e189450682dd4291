//! What the bills screen shows: the cycles of the branch, what is held and why.

use chrono::{Months, NaiveDate};

use super::Desk;
use super::bill_release::rated_now;
use super::refusal::Refusal;
use crate::book::append::Head;
use crate::rules::billing::BillCycle;
use crate::rules::id::Id;
use crate::rules::tariff::PriceBook;
use crate::store::Tx;
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

/// What a held bill would be billed at now, in one line: the readings may have changed since it was held.
pub fn now_words(tx: &Tx<'_>, prices: &PriceBook, bill: &BillRow, day: NaiveDate) -> String {
    match rated_now(tx, prices, bill, day) {
        Ok((issue, _)) => {
            let then = format!("，挂起时用量 {}", bill.volume.grouped());
            let then = if issue.volume == bill.volume { String::new() } else { then };
            format!("现在放行：用量 {}，应收 {} 元{then}", issue.volume.grouped(), issue.amount.grouped())
        }
        Err(refusal) => format!("现在放不行：{}", refusal.message()),
    }
}

/// The same, for a list: only where the use is not what it was when the bill was held.
pub fn moved_words(tx: &Tx<'_>, prices: &PriceBook, bill: &BillRow, day: NaiveDate) -> Option<String> {
    let (issue, _) =
        Some(bill).filter(|bill| bill.state == "held").map(|bill| rated_now(tx, prices, bill, day))?.ok()?;
    let words = || format!("现在用量 {}，应收 {} 元", issue.volume.grouped(), issue.amount.grouped());
    (issue.volume != bill.volume).then(words)
}

impl Desk {
    /// See [`now_words`].
    pub fn held_bill_now(&self, bill: &BillRow) -> Result<String, Refusal> {
        let day = self.business_day()?;
        let tx = self.look()?;
        Ok(now_words(&tx, &*self.shelf.prices(&tx)?, bill, day))
    }
}
