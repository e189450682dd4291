//! 待改清单: the rows of imported files that were not taken. Enter mends a cell, F2 confirms, F6 drops, F5 confirms what a swap
//! explains, F4 narrows by file or kind, Ctrl-O saves the list for a spreadsheet.

use std::path::Path;

use serde_json::{Value, json};

use super::file_form;
use crate::desk::fixes::view::{FixFile, FixView};
use crate::desk::refusal::Refusal;
use crate::outbound::new_file::NewFile;
use crate::rules::id::Id;
use crate::store::query::fixes::FixFilter;
use crate::text::disk;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{AskForm, Pick, PickItem};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows read at a time; a longer list is worked off from its beginning.
const MOST: i64 = 2_000;

/// The screen.
pub struct Fixes {
    files: Vec<FixFile>,
    filter: FixFilter,
    rows: Vec<FixView>,
    table: Table,
}

impl Fixes {
    /// The open rows of one file, or of all.
    pub fn new(app: &mut App, file: Option<Id>) -> Result<Self, Refusal> {
        let columns = vec![
            Column::number("行", 7),
            Column::text("标识", Width::Cells(14)),
            Column::text("问题", Width::Cells(16)),
            Column::text("处理", Width::Cells(6)),
            Column::text("说明", Width::Fill(20, 1)),
        ];
        let table = Table::new(columns).with_ticks().when_empty("没有待处理的行");
        let filter = FixFilter { run: file, state: Some("open".into()), defect: None };
        let mut screen = Self { files: Vec::new(), filter, rows: Vec::new(), table };
        app.desk.may_if_known(crate::desk::rights::FIXES)?;
        // Low readings whose swap came in since say so.
        app.desk.explain_low_readings()?;
        screen.read(app)?;
        Ok(screen)
    }

    fn read(&mut self, app: &App) -> Result<(), Refusal> {
        self.files = app.desk.fix_files()?;
        let kept = self.selected().map(|row| (row.file, row.line));
        self.rows = app.desk.fix_rows(&self.filter, (Id(0), 0), MOST)?;
        self.table.follow(kept, self.rows.iter().map(|row| (row.file, row.line)));
        self.table.untick_all();
        Ok(())
    }

    fn reread(&mut self, app: &App, said: Reply<App>) -> Reply<App> {
        match self.read(app) {
            Ok(()) => said,
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    fn selected(&self) -> Option<&FixView> {
        self.rows.get(self.table.selected())
    }

    /// The ticked rows, else the one under the hand.
    fn chosen(&self) -> Vec<(Id, i64)> {
        let ticks = self.table.ticks();
        let chosen = if ticks.is_empty() { vec![self.table.selected()] } else { ticks };
        chosen.into_iter().filter_map(|index| self.rows.get(index)).map(|row| (row.file, row.line)).collect()
    }

    /// A sealed meter that runs asks how; one answer for the rows chosen.
    fn confirm(&mut self, app: &mut App, sealed: Option<&str>) -> Reply<App> {
        let (mut done, mut refused, mut told) = (0, Vec::new(), String::new());
        for (file, line) in self.chosen() {
            match app.ask("import.confirm", &json!({ "file": file, "line": line, "sealed": sealed })) {
                Ok(answer) => {
                    done += 1;
                    told.push_str(&notes(&answer));
                }
                Err(refusal) if refusal.faults.iter().any(|fault| fault.field.as_deref() == Some("sealed")) => {
                    let form = Form::new(vec![super::reading::sealed_field().required()], app.desk.today(), initials);
                    return Reply::push(AskForm::new("sealed", "封表走字", form));
                }
                Err(refusal) => refused.push(refusal.message()),
            }
        }
        let said = match refused.first() {
            None => Reply::say(format!("已收下 {done} 行{told}")).and_hold(),
            Some(why) => Reply::refuse(format!("收下 {done} 行，{} 行不行：{why}", refused.len())),
        };
        self.reread(app, said)
    }

    fn ask_mend(&self, app: &App, refused: Option<(&serde_json::Map<String, Value>, &Refusal)>) -> Reply<App> {
        let Some(row) = self.selected() else { return Reply::refuse("没有选中的行") };
        let columns: Vec<Choice> =
            row.cells.iter().map(|(heading, _)| Choice::new(heading.clone(), heading.clone())).collect();
        let wrong = row.message.split('“').nth(1).and_then(|rest| rest.split('”').next()).unwrap_or_default();
        let at = row.cells.iter().find(|(heading, _)| heading == wrong).or(row.cells.first());
        let (heading, value) = at.cloned().unwrap_or_default();
        let fields = vec![
            Field::text("line", "行", 60).value(&format!("第{}行 {}", row.line, row.id)).fixed(),
            Field::choice("column", "改哪一列", columns).value(&heading),
            Field::text("value", "改为", 200).value(mendable(&value)),
            Field::text("reread_by", "复抄人", 40).hint("改示数或日期须由抄表员复抄"),
            Field::check("confirm", "已核实，用量异常也收下").stands_for(&["column", "value"]),
        ];
        let cells = row.cells.clone();
        // Another column is chosen: its own cell stands there, not that of the one before.
        let follow = move |form: &mut Form, changed: &str| {
            if changed == "column" {
                let chosen = cells.iter().find(|(heading, _)| heading == form.value("column"));
                form.set("value", chosen.map_or("", |(_, cell)| mendable(cell)));
            }
        };
        let asking = |form| AskForm::new("mend", &row.kind_label, form).following(follow);
        file_form::ask_with(Form::new(fields, app.desk.today(), initials), refused, asking)
    }

    fn mend(&mut self, app: &mut App, values: &serde_json::Map<String, Value>) -> Reply<App> {
        let Some(row) = self.selected() else { return Reply::done() };
        let word = |field: &str| values.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (file, line, column, value) = (row.file, row.line, word("column"), word("value"));
        let before = row.cells.iter().find(|(heading, _)| *heading == column).map(|(_, cell)| cell.trim());
        // The same value again: the row is only judged again.
        let cells = if before == Some(value.as_str()) { json!({}) } else { json!({ column: value }) };
        let confirm = !word("confirm").is_empty();
        let input =
            json!({ "file": file, "line": line, "cells": cells, "confirm": confirm, "reread_by": word("reread_by") });
        match app.ask("import.mend", &input) {
            Ok(answer) => {
                let told = notes(&answer);
                self.reread(app, Reply::say(format!("第{line}行已改正收下{told}")).and_hold())
            }
            Err(mut refusal) => {
                // A fault of a column of the file: here the hand stands in what it was mended to.
                for fault in refusal.faults.iter_mut().filter(|fault| fault.field.as_deref() != Some("reread_by")) {
                    fault.field = Some("value".to_owned());
                }
                self.ask_mend(app, Some((values, &refusal)))
            }
        }
    }

    fn ask_drop(&self, app: &App) -> Reply<App> {
        let count = self.chosen().len();
        if count == 0 {
            return Reply::refuse("没有选中的行");
        }
        let fields = vec![Field::text("reason", "作废原因", 100).required()];
        let title = format!("作废 {count} 行");
        Reply::push(AskForm::new("drop", &title, Form::new(fields, app.desk.today(), initials)))
    }

    fn drop_rows(&mut self, app: &mut App, reason: &str) -> Reply<App> {
        let mut done = 0;
        for (file, line) in self.chosen() {
            let input = json!({ "file": file, "line": line, "reason": reason });
            if let Err(refusal) = app.act("import.drop", &input, None) {
                return self.reread(app, Reply::refuse(refusal.message()));
            }
            done += 1;
        }
        self.reread(app, Reply::say(format!("已作废 {done} 行")).and_hold())
    }

    fn explained(&mut self, app: &mut App) -> Reply<App> {
        let said = match app.desk.confirm_explained() {
            Ok((0, refused)) if refused.is_empty() => Reply::say("没有由换表说明的低读数"),
            Ok((done, refused)) if refused.is_empty() => Reply::say(format!("由换表说明的 {done} 行已收下")),
            Ok((done, refused)) => Reply::refuse(format!("收下 {done} 行；{}", refused[0].message())),
            Err(refusal) => Reply::refuse(refusal.message()),
        };
        app.refresh();
        self.reread(app, said)
    }

    /// All, each state, each file, each kind in sight.
    fn ask_filter(&self) -> Reply<App> {
        let item = |key: String, label: String, note: String| PickItem { key, label, note };
        let mut items = vec![
            item("state:open".into(), "待处理".into(), "全部文件".into()),
            item("state:unread".into(), "未抄，下次再抄".into(), "全部文件".into()),
            item("state:flagged".into(), "提示".into(), "已收下，供查看".into()),
            item("state:".into(), "全部状态".into(), "全部文件".into()),
        ];
        for file in &self.files {
            let note = format!("待处理 {}", file.open);
            items.push(item(format!("file:{}", file.run), format!("{} {}", file.what, file.name), note));
        }
        let mut kinds: Vec<(&str, &str)> =
            self.rows.iter().map(|row| (row.kind.as_str(), row.kind_label.as_str())).collect();
        kinds.sort_unstable();
        kinds.dedup();
        items.extend(kinds.into_iter().map(|(kind, label)| item(format!("kind:{kind}"), label.into(), "问题".into())));
        Reply::push(Pick::new("filter", "只看", items, initials))
    }

    fn set_filter(&mut self, app: &App, key: &str) -> Reply<App> {
        let (what, value) = key.split_once(':').unwrap_or_default();
        let some = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        match what {
            "file" => self.filter = FixFilter { run: value.parse().ok(), defect: None, ..self.filter.clone() },
            "kind" => self.filter.defect = some(value),
            _ => self.filter = FixFilter { run: None, defect: None, state: some(value) },
        }
        self.table.select(0);
        self.reread(app, Reply::done())
    }

    fn ask_save(&self, app: &App) -> Reply<App> {
        let Some(run) = self.filter.run.or_else(|| self.selected().map(|row| row.file)) else {
            return Reply::refuse("先用 F4 选一个文件");
        };
        let name = self.files.iter().find(|file| file.run == run).map_or("", |file| file.name.as_str());
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let fields = vec![
            Field::text("path", "存为", 300).required().value(&format!("{stem}-待改清单.csv")).hint("Excel 可以打开"),
        ];
        Reply::push(AskForm::new("save", "另存清单", Form::new(fields, app.desk.today(), initials)))
    }

    fn save(&self, app: &App, path: &str) -> Reply<App> {
        let run = self.filter.run.or_else(|| self.selected().map(|row| row.file));
        let Some(run) = run else { return Reply::done() };
        let saved = NewFile::begin(Path::new(path.trim()), app.desk.path(), false).and_then(|file| {
            let mut out = std::io::BufWriter::new(file);
            let rows = app.desk.export_fixes(run, self.filter.state.as_deref(), &mut out)?;
            let file = out.into_inner().map_err(|error| Refusal::data(disk::why(error.error())))?;
            file.finish().map(|()| rows)
        });
        match saved {
            Ok(rows) => Reply::say(format!("{rows} 行已存为 {path}")),
            Err(refusal) => Reply::refuse(refusal.message().replace("，确要覆盖请加 --overwrite", "")),
        }
    }
}

/// A cell as it is mended: a masked number is typed anew, never mended by hand.
fn mendable(cell: &str) -> &str {
    if cell.contains("****") { "" } else { cell.trim() }
}

/// What an answer tells beside the row, to be said behind it.
fn notes(answer: &Value) -> String {
    let notes = answer["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    notes.map(|note| format!("；{note}")).collect()
}

impl Screen<App> for Fixes {
    fn place(&self) -> Place {
        Place::Fixes
    }

    fn title(&self, _: &App) -> String {
        let file = self.filter.run.and_then(|run| self.files.iter().find(|file| file.run == run));
        let file = file.map_or("全部文件", |file| file.name.as_str());
        let more = if self.rows.len() as i64 == MOST { "+" } else { "" };
        format!("待改清单  {file}  {}{more} 行", self.rows.len())
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = Vec::new();
        if !self.rows.is_empty() {
            keys.extend([Command::AcceptFix, Command::Open, Command::DropFix]);
        }
        keys.extend([Command::Pick, Command::Explained]);
        if !self.rows.is_empty() {
            keys.push(Command::Print);
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::AcceptFix => self.confirm(app, None),
            Command::Open => self.ask_mend(app, None),
            Command::DropFix => self.ask_drop(app),
            Command::Explained => self.explained(app),
            Command::Pick => self.ask_filter(),
            Command::Print => self.ask_save(app),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        Reply::used_if(self.table.on_key(key, self.rows.len()) != TableEvent::Unused)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("mend", Given::Values(values)) => self.mend(app, &values),
            ("sealed", Given::Values(values)) => {
                let how = values.get("sealed").and_then(Value::as_str).map(str::to_owned);
                self.confirm(app, how.as_deref())
            }
            ("drop", Given::Values(values)) => {
                let reason = values.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.drop_rows(app, &reason)
            }
            ("save", Given::Values(values)) => {
                self.save(app, values.get("path").and_then(Value::as_str).unwrap_or_default())
            }
            ("filter", Given::Picked(key)) => self.set_filter(app, &key),
            _ => Reply::done(),
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        const BELOW: u16 = 7;
        let rows = height.saturating_sub(BELOW);
        let list = &self.rows;
        self.table.draw(&mut canvas.part(0, 0, width, rows), list.len(), true, |index| {
            let row = &list[index];
            let line = Row::new([
                row.line.to_string(),
                row.id.clone(),
                row.kind_label.clone(),
                row.state_label.chars().take(3).collect(),
                row.message.clone(),
            ]);
            if row.disposition == "退回" { line.marked(Ink::Look) } else { line }
        });
        let Some(row) = self.selected() else { return };
        canvas.rule(rows, &format!("{} 第{}行  {}", row.file_name, row.line, row.disposition), Ink::Faint);
        let inner = width.saturating_sub(2);
        let y = canvas.paragraph(1, rows + 1, inner, &row.message, Ink::Text);
        let cells = row.cells.iter().filter(|(_, cell)| !cell.trim().is_empty());
        let cells: Vec<String> = cells.map(|(heading, cell)| format!("{heading} {}", cell.trim())).collect();
        if y < height {
            canvas.part(0, y, width, height - y).paragraph(1, 0, inner, &cells.join("  "), Ink::Faint);
        }
    }
}
