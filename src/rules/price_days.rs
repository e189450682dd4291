//! The price of each day of a bill, when an account's price was set from a day (P1, P3, P4; ): the days before it
//! keep the price that stood until then, the days from it have the new one.

use chrono::NaiveDate;

use super::pricing::{CodeShare, Pricing};

/// A price set from a day, as what stood until then. The price set itself is what stood until the next one, or the account's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFrom {
    /// First day of the price that was set.
    pub from: NaiveDate,
    /// Price class until then.
    pub class: String,
    /// Was it confirmed?
    pub confirmed: bool,
    /// Its mix.
    pub mix: Option<String>,
}

/// Days of one price.
#[derive(Debug, Clone, Copy)]
pub struct Days<'a> {
    /// First.
    pub first: NaiveDate,
    /// Last.
    pub last: NaiveDate,
    /// What decides their price.
    pub price: Pricing<'a>,
}

/// Days of a bill with the tariffs they are rated under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedDays {
    /// First.
    pub first: NaiveDate,
    /// Last.
    pub last: NaiveDate,
    /// Price class.
    pub class: String,
    /// Shares of a mix, as the file has them.
    pub mix: Option<String>,
    /// One of the classes that the highest price is looked for among.
    pub highest: bool,
    /// Tariffs and ratios.
    pub shares: Vec<CodeShare>,
}

/// The price of an account on a day; `set` in the order in which they were set.
pub fn on<'a>(account: &Pricing<'a>, set: &'a [SetFrom], day: NaiveDate) -> Pricing<'a> {
    let mut price = *account;
    for one in set.iter().rev() {
        if one.from <= day {
            break;
        }
        price = Pricing { class: &one.class, confirmed: one.confirmed, mix: one.mix.as_deref(), ..price };
    }
    price
}

/// The days from one to another, split where another price begins.
pub fn split<'a>(account: &Pricing<'a>, set: &'a [SetFrom], first: NaiveDate, last: NaiveDate) -> Vec<Days<'a>> {
    let mut begins: Vec<NaiveDate> =
        set.iter().map(|one| one.from).filter(|day| first < *day && *day <= last).collect();
    begins.push(first);
    begins.sort_unstable();
    let mut days: Vec<Days<'a>> = Vec::with_capacity(1);
    for day in begins {
        let price = on(account, set, day);
        match days.last_mut() {
            Some(before) if before.price.is(&price) => {}
            Some(before) => {
                before.last = day.pred_opt().unwrap_or(day);
                days.push(Days { first: day, last, price });
            }
            None => days.push(Days { first: day, last, price }),
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::utility::Utility;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn set(from: &str, class: &str) -> SetFrom {
        SetFrom { from: day(from), class: class.into(), confirmed: true, mix: None }
    }

    fn shown(now: &str, set: &[SetFrom], first: &str, last: &str) -> String {
        let account =
            Pricing { utility: Utility::Water, class: now, confirmed: true, mix: None, discount: None, opened: None };
        let days = split(&account, set, day(first), day(last));
        days.iter().map(|one| format!("{}..{} {}", one.first, one.last, one.price.class)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn days_before_keep_what_stood_until_then() {
        let once = [set("2026-10-16", "a")];
        assert_eq!(shown("b", &once, "2026-10-01", "2026-10-31"), "2026-10-01..2026-10-15 a 2026-10-16..2026-10-31 b");
        assert_eq!(shown("b", &once, "2026-10-16", "2026-10-31"), "2026-10-16..2026-10-31 b", "its first day is new");
        assert_eq!(shown("b", &once, "2026-10-01", "2026-10-15"), "2026-10-01..2026-10-15 a");
        assert_eq!(shown("b", &[], "2026-10-01", "2026-10-31"), "2026-10-01..2026-10-31 b");
    }

    #[test]
    fn what_is_set_later_from_an_earlier_day_takes_the_place_of_what_was_set_before() {
        // a until 20 October, b from then; later c from the 10th: b never was.
        let twice = [set("2026-10-20", "a"), set("2026-10-10", "b")];
        assert_eq!(shown("c", &twice, "2026-10-01", "2026-10-31"), "2026-10-01..2026-10-09 a 2026-10-10..2026-10-31 c");
        let in_turn = [set("2026-10-10", "a"), set("2026-10-20", "b")];
        assert_eq!(
            shown("c", &in_turn, "2026-10-01", "2026-10-31"),
            "2026-10-01..2026-10-09 a 2026-10-10..2026-10-19 b 2026-10-20..2026-10-31 c"
        );
        // The same price set twice: from the earlier of both days.
        let same = [set("2026-10-20", "a"), set("2026-10-10", "b")];
        assert_eq!(shown("b", &same, "2026-10-01", "2026-10-31"), "2026-10-01..2026-10-09 a 2026-10-10..2026-10-31 b");
    }
}
