//! A tendered sum that looks like a typing mistake (an account number, a scanned code) is asked about once more.

use crate::desk::refusal::Refusal;
use crate::rules::money::Fen;

/// More than this over what is due is asked about.
pub const LARGE: Fen = Fen(100_000);

/// The field that says the sum was looked at.
pub const CONFIRM: &str = "confirm";

/// Asks about what is over what is due: handed back as `change` out of a drawer that holds `drawer`, or `kept` as prepaid.
pub fn ask(tendered: Fen, change: Fen, kept: Fen, drawer: Fen, confirmed: bool) -> Result<(), Refusal> {
    if confirmed {
        return Ok(());
    }
    let what = match () {
        () if change > LARGE => format!("要找零 {}，超过 {}", change.grouped(), LARGE.grouped()),
        () if change > drawer.max(Fen::ZERO) => format!("要找零 {}，钱箱只有 {}", change.grouped(), drawer.grouped()),
        () if kept > LARGE => format!("要把多出的 {} 存预存，超过 {}", kept.grouped(), LARGE.grouped()),
        () => return Ok(()),
    };
    let text = format!("实收 {} {what}：请核对实收有没有输错；确实收到这么多的，请确认", tendered.grouped());
    Err(Refusal::field("R-175", CONFIRM, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_above_a_thousand_or_above_the_drawer_and_what_is_kept_are_asked_about_once() {
        let asked = |change, kept, drawer| ask(Fen(999), Fen(change), Fen(kept), Fen(drawer), false).is_err();
        for (change, kept, drawer, is_asked) in [
            (0, 0, 0, false),
            (100_000, 0, 200_000, false),
            (100_001, 0, 200_000, true),
            (5_000, 0, 5_000, false),
            (5_001, 0, 5_000, true),
            (1, 0, -5, true),
            (0, 100_000, 0, false),
            (0, 100_001, 0, true),
        ] {
            assert_eq!(asked(change, kept, drawer), is_asked, "{change} {kept} {drawer}");
        }
        assert!(ask(Fen(90_000_000_000), Fen(89_999_999_500), Fen::ZERO, Fen(100), true).is_ok());
    }
}
