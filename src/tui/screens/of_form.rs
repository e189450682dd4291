//! What every screen made of one form does alike: its keys, F4, a paste, and the answer to a key.

use crate::tui::key::Key;
use crate::tui::keymap::Command;
use crate::tui::screen::Reply;
use crate::tui::widgets::form::{Form, FormEvent};

/// F2 saves; F4 picks where there is something to pick.
pub fn keys(form: &Form) -> Vec<Command> {
    if form.can_pick() { vec![Command::Save, Command::Pick] } else { vec![Command::Save] }
}

/// F4 goes to the field.
pub fn pick<C>(form: &mut Form) -> Reply<C> {
    Reply::used_if(form.on_key(Key::f(4)) != FormEvent::Unused)
}

/// A paste is typing.
pub fn paste<C>(form: &mut Form, text: &str) -> Reply<C> {
    Reply::used_if(form.on_paste(text) != FormEvent::Unused)
}

/// The answer to a key the form was given. `hint` is said at Enter on the last field, because only F2 writes.
pub fn reply<C>(event: FormEvent, hint: &str) -> Reply<C> {
    match event {
        FormEvent::Unused => Reply::unused(),
        FormEvent::Submit => Reply::say(hint),
        FormEvent::Used | FormEvent::Changed(_) => Reply::done(),
    }
}
