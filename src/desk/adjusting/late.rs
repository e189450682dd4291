//! The late fee of special handling: what of it comes back with a smaller bill, what is waived, and what of the money paid before is there
//! for the bill in another's place.

use chrono::NaiveDate;

use super::plan::{Named, Work};
use super::sides;
use crate::derive::account::adjust::refundable;
use crate::derive::account::fee_first::come_back;
use crate::derive::account::late_back::RuleSaid;
use crate::derive::account::parts;
use crate::derive::request::{AdjustmentEffect, LateFeeBack, WaiverGiven};
use crate::desk::refusal::Refusal;
use crate::desk::tariffs;
use crate::desk::till::due::{self, Due};
use crate::rules::adjustment::Waive;
use crate::rules::adjustment::picture::BillPicture;
use crate::rules::money::Fen;
use crate::rules::part_payment::{self, Earlier};
use crate::store::tables::billing::BillRow;

impl Work<'_, '_> {
    /// What payments on a bill and its forerunners left over when it became smaller, as far as it is still there and the larger one owes it
    /// again; with the days that its paid principal was late then.
    pub(super) fn left_over(
        &self,
        old: &BillRow,
        new: &BillRow,
        credit: Fen,
    ) -> Result<(Fen, Option<Earlier>), Refusal> {
        if new.unpaid <= Fen::ZERO || credit <= Fen::ZERO {
            return Ok((Fen::ZERO, None));
        }
        let by_payments = old.amount - old.unpaid - old.prepaid;
        let parts = parts::of(self.tx, self.account.id, old.id)?;
        let own = (parts::principal(&parts) - by_payments).min(credit).min(new.unpaid).max(Fen::ZERO);
        if own == Fen::ZERO {
            return Ok((own, None));
        }
        let earlier = parts::first(&parts, by_payments + own, new.due);
        Ok((own, Some(earlier)))
    }

    /// Late fee that was paid on what a bill is reduced by: what is charged so far beyond the fee that the smaller bill bears to
    /// this day. As far as it was waived, not paid, nothing comes back.
    pub(super) fn late_fee_back(&self, due: &Due, new: &BillRow) -> Result<Option<LateFeeBack>, Refusal> {
        let charged_before = due.earlier.charged;
        if new.amount >= due.bill.amount || charged_before <= Fen::ZERO {
            return Ok(None);
        }
        let (_, rule) = tariffs::late_rule(self.book, self.account, new)?;
        let borne = self.borne(due, new)?;
        let right = part_payment::late_fee(rule, new.amount, new.unpaid, new.due, self.day, borne)?.fee;
        let paid = refundable(self.tx, self.account.id, due.bill.id)?;
        let refund = (charged_before - right).min(paid);
        Ok((refund > Fen::ZERO).then_some(LateFeeBack { charged_before, refund }))
    }

    /// Late fee that came back with a smaller bill and that the larger one bears again: out of `credit`, then out of what is paid of it,
    /// which `new` then owes. `earlier` is what it has behind it, and becomes what it has then.
    pub(super) fn charged_again(
        &self,
        old: &BillRow,
        new: &mut BillRow,
        earlier: &mut Earlier,
        credit: Fen,
    ) -> Result<Option<(RuleSaid, Fen)>, Refusal> {
        let came = come_back(self.tx, self.account.id, old.id)?;
        if new.amount <= old.amount || came <= Fen::ZERO {
            return Ok(None);
        }
        let (_, rule) = tariffs::late_rule(self.book, self.account, new)?;
        let due = part_payment::late_fee(rule, new.amount, new.unpaid, new.due, self.day, *earlier)?.fee.min(came);
        let by_payments = new.amount - new.unpaid - new.prepaid;
        let short = (due - credit.max(Fen::ZERO)).min(by_payments).max(Fen::ZERO);
        if short > Fen::ZERO {
            new.unpaid += short;
            let parts = parts::of(self.tx, self.account.id, old.id)?;
            *earlier = Earlier { charged: earlier.charged, ..parts::first(&parts, by_payments - short, new.due) };
        }
        let again = due.min(credit.max(Fen::ZERO) + short);
        earlier.charged += again;
        Ok(Some((RuleSaid::from(rule), again)))
    }

    /// The days that the principal of the smaller bill was late with, as far as it is paid: the first payments count, what was paid
    /// beyond it never was owed.
    fn borne(&self, due: &Due, new: &BillRow) -> Result<Earlier, Refusal> {
        if due.bill.amount - due.bill.unpaid <= new.amount {
            return Ok(Earlier { charged: Fen::ZERO, ..due.earlier });
        }
        let parts = parts::of(self.tx, self.account.id, due.bill.id)?;
        let carried = parts::carried(&parts, &due.bill, new.amount);
        Ok(parts::first(&parts, carried.payments, new.due))
    }

    /// Prepaid that had paid what bills are reduced by: it is prepaid again.
    pub(super) fn prepaid_over(&self, effect: &AdjustmentEffect) -> Result<Fen, Refusal> {
        let mut over = Fen::ZERO;
        for one in &effect.replace {
            let Some(old) = self.tx.get::<BillRow>(&[&self.account.id, &one.old])? else { continue };
            let parts = parts::of(self.tx, self.account.id, old.id)?;
            over += old.prepaid - parts::carried(&parts, &old, one.new.amount).prepaid;
        }
        Ok(over)
    }

    /// Late fee waived, bill by bill in their order: first what is not paid, then what was paid and is given back.
    pub(super) fn waived(
        &self,
        bills: &[Named],
        waive: Waive,
        until: NaiveDate,
        effect: &mut AdjustmentEffect,
    ) -> Result<Vec<BillPicture>, Refusal> {
        let mut rest = match waive {
            Waive::All => None,
            Waive::Amount(amount) => Some(amount),
        };
        let mut pictures = Vec::with_capacity(bills.len());
        for named in bills {
            let row = &named.due.bill;
            let then = due::due_of(self.tx, self.book, self.account, row.clone(), until)?;
            let late = then.late.map_err(|fault| Refusal::field(fault.rule, "bills", fault.message))?;
            let open = if row.unpaid > Fen::ZERO { late.fee.fee } else { Fen::ZERO };
            let paid = refundable(self.tx, self.account.id, row.id)?;
            let fee = rest.map_or(open, |rest| rest.min(open));
            let refund = rest.map_or(paid, |rest| (rest - fee).min(paid)).max(Fen::ZERO);
            rest = rest.map(|rest| rest - fee - refund);
            pictures.push(self.waived_one(named, fee, refund));
            let charged_before = named.due.earlier.charged;
            effect.waive.push(WaiverGiven { bill: row.id, charged_before, fee, refund });
        }
        let given: Fen = effect.waive.iter().map(|one| one.fee + one.refund).sum();
        if given == Fen::ZERO {
            return Err(Refusal::field("R-258", "bills", "这些账单没有可减免的违约金"));
        }
        if rest.is_some_and(|rest| rest > Fen::ZERO) {
            let message = format!("这些账单到 {until} 最多可减免违约金 {given} 元，请改正金额");
            return Err(Refusal::field("R-258", "change.waive", message));
        }
        Ok(pictures)
    }

    fn waived_one(&self, named: &Named, fee: Fen, refund: Fen) -> BillPicture {
        let row = &named.due.bill;
        let class = named.issued.as_ref().map_or(self.account.class.as_str(), |issued| &issued.class);
        let earlier = Earlier { charged: named.due.earlier.charged + fee, ..named.due.earlier };
        BillPicture {
            bill: row.id,
            cycle: row.cycle.clone(),
            old: sides::as_it_is(&named.due, class),
            new: sides::as_it_would_be(self.book, self.account, row, earlier, class, self.day),
            lines: Vec::new(),
            waived: fee,
            refunded: refund,
            charged_again: Fen::ZERO,
        }
    }
}
