//! Where the ladder year of an account's customer begins, for tariffs that cut their bounds down in a part year: on the day the account
//! was opened, handed to its present owner, got its present meter, or its number of people. Such a part year begins without use: what was used
//! before it stands on the bounds of then. No part year begins with a bill that ends on the day itself: it is of what was before.

use chrono::{Datelike, NaiveDate};

/// The beginning that counts for a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Begun {
    /// 开户日期, or the last day before the bill's last on which the year began anew.
    pub day: Option<NaiveDate>,
    /// That day: what was used before it does not count.
    pub anew: Option<NaiveDate>,
}

impl Begun {
    /// Of a bill that ends on `last`; `anew` the days on which the account got another owner, another meter or other people.
    pub fn of(opened: Option<NaiveDate>, anew: &[NaiveDate], last: NaiveDate) -> Self {
        let anew = anew.iter().copied().filter(|day| *day < last).max();
        Self { day: anew.or(opened), anew }
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
        assert_eq!(begun("2026-08-31").anew, Some(day("2026-07-20")));
        assert_eq!(begun("2026-07-20"), Begun { day: Some(day("2020-04-05")), anew: None }, "the old owner's bill");
        assert_eq!(begun("2026-07-20").months(day("2026-06-01")), None);
        assert_eq!(begun("2027-01-31").months(day("2027-01-01")), None, "the next year is whole");
        assert_eq!(Begun::of(Some(day("2026-04-05")), &[], day("2026-06-30")).months(day("2026-05-01")), Some(9));
        assert_eq!(Begun::of(Some(day("2026-01-05")), &[], day("2026-06-30")).months(day("2026-05-01")), None);
    }
}
