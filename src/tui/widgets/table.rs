//! A list in columns: numbers right-aligned in their own, long text cut by cells, one row under the hand.
//!
//! The table keeps where the hand is, not the rows: it asks for the rows in sight only, so a desk of 50,000 orders
//! costs as much as one of ten.

use crate::text::toolkit as words;
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::safe;
use crate::tui::theme::{Ink, LOOK_SIGN};
use std::collections::BTreeSet;

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Exactly so many cells.
    Cells(u16),
    /// At least so many, and a share of what is left by weight.
    Fill(u16, u16),
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    title: String,
    width: Width,
    right: bool,
    keeps_end: bool,
}

impl Column {
    /// A column of text.
    pub fn text(title: &str, width: Width) -> Self {
        Self { title: title.into(), width, right: false, keeps_end: false }
    }

    /// Too long a text loses its beginning, not its end: addresses.
    pub fn keeping_end(mut self) -> Self {
        self.keeps_end = true;
        self
    }

    /// A column of numbers, right-aligned.
    pub fn number(title: &str, cells: u16) -> Self {
        Self { title: title.into(), width: Width::Cells(cells), right: true, keeps_end: false }
    }
}

/// One row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    cells: Vec<(String, Ink)>,
    looks: Option<Ink>,
}

impl Row {
    /// A row of ordinary text.
    pub fn new<S: Into<String>>(cells: impl IntoIterator<Item = S>) -> Self {
        Self { cells: cells.into_iter().map(|c| (c.into(), Ink::Text)).collect(), looks: None }
    }

    /// One more cell in its own ink.
    pub fn cell(mut self, text: impl Into<String>, ink: Ink) -> Self {
        self.cells.push((text.into(), ink));
        self
    }

    /// Puts `!` before the row, in yellow or red.
    pub fn marked(mut self, ink: Ink) -> Self {
        self.looks = Some(ink);
        self
    }
}

/// What a key did to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableEvent {
    /// No key for a table.
    Unused,
    /// The hand moved, or could not.
    Moved,
    /// Enter on this row.
    Open(usize),
    /// The tick of this row was turned.
    Ticked(usize),
}

/// The state of a list on a screen.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    selected: usize,
    /// No row is under the hand yet.
    lifted: bool,
    top: usize,
    page: usize,
    ticks: Option<BTreeSet<usize>>,
    head: bool,
    empty: String,
}

/// Cells before the first column: the hand, the sign.
const MARGIN: u16 = 4;
/// Cells of a tick.
const TICK: u16 = 4;

impl Table {
    /// A table without ticks.
    pub fn new(columns: Vec<Column>) -> Self {
        Self {
            head: columns.iter().any(|c| !c.title.is_empty()),
            columns,
            selected: 0,
            lifted: false,
            top: 0,
            page: 10,
            ticks: None,
            empty: words::NOTHING_HERE.into(),
        }
    }

    /// Rows can be ticked with the space bar.
    pub fn with_ticks(mut self) -> Self {
        self.ticks = Some(BTreeSet::new());
        self
    }

    /// Other columns: a wider window shows more.
    pub fn set_columns(&mut self, columns: Vec<Column>) {
        self.head = columns.iter().any(|c| !c.title.is_empty());
        self.columns = columns;
    }

    /// The rows that [`Table::draw`] will show on a canvas so many rows high: the only ones worth computing.
    pub fn sight(&mut self, height: u16, rows: usize) -> std::ops::Range<usize> {
        self.page = usize::from(height.saturating_sub(u16::from(self.head))).max(1);
        self.selected = self.selected.min(rows.saturating_sub(1));
        self.top = self.top.clamp((self.selected + 1).saturating_sub(self.page), self.selected);
        self.top = self.top.min(rows.saturating_sub(self.page));
        self.top..rows.min(self.top + self.page)
    }

    /// What is said when there are no rows: what is missing and what to do.
    pub fn when_empty(mut self, sentence: &str) -> Self {
        self.say_empty(sentence);
        self
    }

    /// Says another sentence when there are no rows.
    pub fn say_empty(&mut self, sentence: &str) {
        self.empty = sentence.into();
    }

    /// The row under the hand.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// Puts the hand on a row.
    pub fn select(&mut self, row: usize) {
        self.selected = row;
        self.lifted = false;
    }

    /// Takes the hand off the rows: the first key that moves it puts it on one.
    pub fn lift(&mut self) {
        self.selected = 0;
        self.lifted = true;
    }

    /// Is no row under the hand?
    pub fn is_lifted(&self) -> bool {
        self.lifted
    }

    /// The rows were read again: the hand goes with its row, of which `key` was known before. False when that row is gone and the hand
    /// stands on another, which nobody has chosen.
    pub fn follow<K: PartialEq>(&mut self, key: Option<K>, rows: impl Iterator<Item = K>) -> bool {
        let Some(key) = key else { return true };
        let (mut count, mut place) = (0, None);
        for (row, known) in rows.enumerate() {
            count = row + 1;
            if known == key {
                place = place.or(Some(row));
            }
        }
        self.selected = place.unwrap_or_else(|| self.selected.min(count.saturating_sub(1)));
        place.is_some()
    }

    /// The ticked rows, in order. They are row numbers: untick when the rows are sorted anew.
    pub fn ticks(&self) -> Vec<usize> {
        self.ticks.iter().flatten().copied().collect()
    }

    /// Ticks or unticks a row.
    pub fn tick(&mut self, row: usize, on: bool) {
        if let Some(ticks) = &mut self.ticks {
            if on {
                ticks.insert(row);
            } else {
                ticks.remove(&row);
            }
        }
    }

    /// Takes all ticks away.
    pub fn untick_all(&mut self) {
        if let Some(ticks) = &mut self.ticks {
            ticks.clear();
        }
    }

    /// One key, with so many rows there are.
    pub fn on_key(&mut self, key: Key, rows: usize) -> TableEvent {
        if key.ctrl || key.shift {
            return TableEvent::Unused;
        }
        let last = rows.saturating_sub(1);
        if self.lifted && rows > 0 {
            self.selected = match key.code {
                Code::Up | Code::Down | Code::PageUp | Code::PageDown | Code::Home => 0,
                Code::End => last,
                _ => return TableEvent::Unused,
            };
            self.lifted = false;
            return TableEvent::Moved;
        }
        self.selected = self.selected.min(last);
        self.selected = match key.code {
            Code::Up => self.selected.saturating_sub(1),
            Code::Down => (self.selected + 1).min(last),
            Code::PageUp => self.selected.saturating_sub(self.page),
            Code::PageDown => (self.selected + self.page).min(last),
            Code::Home => 0,
            Code::End => last,
            Code::Enter if rows > 0 => return TableEvent::Open(self.selected),
            Code::Char(' ') if rows > 0 && self.ticks.is_some() => return self.turn(last),
            _ => return TableEvent::Unused,
        };
        TableEvent::Moved
    }

    /// Turns the tick under the hand and goes on to the next row: one key a row.
    fn turn(&mut self, last: usize) -> TableEvent {
        let row = self.selected;
        let on = !self.ticks.as_ref().is_some_and(|t| t.contains(&row));
        self.tick(row, on);
        self.selected = (row + 1).min(last);
        TableEvent::Ticked(row)
    }

    /// Draws the head and the rows in sight, with the cursor on the row under the hand when `focused`.
    pub fn draw(&mut self, canvas: &mut Canvas, rows: usize, focused: bool, row: impl Fn(usize) -> Row) {
        let head = u16::from(self.head);
        let ticks = if self.ticks.is_some() { TICK } else { 0 };
        let sight = self.sight(canvas.height(), rows);
        let contents: Vec<Row> = sight.clone().map(row).collect();
        let room = canvas.width().saturating_sub(MARGIN + ticks);
        let widths = self.fitted(self.widths(room), room, &contents);
        if self.head {
            let titles = Row::new(self.columns.iter().map(|c| c.title.clone()));
            self.draw_cells(canvas, 0, MARGIN + ticks, &widths, &titles, Some(Ink::Faint));
        }
        if rows == 0 {
            canvas.text(MARGIN, head, &self.empty, Ink::Faint);
            if focused {
                canvas.cursor(1, head);
            }
            return;
        }
        for ((y, i), content) in (head..canvas.height()).zip(sight).zip(&contents) {
            let under_hand = i == self.selected && !self.lifted;
            if under_hand {
                canvas.text(1, y, ">", Ink::Accent);
            }
            if let Some(ink) = content.looks {
                canvas.text(2, y, LOOK_SIGN, ink);
            }
            if let Some(ticked) = self.ticks.as_ref().map(|t| t.contains(&i)) {
                canvas.text(MARGIN, y, if ticked { "[x]" } else { "[ ]" }, Ink::Text);
            }
            let ink = (under_hand && focused).then_some(Ink::Accent);
            self.draw_cells(canvas, y, MARGIN + ticks, &widths, content, ink);
            if under_hand && focused {
                canvas.cursor(1, y);
            }
        }
    }

    /// Draws the cells of a row; `over` is the ink of cells that have none of their own.
    fn draw_cells(&self, canvas: &mut Canvas, y: u16, left: u16, widths: &[u16], row: &Row, over: Option<Ink>) {
        let mut x = left;
        let widths = self.within(widths, row);
        for ((column, width), (text, ink)) in self.columns.iter().zip(&widths).zip(&row.cells) {
            let ink = match (*ink, over) {
                (Ink::Text, Some(over)) => over,
                (own, _) => own,
            };
            if column.right {
                canvas.number(x, y, *width, text, ink);
            } else if column.keeps_end {
                canvas.text_in(x, y, *width, &safe::cut_front(text, usize::from(*width)), ink);
            } else {
                canvas.text_in(x, y, *width, text, ink);
            }
            x += width + 2;
        }
    }

    /// Text that would be cut takes the blanks that the rows in sight leave in other columns, addresses first. Where nothing would be
    /// cut the columns stay as they are.
    fn fitted(&self, mut widths: Vec<u16>, room: u16, rows: &[Row]) -> Vec<u16> {
        let cells = |text: &str| u16::try_from(safe::cells(text)).unwrap_or(u16::MAX);
        let mut needs: Vec<u16> = self.columns.iter().map(|column| cells(&column.title)).collect();
        for row in rows {
            for (need, (text, _)) in needs.iter_mut().zip(&row.cells) {
                *need = (*need).max(cells(text));
            }
        }
        // What a narrow window has no room for is the first to go.
        let gaps = u16::try_from(self.columns.len().saturating_sub(1) * 2).unwrap_or(0);
        let over = (widths.iter().sum::<u16>() + gaps).saturating_sub(room);
        give_up(&mut widths, &needs, over);
        let mut spare: u16 = widths.iter().zip(&needs).map(|(width, need)| width.saturating_sub(*need)).sum();
        let mut short: Vec<usize> = (0..widths.len()).filter(|at| widths[*at] < needs[*at]).collect();
        short.sort_by_key(|at| !self.columns[*at].keeps_end);
        let mut wanted = 0;
        for at in short {
            let more = (needs[at] - widths[at]).min(spare);
            widths[at] += more;
            (spare, wanted) = (spare - more, wanted + more);
        }
        give_up(&mut widths, &needs, wanted);
        widths
    }

    /// The columns of one row: text that would be cut takes the blanks of the last one, where that stands right behind it.
    fn within(&self, widths: &[u16], row: &Row) -> Vec<u16> {
        let mut widths = widths.to_vec();
        let need =
            |at: usize| row.cells.get(at).map_or(0, |(text, _)| u16::try_from(safe::cells(text)).unwrap_or(u16::MAX));
        if let [.., before, last] = &self.columns[..]
            && !before.right
            && !last.right
        {
            let at = widths.len() - 2;
            let lacks = need(at).saturating_sub(widths[at]);
            let taken = lacks.min(widths[at + 1].saturating_sub(need(at + 1)));
            widths[at] += taken;
            widths[at + 1] -= taken;
        }
        widths
    }

    /// The cells of each column in a width, two cells apart.
    fn widths(&self, room: u16) -> Vec<u16> {
        let gaps = u16::try_from(self.columns.len().saturating_sub(1) * 2).unwrap_or(0);
        let least = |c: &Column| match c.width {
            Width::Cells(n) | Width::Fill(n, _) => n,
        };
        let taken: u16 = self.columns.iter().map(least).sum::<u16>() + gaps;
        let spare = room.saturating_sub(taken + 1);
        let weight = |c: &Column| match c.width {
            Width::Cells(_) => 0,
            Width::Fill(_, weight) => weight,
        };
        let weights: u16 = self.columns.iter().map(weight).sum::<u16>().max(1);
        self.columns
            .iter()
            .map(|c| {
                least(c) + u16::try_from(u32::from(spare) * u32::from(weight(c)) / u32::from(weights)).unwrap_or(0)
            })
            .collect()
    }
}

/// Takes blanks out of the columns. The widest give first, so that a narrow column keeps its place as long as it can.
fn give_up(widths: &mut [u16], needs: &[u16], cells: u16) {
    for _ in 0..cells {
        let blank = |at: &usize| widths[*at].saturating_sub(needs[*at]);
        let Some(widest) = (0..widths.len()).max_by_key(blank).filter(|at| blank(at) > 0) else { return };
        widths[widest] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::notation;

    #[test]
    fn an_address_takes_the_blanks_of_other_columns_and_no_number_leaves_the_window() {
        let columns = || {
            vec![
                Column::text("", Width::Cells(10)),
                Column::text("", Width::Fill(10, 1)).keeping_end(),
                Column::number("", 12),
                Column::text("", Width::Fill(8, 1)),
            ]
        };
        let row = |address: &str| [Row::new(["1001", address, "5.00", ""])];
        let fitted = |room: u16, address: &str| {
            let table = Table::new(columns());
            table.fitted(table.widths(room), room, &row(address))
        };
        assert_eq!(fitted(60, "短"), [10, 16, 12, 14], "what fits stays where it was");
        let long = "人民路12号光明小区4幢4单元502室"; // 31 cells
        assert_eq!(fitted(60, long)[1], 31, "nothing is cut while blanks stand beside");
        for room in [30, 38, 46, 60, 100] {
            let widths = fitted(room, long);
            assert!(widths.iter().sum::<u16>() + 6 <= room, "{room}: {widths:?}");
            assert!(widths[0] >= 4 && widths[2] >= 4, "{room}: {widths:?}");
        }
    }

    fn table() -> Table {
        Table::new(vec![Column::text("户号", Width::Cells(8)), Column::number("欠费", 12)]).with_ticks()
    }

    #[test]
    fn the_hand_stays_in_the_list() {
        let mut t = table();
        for key in notation::parse("<Up><PgDn><End><Down><Space>").unwrap() {
            t.on_key(key, 3);
        }
        assert_eq!((t.selected(), t.ticks()), (2, vec![2]));
        assert_eq!(t.on_key(Key::plain(Code::Enter), 3), TableEvent::Open(2));
        assert_eq!(t.on_key(Key::plain(Code::Enter), 0), TableEvent::Unused);
    }

    #[test]
    fn a_lifted_hand_comes_down_where_a_key_puts_it() {
        let mut t = table();
        t.lift();
        assert_eq!(t.on_key(Key::plain(Code::Enter), 3), TableEvent::Unused);
        assert_eq!(t.on_key(Key::plain(Code::Char(' ')), 3), TableEvent::Unused);
        assert!(t.is_lifted());
        t.on_key(Key::plain(Code::Down), 3);
        assert_eq!((t.is_lifted(), t.selected()), (false, 0));
        t.on_key(Key::plain(Code::Down), 3);
        assert_eq!(t.selected(), 1);
    }

    #[test]
    fn each_space_ticks_one_row_and_goes_on() {
        let mut t = table();
        for key in notation::parse("<Space><Space><Up><Space>").unwrap() {
            t.on_key(key, 5);
        }
        assert_eq!(t.ticks(), [0], "the second row was ticked and unticked");
        assert_eq!(t.selected(), 2);
    }
}
