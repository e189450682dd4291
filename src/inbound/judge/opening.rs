//! The money a customer comes with: 预存余额, 欠费笔数, 欠费金额, 欠费明细 → what is prepaid and what is owed, never below zero.
//!
//! Post-paid systems write a debt as a balance below zero, and money paid too much as arrears below zero. A person reads both
//! that way, and so are they taken; where the columns could mean one debt or two, the row is refused.

use chrono::{Datelike, Months, NaiveDate};

use super::Terms;
use super::columns::Cells;
use super::defect::{Flaw, Kind};
use crate::inbound::clean;
use crate::inbound::rows::customer::{Arrear, Columns};
use crate::rules::money::Fen;

/// What a customer comes with.
pub(super) struct Opening {
    /// 预存余额, never below zero.
    pub balance: Fen,
    /// Unpaid bills, each above zero.
    pub arrears: Vec<Arrear>,
}

/// Reads the columns of money; `last` is the day of the last reading.
pub(super) fn read(
    cells: Cells<'_>,
    columns: &Columns,
    last: Option<NaiveDate>,
    terms: Terms,
) -> Result<Opening, Flaw> {
    let balance = cells.money(columns.balance)?.unwrap_or(Fen::ZERO);
    let arrears = details(cells, columns, terms.today)?;
    let stated = cells.money(columns.arrears_sum)?.unwrap_or(Fen::ZERO);
    if stated.is_negative() && arrears.is_empty() {
        check_count(cells, columns, 0)?;
        return paid_too_much(cells, columns, balance, -stated);
    }
    if balance.is_negative() && arrears.is_empty() {
        return owed(cells, columns, -balance, period_of(last, terms.today));
    }
    check_sums(cells, columns, &arrears)?;
    if balance.is_negative() {
        let sum: Fen = arrears.iter().map(|bill| bill.amount).sum();
        let what = format!("为负是欠费，又另列欠费{sum}，看不出是一笔还是两笔，请只留一处");
        return Err(cells.flaw(Kind::ArrearsMismatch, columns.balance, &what));
    }
    Ok(Opening { balance, arrears })
}

/// Arrears below zero are money paid too much: prepaid, unless the balance says otherwise.
fn paid_too_much(cells: Cells<'_>, columns: &Columns, balance: Fen, over: Fen) -> Result<Opening, Flaw> {
    if balance != Fen::ZERO && balance != over {
        let what = format!("为负是多缴，与预存余额{balance}对不上，请只留一处");
        return Err(cells.flaw(Kind::ArrearsMismatch, columns.arrears_sum, &what));
    }
    Ok(Opening { balance: over, arrears: Vec::new() })
}

/// A balance below zero is owed: one bill of the last period. 欠费金额 and 欠费笔数 may say the same, or nothing.
fn owed(cells: Cells<'_>, columns: &Columns, debt: Fen, period: NaiveDate) -> Result<Opening, Flaw> {
    let stated = cells.money(columns.arrears_sum)?.filter(|sum| *sum != Fen::ZERO);
    if let Some(stated) = stated.filter(|stated| *stated != debt) {
        let what = format!("是{stated}，而预存余额为负{debt}，看不出共欠多少，请核对");
        return Err(cells.flaw(Kind::ArrearsMismatch, columns.arrears_sum, &what));
    }
    match cells.count(columns.arrears_count)?.unwrap_or(0) {
        0 => {}
        1 if stated.is_some() => {}
        count => {
            let what = format!("是{count}笔，而没有欠费明细，请补明细或核对预存余额");
            return Err(cells.flaw(Kind::ArrearsMismatch, columns.arrears_count, &what));
        }
    }
    Ok(Opening { balance: Fen::ZERO, arrears: vec![Arrear { period, amount: debt }] })
}

/// The month a debt without one is of: that of the last reading, else the last that is over.
fn period_of(last: Option<NaiveDate>, today: NaiveDate) -> NaiveDate {
    let first = |day: NaiveDate| day.with_day(1).unwrap_or(day);
    let before = first(today).checked_sub_months(Months::new(1)).unwrap_or(today);
    last.map(first).filter(|month| *month <= before).unwrap_or(before)
}

/// `202607:100.00;202609:85.00`, of periods that are over, as at the desk.
fn details(cells: Cells<'_>, columns: &Columns, today: NaiveDate) -> Result<Vec<Arrear>, Flaw> {
    let text = cells.text(columns.arrears);
    let bad = || cells.flaw(Kind::UnreadableNumber, columns.arrears, "看不懂，请改为如“202609:90.00”");
    let mut bills = Vec::new();
    for part in text.split([';', '；']).filter(|part| !part.trim().is_empty()) {
        let (period, amount) = part.split_once([':', '：']).ok_or_else(bad)?;
        let period = clean::date(&format!("{}01", period.trim())).ok_or_else(bad)?;
        if period.checked_add_months(Months::new(1)).is_none_or(|next| next > today) {
            let what = format!("里的账期{}还没有过去，请核对", period.format("%Y%m"));
            return Err(cells.flaw(Kind::FutureDate, columns.arrears, &what));
        }
        let amount = clean::money(amount).ok_or_else(bad)?;
        if amount.is_negative() {
            let what = "有负数，多缴的请记入预存余额，冲减的请写冲减后的欠费";
            return Err(cells.flaw(Kind::UnreadableNumber, columns.arrears, what));
        }
        if amount == Fen::ZERO {
            return Err(bad());
        }
        bills.push(Arrear { period, amount });
    }
    Ok(bills)
}

/// The details' number and sum must be those of their columns.
fn check_sums(cells: Cells<'_>, columns: &Columns, bills: &[Arrear]) -> Result<(), Flaw> {
    let sum: Fen = bills.iter().map(|bill| bill.amount).sum();
    if cells.money(columns.arrears_sum)?.is_some_and(|stated| stated != sum) {
        let what = format!("与欠费明细合计{sum}不符，请核对");
        return Err(cells.flaw(Kind::ArrearsMismatch, columns.arrears_sum, &what));
    }
    check_count(cells, columns, bills.len())
}

fn check_count(cells: Cells<'_>, columns: &Columns, bills: usize) -> Result<(), Flaw> {
    if cells.count(columns.arrears_count)?.is_some_and(|count| count as usize != bills) {
        let what = format!("与欠费明细{bills}笔不符，请核对");
        return Err(cells.flaw(Kind::ArrearsMismatch, columns.arrears_count, &what));
    }
    Ok(())
}
