//! Popups, which are there only to ask: yes or no, one of a list, a few fields.

use super::edit::{Edited, LineEdit};
use super::form::{Form, FormEvent};
use super::table::{Column, Row, Table, TableEvent, Width};
use crate::text::toolkit as words;
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Given, Reply, Screen, Shape};
use crate::tui::theme::{Ink, LOOK_SIGN};

/// Width of a popup that asks, border included.
const WIDTH: u16 = 60;
/// Rows a popup grows by while a list hangs out of its form.
const LIST_ROWS: u16 = 9;

/// Asks whether to do something; Esc is no.
pub struct Confirm {
    tag: &'static str,
    title: String,
    lines: Vec<String>,
    key: Command,
    anew: bool,
}

impl Confirm {
    /// A question; Enter says yes.
    pub fn new(tag: &'static str, title: &str, question: &str) -> Self {
        let lines = safe::wrap(question, usize::from(WIDTH - 6));
        Self { tag, title: title.into(), lines, key: Command::Confirm, anew: false }
    }

    /// For what cannot be taken back: F2 says yes, and Enter does not.
    pub fn with_f2(mut self) -> Self {
        self.key = Command::ConfirmF2;
        self
    }

    /// Ctrl-N is a third answer: neither yes nor no, but from the beginning.
    pub fn or_anew(mut self) -> Self {
        self.anew = true;
        self
    }
}

impl<C> Screen<C> for Confirm {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn title(&self, _: &C) -> String {
        self.title.clone()
    }

    fn keys(&self, _: &C) -> Vec<Command> {
        [self.key].into_iter().chain(self.anew.then_some(Command::Anew)).collect()
    }

    fn shape(&self) -> Shape {
        Shape::Popup { width: WIDTH, height: u16::try_from(self.lines.len()).unwrap_or(10).min(14) + 5 }
    }

    fn is_to_be_read(&self) -> bool {
        true
    }

    fn on_command(&mut self, command: Command, _: &mut C) -> Reply<C> {
        let given = if command == Command::Anew { Given::Picked(command.binding().id.into()) } else { Given::Yes };
        Reply::answer(self.tag, given)
    }

    fn on_key(&mut self, key: Key, _: &mut C) -> Reply<C> {
        if key.is(Code::Esc) { Reply::answer(self.tag, Given::No) } else { Reply::unused() }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &C) {
        canvas.text(1, 1, LOOK_SIGN, Ink::Look);
        for (y, line) in (1u16..).zip(&self.lines) {
            canvas.text(3, y, line, Ink::Text);
        }
        let y = canvas.height().saturating_sub(1);
        draw_ways(canvas, y, self.key, words::YES);
        canvas.cursor(3, y);
    }
}

/// The two ways out of a popup, at its foot; `name` says what the first does.
pub fn draw_ways(canvas: &mut Canvas, y: u16, command: Command, name: &str) {
    let key = command.key().map(|k| k.to_string()).unwrap_or_default();
    let x = canvas.text(3, y, &key, Ink::Accent) + 1;
    let x = canvas.text(x, y, name, Ink::Text) + 3;
    let x = canvas.text(x, y, "Esc", Ink::Accent) + 1;
    canvas.text(x, y, words::BACK, Ink::Text);
}

/// One entry of a [`Pick`] list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickItem {
    /// What the answer says.
    pub key: String,
    /// What is shown.
    pub label: String,
    /// A few words beside it.
    pub note: String,
}

/// Asks for one of a list, narrowed by typing Chinese or initials.
pub struct Pick {
    tag: &'static str,
    title: String,
    items: Vec<(PickItem, String)>,
    query: LineEdit,
    table: Table,
}

impl Pick {
    /// A list to pick from.
    pub fn new(tag: &'static str, title: &str, items: Vec<PickItem>, initials: fn(&str) -> String) -> Self {
        let items = items.into_iter().map(|item| (item.clone(), initials(&item.label))).collect();
        let columns = vec![Column::text("", Width::Fill(20, 1)), Column::text("", Width::Fill(10, 1))];
        let table = Table::new(columns).when_empty(words::NOTHING_FOUND);
        Self { tag, title: title.into(), items, query: LineEdit::new(40), table }
    }

    /// Puts the hand on the entry with this key.
    pub fn at(mut self, key: &str) -> Self {
        if let Some(i) = self.items.iter().position(|(item, _)| item.key == key) {
            self.table.select(i);
        }
        self
    }

    fn hits(&self) -> Vec<&PickItem> {
        let typed = self.query.text().trim().to_lowercase();
        let fits = |(item, initials): &&(PickItem, String)| {
            initials.contains(&typed) || item.label.contains(&typed) || item.key.to_lowercase().starts_with(&typed)
        };
        let mut hits: Vec<&(PickItem, String)> = self.items.iter().filter(fits).collect();
        hits.sort_by_key(|(item, initials)| !(initials.starts_with(&typed) || item.label.starts_with(&typed)));
        hits.into_iter().map(|(item, _)| item).collect()
    }
}

impl<C> Screen<C> for Pick {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn title(&self, _: &C) -> String {
        self.title.clone()
    }

    fn keys(&self, _: &C) -> Vec<Command> {
        vec![Command::Confirm]
    }

    fn shape(&self) -> Shape {
        let rows = u16::try_from(self.items.len()).unwrap_or(u16::MAX).clamp(3, 14);
        Shape::Popup { width: WIDTH, height: rows + 4 }
    }

    fn on_command(&mut self, _: Command, _: &mut C) -> Reply<C> {
        match self.hits().get(self.table.selected()) {
            Some(hit) => Reply::answer(self.tag, Given::Picked(hit.key.clone())),
            None => Reply::refused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut C) -> Reply<C> {
        if key.is(Code::Esc) {
            return Reply::answer(self.tag, Given::No);
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

    fn on_paste(&mut self, text: &str, _: &mut C) -> Reply<C> {
        self.query.insert_str(text);
        self.table.select(0);
        Reply::done()
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &C) {
        let hits: Vec<PickItem> = self.hits().into_iter().cloned().collect();
        let row = |i: usize| Row::new([hits[i].label.clone()]).cell(hits[i].note.clone(), Ink::Faint);
        self.table.draw(&mut canvas.below(2), hits.len(), false, row);
        let x = canvas.text(1, 0, &format!("{} > ", words::SEARCH), Ink::Accent);
        let (shown, at) = self.query.view(canvas.width().saturating_sub(x + 1));
        canvas.text(x, 0, &shown, Ink::Text);
        canvas.cursor(x + at, 0);
    }
}

/// Asks for a few fields, such as a reason; F2, or Enter on the last field, gives the checked values.
pub struct AskForm {
    tag: &'static str,
    title: String,
    form: Form,
    picture: Box<Picture>,
    follow: Box<Follow>,
}

/// What a field that changed brings into others.
type Follow = dyn Fn(&mut Form, &str);

/// What comes of what is typed, in one line.
type Picture = dyn Fn(&Form) -> Option<String>;

impl AskForm {
    /// A small form in a popup.
    pub fn new(tag: &'static str, title: &str, form: Form) -> Self {
        Self { tag, title: title.into(), form, picture: Box::new(|_| None), follow: Box::new(|_, _| {}) }
    }

    /// With a picture of after, drawn anew with every key.
    pub fn showing(mut self, picture: impl Fn(&Form) -> Option<String> + 'static) -> Self {
        self.picture = Box::new(picture);
        self
    }

    /// With fields that follow from others.
    pub fn following(mut self, follow: impl Fn(&mut Form, &str) + 'static) -> Self {
        self.follow = Box::new(follow);
        self
    }

    fn told<C>(&mut self, event: FormEvent) -> Reply<C> {
        if let FormEvent::Changed(field) = event {
            (self.follow)(&mut self.form, field);
        }
        Reply::used_if(event != FormEvent::Unused)
    }

    fn finish<C>(&mut self) -> Reply<C> {
        if self.form.check() { Reply::answer(self.tag, Given::Values(self.form.values())) } else { Reply::refused() }
    }
}

impl<C> Screen<C> for AskForm {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &C) -> String {
        self.title.clone()
    }

    fn keys(&self, _: &C) -> Vec<Command> {
        vec![Command::ConfirmF2]
    }

    fn shape(&self) -> Shape {
        let rows = u16::try_from(self.form.lines(WIDTH)).unwrap_or(12);
        let list = if self.form.is_list_open() { LIST_ROWS } else { 0 };
        Shape::Popup { width: WIDTH + 12, height: (rows + 6 + list).max(9) }
    }

    fn on_command(&mut self, _: Command, _: &mut C) -> Reply<C> {
        self.finish()
    }

    fn on_key(&mut self, key: Key, _: &mut C) -> Reply<C> {
        if key.is(Code::Esc) && !self.form.is_list_open() {
            return Reply::answer(self.tag, Given::No);
        }
        match self.form.on_key(key) {
            FormEvent::Submit => self.finish(),
            event => self.told(event),
        }
    }

    fn on_paste(&mut self, text: &str, _: &mut C) -> Reply<C> {
        let event = self.form.on_paste(text);
        self.told(event)
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &C) {
        let (width, height) = (canvas.width(), canvas.height());
        draw_ways(canvas, height.saturating_sub(1), Command::ConfirmF2, words::YES);
        if let Some(picture) = (self.picture)(&self.form) {
            canvas.text_in(3, height.saturating_sub(2), width.saturating_sub(4), &picture, Ink::Strong);
        }
        self.form.draw(&mut canvas.part(0, 1, width, height.saturating_sub(2)));
    }
}
