//! Meter swap slips, one row at a time. A slip without account number goes back to the swap desk.

use std::collections::HashMap;

use super::Terms;
use super::columns::Cells;
use super::defect::{Defect, Flaw, Kind};
use super::totals::{Line, Totals};
use crate::inbound::on_file::{FileAccount, OnFile};
use crate::inbound::profile::{Layout, Recognised};
use crate::inbound::read::{Row, place};
use crate::inbound::rows::SwapRow;
use crate::inbound::rows::swap::Columns;
use crate::rules::money::Milli;
use crate::rules::reading_use::whole;

/// The verdict on a slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwapVerdict {
    /// A good slip.
    Accepted(Box<SwapRow>),
    /// A defect; the row stays in the fix list.
    Defect(Defect),
    /// A line of totals, no row.
    Total,
}

/// Judges the slips of a file in their order.
pub struct SwapJudge<'a> {
    layout: &'a Layout,
    columns: Columns,
    terms: Terms,
    prints: HashMap<u64, u32>,
    slips: HashMap<String, u32>,
    new_meters: HashMap<String, u32>,
    totals: Totals,
    /// Data rows so far.
    pub rows: u32,
    /// Use of the old meters of accepted slips, whole units.
    pub volume_of_old_meters: u64,
}

impl<'a> SwapJudge<'a> {
    /// A judge for the slips of `file`.
    pub fn new(file: &'a Recognised, terms: Terms) -> Self {
        Self {
            layout: &file.layout,
            columns: Columns::of(&file.layout),
            terms,
            prints: HashMap::new(),
            slips: HashMap::new(),
            new_meters: HashMap::new(),
            totals: Totals::new(file.profile.total.as_deref(), &file.layout, file.layout.column("slip")),
            rows: 0,
            volume_of_old_meters: 0,
        }
    }

    /// Judges the next slip.
    pub fn judge(&mut self, row: &Row, on_file: &dyn OnFile) -> SwapVerdict {
        if self.totals.take(row, self.layout) != Line::Row {
            return SwapVerdict::Total;
        }
        self.rows += 1;
        let cells = Cells { row, layout: self.layout };
        let slip = cells.text(self.columns.slip);
        match self.slip(cells, &slip, on_file) {
            Ok(swap) => {
                self.volume_of_old_meters += u64::from(swap.old_use);
                SwapVerdict::Accepted(Box::new(swap))
            }
            Err(flaw) => SwapVerdict::Defect(flaw.on(row.line, &slip)),
        }
    }

    /// What somebody should know beside the rows.
    pub fn into_notes(self) -> Vec<String> {
        self.totals.into_notes()
    }

    fn slip(&mut self, cells: Cells<'_>, slip: &str, on_file: &dyn OnFile) -> Result<SwapRow, Flaw> {
        if let Some(line) = self.prints.insert(cells.row.print(), cells.row.line) {
            return Err(Flaw::new(Kind::DuplicateRow, format!("与{}完全相同，已忽略", place(line))));
        }
        let earlier = self.slips.get(slip).copied();
        self.slips.entry(slip.to_owned()).or_insert(cells.row.line);
        let new_meter = cells.text(self.columns.new_meter).into_owned();
        let taken = self.new_meters.get(&new_meter).copied();
        if !new_meter.is_empty() && earlier.is_none() {
            self.new_meters.entry(new_meter.clone()).or_insert(cells.row.line);
        }
        cells.check(self.terms.today)?;
        if let Some(line) = earlier {
            let what = format!("与{}是同一张拆换单，请核对后作废其一", place(line));
            return Err(cells.flaw(Kind::SameSlipTwice, self.columns.slip, &what));
        }
        let account = cells.text(self.columns.account);
        if account.is_empty() {
            let flaw = cells.flaw(Kind::NoAccountNumber, self.columns.account, "，请退回拆换岗补填户号");
            return Err(flaw.by("R-266"));
        }
        if on_file.has_slip(slip, &account, &new_meter) {
            return Err(Flaw::new(Kind::OnFile, format!("拆换单{slip}已入账，不再导入")));
        }
        let known = on_file
            .by_account(&account)
            .ok_or_else(|| cells.flaw(Kind::UnknownAccount, self.columns.account, "不在用户档案中，请核对户号"))?;
        self.check_new_meter(cells, &new_meter, taken, on_file)
            .and_then(|()| self.read(cells, &known, on_file, new_meter))
    }

    fn check_new_meter(
        &self,
        cells: Cells<'_>,
        new_meter: &str,
        taken: Option<u32>,
        on_file: &dyn OnFile,
    ) -> Result<(), Flaw> {
        let bad = |what: &str| cells.flaw(Kind::NewMeterInUse, self.columns.new_meter, what);
        if new_meter.is_empty() {
            return Err(cells.flaw(Kind::UnknownMeter, self.columns.new_meter, "，请补填新表号"));
        }
        if let Some(line) = taken {
            return Err(bad(&format!("已在{}的拆换单上，请核对新表号", place(line))));
        }
        if let Some(other) = on_file.by_meter(new_meter) {
            return Err(bad(&format!("已挂在户号{}，请核对新表号", on_file.account_of(other.slot))));
        }
        Ok(())
    }

    fn read(
        &self,
        cells: Cells<'_>,
        known: &FileAccount,
        on_file: &dyn OnFile,
        new_meter: String,
    ) -> Result<SwapRow, Flaw> {
        let columns = &self.columns;
        let old_meter = cells.text(columns.old_meter).into_owned();
        let on_record = on_file.meter_of(known.slot);
        if *old_meter != *on_record {
            let what = format!("与档案上的表号{on_record}不同，请核对户号和旧表号");
            return Err(cells.flaw(Kind::OldMeterMismatch, columns.old_meter, &what));
        }
        let needed =
            |column| cells.quantity(column)?.ok_or_else(|| cells.flaw(Kind::UnreadableNumber, column, "，请补填示数"));
        let (final_value, first_value): (Milli, Milli) = (needed(columns.final_value)?, needed(columns.first_value)?);
        let date = self.date(cells, known, on_file)?;
        let last = on_file.last_until(known, date).0.unwrap_or(0);
        let old_use = u32::try_from(whole(final_value) - last).map_err(|_| {
            let what = format!("低于上次示数{last}，请核对旧表止码");
            cells.flaw(Kind::FinalBelowLast, columns.final_value, &what)
        })?;
        Ok(SwapRow {
            line: cells.row.line,
            slip: cells.text(columns.slip).into_owned(),
            account: cells.text(columns.account).into_owned(),
            old_meter,
            final_value,
            new_meter,
            calibre: cells.calibre(columns.calibre)?,
            first_value,
            date,
            reason: cells.some(columns.reason),
            worker: cells.some(columns.worker),
            old_seal: cells.some(columns.old_seal),
            new_seal: cells.some(columns.new_seal),
            materials: cells.some(columns.materials),
            remark: cells.some(columns.remark),
            old_use,
        })
    }

    fn date(&self, cells: Cells<'_>, known: &FileAccount, on_file: &dyn OnFile) -> Result<chrono::NaiveDate, Flaw> {
        let column = self.columns.date;
        let date = cells
            .past_date(column, self.terms.today)?
            .ok_or_else(|| cells.flaw(Kind::UnreadableDate, column, "，请补填拆换日期"))?;
        if let Some(fitted) = known.fitted.filter(|fitted| date < *fitted) {
            let what = format!("早于旧表装表日期{fitted}，请核对拆换日期");
            return Err(cells.flaw(Kind::BeforeMeterFitted, column, &what));
        }
        if let Some(last) = on_file.last_until(known, date).1.filter(|last| date < *last) {
            let what = format!("早于上次抄表日期{last}，请核对拆换日期");
            return Err(cells.flaw(Kind::BeforeLastReading, column, &what));
        }
        Ok(date)
    }
}
