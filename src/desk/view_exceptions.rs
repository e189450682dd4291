//! Exceptions (疑问) as people see them: a number, what does not fit, both sides, who looks after it.

use chrono::NaiveDate;
use serde::Serialize;

use super::Desk;
use super::refusal::Refusal;
use crate::book::subject::Kind;
use crate::derive::exception::Place;
use crate::rules::id::Id;
use crate::store::Tx;
use crate::store::tables::base::{ClashRow, ExceptionRow};
use crate::text::exceptions as words;

/// An exception.
#[derive(Debug, Clone, Serialize)]
pub struct ExceptionView {
    /// Printed number.
    pub exception: String,
    /// Stable word.
    pub what: String,
    /// What people read.
    pub label: String,
    /// Both sides in one sentence.
    pub note: String,
    /// The account it is about, if it is about one.
    pub account: Option<Id>,
    /// Whom it is about, in words.
    pub about: String,
    /// The entries (of a clash: the holders) that do not fit.
    pub sides: Vec<SideView>,
    /// Login of who looks after it; of another site's user `login@B03`.
    pub owner: Option<String>,
    /// May one of the sides be chosen to stand?
    pub choice: bool,
    /// Days since the later side came about.
    pub days: i64,
    /// `open` or `resolved`.
    pub state: String,
    /// How it was decided.
    pub decision: Option<String>,
    /// What it is named by.
    #[serde(skip)]
    pub place: Place,
}

/// One side.
#[derive(Debug, Clone, Serialize)]
pub struct SideView {
    /// The entry or holder.
    pub id: Id,
    /// 操作, as in the list of actions.
    pub action: String,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: String,
}

/// Open exceptions, oldest entries first.
pub fn open(desk: &Desk) -> Result<Vec<ExceptionView>, Refusal> {
    let mut views = list(&desk.look()?)?;
    views.iter_mut().for_each(|view| view.days = age(view, desk.today()));
    Ok(views)
}

/// Open exceptions of a picture; their age is not told.
pub fn list(tx: &Tx<'_>) -> Result<Vec<ExceptionView>, Refusal> {
    views(tx, tx.open_exceptions()?, tx.open_clashes()?)
}

/// An open exception by its printed number.
pub fn find(tx: &Tx<'_>, code: &str) -> Result<ExceptionView, Refusal> {
    let wanted = code.trim().to_ascii_uppercase();
    let found = list(tx)?.into_iter().find(|view| view.exception == wanted);
    found.ok_or_else(|| Refusal::missing("exception", "未解决的疑问", code.trim()))
}

/// An exception by its printed number, decided or not, with its age.
pub fn one(desk: &Desk, code: &str) -> Result<ExceptionView, Refusal> {
    let wanted = code.trim().to_ascii_uppercase();
    let tx = desk.look()?;
    let found = views(&tx, tx.all_exceptions()?, tx.all_clashes()?)?;
    let found = found.into_iter().find(|view| view.exception == wanted);
    let mut view = found.ok_or_else(|| Refusal::missing("exception", "疑问", code.trim()))?;
    view.days = age(&view, desk.today());
    Ok(view)
}

fn age(view: &ExceptionView, today: NaiveDate) -> i64 {
    let days = view.sides.iter().filter_map(|side| side.at.get(..10)?.parse::<NaiveDate>().ok());
    days.max().map_or(0, |day| (today - day).num_days().max(0))
}

fn views(tx: &Tx<'_>, exceptions: Vec<ExceptionRow>, clashes: Vec<ClashRow>) -> Result<Vec<ExceptionView>, Refusal> {
    let mut views = Vec::with_capacity(exceptions.len() + clashes.len());
    let here = tx.own_record()?.map(|site| format!("@{}", site.code)).unwrap_or_default();
    let named = |owner: &str| owner.strip_suffix(&here).unwrap_or(owner).to_owned();
    for row in exceptions {
        let account = (row.kind == Kind::Account.letter()).then_some(row.subject);
        let mut sides = vec![side(tx, row.first)?];
        if row.second != row.first {
            sides.push(side(tx, row.second)?);
        }
        views.push(ExceptionView {
            exception: Place::of_exception(&row).code(),
            label: words::label(&row.what).to_owned(),
            about: about(tx, &row.kind, row.subject)?,
            note: row.note.clone(),
            account,
            sides,
            owner: row.owner.as_deref().map(&named),
            choice: account.is_some() && row.what.ends_with("_conflict"),
            days: 0,
            state: row.state.clone(),
            decision: row.decision.clone(),
            place: Place::of_exception(&row),
            what: row.what,
        });
    }
    for row in clashes {
        let place = Place::of_clash(&row);
        let label = words::label(&row.what);
        let ids = row.holders.split(' ').filter_map(|id| id.parse::<Id>().ok());
        views.push(ExceptionView {
            exception: place.code(),
            label: label.to_owned(),
            about: row.number.clone(),
            note: format!("{label}：{}，涉及 {}", row.number, row.holders.replace(' ', "、")),
            account: None,
            sides: ids.map(|id| side(tx, id)).collect::<Result<_, _>>()?,
            owner: row.owner.as_deref().map(&named),
            choice: false,
            days: 0,
            state: row.state,
            decision: row.decision,
            place,
            what: row.what,
        });
    }
    Ok(views)
}

fn side(tx: &Tx<'_>, id: Id) -> Result<SideView, Refusal> {
    let entry = if id.0 > 0 { tx.entry(id)? } else { None };
    let Some(entry) = entry else {
        return Ok(SideView { id, action: String::new(), actor: String::new(), at: String::new() });
    };
    let actor = match entry.actor.parse::<Id>() {
        Ok(user) => tx.user(user)?.map(|user| user.name),
        Err(_) => None,
    };
    let action = super::action(&entry.action).map_or(entry.action.as_str(), |def| def.summary);
    let at = entry.at.get(..16).unwrap_or(&entry.at).replace('T', " ");
    let actor = tx.with_site(id, &actor.unwrap_or(entry.actor))?;
    Ok(SideView { id, action: action.to_owned(), actor, at })
}

fn about(tx: &Tx<'_>, kind: &str, subject: Id) -> Result<String, Refusal> {
    let words = match Kind::of(kind) {
        Some(Kind::Account) => tx.account(subject)?.map(|row| format!("{} {}", row.no, row.name)),
        Some(Kind::Order) => Some(format!("工单 {subject}")),
        Some(Kind::Request) => Some(format!("申请 {subject}")),
        Some(Kind::Shift) => Some(format!("班次 {subject}")),
        Some(Kind::Slip) => Some(format!("拆换单 {subject}")),
        Some(Kind::Calendar | Kind::Run | Kind::Tariff | Kind::Site | Kind::User | Kind::Service | Kind::Worker)
        | None => None,
    };
    Ok(words.unwrap_or_else(|| subject.to_string()))
}
