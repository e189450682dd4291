//! What tests of screens stand on: press keys written as text, look at the frame as text. No terminal is needed.

use super::notation;
use super::run::Surface;
use super::screen::Context;
use super::stack::Stack;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::io;
use std::time::Duration;

/// A frame as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// The rows without trailing blanks.
    pub rows: Vec<String>,
    /// Column and row of the cursor.
    pub cursor: Option<(u16, u16)>,
}

impl Shot {
    /// Makes a shot of a buffer.
    pub fn of(buffer: &Buffer, cursor: Option<Position>) -> Self {
        let row = |y: u16| {
            let mut text = String::new();
            let mut x = buffer.area.left();
            while x < buffer.area.right() {
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                x += u16::try_from(super::safe::cells_of(symbol).max(1)).unwrap_or(1);
            }
            text.trim_end().to_string()
        };
        Self { rows: (buffer.area.top()..buffer.area.bottom()).map(row).collect(), cursor: cursor.map(|p| (p.x, p.y)) }
    }

    /// True when some row holds the text.
    pub fn has(&self, text: &str) -> bool {
        self.rows.iter().any(|row| row.contains(text))
    }

    /// For snapshots: the rows between bars, then a caret under the column of the cursor and its place in figures.
    pub fn picture(&self) -> String {
        let mut out = String::new();
        for (y, row) in self.rows.iter().enumerate() {
            out += &format!("|{row}\n");
            if let Some((x, _)) = self.cursor.filter(|(_, row)| usize::from(*row) == y) {
                out += &format!("@{}^ ({x}, {y})\n", " ".repeat(usize::from(x)));
            }
        }
        out
    }
}

/// How long a picture is looked at: longer than any keyboard stays locked.
const LOOK: Duration = Duration::from_secs(1);

/// Presses keys written in [`notation`], one after the other, without drawing in between: typed ahead, in no time.
pub fn press<C: Context + 'static>(stack: &mut Stack<C>, cx: &mut C, keys: &str) -> Result<(), String> {
    for key in notation::parse(keys)? {
        stack.key(key, cx);
    }
    Ok(())
}

/// Draws the stack into a window of this size, and looks at it for a while.
pub fn render<C: Context + 'static>(stack: &mut Stack<C>, cx: &C, width: u16, height: u16) -> Shot {
    let shot = peek(stack, cx, width, height);
    stack.shown_for(LOOK);
    shot
}

/// What would be drawn, seen by nobody.
pub fn peek<C: Context + 'static>(stack: &mut Stack<C>, cx: &C, width: u16, height: u16) -> Shot {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let cursor = stack.draw(&mut buffer, cx);
    Shot::of(&buffer, cursor)
}

/// A surface that keeps its frames, to test the loop.
#[derive(Default)]
pub struct Frames {
    /// Every frame drawn, the last one last.
    pub shots: Vec<Shot>,
    /// How often the bell rang.
    pub rings: usize,
}

impl Surface for Frames {
    fn frame(&mut self, draw: &mut dyn FnMut(&mut Buffer) -> Option<Position>) -> io::Result<()> {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        let cursor = draw(&mut buffer);
        self.shots.push(Shot::of(&buffer, cursor));
        Ok(())
    }

    fn ring(&mut self) -> io::Result<()> {
        self.rings += 1;
        Ok(())
    }
}
