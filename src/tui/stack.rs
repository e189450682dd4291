//! The stack of screens: keys go to the top layer, drawing goes from the bottom up, and a layer changes the stack only
//! by the [`Reply`] it returns. What a reply asks is done in [`steps`], the picture is painted in [`frame`].

mod frame;
mod steps;

use super::chrome;
use super::help::Help;
use super::key::{Code, Key};
use super::keylock::{KeyLock, Turn, Why};
use super::keymap::{self, Command, Place};
use super::palette::Palette;
use super::screen::{Context, Reply, Screen, Shape, Step, Toast};
use super::theme::{Ink, Theme};
use super::widgets::form::Form;
use std::time::Duration;

/// The words' initials for searching by pinyin: `派工台` → `pgt`.
pub type Initials = fn(&str) -> String;

/// A reply that runs a command that runs a command … stops here.
const STEPS_MAX: usize = 64;

/// Layers that may lie on each other: more are a hand that goes in circles.
pub const DEPTH_MAX: usize = 32;

/// What a reply answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    /// A key that goes somewhere: what it opens was asked for, and may be typed into ahead.
    Key,
    /// A key that acts or asks: a popup that asks for words was asked for, a screen opens by itself.
    Deed,
    /// The answer to a question: whatever opens now, opens by itself.
    Answer,
    /// No key at all: a clock, work in the background.
    Itself,
}

/// The layers and what is said at the moment.
pub struct Stack<C> {
    layers: Vec<Box<dyn Screen<C>>>,
    toast: Option<Toast>,
    toast_seen: bool,
    lock: Option<KeyLock>,
    /// The layer, by its height, on which a deed was done since the last frame.
    unseen: Option<usize>,
    rang: bool,
    /// What time it is, from any beginning; see [`Stack::clock`].
    now: Duration,
    theme: Theme,
    initials: Initials,
    is_small: bool,
    quit: bool,
}

impl<C: Context + 'static> Stack<C> {
    /// A stack with its lowest layer, which stays until the end.
    pub fn new(lowest: impl Screen<C> + 'static, theme: Theme, initials: Initials) -> Self {
        Self {
            layers: vec![Box::new(lowest)],
            toast: None,
            toast_seen: false,
            lock: None,
            unseen: None,
            rang: false,
            now: Duration::ZERO,
            theme,
            initials,
            is_small: false,
            quit: false,
        }
    }

    /// True once the person has left.
    pub fn has_quit(&self) -> bool {
        self.quit
    }

    /// True while keys must wait for a result in the background.
    pub fn waits(&self) -> bool {
        self.top().is_some_and(|s| s.waits())
    }

    /// How many layers there are.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// Where the top layer stands in the key table.
    pub fn place(&self) -> Place {
        self.top().map_or(Place::Any, |s| s.place())
    }

    /// The commands of the top layer that work now.
    pub fn keys(&self, cx: &C) -> Vec<Command> {
        self.top().map(|s| s.keys(cx)).unwrap_or_default()
    }

    /// What is said at the moment.
    pub fn toast(&self) -> Option<&Toast> {
        self.toast.as_ref()
    }

    /// The shortest time until a clock in sight ticks.
    pub fn tick_every(&self) -> Option<Duration> {
        self.layers.iter().filter_map(|s| s.tick_every()).min()
    }

    /// Says when the next key was heard, on a clock that only goes forward.
    pub fn clock(&mut self, at: Duration) {
        self.now = at;
    }

    /// The last frame was shown, and looked at for so long.
    pub fn shown_for(&mut self, while_looked_at: Duration) {
        if self.is_small {
            return;
        }
        self.toast_seen = true;
        self.unseen = None;
        if let Some(lock) = &mut self.lock {
            lock.shown(self.now);
        }
        self.now += while_looked_at;
    }

    /// True while keys on their way are not taken.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// True once after a refusal: the bell, where one is wanted.
    pub fn take_ring(&mut self) -> bool {
        std::mem::take(&mut self.rang)
    }

    /// Whether the keyboard takes this key, or paste.
    fn takes(&mut self, key: Option<Key>) -> bool {
        let Some(lock) = &mut self.lock else { return true };
        let turn = lock.hear(key, self.now);
        if turn == Turn::Opens {
            self.toast = self.message(); // how many were dropped is told until the next key
        }
        if turn != Turn::Dropped {
            self.lock = None;
        }
        turn == Turn::Taken
    }

    /// One key.
    pub fn key(&mut self, key: Key, cx: &mut C) {
        // In a window too small nobody sees what a key would do.
        if self.is_small || !self.takes(Some(key)) {
            return;
        }
        if self.toast_seen {
            self.toast = None;
        }
        if self.shut_out(cx) {
            return;
        }
        let keys = self.keys(cx);
        let closed = self.top().is_some_and(|s| s.is_closed());
        let command =
            if closed { keys.iter().copied().find(|c| c.key() == Some(key)) } else { keymap::meaning(key, &keys) };
        if command.is_some_and(Command::is_deed) && self.unseen == Some(self.layers.len()) {
            // Done once on this layer, which nobody has seen since: F2 twice is not two deeds.
            self.hold(Why::Opened);
            let _ = self.takes(Some(key));
            return;
        }
        let mut reply = Reply::unused();
        let mut came = Came::Key;
        if let Some(command) = command.filter(|c| keys.contains(c)) {
            self.take_listed(command, cx);
            reply = self.with_top(|s| s.on_command(command, cx));
            came = self.weighed(command, &mut reply);
        }
        if !reply.used {
            reply = self.with_top(|s| s.on_key(key, cx));
        }
        if !reply.used && !closed {
            reply = match command {
                Some(command) => self.run_everywhere(command, cx),
                None if key.is(Code::Esc) => Reply::pop(),
                None if key.typed().is_some() => return self.no_field(),
                None => self.not_now(key).unwrap_or(reply),
            };
        }
        self.perform(reply, came, cx);
        self.keep_drafts(cx);
    }

    /// A command acts on what is under the bar, and so the row of a form's open list is taken first, as Enter would take it.
    fn take_listed(&mut self, command: Command, cx: &mut C) {
        let listed = self.top().and_then(|s| s.form()).is_some_and(Form::has_listed);
        if listed && command != Command::Pick && command.key() != Some(Key::plain(Code::Enter)) {
            let reply = self.with_top(|s| s.on_key(Key::plain(Code::Enter), cx));
            self.perform(reply, Came::Key, cx);
        }
    }

    /// What a command's reply answers. A deed that says nothing and opens nothing was refused: its mistakes stand at the fields.
    fn weighed(&self, command: Command, reply: &mut Reply<C>) -> Came {
        if !command.is_deed() {
            return Came::Key;
        }
        if reply.used && reply.steps.is_empty() {
            reply.steps.push(Step::Refused);
        }
        Came::Deed
    }

    /// A paste: typing, never an Enter.
    pub fn paste(&mut self, text: &str, cx: &mut C) {
        if self.is_small || !self.takes(None) || self.shut_out(cx) {
            return;
        }
        let reply = self.with_top(|s| s.on_paste(text, cx));
        if !reply.used && !self.top().is_some_and(|s| s.is_closed()) {
            return self.no_field();
        }
        self.perform(reply, Came::Key, cx);
        self.keep_drafts(cx);
    }

    /// Work in the background has something: every layer is told, from the top down.
    pub fn wake(&mut self, cx: &mut C) {
        let woken = self.layers.iter_mut().rev().map(|layer| {
            // What a layer held the keys back for was asked for by a key.
            let came = if layer.waits() { Came::Key } else { Came::Itself };
            (layer.on_wake(cx), came)
        });
        let replies: Vec<(Reply<C>, Came)> = woken.collect();
        for (reply, came) in replies {
            self.perform(reply, came, cx);
        }
        self.keep_drafts(cx);
    }

    /// The clock ticked. True when something may have changed.
    pub fn tick(&mut self, cx: &mut C) -> bool {
        if self.shut_out(cx) {
            return true;
        }
        let ticking: Vec<usize> = (0..self.layers.len()).filter(|i| self.layers[*i].tick_every().is_some()).collect();
        for i in &ticking {
            if let Some(layer) = self.layers.get_mut(*i) {
                let reply = layer.on_tick(cx);
                self.perform(reply, Came::Itself, cx);
            }
        }
        !ticking.is_empty()
    }

    /// Locks when the session has ended elsewhere; the key that found it out does nothing.
    fn shut_out(&mut self, cx: &mut C) -> bool {
        if self.top().is_some_and(|s| s.is_closed()) {
            return false;
        }
        let Some(why) = cx.shut_out() else { return false };
        self.lock(cx);
        self.say(Toast { text: why, ink: Ink::Stop });
        true
    }

    /// Locks an idle desk, unless it is locked already or nobody is there to lock out.
    pub fn lock(&mut self, cx: &mut C) {
        if self.lock_screen(cx) {
            self.hold(Why::Opened);
        }
    }

    fn lock_screen(&mut self, cx: &mut C) -> bool {
        if !self.top().is_some_and(|s| s.is_closed())
            && let Some(screen) = cx.lock_screen()
        {
            self.layers.push(screen);
            return true;
        }
        false
    }

    /// From now on keys on their way are not taken.
    fn hold(&mut self, why: Why) {
        self.rang |= why == Why::Refused;
        self.lock = Some(KeyLock::new(why, self.lock));
    }

    /// Typed where nothing takes a letter: meant for another screen, and so is what follows.
    fn no_field(&mut self) {
        if self.top().and_then(|s| s.form()).is_some_and(Form::has_stray) {
            return self.hold(Why::Refused); // the field took it, and says what is wrong with it
        }
        self.rang = true;
        self.lock = Some(KeyLock::new(Why::NoField, self.lock));
        self.say(Toast { text: crate::text::toolkit::NO_FIELD.into(), ink: Ink::Stop });
    }

    /// A key that works on this screen at other times says so.
    fn not_now(&self, key: Key) -> Option<Reply<C>> {
        let popup = self.top().is_some_and(|screen| screen.shape() != Shape::Full);
        let Some(command) = keymap::of_place(self.place()).find(|command| command.key() == Some(key)) else {
            let is_named = key.ctrl || matches!(key.code, Code::F(_));
            return (popup && is_named).then(|| Reply::say(format!("{key}：{}", crate::text::toolkit::NOT_HERE)));
        };
        Some(Reply::say(format!("{} {}：{}", key, command.name(), crate::text::toolkit::NOT_NOW)))
    }

    /// What is said, with the word about keys that were not taken.
    fn message(&self) -> Option<Toast> {
        let Some(words) = self.lock.as_ref().and_then(KeyLock::words) else { return self.toast.clone() };
        Some(match &self.toast {
            Some(toast) => Toast { text: format!("{words}。{}", toast.text), ink: toast.ink },
            None => Toast { text: words, ink: Ink::Look },
        })
    }

    fn top(&self) -> Option<&dyn Screen<C>> {
        self.layers.last().map(|s| &**s)
    }

    fn with_top(&mut self, act: impl FnOnce(&mut dyn Screen<C>) -> Reply<C>) -> Reply<C> {
        match self.layers.last_mut() {
            Some(layer) => act(&mut **layer),
            None => Reply::unused(),
        }
    }

    /// The commands that work in every place; what the stack does not know itself goes to the context.
    fn run_everywhere(&mut self, command: Command, cx: &mut C) -> Reply<C> {
        match command {
            Command::Help => Reply::push(Help::new(self.place(), &self.keys(cx))),
            Command::Palette => {
                let commands = chrome::reachable(&self.keys(cx));
                Reply::push(Palette::new(&commands, &cx.rooms(), self.initials))
            }
            Command::Lock => Reply::lock(),
            Command::Quit => Reply::quit(),
            other => cx.run(other),
        }
    }

    /// Runs a command on the layer now on top, as its key would.
    fn run(&mut self, command: Command, cx: &mut C) -> Reply<C> {
        let mut reply = Reply::unused();
        if self.keys(cx).contains(&command) {
            self.take_listed(command, cx);
            reply = self.with_top(|s| s.on_command(command, cx));
            if let (false, Some(key)) = (reply.used, command.key()) {
                reply = self.with_top(|s| s.on_key(key, cx));
            }
        }
        if reply.used { reply } else { self.run_everywhere(command, cx) }
    }
}
