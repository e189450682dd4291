//! A fee that no case owes: only what is listed as taken by itself at the counter. Money of bills, prepaid and deposits has actions of its
//! own, and a fee of the catalogue is owed by a case.

use crate::desk::catalogue;
use crate::desk::refusal::{Fault, Refusal};
use crate::store::Tx;
use crate::text::till::{FEES, OTHER};

/// Words of money that is no fee, the rule, and what takes it.
const ELSEWHERE: &[(&[&str], &str, &str)] = &[
    (&["押金", "保证金"], "R-142", "押金不是收入，请先受理要收押金的业务，再用收押金"),
    (&["预存", "预付", "充值", "余款"], "R-172", "预存不是服务费，请用收费，填存预存"),
    (&["备用金"], "R-209", "备用金不是服务费，请在班次里加备用金"),
    (&["存入", "缴存"], "R-366", "存入银行不是服务费，请在班次里登记存入"),
    (
        &["水费", "电费", "气费", "热费", "滞纳金", "违约金", "暖气费", "欠费", "账单"],
        "R-172",
        "账单和滞纳金不是服务费，请用收费，收了才销账",
    ),
];

/// What is wrong with taking such a fee from nobody's case: `has_payer` says whether somebody pays it, `reason` what for.
pub fn faults(tx: &Tx<'_>, kind: &str, has_payer: bool, reason: &str) -> Vec<Fault> {
    if let Some((rule, told)) = elsewhere(kind) {
        return vec![Fault::field(rule, "kind", told)];
    }
    let loaded = catalogue::of(tx);
    let owes =
        |service: &&crate::rules::service::Service| service.fees.iter().any(|fee| fee.name == kind || fee.key == kind);
    if let Some(service) = loaded.catalogue.services().iter().find(owes) {
        let text = format!("没有待收的{kind}：它随“{}”收，请先受理，或核对户号和业务编号", service.name);
        return vec![Fault::field("R-209", "kind", text)];
    }
    if !FEES.contains(&kind) {
        let text = format!("单独收的服务费只有：{}；别的费用请先受理业务，由业务收", FEES.join("、"));
        return vec![Fault::field("R-209", "kind", text)];
    }
    let mut faults = Vec::new();
    if !has_payer {
        faults.push(Fault::field("R-209", "payer", "请填户号或缴款人，核对单上要写明谁缴的"));
    }
    if kind == OTHER {
        faults.extend(reason_fault(tx, reason));
    }
    faults
}

/// Money that is no fee, by its words: the rule, and what takes it.
fn elsewhere(words: &str) -> Option<(&'static str, &'static str)> {
    let named = ELSEWHERE.iter().find(|(known, ..)| known.iter().any(|word| words.contains(word)));
    named.map(|(_, rule, told)| (*rule, *told))
}

/// 其他 says what for, and that is neither money that another action takes nor a fee that a case owes.
fn reason_fault(tx: &Tx<'_>, reason: &str) -> Option<Fault> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Some(Fault::field("R-209", "for_what", "收“其他”费用，请写明事由"));
    }
    if let Some((rule, told)) = elsewhere(reason) {
        return Some(Fault::field(rule, "for_what", told));
    }
    let loaded = catalogue::of(tx);
    let owes = |service: &&crate::rules::service::Service| service.fees.iter().any(|fee| reason.contains(&fee.name));
    let service = loaded.catalogue.services().iter().find(owes)?;
    let text = format!("这是“{}”的费用，随它收，请先受理，或核对户号和业务编号", service.name);
    Some(Fault::field("R-209", "for_what", text))
}

/// Every fee the counter takes by name: those of the catalogue's businesses, then those taken by themselves.
pub fn names(tx: &Tx<'_>) -> Vec<String> {
    let loaded = catalogue::of(tx);
    let fees = loaded.catalogue.services().iter().flat_map(|service| &service.fees).filter(|fee| !fee.deposit);
    let mut names: Vec<String> = Vec::new();
    for name in fees.map(|fee| fee.name.as_str()).chain(FEES.iter().copied()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The same as a refusal.
pub fn refuse(tx: &Tx<'_>, kind: &str, has_payer: bool, reason: &str) -> Result<(), Refusal> {
    Refusal::unless_empty(faults(tx, kind, has_payer, reason))
}
