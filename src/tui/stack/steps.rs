//! What a layer asked by its reply, done step by step: layers come and go, drafts are kept, something is said.

use std::collections::VecDeque;

use super::{Came, DEPTH_MAX, STEPS_MAX, Stack};
use crate::tui::keylock::Why;
use crate::tui::screen::{Context, Given, Reply, Screen, Shape, Step, Toast};
use crate::tui::theme::Ink;
use crate::tui::widgets::form::Form;

impl<C: Context + 'static> Stack<C> {
    /// Puts a layer on top, where there is room for one more.
    fn push(&mut self, screen: Box<dyn Screen<C>>, came: Came) {
        if self.layers.len() >= DEPTH_MAX {
            let text = crate::text::toolkit::too_deep(DEPTH_MAX);
            self.say(Toast { text, ink: Ink::Stop });
            return self.hold(Why::Refused);
        }
        let by_itself = match came {
            Came::Key => screen.is_to_be_read(),
            Came::Deed => screen.is_to_be_read() || screen.shape() == Shape::Full,
            Came::Answer | Came::Itself => true,
        };
        let resumed = screen.resumed().map(crate::text::toolkit::resumed);
        self.layers.push(screen);
        if by_itself || resumed.is_some() {
            self.hold(Why::Opened);
        }
        if let Some(text) = resumed {
            self.say(Toast { text, ink: Ink::Look });
        }
    }

    /// Does what a layer asked, step by step; steps may bring new ones.
    pub(super) fn perform(&mut self, reply: Reply<C>, came: Came, cx: &mut C) {
        let depth = self.layers.len();
        let came = self.perform_steps(reply, came, cx);
        // A popup that asks for words first is no deed yet.
        if matches!(came, Came::Deed | Came::Answer) && self.layers.len() <= depth {
            self.unseen = Some(self.layers.len());
        }
    }

    /// The steps; answers what they came from in the end.
    fn perform_steps(&mut self, reply: Reply<C>, mut came: Came, cx: &mut C) -> Came {
        let mut steps: VecDeque<Step<C>> = reply.steps.into();
        for _ in 0..STEPS_MAX {
            let Some(step) = steps.pop_front() else { return came };
            let more = match step {
                Step::Push(screen) => {
                    self.push(screen, came);
                    continue;
                }
                Step::Replace(screen) => {
                    self.keep_drafts(cx);
                    self.layers.pop();
                    self.push(screen, came);
                    continue;
                }
                Step::Pop => {
                    self.pop(cx);
                    continue;
                }
                Step::Answer(answer) => {
                    self.pop(cx);
                    if matches!(answer.given, Given::Yes | Given::Values(_)) {
                        came = Came::Answer;
                    }
                    self.with_top(|s| s.on_answer(answer, cx))
                }
                Step::Home => {
                    self.go_home(cx);
                    continue;
                }
                Step::Run(command) if command.is_deed() && self.unseen == Some(self.layers.len()) => {
                    self.hold(Why::Opened);
                    continue;
                }
                Step::Run(command) => {
                    let mut more = self.run(command, cx);
                    let run = self.weighed(command, &mut more);
                    came = if came == Came::Key { run } else { came };
                    more
                }
                Step::Say(toast) => {
                    if toast.ink == Ink::Stop && came != Came::Itself {
                        self.hold(Why::Refused);
                    }
                    self.say(toast);
                    continue;
                }
                Step::Refused => {
                    self.hold(Why::Refused);
                    continue;
                }
                Step::Hold => {
                    self.hold(Why::Opened);
                    continue;
                }
                Step::Unseen => {
                    self.hold(Why::Opened);
                    let _ = self.takes(None);
                    continue;
                }
                Step::Begun => continue,
                Step::Forget(key) => {
                    cx.forget_draft(&key);
                    continue;
                }
                Step::Lock => {
                    self.lock_screen(cx);
                    continue;
                }
                Step::Quit => {
                    self.keep_drafts(cx);
                    self.quit = true;
                    continue;
                }
            };
            for step in more.steps.into_iter().rev() {
                steps.push_front(step);
            }
        }
        came
    }

    /// A message not yet seen gives way only to one at least as grave.
    pub(super) fn say(&mut self, toast: Toast) {
        let unseen_stop = !self.toast_seen && self.toast.as_ref().is_some_and(|t| t.ink == Ink::Stop);
        if !unseen_stop || toast.ink == Ink::Stop {
            self.toast = Some(toast);
            self.toast_seen = false;
        }
    }

    /// Down to the lowest layer. Somebody else takes over a locked desk: what no draft keeps is named.
    fn go_home(&mut self, cx: &mut C) {
        self.keep_drafts(cx);
        let is_locked = self.top().is_some_and(|s| s.is_closed());
        let unkept = self.layers.iter().filter(|s| is_locked && s.form().is_some_and(Form::is_unkept));
        let lost: Vec<String> = unkept.map(|s| s.title(cx)).filter(|title| !title.is_empty()).collect();
        while self.layers.len() > 1 {
            self.pop(cx);
        }
        if !lost.is_empty() {
            self.say(Toast { text: crate::text::toolkit::not_kept(&lost), ink: Ink::Look });
        }
    }

    fn pop(&mut self, cx: &mut C) {
        if self.layers.len() > 1 {
            self.keep_drafts(cx);
            self.layers.pop();
            if let Some(layer) = self.layers.last_mut() {
                layer.on_return(cx);
            }
        }
    }

    pub(super) fn keep_drafts(&mut self, cx: &mut C) {
        for draft in self.layers.iter_mut().filter_map(|s| s.draft()) {
            cx.keep_draft(draft);
        }
    }
}
