//! Entries read a short while ago: the bulk entries under one subject are those under its neighbours, so a subject folded after
//! another finds them read.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use crate::rules::id::Id;
use crate::store::entries::EntryRow;
use crate::store::{StoreError, Tx};

/// Entries kept at most, each under 80 KiB.
const KEPT: usize = 96;

/// The shelf they stand on.
#[derive(Default)]
pub(super) struct Shelf {
    entries: HashMap<Id, Rc<EntryRow>>,
    order: VecDeque<Id>,
}

impl Shelf {
    /// The entry at a place.
    pub(super) fn get(&mut self, tx: &Tx<'_>, id: Id) -> Result<Rc<EntryRow>, StoreError> {
        if let Some(entry) = self.entries.get(&id) {
            return Ok(entry.clone());
        }
        if self.order.len() >= KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        let entry = tx.entry(id)?.ok_or_else(|| StoreError::Corrupt(format!("凭单 {id} 不在")))?;
        let entry = Rc::new(entry);
        self.order.push_back(id);
        self.entries.insert(id, entry.clone());
        Ok(entry)
    }
}
