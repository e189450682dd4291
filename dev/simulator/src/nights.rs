//! The exchange in the evening: who is there exports, bundles travel, what arrives is taken in and checked.

use std::collections::BTreeSet;
use std::io::Cursor;

use meterdesk::desk::exchange::News;
use meterdesk::exchange::error::ExchangeError;
use meterdesk::exchange::header::Header;
use meterdesk::exchange::opener;
use meterdesk::exchange::take::{Fate, Taken};

use crate::checks;
use crate::post::{Parcel, Pulled};
use crate::report::Failure;
use crate::world::{DAY, HOUR, OFFICE, World};

impl World {
    /// The evening: who is there exports, what arrives is taken in.
    pub fn evening(&mut self) -> Result<(), Failure> {
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
            Err(error) => return self.misfit(at, from, bytes, &error),
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
    fn misfit(&mut self, at: usize, from: &str, bytes: &[u8], error: &ExchangeError) -> Result<i64, Failure> {
        if error.is_of_the_bundle() && self.places.iter().any(|place| place.forked) {
            self.report.misfits += 1;
            let header = opener::peek(Cursor::new(bytes)).map_err(|error| self.fail(at, error))?;
            self.tell(at, format!("refused {}: {error}", of_header(&header)));
            return Ok(0);
        }
        Err(self.fail(at, format!("a bundle of {from} was refused: {error}")))
    }

    fn after_taking(&mut self, at: usize, taken: Taken) -> Result<i64, Failure> {
        let (fresh, header) = (taken.fresh, taken.header.clone());
        self.tell(at, of_bundle(&taken));
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

/// A bundle taken in, in words.
fn of_bundle(taken: &Taken) -> String {
    let forks = if taken.forks.is_empty() { String::new() } else { format!(" forks at {:?}", taken.forks) };
    format!("{:?} {}, {} new{forks} {}", taken.fate, of_header(&taken.header), taken.fresh, taken.note)
}

/// What a bundle holds, in words.
fn of_header(header: &Header) -> String {
    let parts: Vec<String> = header
        .ranges
        .iter()
        .map(|range| format!("{}.{}.{}-{}", range.site, range.epoch, range.first, range.last))
        .collect();
    let (from, life, number, relayed) = (&header.from, header.life, header.number, header.relayed);
    format!("{from} {life}-{number}: {} +{relayed}", parts.join(" "))
}
