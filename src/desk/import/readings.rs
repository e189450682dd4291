//! Readings from cards, handhelds and remote platforms: judged whole against the accounts on file, written in their order.

use std::ops::ControlFlow;

use super::answer::Answer;
use super::book_map::{BookMap, Places};
use super::stage::{self, Stage};
use super::{Progress, ROWS_A_WORD, Request, Watch, recognise, stopped};
use crate::book::subject::Kind as SubjectKind;
use crate::derive::account::reading::ReadingEntered;
use crate::derive::row::to_row;
use crate::desk::Desk;
use crate::desk::refusal::Refusal;
use crate::desk::run::{RUN_CHANGED, Run};
use crate::inbound::judge::{ReadingJudge, ReadingOutcome};
use crate::inbound::profile::{Holds, ReadBy, Recognised};
use crate::inbound::rows::ReadingRow;
use crate::rules::id::Id;

/// The action whose bulk entries a file of readings makes.
pub const ACTION: &str = "reading.enter";

/// A file judged: what is written, and what stays for a person.
struct Judged {
    outcome: ReadingOutcome,
    places: Places,
    stage: Stage,
}

impl Desk {
    pub(super) fn import_readings(&mut self, request: &Request, watch: Watch<'_>) -> Result<Answer, Refusal> {
        let file = recognise(self, &request.path, Holds::Readings, request.read_by, request.profile.as_deref())?;
        if let Some(answer) = self.answer_again(ACTION, &file)? {
            return Ok(answer);
        }
        let judged = self.judge_readings(request, &file, watch)?;
        if request.dry_run {
            return Ok(judged.stage.answer(request, &file, None));
        }
        let run = self.write_readings(request, &file, &judged, watch)?;
        let stage = judged.stage;
        self.stage(request, &file, run.id(), &stage)?;
        let note = serde_json::json!({
            "file": file.source.name(), "profile": file.profile.name, "rows": stage.rows, "accepted": stage.accepted,
            "unread": stage.unread.len(),
        });
        let (mut derived, total) = (0, stage.accepted);
        let id = run.close(self, note, |rows| {
            derived += rows as u64;
            let _ = watch(Progress { stage: "记账", done: derived, total });
        })?;
        Ok(stage.answer(request, &file, Some(id)))
    }

    fn judge_readings(&self, request: &Request, file: &Recognised, watch: Watch<'_>) -> Result<Judged, Refusal> {
        let by_meter = file.profile.source.is_some_and(|way| way != ReadBy::Card);
        let _ = watch(Progress { stage: "读取在册用户", done: 0, total: 0 });
        let map = BookMap::read(self, by_meter)?;
        let mut judge = ReadingJudge::new(file, &map, self.terms(request.on)).beside(&self.room());
        let (mut rows, mut stop) = (0, false);
        file.each_row(&mut |row| {
            judge.take(row, &map);
            rows += 1;
            stop = rows % ROWS_A_WORD == 0
                && watch(Progress { stage: "核对", done: u64::from(rows), total: 0 }).is_break();
            if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if stop {
            return Err(stopped());
        }
        let mut outcome = judge.finish(&map);
        let stage = staged(&mut outcome)?;
        Ok(Judged { outcome, places: map.into_places()?, stage })
    }

    /// Writes the good rows in the order of the accounts; after a change in between it begins anew.
    fn write_readings(
        &mut self,
        request: &Request,
        file: &Recognised,
        judged: &Judged,
        watch: Watch<'_>,
    ) -> Result<Run, Refusal> {
        let label = stage::label(request.what, file);
        let source = file.source.hash_text();
        for last_try in [false, true] {
            let mut run = self.open_run(request.what.right(), ACTION, 1, &label, Some(&source))?;
            match self.push_readings(file, judged, &mut run, watch) {
                Ok(()) => return Ok(run),
                Err(refusal) if refusal.first_rule() == RUN_CHANGED && !last_try => run.discard(self)?,
                Err(refusal) => {
                    run.pause(self)?;
                    return Err(refusal);
                }
            }
        }
        Err(stopped())
    }

    fn push_readings(
        &mut self,
        file: &Recognised,
        judged: &Judged,
        run: &mut Run,
        watch: Watch<'_>,
    ) -> Result<(), Refusal> {
        let way = file.profile.source.unwrap_or(ReadBy::Card);
        let total = judged.outcome.accepted.len() as u64;
        for (index, row) in judged.outcome.accepted.iter().enumerate() {
            let Some((account, meter)) = judged.places.of(row.slot) else { continue };
            let remark = judged.outcome.remarks.get(usize::from(row.remark)).cloned().unwrap_or_default();
            let reader = judged.outcome.readers.get(usize::from(row.reader)).cloned().unwrap_or_default();
            let registers = judged.outcome.registers.get(&row.line).cloned().unwrap_or_default();
            let body = ReadingEntered { reader, registers, ..entered(row, meter, way, remark) };
            let text = to_row(&body).map_err(|error| Refusal::data(error.to_string()))?;
            run.push(self, SubjectKind::Account, Some(account), text)?;
            let word = (index as u64).is_multiple_of(u64::from(ROWS_A_WORD));
            if word && watch(Progress { stage: "写入", done: index as u64, total }).is_break() {
                return Err(stopped());
            }
        }
        Ok(())
    }
}

/// The body of a good row.
fn entered(row: &ReadingRow, meter: Id, way: ReadBy, remark: String) -> ReadingEntered {
    ReadingEntered {
        meter,
        day: row.at.date(),
        value: row.value,
        source: way.code().into(),
        estimated: row.estimated,
        rollover: false,
        remark,
        class: None,
        reader: String::new(),
        registers: Vec::new(),
        register_uses: Vec::new(),
        sealed: None,
    }
}

/// What stays for a person, taken out of the outcome.
fn staged(outcome: &mut ReadingOutcome) -> Result<Stage, Refusal> {
    let mut stage = Stage {
        rows: outcome.rows.into(),
        accepted: outcome.good(),
        notes: std::mem::take(&mut outcome.notes),
        defects: std::mem::take(&mut outcome.defects),
        unread: std::mem::take(&mut outcome.unread),
        waiting: std::mem::take(&mut outcome.waiting),
    };
    stage.check()?;
    if let Some(meters) = outcome.meters.as_ref().filter(|meters| !meters.without_rows.is_empty()) {
        let count = meters.without_rows.len();
        stage.notes.push(format!("有{count}块在用远传表没有任何数据，请核对平台或安排人工抄表"));
    }
    Ok(stage)
}
