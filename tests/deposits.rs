//! A deposit (押金) is no income: it gates what it gates, has a receipt of its own and its way back when its case has ended.

mod support;

use meterdesk::desk::customer_view;
use meterdesk::outbound::sheet::Cell;
use meterdesk::rules::money::Fen;
use serde_json::json;
use support::charges::{ACCOUNT, branch, done, ledger, owed, refused, sheet, test_case};
use support::orders::{Book, verified};

#[test]
fn nobody_is_sent_before_the_deposit_is_in_and_the_deposit_is_no_income() {
    let mut book = branch();
    let case = test_case(&mut book);
    let send = json!({ "orders": [case], "worker": "zm" });
    let refusal = refused(&mut book, "desk", "order.dispatch", send.clone());
    assert_eq!(refusal.first_rule(), "R-209");
    assert!(refusal.message().contains("检测押金") && refusal.message().contains("300.00"), "{refusal:?}");
    assert_eq!(owed(&book), (Fen(32_000), Fen(32_000)));

    for (input, rule) in [
        (json!({ "account": ACCOUNT, "kind": "检测押金", "amount": "300.00" }), "R-142"),
        (json!({ "charge": format!("{}/检测押金", case.as_str().unwrap()) }), "R-142"),
    ] {
        assert_eq!(refused(&mut book, "demo", "fee.take", input).first_rule(), rule);
    }
    let taken = book.act("demo", "deposit.take", json!({ "account": ACCOUNT, "tendered": "400.00" }));
    assert_eq!((&taken["amount"], &taken["change"], &taken["order"]), (&json!("300.00"), &json!("100.00"), &case));
    assert_eq!((ledger(&book, "deposit"), ledger(&book, "fee")), (Fen(-30_000), Fen(-2_000)));
    assert_eq!(owed(&book), (Fen(2_000), Fen(2_000)));
    book.act("desk", "order.dispatch", send);
    assert!(refused(&mut book, "demo", "deposit.take", json!({ "charge": case })).message().contains("已经收过"));

    let slip = meterdesk::outbound::check_slip::slip(
        &book.desk.look().unwrap(),
        taken["deposit"].as_str().unwrap().parse().unwrap(),
        false,
    );
    let slip = slip.unwrap().unwrap();
    assert!(slip.text.contains("押金收据") && slip.number == taken["receipt"], "{}", slip.text);

    let cash = sheet(&book, "cash");
    let row = cash.rows.iter().find(|row| row[4] == Cell::text("检测押金")).unwrap();
    assert_eq!(row[6..], [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Money(Fen(30_000))]);
    assert!(
        cash.notes.iter().any(|note| note.contains("押金收 300.00") && note.contains("不是收入")),
        "{:?}",
        cash.notes
    );
    let payments = sheet(&book, "payments");
    assert!(payments.rows.iter().any(|row| row[13] == Cell::text("押金")));
    let shifts = sheet(&book, "shifts");
    assert!(shifts.rows.iter().any(|row| row.contains(&Cell::Money(Fen(30_000)))));

    done(&mut book, &case);
    let back = book.act("check", "deposit.return", json!({ "deposit": taken["receipt"], "remark": "检测合格" }));
    assert_eq!((&back["amount"], &back["order"]), (&json!("300.00"), &case));
    assert_eq!(ledger(&book, "deposit"), Fen::ZERO);
    assert_eq!(owed(&book), (Fen(2_000), Fen(2_000)), "what was given back is not owed again");
    let again = refused(&mut book, "check", "deposit.return", json!({ "deposit": taken["receipt"] }));
    assert_eq!(again.first_rule(), "I-11");
    let reverse = json!({ "payment": taken["receipt"], "reason": "收错" });
    assert_eq!(refused(&mut book, "demo", "payment.reverse", reverse).first_rule(), "I-11");
    verified(&mut book);
}

#[test]
fn a_deposit_is_given_back_when_its_order_has_ended_and_the_gate_never_stands_open_without_it() {
    let mut book = branch();
    let case = test_case(&mut book);
    let send = json!({ "orders": [case], "worker": "zm" });
    let receipt = book.act("demo", "deposit.take", json!({ "charge": case }))["receipt"].clone();
    let back = json!({ "deposit": receipt });
    let refusal = refused(&mut book, "demo", "deposit.return", back.clone());
    assert_eq!(refusal.first_rule(), "R-142");
    assert!(refusal.message().contains("待派") && refusal.message().contains("办结或作废后再退"), "{refusal:?}");
    book.act("desk", "order.dispatch", send.clone());
    assert!(refused(&mut book, "demo", "deposit.return", back.clone()).message().contains("在途"));
    assert_eq!((ledger(&book, "deposit"), owed(&book).0), (Fen(-30_000), Fen(2_000)));
    done(&mut book, &case);
    assert_eq!(book.act("demo", "deposit.return", back)["amount"], "300.00");

    // What was taken by mistake goes back by its reversal, and the gate is shut again.
    let case = test_case(&mut book);
    let wrong = book.act("demo", "deposit.take", json!({ "charge": case }))["receipt"].clone();
    book.act("demo", "payment.reverse", json!({ "payment": wrong, "reason": "收错" }));
    assert_eq!(
        refused(&mut book, "desk", "order.dispatch", json!({ "orders": [case], "worker": "zm" })).first_rule(),
        "R-209"
    );
    verified(&mut book);
}

#[test]
fn a_deposit_is_no_income_of_the_day_and_a_line_of_its_own_keeps_the_identity() {
    let mut book = branch();
    let case = test_case(&mut book);
    book.act("demo", "deposit.take", json!({ "charge": case }));
    let cash = sheet(&book, "cash");
    let told = "前日现金结余 200.00 + 本日营业收入 0.00 + 押金 300.00 - 存入 0.00 = 当日现金结余 500.00";
    assert!(cash.notes.iter().any(|note| note.contains(told)), "{:?}", cash.notes);
    book.act("demo", "fee.take", json!({ "charge": case }));
    let shifts = sheet(&book, "shifts");
    let at = |key: &str| shifts.columns.iter().position(|column| column.key == key).unwrap();
    let row = shifts.rows.iter().find(|row| row[at("opening")] == Cell::Money(Fen(20_000))).unwrap();
    let sums = ["income", "deposits", "cash"].map(|key| row[at(key)].clone());
    assert_eq!(sums, [2_000, 30_000, 52_000].map(|sum| Cell::Money(Fen(sum))));

    let (entry, closed) = book.try_act("demo", "shift.close", &json!({ "counted": "520.00" })).unwrap();
    let said = ["previous", "income", "security", "deposits", "expected"].map(|key| closed[key].as_str().unwrap());
    assert_eq!(said, ["200.00", "20.00", "300.00", "0.00", "520.00"]);
    let slip = meterdesk::outbound::check_slip::slip(&book.desk.look().unwrap(), entry.unwrap(), false);
    let text = slip.unwrap().unwrap().text;
    let line = |label: &str| {
        text.lines().find(|line| line.contains(label)).unwrap().split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(
        (line("本日营业收入").as_str(), line("押金 (现金").as_str(), line("当日现金结余").as_str()),
        ("20.00", "300.00", "520.00"),
        "{text}"
    );
}

#[test]
fn a_deposit_taken_by_mistake_is_reversed_and_owed_again_and_one_of_a_voided_case_stays_held() {
    let mut book = branch();
    let case = test_case(&mut book);
    let taken = book.act("demo", "deposit.take", json!({ "charge": case }));
    book.act("demo", "payment.reverse", json!({ "payment": taken["receipt"], "reason": "收错" }));
    assert_eq!((ledger(&book, "deposit"), owed(&book).0), (Fen::ZERO, Fen(32_000)));
    assert_eq!(
        refused(&mut book, "demo", "deposit.return", json!({ "deposit": taken["receipt"] })).first_rule(),
        "I-11"
    );
    let second = book.act("demo", "deposit.take", json!({ "charge": case }));
    book.act("chief", "order.void", json!({ "order": case, "reason": "用户不办了" }));
    assert_eq!((ledger(&book, "deposit"), ledger(&book, "fee"), owed(&book).0), (Fen(-30_000), Fen::ZERO, Fen::ZERO));
    let view = customer_view::account(&book.desk, ACCOUNT).unwrap();
    assert!(view.alerts.iter().any(|alert| alert.text.contains("在存押金 300.00")), "{:?}", view.alerts);
    book.act("demo", "deposit.return", json!({ "deposit": second["receipt"] }));
    assert_eq!(ledger(&book, "deposit"), Fen::ZERO);
    verified(&mut book);
}

/// A fee of a business whose name has the word, and no deposit.
const COPY: &str = r#"
code     = "deposit_copy"
name     = "补押金收据"
source   = "营业厅工作流程标准 1.2.10"
channels = ["柜台"]
account  = "必须"
[[fee]]
key     = "copy"
name    = "押金收据工本费"
amount  = "8.00"
invoice = "定额发票"
[order]
kind = "其它"
"#;

#[test]
fn a_reversal_is_a_deposit_s_by_what_it_reverses_and_not_by_a_word_in_the_name_of_a_fee() {
    let mut book = branch();
    book.act("boss", "catalogue.put", json!({ "file": "deposit_copy.toml", "text": COPY }));
    let undone = |book: &Book| -> Vec<String> {
        let notes = sheet(book, "cash").notes.into_iter();
        notes.filter(|note| note.contains("不是收入")).collect()
    };
    let case =
        book.act("demo", "intake.take", json!({ "service": "deposit_copy", "account": ACCOUNT }))["order"].clone();
    let fee = book.act("demo", "fee.take", json!({ "charge": case }));
    assert_eq!(fee["kind"], json!("押金收据工本费"));
    book.act("demo", "payment.reverse", json!({ "payment": fee["receipt"], "reason": "收错" }));
    assert_eq!(undone(&book), Vec::<String>::new(), "what went back was income, not a deposit");

    let case = test_case(&mut book);
    let taken = book.act("demo", "deposit.take", json!({ "charge": case }));
    book.act("demo", "payment.reverse", json!({ "payment": taken["receipt"], "reason": "收错" }));
    let notes = undone(&book);
    assert!(notes.len() == 1 && notes[0].contains("押金收 300.00，退 0.00，冲正 -300.00"), "{notes:?}");
    verified(&mut book);
}

#[test]
fn a_shift_without_cash_or_right_gives_no_deposit_back() {
    let mut book = branch();
    let case = test_case(&mut book);
    let taken = book.act("demo", "deposit.take", json!({ "charge": case }));
    book.act("demo", "shift.deposit", json!({ "amount": "450.00", "to": "银行", "slip": "1" }));
    book.act("chief", "order.void", json!({ "order": case, "reason": "用户不办了" }));
    let back = json!({ "deposit": taken["receipt"] });
    assert_eq!(refused(&mut book, "demo", "deposit.return", back.clone()).first_rule(), "R-366");
    assert_eq!(
        refused(&mut book, "desk", "deposit.return", back).kind,
        meterdesk::desk::refusal::RefusalKind::Permission
    );
}
