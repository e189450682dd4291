//! Passwords and sessions of a real book: one's own before anything else, wrong ones counted, a session ended elsewhere.

mod support;

use chrono::Duration;
use meterdesk::desk::Desk;
use meterdesk::desk::refusal::RefusalKind;
use meterdesk::desk::rights;
use meterdesk::tui::app::{App, initials};
use meterdesk::tui::harness::{press, render};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::screens::login::Login;
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::Theme;
use serde_json::json;
use support::orders::moment;
use support::real::{add, choose_own, clock, perform, real};

#[test]
fn a_password_that_another_gave_is_changed_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = real(folder.path());
    desk.sign_in("admin", "secret-1").unwrap();
    assert!(!desk.must_change_password().unwrap(), "the first manager chose it");
    add(&mut desk, "wang", &["clerk", "dispatcher"]);
    let worker = json!({ "code": "lq", "name": "李强", "team": "抢修班" });
    desk.sign_in("wang", "given-1").unwrap();
    assert!(desk.must_change_password().unwrap());
    let refusal = perform(&mut desk, "worker.add", &worker).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Permission);
    assert_eq!(desk.may(rights::FIND).unwrap_err().kind, RefusalKind::Permission);
    let same = json!({ "old": "given-1", "new": "given-1" });
    assert!(perform(&mut desk, "user.password", &same).is_err());
    perform(&mut desk, "user.password", &json!({ "old": "given-1", "new": "own-pass-1" })).unwrap();
    perform(&mut desk, "worker.add", &worker).unwrap();
    assert!(desk.may(rights::FIND).is_ok());
    desk.sign_in("admin", "secret-1").unwrap();
    perform(&mut desk, "user.reset", &json!({ "user": "wang", "password": "given-2" })).unwrap();
    desk.sign_in("wang", "given-2").unwrap();
    assert!(desk.must_change_password().unwrap(), "a reset is another's password again");
}

#[test]
fn reset_and_closing_end_open_sessions_of_every_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = real(folder.path());
    desk.sign_in("admin", "secret-1").unwrap();
    add(&mut desk, "wang", &["clerk", "dispatcher"]);
    choose_own(&mut desk, "wang");
    desk.sign_in("wang", "own-pass-1").unwrap();
    let mut other = desk.beside().unwrap();
    other.sign_in("admin", "secret-1").unwrap();
    assert!(desk.session_ended().is_none() && desk.may(rights::FIND).is_ok());
    perform(&mut other, "user.reset", &json!({ "user": "wang", "password": "given-2" })).unwrap();
    assert!(desk.session_ended().unwrap().message().contains("重新登录"));
    let worker = json!({ "code": "lq", "name": "李强", "team": "抢修班" });
    assert_eq!(perform(&mut desk, "worker.add", &worker).unwrap_err().kind, RefusalKind::Permission);
    assert!(desk.may(rights::FIND).is_err() && !desk.is_at_desk("wang").unwrap());
    desk.sign_in("wang", "given-2").unwrap();
    perform(&mut desk, "user.password", &json!({ "old": "given-2", "new": "own-pass-2" })).unwrap();
    assert!(desk.session_ended().is_none(), "whoever changes it goes on");
    perform(&mut other, "user.close", &json!({ "user": "wang", "reason": "离职" })).unwrap();
    assert!(desk.session_ended().unwrap().message().contains("停用"));
    assert!(desk.may(rights::FIND).is_err());
}

#[test]
fn wrong_passwords_are_counted_by_person_however_the_name_is_spelt() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = real(folder.path());
    for login in ["admin", "admin@B03", "admin@b03", " admin", "admin@B03"] {
        assert!(desk.sign_in(login, "wrong").unwrap_err().message().contains("不对"), "{login}");
    }
    for login in ["admin", "admin@B03", "admin@b03", " admin "] {
        assert!(desk.sign_in(login, "secret-1").unwrap_err().message().contains("请等"), "{login}");
    }
    let mut at = moment();
    for _ in 0..12 {
        at += Duration::seconds(31);
        desk.set_clock(clock(at));
        assert!(desk.sign_in("admin", "wrong").unwrap_err().message().contains("不对"), "no wait is longer than 30 s");
    }
    at += Duration::seconds(31);
    desk.set_clock(clock(at));
    desk.sign_in("admin", "secret-1").unwrap();
}

#[test]
fn nobody_at_another_terminal_keeps_a_person_out_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = real(folder.path());
    desk.set_place("counter 1");
    desk.sign_in("admin", "secret-1").unwrap();
    let mut thief = desk.beside().unwrap();
    thief.set_clock(clock(moment()));
    thief.set_place("elsewhere");
    for _ in 0..20 {
        assert!(thief.sign_in("admin", "wrong").is_err());
    }
    assert!(thief.sign_in("admin", "secret-1").unwrap_err().message().contains("请等"));
    desk.sign_in("admin", "secret-1").unwrap();
}

#[test]
fn what_was_typed_as_a_name_is_kept_nowhere_and_unknown_names_share_one_count() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = real(folder.path());
    {
        let tx = desk.db_mut().write().unwrap();
        tx.set_setting("login_failures:OldRealPassword1", "1 0").unwrap();
        tx.commit().unwrap();
    }
    for name in ["MyRealPassword1", "MyRealPassword2", "a", "b", "c"] {
        assert!(desk.sign_in(name, "x").unwrap_err().message().contains("不对"));
    }
    assert!(desk.sign_in("d", "x").unwrap_err().message().contains("请等"), "one count for all");
    desk.sign_in("admin", "secret-1").unwrap();
    desk.db().checkpoint().unwrap();
    let bytes = std::fs::read(folder.path().join("b.db")).unwrap();
    for typed in ["MyRealPassword1", "OldRealPassword1"] {
        assert!(!bytes.windows(typed.len()).any(|window| window == typed.as_bytes()), "{typed}");
    }
    let counts = |desk: &Desk| desk.look().unwrap().settings_like("guesses:").unwrap().len();
    assert_eq!(counts(&desk), 1);
    desk.set_clock(clock(moment() + Duration::hours(25)));
    desk.sign_in("admin", "secret-1").unwrap();
    assert_eq!(counts(&desk), 0, "forgotten in a day");
}

/// The screens on a real book: a stack with the login screen, and what they share.
fn screens(desk: Desk) -> (Stack<App>, App) {
    let app = App::new(desk, Inputs::silent().waker());
    (Stack::new(Login::first(&app), Theme::default(), initials), app)
}

#[test]
fn the_screens_ask_for_ones_own_password_first_and_lock_when_it_is_set_anew_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = real(folder.path());
    desk.sign_in("admin", "secret-1").unwrap();
    add(&mut desk, "wang", &["clerk"]);
    let mut elsewhere = desk.beside().unwrap();
    desk.sign_out();
    let (mut stack, mut app) = screens(desk);
    let see = |stack: &mut Stack<App>, app: &mut App, keys: &str| {
        press(stack, app, keys).unwrap();
        render(stack, app, 80, 24).picture()
    };
    let picture = see(&mut stack, &mut app, "wang<Enter>given-1<Enter>");
    assert!(picture.contains("先改密码") && picture.contains("别人设的"), "{picture}");
    for keys in ["<Esc>", "<F9>", "<F12>"] {
        let picture = see(&mut stack, &mut app, keys);
        assert!(picture.contains("先改密码"), "{keys}\n{picture}");
    }
    let picture = see(&mut stack, &mut app, "given-1<Enter>own-pass-1<Enter>own-pass-1<F2>");
    assert!(picture.contains("密码已修改") && !picture.contains("先改密码"), "{picture}");
    perform(&mut elsewhere, "user.reset", &json!({ "user": "wang", "password": "given-2" })).unwrap();
    let picture = see(&mut stack, &mut app, "1");
    assert!(picture.contains("已锁屏") && picture.contains("重新登录"), "{picture}");
    let picture = see(&mut stack, &mut app, "given-2<Enter>");
    assert!(picture.contains("先改密码"), "{picture}");
    let picture = see(&mut stack, &mut app, "given-2<Enter>own-pass-2<Enter>own-pass-2<F2>");
    assert!(!picture.contains("先改密码") && !picture.contains("已锁屏"), "{picture}");
    perform(&mut elsewhere, "user.close", &json!({ "user": "wang", "reason": "离职" })).unwrap();
    let picture = see(&mut stack, &mut app, "1");
    assert!(picture.contains("已锁屏") && picture.contains("停用"), "{picture}");
}
