//! The fields of one case: read strictly, a wrong kind of value is refused and never converted.

use std::cell::RefCell;
use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::rules::fault::{Fault, shown};
use crate::rules::form::{plain_date, plain_decimal};

/// The keys and values of a JSON object, as they stand.
pub type Pairs = Vec<(String, Box<RawValue>)>;

/// The fields of a case and which of them have been asked for.
pub struct CaseFields<'c> {
    pairs: &'c Pairs,
    asked: RefCell<Vec<String>>,
}

struct Object(Pairs);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// Reads a line as a JSON object.
pub fn pairs(text: &str) -> Result<Pairs, &'static str> {
    match serde_json::from_str::<Object>(text) {
        Ok(object) => Ok(object.0),
        Err(error) if error.is_data() => Err("这一行不是JSON对象，应如 {\"id\":…}"),
        Err(_) => Err("这一行不是JSON，请检查引号、逗号和括号"),
    }
}

/// The case's id, whatever it is.
pub fn id_of(pairs: &Pairs) -> Option<&RawValue> {
    pairs.iter().find(|(key, _)| key == "id").map(|(_, value)| &**value)
}

fn input(message: String) -> Fault {
    Fault::new("input", message)
}

impl<'c> CaseFields<'c> {
    /// Takes an object whose keys all differ.
    pub fn new(pairs: &'c Pairs) -> Result<Self, Fault> {
        for (place, (key, _)) in pairs.iter().enumerate() {
            if pairs[..place].iter().any(|(other, _)| other == key) {
                return Err(input(format!("{} 出现了两次", shown(key))));
            }
        }
        Ok(Self { pairs, asked: RefCell::new(vec!["id".to_owned()]) })
    }

    /// The fields nobody asked for.
    pub fn unknown(&self) -> Vec<String> {
        let asked = self.asked.borrow();
        self.pairs.iter().map(|(key, _)| shown(key)).filter(|key| !asked.contains(key)).collect()
    }

    /// A field's JSON; `null` counts as absent.
    pub fn raw(&self, key: &str) -> Option<&'c RawValue> {
        self.asked.borrow_mut().push(key.to_owned());
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| &**value).filter(|value| value.get() != "null")
    }

    fn value<T: DeserializeOwned>(&self, key: &str, wanted: &str) -> Result<Option<T>, Fault> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        serde_json::from_str(raw.get()).map(Some).map_err(|_| input(format!("{key} 应为{wanted}")))
    }

    /// An optional text.
    pub fn text(&self, key: &str) -> Result<Option<String>, Fault> {
        self.value(key, "带引号的文字")
    }

    /// A needed text.
    pub fn need_text(&self, key: &str) -> Result<String, Fault> {
        self.text(key)?.ok_or_else(|| missing(key))
    }

    /// A needed decimal in quotes, not negative.
    pub fn need_quantity(&self, key: &str) -> Result<Decimal, Fault> {
        self.quantity(key)?.ok_or_else(|| missing(key))
    }

    /// An optional decimal in quotes, not negative.
    pub fn quantity(&self, key: &str) -> Result<Option<Decimal>, Fault> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        quantity_of(key, raw).map(Some)
    }

    /// A needed date.
    pub fn need_date(&self, key: &str) -> Result<NaiveDate, Fault> {
        let text = self.need_text(key)?;
        plain_date(&text).ok_or_else(|| input(format!("{key} 的“{}”不是日期，应如 2026-09-01", shown(&text))))
    }

    /// An optional whole number.
    pub fn whole(&self, key: &str) -> Result<Option<i64>, Fault> {
        self.value(key, "不带引号的整数")
    }

    /// An optional whole number from 0 up.
    pub fn count(&self, key: &str) -> Result<Option<u32>, Fault> {
        let wrong = |_| input(format!("{key} 不能为负数，也不能太大"));
        self.whole(key)?.map(|number| u32::try_from(number).map_err(wrong)).transpose()
    }

    /// An optional object.
    pub fn object(&self, key: &str) -> Result<Option<Pairs>, Fault> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        pairs(raw.get()).map(Some).map_err(|_| input(format!("{key} 应为花括号里的键和值")))
    }

    /// An optional list of objects.
    pub fn objects(&self, key: &str) -> Result<Option<Vec<Pairs>>, Fault> {
        let list: Option<Vec<Object>> = self.value(key, "方括号里的列表，每项是花括号里的键和值")?;
        Ok(list.map(|list| list.into_iter().map(|object| object.0).collect()))
    }
}

/// A decimal in quotes, not negative.
pub fn quantity_of(key: &str, raw: &RawValue) -> Result<Decimal, Fault> {
    let Ok(text) = serde_json::from_str::<String>(raw.get()) else {
        return Err(input(format!("{key} 应为带引号的小数，如 \"20\"，不能写成裸数字")));
    };
    let value = plain_decimal(&text).ok_or_else(|| input(format!("{key} 的“{}”不是数字", shown(&text))))?;
    if value.is_sign_negative() && !value.is_zero() {
        return Err(input(format!("{key} 不能为负数")));
    }
    Ok(value)
}

/// A field that must be there.
pub fn missing(key: &str) -> Fault {
    input(format!("缺少 {key}"))
}
