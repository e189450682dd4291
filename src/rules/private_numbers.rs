//! Numbers of IDs and bank cards have no place in clear (I-13): found in a text, the text is refused before it is written.
//!
//! What a number is told by: a resident ID (residence permits and foreigners' cards have the same form) by province, day of birth and
//! check character; an old one of fifteen digits by province and day of birth; a bank card by its issuer's first digits and its Luhn sum;
//! permits and passports by their form, passports only where the text names them. Typed with blanks, hyphens, full-width characters, in
//! another script, in Chinese numerals, with O and I for nought and one or with what nobody sees between, they are the same numbers.
//! Telephone, meter, receipt and order numbers, dates, times and amounts are none of these.

use std::ops::Range;

use chrono::NaiveDate;

use super::certificate::{self, Certificate};
use super::numbers::{self, PROVINCES};

mod digits;
mod toml;

pub use toml::found_in_toml;

use digits::{Between, Block, Reading, Span};

/// What a field may hold of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Holds {
    /// Words: none of these numbers.
    #[default]
    Text,
    /// A number of something of the branch (account, agreement, seal), which may be as long as a card's: no ID that passes its check,
    /// and no number that is like a card's of the common issuers.
    Number,
    /// A meter's number: 12 to 22 digits of the maker's choice, so any Luhn sum but that of a 银联 card; no ID that passes its check.
    Meter,
    /// The number itself: the field seals it.
    Sealed,
}

/// A number that must not stand in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// 身份证号, 银行卡号 or 证件号码.
    pub kind: &'static str,
    /// Where it stands in the text, in bytes.
    pub span: Range<usize>,
}

const ID: &str = "身份证号";
const CARD: &str = "银行卡号";
const PERMIT: &str = "证件号码";
/// Fewest digits of anything looked for, and of what has a check character or a day of birth.
const FEWEST: usize = 7;
const FEWEST_CHECKED: usize = 15;
/// How the fifteen digits of an old ID are grouped.
const OLD_ID_GROUPS: [&[usize]; 2] = [&[6, 6, 3], &[4, 4, 4, 3]];
/// Words after which a number without check character is a certificate's.
const NAMED: [&str; 6] = ["护照", "通行证", "回乡证", "台胞证", "居留证", "居留身份证"];
/// A number behind this word is a meter's: some begin with H or M.
const METER: char = '表';
/// Countries of old permanent residence cards: a meter's type (LXS…) is none.
const COUNTRIES: &str = "AFG ALB DZA AND AGO ARG ARM AUS AUT AZE BHS BHR BGD BRB BLR BEL BLZ BEN BTN BOL BIH BWA BRA BRN BGR BFA BDI \
    KHM CMR CAN CPV CAF TCD CHL CHN COL COM COG COD CRI CIV HRV CUB CYP CZE DNK DJI DMA DOM ECU EGY SLV GNQ ERI EST ETH FJI FIN FRA \
    GAB GMB GEO DEU GHA GRC GRD GTM GIN GNB GUY HTI HND HUN ISL IND IDN IRN IRQ IRL ISR ITA JAM JPN JOR KAZ KEN KIR PRK KOR KWT KGZ \
    LAO LVA LBN LSO LBR LBY LIE LTU LUX MDG MWI MYS MDV MLI MLT MHL MRT MUS MEX FSM MDA MCO MNG MNE MAR MOZ MMR NAM NRU NPL NLD NZL \
    NIC NER NGA MKD NOR OMN PAK PLW PSE PAN PNG PRY PER PHL POL PRT QAT ROU RUS RWA KNA LCA VCT WSM SMR STP SAU SEN SRB SYC SLE SGP \
    SVK SVN SLB SOM ZAF SSD ESP LKA SDN SUR SWE CHE SYR TJK TZA THA TLS TGO TON TTO TUN TUR TKM TUV UGA UKR ARE GBR USA URY UZB VUT \
    VAT VEN VNM YEM ZMB ZWE";

/// The kind of private number in a text, if there is one.
pub fn found(text: &str, today: NaiveDate) -> Option<&'static str> {
    first(text, Holds::Text, Some(today)).map(|found| found.kind)
}

/// The first private number in what a field holds. Without a day, anybody born in 1900 … 2099 counts.
pub fn first(text: &str, holds: Holds, today: Option<NaiveDate>) -> Option<Found> {
    all(text, holds, today).into_iter().next()
}

/// Every private number in what a field holds, in order, none inside another.
pub fn all(text: &str, holds: Holds, today: Option<NaiveDate>) -> Vec<Found> {
    let digits = if holds == Holds::Sealed { 0 } else { digits_in(text) };
    let mut found: Vec<Found> = Vec::new();
    if digits >= FEWEST_CHECKED {
        found.extend(read_as(Reading::Digits, text, holds, today));
    }
    if holds != Holds::Sealed && digits::numerals_in(text) >= FEWEST_CHECKED {
        found.extend(read_as(Reading::Numerals, text, holds, today));
    }
    if holds == Holds::Text && digits >= FEWEST {
        found.extend(misread(text, today));
    }
    if digits >= FEWEST && holds == Holds::Text && may_name_a_permit(text) {
        found.extend(permits(text));
    }
    found.sort_by_key(|found| (found.span.start, std::cmp::Reverse(found.span.end)));
    let mut end = 0;
    found.retain(|found| {
        let apart = found.span.start >= end;
        end = end.max(found.span.end);
        apart
    });
    found
}

fn read_as(reading: Reading, text: &str, holds: Holds, today: Option<NaiveDate>) -> Vec<Found> {
    let blocks = digits::blocks(text, reading);
    let judged = |span: Span<'_>| judge(&span, holds, today).map(|kind| Found { kind, span: span.bytes() });
    let mut found: Vec<Found> = digits::spans(&blocks).filter_map(judged).collect();
    for block in blocks.iter().filter(|block| holds == Holds::Text && block.digits.len() > 18) {
        found.extend(inside(block, today));
    }
    found
}

/// IDs and cards typed with the letters O and I (or l) for nought and one.
fn misread(text: &str, today: Option<NaiveDate>) -> Vec<Found> {
    let words = digits::words(text).into_iter().filter(|word| {
        let letters = word.clean.bytes().filter(u8::is_ascii_alphabetic).count();
        (16..=19).contains(&word.clean.len()) && letters > 0 && 2 * letters < word.clean.len()
    });
    let judged = words.filter_map(|word| {
        let digits = word.clean.replace('O', "0").replace(['I', 'L'], "1");
        let (number, check) = digits.split_at(digits.len() - 1);
        if !number.bytes().all(|b| b.is_ascii_digit()) || !matches!(check.as_bytes(), [b'0'..=b'9' | b'X']) {
            return None;
        }
        let id = digits.len() == 18 && is_resident_id(&digits, today);
        let card = check != "X" && is_card_of_common_issuer(&digits);
        (id || card).then_some(Found { kind: if id { ID } else { CARD }, span: word.span })
    });
    judged.collect()
}

/// Refuses a text that holds one. `label` is what the clerk calls the field.
pub fn refuse(label: &str, text: &str, today: NaiveDate) -> Result<(), super::fault::Fault> {
    match found(text, today) {
        None => Ok(()),
        Some(kind) => Err(super::fault::Fault::new("I-13", sentence(label, kind))),
    }
}

/// What a person is told.
pub fn sentence(label: &str, kind: &str) -> String {
    format!("{label}里像有{kind}，请删去；证件号和卡号只登记在客户档案里")
}

/// A text for lists and messages: of each private number only the last four characters.
pub fn mask(text: &str, holds: Holds) -> String {
    let mut out = String::new();
    let mut from = 0;
    for Found { span, .. } in all(text, holds, None) {
        out.push_str(&text[from..span.start]);
        out.push_str(&masked(&text[span.clone()]));
        from = span.end;
    }
    out.push_str(&text[from..]);
    out
}

/// A private number with only its last four characters.
pub fn masked(number: &str) -> String {
    let tail: Vec<char> = numbers::clean(number).chars().rev().take(4).collect();
    format!("****{}", tail.into_iter().rev().collect::<String>())
}

/// How many digits a text has: most have too few for anything.
fn digits_in(text: &str) -> usize {
    let plain = text.bytes().filter(u8::is_ascii_digit).count();
    match text.is_ascii() {
        true => plain,
        false => plain + text.chars().filter(|c| !c.is_ascii() && digits::plain(*c).is_ascii_digit()).count(),
    }
}

/// Permits have letters, or are named in words.
fn may_name_a_permit(text: &str) -> bool {
    text.chars().any(|c| numbers::narrow(c).is_ascii_alphabetic()) || NAMED.iter().any(|name| text.contains(name))
}

fn judge(span: &Span<'_>, holds: Holds, today: Option<NaiveDate>) -> Option<&'static str> {
    let digits = span.digits();
    match digits.len() {
        18 if is_resident_id(&digits, today) => return Some(ID),
        _ if span.between == Between::Parts => return None,
        _ if span.between == Between::Same => {
            let card = holds != Holds::Meter && is_card_of_common_issuer(&digits) && span.is_printed_as_a_card();
            return card.then_some(CARD);
        }
        15 if holds == Holds::Text
            && is_old_id(&digits)
            && OLD_ID_GROUPS.iter().any(|groups| span.is_grouped_as(groups)) =>
        {
            return Some(ID);
        }
        _ => {}
    }
    let card = match holds {
        Holds::Text => is_card(&digits),
        Holds::Number => is_card_of_common_issuer(&digits),
        Holds::Meter => digits.len() >= 16 && digits.starts_with("62") && is_card(&digits),
        Holds::Sealed => false,
    };
    // Behind a point stands a fraction, as long as a program writes it.
    (card && span.is_grouped_as_a_card() && !span.is_fraction()).then_some(CARD)
}

/// IDs that stand in a longer string of digits, and cards that begin or end one too long for a card.
fn inside(block: &Block, today: Option<NaiveDate>) -> Option<Found> {
    if block.digits.len() > 19 {
        let (size, digits) = (block.digits.len(), &block.digits);
        let parts = [19, 16].into_iter().flat_map(|length| [0..length, size - length..size]);
        let card = |part: &Range<usize>| digits.get(part.clone()).is_some_and(is_card_of_common_issuer);
        if let Some(part) = parts.filter(|part| !digits[part.clone()].ends_with('X')).find(card) {
            return Some(Found { kind: CARD, span: block.places[part.start].start..block.places[part.end - 1].end });
        }
    }
    let last = block.digits.len() - 18;
    let at = (0..=last).find(|at| is_resident_id(&block.digits[*at..*at + 18], today))?;
    // Beside a card's sum, eighteen digits in the middle say little.
    (!is_card(&block.digits)).then(|| Found { kind: ID, span: block.places[at].start..block.places[at + 17].end })
}

fn is_resident_id(clean: &str, today: Option<NaiveDate>) -> bool {
    let known = clean.starts_with('9') || PROVINCES.contains(&&clean[..2]);
    if !known || !numbers::fits_id_check(clean) {
        return false;
    }
    match today {
        Some(today) => numbers::resident_id(clean, today).is_ok(),
        None => NaiveDate::parse_from_str(&clean[6..14], "%Y%m%d").is_ok() && matches!(&clean[6..8], "19" | "20"),
    }
}

fn is_old_id(digits: &str) -> bool {
    PROVINCES.contains(&&digits[..2]) && is_day(&format!("19{}", &digits[6..12]))
}

fn is_day(digits: &str) -> bool {
    matches!(&digits[..2], "19" | "20") && NaiveDate::parse_from_str(digits, "%Y%m%d").is_ok()
}

/// 16 to 19 digits (15 of American Express) of a card issuer, with their Luhn sum.
fn is_card(digits: &str) -> bool {
    let issuer = match digits.as_bytes() {
        [b'4' | b'5' | b'6' | b'9', ..] => true,
        [b'3', next, ..] => matches!(next, b'0' | b'4'..=b'8'),
        [b'2', ..] => digits.get(..4).is_some_and(|four| ("2221"..="2720").contains(&four)),
        [b'8', next, ..] => matches!(next, b'1' | b'4' | b'7'..=b'9'),
        [b'1', b'0', b'3', ..] => digits.len() == 19,
        _ => false,
    };
    let long = (16..=19).contains(&digits.len()) || digits.len() == 15 && is_amex(digits);
    issuer && long && numbers::bank_card(digits).is_ok()
}

fn is_amex(digits: &str) -> bool {
    digits.starts_with("34") || digits.starts_with("37")
}

/// Cards as most people have them: 银联 62, and the 16 digits of the big foreign issuers.
fn is_card_of_common_issuer(digits: &str) -> bool {
    let common = match digits.len() {
        16 if matches!(digits.as_bytes(), [b'4', ..] | [b'5', b'1'..=b'5', ..] | [b'3', b'5', ..]) => true,
        15 => is_amex(digits),
        19 if digits.starts_with("9558") => true,
        _ => digits.starts_with("62"),
    };
    common && is_card(digits)
}

/// Permits, by their form alone: home return permits and old residence cards wherever they stand, the others where the text names them.
fn permits(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut named_until = 0;
    for word in digits::words(text) {
        let before = &text[..word.span.start];
        let reach: usize = before.chars().rev().take(8).map(char::len_utf8).sum();
        let near = &before[before.len() - reach..];
        if NAMED.iter().any(|name| near.contains(name)) {
            named_until = word.span.end;
        }
        let named = named_until == word.span.end;
        let kind = certificate::form_of(&word.clean);
        let told = match kind {
            Some(Certificate::HomeReturnPermit) => named || !is_dated(&word.clean[1..]) && !near.contains(METER),
            Some(Certificate::OldForeignerId) => is_old_residence_card(&word.clean),
            Some(Certificate::Passport | Certificate::TaiwanPermit) => named,
            Some(
                Certificate::ResidentId
                | Certificate::ResidencePermit
                | Certificate::ForeignerId
                | Certificate::OldResidentId
                | Certificate::CreditCode,
            )
            | None => false,
        };
        if told {
            found.push(Found { kind: PERMIT, span: word.span });
        }
    }
    found
}

/// A number that begins with a day: a program's own.
fn is_dated(digits: &str) -> bool {
    digits.get(..8).is_some_and(is_day)
}

/// Country, place and day of birth.
fn is_old_residence_card(clean: &str) -> bool {
    let digits = &clean[3..];
    let country = COUNTRIES.split_ascii_whitespace().any(|known| known == &clean[..3]);
    country
        && PROVINCES.contains(&&digits[..2])
        && ["19", "20"].iter().any(|century| is_day(&format!("{century}{}", &digits[4..10])))
}

#[cfg(test)]
mod tests;
