//! `shift.close`: 交班. Previous cash + income − paid in = present cash (R-366, cash only: A-32); over or short is shown,
//! asked about again and explained, and then never blocks the close. A shift that somebody left open is counted and closed by who may. The head code of the day book stands on the slip, as a witness outside the database.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::till::shift;
use crate::book::append::Head;
use crate::book::entry::head_code;
use crate::book::subject::{Kind, Subject};
use crate::derive::shift::{ShiftClosed, security};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::reach::Reach;
use crate::store::tables::till::ShiftRow;

/// The right to close the shift of another who left it open.
pub const ANOTHERS: &str = "shift.close.another";

/// The action.
pub struct ShiftClose;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Cash counted in the drawer.
    pub counted: Fen,
    /// What explains over or short; a remark where there is none.
    #[serde(default)]
    pub note: String,
    /// Why another's shift is closed; left out, the note says that too.
    #[serde(default)]
    pub why: Option<String>,
    /// Over or short was seen, counted again, and is so.
    #[serde(default)]
    pub confirm: bool,
    /// Another's shift, left open: counted and closed by who may.
    #[serde(default)]
    pub shift: Option<Id>,
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
    /// 本日营业收入, cash; deposits are none.
    pub income: Fen,
    /// 押金, cash, taken less given back.
    pub security: Fen,
    /// 存入.
    pub deposits: Fen,
    /// 当日现金结余: previous + 备用金 added + income + security − deposits.
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
        let row = match input.shift {
            Some(id) => shift::open(cx, id)?,
            None => shift::own_of_any_day(cx)?,
        };
        let is_own = row.user == cx.actor.id;
        if !is_own {
            cx.rights.require(ANOTHERS)?;
        }
        Refusal::unless_empty(faults(&input, &row, is_own))?;
        let head = head_code(&Head::read(cx.tx)?.hash);
        let (counted, note) = (input.counted, input.note.trim().to_owned());
        let (closer, why) = match is_own {
            true => Default::default(),
            false => (cx.actor.name.clone(), input.why.as_deref().unwrap_or_default().trim().to_owned()),
        };
        let body = ShiftClosed { shift: row.id, counted, expected: row.cash, note, head: head.clone(), closer, why };
        let pending = cx.tx.pending_slips(Reach::ALL)?.iter().filter(|slip| slip.shift == row.id).count();
        let (income, security) = security::income(cx.tx, &row)?;
        let output = Output {
            shift: row.id,
            day: row.day,
            previous: row.opening,
            income,
            security,
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

/// What is counted must be what must be there, or be said to be otherwise and why.
fn faults(input: &Input, row: &ShiftRow, is_own: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    if input.counted.is_negative() {
        faults.push(Fault::field("R-366", "counted", "清点的现金不能是负数，请重新清点"));
        return faults;
    }
    let why = input.why.as_deref().unwrap_or(&input.note);
    for (field, label, text) in [("note", "备注", input.note.as_str()), ("why", "代交班的原因", why)] {
        if text.chars().count() > 200 || text.chars().any(char::is_control) {
            faults.push(Fault::field("R-366", field, format!("{label}最多 200 字，不能换行")));
        }
    }
    let over = input.counted - row.cash;
    let is_explained = !input.note.trim().is_empty();
    if over != Fen::ZERO {
        let word = if over.is_negative() { "短款" } else { "长款" };
        let sums =
            format!("应有 {}，清点 {}，{word} {}", row.cash.grouped(), input.counted.grouped(), over.abs().grouped());
        if !is_explained {
            faults.push(Fault::field("R-366", "note", format!("{sums}：请写明原因")));
        }
        if !input.confirm {
            let text = format!("{sums}：请重新清点；确实如此的，写明原因，确认后再交班");
            faults.push(Fault::field("R-366", "confirm", text));
        }
    }
    if !is_own && why.trim().is_empty() {
        faults.push(Fault::field("R-178", "why", format!("代 {} 交班，请写明原因", row.clerk)));
    }
    faults
}
