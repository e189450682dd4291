//! The only way to the screen: a piece of the frame with its own coordinates.
//!
//! Everything written goes through [`Canvas::text`], where it is cleaned ([`crate::tui::safe`]), dressed by the theme
//! and cut by cells. Here too lives the care that a two-cell character half covered by something new is blanked whole:
//! a terminal would otherwise eat the border of a popup over Chinese text.

use super::safe;
use super::theme::{Ink, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// A rectangle of the frame that a screen or widget draws in; (0, 0) is its own top left corner.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    cursor: &'a mut Option<Position>,
    area: Rect,
    theme: Theme,
}

impl<'a> Canvas<'a> {
    /// The whole frame.
    pub fn new(buffer: &'a mut Buffer, cursor: &'a mut Option<Position>, theme: Theme) -> Self {
        let area = buffer.area;
        Self { buffer, cursor, area, theme }
    }

    /// Cells across.
    pub fn width(&self) -> u16 {
        self.area.width
    }

    /// Rows.
    pub fn height(&self) -> u16 {
        self.area.height
    }

    /// The look in use, for widgets that draw differently without colour or wide lines.
    pub fn theme(&self) -> Theme {
        self.theme
    }

    /// A part of this canvas, cut to what there is.
    pub fn part(&mut self, x: u16, y: u16, width: u16, height: u16) -> Canvas<'_> {
        let (x, y) = (x.min(self.area.width), y.min(self.area.height));
        let area = Rect {
            x: self.area.x + x,
            y: self.area.y + y,
            width: width.min(self.area.width - x),
            height: height.min(self.area.height - y),
        };
        Canvas { buffer: self.buffer, cursor: self.cursor, area, theme: self.theme }
    }

    /// All rows from `y` down.
    pub fn below(&mut self, y: u16) -> Canvas<'_> {
        self.part(0, y, u16::MAX, u16::MAX)
    }

    /// Writes from `x` to at most the right edge and returns the column after the last cell.
    pub fn text(&mut self, x: u16, y: u16, text: &str, ink: Ink) -> u16 {
        let room = self.area.width.saturating_sub(x);
        self.text_in(x, y, room, text, ink)
    }

    /// Writes at most `width` cells; longer text ends in `..`. Returns the column after the last cell.
    pub fn text_in(&mut self, x: u16, y: u16, width: u16, text: &str, ink: Ink) -> u16 {
        let style = self.theme.style(ink);
        self.write(x, y, width, text, style)
    }

    /// Writes right-aligned in `width` cells from `x`: numbers. Too long a number shows as `#`, never as a part of it.
    pub fn number(&mut self, x: u16, y: u16, width: u16, text: &str, ink: Ink) {
        let cells = u16::try_from(safe::cells(text)).unwrap_or(u16::MAX);
        if cells > width {
            let hidden = "#".repeat(usize::from(width));
            self.text_in(x, y, width, &hidden, ink);
        } else {
            self.text_in(x + width - cells, y, cells, text, ink);
        }
    }

    /// Writes a text over as many rows as it needs in `width` cells; returns the row after it.
    pub fn paragraph(&mut self, x: u16, y: u16, width: u16, text: &str, ink: Ink) -> u16 {
        let mut row = y;
        for line in safe::wrap(text, usize::from(width)) {
            self.text_in(x, row, width, &line, ink);
            row = row.saturating_add(1);
        }
        row
    }

    fn write(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let width = width.min(self.area.width.saturating_sub(x));
        if width == 0 || y >= self.area.height || text.is_empty() {
            return x;
        }
        let shown = self.theme.text(text);
        let shown = safe::cut(&shown, usize::from(width));
        let (left, top) = (self.area.x + x, self.area.y + y);
        self.halve(left, top);
        let (end, _) = self.buffer.set_stringn(left, top, &shown, usize::from(width), style);
        end - self.area.x
    }

    /// Blanks a wide character that begins in the cell before `x` and would be cut in half.
    fn halve(&mut self, x: u16, y: u16) {
        if x > self.buffer.area.x {
            let cell = &mut self.buffer[(x - 1, y)];
            if safe::cells_of(cell.symbol()) > 1 {
                cell.set_symbol(" ");
            }
        }
    }

    /// Empties the canvas, and with it the half of any wide character reaching in from the left.
    pub fn clear(&mut self) {
        let area = self.area;
        for y in area.top()..area.bottom() {
            self.halve(area.left(), y);
            for x in area.left()..area.right() {
                self.buffer[(x, y)].reset();
            }
        }
    }

    /// A rule across row `y`, with words set into it from the left.
    pub fn rule(&mut self, y: u16, words: &str, ink: Ink) {
        let line = "─".repeat(usize::from(self.area.width));
        self.text(0, y, &line, Ink::Faint);
        if !words.is_empty() {
            let room = self.area.width.saturating_sub(4);
            self.text_in(2, y, room, &format!(" {words} "), ink);
        }
    }

    /// Dresses a whole row, whatever stands in it: the bar of a selected row.
    pub fn row_ink(&mut self, y: u16, ink: Ink) {
        if y < self.area.height {
            let style = self.theme.style(ink);
            let row = Rect { x: self.area.x, y: self.area.y + y, width: self.area.width, height: 1 };
            self.buffer.set_style(row, style);
        }
    }

    /// An emptied box in the middle of this canvas with a title in its border; returns what is inside the border.
    pub fn popup(&mut self, width: u16, height: u16, title: &str) -> Canvas<'_> {
        let (w, h) = (width.min(self.area.width), height.min(self.area.height));
        let (x, y) = ((self.area.width - w) / 2, (self.area.height - h) / 2);
        self.boxed(x, y, w, h, title)
    }

    /// An emptied box at a place; returns what is inside the border.
    pub fn boxed(&mut self, x: u16, y: u16, width: u16, height: u16, title: &str) -> Canvas<'_> {
        let mut part = self.part(x, y, width, height);
        part.clear();
        let (w, h) = (part.width(), part.height());
        if w < 2 || h < 2 {
            return self.part(x, y, 0, 0);
        }
        let line = "─".repeat(usize::from(w - 2));
        part.text(0, 0, &format!("┌{line}┐"), Ink::Accent);
        for row in 1..h - 1 {
            part.text(0, row, "│", Ink::Accent);
            part.text(w - 1, row, "│", Ink::Accent);
        }
        part.text(0, h - 1, &format!("└{line}┘"), Ink::Accent);
        if !title.is_empty() && w > 8 {
            part.text_in(2, 0, w - 4, &format!(" {title} "), Ink::Accent);
        }
        self.part(x + 1, y + 1, w - 2, h - 2)
    }

    /// Puts the real cursor: where the hand is and where an input method opens its window.
    pub fn cursor(&mut self, x: u16, y: u16) {
        let area = self.area;
        if area.width > 0 && area.height > 0 {
            let (x, y) = (x.min(area.width - 1), y.min(area.height - 1));
            *self.cursor = Some(Position { x: area.x + x, y: area.y + y });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    fn draw(width: u16, height: u16, theme: Theme, paint: impl FnOnce(&mut Canvas)) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let mut cursor = None;
        paint(&mut Canvas::new(&mut buffer, &mut cursor, theme));
        buffer
    }

    #[test]
    fn a_popup_over_chinese_keeps_its_left_border() {
        let buffer = draw(12, 3, Theme::default(), |canvas| {
            for y in 0..3 {
                canvas.text(0, y, "人民路人民路", Ink::Text);
            }
            canvas.boxed(3, 0, 6, 3, "");
        });
        assert_eq!(buffer[(3, 1)].symbol(), "│");
        assert_eq!(buffer[(2, 1)].symbol(), " ", "the wide character before the border is blanked whole");
        assert_eq!(buffer[(0, 1)].symbol(), "人");
    }

    #[test]
    fn escape_sequences_never_reach_a_cell() {
        let buffer = draw(20, 1, Theme::default(), |canvas| {
            canvas.text(0, 0, "王\u{1b}[31m芳\u{202e}", Ink::Text);
        });
        assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(safe::is_unsafe)));
    }

    #[test]
    fn the_ascii_look_writes_no_ambiguous_character() {
        let buffer = draw(20, 4, Theme { ascii: true, colourless: false }, |canvas| {
            canvas.boxed(0, 0, 20, 4, "“问”·①").text(0, 0, "— … ■", Ink::Text);
        });
        assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(safe::is_ambiguous)));
    }

    #[test]
    fn a_number_too_long_is_not_shown_in_part() {
        let buffer = draw(8, 1, Theme::default(), |canvas| canvas.number(1, 0, 6, "12,345.00", Ink::Text));
        let row: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(row, " ###### ");
    }
}
