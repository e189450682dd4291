//! 日收银报表: what each clerk took, by kind of receipt and method, the late fee as an item of its own, so that
//! cash gas = gas charge + late fee, and deposits in a column of their own, for they are no income; below it the identity of every
//! shift (R-366, cash only: A-32).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Report;
use crate::derive::shift::security;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::reach::Reach;
use crate::store::tables::till::{ShiftRow, TillRow};
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "cash",
    title: "日收银报表",
    about: "每人按收款项目和方式的收入，滞纳金单列，附现金结余核对",
    from_beginning: false,
    fill,
};

const LATE_FEE: &str = "滞纳金";
const PREPAID: &str = "预存";
const FROM_PREPAID: &str = "预存抵缴";
/// Rank of deposits: behind all that is income.
const DEPOSIT: u8 = 4;

/// What one item of one shift came to.
#[derive(Default)]
struct Sum {
    count: i64,
    taken: Fen,
    reversed: Fen,
}

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let shifts = tx.shifts_between(reach, from, to)?;
    let mut sums: BTreeMap<(Id, String, u8, String), Sum> = BTreeMap::new();
    for row in tx.till_between(reach, from, to)?.iter().filter(|row| row.is_receipt()) {
        for (rank, item, amount) in items(tx, row)? {
            let sum = sums.entry((row.shift, row.method.clone(), rank, item)).or_default();
            if row.reverses.is_some() || matches!(row.kind.as_str(), security::RETURNED | security::REFUND) {
                sum.reversed += amount;
            } else {
                sum.count += 1;
                sum.taken += amount;
            }
        }
    }
    let mut sheet = REPORT.sheet(from, to, columns());
    for shift in &shifts {
        for ((_, method, rank, item), sum) in sums.iter().filter(|((id, ..), _)| *id == shift.id) {
            let is_income = *rank != DEPOSIT;
            sheet.rows.push(vec![
                Cell::Day(shift.day),
                Cell::text(tx.with_site(shift.id, &shift.clerk)?),
                Cell::Count(shift.no),
                Cell::text(method),
                Cell::text(item),
                Cell::Count(sum.count),
                if is_income { Cell::Money(sum.taken) } else { Cell::Empty },
                if is_income { Cell::Money(sum.reversed) } else { Cell::Empty },
                if is_income { Cell::Money(sum.taken + sum.reversed) } else { Cell::Empty },
                if is_income { Cell::Empty } else { Cell::Money(sum.taken + sum.reversed) },
            ]);
        }
    }
    let mut notes = Vec::new();
    for shift in &shifts {
        let rows = security::deposits(tx, shift.id)?;
        sheet.notes.push(identity(shift, security::income(tx, shift)?));
        notes.extend(deposits(shift, &rows));
    }
    sheet.notes.extend(notes);
    Ok(sheet)
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("day", "营业日"),
        Column::new("clerk", "营业员"),
        Column::new("shift", "班次"),
        Column::new("method", "方式"),
        Column::new("item", "收款项目"),
        // A receipt stands under each of its items: their sum is no number of receipts.
        Column::new("count", "笔数"),
        Column::sum("taken", "收入"),
        Column::sum("reversed", "冲退"),
        Column::sum("amount", "净额"),
        Column::sum("deposits", "押金"),
    ]
}

/// The items of a movement; together they are its money. The rank orders them on the paper.
fn items(tx: &Tx<'_>, row: &TillRow) -> Result<Vec<(u8, String, Fen)>, StoreError> {
    let is_deposit = security::is_deposit(tx, row)?;
    let item = if is_deposit { security::item(&row.item) } else { row.item.clone() };
    let all = [
        (if is_deposit { DEPOSIT } else { 0 }, item.as_str(), row.principal),
        (1, LATE_FEE, row.late_fee),
        (2, PREPAID, row.to_prepaid),
        (3, FROM_PREPAID, -row.from_prepaid),
    ];
    let moved = all.into_iter().filter(|(.., amount)| *amount != Fen::ZERO);
    Ok(moved.map(|(rank, item, sum)| (rank, item.to_owned(), sum)).collect())
}

/// Deposits of a shift, which are no income though their cash lies in the drawer.
fn deposits(shift: &ShiftRow, rows: &[TillRow]) -> Option<String> {
    let of = |kind: &str| -> Fen { rows.iter().filter(|row| row.kind == kind).map(|row| row.amount).sum() };
    let (taken, back) = (of(security::TAKEN), of(security::RETURNED));
    let undone = rows.iter().map(|row| row.amount).sum::<Fen>() - taken - back;
    let undone = if undone == Fen::ZERO { String::new() } else { format!("，冲正 {}", undone.grouped()) };
    (taken != Fen::ZERO || back != Fen::ZERO || !undone.is_empty()).then(|| {
        let (day, clerk, no) = (shift.day, &shift.clerk, shift.no);
        format!("{day} {clerk} 班次 {no}：押金收 {}，退 {}{undone}，不是收入", taken.grouped(), back.abs().grouped())
    })
}

/// 前日现金结余 + 本日营业收入 − 存入 = 当日现金结余; a float that was not what the day before had left, 备用金 added and deposits, which
/// are no income, stand between.
fn identity(shift: &ShiftRow, (income, deposits): (Fen, Fen)) -> String {
    let close = match (shift.counted, shift.over) {
        (Some(counted), Some(over)) if over == Fen::ZERO => format!("，清点 {}，相符", counted.grouped()),
        (Some(counted), Some(over)) if over.is_negative() => {
            format!("，清点 {}，短款 {}", counted.grouped(), over.abs().grouped())
        }
        (Some(counted), Some(over)) => format!("，清点 {}，长款 {}", counted.grouped(), over.grouped()),
        _ => "，未交班".to_owned(),
    };
    let float = shift.float_difference();
    let mut begin = (shift.opening - float).grouped();
    if float != Fen::ZERO {
        begin.push_str(&format!(" + 开班清点差额 {} ({})", float.grouped(), shift.open_note));
    }
    if shift.added != Fen::ZERO {
        begin.push_str(&format!(" + 加备用金 {}", shift.added.grouped()));
    }
    let mut taken = income.grouped();
    if deposits != Fen::ZERO {
        taken.push_str(&format!(" + 押金 {}", deposits.grouped()));
    }
    format!(
        "{} {} 班次 {}：前日现金结余 {begin} + 本日营业收入 {taken} - 存入 {} = 当日现金结余 {}{close}",
        shift.day,
        shift.clerk,
        shift.no,
        shift.paid_in.grouped(),
        shift.cash.grouped(),
    )
}
