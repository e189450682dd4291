//! The queue number (排队号) a form is put by under (F9) while the customer fetches a paper: asked for, kept in the form's draft, and found
//! again when it is typed into the box of home. What intake puts by stands in the book, for the whole branch; a payment and a request
//! for special handling are drafts of the person who began them.

use serde_json::{Map, Value};

use crate::desk::intake_park::queue_form;
use crate::rules::id::Id;
use crate::tui::app::{App, KeptDraft, initials};
use crate::tui::screen::{Answer, Given, Reply};
use crate::tui::widgets::ask::AskForm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;

/// Under this name a draft keeps the number.
pub const FIELD: &str = "queue";
/// Which question the popup asks.
pub const TAG: &str = "park";
/// Longest number.
const LONGEST: usize = 20;
/// Drafts that may have a number, by the beginning of their keys, with the letter of a number nobody gave: one that needs no input method.
const KINDS: [(&str, &str); 2] = [("pay/", "S"), ("adjust/", "T")];

/// Asks for the number, with the one it had.
pub fn ask(app: &App, number: &str) -> Reply<App> {
    let field = Field::text(FIELD, "排队号", LONGEST).value(number).hint("不填就自动编号");
    Reply::push(AskForm::new(TAG, "挂起", Form::new(vec![field], app.desk.today(), initials)))
}

/// What was answered; none where it was not this that was asked, or not wanted.
pub fn heard(answer: &Answer) -> Option<&str> {
    match (&answer.given, answer.tag) {
        (Given::Values(values), TAG) => Some(values.get(FIELD).and_then(Value::as_str).unwrap_or_default()),
        _ => None,
    }
}

/// The number of a form whose draft keeps it.
#[derive(Default)]
pub struct Queue {
    number: String,
    changed: bool,
}

impl Queue {
    /// What a draft says.
    pub fn of(values: &Map<String, Value>) -> Self {
        let number = values.get(FIELD).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { number, changed: false }
    }

    /// The number; empty while none was given.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// True once after it was given: the draft is due.
    pub fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Puts it into what a draft keeps.
    pub fn keep(&self, values: &mut Map<String, Value>) {
        if !self.number.is_empty() {
            values.insert(FIELD.into(), self.number.as_str().into());
        }
    }

    /// Puts the form with this draft by under the number that was typed, or under the next one free; `again` says what opens it.
    pub fn park(&mut self, app: &App, key: &str, typed: &str, again: &str) -> Reply<App> {
        if !app.keeps_drafts() {
            return Reply::refuse("这里存不下草稿，不能挂起");
        }
        let number = match queue_form(typed) {
            number if number.is_empty() => next_free(app, key),
            number => number,
        };
        let is_case = app.desk.look().and_then(|tx| Ok(!tx.parked_of_queue(&number)?.is_empty()));
        match is_case {
            Ok(false) => {}
            Ok(true) => return Reply::refuse(taken(&number)),
            Err(error) => return Reply::refuse(error.to_string()),
        }
        if let Some(taken) = held_by_draft(app, &number, key) {
            return Reply::refuse(taken);
        }
        self.number = number;
        self.changed = true;
        Reply::pop().and_say(format!("已挂起，排队号 {}：在首页打这个号按 Enter，{again}", self.number))
    }
}

/// Why a number is not free for the form with this draft: another form of this person is put by under it.
pub fn held_by_draft(app: &App, number: &str, key: &str) -> Option<String> {
    draft_of(app, number).filter(|holder| holder != key).map(|_| taken(number))
}

fn taken(number: &str) -> String {
    format!("排队号“{number}”下已挂起一件，请先取回它，或换一个号")
}

/// A payment or request of this person put by under a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PutBy {
    /// The number.
    pub number: String,
    /// What opens it.
    pub opens: Opens,
    /// The account.
    pub account: Id,
}

/// All of them.
pub fn put_by(app: &App) -> Vec<PutBy> {
    let all = parked(app).into_iter().filter_map(|(key, number)| {
        let (kind, account) = key.split_once('/')?;
        let opens = if kind == "pay" { Opens::Pay } else { Opens::Adjust };
        Some(PutBy { number, opens, account: account.parse().ok()? })
    });
    all.collect()
}

/// The one under a number.
pub fn named(app: &App, number: &str) -> Option<PutBy> {
    let number = queue_form(number);
    put_by(app).into_iter().find(|one| !number.is_empty() && one.number == number)
}

/// What a number opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opens {
    /// 收费.
    Pay,
    /// 特殊处理.
    Adjust,
}

impl Opens {
    /// Its word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pay => "收费",
            Self::Adjust => "特殊处理",
        }
    }

    /// Opens the form.
    pub fn open(self, app: &mut App, account: Id) -> Reply<App> {
        match self {
            Self::Pay => super::pay(app, account),
            Self::Adjust => super::adjust(app, account),
        }
    }
}

/// The draft under a number, by its key.
fn draft_of(app: &App, number: &str) -> Option<String> {
    let number = Some(queue_form(number)).filter(|number| !number.is_empty())?;
    parked(app).into_iter().find(|(_, held)| *held == number).map(|(key, _)| key)
}

/// Drafts with a number: key and number. A sum of money is never resumed on another day, and its number with it.
fn parked(app: &App) -> Vec<(String, String)> {
    let today = app.desk.today().to_string();
    let lives = |kind: &str, kept: &KeptDraft| kind != "pay/" || kept.day == today;
    let mut found = Vec::new();
    for (kind, _) in KINDS {
        for (key, kept) in app.kept_drafts(kind) {
            let number = Queue::of(&kept.values).number;
            if !number.is_empty() && lives(kind, &kept) {
                found.push((key, number));
            }
        }
    }
    found
}

/// The number of a form that was given none: the letter of its kind and the first figure free.
fn next_free(app: &App, key: &str) -> String {
    let letter = KINDS.iter().find(|(kind, _)| key.starts_with(kind)).map_or("", |(_, letter)| letter);
    let taken: Vec<String> = parked(app).into_iter().filter(|(holder, _)| holder != key).map(|(_, it)| it).collect();
    let free = (1..).map(|figure| format!("{letter}{figure}")).find(|number| !taken.contains(number));
    free.unwrap_or_default()
}
