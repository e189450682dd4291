//! No action pays out what is not there. What an entry leaves on a customer's prepaid and credit and in an open drawer is looked
//! at after it is derived and before it is committed, so that the fold itself says what is left, whatever the action.

use crate::book::subject::{Kind, Subject};
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::billing::BalanceRow;
use crate::store::{StoreError, Tx};

/// Prepaid and credit of an account; zero where it never had any.
pub fn of(tx: &Tx<'_>, account: Id) -> Result<BalanceRow, StoreError> {
    let known = tx.get::<BalanceRow>(&[&account])?;
    Ok(known.unwrap_or(BalanceRow { account, prepaid: Fen::ZERO, credit: Fen::ZERO }))
}

/// How balances and drawers stood before an entry.
pub struct Stand {
    balances: Vec<BalanceRow>,
    drawers: Vec<(Id, Fen)>,
}

impl Stand {
    /// Those of the subjects.
    pub fn of(tx: &Tx<'_>, subjects: &[Subject]) -> Result<Self, StoreError> {
        let mut stand = Self { balances: Vec::new(), drawers: Vec::new() };
        for subject in subjects {
            match subject.kind {
                Kind::Account => stand.balances.push(of(tx, subject.id)?),
                Kind::Shift => {
                    let open = tx.shift(subject.id)?.filter(|shift| shift.state == "open");
                    stand.drawers.extend(open.map(|shift| (shift.id, shift.cash)));
                }
                Kind::Calendar
                | Kind::Order
                | Kind::Slip
                | Kind::Request
                | Kind::Run
                | Kind::Tariff
                | Kind::Site
                | Kind::User
                | Kind::Service
                | Kind::Worker => {}
            }
        }
        Ok(stand)
    }

    /// Refuses when one of them now is below zero and lower than it was.
    pub fn refuse_overspent(&self, tx: &Tx<'_>) -> Result<(), Refusal> {
        for before in &self.balances {
            let after = of(tx, before.account)?;
            for (what, before, after) in
                [("预存", before.prepaid, after.prepaid), ("余款", before.credit, after.credit)]
            {
                if after.is_negative() && after < before {
                    let text = format!(
                        "这样{what}会少于零 (现有 {before}，办后 {after})：钱已经用掉。后来的收费用的，请先冲正后来用它的那笔；\
                         出账时抵了账单的，请数据室先作废那张账单 (bill.cancel)"
                    );
                    return Err(Refusal::rule("R-172", text));
                }
            }
        }
        for (id, before) in &self.drawers {
            let Some(shift) = tx.shift(*id)?.filter(|shift| shift.state == "open") else { continue };
            if shift.cash.is_negative() && shift.cash < *before {
                let text = format!(
                    "{} 的钱箱应有现金会少于零 (现有 {before}，办后 {})，请先补备用金或冲正存入",
                    shift.clerk, shift.cash
                );
                return Err(Refusal::rule("R-366", text));
            }
        }
        Ok(())
    }
}
