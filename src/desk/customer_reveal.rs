//! `customer.reveal`: a sealed number shown in full, with a reason, logged as an entry of the account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::customer_file::{CARD_PLACE, ID_PLACE, open_number};
use super::refusal::{Fault, Refusal};
use crate::book::subject::{Kind, Subject};
use crate::rules::id::Id;
use crate::rules::{customer, private_numbers};

/// The action.
pub struct CustomerReveal;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号 or the account's name in the day book.
    pub account: String,
    /// `id_number` or `bank_card`.
    pub field: String,
    /// Why it is needed; stands in the day book for ever.
    #[serde(default)]
    pub reason: String,
}

/// What is answered. The number is shown once and stored nowhere.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// 户号.
    pub account: String,
    /// The field.
    pub field: String,
    /// The full number.
    pub value: String,
}

/// Body of the entry: never the number itself.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, JsonSchema)]
pub struct CustomerRevealed {
    /// The account.
    pub account: Id,
    /// The field.
    pub field: String,
    /// Why.
    pub reason: String,
}

impl Action for CustomerReveal {
    const NAME: &'static str = "customer.reveal";
    const SUMMARY: &'static str = "查看完整证件号或卡号 (记入日记账)";
    const MERGE: &'static str = "只是记录，互不相干";
    const SECRET: bool = true;
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = cx.tx.account_of_text(&input.account)?;
        let row = found.ok_or_else(|| Refusal::missing("account", "户", &input.account))?;
        let mut faults = Vec::new();
        let reason = input.reason.trim();
        if !(2..=200).contains(&reason.chars().count()) {
            faults.push(Fault::field("R-037", "reason", "请写明查看完整号码的原因，2 到 200 字"));
        }
        if let Err(fault) = private_numbers::refuse("原因", reason, cx.at.date_naive()) {
            faults.push(Fault::field(fault.rule, "reason", fault.message));
        }
        let (place, kept) = match input.field.as_str() {
            "id_number" => (ID_PLACE, row.id_number.as_deref()),
            "bank_card" => (CARD_PLACE, row.bank_card.as_deref()),
            other => {
                faults.push(Fault::field(
                    "R-037",
                    "field",
                    format!("“{other}”不是密封的栏，只有 id_number 和 bank_card"),
                ));
                (ID_PLACE, None)
            }
        };
        if faults.is_empty() && kept.is_none() {
            let what = format!("该户没有登记{}", customer::label(&input.field));
            faults.push(Fault::field("R-037", "field", what));
        }
        Refusal::unless_empty(faults)?;
        let value = open_number(cx.keys, place, kept.unwrap_or_default())
            .ok_or_else(|| Refusal::data("号码由别的网点密封，本网点没有它的密钥，请到该网点或总部查看"))?;
        let body = CustomerRevealed { account: row.id, field: input.field.clone(), reason: reason.to_owned() };
        let output = Output { account: row.no, field: input.field, value };
        Decision::write(vec![Subject::new(Kind::Account, row.id)], &body, output)
    }
}
