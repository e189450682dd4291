//! Fields of a dBase or FoxPro table: what a type promises, and the text of a value.

use chrono::{Days, NaiveDate, TimeDelta};

use super::encoding::Encoding;
use super::row::{Mark, Row};

const FIELD: usize = 32;
const FIELDS_END: u8 = 0x0D;
/// Flags of a field in Visual FoxPro.
const SYSTEM: u8 = 0x01;
const MAY_BE_NULL: u8 = 0x02;
/// Excel and doubles keep fifteen digits.
const SAFE_DIGITS: f64 = 1e15;
/// The day from which FoxPro counts as 1970-01-01.
const UNIX_JULIAN: i64 = 2_440_588;

/// How the bytes of a field are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// C, N, F, D, L: text.
    Text,
    /// V: text whose last byte may be its length.
    Varchar,
    /// I: four bytes, low byte first.
    Integer,
    /// B of FoxPro: a double.
    Double,
    /// Y: eight bytes, ten-thousandths.
    Currency,
    /// T: day and milliseconds.
    Moment,
    /// M, G, P, and B of dBase: a place in another file.
    Memo,
    /// A field of the system's own: null flags.
    System,
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    pub name: String,
    pub start: usize,
    pub len: usize,
    pub kind: Kind,
    letter: u8,
    null_bit: Option<usize>,
    length_bit: Option<usize>,
}

/// Reads the descriptions behind the head. `Err(None)`: damaged; `Err(Some)`: what is wrong, in words.
pub(super) fn fields_of(rest: &[u8], record_len: usize) -> Result<Vec<Field>, Option<String>> {
    let raws: Vec<&[u8]> = rest.chunks(FIELD).take_while(|raw| raw[0] != FIELDS_END).collect();
    if raws.is_empty() || raws.iter().any(|raw| raw.len() < FIELD) {
        return Err(None);
    }
    let short: usize = raws.iter().map(|raw| usize::from(raw[16])).sum();
    // FoxPro and Clipper keep the high byte of a long text's length where others keep the decimals.
    let long = |raw: &[u8]| usize::from(raw[16]) + if raw[11] == b'C' { usize::from(raw[17]) << 8 } else { 0 };
    let whole: usize = raws.iter().map(|raw| long(raw)).sum();
    let length = |raw: &[u8]| if short + 1 == record_len { usize::from(raw[16]) } else { long(raw) };
    if short + 1 != record_len && whole + 1 != record_len {
        return Err(Some(format!(
            "的表头写每条记录{record_len}字节，各字段合计{}字节，两者不符，请重新导出",
            short + 1
        )));
    }
    let (mut at, mut bit) = (1, 0);
    let mut fields = Vec::with_capacity(raws.len());
    for raw in raws {
        let name: Vec<u8> = raw[..11].iter().copied().take_while(|b| *b != 0).collect();
        let name = Encoding::Gb18030.decode(&name).trim().to_owned();
        let len = length(raw);
        let kind = kind_of(raw[11], raw[18], len).ok_or_else(|| {
            let letter = char::from(raw[11]);
            let letter = if letter.is_ascii_graphic() { letter } else { '?' };
            Some(format!("的字段{name}是二进制类型（{letter}），读不懂，请在原系统改成字符型后重新导出"))
        })?;
        let mut next_bit = |wanted: bool| {
            let own = bit;
            bit += usize::from(wanted);
            wanted.then_some(own)
        };
        let length_bit = next_bit(kind == Kind::Varchar);
        let null_bit = next_bit(raw[18] & MAY_BE_NULL != 0 && kind != Kind::System);
        fields.push(Field { name, start: at, len, kind, letter: raw[11], null_bit, length_bit });
        at += len;
    }
    Ok(fields)
}

fn kind_of(letter: u8, flags: u8, len: usize) -> Option<Kind> {
    Some(match (letter, len) {
        (b'0', _) => Kind::System,
        _ if flags & SYSTEM != 0 => Kind::System,
        (b'C' | b'N' | b'F' | b'D' | b'L', _) => Kind::Text,
        (b'V', 1..) => Kind::Varchar,
        (b'I' | b'+', 4) => Kind::Integer,
        (b'B', 8) => Kind::Double,
        (b'Y', 8) => Kind::Currency,
        (b'T', 8) => Kind::Moment,
        (b'M' | b'G' | b'P', 4 | 10) | (b'B', 10) => Kind::Memo,
        _ => return None,
    })
}

impl Field {
    /// Is it the field of null flags?
    pub(super) fn is_null_flags(&self) -> bool {
        self.letter == b'0'
    }

    /// Adds its value to a row.
    pub(super) fn push(&self, row: &mut Row, bytes: &[u8], flags: &[u8], encoding: Encoding) {
        let set = |bit: Option<usize>| {
            bit.is_some_and(|bit| flags.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1))
        };
        if set(self.null_bit) {
            return row.push("");
        }
        let eight = || <[u8; 8]>::try_from(bytes).unwrap_or_default();
        match self.kind {
            Kind::Text => push_text(row, bytes, encoding),
            Kind::Varchar => {
                // With its bit set the last byte is the length; else the text fills the field.
                let used = bytes.last().filter(|_| set(self.length_bit)).map_or(bytes.len(), |len| usize::from(*len));
                push_text(row, bytes.get(..used).unwrap_or(bytes), encoding);
            }
            Kind::Integer => {
                let number = i32::from_le_bytes(<[u8; 4]>::try_from(bytes).unwrap_or_default());
                row.push(&number.to_string());
            }
            Kind::Double => {
                let number = f64::from_le_bytes(eight());
                row.push(&number.to_string());
                if number.abs() >= SAFE_DIGITS {
                    row.mark_last(Mark::LostDigits);
                }
            }
            Kind::Currency => {
                let value = i64::from_le_bytes(eight());
                let sign = if value < 0 { "-" } else { "" };
                row.push(&format!("{sign}{}.{:04}", value.unsigned_abs() / 10_000, value.unsigned_abs() % 10_000));
            }
            Kind::Moment => row.push(&moment_text(eight())),
            Kind::Memo | Kind::System => row.push(""),
        }
    }
}

/// `2026-10-20 08:00:00`; nothing for an empty field.
fn moment_text(bytes: [u8; 8]) -> String {
    let [a, b, c, d, e, f, g, h] = bytes;
    let day = i64::from(i32::from_le_bytes([a, b, c, d])) - UNIX_JULIAN;
    let thousandths = i64::from(i32::from_le_bytes([e, f, g, h]));
    if bytes == [0; 8] || bytes == *b"        " {
        return String::new();
    }
    let base = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap_or_default();
    let day = u64::try_from(day).ok().and_then(|day| base.checked_add_days(Days::new(day)));
    let moment = day.and_then(|day| {
        // FoxPro is now and then a thousandth short of a full second.
        let seconds = (thousandths + 500).div_euclid(1000);
        day.and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::seconds(seconds))
    });
    moment.map_or_else(|| "?".to_owned(), |moment| moment.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// Adds a text without the blanks and zero bytes it is filled up with. A character cut in two by the field's end is dropped.
fn push_text(row: &mut Row, bytes: &[u8], encoding: Encoding) {
    let used = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let trimmed = bytes[..used].trim_ascii();
    if trimmed.is_ascii() {
        row.push(std::str::from_utf8(trimmed).unwrap_or_default());
        return;
    }
    let text = encoding.decode(trimmed);
    let full = used == bytes.len() && trimmed.last() == bytes.last();
    row.push(text.strip_suffix('\u{FFFD}').filter(|_| full).unwrap_or(&text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(name: &str, letter: u8, len: u8, flags: u8) -> Vec<u8> {
        let mut raw = vec![0; FIELD];
        raw[..name.len()].copy_from_slice(name.as_bytes());
        (raw[11], raw[16], raw[18]) = (letter, len, flags);
        raw
    }

    #[test]
    fn foxpro_types_are_decoded_and_null_flags_empty_a_field() {
        let raws = [
            described("I", b'I', 4, MAY_BE_NULL),
            described("B", b'B', 8, 0),
            described("Y", b'Y', 8, 0),
            described("T", b'T', 8, 0),
            described("V", b'V', 6, 0),
            described("_NullFlags", b'0', 1, SYSTEM),
        ];
        let fields = fields_of(&raws.concat(), 1 + 4 + 8 + 8 + 8 + 6 + 1).unwrap();
        let mut record = vec![b' '];
        record.extend(12_849i32.to_le_bytes());
        record.extend(120.5f64.to_le_bytes());
        record.extend((-123_450i64).to_le_bytes());
        record.extend(2_461_334i32.to_le_bytes());
        record.extend(28_799_999i32.to_le_bytes());
        record.extend(b"ab   \x02");
        let text = |flags: u8| {
            let mut row = Row::default();
            row.restart(1);
            let bytes = |field: &Field| record[field.start..(field.start + field.len).min(record.len())].to_vec();
            let shown = fields.iter().filter(|field| field.kind != Kind::System);
            shown.for_each(|field| field.push(&mut row, &bytes(field), &[flags], Encoding::Gb18030));
            row.cells().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(text(0b10), ["12849", "120.5", "-12.3450", "2026-10-20 08:00:00", "ab"]);
        assert_eq!(text(0b11)[0], "");
    }

    #[test]
    fn a_head_that_does_not_add_up_and_a_type_nobody_knows_are_told() {
        let raws = [described("A", b'C', 10, 0), described("B", b'N', 5, 0)].concat();
        assert!(fields_of(&raws, 16).is_ok());
        assert!(fields_of(&raws, 20).unwrap_err().unwrap().contains("不符"));
        let odd = described("FLA", b'@', 8, 0);
        assert!(fields_of(&odd, 9).unwrap_err().unwrap().contains("字段FLA是二进制"));
        let mut long = described("C", b'C', 44, 0);
        long[17] = 1;
        assert_eq!(fields_of(&long, 301).unwrap()[0].len, 300);
    }
}
