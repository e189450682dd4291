//! The price book and the calendar as loaded, read once and kept until an entry changes them.

use std::cell::RefCell;
use std::sync::Arc;

use chrono::NaiveDate;

use super::Desk;
use super::refusal::Refusal;
use crate::rules::calendar::Calendar;
use crate::rules::fault::Fault;
use crate::rules::late_fee::{self, LateFee};
use crate::rules::pricing::{self, CodeShare, Pricing};
use crate::rules::tariff::model::LateFeeRule;
use crate::rules::tariff::{PriceBook, Tariff};
use crate::rules::utility::Utility;
use crate::store::query::tariff::Standing;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BillRow;
use crate::store::tables::billing_facts::PricedAccount;
use crate::store::tables::tariff::TariffRow;
use crate::store::{StoreError, Tx};

/// What is kept of a stamp of the loaded files.
struct Kept {
    stamp: [i64; 4],
    prices: Arc<PriceBook>,
    calendar: Arc<Calendar>,
}

/// Keeps the price book and the calendar of a desk.
#[derive(Default)]
pub struct Shelf {
    kept: RefCell<Option<Kept>>,
}

impl Shelf {
    /// The price book (价目册) as loaded.
    pub fn prices(&self, tx: &Tx<'_>) -> Result<Arc<PriceBook>, StoreError> {
        self.with(tx, |kept| Arc::clone(&kept.prices))
    }

    /// The calendar: the built-in years and those loaded.
    pub fn calendar(&self, tx: &Tx<'_>) -> Result<Arc<Calendar>, StoreError> {
        self.with(tx, |kept| Arc::clone(&kept.calendar))
    }

    fn with<T>(&self, tx: &Tx<'_>, take: impl Fn(&Kept) -> T) -> Result<T, StoreError> {
        let stamp = tx.price_stamp()?;
        if let Some(kept) = self.kept.borrow().as_ref().filter(|kept| kept.stamp == stamp) {
            return Ok(take(kept));
        }
        let kept = Kept { stamp, prices: Arc::new(read_prices(tx)?), calendar: Arc::new(read_calendar(tx)?) };
        let taken = take(&kept);
        *self.kept.borrow_mut() = Some(kept);
        Ok(taken)
    }
}

/// Reads the tariffs that count here. Of one code and day the head office's file counts, then this site's own; another site's
/// only for a code that neither of them has. Two files of equal standing whose texts agree are one; where they differ the code
/// is unusable.
fn read_prices(tx: &Tx<'_>) -> Result<PriceBook, StoreError> {
    let mut rows = Vec::new();
    for row in tx.tariffs()? {
        rows.push((tx.standing_of(row.id)?, row));
    }
    let best = |code: &str, day: Option<NaiveDate>| {
        let same = rows.iter().filter(|(_, row)| row.code == code && day.is_none_or(|day| row.valid_from == day));
        same.map(|(standing, _)| *standing).min()
    };
    let counts = |(standing, row): &(Standing, TariffRow)| match standing {
        Standing::Other => best(&row.code, None) == Some(Standing::Other),
        Standing::HeadOffice | Standing::Own => best(&row.code, Some(row.valid_from)) == Some(*standing),
    };
    let mut rows: Vec<TariffRow> = rows.iter().filter(|row| counts(row)).map(|(_, row)| row.clone()).collect();
    rows.dedup_by(|later, first| {
        (&later.code, later.valid_from, &later.text) == (&first.code, first.valid_from, &first.text)
    });
    Ok(PriceBook::read(rows.iter().map(|row| (row.file.as_str(), row.text.as_str()))))
}

/// The built-in years with the loaded ones over them: the head office's year counts, then this site's own, then another's. A
/// year loaded with two different texts of equal standing is not covered.
fn read_calendar(tx: &Tx<'_>) -> Result<Calendar, StoreError> {
    let mut calendar = Calendar::builtin();
    let mut rows = Vec::new();
    for row in tx.calendars()? {
        rows.push((tx.standing_of(row.id)?, row));
    }
    for (standing, row) in &rows {
        let mut same = rows.iter().filter(|(_, other)| other.year == row.year);
        if same.clone().any(|(other, _)| other < standing) {
            continue;
        }
        let clashes = same.any(|(other, with)| other == standing && with.text != row.text);
        if clashes || calendar.load(&row.file, &row.text).is_err() {
            calendar.forget(i32::try_from(row.year).unwrap_or_default());
        }
    }
    Ok(calendar)
}

impl Desk {
    /// The price book (价目册) as loaded.
    pub fn prices(&self) -> Result<Arc<PriceBook>, StoreError> {
        self.shelf.prices(&self.look()?)
    }

    /// The calendar: the built-in years and those loaded.
    pub fn calendar(&self) -> Result<Arc<Calendar>, StoreError> {
        self.shelf.calendar(&self.look()?)
    }
}

/// What of an account decides its price, from the narrow row a bill run reads.
pub fn pricing(account: &PricedAccount) -> Pricing<'_> {
    Pricing {
        utility: Utility::from_code(&account.utility).unwrap_or(Utility::Water),
        class: &account.class,
        confirmed: account.class_confirmed,
        mix: account.mix.as_deref(),
        discount: account.discount.as_deref(),
        opened: account.opened,
    }
}

/// What of an account decides its price.
pub fn pricing_of(account: &AccountRow) -> Pricing<'_> {
    Pricing {
        utility: Utility::from_code(&account.utility).unwrap_or(Utility::Water),
        class: &account.class,
        confirmed: account.class_confirmed,
        mix: account.mix.as_deref(),
        discount: account.discount.as_deref(),
        opened: account.opened,
    }
}

/// The tariffs an account pays on a day (R-072 … ).
pub fn shares_of(book: &PriceBook, account: &AccountRow, day: NaiveDate) -> Result<Vec<CodeShare>, Fault> {
    pricing::shares(book, &pricing_of(account), day)
}

/// The tariff an account's price leads with on a day; of a mix the largest share's.
pub fn leading_code(book: &PriceBook, account: &AccountRow, day: NaiveDate) -> Result<String, Fault> {
    let shares = shares_of(book, account, day)?;
    Ok(pricing::leading(&shares).map(|share| share.code.clone()).unwrap_or_default())
}

/// The tariff whose late-fee rule counts for what an account owes on a day. A discount changes the price, not the rule for
/// paying late, so a group without a tariff of its own takes that of its class.
pub fn late_code(book: &PriceBook, account: &AccountRow, day: NaiveDate) -> Result<String, Fault> {
    leading_code(book, account, day).or_else(|fault| {
        let without = Pricing { discount: None, ..pricing_of(account) };
        let shares = pricing::shares(book, &without, day).map_err(|_| fault)?;
        Ok(pricing::leading(&shares).map(|share| share.code.clone()).unwrap_or_default())
    })
}

/// Last day without late fee of a bill dated `dated` under a code: that many days after it, as the file valid then says.
pub fn due_of(book: &PriceBook, code: &str, dated: NaiveDate) -> Result<NaiveDate, Fault> {
    let days = book.at(code, dated)?.late_fee.as_ref().map_or(0, |rule| rule.due_days);
    dated
        .checked_add_days(chrono::Days::new(u64::from(days)))
        .ok_or_else(|| Fault::new("R-180", "日期太远，无法推算到期日"))
}

/// The late-fee rule of a bill: that of its tariff's file valid on its due date; an opening arrear without a tariff takes
/// that of the account's class.
pub fn late_rule<'b>(
    book: &'b PriceBook,
    account: &AccountRow,
    bill: &BillRow,
) -> Result<(&'b Tariff, &'b LateFeeRule), Fault> {
    let tariff = if bill.tariff.is_empty() {
        book.at(&late_code(book, account, bill.due)?, bill.due)?
    } else {
        book.at(&bill.tariff, bill.due)?
    };
    Ok((tariff, late_fee::rule_of(tariff)?))
}

/// The late fee on what a bill still owes, paid on `paid` (R-180 … ).
pub fn late_fee_of(book: &PriceBook, account: &AccountRow, bill: &BillRow, paid: NaiveDate) -> Result<LateFee, Fault> {
    let (_, rule) = late_rule(book, account, bill)?;
    late_fee::late_fee(rule, bill.unpaid, bill.due, paid)
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::rule(fault.rule, fault.message)
    }
}
