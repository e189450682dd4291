//! What opening, amending and handing over a customer file have in common: typed fields checked and sealed, the same person
//! found on other accounts, the next 户号 of the site's block.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::Cx;
use super::refusal::{Fault, Refusal};
use crate::book::seal::{Keys, Sealed};
use crate::derive::account::fields::CustomerFile;
use crate::rules::certificate::{self, Certificate};
use crate::rules::customer::{self, Field, Form};
use crate::rules::refusal::Refusal as Broken;
use crate::rules::utility::Utility;
use crate::rules::{classes, numbers};
use crate::store::local::PersonRow;
use crate::store::tables::account::AccountRow;
use crate::store::{StoreError, Tx};

/// Where a resident ID is sealed.
pub const ID_PLACE: &str = "resident_id";
/// Where a bank card is sealed.
pub const CARD_PLACE: &str = "bank_card";
/// Digits of the serial in a 户号 of the site's block.
const SERIAL_DIGITS: usize = 6;

/// A typed value: text, or a number or a flag as JSON has them.
#[derive(Deserialize, Serialize, JsonSchema, Debug, Clone, PartialEq)]
#[serde(untagged)]
pub enum Typed {
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Yes or no.
    Flag(bool),
    /// Shares of a mixed account.
    Shares(Vec<Share>),
}

/// One share of a mixed account.
#[derive(Deserialize, Serialize, JsonSchema, Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Price class.
    pub class: String,
    /// Its share, a decimal such as `0.7`; all add up to 1.
    pub ratio: String,
}

impl Typed {
    /// As text.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Shares(shares) => {
                shares.iter().map(|share| format!("{}:{}", share.class, share.ratio)).collect::<Vec<_>>().join(";")
            }
        }
    }
}

/// A rule's refusal as a fault of the form.
pub fn fault(broken: &Broken) -> Fault {
    Fault::field(&broken.rule, &broken.field, broken.message.clone())
}

/// A checked value, ready to be kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kept {
    /// The value as it is kept: sealed where it must be.
    pub value: Option<String>,
    /// Keyed hash of a number that was sealed or is a credit code.
    pub mark: Option<i64>,
    /// What a person should look at although it is sound.
    pub warning: Option<String>,
}

/// Checks a typed value of a field and seals it where it must be. `class` is the file's price class, which decides what number
/// the customer has.
pub fn keep(cx: &Cx<'_, '_>, field: &'static Field, typed: &str, file: &impl CustomerFile) -> Result<Kept, Fault> {
    let today = cx.at.date_naive();
    let value = customer::check_value(field, typed, today).map_err(|broken| fault(&broken))?;
    let Some(value) = value else { return Ok(Kept::default()) };
    let sealed = |place: &str, clean: &str| {
        cx.keys.seal(place, clean).map_err(|error| Fault::field("seal", field.key, error.to_string()))
    };
    match field.form {
        Form::Identity => {
            let (checked, person) =
                identity(&value, file, today).map_err(|wrong| Fault::field(wrong.rule, field.key, wrong.message))?;
            let mark = Some(cx.keys.search_hash(&checked.clean));
            let value = if person { sealed(ID_PLACE, &checked.clean)?.to_text() } else { checked.clean };
            Ok(Kept { value: Some(value), mark, warning: checked.warning })
        }
        Form::Card => {
            let checked =
                numbers::bank_card(&value).map_err(|wrong| Fault::field(wrong.rule, field.key, wrong.message))?;
            let mark = Some(cx.keys.search_hash(&checked.clean));
            Ok(Kept { value: Some(sealed(CARD_PLACE, &checked.clean)?.to_text()), mark, warning: checked.warning })
        }
        Form::Name
        | Form::Initials
        | Form::Text(_)
        | Form::Needed(_)
        | Form::Phone
        | Form::Mobile
        | Form::Number(..)
        | Form::Choice(_)
        | Form::Day
        | Form::DayAhead
        | Form::Class
        | Form::Mix
        | Form::Quantity => Ok(Kept { value: Some(value), ..Kept::default() }),
    }
}

/// A discount is given by three people: neither who opens a file nor who hands one over gives it alone.
pub fn refuse_discount(given: Option<&str>) -> Option<Fault> {
    given.filter(|group| !group.is_empty()).map(|group| {
        let what = format!("优待“{group}”要凭证件经复核、批准，这里请留空，办好后走特殊处理 D1 登记");
        Fault::field("R-252", "discount", what)
    })
}

/// The invoice of a group connection has its own day: not the one on which it is typed in.
pub fn refuse_invoice_of_today(cx: &Cx<'_, '_>, invoiced: Option<chrono::NaiveDate>) -> Option<Fault> {
    let today = [cx.day, cx.at.date_naive()];
    invoiced.filter(|day| today.contains(day)).map(|_| {
        let what = "集体报装的开票日期按发票上的日期填，不是录入当天；发票遗失的填 2002-01-01";
        Fault::field("R-056", "invoiced", what)
    })
}

/// A number of a person or of a firm, of whatever kind of certificate. Households have a person's, all others a firm's or, for a
/// shop run by one person, its owner's; while the class is not confirmed either will do. Fifteen digits are no card of today.
fn identity(
    number: &str,
    file: &impl CustomerFile,
    today: chrono::NaiveDate,
) -> Result<(numbers::Checked, bool), numbers::Fault> {
    let class = file.value("class").filter(|_| file.value("class_confirmed").as_deref() == Some("true"));
    let household = class.as_deref().is_some_and(classes::is_household);
    let (checked, kind) = certificate::check(number, class.is_some() && !household, today)?;
    match kind {
        Certificate::CreditCode if household => {
            Err(numbers::Fault::new("GB 11643", "居民户应登记个人证件，这是统一社会信用代码，请核对"))
        }
        Certificate::OldResidentId => Err(numbers::Fault::new("GB 11643", checked.warning.unwrap_or_default())),
        Certificate::ResidentId
        | Certificate::ResidencePermit
        | Certificate::ForeignerId
        | Certificate::OldForeignerId
        | Certificate::Passport
        | Certificate::HomeReturnPermit
        | Certificate::TaiwanPermit
        | Certificate::CreditCode => Ok((checked, kind.is_person())),
    }
}

/// Is there a price of this class, today or in general? Without any price of the utility the known words will do.
pub fn check_class(cx: &Cx<'_, '_>, utility: Utility, class: &str) -> Result<(), Refusal> {
    if class == classes::MIXED {
        return Ok(());
    }
    let prices = cx.shelf.prices(cx.tx)?;
    let mut known: Vec<&str> = prices
        .in_force(cx.day)
        .filter(|tariff| tariff.utility == utility)
        .map(|tariff| tariff.class.as_str())
        .collect();
    let loaded = !known.is_empty();
    if !loaded {
        known = classes::CLASSES.iter().map(|(code, _)| *code).collect();
    }
    if known.contains(&class) || (loaded && classes::CLASSES.iter().any(|(code, _)| *code == class)) {
        return Ok(());
    }
    known.sort_unstable();
    known.dedup();
    let words = known.into_iter().map(classes::label).collect::<Vec<_>>().join("、");
    Err(Refusal::field("R-073", "class", format!("没有“{class}”这个价格类别，请从{words}、混用中选")))
}

/// Accounts of the person or firm with this number, oldest first.
pub fn accounts_of_person(tx: &Tx<'_>, keys: &Keys, clean: &str) -> Result<Vec<AccountRow>, StoreError> {
    let mut found = Vec::new();
    for row in tx.scan::<PersonRow>(&[&keys.search_hash(clean)])? {
        if let Some(account) = tx.account(row.account)?
            && numbers_of(keys, &account).any(|number| number == clean)
        {
            found.push(account);
        }
    }
    found.sort_by_key(|row| row.id);
    Ok(found)
}

/// The numbers an account is found by: its person's or firm's, and its bank card's. What this site's key does not open is left
/// out.
fn numbers_of<'a>(keys: &'a Keys, account: &'a AccountRow) -> impl Iterator<Item = String> + 'a {
    let places = [(ID_PLACE, &account.id_number), (CARD_PLACE, &account.bank_card)];
    places.into_iter().filter_map(|(place, kept)| open_number(keys, place, kept.as_deref()?))
}

/// A kept number in clear: a credit code as it is, a sealed one opened.
pub fn open_number(keys: &Keys, place: &str, kept: &str) -> Option<String> {
    match Sealed::from_text(kept) {
        Some(sealed) => keys.open_sealed(place, &sealed).ok().map(|clear| clear.to_string()),
        None => Some(kept.to_owned()),
    }
}

/// Notes an account under the keyed hashes of its numbers. Hashes of numbers it had before stay and are passed over when
/// found.
pub fn note_person(tx: &Tx<'_>, keys: &Keys, account: &AccountRow) -> Result<(), StoreError> {
    hashes_of(keys, account).into_iter().try_for_each(|hash| tx.put(&PersonRow { hash, account: account.id }))
}

/// Keyed hashes of an account's numbers.
pub fn hashes_of(keys: &Keys, account: &AccountRow) -> Vec<i64> {
    numbers_of(keys, account).map(|number| keys.search_hash(&number)).collect()
}

/// One line about another account of the same person.
pub fn same_person_line(other: &AccountRow) -> String {
    format!("同一人另有户 {} {} {}，请当面核对", other.no, other.name, other.address)
}

/// The next 户号 of the site's block: the site's code and six digits. No two sites share a code, so none share a number; after
/// an older copy was restored (epoch 2 and later) the epoch stands between, because numbers of the lost days are on paper.
pub fn next_no(cx: &Cx<'_, '_>) -> Result<String, Refusal> {
    let block = block(cx);
    let (low, high) = (format!("{block}{:0SERIAL_DIGITS$}", 0), format!("{block}{}", "9".repeat(SERIAL_DIGITS)));
    let last = cx.tx.last_account_no(&low, &high)?;
    let serial = last.and_then(|no| no.strip_prefix(&block)?.parse::<u32>().ok()).unwrap_or(0) + 1;
    let no = format!("{block}{serial:0SERIAL_DIGITS$}");
    if no > high || no.len() > high.len() {
        return Err(Refusal::field("account", "account", format!("本网点号段 {block} 已用完，请自编户号")));
    }
    Ok(no)
}

fn block(cx: &Cx<'_, '_>) -> String {
    match cx.next.epoch() {
        1 => cx.site.as_str().to_owned(),
        epoch => format!("{}-{epoch}-", cx.site),
    }
}

/// Does a typed 户号 look as if it came from the block of a site? Such numbers are given by the program only.
pub fn is_of_own_block(cx: &Cx<'_, '_>, no: &str) -> bool {
    let serial = no.strip_prefix(&block(cx)).unwrap_or_default();
    serial.len() == SERIAL_DIGITS && serial.bytes().all(|b| b.is_ascii_digit())
}

/// Replaces every sealed number in a JSON value by its mask.
pub fn mask_all(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => {
            let sealed = Sealed::from_text(text)
                .filter(|sealed| sealed.key.len() == 8 && sealed.box_.len() >= 80)
                .filter(|sealed| (sealed.key.bytes().chain(sealed.box_.bytes())).all(|b| b.is_ascii_hexdigit()));
            if let Some(sealed) = sealed {
                *text = sealed.masked();
            } else if text.contains("$argon2") {
                *text = "(口令校验值不外传)".to_owned();
            }
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(mask_all),
        serde_json::Value::Object(map) => map.values_mut().for_each(mask_all),
        _ => {}
    }
}
