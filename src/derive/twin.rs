//! Twins (分叉的另一支): a machine restored from an old copy may write other entries at places that are taken. Both branches are
//! kept; the second stands [`crate::rules::id::LIVES`] lives above, and everything it made has its names there.
//!
//! The author did not know that: its payloads say `B03.1.60` and mean the account it made itself. So whoever wrote on that
//! branch — its entries, and those of later lives that follow it — is read with the branch's own names put in: `B03.33.60`
//! for every place from the fork on. The stored bytes stay as they are.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::site::SiteEpoch;
use super::{Fx, fork};
use crate::rules::id::{ITEMS, Id, LIVES, SEQS, Site};
use crate::store::entries::EntryRow;
use crate::store::{StoreError, Tx};

/// One branch's own names: places of a life from the fork on are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// `B03.1.`: how its author writes a place of the life.
    written: String,
    /// `B03.33.`: how the place is named here.
    meant: String,
    /// The fork: the first number that is its own.
    from: i64,
}

/// The names an entry's author used; usually the plain ones.
#[derive(Debug, Clone, Default)]
pub struct Names(Rc<[Alias]>);

impl Names {
    /// Are they the plain ones?
    pub fn are_plain(&self) -> bool {
        self.0.is_empty()
    }

    /// A text with the names put in.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.iter().fold(Cow::Borrowed(text), |text, alias| match alias.put_in(&text) {
            Some(changed) => Cow::Owned(changed),
            None => text,
        })
    }
}

impl Alias {
    fn new(site: &Site, life: i64, from: i64) -> Self {
        Self { written: format!("{site}.{life}."), meant: format!("{site}.{}.", life + LIVES), from }
    }

    /// `None` when the text names none of the branch's own places.
    fn put_in(&self, text: &str) -> Option<String> {
        let mut out: Option<String> = None;
        let (mut copied, mut search) = (0, 0);
        while let Some(found) = text.get(search..).and_then(|rest| rest.find(&self.written)) {
            let at = search + found;
            let digits = at + self.written.len();
            search = digits;
            let inside = text.as_bytes()[..at]
                .last()
                .is_some_and(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'.');
            let count = text.as_bytes()[digits..].iter().take_while(|b| b.is_ascii_digit()).count();
            let number = text[digits..digits + count].parse::<i64>().ok();
            let goes_on = text.as_bytes().get(digits + count) == Some(&b'.')
                && text.as_bytes().get(digits + count + 1).is_some_and(u8::is_ascii_digit);
            if inside || goes_on || number.is_none_or(|number| number < self.from || number >= SEQS) {
                continue;
            }
            let out = out.get_or_insert_with(|| String::with_capacity(text.len() + 8));
            out.push_str(&text[copied..at]);
            out.push_str(&self.meant);
            copied = digits;
        }
        out.map(|mut out| {
            out.push_str(&text[copied..]);
            out
        })
    }
}

/// Names of chains asked for so far.
#[derive(Default)]
pub struct Shelf(HashMap<i64, Names>);

impl Shelf {
    /// The names the author of the entry at a place used.
    pub fn of(&mut self, tx: &Tx<'_>, place: Id) -> Result<Names, StoreError> {
        let chain = place.0 / ITEMS / SEQS;
        if let Some(names) = self.0.get(&chain) {
            return Ok(names.clone());
        }
        let names = of_chain(tx, &place.site(), place.epoch())?;
        self.0.insert(chain, names.clone());
        Ok(names)
    }
}

/// The names used on a chain: follows it back through the lives before it and gathers the twins on its way.
fn of_chain(tx: &Tx<'_>, site: &Site, epoch: i64) -> Result<Names, StoreError> {
    let mut found = Vec::new();
    walk_back(tx, site, epoch, |first, _| {
        if first.id.is_twin() {
            found.push(Alias::new(site, first.epoch, first.seq));
        }
    })?;
    Ok(Names(found.into()))
}

/// Entries by which another site can tell the names used on a chain, the oldest first; none when they are the plain ones.
pub fn witnesses(tx: &Tx<'_>, site: &Site, epoch: i64) -> Result<Vec<Id>, StoreError> {
    let (mut found, mut twins) = (Vec::new(), false);
    walk_back(tx, site, epoch, |first, before| {
        twins |= first.id.is_twin();
        found.push(first.id);
        found.extend(before);
    })?;
    found.reverse();
    Ok(if twins { found } else { Vec::new() })
}

/// Tells the first entry of a chain and the entry of an earlier life it follows, then the same of the chain that one is on.
fn walk_back(
    tx: &Tx<'_>,
    site: &Site,
    mut epoch: i64,
    mut tell: impl FnMut(&EntryRow, Option<Id>),
) -> Result<(), StoreError> {
    if !tx.has_twins(site)? {
        return Ok(());
    }
    while let Some(first) = tx.first_of_epoch(site, epoch)? {
        let before = if epoch >= LIVES && first.seq > 1 { None } else { followed(tx, &first)? };
        tell(&first, before);
        if goes_by_plain_names(&first) {
            break;
        }
        epoch = match (epoch >= LIVES && first.seq > 1, before) {
            (true, _) => epoch - LIVES,
            (false, Some(before)) if before.epoch() % LIVES < epoch % LIVES => before.epoch(),
            (false, _) => break,
        };
    }
    Ok(())
}

/// Does a life begin with the word that its author goes by the names head office gives?
fn goes_by_plain_names(first: &EntryRow) -> bool {
    let begins = first.seq == 1 && first.action == "site.epoch";
    begins && serde_json::from_str::<SiteEpoch>(&first.payload).is_ok_and(|epoch| epoch.plain)
}

/// The entry of an earlier life that the first entry of a life follows, when it is held.
pub fn followed(tx: &Tx<'_>, first: &EntryRow) -> Result<Option<Id>, StoreError> {
    if first.seq != 1 {
        return Ok(None);
    }
    for life in (1..first.epoch).rev() {
        for epoch in [life, life + LIVES] {
            if let Some(before) = tx.entry_of_hash(&first.id.site(), epoch, &first.prev)? {
                return Ok(Some(before.id));
            }
        }
    }
    Ok(None)
}

/// An entry with its author's own names put in, to be read outside a fold. Its hashes are those of the stored one.
pub fn as_meant(tx: &Tx<'_>, entry: EntryRow) -> Result<EntryRow, StoreError> {
    let names = of_chain(tx, &entry.id.site(), entry.id.epoch())?;
    if names.are_plain() {
        return Ok(entry);
    }
    let text = |text: &str| names.text(text).into_owned();
    Ok(EntryRow { payload: text(&entry.payload), actor: text(&entry.actor), subjects: text(&entry.subjects), ..entry })
}

/// Twins have come, or the beginning of a life that follows one: whoever wrote on that life and those after it meant the branch's
/// names all along, and what is held of them already is indexed anew.
pub(super) fn reroot(fx: &mut Fx<'_, '_>, new: &[&EntryRow]) -> Result<(), StoreError> {
    let mut lives: BTreeMap<Site, i64> = BTreeMap::new();
    let mut from = |site: Site, life: i64| {
        let known = lives.entry(site).or_insert(life);
        *known = life.min(*known);
    };
    for entry in new.iter().filter(|entry| entry.id.is_twin()) {
        let site = entry.id.site();
        for life in entry.epoch + 1..LIVES {
            for epoch in [life, life + LIVES] {
                if first_of_life(fx.tx, &site, epoch)?.is_some_and(|first| first.prev == entry.hash) {
                    from(site.clone(), life);
                }
            }
        }
    }
    for entry in new.iter().filter(|entry| entry.seq == 1 && entry.epoch > 1) {
        let site = entry.id.site();
        if fx.tx.has_twins(&site)? {
            from(site, entry.epoch);
        }
    }
    for (site, life) in lives {
        fork::anew(fx, &site, life, |_| Ok(()))?;
    }
    Ok(())
}

fn first_of_life(tx: &Tx<'_>, site: &Site, epoch: i64) -> Result<Option<EntryRow>, StoreError> {
    Id::new(site, epoch, 1, 0).map_or(Ok(None), |id| tx.entry(id))
}

/// May this entry stand as a twin? It must follow the twin before it or, as the first of its branch, what the entry at its place
/// on the main chain follows; a branch head office has called the second one may come before the first.
pub fn fits(tx: &Tx<'_>, row: &EntryRow) -> Result<bool, StoreError> {
    if row.seq > 1
        && let Some(before) = tx.entry(Id(row.id.0 - ITEMS))?
    {
        return Ok(before.hash == row.prev);
    }
    match tx.entry(row.id.main())? {
        Some(main) => Ok(main.hash != row.hash && (main.prev == row.prev || row.seq == 1)),
        None => Ok(tx.fork_at(row.id)?.is_some_and(|fork| fork.twin == row.hash)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_branch_s_own_places_get_its_names() {
        let site = Site::parse("B03").unwrap();
        let names = Names(vec![Alias::new(&site, 1, 60)].into());
        for (written, meant) in [
            (
                r#"{"account":"B03.1.60","bills":["B03.1.61/3","B03.1.59"]}"#,
                r#"{"account":"B03.33.60","bills":["B03.33.61/3","B03.1.59"]}"#,
            ),
            ("aB03.1.600 a/7 sB03.1.42", "aB03.33.600 a/7 sB03.1.42"),
            (
                "XB03.1.60 0B03.1.60 1.B03.1.60 B03.10.60 B03.1. B03.1.60.5",
                "XB03.1.60 0B03.1.60 1.B03.1.60 B03.10.60 B03.1. B03.1.60.5",
            ),
            ("见 B03.1.60。B03.1.99.", "见 B03.33.60。B03.33.99."),
        ] {
            assert_eq!(names.text(written), meant);
        }
        assert!(matches!(names.text("B03.1.59"), Cow::Borrowed(_)));
    }
}
