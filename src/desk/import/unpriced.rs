//! Customers whose class has no price: the file of before confirms it, and every bill would be held until a price is loaded.
//! The desk refuses such a class; a file is told how many have it. A branch that has no price of the utility yet is not told.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::derive::account::file::AccountOpened;
use crate::desk::billing::doubt::CLOSED;
use crate::inbound::rows::CustomerRow;
use crate::inbound::rows::customer::Standing;
use crate::rules::classes;
use crate::rules::pricing::{self, Pricing};
use crate::rules::tariff::PriceBook;
use crate::rules::utility::Utility;

/// What decides the price of a row: utility, class, mix, discount.
type Terms = (&'static str, String, Option<String>, Option<String>);

/// Why bills of a class, mix and discount would be held; none while there is no price of the utility at all.
fn why(
    prices: &PriceBook,
    day: NaiveDate,
    utility: Utility,
    (class, mix, discount): (&str, Option<&str>, Option<&str>),
) -> Option<String> {
    if prices.classes(utility, day).is_empty() {
        return None;
    }
    let pricing = Pricing { utility, class, confirmed: true, mix, discount, opened: None };
    pricing::shares(prices, &pricing, day).err().map(|fault| fault.message)
}

/// The same of one customer who comes in by himself, in a sentence.
pub(in crate::desk) fn of_one(prices: &PriceBook, day: NaiveDate, body: &AccountOpened) -> Option<String> {
    let utility = Utility::from_code(&body.utility).filter(|_| body.status != CLOSED)?;
    let terms = (body.class.as_str(), body.mix.as_deref(), body.discount.as_deref());
    let class = classes::label(&body.class);
    let why = why(prices, day, utility, terms)?;
    Some(format!("“{class}”户 {} 的账单会挂起：{why} (import tariffs)，或核对该户的价格类别", body.no))
}

/// Counts them.
pub(super) struct Unpriced {
    prices: Arc<PriceBook>,
    day: NaiveDate,
    /// Label of the class as the file has it, why there is no price, and how many rows.
    found: BTreeMap<Terms, Option<(String, String, u64)>>,
}

impl Unpriced {
    pub(super) fn new(prices: Arc<PriceBook>, day: NaiveDate) -> Self {
        Self { prices, day, found: BTreeMap::new() }
    }

    /// Looks at a good row.
    pub(super) fn look(&mut self, row: &CustomerRow) {
        if row.standing == Standing::Closed {
            return;
        }
        let shares: Vec<(&str, _)> = row.mix.iter().map(|(class, ratio)| (class.as_str(), *ratio)).collect();
        let mix = (!shares.is_empty()).then(|| classes::mix_text(&shares));
        let terms = (row.utility.code(), row.class.clone(), mix, row.discount.clone());
        if !self.found.contains_key(&terms) {
            let why = self.why(row.utility, &terms);
            self.found.insert(terms.clone(), why.map(|why| (row.class_label.clone(), why, 0)));
        }
        if let Some(Some((_, _, rows))) = self.found.get_mut(&terms) {
            *rows += 1;
        }
    }

    fn why(&self, utility: Utility, (_, class, mix, discount): &Terms) -> Option<String> {
        why(&self.prices, self.day, utility, (class, mix.as_deref(), discount.as_deref()))
    }

    /// What a person should know, one sentence for a class and its reason.
    pub(super) fn into_notes(self) -> impl Iterator<Item = String> {
        let mut told: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (class, why, rows) in self.found.into_values().flatten() {
            *told.entry((class, why)).or_default() += rows;
        }
        told.into_iter().map(|((class, why), rows)| {
            format!("“{class}”有{rows}户的账单会挂起：{why} (import tariffs)，或核对这些户的价格类别")
        })
    }
}
