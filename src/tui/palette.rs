//! Ctrl-P: every command that can be reached now and every screen, found by Chinese words or pinyin initials.

use super::canvas::Canvas;
use super::key::{Code, Key};
use super::keymap::{Command, Place};
use super::screen::{Context, Reply, RoomName, Screen, Shape};
use super::stack::Initials;
use super::theme::Ink;
use super::widgets::edit::{Edited, LineEdit};
use crate::text::toolkit as words;

/// The palette over a screen.
pub struct Palette {
    entries: Vec<Entry>,
    query: LineEdit,
    selected: usize,
    top: usize,
}

struct Entry {
    what: What,
    name: &'static str,
    note: &'static str,
    /// Its key as it is written; empty where it has none.
    key: String,
    /// Its name for programs.
    id: &'static str,
    initials: String,
}

/// What a line of the palette does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Runs a command.
    Run(Command),
    /// Opens a screen, by its place among the rooms.
    Room(usize),
}

impl Palette {
    /// A palette of the given commands, without itself, and of the screens that can be opened; one that a command of the same name
    /// opens stands there once.
    pub fn new(commands: &[Command], rooms: &[RoomName], initials: Initials) -> Self {
        let commands = commands.iter().filter(|c| **c != Command::Palette).map(|command| command.binding());
        let mut entries: Vec<Entry> = commands
            .map(|b| Entry {
                what: What::Run(b.command),
                name: b.name,
                note: b.help,
                key: b.key.map(|k| k.to_string()).unwrap_or_default(),
                id: b.id,
                initials: initials(b.name),
            })
            .collect();
        for (place, room) in rooms.iter().enumerate() {
            if !entries.iter().any(|entry| entry.name == room.name) {
                let (what, initials) = (What::Room(place), initials(room.name));
                entries.push(Entry { what, name: room.name, note: room.note, key: String::new(), id: "", initials });
            }
        }
        Self { entries, query: LineEdit::new(40), selected: 0, top: 0 }
    }

    /// What fits what was typed: those whose name or initials begin so, then those that contain it; commands of this screen first.
    pub fn hits(&self) -> Vec<What> {
        self.fitting().map(|entry| entry.what).collect()
    }

    fn fitting(&self) -> impl Iterator<Item = &Entry> {
        let typed = self.query.text().trim().to_lowercase();
        let mut hits: Vec<(u8, &Entry)> = self
            .entries
            .iter()
            .filter_map(|entry| {
                let is_key = !entry.key.is_empty() && entry.key.to_lowercase() == typed;
                let rank = if entry.name.starts_with(&typed) || entry.initials.starts_with(&typed) || is_key {
                    0
                } else if entry.name.contains(&typed) || entry.initials.contains(&typed) {
                    1
                } else if entry.note.contains(&typed) || entry.id.contains(&typed) {
                    2
                } else {
                    return None;
                };
                Some((rank, entry))
            })
            .collect();
        hits.sort_by_key(|(rank, _)| *rank);
        hits.into_iter().map(|(_, entry)| entry)
    }
}

impl<C: Context> Screen<C> for Palette {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn title(&self, _: &C) -> String {
        words::PALETTE_TITLE.into()
    }

    fn keys(&self, _: &C) -> Vec<Command> {
        vec![Command::Confirm]
    }

    fn shape(&self) -> Shape {
        Shape::Popup { width: 76, height: 18 }
    }

    fn on_command(&mut self, command: Command, cx: &mut C) -> Reply<C> {
        match (command, self.hits().get(self.selected)) {
            (Command::Confirm, Some(What::Run(hit))) => Reply::pop().and(Reply::run(*hit)),
            (Command::Confirm, Some(What::Room(room))) => Reply::pop().and(cx.open_room(*room)),
            _ => Reply::refused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut C) -> Reply<C> {
        let last = self.hits().len().saturating_sub(1);
        match key.code {
            Code::Up => self.selected = self.selected.saturating_sub(1),
            Code::Down => self.selected = (self.selected + 1).min(last),
            _ if key == Key::ctrl('p') => return Reply::pop(),
            _ => match self.query.on_key(key) {
                Edited::Unused => return Reply::unused(),
                Edited::Moved => {}
                Edited::Changed => self.selected = 0,
            },
        }
        Reply::done()
    }

    fn on_paste(&mut self, text: &str, _: &mut C) -> Reply<C> {
        self.query.insert_str(text);
        self.selected = 0;
        Reply::done()
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &C) {
        let x = canvas.text(1, 0, &format!("{} > ", words::SEARCH), Ink::Accent);
        let (shown, at) = self.query.view(canvas.width().saturating_sub(x + 1));
        canvas.text(x, 0, &shown, Ink::Text);
        canvas.cursor(x + at, 0);
        let rows = usize::from(canvas.height().saturating_sub(1)).max(1);
        self.top = self.top.clamp((self.selected + 1).saturating_sub(rows), self.selected);
        let hits: Vec<&Entry> = self.fitting().collect();
        if hits.is_empty() {
            canvas.text(1, 2, words::NOTHING_FOUND, Ink::Faint);
        }
        for (i, hit) in hits.iter().enumerate().skip(self.top).take(rows) {
            let y = 1 + u16::try_from(i - self.top).unwrap_or(u16::MAX - 1);
            let selected = i == self.selected;
            canvas.text(1, y, if selected { ">" } else { " " }, Ink::Accent);
            canvas.text_in(3, y, 14, hit.name, if selected { Ink::Accent } else { Ink::Strong });
            canvas.text_in(18, y, 7, &hit.key, Ink::Faint);
            canvas.text(26, y, hit.note, Ink::Text);
        }
    }
}
