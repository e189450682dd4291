//! The timeline (时间线): every entry of an account as one Chinese line, bulk ones too.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::adjusted;
use crate::derive::account::amend::{AccountAmended, Change};
use crate::derive::account::bill::{BillCancelled, BillIssued, BillReleased};
use crate::derive::account::cover::Covers;
use crate::derive::account::fields::masked;
use crate::derive::account::file::AccountOpened;
use crate::derive::account::payment::{PaymentReversed, PaymentTaken};
use crate::derive::account::reading::{ReadingCorrected, ReadingEntered};
use crate::derive::account::swap::SwapEntered;
use crate::derive::account::transfer::AccountTransferred;
use crate::derive::order::body::{DepositReturned, DepositTaken, OrderReturned};
use crate::derive::shift::FeeTaken;
use crate::derive::shift::method::MethodCorrected;
use crate::desk::customer_reveal::CustomerRevealed;
use crate::rules::billing::registers;
use crate::rules::customer;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::query::timeline::Passage;
use crate::store::tables::account::ReadingRow;
use crate::store::tables::billing::BillRow;
use crate::store::tables::order::OrderRow;
use crate::store::{StoreError, Tx};

/// One line.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// 营业日.
    pub day: chrono::NaiveDate,
    /// Time of day, `10:02`.
    pub time: String,
    /// The entry.
    pub entry: Id,
    /// 操作.
    pub action: String,
    /// Name of the person; of another site with its code before it.
    pub who: String,
    /// What happened.
    pub text: String,
    /// Order key, to go on from.
    #[serde(skip)]
    pub key: (i64, Id),
}

/// What lines are told with: the account's readings and bills as they stand.
pub struct Told<'a> {
    /// Readings by day.
    pub readings: &'a [ReadingRow],
    /// Bills.
    pub bills: &'a [BillRow],
    /// What happened to the account's orders, by entry.
    pub order_lines: &'a BTreeMap<Id, String>,
    /// 水, 气 … unit of quantities.
    pub unit: &'a str,
}

/// The lines of an account before a key, newest first.
pub fn lines(
    tx: &Tx<'_>,
    account: Id,
    told: &Told<'_>,
    before: Option<(i64, Id)>,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::new();
    let own = tx.own()?;
    for passage in tx.passages("a", account, before, limit)? {
        let name = name_of(tx, &passage.actor)?;
        lines.push(Line {
            day: passage.day,
            time: passage.at.get(11..16).unwrap_or_default().to_owned(),
            entry: passage.id,
            who: if own.holds(passage.id) { name } else { format!("{} {name}", passage.id.site()) },
            text: told.text(&passage),
            key: (passage.hlc, passage.id),
            action: passage.action,
        });
    }
    Ok(lines)
}

/// Name of who did an entry.
pub fn name_of(tx: &Tx<'_>, actor: &str) -> Result<String, StoreError> {
    let user = match actor.parse::<Id>() {
        Ok(id) => tx.user(id)?,
        Err(_) => None,
    };
    Ok(user.map_or_else(|| "系统".to_owned(), |user| user.name))
}

fn read<T: DeserializeOwned>(passage: &Passage) -> Option<T> {
    serde_json::from_str(&passage.body).ok()
}

impl Told<'_> {
    /// One entry in words; an action this file has no words for is told by its summary.
    fn text(&self, passage: &Passage) -> String {
        let told = match passage.action.as_str() {
            "account.open" => read(passage).map(|body| opened(&body)),
            "account.amend" => read(passage).map(|body| amended(&body)),
            "account.transfer" => read(passage).map(|body| transferred(&body)),
            "adjustment.request" => read(passage).map(|body| adjusted::asked(&body)),
            "adjustment.check" => read(passage).map(|body| adjusted::checked(&body)),
            "adjustment.decide" => read(passage).map(|body| adjusted::decided(&body)),
            "exception.assign" => read(passage).map(|body| adjusted::assigned(&body)),
            "exception.resolve" => read(passage).map(|body| adjusted::resolved(&body)),
            "customer.reveal" => read(passage).map(|body| revealed(&body)),
            "reading.enter" => read(passage).map(|body| self.reading(passage.id, &body)),
            "reading.correct" => read(passage).map(|body| corrected(&body)),
            "bill.issue" => read(passage).map(|body| self.bill(passage.id, &body)),
            "bill.cancel" => read(passage).map(|body| self.cancelled(&body)),
            "payment.take" | "payment.enter_late" => read(passage).map(|body| payment(&body)),
            "payment.reverse" => read(passage).map(|body| reversed(&body)),
            "payment.method" => read(passage).map(|body: MethodCorrected| {
                format!("核对单 {} 的方式由 {} 改为 {}", body.receipt, body.seen, body.method)
            }),
            "bill.release" => {
                read(passage).map(|body: BillReleased| format!("放行 {}", self.bill(body.bill, &body.issue)))
            }
            "swap.enter" => {
                read(passage).map(|body: SwapEntered| swapped(&body) + &self.of_slip(passage, None, body.bill.as_ref()))
            }
            "order.return" => {
                let told = self.order_lines.get(&passage.id).cloned();
                let slip: Option<OrderReturned> = read(passage);
                let slip = slip.map(|body| self.of_slip(passage, body.reading.as_ref(), body.bill.as_ref()));
                told.map(|told| told + &slip.unwrap_or_default())
            }
            "deposit.take" => read(passage)
                .map(|body: DepositTaken| format!("收{} {} 收据 {}", body.kind, body.amount.grouped(), body.receipt)),
            "deposit.return" => read(passage).map(|body: DepositReturned| {
                format!("退{} {} 收据 {}", body.kind, body.amount.grouped(), body.receipt)
            }),
            "fee.take" => read(passage).map(|body: FeeTaken| {
                format!("收{} {}{}", body.kind, body.amount.grouped(), receipt_words(&body.receipt))
            }),
            _ => self.order_lines.get(&passage.id).cloned(),
        };
        let told = told.unwrap_or_else(|| match crate::desk::action(&passage.action) {
            Some(def) => def.summary.to_owned(),
            None => passage.action.clone(),
        });
        told + &covered(passage)
    }

    fn reading(&self, id: Id, body: &ReadingEntered) -> String {
        let own = self.readings.iter().position(|row| row.id == id);
        let before = own.and_then(|place| place.checked_sub(1)).map(|place| self.readings[place].value);
        let from = before.map(|value| format!("{} → ", value.grouped())).unwrap_or_default();
        let estimated = if body.estimated { " 估抄" } else { "" };
        let remark = Some(body.remark.as_str()).filter(|remark| !remark.is_empty());
        let remark = remark.map(|remark| format!(" {remark}")).unwrap_or_default();
        let registers = Some(registers::words(&body.registers)).filter(|words| !words.is_empty());
        let registers = registers.map(|words| format!(" ({words})")).unwrap_or_default();
        let reader = Some(body.reader.as_str()).filter(|reader| !reader.is_empty());
        let reader = reader.map(|reader| format!(" 抄表员 {reader}")).unwrap_or_default();
        let source = source_word(&body.source);
        format!("抄表 {from}{}{registers} {source}{estimated}{remark}{reader}", body.value.grouped())
    }

    fn bill(&self, id: Id, body: &BillIssued) -> String {
        let state = self.bills.iter().find(|bill| bill.id == id).map_or("", |bill| bill_state(&bill.state));
        let estimated = if body.estimated { " 估" } else { "" };
        let (volume, amount) = (body.volume.grouped(), body.amount.grouped());
        format!("账单 {} {volume} {}{estimated} {amount} {state}", body.cycle, self.unit)
    }

    /// What a slip brought besides what it tells: a reading, a bill.
    fn of_slip(&self, passage: &Passage, reading: Option<&ReadingEntered>, bill: Option<&BillIssued>) -> String {
        let reading = reading.map(|body| self.reading(passage.id, body));
        let bill = bill.map(|body| self.bill(passage.id, body));
        reading.into_iter().chain(bill).map(|told| format!("；{told}")).collect()
    }

    fn cancelled(&self, body: &BillCancelled) -> String {
        let cycle = self.bills.iter().find(|bill| bill.id == body.bill).map_or("", |bill| bill.cycle.as_str());
        let late =
            body.late.as_ref().map(|late| format!(" 退滞纳金 {}", late.back.refund.grouped())).unwrap_or_default();
        format!("作废账单 {cycle} {}{late}", body.reason)
    }
}

/// The word of a bill's state.
pub fn bill_state(state: &str) -> &str {
    match state {
        "open" => "未付",
        "paid" => "已付",
        "cancelled" => "已作废",
        "held" => "待核",
        other => other,
    }
}

/// The word of where a reading came from.
pub fn source_word(source: &str) -> &str {
    match source {
        "opening" => "建档",
        "card" => "卡片",
        "handheld" => "手持机",
        "remote" => "远传",
        "self" => "自报",
        "till" => "柜台",
        "swap" => "换表",
        "slip" => "回执",
        other => other,
    }
}

/// What happened to orders, by entry: `来电 报修 漏水`, `派工 漏水 李强`.
pub fn order_lines(tx: &Tx<'_>, orders: &[OrderRow]) -> Result<BTreeMap<Id, String>, StoreError> {
    let mut lines = BTreeMap::new();
    for order in orders {
        let what = if order.category.is_empty() { &order.title } else { &order.category };
        for event in tx.order_events(order.id)? {
            let worker = match event.worker {
                Some(worker) => tx.worker(worker)?.map(|worker| format!(" {}", worker.name)).unwrap_or_default(),
                None => String::new(),
            };
            let note = if event.note.is_empty() { String::new() } else { format!(" {}", event.note) };
            let effective = if event.effective { "" } else { " (未生效)" };
            let text = format!("{} {} {what}{worker}{note}{effective}", event.what, order.id);
            lines.insert(event.id, text);
        }
        lines.entry(order.id).or_insert_with(|| format!("受理 {} {what} {}", order.id, order.wish));
    }
    Ok(lines)
}

fn swapped(body: &SwapEntered) -> String {
    let old = body.final_value.grouped();
    let new = body.first_value.grouped();
    format!("换表 {} 旧表止码 {old} 新表起码 {new}", body.facts.no)
}

fn opened(body: &AccountOpened) -> String {
    let meter = body.meter.as_ref().map(|meter| format!(" 表 {}", meter.no)).unwrap_or_default();
    let owed: Fen = body.arrears.iter().map(|arrear| arrear.amount).sum();
    let owed = if owed == Fen::ZERO { String::new() } else { format!(" 期初欠费 {}", owed.grouped()) };
    format!("建档 {}{meter}{owed}", body.name)
}

fn amended(body: &AccountAmended) -> String {
    let shown = |change: &Change, value: Option<&str>| match (customer::field(&change.field), value) {
        (_, None) => "空".to_owned(),
        (Some(field), Some(value)) => field.form.shown(&masked(field.key, value)),
        (None, Some(value)) => value.to_owned(),
    };
    let one = |change: &Change| {
        let (seen, value) = (shown(change, change.seen.as_deref()), shown(change, change.value.as_deref()));
        format!("{} {seen} → {value}", customer::label(&change.field))
    };
    let told = body.changes.iter().filter(|change| change.field != "class_confirmed");
    let refund = body.refund.as_ref().map(|refund| (refund.prepaid + refund.credit).grouped());
    let refund = refund.map(|sum| format!(" 退用户预存余款 {sum}")).unwrap_or_default();
    format!("改档 {}{refund}", told.map(one).collect::<Vec<_>>().join("，"))
}

fn transferred(body: &AccountTransferred) -> String {
    let fee = if body.kin { "直系亲属免费".to_owned() } else { format!("过户费 {}", body.fee.grouped()) };
    let money = match (&body.passed, &body.refund) {
        (_, Some(refund)) => format!(" 退原户主预存余款 {}", (refund.prepaid + refund.credit).grouped()),
        (Some(passed), None) => format!(" 预存余款 {} 转新户主", passed.grouped()),
        (None, None) => String::new(),
    };
    let reason = Some(&body.reason).filter(|reason| !reason.is_empty());
    let reason = reason.map(|reason| format!(" 更正新户主：{reason}")).unwrap_or_default();
    format!("过户给 {} {fee}{money}{reason}", body.name)
}

fn revealed(body: &CustomerRevealed) -> String {
    format!("查看完整{} 原因：{}", customer::label(&body.field), body.reason)
}

fn corrected(body: &ReadingCorrected) -> String {
    format!("改示数 {} {} → {} {}", body.day, body.seen.grouped(), body.value.grouped(), body.reason)
}

fn payment(body: &PaymentTaken) -> String {
    let late: Fen = body.lines.iter().map(|line| line.late_fee).sum();
    let late = if late == Fen::ZERO { String::new() } else { format!(" 含滞纳金 {}", late.grouped()) };
    format!("收费 {} {}{}{late}", body.amount.grouped(), body.method, receipt_words(&body.receipt))
}

/// The number of a slip, where one was printed.
fn receipt_words(receipt: &str) -> String {
    if receipt.is_empty() { String::new() } else { format!(" 核对单 {receipt}") }
}

/// The bills that prepaid and credit stand for after an entry.
fn covered(passage: &Passage) -> String {
    #[derive(serde::Deserialize)]
    struct Said {
        #[serde(default)]
        covers: Option<Covers>,
    }
    let Some(covers) = read(passage).and_then(|said: Said| said.covers) else { return String::new() };
    let cycles: Vec<&str> = covers.lines.iter().map(|line| line.cycle.as_str()).collect();
    format!("；余款预存抵缴 {} 账单 {}", cycles.join("、"), covers.total().grouped())
}

fn reversed(body: &PaymentReversed) -> String {
    format!("冲正 {} {} {}", body.amount.grouped(), body.method, body.reason)
}
