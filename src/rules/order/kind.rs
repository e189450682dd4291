//! Kinds of order (派工单类型) and the outcomes each allows.
//!
//! R-284 names the kinds of the dispatch papers, R-289 … R-293 their outcomes. 取消 is one outcome with valid = no,
//! open to every kind that goes out (R-295 … R-299); 作废 is a state of its own and 顺延 an event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an order asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// 安装
    Fit,
    /// 改装
    Modify,
    /// 点火
    Ignite,
    /// 换表
    Swap,
    /// 拆表
    Remove,
    /// 封表
    Seal,
    /// 启封
    Unseal,
    /// 校表
    Test,
    /// 整改
    Rectify,
    /// 抢修
    Repair,
    /// 其它
    Other,
    /// 投诉
    Complaint,
    /// 咨询
    Consult,
}

/// What the worker brings back (业务实施情况).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Outcome {
    /// Done as ordered; the default.
    #[serde(rename = "合格", alias = "passed")]
    Passed,
    /// Done, but it does not pass.
    #[serde(rename = "不合格", alias = "failed")]
    Failed,
    /// Not finished; for a swap or a test also when it failed.
    #[serde(rename = "未完成", alias = "unfinished")]
    Unfinished,
    /// Cannot be done.
    #[serde(rename = "无法实施", alias = "impossible")]
    Impossible,
    /// 取消该业务: the order is no longer valid (业务有效 unticked).
    #[serde(rename = "取消", alias = "cancelled")]
    Cancelled,
}

impl OrderKind {
    /// All, in the order lists show them.
    pub const ALL: [Self; 13] = [
        Self::Fit,
        Self::Modify,
        Self::Ignite,
        Self::Swap,
        Self::Remove,
        Self::Seal,
        Self::Unseal,
        Self::Test,
        Self::Rectify,
        Self::Repair,
        Self::Other,
        Self::Complaint,
        Self::Consult,
    ];

    /// The word on the screen and in catalogue files.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fit => "安装",
            Self::Modify => "改装",
            Self::Ignite => "点火",
            Self::Swap => "换表",
            Self::Remove => "拆表",
            Self::Seal => "封表",
            Self::Unseal => "启封",
            Self::Test => "校表",
            Self::Rectify => "整改",
            Self::Repair => "抢修",
            Self::Other => "其它",
            Self::Complaint => "投诉",
            Self::Consult => "咨询",
        }
    }

    /// The heap of slips it is printed with (派工单类型, R-284).
    pub fn heap(self) -> &'static str {
        match self {
            Self::Fit | Self::Modify => "安改装",
            Self::Ignite => "点火",
            Self::Swap | Self::Remove | Self::Seal | Self::Unseal | Self::Test => "换拆启封校",
            Self::Rectify => "整改",
            Self::Repair => "抢修",
            Self::Other => "其它",
            Self::Complaint => "投诉",
            Self::Consult => "咨询",
        }
    }

    /// Outcomes its return slip may have, in the order they are offered; none for what is answered at a desk.
    pub fn outcomes(self) -> &'static [Outcome] {
        use Outcome::{Cancelled, Failed, Impossible, Passed, Unfinished};
        match self {
            //
            Self::Fit | Self::Modify => &[Passed, Unfinished, Failed, Cancelled],
            // R-290 … R-292; the rectification form knows only its completion
            Self::Swap | Self::Remove | Self::Seal | Self::Unseal | Self::Test | Self::Rectify => {
                &[Passed, Unfinished, Cancelled]
            }
            //
            Self::Ignite | Self::Repair | Self::Other => &[Passed, Unfinished, Impossible, Failed, Cancelled],
            Self::Complaint | Self::Consult => &[],
        }
    }

    /// Answered by a department (答复) instead of returned by a worker.
    pub fn is_answered(self) -> bool {
        self.outcomes().is_empty()
    }

    /// The outcome that hands the order to somebody else.
    pub fn redispatch_outcome(self) -> Option<Outcome> {
        match self {
            Self::Ignite => Some(Outcome::Impossible),
            _ => self.outcomes().contains(&Outcome::Unfinished).then_some(Outcome::Unfinished),
        }
    }

    /// Reads a [`label`](Self::label).
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }
}

impl Outcome {
    /// All, the default first.
    pub const ALL: [Self; 5] = [Self::Passed, Self::Unfinished, Self::Impossible, Self::Failed, Self::Cancelled];

    /// The word on the slip.
    pub fn label(self) -> &'static str {
        match self {
            Self::Passed => "合格",
            Self::Failed => "不合格",
            Self::Unfinished => "未完成",
            Self::Impossible => "无法实施",
            Self::Cancelled => "取消",
        }
    }

    /// Reads a [`label`](Self::label).
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.label() == label)
    }

    /// Every outcome but 合格 needs its reason in 现场备注.
    pub fn needs_remark(self) -> bool {
        self != Self::Passed
    }

    /// Was somebody at the customer's, so that the slip has arrival, done and left?
    pub fn needs_times(self) -> bool {
        matches!(self, Self::Passed | Self::Failed)
    }
}

/// Who may make an order void (作废), R-302.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Voider {
    /// 营业厅主任, for what a clerk took in.
    HallDirector,
    /// 接听组班组长, for what the hotline took in.
    HotlineLead,
}

impl Voider {
    /// Who decides on an order that came this way.
    pub fn of(by_phone: bool) -> Self {
        if by_phone { Self::HotlineLead } else { Self::HallDirector }
    }

    /// The post on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::HallDirector => "营业厅主任",
            Self::HotlineLead => "接听组班组长",
        }
    }
}
