//! What tills and balances must not let through: a float that vanishes, a shortage nobody saw, figures that change after they were
//! signed, sums typed by mistake, waivers beyond the clerk's own, money that is given back although it was spent.

mod support;

use meterdesk::derive::ledger::trial_balance;
use meterdesk::derive::shift::sign::Step;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{view_exceptions, view_finance};
use meterdesk::outbound::reports;
use meterdesk::outbound::sheet::{Cell, Sheet};
use meterdesk::rules::money::Fen;
use meterdesk::rules::reach::Reach;
use meterdesk::store::tables::till::{ShiftRow, ShiftSignRow};
use serde_json::{Value, json};
use support::orders::{Book, book};
use support::till::{Owes, accounts, owes, prices, sound};

/// Account 1 owes 86.40 (late fee 0.50) and 40.00; account 2 has two estimated bills with late fees of 21.00 and 49.00.
fn branch() -> Book {
    let mut book = book("B03");
    prices(&mut book);
    for (login, role) in [("cash", "cashier"), ("acct", "accountant"), ("info", "information_centre")] {
        book.act("boss", "user.add", json!({ "login": login, "name": login, "roles": [role], "password": "demo" }));
    }
    let guess = |amount, due| Owes { amount, due, estimated: true };
    accounts(
        &mut book,
        &[
            (vec![owes(8_640, "2026-11-18")], vec![owes(4_000, "2026-12-05")]),
            (vec![], vec![guess(70_000, "2026-11-11"), guess(40_000, "2026-10-11")]),
        ],
    );
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book
}

fn refused(book: &mut Book, user: &str, action: &str, input: Value) -> Refusal {
    book.try_act(user, action, &input).map(|done| panic!("{action} {input} was done: {done:?}")).unwrap_err()
}

fn fields(refusal: &Refusal) -> Vec<&str> {
    refusal.faults.iter().filter_map(|fault| fault.field.as_deref()).collect()
}

fn shifts(book: &Book) -> Vec<ShiftRow> {
    let far = |text: &str| text.parse().unwrap();
    book.desk.look().unwrap().shifts_between(Reach::ALL, far("2000-01-01"), far("2100-01-01")).unwrap()
}

fn fill(book: &Book, name: &str) -> Sheet {
    let day = "2026-11-21".parse().unwrap();
    (reports::report(name).unwrap().fill)(&book.desk.look().unwrap(), Reach::ALL, day, day).unwrap()
}

fn questions(book: &Book) -> Vec<String> {
    book.desk.look().unwrap().open_exceptions().unwrap().into_iter().map(|row| row.what).collect()
}

#[test]
fn yesterdays_counted_cash_carries_over_and_another_float_says_why_and_shows() {
    let mut book = branch();
    book.act("demo", "payment.take", json!({ "account": "10000001", "bills": ["#1"] }));
    book.act("demo", "shift.close", json!({ "counted": "286.90" }));
    let other = refused(&mut book, "demo", "shift.open", json!({ "float": "50.00" }));
    assert_eq!(fields(&other), ["reason"]);
    assert!(other.message().contains("286.90") && other.message().contains("-236.90"), "{other:?}");
    let opened = book.act("demo", "shift.open", json!({ "float": "50.00", "reason": "下班后交财务" }));
    assert_eq!((&opened["carried"], &opened["difference"]), (&json!("286.90"), &json!("-236.90")));
    let told = "前日现金结余 286.90 + 开班清点差额 -236.90 (下班后交财务) + 本日营业收入 0.00 - 存入 0.00 = 当日现金结余 50.00";
    let cash = fill(&book, "cash");
    assert!(cash.notes[1].contains(told), "{:?}", cash.notes);
    let row = &fill(&book, "shifts").rows[1];
    assert_eq!((&row[3], &row[4]), (&Cell::Money(Fen(28_690)), &Cell::Money(Fen(-23_690))));
    assert_eq!(row[14], Cell::text("未交班；开班差额：下班后交财务"));
    // Another clerk's till is another's.
    book.act("check", "shift.open", json!({ "float": "100.00" }));
    sound(&book);
}

#[test]
fn a_difference_at_closing_is_shown_asked_again_and_explained() {
    let mut book = branch();
    let close = |note: &str, confirm: bool| json!({ "counted": "150.00", "note": note, "confirm": confirm });
    let first = refused(&mut book, "demo", "shift.close", close("", false));
    assert_eq!(fields(&first), ["note", "confirm"]);
    assert!(first.message().contains("应有 200.00，清点 150.00，短款 50.00"), "{first:?}");
    assert_eq!(fields(&refused(&mut book, "demo", "shift.close", close("", true))), ["note"]);
    assert_eq!(fields(&refused(&mut book, "demo", "shift.close", close("错找", false))), ["confirm"]);
    assert_eq!(book.act("demo", "shift.close", close("错找", true))["over_short"], "-50.00");
    book.act("demo", "shift.open", json!({ "float": "150.00" }));
    book.act("demo", "shift.close", json!({ "counted": "150.00" }));
    sound(&book);
}

#[test]
fn a_deposit_is_taken_back_in_its_shift_once_and_a_float_is_added() {
    let mut book = branch();
    let (deposit, _) = book.try_act("demo", "shift.deposit", &json!({ "amount": "150.00", "slip": "J1" })).unwrap();
    let back = |reason: &str| json!({ "deposit": deposit, "reason": reason });
    assert_eq!(fields(&refused(&mut book, "demo", "shift.deposit_reverse", back(" "))), ["reason"]);
    assert_eq!(refused(&mut book, "check", "shift.deposit", json!({ "amount": "1.00" })).first_rule(), "R-176");
    let answer = book.act("demo", "shift.deposit_reverse", back("误存"));
    assert_eq!((&answer["paid_in"], &answer["cash"]), (&json!("0.00"), &json!("200.00")));
    assert_eq!(refused(&mut book, "demo", "shift.deposit_reverse", back("再来")).first_rule(), "I-11");
    let added = book.act("demo", "shift.float_add", json!({ "amount": "300.00", "from": "财务", "slip": "L1" }));
    assert_eq!(added["cash"], "500.00");
    assert_eq!(fields(&refused(&mut book, "demo", "shift.float_add", json!({ "amount": "0" }))), ["amount"]);
    let wrong = book.act("demo", "shift.float_add", json!({ "amount": "40.00" }))["added"].clone();
    book.act("demo", "shift.deposit_reverse", json!({ "deposit": wrong, "reason": "没有领到" }));
    let row = shifts(&book).remove(0);
    assert_eq!((row.added, row.paid_in, row.income, row.cash), (Fen(30_000), Fen::ZERO, Fen::ZERO, Fen(50_000)));
    assert!(fill(&book, "cash").notes[0].contains("前日现金结余 200.00 + 加备用金 300.00 + 本日营业收入 0.00"));
    assert!(fill(&book, "cash").rows.is_empty(), "the house's own cash is no income");
    book.act("demo", "shift.close", json!({ "counted": "500.00" }));
    assert_eq!(
        refused(&mut book, "demo", "shift.deposit_reverse", json!({ "deposit": added["added"], "reason": "晚了" }))
            .first_rule(),
        "R-178"
    );
    sound(&book);
    let sums = trial_balance(&book.desk.look().unwrap()).unwrap().accounts;
    assert_eq!(sums.get("paid_in").copied().unwrap_or_default(), Fen::ZERO);
}

#[test]
fn a_float_that_was_spent_is_not_taken_back() {
    let mut book = branch();
    let added = book.act("demo", "shift.float_add", json!({ "amount": "100.00" }))["added"].clone();
    book.act("demo", "shift.deposit", json!({ "amount": "250.00" }));
    let refusal =
        refused(&mut book, "demo", "shift.deposit_reverse", json!({ "deposit": added, "reason": "没有领到" }));
    assert_eq!(refusal.first_rule(), "R-366");
    // Nor is a cash payment said to have come by card while the drawer paid its cash in already.
    book.act("demo", "payment.take", json!({ "account": "10000001", "bills": ["#1"] }));
    book.act("demo", "shift.deposit", json!({ "amount": "136.90" }));
    let method = json!({ "payment": "B03-1-000001", "method": "银行卡", "request": "OA-1", "reason": "误录" });
    assert_eq!(refused(&mut book, "info", "payment.method", method).first_rule(), "R-366");
    assert_eq!(shifts(&book)[0].cash, Fen::ZERO);
    sound(&book);
}

#[test]
fn a_shift_is_signed_with_a_difference_and_a_remark_and_a_figure_that_moves_afterwards_marks_the_signatures() {
    let mut book = branch();
    book.act("demo", "payment.take", json!({ "account": "10000001", "bills": ["#1"], "method": "银行卡" }));
    book.act("demo", "shift.deposit", json!({ "amount": "80.00" }));
    book.act("demo", "shift.close", json!({ "counted": "120.00" }));
    let id = shifts(&book)[0].id;
    let sign = |deposits: &str, remark: &str| json!({ "shift": id, "deposits": deposits, "remark": remark });
    assert_eq!(fields(&refused(&mut book, "cash", "shift.confirm", sign("50.00", ""))), ["deposits", "remark"]);
    let signed = book.act("cash", "shift.confirm", sign("50.00", "缴款单只有五十"));
    assert_eq!((&signed["difference"], &signed["deposits"]), (&json!("-30.00"), &json!("80.00")));
    book.act("acct", "shift.confirm", sign("80.00", ""));
    let row = &fill(&book, "shifts").rows[0];
    assert_eq!((&row[12], &row[13]), (&Cell::text("cash (有差异 -30.00)"), &Cell::text("acct")));
    assert!(questions(&book).is_empty());
    let method = json!({ "payment": "B03-1-000001", "method": "现金", "request": "OA-1", "reason": "误录" });
    book.act("info", "payment.method", method);
    assert_eq!(questions(&book), ["signed_changed"]);
    let row = &fill(&book, "shifts").rows[0];
    assert_eq!((&row[12], &row[13]), (&Cell::text("cash (有差异 -30.00，签后有变)"), &Cell::text("acct (签后有变)")));
    let signs = book.desk.look().unwrap().scan::<ShiftSignRow>(&[&id]).unwrap();
    assert!(signs.iter().all(|row| row.changed.is_some()));
    sound(&book);
}

#[test]
fn whose_signature_was_marked_is_asked_again_and_signs_again() {
    let mut book = branch();
    book.act("demo", "payment.take", json!({ "account": "10000001", "bills": ["#1"], "method": "银行卡" }));
    book.act("demo", "shift.close", json!({ "counted": "200.00" }));
    let id = shifts(&book)[0].id;
    let sign = |deposits: &str| json!({ "shift": id, "deposits": deposits });
    book.act("cash", "shift.confirm", sign("0.00"));
    book.act("acct", "shift.confirm", sign("0.00"));
    let mine = |book: &mut Book, user: &str| {
        book.desk.sign_in_practice(user).unwrap();
        let lines = view_finance::to_sign(&book.desk).unwrap();
        lines.iter().map(|line| (line.mine, line.again, line.step)).collect::<Vec<_>>()
    };
    assert_eq!(mine(&mut book, "cash"), []);
    let method = json!({ "payment": "B03-1-000001", "method": "现金", "request": "OA-1", "reason": "误录" });
    book.act("info", "payment.method", method);
    // Nobody else's word settles it: who signed is asked, the cashier first.
    let tx = book.desk.look().unwrap();
    let question = view_exceptions::list(&tx).unwrap()[0].exception.clone();
    drop(tx);
    let word = json!({ "exception": question, "decision": "知道了", "reason": "已看过" });
    assert_eq!(refused(&mut book, "boss", "exception.resolve", word).first_rule(), "R-022");
    assert_eq!(mine(&mut book, "cash"), [(true, true, Step::Cashier)]);
    assert_eq!(mine(&mut book, "acct"), [(false, true, Step::Cashier)]);
    assert_eq!(refused(&mut book, "acct", "shift.confirm", sign("0.00")).first_rule(), "R-003");
    book.act("cash", "shift.confirm", sign("0.00"));
    assert_eq!(questions(&book), ["signed_changed"], "the accountant has not signed again");
    assert_eq!(mine(&mut book, "acct"), [(true, true, Step::Accountant)]);
    book.act("acct", "shift.confirm", sign("0.00"));
    assert_eq!((questions(&book), mine(&mut book, "acct")), (vec![], vec![]));
    let row = &fill(&book, "shifts").rows[0];
    assert_eq!((&row[12], &row[13]), (&Cell::text("cash"), &Cell::text("acct")));
    assert_eq!(refused(&mut book, "cash", "shift.confirm", sign("0.00")).first_rule(), "R-022");
    sound(&book);
}

#[test]
fn a_tendered_sum_whose_change_exceeds_a_thousand_or_the_drawer_is_asked_about() {
    let mut book = branch();
    let pay = |tendered: &str| json!({ "account": "10000001", "bills": ["#1"], "tendered": tendered });
    for tendered in ["900000000.00", "1086.91", "286.91"] {
        let refusal = refused(&mut book, "demo", "payment.take", pay(tendered));
        assert_eq!((refusal.first_rule(), fields(&refusal)), ("R-175", vec!["confirm"]), "{tendered}");
    }
    let card = json!({ "account": "10000001", "bills": ["#1"], "tendered": "1086.91", "method": "转账" });
    assert_eq!(fields(&refused(&mut book, "demo", "payment.take", card)), ["confirm"], "kept as prepaid");
    let late =
        json!({ "account": "10000001", "bills": ["#1"], "tendered": "5000", "paper": "S1", "happened": "2026-11-20" });
    assert_eq!(fields(&refused(&mut book, "demo", "payment.enter_late", late)), ["confirm"]);
    let fee = json!({ "kind": "补卡费", "amount": "5.00", "payer": "路人", "tendered": "900000000.00" });
    assert_eq!(fields(&refused(&mut book, "demo", "fee.take", fee)), ["confirm"]);
    let mut sure = pay("2000.00");
    sure["confirm"] = true.into();
    assert_eq!(book.act("demo", "payment.take", sure)["change"], "1913.10");
    let huge = refused(&mut book, "demo", "payment.take", pay("10000034100"));
    assert_eq!(fields(&huge), ["tendered"]);
    assert!(huge.message().contains("太大") && !huge.message().contains("line"), "{huge:?}");
    sound(&book);
}

#[test]
fn what_is_left_is_said_with_its_late_fee_as_the_next_payment_asks_for_it() {
    let mut book = branch();
    let paid = book.act("demo", "payment.take", json!({ "account": "10000002", "amounts": "300.00" }));
    let left = paid["owed_after"].as_str().unwrap().parse::<Fen>().unwrap()
        + paid["late_fee_after"].as_str().unwrap().parse::<Fen>().unwrap();
    assert_ne!(paid["late_fee_after"], "0.00");
    let rest = book.act("demo", "payment.take", json!({ "account": "10000002", "method": "银行卡" }));
    assert_eq!(rest["total"].as_str().unwrap().parse::<Fen>().unwrap(), left);
    assert_eq!((&rest["owed_after"], &rest["late_fee_after"]), (&json!("0.00"), &json!("0.00")));
}

#[test]
fn a_clerks_own_waiver_counts_per_customer_and_business_day_whichever_way_it_is_entered() {
    let slip = |paper: &str, waive: &str, happened: &str| {
        (
            "payment.enter_late",
            json!({ "account": "10000002", "bills": ["2026-10"], "amounts": "1.00", "waive": waive, "paper": paper, "happened": happened }),
        )
    };
    let take = |waive: &str| {
        ("payment.take", json!({ "account": "10000002", "bills": ["2026-10"], "amounts": "1.00", "waive": waive }))
    };
    for pair in [
        [slip("P1", "20.00", "2026-11-20"), slip("P2", "0.50", "2026-11-20")],
        [slip("P1", "10.00", "2026-11-19"), slip("P2", "10.50", "2026-11-20")],
        [slip("P1", "20.00", "2026-11-20"), take("0.50")],
        [take("20.00"), slip("P1", "0.50", "2026-11-15")],
        [take("10.00"), take("10.50")],
    ] {
        let mut book = branch();
        let [(first, input), (second, more)] = pair;
        book.act("demo", first, input);
        assert_eq!(refused(&mut book, "demo", second, more.clone()).first_rule(), "A-17", "{more}");
        // Not by another clerk either.
        book.act("check", "shift.open", json!({ "float": "100.00" }));
        assert_eq!(refused(&mut book, "check", second, more.clone()).first_rule(), "A-17", "{more}");
    }
}

#[test]
fn a_reversal_is_limited_by_its_whole_amount() {
    let mut book = branch();
    let top_up = json!({ "account": "10000002", "bills": [], "to_prepaid": "480.00", "method": "银行卡" });
    book.act("demo", "payment.take", top_up);
    let both = json!({ "account": "10000002", "bills": ["2026-11"], "amounts": "721.00", "from_prepaid": "480.00" });
    let paid = book.act("demo", "payment.take", both);
    assert_eq!((&paid["amount"], &paid["from_prepaid"]), (&json!("241.00"), &json!("480.00")));
    let back = json!({ "payment": paid["receipt"], "reason": "收错" });
    assert!(refused(&mut book, "demo", "payment.reverse", back.clone()).message().contains("721.00"));
    book.act("chief", "payment.reverse", back);
    sound(&book);
}

#[test]
fn money_whose_credit_was_spent_after_the_bill_was_cancelled_is_not_given_back() {
    let mut book = book("B03");
    prices(&mut book);
    accounts(&mut book, &[(vec![], vec![owes(8_640, "2026-11-18"), owes(4_000, "2026-12-20")])]);
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    let paid = book.act("demo", "payment.take", json!({ "account": "10000001", "bills": ["2026-11"] }));
    let cancel = json!({ "account": "10000001", "bill": paid["lines"][0]["bill"], "reason": "抄错" });
    assert_eq!(book.act("room", "bill.cancel", cancel)["credit"], "86.40");
    let used = json!({ "account": "10000001", "bills": ["2026-12"], "method": "预存" });
    let used = book.act("demo", "payment.take", used);
    let back = json!({ "payment": paid["receipt"], "reason": "退钱" });
    let refusal = refused(&mut book, "demo", "payment.reverse", back.clone());
    assert_eq!(refusal.first_rule(), "R-172");
    assert!(refusal.message().contains("已经用掉"), "{refusal:?}");
    assert!(questions(&book).is_empty());
    book.act("demo", "payment.reverse", json!({ "payment": used["receipt"], "reason": "先冲这笔" }));
    assert_eq!(book.act("demo", "payment.reverse", back)["amount"], "86.90");
    sound(&book);
}

#[test]
fn money_whose_credit_was_spent_after_special_handling_is_not_given_back() {
    let mut book = book("B03");
    support::adjust::branch(&mut book);
    let no = "31000003";
    // Credit waits for its owner here; otherwise it stands for the open bill and comes back from there.
    let keeps = json!({ "facts": { "extra.prepaid_settles": "否" } });
    let ask = json!({ "kind": "D1", "account": no, "bills": [], "change": keeps, "evidence": "申请 7" });
    support::adjust::adjusted(&mut book, ask);
    book.act("demo", "shift.open", json!({ "float": "2000.00" }));
    let bills = support::adjust::bills(&book, no);
    let last = bills.last().unwrap().0;
    let paid = book.act("demo", "payment.take", json!({ "account": no, "bills": [last] }));
    let ask = support::adjust::ask_volume(&book, no, "1");
    support::adjust::adjusted(&mut book, ask);
    let (credit, _) = support::adjust::balance(&book, no);
    assert!(credit > 0, "what was paid too much is credit");
    let part = Fen(credit).to_string();
    book.act("demo", "payment.take", json!({ "account": no, "method": "预存", "amounts": part }));
    let refusal =
        refused(&mut book, "chief", "payment.reverse", json!({ "payment": paid["receipt"], "reason": "退钱" }));
    assert_eq!(refusal.first_rule(), "R-172", "{refusal:?}");
    assert!(questions(&book).is_empty());
    sound(&book);
}
