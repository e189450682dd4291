//! The screens: terminal, stack of screens, widgets. The only room that knows a terminal; it knows no SQL and no rule.
//!
//! # How to write a screen
//!
//! A screen is one file in `tui/screens/` with one struct that implements [`screen::Screen`]. It owns its widgets, asks
//! the context (`C`, what all screens share) for what it shows, and returns a [`screen::Reply`]; it never touches the
//! stack, the terminal or another screen. What it must say:
//!
//! | method | what |
//! | --- | --- |
//! | `place` | its line in the key table ([`keymap::Place`]) |
//! | `title` | words in the rule under the top line |
//! | `keys` | the commands that work *now*; the bottom line, F1 and the palette show just these |
//! | `on_command` | one of them was chosen, by key or in the palette |
//! | `on_key`, `on_paste` | typing and moving: hand it to the form or table |
//! | `on_answer` | what a popup heard ([`widgets::ask`]) |
//! | `draw` | paint with [`canvas::Canvas`]; put the cursor into the focused field (forms and tables do) |
//! | `draft` | the form's change, under a key: then a power cut loses nothing |
//!
//! A new key is one line in [`keymap`]. Esc, F1, Ctrl-P, F12 and the other keys of every screen need nothing. A screen
//! with a text field has no bare letter as a key. What does not go through says so: [`screen::Reply::refuse`], or
//! [`screen::Reply::refused`] where the mistakes stand at the fields; the keyboard then waits ([`keylock`]), as it does for
//! whatever F2 opens. A result in the background comes by [`input::Waker`] and `on_wake`;
//! where the next key means nothing before it has come, `waits` holds the keys. Long lists hand the table only the rows
//! in sight. Two columns of a form: [`widgets::field::Field::half`].
//!
//! ```
//! use meterdesk::tui::canvas::Canvas;
//! use meterdesk::tui::harness;
//! use meterdesk::tui::key::Key;
//! use meterdesk::tui::keymap::{Command, Place};
//! use meterdesk::tui::screen::{Answer, Context, Draft, Given, Reply, Screen, TopLine};
//! use meterdesk::tui::stack::Stack;
//! use meterdesk::tui::theme::Theme;
//! use meterdesk::tui::widgets::ask::Confirm;
//! use meterdesk::tui::widgets::field::Field;
//! use meterdesk::tui::widgets::form::{Form, FormEvent};
//!
//! // What the screens share. The real one holds the desk; here it keeps what was paid and the last draft.
//! #[derive(Default)]
//! struct Till {
//!     paid: Vec<String>,
//!     draft: Option<Draft>,
//! }
//!
//! impl Context for Till {
//!     fn top_line(&self) -> TopLine {
//!         TopLine { left: vec!["城南营业所 B03".into(), "王芳 营业员".into()], right: Vec::new() }
//!     }
//!     fn keep_draft(&mut self, draft: Draft) {
//!         self.draft = Some(draft);
//!     }
//!     fn forget_draft(&mut self, _key: &str) {
//!         self.draft = None;
//!     }
//! }
//!
//! struct Pay {
//!     form: Form,
//! }
//!
//! impl Pay {
//!     fn new() -> Self {
//!         let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap_or_default();
//!         let fields = vec![
//!             Field::number("tendered", "实收", 2).required().unit("元"),
//!             Field::text("note", "备注", 40),
//!         ];
//!         Self { form: Form::new(fields, today, |words| words.to_string()) }
//!     }
//! }
//!
//! impl Screen<Till> for Pay {
//!     fn place(&self) -> Place {
//!         Place::Pay
//!     }
//!     fn title(&self, _: &Till) -> String {
//!         "收费 10023377 王芳".into()
//!     }
//!     fn keys(&self, _: &Till) -> Vec<Command> {
//!         vec![Command::TakePayment, Command::Park]
//!     }
//!     fn on_command(&mut self, command: Command, _: &mut Till) -> Reply<Till> {
//!         match command {
//!             Command::TakePayment if self.form.check() => {
//!                 let question = format!("收 {} 元？", self.form.value("tendered"));
//!                 Reply::push(Confirm::new("take", "收款", &question))
//!             }
//!             Command::TakePayment => Reply::done(), // the form shows what is wrong
//!             _ => Reply::unused(),
//!         }
//!     }
//!     fn on_key(&mut self, key: Key, _: &mut Till) -> Reply<Till> {
//!         Reply::used_if(self.form.on_key(key) != FormEvent::Unused)
//!     }
//!     fn on_paste(&mut self, text: &str, _: &mut Till) -> Reply<Till> {
//!         Reply::used_if(self.form.on_paste(text) != FormEvent::Unused)
//!     }
//!     fn on_answer(&mut self, answer: Answer, till: &mut Till) -> Reply<Till> {
//!         if answer.given != Given::Yes {
//!             return Reply::done();
//!         }
//!         // The desk decides; its refusals go back to the form with `self.form.fail(…)`.
//!         till.paid.push(self.form.value("tendered").into());
//!         Reply::pop().and_forget("pay/1").and_say("已收款")
//!     }
//!     fn draft(&mut self) -> Option<Draft> {
//!         self.form.take_change().map(|values| Draft { key: "pay/1".into(), values })
//!     }
//!     fn draw(&mut self, canvas: &mut Canvas, _: &Till) {
//!         self.form.draw(&mut canvas.below(1));
//!     }
//! }
//!
//! let mut till = Till::default();
//! let mut stack = Stack::new(Pay::new(), Theme::default(), |words| words.to_string());
//! harness::press(&mut stack, &mut till, "<F2>").unwrap();
//! assert!(harness::render(&mut stack, &till, 80, 24).has("实收没有填，请填写"));
//! harness::press(&mut stack, &mut till, "１００<F2>").unwrap();
//! assert!(till.draft.is_some());
//! assert!(harness::render(&mut stack, &till, 80, 24).has("收 100 元？"));
//! harness::press(&mut stack, &mut till, "<Enter>").unwrap();
//! assert_eq!(till.paid, ["100"]);
//! assert!(harness::render(&mut stack, &till, 80, 24).has("已收款"));
//! ```
//!
//! A new screen goes into [`screens::ALL`] and gets its three pictures in `tests/gallery` (nothing in it, the longest of everything, in
//! error), and its forms a line in `tests/gallery/cursor.rs`. Behaviour: a seat of `tests/support/seat.rs`. Whole jobs in the real
//! program, with their keys counted: `tests/flows`.

pub mod app;
pub mod canvas;
pub mod chrome;
pub mod decode;
pub mod drafts;
pub mod format;
pub mod harness;
pub mod help;
pub mod input;
pub mod key;
pub mod keylock;
pub mod keymap;
pub mod notation;
pub mod palette;
pub mod run;
pub mod safe;
pub mod screen;
pub mod screens;
pub mod stack;
pub mod terminal;
pub mod theme;
pub mod widgets;
