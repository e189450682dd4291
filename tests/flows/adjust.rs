//! Special handling: a clerk asks with a preview, a second person checks, a third approves; each sees the same picture.

use meterdesk::rules::money::Fen;

use crate::hand::Branch;

/// An account whose newest bill is not paid.
const OWING: &str = "SELECT no FROM d_account JOIN d_bill ON d_bill.account = d_account.id
    WHERE unpaid = amount AND amount > 0 AND kind = 'use' AND volume > 3000 AND last_day =
          (SELECT max(last_day) FROM d_bill AS b WHERE b.account = d_account.id AND state <> 'cancelled')
    ORDER BY no LIMIT 1";

fn owed(branch: &Branch, no: &str) -> Fen {
    let desk = branch.desk();
    let tx = desk.look().unwrap();
    tx.owed(tx.account_of_text(no).unwrap().unwrap().id).unwrap()
}

#[test]
fn three_people_adjust_a_bill_and_the_clerk_needs_at_most_eight_control_keys() {
    let branch = Branch::copy();
    let no = branch.ask(OWING);
    let before = owed(&branch, &no);
    let mut clerk = branch.open("demo");
    clerk.press(&no).shows(&no).press("<Enter>").shows("时间线").press("<F7>").shows("改前与改后").cursor_at("种类");
    clerk.press("v1<Enter><Enter>").cursor_at("改后用量").press("1").shows("全户欠费").press("<Enter>");
    clerk.press("复表单 0817").shows("复表单 0817").press("<F2>").shows("已提交申请").within(8);
    clerk.leave();
    for (user, done) in [("check", "已复核"), ("chief", "已批准")] {
        let mut other = branch.open(user);
        other.press("<F10>审批<Enter>").shows("复表单 0817").shows("全户欠费").press("<F2>").shows(done);
        other.leave();
    }
    let desk = branch.desk();
    let tx = desk.look().unwrap();
    let account = tx.account_of_text(&no).unwrap().unwrap().id;
    let row = tx.requests_of(account).unwrap().pop().unwrap();
    assert_eq!(row.state, "approved");
    assert!(tx.owed(account).unwrap().0 < before.0, "one cubic metre costs less than {before}");
    let people = [Some(row.maker), row.checker, row.approver];
    assert!(people[0] != people[1] && people[1] != people[2] && people[0] != people[2]);
}
