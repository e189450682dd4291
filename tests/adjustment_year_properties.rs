//! Random ladders, several bills over two years, volumes and prices put right, bills cancelled and issued again, new readings between:
//! every bill is what a small calculation of this test's own makes of the year's corrected use in order, and what is billed is always
//! what the meter's last reading says.

mod support;

use chrono::{Datelike, Days, NaiveDate};
use meterdesk::store::tables::billing::BillRow;
use proptest::prelude::*;
use serde_json::json;
use support::adjust::act_at;
use support::ladder::{NO, account, all, given, readings, tariff, yearly};
use support::orders::Book;
use support::till::sound;

/// What somebody does.
#[derive(Debug, Clone)]
enum Step {
    Volumes(bool, Vec<(usize, i64)>),
    Mix(Vec<usize>, i64),
    Again(usize),
    Next(u64, i64),
}

/// A bill as this test reckons.
#[derive(Debug, Clone)]
struct Model {
    first: NaiveDate,
    last: NaiveDate,
    volume: i64,
    /// Percent of the residents' ladder; the rest is flat.
    percent: i64,
}

/// Bounds in units and prices in fen.
#[derive(Debug, Clone)]
struct Ladder {
    bounds: [i64; 2],
    prices: [i64; 3],
    flat: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let volumes = prop::collection::vec((0usize..9, 0i64..160), 1..4);
    prop_oneof![
        5 => (any::<bool>(), volumes).prop_map(|(v1, list)| Step::Volumes(v1, list)),
        2 => (prop::collection::vec(0usize..9, 1..3), 1i64..100).prop_map(|(list, percent)| Step::Mix(list, percent)),
        3 => (0usize..9).prop_map(Step::Again),
        2 => (20u64..60, 0i64..160).prop_map(|(days, use_now)| Step::Next(days, use_now)),
    ]
}

fn ladder() -> impl Strategy<Value = Ladder> {
    (10i64..150, 10i64..150, 100i64..900, 1i64..400, 1i64..400, 100i64..2_000).prop_map(
        |(one, two, price, more, most, flat)| Ladder {
            bounds: [one, one + two],
            prices: [price, price + more, price + more + most],
            flat,
        },
    )
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn days(first: NaiveDate, last: NaiveDate) -> i128 {
    i128::from((last - first).num_days() + 1)
}

/// Days of a bill within a year.
fn within(bill: &Model, year: i32) -> i128 {
    let first = bill.first.max(NaiveDate::from_ymd_opt(year, 1, 1).unwrap());
    let last = bill.last.min(NaiveDate::from_ymd_opt(year, 12, 31).unwrap());
    if first > last { 0 } else { days(first, last) }
}

/// Nearest whole number, halves up.
fn nearest(over: i128, under: i128) -> i128 {
    (2 * over + under).div_euclid(2 * under)
}

/// Fen of every bill: the year's use in order through the ladder.
fn reckon(ladder: &Ladder, bills: &[Model]) -> Vec<i64> {
    let amount = |(at, bill): (usize, &Model)| {
        let year = bill.first.year();
        // Thousandths of a unit used before in the year, as a fraction; a bill over the new year by its days.
        let (mut before, mut of) = (0i128, 1i128);
        for earlier in &bills[..at] {
            let (share, all) =
                (i128::from(earlier.volume) * 1000 * within(earlier, year), days(earlier.first, earlier.last));
            (before, of) = match share % all {
                0 => (before + share / all * of, of),
                _ => (before * all + share * of, of * all),
            };
        }
        // All quantities in parts: a thousandth ÷ 100 (percent) ÷ days of the bill ÷ the fraction's parts.
        let all = days(bill.first, bill.last);
        let part = 100 * all * of;
        let mut sum = 0i128;
        for (percent, prices, bounds) in [
            (bill.percent, ladder.prices, [ladder.bounds[0], ladder.bounds[1]]),
            (100 - bill.percent, [ladder.flat; 3], [i64::MAX >> 20, i64::MAX >> 19]),
        ] {
            let mut stands = before * i128::from(percent) * all;
            for of_year in [year, year + 1] {
                let used = i128::from(bill.volume) * 1000 * i128::from(percent) * within(bill, of_year) * of;
                if of_year != year {
                    stands = 0;
                }
                let tops = [i128::from(bounds[0]) * 1000 * part, i128::from(bounds[1]) * 1000 * part, i128::MAX >> 8];
                let mut low = stands;
                for (top, price) in tops.into_iter().zip(prices) {
                    let high = top.min(stands + used).max(low);
                    sum += (high - low) * i128::from(price);
                    low = high;
                }
                stands += used;
            }
        }
        i64::try_from(nearest(sum, 1000 * part)).unwrap()
    };
    bills.iter().enumerate().map(amount).collect()
}

fn living(book: &Book) -> Vec<BillRow> {
    let tx = book.desk.look().unwrap();
    let account = tx.account_of_text(NO).unwrap().unwrap().id;
    let mut rows = tx.scan::<BillRow>(&[&account]).unwrap();
    rows.retain(|row| row.state == "open" || row.state == "paid");
    rows.sort_by_key(|row| row.last_day);
    rows
}

fn end(book: &Book) -> (NaiveDate, i64) {
    let last = readings(book).pop().unwrap();
    let (on, value) = last.split_once(' ').unwrap();
    (day(on), value.parse().unwrap())
}

fn adjusted(book: &mut Book, case: &serde_json::Value) -> bool {
    let asked = match book.try_act("demo", "adjustment.request", case) {
        Ok((_, asked)) => asked,
        // A share of all a bill's use in one class is no mix.
        Err(_) if case["kind"] == "P1" => return false,
        Err(refusal) => panic!("{case}: {refusal}"),
    };
    let yes = json!({ "request": asked["request"], "approve": true });
    book.act("check", "adjustment.check", yes.clone());
    book.act("chief", "adjustment.decide", yes);
    true
}

/// Percent of the residents' ladder from each day on, in the order of days.
type Prices = Vec<(NaiveDate, i64)>;

fn percent_on(prices: &Prices, day: NaiveDate) -> i64 {
    prices.iter().rev().find(|(from, _)| *from <= day).map_or(100, |(_, percent)| *percent)
}

/// Does a step and notes it in the model.
fn walk(book: &mut Book, bills: &mut Vec<Model>, prices: &mut Prices, step: &Step) {
    let rows = living(book);
    let place = |at: &usize| at % rows.len();
    match step {
        Step::Volumes(v1, list) => {
            let mut wanted: Vec<(usize, i64)> = Vec::new();
            for (at, volume) in list {
                let at = place(at);
                if bills[at].volume != *volume && wanted.iter().all(|(known, _)| *known != at) {
                    wanted.push((at, *volume));
                }
            }
            if wanted.is_empty() {
                return;
            }
            let named: Vec<_> = wanted.iter().map(|(at, _)| rows[*at].id).collect();
            let volumes: Vec<String> = wanted.iter().map(|(_, volume)| volume.to_string()).collect();
            let case = json!({ "kind": if *v1 { "V1" } else { "V4" }, "account": NO, "bills": named,
                "change": { "volumes": volumes }, "evidence": "凭据" });
            if !adjusted(book, &case) {
                return;
            }
            wanted.iter().for_each(|(at, volume)| bills[*at].volume = *volume);
        }
        Step::Mix(list, part) => {
            let mut places: Vec<usize> = list.iter().map(place).collect();
            places.dedup();
            let named: Vec<_> = places.iter().map(|at| rows[*at].id).collect();
            let case = json!({ "kind": "P1", "account": NO, "bills": named, "evidence": "凭据",
                "change": { "mix": format!("居民{part}%;非居民{}%", 100 - part) } });
            if adjusted(book, &case) {
                places.iter().for_each(|at| bills[*at].percent = *part);
                // Not said, its first day is that of the oldest bill named; from then on nothing else counts.
                let from = places.iter().map(|at| bills[*at].first).min().unwrap();
                prices.retain(|(day, _)| *day < from);
                prices.push((from, *part));
            }
        }
        Step::Again(at) => {
            let at = place(at);
            let cancel = json!({ "bill": rows[at].id, "account": NO, "reason": "重出" });
            // A bill of nothing has nothing to cancel.
            if book.try_act("room", "bill.cancel", &cancel).is_ok() {
                // At the price it had, whatever the account's is by now.
                let issued = book.act("room", "bill.issue", json!({ "account": NO }));
                let due = rows[at].due.to_string();
                assert!(rows[at].amount.0 == 0 || issued["due"] == json!(due), "the due date stays");
            }
        }
        Step::Next(on, used) => {
            let (was, value) = end(book);
            let on = was + Days::new(*on);
            if on <= day("2026-11-20") {
                let percent = percent_on(prices, was + Days::new(1));
                read(book, bills, on, value + used, percent);
            }
        }
    }
}

fn read(book: &mut Book, bills: &mut Vec<Model>, on: NaiveDate, value: i64, percent: i64) {
    let (was, before) = end(book);
    let reading = json!({ "account": NO, "value": value.to_string(), "date": on, "confirm": true });
    let at = on.to_string();
    act_at(book, &at, "room", "reading.enter", reading).unwrap();
    act_at(book, &at, "room", "bill.issue", json!({ "account": NO })).unwrap();
    bills.push(Model { first: was + Days::new(1), last: on, volume: value - before, percent });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(24), max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_year_is_its_corrected_use_in_order(
        ladder in ladder(), first in prop::collection::vec((25u64..110, 0i64..160), 3..8),
        steps in prop::collection::vec(step(), 1..9),
    ) {
        let price = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
        let [one, two] = ladder.bounds;
        let [low, middle, high] = ladder.prices.map(price);
        let files = [
            tariff("resident", "water", "2014-05-01", &yearly(&format!(
                "{{ upto = \"{one}\", price = \"{low}\" }}, {{ upto = \"{two}\", price = \"{middle}\" }}, {{ price = \"{high}\" }}"
            ))),
            tariff("non_resident", "water", "2014-05-01", &yearly(&format!("{{ price = \"{}\" }}", price(ladder.flat)))),
        ];
        let mut book = given(&files, &account("water", "2020-01-01", true, Some(("2024-12-31", 1_000))));
        let (mut bills, mut prices) = (Vec::new(), Prices::new());
        for (gap, used) in &first {
            let (was, value) = end(&book);
            read(&mut book, &mut bills, was + Days::new(*gap), value + used, 100);
        }
        for step in &steps {
            walk(&mut book, &mut bills, &mut prices, step);
            let got: Vec<(i64, i64)> =
                all(&book).iter().map(|bill| (bill.volume.0 / 1000, bill.amount.0)).collect();
            let wanted: Vec<(i64, i64)> =
                bills.iter().map(|bill| bill.volume).zip(reckon(&ladder, &bills)).collect();
            prop_assert_eq!(&got, &wanted, "after {:?}", step);
            let used: i64 = bills.iter().map(|bill| bill.volume).sum();
            prop_assert_eq!(end(&book).1, 1_000 + used, "no unit lost, none twice");
        }
        sound(&book);
    }
}
