//! The kinds of special handling, in the three lists of the data room's paper (R-248 … R-258), and one beside them: facts of the
//! customer file that move money.

use serde::{Deserialize, Serialize};

use crate::rules::fault::{Fault, shown};

/// Which of the lists: they are separate reasons and separate requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// 水价调整.
    Price,
    /// 水量修改.
    Volume,
    /// 违约金减免.
    LateFee,
    /// 档案更正: facts of the customer file from which amounts are worked out.
    File,
}

impl Family {
    /// Its name on paper.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Price => "水价调整",
            Self::Volume => "水量修改",
            Self::LateFee => "违约金减免",
            Self::File => "档案更正",
        }
    }
}

macro_rules! kinds {
    ($($name:ident $family:ident $label:literal $rule:literal $help:literal;)*) => {
        /// A kind of special handling the program does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum Kind { $(#[doc = $help] $name,)* }

        impl Kind {
            /// Every kind, in the order of the paper.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its code: `P1`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// Its list.
            pub const fn family(self) -> Family {
                match self { $(Self::$name => Family::$family),* }
            }

            /// Its short name.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label),* }
            }

            /// The rule it comes from.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule),* }
            }

            /// What it is for, as on paper.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$name => $help),* }
            }
        }
    };
}

kinds! {
    P1 Price "混用水" "R-248" "混用水或因故确需按比例调整水价";
    P3 Price "新入户确认" "R-250" "新入户默认最高价，经初次抄表确认后调整";
    P4 Price "更改用水性质" "R-251" "客户申请更改用水性质，经现场核实确认情况属实";
    V1 Volume "复表差异" "R-254" "复表后发现水量差异，根据实际用水量增减";
    V4 Volume "其他特殊原因" "R-257" "其他特殊原因修改水量";
    L3 LateFee "复表或观察表期间" "R-258" "客户因用水量异常，要求复表或观察表期间所产生的违约金";
    L4 LateFee "其他特殊原因" "R-258" "其他特殊原因减免违约金";
    D1 File "影响收费的资料" "R-007" "人口、优待类别、预存抵扣、表位数等影响应收的档案资料";
}

/// Kinds of the paper that this program leaves to paper: code, name, rule.
const ON_PAPER: [(&str, &str, &str); 7] = [
    ("P2", "供暖开始及停止", "R-249"),
    ("P5", "特困及双证客户优惠", "R-252"),
    ("P6", "水价其他特殊原因", "R-253"),
    ("V2", "交错户", "R-255"),
    ("V3", "多水表集中缴费", "R-256"),
    ("L1", "财政统一支付及网上划账", "R-258"),
    ("L2", "楼长等代收", "R-258"),
];

impl Kind {
    /// Reads a code; says so when the kind is known but still done on paper.
    pub fn read(code: &str) -> Result<Self, Fault> {
        let wanted = code.trim().to_ascii_uppercase();
        if let Some(kind) = Self::ALL.iter().find(|kind| kind.code() == wanted) {
            return Ok(*kind);
        }
        if let Some((code, name, rule)) = ON_PAPER.iter().find(|(code, ..)| *code == wanted) {
            return Err(Fault::new(rule, format!("{code} {name} 本程序暂不办理，请走纸质审批")));
        }
        let all: Vec<&str> = Self::ALL.iter().map(|kind| kind.code()).collect();
        Err(Fault::new("R-264", format!("没有“{}”这种特殊处理，可选 {}", shown(code), all.join("、"))))
    }

    /// `V1 复表差异`.
    pub fn title(self) -> String {
        format!("{} {}", self.code(), self.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_kind_or_says_where_it_is_done() {
        assert_eq!(Kind::read(" v1 "), Ok(Kind::V1));
        assert_eq!((Kind::L3.title().as_str(), Kind::L3.family()), ("L3 复表或观察表期间", Family::LateFee));
        for (code, rule) in [("P5", "R-252"), ("V2", "R-255"), ("L1", "R-258"), ("X9", "R-264"), ("", "R-264")] {
            assert_eq!(Kind::read(code).unwrap_err().rule, rule, "{code}");
        }
        assert_eq!(Kind::ALL.len() + ON_PAPER.len(), 15, "six price, four volume, four late fee; the file");
    }
}
