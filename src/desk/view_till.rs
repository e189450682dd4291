//! What the screens of the till show: what an account owes today, a payment before it is taken, the shift with its identity.

use chrono::NaiveDate;

use super::Desk;
use super::refusal::Refusal;
use super::rights::Rights;
use super::session;
use super::shift_close::ANOTHERS;
use super::till::ask::Ask;
use super::till::due::{self, Due};
use super::till::find;
use super::till::plan::{self, Days, Plan};
use super::till::receipt;
use crate::book::append::Head;
use crate::derive::shift::security;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::part_payment::Owed;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BalanceRow;
use crate::store::tables::till::{ShiftRow, TillRow};

/// An account at the till.
#[derive(Debug, Clone)]
pub struct PayView {
    /// The account.
    pub account: AccountRow,
    /// The day late fees are counted to.
    pub day: NaiveDate,
    /// Unpaid bills, oldest first.
    pub bills: Vec<Due>,
    /// Prepaid and credit.
    pub balance: Fen,
    /// What it owes for businesses beside its bills.
    pub owed_fees: Fen,
    /// The number the next 核对单 gets.
    pub receipt: String,
    /// What the clerk may still waive for this account today.
    pub may_waive: Fen,
}

/// A payment before it is taken.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The payment.
    pub plan: Plan,
    /// What the account then still owes, as of today.
    pub left: Owed,
}

/// The shift of the person at the desk.
#[derive(Debug, Clone)]
pub struct ShiftView {
    /// The shift.
    pub shift: ShiftRow,
    /// Its movements, newest first.
    pub moves: Vec<TillRow>,
    /// Money by method: method, receipts, sum.
    pub methods: Vec<(String, usize, Fen)>,
    /// 本日营业收入, cash.
    pub income: Fen,
    /// 押金 in the drawer, which is no income.
    pub deposits: Fen,
}

/// An account as the till sees it. `day` is the true day of a hand-written slip; none: the business day.
pub fn pay(desk: &Desk, account: Id, day: Option<NaiveDate>) -> Result<PayView, Refusal> {
    let prices = desk.prices()?;
    let tx = desk.look()?;
    let row = tx.account(account)?.ok_or_else(|| Refusal::missing("account", "户", &account.to_string()))?;
    let today = session::business_day(&tx, desk.now())?;
    let day = day.unwrap_or(today);
    let bills = due::due(&tx, &prices, &row, day)?;
    let balance = tx.get::<BalanceRow>(&[&account])?;
    let receipt = match Head::read(&tx)?.next() {
        Ok(next) => receipt::next_receipt(&tx, next)?,
        Err(_) => String::new(),
    };
    let limits = bills.iter().filter(|due| due.bill.estimated);
    let limit = limits.filter_map(|due| due.late.as_ref().ok()?.rule.as_ref()).map(|rule| rule.own_waiver).min();
    let limit = limit.and_then(Fen::round).unwrap_or_default();
    Ok(PayView {
        owed_fees: tx.owed_fees(account)?,
        may_waive: (limit - tx.waived_on(account, today)?.max(tx.waived_on(account, day)?)).max(Fen::ZERO),
        account: row,
        day,
        bills,
        balance: balance.map_or(Fen::ZERO, |row| row.prepaid + row.credit),
        receipt,
    })
}

/// A payment as it would be taken now; nothing is written.
pub fn preview(desk: &Desk, ask: &Ask, day: Option<NaiveDate>) -> Result<Preview, Refusal> {
    let prices = desk.prices()?;
    let tx = desk.look()?;
    let today = session::business_day(&tx, desk.now())?;
    let plan = plan::plan(&tx, &prices, Days { today, taken: day.unwrap_or(today) }, ask)?;
    let covers = plan.covers(&tx, &prices)?;
    let left = plan.left(&tx, &prices, today, covers.as_ref())?;
    Ok(Preview { plan, left })
}

/// The 营业日 of this branch, from a picture of its own.
pub fn day(desk: &Desk) -> Result<NaiveDate, Refusal> {
    Ok(desk.business_day()?)
}

/// What the person at the desk must do first: close the shift left open.
pub fn close_first(desk: &Desk) -> Result<Option<String>, Refusal> {
    let Some(session) = desk.session() else { return Ok(None) };
    let left_open = session::left_open(&desk.look()?, session.user, desk.now())?;
    Ok(left_open.map(|shift| session::close_first(&shift)))
}

/// Shifts of others that are open at this site, those left open first, for who may close them.
pub fn of_others(desk: &Desk) -> Result<Vec<(ShiftRow, bool)>, Refusal> {
    let Some(session) = desk.session() else { return Ok(Vec::new()) };
    let tx = desk.look()?;
    if !Rights::of(&tx, session.user, desk.today())?.allow(ANOTHERS) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for shift in tx.open_shifts(tx.own()?)?.into_iter().filter(|shift| shift.user != session.user) {
        let is_over = session::is_over(&tx, &shift, desk.now())?;
        found.push((shift, is_over));
    }
    found.sort_by_key(|(_, is_over)| !is_over);
    Ok(found)
}

/// The open shift of the person at the desk.
pub fn shift(desk: &Desk) -> Result<Option<ShiftView>, Refusal> {
    let Some(session) = desk.session() else { return Ok(None) };
    let tx = desk.look()?;
    let Some(shift) = tx.open_shift(session.user)? else { return Ok(None) };
    let mut moves = tx.scan::<TillRow>(&[&shift.id])?;
    moves.reverse();
    let mut methods: Vec<(String, usize, Fen)> = Vec::new();
    for row in moves.iter().filter(|row| row.is_receipt()) {
        match methods.iter_mut().find(|(method, ..)| *method == row.method) {
            Some((_, count, sum)) => {
                *count += 1;
                *sum += row.amount;
            }
            None => methods.push((row.method.clone(), 1, row.amount)),
        }
    }
    methods.sort();
    let (income, deposits) = security::income(&tx, &shift)?;
    Ok(Some(ShiftView { shift, moves, methods, income, deposits }))
}

/// Hand-written slips that wait for a second person, and whether the person at the desk may be that one.
pub fn pending(desk: &Desk) -> Result<Vec<TillRow>, Refusal> {
    let tx = desk.look()?;
    let own = tx.own()?;
    Ok(tx.pending_slips(own)?)
}

/// The receipt that an entry made, if it made one.
pub fn receipt_of(desk: &Desk, entry: Id) -> Result<Option<TillRow>, Refusal> {
    let row = find::movement(&desk.look()?, &entry.to_string())?;
    Ok(row.filter(|row| row.reverses.is_none() && row.is_receipt()))
}

/// What of the till waits for the person at the desk: slips of others to confirm, a shift of an earlier day not closed yet.
pub fn waiting(desk: &Desk, tx: &Tx<'_>) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    let Some(session) = desk.session() else { return Ok(lines) };
    let today = desk.now().date_naive();
    if Rights::of(tx, session.user, today)?.allow("payment.confirm") {
        let me = session.user.to_string();
        let mut count = 0;
        for slip in tx.pending_slips(tx.own()?)? {
            let maker = tx.entry(slip.id)?.map(|entry| entry.actor);
            count += usize::from(maker.is_some_and(|maker| maker != me));
        }
        if count > 0 {
            lines.push(format!("手开单待我确认 {count}"));
        }
    }
    let to_sign = super::view_finance::waiting(desk, tx)?;
    if to_sign > 0 {
        lines.push(format!("班次待我签字 {to_sign}"));
    }
    if let Some(shift) = session::left_open(tx, session.user, desk.now())? {
        lines.push(format!("{} 的班次 {} 还没有交班，请先交班", shift.day, shift.no));
    }
    let mut others = Vec::new();
    if Rights::of(tx, session.user, today)?.allow(ANOTHERS) {
        for shift in tx.open_shifts(tx.own()?)?.into_iter().filter(|shift| shift.user != session.user) {
            if session::is_over(tx, &shift, desk.now())? {
                others.push(shift.clerk);
            }
        }
    }
    if !others.is_empty() {
        lines.push(format!("{} 的班忘了交，可代交班", others.join("、")));
    }
    Ok(lines)
}

/// What the clerk's last shift left in the drawer: offered as the counted opening, to be counted all the same.
pub fn last_counted(desk: &Desk) -> Result<Option<Fen>, Refusal> {
    let Some(session) = desk.session() else { return Ok(None) };
    Ok(desk.look()?.last_closed_shift(session.user)?.and_then(|shift| shift.counted))
}
