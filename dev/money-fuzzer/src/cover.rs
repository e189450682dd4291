//! Money of the customer that stands for open bills by itself, and how it comes back when it is not there any more.

use chrono::NaiveDate;
use serde_json::Value;

use crate::Failure;
use crate::ledger::{Account, Bill, Line, Paid};
use crate::world::{World, fen, word};

impl Account {
    /// What is there pays what is open, oldest due first, the late fee of the days before it first.
    /// `with`: the payment that brought it.
    pub fn stand_for(&mut self, day: NaiveDate, business_day: NaiveDate, with: Option<usize>) -> Vec<Line> {
        let (prepaid, credit) = (self.prepaid.max(0), self.credit.max(0));
        let (mut left, mut lines) = (prepaid + credit, Vec::new());
        for bill in self.open() {
            let late = self.late(bill, day).min(left);
            let principal = self.bills[bill].unpaid.min(left - late);
            left -= late + principal;
            if late + principal > 0 {
                lines.push(Line { bill, principal, late, waived: 0 });
            }
        }
        let used = prepaid + credit - left;
        if used > 0 {
            let from_prepaid = used.min(prepaid);
            self.take(Paid {
                receipt: String::new(),
                day,
                business_day,
                lines: lines.clone(),
                to_prepaid: 0,
                from_prepaid,
                from_credit: used - from_prepaid,
                stands: true,
                by_itself: true,
                with,
            });
        }
        lines
    }

    /// What stands for a bill and those before it.
    pub fn covered_of(&self, bill: usize) -> i64 {
        let chain = self.chain(bill);
        let stands = self.paid.iter().filter(|paid| paid.stands && paid.by_itself).flat_map(|paid| &paid.lines);
        stands.filter(|line| chain.contains(&line.bill)).map(|line| line.principal).sum()
    }

    /// What stood for bills comes back, that of the payment itself first, then the last first, until nothing is below zero.
    pub fn fall_back(&mut self, gone: usize) {
        let own = (0..self.paid.len()).rev().filter(|at| self.paid[*at].with == Some(gone));
        let others = (0..self.paid.len()).rev().filter(|at| self.paid[*at].with != Some(gone));
        let order: Vec<usize> = own.chain(others).collect();
        for of_prepaid in [true, false] {
            for at in order.iter().copied() {
                let (prepaid, credit) = ((-self.prepaid).max(0), (-self.credit).max(0));
                let most = if of_prepaid { (prepaid, 0) } else { (0, credit) };
                self.give_back(at, most, |_| true);
            }
        }
    }

    /// A bill issued again takes what went to bills due after it.
    pub fn make_room(&mut self, due: NaiveDate, want: i64) {
        let mut left = want;
        for at in (0..self.paid.len()).rev() {
            let credit = self.paid[at].from_credit.min(left).max(0);
            left -= self.give_back(at, ((left - credit).max(0), credit), |bill| bill.lives && bill.due > due);
        }
    }

    fn give_back(&mut self, at: usize, most: (i64, i64), fits: impl Fn(&Bill) -> bool) -> i64 {
        if !self.paid[at].stands || !self.paid[at].by_itself {
            return 0;
        }
        let credit_most = most.1.min(self.paid[at].from_credit);
        let whole = most.0.min(self.paid[at].from_prepaid) + credit_most;
        let (mut left, mut touched) = (whole, Vec::new());
        for place in (0..self.paid[at].lines.len()).rev() {
            let now = self.standing(self.paid[at].lines[place].bill);
            if !fits(&self.bills[now]) {
                continue;
            }
            let line = &mut self.paid[at].lines[place];
            let principal = line.principal.min(left);
            let late = line.late.min(left - principal);
            if principal + late == 0 {
                continue;
            }
            line.principal -= principal;
            line.late -= late;
            left -= principal + late;
            let bill = &mut self.bills[now];
            let back = principal.min(bill.by_payments()).max(0);
            bill.unpaid += back;
            bill.charged -= late;
            self.credit -= principal - back;
            touched.push(now);
        }
        let drawn = whole - left;
        let credit = drawn.min(credit_most);
        self.credit += credit;
        self.prepaid += drawn - credit;
        let row = &mut self.paid[at];
        row.from_credit -= credit;
        row.from_prepaid -= drawn - credit;
        row.lines.retain(|line| line.principal + line.late > 0);
        row.stands = !row.lines.is_empty();
        for bill in touched {
            self.bear_again(bill);
            self.keep_no_more_back(bill);
        }
        drawn
    }
}

impl World {
    /// The account's money stands for its bills, and the answer says so.
    pub fn covered(&mut self, at: usize, answer: &Value, day: NaiveDate, today: NaiveDate) -> Result<(), Failure> {
        self.covered_with(at, answer, (day, today), None)
    }

    /// The same of money that a payment brought.
    pub fn covered_with(
        &mut self,
        at: usize,
        answer: &Value,
        (day, today): (NaiveDate, NaiveDate),
        with: Option<usize>,
    ) -> Result<(), Failure> {
        let lines = self.accounts[at].stand_for(day, today, with);
        let own: Vec<_> = lines
            .iter()
            .map(|line| (self.accounts[at].bills[line.bill].id.clone(), line.principal, line.late))
            .collect();
        let said = answer["covered"].as_array().cloned().unwrap_or_default();
        let got: Vec<_> =
            said.iter().map(|line| (word(&line["bill"]), fen(&line["principal"]), fen(&line["late_fee"]))).collect();
        self.same("bills covered", &got, &own)
    }
}
