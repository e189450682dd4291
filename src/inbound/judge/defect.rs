//! Kinds of defects, what an import does with each, and how a person is told.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::rules::private_numbers::{Holds, mask};

/// What an import does with a row that is not simply good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// 退回: a person must correct it.
    Refused,
    /// 待确认: waits for a confirmation or a second reading.
    Held,
    /// 忽略: an exact repeat.
    Ignored,
    /// 提示: accepted, and shown to somebody.
    Flagged,
}

impl Disposition {
    /// The word of the machine answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Ignored => "ignored",
            Self::Flagged => "flagged",
        }
    }

    /// The word on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Refused => "退回",
            Self::Held => "待确认",
            Self::Ignored => "忽略",
            Self::Flagged => "提示",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $code:literal $disposition:ident $label:literal;)+) => {
        /// Kind of a defect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $code)] $name,)+
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word of the machine answers.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What an import does with it.
            pub fn disposition(self) -> Disposition {
                match self { $(Self::$name => Disposition::$disposition),+ }
            }

            /// The words on screens.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label),+ }
            }
        }
    };
}

kinds! {
    /// The account number of an earlier row, or of a customer on file, on a different customer.
    DuplicateAccount "duplicate_account" Refused "户号重复";
    /// The same line twice.
    DuplicateRow "duplicate_row" Ignored "重复行";
    /// Equal to what is on file.
    OnFile "on_file" Ignored "已在册";
    /// The meter of an earlier row or of another customer on file.
    DuplicateMeter "duplicate_meter" Refused "表号重复";
    /// A resident ID that fails GB 11643.
    BadResidentId "bad_resident_id" Refused "身份证号码有误";
    /// A credit code that fails GB 32100.
    BadUscc "bad_uscc" Refused "信用代码有误";
    /// A route number that does not fit its parts.
    BadRouteNumber "bad_route_number" Refused "抄表序号有误";
    /// A price class nobody knows.
    UnknownPriceClass "unknown_price_class" Refused "用价类别不明";
    /// No date, or none that can be.
    UnreadableDate "unreadable_date" Refused "日期有误";
    /// No number, or none that can be.
    UnreadableNumber "unreadable_number" Refused "数字有误";
    /// Shares of a mixed account that do not add up.
    BadMixRatio "bad_mix_ratio" Refused "混用比例有误";
    /// The sum of the unpaid bills is not what the bills add up to.
    ArrearsMismatch "arrears_mismatch" Refused "欠费不符";
    /// A word outside its list (area, building, discount …).
    UnknownWord "unknown_word" Refused "词语不在列表";
    /// A control or escape character in a cell.
    ControlCharacter "control_character" Refused "含控制字符";
    /// Bytes that are no text.
    UnreadableText "unreadable_text" Refused "文字有乱码";
    /// A number of something whose digits a spreadsheet lost.
    LostDigits "lost_digits" Refused "号码丢失位数";
    /// A cell without a value: an error, a formula without result, one shared with other rows.
    UnreadableCell "unreadable_cell" Refused "单元格读不出";
    /// Something in a cell over which no heading stands.
    ExtraCells "extra_cells" Refused "格数多于表头";
    /// The number of an ID or a card in a column that does not seal it.
    PrivateNumber "private_number" Refused "有证件号或卡号";
    /// A telephone number that is none.
    BadPhone "bad_phone" Refused "电话有误";
    /// Longer than the field may be.
    TooLong "too_long" Refused "文字太长";
    /// One half of the last reading, or none where there was use.
    HalfReading "half_reading" Refused "上次读数不全";
    /// A row that a spreadsheet hides.
    HiddenRow "hidden_row" Refused "隐藏的行";
    /// A row with a cell that somebody struck through.
    StruckOut "struck_out" Refused "有删除线";
    /// A record behind those the head counts.
    UncountedRecord "uncounted_record" Refused "未计入表头";
    /// A character of a user-defined area in a name.
    UserDefined "user_defined_character" Flagged "有造字";
    /// A certificate whose number cannot be checked, or of another kind than the customer's.
    OtherCertificate "other_certificate" Flagged "证件待核对";
    /// An account nobody has.
    UnknownAccount "unknown_account" Refused "户号不在册";
    /// A meter nobody has.
    UnknownMeter "unknown_meter" Refused "表号不在册";
    /// A reading for an account that is closed.
    AccountClosed "account_closed" Refused "已销户";
    /// Same account or meter (and time), another value.
    ConflictingDuplicate "conflicting_duplicate" Held "示数互相矛盾";
    /// The counter passed zero.
    Rollover "rollover" Held "表走满一圈";
    /// Below the last reading and no rollover.
    LowerThanLast "lower_than_last" Held "低于上次示数";
    /// This reading is the last one.
    ZeroUse "zero_use" Flagged "用量为零";
    /// Far above the average.
    HighUse "high_use" Held "用量偏大";
    /// A meter that should stand still runs.
    SealedRuns "sealed_runs" Held "封表走字";
    /// No number where a reading should be.
    UnreadableValue "unreadable_value" Refused "示数无法识别";
    /// A card that says nobody could read, and a number all the same.
    ValueThoughUnread "value_though_unread" Refused "未抄却有示数";
    /// After the business day.
    FutureDate "future_date" Refused "日期在将来";
    /// Not after the last reading.
    BeforeLastReading "before_last_reading" Refused "早于上次抄表";
    /// The last reading printed on the card is not the one on file.
    PrintedLastDiffers "printed_last_differs" Held "卡片上次示数不符";
    /// A slip without an account number.
    NoAccountNumber "no_account_number" Refused "无户号";
    /// The old meter is not the one on file.
    OldMeterMismatch "old_meter_mismatch" Refused "旧表号不符";
    /// The final reading lies below the last one.
    FinalBelowLast "final_below_last" Refused "止码低于上次示数";
    /// The new meter hangs elsewhere already.
    NewMeterInUse "new_meter_in_use" Refused "新表已在用";
    /// The same slip again.
    SameSlipTwice "same_slip_twice" Refused "拆换单重复";
    /// A swap before the old meter was fitted.
    BeforeMeterFitted "before_meter_fitted" Refused "早于装表日期";
    /// A slip that fits the file but that entering refuses, with its reason.
    SwapRefused "swap_refused" Refused "拆换单不能入账";
    /// A card number that fails its check, or lost digits.
    BadBankCard "bad_bank_card" Refused "银行卡号有误";
    /// A meter state nobody knows.
    UnknownState "unknown_state" Refused "状态不明";
    /// A price, calendar or business file that does not hold.
    BadFile "bad_file" Refused "文件有误";
    /// IC card without top-up or the reverse.
    R048 "R-048" Refused "用户类型与缴费方式不符";
    /// A blank in the name.
    R049 "R-049" Refused "户名含空格";
    /// The unit in the address is not the unit of the record.
    R050 "R-050" Refused "地址单元不符";
    /// One or two of the three bank fields.
    R051 "R-051" Refused "银行信息不全";
    /// Debit without bank fields.
    R052 "R-052" Refused "代缴缺银行信息";
    /// Bank fields without debit.
    R053 "R-053" Refused "非代缴有银行信息";
    /// An SMS number without its carrier.
    R054 "R-054" Refused "缺短信公司";
    /// A connection that is neither 集体 nor 散户.
    R055 "R-055" Refused "报装性质有误";
    /// A group connection without invoice date.
    R056 "R-056" Refused "缺开票日期";
    /// A single connection with the invoice on another day.
    R057 "R-057" Refused "散户开票日期不符";
    /// A group connection with the invoice after the connection.
    R058 "R-058" Refused "开票晚于报装";
}

impl Kind {
    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}

/// A row that is not simply good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// Physical line, row of the sheet, or record number.
    pub line: u32,
    /// Account, meter or slip as it stands in the row.
    pub id: String,
    /// What is wrong.
    pub kind: Kind,
    /// Where, with which value, and what to do: one Chinese sentence.
    pub message: String,
    /// The heading of the column to correct, where it is one.
    pub column: Option<String>,
    /// The rule that says so, where the catalogue or a standard has one.
    pub rule: Option<Cow<'static, str>>,
    /// The key of the account on file it is about, where the judge knows it.
    pub account: Option<i64>,
}

/// What a check finds before line and id are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    pub kind: Kind,
    pub message: String,
    pub column: Option<String>,
    pub rule: Option<&'static str>,
}

impl Flaw {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), column: None, rule: None }
    }

    /// A flaw of one column.
    pub(super) fn at(kind: Kind, heading: &str, message: impl Into<String>) -> Self {
        Self { column: Some(heading.to_owned()), ..Self::new(kind, message) }
    }

    pub(super) fn by(self, rule: &'static str) -> Self {
        Self { rule: Some(rule), ..self }
    }

    pub(super) fn on(self, line: u32, id: &str) -> Defect {
        let Self { kind, message, column, rule } = self;
        // Names of rows and messages are listed, exported and logged: no private number stands in them (I-13).
        // A row that was looked at no further may be named by a number without a check character.
        let unjudged = matches!(kind, Kind::PrivateNumber | Kind::HiddenRow | Kind::StruckOut | Kind::UncountedRecord);
        let named_by = if unjudged { Holds::Text } else { Holds::Number };
        let id = mask(&crate::rules::fault::shown(id), named_by);
        let message = mask(&message, Holds::Number);
        Defect { line, id, kind, message, column, rule: rule.map(Cow::Borrowed), account: None }
    }
}

impl Defect {
    /// One that no judge found.
    pub fn new(line: u32, id: &str, kind: Kind, message: impl Into<String>) -> Self {
        Flaw::new(kind, message).on(line, id)
    }

    /// One that was told before: every word of it as it was.
    pub fn known(line: u32, id: String, kind: Kind, message: String) -> Self {
        Self { line, id, kind, message, column: None, rule: None, account: None }
    }

    /// About this account on file.
    pub(super) fn about(self, account: Option<i64>) -> Self {
        Self { account, ..self }
    }

    /// What an import does with it.
    pub fn disposition(&self) -> Disposition {
        self.kind.disposition()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
        }
    }
}
