//! One bundle's admission: every entry goes where its chain stands, in slices; at the end counts, sums and heads must be what the
//! header promised, and head office writes its acceptance.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::time::Instant;

use super::accept::{self, Acceptance};
use super::chains::Held;
use super::error::ExchangeError;
use super::fork_names::ForkNames;
use super::frame::Frame;
use super::header::{Header, Unordered};
use super::opener::Opened;
use super::peers;
use super::proof;
use super::returned::Returned;
use super::take::{Fate, Taken, Taker, absorb, chain_of};
use crate::book::clock;
use crate::book::seal::Handed;
use crate::derive::site::SiteOpened;
use crate::derive::{self, Incoming, Received, bulk};
use crate::rules::id::Id;
use crate::store::entries::EntryRow;
use crate::store::tables::exchange::IntakeRow;
use crate::store::{Db, Tx};

mod place;
mod promises;

use promises::Tally;

/// A stamp further ahead of head office than this is an exception: one day.
const FAR_AHEAD: i64 = 24 * 3600 * 1000;

/// Entries and bytes given to derivation at a time.
const BATCH: (usize, usize) = (256, 1 << 20);

/// Bundles up to this many entries and this much text are taken in one transaction.
const SMALL: (u64, u64) = (2_000, 4 << 20);

/// One bundle's admission.
pub(super) struct Work<'a> {
    taker: &'a Taker<'a>,
    header: Header,
    names: ForkNames,
    proof_parts: ([u8; 32], Vec<u8>, [u8; 64]),
    /// Is this site the head office? It does not change while a bundle comes in.
    head_office: bool,
    /// Has head office told of forks? Usually not, and then no entry needs to be asked about them.
    forks: bool,
    heads: BTreeMap<Id, Option<Held>>,
    batch: Vec<EntryRow>,
    bytes: usize,
    singles: Vec<Id>,
    returned: Returned,
    touched: BTreeSet<Id>,
    ahead: Vec<Id>,
    /// Entries taken in although their stamps do not rise.
    back: Vec<Id>,
    /// Places of such entries that head office vouches for in its header.
    vouched: BTreeSet<Id>,
    /// What came is head office's own, by its own signature.
    proven: bool,
    /// Where chains end that were given back without it: not taken in.
    unvouched: Vec<Id>,
    tallies: BTreeMap<Id, Tally>,
    fresh: i64,
    done: i64,
}

impl<'a> Work<'a> {
    pub(super) fn new(taker: &'a Taker<'a>, header: Header, proof_parts: ([u8; 32], Vec<u8>, [u8; 64])) -> Self {
        let tallies =
            header.ranges.iter().filter_map(|range| Some((chain_of(range).ok()?, Tally::of(range)))).collect();
        Self {
            taker,
            names: ForkNames::of(&header),
            vouched: header.unordered.iter().filter_map(Unordered::place).collect(),
            tallies,
            back: Vec::new(),
            proven: false,
            unvouched: Vec::new(),
            header,
            proof_parts,
            head_office: false,
            forks: false,
            heads: BTreeMap::new(),
            batch: Vec::new(),
            bytes: 0,
            singles: Vec::new(),
            returned: Returned::default(),
            touched: BTreeSet::new(),
            ahead: Vec::new(),
            fresh: 0,
            done: 0,
        }
    }

    pub(super) fn run<R: Read + Seek>(
        mut self,
        db: &mut Db,
        opened: &mut Opened<R>,
        taken: &mut Taken,
        file: &str,
        mut progress: impl FnMut(i64),
    ) -> Result<(), ExchangeError> {
        self.head_office = peers::is_head_office(&db.read()?)?;
        self.forks = db.read()?.has_forks()?;
        let whole = self.header.entries <= SMALL.0 && self.header.plain_len <= SMALL.1;
        let mut frames = opened.frames(self.taker.keys.identities())?;
        loop {
            let tx = db.write()?;
            if let Some(file) = self.taker.spooled.filter(|_| !whole && self.done == 0) {
                tx.put(&IntakeRow { hash: taken.hash.clone(), file: file.to_owned() })?;
            }
            let started = Instant::now();
            let mut over = false;
            while !over && (whole || started.elapsed() < bulk::SLICE) {
                match frames.next().transpose()? {
                    Some(frame) => self.frame(&tx, frame, taken)?,
                    None => over = true,
                }
                if over || self.batch.len() >= BATCH.0 || self.bytes >= BATCH.1 {
                    self.flush(&tx)?;
                }
            }
            self.flush(&tx)?;
            if over {
                self.take_back(&tx, taken)?;
                self.check_promises(&tx)?;
                taken.fresh = self.fresh;
                taken.fate = if taken.fresh > 0 { Fate::Taken } else { Fate::Known };
                if !self.head_office {
                    self.keep_proofs(&tx)?;
                } else {
                    self.accept(&tx, taken)?;
                }
                absorb(&tx, self.taker, taken, file)?;
                tx.delete::<IntakeRow>(&[&taken.hash])?;
            }
            tx.commit()?;
            progress(self.done);
            if over {
                return Ok(());
            }
        }
    }

    /// Head office's word about what came, when there is something to say.
    fn accept(&mut self, tx: &Tx<'_>, taken: &mut Taken) -> Result<(), ExchangeError> {
        let unvouched = accept::not_asked(tx, &self.header.from, std::mem::take(&mut self.unvouched))?;
        if taken.fresh == 0 && unvouched.is_empty() {
            return Ok(());
        }
        let (touched, ahead) = (&self.touched, &self.ahead);
        let back = accept::questions(tx, std::mem::take(&mut self.back))?;
        let (taker, header, back, unvouched) = (self.taker, &self.header, &back[..], &unvouched[..]);
        Acceptance { taker, header, touched, ahead, back, unvouched }.write(tx, taken)
    }

    fn frame(&mut self, tx: &Tx<'_>, frame: Frame, taken: &mut Taken) -> Result<(), ExchangeError> {
        match frame {
            Frame::Entry(kind, row) if kind.is_single() => self.single(tx, *row),
            Frame::Entry(_, row) => self.chained(tx, *row, taken),
            Frame::Secret(text) => self.secret(text, taken),
            Frame::Proof(text) => self.returned.prove(proof::read(&text)?, text.len()),
        }
    }

    /// What the sender says in confidence, once. What cannot be read is dropped with a word: entries are not lost for it.
    fn secret(&mut self, text: String, taken: &mut Taken) -> Result<(), ExchangeError> {
        if !taken.secrets.is_empty() || taken.dropped.is_some() {
            return Err(ExchangeError::Promise("密钥不止一份".into()));
        }
        match Handed::is_sound(&text) {
            true => taken.secrets.push(text),
            false => taken.dropped = Some("交来的密钥读不懂，没有收下，凭单照收；请发送方重新导出"),
        }
        Ok(())
    }

    /// An entry head office vouches for by itself.
    fn single(&mut self, tx: &Tx<'_>, mut row: EntryRow) -> Result<(), ExchangeError> {
        self.done += 1;
        if self.head_office || row.id.site() == *self.taker.site {
            return Err(self.not_theirs(row.id));
        }
        let fork = self.names.behind(row.id);
        if let Some(fork) = fork {
            self.flush(tx)?;
            if fork.is_named_otherwise(tx)? {
                row.id = row.id.across();
            }
        }
        let (here, there) = (tx.entry_hash(row.id)?, tx.entry_hash(row.id.across())?);
        let is_known = here == Some(row.hash) || there == Some(row.hash);
        // A sender that knows of the fork knows on which branch this stands; what stands here otherwise came before it did.
        let misplaced = if is_known { here != Some(row.hash) } else { here.is_some() };
        if misplaced && fork.is_some() && (is_known || there.is_none()) {
            derive::fork::put_right(tx, row.id)?;
            self.heads.clear();
        }
        match (misplaced, fork, there) {
            _ if is_known => return Ok(()),
            (false, _, _) | (true, Some(_), None) => {}
            (true, None, None) => row.id = row.id.across(),
            (true, _, Some(_)) => return Err(ExchangeError::Promise(format!("凭单 {} 的位置已被占用", row.id))),
        }
        self.singles.push(row.id);
        self.push(row);
        Ok(())
    }

    /// The next entry of a chain.
    fn chained(&mut self, tx: &Tx<'_>, row: EntryRow, taken: &mut Taken) -> Result<(), ExchangeError> {
        self.done += 1;
        let chain = row.id.chain();
        match self.tallies.get_mut(&chain).filter(|tally| tally.range.contains(&row.seq)) {
            Some(tally) => tally.add(&row),
            None => return Err(ExchangeError::Promise("包头没有说的凭单".into())),
        }
        if self.head_office && chain.site().as_str() != self.header.from {
            return self.returned.keep(row);
        }
        if self.head_office && row.seq == 1 && row.epoch == 1 && !begins_a_branch(&row) {
            return Err(ExchangeError::Promise(format!("凭单 {} 不是网点的开头", row.id)));
        }
        self.put_in_place(tx, row, taken)
    }

    fn not_theirs(&self, place: Id) -> ExchangeError {
        ExchangeError::NotTheirs { from: self.header.from.clone(), chain: place.to_string() }
    }

    fn push(&mut self, row: EntryRow) {
        if self.head_office {
            let now = self.taker.now.timestamp_millis();
            if clock::millis(row.hlc) > now.saturating_add(FAR_AHEAD) {
                self.ahead.push(row.id);
            }
            self.touched.insert(row.id.chain());
        }
        self.bytes += row.payload.len() + row.subjects.len();
        self.batch.push(row);
    }

    /// What was pushed must stand before the book is asked about it.
    fn flush(&mut self, tx: &Tx<'_>) -> Result<(), ExchangeError> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        for single in std::mem::take(&mut self.singles) {
            tx.mark_single(single)?;
        }
        let incoming: Vec<Incoming> = batch.into_iter().map(|row| Incoming { row }).collect();
        for (Incoming { row }, received) in incoming.iter().zip(derive::receive_many(tx, &incoming)?) {
            if matches!(received, Received::Fork | Received::Loose) {
                return Err(ExchangeError::Promise(format!("凭单 {} 的位置已被占用", row.id)));
            }
            self.fresh += i64::from(received == Received::New);
        }
        clock::observe(tx, incoming.iter().map(|incoming| incoming.row.hlc), self.taker.now)?;
        // What has come may have told which branch of a fork is the main one, and the branches have changed places.
        self.forks = tx.has_forks()?;
        if self.forks && !incoming.is_empty() {
            self.heads.clear();
        }
        Ok(())
    }

    /// Head office takes lost entries back, if its own signature covers where they end: others it asks about. What does not fit a chain as
    /// it is held here is left. Neither stops the rest.
    fn take_back(&mut self, tx: &Tx<'_>, taken: &mut Taken) -> Result<(), ExchangeError> {
        let (returned, unvouched) = std::mem::take(&mut self.returned).proven(self.taker.keys);
        for end in &unvouched {
            self.leave(end.chain());
            taken.dropped.get_or_insert("退回的有总部没有签过名的凭单，没有收下，其余照收，已列入疑问");
        }
        self.unvouched = unvouched;
        self.proven = true;
        for rows in returned {
            for row in rows {
                let chain = row.id.chain();
                match self.put_in_place(tx, row, taken) {
                    Err(ExchangeError::Promise(_) | ExchangeError::Early(_) | ExchangeError::Flawed(_)) => {
                        self.leave(chain);
                        break;
                    }
                    outcome => outcome?,
                }
            }
        }
        self.flush(tx)
    }

    /// What came of a chain is left: nothing is promised of it any more.
    fn leave(&mut self, chain: Id) {
        self.tallies.remove(&chain);
        self.header.ranges.retain(|range| chain_of(range).ok() != Some(chain));
    }
}

/// Does a branch's day book begin with this, the word that it is one? Whose an entry is to say rests on it (`derive/whose.rs`).
fn begins_a_branch(row: &EntryRow) -> bool {
    let opened = serde_json::from_str::<SiteOpened>(&row.payload).ok().filter(|_| row.action == "site.open");
    opened.is_some_and(|opened| opened.code == row.site && !opened.head_office)
}
