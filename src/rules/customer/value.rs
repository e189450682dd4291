//! What one field may hold: a typed text → the text that is kept, or what is wrong with it.

use chrono::NaiveDate;

use super::field::{Field, Form};
use crate::rules::customer_fields::UNKNOWN_NAME;
use crate::rules::form::{plain_date, plain_decimal};
use crate::rules::refusal::Refusal;
use crate::rules::{classes, numbers, phone};

/// Longest temporary supply.
const MONTHS_OF_TEMPORARY: u32 = 6;

/// Checks a typed value; an empty one clears the field. Sealed numbers and price classes need more than their text: here they
/// are only cleaned.
pub fn check_value(field: &Field, typed: &str, today: NaiveDate) -> Result<Option<String>, Refusal> {
    let no = |rule, what: String| Err(Refusal::new(rule, field.key, format!("{}{what}", field.label)));
    let text = typed.trim();
    if text.chars().any(char::is_control) {
        return no("input", "里有看不见的控制字符，请重输".into());
    }
    match field.form {
        Form::Name if text.is_empty() => return Ok(Some(UNKNOWN_NAME.to_owned())),
        Form::Needed(_) if text.is_empty() => return no("R-037", "不能为空，请填写".into()),
        _ if text.is_empty() => return Ok(None),
        _ => {}
    }
    let kept = match field.form {
        Form::Name if text.contains(char::is_whitespace) => return no("R-049", "中间有空格，请删去空格".into()),
        Form::Name => limited(field, text, 60)?,
        Form::Initials => {
            let small = text.to_ascii_lowercase();
            if !small.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) || small.len() > 20 {
                return no("input", "应为最多 20 个字母".into());
            }
            small
        }
        Form::Text(most) | Form::Needed(most) => limited(field, text, most)?,
        Form::Phone => phone_number(field, text)?,
        Form::Mobile => mobile_number(field, text)?,
        Form::Number(low, high) => {
            let plain = numbers::clean(text);
            match plain.parse::<u32>() {
                Ok(number) if (low..=high).contains(&number) => number.to_string(),
                _ => return no("input", format!("应为 {low} 到 {high} 的整数，请重输")),
            }
        }
        Form::Choice(words) => match words.iter().find(|(kept, shown)| *kept == text || *shown == text) {
            Some((kept, _)) => (*kept).to_owned(),
            None => return no(choice_rule(field.key), format!("只能是{}，请改正", words_of(words))),
        },
        Form::Day => day(field, text, today)?.to_string(),
        Form::DayAhead => day_ahead(field, text, today)?.to_string(),
        Form::Class => limited(field, classes::from_label(text).unwrap_or(text), 40)?,
        Form::Mix => classes::parse_mix(text)
            .map(|shares| classes::mix_text(&shares))
            .map_err(|fault| Refusal::new(fault.rule, field.key, fault.message))?,
        Form::Identity | Form::Card => numbers::clean(text),
        Form::Quantity => match plain_decimal(text).filter(|value| !value.is_sign_negative()) {
            Some(value) => value.to_string(),
            None => return no("input", "应为不小于 0 的数，请重输".into()),
        },
    };
    Ok(Some(kept))
}

fn choice_rule(key: &str) -> &'static str {
    match key {
        "connection" => "R-055",
        "user_type" | "user_kind" => "R-047",
        "area" | "building_kind" => "A-03",
        "discount" => "R-074",
        _ => "input",
    }
}

fn words_of(words: &[(&str, &str)]) -> String {
    words.iter().map(|(_, shown)| *shown).collect::<Vec<_>>().join("、")
}

fn limited(field: &Field, text: &str, most: usize) -> Result<String, Refusal> {
    if text.chars().count() > most {
        return Err(Refusal::new("input", field.key, format!("{}最多 {most} 字，请缩短", field.label)));
    }
    Ok(text.to_owned())
}

fn phone_number(field: &Field, text: &str) -> Result<String, Refusal> {
    let what = "不是电话号码，请填手机 11 位、区号加号码如 0871-8042909，或短号";
    phone::check(text).ok_or_else(|| Refusal::new("input", field.key, format!("{}{what}", field.label)))
}

fn mobile_number(field: &Field, text: &str) -> Result<String, Refusal> {
    let what = "不是手机号码，请填 11 位手机号；座机和短号请填在联系电话";
    phone::check_mobile(text).ok_or_else(|| Refusal::new("input", field.key, format!("{}{what}", field.label)))
}

/// a temporary supply lasts six months at most.
fn day_ahead(field: &Field, text: &str, today: NaiveDate) -> Result<NaiveDate, Refusal> {
    let no = |what: &str| Refusal::new("R-081", field.key, format!("{}{what}", field.label));
    let plain: String = text.chars().map(numbers::narrow).collect();
    let day = plain_date(&plain).ok_or_else(|| no("应为日期，如 2026-11-21，请重输"))?;
    let latest = today.checked_add_months(chrono::Months::new(MONTHS_OF_TEMPORARY)).unwrap_or(today);
    if day < today || day > latest {
        return Err(no(&format!("应在今天到 {latest} 之间：临时供应最多 6 个月，请改正")));
    }
    Ok(day)
}

fn day(field: &Field, text: &str, today: NaiveDate) -> Result<NaiveDate, Refusal> {
    let no = |what: &str| Refusal::new("input", field.key, format!("{}{what}", field.label));
    let plain: String = text.chars().map(numbers::narrow).collect();
    let day = plain_date(&plain).ok_or_else(|| no("应为日期，如 2026-11-21，请重输"))?;
    if day > today {
        return Err(no("在今天之后，请核对"));
    }
    Ok(day)
}

#[cfg(test)]
mod tests {
    use super::super::field::field;
    use super::*;

    fn check(key: &str, text: &str) -> Result<Option<String>, Refusal> {
        check_value(field(key).unwrap(), text, NaiveDate::from_ymd_opt(2026, 11, 21).unwrap())
    }

    #[test]
    fn what_is_typed_is_cleaned_and_kept() {
        for (key, typed, kept) in [
            ("name", " 王芳 ", Some("王芳")),
            ("name", "", Some("用户")),
            ("phone", "０８７１ 8042909", Some("08718042909")),
            ("people", "０3", Some("3")),
            ("people", "", None),
            ("area", "老区", Some("old")),
            ("read_way", "手持", Some("handheld")),
            ("connected", "2026-11-21", Some("2026-11-21")),
            ("mix", "居民70%；non_resident:0.3", Some("resident:0.7;non_resident:0.3")),
            ("discount", "特困", Some("特困")),
            ("extra.temporary_until", "2027-05-21", Some("2027-05-21")),
            ("bank_card", "6222 0000-0000 0000", Some("6222000000000000")),
        ] {
            assert_eq!(check(key, typed).unwrap().as_deref(), kept, "{key} {typed}");
        }
    }

    #[test]
    fn what_is_wrong_names_its_rule() {
        for (key, typed, rule) in [
            ("name", "王 芳", "R-049"),
            ("address", " ", "R-037"),
            ("phone", "12", "input"),
            ("people", "0", "input"),
            ("area", "东区", "A-03"),
            ("connection", "其它", "R-055"),
            ("user_type", "磁卡", "R-047"),
            ("discount", "低保", "R-074"),
            ("connected", "2026-11-22", "input"),
            ("connected", "2026-02-30", "input"),
            ("mix", "resident:0.7;non_resident:0.2", "R-248"),
            ("mix", "居民60%", "R-248"),
            ("extra.temporary_until", "2026-11-20", "R-081"),
            ("extra.temporary_until", "2027-05-22", "R-081"),
            ("remark", "a\u{1b}[31m", "input"),
            ("phone", "530124194610038814", "input"),
        ] {
            assert_eq!(check(key, typed).unwrap_err().rule, rule, "{key} {typed}");
        }
    }
}
