//! The picture: the frame around the body, and the layers from the bottom up.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::Stack;
use crate::tui::canvas::Canvas;
use crate::tui::chrome;
use crate::tui::screen::{Context, Shape, Toast};

impl<C: Context + 'static> Stack<C> {
    /// Paints everything and says where the cursor is. Once it is on the terminal: [`Stack::shown_for`].
    pub fn draw(&mut self, buffer: &mut Buffer, cx: &C) -> Option<Position> {
        let mut cursor = None;
        let area = buffer.area;
        let mut canvas = Canvas::new(buffer, &mut cursor, self.theme);
        self.is_small = area.width < chrome::MIN_WIDTH || area.height < chrome::MIN_HEIGHT;
        if self.is_small {
            chrome::too_small(&mut canvas);
            return cursor;
        }
        let message = self.message();
        self.draw_frame(&mut canvas, message.as_ref(), cx);
        let full = self.layers.iter().rposition(|s| s.shape() == Shape::Full).unwrap_or(0);
        // A message of several rows takes them from the body, so that it hides neither the cursor nor a field.
        let below = chrome::ROWS_BELOW + chrome::message_rows(area.width, message.as_ref()) - 1;
        let body_height = area.height - chrome::ROWS_ABOVE - below;
        for layer in &mut self.layers[full..] {
            let mut body = canvas.part(0, chrome::ROWS_ABOVE, area.width, body_height);
            match layer.shape() {
                Shape::Full => layer.draw(&mut body, cx),
                Shape::Popup { width, height } => {
                    let title = layer.title(cx);
                    layer.draw(&mut body.popup(width, height, &title), cx);
                }
            }
        }
        let last_row = area.height.saturating_sub(2);
        let rest = Position { x: area.x, y: area.y + last_row };
        Some(cursor.map_or(rest, |p| Position { x: p.x, y: p.y.min(area.y + last_row) }))
    }

    /// The lines around the body.
    fn draw_frame(&self, canvas: &mut Canvas, message: Option<&Toast>, cx: &C) {
        let height = canvas.height();
        chrome::top_line(canvas, &cx.top_line());
        let title =
            self.layers.iter().rev().find(|s| s.shape() == Shape::Full).map(|s| s.title(cx)).unwrap_or_default();
        chrome::title_rule(canvas, 1, &title, cx.is_practice());
        chrome::message(canvas, height - 2, message);
        let closed = self.top().is_some_and(|s| s.is_closed());
        let back = self.layers.len() > 1 && !closed;
        chrome::footer(canvas, height - 1, &self.keys(cx), back, !closed);
    }
}
