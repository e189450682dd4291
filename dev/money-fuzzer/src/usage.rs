//! Readings, bills issued and cancelled, meters swapped.

use chrono::Days;
use serde_json::json;

use crate::Failure;
use crate::ladder::Use;
use crate::ledger::{Bill, Mark};
use crate::world::{Wanted, World, fen, unless, word};

/// What who cancels may cancel, by person.
const CANCELS: [(&str, i64); 2] = [("room", 500_000), ("check", 50_000)];

impl World {
    /// `reading.enter`, as a rule with its bill.
    pub fn read(&mut self) -> Result<(), Failure> {
        let at = self.chance.index(self.accounts.len());
        let today = self.date();
        let (day, begins) = self.accounts[at].marks.last().map_or((today, 0), |mark| (mark.day, mark.begins));
        if (today - day).num_days() < 2 {
            return Ok(());
        }
        let used = if self.chance.percent(8) { 0 } else { self.chance.between(1, 70) };
        let estimated = self.chance.percent(35);
        let (value, account) = (begins + used, self.accounts[at].no.clone());
        let input = json!({
            "account": account, "value": value.to_string(), "date": today, "confirm": true, "estimated": estimated,
        });
        let Some(answer) = self.perform("room", "reading.enter", &input, Wanted::Yes)? else { return Ok(()) };
        self.touched = Some(at);
        self.same("use", &answer["use"].as_i64(), &Some(used))?;
        self.accounts[at].marks.push(Mark { day: today, value, begins: value, estimated, bill: None });
        self.accounts[at].changes += 1;
        if self.chance.percent(80) { self.issue_for(at) } else { Ok(()) }
    }

    /// `bill.issue`.
    pub fn issue(&mut self) -> Result<(), Failure> {
        let waits: Vec<usize> = (0..self.accounts.len()).filter(|at| self.accounts[*at].unbilled().is_some()).collect();
        let at = if waits.is_empty() || self.chance.percent(10) {
            self.chance.index(self.accounts.len())
        } else {
            *self.chance.pick(&waits)
        };
        self.issue_for(at)
    }

    fn issue_for(&mut self, at: usize) -> Result<(), Failure> {
        let today = self.business_day();
        let account = &self.accounts[at];
        let mark = account.unbilled();
        let input = json!({ "account": account.no });
        let wanted = unless(&[(mark.is_none(), "nothing is to be billed")]);
        let Some(answer) = self.perform("room", "bill.issue", &input, wanted)? else { return Ok(()) };
        let Some(mark) = mark else { return Ok(()) };
        self.touched = Some(at);
        let account = &self.accounts[at];
        // A bill of nothing was never owed: the last one of something is billed again. The price is that of the last one.
        let mut before = account.marks[mark].bill;
        while let Some(old) = before.filter(|old| account.bills[*old].amount == 0) {
            before = account.bills[old].prev;
        }
        let now = account.period(mark);
        let last = account.marks[mark].bill;
        let percent = last.and_then(|old| account.bills[old].period).map_or(now.percent, |old| old.percent);
        let period = Use { percent, ..now };
        let amount = account.cost(mark, &period);
        let due = before.map_or(today + Days::new(15), |old| account.bills[old].due);
        self.same("held", &answer["held"].as_str(), &None)?;
        self.same("volume", &word(&answer["volume"]), &period.volume.to_string())?;
        self.same("amount", &fen(&answer["amount"]), &amount)?;
        self.same("due", &word(&answer["due"]), &due.to_string())?;
        let estimated = account.marks[mark].estimated;
        let bill = self.bill(word(&answer["bill"]), word(&answer["cycle"]), period, amount, due);
        let swap = before.is_some_and(|old| self.accounts[at].bills[old].swap);
        let new = self.accounts[at].issue(Bill { estimated, swap, prev: before, ..bill }, today);
        self.accounts[at].marks[mark].bill = Some(new);
        let made = &self.accounts[at].bills[new];
        self.same("settled", &fen(&answer["settled"]), &(made.amount - made.unpaid))
    }

    /// A bill that nothing is paid of.
    pub fn bill(&mut self, id: String, cycle: String, period: Use, amount: i64, due: chrono::NaiveDate) -> Bill {
        let made = self.number() + 1_000;
        Bill {
            id,
            cycle,
            made,
            period: Some(period),
            due,
            amount,
            unpaid: amount,
            by_itself: 0,
            stood: 0,
            lives: true,
            estimated: false,
            swap: false,
            fen_days: 0,
            charged: 0,
            next: None,
            prev: None,
        }
    }

    /// `bill.cancel`.
    pub fn cancel(&mut self) -> Result<(), Failure> {
        let at = self.chance.index(self.accounts.len());
        let account = &self.accounts[at];
        let list: Vec<usize> = (0..account.bills.len()).collect();
        let Some(bill) = self.chance.pick_late(&list, 4) else { return Ok(()) };
        let (user, most) = *self.chance.pick(&CANCELS);
        let row = &account.bills[bill];
        let paid = row.amount - row.unpaid;
        let wanted = unless(&[
            (!row.lives, "it is cancelled already"),
            (row.amount > most, "more than he cancels"),
            (row.next.is_some(), "another stands in its place"),
            (row.period.is_none(), "it is from before this book"),
            (account.is_of_old_owner(bill), "it was an owner's before"),
        ]);
        let input = json!({ "bill": row.id, "account": account.no, "reason": "抄错" });
        let wanted = if user == "room" || self.left_open(user) { wanted } else { Wanted::Either };
        let wanted = if self.left_open(user) { Wanted::No("the shift's day is over") } else { wanted };
        let wanted = if wanted == Wanted::Yes && row.amount == 0 { Wanted::Either } else { wanted };
        let Some(answer) = self.perform(user, "bill.cancel", &input, wanted)? else { return Ok(()) };
        self.touched = Some(at);
        self.same("credit", &fen(&answer["credit"]), &paid)?;
        let late = self.accounts[at].cancel_with_late(bill);
        self.same("late fee back", &answer["late_fee"].as_str().map_or(0, |_| fen(&answer["late_fee"])), &late)?;
        let day = self.business_day();
        self.covered(at, &answer, day, (None, Some(bill)))
    }

    /// `swap.enter` where everything is billed, on the last two accounts alone.
    pub fn swap(&mut self) -> Result<(), Failure> {
        let at = self.accounts.len() - 1 - self.chance.index(2) * 3;
        let (today, account) = (self.date(), &self.accounts[at]);
        let Some(last) = account.marks.last().cloned() else { return Ok(()) };
        if !account.is_whole() || (today - last.day).num_days() < 3 {
            return Ok(());
        }
        let (used, first) = (self.chance.between(1, 30), self.chance.between(0, 9));
        let (no, account) = (self.number(), &self.accounts[at]);
        let new = format!("N{no}");
        let input = json!({
            "slip": format!("HB{no}"), "account": account.no, "old_meter": account.meter,
            "final_value": (last.begins + used).to_string(), "new_meter": new, "first_value": first.to_string(),
            "calibre": "DN20", "date": today, "reason": "周期更换", "worker": "陈志强", "old_seal": "F1", "new_seal": "F2",
            "materials": "生料带×1", "confirm": true,
        });
        let Some(answer) = self.perform("room", "swap.enter", &input, Wanted::Yes)? else { return Ok(()) };
        self.touched = Some(at);
        let account = &mut self.accounts[at];
        account.marks.push(Mark { day: today, value: last.begins + used, begins: first, estimated: false, bill: None });
        (account.meter, account.swapped) = (new, true);
        account.changes += 1;
        let mark = account.marks.len() - 1;
        let period = account.period(mark);
        let amount = account.cost(mark, &period);
        self.same("charged", &fen(&answer["picture"]["charged"]), &amount)?;
        let id = word(&answer["bill"]);
        let due = today + Days::new(15);
        let bill = self.bill(id, today.format("%Y-%m").to_string(), period, amount, due);
        let new = self.accounts[at].issue(Bill { swap: true, ..bill }, today);
        self.accounts[at].marks[mark].bill = Some(new);
        Ok(())
    }
}
