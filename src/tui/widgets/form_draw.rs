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
        let lanes = self.lanes(&rows, width);
        let mistakes: Vec<Vec<Placed>> = rows.iter().map(|row| self.mistakes_of(row, lanes, width)).collect();
        let heights: Vec<usize> = mistakes.iter().map(|placed| 1 + rows_of(placed)).collect();
        let room = usize::from(canvas.height());
        self.scroll(&rows, &heights, room);
        let mut line = 0;
        let mut focus_at = None;
        for ((row, height), placed) in rows.iter().zip(&heights).zip(&mistakes) {
            if let Some(y) = line_in_sight(line, self.top, canvas.height()) {
                for (column, i) in row.iter().enumerate() {
                    let mut lane = lanes[column.min(1)];
                    if self.fields[*i].span == Span::Half && column == 0 {
                        lane.right = lanes[1].left;
                    }
                    let cursor = self.draw_field(canvas, *i, lane, y);
                    if *i == self.focus {
                        focus_at = Some((lane.value_x(), cursor, y));
                    }
                }
            }
            for mistake in placed {
                if let Some(y) = line_in_sight(line + 1 + mistake.line, self.top, canvas.height()) {
                    canvas.text(mistake.x, y, &mistake.text, Ink::Stop);
                }
            }
            line += height;
        }
        if self.list.is_none() && line > room {
            draw_more(canvas, self.top > 0, self.top + room < line);
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
        let rows = self.rows();
        let lanes = self.lanes(&rows, width);
        rows.iter().map(|row| 1 + rows_of(&self.mistakes_of(row, lanes, width))).sum()
    }

    /// Rows it takes at this width beyond those it has without mistakes: what stands below it gives them.
    pub fn rows_more(&self, width: u16, without: u16) -> u16 {
        u16::try_from(self.lines(width)).unwrap_or(u16::MAX).saturating_sub(without)
    }

    /// Where the two halves write.
    fn lanes(&self, rows: &[Vec<usize>], width: u16) -> [Lane; 2] {
        let whole = Lane { left: 0, right: width, label: self.label_cells(rows, 0) };
        [whole, Lane { left: width / 2, right: width, label: self.label_cells(rows, 1) }]
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
        let hint_cells = cells(&hint);
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

    /// The sentence of a field's mistake, broken into lines.
    fn mistake(&self, i: usize, width: u16) -> Vec<String> {
        let Some(sentence) = &self.fields[i].error else { return Vec::new() };
        safe::wrap(&format!("{LOOK_SIGN} {sentence}"), usize::from(width.saturating_sub(MARGIN + 1)))
    }

    /// The mistakes of a row under it: each under its own field as far as it fits, else further left; two on one line where there is room
    /// for both.
    fn mistakes_of(&self, row: &[usize], lanes: [Lane; 2], width: u16) -> Vec<Placed> {
        let told: Vec<(Lane, Vec<String>)> =
            row.iter().enumerate().map(|(column, i)| (lanes[column.min(1)], self.mistake(*i, width))).collect();
        if let [(left, first), (right, second)] = &told[..]
            && let ([first], [second]) = (&first[..], &second[..])
            && let Some([x, beside]) = side_by_side([*left, *right], [cells(first), cells(second)], width)
        {
            let place = |x, text: &String| Placed { x, line: 0, text: text.clone() };
            return vec![place(x, first), place(beside, second)];
        }
        let mut placed = Vec::new();
        for (lane, lines) in told {
            let widest = lines.iter().map(|line| cells(line)).max().unwrap_or(0);
            // All lines of a sentence begin in one column.
            let x = lane.value_x().min(width.saturating_sub(widest + 1));
            for text in lines {
                placed.push(Placed { x, line: placed.len(), text });
            }
        }
        placed
    }
}

/// A line of a mistake where it stands: its column, and the line under its row.
struct Placed {
    x: u16,
    line: usize,
    text: String,
}

fn rows_of(placed: &[Placed]) -> usize {
    placed.last().map_or(0, |last| last.line + 1)
}

fn cells(text: &str) -> u16 {
    u16::try_from(safe::cells(text)).unwrap_or(u16::MAX)
}

/// Where two sentences begin on one line, a gap between them; none where they don't fit.
fn side_by_side([left, right]: [Lane; 2], [first, second]: [u16; 2], width: u16) -> Option<[u16; 2]> {
    let beside = right.value_x().min(width.checked_sub(second.checked_add(1)?)?);
    let x = left.value_x().min(beside.checked_sub(first.checked_add(GAP)?)?);
    (x > 0).then_some([x, beside])
}

/// Says at the right edge that rows of the form lie above or below what is in sight.
fn draw_more(canvas: &mut Canvas, above: bool, below: bool) {
    let x = canvas.width().saturating_sub(1);
    if above {
        canvas.text(x, 0, "↑", Ink::Look);
    }
    if below {
        canvas.text(x, canvas.height().saturating_sub(1), "↓", Ink::Look);
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
