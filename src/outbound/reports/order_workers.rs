//! 派工汇总: per hall, team and worker how many orders went out, were done, kept their promise, were called back.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Report;
use crate::derive::order::life;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::moment;
use crate::rules::order::CallbackOutcome;
use crate::rules::reach::Reach;
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "order_workers",
    title: "派工汇总",
    about: "按营业厅、班组和师傅：派工、完成、超时、暂停、回访、满意",
    from_beginning: false,
    fill,
};

#[derive(Default)]
struct Counts {
    sent: i64,
    done: i64,
    late: i64,
    paused: i64,
    called: i64,
    satisfied: i64,
}

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("hall", "营业厅"),
        Column::new("team", "班组"),
        Column::new("worker", "师傅"),
        Column::sum("dispatched", "派工"),
        Column::sum("done", "完成"),
        Column::sum("late", "超时"),
        Column::sum("paused", "暂停过"),
        Column::sum("called_back", "已回访"),
        Column::sum("satisfied", "满意"),
    ];
    let mut sheet = REPORT.sheet(from, to, columns);
    let end = moment::end_of(to);
    let mut by_worker: BTreeMap<(String, String, String), Counts> = BTreeMap::new();
    for row in tx.orders_taken_between(reach, from, to)? {
        let (Some(worker), Some(order)) = (row.worker, life(row.life.as_deref())) else { continue };
        let (team, name) = tx.worker(worker)?.map(|row| (row.team, row.name)).unwrap_or_default();
        let code = row.id.site().as_str().to_owned();
        let hall = tx.own_site(&code)?.map_or(code, |site| site.name);
        let key = (hall, team, name);
        let counts = by_worker.entry(key).or_default();
        counts.sent += 1;
        counts.done += i64::from(row.done.is_some());
        counts.late += i64::from(!order.overruns(end).is_empty() || !row.overrun.is_empty());
        counts.paused += i64::from(!order.pauses.is_empty());
        counts.called += i64::from(order.callback.is_some());
        counts.satisfied += i64::from(order.callback == Some(CallbackOutcome::Satisfied));
    }
    for ((hall, team, name), counts) in by_worker {
        let Counts { sent, done, late, paused, called, satisfied } = counts;
        let numbers = [sent, done, late, paused, called, satisfied];
        let words = [Cell::text(hall), Cell::text(team), Cell::text(name)];
        sheet.rows.push(words.into_iter().chain(numbers.map(Cell::Count)).collect());
    }
    Ok(sheet)
}
