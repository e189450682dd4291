//! Price classes (用水性质、气价类别), discount groups (优待类别) and the mix of a mixed account (混用), R-073, R-074.
//!
//! A class is a code that a tariff file carries; the ones below have words of their own on the screens, any other code
//! shows as it is. A discount group names a tariff of its own: one whose class is the group. Mixed use has no price of its
//! own, its shares use the others.

use std::borrow::Cow;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::fault::{Fault, shown};
use super::form::plain_decimal;
use super::tariff::{PriceBook, Tariff};
use super::utility::Utility;

/// Code and word of every class the program knows by name.
pub const CLASSES: [(&str, &str); 7] = [
    ("resident", "居民"),
    ("resident_boiler", "居民壁挂炉"),
    ("institution", "执行居民价非居民"),
    ("non_resident", "非居民"),
    ("special", "特种行业"),
    ("mixed", MIXED_LABEL),
    ("school_book", "课本习题"),
];
/// The class without a price of its own.
pub const MIXED: &str = "mixed";
const MIXED_LABEL: &str = "混用";
/// Most shares of a mix.
const MOST_SHARES: usize = 10;

/// The word of a class; a code without a word shows as it is.
pub fn label(class: &str) -> &str {
    CLASSES.iter().find(|(code, _)| *code == class).map_or(class, |(_, label)| label)
}

/// The code of a word, or of a code.
pub fn from_label(text: &str) -> Option<&'static str> {
    let known = |(code, label): &&(&'static str, &str)| *code == text || *label == text;
    let short = match text {
        "居民生活" => Some("resident"),
        "特种" => Some("special"),
        _ => None,
    };
    CLASSES.iter().find(known).map(|(code, _)| *code).or(short)
}

/// Who has a resident ID rather than a credit code: households, also those with a shop in the front room.
pub fn is_household(class: &str) -> bool {
    matches!(class, "resident" | "resident_boiler" | MIXED)
}

/// Is a tariff's class the word of a discount group? Such a tariff is for that group and is no class of its own.
pub fn is_group(class: &str) -> bool {
    Discount::from_label(class).is_some()
}

/// Discount group (优待类别), R-074.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Discount {
    /// 特困: hardship.
    Hardship,
    /// 双证: hardship and disability.
    DoubleCertificate,
}

impl Discount {
    /// All groups.
    pub const ALL: [Self; 2] = [Self::Hardship, Self::DoubleCertificate];

    /// The word in files and on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Hardship => "特困",
            Self::DoubleCertificate => "双证",
        }
    }

    /// The class its tariff carries.
    pub fn class(self) -> &'static str {
        match self {
            Self::Hardship => "hardship",
            Self::DoubleCertificate => "double_certificate",
        }
    }

    /// Reads the word or the class.
    pub fn from_label(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.label() == text || group.class() == text)
    }

    /// The group's tariff on a day; refused when the price book has none, and the account's bill is then held.
    pub fn tariff(self, book: &PriceBook, utility: Utility, day: NaiveDate) -> Result<&Tariff, Fault> {
        match book.of_class(utility, self.label(), day) {
            Ok(tariff) => Ok(tariff),
            Err(_) => book.of_class(utility, self.class(), day).map_err(|_| {
                Fault::new("R-252", format!("优待类别“{}”在 {day} 没有自己的价目，请先导入", self.label()))
            }),
        }
    }
}

/// Reads a mix: `居民70%;非居民30%` or `resident:0.7;non_resident:0.3`. Every share is above zero, every class differs
/// and has a price of its own, and the shares add up to 1.
pub fn parse_mix(text: &str) -> Result<Vec<(&'static str, Decimal)>, Fault> {
    let fault = |message: String| Fault::new("R-248", message);
    let mut shares: Vec<(&'static str, Decimal)> = Vec::new();
    for part in text.split([';', '；']).map(str::trim).filter(|part| !part.is_empty()) {
        let (class, ratio) =
            share(part).ok_or_else(|| fault(format!("混用比例“{}”看不懂，应如 居民70%;非居民30%", shown(part))))?;
        if class == MIXED || ratio <= Decimal::ZERO || shares.iter().any(|(other, _)| *other == class) {
            return Err(fault(format!("混用比例“{}”重复或不合适，请改正", shown(part))));
        }
        shares.push((class, ratio));
    }
    let sum: Decimal = shares.iter().map(|(_, ratio)| ratio).sum();
    if shares.len() > MOST_SHARES || sum != Decimal::ONE {
        let percent = (sum * Decimal::ONE_HUNDRED).normalize();
        return Err(fault(format!("混用比例相加为{percent}%，应为100%，请改正")));
    }
    Ok(shares)
}

fn share(part: &str) -> Option<(&'static str, Decimal)> {
    if let Some((class, ratio)) = part.split_once([':', '：']) {
        return Some((from_label(class.trim())?, plain_decimal(ratio.trim())?));
    }
    let part = part.strip_suffix(['%', '％'])?;
    let digits = part.find(|c: char| c.is_ascii_digit())?;
    let percent = plain_decimal(&part[digits..])?;
    Some((from_label(part[..digits].trim())?, percent.checked_div(Decimal::ONE_HUNDRED)?))
}

/// A mix as it is kept: `resident:0.7;non_resident:0.3`.
pub fn mix_text(shares: &[(&str, Decimal)]) -> String {
    shares.iter().map(|(class, ratio)| format!("{class}:{}", ratio.normalize())).collect::<Vec<_>>().join(";")
}

/// A mix for people: `居民70%、非居民30%`.
pub fn mix_label(shares: &[(&str, Decimal)]) -> String {
    let part = |(class, ratio): &(&str, Decimal)| -> Cow<'static, str> {
        format!("{}{}%", label(class), (*ratio * Decimal::ONE_HUNDRED).normalize()).into()
    };
    shares.iter().map(part).collect::<Vec<_>>().join("、")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_groups_have_their_words() {
        for (code, label_text) in CLASSES {
            assert_eq!((label(code), from_label(label_text), from_label(code)), (label_text, Some(code), Some(code)));
        }
        assert_eq!((label("temple"), from_label("temple")), ("temple", None));
        for group in Discount::ALL {
            assert_eq!(Discount::from_label(group.label()), Some(group));
        }
    }

    #[test]
    fn a_mix_is_read_in_both_forms_and_must_be_whole() {
        let mix = parse_mix("居民50%;非居民30%;特种20%").unwrap();
        assert_eq!(mix_text(&mix), "resident:0.5;non_resident:0.3;special:0.2");
        assert_eq!(mix_label(&mix), "居民50%、非居民30%、特种行业20%");
        assert_eq!(parse_mix(&mix_text(&mix)).unwrap(), mix);
        for bad in [
            "",
            "居民70%;非居民20%",
            "居民110%;非居民-10%",
            "居民50%;居民50%",
            "混用100%",
            "居民七成",
            "火星100%",
            "居民100",
        ] {
            assert_eq!(parse_mix(bad).unwrap_err().rule, "R-248", "{bad}");
        }
    }

    #[test]
    fn a_discount_group_without_a_tariff_is_refused() {
        let mut book = super::super::tariff::builtin::price_book();
        let day = "2026-10-01".parse().unwrap();
        let fault = Discount::Hardship.tariff(&book, Utility::Water, day).unwrap_err();
        assert!(fault.message.contains("特困"), "{fault}");
        let (_, text) = super::super::tariff::builtin::FILES[4];
        let own = text.replace("\"BJ-WATER-RES-2014\"", "\"OWN\"").replace("\"resident\"", "\"hardship\"");
        book.read_file("own.toml", &own);
        assert_eq!(Discount::Hardship.tariff(&book, Utility::Water, day).unwrap().code, "OWN");
    }
}
