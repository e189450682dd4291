//! What the screens of special handling show: an account's bills, the picture of a case, what waits for a person.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::adjusting::{Ask, one_hand, plan, request, who};
use super::adjustment_preview::{Output as Preview, shown};
use super::refusal::Refusal;
use super::rights::Rights;
use super::till::due;
use super::{Desk, session};
use crate::book::subject::Kind as Subjects;
use crate::derive::request::standing_of;
use crate::rules::adjustment::{Kind, Picture, State};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::Tx;
use crate::store::entries::SubjectRow;
use crate::store::tables::account::AccountRow;
use crate::store::tables::adjust::RequestRow;
use crate::store::tables::base::ExceptionRow;
use crate::store::tables::billing::BillRow;

/// An account at special handling.
#[derive(Debug, Clone)]
pub struct AdjustView {
    /// The account.
    pub account: AccountRow,
    /// Its bills that can be adjusted, newest first, with the late fee owed today.
    pub bills: Vec<(BillRow, Fen)>,
    /// Its requests on their way.
    pub open: Vec<String>,
    /// 营业日.
    pub day: chrono::NaiveDate,
}

/// Bills offered: the newest.
const MOST: usize = 24;

/// Reads an account.
pub fn open(desk: &Desk, account: Id) -> Result<AdjustView, Refusal> {
    let (prices, tx) = (desk.prices()?, desk.look()?);
    let day = session::business_day(&tx, desk.now())?;
    let account = tx.account(account)?.ok_or_else(|| Refusal::missing("account", "户", &account.to_string()))?;
    let mut rows = tx.scan::<BillRow>(&[&account.id])?;
    rows.retain(|row| matches!(row.state.as_str(), "open" | "paid"));
    rows.sort_by_key(|row| std::cmp::Reverse((row.last_day, row.id)));
    rows.truncate(MOST);
    let mut bills = Vec::with_capacity(rows.len());
    for row in rows {
        let fee = due::due_of(&tx, &prices, &account, row.clone(), day)?.fee();
        bills.push((row, fee));
    }
    let word = |row: &RequestRow| {
        let state = State::of(&row.state).filter(|state| state.is_open())?;
        Some(format!("{} {} {}", row.id, row.kind, state.label()))
    };
    let open = tx.requests_of(account.id)?.iter().filter_map(word).collect();
    Ok(AdjustView { account, bills, open, day })
}

/// The picture of a case, as `adjustment.preview` gives it.
pub fn preview(desk: &Desk, ask: &Ask) -> Result<Preview, Refusal> {
    let (prices, tx) = (desk.prices()?, desk.look()?);
    let day = session::business_day(&tx, desk.now())?;
    let case = ask.meant(&tx, day, true)?;
    shown(case.kind, plan(&tx, &prices, &case, day)?)
}

/// What a person can do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mine {
    /// Check it.
    Check,
    /// Approve it.
    Decide,
    /// Only look.
    Look,
}

/// A request on its way.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// The request.
    pub id: Id,
    /// `V1 复表差异`.
    pub kind: String,
    /// 户号 and 户名.
    pub account: String,
    /// What the approval table looks at.
    pub amount: Fen,
    /// 凭据.
    pub evidence: String,
    /// Who asked.
    pub maker: String,
    /// When: `11-21 10:00`.
    pub at: String,
    /// Who checked, and what they said.
    pub checker: Option<String>,
    /// Posts that approve.
    pub approve: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// What the person at the desk can do.
    pub mine: Mine,
    /// The picture that was asked for.
    pub picture: Option<Picture>,
}

/// Requests on their way: those that wait for the person first, then the others; oldest first.
pub fn requests(desk: &Desk) -> Result<Vec<RequestView>, Refusal> {
    let tx = desk.look()?;
    let mut views = Vec::new();
    for row in tx.open_requests()? {
        views.push(view(desk, &tx, &row)?);
    }
    views.sort_by_key(|view| (view.mine == Mine::Look, view.id));
    Ok(views)
}

/// How many requests wait for the person at the desk.
pub fn waiting(desk: &Desk) -> Result<usize, Refusal> {
    Ok(requests(desk)?.iter().filter(|view| view.mine != Mine::Look).count())
}

/// Why the picture of a request no longer holds, if so.
pub fn moved(desk: &Desk, id: Id) -> Result<Option<String>, Refusal> {
    let (prices, tx) = (desk.prices()?, desk.look()?);
    let row = request::find(&tx, id)?;
    request::moved(&tx, &prices, &row)
}

fn view(desk: &Desk, tx: &Tx<'_>, row: &RequestRow) -> Result<RequestView, Refusal> {
    let kind = request::kind(row)?;
    let state = request::state(row)?;
    let mut picture: Option<Picture> = serde_json::from_str(&row.picture).ok();
    if let Some(picture) = &mut picture {
        picture.warnings.splice(0..0, given_of_late(desk, tx, row)?);
    }
    let checker = match &row.checker {
        Some(user) => Some(format!("{} {}", name(tx, user)?, row.check_remark).trim().to_owned()),
        None => None,
    };
    Ok(RequestView {
        id: row.id,
        kind: kind.title(),
        account: picture.as_ref().map(|picture| format!("{} {}", picture.no, picture.name)).unwrap_or_default(),
        amount: row.amount,
        evidence: row.evidence.clone(),
        maker: name(tx, &row.maker)?,
        at: row.at.get(5..16).unwrap_or(&row.at).replace('T', " "),
        checker,
        approve: who::titles(&who::level(kind, row.amount)?.approve),
        state,
        mine: mine(desk, tx, row, kind, state)?,
        picture,
    })
}

/// Whose accounts concerned were made or reset of late, and by whom.
fn given_of_late(desk: &Desk, tx: &Tx<'_>, row: &RequestRow) -> Result<Vec<String>, Refusal> {
    let me = desk.session().map(|session| session.user);
    let mut concerned = people(row);
    concerned.extend(me.filter(|me| !concerned.contains(me)));
    Ok(one_hand::notes(tx, &concerned, desk.today())?)
}

/// Who asked, checked and decided so far.
fn people(row: &RequestRow) -> Vec<Id> {
    let so_far = [Some(&row.maker), row.checker.as_ref(), row.approver.as_ref()];
    so_far.into_iter().flatten().filter_map(|user| user.parse().ok()).collect()
}

/// The day of the last word on a request.
fn last_day(tx: &Tx<'_>, row: &RequestRow) -> Result<NaiveDate, Refusal> {
    let parts = tx.scan::<SubjectRow>(&[&Subjects::Request.letter(), &row.id])?;
    let last = parts.last().map(|part| tx.entry(part.id.entry())).transpose()?.flatten();
    Ok(last.map_or(row.day, |entry| entry.business_day))
}

/// Whether a request waits for the person at the desk: by the approval table, and never one's own.
fn mine(desk: &Desk, tx: &Tx<'_>, row: &RequestRow, kind: Kind, state: State) -> Result<Mine, Refusal> {
    let Some(session) = desk.session() else { return Ok(Mine::Look) };
    let me = session.user.to_string();
    let standing = standing_of(&row.standing).map_err(|error| Refusal::data(error.to_string()))?;
    let rights = Rights::of(tx, session.user, desk.today())?;
    let level = who::level(kind, row.amount)?;
    let holds = |roles: &[String]| roles.iter().any(|role| rights.has_role(role));
    let checked_by_me = standing.checker.as_ref().is_some_and(|(_, checker)| *checker == me);
    Ok(match state {
        _ if standing.maker == me => Mine::Look,
        State::Asked if rights.allow("adjustment.check") && holds(&level.check) => Mine::Check,
        State::Checked | State::Disputed
            if !checked_by_me && rights.allow_amount("adjustment.decide", row.amount) && holds(&level.approve) =>
        {
            Mine::Decide
        }
        State::Asked
        | State::Checked
        | State::Returned
        | State::Approved
        | State::Rejected
        | State::Disputed
        | State::Superseded => Mine::Look,
    })
}

/// A request whole, as `show request` answers it.
pub fn request_json(tx: &Tx<'_>, id: Id) -> Result<Option<Value>, Refusal> {
    let Some(row) = tx.request(id)? else { return Ok(None) };
    let person = |user: &Option<String>| user.as_ref().map(|user| name(tx, user)).transpose();
    let mut history = Vec::new();
    for part in tx.scan::<SubjectRow>(&[&Subjects::Request.letter(), &id])? {
        let Some(entry) = tx.entry(part.id.entry())? else { continue };
        let what = super::action(&entry.action).map_or(entry.action.clone(), |def| def.summary.to_owned());
        history.push(json!({ "entry": entry.id, "at": entry.at, "what": what, "who": name(tx, &entry.actor)? }));
    }
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let account = tx.account(row.account)?;
    Ok(Some(json!({
        "request": row.id, "kind": row.kind, "title": request::kind(&row)?.title(), "state": row.state,
        "state_word": request::state(&row)?.label(), "account": account.as_ref().map(|account| &account.no),
        "name": account.as_ref().map(|account| &account.name), "bills": row.bills.split(' ').collect::<Vec<_>>(),
        "change": read(&row.change), "evidence": row.evidence, "order": row.site_order, "amount": row.amount,
        "day": row.day, "maker": name(tx, &row.maker)?,
        "checker": person(&row.checker)?, "check_remark": row.check_remark,
        "approver": person(&row.approver)?, "decided_day": row.decided_day, "decide_remark": row.decide_remark,
        "accounts": one_hand::notes(tx, &people(&row), last_day(tx, &row)?)?,
        "picture": read(&row.picture), "history": history,
        "exceptions": tx.scan::<ExceptionRow>(&[&Subjects::Request.letter(), &id])?,
    })))
}

fn name(tx: &Tx<'_>, user: &str) -> Result<String, Refusal> {
    let Ok(id) = user.parse::<Id>() else { return Ok(user.to_owned()) };
    Ok(tx.user(id)?.map_or_else(|| user.to_owned(), |user| user.name))
}
