//! Payments, prepaid, part payments, waivers, hand-written slips, fees, reversals, confirmations and methods put right.

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use crate::Failure;
use crate::came_back::SlipBack;
use crate::drawers::{Move, What};
use crate::ledger::{Account, Line, Paid};
use crate::world::{CLERKS, Wanted, World, fen, unless, word, yuan};

/// What a clerk types.
#[derive(Debug, Clone, Default)]
struct Ask {
    bills: Option<Vec<usize>>,
    sum: Option<i64>,
    each: Option<Vec<i64>>,
    method: &'static str,
    tendered: Option<i64>,
    waive: bool,
    keep: bool,
    to_prepaid: i64,
    from_prepaid: i64,
    confirm: bool,
}

/// What the ledger makes of it.
#[derive(Debug, Clone, Default)]
struct Plan {
    lines: Vec<Line>,
    amount: i64,
    tendered: i64,
    change: i64,
    to_prepaid: i64,
    from_prepaid: i64,
    from_credit: i64,
}

const METHODS: [&str; 3] = ["现金", "银行卡", "转账"];
/// The own waiver of a clerk, for an account and a day.
const OWN_WAIVER: i64 = 2_000;
/// Change, or what is kept, above this is asked about.
const MISTYPED: i64 = 100_000;
/// What a clerk may reverse.
const CLERK_REVERSES: i64 = 50_000;

impl Ask {
    fn input(&self, account: &Account) -> Value {
        let mut input = json!({ "account": account.no, "method": self.method });
        if let Some(bills) = &self.bills {
            input["bills"] = bills.iter().map(|at| json!(account.bills[*at].id)).collect();
        }
        match (&self.sum, &self.each) {
            (Some(sum), _) => input["amounts"] = json!(yuan(*sum)),
            (None, Some(each)) => input["amounts"] = each.iter().map(|sum| json!(yuan(*sum))).collect(),
            (None, None) => {}
        }
        if let Some(tendered) = self.tendered {
            input["tendered"] = json!(yuan(tendered));
        }
        for (key, is_so) in [("waive", self.waive), ("keep_change", self.keep), ("confirm", self.confirm)] {
            if is_so {
                input[key] = json!(true);
            }
        }
        for (key, sum) in [("to_prepaid", self.to_prepaid), ("from_prepaid", self.from_prepaid)] {
            if sum > 0 {
                input[key] = json!(yuan(sum));
            }
        }
        input
    }

    /// The plan, or why there is none.
    fn plan(&self, account: &Account, today: NaiveDate, taken: NaiveDate, drawer: i64) -> Result<Plan, &'static str> {
        let chosen = self.bills.clone().unwrap_or_else(|| account.open());
        if chosen.iter().any(|at| account.bills[*at].unpaid == 0) {
            return Err("a bill is paid or cancelled");
        }
        if chosen.is_empty() && self.to_prepaid == 0 {
            return Err("nothing is owed");
        }
        let late = |at: usize| account.late(at, taken);
        let off = |at: usize| if self.waive && account.bills[at].estimated { late(at) } else { 0 };
        let waived: i64 = chosen.iter().map(|at| off(*at)).sum();
        if self.waive && waived == 0 && chosen.iter().any(|at| late(*at) > 0) {
            return Err("only estimated bills are waived");
        }
        if waived > 0 && waived + account.waived_on(today).max(account.waived_on(taken)) > OWN_WAIVER {
            return Err("own waiver");
        }
        let mut plan = Plan::default();
        let mut rest = self.sum;
        for (place, at) in chosen.iter().enumerate() {
            let money = match (&self.each, rest) {
                (Some(each), _) => Some(each[place]),
                (None, rest) => rest,
            };
            if money == Some(0) {
                continue;
            }
            let (principal, fee) = (account.bills[*at].unpaid, late(*at) - off(*at));
            let money = money.unwrap_or(principal + fee);
            let fee_paid = money.min(fee);
            let line =
                Line { bill: *at, principal: (money - fee_paid).min(principal), late: fee_paid, waived: off(*at) };
            if let Some(rest) = &mut rest {
                *rest -= line.principal + line.late;
            } else if money > line.principal + line.late {
                return Err("more than a bill owes");
            }
            plan.lines.push(line);
        }
        if rest.is_some_and(|rest| rest > 0) {
            return Err("more than is owed");
        }
        let bills: i64 = plan.lines.iter().map(|line| line.principal + line.late).sum();
        let by_balance = if self.method == "预存" { bills } else { self.from_prepaid };
        if by_balance > account.prepaid.max(0) + account.credit.max(0) {
            return Err("not so much prepaid");
        }
        if by_balance > bills {
            return Err("prepaid for more than the bills");
        }
        plan.from_prepaid = by_balance.min(account.prepaid.max(0));
        plan.from_credit = by_balance - plan.from_prepaid;
        if self.method == "预存" {
            return Ok(plan);
        }
        let needed = bills + self.to_prepaid - by_balance;
        plan.tendered = self.tendered.unwrap_or(needed);
        let over = plan.tendered - needed;
        if over < 0 {
            return Err("too little tendered");
        }
        let is_change = self.method == "现金" && !self.keep;
        (plan.amount, plan.change) = if is_change { (needed, over) } else { (plan.tendered, 0) };
        let kept = if is_change { 0 } else { over };
        plan.to_prepaid = self.to_prepaid + kept;
        let is_large = plan.change > MISTYPED || kept > MISTYPED || self.to_prepaid > MISTYPED;
        if !self.confirm && (is_large || plan.change > drawer.max(0)) {
            return Err("looks mistyped");
        }
        Ok(plan)
    }
}

impl World {
    fn ask(&mut self, at: usize, day: NaiveDate) -> Ask {
        let chance = &mut self.chance;
        let account = &self.accounts[at];
        let open = account.open();
        let all: i64 = open.iter().map(|at| account.bills[*at].unpaid + account.late(*at, day)).sum();
        let method = if chance.percent(12) { "预存" } else { *chance.pick(&METHODS) };
        let mut ask = Ask { method, confirm: chance.percent(50), ..Ask::default() };
        match chance.between(0, 9) {
            0..=2 => {}
            3..=4 => {
                let over = if chance.percent(10) { 100 } else { 0 };
                ask.sum = Some(chance.between(1, all.max(1) + over));
            }
            5 => {
                let chosen: Vec<usize> = open.into_iter().filter(|_| chance.percent(60)).collect();
                let each = chosen.iter().map(|at| {
                    let bill = &account.bills[*at];
                    let most = bill.unpaid + account.late(*at, day);
                    if chance.percent(40) { most } else { chance.between(1, most) }
                });
                (ask.each, ask.bills) = (Some(each.collect()), Some(chosen));
            }
            6 => {
                ask.bills = Some(Vec::new());
                let most = if chance.percent(10) { 200_000 } else { 20_000 };
                ask.to_prepaid = chance.between(1, most);
            }
            7 => ask.to_prepaid = chance.between(1, 5_000),
            8 => ask.waive = true,
            _ if account.bills.is_empty() => {}
            _ => ask.bills = Some(vec![chance.index(account.bills.len())]),
        }
        if ask.method != "预存" && chance.percent(25) {
            ask.from_prepaid = chance.between(0, (account.prepaid + account.credit).max(0) + 200);
        }
        if ask.method != "预存" && chance.percent(40) {
            ask.tendered = Some((all + ask.to_prepaid + chance.between(-500, 3_000)).max(0));
            if chance.percent(5) {
                ask.tendered = Some(all + chance.between(90_000, 400_000));
            }
            ask.keep = chance.percent(30);
        }
        if ask.method == "预存" {
            ask.to_prepaid = 0;
        }
        ask
    }

    /// `payment.take` or, by a hand-written slip, `payment.enter_late`.
    pub fn pay(&mut self) -> Result<(), Failure> {
        let user = *self.chance.pick(&CLERKS);
        let owing: Vec<usize> = (0..self.accounts.len()).filter(|at| self.accounts[*at].owed() > 0).collect();
        let is_owing = !owing.is_empty() && self.chance.percent(70);
        let at = if is_owing { *self.chance.pick(&owing) } else { self.chance.index(self.accounts.len()) };
        let today = self.business_day();
        let is_late = self.chance.percent(15);
        let taken = if is_late { today - Duration::days(self.chance.between(0, 33)) } else { today };
        let ask = self.ask(at, taken);
        let mut input = ask.input(&self.accounts[at]);
        let mut reasons = self.no_till(user).to_vec();
        let mut paper = None;
        if is_late {
            let no = if self.chance.percent(90) { self.number() } else { self.count };
            let text = format!("S{no}");
            input["paper"] = json!(text);
            input["happened"] = json!(taken.to_string());
            let known = self.moves.iter().any(|one| one.paper.as_ref() == Some(&text) && !one.is_over);
            reasons.push((known, "the slip is entered already"));
            reasons.push(((today - taken).num_days() > 31, "too old a slip"));
            paper = Some(text);
        }
        let drawer = self.open_shift(user).map_or(0, |shift| self.shifts[shift].cash());
        let plan = ask.plan(&self.accounts[at], today, taken, drawer);
        let mut wanted = unless(&reasons);
        if let (Wanted::Yes, Err(why)) = (wanted, &plan) {
            wanted = Wanted::No(why);
        }
        let action = if is_late { "payment.enter_late" } else { "payment.take" };
        let Some(answer) = self.perform(user, action, &input, wanted)? else { return Ok(()) };
        let (Ok(plan), Some(shift)) = (plan, self.open_shift(user)) else { return Ok(()) };
        self.touched = Some(at);
        let receipt = self.gave_receipt(&answer)?;
        for (key, sum) in [
            ("amount", plan.amount),
            ("tendered", plan.tendered),
            ("change", plan.change),
            ("to_prepaid", plan.to_prepaid),
            ("from_prepaid", plan.from_prepaid + plan.from_credit),
        ] {
            self.same(key, &fen(&answer[key]), &sum)?;
        }
        let account = &self.accounts[at];
        let said = answer["lines"].as_array().cloned().unwrap_or_default();
        let got: Vec<_> = said
            .iter()
            .map(|line| (word(&line["bill"]), fen(&line["principal"]), fen(&line["late_fee"]), fen(&line["waived"])))
            .collect();
        let own: Vec<_> = plan
            .lines
            .iter()
            .map(|line| (account.bills[line.bill].id.clone(), line.principal, line.late, line.waived))
            .collect();
        self.same("lines", &got.iter().map(tail).collect::<Vec<_>>(), &own.iter().map(tail).collect::<Vec<_>>())?;
        let (late, waived) =
            (plan.lines.iter().map(|line| line.late).sum(), plan.lines.iter().map(|line| line.waived).sum());
        self.moves.push(Move {
            receipt: receipt.clone(),
            payment: Some((at, self.accounts[at].paid.len())),
            principal: plan.lines.iter().map(|line| line.principal).sum(),
            late,
            waived,
            to_prepaid: plan.to_prepaid,
            from_balance: plan.from_prepaid + plan.from_credit,
            paper,
            ..Move::plain(word(&answer["payment"]), What::Payment, (shift, user), ask.method, plan.amount)
        });
        self.shifts[shift].income += if ask.method == "现金" { plan.amount } else { 0 };
        let back = self.accounts[at].back_with_slip(&plan.lines, plan.to_prepaid, taken, today);
        let said = answer["late_back"].as_str().map_or(0, |_| fen(&answer["late_back"]));
        self.same("late fee back", &said, &back.iter().map(|one| one.back).sum())?;
        self.accounts[at].take(Paid {
            receipt,
            day: taken,
            business_day: today,
            lines: plan.lines,
            to_prepaid: plan.to_prepaid,
            from_prepaid: plan.from_prepaid,
            from_credit: plan.from_credit,
            stands: true,
            by_itself: false,
            with: None,
            cancelled: None,
        });
        let payment = self.accounts[at].paid.len() - 1;
        self.accounts[at].give_with_slip(&back);
        let money = self.accounts[at].prepaid.max(0) + self.accounts[at].credit.max(0);
        let lots = SlipBack::lots(&back, money, taken);
        let until = lots.last().map_or(taken, |lot| lot.0);
        self.covered_with(at, &answer, (lots, until, today), (Some(payment), None))?;
        if !back.is_empty() {
            self.accounts[at].credit_since = Some(today);
        }
        let owed = self.accounts[at].owed();
        self.same("owed_after", &fen(&answer["owed_after"]), &owed)?;
        let late: i64 = self.accounts[at].open().iter().map(|bill| self.accounts[at].late(*bill, today)).sum();
        self.same("late_fee_after", &fen(&answer["late_fee_after"]), &late)?;
        let balance = self.accounts[at].prepaid + self.accounts[at].credit;
        self.same("balance_after", &fen(&answer["balance_after"]), &balance)
    }

    /// A fee of no case.
    pub fn fee(&mut self) -> Result<(), Failure> {
        let user = *self.chance.pick(&CLERKS);
        let at = self.chance.index(self.accounts.len());
        let (amount, method) = (self.chance.between(1, 6_000), *self.chance.pick(&METHODS));
        let input =
            json!({ "kind": "补卡费", "amount": yuan(amount), "account": self.accounts[at].no, "method": method });
        let wanted = unless(&self.no_till(user));
        let Some(answer) = self.perform(user, "fee.take", &input, wanted)? else { return Ok(()) };
        self.touched = Some(at);
        let what = What::Fee;
        self.took(user, &answer, what, method, amount, None)
    }

    /// Money of a business came in.
    pub fn took(
        &mut self,
        user: &'static str,
        answer: &Value,
        what: What,
        method: &str,
        amount: i64,
        charge: Option<(usize, usize)>,
    ) -> Result<(), Failure> {
        let Some(shift) = self.open_shift(user) else { return Ok(()) };
        let receipt = self.gave_receipt(answer)?;
        let cash = if method == "现金" { amount } else { 0 };
        self.shifts[shift].income += cash;
        self.shifts[shift].deposits += if what == What::Security { cash } else { 0 };
        self.moves.push(Move {
            receipt,
            charge,
            principal: amount,
            ..Move::plain(word(&answer["entry"]), what, (shift, user), method, amount)
        });
        Ok(())
    }

    fn receipt(&mut self, back: usize) -> Option<usize> {
        self.late_move(back, |one| matches!(one.what, What::Payment | What::Fee | What::Security))
    }

    /// `payment.reverse`.
    pub fn reverse(&mut self) -> Result<(), Failure> {
        let Some(at) = self.receipt(10) else { return Ok(()) };
        let user = *self.chance.pick(&["demo", "check", "chief"]);
        let row = self.moves[at].clone();
        let mut reasons = vec![
            (self.left_open(user), "the shift's day is over"),
            (row.is_over, "it went back already"),
            (user != "chief" && row.amount + row.from_balance > CLERK_REVERSES, "more than a clerk reverses"),
        ];
        let (account, case) = (row.payment.map(|(account, _)| account), row.charge.map(|(case, _)| case));
        let account = account.or(case.map(|case| self.cases[case].account));
        let deed = account.and_then(|account| self.accounts[account].deed);
        reasons.push((deed.is_some_and(|(when, of)| at < when && case != Some(of)), "the account changed hands since"));
        let own = self.open_shift(user);
        let origin = Some(row.shift).filter(|shift| self.shifts[*shift].is_open());
        let usable: Vec<usize> =
            (0..self.shifts.len()).filter(|at| self.shifts[*at].is_open() && !self.is_over(*at)).collect();
        let only = usable.first().copied().filter(|_| user == "chief" && usable.len() == 1);
        let drawer = own.or(origin).or(only);
        reasons.push((drawer.is_none(), "no drawer"));
        if let Some(drawer) = drawer {
            reasons.push((self.is_over(drawer), "the drawer's day is over"));
            reasons.push((row.method == "现金" && row.amount > self.shifts[drawer].cash(), "not so much cash"));
        }
        if let (Some((account, paid)), false) = (row.payment, row.is_over) {
            let account = &self.accounts[account];
            let (prepaid, credit) = account.without(paid);
            reasons.push((prepaid < 0 && prepaid < account.prepaid, "the prepaid is spent"));
            reasons.push((credit < 0 && credit < account.credit, "the credit is spent"));
            reasons.push((account.loses_late_fee(paid), "a late fee would be owed by nobody"));
        }
        let wanted = unless(&reasons);
        let input = json!({ "payment": row.receipt, "reason": "收错户" });
        let Some(answer) = self.perform(user, "payment.reverse", &input, wanted)? else { return Ok(()) };
        let Some(drawer) = drawer else { return Ok(()) };
        self.same("amount", &fen(&answer["amount"]), &row.amount)?;
        self.went_back(at, drawer, user, &answer);
        if let Some((account, paid)) = row.payment {
            self.touched = Some(account);
            self.accounts[account].reverse(paid);
            let day = self.business_day();
            self.covered(account, &answer, day, (Some(paid), None))?;
        }
        if let Some((case, charge)) = row.charge {
            self.touched = Some(self.cases[case].account);
            self.cases[case].charges[charge].is_paid = false;
        }
        Ok(())
    }

    /// The money of a receipt went out of a drawer.
    pub fn went_back(&mut self, at: usize, drawer: usize, user: &'static str, answer: &Value) {
        self.moves[at].is_over = true;
        let row = self.moves[at].clone();
        let cash = if row.method == "现金" { row.amount } else { 0 };
        self.shifts[drawer].income -= cash;
        self.shifts[drawer].deposits -= if row.what == What::Security { cash } else { 0 };
        self.moves.push(Move {
            id: word(&answer["entry"]),
            what: What::Back,
            shift: drawer,
            user,
            payment: None,
            charge: None,
            principal: -row.principal,
            late: -row.late,
            waived: -row.waived,
            to_prepaid: -row.to_prepaid,
            from_balance: -row.from_balance,
            amount: -row.amount,
            paper: None,
            ..row
        });
    }

    /// `payment.confirm`.
    pub fn confirm(&mut self) -> Result<(), Failure> {
        let Some(at) = self.late_move(3, |one| one.paper.is_some()) else { return Ok(()) };
        let user = *self.chance.pick(&["demo", "check", "chief"]);
        let row = self.moves[at].clone();
        let wanted = unless(&[
            (self.left_open(user), "the shift's day is over"),
            (row.is_over, "it is reversed"),
            (row.confirmed, "it is confirmed"),
            (row.user == user, "one's own"),
        ]);
        let done = self.perform(user, "payment.confirm", &json!({ "payment": row.receipt }), wanted)?;
        self.moves[at].confirmed |= done.is_some();
        Ok(())
    }

    /// `payment.method`.
    pub fn method(&mut self) -> Result<(), Failure> {
        let Some(at) = self.receipt(6).filter(|at| self.moves[*at].what != What::Security) else { return Ok(()) };
        let method = *self.chance.pick(&METHODS);
        let row = self.moves[at].clone();
        let change = match (row.method.as_str(), method) {
            ("现金", _) => -row.amount,
            (_, "现金") => row.amount,
            _ => 0,
        };
        let shift = &self.shifts[row.shift];
        let cash = shift.cash() + change;
        let wanted = unless(&[
            (row.is_over, "it is reversed"),
            (row.method == "预存", "no money came in"),
            (row.method == method, "it is so already"),
            (shift.is_open() && cash < 0 && change < 0, "not so much cash"),
        ]);
        let input = json!({ "payment": row.receipt, "method": method, "request": "OA1", "reason": "录错" });
        if self.perform("info", "payment.method", &input, wanted)?.is_some() {
            self.moves[at].method = method.into();
            self.shifts[row.shift].income += change;
        }
        Ok(())
    }
}

fn tail(line: &(String, i64, i64, i64)) -> (i64, i64, i64) {
    (line.1, line.2, line.3)
}
