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

/// Cells of the name, of a note and of an amount. Where a name or a note would be cut, the columns are as narrow as what is in them.
fn widths(width: u16, lines: &[Line]) -> (u16, u16, u16) {
    let widest = |texts: &[fn(&Line) -> &str]| {
        let cells = lines.iter().flat_map(|line| texts.iter().map(|text| safe::cells(text(line)))).max();
        u16::try_from(cells.unwrap_or(0)).unwrap_or(u16::MAX)
    };
    let note = (width.saturating_sub(2 + NAME_MIN + 3 * AMOUNT + 4) / 2).min(16);
    let notes = widest(&[|line| &line.before_note, |line| &line.after_note]);
    let names = widest(&[|line| &line.name]);
    let name = width.saturating_sub(2 + 2 * note + 3 * AMOUNT + 4).min(24);
    if notes <= note && names.min(24) <= name {
        return (name, note, AMOUNT);
    }
    let amount =
        widest(&[|line| &line.before, |line| &line.after, |line| &line.difference]).saturating_add(1).min(AMOUNT);
    let name = names.min(24);
    let room = width.saturating_sub(2 + name + amount.saturating_mul(3).saturating_add(4));
    (name, notes.min(room / 2), amount)
}

/// Draws head and lines from the top; returns the rows used.
pub fn draw(canvas: &mut Canvas, lines: &[Line]) -> u16 {
    let width = canvas.width();
    let (name, note, amount) = widths(width, lines);
    let before = 1 + name + 1;
    let after = before + note + amount + 1;
    let difference = after + note + amount + 1;
    for (x, cells, title) in [
        (before, note + amount, words::BEFORE),
        (after, note + amount, words::AFTER),
        (difference, amount, words::DIFFERENCE),
    ] {
        canvas.number(x, 0, cells, title, Ink::Faint);
    }
    for (y, line) in (1..canvas.height()).zip(lines) {
        let ink = if line.strong { Ink::Strong } else { Ink::Text };
        canvas.text_in(1, y, name, &line.name, ink);
        canvas.number(before, y, note, &safe::cut(&line.before_note, usize::from(note)), Ink::Faint);
        canvas.number(before + note, y, amount, &line.before, ink);
        canvas.number(after, y, note, &safe::cut(&line.after_note, usize::from(note)), Ink::Faint);
        canvas.number(after + note, y, amount, &line.after, ink);
        canvas.number(difference, y, amount, &line.difference, ink);
    }
    u16::try_from(lines.len() + 1).unwrap_or(u16::MAX).min(canvas.height())
}
