//! The two sides of a bill in the picture: what it owes with its late fee, and its lines paired.

use chrono::NaiveDate;

use crate::derive::account::bill::{BillIssued, BillLine};
use crate::desk::till::due::{Due, late_fee_of};
use crate::rules::adjustment::picture::{self, LinePair, LineSide, PlainLine, Side};
use crate::rules::billing::registers;
use crate::rules::classes;
use crate::rules::money::Fen;
use crate::rules::part_payment::Earlier;
use crate::rules::tariff::PriceBook;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BillRow;

/// The side of a bill as it is.
pub fn as_it_is(due: &Due, class: &str) -> Side {
    let bill = &due.bill;
    side(bill, class, due.late.as_ref().map_or(0, |late| late.fee.days), due.fee())
}

/// The row a replacing bill would have: paid parts gone over.
pub fn replacing(old: &BillRow, new: &BillIssued) -> BillRow {
    let paid = (old.amount - old.unpaid).min(new.amount);
    BillRow {
        volume: new.volume,
        amount: new.amount,
        unpaid: new.amount - paid,
        tariff: new.tariff.clone(),
        kind: new.kind.clone(),
        ..old.clone()
    }
}

/// The side of a bill that is not there yet.
pub fn as_it_would_be(
    book: &PriceBook,
    account: &AccountRow,
    row: &BillRow,
    earlier: Earlier,
    class: &str,
    day: NaiveDate,
) -> Side {
    let late = late_fee_of(book, account, row, earlier, day);
    let fee = late.as_ref().map_or(Fen::ZERO, |late| late.fee.fee);
    side(row, class, late.as_ref().map_or(0, |late| late.fee.days), fee)
}

fn side(row: &BillRow, class: &str, days: i64, fee: Fen) -> Side {
    let late_fee = if row.unpaid > Fen::ZERO { fee } else { Fen::ZERO };
    Side {
        class: classes::label(class).to_owned(),
        volume: row.volume,
        amount: row.amount,
        paid: row.amount - row.unpaid,
        days: if row.unpaid > Fen::ZERO { days } else { 0 },
        late_fee,
        owed: row.unpaid + late_fee,
    }
}

/// The lines of both bills side by side, with words for people: `水费 一级`; `居民水费 一级` where a bill has several prices in turn.
pub fn pairs(book: &PriceBook, old: &BillIssued, new: &BillIssued) -> Vec<LinePair> {
    let in_turn = !(old.earlier.is_empty() && new.earlier.is_empty());
    let lines = |bill: &BillIssued| bill.lines.iter().map(|line| plain(book, bill, line, in_turn)).collect::<Vec<_>>();
    picture::pair(&lines(old), &lines(new))
}

fn plain(book: &PriceBook, bill: &BillIssued, line: &BillLine, in_turn: bool) -> PlainLine {
    let (code, since) = line.tariff.split_once('@').unwrap_or((&bill.tariff, ""));
    let tariff = book.at(code, since.parse().unwrap_or(bill.last_day)).ok();
    let component = tariff.and_then(|tariff| tariff.components.iter().find(|one| one.key == line.component));
    let name = component.map_or(line.component.as_str(), |component| component.name.as_str());
    let class = tariff.map(|tariff| classes::label(&tariff.class)).filter(|_| in_turn).unwrap_or_default();
    let now = book.at(code, bill.last_day).ok().map(|tariff| tariff.valid_from);
    let other_file = !since.is_empty() && (!in_turn || tariff.map(|tariff| tariff.valid_from) != now);
    let from = if other_file { format!(" {since} 起") } else { String::new() };
    PlainLine {
        tariff: tariff.map_or_else(|| code.to_owned(), |tariff| format!("{code}@{}", tariff.valid_from)),
        // Lines of a register pair with lines of the same one.
        component: [line.component.as_str(), &line.register].join("/"),
        step: line.step,
        label: format!("{class}{name} {}级{}{from}", numeral(line.step), registers::label(&line.register)),
        side: LineSide { quantity: line.quantity.clone(), price: line.price.clone(), amount: line.amount },
    }
}

/// 一 二 三 …
fn numeral(step: u32) -> String {
    const NUMERALS: [&str; 9] = ["一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let word = step.checked_sub(1).and_then(|at| NUMERALS.get(at as usize));
    word.map_or_else(|| step.to_string(), |word| (*word).to_owned())
}
