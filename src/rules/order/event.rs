//! What can happen to an order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clock::PauseReason;
use super::slip::Slip;
use crate::rules::id::Id;
use crate::rules::moment::Moment;

/// An answer (答复) to a complaint or a question; answering and solving have clocks of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum AnswerOutcome {
    /// The customer has an answer; it is not solved yet.
    #[serde(rename = "已答复", alias = "answered")]
    Answered,
    /// Solved.
    #[serde(rename = "已解决", alias = "solved")]
    Solved,
}

impl AnswerOutcome {
    /// Both, in the order they are offered.
    pub const ALL: [Self; 2] = [Self::Answered, Self::Solved];

    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Answered => "已答复",
            Self::Solved => "已解决",
        }
    }
}

/// What came of a callback (回访).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum CallbackOutcome {
    /// Satisfied.
    #[serde(rename = "满意", alias = "satisfied")]
    Satisfied,
    /// Not satisfied, but nothing is left to do; says why.
    #[serde(rename = "不满意", alias = "dissatisfied")]
    Dissatisfied,
    /// Trouble found: goes back to repair.
    #[serde(rename = "返修", alias = "trouble")]
    Trouble,
    /// Nobody answered; after [`UNREACHED_LIMIT`] such calls the order is closed.
    #[serde(rename = "无人接听", alias = "unreached")]
    Unreached,
}

/// Calls without an answer after which a callback is given up: R-326 asks for 90 %, not for all.
pub const UNREACHED_LIMIT: usize = 3;

impl CallbackOutcome {
    /// All, in the order they are offered.
    pub const ALL: [Self; 4] = [Self::Satisfied, Self::Dissatisfied, Self::Trouble, Self::Unreached];

    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Satisfied => "满意",
            Self::Dissatisfied => "不满意",
            Self::Trouble => "返修",
            Self::Unreached => "无人接听",
        }
    }
}

/// Something that happens to an order, at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// What.
    pub what: What,
}

/// Kinds of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// 派工
    Dispatched {
        /// Who goes.
        worker: Id,
    },
    /// 暂停
    Paused {
        /// Why.
        reason: PauseReason,
    },
    /// 恢复
    Resumed {
        /// Deadlines by the day as the pause moved them, by clock, counted with the calendar at the desk.
        dues: Vec<(String, Moment)>,
    },
    /// 顺延: a time agreed with the customer.
    Deferred {
        /// For when.
        until: Moment,
    },
    /// 回执
    Returned(Slip),
    /// 答复
    Answered {
        /// Answered or solved.
        outcome: AnswerOutcome,
        /// What was said.
        remark: String,
    },
    /// 回访
    CalledBack {
        /// What came of it.
        outcome: CallbackOutcome,
        /// What was said.
        remark: String,
        /// For 返修: new deadlines by clock, counted with the calendar at the desk.
        dues: Vec<(String, Moment)>,
    },
    /// 作废
    Voided {
        /// Why.
        reason: String,
    },
    /// 催办
    Chased,
    /// A further call about the same thing joined to it.
    Joined,
}
