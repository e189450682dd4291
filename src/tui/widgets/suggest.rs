//! Little Chinese must be typed: lists by initials from what this branch used before, and the choices of a field.

use crate::tui::canvas::Canvas;
use crate::tui::safe;
use crate::tui::theme::Ink;

/// Rows a list of words under a field shows at most.
pub const ROWS_MAX: usize = 8;

/// Gives the words for what was typed so far, best first; must answer at once. Empty text: the most used.
pub type Suggest = Box<dyn Fn(&str) -> Vec<String>>;

/// A provider over a fixed list: words that begin with or contain what was typed, by Chinese or by initials.
pub fn from_words(words: Vec<String>, initials: fn(&str) -> String) -> Suggest {
    let words: Vec<(String, String)> = words.into_iter().map(|w| (initials(&w), w)).collect();
    Box::new(move |typed| {
        let typed = typed.trim().to_lowercase();
        let begins = words.iter().filter(|(i, w)| i.starts_with(&typed) || w.starts_with(&typed));
        let holds = words.iter().filter(|(i, w)| {
            !(i.starts_with(&typed) || w.starts_with(&typed)) && (i.contains(&typed) || w.contains(&typed))
        });
        begins.chain(holds).map(|(_, w)| w.clone()).take(50).collect()
    })
}

/// An open list under a field.
#[derive(Clone, Debug, Default)]
pub struct Dropdown {
    items: Vec<String>,
    selected: Option<usize>,
    top: usize,
    /// Shows all it has where there is room, not [`ROWS_MAX`].
    whole: bool,
}

impl Dropdown {
    /// A list; `selected` is marked, or none until ↓.
    pub fn new(items: Vec<String>, selected: Option<usize>) -> Self {
        Self { selected: selected.filter(|i| *i < items.len()), items, top: 0, whole: false }
    }

    /// The list of a choice: few enough to be seen whole.
    pub fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// True when there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The marked entry.
    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    /// The text of an entry.
    pub fn item(&self, i: usize) -> Option<&str> {
        self.items.get(i).map(String::as_str)
    }

    /// Marks the next or the one before.
    pub fn step(&mut self, down: bool) {
        let last = self.items.len().saturating_sub(1);
        self.selected = Some(match (self.selected, down) {
            (None, true) => 0,
            (None, false) => last,
            (Some(i), true) => (i + 1).min(last),
            (Some(i), false) => i.saturating_sub(1),
        });
    }

    /// Draws below row `y`, or above it where there is more room. The cursor stays in the field.
    pub fn draw(&mut self, canvas: &mut Canvas, x: u16, y: u16) {
        let (below, above) = (canvas.height().saturating_sub(y + 1), y);
        let most = if self.whole { self.items.len() } else { ROWS_MAX };
        let wanted = u16::try_from(self.items.len().min(most)).unwrap_or(u16::MAX - 2) + 2;
        let is_below = below >= wanted || below >= above;
        let height = wanted.min(if is_below { below } else { above });
        let widest = self.items.iter().map(|i| safe::cells(i)).max().unwrap_or(0);
        let width = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(5).clamp(12, canvas.width().max(12));
        let x = x.min(canvas.width().saturating_sub(width));
        let top = if is_below { y + 1 } else { y - height };
        let mut inside = canvas.boxed(x, top, width, height, "");
        let rows = usize::from(inside.height()).max(1);
        let selected = self.selected.unwrap_or(0);
        self.top = self.top.clamp((selected + 1).saturating_sub(rows), selected);
        for (row, (i, item)) in (0u16..).zip(self.items.iter().enumerate().skip(self.top).take(rows)) {
            let marked = self.selected == Some(i);
            inside.text(0, row, if marked { ">" } else { " " }, Ink::Accent);
            inside.text(2, row, item, if marked { Ink::Accent } else { Ink::Text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_initials_first_those_that_begin_so() {
        fn initials(text: &str) -> String {
            text.chars()
                .map(|c| match c {
                    '人' => 'r',
                    '民' => 'm',
                    '路' => 'l',
                    '光' => 'g',
                    '明' => 'm',
                    other => other,
                })
                .collect()
        }
        let suggest = from_words(vec!["光明路".into(), "民路".into(), "人民路".into()], initials);
        assert_eq!(suggest("ml"), ["民路", "光明路", "人民路"]);
        assert_eq!(suggest("人"), ["人民路"]);
        assert_eq!(suggest("").len(), 3);
    }
}
