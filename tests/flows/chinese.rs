//! Chinese typed and pasted into the real program, the cursor where an input method needs it; a window too small, a paste too long.

use crate::hand::Branch;

#[test]
fn chinese_is_typed_and_pasted_and_the_cursor_follows_it_cell_by_cell() {
    let branch = Branch::copy();
    let mut clerk = branch.open("desk");
    clerk.press("<F6>").shows("拼音首字母").press("bx<Enter>").shows("受理  报修").cursor_at("地址");
    let (column, row, _) = clerk.pty.cursor();
    clerk.press("人民路");
    clerk.pty.wait_cursor(column + 6, row);
    // One wide character outside the basic plane, an Enter and keys that must stay text.
    clerk.pty.paste("𠮷祥里12号\r\n<F2>");
    clerk.shows("人民路𠮷祥里12号<F2>");
    clerk.pty.wait_cursor(column + 6 + 10 + 4, row);
    clerk.press("<BS><BS><BS><BS>");
    clerk.pty.wait_cursor(column + 6 + 10, row);
    clerk.press("<Home>");
    clerk.pty.wait_cursor(column, row);
    clerk.press("<Right><Right>");
    clerk.pty.wait_cursor(column + 4, row);
    clerk.press("<End><Enter>").cursor_at("来电人").press("欧阳𠮷龘<Enter>").cursor_at("故障类别");
    clerk.press("ls<Enter>").shows("45分钟").press("<F2>").shows("已受理，工单");
    clerk.leave();
    let taken = branch.ask("SELECT address || '|' || caller FROM d_order ORDER BY id DESC LIMIT 1");
    assert_eq!(taken, "人民路𠮷祥里12号|欧阳𠮷龘");
}

#[test]
fn a_paste_of_ten_thousand_lines_neither_submits_nor_stops_the_hand() {
    let branch = Branch::copy();
    let mut clerk = branch.open("demo");
    clerk.pty.paste(&"人民路十二号三十三幢，家里没有人\n".repeat(10_000));
    clerk.shows("没有找到").press("<C-u>").shows("打户号").press("<F10>").shows("菜单");
    clerk.leave();
}

#[test]
fn a_window_that_is_too_small_says_so_and_the_work_goes_on_when_it_grows() {
    let branch = Branch::copy();
    let mut clerk = branch.open_in("desk", 80, 24);
    clerk.press("<F6>").shows("拼音首字母").press("bx<Enter>").cursor_at("地址").press("人民路").shows("人民路");
    clerk.pty.resize(79, 23);
    clerk.shows("窗口太小：现在 79×23").press("这些不算");
    clerk.pty.resize(120, 40);
    clerk.shows("人民路").cursor_at("地址").press("12号").shows("人民路12号");
    clerk.leave();
}
