//! `swap.field_check`: two slips claim one meter; somebody looked on site which new meter hangs. That slip stands, the others fall,
//! and billing goes on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::book::subject::{Kind, Subject};
use crate::derive::account::bill;
use crate::derive::account::cover::CoverLine;
use crate::derive::account::swap::{SwapChecked as Body, SwapEntered};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::bill_cancel::checked_reason;
use crate::desk::billing::body;
use crate::desk::refusal::Refusal;
use crate::desk::till::cover;
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::tables::account::MeterRow;
use crate::store::tables::billing::BillRow;

/// The action.
pub struct SwapFieldCheck;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号.
    pub account: String,
    /// 表号 of the meter that hangs.
    pub meter: String,
    /// What was seen on site, and by whom.
    pub remark: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The meter that hangs.
    pub meter: Id,
    /// Bills of differences that fell with their slips.
    pub cancelled: Vec<Id>,
    /// Open bills that prepaid and credit now pay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<CoverLine>,
}

impl Action for SwapFieldCheck {
    const NAME: &'static str = "swap.field_check";
    const SUMMARY: &'static str = "拆换争议现场核实";
    const MERGE: &'static str = "两处各核实一次，先到的有效，后到的不计";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let account = cx.tx.account_of_text(&input.account)?;
        let account = account.ok_or_else(|| Refusal::missing("account", "用户", &input.account))?.id;
        let remark =
            checked_reason(&input.remark).map_err(|_| Refusal::field("disputed", "remark", "请写明现场所见"))?;
        let meters = cx.tx.scan::<MeterRow>(&[&account])?;
        let disputed: Vec<&MeterRow> = meters.iter().filter(|meter| meter.disputed).collect();
        let old = disputed.iter().find(|meter| meter.removed.is_some());
        let old = old.ok_or_else(|| Refusal::field("disputed", "account", "该户没有有争议的表，不用核实"))?;
        let hang: Vec<&&MeterRow> = disputed.iter().filter(|meter| meter.removed.is_none()).collect();
        let stands = hang.iter().find(|meter| meter.no == input.meter.trim());
        let stands = stands.ok_or_else(|| Refusal::missing("meter", "有争议的新表", &input.meter))?;
        let fall: Vec<Id> = hang.iter().filter(|meter| meter.id != stands.id).map(|meter| meter.id).collect();
        let slip = entered(cx.tx, stands.id)?;
        let mut cancel = Vec::new();
        for id in &fall {
            let living = cx.tx.get::<BillRow>(&[&account, id])?.filter(|row| row.state != "cancelled");
            if living.is_some_and(|row| row.kind == bill::SWAP) {
                let income = body::issued(cx.tx, *id)?.map(|bill| bill.income()).unwrap_or_default();
                cancel.push((*id, income));
            }
        }
        let cancelled = cancel.iter().map(|(id, _)| *id).collect();
        let body = Body {
            account,
            old: old.id,
            stands: stands.id,
            fall,
            final_value: slip.final_value,
            day: slip.day,
            cancel,
            remark,
            covers: None,
        };
        let subjects = vec![Subject::new(Kind::Account, account)];
        let covers = cover::ahead::<Self, _>(cx, account, &subjects, &body)?;
        let output = Output { meter: stands.id, cancelled, covered: cover::lines(covers.as_ref()) };
        Decision::write(subjects, &Body { covers, ..body }, output)
    }
}

/// What the entry that fitted a meter said.
fn entered(tx: &Tx<'_>, meter: Id) -> Result<SwapEntered, Refusal> {
    let entry = tx.entry(meter.entry())?.ok_or_else(|| Refusal::data("拆换单的凭单不在"))?;
    serde_json::from_str(&entry.payload).map_err(|error| Refusal::data(format!("拆换单的凭单读不懂：{error}")))
}
