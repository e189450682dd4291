//! Makes the golden files that are not there yet, one line of the table a file; none is ever made again. `cargo test --test golden` reads them.

#[path = "support/bundle.rs"]
mod bundle;
#[allow(dead_code)] // it makes them and reads none
#[path = "support/golden.rs"]
mod files;
mod support;

use std::path::Path;

use files::{folder, keys};
use meterdesk::book::clock::FixedClock;
use meterdesk::derive::site::AcceptedFork;
use meterdesk::desk::import::{Request, What};
use meterdesk::desk::open::NewSite;
use meterdesk::desk::{demo, view_exceptions};
use meterdesk::exchange::frame::FrameKind;
use meterdesk::exchange::header::Header;
use meterdesk::rules::id::Id;
use meterdesk::store::OpenOptions;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::query::fixes::FixFilter;
use serde_json::json;
use support::company::{Company, accept, act};
use support::orders::{Book, book};
use support::site::new_site;
use support::water::{bill, bills, day, read, resident, slip};

fn practice_branch(home: &Path) -> Vec<EntryRow> {
    let desk = demo::build(&home.join("demo.db"), 60, 1, &mut |_, _, _| {}).unwrap();
    desk.look().unwrap().entries_after(Id(0), 1_000_000).unwrap()
}

fn all(book: &Book) -> Vec<EntryRow> {
    book.desk.look().unwrap().entries_after(Id(0), 1_000_000).unwrap()
}

fn till() -> Vec<EntryRow> {
    use support::till::{accounts, owes, prices};
    let mut book = book("B01");
    prices(&mut book);
    let owed = (vec![owes(8_640, "2026-11-18"), owes(3_300, "2026-10-01")], vec![owes(4_000, "2026-12-05")]);
    accounts(&mut book, &[owed]);
    let account = "10000001";
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": account, "amounts": "1.00" }));
    book.act("demo", "payment.take", json!({ "account": account, "amounts": "10.00", "to_prepaid": "40.00" }));
    book.act("demo", "fee.take", json!({ "account": account, "kind": "报装费", "amount": "5.00" }));
    let late = json!({ "account": account, "amounts": "20.00", "paper": "S1", "happened": "2026-11-19" });
    book.act("demo", "payment.enter_late", late);
    book.act("chief", "payment.confirm", json!({ "payment": "S1" }));
    book.act("demo", "payment.take", json!({ "account": account, "method": "预存", "amounts": "35.00" }));
    book.act("demo", "payment.reverse", json!({ "payment": "B01-1-000001", "reason": "收错" }));
    book.act("demo", "shift.deposit", json!({ "amount": "5.00" }));
    book.act("demo", "shift.close", json!({ "counted": "200.00", "note": "差额待查" }));
    all(&book)
}

fn orders() -> Vec<EntryRow> {
    let mut book = book("B01");
    support::town::small(&mut book);
    let unseal = json!({ "service": "unseal", "account": "3100000004", "papers": ["owner_id", "application"] });
    let order = book.act("demo", "intake.take", unseal)["order"].clone();
    book.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "zm" }));
    book.act("desk", "order.chase", json!({ "orders": [order] }));
    book.act("demo", "order.defer", json!({ "order": order, "until": "2026-11-24" }));
    book.act("desk", "order.pause", json!({ "order": order, "reason": "用户原因" }));
    book.act("desk", "order.resume", json!({ "order": order }));
    book.act("desk", "order.return", json!({ "order": order, "arrived": "10:00", "done": "10:00", "left": "10:00" }));
    let fault = json!({ "service": "fault", "account": "3100000002", "fields": { "kind": "漏水" } });
    let leak = book.act("demo", "intake.take", fault.clone())["order"].clone();
    book.act("desk", "order.dispatch", json!({ "orders": [leak], "worker": "lq" }));
    book.act("desk", "order.return", json!({ "order": leak, "arrived": "10:00", "done": "10:00", "left": "10:00" }));
    book.act("desk", "callback.record", json!({ "order": leak, "outcome": "满意" }));
    let said = json!({ "service": "complaint", "address": "人民路", "caller": "王", "fields": { "course": "慢" } });
    let complaint = book.act("demo", "intake.take", said.clone())["order"].clone();
    book.act("chief", "complaint.answer", json!({ "order": complaint, "outcome": "已解决", "remark": "已道歉" }));
    let second = book.act("demo", "intake.take", said)["order"].clone();
    book.act("chief", "order.void", json!({ "order": second, "reason": "重复" }));
    book.act("demo", "intake.park", json!({ "service": "fault", "address": "解放路", "queue": "A1" }));
    book.act("demo", "intake.resume", json!({ "queue": "A1" }));
    let mobile = json!({ "account": "3100000004", "field": "mobile", "seen": "13358990332", "value": "13800000000" });
    book.act("demo", "account.amend", mobile);
    support::transfer::transfer(&mut book, "3100000004", "李小龙", true);
    book.act("boss", "worker.amend", json!({ "worker": "lq", "phone": "13900000000" }));
    all(&book)
}

fn adjustments() -> Vec<EntryRow> {
    let mut book = book("B01");
    support::adjust::branch(&mut book);
    let volume = support::adjust::ask_volume(&book, "31000001", "22");
    support::adjust::adjusted(&mut book, volume);
    let calendar = "year = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = 2027-01-01\nto = 2027-01-03\n";
    book.act("boss", "calendar.put", json!({ "text": calendar }));
    all(&book)
}

fn meters() -> Vec<EntryRow> {
    const A: &str = "3100000001";
    const B: &str = "3100000002";
    let mut book = book("B03");
    support::water::prices(&mut book);
    let discount = meterdesk::derive::account::file::AccountOpened { discount: Some("双证".into()), ..resident(B) };
    let mut dated = resident("3100000003");
    dated.last_reading.as_mut().unwrap().day = day("2026-08-11");
    support::town::open_accounts(&mut book, &[resident(A), discount, dated]);
    let mut paper = slip("HB7", A, "2026-09-20", "112", "N7", "0");
    paper["account"] = json!(null);
    book.act("room", "swap.task", json!({ "slip": paper }));
    book.act("room", "swap.assign", json!({ "slips": ["HB7"], "clerk": "check" }));
    book.act("room", "swap.send_back", json!({ "slip": "HB7", "reason": "没有户号" }));
    book.act("room", "swap.number_found", json!({ "slip": "HB7", "account": A }));
    book.act("check", "swap.enter", json!({ "slip": "HB7" }));
    book.act("room", "reading.key", json!({ "account": A, "value": "6" }));
    read(&mut book, A, "2026-10-12", "6");
    book.act("room", "reading.correct", json!({ "account": A, "value": "7", "remark": "复表" }));
    read(&mut book, B, "2026-10-12", "110");
    bill(&mut book, "2026-10");
    let held = bills(&book, B).into_iter().find(|row| row.state == "held").unwrap().id;
    let own = include_str!("../assets/tariffs/bj-water-res-2014.toml");
    let two = own.replace("BJ-WATER-RES-2014", "TWO").replace("\"resident\"", "\"双证\"");
    book.act("boss", "tariff.put", json!({ "text": two }));
    book.act("room", "bill.release", json!({ "bill": held, "reason": "价目已载入" }));
    read(&mut book, A, "2026-11-12", "20");
    let issued = book.act("chief", "bill.issue", json!({ "account": A }))["bill"].clone();
    book.act("chief", "bill.cancel", json!({ "bill": issued, "reason": "抄错" }));
    all(&book)
}

/// One meter swapped twice, looked at afterwards: three sites' entries.
fn disputed() -> Vec<EntryRow> {
    const A: &str = "3100000001";
    let town = support::orders::Town::new(|book| support::water::branch(book, &[resident(A)]));
    let mut book = town.merged(&[
        ("room", "swap.enter", slip("HB1", A, "2026-09-20", "112", "N1", "0")),
        ("room", "swap.enter", slip("HB2", A, "2026-09-21", "115", "N2", "0")),
    ]);
    book.act("room", "swap.field_check", json!({ "account": A, "meter": "N2", "remark": "墙上是 N2" }));
    all(&book)
}

fn people() -> Vec<EntryRow> {
    let mut home = support::town::with_two_years(book("B01"), "B01", "B02");
    let clashes = view_exceptions::open(&home.desk).unwrap();
    let number = clashes.into_iter().find(|view| view.about == "2027").unwrap().exception;
    home.act("chief", "exception.assign", json!({ "exception": number, "owner": "check" }));
    let resolved = json!({ "exception": number, "decision": "用 B01 的", "reason": "B01 先载入" });
    home.act("chief", "exception.resolve", resolved);
    let mut book = book("B04");
    book.act("demo", "user.password", json!({ "old": "demo", "new": "better-1" }));
    book.act("boss", "user.right", json!({ "user": "demo", "role": "dispatcher", "last_day": "2026-12-21" }));
    book.act("boss", "user.close", json!({ "user": "room", "reason": "调离" }));
    book.act("boss", "user.reset", json!({ "user": "room", "password": "again-1" }));
    let customer = json!({
        "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi", "building": "33",
        "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3, "id_number": "530124194610038814",
        "mobile": "13987654321",
        "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01" },
        "last_reading": { "day": "2026-11-02", "value": "1204" }, "recent": [9, 8, 8],
    });
    let account = book.act("check", "account.open", customer)["account"].clone();
    let reveal = json!({ "account": account, "field": "id_number", "reason": "核对身份" });
    book.act("chief", "customer.reveal", reveal);
    [all(&home), all(&book)].concat()
}

fn import(home: &Path) -> Vec<EntryRow> {
    let new = NewSite { name: "城北营业所", ..new_site("B05", false) };
    let clock = FixedClock::at(support::orders::moment());
    let path = home.join("import.db");
    let (mut desk, _) = meterdesk::desk::Desk::create(&path, OpenOptions::default(), Box::new(clock), &new).unwrap();
    desk.sign_in_practice("boss").unwrap();
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/branch-7/water/customers.csv");
    let bytes = std::fs::read(whole).unwrap();
    let end = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(150).unwrap().0;
    let file = home.join("customers.csv");
    std::fs::write(&file, &bytes[..=end]).unwrap();
    let on = "2026-11-01".parse().ok();
    let request = Request { what: What::Customers, path: file, read_by: None, profile: None, on, dry_run: false };
    let run = desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap().run.unwrap();
    let filter = FixFilter { run: Some(run), defect: None, state: Some("open".into()) };
    let line = desk.fix_rows(&filter, (Id(0), 0), 1000).unwrap()[0].line;
    let drop = json!({ "file": run, "line": line, "reason": "原系统已注销" });
    desk.perform("import.drop", &drop.to_string(), meterdesk::desk::Call::default()).unwrap();
    desk.look().unwrap().entries_after(Id(0), 1_000_000).unwrap()
}

/// A head office and two branches: cards, a clock that is off, new keys, a stamp from the future, a fork and its way out.
fn company() -> Vec<EntryRow> {
    let mut company = Company::new(2, true);
    let ahead = |time: chrono::Duration| Box::new(FixedClock::at(support::orders::moment() + time));
    company.desk("B2").set_clock(ahead(chrono::Duration::hours(2)));
    company.night();
    company.night();
    act(company.desk("B2"), "boss", "clock.confirm", &json!({ "reason": "时区设错，已改" }));
    company.desk("B1").sign_in_practice("boss").unwrap();
    company.desk("B1").rotate_site_keys().unwrap();
    company.desk("B1").set_clock(ahead(chrono::Duration::days(365)));
    let worker = json!({ "code": "lq", "name": "李强", "team": "抢修班" });
    let (wild, _) = act(company.desk("B1"), "boss", "worker.add", &worker);
    company.desk("B1").set_clock(ahead(chrono::Duration::hours(1)));
    company.minutes(60);
    company.night();
    let office = company.desk("HO");
    let place = json!({ "entries": [wild], "reason": "B1 的时钟快了一年" });
    act(office, "boss", "entry.place", &place);
    act(office, "boss", "site.amend", &json!({ "site": "B1", "areas": ["old", "new"], "good_for_days": 20 }));
    let consult =
        include_str!("../assets/services/consult.toml").replace("name     = \"咨询\"", "name     = \"咨询台\"");
    act(office, "boss", "catalogue.put", &json!({ "file": "consult.toml", "text": consult }));
    accept(office, "B1", |body| {
        let (held, other) = ("22".repeat(32), "33".repeat(32));
        body.heads.clear();
        body.forks = vec![AcceptedFork { place: "B1.1.3".parse().unwrap(), held, other }];
    });
    act(office, "boss", "site.thaw", &json!({ "site": "B1", "reason": "旧机器已收回" }));
    act(office, "boss", "site.revoke", &json!({ "site": "B2", "reason": "机器被盗" }));
    office.look().unwrap().entries_after(Id(0), 1_000_000).unwrap()
}

/// Finance and the information centre after the till.
fn finance() -> Vec<EntryRow> {
    use support::till::{accounts, owes, prices};
    let mut book = book("B06");
    prices(&mut book);
    for (login, role) in [("cash", "cashier"), ("acct", "accountant"), ("info", "information_centre")] {
        book.act("boss", "user.add", json!({ "login": login, "name": login, "roles": [role], "password": "demo" }));
    }
    accounts(&mut book, &[(vec![owes(8_640, "2026-11-18")], vec![])]);
    let shift = book.act("demo", "shift.open", json!({ "float": "200.00" }))["shift"].clone();
    book.act("demo", "payment.take", json!({ "account": "10000001" }));
    let correction =
        json!({ "payment": "B06-1-000001", "method": "银行卡", "request": "OA-118", "reason": "刷卡误录" });
    book.act("info", "payment.method", correction);
    book.act("demo", "shift.close", json!({ "counted": "200.00" }));
    for signer in ["cash", "acct"] {
        book.act(signer, "shift.confirm", json!({ "shift": shift, "deposits": "0.00", "remark": "相符" }));
    }
    all(&book)
}

/// Drawers whose float differs, is added to, whose deposit is taken back, that another closes, signed with a difference.
fn drawers() -> Vec<EntryRow> {
    use support::till::{accounts, owes, prices};
    let mut book = book("B07");
    prices(&mut book);
    for (login, role) in [("cash", "cashier"), ("info", "information_centre")] {
        book.act("boss", "user.add", json!({ "login": login, "name": login, "roles": [role], "password": "demo" }));
    }
    accounts(&mut book, &[(vec![owes(8_640, "2026-11-18")], vec![])]);
    book.act("boss", "site.cut_off", json!({ "hour": "05:30" }));
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "shift.close", json!({ "counted": "190.00", "note": "错找", "confirm": true }));
    let open = json!({ "float": "150.00", "reason": "交财务" });
    let shift = book.act("demo", "shift.open", open)["shift"].clone();
    book.act("demo", "payment.take", json!({ "account": "10000001" }));
    let added = book.act("demo", "shift.float_add", json!({ "amount": "50.00", "slip": "L1" }))["added"].clone();
    let (deposit, _) = book.try_act("demo", "shift.deposit", &json!({ "amount": "80.00" })).unwrap();
    for entry in [added, json!(deposit)] {
        book.act("demo", "shift.deposit_reverse", json!({ "deposit": entry, "reason": "录错" }));
    }
    book.act("demo", "shift.deposit", json!({ "amount": "30.00" }));
    book.act("chief", "shift.close", json!({ "shift": shift, "counted": "206.90", "note": "王芳病假" }));
    book.act("cash", "shift.confirm", json!({ "shift": shift, "deposits": "20.00", "remark": "少一张缴款单" }));
    let correction =
        json!({ "payment": "B07-1-000001", "method": "银行卡", "request": "OA-118", "reason": "刷卡误录" });
    book.act("info", "payment.method", correction);
    all(&book)
}

/// What cases cost: fees and a deposit, taken, reversed, given back, voided; a transfer with its deed and its refund.
fn cases() -> Vec<EntryRow> {
    let mut book = book("B07");
    support::town::small(&mut book);
    support::till::prices(&mut book);
    let test = "code = \"meter_test\"\nname = \"校表\"\nsource = \"1.2.10\"\nchannels = [\"柜台\"]\naccount = \"必须\"\n\
        [[fee]]\nkey = \"deposit\"\nname = \"检测押金\"\namount = \"300.00\"\ninvoice = \"押金收据\"\ndeposit = true\n\
        before = \"派工\"\n[order]\nkind = \"其它\"\n";
    book.act("boss", "catalogue.put", json!({ "file": "meter_test.toml", "text": test }));
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    let account = "3100000002";
    book.act("demo", "payment.take", json!({ "account": account, "to_prepaid": "40.00" }));
    let case = json!({ "service": "meter_test", "account": account });
    let order = book.act("demo", "intake.take", case.clone())["order"].clone();
    let wrong = book.act("demo", "deposit.take", json!({ "charge": order }))["receipt"].clone();
    book.act("demo", "payment.reverse", json!({ "payment": wrong, "reason": "收错" }));
    let held = book.act("demo", "deposit.take", json!({ "charge": order, "method": "银行卡" }))["receipt"].clone();
    book.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "zm" }));
    book.act("chief", "order.void", json!({ "order": order, "reason": "用户不测了" }));
    book.act("demo", "deposit.return", json!({ "deposit": held, "remark": "用户不测了" }));
    let void = support::transfer::take_in(&mut book, account, "李小龙", false);
    let fee = book.act("demo", "fee.take", json!({ "charge": void }))["receipt"].clone();
    book.act("chief", "order.void", json!({ "order": void, "reason": "不办了" }));
    book.act("demo", "payment.reverse", json!({ "payment": fee, "reason": "业务作废" }));
    let second = support::transfer::take_in(&mut book, account, "李小龙", false);
    let deed = json!({ "account": account, "id_number": support::transfer::NEW_OWNER, "balance": "refund" });
    book.act("demo", "account.transfer", deed);
    book.act("demo", "fee.take", json!({ "charge": second }));
    all(&book)
}

fn write_golden(name: &str, rows: &[EntryRow]) {
    let keys = keys();
    let rows: Vec<_> = rows.iter().map(|row| (FrameKind::Chained, row.clone())).collect();
    let mut writer = meterdesk::exchange::envelope::BundleWriter::begin(Vec::new(), &keys.seal.to_public()).unwrap();
    for (kind, row) in &rows {
        writer.entry(row, *kind).unwrap();
    }
    let header = Header { number: 1, have: Vec::new(), ..bundle::header() };
    let (bytes, _) = writer.finish(header, keys.signer()).unwrap();
    std::fs::write(folder().join(format!("{name}.mdx")), bytes).unwrap();
}

/// The recovery code shown again and confirmed.
fn ceremony() -> Vec<EntryRow> {
    let mut book = book("B06");
    book.act("boss", "key.show", json!({ "reason": "打印机卡纸" }));
    book.act("boss", "key.confirm", json!({ "reason": "保险柜第二格" }));
    all(&book)
}

/// Prices set from a day: one that was the highest before, one that waits for a decision; and a volume put right apart from its reading.
fn prices() -> Vec<EntryRow> {
    use support::ladder::{self, NO, account, ask, billed, fill};
    let town = support::orders::Town::new(|home| {
        fill(home, &ladder::water(), &account("water", "2020-01-01", false, Some(("2025-12-31", 0))));
        billed(home, "2026-04-10", 100);
        let case = ask(home, "P3", &[0], json!({ "class": "居民", "from": "2026-03-02" }));
        support::adjust::adjusted(home, case);
        billed(home, "2026-05-20", 140);
        let case = ask(home, "V4", &[1], json!({ "volume": "30", "reading": "140" }));
        support::adjust::adjusted(home, case);
        let bill = support::adjust::bills(home, NO)[1].0;
        home.act("room", "bill.cancel", json!({ "account": NO, "bill": bill, "reason": "重出" }));
        home.act("room", "bill.issue", json!({ "account": NO }));
    });
    let (mut book, mut other) = (town.site("S1", 5), town.site("S2", 6));
    for (book, mix, from) in
        [(&mut book, "居民50%;非居民50%", "2026-06-01"), (&mut other, "居民20%;非居民80%", "2026-06-11")]
    {
        let case = ask(book, "P1", &[], json!({ "mix": mix, "from": from }));
        support::adjust::adjusted(book, case);
    }
    book.receive_from(&other);
    all(&book)
}

/// What a file holds.
type Rows = fn() -> Vec<EntryRow>;

/// Every file and what it holds.
const FILES: [(&str, Rows); 14] = [
    ("1-practice-branch", || practice_branch(tempfile::tempdir().unwrap().path())),
    ("1-till", till),
    ("1-orders", orders),
    ("1-adjustments", adjustments),
    ("1-meters", meters),
    ("1-disputed", disputed),
    ("1-people", people),
    ("1-import", || import(tempfile::tempdir().unwrap().path())),
    ("1-company", company),
    ("1-finance", finance),
    ("1-drawers", drawers),
    ("2-ceremony", ceremony),
    ("2-cases", cases),
    ("2-prices", prices),
];

#[test]
#[ignore = "writes the files that are not there; those in the repository are kept"]
fn make_what_is_missing() {
    for (name, rows) in FILES {
        if !folder().join(format!("{name}.mdx")).exists() {
            write_golden(name, &rows());
        }
    }
}

#[test]
fn every_golden_file_has_its_maker() {
    let kept = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    for file in kept.filter(|file| file.extension().is_some_and(|ending| ending == "mdx")) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(FILES.iter().any(|(made, _)| *made == name), "{name}");
    }
}
