//! Who is a branch's head office: another with the same code is none, and one to which the branch was handed over is.

mod support;

use meterdesk::book::subject::{Kind, Subject};
use meterdesk::derive::site::{OTHER_KEYS, SiteTrusted, subject_of};
use meterdesk::derive::system;
use meterdesk::desk::Desk;
use meterdesk::desk::refusal::RefusalKind;
use meterdesk::exchange::peers;
use meterdesk::rules::id::{Id, Site};
use meterdesk::store::OpenOptions;
use meterdesk::store::tables::base::ExceptionRow;
use serde_json::{Value, json};
use support::company::{Company, act, export, import, site, try_act};
use support::orders::moment;
use support::real::clock;
use support::site::new_site;

fn card(desk: &Desk) -> Value {
    let (card, text) = desk.site_card().unwrap();
    json!({ "card": text, "fingerprint": card.keys.fingerprint() })
}

fn worker(desk: &mut Desk, code: &str) -> Id {
    act(desk, "boss", "worker.add", &json!({ "code": code, "name": "张师傅", "team": "抢修班" })).0.unwrap()
}

fn holds(desk: &Desk, id: Id) -> bool {
    desk.look().unwrap().entry(id).unwrap().is_some()
}

/// Both sides once: the branch first.
fn night(branch: &mut Desk, office: &mut Desk) {
    for parcel in export(branch) {
        import(office, &parcel.bytes).unwrap();
    }
    for parcel in export(office) {
        import(branch, &parcel.bytes).unwrap();
    }
}

/// A head office of code HO that is not the company's: its keys are its own.
fn impostor(folder: &tempfile::TempDir) -> Desk {
    let options = OpenOptions::default();
    let new = new_site("HO", true);
    let mut desk = Desk::create(&folder.path().join("ho.db"), options, clock(moment()), &new).unwrap().0;
    desk.add_practice_users().unwrap();
    desk
}

/// How many questions about keys a book has.
fn asked(desk: &Desk) -> usize {
    let rows = desk.look().unwrap().scan::<ExceptionRow>(&[]).unwrap();
    rows.iter().filter(|row| row.what == OTHER_KEYS && row.state == "open").count()
}

#[test]
fn another_pair_of_keys_under_head_office_s_code_is_trusted_only_when_the_first_vouches_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut company = Company::new(1, false);
    company.night();
    let fake = impostor(&folder);
    for _ in 0..2 {
        let refusal = try_act(company.desk("B1"), "boss", "site.trust", &card(&fake)).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Permission, "{refusal}");
        assert!(refusal.message().contains("site rotate") && refusal.message().contains(".site"), "{refusal}");
        company.night();
    }
    assert_eq!(asked(company.desk("HO")), 0);
}

#[test]
fn a_book_that_trusted_a_false_head_office_asks_about_it_and_comes_back_to_the_true_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut company = Company::new(1, false);
    company.night();
    company.night();
    let mut fake = impostor(&folder);
    // As programs of before took it.
    let branch = company.desk("B1");
    let body = SiteTrusted {
        code: "HO".into(),
        name: "假".into(),
        utility: "water".into(),
        practice: true,
        keys: fake.site_keys().unwrap().public(),
    };
    let tx = branch.db_mut().write().unwrap();
    let office = Subject::new(Kind::Site, subject_of(&Site::parse("HO").unwrap()));
    system::write(&tx, "site.trust", Ok(office), moment(), &body).unwrap();
    tx.commit().unwrap();
    let enrol = json!({ "everything": false, "areas": [], "roles": ["data_director"] });
    let Value::Object(mut enrol) = enrol else { panic!() };
    enrol.extend(card(branch).as_object().unwrap().clone());
    act(&mut fake, "boss", "site.enrol", &Value::Object(enrol));
    for code in ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9"] {
        worker(&mut fake, code);
    }
    for parcel in export(&mut fake) {
        import(branch, &parcel.bytes).unwrap();
    }
    assert_eq!(asked(branch), 1);
    // The pair named first is trusted again, and the company goes on.
    let own = card(company.desk("HO"));
    act(company.desk("B1"), "boss", "site.trust", &own);
    for code in ["X1", "X2", "X3"] {
        let made = worker(company.desk("B1"), code);
        company.night();
        assert!(holds(company.desk("HO"), made), "{code}: the bundle was not taken");
    }
    let tx = company.desk("B1").look().unwrap();
    let known = peers::head_office(&tx).unwrap().unwrap();
    drop(tx);
    assert!(known.keys.contains(&company.desk("HO").site_keys().unwrap().public()));
    assert_eq!((asked(company.desk("B1")), asked(company.desk("HO"))), (1, 1), "for the true head office to decide");
    for code in ["B1", "HO"] {
        let verdict = company.desk(code).verify(false, |_| {}).unwrap();
        assert!(verdict.ok, "{code} {:?}", verdict.first_fault);
    }
}

#[test]
fn a_branch_handed_over_to_another_head_office_goes_on_exchanging_with_it() {
    let mut company = Company::new(1, false);
    worker(company.desk("HO"), "W0");
    company.night();
    company.night();
    act(company.desk("HO"), "boss", "site.amend", &json!({ "site": "B1", "hand_over": "NH" }));
    company.night();
    let (mut next, branch) = (site("NH", true), company.desk("B1"));
    act(branch, "boss", "site.trust", &card(&next));
    let Value::Object(mut enrol) = json!({ "everything": false, "areas": [], "roles": ["clerk"] }) else { panic!() };
    enrol.extend(card(branch).as_object().unwrap().clone());
    act(&mut next, "boss", "site.enrol", &Value::Object(enrol));
    for code in ["W1", "W2", "W3", "W4"] {
        let made = worker(branch, code);
        night(branch, &mut next);
        assert!(holds(&next, made), "{code}");
    }
    let old = Site::parse("HO").unwrap();
    assert!(!holds(&next, Id::new(&old, 1, 1, 0).unwrap()), "the old head office's book is none of the new one's");
    assert!(holds(branch, Id::new(&old, 1, 1, 0).unwrap()));
}
