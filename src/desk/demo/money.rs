//! Bills and payments of the practice branch.

use chrono::Days;

use super::chance::Chance;
use super::{Builder, Cycle, day, moment};
use crate::book::subject::Kind;
use crate::derive::account::payment::{PaymentLine, PaymentTaken};
use crate::derive::row::to_row;
use crate::desk::bill_run::Ask;
use crate::desk::refusal::Refusal;
use crate::rules::billing::BillCycle;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::billing::BillRow;

/// Days after the bill on which those who pay in time do.
const PAID_AFTER: u64 = 9;

impl Builder<'_> {
    /// Bills the cycle on the evening of its reading day.
    pub(super) fn bills(&mut self, cycle: &Cycle) -> Result<(), Refusal> {
        self.at(moment(cycle.day, 20, 0));
        self.desk.sign_in_practice("room")?;
        let ask = Ask { cycle: BillCycle::of(cycle.day), dated: Some(cycle.day), dry_run: false };
        let progress = &mut self.progress;
        self.desk.bill_run(&ask, |done, total| progress("出账", done, total))?;
        Ok(())
    }

    /// Most pay in time, through the bank; of the last cycle more are still open.
    pub(super) fn payments(&mut self, cycle: &Cycle, is_last: bool) -> Result<(), Refusal> {
        let paid = cycle.day.checked_add_days(Days::new(PAID_AFTER)).unwrap_or(cycle.day);
        self.at(moment(paid, 17, 0));
        self.desk.sign_in_practice("chief")?;
        let label = format!("{} 银行到账", cycle.label);
        let mut run =
            self.desk.open_run("bill.run", "payment.take", 1, &label, Some(&format!("demo-pay-{}", cycle.label)))?;
        let reader = self.desk.db().again_to_walk()?;
        let open_share = if is_last { 3 } else { 9 };
        let mut after = (Id(0), Id(i64::MIN));
        let mut seen = 0;
        loop {
            let bills = reader.look()?.unpaid_after(after.0, after.1, 4_000)?;
            let Some(last) = bills.last() else { break };
            after = (last.account, last.id);
            for bill in bills.into_iter().filter(|bill| bill.cycle == cycle.label) {
                seen += 1;
                // Who pays late pays late every time, so that debts grow old.
                let mut who = Chance::of(
                    self.seed,
                    500,
                    bill.account.seq().unsigned_abs() * 600 + bill.account.item().unsigned_abs(),
                );
                if who.one_in(open_share) {
                    continue;
                }
                let row = to_row(&payment(&bill, paid)).map_err(|error| Refusal::data(error.to_string()))?;
                run.push(&mut self.desk, Kind::Account, Some(bill.account), row)?;
            }
            (self.progress)("到账", seen, self.accounts);
        }
        self.close(run, "到账")
    }

    /// This morning: the till is open, and some have paid.
    pub(super) fn today(&mut self) -> Result<(), Refusal> {
        self.at(moment(day(), 8, 30));
        self.act("demo", "shift.open", &serde_json::json!({ "float": "300.00" }))?;
        let mut after = (Id(0), Id(i64::MIN));
        for minute in 0..12 {
            let bills = self.desk.look()?.unpaid_after(after.0, after.1, 40)?;
            let Some(bill) = bills.last() else { break };
            after = (bill.account, Id(i64::MAX));
            self.at(moment(day(), 8, 32 + 2 * minute));
            let account = bill.account.to_string();
            self.act("demo", "payment.take", &serde_json::json!({ "account": account, "method": "现金" }))?;
        }
        Ok(())
    }
}

fn payment(bill: &BillRow, day: chrono::NaiveDate) -> PaymentTaken {
    let line = PaymentLine {
        bill: bill.id,
        cycle: bill.cycle.clone(),
        principal: bill.unpaid,
        late_fee: Fen::ZERO,
        waived: Fen::ZERO,
        charged_before: None,
    };
    PaymentTaken {
        account: bill.account,
        shift: None,
        payer: String::new(),
        item: "水费".into(),
        method: "转账".into(),
        receipt: String::new(),
        paper: None,
        day,
        amount: bill.unpaid,
        tendered: bill.unpaid,
        change: Fen::ZERO,
        to_prepaid: Fen::ZERO,
        from_prepaid: Fen::ZERO,
        from_credit: Fen::ZERO,
        lines: vec![line],
        covers: None,
        late: Vec::new(),
    }
}
