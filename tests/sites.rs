//! Several sites in one book: given the entries of other sites, then this site's people, tills, desks, lists, runs and imports
//! are its own, the head office sees all, and every book of the same entries derives the same.

mod support;

use chrono::Duration;
use meterdesk::book::clock::FixedClock;
use meterdesk::desk::session::business_day;
use meterdesk::desk::{Desk, view_exceptions, view_home, view_orders, view_users};
use meterdesk::outbound::reports;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::{Fen, Milli};
use meterdesk::store::entries::EntryRow;
use serde_json::{Value, json};
use support::orders::{Book, Chance, book, moment, office};
use support::{till, town, water};

/// The branches and the head office: each with its own users of the same names, the same prices, accounts and workers of its own.
fn company() -> [Book; 3] {
    let [mut north, mut south, mut centre] = [book("B01"), book("B02"), office("H00")];
    for (book, digit) in [(&mut north, 1), (&mut south, 2)] {
        let owing = |n: u32| town::account(&format!("3{digit}0000000{n}"), "王军义", "supplied", 8_500);
        water::branch(book, &[water::resident(&format!("3{digit}00000001")), owing(2), owing(3)]);
        let worker = json!({ "code": "lq", "name": format!("李强{digit}"), "team": "抢修班", "area": "城区" });
        book.act("boss", "worker.add", worker);
    }
    water::prices(&mut centre);
    [north, south, centre]
}

/// A book that holds nothing yet; its clock is so many minutes after the others'.
fn empty(site: &str, minutes: i64) -> Book {
    let clock = FixedClock::at(moment() + Duration::minutes(minutes));
    Book { desk: Desk::in_memory(site, Box::new(clock)).unwrap() }
}

/// Everybody takes in everything of everybody, in different orders.
fn swap(books: &mut [Book]) {
    let all: Vec<Vec<EntryRow>> = books.iter().map(entries).collect();
    for (index, book) in books.iter_mut().enumerate() {
        for step in 0..all.len() {
            let from = (index * 2 + step) % all.len();
            receive(book, all[from].iter());
        }
    }
}

fn entries(book: &Book) -> Vec<EntryRow> {
    book.desk.look().unwrap().entries_after(Id(0), 100_000).unwrap()
}

fn receive<'e>(book: &mut Book, entries: impl Iterator<Item = &'e EntryRow>) {
    let tx = book.desk.db_mut().write().unwrap();
    for entry in entries {
        meterdesk::derive::receive(&tx, entry).unwrap();
    }
    tx.commit().unwrap();
    meterdesk::derive::bulk::finish(book.desk.db_mut(), |_| {}).unwrap();
}

fn state(book: &Book) -> [u8; 32] {
    book.desk.look().unwrap().state_hash().unwrap()
}

fn clashes(book: &Book) -> Vec<String> {
    view_exceptions::open(&book.desk).unwrap().into_iter().map(|view| view.what).collect()
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> String {
    book.try_act(user, action, &input).expect_err(&format!("{action} {input}")).message()
}

#[test]
fn every_site_has_its_own_login_names_and_its_own_people_sit_down() {
    let mut books = company();
    swap(&mut books);
    let [north, south, centre] = &mut books;
    for (book, site) in [(&mut *north, "B01"), (&mut *south, "B02"), (&mut *centre, "H00")] {
        for login in ["boss", "demo", "desk", "room"] {
            book.desk.sign_in(login, "demo").unwrap();
            assert_eq!(book.desk.session().unwrap().user.site().as_str(), site, "{login}");
        }
        assert_eq!(book.desk.first_manager().unwrap().as_deref(), Some("boss"));
        assert!(!clashes(book).contains(&"user_login".to_owned()));
    }
    assert!(north.desk.sign_in("demo@B02", "demo").is_err(), "a branch's user cannot sit down at another branch");
    assert!(north.desk.sign_in("demo@H00", "demo").is_err(), "nor one of the head office without a role there");
    let seen = |book: &Book| view_users::users(&book.desk).unwrap();
    assert!(seen(north).iter().all(|user| user.site == "B01"));
    assert_eq!((seen(centre).len(), seen(north).len()), (18, 6));
    assert!(seen(centre).iter().any(|user| user.handle == "demo@B02"));
}

#[test]
fn the_head_offices_people_sit_down_where_it_sends_them_with_the_role_it_gave_there() {
    let mut books = company();
    let centre = &mut books[2];
    centre.act(
        "boss",
        "user.add",
        json!({ "login": "audit", "name": "冯审计", "roles": ["auditor"], "password": "demo" }),
    );
    centre.act("boss", "user.right", json!({ "user": "audit", "role": "clerk", "site": "B01" }));
    let own = json!({ "user": "audit", "role": "clerk", "site": "H00" });
    assert!(refused(centre, "boss", "user.right", own).contains("网点代码"));
    swap(&mut books);
    let [north, south, centre] = &mut books;
    assert!(
        refused(centre, "boss", "user.right", json!({ "user": "demo@B02", "role": "clerk", "site": "B01" }))
            .contains("B02")
    );
    assert!(
        refused(north, "boss", "user.right", json!({ "user": "audit@H00", "role": "clerk", "site": "B01" }))
            .contains("H00")
    );
    assert!(south.desk.sign_in("audit", "demo").is_err());
    north.desk.sign_in("audit", "demo").unwrap();
    let rights = north.desk.rights().unwrap();
    assert!(rights.has_role("clerk") && !rights.has_role("auditor"));
    centre.desk.sign_in("audit", "demo").unwrap();
    let rights = centre.desk.rights().unwrap();
    assert!(!rights.has_role("clerk") && rights.has_role("auditor"));
    centre.act("boss", "user.right", json!({ "user": "audit", "role": "clerk", "site": "B01", "withdraw": true }));
    centre.act("boss", "user.reset", json!({ "user": "demo@B02", "password": "other" }));
    swap(&mut books);
    let [north, south, _] = &mut books;
    north.desk.sign_in("audit", "demo").unwrap();
    assert!(!north.desk.rights().unwrap().has_role("clerk"));
    assert!(south.desk.sign_in("demo", "demo").is_err() && south.desk.sign_in("demo", "other").is_ok());
    assert!(north.desk.sign_in("demo", "demo").is_ok(), "the other demo's password is untouched");
}

#[test]
fn tills_shifts_and_receipt_numbers_are_each_sites_own() {
    let mut books = company();
    let [north, south, _] = &mut books;
    for book in [&mut *north, &mut *south] {
        assert_eq!(book.act("demo", "shift.open", json!({ "float": "200.00" }))["no"], 1);
    }
    let receipt = |book: &mut Book, no: &str| {
        let paid = book.act("demo", "payment.take", json!({ "account": no }));
        paid["receipt"].as_str().unwrap().to_owned()
    };
    assert_eq!(receipt(north, "3100000002"), "B01-1-000001");
    assert_eq!(receipt(south, "3200000002"), "B02-1-000001");
    swap(&mut books);
    let [north, south, centre] = &mut books;
    assert_eq!(receipt(north, "3100000003"), "B01-1-000002");
    assert_eq!(receipt(south, "3100000003"), "B02-1-000002", "a customer may pay anywhere");
    assert_eq!(north.act("check", "shift.open", json!({ "float": "0.00" }))["no"], 2, "the day's second shift here");
    let today = moment().date_naive();
    let shown = |book: &Book, name: &str| {
        let tx = book.desk.look().unwrap();
        let sheet = (reports::report(name).unwrap().fill)(&tx, tx.seen().unwrap(), today, today).unwrap();
        sheet.rows.len()
    };
    assert_eq!((shown(north, "shifts"), shown(south, "shifts"), shown(centre, "shifts")), (2, 1, 2));
    assert_eq!((shown(north, "payments"), shown(centre, "payments")), (2, 2));
    assert_eq!(north.desk.look().unwrap().taken_on(today).unwrap().0, 2);
    assert_eq!(centre.desk.look().unwrap().taken_on(today).unwrap().0, 2);
    let foreign = south.desk.look().unwrap().till_of_receipt("B01-1", 1).unwrap()[0].shift;
    let into = json!({ "shift": foreign, "amount": "1.00", "to": "银行", "slip": "1" });
    assert!(south.try_act("demo", "shift.deposit", &into).is_err(), "another site's drawer stays shut");
    for book in &books {
        till::sound(book);
    }
}

#[test]
fn a_shift_open_at_the_head_office_moves_no_business_day_here() {
    let mut books = company();
    books[2].act("boss", "user.add", json!({ "login": "tour", "name": "冯", "roles": ["clerk"], "password": "demo" }));
    books[2].act("boss", "user.right", json!({ "user": "tour", "role": "clerk", "site": "B01" }));
    swap(&mut books);
    books[2].act("tour", "shift.open", json!({ "float": "0.00" }));
    swap(&mut books);
    let [north, ..] = &mut books;
    let later = moment() + Duration::days(1);
    let tx = north.desk.look().unwrap();
    let user = tx.user_at_desk("tour").unwrap().unwrap();
    assert_eq!(business_day(&tx, later).unwrap(), later.date_naive(), "the shift open at the head office is not here");
    assert_eq!(tx.open_shift(user.id).unwrap(), None);
}

#[test]
fn a_number_given_is_never_given_again_though_its_row_waits_for_an_upgrade() {
    let mut north = book("B01");
    water::branch(
        &mut north,
        &[town::account("3100000002", "王", "supplied", 8_500), town::account("3100000003", "李", "supplied", 8_500)],
    );
    let shift: Id =
        north.act("demo", "shift.open", json!({ "float": "0.00" }))["shift"].as_str().unwrap().parse().unwrap();
    assert_eq!(north.act("demo", "payment.take", json!({ "account": "3100000002" }))["receipt"], "B01-1-000001");
    // A newer program of the head office wrote something about this shift.
    let mut newer = entries(&north).into_iter().find(|entry| entry.id == shift.entry()).unwrap();
    let site = meterdesk::rules::id::Site::parse("H00").unwrap();
    newer.id = Id::new(&site, 1, 9, 0).unwrap();
    (newer.site, newer.seq, newer.action) = ("H00".into(), 9, "shift.audit".into());
    newer.subjects = format!("s{shift}");
    newer.hlc += 1;
    let tx = north.desk.db_mut().write().unwrap();
    tx.insert_entry(&newer).unwrap();
    meterdesk::derive::record(&tx, &newer).unwrap();
    tx.commit().unwrap();
    // The till of a paused shift takes nothing more, so no number of a row that waits can be given again.
    let refused = north.try_act("demo", "payment.take", &json!({ "account": "3100000003" })).unwrap_err();
    assert_eq!(refused.faults[0].rule, "upgrade", "{refused:?}");
}

#[test]
fn a_bill_run_bills_the_accounts_of_this_site_only() {
    let mut books = company();
    let [north, south, _] = &mut books;
    water::read(north, "3100000001", "2026-10-12", "122");
    water::read(south, "3200000001", "2026-10-12", "130");
    swap(&mut books);
    let [north, _, centre] = &mut books;
    assert_eq!(water::bill(centre, "2026-10").bills, 0, "the head office has no accounts");
    assert_eq!(water::bill(north, "2026-10").bills, 1);
    assert!(water::bills(north, "3200000001").is_empty());
    swap(&mut books);
    let [north, south, _] = &mut books;
    assert_eq!(water::bill(south, "2026-10").bills, 1, "the other site's run of the cycle is not this one's");
    assert_eq!(water::bills(south, "3200000001").len(), 1);
    assert_eq!(water::bill(north, "2026-10").readings, 0);
    let books = |book: &Book| book.desk.look().unwrap().books().unwrap();
    assert_eq!(books(north), books(south));
}

#[test]
fn two_bills_that_share_days_of_use_are_one_bill_and_an_exception() {
    let run = |later: bool| {
        let mut home = book("B01");
        water::branch(&mut home, &[water::resident("3100000001")]);
        water::read(&mut home, "3100000001", "2026-10-12", "110");
        let mut away = empty("B02", if later { 5 } else { -5 });
        receive(&mut away, entries(&home).iter());
        water::read(&mut away, "3100000001", "2026-10-20", "120");
        away.act("room", "bill.issue", json!({ "account": "3100000001" }));
        water::bill(&mut home, "2026-10");
        home.receive_from(&away);
        home
    };
    for later in [true, false] {
        let mut home = run(later);
        let rows = water::bills(&home, "3100000001");
        let living: Vec<_> = rows.iter().filter(|row| row.state != "cancelled").collect();
        assert_eq!((rows.len(), living.len()), (2, 1), "{rows:?}");
        assert!(clashes(&home).contains(&"billed_twice".to_owned()));
        water::sound(&mut home);
        water::read(&mut home, "3100000001", "2026-11-12", "150");
        water::bill(&mut home, "2026-11");
        let living = water::bills(&home, "3100000001").into_iter().filter(|row| row.state != "cancelled");
        let all: Milli = living.map(|row| row.volume).fold(Milli::ZERO, |sum, volume| Milli(sum.0 + volume.0));
        assert_eq!(all, Milli::whole(50), "100 to 150, once");
    }
}

const OWN: &str = include_str!("../assets/tariffs/bj-water-res-2014.toml");

#[test]
fn one_price_file_loaded_everywhere_is_one_and_of_two_texts_the_head_offices_counts() {
    let mut books = company();
    swap(&mut books);
    for book in &mut books {
        assert!(!clashes(book).iter().any(|what| what == "tariff"), "the same text is no clash");
        let again = json!({ "file": "x.toml", "text": OWN });
        assert_eq!(book.act("boss", "tariff.put", again)["already"], true);
    }
    let newer = |note: &str, price: &str| {
        let text = OWN.replace("2014-05-01", "2027-01-01").replace("5.00", price);
        json!({ "file": "n.toml", "text": format!("{text}\n# {note}\n") })
    };
    let price = |book: &Book| {
        let prices = book.desk.prices().unwrap();
        let day = "2027-02-01".parse().unwrap();
        prices.at("BJ-WATER-RES-2014", day).map(|tariff| tariff.file.clone()).map_err(|fault| fault.message)
    };
    let named = |site: &str| {
        let mut input = newer(site, "5.00");
        input["file"] = format!("{site}.toml").into();
        input
    };
    books[0].act("boss", "tariff.put", named("B01"));
    books[1].act("boss", "tariff.put", named("B02"));
    swap(&mut books);
    assert_eq!((price(&books[0]).unwrap(), price(&books[1]).unwrap()), ("B01.toml".into(), "B02.toml".into()));
    assert_eq!(
        price(&books[2]).unwrap(),
        OWN_FILE,
        "the head office has files of this code: branches' do not count there"
    );
    assert!(books.iter().all(|book| clashes(book).contains(&"tariff".to_owned())));
    books[2].act("boss", "tariff.put", named("H00"));
    swap(&mut books);
    for book in &books {
        assert_eq!(price(book).unwrap(), "H00.toml");
        assert_eq!(state(book), state(&books[0]));
    }
}

/// Name under which the tests load the price file.
const OWN_FILE: &str = "0.toml";

fn leak(place: &str) -> Value {
    json!({ "service": "fault", "address": place, "caller": "张三", "fields": { "kind": "漏水", "area": "农村" } })
}

#[test]
fn orders_are_worked_on_by_their_own_site_and_a_call_elsewhere_is_not_joined_silently() {
    let mut books = company();
    let input = leak("人民路12号门前");
    let first = books[0].act("desk", "intake.take", input.clone());
    swap(&mut books);
    let [north, south, centre] = &mut books;
    let second = south.act("desk", "intake.take", input.clone());
    assert_eq!((&second["joined"], &second["similar"]), (&json!(false), &json!([first["order"]])));
    let mut named = input.clone();
    named["join"] = first["order"].clone();
    assert!(refused(south, "desk", "intake.take", named).contains("B01"));
    let dispatch = |order: &Value| json!({ "orders": [order], "worker": "lq" });
    assert!(refused(south, "desk", "order.dispatch", dispatch(&first["order"])).contains("B01"));
    north.act("desk", "order.dispatch", dispatch(&first["order"]));
    let rows = |book: &Book| view_orders::rows(&book.desk.look().unwrap(), "", moment(), 0, 10).unwrap().len();
    assert_eq!((rows(north), rows(south), rows(centre)), (1, 1, 1));
    swap(&mut books);
    let [north, south, centre] = &mut books;
    assert_eq!((rows(north), rows(south), rows(centre)), (1, 1, 2));
    assert_eq!(view_orders::workers(&south.desk.look().unwrap(), "").unwrap().len(), 1);
    let worker = |book: &Book| book.desk.look().unwrap().workers_of_text("lq").unwrap()[0].name.clone();
    assert_eq!((worker(north), worker(south)), ("李强1".to_owned(), "李强2".to_owned()));
    let home = |book: &Book| view_orders::home(&book.desk.look().unwrap(), moment().date_naive(), moment()).unwrap();
    assert_eq!((home(north).taken, home(south).taken, home(centre).taken), (1, 1, 2));
    assert_eq!((home(north).dispatched, home(south).dispatched), (1, 0));
    assert_eq!(clashes(south), ["open_order"], "both desks see that the same thing is open twice");
    assert_eq!(clashes(north), clashes(south));
    let detail =
        view_orders::detail(&south.desk.look().unwrap(), first["order"].as_str().unwrap().parse().unwrap(), moment());
    assert!(detail.unwrap().unwrap().history.iter().all(|line| line.who.starts_with("B01 ")));
}

#[test]
fn what_does_not_fit_is_shown_to_the_site_it_concerns_and_to_the_head_office() {
    let mut books = company();
    for book in &mut books[..2] {
        book.act("demo", "shift.open", json!({ "float": "0.00" }));
    }
    swap(&mut books);
    for book in &mut books[..2] {
        book.act("demo", "payment.take", json!({ "account": "3100000002" }));
    }
    swap(&mut books);
    let count = |book: &Book| book.desk.look().unwrap().exception_count().unwrap();
    assert_eq!(
        (clashes(&books[0]), clashes(&books[2])),
        (vec!["paid_twice".to_owned()], vec!["paid_twice".to_owned()])
    );
    assert_eq!((count(&books[0]), count(&books[1]), count(&books[2])), (1, 0, 1));
    let paid = account(&books[1], "3100000002");
    assert_eq!(books[1].desk.look().unwrap().owed(paid).unwrap(), Fen::ZERO);
}

fn account(book: &Book, no: &str) -> Id {
    book.desk.look().unwrap().account_of_text(no).unwrap().unwrap().id
}

#[test]
fn a_number_two_sites_gave_means_this_sites_own_first() {
    let mut books = company();
    for book in &mut books[..2] {
        town::open_accounts(book, &[town::account("3900000009", "同号", "supplied", 0)]);
    }
    swap(&mut books);
    for (book, site) in books.iter().zip(["B01", "B02"]) {
        assert_eq!(account(book, "3900000009").site().as_str(), site);
        assert!(clashes(book).contains(&"account_no".to_owned()));
    }
    water::read(&mut books[1], "3900000009", "2026-10-12", "5");
    let own = account(&books[1], "3900000009");
    assert!(books[1].desk.look().unwrap().last_reading(own).unwrap().is_some());
}

#[test]
fn another_sites_account_is_found_with_its_site_and_marked_when_it_is_not_held_whole() {
    let mut books = company();
    swap(&mut books);
    let [north, ..] = &mut books;
    north.desk.db().refresh_search(|_| true).unwrap();
    let owes = north.desk.look().unwrap().owing().unwrap();
    let state_of = |book: &Book, no: &str| view_home::find(&book.desk, no, 5, &owes).unwrap().rows[0].state.clone();
    assert!(state_of(north, "3200000002").ends_with("(B02)"));
    assert!(!state_of(north, "3100000002").contains("B0"));
    let alerts = |book: &Book, no: &str| {
        let view = meterdesk::desk::customer_view::account(&book.desk, no).unwrap();
        view.alerts.into_iter().map(|alert| alert.text).collect::<Vec<_>>().join(";")
    };
    assert!(alerts(north, "3200000002").contains("本户属 B02"));
    assert!(!alerts(north, "3100000002").contains("B0"));
    let entry = account(north, "3200000002").entry();
    let tx = north.desk.db_mut().write().unwrap();
    tx.put(&meterdesk::store::entries::RelayedRow { id: entry }).unwrap();
    tx.commit().unwrap();
    assert!(alerts(north, "3200000002").contains("资料不全，以 B02 为准"));
}

/// A month of a small company: each site works, then everybody swaps everything.
fn busy() -> [Book; 3] {
    let mut books = company();
    for book in &mut books[..2] {
        book.act("demo", "shift.open", json!({ "float": "100.00" }));
    }
    swap(&mut books);
    let [north, south, centre] = &mut books;
    for book in [&mut *north, &mut *south] {
        book.act("demo", "payment.take", json!({ "account": "3100000002" }));
        book.act("demo", "payment.take", json!({ "account": "3200000003", "amounts": "10.00" }));
        book.act("desk", "intake.take", leak("人民路12号门前"));
    }
    // Readings, bills and meters are each site's own business.
    water::read(north, "3100000001", "2026-10-12", "122");
    north.act("room", "bill.issue", json!({ "account": "3100000001" }));
    south.act("room", "swap.enter", water::slip("HB1", "3200000001", "2026-11-01", "140", "NB02", "0"));
    centre.act("boss", "user.right", json!({ "user": "check@B01", "role": "clerk", "withdraw": true }));
    north.act("demo", "shift.close", json!({ "counted": "300.00", "note": "点钞", "confirm": true }));
    books
}

#[test]
fn three_sites_that_swap_everything_agree() {
    let mut books = busy();
    swap(&mut books);
    let first = state(&books[0]);
    for book in &mut books {
        assert_eq!(state(book), first, "{}", book.desk.site());
        till::sound(book);
        meterdesk::derive::rebuild::rebuild(book.desk.db_mut(), |_| {}).unwrap();
        assert_eq!(state(book), first, "rebuilt at {}", book.desk.site());
    }
}

#[test]
fn of_another_site_any_part_may_be_held_and_the_books_still_balance() {
    let [north, south, _] = busy();
    let theirs = entries(&south);
    let theirs: Vec<EntryRow> = theirs.into_iter().filter(|entry| entry.site == "B02").collect();
    let before = entries(&north);
    for seed in 1..=40 {
        let mut chance = Chance(seed * 0x9E37_79B9);
        // The branch's own chain, then a part of the other's.
        let mut branch = empty("B01", 0);
        receive(&mut branch, before.iter().filter(|entry| entry.site == "B01"));
        receive(&mut branch, theirs.iter().filter(|_| chance.below(3) > 0));
        let fault = meterdesk::desk::till::sound::fault(&branch.desk.look().unwrap()).unwrap();
        assert_eq!(fault.map(|fault| fault.message), None, "seed {seed}");
        let balance = meterdesk::derive::ledger::trial_balance(&branch.desk.look().unwrap()).unwrap();
        assert_eq!((balance.unbalanced, balance.total()), (None, Fen::ZERO), "seed {seed}");
        let held = state(&branch);
        meterdesk::derive::rebuild::rebuild(branch.desk.db_mut(), |_| {}).unwrap();
        assert_eq!(state(&branch), held, "seed {seed}");
    }
}
