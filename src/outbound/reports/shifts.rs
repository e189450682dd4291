//! 班次一览: every shift with the parts of its identity, over or short, its head code, and who signed for finance.

use chrono::NaiveDate;

use super::Report;
use crate::derive::shift::security;
use crate::derive::shift::sign::Step;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::reach::Reach;
use crate::store::tables::till::{ShiftRow, ShiftSignRow};
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "shifts",
    title: "班次一览",
    about: "每班的备用金、收入、存入、结余、长短款和校验码",
    from_beginning: false,
    fill,
};

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("day", "营业日"),
        Column::new("clerk", "营业员"),
        Column::new("shift", "班次"),
        Column::sum("opening", "前日结余"),
        Column::sum("float_difference", "开班差额"),
        Column::sum("added", "加备用金"),
        Column::sum("income", "现金收入"),
        Column::sum("paid_in", "存入"),
        Column::sum("cash", "当日结余"),
        Column::sum("counted", "清点"),
        Column::sum("over_short", "长短款"),
        Column::new("head", "校验码"),
        Column::new("cashier", "出纳"),
        Column::new("accountant", "会计"),
        Column::new("note", "备注"),
        Column::sum("deposits", "押金"),
    ];
    let mut sheet = REPORT.sheet(from, to, columns);
    for shift in tx.shifts_between(reach, from, to)? {
        let signed = tx.scan::<ShiftSignRow>(&[&shift.id])?;
        let name = |step: Step| {
            let row = signed.iter().find(|row| row.step == step.word());
            row.map(|row| format!("{}{}", row.name, row.mark()))
        };
        let (income, deposits) = security::income(tx, &shift)?;
        sheet.rows.push(vec![
            Cell::Day(shift.day),
            Cell::text(tx.with_site(shift.id, &shift.clerk)?),
            Cell::Count(shift.no),
            Cell::Money(shift.opening - shift.float_difference()),
            Cell::Money(shift.float_difference()),
            Cell::Money(shift.added),
            Cell::Money(income),
            Cell::Money(shift.paid_in),
            Cell::Money(shift.cash),
            shift.counted.map_or(Cell::Empty, Cell::Money),
            shift.over.map_or(Cell::Empty, Cell::Money),
            Cell::text(shift.head.clone()),
            name(Step::Cashier).map_or(Cell::Empty, Cell::text),
            name(Step::Accountant).map_or(Cell::Empty, Cell::text),
            Cell::text(remarks(&shift, &signed)),
            Cell::Money(deposits),
        ]);
    }
    Ok(sheet)
}

/// 未交班, the clerk's note, why the float differed, what the signers remarked.
fn remarks(shift: &ShiftRow, signed: &[ShiftSignRow]) -> String {
    let mut words = Vec::new();
    if shift.state == "open" {
        words.push("未交班".to_owned());
    }
    if !shift.open_note.is_empty() {
        words.push(format!("开班差额：{}", shift.open_note));
    }
    if !shift.note.is_empty() {
        words.push(shift.note.clone());
    }
    let told = signed.iter().filter(|row| !row.remark.is_empty());
    words.extend(told.map(|row| format!("{}：{}", row.step, row.remark)));
    words.join("；")
}
