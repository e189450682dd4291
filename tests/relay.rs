//! What head office relays: one pass for all branches makes the relays that a look for each branch alone makes, whatever the slices, and
//! those are what the plain rule says, entry by entry.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod company;
    pub mod orders;
    pub mod site;
}

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use meterdesk::book::append::Head;
use meterdesk::book::clock::FixedClock;
use meterdesk::book::subject::{self, Kind, Subject};
use meterdesk::derive::account::file::AccountOpened;
use meterdesk::derive::bulk;
use meterdesk::derive::row::to_row;
use meterdesk::derive::twin::{self, Shelf};
use meterdesk::desk::Desk;
use meterdesk::exchange::peers::{self, Peer};
use meterdesk::exchange::{chains, relay};
use meterdesk::rules::id::{Id, Site};
use meterdesk::store::Tx;
use meterdesk::store::entries::{EntryRow, SubjectRow};
use meterdesk::store::tables::account::AccountRow;
use meterdesk::store::tables::base::RunRow;
use meterdesk::store::tables::exchange::{FollowRow, RelayRow, SiftedRow};
use meterdesk::store::tables::order::OrderRow;
use serde_json::json;
use support::company::{Company, act, try_act};
use support::orders::{Chance, moment};

/// What a branch is to know: entries in the order of its relay, subjects, how far each chain was looked through.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Known {
    relay: Vec<Id>,
    follows: BTreeSet<(String, Id)>,
    sifted: BTreeMap<Id, i64>,
}

impl Known {
    fn of(desk: &Desk, peer: &Peer) -> Self {
        let (tx, site) = (desk.look().unwrap(), peer.site.as_str());
        let relay = tx.scan::<RelayRow>(&[&site]).unwrap();
        assert!(relay.iter().zip(1..).all(|(row, number)| row.number == number), "{site}: a number is missing");
        Self {
            relay: relay.into_iter().map(|row| row.entry).collect(),
            follows: tx.scan::<FollowRow>(&[&site]).unwrap().into_iter().map(|row| (row.kind, row.subject)).collect(),
            sifted: tx.scan::<SiftedRow>(&[&site]).unwrap().into_iter().map(|row| (row.chain, row.seq)).collect(),
        }
    }
}

/// The plain rule: every new entry of every chain is asked whether it concerns the branch.
struct Plain<'t, 'c> {
    tx: &'t Tx<'c>,
    own: &'t Site,
    peer: &'t Peer,
    names: Shelf,
    known: Known,
}

impl Plain<'_, '_> {
    fn look_through(mut self) -> Known {
        for held in chains::all_whole(self.tx).unwrap().into_iter().filter(|held| held.chain.site() != *self.own) {
            let after = self.known.sifted.insert(held.chain, held.seq).unwrap_or(0);
            for entry in self.tx.stretch(held.chain, after, held.seq, i64::MAX).unwrap() {
                self.look(&entry);
            }
        }
        self.known
    }

    fn look(&mut self, entry: &EntryRow) {
        let mut concerns = false;
        for one in self.subjects(entry) {
            if !matches!(one.kind, Kind::Account | Kind::Order | Kind::Request | Kind::Slip) {
                continue;
            }
            if entry.id.site() == self.peer.site {
                self.follow(one);
            } else if self.knows(one) {
                concerns = true;
                self.follow(one);
            }
        }
        if concerns {
            self.send(entry.id);
        }
    }

    fn knows(&self, one: Subject) -> bool {
        let area = match one.kind {
            Kind::Account => self.tx.get::<AccountRow>(&[&one.id]).unwrap().and_then(|row| row.area),
            Kind::Order => self.tx.get::<OrderRow>(&[&one.id]).unwrap().map(|row| row.area),
            _ => None,
        };
        one.id.site() == self.peer.site
            || self.known.follows.contains(&(one.kind.letter().to_owned(), one.id))
            || area.is_some_and(|area| self.peer.areas.contains(&area))
    }

    fn follow(&mut self, one: Subject) {
        let kind = one.kind.letter().to_owned();
        if one.id.site() != self.peer.site && self.known.follows.insert((kind.clone(), one.id)) {
            for part in self.tx.scan::<SubjectRow>(&[&kind, &one.id]).unwrap() {
                self.send(part.id.entry());
            }
        }
    }

    fn send(&mut self, id: Id) {
        let id = id.entry();
        if id.site() == self.peer.site || id.site() == *self.own || self.known.relay.contains(&id) {
            return;
        }
        let Some(entry) = self.tx.entry(id).unwrap() else { return };
        for witness in twin::witnesses(self.tx, &id.site(), id.epoch()).unwrap() {
            if witness != id {
                self.send(witness);
            }
        }
        if self.known.relay.contains(&id) {
            return;
        }
        self.known.relay.push(id);
        if bulk::is_bulk(&entry.payload) {
            let names = self.names.of(self.tx, id).unwrap();
            let run: Id = names.text(bulk::run_text(&entry.payload).unwrap()).parse().unwrap();
            self.send(run);
            if let Some(close) = self.tx.get::<RunRow>(&[&run]).unwrap().and_then(|run| run.closed_by) {
                self.send(close);
            }
            return;
        }
        let openings: BTreeSet<Id> = self.subjects(&entry).into_iter().map(|one| one.id.entry()).collect();
        for opening in openings.into_iter().filter(|opening| *opening != id) {
            self.send(opening);
        }
    }

    fn subjects(&mut self, entry: &EntryRow) -> BTreeSet<Subject> {
        let names = self.names.of(self.tx, entry.id).unwrap();
        subject::read(&names.text(&entry.subjects), entry.id).unwrap().into_iter().flatten().collect()
    }
}

fn plain(desk: &Desk, peer: &Peer) -> Known {
    let known = Known::of(desk, peer);
    let tx = desk.look().unwrap();
    Plain { tx: &tx, own: desk.site(), peer, names: Shelf::default(), known }.look_through()
}

fn copy(desk: &Desk) -> Desk {
    desk.copy_in_memory(Box::new(FixedClock::at(moment()))).unwrap()
}

/// A head office of four branches with areas of their own, shared ones and none.
fn company() -> Company {
    let mut company = Company::new(4, false);
    for (site, areas) in [("B1", vec!["old"]), ("B2", vec!["new"]), ("B3", vec!["old", "new"]), ("B4", vec![])] {
        act(company.desk("HO"), "boss", "site.amend", &json!({ "site": site, "areas": areas }));
    }
    company
}

/// A branch opens accounts, alone and in a run, and works at accounts it knows, its own or others'.
fn work(desk: &mut Desk, chance: &mut Chance, day: u64) {
    let area = |chance: &mut Chance| [json!("old"), json!("new"), json!(null)][chance.below(3) as usize].clone();
    for _ in 0..2 {
        let home =
            json!({ "address": "光明街47号2铺", "class": "non_resident", "utility": "water", "area": area(chance) });
        act(desk, "demo", "account.open", &home);
    }
    desk.sign_in_practice("room").unwrap();
    let mut run = desk.open_run("import.customers", "account.open", 1, "客户", None).unwrap();
    for _ in 0..3 {
        let body = AccountOpened {
            no: format!("{}{day}{:04}", &desk.site().as_str()[1..], chance.below(10_000)),
            utility: "water".into(),
            name: "王芳".into(),
            class: "resident".into(),
            status: "正常".into(),
            area: area(chance).as_str().map(str::to_owned),
            ..AccountOpened::default()
        };
        run.push(desk, Kind::Account, None, to_row(&body).unwrap()).unwrap();
    }
    run.close(desk, json!({}), |_| {}).unwrap();
    let accounts = desk.look().unwrap().scan::<AccountRow>(&[]).unwrap();
    for _ in 0..4 {
        let account = &accounts[chance.below(accounts.len() as u64) as usize];
        let mobile = format!("138{:08}", chance.below(100_000_000));
        let (seen, id) = (account.mobile.clone(), account.id);
        let amend = json!({ "account": id, "field": "mobile", "seen": seen, "value": mobile });
        let _ = try_act(desk, "demo", "account.amend", &amend); // a sealed number is not typed again here
        let fault = json!({ "service": "fault", "account": id, "fields": { "kind": "漏水" } });
        let _ = try_act(desk, "demo", "intake.take", &fault);
    }
}

/// Looks at copies of head office's book in every way, and says what each branch is to know.
fn in_every_way(office: &Desk) -> Vec<Known> {
    let peers = peers::enrolled(&office.look().unwrap()).unwrap();
    let life = Head::read(&office.look().unwrap()).unwrap().epoch;
    let all = |desk: &Desk| -> Vec<Known> { peers.iter().map(|peer| Known::of(desk, peer)).collect() };
    let sift = |desk: &mut Desk, peers: &[Peer], slice: u64| {
        let own = desk.site().clone();
        relay::sift_in_slices(desk.db_mut(), &own, life, peers, Duration::from_millis(slice)).unwrap();
    };
    let mut together = copy(office);
    sift(&mut together, &peers, 40);
    let wanted = all(&together);
    let mut step_by_step = copy(office);
    sift(&mut step_by_step, &peers, 0);
    assert_eq!(all(&step_by_step), wanted, "in single steps");
    let mut one_by_one = copy(office);
    for peer in peers.iter().rev() {
        sift(&mut one_by_one, std::slice::from_ref(peer), 40);
    }
    assert_eq!(all(&one_by_one), wanted, "each by itself");
    let mut in_part = copy(office);
    sift(&mut in_part, &peers[..2], 40);
    sift(&mut in_part, &peers, 0);
    assert_eq!(all(&in_part), wanted, "some before the others");
    wanted
}

#[test]
fn one_pass_for_all_branches_makes_the_relays_of_a_look_for_each() {
    for seed in [11, 12] {
        let mut company = company();
        let mut chance = Chance(seed);
        for day in 1..=3 {
            for site in ["B1", "B2", "B3", "B4"] {
                work(company.desk(site), &mut chance, day);
                let parcels = company.export(site);
                company.deliver(&parcels);
            }
            let office = company.desk("HO");
            let peers = peers::enrolled(&office.look().unwrap()).unwrap();
            let by_rule: Vec<Known> = peers.iter().map(|peer| plain(office, peer)).collect();
            let known = in_every_way(office);
            assert_eq!(known, by_rule, "day {day}");
            assert!(known.iter().take(3).all(|branch| branch.relay.len() >= 4 * day as usize), "little is relayed");
            let parcels = company.export("HO");
            company.deliver(&parcels);
        }
        assert!(company.desk("B1").look().unwrap().scan::<AccountRow>(&[]).unwrap().len() > 15, "nothing arrived");
    }
}

#[test]
fn a_fork_and_other_areas_begin_the_look_again_for_all_as_for_each() {
    let mut company = company();
    let mut chance = Chance(21);
    for site in ["B1", "B2", "B3", "B4"] {
        work(company.desk(site), &mut chance, 1);
    }
    company.night();
    company.night();
    // One book of B3 used on two machines: both write on, and both send.
    let mut second = copy(company.desk("B3"));
    work(company.desk("B3"), &mut chance, 2);
    work(&mut second, &mut chance, 3);
    let parcels = company.export("B3");
    company.deliver(&parcels);
    for parcel in support::company::export(&mut second) {
        company.import("HO", &parcel.bytes).unwrap();
    }
    let office = company.desk("HO");
    assert!(office.look().unwrap().chains().unwrap().iter().any(|chain| chain.is_twin()), "no fork");
    let before = in_every_way(office);
    assert!(before[0].relay.iter().any(|entry| entry.is_twin()), "nothing of the fork is relayed");
    act(office, "boss", "site.amend", &json!({ "site": "B4", "areas": ["new"] }));
    let after = in_every_way(office);
    assert!(before[3].relay.len() < after[3].relay.len(), "the new area changes nothing");
}
