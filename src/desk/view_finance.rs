//! What finance and the information centre see after the till: closed shifts that wait for a signature, and a receipt whose
//! payment method is to be put right.

use chrono::{Days, NaiveDate};

use super::Desk;
use super::refusal::Refusal;
use super::rights::Rights;
use super::shift_confirm::{ACCOUNTANT, CASHIER};
use super::till::find;
use crate::derive::account::payment::money_account;
use crate::derive::shift::security;
use crate::derive::shift::sign::{CHANGED, Step, of_step};
use crate::rules::money::Fen;
use crate::store::Tx;
use crate::store::tables::till::{ShiftRow, ShiftSignRow, TillRow};

/// Days back in which shifts are looked for: those of the month before are signed in its settlement.
const DAYS: u64 = 62;

/// A closed shift that is not signed by both, or no more.
#[derive(Debug, Clone)]
pub struct SignLine {
    /// The shift.
    pub shift: ShiftRow,
    /// Signatures so far.
    pub signed: Vec<ShiftSignRow>,
    /// Who signs next.
    pub step: Step,
    /// Anew, because a figure changed after the signature of that step.
    pub again: bool,
    /// Is it the person at the desk?
    pub mine: bool,
    /// 本日营业收入, cash.
    pub income: Fen,
    /// 押金, cash, which is no income.
    pub deposits: Fen,
}

/// Closed shifts of this site that wait for a signature: those of the person at the desk first, oldest first.
pub fn to_sign(desk: &Desk) -> Result<Vec<SignLine>, Refusal> {
    let tx = desk.look()?;
    lines(desk, &tx)
}

/// How many wait for the person at the desk.
pub(super) fn waiting(desk: &Desk, tx: &Tx<'_>) -> Result<usize, Refusal> {
    Ok(lines(desk, tx)?.iter().filter(|line| line.mine).count())
}

fn lines(desk: &Desk, tx: &Tx<'_>) -> Result<Vec<SignLine>, Refusal> {
    let Some(session) = desk.session() else { return Ok(Vec::new()) };
    let today = desk.today();
    let rights = Rights::of(tx, session.user, today)?;
    let (me, from) = (session.user.to_string(), today.checked_sub_days(Days::new(DAYS)).unwrap_or(today));
    let mut found = Vec::new();
    let mut shifts = tx.shifts_between(tx.own()?, from, today)?;
    shifts.extend(marked_before(tx, from)?);
    for shift in shifts.into_iter().filter(|shift| shift.state == "closed") {
        let signed = tx.scan::<ShiftSignRow>(&[&shift.id])?;
        let Some(step) = Step::after(&signed) else { continue };
        let right = if step == Step::Cashier { CASHIER } else { ACCOUNTANT };
        let (before, other) = of_step(&signed, step);
        let another = shift.user != session.user && other.is_none_or(|row| row.actor != me);
        let again = before.is_some();
        let (income, deposits) = security::income(tx, &shift)?;
        found.push(SignLine { mine: another && rights.allow(right), shift, signed, step, again, income, deposits });
    }
    found.sort_by_key(|line| !line.mine);
    Ok(found)
}

/// Shifts from before a day whose signatures were marked and not given again: they are asked for however old they are.
fn marked_before(tx: &Tx<'_>, day: NaiveDate) -> Result<Vec<ShiftRow>, Refusal> {
    let (own, mut found) = (tx.own()?, Vec::<ShiftRow>::new());
    for open in tx.open_exceptions()?.into_iter().filter(|open| open.what == CHANGED && own.holds(open.subject)) {
        let shift = tx.shift(open.subject)?.filter(|shift| shift.day < day);
        found.extend(shift.filter(|shift| found.iter().all(|known| known.id != shift.id)));
    }
    Ok(found)
}

/// The payment, late entry or fee a text names: entry, 核对单 or paper number.
pub fn receipt(desk: &Desk, text: &str) -> Result<TillRow, Refusal> {
    find::receipt(&desk.look()?, "payment", text)
}

/// The last receipt of an account whose method can be put right; none when there is none.
pub fn last_receipt(desk: &Desk, account: crate::rules::id::Id) -> Result<Option<TillRow>, Refusal> {
    let tx = desk.look()?;
    for payment in tx.payments(account)?.into_iter().rev() {
        let found = find::movement(&tx, &payment.id.to_string())?;
        let fine = |row: &TillRow| row.reversed_by.is_none() && money_account(&row.method).is_some();
        if let Some(row) = found.filter(fine) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}
