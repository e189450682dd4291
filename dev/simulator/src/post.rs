//! How bundles travel: some are lost, some come twice, some nights later, some damaged.

use std::io::{self, Read, Seek, SeekFrom};

use crate::chance::Chance;
use crate::plan::Plan;
use crate::report::Report;

/// A bundle under way.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Who sent it.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// The night it arrives.
    pub night: u64,
    /// The file.
    pub bytes: Vec<u8>,
    /// It was cut short or bits were flipped.
    pub damaged: bool,
}

/// Everything under way.
#[derive(Default)]
pub struct Post {
    queue: Vec<Parcel>,
}

impl Post {
    /// A bundle is given to somebody who goes there.
    pub fn send(&mut self, parcel: Parcel, plan: &Plan, chance: &mut Chance, report: &mut Report) {
        if chance.percent(plan.lost) {
            report.lost += 1;
            return;
        }
        let copies = if chance.percent(plan.doubled) { 2 } else { 1 };
        report.doubled += copies - 1;
        for _ in 0..copies {
            let mut one = parcel.clone();
            if chance.percent(plan.late) {
                report.late += 1;
                one.night += chance.between(1, 6);
            }
            if chance.percent(plan.damaged) {
                damage(&mut one, chance, report);
            }
            self.queue.push(one);
        }
    }

    /// What arrives for a site by this night, in any order.
    pub fn arrives(&mut self, to: &str, night: u64, plan: &Plan, chance: &mut Chance) -> Vec<Parcel> {
        let (mut here, rest) = std::mem::take(&mut self.queue)
            .into_iter()
            .partition::<Vec<_>, _>(|parcel| parcel.to == to && parcel.night <= night);
        self.queue = rest;
        if plan.late > 0 {
            chance.shuffle(&mut here);
        }
        here
    }
}

fn damage(parcel: &mut Parcel, chance: &mut Chance, report: &mut Report) {
    parcel.damaged = true;
    if chance.percent(40) {
        let length = chance.index(parcel.bytes.len());
        parcel.bytes.truncate(length);
        report.truncated += 1;
        return;
    }
    report.flipped += 1;
    let mut places = std::collections::BTreeSet::new();
    for _ in 0..chance.between(1, 4) {
        places.insert((chance.index(parcel.bytes.len()), chance.below(8)));
    }
    for (place, bit) in places {
        parcel.bytes[place] ^= 1 << bit;
    }
}

/// A stick that is pulled out after so many bytes were read.
pub struct Pulled<'b> {
    bytes: io::Cursor<&'b [u8]>,
    left: usize,
}

impl<'b> Pulled<'b> {
    /// Reads `left` bytes and no more.
    pub fn after(bytes: &'b [u8], left: usize) -> Self {
        Self { bytes: io::Cursor::new(bytes), left }
    }
}

impl Read for Pulled<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("the stick was pulled out"));
        }
        let most = buffer.len().min(self.left);
        let read = self.bytes.read(&mut buffer[..most])?;
        self.left -= read;
        Ok(read)
    }
}

impl Seek for Pulled<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}
