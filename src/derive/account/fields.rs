//! The fields of the customer file by name, the same for the body of an opening and for the derived row.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::file::AccountOpened;
use crate::book::seal::Sealed;
use crate::rules::customer;
use crate::rules::customer_fields::CustomerFields;
use crate::rules::fault::Fault;
use crate::rules::refusal::Refusal;
use crate::rules::route::{self, Area, Parts};
use crate::store::tables::account::{AccountRow, MeterRow};

/// A customer file whose fields are read and set by name.
pub trait CustomerFile {
    /// The value of a field as text; none when empty.
    fn value(&self, key: &str) -> Option<String>;
    /// Sets a field; false for a name that is none or a value that does not fit it.
    fn set(&mut self, key: &str, value: Option<&str>) -> bool;
    /// Every rule between fields that the file breaks (R-048 … R-058, R-073).
    fn broken_rules(&self) -> Vec<Refusal>;
    /// Writes the route number anew from its parts, where all of them are known (A-03).
    fn compose_route(&mut self) -> Result<(), Fault>;
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn owned(value: Option<&str>) -> Option<String> {
    value.map(str::to_owned)
}

fn day(slot: &mut Option<NaiveDate>, value: Option<&str>) -> bool {
    let read = value.map(str::parse::<NaiveDate>).transpose();
    read.map(|day| *slot = day).is_ok()
}

fn number(slot: &mut Option<i64>, value: Option<&str>) -> bool {
    let read = value.map(str::parse::<i64>).transpose();
    read.map(|number| *slot = number).is_ok()
}

/// A further fact from the JSON object of them.
pub fn extra_of(extra: &str, key: &str) -> Option<String> {
    extra_map(extra).remove(key)
}

/// All further facts, by name in order.
pub fn extra_map(extra: &str) -> BTreeMap<String, String> {
    serde_json::from_str(extra).unwrap_or_default()
}

fn set_extra(extra: &mut String, key: &str, value: Option<&str>) {
    let mut map = extra_map(extra);
    match value {
        Some(value) => map.insert(key.to_owned(), value.to_owned()),
        None => map.remove(key),
    };
    *extra = extra_text(&map);
}

/// Writes further facts; none is the empty text.
pub fn extra_text(map: &BTreeMap<String, String>) -> String {
    if map.is_empty() { String::new() } else { serde_json::to_string(map).unwrap_or_default() }
}

/// 证件类型 by the kept number: a sealed one is a resident ID, a plain one a credit code.
pub fn id_kind_of(kept: &str) -> &'static str {
    if Sealed::from_text(kept).is_some() { "resident_id" } else { "uscc" }
}

/// What of a kept value may be shown: a sealed number's tail, else the value.
pub fn masked(key: &str, kept: &str) -> String {
    let sealed = customer::field(key).is_some_and(|field| field.is_sealed());
    match Sealed::from_text(kept).filter(|_| sealed) {
        Some(sealed) => sealed.masked(),
        None => kept.to_owned(),
    }
}

macro_rules! customer_file {
    ($type:ty) => {
        impl CustomerFile for $type {
            fn value(&self, key: &str) -> Option<String> {
                match key {
                    "name" => some(&self.name),
                    "initials" => self.initials.clone(),
                    "id_number" => self.id_number.clone(),
                    "phone" => self.phone.clone(),
                    "mobile" => self.mobile.clone(),
                    "sms" => self.sms.clone(),
                    "sms_carrier" => self.sms_carrier.clone(),
                    "estate" => some(&self.estate),
                    "address" => some(&self.address),
                    "area" => self.area.clone(),
                    "building_kind" => self.building_kind.clone(),
                    "building" => some(&self.building),
                    "unit" => some(&self.unit),
                    "room" => some(&self.room),
                    "book" => some(&self.book),
                    "route" => some(&self.route),
                    "read_way" => some(&self.read_way),
                    "class" => some(&self.class),
                    "class_confirmed" => Some(self.class_confirmed.to_string()),
                    "mix" => self.mix.clone(),
                    "people" => self.people.map(|people| people.to_string()),
                    "discount" => self.discount.clone(),
                    "user_kind" => self.user_kind.clone(),
                    "user_type" => self.user_type.clone(),
                    "method" => some(&self.method),
                    "bank_name" => self.bank_name.clone(),
                    "bank_holder" => self.bank_holder.clone(),
                    "bank_card" => self.bank_card.clone(),
                    "agreement" => self.agreement.clone(),
                    "connection" => self.connection.clone(),
                    "connected" => self.connected.map(|day| day.to_string()),
                    "invoiced" => self.invoiced.map(|day| day.to_string()),
                    "supplied" => self.supplied.map(|day| day.to_string()),
                    "opened" => self.opened.map(|day| day.to_string()),
                    "status" => some(&self.status),
                    "remark" => some(&self.remark),
                    _ => extra_of(&self.extra, key.strip_prefix("extra.")?),
                }
            }

            fn set(&mut self, key: &str, value: Option<&str>) -> bool {
                let text = || value.unwrap_or_default().to_owned();
                match key {
                    "name" => self.name = text(),
                    "initials" => self.initials = owned(value),
                    "id_number" => {
                        self.id_kind = value.map(|kept| id_kind_of(kept).to_owned());
                        self.id_number = owned(value);
                    }
                    "phone" => self.phone = owned(value),
                    "mobile" => self.mobile = owned(value),
                    "sms" => self.sms = owned(value),
                    "sms_carrier" => self.sms_carrier = owned(value),
                    "estate" => self.estate = text(),
                    "address" => self.address = text(),
                    "area" => self.area = owned(value),
                    "building_kind" => self.building_kind = owned(value),
                    "building" => self.building = text(),
                    "unit" => self.unit = text(),
                    "room" => self.room = text(),
                    "book" => self.book = text(),
                    "read_way" => self.read_way = text(),
                    "class" => self.class = text(),
                    "class_confirmed" => self.class_confirmed = value == Some("true"),
                    "mix" => self.mix = owned(value),
                    "people" => return number(&mut self.people, value),
                    "discount" => self.discount = owned(value),
                    "user_kind" => self.user_kind = owned(value),
                    "user_type" => self.user_type = owned(value),
                    "method" => self.method = text(),
                    "bank_name" => self.bank_name = owned(value),
                    "bank_holder" => self.bank_holder = owned(value),
                    "bank_card" => self.bank_card = owned(value),
                    "agreement" => self.agreement = owned(value),
                    "connection" => self.connection = owned(value),
                    "connected" => return day(&mut self.connected, value),
                    "invoiced" => return day(&mut self.invoiced, value),
                    "supplied" => return day(&mut self.supplied, value),
                    "opened" => return day(&mut self.opened, value),
                    "status" => self.status = text(),
                    "remark" => self.remark = text(),
                    _ => match key.strip_prefix("extra.") {
                        Some(name) => set_extra(&mut self.extra, name, value),
                        None => return false,
                    },
                }
                true
            }

            fn broken_rules(&self) -> Vec<Refusal> {
                let fields = CustomerFields {
                    name: Some(&self.name),
                    address: Some(&self.address),
                    unit: Some(&self.unit),
                    user_type: self.user_type.as_deref(),
                    method: Some(&self.method),
                    bank_card: self.bank_card.as_deref(),
                    bank_name: self.bank_name.as_deref(),
                    bank_holder: self.bank_holder.as_deref(),
                    sms: self.sms.as_deref(),
                    sms_carrier: self.sms_carrier.as_deref(),
                    connection: self.connection.as_deref(),
                    connected: self.connected,
                    invoiced: self.invoiced,
                };
                customer::check_file(&fields, &self.class, self.mix.as_deref())
            }

            fn compose_route(&mut self) -> Result<(), Fault> {
                let form = self.area.as_deref().and_then(Area::from_label);
                let kind = self.building_kind.as_deref().and_then(route::Kind::from_label);
                let parts = parts_of(&self.book, &self.building, &self.unit, &self.room)?;
                if let (Some(area), Some(kind), Some(parts)) = (form, kind, parts) {
                    self.route = route::compose(&parts, area, kind)?;
                }
                Ok(())
            }
        }
    };
}
customer_file!(AccountOpened);
customer_file!(AccountRow);

/// The parts of a route number from their fields: none while one is empty, a fault when one is no number.
fn parts_of(book: &str, building: &str, unit: &str, room: &str) -> Result<Option<Parts>, Fault> {
    if [book, building, unit, room].iter().any(|part| part.is_empty()) {
        return Ok(None);
    }
    let no =
        |what: &str, part: &str| Fault::new("A-03", format!("{what}“{part}”不是数字或太大，编不出抄表序号，请改正"));
    Ok(Some(Parts {
        book: book.parse().map_err(|_| no("抄表册号", book))?,
        building: building.parse().map_err(|_| no("楼号", building))?,
        unit: unit.parse().map_err(|_| no("单元", unit))?,
        room: room.parse().map_err(|_| no("室号", room))?,
    }))
}

/// A fact of a meter by name.
pub fn meter_value(meter: &MeterRow, key: &str) -> Option<String> {
    match key {
        "meter.maker" => some(&meter.maker),
        "meter.model" => some(&meter.model),
        "meter.calibre" => some(&meter.calibre),
        "meter.dial" => Some(meter.dial.to_string()).filter(|_| meter.dial > 0),
        "meter.direction" => some(&meter.direction),
        "meter.fitted" => meter.fitted.map(|day| day.to_string()),
        "meter.seal" => some(&meter.seal),
        _ => None,
    }
}

/// Sets a fact of a meter by name; false for a name that is none or a value that does not fit it.
pub fn set_meter(meter: &mut MeterRow, key: &str, value: Option<&str>) -> bool {
    let text = || value.unwrap_or_default().to_owned();
    match key {
        "meter.maker" => meter.maker = text(),
        "meter.model" => meter.model = text(),
        "meter.calibre" => meter.calibre = text(),
        "meter.dial" => match value.unwrap_or("0").parse() {
            Ok(dial) => meter.dial = dial,
            Err(_) => return false,
        },
        "meter.direction" => meter.direction = text(),
        "meter.fitted" => return day(&mut meter.fitted, value),
        "meter.seal" => meter.seal = text(),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::customer::{EXTRA, FIELDS, METER};

    #[test]
    fn every_field_of_the_form_can_be_set_and_read() {
        for field in FIELDS.iter().chain(EXTRA) {
            let value = match field.key {
                "people" => "3",
                "class_confirmed" => "true",
                "connected" | "invoiced" | "supplied" | "opened" => "2020-02-29",
                _ => "x",
            };
            let mut file = AccountOpened::default();
            assert!(file.set(field.key, Some(value)), "{}", field.key);
            assert_eq!(file.value(field.key).as_deref(), Some(value), "{}", field.key);
            assert!(file.set(field.key, None));
            let empty = if field.key == "class_confirmed" { Some("false") } else { None };
            assert_eq!(file.value(field.key).as_deref(), empty, "{}", field.key);
        }
        assert!(!AccountOpened::default().set("no", Some("1")));
        assert!(!AccountOpened::default().set("people", Some("x")));
        assert_eq!(METER.len(), 7);
    }

    #[test]
    fn further_facts_stand_in_order_and_leave_nothing_behind() {
        let mut file = AccountOpened::default();
        file.set("extra.hose", Some("2024 更换"));
        file.set("extra.cooker", Some("老板"));
        assert_eq!(file.extra, r#"{"cooker":"老板","hose":"2024 更换"}"#);
        file.set("extra.hose", None);
        file.set("extra.cooker", None);
        assert_eq!(file.extra, "");
    }

    #[test]
    fn a_route_number_is_written_from_its_parts_only() {
        let mut file = AccountOpened {
            area: Some("old".into()),
            building_kind: Some("multi".into()),
            book: "0412".into(),
            building: "33".into(),
            unit: "2".into(),
            room: "502".into(),
            ..AccountOpened::default()
        };
        file.compose_route().unwrap();
        assert_eq!(file.route, "0412332502");
        file.unit = "10".into();
        assert_eq!(file.compose_route().unwrap_err().rule, "A-04");
        assert_eq!(file.route, "0412332502");
        file.area = None;
        assert!(file.compose_route().is_ok());
    }
}
