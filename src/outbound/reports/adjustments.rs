//! 特殊处理汇总单: every request of the days with before and after, evidence, applicant, checker, approver and time.

use chrono::NaiveDate;

use super::Report;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::adjustment::{Kind, Picture, State};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::reach::Reach;
use crate::store::tables::adjust::RequestRow;
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "adjustments",
    title: "特殊处理汇总单",
    about: "所选营业日提出的特殊处理申请：改前改后、凭据、申请复核批准人和结果",
    from_beginning: false,
    fill,
};

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("request", "申请号"),
        Column::new("day", "日期"),
        Column::new("kind", "种类"),
        Column::new("account", "户号"),
        Column::new("name", "户名"),
        Column::new("bills", "账期"),
        Column::new("before", "改前"),
        Column::new("after", "改后"),
        Column::sum("difference", "差额"),
        Column::sum("waived", "减免"),
        Column::new("evidence", "凭据"),
        Column::new("maker", "申请"),
        Column::new("checker", "复核"),
        Column::new("approver", "批准"),
        Column::new("decided", "批准时间"),
        Column::new("state", "结果"),
    ];
    let mut sheet = REPORT.sheet(from, to, columns);
    let mut approved = 0;
    for row in tx.requests_between(reach, from, to)? {
        approved += i64::from(row.state == State::Approved.code());
        let cells = line(tx, &row)?;
        sheet.rows.push(cells);
    }
    sheet.notes.push(format!("共 {} 份，其中已批准 {approved} 份；差额与减免合计含未批准的申请", sheet.rows.len()));
    Ok(sheet)
}

fn line(tx: &Tx<'_>, row: &RequestRow) -> Result<Vec<Cell>, StoreError> {
    // A picture that another version wrote shows as empty; the entry itself is kept whole.
    let picture: Option<Picture> = serde_json::from_str(&row.picture).ok();
    let kind = Kind::read(&row.kind).map_or_else(|_| row.kind.clone(), Kind::title);
    let cycles =
        picture.as_ref().map(|picture| picture.bills.iter().map(|bill| bill.cycle.as_str()).collect::<Vec<_>>());
    let (before, after) = picture.as_ref().map(sides).unwrap_or_default();
    Ok(vec![
        Cell::text(row.id.to_string()),
        Cell::Day(row.day),
        Cell::text(kind),
        Cell::text(picture.as_ref().map_or("", |picture| &picture.no)),
        Cell::text(picture.as_ref().map_or("", |picture| &picture.name)),
        Cell::text(cycles.unwrap_or_default().join("、")),
        Cell::text(before),
        Cell::text(after),
        Cell::Money(picture.as_ref().map_or(Fen::ZERO, Picture::difference)),
        Cell::Money(picture.as_ref().map_or(Fen::ZERO, Picture::waived)),
        Cell::text(&row.evidence),
        Cell::text(user(tx, Some(&row.maker))?),
        Cell::text(user(tx, row.checker.as_deref())?),
        Cell::text(user(tx, row.approver.as_deref())?),
        Cell::text(row.decided_at.as_deref().map_or(String::new(), minute)),
        Cell::text(State::of(&row.state).map_or("", State::label)),
    ])
}

/// Before and after in words: the price, else use and money.
fn sides(picture: &Picture) -> (String, String) {
    if let Some(price) = &picture.price {
        return (price.old.clone(), price.new.clone());
    }
    let sum = |amounts: Vec<Fen>| amounts.into_iter().sum::<Fen>().grouped();
    let same = picture.bills.iter().all(|bill| bill.new.amount == bill.old.amount);
    if same && picture.waived() > Fen::ZERO {
        let owed = picture.bills.iter().map(|bill| (bill.old.late_fee, bill.new.late_fee));
        let (old, new): (Vec<Fen>, Vec<Fen>) = owed.unzip();
        return (format!("违约金 {}", sum(old)), format!("违约金 {}", sum(new)));
    }
    let volumes = |old: bool| {
        let one = |bill: &crate::rules::adjustment::picture::BillPicture| {
            let side = if old { &bill.old } else { &bill.new };
            format!("{} / {}", side.volume.grouped(), side.amount.grouped())
        };
        picture.bills.iter().map(one).collect::<Vec<_>>().join("；")
    };
    (volumes(true), volumes(false))
}

fn user(tx: &Tx<'_>, id: Option<&str>) -> Result<String, StoreError> {
    let Some(id) = id.and_then(|id| id.parse::<Id>().ok()) else { return Ok(String::new()) };
    Ok(tx.user(id)?.map_or_else(|| id.to_string(), |user| user.name))
}

/// `2026-11-21 10:00`.
fn minute(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}
