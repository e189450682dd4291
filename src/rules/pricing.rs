//! Which tariff an account pays on a day: by class, by the shares of a mix, by discount group, or whatever is the highest until
//! the class of a new account is confirmed.
//!
//! a new account pays the highest price among the classes in force on its opening date until its class is
//! confirmed. Which one is the highest hangs on the use: the bill is rated under every class ([`choices`]) and takes the largest
//! amount ([`largest`]). R-073: a mixed account is split by ratio, each share through its own ladder. R-074: a discount group names a
//! tariff of its own, the one whose `class` is the group's word; it takes the place of the resident tariff. A group without a
//! tariff is refused, and the bill is held: nobody's discount is dropped unnoticed.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::price_days::{self, Days, PricedDays, SetFrom};

use super::classes::{Discount, MIXED, is_group, parse_mix};
use super::fault::{Fault, shown};
use super::money::Fen;
use super::tariff::{PriceBook, Tariff};
use super::utility::Utility;

/// The class a discount group's tariff stands in for.
pub const RESIDENT: &str = "resident";

/// What of an account decides its price.
#[derive(Debug, Clone, Copy)]
pub struct Pricing<'a> {
    /// What is supplied.
    pub utility: Utility,
    /// Price class.
    pub class: &'a str,
    /// False while the highest price stands in.
    pub confirmed: bool,
    /// `resident:0.7;non_resident:0.3`, for class `mixed`.
    pub mix: Option<&'a str>,
    /// 优待类别.
    pub discount: Option<&'a str>,
    /// 开户日期: decides among which classes the highest price is looked for.
    pub opened: Option<NaiveDate>,
}

impl Pricing<'_> {
    /// The same class, mix and certainty?
    pub fn is(&self, other: &Pricing<'_>) -> bool {
        (self.class, self.confirmed, self.mix) == (other.class, other.confirmed, other.mix)
    }
}

/// Part of the use under one tariff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeShare {
    /// Tariff code.
    pub code: String,
    /// Part of the use, above 0, up to 1.
    pub ratio: Decimal,
}

/// The ways to price a bill of some days: one, or one a class for the days until the account's class is confirmed; then the bill is the
/// [`largest`]. A way is the prices of its days in order, split where a price that was set from a day begins.
pub fn choices(
    book: &PriceBook,
    account: &Pricing<'_>,
    set: &[SetFrom],
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Vec<Vec<PricedDays>>, Fault> {
    let days = price_days::split(account, set, first, last);
    let prices: Vec<_> = days.iter().map(|days| of_days(book, days)).collect::<Result<_, _>>()?;
    Ok(ways(&prices))
}

/// Every way to take one price for each of some days that follow one another.
pub fn ways(prices: &[Vec<PricedDays>]) -> Vec<Vec<PricedDays>> {
    let with = |way: &Vec<PricedDays>, price: &PricedDays| [way.as_slice(), std::slice::from_ref(price)].concat();
    prices.iter().fold(vec![Vec::new()], |ways, prices| {
        ways.iter().flat_map(|way| prices.iter().map(move |price| with(way, price))).collect()
    })
}

/// The prices that days of one price may have, looked for on the last of them.
pub fn of_days(book: &PriceBook, days: &Days<'_>) -> Result<Vec<PricedDays>, Fault> {
    let Days { first, last, price } = *days;
    if price.confirmed {
        let mix = price.mix.filter(|_| price.class == MIXED).map(str::to_owned);
        let shares = shares(book, &price, last)?;
        return Ok(vec![PricedDays { first, last, class: price.class.to_owned(), mix, highest: false, shares }]);
    }
    let made = |tariff: &Tariff| {
        let (class, shares) = (tariff.class.clone(), whole(tariff));
        PricedDays { first, last, class, mix: None, highest: true, shares }
    };
    Ok(classes_of_opening(book, &price, last)?.into_iter().map(made).collect())
}

/// Would the highest price of an account take this tariff in on a day, once it is in the book? Only the classes in force when the account
/// was opened count, and all of them where that day is not known or knows no such class.
pub fn takes_in(book: &PriceBook, account: &Pricing<'_>, tariff: &Tariff) -> bool {
    if tariff.utility != account.utility || is_group(&tariff.class) {
        return false;
    }
    let Some(opened) = account.opened else { return true };
    let then = book.classes(account.utility, opened);
    let has = |class: &str| then.iter().any(|other| other.class == class);
    tariff.covers(opened) || has(&tariff.class) || !has(account.class)
}

/// Of one bill rated under several prices the largest; of equal ones the first. A class that cannot rate it (no price on some
/// day, registers that nobody read) is no choice; when none can, the first says why.
pub fn largest<T>(rated: impl IntoIterator<Item = Result<T, Fault>>, amount: impl Fn(&T) -> Fen) -> Result<T, Fault> {
    let (mut best, mut first_fault) = (None, None);
    for one in rated {
        match one {
            Ok(bill) if best.as_ref().is_none_or(|best| amount(&bill) > amount(best)) => best = Some(bill),
            Ok(_) => {}
            Err(fault) => first_fault = first_fault.or(Some(fault)),
        }
    }
    let none = || first_fault.unwrap_or_else(|| Fault::new("A-07", "没有可用的价目，请先导入价目"));
    best.ok_or_else(none)
}

fn whole(tariff: &Tariff) -> Vec<CodeShare> {
    vec![CodeShare { code: tariff.code.clone(), ratio: Decimal::ONE }]
}

/// The tariffs an account pays on a day, with their ratios; one of ratio 1 unless it is mixed. Until the class is confirmed, when no
/// bill is at hand: that of the class dearest at the first step.
pub fn shares(book: &PriceBook, account: &Pricing<'_>, day: NaiveDate) -> Result<Vec<CodeShare>, Fault> {
    if !account.confirmed {
        let first = classes_of_opening(book, account, day)?.into_iter().next();
        return Ok(first.map(whole).unwrap_or_default());
    }
    let group = match account.discount.filter(|group| !group.is_empty()) {
        Some(group) => Some(group_named(group)?.tariff(book, account.utility, day)?),
        None => None,
    };
    if account.class != MIXED {
        return match group {
            Some(tariff) => Ok(whole(tariff)),
            None => book.of_class(account.utility, account.class, day).map(whole),
        };
    }
    let mut shares: Vec<CodeShare> = Vec::new();
    for (class, ratio) in parse_mix(account.mix.unwrap_or_default())? {
        let tariff = match group.filter(|_| class == RESIDENT) {
            Some(tariff) => tariff,
            None => book.of_class(account.utility, class, day)?,
        };
        shares.push(CodeShare { code: tariff.code.clone(), ratio });
    }
    Ok(shares)
}

fn group_named(text: &str) -> Result<Discount, Fault> {
    let unknown = || Fault::new("R-252", format!("优待类别“{}”没有定义，不能定价，请核对档案", shown(text)));
    Discount::from_label(text).ok_or_else(unknown)
}

/// The tariffs on `day` of the classes that were in force on the opening date, the dearest at the first step first. Of all classes in
/// force on `day` when none of those has a price any more, the date is unknown, or the price files do not reach back to it: then the
/// class on file has no price on it either. Never empty.
fn classes_of_opening<'b>(
    book: &'b PriceBook,
    account: &Pricing<'_>,
    day: NaiveDate,
) -> Result<Vec<&'b Tariff>, Fault> {
    let now = book.classes(account.utility, day);
    if now.is_empty() {
        return Err(Fault::new("A-07", format!("{day} 没有任何{}价目，请先导入价目", account.utility.label())));
    }
    let mut then = account.opened.map(|opened| book.classes(account.utility, opened)).unwrap_or_default();
    if !then.iter().any(|tariff| tariff.class == account.class) {
        then.clear();
    }
    let known = |tariff: &&Tariff| then.iter().any(|other| other.class == tariff.class);
    let both: Vec<&Tariff> = now.iter().copied().filter(known).collect();
    Ok(if both.is_empty() { now } else { both })
}

/// The share whose late-fee rule counts for a bill: the largest, of equal ones the first.
pub fn leading(shares: &[CodeShare]) -> Option<&CodeShare> {
    shares.iter().reduce(|best, other| if other.ratio > best.ratio { other } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tariff::builtin::price_book;

    fn day() -> NaiveDate {
        "2026-10-12".parse().unwrap()
    }

    fn resident() -> Pricing<'static> {
        Pricing {
            utility: Utility::Water,
            class: RESIDENT,
            confirmed: true,
            mix: None,
            discount: None,
            opened: Some("2014-05-01".parse().unwrap()),
        }
    }

    fn codes(account: &Pricing<'_>) -> Result<String, Fault> {
        let shares = shares(&price_book(), account, day())?;
        Ok(shares.iter().map(|share| format!("{}×{}", share.code, share.ratio)).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_class_names_the_tariff() {
        assert_eq!(codes(&resident()).unwrap(), "BJ-WATER-RES-2014×1");
        assert_eq!(codes(&Pricing { class: "special", ..resident() }).unwrap(), "SAMPLE-WATER-SPECIAL×1");
        assert_eq!(codes(&Pricing { class: "heating", ..resident() }).unwrap_err().rule, "R-036");
    }

    #[test]
    fn a_mix_names_one_tariff_a_share_and_must_add_up() {
        let mixed = |mix| Pricing { class: MIXED, mix: Some(mix), ..resident() };
        assert_eq!(
            codes(&mixed("resident:0.7;non_resident:0.3")).unwrap(),
            "BJ-WATER-RES-2014×0.7 SAMPLE-WATER-NONRES×0.3"
        );
        for bad in ["", "resident:0.7", "resident:0.7;non_resident:0.4", "resident=1", "resident:-1;special:2"] {
            assert_eq!(codes(&mixed(bad)).unwrap_err().rule, "R-248", "{bad}");
        }
    }

    #[test]
    fn a_discount_group_without_a_tariff_is_refused_and_never_forgotten() {
        let poor = Pricing { discount: Some("特困"), ..resident() };
        assert_eq!(codes(&poor).unwrap_err().rule, "R-252");
        let own = "code = \"HARD\"\nname = \"特困水价\"\nutility = \"water\"\nunit = \"m3\"\nclass = \"特困\"\nvalid_from = 2015-01-01\n\
                   document = \"d\"\ncycle = \"year\"\n[[component]]\nkey = \"w\"\nname = \"水费\"\nsteps = [ { price = \"1\" } ]\n";
        let mut book = price_book();
        book.read_file("hard.toml", own);
        assert_eq!(shares(&book, &poor, day()).unwrap()[0].code, "HARD");
        let mixed = Pricing { class: MIXED, mix: Some("resident:0.5;special:0.5"), ..poor };
        assert_eq!(shares(&book, &mixed, day()).unwrap()[0].code, "HARD");
    }

    #[test]
    fn a_new_account_pays_the_highest_price_until_its_class_is_confirmed() {
        let new = Pricing { confirmed: false, ..resident() };
        let dearest = price_book().dearest(Utility::Water, day()).unwrap().code.clone();
        assert_eq!(codes(&new).unwrap(), format!("{dearest}×1"));
        let early = Pricing { opened: Some("1999-01-01".parse().unwrap()), ..new };
        assert_eq!(codes(&early).unwrap(), format!("{dearest}×1"), "no price on the opening date: that of the day");
    }
}
