//! The table of merge cases of the design, row by row: given what every site knows, when sites act apart, then — in every order
//! of arrival, equal to a rebuild — this is effective, that is a question, and the sums are these. Clocks stand in
//! `clocks.rs`, forks in `twins.rs`, newer programs in `newer_program.rs`, bundles and forgeries in the tests of the exchange.

mod support;

use meterdesk::derive::account::file::AccountOpened;
use meterdesk::derive::ledger::trial_balance;
use meterdesk::rules::money::Fen;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::account::{AccountRow, FieldRow, MeterRow};
use meterdesk::store::tables::base::{ClashRow, ExceptionRow, HoldRow};
use meterdesk::store::tables::billing::BalanceRow;
use serde_json::{Value, json};
use support::apart::{meet, met, questions};
use support::arrive::{entries, made, site};
use support::orders::{Book, Sample, book};
use support::till;
use support::water;

fn account(book: &Book, no: &str) -> AccountRow {
    book.desk.look().unwrap().account_of_text(no).unwrap().unwrap()
}

fn balance(book: &Book, no: &str) -> (Fen, Fen) {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap().id;
    tx.get::<BalanceRow>(&[&account]).unwrap().map_or((Fen::ZERO, Fen::ZERO), |row| (row.credit, row.prepaid))
}

fn owed(book: &Book, no: &str) -> Fen {
    let tx = book.desk.look().unwrap();
    tx.owed(tx.account_of_text(no).unwrap().unwrap().id).unwrap()
}

fn ledger(book: &Book, account: &str) -> Fen {
    till::sound(book);
    trial_balance(&book.desk.look().unwrap()).unwrap().accounts.get(account).copied().unwrap_or_default()
}

/// Gas account 10000001 owes 86.40 and 0.50 late fee; demo and check have shifts open with 200.00 each.
fn owing(book: &mut Book) {
    till::prices(book);
    till::accounts(book, &[(vec![till::owes(8_640, "2026-11-18")], vec![])]);
    for user in ["demo", "check"] {
        book.act(user, "shift.open", json!({ "float": "200.00" }));
    }
}

fn with_prepaid(book: &mut Book) {
    owing(book);
    book.act("demo", "payment.take", json!({ "account": GAS, "bills": [], "to_prepaid": "90.00" }));
}

const GAS: &str = "10000001";
const A: &str = "3100000001";
const B: &str = "3100000002";

// ----- one bill paid at two sites ------------------------------------------------------------------------------------

#[test]
fn one_bill_paid_at_two_sites_both_kept_the_first_settles_it_the_second_is_credit() {
    let pay = json!({ "account": GAS });
    let book = meet(owing, &[("demo", "payment.take", pay.clone()), ("check", "payment.take", pay)]);
    assert_eq!((owed(&book, GAS), balance(&book, GAS)), (Fen::ZERO, (Fen(8_690), Fen::ZERO)));
    assert_eq!(questions(&book), ["paid_twice"]);
    assert_eq!(ledger(&book, "cash"), Fen(40_000 + 2 * 8_690), "the cash of both counts");
    assert_eq!(ledger(&book, "late_fee"), Fen(-50), "the late fee is taken once");
}

#[test]
fn one_bill_paid_at_three_sites_leaves_two_in_credit() {
    let pay = json!({ "account": GAS });
    let acts =
        [("demo", "payment.take", pay.clone()), ("check", "payment.take", pay.clone()), ("demo", "payment.take", pay)];
    let book = meet(owing, &acts);
    assert_eq!(balance(&book, GAS), (Fen(2 * 8_690), Fen::ZERO));
    assert_eq!(questions(&book), ["paid_twice", "paid_twice"]);
    assert_eq!(ledger(&book, "cash"), Fen(40_000 + 3 * 8_690));
}

// ----- one meter swapped twice ---------------------------------------------------------------------------------------

#[test]
fn one_meter_swapped_twice_both_kept_disputed_billing_held_until_a_field_check_others_go_on() {
    let mut book = meet(
        |book| water::branch(book, &[water::resident(A), water::resident(B)]),
        &[
            ("room", "swap.enter", water::slip("HB1", A, "2026-09-20", "112", "N1", "0")),
            ("room", "swap.enter", water::slip("HB2", A, "2026-09-21", "115", "N2", "0")),
        ],
    );
    let meters = |book: &Book, no: &str| {
        let tx = book.desk.look().unwrap();
        tx.scan::<MeterRow>(&[&tx.account_of_text(no).unwrap().unwrap().id]).unwrap()
    };
    assert!(meters(&book, A).iter().all(|meter| meter.disputed) && !meters(&book, B)[0].disputed);
    assert_eq!(questions(&book), ["meter_swapped_twice"]);
    water::read(&mut book, A, "2026-10-12", "6");
    water::read(&mut book, B, "2026-10-12", "110");
    let cycle = water::bill(&mut book, "2026-10");
    assert_eq!((cycle.bills, cycle.held, cycle.holds[0].rule.as_str()), (1, 1, "disputed"));
    book.act("room", "swap.field_check", json!({ "account": A, "meter": "N2", "remark": "墙上是 N2" }));
    assert!(questions(&book).is_empty() && !meters(&book, A).iter().any(|meter| meter.disputed));
    assert_eq!(water::bill(&mut book, "2026-10").bills, 1);
}

// ----- one customer amended twice ------------------------------------------------------------------------------------

fn customer(book: &mut Book) {
    let with_id = AccountOpened {
        id_kind: Some("resident_id".into()),
        id_number: Some(book.desk.keys().seal("resident_id", "530124194610038814").unwrap().to_text()),
        ..support::town::account(A, "王芳", "supplied", 0)
    };
    support::town::open_accounts(book, &[with_id]);
}

fn amend(user: &'static str, field: &str, seen: &str, value: &str) -> Sample {
    let before = matches!(field, "class" | "people");
    let action = if before { support::orders::AMENDED_BEFORE } else { "account.amend" };
    (user, action, json!({ "account": A, "field": field, "seen": seen, "value": value }))
}

fn history(book: &Book, field: &str) -> Vec<(String, String)> {
    let id = account(book, A).id;
    let rows = book.desk.look().unwrap().scan::<FieldRow>(&[&id]).unwrap();
    let of_field = rows.into_iter().filter(|row| row.field == field);
    of_field.map(|row| (row.value.unwrap_or_default(), row.outcome)).collect()
}

const MOBILE: &str = "13358990332";

#[test]
fn one_customer_amended_twice_different_fields_merge() {
    let book = meet(customer, &[amend("demo", "mobile", MOBILE, "13900000001"), amend("check", "people", "", "4")]);
    let row = account(&book, A);
    assert_eq!((row.mobile.as_deref(), row.people), (Some("13900000001"), Some(4)));
    assert!(questions(&book).is_empty());
}

#[test]
fn one_customer_amended_twice_equal_values_agree() {
    let same = |user| amend(user, "mobile", MOBILE, "13900000001");
    let book = meet(customer, &[same("demo"), same("check")]);
    assert_eq!(account(&book, A).mobile.as_deref(), Some("13900000001"));
    assert!(questions(&book).is_empty());
    assert!(history(&book, "mobile").iter().all(|(_, outcome)| outcome != "lost"), "{:?}", history(&book, "mobile"));
}

#[test]
fn one_customer_amended_twice_of_unequal_values_the_later_wins_and_the_loser_stays_visible() {
    let acts = [amend("demo", "mobile", MOBILE, "13900000001"), amend("check", "mobile", MOBILE, "13900000002")];
    let book = meet(customer, &acts);
    assert_eq!(account(&book, A).mobile.as_deref(), Some("13900000002"));
    assert!(
        history(&book, "mobile").contains(&("13900000001".into(), "lost".into())),
        "{:?}",
        history(&book, "mobile")
    );
}

#[test]
fn a_price_class_amended_twice_has_no_winner_until_it_is_decided() {
    let acts = [amend("chief", "class", "resident", "special"), amend("chief", "class", "resident", "non_resident")];
    let mut book = meet(customer, &acts);
    assert_eq!(account(&book, A).class, "resident");
    assert_eq!(questions(&book), ["class_conflict"]);
    decide(&mut book, 0);
    assert_eq!((account(&book, A).class.as_str(), questions(&book).len()), ("special", 0));
}

#[test]
fn an_id_number_amended_twice_has_no_winner_until_it_is_decided() {
    let ids = ["530102198001010023", "110101199003071591"];
    let acts = ids.map(|id| amend("demo", "id_number", "8814", id));
    let mut book = meet(customer, &acts);
    let tail = |book: &Book| account(book, A).id_number.unwrap().rsplit(':').next().unwrap().to_owned();
    assert_eq!((tail(&book).as_str(), questions(&book)), ("8814", vec!["identity_conflict".to_owned()]));
    decide(&mut book, 1);
    assert_eq!((tail(&book).as_str(), questions(&book).len()), ("1591", 0));
}

#[test]
fn a_bank_account_amended_twice_has_no_winner_until_it_is_decided() {
    let bank = |card: &str| {
        let also = json!([
            { "field": "bank_card", "value": card },
            { "field": "bank_name", "value": "建设银行" },
            { "field": "bank_holder", "value": "王芳" },
        ]);
        json!({ "account": A, "field": "method", "seen": "现金", "value": "银行代缴", "also": also })
    };
    let acts = ["6222021234567890128", "6227000000000000714"].map(|card| ("demo", "account.amend", bank(card)));
    let mut book = meet(customer, &acts);
    assert_eq!((account(&book, A).method.as_str(), questions(&book)), ("现金", vec!["bank_conflict".to_owned()]));
    decide(&mut book, 0);
    assert_eq!((account(&book, A).method.as_str(), questions(&book).len()), ("银行代缴", 0));
}

/// One side of the only question is chosen to stand.
fn decide(book: &mut Book, side: usize) {
    let view = meterdesk::desk::view_exceptions::open(&book.desk).unwrap().remove(0);
    assert!(view.choice && view.sides.len() == 2);
    let keep = view.sides[side].id;
    let input = json!({ "exception": view.exception, "decision": "按现场核实", "reason": "核实单 7", "keep": keep });
    book.act("chief", "exception.resolve", input);
}

// ----- approved here, rejected there ---------------------------------------------------------------------------------

/// A request to take 25 m3 less, checked; answers it. Two may decide: chief and room.
fn checked_request(book: &mut Book) -> Value {
    support::adjust::branch(book);
    book.act("boss", "user.right", json!({ "user": "room", "role": "centre_deputy" }));
    let ask = support::adjust::ask_volume(book, "31000001", "25");
    support::adjust::checked(book, ask)
}

#[test]
fn approved_here_rejected_there_the_rejection_holds_until_a_third_entry_decides() {
    for (approve, wanted) in [(true, "approved"), (false, "rejected")] {
        let mut home = book("B01");
        let request = checked_request(&mut home);
        let common = entries(&home);
        let say = |user: &str, site_code: &str, minutes, approve: bool| {
            let input = json!({ "request": request, "approve": approve, "remark": "说明" });
            made(&mut site(site_code, &common, minutes), user, "adjustment.decide", input)
        };
        let apart = [say("chief", "S1", 5, true), say("room", "S2", 10, false)];
        let before = support::adjust::bills(&home, "31000001");
        let mut both = met(&common, &apart);
        assert_eq!(state_of(&both, &request), "disputed");
        assert_eq!(support::adjust::bills(&both, "31000001"), before, "as if it had been rejected");
        assert_eq!(questions(&both), ["approved_and_rejected"]);
        let third = json!({ "request": request, "approve": approve, "remark": "再裁定" });
        let third = made(&mut both, "chief", "adjustment.decide", third);
        let all = [apart[0].clone(), apart[1].clone(), third];
        let settled = met(&common, &all);
        assert_eq!((state_of(&settled, &request).as_str(), questions(&settled).len()), (wanted, 0));
        assert_eq!(support::adjust::bills(&settled, "31000001") != before, approve);
        till::sound(&settled);
    }
}

/// What a smaller bill gave back paid the next one (`covers`): with the approval gone the money is where it was.
#[test]
fn an_approval_whose_credit_covered_a_bill_and_that_is_rejected_elsewhere_leaves_nothing_covered() {
    const NO: &str = "31000003";
    let mut home = book("B01");
    support::adjust::branch(&mut home);
    home.act("boss", "user.right", json!({ "user": "room", "role": "centre_deputy" }));
    home.act("demo", "shift.open", json!({ "float": "0.00", "reason": "首班" }));
    let first = support::adjust::bills(&home, NO)[0].0;
    home.act("demo", "payment.take", json!({ "account": NO, "bills": [first] }));
    let ask = json!({ "kind": "V1", "account": NO, "bills": [first], "change": { "volume": "20" }, "evidence": "复表单 0817" });
    let request = support::adjust::checked(&mut home, ask);
    let common = entries(&home);
    let before = (support::adjust::bills(&home, NO), balance(&home, NO), ledger(&home, "late_fee"));
    let say = |user: &str, site_code: &str, minutes, approve: bool| {
        let input = json!({ "request": request, "approve": approve, "remark": "说明" });
        made(&mut site(site_code, &common, minutes), user, "adjustment.decide", input)
    };
    for (approved_at, rejected_at) in [(5, 10), (10, 5)] {
        let apart = [say("chief", "S1", approved_at, true), say("room", "S2", rejected_at, false)];
        let said: Value = serde_json::from_str(&apart[0].payload).unwrap();
        assert!(said["covers"]["lines"].as_array().is_some_and(|lines| lines.len() == 1), "{said}");
        let alone = met(&common, &apart[..1]);
        assert!(owed(&alone, NO) < owed(&home, NO), "the approval by itself covers");
        let both = met(&common, &apart);
        let after = (support::adjust::bills(&both, NO), balance(&both, NO), ledger(&both, "late_fee"));
        assert_eq!(after, before, "approved {approved_at}, rejected {rejected_at}");
        assert_eq!(
            (state_of(&both, &request).as_str(), questions(&both)),
            ("disputed", vec!["approved_and_rejected".into()])
        );
    }
}

#[test]
fn a_decision_that_names_another_request_decides_nothing() {
    let mut home = book("B01");
    let request = checked_request(&mut home);
    let common = entries(&home);
    let input = json!({ "request": request, "approve": true, "remark": "说明" });
    let mut decision = made(&mut site("S1", &common, 5), "chief", "adjustment.decide", input);
    let hash = {
        let tx = home.desk.look().unwrap();
        let id = request.as_str().unwrap().parse().unwrap();
        blake3::Hash::from_bytes(tx.entry(id).unwrap().unwrap().hash).to_hex().to_string()
    };
    assert!(decision.payload.contains(&hash), "a decision names the hash of the request it decides");
    decision.payload = decision.payload.replace(&hash, &"0".repeat(64));
    let book = met(&common, &[meterdesk::book::entry::seal(decision)]);
    assert_eq!(state_of(&book, &request), "checked");
    assert_eq!(questions(&book), ["decided_other_request"]);
}

fn state_of(book: &Book, request: &Value) -> String {
    let id = request.as_str().unwrap().parse().unwrap();
    book.desk.look().unwrap().request(id).unwrap().unwrap().state
}

// ----- restored from an old copy -------------------------------------------------------------------------------------

#[test]
fn what_a_restored_machine_forgot_and_did_again_is_counted_twice_and_shown() {
    let mut home = book("B01");
    owing(&mut home);
    let common = entries(&home);
    let pay = || json!({ "account": GAS });
    let lost = made(&mut site("B01", &common, 5), "demo", "payment.take", pay());
    let mut again = site("B01", &common, 15);
    let tx = again.desk.db_mut().write().unwrap();
    tx.set_setting("epoch", "2").unwrap();
    tx.commit().unwrap();
    let second = made(&mut again, "demo", "payment.take", pay());
    assert_eq!((second.id.epoch(), second.prev), (2, common.last().unwrap().hash));
    let book = met(&common, &[lost, second]);
    assert_eq!((balance(&book, GAS), questions(&book)), ((Fen(8_690), Fen::ZERO), vec!["paid_twice".to_owned()]));
    assert_eq!(ledger(&book, "cash"), Fen(40_000 + 2 * 8_690));
    assert_eq!(meterdesk::book::verify::chains(&book.desk.look().unwrap(), |_| {}).unwrap().fault, None);
}

// ----- done twice: one is effective, the other a question ------------------------------------------------------------

#[test]
fn two_new_accounts_for_one_person_both_kept_and_asked_about() {
    let open = |address: &str| json!({ "utility": "water", "address": address, "class": "resident", "id_number": "530124194610038814" });
    let mut home = book("B01");
    let (mut left, mut right) = (site("S1", &entries(&home), 1), site("S2", &entries(&home), 2));
    let apart = [
        made(&mut left, "demo", "account.open", open("建设路3号")),
        made(&mut right, "demo", "account.open", open("建设路7号")),
    ];
    let both = met(&entries(&home), &apart);
    assert_eq!(questions(&both), ["one_person"]);
    let clash = both.desk.look().unwrap().scan::<ClashRow>(&[&"one_person"]).unwrap().remove(0);
    assert_eq!(clash.holders, format!("{} {}", apart[0].id, apart[1].id));
    home.act("demo", "account.open", open("建设路9号"));
    assert!(questions(&home).is_empty(), "one account is none");
}

#[test]
fn one_receipt_number_given_twice_by_a_forked_machine_both_moneys_kept_and_asked_about() {
    let mut home = book("B01");
    owing(&mut home);
    let common = entries(&home);
    let first = made(&mut site("B01", &common, 5), "demo", "payment.take", json!({ "account": GAS }));
    let mut second =
        made(&mut site("B01", &common, 6), "demo", "payment.take", json!({ "account": GAS, "amounts": "50.50" }));
    second.id = second.id.twin();
    let mut with_first = common.clone();
    with_first.push(first);
    let book = met(&with_first, &[second]);
    assert_eq!(questions(&book), ["paid_twice", "receipt_no"]);
    assert_eq!(ledger(&book, "cash"), Fen(40_000 + 8_690 + 5_050));
}

#[test]
fn an_order_returned_at_two_sites_is_returned_once() {
    let mut order = Value::Null;
    let book = |outcomes: [Value; 2]| {
        let mut home = book("B01");
        support::town::small(&mut home);
        let fault = json!({ "service": "fault", "account": B, "fields": { "kind": "漏水" } });
        order = home.act("demo", "intake.take", fault)["order"].clone();
        home.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "lq" }));
        let common = entries(&home);
        let apart: Vec<EntryRow> = (0..2)
            .map(|index| {
                let mut input = outcomes[index].clone();
                input["order"] = order.clone();
                let minutes = 5 + 5 * i64::try_from(index).unwrap();
                made(&mut site(&format!("S{index}"), &common, minutes), "desk", "order.return", input)
            })
            .collect();
        (met(&common, &apart), order.as_str().unwrap().parse().unwrap())
    };
    let mut returned = book;
    let done = json!({ "arrived": "10:00", "done": "10:01", "left": "10:01" });
    let (twice, id) = returned([done.clone(), done.clone()]);
    assert_eq!(questions(&twice), ["order_no_effect"]);
    let first = twice.desk.look().unwrap().order(id).unwrap().unwrap();
    let (other, id) = returned([done, json!({ "outcome": "未完成", "remark": "没人" })]);
    assert_eq!(questions(&other), ["order_no_effect"]);
    let row = other.desk.look().unwrap().order(id).unwrap().unwrap();
    assert_eq!(row.life, first.life, "the first return is effective");
}

#[test]
fn an_order_closed_at_two_sites_is_closed_once() {
    let mut home = book("B01");
    support::town::small(&mut home);
    let fault = json!({ "service": "fault", "account": B, "fields": { "kind": "漏水" } });
    let order = home.act("demo", "intake.take", fault)["order"].clone();
    home.act("desk", "order.dispatch", json!({ "orders": [order], "worker": "lq" }));
    let slip = json!({ "order": order, "arrived": "10:00", "done": "10:00", "left": "10:00" });
    home.act("desk", "order.return", slip);
    let common = entries(&home);
    let close = |code: &str, minutes, outcome: &str| {
        let input = json!({ "order": order, "outcome": outcome });
        made(&mut site(code, &common, minutes), "desk", "callback.record", input)
    };
    let apart = [close("S1", 5, "满意"), close("S2", 10, "满意")];
    let one = met(&common, &apart[..1]);
    let book = met(&common, &apart);
    let life = |book: &Book| {
        let id = order.as_str().unwrap().parse().unwrap();
        book.desk.look().unwrap().order(id).unwrap().unwrap().life
    };
    assert_eq!(life(&book), life(&one));
    assert_eq!(questions(&book), ["order_no_effect"]);
}

#[test]
fn a_shift_closed_at_two_sites_is_closed_once() {
    let close = |counted: &str| ("demo", "shift.close", json!({ "counted": counted, "note": "点钞", "confirm": true }));
    let book = meet(owing, &[close("200.00"), close("199.00")]);
    assert_eq!(questions(&book), ["closed_twice"]);
    till::sound(&book);
}

#[test]
fn a_payment_reversed_at_two_sites_is_reversed_once_and_the_second_cash_is_in_suspense() {
    let reverse = json!({ "payment": "B01-1-000001", "reason": "收错" });
    let acts = [("demo", "payment.reverse", reverse.clone()), ("check", "payment.reverse", reverse)];
    let book = meet(with_prepaid, &acts);
    assert_eq!((balance(&book, GAS).1, questions(&book)), (Fen::ZERO, vec!["reversed_twice".to_owned()]));
    assert_eq!((ledger(&book, "suspense"), ledger(&book, "cash")), (Fen(9_000), Fen(40_000 - 9_000)));
}

/// The account cannot raise its question while a newer program's entry pauses it; its tills are sound all the same.
#[test]
fn a_payment_reversed_twice_of_an_account_that_waits_for_an_upgrade_is_no_fault_of_the_till() {
    let reverse = json!({ "payment": "B01-1-000001", "reason": "收错" });
    let acts = [("demo", "payment.reverse", reverse.clone()), ("check", "payment.reverse", reverse)];
    let mut book = meet(with_prepaid, &acts);
    let fault = |book: &Book| meterdesk::desk::till::sound::fault(&book.desk.look().unwrap()).unwrap();
    assert!(fault(&book).is_none(), "the question is there");
    let account = book.desk.look().unwrap().account_of_text(GAS).unwrap().unwrap().id;
    let tx = book.desk.db_mut().write().unwrap();
    for row in tx.scan::<ExceptionRow>(&[&"a", &account, &"reversed_twice"]).unwrap() {
        tx.delete::<ExceptionRow>(&[&"a", &account, &"reversed_twice", &row.first, &row.second]).unwrap();
    }
    tx.commit().unwrap();
    assert!(fault(&book).is_some_and(|fault| fault.message.contains("冲正了两次")), "nobody was told");
    let tx = book.desk.db_mut().write().unwrap();
    let reason = "需要升级程序".to_owned();
    tx.put(&HoldRow { kind: "a".into(), subject: account, entry: account, reason }).unwrap();
    tx.commit().unwrap();
    assert!(fault(&book).is_none(), "it will be told when the program is upgraded");
}

#[test]
fn a_fee_reversed_at_two_sites_is_taken_back_once_and_the_second_cash_is_in_suspense() {
    let with_fee = |book: &mut Book| {
        owing(book);
        book.act("demo", "fee.take", json!({ "account": GAS, "kind": "补卡费", "amount": "10.00" }));
    };
    let reverse = json!({ "payment": "B01-1-000001", "reason": "收错" });
    let acts = [("demo", "payment.reverse", reverse.clone()), ("check", "payment.reverse", reverse)];
    let book = meet(with_fee, &acts);
    assert_eq!(questions(&book), ["reversed_twice"]);
    assert_eq!((ledger(&book, "fee"), ledger(&book, "suspense")), (Fen::ZERO, Fen(1_000)));
    assert_eq!(ledger(&book, "cash"), Fen(40_000 - 1_000));
}

#[test]
fn a_prepaid_balance_used_at_two_sites_is_used_once() {
    let pay = json!({ "account": GAS, "method": "预存" });
    let book = meet(with_prepaid, &[("demo", "payment.take", pay.clone()), ("check", "payment.take", pay)]);
    assert_eq!((owed(&book, GAS), balance(&book, GAS)), (Fen::ZERO, (Fen::ZERO, Fen(310))));
    assert_eq!(questions(&book), ["prepaid_twice"]);
    till::sound(&book);
}
