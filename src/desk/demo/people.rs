//! Accounts of the practice branch: the n-th account of a seed, whole, with check digits that are right.

use chrono::{Days, NaiveDate};

use super::chance::Chance;
use super::words::words;
use crate::book::seal::Keys;
use crate::derive::account::file::{AccountOpened, LastReading, MeterFacts};
use crate::desk::refusal::Refusal;
use crate::rules::money::Milli;

/// Homes on one floor of a building.
const HOMES_A_FLOOR: u64 = 2;
const FLOORS: u64 = 6;
const UNITS: u64 = 4;
const BUILDINGS: u64 = 20;
/// Homes of an estate: 960.
const HOMES_AN_ESTATE: u64 = HOMES_A_FLOOR * FLOORS * UNITS * BUILDINGS;
/// Every twelfth account of a book is on the street.
const STREET_EVERY: u64 = 12;

/// What the accounts of a demo have in common.
pub struct Town<'k> {
    /// The seed.
    pub seed: u64,
    /// Day of the last reading before the first cycle.
    pub first_reading: NaiveDate,
    /// Seals the ID numbers.
    pub keys: &'k Keys,
}

/// How one household or shop uses water: units a cycle, by season.
pub fn use_of(seed: u64, n: u64, cycle: u64) -> Milli {
    let mut who = Chance::of(seed, 1, n);
    let base = match kind_of(seed, n) {
        Kind::Home => who.between(8, 34),
        Kind::Shop => who.between(20, 120),
        Kind::Special => who.between(150, 600),
    };
    let mut when = Chance::of(seed, 2 + cycle, n);
    let season = [100, 95, 105, 125, 120, 100][usize::try_from(cycle % 6).unwrap_or(0)];
    if when.one_in(40) {
        return Milli::ZERO;
    }
    Milli::whole(base * season / 100 * when.between(80, 125) / 100)
}

/// Kinds of account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A home.
    Home,
    /// A shop, a firm, an institution.
    Shop,
    /// A special trade.
    Special,
}

/// The kind of the n-th account.
pub fn kind_of(seed: u64, n: u64) -> Kind {
    if n % STREET_EVERY != STREET_EVERY - 1 {
        return Kind::Home;
    }
    if Chance::of(seed, 90, n).one_in(12) { Kind::Special } else { Kind::Shop }
}

impl Town<'_> {
    /// The n-th account, from 0.
    pub fn account(&self, n: u64) -> Result<AccountOpened, Refusal> {
        let mut chance = Chance::of(self.seed, 50, n);
        let mut account = match kind_of(self.seed, n) {
            Kind::Home => self.home(n, &mut chance),
            kind @ (Kind::Shop | Kind::Special) => self.street(n, kind, &mut chance),
        };
        account.no = format!("{}", 10_000_000 + n);
        account.utility = "water".into();
        account.read_way = ["card", "handheld", "remote"][usize::try_from(n / 1000 % 3).unwrap_or(0)].into();
        account.class_confirmed = true;
        account.status = "正常".into();
        account.extra = "{}".into();
        if !chance.one_in(8) {
            account.mobile = Some(mobile(&mut chance));
        }
        if account.id_kind.as_deref() == Some("resident_id") {
            let id = resident_id(&mut chance);
            account.id_number = Some(self.keys.seal("resident_id", &id)?.to_text());
        }
        account.opened = self.first_reading.checked_sub_days(Days::new(400 + chance.below(5000)));
        account.meter = Some(self.meter(n, &mut chance, account.opened));
        let before = Milli::whole(chance.between(20, 4000));
        account.last_reading = Some(LastReading { day: self.first_reading, value: before, registers: Vec::new() });
        let recent: Vec<String> = (0..3).map(|cycle| use_of(self.seed, n, cycle + 3).to_string()).collect();
        account.recent = recent.join(";");
        Ok(account)
    }

    fn home(&self, n: u64, chance: &mut Chance) -> AccountOpened {
        let words = words();
        let home = n - n / STREET_EVERY;
        let (estate_no, place) = (home / HOMES_AN_ESTATE, home % HOMES_AN_ESTATE);
        let (building, rest) = (place / (HOMES_A_FLOOR * FLOORS * UNITS) + 1, place % (HOMES_A_FLOOR * FLOORS * UNITS));
        let (unit, rest) = (rest / (HOMES_A_FLOOR * FLOORS) + 1, rest % (HOMES_A_FLOOR * FLOORS));
        let (floor, door) = (rest / HOMES_A_FLOOR + 1, rest % HOMES_A_FLOOR + 1);
        let estate = estate_name(estate_no);
        let road = words.roads[usize::try_from(estate_no).unwrap_or(0) % words.roads.len()];
        let number = 12 + estate_no * 7 % 480;
        let room = format!("{floor}{door:02}");
        let book = format!("{:04}", 1 + estate_no % 9000);
        let name = if chance.one_in(60) { "用户".to_owned() } else { person(chance) };
        let bank = chance.one_in(5);
        AccountOpened {
            name,
            id_kind: Some("resident_id".into()),
            estate: estate.clone(),
            address: format!("{road}{number}号{estate}{building}幢{unit}单元{room}室"),
            area: Some("old".into()),
            building_kind: Some("multi".into()),
            route: format!("{book}{building:02}{unit}{room}"),
            building: building.to_string(),
            unit: unit.to_string(),
            room,
            book,
            class: "resident".into(),
            people: Some(chance.between(1, 7)),
            discount: None,
            method: if bank { "网上缴费" } else { "现金" }.into(),
            ..AccountOpened::default()
        }
    }

    fn street(&self, n: u64, kind: Kind, chance: &mut Chance) -> AccountOpened {
        let words = words();
        let street = n / STREET_EVERY;
        let road_no = usize::try_from(street / 240).unwrap_or(0);
        let road = words.roads[road_no % words.roads.len()];
        let number = 1 + street % 240 * 2;
        let surname = chance.pick(&words.surnames);
        let name = match kind {
            Kind::Special => format!("云泽市{surname}记{}", chance.pick(&words.special)),
            _ if chance.one_in(5) => format!("云泽市{}{}", &road[..road.len() - 3], chance.pick(&words.firms)),
            Kind::Home | Kind::Shop => format!("{surname}记{}", chance.pick(&words.shops)),
        };
        let book = format!("{:04}", 9000 + road_no % 1000);
        AccountOpened {
            name,
            id_kind: None,
            estate: String::new(),
            address: format!("{road}{number}号商铺"),
            area: Some("old".into()),
            building_kind: Some("multi".into()),
            route: format!("{book}{:02}1{:03}", road_no % 100, number % 1000),
            building: String::new(),
            unit: String::new(),
            room: String::new(),
            book,
            class: if kind == Kind::Special { "special" } else { "non_resident" }.into(),
            method: "现金".into(),
            ..AccountOpened::default()
        }
    }

    fn meter(&self, n: u64, chance: &mut Chance, fitted: Option<NaiveDate>) -> MeterFacts {
        MeterFacts {
            no: format!("M{:08}", n + 1),
            maker: chance.pick(&words().makers).to_owned(),
            model: "LXS".into(),
            calibre: ["15", "20", "15", "25"][usize::try_from(chance.below(4)).unwrap_or(0)].into(),
            dial: 5,
            direction: String::new(),
            fitted,
            first: Milli::ZERO,
            state: if chance.one_in(150) { "sealed" } else { "supplied" }.into(),
            seal: format!("F{:06}", chance.below(1_000_000)),
        }
    }
}

fn estate_name(no: u64) -> String {
    let words = words();
    let count = words.estates.len() as u64;
    let name = words.estates[usize::try_from(no % count).unwrap_or(0)];
    match no / count {
        0 => name.to_owned(),
        phase => format!("{name}{}期", phase + 1),
    }
}

fn person(chance: &mut Chance) -> String {
    let words = words();
    format!("{}{}", chance.pick(&words.surnames), chance.pick(&words.given))
}

fn mobile(chance: &mut Chance) -> String {
    let head = ["136", "139", "150", "158", "187", "131", "155", "186", "133", "189"];
    format!("{}{:08}", chance.pick(&head), chance.below(100_000_000))
}

/// A resident ID number with the right check digit (GB 11643); the person is invented.
pub fn resident_id(chance: &mut Chance) -> String {
    const WEIGHTS: [u64; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let region = ["110105", "310101", "430121", "360121", "510121"][usize::try_from(chance.below(5)).unwrap_or(0)];
    let head = format!(
        "{region}{}{:02}{:02}{:03}",
        chance.between(1945, 2004),
        chance.between(1, 12),
        chance.between(1, 28),
        chance.below(1000)
    );
    let sum: u64 = head.bytes().zip(WEIGHTS).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
    let check = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][usize::try_from(sum % 11).unwrap_or(0)];
    head + check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_accounts_and_their_numbers_are_right() {
        let keys = Keys::from_master([3; 32]);
        let first_reading = NaiveDate::from_ymd_opt(2025, 11, 5).unwrap();
        let town = Town { seed: 1, first_reading, keys: &keys };
        let mut routes = std::collections::BTreeSet::new();
        for n in 0..3000 {
            let account = town.account(n).unwrap();
            let again = town.account(n).unwrap();
            assert_eq!(
                (&account.name, &account.address, &account.mobile),
                (&again.name, &again.address, &again.mobile)
            );
            if account.class == "resident" {
                assert!(routes.insert(account.route.clone()), "{}", account.route);
            }
        }
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        for n in 0..200 {
            let id = resident_id(&mut Chance::of(7, 1, n));
            assert!(crate::rules::numbers::resident_id(&id, today).is_ok(), "{id}");
        }
    }
}
