//! 工单台账: every case taken in, with its promise, clock and outcome, and the overrun at the window.

use chrono::NaiveDate;

use super::Report;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::moment;
use crate::rules::reach::Reach;
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "orders",
    title: "工单台账",
    about: "受理的业务：承诺、派工、完成、结果、超时原因、窗口超时",
    from_beginning: false,
    fill,
};

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("order", "工单号"),
        Column::new("day", "受理日"),
        Column::new("service", "业务"),
        Column::new("category", "类别"),
        Column::new("address", "地址"),
        Column::new("worker", "师傅"),
        Column::new("state", "状态"),
        Column::new("promise", "承诺"),
        Column::new("done", "完成"),
        Column::new("outcome", "结果"),
        Column::new("overrun", "超时原因"),
        Column::new("window_over", "窗口超时(分)"),
        Column::sum("fee", "费用"),
        Column::sum("owed", "未收"),
    ];
    let mut sheet = REPORT.sheet(from, to, columns);
    for row in tx.orders_taken_between(reach, from, to)? {
        let worker = row.worker.map(|worker| tx.worker(worker)).transpose()?.flatten();
        sheet.rows.push(vec![
            Cell::text(row.id.to_string()),
            Cell::Day(row.day),
            Cell::text(row.title),
            Cell::text(row.category),
            Cell::text(row.address),
            Cell::text(worker.map(|row| row.name).unwrap_or_default()),
            Cell::text(row.state),
            Cell::text(time(row.promise)),
            Cell::text(time(row.done)),
            Cell::text(row.outcome),
            Cell::text(row.overrun),
            if row.window_over > 0 { Cell::Count(row.window_over) } else { Cell::Empty },
            Cell::Money(row.fee),
            Cell::Money(row.owed),
        ]);
    }
    Ok(sheet)
}

/// A second of 1970 as day and time at the branch.
fn time(second: Option<i64>) -> String {
    let at = second.and_then(|second| chrono::DateTime::from_timestamp(second, 0));
    at.map(|at| at.with_timezone(&moment::offset()).format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}
