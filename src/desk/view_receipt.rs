//! One receipt by its number, whoever took it: what it was, in whose shift, what may become of it — and the drawers that money can go
//! back out of (see [`super::till::give_back`]).

use super::Desk;
use super::refusal::Refusal;
use super::rights::{self, Rights};
use super::till::give_back::TILL;
use super::till::{charges, find};
use super::{session, view_finance};
use crate::derive::account::payment::money_account;
use crate::derive::ledger::account as ledger;
use crate::derive::shift::security;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::Tx;
use crate::store::tables::till::{ShiftRow, TillRow, parse_receipt};

/// A receipt.
#[derive(Debug, Clone)]
pub struct ReceiptView {
    /// The movement of the till.
    pub row: TillRow,
    /// The shift that took it.
    pub shift: Option<ShiftRow>,
    /// What became of it, in words; empty for one that stands.
    pub state: String,
    /// The case it belongs to: its number, title and state.
    pub order: Option<(Id, String)>,
    /// 押金 that has not gone back.
    pub deposit: bool,
    /// It may still be reversed.
    pub reversible: bool,
}

/// A drawer that money can go back out of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawer {
    /// The shift.
    pub shift: Id,
    /// Whose, which, and what lies in it.
    pub label: String,
    /// Cash that should be in it.
    pub cash: Fen,
}

/// Whose drawer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drawers {
    /// That of the person at the desk, when one is open.
    Own(Option<Drawer>),
    /// A person without a till names one of these; the second is the one to begin with.
    Others(Vec<Drawer>, Option<Id>),
}

/// A receipt by its number, the number of a hand-written slip, or its entry.
pub fn receipt(desk: &Desk, text: &str) -> Result<ReceiptView, Refusal> {
    desk.may(rights::SHOW)?;
    let row = view_finance::receipt(desk, text)?;
    let tx = desk.look()?;
    let case = charges::of_movement(&tx, &row)?.map(|charge| charge.order);
    let order = case.map(|id| tx.order(id)).transpose()?.flatten();
    let order = order.map(|order| (order.id, format!("{} {}", order.title, order.state)));
    let ended = case.map(|id| tx.charge_paid(id, row.id)).transpose()?.flatten().and_then(|paid| paid.ended);
    let state = match (row.reversed_by, ended) {
        (Some(by), _) => format!("已由 {by} 冲正"),
        (None, Some(by)) => format!("已由 {by} 退回"),
        (None, None) if row.pending => "手开单待另一人确认".to_owned(),
        (None, None) => String::new(),
    };
    let stands = ended.is_none() && row.reversed_by.is_none();
    Ok(ReceiptView {
        shift: tx.shift(row.shift)?,
        deposit: row.kind == security::TAKEN && stands,
        reversible: stands,
        state,
        order,
        row,
    })
}

/// Does a text typed where everything is found name a receipt? A number of figures only is something else there.
pub fn named(desk: &Desk, text: &str) -> Option<Id> {
    named_in(&desk.look().ok()?, text)
}

/// The same, where the book is being read.
pub fn named_in(tx: &Tx<'_>, text: &str) -> Option<Id> {
    let text = text.trim();
    let paper = text.chars().any(|c| !c.is_ascii_digit()) && text.chars().any(|c| c.is_ascii_digit());
    let row = find::movement(tx, text).ok()?.filter(|row| row.is_receipt() && row.reverses.is_none())?;
    let numbered = text.parse::<Id>().is_ok() || parse_receipt(text).is_some();
    let clear = numbered || (paper && tx.accounts_of_meter(text).is_ok_and(|holders| holders.is_empty()));
    clear.then_some(row.id)
}

/// The drawers the person at the desk can give money back out of; `origin` is the shift that took it.
pub fn drawers(desk: &Desk, origin: Option<Id>) -> Result<Drawers, Refusal> {
    let tx = desk.look()?;
    let Some(session) = desk.session() else { return Ok(Drawers::Own(None)) };
    if let Some(own) = tx.open_shift(session.user)? {
        return Ok(Drawers::Own(Some(drawer(&own))));
    }
    if Rights::of(&tx, session.user, desk.today())?.allow(TILL) {
        return Ok(Drawers::Own(None));
    }
    let open = open_drawers(desk, &tx)?;
    let first = open.iter().find(|drawer| Some(drawer.shift) == origin).or(match &open[..] {
        [one] => Some(one),
        _ => None,
    });
    let first = first.map(|drawer| drawer.shift);
    Ok(Drawers::Others(open, first))
}

fn open_drawers(desk: &Desk, tx: &Tx<'_>) -> Result<Vec<Drawer>, Refusal> {
    let mut open = Vec::new();
    for shift in tx.open_shifts(tx.own()?)? {
        if !session::is_over(tx, &shift, desk.now())? {
            open.push(drawer(&shift));
        }
    }
    Ok(open)
}

fn drawer(shift: &ShiftRow) -> Drawer {
    let label = format!("{} 班次 {} 钱箱 {}", shift.clerk, shift.no, shift.cash.grouped());
    Drawer { shift: shift.id, label, cash: shift.cash }
}

/// Does it go back as cash?
pub fn is_cash(row: &TillRow) -> bool {
    money_account(&row.method) == Some(ledger::CASH)
}
