//! 收费明细: every receipt, reversal and deposit in the order they were made.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Report;
use crate::derive::shift::security;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::id::Id;
use crate::rules::reach::Reach;
use crate::store::tables::till::TillRow;
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report =
    Report {
        name: "payments", title: "收费明细", about: "每张核对单、每笔冲正和存入", from_beginning: false, fill
    };

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("day", "营业日"),
        Column::new("time", "时间"),
        Column::new("clerk", "营业员"),
        Column::new("receipt", "核对单"),
        Column::new("payer", "户号户名"),
        Column::new("item", "收款项目"),
        Column::new("method", "方式"),
        Column::sum("principal", "本金"),
        Column::sum("late_fee", "滞纳金"),
        Column::sum("waived", "减免"),
        Column::sum("to_prepaid", "存预存"),
        Column::sum("from_prepaid", "用预存"),
        Column::sum("amount", "金额"),
        Column::new("state", "说明"),
    ];
    let clerks: BTreeMap<Id, String> =
        tx.shifts_between(reach, from, to)?.into_iter().map(|shift| (shift.id, shift.clerk)).collect();
    let mut sheet = REPORT.sheet(from, to, columns);
    for row in tx.till_between(reach, from, to)? {
        sheet.rows.push(vec![
            Cell::Day(row.day),
            Cell::text(row.at.get(11..16).unwrap_or_default()),
            Cell::text(clerks.get(&row.shift).map_or("", String::as_str)),
            Cell::text(row.receipt()),
            Cell::text(&row.payer),
            Cell::text(&row.item),
            Cell::text(&row.method),
            Cell::Money(row.principal),
            Cell::Money(row.late_fee),
            Cell::Money(row.waived),
            Cell::Money(row.to_prepaid),
            Cell::Money(row.from_prepaid),
            Cell::Money(row.amount),
            Cell::text(state(&row)),
        ]);
    }
    Ok(sheet)
}

/// What a movement is beyond a plain receipt.
pub fn state(row: &TillRow) -> String {
    let mut words = Vec::new();
    match row.kind.as_str() {
        "deposit" | "float" => {
            let word = if row.kind == "deposit" { "存入" } else { "加备用金" };
            words.push(row.reverses.map_or(word.to_owned(), |id| format!("冲正{word} {id}")));
        }
        security::TAKEN => words.push("押金".to_owned()),
        security::RETURNED => words.push("退押金".to_owned()),
        security::REFUND => words.push("退款".to_owned()),
        "reversal" => words.push(row.reverses.map_or("冲正".to_owned(), |id| format!("冲正 {id}"))),
        _ => {}
    }
    if let Some(paper) = &row.paper {
        words.push(format!("手开单 {paper}{}", if row.pending { " 待确认" } else { "" }));
    }
    if row.reversed_by.is_some() {
        words.push("已冲正".to_owned());
    }
    words.join(" ")
}
