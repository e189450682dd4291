//! Thirty days of a company: people act, machines crash, clocks jump, bundles travel. Every step is checked.

use std::collections::BTreeSet;
use std::fmt::Display;

use meterdesk::desk::Call;
use meterdesk::desk::refusal::RefusalKind;
use meterdesk::rules::id::Id;
use serde_json::json;

use crate::acts::Memory;
use crate::chance::Chance;
use crate::checks;
use crate::kept::Acknowledged;
use crate::place::Place;
use crate::plan::Plan;
use crate::post::Post;
use crate::report::{Failure, Report};
use crate::town::{ROLES, Template, act, moment};

/// Milliseconds.
pub const HOUR: i64 = 3_600_000;
/// Milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// Head office is the first place.
pub const OFFICE: usize = 0;

/// Actions a program may not know yet.
const NEWER: [&str; 4] = ["account.amend", "swap.enter", "order.pause", "payment.reverse"];

/// The company.
pub struct World {
    /// What the seed decided.
    pub plan: Plan,
    /// Chance of what happens.
    pub chance: Chance,
    /// The sites, head office first.
    pub places: Vec<Place>,
    /// Bundles under way.
    pub post: Post,
    /// What the company has.
    pub memory: Memory,
    /// Entries acknowledged to those who made them.
    pub acknowledged: Vec<Acknowledged>,
    /// Counts.
    pub report: Report,
    /// Steps so far.
    pub step: u64,
    /// Nights so far.
    pub night: u64,
    /// Every step is told.
    pub told: bool,
    sun: i64,
}

impl World {
    /// The company on the morning of the first day: everybody knows head office's town.
    pub fn begin(template: &Template, plan: Plan) -> Self {
        let mut chance = Chance::of(plan.seed, 2);
        let mut places = vec![Place::from(&template.office, true)];
        for (index, branch) in template.branches.iter().take(plan.branches).enumerate() {
            places.push(Place::from(branch, index == 0 || chance.percent(60)));
        }
        let sun = moment("2026-10-31T08:00:00+08:00").timestamp_millis();
        let post = Post::default();
        let (memory, acknowledged, report) = (Memory::new(), Vec::new(), Report::default());
        let mut world =
            Self { plan, chance, places, post, memory, acknowledged, report, step: 0, night: 0, told: false, sun };
        world.pass(0);
        world.introduce();
        world
    }

    /// Cards are exchanged, and two nights without faults.
    fn introduce(&mut self) {
        let (office, branches) = self.places.split_at_mut(1);
        let office = &mut office[0].desk;
        let (_, office_card) = office.site_card().expect("a card");
        let office_print = office.site_keys().expect("keys").public().fingerprint();
        for place in branches {
            let trust = json!({ "card": office_card, "fingerprint": office_print });
            act(&mut place.desk, "boss", "site.trust", &trust, None);
            let (_, card) = place.desk.site_card().expect("a card");
            let print = place.desk.site_keys().expect("keys").public().fingerprint();
            let areas = *self.chance.pick(&["old", "new"]);
            let enrol = json!({
                "card": card, "fingerprint": print, "everything": place.everything, "areas": [areas], "roles": ROLES,
            });
            act(office, "boss", "site.enrol", &enrol, None);
        }
        for _ in 0..2 {
            self.clean_night().unwrap_or_else(|failure| panic!("{failure}"));
        }
        self.report = Report::default();
        for place in &mut self.places {
            place.keep_copy();
        }
    }

    /// Tells a step, when asked to.
    pub fn tell(&self, place: usize, what: impl Display) {
        if self.told {
            println!("{:>5} {} {what}", self.step, self.places[place].code);
        }
    }

    /// A failure at a place.
    pub fn fail(&self, place: usize, what: impl Display) -> Failure {
        let site = self.places.get(place).map_or_else(String::new, |place| place.code.clone());
        Failure { seed: self.plan.seed, step: self.step, site, what: what.to_string() }
    }

    /// A check's answer as an outcome.
    pub fn must(&self, place: usize, wrong: checks::Wrong) -> Result<(), Failure> {
        match wrong {
            Ok(None) => Ok(()),
            Ok(Some(what)) => Err(self.fail(place, what)),
            Err(error) => Err(self.fail(place, error)),
        }
    }

    /// Time passes.
    pub fn pass(&mut self, millis: i64) {
        self.sun += millis;
        for place in &self.places {
            place.set_time(self.sun);
        }
    }

    /// The days.
    pub fn live(&mut self) -> Result<(), Failure> {
        let days = self.plan.days.max(1);
        for day in 0..days {
            let morning = moment("2026-11-01T08:00:00+08:00").timestamp_millis() + day as i64 * DAY;
            self.pass(morning - self.sun);
            self.versions(day);
            let today = self.plan.actions * (day + 1) / days - self.plan.actions * day / days;
            for _ in 0..today {
                self.step += 1;
                self.pass(9 * HOUR / today as i64);
                self.accident()?;
                self.do_something()?;
            }
            self.pass(HOUR);
            if !self.chance.percent(self.plan.quiet_evenings) {
                self.evening()?;
            }
        }
        Ok(())
    }

    /// A program that knows less for a fortnight, in mixed companies.
    fn versions(&mut self, day: u64) {
        let place = self.chance.index(self.places.len());
        let action = *self.chance.pick(&NEWER);
        if !self.plan.mixed {
            return;
        }
        if day == 3 {
            self.places[place].set_lacks(Some(action));
            self.tell(place, format!("does not know {action}"));
        }
        if day == 17 {
            self.upgrade_all();
        }
    }

    /// Every program knows everything.
    pub fn upgrade_all(&mut self) {
        for place in self.places.iter_mut().filter(|place| place.lacks.is_some()) {
            place.set_lacks(None);
            self.report.upgrades += 1;
        }
    }

    /// Crashes, old copies, clocks.
    fn accident(&mut self) -> Result<(), Failure> {
        let at = self.chance.index(self.places.len());
        if self.chance.permille(60) {
            self.places[at].keep_copy();
        }
        if self.chance.permille(self.plan.clocks) {
            let off = *self.chance.pick(&[0, 0, HOUR, -HOUR, -3 * HOUR, 365 * DAY]);
            self.report.clocks += 1;
            self.places[at].clock_off = off;
            self.pass(0);
            self.tell(at, format!("clock off by {} h", off / HOUR));
        }
        if !self.chance.permille(self.plan.crashes) {
            return Ok(());
        }
        self.report.crashes += 1;
        // A life more than 31 cannot be named; nobody restores so often.
        if !self.chance.percent(self.plan.restores) || self.places[at].mark > 20 {
            self.places[at].crash();
            self.tell(at, "crashed");
            return Ok(());
        }
        self.old_copy(at)
    }

    fn old_copy(&mut self, at: usize) -> Result<(), Failure> {
        self.note_reached()?;
        let which = self.chance.index(self.places[at].copies.len());
        // Two branches of a fork are kept; of a third only the news that it is there.
        let unnoticed = self.plan.forks && self.chance.percent(40) && !self.places[at].forked;
        if !self.places[at].put_back(which, !unnoticed) {
            return Ok(());
        }
        match (unnoticed, at) {
            (true, _) => self.report.unnoticed += 1,
            (false, OFFICE) => self.report.restored_offices += 1,
            (false, _) => self.report.restored_branches += 1,
        }
        self.places[at].forked |= unnoticed;
        let head = self.places[at].head();
        let how = if unnoticed { "unnoticed" } else { "noticed" };
        self.tell(at, format!("went back to an old copy, {how}: goes on after {}.{}", head.epoch, head.seq));
        self.pass(0);
        self.note_gone()?;
        self.whole(at)
    }

    /// A whole book is checked.
    pub fn whole(&mut self, at: usize) -> Result<(), Failure> {
        self.report.rebuilds += 1;
        let wrong = checks::whole(&mut self.places[at].desk);
        self.must(at, wrong)
    }

    /// Somebody somewhere does something.
    fn do_something(&mut self) -> Result<(), Failure> {
        let at = self.chance.index(self.places.len());
        let Some(act) = self.memory.draw(&mut self.chance, &self.places[at].desk) else { return Ok(()) };
        if self.places[at].lacks == Some(act.action) {
            return Ok(());
        }
        let before = self.places[at].head();
        let key = format!("k{}", self.step);
        let call = || Call { key: Some(&key), at: None };
        let (input, desk) = (act.input.to_string(), &mut self.places[at].desk);
        if let Err(refusal) = desk.sign_in_practice(act.user) {
            return Err(self.fail(at, refusal.message()));
        }
        let done = match desk.perform(act.action, &input, call()) {
            Ok(done) => done,
            Err(refusal) => {
                self.report.refused += 1;
                let same = self.places[at].head().hash == before.hash;
                return match refusal.kind {
                    RefusalKind::Data => Err(self.fail(at, format!("{}: {}", act.action, refusal.message()))),
                    _ if same => Ok(()),
                    _ => Err(self.fail(at, format!("{} was refused and written", act.action))),
                };
            }
        };
        let again =
            desk.perform(act.action, &input, call()).is_ok_and(|again| again.repeated && again.entry == done.entry);
        if act.wrong || (done.entry.is_some() && !again) {
            return Err(self.fail(at, format!("{} {input} was taken", act.action)));
        }
        self.report.done += 1;
        let result = serde_json::from_str(&done.result).unwrap_or_default();
        self.memory.learn(&act, &result);
        let Some(id) = done.entry else { return Ok(()) };
        self.tell(at, format!("{id} {}", act.action));
        self.after_writing(at, id, &before)
    }

    /// The new entry stands at the end of its chain, its subjects are as folded, the ledger is level.
    fn after_writing(&mut self, at: usize, id: Id, before: &meterdesk::book::append::Head) -> Result<(), Failure> {
        let entry = self.places[at].desk.look().and_then(|tx| tx.entry(id)).map_err(|error| self.fail(at, error))?;
        let Some(entry) = entry else { return Err(self.fail(at, format!("{id} was acknowledged and is not there"))) };
        let head = self.places[at].head();
        if head.hash != entry.hash || head.seq != before.seq + 1 || entry.prev != before.hash || entry.hlc <= before.hlc
        {
            return Err(self.fail(at, format!("{id} does not follow {}", before.seq)));
        }
        let owner = at;
        self.acknowledged.push(Acknowledged { owner, id, hash: entry.hash, reached: false, gone: false });
        self.subjects(at, checks::subjects(&entry))?;
        let wrong = checks::ledger(&self.places[at].desk);
        self.must(at, wrong)
    }

    /// These subjects of a book are what their entries say.
    pub fn subjects(&mut self, at: usize, touched: BTreeSet<meterdesk::book::subject::Subject>) -> Result<(), Failure> {
        self.report.refolded += touched.len() as u64;
        let wrong = checks::refold(&mut self.places[at].desk, &touched);
        self.must(at, wrong)
    }
}
