//! `payment.take`: 收费. One, several or part of the bills of an account, by cash, bank card, transfer or prepaid.

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::till::ask::Ask;
use super::till::book::{Taken, book};
use super::till::plan::{Days, plan};
use super::till::shift;
use super::whose::Whose;

/// The action.
pub struct PaymentTake;

impl Action for PaymentTake {
    const NAME: &'static str = "payment.take";
    const SUMMARY: &'static str = "收费：一笔、几笔或部分账单";
    const MERGE: &'static str =
        "钱都算数；账单按收费先后销账，已缴清的再收即为用户余款并列疑问；预存用两次时后一次无效";
    const WHOSE: Whose = Whose::AnyAccount;
    type Input = Ask;
    type Output = Taken;

    fn decide(cx: &Cx<'_, '_>, input: Ask) -> Result<Decision<Taken>, Refusal> {
        let shift = shift::own(cx)?;
        let prices = cx.shelf.prices(cx.tx)?;
        let plan = plan(cx.tx, &prices, Days::of(cx.day), &input)?;
        book(cx, &shift, &plan, &input, None)
    }
}
