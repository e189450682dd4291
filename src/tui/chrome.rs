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
    canvas.rule(y, title, Ink::Accent);
    if practice {
        let mark = format!(" {LOOK_SIGN} {} ", words::PRACTICE);
        let cells = width_of(&mark);
        let x = canvas.width().saturating_sub(cells + 2);
        canvas.text(x, y, &mark, Ink::Look);
    }
}

/// The message line; a plain rule when there is nothing to say.
pub fn message(canvas: &mut Canvas, y: u16, toast: Option<&Toast>) {
    let Some(toast) = toast else {
        return canvas.rule(y, "", Ink::Faint);
    };
    let sign = match toast.ink {
        Ink::Stop => STOP_SIGN,
        Ink::Look => LOOK_SIGN,
        _ => "-",
    };
    canvas.text(1, y, &format!("{sign} {}", toast.text), toast.ink);
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
