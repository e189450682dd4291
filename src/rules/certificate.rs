//! Kinds of certificates (证件) by the form of their numbers. Those with a check character are checked; the others are known by
//! their form alone, and somebody is told that nothing of them could be checked.

use chrono::{NaiveDate, NaiveDateTime};

use super::fault::Fault;
use super::numbers::{self, Checked, PROVINCES};

/// A kind of certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// 居民身份证
    ResidentId,
    /// 港澳台居民居住证: eighteen digits that begin with 81, 82, 83 (or 71).
    ResidencePermit,
    /// 外国人永久居留身份证: eighteen digits that begin with 9.
    ForeignerId,
    /// 外国人永久居留证, before 2023: three letters and twelve digits.
    OldForeignerId,
    /// 护照, and passes whose numbers look the same.
    Passport,
    /// 港澳居民来往内地通行证: H or M and eight or ten digits.
    HomeReturnPermit,
    /// 台湾居民来往大陆通行证: eight digits, or ten and a letter.
    TaiwanPermit,
    /// 旧15位身份证
    OldResidentId,
    /// 统一社会信用代码
    CreditCode,
}

impl Certificate {
    /// The word kept with a number.
    pub fn code(self) -> &'static str {
        match self {
            Self::ResidentId => "resident_id",
            Self::ResidencePermit => "residence_permit",
            Self::ForeignerId => "foreigner_id",
            Self::OldForeignerId => "foreigner_id_old",
            Self::Passport => "passport",
            Self::HomeReturnPermit => "home_return_permit",
            Self::TaiwanPermit => "taiwan_permit",
            Self::OldResidentId => "resident_id_15",
            Self::CreditCode => "uscc",
        }
    }

    /// The word for a person.
    pub fn label(self) -> &'static str {
        match self {
            Self::ResidentId => "居民身份证",
            Self::ResidencePermit => "港澳台居民居住证",
            Self::ForeignerId => "外国人永久居留身份证",
            Self::OldForeignerId => "外国人永久居留证",
            Self::Passport => "护照",
            Self::HomeReturnPermit => "港澳居民来往内地通行证",
            Self::TaiwanPermit => "台湾居民来往大陆通行证",
            Self::OldResidentId => "旧15位身份证",
            Self::CreditCode => "统一社会信用代码",
        }
    }

    /// Is it a person's?
    pub fn is_person(self) -> bool {
        self != Self::CreditCode
    }

    /// Has its number a check character?
    pub fn is_checked(self) -> bool {
        matches!(self, Self::ResidentId | Self::ResidencePermit | Self::ForeignerId | Self::CreditCode)
    }
}

/// The kind of a cleaned number, by its form alone. `None` when it has the form of none.
pub fn form_of(clean: &str) -> Option<Certificate> {
    let bytes = clean.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let letters = bytes.iter().take_while(|b| b.is_ascii_uppercase()).count();
    match (bytes.len(), letters) {
        (18, 0) if digits(0, 17) && matches!(bytes[17], b'0'..=b'9' | b'X') => Some(match &clean[..2] {
            "71" | "81" | "82" | "83" => Certificate::ResidencePermit,
            _ if bytes[0] == b'9' => Certificate::ForeignerId,
            _ => Certificate::ResidentId,
        }),
        (18, _) if bytes.iter().all(u8::is_ascii_alphanumeric) => Some(Certificate::CreditCode),
        (15, 0) if digits(0, 15) => Some(Certificate::OldResidentId),
        (15, 3) if digits(3, 15) => Some(Certificate::OldForeignerId),
        (9 | 11, 1) if matches!(bytes[0], b'H' | b'M') && digits(1, bytes.len()) => Some(Certificate::HomeReturnPermit),
        (8, 0) if digits(0, 8) => Some(Certificate::TaiwanPermit),
        (11, 0) if digits(0, 10) && bytes[10].is_ascii_uppercase() => Some(Certificate::TaiwanPermit),
        (8..=10, 1) if digits(1, bytes.len()) => Some(Certificate::Passport),
        (9 | 10, 2) if digits(2, bytes.len()) => Some(Certificate::Passport),
        _ => None,
    }
}

/// The kind of a number that was kept: a credit code of digits alone is known by its check, as nobody's ID passes it.
pub fn kind_of(clean: &str) -> Certificate {
    match form_of(clean) {
        Some(kind) if kind.is_checked() && kind.is_person() && !numbers::fits_id_check(clean) => {
            Certificate::CreditCode
        }
        Some(kind) => kind,
        None => Certificate::CreditCode,
    }
}

/// Checks a number of whatever certificate as of `today`. `firm`: the customer is no household, so of two faults the one of the
/// credit code is told when the number looks like one.
pub fn check(text: &str, firm: bool, today: NaiveDate) -> Result<(Checked, Certificate), Fault> {
    let clean = numbers::clean(text);
    match form_of(&clean) {
        Some(Certificate::CreditCode) => numbers::uscc(&clean).map(|checked| (checked, Certificate::CreditCode)),
        Some(kind) if kind.is_checked() => match (numbers::resident_id(&clean, today), numbers::uscc(&clean)) {
            (Ok(checked), _) => Ok((checked, kind)),
            // Of ID numbers with a wrong digit one in thirty passes the sum of a credit code; those of households begin with 9.
            (Err(_), Ok(checked)) if firm || kind == Certificate::ForeignerId => Ok((checked, Certificate::CreditCode)),
            (Err(_), Err(fault)) if firm && kind == Certificate::ForeignerId => Err(fault),
            (Err(fault), _) => Err(fault),
        },
        Some(Certificate::OldResidentId) => old_resident(clean),
        Some(kind) => {
            let warning = format!("像是{}号码，没有校验位可核对，请核对证件", kind.label());
            Ok((Checked { clean, warning: Some(warning) }, kind))
        }
        None if firm => Err(numbers::uscc(&clean).err().unwrap_or_else(|| unknown(&clean))),
        None => Err(numbers::resident_id(&clean, today).err().unwrap_or_else(|| unknown(&clean))),
    }
}

fn unknown(clean: &str) -> Fault {
    Fault::new("GB 11643", format!("证件号码{}位，不是已知证件，请核对", clean.chars().count()))
}

/// Fifteen digits, as cards until 1999 had them: a known province and a day of birth, no check character.
fn old_resident(clean: String) -> Result<(Checked, Certificate), Fault> {
    let fault = |what: &str| Fault::new("GB 11643", format!("是旧15位身份证号码，{what}，请按现证登记18位号码"));
    if !PROVINCES.contains(&&clean[..2]) {
        return Err(fault("前两位不是省级代码"));
    }
    let born = format!("19{}000000", &clean[6..12]);
    if NaiveDateTime::parse_from_str(&born, "%Y%m%d%H%M%S").is_err() {
        return Err(fault("其中的出生日期不存在"));
    }
    let warning = "是旧15位身份证号码，没有校验位可核对，请核对证件后换登18位号码";
    Ok((Checked { clean, warning: Some(warning.into()) }, Certificate::OldResidentId))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 1).unwrap()
    }

    #[test]
    fn every_kind_of_certificate_is_known_and_kept_with_its_kind() {
        for (text, kind) in [
            ("11010519491231002X", Certificate::ResidentId),
            ("911241198108030026", Certificate::ForeignerId),
            ("911840199001010018", Certificate::ForeignerId),
            ("FRA110075101901", Certificate::OldForeignerId),
            ("E12345678", Certificate::Passport),
            ("ea1234567", Certificate::Passport),
            ("H12345678", Certificate::HomeReturnPermit),
            ("M1234567801", Certificate::HomeReturnPermit),
            ("12345678", Certificate::TaiwanPermit),
            ("1234567801B", Certificate::TaiwanPermit),
            ("110105491231002", Certificate::OldResidentId),
            ("91350100M000100Y43", Certificate::CreditCode),
        ] {
            let (checked, found) = check(text, false, day()).unwrap();
            assert_eq!(found, kind, "{text}");
            assert_eq!(checked.warning.is_none(), kind.is_checked(), "{text}");
            assert_eq!(kind_of(&checked.clean), kind, "{text}");
        }
        let warned = check("110105850101123", false, day()).unwrap().0.warning.unwrap();
        assert!(warned.contains("旧15位"), "{warned}");
    }

    #[test]
    fn a_wrong_number_is_told_by_the_kind_it_looks_like() {
        for (text, firm, words) in [
            ("911241198108030027", false, "身份证号码校验位"),
            ("350121197705232652", false, "身份证号码校验位"),
            ("911241198108030027", true, "统一社会信用代码"),
            ("91350100M000100Y44", false, "统一社会信用代码校验位"),
            ("110105851301123", false, "旧15位"),
            ("11010519491231002", false, "现为17位"),
            ("军字第1234567号", false, "应为18位"),
            ("91350100M000100Y4", true, "现为17位"),
        ] {
            let fault = check(text, firm, day()).unwrap_err();
            assert!(fault.message.contains(words), "{text}: {fault}");
        }
    }

    #[test]
    fn residence_permits_of_hong_kong_macao_and_taiwan_are_checked_like_ids() {
        for start in ["81000019900101001", "82000019900101001", "83000019900101001"] {
            let good = ('0'..='9').chain(['X']).map(|last| format!("{start}{last}"));
            let found: Vec<_> = good.filter_map(|text| check(&text, false, day()).ok()).collect();
            assert_eq!(found.len(), 1, "{start}");
            assert_eq!(found[0].1, Certificate::ResidencePermit);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in "\\PC{0,24}|[0-9A-Z]{8,18}", firm: bool) {
            let _ = check(&text, firm, day());
        }
    }
}
