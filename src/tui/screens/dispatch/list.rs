//! The orders of the desk by time left: a picture of one moment, of which only the parts the hand has come to are read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::desk::refusal::Refusal;
use crate::desk::view_orders::{self as view, DeskRow, STAGES};
use crate::rules::id::Id;
use crate::rules::moment::Moment;
use crate::store::query::order::Heaps;
use crate::tui::app::App;
use crate::tui::widgets::table::Table;

/// Ids read at once, where the hand comes.
const CHUNK: usize = 200;

/// The list as it was read.
pub(super) struct List {
    /// Place of the heap shown, in [`STAGES`].
    pub(super) stage: usize,
    /// The rows and the hand.
    pub(super) table: Table,
    /// The moment of the picture.
    pub(super) as_of: Moment,
    /// How many orders lie on each heap.
    pub(super) heaps: Heaps,
    /// What went wrong in reading.
    pub(super) fault: Option<String>,
    /// Ids in their order, by chunk: only where the hand has been.
    ids: BTreeMap<usize, Vec<Id>>,
    /// Rows seen since the list was read.
    seen: BTreeMap<Id, DeskRow>,
}

impl List {
    /// Nothing read yet.
    pub(super) fn new(table: Table, as_of: Moment) -> Self {
        let (ids, seen) = (BTreeMap::new(), BTreeMap::new());
        Self { stage: 0, table, as_of, heaps: Heaps::default(), fault: None, ids, seen }
    }

    /// The word of the heap shown; empty for all.
    pub(super) fn stage(&self) -> &'static str {
        STAGES[self.stage].0
    }

    /// Reads the list again; the hand goes with its order.
    pub(super) fn read(&mut self, app: &App) {
        let kept = self.under_hand(app);
        self.as_of = app.desk.now();
        self.forget();
        let heaps = app.desk.look().and_then(|tx| view::heaps(&tx, self.as_of));
        self.fault = heaps.as_ref().err().map(ToString::to_string);
        self.heaps = heaps.unwrap_or_default();
        let near = self.table.selected() / CHUNK;
        for chunk in [near, 0] {
            self.load(app, chunk);
            let place = self.ids.get(&chunk).and_then(|ids| ids.iter().position(|id| Some(*id) == kept));
            if let Some(place) = place {
                self.table.select(chunk * CHUNK + place);
                break;
            }
        }
    }

    /// Every open order, when all of them are at hand.
    pub(super) fn whole(&self) -> Option<&[Id]> {
        let all = self.stage().is_empty() && self.ids.len() == 1 && self.total() <= CHUNK;
        self.ids.get(&0).filter(|_| all).map(Vec::as_slice)
    }

    /// Shows the next heap, or the one before.
    pub(super) fn turn_page(&mut self, app: &App, forward: bool) {
        let count = STAGES.len();
        self.stage = (self.stage + if forward { 1 } else { count - 1 }) % count;
        self.table.select(0);
        self.forget();
        self.load(app, 0);
    }

    fn forget(&mut self) {
        self.ids.clear();
        self.seen.clear();
    }

    /// Reads one chunk of ids, unless it is at hand.
    fn load(&mut self, app: &App, chunk: usize) {
        if self.ids.contains_key(&chunk) {
            return;
        }
        let (skip, limit) = (i64::try_from(chunk * CHUNK).unwrap_or(i64::MAX), CHUNK as i64);
        let second = self.as_of.timestamp();
        let read = app.desk.look().and_then(|tx| tx.orders_by_time_left(self.stage(), second, skip, limit));
        match read {
            Ok(ids) => drop(self.ids.insert(chunk, ids)),
            Err(error) => self.fault = Some(error.to_string()),
        }
    }

    fn id_at(&mut self, app: &App, row: usize) -> Option<Id> {
        self.load(app, row / CHUNK);
        self.ids.get(&(row / CHUNK))?.get(row % CHUNK).copied()
    }

    /// The row of an order in the heap shown, wherever that is.
    pub(super) fn find(&mut self, app: &App, id: Id) -> Option<usize> {
        for chunk in 0..=self.total() / CHUNK {
            self.load(app, chunk);
            if let Some(place) = self.ids.get(&chunk).and_then(|ids| ids.iter().position(|known| *known == id)) {
                return Some(chunk * CHUNK + place);
            }
        }
        None
    }

    /// Shows a heap by its word, the hand on one of its orders.
    pub(super) fn show(&mut self, app: &App, stage: &str, id: Id) {
        self.stage = STAGES.iter().position(|(word, _)| *word == stage).unwrap_or(0);
        self.table.select(0);
        self.forget();
        if let Some(place) = self.find(app, id) {
            self.table.select(place);
        }
    }

    /// The name of the heap shown.
    pub(super) fn stage_name(&self) -> &'static str {
        STAGES[self.stage].1
    }

    /// How many orders the heap shown has.
    pub(super) fn total(&self) -> usize {
        let Heaps { waiting, underway, paused, callback, .. } = self.heaps;
        let count = match self.stage() {
            "waiting" => waiting,
            "underway" => underway,
            "callback" => callback,
            "paused" => paused,
            _ => waiting + underway + paused + callback,
        };
        usize::try_from(count).unwrap_or(0)
    }

    /// The order under the hand.
    pub(super) fn under_hand(&mut self, app: &App) -> Option<Id> {
        self.id_at(app, self.table.selected())
    }

    /// The rows in sight, each computed once until the list is read again.
    pub(super) fn in_sight(&mut self, app: &App, sight: std::ops::Range<usize>) -> Vec<DeskRow> {
        let mut rows = Vec::with_capacity(sight.len());
        for place in sight {
            let Some(id) = self.id_at(app, place) else { break };
            if let Entry::Vacant(unseen) = self.seen.entry(id) {
                match row_of(app, id) {
                    Ok(row) => drop(unseen.insert(row)),
                    Err(refusal) => self.fault = Some(refusal.message()),
                }
            }
            rows.extend(self.seen.get(&id).cloned());
        }
        rows
    }
}

/// An order as the desk shows it now.
pub(super) fn row_of(app: &App, id: Id) -> Result<DeskRow, Refusal> {
    let tx = app.desk.look()?;
    let row = tx.order(id)?.ok_or_else(|| Refusal::missing("order", "工单", &id.to_string()))?;
    Ok(view::row(&tx, row, app.desk.now())?)
}
