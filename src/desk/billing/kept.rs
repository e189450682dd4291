//! The price a bill was calculated with, as it says itself. A bill rated again keeps it, and so does a bill in the place of a cancelled
//! one: what decides a price changes by special handling.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::Ledger;
use crate::derive::account::bill::{BillIssued, BillLine, EarlierPrice};
use crate::rules::classes::{Discount, MIXED};
use crate::rules::fault::Fault;
use crate::rules::price_days::{self, Days, PricedDays};
use crate::rules::pricing::{self, CodeShare, Pricing};
use crate::rules::tariff::PriceBook;

/// What it is read with.
#[derive(Clone, Copy)]
pub struct Kept<'k> {
    /// The price book.
    pub book: &'k PriceBook,
    /// The account as it is now.
    pub account: Pricing<'k>,
    /// Its billing so far.
    pub ledger: &'k Ledger,
}

/// What each tariff of a bill took: its first component, and how much.
type Took = BTreeMap<String, (String, Decimal)>;

impl Kept<'_> {
    /// The ways to price what takes the place of a cancelled bill: the classes it was calculated with, at what they cost now.
    pub fn ways(&self, bill: &BillIssued) -> Result<Vec<Vec<PricedDays>>, Fault> {
        let days = self.own(bill)?.into_iter().filter(|days| days.first <= days.last);
        let prices: Vec<_> = days.map(|days| self.alike(self.now(days))).collect::<Result<_, _>>()?;
        Ok(pricing::ways(&prices))
    }

    /// Days under the tariffs that their classes have now: a price file that came late may have another code.
    fn now(&self, days: PricedDays) -> PricedDays {
        let code = |code: &str| {
            let class = self.book.tariffs().filter(|tariff| tariff.code == code).last()?.class.as_str();
            Some(self.book.of_class(self.account.utility, class, days.last).ok()?.code.clone())
        };
        let share = |share: &CodeShare| CodeShare {
            code: code(&share.code).unwrap_or_else(|| share.code.clone()),
            ratio: share.ratio,
        };
        PricedDays { shares: days.shares.iter().map(share).collect(), ..days }
    }

    /// The prices a bill was calculated with.
    pub fn own(&self, bill: &BillIssued) -> Result<Vec<PricedDays>, Fault> {
        let took = took(bill);
        let (mut way, mut first) = (Vec::with_capacity(1), bill.first_day);
        for EarlierPrice { last, class, mix, tariff, highest } in bill.earlier.clone() {
            let shares = match &mix {
                Some(mix) => self.of_mix(mix, last, &took)?,
                None => vec![CodeShare { code: tariff, ratio: Decimal::ONE }],
            };
            way.push(PricedDays { first, last, class, mix, highest, shares });
            first = first.max(last.succ_opt().unwrap_or(last));
        }
        way.push(PricedDays {
            first,
            last: bill.last_day,
            class: bill.class.clone(),
            mix: bill.mix.clone(),
            highest: bill.at_highest(),
            shares: self.own_shares(bill, &took)?,
        });
        Ok(way)
    }

    /// The tariffs of a mix, under the discount group whose tariffs the lines show: the file may name another by now.
    fn of_mix(&self, mix: &str, day: chrono::NaiveDate, took: &Took) -> Result<Vec<CodeShare>, Fault> {
        let under = |discount| {
            let price = Pricing { class: MIXED, mix: Some(mix), confirmed: true, discount, ..self.account };
            pricing::shares(self.book, &price, day)
        };
        let codes: BTreeSet<&str> = took.keys().map(String::as_str).collect();
        let shown = |shares: &Vec<CodeShare>| shares.iter().all(|share| codes.contains(share.code.as_str()));
        let groups = [self.account.discount, None].into_iter().chain(Discount::ALL.map(|group| Some(group.label())));
        let mut fitting = groups.filter_map(|discount| under(discount).ok().filter(shown));
        fitting.next().map_or_else(|| under(self.account.discount), Ok)
    }

    /// What days may be rated under now: their own price, or, where the class was not confirmed, that of any class: confirmed since, it is
    /// not the price of the days before, and by special handling only.
    pub fn alike(&self, days: PricedDays) -> Result<Vec<PricedDays>, Fault> {
        match self.at_highest(&days) {
            Some(price) => pricing::of_days(self.book, &Days { first: days.first, last: days.last, price }),
            None => Ok(vec![days]),
        }
    }

    /// The price of days under which the highest is looked for; none where they have their own. They say it themselves; those of an older
    /// bill do not, and then the account's price of then does.
    pub fn at_highest(&self, days: &PricedDays) -> Option<Pricing<'_>> {
        let known = price_days::split(&self.account, &self.ledger.prices, days.first, days.last);
        let own = !days.highest && known.iter().any(|known| known.price.confirmed);
        (!own).then(|| Pricing { confirmed: false, ..self.ledger.price_on(days.last) })
    }

    /// The tariffs that the last days of a bill were calculated with: its own, or the shares of its mix, as the bill says. An older bill
    /// does not say it, and the mix of the file may be another by now: then the shares are those that its lines show.
    fn own_shares(&self, bill: &BillIssued, took: &Took) -> Result<Vec<CodeShare>, Fault> {
        if let Some(mix) = &bill.mix {
            return self.of_mix(mix, bill.last_day, took);
        }
        if (took.len() <= 1 || !bill.earlier.is_empty()) && bill.class != MIXED {
            return Ok(vec![CodeShare { code: bill.tariff.clone(), ratio: Decimal::ONE }]);
        }
        if self.account.class == MIXED {
            let shares = pricing::shares(self.book, &Pricing { confirmed: true, ..self.account }, bill.last_day)?;
            let volume = bill.volume.decimal();
            let agrees = |share: &CodeShare| {
                let quantity = took.get(&share.code).map_or(Decimal::ZERO, |(_, quantity)| *quantity);
                (quantity - volume * share.ratio).abs() < Decimal::new(1, 3)
            };
            if shares.iter().all(agrees) {
                return Ok(shares);
            }
        }
        shares_of_lines(took, bill.volume.decimal()).ok_or_else(|| {
            Fault::new("R-248", "这张账单按混用比例计价，而档案的比例已不同，明细也看不出原来的比例，请先核对价格类别")
        })
    }
}

fn took(bill: &BillIssued) -> Took {
    let code = |line: &BillLine| {
        let code = line.tariff.split('@').next().unwrap_or_default();
        if code.is_empty() { bill.tariff.clone() } else { code.to_owned() }
    };
    let mut took = Took::new();
    for line in &bill.lines {
        // Every component of a tariff has the whole of its share; the first tells it.
        let (component, quantity) = took.entry(code(line)).or_insert_with(|| (line.component.clone(), Decimal::ZERO));
        if *component == line.component {
            *quantity += line.quantity.parse::<Decimal>().unwrap_or_default();
        }
    }
    took
}

/// What part of the use each tariff took; `None` when the lines do not tell it.
fn shares_of_lines(took: &Took, volume: Decimal) -> Option<Vec<CodeShare>> {
    let share = |(code, (_, quantity)): (&String, &(String, Decimal))| {
        Some(CodeShare { code: code.clone(), ratio: quantity.checked_div(volume)?.round_dp(4) })
    };
    let shares: Vec<CodeShare> = took.iter().map(share).collect::<Option<_>>()?;
    (shares.iter().map(|share| share.ratio).sum::<Decimal>() == Decimal::ONE).then_some(shares)
}
