//! Reports (报表): choose one and its days, F2 fills it; it is read here and exported with Ctrl-O.

use chrono::NaiveDate;

use super::of_form;
use crate::desk::refusal::Refusal;
use crate::outbound::reports::{REPORTS, Report, report};
use crate::outbound::sheet::{Cell, Sheet};
use crate::outbound::{new_file, render};
use crate::store::StoreError;
use crate::text::disk;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{Pick, PickItem};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows above the table: two of the form, the rule.
const ABOVE: u16 = 5;
/// Cells before the first column of the table and between two.
const TABLE_MARGIN: u16 = 4;
const GAP: u16 = 2;
/// Cells below which a column of words is left for the next look.
const LEAST: u16 = 12;
/// Rows of notes at most.
const NOTES: usize = 6;
/// A column is cut at this many cells.
const WIDEST: usize = 36;

/// The screen.
pub struct Reports {
    form: Form,
    sheet: Option<Sheet>,
    widths: Vec<u16>,
    /// The first column in sight, and how many are.
    first: usize,
    shown: usize,
    table: Table,
}

impl Reports {
    /// The list of reports, today's days.
    pub fn new(app: &App) -> Self {
        let choices = REPORTS.iter().map(|report| Choice::new(report.name, report.title)).collect();
        let today = app.facts().day;
        let fields = vec![
            Field::choice("report", "报表", choices).value(REPORTS.first().map_or("", |report| report.name)),
            Field::date("from", "从").half(),
            Field::date("to", "到").half().value(&today.to_string()).required(),
        ];
        let form = Form::new(fields, today, initials);
        Self {
            form,
            sheet: None,
            widths: Vec::new(),
            first: 0,
            shown: 0,
            table: Table::new(Vec::new()).when_empty("这些日子没有内容，换个日期再出"),
        }
    }

    fn chosen(&self) -> Option<&'static Report> {
        report(self.form.value("report"))
    }

    fn fill(&mut self, app: &mut App) -> Reply<App> {
        let Some(report) = self.chosen().filter(|_| self.form.check()) else { return Reply::refused() };
        let today = match report.today(&app.desk) {
            Ok(day) => day,
            Err(error) => return Reply::refuse(Refusal::from(error).message()),
        };
        let (from, to) = report.days(self.form.date("from"), self.form.date("to"), today);
        if from > to {
            let others = self.form.fail([("from", format!("起始日 {from} 晚于截止日 {to}，请改正"))]);
            return if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) };
        }
        let noted = app.desk.session().is_some().then(|| app.desk.may(report.right()).map(|_| ())).transpose();
        let noted = noted.and_then(|_| app.desk.note_access("report", &format!("{} {from} 至 {to}", report.title)));
        if let Err(refusal) = noted {
            return Reply::refuse(refusal.message());
        }
        match read(app, report, from, to) {
            Ok(sheet) => {
                let rows = sheet.rows.len();
                self.widths = widths(&sheet);
                self.first = 0;
                self.sheet = Some(sheet);
                self.table.select(0);
                Reply::say(format!("共 {rows} 行"))
            }
            Err(error) => Reply::refuse(error.to_string()),
        }
    }

    /// The table of the columns from the first one in sight; what does not fit is left out whole, Ctrl-→ brings it.
    fn lay(&mut self, width: u16) {
        let Some(sheet) = &self.sheet else { return };
        let mut edge = TABLE_MARGIN;
        let fitting = self.widths.iter().skip(self.first).take_while(|cells| {
            edge += *cells + GAP;
            edge <= width + GAP
        });
        self.shown = fitting.count().max(1);
        // Words may be cut, figures not: a column of words takes what is left.
        let used: u16 = self.widths.iter().skip(self.first).take(self.shown).map(|cells| cells + GAP).sum();
        let left = width.saturating_sub(TABLE_MARGIN + used);
        let next = self.first + self.shown;
        let mut widths = self.widths.clone();
        let is_figure = |index: usize| sheet.rows.iter().any(|row| row[index].is_number());
        if next < widths.len() && left >= LEAST && !is_figure(next) {
            widths[next] = left;
            self.shown += 1;
        }
        let columns = sheet.columns.iter().enumerate().skip(self.first).take(self.shown).map(|(index, column)| {
            if is_figure(index) {
                Column::number(column.title, widths[index])
            } else {
                Column::text(column.title, Width::Cells(widths[index]))
            }
        });
        self.table.set_columns(columns.collect());
    }

    /// Ctrl-← and Ctrl-→: one column over.
    fn shift(&mut self, right: bool) -> Reply<App> {
        let Some(sheet) = &self.sheet else { return Reply::unused() };
        let last = sheet.columns.len().saturating_sub(1);
        self.first = if right { (self.first + 1).min(last) } else { self.first.saturating_sub(1) };
        Reply::done()
    }

    fn export(&self, app: &mut App, format: &str) -> Reply<App> {
        let Some(sheet) = &self.sheet else { return Reply::done() };
        let folder = app.desk.path().parent().map(|folder| folder.join("reports")).unwrap_or_default();
        let wanted = folder.join(format!("{}-{}-{}.{format}", sheet.name, sheet.from, sheet.to));
        // The same report again stands beside the first: what was handed on is not changed.
        let path = new_file::free_beside(&wanted);
        let noted = app
            .desk
            .note_access("report", &format!("{} {} 至 {}，写到 {}", sheet.title, sheet.from, sheet.to, path.display()));
        if let Err(refusal) = noted {
            return Reply::refuse(refusal.message());
        }
        let written = bytes(sheet, format).and_then(|bytes| {
            std::fs::create_dir_all(&folder).map_err(|error| disk::why(&error))?;
            new_file::write(&path, app.desk.path(), false, &bytes).map_err(|refusal| refusal.message())
        });
        match written {
            Ok(()) => Reply::say(format!("已写到 {}", path.display())),
            Err(error) => Reply::refuse(format!("没有写成：{error}")),
        }
    }
}

fn read(app: &App, report: &Report, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let tx = app.desk.look()?;
    (report.fill)(&tx, tx.seen()?, from, to)
}

fn bytes(sheet: &Sheet, format: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    match format {
        "xlsx" => out = render::xlsx(sheet).map_err(|error| error.to_string())?,
        "json" => out = format!("{:#}\n", render::json(sheet)).into_bytes(),
        _ => render::csv(&mut out, sheet).map_err(|error| error.to_string())?,
    }
    Ok(out)
}

fn widths(sheet: &Sheet) -> Vec<u16> {
    let totals = sheet.totals();
    let of = |index: usize| {
        let cells = sheet.rows.iter().chain(Some(&totals).filter(|totals| !totals.is_empty()));
        let widest = cells.map(|row| safe::cells(&row[index].shown())).max().unwrap_or(0);
        let widest = widest.max(safe::cells(sheet.columns[index].title)).clamp(2, WIDEST);
        u16::try_from(widest).unwrap_or(2)
    };
    (0..sheet.columns.len()).map(of).collect()
}

impl Screen<App> for Reports {
    fn place(&self) -> Place {
        Place::Reports
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        self.sheet.as_ref().map_or_else(|| "报表".into(), |sheet| sheet.title.clone())
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::Run];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        if self.sheet.is_some() {
            keys.push(Command::Print);
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Run => self.fill(app),
            Command::Print => {
                let item =
                    |key: &str, label: &str| PickItem { key: key.into(), label: label.into(), note: String::new() };
                let items = vec![item("csv", "CSV"), item("xlsx", "Excel 工作簿"), item("json", "JSON")];
                Reply::push(Pick::new("export", "导出成", items, initials))
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        if key.ctrl && matches!(key.code, Code::Left | Code::Right) {
            return self.shift(key.code == Code::Right);
        }
        let walks = matches!(key.code, Code::Up | Code::Down | Code::PageUp | Code::PageDown);
        if let Some(sheet) = self.sheet.as_ref().filter(|_| walks && !self.form.is_list_open()) {
            return Reply::used_if(self.table.on_key(key, sheet.rows.len()) != TableEvent::Unused);
        }
        match self.form.on_key(key) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Submit => self.fill(app),
            FormEvent::Used | FormEvent::Changed(_) => Reply::done(),
        }
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("export", Given::Picked(format)) => self.export(app, &format),
            _ => Reply::done(),
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        self.lay(width);
        if self.form.is_list_open() {
            return self.form.draw(&mut canvas.below(0)); // all of a list, not one row of it
        }
        let more = self.form.rows_more(width, ABOVE - 1);
        self.form.draw(&mut canvas.part(0, 0, width, ABOVE - 1 + more));
        let canvas = &mut canvas.below(more);
        let height = height.saturating_sub(more);
        let Some(sheet) = &self.sheet else {
            let about = self.chosen().map_or("", |report| report.about);
            canvas.text(1, ABOVE, about, Ink::Faint);
            return;
        };
        let note = if self.first > 0 || self.shown < self.widths.len() { "Ctrl-← → 左右看" } else { "" };
        canvas.rule(ABOVE - 1, note, Ink::Faint);
        let totals = sheet.totals();
        let room = usize::from(width.saturating_sub(2));
        let lines: Vec<String> = sheet.notes.iter().flat_map(|note| safe::wrap(note, room)).take(NOTES).collect();
        let notes = u16::try_from(lines.len()).unwrap_or(0);
        let foot = notes + u16::from(!totals.is_empty());
        let list = height.saturating_sub(ABOVE + foot);
        let (first, shown) = (self.first, self.shown);
        let row = |cells: &[Cell]| Row::new(cells.iter().skip(first).take(shown).map(Cell::shown));
        self.table.draw(&mut canvas.part(0, ABOVE, width, list), sheet.rows.len(), false, |at| row(&sheet.rows[at]));
        let mut y = ABOVE + list;
        if !totals.is_empty() {
            let mut x = TABLE_MARGIN;
            for (cell, cells) in totals.iter().zip(&self.widths).skip(first).take(shown) {
                if cell.is_number() {
                    canvas.number(x, y, *cells, &cell.shown(), Ink::Strong);
                } else {
                    canvas.text_in(x, y, *cells, &cell.shown(), Ink::Strong);
                }
                x += cells + GAP;
            }
            y += 1;
        }
        for line in &lines {
            canvas.text(1, y, line, Ink::Faint);
            y += 1;
        }
    }
}
