//! Thirty days of a company: people act, machines crash, clocks jump, bundles travel. Every step is checked.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Cursor;

use meterdesk::desk::Call;
use meterdesk::desk::exchange::News;
use meterdesk::desk::refusal::RefusalKind;
use meterdesk::exchange::error::ExchangeError;
use meterdesk::exchange::take::{Fate, Taken};
use meterdesk::rules::id::Id;
use meterdesk::store::tables::exchange::ProofRow;
use serde_json::json;

use crate::acts::Memory;
use crate::chance::Chance;
use crate::checks;
use crate::place::Place;
use crate::plan::Plan;
use crate::post::{Parcel, Post, Pulled};
use crate::report::{Failure, Report};
use crate::town::{ROLES, Template, act, moment};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Head office is the first place.
pub const OFFICE: usize = 0;

/// Actions a program may not know yet.
const NEWER: [&str; 4] = ["account.amend", "swap.enter", "order.pause", "payment.reverse"];

/// An entry somebody was told stands.
pub struct Acknowledged {
    /// Which place wrote it.
    pub owner: usize,
    /// The entry.
    pub id: Id,
    /// Its hash.
    pub hash: [u8; 32],
    /// Head office held it when a machine went back.
    pub reached: bool,
    /// No machine it could come back from holds it any more.
    pub gone: bool,
}

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
        let mut world = Self { plan, chance, places, post, memory, acknowledged, report, step: 0, night: 0, sun };
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

    fn pass(&mut self, millis: i64) {
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
        }
        if !self.chance.permille(self.plan.crashes) {
            return Ok(());
        }
        self.report.crashes += 1;
        // A life more than 31 cannot be named; nobody restores so often.
        if !self.chance.percent(self.plan.restores) || self.places[at].mark > 20 {
            self.places[at].crash();
            return Ok(());
        }
        self.old_copy(at)
    }

    fn old_copy(&mut self, at: usize) -> Result<(), Failure> {
        self.note_reached()?;
        let which = self.chance.index(self.places[at].copies.len());
        let unnoticed = self.plan.forks && self.chance.percent(40);
        if !self.places[at].put_back(which, !unnoticed) {
            return Ok(());
        }
        match (unnoticed, at) {
            (true, _) => self.report.unnoticed += 1,
            (false, OFFICE) => self.report.restored_offices += 1,
            (false, _) => self.report.restored_branches += 1,
        }
        self.places[at].forked |= unnoticed;
        self.pass(0);
        self.note_gone()?;
        self.whole(at)
    }

    /// Which acknowledged entries head office holds now.
    pub fn note_reached(&mut self) -> Result<(), Failure> {
        let mut list = std::mem::take(&mut self.acknowledged);
        for one in list.iter_mut().filter(|one| !one.reached) {
            one.reached = self.holds(OFFICE, one)?;
        }
        self.acknowledged = list;
        Ok(())
    }

    /// Does a place hold an acknowledged entry, at its place or at that of a fork's second branch?
    pub fn holds(&self, place: usize, one: &Acknowledged) -> Result<bool, Failure> {
        let look = || {
            let tx = self.places[place].desk.look()?;
            Ok::<_, meterdesk::store::StoreError>(
                tx.entry_hash(one.id)? == Some(one.hash) || tx.entry_hash(one.id.twin())? == Some(one.hash),
            )
        };
        look().map_err(|error| self.fail(place, error))
    }

    /// Which acknowledged entries no machine holds any more from which they could come back.
    fn note_gone(&mut self) -> Result<(), Failure> {
        let mut list = std::mem::take(&mut self.acknowledged);
        for one in list.iter_mut().filter(|one| !one.gone) {
            one.gone = !self.can_come_back(one)?;
            if one.gone && one.reached && one.owner != OFFICE {
                self.report.lost_by_both += 1;
            } else if one.gone {
                self.report.never_sent += 1;
            }
        }
        self.acknowledged = list;
        Ok(())
    }

    /// Its author and head office can give an entry; head office's own every branch that holds its signature over it.
    fn can_come_back(&self, one: &Acknowledged) -> Result<bool, Failure> {
        if self.holds(one.owner, one)? || self.holds(OFFICE, one)? {
            return Ok(true);
        }
        for place in (1..self.places.len()).filter(|_| one.owner == OFFICE) {
            let proof = self.places[place].desk.look().and_then(|tx| tx.get::<ProofRow>(&[&one.id.chain()]));
            let proof = proof.map_err(|error| self.fail(place, error))?;
            if proof.is_some_and(|proof| proof.seq >= one.id.seq()) && self.holds(place, one)? {
                return Ok(true);
            }
        }
        Ok(false)
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

    fn subjects(&mut self, at: usize, touched: BTreeSet<meterdesk::book::subject::Subject>) -> Result<(), Failure> {
        self.report.refolded += touched.len() as u64;
        let wrong = checks::refold(&mut self.places[at].desk, &touched);
        self.must(at, wrong)
    }

    /// The evening: who is there exports, what arrives is taken in.
    fn evening(&mut self) -> Result<(), Failure> {
        self.night += 1;
        let mut order: Vec<usize> = (1..self.places.len()).collect();
        self.chance.shuffle(&mut order);
        for branch in &order {
            if self.chance.percent(80) {
                self.export(*branch)?;
            }
        }
        self.arrivals(OFFICE)?;
        if self.chance.percent(85) {
            self.export(OFFICE)?;
        }
        for branch in order {
            self.arrivals(branch)?;
        }
        Ok(())
    }

    fn export(&mut self, from: usize) -> Result<(), Failure> {
        self.step += 1;
        let full = self.plan.full;
        for parcel in self.bundles(from, full)? {
            self.post.send(parcel, &self.plan, &mut self.chance, &mut self.report);
        }
        Ok(())
    }

    /// Everything a site has for its peers.
    pub fn bundles(&mut self, from: usize, full: u64) -> Result<Vec<Parcel>, Failure> {
        let mut parcels = Vec::new();
        let (code, night) = (self.places[from].code.clone(), self.night);
        let peers = self.places[from].desk.peers().map_err(|refusal| self.fail(from, refusal.message()))?;
        for peer in peers {
            let to = peer.site.to_string();
            let keep = |file: Cursor<Vec<u8>>, _: &_| {
                let (from, to, bytes) = (code.clone(), to.clone(), file.into_inner());
                parcels.push(Parcel { from, to, night, bytes, damaged: false });
                Ok(())
            };
            let sent =
                self.places[from].desk.send_bundles(&peer, full, |_| Ok(Cursor::new(Vec::new())), keep, |_, _| {});
            sent.map_err(|refusal| self.fail(from, format!("export to {to}: {}", refusal.message())))?;
        }
        self.report.sent += parcels.len() as u64;
        Ok(parcels)
    }

    fn arrivals(&mut self, at: usize) -> Result<(), Failure> {
        let code = self.places[at].code.clone();
        for parcel in self.post.arrives(&code, self.night, &self.plan, &mut self.chance) {
            self.step += 1;
            self.arrive(at, &parcel)?;
        }
        Ok(())
    }

    /// One bundle arrives.
    pub fn arrive(&mut self, at: usize, parcel: &Parcel) -> Result<(), Failure> {
        if parcel.damaged || self.chance.percent(self.plan.pulled) {
            self.arrive_broken(at, parcel)?;
        }
        if parcel.damaged {
            return Ok(());
        }
        self.take(at, parcel.from.clone(), &parcel.bytes)?;
        Ok(())
    }

    /// A damaged bundle, or a stick pulled out: nothing is written.
    fn arrive_broken(&mut self, at: usize, parcel: &Parcel) -> Result<(), Failure> {
        let before = self.picture(at)?;
        let left = if parcel.damaged { usize::MAX } else { self.chance.index(parcel.bytes.len()) };
        let source = Pulled::after(&parcel.bytes, left);
        let outcome = self.places[at].desk.take_bundle(source, "stick.mdx", None, |_, _| {});
        if outcome.is_ok() {
            return Err(self.fail(at, format!("a broken bundle of {} was taken", parcel.from)));
        }
        self.report.pulled += u64::from(!parcel.damaged);
        if self.picture(at)? != before {
            return Err(self.fail(at, format!("a broken bundle of {} left something", parcel.from)));
        }
        Ok(())
    }

    fn picture(&self, at: usize) -> Result<(i64, [u8; 32], i64), Failure> {
        let desk = &self.places[at].desk;
        let look = || {
            let tx = desk.look()?;
            Ok::<_, meterdesk::store::StoreError>((tx.entry_count()?, tx.bundles(i64::MAX)?.len() as i64))
        };
        let (entries, bundles) = look().map_err(|error| self.fail(at, error))?;
        Ok((entries, self.places[at].head().hash, bundles))
    }

    /// Takes a bundle in, then those that waited for it. Answers how many entries were new.
    pub fn take(&mut self, at: usize, from: String, bytes: &[u8]) -> Result<i64, Failure> {
        let mut fresh = self.take_one(at, &from, bytes)?;
        while fresh > 0 {
            let mut more = 0;
            for held in std::mem::take(&mut self.places[at].held) {
                more += self.take_one(at, "", &held)?;
            }
            if more == 0 {
                break;
            }
            fresh += more;
        }
        Ok(fresh)
    }

    fn take_one(&mut self, at: usize, from: &str, bytes: &[u8]) -> Result<i64, Failure> {
        let taken = match self.places[at].desk.take_bundle(Cursor::new(bytes), "parcel.mdx", None, |_, _| {}) {
            Ok(taken) => taken,
            Err(error) => return self.misfit(at, from, &error),
        };
        match taken.fate {
            Fate::Taken => self.report.taken += 1,
            Fate::Known => self.report.known += 1,
            Fate::Held => {
                self.report.held += 1;
                self.places[at].held.push(bytes.to_vec());
            }
        }
        self.after_taking(at, taken)
    }

    /// A sound bundle that is refused: only around a fork.
    fn misfit(&mut self, at: usize, from: &str, error: &ExchangeError) -> Result<i64, Failure> {
        if error.is_of_the_bundle() && self.places.iter().any(|place| place.forked) {
            self.report.misfits += 1;
            return Ok(0);
        }
        Err(self.fail(at, format!("a bundle of {from} was refused: {error}")))
    }

    fn after_taking(&mut self, at: usize, taken: Taken) -> Result<i64, Failure> {
        let (fresh, header) = (taken.fresh, taken.header.clone());
        let mut news = News::default();
        news.add(taken);
        let notices = self.places[at].desk.after_taking(news).map_err(|refusal| self.fail(at, refusal.message()))?;
        let life = self.places[at].head().epoch;
        if life > self.places[at].mark {
            self.report.found_out += 1;
            self.places[at].mark = life;
            if !self.places[at].forked {
                return Err(self.fail(at, format!("a new life without need: {notices:?}")));
            }
        }
        if fresh == 0 {
            return Ok(0);
        }
        let mut touched = BTreeSet::new();
        for range in &header.ranges {
            let rows = self.places[at].desk.look().and_then(|tx| {
                let chain = meterdesk::exchange::take::chain_of(range).ok();
                chain.map_or(Ok(Vec::new()), |chain| tx.stretch(chain, range.last - 4, range.last, 4))
            });
            for row in rows.map_err(|error| self.fail(at, error))? {
                touched.extend(checks::subjects(&row));
            }
        }
        self.subjects(at, touched)?;
        let wrong = checks::ledger(&self.places[at].desk);
        self.must(at, wrong)?;
        if self.chance.percent(2) {
            self.whole(at)?;
        }
        Ok(fresh)
    }

    /// A night without faults. Answers how many entries were new anywhere.
    pub fn clean_night(&mut self) -> Result<i64, Failure> {
        self.night += 1;
        let mut fresh = 0;
        for from in (1..self.places.len()).chain([OFFICE]) {
            for parcel in self.bundles(from, 48 << 20)? {
                let to = self.places.iter().position(|place| place.code == parcel.to).unwrap_or(OFFICE);
                fresh += self.take(to, parcel.from, &parcel.bytes)?;
            }
        }
        self.pass(DAY);
        Ok(fresh)
    }

    /// What is still under way arrives, clocks are put right.
    pub fn calm(&mut self) -> Result<(), Failure> {
        for place in &mut self.places {
            place.clock_off = 0;
        }
        self.pass(HOUR);
        self.upgrade_all();
        self.night += 100;
        for at in 0..self.places.len() {
            self.arrivals(at)?;
        }
        Ok(())
    }
}
