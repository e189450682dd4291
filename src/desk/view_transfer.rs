//! What the transfer screen shows: the case taken in, what stands against the deed, what the account has.

use super::Desk;
use super::account_transfer::Case;
use super::refusal::Refusal;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::billing::BalanceRow;
use crate::store::tables::order::ChargeRow;

/// A transfer that was taken in and waits for its deed.
#[derive(Debug, Clone)]
pub struct TransferView {
    /// The case.
    pub case: Id,
    /// 新户主姓名 as it was taken in.
    pub name: String,
    /// 联系电话 as it was taken in.
    pub phone: String,
    /// 直系亲属, with proof.
    pub kin: bool,
    /// What it costs.
    pub fee: Fen,
    /// What of it is owed.
    pub owed: Fen,
    /// The last reading, which is the settled one.
    pub settled: Option<String>,
    /// What the account owes, this case left out.
    pub debts: Fen,
    /// Prepaid.
    pub prepaid: Fen,
    /// Credit.
    pub credit: Fen,
}

/// The transfer of an account that waits for its deed; none when none was taken in.
pub fn waiting(desk: &Desk, account: Id) -> Result<Option<TransferView>, Refusal> {
    let tx = desk.look()?;
    let Some(order) = tx.deed_cases(account)?.into_iter().next() else { return Ok(None) };
    let case = Case::read(&tx, order)?;
    let balance = tx.get::<BalanceRow>(&[&account])?;
    let reading = tx.last_reading(account)?.map(|reading| format!("{} ({})", reading.value.grouped(), reading.day));
    Ok(Some(TransferView {
        case: case.order.id,
        name: case.field("new_name").to_owned(),
        phone: case.field("phone").to_owned(),
        kin: case.kin(),
        fee: case.fee(),
        owed: case.owed(),
        settled: reading,
        debts: tx.owed(account)? - case.owed(),
        prepaid: balance.as_ref().map_or(Fen::ZERO, |row| row.prepaid),
        credit: balance.as_ref().map_or(Fen::ZERO, |row| row.credit),
    }))
}

/// What a case still owes, one by one.
pub fn charges(desk: &Desk, order: Id) -> Result<Vec<ChargeRow>, Refusal> {
    let rows = desk.look()?.charges_of_order(order)?;
    Ok(rows.into_iter().filter(|row| row.owed > Fen::ZERO).collect())
}

/// What an account still owes for businesses, one by one.
pub fn account_charges(desk: &Desk, account: Id) -> Result<Vec<ChargeRow>, Refusal> {
    let rows = desk.look()?.charges_of_account(account)?;
    Ok(rows.into_iter().filter(|row| row.owed > Fen::ZERO).collect())
}
