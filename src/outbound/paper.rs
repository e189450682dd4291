//! Text on 80-column paper: every Chinese character takes two columns.

use unicode_width::UnicodeWidthStr;

/// Columns of a line.
pub const COLUMNS: usize = 80;

/// A line across the paper.
pub fn rule() -> String {
    "-".repeat(COLUMNS)
}

/// Words in the middle.
pub fn middle(text: &str) -> String {
    format!("{}{text}", " ".repeat(COLUMNS.saturating_sub(text.width()) / 2))
}

/// Words at the left and at the right; where they do not fit, on two lines.
pub fn ends(left: &str, right: &str) -> String {
    let used = left.width() + right.width();
    if used >= COLUMNS {
        return format!("{left}\n{}{right}", " ".repeat(COLUMNS.saturating_sub(right.width())));
    }
    format!("{left}{}{right}", " ".repeat(COLUMNS - used))
}

/// Cells in columns: text, width, at the right.
pub fn cells(list: &[(&str, usize, bool)]) -> String {
    let mut line = String::new();
    for (text, width, right) in list {
        let text = cut(text, *width);
        let gap = " ".repeat(width.saturating_sub(text.width()));
        if *right {
            line.push_str(&gap);
            line.push_str(&text);
        } else {
            line.push_str(&text);
            line.push_str(&gap);
        }
    }
    line.trim_end().to_owned()
}

/// The text cut to a width, never in the middle of a character.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        let next = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if out.width() + next + 2 > width {
            break;
        }
        out.push(c);
    }
    out + ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_paper() {
        assert_eq!(ends("左", "右").width(), COLUMNS);
        assert!(ends(&"长".repeat(39), "右右").contains('\n'));
        assert_eq!(cut("人民路十二号", 8), "人民路..");
        assert_eq!(cells(&[("水费", 8, false), ("45.00", 10, true)]), "水费         45.00");
    }
}
