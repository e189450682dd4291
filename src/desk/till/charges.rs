//! The charge a person pays: named by its case, or found by what is typed at the till.

use super::ask::Method;
use super::find;
use crate::book::subject::{Kind, Subject};
use crate::derive::order::body::{ChargeRef, DepositTaken};
use crate::derive::shift::{FeeTaken, security};
use crate::desk::refusal::{Fault, Refusal};
use crate::rules::fault::shown;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::service::Before;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::order::ChargeRow;
use crate::store::tables::till::TillRow;

/// What is typed of a charge.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The case, or the case and the fee: `B01.1.23`, `B01.1.23/过户费`.
    pub charge: Option<&'a str>,
    /// The account.
    pub account: Option<&'a AccountRow>,
    /// 收款项目.
    pub kind: &'a str,
    /// A case named in words.
    pub for_what: &'a str,
    /// Is a deposit being taken?
    pub deposit: bool,
}

/// The charge that is paid; none: a fee that belongs to no case.
pub fn owed(tx: &Tx<'_>, asked: &Asked<'_>) -> Result<Option<ChargeRow>, Refusal> {
    let row = match asked.charge.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Some(named(tx, text, asked)?),
        None => guessed(tx, asked)?,
    };
    let Some(row) = row else { return Ok(None) };
    if tx.is_held(Kind::Order.letter(), row.order_id)? {
        let text = format!("工单 {} 有新版程序记的内容，请升级程序后再收", row.order_id);
        return Err(Refusal::field("upgrade", "charge", text));
    }
    if row.owed == Fen::ZERO {
        let why = match row.state.as_str() {
            "free" => "凭证明免收",
            "cancelled" | "refundable" => "已随业务作废，不再收",
            "returned" => "已经退还",
            _ => "已经收过",
        };
        return Err(Refusal::field("R-209", "charge", format!("{} 的{}{why}，请核对", row.order_id, row.name)));
    }
    match (row.deposit, asked.deposit) {
        (true, false) => {
            let text = format!("{}是押金，要给押金收据，请用收押金", row.name);
            Err(Refusal::field("R-142", "charge", text))
        }
        (false, true) => {
            let text = format!("{}不是押金，请用收服务费", row.name);
            Err(Refusal::field("R-209", "charge", text))
        }
        _ => Ok(Some(row)),
    }
}

/// A charge by its case and, where the case has several, by its key or name.
fn named(tx: &Tx<'_>, text: &str, asked: &Asked<'_>) -> Result<ChargeRow, Refusal> {
    let (order, name) = text.split_once('/').map_or((text, asked.kind), |(order, name)| (order.trim(), name.trim()));
    let order = order_of(tx, order)?.ok_or_else(|| Refusal::missing("charge", "业务", &shown(text)))?;
    let rows = tx.charges_of_order(order)?;
    let fits = |row: &&ChargeRow| name.is_empty() || is_called(row, name);
    let fitting: Vec<&ChargeRow> = rows.iter().filter(fits).collect();
    let open: Vec<&ChargeRow> =
        fitting.iter().copied().filter(|row| row.owed > Fen::ZERO && row.deposit == asked.deposit).collect();
    match (open.as_slice(), fitting.as_slice()) {
        ([one], _) | ([], [one, ..]) => Ok((*one).clone()),
        ([], []) => {
            let text = format!("{order} 没有这项应收业务费，请核对收款项目");
            Err(Refusal::field("R-209", "charge", text))
        }
        (several, _) => {
            let names: Vec<String> = several.iter().map(|row| format!("{} {}", row.name, row.owed)).collect();
            let text = format!("{order} 有几项应收：{}，请写明收哪一项", names.join("、"));
            Err(Refusal::field("R-209", "kind", text))
        }
    }
}

/// The oldest charge owed that is called as what is taken.
fn guessed(tx: &Tx<'_>, asked: &Asked<'_>) -> Result<Option<ChargeRow>, Refusal> {
    let rows = match (order_of(tx, asked.for_what)?, asked.account) {
        (Some(order), _) => tx.charges_of_order(order)?,
        (None, Some(account)) => tx.charges_of_account(account.id)?,
        (None, None) => return Ok(None),
    };
    let mut open = rows.into_iter().filter(|row| row.owed > Fen::ZERO && row.deposit == asked.deposit);
    if asked.deposit && asked.kind.is_empty() {
        return Ok(open.next());
    }
    Ok(open.find(|row| is_called(row, asked.kind)))
}

fn is_called(row: &ChargeRow, name: &str) -> bool {
    row.key == name || row.name == name
}

/// A case by its number, whole or its last part.
fn order_of(tx: &Tx<'_>, text: &str) -> Result<Option<Id>, Refusal> {
    let id = match (text.trim().parse::<Id>(), text.trim().parse::<i64>()) {
        (Ok(id), _) => Some(id),
        (Err(_), Ok(tail)) => tx.order_of_tail(tail)?,
        (Err(_), Err(_)) => None,
    };
    Ok(id.map(|id| tx.order(id)).transpose()?.flatten().map(|row| row.id))
}

/// Tendered and change for an amount.
pub fn tender(amount: Fen, method: Method, tendered: Option<Fen>) -> Result<(Fen, Fen), Refusal> {
    let tendered = tendered.unwrap_or(amount);
    let change = tendered - amount;
    if change.is_negative() || (change > Fen::ZERO && method != Method::Cash) {
        let text = format!("实收 {tendered} 与费用 {amount} 不符，请改正");
        return Err(Refusal::field("R-175", "tendered", text));
    }
    Ok((tendered, change))
}

/// The charge a movement of a till had paid; none where it belongs to no case.
pub fn of_movement(tx: &Tx<'_>, row: &TillRow) -> Result<Option<ChargeRef>, Refusal> {
    let Some(entry) = tx.entry(row.id)? else { return Ok(None) };
    let read = |error: serde_json::Error| Refusal::data(error.to_string());
    Ok(match row.kind.as_str() {
        "fee" => serde_json::from_str::<FeeTaken>(&entry.payload).map_err(read)?.charge,
        security::TAKEN => Some(serde_json::from_str::<DepositTaken>(&entry.payload).map_err(read)?.charge),
        _ => None,
    })
}

/// A deposit by its receipt number or entry; refused where its money went back already.
pub fn deposit(tx: &Tx<'_>, text: &str) -> Result<(TillRow, ChargeRef), Refusal> {
    let row = find::movement(tx, text)?.filter(|row| row.kind == security::TAKEN);
    let row = row.ok_or_else(|| Refusal::missing("deposit", "押金收据", &shown(text)))?;
    let charge = of_movement(tx, &row)?.ok_or_else(|| Refusal::missing("deposit", "押金收据", &shown(text)))?;
    still_here(tx, "deposit", &row, &charge)?;
    Ok((row, charge))
}

/// Money of a charge goes back once (I-11).
pub fn still_here(tx: &Tx<'_>, field: &str, row: &TillRow, charge: &ChargeRef) -> Result<(), Refusal> {
    let ended = tx.charge_paid(charge.order, row.id)?.and_then(|paid| paid.ended);
    match ended.or(row.reversed_by) {
        Some(by) => Err(Refusal::field("I-11", field, format!("{} 的钱已由 {by} 退回，不能再退", row.receipt()))),
        None => Ok(()),
    }
}

/// What a case still owes that must be paid before something is done with it.
pub fn waits_for(tx: &Tx<'_>, order: Id, what: Before) -> Result<Vec<Fault>, Refusal> {
    let rows = tx.charges_of_order(order)?.into_iter();
    let rows = rows.filter(|row| row.owed > Fen::ZERO && row.before == what.label());
    let fault = |row: ChargeRow| {
        let how = if row.deposit { "收押金" } else { "收费" };
        let text = format!("{order} 的{} {} 还没有收，须先{how}再{}", row.name, row.owed.grouped(), what.label());
        Fault::field("R-209", "order", text)
    };
    Ok(rows.map(fault).collect())
}

/// Whom an entry about money of a charge is about.
pub fn subjects(account: Option<Id>, order: Option<Id>, shift: Id) -> Vec<Subject> {
    let account = account.map(|id| Subject::new(Kind::Account, id));
    let order = order.map(|id| Subject::new(Kind::Order, id));
    account.into_iter().chain(order).chain([Subject::new(Kind::Shift, shift)]).collect()
}
