//! The screen of the exchange: keys with a passphrase are unlocked there, and everybody sees that approvals have stopped.

mod support;

use std::path::Path;

use chrono::Duration;
use meterdesk::book::clock::FixedClock;
use meterdesk::desk::Desk;
use meterdesk::store::OpenOptions;
use meterdesk::tui::screens;
use serde_json::json;
use support::company::{Company, site};
use support::orders::{Book, moment};
use support::seat::Seat;
use support::site::new_site;

const PASSPHRASE: &str = "correct horse";

fn clock() -> Box<FixedClock> {
    Box::new(FixedClock::at(moment()))
}

/// A branch on disk whose site keys have a passphrase, and which trusts a head office; opened anew, its keys are locked.
fn locked_branch(path: &Path) -> Desk {
    let new = new_site("B03", false);
    drop(Desk::create(path, OpenOptions::default(), clock(), &new).unwrap());
    std::fs::remove_file(format!("{}.site", path.display())).unwrap();
    let mut desk = Desk::open(path, OpenOptions::default(), clock()).unwrap();
    desk.make_site_keys(Some(PASSPHRASE)).unwrap();
    desk.sign_in_practice("boss").unwrap();
    let (card, text) = site("HO", true).site_card().unwrap();
    let trust = json!({ "card": text, "fingerprint": card.keys.fingerprint() });
    desk.perform("site.trust", &trust.to_string(), Default::default()).unwrap();
    drop(desk);
    Desk::open(path, OpenOptions::default(), clock()).unwrap()
}

#[test]
fn the_passphrase_of_locked_keys_is_asked_for_once_and_kept_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.db");
    let stick = folder.path().join("stick");
    std::fs::create_dir(&stick).unwrap();
    let desk = locked_branch(&path);
    let mut seat = Seat::on(Book { desk }, "boss", screens::exchange).keeping(folder);
    seat.shows("网点密钥已锁");
    seat.press(&format!("<C-u>{}<F2>", stick.display())).shows("网点密钥的口令");
    seat.press(PASSPHRASE);
    assert!(!seat.shot().has(PASSPHRASE), "masked");
    seat.press("<C-u>wrong<Enter>").shows("口令不对");
    assert!(!seat.shot().has("wrong"));
    seat.press(PASSPHRASE).press("<Enter>").until("读回核对无误");
    assert!(!seat.shot().has("已锁"));
    assert_eq!(std::fs::read_dir(&stick).unwrap().count(), 1);
    // The second export asks for nothing.
    seat.press("<F2>").until("读回核对无误");
    // Neither a draft nor the book nor its log holds it.
    seat.app.flush_drafts();
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap().filter_map(Result::ok) {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        let found = bytes.windows(PASSPHRASE.len()).any(|window| window == PASSPHRASE.as_bytes());
        assert!(!found, "{}", entry.path().display());
    }
}

#[test]
fn esc_at_the_passphrase_exports_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = locked_branch(&folder.path().join("b.db"));
    let stick = folder.path().join("stick");
    std::fs::create_dir(&stick).unwrap();
    let mut seat = Seat::on(Book { desk }, "boss", screens::exchange).keeping(folder);
    seat.press(&format!("<C-u>{}<F6><Esc>", stick.display())).shows("网点密钥已锁");
    assert_eq!(std::fs::read_dir(&stick).unwrap().count(), 0);
}

#[test]
fn every_bundle_written_is_named_by_life_and_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = locked_branch(&folder.path().join("b.db"));
    desk.unlock_site_keys(Some(PASSPHRASE)).unwrap();
    for number in 1..=2 {
        let answer = desk.exchange_out(folder.path(), Default::default(), |_, _| {}).unwrap();
        let lines: Vec<(&str, i64, i64)> =
            answer.bundles.iter().map(|line| (line.to.as_str(), line.life, line.number)).collect();
        assert_eq!(lines, [("HO", 1, number)]);
    }
}

/// A branch that exchanged once and has not heard of head office for so many days since.
fn branch_after(days: i64) -> Book {
    let mut company = Company::new(1, true);
    company.night();
    company.night();
    let mut desk = company.desks.remove(1);
    desk.set_clock(Box::new(FixedClock::at(moment() + Duration::days(days))));
    Book { desk }
}

#[test]
fn approvals_that_have_stopped_are_shown_on_home_at_the_approvals_and_at_the_exchange() {
    let mut seat = Seat::home(branch_after(40), "chief");
    seat.shows("审批权限").shows("已到期").shows("审批暂停，收费、受").shows("请到“交换”收进总部的交换包");
    seat.snapshot("home_approvals_stopped");
    let mut seat = Seat::on(branch_after(40), "chief", screens::approvals);
    seat.shows("已到期").shows("审批暂停");
    seat.snapshot("approvals_stopped");
    let mut seat = Seat::on(branch_after(40), "chief", screens::exchange);
    seat.shows("已到期").shows("审批权限有效到");
}

#[test]
fn they_are_announced_three_days_before_and_not_earlier() {
    let until = {
        let book = branch_after(1);
        let view = meterdesk::desk::view_exchange::view(&book.desk).unwrap();
        view.approves_until.unwrap()
    };
    let left = (until - moment().date_naive()).num_days();
    for (days, said, stopped) in
        [(left - 3, false, false), (left - 2, true, false), (left, true, false), (left + 1, true, true)]
    {
        let mut seat = Seat::home(branch_after(days), "chief");
        let shot = seat.shot();
        assert_eq!((shot.has("审批权限"), shot.has("已到期")), (said, stopped), "{days}\n{}", shot.picture());
    }
}
