//! Which branch of a fork is the main one, and who is told: sites that know only some entries, and those that learn of the branches
//! in another order.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod company;
    pub mod orders;
    pub mod site;
}

use meterdesk::book::clock::FixedClock;
use meterdesk::desk::Desk;
use meterdesk::rules::id::Id;
use meterdesk::store::tables::account::AccountRow;
use serde_json::json;
use support::company::{Company, act, export, import};
use support::orders::moment;

fn copy(desk: &Desk) -> Desk {
    desk.copy_in_memory(Box::new(FixedClock::at(moment()))).unwrap()
}

/// An account in an area every branch is to know.
fn open_account(desk: &mut Desk, name: &str) -> (Id, [u8; 32]) {
    let input = json!({
        "utility": "water", "name": name, "address": "建设路12号", "class": "resident", "remark": "3", "area": "old",
        "mobile": "13358990332", "meter": { "no": format!("N{}", name.bytes().map(u32::from).sum::<u32>()), "maker": "宁北", "calibre": 20, "first": "1000" },
        "recent": [9, 8, 8],
    });
    let id = act(desk, "demo", "account.open", &input).0.unwrap();
    (id, hash(desk, id).unwrap())
}

fn hash(desk: &Desk, id: Id) -> Option<[u8; 32]> {
    desk.look().unwrap().entry_hash(id).unwrap()
}

fn name(desk: &Desk, id: Id) -> Option<String> {
    desk.look().unwrap().get::<AccountRow>(&[&id]).unwrap().map(|row| row.name)
}

/// What stands in the remark.
fn people(desk: &Desk, id: Id) -> Option<i64> {
    desk.look().unwrap().get::<AccountRow>(&[&id]).unwrap().and_then(|row| row.remark.parse().ok())
}

fn deliver_to(desk: &mut Desk, from: &mut Desk) {
    let to = desk.site().to_string();
    for parcel in export(from).iter().filter(|parcel| parcel.to == to) {
        import(desk, &parcel.bytes).unwrap();
    }
}

/// Head office lost one branch of the fork and relays the other as if there were none; a branch that knows the lost one cannot tell them
/// apart until head office can.
#[test]
fn what_is_sent_entry_by_entry_stands_on_the_right_branch_in_the_end() {
    let mut company = Company::new(2, false);
    for site in ["B1", "B2"] {
        act(company.desk("HO"), "boss", "site.amend", &json!({ "site": site, "areas": ["old"] }));
    }
    company.night();
    let (office, branch) = (copy(company.desk("HO")), copy(company.desk("B1")));
    let first = open_account(company.desk("B1"), "甲一");
    company.night();
    company.night();
    assert_eq!(name(company.desk("B2"), first.0).as_deref(), Some("甲一"));
    // Head office goes back, and meets the branch's other machine.
    let mut machine = std::mem::replace(company.desk("B1"), branch);
    *company.desk("HO") = office;
    company.desk("HO").begin_new_life(1).unwrap();
    let other = open_account(company.desk("B1"), "乙一");
    let behind = open_account(company.desk("B1"), "乙二");
    assert_eq!(first.0, other.0, "one place, two entries");
    for _ in 0..3 {
        company.night();
    }
    assert_eq!(hash(company.desk("HO"), first.0), Some(other.1), "head office knows only the second");
    assert_eq!(name(company.desk("B2"), first.0).as_deref(), Some("甲一"), "and this branch knew the first");
    // Then the first machine is heard of again: by the second answer it knows that head office holds another entry than its own.
    for _ in 0..2 {
        deliver_to(&mut machine, company.desk("HO"));
        deliver_to(company.desk("HO"), &mut machine);
    }
    company.minutes(60);
    for _ in 0..4 {
        company.night();
    }
    for site in ["HO", "B1", "B2"] {
        let desk = company.desk(site);
        let names =
            [name(desk, first.0), name(desk, first.0.twin()), name(desk, behind.0), name(desk, behind.0.twin())];
        let names: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
        assert_eq!(names, [Some("乙一"), Some("甲一"), Some("乙二"), None], "{site}");
        assert_eq!(hash(desk, behind.0), Some(behind.1), "{site}");
        assert!(desk.verify(false, |_| {}).unwrap().ok, "{site}");
    }
    // The machine that was heard of last takes head office's names over, and is set aside.
    machine.set_clock(Box::new(FixedClock::at(moment() + chrono::Duration::minutes(120))));
    for _ in 0..2 {
        deliver_to(company.desk("HO"), &mut machine);
        deliver_to(&mut machine, company.desk("HO"));
    }
    assert_eq!(name(&machine, first.0).as_deref(), Some("乙一"));
    assert_eq!(name(&machine, first.0.twin()).as_deref(), Some("甲一"));
    machine.sign_in_practice("demo").unwrap();
    let refusal = machine.perform("shift.open", r#"{"float":"1.00"}"#, Default::default()).unwrap_err();
    assert!(refusal.message().contains("本库不能再用"), "{}", refusal.message());
}

/// A book went on unnoticed from an old copy, found out, and began a new life behind its own entries. Made anew from head office's book, the
/// branch names what it sees as everybody does, although its lives follow the second branch.
#[test]
fn whoever_knows_of_the_fork_means_the_names_it_sees() {
    let mut company = Company::new(2, true);
    company.night();
    let old = copy(company.desk("B1"));
    let first = open_account(company.desk("B1"), "甲一");
    open_account(company.desk("B1"), "甲二");
    for _ in 0..2 {
        company.minutes(10);
        company.night();
    }
    let now = company.desk("B1").now();
    *company.desk("B1") = old;
    company.desk("B1").set_clock(Box::new(FixedClock::at(now + chrono::Duration::minutes(10))));
    let other = open_account(company.desk("B1"), "乙一");
    assert_eq!(first.0, other.0, "one place, two entries");
    let parcels = export(company.desk("HO"));
    company.deliver(&parcels);
    let amend = |people: &str| json!({ "account": first.0, "field": "remark", "seen": "3", "value": people });
    // In its new life it means its own account, which is the second branch's to everybody else.
    act(company.desk("B1"), "demo", "account.amend", &amend("5"));
    for _ in 0..4 {
        company.minutes(10);
        company.night();
    }
    for site in ["HO", "B1", "B2"] {
        let desk = company.desk(site);
        assert_eq!((people(desk, first.0), people(desk, first.0.twin())), (Some(3), Some(5)), "{site}");
    }
    // Head office thaws, the branch's book is made anew and begins a life of its own.
    act(company.desk("HO"), "boss", "site.thaw", &json!({ "site": "B1", "reason": "旧机器已收回" }));
    company.night();
    let tx = company.desk("B1").db_mut().write().unwrap();
    meterdesk::derive::fork::forget_aside(&tx).unwrap();
    tx.commit().unwrap();
    company.desk("B1").begin_new_life(2).unwrap();
    act(company.desk("B1"), "demo", "account.amend", &amend("7"));
    for _ in 0..2 {
        company.minutes(10);
        company.night();
    }
    for site in ["HO", "B1", "B2"] {
        let desk = company.desk(site);
        assert_eq!((people(desk, first.0), people(desk, first.0.twin())), (Some(7), Some(5)), "{site}");
        assert!(desk.verify(false, |_| {}).unwrap().ok, "{site}");
    }
    assert_eq!(company.state("HO"), company.state("B1"));
}
