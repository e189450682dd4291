//! What a branch supplies: water, gas, power or heat (水、气、电、热).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The good that runs through the meter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Utility {
    /// 水
    Water,
    /// 气
    Gas,
    /// 电
    Power,
    /// 热
    Heat,
}

impl Utility {
    /// All, in the order lists show them.
    pub const ALL: [Self; 4] = [Self::Water, Self::Gas, Self::Power, Self::Heat];

    /// The word used in files and on the command line: `water`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Water => "water",
            Self::Gas => "gas",
            Self::Power => "power",
            Self::Heat => "heat",
        }
    }

    /// The word on the screen: `水`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Water => "水",
            Self::Gas => "气",
            Self::Power => "电",
            Self::Heat => "热",
        }
    }

    /// Reads a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|utility| utility.code() == code)
    }
}
