//! What a telephone number is: a mobile of eleven digits, an area code and seven or eight digits, those digits alone, a 400 or 800 number,
//! a short service number, each with or without an extension; a foreign one with its `+`. Never a number of a person or a card.

use super::numbers;

/// Most digits of the longest: area code, number and extension.
const MOST_DIGITS: usize = 16;

/// A typed telephone number as it is kept: narrow, without blanks. `None` when it is none.
pub fn check(text: &str) -> Option<String> {
    let plain: String = text.chars().filter_map(narrow).collect();
    // （0871）8042909
    let plain = match plain.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((area, number)) => format!("{area}-{}", number.trim_start_matches('-')),
        None => plain,
    };
    is_phone(&plain).then_some(plain)
}

/// A typed mobile number as it is kept: eleven digits from 13 to 19, the country's code before it or not, or a foreign one with its `+`.
pub fn check_mobile(text: &str) -> Option<String> {
    let plain = check(text)?;
    let home = ["+86", "0086"].iter().find_map(|code| plain.strip_prefix(code));
    let digits: String = home.unwrap_or(&plain).chars().filter(char::is_ascii_digit).collect();
    let mobile = digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]);
    (mobile || home.is_none() && plain.starts_with('+')).then_some(plain)
}

fn narrow(c: char) -> Option<char> {
    match numbers::narrow(c) {
        c if c.is_whitespace() => None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '转' => Some('-'),
        c => Some(c),
    }
}

fn is_phone(plain: &str) -> bool {
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    if digits > MOST_DIGITS {
        return false;
    }
    let home = ["+86", "0086"].iter().find_map(|code| plain.strip_prefix(code));
    match (home, plain.strip_prefix('+')) {
        (Some(rest), _) => is_number(rest.strip_prefix('-').unwrap_or(rest), true),
        (None, Some(foreign)) => has_groups(foreign) && (7..=14).contains(&digits),
        (None, None) => is_number(plain, false),
    }
}

/// Digits in groups with single hyphens between them.
fn has_groups(text: &str) -> bool {
    text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// `home`: the country's code stood before it, so the area code has lost its 0.
fn is_number(text: &str, home: bool) -> bool {
    if !has_groups(text) {
        return false;
    }
    let whole = |text: &str| is_main(&text.replace('-', ""), home);
    let extended = text.rsplit_once('-').is_some_and(|(main, extension)| extension.len() <= 6 && whole(main));
    whole(text) || extended
}

fn is_main(digits: &str, home: bool) -> bool {
    match digits.len() {
        3..=8 => true,
        9 => home,
        10 => home || matches!(&digits[..1], "0") || matches!(&digits[..3], "400" | "800"),
        11 => home || matches!(&digits[..1], "0" | "1"),
        12 => digits.starts_with('0'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_field_takes_a_phone_and_no_id_and_no_card() {
        for (typed, kept) in [
            ("13800000000", "13800000000"),
            ("138 0000 0000", "13800000000"),
            ("138-0000-0000", "138-0000-0000"),
            ("０８７１ 8042909", "08718042909"),
            ("0871-8042909", "0871-8042909"),
            ("（010）12345678", "010-12345678"),
            ("0871-8042909-801", "0871-8042909-801"),
            ("8042909转801", "8042909-801"),
            ("400-800-1234", "400-800-1234"),
            ("95598", "95598"),
            ("110", "110"),
            ("+86 13800000000", "+8613800000000"),
            ("+86-871-8042909", "+86-871-8042909"),
            ("+852 2345 6789", "+85223456789"),
        ] {
            assert_eq!(check(typed).as_deref(), Some(kept), "{typed}");
        }
        for typed in [
            "",
            "12",
            "530124194610038814",
            "6217008518155968107",
            "5301241946-10038814",
            "110105491231002",
            "4111111111111111",
            "23456789012",
            "1380000000a",
            "0871--8042909",
            "-8042909",
            "H12345678",
            "+8612",
            "无",
        ] {
            assert_eq!(check(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_mobiles_own_field_takes_no_short_number() {
        for typed in ["13800000000", "138 0000 0000", "+86-13800000000", "008619900000000", "+85223456789"] {
            assert!(check_mobile(typed).is_some(), "{typed}");
        }
        for typed in ["123", "0571", "1390000", "0871-8042909", "12000000000", "138000000001", "+868718042909"] {
            assert_eq!(check_mobile(typed), None, "{typed}");
        }
    }
}
