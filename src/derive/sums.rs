//! What a payload says of money that cannot be, whoever it is about: parts that do not make the whole, less than nothing, money where
//! the method moves none. The sides of an entry are folded apart, and each would find only its own fault: the till would post what the
//! account refuses. So it is asked of the payload alone, before any fold ([`super::parties`]), and answered for all of them.

use super::account::bill::BillIssued;
use super::account::cover::Covers;
use super::account::payment::{PaymentLine, PaymentTaken, money_account};
use super::account::transfer::Refund;
use super::order::body::Charged;
use super::request::AdjustmentDecided;
use super::shift::FeeTaken;
use crate::rules::money::Fen;

/// Why a payload counts for nobody.
pub type Why = Option<&'static str>;

/// A payment: its parts are the money and the balances it names.
pub fn payment(body: &PaymentTaken) -> Why {
    let parts: Fen = body.lines.iter().map(|line| line.principal + line.late_fee).sum();
    let below = |line: &PaymentLine| {
        (line.principal.0 | line.late_fee.0 | line.waived.0 | line.charged_before.unwrap_or_default().0) < 0
    };
    let negative = body.lines.iter().any(below)
        || (body.to_prepaid.0 | body.from_prepaid.0 | body.from_credit.0 | body.amount.0) < 0;
    if negative || parts + body.to_prepaid != body.amount + body.from_prepaid + body.from_credit {
        return Some("收费各项之和与金额不符");
    }
    if money_account(&body.method).is_none() && body.amount != Fen::ZERO {
        return Some("预存缴费不应收钱");
    }
    covers(body.covers.as_ref())
}

/// A fee: money, and of a charge not less than nothing.
pub fn fee(body: &FeeTaken) -> Why {
    let short = (body.charge.is_some() && body.amount.is_negative()).then_some("收款不能是负数");
    money(&body.method, "服务费不能用预存").or(short)
}

/// A method that moves money.
pub fn money(method: &str, why: &'static str) -> Why {
    money_account(method).is_none().then_some(why)
}

/// What a customer gets back.
pub fn refund(body: Option<&Refund>) -> Why {
    body.filter(|refund| refund.prepaid.is_negative() || refund.credit.is_negative()).map(|_| "退款不能是负数")
}

/// What a case costs.
pub fn charges(charges: &[Charged]) -> Why {
    charges.iter().any(|charge| charge.amount.is_negative()).then_some("业务费不能是负数")
}

/// What prepaid and credit stand for.
pub fn covers(covers: Option<&Covers>) -> Why {
    let below =
        |line: &super::account::cover::CoverLine| (line.principal.0 | line.late_fee.0 | line.charged_before.0) < 0;
    let later = |covers: &&Covers| covers.lines.iter().any(|line| covers.day_of(line) > covers.day);
    let negative = covers.filter(|covers| covers.lines.iter().any(below)).map(|_| "抵缴的金额不能是负数");
    negative.or_else(|| covers.filter(later).map(|_| "抵缴的钱不能晚于抵缴那天"))
}

/// A bill that comes with something else.
pub fn bill(body: Option<&BillIssued>) -> Why {
    let differs = |bill: &&BillIssued| bill.lines.iter().map(|line| line.amount).sum::<Fen>() != bill.amount;
    body.filter(differs).map(|_| "账单各行之和与应收不符")
}

/// A decision on special handling with all that it does.
pub fn decision(body: &AdjustmentDecided) -> Why {
    let bills = body.effect.iter().flat_map(|effect| &effect.replace).find_map(|one| bill(Some(&one.new)));
    bills.or_else(|| covers(body.covers.as_ref()))
}
