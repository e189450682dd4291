//! `account.transfer`: the account handed to another customer (过户), R-120 ….
//!
//! What is owed must be settled first and is shown before signing; from then on the new customer bears it. The
//! fee is 5 yuan a household, nothing between direct relatives; it is taken by `fee.take`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::customer_file::{self, Typed};
use super::debts;
use super::refusal::{Fault, Refusal};
use crate::book::subject::{Kind, Subject};
use crate::derive::account::fields::CustomerFile;
use crate::derive::account::transfer::AccountTransferred;
use crate::rules::customer::{FIELDS, TRANSFER_FEE_FEN};
use crate::rules::customer_fields::{IC_CARD, UNKNOWN_NAME, method};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::{numbers, private_numbers};
use crate::store::tables::account::AccountRow;

/// The action.
pub struct AccountTransfer;

/// What is typed: the account and its new customer.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号 or the account's name in the day book.
    pub account: String,
    /// The present 户名 as seen; when given, it must still be so.
    #[serde(default)]
    pub seen: Option<String>,
    /// 户名 of the new customer.
    pub name: Typed,
    /// 证件号码 of the new customer.
    #[serde(default)]
    pub id_number: Option<Typed>,
    /// 联系电话.
    #[serde(default)]
    pub phone: Option<Typed>,
    /// 手机.
    #[serde(default)]
    pub mobile: Option<Typed>,
    /// 短信号码.
    #[serde(default)]
    pub sms: Option<Typed>,
    /// 短信公司.
    #[serde(default)]
    pub sms_carrier: Option<Typed>,
    /// 优待类别 of the new customer; the old one's ends.
    #[serde(default)]
    pub discount: Option<Typed>,
    /// 缴费方式; empty: 现金, of an IC card 充值. The old customer's debit ends.
    #[serde(default)]
    pub method: Option<Typed>,
    /// 银行名称.
    #[serde(default)]
    pub bank_name: Option<Typed>,
    /// 持卡人.
    #[serde(default)]
    pub bank_holder: Option<Typed>,
    /// 银行卡号.
    #[serde(default)]
    pub bank_card: Option<Typed>,
    /// 代扣协议号.
    #[serde(default)]
    pub agreement: Option<Typed>,
    /// 直系亲属, with proof: no fee.
    #[serde(default)]
    pub kin: bool,
    /// Who signs for the new customer.
    #[serde(default)]
    pub agent: Option<Agent>,
    /// Papers shown.
    #[serde(default)]
    pub papers: Vec<String>,
}

/// An agent.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Name.
    pub name: String,
    /// Resident ID.
    pub id_number: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// 户号.
    pub account: String,
    /// The old customer.
    pub from: String,
    /// The new customer.
    pub to: String,
    /// 过户费 to be taken.
    pub fee: Fen,
    /// Settled reading, written on the form.
    pub settled: Option<String>,
    /// What to say to the customer.
    pub say: String,
    /// What the clerk should look at.
    pub warnings: Vec<String>,
}

impl Action for AccountTransfer {
    const NAME: &'static str = "account.transfer";
    const SUMMARY: &'static str = "过户";
    const MERGE: &'static str = "同一户主两次过户，先过的有效，后过的列为疑问，双方都留在历任户主里";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = cx.tx.account_of_text(&input.account)?;
        let row = found.ok_or_else(|| Refusal::missing("account", "户", &input.account))?;
        check_account(cx, &row, &input)?;
        let mut faults = Vec::new();
        let person = Person::read(cx, &row, &input, &mut faults)?;
        check_private(cx, &input, &mut faults);
        let agent_id = agent_id(cx, &input, &mut faults)?;
        Refusal::unless_empty(faults)?;
        let fee = if input.kin { Fen::ZERO } else { Fen(TRANSFER_FEE_FEN) };
        let settled = cx.tx.last_reading(row.id)?.map(|reading| reading.value);
        let output = Output {
            account: row.no.clone(),
            from: row.name.clone(),
            to: person.new.name.clone(),
            fee,
            settled: settled.map(|value| value.to_string()),
            say: say(fee),
            warnings: person.warnings,
        };
        let body = AccountTransferred {
            account: row.id,
            from: row.customer,
            name: person.new.name.clone(),
            id_number: person.new.id_number.clone(),
            person: person.given,
            kin: input.kin,
            fee,
            agent: input.agent.as_ref().map(|agent| agent.name.trim().to_owned()),
            agent_id,
            papers: input.papers,
            settled,
        };
        Decision::write(vec![Subject::new(Kind::Account, row.id)], &body, output)
    }
}

fn say(fee: Fen) -> String {
    match fee {
        Fen::ZERO => "直系亲属过户凭有效证明免收过户费".to_owned(),
        fee => format!("过户费 {} 元", fee.grouped()),
    }
}

/// nothing owed. The debts are shown, so that they can be settled at the same counter.
fn check_account(cx: &Cx<'_, '_>, row: &AccountRow, input: &Input) -> Result<(), Refusal> {
    if input.seen.as_ref().is_some_and(|seen| seen.trim() != row.name) {
        return Err(Refusal::stale(format!("户主现在是“{}”，与您看到的不同，请核对", row.name)));
    }
    if row.status == "销户" {
        return Err(Refusal::field("R-080", "account", "该户已销户，不能过户；请新装"));
    }
    let unpaid = cx.tx.unpaid_bills(row.id)?;
    let owed: Fen = unpaid.iter().map(|bill| bill.unpaid).sum();
    if owed != Fen::ZERO {
        let cycles = unpaid.iter().map(|bill| bill.cycle.as_str()).collect::<Vec<_>>().join("、");
        let what = format!("还欠 {} 元 ({} 笔：{cycles})，须先缴清欠费方可过户", owed.grouped(), unpaid.len());
        return Err(Refusal::field("R-122", "account", what));
    }
    if let Some(what) = debts::unbilled(cx.tx, row.id)? {
        return Err(Refusal::field("R-122", "account", format!("不能过户：{what}")));
    }
    Ok(())
}

/// The new customer, as the file would stand.
struct Person {
    new: AccountRow,
    given: Vec<(String, String)>,
    warnings: Vec<String>,
}

impl Person {
    fn read(cx: &Cx<'_, '_>, row: &AccountRow, input: &Input, faults: &mut Vec<Fault>) -> Result<Self, Refusal> {
        let typed = serde_json::to_value(input).map_err(|error| Refusal::data(error.to_string()))?;
        let text_of = |key: &str| {
            let value: Option<Typed> = typed.get(key).and_then(|value| serde_json::from_value(value.clone()).ok());
            value.map(|value| value.text()).unwrap_or_default()
        };
        let mut person = Self { new: row.clone(), given: Vec::new(), warnings: Vec::new() };
        for field in FIELDS.iter().filter(|field| field.personal) {
            match customer_file::keep(cx, field, &text_of(field.key), row) {
                Ok(kept) => {
                    person.new.set(field.key, kept.value.as_deref());
                    person.warnings.extend(kept.warning);
                    if let Some(value) = kept.value.filter(|_| !matches!(field.key, "name" | "id_number")) {
                        person.given.push((field.key.to_owned(), value));
                    }
                }
                Err(fault) => faults.push(fault),
            }
        }
        if text_of("name").trim().is_empty() || person.new.name == UNKNOWN_NAME {
            faults.push(Fault::field("R-126", "name", "请填写新户主的户名"));
        }
        if person.new.method.is_empty() {
            let pays = if row.user_type.as_deref() == Some(IC_CARD) { method::TOP_UP } else { method::CASH };
            person.new.method = pays.to_owned();
            person.given.push(("method".into(), pays.to_owned()));
        }
        let old = row.broken_rules();
        let broken = person.new.broken_rules();
        let new = broken.iter().filter(|fault| !old.iter().any(|other| other.rule == fault.rule));
        faults.extend(new.map(customer_file::fault));
        person.find_others(cx, row.id, &text_of("id_number"))?;
        Ok(person)
    }

    fn find_others(&mut self, cx: &Cx<'_, '_>, own: Id, typed: &str) -> Result<(), Refusal> {
        if self.new.id_number.is_none() {
            return Ok(());
        }
        for other in customer_file::accounts_of_person(cx.tx, cx.keys, &numbers::clean(typed))? {
            if other.id != own {
                self.warnings.push(customer_file::same_person_line(&other));
            }
        }
        Ok(())
    }
}

/// Numbers of IDs and cards have no place among names and papers (I-13).
fn check_private(cx: &Cx<'_, '_>, input: &Input, faults: &mut Vec<Fault>) {
    let agent = input.agent.iter().map(|agent| ("agent.name", "受委托人", &agent.name));
    for (field, label, text) in agent.chain(input.papers.iter().map(|paper| ("papers", "要件", paper))) {
        if let Err(fault) = private_numbers::refuse(label, text, cx.at.date_naive()) {
            faults.push(Fault::field(fault.rule, field, fault.message));
        }
    }
}

/// an agent shows a resident ID.
fn agent_id(cx: &Cx<'_, '_>, input: &Input, faults: &mut Vec<Fault>) -> Result<Option<String>, Refusal> {
    let Some(agent) = &input.agent else { return Ok(None) };
    if agent.name.trim().is_empty() || agent.name.chars().count() > 60 {
        faults.push(Fault::field("R-124", "agent.name", "请填写受委托人姓名"));
    }
    match numbers::resident_id(&agent.id_number, cx.at.date_naive()) {
        Ok(checked) => Ok(Some(cx.keys.seal(customer_file::ID_PLACE, &checked.clean)?.to_text())),
        Err(wrong) => {
            faults.push(Fault::field("R-124", "agent.id_number", format!("受委托人{}", wrong.message)));
            Ok(None)
        }
    }
}
