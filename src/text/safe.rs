//! Text from data, made safe to show: no control, escape or direction-changing character reaches a terminal.

use std::borrow::Cow;

/// What stands in for a character that must not be shown.
pub const MARK: char = '\u{FFFD}';

/// Must this character never reach a terminal?
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// The text in one line with every unsafe character marked.
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        Cow::Owned(text.chars().map(|c| if is_unsafe(c) { MARK } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_marked_and_rare_characters_kept() {
        assert_eq!(line("王\u{1b}[31m芳\n"), "王\u{FFFD}[31m芳\u{FFFD}");
        assert_eq!(line("𠮷㐂"), "𠮷㐂");
    }
}
