//! The list under the focused field of a form: choices narrowed by typing, words used before.

use super::{Edited, Form, FormEvent};
use crate::tui::key::{Code, Key};
use crate::tui::widgets::kind::half_width;
use crate::tui::widgets::suggest::Dropdown;

/// The open list under the focused field.
pub(in crate::tui::widgets) struct Open {
    pub(in crate::tui::widgets) dropdown: Dropdown,
    /// What was typed to narrow a choice field's list.
    pub(in crate::tui::widgets) filter: String,
    /// The codes behind the entries of a choice field's list; empty for suggestions.
    codes: Vec<String>,
}

impl Form {
    /// Keys that mean something else while a list is open.
    pub(super) fn on_key_in_list(&mut self, key: Key) -> Option<FormEvent> {
        let open = self.list.as_mut()?;
        match key.code {
            Code::Up | Code::Down => {
                open.dropdown.step(key.code == Code::Down);
                Some(FormEvent::Used)
            }
            Code::Esc => {
                self.list = None;
                Some(FormEvent::Used)
            }
            Code::Char('u') if key.ctrl => {
                self.list = None;
                let field = &mut self.fields[self.focus];
                let had = !field.edit.text().is_empty();
                field.put("");
                Some(self.told(if had { Edited::Changed } else { Edited::Moved }))
            }
            Code::Enter | Code::Tab if !key.shift => {
                let taken = self.take_listed()?;
                self.step(true);
                Some(taken)
            }
            Code::Backspace if !open.codes.is_empty() || !open.filter.is_empty() => {
                let mut filter = std::mem::take(&mut open.filter);
                filter.pop();
                self.open_list(filter);
                Some(FormEvent::Used)
            }
            _ => None,
        }
    }

    /// Closes the list and puts the row under its bar into the field.
    pub(super) fn take_listed(&mut self) -> Option<FormEvent> {
        let open = self.list.take()?;
        let i = open.dropdown.selected()?;
        let value = open.codes.get(i).map(String::as_str).or(open.dropdown.item(i))?.to_string();
        let field = &mut self.fields[self.focus];
        let is_other = field.edit.text() != value;
        field.put(&value);
        let id = field.id;
        if is_other {
            self.changed(self.focus);
        }
        Some(FormEvent::Changed(id))
    }

    /// Typing or pasting into a choice field narrows its list.
    pub(super) fn narrow(&mut self, typed: &str) -> FormEvent {
        let mut filter = self.list.as_ref().map(|open| open.filter.clone()).unwrap_or_default();
        filter.extend(typed.chars().map(|c| half_width(c).to_ascii_lowercase()));
        if self.choices_for(&filter).is_empty() {
            // No choice is called so: what stood there before is not what was meant.
            self.list = None;
            self.fields[self.focus].put_stray(filter);
            return FormEvent::Unused;
        }
        self.fields[self.focus].forget_stray();
        self.open_list(filter);
        FormEvent::Used
    }

    /// Opens the list of the focused field, narrowed. Initials typed in letters mark the first entry, so that Enter
    /// takes it; Chinese typed out stays as it is until ↓ is pressed.
    pub(super) fn open_list(&mut self, filter: String) {
        let field = &self.fields[self.focus];
        let (items, codes): (Vec<String>, Vec<String>) = match &field.suggest {
            Some(suggest) => {
                let items = suggest(field.edit.text());
                (items, Vec::new())
            }
            None => self.choices_for(&filter).into_iter().unzip(),
        };
        let typed = field.edit.text();
        if items.is_empty() && field.suggest.is_some() || items.len() == 1 && items[0] == typed {
            self.list = None;
            return;
        }
        let mark = if codes.is_empty() {
            (!typed.is_empty() && typed.is_ascii()).then_some(0)
        } else if filter.is_empty() {
            codes.iter().position(|c| c == typed).or(Some(0))
        } else {
            Some(0)
        };
        let dropdown = Dropdown::new(items, mark);
        let dropdown = if field.suggest.is_none() { dropdown.whole() } else { dropdown };
        self.list = Some(Open { dropdown, filter, codes });
    }

    /// Opens every word used before, whatever is typed; F4 was pressed to see them. What is typed now is marked.
    pub(super) fn open_words(&mut self) {
        let field = &self.fields[self.focus];
        let items = field.suggest.as_ref().map(|suggest| suggest("")).unwrap_or_default();
        let mark = items.iter().position(|item| item == field.edit.text()).unwrap_or(0);
        let mark = (!items.is_empty()).then_some(mark);
        self.list = Some(Open { dropdown: Dropdown::new(items, mark), filter: String::new(), codes: Vec::new() });
    }

    /// Label and code of the choices that fit: the one that is called so, then those that begin so, then those that contain it.
    pub(super) fn choices_for(&self, filter: &str) -> Vec<(String, String)> {
        let choices = self.fields[self.focus].choices();
        let mut hits: Vec<(u8, (String, String))> = choices
            .iter()
            .filter_map(|c| {
                let initials = (self.initials)(&c.label);
                let names = [initials, c.label.to_lowercase(), c.code.to_lowercase()];
                let place = match filter {
                    _ if names[1..].iter().any(|name| name == filter) => 0,
                    _ if names.iter().any(|name| name.starts_with(filter)) => 1,
                    _ if names[..2].iter().any(|name| name.contains(filter)) => 2,
                    _ => return None,
                };
                Some((place, (c.label.clone(), c.code.clone())))
            })
            .collect();
        hits.sort_by_key(|(place, _)| *place);
        hits.into_iter().map(|(_, hit)| hit).collect()
    }
}
