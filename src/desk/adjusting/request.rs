//! A request found again: its case, whether its picture still holds, and what its decision would do.

use chrono::NaiveDate;

use super::ask::Meant;
use super::{Plan, plan};
use crate::desk::action::Cx;
use crate::desk::refusal::Refusal;
use crate::rules::adjustment::{Change, Kind, State};
use crate::rules::id::Id;
use crate::rules::tariff::PriceBook;
use crate::store::Tx;
use crate::store::tables::adjust::RequestRow;

/// Longest 备注.
const MAX_REMARK: usize = 200;

/// A request by id.
pub fn find(tx: &Tx<'_>, id: Id) -> Result<RequestRow, Refusal> {
    tx.request(id)?.ok_or_else(|| Refusal::missing("request", "申请", &id.to_string()))
}

/// A request this site may check or decide: its own; the head office any.
pub fn find_to_settle(tx: &Tx<'_>, id: Id) -> Result<RequestRow, Refusal> {
    let row = find(tx, id)?;
    if tx.seen()?.holds(id) {
        return Ok(row);
    }
    let text = format!("申请 {id} 是 {} 的，请由该网点或总部办理", id.site());
    Err(Refusal::field("R-260", "request", text))
}

/// Its kind.
pub fn kind(row: &RequestRow) -> Result<Kind, Refusal> {
    Ok(Kind::read(&row.kind)?)
}

/// Where it stands.
pub fn state(row: &RequestRow) -> Result<State, Refusal> {
    State::of(&row.state).ok_or_else(|| Refusal::data(format!("申请 {} 的状态读不懂", row.id)))
}

/// The remark as it is kept; a no needs one.
pub fn remark(text: &str, approve: bool) -> Result<String, Refusal> {
    let remark = text.trim();
    if remark.is_empty() && !approve {
        return Err(Refusal::field("R-259", "remark", "不同意请写明原因"));
    }
    if remark.chars().count() > MAX_REMARK || remark.chars().any(char::is_control) {
        return Err(Refusal::field("R-259", "remark", format!("备注最多 {MAX_REMARK} 字，不能有换行")));
    }
    Ok(remark.to_owned())
}

/// The case of a request.
pub fn case(tx: &Tx<'_>, row: &RequestRow) -> Result<Meant, Refusal> {
    let lost = || Refusal::data(format!("申请 {} 的内容读不懂", row.id));
    let change: Change = serde_json::from_str(&row.change).map_err(|_| lost())?;
    let account =
        tx.account(row.account)?.ok_or_else(|| Refusal::missing("account", "户", &row.account.to_string()))?;
    let bills = row.bills.split(' ').filter(|text| !text.is_empty()).map(str::parse).collect::<Result<_, _>>();
    Ok(Meant {
        kind: kind(row)?,
        account,
        bills: bills.map_err(|_| lost())?,
        change,
        evidence: row.evidence.clone(),
        order: row.site_order,
    })
}

/// The day a decision's effect is counted to: that of the request, but late fee "all" runs to the decision.
pub fn effect_day(row: &RequestRow, today: NaiveDate) -> Result<NaiveDate, Refusal> {
    let change: Change =
        serde_json::from_str(&row.change).map_err(|_| Refusal::data(format!("申请 {} 的内容读不懂", row.id)))?;
    let runs_on = matches!(change, Change::LateFee { until: None, waive: crate::rules::adjustment::Waive::All });
    Ok(if runs_on { today.max(row.day) } else { row.day })
}

/// Works the request out again as of a day.
pub fn plan_again(cx: &Cx<'_, '_>, row: &RequestRow, day: NaiveDate) -> Result<Plan, Refusal> {
    plan(cx.tx, &*cx.shelf.prices(cx.tx)?, &case(cx.tx, row)?, day)
}

/// Why the picture of an open request no longer holds, if so.
pub fn moved(tx: &Tx<'_>, book: &PriceBook, row: &RequestRow) -> Result<Option<String>, Refusal> {
    match plan(tx, book, &case(tx, row)?, row.day) {
        Ok(plan) if plan.hash() == row.picture_hash => Ok(None),
        Ok(_) => Ok(Some("这一户的账单、价格或余额变了".to_owned())),
        Err(refusal) => Ok(Some(refusal.message())),
    }
}

/// Refuses when the picture that was asked for no longer is what would happen.
pub fn still_as_shown(cx: &Cx<'_, '_>, row: &RequestRow) -> Result<(), Refusal> {
    let book = cx.shelf.prices(cx.tx)?;
    match moved(cx.tx, &book, row)? {
        None => Ok(()),
        Some(why) => {
            Err(Refusal::stale(format!("申请 {} 提出之后情况有变：{why}；请不同意，由经办人按现状重新申请", row.id)))
        }
    }
}
