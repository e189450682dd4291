//! Late fee that comes back with a bill cancelled by hand or a slip entered late, what of it the bill in its place is charged again, and late fee that a
//! reversal would lose.

use chrono::NaiveDate;

use crate::ledger::{Account, Bill, Given, Line, late_days, late_of};

/// Late fee of a bill that a slip brings back.
#[derive(Debug, Clone)]
pub struct SlipBack {
    /// The bill.
    pub bill: usize,
    /// How much.
    pub back: i64,
    /// The day of its last payment.
    pub since: NaiveDate,
    /// What of the slip's money would have paid it instead of that payment.
    pub in_place: i64,
}

impl SlipBack {
    /// The account's money after the slip, with its days.
    pub fn lots(list: &[Self], mut money: i64, taken: NaiveDate) -> Vec<(NaiveDate, i64)> {
        let mut lots = Vec::new();
        for (since, sum) in list.iter().map(|one| (one.since, one.back + one.in_place)).chain([(taken, money)]) {
            lots.push((since, sum.min(money)));
            money -= sum.min(money);
        }
        lots.retain(|lot| lot.1 > 0);
        lots.sort_by_key(|lot| lot.0);
        lots
    }
}

impl Account {
    /// Cancels a bill by hand: what was paid is the customer's, its late fee too. Answers that late fee.
    pub fn cancel_with_late(&mut self, at: usize) -> i64 {
        let late = self.bills[at].charged.min(self.refundable(at)).max(0);
        self.cancel(at);
        if late > 0 {
            self.bills[at].charged -= late;
            self.credit += late;
            self.given.push(Given { bill: at, refund: late, with_bill: true, cancelled: true, slip: None });
        }
        late
    }

    /// The bill in the place of one cancelled by hand is charged what it bears of the late fee that came back.
    pub fn charge_again(&mut self, at: usize, day: NaiveDate) {
        let chain = self.chain(at);
        let came = |given: &&Given| given.with_bill && chain.contains(&given.bill);
        if self.given.iter().filter(came).any(|given| given.cancelled) {
            self.bear_what_came_back(at, day);
        }
    }

    /// A bill is charged what it bears of the late fee that came back before.
    pub fn bear_what_came_back(&mut self, at: usize, day: NaiveDate) {
        let chain = self.chain(at);
        let came = |given: &&Given| given.with_bill && chain.contains(&given.bill);
        let given: i64 = self.given.iter().filter(came).map(|given| given.refund).sum();
        let bill = &self.bills[at];
        let right = late_of(bill.unpaid * late_days(bill.due, day) + bill.fen_days);
        let mut again = (right - bill.charged).min(given);
        if again <= 0 {
            return;
        }
        let (there, credit) = (self.prepaid.max(0) + self.credit.max(0), self.credit.max(0));
        self.make_room(at, again - credit, again - there);
        let back = (again - self.credit.max(0)).min(self.bills[at].by_payments()).max(0);
        if back > 0 {
            self.credit += back;
            self.bills[at].unpaid += back;
            self.bear_again(at);
        }
        again = again.min(self.credit).max(0);
        let mut left = again;
        for given in self.given.iter_mut().rev().filter(|given| given.with_bill && chain.contains(&given.bill)) {
            let part = left.min(given.refund);
            left -= part;
            given.refund -= part;
        }
        self.given.retain(|given| !given.with_bill || given.refund > 0);
        self.bills[at].charged += again - left;
        self.credit -= again - left;
    }

    /// Late fee charged for days on which the money of a slip was there already.
    pub fn back_with_slip(&self, lines: &[Line], put_by: i64, taken: NaiveDate, today: NaiveDate) -> Vec<SlipBack> {
        let mut list = Vec::new();
        for line in lines.iter().filter(|_| taken < today) {
            let bill = &self.bills[line.bill];
            let since = self.parts(line.bill).iter().map(|part| part.0).filter(|day| *day > taken).max();
            let Some(since) = since.filter(|_| bill.charged > 0 && today > bill.due) else { continue };
            let late = (bill.unpaid - line.principal) * late_days(bill.due, today)
                + bill.fen_days
                + line.principal * late_days(bill.due, taken);
            let over = bill.charged + line.late + line.waived - late_of(late);
            let back = over.min(self.refundable(line.bill)).max(0);
            if back > 0 {
                list.push(SlipBack { bill: line.bill, back, since, in_place: 0 });
            }
        }
        if taken < today {
            list.extend(self.back_with_money(lines, put_by, taken, today));
        }
        list
    }

    /// The same of the other bills: money put by pays what is open and would have paid first what is paid, the oldest due first, its late
    /// fee before the principal.
    fn back_with_money(&self, lines: &[Line], mut money: i64, taken: NaiveDate, today: NaiveDate) -> Vec<SlipBack> {
        let is_asked = |at: &usize| {
            let bill = &self.bills[*at];
            bill.lives && bill.amount > 0 && lines.iter().all(|line| line.bill != *at)
        };
        let mut asked: Vec<usize> = (0..self.bills.len()).filter(is_asked).collect();
        asked.sort_by_key(|at| (self.bills[*at].due, self.bills[*at].cycle.clone(), self.bills[*at].made));
        let mut list = Vec::new();
        for at in asked {
            let (bill, parts) = (&self.bills[at], self.parts(at));
            let since = parts.last().map(|part| part.0).filter(|since| bill.charged > 0 && *since > taken);
            let (right, in_place) = if bill.unpaid > 0 {
                let fee = self.late(at, taken).min(money);
                let principal = (money - fee).min(bill.unpaid);
                money -= fee + principal;
                let fen_days = bill.fen_days
                    + principal * late_days(bill.due, taken)
                    + (bill.unpaid - principal) * late_days(bill.due, today);
                (late_of(fen_days), 0)
            } else if since.is_some() {
                let (early, rest): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.0 <= taken);
                let mut unpaid: i64 = rest.iter().map(|part| part.1).sum();
                let mut fen_days: i64 = early.iter().map(|part| part.1 * late_days(bill.due, part.0)).sum();
                let owed_then = late_of(unpaid * late_days(bill.due, taken) + fen_days) - self.charged_until(at, taken);
                let fee = if taken > bill.due { owed_then.max(0).min(money) } else { 0 };
                let principal = (money - fee).min(unpaid);
                money -= fee + principal;
                unpaid -= principal;
                fen_days += principal * late_days(bill.due, taken);
                for (day, sum) in rest {
                    fen_days += sum.min(unpaid) * late_days(bill.due, day);
                    unpaid -= sum.min(unpaid);
                }
                (late_of(fen_days), fee + principal)
            } else {
                continue;
            };
            let back = (bill.charged - right).min(self.refundable(at));
            if let Some(since) = since.filter(|_| back > 0) {
                list.push(SlipBack { bill: at, back, since, in_place });
            }
        }
        list
    }

    fn charged_until(&self, bill: usize, day: NaiveDate) -> i64 {
        let chain = self.chain(bill);
        let stands = self.paid.iter().filter(|paid| paid.stands && paid.day <= day).flat_map(|paid| &paid.lines);
        stands.filter(|line| chain.contains(&line.bill)).map(|line| line.late + line.waived).sum()
    }

    /// Gives it back.
    pub fn give_with_slip(&mut self, back: &[SlipBack]) {
        for one in back {
            self.bills[one.bill].charged -= one.back;
            self.credit += one.back;
            let slip = Some(self.paid.len() - 1);
            self.given.push(Given { bill: one.bill, refund: one.back, with_bill: true, cancelled: false, slip });
        }
    }

    /// Would taking a payment back leave late fee on a bill that others have paid, which nobody asks for again?
    pub fn loses_late_fee(&self, paid: usize) -> bool {
        let mut trial = self.clone();
        trial.reverse(paid);
        let lost = |bill: &Bill| match bill.lives && bill.amount > 0 && bill.unpaid == 0 {
            true => (late_of(bill.fen_days) - bill.charged).max(0),
            false => 0,
        };
        trial.bills.iter().zip(&self.bills).any(|(after, before)| lost(after) > lost(before))
    }
}
