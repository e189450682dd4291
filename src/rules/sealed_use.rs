//! Use on a meter that should stand still (封表, 拆表): how it came, picked before such a reading is taken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::meter_state::MeterState;

/// How a sealed meter came to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SealedUse {
    /// 封表前用的: used before the seal, whose slip told no reading.
    #[serde(alias = "封表前用的")]
    Before,
    /// 没有封严.
    #[serde(alias = "没有封严")]
    NotTight,
    /// 封签被动.
    #[serde(alias = "封签被动")]
    Broken,
    /// 已经启封: opened again, the slip is not in yet.
    #[serde(alias = "已经启封")]
    Unsealed,
}

impl SealedUse {
    /// All, as they are offered.
    pub const ALL: [Self; 4] = [Self::Before, Self::NotTight, Self::Broken, Self::Unsealed];

    /// The word of files and entries.
    pub fn code(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::NotTight => "not_tight",
            Self::Broken => "broken",
            Self::Unsealed => "unsealed",
        }
    }

    /// The word on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Before => "封表前用的",
            Self::NotTight => "没有封严",
            Self::Broken => "封签被动",
            Self::Unsealed => "已经启封",
        }
    }
}

/// Should a meter of this state stand still? One taken down only when a slip took it (`by_slip`): what hangs after two swaps of
/// one meter bears that state too.
pub fn stands_still(state: &str, by_slip: bool) -> bool {
    match MeterState::parse(state) {
        Some(MeterState::Sealed) => true,
        Some(MeterState::Removed) => by_slip,
        Some(MeterState::Unused | MeterState::Applied | MeterState::Fitted | MeterState::Supplied) | None => false,
    }
}

/// What a person is asked when it does not.
pub fn question(state: &str, used: i64) -> String {
    let word = MeterState::parse(state).map_or("封表", MeterState::paper_word);
    let answers = SealedUse::ALL.map(SealedUse::label).join("、");
    format!("表在{word}状态却走了 {used}，请核对表号和示数；示数无误的选明情况：{answers}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_read_by_its_code_and_by_its_word() {
        for answer in SealedUse::ALL {
            for word in [answer.code(), answer.label()] {
                assert_eq!(serde_json::from_value::<SealedUse>(word.into()).unwrap(), answer);
            }
            assert_eq!(serde_json::to_value(answer).unwrap(), answer.code());
        }
        let table =
            [("sealed", false, true), ("removed", true, true), ("removed", false, false), ("supplied", true, false)];
        for (state, by_slip, still) in table {
            assert_eq!(stands_still(state, by_slip), still, "{state}");
        }
    }
}
