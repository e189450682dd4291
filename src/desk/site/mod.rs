//! Sites come to know each other: what the actions about sites have in common.

pub mod amend;
pub mod clock_confirm;
pub mod cut_off;
pub mod enrol;
pub mod fresh;
pub mod revoke;
pub mod rotate;
pub mod thaw;
pub mod trust;
pub mod view;

use super::action::Cx;
use super::refusal::{Fault, Refusal};
use super::rights;
use crate::exchange::card::Card;
use crate::exchange::peers::{self, Peer};
use crate::rules::fault::shown;
use crate::rules::private_numbers;
use crate::rules::route::Area;

/// Longest a branch's rights may hold without word, in days.
pub const MAX_DAYS: i64 = 366;
/// How long they hold when nothing is said.
pub const USUAL_DAYS: i64 = 30;

/// Reads a card and holds it against the fingerprint heard over the phone and against this book.
fn known_card(cx: &Cx<'_, '_>, text: &str, fingerprint: &str) -> Result<Card, Refusal> {
    let card = Card::read(text)?;
    if !card.keys.is_fingerprint(fingerprint) {
        let message =
            "指纹不符：名片里的密钥不是电话里念的那一副。请让对方重念一遍；仍不符时名片可能被人换过，不要登记";
        return Err(Refusal::field("fingerprint", "fingerprint", message));
    }
    if card.practice != cx.practice {
        let message = match card.practice {
            true => format!("{} 的名片出自练习库，本库是正式库，不能登记", card.code),
            false => format!("{} 的名片出自正式库，本库是练习库，不能登记", card.code),
        };
        return Err(Refusal::field("practice", "card", message));
    }
    if card.code == *cx.site {
        return Err(Refusal::field("card", "card", "这是本网点自己的名片，请换成对方的"));
    }
    Ok(card)
}

/// Only head office does this.
fn at_head_office(cx: &Cx<'_, '_>) -> Result<(), Refusal> {
    if peers::is_head_office(cx.tx)? {
        return Ok(());
    }
    Err(Refusal::rule("site", "本网点不是总部，这件事由总部办理"))
}

/// A branch that head office has enrolled.
fn branch(cx: &Cx<'_, '_>, code: &str) -> Result<Peer, Refusal> {
    at_head_office(cx)?;
    let found = peers::peer(cx.tx, code.trim())?;
    found.ok_or_else(|| Refusal::missing("site", "已登记的网点", code))
}

/// The areas there are, as code and word: those of an account's 区域.
const AREAS: [(&str, Area); 2] = [("old", Area::Old), ("new", Area::New)];

/// Areas as they are kept: the codes of accounts' areas, each once, in the order given. Given are codes or the words on the screens.
fn areas(given: &[String], faults: &mut Vec<Fault>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for area in given {
        let found = Area::from_label(area.trim());
        match AREAS.iter().find(|(_, known)| found == Some(*known)) {
            Some((code, _)) if kept.iter().any(|known| known == code) => {}
            Some((code, _)) => kept.push((*code).to_owned()),
            None => {
                let list = AREAS.map(|(code, area)| format!("{} ({code})", area.label())).join("、");
                let message = format!("没有“{}”这个片区；片区是户的“区域”，可填：{list}", shown(area));
                faults.push(Fault::field("site", "areas", message));
            }
        }
    }
    kept
}

/// What a branch is told of other sites' accounts, in words. A text that is no area was taken by an earlier program; it matches nothing.
pub fn words_of(areas: &[String], everything: bool) -> String {
    if everything {
        return "全部 (全公司的户、账、工单都转给它)".to_owned();
    }
    if areas.is_empty() {
        return "无 (只有与它自己办过的业务相关的，才从别的网点转给它)".to_owned();
    }
    let word = |area: &String| match AREAS.iter().find(|(code, _)| code == area) {
        Some((_, known)) => known.label().to_owned(),
        None => format!("{} (不是片区，不起作用，请用 site amend 改正)", shown(area)),
    };
    let words: Vec<String> = areas.iter().map(word).collect();
    format!("{} (别的网点“区域”为此的户、账、工单也转给它)", words.join("、"))
}

/// Roles as they are kept.
fn roles(given: &[String], faults: &mut Vec<Fault>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let codes: Vec<&str> = rights::roles().iter().map(|role| role.code.as_str()).collect();
    for role in given {
        if rights::role(role).is_none() {
            faults.push(Fault::field(
                "R-003",
                "roles",
                format!("没有“{}”这个岗位，可填：{}", shown(role), codes.join(" ")),
            ));
        } else if !kept.contains(role) {
            kept.push(role.clone());
        }
    }
    kept
}

fn days(given: i64, faults: &mut Vec<Fault>) -> i64 {
    if !(1..=MAX_DAYS).contains(&given) {
        let message = format!("有效天数 {given} 不对，应为 1 到 {MAX_DAYS} 天");
        faults.push(Fault::field("site", "good_for_days", message));
    }
    given
}

/// A reason that stands in the day book for ever.
pub(in crate::desk) fn reason(cx: &Cx<'_, '_>, given: &str) -> Result<String, Refusal> {
    let reason = given.trim();
    if !(2..=200).contains(&reason.chars().count()) {
        return Err(Refusal::field("site", "reason", "请写明原因，2 到 200 字"));
    }
    private_numbers::refuse("原因", reason, cx.at.date_naive())
        .map_err(|fault| Refusal::field(fault.rule, "reason", fault.message))?;
    Ok(reason.to_owned())
}
