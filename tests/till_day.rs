//! The business day of a till: a shift belongs to its day until the cut-off hour after midnight; then money and
//! readings wait until it is closed, and no late fee is lost to a till that was left open.

mod support;

use chrono::{DateTime, Duration, FixedOffset};
use meterdesk::book::clock::FixedClock;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{customer_view, view_home, view_till};
use meterdesk::outbound::{check_slip, reports};
use meterdesk::rules::money::Fen;
use meterdesk::rules::reach::Reach;
use meterdesk::store::tables::till::ShiftRow;
use serde_json::{Value, json};
use support::orders::{Book, book, moment};
use support::till::{accounts, owes, prices, sound};

/// 86.40 due on 18 November; the till of demo was opened on the 21st at ten.
fn branch() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    accounts(&mut book, &[(vec![owes(8_640, "2026-11-18")], vec![owes(4_000, "2026-12-05")])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book
}

fn clock(book: &mut Book, at: DateTime<FixedOffset>) {
    book.desk.set_clock(Box::new(FixedClock::at(at)));
}

/// So many hours after the till was opened on 21 November at ten.
fn hours(book: &mut Book, hours: i64) {
    clock(book, moment() + Duration::hours(hours));
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    book.try_act(user, action, &input).map(|done| panic!("{action} {input} was done: {done:?}")).unwrap_err()
}

fn shifts(book: &Book) -> Vec<ShiftRow> {
    let far = |text: &str| text.parse().unwrap();
    book.desk.look().unwrap().shifts_between(Reach::ALL, far("2000-01-01"), far("2100-01-01")).unwrap()
}

#[test]
fn a_till_left_open_takes_no_money_and_no_reading_until_it_is_closed() {
    let mut book = branch();
    hours(&mut book, 39 * 24);
    let pay = json!({ "account": "10000001", "bills": ["#1"] });
    for (action, input) in [
        ("payment.take", pay.clone()),
        ("payment.enter_late", json!({ "account": "10000001", "paper": "S1", "happened": "2026-12-29" })),
        ("fee.take", json!({ "kind": "补卡费", "amount": "10.00" })),
        ("shift.deposit", json!({ "amount": "10.00" })),
        ("shift.float_add", json!({ "amount": "10.00" })),
        ("payment.reverse", json!({ "payment": "B03-1-000001", "reason": "收错" })),
        ("reading.enter", json!({ "account": "10000001", "value": "110" })),
        ("bill.issue", json!({ "account": "10000001" })),
    ] {
        let refusal = refused(&mut book, "demo", action, input);
        assert_eq!(refusal.first_rule(), "R-178", "{action}: {refusal:?}");
        assert!(refusal.message().contains("先交班") && refusal.message().contains("2026-11-21"), "{refusal:?}");
    }
    book.act("demo", "shift.close", json!({ "counted": "200.00" }));
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    // 2026-12-30: 42 days late, 86.40 × 0.003 × 42 = 10.8864, cut to 10.50.
    let paid = book.act("demo", "payment.take", pay);
    assert_eq!((&paid["late_fee"], &paid["lines"][0]["days_late"]), (&json!("10.50"), &json!(42)));
    let day = "2026-12-30".parse().unwrap();
    let tx = book.desk.look().unwrap();
    let cash = (reports::report("cash").unwrap().fill)(&tx, Reach::ALL, day, day).unwrap();
    assert!(cash.notes.iter().any(|note| note.contains("本日营业收入 96.90")), "{:?}", cash.notes);
    let entry = paid["payment"].as_str().unwrap().parse().unwrap();
    let slip = check_slip::slip(&tx, entry, false).unwrap().unwrap().text;
    assert!(slip.contains("营业日 2026-12-30"), "{slip}");
    drop(tx);
    sound(&book);
}

#[test]
fn work_past_midnight_belongs_to_the_shift_until_the_cut_off_hour_and_not_a_minute_longer() {
    let mut book = branch();
    clock(&mut book, "2026-11-22T03:59:59+08:00".parse().unwrap());
    let paid = book.act("demo", "payment.take", json!({ "account": "10000001", "bills": ["#1"], "amounts": "10.00" }));
    assert_eq!(paid["lines"][0]["days_late"], 3, "counted to the 21st");
    let entry = book.desk.look().unwrap().entry(paid["payment"].as_str().unwrap().parse().unwrap()).unwrap().unwrap();
    assert_eq!(entry.business_day.to_string(), "2026-11-21");
    clock(&mut book, "2026-11-22T04:00:00+08:00".parse().unwrap());
    assert_eq!(refused(&mut book, "demo", "payment.take", json!({ "account": "10000001" })).first_rule(), "R-178");
    // Who has no shift open works on the same day, and so does who opens one now.
    clock(&mut book, "2026-11-22T01:00:00+08:00".parse().unwrap());
    let done = book.try_act("room", "bill.issue", &json!({ "account": "10000001" }));
    assert_ne!(done.err().map(|refusal| refusal.first_rule().to_owned()).as_deref(), Some("R-178"));
    book.desk.sign_in_practice("room").unwrap();
    assert_eq!(view_till::day(&book.desk).unwrap().to_string(), "2026-11-21");
    let opened = book.act("check", "shift.open", json!({ "float": "50.00" }));
    assert_eq!((&opened["day"], &opened["no"]), (&json!("2026-11-21"), &json!(2)));
    clock(&mut book, "2026-11-22T04:00:00+08:00".parse().unwrap());
    assert_eq!(refused(&mut book, "check", "payment.take", json!({ "account": "10000001" })).first_rule(), "R-178");
    sound(&book);
}

#[test]
fn a_till_opened_before_the_cut_off_hour_and_one_left_open_since_yesterday_have_one_day() {
    let mut book = branch();
    let taken = |book: &mut Book, user: &str| {
        let input = json!({ "account": "10000001", "bills": ["#1"], "amounts": "10.00" });
        let paid = book.act(user, "payment.take", input);
        let entry = paid["payment"].as_str().unwrap().parse().unwrap();
        let tx = book.desk.look().unwrap();
        let day = tx.entry(entry).unwrap().unwrap().business_day.to_string();
        let late = (paid["lines"][0]["days_late"].clone(), paid["late_fee"].clone());
        (late, day, check_slip::slip(&tx, entry, false).unwrap().unwrap().text.contains("营业日 2026-11-21"))
    };
    clock(&mut book, "2026-11-22T01:30:00+08:00".parse().unwrap());
    let opened = book.act("check", "shift.open", json!({ "float": "50.00" }));
    assert_eq!(opened["day"], "2026-11-21");
    // The first bears 86.40 × 0.003 × 3 = 0.7776, cut to 0.50; what the other takes bears no more of the same days.
    let (old, new) = (taken(&mut book, "demo"), taken(&mut book, "check"));
    assert_eq!((old.0.0, old.1, old.2), (json!(3), "2026-11-21".into(), true));
    assert_eq!((new.0.0, new.1, new.2), (json!(3), "2026-11-21".into(), true));
    // A reading and a bill of the same minute, by one who has no till, are of that day too; a day the calendar has is no future.
    let done = book.act("room", "reading.enter", json!({ "account": "10000001", "value": "110", "confirm": true }));
    let reading = done["reading"].as_str().unwrap().parse().unwrap();
    assert_eq!(book.desk.look().unwrap().entry(reading).unwrap().unwrap().business_day.to_string(), "2026-11-21");
    let tomorrow = json!({ "account": "10000001", "value": "120", "date": "2026-11-23", "confirm": true });
    assert_eq!(refused(&mut book, "room", "reading.enter", tomorrow).first_rule(), "R-226");
    // At four sharp both are past their day; who opens then has the new one, with what was counted carried over.
    clock(&mut book, "2026-11-22T04:00:00+08:00".parse().unwrap());
    for user in ["demo", "check"] {
        assert_eq!(refused(&mut book, user, "payment.take", json!({ "account": "10000001" })).first_rule(), "R-178");
    }
    let till =
        shifts(&book).into_iter().find(|shift| shift.id.to_string() == opened["shift"].as_str().unwrap()).unwrap();
    book.act("check", "shift.close", json!({ "counted": till.cash.to_string() }));
    let next = book.act("check", "shift.open", json!({ "float": till.cash.to_string() }));
    assert_eq!((&next["day"], &next["no"]), (&json!("2026-11-22"), &json!(1)));
    assert_eq!(taken(&mut book, "check").1, "2026-11-22");
    let tx = book.desk.look().unwrap();
    let cash = |day: &str| {
        let day = day.parse().unwrap();
        let sheet = (reports::report("cash").unwrap().fill)(&tx, Reach::ALL, day, day).unwrap();
        sheet.notes.iter().filter(|note| note.contains("本日营业收入")).count()
    };
    assert_eq!((cash("2026-11-21"), cash("2026-11-22")), (2, 1));
    drop(tx);
    sound(&book);
}

#[test]
fn a_later_cut_off_hour_puts_no_open_till_into_a_day_that_has_not_begun() {
    let mut book = branch();
    clock(&mut book, "2026-11-22T05:00:00+08:00".parse().unwrap());
    book.act("check", "shift.open", json!({ "float": "50.00" }));
    let refusal = refused(&mut book, "boss", "site.cut_off", json!({ "hour": "06:30" }));
    assert_eq!((refusal.first_rule(), refusal.faults[0].field.as_deref()), ("R-178", Some("hour")));
    assert!(refusal.message().contains("请先交班"), "{refusal:?}");
    book.act("check", "shift.close", json!({ "counted": "50.00" }));
    book.act("boss", "site.cut_off", json!({ "hour": "06:30" }));
    assert_eq!(view_till::day(&book.desk).unwrap().to_string(), "2026-11-21");
}

#[test]
fn the_branch_sets_its_cut_off_hour() {
    let mut book = branch();
    for bad in ["", "4", "25:00", "13:00"] {
        assert_eq!(
            refused(&mut book, "boss", "site.cut_off", json!({ "hour": bad })).faults[0].field.as_deref(),
            Some("hour")
        );
    }
    assert_eq!(refused(&mut book, "demo", "site.cut_off", json!({ "hour": "06:00" })).first_rule(), "R-003");
    let set = book.act("boss", "site.cut_off", json!({ "hour": "00:30" }));
    assert_eq!((&set["before"], &set["hour"]), (&json!("04:00"), &json!("00:30")));
    clock(&mut book, "2026-11-22T00:29:00+08:00".parse().unwrap());
    book.act("demo", "payment.take", json!({ "account": "10000001", "amounts": "1.00" }));
    clock(&mut book, "2026-11-22T00:30:00+08:00".parse().unwrap());
    assert_eq!(refused(&mut book, "demo", "payment.take", json!({ "account": "10000001" })).first_rule(), "R-178");
    book.act("boss", "site.cut_off", json!({ "hour": "06:30" }));
    clock(&mut book, "2026-11-22T06:00:00+08:00".parse().unwrap());
    book.act("demo", "payment.take", json!({ "account": "10000001", "amounts": "1.00" }));
}

#[test]
fn the_pay_screen_and_the_file_agree_on_the_days_overdue_whatever_till_was_left_open() {
    let mut book = branch();
    for (at, days) in [
        ("2026-11-21T20:00:00+08:00", 3),
        ("2026-11-22T01:00:00+08:00", 3), // the shift of the 21st goes on
        ("2026-11-22T04:00:00+08:00", 4), // its day is over
        ("2026-12-30T10:00:00+08:00", 42),
    ] {
        clock(&mut book, at.parse().unwrap());
        book.desk.sign_in_practice("demo").unwrap();
        let account = book.desk.look().unwrap().account_of_text("10000001").unwrap().unwrap().id;
        let pay = view_till::pay(&book.desk, account, None).unwrap();
        assert_eq!(pay.bills[0].late.as_ref().unwrap().fee.days, days, "{at}");
        let file = customer_view::account(&book.desk, "10000001").unwrap();
        let told = format!("最早逾期 {days} 天");
        assert!(file.alerts.iter().any(|alert| alert.text.contains(&told)), "{at}: {:?}", file.alerts);
        assert_eq!(view_home::top_facts(&book.desk).unwrap().day, pay.day, "{at}");
    }
    let lines = view_home::facts(&book.desk).unwrap().lines;
    assert!(lines.iter().any(|line| line.text.contains("请先交班")), "{lines:?}");
}

#[test]
fn who_may_closes_the_forgotten_shift_of_another_counted_by_them_with_a_reason() {
    let mut book = branch();
    let shift = shifts(&book)[0].id;
    hours(&mut book, 24);
    let close = |note: &str| json!({ "shift": shift, "counted": "200.00", "note": note });
    assert_eq!(refused(&mut book, "check", "shift.close", close("忘了")).first_rule(), "R-003");
    assert_eq!(refused(&mut book, "chief", "shift.close", close(" ")).faults[0].field.as_deref(), Some("why"));
    book.desk.sign_in_practice("chief").unwrap();
    assert_eq!(view_till::of_others(&book.desk).unwrap().iter().map(|(_, over)| *over).collect::<Vec<_>>(), [true]);
    let (entry, answer) = book.try_act("chief", "shift.close", &close("王芳病假")).unwrap();
    assert_eq!((&answer["day"], &answer["over_short"]), (&json!("2026-11-21"), &json!("0.00")));
    let row = shifts(&book).remove(0);
    assert_eq!((row.state.as_str(), row.note.as_str()), ("closed", "孙经理 代交班：王芳病假"));
    let slip = check_slip::slip(&book.desk.look().unwrap(), entry.unwrap(), false).unwrap().unwrap().text;
    assert!(slip.contains("由 孙经理 清点代交班"), "{slip}");
    // The clerk's till carries what was counted.
    let opened = book.act("demo", "shift.open", json!({ "float": "200.00" }));
    assert_eq!((&opened["day"], &opened["carried"]), (&json!("2026-11-22"), &json!("200.00")));
    sound(&book);
    assert_eq!(row.cash, Fen(20_000));
}
