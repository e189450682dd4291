//! 班次: an opened till from its counted float to its close.
//!
//! Merge: every entry's money stays counted. A shift is closed once, by the first closing; a second closing and money that moved
//! after the close are exceptions. One 核对单 number on two receipts, or one hand-written slip in two shifts, is a clash; both stay.
//!
//! A deposit, or 备用金 added, is reversed once, in its shift; a second reversal has no effect and is an exception. A figure that moves
//! after a shift was signed marks the signatures and is an exception.
//!
//! The cash of a shift is its counted opening plus its cash entries (I-8). Between shifts the money lies in `till`: opening takes
//! it out, closing puts what was counted back and books over or short, so the ledger's `cash` is what lies in open
//! drawers.

mod cash;
pub mod method;
pub mod security;
pub mod sign;

use serde::{Deserialize, Serialize};

use super::account::payment::{PaymentConfirmed, PaymentReversed, PaymentTaken, money_account};
use super::cross::Cross;
use super::ledger::{Legs, account};
use super::order::body::ChargeRef;
use super::{DeriveError, Event, Fold, Fx, exception};
use crate::book::subject::Kind;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::StoreError;
use crate::store::tables::till::{ShiftRow, TillRow, parse_receipt, receipt};

/// The fold of shifts.
pub const FOLD: Fold = Fold {
    kind: Kind::Shift,
    tables: &[("d_shift", "id"), ("d_till", "shift"), ("d_shift_sign", "shift")],
    knows: &[
        ("shift.open", 1),
        ("shift.deposit", 1),
        ("shift.deposit_reverse", 1),
        ("shift.float_add", 1),
        ("shift.close", 1),
        ("shift.confirm", 1),
        ("payment.take", 1),
        ("payment.enter_late", 1),
        ("payment.confirm", 1),
        ("payment.method", 1),
        ("payment.reverse", 2),
        ("fee.take", 2),
        ("deposit.take", 1),
        ("deposit.return", 1),
        ("account.transfer", 2),
        ("account.amend", 1),
    ],
    apply,
};

/// One hand-written slip, one shift.
pub const PAPER: Cross = Cross {
    what: "paper_slip",
    kind: Kind::Shift,
    holders: |tx, paper| {
        let rows = tx.till_of_paper(paper)?.into_iter().filter(|row| row.reversed_by.is_none());
        Ok(rows.map(|row| row.shift).collect::<std::collections::BTreeSet<_>>().into_iter().collect())
    },
    several: |tx| tx.papers_of_several(),
    of: |tx, shift| Ok(tx.scan::<TillRow>(&[&shift])?.into_iter().filter_map(|row| row.paper).collect()),
};

/// One 核对单 number, one receipt (I-9).
pub const RECEIPT: Cross = Cross {
    what: "receipt_no",
    kind: Kind::Shift,
    holders: |tx, number| {
        let Some((series, serial)) = parse_receipt(number) else { return Ok(Vec::new()) };
        Ok(tx.till_of_receipt(&series, serial)?.into_iter().map(|row| row.id).collect())
    },
    several: |tx| {
        let twice = tx.receipts_given_twice()?;
        Ok(twice.into_iter().map(|(series, serial)| receipt(&series, serial)).collect())
    },
    of: |tx, shift| {
        let rows = tx.scan::<TillRow>(&[&shift])?;
        Ok(rows.iter().map(TillRow::receipt).filter(|number| !number.is_empty()).collect())
    },
};

/// Body of `shift.open`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct ShiftOpened {
    /// The clerk.
    pub user: Id,
    /// Name as printed.
    pub clerk: String,
    /// 班次 of the day.
    pub no: i64,
    /// 营业日.
    pub day: chrono::NaiveDate,
    /// 备用金, counted.
    pub float: Fen,
    /// What the clerk's shift before had left in the drawer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Fen>,
    /// Why the float is not that.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Body of `shift.float_add`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct ShiftFloatAdded {
    /// The shift.
    pub shift: Id,
    /// How much was put into the drawer.
    pub amount: Fen,
    /// Where it came from: 财务, 金库.
    pub from: String,
    /// 领款单 number.
    pub slip: String,
}

/// Body of `shift.deposit_reverse`: a deposit, or 备用金 added, was not so.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct ShiftDepositReversed {
    /// The shift.
    pub shift: Id,
    /// The entry reversed.
    pub reverses: Id,
    /// Why.
    pub reason: String,
}

/// Body of `shift.deposit`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct ShiftDeposited {
    /// The shift.
    pub shift: Id,
    /// How much was paid in; minus takes a mistaken deposit back.
    pub amount: Fen,
    /// 银行, 财务.
    pub to: String,
    /// 缴款单 number.
    pub slip: String,
}

/// Body of `shift.close`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct ShiftClosed {
    /// The shift.
    pub shift: Id,
    /// Cash counted.
    pub counted: Fen,
    /// Cash that should have been there when it was counted.
    pub expected: Fen,
    /// 备注.
    pub note: String,
    /// Head code of the chain before this entry, as printed on the slip.
    pub head: String,
    /// Who counted and closed another's shift, as printed; empty: the clerk.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub closer: String,
    /// Why another's shift was closed; empty: the note says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl ShiftClosed {
    /// What is told of the close beside its sums: who did it for another and why, and what explains over or short.
    fn told(&self, over: Fen) -> String {
        let (closer, why, note) = (&self.closer, &self.why, &self.note);
        let word = match over {
            Fen::ZERO => "备注",
            _ if over.is_negative() => "短款",
            _ => "长款",
        };
        match (closer.is_empty(), why.is_empty(), note.is_empty()) {
            (true, _, _) => note.clone(),
            (false, true, _) => format!("{closer} 代交班：{note}"),
            (false, false, true) => format!("{closer} 代交班：{why}"),
            (false, false, false) => format!("{closer} 代交班：{why}；{word}：{note}"),
        }
    }
}

/// Body of `fee.take`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct FeeTaken {
    /// The shift.
    pub shift: Id,
    /// The account, if any.
    pub account: Option<Id>,
    /// 户号 and 户名, or who paid.
    pub payer: String,
    /// 收款项目: 过户费, 补卡费 …
    pub kind: String,
    /// How much.
    pub amount: Fen,
    /// 方式.
    pub method: String,
    /// What the customer gave.
    pub tendered: Fen,
    /// 找零.
    pub change: Fen,
    /// 核对单 number.
    pub receipt: String,
    /// The intake, order or request it belongs to, as typed.
    pub for_what: String,
    /// The charge it pays (from version 2 on); none: a fee of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<ChargeRef>,
}

fn apply(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    match event.action() {
        "shift.open" => open(fx, event),
        "shift.deposit" => deposit(fx, event),
        "shift.deposit_reverse" => cash::reverse(fx, event),
        "shift.float_add" => cash::add_float(fx, event),
        "shift.close" => close(fx, event),
        "shift.confirm" => sign::sign(fx, event),
        "payment.take" => take(fx, event, "payment"),
        "payment.enter_late" => take(fx, event, "late_entry"),
        "payment.confirm" => confirm(fx, event),
        "payment.method" => method::correct(fx, event),
        "payment.reverse" => reverse(fx, event),
        "fee.take" => fee(fx, event),
        "deposit.take" => security::take(fx, event),
        "deposit.return" => security::give_back(fx, event),
        "account.transfer" | "account.amend" => security::refund(fx, event),
        _ => Ok(()),
    }
}

fn open(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ShiftOpened = event.read()?;
    let mut legs = Legs::default();
    legs.add(account::CASH, body.float).add(account::TILL, -body.float).post(fx, Kind::Shift, event)?;
    // A clock behind may have put movements before the opening: they are in the drawer all the same.
    let moved = fx.tx.scan::<TillRow>(&[&event.subject])?;
    let cash = |is_of: fn(&TillRow) -> bool| -> Fen {
        moved.iter().filter(|row| is_of(row)).map(|row| cash_of(&row.method, row.amount)).sum()
    };
    let (income, paid_in) = (cash(TillRow::is_receipt), -cash(|row| row.kind == "deposit"));
    let added = cash(|row| row.kind == "float");
    fx.tx.put(&ShiftRow {
        id: event.subject,
        user: body.user,
        clerk: body.clerk,
        no: body.no,
        day: body.day,
        opened_at: event.entry.at.clone(),
        opening: body.float,
        carried: body.carried,
        open_note: body.reason,
        added,
        income,
        paid_in,
        cash: body.float + added + income - paid_in,
        state: "open".into(),
        counted: None,
        over: None,
        note: String::new(),
        head: String::new(),
        closed_by: None,
        closed_at: None,
    })?;
    Ok(())
}

/// In which part of the identity cash moves.
enum Moved {
    /// Taken from customers, or given back.
    Income(Fen),
    /// Paid in to the bank or finance.
    PaidIn(Fen),
    /// 备用金 put into the drawer.
    Added(Fen),
}

/// Moves the shift's cash; money after the close is kept and shown.
fn move_cash(fx: &Fx<'_, '_>, event: &Event<'_>, moved: Moved) -> Result<(), DeriveError> {
    let (income, paid_in, added) = match moved {
        Moved::Income(sum) => (sum, Fen::ZERO, Fen::ZERO),
        Moved::PaidIn(sum) => (Fen::ZERO, sum, Fen::ZERO),
        Moved::Added(sum) => (Fen::ZERO, Fen::ZERO, sum),
    };
    let Some(mut row) = fx.tx.shift(event.subject)? else { return Ok(()) };
    if let Some(closing) = row.closed_by {
        let note = format!("{} 班次 {} 交班之后还有一笔 {}，请核对现金", row.clerk, row.no, event.id);
        exception::open(fx, Kind::Shift, event, "after_close", closing, note)?;
        sign::changed(fx, event)?;
    }
    row.income += income;
    row.paid_in += paid_in;
    row.added += added;
    row.cash += income + added - paid_in;
    Ok(fx.tx.put(&row)?)
}

/// A movement with nothing in it yet.
fn blank(fx: &Fx<'_, '_>, event: &Event<'_>, kind: &str) -> Result<TillRow, StoreError> {
    let day = fx.tx.shift(event.subject)?.map_or(event.entry.business_day, |shift| shift.day);
    Ok(TillRow {
        shift: event.subject,
        id: event.id,
        kind: kind.to_owned(),
        day,
        at: event.entry.at.clone(),
        series: String::new(),
        serial: 0,
        paper: None,
        account: None,
        payer: String::new(),
        item: String::new(),
        method: "现金".to_owned(),
        principal: Fen::ZERO,
        late_fee: Fen::ZERO,
        waived: Fen::ZERO,
        to_prepaid: Fen::ZERO,
        from_prepaid: Fen::ZERO,
        amount: Fen::ZERO,
        reverses: None,
        reversed_by: None,
        pending: false,
    })
}

fn cash_of(method: &str, amount: Fen) -> Fen {
    if money_account(method) == Some(account::CASH) { amount } else { Fen::ZERO }
}

fn take(fx: &mut Fx<'_, '_>, event: &Event<'_>, kind: &str) -> Result<(), DeriveError> {
    let body: PaymentTaken = event.read()?;
    let mut legs = Legs::default();
    if let Some(money) = money_account(&body.method) {
        legs.add(money, body.amount);
    } else if body.amount != Fen::ZERO {
        return Err(DeriveError::Body("预存缴费不应收钱".into()));
    }
    legs.post(fx, Kind::Shift, event)?;
    let (series, serial) = parse_receipt(&body.receipt).unwrap_or_default();
    fx.touch(RECEIPT.what, &body.receipt);
    if let Some(paper) = &body.paper {
        fx.touch(PAPER.what, paper);
    }
    fx.tx.put(&TillRow {
        series,
        serial,
        pending: body.paper.is_some(),
        paper: body.paper,
        account: Some(body.account),
        payer: body.payer,
        item: body.item,
        principal: body.lines.iter().map(|line| line.principal).sum(),
        late_fee: body.lines.iter().map(|line| line.late_fee).sum(),
        waived: body.lines.iter().map(|line| line.waived).sum(),
        to_prepaid: body.to_prepaid,
        from_prepaid: body.from_prepaid + body.from_credit,
        amount: body.amount,
        method: body.method.clone(),
        ..blank(fx, event, kind)?
    })?;
    move_cash(fx, event, Moved::Income(cash_of(&body.method, body.amount)))
}

fn fee(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: FeeTaken = event.read()?;
    let money = money_account(&body.method).ok_or_else(|| DeriveError::Body("服务费不能用预存".into()))?;
    let mut legs = Legs::default();
    legs.add(money, body.amount);
    if body.charge.is_none() {
        legs.add(account::FEE, -body.amount); // what pays a charge was income when it was agreed
    }
    legs.post(fx, Kind::Shift, event)?;
    let (series, serial) = parse_receipt(&body.receipt).unwrap_or_default();
    fx.touch(RECEIPT.what, &body.receipt);
    fx.tx.put(&TillRow {
        series,
        serial,
        account: body.account,
        payer: body.payer,
        item: body.kind,
        principal: body.amount,
        amount: body.amount,
        method: body.method.clone(),
        ..blank(fx, event, "fee")?
    })?;
    move_cash(fx, event, Moved::Income(cash_of(&body.method, body.amount)))
}

/// A reversal as the shift that gives the money back sees it, and as the shift that had taken it does.
fn reverse(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: PaymentReversed = event.read()?;
    let mut legs = Legs::default();
    if event.subject == body.origin {
        legs = mark_reversed(fx, event, &body)?;
    }
    if event.subject == body.shift
        && let Some(money) = money_account(&body.method)
    {
        legs.add(money, -body.amount);
    }
    legs.post(fx, Kind::Shift, event)?;
    if event.subject != body.shift {
        return Ok(());
    }
    fx.tx.put(&TillRow {
        account: body.account,
        payer: body.payer,
        item: body.item,
        method: body.method.clone(),
        principal: -body.principal,
        late_fee: -body.late_fee,
        waived: -body.waived,
        to_prepaid: -body.to_prepaid,
        from_prepaid: -body.from_prepaid,
        amount: -body.amount,
        reverses: Some(body.payment),
        ..blank(fx, event, "reversal")?
    })?;
    move_cash(fx, event, Moved::Income(cash_of(&body.method, -body.amount)))
}

/// Marks the movement as reversed, once (I-11). The income of a fee is taken back here, that of a payment by its account.
fn mark_reversed(fx: &mut Fx<'_, '_>, event: &Event<'_>, body: &PaymentReversed) -> Result<Legs, DeriveError> {
    let mut legs = Legs::default();
    let known = fx.tx.till_of_entry(event.subject, body.payment)?;
    let again = known.as_ref().is_none_or(|row| row.reversed_by.is_some());
    if body.is_fee && again {
        let first = known.as_ref().and_then(|row| row.reversed_by).unwrap_or(body.payment);
        let note = format!("{} {} 冲正了两次，第二次退出的 {} 挂账待查", body.item, body.receipt, body.amount);
        exception::open(fx, Kind::Shift, event, "reversed_twice", first, note)?;
        legs.add(account::SUSPENSE, if body.charge.is_some() { Fen::ZERO } else { body.amount });
    } else if body.is_fee && body.charge.is_none() {
        legs.add(account::FEE, body.amount);
    }
    if let Some(row) = known.filter(|_| !again) {
        if let Some(paper) = &row.paper {
            fx.touch(PAPER.what, paper);
        }
        fx.tx.put(&TillRow { reversed_by: Some(event.id), ..row })?;
    }
    Ok(legs)
}

fn confirm(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: PaymentConfirmed = event.read()?;
    let maker = fx.tx.entry(body.payment)?.map(|entry| entry.actor);
    if maker.is_some_and(|maker| maker != event.entry.actor)
        && let Some(row) = fx.tx.till_of_entry(event.subject, body.payment)?
    {
        fx.tx.put(&TillRow { pending: false, ..row })?;
    }
    Ok(())
}

fn deposit(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ShiftDeposited = event.read()?;
    let mut legs = Legs::default();
    legs.add(account::CASH, -body.amount).add(account::PAID_IN, body.amount).post(fx, Kind::Shift, event)?;
    fx.tx.put(&TillRow { item: body.to, payer: body.slip, amount: -body.amount, ..blank(fx, event, "deposit")? })?;
    move_cash(fx, event, Moved::PaidIn(body.amount))
}

fn close(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: ShiftClosed = event.read()?;
    let Some(row) = fx.tx.shift(event.subject)? else { return Ok(()) };
    if let Some(first) = row.closed_by {
        let note = format!("{} 班次 {} 交班两次，以第一次为准", row.clerk, row.no);
        exception::open(fx, Kind::Shift, event, "closed_twice", first, note)?;
        return Ok(());
    }
    let over = body.counted - row.cash;
    let note = body.told(over);
    let mut legs = Legs::default();
    legs.add(account::OVER_SHORT, -over).add(account::CASH, over - body.counted).add(account::TILL, body.counted);
    legs.post(fx, Kind::Shift, event)?;
    fx.tx.put(&ShiftRow {
        state: "closed".into(),
        counted: Some(body.counted),
        over: Some(over),
        note,
        head: body.head,
        closed_by: Some(event.id),
        closed_at: Some(event.entry.at.clone()),
        ..row
    })?;
    Ok(())
}
