//! Money of the customer that stands for open bills by itself, and how it comes back when it is not there any more.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;

use crate::Failure;
use crate::ledger::{Account, Bill, Line, Paid, late_days};
use crate::world::{World, fen, word};

impl Account {
    /// Since when the money is there, oldest first: prepaid is what was put by last, before that what the account began with; credit of
    /// before this step as of the last entry that may have made it, of a payment that goes back as of that, else of this day.
    pub fn lots(&self, undone: Option<usize>, day: NaiveDate) -> Vec<(NaiveDate, i64)> {
        let mut put: Vec<(NaiveDate, usize, i64)> = Vec::new();
        for (at, paid) in self.paid.iter().enumerate().filter(|(_, paid)| paid.stands && paid.to_prepaid > 0) {
            put.push((paid.day, at, paid.to_prepaid));
        }
        put.sort_by_key(|put| (put.0, put.1));
        let (mut lots, mut left) = (Vec::new(), self.prepaid.max(0));
        for (since, _, sum) in put.into_iter().rev() {
            lots.push((since, sum.min(left)));
            left -= sum.min(left);
        }
        lots.push((NaiveDate::MIN, left));
        let mut left = self.credit.max(0);
        let spent = undone.map_or((day, 0), |at| (self.paid[at].day, self.paid[at].from_credit));
        for (since, sum) in [(self.credit_since.unwrap_or(day), self.credit_before.max(0)), spent, (day, left)] {
            lots.push((since, sum.min(left)));
            left -= sum.min(left);
        }
        lots.retain(|lot| lot.1 > 0);
        lots.sort_by_key(|lot| lot.0);
        lots
    }

    /// What is there pays what is open, oldest due first, the late fee of the days before it was there first; never as of a day before
    /// the bill was due. `with`: the payment that brought it, the bill whose cancelling did.
    pub fn stand_for(
        &mut self,
        mut lots: Vec<(NaiveDate, i64)>,
        day: NaiveDate,
        with: (Option<usize>, Option<usize>),
        business_day: NaiveDate,
    ) -> Vec<Line> {
        let mut by_day: BTreeMap<NaiveDate, Vec<Line>> = BTreeMap::new();
        let mut said: Vec<(NaiveDate, Line)> = Vec::new();
        let mut trial = self.clone();
        for bill in self.open() {
            for (since, left) in &mut lots {
                let as_of = (*since).max(self.bills[bill].due).min(day);
                let late = trial.late(bill, as_of).min(*left);
                let principal = trial.bills[bill].unpaid.min(*left - late);
                if late + principal == 0 {
                    continue;
                }
                *left -= late + principal;
                let line = Line { bill, principal, late, waived: 0 };
                trial.bills[bill].unpaid -= principal;
                trial.bills[bill].fen_days += principal * late_days(trial.bills[bill].due, as_of);
                trial.bills[bill].charged += late;
                by_day.entry(as_of).or_default().push(line.clone());
                match said.last_mut().filter(|last| last.0 == as_of && last.1.bill == bill) {
                    Some((_, last)) => (last.principal, last.late) = (last.principal + principal, last.late + late),
                    None => said.push((as_of, line)),
                }
            }
        }
        for (as_of, lines) in by_day {
            let sum: i64 = lines.iter().map(|line| line.principal + line.late).sum();
            let from_prepaid = sum.min(self.prepaid.max(0));
            self.take(Paid {
                receipt: String::new(),
                day: as_of,
                business_day,
                lines,
                to_prepaid: 0,
                from_prepaid,
                from_credit: sum - from_prepaid,
                stands: true,
                by_itself: true,
                with: with.0,
                cancelled: with.1,
            });
        }
        said.into_iter().map(|one| one.1).collect()
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

    /// A bill issued again takes what the cancelling of those before it gave to others, then what went to bills due after it.
    pub fn make_room(&mut self, again: usize, own: i64, all: i64) {
        let (due, chain) = (self.bills[again].due, self.chain(again));
        let mut own = own.max(0);
        let mut all = all.max(0);
        for at in (0..self.paid.len()).rev() {
            if self.paid[at].cancelled.is_some_and(|bill| chain.contains(&bill)) {
                let credit = self.paid[at].from_credit.min(own);
                let got = self.give_back(at, (own - credit, credit), |bill| bill.lives);
                (own, all) = (own - got, all - got);
            }
        }
        for at in (0..self.paid.len()).rev() {
            let credit = self.paid[at].from_credit.min(all).max(0);
            all -= self.give_back(at, ((all - credit).max(0), credit), |bill| bill.lives && bill.due > due);
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
    /// The account's money stands for its bills, and the answer says so. `with`: a payment that went back, a bill cancelled.
    pub fn covered(
        &mut self,
        at: usize,
        answer: &Value,
        day: NaiveDate,
        with: (Option<usize>, Option<usize>),
    ) -> Result<(), Failure> {
        let lots = self.accounts[at].lots(with.0, day);
        self.covered_with(at, answer, (lots, day, day), (None, with.1))?;
        self.accounts[at].credit_since = Some(day);
        Ok(())
    }

    /// The same of money as of its days, as far as `day`; with the payment that brought it, the bill whose cancelling did.
    pub fn covered_with(
        &mut self,
        at: usize,
        answer: &Value,
        (lots, day, today): (Vec<(NaiveDate, i64)>, NaiveDate, NaiveDate),
        with: (Option<usize>, Option<usize>),
    ) -> Result<(), Failure> {
        let lines = self.accounts[at].stand_for(lots, day, with, today);
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
