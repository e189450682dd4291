//! One household, one file, to be looked at (一户一档): what a clerk must see, the file with its history, use, timeline.
//! Numbers are masked; a full one is shown by `customer.reveal` only.

mod adjusted;
mod bill;
mod file;
pub mod timeline;
pub mod usage;

pub use bill::bill_lines;
pub use file::{OnFile, Words, account_of, neighbours, on_file, own_utility, route_of};

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::Desk;
use super::customer_file;
use super::refusal::Refusal;
use super::rights;
use super::view_bills;
use crate::book::subject::Kind;
use crate::derive::account::fields::{CustomerFile, extra_map, masked, meter_value};
use crate::rules::adjustment::State;
use crate::rules::customer::{self, EXTRA, FIELDS, METER, is_unknown_day};
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::money::{Fen, Milli};
use crate::rules::utility::Utility;
use crate::rules::{classes, pricing};
use crate::store::tables::account::{AccountRow, FieldRow, MeterRow, OwnerRow, ReadingRow};
use crate::store::tables::base::{ClashRow, ExceptionRow, HoldRow};
use crate::store::tables::billing::{BalanceRow, BillRow, PaymentRow};
use crate::store::tables::order::{ChargeRow, OrderRow};
use crate::store::{StoreError, Tx};

use timeline::{Line, Told};
use usage::Usage;

/// Lines of the timeline read at once.
pub const LINES: i64 = 40;

/// Everything of one account.
#[derive(Debug, Clone, Serialize)]
pub struct AccountView {
    /// 户号.
    pub account: String,
    /// Its name in the day book.
    pub id: Id,
    /// 户名.
    pub name: String,
    /// 地址.
    pub address: String,
    /// water, gas, power, heat.
    pub utility: String,
    /// 价格类别, code.
    pub class: String,
    /// State, as on the screen: of the account when it is not 正常, else of the meter.
    pub state: String,
    /// Unpaid principal.
    pub owed: Fen,
    /// Code of the site the account belongs to.
    pub site: String,
    /// The site that knows the account whole, when this book does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// What it owes for businesses (应收业务费), part of what it owes.
    pub owed_fees: Fen,
    /// What its cases cost, and what has come in for them.
    pub charges: Vec<ChargeRow>,
    /// 预存.
    pub prepaid: Fen,
    /// Credit from corrections and double payments.
    pub credit: Fen,
    /// One line about the customer: `居民·水·3口·银行代缴 招商银行0071`.
    pub headline: String,
    /// What must be seen first.
    pub alerts: Vec<Alert>,
    /// The file by field name, values as they are kept, numbers masked.
    pub file: BTreeMap<String, String>,
    /// The file in the order of the form, as it is shown.
    #[serde(skip)]
    pub fields: Vec<FieldLine>,
    /// Every change of every field, newest first.
    pub changes: Vec<FieldChange>,
    /// Owners, oldest first.
    pub owners: Vec<Owner>,
    /// Meters, the one on the wall last.
    pub meters: Vec<MeterView>,
    /// Readings, newest first.
    pub readings: Vec<ReadingRow>,
    /// Bills, newest first.
    pub bills: Vec<BillRow>,
    /// Orders, newest first.
    pub orders: Vec<OrderRow>,
    /// Payments, newest first.
    pub payments: Vec<PaymentRow>,
    /// Use.
    pub usage: Usage,
    /// Exceptions, open and closed.
    pub exceptions: Vec<ExceptionRow>,
    /// Other accounts of the same person.
    pub same_person: Vec<String>,
    /// The newest entries.
    pub timeline: Vec<Line>,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Must work stop? Otherwise: look.
    pub stop: bool,
    /// In words.
    pub text: String,
}

/// One field of the file.
#[derive(Debug, Clone, Serialize)]
pub struct FieldLine {
    /// Its name.
    pub key: String,
    /// Its label.
    pub label: String,
    /// Its value as shown; none when empty.
    pub value: Option<String>,
    /// How often it was changed.
    pub changed: usize,
    /// 2002-01-01 stands for a day nobody knows.
    pub unknown: bool,
}

/// One change of one field.
#[derive(Debug, Clone, Serialize)]
pub struct FieldChange {
    /// The field.
    pub key: String,
    /// Its label.
    pub label: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
    /// The entry.
    pub entry: Id,
    /// 营业日.
    pub day: NaiveDate,
    /// Who.
    pub who: String,
    /// What came of it, in a word: 生效, 一致, 后改有效, 被后改覆盖, 待裁定, 已裁定.
    pub outcome: String,
}

/// One owner.
#[derive(Debug, Clone, Serialize)]
pub struct Owner {
    /// Name.
    pub name: String,
    /// Since.
    pub since: NaiveDate,
    /// The entry.
    pub entry: Id,
    /// 过户费 taken.
    pub fee: Fen,
    /// Is the transfer an exception?
    pub disputed: bool,
    /// Masked number.
    pub id_number: Option<String>,
}

/// One meter.
#[derive(Debug, Clone, Serialize)]
pub struct MeterView {
    /// 表号.
    pub no: String,
    /// The entry that fitted it.
    pub id: Id,
    /// State, as on the screen.
    pub state: String,
    /// Its facts: label and value.
    pub facts: Vec<(String, String)>,
    /// 底数.
    pub first: Milli,
    /// 止码, when removed.
    pub last: Option<Milli>,
    /// 拆表日期.
    pub removed: Option<NaiveDate>,
    /// Two swaps claim it.
    pub disputed: bool,
}

/// The word of a state on the screen.
pub fn state_word(row: &AccountRow, meter: Option<&MeterRow>) -> String {
    if row.status != "正常" && !row.status.is_empty() {
        return row.status.clone();
    }
    meter.map_or_else(|| "未装表".to_owned(), |meter| meter_word(&row.utility, &meter.state))
}

/// The word of a meter's state in a utility.
pub fn meter_word(utility: &str, state: &str) -> String {
    let utility = Utility::from_code(utility).unwrap_or(Utility::Water);
    MeterState::parse(state).map_or_else(|| state.to_owned(), |state| state.label(utility).to_owned())
}

/// Reads one account by what a person types.
pub fn account(desk: &Desk, text: &str) -> Result<AccountView, Refusal> {
    desk.may_if_known(rights::SHOW)?;
    let tx = desk.look()?;
    let row = tx.account_of_text(text)?.ok_or_else(|| Refusal::missing("account", "户", text))?;
    view(desk, &tx, row)
}

fn view(desk: &Desk, tx: &Tx<'_>, row: AccountRow) -> Result<AccountView, Refusal> {
    let today = super::session::business_day(tx, desk.now())?;
    let prices = desk.shelf.prices(tx)?;
    let meters = tx.scan::<MeterRow>(&[&row.id])?;
    let readings = tx.scan::<ReadingRow>(&[&row.id])?;
    let mut bills = tx.scan::<BillRow>(&[&row.id])?;
    bills.sort_by_key(|left| (left.dated, left.id));
    let history = tx.scan::<FieldRow>(&[&row.id])?;
    let balance = tx.get::<BalanceRow>(&[&row.id])?;
    let exceptions = tx.scan::<ExceptionRow>(&[&Kind::Account.letter(), &row.id])?;
    let usage = usage::usage(&row, &bills, &prices, today);
    for bill in &mut bills {
        bill.note.extend(view_bills::moved_words(tx, &prices, bill, today).map(|now| format!("（{now}）")));
    }
    let mut orders = tx.orders_of_account(row.id)?;
    let order_lines = timeline::order_lines(tx, &orders)?;
    let told = Told { readings: &readings, bills: &bills, order_lines: &order_lines, unit: &usage.unit };
    let timeline = timeline::lines(tx, row.id, &told, None, LINES)?;
    let on_wall = meters.iter().rev().find(|meter| meter.removed.is_none());
    let mut alerts = alerts(tx, &row, &bills, &meters, &exceptions, today)?;
    alerts.extend(orders.iter().filter(|order| order.open).map(order_alert));
    orders.reverse();
    if let Err(fault) = pricing::shares(&prices, &super::tariffs::pricing_of(&row), today) {
        alerts.push(Alert { stop: false, text: fault.message });
    }
    let same_person = same_person(desk, tx, &row)?;
    Ok(AccountView {
        site: row.id.site().to_string(),
        incomplete: tx.incomplete(row.id)?.map(|site| site.to_string()),
        state: state_word(&row, on_wall),
        owed: tx.owed(row.id)?,
        owed_fees: tx.owed_fees(row.id)?,
        charges: tx.charges_of_account(row.id)?,
        prepaid: balance.as_ref().map_or(Fen::ZERO, |balance| balance.prepaid),
        credit: balance.as_ref().map_or(Fen::ZERO, |balance| balance.credit),
        headline: headline(&row),
        alerts,
        file: plain_file(&row),
        fields: fields(&row, on_wall, &history),
        changes: changes(tx, &history)?,
        owners: tx.scan::<OwnerRow>(&[&row.id])?.into_iter().map(owner).collect(),
        meters: meters.iter().map(|meter| meter_view(&row, meter)).collect(),
        orders,
        payments: tx.payments(row.id)?.into_iter().rev().collect(),
        usage,
        exceptions,
        same_person,
        timeline,
        readings: readings.into_iter().rev().collect(),
        bills: bills.into_iter().rev().collect(),
        account: row.no,
        id: row.id,
        name: row.name,
        address: row.address,
        utility: row.utility,
        class: row.class,
    })
}

/// More of the timeline, before the last line shown.
pub fn older(desk: &Desk, account: Id, before: (i64, Id)) -> Result<Vec<Line>, Refusal> {
    let tx = desk.look()?;
    let Some(row) = tx.account(account)? else { return Ok(Vec::new()) };
    let readings = tx.scan::<ReadingRow>(&[&account])?;
    let bills = tx.scan::<BillRow>(&[&account])?;
    let order_lines = timeline::order_lines(&tx, &tx.orders_of_account(account)?)?;
    let unit = usage::unit_of(&row.utility);
    let told = Told { readings: &readings, bills: &bills, order_lines: &order_lines, unit };
    Ok(timeline::lines(&tx, account, &told, Some(before), LINES)?)
}

/// `居民·水·3口·银行代缴 招商银行0071`.
fn headline(row: &AccountRow) -> String {
    let utility = Utility::from_code(&row.utility).map_or("", Utility::label);
    let mut parts = vec![classes::label(&row.class).to_owned(), utility.to_owned()];
    if !row.class_confirmed {
        parts[0].push_str("(待确认)");
    }
    parts.extend(row.people.map(|people| format!("{people}口")));
    let tail = row.bank_card.as_deref().and_then(crate::book::seal::Sealed::from_text).map(|card| card.tail);
    let bank = row.bank_name.as_deref().unwrap_or_default();
    parts.push(match tail {
        Some(tail) => format!("{} {bank}{tail}", row.method),
        None => row.method.clone(),
    });
    parts.join("·")
}

fn alerts(
    tx: &Tx<'_>,
    row: &AccountRow,
    bills: &[BillRow],
    meters: &[MeterRow],
    exceptions: &[ExceptionRow],
    today: NaiveDate,
) -> Result<Vec<Alert>, StoreError> {
    let mut alerts = Vec::new();
    let mut add = |stop: bool, text: String| alerts.push(Alert { stop, text });
    if let Some(site) = tx.incomplete(row.id)? {
        add(false, format!("资料不全，以 {site} 为准"));
    } else if let Some(site) = tx.other_site(row.id)? {
        add(false, format!("本户属 {site}"));
    }
    for hold in tx.scan::<HoldRow>(&[&Kind::Account.letter(), &row.id])? {
        add(true, format!("本户暂停记账：{}", hold.reason));
    }
    let unpaid: Vec<&BillRow> = bills.iter().filter(|bill| bill.unpaid > Fen::ZERO).collect();
    if !unpaid.is_empty() {
        let owed: Fen = unpaid.iter().map(|bill| bill.unpaid).sum();
        let late = unpaid.iter().map(|bill| (today - bill.due).num_days()).max().unwrap_or(0);
        let late = if late > 0 { format!(", 最早逾期 {late} 天") } else { ", 未到期".to_owned() };
        add(late.contains("逾期"), format!("欠费 {} ({} 笔{late})", owed.grouped(), unpaid.len()));
    }
    let charges = tx.charges_of_account(row.id)?;
    let fees: Vec<String> = charges
        .iter()
        .filter(|charge| charge.owed > Fen::ZERO)
        .map(|charge| format!("{} {}", charge.name, charge.owed.grouped()))
        .collect();
    if !fees.is_empty() {
        add(false, format!("应收业务费 {}", fees.join("、")));
    }
    let back: Fen = charges.iter().map(|charge| charge.refundable).sum();
    if back > Fen::ZERO {
        add(true, format!("应退业务费 {}，请冲正退给用户", back.grouped()));
    }
    let deposits: Fen = charges.iter().filter(|charge| charge.deposit).map(|charge| charge.paid).sum();
    if deposits > Fen::ZERO {
        add(false, format!("在存押金 {}", deposits.grouped()));
    }
    let held = bills.iter().filter(|bill| bill.state == "held").count();
    if held > 0 {
        add(false, format!("待核账单 {held} 笔"));
    }
    for meter in meters.iter().filter(|meter| meter.disputed) {
        add(true, format!("水表 {} 有两张拆换单，待现场核实", meter.no));
    }
    if let Some(discount) = &row.discount {
        add(false, format!("优待 {discount}"));
    }
    if let Some(special) = extra_map(&row.extra).get("special") {
        add(false, format!("特殊客户 ({special})，可上门服务"));
    }
    let temporary = extra_map(&row.extra).get("temporary_until").and_then(|day| day.parse::<NaiveDate>().ok());
    if let Some(last) = temporary {
        let over = last < today;
        add(over, format!("临时供应到 {last}{}", if over { "，已过期，应停供" } else { "" }));
    }
    for request in tx.requests_of(row.id)? {
        if let Some(state) = State::of(&request.state).filter(|state| state.is_open()) {
            add(false, format!("特殊处理 {} {} {}", request.id, request.kind, state.label()));
        }
    }
    if !row.class_confirmed {
        add(false, "价格类别未确认，暂按最高价".to_owned());
    }
    for exception in exceptions.iter().filter(|exception| exception.state == "open") {
        add(true, format!("疑问：{}", exception.note));
    }
    for clash in clashes(tx, row, meters)? {
        add(true, clash_line(tx, row.id, &clash)?);
    }
    Ok(alerts)
}

fn order_alert(order: &OrderRow) -> Alert {
    let what = if order.category.is_empty() { &order.title } else { &order.category };
    Alert { stop: false, text: format!("在途工单 {} {what} {}", order.id, order.state) }
}

/// Numbers of this account that others hold too.
fn clashes(tx: &Tx<'_>, row: &AccountRow, meters: &[MeterRow]) -> Result<Vec<ClashRow>, StoreError> {
    let mut found = Vec::new();
    found.extend(tx.get::<ClashRow>(&[&"account_no", &row.no])?);
    for meter in meters {
        found.extend(tx.get::<ClashRow>(&[&"meter_no", &meter.no])?);
    }
    if let Some(newcomer) = tx.get::<crate::store::tables::account::NewcomerRow>(&[&row.id])? {
        found.extend(tx.get::<ClashRow>(&[&"one_person", &newcomer.mark.to_string().as_str()])?);
    }
    Ok(found)
}

fn clash_line(tx: &Tx<'_>, own: Id, clash: &ClashRow) -> Result<String, StoreError> {
    let mut others = Vec::new();
    for id in clash.holders.split(' ').filter_map(|word| word.parse::<Id>().ok()).filter(|id| *id != own) {
        others.extend(tx.account(id)?.map(|row| format!("{} {}", row.no, row.name)));
    }
    let others = others.join("、");
    Ok(match clash.what.as_str() {
        "account_no" => format!("疑问：户号 {} 另有户 {others}", clash.number),
        "meter_no" => format!("疑问：表号 {} 也挂在户 {others}", clash.number),
        _ => format!("疑问：同一人在别处也开了户 {others}"),
    })
}

fn same_person(desk: &Desk, tx: &Tx<'_>, row: &AccountRow) -> Result<Vec<String>, Refusal> {
    let Some(kept) = &row.id_number else { return Ok(Vec::new()) };
    let Some(clean) = customer_file::open_number(desk.keys(), customer_file::ID_PLACE, kept) else {
        return Ok(Vec::new());
    };
    let others = customer_file::accounts_of_person(tx, desk.keys(), &clean)?;
    let line = |other: AccountRow| format!("{} {} {}", other.no, other.name, other.address);
    Ok(others.into_iter().filter(|other| other.id != row.id).map(line).collect())
}

fn fields(row: &AccountRow, meter: Option<&MeterRow>, history: &[FieldRow]) -> Vec<FieldLine> {
    let line = |key: &str, label: &str, value: Option<String>| {
        let unknown = value.as_deref().and_then(|text| text.parse().ok()).is_some_and(is_unknown_day);
        let changed = history.iter().filter(|change| change.field == key).count();
        FieldLine { key: key.to_owned(), label: label.to_owned(), value, changed, unknown }
    };
    let mut lines: Vec<FieldLine> = Vec::new();
    for field in FIELDS.iter().chain(EXTRA) {
        let value = row.value(field.key).map(|value| shown(field.key, &value));
        lines.push(line(field.key, field.label, value));
        if field.key == "book" {
            lines.push(line("route", customer::label("route"), Some(row.route.clone()).filter(|it| !it.is_empty())));
        }
    }
    for field in METER {
        let value = meter.and_then(|meter| meter_value(meter, field.key));
        lines.push(line(field.key, field.label, value));
    }
    lines
}

/// The file by field name, empty fields left out.
fn plain_file(row: &AccountRow) -> BTreeMap<String, String> {
    let keys = FIELDS.iter().chain(EXTRA).map(|field| field.key).chain(["route"]);
    keys.filter_map(|key| Some((key.to_owned(), masked(key, &row.value(key)?)))).collect()
}

/// A kept value as a person sees it.
pub fn shown(key: &str, kept: &str) -> String {
    let masked = masked(key, kept);
    match key {
        "class" => classes::label(&masked).to_owned(),
        "mix" => classes::parse_mix(&masked).map_or(masked, |shares| classes::mix_label(&shares)),
        _ => customer::field(key).map_or(masked.clone(), |field| field.form.shown(&masked)),
    }
}

/// What came of an amendment, in a word.
pub fn outcome_word(outcome: &str) -> &'static str {
    match outcome {
        "agreed" => "一致",
        "late" => "后改有效",
        "lost" => "未生效",
        "pending" => "待裁定",
        "decided" => "已裁定",
        _ => "生效",
    }
}

/// Every change of every field of an account, newest first.
pub fn changes(tx: &Tx<'_>, history: &[FieldRow]) -> Result<Vec<FieldChange>, StoreError> {
    let mut changes = Vec::new();
    for row in history {
        let Some(entry) = tx.entry(row.id)? else { continue };
        changes.push((
            entry.hlc,
            FieldChange {
                key: row.field.clone(),
                label: customer::label(&row.field).to_owned(),
                before: row.before.as_deref().map(|value| shown(&row.field, value)),
                after: row.value.as_deref().map(|value| shown(&row.field, value)),
                entry: row.id,
                day: entry.business_day,
                who: timeline::name_of(tx, &entry.actor)?,
                outcome: outcome_word(&row.outcome).to_owned(),
            },
        ));
    }
    changes.sort_by_key(|(hlc, change)| std::cmp::Reverse((*hlc, change.entry)));
    Ok(changes.into_iter().map(|(_, change)| change).collect())
}

fn owner(row: OwnerRow) -> Owner {
    Owner {
        id_number: row.id_number.as_deref().map(|kept| masked("id_number", kept)),
        name: row.name,
        since: row.since,
        entry: row.id,
        fee: row.fee,
        disputed: row.state == "disputed",
    }
}

fn meter_view(account: &AccountRow, meter: &MeterRow) -> MeterView {
    let fact = |field: &customer::Field| {
        let value = meter_value(meter, field.key)?;
        let unknown = value.parse().is_ok_and(is_unknown_day);
        Some((field.label.to_owned(), if unknown { format!("{value} (不详)") } else { value }))
    };
    MeterView {
        no: meter.no.clone(),
        id: meter.id,
        state: meter_word(&account.utility, &meter.state),
        facts: METER.iter().filter_map(fact).collect(),
        first: meter.first,
        last: meter.last,
        removed: meter.removed,
        disputed: meter.disputed,
    }
}

/// `欠 85.00`, or `0.00`.
pub fn owed_word(owed: Fen) -> String {
    if owed > Fen::ZERO { format!("欠 {}", owed.grouped()) } else { owed.grouped() }
}
