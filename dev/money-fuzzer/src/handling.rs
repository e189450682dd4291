//! Special handling: volumes (V1, V4), a mix of prices (P1), late fee (L3, L4): asked, checked, decided by three people.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::Failure;
use crate::ladder::Use;
use crate::ledger::Bill;
use crate::world::{Wanted, World, fen, word, yuan};

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its name.
    pub id: String,
    /// The account.
    pub account: usize,
    /// Its bills.
    pub bills: Vec<usize>,
    /// What is asked.
    pub change: Change,
    /// The day it was asked.
    pub day: NaiveDate,
    /// The account's changes then.
    pub changes: u64,
    /// Checked.
    pub checked: bool,
    /// Settled, or another stands in its place.
    pub is_over: bool,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Change {
    /// Volumes of the bills.
    Volumes(Vec<i64>),
    /// Percent of the households' price.
    Mix(i64),
    /// Late fee; none: all.
    Late(Option<i64>),
}

impl World {
    /// `adjustment.request`, half of them settled at once.
    pub fn ask_for(&mut self) -> Result<(), Failure> {
        let at = self.chance.index(self.accounts.len());
        let account = &self.accounts[at];
        let living = |bill: &usize| account.bills[*bill].lives;
        let all: Vec<usize> = (0..account.bills.len()).filter(living).collect();
        let of_use: Vec<usize> = all.iter().copied().filter(|bill| account.bills[*bill].period.is_some()).collect();
        let what = self.chance.between(0, 9);
        let is_late = what >= 6;
        let list = if is_late { &all } else { &of_use };
        if list.is_empty() || (!is_late && (account.swapped || !account.is_whole())) {
            return Ok(());
        }
        let mut bills = vec![*self.chance.pick(list)];
        let other = *self.chance.pick(list);
        if self.chance.percent(30) && !bills.contains(&other) {
            bills.push(other);
        }
        bills.sort_by_key(|bill| (account.bills[*bill].period.map(|period| period.last), account.bills[*bill].made));
        let (kind, typed, change) = match what {
            0..=3 => {
                let volumes: Vec<i64> = bills.iter().map(|_| self.chance.between(0, 80)).collect();
                let words: Vec<String> = volumes.iter().map(ToString::to_string).collect();
                (*self.chance.pick(&["V1", "V4"]), json!({ "volumes": words }), Change::Volumes(volumes))
            }
            4..=5 => {
                let part = self.chance.between(1, 99);
                ("P1", json!({ "mix": format!("居民{part}%;非居民{}%", 100 - part) }), Change::Mix(part))
            }
            _ => {
                let sum = if self.chance.percent(50) { Some(self.chance.between(1, 900)) } else { None };
                let typed = sum.map_or(json!({}), |sum| json!({ "waive": yuan(sum) }));
                (*self.chance.pick(&["L3", "L4"]), typed, Change::Late(sum))
            }
        };
        let account = &self.accounts[at];
        let names: Vec<&String> = bills.iter().map(|bill| &account.bills[*bill].id).collect();
        let input = json!({ "kind": kind, "account": account.no, "bills": names, "change": typed, "evidence": "凭据" });
        let Some(answer) = self.perform("demo", "adjustment.request", &input, Wanted::Either)? else {
            return Ok(());
        };
        for old in answer["supersedes"].as_array().into_iter().flatten() {
            for request in self.requests.iter_mut().filter(|request| Some(request.id.as_str()) == old.as_str()) {
                request.is_over = true;
            }
        }
        let (day, changes) = (self.business_day(), self.accounts[at].changes);
        let id = word(&answer["request"]);
        self.requests.push(Request { id, account: at, bills, change, day, changes, checked: false, is_over: false });
        if self.chance.percent(60) {
            let last = self.requests.len() - 1;
            self.check_request(last)?;
            self.decide_request(last, true)?;
        }
        Ok(())
    }

    /// A request that waits goes on.
    pub fn go_on(&mut self) -> Result<(), Failure> {
        let waits: Vec<usize> = (0..self.requests.len()).filter(|at| !self.requests[*at].is_over).collect();
        if waits.is_empty() {
            return Ok(());
        }
        let at = *self.chance.pick(&waits);
        if self.requests[at].checked {
            let approve = self.chance.percent(70);
            self.decide_request(at, approve)
        } else {
            self.check_request(at)
        }
    }

    fn check_request(&mut self, at: usize) -> Result<(), Failure> {
        let input = json!({ "request": self.requests[at].id, "approve": true });
        let wanted = if self.is_as_asked(at) { Wanted::Yes } else { Wanted::Either };
        let done = self.perform("check", "adjustment.check", &input, wanted)?;
        self.requests[at].checked |= done.is_some();
        Ok(())
    }

    fn is_as_asked(&self, at: usize) -> bool {
        let request = &self.requests[at];
        self.accounts[request.account].changes == request.changes
    }

    fn decide_request(&mut self, at: usize, approve: bool) -> Result<(), Failure> {
        let request = self.requests[at].clone();
        if !request.checked {
            return Ok(());
        }
        let input = json!({ "request": request.id, "approve": approve, "remark": "看过" });
        let wanted = if self.is_as_asked(at) { Wanted::Yes } else { Wanted::Either };
        let wanted = if approve { wanted } else { Wanted::Yes };
        let Some(answer) = self.perform("chief", "adjustment.decide", &input, wanted)? else { return Ok(()) };
        self.requests[at].is_over = true;
        self.touched = Some(request.account);
        if approve {
            self.take_effect(&request, &answer)?;
        }
        let today = self.business_day();
        self.covered(request.account, &answer, today, (None, None))
    }

    fn take_effect(&mut self, request: &Request, answer: &Value) -> Result<(), Failure> {
        let today = self.business_day();
        match request.change {
            Change::Late(sum) => {
                let day = if sum.is_none() { today.max(request.day) } else { request.day };
                self.accounts[request.account].let_off(&request.bills, sum, day);
                Ok(())
            }
            Change::Volumes(ref volumes) => {
                let wanted: Vec<(usize, i64)> = request.bills.iter().copied().zip(volumes.iter().copied()).collect();
                self.rated_again(request.account, answer, request.day, |bill, period| {
                    let volume = wanted.iter().find(|(named, _)| *named == bill).map_or(period.volume, |one| one.1);
                    Use { volume, ..period }
                })
            }
            Change::Mix(percent) => {
                self.accounts[request.account].percent = percent;
                let named = request.bills.clone();
                self.rated_again(request.account, answer, request.day, |bill, period| Use {
                    percent: if named.contains(&bill) { percent } else { period.percent },
                    ..period
                })
            }
        }
    }

    /// Every bill of the account reckoned again in order of use; those that change have one in their place, named in the answer.
    fn rated_again(
        &mut self,
        at: usize,
        answer: &Value,
        day: NaiveDate,
        put_right: impl Fn(usize, Use) -> Use,
    ) -> Result<(), Failure> {
        let said: Vec<(String, String, i64)> = answer["bills"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| (word(&one["old"]), word(&one["new"]), fen(&one["amount"])))
            .collect();
        self.accounts[at].changes += 1;
        let mut shift = 0;
        let (mut told, mut periods) = (0, Vec::new());
        for mark in 1..self.accounts[at].marks.len() {
            let Some(old) = self.accounts[at].marks[mark].bill else { continue };
            let row = self.accounts[at].bills[old].clone();
            let Some(period) = row.period else { continue };
            let now = put_right(old, period);
            let amount = crate::ladder::cost(&periods, &now);
            periods.push(now);
            shift += now.volume - period.volume;
            let account = &mut self.accounts[at];
            account.marks[mark].value += shift;
            account.marks[mark].begins += shift;
            let Some((_, id, sum)) = said.iter().find(|(name, ..)| *name == row.id) else {
                if row.lives && (amount, now.volume) != (row.amount, period.volume) {
                    let what = format!("bill {} stays {}, ledger {amount}", row.id, yuan(row.amount));
                    return Err(self.fail(what));
                }
                continue;
            };
            told += 1;
            self.same("amount of a bill put right", sum, &amount)?;
            let bill = self.bill(id.clone(), row.cycle.clone(), now, amount, row.due);
            let new = Bill { estimated: row.estimated, prev: Some(old), ..bill };
            let new = self.accounts[at].replace(old, new, day);
            self.accounts[at].marks[mark].bill = Some(new);
        }
        self.same("bills put right", &said.len(), &told)
    }
}
