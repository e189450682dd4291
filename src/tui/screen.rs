//! What a screen is, and what it may ask of the stack it lies on.

use super::canvas::Canvas;
use super::key::Key;
use super::keymap::{Command, Place};
use super::theme::Ink;
use super::widgets::form::Form;
use serde_json::{Map, Value};
use std::time::Duration;

/// How a layer lies on the ones below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Covers everything between the top and the bottom line.
    Full,
    /// A box in the middle, only to ask; at most so many cells and rows, border included.
    Popup {
        /// Cells across.
        width: u16,
        /// Rows.
        height: u16,
    },
}

/// One layer: a screen or a popup. `C` is what the screens of a program share (the desk, the session).
///
/// A layer never touches the stack; it returns a [`Reply`]. Most methods have a default, so a screen says only what is
/// its own. See the example in [`crate::tui`].
pub trait Screen<C> {
    /// Which part of the key table holds here.
    fn place(&self) -> Place;

    /// The form the hand is in, on a screen that has one: what stands under the bar of its open list is taken before any command but
    /// F4 is given to the screen.
    fn form(&self) -> Option<&Form> {
        None
    }

    /// The words set into the rule under the top line, or into the border of a popup.
    fn title(&self, cx: &C) -> String;

    /// The commands that work *now*, most used first: the bottom line shows these and no others.
    fn keys(&self, cx: &C) -> Vec<Command>;

    /// Paints the body. Must put the cursor into the focused field or on the selected row.
    fn draw(&mut self, canvas: &mut Canvas, cx: &C);

    /// A command of [`Screen::keys`] was chosen, by its key or in the palette.
    fn on_command(&mut self, command: Command, cx: &mut C) -> Reply<C> {
        let _ = (command, cx);
        Reply::unused()
    }

    /// A key that is no command here: typing and moving.
    fn on_key(&mut self, key: Key, cx: &mut C) -> Reply<C> {
        let _ = (key, cx);
        Reply::unused()
    }

    /// A paste: typing without an Enter, whatever newlines it holds.
    fn on_paste(&mut self, text: &str, cx: &mut C) -> Reply<C> {
        let _ = (text, cx);
        Reply::unused()
    }

    /// A layer pushed by this one has given its answer and is gone.
    fn on_answer(&mut self, answer: Answer, cx: &mut C) -> Reply<C> {
        let _ = (answer, cx);
        Reply::done()
    }

    /// The layers above are gone and this one is on top again: read again what may have changed.
    fn on_return(&mut self, cx: &mut C) {
        let _ = cx;
    }

    /// Work in the background has something new (see [`crate::tui::input::Waker`]); every layer is told.
    fn on_wake(&mut self, cx: &mut C) -> Reply<C> {
        let _ = cx;
        Reply::unused()
    }

    /// How often a clock in sight must tick; `None` for screens without one.
    fn tick_every(&self) -> Option<Duration> {
        None
    }

    /// The clock ticked.
    fn on_tick(&mut self, cx: &mut C) -> Reply<C> {
        let _ = cx;
        Reply::done()
    }

    /// True while the next key means nothing before a result in the background has arrived: keys then wait in their
    /// queue, in order, and are given after [`Screen::on_wake`]. Only for what takes milliseconds, such as the search.
    fn waits(&self) -> bool {
        false
    }

    /// Full screen or popup.
    fn shape(&self) -> Shape {
        Shape::Full
    }

    /// True for what is only there to be read before it is confirmed: no key typed before it was seen reaches it.
    fn is_to_be_read(&self) -> bool {
        false
    }

    /// True for login and lock: no palette, no command from everywhere, no Esc.
    fn is_closed(&self) -> bool {
        false
    }

    /// Since when it holds what was typed before and not entered: the stack says so, and no key acts before it is seen.
    fn resumed(&self) -> Option<&str> {
        None
    }

    /// What is typed and not yet entered, when it has changed since the last call; the stack hands it on to be kept.
    fn draft(&mut self) -> Option<Draft> {
        None
    }
}

/// A form half filled, to survive a power cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Which form of whom, chosen by the screen: `pay/B03.1.42`.
    pub key: String,
    /// Field → what was typed; passwords are never in it.
    pub values: Map<String, Value>,
}

/// What a popup was asked and what it heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The tag given when the popup was made: which question this answers.
    pub tag: &'static str,
    /// The answer.
    pub given: Given,
}

/// The kinds of answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Confirmed.
    Yes,
    /// Esc: not wanted.
    No,
    /// The key of the entry picked from a list.
    Picked(String),
    /// The checked values of a small form.
    Values(Map<String, Value>),
}

/// One line said to the person, kept until the next key after it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// One Chinese sentence.
    pub text: String,
    /// [`Ink::Text`] said, [`Ink::Look`] look, [`Ink::Stop`] refused.
    pub ink: Ink,
}

/// One thing the stack is asked to do.
pub(super) enum Step<C> {
    Push(Box<dyn Screen<C>>),
    Replace(Box<dyn Screen<C>>),
    Pop,
    Answer(Answer),
    Home,
    Say(Toast),
    Run(Command),
    Forget(String),
    Refused,
    Hold,
    Unseen,
    Begun,
    Lock,
    Quit,
}

/// What a layer returns: nothing, or steps done in order. It is the only way to change the stack.
#[must_use]
pub struct Reply<C> {
    pub(super) used: bool,
    pub(super) steps: Vec<Step<C>>,
}

impl<C> Reply<C> {
    /// Not mine: the stack looks for another meaning.
    pub fn unused() -> Self {
        Self { used: false, steps: Vec::new() }
    }

    /// Handled, the stack stays as it is.
    pub fn done() -> Self {
        Self { used: true, steps: Vec::new() }
    }

    fn one(step: Step<C>) -> Self {
        Self { used: true, steps: vec![step] }
    }

    /// [`Reply::done`] or [`Reply::unused`].
    pub fn used_if(used: bool) -> Self {
        if used { Self::done() } else { Self::unused() }
    }

    /// Puts a layer on top.
    pub fn push(screen: impl Screen<C> + 'static) -> Self {
        Self::one(Step::Push(Box::new(screen)))
    }

    /// Puts a boxed layer on top.
    pub fn push_boxed(screen: Box<dyn Screen<C>>) -> Self {
        Self::one(Step::Push(screen))
    }

    /// Puts a layer in place of this one.
    pub fn replace(screen: impl Screen<C> + 'static) -> Self {
        Self::one(Step::Replace(Box::new(screen)))
    }

    /// Goes back one layer; the lowest stays.
    pub fn pop() -> Self {
        Self::one(Step::Pop)
    }

    /// Goes back to the lowest layer.
    pub fn home() -> Self {
        Self::one(Step::Home)
    }

    /// Goes back one layer and gives it the answer.
    pub fn answer(tag: &'static str, given: Given) -> Self {
        Self::one(Step::Answer(Answer { tag, given }))
    }

    /// Says that something was done.
    pub fn say(text: impl Into<String>) -> Self {
        Self::done().and_say(text)
    }

    /// Says why something was refused.
    pub fn refuse(text: impl Into<String>) -> Self {
        Self::done().and_toast(text, Ink::Stop)
    }

    /// Refused, and the screen shows why where it stands: mistakes at their fields. Keys on their way are not taken.
    pub fn refused() -> Self {
        Self::one(Step::Refused)
    }

    /// What the key would act on came under the bar by itself and was not seen: the key is not taken, nor what follows it.
    pub fn unseen() -> Self {
        Self::one(Step::Unseen)
    }

    /// Work has begun; what comes of it is told later.
    pub fn begun() -> Self {
        Self::one(Step::Begun)
    }

    /// Locks the screen.
    pub fn lock() -> Self {
        Self::one(Step::Lock)
    }

    /// Ends the program.
    pub fn quit() -> Self {
        Self::one(Step::Quit)
    }

    /// Performs a command as if its key had been pressed on the layer then on top.
    pub fn run(command: Command) -> Self {
        Self::one(Step::Run(command))
    }

    /// And then says something: `Reply::pop().and_say("已收款")`.
    pub fn and_say(self, text: impl Into<String>) -> Self {
        self.and_toast(text, Ink::Text)
    }

    /// And then says something in the given ink.
    pub fn and_toast(mut self, text: impl Into<String>, ink: Ink) -> Self {
        self.used = true;
        self.steps.push(Step::Say(Toast { text: text.into(), ink }));
        self
    }

    /// And forgets the draft, because what it held has been entered.
    pub fn and_forget(mut self, draft_key: impl Into<String>) -> Self {
        self.used = true;
        self.steps.push(Step::Forget(draft_key.into()));
        self
    }

    /// And what now stands on the screen is not what the hand was on: keys typed before it is seen are not taken.
    pub fn and_hold(mut self) -> Self {
        self.used = true;
        self.steps.push(Step::Hold);
        self
    }

    /// And then what another reply asks.
    pub fn and(mut self, other: Reply<C>) -> Self {
        self.used |= other.used;
        self.steps.extend(other.steps);
        self
    }
}

/// A piece of the top line's right side: what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// `疑问 2`.
    pub text: String,
    /// How it is written.
    pub ink: Ink,
}

/// Where, who, which business day and shift; and what waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopLine {
    /// Pieces from the left, most important first: what does not fit is left out whole.
    pub left: Vec<String>,
    /// Pieces on the right.
    pub right: Vec<Waiting>,
}

/// A screen that can be opened from everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomName {
    /// Its name, as on the screen it opens.
    pub name: &'static str,
    /// A few words beside it.
    pub note: &'static str,
}

/// What the stack needs from whatever the screens share.
pub trait Context: Sized {
    /// The top line of every screen.
    fn top_line(&self) -> TopLine;

    /// True on a practice database: every screen then bears the mark.
    fn is_practice(&self) -> bool {
        false
    }

    /// A command that works everywhere (places [`Place::Any`]) and that the screen on top did not take.
    fn run(&mut self, command: Command) -> Reply<Self> {
        let _ = command;
        Reply::unused()
    }

    /// The screens that can be opened from everywhere, as the palette names them.
    fn rooms(&self) -> Vec<RoomName> {
        Vec::new()
    }

    /// Opens one of them, by its place among [`Context::rooms`].
    fn open_room(&mut self, room: usize) -> Reply<Self> {
        let _ = room;
        Reply::unused()
    }

    /// Why the person at the desk may not go on, when the session has ended elsewhere: closed, or the password set anew.
    fn shut_out(&mut self) -> Option<String> {
        None
    }

    /// Whether a refusal rings the terminal's bell.
    fn rings(&self) -> bool {
        false
    }

    /// The layer that locks the screen; `None` where there is nobody to lock out.
    fn lock_screen(&mut self) -> Option<Box<dyn Screen<Self>>> {
        None
    }

    /// Idle time after which the screen locks itself.
    fn idle_limit(&self) -> Option<Duration> {
        None
    }

    /// Keeps a draft; must return at once (see [`crate::tui::drafts::DraftWriter`]).
    fn keep_draft(&mut self, draft: Draft) {
        let _ = draft;
    }

    /// Forgets a draft whose content has been entered.
    fn forget_draft(&mut self, key: &str) {
        let _ = key;
    }
}
