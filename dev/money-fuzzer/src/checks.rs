//! What is drawn next, and what must agree after it: accounts, drawers, receipts, reports, the whole book.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::NaiveDate;
use meterdesk::desk::{customer_view, view_till};
use meterdesk::outbound::reports;
use meterdesk::outbound::sheet::{Cell, Sheet};
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Fen;
use meterdesk::rules::reach::Reach;

use crate::Failure;
use crate::drawers::{Case, What};
use crate::world::{CLERKS, World};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What is done how often.
const WEIGHTS: [(i64, &str); 19] = [
    (30, "pay"),
    (14, "read"),
    (8, "issue"),
    (9, "reverse"),
    (6, "open"),
    (3, "close"),
    (5, "house"),
    (3, "undo"),
    (3, "sign"),
    (3, "confirm"),
    (2, "method"),
    (3, "fee"),
    (5, "cancel"),
    (2, "swap"),
    (8, "ask_for"),
    (4, "go_on"),
    (3, "take_in"),
    (4, "charge"),
    (5, "case"),
];

/// A row of a report about money: method, late fee, waived, to prepaid, from prepaid, money.
type Row = (String, i64, i64, i64, i64, i64, i64);

impl World {
    /// Somebody does something.
    pub fn act(&mut self) -> Result<(), Failure> {
        // Whose day is over closes first, as a rule; who has no till opens one.
        for user in CLERKS {
            if self.left_open(user) && self.chance.percent(60) {
                return self.close(user);
            }
            if self.open_shift(user).is_none() && self.chance.percent(25) {
                return self.open(user);
            }
        }
        let total: i64 = WEIGHTS.iter().map(|(weight, _)| weight).sum();
        let mut at = self.chance.between(0, total - 1);
        let drawn = WEIGHTS.iter().find(|(weight, _)| {
            at -= weight;
            at < 0
        });
        let clerk = *self.chance.pick(&CLERKS);
        match drawn.map_or("", |(_, what)| *what) {
            "pay" => self.pay(),
            "read" => self.read(),
            "issue" => self.issue(),
            "reverse" => self.reverse(),
            "open" => self.open(clerk),
            "close" => self.close(clerk),
            "house" => self.house(),
            "undo" => self.undo(),
            "sign" => self.sign(),
            "confirm" => self.confirm(),
            "method" => self.method(),
            "fee" => self.fee(),
            "cancel" => self.cancel(),
            "swap" => self.swap(),
            "ask_for" => self.ask_for(),
            "go_on" => self.go_on(),
            "take_in" => self.take_in(),
            "charge" => self.take_charge(),
            _ => match self.chance.between(0, 2) {
                0 => self.give_back(),
                1 => self.void(),
                _ => self.transfer(),
            },
        }
    }

    /// After a step: the account it touched and every open drawer.
    pub fn check(&mut self) -> Result<(), Failure> {
        if let Some(at) = self.touched {
            self.check_account(at)?;
        }
        for at in 0..self.shifts.len() {
            if self.shifts[at].is_open() {
                self.check_shift(at)?;
            }
        }
        Ok(())
    }

    /// Every account, every shift, every report.
    pub fn everything(&mut self) -> Result<(), Failure> {
        for at in 0..self.accounts.len() {
            self.check_account(at)?;
        }
        for at in 0..self.shifts.len() {
            self.check_shift(at)?;
        }
        self.check_reports()
    }

    /// The book by its own lights, rebuilt on a copy.
    pub fn whole(&mut self) -> Result<(), Failure> {
        self.everything()?;
        self.report.verified += 1;
        // Books in memory share the name of the copy that is rebuilt.
        let alone = ONE_AT_A_TIME.lock();
        let verdict = self.desk.verify(true, |_| {});
        drop(alone);
        let verdict = verdict.map_err(|refusal| self.fail(refusal.message()))?;
        if !verdict.ok {
            return Err(self.fail(format!("verify --full: {:?}", verdict.first_fault)));
        }
        let tx = self.desk.look().map_err(|error| self.fail(error))?;
        let open = tx.open_exceptions().map_err(|error| self.fail(error))?;
        let odd: Vec<_> = open.iter().filter(|row| row.what != "signed_changed").map(|row| &row.note).collect();
        self.same("exceptions", &odd, &Vec::new())
    }

    fn owed_fees(&self, at: usize) -> i64 {
        self.cases.iter().filter(|case| case.account == at).map(Case::owed).sum()
    }

    fn check_account(&self, at: usize) -> Result<(), Failure> {
        let own = &self.accounts[at];
        let said = |what: &str| format!("{} {what}", own.no);
        let view = customer_view::account(&self.desk, &own.no).map_err(|refusal| self.fail(refusal.message()))?;
        let fees = self.owed_fees(at);
        self.same(&said("name"), &view.name, &own.name)?;
        self.same(&said("prepaid"), &view.prepaid.0, &own.prepaid)?;
        self.same(&said("credit"), &view.credit.0, &own.credit)?;
        self.same(&said("money after everything is taken back"), &own.unwound(), &own.brought)?;
        self.same(&said("owed fees"), &view.owed_fees.0, &fees)?;
        self.same(&said("owed"), &view.owed.0, &(own.owed() + fees))?;
        let mut got: Vec<(String, i64, i64, bool)> =
            view.bills.iter().map(|row| (name(row.id), row.amount.0, row.unpaid.0, row.state != "cancelled")).collect();
        let mut wanted: Vec<(String, i64, i64, bool)> =
            own.bills.iter().map(|bill| (bill.id.clone(), bill.amount, bill.unpaid, bill.lives)).collect();
        got.sort();
        wanted.sort();
        self.same(&said("bills"), &got, &wanted)?;
        let day = self.date();
        let pay = view_till::pay(&self.desk, view.id, Some(day)).map_err(|refusal| self.fail(refusal.message()))?;
        let late: Vec<(String, i64, i64)> =
            pay.bills.iter().map(|due| (name(due.bill.id), due.bill.unpaid.0, due.fee().0)).collect();
        let open = own.open();
        let wanted: Vec<(String, i64, i64)> = open
            .iter()
            .map(|bill| (own.bills[*bill].id.clone(), own.bills[*bill].unpaid, own.late(*bill, day)))
            .collect();
        self.same(&said("to pay with late fee"), &late, &wanted)?;
        self.same("next receipt", &pay.receipt, &self.next_receipt())
    }

    fn check_shift(&self, at: usize) -> Result<(), Failure> {
        let own = &self.shifts[at];
        let id: Id = own.id.parse().map_err(|_| self.fail(format!("{} is no name", own.id)))?;
        let tx = self.desk.look().map_err(|error| self.fail(error))?;
        let row = tx.shift(id).map_err(|error| self.fail(error))?;
        let Some(row) = row else { return Err(self.fail(format!("shift {id} is not there"))) };
        let got = (row.opening.0, row.added.0, row.income.0, row.paid_in.0, row.cash.0, row.counted.map(|sum| sum.0));
        let wanted = (own.opening, own.added, own.income, own.paid_in, own.cash(), own.counted);
        self.same(
            &format!("shift {id} of {}: opening, added, income, paid in, cash, counted", own.user),
            &got,
            &wanted,
        )?;
        let over = own.counted.map(|counted| counted - own.cash());
        self.same(&format!("shift {id} over or short"), &row.over.map(|sum| sum.0), &over)
    }

    fn sheet(&self, name: &str) -> Result<Sheet, Failure> {
        let report = reports::report(name).ok_or_else(|| self.fail(format!("no report {name}")))?;
        let tx = self.desk.look().map_err(|error| self.fail(error))?;
        let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
        let last = NaiveDate::from_ymd_opt(2100, 1, 1).unwrap_or_default();
        (report.fill)(&tx, Reach::ALL, first, last).map_err(|error| self.fail(error))
    }

    fn check_reports(&self) -> Result<(), Failure> {
        let payments = self.sheet("payments")?;
        let mut got: Vec<Row> = (0..payments.rows.len())
            .map(|row| {
                let sum = |key: &str| money(&payments, row, key);
                let method = text(&payments, row, "method");
                let sums = (sum("principal"), sum("late_fee"), sum("waived"));
                (method, sums.0, sums.1, sums.2, sum("to_prepaid"), sum("from_prepaid"), sum("amount"))
            })
            .collect();
        let house = |what: What| matches!(what, What::PaidIn | What::Float);
        let mut wanted: Vec<Row> = self
            .moves
            .iter()
            .map(|one| {
                let principal = if house(one.what) { 0 } else { one.principal };
                let sums = (one.to_prepaid, one.from_balance, one.amount);
                (one.method.clone(), principal, one.late, one.waived, sums.0, sums.1, sums.2)
            })
            .collect();
        got.sort();
        wanted.sort();
        self.same("report payments", &got, &wanted)?;

        let cash = self.sheet("cash")?;
        let mut got: BTreeMap<String, i64> = BTreeMap::new();
        for row in 0..cash.rows.len() {
            *got.entry(text(&cash, row, "method")).or_default() +=
                money(&cash, row, "amount") + money(&cash, row, "deposits");
        }
        let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
        for one in self.moves.iter().filter(|one| !house(one.what)) {
            *wanted.entry(one.method.clone()).or_default() += one.amount;
        }
        got.retain(|_, sum| *sum != 0);
        wanted.retain(|_, sum| *sum != 0);
        self.same("report cash", &got, &wanted)?;

        let shifts = self.sheet("shifts")?;
        let mut got: Vec<[i64; 6]> = (0..shifts.rows.len())
            .map(|row| {
                let sum = |key: &str| money(&shifts, row, key);
                let opening = sum("opening") + sum("float_difference");
                [opening, sum("added"), sum("income"), sum("deposits"), sum("paid_in"), sum("cash")]
            })
            .collect();
        let mut wanted: Vec<[i64; 6]> = self
            .shifts
            .iter()
            .map(|shift| {
                let income = shift.income - shift.deposits;
                [shift.opening, shift.added, income, shift.deposits, shift.paid_in, shift.cash()]
            })
            .collect();
        got.sort_unstable();
        wanted.sort_unstable();
        self.same("report shifts", &got, &wanted)?;

        let arrears = self.sheet("arrears")?;
        let mut got: Vec<(String, i64)> = (0..arrears.rows.len())
            .map(|row| (text(&arrears, row, "account"), money(&arrears, row, "unpaid")))
            .collect();
        let mut wanted = Vec::new();
        for account in &self.accounts {
            wanted.extend(account.open().iter().map(|bill| (account.no.clone(), account.bills[*bill].unpaid)));
        }
        for case in self.cases.iter().filter(|case| !case.is_void) {
            let open = case.charges.iter().filter(|charge| !charge.is_paid && !charge.is_returned);
            wanted.extend(open.map(|charge| (self.accounts[case.account].no.clone(), charge.amount)));
        }
        got.sort();
        wanted.sort();
        self.same("report arrears", &got, &wanted)
    }
}

fn name(id: Id) -> String {
    id.to_string()
}

fn cell<'s>(sheet: &'s Sheet, row: usize, key: &str) -> Option<&'s Cell> {
    let at = sheet.columns.iter().position(|column| column.key == key)?;
    sheet.rows.get(row)?.get(at)
}

fn money(sheet: &Sheet, row: usize, key: &str) -> i64 {
    match cell(sheet, row, key) {
        Some(Cell::Money(Fen(sum))) => *sum,
        _ => 0,
    }
}

fn text(sheet: &Sheet, row: usize, key: &str) -> String {
    match cell(sheet, row, key) {
        Some(Cell::Text(text)) => text.clone(),
        _ => String::new(),
    }
}
