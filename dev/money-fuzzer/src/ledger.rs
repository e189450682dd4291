//! The ledger of an account, kept from what was typed and from the names that were answered: bills, late fees, prepaid, credit. It
//! shares no code with the program.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::ladder::{self, Use};

/// A bill.
#[derive(Debug, Clone)]
pub struct Bill {
    /// Its name in the day book; `#1` of an opening arrear.
    pub id: String,
    /// 账期.
    pub cycle: String,
    /// Order of making.
    pub made: u64,
    /// The period; none of an opening arrear.
    pub period: Option<Use>,
    /// Last day without late fee.
    pub due: NaiveDate,
    /// Fen.
    pub amount: i64,
    /// Fen not paid.
    pub unpaid: i64,
    /// What prepaid paid by itself.
    pub by_itself: i64,
    /// Not cancelled.
    pub lives: bool,
    /// 估抄.
    pub estimated: bool,
    /// The difference at a swap.
    pub swap: bool,
    /// Fen × days late of the principal that payments paid.
    pub fen_days: i64,
    /// Late fee charged: paid or waived, less what came back.
    pub charged: i64,
    /// The bill in its place.
    pub next: Option<usize>,
    /// The bill in whose place it stands.
    pub prev: Option<usize>,
    /// Of a cancelled one: what prepaid and credit had paid when it was made.
    pub stood: i64,
}

/// A counter's reading, or its swap.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Its day.
    pub day: NaiveDate,
    /// Where the period before ends.
    pub value: i64,
    /// Where the period after begins.
    pub begins: i64,
    /// 估抄.
    pub estimated: bool,
    /// The bill of the period that ends here: the last one issued, living or not.
    pub bill: Option<usize>,
}

/// Late fee that special handling let off.
#[derive(Debug, Clone)]
pub struct Given {
    /// The bill.
    pub bill: usize,
    /// Late fee that came back as credit.
    pub refund: i64,
    /// It came back because the bill became smaller, or was cancelled.
    pub with_bill: bool,
    /// The bill was cancelled by hand.
    pub cancelled: bool,
    /// The slip that brought it.
    pub slip: Option<usize>,
}

/// A line of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The bill then.
    pub bill: usize,
    /// Principal.
    pub principal: i64,
    /// Late fee paid.
    pub late: i64,
    /// Late fee waived.
    pub waived: i64,
}

/// Money an account brought.
#[derive(Debug, Clone)]
pub struct Paid {
    /// Number of the receipt.
    pub receipt: String,
    /// The day late fee was counted to.
    pub day: NaiveDate,
    /// The day it was entered.
    pub business_day: NaiveDate,
    /// What the bills took.
    pub lines: Vec<Line>,
    /// Put to prepaid.
    pub to_prepaid: i64,
    /// Used of prepaid.
    pub from_prepaid: i64,
    /// Used of credit.
    pub from_credit: i64,
    /// Not reversed.
    pub stands: bool,
    /// Nobody took it: the customer's money stood for bills by itself.
    pub by_itself: bool,
    /// The payment that brought the money which stood for bills at once.
    pub with: Option<usize>,
    /// The cancelled bill whose money stood for bills at once.
    pub cancelled: Option<usize>,
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// 户号.
    pub no: String,
    /// 户名.
    pub name: String,
    /// Meter on the wall.
    pub meter: String,
    /// Percent of the households' ladder of bills to come.
    pub percent: i64,
    /// 预存.
    pub prepaid: i64,
    /// 余款.
    pub credit: i64,
    /// What it brought from before this book, less what was paid out to its owners.
    pub brought: i64,
    /// Every bill there ever was.
    pub bills: Vec<Bill>,
    /// Readings and swaps, the opening one first.
    pub marks: Vec<Mark>,
    /// Payments.
    pub paid: Vec<Paid>,
    /// What special handling let off.
    pub given: Vec<Given>,
    /// A meter was swapped.
    pub swapped: bool,
    /// Changes so far; a request is as it was asked while this is.
    pub changes: u64,
    /// How many bills there were when it changed hands last.
    pub bills_of_owners_before: usize,
    /// Its credit before the step.
    pub credit_before: i64,
    /// The day of the last entry that may have made its credit larger.
    pub credit_since: Option<NaiveDate>,
    /// Its last transfer: how many moves were before, and its case.
    pub deed: Option<(usize, usize)>,
}

/// Late fee of a debt: 0.3 % a day, down to half a yuan.
pub fn late_of(fen_days: i64) -> i64 {
    (fen_days * 3).div_euclid(50_000) * 50
}

pub fn late_days(due: NaiveDate, day: NaiveDate) -> i64 {
    (day - due).num_days().max(0)
}

impl Bill {
    /// What payments and credit paid of it.
    pub fn by_payments(&self) -> i64 {
        if self.lives { self.amount - self.unpaid - self.by_itself } else { 0 }
    }
}

impl Account {
    /// Late fee of a bill to be charged on a day: on what is unpaid to this day, on what is paid to the day it was.
    pub fn late(&self, at: usize, day: NaiveDate) -> i64 {
        let bill = &self.bills[at];
        if day <= bill.due {
            return 0;
        }
        (late_of(bill.unpaid * late_days(bill.due, day) + bill.fen_days) - bill.charged).max(0)
    }

    /// Principal owed on bills.
    pub fn owed(&self) -> i64 {
        self.bills.iter().map(|bill| bill.unpaid).sum()
    }

    /// Unpaid bills in the order they are paid.
    pub fn open(&self) -> Vec<usize> {
        let mut list: Vec<usize> = (0..self.bills.len()).filter(|at| self.bills[*at].unpaid > 0).collect();
        list.sort_by_key(|at| {
            let bill = &self.bills[*at];
            (bill.due, bill.cycle.clone(), bill.made)
        });
        list
    }

    /// The bill in the place of another at last.
    pub fn standing(&self, mut bill: usize) -> usize {
        while let Some(next) = self.bills[bill].next {
            bill = next;
        }
        bill
    }

    /// A bill and those in whose place it stands.
    pub fn chain(&self, bill: usize) -> BTreeSet<usize> {
        let mut chain = BTreeSet::from([bill]);
        let mut at = bill;
        while let Some(before) = self.bills[at].prev {
            chain.insert(before);
            at = before;
        }
        chain
    }

    /// Late fee the clerk let off on a day.
    pub fn waived_on(&self, day: NaiveDate) -> i64 {
        let of = |pick: &dyn Fn(&Paid) -> bool| -> i64 {
            let stands = self.paid.iter().filter(|paid| paid.stands && pick(paid));
            stands.flat_map(|paid| &paid.lines).map(|line| line.waived).sum()
        };
        of(&|paid| paid.business_day == day).max(of(&|paid| paid.day == day))
    }

    /// Takes a payment.
    pub fn take(&mut self, paid: Paid) {
        self.changes += 1;
        self.prepaid += paid.to_prepaid - paid.from_prepaid;
        self.credit -= paid.from_credit;
        for line in &paid.lines {
            let bill = &mut self.bills[line.bill];
            bill.unpaid -= line.principal;
            bill.fen_days += line.principal * late_days(bill.due, paid.day);
            bill.charged += line.late + line.waived;
        }
        self.paid.push(paid);
    }

    /// Prepaid and credit if a payment had not been.
    pub fn without(&self, at: usize) -> (i64, i64) {
        let mut trial = self.clone();
        trial.reverse(at);
        (trial.prepaid, trial.credit)
    }

    /// Was a bill, or one in whose place it stands, there before the account changed hands?
    pub fn is_of_old_owner(&self, bill: usize) -> bool {
        self.chain(bill).iter().any(|one| *one < self.bills_of_owners_before)
    }

    /// What the customer would have if every payment were taken back and every bill cancelled.
    pub fn unwound(&self) -> i64 {
        let mut trial = self.clone();
        for at in (0..trial.paid.len()).rev() {
            if trial.paid[at].stands && !trial.paid[at].by_itself {
                trial.reverse(at);
            }
        }
        for at in 0..trial.bills.len() {
            if trial.bills[at].lives {
                trial.cancel_with_late(at);
            }
        }
        trial.prepaid + trial.credit
    }

    /// Takes a payment back.
    pub fn reverse(&mut self, at: usize) {
        self.changes += 1;
        let paid = self.paid[at].clone();
        self.prepaid += paid.from_prepaid - paid.to_prepaid;
        self.credit += paid.from_credit;
        for line in &paid.lines {
            let now = self.standing(line.bill);
            let bill = &mut self.bills[now];
            bill.charged -= line.late + line.waived;
            let by_payments = bill.by_payments() - self.covered_of(now);
            let chain = self.chain(now);
            let stands =
                self.paid.iter().enumerate().filter(|(other, paid)| *other != at && paid.stands && !paid.by_itself);
            let others: i64 = stands
                .flat_map(|(_, paid)| &paid.lines)
                .filter(|line| chain.contains(&line.bill))
                .map(|line| line.principal)
                .sum();
            let most = line.principal.min(by_payments).max(0);
            let fee_goes = line.late + line.waived > 0;
            let least = if fee_goes { most } else { (by_payments - others).min(most).max(0) };
            let short = (line.principal - least - self.credit.max(0)).max(0);
            let back = least + short.min(most - least);
            let bill = &mut self.bills[now];
            bill.unpaid += back;
            self.credit -= line.principal - back;
            self.paid[at].stands = false;
            self.bear_again(now);
            self.keep_no_more_back(now);
        }
        self.paid[at].stands = false;
        for place in (0..self.given.len()).filter(|place| self.given[*place].slip == Some(at)).collect::<Vec<_>>() {
            let now = self.standing(self.given[place].bill);
            if self.bills[now].unpaid > 0 {
                continue;
            }
            let back = std::mem::take(&mut self.given[place].refund);
            self.credit -= back;
            self.bills[now].charged += back;
        }
        self.given.retain(|given| !given.with_bill || given.refund > 0);
        self.fall_back(at);
    }

    /// No more late fee came back than the payments that stand brought: first what came with a bill, then what was let off, which is
    /// let off still but was never paid.
    pub fn keep_no_more_back(&mut self, bill: usize) {
        let chain = self.chain(bill);
        let mut excess = -self.refundable(bill);
        for with_bill in [true, false] {
            let fits = |given: &&mut Given| given.with_bill == with_bill && chain.contains(&given.bill);
            for given in self.given.iter_mut().rev().filter(fits) {
                let part = excess.min(given.refund).max(0);
                excess -= part;
                given.refund -= part;
                self.credit -= part;
                self.bills[bill].charged += part;
            }
        }
        self.given.retain(|given| !given.with_bill || given.refund > 0);
    }

    fn late_brought(&self, chain: &BTreeSet<usize>) -> i64 {
        let stands = self.paid.iter().filter(|paid| paid.stands).flat_map(|paid| &paid.lines);
        stands.filter(|line| chain.contains(&line.bill)).map(|line| line.late).sum()
    }

    /// Late fee paid on a bill that has not come back.
    pub fn refundable(&self, bill: usize) -> i64 {
        let chain = self.chain(bill);
        let back: i64 = self.given.iter().filter(|given| chain.contains(&given.bill)).map(|given| given.refund).sum();
        self.late_brought(&chain) - back
    }

    /// What each payment that stands paid of a bill and of those before it, oldest first.
    pub fn parts(&self, bill: usize) -> Vec<(NaiveDate, i64)> {
        let chain = self.chain(bill);
        let mut parts: Vec<(NaiveDate, usize, i64)> = Vec::new();
        for (at, paid) in self.paid.iter().enumerate().filter(|(_, paid)| paid.stands) {
            for line in paid.lines.iter().filter(|line| chain.contains(&line.bill)) {
                parts.push((paid.day, at, line.principal));
            }
        }
        parts.sort_by_key(|part| (part.0, part.1));
        parts.into_iter().map(|(day, _, sum)| (day, sum)).collect()
    }

    /// Cancels a bill: what was paid is the customer's.
    pub fn cancel(&mut self, at: usize) {
        self.changes += 1;
        let bill = &mut self.bills[at];
        let paid = bill.amount - bill.unpaid;
        let prepaid = bill.by_itself.min(paid);
        (bill.unpaid, bill.by_itself, bill.lives) = (0, 0, false);
        let by_parts: i64 = self.parts(at).iter().map(|part| part.1).sum();
        self.bills[at].stood = (paid - by_parts).max(0);
        self.prepaid += prepaid;
        self.credit += paid - prepaid;
    }

    /// Prepaid, then credit, pay what a bill still owes.
    fn settle(&mut self, at: usize) {
        self.settle_most(at, self.bills[at].unpaid);
    }

    fn settle_most(&mut self, at: usize, most: i64) {
        let bill = &mut self.bills[at];
        let most = bill.unpaid.min(most);
        let prepaid = most.min(self.prepaid).max(0);
        let credit = (most - prepaid).min(self.credit).max(0);
        bill.unpaid -= prepaid + credit;
        bill.by_itself += prepaid;
        self.prepaid -= prepaid;
        self.credit -= credit;
    }

    /// Issues a bill that stands in no other's place, or in that of a cancelled one.
    pub fn issue(&mut self, bill: Bill, day: NaiveDate) -> usize {
        self.changes += 1;
        let (at, prev) = (self.bills.len(), bill.prev);
        self.bills.push(bill);
        let Some(old) = prev else {
            self.settle(at);
            return at;
        };
        self.bills[old].next = Some(at);
        self.hand_over(old, at);
        let paid: i64 = self.parts(at).iter().map(|part| part.1).sum();
        let (unpaid, credit) = (self.bills[at].unpaid, self.credit.max(0));
        let money = self.prepaid.max(0) + credit;
        let own = (paid.min(unpaid) - credit).max((paid + self.bills[old].stood).min(unpaid) - money);
        self.make_room(at, own, unpaid - money);
        let moved = paid.min(self.credit.max(0)).min(self.bills[at].unpaid).max(0);
        self.credit -= moved;
        self.bills[at].unpaid -= moved;
        self.settle_most(at, self.bills[old].stood);
        self.bear_again(at);
        self.charge_again(at, day);
        if self.bills[at].due < day {
            self.stand_for(self.lots(None, day), day, (None, None), day);
        } else {
            self.settle(at);
        }
        at
    }

    /// The payments that stand pay a bill in their order, as far as it is paid by payments: each to its own day.
    pub fn bear_again(&mut self, at: usize) {
        self.bills[at].fen_days = first_parts(self.bills[at].due, &self.parts(at), self.bills[at].by_payments());
    }

    /// Late fee charged goes with the bill.
    fn hand_over(&mut self, old: usize, new: usize) {
        self.bills[new].charged = std::mem::take(&mut self.bills[old].charged);
    }

    /// Late fee that comes back when a bill becomes smaller, as reckoned on a day.
    pub fn late_back(&self, at: usize, amount: i64, day: NaiveDate) -> i64 {
        let bill = &self.bills[at];
        if amount >= bill.amount || bill.charged <= 0 {
            return 0;
        }
        let paid = bill.amount - bill.unpaid;
        let fen_days = first_parts(bill.due, &self.parts(at), self.carried(at, amount).0);
        let unpaid = amount - paid.min(amount);
        let right = late_of(unpaid * late_days(bill.due, day) + fen_days);
        (bill.charged - right).min(self.refundable(at)).max(0)
    }

    /// What of another amount in a bill's place payments and prepaid would have paid: payments in time, prepaid, payments that were late.
    fn carried(&self, at: usize, amount: i64) -> (i64, i64) {
        let bill = &self.bills[at];
        let timely: i64 = self.parts(at).iter().filter(|part| part.0 <= bill.due).map(|part| part.1).sum();
        let timely = timely.min(bill.by_payments());
        let (mut left, mut got) = (amount, [0; 3]);
        for (place, most) in [timely, bill.by_itself, bill.by_payments() - timely].into_iter().enumerate() {
            got[place] = most.min(left);
            left -= got[place];
        }
        (got[0] + got[2], got[1])
    }

    /// Puts a bill in the place of a living one by special handling.
    pub fn replace(&mut self, old: usize, new: Bill, day: NaiveDate) -> usize {
        let back = self.late_back(old, new.amount, day);
        let paid = self.bills[old].amount - self.bills[old].unpaid - self.bills[old].by_itself;
        let (moved, prepaid) = self.carried(old, new.amount);
        self.cancel(old);
        let at = self.bills.len();
        self.bills.push(new);
        self.credit -= moved;
        self.bills[at].unpaid -= moved;
        self.settle_most(at, prepaid.min(self.prepaid.max(0)));
        self.hand_over(old, at);
        self.bills[old].next = Some(at);
        let brought: i64 = self.parts(at).iter().map(|part| part.1).sum();
        let own = (brought - paid).min(self.credit.max(0)).min(self.bills[at].unpaid).max(0);
        self.credit -= own;
        self.bills[at].unpaid -= own;
        self.bear_again(at);
        if back > 0 {
            self.bills[at].charged -= back;
            self.credit += back;
            self.given.push(Given { bill: at, refund: back, with_bill: true, cancelled: false, slip: None });
        }
        if self.bills[at].amount > self.bills[old].amount {
            self.bear_what_came_back(at, day);
        }
        at
    }

    /// Lets late fee off: first what is open, then what was paid. `most`: an amount over all bills; none: all.
    pub fn let_off(&mut self, bills: &[usize], most: Option<i64>, day: NaiveDate) -> i64 {
        self.changes += 1;
        let (mut rest, mut sum) = (most, 0);
        for at in bills {
            let open = if self.bills[*at].unpaid > 0 { self.late(*at, day) } else { 0 };
            let paid = self.refundable(*at);
            let fee = rest.map_or(open, |rest| rest.min(open));
            let refund = rest.map_or(paid, |rest| (rest - fee).min(paid)).max(0);
            rest = rest.map(|rest| rest - fee - refund);
            self.bills[*at].charged += fee;
            self.credit += refund;
            if fee + refund > 0 {
                self.given.push(Given { bill: *at, refund, with_bill: false, cancelled: false, slip: None });
            }
            sum += fee + refund;
        }
        sum
    }

    /// Every reading is billed and no bill of one is cancelled.
    pub fn is_whole(&self) -> bool {
        self.marks.iter().skip(1).all(|mark| mark.bill.is_some_and(|bill| self.bills[bill].lives))
    }

    /// Units that are read and not billed.
    pub fn use_unbilled(&self) -> i64 {
        let waits = (1..self.marks.len()).filter(|at| self.marks[*at].bill.is_none_or(|bill| !self.bills[bill].lives));
        waits.map(|at| self.period(at).volume).sum()
    }

    /// The oldest reading that is to be billed.
    pub fn unbilled(&self) -> Option<usize> {
        (1..self.marks.len()).find(|at| self.marks[*at].bill.is_none_or(|bill| !self.bills[bill].lives))
    }

    /// The period that ends at a mark.
    pub fn period(&self, at: usize) -> Use {
        let (before, mark) = (&self.marks[at - 1], &self.marks[at]);
        let first = before.day.succ_opt().unwrap_or(before.day);
        Use { first, last: mark.day, volume: mark.value - before.begins, percent: self.percent }
    }

    /// What the period that ends at a mark costs.
    pub fn cost(&self, at: usize, now: &Use) -> i64 {
        let before: Vec<Use> =
            (1..at).filter_map(|mark| self.marks[mark].bill.and_then(|bill| self.bills[bill].period)).collect();
        ladder::cost(&before, now)
    }
}

/// Fen × days late of the first payments up to a sum.
fn first_parts(due: NaiveDate, parts: &[(NaiveDate, i64)], sum: i64) -> i64 {
    let (mut left, mut fen_days) = (sum, 0);
    for (day, part) in parts {
        let part = (*part).min(left);
        left -= part;
        fen_days += part * late_days(due, *day);
    }
    fen_days
}
