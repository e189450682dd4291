//! What frames every screen: the top line, the rule with the title and the practice mark, the message, the keys.

use super::canvas::Canvas;
use super::keymap::{self, Command};
use super::safe;
use super::screen::{Toast, TopLine};
use super::theme::{Ink, LOOK_SIGN, STOP_SIGN};
use crate::text::toolkit as words;

/// The smallest window that shows a screen whole.
pub const MIN_WIDTH: u16 = 80;
/// See [`MIN_WIDTH`].
pub const MIN_HEIGHT: u16 = 24;
/// Rows above the body: the top line and the rule.
pub const ROWS_ABOVE: u16 = 2;
/// Rows below the body: the rule or message, and the keys.
pub const ROWS_BELOW: u16 = 2;

/// The top line: where and who from the left, what waits on the right. Pieces that do not fit are left out whole.
pub fn top_line(canvas: &mut Canvas, line: &TopLine) {
    let width = canvas.width();
    let mut edge = width.saturating_sub(1);
    for waiting in line.right.iter().rev() {
        let cells = width_of(&waiting.text);
        if cells + 2 > edge {
            break;
        }
        edge -= cells;
        canvas.text_in(edge, 0, cells, &waiting.text, waiting.ink);
        edge -= 2;
    }
    let mut x = 1;
    for (i, piece) in line.left.iter().enumerate() {
        let cells = width_of(piece);
        if x + cells > edge {
            break;
        }
        canvas.text_in(x, 0, cells, piece, if i == 0 { Ink::Strong } else { Ink::Text });
        x += cells + 2;
    }
}

/// The rule under the top line: the title on the left, the practice mark on the right.
pub fn title_rule(canvas: &mut Canvas, y: u16, title: &str, practice: bool) {
    let mark = if practice { format!(" {LOOK_SIGN} {} ", words::PRACTICE) } else { String::new() };
    let x = canvas.width().saturating_sub(width_of(&mark) + 2);
    canvas.rule(y, "", Ink::Faint);
    if !title.is_empty() {
        let room = x.saturating_sub(7);
        let end = canvas.text_in(3, y, room, title, Ink::Accent);
        canvas.text(2, y, " ", Ink::Accent);
        canvas.text(end, y, " ", Ink::Accent);
    }
    canvas.text(x, y, &mark, Ink::Look);
}

/// Rows the message may take: a sentence is told to its end, because its end says what to do.
const MESSAGE_ROWS: usize = 4;

/// The lines of the message in a window this wide.
fn message_lines(width: u16, toast: &Toast) -> Vec<String> {
    let mut lines = safe::wrap(&toast.text, usize::from(width.saturating_sub(4)));
    lines.truncate(MESSAGE_ROWS);
    lines
}

/// Rows the message takes, at least the one it shares with the rule.
pub fn message_rows(width: u16, toast: Option<&Toast>) -> u16 {
    let lines = toast.map_or(1, |toast| message_lines(width, toast).len().max(1));
    u16::try_from(lines).unwrap_or(1)
}

/// The message, its last line in row `y`; a plain rule when there is nothing to say.
pub fn message(canvas: &mut Canvas, y: u16, toast: Option<&Toast>) {
    let Some(toast) = toast else {
        return canvas.rule(y, "", Ink::Faint);
    };
    let lines = message_lines(canvas.width(), toast);
    let top = (y + 1).saturating_sub(u16::try_from(lines.len()).unwrap_or(1).max(1));
    let sign = match toast.ink {
        Ink::Stop => STOP_SIGN,
        Ink::Look => LOOK_SIGN,
        Ink::Text | Ink::Faint | Ink::Strong | Ink::Accent | Ink::Bar => "-",
    };
    canvas.text(1, top, sign, toast.ink);
    for (row, line) in (top..).zip(&lines) {
        canvas.text(3, row, line, toast.ink);
    }
}

/// The keys that work now, `back` with Esc and `open` with the palette and F1. When they do not all fit, the last ones give way to F1, which shows them all.
pub fn footer(canvas: &mut Canvas, y: u16, keys: &[Command], back: bool, open: bool) {
    let mut shown: Vec<String> = keys.iter().filter_map(|c| c.key().map(|k| format!("{k} {}", c.name()))).collect();
    let mut tail = Vec::new();
    if back {
        tail.push(format!("Esc {}", words::BACK));
    }
    if open {
        for command in [Command::Palette, Command::Help] {
            tail.extend(command.key().map(|k| format!("{k} {}", command.name())));
        }
    }
    let room = usize::from(canvas.width()).saturating_sub(2);
    let tail_cells: usize = tail.iter().map(|t| safe::cells(t) + 2).sum();
    let mut used = 0;
    shown.retain(|piece| {
        used += safe::cells(piece) + 2;
        used + tail_cells <= room + 2
    });
    let mut x = 1;
    for piece in shown.iter().chain(&tail) {
        let (key, name) = piece.split_once(' ').unwrap_or((piece, ""));
        x = canvas.text(x, y, key, Ink::Accent) + 1;
        x = canvas.text(x, y, name, Ink::Text) + 2;
    }
}

/// Only this is shown in a window that is too small.
pub fn too_small(canvas: &mut Canvas) {
    let text = words::too_small(canvas.width(), canvas.height());
    let width = usize::from(canvas.width()).max(2);
    for (y, line) in (0u16..).zip(safe::wrap(&text, width)) {
        canvas.text(0, y, &line, Ink::Look);
    }
    canvas.cursor(0, 0);
}

/// All commands a person can reach now: those of the screen, then those of every place.
pub fn reachable(keys: &[Command]) -> Vec<Command> {
    let mut all = keys.to_vec();
    all.extend(keymap::everywhere().filter(|c| !keys.contains(c)));
    all
}

fn width_of(text: &str) -> u16 {
    u16::try_from(safe::cells(text)).unwrap_or(u16::MAX / 2)
}
