//! Late fee (滞纳金、违约金), R-180 … R-187 with the readings.
//!
//! Per bill: days = paid − due, none when not positive; raw = unpaid principal × rate × days, where the days after 31
//! December of the debt's year may have a rate of their own; never fee on fee. The raw fee is cut to a multiple of the
//! step (gas: 0.5 yuan, down), raised to the minimum (power: 1 yuan), and capped at the principal where the tariff says
//! so. All numbers come from the tariff (`[late_fee]`) valid on the due date, none from the program.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::fault::Fault;
use super::money::Fen;
use super::tariff::model::{LateFeeRule, Tariff};
use super::tariff::period::year_end;

/// A late fee and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateFee {
    /// Days late, 0 when in time.
    pub days: i64,
    /// How many of them lie after 31 December of the due date's year.
    pub days_next_year: i64,
    /// Before cutting, yuan, exact.
    pub raw: Decimal,
    /// What is owed.
    pub fee: Fen,
}

/// The rule of a tariff; a tariff without `[late_fee]` has none and says so.
pub fn rule_of(tariff: &Tariff) -> Result<&LateFeeRule, Fault> {
    let message = || format!("价目“{}”（{} 起）没有滞纳金规定，不能计算", tariff.code, tariff.valid_from);
    tariff.late_fee.as_ref().ok_or_else(|| Fault::new("R-180", message()))
}

/// The late fee on an unpaid `principal` (not negative) that was due on `due` and is paid on `paid`.
///
/// Nothing is owed on a principal of zero, whatever the minimum.
pub fn late_fee(rule: &LateFeeRule, principal: Fen, due: NaiveDate, paid: NaiveDate) -> Result<LateFee, Fault> {
    if principal.is_negative() {
        return Err(Fault::new("R-180", "欠费本金不能为负数"));
    }
    let days = (paid - due).num_days().max(0);
    let days_next_year = (paid - year_end(due)).num_days().clamp(0, days);
    let raw = raw(rule, principal.decimal(), days - days_next_year, days_next_year)
        .ok_or_else(|| Fault::new("R-180", "欠费本金太大，无法计算滞纳金"))?;
    if days == 0 || principal == Fen::ZERO {
        return Ok(LateFee { days, days_next_year, raw, fee: Fen::ZERO });
    }
    let fee = charge(rule, raw, principal)?;
    Ok(LateFee { days, days_next_year, raw, fee })
}

/// What a raw fee comes to: cut to the step, raised to the minimum, capped at the principal where the tariff says so.
pub fn charge(rule: &LateFeeRule, raw: Decimal, principal: Fen) -> Result<Fen, Fault> {
    let mut fee = cut(raw, rule).max(rule.minimum);
    if rule.cap_principal {
        fee = fee.min(principal.decimal());
    }
    Fen::round(fee).ok_or_else(|| Fault::new("R-180", "滞纳金太大，请核对日期和本金"))
}

/// The fee before cutting: principal × rate × days, with the rate of the next year for the days after 31 December.
pub fn raw(rule: &LateFeeRule, principal: Decimal, days: i64, days_next_year: i64) -> Option<Decimal> {
    let first = principal.checked_mul(rule.rate)?.checked_mul(days.into())?;
    let later = rule.next_year_rate.unwrap_or(rule.rate);
    let second = principal.checked_mul(later)?.checked_mul(days_next_year.into())?;
    Some(first.checked_add(second)?.normalize())
}

/// The multiple of the step below `raw`, or the nearest one (halves up).
fn cut(raw: Decimal, rule: &LateFeeRule) -> Decimal {
    let rest = raw % rule.step;
    let low = raw - rest;
    if rule.half_up && rest + rest >= rule.step { low + rule.step } else { low }
}

impl LateFee {
    /// The calculation in words, for F8: `86.40 × 0.003 × 3天 = 0.7776元，按0.5元舍去零头，为0.50元`.
    pub fn formula(&self, rule: &LateFeeRule, principal: Fen) -> String {
        let term = |rate: Decimal, days: i64| format!("{principal} × {} × {days}天", rate.normalize());
        let later = rule.next_year_rate.filter(|rate| *rate != rule.rate && self.days_next_year > 0);
        let text = match later {
            Some(later) => {
                let first = term(rule.rate, self.days - self.days_next_year);
                format!("{first} + 跨年后 {}", term(later, self.days_next_year))
            }
            None => term(rule.rate, self.days),
        };
        let how = if rule.half_up { "四舍五入" } else { "舍去零头" };
        format!("{text} = {}元，按{}元{how}，为{}元", self.raw, rule.step.normalize(), self.fee)
    }
}

/// May a clerk waive `asked` alone? Only on an estimated bill, up to and including the tariff's
/// `own_waiver`, summed per customer and day (`waived_today` is what was waived before).
pub fn own_waiver(rule: &LateFeeRule, estimated: bool, waived_today: Fen, asked: Fen) -> Result<(), Fault> {
    if !estimated {
        return Err(Fault::new("A-17", "只有估抄账单的滞纳金可由营业员自行减免，其他须走特殊处理审批"));
    }
    let sum = waived_today + asked;
    if sum.decimal() > rule.own_waiver {
        let limit = Fen::round(rule.own_waiver).unwrap_or_default();
        return Err(Fault::new(
            "A-17",
            format!("该用户今日减免合计{sum}元，超过营业员权限{limit}元，须走特殊处理审批"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn gas() -> LateFeeRule {
        LateFeeRule {
            due_days: 15,
            rate: dec("0.003"),
            next_year_rate: None,
            step: dec("0.5"),
            half_up: false,
            minimum: Decimal::ZERO,
            cap_principal: false,
            own_waiver: dec("20.00"),
        }
    }

    fn power() -> LateFeeRule {
        LateFeeRule { rate: dec("0.001"), step: dec("0.01"), half_up: true, minimum: dec("1"), ..gas() }
    }

    fn fee(rule: &LateFeeRule, principal: &str, due: &str, paid: &str) -> (i64, String, String) {
        let late = late_fee(rule, principal.parse().unwrap(), day(due), day(paid)).unwrap();
        (late.days, late.raw.to_string(), late.fee.to_string())
    }

    #[test]
    fn the_gas_fee_goes_down_to_half_yuan() {
        for (principal, due, paid, days, raw, wanted) in [
            ("86.40", "2026-01-15", "2026-01-18", 3, "0.7776", "0.50"),
            ("86.40", "2026-01-15", "2026-01-15", 0, "0", "0.00"),
            ("86.40", "2026-01-15", "2026-01-01", 0, "0", "0.00"),
            ("466.67", "2026-01-15", "2026-01-16", 1, "1.40001", "1.00"),
            ("633.33", "2026-01-15", "2026-01-16", 1, "1.89999", "1.50"),
            ("100.00", "2026-01-15", "2026-01-16", 1, "0.3", "0.00"),
            ("500.00", "2026-01-15", "2026-01-16", 1, "1.5", "1.50"),
            ("0", "2026-01-15", "2026-02-16", 32, "0", "0.00"),
        ] {
            assert_eq!(fee(&gas(), principal, due, paid), (days, raw.into(), wanted.into()), "{principal} {paid}");
        }
    }

    #[test]
    fn the_power_fee_is_at_least_one_yuan_once_a_day_late() {
        assert_eq!(fee(&power(), "100", "2026-01-15", "2026-01-20"), (5, "0.5".into(), "1.00".into()));
        assert_eq!(fee(&power(), "100", "2026-01-15", "2026-01-15"), (0, "0".into(), "0.00".into()));
        assert_eq!(fee(&power(), "1234.50", "2026-01-15", "2026-01-16"), (1, "1.2345".into(), "1.23".into()));
        assert_eq!(fee(&power(), "1235.00", "2026-01-15", "2026-01-16"), (1, "1.235".into(), "1.24".into()));
        assert_eq!(fee(&power(), "0", "2026-01-15", "2026-01-20").2, "0.00");
    }

    #[test]
    fn days_after_the_year_of_the_debt_have_their_own_rate() {
        let rule = LateFeeRule { next_year_rate: Some(dec("0.002")), step: dec("0.01"), ..gas() };
        assert_eq!(fee(&rule, "100", "2025-12-20", "2025-12-31"), (11, "3.3".into(), "3.30".into()));
        assert_eq!(fee(&rule, "100", "2025-12-20", "2026-01-10"), (21, "5.3".into(), "5.30".into()));
        assert_eq!(fee(&rule, "100", "2025-12-31", "2026-01-01"), (1, "0.2".into(), "0.20".into()));
        assert_eq!(fee(&rule, "100", "2025-12-31", "2027-01-01"), (366, "73.2".into(), "73.20".into()));
        let late = late_fee(&rule, Fen(10_000), day("2025-12-20"), day("2026-01-10")).unwrap();
        let words = "100.00 × 0.003 × 11天 + 跨年后 100.00 × 0.002 × 10天 = 5.3元，按0.01元舍去零头，为5.30元";
        assert_eq!(late.formula(&rule, Fen(10_000)), words);
    }

    #[test]
    fn the_cap_comes_last() {
        let rule = LateFeeRule { cap_principal: true, minimum: dec("1"), ..gas() };
        assert_eq!(fee(&rule, "10", "2020-01-01", "2026-01-01").2, "10.00");
        assert_eq!(fee(&rule, "0.40", "2026-01-01", "2026-01-02").2, "0.40");
        let late = late_fee(&gas(), Fen(8640), day("2026-01-15"), day("2026-01-18")).unwrap();
        assert_eq!(late.formula(&gas(), Fen(8640)), "86.40 × 0.003 × 3天 = 0.7776元，按0.5元舍去零头，为0.50元");
    }

    #[test]
    fn a_clerk_waives_up_to_and_including_twenty_on_estimated_bills_only() {
        assert!(own_waiver(&gas(), true, Fen::ZERO, Fen(2000)).is_ok());
        assert!(own_waiver(&gas(), true, Fen(1), Fen(2000)).is_err());
        assert!(own_waiver(&gas(), true, Fen::ZERO, Fen(2001)).is_err());
        assert_eq!(own_waiver(&gas(), false, Fen::ZERO, Fen(1)).unwrap_err().rule, "A-17");
    }

    proptest! {
        #[test]
        fn the_fee_never_falls_with_a_later_day(
            principal in 0i64..10_000_000, due in 0u64..800, late in 0u64..900, more in 0u64..400,
            rate in 0i64..20, next in proptest::option::of(0i64..20), step in 1i64..120, half_up: bool,
            minimum in 0i64..300, cap_principal: bool,
        ) {
            let rule = LateFeeRule {
                due_days: 0, rate: Decimal::new(rate, 4), next_year_rate: next.map(|rate| Decimal::new(rate, 4)),
                step: Decimal::new(step, 2), half_up, minimum: Decimal::new(minimum, 2), cap_principal,
                own_waiver: Decimal::ZERO,
            };
            let due = day("2024-06-01") + chrono::Days::new(due);
            let paid = due + chrono::Days::new(late);
            let first = late_fee(&rule, Fen(principal), due, paid).unwrap();
            let second = late_fee(&rule, Fen(principal), due, paid + chrono::Days::new(more)).unwrap();
            prop_assert!(first.fee <= second.fee && first.raw <= second.raw);
            prop_assert!(!cap_principal || second.fee <= Fen(principal));
        }
    }
}
