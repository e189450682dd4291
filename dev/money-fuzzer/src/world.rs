//! A branch and the ledger beside it: time passes, people act, and whatever was accepted is entered in the ledger too.

use std::fmt;

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, Timelike};
use meterdesk::book::append::Head;
use meterdesk::book::clock::FixedClock;
use meterdesk::desk::refusal::RefusalKind;
use meterdesk::desk::{Call, Desk};
use serde_json::Value;

use crate::chance::Chance;
use crate::drawers::{Case, Move, Shift};
use crate::ledger::Account;
use crate::{Failure, Report, town};

/// Who stands at a till.
pub const CLERKS: [&str; 2] = ["demo", "check"];

/// What the ledger says will come of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It is done.
    Yes,
    /// It is refused, and why.
    No(&'static str),
    /// The ledger does not know.
    Either,
}

/// Wanted, from the first reason against.
pub fn unless(reasons: &[(bool, &'static str)]) -> Wanted {
    reasons.iter().find(|(is_so, _)| *is_so).map_or(Wanted::Yes, |(_, why)| Wanted::No(why))
}

/// The branch.
pub struct World {
    /// The program.
    pub desk: Desk,
    /// Chance.
    pub chance: Chance,
    /// The moment.
    pub now: DateTime<FixedOffset>,
    /// Accounts.
    pub accounts: Vec<Account>,
    /// Shifts.
    pub shifts: Vec<Shift>,
    /// Movements of money.
    pub moves: Vec<Move>,
    /// Businesses.
    pub cases: Vec<Case>,
    /// Requests of special handling.
    pub requests: Vec<crate::handling::Request>,
    /// Counts.
    pub report: Report,
    /// The seed.
    pub seed: u64,
    /// The step.
    pub step: u64,
    /// Every step is told.
    pub told: bool,
    /// Receipts given.
    pub receipts: u64,
    /// Running number for names and for the order of bills.
    pub count: u64,
    /// The account touched by this step.
    pub touched: Option<usize>,
    /// The last action, for failures.
    last: String,
}

impl fmt::Debug for World {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "seed {} step {}", self.seed, self.step)
    }
}

/// Yuan as typed.
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

/// Fen of an answer.
pub fn fen(value: &Value) -> i64 {
    let text = value.as_str().unwrap_or("0");
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let digits: String = whole.chars().chain(part.chars()).filter(char::is_ascii_digit).collect();
    sign * digits.parse::<i64>().unwrap_or(0)
}

/// Text of an answer.
pub fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl World {
    /// The branch on its first morning.
    pub fn begin(seed: u64, told: bool) -> Result<Self, Failure> {
        let mut chance = Chance::of(seed);
        let fail = |what: String| Failure { seed, step: 0, action: String::new(), what };
        let first: Option<DateTime<FixedOffset>> = "2025-01-06T09:00:00+08:00".parse().ok();
        let first = first.ok_or_else(|| fail("no first day".into()))?;
        let now = first + Duration::days(chance.between(0, 340));
        let (desk, accounts) = town::begin(now, &mut chance).map_err(fail)?;
        let report = Report::default();
        let (shifts, moves, cases, requests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Self {
            desk,
            chance,
            now,
            accounts,
            shifts,
            moves,
            cases,
            requests,
            report,
            seed,
            step: 0,
            told,
            receipts: 0,
            count: 0,
            touched: None,
            last: String::new(),
        })
    }

    /// A failure now.
    pub fn fail(&self, what: impl fmt::Display) -> Failure {
        Failure { seed: self.seed, step: self.step, action: self.last.clone(), what: what.to_string() }
    }

    /// Time passes: minutes at the counter, a night now and then, seldom some days; seldom a counter works past midnight.
    pub fn pass(&mut self) {
        self.now += Duration::minutes(self.chance.between(1, 100));
        if self.now.hour() >= 18 && !self.chance.percent(3) {
            let days = if self.chance.percent(20) { self.chance.between(2, 9) } else { 1 };
            self.sleep(days);
        } else if self.now.hour() < 8 && self.chance.percent(60) {
            self.sleep(0);
        }
        self.desk.set_clock(Box::new(FixedClock::at(self.now)));
    }

    fn sleep(&mut self, days: i64) {
        let morning = self.now.date_naive() + Duration::days(days);
        let at = morning.and_hms_opt(8, 0, 0).and_then(|at| at.and_local_timezone(*self.now.offset()).single());
        self.now = at.unwrap_or(self.now).max(self.now);
    }

    /// The date.
    pub fn date(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// The open shift of a person.
    pub fn open_shift(&self, user: &str) -> Option<usize> {
        self.shifts.iter().position(|shift| shift.user == user && shift.is_open())
    }

    /// Is the day of a shift over: past four o'clock of the day after?
    pub fn is_over(&self, shift: usize) -> bool {
        let after = self.shifts[shift].day + Duration::days(1);
        self.date() > after || (self.date() == after && self.now.hour() >= 4)
    }

    /// The day everybody's entries belong to: until four o'clock that of the day before.
    pub fn business_day(&self) -> NaiveDate {
        self.date() - Duration::days(i64::from(self.now.hour() < 4))
    }

    /// Has a person a shift of before open?
    pub fn left_open(&self, user: &str) -> bool {
        self.open_shift(user).is_some_and(|shift| self.is_over(shift))
    }

    /// The reasons why a person's till takes nothing.
    pub fn no_till(&self, user: &str) -> [(bool, &'static str); 2] {
        [(self.open_shift(user).is_none(), "no shift"), (self.left_open(user), "the shift's day is over")]
    }

    /// One of the last few movements of a kind.
    pub fn late_move(&mut self, few: usize, is: impl Fn(&Move) -> bool) -> Option<usize> {
        let list: Vec<usize> = (0..self.moves.len()).filter(|at| is(&self.moves[*at])).collect();
        self.chance.pick_late(&list, few)
    }

    /// The number of the next receipt.
    pub fn next_receipt(&self) -> String {
        format!("B03-1-{:06}", self.receipts + 1)
    }

    /// A receipt was given: it must be the next number.
    pub fn gave_receipt(&mut self, answer: &Value) -> Result<String, Failure> {
        let (given, wanted) = (word(&answer["receipt"]), self.next_receipt());
        self.receipts += 1;
        if given == wanted { Ok(given) } else { Err(self.fail(format!("receipt {given}, ledger {wanted}"))) }
    }

    /// A figure of an answer must be the ledger's.
    pub fn same<T: PartialEq + fmt::Debug>(&self, what: &str, got: &T, wanted: &T) -> Result<(), Failure> {
        if got == wanted { Ok(()) } else { Err(self.fail(format!("{what}: program {got:?}, ledger {wanted:?}"))) }
    }

    /// A number for a name.
    pub fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Performs an action. Answers what came of it, with its entry; nothing when it was refused.
    pub fn perform(
        &mut self,
        user: &'static str,
        action: &'static str,
        input: &Value,
        wanted: Wanted,
    ) -> Result<Option<Value>, Failure> {
        self.last = format!("{} {user} {action} {input}", self.now.format("%Y-%m-%d %H:%M"));
        self.desk.sign_in_practice(user).map_err(|refusal| self.fail(refusal.message()))?;
        let before = self.head()?;
        let whole = if self.step.is_multiple_of(16) { Some(self.state()?) } else { None };
        let done = self.desk.perform(action, &input.to_string(), Call { key: None, at: Some(self.now) });
        if self.told {
            let said = match &done {
                Ok(done) => done.result.clone(),
                Err(refusal) => format!("× {}", refusal.message()),
            };
            println!("{:>5} {} → {said}", self.step, self.last);
        }
        match done {
            Ok(done) => {
                if let Wanted::No(why) = wanted {
                    return Err(self.fail(format!("was done, and the ledger says: {why}: {}", done.result)));
                }
                self.report.note(action, true);
                let mut answer: Value = serde_json::from_str(&done.result).map_err(|error| self.fail(error))?;
                answer["entry"] = done.entry.map_or(Value::Null, |id| Value::String(id.to_string()));
                Ok(Some(answer))
            }
            Err(refusal) => {
                let words = format!("{} {}", refusal.first_rule(), refusal.message());
                if matches!(refusal.kind, RefusalKind::Data | RefusalKind::Internal) {
                    return Err(self.fail(format!("broke: {words}")));
                }
                if wanted == Wanted::Yes {
                    return Err(self.fail(format!("was refused, and the ledger sees no reason: {words}")));
                }
                self.report.note(action, false);
                self.same("head of the day book after a refusal", &self.head()?, &before)?;
                if let Some(whole) = whole {
                    self.same("state after a refusal", &self.state()?, &whole)?;
                }
                Ok(None)
            }
        }
    }

    fn head(&self) -> Result<[u8; 32], Failure> {
        let tx = self.desk.look().map_err(|error| self.fail(error))?;
        Head::read(&tx).map(|head| head.hash).map_err(|error| self.fail(format!("{error:?}")))
    }

    fn state(&self) -> Result<[u8; 32], Failure> {
        let tx = self.desk.look().map_err(|error| self.fail(error))?;
        tx.state_hash().map_err(|error| self.fail(error))
    }
}
