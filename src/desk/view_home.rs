//! What the home screen and the top line show.

use chrono::NaiveDate;

use super::Desk;
use super::customer_file;
use super::customer_view::state_word;
use super::refusal::Refusal;
use super::site::fresh;
use super::{rights, session, view_orders, view_till};
use crate::rules::classes;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::rules::numbers;
use crate::rules::utility::Utility;
use crate::store::Tx;
use crate::store::search::{Answer, Named, Owes, Total};
use crate::text::in_place::InPlace;
use crate::text::width::normal;
use crate::text::words::without_dots;

/// The facts of the top line.
#[derive(Debug, Clone, Default)]
pub struct TopFacts {
    /// Name of the office.
    pub site_name: String,
    /// Title of the person's first role.
    pub title: String,
    /// 营业日.
    pub day: NaiveDate,
    /// Number of the open shift.
    pub shift: Option<String>,
    /// Entries head office has not acknowledged.
    pub waiting: i64,
    /// Open exceptions.
    pub exceptions: i64,
    /// Have approvals stopped, because head office was not heard of?
    pub approvals_stopped: bool,
}

/// Reads the facts of the top line.
pub fn top_facts(desk: &Desk) -> Result<TopFacts, Refusal> {
    let title = desk.rights()?.titles().first().map(|title| (*title).to_owned()).unwrap_or_default();
    let tx = desk.look()?;
    let now = desk.now();
    let actor = match desk.session() {
        Some(session) => tx.user(session.user)?,
        None => None,
    };
    let day = session::business_day(&tx, now)?;
    Ok(TopFacts {
        site_name: tx.own_site(desk.site().as_str())?.map(|site| site.name).unwrap_or_default(),
        title,
        day,
        shift: match &actor {
            Some(actor) => tx.open_shift(actor.id)?.map(|shift| shift.no.to_string()),
            None => None,
        },
        waiting: super::view_exchange::waiting(desk, &tx)?,
        exceptions: tx.exception_count()?,
        approvals_stopped: fresh::last_word(&tx, desk.site(), now.date_naive())?
            .is_some_and(|word| word.is_stale(now.date_naive())),
    })
}

/// What a hit opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// The account's file.
    Account,
    /// An order that is about no account.
    Order,
    /// A receipt of no account.
    Receipt,
}

/// One hit of the search box.
#[derive(Debug, Clone)]
pub struct HitRow {
    /// What Enter opens.
    pub opens: Opens,
    /// The account, order or receipt.
    pub id: Id,
    /// 户号.
    pub no: String,
    /// 户名.
    pub name: String,
    /// 地址.
    pub address: String,
    /// Price class, code.
    pub class: String,
    /// Its word.
    pub class_word: String,
    /// Utility, code.
    pub utility: String,
    /// 水 气 电 热.
    pub utility_word: &'static str,
    /// What it owes.
    pub owed: Fen,
    /// State, as on the screen; of another site's account with that site's code.
    pub state: String,
    /// The numbers typed with their places stand elsewhere in its address.
    pub near: bool,
}

impl HitRow {
    /// A hit that says nothing yet.
    pub fn blank(id: Id, owed: Fen) -> Self {
        let none = String::new;
        Self {
            opens: Opens::Account,
            id,
            no: none(),
            name: none(),
            address: none(),
            class: none(),
            class_word: none(),
            utility: none(),
            utility_word: "",
            owed,
            state: none(),
            near: false,
        }
    }
}

/// What a text found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Best first.
    pub rows: Vec<HitRow>,
    /// How many: `4`, `2,000+`.
    pub total: String,
    /// May the first be opened by itself?
    pub answer: Answer,
}

/// Searches for a text; an empty one finds nothing.
pub fn find(desk: &Desk, text: &str, limit: usize, owes: &Owes) -> Result<Found, Refusal> {
    desk.may_if_known(rights::FIND)?;
    let tx = desk.look()?;
    let hits = tx.find(text, limit, owes)?;
    let count = |count: usize| Milli::whole(i64::try_from(count).unwrap_or(i64::MAX / 1000)).grouped();
    let total = match hits.total {
        Total::Exactly(exactly) => count(exactly),
        Total::AtLeast(least) => format!("{}+", count(least)),
    };
    let last_four = matches!(&hits.named, Some(Named::Tail(tail)) if is_last_four(tail));
    let (of_receipt, mut alone) = super::find::alone(&tx, hits.named.as_ref(), text)?;
    let mut named = hits.named.map(|named| super::find::accounts_of(&tx, &named)).transpose()?.unwrap_or_default();
    // Four digits are the end of a phone or account number before they are that of an order.
    let later = if last_four { std::mem::take(&mut named) } else { Vec::new() };
    let mut alone_later = if last_four { std::mem::take(&mut alone) } else { Vec::new() };
    named.extend(of_person(desk, &tx, text)?);
    named.extend(of_receipt.into_iter().filter(|_| !last_four));
    // What was found by its own number is what was meant.
    let answer = if named.is_empty() && alone.is_empty() { hits.answer } else { Answer::First };
    let placed = hits.placed.as_deref().and_then(InPlace::new);
    let total = if hits.ids.is_empty() { count(each(&named, &later) + alone.len() + alone_later.len()) } else { total };
    let mut rows = alone;
    let own = tx.own()?;
    let mut seen = std::collections::BTreeSet::new();
    for id in named.into_iter().chain(hits.ids).chain(later).filter(|id| seen.insert(*id)).take(limit) {
        let Some(row) = tx.account(id)? else { continue };
        let word = state_word(&row, tx.meter_on_wall(id)?.as_ref());
        let state = if own.holds(id) { word } else { format!("{word} ({})", id.site()) };
        let near = placed.as_ref().is_some_and(|placed| !placed.fits(&normal(&without_dots(&row.address))));
        rows.push(HitRow {
            opens: Opens::Account,
            near,
            owed: tx.owed(id)?,
            state,
            id,
            no: row.no,
            name: row.name,
            address: row.address,
            class_word: classes::label(&row.class).to_owned(),
            utility_word: Utility::from_code(&row.utility).map_or("", Utility::label),
            class: row.class,
            utility: row.utility,
        });
    }
    rows.append(&mut alone_later);
    rows.truncate(limit);
    Ok(Found { rows, total, answer })
}

/// How many accounts two lists name, each counted once.
fn each(named: &[Id], later: &[Id]) -> usize {
    named.iter().chain(later).collect::<std::collections::BTreeSet<_>>().len()
}

fn is_last_four(tail: &str) -> bool {
    tail.len() == 4 && !tail.starts_with('0') && tail.bytes().all(|b| b.is_ascii_digit())
}

/// Accounts of a full ID, credit code or card number, found by its keyed hash.
fn of_person(desk: &Desk, tx: &Tx<'_>, text: &str) -> Result<Vec<Id>, Refusal> {
    let clean = numbers::clean(text);
    if !(12..=19).contains(&clean.len()) || !clean.bytes().take(8).all(|b| b.is_ascii_alphanumeric()) {
        return Ok(Vec::new());
    }
    let found = customer_file::accounts_of_person(tx, desk.keys(), &clean)?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

/// One line of home: what happened today, what is due, what is mine.
#[derive(Debug, Clone, Default)]
pub struct FactLine {
    /// `注意`, `今天`, `到期`, `我的`.
    pub head: String,
    /// The rest.
    pub text: String,
    /// To be looked at.
    pub look: bool,
    /// A warning, told to its end.
    pub warning: bool,
}

/// The lines of home.
#[derive(Debug, Clone, Default)]
pub struct HomeFacts {
    /// What must be seen, then up to three lines.
    pub lines: Vec<FactLine>,
}

/// Reads the lines of home.
pub fn facts(desk: &Desk) -> Result<HomeFacts, Refusal> {
    let day = top_facts(desk)?.day;
    let approvals = super::view_adjust::waiting(desk)?;
    let tx = desk.look()?;
    let orders = view_orders::home(&tx, day, desk.now())?;
    let (receipts, money) = tx.taken_on(day)?;
    let text = format!("{}  收费 {receipts} 笔 {}", orders.today_text(), money.grouped());
    let mut lines: Vec<FactLine> = super::view_exchange::warnings(desk, &tx)?
        .into_iter()
        .map(|text| FactLine { head: "注意".into(), text, look: true, warning: true })
        .collect();
    lines.push(FactLine { head: "今天".into(), text, ..FactLine::default() });
    let due = orders.due_text();
    if !due.is_empty() {
        lines.push(FactLine { head: "到期".into(), text: due, look: orders.overdue > 0, warning: false });
    }
    let mut mine = Vec::new();
    if approvals > 0 {
        mine.push(format!("特殊处理待我审核 {approvals}"));
    }
    mine.extend(view_till::waiting(desk, &tx)?);
    mine.extend(view_orders::window_text(&tx)?);
    if !mine.is_empty() {
        lines.push(FactLine { head: "我的".into(), text: mine.join("   "), look: true, warning: false });
    }
    Ok(HomeFacts { lines })
}
