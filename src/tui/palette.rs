//! Ctrl-P: every command that can be reached now, found by Chinese words or pinyin initials.

use super::canvas::Canvas;
use super::key::{Code, Key};
use super::keymap::{Command, Place};
use super::screen::{Reply, Screen, Shape};
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
    command: Command,
    initials: String,
}

impl Palette {
    /// A palette of the given commands, without itself.
    pub fn new(commands: &[Command], initials: Initials) -> Self {
        let entries = commands
            .iter()
            .filter(|c| **c != Command::Palette)
            .map(|c| Entry { command: *c, initials: initials(c.name()) })
            .collect();
        Self { entries, query: LineEdit::new(40), selected: 0, top: 0 }
    }

    /// The commands that fit what was typed: those whose name or initials begin so, then those that contain it.
    pub fn hits(&self) -> Vec<Command> {
        let typed = self.query.text().trim().to_lowercase();
        let mut hits: Vec<(u8, Command)> = self
            .entries
            .iter()
            .filter_map(|entry| {
                let b = entry.command.binding();
                let key = b.key.map(|k| k.to_string().to_lowercase()).unwrap_or_default();
                let rank = if b.name.starts_with(&typed) || entry.initials.starts_with(&typed) || key == typed {
                    0
                } else if b.name.contains(&typed) || entry.initials.contains(&typed) {
                    1
                } else if b.help.contains(&typed) || b.id.contains(&typed) {
                    2
                } else {
                    return None;
                };
                Some((rank, entry.command))
            })
            .collect();
        hits.sort_by_key(|(rank, _)| *rank);
        hits.into_iter().map(|(_, command)| command).collect()
    }
}

impl<C> Screen<C> for Palette {
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
        Shape::Popup { width: 66, height: 18 }
    }

    fn on_command(&mut self, command: Command, _: &mut C) -> Reply<C> {
        match (command, self.hits().get(self.selected)) {
            (Command::Confirm, Some(hit)) => Reply::pop().and(Reply::run(*hit)),
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
        let hits = self.hits();
        if hits.is_empty() {
            canvas.text(1, 2, words::NOTHING_FOUND, Ink::Faint);
        }
        let rows = usize::from(canvas.height().saturating_sub(1)).max(1);
        self.top = self.top.clamp((self.selected + 1).saturating_sub(rows), self.selected);
        for (i, command) in hits.iter().enumerate().skip(self.top).take(rows) {
            let y = 1 + u16::try_from(i - self.top).unwrap_or(u16::MAX - 1);
            let selected = i == self.selected;
            let b = command.binding();
            canvas.text(1, y, if selected { ">" } else { " " }, Ink::Accent);
            canvas.text_in(3, y, 11, b.name, if selected { Ink::Accent } else { Ink::Strong });
            canvas.text_in(15, y, 8, &b.key.map(|k| k.to_string()).unwrap_or_default(), Ink::Faint);
            canvas.text(24, y, b.help, Ink::Text);
        }
    }
}
