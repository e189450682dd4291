//! The screens of users, passwords and exceptions.

mod support;

use support::orders::book;
use support::seat::Seat;
use support::town::with_two_years;

#[test]
fn a_director_adds_a_user_and_gives_and_takes_a_post() {
    let mut seat = Seat::menu(book("B03"), "boss");
    seat.press("用户<Enter>").shows("王芳");
    seat.press("<F2>liu<Enter>刘洋<Enter>坐席<Enter>demo<F2>").shows("已记").shows("刘洋");
    seat.press("<Down><Down><Down><Down><Down><F6>派工<Enter><F2>").shows("已记");
    seat.snapshot("users_post");
    seat.press("<F8>离职<Enter>").shows("停用");
}

#[test]
fn a_clerk_may_look_but_not_change_and_is_told_who_may() {
    let mut seat = Seat::menu(book("B03"), "demo");
    seat.press("用户<Enter><F7>abc123<Enter>").shows("权限");
}

#[test]
fn the_own_password_wants_the_old_one_and_the_new_one_twice() {
    let mut seat = Seat::menu(book("B03"), "demo");
    seat.press("改密码<Enter>demo<Enter>newer-1<Enter>newer-2<Enter>").shows("两次输入的新密码不同");
    seat.press("<C-u>newer-1<F2>");
    assert!(seat.app.desk.sign_in("demo", "newer-1").is_ok());
}

#[test]
fn an_exception_shows_both_sides_and_is_assigned_and_decided() {
    let mut seat = Seat::menu(with_two_years(book("B01"), "B01", "B02"), "chief");
    seat.press("疑问<Enter>").shows("同一年两份日历").shows("2027");
    seat.snapshot("exceptions");
    let before = seat.app.desk.look().unwrap().exception_count().unwrap();
    seat.press("<F6>赵敏<Enter><F2>").shows("已指派");
    seat.press("<F2>用 B01 的<Enter>先到先得<Enter>").shows("已裁定");
    assert_eq!(seat.app.desk.look().unwrap().exception_count().unwrap(), before - 1);
}

#[test]
fn a_question_shows_both_sides_beside_each_other_and_is_decided_there() {
    let mut seat = Seat::menu(with_two_years(book("B03"), "B03", "B04"), "chief");
    seat.press("疑问<Enter><Enter>").shows("一方").shows("另一方").shows("待裁定");
    seat.snapshot("doubt");
    seat.press("<F6>孙经理<Enter><F2>").shows("已指派");
    seat.press("<F2>用 B03 的<Enter>与国务院通知一致<F2>").shows("已裁定");
}
