//! Stamps (HLC) that do not rise along a site's line: refused where bundles come in, by every way they can come; in a book that took one
//! in with an earlier program a question, with which copies, restoring and the exchange go on.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod bundle;
    pub mod company;
    pub mod office;
    pub mod orders;
    pub mod site;
}

use meterdesk::book::entry;
use meterdesk::derive;
use meterdesk::exchange::envelope::BundleWriter;
use meterdesk::exchange::frame::FrameKind;
use meterdesk::exchange::header::{Header, Relay};
use meterdesk::exchange::opener;
use meterdesk::exchange::take::Fate;
use meterdesk::rules::id::{Id, Site};
use meterdesk::store::entries::EntryRow;
use meterdesk::store::{Db, OpenOptions};
use serde_json::json;
use support::bundle::range;
use support::company::{Company, Parcel, act};
use support::office::Office;
use support::site::keys;

fn chain(site: &str) -> Id {
    Id::new(&Site::parse(site).unwrap(), 1, 0, 0).unwrap()
}

/// A company whose first branch has written three entries since the last night.
fn company(branches: usize) -> (Company, Vec<EntryRow>) {
    let mut company = Company::new(branches, true);
    company.night();
    company.night();
    let head = company.desk("B1").look().unwrap().chain_last(chain("B1")).unwrap().unwrap();
    for code in ["W1", "W2", "W3"] {
        act(company.desk("B1"), "boss", "worker.add", &json!({ "code": code, "name": "张师傅", "team": "抢修班" }));
    }
    let rows = company.desk("B1").look().unwrap().stretch(chain("B1"), head.seq(), head.seq() + 3, 10).unwrap();
    (company, rows)
}

/// Rows joined anew, each to the one before it, after one of them was changed.
fn joined(mut rows: Vec<EntryRow>) -> Vec<EntryRow> {
    for at in 0..rows.len() {
        if at > 0 {
            rows[at].prev = rows[at - 1].hash;
        }
        rows[at] = entry::seal(rows[at].clone());
    }
    rows
}

/// What a site signs: chains in ranges, one after the other, and single entries.
fn bundle(from: &str, to: &str, number: i64, chains: &[Vec<EntryRow>], singles: &[EntryRow]) -> Vec<u8> {
    let mut writer = BundleWriter::begin(Vec::new(), &keys(to).public().recipient().unwrap()).unwrap();
    for row in chains.iter().flatten() {
        writer.entry(row, if row.id.is_twin() { FrameKind::Twin } else { FrameKind::Chained }).unwrap();
    }
    for row in singles {
        writer.entry(row, FrameKind::Single).unwrap();
    }
    let header = Header {
        from: from.into(),
        to: to.into(),
        life: 1,
        practice: true,
        made_at: "2026-03-02T17:30:00.000+08:00".into(),
        number,
        ranges: chains.iter().map(|rows| range(rows)).collect(),
        relay: Relay { life: 1, from: 1, upto: i64::try_from(singles.len()).unwrap() },
        ..Header::default()
    };
    writer.finish(header, |text| keys(from).sign(text)).unwrap().0
}

/// The bundle is refused because of the order of its stamps, and the book is what it was.
fn refused(company: &mut Company, site: &str, bytes: &[u8], word: &str) {
    let before = (company.state(site), company.desk(site).look().unwrap().entry_count().unwrap());
    let error = company.import(site, bytes).map(|taken| panic!("{word}: taken {taken:?}")).unwrap_err();
    assert!(error.is_of_the_bundle() && error.to_string().contains("时间次序倒退"), "{word}: {error}");
    let after = (company.state(site), company.desk(site).look().unwrap().entry_count().unwrap());
    assert_eq!(after, before, "{word}");
    sound(company, site, 0);
}

/// `verify` finds no fault and so many questions.
fn sound(company: &mut Company, site: &str, questions: usize) {
    let verdict = company.desk(site).verify(false, |_| {}).unwrap();
    assert!(verdict.ok, "{site}: {:?}", verdict.first_fault);
    assert_eq!(verdict.questions.len(), questions, "{site}: {:?}", verdict.questions);
}

#[test]
fn a_signed_entry_whose_stamp_does_not_rise_is_refused() {
    let (mut company, rows) = company(1);
    for at in 0..3 {
        let held = company.desk("B1").look().unwrap().entry(Id(rows[at].id.0 - 512)).unwrap().unwrap().hlc;
        for (word, hlc) in [("equal", held), ("one below", held - 1), ("zero", 0), ("negative", i64::MIN)] {
            let mut lied = rows.clone();
            lied[at].hlc = hlc;
            refused(&mut company, "HO", &bundle("B1", "HO", 50, &[joined(lied)], &[]), word);
        }
    }
    let taken = company.import("HO", &bundle("B1", "HO", 51, &[rows], &[])).unwrap();
    assert_eq!((taken.fate, taken.fresh), (Fate::Taken, 3));
}

#[test]
fn the_first_entry_of_a_later_life_must_rise_above_the_one_it_follows() {
    let (mut company, rows) = company(1);
    let last = rows.last().unwrap().clone();
    let begins = |hlc: i64, prev: [u8; 32], epoch: i64| {
        let id = Id::new(&Site::parse("B1").unwrap(), epoch, 1, 0).unwrap();
        let (action, subjects) = ("site.epoch".to_owned(), "i".to_owned());
        let payload = json!({ "reason": "restore", "after": "B1.1.9" }).to_string();
        vec![entry::seal(EntryRow { id, epoch, seq: 1, hlc, prev, action, subjects, payload, ..last.clone() })]
    };
    for hlc in [last.hlc, last.hlc - 1] {
        let bytes = bundle("B1", "HO", 50, &[rows.clone(), begins(hlc, last.hash, 2)], &[]);
        refused(&mut company, "HO", &bytes, "a later life");
    }
    // A life that follows one of its own or of a later life is no beginning either.
    let third = begins(last.hlc + 5, last.hash, 3);
    let bytes = bundle("B1", "HO", 50, &[rows.clone(), third.clone(), begins(last.hlc + 9, third[0].hash, 2)], &[]);
    let said = company.import("HO", &bytes).unwrap_err().to_string();
    assert!(said.contains("不相接"), "{said}");
    sound(&mut company, "HO", 0);
    let bytes = bundle("B1", "HO", 51, &[rows, begins(last.hlc + 1, last.hash, 2)], &[]);
    assert_eq!(company.import("HO", &bytes).unwrap().fresh, 4);
    sound(&mut company, "HO", 0);
}

#[test]
fn a_twin_must_rise_above_the_entry_before_the_fork_and_follow_it() {
    let (mut company, rows) = company(1);
    company.import("HO", &bundle("B1", "HO", 50, std::slice::from_ref(&rows), &[])).unwrap();
    let before = rows[0].hlc;
    let other = entry::seal(EntryRow { actor: "-".into(), hlc: before, ..rows[1].clone() });
    refused(&mut company, "HO", &bundle("B1", "HO", 51, &[vec![other]], &[]), "a twin's first");
    let first = EntryRow { actor: "-".into(), ..rows[1].clone() };
    let second = EntryRow { hlc: first.hlc, ..rows[2].clone() };
    let twin = joined(vec![first.clone(), second]);
    refused(&mut company, "HO", &bundle("B1", "HO", 52, &[twin], &[]), "a twin's second");
    // Another first entry of a life, after an entry nobody knows: it waits, and is no fault in the book.
    let nowhere = EntryRow {
        prev: [7; 32],
        ..company.desk("HO").look().unwrap().entry(Id(chain("B1").0 + 512)).unwrap().unwrap()
    };
    let taken = company.import("HO", &bundle("B1", "HO", 53, &[joined(vec![nowhere])], &[])).unwrap();
    assert_eq!(taken.fate, Fate::Held);
    sound(&mut company, "HO", 0);
    let taken = company.import("HO", &bundle("B1", "HO", 54, &[joined(vec![first])], &[])).unwrap();
    assert_eq!(taken.forks.len(), 1);
    sound(&mut company, "HO", 0);
}

#[test]
fn head_office_s_own_line_and_one_made_of_single_entries_are_refused_too() {
    let (mut company, rows) = company(2);
    let tx = company.desk("HO").look().unwrap();
    let last = tx.stretch(chain("HO"), 0, 10_000, 10_000).unwrap().pop().unwrap();
    drop(tx);
    let next = EntryRow { id: Id(last.id.0 + 512), seq: last.seq + 1, prev: last.hash, ..last.clone() };
    refused(&mut company, "B2", &bundle("HO", "B2", 50, &[joined(vec![next])], &[]), "head office's own");
    // By itself an entry has no order; when its chain comes, it must fit.
    let mut lied = rows;
    lied[1].hlc = lied[0].hlc;
    let lied = joined(lied);
    let single = bundle("HO", "B2", 51, &[], &lied[1..2]);
    assert_eq!(company.import("B2", &single).unwrap().fresh, 1);
    sound(&mut company, "B2", 0);
    refused(&mut company, "B2", &bundle("HO", "B2", 52, &[lied], &[]), "a single one in its chain");
}

/// An entry as an earlier program took it in.
fn poison(tx: &meterdesk::store::Tx<'_>, row: &EntryRow) {
    derive::receive(tx, row).unwrap();
}

/// Given a head office and a branch that hold such an entry, when the nights go on, then nobody's book is at fault, the entry goes
/// where others go, head office asks once, and all agree.
#[test]
fn a_book_that_holds_one_goes_on_with_a_question_and_others_agree() {
    let (mut company, rows) = company(2);
    company.night();
    let last = rows.into_iter().next_back().unwrap();
    let next = EntryRow { id: Id(last.id.0 + 512), seq: last.seq + 1, prev: last.hash, key: None, ..last };
    let lied = entry::seal(next);
    for site in ["B1", "HO"] {
        let tx = company.desk(site).db_mut().write().unwrap();
        poison(&tx, &lied);
        tx.set_setting("stamps_looked_at", "").unwrap(); // as the earlier program left it
        tx.commit().unwrap();
        sound(&mut company, site, 1);
    }
    act(company.desk("B1"), "boss", "worker.add", &json!({ "code": "W9", "name": "李师傅", "team": "抢修班" }));
    let question = company.desk("HO").verify(false, |_| {}).unwrap().questions.remove(0);
    assert_eq!(question.entry, Some(lied.id));
    company.night();
    company.night();
    for site in ["HO", "B2", "B1"] {
        sound(&mut company, site, 1);
        let tx = company.desk(site).look().unwrap();
        let asked: Vec<_> = tx.all_exceptions().unwrap().into_iter().filter(|row| row.what == "stamp_back").collect();
        assert_eq!(asked.len(), 1, "{site}: {asked:?}");
        assert_eq!(asked[0].first, lied.id);
    }
    assert_eq!(company.state("HO"), company.state("B2"));
    company.night();
    let tx = company.desk("HO").look().unwrap();
    assert_eq!(tx.open_exceptions().unwrap().iter().filter(|row| row.what == "stamp_back").count(), 1, "asked once");
    drop(tx);
    // Head office names the place in the header it signs; a branch cannot vouch for itself.
    let Parcel { bytes, .. } = {
        let peer = company.desk("HO").peers().unwrap().into_iter().find(|peer| peer.site.as_str() == "B2").unwrap();
        company.desk("HO").forget_acknowledgements(&peer).unwrap();
        company.export("HO").into_iter().find(|parcel| parcel.to == "B2").unwrap()
    };
    let header = opener::peek(std::io::Cursor::new(&bytes)).unwrap();
    assert_eq!(header.unordered.len(), 1);
    assert_eq!(header.unordered[0].place(), Some(lied.id));
}

/// Given a file whose book holds such an entry, then every command that failed for ever before works.
#[test]
fn copies_hourly_copies_and_restoring_go_on_with_a_book_that_holds_one() {
    let office = Office::new(&["B1"]);
    office.worker("B1", "W1").ends(0);
    {
        let (mut db, _) = Db::open(&office.db("B1"), OpenOptions::default()).unwrap();
        let tx = db.write().unwrap();
        let last = tx.entry(tx.chain_last(chain("B1")).unwrap().unwrap()).unwrap().unwrap();
        let next = EntryRow { id: Id(last.id.0 + 512), seq: last.seq + 1, prev: last.hash, key: None, ..last };
        poison(&tx, &entry::seal(next));
        tx.commit().unwrap();
    }
    let said = office.run("B1", &["verify", "--full"]).ends(0).json();
    assert!(
        said["ok"].as_bool().unwrap() && said["questions"][0]["message"].as_str().unwrap().contains("时间次序倒退"),
        "{said}"
    );
    let copies = office.stick("copies");
    office.run("B1", &["backup", "--every-hour", copies.to_str().unwrap()]).ends(0);
    assert!(std::fs::read_dir(&copies).unwrap().count() > 0);
    let copy = office.path("copy.db");
    office.run("B1", &["backup", copy.to_str().unwrap()]).ends(0);
    office.run("B1", &["rebuild"]).ends(0);
    office.run("B1", &["restore", copy.to_str().unwrap()]).ends(0);
    office.run("B1", &["verify", "--full"]).ends(0);
    office.worker("B1", "W2").ends(0);
    // Head office, which does not hold it, refuses it; the rest of its work goes on.
    let stick = office.stick("s");
    office.out("B1", &stick, &[]).ends(0);
    let said = office.take("HO", &stick).ends(1).json();
    assert!(said["bundles"][0]["refused"].as_str().unwrap().contains("时间次序倒退"), "{said}");
    office.run("HO", &["verify", "--full"]).ends(0);
}
