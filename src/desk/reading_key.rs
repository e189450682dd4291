//! `reading.key`: a reading card is keyed from paper. Two people key it, blind: the first keying waits, the second becomes the
//! reading when it agrees (maker is never checker, R-023). When they differ the second person looks at the card a third time; what
//! they then insist on counts, and both values stay. A use that is unusual and a value other than the first are two
//! questions: both are told, and each is confirmed by itself.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::billing::Ledger;
use super::reading_enter::{self, find};
use super::reading_judge::judge;
use super::refusal::{Fault, Refusal};
use crate::book::subject::{Kind, Subject};
use crate::derive::account::reading::{CardKeyed as Body, ReadingEntered};
use crate::rules::billing::BillCycle;
use crate::rules::money::Milli;
use crate::rules::sealed_use::SealedUse;
use crate::store::tables::billing_facts::CardRow;

/// The action.
pub struct ReadingKey;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号.
    pub account: String,
    /// 示数.
    pub value: Milli,
    /// 抄表日期; today when absent.
    pub date: Option<NaiveDate>,
    /// This is the second keying.
    #[serde(default)]
    pub second: bool,
    /// 估抄.
    #[serde(default)]
    pub estimated: bool,
    /// A large use was confirmed.
    #[serde(default)]
    pub confirm: bool,
    /// How a sealed meter came to run (second keying), as for `reading.enter`.
    #[serde(default)]
    pub sealed: Option<SealedUse>,
    /// The counter passed zero.
    #[serde(default)]
    pub rollover: bool,
    /// Other than the first keying: what a third look at the card said. It must be `value` again.
    pub third: Option<Milli>,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Use since the last reading, whole units.
    #[serde(rename = "use")]
    pub used: i64,
    /// It is a reading now.
    pub posted: bool,
}

impl Action for ReadingKey {
    const NAME: &'static str = "reading.key";
    const SUMMARY: &'static str = "录入抄表卡片（两人各录一遍）";
    const MERGE: &'static str = "每一遍各记各的；两处各有一个第二遍，读数以后一个为准，各值都留";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let (account, meter) = find(cx.tx, Some(&input.account), None)?;
        let day = input.date.unwrap_or(cx.day);
        if day > cx.at.date_naive() {
            return Err(Refusal::field("R-226", "date", format!("抄表日期 {day} 在今天之后，请核对")));
        }
        if input.value.is_negative() {
            return Err(Refusal::field("R-230", "value", "示数不能为负，请核对"));
        }
        let facts = cx.tx.billing_facts(account.id)?;
        let ledger = facts.as_ref().map(Ledger::of).ok_or_else(|| Refusal::data("用户档案不完整"))?;
        // The first keying is blind to rules too, so that the second person is not led: only the meter's dial is checked then.
        let typed = reading_enter::Input {
            value: input.value,
            estimated: input.estimated,
            rollover: input.rollover || !input.second,
            confirm: input.confirm || !input.second,
            sealed: input.sealed.or((!input.second).then_some(SealedUse::Before)),
            ..reading_enter::Input::default()
        };
        let judged = judge(&typed, day, &ledger, &meter);
        let judged = match judged {
            Err(refusal) if !input.second || !matches!(refusal.first_rule(), "R-230" | "A-05") => return Err(refusal),
            judged => judged,
        };
        let cycle = BillCycle::of(day).to_string();
        let keyed = cx.tx.scan::<CardRow>(&[&account.id, &cycle])?;
        let own = cx.actor.id.to_string();
        if input.second {
            let mut faults: Vec<Fault> = check_first(&keyed, &own, input.value, input.third)?.into_iter().collect();
            faults.extend(judged.as_ref().err().iter().flat_map(|refusal| refusal.faults.clone()));
            Refusal::unless_empty(faults)?;
        }
        let judged = judged?;
        let reading = if input.second {
            Some(ReadingEntered {
                meter: meter.id,
                day,
                value: input.value,
                source: "card".into(),
                estimated: input.estimated,
                rollover: judged.rollover,
                remark: String::new(),
                class: None,
                reader: String::new(),
                registers: Vec::new(),
                register_uses: Vec::new(),
                sealed: input.sealed.filter(|_| judged.sealed),
            })
        } else {
            None
        };
        let output = Output { used: judged.units, posted: reading.is_some() };
        let body = Body { account: account.id, cycle, day, value: input.value, reading };
        Decision::write(vec![Subject::new(Kind::Account, account.id)], &body, output)
    }
}

/// The last first keying that waits is another person's. Where it differs: the fault, unless a third look said the same again.
fn check_first(keyed: &[CardRow], own: &str, value: Milli, third: Option<Milli>) -> Result<Option<Fault>, Refusal> {
    if keyed.iter().any(|row| row.posted) {
        return Err(Refusal::field("R-239", "account", "这张卡片两遍都已录完，读数有误请用更正"));
    }
    let first = keyed.iter().max_by_key(|row| row.id);
    let first = first.ok_or_else(|| Refusal::field("R-239", "second", "这张卡片还没有录第一遍"))?;
    if first.actor == own {
        return Err(Refusal::field("R-023", "second", "第一遍是您录的，第二遍须由另一人录"));
    }
    if first.value == value || third == Some(value) {
        return Ok(None);
    }
    let message = match third {
        Some(third) => format!("第三遍看到的 {third} 与第二遍录的 {value} 不同，请看卡片重录"),
        None => "与第一遍不符，请看卡片再录一次".into(),
    };
    Ok(Some(Fault::field("R-239", "third", message)))
}
