//! A paper shown on the screen where no printer is set up: slips, one page after the other.

use crate::tui::app::App;
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Reply, Screen};
use crate::tui::theme::Ink;

/// The screen.
pub struct Text {
    title: String,
    text: String,
    /// The lines at the width last seen; longer ones are broken.
    lines: Vec<String>,
    top: usize,
    page: usize,
}

impl Text {
    /// A title and the text as it would be printed.
    pub fn new(title: &str, text: &str) -> Self {
        Self { title: title.into(), text: text.into(), lines: Vec::new(), top: 0, page: 1 }
    }
}

impl Screen<App> for Text {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn title(&self, _: &App) -> String {
        self.title.clone()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        Vec::new()
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        let last = self.lines.len().saturating_sub(self.page);
        self.top = match key.code {
            Code::Up => self.top.saturating_sub(1),
            Code::Down => (self.top + 1).min(last),
            Code::PageUp => self.top.saturating_sub(self.page),
            Code::PageDown => (self.top + self.page).min(last),
            Code::Home => 0,
            Code::End => last,
            _ => return Reply::unused(),
        };
        Reply::done()
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let width = usize::from(canvas.width().saturating_sub(1));
        self.lines = self.text.lines().flat_map(|line| safe::wrap(line, width)).collect();
        self.page = usize::from(canvas.height().saturating_sub(1)).max(1);
        for (y, line) in (0u16..).zip(self.lines.iter().skip(self.top).take(self.page)) {
            canvas.text(0, y, line, Ink::Text);
        }
        let y = canvas.height().saturating_sub(1);
        let seen = (self.top + self.page).min(self.lines.len());
        let place = format!("{seen}/{}  没有设置打印机：用 printer lp 或 printer file:文件夹 设置", self.lines.len());
        canvas.text(1, y, &place, Ink::Faint);
        canvas.cursor(0, y);
    }
}
