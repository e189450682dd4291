//! Old copies put back, noticed or not, at a branch and at head office: whoever still holds an entry gives it back, and a fork shows.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod company;
    pub mod orders;
    pub mod site;
}

use meterdesk::book::append::Head;
use meterdesk::book::clock::FixedClock;
use meterdesk::desk::Desk;
use meterdesk::desk::exchange::News;
use meterdesk::rules::id::Id;
use meterdesk::store::tables::base::ExceptionRow;
use meterdesk::store::tables::exchange::ProofRow;
use serde_json::json;
use support::company::{Company, act, export, export_up_to, import};
use support::orders::moment;

fn copy(desk: &Desk) -> Desk {
    desk.copy_in_memory(Box::new(FixedClock::at(moment()))).unwrap()
}

fn worker(desk: &mut Desk, code: &str) -> (Id, [u8; 32]) {
    let worker = json!({ "code": code, "name": "张师傅", "team": "抢修班", "area": "城南" });
    let id = act(desk, "boss", "worker.add", &worker).0.unwrap();
    let hash = desk.look().unwrap().entry_hash(id).unwrap().unwrap();
    (id, hash)
}

fn holds(desk: &Desk, (id, hash): (Id, [u8; 32])) -> bool {
    let tx = desk.look().unwrap();
    tx.entry_hash(id).unwrap() == Some(hash) || tx.entry_hash(id.twin()).unwrap() == Some(hash)
}

fn life(desk: &Desk) -> i64 {
    Head::read(&desk.look().unwrap()).unwrap().epoch
}

#[test]
fn what_a_branch_and_head_office_both_lost_comes_back_from_a_third_site() {
    let mut company = Company::new(2, true);
    company.night();
    let (office, branch) = (copy(company.desk("HO")), copy(company.desk("B1")));
    let lost = worker(company.desk("B1"), "W1");
    company.night();
    company.night();
    assert!(holds(company.desk("B2"), lost));
    *company.desk("HO") = office;
    *company.desk("B1") = branch;
    for site in ["HO", "B1"] {
        company.desk(site).begin_new_life(1).unwrap();
    }
    assert!(!holds(company.desk("HO"), lost));
    for _ in 0..4 {
        company.night();
    }
    assert!(holds(company.desk("HO"), lost) && holds(company.desk("B1"), lost));
    assert_eq!(company.state("HO"), company.state("B2"));
    assert_eq!(company.state("HO"), company.state("B1"));
}

#[test]
fn chains_that_are_given_back_share_no_bundle_that_is_full() {
    let mut company = Company::new(2, true);
    company.night();
    let office = copy(company.desk("HO"));
    let lost = [worker(company.desk("B1"), "W1"), worker(company.desk("HO"), "W2")];
    company.night();
    company.night();
    *company.desk("HO") = office;
    company.desk("HO").begin_new_life(1).unwrap();
    let parcels = export(company.desk("HO"));
    for parcel in parcels.iter().filter(|parcel| parcel.to == "B2") {
        import(company.desk("B2"), &parcel.bytes).unwrap();
    }
    let parcels = export_up_to(company.desk("B2"), 1);
    assert!(parcels.len() >= 2, "{}", parcels.len());
    for parcel in &parcels {
        import(company.desk("HO"), &parcel.bytes).unwrap();
    }
    assert!(lost.iter().all(|entry| holds(company.desk("HO"), *entry)));
}

#[test]
fn a_third_site_gives_back_nothing_without_head_office_s_signature_over_it() {
    let mut company = Company::new(2, true);
    company.night();
    let office = copy(company.desk("HO"));
    let first = worker(company.desk("B1"), "W1");
    let last = worker(company.desk("B1"), "W2");
    company.night();
    company.night();
    *company.desk("HO") = office;
    company.desk("HO").begin_new_life(1).unwrap();
    let parcels = export(company.desk("HO"));
    for parcel in parcels.iter().filter(|parcel| parcel.to == "B2") {
        import(company.desk("B2"), &parcel.bytes).unwrap();
    }
    // The header is head office's own, but where the chain is cut off here it names no head.
    let tx = company.desk("B2").db_mut().write().unwrap();
    let proof = tx.get::<ProofRow>(&[&last.0.chain()]).unwrap().unwrap();
    assert_eq!(proof.seq, last.0.seq());
    tx.put(&ProofRow { seq: proof.seq - 1, ..proof }).unwrap();
    tx.commit().unwrap();
    let parcels = export(company.desk("B2"));
    let taken = import(company.desk("HO"), &parcels[0].bytes).unwrap();
    assert!(taken.dropped.is_some_and(|said| said.contains("总部没有签过名")), "{taken:?}");
    assert!(!holds(company.desk("HO"), first) && !holds(company.desk("HO"), last));
}

#[test]
fn a_branch_that_went_back_unnoticed_learns_it_from_what_head_office_holds() {
    let mut company = Company::new(2, true);
    company.night();
    let old = copy(company.desk("B1"));
    let first = worker(company.desk("B1"), "W1");
    let second = worker(company.desk("B1"), "W2");
    company.night();
    company.night();
    *company.desk("B1") = old;
    let other = worker(company.desk("B1"), "W3");
    assert_eq!(first.0, other.0, "one place, two entries");
    let parcels = export(company.desk("HO"));
    let mut news = News::default();
    for parcel in parcels.iter().filter(|parcel| parcel.to == "B1") {
        let desk = company.desk("B1");
        news.add(desk.take_bundle(std::io::Cursor::new(&parcel.bytes), "a.mdx", None, |_, _| {}).unwrap());
    }
    let notices = company.desk("B1").after_taking(news).unwrap();
    assert!(notices.iter().any(|notice| notice.contains("较早的副本")), "{notices:?}");
    assert_eq!(life(company.desk("B1")), 2);
    for _ in 0..4 {
        company.night();
    }
    for site in ["HO", "B1", "B2"] {
        for entry in [first, second, other] {
            assert!(holds(company.desk(site), entry), "{site} {}", entry.0);
        }
    }
    assert!(company.desk("HO").peers().unwrap().iter().any(|peer| peer.site.as_str() == "B1" && peer.frozen));
    assert_eq!(company.state("HO"), company.state("B2"));
}

#[test]
fn a_head_office_that_went_back_unnoticed_gets_its_other_branch_back_as_a_question() {
    let mut company = Company::new(1, true);
    company.night();
    let old = copy(company.desk("HO"));
    let first = worker(company.desk("HO"), "W1");
    company.night();
    *company.desk("HO") = old;
    let other = worker(company.desk("HO"), "W2");
    assert_eq!(first.0, other.0, "one place, two entries");
    for _ in 0..4 {
        company.night();
    }
    for site in ["HO", "B1"] {
        assert!(holds(company.desk(site), first) && holds(company.desk(site), other), "{site}");
    }
    assert_eq!(life(company.desk("HO")), 2, "it goes on in a new life");
    assert_eq!(company.state("HO"), company.state("B1"), "and both name the branches alike");
    for site in ["HO", "B1"] {
        let tx = company.desk(site).look().unwrap();
        assert_eq!(tx.entry_hash(first.0).unwrap(), Some(first.1), "{site}: others knew this one by its name");
        assert_eq!(tx.entry_hash(first.0.twin()).unwrap(), Some(other.1), "{site}");
    }
    let third = worker(company.desk("HO"), "W3");
    for _ in 0..3 {
        company.night();
    }
    assert!(holds(company.desk("B1"), third));
    assert_eq!(company.state("HO"), company.state("B1"));
    let tx = company.desk("HO").look().unwrap();
    let open = tx.scan::<ExceptionRow>(&[]).unwrap();
    assert!(open.iter().any(|row| row.what == "fork" && row.state == "open" && row.first == first.0), "{open:?}");
}

#[test]
fn a_head_office_that_meets_the_branches_of_a_fork_in_another_order_names_them_as_it_did_first() {
    let mut company = Company::new(2, true);
    company.night();
    let (office, branch) = (copy(company.desk("HO")), copy(company.desk("B1")));
    let first = worker(company.desk("B1"), "W1");
    company.night();
    *company.desk("B1") = branch;
    let other = worker(company.desk("B1"), "W2");
    let behind = worker(company.desk("B1"), "W3");
    for _ in 0..3 {
        company.night();
    }
    assert_eq!(first.0, other.0, "one place, two entries");
    for site in ["HO", "B1", "B2"] {
        assert!(stands(company.desk(site), first) && stands_as_twin(company.desk(site), other), "{site}");
    }
    assert_eq!(company.state("HO"), company.state("B1"), "the forked book itself goes by head office's names");
    // Head office goes back to before it knew of either, and meets the second branch first.
    *company.desk("HO") = office;
    company.desk("HO").begin_new_life(1).unwrap();
    for parcel in export(company.desk("B1")).iter().filter(|parcel| parcel.to == "HO") {
        import(company.desk("HO"), &parcel.bytes).unwrap();
    }
    for _ in 0..5 {
        company.night();
    }
    for site in ["HO", "B1", "B2"] {
        assert!(stands(company.desk(site), first), "{site}");
        assert!(stands_as_twin(company.desk(site), other) && stands_as_twin(company.desk(site), behind), "{site}");
    }
    assert_eq!(company.state("HO"), company.state("B2"));
    assert_eq!(company.state("HO"), company.state("B1"));
}

fn stands(desk: &Desk, (id, hash): (Id, [u8; 32])) -> bool {
    desk.look().unwrap().entry_hash(id).unwrap() == Some(hash)
}

fn stands_as_twin(desk: &Desk, (id, hash): (Id, [u8; 32])) -> bool {
    stands(desk, (id.twin(), hash))
}
