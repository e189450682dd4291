//! What the intake screen shows live: the case judged as it stands, by the same functions that take it in.

use super::Desk;
use super::intake_case::{self, Asking, Typed};
use super::intake_take::{self, Fee};
use super::intake_talk::{self, Said};
use super::refusal::{Fault, Refusal};
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::money::Fen;
use crate::rules::service::{AtWindow, Channel, Field, Service};
use crate::rules::utility::Utility;
use crate::store::query::order::OrderWords;
use crate::store::tables::order::OrderRow;

/// A business to pick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceChoice {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// Everything that can be taken in.
pub fn services(desk: &Desk) -> Result<Vec<ServiceChoice>, Refusal> {
    let loaded = super::catalogue::of(&desk.look()?);
    let choice = |service: &Service| ServiceChoice { code: service.code.clone(), name: service.name.clone() };
    Ok(loaded.catalogue.services().iter().map(choice).collect())
}

/// A box to tick: key, words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Key for `papers` or `situations`.
    pub key: String,
    /// What the clerk reads.
    pub label: String,
}

/// A case as it stands.
#[derive(Debug, Clone)]
pub struct Live {
    /// Name of the business.
    pub title: String,
    /// Papers needed.
    pub papers: Vec<Tick>,
    /// What may be ticked about the case.
    pub situations: Vec<Tick>,
    /// Fields of the form.
    pub fields: Vec<Field>,
    /// Papers still to bring.
    pub missing: Vec<String>,
    /// What stands against taking it in, missing papers and empty fields left out.
    pub gates: Vec<String>,
    /// Every mistake, with its field.
    pub faults: Vec<Fault>,
    /// Fees.
    pub fee: Fen,
    /// The fees one by one.
    pub charges: Vec<Fee>,
    /// `启封 3个工作日 11-25`.
    pub promise: String,
    /// 业务级别 as it would be.
    pub urgency: &'static str,
    /// The line to say.
    pub line: String,
    /// The whole talk.
    pub talk: Vec<Said>,
    /// The slip of papers to bring.
    pub slip: String,
    /// The open order a repeat call would join.
    pub joins: Option<OrderRow>,
    /// Open orders in the same street.
    pub similar: Vec<Id>,
    /// It could come by telephone as well as over the counter.
    pub channels: Vec<Channel>,
    /// It hands the account to a new owner.
    pub transfers: bool,
    /// Its time at the window, when it comes over the counter.
    pub window: Option<AtWindow>,
    /// Where the rules come from.
    pub source: String,
}

/// Judges a case as it stands.
pub fn judge(desk: &Desk, typed: &Typed) -> Result<Live, Refusal> {
    let (rights, calendar, at) = (desk.rights()?, desk.calendar()?, desk.now());
    let tx = desk.look()?;
    let asking = intake_take::asking(&tx, &rights, desk.site().as_str(), at)?;
    // First with every name looked up, so that what is missing shows; then as it will be taken in, for the mistakes.
    let case = intake_case::resolve(&tx, typed, Asking { partial: true, ..asking })?;
    let case = case.map_err(|faults| Refusal::unless_empty(faults).err().unwrap_or_else(|| Refusal::usage("")))?;
    let strict = intake_case::resolve(&tx, typed, asking)?.err().unwrap_or_default();
    let service = case.service();
    let verdict = service.judge(&case.case, &case.loaded.catalogue.common, &*calendar);
    let tick = |key: &str, label: String| Tick { key: key.to_owned(), label };
    let talk = intake_talk::talk(&case, &verdict, None);
    let joins = intake_take::open_order(&tx, typed, &case, &verdict)?;
    let mut faults: Vec<Fault> = if joins.is_some() { Vec::new() } else { strict };
    if joins.is_none() {
        faults.extend(intake_take::of_transfer(&tx, &case)?);
        faults.extend(verdict.refusals.iter().cloned().map(Fault::from));
    }
    let gates = faults.iter().filter(|fault| fault.field.is_none()).map(|fault| fault.message.clone()).collect();
    let is_blocked = faults.iter().any(|fault| intake_talk::is_gate(fault.field.as_deref()));
    let missing: Vec<String> = verdict.missing.iter().map(|paper| paper.label()).collect();
    let promise = verdict.promise.as_ref().map(|promise| {
        let due = super::view_orders::due_text(promise.due, promise.span.is_days(), at);
        format!("{} {} {due}", promise.name, promise.span.spoken())
    });
    let line = match &joins {
        Some(open) => intake_talk::joined_line(&tx, open)?,
        None => intake_talk::spoken(&talk, &verdict, is_blocked),
    };
    Ok(Live {
        title: service.name.clone(),
        papers: service.needed_papers(&verdict.facts).map(|paper| tick(&paper.key, paper.label())).collect(),
        situations: service
            .shown_situations(&verdict.facts)
            .map(|situation| tick(&situation.key, situation.label.clone()))
            .collect(),
        fields: service.shown_fields(&verdict.facts).cloned().collect(),
        gates,
        fee: verdict.total(),
        charges: intake_take::fees(&verdict),
        promise: promise.unwrap_or_default(),
        urgency: verdict.urgency.label(),
        line,
        slip: intake_talk::bring_back_slip(&case, &verdict, typed.queue.as_deref().unwrap_or_default()),
        similar: intake_take::similar(&tx, &case, &verdict)?,
        channels: service.channels.clone(),
        transfers: service.write_back.transfer,
        window: case.window,
        source: service.source.clone(),
        missing,
        faults,
        talk,
        joins,
    })
}

/// The account a case is about, as its first line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its name in the day book.
    pub id: Id,
    /// 户号
    pub no: String,
    /// 户名
    pub name: String,
    /// 地址
    pub address: String,
    /// 水 气 电 热 and the meter's state.
    pub state: String,
    /// What it owes.
    pub owed: Fen,
}

/// The first line for an account, by id or 户号.
pub fn head(desk: &Desk, account: &str) -> Result<Option<Head>, Refusal> {
    let tx = desk.look()?;
    let Some(row) = tx.account_of_text(account)? else { return Ok(None) };
    let utility = Utility::from_code(&row.utility).unwrap_or(Utility::Water);
    let meter = tx.meter_on_wall(row.id)?.and_then(|meter| MeterState::parse(&meter.state));
    let state = format!("{} {}", utility.label(), meter.map_or("", |state| state.label(utility)));
    Ok(Some(Head { id: row.id, owed: tx.owed(row.id)?, no: row.no, name: row.name, address: row.address, state }))
}

/// Words this branch used before, for fields that remember.
pub fn words(desk: &Desk, words: OrderWords) -> Vec<String> {
    const MOST: i64 = 200;
    desk.look().and_then(|tx| tx.order_words(words, MOST)).unwrap_or_default()
}
