//! F1: the keys of this screen and of every screen, from the key table.

use super::canvas::Canvas;
use super::key::{Code, Key};
use super::keymap::{self, COMMON, Command, Place};
use super::screen::{Reply, Screen, Shape};
use super::theme::Ink;
use crate::text::toolkit as words;

/// The help of the layer it was called on.
pub struct Help {
    lines: Vec<Line>,
    top: usize,
    page: usize,
}

enum Line {
    Head(String),
    Key { key: String, name: &'static str, help: &'static str },
    Blank,
}

impl Help {
    /// Help for a place and the commands that work there now.
    pub fn new(place: Place, keys: &[Command]) -> Self {
        let line = |command: &Command| {
            let b = command.binding();
            Line::Key { key: b.key.map_or_else(|| "Ctrl-P".into(), |k| k.to_string()), name: b.name, help: b.help }
        };
        let mut lines = vec![Line::Head(format!("{} {}", words::HELP_HERE, place.name()))];
        lines.extend(keys.iter().map(line));
        lines.push(Line::Blank);
        lines.push(Line::Head(words::HELP_EVERYWHERE.into()));
        lines.extend(keymap::everywhere().filter(|c| !keys.contains(c) && c.key().is_some()).map(|c| line(&c)));
        lines.extend(COMMON.iter().map(|(keys, help)| Line::Key { key: (*keys).into(), name: "", help }));
        Self { lines, top: 0, page: 1 }
    }
}

impl<C> Screen<C> for Help {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn title(&self, _: &C) -> String {
        words::HELP_TITLE.into()
    }

    fn keys(&self, _: &C) -> Vec<Command> {
        Vec::new()
    }

    fn shape(&self) -> Shape {
        Shape::Popup { width: 72, height: 40 }
    }

    fn on_key(&mut self, key: Key, _: &mut C) -> Reply<C> {
        let last = self.lines.len().saturating_sub(self.page);
        self.top = match key.code {
            Code::Up => self.top.saturating_sub(1),
            Code::Down => self.top + 1,
            Code::PageUp => self.top.saturating_sub(self.page),
            Code::PageDown => self.top + self.page,
            Code::Home => 0,
            Code::End => last,
            Code::Enter | Code::F(1) => return Reply::pop(),
            _ => return Reply::unused(),
        }
        .min(last);
        Reply::done()
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &C) {
        self.page = usize::from(canvas.height()).max(1);
        self.top = self.top.min(self.lines.len().saturating_sub(self.page));
        for (y, line) in (0u16..).zip(self.lines.iter().skip(self.top).take(self.page)) {
            match line {
                Line::Head(text) => {
                    canvas.text(1, y, text, Ink::Strong);
                }
                Line::Key { key, name: "", help } => {
                    canvas.text_in(2, y, 19, key, Ink::Accent);
                    canvas.text(22, y, help, Ink::Text);
                }
                Line::Key { key, name, help } => {
                    canvas.text_in(2, y, 9, key, Ink::Accent);
                    canvas.text_in(12, y, 9, name, Ink::Text);
                    canvas.text(22, y, help, Ink::Text);
                }
                Line::Blank => {}
            }
        }
        canvas.cursor(0, 0);
    }
}
