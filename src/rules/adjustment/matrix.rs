//! Who checks and who approves (审批权限, R-260, A-01): a table by kind and amount. The built-in one is a sample.

use std::sync::OnceLock;

use serde::Deserialize;

use super::kind::Kind;
use crate::rules::fault::Fault;
use crate::rules::money::Fen;

const SAMPLE: &str = include_str!("../../../assets/approvals.toml");

/// One level of the table.
#[derive(Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Codes of the kinds it is for.
    pub kinds: Vec<String>,
    /// Largest amount, included; none: any.
    #[serde(default)]
    pub upto: Option<Fen>,
    /// Role codes that may check.
    pub check: Vec<String>,
    /// Role codes that may approve.
    pub approve: Vec<String>,
}

/// The table.
#[derive(Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    level: Vec<Level>,
}

impl Matrix {
    /// Reads a table.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let bad = |message: String| Fault::new("R-260", message);
        let matrix: Self = toml::from_str(text).map_err(|error| bad(format!("审批权限表读不懂：{error}")))?;
        for level in &matrix.level {
            for code in &level.kinds {
                Kind::read(code).map_err(|fault| bad(fault.message))?;
            }
            if level.check.is_empty() || level.approve.is_empty() {
                return Err(bad(format!("审批权限表 {} 没有写复核或批准岗位", level.kinds.join("、"))));
            }
        }
        Ok(matrix)
    }

    /// The built-in sample.
    pub fn sample() -> &'static Self {
        static MATRIX: OnceLock<Matrix> = OnceLock::new();
        MATRIX.get_or_init(|| Self::read(SAMPLE).unwrap_or(Self { level: Vec::new() }))
    }

    /// The level that counts for a kind and an amount.
    pub fn level(&self, kind: Kind, amount: Fen) -> Result<&Level, Fault> {
        let mine = |level: &&Level| level.kinds.iter().any(|code| code == kind.code());
        let holds = |level: &&Level| level.upto.is_none_or(|upto| amount.abs() <= upto);
        self.level.iter().filter(mine).find(holds).ok_or_else(|| {
            let message = format!("审批权限表没有写 {} {} 元由谁批准，请先补上", kind.code(), amount.abs().grouped());
            Fault::new("R-260", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_read_marked_and_covers_every_kind_and_amount() {
        assert!(SAMPLE.starts_with("# 样例"));
        assert!(Matrix::read(SAMPLE).is_ok());
        for kind in Kind::ALL {
            for (amount, deputy_only) in
                [(0, false), (50_000, false), (-50_000, false), (50_001, true), (-99_999_999, true)]
            {
                let level = Matrix::sample().level(*kind, Fen(amount)).unwrap();
                assert_eq!(level.approve == ["centre_deputy"], deputy_only, "{kind:?} {amount}");
            }
        }
    }

    #[test]
    fn a_table_with_a_hole_or_a_mistake_says_so() {
        for bad in [
            "level = 1",
            "[[level]]\nkinds = [\"X1\"]\ncheck = [\"a\"]\napprove = [\"a\"]\n",
            "[[level]]\nkinds = [\"V1\"]\ncheck = []\napprove = [\"a\"]\n",
        ] {
            assert_eq!(Matrix::read(bad).unwrap_err().rule, "R-260");
        }
        let short =
            Matrix::read("[[level]]\nkinds = [\"V1\"]\nupto = \"1.00\"\ncheck = [\"a\"]\napprove = [\"a\"]\n").unwrap();
        assert!(short.level(Kind::V1, Fen(100)).is_ok());
        assert!(short.level(Kind::V1, Fen(101)).is_err() && short.level(Kind::L4, Fen(1)).is_err());
    }
}
