//! Cards whose printed last reading is not the one on file. What is told of each is noted with its row, and told when nothing else is
//! wrong with it: that is known only when all rows of its account are.

use std::path::{Path, PathBuf};

use super::columns::Cells;
use super::defect::{Defect, Flaw, Kind};
use super::defects::Defects;
use crate::inbound::clean;
use crate::inbound::on_file::FileAccount;
use crate::inbound::spill::Spill;
use crate::rules::fault::shown;
use crate::rules::reading_use::whole;

/// What was noted, by line.
#[derive(Debug, Default)]
pub(super) struct Printed {
    noted: Spill<Defect>,
    book: Option<PathBuf>,
}

impl Printed {
    /// What does not fit in memory goes to the folder of this book.
    pub(super) fn beside(book: &Path) -> Self {
        Self { noted: Spill::beside(book), book: Some(book.to_owned()) }
    }

    /// Notes a card whose printed last reading is another; true when it is. A card without one says nothing.
    pub(super) fn note(&mut self, cells: Cells<'_>, column: Option<usize>, id: &str, account: &FileAccount) -> bool {
        let printed = cells.text(column);
        let (Some(last), false) = (account.last, printed.is_empty()) else { return false };
        if clean::quantity(&printed).map(whole) == Some(last) {
            return false;
        }
        let what = format!("卡片印的上次示数{}与档案{last}不同，请核对卡片是否属于本户", shown(&printed));
        let flaw = Flaw::at(Kind::PrintedLastDiffers, cells.layout.heading(column.unwrap_or(0)), what);
        self.noted.push(&flaw.on(cells.row.line, id).about(Some(account.key)));
        true
    }

    /// In the place of what was noted with its row, until [`tell`](Self::tell).
    pub(super) fn place(line: u32) -> Defect {
        Flaw::new(Kind::PrintedLastDiffers, "").on(line, "")
    }

    /// The list with what was noted in its places.
    pub(super) fn tell(self, places: Defects) -> Defects {
        if places.of(Kind::PrintedLastDiffers) == 0 {
            return places;
        }
        let mut told = Defects::new(self.book.as_deref().map_or_else(Spill::default, Spill::beside));
        let mut noted = self.noted.iter();
        for defect in &places {
            let defect = match defect {
                Ok(place) if place.kind == Kind::PrintedLastDiffers => {
                    noted.find(|noted| noted.as_ref().map_or(true, |noted| noted.line == place.line))
                }
                other => Some(other),
            };
            match defect {
                Some(Ok(defect)) => told.push(&defect),
                Some(Err(lost)) => told.lose(lost),
                None => {}
            }
        }
        told
    }
}
