//! Part payments (部分缴费) and the late fee that goes with them.
//!
//! The catalogue gives the fee of a bill paid whole (A-16: days × rate × principal, cut to the step, no fee on fee). For a bill
//! paid in parts the reading here is: **the fee runs on the principal that is unpaid, each day of it**, so a part of the
//! principal bears the fee of its own days, from the due date to the day it was paid. The raw fee of the bill is the exact sum
//! over its parts, cut to the step **once**, less what was charged before. So paying in parts is never dearer than the days
//! say and never a way round the step, and nothing is charged twice. What is paid goes **to the late fee first**: otherwise a
//! principal could be paid out while its fee stays behind, and a fee alone, on which no fee runs, would stay for ever.

use chrono::NaiveDate;

use super::fault::Fault;
use super::late_fee::{self, LateFee};
use super::money::Fen;
use super::tariff::model::LateFeeRule;
use super::tariff::period::year_end;

/// What earlier payments on a bill leave behind for its late fee.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Σ principal paid (fen) × days late, up to 31 December of the due date's year.
    pub fen_days: i64,
    /// The same for days after it.
    pub fen_days_later: i64,
    /// Late fee charged so far, paid or waived.
    pub charged: Fen,
}

/// What one bill owes on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// Unpaid principal.
    pub principal: Fen,
    /// Late fee still to be charged.
    pub late_fee: Fen,
}

/// Days late, and how many of them lie after 31 December of the due date's year.
pub fn days_late(due: NaiveDate, paid: NaiveDate) -> (i64, i64) {
    let days = (paid - due).num_days().max(0);
    (days, (paid - year_end(due)).num_days().clamp(0, days))
}

impl Earlier {
    /// Adds a part of the principal paid on a day, and the fee charged with it.
    pub fn add(&mut self, principal: Fen, charged: Fen, due: NaiveDate, paid: NaiveDate) {
        self.change(principal, charged, due, paid, 1);
    }

    /// Takes back what [`Self::add`] added.
    pub fn take_back(&mut self, principal: Fen, charged: Fen, due: NaiveDate, paid: NaiveDate) {
        self.change(principal, charged, due, paid, -1);
    }

    fn change(&mut self, principal: Fen, charged: Fen, due: NaiveDate, paid: NaiveDate, sign: i64) {
        let (days, later) = days_late(due, paid);
        self.fen_days += sign * principal.0 * (days - later);
        self.fen_days_later += sign * principal.0 * later;
        self.charged += Fen(sign * charged.0);
    }
}

/// The late fee still owed on a bill: `unpaid` of its `amount`, due on `due`, paid on `paid`, after `earlier` part payments.
///
/// `fee` is what is to be charged now; `raw` is that of the whole bill.
pub fn late_fee(
    rule: &LateFeeRule,
    amount: Fen,
    unpaid: Fen,
    due: NaiveDate,
    paid: NaiveDate,
    earlier: Earlier,
) -> Result<LateFee, Fault> {
    if earlier == Earlier::default() {
        return late_fee::late_fee(rule, unpaid, due, paid);
    }
    let fault = || Fault::new("R-180", "欠费本金太大，无法计算滞纳金");
    let (days, later) = days_late(due, paid);
    let now = late_fee::raw(rule, unpaid.decimal(), days - later, later).ok_or_else(fault)?;
    let before = late_fee::raw(rule, Fen(earlier.fen_days).decimal(), 1, 0).ok_or_else(fault)?;
    let before_later = late_fee::raw(rule, Fen(earlier.fen_days_later).decimal(), 0, 1).ok_or_else(fault)?;
    let raw = (now + before + before_later).normalize();
    if raw.is_zero() {
        return Ok(LateFee { days, days_next_year: later, raw, fee: Fen::ZERO });
    }
    let whole = late_fee::charge(rule, raw, amount.max(unpaid))?;
    Ok(LateFee { days, days_next_year: later, raw, fee: (whole - earlier.charged).max(Fen::ZERO) })
}

/// What of `money` goes where: the late fee first, then the principal. Nothing beyond what is owed is taken.
pub fn share(owed: Owed, money: Fen) -> Owed {
    let late_fee = money.min(owed.late_fee);
    Owed { late_fee, principal: (money - late_fee).min(owed.principal) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    fn rule(step: &str, minimum: &str) -> LateFeeRule {
        LateFeeRule {
            due_days: 15,
            rate: "0.003".parse().unwrap(),
            next_year_rate: Some("0.002".parse().unwrap()),
            step: step.parse().unwrap(),
            half_up: false,
            minimum: minimum.parse().unwrap(),
            cap_principal: false,
            own_waiver: Decimal::from(20),
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_late_fee_is_paid_first() {
        let owed = Owed { principal: Fen(8_640), late_fee: Fen(50) };
        for (money, principal, fee) in [(0, 0, 0), (30, 0, 30), (50, 0, 50), (5_000, 4_950, 50), (9_999, 8_640, 50)] {
            assert_eq!(share(owed, Fen(money)), Owed { principal: Fen(principal), late_fee: Fen(fee) });
        }
    }

    #[test]
    fn each_part_bears_the_fee_of_its_own_days_and_the_step_cuts_once() {
        let due = day("2026-01-15");
        let mut earlier = Earlier::default();
        // 100.00, three days late: 0.90, cut to 0.50. 40.00 of it is paid then.
        let first = late_fee(&rule("0.5", "0"), Fen(10_000), Fen(10_000), due, day("2026-01-18"), earlier).unwrap();
        assert_eq!(first.fee, Fen(50));
        earlier.add(Fen(4_000), Fen(50), due, day("2026-01-18"));
        // 40 × 3 days + 60 × 10 days = 2.16, cut to 2.00, less 0.50.
        let rest = late_fee(&rule("0.5", "0"), Fen(10_000), Fen(6_000), due, day("2026-01-25"), earlier).unwrap();
        assert_eq!((rest.raw.to_string(), rest.fee), ("2.16".into(), Fen(150)));
        earlier.take_back(Fen(4_000), Fen(50), due, day("2026-01-18"));
        assert_eq!(earlier, Earlier::default());
    }

    proptest! {
        /// Same day in parts = same day at once; and never more than if everything had stood until the last day.
        #[test]
        fn paying_in_parts_costs_neither_more_nor_less(
            amount in 1i64..1_000_000, cuts in prop::collection::vec((0i64..100, 0i64..400), 1..5), last in 0i64..600,
        ) {
            let (rule, due) = (rule("0.01", "0"), day("2026-06-15"));
            let (mut earlier, mut unpaid, mut charged) = (Earlier::default(), Fen(amount), Fen::ZERO);
            let mut days: Vec<_> = cuts.iter().map(|(_, days)| *days).collect();
            days.sort_unstable();
            for ((part, _), on) in cuts.iter().zip(days) {
                let paid = due + chrono::Days::new(on as u64);
                let late = late_fee(&rule, Fen(amount), unpaid, due, paid, earlier).unwrap();
                let principal = Fen(unpaid.0 * part / 100);
                earlier.add(principal, late.fee, due, paid);
                unpaid -= principal;
                charged += late.fee;
            }
            let paid = due + chrono::Days::new((last + 400) as u64);
            let rest = late_fee(&rule, Fen(amount), unpaid, due, paid, earlier).unwrap();
            let whole = late_fee::late_fee(&rule, Fen(amount), due, paid).unwrap();
            prop_assert!(charged + rest.fee <= whole.fee);
            let exact = late_fee::charge(&rule, rest.raw, Fen(amount)).unwrap();
            prop_assert_eq!(charged + rest.fee, exact.max(charged));
        }
    }
}
