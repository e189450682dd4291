//! `shift.close`: 交班. Previous cash + income − paid in = present cash (R-366, cash only: A-32); over or short is data and never
//! blocks the close. The head code of the day book stands on the slip, as a witness outside the database.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::till::shift;
use crate::book::append::Head;
use crate::book::entry::head_code;
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::ShiftClosed;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::reach::Reach;

/// The action.
pub struct ShiftClose;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Cash counted in the drawer.
    pub counted: Fen,
    /// What explains over or short.
    #[serde(default)]
    pub note: String,
}

/// What is answered: the identity of R-366, line by line.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// The shift.
    pub shift: Id,
    /// 营业日.
    pub day: NaiveDate,
    /// 前日现金结余: the counted float.
    pub previous: Fen,
    /// 本日营业收入, cash.
    pub income: Fen,
    /// 存入.
    pub deposits: Fen,
    /// 当日现金结余: previous + income − deposits.
    pub expected: Fen,
    /// Cash counted.
    pub counted: Fen,
    /// Counted − expected: 长款 (+) or 短款 (−).
    pub over_short: Fen,
    /// Eight characters that stand for the whole day book up to the entry before this one.
    pub head: String,
    /// Hand-written slips of the shift that nobody has confirmed yet.
    pub pending: usize,
}

impl Action for ShiftClose {
    const NAME: &'static str = "shift.close";
    const SUMMARY: &'static str = "交班：清点现金，核对结余";
    const MERGE: &'static str = "一班只交一次，以第一次为准；第二次交班和交班后的收支列为疑问，钱都算数";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let row = shift::own(cx)?;
        if input.counted.is_negative() {
            return Err(Refusal::field("R-366", "counted", "清点的现金不能是负数，请重新清点"));
        }
        if input.note.chars().count() > 200 {
            return Err(Refusal::field("R-366", "note", "备注太长，最多 200 字"));
        }
        let head = head_code(&Head::read(cx.tx)?.hash);
        let (counted, note) = (input.counted, input.note.trim().to_owned());
        let body = ShiftClosed { shift: row.id, counted, expected: row.cash, note, head: head.clone() };
        let pending = cx.tx.pending_slips(Reach::ALL)?.iter().filter(|slip| slip.shift == row.id).count();
        let output = Output {
            shift: row.id,
            day: row.day,
            previous: row.opening,
            income: row.income,
            deposits: row.paid_in,
            expected: row.cash,
            counted,
            over_short: counted - row.cash,
            head,
            pending,
        };
        Decision::write(vec![Subject::new(Kind::Shift, row.id)], &body, output)
    }
}
