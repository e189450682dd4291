//! What the keying of reading cards shows: the cards of a book in walking order, what was keyed, the totals.

use chrono::NaiveDate;

use super::Desk;
use super::refusal::Refusal;
use crate::rules::billing::BillCycle;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::store::Tx;
use crate::store::tables::account::ReadingRow;
use crate::store::tables::billing_facts::CardRow;

/// A card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardLine {
    /// The account.
    pub account: Id,
    /// 抄表序号.
    pub route: String,
    /// 户号.
    pub no: String,
    /// 户名.
    pub name: String,
    /// 地址.
    pub address: String,
    /// The last reading; of a card that is done, the one before.
    pub last: Option<Milli>,
    /// Keyed by this person in the first round: what.
    pub own_first: Option<Milli>,
    /// Somebody keyed it once.
    pub keyed: bool,
    /// The reading it made.
    pub posted: Option<Milli>,
    /// The second keying differed from the first and was insisted on.
    pub differed: bool,
}

/// A book of cards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardBook {
    /// 抄表册号.
    pub book: String,
    /// Cards in walking order.
    pub cards: Vec<CardLine>,
    /// Who keyed the first round, and when.
    pub first: Option<(String, NaiveDate)>,
    /// The person at the desk keyed it: then the second round is another's.
    pub first_is_own: bool,
}

/// Books of the branch, in order.
pub fn books(desk: &Desk) -> Result<Vec<String>, Refusal> {
    Ok(desk.look()?.books()?)
}

/// What the reading was before this one.
fn before(tx: &Tx<'_>, account: Id, reading: Id) -> Result<Option<Milli>, Refusal> {
    let readings = tx.scan::<ReadingRow>(&[&account])?;
    Ok(readings.iter().take_while(|row| row.id != reading).last().map(|row| row.value))
}

/// The first keying that the second was compared with.
fn first_of(keyed: &[CardRow]) -> Option<Milli> {
    keyed.iter().filter(|row| !row.posted).max_by_key(|row| row.id).map(|row| row.value)
}

/// The cards of a book in the cycle of a day.
pub fn book(desk: &Desk, book: &str, day: NaiveDate) -> Result<CardBook, Refusal> {
    let tx = desk.look()?;
    let own = desk.session().map(|session| session.user.to_string()).unwrap_or_default();
    let cycle = BillCycle::of(day).to_string();
    let mut found = CardBook { book: book.to_owned(), ..CardBook::default() };
    let mut first: Option<CardRow> = None;
    for card in tx.cards_of_book(book)? {
        let keyed = tx.scan::<CardRow>(&[&card.id, &cycle])?;
        let last = tx.last_reading(card.id)?;
        // Registers are read at the screen of one reading: their card is done when that reading is there.
        let timed =
            last.as_ref().filter(|row| !row.registers.is_empty() && BillCycle::of(row.day).to_string() == cycle);
        let timed = timed.filter(|row| row.source != "opening").map(|row| (row.id, row.value));
        let made = keyed.iter().find(|row| row.posted).map(|row| (row.id, row.value));
        let posted = made.or(timed);
        let mine = keyed.iter().rev().find(|row| !row.posted && row.actor == own).map(|row| row.value);
        first = first.or_else(|| keyed.iter().find(|row| !row.posted).cloned());
        found.cards.push(CardLine {
            account: card.id,
            route: card.route,
            no: card.no,
            name: card.name,
            address: card.address,
            last: match posted {
                Some((reading, _)) => before(&tx, card.id, reading)?,
                None => last.map(|row| row.value),
            },
            own_first: mine,
            keyed: !keyed.is_empty(),
            posted: posted.map(|(_, value)| value),
            differed: made.is_some_and(|(_, value)| first_of(&keyed).is_some_and(|first| first != value)),
        });
    }
    if let Some(row) = first {
        found.first_is_own = row.actor == own;
        let user = row.actor.parse::<Id>().ok().and_then(|id| tx.user(id).ok().flatten());
        found.first = Some((user.map(|user| user.name).unwrap_or_default(), row.day));
    }
    Ok(found)
}

impl CardBook {
    /// Nothing is left to key in this round: is the book done, or does the first round lack cards?
    pub fn through(&self, second: bool) -> String {
        let left = self.cards.iter().filter(|card| second && card.posted.is_none()).count();
        let all = self.cards.len();
        if left == 0 {
            return "这一册录完了，请核对批控合计".to_owned();
        }
        format!("第一遍录过的都核完了：{all} 张已入账 {} 张，还有 {left} 张第一遍没有录", all - left)
    }
}
