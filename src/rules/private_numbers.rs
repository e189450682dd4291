//! Numbers of IDs and bank cards have no place in free text (I-13): found there, the text is refused before it is written.

use chrono::NaiveDate;

use super::fault::Fault;
use super::numbers;

/// Shortest bank card number looked for: shorter runs of digits are telephone, meter and slip numbers far more often.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 16..=19;

/// The kind of private number in a text, if there is one: 身份证号 or 银行卡号.
pub fn found(text: &str, today: NaiveDate) -> Option<&'static str> {
    let mut run = String::new();
    for c in text.chars().map(numbers::narrow).chain([' ']) {
        match c {
            '0'..='9' | 'X' | 'x' => run.push(c),
            '-' => {}
            ' ' if run.len() < 15 && run.len().is_multiple_of(4) && !run.is_empty() => {} // groups of a card number
            _ => {
                if let Some(kind) = kind(&run, today) {
                    return Some(kind);
                }
                run.clear();
            }
        }
    }
    kind(&run, today)
}

fn kind(run: &str, today: NaiveDate) -> Option<&'static str> {
    if run.len() == 18 && numbers::resident_id(run, today).is_ok() {
        return Some("身份证号");
    }
    let digits = run.bytes().all(|b| b.is_ascii_digit());
    (digits && CARD_DIGITS.contains(&run.len()) && numbers::bank_card(run).is_ok()).then_some("银行卡号")
}

/// Refuses a text that holds one. `label` is what the clerk calls the field.
pub fn refuse(label: &str, text: &str, today: NaiveDate) -> Result<(), Fault> {
    match found(text, today) {
        None => Ok(()),
        Some(kind) => Err(Fault::new("I-13", format!("{label}里像有{kind}，请删去；证件号和卡号只登记在客户档案里"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_cards_are_found_and_other_numbers_are_not() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        for (text, kind) in [
            ("户主 430321199102204506 来办", Some("身份证号")),
            ("４３０３２１１９９１０２２０４５０６", Some("身份证号")),
            ("卡 6222 0212 0200 0000 003", None),
            ("卡4111111111111111", Some("银行卡号")),
            ("卡 4111 1111 1111 1111", Some("银行卡号")),
            ("电话 13800000000，表号 SC1200000001", None),
            ("430321199102204507", None),
            ("人民路12号33幢2单元0502", None),
            ("", None),
        ] {
            assert_eq!(found(text, today), kind, "{text}");
        }
    }
}
