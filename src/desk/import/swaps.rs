//! Swap slips of the network department: every good slip is entered (`swap.enter`), one without its account number is taken in
//! and goes back to the swap desk with the reason, the others stay in the fix list.
//!
//! Each slip is an entry of its own with a key made of the file and the line, so a file that was cut short goes on where it
//! stopped; an empty run marks the file as imported.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::answer::Answer;
use super::one_by_one::OneByOne;
use super::stage::{self, Stage};
use super::{Progress, Request, Watch, recognise};
use crate::desk::refusal::{Refusal, RefusalKind};
use crate::desk::swap::SlipInput;
use crate::desk::{Call, Desk, swap};
use crate::inbound::clean;
use crate::inbound::judge::{Defect, Kind, SwapJudge, SwapVerdict};
use crate::inbound::profile::{Holds, Layout, Recognised};
use crate::inbound::read::Row;
use crate::inbound::rows::SwapRow;

/// The kind of the run that marks a file of slips.
pub const ACTION: &str = "swap.enter";

/// A file judged.
struct Judged {
    good: Vec<SlipInput>,
    lines: Vec<u32>,
    /// Slips without account number: line and what stands on them.
    nameless: BTreeMap<u32, SlipInput>,
    stage: Stage,
}

impl Desk {
    pub(super) fn import_swaps(&mut self, request: &Request, watch: Watch<'_>) -> Result<Answer, Refusal> {
        let file = recognise(self, &request.path, Holds::Swaps, None, request.profile.as_deref())?;
        if let Some(answer) = self.answer_again(ACTION, &file)? {
            return Ok(answer);
        }
        let mut judged = self.judge_swaps(request, &file)?;
        self.leave_out_refused(&file, &mut judged)?;
        judged.stage.accepted = judged.good.len() as u64 + self.entered_before(&file, &mut judged.stage)?;
        if request.dry_run {
            return Ok(judged.stage.answer(request, &file, None));
        }
        let label = stage::label(request.what, &file);
        let source = file.source.hash_text();
        let run = self.open_run(request.what.right(), ACTION, 1, &label, Some(&source))?;
        let total = judged.good.len() as u64;
        for (done, (slip, line)) in judged.good.iter().zip(&judged.lines).enumerate() {
            let _ = watch(Progress { stage: "写入", done: done as u64, total });
            self.slip_action::<swap::enter::SwapEnter>(slip, &key(&source, *line, "enter"))?;
        }
        self.send_back_nameless(&source, &judged)?;
        self.stage(request, &file, run.id(), &judged.stage)?;
        let note = serde_json::json!({
            "file": file.source.name(), "profile": file.profile.name, "rows": judged.stage.rows,
            "accepted": judged.stage.accepted,
        });
        let id = run.close(self, note, |_| {})?;
        Ok(judged.stage.answer(request, &file, Some(id)))
    }

    fn judge_swaps(&self, request: &Request, file: &Recognised) -> Result<Judged, Refusal> {
        let tx = self.look()?;
        let on_file = OneByOne::new(&tx)?;
        let mut judge = SwapJudge::new(file, self.terms(request.on));
        let (good, lines, nameless) = Default::default();
        let mut judged = Judged { good, lines, nameless, stage: Stage::new(self) };
        file.each_row(&mut |row| {
            match judge.judge(row, &on_file) {
                SwapVerdict::Accepted(swap) => {
                    judged.lines.push(swap.line);
                    judged.good.push(slip_of(&swap, row, &file.layout));
                }
                SwapVerdict::Defect(defect) => {
                    if defect.kind == Kind::NoAccountNumber {
                        judged.nameless.insert(defect.line, raw_slip(row, &file.layout));
                    }
                    judged.stage.defects.push(&defect);
                }
                SwapVerdict::Total => {}
            }
            ControlFlow::Continue(())
        })?;
        judged.stage.rows = judge.rows.into();
        judged.stage.notes = judge.into_notes();
        on_file.finish()?;
        Ok(judged)
    }

    /// Asks `swap.enter` for the picture of every good slip; what it refuses stays in the fix list with its reason.
    fn leave_out_refused(&mut self, file: &Recognised, judged: &mut Judged) -> Result<(), Refusal> {
        let source = file.source.hash_text();
        let slips = std::mem::take(&mut judged.good);
        let lines = std::mem::take(&mut judged.lines);
        let mut later = Vec::new();
        for (slip, line) in slips.into_iter().zip(lines) {
            let look = SlipInput { preview: true, ..slip.clone() };
            match self.slip_action::<swap::enter::SwapEnter>(&look, &key(&source, line, "look")) {
                Ok(seen) => {
                    later.extend(charged_later(&slip, &seen.result));
                    judged.good.push(slip);
                    judged.lines.push(line);
                }
                Err(refusal) if swap::enter::is_large(&refusal) => {
                    judged.stage.defects.push(&large_swap(line, &slip, &refusal));
                }
                Err(refusal) if refusal.kind == RefusalKind::Refused => {
                    judged.stage.defects.push(&Defect::new(line, &slip.slip, Kind::SwapRefused, refusal.message()));
                }
                Err(other) => return Err(other),
            }
        }
        judged.stage.notes.extend(told_later(&later));
        Ok(judged.stage.check()?)
    }

    /// Slips this very file brought in before it was cut short are its good rows, not repeats.
    fn entered_before(&self, file: &Recognised, stage: &mut Stage) -> Result<u64, Refusal> {
        let tx = self.look()?;
        let source = file.source.hash_text();
        if stage.defects.of(Kind::OnFile) == 0 {
            return Ok(0);
        }
        let mut kept = Stage::new(self).defects;
        for defect in &stage.defects {
            let defect = defect?;
            let own = defect.kind == Kind::OnFile
                && tx.entry_of_key(self.site(), &key(&source, defect.line, "enter"))?.is_some();
            if !own {
                kept.push(&defect);
            }
        }
        kept.check()?;
        let before = std::mem::replace(&mut stage.defects, kept);
        Ok(before.len() - stage.defects.len())
    }

    /// a slip without account number goes back to the swap desk and stands in the ledger of returns.
    fn send_back_nameless(&mut self, source: &str, judged: &Judged) -> Result<(), Refusal> {
        for (line, slip) in &judged.nameless {
            let task = swap::task::Input { slip: slip.clone(), clerk: None };
            match self.slip_action::<swap::task::SwapTask>(&task, &key(source, *line, "task")) {
                Ok(_) => {}
                Err(refusal) if refusal.kind == RefusalKind::Refused => continue, // taken in by hand before
                Err(other) => return Err(other),
            }
            let back = swap::send_back::Input { slip: slip.slip.clone(), reason: "无户号，请补填户号".into() };
            match self.slip_action::<swap::send_back::SwapSendBack>(&back, &key(source, *line, "back")) {
                Ok(_) => {}
                Err(refusal) if refusal.kind == RefusalKind::Refused => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    fn slip_action<A: crate::desk::action::Action>(
        &mut self,
        input: &impl serde::Serialize,
        key: &str,
    ) -> Result<crate::desk::Done, Refusal> {
        let input = serde_json::to_string(input).map_err(|error| Refusal::data(error.to_string()))?;
        self.perform(A::NAME, &input, Call { key: Some(key), at: None })
    }
}

/// Why a difference gets no bill of its own now.
fn charged_later(slip: &SlipInput, seen: &str) -> Option<String> {
    let seen: swap::enter::Output = serde_json::from_str(seen).ok()?;
    let why = seen.picture.charged_later.filter(|_| seen.picture.old_use > 0)?;
    Some(format!("{} 用量 {}：{why}", slip.slip, seen.picture.old_use))
}

/// A note about them.
fn told_later(later: &[String]) -> Option<String> {
    const NAMED: usize = 10;
    let named = later.iter().take(NAMED).cloned().collect::<Vec<_>>().join("；");
    let more = if later.len() > NAMED { "等" } else { "" };
    (!later.is_empty()).then(|| format!("{}张拆换单的旧表差额这次没有单独出账：{named}{more}", later.len()))
}

/// The idempotency key of a line of a file.
fn key(source: &str, line: u32, step: &str) -> String {
    format!("import:{source}:{line}:{step}")
}

/// The slip of a good row; a large use of the old meter is not confirmed by standing in a file.
pub fn slip_of(swap: &SwapRow, row: &Row, layout: &Layout) -> SlipInput {
    SlipInput {
        slip: swap.slip.clone(),
        account: Some(swap.account.clone()),
        old_meter: swap.old_meter.clone(),
        final_value: Some(swap.final_value),
        new_meter: swap.new_meter.clone(),
        calibre: swap.calibre.map(|calibre| calibre.to_string()),
        first_value: Some(swap.first_value),
        date: Some(swap.date),
        reason: swap.reason.clone(),
        worker: swap.worker.clone(),
        old_seal: swap.old_seal.clone(),
        new_seal: swap.new_seal.clone(),
        materials: swap.materials.clone(),
        remark: swap.remark.clone(),
        ..raw_slip(row, layout)
    }
}

/// A slip whose old meter used many times the average: it waits for somebody to say that it is right.
pub fn large_swap(line: u32, slip: &SlipInput, refusal: &Refusal) -> Defect {
    let defect = Defect::new(line, &slip.slip, Kind::HighUse, refusal.message());
    Defect { column: Some("旧表止码".into()), rule: Some("R-230".into()), ..defect }
}

/// What stands on a slip, as far as it can be read.
fn raw_slip(row: &Row, layout: &Layout) -> SlipInput {
    let cell = |field: &str| layout.column(field).map_or("", |column| row.get(column));
    let text = |field: &str| {
        let text = layout.text(row, layout.column(field)?).into_owned();
        (!text.is_empty()).then_some(text)
    };
    SlipInput {
        slip: text("slip").unwrap_or_default(),
        account: text("account"),
        name: text("name"),
        address: text("address"),
        old_meter: text("old_meter").unwrap_or_default(),
        final_value: clean::quantity(cell("final_value")),
        new_meter: text("new_meter").unwrap_or_default(),
        calibre: clean::calibre(cell("calibre")).map(|calibre| calibre.to_string()),
        first_value: clean::quantity(cell("first_value")),
        date: clean::date(cell("date")),
        reason: text("reason"),
        worker: text("worker"),
        old_seal: text("old_seal"),
        new_seal: text("new_seal"),
        materials: text("materials"),
        remark: text("remark"),
        ..SlipInput::default()
    }
}
