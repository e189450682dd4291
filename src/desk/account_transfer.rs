//! `account.transfer`: the account handed to another customer (过户), R-120 ….
//!
//! It is the second half of a case: `intake.take` has seen the papers and agreed the fee, and names the new
//! customer; the deed is bound to that. What is owed must be settled first, and what becomes of prepaid and credit is asked
//! . The case stands open until the deed and the fee are in.

mod case;
pub(super) mod standing;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::customer_file::{self, Typed};
use super::refusal::{Fault, Refusal};
use crate::book::subject::{Kind, Subject};
use crate::derive::account::fields::{CustomerFile, id_kind_of};
use crate::derive::account::transfer::AccountTransferred;
use crate::rules::customer::FIELDS;
use crate::rules::customer_fields::{IC_CARD, UNKNOWN_NAME, method};
use crate::rules::fault::shown;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::rules::{numbers, private_numbers};
use crate::store::tables::account::AccountRow;

pub use case::Case;
pub use standing::Balance;

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
    /// The case it ends; not said: the one the account has open.
    #[serde(default)]
    pub case: Option<String>,
    /// 户名 of the new customer; not said: as it was taken in. Another one needs its reason.
    #[serde(default)]
    pub name: Option<Typed>,
    /// Why the new customer is another than the one the case was taken in for.
    #[serde(default)]
    pub reason: String,
    /// 证件种类 of the new customer: 身份证, 统一社会信用代码; not said: by the number.
    #[serde(default)]
    pub id_kind: Option<String>,
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
    /// 优待类别: the old customer's ends, a new one is given by special handling.
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
    /// 直系亲属; not said: as it was taken in, with its proof.
    #[serde(default)]
    pub kin: Option<bool>,
    /// 结算方数; not said: the last reading.
    #[serde(default)]
    pub settled: Option<Milli>,
    /// What becomes of prepaid and credit; asked when there is any.
    #[serde(default)]
    pub balance: Option<Balance>,
    /// The open shift that pays prepaid and credit out, of a clerk; for a superior, who has no till.
    #[serde(default)]
    pub shift: Option<Id>,
    /// Who signs for the new customer.
    #[serde(default)]
    pub agent: Option<Agent>,
    /// Further papers shown, beside those of the intake.
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
    /// The case it ends.
    pub case: Id,
    /// 过户费, the catalogue's.
    pub fee: Fen,
    /// What of it is still to be taken; the case stands open until then.
    pub owed: Fen,
    /// Settled reading, written on the form.
    pub settled: Option<String>,
    /// Prepaid and credit that passed to the new customer.
    pub passed: Option<Fen>,
    /// Prepaid and credit paid out to the old customer.
    pub refunded: Option<Fen>,
    /// What to say to the customer.
    pub say: String,
    /// What the clerk should look at.
    pub warnings: Vec<String>,
}

impl Action for AccountTransfer {
    const NAME: &'static str = "account.transfer";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "过户登记：受理过的过户由此办完";
    const MERGE: &'static str = "同一户主两次过户，先过的有效，后过的列为疑问，双方都留在历任户主里；\
                                 一件业务只办一次过户，后办的列为疑问；退给原户主的预存已在别处用掉的，缺额挂账，列为疑问";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = cx.tx.account_of_text(&input.account)?;
        let row = found.ok_or_else(|| Refusal::missing("account", "户", &input.account))?;
        check_account(&row, &input)?;
        let case = Case::find(cx, &row, input.case.as_deref());
        standing::check_debts(cx, &row, case.as_ref().ok().map(|case| case.order.id))?;
        let case = case?;
        let mut faults = case.gate(cx.tx)?;
        let input = bound(&case, input, &mut faults);
        let settled = case.settled(cx, row.id, input.settled, &mut faults)?;
        let person = Person::read(cx, &row, &input, &mut faults)?;
        check_certificate(&input, person.new.id_number.as_deref(), &mut faults);
        check_private(cx, &input, &mut faults);
        let agent_id = agent_id(cx, &input, &mut faults)?;
        Refusal::unless_empty(faults)?;
        let (passed, refund) = standing::settle(cx, &row, (input.balance, input.shift))?;
        let refunded = refund.as_ref().map(|refund| refund.prepaid + refund.credit);
        let mut warnings = person.warnings;
        if case.said.situations.iter().any(|word| word == "agent") && input.agent.is_none() {
            warnings.push("受理时登记了代办，请核对并填写受委托人".to_owned());
        }
        let (order, fee, owed) = (case.order.id, case.fee(), case.owed());
        let output = Output {
            account: row.no.clone(),
            from: row.name.clone(),
            to: person.new.name.clone(),
            case: order,
            fee,
            owed,
            settled: settled.map(|value| value.to_string()),
            passed,
            refunded,
            say: say(fee, owed, refunded),
            warnings,
        };
        let body = AccountTransferred {
            account: row.id,
            from: row.customer,
            name: person.new.name.clone(),
            id_number: person.new.id_number.clone(),
            person: person.given,
            kin: case.kin(),
            fee,
            agent: input.agent.as_ref().map(|agent| agent.name.trim().to_owned()),
            agent_id,
            papers: case.said.papers.iter().cloned().chain(input.papers).collect(),
            settled,
            case: Some(order),
            reason: input.reason,
            passed,
            refund,
        };
        let mut subjects = vec![Subject::new(Kind::Account, row.id), Subject::new(Kind::Order, order)];
        subjects.extend(body.refund.as_ref().map(|refund| Subject::new(Kind::Shift, refund.shift)));
        Decision::write(subjects, &body, output)
    }
}

fn say(fee: Fen, owed: Fen, refunded: Option<Fen>) -> String {
    let mut said = match (fee, owed) {
        (Fen::ZERO, _) => "直系亲属过户凭有效证明免收过户费".to_owned(),
        (fee, Fen::ZERO) => format!("过户费 {} 元已收", fee.grouped()),
        (_, owed) => format!("过户费 {} 元", owed.grouped()),
    };
    if let Some(refunded) = refunded {
        said.push_str(&format!("；退原户主 {} 元，请清点", refunded.grouped()));
    }
    said
}

fn check_account(row: &AccountRow, input: &Input) -> Result<(), Refusal> {
    if input.seen.as_ref().is_some_and(|seen| seen.trim() != row.name) {
        return Err(Refusal::stale(format!("户主现在是“{}”，与您看到的不同，请核对", row.name)));
    }
    if row.status == "销户" {
        return Err(Refusal::field("R-080", "account", "该户已销户，不能过户；请新装"));
    }
    Ok(())
}

/// The input with what was taken in: name, telephone.
fn bound(case: &Case, mut input: Input, faults: &mut Vec<Fault>) -> Input {
    input.reason = input.reason.trim().to_owned();
    if input.reason.chars().count() > 200 {
        faults.push(Fault::field("R-126", "reason", "更正原因最多 200 字"));
    }
    let typed = input.name.as_ref().map(Typed::text).unwrap_or_default();
    input.name = Some(Typed::Text(case.name(&typed, &input.reason, faults)));
    faults.extend(case.check_kin(input.kin));
    let phone = case.field("phone").to_owned();
    let empty = |typed: &Option<Typed>| typed.as_ref().is_none_or(|typed| typed.text().trim().is_empty());
    if !phone.is_empty() && empty(&input.phone) && empty(&input.mobile) {
        let place = if is_mobile(&phone) { &mut input.mobile } else { &mut input.phone };
        *place = Some(Typed::Text(phone));
    }
    input
}

/// The new owner's certificate (现户主身份证) stands in the file, and is of the kind that was said.
fn check_certificate(input: &Input, kept: Option<&str>, faults: &mut Vec<Fault>) {
    if faults.iter().any(|fault| fault.field.as_deref() == Some("id_number")) {
        return;
    }
    let Some(kept) = kept else {
        let text = "请填写新户主的证件号码：个人身份证号，单位统一社会信用代码";
        return faults.push(Fault::field("R-126", "id_number", text));
    };
    let kind = input.id_kind.as_deref().map(str::trim).filter(|kind| !kind.is_empty());
    let (code, word) = match id_kind_of(kept) {
        "resident_id" => ("resident_id", "身份证"),
        _ => ("uscc", "统一社会信用代码"),
    };
    if let Some(kind) = kind.filter(|kind| *kind != code && !kind.ends_with(word)) {
        let text = format!("填的是{word}号码，与证件种类“{}”不符，请核对", shown(kind));
        faults.push(Fault::field("R-126", "id_kind", text));
    }
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
        faults.extend(customer_file::refuse_discount(person.new.discount.as_deref()));
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
    let agent = agent.chain([("reason", "更正原因", &input.reason)]);
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

/// Eleven digits that begin with 1.
fn is_mobile(phone: &str) -> bool {
    phone.len() == 11 && phone.starts_with('1') && phone.bytes().all(|byte| byte.is_ascii_digit())
}
