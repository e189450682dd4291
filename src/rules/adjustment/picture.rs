//! The picture of before and after: what the clerk, the checker and the approver see, and what the request is bound to by its hash.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};

/// Before and after, whole. Everything is as of `day`, the day of the request.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Kind code.
    pub kind: String,
    /// The account.
    pub account: Id,
    /// 户号.
    pub no: String,
    /// 户名.
    pub name: String,
    /// The day late fees are counted to.
    pub day: NaiveDate,
    /// Price kinds: the price before and after.
    pub price: Option<PriceChange>,
    /// The bills touched, in the order of use: those named and, of volumes, the later ones of the year that are rated again with them.
    pub bills: Vec<BillPicture>,
    /// Readings that follow the volumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<ReadingChange>,
    /// Facts of the customer file before and after (D1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactChange>,
    /// Before.
    pub before: Balance,
    /// After.
    pub after: Balance,
    /// What the approval table looks at: all differences without sign.
    pub amount: Fen,
    /// What the eye should fall on.
    pub warnings: Vec<String>,
    /// Open bills that prepaid and credit pay then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<Covered>,
}

/// What of a bill is paid by itself.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The bill; a replaced one by its old name.
    pub bill: Id,
    /// 账期.
    pub cycle: String,
    /// Principal.
    pub principal: Fen,
    /// Late fee.
    pub late_fee: Fen,
}

/// The account's price before and after.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// Before, in words: `非居民`, `居民70%、非居民30%`, `最高价 (未确认)`.
    pub old: String,
    /// After, in words.
    pub new: String,
    /// First day.
    pub from: NaiveDate,
}

/// A fact of the customer file before and after, in words.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct FactChange {
    /// Its label: 人口.
    pub label: String,
    /// Before; empty when it was.
    pub old: String,
    /// After.
    pub new: String,
}

/// A reading that follows the volumes put right.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct ReadingChange {
    /// Its day.
    pub day: NaiveDate,
    /// As it is.
    pub old: Milli,
    /// As it would be.
    pub new: Milli,
}

/// One bill, both sides.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct BillPicture {
    /// The bill.
    pub bill: Id,
    /// 账期.
    pub cycle: String,
    /// As it is.
    pub old: Side,
    /// As it would be.
    pub new: Side,
    /// Step by step.
    pub lines: Vec<LinePair>,
    /// Late fee waived that is not paid yet.
    pub waived: Fen,
    /// Late fee paid that is given back as credit.
    pub refunded: Fen,
    /// Late fee that had come back with a smaller bill and is charged again.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub charged_again: Fen,
}

fn is_nothing(sum: &Fen) -> bool {
    *sum == Fen::ZERO
}

/// One side of a bill.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Price class in words.
    pub class: String,
    /// 用量.
    pub volume: Milli,
    /// 应收.
    pub amount: Fen,
    /// Paid on it.
    pub paid: Fen,
    /// Days late.
    pub days: i64,
    /// Late fee still owed.
    pub late_fee: Fen,
    /// Still owed, with late fee.
    pub owed: Fen,
}

/// A line of both sides: the same tariff, component and step.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct LinePair {
    /// `水费 一级`.
    pub label: String,
    /// As it is: quantity × price, amount.
    pub old: Option<LineSide>,
    /// As it would be.
    pub new: Option<LineSide>,
    /// The difference.
    pub difference: Fen,
}

/// One side of a line.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct LineSide {
    /// Quantity.
    pub quantity: String,
    /// Price.
    pub price: String,
    /// Amount.
    pub amount: Fen,
}

/// What the account owes and has.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Principal owed on all bills.
    pub owed: Fen,
    /// Late fee owed on all bills.
    pub late_fee: Fen,
    /// 余款: what the customer has to get back or to use.
    pub credit: Fen,
    /// 预存.
    pub prepaid: Fen,
}

impl Picture {
    /// Canonical text: what is hashed. Two pictures are the same when their texts are.
    pub fn canonical(&self) -> String {
        // A struct of plain fields always serialises; the text is only compared, never read.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The sum of the differences of the bills.
    pub fn difference(&self) -> Fen {
        self.bills.iter().map(|bill| bill.new.amount - bill.old.amount).sum()
    }

    /// Late fee waived and given back.
    pub fn waived(&self) -> Fen {
        self.bills.iter().map(|bill| bill.waived + bill.refunded).sum()
    }
}

impl BillPicture {
    /// What of the money paid on the bill becomes the customer's credit.
    pub fn over(&self) -> Fen {
        self.old.paid - self.new.paid + self.refunded - self.charged_again
    }
}

/// A line before pairing: what tells lines apart, the label, the side.
#[derive(Debug, Clone)]
pub struct PlainLine {
    /// Tariff and first day.
    pub tariff: String,
    /// Component key, with the register of a line priced by the hours.
    pub component: String,
    /// Step from 1.
    pub step: u32,
    /// Words for people.
    pub label: String,
    /// Numbers.
    pub side: LineSide,
}

/// Puts old and new lines side by side: lines of one tariff, component and step together, in the order of the old bill and
/// then the new; lines that have no partner stand alone. Several lines of one key pair in their order.
pub fn pair(old: &[PlainLine], new: &[PlainLine]) -> Vec<LinePair> {
    let mut rest: Vec<&PlainLine> = new.iter().collect();
    let mut pairs = Vec::with_capacity(old.len().max(new.len()));
    let made = |label: &str, old: Option<&LineSide>, new: Option<&LineSide>| LinePair {
        label: label.to_owned(),
        difference: new.map_or(Fen::ZERO, |side| side.amount) - old.map_or(Fen::ZERO, |side| side.amount),
        old: old.cloned(),
        new: new.cloned(),
    };
    for line in old {
        let key = |other: &&PlainLine| {
            (&other.tariff, &other.component, other.step) == (&line.tariff, &line.component, line.step)
        };
        let partner = rest.iter().position(key).map(|at| rest.remove(at));
        pairs.push(made(&line.label, Some(&line.side), partner.map(|line| &line.side)));
    }
    pairs.extend(rest.iter().map(|line| made(&line.label, None, Some(&line.side))));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tariff: &str, component: &str, step: u32, amount: i64) -> PlainLine {
        let side = LineSide { quantity: "1".into(), price: "1".into(), amount: Fen(amount) };
        PlainLine {
            tariff: tariff.into(),
            component: component.into(),
            step,
            label: format!("{component}{step}"),
            side,
        }
    }

    #[test]
    fn steps_stand_side_by_side_and_differences_add_up() {
        let old = [line("A", "water", 1, 900), line("A", "water", 2, 294), line("A", "sewage", 1, 50)];
        let new = [line("A", "water", 1, 110), line("A", "sewage", 1, 20), line("A", "new", 1, 5)];
        let pairs = pair(&old, &new);
        let shown: Vec<(&str, i64)> = pairs.iter().map(|pair| (pair.label.as_str(), pair.difference.0)).collect();
        assert_eq!(shown, [("water1", -790), ("water2", -294), ("sewage1", -30), ("new1", 5)]);
        assert!(pairs[1].new.is_none() && pairs[3].old.is_none());
        let total: i64 = pairs.iter().map(|pair| pair.difference.0).sum();
        assert_eq!(total, (110 + 20 + 5) - (900 + 294 + 50));
    }
}
