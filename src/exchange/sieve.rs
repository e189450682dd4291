//! The look through the chains for what branches are to know: one pass for all of them, because every entry of every chain is looked
//! at, and at a head office of hundreds of branches almost none concerns any given one. Whom an entry is about is read once, and the
//! branches that know such a subject are asked for by the subject.
//!
//! For each branch the outcome is the one it would have alone: its entries come in the order of chains and places.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::chains::{self, Held};
use super::peers::Peer;
use crate::book::subject::{self, Kind, Subject};
use crate::derive::bulk;
use crate::derive::twin::{self, Shelf};
use crate::rules::id::{Id, Site};
use crate::store::entries::{EntryRow, SubjectRow};
use crate::store::tables::base::RunRow;
use crate::store::tables::exchange::{FollowRow, RelayRow, SiftedRow};
use crate::store::{StoreError, Tx};

/// Entries read from the book at a time.
const BATCH: i64 = 256;

/// A pass through the chains, in slices. Between them nobody else may relay: the exchange's lock is held.
pub struct Sieve<'p> {
    own: &'p Site,
    branches: Vec<Branch<'p>>,
    /// First place of a branch's site → the branch.
    homes: BTreeMap<Id, usize>,
    /// Code of a branch's site → the branch.
    codes: HashMap<&'p str, usize>,
    /// Area → the branches that are to know it.
    areas: HashMap<&'p str, Vec<usize>>,
    /// Chains not looked through yet, the next one last.
    chains: Vec<Chain>,
    names: Shelf,
}

struct Branch<'p> {
    peer: &'p Peer,
    /// The last place its site can give.
    end: Id,
    /// The last number in its relay.
    last: i64,
    /// How far chains were looked through for it before this pass, in order.
    sifted: Vec<(Id, i64)>,
}

/// A chain being looked through.
struct Chain {
    held: Held,
    /// For each branch the last entry looked at; `None` until the chain's turn comes.
    at: Option<Vec<i64>>,
}

/// When a slice ends. At least one step is made in each.
#[derive(Clone, Copy)]
struct Clock {
    begun: Instant,
    limit: Duration,
}

impl Clock {
    fn is_over(self) -> bool {
        self.begun.elapsed() >= self.limit
    }
}

impl<'p> Sieve<'p> {
    /// Begins a pass for branches that are not to know everything.
    pub fn new(tx: &Tx<'_>, own: &'p Site, peers: &[&'p Peer]) -> Result<Self, StoreError> {
        let mut branches = Vec::with_capacity(peers.len());
        let (mut homes, mut codes) = (BTreeMap::new(), HashMap::new());
        let mut areas = HashMap::<&str, Vec<usize>>::new();
        for (index, peer) in peers.iter().copied().enumerate() {
            let site = peer.site.as_str();
            let (first, end) = peer.site.ids();
            homes.insert(first, index);
            codes.insert(site, index);
            for area in &peer.areas {
                areas.entry(area).or_default().push(index);
            }
            branches.push(Branch { peer, end, last: tx.relay_last(site)?, sifted: tx.sifted_chains(site)? });
        }
        let others = chains::all_whole(tx)?.into_iter().filter(|held| held.chain.site() != *own);
        let mut chains: Vec<Chain> = others.map(|held| Chain { held, at: None }).collect();
        chains.reverse();
        Ok(Self { own, branches, homes, codes, areas, chains, names: Shelf::default() })
    }

    /// Looks at some entries, for about so long; false when nothing is left. The transaction is to be committed before the next.
    pub fn slice(&mut self, tx: &Tx<'_>, limit: Duration) -> Result<bool, StoreError> {
        let clock = Clock { begun: Instant::now(), limit };
        while let Some(mut chain) = self.chains.pop() {
            let through = self.look_through(tx, &mut chain, clock)?;
            if !through {
                self.chains.push(chain);
            }
            if clock.is_over() {
                break;
            }
        }
        Ok(!self.chains.is_empty())
    }

    /// Looks through what is new in a chain, and notes how far it came; false when the time was over before.
    fn look_through(&mut self, tx: &Tx<'_>, chain: &mut Chain, clock: Clock) -> Result<bool, StoreError> {
        let held = chain.held;
        let mut at = chain.at.take().unwrap_or_else(|| self.branches.iter().map(|one| one.at(held.chain)).collect());
        let before = at.clone();
        let mut done = at.iter().copied().min().unwrap_or(held.seq);
        'chain: while done < held.seq {
            let batch = tx.stretch_subjects(held.chain, done, held.seq, BATCH)?;
            if batch.is_empty() {
                done = held.seq;
            }
            for (place, written) in batch {
                for (branch, known) in self.concerned(tx, place, &written)? {
                    if at[branch] < place.seq() {
                        if !self.tell(tx, branch, place, &known, clock)? {
                            break 'chain; // this branch and those after it look at the entry again
                        }
                        at[branch] = place.seq();
                    }
                }
                done = place.seq();
                if clock.is_over() {
                    break 'chain;
                }
            }
        }
        for (index, branch) in self.branches.iter().enumerate() {
            at[index] = at[index].max(done);
            if at[index] > before[index] {
                let site = branch.peer.site.as_str().to_owned();
                tx.put(&SiftedRow { site, chain: held.chain, seq: at[index] })?;
            }
        }
        chain.at = Some(at);
        Ok(done >= held.seq)
    }

    /// Which branches an entry concerns, and by which subjects: those a branch knows, or, of what it wrote itself, those that come
    /// from elsewhere.
    fn concerned(
        &mut self,
        tx: &Tx<'_>,
        place: Id,
        written: &str,
    ) -> Result<BTreeMap<usize, BTreeSet<Subject>>, StoreError> {
        let mut found: BTreeMap<usize, BTreeSet<Subject>> = BTreeMap::new();
        let author = self.home(place);
        let subjects = self.subjects(tx, place, written)?;
        for one in subjects.into_iter().filter(|one| can_be_followed(one.kind)) {
            let home = self.home(one.id);
            let mut add = |branch: usize| {
                found.entry(branch).or_default().insert(one);
            };
            if let Some(author) = author.filter(|author| home != Some(*author)) {
                add(author); // what a branch itself writes about, it follows wherever it came from
            }
            let followers = tx.followers(one.kind.letter(), one.id)?;
            let following = followers.iter().filter_map(|site| self.codes.get(site.as_str()).copied());
            let area = if self.areas.is_empty() { None } else { area_of(tx, one)? };
            let by_area = area.and_then(|area| self.areas.get(area.as_str())).into_iter().flatten().copied();
            home.into_iter()
                .chain(following)
                .chain(by_area)
                .filter(|branch| author != Some(*branch))
                .for_each(&mut add);
        }
        Ok(found)
    }

    /// The branch whose site gave a place.
    fn home(&self, place: Id) -> Option<usize> {
        let (_, index) = self.homes.range(..=place).next_back()?;
        (place <= self.branches[*index].end).then_some(*index)
    }

    /// Tells a branch of an entry that concerns it; false when the time is over before all is told.
    fn tell(
        &mut self,
        tx: &Tx<'_>,
        branch: usize,
        place: Id,
        known: &BTreeSet<Subject>,
        clock: Clock,
    ) -> Result<bool, StoreError> {
        for one in known {
            if self.follow(tx, branch, *one)? && clock.is_over() {
                return Ok(false);
            }
        }
        self.send(tx, branch, place)?;
        Ok(true)
    }

    /// From now on the branch knows this subject: its whole history is sent. False when it knew it already.
    fn follow(&mut self, tx: &Tx<'_>, branch: usize, one: Subject) -> Result<bool, StoreError> {
        let (site, kind) = (self.branches[branch].peer.site.as_str().to_owned(), one.kind.letter().to_owned());
        if self.home(one.id) == Some(branch) || tx.follows(&site, &kind, one.id)? {
            return Ok(false);
        }
        tx.put(&FollowRow { site, kind: kind.clone(), subject: one.id })?;
        for part in tx.scan::<SubjectRow>(&[&kind, &one.id])? {
            self.send(tx, branch, part.id)?;
        }
        Ok(true)
    }

    /// Puts an entry into a branch's relay, behind those that opened its subjects and, for a row of a run, the run.
    fn send(&mut self, tx: &Tx<'_>, branch: usize, id: Id) -> Result<(), StoreError> {
        let id = id.entry();
        let site = self.branches[branch].peer.site.as_str();
        let held_already = self.home(id) == Some(branch) || id.site() == *self.own;
        if held_already || tx.is_relayed_to(site, id)? {
            return Ok(());
        }
        let Some(entry) = tx.entry(id)? else { return Ok(()) };
        for witness in twin::witnesses(tx, &id.site(), id.epoch())? {
            if witness != id {
                self.send(tx, branch, witness)?;
            }
        }
        if tx.is_relayed_to(site, id)? {
            return Ok(());
        }
        let number = self.branches[branch].last + 1;
        tx.relay(&RelayRow { site: site.to_owned(), number, entry: id })?;
        self.branches[branch].last = number;
        for opening in self.needed_by(tx, &entry)? {
            self.send(tx, branch, opening)?;
        }
        Ok(())
    }

    /// What an entry cannot be understood without: the run of a row of one, with its close, else what opened its subjects.
    fn needed_by(&mut self, tx: &Tx<'_>, entry: &EntryRow) -> Result<Vec<Id>, StoreError> {
        let names = self.names.of(tx, entry.id)?;
        let run = bulk::run_text(&entry.payload).and_then(|run| names.text(run).parse::<Id>().ok());
        if let Some(run) = run {
            let closed_by = tx.get::<RunRow>(&[&run])?.and_then(|run| run.closed_by);
            return Ok([run].into_iter().chain(closed_by).collect());
        }
        let subjects = self.subjects(tx, entry.id, &entry.subjects)?;
        let openings: BTreeSet<Id> = subjects.into_iter().map(|one| one.id.entry()).collect();
        Ok(openings.into_iter().filter(|opening| *opening != entry.id).collect())
    }

    /// Whom an entry is about, by the names its author used.
    fn subjects(&mut self, tx: &Tx<'_>, place: Id, written: &str) -> Result<BTreeSet<Subject>, StoreError> {
        let names = self.names.of(tx, place)?;
        Ok(subject::read(&names.text(written), place).unwrap_or_default().into_iter().flatten().collect())
    }
}

impl Branch<'_> {
    /// The last entry of a chain looked at for it before this pass.
    fn at(&self, chain: Id) -> i64 {
        self.sifted.binary_search_by_key(&chain, |(chain, _)| *chain).map_or(0, |index| self.sifted[index].1)
    }
}

fn area_of(tx: &Tx<'_>, one: Subject) -> Result<Option<String>, StoreError> {
    match one.kind {
        Kind::Account => tx.area_of_account(one.id),
        Kind::Order => tx.area_of_order(one.id),
        Kind::Calendar
        | Kind::Slip
        | Kind::Request
        | Kind::Run
        | Kind::Shift
        | Kind::Tariff
        | Kind::Site
        | Kind::User
        | Kind::Service
        | Kind::Worker => Ok(None),
    }
}

/// Kinds a branch can be told of by itself. A shift, a run, a user come along where an entry of these names them.
fn can_be_followed(kind: Kind) -> bool {
    matches!(kind, Kind::Account | Kind::Order | Kind::Request | Kind::Slip)
}
