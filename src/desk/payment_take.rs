//! `payment.take`: 收费. One, several or part of the bills of an account, by cash, bank card, transfer or prepaid; or one
//! fee owed for a business, named by its case: then the entry is that of a fee.

use super::action::{Action, Cx, Decision, Draft};
use super::fee_take::{self, FeeTake};
use super::refusal::{Fault, Refusal};
use super::till::ask::Ask;
use super::till::book::{Taken, book};
use super::till::plan::{Days, plan};
use super::till::shift;

/// The action.
pub struct PaymentTake;

impl Action for PaymentTake {
    const NAME: &'static str = "payment.take";
    const SUMMARY: &'static str = "收费：一笔、几笔或部分账单，或一项业务的应收费用";
    const MERGE: &'static str =
        "钱都算数；账单按收费先后销账，已缴清的再收即为用户余款并列疑问；预存用两次时后一次无效";
    type Input = Ask;
    type Output = Taken;

    fn decide(cx: &Cx<'_, '_>, input: Ask) -> Result<Decision<Taken>, Refusal> {
        if let Some(charge) = input.charge.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            return fee(cx, &input, charge);
        }
        let shift = shift::own(cx)?;
        let prices = cx.shelf.prices(cx.tx)?;
        let plan = plan(cx.tx, &prices, Days::of(cx.day), &input)?;
        book(cx, &shift, &plan, &input, None)
    }
}

/// One fee that is owed, by itself: who may take fees takes it, and it is written as a fee.
fn fee(cx: &Cx<'_, '_>, ask: &Ask, charge: &str) -> Result<Decision<Taken>, Refusal> {
    cx.rights.require(FeeTake::NAME)?;
    Refusal::unless_empty(beside(ask))?;
    let input = fee_take::Input {
        account: Some(ask.account.clone()),
        charge: Some(charge.to_owned()),
        kind: String::new(),
        amount: None,
        method: ask.method,
        tendered: ask.tendered,
        confirm: ask.confirm,
        payer: String::new(),
        for_what: String::new(),
    };
    let (subjects, body, fee) = fee_take::taken(cx, input)?;
    if ask.expected_total.is_some_and(|seen| seen != fee.amount) {
        let seen = ask.expected_total.unwrap_or_default();
        return Err(Refusal::stale(format!("应收已变：您看到的是 {seen}，现在是 {}，请重新核对后再收", fee.amount)));
    }
    let payload = serde_json::to_string(&body).map_err(|error| Refusal::data(error.to_string()))?;
    let account = body.account.map(|account| cx.tx.account(account)).transpose()?.flatten();
    let account = account.ok_or_else(|| Refusal::missing("account", "户", &ask.account))?;
    let output = Taken::of_fee(cx, fee, ask.method, &account)?;
    let under = Some((FeeTake::NAME, FeeTake::VERSION));
    Ok(Decision { draft: Some(Draft { subjects, payload, under }), output })
}

/// What belongs to bills and cannot be said beside a fee.
fn beside(ask: &Ask) -> Vec<Fault> {
    let said = [
        ("bills", ask.bills.as_ref().is_some_and(|bills| !bills.is_empty())),
        ("amounts", ask.amounts.is_some()),
        ("waive", ask.waive.is_some()),
        ("to_prepaid", ask.to_prepaid.is_some()),
        ("from_prepaid", ask.from_prepaid.is_some()),
        ("keep_change", ask.keep_change),
    ];
    let text = "业务费单独收一笔：请去掉这一项，账单和预存另收";
    said.into_iter().filter(|(_, said)| *said).map(|(field, _)| Fault::field("R-209", field, text)).collect()
}
