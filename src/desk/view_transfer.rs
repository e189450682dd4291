//! What the transfer screen shows: the case taken in, what stands against the deed, what the account has.

use super::Desk;
use super::account_transfer::Case;
use super::debts;
use super::intake_take;
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
    /// What stands in the way though nothing is owed: a reading not entered, one not billed.
    pub waits: Option<String>,
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
    let last = intake_take::last_value(&tx, account)?;
    let missing = case.reading_missing(last).map(|said| {
        let last = last.map_or_else(String::new, |last| format!(" (最后读数 {})", last.grouped()));
        format!("受理时的结算方数 {} 还没有录入{last}，请先抄表、出账并结清", said.grouped())
    });
    let reading = tx.last_reading(account)?.map(|reading| format!("{} ({})", reading.value.grouped(), reading.day));
    Ok(Some(TransferView {
        case: case.order.id,
        name: case.field("new_name").to_owned(),
        phone: case.field("phone").to_owned(),
        kin: case.kin(),
        fee: case.fee(),
        owed: case.owed(),
        settled: reading,
        waits: missing.map_or_else(|| debts::unbilled(&tx, account), |said| Ok(Some(said)))?,
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
