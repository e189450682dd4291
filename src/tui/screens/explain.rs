//! F8: how an amount came about, in a few lines over the screen.

use crate::tui::app::App;
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Reply, Screen, Shape};
use crate::tui::theme::Ink;

/// Width of the popup, border included.
const WIDTH: u16 = 72;

/// The popup.
pub struct Explain {
    title: String,
    lines: Vec<String>,
}

impl Explain {
    /// A title and the lines of the calculation.
    pub fn new(title: &str, lines: Vec<String>) -> Self {
        let wrapped = lines.iter().flat_map(|line| safe::wrap(line, usize::from(WIDTH - 6))).collect();
        Self { title: title.into(), lines: wrapped }
    }
}

impl Screen<App> for Explain {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn title(&self, _: &App) -> String {
        self.title.clone()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        vec![Command::Confirm]
    }

    fn shape(&self) -> Shape {
        Shape::Popup { width: WIDTH, height: u16::try_from(self.lines.len()).unwrap_or(16).min(16) + 4 }
    }

    fn on_command(&mut self, _: Command, _: &mut App) -> Reply<App> {
        Reply::pop()
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        if key.is(Code::Esc) { Reply::pop() } else { Reply::unused() }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        for (y, line) in (1u16..).zip(&self.lines) {
            canvas.text(2, y, line, Ink::Text);
        }
        let y = canvas.height().saturating_sub(1);
        let x = canvas.text(2, y, "Enter", Ink::Accent);
        canvas.text(x + 1, y, "知道了", Ink::Text);
        canvas.cursor(2, y);
    }
}
