//! Orders tests: entries made apart, at sites that did not know of each other, must give one state in every order of arrival
//! (I-5), and that state must equal a rebuild (I-4).
//!
//! ```ignore
//! let town = Town::new(|book| { book.act("boss", "worker.add", json!({…})); });
//! town.agree(&[("boss", "worker.add", json!({…})), …]);       // one group, every order
//! town.agree_all(&samples);                                     // every pair, and random groups
//! ```

use super::site::new_site;
use chrono::{Duration, TimeZone};
use meterdesk::book::append::{self, Head, NewEntry};
use meterdesk::book::clock::{FixedClock, zone};
use meterdesk::book::subject::{Kind, Subject};
use meterdesk::derive::account::amend::{AccountAmended, Change, base_of};
use meterdesk::derive::account::fields::CustomerFile;
use meterdesk::derive::{self, rebuild};
use meterdesk::desk::{Call, Desk};
use meterdesk::rules::id::Id;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::tables::account::FieldRow;
use serde_json::Value;

/// Stands for `account.amend` as a program of before wrote it, of a field that now needs three people.
pub const AMENDED_BEFORE: &str = "account.amend of before";

/// One action to be done apart: user, action, input.
pub type Sample = (&'static str, &'static str, Value);

/// A book in memory that is being filled.
pub struct Book {
    /// The desk.
    pub desk: Desk,
}

impl Book {
    /// Performs an action and answers its result; panics with the refusal.
    pub fn act(&mut self, user: &str, action: &str, input: Value) -> Value {
        self.try_act(user, action, &input).unwrap_or_else(|error| panic!("{action} {input}: {error:?}")).1
    }

    /// Performs an action; answers entry and result.
    pub fn try_act(
        &mut self,
        user: &str,
        action: &str,
        input: &Value,
    ) -> Result<(Option<Id>, Value), meterdesk::desk::refusal::Refusal> {
        self.desk.sign_in_practice(user)?;
        if action == AMENDED_BEFORE {
            return self.amend_as_before(input);
        }
        let done = self.desk.perform(action, &input.to_string(), Call::default())?;
        Ok((done.entry, serde_json::from_str(&done.result).unwrap()))
    }

    /// Writes an amendment of a field that moves money as programs of before wrote it, when one person could (R-007): such
    /// entries keep their meaning. Refused as `same` where nothing would change.
    fn amend_as_before(&mut self, input: &Value) -> Result<(Option<Id>, Value), meterdesk::desk::refusal::Refusal> {
        let (at, actor) = (self.desk.now(), self.desk.session().unwrap().user.to_string());
        let text = |key: &str| input[key].as_str().map(str::to_owned).filter(|text| !text.is_empty());
        let field = text("field").unwrap();
        let tx = self.desk.db_mut().write().unwrap();
        let row = tx.account_of_text(&text("account").unwrap()).unwrap().unwrap();
        let (seen, value) = (row.value(&field), text("value"));
        if seen == value {
            return Err(meterdesk::desk::refusal::Refusal::field("same", &field, "同"));
        }
        let history = tx.scan::<FieldRow>(&[&row.id]).unwrap();
        let base = base_of(&history, &field);
        let changes = vec![Change { field, seen, value, base, mark: None }];
        let body = AccountAmended { account: row.id, owner: row.customer, meter: None, changes, refund: None };
        let new = NewEntry {
            at,
            business_day: at.date_naive(),
            actor: &actor,
            action: "account.amend",
            version: 1,
            subjects: &[Subject::new(Kind::Account, row.id)],
            key: None,
            payload: serde_json::to_string(&body).unwrap(),
        };
        let written = append::append(&tx, &Head::read(&tx).unwrap(), new).unwrap();
        derive::record(&tx, &written).unwrap();
        tx.commit().unwrap();
        Ok((Some(written.id), Value::Null))
    }

    /// Takes in every entry of another book.
    pub fn receive_from(&mut self, other: &Book) {
        receive(&mut self.desk, other.entries().iter());
    }

    fn entries(&self) -> Vec<EntryRow> {
        self.desk.look().unwrap().entries_after(Id(0), 1_000_000).unwrap()
    }
}

/// A common history that every site knows.
pub struct Town {
    common: Vec<EntryRow>,
}

/// The day everything happens: 2026-11-21 10:00.
pub fn moment() -> chrono::DateTime<chrono::FixedOffset> {
    zone().with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap()
}

/// A practice book in memory with the users of a practice branch: boss, demo, desk, room, check, chief.
pub fn book(site: &str) -> Book {
    site_book(site, false)
}

/// The same of a head office.
pub fn office(site: &str) -> Book {
    site_book(site, true)
}

fn site_book(site: &str, head_office: bool) -> Book {
    let mut desk = Desk::in_memory(site, Box::new(FixedClock::at(moment()))).unwrap();
    let new = new_site(site, head_office);
    desk.begin(&new).unwrap();
    let mut book = Book { desk };
    for (login, name, roles) in [
        ("demo", "王芳", vec!["clerk", "duty_clerk"]),
        ("check", "赵敏", vec!["clerk", "data_clerk"]),
        ("desk", "周调度", vec!["dispatcher", "seat"]),
        ("room", "钱数据", vec!["data_clerk"]),
        ("chief", "孙经理", vec!["centre_deputy", "data_director", "hall_supervisor"]),
    ] {
        book.act(
            "boss",
            "user.add",
            serde_json::json!({ "login": login, "name": name, "roles": roles, "password": "demo" }),
        );
    }
    book
}

impl Town {
    /// Makes the common history at site B01.
    pub fn new(history: impl FnOnce(&mut Book)) -> Self {
        let mut home = book("B01");
        history(&mut home);
        Self { common: home.entries() }
    }

    /// A book at a site that knows only the common history; its clock is `minutes` after the common one.
    pub fn site(&self, code: &str, minutes: i64) -> Book {
        let clock = FixedClock::at(moment() + Duration::minutes(minutes));
        let mut desk = Desk::in_memory(code, Box::new(clock)).unwrap();
        receive(&mut desk, self.common.iter());
        Book { desk }
    }

    /// Does each sample at a site of its own. Samples that a site refuses are left out.
    fn apart(&self, samples: &[Sample]) -> Vec<EntryRow> {
        let mut made = Vec::new();
        for (index, (user, action, input)) in samples.iter().enumerate() {
            // Two clocks agree and one is behind, so that ties and crossings of the order key happen.
            let minutes = [5, 5, 3, 8, 1][index % 5];
            let mut book = self.site(&format!("S{index}"), minutes);
            match book.try_act(user, action, input) {
                Ok((Some(id), _)) => made.push(book.desk.look().unwrap().entry(id).unwrap().unwrap()),
                Ok((None, _)) => panic!("{action} wrote nothing"),
                Err(refusal) => panic!("{action} {input}: {refusal:?}"),
            }
        }
        made
    }

    /// A book that knows the common history and what was done apart, half an hour later.
    pub fn merged(&self, samples: &[Sample]) -> Book {
        let made = self.apart(samples);
        let mut book = self.site("M1", 30);
        receive(&mut book.desk, made.iter());
        book
    }

    fn state(&self, order: &[&EntryRow]) -> ([u8; 32], Desk) {
        let mut desk = Desk::in_memory("Z9", Box::new(FixedClock::at(moment()))).unwrap();
        receive(&mut desk, self.common.iter());
        receive(&mut desk, order.iter().copied());
        let hash = desk.look().unwrap().state_hash().unwrap();
        (hash, desk)
    }

    /// Does each sample at a site whose clock is half an hour behind, so that it sorts before the common history. Whether it comes
    /// before that history or after it, and rebuilt: one state. Answers the book.
    pub fn slow(&self, samples: &[Sample]) -> Book {
        let mut made = Vec::new();
        for (index, (user, action, input)) in samples.iter().enumerate() {
            let mut book = self.site(&format!("S{index}"), -30);
            let id = book.try_act(user, action, input).unwrap_or_else(|error| panic!("{action} {input}: {error:?}")).0;
            made.push(book.desk.look().unwrap().entry(id.unwrap()).unwrap().unwrap());
        }
        let (after, _) = self.state(&made.iter().collect::<Vec<_>>());
        let mut desk = Desk::in_memory("Z9", Box::new(FixedClock::at(moment()))).unwrap();
        receive(&mut desk, made.iter());
        receive(&mut desk, self.common.iter());
        assert_eq!(desk.look().unwrap().state_hash().unwrap(), after, "arrived before the common history");
        rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
        assert_eq!(desk.look().unwrap().state_hash().unwrap(), after, "rebuilt");
        Book { desk }
    }

    /// Every order of arrival (all up to five entries, 200 random ones beyond) gives one state, equal to a rebuild.
    pub fn agree(&self, samples: &[Sample]) {
        let made = self.apart(samples);
        let names: Vec<&str> = samples.iter().map(|(_, action, _)| *action).collect();
        let refs: Vec<&EntryRow> = made.iter().collect();
        let (first, mut desk) = self.state(&refs);
        rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
        let rebuilt = desk.look().unwrap().state_hash().unwrap();
        if first != rebuilt {
            let (_, other) = self.state(&refs);
            panic!("{names:?}: incremental differs from rebuild in {:?}", differences(&other, &desk));
        }
        for order in orders(made.len()) {
            let order: Vec<&EntryRow> = order.into_iter().map(|index| &made[index]).collect();
            let (hash, other) = self.state(&order);
            if hash != first {
                let which: Vec<&str> = order.iter().map(|entry| entry.action.as_str()).collect();
                panic!("{names:?}: order {which:?} differs in {:?}", differences(&desk, &other));
            }
            let twice: Vec<&EntryRow> = order.iter().chain(order.iter()).copied().collect();
            assert_eq!(self.state(&twice).0, first, "{names:?}: a second arrival changed something (I-6)");
        }
    }

    /// Every pair of samples (each with itself too), then `groups` random groups of three to five.
    pub fn agree_all(&self, samples: &[Sample], groups: u64) {
        for (index, left) in samples.iter().enumerate() {
            for right in &samples[index..] {
                self.agree(&[left.clone(), right.clone()]);
            }
        }
        let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
        for _ in 0..groups {
            let size = 3 + chance.below(3) as usize;
            let group: Vec<Sample> =
                (0..size).map(|_| samples[chance.below(samples.len() as u64) as usize].clone()).collect();
            self.agree(&group);
        }
    }
}

fn receive<'e>(desk: &mut Desk, entries: impl Iterator<Item = &'e EntryRow>) {
    let tx = desk.db_mut().write().unwrap();
    for entry in entries {
        derive::receive(&tx, entry).unwrap();
    }
    tx.commit().unwrap();
    derive::bulk::finish(desk.db_mut(), |_| {}).unwrap();
}

fn differences(left: &Desk, right: &Desk) -> Vec<String> {
    let (left, right) = (left.look().unwrap(), right.look().unwrap());
    let differs = |table: &String| left.table_hash(table).unwrap() != right.table_hash(table).unwrap();
    left.derived_tables().unwrap().into_iter().filter(differs).collect()
}

/// Orders of arrival of so many entries: all up to five, 200 random ones beyond.
pub fn orders(count: usize) -> Vec<Vec<usize>> {
    if count <= 4 {
        return permutations((0..count).collect());
    }
    if count == 5 {
        return permutations((0..5).collect());
    }
    let mut chance = Chance(7);
    (0..200)
        .map(|_| {
            let mut order: Vec<usize> = (0..count).collect();
            for index in (1..count).rev() {
                order.swap(index, chance.below(index as u64 + 1) as usize);
            }
            order
        })
        .collect()
}

/// Every order of some items.
pub fn permutations(items: Vec<usize>) -> Vec<Vec<usize>> {
    if items.len() <= 1 {
        return vec![items];
    }
    let mut all = Vec::new();
    for (index, first) in items.iter().enumerate() {
        let mut rest = items.clone();
        rest.remove(index);
        for mut tail in permutations(rest) {
            tail.insert(0, *first);
            all.push(tail);
        }
    }
    all
}

/// A small deterministic source of chance.
pub struct Chance(pub u64);

impl Chance {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// `verify` finds the book sound, and its postings balance.
pub fn verified(book: &mut Book) {
    let verdict = book.desk.verify(false, |_| {}).unwrap();
    assert!(verdict.ok && verdict.trial_balance == meterdesk::rules::money::Fen::ZERO, "{verdict:?}");
}
