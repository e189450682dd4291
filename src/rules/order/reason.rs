//! Reasons that are picked from a list, not found in a text: why a slip brings no 合格 (R-294 … R-301), why a visit is put off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why an order was not done, as picked on the slip. A slip of before has none: its remark alone said so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum ReturnReason {
    /// The pipe must be changed first.
    #[serde(rename = "需先改管", alias = "pipe_first")]
    PipeFirst,
    /// Nobody is reached; counts only once the promise has run out.
    #[serde(rename = "联系不上", alias = "到期无法联系", alias = "not_reached")]
    NotReached,
    /// Reached, but wants no date.
    #[serde(rename = "用户无时间要求", alias = "no_date")]
    NoDate,
    /// A cooker without flame protection.
    #[serde(rename = "灶具无熄火保护", alias = "no_flame_guard")]
    NoFlameGuard,
    /// A disinfecting cabinet in the way.
    #[serde(rename = "消毒柜挡住15C", alias = "cabinet")]
    Cabinet,
    /// The customer does not want it any more.
    #[serde(rename = "用户不办了", alias = "withdrawn")]
    Withdrawn,
    /// Anything else; the remark says what.
    #[serde(rename = "其他原因", alias = "其他", alias = "other")]
    Other,
}

impl ReturnReason {
    /// All, in the order they are offered.
    pub const ALL: [Self; 7] = [
        Self::PipeFirst,
        Self::NotReached,
        Self::NoDate,
        Self::NoFlameGuard,
        Self::Cabinet,
        Self::Withdrawn,
        Self::Other,
    ];

    /// What stands on the list.
    pub const fn label(self) -> &'static str {
        match self {
            Self::PipeFirst => "需先改管",
            Self::NotReached => "联系不上",
            Self::NoDate => "用户无时间要求",
            Self::NoFlameGuard => "灶具无熄火保护",
            Self::Cabinet => "消毒柜挡住15C",
            Self::Withdrawn => "用户不办了",
            Self::Other => "其他原因",
        }
    }

    /// The rule it comes from.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::PipeFirst => "R-295",
            Self::NotReached => "R-296",
            Self::NoDate => "R-297",
            Self::NoFlameGuard => "R-298",
            Self::Cabinet => "R-299",
            Self::Withdrawn | Self::Other => "R-294",
        }
    }

    /// The remark of the paper, to be changed where needed; none where it must be written.
    pub const fn remark(self) -> &'static str {
        match self {
            Self::PipeFirst => "该用户需进行进户管改装",
            Self::NotReached => "无法联系到该用户，且该业务已到期",
            Self::NoDate => "用户出差，等用户电话",
            Self::NoFlameGuard => "该户灶具无熄火保护装置，用户需更换。等用户电话",
            Self::Cabinet => "该户消毒柜挡住15C，需先改装。等用户电话",
            Self::Withdrawn | Self::Other => "",
        }
    }

    /// Only once the promise has run out.
    pub fn only_overdue(self) -> bool {
        self == Self::NotReached
    }

    /// A modification (改装) is to be taken in next, with the remark as its reason.
    pub fn then_modify(self) -> bool {
        matches!(self, Self::PipeFirst | Self::Cabinet)
    }
}

/// Why a visit is put off (顺延): the customer wants a set time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum DeferReason {
    /// The customer named another time.
    #[serde(rename = "用户另约时间", alias = "asked")]
    Asked,
    /// The customer is away until then.
    #[serde(rename = "用户外出", alias = "用户出差", alias = "away")]
    Away,
    /// The customer has something to prepare first.
    #[serde(rename = "用户待准备", alias = "prepares")]
    Prepares,
    /// Material, weather or another party: agreed with the customer.
    #[serde(rename = "我方原因", alias = "ours")]
    Ours,
    /// Anything else; the words say what.
    #[serde(rename = "其他原因", alias = "其他", alias = "other")]
    Other,
}

impl DeferReason {
    /// All, in the order they are offered.
    pub const ALL: [Self; 5] = [Self::Asked, Self::Away, Self::Prepares, Self::Ours, Self::Other];

    /// What stands on the list.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Asked => "用户另约时间",
            Self::Away => "用户外出",
            Self::Prepares => "用户待准备",
            Self::Ours => "我方原因",
            Self::Other => "其他原因",
        }
    }
}
