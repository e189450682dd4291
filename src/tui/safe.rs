//! What from the data may reach the terminal: no control, escape, bidirectional or invisible character ever does.
//!
//! A name in a file can hold an escape sequence that changes the screen, or a right-to-left override that turns an
//! amount around. [`clean`] puts a visible mark in its place. [`crate::tui::canvas::Canvas`] is the only way to the
//! screen and cleans everything, so no widget can forget it. The stored value itself stays as it is.

pub use crate::text::safe::{MARK, is_unsafe};
use ratatui::buffer::CellWidth;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// More combining marks than this on one character are an attack on the lines above and below.
const COMBINING_MAX: usize = 4;

/// The variant of an ideograph (IVS) is part of some names and harmless after one.
fn is_ideographic_variant(c: char) -> bool {
    matches!(c, '\u{e0100}'..='\u{e01ef}')
}

/// The text as it may be shown: every unsafe character becomes [`MARK`], heaps of combining marks are cut.
pub fn clean(text: &str) -> Cow<'_, str> {
    if simple_cells(text).is_some() || !needs_cleaning(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        let mut base = None;
        let mut combining = 0;
        for c in grapheme.chars() {
            let width = UnicodeWidthChar::width(c).unwrap_or(0);
            if is_unsafe(c) || (is_ideographic_variant(c) && base != Some(2)) || (width == 0 && base.is_none()) {
                out.push(MARK);
            } else if width == 0 {
                combining += 1;
                if combining <= COMBINING_MAX {
                    out.push(c);
                }
            } else {
                out.push(c);
                base = Some(width);
            }
        }
    }
    Cow::Owned(out)
}

fn needs_cleaning(text: &str) -> bool {
    let mut zero_width_run = 0;
    text.chars().enumerate().any(|(i, c)| {
        let zero = UnicodeWidthChar::width(c) == Some(0);
        zero_width_run = if zero { zero_width_run + 1 } else { 0 };
        is_unsafe(c) || is_ideographic_variant(c) || zero_width_run > COMBINING_MAX || (zero && i == 0)
    })
}

/// One character for one of ambiguous width, for `METERDESK_BORDER=ascii`: a terminal that draws `·` or `─` two cells
/// wide would break every column. Each has one cell before and after, so a layout is the same in both looks.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_ambiguous) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_ambiguous(c) { plain_char(c) } else { c }).collect())
}

/// True for characters that some Chinese terminals draw in two cells and others in one.
pub fn is_ambiguous(c: char) -> bool {
    !c.is_ascii() && UnicodeWidthChar::width(c) == Some(1) && UnicodeWidthChar::width_cjk(c) == Some(2)
}

fn plain_char(c: char) -> char {
    match c {
        '─' | '━' | '—' | '–' | '―' | '‐' | '═' => '-',
        '│' | '┃' | '║' | '▏' | '▕' => '|',
        '┌'..='╋' | '╔'..='╬' | '╭'..='╰' | '±' => '+',
        '…' | '·' | '•' | '‥' => '.',
        '“' | '”' | '″' => '"',
        '‘' | '’' | '′' | '´' => '\'',
        '×' | '✕' => 'x',
        '√' | '✓' => 'v',
        '→' | '▶' | '►' => '>',
        '←' | '◀' => '<',
        '↑' | '▲' | '△' => '^',
        '↓' | '▼' | '▽' => 'v',
        '■' | '□' | '█'..='▉' | '●' | '★' => '#',
        '○' | '◎' | '☆' | '°' => 'o',
        '▁'..='▇' => bar_digit(c),
        '①'..='⑨' => char::from_digit(c as u32 - '①' as u32 + 1, 10).unwrap_or('?'),
        '≤' => '<',
        '≥' => '>',
        '÷' => '/',
        _ => '?',
    }
}

/// The eight bar heights as 1 … 8.
fn bar_digit(c: char) -> char {
    char::from_digit(c as u32 - '▁' as u32 + 1, 10).unwrap_or('?')
}

/// Cells one character on screen (a grapheme) takes: 0, 1 or 2, by the same rule the terminal buffer uses.
pub fn cells_of(grapheme: &str) -> usize {
    if grapheme.len() == 1 { 1 } else { usize::from(grapheme.cell_width()) }
}

/// Cells of a character that is always one character on screen by itself and may always be shown: the usual letters,
/// ideographs, Chinese punctuation and box lines. Nearly all text is made of these, and needs no segmentation.
fn simple_width(c: char) -> Option<usize> {
    match c {
        ' '..='~' | '\u{2500}'..='\u{259f}' => Some(1),
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2a6df}' => Some(2),
        '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{ff01}'..='\u{ff5e}' => Some(2),
        _ => None,
    }
}

/// Cells of a text made of simple characters only.
fn simple_cells(text: &str) -> Option<usize> {
    text.chars().map(simple_width).sum()
}

/// Cells a text takes once cleaned.
pub fn cells(text: &str) -> usize {
    simple_cells(text).unwrap_or_else(|| clean(text).graphemes(true).map(cells_of).sum())
}

/// The text cut to at most `width` cells, with `..` where something was left out, never inside a character.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    let text = clean(text);
    if cells(&text) <= width {
        return text;
    }
    if width < 2 {
        return Cow::Owned(".".repeat(width));
    }
    let (mut out, mut used) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        used += cells_of(grapheme);
        if used > width - 2 {
            break;
        }
        out.push_str(grapheme);
    }
    out.push_str("..");
    Cow::Owned(out)
}

/// The end of the text in at most `width` cells, with `..` before it when something was left out: of an address the building, unit
/// and room tell neighbours apart.
pub fn cut_front(text: &str, width: usize) -> Cow<'_, str> {
    let text = clean(text);
    if cells(&text) <= width {
        return text;
    }
    if width < 2 {
        return Cow::Owned(".".repeat(width));
    }
    let (mut kept, mut used) = (Vec::new(), 0);
    for grapheme in text.graphemes(true).rev() {
        used += cells_of(grapheme);
        if used > width - 2 {
            break;
        }
        kept.push(grapheme);
    }
    kept.push("..");
    Cow::Owned(kept.into_iter().rev().collect())
}

/// Marks that do not begin a line.
const CLOSING: &str = "，。；：、！？）》”’,.;:!?)";

/// The text broken into lines of at most `width` cells, at any character, as Chinese is set; `\n` breaks too. A closing mark takes
/// the character before it along to the next line, and a number or a code goes there whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let (mut line, mut used) = (String::new(), 0);
        for grapheme in clean(paragraph.trim_end_matches('\r')).graphemes(true) {
            let w = cells_of(grapheme);
            if used + w > width.max(2) {
                let last = line.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
                let with_it = last > 0 && width > 4 && CLOSING.contains(grapheme);
                let next = match whole_from(&line, grapheme, width) {
                    Some(at) => line.split_off(at),
                    None if with_it => line.split_off(last),
                    None => String::new(),
                };
                used = cells(&next);
                lines.push(std::mem::replace(&mut line, next));
            }
            line.push_str(grapheme);
            used += w;
        }
        lines.push(line);
    }
    lines
}

/// Where the number or code begins that would be broken before this character; one as long as half a line is broken all the same.
fn whole_from(line: &str, next: &str, width: usize) -> Option<usize> {
    let of_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, ',' | '.' | '-' | ':' | '/');
    let begin = line.trim_end_matches(of_number).len();
    let run = line.len() - begin;
    (begin > 0 && run > 0 && run <= width / 2 && next.chars().all(of_number)).then_some(begin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_never_breaks_over_a_line() {
        assert_eq!(wrap("本日营业收入 19,695.21 - 存入 0.00", 16), ["本日营业收入 ", "19,695.21 - 存入", " 0.00"]);
        assert_eq!(wrap("1234567890", 4), ["1234", "5678", "90"], "longer than a line");
    }

    #[test]
    fn what_could_drive_the_terminal_becomes_a_mark() {
        let table = [
            ("王\u{1b}[2J芳", "王\u{fffd}[2J芳"),
            ("a\u{9b}31mb", "a\u{fffd}31mb"),
            ("100\u{202e}00.1", "100\u{fffd}00.1"),
            ("a\nb\tc", "a\u{fffd}b\u{fffd}c"),
            ("零\u{200b}宽", "零\u{fffd}宽"),
            ("阿卜杜·热合曼", "阿卜杜·热合曼"),
            ("𠮷野", "𠮷野"),
            ("葛\u{e0100}城", "葛\u{e0100}城"),
            ("a\u{e0100}", "a\u{fffd}"),
        ];
        for (raw, shown) in table {
            assert_eq!(clean(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn a_heap_of_combining_marks_is_cut() {
        let heap = format!("e{}", "\u{301}".repeat(500));
        assert!(clean(&heap).chars().count() <= 1 + COMBINING_MAX);
    }

    #[test]
    fn text_is_cut_by_cells_and_never_inside_a_character() {
        let table = [
            ("人民路12号", 10, "人民路12号"),
            ("人民路12号", 9, "人民路1.."),
            ("人民路12号", 7, "人民.."),
            ("人民", 3, ".."),
            ("人民", 1, "."),
        ];
        for (text, width, expected) in table {
            assert_eq!(cut(text, width), expected);
            assert!(cells(&cut(text, width)) <= width);
        }
    }

    #[test]
    fn ascii_look_holds_no_ambiguous_character() {
        let all = "…—“”·①■─│┌┐└┘├┤┬┴┼▁▂▃▄▅▆▇█√×→←↑↓▲▼●○★※§";
        let plain = plain(all);
        assert!(!plain.chars().any(is_ambiguous), "{plain}");
        assert_eq!(plain.chars().count(), all.chars().count());
    }

    #[test]
    fn lines_wrap_between_characters() {
        assert_eq!(wrap("人民路12号\n二", 6), ["人民路", "12号", "二"]);
    }

    #[test]
    fn the_short_way_to_count_cells_is_the_long_one() {
        for c in ('\u{20}'..='\u{2a6df}').filter(|c| simple_width(*c).is_some()) {
            let text = format!("{c}国{c}");
            assert_eq!(simple_cells(&text), Some(text.graphemes(true).map(cells_of).sum()), "{c:?}");
            assert_eq!(text.graphemes(true).count(), 3, "{c:?}");
            assert!(!is_unsafe(c));
        }
    }

    proptest! {
        #[test]
        fn nothing_unsafe_survives(text in any::<String>()) {
            let shown = clean(&text);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_unsafe(c)));
        }

        #[test]
        fn a_cut_text_fits(text in any::<String>(), width in 0usize..40) {
            prop_assert!(cells(&cut(&text, width)) <= width);
        }
    }
}
