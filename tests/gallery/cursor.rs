//! The cursor in every field of every form: visible, inside the field that has the hand, never on the last row. Tab walks from the
//! first field to the last and Shift-Tab all the way back; the fields passed are written down, so that none is lost unseen.

use std::cell::Cell;
use std::rc::Rc;

use meterdesk::desk::view_intake;
use meterdesk::rules::adjustment::Kind;
use meterdesk::rules::customer::{EXTRA, FIELDS, METER};
use meterdesk::tui::app::App;
use meterdesk::tui::harness::Shot;
use meterdesk::tui::input::Inputs;
use meterdesk::tui::keymap::Command;
use meterdesk::tui::safe;
use meterdesk::tui::screen::Reply;
use meterdesk::tui::screens::{self, login::Login};

use crate::branches::Branch::{Empty, Full};
use crate::branches::{BARE, BILLED, LONG, SEALED};
use crate::orders::of_stage;
use crate::support::seat::{SIZES, Seat, account};

/// More fields than any form has.
const MOST: usize = 80;

/// Where the hand is: the label of its field, and the cells of its blank.
#[derive(Debug, PartialEq)]
struct Hand {
    label: String,
    row: String,
}

/// Reads off a picture which field has the hand, and that the cursor stands inside it.
fn hand(shot: &Shot, name: &str) -> Hand {
    let (x, y) = shot.cursor.expect("a cursor");
    let row = &shot.rows[usize::from(y)];
    let told = || format!("{name}\n{}", shot.picture());
    let mut cells = Vec::new();
    for c in row.chars() {
        let width = safe::cells(c.encode_utf8(&mut [0; 4])).max(1);
        cells.extend(std::iter::once(c).chain(std::iter::repeat_n('\0', width - 1)));
    }
    let x = usize::from(x);
    let marks = (0..x.saturating_sub(1)).rev();
    let mark = marks.into_iter().find(|at| cells[*at] == '>' && cells.get(at + 1).is_none_or(|c| *c == ' '));
    let mark = mark.unwrap_or_else(|| panic!("no hand on the row of the cursor: {}", told()));
    let begin = mark + 2;
    let gap = |at: &usize| cells[*at] == '│' || cells[*at] == ' ' && cells.get(at + 1).is_none_or(|c| *c == ' ');
    let end = (begin..cells.len()).find(gap).unwrap_or(cells.len());
    assert!(begin <= x && x <= end.max(begin), "the cursor at {x} is outside its field {begin}..{end}: {}", told());
    let before: String = cells[..mark].iter().filter(|c| **c != '\0').collect();
    let label = before
        .trim_end()
        .rsplit("  ")
        .next()
        .unwrap_or_default()
        .trim_matches(['│', ' ', '!', '[', ']', '_'])
        .to_owned();
    assert!(!label.is_empty(), "a field without a label: {}", told());
    Hand { label, row: format!("{y} {mark} {row}") }
}

/// Walks the form that lies on top in one direction until the hand stays.
fn walk(seat: &mut Seat, name: &str, key: &str) -> Vec<String> {
    let mut passed = Vec::new();
    let mut last = None;
    for _ in 0..MOST {
        let here = hand(&seat.shot_of(SIZES[0]), name);
        hand(&seat.shot_of(SIZES[1]), name);
        seat.shot_of(SIZES[0]);
        if last.as_ref() == Some(&here) {
            return passed;
        }
        passed.push(here.label.clone());
        last = Some(here);
        seat.press(key);
    }
    panic!("{name}: Tab never comes to an end");
}

/// Checks a form, and answers its line of the list.
fn line(name: &str, mut seat: Seat) -> String {
    line_of(name, &mut seat)
}

fn line_of(name: &str, seat: &mut Seat) -> String {
    walk(seat, name, "<S-Tab>");
    let down = walk(seat, name, "<Tab>");
    let mut up = walk(seat, name, "<S-Tab>");
    up.reverse();
    assert_eq!(down, up, "{name}: the way back passes other fields");
    format!("{name}: {}", down.join(" "))
}

fn over(branch: crate::branches::Branch, user: &str, open: fn(&mut App) -> Reply<App>, keys: &str) -> Seat {
    let mut seat = Seat::on(branch.copy(), user, open);
    for part in keys.split(crate::scene::LOOK) {
        seat.shot();
        seat.press(part);
    }
    seat
}

fn accept(name: &str, lines: &[String]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, lines.join("\n")));
}

#[test]
fn in_every_field_of_the_counter() {
    let first = || {
        let app = App::new(Empty.copy().desk, Inputs::silent().waker());
        let login = Login::first(&app);
        Seat::with(app, login)
    };
    let pay = |app: &mut App| screens::pay(app, account(app, LONG));
    accept(
        "cursor_counter",
        &[
            line("登录", first()),
            line("锁屏", over(Full, "demo", |_| Reply::lock(), "")),
            line("改密码", over(Empty, "demo", screens::own_password, "")),
            line("收费", over(Full, "demo", pay, "")),
            line("收费 补录", over(Full, "demo", pay, "<F6>")),
            line("收费 读数", over(Full, "demo", pay, "<C-r>")),
            line("开班", over(Empty, "demo", screens::shift, "")),
            line("存入", over(Full, "demo", screens::shift, "")),
            line("交班", over(Full, "demo", screens::shift, "<F8>")),
            line("冲正", over(Full, "demo", screens::shift, "<F6>")),
            line("收费单", over(Empty, "demo", |app| screens::receipt(app, ""), "")),
            line("班次签字", crate::counter::closed("ouyang-4", "<F2>")),
            line("更改缴费方式", over(Full, "ouyang-6", |app| screens::method(app, None), "")),
            line("服务费", over(Full, "demo", screens::fee, "")),
            line("报表", over(Full, "boss", screens::reports, "")),
        ],
    );
}

#[test]
fn in_every_field_of_the_customer_file() {
    let mut lines = vec![
        line("开户", over(Full, "demo", screens::account_open, "")),
        line("过户", over(Full, "demo", |app| crate::customer::transfer(app, SEALED, "李强"), "")),
        line("全号", over(Full, "demo", |app| screens::customer(app, account(app, LONG)), "<C-k>")),
    ];
    let wanted = Rc::new(Cell::new(""));
    let key = Rc::clone(&wanted);
    let open = move |app: &mut App| screens::amend(app, account(app, LONG), key.get());
    let mut seat = Seat::lobby(Full.copy(), "demo", vec![(Command::Open, Box::new(open))]);
    for field in FIELDS.iter().chain(EXTRA).chain(METER) {
        wanted.set(field.key);
        seat.press("<Enter>");
        // Fields that are not amended here, such as the number itself, say so and open nothing.
        if seat.stack.depth() > 1 {
            lines.push(line_of(&format!("改档案 {}", field.label), &mut seat));
            seat.press("<Esc>");
        }
    }
    assert!(lines.len() > 30, "{lines:?}");
    accept("cursor_customer", &lines);
}

#[test]
fn in_every_field_of_every_business_and_order() {
    let services = {
        let seat = Seat::home(Full.copy(), "desk");
        view_intake::services(&seat.app.desk).unwrap()
    };
    assert!(!services.is_empty());
    let mut lines = Vec::new();
    for service in &services {
        for no in [Some(SEALED), None] {
            let open = move |app: &mut App| {
                let id = no.map(|no| account(app, no));
                screens::intake(app, id)
            };
            let mut seat = Seat::on(Full.copy(), "demo", open);
            seat.press(&format!("{}<Enter>", service.name));
            lines.push(line(&format!("受理 {} {}", service.name, no.unwrap_or("无户号")), seat));
        }
    }
    let returned = |app: &mut App| screens::order_return(app, of_stage(app, "underway"));
    lines.push(line("回执", over(Full, "desk", returned, "")));
    lines.push(line("回访", over(Full, "desk", |app| screens::callback(app, of_stage(app, "callback")), "")));
    lines.push(line("答复", over(Full, "chief", |app| screens::answer(app, of_stage(app, "callback")), "")));
    lines.push(line(
        "挂起",
        over(Full, "demo", |app| screens::intake(app, Some(account(app, SEALED))), "qf<Enter><F9>"),
    ));
    accept("cursor_orders", &lines);
}

#[test]
fn in_every_field_of_the_data_room() {
    let mut lines = vec![
        line("拆换单", over(Full, "room", |app| screens::swap(app, None), "")),
        line(
            "拆换单 确认",
            over(Full, "room", |app| screens::swap(app, Some("HB2026100300")), "<Tab><Tab><Tab><C-u>400<F2>"),
        ),
        line("退回", over(Full, "room", |app| screens::swap(app, Some("HB2026100300")), "<F6>")),
        line("抄表", over(Full, "room", |app| screens::reading(app, account(app, BILLED), ""), "")),
        line("抄表 分时", crate::data_room::timed("3100000061", "")),
        line("放行", over(Full, "room", screens::bills, "<F2><look><F2><look><Enter>")),
        line("不同意", over(Full, "check", screens::approvals, "<F6>")),
        line("导入", over(Empty, "boss", screens::import, "")),
        line("改行", crate::imports::fixes("<Enter>")),
        line("作废行", crate::imports::fixes("<F6>")),
    ];
    for kind in Kind::ALL {
        let mut seat = over(Full, "demo", |app| screens::adjust(app, account(app, BILLED)), "");
        seat.press(&format!("{}<Enter>", kind.code().to_lowercase()));
        lines.push(line(&format!("特殊处理 {}", kind.code()), seat));
    }
    lines.push(line("特殊处理 没有账单", over(Empty, "demo", |app| screens::adjust(app, account(app, BARE)), "")));
    accept("cursor_data_room", &lines);
}

#[test]
fn in_every_field_about_people() {
    let clash = |keys| crate::people::clash("chief", keys);
    accept(
        "cursor_people",
        &[
            line("新增用户", over(Full, "boss", screens::users, "<F2>")),
            line("岗位", over(Full, "boss", screens::users, "<F6>")),
            line("重置密码", over(Full, "boss", screens::users, "<F7>")),
            line("停用", over(Full, "boss", screens::users, "<F8>")),
            line("登记师傅", over(Full, "boss", screens::workers, "<F2>")),
            line("改师傅", over(Full, "boss", screens::workers, "<Enter>")),
            line("裁定", clash("<F2>")),
            line("指派", clash("<F6>")),
        ],
    );
}
