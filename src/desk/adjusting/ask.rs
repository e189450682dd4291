//! A case of special handling as typed: the same for the preview and the request.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::desk::refusal::{Fault, Refusal};
use crate::rules::adjustment::{Change, Family, Kind, Typed};
use crate::rules::id::Id;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BillRow;
use crate::store::{StoreError, Tx};

/// Most bills of one request: two years of months.
pub const MOST_BILLS: usize = 24;
/// Longest 凭据.
pub const MAX_EVIDENCE: usize = 200;

/// What is typed.
#[derive(Deserialize, JsonSchema, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Kind code: P1 P3 P4 V1 V4 L3 L4 D1. One request, one kind.
    pub kind: String,
    /// 户号 or account id.
    pub account: String,
    /// The bills it is about, as `B03.1.42/7`; price kinds may name none.
    #[serde(default)]
    pub bills: Vec<String>,
    /// The change; which parts depends on the kind.
    #[serde(default)]
    pub change: Typed,
    /// 凭据: number of the re-reading slip, the application, the site check.
    #[serde(default)]
    pub evidence: String,
    /// 现场核实工单; P4 needs it, and so does a P1 of 100 %, which is one.
    #[serde(default)]
    pub order: Option<String>,
    /// Hash of the picture that was shown; when it no longer is the picture, nothing is written and the new one is to be shown.
    #[serde(default)]
    pub seen: Option<String>,
}

/// The case as meant.
#[derive(Debug, Clone)]
pub struct Meant {
    /// Which kind.
    pub kind: Kind,
    /// The account.
    pub account: AccountRow,
    /// The bills, each once.
    pub bills: Vec<Id>,
    /// The change.
    pub change: Change,
    /// 凭据.
    pub evidence: String,
    /// 现场核实工单.
    pub order: Option<Id>,
}

impl Ask {
    /// What is meant; every mistake of the form at once. A preview may go without evidence and order.
    pub fn meant(&self, tx: &Tx<'_>, today: NaiveDate, preview: bool) -> Result<Meant, Refusal> {
        let mut faults = Vec::new();
        let kind = match Kind::read(&self.kind) {
            Ok(kind) => Some(kind),
            Err(fault) => {
                faults.push(Fault::field(fault.rule, "kind", fault.message));
                None
            }
        };
        let account = tx.account_of_text(&self.account)?;
        let bills = self.read_bills(&mut faults);
        let settled = kind.map(|kind| self.change.settled(kind));
        let was_mix = kind == Some(Kind::P1) && settled.as_ref().is_some_and(|(kind, _)| *kind == Kind::P4);
        let kind = settled.as_ref().map(|(kind, _)| *kind);
        if account.is_none() {
            faults.extend(Refusal::missing("account", "户", &self.account).faults);
        }
        let since = account.as_ref().map(|row| first_day(tx, row, &bills)).transpose()?.flatten();
        let change = settled.and_then(|(kind, typed)| {
            match since_bills(kind, typed, since).meant(kind, self.bills.len(), today) {
                Ok(change) => Some(change),
                Err(wrong) => {
                    faults.extend(wrong.iter().map(|fault| Fault::field(&fault.rule, &fault.field, &fault.message)));
                    None
                }
            }
        });
        let evidence = self.evidence.trim().to_owned();
        if evidence.is_empty() && !preview {
            faults.push(Fault::field("R-259", "evidence", "请填凭据：复表单、申请书或核实单的编号"));
        }
        if evidence.chars().count() > MAX_EVIDENCE || evidence.chars().any(char::is_control) {
            faults.push(Fault::field("R-259", "evidence", format!("凭据最多 {MAX_EVIDENCE} 字，不能有换行")));
        }
        let order = self.read_order(tx, kind, was_mix, preview, &mut faults)?;
        Refusal::unless_empty(faults)?;
        match (kind, account, change) {
            (Some(kind), Some(account), Some(change)) => Ok(Meant { kind, account, bills, change, evidence, order }),
            _ => Err(Refusal::usage("申请读不懂，请核对")),
        }
    }

    fn read_bills(&self, faults: &mut Vec<Fault>) -> Vec<Id> {
        let mut bills = Vec::new();
        if self.bills.len() > MOST_BILLS {
            faults.push(Fault::field("R-264", "bills", format!("一张申请最多 {MOST_BILLS} 张账单，请分开申请")));
        }
        for text in self.bills.iter().take(MOST_BILLS) {
            match text.parse::<Id>() {
                Ok(bill) if bills.contains(&bill) => {
                    faults.push(Fault::field("R-264", "bills", format!("账单 {bill} 写了两次，请去掉一次")));
                }
                Ok(bill) => bills.push(bill),
                Err(_) => faults.extend(Refusal::missing("bills", "账单", text).faults),
            }
        }
        bills
    }

    /// The order of the site check: one of this account, finished.
    fn read_order(
        &self,
        tx: &Tx<'_>,
        kind: Option<Kind>,
        was_mix: bool,
        preview: bool,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<Id>, Refusal> {
        let text = self.order.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let Some(text) = text else {
            if kind == Some(Kind::P4) && !preview {
                let message = match was_mix {
                    true => "只有一类占100%就是更改用水性质 (P4)，须经现场核实，请填核实工单号",
                    false => "更改用水性质须经现场核实，请填核实工单号",
                };
                faults.push(Fault::field("R-251", "order", message));
            }
            return Ok(None);
        };
        let found = match text.parse::<Id>() {
            Ok(id) => tx.order(id)?,
            Err(_) => None,
        };
        let Some(order) = found else {
            faults.extend(Refusal::missing("order", "工单", text).faults);
            return Ok(None);
        };
        let mine = tx.account_of_text(&self.account)?.map(|row| row.id);
        if order.account.is_none() || order.account != mine {
            faults.push(Fault::field("R-251", "order", format!("工单 {} 不是这一户的，请核对", order.id)));
        } else if kind == Some(Kind::P4) && order.done.is_none() && !preview {
            faults.push(Fault::field("R-251", "order", format!("工单 {} 还没有回执，核实后再申请", order.id)));
        }
        Ok(Some(order.id))
    }
}

/// The first day of the oldest of some bills.
fn first_day(tx: &Tx<'_>, account: &AccountRow, bills: &[Id]) -> Result<Option<NaiveDate>, StoreError> {
    let rows = bills.iter().map(|bill| tx.get::<BillRow>(&[&account.id, bill]));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().map(|row| row.first_day).min())
}

/// A price that is asked for bills begins with the oldest of them unless another day is said.
fn since_bills(kind: Kind, typed: Typed, since: Option<NaiveDate>) -> Typed {
    let from = typed.from.or(since.filter(|_| kind.family() == Family::Price));
    Typed { from, ..typed }
}
