//! 回访率: of what was done in a period, how much was called back, by kind — faults at least 90 %, complaints and tip-offs all of
//! them.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Report;
use crate::derive::order::life;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::order::{CallbackOutcome, OrderKind};
use crate::rules::reach::Reach;
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "callbacks",
    title: "回访率",
    about: "按种类：应回访、已回访、无人接听、满意和回访率",
    from_beginning: false,
    fill,
};

#[derive(Default)]
struct Counts {
    due: i64,
    called: i64,
    unreached: i64,
    satisfied: i64,
}

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("kind", "种类"),
        Column::sum("due", "应回访"),
        Column::sum("called_back", "已回访"),
        Column::sum("unreached", "无人接听"),
        Column::sum("satisfied", "满意"),
        Column::new("rate", "回访率"),
        Column::new("wanted", "要求"),
    ];
    let mut sheet = REPORT.sheet(from, to, columns);
    let mut by_kind: BTreeMap<String, Counts> = BTreeMap::new();
    for row in tx.orders_taken_between(reach, from, to)? {
        let Some(order) = life(row.life.as_deref()).filter(|order| order.terms.callback && row.done.is_some()) else {
            continue;
        };
        let counts = by_kind.entry(row.kind).or_default();
        counts.due += 1;
        match order.callback {
            Some(CallbackOutcome::Unreached) => counts.unreached += 1,
            Some(outcome) => {
                counts.called += 1;
                counts.satisfied += i64::from(outcome == CallbackOutcome::Satisfied);
            }
            None => {}
        }
    }
    for (kind, counts) in by_kind {
        let wanted = wanted(&kind);
        let Counts { due, called, unreached, satisfied } = counts;
        let numbers = [due, called, unreached, satisfied].map(Cell::Count);
        let rate = called * 100 / due.max(1);
        let short = wanted.is_some_and(|wanted| rate < wanted);
        let rate = format!("{rate}%{}", if short { " 不足" } else { "" });
        let wanted = wanted.map(|wanted| format!("{wanted}%")).unwrap_or_default();
        let row = std::iter::once(Cell::text(kind)).chain(numbers).chain([Cell::text(rate), Cell::text(wanted)]);
        sheet.rows.push(row.collect());
    }
    Ok(sheet)
}

/// The share of callbacks asked for a kind, in per cent.
fn wanted(kind: &str) -> Option<i64> {
    match OrderKind::from_label(kind)? {
        OrderKind::Repair => Some(90),
        OrderKind::Complaint => Some(100),
        OrderKind::Fit
        | OrderKind::Modify
        | OrderKind::Ignite
        | OrderKind::Swap
        | OrderKind::Remove
        | OrderKind::Seal
        | OrderKind::Unseal
        | OrderKind::Test
        | OrderKind::Rectify
        | OrderKind::Other
        | OrderKind::Consult => None,
    }
}
