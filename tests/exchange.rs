//! The exchange between whole books, bundle by bundle: what arrives, in whatever order, with whatever loss, all sites come to agree.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod company;
    pub mod orders;
    pub mod site;
}

use meterdesk::derive::rebuild;
use meterdesk::exchange::take::Fate;
use serde_json::json;
use support::company::{Company, act, export_up_to, import};

fn worker(company: &mut Company, site: &str, code: &str) {
    let input = json!({ "code": code, "name": "张师傅", "team": "抢修班", "area": "城南", "phone": "13800000000" });
    act(company.desk(site), "boss", "worker.add", &input);
}

#[test]
fn all_sites_agree_after_two_nights_and_say_what_is_confirmed() {
    let mut company = Company::new(3, true);
    for (site, code) in [("B1", "W1"), ("B2", "W2"), ("B3", "W3"), ("HO", "W0")] {
        worker(&mut company, site, code);
    }
    company.night();
    company.night();
    let office = company.state("HO");
    for site in ["B1", "B2", "B3"] {
        assert_eq!(company.state(site), office, "{site}");
        let status = company.desk(site).exchange_status().unwrap();
        assert_eq!(status.waiting[0].entries, 0, "{site}");
        let own = status.acknowledged.iter().find(|line| line.site == site).unwrap();
        let head = company.desk(site).verify(false, |_| {}).unwrap();
        let mine = head.sites.iter().find(|chain| chain.site == site).unwrap();
        assert_eq!((own.seq, &own.head), (mine.seq, &mine.head));
    }
    for desk in &mut company.desks {
        let before = desk.look().unwrap().state_hash().unwrap();
        rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
        assert_eq!(desk.look().unwrap().state_hash().unwrap(), before);
    }
}

#[test]
fn a_bundle_again_changes_nothing_and_a_quiet_night_writes_no_entry() {
    let mut company = Company::new(1, true);
    worker(&mut company, "B1", "W1");
    let parcels = company.export("B1");
    assert_eq!(company.deliver(&parcels)[0].fate, Fate::Taken);
    let before = (company.state("HO"), company.desk("HO").look().unwrap().entry_count().unwrap());
    let again = company.deliver(&parcels);
    assert_eq!((again[0].fate, again[0].fresh), (Fate::Known, 0));
    // The same entries in another bundle: known too.
    let other = company.export("B1");
    assert_eq!(company.deliver(&other)[0].fate, Fate::Known);
    assert_eq!((company.state("HO"), company.desk("HO").look().unwrap().entry_count().unwrap()), before);
    company.night();
    company.night();
    let settled = company.desk("HO").look().unwrap().entry_count().unwrap();
    company.night();
    assert_eq!(company.desk("HO").look().unwrap().entry_count().unwrap(), settled);
}

#[test]
fn a_lost_bundle_heals_with_the_next_one() {
    let mut company = Company::new(1, true);
    worker(&mut company, "B1", "W1");
    let _lost = company.export("B1");
    worker(&mut company, "B1", "W2");
    let parcels = company.export("B1");
    company.deliver(&parcels);
    assert_eq!(company.desk("B1").exchange_status().unwrap().acknowledged, vec![]);
    company.night();
    assert_eq!(company.state("HO"), company.state("B1"));
}

#[test]
fn a_bundle_before_its_time_is_held_until_the_gap_fills() {
    let mut company = Company::new(1, true);
    for number in 0..40 {
        worker(&mut company, "B1", &format!("W{number}"));
    }
    // Small bundles: each goes on where the one before ended.
    let parcels = export_up_to(company.desk("B1"), 0);
    company.deliver(&parcels);
    let office = company.export("HO");
    company.deliver(&office);
    for number in 40..60 {
        worker(&mut company, "B1", &format!("W{number}"));
    }
    let second = company.export("B1");
    let mut fresh = Company::new(1, true);
    let held = fresh.import("HO", &second[0].bytes);
    // The fresh head office knows this branch's keys (they come from a seed) and holds nothing of it: a gap.
    let held = held.unwrap();
    assert_eq!(held.fate, Fate::Held);
    assert!(held.note.contains("B1.1"), "{}", held.note);
    assert_eq!(fresh.desk("HO").look().unwrap().bundles_in("held").unwrap().len(), 1);
    fresh.deliver(&parcels);
    assert_eq!(fresh.import("HO", &second[0].bytes).unwrap().fate, Fate::Taken);
}

#[test]
fn strangers_wrong_addresses_and_flipped_bits_change_nothing() {
    let mut company = Company::new(2, true);
    worker(&mut company, "B1", "W1");
    let parcels = company.export("B1");
    let before = company.state("HO");
    let wrong = company.import("B2", &parcels[0].bytes).unwrap_err();
    assert!(wrong.to_string().contains("不是给本网点"), "{wrong}");
    let mut bytes = parcels[0].bytes.clone();
    for at in [0, 9, bytes.len() / 2, bytes.len() - 1] {
        bytes[at] ^= 1;
        assert!(company.import("HO", &bytes).is_err(), "byte {at}");
        bytes[at] ^= 1;
    }
    for length in [0, 7, 100, bytes.len() - 1] {
        assert!(company.import("HO", &bytes[..length]).is_err(), "{length}");
    }
    let mut stranger = support::company::site("B9", false);
    assert!(import(&mut stranger, &parcels[0].bytes).is_err());
    act(company.desk("HO"), "boss", "site.revoke", &json!({ "site": "B1", "reason": "机器被盗" }));
    let revoked = company.import("HO", &parcels[0].bytes).unwrap_err();
    assert!(revoked.to_string().contains("作废"), "{revoked}");
    // The revocation is an entry; nothing else has changed.
    assert_ne!(company.state("HO"), before);
    assert!(company.desk("HO").look().unwrap().chains().unwrap().iter().all(|chain| chain.site().as_str() != "B1"));
}
