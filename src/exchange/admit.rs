//! One bundle's admission: every entry goes where its chain stands, in slices; at the end counts, sums and heads must be what the
//! header promised, and head office writes its acceptance.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::time::Instant;

use super::accept::Acceptance;
use super::chains::{self, Held};
use super::error::ExchangeError;
use super::fork_names::ForkNames;
use super::frame::Frame;
use super::header::Header;
use super::opener::Opened;
use super::peers;
use super::proof;
use super::returned::Returned;
use super::send::{first_bytes, hex};
use super::take::{Fate, Taken, Taker, absorb, chain_of};
use crate::book::clock;
use crate::book::entry;
use crate::derive::site::AcceptedFork;
use crate::derive::{self, Incoming, Received, bulk, twin};
use crate::rules::id::Id;
use crate::store::entries::EntryRow;
use crate::store::tables::exchange::{IntakeRow, ProofRow, SignedHeaderRow};
use crate::store::{Db, Tx};

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
    sums: BTreeMap<Id, u64>,
    fresh: i64,
    done: i64,
}

impl<'a> Work<'a> {
    pub(super) fn new(taker: &'a Taker<'a>, header: Header, proof_parts: ([u8; 32], Vec<u8>, [u8; 64])) -> Self {
        Self {
            taker,
            names: ForkNames::of(&header),
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
            sums: BTreeMap::new(),
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
                } else if taken.fresh > 0 {
                    let (touched, ahead) = (&self.touched, &self.ahead);
                    Acceptance { taker: self.taker, header: &self.header, touched, ahead }.write(&tx, taken)?;
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

    fn frame(&mut self, tx: &Tx<'_>, frame: Frame, taken: &mut Taken) -> Result<(), ExchangeError> {
        match frame {
            Frame::Entry(kind, row) if kind.is_single() => self.single(tx, *row),
            Frame::Entry(_, row) => self.chained(tx, *row, taken),
            Frame::Secret(text) => {
                taken.secrets.push(text);
                Ok(())
            }
            Frame::Proof(text) => {
                self.returned.prove(proof::read(&text)?);
                Ok(())
            }
        }
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
        let sum = self.sums.entry(chain).or_default();
        *sum = sum.wrapping_add(first_bytes(&row.hash));
        if self.head_office && chain.site().as_str() != self.header.from {
            return self.returned.keep(row);
        }
        self.put_in_place(tx, row, taken)
    }

    /// Of a fork, the two sides may disagree which branch is the main one: what we hold there is not needed again as a twin, and what
    /// follows it goes on there.
    fn by_own_names(&mut self, tx: &Tx<'_>, mut row: EntryRow) -> Result<Option<EntryRow>, ExchangeError> {
        if !row.id.is_twin() {
            return Ok(Some(row));
        }
        let main = row.id.main();
        self.flush(tx)?;
        if tx.entry_hash(main)? == Some(row.hash) {
            return Ok(None);
        }
        let head = self.head(tx, main.chain())?;
        if head.is_some_and(|head| head.seq + 1 == row.seq && head.head == row.prev) {
            row.id = main;
        }
        Ok(Some(row))
    }

    fn put_in_place(&mut self, tx: &Tx<'_>, row: EntryRow, taken: &mut Taken) -> Result<(), ExchangeError> {
        let Some(mut row) = self.by_own_names(tx, row)? else { return Ok(()) };
        if self.forks
            && let Some(fork) = tx.fork_at(row.id)?
        {
            // Head office has said on which branch this stands.
            self.flush(tx)?;
            let (main, twin) = (fork.place, fork.place.twin());
            row.id = if row.hash == fork.twin {
                twin
            } else if row.hash == fork.main {
                main
            } else {
                row.id
            };
        }
        match self.place_for(tx, &row)? {
            Place::Known => {
                tx.unmark_single(row.id)?;
                // What is not remembered is read again, from a chain that may be held further.
                if self.heads.contains_key(&row.id.chain()) {
                    self.advance(&row);
                }
            }
            Place::KnownTwin => tx.unmark_single(row.id.twin())?,
            Place::Next => {
                if row.id.is_twin()
                    && self.head(tx, row.id.chain())?.is_none()
                    && let Some(main) = tx.entry_hash(row.id.main())?
                {
                    tell_fork(tx, taken, row.id, main, row.hash)?; // known to its sender, new here
                }
                self.advance(&row);
                self.push(row);
            }
            Place::Twin(fork) => {
                let at = row.id.main().entry();
                row.id = row.id.twin();
                if let Some(held) = fork {
                    // Of its own two branches head office calls that the main one which others held.
                    let own = at.site() == *self.taker.site;
                    let (main, other) = if own { (row.hash, held) } else { (held, row.hash) };
                    tell_fork(tx, taken, at, main, other)?;
                }
                self.advance(&row);
                self.push(row);
            }
        }
        Ok(())
    }

    fn not_theirs(&self, place: Id) -> ExchangeError {
        ExchangeError::NotTheirs { from: self.header.from.clone(), chain: place.to_string() }
    }

    /// Where an entry of a chain goes: it is held already, it is the next, or it belongs to the twin of a fork.
    fn place_for(&mut self, tx: &Tx<'_>, row: &EntryRow) -> Result<Place, ExchangeError> {
        let chain = row.id.chain();
        let head = self.head(tx, chain)?;
        let held = head.map_or(0, |head| head.seq);
        if row.seq <= held {
            self.flush(tx)?;
            if tx.entry_hash(row.id)? == Some(row.hash) {
                return Ok(Place::Known);
            }
            return self.twin_place(tx, row);
        }
        let follows = match head {
            Some(head) => row.seq == head.seq + 1 && row.prev == head.head,
            None if row.seq == 1 && !self.begins_well(tx, row)? => {
                return Err(ExchangeError::Early(row.id.to_string()));
            }
            None if chain.is_twin() => self.begins_well(tx, row)? && twin::fits(tx, row)?,
            None => row.seq == 1,
        };
        if follows {
            return Ok(if tx.entry_hash(row.id)? == Some(row.hash) { Place::Known } else { Place::Next });
        }
        self.twin_place(tx, row)
    }

    /// A life begins from nothing, or after any entry of another life of its site.
    fn begins_well(&mut self, tx: &Tx<'_>, row: &EntryRow) -> Result<bool, ExchangeError> {
        if row.prev == entry::genesis(&row.site, row.epoch) {
            return Ok(true);
        }
        self.flush(tx)?;
        Ok(tx.entry_of_hash_elsewhere(row.id.chain(), &row.prev)?.is_some())
    }

    /// The twin's place for an entry that differs from the one held: known there, the next there, or the first.
    fn twin_place(&mut self, tx: &Tx<'_>, row: &EntryRow) -> Result<Place, ExchangeError> {
        self.flush(tx)?;
        let twin = row.id.twin();
        if tx.entry_hash(twin)? == Some(row.hash) {
            return Ok(Place::KnownTwin);
        }
        let before = |place: Option<Id>| place.map_or(Ok(None), |place| tx.entry_hash(place));
        let head = tx.chain_last(twin.chain())?;
        let goes_on = head.is_some_and(|head| head.seq() + 1 == row.seq) && before(head)? == Some(row.prev);
        if goes_on {
            return Ok(Place::Twin(None));
        }
        let forks_off =
            head.is_none() && (row.seq == 1 || before(chains::place(row.id.chain(), row.seq - 1))? == Some(row.prev));
        match tx.entry_hash(row.id)? {
            Some(held) if forks_off => Ok(Place::Twin(Some(held))),
            _ => Err(ExchangeError::Promise(format!("凭单 {} 与已有的不相接", row.id))),
        }
    }

    fn head(&mut self, tx: &Tx<'_>, chain: Id) -> Result<Option<Held>, ExchangeError> {
        if let Some(head) = self.heads.get(&chain) {
            return Ok(*head);
        }
        let head = chains::whole(tx, chain)?;
        self.heads.insert(chain, head);
        Ok(head)
    }

    /// A chain is now held whole up to this entry, at least.
    fn advance(&mut self, row: &EntryRow) {
        let chain = row.id.chain();
        let seq = row.id.seq();
        let known = self.heads.get(&chain).copied().flatten();
        if known.is_none_or(|held| held.seq < seq) {
            self.heads.insert(chain, Some(Held { chain, seq, head: row.hash }));
        }
    }

    fn push(&mut self, row: EntryRow) {
        let now = self.taker.now.timestamp_millis();
        if clock::millis(row.hlc) > now.saturating_add(FAR_AHEAD) {
            self.ahead.push(row.id);
        }
        self.touched.insert(row.id.chain());
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

    /// Head office takes lost entries back, if its own signature covers where they end. What does not fit a chain as it is held here is
    /// left, and does not stop the rest.
    fn take_back(&mut self, tx: &Tx<'_>, taken: &mut Taken) -> Result<(), ExchangeError> {
        let returned = std::mem::take(&mut self.returned).proven(self.taker.keys);
        let unproven = |chain: Id| match chain.site() == *self.taker.site {
            true => ExchangeError::NoProof,
            false => self.not_theirs(chain),
        };
        for rows in returned.map_err(unproven)? {
            for row in rows {
                let chain = row.id.chain();
                match self.put_in_place(tx, row, taken) {
                    Err(ExchangeError::Promise(_) | ExchangeError::Early(_)) => {
                        self.sums.remove(&chain);
                        self.header.ranges.retain(|range| chain_of(range).ok() != Some(chain));
                        break;
                    }
                    outcome => outcome?,
                }
            }
        }
        self.flush(tx)
    }

    /// Counts, sums and heads as the header promised them.
    fn check_promises(&mut self, tx: &Tx<'_>) -> Result<(), ExchangeError> {
        for range in std::mem::take(&mut self.header.ranges) {
            let chain = chain_of(&range)?;
            let promise = |what: &str| Err(ExchangeError::Promise(format!("{}.{} 的{what}", range.site, range.epoch)));
            if range.count != range.last - range.first + 1 {
                return promise("张数");
            }
            if self.sums.remove(&chain).unwrap_or_default().to_string() != range.sum {
                return promise("合计");
            }
            let at = |chain| chains::place(chain, range.last).map_or(Ok(None), |place| tx.entry_hash(place));
            let stands = at(chain)?.is_some_and(|hash| hex(&hash) == range.head);
            let stands_as_twin = at(chain.twin())?.is_some_and(|hash| hex(&hash) == range.head);
            let stands_as_main = at(chain.main())?.is_some_and(|hash| hex(&hash) == range.head);
            if !stands && !stands_as_twin && !stands_as_main {
                return promise("末张摘要");
            }
            self.header.ranges.push(range);
        }
        if self.sums.is_empty() { Ok(()) } else { Err(ExchangeError::Promise("包头没有说的凭单".into())) }
    }

    /// Keeps head office's signature over the heads its header names.
    fn keep_proofs(&self, tx: &Tx<'_>) -> Result<(), ExchangeError> {
        let (body_hash, header, signature) = &self.proof_parts;
        for range in self.header.ranges.iter().filter(|range| range.site != self.taker.site.as_str()) {
            let chain = chain_of(range)?;
            let Ok(head) = blake3::Hash::from_hex(&range.head) else { continue };
            // What head office calls the main branch of a fork may stand here as the other: its signature is over that one.
            let stands = |chain: &Id| {
                let place = chains::place(*chain, range.last);
                place.map_or(Ok(None), |place| tx.entry_hash(place)).map(|hash| hash == Some(*head.as_bytes()))
            };
            let chain = if stands(&chain)? { chain } else { chain.across() };
            let known = tx.get::<ProofRow>(&[&chain])?;
            if !stands(&chain)? || known.is_some_and(|known| known.seq >= range.last) {
                continue;
            }
            let (header, signature) = (header.clone(), signature.to_vec());
            tx.put(&SignedHeaderRow { body_hash: *body_hash, header, signature })?;
            tx.put(&ProofRow { chain, seq: range.last, head: *head.as_bytes(), signed: *body_hash })?;
        }
        Ok(tx.drop_unused_signed_headers()?)
    }
}

/// A place has two entries: unless head office has said so before, it is news.
fn tell_fork(tx: &Tx<'_>, taken: &mut Taken, place: Id, main: [u8; 32], other: [u8; 32]) -> Result<(), ExchangeError> {
    let place = place.main().entry();
    if tx.fork_at(place)?.is_none() {
        taken.forks.push(AcceptedFork { place, held: hex(&main), other: hex(&other) });
    }
    Ok(())
}

/// Where an entry of a chain goes.
enum Place {
    /// It stands already.
    Known,
    /// It stands already, on the fork's second branch.
    KnownTwin,
    /// It is the chain's next.
    Next,
    /// It goes to the twin; at the fork itself with the hash of the entry held there.
    Twin(Option<[u8; 32]>),
}
