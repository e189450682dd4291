//! `intake.take`: a business is taken in (受理). Its catalogue file says which papers, gates, fees, fields and promise it has;
//! the order it makes carries all of that with it. A repeat call about the same thing joins the open order.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::action::{Action, Cx, Decision};
use super::intake_case::{self, Asking, Resolved, Typed};
use super::intake_talk::{self, Said};
use super::refusal::{Fault, Refusal};
use super::rights::Rights;
use crate::book::subject::{Kind, Subject};
use crate::derive::order::body::{Charged, FieldSaid, IntakeTaken, Promised};
use crate::derive::order::{WINDOW, life, window};
use crate::rules::calendar::Calendar;
use crate::rules::id::Id;
use crate::rules::moment::{self, Moment};
use crate::rules::money::{Fen, Milli};
use crate::rules::service::{Before, Verdict};
use crate::rules::utility::Utility;
use crate::store::tables::order::OrderRow;
use crate::store::{StoreError, Tx};

/// 结算方数 on the form of a transfer.
pub(super) const SETTLED: &str = "settled";

/// The action.
pub struct IntakeTake;

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// The order made or joined; the case's own number when it was closed at the window.
    pub order: Id,
    /// A repeat call joined an open order.
    pub joined: bool,
    /// 待派, 在途 …, 窗口办结.
    pub state: String,
    /// 类别 on the dispatch desk.
    pub category: String,
    /// 业务级别.
    pub urgency: String,
    /// Fees due now; the till takes them with `fee.take`.
    pub fee: Fen,
    /// The fees one by one.
    pub charges: Vec<Fee>,
    /// What is promised: 启封.
    pub promise: Option<String>,
    /// By when: a day, or a time with offset.
    pub due: Option<String>,
    /// The line to say, filled in.
    pub line: String,
    /// The whole talk, step by step.
    pub talk: Vec<Said>,
    /// Minutes beyond the limit at the window.
    pub window_over: i64,
    /// Open orders of the same category in the same street, which may be the same thing.
    pub similar: Vec<Id>,
    /// What has to be done next, an action's name.
    pub next: Option<String>,
}

/// A fee due.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Fee {
    /// `kind` for `fee.take`: 过户费.
    pub kind: String,
    /// Key in the catalogue.
    pub key: String,
    /// Amount; zero when free with proof.
    pub amount: Fen,
    /// What is given for it.
    pub invoice: String,
    /// Given back later.
    pub deposit: bool,
}

impl Action for IntakeTake {
    const NAME: &'static str = "intake.take";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "受理业务：要件、关卡、费用、承诺照业务目录";
    const MERGE: &'static str = "各记各的；同一户同一业务在两个网点各开一张工单时两张都在，列为疑问，由人作废其一；\
                                 并入的工单已先办结时，这次来电列为疑问";
    type Input = Typed;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Typed) -> Result<Decision<Output>, Refusal> {
        let case = resolve(cx, &input, false).or_else(|refusal| also_of_business(cx, &input, refusal))?;
        let calendar = calendar(cx)?;
        let verdict = case.service().judge(&case.case, &case.loaded.catalogue.common, &*calendar);
        let parked = parked(cx.tx, &input)?;
        if let Some(open) = open_order(cx.tx, &input, &case, &verdict)? {
            return join(cx, &case, &verdict, &open, parked);
        }
        let mut faults = of_transfer(cx.tx, &case)?;
        faults.extend(verdict.refusals.iter().cloned().map(Fault::from));
        Refusal::unless_empty(faults)?;
        take(cx, &case, &verdict, parked)
    }
}

/// All mistakes at once: beside who and where, what the business itself would refuse. Of a repeat call it asks nothing.
fn also_of_business(cx: &Cx<'_, '_>, input: &Typed, mut refusal: Refusal) -> Result<Resolved, Refusal> {
    if let Ok(case) = resolve(cx, input, true) {
        let verdict = case.service().judge(&case.case, &case.loaded.catalogue.common, &*calendar(cx)?);
        if open_order(cx.tx, input, &case, &verdict)?.is_none() {
            refusal.faults.extend(verdict.refusals.iter().cloned().map(Fault::from));
        }
    }
    Err(refusal)
}

/// What stands against a transfer beside its papers: one that is taken in already, a 结算方数 that can never be read.
pub(super) fn of_transfer(tx: &Tx<'_>, case: &Resolved) -> Result<Vec<Fault>, StoreError> {
    let Some(account) = case.account.as_ref().filter(|_| case.service().write_back.transfer) else {
        return Ok(Vec::new());
    };
    let mut faults: Vec<Fault> = waiting_deed(tx, case)?.into_iter().collect();
    let typed = case.case.fields.iter().find(|(key, _)| key == SETTLED);
    let typed = typed.and_then(|(_, text)| text.parse::<Milli>().ok());
    // The deed wants a reading of this value, and none below the last is taken: the case would wait for ever.
    if let Some((typed, last)) = typed.zip(last_value(tx, account.id)?).filter(|(typed, last)| typed < last) {
        let (typed, last) = (typed.grouped(), last.grouped());
        let what = format!("结算方数 {typed} 低于上次示数 {last}，请核对；上次抄错的请先更正那次抄表");
        faults.push(Fault::field("R-122", &format!("fields.{SETTLED}"), what));
    }
    Ok(faults)
}

/// Where the meter stood last: the last reading, or as it was put up.
pub(super) fn last_value(tx: &Tx<'_>, account: Id) -> Result<Option<Milli>, StoreError> {
    Ok(match tx.last_reading(account)? {
        Some(reading) => Some(reading.value),
        None => tx.meter_on_wall(account)?.map(|meter| meter.first),
    })
}

/// A transfer that is taken in already is gone on with, not taken in again.
fn waiting_deed(tx: &Tx<'_>, case: &Resolved) -> Result<Option<Fault>, StoreError> {
    let Some(account) = case.account.as_ref().filter(|_| case.service().write_back.transfer) else { return Ok(None) };
    let waits = tx.deed_cases(account.id)?.into_iter().next();
    Ok(waits.map(|order| {
        let what = format!("{} {}已经受理，还没有办完，请接着办过户登记；不办了就作废", order.id, order.title);
        Fault { rule: "R-126".into(), field: None, message: what }
    }))
}

/// Who asks, when: the desk's default for what was not said.
pub fn asking(tx: &Tx<'_>, rights: &Rights, site: &str, at: Moment) -> Result<Asking, StoreError> {
    let utility = tx.own_site(site)?.and_then(|row| Utility::from_code(&row.utility)).unwrap_or(Utility::Water);
    let by_phone = rights.has_role("seat") && !rights.has_role("clerk");
    Ok(Asking { at, by_phone, utility, partial: false })
}

/// Looks up what a case names, or refuses with every mistake.
pub(super) fn resolve(cx: &Cx<'_, '_>, input: &Typed, partial: bool) -> Result<Resolved, Refusal> {
    let asking = Asking { partial, ..asking(cx.tx, cx.rights, cx.site.as_str(), cx.at)? };
    match intake_case::resolve(cx.tx, input, asking)? {
        Ok(case) => Ok(case),
        Err(faults) => Err(Refusal::unless_empty(faults).err().unwrap_or_else(|| Refusal::usage("输入不全"))),
    }
}

/// The calendar of promises.
pub(super) fn calendar(cx: &Cx<'_, '_>) -> Result<Arc<Calendar>, Refusal> {
    Ok(cx.shelf.calendar(cx.tx)?)
}

/// The parked case this one was taken up from.
fn parked(tx: &Tx<'_>, input: &Typed) -> Result<Option<Id>, Refusal> {
    let Some(queue) = input.queue.as_deref().map(str::trim).filter(|queue| !queue.is_empty()) else { return Ok(None) };
    Ok(tx.parked_of_queue(queue)?.into_iter().next().map(|row| row.id))
}

/// The open order a repeat call joins: named by the clerk, or for the same thing at the same place.
pub(super) fn open_order(
    tx: &Tx<'_>,
    input: &Typed,
    case: &Resolved,
    verdict: &Verdict<'_>,
) -> Result<Option<OrderRow>, Refusal> {
    if let Some(text) = input.join.as_deref() {
        let named = text.trim().parse::<Id>().ok().map(|id| tx.order(id)).transpose()?.flatten();
        let named = named.ok_or_else(|| Refusal::missing("join", "工单", text))?;
        if named.stage == "closed" {
            let what = format!("工单 {} 现为“{}”，不能并入，请另行受理", named.id, named.state);
            return Err(Refusal::field("R-305", "join", what));
        }
        super::order_step::own(tx, "join", named.id)?;
        return Ok(Some(named));
    }
    if input.separate {
        return Ok(None);
    }
    match case.join_key(&verdict.category) {
        Some(key) => {
            // Only an order of this site: of another's this book may not hold everything. That one is named as similar.
            let seen = tx.seen()?;
            Ok(tx.orders_of_join_key(&key)?.into_iter().find(|row| seen.holds(row.id)))
        }
        None => Ok(None),
    }
}

fn take(
    cx: &Cx<'_, '_>,
    case: &Resolved,
    verdict: &Verdict<'_>,
    parked: Option<Id>,
) -> Result<Decision<Output>, Refusal> {
    let service = case.service();
    let talk = intake_talk::talk(case, verdict, Some(cx.next));
    let line = intake_talk::line(&talk);
    let join_key = match &verdict.terms {
        Some(_) => case.join_key(&verdict.category),
        // Two sites that take in one transfer have one thing at one place: a clash until one is over.
        None => {
            case.account.as_ref().filter(|_| service.write_back.transfer).map(|row| format!("a{}|过户登记", row.id))
        }
    };
    let deed = service.write_back.transfer;
    let body = IntakeTaken { terms: verdict.terms.clone(), join_key, parked, deed, ..body(case, verdict, &line) };
    let similar = similar(cx.tx, case, verdict)?;
    let output = Output {
        order: cx.next,
        joined: false,
        state: match verdict.terms {
            Some(_) => "待派",
            None if deed => window::DEED,
            None if verdict.total() > Fen::ZERO => window::FEE,
            None => WINDOW,
        }
        .to_owned(),
        category: verdict.category.clone(),
        urgency: verdict.urgency.label().to_owned(),
        fee: verdict.total(),
        charges: fees(verdict),
        promise: verdict.promise.as_ref().map(|promise| promise.name.clone()),
        due: verdict.promise.as_ref().map(|promise| due_text(promise.due, promise.span.is_days())),
        line,
        talk,
        window_over: over(case),
        similar,
        next: deed.then(|| "account.transfer".to_owned()),
    };
    Decision::write(subjects(cx.next, case, parked), &body, output)
}

fn join(
    cx: &Cx<'_, '_>,
    case: &Resolved,
    verdict: &Verdict<'_>,
    open: &OrderRow,
    parked: Option<Id>,
) -> Result<Decision<Output>, Refusal> {
    let line = intake_talk::joined_line(cx.tx, open)?;
    let body = IntakeTaken { joins: Some(open.id), parked, ..body(case, verdict, &line) };
    let by_day = life(open.life.as_deref())
        .and_then(|order| order.next_due(crate::rules::order::Whose::Customer, cx.at).map(|next| (order, next)))
        .is_some_and(|(order, next)| {
            order.terms.clocks.iter().any(|clock| clock.key == next.key && clock.span.is_days())
        });
    let due = open.promise.and_then(|second| chrono::DateTime::from_timestamp(second, 0));
    let output = Output {
        order: open.id,
        joined: true,
        state: open.state.clone(),
        category: open.category.clone(),
        urgency: open.urgency.clone(),
        fee: Fen::ZERO,
        charges: Vec::new(),
        promise: None,
        due: due.map(|due| due_text(due.with_timezone(&moment::offset()), by_day)),
        line: line.clone(),
        talk: Vec::new(),
        window_over: over(case),
        similar: Vec::new(),
        next: None,
    };
    let mut subjects = subjects(open.id, case, parked);
    if let Some(account) = open.account.filter(|account| case.account.as_ref().is_none_or(|row| row.id != *account)) {
        subjects.push(Subject::new(Kind::Account, account));
    }
    Decision::write(subjects, &body, output)
}

/// Minutes beyond the limit at the window.
fn over(case: &Resolved) -> i64 {
    case.window.map_or(0, |window| window.over(case.case.typed))
}

fn subjects(order: Id, case: &Resolved, parked: Option<Id>) -> Vec<Subject> {
    let account = case.account.as_ref().map(|row| Subject::new(Kind::Account, row.id));
    let parked = parked.map(|id| Subject::new(Kind::Order, id));
    [Some(Subject::new(Kind::Order, order)), account, parked].into_iter().flatten().collect()
}

/// What the entry says of the case, without the order it makes or joins.
fn body(case: &Resolved, verdict: &Verdict<'_>, line: &str) -> IntakeTaken {
    let service = case.service();
    let facts = &verdict.facts;
    let fields: Vec<FieldSaid> = service
        .shown_fields(facts)
        .map(|field| FieldSaid {
            key: field.key.clone(),
            label: field.label.clone(),
            value: facts.field(&field.key).to_owned(),
        })
        .filter(|field| !field.value.is_empty())
        .collect();
    let account_phone = case.account.as_ref().and_then(|row| row.mobile.clone().or_else(|| row.phone.clone()));
    let phone = Some(facts.field("phone").to_owned()).filter(|phone| !phone.is_empty()).or(account_phone);
    IntakeTaken {
        service: service.code.clone(),
        title: service.name.clone(),
        channel: case.channel.code().to_owned(),
        account: case.account.as_ref().map(|row| row.id),
        address: case.address.clone(),
        caller: case.caller.clone(),
        phone: phone.unwrap_or_default(),
        category: verdict.category.clone(),
        area: facts.field("area").to_owned(),
        wish: wish(case, verdict),
        papers: case.case.papers.iter().cloned().collect(),
        situations: case.case.situations.iter().cloned().collect(),
        fields,
        urgency: verdict.urgency.label().to_owned(),
        happened: case.case.happened,
        told: case.case.told,
        typed: case.case.typed,
        window: case.window,
        charges: verdict
            .charges
            .iter()
            .map(|charge| Charged {
                key: charge.key.clone(),
                name: charge.name.clone(),
                amount: charge.amount,
                invoice: charge.invoice.clone(),
                deposit: charge.deposit,
                before: charge.before.map_or("", Before::label).to_owned(),
            })
            .collect(),
        promise: verdict.promise.as_ref().map(|promise| Promised {
            name: promise.name.clone(),
            limit: promise.span.spoken(),
            due: promise.due,
        }),
        line: line.to_owned(),
        terms: None,
        join_key: None,
        joins: None,
        parked: None,
        deed: false,
    }
}

/// What is wanted, in one line: free texts of the form in its order.
fn wish(case: &Resolved, verdict: &Verdict<'_>) -> String {
    let words = case.service().shown_fields(&verdict.facts).filter(|field| {
        field.kind == crate::rules::service::FieldKind::Text && !matches!(field.key.as_str(), "answer" | "new_name")
    });
    words.map(|field| verdict.facts.field(&field.key)).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("；")
}

pub(super) fn fees(verdict: &Verdict<'_>) -> Vec<Fee> {
    let fee = |charge: &crate::rules::service::Charge| Fee {
        kind: charge.name.clone(),
        key: charge.key.clone(),
        amount: charge.amount,
        invoice: charge.invoice.clone(),
        deposit: charge.deposit,
    };
    verdict.charges.iter().map(fee).collect()
}

/// Open orders of the same category in the same street (only for cases without an account, whose place is not certain), and
/// those for the same thing at the same place that another site has open.
pub(super) fn similar(tx: &Tx<'_>, case: &Resolved, verdict: &Verdict<'_>) -> Result<Vec<Id>, Refusal> {
    let mut found = Vec::new();
    if verdict.terms.is_none() {
        return Ok(found);
    }
    if let Some(key) = case.join_key(&verdict.category) {
        let seen = tx.seen()?;
        let same = tx.orders_of_join_key(&key)?.into_iter().map(|row| row.id);
        found.extend(same.filter(|order| !seen.holds(*order)));
    }
    if let Some(key) = case.street_key().filter(|_| case.account.is_none()) {
        let there = tx.orders_of_join_prefix(&key)?.into_iter().filter(|row| row.category == verdict.category);
        found.extend(there.map(|row| row.id));
        found.sort_unstable();
        found.dedup();
    }
    Ok(found)
}

/// A promise as it is answered: the day, or the time with its offset.
pub(super) fn due_text(due: Moment, by_day: bool) -> String {
    if by_day { moment::day(due).to_string() } else { due.to_rfc3339() }
}
