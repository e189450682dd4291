//! The look: sixteen colours, the terminal's own background, and what they mean.
//!
//! One accent for where the hand is, yellow for "look", red for "stop". A colour never says something alone: whoever
//! draws with [`Ink::Look`] or [`Ink::Stop`] also writes a word or a sign ([`LOOK_SIGN`], [`STOP_SIGN`]).

use super::safe;
use ratatui::style::{Color, Modifier, Style};
use std::borrow::Cow;

/// Written before what should be looked at and before a mistake.
pub const LOOK_SIGN: &str = "!";
/// Written before what stops.
pub const STOP_SIGN: &str = "x";

/// What a piece of text is, from which its look follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ink {
    /// Ordinary text.
    #[default]
    Text,
    /// Less important: rules, units, labels of what is empty.
    Faint,
    /// Titles, totals.
    Strong,
    /// Where the hand is: the focused label, the selected row.
    Accent,
    /// A selected row drawn as a bar.
    Bar,
    /// Look here; always with a word or a sign.
    Look,
    /// Stop, wrong; always with a word or a sign.
    Stop,
}

/// The two switches of the look, read once at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Theme {
    /// `METERDESK_BORDER=ascii`: no character of ambiguous width.
    pub ascii: bool,
    /// `NO_COLOR` set to anything but the empty text: no colour, only bold, underline and reverse.
    pub colourless: bool,
}

impl Theme {
    /// Reads `NO_COLOR` and `METERDESK_BORDER` with the given look-up, usually `std::env::var`.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            ascii: var("METERDESK_BORDER").is_some_and(|v| v.eq_ignore_ascii_case("ascii")),
            colourless: var("NO_COLOR").is_some_and(|v| !v.is_empty()),
        }
    }

    /// The style of an ink. No background colour is ever set but by reversing.
    pub fn style(self, ink: Ink) -> Style {
        let plain = Style::default();
        if self.colourless {
            return match ink {
                Ink::Text | Ink::Faint => plain,
                Ink::Strong | Ink::Look => plain.add_modifier(Modifier::BOLD),
                Ink::Accent => plain.add_modifier(Modifier::UNDERLINED),
                Ink::Bar => plain.add_modifier(Modifier::REVERSED),
                Ink::Stop => plain.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            };
        }
        match ink {
            Ink::Text => plain,
            Ink::Faint => plain.fg(Color::DarkGray),
            Ink::Strong => plain.add_modifier(Modifier::BOLD),
            Ink::Accent => plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            Ink::Bar => plain.fg(Color::Cyan).add_modifier(Modifier::REVERSED),
            Ink::Look => plain.fg(Color::Yellow).add_modifier(Modifier::BOLD),
            Ink::Stop => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    /// The text as this look may show it: clean, and without ambiguous widths when asked.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        let clean = safe::clean(text);
        if !self.ascii {
            return clean;
        }
        match clean {
            Cow::Borrowed(text) => safe::plain(text),
            Cow::Owned(text) => Cow::Owned(safe::plain(&text).into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_honoured() {
        let theme = Theme::from_env(|name| match name {
            "METERDESK_BORDER" => Some("ASCII".into()),
            "NO_COLOR" => Some(String::new()),
            _ => None,
        });
        assert_eq!(theme, Theme { ascii: true, colourless: false });
    }

    #[test]
    fn without_colour_every_ink_has_none() {
        let theme = Theme { colourless: true, ascii: false };
        for ink in [Ink::Text, Ink::Faint, Ink::Strong, Ink::Accent, Ink::Bar, Ink::Look, Ink::Stop] {
            assert_eq!((theme.style(ink).fg, theme.style(ink).bg), (None, None));
        }
    }
}
