//! Money given back: within whose limit it is, and out of whose drawer it goes.
//!
//! A clerk gives back out of the drawer they have open. Beyond a clerk's limit a superior does it. Superiors keep no till: they name the
//! open shift of a clerk, where there are several, who hands the money over; the entry names both, its author and the shift.

use crate::desk::action::Cx;
use crate::desk::refusal::Refusal;
use crate::desk::rights::Rights;
use crate::desk::session;
use crate::desk::till::shift;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::till::ShiftRow;

/// The right to have a till of one's own.
pub const TILL: &str = "shift.open";

/// Refuses what is beyond the actor's limit, and says who may do it and out of which drawer. `limit` is the action whose limits count,
/// `action` what the superior does.
pub fn within_limit(cx: &Cx<'_, '_>, limit: &str, action: &str, amount: Fen) -> Result<(), Refusal> {
    cx.rights.require(action)?;
    if cx.rights.allow_amount(limit, amount) {
        return Ok(());
    }
    let able = Rights::posts_for(limit, amount);
    let posts: Vec<&str> =
        Rights::posts_for(action, Fen::ZERO).into_iter().filter(|post| able.contains(post)).collect();
    let whose = match cx.tx.open_shift(cx.actor.id)? {
        Some(own) => format!("您的班次 ({}) ", named(&own)),
        None => "一个开着的班次".to_owned(),
    };
    let text = format!(
        "金额 {} 超过您的权限{}，请由{}登录办理，写明从{whose}退",
        amount.abs().grouped(),
        cx.rights.limit_words(limit),
        if posts.is_empty() { "上级".to_owned() } else { posts.join("或") },
    );
    Err(Refusal::permission("R-260", text))
}

/// The drawer that gives the money back: the actor's own; of a person without a till the shift that is named, else the one that took
/// the money while it is open, else the only one open.
pub fn drawer(cx: &Cx<'_, '_>, named: Option<Id>, origin_said: Option<Id>) -> Result<ShiftRow, Refusal> {
    if let Some(own) = cx.tx.open_shift(cx.actor.id)? {
        if named.is_some_and(|named| named != own.id) {
            let text = format!("您自己开着班次 ({})，请从自己的钱箱退", self::named(&own));
            return Err(Refusal::field("R-178", "shift", text));
        }
        shift::still_today(cx, &own)?;
        return Ok(own);
    }
    if let Some(named) = named {
        if cx.rights.allow(TILL) {
            return Err(Refusal::field("R-178", "shift", "您还没有开班，请先开班，从自己的钱箱退"));
        }
        let row = shift::open(cx, named)?;
        shift::still_today(cx, &row)?;
        return Ok(row);
    }
    let own = cx.tx.own()?;
    let origin = origin_said.map(|id| cx.tx.shift(id)).transpose()?.flatten();
    if let Some(origin) = origin.filter(|shift| shift.state == "open" && own.holds(shift.id)) {
        shift::still_today(cx, &origin)?;
        return Ok(origin);
    }
    match origin_said {
        _ if !cx.rights.allow(TILL) => only(cx),
        Some(_) => Err(Refusal::rule("R-178", "收这笔钱的班次已经交班，请先开班，从自己的钱箱退")),
        None => shift::own(cx),
    }
}

/// A shift as people call it: its clerk, its day and which of that day.
fn named(shift: &ShiftRow) -> String {
    format!("{} {} 班次 {}", shift.clerk, shift.day, shift.no)
}

/// The only drawer whose day is not over; of several one is to be named.
fn only(cx: &Cx<'_, '_>) -> Result<ShiftRow, Refusal> {
    let mut open = Vec::new();
    for shift in cx.tx.open_shifts(cx.tx.own()?)? {
        if !session::is_over(cx.tx, &shift, cx.at)? {
            open.push(shift);
        }
    }
    let told: Vec<String> = open.iter().map(|shift| format!("{} [{}]", named(shift), shift.id)).collect();
    let text = match <[ShiftRow; 1]>::try_from(open) {
        Ok([one]) => return Ok(one),
        Err(none) if none.is_empty() => "现在没有开着的班次：请营业员先开班，再从那个班次退".to_owned(),
        Err(_) => format!("请写明从哪个开着的班次退，由该营业员付钱：{}", told.join("、")),
    };
    Err(Refusal::field("R-178", "shift", text))
}
