//! Amounts as a picture: a progress bar, and the bars of the last months' use.

use crate::tui::canvas::Canvas;
use crate::tui::theme::Ink;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One bar a value, the largest the highest; nothing and less is the lowest. The ASCII look shows 1 … 8.
pub fn bars(values: &[i64]) -> String {
    let largest = values.iter().copied().max().unwrap_or(0).max(1);
    let bar = |value: &i64| {
        let level = (i128::from((*value).max(0)) * 7 + i128::from(largest) / 2) / i128::from(largest);
        BARS[usize::try_from(level).unwrap_or(0).min(7)]
    };
    values.iter().map(bar).collect()
}

/// A progress bar in one row: how far, in numbers too. `total` 0: not known yet.
pub fn progress(canvas: &mut Canvas, y: u16, done: u64, total: u64) {
    let percent = (done.min(total) * 100).checked_div(total).unwrap_or(0);
    let numbers = if total == 0 { format!("{done}") } else { format!("{percent:>3}%  {done}/{total}") };
    let cells = u16::try_from(numbers.len()).unwrap_or(0);
    let room = canvas.width().saturating_sub(cells + 6);
    let full = u16::try_from(u64::from(room) * percent / 100).unwrap_or(0);
    let bar = "█".repeat(usize::from(full)) + &" ".repeat(usize::from(room - full));
    let x = canvas.text(1, y, "[", Ink::Text);
    let x = canvas.text(x, y, &bar, Ink::Accent);
    let x = canvas.text(x, y, "]", Ink::Text);
    canvas.text(x + 1, y, &numbers, Ink::Text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_for_their_share_of_the_largest() {
        assert_eq!(bars(&[0, 1, 4, 8]), "▁▂▅█");
        assert_eq!(bars(&[0, 0]), "▁▁");
        assert_eq!(bars(&[-5, i64::MAX]), "▁█");
        assert_eq!(bars(&[]), "");
    }
}
