//! The money of a branch over many days, from one seed, beside a ledger that shares no code with the program: it links the program to
//! perform actions and to read answers alone. After every step what is owed with its late fee, prepaid, credit, drawers, receipts and
//! reports must be what the ledger says; what is refused must change nothing, and be refused for a reason that the ledger knows.
//!
//! `cargo run -p money-fuzzer -- --seeds 100 --steps 1000`; `--seed N` runs one and says every step.

use std::collections::BTreeMap;
use std::fmt;

mod came_back;
pub mod cases;
pub mod chance;
pub mod checks;
pub mod cover;
pub mod drawers;
pub mod handling;
pub mod ladder;
pub mod ledger;
pub mod payments;
pub mod tills;
pub mod town;
pub mod usage;
pub mod world;

/// A step that went wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The step.
    pub step: u64,
    /// Moment, person, action, input.
    pub action: String,
    /// What differs.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "seed {} step {}: {}\n  {}", self.seed, self.step, self.what, self.action)
    }
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// By action: done, refused.
    pub actions: BTreeMap<&'static str, (u64, u64)>,
    /// Days that passed.
    pub days: i64,
    /// Whole checks.
    pub verified: u64,
}

impl Report {
    /// Notes an action.
    pub fn note(&mut self, action: &'static str, is_done: bool) {
        let counts = self.actions.entry(action).or_default();
        if is_done { counts.0 += 1 } else { counts.1 += 1 }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        for (action, (done, refused)) in &other.actions {
            let counts = self.actions.entry(action).or_default();
            *counts = (counts.0 + done, counts.1 + refused);
        }
        self.days += other.days;
        self.verified += other.verified;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (action, (done, refused)) in &self.actions {
            writeln!(out, "{done:>8} done {refused:>8} refused  {action}")?;
        }
        writeln!(out, "{:>8} days, {} whole checks", self.days, self.verified)
    }
}

/// Steps between whole checks (`verify --full`).
pub const WHOLE: u64 = 250;

/// Runs one seed.
pub fn run(seed: u64, steps: u64, told: bool) -> Result<Report, Failure> {
    let mut world = world::World::begin(seed, told)?;
    let first = world.date();
    world.everything()?;
    for step in 1..=steps {
        world.step = step;
        world.touched = None;
        for account in &mut world.accounts {
            account.credit_before = account.credit;
        }
        world.pass();
        world.act()?;
        world.check()?;
        if step.is_multiple_of(25) {
            world.everything()?;
        }
        if step.is_multiple_of(WHOLE) || step == steps {
            world.whole()?;
        }
    }
    world.report.days = (world.date() - first).num_days();
    Ok(world.report)
}
