//! The toolkit as a person meets it: the gallery's screens in both sizes and both looks, and what every screen gets
//! from it without doing anything.

#[path = "support/gallery.rs"]
mod gallery;

use gallery::{Hall, ListGallery, initials, stack};
use meterdesk::tui::harness::{self, Frames, Shot};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::keymap::{Command, Place};
use meterdesk::tui::run::{Ending, run};
use meterdesk::tui::safe;
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::time::Duration;

const FILLED: &str = "王𠮷芳<Enter>13800000071<Enter>1103<Enter>rml<Enter>fjm<Enter>m0031877<Enter>1209<Enter>100<Enter>\
                      <Space><Enter>geheim<Enter>门口有狗";

fn after(keys: &str) -> (Stack<Hall>, Hall) {
    in_look(keys, Theme::default())
}

fn in_look(keys: &str, theme: Theme) -> (Stack<Hall>, Hall) {
    let (mut stack, mut hall) = (stack(theme), Hall::default());
    harness::press(&mut stack, &mut hall, keys).unwrap();
    (stack, hall)
}

fn shot(keys: &str, width: u16, height: u16) -> Shot {
    let (mut stack, hall) = after(keys);
    harness::render(&mut stack, &hall, width, height)
}

#[test]
fn the_form_empty_full_and_in_error() {
    for (width, height) in [(80, 24), (120, 40)] {
        insta::assert_snapshot!(format!("form_empty_{width}"), shot("", width, height).picture());
        insta::assert_snapshot!(format!("form_full_{width}"), shot(FILLED, width, height).picture());
        let wrong = "<Down><Down><Up>12<Tab>2026-13-40<Enter><Enter><Enter><Enter><Enter>1.234<F2>";
        insta::assert_snapshot!(format!("form_in_error_{width}"), shot(wrong, width, height).picture());
    }
}

#[test]
fn lists_popups_help_and_palette() {
    for (width, height) in [(80, 24), (120, 40)] {
        for (name, keys) in [
            ("list", "<F8><Down><Space><Down>"),
            ("help", "<F1>"),
            ("palette", "<C-p>bc"),
            ("suggestions", "<Down><Down>js"),
            ("choices", "<Down><Down><Down><F4>"),
            ("confirm_f2", "<F8><Enter>"),
            ("ask", "<F9>"),
            ("menu", "<F10>"),
        ] {
            insta::assert_snapshot!(format!("{name}_{width}"), shot(keys, width, height).picture());
        }
    }
}

#[test]
fn the_ascii_look_has_no_ambiguous_character_anywhere() {
    let theme = Theme { ascii: true, colourless: false };
    for keys in ["", FILLED, "<F8>", "<F1>", "<C-p>", "<F2>", "<F9>", "<F10>", "<Down><Down>js"] {
        let (mut stack, hall) = in_look(keys, theme);
        let shot = harness::render(&mut stack, &hall, 80, 24);
        let wide: String = shot.rows.concat().chars().filter(|c| safe::is_ambiguous(*c)).collect();
        assert_eq!(wide, "", "after {keys}");
    }
    let (mut stack, hall) = in_look("<F8>", theme);
    insta::assert_snapshot!("list_ascii", harness::render(&mut stack, &hall, 80, 24).picture());
}

#[test]
fn without_colour_no_cell_has_one() {
    for keys in ["", "<F2>", "<F8>", "<C-p>"] {
        let (mut stack, mut hall) = in_look(keys, Theme { ascii: false, colourless: true });
        hall.practice = true;
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        stack.draw(&mut buffer, &hall);
        let reset = ratatui::style::Color::Reset;
        assert!(buffer.content.iter().all(|cell| cell.fg == reset && cell.bg == reset), "after {keys}");
    }
}

#[test]
fn the_background_is_the_terminals_own() {
    let (mut stack, hall) = after("<F8>");
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    stack.draw(&mut buffer, &hall);
    assert!(buffer.content.iter().all(|cell| cell.bg == ratatui::style::Color::Reset));
}

#[test]
fn the_cursor_is_in_every_focused_field_and_never_on_the_last_row() {
    for (width, height) in [(80, 24), (120, 40)] {
        let (mut stack, mut hall) = after("");
        let mut seen = std::collections::HashSet::new();
        for _ in 0..11 {
            let shot = harness::render(&mut stack, &hall, width, height);
            let (x, y) = shot.cursor.expect("a cursor");
            assert!(y < height - 1 && x < width);
            let before: String = cells(&shot.rows[usize::from(y)], usize::from(x));
            assert!(before.trim_end_matches(['_', '[']).ends_with("> "), "cursor after `{before}`");
            assert!(seen.insert((x, y)), "two fields at one place");
            harness::press(&mut stack, &mut hall, "<Tab>").unwrap();
        }
    }
}

/// The part of a row before a column.
fn cells(row: &str, columns: usize) -> String {
    let mut used = 0;
    row.chars()
        .take_while(|c| {
            used += safe::cells(&c.to_string());
            used <= columns
        })
        .collect()
}

#[test]
fn the_cursor_is_set_on_lists_popups_and_the_small_window_too() {
    for keys in ["<F8>", "<F1>", "<C-p>", "<F9>", "<F10>", "<F8><Enter>", "<F12>"] {
        let shot = shot(keys, 80, 24);
        let (_, y) = shot.cursor.expect("a cursor");
        assert!((2..22).contains(&y), "{keys}: row {y}");
    }
    assert!(shot("", 60, 20).cursor.is_some());
}

#[test]
fn all_mistakes_are_shown_at_once_and_the_hand_goes_to_the_first() {
    let (mut stack, mut hall) = after("<F2>");
    let shot = harness::render(&mut stack, &hall, 80, 24);
    for label in ["户名", "拆换日期", "用水性质", "实收"] {
        assert!(shot.has(&format!("! {label}没有填，请填写")), "{label}\n{}", shot.picture());
    }
    harness::press(&mut stack, &mut hall, "王").unwrap();
    assert!(harness::render(&mut stack, &hall, 80, 24).has("户名    > 王"));
}

#[test]
fn full_width_digits_are_half_width_in_a_number_field() {
    let (mut stack, mut hall) = after("x<Enter><Enter><Enter><Enter><Enter><Enter>１２０９<Enter>１２．５");
    let shot = harness::render(&mut stack, &hall, 80, 24);
    assert!(shot.has("1209") && shot.has("12.5"), "{}", shot.picture());
    harness::press(&mut stack, &mut hall, "个").unwrap();
    assert!(harness::render(&mut stack, &hall, 80, 24).has("不是数，请只填数字和一个小数点"));
}

#[test]
fn a_paste_of_ten_thousand_lines_is_typing_refused_as_too_long_and_submits_nothing() {
    let (mut stack, mut hall) = after("");
    stack.paste(&"第一行\r\n第二行\n".repeat(5_000), &mut hall);
    assert_eq!(stack.depth(), 1);
    let draft = hall.drafts.last().expect("a paste is kept like typing");
    let name = draft.values["name"].as_str().unwrap();
    assert!(name.chars().count() <= 4_000 && name.starts_with("第一行第二行"));
    let shot = harness::render(&mut stack, &hall, 80, 24);
    assert!(shot.has("太长了，最多 30 个字，现在 2667 个"), "{}", shot.picture());
}

#[test]
fn little_chinese_must_be_typed() {
    let (_, hall) = after("<Down><Down>jsd<Enter>");
    assert_eq!(hall.drafts.last().unwrap().values["street"], "建设东路");
    let (_, hall) = after("<Down><Down>gm<Enter>tz<Enter>");
    let values = &hall.drafts.last().unwrap().values;
    assert_eq!((&values["street"], &values["class"]), (&"光明小区".into(), &"special".into()));
    let (_, hall) = after("<Down><Down>人民西路<Enter>");
    assert_eq!(hall.drafts.last().unwrap().values["street"], "人民西路", "typed out, it stays as it is");
}

#[test]
fn what_is_typed_is_kept_at_once_but_never_a_password() {
    let (_, hall) = after(FILLED);
    let last = hall.drafts.last().unwrap();
    assert_eq!(last.key, "gallery");
    assert_eq!(last.values["name"], "王𠮷芳");
    assert_eq!(last.values["date"], "2026-11-03");
    assert_eq!(last.values["meter"], "M0031877");
    assert!(hall.drafts.iter().all(|d| !d.values.contains_key("password")));
}

#[test]
fn a_draft_comes_back_as_it_was() {
    let (_, hall) = after(FILLED);
    let mut again = gallery::FormGallery::new();
    again.form.restore(&hall.drafts.last().unwrap().values);
    assert_eq!(again.form.value("amount"), "100");
    assert!(again.form.is_checked("agent"));
    assert!(again.form.take_change().is_none(), "taking it back is no change");
}

#[test]
fn refusals_of_the_desk_go_to_their_fields() {
    let mut gallery = gallery::FormGallery::new();
    let errors = [("meter", "这块表已经拆了".to_string()), ("nowhere", "没有当班".to_string())];
    assert_eq!(gallery.form.fail(errors), ["没有当班"]);
    assert_eq!(gallery.form.focused(), "meter");
    assert_eq!(gallery.form.mistakes(), [("meter", "这块表已经拆了")]);
}

#[test]
fn asked_then_confirmed_then_done() {
    let (mut stack, mut hall) = after(&format!("{FILLED}<F2>"));
    assert_eq!((stack.depth(), hall.saved.len()), (2, 0));
    harness::render(&mut stack, &hall, 80, 24);
    harness::press(&mut stack, &mut hall, "<Esc>").unwrap();
    assert_eq!((stack.depth(), hall.saved.len()), (1, 0), "Esc is no");
    harness::press(&mut stack, &mut hall, "<F2><Enter>").unwrap();
    assert_eq!(hall.saved.len(), 0, "nobody has seen the question");
    assert!(harness::render(&mut stack, &hall, 80, 24).has("先按的 1 个键没有收"));
    harness::press(&mut stack, &mut hall, "<Enter>").unwrap();
    assert_eq!(hall.saved, ["王𠮷芳"]);
    assert_eq!(hall.forgotten, ["gallery"]);
    assert!(harness::render(&mut stack, &hall, 80, 24).has("已保存"));
    harness::press(&mut stack, &mut hall, "<Down>").unwrap();
    assert!(!harness::render(&mut stack, &hall, 80, 24).has("已保存"), "said until the next key");
}

#[test]
fn what_cannot_be_taken_back_wants_f2_and_no_enter() {
    let (mut stack, mut hall) = after("<F8><Enter>");
    harness::render(&mut stack, &hall, 80, 24);
    harness::press(&mut stack, &mut hall, "<Enter><Enter>").unwrap();
    assert_eq!(stack.depth(), 3);
    harness::press(&mut stack, &mut hall, "<F2>").unwrap();
    assert_eq!(stack.depth(), 2);
}

#[test]
fn every_action_has_a_second_way() {
    let (stack, _) = after("<C-p>js<Enter>");
    assert_eq!((stack.depth(), stack.keys(&Hall::default())), (2, vec![Command::Tick]), "解释 by its initials");
    let (stack, _) = after("<C-p>帮助<Enter>");
    assert_eq!(stack.place(), Place::Ask, "帮助 by its Chinese name");
    let (stack, _) = after("<C-p>没有这样的命令<Enter>");
    assert_eq!(stack.depth(), 2, "nothing found, nothing done");
    let (_, hall) = after("<C-p>cz<Enter>");
    assert_eq!(hall.ran, [Command::Find], "commands of every place go to the context");
}

#[test]
fn every_key_of_the_table_does_something_where_it_stands() {
    let keys = stack(Theme::default()).keys(&Hall::default());
    for command in keys.into_iter().chain([Command::Help, Command::Palette, Command::Menu, Command::Lock]) {
        let (mut stack, mut hall) = after("");
        let before = harness::render(&mut stack, &hall, 80, 24);
        let key = command.key().expect("a key");
        stack.key(key, &mut hall);
        assert_ne!(harness::render(&mut stack, &hall, 80, 24), before, "{command:?}");
    }
}

#[test]
fn a_locked_screen_opens_only_with_its_password() {
    let (mut stack, mut hall) = after("王<F12><Esc><C-p><F10><F3><C-q><F1>");
    assert_eq!((stack.depth(), stack.has_quit()), (2, false));
    let shot = harness::render(&mut stack, &hall, 80, 24);
    assert!(shot.has("已锁屏") && !shot.has("王 "), "nothing of the screen below is seen");
    harness::press(&mut stack, &mut hall, "demo<Enter>").unwrap();
    assert_eq!(stack.depth(), 1);
}

#[test]
fn a_small_window_says_so_takes_no_key_and_resumes() {
    let (mut stack, mut hall) = after("王");
    let shot = harness::render(&mut stack, &hall, 79, 24);
    assert!(shot.rows[0].contains("窗口太小：现在 79×24"));
    harness::press(&mut stack, &mut hall, "<C-u>").unwrap();
    assert!(
        harness::render(&mut stack, &hall, 80, 24).has("> 王"),
        "a key nobody could see the effect of does nothing"
    );
    for (width, height) in [(1, 1), (2, 3), (0, 0), (200, 5)] {
        harness::render(&mut stack, &hall, width, height);
    }
}

#[test]
fn the_practice_mark_is_on_every_screen() {
    for keys in ["", "<F8>", "<F1>", "<C-p>", "<F12>"] {
        let (mut stack, mut hall) = after(keys);
        hall.practice = true;
        assert!(harness::render(&mut stack, &hall, 80, 24).has("! 练习库，不是真账"), "{keys}");
    }
}

#[test]
fn an_empty_list_says_what_to_do() {
    let mut list = ListGallery::new();
    list.rows = 0;
    let mut stack = Stack::new(list, Theme::default(), initials);
    assert!(harness::render(&mut stack, &Hall::default(), 80, 24).has("没有工单，F6 受理后才有"));
}

#[test]
fn keys_typed_ahead_are_all_given_before_one_frame() {
    let mut inputs = Inputs::silent();
    let (mut frames, mut stack, mut hall) = (Frames::default(), stack(Theme::default()), Hall::default());
    inputs.type_bytes("王芳\r13800000071\r1103\r\x11".as_bytes());
    let ending = run(&mut frames, &mut inputs, &mut stack, &mut hall).unwrap();
    assert_eq!(ending, Ending::Quit);
    assert_eq!(frames.shots.len(), 1, "the first frame only: the rest was typed before anything had to be shown");
    assert_eq!(hall.drafts.last().unwrap().values["date"], "1103", "and the field was left by Enter");
}

#[test]
fn keys_wait_for_a_result_and_then_go_to_the_screen_it_opens() {
    let mut inputs = Inputs::silent();
    let (mut frames, mut stack) = (Frames::default(), stack(Theme::default()));
    let mut hall = Hall { waker: Some(inputs.waker()), ..Hall::default() };
    // Ctrl-O asks for a result; the keys after it are meant for the list that the result opens.
    inputs.type_bytes(b"\x0f\x1b[B\x1b[B \x11");
    assert_eq!(run(&mut frames, &mut inputs, &mut stack, &mut hall).unwrap(), Ending::Quit);
    assert_eq!(stack.depth(), 2);
    let shot = harness::render(&mut stack, &hall, 80, 24);
    assert!(shot.rows.iter().any(|row| row.contains("[x] B03.1.3983")), "{}", shot.picture());
}

#[test]
fn an_idle_desk_locks_itself() {
    let mut inputs = Inputs::silent();
    let (mut frames, mut stack) = (Frames::default(), stack(Theme::default()));
    let mut hall = Hall { idle: Some(Duration::from_millis(1)), ..Hall::default() };
    let ended = run(&mut UntilLocked { frames: &mut frames }, &mut inputs, &mut stack, &mut hall);
    assert!(ended.is_err(), "the surface ends the loop once the lock is seen");
    assert!(frames.shots.last().unwrap().has("已锁屏"));
}

/// Ends the loop with an error as soon as the lock is on the screen.
struct UntilLocked<'a> {
    frames: &'a mut Frames,
}

impl meterdesk::tui::run::Surface for UntilLocked<'_> {
    fn frame(&mut self, draw: &mut dyn FnMut(&mut Buffer) -> Option<ratatui::layout::Position>) -> std::io::Result<()> {
        self.frames.frame(draw)?;
        let locked = self.frames.shots.last().is_some_and(|shot| shot.has("已锁屏"));
        if locked { Err(std::io::Error::other("locked")) } else { Ok(()) }
    }
}
