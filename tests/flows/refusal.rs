//! Keys that were on their way when something was refused, and a form opened again at once: in the real program, in one write.

use crate::hand::Branch;

/// Two accounts that owe more than 60 yuan.
fn owing(branch: &Branch) -> [String; 2] {
    let no = |skip: usize| {
        branch.ask(&format!(
            "SELECT no FROM d_account WHERE (SELECT sum(unpaid) FROM d_bill WHERE d_bill.account = d_account.id) > 6000
             ORDER BY no LIMIT 1 OFFSET {skip}"
        ))
    };
    [no(0), no(1)]
}

fn receipts(branch: &Branch) -> i64 {
    branch.ask("SELECT CAST(count(*) AS TEXT) FROM d_till WHERE kind = 'payment'").parse().unwrap()
}

#[test]
fn one_burst_over_a_refusal_takes_nothing_from_the_next_customer() {
    let branch = Branch::copy();
    let [first, second] = owing(&branch);
    let before = receipts(&branch);
    let mut clerk = branch.open("demo");
    clerk.press(&format!("{first}<F5>10<F2><C-u>{second}<F5>900<F2>"));
    clerk.shows("没有办成，后面按的 14 个键没有收").shows(&first);
    assert_eq!(receipts(&branch), before);
    // After a look the same screen goes on.
    std::thread::sleep(std::time::Duration::from_millis(450));
    clerk.press("<C-u>900<F2>").shows("收您 900.00 元").shows("找 >");
    assert_eq!(receipts(&branch), before + 1);
    clerk.leave();
}

#[test]
fn a_part_is_not_taken_twice_when_the_form_is_opened_again_at_once() {
    let branch = Branch::copy();
    let [first, _] = owing(&branch);
    let mut clerk = branch.open("demo");
    clerk.press(&format!("{first}<F5>")).shows("应收").press("<Tab><Tab>30").shows("应收 30.00");
    clerk.press("<F2><F5>").shows("收您").shows("部分缴");
    clerk.pty.wait("a form without the part", |screen| {
        let text = screen.contents();
        text.contains("部分缴") && !text.contains("应收 30.00")
    });
    assert_eq!(
        branch.ask("SELECT CAST(count(*) AS TEXT) FROM d_till WHERE kind = 'payment' AND amount = 3000").as_str(),
        "1"
    );
    clerk.leave();
}
