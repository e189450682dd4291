//! Number formats of a workbook: what a person sees of a number, as far as it differs from what the cell holds.

/// How a format shows a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// As it is.
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

/// Reads a format code; only its first section counts, which is that of positive numbers.
pub(super) fn shown_as(code: &str) -> Shown {
    if code.is_empty() || code.eq_ignore_ascii_case("general") || code == "@" {
        return Shown::Plain;
    }
    let mut found = Found::default();
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => break,
            '"' => chars.by_ref().take_while(|c| *c != '"').for_each(|c| found.literal(c)),
            '\\' => found.literal(chars.next().unwrap_or_default()),
            '_' | '*' => _ = chars.next(),
            '[' => chars.by_ref().take_while(|c| *c != ']').for_each(|_| ()),
            '0' | '#' | '?' => found.digit(c),
            '.' => found.point = true,
            ',' => found.comma = true,
            '%' => found.percent = true,
            'E' | 'e' | '/' => return Shown::Plain,
            'G' | 'g' => return Shown::Plain,
            other => found.literal(other),
        }
    }
    found.shown()
}

#[derive(Default)]
struct Found {
    before: String,
    digits: usize,
    zeros: usize,
    decimals: usize,
    point: bool,
    /// A comma behind the last digit so far: thousands are cut off when nothing but decimals follows.
    comma: bool,
    percent: bool,
}

impl Found {
    fn digit(&mut self, c: char) {
        if self.point {
            self.decimals += 1;
            return;
        }
        self.comma = false;
        self.digits += 1;
        self.zeros += usize::from(c == '0');
    }

    fn literal(&mut self, c: char) {
        if self.digits == 0 && !self.point && (c.is_alphanumeric() || c == '约') {
            self.before.push(c);
        }
    }

    fn shown(self) -> Shown {
        if self.percent {
            return Shown::Percent;
        }
        if self.digits == 0 && self.decimals == 0 || self.comma {
            return Shown::Otherwise;
        }
        if !self.point && (self.zeros > 1 || !self.before.is_empty()) {
            return Shown::Padded { zeros: self.zeros, before: self.before };
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
        ] {
            assert_eq!(shown_as(code), shown, "{code}");
        }
    }
}
