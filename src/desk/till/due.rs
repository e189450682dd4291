//! What an account owes on a day: unpaid bills, oldest first, each with its late fee by the tariff valid on its due date.

use chrono::NaiveDate;

use crate::derive::account::payment::earlier;
use crate::desk::tariffs;
use crate::rules::fault::Fault;
use crate::rules::late_fee::LateFee;
use crate::rules::money::Fen;
use crate::rules::part_payment::{self, Earlier};
use crate::rules::tariff::PriceBook;
use crate::rules::tariff::model::LateFeeRule;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::{BillLateRow, BillRow};
use crate::store::{StoreError, Tx};

/// One bill and what it owes on a day.
#[derive(Debug, Clone)]
pub struct Due {
    /// The bill.
    pub bill: BillRow,
    /// What earlier part payments left behind.
    pub earlier: Earlier,
    /// Its late fee, or why it cannot be calculated.
    pub late: Result<Late, Fault>,
}

/// A late fee with its rule.
#[derive(Debug, Clone)]
pub struct Late {
    /// The fee and how it came about.
    pub fee: LateFee,
    /// The rule of the tariff valid on the due date; none for a bill that is not late.
    pub rule: Option<LateFeeRule>,
}

impl Due {
    /// The late fee; nothing where it cannot be calculated.
    pub fn fee(&self) -> Fen {
        self.late.as_ref().map_or(Fen::ZERO, |late| late.fee.fee)
    }

    /// Principal and late fee.
    pub fn total(&self) -> Fen {
        self.bill.unpaid + self.fee()
    }

    /// How the late fee is calculated, for F8.
    pub fn formula(&self) -> String {
        match &self.late {
            Err(fault) => fault.message.clone(),
            Ok(Late { rule: None, .. }) => format!("{} 到期，未逾期，没有滞纳金", self.bill.due),
            Ok(Late { fee, rule: Some(rule) }) if self.earlier == Earlier::default() => {
                fee.formula(rule, self.bill.unpaid)
            }
            Ok(Late { fee, rule: Some(_) }) => format!(
                "欠费本金按各自天数共计 {}元，取整后减去已收或已减免的 {}元，为{}元",
                fee.raw, self.earlier.charged, fee.fee
            ),
        }
    }
}

/// What an account owes on `day`, oldest due first.
pub fn due(tx: &Tx<'_>, book: &PriceBook, account: &AccountRow, day: NaiveDate) -> Result<Vec<Due>, StoreError> {
    let bills = tx.unpaid_bills(account.id)?;
    bills.into_iter().map(|bill| due_of(tx, book, account, bill, day)).collect()
}

/// What one bill owes on `day`.
pub fn due_of(
    tx: &Tx<'_>,
    book: &PriceBook,
    account: &AccountRow,
    bill: BillRow,
    day: NaiveDate,
) -> Result<Due, StoreError> {
    let known = tx.get::<BillLateRow>(&[&account.id, &bill.id])?;
    let earlier = known.as_ref().map(earlier).unwrap_or_default();
    let late = late_fee_of(book, account, &bill, earlier, day);
    Ok(Due { bill, earlier, late })
}

/// The late fee on what a bill still owes on `day` (R-180 … ). A bill that is not late needs no rule.
pub fn late_fee_of(
    book: &PriceBook,
    account: &AccountRow,
    bill: &BillRow,
    earlier: Earlier,
    day: NaiveDate,
) -> Result<Late, Fault> {
    if day <= bill.due {
        let fee = LateFee { days: 0, days_next_year: 0, raw: rust_decimal::Decimal::ZERO, fee: Fen::ZERO };
        return Ok(Late { fee, rule: None });
    }
    let (_, rule) = tariffs::late_rule(book, account, bill)?;
    let fee = part_payment::late_fee(rule, bill.amount, bill.unpaid, bill.due, day, earlier)?;
    Ok(Late { fee, rule: Some(rule.clone()) })
}
