//! The return slip (回执): arrival, done, left, outcome and site remark.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::Outcome;
use super::reason::ReturnReason;
use crate::rules::moment::{self, Moment};
use crate::rules::refusal::Refusal;

/// What the worker wrote on the slip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slip {
    /// 到场时间
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub arrived: Option<Moment>,
    /// 实施时间
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub done: Option<Moment>,
    /// 离开时间
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub left: Option<Moment>,
    /// 实施情况
    pub outcome: Outcome,
    /// Why it was not done, picked from the list; slips of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReturnReason>,
    /// 现场备注
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

impl Slip {
    /// Everything wrong with the slip itself, all at once: outcome allowed, reason given, times present and in order.
    /// `allowed` are the order's outcomes, `dispatched` when it was handed out, `now` when the slip is typed.
    pub fn faults(&self, allowed: &[Outcome], dispatched: Moment, now: Moment) -> Vec<Refusal> {
        let mut faults = Vec::new();
        if !allowed.contains(&self.outcome) {
            let words: Vec<&str> = allowed.iter().map(|outcome| outcome.label()).collect();
            let message = format!("实施情况不能选“{}”，该类工单只能选：{}", self.outcome.label(), words.join("、"));
            faults.push(Refusal::new("R-288", "outcome", message));
        }
        if self.outcome.needs_remark() && self.remark.trim().is_empty() {
            let message = format!("实施情况为“{}”，请在现场备注栏注明原因", self.outcome.label());
            faults.push(Refusal::new("R-294", "remark", message));
        }
        self.time_faults(dispatched, now, &mut faults);
        faults
    }

    fn time_faults(&self, dispatched: Moment, now: Moment, faults: &mut Vec<Refusal>) {
        let times =
            [("arrived", "到场时间", self.arrived), ("done", "实施时间", self.done), ("left", "离开时间", self.left)];
        let mut earlier: (&str, Moment) = ("派工时间", moment::to_minute(dispatched));
        for (field, name, time) in times {
            let Some(time) = time.map(moment::to_minute) else {
                if self.outcome.needs_times() {
                    faults.push(Refusal::new("R-269", field, format!("请填写{name}")));
                }
                continue;
            };
            if time < earlier.1 {
                let message = format!("{name}早于{}（{}），请核对", earlier.0, earlier.1.format("%m-%d %H:%M"));
                faults.push(Refusal::new("R-269", field, message));
            } else if time > now {
                let message = format!("{name}晚于现在（{}），请核对", now.format("%m-%d %H:%M"));
                faults.push(Refusal::new("R-269", field, message));
            } else {
                earlier = (name, time);
            }
        }
    }
}
