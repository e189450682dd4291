//! Numbers and days to and from text the short way: what a day book is full of, a million times a bill run. The general readers and
//! writers stand behind; the tests hold the two against each other.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::de::{Deserializer, Error, Visitor};

/// A short text on the stack, ASCII, filled from its end or from its beginning.
#[derive(Clone, Copy)]
pub struct Short {
    bytes: [u8; Self::ROOM],
    from: usize,
    to: usize,
}

impl Short {
    const ROOM: usize = 32;

    const fn from_the_end() -> Self {
        Self { bytes: [b'0'; Self::ROOM], from: Self::ROOM, to: Self::ROOM }
    }

    fn put(&mut self, byte: u8) {
        self.from -= 1;
        self.bytes[self.from] = byte;
    }

    fn put_number(&mut self, mut number: u64, at_least: usize) {
        let mut digits = 0;
        while number > 0 || digits < at_least {
            self.put(b'0' + (number % 10) as u8);
            number /= 10;
            digits += 1;
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.from..self.to]).unwrap_or_default()
    }
}

/// A number of so many decimals; zeros at the end are left out down to `at_least` decimals. At most eighteen decimals.
pub fn fixed(value: i64, places: usize, at_least: usize) -> Short {
    let mut text = Short::from_the_end();
    let (mut rest, mut left) = (value.unsigned_abs(), places);
    while left > at_least && rest % 10 == 0 {
        rest /= 10;
        left -= 1;
    }
    if left > 0 {
        let scale = 10u64.pow(left as u32);
        text.put_number(rest % scale, left);
        text.put(b'.');
        rest /= scale;
    }
    text.put_number(rest, 1);
    if value < 0 {
        text.put(b'-');
    }
    text
}

/// A decimal without the zeros at its end.
pub fn decimal(value: Decimal) -> String {
    let places = value.scale() as usize;
    let number = i64::try_from(value.mantissa()).ok().filter(|number| *number != 0 && places <= 18);
    match number {
        Some(number) => fixed(number, places, 0).as_str().to_owned(),
        None => value.normalize().to_string(),
    }
}

/// Reads `-12.5` and the like with at most so many decimals, as a number of the smallest unit. `None`: written in another way, too
/// long, or no number at all; the general reader knows which.
pub fn read_fixed(text: &str, places: usize) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    if !(1..=10).contains(&whole.len()) || part.is_empty() || part.len() > places.max(1) {
        return None;
    }
    let mut number = read_digits(whole.as_bytes())?;
    for index in 0..places {
        let digit = match part.as_bytes().get(index) {
            Some(byte) => read_digits(std::slice::from_ref(byte))?,
            None => 0,
        };
        number = number * 10 + digit;
    }
    (places > 0 || part == "0").then_some(if negative { -number } else { number })
}

/// Reads digits and nothing else; at most eighteen.
pub fn read_digits(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > 18 {
        return None;
    }
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// A place in a day book: its site's code, padded with zero bytes, then life, number and item.
pub fn place(site: [u8; 5], epoch: i64, seq: i64, item: i64) -> Short {
    let mut text = Short::from_the_end();
    if item > 0 {
        text.put_number(item.unsigned_abs(), 1);
        text.put(b'/');
    }
    text.put_number(seq.unsigned_abs(), 1);
    text.put(b'.');
    text.put_number(epoch.unsigned_abs(), 1);
    text.put(b'.');
    site.into_iter().rev().filter(|byte| *byte != 0).for_each(|byte| text.put(byte));
    text
}

/// Reads a value from a text that is not kept.
pub fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(deserializer: D) -> Result<T, D::Error> {
    struct Text<T>(PhantomData<T>);
    impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
        type Value = T;
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a string")
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text(PhantomData))
}

/// Days in rows of bulk entries: `#[serde(with = "day")]` writes and reads what chrono does.
pub mod day {
    use serde::{Deserializer, Serializer};

    use super::*;

    /// Writes `2026-10-12`.
    pub fn serialize<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(year) = u64::try_from(day.year()).ok().filter(|year| *year <= 9_999) else {
            return serializer.collect_str(day);
        };
        let mut text = Short::from_the_end();
        text.put_number(day.day().into(), 2);
        text.put(b'-');
        text.put_number(day.month().into(), 2);
        text.put(b'-');
        text.put_number(year, 4);
        serializer.serialize_str(text.as_str())
    }

    struct Day(NaiveDate);

    impl FromStr for Day {
        type Err = chrono::ParseError;
        fn from_str(text: &str) -> Result<Self, chrono::ParseError> {
            plain(text).map_or_else(|| text.parse(), Ok).map(Self)
        }
    }

    fn plain(text: &str) -> Option<NaiveDate> {
        let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
        if bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |from: usize, to: usize| read_digits(&bytes[from..to]);
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        from_text::<D, Day>(deserializer).map(|day| day.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Quick {
        #[serde(with = "day")]
        day: NaiveDate,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Long {
        day: NaiveDate,
    }

    proptest! {
        #[test]
        fn a_decimal_prints_as_it_prints_itself(number in any::<i64>(), places in 0u32..20) {
            let value = Decimal::from_i128_with_scale(i128::from(number), places);
            prop_assert_eq!(decimal(value), value.normalize().to_string());
        }

        #[test]
        fn a_small_decimal_too(number in -2_000i64..2_000, places in 0u32..6) {
            let value = Decimal::new(number, places);
            prop_assert_eq!(decimal(value), value.normalize().to_string());
        }

        #[test]
        fn a_number_reads_as_a_decimal_reads_it(text in "-?[0-9]{1,11}(\\.[0-9]{0,4})?", places in 1usize..4) {
            if let Some(number) = read_fixed(&text, places) {
                prop_assert_eq!(Decimal::new(number, places as u32), text.parse::<Decimal>().unwrap());
            }
        }

        #[test]
        fn anything_else_is_left_to_the_general_reader(text in "[-+0-9. e,]{0,8}") {
            if let Some(number) = read_fixed(&text, 2) {
                prop_assert_eq!(Decimal::new(number, 2), text.parse::<Decimal>().unwrap());
            }
        }

        #[test]
        fn a_day_is_written_and_read_as_chrono_does(number in -1_000_000i32..3_000_000) {
            let day = NaiveDate::from_epoch_days(number).unwrap();
            let text = serde_json::to_string(&Long { day }).unwrap();
            prop_assert_eq!(&serde_json::to_string(&Quick { day }).unwrap(), &text);
            prop_assert_eq!(serde_json::from_str::<Quick>(&text).unwrap(), Quick { day });
        }

        #[test]
        fn what_is_no_day_for_chrono_is_none_here(text in "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[-0-9/ ]{0,11}") {
            let json = serde_json::json!({ "day": text }).to_string();
            let (short, long) = (serde_json::from_str::<Quick>(&json), serde_json::from_str::<Long>(&json));
            prop_assert_eq!(short.map(|it| it.day).map_err(|error| error.to_string()), long.map(|it| it.day).map_err(|error| error.to_string()));
        }
    }
}
