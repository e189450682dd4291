//! A sum that looks like a typing mistake (an account number, a scanned code) is asked about once more: what is tendered, what
//! is put to prepaid, a fee that no case owes, the float of a drawer.

use crate::desk::refusal::Refusal;
use crate::rules::money::Fen;

/// More than this over what is due is asked about.
pub const LARGE: Fen = Fen(100_000);

/// A float that changes by more than this is asked about.
pub const LARGE_FLOAT: Fen = Fen(500_000);

/// A drawer that keeps less than this cannot give change: who pays in so much is asked.
pub const NEARLY_EMPTY: Fen = Fen(5_000);

/// The field that says the sum was looked at.
pub const CONFIRM: &str = "confirm";

/// What becomes of a tendered sum.
#[derive(Clone, Copy, Default, Debug)]
pub struct Paid {
    /// 实收.
    pub tendered: Fen,
    /// Handed back.
    pub change: Fen,
    /// Over what is due, and kept as prepaid.
    pub kept: Fen,
    /// To be put to prepaid, as asked.
    pub prepaid: Fen,
}

/// Asks about change and prepaid; the change comes out of a drawer that holds `drawer`.
pub fn ask(paid: Paid, drawer: Fen, confirmed: bool) -> Result<(), Refusal> {
    let Paid { tendered, change, kept, prepaid } = paid;
    let what = match () {
        () if confirmed => return Ok(()),
        () if change > LARGE => format!("要找零 {}，超过 {}", change.grouped(), LARGE.grouped()),
        () if change > drawer.max(Fen::ZERO) => format!("要找零 {}，钱箱只有 {}", change.grouped(), drawer.grouped()),
        () if kept > LARGE => format!("要把多出的 {} 存预存，超过 {}", kept.grouped(), LARGE.grouped()),
        () if prepaid > LARGE => format!("要存预存 {}，超过 {}", prepaid.grouped(), LARGE.grouped()),
        () => return Ok(()),
    };
    let text = format!("实收 {} {what}：请核对有没有输错；确实收到这么多的，请确认", tendered.grouped());
    Err(Refusal::field("R-175", CONFIRM, text))
}

/// Asks about a fee that no case says.
pub fn ask_fee(kind: &str, amount: Fen, confirmed: bool) -> Result<(), Refusal> {
    if confirmed || amount <= LARGE {
        return Ok(());
    }
    let text = format!("{kind} {}，超过 {}：请核对金额有没有输错；没有错的，请确认", amount.grouped(), LARGE.grouped());
    Err(Refusal::field("R-175", CONFIRM, text))
}

/// Asks about a float: added to a drawer, or counted other than what is expected.
pub fn ask_float(what: &str, sum: Fen, confirmed: bool) -> Result<(), Refusal> {
    if confirmed || sum.abs() <= LARGE_FLOAT {
        return Ok(());
    }
    let (sum, large) = (sum.abs().grouped(), LARGE_FLOAT.grouped());
    let text = format!("{what} {sum}，超过 {large}：请重新清点，核对有没有输错；没有错的，请确认");
    Err(Refusal::field("R-176", CONFIRM, text))
}

/// What is asked, beside the picture of after, about cash that is paid in; nothing about an everyday sum.
pub fn doubt_deposit(amount: Fen, drawer: Fen) -> Option<String> {
    let left = drawer - amount;
    match () {
        () if amount <= Fen::ZERO || left.is_negative() => None, // refused as it is
        () if left < NEARLY_EMPTY => Some(format!("存入后钱箱只剩 {}，没有零钱找", left.grouped())),
        () if amount > LARGE_FLOAT => Some(format!("存入 {}，超过 {}", amount.grouped(), LARGE_FLOAT.grouped())),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_above_a_thousand_or_above_the_drawer_what_is_kept_and_large_sums_are_asked_about_once() {
        for (change, kept, prepaid, drawer, is_asked) in [
            (0, 0, 0, 0, false),
            (100_000, 0, 0, 200_000, false),
            (100_001, 0, 0, 200_000, true),
            (5_000, 0, 0, 5_000, false),
            (5_001, 0, 0, 5_000, true),
            (1, 0, 0, -5, true),
            (0, 100_000, 0, 0, false),
            (0, 100_001, 0, 0, true),
            (0, 0, 100_000, 0, false),
            (0, 0, 100_001, 0, true),
        ] {
            let paid = Paid { tendered: Fen(999), change: Fen(change), kept: Fen(kept), prepaid: Fen(prepaid) };
            assert_eq!(ask(paid, Fen(drawer), false).is_err(), is_asked, "{paid:?} {drawer}");
            assert!(ask(paid, Fen(drawer), true).is_ok());
        }
        assert!(ask_fee("报装费", Fen(100_000), false).is_ok() && ask_fee("报装费", Fen(100_001), false).is_err());
        for (amount, drawer, is_asked) in
            [(500_000, 770_692, false), (500_001, 770_692, true), (15_000, 20_000, false), (15_001, 20_000, true)]
        {
            assert_eq!(doubt_deposit(Fen(amount), Fen(drawer)).is_some(), is_asked, "{amount} of {drawer}");
        }
        assert!(ask_float("备用金", Fen(-500_001), false).is_err() && ask_float("备用金", Fen(500_000), false).is_ok());
    }
}
