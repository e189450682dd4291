//! Exact numbers: fractions of two `i128`, always in lowest terms.
//!
//! A use split by days, by the months of a part year or among the registers of a meter is a fraction no decimal can
//! hold. Every operation is checked: `None` means the number would not fit, and the caller refuses.

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::Decimal;

/// An exact number. The denominator is above zero and shares no factor with the numerator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exact {
    numerator: i128,
    denominator: i128,
}

/// Decimals a printed quantity has at most.
pub const PRINTED_PLACES: u32 = 6;

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; `None` when the denominator is not above zero.
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator <= 0 || numerator == i128::MIN {
            return None;
        }
        let common = common_factor(numerator.abs(), denominator);
        Some(Self { numerator: numerator / common, denominator: denominator / common })
    }

    /// A whole number.
    pub const fn whole(number: i64) -> Self {
        Self { numerator: number as i128, denominator: 1 }
    }

    /// A decimal, as it is.
    pub fn of(value: Decimal) -> Self {
        let value = value.normalize();
        // a Decimal has at most 28 places and a mantissa of 96 bits, so both parts fit
        Self::new(value.mantissa(), 10i128.pow(value.scale())).unwrap_or(Self::ZERO)
    }

    /// Sum.
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.denominator == other.denominator {
            return Self::new(self.numerator.checked_add(other.numerator)?, self.denominator);
        }
        let common = common_factor(self.denominator, other.denominator);
        let left = self.numerator.checked_mul(other.denominator / common)?;
        let right = other.numerator.checked_mul(self.denominator / common)?;
        Self::new(left.checked_add(right)?, (self.denominator / common).checked_mul(other.denominator)?)
    }

    /// Difference.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { numerator: other.numerator.checked_neg()?, denominator: other.denominator })
    }

    /// Product.
    pub fn times(self, other: Self) -> Option<Self> {
        let first = common_factor(self.numerator.abs(), other.denominator);
        let second = common_factor(other.numerator.abs(), self.denominator);
        Some(Self {
            numerator: (self.numerator / first).checked_mul(other.numerator / second)?,
            denominator: (self.denominator / second).checked_mul(other.denominator / first)?,
        })
    }

    /// Quotient; `None` also when `other` is not above zero.
    pub fn over(self, other: Self) -> Option<Self> {
        if other.numerator <= 0 {
            return None;
        }
        self.times(Self { numerator: other.denominator, denominator: other.numerator })
    }

    /// Nothing?
    pub fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Rounds half up (away from zero) to `places` decimals and gives the number of such units: fen for 2.
    pub fn units(self, places: u32) -> Option<i128> {
        let scale = 10i128.checked_pow(places)?;
        let size = self.numerator.abs();
        let (whole, rest) = (size / self.denominator, size % self.denominator);
        let scaled = rest.checked_mul(scale)?;
        let (part, left) = (scaled / self.denominator, scaled % self.denominator);
        let up = i128::from(left >= self.denominator - left);
        let units = whole.checked_mul(scale)?.checked_add(part + up)?;
        Some(if self.numerator < 0 { -units } else { units })
    }
}

fn common_factor(left: i128, right: i128) -> i128 {
    let (mut left, mut right) = (left, right);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left.max(1)
}

impl Ord for Exact {
    /// Compares whole parts, then the remainders upside down: nothing can overflow.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.numerator, self.denominator);
        let (mut c, mut d) = (other.numerator, other.denominator);
        loop {
            let (left, right) = (a.div_euclid(b), c.div_euclid(d));
            let (left_rest, right_rest) = (a.rem_euclid(b), c.rem_euclid(d));
            if left != right || left_rest == 0 || right_rest == 0 {
                return left.cmp(&right).then((left_rest != 0).cmp(&(right_rest != 0)));
            }
            (a, b, c, d) = (d, right_rest, b, left_rest);
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Exact {
    /// Prints without needless zeros, at most six decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(units) = self.units(PRINTED_PLACES) else {
            return write!(f, "{}/{}", self.numerator, self.denominator);
        };
        let scale = 10u128.pow(PRINTED_PLACES);
        let (whole, rest) = (units.unsigned_abs() / scale, units.unsigned_abs() % scale);
        let sign = if units < 0 { "-" } else { "" };
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{}", format!("{rest:06}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(numerator: i128, denominator: i128) -> Exact {
        Exact::new(numerator, denominator).unwrap()
    }

    #[test]
    fn a_third_three_times_is_one() {
        let third = exact(1, 3);
        assert_eq!(third.plus(third).unwrap().plus(third).unwrap(), Exact::ONE);
        assert_eq!(third.to_string(), "0.333333");
        assert_eq!(exact(2, 3).to_string(), "0.666667");
        assert_eq!(exact(-5, 2).to_string(), "-2.5");
        assert_eq!(exact(40, 2).to_string(), "20");
    }

    #[test]
    fn halves_go_up() {
        for (numerator, denominator, fen) in
            [(5, 1000, 1), (4999, 1_000_000, 0), (15, 1000, 2), (-5, 1000, -1), (1, 3, 33)]
        {
            assert_eq!(exact(numerator, denominator).units(2), Some(fen));
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let large = exact(i128::MAX, 1);
        assert_eq!(large.plus(Exact::ONE), None);
        assert_eq!(large.times(Exact::whole(2)), None);
        assert_eq!(Exact::ONE.over(Exact::ZERO), None);
        assert!(large > exact(i128::MAX - 1, 1));
        assert!(exact(1, i128::MAX) < exact(1, i128::MAX - 1));
    }

    proptest! {
        #[test]
        fn order_agrees_with_the_difference(a in -1000i128..1000, b in 1i128..1000, c in -1000i128..1000, d in 1i128..1000) {
            let (left, right) = (exact(a, b), exact(c, d));
            prop_assert_eq!(left.cmp(&right), (a * d).cmp(&(c * b)));
            let back = left.minus(right).unwrap().plus(right).unwrap();
            prop_assert_eq!(back, left);
            prop_assert_eq!(left.cmp(&back), Ordering::Equal);
        }

        #[test]
        fn a_decimal_keeps_its_value(mantissa in -1_000_000_000_000i64..1_000_000_000_000, scale in 0u32..12) {
            let value = Decimal::new(mantissa, scale);
            prop_assert_eq!(Exact::of(value).times(Exact::whole(3)).unwrap(), Exact::of(value * Decimal::from(3)));
        }
    }
}
