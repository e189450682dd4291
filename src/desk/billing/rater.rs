//! The bill of one reading: its use, its tariff, where the steps stand, its lines.

use chrono::NaiveDate;

use super::Ledger;
use super::kept::Kept;
use super::ledger::Cancelled;
use super::priced::{self, Used};
use crate::derive::account::bill::{BillIssued, HoldReason, SWAP, Stored, USE};
use crate::desk::tariffs;
use crate::rules::billing::history::History;
use crate::rules::billing::{BillCycle, ByRegister, Due, MarkKind, Place, registers};
use crate::rules::classes::MIXED;
use crate::rules::customer;
use crate::rules::customer_fields::IC_CARD;
use crate::rules::fault::Fault;
use crate::rules::money::{Fen, Milli};
use crate::rules::price_days::PricedDays;
use crate::rules::pricing;
use crate::rules::reading_use::whole;
use crate::rules::tariff::PriceBook;

/// Rates readings by a price book, for bills of one date.
#[derive(Clone, Copy)]
pub struct Rater<'b> {
    /// The price book.
    pub book: &'b PriceBook,
    /// The bills' date.
    pub dated: NaiveDate,
}

/// The stand-in for a date nobody knows.
fn is_unknown(day: NaiveDate) -> bool {
    NaiveDate::from_ymd_opt(2002, 1, 1) == Some(day)
}

/// What a bill charges.
struct Use<'k> {
    /// 用量.
    volume: Milli,
    /// What the readings give, where special handling put it right.
    measured: Option<Milli>,
    /// By register, where that is known with it.
    registers: &'k [(String, Milli)],
}

/// What a bill closes with.
enum End {
    /// A reading, by its place among the marks.
    Mark(usize),
    /// The swap whose bill was cancelled.
    Swap(Cancelled),
}

/// What is to be billed in a cycle, in order of use: its newest reading, what was cancelled before that, and swaps of the cycle.
fn ends(ledger: &Ledger, cycle: BillCycle) -> Vec<End> {
    // A remote meter reports several times a cycle: the newest reading decides the month, one bill an account.
    let history = ledger.history();
    let newest = ledger.closing_marks(cycle.first(), cycle.last()).pop().filter(|end| history.due(*end).is_some());
    let place = newest.map(|end| history.place(end));
    let mut ends: Vec<(Place, End)> =
        newest.zip(place).map(|(end, place)| (place, End::Mark(end))).into_iter().collect();
    // What was cancelled before it comes first, each by itself: it keeps its due date, which one bill of both could not.
    for bill in &ledger.cancelled {
        let before = place.is_some_and(|place| bill.to() < place);
        match bill.swap {
            true if before || cycle.holds(bill.last) => ends.push((bill.to(), End::Swap(*bill))),
            false if before => ends.extend(history.mark_at(bill.to()).map(|end| (bill.to(), End::Mark(end)))),
            _ => {}
        }
    }
    ends.sort_by_key(|(place, end)| (*place, matches!(end, End::Mark(_))));
    ends.into_iter().map(|(_, end)| end).collect()
}

impl Rater<'_> {
    /// Rates the reading of a cycle that is due, after those before it whose bill was cancelled, and notes each bill in the ledger, so that the next one stands on
    /// it. A bill that cannot be calculated is held with its reason.
    pub fn cycle(&self, ledger: &mut Ledger, cycle: BillCycle) -> Vec<BillIssued> {
        let mut bills = Vec::with_capacity(1);
        for end in ends(ledger, cycle) {
            let bill = match end {
                End::Swap(again) => match self.swap_again(ledger, &again) {
                    Ok(bill) => bill,
                    Err(_) => continue, // the next reading is held for the same reason
                },
                End::Mark(end) => {
                    let history = ledger.history();
                    let Some(due) = history.due(end) else { continue };
                    self.bill_or_hold(ledger, &history, &due, USE)
                }
            };
            let held = bill.held.is_some();
            let span = ledger.span_of(&bill);
            bills.push(bill);
            if held {
                break;
            }
            ledger.add_span(span);
        }
        bills
    }

    /// Rates what one mark closes, whatever its cycle; `None` when it is billed already.
    pub fn one(&self, ledger: &Ledger, end: usize) -> Option<Result<BillIssued, Fault>> {
        let history = ledger.history();
        let due = history.due(end)?;
        Some(self.bill(ledger, &history, &due, USE))
    }

    /// The same, held with the reason where it cannot be calculated.
    pub fn one_or_held(&self, ledger: &Ledger, end: usize) -> Option<BillIssued> {
        let history = ledger.history();
        let due = history.due(end)?;
        Some(self.bill_or_hold(ledger, &history, &due, USE))
    }

    /// Rates the difference at a swap: `end` is the old meter's final mark.
    pub fn at_swap(&self, ledger: &Ledger, end: usize) -> Result<BillIssued, Fault> {
        let history = ledger.history();
        let due = history.due_at_swap(end);
        self.bill(ledger, &history, &due, SWAP)
    }

    /// Rates once more the difference at a swap whose bill was cancelled: it keeps its due date.
    pub fn swap_again(&self, ledger: &Ledger, again: &Cancelled) -> Result<BillIssued, Fault> {
        let lost = || Fault::new("R-272", format!("{} 的换表差额没有拆换单可以重出，请核对", again.last));
        let (before, end) = ledger.at_swap(again.to()).ok_or_else(lost)?;
        let history = before.history();
        self.bill_again(&before, &history, &history.due_at_swap(end), SWAP, Some(again))
    }

    /// The bill, or the same days held with the reason.
    fn bill_or_hold(&self, ledger: &Ledger, history: &History<'_>, due: &Due, kind: &str) -> BillIssued {
        self.bill(ledger, history, due, kind).unwrap_or_else(|fault| {
            let reason = HoldReason { rule: fault.rule.to_owned(), message: fault.message };
            let volume = Milli::whole(history.used(due).unwrap_or(0));
            BillIssued { held: Some(reason), volume, ..self.frame(ledger, due, kind) }
        })
    }

    fn bill(&self, ledger: &Ledger, history: &History<'_>, due: &Due, kind: &str) -> Result<BillIssued, Fault> {
        let again = ledger.cancelled_at(ledger.history().place(due.end)).filter(|_| kind == USE);
        self.bill_again(ledger, history, due, kind, again)
    }

    /// The bill, in the place of a cancelled one: it keeps the price and the people of that one, and its due date.
    fn bill_again(
        &self,
        ledger: &Ledger,
        history: &History<'_>,
        due: &Due,
        kind: &str,
        again: Option<&Cancelled>,
    ) -> Result<BillIssued, Fault> {
        if ledger.account.user_type.as_deref() == Some(IC_CARD) {
            return Err(Fault::new("R-048", "IC卡用户先充值后用，不按抄表出账，请核对用户类型"));
        }
        if due.closing.is_none() && history.began(due.end).is_none_or(is_unknown) {
            return Err(Fault::new("R-063", "没有上次读数，装表日期也不明，不能确定起始日期和底数，请补全档案"));
        }
        let account = tariffs::pricing(&ledger.account);
        let known = match again {
            Some(bill) => ledger.calculated(bill.to(), bill.swap),
            None => ledger.calculated(history.place(due.end), false).filter(|_| kind == USE),
        };
        let used = self.used(history, due, known)?;
        let people = known.map_or(ledger.account.people, |known| known.people);
        let kept = known.map(|known| {
            let days = BillIssued { first_day: due.first, ..known.clone() };
            Kept { book: self.book, account, ledger }.ways(&days)
        });
        let choices = match kept {
            Some(Ok(ways)) => ways,
            _ => pricing::choices(self.book, &account, &ledger.prices, (due.first, due.last))?,
        };
        let rated = choices.iter().map(|way| self.under(ledger, history, due, &used, (way, people)));
        let rated = pricing::largest(rated, |bill| bill.amount)?;
        let due = again.map_or_else(|| tariffs::due_of(self.book, &rated.tariff, self.dated), |bill| Ok(bill.due))?;
        Ok(BillIssued {
            due,
            // Past its due date a bill bears late fee before anything pays it (`covers`).
            settles: rated.settles && due >= self.dated,
            replaces: again.map(|bill| bill.id),
            kind: kind.to_owned(),
            ..rated
        })
    }

    /// What was used: by the readings, unless special handling had put the cancelled bill of these days right and they still give what
    /// they gave then.
    fn used<'k>(&self, history: &History<'_>, due: &Due, known: Option<&'k BillIssued>) -> Result<Use<'k>, Fault> {
        let read = Milli::whole(history.used(due)?);
        let put_right = known.filter(|known| known.measured() == Some(read));
        Ok(match put_right {
            Some(known) => Use { volume: known.volume, measured: Some(read), registers: &known.registers },
            None => Use { volume: read, measured: None, registers: &[] },
        })
    }

    /// The bill under the prices of its days; its due date is still to be set.
    fn under(
        &self,
        ledger: &Ledger,
        history: &History<'_>,
        due: &Due,
        put: &Use<'_>,
        (way, people): (&[PricedDays], Option<i64>),
    ) -> Result<BillIssued, Fault> {
        let begun = ledger.begun(due.last);
        let before = history.used_since(due, begun.anew.filter(|_| priced::prorates(self.book, way)));
        let registers = match put.registers {
            [] => self.registers(history, due, way, put.volume)?,
            known if priced::timed(self.book, way) => known.to_vec(),
            _ => Vec::new(),
        };
        let used = Used {
            volume: put.volume,
            before: before.exact,
            first: due.first,
            last: due.last,
            people,
            registers: &registers,
        };
        let rated = priced::rate(self.book, way, begun, &used)?;
        Ok(BillIssued {
            volume: used.volume,
            used_before: before.volume,
            used_before_from: if before.from_recent { "recent".into() } else { String::new() },
            class: rated.class,
            tariff: rated.tariff,
            lines: rated.lines,
            amount: rated.amount,
            mix: rated.mix,
            earlier: rated.earlier,
            stored: Stored::of(rated.highest, put.measured),
            people,
            registers,
            ..self.frame(ledger, due, USE)
        })
    }

    /// What is known of a bill before it is calculated.
    fn frame(&self, ledger: &Ledger, due: &Due, kind: &str) -> BillIssued {
        let end = &ledger.marks[due.end];
        let start = due.start.map(|start| ledger.marks[start].value);
        let first_meter = || ledger.meter(crate::rules::billing::chain::root(&ledger.meters, end.meter));
        let estimated = end.estimated && end.kind == MarkKind::Read;
        let price = ledger.price_on(due.last);
        BillIssued {
            cycle: BillCycle::of(due.last).to_string(),
            first_day: due.first,
            last_day: due.last,
            dated: self.dated,
            due: self.dated,
            from: start.or_else(|| first_meter().map(|meter| meter.first)).unwrap_or_default(),
            to: end.value,
            volume: Milli::ZERO,
            used_before: Milli::ZERO,
            used_before_from: String::new(),
            class: price.class.to_owned(),
            tariff: String::new(),
            people: ledger.account.people,
            estimated,
            kind: kind.to_owned(),
            reading: (end.id.0 > 0).then_some(end.id),
            replaces: None,
            lines: Vec::new(),
            amount: Fen::ZERO,
            held: None,
            registers: Vec::new(),
            settles: customer::prepaid_settles(&ledger.account.extra),
            mix: price.mix.filter(|_| price.confirmed && price.class == MIXED).map(str::to_owned),
            earlier: Vec::new(),
            stored: None,
            covers: None,
        }
    }

    /// Use by register, when a price of the bill counts the hours apart; empty when none does.
    fn registers(
        &self,
        history: &History<'_>,
        due: &Due,
        way: &[PricedDays],
        volume: Milli,
    ) -> Result<ByRegister, Fault> {
        let mut codes = way.iter().flat_map(|days| days.shares.iter().map(|share| (&share.code, days.last)));
        let timed = codes.find_map(|(code, day)| self.book.at(code, day).ok()?.registers.as_ref());
        match timed {
            None => Ok(Vec::new()),
            Some(timed) => {
                let names: Vec<&str> = timed.list.iter().map(|register| register.name.as_str()).collect();
                registers::used(history.meters, history.marks, due.start, due.end, &names, whole(volume))
            }
        }
    }
}
