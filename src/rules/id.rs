//! Names of entries and of everything an entry makes.
//!
//! An [`Id`] is a place in some site's day book: site, epoch (启用号), seq (序号) and the item inside the entry. It
//! names the entry, names what the entry made (an account, an order, a bill), and is the primary key of derived rows,
//! so that two sites can never give the same key and equal books give equal tables. The four numbers are packed in one
//! `i64` by mixed radix in that order: ids of one site sort by age, and any id fits SQLite's rowid.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::digits;

/// Rows one entry may hold: items are `0..ITEMS`.
pub const ITEMS: i64 = 512;
/// Entries one life of a site may hold; the site goes on in a new epoch after them.
pub const SEQS: i64 = 4_000_000;
/// Numbers an epoch may have in a packed place: lives, and above them the places of twins.
pub const EPOCHS: i64 = 64;
/// Lives (epochs) of one site are `1..LIVES`. The second branch of a fork (分叉) of a life has its places `LIVES` above it:
/// the twin of `B03.1.42` is `B03.33.42`.
pub const LIVES: i64 = 32;
/// Longest site code.
pub const SITE_CHARS: usize = 5;
const SITE_RADIX: i64 = 37;

/// A place in a day book, `B03.1.42` or, for the seventh further item of that entry, `B03.1.42/7`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id(pub i64);

/// A site code (网点): one to five capital letters and digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Site(String);

/// Text that is no id or no site code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("编号“{0}”不对，应如 B03.1.42")]
pub struct BadId(pub String);

impl Site {
    /// Reads a site code; small letters are raised.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let code = text.trim().to_ascii_uppercase();
        let fine = !code.is_empty()
            && code.len() <= SITE_CHARS
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if fine { Ok(Self(code)) } else { Err(BadId(text.chars().take(40).collect())) }
    }

    /// The code as it is printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// First and last id the site can give, in all of its lives and on both branches of a fork.
    pub fn ids(&self) -> (Id, Id) {
        const WIDTH: i64 = EPOCHS * SEQS * ITEMS;
        let low = self.number() * WIDTH;
        (Id(low), Id(low + WIDTH - 1))
    }

    /// Is this code another one with a letter or digit behind it? Its ids come after the other's, and only codes that begin with the
    /// other's lie between.
    pub fn follows(&self, old: &Self) -> bool {
        self.0.len() == old.0.len() + 1 && self.0.starts_with(&old.0)
    }

    fn number(&self) -> i64 {
        number_of(self.0.as_bytes())
    }

    fn from_number(number: i64) -> Self {
        let code = letters(number);
        Self(code.into_iter().filter(|byte| *byte != 0).map(char::from).collect())
    }
}

/// The number of a code of capital letters and digits.
fn number_of(code: &[u8]) -> i64 {
    let mut number = 0;
    for index in 0..SITE_CHARS {
        let digit = match code.get(index) {
            None => 0,
            Some(b @ b'0'..=b'9') => i64::from(b - b'0') + 1,
            Some(b) => i64::from(b - b'A') + 11,
        };
        number = number * SITE_RADIX + digit;
    }
    number
}

/// The code of a site's number, padded with zero bytes.
fn letters(mut number: i64) -> [u8; SITE_CHARS] {
    let mut bytes = [0; SITE_CHARS];
    for byte in bytes.iter_mut().rev() {
        let digit = number % SITE_RADIX;
        number /= SITE_RADIX;
        *byte = match digit {
            0 => 0,
            1..=10 => b'0' + (digit as u8 - 1),
            _ => b'A' + (digit as u8 - 11),
        };
    }
    bytes
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Id {
    /// Packs a place. `None` when a number is out of its range.
    pub fn new(site: &Site, epoch: i64, seq: i64, item: i64) -> Option<Self> {
        let fits = (0..EPOCHS).contains(&epoch) && (0..SEQS).contains(&seq) && (0..ITEMS).contains(&item);
        fits.then(|| Self(((site.number() * EPOCHS + epoch) * SEQS + seq) * ITEMS + item))
    }

    /// As it is printed; none for what was brought from the old system.
    pub fn text(self) -> Option<digits::Short> {
        let site = letters(self.0 / ITEMS / SEQS / EPOCHS);
        (self.0 >= 0).then(|| digits::place(site, self.epoch(), self.seq(), self.item()))
    }

    /// Reads a place as it is printed; `None` for whatever is written in another way.
    fn read_plain(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let dot = bytes.iter().take(SITE_CHARS + 1).position(|byte| *byte == b'.').filter(|dot| *dot > 0)?;
        let code = &bytes[..dot];
        let mut numbers = [0i64; 3];
        let (mut at, mut digits) = (0, 0);
        for byte in &bytes[dot + 1..] {
            match (byte, at) {
                (b'0'..=b'9', _) if digits < 9 => {
                    numbers[at] = numbers[at] * 10 + i64::from(byte - b'0');
                    digits += 1;
                }
                (b'.', 0) | (b'/', 1) if digits > 0 => (at, digits) = (at + 1, 0),
                _ => return None,
            }
        }
        let [epoch, seq, item] = numbers;
        let fits = epoch < EPOCHS && seq < SEQS && item < ITEMS && at > 0 && digits > 0;
        let capitals = code.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        (fits && capitals).then(|| Self(((number_of(code) * EPOCHS + epoch) * SEQS + seq) * ITEMS + item))
    }

    /// The site that wrote the entry.
    pub fn site(self) -> Site {
        Site::from_number(self.0 / ITEMS / SEQS / EPOCHS)
    }

    /// Which life of the site's database, from 1.
    pub fn epoch(self) -> i64 {
        self.0 / ITEMS / SEQS % EPOCHS
    }

    /// The entry's number in that life, from 1.
    pub fn seq(self) -> i64 {
        self.0 / ITEMS % SEQS
    }

    /// The item inside the entry, from 0.
    pub fn item(self) -> i64 {
        self.0 % ITEMS
    }

    /// The entry this item stands in.
    pub fn entry(self) -> Self {
        Self(self.0 - self.item())
    }

    /// Is this a place on the second branch of a fork?
    pub fn is_twin(self) -> bool {
        self.0 >= 0 && self.epoch() >= LIVES
    }

    /// The same place on the second branch of a fork; itself when it is there already.
    pub fn twin(self) -> Self {
        if self.0 < 0 || self.is_twin() { self } else { Self(self.0 + LIVES * SEQS * ITEMS) }
    }

    /// The same place on the main chain; itself when it is there already.
    pub fn main(self) -> Self {
        if self.is_twin() { Self(self.0 - LIVES * SEQS * ITEMS) } else { self }
    }

    /// The same place on the other branch of a fork.
    pub fn across(self) -> Self {
        if self.is_twin() { self.main() } else { self.twin() }
    }

    /// The chain this entry stands in, named by the place before its first entry: `B03.1.0`.
    pub fn chain(self) -> Self {
        Self(self.0 - self.0 % (SEQS * ITEMS))
    }

    /// The n-th (from 0) thing an account brought with it when it was opened: an old bill has no entry of its own, so it is
    /// named `#1`, `#2` … within its account.
    pub const fn brought(n: i64) -> Self {
        Self(-1 - n)
    }

    /// Another item of the same entry. `item` is below [`ITEMS`].
    pub fn with_item(self, item: usize) -> Self {
        debug_assert!((item as i64) < ITEMS);
        Self(self.entry().0 + item as i64)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            return write!(f, "#{}", -self.0);
        }
        f.write_str(self.text().as_ref().map_or("", digits::Short::as_str))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        if let Some(id) = Self::read_plain(text) {
            return Ok(id);
        }
        let bad = || BadId(text.chars().take(40).collect());
        if let Some(number) = text.trim().strip_prefix('#') {
            let number: i64 = number.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or_else(bad)?;
            return Ok(Self(-number));
        }
        let (place, item) = text.trim().split_once('/').map_or((text.trim(), "0"), |(a, b)| (a, b));
        let mut parts = place.split('.');
        let (Some(site), Some(epoch), Some(seq), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad());
        };
        let number = |part: &str| {
            let digits = !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<i64>().ok()).flatten().ok_or_else(bad)
        };
        let site = Site::parse(site).map_err(|_| bad())?;
        Self::new(&site, number(epoch)?, number(seq)?, number(item)?).ok_or_else(bad)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.text() {
            Some(text) => serializer.serialize_str(text.as_str()),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        digits::from_text(deserializer)
    }
}

impl JsonSchema for Id {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "编号，如 B03.1.42 或 B03.1.42/7" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_id_fits_and_prints_back() {
        let site = Site::parse("ZZZZZ").unwrap();
        let id = Id::new(&site, EPOCHS - 1, SEQS - 1, ITEMS - 1).unwrap();
        assert!(id.0 > 0);
        assert_eq!(id.to_string(), "ZZZZZ.63.3999999/511");
        assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        assert_eq!((Id::brought(0).to_string().as_str(), "#2".parse::<Id>().unwrap()), ("#1", Id::brought(1)));
    }

    #[test]
    fn a_twin_is_named_32_lives_above() {
        let id: Id = "B03.1.42/7".parse().unwrap();
        assert_eq!((id.twin().to_string().as_str(), id.is_twin()), ("B03.33.42/7", false));
        assert_eq!((id.twin().twin(), id.twin().main(), id.main()), (id.twin(), id, id));
        assert!(id.twin().is_twin() && !Id::brought(0).is_twin());
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for bad in [
            "",
            "B03",
            "B03.1",
            "B03.1.x",
            "B03.1.2.3",
            "B03.64.1",
            "B03.1.1/512",
            "营业.1.1",
            "B03.1.-1",
            "B03.1.4000000",
        ] {
            assert!(bad.parse::<Id>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn packing_keeps_every_part(site in "[A-Z0-9]{1,5}", epoch in 0..EPOCHS, seq in 0..SEQS, item in 0..ITEMS) {
            let id = Id::new(&Site::parse(&site).unwrap(), epoch, seq, item).unwrap();
            prop_assert_eq!((id.site().as_str().to_owned(), id.epoch(), id.seq(), id.item()), (site, epoch, seq, item));
            prop_assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        }
    }
}
