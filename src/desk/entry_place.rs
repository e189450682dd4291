//! `entry.place`: head office gives entries whose stamp came from the future another place in the order, so that what happened
//! afterwards sorts after them again. The entries themselves stay as they are.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use crate::book::clock;
use crate::book::subject::{Kind, Subject};
use crate::derive::placed::{EntryPlaced as Body, NewPlace};
use crate::derive::site::{STAMP_AHEAD, subject_of};
use crate::rules::id::{ITEMS, Id};
use crate::rules::moment;
use crate::store::entries::EntryRow;
use crate::store::tables::base::ExceptionRow;

/// The action.
pub struct EntryPlace;

/// Entries placed in one go at most.
const MOST: usize = 500;

/// Longest reason.
const MAX_WORDS: usize = 200;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The entries, all of one site; they keep their own order.
    pub entries: Vec<Id>,
    /// The moment they are placed at, `2026-11-21 09:30`; now when left out.
    #[serde(default)]
    pub at: Option<String>,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// How many entries were placed.
    pub placed: usize,
    /// The moment.
    pub at: String,
}

impl Action for EntryPlace {
    const NAME: &'static str = "entry.place";
    const SUMMARY: &'static str = "改排时间来自以后的凭单 (总部)";
    const MERGE: &'static str = "同一凭单改排两次，总部后一次为准；凭单和改排哪个先到都一样";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let own = cx.tx.own_site(cx.site.as_str())?;
        if own.as_ref().is_none_or(|site| !site.head_office) {
            return Err(Refusal::permission("entry", "只有总部可以改排凭单，请报总部处理"));
        }
        let mut faults = Vec::new();
        let reason = input.reason.trim().to_owned();
        if reason.is_empty() || reason.chars().count() > MAX_WORDS || reason.chars().any(char::is_control) {
            faults.push(Fault::field("entry", "reason", format!("请写明理由，最多 {MAX_WORDS} 字")));
        }
        let at = match input.at.as_deref() {
            None => Some(cx.at),
            Some(text) => moment::parse(text).filter(|at| *at <= cx.at),
        };
        if at.is_none() {
            faults.push(Fault::field("entry", "at", "时间不对，应如 2026-11-21 09:30，且不晚于现在"));
        }
        let entries = entries(cx, &input.entries, &mut faults)?;
        Refusal::unless_empty(faults)?;
        let Some((at, first)) = at.zip(entries.first()) else { return Err(Refusal::usage("没有要改排的凭单")) };
        let site = subject_of(&first.id.site());
        let places = places(cx, &entries, clock::stamp(at))?;
        let output = Output { placed: places.len(), at: at.to_rfc3339() };
        Decision::write(vec![Subject::new(Kind::Site, site)], &Body { places, reason }, output)
    }
}

/// The entries in their own order; each mistake is told.
fn entries(cx: &Cx<'_, '_>, named: &[Id], faults: &mut Vec<Fault>) -> Result<Vec<EntryRow>, Refusal> {
    let named: BTreeSet<Id> = named.iter().map(|id| id.entry()).collect();
    let mut fault = |message: String| faults.push(Fault::field("entry", "entries", message));
    if named.is_empty() || named.len() > MOST {
        fault(format!("请给出 1 到 {MOST} 张凭单"));
        return Ok(Vec::new());
    }
    let mut found: Vec<EntryRow> = Vec::new();
    for id in named {
        match cx.tx.entry(id)? {
            None => fault(format!("没有凭单 {id}，请核对编号")),
            Some(entry) if found.first().is_some_and(|first| first.site != entry.site) => {
                fault(format!("凭单 {id} 是另一网点的，请分开改排"));
            }
            Some(entry) if !is_asked_for(cx, &entry)? => {
                fault(format!("凭单 {id} 的时间不比现在快 24 小时，不用改排"));
            }
            Some(entry) => found.push(entry),
        }
    }
    Ok(found)
}

/// Only what is far ahead, or was when it came, may be moved.
fn is_asked_for(cx: &Cx<'_, '_>, entry: &EntryRow) -> Result<bool, Refusal> {
    if clock::ahead(entry.hlc, cx.at) > clock::FAR_AHEAD {
        return Ok(true);
    }
    let site = subject_of(&entry.id.site());
    let (kind, what) = (Kind::Site.letter(), STAMP_AHEAD);
    let known = cx.tx.scan::<ExceptionRow>(&[&kind, &site, &what])?;
    Ok(known.iter().any(|row| row.first == entry.id || row.second == entry.id))
}

/// One order key after another from `from` on; an entry never comes to stand before the one its site wrote before it, nor after
/// the next one.
fn places(cx: &Cx<'_, '_>, entries: &[EntryRow], from: i64) -> Result<Vec<NewPlace>, Refusal> {
    let mut places: Vec<NewPlace> = Vec::with_capacity(entries.len());
    let mut free = from;
    for (index, entry) in entries.iter().enumerate() {
        let before = Id(entry.id.0 - ITEMS);
        let last = match places.last().filter(|place| place.entry == before) {
            Some(place) => place.hlc,
            None => match cx.tx.entry(before)?.filter(|_| entry.seq > 1) {
                Some(before) => cx.tx.order_key(&before)?,
                None => 0,
            },
        };
        let hlc = free.max(last + 1);
        let too_late = || {
            let message = format!("凭单 {} 只能排在本网点前后两张凭单之间，请连同它前面的凭单一起改排", entry.id);
            Refusal::field("entry", "entries", message)
        };
        if hlc >= entry.hlc || clock::ahead(hlc, cx.at) > clock::AHEAD {
            return Err(too_late());
        }
        let next = Id(entry.id.0 + ITEMS);
        if entries.get(index + 1).is_none_or(|other| other.id != next)
            && let Some(next) = cx.tx.entry(next)?
            && cx.tx.order_key(&next)? <= hlc
        {
            return Err(too_late());
        }
        places.push(NewPlace { entry: entry.id, hlc });
        free = hlc + 1;
    }
    Ok(places)
}
