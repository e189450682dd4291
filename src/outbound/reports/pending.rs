//! 手开单待确认: hand-written slips that a second person has not confirmed yet.

use chrono::NaiveDate;

use super::Report;
use crate::outbound::check_slip;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::reach::Reach;
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "pending",
    title: "手开单待确认",
    about: "已补录、还没有第二人确认的手开核对单",
    from_beginning: true,
    fill,
};

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("day", "营业日"),
        Column::new("paper", "手开单号"),
        Column::new("receipt", "核对单"),
        Column::new("payer", "户号户名"),
        Column::sum("amount", "金额"),
        Column::new("happened", "收钱日期"),
    ];
    let mut sheet = REPORT.sheet(from, to, columns);
    for row in tx.pending_slips(reach)?.into_iter().filter(|row| from <= row.day && row.day <= to) {
        let receipt = row.receipt();
        let taken = check_slip::taken_on(tx, row.id)?;
        sheet.rows.push(vec![
            Cell::Day(row.day),
            Cell::text(row.paper.unwrap_or_default()),
            Cell::text(receipt),
            Cell::text(row.payer),
            Cell::Money(row.amount),
            Cell::Day(taken.unwrap_or(row.day)),
        ]);
    }
    Ok(sheet)
}
