//! A company in memory: a head office and branches that know each other by their cards, and bundles as bytes between them.

use std::io::Cursor;

use chrono::Duration;
use meterdesk::book::append::{self, Head, NewEntry};
use meterdesk::book::clock::FixedClock;
use meterdesk::book::subject::{Kind, Subject};
use meterdesk::derive;
use meterdesk::derive::site::{AcceptedHead, BundleAccepted, subject_of};
use meterdesk::desk::exchange::News;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::{Call, Desk};
use meterdesk::exchange::error::ExchangeError;
use meterdesk::exchange::send;
use meterdesk::exchange::take::Taken;
use meterdesk::rules::id::{Id, Site};
use serde_json::{Value, json};

use super::orders::moment;
use super::site::new_site;

/// A bundle under way.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Who sent it.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Head office first, then its branches.
pub struct Company {
    /// The desks.
    pub desks: Vec<Desk>,
}

/// A book in memory of a site, with the users of a practice branch.
pub fn site(code: &str, head_office: bool) -> Desk {
    let mut desk = Desk::in_memory(code, Box::new(FixedClock::at(moment()))).unwrap();
    let new = NewSite { name: if head_office { "总公司" } else { "营业所" }, ..new_site(code, head_office) };
    desk.begin(&new).unwrap();
    desk.add_practice_users().unwrap();
    desk
}

/// Performs an action; panics with the refusal.
pub fn act(desk: &mut Desk, user: &str, action: &str, input: &Value) -> (Option<Id>, Value) {
    try_act(desk, user, action, input).unwrap_or_else(|error| panic!("{action} {input}: {error:?}"))
}

/// Performs an action.
pub fn try_act(
    desk: &mut Desk,
    user: &str,
    action: &str,
    input: &Value,
) -> Result<(Option<Id>, Value), meterdesk::desk::refusal::Refusal> {
    desk.sign_in_practice(user)?;
    let done = desk.perform(action, &input.to_string(), Call::default())?;
    Ok((done.entry, serde_json::from_str(&done.result).unwrap()))
}

impl Company {
    /// A head office `HO` and branches `B1` … that have exchanged cards. `everything`: each branch is to know all sites.
    pub fn new(branches: usize, everything: bool) -> Self {
        let mut office = site("HO", true);
        let (_, office_card) = office.site_card().unwrap();
        let office_print = office.site_keys().unwrap().public().fingerprint();
        let mut desks = Vec::new();
        for index in 1..=branches {
            let mut branch = site(&format!("B{index}"), false);
            let trust = json!({ "card": office_card, "fingerprint": office_print });
            act(&mut branch, "boss", "site.trust", &trust);
            let (_, card) = branch.site_card().unwrap();
            let print = branch.site_keys().unwrap().public().fingerprint();
            let roles = ["clerk", "duty_clerk", "data_clerk", "dispatcher", "seat", "centre_deputy", "hall_supervisor"];
            let enrol =
                json!({ "card": card, "fingerprint": print, "everything": everything, "areas": [], "roles": roles });
            act(&mut office, "boss", "site.enrol", &enrol);
            desks.push(branch);
        }
        desks.insert(0, office);
        Self { desks }
    }

    /// The desk of a site.
    pub fn desk(&mut self, code: &str) -> &mut Desk {
        self.desks.iter_mut().find(|desk| desk.site().as_str() == code).unwrap()
    }

    /// Everything a site has for its peers now.
    pub fn export(&mut self, code: &str) -> Vec<Parcel> {
        export(self.desk(code))
    }

    /// A site takes a bundle in.
    pub fn import(&mut self, code: &str, bytes: &[u8]) -> Result<Taken, ExchangeError> {
        import(self.desk(code), bytes)
    }

    /// Delivers parcels; panics when one is refused.
    pub fn deliver(&mut self, parcels: &[Parcel]) -> Vec<Taken> {
        parcels.iter().map(|parcel| self.import(&parcel.to, &parcel.bytes).unwrap()).collect()
    }

    /// A night without losses: every branch to head office, head office to every branch.
    pub fn night(&mut self) {
        let branches: Vec<String> = self.desks[1..].iter().map(|desk| desk.site().to_string()).collect();
        for branch in branches {
            let parcels = self.export(&branch);
            self.deliver(&parcels);
        }
        let parcels = self.export("HO");
        self.deliver(&parcels);
    }

    /// The hash of a site's derived state.
    pub fn state(&mut self, code: &str) -> String {
        blake3::Hash::from_bytes(self.desk(code).look().unwrap().state_hash().unwrap()).to_hex().to_string()
    }

    /// Lets time pass for every site.
    pub fn minutes(&mut self, minutes: i64) {
        for desk in &mut self.desks {
            let now = desk.now() + Duration::minutes(minutes);
            desk.set_clock(Box::new(FixedClock::at(now)));
        }
    }
}

/// Everything a desk has for its peers now.
pub fn export(desk: &mut Desk) -> Vec<Parcel> {
    export_up_to(desk, send::FULL)
}

/// The same, each bundle ended above a size.
pub fn export_up_to(desk: &mut Desk, full: u64) -> Vec<Parcel> {
    let from = desk.site().to_string();
    let mut parcels = Vec::new();
    for peer in desk.peers().unwrap() {
        let to = peer.site.to_string();
        let keep = |file: Cursor<Vec<u8>>, _: &_| {
            parcels.push(Parcel { from: from.clone(), to: to.clone(), bytes: file.into_inner() });
            Ok(())
        };
        desk.send_bundles(&peer, full, |_| Ok(Cursor::new(Vec::new())), keep, |_, _| {}).unwrap();
    }
    parcels
}

/// A desk takes a bundle in, with what follows from it.
pub fn import(desk: &mut Desk, bytes: &[u8]) -> Result<Taken, ExchangeError> {
    let taken = desk.take_bundle(Cursor::new(bytes), "parcel.mdx", None, |_, _| {})?;
    let mut news = News::default();
    news.add(taken.clone());
    desk.after_taking(news).unwrap();
    Ok(taken)
}

/// What the engine writes at head office when a bundle is in.
pub fn accept(office: &mut Desk, branch: &str, change: impl FnOnce(&mut BundleAccepted)) -> Id {
    let tx = office.db_mut().write().unwrap();
    let head = Head::read(&tx).unwrap();
    let mut body = BundleAccepted {
        from: branch.into(),
        number: 1,
        bundle: "00".repeat(32),
        heads: vec![AcceptedHead { site: branch.into(), epoch: 1, seq: 2, head: "11".repeat(32), count: 2 }],
        ahead: vec![],
        back: vec![],
        unvouched: vec![],
        clock_ahead_ms: 0,
        forks: vec![],
    };
    change(&mut body);
    let new = NewEntry {
        at: moment(),
        business_day: moment().date_naive(),
        actor: "-",
        action: "bundle.accept",
        version: 1,
        subjects: &[Subject::new(Kind::Site, subject_of(&Site::parse(branch).unwrap()))],
        key: None,
        payload: serde_json::to_string(&body).unwrap(),
    };
    let row = append::append(&tx, &head, new).unwrap();
    derive::record(&tx, &row).unwrap();
    tx.commit().unwrap();
    row.id
}
