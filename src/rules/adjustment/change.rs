//! What a request asks for, as typed and as meant. A part that belongs to another list is refused: one request, one kind (R-264).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::{Family, Kind};
use crate::rules::classes::{MIXED, from_label, mix_text, parse_mix};
use crate::rules::customer;
use crate::rules::fault::shown;
use crate::rules::money::{Fen, Milli};
use crate::rules::refusal::Refusal;

/// The change as typed. Price kinds take `class` or `mix`, and `from`; volume kinds `volume` or `volumes`; late-fee kinds `waive`
/// and `until`; D1 `facts`.
#[derive(Deserialize, Serialize, JsonSchema, Debug, Clone, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Typed {
    /// P3, P4: the price class, code or word (`resident`, `非居民`).
    pub class: Option<String>,
    /// P1: the shares, `居民70%;非居民30%` or `resident:0.7;non_resident:0.3`.
    pub mix: Option<String>,
    /// Price kinds: the first day of the new price, never after today. When left out the first day of the oldest bill named, and
    /// without bills today.
    pub from: Option<NaiveDate>,
    /// Volume kinds with one bill: its right volume.
    pub volume: Option<String>,
    /// Volume kinds with several bills: the right volumes in the order of `bills`.
    pub volumes: Option<Vec<String>>,
    /// Volume kinds: the right reading at the end of the last bill, from which the next is measured. When left out it follows the
    /// volumes; the reading as it stands keeps it, and what the volumes were reduced by is then never charged.
    pub reading: Option<String>,
    /// D1: the facts of the file as they are to be, by field: `{"people": "5", "discount": "特困"}`; an empty text clears one.
    pub facts: Option<BTreeMap<String, String>>,
    /// Late-fee kinds: `all`, or an amount over all named bills. `all` when left out.
    pub waive: Option<String>,
    /// Late-fee kinds: the day up to which the fee is waived; when left out the day of the decision (A-38).
    pub until: Option<NaiveDate>,
}

/// The change as meant.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The account's price.
    Price {
        /// Price class.
        class: String,
        /// Shares of a mix.
        mix: Option<String>,
        /// First day.
        from: NaiveDate,
    },
    /// The volumes of the bills, in their order; the readings follow.
    Volume(Vec<Milli>),
    /// The same, with the right reading at the end of the last bill.
    VolumeAndReading {
        /// In the order of the bills.
        volumes: Vec<Milli>,
        /// 示数.
        reading: Milli,
    },
    /// The late fee of the bills.
    LateFee {
        /// How much.
        waive: Waive,
        /// Up to this day; none: the day of the decision.
        until: Option<NaiveDate>,
    },
    /// Facts of the customer file by field, as they are kept; none clears one.
    File(BTreeMap<String, Option<String>>),
}

/// How much late fee is waived.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Waive {
    /// All of it.
    All,
    /// This much over all named bills, oldest first.
    Amount(Fen),
}

impl Change {
    /// Of a volume kind the volumes, and the last reading where it was given.
    pub fn volumes(&self) -> Option<(&[Milli], Option<Milli>)> {
        match self {
            Self::Volume(volumes) => Some((volumes, None)),
            Self::VolumeAndReading { volumes, reading } => Some((volumes, Some(*reading))),
            Self::Price { .. } | Self::LateFee { .. } | Self::File(_) => None,
        }
    }
}

impl Typed {
    /// The kind that is really asked for: P1 with a single share of 100 % changes the class, and that is P4 (R-248, R-251).
    pub fn settled(&self, kind: Kind) -> (Kind, Self) {
        let shares = self.mix.as_deref().filter(|_| kind == Kind::P1 && self.class.is_none()).map(parse_mix);
        match shares {
            Some(Ok(shares)) if shares.len() == 1 => {
                let class = shares.first().map(|(class, _)| (*class).to_owned());
                (Kind::P4, Self { class, mix: None, ..self.clone() })
            }
            _ => (kind, self.clone()),
        }
    }

    /// What is meant for a kind with so many bills; every mistake at once.
    pub fn meant(&self, kind: Kind, bills: usize, today: NaiveDate) -> Result<Change, Vec<Refusal>> {
        let mut faults = self.foreign(kind);
        let change = match kind.family() {
            Family::Price => self.price(kind, today),
            Family::Volume => self.volume(bills),
            Family::LateFee => self.late_fee(),
            Family::File => self.file(bills, today),
        };
        match change {
            Ok(change) if faults.is_empty() => Ok(change),
            Ok(_) => Err(faults),
            Err(more) => {
                faults.extend(more);
                Err(faults)
            }
        }
    }

    /// Parts that belong to another list.
    fn foreign(&self, kind: Kind) -> Vec<Refusal> {
        let parts = [
            (Family::Price, "change.class", self.class.is_some()),
            (Family::Price, "change.mix", self.mix.is_some()),
            (Family::Price, "change.from", self.from.is_some()),
            (Family::Volume, "change.volume", self.volume.is_some()),
            (Family::Volume, "change.volumes", self.volumes.is_some()),
            (Family::Volume, "change.reading", self.reading.is_some()),
            (Family::File, "change.facts", self.facts.is_some()),
            (Family::LateFee, "change.waive", self.waive.is_some()),
            (Family::LateFee, "change.until", self.until.is_some()),
        ];
        let foreign = parts.into_iter().filter(|(family, _, given)| *given && *family != kind.family());
        let message = |family: Family| {
            format!("{} 属于{}，一张申请只办一种，{}请另开申请", kind.code(), kind.family().label(), family.label())
        };
        foreign.map(|(family, field, _)| Refusal::new("R-264", field, message(family))).collect()
    }

    fn price(&self, kind: Kind, today: NaiveDate) -> Result<Change, Vec<Refusal>> {
        let from = self.from.unwrap_or(today);
        let mut faults = Vec::new();
        if from > today {
            faults.push(Refusal::new(kind.rule(), "change.from", "生效日不能晚于今天，到日再申请"));
        }
        let class = self.class.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let mix = self.mix.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let price = match (kind, class, mix) {
            (Kind::P1, None, Some(mix)) => match parse_mix(mix) {
                Ok(shares) => Some((MIXED.to_owned(), Some(mix_text(&shares)))),
                Err(fault) => {
                    faults.push(Refusal::new(fault.rule, "change.mix", fault.message));
                    None
                }
            },
            (Kind::P1, ..) => {
                faults.push(Refusal::new("R-248", "change.mix", "混用水请填各类别的比例，如 居民70%;非居民30%"));
                None
            }
            (_, Some(class), None) if from_label(class) != Some(MIXED) => {
                Some((from_label(class).map_or_else(|| class.to_owned(), str::to_owned), None))
            }
            (_, Some(_), None) => {
                faults.push(Refusal::new("R-248", "change.class", "改成混用请用 P1，并填各类别的比例"));
                None
            }
            (_, _, Some(_)) => {
                faults.push(Refusal::new("R-248", "change.mix", "按比例调整水价请用 P1"));
                None
            }
            (_, None, None) => {
                faults.push(Refusal::new(kind.rule(), "change.class", "请填调整后的价格类别"));
                None
            }
        };
        match price {
            Some((class, mix)) if faults.is_empty() => Ok(Change::Price { class, mix, from }),
            _ => Err(faults),
        }
    }

    fn volume(&self, bills: usize) -> Result<Change, Vec<Refusal>> {
        let (field, texts): (_, Vec<&str>) = match (&self.volume, &self.volumes) {
            (Some(one), None) => ("change.volume", vec![one.as_str()]),
            (None, Some(list)) => ("change.volumes", list.iter().map(String::as_str).collect()),
            (None, None) => return Err(vec![Refusal::new("R-254", "change.volume", "请填修改后的水量")]),
            (Some(_), Some(_)) => {
                return Err(vec![Refusal::new("R-254", "change.volumes", "volume 和 volumes 只填一个")]);
            }
        };
        if texts.len() != bills {
            let message = format!("有 {bills} 张账单、{} 个水量，请按账单次序逐张填", texts.len());
            return Err(vec![Refusal::new("R-254", field, message)]);
        }
        let read = |text: &&str| match text.trim().parse::<Milli>() {
            Ok(volume) if volume.is_negative() => Err(Refusal::new("R-254", field, "水量不能为负数")),
            Ok(volume) => Ok(volume),
            Err(error) => Err(Refusal::new("number", field, error.to_string())),
        };
        let (good, bad): (Vec<_>, Vec<_>) = texts.iter().map(read).partition(Result::is_ok);
        let mut faults: Vec<Refusal> = bad.into_iter().filter_map(Result::err).collect();
        let volumes: Vec<Milli> = good.into_iter().flatten().collect();
        let typed = self.reading.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let reading = match typed.map(str::parse::<Milli>).transpose() {
            Ok(reading) => reading,
            Err(error) => {
                faults.push(Refusal::new("number", "change.reading", error.to_string()));
                None
            }
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(match reading {
            Some(reading) => Change::VolumeAndReading { volumes, reading },
            None => Change::Volume(volumes),
        })
    }

    /// Facts of the file: those that move money, with the way of paying where it goes with one.
    fn file(&self, bills: usize, today: NaiveDate) -> Result<Change, Vec<Refusal>> {
        let facts = self.facts.iter().flatten();
        let (mut kept, mut faults) = (BTreeMap::new(), Vec::new());
        if bills > 0 {
            let what = "档案更正只管以后的账单；已出的账单另开申请处理，账单行请留空";
            faults.push(Refusal::new("R-264", "bills", what));
        }
        for (key, typed) in facts {
            // By the words they are offered by, too.
            let called =
                || customer::money_fields().find(|field| field.label == key || field.key.ends_with(&format!(".{key}")));
            let field =
                customer::field(key).filter(|field| field.moves_money() || field.key == "method").or_else(called);
            match field.map(|field| (field, customer::check_value(field, typed, today))) {
                Some((field, Ok(value))) => _ = kept.insert(field.key.to_owned(), value),
                Some((_, Err(wrong))) => faults.push(Refusal { field: "change.facts".into(), ..wrong }),
                None if is_of_class(key) => {
                    let what = "价格类别和混用比例不走档案更正：已确认的请走 P4 (混用 P1)，\
                                未确认的由首次抄表确认，或走 P3 (混用 P1)";
                    faults.push(Refusal::new("R-251", "change.facts", what));
                }
                None if key.trim().is_empty() => {
                    let what = "先选要更正的资料，再填改为什么；要清空的选好资料就空着";
                    faults.push(Refusal::new("R-007", "change.facts", what));
                }
                None => {
                    let what = format!("“{}”不在影响收费的资料里，请直接改档案；{}", shown(key), money_fields());
                    faults.push(Refusal::new("R-007", "change.facts", what));
                }
            }
        }
        if kept.keys().all(|key| key == "method") && faults.is_empty() {
            faults.push(Refusal::new("R-007", "change.facts", format!("请填要更正的资料；{}", money_fields())));
        }
        if faults.is_empty() { Ok(Change::File(kept)) } else { Err(faults) }
    }

    fn late_fee(&self) -> Result<Change, Vec<Refusal>> {
        let waive = match self.waive.as_deref().map(str::trim) {
            None | Some("" | "all" | "全部") => Waive::All,
            Some(text) => match text.parse::<Fen>() {
                Ok(amount) if amount > Fen::ZERO => Waive::Amount(amount),
                Ok(_) => return Err(vec![Refusal::new("R-258", "change.waive", "减免金额应大于零，或填 all")]),
                Err(error) => return Err(vec![Refusal::new("number", "change.waive", error.to_string())]),
            },
        };
        Ok(Change::LateFee { waive, until: self.until })
    }
}

/// Is it a field of the price unit, by name or label? Its way is a price kind of its own.
fn is_of_class(key: &str) -> bool {
    let mut own = customer::FIELDS.iter().filter(|field| customer::unit_of(field.key) == customer::CLASS);
    own.any(|field| field.key == key || field.label == key)
}

/// What a D1 may change, in words.
fn money_fields() -> String {
    let labels: Vec<&str> = customer::money_fields().map(|field| field.label).collect();
    format!("可更正：{}", labels.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-11-21".parse().unwrap()
    }

    fn meant(kind: Kind, bills: usize, json: &str) -> Result<Change, Vec<(String, String)>> {
        let typed: Typed = serde_json::from_str(json).unwrap();
        typed
            .meant(kind, bills, today())
            .map_err(|faults| faults.iter().map(|fault| (fault.rule.to_string(), fault.field.to_string())).collect())
    }

    #[test]
    fn each_list_takes_its_own_parts() {
        let price = |class: &str, mix: Option<&str>| Change::Price {
            class: class.into(),
            mix: mix.map(str::to_owned),
            from: today(),
        };
        for (kind, bills, json, wanted) in [
            (Kind::P3, 0, r#"{"class":"resident"}"#, price("resident", None)),
            (Kind::P4, 1, r#"{"class":"非居民"}"#, price("non_resident", None)),
            (Kind::P1, 0, r#"{"mix":"居民70%;非居民30%"}"#, price("mixed", Some("resident:0.7;non_resident:0.3"))),
            (Kind::V1, 1, r#"{"volume":"22"}"#, Change::Volume(vec![Milli::whole(22)])),
            (Kind::V4, 2, r#"{"volumes":["0","7.5"]}"#, Change::Volume(vec![Milli::ZERO, Milli(7_500)])),
            (Kind::L3, 1, "{}", Change::LateFee { waive: Waive::All, until: None }),
            (
                Kind::L4,
                1,
                r#"{"waive":"5.00","until":"2026-11-30"}"#,
                Change::LateFee { waive: Waive::Amount(Fen(500)), until: Some("2026-11-30".parse().unwrap()) },
            ),
        ] {
            assert_eq!(meant(kind, bills, json), Ok(wanted), "{json}");
        }
    }

    #[test]
    fn one_request_carries_one_kind_and_every_mistake_is_told() {
        for (kind, bills, json, wanted) in [
            (Kind::V1, 1, r#"{"volume":"22","class":"special"}"#, vec![("R-264", "change.class")]),
            (Kind::L3, 1, r#"{"volume":"22","mix":"x"}"#, vec![("R-264", "change.mix"), ("R-264", "change.volume")]),
            (Kind::P3, 0, "{}", vec![("R-250", "change.class")]),
            (Kind::P1, 0, r#"{"mix":"居民70%"}"#, vec![("R-248", "change.mix")]),
            (Kind::P4, 0, r#"{"class":"mixed"}"#, vec![("R-248", "change.class")]),
            (Kind::P4, 0, r#"{"class":"special","from":"2026-11-22"}"#, vec![("R-251", "change.from")]),
            (Kind::V1, 2, r#"{"volume":"22"}"#, vec![("R-254", "change.volume")]),
            (Kind::V1, 2, r#"{"volumes":["-1","x"]}"#, vec![("R-254", "change.volumes"), ("number", "change.volumes")]),
            (Kind::L4, 1, r#"{"waive":"0"}"#, vec![("R-258", "change.waive")]),
            (Kind::L4, 1, r#"{"waive":"1.005"}"#, vec![("number", "change.waive")]),
        ] {
            let wanted = wanted.iter().map(|(rule, field)| ((*rule).to_owned(), (*field).to_owned())).collect();
            assert_eq!(meant(kind, bills, json), Err(wanted), "{json}");
        }
    }
}
