//! Bills: issued with the lines they were calculated with, cancelled by one more entry.
//!
//! A bill that cannot be calculated yet is held (挂起): it stands with its reason and without money until it is released, or
//! until a bill of the same days takes its place.
//!
//! Merge: bills of different days stand side by side; two bills that share days of use (two sites billed one cycle, on one
//! reading or on two) are an exception and the later does not count; a cancellation counts once, what was paid on the bill, its late fee too, becomes the customer's credit, and pays the bill that is issued in its place; a bill is released once.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::cover::{self, Covers};
use super::late_back::{self, LateWithBill};
use super::within::{self, Order};
use super::{payment, prepaid};
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx, exception};
use crate::rules::billing::ByRegister;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::tables::billing::{BalanceRow, BillRow};

/// Body of `bill.issue`: of a single entry and of a bulk row.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct BillIssued {
    /// 账期, `2026-10`.
    pub cycle: String,
    /// First day of use.
    #[serde(with = "crate::rules::digits::day")]
    #[schemars(with = "NaiveDate")]
    pub first_day: NaiveDate,
    /// Last day of use.
    #[serde(with = "crate::rules::digits::day")]
    #[schemars(with = "NaiveDate")]
    pub last_day: NaiveDate,
    /// The bill's date.
    #[serde(with = "crate::rules::digits::day")]
    #[schemars(with = "NaiveDate")]
    pub dated: NaiveDate,
    /// Last day without late fee.
    #[serde(with = "crate::rules::digits::day")]
    #[schemars(with = "NaiveDate")]
    pub due: NaiveDate,
    /// Reading at the beginning.
    pub from: Milli,
    /// Reading at the end.
    pub to: Milli,
    /// 用量.
    pub volume: Milli,
    /// Billed in the year before this bill (yearly steps).
    pub used_before: Milli,
    /// Where `used_before` comes from: empty (bills here), or `recent` (近三期 of the old system).
    pub used_before_from: String,
    /// Price class.
    pub class: String,
    /// Tariff code.
    pub tariff: String,
    /// People in the household.
    pub people: Option<i64>,
    /// 估抄.
    pub estimated: bool,
    /// use, rebill, swap.
    pub kind: String,
    /// The reading it closes with.
    pub reading: Option<Id>,
    /// The bill it replaces: one that special handling adjusts, or one cancelled before whose reading it bills again.
    pub replaces: Option<Id>,
    /// The lines.
    pub lines: Vec<BillLine>,
    /// 应收.
    pub amount: Fen,
    /// Why it is held; then there is no amount.
    #[serde(default)]
    pub held: Option<HoldReason>,
    /// Use by register (分时, R-222); empty under a price that has none.
    #[serde(default)]
    pub registers: ByRegister,
    /// What the customer has with the company pays it at once ([`super::prepaid`]).
    #[serde(default)]
    pub settles: bool,
    /// 混用比例 it was calculated with; none under one class, and in bills made before this was said.
    #[serde(default)]
    pub mix: Option<String>,
    /// The prices of its first days, when the account's price was set from a day within it; class, tariff and mix above are those of
    /// the days after them.
    #[serde(default)]
    pub earlier: Vec<EarlierPrice>,
    /// What it is rated again by. Only the last fields of a row may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<Stored>,
    /// Bills that prepaid and credit stand for after it: of one that keeps a due date gone by, which bears late fee before anything
    /// pays it, where the account lets its money stand for bills. It may name none: then what had paid the one before pays this, and
    /// nothing new; in a row of a run it never names any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
}

/// What a bill remembers beside its price for when it is rated again, or another takes its place.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, Default, PartialEq, Eq, schemars::JsonSchema)]
pub struct Stored {
    /// The class was not confirmed on its last days: of all classes its own made it largest.
    pub highest: bool,
    /// What readings and slips give, where special handling put its volume right apart from them.
    pub measured: Option<Milli>,
}

impl Stored {
    /// As it stands on a bill; nothing where nothing is to be remembered.
    pub fn of(highest: bool, measured: Option<Milli>) -> Option<Self> {
        (highest || measured.is_some()).then_some(Self { highest, measured })
    }
}

/// The price of the first days of a bill.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct EarlierPrice {
    /// The last of the days.
    #[serde(with = "crate::rules::digits::day")]
    #[schemars(with = "NaiveDate")]
    pub last: NaiveDate,
    /// Price class.
    pub class: String,
    /// Shares of a mix.
    pub mix: Option<String>,
    /// Tariff code; of a mix that of the largest share.
    pub tariff: String,
    /// The class was not confirmed on these days: of all classes this one made the bill largest.
    pub highest: bool,
}

/// Why a bill is held.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct HoldReason {
    /// Rule number, or a word of our own (`disputed`).
    pub rule: String,
    /// One Chinese sentence.
    pub message: String,
}

/// One line of a bill.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct BillLine {
    /// Component key.
    pub component: String,
    /// Step, from 1.
    pub step: u32,
    /// Quantity, exact decimal text.
    pub quantity: String,
    /// Price, decimal text.
    pub price: String,
    /// Amount.
    pub amount: Fen,
    /// Tariff code and first day, where not the bill's own.
    pub tariff: String,
    /// The register of a line that is priced by the hours.
    #[serde(default)]
    pub register: String,
}

/// Body of `bill.cancel`.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct BillCancelled {
    /// The account.
    pub account: Id,
    /// The bill.
    pub bill: Id,
    /// Why.
    pub reason: String,
    /// The bill's income by component, as its lines say: what is taken back.
    #[serde(default)]
    pub income: Vec<Income>,
    /// Bills that prepaid and credit stand for after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Covers>,
    /// Late fee paid on it that comes back with it; entries of before gave none back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<LateWithBill>,
}

/// Income of one component.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct Income {
    /// Component key.
    pub component: String,
    /// Amount.
    pub amount: Fen,
}

impl BillIssued {
    /// Was it rated at the highest price on its last days?
    pub fn at_highest(&self) -> bool {
        self.stored.is_some_and(|stored| stored.highest)
    }

    /// What readings and slips gave, where its volume is another.
    pub fn measured(&self) -> Option<Milli> {
        self.stored.and_then(|stored| stored.measured)
    }

    /// Income by component, in the order of the lines.
    pub fn income(&self) -> Vec<Income> {
        let mut sums: Vec<Income> = Vec::new();
        for line in &self.lines {
            match sums.iter_mut().find(|sum| sum.component == line.component) {
                Some(sum) => sum.amount += line.amount,
                None => sums.push(Income { component: line.component.clone(), amount: line.amount }),
            }
        }
        sums
    }
}

/// Body of `bill.release`: the held bill, calculated.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct BillReleased {
    /// The account.
    pub account: Id,
    /// The held bill.
    pub bill: Id,
    /// Why it is let go.
    pub reason: String,
    /// The bill as it now is.
    pub issue: BillIssued,
}

/// Bills brought from the old system: they know no days of use.
pub const OPENING: &str = "opening";
/// The bill of a reading.
pub const USE: &str = "use";
/// The difference charged at a swap.
pub const SWAP: &str = "swap";
/// In place of a cancelled one.
pub const REBILL: &str = "rebill";

/// What the note of a bill says that never counted, since its days were billed already.
const DOUBLE: &str = "以前的用量已由账单";

fn double_note(last_day: NaiveDate, first: &str, id: Id) -> String {
    format!("{last_day} {DOUBLE} {first} 结算，账单 {id} 重复，不计")
}

/// Is this a bill that never counted? Its note is the whole sentence about this very bill; a reason that somebody typed, which only has
/// words of it, is none.
pub fn was_double(id: Id, last_day: NaiveDate, note: &str) -> bool {
    let first = note.strip_prefix(&format!("{last_day} {DOUBLE} ")).and_then(|rest| rest.split(' ').next());
    first.is_some_and(|first| note == double_note(last_day, first, id))
}

/// What the note of a bill says that an approval made which was rejected elsewhere: `凭单 B01.1.7 不同意`.
pub fn withdrawn_by(entry: Id) -> String {
    format!("凭单 {entry} 不同意")
}

/// Is this the note of such a bill?
pub fn was_withdrawn(note: &str) -> bool {
    note.strip_prefix("凭单 ").is_some_and(|rest| rest.ends_with(" 不同意"))
}

/// Applies `bill.issue`.
pub fn issue(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    issued(fx, event, event.read()?)
}

fn issued(fx: &mut Fx<'_, '_>, event: &Event<'_>, mut body: BillIssued) -> Result<(), DeriveError> {
    let covers = body.covers.take();
    let stands = body.settles || covers.is_some();
    let mut legs = Legs::default();
    put_issued(fx, event, body, stands, &mut legs)?;
    legs.post(fx, Kind::Account, event)?;
    cover::after(fx, event, covers.as_ref())
}

/// Puts a bill that may take the place of a cancelled one (`replaces`): what was paid on that, and its late fee, go with it, as paid on
/// the days it was; what else there is pays the rest.
fn put_issued(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    body: BillIssued,
    stands: bool,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    let Some(old) = body.replaces else { return put(fx, event, event.id, body, legs) };
    let settles = body.settles;
    put(fx, event, event.id, BillIssued { settles: false, ..body }, legs)?;
    super::adjust::issued_again(fx, event, (old, event.id), stands, legs)?;
    if settles { prepaid::settle(fx, event, event.id, legs) } else { Ok(()) }
}

/// Puts a bill under a name of the entry; shared by every action that makes one. Adds to `legs`; the caller posts them.
pub fn put(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    id: Id,
    body: BillIssued,
    legs: &mut Legs,
) -> Result<(), DeriveError> {
    if body.lines.iter().map(|line| line.amount).sum::<Fen>() != body.amount {
        return Err(DeriveError::Body("账单各行之和与应收不符".into()));
    }
    let (living, behind) = meets(fx, event.subject, id, &body)?;
    if let Some(first) = living {
        if body.held.is_some() {
            return Ok(());
        }
        let note = double_note(body.last_day, &first.to_string(), id);
        exception::open(fx, Kind::Account, event, "billed_twice", first, note.clone())?;
        return Ok(fx.tx.add(&BillRow { behind, ..row(event, id, body, "cancelled", note) })?);
    }
    if let Some(reason) = body.held.clone() {
        return Ok(fx.tx.add(&BillRow { behind, ..row(event, id, body, "held", reason.message) })?);
    }
    legs.add(account::RECEIVABLE, body.amount);
    for line in &body.lines {
        legs.add(&account::income(&line.component), -line.amount);
    }
    let state = if body.amount > Fen::ZERO { "open" } else { "paid" };
    let settles = body.settles;
    fx.tx.add(&BillRow { behind, ..row(event, id, body, state, String::new()) })?;
    if settles {
        prepaid::settle(fx, event, id, legs)?;
    }
    Ok(())
}

/// The bills that a bill meets: a living one that has billed its use already, and the mark of its first day that it begins behind. A held
/// one whose use it takes goes.
fn meets(fx: &Fx<'_, '_>, account: Id, id: Id, body: &BillIssued) -> Result<(Option<Id>, Option<Id>), DeriveError> {
    if body.kind == OPENING {
        return Ok((None, None));
    }
    let mut others = fx.tx.bills_within(account, body.first_day, body.last_day)?;
    let took = body.replaces.and_then(|old| others.iter().find(|row| row.id == old && row.first_day == body.first_day));
    let known = took.and_then(|row| row.behind);
    others.retain(|row| row.id != id && row.kind != OPENING && row.state != "cancelled");
    if others.is_empty() {
        return Ok((None, known));
    }
    let (held, living): (Vec<BillRow>, Vec<BillRow>) = others.into_iter().partition(|row| row.state == "held");
    let order = Order::read(fx, account)?;
    let behind = known.or_else(|| order.behind(body, &living));
    let own = order.stretch((body.first_day, behind), (body.last_day, body.reading), &body.kind);
    for row in held.iter().filter(|row| within::alike(&row.kind, &body.kind) && own.holds(order.of_row(row).to)) {
        fx.tx.delete::<BillRow>(&[&account, &row.id])?;
    }
    // The differences charged at two swaps of one period stand side by side.
    let apart = |row: &&BillRow| body.kind != SWAP || row.last_day == body.last_day;
    let mut same = living.iter().filter(|row| within::alike(&row.kind, &body.kind)).filter(apart);
    let first = same.rfind(|row| own.shares(&order.of_row(row)));
    Ok((first.map(|row| row.id), behind))
}

fn row(event: &Event<'_>, id: Id, body: BillIssued, state: &str, note: String) -> BillRow {
    let unpaid = if state == "open" { body.amount } else { Fen::ZERO };
    let highest = body.at_highest() || body.earlier.iter().any(|days| days.highest);
    BillRow {
        account: event.subject,
        id,
        cycle: body.cycle,
        first_day: body.first_day,
        last_day: body.last_day,
        dated: body.dated,
        due: body.due,
        volume: body.volume,
        amount: body.amount,
        unpaid,
        tariff: body.tariff,
        estimated: body.estimated,
        kind: body.kind,
        state: state.into(),
        note,
        prepaid: Fen::ZERO,
        reading: body.reading,
        behind: None,
        highest,
    }
}

/// Applies `bill.cancel`.
pub fn cancel(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: BillCancelled = event.read()?;
    let mut legs = Legs::default();
    let gone = void(fx, event, body.bill, &body.reason, &body.income, &mut legs)?;
    if let Some(late) = body.late.filter(|_| gone) {
        late_back::give(fx, event, event.id, body.bill, &late.back, &mut legs)?;
    }
    legs.post(fx, Kind::Account, event)?;
    cover::after(fx, event, body.covers.as_ref())
}

/// Cancels a living bill: what it still owes is owed no more, what was paid on it becomes the customer's credit (what prepaid
/// paid by itself is prepaid again), and its income is taken back. Adds to `legs`; the caller posts them. Answers false when the bill is not there or does not live.
pub fn void(
    fx: &mut Fx<'_, '_>,
    event: &Event<'_>,
    bill: Id,
    reason: &str,
    income: &[Income],
    legs: &mut Legs,
) -> Result<bool, DeriveError> {
    let Some(row) = fx.tx.get::<BillRow>(&[&event.subject, &bill])? else { return Ok(false) };
    if row.state == "cancelled" {
        return Ok(false);
    }
    let paid = row.amount - row.unpaid;
    let prepaid = row.prepaid.min(paid);
    if row.state != "held" && row.amount != Fen::ZERO {
        legs.add(account::RECEIVABLE, -row.unpaid).add(account::CREDIT, prepaid - paid);
        legs.add(account::PREPAID, -prepaid);
        take_back_income(&row, income, legs);
    }
    if row.state != "held" && paid > Fen::ZERO {
        let known = payment::balance(fx, event.subject)?;
        let credit = known.credit + paid - prepaid;
        fx.tx.put(&BalanceRow { credit, prepaid: known.prepaid + prepaid, ..known })?;
    }
    let by_itself = if row.state == "held" { Fen::ZERO } else { payment::paid_by_itself(fx, event.subject, &row)? };
    let (unpaid, note) = (Fen::ZERO, reason.to_owned());
    fx.tx.put(&BillRow { unpaid, state: "cancelled".into(), note, prepaid: by_itself, ..row })?;
    Ok(true)
}

/// Takes a cancelled bill's income back; what its author did not name goes to suspense.
fn take_back_income(row: &BillRow, income: &[Income], legs: &mut Legs) {
    if row.kind == OPENING {
        legs.add(account::OPENING, row.amount);
        return;
    }
    for part in income {
        legs.add(&account::income(&part.component), part.amount);
    }
    legs.add(account::SUSPENSE, row.amount - income.iter().map(|part| part.amount).sum());
}

/// Applies `bill.release`: the held bill, under its own name, now with its amount.
pub fn release(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: BillReleased = event.read()?;
    match fx.tx.get::<BillRow>(&[&event.subject, &body.bill])? {
        Some(row) if row.state == "held" => {
            fx.tx.delete::<BillRow>(&[&event.subject, &body.bill])?;
            issued(fx, event, body.issue)
        }
        _ => Ok(()),
    }
}
