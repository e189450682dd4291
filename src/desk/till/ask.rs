//! What is typed for a payment, in the shapes a caller may use.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::rules::money::Fen;
use crate::worded;

worded! {
    /// 缴费方式.
    pub enum Method {
        /// 现金: counted, with change.
        Cash = "现金",
        /// 银行卡 at the till.
        Card = "银行卡",
        /// 转账 to the company's account.
        Transfer = "转账",
        /// 预存 and credit of the customer.
        Prepaid = "预存",
    }
}

/// The method when none is named.
pub fn cash() -> Method {
    Method::Cash
}

/// An input that asks the till for a payment: what every such action asks, then fields of its own.
macro_rules! payment_input {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $own:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[schemars(rename = "Input")]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// 户号 or id.
            pub account: String,
            /// Bills by id, `#1` (opening arrears) or 账期; none: all that is owed, oldest first; `[]`: none, only to prepaid.
            #[serde(default)]
            pub bills: Option<Vec<String>>,
            /// Part payments; the late fee is paid first.
            #[serde(default)]
            pub amounts: Option<Amounts>,
            /// 方式.
            #[serde(default = "cash")]
            pub method: Method,
            /// 实收; none: exactly what is due.
            #[serde(default)]
            pub tendered: Option<Fen>,
            /// 减免 of late fees of estimated bills.
            #[serde(default)]
            pub waive: Option<Waive>,
            /// To put to prepaid besides.
            #[serde(default)]
            pub to_prepaid: Option<Fen>,
            /// Put the change to prepaid instead of giving it back.
            #[serde(default)]
            pub keep_change: bool,
            /// To take from prepaid and credit first; the rest by `method`.
            #[serde(default)]
            pub from_prepaid: Option<Fen>,
            /// 应收 as the caller saw it; refused when it has changed.
            #[serde(default)]
            pub expected_total: Option<Fen>,
            /// All that the account owed before, late fees included, as the caller saw it; refused when it has changed.
            #[serde(default)]
            pub expected_owed: Option<Fen>,
            /// Prepaid and credit before, as the caller saw them; refused when they have changed.
            #[serde(default)]
            pub expected_balance: Option<Fen>,
            /// 实收 and 存预存 were looked at: prepaid or change above 1,000.00, or change above what the drawer holds, is right.
            #[serde(default)]
            pub confirm: bool,
            $($(#[$of])* pub $own: $kind,)*
        }

        impl $name {
            /// What it asks of the till.
            pub fn ask(&self) -> Ask {
                let Self { account, bills, amounts, method, tendered, waive, .. } = self.clone();
                let Self { to_prepaid, keep_change, from_prepaid, confirm, .. } = *self;
                let Self { expected_total, expected_owed, expected_balance, .. } = *self;
                Ask {
                    account, bills, amounts, method, tendered, waive,
                    to_prepaid, keep_change, from_prepaid, confirm,
                    expected_total, expected_owed, expected_balance, charge: None,
                }
            }
        }
    };
}

payment_input! {
    /// What is asked of the till.
    Ask {
        /// One fee owed for a business instead of bills: the case, or the case and the fee where it has several (`B01.1.23/过户费`).
        #[serde(default)]
        charge: Option<String>,
    }
}

payment_input! {
    /// The same by a hand-written slip.
    LateAsk {
        /// Number printed on the hand-written slip.
        paper: String,
        /// The day the money was taken: `2026-11-20`, or a time of which the date counts.
        happened: String,
    }
}

/// Part payments: one amount a bill, or one sum for all, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub enum Amounts {
    /// One sum, laid on the bills in their order.
    Sum(Fen),
    /// One a bill, in their order.
    Each(Vec<Fen>),
    /// By bill, named as in `bills`.
    Named(BTreeMap<String, Fen>),
}

/// 减免: all that may be waived, a sum, or by bill.
#[derive(Debug, Clone, PartialEq)]
pub enum Waive {
    /// Every late fee of the estimated bills paid.
    All,
    /// A sum, oldest bill first.
    Sum(Fen),
    /// By bill, named as in `bills`.
    Named(BTreeMap<String, Fen>),
}

fn fen<E: serde::de::Error>(value: &serde_json::Value) -> Result<Fen, E> {
    serde_json::from_value(value.clone()).map_err(|error| E::custom(error.to_string()))
}

fn named<E: serde::de::Error>(map: &serde_json::Map<String, serde_json::Value>) -> Result<BTreeMap<String, Fen>, E> {
    map.iter().map(|(name, value)| Ok((name.clone(), fen(value)?))).collect()
}

impl<'de> Deserialize<'de> for Amounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Array(list) => Ok(Self::Each(list.iter().map(fen).collect::<Result<_, _>>()?)),
            serde_json::Value::Object(map) => named(&map).map(Self::Named),
            value => fen(&value).map(Self::Sum),
        }
    }
}

impl<'de> Deserialize<'de> for Waive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Bool(true) => Ok(Self::All),
            serde_json::Value::Bool(false) => Ok(Self::Sum(Fen::ZERO)),
            serde_json::Value::Object(map) => named(&map).map(Self::Named),
            serde_json::Value::Array(_) => Err(D::Error::custom("减免应为 true、一个金额，或按账单的金额")),
            value => fen(&value).map(Self::Sum),
        }
    }
}

impl JsonSchema for Amounts {
    fn schema_name() -> Cow<'static, str> {
        "Amounts".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fen = generator.subschema_for::<Fen>();
        json_schema!({
            "description": "部分缴费：按 bills 的次序一笔一个金额；或一个总额，从最早的账单收起；或按账单写明。先收滞纳金，再收本金",
            "anyOf": [fen, { "type": "array", "items": fen }, { "type": "object", "additionalProperties": fen }]
        })
    }
}

impl JsonSchema for Waive {
    fn schema_name() -> Cow<'static, str> {
        "Waive".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fen = generator.subschema_for::<Fen>();
        json_schema!({
            "description": "减免滞纳金，仅限估抄账单：true 为全部，或一个金额，或按账单写明 (A-17)",
            "anyOf": [{ "type": "boolean" }, fen, { "type": "object", "additionalProperties": fen }]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_waivers_are_read_in_every_shape() {
        let amounts = |text: &str| serde_json::from_str::<Amounts>(text);
        assert_eq!(amounts("\"50.00\"").unwrap(), Amounts::Sum(Fen(5_000)));
        assert_eq!(amounts("[\"1.50\",\"2\"]").unwrap(), Amounts::Each(vec![Fen(150), Fen(200)]));
        assert_eq!(amounts("{\"#1\":\"3\"}").unwrap(), Amounts::Named([("#1".into(), Fen(300))].into()));
        for bad in ["\"1.234\"", "[\"1e9\"]", "50", "[1.5]", "null", "true"] {
            assert!(amounts(bad).is_err(), "{bad}");
        }
        let waive = |text: &str| serde_json::from_str::<Waive>(text);
        assert_eq!(waive("true").unwrap(), Waive::All);
        assert_eq!(waive("\"1.50\"").unwrap(), Waive::Sum(Fen(150)));
        assert!(waive("[\"1\"]").is_err() && waive("1.5").is_err());
    }
}
