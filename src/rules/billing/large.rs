//! Bills so large that a person is asked before they go out: many times the last one, or large where nothing is known.
//!
//! Decision where the papers are silent (R-230 asks about large volumes at the import only): ten times the last bill and at
//! least 2,000 yuan; without an earlier bill ten times the last volume of the old system; without either, more than a household
//! has ever used (5,000 yuan), or ten times that for others. The branch may set these four.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::rules::money::Fen;

/// From when on a bill is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many times the last bill.
    pub times: u32,
    /// Smaller bills are never asked about.
    pub least: Fen,
    /// A household's bill with nothing before it.
    pub household: Fen,
    /// Anybody else's.
    pub other: Fen,
}

impl Default for Limits {
    fn default() -> Self {
        Self { times: 10, least: Fen(200_000), household: Fen(500_000), other: Fen(5_000_000) }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {} {}", self.times, self.least, self.household, self.other)
    }
}

impl FromStr for Limits {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [times, least, household, other] = parts[..] else { return Err(()) };
        let fen = |text: &str| text.parse::<Fen>().map_err(|_| ());
        let times = times.parse().map_err(|_| ())?;
        Ok(Self { times, least: fen(least)?, household: fen(household)?, other: fen(other)? })
    }
}

/// What is known from before a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// The last bill that was more than nothing.
    pub amount: Option<Fen>,
    /// The last volume of the old system that was more than nothing, whole units.
    pub volume: Option<u32>,
    /// A household?
    pub household: bool,
}

impl Limits {
    /// Why a bill is asked about; none when it is not.
    pub fn asks(&self, amount: Fen, volume: i64, before: Before) -> Option<String> {
        if amount < self.least {
            return None;
        }
        let limit = if before.household { self.household } else { self.other };
        match before {
            Before { amount: Some(last), .. } => {
                let above = amount.0 > last.0.saturating_mul(i64::from(self.times));
                let times = Decimal::from(amount.0) / Decimal::from(last.0.max(1));
                let (amount, last) = (amount.grouped(), last.grouped());
                above.then(|| format!("应收 {amount} 元，是上一张账单 {last} 元的 {} 倍", times.round()))
            }
            Before { volume: Some(last), .. } => {
                let above = volume > i64::from(last).saturating_mul(i64::from(self.times));
                let amount = amount.grouped();
                above.then(|| format!("用量 {volume}，超过上期 {last} 的 {} 倍，应收 {amount} 元", self.times))
            }
            _ => {
                let words = format!("应收 {} 元，没有以前的账单可比", amount.grouped());
                (amount > limit).then(|| format!("{words}，超过 {} 元", limit.grouped()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_many_times_the_last_is_asked_about_and_a_small_one_never() {
        let limits = Limits::default();
        let last = |fen: i64| Before { amount: Some(Fen(fen)), household: true, ..Before::default() };
        let old = |volume: u32| Before { volume: Some(volume), household: true, ..Before::default() };
        let none = |household: bool| Before { household, ..Before::default() };
        let table = [
            (88_076_624, 97_864, last(9_500), true),
            (200_000, 390, last(20_000), false),
            (200_001, 390, last(20_000), true),
            (199_999, 390, last(100), false),
            (200_000, 390, last(4_999), true),
            (902_000, 1_100, old(20), true),
            (902_000, 200, old(20), false),
            (500_000, 999, none(true), false),
            (500_001, 999, none(true), true),
            (500_001, 999, none(false), false),
            (5_000_001, 9_999, none(false), true),
        ];
        for (amount, volume, before, asked) in table {
            assert_eq!(limits.asks(Fen(amount), volume, before).is_some(), asked, "{amount} {before:?}");
        }
        assert_eq!(limits.to_string().parse(), Ok(limits));
        assert_eq!("10 500.00".parse::<Limits>(), Err(()));
    }
}
