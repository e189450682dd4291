//! Entries that a known site truly signed about what is not its business: other sites' people, accounts, workers, questions. They are
//! kept and passed on, count nowhere, and are asked about; what a counter may do for anybody's customer, and what head office may say
//! of its branches, counts.

#[path = "support/bundle.rs"]
mod bundle;
#[allow(dead_code)] // other tests use the rest
#[path = "support/golden.rs"]
mod files;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use meterdesk::book::entry;
use meterdesk::book::subject::{self, Kind, Subject};
use meterdesk::derive::exception::{ExceptionResolved, Place};
use meterdesk::derive::site::SiteOpened;
use meterdesk::derive::user::{UserClosed, UserReset, UserRight};
use meterdesk::derive::whose::{self, Whose};
use meterdesk::derive::{self, FOLDS, Incoming, bulk, exception, rebuild};
use meterdesk::desk::{ACTIONS, Desk, proven};
use meterdesk::rules::id::{Id, Site};
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::base::{ClashRow, ExceptionRow};
use meterdesk::store::{Db, Tx};
use serde_json::{Value, json};
use support::company::{Company, act};

/// What one site may do to another's subjects, by the letters of their kinds, as ARCHITECTURE (*Whose is what*) says it.
fn may(action: &str) -> &'static str {
    match action {
        "payment.enter_late" | "payment.confirm" | "payment.method" | "intake.take" | "intake.park"
        | "intake.resume" | "order.dispatch" | "order.chase" | "order.defer" | "order.pause" | "order.resume"
        | "order.return" | "order.void" | "callback.record" | "complaint.answer" => "a",
        "payment.take" | "payment.reverse" | "fee.take" | "deposit.take" | "deposit.return" => "ao",
        "site.trust" => "acioprstuvwq",
        _ => "",
    }
}

/// What a head office may say of a branch besides.
const OF_HEAD_OFFICE: &[&str] = &[
    "user.right",
    "user.reset",
    "user.close",
    "site.enrol",
    "site.amend",
    "site.revoke",
    "site.thaw",
    "bundle.accept",
    "entry.place",
    "customer.reveal",
    "exception.assign",
    "exception.resolve",
];

#[test]
fn every_action_that_a_fold_or_a_desk_knows_says_whose_subjects_it_may_touch() {
    let folds = FOLDS.iter().flat_map(|fold| fold.knows).chain(exception::KNOWS).map(|(action, _)| *action);
    let all: BTreeSet<&str> = folds.chain(ACTIONS.iter().map(|def| def.name)).collect();
    let silent: Vec<&str> = all.iter().copied().filter(|action| whose::of(action).is_none()).collect();
    assert!(silent.is_empty(), "not in the table of derive/whose.rs: {silent:?}");
    for action in all {
        let whose = whose::of(action).unwrap();
        let expected = match may(action) {
            "a" => Whose::AnyAccount,
            "ao" => Whose::AnyCase,
            "" if action.starts_with("exception.") => Whose::Question,
            "" if OF_HEAD_OFFICE.contains(&action) => Whose::OfCompany,
            "" if action == "intake.preview" => Whose::AnyAccount,
            "" => Whose::Own,
            _ => Whose::Anyone,
        };
        assert_eq!(whose, expected, "{action}");
    }
}

fn row_of(site: &str, seq: i64, hlc: i64, prev: [u8; 32], of: &EntryRow) -> EntryRow {
    let site = Site::parse(site).unwrap();
    let id = Id::new(&site, 1, seq, 0).unwrap();
    entry::seal(EntryRow { id, site: site.to_string(), epoch: 1, seq, hlc, prev, key: None, ..of.clone() })
}

/// The first entry of a site's book.
fn opening(site: &str, head_office: bool, of: &EntryRow) -> EntryRow {
    let (code, name, utility) = (site.to_owned(), "营业所".to_owned(), "water".to_owned());
    let body = SiteOpened { code, name, utility, head_office, practice: true, keys: None };
    let (action, payload) = ("site.open".to_owned(), serde_json::to_string(&body).unwrap());
    row_of(site, 1, of.hlc, of.prev, &EntryRow { action, version: 1, subjects: "i".into(), payload, ..of.clone() })
}

fn take(tx: &Tx<'_>, rows: &[EntryRow]) {
    let rows: Vec<Incoming> = rows.iter().map(|row| Incoming { row: row.clone() }).collect();
    derive::receive_many(tx, &rows).unwrap();
}

/// Every derived table but that of the questions.
fn tables(tx: &Tx<'_>) -> BTreeMap<String, [u8; 32]> {
    let names = tx.derived_tables().unwrap().into_iter().filter(|name| name != "d_exception");
    names.map(|name| (name.clone(), tx.table_hash(&name).unwrap())).collect()
}

/// Each action of the golden books, signed by another branch about the same subjects: it moves nothing, or it is one of those that a
/// counter may do for anybody.
#[test]
fn every_action_signed_by_another_branch_about_what_is_not_its_own_counts_nowhere_and_is_asked_about() {
    let (mut refused, mut walked) = (0, BTreeSet::new());
    for file in files::golden_files() {
        let rows = files::entries(&file);
        let mut db = Db::in_memory().unwrap();
        let tx = db.write().unwrap();
        take(&tx, &rows);
        let last = rows.last().unwrap().hlc;
        let (branch, office) = (opening("Z8", false, &rows[0]), opening("Y8", true, &rows[0]));
        take(&tx, &[branch.clone(), office.clone()]);
        tx.commit().unwrap();
        bulk::finish(&mut db, |_| {}).unwrap();
        for of in rows.iter().filter(|row| !bulk::is_bulk(&row.payload)) {
            let said: Vec<Subject> = subject::read(&of.subjects, of.id).unwrap().into_iter().flatten().collect();
            if said.is_empty() || said.iter().any(|subject| subject.id.site() != said[0].id.site()) {
                continue;
            }
            walked.insert(of.action.clone());
            let subjects = subject::write(&said, branch.id);
            let kinds: BTreeSet<Kind> = said.iter().map(|subject| subject.kind).collect();
            for before in [&branch, &office] {
                let word = format!("{}: {} of {} by {}", file.display(), of.action, of.id, before.site);
                let of = EntryRow { subjects: subjects.clone(), ..of.clone() };
                let lie = row_of(&before.site, 2, last + 1, before.hash, &of);
                let tx = db.write().unwrap();
                let was = tables(&tx);
                let counts = kinds.iter().all(|kind| may(&of.action).contains(kind.letter()))
                    || (before.id == office.id && OF_HEAD_OFFICE.contains(&of.action.as_str()) && !sends(&of));
                take(&tx, std::slice::from_ref(&lie));
                let asked = tx.scan::<ExceptionRow>(&[]).unwrap();
                let asked = asked.iter().any(|row| row.what == whose::OTHER && row.second == lie.id);
                assert_eq!(asked, !counts, "{word}");
                if !counts {
                    refused += 1;
                    assert_eq!(tables(&tx), was, "{word}: something of it counts");
                }
            }
        }
    }
    assert!(refused > 400 && walked.len() > 45, "{refused} of {walked:?}");
}

/// Does it send somebody to a site? Only a head office does, and only its own people.
fn sends(row: &EntryRow) -> bool {
    row.action == "user.right" && serde_json::from_str::<Value>(&row.payload).unwrap()["site"].is_string()
}

/// Writes an entry into a branch's own book as a program would that asks nothing: the next of its chain.
fn lie(desk: &mut Desk, actor: &str, action: &str, subject: Subject, body: &impl serde::Serialize) -> Id {
    let site = desk.site().clone();
    let tx = desk.db_mut().write().unwrap();
    let last = tx.chain_last(Id::new(&site, 1, 0, 0).unwrap()).unwrap().unwrap();
    let last = tx.entry(last).unwrap().unwrap();
    let mut of = EntryRow { action: action.into(), version: 1, actor: actor.into(), ..last.clone() };
    (of.subjects, of.payload) = (format!("{}{}", subject.kind.letter(), subject.id), json!(body).to_string());
    let row = row_of(site.as_str(), last.seq + 1, last.hlc + 1, last.hash, &of);
    take(&tx, std::slice::from_ref(&row));
    tx.commit().unwrap();
    row.id
}

fn user(desk: &Desk, login: &str, site: &str) -> Id {
    let users = desk.look().unwrap().users_of_login(login).unwrap();
    users.into_iter().find(|user| user.id.site().as_str() == site).unwrap().id
}

/// A person as the entries say and as the tables do.
fn person(desk: &Desk, id: Id) -> String {
    let tx = desk.look().unwrap();
    let proven = proven::of(&tx, id).unwrap().unwrap();
    format!("{:?} {:?} {:?} {:?}", proven.user, proven.roles, tx.user(id).unwrap(), tx.roles_of(id).unwrap())
}

/// Which entries a book asks about as another site's business.
fn asked(desk: &Desk) -> BTreeSet<Id> {
    let rows = desk.look().unwrap().scan::<ExceptionRow>(&[]).unwrap();
    rows.into_iter().filter(|row| row.what == whose::OTHER && row.state == "open").map(|row| row.second).collect()
}

#[test]
fn no_branch_takes_over_head_office_or_another_branch_by_what_it_signs_about_their_people() {
    let mut company = Company::new(2, true);
    company.night();
    company.night();
    company.minutes(5);
    let thief = user(company.desk("B1"), "boss", "B1");
    let password = company.desk("B1").look().unwrap().user(thief).unwrap().unwrap().password;
    let victims = [user(company.desk("HO"), "boss", "HO"), user(company.desk("B2"), "boss", "B2")];
    let before = victims.map(|victim| person(company.desk("HO"), victim));
    let mut lies = BTreeSet::new();
    for victim in victims {
        let about = Subject::new(Kind::User, victim);
        let desk = company.desk("B1");
        let reset = UserReset { user: victim, password: password.clone() };
        for actor in [victim.to_string(), thief.to_string()] {
            lies.insert(lie(desk, &actor, "user.password", about, &reset));
            lies.insert(lie(desk, &actor, "user.reset", about, &reset));
        }
        let role = json!({ "user": victim, "role": "clerk", "first_day": "2026-11-01", "last_day": "2026-11-02" });
        lies.insert(lie(desk, &thief.to_string(), "user.right", about, &role));
        let closed = UserClosed { user: victim, reason: "离职".into() };
        lies.insert(lie(desk, &thief.to_string(), "user.close", about, &closed));
    }
    // A branch sends nobody to head office either, not even its own.
    let own = Subject::new(Kind::User, thief);
    let (role, first_day) = ("centre_deputy".to_owned(), "2026-11-01".parse().unwrap());
    let sent = UserRight { user: thief, role, first_day, last_day: None, site: Some("HO".into()), verifier: None };
    lies.insert(lie(company.desk("B1"), &thief.to_string(), "user.right", own, &sent));
    company.night();
    company.night();
    for code in ["HO", "B2", "B1"] {
        assert_eq!(asked(company.desk(code)), lies, "{code}");
        let after = victims.map(|victim| person(company.desk(code), victim));
        assert_eq!(after, before, "{code}");
        let roles = company.desk(code).look().unwrap().roles_of(thief).unwrap();
        assert!(roles.iter().all(|role| role.site.is_empty()), "{code}: {roles:?}");
        let verdict = company.desk(code).verify(false, |_| {}).unwrap();
        assert!(verdict.ok && verdict.questions.len() == lies.len(), "{code} {:?}", verdict.first_fault);
        let state = company.state(code);
        rebuild::rebuild(company.desk(code).db_mut(), |_| {}).unwrap();
        assert_eq!(company.state(code), state, "{code}");
    }
    // What head office says of a branch's people counts everywhere.
    act(company.desk("HO"), "boss", "user.close", &json!({ "user": "demo@B1", "reason": "离职" }));
    company.night();
    let demo = user(company.desk("B1"), "demo", "B1");
    assert!(
        ["HO", "B1", "B2"].iter().all(|code| !company.desk(code).look().unwrap().user(demo).unwrap().unwrap().active)
    );
}

#[test]
fn a_branch_amends_no_worker_of_head_office_and_decides_no_question_that_is_asked_of_it() {
    let mut company = Company::new(1, true);
    let input = json!({ "code": "W1", "name": "张师傅", "team": "抢修班" });
    let worker = act(company.desk("HO"), "boss", "worker.add", &input).0.unwrap();
    company.night();
    company.night();
    company.minutes(5);
    let desk = company.desk("B1");
    let thief = user(desk, "boss", "B1");
    let body = json!({ "code": "W1", "name": "李四", "team": "抢修班", "area": "", "phone": "", "active": false });
    let amended = lie(desk, &thief.to_string(), "worker.amend", Subject::new(Kind::Worker, worker), &body);
    // A role that head office does not let the branch give, given all the same and called right by the branch itself.
    let right = UserRight {
        user: user(desk, "demo", "B1"),
        role: "data_director".into(),
        first_day: "2026-11-01".parse().unwrap(),
        last_day: None,
        site: None,
        verifier: None,
    };
    let about = Subject::new(Kind::User, right.user);
    lie(desk, &thief.to_string(), "user.right", about, &right);
    let clash = |desk: &Desk| -> ClashRow {
        let clashes = desk.look().unwrap().scan::<ClashRow>(&[]).unwrap();
        clashes
            .into_iter()
            .find(|clash| clash.what == "role_delegation" && clash.number.contains("data_director"))
            .unwrap()
    };
    let place = Place::of_clash(&clash(desk));
    let said = ExceptionResolved { place: place.clone(), decision: "准".into(), reason: "好".into(), keep: None };
    let resolved = lie(desk, &thief.to_string(), "exception.resolve", about, &said);
    let refusal = meterdesk::desk::Desk::perform;
    desk.sign_in_practice("chief").unwrap();
    let input = json!({ "exception": place.code(), "decision": "准", "reason": "好" });
    let refused = refusal(desk, "exception.resolve", &input.to_string(), Default::default()).unwrap_err();
    assert!(refused.message().contains("总部"), "{refused}");
    company.night();
    company.night();
    for code in ["HO", "B1"] {
        assert_eq!(asked(company.desk(code)), BTreeSet::from([amended, resolved]), "{code}");
        assert_eq!(clash(company.desk(code)).state, "open", "{code}");
        let kept = company.desk(code).look().unwrap().worker(worker).unwrap().unwrap();
        assert_eq!((kept.name.as_str(), kept.active), ("张师傅", true), "{code}");
    }
    company.desk("HO").sign_in_practice("chief").unwrap();
    refusal(company.desk("HO"), "exception.resolve", &input.to_string(), Default::default()).unwrap();
    company.night();
    assert_eq!(clash(company.desk("B1")).state, "resolved");
}
