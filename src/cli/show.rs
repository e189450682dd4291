//! `show`: one record whole, with its history and exceptions. Numbers of IDs and cards are masked; `do customer.reveal` shows
//! one in full, with a right and a reason.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::common::{CliError, Context};
use crate::book::subject::Kind;
use crate::desk::billing::body;
use crate::desk::customer_view::{self, AccountView};
use crate::desk::refusal::Refusal;
use crate::desk::{Desk, customer_file, rights, view_adjust, view_exceptions, view_orders, view_sides};
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::entries::EntryRow;
use crate::store::tables::account::{FieldRow, ReadingRow};
use crate::store::tables::base::ExceptionRow;
use crate::text::{safe, safe_json};

/// Arguments of `show`.
#[derive(Args)]
pub struct ShowArgs {
    /// 什么
    kind: What,
    /// 户号、表号、账单号、工单号、申请号、凭单号或疑问编号
    id: String,
}

/// What can be shown.
#[derive(Clone, Copy, ValueEnum)]
pub enum What {
    /// 户
    Account,
    /// 表
    Meter,
    /// 账单
    Bill,
    /// 工单
    Order,
    /// 特殊处理申请
    Request,
    /// 凭单
    Entry,
    /// 疑问
    Exception,
}

/// Shows a record.
pub fn run(context: &Context, args: &ShowArgs) -> Result<u8, CliError> {
    let mut desk = context.open_to(rights::SHOW)?;
    let shown = match args.kind {
        What::Account if !context.json => {
            let view = customer_view::account(&desk, &args.id)?;
            print_account(&view);
            return Ok(0);
        }
        What::Account => serde_json::to_value(customer_view::account(&desk, &args.id)?),
        What::Meter => Ok(meters(&desk, &args.id)?),
        What::Bill => Ok(bill(&desk, &args.id)?),
        What::Order => Ok(order(&desk, &args.id)?),
        What::Request => Ok(request(&desk, &args.id)?),
        What::Entry => Ok(entry(context, &mut desk, &args.id)?),
        What::Exception => Ok(exception(&desk, &args.id)?),
    };
    let shown = shown.map_err(|error| Refusal::data(error.to_string()))?;
    println!("{}", safe_json::escape(&format!("{shown:#}")));
    Ok(0)
}

fn print_account(view: &AccountView) {
    let say = |text: String| println!("{}", safe::line(&text));
    say(format!("{} {} {}  {}  {}", view.account, view.name, view.headline, view.address, view.state));
    for alert in &view.alerts {
        say(format!("{} {}", if alert.stop { "!" } else { "·" }, alert.text));
    }
    for meter in &view.meters {
        let facts = meter.facts.iter().map(|(label, value)| format!("{label} {value}")).collect::<Vec<_>>().join(" ");
        say(format!("表 {} {} {facts}", meter.no, meter.state));
    }
    for field in view.fields.iter().filter(|field| field.value.is_some()) {
        let changed = if field.changed > 0 { format!("  (改过 {} 次)", field.changed) } else { String::new() };
        say(format!("  {}  {}{changed}", field.label, field.value.as_deref().unwrap_or_default()));
    }
    for line in &view.timeline {
        say(format!("{} {} {}  {}  {}", line.day, line.time, line.text, line.who, line.entry));
    }
}

/// Every meter of a number, with its account and readings.
fn meters(desk: &Desk, no: &str) -> Result<Value, Refusal> {
    let tx = desk.look()?;
    let meters = tx.meters_of_no(no.trim())?;
    if meters.is_empty() {
        return Err(Refusal::missing("id", "表", no));
    }
    let mut shown = Vec::new();
    for meter in meters {
        let Some(account) = tx.account(meter.account)? else { continue };
        let readings = tx.scan::<ReadingRow>(&[&account.id])?;
        let readings: Vec<_> = readings.into_iter().filter(|reading| reading.meter == meter.id).rev().collect();
        let history = customer_view::changes(&tx, &tx.scan::<FieldRow>(&[&account.id])?)?;
        let history: Vec<_> = history.into_iter().filter(|change| change.key.starts_with("meter.")).collect();
        shown.push(json!({
            "meter": meter.no, "account": account.no, "name": account.name, "address": account.address,
            "utility": account.utility, "state": customer_view::meter_word(&account.utility, &meter.state),
            "facts": meter, "readings": readings, "changes": history,
        }));
    }
    Ok(if shown.len() == 1 { shown.remove(0) } else { Value::Array(shown) })
}

/// A bill with the lines it was calculated with, what was paid on it and its exceptions. An opening arrear is named
/// `户号#1`.
fn bill(desk: &Desk, text: &str) -> Result<Value, Refusal> {
    let missing = || Refusal::missing("id", "账单", text);
    let tx = desk.look()?;
    let (account, id) = match text.split_once('#') {
        Some((no, rest)) if !no.is_empty() => {
            let account = tx.account_of_text(no)?.ok_or_else(missing)?;
            (Some(account.id), format!("#{rest}").parse::<Id>().map_err(|_| missing())?)
        }
        _ => (None, text.trim().parse::<Id>().map_err(|_| missing())?),
    };
    let row = body::find(&tx, id, account)?.ok_or_else(missing)?;
    let account = tx.account(row.account)?.ok_or_else(missing)?;
    let issued = body::issued(&tx, row.id)?;
    let payments: Vec<_> = tx
        .payments(row.account)?
        .into_iter()
        .filter(|payment| payment.lines.contains(&format!("\"{}\"", row.id)))
        .collect();
    Ok(json!({
        "bill": row.id, "account": account.no, "name": account.name, "cycle": row.cycle, "state": row.state,
        "amount": row.amount, "unpaid": row.unpaid, "volume": row.volume, "first_day": row.first_day,
        "last_day": row.last_day, "dated": row.dated, "due": row.due, "tariff": row.tariff, "estimated": row.estimated,
        "kind": row.kind, "note": row.note, "issued": issued, "payments": payments,
        "exceptions": exceptions(&tx, Kind::Account, row.account, Some(row.id))?,
    }))
}

/// An order with everything that happened to it, by its number or the last part of it.
fn order(desk: &Desk, text: &str) -> Result<Value, Refusal> {
    let missing = || Refusal::missing("id", "工单", text);
    let tx = desk.look()?;
    let id = match (text.trim().parse::<Id>(), text.trim().parse::<i64>()) {
        (Ok(id), _) => id,
        (Err(_), Ok(seq)) => tx.order_of_tail(seq)?.ok_or_else(missing)?,
        (Err(_), Err(_)) => return Err(missing()),
    };
    view_orders::order_json(&tx, id, desk.now())?.ok_or_else(missing)
}

/// A question with both sides, field by field, by its number.
fn exception(desk: &Desk, text: &str) -> Result<Value, Refusal> {
    let view = view_exceptions::one(desk, text)?;
    let fields = view_sides::compare(&desk.look()?, &view)?;
    let mut shown = serde_json::to_value(view).map_err(|error| Refusal::data(error.to_string()))?;
    shown["fields"] = json!(fields);
    Ok(shown)
}

/// A request of special handling with its picture, who checked and decided, and its exceptions.
fn request(desk: &Desk, text: &str) -> Result<Value, Refusal> {
    let missing = || Refusal::missing("id", "申请", text);
    let id: Id = text.trim().parse().map_err(|_| missing())?;
    view_adjust::request_json(&desk.look()?, id)?.ok_or_else(missing)
}

fn exceptions(tx: &Tx<'_>, kind: Kind, subject: Id, about: Option<Id>) -> Result<Vec<ExceptionRow>, Refusal> {
    let rows = tx.scan::<ExceptionRow>(&[&kind.letter(), &subject])?;
    let concerns = |row: &ExceptionRow| about.is_none_or(|id| row.first == id || row.second == id);
    Ok(rows.into_iter().filter(concerns).collect())
}

/// An entry as it stands in the day book. Sealed numbers stand in it sealed; here only their last digits are left. One of many rows,
/// such as an import's, is a list: read with the right to reports, and noted.
fn entry(context: &Context, desk: &mut Desk, text: &str) -> Result<Value, Refusal> {
    let missing = || Refusal::missing("id", "凭单", text);
    let id: Id = text.trim().parse().map_err(|_| missing())?;
    let row: EntryRow = desk.look()?.entry(id)?.ok_or_else(missing)?;
    let mut payload: Value = serde_json::from_str(&row.payload).unwrap_or_default();
    customer_file::mask_all(&mut payload);
    if payload["rows"].as_array().is_some_and(|rows| rows.len() > 1) {
        if context.as_user.is_some() {
            desk.may(rights::REPORT)?;
        }
        desk.note_access("show entry", &format!("整张凭单 {id}"))?;
    }
    Ok(json!({
        "entry": row.id, "at": row.at, "business_day": row.business_day, "actor": row.actor, "action": row.action,
        "version": row.version, "subjects": row.subjects, "key": row.key, "payload": payload,
        "prev": crate::desk::verify::hex(&row.prev), "hash": crate::desk::verify::hex(&row.hash),
    }))
}
