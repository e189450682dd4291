//! What a cell means: harmless mess cleaned away, then text, number, date or calibre, or nothing.
//!
//! Harmless are blanks at both ends (U+3000 and zero-width ones too), an apostrophe before a number, full-width digits
//! and letters, thousands commas, `DN` before a calibre, 元 or ￥ beside an amount, a unit behind a use, and dates in the forms of
//! [`moment`]. Everything else is left as it stands; what then cannot be read is refused by the judges, never guessed.

use std::borrow::Cow;

use crate::rules::money::{Fen, Milli};

mod moment;

pub use moment::{date, date_of_number, is_no_date, moment, moment_of_count, moment_of_number};

/// Units a person writes behind a counter's value or a use.
const UNITS: [&str; 9] = ["m3", "m³", "㎥", "方", "吨", "立方米", "立方", "度", "kwh"];
/// Words behind a count.
const COUNTED: [&str; 6] = ["人", "口", "位", "笔", "户", "期"];

/// The text without blanks at its ends, without an apostrophe before a number, full-width digits and letters made plain.
pub fn text(cell: &str) -> Cow<'_, str> {
    let mut trimmed = cell.trim_matches(is_blank);
    // ="0012" keeps its digits in a spreadsheet, where only 0012 is seen.
    if let Some(inner) =
        trimmed.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).filter(|s| !s.contains('"'))
    {
        trimmed = inner;
    }
    if let Some(rest) = trimmed.strip_prefix(['\'', '’', '‘'])
        && rest.starts_with(|c: char| c.is_ascii_alphanumeric() || is_wide(c))
    {
        trimmed = rest;
    }
    if trimmed.is_ascii() || !trimmed.contains(is_wide) {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.chars().map(narrow).collect())
}

/// Is this a blank, as they stand at both ends of a cell?
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// A full-width digit or letter. Full-width brackets and stops belong to Chinese text and stay.
fn is_wide(c: char) -> bool {
    matches!(c, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ')
}

fn narrow(c: char) -> char {
    if is_wide(c) { crate::rules::numbers::narrow(c) } else { c }
}

/// A cleaned number: sign, digits and point in plain ASCII, thousands commas gone. `None` when it is no plain number.
fn plain_number(cell: &str) -> Option<Cow<'_, str>> {
    let clean = match text(cell) {
        Cow::Borrowed(same) if same.is_ascii() => Cow::Borrowed(same),
        other => Cow::Owned(other.chars().map(crate::rules::numbers::narrow).collect()),
    };
    if !clean.contains(',') {
        return Some(clean);
    }
    let (whole, rest) = clean.find('.').map_or((&*clean, ""), |dot| clean.split_at(dot));
    let mut groups = whole.strip_prefix('-').unwrap_or(whole).split(',');
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    let fits = first && groups.all(|group| group.len() == 3) && !rest.contains(',');
    fits.then(|| Cow::Owned(clean.replace(',', "")))
}

/// A quantity or meter value, decimals beyond the thousandth cut off; a unit may stand behind. `None` when it is no number.
pub fn quantity(cell: &str) -> Option<Milli> {
    let plain = plain_number(cell)?;
    let plain = without_word(&plain, &UNITS);
    match plain.find('.') {
        Some(0) => quantity(&format!("0{plain}")),
        Some(dot) if plain.len() > dot + 4 && plain.is_ascii() => {
            let tail = &plain[dot + 4..];
            tail.bytes().all(|b| b.is_ascii_digit()).then(|| plain[..dot + 4].parse().ok()).flatten()
        }
        _ => plain.parse().ok(),
    }
}

/// Without one of these words at the end, when a digit stands before it.
fn without_word<'t>(text: &'t str, words: &[&str]) -> &'t str {
    let behind = |word: &&str| {
        let at = text.len().checked_sub(word.len()).filter(|at| text.is_char_boundary(*at))?;
        let rest = text[..at].trim_end();
        (text[at..].eq_ignore_ascii_case(word) && rest.ends_with(|c: char| c.is_ascii_digit())).then_some(rest)
    };
    words.iter().find_map(behind).unwrap_or(text)
}

/// Without `.0`, `.00` … at the end, as programs write whole numbers that went through a fraction.
pub fn without_zero_fraction(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, zeros)) if !whole.is_empty() && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        _ => number,
    }
}

/// A whole number of at most nine digits, not negative.
pub fn count(cell: &str) -> Option<u32> {
    let plain = plain_number(cell)?;
    let plain = without_zero_fraction(without_word(&plain, &COUNTED));
    let fine = (1..=9).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| plain.parse().ok()).flatten()
}

/// An amount in yuan with at most two decimals that say something: `1,234.50`, `￥1,234.50`, `12.5元`, `12.5000`; a negative one
/// with its sign before or behind, or in brackets.
pub fn money(cell: &str) -> Option<Fen> {
    let clean: String = text(cell).chars().map(crate::rules::numbers::narrow).collect();
    let clean = clean.trim();
    let (mut rest, mut negative) = match clean.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => (inner.trim(), true),
        None => (clean, false),
    };
    for _ in 0..2 {
        if let Some(behind) = rest.strip_prefix('-').or_else(|| rest.strip_suffix('-')) {
            if negative {
                return None;
            }
            (rest, negative) = (behind.trim(), true);
        }
        for word in ["¥", "￥", "RMB", "CNY", "人民币", "+"] {
            rest = rest.strip_prefix(word).unwrap_or(rest).trim_start();
        }
        for word in ["元整", "元", "圆", "RMB", "CNY"] {
            rest = rest.strip_suffix(word).unwrap_or(rest).trim_end();
        }
    }
    if !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain = plain_number(rest)?;
    let plain = match plain.split_once('.') {
        Some((whole, part)) if part.len() > 2 && part.bytes().all(|b| b.is_ascii_digit()) => {
            let (kept, zeros) = part.split_at(2);
            zeros.bytes().all(|b| b == b'0').then(|| format!("{whole}.{kept}"))?
        }
        _ => plain.into_owned(),
    };
    let plain = if plain.starts_with('.') { format!("0{plain}") } else { plain };
    let amount: Fen = plain.parse().ok()?;
    Some(if negative { Fen(-amount.0) } else { amount })
}

/// Does a cell say that there is no amount, in one of the ways systems and spreadsheets say it?
pub fn is_no_money(cell: &str) -> bool {
    let clean: String = text(cell).chars().map(crate::rules::numbers::narrow).filter(|c| !c.is_whitespace()).collect();
    let bare = clean.trim_start_matches(['¥', '￥']).trim_end_matches('元');
    bare.chars().all(|c| matches!(c, '-' | '—' | '–' | '/'))
        || matches!(bare.to_ascii_lowercase().as_str(), "null" | "none" | "无" | "空")
}

/// A calibre in millimetres: `15`, `DN15`.
pub fn calibre(cell: &str) -> Option<u16> {
    let clean = text(cell);
    let digits = clean.strip_prefix("DN").or_else(|| clean.strip_prefix("dn")).unwrap_or(&clean);
    count(digits).and_then(|number| u16::try_from(number).ok()).filter(|number| (1..=2000).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(year: i32, month: u32, day: u32) -> Option<chrono::NaiveDate> {
        chrono::NaiveDate::from_ymd_opt(year, month, day)
    }

    #[test]
    fn harmless_mess_goes_and_meaning_stays() {
        for (cell, clean) in [
            ("502　", "502"),
            ("  光明街9号 \u{3000}", "光明街9号"),
            ("'530124194610038814", "530124194610038814"),
            ("１０２", "102"),
            ("王　芳", "王　芳"),
            ("（甲）", "（甲）"),
            ("'", "'"),
            ("ＡＢ１", "AB1"),
        ] {
            assert_eq!(text(cell), clean, "{cell}");
        }
    }

    #[test]
    fn dates_in_every_form_a_file_has() {
        for cell in [
            "20140501",
            "2014-05-01",
            "2014/5/1",
            "2014.5.1",
            "2014年5月1日",
            " ２０１４-０５-０１",
            "2014-05-01 08:00:00",
        ] {
            assert_eq!(date(cell), day(2014, 5, 1), "{cell}");
        }
        for cell in [
            "",
            "2014-02-30",
            "一四年五月",
            "20141332",
            "0000-00-00",
            "2014/5/",
            "14.5",
            "2014",
            "201405",
            "2014-5-1-1",
            "12014-05-01",
        ] {
            assert_eq!(date(cell), None, "{cell}");
        }
        assert_eq!(date_of_number("41760"), day(2014, 5, 1));
        assert_eq!(date_of_number("20140501"), day(2014, 5, 1));
        assert_eq!(moment("2026/10/21 0:16:41").map(|m| m.to_string()).as_deref(), Some("2026-10-21 00:16:41"));
        assert_eq!(moment("2026-10-21 25:00"), None);
    }

    #[test]
    fn numbers_with_commas_and_full_width_digits() {
        assert_eq!(quantity("2,974.20"), Some(Milli(2_974_200)));
        assert_eq!(quantity("８２８１"), Some(Milli(8_281_000)));
        assert_eq!(quantity("384.0"), Some(Milli(384_000)));
        assert_eq!(quantity("1.23456"), Some(Milli(1_234)));
        for cell in ["", "--", "约800", "1O23", "NULL", "#VALUE!", "—", "1,23", "1e5", "1.2.3456", "5."] {
            assert_eq!(quantity(cell), None, "{cell}");
        }
        assert_eq!((calibre("DN15"), calibre("15"), calibre("0"), calibre("DNx")), (Some(15), Some(15), None, None));
        assert_eq!((money("197.20"), money("1.234"), money("1000000000")), (Some(Fen(19_720)), None, None));
    }

    #[test]
    fn amounts_as_such_systems_write_them() {
        for (cell, fen) in [
            ("0.00元", 0),
            ("￥1,234.50", 123_450),
            ("¥-12.5", -1_250),
            ("-¥12.50", -1_250),
            ("(12.50)", -1_250),
            ("（12.50）", -1_250),
            ("12.50-", -1_250),
            ("12.5000", 1_250),
            (".5", 50),
            ("+12.5", 1_250),
            ("１２．５０元", 1_250),
            ("人民币12元整", 1_200),
        ] {
            assert_eq!(money(cell), Some(Fen(fen)), "{cell}");
        }
        for cell in
            ["1.234,50", "1234,50", "12.345", "12..5", "1e3", "(-12.50)", "12.5万元", "", "-", "元", "一百", "12 50"]
        {
            assert_eq!(money(cell), None, "{cell}");
        }
        for cell in ["-", "—", "¥ -", "￥—", "NULL", "无", ""] {
            assert!(is_no_money(cell), "{cell}");
        }
        assert!(!is_no_money("0") && !is_no_money("--5"));
    }

    #[test]
    fn a_unit_behind_and_a_zero_fraction_change_no_number() {
        assert_eq!(
            (quantity("120方"), quantity("120 m³"), quantity("12.5吨")),
            (Some(Milli(120_000)), Some(Milli(120_000)), Some(Milli(12_500)))
        );
        assert_eq!((count("3.0"), count("3人"), count("3.5"), quantity("方")), (Some(3), Some(3), None, None));
        assert_eq!(
            (text("=\"0012\""), without_zero_fraction("310.0"), without_zero_fraction("3.10")),
            (Cow::Borrowed("0012"), "310", "3.10")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(cell in "\\PC{0,40}") {
            let _ = (text(&cell).len(), quantity(&cell), count(&cell), money(&cell), calibre(&cell), date_of_number(&cell));
        }
    }
}
