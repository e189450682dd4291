//! How a form looks: labels in a column, blanks to write in like on a printed form, mistakes under their field.

use super::field::{Field, Span};
use super::form::Form;
use super::kind::Kind;
use crate::text::toolkit as words;
use crate::tui::canvas::Canvas;
use crate::tui::safe;
use crate::tui::theme::{Ink, LOOK_SIGN};

/// Cells of the signs before a label, and of the gap behind it.
const MARGIN: u16 = 3;
const GAP: u16 = 2;
/// Labels are set in a column no wider than this.
const LABEL_MAX: usize = 26;

/// Where one half of the form writes.
#[derive(Clone, Copy)]
struct Lane {
    left: u16,
    right: u16,
    label: u16,
}

impl Lane {
    fn value_x(self) -> u16 {
        self.left + MARGIN + self.label + GAP
    }
}

impl Form {
    /// Draws the form with the cursor in its focused field; scrolls when there is less room than rows.
    pub fn draw(&mut self, canvas: &mut Canvas) {
        let rows = self.rows();
        let width = canvas.width();
        let middle = width / 2;
        let whole = Lane { left: 0, right: width, label: self.label_cells(&rows, 0) };
        let second = Lane { left: middle, right: width, label: self.label_cells(&rows, 1) };
        let heights: Vec<usize> = rows.iter().map(|row| 1 + self.mistake_lines(row, width)).collect();
        self.scroll(&rows, &heights, usize::from(canvas.height()));
        let mut line = 0;
        let mut focus_at = None;
        for (row, height) in rows.iter().zip(&heights) {
            if let Some(y) = line_in_sight(line, self.top, canvas.height()) {
                for (column, i) in row.iter().enumerate() {
                    let mut lane = if column == 0 { whole } else { second };
                    if self.fields[*i].span == Span::Half && column == 0 {
                        lane.right = middle;
                    }
                    let cursor = self.draw_field(canvas, *i, lane, y);
                    if *i == self.focus {
                        focus_at = Some((lane.value_x(), cursor, y));
                    }
                }
            }
            self.draw_mistakes(canvas, row, [whole, second], line + 1);
            line += height;
        }
        if let Some((x, cursor, y)) = focus_at {
            if let Some(open) = self.list.as_mut() {
                if open.dropdown.is_empty() {
                    canvas.boxed(x.saturating_sub(2), y + 1, 40, 3, "").text(0, 0, words::NOTHING_FOUND, Ink::Faint);
                } else {
                    open.dropdown.draw(canvas, x.saturating_sub(3), y);
                }
            }
            canvas.cursor(cursor, y);
        }
    }

    /// Rows the whole form takes at this width, mistakes included.
    pub fn lines(&self, width: u16) -> usize {
        self.rows().iter().map(|row| 1 + self.mistake_lines(row, width)).sum()
    }

    fn label_cells(&self, rows: &[Vec<usize>], column: usize) -> u16 {
        let labels = rows.iter().filter_map(|row| row.get(column)).map(|i| safe::cells(&self.fields[*i].label));
        u16::try_from(labels.max().unwrap_or(0).min(LABEL_MAX)).unwrap_or(0)
    }

    /// Keeps the focused row and its mistakes in sight.
    fn scroll(&mut self, rows: &[Vec<usize>], heights: &[usize], room: usize) {
        let at = rows.iter().position(|row| row.contains(&self.focus)).unwrap_or(0);
        let start: usize = heights[..at].iter().sum();
        let end = start + heights.get(at).copied().unwrap_or(1);
        if end > self.top + room {
            self.top = end - room;
        }
        self.top = self.top.min(start);
        let total: usize = heights.iter().sum();
        self.top = self.top.min(total.saturating_sub(room));
    }

    /// Draws one field; returns the column of the cursor if it is here.
    fn draw_field(&mut self, canvas: &mut Canvas, i: usize, lane: Lane, y: u16) -> u16 {
        let focused = i == self.focus;
        let filter = self.list.as_ref().filter(|_| focused).map(|open| open.filter.clone()).unwrap_or_default();
        let field = &mut self.fields[i];
        let x = lane.value_x();
        let ink = match (&field.error, focused) {
            (Some(_), _) => Ink::Stop,
            (None, true) => Ink::Accent,
            (None, false) => Ink::Text,
        };
        if field.error.is_some() {
            canvas.text(lane.left + 1, y, LOOK_SIGN, Ink::Stop);
        }
        canvas.text_in(lane.left + MARGIN, y, lane.label, &field.label, ink);
        if focused {
            canvas.text(x - GAP, y, ">", Ink::Accent);
        } else if field.required {
            canvas.text(x - GAP, y, "*", Ink::Faint);
        }
        let hint = if field.can_pick() && field.hint.is_empty() { words::PICK_HINT } else { &field.hint }.to_owned();
        let hint_cells = u16::try_from(safe::cells(&hint)).unwrap_or(0);
        let free = lane.right.saturating_sub(x + 1);
        // The hint keeps its place whether it is shown or not, so that nothing moves when the hand comes.
        let beside = if hint.is_empty() { 0 } else { hint_cells + 4 };
        let room = match field.span {
            Span::Row => field.most.min(free.saturating_sub(beside)).max(field.cells.min(free)),
            Span::Half => field.cells.min(free),
        };
        if !field.fixed && field.kind != Kind::Check {
            canvas.text_in(x, y, room, &"_".repeat(usize::from(room)), Ink::Faint);
        }
        let cursor = if focused && !filter.is_empty() {
            canvas.text_in(x, y, room, &filter, Ink::Text).min(x + room.saturating_sub(1))
        } else {
            x + draw_value(canvas, field, x, y, room, focused)
        };
        let mut after = x + room + 1;
        if !field.unit.is_empty() {
            after = canvas.text(after, y, &field.unit, Ink::Faint) + 1;
        }
        if focused && !hint.is_empty() && after + 2 + hint_cells <= lane.right {
            canvas.text(after + 1, y, &hint, Ink::Faint);
        }
        cursor
    }

    fn mistake_lines(&self, row: &[usize], width: u16) -> usize {
        row.iter().map(|i| self.mistake(*i, width).len()).sum()
    }

    /// The sentence of a field's mistake, broken into lines.
    fn mistake(&self, i: usize, width: u16) -> Vec<String> {
        let Some(sentence) = &self.fields[i].error else { return Vec::new() };
        safe::wrap(&format!("{LOOK_SIGN} {sentence}"), usize::from(width.saturating_sub(MARGIN + 1)))
    }

    /// Writes the mistakes of a row under it: each under its own field as far as it fits, else further left.
    fn draw_mistakes(&self, canvas: &mut Canvas, row: &[usize], lanes: [Lane; 2], first: usize) {
        let width = canvas.width();
        let mut line = first;
        for (column, i) in row.iter().enumerate() {
            let lines = self.mistake(*i, width);
            let widest = lines.iter().map(|line| safe::cells(line)).max().unwrap_or(0);
            let widest = u16::try_from(widest).unwrap_or(width);
            // All lines of a sentence begin in one column.
            let x = lanes[column.min(1)].value_x().min(width.saturating_sub(widest + 1));
            for text in lines {
                if let Some(y) = line_in_sight(line, self.top, canvas.height()) {
                    canvas.text(x, y, &text, Ink::Stop);
                }
                line += 1;
            }
        }
    }
}

/// Draws a value; returns the cell of the cursor in it.
fn draw_value(canvas: &mut Canvas, field: &mut Field, x: u16, y: u16, room: u16, focused: bool) -> u16 {
    let typed_in = !matches!(field.kind, Kind::Choice(_) | Kind::Check);
    if focused && typed_in && field.veiled().is_none() {
        let mask = (field.kind == Kind::Secret).then_some('*');
        let (shown, at) = field.edit.view_as(room, mask);
        canvas.text_in(x, y, room, &shown, Ink::Strong);
        return at;
    }
    let shown = field.shown();
    canvas.text_in(x, y, room, &shown, if focused { Ink::Strong } else { Ink::Text });
    if field.veiled().is_some() {
        return u16::try_from(safe::cells(&shown)).unwrap_or(room).min(room.saturating_sub(1));
    }
    u16::from(field.kind == Kind::Check)
}

/// The row of a line of the form, if it is in sight.
fn line_in_sight(line: usize, top: usize, height: u16) -> Option<u16> {
    let y = u16::try_from(line.checked_sub(top)?).ok()?;
    (y < height).then_some(y)
}
