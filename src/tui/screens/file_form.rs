//! The fields of the customer file as fields of a form: the same for opening, amending and handing over.

use serde_json::{Map, Value};

use crate::desk::customer_view::Words;
use crate::desk::refusal::Refusal;
use crate::rules::customer::{self, Form as Holds};
use crate::tui::app::{App, initials};
use crate::tui::screen::Reply;
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::AskForm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::suggest::from_words;

/// The form field of a field of the file.
pub fn widget(field: &'static customer::Field, words: &Words) -> Field {
    let shown = match field.form {
        Holds::Name => Field::text(field.key, field.label, 60),
        Holds::Initials => Field::text(field.key, field.label, 20),
        Holds::Text(most) => with_words(Field::text(field.key, field.label, most), field.key, words),
        Holds::Needed(most) => Field::text(field.key, field.label, most).required(),
        Holds::Phone | Holds::Mobile => Field::phone(field.key, field.label),
        Holds::Number(..) => Field::number(field.key, field.label, 0),
        Holds::Quantity => Field::number(field.key, field.label, 3),
        Holds::Choice(choices) => Field::choice(field.key, field.label, choices_of(choices)),
        Holds::Day | Holds::DayAhead => Field::date(field.key, field.label),
        Holds::Class => {
            let classes = words.classes.iter().map(as_choice);
            Field::choice(field.key, field.label, std::iter::once(empty()).chain(classes).collect())
        }
        Holds::Mix => Field::text(field.key, field.label, 60).hint("如 居民70%;非居民30%"),
        Holds::Identity | Holds::Card => Field::code(field.key, field.label, 24).cells(24).private(),
    };
    match field.form {
        Holds::Needed(_) | Holds::Mix | Holds::Identity | Holds::Card => shown,
        Holds::Text(most) if most > 40 => shown,
        _ => shown.half(),
    }
}

fn with_words(field: Field, key: &str, words: &Words) -> Field {
    match words.used.get(key) {
        Some(used) if !used.is_empty() => field.suggest(from_words(used.clone(), initials)),
        _ => field,
    }
}

fn as_choice((code, label): &(String, String)) -> Choice {
    Choice::new(code.clone(), label.clone())
}

fn empty() -> Choice {
    Choice::new("", "(空)")
}

/// An empty choice first, so that a field can be cleared; each kept word once.
fn choices_of(words: &[(&str, &str)]) -> Vec<Choice> {
    let mut choices = vec![empty()];
    for (kept, shown) in words {
        if !choices.iter().any(|choice| choice.code == *kept) {
            choices.push(Choice::new(*kept, *shown));
        }
    }
    choices
}

/// What was typed, empty fields left out.
pub fn typed(form: &Form) -> Map<String, Value> {
    let filled = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    form.values().into_iter().filter(|(_, value)| filled(value)).collect()
}

/// A popup that asks; after a refusal with what was typed before and the mistakes at their fields.
pub fn ask_again(
    tag: &'static str,
    title: &str,
    form: Form,
    before: Option<(&Map<String, Value>, &Refusal)>,
) -> Reply<App> {
    ask_showing(tag, title, form, before, |_| None)
}

/// The same, with a picture of what comes of it, as it is typed.
pub fn ask_showing(
    tag: &'static str,
    title: &str,
    form: Form,
    before: Option<(&Map<String, Value>, &Refusal)>,
    picture: impl Fn(&Form) -> Option<String> + 'static,
) -> Reply<App> {
    ask_with(form, before, |form| AskForm::new(tag, title, form).showing(picture))
}

/// The same, in a popup made by the caller.
pub fn ask_with(
    mut form: Form,
    before: Option<(&Map<String, Value>, &Refusal)>,
    asking: impl FnOnce(Form) -> AskForm,
) -> Reply<App> {
    let Some((typed, refusal)) = before else { return Reply::push(asking(form)) };
    form.restore(typed);
    let others = refused(&mut form, refusal);
    let reply = Reply::push(asking(form)).and(Reply::refused());
    if others.is_empty() { reply } else { reply.and_toast(others.join("；"), Ink::Stop) }
}

/// Shows what was refused at its fields; answers what belongs to none, with the number of the rule.
pub fn refused(form: &mut Form, refusal: &Refusal) -> Vec<String> {
    form.fail(refusal.faults.iter().map(|fault| {
        let rule = if fault.rule.starts_with("R-") { format!(" [{}]", fault.rule) } else { String::new() };
        match fault.field.as_deref() {
            Some(field) => (field, fault.message.clone()),
            None => ("", format!("{}{rule}", fault.message)),
        }
    }))
}
