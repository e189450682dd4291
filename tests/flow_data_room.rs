//! The real program in a terminal: a swap slip is opened by its number and entered, and thirty reading cards are keyed with one
//! key each.

#[path = "support/pty.rs"]
mod pty;

use portable_pty::CommandBuilder;
use pty::Pty;
use serde_json::{Value, json};

fn program() -> std::path::PathBuf {
    env!("CARGO_BIN_EXE_meterdesk").into()
}

fn demo(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("demo.db");
    let made = std::process::Command::new(program())
        .args(["demo", "--no-ui", "--accounts", "120", "--db"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    path
}

fn desk(path: &std::path::Path) -> meterdesk::desk::Desk {
    use meterdesk::book::clock::SystemClock;
    let options = meterdesk::store::OpenOptions::default();
    let mut desk = meterdesk::desk::Desk::open(path, options, Box::new(SystemClock)).unwrap();
    desk.sign_in_practice("room").unwrap();
    desk
}

fn perform(desk: &mut meterdesk::desk::Desk, action: &str, input: &Value) -> Value {
    let done = desk.perform(action, &input.to_string(), meterdesk::desk::Call::default());
    serde_json::from_str(&done.unwrap_or_else(|refusal| panic!("{action}: {refusal:?}")).result).unwrap()
}

fn screens(path: &std::path::Path) -> Pty {
    let mut command = CommandBuilder::new(program());
    command.args(["--as", "room", "--db"]);
    command.arg(path);
    let pty = Pty::spawn(command, 80, 24);
    pty.wait_text("找 >");
    pty
}

#[test]
fn a_slip_is_opened_by_its_number_and_entered_with_two_control_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = demo(&folder);
    let mut book = desk(&path);
    let (no, meter, last, day) = {
        let tx = book.look().unwrap();
        let card =
            tx.books().unwrap().iter().find_map(|book| tx.cards_of_book(book).unwrap().into_iter().next()).unwrap();
        let last = tx.last_reading(card.id).unwrap().unwrap();
        (card.no, tx.meter_on_wall(card.id).unwrap().unwrap().no, last.value, last.day)
    };
    let slip = json!({
        "slip": "HB900001", "account": no, "old_meter": meter, "final_value": last, "new_meter": "ZZ0000001",
        "first_value": "0", "date": day.max(book.today()), "worker": "陈志强",
    });
    perform(&mut book, "swap.task", &json!({ "slip": slip }));
    drop(book);
    let mut pty = screens(&path);
    pty.press("HB900001<Enter>");
    pty.wait_text("水表拆换");
    pty.wait_text("ZZ0000001");
    pty.wait("the cursor in the form", |screen| {
        let (row, column) = screen.cursor_position();
        !screen.hide_cursor() && row < 23 && column > 0
    });
    pty.press("<F2>");
    pty.wait_text("拆换单 HB900001 已入账");
    pty.press("<C-q>");
    pty.end().assert_restored();
    let book = desk(&path);
    let tx = book.look().unwrap();
    let account = tx.account_of_text(&no).unwrap().unwrap().id;
    assert_eq!(tx.meter_on_wall(account).unwrap().unwrap().no, "ZZ0000001");
}

#[test]
fn thirty_cards_are_keyed_with_one_key_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = demo(&folder);
    let mut pty = screens(&path);
    pty.press("<F10>");
    pty.wait_text("菜单");
    pty.press("卡片录入<Enter>");
    pty.wait_text("批控: 卡 0/");
    for card in 1..=30 {
        pty.press("12345<Enter>");
        pty.wait_text(&format!("批控: 卡 {card}/"));
    }
    pty.press("<C-q>");
    pty.end().assert_restored();
}
