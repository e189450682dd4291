//! Before money moves, the picture of after: old and new side by side with the difference.

use crate::text::toolkit as words;
use crate::tui::canvas::Canvas;
use crate::tui::safe;
use crate::tui::theme::Ink;

/// One line: a name, what was and what will be (each with a note such as `180x5`), and the difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// 一级, 滞纳金, 合计 …
    pub name: String,
    /// How the old amount came about.
    pub before_note: String,
    /// The old amount.
    pub before: String,
    /// How the new amount comes about.
    pub after_note: String,
    /// The new amount.
    pub after: String,
    /// New less old, empty where it says nothing.
    pub difference: String,
    /// Totals.
    pub strong: bool,
}

/// Cells of an amount: a million with thousands and two decimals, and a sign.
const AMOUNT: u16 = 13;
const NAME_MIN: u16 = 12;

/// Draws head and lines from the top; returns the rows used.
pub fn draw(canvas: &mut Canvas, lines: &[Line]) -> u16 {
    let width = canvas.width();
    let note = (width.saturating_sub(2 + NAME_MIN + 3 * AMOUNT + 4) / 2).min(16);
    let name = width.saturating_sub(2 + 2 * note + 3 * AMOUNT + 4).min(24);
    let before = 1 + name + 1;
    let after = before + note + AMOUNT + 1;
    let difference = after + note + AMOUNT + 1;
    for (x, cells, title) in [
        (before, note + AMOUNT, words::BEFORE),
        (after, note + AMOUNT, words::AFTER),
        (difference, AMOUNT, words::DIFFERENCE),
    ] {
        canvas.number(x, 0, cells, title, Ink::Faint);
    }
    for (y, line) in (1..canvas.height()).zip(lines) {
        let ink = if line.strong { Ink::Strong } else { Ink::Text };
        canvas.text_in(1, y, name, &line.name, ink);
        canvas.number(before, y, note, &safe::cut(&line.before_note, usize::from(note)), Ink::Faint);
        canvas.number(before + note, y, AMOUNT, &line.before, ink);
        canvas.number(after, y, note, &safe::cut(&line.after_note, usize::from(note)), Ink::Faint);
        canvas.number(after + note, y, AMOUNT, &line.after, ink);
        canvas.number(difference, y, AMOUNT, &line.difference, ink);
    }
    u16::try_from(lines.len() + 1).unwrap_or(u16::MAX).min(canvas.height())
}
