//! The ordinary bill by integers: one tariff, one price and one run of steps over the whole period, no registers.
//!
//! A bill run rates a million readings, nearly all of this kind. Bounds are thousandths of a unit and prices 10⁻¹² yuan,
//! prepared once a tariff, so nothing is parsed or reduced on the way. Whatever does not fit goes to the exact
//! engine; a property test holds the two to be equal.

use chrono::Datelike;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::book::PriceBook;
use super::engine::{Bill, Case, Line};
use super::model::{Cycle, Round, Step, Tariff};
use super::period;
use crate::rules::exact::Exact;
use crate::rules::fault::Fault;
use crate::rules::money::{Fen, LIMIT};

const PRICE_PLACES: u32 = 12;
/// 10⁻¹² yuan × 10⁻³ units in a fen.
const PER_FEN: i128 = 10i128.pow(PRICE_PLACES + 3 - 2);

/// The steps of a tariff as integers, by month where it has seasons.
#[derive(Debug)]
pub struct Ladder {
    sets: Vec<Vec<Vec<PlainStep>>>,
    set_of_month: [usize; 12],
}

#[derive(Debug, Clone, Copy)]
struct PlainStep {
    upto_milli: Option<i128>,
    price: Decimal,
    price_scaled: i128,
}

impl Ladder {
    /// Prepares a tariff; `None` when it cannot be rated by integers: registers, or bounds finer than a thousandth.
    pub fn of(tariff: &Tariff) -> Option<Self> {
        if tariff.registers.is_some() {
            return None;
        }
        let set = |month: u32| -> Option<Vec<Vec<PlainStep>>> {
            let steps = |component: usize| tariff.steps_in(component, month).iter().map(PlainStep::of).collect();
            (0..tariff.components.len()).map(steps).collect()
        };
        if tariff.seasons.is_empty() {
            return Some(Self { sets: vec![set(1)?], set_of_month: [0; 12] });
        }
        let sets = (1..=12).map(set).collect::<Option<Vec<_>>>()?;
        Some(Self { sets, set_of_month: std::array::from_fn(|month| month) })
    }
}

impl PlainStep {
    fn of(step: &Step) -> Option<Self> {
        let upto_milli = match step.upto {
            None => None,
            Some(upto) => Some(scaled(upto, 3)?),
        };
        Some(Self { upto_milli, price: step.price, price_scaled: scaled(step.price, PRICE_PLACES)? })
    }
}

/// A decimal as a whole number of 10^-places; `None` when it is finer.
fn scaled(value: Decimal, places: u32) -> Option<i128> {
    let mantissa = value.mantissa();
    match places.checked_sub(value.scale()) {
        Some(more) => mantissa.checked_mul(10i128.pow(more)),
        None => {
            let fine = 10i128.checked_pow(value.scale() - places)?;
            (mantissa % fine == 0).then_some(mantissa / fine)
        }
    }
}

/// Rates a checked case if it is an ordinary one; `None` hands it to the exact engine.
pub(super) fn rate<'b>(book: &'b PriceBook, case: &Case<'_>) -> Result<Option<Bill<'b>>, Fault> {
    let ([share], None) = (case.shares, case.registers) else { return Ok(None) };
    let code = book.code(share.tariff)?;
    let place = code.place_at(case.from)?;
    let version = &code.versions()[place];
    let tariff = &version.tariff;
    let next_begins = code.versions().get(place + 1).is_some_and(|next| next.tariff.valid_from <= case.to);
    let year_ends = tariff.cycle == Cycle::Year && case.from.year() != case.to.year();
    let cut_down = tariff.prorate && case.months.is_some();
    let (Some(ladder), false) = (&version.ladder, next_begins || year_ends || cut_down || !tariff.covers(case.to))
    else {
        return Ok(None);
    };
    Ok(rate_by(ladder, tariff, case))
}

fn rate_by<'b>(ladder: &Ladder, tariff: &'b Tariff, case: &Case<'_>) -> Option<Bill<'b>> {
    let factor = match tariff.cycle {
        Cycle::Year => 1,
        Cycle::Month => i128::from(case.cycles.unwrap_or_else(|| period::cycles(case.from, case.to))),
    };
    let start = scaled(case.used_before, 3)?;
    let end = start + scaled(case.usage, 3)?;
    let set = &ladder.sets[ladder.set_of_month[case.to.month0() as usize]];
    let mut bill = Bill { total: Fen::ZERO, lines: Vec::with_capacity(set.len()) };
    let (mut sum, mut largest, mut largest_at) = (0i128, -1i128, 0usize);
    for (component, steps) in set.iter().enumerate() {
        let mut low = start;
        for (place, step) in steps.iter().enumerate() {
            if low >= end {
                break;
            }
            let high = match step.upto_milli {
                None => end,
                Some(upto) => end.min((upto + scaled(tariff.widened_by(case.people, place), 3)?).checked_mul(factor)?),
            };
            if high <= low {
                continue;
            }
            let amount = (high - low).checked_mul(step.price_scaled)?;
            sum = sum.checked_add(amount)?;
            if amount > largest {
                (largest, largest_at) = (amount, bill.lines.len());
            }
            bill.lines.push(Line {
                tariff,
                component,
                step: place + 1,
                register: None,
                quantity: Exact::new(high - low, 1000)?,
                price: step.price,
                amount: fen(amount)?,
            });
            low = high;
        }
        if low < end {
            return None; // above a last bounded step: the exact engine says so
        }
    }
    settle(bill, tariff.round, sum, largest_at)
}

fn settle(mut bill: Bill<'_>, round: Round, sum: i128, largest_at: usize) -> Option<Bill<'_>> {
    let printed: Fen = bill.lines.iter().map(|line| line.amount).sum();
    bill.total = match round {
        Round::Line => printed,
        Round::Bill => fen(sum)?,
    };
    if let Some(line) = bill.lines.get_mut(largest_at) {
        line.amount += bill.total - printed;
    }
    (bill.total.0 < LIMIT * 100).then_some(bill)
}

fn fen(amount: i128) -> Option<Fen> {
    ((amount + PER_FEN / 2) / PER_FEN).to_i64().filter(|fen| *fen < LIMIT * 100).map(Fen)
}
