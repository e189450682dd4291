//! From use to money.
//!
//! Each share of a mix runs through the whole ladder of its own tariff, each part of the period (price change, new
//! year) takes its days' share of the use, and every component fills its steps from where the steps stand. All of that
//! is exact; money is rounded at the very end, half up to the fen: the total once, with the difference put on the
//! largest line (the first of equals), or every line where the tariff says so.
//!
//! [`rate`] first asks [`super::plain`] for the ordinary bill by integers; a property test holds both to be equal.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::book::PriceBook;
use super::model::{Cycle, Registers, Round, Step, Tariff};
use super::period::{self, Part};
use super::plain;
use crate::rules::exact::Exact;
use crate::rules::fault::{Fault, shown};
use crate::rules::money::{Fen, LIMIT};

/// What is to be rated.
#[derive(Debug, Clone, Copy)]
pub struct Case<'c> {
    /// The tariff, or the tariffs of a mix; ratios add up to 1.
    pub shares: &'c [Share<'c>],
    /// Quantity used in the period.
    pub usage: Decimal,
    /// Quantity billed before in the cycle: where the steps stand. Belongs to the year of `from`.
    pub used_before: Decimal,
    /// First day.
    pub from: NaiveDate,
    /// Last day, included.
    pub to: NaiveDate,
    /// People in the household, if known.
    pub people: Option<u32>,
    /// Months of a part year (1 to 12) for tariffs that prorate.
    pub months: Option<u32>,
    /// Monthly cycles covered; counted from the days when absent.
    pub cycles: Option<u32>,
    /// Use by register, for tariffs that have them.
    pub registers: Option<&'c [(&'c str, Decimal)]>,
}

/// A share of the use under one tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share<'c> {
    /// Code of the tariff.
    pub tariff: &'c str,
    /// Part of the use, from 0 to 1.
    pub ratio: Decimal,
}

/// A rated bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill<'b> {
    /// What is to be paid; the sum of the lines.
    pub total: Fen,
    /// In order: price of the days, share, part of the period, component, step, register. Steps without use have no line.
    pub lines: Vec<Line<'b>>,
}

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'b> {
    /// The tariff the price comes from: code, first day, document.
    pub tariff: &'b Tariff,
    /// Place in [`Tariff::components`].
    pub component: usize,
    /// Step, from 1.
    pub step: usize,
    /// Place in [`Registers::list`], for a line of a register.
    pub register: Option<usize>,
    /// Quantity, exact.
    pub quantity: Exact,
    /// Yuan a unit.
    pub price: Decimal,
    /// Money of the line.
    pub amount: Fen,
}

impl<'b> Line<'b> {
    /// The component's key.
    pub fn component_key(&self) -> &'b str {
        &self.tariff.components[self.component].key
    }

    /// The component's name for people.
    pub fn component_name(&self) -> &'b str {
        &self.tariff.components[self.component].name
    }

    /// The register's name.
    pub fn register_name(&self) -> Option<&'b str> {
        let registers = self.tariff.registers.as_ref()?;
        registers.list.get(self.register?).map(|register| register.name.as_str())
    }
}

/// The bound above a line's step and the line itself before rounding.
struct Draft<'b> {
    line: Line<'b>,
    amount: Exact,
}

/// Most people of a household, most cycles of a reading.
const MOST: u32 = 10_000;
/// Most decimals of a quantity or ratio from outside.
const QUANTITY_PLACES: u32 = 12;

/// Some days of a case under a price of their own: the account's price changed within it, or a part year ends within it.
#[derive(Debug, Clone)]
pub struct Stretch<'c> {
    /// First day.
    pub from: NaiveDate,
    /// Last day, included.
    pub to: NaiveDate,
    /// The tariff, or the tariffs of a mix; ratios add up to 1.
    pub shares: Vec<Share<'c>>,
    /// Months of a part year (1 to 12) for tariffs that prorate.
    pub months: Option<u32>,
}

/// Rates a case whose days follow one another under several prices: each takes its days' share of the use, exactly, and the steps of
/// each go on where the use of the days before it stopped. `shares` and `months` of the case itself are not looked at; its `used_before`
/// is what was billed in the year, so a monthly ladder, whose bounds are those of the months of the reading, does not stand on it.
pub fn rate_split<'b>(book: &'b PriceBook, case: &Case<'_>, stretches: &[Stretch<'_>]) -> Result<Bill<'b>, Fault> {
    let monthly = |share: &Share<'_>, day| book.at(share.tariff, day).is_ok_and(|tariff| tariff.cycle == Cycle::Month);
    let before = |monthly: bool| if monthly { Decimal::ZERO } else { case.used_before };
    if let [Stretch { to, shares, months, .. }] = stretches
        && let [only] = shares.as_slice()
    {
        let used_before = before(monthly(only, *to));
        return rate(book, &Case { shares, months: *months, used_before, ..*case });
    }
    let mut drafts = Vec::new();
    for Stretch { from, to, shares, months } in stretches {
        let timed = |share: &Share<'_>| book.at(share.tariff, *to).is_ok_and(|tariff| tariff.registers.is_some());
        let registers = case.registers.filter(|_| shares.iter().any(timed));
        let own = Case { shares, months: *months, registers, ..*case };
        check(&Case { from: *from, to: *to, ..own })?;
        for share in shares {
            let own = Case { used_before: before(monthly(share, *to)), ..own };
            rate_share(book, &own, share, (*from, *to), &mut drafts)?;
        }
    }
    settle(drafts)
}

/// Rates a case.
///
/// Refused, never guessed: an unknown code, a day without price, a negative quantity, `from` after `to`, ratios that do
/// not add up to 1, registers missing, needless, unknown or not adding up, months over 31 December, use above a last
/// bounded step, a number beyond what can be calculated exactly.
pub fn rate<'b>(book: &'b PriceBook, case: &Case<'_>) -> Result<Bill<'b>, Fault> {
    check(case)?;
    match plain::rate(book, case)? {
        Some(bill) => Ok(bill),
        None => rate_exactly(book, case),
    }
}

/// Rates a case by fractions, whatever it is. The case has been checked.
fn rate_exactly<'b>(book: &'b PriceBook, case: &Case<'_>) -> Result<Bill<'b>, Fault> {
    let mut drafts = Vec::new();
    for share in case.shares {
        rate_share(book, case, share, (case.from, case.to), &mut drafts)?;
    }
    settle(drafts)
}

/// Checks what needs no tariff.
fn check(case: &Case<'_>) -> Result<(), Fault> {
    if case.from > case.to {
        return Err(Fault::new("input", format!("起日 {} 晚于止日 {}，请核对", case.from, case.to)));
    }
    if period::days(case.from, case.to) > period::LONGEST_DAYS {
        return Err(Fault::new("input", "起止日期相隔超过100年，请核对"));
    }
    quantity("用量", case.usage)?;
    quantity("此前用量", case.used_before)?;
    if case.people.is_some_and(|people| people > MOST) || case.cycles.is_some_and(|c| !(1..=MOST).contains(&c)) {
        return Err(Fault::new("input", format!("人口不能多于{MOST}，周期数应为1至{MOST}，请核对")));
    }
    if let Some(months) = case.months {
        if !(1..=12).contains(&months) {
            return Err(Fault::new("input", "月数应为1至12，请核对"));
        }
        if case.from.year() != case.to.year() {
            return Err(Fault::new("input", "给出月数的账期不能跨过12月31日，请分年计算"));
        }
    }
    check_shares(case.shares)?;
    check_registers(case)
}

fn quantity(what: &str, value: Decimal) -> Result<(), Fault> {
    if value < Decimal::ZERO {
        return Err(Fault::new("input", format!("{what}不能为负数")));
    }
    if value >= Decimal::from(LIMIT) || value.normalize().scale() > QUANTITY_PLACES {
        return Err(Fault::new("input", format!("{what}太大或小数太多，请核对")));
    }
    Ok(())
}

fn check_shares(shares: &[Share<'_>]) -> Result<(), Fault> {
    if shares.iter().any(|share| share.ratio < Decimal::ZERO || share.ratio.normalize().scale() > QUANTITY_PLACES) {
        return Err(Fault::new("R-248", "混用比例不能为负数，小数不能太多"));
    }
    let sum = shares.iter().try_fold(Decimal::ZERO, |sum, share| sum.checked_add(share.ratio));
    if sum != Some(Decimal::ONE) {
        return Err(Fault::new("R-248", "混用比例相加不等于1，请核对"));
    }
    Ok(())
}

fn check_registers(case: &Case<'_>) -> Result<(), Fault> {
    let Some(registers) = case.registers else { return Ok(()) };
    let mut sum = Decimal::ZERO;
    for (place, (name, used)) in registers.iter().enumerate() {
        quantity("分时用量", *used)?;
        if registers[..place].iter().any(|(other, _)| other == name) {
            return Err(Fault::new("R-222", format!("分时表盘“{}”重复", shown(name))));
        }
        sum += used;
    }
    if sum != case.usage {
        return Err(Fault::new(
            "R-222",
            format!("各时段用量相加为{}，与用量{}不符", sum.normalize(), case.usage.normalize()),
        ));
    }
    Ok(())
}

/// One share of the use of some days through the ladder of its tariff, part by part.
fn rate_share<'b>(
    book: &'b PriceBook,
    case: &Case<'_>,
    share: &Share<'_>,
    (from, to): (NaiveDate, NaiveDate),
    drafts: &mut Vec<Draft<'b>>,
) -> Result<(), Fault> {
    let ratio = Exact::of(share.ratio);
    let mut day = from;
    for part in &period::parts(book.code(share.tariff)?, from, to)? {
        check_part(case, part)?;
        let stands = stands(case, day, part)?.times(ratio).ok_or_else(too_fine)?;
        let used = used_in(case, part.days)?.times(ratio).ok_or_else(too_fine)?;
        for component in 0..part.version.tariff.components.len() {
            fill(case, &part.version.tariff, component, stands, used, drafts)?;
        }
        day = after(day, part.days);
    }
    Ok(())
}

/// Where the steps stand when a part begins on `day`: at what was used before the case and within it so far; on a yearly cycle since the
/// new year, if one has begun inside the case.
fn stands(case: &Case<'_>, day: NaiveDate, part: &Part<'_>) -> Result<Exact, Fault> {
    let new_year = NaiveDate::from_ymd_opt(day.year(), 1, 1).filter(|begins| *begins > case.from);
    match new_year.filter(|_| part.version.tariff.cycle == Cycle::Year) {
        Some(begins) => used_in(case, (day - begins).num_days()),
        None => used_in(case, (day - case.from).num_days())?.plus(Exact::of(case.used_before)).ok_or_else(too_fine),
    }
}

/// What of the use falls on so many days.
fn used_in(case: &Case<'_>, days: i64) -> Result<Exact, Fault> {
    let all = Exact::whole(period::days(case.from, case.to));
    let portion = Exact::whole(days).over(all).ok_or_else(too_fine)?;
    Exact::of(case.usage).times(portion).ok_or_else(too_fine)
}

fn after(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_add_signed(chrono::TimeDelta::days(days)).unwrap_or(day)
}

fn check_part(case: &Case<'_>, part: &Part<'_>) -> Result<(), Fault> {
    let tariff = &part.version.tariff;
    let refuse = |message: String| Err(Fault::new("R-222", message));
    match (&tariff.registers, case.registers) {
        (None, None) => Ok(()),
        (Some(_), None) => refuse(format!("价目“{}”分时计价，请给出各时段用量", tariff.code)),
        (None, Some(_)) => refuse(format!("价目“{}”不分时，不能给出各时段用量", tariff.code)),
        (Some(known), Some(given)) => {
            match given.iter().find(|(name, _)| !known.list.iter().any(|register| register.name == *name)) {
                None => Ok(()),
                Some((name, _)) => refuse(format!("价目“{}”没有分时表盘“{}”", tariff.code, shown(name))),
            }
        }
    }
}

fn too_fine() -> Fault {
    Fault::new("input", "数字太大或小数太多，无法精确计算，请核对")
}

/// Fills the steps of one component with `used`, from where the steps stand.
fn fill<'b>(
    case: &Case<'_>,
    tariff: &'b Tariff,
    component: usize,
    stands: Exact,
    used: Exact,
    drafts: &mut Vec<Draft<'b>>,
) -> Result<(), Fault> {
    let steps = tariff.steps_in(component, case.to.month());
    let end = stands.plus(used).ok_or_else(too_fine)?;
    let mut low = stands;
    for (place, step) in steps.iter().enumerate() {
        if low >= end {
            break;
        }
        let high = match bound(case, tariff, place, step)? {
            Some(bound) => bound.min(end),
            None => end,
        };
        if high > low {
            let quantity = high.minus(low).ok_or_else(too_fine)?;
            write_step(case, tariff, component, place, step, quantity, drafts)?;
            low = high;
        }
    }
    if low < end {
        let name = &tariff.components[component].name;
        return Err(Fault::new("R-036", format!("用量超过价目“{}”中{name}最后一档的上限，没有价格", tariff.code)));
    }
    Ok(())
}

/// The bound of a step: widened by people, then × months ÷ 12 or × cycles. `None` for the open step.
fn bound(case: &Case<'_>, tariff: &Tariff, place: usize, step: &Step) -> Result<Option<Exact>, Fault> {
    let Some(upto) = step.upto else { return Ok(None) };
    let wide = upto.checked_add(tariff.widened_by(case.people, place)).ok_or_else(too_fine)?;
    Exact::of(wide).times(factor(case, tariff).ok_or_else(too_fine)?).map(Some).ok_or_else(too_fine)
}

fn factor(case: &Case<'_>, tariff: &Tariff) -> Option<Exact> {
    match (tariff.cycle, case.months) {
        (Cycle::Month, _) => {
            Some(Exact::whole(case.cycles.unwrap_or_else(|| period::cycles(case.from, case.to)).into()))
        }
        (Cycle::Year, Some(months)) if tariff.prorate => Exact::new(months.into(), 12),
        (Cycle::Year, _) => Some(Exact::ONE),
    }
}

/// One line for a step, or one a register in proportion to their use.
fn write_step<'b>(
    case: &Case<'_>,
    tariff: &'b Tariff,
    component: usize,
    place: usize,
    step: &Step,
    quantity: Exact,
    drafts: &mut Vec<Draft<'b>>,
) -> Result<(), Fault> {
    let mut push = |register: Option<usize>, quantity: Exact, price: Decimal| {
        let amount = quantity.times(Exact::of(price)).ok_or_else(too_fine)?;
        let line = Line { tariff, component, step: place + 1, register, quantity, price, amount: Fen::ZERO };
        drafts.push(Draft { line, amount });
        Ok(())
    };
    match (&tariff.registers, case.registers) {
        (Some(Registers { component: timed, list }), Some(given)) if *timed == component => {
            for (number, register) in list.iter().enumerate() {
                let used =
                    given.iter().find(|(name, _)| *name == register.name).map_or(Decimal::ZERO, |(_, used)| *used);
                if used.is_zero() {
                    continue;
                }
                let portion = Exact::of(used).over(Exact::of(case.usage)).ok_or_else(too_fine)?;
                let quantity = quantity.times(portion).ok_or_else(too_fine)?;
                push(Some(number), quantity, step.price + register.add_at(place))?;
            }
            Ok(())
        }
        _ => push(None, quantity, step.price),
    }
}

/// Rounds the drafts: lines of tariffs that round every line by themselves, the others together once.
fn settle(mut drafts: Vec<Draft<'_>>) -> Result<Bill<'_>, Fault> {
    let fen = |amount: Exact| {
        let units = amount.units(2).and_then(|units| i64::try_from(units).ok());
        units.filter(|units| units.abs() < LIMIT * 100).map(Fen).ok_or_else(too_fine)
    };
    let mut exact = Exact::ZERO;
    let mut printed = Fen::ZERO;
    let mut largest: Option<usize> = None;
    let mut total = Fen::ZERO;
    for place in 0..drafts.len() {
        let draft = &mut drafts[place];
        draft.line.amount = fen(draft.amount)?;
        total += draft.line.amount;
        if draft.line.tariff.round == Round::Bill {
            printed += draft.line.amount;
            exact = exact.plus(draft.amount).ok_or_else(too_fine)?;
            if largest.is_none_or(|best| drafts[place].amount > drafts[best].amount) {
                largest = Some(place);
            }
        }
    }
    if let Some(place) = largest {
        let difference = fen(exact)? - printed;
        drafts[place].line.amount += difference;
        total += difference;
    }
    if total.abs().0 >= LIMIT * 100 {
        return Err(too_fine());
    }
    Ok(Bill { total, lines: drafts.into_iter().map(|draft| draft.line).collect() })
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
