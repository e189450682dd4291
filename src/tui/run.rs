//! The loop: take all that was heard in its order, then draw one frame. Nothing is drawn unless something was heard.

use super::input::{Input, Inputs};
use super::screen::Context;
use super::stack::Stack;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

/// A flood of input is interrupted for a frame this often.
const DRAIN_MAX: Duration = Duration::from_millis(100);

/// A screen that waits for a result gets the keys after this time all the same: a dead worker must not hold the desk.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What can show frames: the terminal, or a test.
pub trait Surface {
    /// Shows one frame; `draw` paints it and says where the cursor stands.
    fn frame(&mut self, draw: &mut dyn FnMut(&mut Buffer) -> Option<Position>) -> io::Result<()>;

    /// Rings the bell.
    fn ring(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Takes the terminal over again after the program was stopped.
    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person left.
    Quit,
    /// This signal asked for it; exit with 128 + its number.
    Signal(i32),
    /// The terminal is gone.
    Closed,
}

/// Runs the screens until they end. Drafts were kept after every key, so there is nothing to lose here.
pub fn run<C: Context + 'static>(
    surface: &mut impl Surface,
    inputs: &mut Inputs,
    stack: &mut Stack<C>,
    cx: &mut C,
) -> io::Result<Ending> {
    let mut held = Held::new();
    let mut touched = Instant::now();
    let mut ticked = Instant::now();
    show(surface, stack, cx, &held)?;
    loop {
        let wait = [
            stack.tick_every().map(|every| every.saturating_sub(ticked.elapsed())),
            cx.idle_limit().map(|limit| limit.saturating_sub(touched.elapsed())),
            held.since.map(|since| WAIT_MAX.saturating_sub(since.elapsed())),
        ];
        let mut heard = inputs.next(wait.into_iter().flatten().min());
        let started = Instant::now();
        while let Some(input) = heard {
            match input {
                Input::Signal(signal) => return Ok(Ending::Signal(signal)),
                Input::Closed => return Ok(Ending::Closed),
                Input::Resumed => surface.resume()?,
                Input::Resize => {}
                Input::Wake => stack.wake(cx),
                Input::Key(_) | Input::Paste(_) => {
                    touched = Instant::now();
                    held.queue.push_back((input, inputs.heard_at()));
                }
            }
            held.give(stack, cx);
            if stack.has_quit() {
                return Ok(Ending::Quit);
            }
            heard = if started.elapsed() < DRAIN_MAX { inputs.next_now() } else { None };
        }
        held.give(stack, cx);
        if stack.tick_every().is_some_and(|every| ticked.elapsed() >= every) {
            stack.tick(cx);
            ticked = Instant::now();
        }
        if cx.idle_limit().is_some_and(|limit| touched.elapsed() >= limit) {
            stack.lock(cx);
            touched = Instant::now();
        }
        if stack.has_quit() {
            return Ok(Ending::Quit);
        }
        show(surface, stack, cx, &held)?;
    }
}

/// Shows one frame; what it says counts as seen once it is out.
fn show<C: Context + 'static>(
    surface: &mut impl Surface,
    stack: &mut Stack<C>,
    cx: &mut C,
    held: &Held,
) -> io::Result<()> {
    // The moment before it is written: whoever answers what was seen is never too early.
    let at = held.began.elapsed();
    surface.frame(&mut |buffer| stack.draw(buffer, cx))?;
    stack.clock(at);
    stack.shown_for(Duration::ZERO);
    if stack.take_ring() && cx.rings() {
        surface.ring()?;
    }
    Ok(())
}

/// Keys in their order and when they were heard, held back while the screen waits for a result.
struct Held {
    /// Where the stack's clock begins.
    began: Instant,
    queue: VecDeque<(Input, Instant)>,
    /// Since when keys have been held back; `None` when none are, or when waiting was given up.
    since: Option<Instant>,
    given_up: bool,
}

impl Held {
    fn new() -> Self {
        Self { began: Instant::now(), queue: VecDeque::new(), since: None, given_up: false }
    }

    /// Gives the keys to the stack as long as it takes them.
    fn give<C: Context + 'static>(&mut self, stack: &mut Stack<C>, cx: &mut C) {
        while !stack.has_quit() {
            if !stack.waits() {
                (self.since, self.given_up) = (None, false);
            } else if !self.given_up {
                if self.since.is_some_and(|since| since.elapsed() >= WAIT_MAX) {
                    (self.since, self.given_up) = (None, true);
                } else {
                    self.since = self.since.or_else(|| (!self.queue.is_empty()).then(Instant::now));
                    return;
                }
            }
            let Some((input, at)) = self.queue.pop_front() else { return };
            stack.clock(at.saturating_duration_since(self.began));
            match input {
                Input::Key(key) => stack.key(key, cx),
                Input::Paste(text) => stack.paste(&text, cx),
                Input::Resize | Input::Resumed | Input::Wake | Input::Signal(_) | Input::Closed => {}
            }
        }
    }
}
