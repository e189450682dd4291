//! What the forms of the customer file need: what is on file, words used before, the route number, neighbours.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::derive::account::fields::{CustomerFile, masked, meter_value};
use crate::derive::account::file::AccountOpened;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::rules::classes;
use crate::rules::customer::{EXTRA, FIELDS, METER};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::utility::Utility;
use crate::store::query::customer::UsedWords;

/// An account's file for a form.
#[derive(Debug, Clone)]
pub struct OnFile {
    /// 户号.
    pub no: String,
    /// 户名.
    pub name: String,
    /// 地址.
    pub address: String,
    /// Utility, code.
    pub utility: String,
    /// Unpaid principal.
    pub owed: Fen,
    /// Field → kept value, sealed numbers masked, empty ones left out.
    pub values: Map<String, Value>,
}

/// The account of what a person types.
pub fn account_of(desk: &Desk, text: &str) -> Result<Id, Refusal> {
    let row = desk.look()?.account_of_text(text)?;
    row.map(|row| row.id).ok_or_else(|| Refusal::missing("account", "户", text))
}

/// Reads what is on file.
pub fn on_file(desk: &Desk, account: Id) -> Result<OnFile, Refusal> {
    let tx = desk.look()?;
    let row = tx.account(account)?.ok_or_else(|| Refusal::missing("account", "户", &account.to_string()))?;
    let meter = tx.meter_on_wall(account)?;
    let mut values = Map::new();
    for field in FIELDS.iter().chain(EXTRA) {
        if let Some(value) = row.value(field.key) {
            values.insert(field.key.to_owned(), masked(field.key, &value).into());
        }
    }
    for field in METER {
        if let Some(value) = meter.as_ref().and_then(|meter| meter_value(meter, field.key)) {
            values.insert(field.key.to_owned(), value.into());
        }
    }
    let owed = tx.owed(account)?;
    Ok(OnFile { no: row.no, name: row.name, address: row.address, utility: row.utility, owed, values })
}

/// Utility of this branch.
pub fn own_utility(desk: &Desk) -> Result<String, Refusal> {
    let site = desk.look()?.own_site(desk.site().as_str())?;
    Ok(site.map_or_else(|| "water".to_owned(), |site| site.utility))
}

/// Words for the lists under the fields.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Price classes in force: code and word.
    pub classes: Vec<(String, String)>,
    /// Field → words this branch used lately.
    pub used: BTreeMap<&'static str, Vec<String>>,
}

impl Words {
    /// The words of a branch for a utility.
    pub fn of(desk: &Desk, utility: &str) -> Result<Self, Refusal> {
        let tx = desk.look()?;
        let utility = Utility::from_code(utility).unwrap_or(Utility::Water);
        let prices = desk.shelf.prices(&tx)?;
        let mut codes: Vec<String> = prices
            .in_force(desk.today())
            .filter(|tariff| tariff.utility == utility)
            .map(|tariff| tariff.class.clone())
            .collect();
        if codes.is_empty() {
            codes = classes::CLASSES.iter().map(|(code, _)| (*code).to_owned()).collect();
        }
        codes.push(classes::MIXED.to_owned());
        codes.sort();
        codes.dedup();
        let classes = codes.into_iter().map(|code| (code.clone(), classes::label(&code).to_owned())).collect();
        let mut used = BTreeMap::new();
        for (key, words) in [
            ("estate", UsedWords::Estate),
            ("bank_name", UsedWords::Bank),
            ("remark", UsedWords::Remark),
            ("meter.maker", UsedWords::Maker),
            ("meter.model", UsedWords::Model),
        ] {
            used.insert(key, tx.used_words(words)?);
        }
        Ok(Self { classes, used })
    }
}

/// The route number of area, building kind and parts; empty while one is missing (R-040 … ).
pub fn route_of(form: [&str; 2], parts: [&str; 4]) -> Result<String, String> {
    let [area, kind] = form.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
    let [book, building, unit, room] = parts.map(str::to_owned);
    let mut file = AccountOpened { area, building_kind: kind, book, building, unit, room, ..AccountOpened::default() };
    file.compose_route().map_err(|fault| fault.message)?;
    Ok(file.route)
}

/// Route numbers next door, for composing a new one.
pub fn neighbours(desk: &Desk, book: &str, building: &str) -> Result<Vec<String>, Refusal> {
    const SHOWN: i64 = 6;
    if book.is_empty() {
        return Ok(Vec::new());
    }
    let rows = desk.look()?.neighbours(book, building, SHOWN)?;
    Ok(rows.into_iter().map(|row| format!("{} {}", row.route, row.room)).collect())
}
