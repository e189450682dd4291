//! What every screen made of one form does alike: its keys, F4, a paste, and the answer to a key.

use crate::desk::refusal::Refusal;
use crate::tui::app::App;
use crate::tui::key::Key;
use crate::tui::keymap::Command;
use crate::tui::screen::{Context, Reply};
use crate::tui::widgets::form::{Form, FormEvent};

/// F2 saves; F4 picks where there is something to pick; Ctrl-N throws away what came back.
pub fn keys(form: &Form) -> Vec<Command> {
    let pick = form.can_pick().then_some(Command::Pick);
    let anew = form.resumed().map(|_| Command::Anew);
    [Command::Save].into_iter().chain(pick).chain(anew).collect()
}

/// Ctrl-N: the draft is thrown away, then the screen is made without it.
pub fn thrown_away<S>(
    app: &mut App,
    key: &str,
    make: impl FnOnce(&mut App) -> Result<S, Refusal>,
) -> Result<S, Refusal> {
    app.forget_draft(key);
    make(app)
}

/// The blank screen takes the place of the one with the draft.
pub fn begin_anew<S>(screen: &mut S, blank: Result<S, Refusal>) -> Reply<App> {
    match blank {
        Ok(blank) => {
            *screen = blank;
            Reply::say(crate::text::toolkit::BLANK)
        }
        Err(refusal) => Reply::refuse(refusal.message()),
    }
}

/// F4 goes to the field.
pub fn pick<C>(form: &mut Form) -> Reply<C> {
    Reply::used_if(form.on_key(Key::f(4)) != FormEvent::Unused)
}

/// A paste is typing.
pub fn paste<C>(form: &mut Form, text: &str) -> Reply<C> {
    Reply::used_if(form.on_paste(text) != FormEvent::Unused)
}

/// Enter on the last field: `hint` says that only F2 writes, once nothing on the form is wrong or lacking.
pub fn through<C>(form: &Form, hint: &str) -> Reply<C> {
    Reply::say(if form.is_marked() { UNREADY } else { hint })
}

/// What is said at Enter on the last field of a form that cannot be written yet.
const UNREADY: &str = "还有没填或不对的地方，改好之后再按 F2";

/// The answer to a key the form was given.
pub fn reply<C>(form: &Form, event: FormEvent, hint: &str) -> Reply<C> {
    match event {
        FormEvent::Unused => Reply::unused(),
        FormEvent::Submit => through(form, hint),
        FormEvent::Used | FormEvent::Changed(_) => Reply::done(),
    }
}
