//! `account.amend`: fields of a customer file changed, each with the value seen before.
//!
//! Refused as stale when what was seen is no longer on file. Checked as the field, and as the whole file would then stand
//! (R-048 … R-058); fields that depend on each other are changed together by `also`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account_transfer::{Balance, standing};
use super::action::{Action, Cx, Decision};
use super::billing::doubt::CLOSED;
use super::customer_file::{self, Typed};
use super::debts;
use super::refusal::{Fault, Refusal};
use crate::book::seal::Sealed;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::amend::{AccountAmended, Change, base_of, conflict_word};
use crate::derive::account::fields::{CustomerFile, masked, meter_value, set_meter};
use crate::rules::customer::{self, Field, Form};
use crate::rules::customer_fields::GROUP;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::account::{AccountRow, FieldRow, MeterRow};
use crate::store::tables::base::ExceptionRow;

/// The action.
pub struct AccountAmend;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// 户号 or the account's name in the day book.
    pub account: String,
    /// The field, as in `account.open`; `extra.cooker`, `meter.maker` …
    pub field: String,
    /// The value seen before; of a sealed number its last four digits; none when the field was empty.
    #[serde(default)]
    pub seen: Option<Typed>,
    /// The new value; none clears the field.
    #[serde(default)]
    pub value: Option<Typed>,
    /// Further fields changed at the same time, for fields that depend on each other (payment method and bank).
    #[serde(default)]
    pub also: Vec<ChangeInput>,
    /// 销户: what becomes of prepaid and credit (`refund`); asked when there is any.
    #[serde(default)]
    pub balance: Option<Balance>,
    /// 销户: the open shift that pays them out, of a clerk; for a superior, who has no till.
    #[serde(default)]
    pub shift: Option<Id>,
}

/// One more field.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeInput {
    /// The field.
    pub field: String,
    /// The value seen before.
    #[serde(default)]
    pub seen: Option<Typed>,
    /// The new value.
    #[serde(default)]
    pub value: Option<Typed>,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// 户号.
    pub account: String,
    /// The fields changed.
    pub changed: Vec<Changed>,
    /// 抄表序号 as it then is.
    pub route: String,
    /// What the clerk should look at.
    pub warnings: Vec<String>,
    /// Prepaid and credit paid out at the closing.
    pub refunded: Option<Fen>,
}

/// One field before and after, sealed numbers masked.
#[derive(Serialize, JsonSchema)]
pub struct Changed {
    /// The field.
    pub field: String,
    /// Its label.
    pub label: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

impl Action for AccountAmend {
    const NAME: &'static str = "account.amend";
    const SUMMARY: &'static str = "改户档案";
    const MERGE: &'static str = "逐栏合并：不同栏都有效，相同值一致；同栏不同值后改的有效、先改的留痕；\
        银行、证件、价格类别没有自动胜者，原值保留到有人裁定";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let found = cx.tx.account_of_text(&input.account)?;
        let row = found.ok_or_else(|| Refusal::missing("account", "户", &input.account))?;
        let mut sheet = Sheet::read(cx, row)?;
        let first = ChangeInput { field: input.field, seen: input.seen, value: input.value };
        for change in std::iter::once(first).chain(input.also) {
            sheet.take(cx, &change)?;
        }
        sheet.check_money();
        sheet.check_whole(cx)?;
        Refusal::unless_empty(std::mem::take(&mut sheet.faults))?;
        let refund = if sheet.closes() { standing::close(cx, &sheet.old, (input.balance, input.shift))? } else { None };
        let output = Output {
            account: sheet.old.no.clone(),
            changed: sheet.changed(),
            route: sheet.new.route.clone(),
            warnings: sheet.warnings,
            refunded: refund.as_ref().map(|refund| refund.prepaid + refund.credit),
        };
        let mut subjects = vec![Subject::new(Kind::Account, sheet.old.id)];
        subjects.extend(refund.as_ref().map(|refund| Subject::new(Kind::Shift, refund.shift)));
        let body = AccountAmended {
            account: sheet.old.id,
            owner: sheet.old.customer,
            meter: sheet.meter_changed.then_some(sheet.old_meter.as_ref().map(|meter| meter.id)).flatten(),
            changes: sheet.changes,
            refund,
        };
        Decision::write(subjects, &body, output)
    }
}

/// The file before and after.
struct Sheet {
    old: AccountRow,
    new: AccountRow,
    old_meter: Option<MeterRow>,
    new_meter: Option<MeterRow>,
    meter_changed: bool,
    history: Vec<FieldRow>,
    changes: Vec<Change>,
    faults: Vec<Fault>,
    warnings: Vec<String>,
}

impl Sheet {
    fn read(cx: &Cx<'_, '_>, row: AccountRow) -> Result<Self, Refusal> {
        let meter = cx.tx.meter_on_wall(row.id)?;
        let history = cx.tx.scan::<FieldRow>(&[&row.id])?;
        Ok(Self {
            new: row.clone(),
            old: row,
            new_meter: meter.clone(),
            old_meter: meter,
            meter_changed: false,
            history,
            changes: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
        })
    }

    fn fault(&mut self, rule: &str, field: &str, message: String) {
        self.faults.push(Fault::field(rule, field, message));
    }

    fn on_file(&self, field: &Field) -> Option<String> {
        match (&self.old_meter, field.key.starts_with("meter.")) {
            (Some(meter), true) => meter_value(meter, field.key),
            (None, true) => None,
            _ => self.old.value(field.key),
        }
    }

    fn take(&mut self, cx: &Cx<'_, '_>, change: &ChangeInput) -> Result<(), Refusal> {
        let Some(field) = customer::field(&change.field) else {
            let what = match change.field.as_str() {
                "no" | "account" => "户号不能改；号码有误请另开户后销旧户".to_owned(),
                "route" => "抄表序号由册、楼、单元、室编成，请改这些栏".to_owned(),
                other => format!("没有“{other}”这一栏，请核对栏名 (do --schema account.open)"),
            };
            self.fault("input", "field", what);
            return Ok(());
        };
        if self.changes.iter().any(|other| other.field == field.key) {
            self.fault("input", field.key, format!("{}在一次改动里出现了两次，请只留一个", field.label));
            return Ok(());
        }
        if field.key.starts_with("meter.") && self.old_meter.is_none() {
            self.fault("R-065", field.key, "该户没有在装的表，请先装表".into());
            return Ok(());
        }
        let now = self.on_file(field);
        if !is_seen(field, change.seen.as_ref(), now.as_deref()) {
            let shown = now.as_deref().map_or_else(|| "空".into(), |now| shown(field, now));
            let message = format!("{}现在是“{shown}”，与您看到的不同，已有人改过，请看清后重改", field.label);
            self.fault("stale", field.key, message);
            return Ok(());
        }
        let typed = change.value.as_ref().map(Typed::text).unwrap_or_default();
        match customer_file::keep(cx, field, &typed, &self.new) {
            Ok(kept) => self.keep(cx, field, kept, now),
            Err(fault) => {
                self.faults.push(fault);
                Ok(())
            }
        }
    }

    fn keep(
        &mut self,
        cx: &Cx<'_, '_>,
        field: &'static Field,
        kept: customer_file::Kept,
        now: Option<String>,
    ) -> Result<(), Refusal> {
        if kept.value == now {
            self.fault("same", field.key, format!("{}与在册的相同，没有要改的", field.label));
            return Ok(());
        }
        if field.key.starts_with("meter.") {
            self.meter_changed = true;
            if let Some(meter) = &mut self.new_meter {
                set_meter(meter, field.key, kept.value.as_deref());
            }
        } else {
            self.new.set(field.key, kept.value.as_deref());
        }
        self.note_person(cx, field, &kept)?;
        self.warnings.extend(kept.warning);
        self.changes.push(Change {
            field: field.key.to_owned(),
            seen: now.map(|now| masked(field.key, &now)),
            value: kept.value,
            base: base_of(&self.history, field.key),
            mark: kept.mark.filter(|_| field.is_sealed()),
        });
        Ok(())
    }

    /// What amounts are worked out from is changed by three people: the price unit by special handling or by the first
    /// reading, the discount and the other facts by D1.
    fn check_money(&mut self) {
        let mut faults = Vec::new();
        for change in &self.changes {
            let Some(field) = customer::field(&change.field) else { continue };
            let confirmed = self.old.class_confirmed;
            let (rule, what) = match field.key {
                "class" | "class_confirmed" | "mix" if confirmed => {
                    ("R-251", "价格已经确认，更改须经现场核实和审批，请走特殊处理 P4 (混用 P1)".to_owned())
                }
                "class" | "class_confirmed" | "mix" => {
                    ("R-250", "新入户的价格由首次抄表确认，或走特殊处理 P3 (混用 P1)，一个人不能改".to_owned())
                }
                _ if field.moves_money() => {
                    let rule = if field.key == "discount" { "R-252" } else { "R-007" };
                    (rule, format!("{}影响应收金额，一个人不能改，请走特殊处理 D1，经复核、批准后生效", field.label))
                }
                _ => continue,
            };
            if !faults.iter().any(|fault: &Fault| fault.rule == rule && fault.message == what) {
                faults.push(Fault::field(rule, field.key, what));
            }
        }
        self.faults.extend(faults);
    }

    fn note_person(&mut self, cx: &Cx<'_, '_>, field: &Field, kept: &customer_file::Kept) -> Result<(), Refusal> {
        let Some(value) = kept.value.as_deref().filter(|_| field.form == Form::Identity) else { return Ok(()) };
        let Some(clean) = customer_file::open_number(cx.keys, customer_file::ID_PLACE, value) else { return Ok(()) };
        for other in customer_file::accounts_of_person(cx.tx, cx.keys, &clean)? {
            if other.id != self.old.id {
                self.warnings.push(customer_file::same_person_line(&other));
            }
        }
        Ok(())
    }

    /// The file as it would stand: rules between fields, route number, closing, decisions that wait.
    fn check_whole(&mut self, cx: &Cx<'_, '_>) -> Result<(), Refusal> {
        if !self.faults.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = self.changes.iter().map(|change| change.field.clone()).collect();
        let touches = |fields: &[&str]| keys.iter().any(|key| fields.contains(&key.as_str()));
        if touches(&["area", "building_kind", "building", "unit", "room", "book"])
            && let Err(wrong) = self.new.compose_route()
        {
            self.fault(wrong.rule, &keys[0], wrong.message);
        }
        let before = self.old.broken_rules();
        for broken in self.new.broken_rules() {
            let old = before.iter().any(|other| other.rule == broken.rule);
            if !old || keys.iter().any(|key| *key == broken.field) {
                self.faults.push(customer_file::fault(&broken));
            }
        }
        if touches(&["invoiced", "connection"]) && self.new.connection.as_deref() == Some(GROUP) {
            self.faults.extend(customer_file::refuse_invoice_of_today(cx, self.new.invoiced));
        }
        if self.closes() {
            let owed = cx.tx.owed(self.old.id)?;
            if owed != Fen::ZERO {
                self.fault("R-080", "status", format!("还欠 {} 元，结清后才能销户", owed.grouped()));
            } else if let Some(what) = debts::unbilled(cx.tx, self.old.id)? {
                self.fault("R-080", "status", format!("不能销户：{what}"));
            }
            if let Some(what) = debts::unconfirmed(cx.tx, self.old.id)? {
                self.fault("R-080", "status", format!("不能销户：{what}"));
            }
            if let Some(what) = debts::undone(cx.tx, self.old.id)? {
                self.fault("R-080", "status", format!("不能销户：{what}"));
            }
        }
        for unit in ["bank", "identity", "class"] {
            if keys.iter().any(|key| customer::unit_of(key) == unit) && self.waits(cx, unit)? {
                cx.rights.require("exception.resolve")?;
            }
        }
        Ok(())
    }

    /// Is there a conflict of this unit that waits for a decision? Amending the unit then decides it.
    fn waits(&self, cx: &Cx<'_, '_>, unit: &str) -> Result<bool, Refusal> {
        let rows = cx.tx.scan::<ExceptionRow>(&[&Kind::Account.letter(), &self.old.id, &conflict_word(unit)])?;
        Ok(rows.iter().any(|row| row.state == "open"))
    }

    /// Is the account closed by this?
    fn closes(&self) -> bool {
        self.new.status == CLOSED && self.old.status != CLOSED
    }

    fn changed(&self) -> Vec<Changed> {
        let one = |change: &Change| {
            let field = customer::field(&change.field)?;
            Some(Changed {
                field: change.field.clone(),
                label: field.label.to_owned(),
                before: self.on_file(field).map(|value| shown(field, &value)),
                after: change.value.as_deref().map(|value| shown(field, value)),
            })
        };
        self.changes.iter().filter_map(one).collect()
    }
}

fn shown(field: &Field, value: &str) -> String {
    field.form.shown(&masked(field.key, value))
}

/// Is what the clerk saw what is on file? A sealed number was seen by its last four digits.
fn is_seen(field: &Field, seen: Option<&Typed>, now: Option<&str>) -> bool {
    let seen = seen.map(Typed::text).unwrap_or_default();
    let seen = seen.trim();
    if let Some(sealed) = now.filter(|_| field.is_sealed()).and_then(Sealed::from_text) {
        let digits = crate::rules::numbers::clean(seen);
        return !sealed.tail.is_empty() && digits.len() >= 4 && digits.ends_with(&sealed.tail);
    }
    let far = chrono::NaiveDate::MAX;
    match customer::check_value(field, seen, far) {
        Ok(seen) => seen.as_deref() == now,
        Err(_) => Some(seen).filter(|seen| !seen.is_empty()) == now,
    }
}
