//! Businesses that cost something: taken in, their fee and deposit taken, given back, voided; transfers from intake to deed.

use serde_json::json;

use crate::Failure;
use crate::drawers::{Case, Charge, Move, What};
use crate::world::{CLERKS, Wanted, World, fen, unless, word};

/// A resident ID of a new owner.
const NEW_OWNER: &str = "110101199003070038";

fn charge(key: &'static str, amount: i64, is_deposit: bool) -> Charge {
    Charge { key, amount, is_deposit, is_paid: false, is_returned: false }
}

impl World {
    /// `intake.take` of a meter test or a transfer.
    pub fn take_in(&mut self) -> Result<(), Failure> {
        let user = *self.chance.pick(&CLERKS);
        let at = self.chance.index(self.accounts.len());
        let is_transfer = self.chance.percent(50);
        let (no, account) = (self.number(), &self.accounts[at]);
        let name = format!("新户{no}");
        let input = if is_transfer {
            json!({ "service": "transfer", "account": account.no, "papers": ["title_proof", "owner_id"],
                    "situations": [], "fields": { "new_name": name } })
        } else {
            json!({ "service": "meter_test", "account": account.no })
        };
        let Some(answer) = self.perform(user, "intake.take", &input, Wanted::Either)? else { return Ok(()) };
        self.touched = Some(at);
        if answer["joined"] == json!(true) {
            return Ok(());
        }
        let charges = if is_transfer {
            vec![charge("transfer", 500, false)]
        } else {
            vec![charge("deposit", 30_000, true), charge("test", 2_000, false)]
        };
        let id = word(&answer["order"]);
        self.cases.push(Case { id, account: at, charges, is_void: false, deed: is_transfer });
        Ok(())
    }

    fn case(&mut self) -> Option<usize> {
        let count = self.cases.len();
        (count > 0).then(|| count - 1 - self.chance.index(count.min(6)))
    }

    /// `fee.take` or `deposit.take` of a charge.
    pub fn take_charge(&mut self) -> Result<(), Failure> {
        let Some(at) = self.case() else { return Ok(()) };
        let case = self.cases[at].clone();
        let place = self.chance.index(case.charges.len());
        let charge = case.charges[place].clone();
        let user = *self.chance.pick(&CLERKS);
        let method = *self.chance.pick(&["现金", "银行卡"]);
        let mut reasons = self.no_till(user).to_vec();
        reasons.push((case.is_void || charge.is_paid || charge.is_returned, "it is not owed"));
        let name = if case.charges.len() == 1 { case.id.clone() } else { format!("{}/{}", case.id, charge.key) };
        let action = if charge.is_deposit { "deposit.take" } else { "fee.take" };
        let input = json!({ "charge": name, "method": method });
        let Some(answer) = self.perform(user, action, &input, unless(&reasons))? else { return Ok(()) };
        self.touched = Some(case.account);
        self.same("amount", &fen(&answer["amount"]), &charge.amount)?;
        self.cases[at].charges[place].is_paid = true;
        let what = if charge.is_deposit { What::Security } else { What::Fee };
        self.took(user, &answer, what, method, charge.amount, Some((at, place)))
    }

    /// `deposit.return`.
    pub fn give_back(&mut self) -> Result<(), Failure> {
        let Some(at) = self.late_move(3, |one| one.what == What::Security) else { return Ok(()) };
        let user = *self.chance.pick(&CLERKS);
        let row: Move = self.moves[at].clone();
        let drawer = self.open_shift(user);
        let cash = drawer.map_or(0, |shift| self.shifts[shift].cash());
        let mut reasons = self.no_till(user).to_vec();
        reasons.push((row.is_over, "it went back already"));
        let to_be_done = row.charge.is_some_and(|(case, _)| !self.cases[case].is_void);
        reasons.push((to_be_done, "its order is still to be done"));
        reasons.push((row.method == "现金" && row.amount > cash, "not so much cash"));
        let done = self.perform(user, "deposit.return", &json!({ "deposit": row.receipt }), unless(&reasons))?;
        let (Some(answer), Some(drawer)) = (done, drawer) else { return Ok(()) };
        self.went_back(at, drawer, user, &answer);
        if let Some((case, charge)) = row.charge {
            self.touched = Some(self.cases[case].account);
            let charge = &mut self.cases[case].charges[charge];
            (charge.is_paid, charge.is_returned) = (false, true);
        }
        Ok(())
    }

    /// `order.void`.
    pub fn void(&mut self) -> Result<(), Failure> {
        let Some(at) = self.case() else { return Ok(()) };
        let input = json!({ "order": self.cases[at].id, "reason": "用户撤回" });
        let wanted = if self.cases[at].is_void { Wanted::No("it is voided already") } else { Wanted::Either };
        let Some(answer) = self.perform("chief", "order.void", &input, wanted)? else { return Ok(()) };
        self.touched = Some(self.cases[at].account);
        let paid: i64 = self.cases[at].charges.iter().filter(|charge| charge.is_paid).map(|charge| charge.amount).sum();
        self.same("refund", &fen(&answer["refund"]), &paid)?;
        (self.cases[at].is_void, self.cases[at].deed) = (true, false);
        Ok(())
    }

    /// `account.transfer`.
    pub fn transfer(&mut self) -> Result<(), Failure> {
        let open: Vec<usize> = (0..self.cases.len()).filter(|at| self.cases[*at].deed).collect();
        if open.is_empty() {
            return Ok(());
        }
        let at = *self.chance.pick(&open);
        let user = *self.chance.pick(&CLERKS);
        let case = self.cases[at].clone();
        let account = &self.accounts[case.account];
        let others: i64 =
            self.cases.iter().filter(|other| other.account == case.account && !other.deed).map(Case::owed).sum();
        let has = account.prepaid + account.credit;
        let refund = self.chance.percent(50);
        let cash = self.open_shift(user).map_or(0, |shift| self.shifts[shift].cash());
        let mut reasons = vec![
            (account.owed() > 0, "it owes"),
            (account.use_unbilled() > 0, "use is not billed"),
            (others > 0, "it owes for a business"),
        ];
        if refund && has > 0 {
            reasons.push((has > 50_000, "more than a clerk gives back"));
            reasons.extend(self.no_till(user));
            reasons.push((has > cash, "not so much cash"));
        }
        let input = json!({ "account": account.no, "case": case.id, "id_number": NEW_OWNER,
                            "balance": if refund { "refund" } else { "pass" } });
        let wanted = match unless(&reasons) {
            Wanted::Yes => Wanted::Either,
            no => no,
        };
        let Some(answer) = self.perform(user, "account.transfer", &input, wanted)? else { return Ok(()) };
        self.touched = Some(case.account);
        self.cases[at].deed = false;
        let when = self.moves.len();
        let account = &mut self.accounts[case.account];
        account.changes += 1;
        account.deed = Some((when, at));
        account.bills_of_owners_before = account.bills.len();
        account.name = word(&answer["to"]);
        if refund && has > 0 {
            let (prepaid, credit) = (account.prepaid, account.credit);
            (account.prepaid, account.credit) = (0, 0);
            account.brought -= has;
            self.same("refunded", &fen(&answer["refunded"]), &has)?;
            let Some(shift) = self.open_shift(user) else { return Ok(()) };
            self.shifts[shift].income -= has;
            self.moves.push(Move {
                principal: -credit,
                to_prepaid: -prepaid,
                is_over: true,
                ..Move::plain(word(&answer["entry"]), What::Back, (shift, user), "现金", -has)
            });
        }
        Ok(())
    }
}
