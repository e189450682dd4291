//! A form: fields one after the other, the hand in one of them, all mistakes shown at once where they are.
//!
//! The form moves the hand, types, opens the lists and remembers what changed. It decides nothing: the screen reads
//! [`Form::values`], lets the desk judge, and hands refusals back with [`Form::fail`].

mod list;

use list::Open;

use super::edit::Edited;
use super::field::{Field, Span};
use super::kind::Kind;
use crate::tui::key::{Code, Key};
use chrono::NaiveDate;
use serde_json::{Map, Value};

/// Characters of a paste that are looked up among choices.
const PASTED: usize = 60;

/// What a key did to the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormEvent {
    /// No key for a form.
    Unused,
    /// Handled; no value changed.
    Used,
    /// This field's value changed.
    Changed(&'static str),
    /// Enter on the last field: the person is through. Screens on which money moves still want F2.
    Submit,
}

/// Fields, the focus, and the list that may be open.
pub struct Form {
    pub(super) fields: Vec<Field>,
    pub(super) focus: usize,
    pub(super) list: Option<Open>,
    pub(super) top: usize,
    today: NaiveDate,
    initials: fn(&str) -> String,
    changed: bool,
    /// The hand has come to its field and typed nothing there yet.
    arrived: bool,
    /// Since when it holds what was typed before and not entered.
    resumed: Option<String>,
}

impl Form {
    /// A form over its fields. `today` completes short dates; `initials` finds choices by pinyin.
    pub fn new(fields: Vec<Field>, today: NaiveDate, initials: fn(&str) -> String) -> Self {
        let focus = fields.iter().position(Field::takes_focus).unwrap_or(0);
        Self { fields, focus, list: None, top: 0, today, initials, changed: false, arrived: true, resumed: None }
    }

    /// The field that has the hand.
    pub fn focused(&self) -> &'static str {
        self.fields.get(self.focus).map_or("", |f| f.id)
    }

    /// Puts the hand into a field.
    pub fn focus_on(&mut self, id: &str) {
        if let Some(i) = self.index(id).filter(|i| self.fields[*i].takes_focus()) {
            self.list = None;
            self.go(i);
        }
    }

    /// The hand comes to a field, behind what stands in it.
    fn go(&mut self, i: usize) {
        self.focus = i;
        self.fields[i].edit.to_end();
        self.arrived = true;
    }

    /// True when F4 opens a list in the focused field: then `Pick` belongs on the bottom line.
    pub fn can_pick(&self) -> bool {
        self.fields.get(self.focus).is_some_and(Field::can_pick)
    }

    /// True while a list is open: Esc then closes the list, not the screen.
    pub fn is_list_open(&self) -> bool {
        self.list.is_some()
    }

    /// True while a row of the open list stands under its bar: that row is what is meant, whatever the field held before.
    pub fn has_listed(&self) -> bool {
        self.list.as_ref().is_some_and(|open| open.dropdown.selected().is_some())
    }

    /// What stands in a field, a number in its one form; empty for a field that is not there.
    pub fn value(&self, id: &str) -> &str {
        self.index(id).map_or("", |i| self.fields[i].held())
    }

    /// True while a text stands in the focused field that is the name of no choice.
    pub fn has_stray(&self) -> bool {
        self.fields.get(self.focus).is_some_and(Field::has_stray)
    }

    /// What stood in a field before anybody typed.
    pub fn initial(&self, id: &str) -> &str {
        self.index(id).map_or("", |i| &self.fields[i].initial)
    }

    /// What stands in a field in its one form, where it can be read: `1121` of a date is the day it means.
    pub fn normal(&self, id: &str) -> String {
        self.index(id).map_or_else(String::new, |i| self.fields[i].normal(self.today))
    }

    /// The state of a check field.
    pub fn is_checked(&self, id: &str) -> bool {
        self.index(id).is_some_and(|i| self.fields[i].is_checked())
    }

    /// The day in a date field, once it has been checked.
    pub fn date(&self, id: &str) -> Option<NaiveDate> {
        self.value(id).parse().ok()
    }

    /// Puts a value into a field; counts as a change.
    pub fn set(&mut self, id: &str, value: &str) {
        if let Some(i) = self.index(id) {
            let is_other = self.fields[i].edit.text() != value;
            self.fields[i].put(value);
            self.arrived |= i == self.focus;
            if is_other {
                self.changed(i);
            }
        }
    }

    /// Puts a value that is known into a field: Enter passes it over, Tab and the arrows stop there all the same.
    pub fn prefill(&mut self, id: &str, value: &str) {
        self.set(id, value);
        if let Some(i) = self.index(id) {
            self.fields[i].known = !value.is_empty();
            self.fields[i].initial = self.fields[i].edit.text().into();
        }
    }

    /// Moves the hand on from a field whose value is known; for a screen that fills fields in after Enter.
    pub fn pass_known(&mut self) {
        while self.fields.get(self.focus).is_some_and(|field| field.known) {
            let here = self.focus;
            self.step(true);
            if self.focus == here {
                return;
            }
        }
    }

    /// Shows or hides a field; a hidden one has no value.
    pub fn show(&mut self, id: &str, visible: bool) {
        if let Some(i) = self.index(id) {
            self.fields[i].hidden = !visible;
            if !self.fields[self.focus].takes_focus() {
                self.step(true);
            }
        }
    }

    /// Replaces the choices of a choice field, for lists that follow from another field.
    pub fn choices(&mut self, id: &str, choices: Vec<super::kind::Choice>) {
        if let Some(i) = self.index(id) {
            self.fields[i].kind = Kind::Choice(choices);
        }
    }

    /// Field → text, without hidden ones.
    pub fn values(&self) -> Map<String, Value> {
        let visible = self.fields.iter().filter(|f| !f.hidden);
        visible.map(|f| (f.id.to_string(), Value::from(f.held()))).collect()
    }

    /// What a draft keeps, when something changed since the last call: all that stands there but passwords; nothing when all of it
    /// stood there before anybody typed.
    pub fn take_change(&mut self) -> Option<Map<String, Value>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        Some(self.kept())
    }

    /// All that stands there but passwords; nothing when all of it stood there before anybody typed.
    pub fn kept(&self) -> Map<String, Value> {
        let filled = |f: &&Field| !f.fixed && f.kind != Kind::Secret && !f.edit.text().is_empty();
        let kept = self.fields.iter().filter(filled);
        if kept.clone().all(|f| f.edit.text() == f.initial) {
            return Map::new();
        }
        kept.map(|f| (f.id.to_string(), Value::from(f.edit.text()))).collect()
    }

    /// True while words stand here that no draft has taken.
    pub fn is_unkept(&self) -> bool {
        let typed = |f: &Field| !f.fixed && f.kind != Kind::Secret && f.edit.text() != f.initial;
        self.changed && self.fields.iter().any(typed)
    }

    /// Takes a draft back in; fields that no longer exist are passed over.
    pub fn restore(&mut self, values: &Map<String, Value>) {
        for field in self.fields.iter_mut().filter(|f| !f.fixed) {
            if let Some(value) = values.get(field.id).and_then(Value::as_str) {
                field.put_typed(value);
            }
        }
        self.arrived = true;
    }

    /// Takes another form's place: what was changed there and is in no draft yet is due here.
    pub fn goes_on(&mut self, before: &Self) {
        self.changed |= before.changed;
    }

    /// Takes a draft back in, and remembers since when it was left.
    pub fn resume(&mut self, values: &Map<String, Value>, at: String) {
        self.restore(values);
        self.resumed = Some(at);
    }

    /// Since when the form holds what was typed before and not entered.
    pub fn resumed(&self) -> Option<&str> {
        self.resumed.as_deref()
    }

    /// The first number that cannot be read: its label, and why.
    pub fn unread(&self) -> Option<(&str, String)> {
        self.fields.iter().find_map(|field| field.unread(self.today).map(|why| (field.label.as_str(), why)))
    }

    /// Checks the typing of all fields, shows all mistakes, and puts the hand into the first wrong field.
    pub fn check(&mut self) -> bool {
        self.list = None;
        let today = self.today;
        for field in &mut self.fields {
            field.judge(today);
        }
        self.go_to_first_mistake()
    }

    /// Shows what the desk refused: (field, sentence). Sentences about no field of this form come back, to be said.
    pub fn fail<'a>(&mut self, errors: impl IntoIterator<Item = (&'a str, String)>) -> Vec<String> {
        let (mut others, mut told) = (Vec::new(), Vec::new());
        for (id, sentence) in errors {
            match self.index(id).filter(|i| self.fields[*i].takes_focus()) {
                // The first word about a field stays: one that follows from it does not take its place.
                Some(i) if told.contains(&i) => {}
                Some(i) => {
                    told.push(i);
                    self.fields[i].error = Some(sentence);
                }
                None => others.push(sentence),
            }
        }
        self.go_to_first_mistake();
        others
    }

    /// Shows a mistake the desk found beside the form's own; one that is shown already stays.
    pub fn show_mistake(&mut self, id: &str, sentence: &str) {
        if let Some(i) = self.index(id).filter(|i| self.fields[*i].takes_focus() && self.fields[*i].error.is_none()) {
            self.fields[i].error = Some(sentence.to_owned());
        }
    }

    /// True while a field is marked wrong, or a needed one is empty.
    pub fn is_marked(&self) -> bool {
        let lacks = |f: &Field| f.required && f.edit.text().trim().is_empty();
        self.fields.iter().any(|f| f.takes_focus() && (f.error.is_some() || lacks(f)))
    }

    /// The mistakes shown now: (field, sentence).
    pub fn mistakes(&self) -> Vec<(&'static str, &str)> {
        self.fields.iter().filter_map(|f| f.error.as_deref().map(|e| (f.id, e))).collect()
    }

    /// Goes to the first mistake in the order of the form; true when there is none.
    pub fn go_to_first_mistake(&mut self) -> bool {
        let first = self.fields.iter().position(|f| f.error.is_some() && f.takes_focus());
        if let Some(i) = first {
            self.go(i);
        }
        first.is_none()
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.id == id)
    }

    /// One key.
    pub fn on_key(&mut self, key: Key) -> FormEvent {
        if self.fields.is_empty() {
            return FormEvent::Unused;
        }
        if self.list.is_some()
            && let Some(event) = self.on_key_in_list(key)
        {
            return event;
        }
        if key == (Key { code: Code::Tab, ctrl: false, shift: true }) {
            let taken = self.take_listed();
            let event = self.leave(false);
            return taken.unwrap_or(event);
        }
        if key.is(Code::F(4)) && self.can_pick() {
            if self.fields[self.focus].suggest.is_some() {
                self.open_words()
            } else {
                self.open_list(String::new())
            }
            return FormEvent::Used;
        }
        match key.code {
            Code::Tab if !key.ctrl => self.leave(true),
            Code::Enter => {
                let before = self.focus;
                let event = self.leave(true);
                if self.focus != before {
                    self.pass_known();
                }
                if self.focus == before { FormEvent::Submit } else { event }
            }
            Code::Up | Code::Down if !key.ctrl && !key.shift => {
                self.settle();
                self.step_row(key.code == Code::Down);
                FormEvent::Used
            }
            _ => self.type_key(key),
        }
    }

    /// A paste into the focused field: never more than typing.
    pub fn on_paste(&mut self, text: &str) -> FormEvent {
        if self.focus >= self.fields.len() {
            return FormEvent::Unused;
        }
        if matches!(self.fields[self.focus].kind, Kind::Choice(_)) {
            let shown = |c: &char| !crate::tui::safe::is_unsafe(*c);
            let typed: String = text.trim().chars().filter(shown).take(PASTED).collect();
            return if typed.is_empty() { FormEvent::Used } else { self.narrow(&typed) };
        }
        self.clear_old();
        let field = &mut self.fields[self.focus];
        let edited = field.paste(text);
        self.list = None;
        self.told(edited)
    }

    /// Typing in the focused field.
    fn type_key(&mut self, key: Key) -> FormEvent {
        let is_choice = matches!(self.fields[self.focus].kind, Kind::Choice(_));
        if let (true, Some(c)) = (is_choice, key.typed().filter(|c| *c != ' ')) {
            return self.narrow(c.encode_utf8(&mut [0; 4]));
        }
        if key.typed().is_some() {
            self.clear_old();
        }
        self.arrived = false;
        let edited = self.fields[self.focus].on_key(key);
        if edited == Edited::Changed {
            self.list = None;
            if !self.fields[self.focus].edit.text().trim().is_empty() && self.fields[self.focus].suggest.is_some() {
                self.open_list(String::new());
            }
        }
        self.told(edited)
    }

    /// What is typed over a number that stood there when the hand came is another number, not more of the same.
    fn clear_old(&mut self) {
        let arrived = std::mem::take(&mut self.arrived);
        let field = &mut self.fields[self.focus];
        if arrived && field.retyped && !field.edit.text().is_empty() {
            field.put("");
        }
    }

    /// A value changed: a draft is due, and ticks that stood for the old one stand for nothing.
    fn changed(&mut self, i: usize) {
        self.changed = true;
        let id = self.fields[i].id;
        for tick in self.fields.iter_mut().filter(|field| field.stands_for.contains(&id)) {
            tick.put("");
        }
    }

    fn told(&mut self, edited: Edited) -> FormEvent {
        match edited {
            Edited::Unused => FormEvent::Unused,
            Edited::Moved => FormEvent::Used,
            Edited::Changed => {
                self.changed(self.focus);
                FormEvent::Changed(self.fields[self.focus].id)
            }
        }
    }

    /// Leaves the focused field for the next or the one before.
    fn leave(&mut self, forward: bool) -> FormEvent {
        self.settle();
        self.step(forward);
        FormEvent::Used
    }

    /// What was typed is checked when the hand leaves; an empty field is left in peace until the end.
    fn settle(&mut self) {
        self.list = None;
        let today = self.today;
        let field = &mut self.fields[self.focus];
        if field.edit.text().trim().is_empty() && !field.has_stray() {
            field.error = None;
        } else {
            field.judge(today);
        }
    }

    /// Moves the hand by one field; stays at the ends.
    fn step(&mut self, forward: bool) {
        let mut at = self.focus;
        loop {
            at = match (forward, at) {
                (true, i) if i + 1 < self.fields.len() => i + 1,
                (false, i) if i > 0 => i - 1,
                _ => return,
            };
            if self.fields[at].takes_focus() {
                self.go(at);
                return;
            }
        }
    }

    /// Moves the hand by one row, in its own column where there is one.
    fn step_row(&mut self, down: bool) {
        let rows = self.rows();
        let Some((row, column)) = rows
            .iter()
            .enumerate()
            .find_map(|(r, fields)| fields.iter().position(|f| *f == self.focus).map(|c| (r, c)))
        else {
            return;
        };
        let candidates: Vec<usize> = if down { (row + 1..rows.len()).collect() } else { (0..row).rev().collect() };
        for r in candidates {
            let wanted = rows[r].get(column).or(rows[r].last());
            let all = wanted.into_iter().chain(rows[r].iter());
            if let Some(i) = all.copied().find(|i| self.fields[*i].takes_focus()) {
                self.go(i);
                return;
            }
        }
    }

    /// The visible fields by rows: one, or two halves side by side.
    pub(super) fn rows(&self) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut open_half = false;
        for (i, field) in self.fields.iter().enumerate().filter(|(_, f)| !f.hidden) {
            let half = field.span == Span::Half;
            match rows.last_mut() {
                Some(row) if half && open_half => {
                    row.push(i);
                    open_half = false;
                }
                _ => {
                    rows.push(vec![i]);
                    open_half = half;
                }
            }
        }
        rows
    }
}
