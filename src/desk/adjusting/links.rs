//! The bills of an account in the order of use: each stands on what those before it used.

use super::rerate::{Again, Rerater};
use crate::derive::account::bill::{BillIssued, OPENING, SWAP, Stored};
use crate::derive::request::ReadingFollows;
use crate::desk::billing::{Ledger, body};
use crate::desk::refusal::Refusal;
use crate::rules::billing::history::UsedBefore;
use crate::rules::billing::{Due, History, Span, Stretch};
use crate::rules::fault::Fault;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::tariff::PriceBook;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BillRow;

/// One bill.
pub struct Link {
    /// As it is.
    pub row: BillRow,
    /// What it was calculated with.
    pub issued: Option<BillIssued>,
    /// Its place among the bills of the case.
    pub named: Option<usize>,
    /// Its use, as put right.
    pub volume: Milli,
    /// Cancelled and not issued again yet: it counts as use and is not rated.
    pub waits: bool,
    /// The use it takes.
    pub stretch: Stretch,
}

impl Link {
    /// The days it covers.
    fn span(&self) -> Span {
        let row = &self.row;
        let (first, last, swap) = (row.first_day, row.last_day, row.kind == SWAP);
        Span { first, last, volume: self.volume, swap, stretch: self.stretch }
    }
}

/// All of them, with the account's billing so far.
pub struct Links {
    /// In the order of use.
    pub list: Vec<Link>,
    /// The readings and meters they rest on.
    pub ledger: Ledger,
}

/// Where the steps of a bill stand.
#[derive(Clone, Copy)]
pub struct Stands {
    /// At what was used in the year.
    year: UsedBefore,
    /// At what the owner of the bill used in it: under a price that knows part years.
    owner: UsedBefore,
}

impl Stands {
    /// The one that counts.
    pub fn of(&self, prorates: bool) -> UsedBefore {
        if prorates { self.owner } else { self.year }
    }
}

/// A bill rated again, by its place among the links.
pub struct Rated {
    /// Its place.
    pub at: usize,
    /// The bill in its place.
    pub bill: BillIssued,
}

impl Links {
    /// Reads the bills of an account; `bills` are those of the case, in its order.
    pub fn read(tx: &Tx<'_>, account: Id, bills: &[Id]) -> Result<Self, Refusal> {
        let facts = tx.billing_facts(account)?;
        let ledger = facts.as_ref().map(Ledger::of).ok_or_else(|| Refusal::data("用户档案不完整"))?;
        let mut list = Vec::new();
        for row in tx.scan::<BillRow>(&[&account])? {
            let waits = ledger.cancelled.iter().any(|bill| bill.id == row.id);
            let lives = matches!(row.state.as_str(), "open" | "paid") && row.kind != OPENING;
            if lives || waits {
                let issued = body::issued(tx, row.id)?;
                let named = bills.iter().position(|bill| *bill == row.id);
                let stretch = ledger.span_on_file(&row).stretch;
                list.push(Link { issued, named, volume: row.volume, waits, stretch, row });
            }
        }
        list.sort_by_key(|link| (link.stretch.to, link.row.kind == SWAP, link.row.id));
        Ok(Self { list, ledger })
    }

    /// Bills put right apart from their readings remember what those give: cancelled and issued again, they keep their volume.
    pub fn remember(&self, rated: &mut [Rated], followed: &[ReadingFollows]) {
        for Rated { at, bill } in rated {
            let measured = self.measured(*at, followed).filter(|measured| *measured != bill.volume);
            bill.stored = Stored::of(bill.at_highest(), measured);
        }
    }

    /// Adds the later bills that keep their volume and their lines while what readings and slips give for them becomes another: behind a swap
    /// no reading follows. Only a bill rated again remembers what was measured; issued once more it would take the difference. True when there
    /// is one.
    pub fn measured_anew(
        &self,
        book: &PriceBook,
        account: &AccountRow,
        followed: &[ReadingFollows],
        rated: &mut Vec<Rated>,
    ) -> Result<bool, Refusal> {
        if followed.is_empty() {
            return Ok(false);
        }
        let rerater = Rerater { book, account, ledger: &self.ledger };
        let before = rated.len();
        let first = self.list.iter().position(|link| link.named.is_some()).unwrap_or(self.list.len());
        for (at, link) in self.list.iter().enumerate().skip(first) {
            let Some(issued) = link.issued.as_ref().filter(|_| !link.waits) else { continue };
            let moved = |then: Option<Milli>| then != self.measured(at, &[]) && then != issued.measured();
            if rated.iter().any(|one| one.at == at) || !moved(self.measured(at, followed)) {
                continue;
            }
            let again = Again { id: link.row.id, bill: issued, stands: self.stands(at, link) };
            let bill = rerater.with_volume(again, link.volume).map_err(|fault| refused(link, fault))?;
            rated.push(Rated { at, bill });
        }
        rated.sort_by_key(|one| one.at);
        Ok(rated.len() > before)
    }

    /// What readings and slips give for a bill, once the readings have followed.
    fn measured(&self, at: usize, followed: &[ReadingFollows]) -> Option<Milli> {
        let link = self.list.get(at)?;
        let mut ledger = self.ledger.clone();
        for mark in &mut ledger.marks {
            if let Some(moved) = followed.iter().find(|one| (one.reading, one.day) == (mark.id, mark.day)) {
                (mark.value, mark.rollover) = (moved.value, moved.rollover);
            }
        }
        let others = self.list.iter().enumerate().filter(|(other, _)| *other != at);
        ledger.spans = others.map(|(_, link)| link.span()).collect();
        let used = if link.row.kind == SWAP {
            let (before, end) = ledger.at_swap(link.stretch.to)?;
            let history = before.history();
            history.used(&history.due_at_swap(end))
        } else {
            let history = ledger.history();
            history.used(&history.due(history.mark_at(link.stretch.to)?)?)
        };
        used.ok().map(Milli::whole)
    }

    /// Where the steps of a bill stand, as those before it now used.
    fn stands(&self, at: usize, link: &Link) -> Stands {
        let before = self.list.get(..at).unwrap_or_default();
        let spans: Vec<Span> = before.iter().map(Link::span).collect();
        let (first, last, to) = (link.row.first_day, link.row.last_day, link.stretch.to);
        let history = History { spans: &spans, ..self.ledger.history() };
        let closing = spans.iter().map(|span| span.stretch.to).chain(history.opening()).filter(|end| *end <= to).max();
        let due = Due { start: None, end: 0, closing, first, last };
        let since = self.ledger.begun(last).anew;
        Stands { year: history.used_before(&due), owner: history.used_since(&due, since) }
    }

    /// The bills of the case rated again in order, each from what the earlier now used, and, when `on`, the later ones that this moves
    /// to other steps.
    pub fn rate(
        &self,
        book: &PriceBook,
        account: &AccountRow,
        on: bool,
        rate: impl Fn(&Rerater<'_>, &Link, Again<'_>) -> Result<BillIssued, Fault>,
    ) -> Result<Vec<Rated>, Refusal> {
        let rerater = Rerater { book, account, ledger: &self.ledger };
        let mut rated = Vec::new();
        let first = self.list.iter().position(|link| link.named.is_some()).unwrap_or(self.list.len());
        for (at, link) in self.list.iter().enumerate().skip(first).filter(|(_, link)| !link.waits) {
            if link.named.is_none() && !on {
                continue;
            }
            let lost = || Refusal::field("R-254", "bills", format!("账单 {} 的明细找不到了，不能重算", link.row.id));
            let issued = link.issued.as_ref().ok_or_else(lost)?;
            let stands = self.stands(at, link);
            if link.named.is_none() && stands.of(rerater.prorates(issued)).volume == issued.used_before {
                continue;
            }
            let again = Again { id: link.row.id, bill: issued, stands };
            if link.named.is_some() {
                rated.push(Rated { at, bill: rate(&rerater, link, again).map_err(|fault| refused(link, fault))? });
                continue;
            }
            let bill = rerater.with_volume(again, link.volume).map_err(|fault| refused(link, fault))?;
            if bill.lines != issued.lines {
                rated.push(Rated { at, bill });
            }
        }
        Ok(rated)
    }
}

/// Why a bill cannot be rated again.
fn refused(link: &Link, fault: Fault) -> Refusal {
    Refusal::field(fault.rule, "bills", format!("账单 {} {}：{}", link.row.cycle, link.row.id, fault.message))
}
