//! States of a meter (表状态) and the moves between them.
//!
//! R-061 names 未用, 报装, 装表, 通气 and the sealed and removed states. A-05 reads the moves as
//! 未用 → 报装 → 装表 → 通气 → 封表 or 拆表 → 通气 (unseal, 启封): only these, and every one by a slip.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::utility::Utility;

/// State of a meter (表状态).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeterState {
    /// 未用: in store, on no account.
    Unused,
    /// 报装: applied for.
    Applied,
    /// 装表: fitted, not yet supplied.
    Fitted,
    /// 通气 (通水, 通电): supplied.
    Supplied,
    /// 封表: sealed.
    Sealed,
    /// 拆表: removed.
    Removed,
}

impl MeterState {
    /// All, in the order of a meter's life.
    pub const ALL: [Self; 6] = [Self::Unused, Self::Applied, Self::Fitted, Self::Supplied, Self::Sealed, Self::Removed];

    /// The word used in files: `sealed`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Applied => "applied",
            Self::Fitted => "fitted",
            Self::Supplied => "supplied",
            Self::Sealed => "sealed",
            Self::Removed => "removed",
        }
    }

    /// The word of the gas company's papers, from which the others come: `通气`.
    pub fn paper_word(self) -> &'static str {
        self.label(Utility::Gas)
    }

    /// The word on the screen: supplied is 通水, 通气, 通电 or 供热 by utility.
    pub fn label(self, utility: Utility) -> &'static str {
        match (self, utility) {
            (Self::Unused, _) => "未用",
            (Self::Applied, _) => "报装",
            (Self::Fitted, _) => "装表",
            (Self::Supplied, Utility::Water) => "通水",
            (Self::Supplied, Utility::Gas) => "通气",
            (Self::Supplied, Utility::Power) => "通电",
            (Self::Supplied, Utility::Heat) => "供热",
            (Self::Sealed, _) => "封表",
            (Self::Removed, _) => "拆表",
        }
    }

    /// Reads a [`code`](Self::code) or any utility's [`label`](Self::label).
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.code() == text || Utility::ALL.into_iter().any(|utility| state.label(utility) == text))
    }

    /// May a slip move a meter from this state to `next`?
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Unused, Self::Applied)
                | (Self::Applied, Self::Fitted)
                | (Self::Fitted, Self::Supplied)
                | (Self::Supplied, Self::Sealed | Self::Removed)
                | (Self::Sealed | Self::Removed, Self::Supplied)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MeterState::*;

    #[test]
    fn only_the_moves_of_a_05_are_allowed() {
        let allowed = [
            (Unused, Applied),
            (Applied, Fitted),
            (Fitted, Supplied),
            (Supplied, Sealed),
            (Supplied, Removed),
            (Sealed, Supplied),
            (Removed, Supplied),
        ];
        for from in MeterState::ALL {
            for to in MeterState::ALL {
                assert_eq!(from.may_become(to), allowed.contains(&(from, to)), "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn every_word_is_read_back() {
        for state in MeterState::ALL {
            assert_eq!(MeterState::parse(state.code()), Some(state));
            for utility in Utility::ALL {
                assert_eq!(MeterState::parse(state.label(utility)), Some(state));
            }
        }
        assert_eq!(MeterState::parse("停用"), None);
    }
}
