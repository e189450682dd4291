//! Prepaid pays a bill when the bill is made: no late fee runs on what is covered, an account may switch it off, and whatever
//! happens in whatever order the balances are those of a small ledger kept beside.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use meterdesk::derive::account::file::AccountOpened;
use meterdesk::desk::customer_view;
use meterdesk::desk::import::{Request, What};
use meterdesk::rules::money::Fen;
use meterdesk::store::tables::billing::{BalanceRow, BillRow};
use proptest::prelude::*;
use serde_json::json;
use support::orders::{Book, book};
use support::water::{bill, bills, branch, line, read, resident, sound};

const A: &str = "3100000001";

/// Owed, prepaid, credit, in fen.
fn money(book: &Book, no: &str) -> (i64, i64, i64) {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(no).unwrap().unwrap().id;
    let balance = tx.get::<BalanceRow>(&[&account]).unwrap();
    let (prepaid, credit) = balance.map_or((0, 0), |row| (row.prepaid.0, row.credit.0));
    (tx.owed(account).unwrap().0, prepaid, credit)
}

fn with_prepaid(yuan: i64) -> AccountOpened {
    AccountOpened { prepaid: Fen(yuan * 100), ..resident(A) }
}

#[test]
fn a_customer_with_prepaid_was_asked_for_a_late_fee_on_a_covered_bill() {
    let mut book = book("B03");
    branch(&mut book, &[with_prepaid(300)]);
    read(&mut book, A, "2026-10-12", "120");
    bill(&mut book, "2026-10");
    assert_eq!(line(&bills(&book, A)[0]), "2026-08-11…2026-10-12 20 100.00 use paid");
    assert_eq!(money(&book, A), (0, 20_000, 0));
    let shown = customer_view::account(&book.desk, A).unwrap();
    let row: Vec<Fen> = shown.bills.iter().map(|bill| bill.prepaid).collect();
    assert_eq!(row, [Fen(10_000)]);
    sound(&mut book);
}

#[test]
fn a_bill_larger_than_prepaid_is_paid_in_part_and_the_rest_is_owed() {
    for by in ["run", "issue", "release"] {
        let mut book = book("B03");
        let discount = (by == "release").then(|| "特困".to_owned());
        branch(&mut book, &[AccountOpened { discount, ..with_prepaid(30) }]);
        read(&mut book, A, "2026-10-12", "110");
        match by {
            "issue" => {
                let answer = book.act("room", "bill.issue", json!({ "account": A }));
                assert_eq!(answer["settled"], "30.00");
            }
            _ => drop(bill(&mut book, "2026-10")),
        }
        if by == "release" {
            assert_eq!(money(&book, A), (0, 3_000, 0), "a held bill takes nothing");
            let own = include_str!("../assets/tariffs/bj-water-res-2014.toml");
            let own = own.replace("BJ-WATER-RES-2014", "HARD").replace("\"resident\"", "\"特困\"");
            book.act("boss", "tariff.put", json!({ "text": own }));
            let held = bills(&book, A).remove(0).id;
            let answer = book.act("room", "bill.release", json!({ "bill": held, "reason": "价目已载入" }));
            assert_eq!(answer["settled"], "30.00");
        }
        assert_eq!(money(&book, A), (2_000, 0, 0), "{by}");
        sound(&mut book);
    }
}

/// Whether prepaid pays bills by itself: late fee hangs on it, so three people change it.
fn settles(book: &mut Book, word: &str) {
    let change = json!({ "facts": { "extra.prepaid_settles": word } });
    let ask = json!({ "kind": "D1", "account": A, "change": change, "evidence": "用户申请" });
    support::adjust::adjusted(book, ask);
}

#[test]
fn an_account_may_keep_its_prepaid_for_itself() {
    let mut book = book("B03");
    branch(&mut book, &[with_prepaid(300)]);
    settles(&mut book, "否");
    let shown = customer_view::account(&book.desk, A).unwrap();
    assert_eq!(shown.file.get("extra.prepaid_settles").map(String::as_str), Some("false"));
    let field = shown.fields.iter().find(|field| field.key == "extra.prepaid_settles").unwrap();
    assert_eq!((field.label.as_str(), field.value.as_deref()), ("预存自动抵扣", Some("否")));
    read(&mut book, A, "2026-10-12", "120");
    bill(&mut book, "2026-10");
    assert_eq!(money(&book, A), (10_000, 30_000, 0));
    settles(&mut book, "是");
    assert_eq!(money(&book, A), (0, 20_000, 0), "from the day of the setting nothing open stands beside money");
    read(&mut book, A, "2026-11-12", "121");
    bill(&mut book, "2026-11");
    assert_eq!(money(&book, A), (0, 19_500, 0));
    sound(&mut book);
}

#[test]
fn cancelling_a_bill_that_prepaid_paid_gives_the_prepaid_back_and_cash_as_credit() {
    let mut book = book("B03");
    branch(&mut book, &[with_prepaid(30)]);
    book.act("demo", "shift.open", json!({ "float": "0.00" }));
    read(&mut book, A, "2026-10-12", "120");
    bill(&mut book, "2026-10");
    book.act("demo", "payment.take", json!({ "account": A, "amounts": "50.00" }));
    assert_eq!(money(&book, A), (2_000, 0, 0));
    let first = bills(&book, A).remove(0);
    book.act("room", "bill.cancel", json!({ "bill": first.id, "reason": "读数抄错" }));
    assert_eq!(money(&book, A), (0, 3_000, 5_000));
    book.act("room", "bill.issue", json!({ "account": A }));
    assert_eq!(money(&book, A), (2_000, 0, 0), "credit is the customer's money too");
    sound(&mut book);
}

#[test]
fn special_handling_moves_what_prepaid_had_paid_and_gives_the_rest_back() {
    for approve in [true, false] {
        let mut book = book("B03");
        branch(&mut book, &[with_prepaid(300)]);
        read(&mut book, A, "2026-10-12", "120");
        bill(&mut book, "2026-10");
        assert_eq!(money(&book, A), (0, 20_000, 0));
        let row = bills(&book, A).remove(0);
        let asked = json!({
            "account": A, "kind": "V1", "bills": [row.id], "change": { "volume": "12" }, "evidence": "复抄示数 112",
        });
        let request = support::adjust::checked(&mut book, asked);
        let decide = json!({ "request": request, "approve": approve, "remark": "看过" });
        book.act("chief", "adjustment.decide", decide);
        let wanted = if approve { (0, 24_000, 0) } else { (0, 20_000, 0) };
        assert_eq!(money(&book, A), wanted, "12 at 5.00");
        sound(&mut book);
    }
}

fn import(book: &mut Book, rows: &str) -> meterdesk::desk::import::Answer {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    let head = "户号,户名,用水地址,用水性质,水表编号,表位数,装表日期,上次抄表日期,上次表底,预存余额,欠费笔数,欠费金额,\
        欠费明细,预存自动抵扣,状态";
    std::fs::write(&path, format!("{head}\n{rows}\n")).unwrap();
    book.desk.sign_in_practice("boss").unwrap();
    let on = "2026-11-21".parse().ok();
    let request = Request {
        what: What::Customers,
        path: Path::new(&path).into(),
        read_by: None,
        profile: None,
        on,
        dry_run: false,
    };
    book.desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap()
}

fn row(no: u32, money: &str) -> String {
    format!("31000000{no:02},王芳,人民路{no}号,居民生活,LC{no:08},5,2022-10-16,2026-09-05,100,{money},正常")
}

#[test]
fn a_balance_below_zero_came_in_as_prepaid_below_zero() {
    let mut book = book("B03");
    support::water::prices(&mut book);
    let rows = [
        row(1, "-12.50,0,0.00,,"),
        row(2, "-12.50,,,,否"),
        row(3, "-12.50,1,12.50,,"),
        row(4, "-12.50,1,12.50,202609:12.50,"),
        row(5, "-12.50,1,20.00,,"),
        row(6, "-12.50,3,,,"),
        row(7, "0.00,0,-8.00,,"),
        row(8, "8.00,0,-8.00,,"),
        row(9, "9.00,0,-8.00,,"),
        row(10, "0.00,1,-8.00,202609:-8.00,"),
        row(11, "20.00,1,12.50,202609:12.50,是"),
    ];
    let answer = import(&mut book, &rows.join("\n"));
    let told = serde_json::to_value(&answer).unwrap();
    assert!(told.to_string().contains("3户的预存余额为负，已按欠费记入"), "{told}");
    let wanted = [
        (1, Some((1_250, 0))),
        (2, Some((1_250, 0))),
        (3, Some((1_250, 0))),
        (4, None),
        (5, None),
        (6, None),
        (7, Some((0, 800))),
        (8, Some((0, 800))),
        (9, None),
        (10, None),
        (11, Some((0, 750))),
    ];
    for (no, balance) in wanted {
        let no = format!("31000000{no:02}");
        let known = book.desk.look().unwrap().account_of_text(&no).unwrap().is_some();
        assert_eq!(known, balance.is_some(), "{no}");
        if let Some((owed, prepaid)) = balance {
            assert_eq!(money(&book, &no), (owed, prepaid, 0), "{no}");
        }
    }
    let owed = bills(&book, "3100000001").remove(0);
    assert_eq!((owed.cycle.as_str(), owed.dated.to_string().as_str()), ("2026-09", "2026-09-30"));
    assert_eq!((owed.kind.as_str(), owed.state.as_str(), owed.unpaid), ("opening", "open", Fen(1_250)));
    let shown = customer_view::account(&book.desk, "3100000002").unwrap();
    assert_eq!(shown.file.get("extra.prepaid_settles").map(String::as_str), Some("false"));
    let refusal = book
        .try_act(
            "demo",
            "intake.take",
            &json!({ "service": "seal", "account": "3100000001", "fields": { "reason": "外出" } }),
        )
        .unwrap_err();
    assert_eq!(refusal.first_rule(), "R-136");
    sound(&mut book);
}

/// Owed and not due, so that a late fee runs on it: 欠费 of July, due on 15 August.
#[test]
fn imported_prepaid_stood_beside_imported_arrears_while_a_late_fee_ran_on_what_it_covered() {
    const KEEPS: &str = "3100000002";
    let rows = [row(1, "50.00,1,90.00,202607:90.00,"), row(2, "50.00,1,90.00,202607:90.00,否")].join("\n");
    for prices_first in [true, false] {
        let mut book = book("B03");
        if prices_first {
            support::water::prices(&mut book);
        }
        import(&mut book, &rows);
        assert_eq!((money(&book, A), money(&book, KEEPS)), ((4_000, 0, 0), (9_000, 5_000, 0)), "{prices_first}");
        let owed = bills(&book, A).remove(0);
        assert_eq!((owed.unpaid, owed.prepaid, owed.state.as_str()), (Fen(4_000), Fen(5_000), "open"));
        sound(&mut book);
        if !prices_first {
            continue;
        }
        book.act("demo", "shift.open", json!({ "float": "0.00" }));
        let paid = book.act("demo", "payment.take", json!({ "account": A }));
        // 0.1 % a day from the due day on, of 40.00.
        let days = (support::water::day("2026-11-21") - owed.due).num_days();
        assert_eq!(paid["late_fee"], Fen(4 * days).to_string());
        book.act("demo", "payment.reverse", json!({ "payment": paid["receipt"], "reason": "收错" }));
        assert_eq!(money(&book, A), (4_000, 0, 0), "as it was before");
        sound(&mut book);
    }
    // Opened at the desk: the oldest first.
    let mut book = book("B03");
    support::water::prices(&mut book);
    let opened = json!({ "address": "建设路3号", "class": "resident", "utility": "water", "prepaid": "50.00",
        "arrears": [{ "cycle": "2026-09", "amount": "30.00" }, { "cycle": "2026-07", "amount": "40.00" }] });
    let no = book.act("check", "account.open", opened)["account"].as_str().unwrap().to_owned();
    assert_eq!(money(&book, &no), (2_000, 0, 0));
    let left: Vec<(String, i64)> = bills(&book, &no).into_iter().map(|bill| (bill.cycle, bill.unpaid.0)).collect();
    assert_eq!(left, [("2026-07".to_owned(), 0), ("2026-09".to_owned(), 2_000)]);
    sound(&mut book);
}

/// One thing that may happen to the account.
#[derive(Debug, Clone)]
enum Step {
    /// A month is read and billed, by run or alone.
    Bill {
        used: i64,
        alone: bool,
    },
    /// Money is put to prepaid, whatever is open.
    Prepay(i64),
    /// So much is paid on what is open, oldest first.
    Pay(i64),
    /// So much of what is open is paid by prepaid.
    PayByPrepaid(i64),
    /// The last living bill is cancelled, and its reading billed anew.
    Cancel,
    Again,
    Setting(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0i64..12, any::<bool>()).prop_map(|(used, alone)| Step::Bill { used, alone }),
        (1i64..9_000).prop_map(Step::Prepay),
        (1i64..9_000).prop_map(Step::Pay),
        (1i64..9_000).prop_map(Step::PayByPrepaid),
        Just(Step::Cancel),
        Just(Step::Again),
        any::<bool>().prop_map(Step::Setting),
    ]
}

/// The small ledger: what each bill owes and got, what is prepaid, what is credit. It knows nothing of the product.
#[derive(Default)]
struct Own {
    /// Amount, from prepaid by itself, paid otherwise; by the bill's last day.
    bills: BTreeMap<String, (i64, i64, i64)>,
    /// What had been paid on bills of these days that were cancelled: it pays the one in their place, whatever the setting.
    back: BTreeMap<String, i64>,
    /// What prepaid and credit had paid by themselves: it pays the one in their place too, as far as they are there.
    stood: BTreeMap<String, i64>,
    /// What credit paid of a bill by itself.
    of_credit: BTreeMap<String, i64>,
    prepaid: i64,
    credit: i64,
    keeps: bool,
}

impl Own {
    fn billed(&mut self, day: &str, amount: i64) {
        let back = self.back.remove(day).unwrap_or_default().min(self.credit).min(amount);
        self.credit -= back;
        let stood = self.stood.remove(day).unwrap_or_default();
        let most = if self.keeps { stood.min(amount - back) } else { amount - back };
        let prepaid = most.min(self.prepaid);
        let credit = (most - prepaid).min(self.credit);
        self.of_credit.insert(day.to_owned(), credit);
        self.prepaid -= prepaid;
        self.credit -= credit;
        self.bills.insert(day.to_owned(), (amount, prepaid, back + credit));
    }

    /// What is there stands for what is open.
    fn cover(&mut self) {
        if self.keeps {
            return;
        }
        let part = self.owed().min(self.prepaid + self.credit).max(0);
        let prepaid = part.min(self.prepaid);
        self.prepaid -= prepaid;
        self.credit -= part - prepaid;
        self.pay(part);
    }

    fn owed(&self) -> i64 {
        self.bills.values().map(|(amount, prepaid, paid)| amount - prepaid - paid).sum()
    }

    fn pay(&mut self, mut sum: i64) {
        for (amount, prepaid, paid) in self.bills.values_mut() {
            let part = sum.min(*amount - *prepaid - *paid);
            *paid += part;
            sum -= part;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn owed_prepaid_and_credit_are_those_of_a_ledger_kept_beside(steps in prop::collection::vec(step(), 1..20)) {
        let mut book = book("B03");
        branch(&mut book, &[AccountOpened { recent: "0;0;0".into(), ..resident(A) }]);
        book.act("demo", "shift.open", json!({ "float": "0.00" }));
        let mut own = Own::default();
        let (mut day, mut value) = (10, 100);
        for step in &steps {
            match *step {
                Step::Bill { used, alone } if day < 21 => {
                    day += 1;
                    value += used;
                    let date = format!("2026-11-{day}");
                    read(&mut book, A, &date, &value.to_string());
                    // What waits since a cancelling is billed with it.
                    let waits: i64 = (value - 100) * 500 - own.bills.values().map(|bill| bill.0).sum::<i64>();
                    if alone {
                        while book.try_act("room", "bill.issue", &json!({ "account": A })).is_ok() {}
                    } else {
                        bill(&mut book, "2026-11");
                    }
                    let made: Vec<BillRow> = bills(&book, A).into_iter().filter(|row| row.state != "cancelled").collect();
                    let made: Vec<_> = made.iter().filter(|row| !own.bills.contains_key(&row.last_day.to_string())).collect();
                    let mut in_all = 0;
                    for row in made {
                        own.billed(&row.last_day.to_string(), row.volume.0 / 1_000 * 500);
                        in_all += row.volume.0 / 1_000 * 500;
                    }
                    prop_assert_eq!(in_all, waits);
                }
                Step::Prepay(sum) => {
                    let input = json!({ "account": A, "bills": [], "to_prepaid": Fen(sum).to_string() });
                    book.act("demo", "payment.take", input);
                    own.prepaid += sum;
                }
                Step::Pay(sum) => {
                    let sum = sum.min(own.owed());
                    let input = json!({ "account": A, "amounts": Fen(sum).to_string() });
                    if sum > 0 {
                        book.act("demo", "payment.take", input);
                        own.pay(sum);
                    }
                }
                Step::PayByPrepaid(sum) => {
                    let sum = sum.min(own.owed()).min(own.prepaid + own.credit);
                    let input = json!({ "account": A, "amounts": Fen(sum).to_string(), "method": "预存" });
                    if sum > 0 {
                        book.act("demo", "payment.take", input);
                        own.credit -= (sum - own.prepaid).max(0);
                        own.prepaid = (own.prepaid - sum).max(0);
                        own.pay(sum);
                    }
                }
                Step::Cancel => {
                    let last = bills(&book, A).into_iter().rev().find(|row| row.state != "cancelled");
                    if let Some(last) = last {
                        book.act("room", "bill.cancel", json!({ "bill": last.id, "account": A, "reason": "试" }));
                        let (_, prepaid, paid) = own.bills.remove(&last.last_day.to_string()).unwrap();
                        own.prepaid += prepaid;
                        own.credit += paid;
                        let day = last.last_day.to_string();
                        let of_credit = own.of_credit.remove(&day).unwrap_or_default();
                        own.back.insert(day.clone(), paid - of_credit);
                        own.stood.insert(day, prepaid + of_credit);
                    }
                }
                Step::Again => {
                    let known = own.bills.len();
                    if book.try_act("room", "bill.issue", &json!({ "account": A })).is_ok() {
                        let living = bills(&book, A).into_iter().filter(|row| row.state != "cancelled");
                        for row in living.filter(|row| !own.bills.contains_key(&row.last_day.to_string())).collect::<Vec<_>>() {
                            own.billed(&row.last_day.to_string(), row.volume.0 / 1_000 * 500);
                        }
                        prop_assert_eq!(own.bills.len(), known + 1);
                    }
                }
                Step::Setting(keeps) if keeps != own.keeps => {
                    let word = |keeps: bool| if keeps { "否" } else { "是" };
                    settles(&mut book, word(keeps));
                    own.keeps = keeps;
                }
                _ => {}
            }
            if !matches!(step, Step::Bill { .. } | Step::Again) {
                own.cover();
            }
            prop_assert_eq!(money(&book, A), (own.owed(), own.prepaid, own.credit), "after {:?}", step);
        }
        sound(&mut book);
    }
}
