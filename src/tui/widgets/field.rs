//! One field of a form: its label, what was typed, its mistake.

use super::edit::{Edited, LineEdit};
use super::kind::{Choice, Kind};
use super::suggest::Suggest;
use crate::text::toolkit::mistake;
use crate::tui::key::{Code, Key};
use crate::tui::safe;
use chrono::NaiveDate;

/// How much of a row a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// A row of its own.
    Row,
    /// Half a row; two such neighbours stand side by side.
    Half,
}

/// A field. Made with [`Field::text`] and its kin, then dressed: `Field::number("tendered", "实收", 2).required()`.
pub struct Field {
    pub(super) id: &'static str,
    pub(super) label: String,
    pub(super) kind: Kind,
    pub(super) edit: LineEdit,
    /// A number in its one form, where it was typed in another: `1000` for the `1,000` that stands there.
    plain: Option<String>,
    /// What stood in it before anything was typed.
    pub(super) initial: String,
    pub(super) required: bool,
    pub(super) hint: String,
    pub(super) unit: String,
    pub(super) span: Span,
    pub(super) cells: u16,
    /// Cells a long text takes on a row of its own that has them.
    pub(super) most: u16,
    pub(super) fixed: bool,
    pub(super) hidden: bool,
    pub(super) error: Option<String>,
    /// Filled in by the program, not typed: Enter passes it over.
    pub(super) known: bool,
    pub(super) suggest: Option<Suggest>,
    /// A tick that stands for what is in these fields: typed anew, they are not ticked any more.
    pub(super) stands_for: Vec<&'static str>,
    /// The first character typed after the hand came takes the place of what stood there.
    pub(super) retyped: bool,
    max_chars: usize,
    /// What the program put there last: a stored value is taken as it is, even when long.
    given: String,
    /// A number of a person's paper or card.
    private: bool,
    /// Typed into a choice and the name of none: a mistake until it is taken away or another is chosen.
    stray: Option<String>,
    /// Came back with a draft: a private number is not shown in clear to whoever sits there now.
    restored: bool,
}

/// Does a key empty a field that is not typed in letter by letter?
fn empties(key: Key, code: Code) -> bool {
    matches!(code, Code::Backspace | Code::Delete) || key.ctrl && code == Code::Char('u')
}

/// Characters at the end of a private number that may be seen.
const SEEN: usize = 4;

/// What is kept of a text that is too long for its field: it is refused, so that nothing of it is lost without a word.
const KEPT: usize = 4_000;
/// Stands for the end of a line in a pasted number: two numbers below each other are not one.
const LINE_END: &str = "|";

impl Field {
    fn new(id: &'static str, label: &str, kind: Kind, max_chars: usize, cells: u16) -> Self {
        Self {
            id,
            label: label.into(),
            edit: LineEdit::new(KEPT),
            plain: None,
            initial: String::new(),
            required: false,
            hint: String::new(),
            unit: String::new(),
            span: Span::Row,
            cells,
            most: cells,
            fixed: false,
            hidden: false,
            error: None,
            known: false,
            suggest: None,
            stands_for: Vec::new(),
            retyped: matches!(kind, Kind::Number { .. } | Kind::Date),
            kind,
            max_chars,
            given: String::new(),
            private: false,
            stray: None,
            restored: false,
        }
    }

    /// Text of at most `max_chars` characters.
    pub fn text(id: &'static str, label: &str, max_chars: usize) -> Self {
        let most = u16::try_from(max_chars * 2).unwrap_or(u16::MAX).clamp(4, 80);
        Self { most, ..Self::new(id, label, Kind::Text, max_chars, most.min(40)) }
    }

    /// A number that is not negative.
    pub fn number(id: &'static str, label: &str, decimals: u8) -> Self {
        Self::new(id, label, Kind::Number { decimals, signed: false }, 16, 14)
    }

    /// A number with a sign.
    pub fn signed(id: &'static str, label: &str, decimals: u8) -> Self {
        Self::new(id, label, Kind::Number { decimals, signed: true }, 17, 14)
    }

    /// A day.
    pub fn date(id: &'static str, label: &str) -> Self {
        Self::new(id, label, Kind::Date, 10, 11)
    }

    /// A phone number.
    pub fn phone(id: &'static str, label: &str) -> Self {
        Self::new(id, label, Kind::Phone, 20, 20)
    }

    /// A printed number: account, meter, slip, seal.
    pub fn code(id: &'static str, label: &str, max_chars: usize) -> Self {
        Self::new(id, label, Kind::Code, max_chars, u16::try_from(max_chars + 1).unwrap_or(40).min(40))
    }

    /// A password.
    pub fn secret(id: &'static str, label: &str) -> Self {
        Self::new(id, label, Kind::Secret, 128, 24)
    }

    /// One of a few.
    pub fn choice(id: &'static str, label: &str, choices: Vec<Choice>) -> Self {
        let widest = choices.iter().map(|c| safe::cells(&c.label)).max().unwrap_or(0);
        let cells = u16::try_from(widest + 1).unwrap_or(40).clamp(4, 40);
        Self::new(id, label, Kind::Choice(choices), 0, cells)
    }

    /// Yes or no.
    pub fn check(id: &'static str, label: &str) -> Self {
        Self::new(id, label, Kind::Check, 0, 3)
    }

    /// For a tick that says what stands in these fields is right: it goes when one of them changes.
    pub fn stands_for(mut self, ids: &[&'static str]) -> Self {
        self.stands_for = ids.to_vec();
        self
    }

    /// For a text that is a number to its typist, a time: typed whole again, not continued.
    pub fn retyped(mut self) -> Self {
        self.retyped = true;
        self
    }

    /// Must be filled.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A few words beside the field while it is focused.
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = hint.into();
        self
    }

    /// The unit behind the value: `m3`, `元`.
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = unit.into();
        self
    }

    /// The value to begin with.
    pub fn value(mut self, value: &str) -> Self {
        self.put(value);
        self.initial = self.edit.text().into();
        self
    }

    /// Half a row.
    pub fn half(mut self) -> Self {
        self.span = Span::Half;
        self
    }

    /// The cells of the blank to write in.
    pub fn cells(mut self, cells: u16) -> Self {
        self.cells = cells.max(2);
        self.most = self.cells;
        self
    }

    /// A number of a person's paper or card: once typed and left, only its end is shown.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// What stands for a private number that came back with a draft.
    pub(super) fn veiled(&self) -> Option<String> {
        let hidden = self.edit.text().chars().count().saturating_sub(SEEN);
        let veil = |(at, c): (usize, char)| if at < hidden { '*' } else { c };
        (self.private && self.restored).then(|| self.edit.text().chars().enumerate().map(veil).collect())
    }

    /// Shown, not typed in: the focus passes over it.
    pub fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// A list of words used before.
    pub fn suggest(mut self, suggest: Suggest) -> Self {
        self.suggest = Some(suggest);
        self
    }

    /// True when the hand can stand here.
    pub fn takes_focus(&self) -> bool {
        !self.fixed && !self.hidden
    }

    /// Whether F4 opens a list here.
    pub fn can_pick(&self) -> bool {
        self.suggest.is_some() || matches!(self.kind, Kind::Choice(_))
    }

    /// What stands here, a number in its one form as soon as it can be read: sums that follow the typing count with it.
    pub(super) fn held(&self) -> &str {
        self.plain.as_deref().unwrap_or(self.edit.text())
    }

    /// The text changed: its one form is another.
    fn reread(&mut self) {
        self.plain = self.kind.plain(self.edit.text());
    }

    /// The choices of a choice field.
    pub(super) fn choices(&self) -> &[Choice] {
        match &self.kind {
            Kind::Choice(choices) => choices,
            Kind::Text | Kind::Number { .. } | Kind::Date | Kind::Phone | Kind::Code | Kind::Secret | Kind::Check => {
                &[]
            }
        }
    }

    /// What is shown when the hand is elsewhere.
    pub(super) fn shown(&self) -> String {
        if let Some(veiled) = self.veiled() {
            return veiled;
        }
        match &self.kind {
            Kind::Choice(_) if self.stray.is_some() => self.stray.clone().unwrap_or_default(),
            Kind::Choice(choices) => choices
                .iter()
                .find(|c| c.code == self.edit.text())
                .map_or_else(|| self.edit.text().to_string(), |c| c.label.clone()),
            Kind::Secret => "*".repeat(self.edit.text().chars().count()),
            Kind::Check => if self.is_checked() { "[x]" } else { "[ ]" }.into(),
            Kind::Text | Kind::Number { .. } | Kind::Date | Kind::Phone | Kind::Code => self.edit.text().into(),
        }
    }

    /// The state of a check field.
    pub(super) fn is_checked(&self) -> bool {
        self.edit.text() == "true"
    }

    /// Types one key into the field. A character that does not belong there stays, with a word why.
    pub(super) fn on_key(&mut self, key: Key) -> Edited {
        match (&self.kind, key.code) {
            (Kind::Check, Code::Char(' ')) if !key.ctrl => {
                let turned = if self.is_checked() { "" } else { "true" };
                self.put(turned);
                return Edited::Changed;
            }
            (Kind::Choice(choices), Code::Left | Code::Right) if !choices.is_empty() => {
                let at = choices.iter().position(|c| c.code == self.edit.text());
                let next = match (at, key.code) {
                    (None, _) => 0,
                    (Some(i), Code::Right) => (i + 1) % choices.len(),
                    (Some(i), _) => (i + choices.len() - 1) % choices.len(),
                };
                let code = choices[next].code.clone();
                self.put(&code);
                return Edited::Changed;
            }
            (Kind::Choice(_), Code::Backspace | Code::Delete) if self.stray.is_some() => {
                self.forget_stray();
                return Edited::Moved;
            }
            (Kind::Choice(_), Code::Char('u')) if key.ctrl && self.stray.is_some() => {
                self.forget_stray();
                return Edited::Moved;
            }
            (Kind::Choice(_) | Kind::Check, code) if empties(key, code) => {
                let had = !self.edit.text().is_empty();
                self.put("");
                return if had { Edited::Changed } else { Edited::Moved };
            }
            (Kind::Choice(_) | Kind::Check, _) => return Edited::Unused,
            _ => {}
        }
        let Some(c) = key.typed().filter(|c| !safe::is_unsafe(*c)) else {
            let edited = self.edit.on_key(key);
            if edited == Edited::Changed {
                self.reread();
                self.error = self.seen();
                self.restored = false;
            }
            return edited;
        };
        match self.kind.take(c) {
            Some(taken) if self.edit.insert(taken) => {
                self.reread();
                self.restored = false;
                self.error = self.seen();
                Edited::Changed
            }
            _ => Edited::Moved,
        }
    }

    /// Types a paste.
    pub(super) fn paste(&mut self, text: &str) -> Edited {
        if matches!(self.kind, Kind::Choice(_) | Kind::Check) {
            return Edited::Unused;
        }
        let mut text = text.trim().to_owned();
        if !matches!(self.kind, Kind::Text | Kind::Secret) {
            text = text.replace("\r\n", LINE_END).replace(['\n', '\r', '\t'], LINE_END);
        }
        let typed: String = text.chars().take(KEPT).filter_map(|c| self.kind.take(c)).collect();
        let edited = if self.edit.insert_str(&typed) { Edited::Changed } else { Edited::Moved };
        self.reread();
        self.error = self.seen();
        edited
    }

    /// Puts a value and forgets the mistake.
    pub(super) fn put(&mut self, value: &str) {
        self.edit.set(value);
        self.reread();
        value.clone_into(&mut self.given);
        self.restored = false;
        self.error = None;
        self.stray = None;
        self.known = false;
    }

    /// A text was typed that is the name of no choice.
    pub(super) fn put_stray(&mut self, typed: String) {
        self.error = Some(mistake::no_such_choice(&typed));
        self.stray = Some(typed);
    }

    /// True while a text stands here that is the name of no choice.
    pub(super) fn has_stray(&self) -> bool {
        self.stray.is_some()
    }

    /// The text that is the name of no choice is taken away again.
    pub(super) fn forget_stray(&mut self) {
        if self.stray.take().is_some() {
            self.error = None;
        }
    }

    /// Puts back what was typed before and not entered.
    pub(super) fn put_typed(&mut self, value: &str) {
        self.put(value);
        self.given.clear();
        self.restored = true;
    }

    /// The mistake that is seen while typing: a character that does not belong here, or one too many.
    fn seen(&self) -> Option<String> {
        let text = self.edit.text().trim();
        if text == self.given.trim() {
            return None;
        }
        let count = text.chars().count();
        if self.kind.is_counted() && count > self.max_chars {
            return Some(mistake::too_long(self.max_chars, count));
        }
        self.kind.stray(text).map(String::from)
    }

    /// Why a number or a choice that stands here cannot be read: what is worked out from it says nothing then.
    pub(super) fn unread(&self, today: NaiveDate) -> Option<String> {
        if let Some(typed) = self.stray.as_deref().filter(|_| self.takes_focus()) {
            return Some(mistake::no_such_choice(typed));
        }
        let is_number = matches!(self.kind, Kind::Number { .. }) && self.takes_focus();
        is_number.then(|| self.kind.normal(self.edit.text(), today).err()).flatten()
    }

    /// The value in its one form, or as it was typed where it has none.
    pub(super) fn normal(&self, today: NaiveDate) -> String {
        let typed = self.edit.text().trim();
        self.kind.normal(typed, today).unwrap_or_else(|_| typed.to_owned())
    }

    /// Checks the typing and brings it into its one form; the mistake is remembered in the field.
    pub(super) fn judge(&mut self, today: NaiveDate) -> bool {
        if self.hidden || self.fixed {
            return true;
        }
        self.error = match self.kind.normal(self.edit.text(), today) {
            _ if self.stray.is_some() => self.stray.as_deref().map(mistake::no_such_choice),
            Ok(value) if value.is_empty() && self.required => Some(mistake::empty(&self.label)),
            Ok(_) if self.seen().is_some() => self.seen(),
            Ok(value) => {
                if value != self.edit.text() && self.kind != Kind::Secret {
                    self.edit.set(&value);
                    self.plain = None;
                }
                None
            }
            Err(sentence) => Some(sentence),
        };
        self.error.is_none()
    }
}
