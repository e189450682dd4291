//! Number formats of a workbook: what a person sees of a number, as far as it differs from what the cell holds.

/// How a format shows a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Shown {
    /// As it is.
    #[default]
    Plain,
    /// With so many decimals.
    Decimals(usize),
    /// A whole number filled up with zeros to so many digits, behind a text: `0012`, `LC0012`.
    Padded { zeros: usize, before: String },
    /// Times a hundred.
    Percent,
    /// Not at all, or in thousands.
    Otherwise,
}

/// Units that say nothing of the number before them.
const UNITS: [&str; 14] =
    ["m", "m3", "m³", "㎥", "t", "mm", "dn", "kwh", "rmb", "cny", "元", "元整", "立方米", "千瓦时"];
/// Currencies, which may stand before an amount.
const CURRENCIES: [&str; 8] = ["¥", "￥", "$", "人民币", "rmb", "cny", "us", "+"];
/// Chinese signs behind a number that make another of it: 12万, 12点5, 12分.
const CHANGES: &str = "〇零一二三四五六七八九十百千万亿兆点分角厘半倍成折负";

/// Reads a format code. Its first section counts, which is that of positive numbers; where sections hang on conditions, all of them
/// must show the same.
pub(super) fn shown_as(code: &str) -> Shown {
    if code.is_empty() {
        return Shown::Plain;
    }
    let mut chars = code.chars().peekable();
    let first = Found::section(&mut chars);
    let mut sections = vec![first];
    while chars.peek().is_some() {
        sections.push(Found::section(&mut chars));
    }
    let conditional = sections.iter().any(|section| section.conditional);
    let mut shown = sections.into_iter().map(Found::shown);
    let first = shown.next().unwrap_or(Shown::Plain);
    if conditional && shown.any(|other| other != first) {
        return Shown::Otherwise;
    }
    first
}

/// Does a text show as it is? Its section is the fourth one, or else the last when that has an `@`; without one it does.
pub(super) fn shows_text(code: &str) -> bool {
    let mut sections = vec![TextSection::default()];
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        if c == ';' {
            sections.push(TextSection::default());
            continue;
        }
        let Some(section) = sections.last_mut() else { return false };
        match c {
            '"' => chars.by_ref().take_while(|c| *c != '"').for_each(|c| section.other |= !c.is_whitespace()),
            '\\' | '!' => section.other |= chars.next().is_some_and(|c| !c.is_whitespace()),
            '_' => _ = chars.next(),
            '*' => section.other |= chars.next().is_some_and(|fill| !is_plain_fill(fill)),
            '[' => _ = chars.by_ref().take_while(|c| *c != ']').count(),
            '@' => section.texts += 1,
            'G' | 'g' => {
                let word = |c: char| c.is_ascii_alphabetic() || "/通用格式".contains(c);
                chars = chars.as_str().trim_start_matches(word).chars();
                section.texts += 1;
            }
            other => section.other |= !other.is_whitespace(),
        }
    }
    let own = match sections.len() {
        4.. => sections.get(3),
        _ => sections.last().filter(|last| last.texts > 0),
    };
    own.is_none_or(|own| own.texts == 1 && !own.other)
}

/// Does a date of this format show its day? A code without any letter of a date says nothing and counts as yes.
pub(super) fn shows_day(code: &str) -> bool {
    // ddd and dddd are the name of a weekday.
    let is_day = |run: usize| matches!(run, 1 | 2);
    let (mut run, mut dated) = (0, false);
    let mut chars = code.chars();
    while let Some(c) = chars.next().filter(|c| *c != ';') {
        let before = run;
        run = if matches!(c, 'd' | 'D') { run + 1 } else { 0 };
        if run == 0 && is_day(before) {
            return true;
        }
        match c {
            '"' => _ = chars.by_ref().take_while(|c| *c != '"').count(),
            '\\' | '!' | '_' | '*' => _ = chars.next(),
            '[' => _ = chars.by_ref().take_while(|c| *c != ']').count(),
            'G' | 'g' => return true,
            other => dated |= matches!(other.to_ascii_lowercase(), 'y' | 'e' | 'm' | 'd' | 'h' | 's' | 'a'),
        }
    }
    is_day(run) || !dated
}

/// What a section shows of a text: the text so many times, and anything else.
#[derive(Default)]
struct TextSection {
    texts: usize,
    other: bool,
}

/// A filling that is no part of a number or a word: blanks, and the stars of a cheque.
fn is_plain_fill(c: char) -> bool {
    c.is_whitespace() || c == '*'
}

#[derive(Default)]
struct Found {
    /// Texts before and behind the digits, and whether one stands among them.
    before: String,
    behind: String,
    parted: bool,
    digits: usize,
    zeros: usize,
    decimals: usize,
    point: bool,
    /// A comma behind the last digit so far: thousands are cut off when nothing but decimals follows.
    comma: bool,
    percent: bool,
    /// As a cell without format: General, text, a fraction, a power of ten.
    plain: bool,
    /// It holds for some numbers only.
    conditional: bool,
}

impl Found {
    /// Reads a section and the semicolon behind it.
    fn section(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Self {
        let mut found = Self::default();
        while let Some(c) = chars.next() {
            if c == ';' {
                break;
            }
            match c {
                '"' => chars.by_ref().take_while(|c| *c != '"').for_each(|c| found.literal(c)),
                '\\' | '!' => found.literal(chars.next().unwrap_or_default()),
                '_' => _ = chars.next(),
                '*' => found.parted |= chars.next().is_some_and(|fill| !is_plain_fill(fill)),
                '[' => {
                    let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    found.conditional |= inner.starts_with(['<', '>', '=']);
                }
                '0' | '#' | '?' => found.digit(c),
                '.' => found.point = true,
                ',' => found.comma = true,
                '%' => found.percent = true,
                '@' => found.plain = true,
                '/' if found.digits > 0 => found.plain = true,
                'E' | 'e' if found.digits > 0 => {
                    found.plain = true;
                    _ = chars.next_if(|sign| matches!(sign, '+' | '-'));
                }
                'G' | 'g' => {
                    let word = |c: &char| c.is_ascii_alphabetic() || "/通用格式".contains(*c);
                    while chars.next_if(word).is_some() {}
                    found.plain = true;
                }
                other => found.literal(other),
            }
        }
        found
    }

    fn digit(&mut self, c: char) {
        // 0-0 shows 13-9, 0"."0 shows 12.7: a text among the digits makes another number of them. A blank does not.
        self.parted |= !self.behind.is_empty();
        if self.point {
            self.decimals += 1;
            return;
        }
        self.comma = false;
        self.digits += 1;
        self.zeros += usize::from(c == '0');
    }

    fn literal(&mut self, c: char) {
        if c.is_whitespace() || c == '\0' {
            return;
        }
        match self.digits == 0 && !self.point && !self.plain {
            true => self.before.push(c),
            false => self.behind.push(c),
        }
    }

    /// Does what stands behind the digits leave the number what it is?
    fn is_unit(&self) -> bool {
        let lower = self.behind.to_lowercase();
        let says_nothing = |c: char| matches!(c, '\u{4E00}'..='\u{9FFF}' | '#' | '＃' | '℃') && !CHANGES.contains(c);
        [&UNITS[..], &CURRENCIES[..]].iter().any(|known| known.contains(&lower.as_str()))
            || self.behind.chars().all(says_nothing)
    }

    fn shown(self) -> Shown {
        let currency = CURRENCIES.contains(&self.before.to_lowercase().as_str());
        let before = if currency { String::new() } else { self.before.clone() };
        if self.parted || !self.is_unit() {
            return Shown::Otherwise;
        }
        if self.plain {
            return if before.is_empty() { Shown::Plain } else { Shown::Otherwise };
        }
        if self.percent {
            return Shown::Percent;
        }
        if self.digits == 0 && self.decimals == 0 || self.comma {
            return Shown::Otherwise;
        }
        if self.point && !before.is_empty() {
            return Shown::Otherwise;
        }
        if !self.point && (self.zeros > 1 || !before.is_empty()) {
            return Shown::Padded { zeros: self.zeros, before };
        }
        Shown::Decimals(self.decimals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_sees_of_a_number() {
        for (code, shown) in [
            ("General", Shown::Plain),
            ("@", Shown::Plain),
            ("0", Shown::Decimals(0)),
            ("0.00_ ", Shown::Decimals(2)),
            ("#,##0.00", Shown::Decimals(2)),
            ("\"¥\"#,##0.00;[Red]\"¥\"\\-#,##0.00", Shown::Decimals(2)),
            ("[$¥-804]#,##0.00", Shown::Decimals(2)),
            ("_(* #,##0.00_);_(* (#,##0.00);_(* \"-\"??_);_(@_)", Shown::Decimals(2)),
            ("0\"方\"", Shown::Decimals(0)),
            ("0000000000", Shown::Padded { zeros: 10, before: String::new() }),
            ("\"LC\"0000", Shown::Padded { zeros: 4, before: "LC".into() }),
            ("0%", Shown::Percent),
            ("0.00E+00", Shown::Plain),
            ("0,", Shown::Otherwise),
            ("0.0,,\"百万\"", Shown::Otherwise),
            (";;;", Shown::Otherwise),
            ("\"正常\"", Shown::Otherwise),
            ("General\"方\"", Shown::Plain),
            ("G/通用格式", Shown::Plain),
            ("# ?/?", Shown::Plain),
            ("0000 0000", Shown::Padded { zeros: 8, before: String::new() }),
            ("\"LC-\"0000", Shown::Padded { zeros: 4, before: "LC-".into() }),
            ("\"人民币\"0.00\"元\"", Shown::Decimals(2)),
            ("[>99]0;[<=99]0", Shown::Decimals(0)),
            ("[>99]0;[<=99]0.0", Shown::Otherwise),
        ] {
            assert_eq!(shown_as(code), shown, "{code}");
        }
    }

    #[test]
    fn a_date_whose_format_shows_no_day_is_told() {
        let shown =
            ["", "General", "yyyy-mm-dd", "m/d", "d", "yyyy\"年\"m\"月\"d\"日\"", "yyyy/m/d;@", "mm-dd-yy h:mm"];
        for code in shown.into_iter().chain(["[$-F800]dddd, mmmm dd, yyyy", "D.M.YYYY", "dd", "ddd d"]) {
            assert!(shows_day(code), "{code}");
        }
        let hidden =
            ["h:mm", "mm:ss.0", "[$-F400]h:mm:ss\\ AM/PM", "yyyy\"年\"m\"月\"", "mmm-yy", "dddd", "yyyy\"d\"", "aaaa"];
        for code in hidden {
            assert!(!shows_day(code), "{code}");
        }
    }

    #[test]
    fn a_format_that_adds_to_a_text_or_hides_it_is_told() {
        let plain = [
            "@",
            "General",
            "0",
            "0.00;-0.00;0;@",
            "_(* #,##0_);_(* (#,##0);_(* \"-\"_);_(@_)",
            "[Red]@",
            "@* ",
            "0;0;0",
        ];
        for code in plain {
            assert!(shows_text(code), "{code}");
        }
        for code in
            ["\"1\"@", "@\"5\"", "@@", ";;;\"x\"", ";;;", "0;0;0;", "@*0", "\\1@", "@\"方\"", "0;-0;0;@\"号\"", "0;@0"]
        {
            assert!(!shows_text(code), "{code}");
        }
    }

    #[test]
    fn digits_points_and_powers_of_ten_in_a_format_are_part_of_what_is_seen() {
        for code in [
            "0\".\"0",
            "0\"0\"",
            "0\"万\"",
            "0-0",
            "00\".\"00",
            "0!.0",
            "0\\.0,\"万\"",
            "General\"万\"",
            "@\"万\"",
            "0.0\"千\"",
            "0\"万元\"",
            "0\"分\"",
            "\"1\"0.00",
            "0.00E+00\"万\"",
            "0\"%\"",
            "(0)",
            "0\"A\"",
            "[>9999]0\"万\";0",
            "[<100]0;0\"万\"",
            "0*0",
            "0*.0",
            "*-#,##0",
        ] {
            assert_eq!(shown_as(code), Shown::Otherwise, "{code}");
        }
        // What stands before the digits is kept as it is seen, and then is no counter.
        assert_eq!(shown_as("\"0.\"0"), Shown::Padded { zeros: 1, before: "0.".into() });
        assert_eq!(shown_as("\\-0"), Shown::Padded { zeros: 1, before: "-".into() });
    }
}
