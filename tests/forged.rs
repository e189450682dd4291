//! Bundles that a known site signed and that lie all the same — a broken program, or a thief with its keys: each lie has its own
//! word, and nothing of it is written.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod bundle;
    pub mod company;
    pub mod orders;
    pub mod site;
}

use meterdesk::book::entry;
use meterdesk::derive::site::UNVOUCHED;
use meterdesk::exchange::envelope::BundleWriter;
use meterdesk::exchange::error::ExchangeError;
use meterdesk::exchange::frame::FrameKind;
use meterdesk::exchange::header::{Have, Header, Relay};
use meterdesk::exchange::take::{Fate, Taken};
use meterdesk::rules::id::{Id, Site};
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::exchange::AckRow;
use serde_json::json;
use support::bundle::{entry_after, range};
use support::company::{Company, act};
use support::site::keys;

/// The keys of a book in memory.
/// Head office and two branches that have met, and what the first branch wrote since.
struct Scene {
    company: Company,
    new: Vec<EntryRow>,
    number: i64,
}

impl Scene {
    fn new() -> Self {
        let mut company = Company::new(2, true);
        company.night();
        company.night();
        let head = company.desk("B1").look().unwrap().chain_last(chain("B1")).unwrap().unwrap();
        for code in ["W1", "W2", "W3"] {
            let input = json!({ "code": code, "name": "张师傅", "team": "抢修班" });
            act(company.desk("B1"), "boss", "worker.add", &input);
        }
        let new = company.desk("B1").look().unwrap().stretch(chain("B1"), head.seq(), head.seq() + 3, 10).unwrap();
        Self { company, new, number: 100 }
    }

    /// What `from` signs for `to`: these entries, with a header changed at will.
    fn bundle(
        &self,
        (from, to): (&str, &str),
        rows: &[(FrameKind, EntryRow)],
        proof: Option<&str>,
        change: impl FnOnce(&mut Header),
    ) -> Vec<u8> {
        let sealed_to = keys(to).public().recipient().unwrap();
        let mut writer = BundleWriter::begin(Vec::new(), &sealed_to).unwrap();
        if let Some(proof) = proof {
            writer.proof(proof).unwrap();
        }
        for (kind, row) in rows {
            writer.entry(row, *kind).unwrap();
        }
        let chained: Vec<EntryRow> =
            rows.iter().filter(|(kind, _)| *kind == FrameKind::Chained).map(|(_, row)| row.clone()).collect();
        let mut header = Header {
            from: from.into(),
            to: to.into(),
            life: 1,
            practice: true,
            made_at: "2026-03-02T17:30:00.000+08:00".into(),
            number: self.number,
            ranges: if chained.is_empty() { Vec::new() } else { vec![range(&chained)] },
            relay: Relay { life: 1, from: 1, upto: 0 },
            ..Header::default()
        };
        change(&mut header);
        let signing = keys(from);
        writer.finish(header, |text| signing.sign(text)).unwrap().0
    }

    /// Head office reads a bundle of the first branch that must be refused; nothing may have changed.
    fn refused(
        &mut self,
        rows: &[(FrameKind, EntryRow)],
        proof: Option<&str>,
        change: impl FnOnce(&mut Header),
    ) -> String {
        let bytes = self.bundle(("B1", "HO"), rows, proof, change);
        let before = (self.company.state("HO"), self.entries("HO"));
        let error = match self.company.import("HO", &bytes) {
            Err(error) => error,
            Ok(taken) => panic!("taken: {taken:?}"),
        };
        assert!(error.is_of_the_bundle(), "{error}");
        assert_eq!((self.company.state("HO"), self.entries("HO")), before);
        error.to_string()
    }

    fn entries(&mut self, site: &str) -> i64 {
        self.company.desk(site).look().unwrap().entry_count().unwrap()
    }

    fn take(&mut self, site: &str, bytes: &[u8]) -> Result<Taken, ExchangeError> {
        self.company.import(site, bytes)
    }
}

fn chain(site: &str) -> Id {
    Id::new(&Site::parse(site).unwrap(), 1, 0, 0).unwrap()
}

fn chained(rows: &[EntryRow]) -> Vec<(FrameKind, EntryRow)> {
    rows.iter().map(|row| (FrameKind::Chained, row.clone())).collect()
}

#[test]
fn what_is_true_is_taken() {
    let mut scene = Scene::new();
    let bytes = scene.bundle(("B1", "HO"), &chained(&scene.new), None, |_| {});
    let taken = scene.take("HO", &bytes).unwrap();
    assert_eq!((taken.fate, taken.fresh), (Fate::Taken, 3));
}

#[test]
fn a_chain_that_does_not_follow_its_own_end_is_refused() {
    let mut scene = Scene::new();
    // The first follows nothing that is known; then one in the middle.
    for at in [0, 1] {
        let mut rows = scene.new.clone();
        rows[at].prev = [7; 32];
        for index in at..rows.len() {
            if index > at {
                rows[index].prev = rows[index - 1].hash;
            }
            rows[index] = entry::seal(rows[index].clone());
        }
        let said = scene.refused(&chained(&rows), None, |_| {});
        assert!(said.contains("不相接"), "{said}");
    }
    // One left out, and one too many.
    let gap = [scene.new[0].clone(), scene.new[2].clone()];
    let said = scene.refused(&chained(&gap), None, |_| {});
    assert!(said.contains("不相接"), "{said}");
}

#[test]
fn ranges_that_promise_something_else_are_refused() {
    let mut scene = Scene::new();
    let rows = chained(&scene.new);
    type Lie = fn(&mut Header);
    let lies: [(&str, Lie); 3] = [
        ("合计", |header| header.ranges[0].sum = "1".into()),
        ("末张摘要", |header| header.ranges[0].head = "ab".repeat(32)),
        ("包头没有说", |header| header.ranges.clear()),
    ];
    for (word, lie) in lies {
        let said = scene.refused(&rows, None, lie);
        assert!(said.contains(word), "{word}: {said}");
    }
}

/// What was left of a bundle, and how often head office asks about it.
fn left(scene: &mut Scene, bytes: &[u8], foreign: &EntryRow) -> (i64, usize) {
    let taken = scene.take("HO", bytes).unwrap();
    assert!(taken.dropped.is_some_and(|said| said.contains("总部没有签过名")), "{taken:?}");
    let tx = scene.company.desk("HO").look().unwrap();
    assert_ne!(tx.entry_hash(foreign.id).unwrap(), Some(foreign.hash), "nobody vouched for it");
    (taken.fresh, tx.all_exceptions().unwrap().iter().filter(|row| row.what == UNVOUCHED).count())
}

#[test]
fn a_chain_nobody_vouched_for_kept_the_good_ones_of_its_bundle_out() {
    let mut scene = Scene::new();
    let row = scene.company.desk("B2").look().unwrap().stretch(chain("B2"), 0, 100, 100).unwrap().pop().unwrap();
    let foreign = entry::seal(EntryRow { hlc: row.hlc + 1, ..entry_after(Some(&row), "B2", "{}".into()) });
    let new = scene.new.clone();
    let rows = [chained(&new), chained(std::slice::from_ref(&foreign))].concat();
    let ranges = vec![range(&new), range(std::slice::from_ref(&foreign))];
    let bytes = scene.bundle(("B1", "HO"), &rows, None, |header| header.ranges = ranges);
    assert_eq!(left(&mut scene, &bytes, &foreign), (3, 1));
    let tx = scene.company.desk("HO").look().unwrap();
    assert!(new.iter().all(|row| tx.entry_hash(row.id).unwrap() == Some(row.hash)), "the branch's own are taken");
    drop(tx);
    // Sent again every night, it is asked about once; the engine's own word about it is the only entry it brings.
    let before = scene.entries("HO");
    scene.number += 1;
    let again = scene.bundle(("B1", "HO"), &chained(std::slice::from_ref(&foreign)), None, |_| {});
    assert_eq!(left(&mut scene, &again, &foreign), (0, 1));
    assert_eq!(scene.entries("HO"), before);
    assert!(scene.company.desk("HO").verify(true, |_| {}).unwrap().ok);
    // The branch that wrote it brings it itself, and it is taken.
    scene.number = 500;
    let own = scene.bundle(("B2", "HO"), &chained(std::slice::from_ref(&foreign)), None, |_| {});
    assert_eq!(scene.take("HO", &own).unwrap().fresh, 1);
}

#[test]
fn a_branch_speaks_for_itself_only() {
    let mut scene = Scene::new();
    let row = scene.company.desk("B2").look().unwrap().stretch(chain("B2"), 0, 100, 100).unwrap().pop().unwrap();
    let foreign = entry_after(Some(&row), "B2", "{}".into());
    let relay = |header: &mut Header| header.relay = Relay { life: 1, from: 1, upto: 1 };
    let said = scene.refused(&[(FrameKind::Single, foreign)], None, relay);
    assert!(said.contains("不该由 B1 发送"), "{said}");
}

#[test]
fn head_office_takes_its_own_entries_back_with_its_own_signature_only() {
    let mut scene = Scene::new();
    let last = scene.company.desk("HO").look().unwrap().stretch(chain("HO"), 0, 10_000, 10_000).unwrap().pop().unwrap();
    let slipped = entry_after(Some(&last), "HO", "{}".into());
    let rows = [(FrameKind::Chained, slipped.clone())];
    // Signed by the branch, who is not head office, over a header that says just this.
    let head = blake3::Hash::from_bytes(slipped.hash).to_hex().to_string();
    let header = serde_json::to_string(&Header {
        from: "HO".into(),
        to: "B1".into(),
        life: 1,
        ranges: vec![range(std::slice::from_ref(&slipped))],
        ..Header::default()
    })
    .unwrap();
    let body = [9u8; 32];
    let signature = keys("B1").sign(&meterdesk::exchange::envelope::signed_text(&body, header.as_bytes()));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let proof = json!({
        "chain": chain("HO"), "seq": slipped.seq, "head": head, "header": header, "body_hash": hex(&body),
        "signature": hex(&signature),
    })
    .to_string();
    for proof in [None, Some(proof.as_str())] {
        scene.number += 1;
        let bytes = scene.bundle(("B1", "HO"), &rows, proof, |_| {});
        assert_eq!(left(&mut scene, &bytes, &slipped), (0, 1), "{proof:?}");
    }
    let said = scene.refused(&rows, Some("{}"), |_| {});
    assert!(said.contains("签名"), "{said}");
}

#[test]
fn practice_and_the_address_are_read_in_the_signed_header() {
    let mut scene = Scene::new();
    let rows = chained(&scene.new);
    let said = scene.refused(&rows, None, |header| header.practice = false);
    assert!(said.contains("练习库"), "{said}");
    let said = scene.refused(&rows, None, |header| header.to = "B2".into());
    assert!(said.contains("给 B2"), "{said}");
    let said = scene.refused(&rows, None, |header| header.from = "B7".into());
    assert!(said.contains("不认识"), "{said}");
}

/// An entry that another one already has the place of is the second branch of a fork: both stay and the site is frozen.
#[test]
fn another_entry_at_a_place_that_is_taken_is_kept_as_a_twin_and_told() {
    let mut scene = Scene::new();
    let bytes = scene.bundle(("B1", "HO"), &chained(&scene.new), None, |_| {});
    scene.take("HO", &bytes).unwrap();
    let other = entry::seal(EntryRow { actor: "-".into(), ..scene.new[0].clone() });
    scene.number += 1;
    let bytes = scene.bundle(("B1", "HO"), &chained(std::slice::from_ref(&other)), None, |_| {});
    let taken = scene.take("HO", &bytes).unwrap();
    assert_eq!(taken.forks.len(), 1, "{taken:?}");
    let tx = scene.company.desk("HO").look().unwrap();
    assert_eq!(tx.entry_hash(scene.new[0].id).unwrap(), Some(scene.new[0].hash));
    assert_eq!(tx.entry_hash(scene.new[0].id.twin()).unwrap(), Some(other.hash));
    let frozen = meterdesk::exchange::peers::peer(&tx, "B1").unwrap().unwrap().frozen;
    assert!(frozen, "the site is frozen until it is known which machine is the branch's");
}

/// Only the newest header of a sender says how far it is: one that was under way for long takes nothing back, one whose entries have
/// not come does not count what they bring.
#[test]
fn an_older_bundle_takes_no_acknowledgement_back() {
    let mut scene = Scene::new();
    let have = |seq: i64, head: &str| Have { site: "HO".into(), epoch: 1, seq, head: head.repeat(32) };
    let acknowledged = |scene: &mut Scene| {
        let tx = scene.company.desk("HO").look().unwrap();
        tx.scan::<AckRow>(&[&"B1"]).unwrap().iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    scene.number = 200;
    let newer = scene.bundle(("B1", "HO"), &chained(&scene.new[..2]), None, |header| header.have = vec![have(9, "ab")]);
    scene.number = 199;
    let older = scene.bundle(("B1", "HO"), &chained(&scene.new[..1]), None, |header| header.have = vec![have(4, "cd")]);
    scene.take("HO", &newer).unwrap();
    assert_eq!(acknowledged(&mut scene), [9]);
    scene.take("HO", &older).unwrap();
    assert_eq!(acknowledged(&mut scene), [9], "an older header must not take it back");
}

#[test]
fn an_acknowledgement_of_another_entry_sends_the_whole_life() {
    let mut scene = Scene::new();
    let last = scene.company.desk("HO").look().unwrap().chain_last(chain("HO")).unwrap().unwrap();
    let head = scene.company.desk("HO").look().unwrap().entry_hash(last).unwrap().unwrap();
    let truly = blake3::Hash::from_bytes(head).to_hex().to_string();
    for (head, first) in [(truly, last.seq() + 1), ("ab".repeat(32), 1)] {
        scene.number += 1;
        let said = Have { site: "HO".into(), epoch: 1, seq: last.seq(), head };
        let bytes = scene.bundle(("B1", "HO"), &chained(&scene.new), None, |header| header.have = vec![said]);
        scene.take("HO", &bytes).unwrap();
        let parcel = scene.company.export("HO").into_iter().find(|parcel| parcel.to == "B1").unwrap();
        let header = meterdesk::exchange::opener::peek(std::io::Cursor::new(&parcel.bytes)).unwrap();
        let own = header.ranges.iter().find(|range| range.site == "HO").unwrap();
        assert_eq!(own.first, first);
    }
}

/// The relay's numbers are only passed when the bundle that brought them was taken in.
#[test]
fn a_held_bundle_does_not_count_as_seen() {
    let mut scene = Scene::new();
    let last = scene.company.desk("HO").look().unwrap().stretch(chain("HO"), 0, 10_000, 10_000).unwrap().pop().unwrap();
    let next = entry_after(Some(&last), "HO", "{}".into());
    let after_the_gap = entry_after(Some(&entry_after(Some(&next), "HO", "{}".into())), "HO", "{}".into());
    let relay = |header: &mut Header| header.relay = Relay { life: 1, from: 1, upto: 5 };
    let single = scene.company.desk("B2").look().unwrap().stretch(chain("B2"), 0, 1, 1).unwrap().remove(0);
    let rows = [(FrameKind::Chained, after_the_gap), (FrameKind::Single, single)];
    let bytes = scene.bundle(("HO", "B1"), &rows, None, relay);
    assert_eq!(scene.take("B1", &bytes).unwrap().fate, Fate::Held);
    let row = scene.company.desk("B1").look().unwrap().peer_row("HO").unwrap();
    assert_eq!(row.seen, 0);
}
