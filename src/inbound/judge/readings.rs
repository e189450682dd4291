//! Readings from cards, handhelds and remote platforms, judged against what is on file.
//!
//! Every row is first judged alone (known, readable, in time). Then rows of one account are compared: the same value
//! again is a repeat, another value a conflict and both are held. Last, what remains is judged by its use; of a remote
//! meter only the newest good row, which decides the month. Rows are kept as forty-odd bytes each, never as text; what is told of
//! bad ones goes to disk, so that a million of those take no more memory.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasherDefault;
use std::path::Path;

use chrono::NaiveDateTime;

use super::Terms;
use super::columns::Cells;
use super::defect::{Flaw, Kind};
use super::defects::Defects;
use super::lower::cause_of_low;
use super::outcome::{ReadingOutcome, RemoteMeters};
use super::prehashed::Prehashed;
use super::printed::Printed;
use super::read_state;
use super::totals::{Line, Totals};
use crate::inbound::clean;
use crate::inbound::on_file::{FileAccount, OnFile};
use crate::inbound::profile::{Layout, Profile, ReadBy, Recognised};
use crate::inbound::read::{Row, place};
use crate::inbound::rows::ReadingRow;
use crate::inbound::rows::customer::Standing;
use crate::inbound::rows::reading::{Columns, REGISTERS, UnreadRow, WaitingRow};
use crate::inbound::spill::Spill;
use crate::rules::billing::ByRegister;
use crate::rules::money::Milli;
use crate::rules::reading_use::{self, Before, Use, whole};

/// Judges the rows of a file of readings.
pub struct ReadingJudge<'a> {
    profile: &'a Profile,
    layout: &'a Layout,
    columns: Columns,
    read_by: ReadBy,
    terms: Terms,
    /// Prints of rows that are not kept; a kept row carries its own, and equal rows are kept side by side.
    prints: HashSet<u64, BuildHasherDefault<Prehashed>>,
    kept: Vec<ReadingRow>,
    printed: Printed,
    /// Slots that had any row.
    seen: Vec<bool>,
    totals: Totals,
    out: ReadingOutcome,
}

impl<'a> ReadingJudge<'a> {
    /// A judge for the rows of `file` against `on_file`.
    pub fn new(file: &'a Recognised, on_file: &dyn OnFile, terms: Terms) -> Self {
        let empty = || vec![String::new()];
        let read_by = file.profile.source.unwrap_or(ReadBy::Card);
        let id = file.layout.column(if read_by == ReadBy::Card { "account" } else { "meter" });
        Self {
            profile: &file.profile,
            layout: &file.layout,
            columns: Columns::of(&file.layout),
            read_by,
            terms,
            prints: HashSet::default(),
            kept: Vec::new(),
            printed: Printed::default(),
            seen: vec![false; on_file.slots() as usize],
            totals: Totals::new(file.profile.total.as_deref(), &file.layout, id),
            out: ReadingOutcome { remarks: empty(), readers: empty(), ..ReadingOutcome::default() },
        }
    }

    /// What does not fit in memory goes to the folder of this book.
    pub fn beside(mut self, book: &Path) -> Self {
        self.printed = Printed::beside(book);
        self.out.unread = Spill::beside(book);
        self.out.waiting = Spill::beside(book);
        self.out.defects = Defects::new(Spill::beside(book));
        self
    }

    /// Takes the next row.
    pub fn take(&mut self, row: &Row, on_file: &dyn OnFile) {
        if self.totals.take(row, self.layout) != Line::Row {
            return;
        }
        self.out.rows += 1;
        let cells = Cells { row, layout: self.layout };
        let id_column = if self.read_by == ReadBy::Card { self.columns.account } else { self.columns.meter };
        let id = cells.text(id_column);
        let print = row.print();
        let known = self.note_seen(&id, on_file);
        let key = known.map(|account| account.key);
        if self.prints.contains(&print) {
            self.out.defects.push(&repeated().on(row.line, &id).about(key));
            return;
        }
        match self.row(cells, id_column, &id, known, print, on_file) {
            Ok(true) => {}
            Ok(false) => _ = self.prints.insert(print),
            Err(flaw) => {
                self.prints.insert(print);
                self.out.defects.push(&flaw.on(row.line, &id).about(key));
            }
        }
    }

    /// Finds the account of a row and notes that it had one.
    fn note_seen(&mut self, id: &str, on_file: &dyn OnFile) -> Option<FileAccount> {
        let known = if self.read_by == ReadBy::Card { on_file.by_account(id) } else { on_file.by_meter(id) }
            .filter(|_| !id.is_empty());
        if let Some(seen) = known.and_then(|account| self.seen.get_mut(account.slot as usize)) {
            *seen = true;
        }
        known
    }

    /// Judges the row alone and keeps it for [`finish`](Self::finish); false for one that nobody could read.
    fn row(
        &mut self,
        cells: Cells<'_>,
        id_column: Option<usize>,
        id: &str,
        known: Option<FileAccount>,
        print: u64,
        on_file: &dyn OnFile,
    ) -> Result<bool, Flaw> {
        cells.check(self.terms.today)?;
        let account = known.ok_or_else(|| self.unknown(cells, id_column))?;
        let value_cell = cells.row.get(self.columns.value.unwrap_or(usize::MAX));
        if let Some(why) = read_state::unread(cells, &self.columns, self.profile, self.read_by)? {
            let (line, id) = (cells.row.line, id.to_owned());
            self.out.unread.push(&UnreadRow { line, id, account: Some(account.key), why });
            return Ok(false);
        }
        if account.standing == Standing::Closed {
            return Err(cells.flaw(Kind::AccountClosed, id_column, "已销户，请核对户号，确有用水请先复户"));
        }
        let value = self.value(cells, value_cell, &account)?;
        let at = self.moment(cells)?;
        if on_file.has_reading(&account, at, value) {
            return Err(Flaw::new(Kind::OnFile, "这次抄表已在册，不再导入"));
        }
        if at.date() > self.terms.today {
            return Err(cells.flaw(Kind::FutureDate, self.columns.date, "在将来，请核对年月日"));
        }
        if let Some(last) = account.last_date.filter(|last| at.date() <= *last) {
            let what = format!("不晚于上次抄表日期{last}，请核对日期");
            return Err(cells.flaw(Kind::BeforeLastReading, self.columns.date, &what));
        }
        let registers = self.registers(cells, &account)?;
        if !registers.is_empty() {
            self.out.registers.insert(cells.row.line, registers);
        }
        let doubted = self.printed.note(cells, self.columns.printed_last, id, &account);
        self.keep(cells, account.slot, value, at, print, doubted);
        Ok(true)
    }

    fn unknown(&self, cells: Cells<'_>, id_column: Option<usize>) -> Flaw {
        let (kind, what) = match self.read_by {
            ReadBy::Card => (Kind::UnknownAccount, "不在用户档案中，请核对户号"),
            ReadBy::Handheld | ReadBy::Remote => (Kind::UnknownMeter, "不在用户档案中，请核对表号或先补录换表"),
        };
        cells.flaw(kind, id_column, what)
    }

    fn value(&self, cells: Cells<'_>, cell: &str, account: &FileAccount) -> Result<Milli, Flaw> {
        self.counter(cells, self.columns.value, cell, account)
    }

    /// A counter's value in a column.
    fn counter(
        &self,
        cells: Cells<'_>,
        column: Option<usize>,
        cell: &str,
        account: &FileAccount,
    ) -> Result<Milli, Flaw> {
        let value = clean::quantity(cell)
            .filter(|value| !value.is_negative())
            .ok_or_else(|| cells.flaw(Kind::UnreadableValue, column, "不是示数，请退回抄表员重抄"))?;
        if reading_use::dial(account.dial_digits).is_some_and(|dial| whole(value) >= dial) {
            let what = format!("超过{}位表的最大示数，请退回抄表员重抄", account.dial_digits);
            return Err(cells.flaw(Kind::UnreadableValue, column, &what));
        }
        Ok(value)
    }

    /// Where each register stands, for the columns the file has; an empty cell says nothing.
    fn registers(&self, cells: Cells<'_>, account: &FileAccount) -> Result<ByRegister, Flaw> {
        let mut found = ByRegister::new();
        for name in REGISTERS {
            let Some(column) = self.layout.column(name) else { continue };
            let cell = cells.row.get(column);
            if !clean::text(cell).is_empty() {
                found.push((name.to_owned(), self.counter(cells, Some(column), cell, account)?));
            }
        }
        Ok(found)
    }

    fn moment(&self, cells: Cells<'_>) -> Result<NaiveDateTime, Flaw> {
        let column = self.columns.date;
        let moment = column.and_then(|column| cells.moment_at(column));
        moment.ok_or_else(|| cells.flaw(Kind::UnreadableDate, column, "不是日期，请改为如2026-10-11"))
    }

    fn keep(&mut self, cells: Cells<'_>, slot: u32, value: Milli, at: NaiveDateTime, print: u64, doubted: bool) {
        let remark = cells.text(self.columns.remark);
        let reader = cells.text(self.columns.reader);
        self.kept.push(ReadingRow {
            line: cells.row.line,
            slot,
            value,
            at,
            // Until the row is judged: half of its print. Only rows of one account are ever compared by it.
            used: print as u32,
            decides: true,
            doubted,
            estimated: self.profile.word("estimated", &remark).is_some(),
            remark: number_of(&mut self.out.remarks, &remark),
            reader: number_of(&mut self.out.readers, &reader),
        });
    }

    /// Compares the rows of each account and judges their use.
    ///
    /// The accepted rows take the place of the kept ones as these are judged, so a million rows are held once.
    pub fn finish(mut self, on_file: &dyn OnFile) -> ReadingOutcome {
        let mut kept = std::mem::take(&mut self.kept);
        let remote = self.read_by == ReadBy::Remote;
        // Rows of one account side by side, of a remote meter oldest first; the file's order within.
        kept.sort_unstable_by_key(|row| (row.slot, remote.then_some(row.at), row.line));
        let mut meters = RemoteMeters::default();
        let mut kept_slots = Vec::new();
        let (mut start, mut written) = (0, 0);
        while start < kept.len() {
            let slot = kept[start].slot;
            let end = start + kept[start..].iter().take_while(|row| row.slot == slot).count();
            let rows = self.without_equals(&kept[start..end], on_file);
            start = end;
            if remote {
                kept_slots.push(slot);
            }
            let Some(account) = on_file.at(slot) else { continue };
            let good = self.without_repeats(&rows, on_file);
            if remote {
                self.decide_remote(&good, &account, on_file, &mut meters);
            } else {
                good.iter().for_each(|row| {
                    self.decide(*row, &[], &account, on_file);
                });
            }
            for row in self.out.accepted.drain(..) {
                kept[written] = row;
                written += 1;
            }
        }
        kept.truncate(written);
        self.out.accepted = kept;
        if remote {
            self.missing_meters(&kept_slots, on_file, &mut meters);
            self.out.meters = Some(meters);
        }
        self.out.defects = std::mem::take(&mut self.printed).tell(std::mem::take(&mut self.out.defects));
        self.out.notes = self.totals.into_notes();
        self.out
    }

    /// Leaves out rows that are equal to an earlier one in every cell.
    fn without_equals(&mut self, rows: &[ReadingRow], on_file: &dyn OnFile) -> Vec<ReadingRow> {
        let mut first: Vec<ReadingRow> = Vec::with_capacity(rows.len());
        for row in rows {
            match first.iter().any(|earlier| earlier.used == row.used && earlier.at == row.at) {
                true => self.defect(row, repeated(), on_file),
                false => first.push(*row),
            }
        }
        first.iter_mut().for_each(|row| row.used = 0);
        first
    }

    /// Leaves out repeats and conflicts among the rows of one account (remote: of one account and time).
    fn without_repeats(&mut self, rows: &[ReadingRow], on_file: &dyn OnFile) -> Vec<ReadingRow> {
        let remote = self.read_by == ReadBy::Remote;
        let mut good = Vec::with_capacity(rows.len());
        for group in rows.chunk_by(|a, b| !remote || a.at == b.at) {
            let first = group[0];
            if group.iter().all(|row| row.value == first.value) {
                good.push(first);
                for row in &group[1..] {
                    let flaw = Flaw::new(Kind::DuplicateRow, format!("与{}是同一次抄表，已忽略", place(first.line)));
                    self.defect(row, flaw, on_file);
                }
                continue;
            }
            for row in group {
                let other = group.iter().find(|other| other.value != row.value).unwrap_or(&first);
                let what = format!("示数{}与{}的{}不同，请复抄后选定其一", row.value, place(other.line), other.value);
                self.defect(row, Flaw::new(Kind::ConflictingDuplicate, what), on_file);
            }
        }
        good
    }

    /// The newest good row decides; older ones are accepted as they are, but wait with one that is held: entered alone, a bill would
    /// close the month with a reading that is not the month's.
    fn decide_remote(
        &mut self,
        good: &[ReadingRow],
        account: &FileAccount,
        on_file: &dyn OnFile,
        meters: &mut RemoteMeters,
    ) {
        let Some((newest, older)) = good.split_last() else { return };
        if self.decide(*newest, older, account, on_file) {
            self.out.accepted.extend(older.iter().map(|row| ReadingRow { decides: false, ..*row }));
            meters.billed += 1;
        } else {
            let waits = |row: &ReadingRow| WaitingRow { line: row.line, newest: newest.line, account: account.key };
            older.iter().for_each(|row| self.out.waiting.push(&waits(row)));
            meters.held.push(account.slot);
        }
    }

    /// Judges a row by its use; true when it is accepted.
    fn decide(&mut self, row: ReadingRow, older: &[ReadingRow], account: &FileAccount, on_file: &dyn OnFile) -> bool {
        if row.doubted {
            // What is told of it was noted with the row.
            self.out.defects.push(&Printed::place(row.line));
            return false;
        }
        let this = whole(row.value);
        let Some(last) = account.last else {
            return self.accept(row, 0, account);
        };
        let before = Before { last, dial_digits: account.dial_digits, average: account.average };
        let factor = self.terms.high_use_factor;
        let used = reading_use::judge(this, before, factor);
        if let (true, Use::Ordinary(used @ 1..) | Use::High(used) | Use::Rollover(used)) = (account.sealed, &used) {
            let what = format!("表在封表状态却走了{used}（{last}→{this}），请核实后选明情况再确认");
            self.defect(&row, Flaw::new(Kind::SealedRuns, what), on_file);
            return false;
        }
        let flaw = match used {
            Use::Ordinary(used) => return self.accept(row, used, account),
            Use::Zero => {
                let flaw = Flaw::new(Kind::ZeroUse, format!("示数{this}与上次相同，用量为零，请留意是否表停"));
                self.defect(&row, flaw, on_file);
                return self.accept(row, 0, account);
            }
            Use::High(used) => {
                let average = account.average.text();
                let what = format!("用量{used}（{last}→{this}）超过近期平均{average}的{factor}倍，请核实后确认");
                Flaw::new(Kind::HighUse, what)
            }
            Use::Rollover(used) => {
                let digits = account.dial_digits;
                let what = format!("示数{this}低于上次{last}，{digits}位表像是走满归零，用量{used}，请核实后确认");
                Flaw::new(Kind::Rollover, what)
            }
            Use::Lower => Flaw::new(Kind::LowerThanLast, cause_of_low(this, older, account, factor, on_file)),
        };
        self.defect(&row, flaw, on_file);
        false
    }

    fn accept(&mut self, row: ReadingRow, used: u64, account: &FileAccount) -> bool {
        *self.out.volume_by_book.entry(account.book).or_default() += used;
        self.out.estimated += u32::from(row.estimated);
        self.out.accepted.push(ReadingRow { used: u32::try_from(used).unwrap_or(u32::MAX), ..row });
        true
    }

    fn defect(&mut self, row: &ReadingRow, flaw: Flaw, on_file: &dyn OnFile) {
        let id = if self.read_by == ReadBy::Card { on_file.account_of(row.slot) } else { on_file.meter_of(row.slot) };
        let key = on_file.at(row.slot).map(|account| account.key);
        self.out.defects.push(&flaw.on(row.line, &id).about(key));
    }

    /// Meters in use in the books of the file that sent nothing, or nothing good.
    fn missing_meters(&self, kept_slots: &[u32], on_file: &dyn OnFile, meters: &mut RemoteMeters) {
        let accounts = || (0..on_file.slots()).filter_map(|slot| on_file.at(slot));
        let seen = |account: &FileAccount| self.seen.get(account.slot as usize).is_some_and(|seen| *seen);
        let books: BTreeSet<u16> = accounts().filter(seen).map(|account| account.book).collect();
        let expected = |account: &FileAccount| {
            account.read_by == Some(ReadBy::Remote)
                && account.standing == Standing::Normal
                && books.contains(&account.book)
                && !seen(account)
                && !on_file.meter_of(account.slot).is_empty()
        };
        meters.without_rows = accounts().filter(expected).map(|account| account.slot).collect();
        let has_row = |slot: u32| kept_slots.binary_search(&slot).is_ok();
        meters.without_good_row =
            accounts().filter(seen).map(|account| account.slot).filter(|slot| !has_row(*slot)).collect();
    }
}

/// A row equal to an earlier one in every cell.
fn repeated() -> Flaw {
    Flaw::new(Kind::DuplicateRow, "与前面一行完全相同，已忽略")
}

/// The number of a word in a short list, which grows by new ones; the empty word is 0, and so is one that finds no room.
fn number_of(words: &mut Vec<String>, word: &str) -> u16 {
    if word.is_empty() {
        return 0;
    }
    let at = words.iter().position(|known| known == word).unwrap_or_else(|| {
        words.push(word.to_owned());
        words.len() - 1
    });
    u16::try_from(at).unwrap_or(0)
}
