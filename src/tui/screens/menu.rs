//! The menu (菜单, F10): every room of the program in one list, narrowed by typing Chinese or initials.

use crate::text::toolkit as words;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Reply, Screen, Shape};
use crate::tui::theme::Ink;
use crate::tui::widgets::edit::{Edited, LineEdit};
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// One line of the menu.
pub struct Room {
    /// Its name, as on the screen it opens.
    pub name: &'static str,
    /// A few words beside it.
    pub note: &'static str,
    /// Opens it.
    pub open: fn(&mut App) -> Reply<App>,
}

/// The menu.
pub struct Menu {
    query: LineEdit,
    table: Table,
    rooms: Vec<(&'static Room, String)>,
}

impl Menu {
    /// All rooms.
    pub fn new() -> Self {
        let columns = vec![Column::text("", Width::Fill(12, 1)), Column::text("", Width::Fill(24, 2))];
        let rooms = super::ROOMS.iter().map(|room| (room, initials(room.name))).collect();
        Self { query: LineEdit::new(40), table: Table::new(columns).when_empty(words::NOTHING_FOUND), rooms }
    }

    fn hits(&self) -> Vec<&'static Room> {
        let typed = self.query.text().trim().to_lowercase();
        let fits = |(room, initials): &&(&'static Room, String)| {
            initials.starts_with(&typed) || room.name.contains(&typed) || room.note.contains(&typed)
        };
        self.rooms.iter().filter(fits).map(|(room, _)| *room).collect()
    }
}

impl Default for Menu {
    fn default() -> Self {
        Self::new()
    }
}

impl Screen<App> for Menu {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn title(&self, _: &App) -> String {
        "菜单".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        if self.hits().is_empty() { Vec::new() } else { vec![Command::Confirm] }
    }

    fn shape(&self) -> Shape {
        Shape::Popup { width: 64, height: u16::try_from(self.rooms.len()).unwrap_or(14).min(16) + 4 }
    }

    fn on_command(&mut self, _: Command, app: &mut App) -> Reply<App> {
        match self.hits().get(self.table.selected()) {
            Some(room) => Reply::pop().and((room.open)(app)),
            None => Reply::refused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        if key.is(Code::Esc) {
            return Reply::pop();
        }
        if key.is(Code::Enter) {
            return Reply::refused(); // nothing fits what was typed
        }
        if key.typed().is_none() && self.table.on_key(key, self.hits().len()) != TableEvent::Unused {
            return Reply::done();
        }
        match self.query.on_key(key) {
            Edited::Unused => Reply::unused(),
            Edited::Moved => Reply::done(),
            Edited::Changed => {
                self.table.select(0);
                Reply::done()
            }
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let hits = self.hits();
        let row = |i: usize| Row::new([hits[i].name]).cell(hits[i].note, Ink::Faint);
        self.table.draw(&mut canvas.below(2), hits.len(), false, row);
        let x = canvas.text(1, 0, &format!("{} > ", words::SEARCH), Ink::Accent);
        let (shown, at) = self.query.view(canvas.width().saturating_sub(x + 1));
        canvas.text(x, 0, &shown, Ink::Text);
        canvas.cursor(x + at, 0);
    }
}
