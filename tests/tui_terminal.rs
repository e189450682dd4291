//! The toolkit in a real (pseudo-)terminal: what is typed arrives, the cursor is real, the terminal is left as it was
//! found whatever happens.
//!
//! The program under test is this test binary itself: `gallery_child` opens the gallery when it is asked to by the
//! environment, so the shipped program needs no trapdoor.

#![cfg(unix)]

#[path = "support/gallery.rs"]
mod gallery;
#[path = "support/pty.rs"]
mod pty;

use gallery::Hall;
use meterdesk::tui::input::Inputs;
use meterdesk::tui::run::{Ending, run};
use meterdesk::tui::terminal::Tty;
use meterdesk::tui::theme::Theme;
use portable_pty::CommandBuilder;
use pty::Pty;

const ASKED: &str = "METERDESK_TEST_GALLERY";

/// Not a test of its own: the program the others start.
#[test]
fn gallery_child() {
    if std::env::var_os(ASKED).is_none() {
        return;
    }
    let mut inputs = Inputs::silent();
    let mut hall = Hall { practice: true, waker: Some(inputs.waker()), ..Hall::default() };
    let mut stack = gallery::stack(Theme::from_env(|name| std::env::var(name).ok()));
    let mut tty = Tty::enter().unwrap();
    inputs.listen().unwrap();
    let ending = run(&mut tty, &mut inputs, &mut stack, &mut hall).unwrap();
    drop(tty);
    println!(
        "drafts {}",
        hall.drafts.last().map(|d| serde_json::Value::Object(d.values.clone()).to_string()).unwrap_or_default()
    );
    std::process::exit(match ending {
        Ending::Quit => 0,
        Ending::Signal(signal) => 128 + signal,
        Ending::Closed => 1,
    });
}

fn open(columns: u16, rows: u16) -> Pty {
    open_with(columns, rows, &[])
}

fn open_with(columns: u16, rows: u16, env: &[(&str, &str)]) -> Pty {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["gallery_child", "--exact", "--nocapture"]);
    command.env(ASKED, "1");
    command.env_remove("NO_COLOR");
    for (name, value) in env {
        command.env(name, value);
    }
    Pty::spawn(command, columns, rows)
}

#[test]
fn chinese_typed_and_pasted_arrives_and_the_cursor_follows() {
    let mut pty = open(80, 24);
    pty.wait_text("样张 各种格子");
    pty.wait_cursor(13, 4);
    pty.press("王𠮷");
    pty.wait_cursor(17, 4);
    pty.paste("芳\r\n<F2>");
    pty.wait_text("王𠮷芳<F2>");
    pty.press("<C-q>");
    let end = pty.end();
    end.assert_restored();
    assert_eq!(end.code, 0);
    assert!(end.text.contains(r#"{"name":"王𠮷芳<F2>"}"#), "{}", end.text);
}

#[test]
fn keys_typed_ahead_in_one_write_are_all_there() {
    let mut pty = open(80, 24);
    pty.wait_text("样张");
    // Help and away, the list and away, twice Esc too many, then a whole form.
    pty.press(
        "<F1><Esc><F8><Down><Esc><Esc><Esc>王芳<Enter><Enter>1103<Enter>rml<Enter>jm<Enter><Enter>1209<Enter>100",
    );
    pty.press("<F2>");
    pty.wait_text("保存这张单子？");
    std::thread::sleep(std::time::Duration::from_millis(600)); // a question is read before it is answered
    pty.press("<Enter>");
    pty.wait_text("已保存");
    pty.press("<C-q>");
    let end = pty.end();
    for kept in [r#""name":"王芳""#, r#""date":"2026-11-03""#, r#""street":"人民路""#, r#""class":"resident""#] {
        assert!(end.text.replace('\n', "").contains(kept), "{kept} in\n{}", end.text);
    }
}

#[test]
fn a_paste_of_ten_thousand_lines_is_cheap() {
    let mut pty = open(80, 24);
    pty.wait_text("样张");
    let before = pty.written();
    pty.paste(&"人民路十二号三十三幢，家里没有人\n".repeat(10_000));
    pty.press("<Enter>138");
    pty.wait_text("138");
    assert!(pty.text().contains("人民路十二号三十三幢，家里没有人人民路"));
    assert!(pty.written() - before < 20_000, "a frame or a few, not one a character");
    pty.press("<C-q>");
    pty.end().assert_restored();
}

#[test]
fn the_window_may_be_too_small_and_grow_again() {
    let mut pty = open(80, 24);
    pty.wait_text("样张");
    pty.press("王芳");
    pty.wait_text("王芳");
    pty.resize(60, 20);
    pty.wait_text("窗口太小：现在 60×20");
    pty.resize(120, 40);
    pty.wait_text("王芳");
    pty.press("<C-q>");
    assert_eq!(pty.end().code, 0);
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was_found() {
    let mut pty = open(80, 24);
    pty.wait_text("样张");
    pty.press("<C-e>");
    let end = pty.end();
    end.assert_restored();
    assert_ne!(end.code, 0);
    let (_, after) = end.bytes.rsplit_once("\x1b[?1049l").expect("the alternate screen was left");
    assert!(after.contains("样张要的崩溃"), "the message is printed on the screen that stays");
}

#[test]
fn a_panic_elsewhere_does_not_spoil_the_screen() {
    let mut pty = open(80, 24);
    pty.wait_text("样张");
    pty.press("<C-o>");
    pty.wait_text("样张 清单和对照");
    assert!(!pty.text().contains("后台的崩溃"));
    pty.press("<C-q>");
    let end = pty.end();
    end.assert_restored();
    assert!(end.text.contains("后台的崩溃"), "it is said once the terminal is back\n{}", end.text);
}

#[test]
fn signals_end_the_program_with_the_terminal_restored() {
    for (name, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let mut pty = open(80, 24);
        pty.wait_text("样张");
        pty.press("王");
        pty.wait_text("> 王");
        pty.signal(name);
        let end = pty.end();
        end.assert_restored();
        assert_eq!(end.code, code, "{name}");
        assert!(end.text.contains(r#"{"name":"王"}"#), "the draft was kept");
    }
}

#[test]
fn stopped_and_continued_the_screen_is_drawn_anew() {
    let mut pty = open(80, 24);
    pty.wait_text("样张");
    pty.signal("STOP");
    pty.signal("CONT");
    pty.wait_bytes("the terminal taken over again, and a whole frame", |bytes| {
        let mut entered = bytes.split("\x1b[?1049h").skip(2);
        entered.next().is_some_and(|frame| frame.contains("B03"))
    });
    pty.press("王");
    pty.wait_text("> 王");
    pty.press("<C-q>");
    pty.end().assert_restored();
}

#[test]
fn the_environment_sets_the_look() {
    let mut pty = open_with(80, 24, &[("METERDESK_BORDER", "ascii"), ("NO_COLOR", "1")]);
    pty.wait_text("-- 样张");
    assert!(pty.text().contains("! 练习库"));
    pty.press("<F1>");
    pty.wait_text("+- 帮助");
    pty.press("<Esc><C-q>");
    let end = pty.end();
    assert!(!end.bytes.contains("\x1b[36m") && !end.bytes.contains("\x1b[38;5;"), "no colour is set");
    assert!(!end.bytes.contains('─'));
}

#[test]
fn nothing_is_drawn_unless_something_was_heard() {
    let mut pty = open(80, 24);
    pty.wait_text("样张");
    pty.press("王");
    pty.wait_text("> 王");
    // A key without meaning draws the same frame: a few bytes for the cursor, no text again.
    let before = pty.written();
    pty.press("<Ins>芳");
    pty.wait_text("王芳");
    assert!(pty.written() - before < 400, "{} bytes for one character", pty.written() - before);
    pty.press("<C-q>");
    pty.end();
}
