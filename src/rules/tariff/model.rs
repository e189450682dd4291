//! What a tariff is, after its file was read and checked.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::rules::utility::Utility;

/// One tariff from its first day, as one file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tariff {
    /// The file it came from, without folder.
    pub file: String,
    /// Code; several files may share one, each from its own day.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// What is supplied.
    pub utility: Utility,
    /// Unit of quantity: `m3`, `t`, `kWh`.
    pub unit: String,
    /// Price class (用水性质 and the like): `resident`, `non_resident`, …
    pub class: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day, if it ends.
    pub valid_to: Option<NaiveDate>,
    /// The document that sets the price.
    pub document: String,
    /// Over what the steps accumulate.
    pub cycle: Cycle,
    /// When money is rounded.
    pub round: Round,
    /// Parts of the price, in the order of the file.
    pub components: Vec<Component>,
    /// How a larger household widens the steps.
    pub people: Option<People>,
    /// Other steps in some months.
    pub seasons: Vec<Season>,
    /// Time-of-use registers of one component.
    pub registers: Option<Registers>,
    /// Are bounds cut down in a part year?
    pub prorate: bool,
    /// Late fee, if the file has one.
    pub late_fee: Option<LateFeeRule>,
}

/// Over what the steps accumulate (阶梯周期).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cycle {
    /// From 1 January.
    Year,
    /// A month.
    Month,
}

/// When money is rounded to the fen, half up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Once, the total; the largest line takes the difference.
    Bill,
    /// Every line.
    Line,
}

/// A part of the price (水费, 水资源费, 污水处理费 …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Key in files and answers.
    pub key: String,
    /// Name on bills.
    pub name: String,
    /// Steps, bounds rising; only the last may have none.
    pub steps: Vec<Step>,
}

/// A step of the ladder (阶梯).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Last quantity of the step, included.
    pub upto: Option<Decimal>,
    /// Yuan a unit.
    pub price: Decimal,
}

/// A larger household widens the steps (多人口).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// Up to this number nothing changes.
    pub over: u32,
    /// Added to a bound, a cycle.
    pub add: Decimal,
    /// Added once, however many people more; otherwise for each.
    pub once: bool,
    /// Which bounds, from 1; all when empty.
    pub steps: Vec<usize>,
}

/// Other steps in some months (季节).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// Months, 1 to 12.
    pub months: Vec<u32>,
    /// Steps of the components that differ, by place in [`Tariff::components`].
    pub steps: Vec<(usize, Vec<Step>)>,
}

/// Time-of-use registers (分时).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registers {
    /// Place of the component in [`Tariff::components`].
    pub component: usize,
    /// The registers in the order of the file.
    pub list: Vec<Register>,
}

/// One register (峰, 谷 …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// Its name in cases.
    pub name: String,
    /// Added to the step's price: one for all steps, or one a step.
    pub add: Vec<Decimal>,
}

/// How late payment is charged (滞纳金、违约金), R-180 … R-187.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateFeeRule {
    /// Days from the bill's date to the due date.
    pub due_days: u32,
    /// Part of the principal a day.
    pub rate: Decimal,
    /// The same for days after 31 December of the debt's year.
    pub next_year_rate: Option<Decimal>,
    /// The fee is a multiple of this.
    pub step: Decimal,
    /// To the nearest multiple, halves up; otherwise down.
    pub half_up: bool,
    /// Smallest fee once one day late.
    pub minimum: Decimal,
    /// Never above the principal?
    pub cap_principal: bool,
    /// What a clerk may waive alone.
    pub own_waiver: Decimal,
}

impl Tariff {
    /// Is this file's price in force on `day`, as far as the file alone says?
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }

    /// The steps of a component when the period ends in `month` (1 to 12).
    pub fn steps_in(&self, component: usize, month: u32) -> &[Step] {
        self.seasons
            .iter()
            .filter(|season| season.months.contains(&month))
            .flat_map(|season| &season.steps)
            .find(|(place, _)| *place == component)
            .map_or(&self.components[component].steps, |(_, steps)| steps)
    }

    /// What a household of `people` adds to the bound of `step` (from 0), a cycle.
    pub fn widened_by(&self, people: Option<u32>, step: usize) -> Decimal {
        match (&self.people, people) {
            (Some(rule), Some(people)) if people > rule.over => rule.addition(people, step),
            _ => Decimal::ZERO,
        }
    }

    /// Sum over the components of their dearest step.
    pub fn dearest_price(&self) -> Decimal {
        let dearest = |component: &Component| component.steps.iter().map(|step| step.price).max();
        self.components.iter().filter_map(dearest).sum()
    }

    /// The ladder's price at the first step, all components.
    pub fn first_price(&self) -> Decimal {
        self.components.iter().filter_map(|component| component.steps.first()).map(|step| step.price).sum()
    }
}

impl People {
    fn addition(&self, people: u32, step: usize) -> Decimal {
        if !self.steps.is_empty() && !self.steps.contains(&(step + 1)) {
            return Decimal::ZERO;
        }
        if self.once { self.add } else { self.add * Decimal::from(people - self.over) }
    }
}

impl Register {
    /// What is added to the price of `step` (from 0).
    pub fn add_at(&self, step: usize) -> Decimal {
        self.add.get(step).or(self.add.first()).copied().unwrap_or_default()
    }
}
