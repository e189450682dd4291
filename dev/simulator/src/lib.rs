//! A company in memory — a head office and three to eight branches — through thirty days in which everything goes wrong that can,
//! decided by one seed. After every step the books are checked; in the end the sites exchange without faults until nothing
//! moves, and then they must agree.
//!
//! [`plan`] is what a seed decides, [`town`] how the company begins, [`acts`] what people do, [`post`] how bundles travel,
//! [`world`] the thirty days, [`nights`] the exchange, [`kept`] what was acknowledged, [`checks`] what must hold, [`end`] what must hold at last.

pub mod acts;
pub mod chance;
pub mod checks;
pub mod end;
pub mod kept;
pub mod nights;
pub mod place;
pub mod plan;
pub mod post;
pub mod report;
pub mod town;
pub mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use plan::{Plan, Size};
use report::{Failure, Report};
use town::Template;
use world::World;

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// Days each.
    pub days: u64,
    /// How large.
    pub size: Size,
    /// Threads.
    pub threads: usize,
    /// Forks and mixed program versions too, in some seeds.
    pub rare: bool,
    /// Old copies are put back often in every seed, noticed or not.
    pub forked: bool,
    /// Every step is told.
    pub told: bool,
}

/// Runs one seed.
pub fn seed(template: &Template, plan: Plan, told: bool) -> Result<Report, Failure> {
    let seed = plan.seed;
    let mut world = World::begin(template, plan);
    world.told = told;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        world.live()?;
        end::settle(&mut world)
    }));
    match outcome {
        Ok(Ok(())) => Ok(Report { seeds: 1, ..world.report }),
        Ok(Err(failure)) => Err(failure),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(Failure {
                seed,
                step: world.step,
                site: String::new(),
                what: format!("panic: {}", words.unwrap_or_default()),
            })
        }
    }
}

/// Runs seeds on several threads; `done` is told each as it ends.
pub fn run(run: Run, done: impl Fn(u64, &Result<Report, Failure>) + Sync) -> (Report, Vec<Failure>) {
    let next = AtomicU64::new(run.from);
    let found = Mutex::new((Report::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..run.threads.max(1) {
            scope.spawn(|| {
                let template = Template::make();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= run.from + run.seeds {
                        return;
                    }
                    let plan = Plan::of(number, run.days, run.size);
                    let plan = Plan { forks: plan.forks && run.rare, mixed: plan.mixed && run.rare, ..plan };
                    let plan = if run.forked { plan.with_forks() } else { plan };
                    let outcome = seed(&template, plan, run.told);
                    done(number, &outcome);
                    let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match outcome {
                        Ok(report) => found.0 += report,
                        Err(failure) => found.1.push(failure),
                    }
                }
            });
        }
    });
    let (report, mut failures) = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    failures.sort_by_key(|failure| failure.seed);
    (report, failures)
}
