//! Orders of the practice branch, in every state: faults in homes and in the street, businesses, complaints and questions, from
//! just taken to closed, over the last three weeks and this morning.

use chrono::{DateTime, Days, Duration, FixedOffset};
use serde_json::{Value, json};

use super::chance::Chance;
use super::{Builder, day, moment, words};
use crate::desk::refusal::{Refusal, RefusalKind};
use crate::rules::id::Id;

/// One order for so many accounts.
const ACCOUNTS_AN_ORDER: usize = 25;

/// How far an order has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Taken,
    Sent,
    Paused,
    Unfinished,
    Returned,
    Closed,
    Voided,
}

const STAGES: [Stage; 8] = [
    Stage::Closed,
    Stage::Taken,
    Stage::Closed,
    Stage::Sent,
    Stage::Returned,
    Stage::Paused,
    Stage::Unfinished,
    Stage::Voided,
];

impl Builder<'_> {
    /// Makes the orders, oldest first.
    pub(super) fn orders(&mut self, accounts: &[Id]) -> Result<(), Refusal> {
        let count = (accounts.len() / ACCOUNTS_AN_ORDER).max(16);
        for n in 0..count {
            let mut chance = Chance::of(self.seed, 700, n as u64);
            let stage = STAGES[n % STAGES.len()];
            let is_old = matches!(stage, Stage::Closed | Stage::Voided | Stage::Unfinished | Stage::Paused);
            let start = if is_old {
                let back = 1 + (count - n) as u64 * 20 / count as u64;
                moment(day().checked_sub_days(Days::new(back)).unwrap_or_else(day), 9, chance.below(60) as u32)
            } else {
                moment(day(), 8, chance.below(50) as u32)
            };
            let account = accounts[usize::try_from(chance.below(accounts.len() as u64)).unwrap_or(0)];
            match n % 5 {
                3 => self.complaint(start, account, stage, &mut chance)?,
                4 => self.question(start, account, &mut chance)?,
                1 if n % 2 == 0 => self.seal(start, account, stage)?,
                _ => self.fault(start, account, stage, n, &mut chance)?,
            }
            (self.progress)("工单", n as u64, count as u64);
        }
        Ok(())
    }

    /// Performs an action at a moment; a refusal by a rule (an arrears gate, a joined call) leaves the case out.
    fn case(
        &mut self,
        at: DateTime<FixedOffset>,
        user: &str,
        action: &str,
        input: &Value,
    ) -> Result<Option<Value>, Refusal> {
        self.at(at);
        match self.act(user, action, input) {
            Ok(answer) => Ok(Some(answer)),
            Err(refusal) if refusal.kind == RefusalKind::Refused => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    fn fault(
        &mut self,
        at: DateTime<FixedOffset>,
        account: Id,
        stage: Stage,
        n: usize,
        chance: &mut Chance,
    ) -> Result<(), Refusal> {
        let kind = ["漏水", "停水", "水压不足", "水质", "表故障"][usize::try_from(chance.below(5)).unwrap_or(0)];
        let area = ["城区", "城区", "农村"][n % 3];
        let mut input = json!({ "service": "fault", "fields": { "kind": kind, "area": area }, "channel": "phone" });
        if n.is_multiple_of(6) {
            let road = chance.pick(&words::words().roads);
            input["address"] = format!("{road}{}号门前", 1 + chance.below(300)).into();
            input["caller"] = "过路群众".into();
            input["fields"]["phone"] = "13800000000".into();
        } else {
            input["account"] = account.to_string().into();
        }
        let Some(taken) = self.case(at, "desk", "intake.take", &input)? else { return Ok(()) };
        self.work(at, &taken["order"], stage, n, None)
    }

    fn seal(&mut self, at: DateTime<FixedOffset>, account: Id, stage: Stage) -> Result<(), Refusal> {
        let input = json!({ "service": "seal", "account": account.to_string(), "fields": { "reason": "外出" } });
        let stage = if stage == Stage::Closed { Stage::Returned } else { stage };
        let Some(taken) = self.case(at, "demo", "intake.take", &input)? else { return Ok(()) };
        // What the meter shows at the seal stands on the slip.
        let last = self.desk.look()?.last_reading(account)?.filter(|row| row.day < at.date_naive());
        let slip = last.map_or_else(|| json!({}), |row| json!({ "结算方数": row.value.to_string() }));
        self.work(at, &taken["order"], stage, 1, Some(slip))
    }

    /// Sends an order out and brings it as far as its stage. `fields`: what the slip of a business says; a fault has none and is called
    /// back.
    fn work(
        &mut self,
        at: DateTime<FixedOffset>,
        order: &Value,
        stage: Stage,
        n: usize,
        fields: Option<Value>,
    ) -> Result<(), Refusal> {
        let later = |minutes: i64| at + Duration::minutes(minutes);
        if stage == Stage::Taken {
            return Ok(());
        }
        if stage == Stage::Voided {
            self.case(later(6), "chief", "order.void", &json!({ "order": order, "reason": "重复受理" }))?;
            return Ok(());
        }
        let worker = words::words().workers.get(n % 12).copied().unwrap_or_default();
        if self.case(later(5), "desk", "order.dispatch", &json!({ "orders": [order], "worker": worker }))?.is_none() {
            return Ok(());
        }
        match stage {
            Stage::Paused => {
                let input = json!({ "order": order, "reason": "用户原因", "remark": "用户出差，等用户电话" });
                self.case(later(20), "desk", "order.pause", &input)?;
            }
            Stage::Unfinished | Stage::Returned | Stage::Closed => {
                let clock = |minutes: i64| later(minutes).format("%Y-%m-%dT%H:%M:%S%:z").to_string();
                let passed = stage != Stage::Unfinished;
                let input = json!({
                    "order": order, "arrived": clock(30), "done": clock(50), "left": clock(55),
                    "outcome": if passed { "合格" } else { "未完成" },
                    "remark": if passed { "" } else { "缺配件，另约时间" },
                    "overrun": "路上堵车", "fields": fields.clone().unwrap_or_else(|| json!({})),
                });
                self.case(later(60), "desk", "order.return", &input)?;
                if stage == Stage::Closed && fields.is_none() {
                    let input = json!({ "order": order, "outcome": "满意" });
                    self.case(later(24 * 60), "desk", "callback.record", &input)?;
                }
            }
            Stage::Taken | Stage::Sent | Stage::Voided => {}
        }
        Ok(())
    }

    fn complaint(
        &mut self,
        at: DateTime<FixedOffset>,
        account: Id,
        stage: Stage,
        chance: &mut Chance,
    ) -> Result<(), Refusal> {
        let course = chance.pick(&words::words().complaints);
        let input = json!({ "service": "complaint", "account": account.to_string(), "channel": "phone",
            "fields": { "kind": "投诉", "course": course } });
        let Some(taken) = self.case(at, "desk", "intake.take", &input)? else { return Ok(()) };
        if matches!(stage, Stage::Closed | Stage::Returned) {
            let answer = json!({ "order": taken["order"], "outcome": "已解决", "remark": "已核实并向用户说明" });
            self.case(at + Duration::minutes(180), "desk", "complaint.answer", &answer)?;
        }
        Ok(())
    }

    fn question(&mut self, at: DateTime<FixedOffset>, account: Id, chance: &mut Chance) -> Result<(), Refusal> {
        let question = chance.pick(&words::words().questions);
        let input = json!({ "service": "consult", "account": account.to_string(), "channel": "phone", "situations": ["answered"],
            "fields": { "topic": "其它", "question": question, "answer": "已答复" } });
        self.case(at, "desk", "intake.take", &input)?;
        Ok(())
    }
}
