//! `reading.correct`: a wrong reading is corrected; both values stay, with who and when. A reading that is billed is
//! corrected by special handling instead (V1); one whose bill was cancelled, up to the role's limit.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::bill_cancel::checked_reason;
use super::billing::{Ledger, by_register};
use super::reading_enter::check_open;
use super::reading_judge::{Told, judge_corrected};
use super::refusal::Refusal;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::bill::{OPENING, REBILL};
use crate::derive::account::reading::ReadingCorrected as Body;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::store::tables::account::{MeterRow, ReadingRow};
use crate::store::tables::billing::BillRow;

/// The action.
pub struct ReadingCorrect;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号; or give the meter.
    pub account: Option<String>,
    /// 表号.
    pub meter: Option<String>,
    /// Day of the reading to correct; the last one when absent.
    pub date: Option<NaiveDate>,
    /// The right value.
    pub value: Milli,
    /// The counter passed zero before it.
    #[serde(default)]
    pub rollover: bool,
    /// A large use was confirmed.
    #[serde(default)]
    pub confirm: bool,
    /// Where each register stands (分时, R-222); none: as before.
    #[serde(default)]
    pub registers: BTreeMap<String, Milli>,
    /// Use by register since the reading before; none: as before.
    #[serde(default)]
    pub register_uses: BTreeMap<String, Milli>,
    /// Why.
    pub remark: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The reading corrected.
    pub reading: Id,
    /// The value it had.
    pub was: Milli,
}

impl Action for ReadingCorrect {
    const NAME: &'static str = "reading.correct";
    const SUMMARY: &'static str = "更正读数";
    const MERGE: &'static str = "同一读数在两处更正，以后到的为准，各值都留在历史里";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let account = match (&input.account, &input.meter) {
            (Some(text), _) => cx.tx.account_of_text(text)?.map(|row| row.id),
            (None, Some(no)) => cx.tx.account_of_meter_text(no.trim())?,
            (None, None) => return Err(Refusal::field("input", "account", "请给出户号或表号")),
        };
        let named = || input.account.clone().or(input.meter.clone()).unwrap_or_default();
        let account = account.ok_or_else(|| Refusal::missing("account", "用户", &named()))?;
        if let Some(row) = cx.tx.account(account)? {
            check_open(&row)?;
        }
        let reason =
            checked_reason(&input.remark).map_err(|_| Refusal::field("R-237", "remark", "请写明更正的原因"))?;
        if input.value.is_negative() {
            return Err(Refusal::field("R-230", "value", "示数不能为负，请核对"));
        }
        let readings = cx.tx.scan::<ReadingRow>(&[&account])?;
        let all = readings.clone();
        let found = readings.into_iter().rev().find(|row| input.date.is_none_or(|day| row.day == day));
        let found = found.ok_or_else(|| Refusal::field("R-237", "date", "这一天没有读数，请核对日期"))?;
        // The registers of a reading from before this book, or of a new meter, may be added: nothing else of it.
        let adds_registers = !input.registers.is_empty() && found.registers.is_empty() && found.value == input.value;
        let fixed = matches!(found.source.as_str(), "opening" | "swap");
        if fixed && !adds_registers {
            return Err(Refusal::field("R-237", "date", "这是期初或拆换的读数，不能在此更正"));
        }
        let bills = cx.tx.scan::<BillRow>(&[&account])?;
        // A bill already set right by V1 to the use of the right value no longer stands in the way: the reading follows it.
        let meter = cx.tx.get::<MeterRow>(&[&account, &found.meter])?;
        let first = meter.as_ref().map(|meter| meter.first);
        let follows = |bill: &BillRow| {
            bill.kind == REBILL && bill.last_day == found.day && agrees(&all, first, &found, input.value, bill.volume)
        };
        let living = |bill: &&BillRow| matches!(bill.state.as_str(), "open" | "paid") && bill.kind != OPENING;
        let mut after = bills.iter().filter(living).filter(|bill| bill.last_day >= found.day);
        if after.any(|bill| !follows(bill)) {
            return Err(Refusal::field("R-254", "date", "这个读数已经出账，请走特殊处理 V1"));
        }
        if !bills.iter().filter(living).any(follows)
            && let Some(was) = bills
                .iter()
                .filter(|bill| bill.state == "cancelled" && bill.last_day == found.day)
                .max_by_key(|bill| bill.id)
        {
            cx.rights.require_correction(Self::NAME, was.amount)?;
        }
        let mut rollover = input.rollover;
        if let Some(facts) = cx.tx.billing_facts(account)? {
            let ledger = Ledger::of(&facts);
            if let Some(meter) = meter.filter(|_| !fixed) {
                // A large use was decided on where V1 has set the bill to it, and where the value stays.
                let decided = found.value == input.value || bills.iter().filter(living).any(follows);
                let confirm = input.confirm || decided;
                let told = Told { value: input.value, rollover: input.rollover, confirm };
                rollover = judge_corrected(told, &found, &ledger, &meter)?;
            }
            by_register::check(cx, &ledger, found.day, &input.registers, &input.register_uses)?;
        }
        let output = Output { reading: found.id, was: found.value };
        let body = Body {
            account,
            day: found.day,
            reading: found.id,
            seen: found.value,
            value: input.value,
            reason,
            rollover,
            registers: input.registers.into_iter().collect(),
            register_uses: input.register_uses.into_iter().collect(),
        };
        Decision::write(vec![Subject::new(Kind::Account, account)], &body, output)
    }
}

/// Is the use from the reading before, or from where the meter began, to the right value just what the bill was set to?
fn agrees(readings: &[ReadingRow], first: Option<Milli>, found: &ReadingRow, value: Milli, volume: Milli) -> bool {
    let before = readings.iter().rev().find(|row| row.day < found.day && row.meter == found.meter);
    let before = before.map(|row| row.value).or(first);
    before.is_some_and(|before| (value - before).0.div_euclid(1000) == volume.0.div_euclid(1000))
}
