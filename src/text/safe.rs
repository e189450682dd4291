//! Text from data, made safe to show: no control, escape or direction-changing character reaches a terminal.

use std::borrow::Cow;

/// What stands in for a character that must not be shown.
pub const MARK: char = '\u{FFFD}';

/// Must this character never reach a terminal?
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}'
            | '\u{2800}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Is this a character nobody sees, that must stand in no text that is kept? All of those above but for what belongs to the letter
/// before it: variation selectors, also Mongolian ones.
pub fn is_hidden(c: char) -> bool {
    is_unsafe(c) && !matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}')
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
        for c in [
            '\u{200b}',
            '\u{200d}',
            '\u{ad}',
            '\u{3164}',
            '\u{2800}',
            '\u{e0041}',
            '\u{fdd0}',
            '\u{ffff}',
            '\u{10fffe}',
        ] {
            assert!(is_hidden(c), "{c:?}");
        }
        assert!(!"王㐂é𠮷〇·\u{fe0f}\u{180b}\u{fffd}\u{a0}\u{3000}".chars().any(is_hidden));
    }
}
