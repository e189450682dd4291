//! Where the ladder year of an account's customer begins, for tariffs that cut their bounds down in a part year: on the day the account
//! was opened, or handed to its present owner. The new owner's part year begins without use: what the one before used stands on the
//! bounds of that one's months. No part year begins with a bill that ends on the day of the transfer: it is the old owner's.

use chrono::{Datelike, NaiveDate};

/// The beginning that counts for a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Begun {
    /// 开户日期, or the day of the last transfer before the bill's last day.
    pub day: Option<NaiveDate>,
    /// The day of that transfer: what was used before it does not count.
    pub handed_over: Option<NaiveDate>,
}

impl Begun {
    /// Of a bill that ends on `last`; `handed_over` the days on which the account got another owner.
    pub fn of(opened: Option<NaiveDate>, handed_over: &[NaiveDate], last: NaiveDate) -> Self {
        let handed_over = handed_over.iter().copied().filter(|day| *day < last).max();
        Self { day: handed_over.or(opened), handed_over }
    }

    /// Months of the part year in which a day lies: from the month of the beginning to December; none of a whole year.
    pub fn months(&self, day: NaiveDate) -> Option<u32> {
        let begun = self.day.filter(|begun| begun.year() == day.year())?;
        (begun.month() > 1).then(|| 13 - begun.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_of_a_new_owner_begins_in_the_month_of_the_transfer() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let begun = |last: &str| Begun::of(Some(day("2020-04-05")), &[day("2026-07-20")], day(last));
        assert_eq!(begun("2026-08-31").months(day("2026-07-21")), Some(6));
        assert_eq!(begun("2026-08-31").handed_over, Some(day("2026-07-20")));
        assert_eq!(
            begun("2026-07-20"),
            Begun { day: Some(day("2020-04-05")), handed_over: None },
            "the old owner's bill"
        );
        assert_eq!(begun("2026-07-20").months(day("2026-06-01")), None);
        assert_eq!(begun("2027-01-31").months(day("2027-01-01")), None, "the next year is whole");
        assert_eq!(Begun::of(Some(day("2026-04-05")), &[], day("2026-06-30")).months(day("2026-05-01")), Some(9));
        assert_eq!(Begun::of(Some(day("2026-01-05")), &[], day("2026-06-30")).months(day("2026-05-01")), None);
    }
}
