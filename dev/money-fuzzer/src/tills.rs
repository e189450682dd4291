//! Shifts: opened, closed by their clerk or by who may, paid in, floats added, both taken back, signed.

use serde_json::json;

use crate::Failure;
use crate::drawers::{Move, Shift, What};
use crate::world::{CLERKS, World, fen, unless, word, yuan};

/// A float that changes by more is asked about.
const LARGE_FLOAT: i64 = 500_000;

impl World {
    /// `shift.open`: as a rule with what the last shift had left.
    pub fn open(&mut self, user: &'static str) -> Result<(), Failure> {
        let carried = self.shifts.iter().rev().find(|shift| shift.user == user && !shift.is_open());
        let carried = carried.and_then(|shift| shift.counted);
        let float = match carried {
            Some(carried) if self.chance.percent(80) => carried,
            _ => self.chance.between(0, 80_000),
        };
        let says_why = self.chance.percent(70);
        let mut input = json!({ "float": yuan(float) });
        if says_why {
            input["reason"] = json!("重新配备");
        }
        let wanted = unless(&[
            (self.open_shift(user).is_some(), "one shift a clerk"),
            (carried.is_some_and(|carried| carried != float) && !says_why, "another float needs its reason"),
            ((float - carried.unwrap_or(0)).abs() > LARGE_FLOAT, "looks mistyped"),
        ]);
        let Some(answer) = self.perform(user, "shift.open", &input, wanted)? else { return Ok(()) };
        self.same("difference", &fen(&answer["difference"]), &(float - carried.unwrap_or(float)))?;
        let day = self.business_day();
        self.shifts.push(Shift {
            id: word(&answer["shift"]),
            user,
            day,
            opening: float,
            added: 0,
            income: 0,
            deposits: 0,
            paid_in: 0,
            counted: None,
            signed: Vec::new(),
        });
        Ok(())
    }

    /// `shift.close`: as a rule exactly; another's by the supervisor.
    pub fn close(&mut self, clerk: &'static str) -> Result<(), Failure> {
        let by = if self.chance.percent(15) { "chief" } else { clerk };
        let shift = self.open_shift(clerk);
        let expected = shift.map_or(0, |shift| self.shifts[shift].cash());
        let counted =
            if self.chance.percent(75) { expected } else { (expected + self.chance.between(-500, 500)).max(0) };
        let (note, confirm) = (self.chance.percent(60), self.chance.percent(60));
        let mut input = json!({ "counted": yuan(counted), "note": if note { "点钞" } else { "" }, "confirm": confirm });
        if by != clerk {
            let Some(shift) = shift else { return Ok(()) };
            input["shift"] = json!(self.shifts[shift].id);
        }
        let wanted = unless(&[
            (shift.is_none(), "no shift"),
            (counted < 0, "less than nothing counted"),
            (counted != expected && (!note || !confirm), "over or short is explained and confirmed"),
            (by != clerk && !note, "another's shift is closed with a reason"),
        ]);
        let (Some(answer), Some(shift)) = (self.perform(by, "shift.close", &input, wanted)?, shift) else {
            return Ok(());
        };
        let own = &self.shifts[shift];
        for (key, sum) in [
            ("previous", own.opening),
            ("income", own.income - own.deposits),
            ("security", own.deposits),
            ("deposits", own.paid_in),
            ("expected", expected),
            ("over_short", counted - expected),
        ] {
            self.same(key, &fen(&answer[key]), &sum)?;
        }
        let pending = self.moves.iter().filter(|one| {
            one.shift == shift && one.what == What::Payment && one.paper.is_some() && !one.confirmed && !one.is_over
        });
        self.same("pending", &answer["pending"].as_u64(), &u64::try_from(pending.count()).ok())?;
        self.shifts[shift].counted = Some(counted);
        Ok(())
    }

    /// `shift.deposit` or `shift.float_add`.
    pub fn house(&mut self) -> Result<(), Failure> {
        let user = *self.chance.pick(&CLERKS);
        let cash = self.open_shift(user).map_or(0, |shift| self.shifts[shift].cash());
        let is_float = self.chance.percent(30);
        let amount = if self.chance.percent(30) { cash } else { self.chance.between(0, 30_000) };
        let mut reasons = self.no_till(user).to_vec();
        reasons.push((amount <= 0, "nothing"));
        reasons.push((!is_float && amount > cash, "not so much cash"));
        reasons.push((is_float && amount > LARGE_FLOAT, "looks mistyped"));
        let action = if is_float { "shift.float_add" } else { "shift.deposit" };
        let done = self.perform(user, action, &json!({ "amount": yuan(amount) }), unless(&reasons))?;
        let (Some(answer), Some(shift)) = (done, self.open_shift(user)) else { return Ok(()) };
        let (what, sum) = if is_float { (What::Float, amount) } else { (What::PaidIn, -amount) };
        if is_float {
            self.shifts[shift].added += amount;
        } else {
            self.shifts[shift].paid_in += amount;
        }
        self.same("cash", &fen(&answer["cash"]), &self.shifts[shift].cash())?;
        self.moved(word(&answer["entry"]), what, shift, user, sum, false);
        Ok(())
    }

    /// `shift.deposit_reverse`.
    pub fn undo(&mut self) -> Result<(), Failure> {
        let of_house = |one: &Move| matches!(one.what, What::PaidIn | What::Float);
        let Some(at) = self.late_move(4, of_house) else { return Ok(()) };
        let user = *self.chance.pick(&["demo", "check", "chief"]);
        let row = self.moves[at].clone();
        let shift = row.shift;
        let cash = self.shifts[shift].cash() - row.amount;
        let wanted = unless(&[
            (self.left_open(user), "the shift's day is over"),
            (row.is_over, "it is taken back already"),
            (user != "chief" && self.shifts[shift].user != user, "a colleague's drawer"),
            (!self.shifts[shift].is_open(), "the shift is closed"),
            (self.is_over(shift), "the shift's day is over"),
            (cash < 0 && row.amount > 0, "the float is spent"),
        ]);
        let input = json!({ "deposit": row.id, "reason": "存错" });
        let Some(answer) = self.perform(user, "shift.deposit_reverse", &input, wanted)? else { return Ok(()) };
        self.moves[at].is_over = true;
        if row.what == What::Float {
            self.shifts[shift].added -= row.amount;
        } else {
            self.shifts[shift].paid_in += row.amount;
        }
        self.same("cash", &fen(&answer["cash"]), &cash)?;
        self.moved(word(&answer["entry"]), row.what, shift, user, -row.amount, true);
        Ok(())
    }

    fn moved(&mut self, id: String, what: What, shift: usize, user: &'static str, amount: i64, is_over: bool) {
        self.moves.push(Move { is_over, ..Move::plain(id, what, (shift, user), "现金", amount) });
    }

    /// `shift.confirm`: cashier, then accountant.
    pub fn sign(&mut self) -> Result<(), Failure> {
        if self.shifts.is_empty() {
            return Ok(());
        }
        let at = self.shifts.len() - 1 - self.chance.index(self.shifts.len().min(4));
        let user = *self.chance.pick(&["cash", "books"]);
        let shift = &self.shifts[at];
        let (paid_in, signed) = (shift.paid_in, shift.signed.clone());
        let (id, is_open) = (shift.id.clone(), shift.is_open());
        let said = if self.chance.percent(80) { paid_in } else { paid_in + self.chance.between(1, 900) };
        let remark = self.chance.percent(50);
        let wanted = unless(&[
            (is_open, "not closed"),
            (signed.len() >= 2, "signed"),
            (signed.is_empty() != (user == "cash"), "not his turn"),
            (said != paid_in && !remark, "a difference needs a remark"),
        ]);
        let input = json!({ "shift": id, "deposits": yuan(said), "remark": if remark { "缴款单有差" } else { "" } });
        let Some(answer) = self.perform(user, "shift.confirm", &input, wanted)? else { return Ok(()) };
        self.same("difference", &fen(&answer["difference"]), &(said - paid_in))?;
        let over = self.shifts[at].counted.unwrap_or(0) - self.shifts[at].cash();
        self.same("over_short", &fen(&answer["over_short"]), &over)?;
        self.shifts[at].signed.push(user);
        Ok(())
    }
}
