//! Twins (分叉的另一支): a machine restored from an old copy may write other entries at places that are taken. Both branches are
//! kept; the second stands [`crate::rules::id::LIVES`] lives above, and everything it made has its names there.
//!
//! The author did not know that: its payloads say `B03.1.60` and mean the account it made itself. So whoever wrote on that
//! branch — its entries, and those of later lives that follow it — is read with the branch's own names put in: `B03.33.60`
//! for every place from the fork on. The stored bytes stay as they are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

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
    if !tx.has_twins(site)? {
        return Ok(Names::default());
    }
    let mut epoch = epoch;
    loop {
        let Some(first) = tx.first_of_epoch(site, epoch)? else { break };
        if epoch >= LIVES {
            found.push(Alias::new(site, epoch - LIVES, first.seq));
        }
        epoch = match (epoch >= LIVES && first.seq > 1, followed(tx, &first)?) {
            (true, _) => epoch - LIVES,
            (false, Some(before)) if before.epoch() % LIVES < epoch % LIVES => before.epoch(),
            (false, _) => break,
        };
    }
    Ok(Names(found.into()))
}

/// The entry of an earlier life that the first entry of a life follows, when it is held.
pub fn followed(tx: &Tx<'_>, first: &EntryRow) -> Result<Option<Id>, StoreError> {
    if first.seq != 1 {
        return Ok(None);
    }
    let mut candidates = Vec::new();
    if let Ok(body) = serde_json::from_str::<super::site::SiteEpoch>(&first.payload)
        && let Ok(after) = body.after.parse::<Id>()
    {
        candidates.extend([after, after.twin()]);
    }
    let site = first.id.site();
    for life in (1..first.epoch).rev() {
        for epoch in [life, life + LIVES] {
            candidates.extend(tx.head(&site, epoch)?.map(|head| head.id));
        }
    }
    for place in candidates {
        if place.0 > 0 && tx.entry(place)?.is_some_and(|entry| entry.hash == first.prev && entry.site == first.site) {
            return Ok(Some(place.entry()));
        }
    }
    Ok(None)
}

/// May this entry stand as a twin? Its place must be taken by another entry, and it must follow the twin before it or, as the
/// first of its branch, what the main chain has before the fork.
pub fn fits(tx: &Tx<'_>, row: &EntryRow) -> Result<bool, StoreError> {
    let Some(main) = tx.entry(row.id.main())? else { return Ok(false) };
    if main.hash == row.hash {
        return Ok(false);
    }
    let before = Id(row.id.0 - ITEMS);
    if row.seq > 1
        && let Some(before) = tx.entry(before)?
    {
        return Ok(before.hash == row.prev);
    }
    Ok(main.prev == row.prev || row.seq == 1)
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
