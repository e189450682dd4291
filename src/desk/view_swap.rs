//! What the swap screen shows: the account of a slip, slips that wait, the ledger of returns.

use chrono::NaiveDate;

use super::Desk;
use super::billing::{Ledger, by_register};
use super::refusal::Refusal;
use crate::rules::money::Milli;
use crate::store::tables::slip::{SlipReturnRow, SlipRow, SlipState};

/// What stands beside 户号 once it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapAccount {
    /// 户号.
    pub no: String,
    /// 户名.
    pub name: String,
    /// 地址.
    pub address: String,
    /// Meter on the wall.
    pub meter: String,
    /// Its calibre, which the new one nearly always has too.
    pub calibre: String,
    /// Its last reading and day.
    pub last: Option<(Milli, NaiveDate)>,
    /// Two slips claim its meter.
    pub disputed: bool,
    /// Its price counts the hours of the day apart.
    pub timed: bool,
}

/// A slip in a list.
#[derive(Debug, Clone)]
pub struct SlipLine {
    /// The slip.
    pub slip: SlipRow,
    /// Name of the clerk it was shared out to.
    pub clerk: String,
}

/// A return in the ledger (退回登记).
#[derive(Debug, Clone)]
pub struct ReturnLine {
    /// The return.
    pub row: SlipReturnRow,
    /// 单号 of the slip.
    pub no: String,
}

/// Most rows of a list.
const MOST: i64 = 500;

/// The account a slip names, if there is one.
pub fn account(desk: &Desk, text: &str) -> Result<Option<SwapAccount>, Refusal> {
    let prices = desk.prices()?;
    let tx = desk.look()?;
    let Some(row) = tx.account_of_text(text)? else { return Ok(None) };
    let wall = tx.meter_on_wall(row.id)?;
    let facts = tx.billing_facts(row.id)?;
    let ledger = facts.as_ref().map(Ledger::of);
    let last = ledger.as_ref().and_then(Ledger::last_mark).map(|mark| (mark.value, mark.day));
    Ok(Some(SwapAccount {
        no: row.no,
        name: row.name,
        address: row.address,
        timed: ledger.as_ref().is_some_and(|ledger| !by_register::names(&prices, ledger, desk.today()).is_empty()),
        disputed: wall.as_ref().is_some_and(|meter| meter.disputed),
        calibre: wall.as_ref().map(|meter| meter.calibre.clone()).unwrap_or_default(),
        meter: wall.map(|meter| meter.no).unwrap_or_default(),
        last,
    }))
}

/// A slip taken in before, by its number.
pub fn slip(desk: &Desk, no: &str) -> Result<Option<SlipRow>, Refusal> {
    Ok(desk.look()?.slip_of_text(no)?)
}

/// Slips that wait for their entry, those of the person at the desk first.
pub fn waiting(desk: &Desk) -> Result<Vec<SlipLine>, Refusal> {
    let own = desk.session().map(|session| session.user);
    let tx = desk.look()?;
    let mut lines = Vec::new();
    for slip in tx.slips_in(SlipState::Waiting, MOST)? {
        let clerk = match slip.clerk {
            Some(clerk) => tx.user(clerk)?.map(|user| user.name).unwrap_or_default(),
            None => String::new(),
        };
        lines.push(SlipLine { slip, clerk });
    }
    lines.sort_by_key(|line| line.slip.clerk.is_none() || line.slip.clerk != own);
    Ok(lines)
}

/// The ledger of returns, the open ones first.
pub fn returns(desk: &Desk) -> Result<Vec<ReturnLine>, Refusal> {
    let tx = desk.look()?;
    let mut lines = Vec::new();
    for row in tx.slip_returns(MOST)? {
        let no = tx.get::<SlipRow>(&[&row.slip])?.map(|slip| slip.no).unwrap_or_default();
        lines.push(ReturnLine { row, no });
    }
    Ok(lines)
}
