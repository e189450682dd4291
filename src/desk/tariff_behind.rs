//! A price file whose first day lies behind bills that went out would change by one hand what customers owe: a bill rated again takes
//! the file valid on its days, its late fee the file valid on its due day. Such a file is refused.

use chrono::NaiveDate;

use super::action::Cx;
use super::billing::kept::Kept;
use super::billing::{Ledger, body};
use super::refusal::Refusal;
use super::tariffs;
use crate::rules::pricing::{self, Pricing};
use crate::rules::tariff::model::LateFeeRule;
use crate::rules::tariff::{PriceBook, Tariff};
use crate::store::query::tariff::PricedBy;
use crate::store::tables::billing::BillRow;

/// The last day of a file that has none.
const NO_END: NaiveDate = NaiveDate::MAX;

/// Refuses a file that reaches behind issued bills of its code, or changes the late fee of open ones. One that begins after today
/// reaches behind nothing.
pub(super) fn refuse(cx: &Cx<'_, '_>, book: &PriceBook, tariff: &Tariff) -> Result<(), Refusal> {
    let from = tariff.valid_from;
    if from > cx.day {
        return Ok(());
    }
    let next = book.tariffs().filter(|other| other.code == tariff.code && other.valid_from > from);
    let before_next = next.filter_map(|other| other.valid_from.pred_opt()).min();
    let until = [tariff.valid_to, before_next].into_iter().flatten().min().unwrap_or(NO_END);
    let replaced = book.at(&tariff.code, from).ok();
    let priced = PricedBy { code: &tariff.code, class: &tariff.class };
    let known = cx.tx.last_bill_used_within(&priced, from, until)?;
    let highest = under_the_highest(cx, book, tariff, (from, until))?;
    if let Some(bill) = known.into_iter().chain(highest).max_by_key(|bill| (bill.last_day, bill.id)) {
        let text = format!("账单 {} {}（用到 {}）已按原价出账", bill.cycle, bill.id, bill.last_day);
        return Err(behind(tariff, &text, bill.last_day));
    }
    let other_fee = replaced.is_some_and(|replaced| !same_fee(replaced.late_fee.as_ref(), tariff.late_fee.as_ref()));
    let open: Option<BillRow> = if other_fee { cx.tx.last_open_due_within(&tariff.code, from, until)? } else { None };
    open.map_or(Ok(()), |bill| {
        let text = format!("账单 {} {} 未缴，{} 到期，滞纳金会随之改变", bill.cycle, bill.id, bill.due);
        Err(behind(tariff, &text, bill.due))
    })
}

/// The last bill that says it was rated at the highest price, where that would take this tariff in: the highest price is looked for over every code, also one that had no file yet
///
fn under_the_highest(
    cx: &Cx<'_, '_>,
    book: &PriceBook,
    tariff: &Tariff,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Option<BillRow>, Refusal> {
    for bill in cx.tx.bills_at_the_highest(tariff.utility.code(), from, until)? {
        let Some(facts) = cx.tx.billing_facts(bill.account)? else { continue };
        let Some(issued) = body::issued(cx.tx, bill.id)? else { continue };
        let ledger = Ledger::of(&facts);
        let kept = Kept { book, account: tariffs::pricing(&ledger.account), ledger: &ledger };
        // A bill whose shares nobody can tell any more cannot be rated again.
        let days = kept.own(&issued).unwrap_or_default();
        let within = days.iter().filter(|days| days.first.max(from) <= days.last.min(until));
        let takes_in = |price: Pricing<'_>| pricing::takes_in(book, &price, tariff);
        if within.filter_map(|days| kept.at_highest(days)).any(takes_in) {
            return Ok(Some(bill));
        }
    }
    Ok(None)
}

fn behind(tariff: &Tariff, bill: &str, last: NaiveDate) -> Refusal {
    let text = format!(
        "价目 {} 从 {} 起生效，{bill}：已出的账单不能由一人倒改；请把生效日定在 {last} 之后，\
         或先作废这样的账单 (bill.cancel)，载入后重新出账",
        tariff.code, tariff.valid_from
    );
    Refusal::field("R-036", "text", text)
}

/// Do two rules charge the same? When a bill falls due was said when it was made.
fn same_fee(one: Option<&LateFeeRule>, other: Option<&LateFeeRule>) -> bool {
    let charge = |rule: Option<&LateFeeRule>| rule.map(|rule| LateFeeRule { due_days: 0, ..rule.clone() });
    charge(one) == charge(other)
}
