//! Clocks and silence around the exchange: a machine's clock that jumped is said when the book is opened, and a year without an
//! export is only a long list.

mod support;

use chrono::{DateTime, Duration, FixedOffset};
use meterdesk::book::clock::FixedClock;
use meterdesk::desk::open::NewSite;
use meterdesk::desk::{Desk, view_exchange};
use meterdesk::store::OpenOptions;
use serde_json::json;
use support::company::{Company, act};
use support::orders::{Book, moment};
use support::seat::Seat;
use support::site::new_site;

fn branch(folder: &std::path::Path, practice: bool) -> Desk {
    let new = NewSite { practice, password: "secret-1", ..new_site("B03", false) };
    let clock = Box::new(FixedClock::at(moment()));
    Desk::create(&folder.join("branch.db"), OpenOptions::default(), clock, &new).unwrap().0
}

fn notices(folder: &std::path::Path, now: DateTime<FixedOffset>) -> Vec<String> {
    let desk = Desk::open(&folder.join("branch.db"), OpenOptions::default(), Box::new(FixedClock::at(now))).unwrap();
    desk.notices().to_vec()
}

#[test]
fn a_clock_before_the_last_entry_or_a_day_after_it_is_said_when_the_book_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    drop(branch(folder.path(), false));
    for quiet in [Duration::zero(), Duration::minutes(-4), Duration::hours(23)] {
        assert_eq!(notices(folder.path(), moment() + quiet), Vec::<String>::new(), "{quiet}");
    }
    let back = notices(folder.path(), moment() - Duration::minutes(6));
    assert!(back[0].contains("还早"), "{back:?}");
    let ahead = notices(folder.path(), moment() + Duration::hours(25));
    assert!(ahead[0].contains("核对日期"), "{ahead:?}");
}

#[test]
fn a_year_when_nobody_exported_is_warned_of_and_healed_by_one_night() {
    let mut company = Company::new(1, true);
    company.night();
    company.night();
    company.minutes(365 * 24 * 60);
    let quiet = |company: &mut Company| {
        let desk = company.desk("B1");
        view_exchange::view(desk).unwrap().warnings
    };
    let early = quiet(&mut company);
    assert!(early.iter().all(|warning| warning.contains("审批暂停")), "nothing waits, so nothing is late: {early:?}");
    for number in 0..20 {
        let worker = json!({ "code": format!("W{number}"), "name": "张师傅", "team": "抢修班" });
        act(company.desk("B1"), "boss", "worker.add", &worker);
    }
    let warned = quiet(&mut company);
    assert!(warned.iter().any(|warning| warning.contains("365 天")), "{warned:?}");
    company.night();
    company.night();
    assert_eq!(quiet(&mut company), Vec::<String>::new());
    assert_eq!(company.state("B1"), company.state("HO"));
}

#[test]
fn the_screen_writes_a_stick_beside_the_work_and_says_when_it_may_be_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = branch(folder.path(), true);
    let office = support::company::site("HO", true);
    let (_, card) = office.site_card().unwrap();
    let print = office.site_keys().unwrap().public().fingerprint();
    act(&mut desk, "boss", "site.trust", &json!({ "card": card, "fingerprint": print }));
    let stick = folder.path().join("交换");
    std::fs::create_dir(&stick).unwrap();
    let mut seat = Seat::on(Book { desk }, "boss", meterdesk::tui::screens::exchange);
    seat.paste(stick.to_str().unwrap()).press("<F2>").until("可以取盘");
    let found: Vec<_> = std::fs::read_dir(&stick).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let name = found[0].to_str().unwrap();
    assert!(found.len() == 1 && name.starts_with("B03-HO-1-000001-") && name.ends_with(".mdx"), "{found:?}");
    // What lies there is for head office, not for this branch.
    seat.press("<F6>").until("没有给本网点的交换包");
}
