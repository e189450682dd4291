//! A pressed key, as every screen and test sees it, whatever terminal it came from.
//!
//! The toolkit has its own type so that screens name no terminal library and so that the places where terminals
//! differ (Backspace as Ctrl-H, Shift-Tab as BackTab, Alt as a leading Esc) are settled once, below.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::fmt;

/// Which key, without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A printed character, as typed (capital letters come as capitals).
    Char(char),
    /// F1 … F12.
    F(u8),
    /// Enter, 回车.
    Enter,
    /// Esc.
    Esc,
    /// Tab; with `shift` it is back-tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

/// One key press: the key and the modifiers that matter (Alt never does, see [`crate::tui::decode`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Held together with Ctrl.
    pub ctrl: bool,
    /// Held together with Shift; never set for characters, whose case says it.
    pub shift: bool,
}

impl Key {
    /// The key alone.
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, shift: false }
    }

    /// A typed character.
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// A function key, F1 … F12.
    pub const fn f(n: u8) -> Self {
        Self::plain(Code::F(n))
    }

    /// Ctrl and a letter, given in lower case.
    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, shift: false }
    }

    /// The character this key types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !c.is_control() => Some(c),
            _ => None,
        }
    }

    /// True for exactly this key without modifiers.
    pub fn is(self, code: Code) -> bool {
        self == Key::plain(code)
    }
}

/// Turns an event of crossterm into keys: releases and Alt are settled here. Used where the bytes cannot be read
/// directly (not on unix, see [`crate::tui::input`]); at most two keys, because Alt-x is Esc then x.
pub fn from_crossterm(event: KeyEvent) -> Vec<Key> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let code = match event.code {
        KeyCode::Char(c) if c.is_control() => return Vec::new(),
        KeyCode::Char('h') if ctrl => return vec![Key::plain(Code::Backspace)],
        KeyCode::Char(c) => {
            let c = if ctrl { c.to_ascii_lowercase() } else { c };
            return with_escape(event.modifiers, Key { code: Code::Char(c), ctrl, shift: false });
        }
        KeyCode::F(n @ 1..=12) => Code::F(n),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => return vec![Key { code: Code::Tab, ctrl: false, shift: true }],
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        _ => return Vec::new(),
    };
    with_escape(event.modifiers, Key { code, ctrl, shift })
}

/// Alt-x is what a fast hand's Esc, x looks like: give back both.
fn with_escape(modifiers: KeyModifiers, key: Key) -> Vec<Key> {
    if modifiers.contains(KeyModifiers::ALT) { vec![Key::plain(Code::Esc), key] } else { vec![key] }
}

impl fmt::Display for Key {
    /// The name on the keycap: `F5`, `Ctrl-P`, `Shift-Tab`, `空格`, `↑`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if self.shift {
            f.write_str("Shift-")?;
        }
        match self.code {
            Code::Char(' ') => f.write_str("空格"),
            Code::Char(c) => write!(f, "{}", c.to_ascii_uppercase()),
            Code::F(n) => write!(f, "F{n}"),
            Code::Enter => f.write_str("Enter"),
            Code::Esc => f.write_str("Esc"),
            Code::Tab => f.write_str("Tab"),
            Code::Backspace => f.write_str("Backspace"),
            Code::Delete => f.write_str("Delete"),
            Code::Insert => f.write_str("Insert"),
            Code::Up => f.write_str("↑"),
            Code::Down => f.write_str("↓"),
            Code::Left => f.write_str("←"),
            Code::Right => f.write_str("→"),
            Code::Home => f.write_str("Home"),
            Code::End => f.write_str("End"),
            Code::PageUp => f.write_str("PgUp"),
            Code::PageDown => f.write_str("PgDn"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn releases_are_no_presses() {
        let mut release = event(KeyCode::F(2), KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!(from_crossterm(release), vec![]);
    }

    #[test]
    fn alt_letter_is_escape_then_letter() {
        let keys = from_crossterm(event(KeyCode::Char('r'), KeyModifiers::ALT));
        assert_eq!(keys, vec![Key::plain(Code::Esc), Key::char('r')]);
    }

    #[test]
    fn ctrl_h_is_backspace_and_ctrl_letters_are_lower_case() {
        assert_eq!(from_crossterm(event(KeyCode::Char('h'), KeyModifiers::CONTROL)), vec![Key::plain(Code::Backspace)]);
        let shifted = KeyModifiers::CONTROL | KeyModifiers::SHIFT;
        assert_eq!(from_crossterm(event(KeyCode::Char('P'), shifted)), vec![Key::ctrl('p')]);
    }

    #[test]
    fn a_control_character_is_never_typed() {
        assert_eq!(Key::char('\u{7}').typed(), None);
        assert_eq!(Key::ctrl('p').typed(), None);
        assert_eq!(Key::char('𠮷').typed(), Some('𠮷'));
    }

    #[test]
    fn names_are_those_on_the_keys() {
        let names: Vec<String> =
            [Key::f(5), Key::ctrl('p'), Key::char(' '), Key { code: Code::Tab, ctrl: false, shift: true }]
                .iter()
                .map(Key::to_string)
                .collect();
        assert_eq!(names, ["F5", "Ctrl-P", "空格", "Shift-Tab"]);
    }
}
