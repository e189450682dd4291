//! `payment.enter_late`: a hand-written 核对单 (power cut, bank debit day) is entered afterwards with its paper number and its true
//! date.
//!
//! The cash has been taken, so it is booked at once, in the present shift; late fees are counted to the true date. The payment
//! is marked 待确认 until another person has compared paper and screen (`payment.confirm`, I-10).

use chrono::NaiveDate;

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::till::ask::LateAsk;
use super::till::book::{Taken, book};
use super::till::plan::{Days, plan};
use super::till::shift;

/// Oldest slip that is entered without asking anybody, in days: a slip lies at most from one settlement to the next, with the
/// longest holidays between.
const MAX_DAYS: i64 = 31;

/// The action.
pub struct PaymentEnterLate;

impl Action for PaymentEnterLate {
    const NAME: &'static str = "payment.enter_late";
    const SUMMARY: &'static str = "补录手开核对单，另一人确认";
    const MERGE: &'static str = "同收费；同一张手开单在两个班次补录时两笔都在，列为疑问，冲正其一";
    type Input = LateAsk;
    type Output = Taken;

    fn decide(cx: &Cx<'_, '_>, input: LateAsk) -> Result<Decision<Taken>, Refusal> {
        let shift = shift::own(cx)?;
        let paper = input.paper.trim().to_uppercase();
        let happened = check_slip(cx, &paper, &input.happened)?;
        let prices = cx.shelf.prices(cx.tx)?;
        let (ask, days) = (input.ask(), Days { today: cx.day, taken: happened });
        let plan = plan(cx.tx, &prices, days, &ask)?;
        book(cx, &shift, &plan, &ask, Some((paper, happened)))
    }
}

/// Checks paper number and date; all mistakes at once.
fn check_slip(cx: &Cx<'_, '_>, paper: &str, happened: &str) -> Result<NaiveDate, Refusal> {
    let mut faults = Vec::new();
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '/';
    if paper.is_empty() || paper.len() > 32 || !paper.chars().all(fine) {
        faults.push(Fault::field("R-177", "paper", "手开单号应为 1 到 32 位字母、数字或短横，请照单填写"));
    } else if let Some(known) = cx.tx.till_of_paper(paper)?.iter().find(|row| row.reversed_by.is_none()) {
        let text = format!("手开单 {paper} 已经补录为核对单 {}，请不要重复补录", known.receipt());
        faults.push(Fault::field("I-9", "paper", text));
    }
    let day = happened.get(..10).and_then(|text| text.parse::<NaiveDate>().ok());
    match day {
        None => faults.push(Fault::field("R-177", "happened", "收钱日期不对，应如 2026-11-20")),
        Some(day) if day > cx.day => {
            faults.push(Fault::field("R-177", "happened", format!("收钱日期 {day} 晚于营业日 {}，请核对", cx.day)));
        }
        Some(day) if (cx.day - day).num_days() > MAX_DAYS => {
            faults.push(Fault::field("R-177", "happened", format!("收钱日期 {day} 超过 {MAX_DAYS} 天，请核对日期")));
        }
        Some(_) => {}
    }
    Refusal::unless_empty(faults)?;
    day.ok_or_else(|| Refusal::data("收钱日期不对"))
}
