//! Money in fen (分) and quantities in thousandths: integers at rest, [`Decimal`] while calculating, never a float.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::digits;

/// Why a text is no amount or quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNumber {
    /// Not a plain decimal number.
    #[error("“{0}”不是数字，请重新输入")]
    NotANumber(String),
    /// More decimals than the unit has.
    #[error("“{text}”小数多于 {places} 位，请改正")]
    TooFine {
        /// What was typed.
        text: String,
        /// Decimals allowed.
        places: u32,
    },
    /// Beyond what the program keeps (a thousand million yuan or units and more).
    #[error("“{0}”太大，最多九位整数，请核对有没有多输")]
    TooLarge(String),
}

/// Largest amount or quantity kept, in whole units: below a thousand million.
pub const LIMIT: i64 = 1_000_000_000;

/// Within [`LIMIT`]? The smallest whole number has no absolute value of its own kind.
fn is_kept(number: i64, scale: i64) -> bool {
    number.unsigned_abs() < (LIMIT * scale).unsigned_abs()
}

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident, $places:literal, $scale:literal, $min_places:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
        pub struct $name(pub i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The value as a decimal, for calculating.
            pub fn decimal(self) -> Decimal {
                Decimal::new(self.0, $places)
            }

            /// Rounds half up (away from zero) to the unit. `None` when it is beyond [`LIMIT`].
            pub fn round(value: Decimal) -> Option<Self> {
                let rounded = value.round_dp_with_strategy($places, RoundingStrategy::MidpointAwayFromZero);
                let number = rounded.checked_mul(Decimal::from($scale))?.to_i64()?;
                is_kept(number, $scale).then_some(Self(number))
            }

            /// Takes a decimal that must be exact in the unit.
            pub fn exact(value: Decimal) -> Option<Self> {
                Self::round(value).filter(|rounded| rounded.decimal() == value)
            }

            /// Absolute value.
            pub fn abs(self) -> Self {
                Self(self.0.abs())
            }

            /// Below zero?
            pub fn is_negative(self) -> bool {
                self.0 < 0
            }
        }

        impl FromStr for $name {
            type Err = BadNumber;

            fn from_str(text: &str) -> Result<Self, BadNumber> {
                if let Some(number) = digits::read_fixed(text, $places).filter(|number| is_kept(*number, $scale)) {
                    return Ok(Self(number));
                }
                let shown = || text.chars().take(40).collect::<String>();
                let plain = text.trim();
                let digits = plain.strip_prefix('-').unwrap_or(plain);
                let fine = !digits.is_empty()
                    && digits.len() <= 30
                    && digits.starts_with(|c: char| c.is_ascii_digit())
                    && digits.ends_with(|c: char| c.is_ascii_digit())
                    && digits.chars().filter(|c| *c == '.').count() <= 1
                    && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
                if !fine {
                    return Err(BadNumber::NotANumber(shown()));
                }
                let value = Decimal::from_str_exact(plain).map_err(|_| BadNumber::TooLarge(shown()))?;
                if value.normalize().scale() > $places {
                    return Err(BadNumber::TooFine { text: shown(), places: $places });
                }
                Self::exact(value).ok_or_else(|| BadNumber::TooLarge(shown()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(digits::fixed(self.0, $places, $min_places).as_str())
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                Self(iter.map(|value| value.0).sum())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(digits::fixed(self.0, $places, $min_places).as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                digits::from_text(deserializer)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" })
            }
        }
    };
}

fixed!(
    /// An amount of money in fen (分); prints and parses yuan with two decimals.
    Fen, 2, 100, 2
);
fixed!(
    /// A quantity (m³, t, kWh) or a meter value in thousandths; prints without needless zeros.
    Milli, 3, 1000, 0
);

impl Fen {
    /// Yuan with thousands commas, as on paper: `1,204.00`.
    pub fn grouped(self) -> String {
        group(&self.to_string())
    }
}

impl Milli {
    /// Whole units.
    pub fn whole(units: i64) -> Self {
        Self(units * 1000)
    }

    /// With thousands commas: `1,204`.
    pub fn grouped(self) -> String {
        group(&self.to_string())
    }
}

fn group(plain: &str) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, rest) = digits.find('.').map_or((digits, ""), |dot| digits.split_at(dot));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_print_two_decimals_and_quantities_what_they_have() {
        assert_eq!(Fen(120_400).to_string(), "1204.00");
        assert_eq!(Fen(-5).to_string(), "-0.05");
        assert_eq!(Fen(-120_400).grouped(), "-1,204.00");
        assert_eq!(Milli(1_204_000).grouped(), "1,204");
        assert_eq!(Milli(1_500).to_string(), "1.5");
    }

    #[test]
    fn bad_amounts_say_why() {
        assert_eq!("1.234".parse::<Fen>(), Err(BadNumber::TooFine { text: "1.234".into(), places: 2 }));
        assert_eq!("1000000000".parse::<Fen>(), Err(BadNumber::TooLarge("1000000000".into())));
        // The smallest number a machine word holds (a signed bundle may say it) has no absolute value.
        for edge in ["-92233720368547758.08", "92233720368547758.07", "-99999999999999999999"] {
            assert_eq!(edge.parse::<Fen>(), Err(BadNumber::TooLarge(edge.into())));
        }
        for bad in ["", "-", "1e9", ".5", "5.", "1,2", "+1", "1 2", "１"] {
            assert!(matches!(bad.parse::<Fen>(), Err(BadNumber::NotANumber(_))), "{bad}");
        }
        assert_eq!("5.50".parse::<Fen>(), Ok(Fen(550)));
    }

    proptest! {
        #[test]
        fn it_prints_as_the_decimal_does(value in any::<i64>()) {
            let mut decimal = Fen(value).decimal().normalize();
            decimal.rescale(decimal.scale().max(2));
            prop_assert_eq!(Fen(value).to_string(), decimal.to_string());
            prop_assert_eq!(Milli(value).to_string(), Milli(value).decimal().normalize().to_string());
        }

        #[test]
        fn what_is_printed_is_read_back(value in -99_999_999_999i64..99_999_999_999) {
            prop_assert_eq!(Fen(value).to_string().parse::<Fen>().unwrap(), Fen(value));
            prop_assert_eq!(Milli(value).to_string().parse::<Milli>().unwrap(), Milli(value));
        }
    }
}
