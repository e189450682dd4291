//! An address that is not there brings no household under the bar, and a number that is none of a house finds no house.

use std::collections::HashSet;

use super::*;

/// Where a household of the made-up town lives: street and house, estate, building, unit, room.
type Home = (String, u64, String, [u64; 3]);

/// None of a shop.
fn home(address: &str) -> Option<Home> {
    let plain = crate::text::width::normal(address);
    let pieces = parts(&plain);
    let [road, house, estate, building, unit, room] = pieces.as_slice() else { return None };
    let number = |part: &crate::text::words::Part<'_>| part.text.parse().unwrap();
    let places = [number(building), number(unit), number(room)];
    Some((road.text.to_owned(), number(house), estate.text.to_owned(), places))
}

/// The same household with one number changed, or with its numbers in another order; also to a number that its address has elsewhere.
fn slips([house, building, unit, room]: [u64; 4]) -> Vec<[u64; 4]> {
    let right = [house, building, unit, room];
    let mut slips = Vec::new();
    for at in 0..4 {
        for other in [right[at] + 1, right[at] + 10, building * 10 + unit, house, building, unit, room, room / 100] {
            let mut slip = right;
            slip[at] = other.max(1);
            slips.push(slip);
        }
        for with in 0..at {
            let mut slip = right;
            slip.swap(at, with);
            slips.push(slip);
        }
    }
    slips.extend([[unit, house, building, room], [building, unit, room, house]]);
    slips.retain(|slip| *slip != right);
    slips
}

#[test]
fn of_twenty_thousand_households_none_is_under_the_bar_for_an_address_that_is_not_there() {
    const ALL: u64 = 20_000;
    let mut branch = Branch::town(ALL);
    (0..ALL).for_each(|n| branch.owes.set(Id(id(n))));
    let homes: Vec<Home> = (0..ALL).filter_map(|n| home(&sample::account(n).address)).collect();
    let whole: HashSet<&Home> = homes.iter().collect();
    // By what is said of it in short: the estate's first two characters.
    let short_of = |estate: &str| estate.chars().take(2).collect::<String>();
    let short: HashSet<(String, [u64; 3])> =
        homes.iter().map(|(.., estate, places)| (short_of(estate), *places)).collect();
    let (mut asked, mut near) = (0, 0);
    let mut refused = |text: &str| {
        let hits = branch.hits(text);
        asked += 1;
        near += usize::from(!hits.ids.is_empty());
        assert!(hits.ids.is_empty() || hits.answer != Answer::First, "{text}: {:?}", hits.ids.first().map(address_of));
    };
    for (road, house, estate, [building, unit, room]) in homes.iter().step_by(997) {
        for [h, b, u, r] in slips([*house, *building, *unit, *room]) {
            if !whole.contains(&(road.clone(), h, estate.clone(), [b, u, r])) {
                refused(&format!("{road}{h}号{estate}{b}幢{u}单元{r}室"));
            }
            let name = short_of(estate);
            if h == *house && !short.contains(&(name.clone(), [b, u, r])) {
                refused(&format!("{estate}{b}幢{u}单元{r}室"));
                refused(&format!("{name}{b}-{u}-{r}"));
                refused(&format!("{b}-{u}-{r} {name}"));
                refused(&format!("{name} {b} {u} {r}"));
            }
        }
    }
    assert!(asked > 1_000 && near * 10 > asked, "{near} of {asked} held the same numbers in other places");
}

fn address_of(id: &Id) -> String {
    sample::account(((id.0 / 512 - 10) * 150 + id.0 % 512) as u64).address
}

#[test]
fn a_household_that_is_there_is_under_the_bar_and_of_equal_ones_none_is() {
    let homes = ["4幢1单元502室", "4幢2单元502室", "3幢4单元502室", "5幢4单元402室", "14幢2单元502室", "2幢4单元501室"];
    let rows = homes.iter().zip(1..);
    let rows =
        rows.map(|(home, id)| account(id, &format!("2100{id:04}"), "用户", &format!("人民路12号光明小区{home}")));
    let mut branch = Branch::with(rows.collect());
    [3, 4, 5].iter().for_each(|id| branch.owes.set(Id(*id)));
    for (text, answer, first) in [
        ("光明小区4幢2单元502室", Answer::First, 2),
        ("光明4-2-502", Answer::First, 2),
        ("gm 4 2 502", Answer::First, 2),
        ("光明小区4幢502", Answer::Several, 1),
        ("光明4-502", Answer::Several, 1),
        ("光明 4 502", Answer::Several, 1),
        ("光明小区14幢502", Answer::First, 5),
        ("光明小区2幢14单元502室", Answer::Near, 5),
        ("光明小区4-5-402", Answer::Near, 4),
        ("光明小区2-502", Answer::Near, 5),
        ("光明小区2-4-50", Answer::Near, 6),
        ("光明", Answer::First, 3),
    ] {
        let hits = branch.hits(text);
        assert_eq!((hits.answer, hits.ids[0].0), (answer, first), "{text}: {:?}", hits.ids);
    }
    let ids = branch.find("光明4-502");
    assert!(ids.iter().position(|id| *id == 3) >= Some(2), "4幢 before 3幢4单元: {ids:?}");
}

#[test]
fn water_and_gas_of_one_household_were_several_households() {
    let homes = ["4幢2单元502室", "4幢2单元502室", "4幢2单元501室", "4幢1单元502室", "4幢1单元502室"];
    let rows = homes.iter().zip(1..);
    let rows =
        rows.map(|(home, id)| account(id, &format!("2100{id:04}"), "用户", &format!("人民路12号光明小区{home}")));
    let branch = Branch::with(rows.collect());
    for (text, answer) in [
        ("人民路12号光明小区4幢2单元502室", Answer::Accounts(2)),
        ("光明4-2-502", Answer::Accounts(2)),
        ("人民路12号光明小区4幢2单元501室", Answer::First),
        ("光明4-502", Answer::Several),
    ] {
        let hits = branch.hits(text);
        assert_eq!(hits.answer, answer, "{text}: {:?}", hits.ids);
    }
}

/// M00000431 without its letter, the tail of a receipt that is not there, a queue number that nobody parked.
#[test]
fn zeros_in_front_and_a_queue_number_find_no_house() {
    let phoned = |row, mobile: &str| Row { phones: [Some(mobile.to_owned()), None], ..row };
    let mut branch = Branch::with(vec![
        account(1, "10000430", "邱军", "民主巷18号"),
        account(2, "10000900", "李记服装店", "人民路431号"),
        account(3, "10000901", "商铺", "人民路465号"),
        account(4, "10000902", "白伟", "光明小区7幢1单元101室"),
        phoned(account(5, "10000903", "钱多", "民主巷19号"), "13812340465"),
        account(6, "10000904", "赵云", "光明小区9幢1单元0465"),
        account(7, "10000905", "007便利店", "民主巷20号"),
    ]);
    branch.meter(1, "M00000431");
    branch.meter(2, "M00100431");
    branch.db.reindex_search(|_| true).unwrap();
    [2, 3, 4].iter().for_each(|id| branch.owes.set(Id(*id)));
    for (text, ids) in [
        ("00000431", &[1][..]),
        ("00100431", &[2]),
        ("000431", &[]),
        ("000465", &[]),
        ("民主巷00000431", &[1]),
        ("人民路00465", &[]),
        ("0465", &[5, 6]),
        ("007便利店", &[7]),
        ("B7", &[]),
        ("b07", &[]),
        ("M0000", &[1]),
        ("bw7", &[4]),
        ("b 7", &[4, 7]),
    ] {
        let mut found = branch.find(text);
        found.sort_unstable();
        assert_eq!(found, ids, "{text}");
    }
}
