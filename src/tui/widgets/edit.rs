//! One line of text being typed: characters as a person counts them, the cursor between them, a window on long text.
//!
//! Own code, because the fields of this program need what no crate has in one: a cursor by grapheme and by cell, digits
//! half-width, a cap, and text that may hold what must not be shown.

use crate::tui::key::{Code, Key};
use crate::tui::safe;
use unicode_segmentation::UnicodeSegmentation;

/// What a key did to the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// Not a key for a line of text.
    Unused,
    /// The cursor moved, or the key had nothing to do here.
    Moved,
    /// The text changed.
    Changed,
}

/// A line of text with a cursor.
#[derive(Clone, Debug)]
pub struct LineEdit {
    text: String,
    /// Bytes before the cursor; always between two characters.
    at: usize,
    /// First character in the window.
    first: usize,
    max_chars: usize,
}

impl LineEdit {
    /// An empty line of at most `max_chars` characters.
    pub fn new(max_chars: usize) -> Self {
        Self { text: String::new(), at: 0, first: 0, max_chars }
    }

    /// What is typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Puts another text in its place, with the cursor at its end. A stored value is taken as it is, even when long.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.at = self.text.len();
        self.first = 0;
    }

    /// Puts the cursor at the end.
    pub fn to_end(&mut self) {
        self.at = self.text.len();
    }

    /// Types one character, if there is room and it may be shown.
    pub fn insert(&mut self, c: char) -> bool {
        let mut bytes = [0; 4];
        self.insert_str(c.encode_utf8(&mut bytes))
    }

    /// Types a text: newlines, control and invisible characters are left out, the rest is cut at the cap.
    pub fn insert_str(&mut self, text: &str) -> bool {
        let room = self.max_chars.saturating_sub(self.text.chars().count());
        let typed: String = text.chars().filter(|c| !safe::is_unsafe(*c)).take(room).collect();
        self.text.insert_str(self.at, &typed);
        self.at += typed.len();
        self.snap();
        !typed.is_empty()
    }

    /// A combining character may have joined with the one before: the cursor must not stand inside.
    fn snap(&mut self) {
        if let Some((start, g)) = self.text.grapheme_indices(true).find(|(start, g)| self.at < start + g.len())
            && start < self.at
        {
            self.at = start + g.len();
        }
    }

    /// One key.
    pub fn on_key(&mut self, key: Key) -> Edited {
        if let Some(c) = key.typed() {
            // A character that may not be shown is not typed.
            return if self.insert(c) { Edited::Changed } else { Edited::Moved };
        }
        if key == Key::ctrl('u') {
            let had = !self.text.is_empty();
            self.set("");
            return if had { Edited::Changed } else { Edited::Moved };
        }
        if key.ctrl || key.shift {
            return Edited::Unused;
        }
        match key.code {
            Code::Backspace => self.remove(self.before()),
            Code::Delete => self.remove(self.after()),
            Code::Left => self.go(self.before()),
            Code::Right => self.go(self.after()),
            Code::Home => self.go(0),
            Code::End => self.go(self.text.len()),
            _ => Edited::Unused,
        }
    }

    /// Where the character before the cursor begins.
    fn before(&self) -> usize {
        self.text[..self.at].grapheme_indices(true).next_back().map_or(0, |(i, _)| i)
    }

    /// Where the character after the cursor ends.
    fn after(&self) -> usize {
        self.text[self.at..].graphemes(true).next().map_or(self.at, |g| self.at + g.len())
    }

    fn go(&mut self, at: usize) -> Edited {
        self.at = at;
        Edited::Moved
    }

    fn remove(&mut self, to: usize) -> Edited {
        let (from, to) = (self.at.min(to), self.at.max(to));
        if from == to {
            return Edited::Moved;
        }
        self.text.replace_range(from..to, "");
        self.at = from;
        self.snap();
        Edited::Changed
    }

    /// The part of the text to show in `width` cells, and the cell of the cursor in it. One cell at the end is kept for
    /// the cursor, so it never leaves the field.
    pub fn view(&mut self, width: u16) -> (String, u16) {
        self.view_as(width, None)
    }

    /// As [`LineEdit::view`], each character shown as `mask` when given.
    pub fn view_as(&mut self, width: u16, mask: Option<char>) -> (String, u16) {
        let width = usize::from(width.max(1));
        let shown: Vec<(usize, String)> = self
            .text
            .grapheme_indices(true)
            .map(|(i, g)| (i, mask.map_or_else(|| safe::clean(g).into_owned(), String::from)))
            .collect();
        let at = shown.iter().take_while(|(i, _)| *i < self.at).count();
        let cells = |from: usize, to: usize| -> usize { shown[from..to].iter().map(|(_, g)| safe::cells_of(g)).sum() };
        self.first = self.first.min(at);
        while self.first < at && cells(self.first, at) > width - 1 {
            self.first += 1;
        }
        // After deleting, show again what fits to the left.
        while self.first > 0 && cells(self.first - 1, shown.len()) < width {
            self.first -= 1;
        }
        let cursor = cells(self.first, at);
        let (mut text, mut used) = (String::new(), 0);
        for (_, g) in &shown[self.first..] {
            used += safe::cells_of(g);
            if used > width {
                break;
            }
            text.push_str(g);
        }
        (text, u16::try_from(cursor).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::notation;
    use proptest::prelude::*;

    fn typed(keys: &str) -> LineEdit {
        let mut line = LineEdit::new(200);
        for key in notation::parse(keys).unwrap() {
            line.on_key(key);
        }
        line
    }

    #[test]
    fn wide_and_rare_characters_are_one_step_each() {
        let mut line = typed("王𠮷芳<Left><BS>");
        assert_eq!(line.text(), "王芳");
        assert_eq!(line.view(10), ("王芳".into(), 2));
        assert_eq!(typed("a王<Home><Del>b").text(), "b王");
        assert_eq!(typed("abc<C-u>x").text(), "x");
    }

    #[test]
    fn a_long_text_scrolls_and_keeps_the_cursor_in_the_field() {
        let mut line = typed("人民路十二号三十三幢");
        let (text, at) = line.view(9);
        assert_eq!((text.as_str(), at), ("三十三幢", 8));
        line.on_key(Key::plain(Code::Home));
        assert_eq!(line.view(9), ("人民路十".into(), 0));
    }

    #[test]
    fn a_paste_is_cut_at_the_cap_and_loses_its_newlines() {
        let mut line = LineEdit::new(50);
        line.insert_str(&"人民路\r\n".repeat(10_000));
        assert_eq!(line.text().chars().count(), 50);
        assert!(!line.text().contains(['\r', '\n']));
    }

    #[test]
    fn a_stored_escape_sequence_is_shown_as_a_mark() {
        let mut line = LineEdit::new(50);
        line.set("王\u{1b}[2J");
        assert_eq!(line.view(20), ("王\u{fffd}[2J".into(), 6));
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_in_the_field(keys in "(<Left>|<Right>|<BS>|<Del>|<Home>|<End>|[a-c]|王|𠮷|\u{301}){0,40}",
                                             width in 1u16..12) {
            let mut line = LineEdit::new(20);
            for key in notation::parse(&keys).unwrap() {
                line.on_key(key);
                let (text, at) = line.view(width);
                prop_assert!(at < width);
                prop_assert!(safe::cells(&text) <= usize::from(width));
            }
        }
    }
}
