//! `reading.enter`: one reading, keyed by hand — from a card, from the customer (自报, R-234), at the till.
//!
//! What a file's judgement would hold is refused here until the person says so: a large use must be confirmed, a counter
//! past zero must be said to be one, a reading below the last one is read again or explained by a swap slip.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::billing::doubt::CLOSED;
use super::billing::{Ledger, by_register};
use super::customer_file;
use super::reading_judge::judge;
use super::refusal::{Fault, Refusal};
use super::tariffs;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::reading::ReadingEntered as Body;
use crate::rules::classes;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::pricing::{self, Pricing};
use crate::rules::sealed_use::SealedUse;
use crate::rules::utility::Utility;
use crate::store::Tx;
use crate::store::tables::account::{AccountRow, MeterRow};

/// The action.
pub struct ReadingEnter;

/// Longest name of a reader.
const LONGEST_READER: usize = 40;
/// Sources a person may name.
pub const SOURCES: [&str; 5] = ["card", "handheld", "remote", "self", "till"];

/// What is typed.
#[derive(Deserialize, JsonSchema, Default, Clone)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号; or give the meter.
    pub account: Option<String>,
    /// 表号.
    pub meter: Option<String>,
    /// 示数.
    pub value: Milli,
    /// 抄表日期; today when absent.
    pub date: Option<NaiveDate>,
    /// card, handheld, remote, self, till; card when absent.
    pub source: Option<String>,
    /// 备注.
    #[serde(default)]
    pub remark: String,
    /// 估抄.
    #[serde(default)]
    pub estimated: bool,
    /// The counter passed zero.
    #[serde(default)]
    pub rollover: bool,
    /// A large use was confirmed.
    #[serde(default)]
    pub confirm: bool,
    /// The price class seen on site at the first reading of a new account.
    pub class: Option<String>,
    /// 抄表员 who read it.
    #[serde(default)]
    pub reader: String,
    /// 分时示数: where each register stands, `{"peak":"180","valley":"60"}`.
    #[serde(default)]
    pub registers: BTreeMap<String, Milli>,
    /// Use by register since the reading before, where the registers do not tell it: after a swap, or when the reading before has none.
    #[serde(default)]
    pub register_uses: BTreeMap<String, Milli>,
    /// How a sealed meter came to run: before, not_tight, broken, unsealed, or 封表前用的, 没有封严, 封签被动, 已经启封.
    #[serde(default)]
    pub sealed: Option<SealedUse>,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The reading.
    pub reading: Id,
    /// The account.
    pub account: Id,
    /// The last reading before it.
    pub last: Option<Milli>,
    /// Use since then, whole units.
    #[serde(rename = "use")]
    pub used: i64,
}

impl Action for ReadingEnter {
    const NAME: &'static str = "reading.enter";
    const SUMMARY: &'static str = "录入一个读数";
    const MERGE: &'static str = "不同日期的读数各记各的；同一天的两个都留，以后一个为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let (account, meter) = find(cx.tx, input.account.as_deref(), input.meter.as_deref())?;
        let day = input.date.unwrap_or(cx.day);
        let source = input.source.clone().unwrap_or_else(|| "card".into());
        let mut faults = Vec::new();
        if !SOURCES.contains(&source.as_str()) {
            faults.push(Fault::field("R-225", "source", "来源应为 card、handheld、remote、self 或 till"));
        }
        if input.value.is_negative() {
            faults.push(Fault::field("R-230", "value", "示数不能为负，请核对"));
        }
        if day > cx.at.date_naive() {
            faults.push(Fault::field("R-226", "date", format!("抄表日期 {day} 在今天之后，请核对")));
        }
        let class = confirmed_class(&account, input.class.as_deref(), &mut faults);
        if class.is_some() && input.estimated {
            let text = "估抄没有到现场，不能确认用水性质：请实抄时再填，或走特殊处理 P3";
            faults.push(Fault::field("R-243", "class", text));
        }
        if class.as_deref() == Some(classes::MIXED) && account.mix.is_none() {
            let text = "混用要有各类别的比例，首次抄表不能确认：请走特殊处理 P1";
            faults.push(Fault::field("R-248", "class", text));
        }
        if let (Some(class), Some(utility)) = (&class, Utility::from_code(&account.utility))
            && let Err(refusal) = customer_file::check_class(cx, utility, class)
        {
            faults.extend(refusal.faults);
        } else if let Some(class) = &class {
            faults.extend(no_price(cx, &account, class, day)?);
        }
        Refusal::unless_empty(faults)?;
        let facts = cx.tx.billing_facts(account.id)?;
        let ledger = facts.as_ref().map(Ledger::of).ok_or_else(|| Refusal::data("用户档案不完整"))?;
        let used = judge(&input, day, &ledger, &meter)?;
        by_register::check(cx, &ledger, day, &input.registers, &input.register_uses)?;
        let last = ledger.last_mark().map(|mark| mark.value);
        let body = Body {
            meter: meter.id,
            day,
            value: input.value,
            source,
            estimated: input.estimated,
            rollover: used.rollover,
            remark: input.remark.trim().chars().take(200).collect(),
            class,
            reader: reader_name(&input.reader)?,
            registers: input.registers.into_iter().collect(),
            register_uses: input.register_uses.into_iter().collect(),
            sealed: input.sealed.filter(|_| used.sealed),
        };
        let output = Output { reading: cx.next, account: account.id, last, used: used.units };
        Decision::write(vec![Subject::new(Kind::Account, account.id)], &body, output)
    }
}

/// The name of a reader as it is kept; may be empty.
pub(super) fn reader_name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    if name.chars().count() > LONGEST_READER || name.chars().any(char::is_control) {
        return Err(Refusal::field("R-024", "reader", format!("抄表员最多 {LONGEST_READER} 字，且不能有控制字符")));
    }
    Ok(name.to_owned())
}

/// The account and the meter on its wall, by 户号 or 表号.
pub(super) fn find(tx: &Tx<'_>, account: Option<&str>, meter: Option<&str>) -> Result<(AccountRow, MeterRow), Refusal> {
    let row = match (account, meter) {
        (Some(text), _) => tx.account_of_text(text)?.ok_or_else(|| Refusal::missing("account", "用户", text))?,
        (None, Some(no)) => {
            let holders = tx.accounts_of_meter(no.trim())?;
            match holders.as_slice() {
                [one] => tx.account(*one)?.ok_or_else(|| Refusal::missing("meter", "水表", no))?,
                [] => return Err(Refusal::missing("meter", "水表", no)),
                _ => return Err(Refusal::field("R-038", "meter", format!("表号“{no}”挂在几户上，请改用户号"))),
            }
        }
        (None, None) => return Err(Refusal::field("input", "account", "请给出户号或表号")),
    };
    check_open(&row)?;
    let wall = tx.meter_on_wall(row.id)?;
    let wall = wall.ok_or_else(|| Refusal::field("A-05", "account", "该户没有装着的表，不能录入读数"))?;
    if meter.is_some_and(|no| no.trim() != wall.no) {
        let message = format!("该户现在装的表是 {}，请核对表号或先录入拆换单", wall.no);
        return Err(Refusal::field("R-265", "meter", message));
    }
    Ok((row, wall))
}

/// A closed account takes no reading.
pub(super) fn check_open(account: &AccountRow) -> Result<(), Refusal> {
    if account.status != CLOSED {
        return Ok(());
    }
    let what = format!("{} 已销户，不再抄表出账；请核对户号，确有用水请先复户", account.no);
    Err(Refusal::field("R-080", "account", what))
}

/// The class a first reading confirms, as its code; only for an account whose class is not confirmed yet.
fn confirmed_class(account: &AccountRow, given: Option<&str>, faults: &mut Vec<Fault>) -> Option<String> {
    let given = given.map(str::trim).filter(|text| !text.is_empty())?;
    let code = classes::from_label(given).unwrap_or(given);
    if account.class_confirmed && account.class != code {
        let message = "用水性质已经确认过，改变性质须走特殊处理 P4";
        faults.push(Fault::field("R-251", "class", message));
        return None;
    }
    (!account.class_confirmed).then(|| code.to_owned())
}

/// A class is confirmed only where there is a price for it on the day of the reading: else every bill of the account would be held
/// . A branch that has loaded no price file of the utility yet is not asked.
fn no_price(cx: &Cx<'_, '_>, account: &AccountRow, class: &str, day: NaiveDate) -> Result<Option<Fault>, Refusal> {
    let prices = cx.shelf.prices(cx.tx)?;
    let new = Pricing { class, confirmed: true, ..tariffs::pricing_of(account) };
    if prices.classes(new.utility, day).is_empty() {
        return Ok(None);
    }
    let Err(fault) = pricing::shares(&prices, &new, day) else { return Ok(None) };
    let (word, why) = (classes::label(class), fault.message);
    let what = format!("确认为“{word}”后账单会挂起：{why} (import tariffs)；或这次不填用水性质，仍按最高价出账");
    Ok(Some(Fault::field("R-036", "class", what)))
}
