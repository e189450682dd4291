//! What the exchange's screen shows: what waits for whom, what is confirmed and until when, what is held or refused, and what a
//! person must see about this site itself.

use chrono::{DateTime, NaiveDate};

use super::refusal::Refusal;
use super::site::fresh;
use super::{Desk, frozen, hourly};
use crate::exchange::chains;
use crate::exchange::peers::{self, Peer};
use crate::exchange::send::Stand;
use crate::rules::id::Id;
use crate::store::Tx;

/// Days without an export after which a branch is warned.
const QUIET_DAYS: i64 = 3;
/// Held and refused bundles looked at.
const MOST: usize = 200;

/// One site this one exchanges with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerLine {
    /// Its code.
    pub site: String,
    /// Its name.
    pub name: String,
    /// Entries it has not acknowledged.
    pub waiting: i64,
    /// How far it has confirmed this site's own chain: `1-4,112`; empty for never.
    pub confirmed: String,
    /// When it said so.
    pub confirmed_at: String,
    /// When a bundle was last written for it.
    pub sent_at: String,
    /// When a bundle of its was last taken in.
    pub taken_at: String,
    /// The last entry of its own chain that is held without a gap: `1-97`; empty for none.
    pub complete_to: String,
    /// The time of that entry: reports of that site are complete to here.
    pub complete_at: String,
    /// Keys that count no more.
    pub revoked: bool,
    /// Frozen because of a fork.
    pub frozen: bool,
}

/// A bundle that is not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Waits for one before it; else it was refused.
    pub held: bool,
    /// The file's name.
    pub file: String,
    /// When it was looked at last.
    pub at: String,
    /// Why.
    pub why: String,
}

/// What the screen shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeView {
    /// Is this the head office?
    pub head_office: bool,
    /// Its peers.
    pub peers: Vec<PeerLine>,
    /// Held bundles, then refused ones, the newest first.
    pub troubles: Vec<Trouble>,
    /// What a person must see.
    pub warnings: Vec<String>,
    /// Open exceptions.
    pub exceptions: i64,
    /// The last day on which this branch approves without another word of its head office.
    pub approves_until: Option<NaiveDate>,
    /// Do the site's keys wait for their passphrase?
    pub locked: bool,
}

/// Reads the view.
pub fn view(desk: &Desk) -> Result<ExchangeView, Refusal> {
    let tx = desk.look()?;
    let head_office = peers::is_head_office(&tx)?;
    let known = if head_office { peers::enrolled(&tx)? } else { peers::head_office(&tx)?.into_iter().collect() };
    let mut lines = Vec::with_capacity(known.len());
    let stand = Stand::read(&tx)?;
    for peer in known {
        lines.push(line(desk, &tx, peer, &stand)?);
    }
    Ok(ExchangeView {
        head_office,
        peers: lines,
        troubles: troubles(&tx)?,
        warnings: warnings(desk, &tx)?,
        exceptions: tx.exception_count()?,
        approves_until: fresh::last_word(&tx, desk.site(), desk.today())?.map(|word| word.until()),
        locked: desk.are_site_keys_locked(),
    })
}

fn line(desk: &Desk, tx: &Tx<'_>, peer: Peer, stand: &Stand) -> Result<PeerLine, Refusal> {
    let row = tx.peer_row(peer.site.as_str())?;
    let waiting = stand.plan(tx, desk.site(), &peer)?;
    let own_chain = Id::new(desk.site(), epoch(tx)?, 0, 0);
    let said = own_chain.map_or(Ok(None), |chain| tx.ack(peer.site.as_str(), chain))?;
    let confirmed = match said {
        // As in `Desk::complete`: what head office does not hold itself is not confirmed.
        Some(ack) if peers::is_head_office(tx)? && !chains::holds(tx, ack.chain, ack.seq, ack.head)? => None,
        said => said,
    };
    let complete = last_whole(tx, &peer)?;
    Ok(PeerLine {
        waiting: waiting.entries(),
        confirmed: confirmed.as_ref().map(|ack| format!("{}-{}", ack.chain.epoch(), ack.seq)).unwrap_or_default(),
        confirmed_at: confirmed.map(|ack| ack.at).unwrap_or_default(),
        sent_at: row.sent_at,
        taken_at: row.taken_at,
        complete_to: complete
            .as_ref()
            .map(|(place, _)| format!("{}-{}", place.epoch(), place.seq()))
            .unwrap_or_default(),
        complete_at: complete.map(|(_, at)| at).unwrap_or_default(),
        site: peer.site.as_str().to_owned(),
        name: peer.name,
        revoked: peer.revoked,
        frozen: peer.frozen,
    })
}

fn epoch(tx: &Tx<'_>) -> Result<i64, Refusal> {
    Ok(tx.setting("epoch")?.and_then(|text| text.parse().ok()).unwrap_or(1))
}

/// The last entry of a site's newest life that is held without a gap, and its time.
fn last_whole(tx: &Tx<'_>, peer: &Peer) -> Result<Option<(Id, String)>, Refusal> {
    let life = tx.last_epoch(&peer.site)?;
    let Some(chain) = life.and_then(|life| Id::new(&peer.site, life, 0, 0)) else { return Ok(None) };
    let place = chains::whole(tx, chain)?.and_then(|held| chains::place(held.chain, held.seq));
    let entry = place.map_or(Ok(None), |place| tx.entry(place))?;
    Ok(entry.map(|entry| (entry.id, entry.at)))
}

fn troubles(tx: &Tx<'_>) -> Result<Vec<Trouble>, Refusal> {
    let mut found = Vec::new();
    for state in ["held", "refused"] {
        let mut rows = tx.bundles_in(state)?;
        rows.sort_by(|a, b| b.at.cmp(&a.at));
        found.extend(rows.into_iter().take(MOST).map(|row| Trouble {
            held: state == "held",
            file: row.file,
            at: row.at,
            why: row.note,
        }));
    }
    Ok(found)
}

/// What a person must see on home and on the exchange's screen: frozen, clock off, approvals that stop, nothing exported for
/// days, a copy that could not be made, what happened when the book was opened.
pub fn warnings(desk: &Desk, tx: &Tx<'_>) -> Result<Vec<String>, Refusal> {
    let mut found = Vec::new();
    if let Some(frozen) = frozen::why(tx, desk.site())? {
        found.push(frozen.sentence());
    }
    let said = peers::own_enrolment(tx)?;
    if let Some(said) = said.as_ref().filter(|said| said.clock_said.is_some() && !said.clock_confirmed) {
        let way = if said.clock_ahead_ms > 0 { "快" } else { "慢" };
        let minutes = said.clock_ahead_ms.unsigned_abs() / 60_000;
        found.push(format!("本机时钟比总部{way} {minutes} 分钟，请校准时钟，再由主任确认 (site clock)"));
    }
    if said.is_some_and(|said| said.revoked.is_some()) {
        found.push("总部已停用本网点的密钥，导出的交换包总部不收；请与总部联系，用新名片重新登记".to_owned());
    }
    found.extend(approvals_stop(desk, tx)?);
    found.extend(quiet(desk, tx)?);
    found.extend(hourly::fault(tx)?);
    found.extend(desk.second_copy_warning());
    found.extend(desk.notices().iter().cloned());
    Ok(found)
}

/// That this branch's approvals have stopped because its head office was not heard of, or will stop soon.
pub fn approvals_stop(desk: &Desk, tx: &Tx<'_>) -> Result<Option<String>, Refusal> {
    let today = desk.today();
    Ok(fresh::last_word(tx, desk.site(), today)?.and_then(|word| word.warning(today)))
}

/// Nothing was exported for days, and something waits.
fn quiet(desk: &Desk, tx: &Tx<'_>) -> Result<Option<String>, Refusal> {
    let Some(office) = peers::head_office(tx)? else { return Ok(None) };
    if waiting_for_head_office(tx, desk, &office)? == 0 {
        return Ok(None);
    }
    let sent = tx.peer_row(office.site.as_str())?.sent_at;
    let since =
        if sent.is_empty() { tx.entry(office.bond.entry)?.map(|entry| entry.at).unwrap_or_default() } else { sent };
    let Ok(at) = DateTime::parse_from_rfc3339(&since) else { return Ok(None) };
    let days = (desk.now() - at).num_days();
    Ok((days >= QUIET_DAYS).then(|| format!("已有 {days} 天没有导出交换包，总部收不到本网点的账；请到“交换”导出")))
}

/// Entries of this branch's own that its head office has not acknowledged; 0 without a head office. Quick enough for the top line.
pub fn waiting(desk: &Desk, tx: &Tx<'_>) -> Result<i64, Refusal> {
    match peers::head_office(tx)? {
        Some(office) => waiting_for_head_office(tx, desk, &office),
        None => Ok(0),
    }
}

fn waiting_for_head_office(tx: &Tx<'_>, desk: &Desk, office: &Peer) -> Result<i64, Refusal> {
    let mut waiting = 0;
    for epoch in 1..=epoch(tx)? {
        let Some(chain) = Id::new(desk.site(), epoch, 0, 0) else { continue };
        let last = tx.chain_last(chain)?.map_or(0, |last| last.seq());
        let told = tx.ack(office.site.as_str(), chain)?.map_or(0, |ack| ack.seq);
        waiting += (last - told).max(0);
    }
    Ok(waiting)
}
