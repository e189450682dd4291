//! One business (业务) as its catalogue file describes it. The format stands in `docs/services.md`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Condition;
use crate::rules::meter_state::MeterState;
use crate::rules::money::Fen;
use crate::rules::order::{ClockTerm, OrderKind, Outcome};
use crate::rules::speech::Sentence;
use crate::rules::utility::Utility;

/// One business: everything the desk must ask, check, charge, promise and say.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Word of the file and of `intake.take`: `unseal`.
    pub code: String,
    /// Name on the screen and on paper: 启封.
    pub name: String,
    /// Where the rules come from, for F1.
    pub source: String,
    /// For which goods; all when empty.
    pub utilities: Vec<Utility>,
    /// Where it may be taken in.
    pub channels: Vec<Channel>,
    /// Whether it needs a customer file.
    pub account: AccountNeed,
    /// Profile in force, empty when the file has none.
    pub profile: String,
    /// What the clerk may tick about the case, one key each.
    pub situations: Vec<Situation>,
    /// Papers to be shown (要件), one key each.
    pub papers: Vec<Paper>,
    /// Why the business is not taken in.
    pub refusals: Vec<Gate>,
    /// What it costs.
    pub fees: Vec<Fee>,
    /// Fields of its form.
    pub fields: Vec<Field>,
    /// Which urgency it begins with.
    pub urgency: UrgencyRule,
    /// Promises and inner limits.
    pub clocks: Vec<Clock>,
    /// What the promise leaves out, as it is spoken: 用户另约时间及特殊情况除外.
    pub except: String,
    /// What to say, in order.
    pub lines: Vec<Line>,
    /// The order it makes; none when all is done at the desk.
    pub order: Option<OrderRule>,
    /// When a callback is due.
    pub callback: Option<CallbackRule>,
    /// What its end changes in the customer file.
    pub write_back: WriteBack,
    /// What comes after it.
    pub follow_ups: Vec<FollowUp>,
}

/// How a case reaches the branch (受理渠道).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 柜台
    Counter,
    /// 电话
    Phone,
}

impl Channel {
    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Counter => "柜台",
            Self::Phone => "电话",
        }
    }

    /// Words of the catalogue files.
    pub const WORDS: &[(&str, Self)] = &[("柜台", Self::Counter), ("电话", Self::Phone)];

    /// The word on the command line, also the fact's name in conditions.
    pub fn code(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Phone => "phone",
        }
    }
}

/// Whether a case must belong to a customer file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountNeed {
    /// Only on an account.
    Required,
    /// An account, or an address and a caller (a leak in the street).
    Optional,
}

/// Something about the case that the clerk ticks (情形): 代办, 直系亲属.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// Name used in conditions.
    pub key: String,
    /// What the clerk reads.
    pub label: String,
    /// When it is asked at all.
    pub when: Condition,
}

/// A paper to be shown (要件). Copy and original are different requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Name used in `papers`.
    pub key: String,
    /// 户主身份证.
    pub name: String,
    /// Original, copy, form or number.
    pub form: PaperForm,
    /// When it is needed.
    pub when: Condition,
    /// Whether a filled sample lies beside it (范本).
    pub sample: bool,
}

/// In what form a paper is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PaperForm {
    /// 原件
    Original,
    /// 复印件
    Copy,
    /// 填写: a form the customer fills in and signs.
    Filled,
    /// 号码: only its number is taken down.
    Number,
}

impl PaperForm {
    /// Words of the file, which are those of the screen.
    pub const WORDS: &[(&str, Self)] =
        &[("原件", Self::Original), ("复印件", Self::Copy), ("填写", Self::Filled), ("号码", Self::Number)];

    /// The word on the screen.
    pub fn label(self) -> &'static str {
        Self::WORDS.iter().find(|(_, form)| *form == self).map_or("", |(word, _)| word)
    }
}

impl Paper {
    /// As it is read out and printed: `户主身份证（复印件）`.
    pub fn label(&self) -> String {
        format!("{}（{}）", self.name, self.form.label())
    }
}

/// A reason not to take the business in, with the sentence to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// When it stops the business.
    pub when: Condition,
    /// The sentence, letter for letter.
    pub say: Sentence,
    /// Number of the rule.
    pub rule: String,
    /// The business to take in first, if any.
    pub first: Option<String>,
}

/// A fee (费用).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// Kind of `fee.take`.
    pub key: String,
    /// 过户费.
    pub name: String,
    /// How much; `None` when the company has still to set it.
    pub amount: Option<Fen>,
    /// When it is due.
    pub when: Condition,
    /// When it is free …
    pub free_when: Option<Condition>,
    /// … and the paper that proves it.
    pub proof: Option<String>,
    /// What is given for it: 定额（过户费）发票.
    pub invoice: String,
    /// A deposit, given back later (押金).
    pub deposit: bool,
    /// What must not happen before it is paid.
    pub before: Option<Before>,
}

/// What waits for a fee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Before {
    /// 派工
    Dispatch,
    /// 过户
    Deed,
}

impl Before {
    /// Words of the file.
    pub const WORDS: &[(&str, Self)] = &[("派工", Self::Dispatch), ("过户", Self::Deed)];

    /// The word of the file and of entries.
    pub fn label(self) -> &'static str {
        Self::WORDS.iter().find(|(_, known)| *known == self).map_or("", |(word, _)| word)
    }
}

/// A field of the form (栏目).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name used in `fields`.
    pub key: String,
    /// What the clerk reads.
    pub label: String,
    /// What may be typed.
    pub kind: FieldKind,
    /// When it must be filled.
    pub required: Option<Condition>,
    /// When it is shown at all.
    pub when: Condition,
    /// Choices of a choice field.
    pub choices: Vec<Choice>,
    /// What stands in it at first.
    pub default: String,
    /// Most characters of a text.
    pub longest: usize,
    /// Offer what was typed before (screens.md rule 5).
    pub remember: bool,
}

/// What a field takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldKind {
    /// Any text of one line.
    Text,
    /// A number of at most three decimals, not below zero.
    Number,
    /// A day.
    Date,
    /// A day and a time.
    Time,
    /// One of the choices.
    Choice,
    /// A telephone number.
    Phone,
    /// An amount in yuan.
    Money,
}

impl FieldKind {
    /// Words of the file.
    pub const WORDS: &[(&str, Self)] = &[
        ("文字", Self::Text),
        ("数字", Self::Number),
        ("日期", Self::Date),
        ("时间", Self::Time),
        ("选项", Self::Choice),
        ("电话", Self::Phone),
        ("金额", Self::Money),
    ];
}

/// One word of a choice field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The word, which is also the value.
    pub text: String,
    /// When it is offered.
    pub when: Condition,
}

/// Urgency (业务级别), R-084.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub enum Urgency {
    /// ①等待安排
    #[default]
    #[serde(rename = "等待安排")]
    Wait,
    /// ②按照约定: a date agreed with the customer.
    #[serde(rename = "按照约定")]
    Agreed,
    /// ③尽快安排
    #[serde(rename = "尽快安排")]
    Soon,
    /// ④加急安排
    #[serde(rename = "加急安排")]
    Urgent,
}

impl Urgency {
    /// The four levels in the order of the paper, words as on paper.
    pub const WORDS: &[(&str, Self)] =
        &[("等待安排", Self::Wait), ("按照约定", Self::Agreed), ("尽快安排", Self::Soon), ("加急安排", Self::Urgent)];

    /// The word on the screen.
    pub fn label(self) -> &'static str {
        Self::WORDS.iter().find(|(_, level)| *level == self).map_or("", |(word, _)| word)
    }
}

/// Which urgency a case begins with; the clerk may choose another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UrgencyRule {
    /// The level when nothing below applies.
    pub default: Urgency,
    /// First that holds wins.
    pub raised: Vec<(Condition, Urgency)>,
}

/// A promise to the customer or an inner limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// What an order carries of it, its deadline not counted yet; of several with one name the first that applies counts.
    pub term: ClockTerm,
    /// When it applies.
    pub when: Condition,
    /// Number of the rule.
    pub rule: String,
}

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// At which point of the talk.
    pub at: TalkStep,
    /// When it is said.
    pub when: Condition,
    /// The sentence.
    pub say: Sentence,
}

/// Points of the talk at the desk, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TalkStep {
    /// 开场
    Open,
    /// 询问
    Ask,
    /// 要件
    Papers,
    /// 缺件
    Missing,
    /// 收费
    Fee,
    /// 告知
    Tell,
    /// 承诺
    Promise,
    /// 提示: what the clerk must do, not spoken.
    Remind,
    /// 结束
    Close,
}

impl TalkStep {
    /// Words of the file, which are those of the screen.
    pub const WORDS: &[(&str, Self)] = &[
        ("开场", Self::Open),
        ("询问", Self::Ask),
        ("要件", Self::Papers),
        ("缺件", Self::Missing),
        ("收费", Self::Fee),
        ("告知", Self::Tell),
        ("承诺", Self::Promise),
        ("提示", Self::Remind),
        ("结束", Self::Close),
    ];
}

/// The order a business makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRule {
    /// Kind of order, which fixes the outcomes allowed (R-289 … R-293).
    pub kind: OrderKind,
    /// When an order is made; otherwise the case is closed at the desk.
    pub when: Condition,
    /// Outcomes allowed, in the order they are offered.
    pub outcomes: Vec<Outcome>,
    /// Field of the form that names the category on the dispatch desk; the business's name when none.
    pub category: Option<String>,
    /// Further fields of the return slip.
    pub slip: Vec<Field>,
    /// Join a second call about the same place to the open order.
    pub join: bool,
}

/// When the customer is called back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackRule {
    /// When a callback is needed.
    pub when: Condition,
}

/// What the end of a business changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteBack {
    /// State of the meter after an outcome of 合格.
    pub meter_state: Option<MeterState>,
    /// The account gets its new owner at intake (过户登记, R-126).
    pub transfer: bool,
}

/// A business that comes after an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// After which outcome.
    pub on: Outcome,
    /// When.
    pub when: Condition,
    /// The business to take in next.
    pub service: String,
}
