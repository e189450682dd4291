//! Where an order stands, and what it was made with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clock::ClockTerm;
use super::kind::{OrderKind, Outcome};
use crate::rules::meter_state::MeterState;
use crate::rules::moment::Moment;

/// Where an order stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 待派
    Waiting,
    /// 在途
    Underway,
    /// 暂停
    Paused,
    /// 已回执: came back not done, to be handed out again.
    Returned,
    /// 待回访
    Callback,
    /// 完结
    Closed,
    /// 取消
    Cancelled,
    /// 作废
    Void,
}

impl State {
    /// All, in the order of an order's life.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Underway,
        Self::Paused,
        Self::Returned,
        Self::Callback,
        Self::Closed,
        Self::Cancelled,
        Self::Void,
    ];

    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "待派",
            Self::Underway => "在途",
            Self::Paused => "暂停",
            Self::Returned => "已回执",
            Self::Callback => "待回访",
            Self::Closed => "完结",
            Self::Cancelled => "取消",
            Self::Void => "作废",
        }
    }

    /// Small number for a column, stable for ever.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The state with that number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// Nothing more can happen to it.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled | Self::Void)
    }

    /// Work is still to be done.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Underway | Self::Paused | Self::Returned)
    }

    /// Can be handed to a worker.
    pub fn is_dispatchable(self) -> bool {
        matches!(self, Self::Waiting | Self::Returned)
    }
}

/// What an order was made with; stored in the entry that makes it, so that a later catalogue changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Terms {
    /// Kind of order.
    pub kind: OrderKind,
    /// Outcomes its slip may have.
    pub outcomes: Vec<Outcome>,
    /// Its clocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockTerm>,
    /// A callback closes it.
    #[serde(default)]
    pub callback: bool,
    /// State of the meter after 合格.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter_state: Option<MeterState>,
    /// Taken in by the hotline, not at the counter.
    #[serde(default)]
    pub by_phone: bool,
    /// When the customer told us.
    #[schemars(with = "String")]
    pub told: Moment,
    /// When it was typed in.
    #[schemars(with = "String")]
    pub accepted: Moment,
    /// Date or time agreed with the customer at intake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub agreed: Option<Moment>,
}
