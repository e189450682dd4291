//! Import (导入): a file chosen, recognised and looked at; F2 tries it, shows what would come of it, and then takes it in on a
//! thread of its own, with how far it is in sight.

use std::path::{Path, PathBuf};

use super::import_job::Job;
use super::of_form;
use crate::desk::import::{Answer as Outcome, Request, What, recognise};
use crate::desk::refusal::Refusal;
use crate::inbound::fix_list;
use crate::inbound::judge::{Disposition, Kind};
use crate::inbound::layout::holds_of;
use crate::inbound::profile::Preview;
use crate::rules::private_numbers::Holds;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Draft, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{Confirm, Pick, PickItem};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::gauge;
use crate::tui::widgets::kind::Choice;

const DRAFT: &str = "import";
/// Rows of a file shown before it is taken in.
const LOOK_ROWS: usize = 5;
/// Files listed of one folder.
const MOST_FILES: usize = 500;

/// What is known of the chosen file.
enum Look {
    Nothing,
    Known { title: String, encoding: &'static str, preview: Preview },
    Folder(usize),
    Bad(String),
}

/// The screen.
pub struct Import {
    form: Form,
    look: Look,
    looked: (String, String),
    job: Option<(Job, bool)>,
    tried: Option<Request>,
    outcome: Option<Outcome>,
}

impl Import {
    /// An empty form, or the one half filled before.
    pub fn new(app: &mut App) -> Self {
        let kinds = What::ALL.into_iter().map(|what| Choice::new(what.code(), what.label())).collect();
        let fields = vec![
            Field::choice("what", "导入", kinds).value(What::Readings.code()),
            Field::text("path", "文件", 400).required().hint("F4 从文件夹里选"),
        ];
        let mut form = Form::new(fields, app.desk.today(), initials);
        app.resume(&mut form, DRAFT);
        let mut screen =
            Self { form, look: Look::Nothing, looked: Default::default(), job: None, tried: None, outcome: None };
        screen.look_again(app);
        screen
    }

    fn what(&self) -> What {
        What::from_code(self.form.value("what")).unwrap_or(What::Readings)
    }

    fn path(&self) -> PathBuf {
        let typed = self.form.value("path").trim();
        match typed.strip_prefix("~/").zip(directories::UserDirs::new()) {
            Some((rest, folders)) => folders.home_dir().join(rest),
            None => PathBuf::from(typed),
        }
    }

    fn request(&self, dry_run: bool) -> Request {
        Request { what: self.what(), path: self.path(), read_by: None, profile: None, on: None, dry_run }
    }

    /// Recognises the file again when its name or kind has changed. Only the first rows are read.
    fn look_again(&mut self, app: &App) {
        let now = (self.form.value("what").to_owned(), self.form.value("path").to_owned());
        if self.looked == now {
            return;
        }
        self.looked = now;
        self.outcome = None;
        let path = self.path();
        self.look = match self.what().holds() {
            _ if self.form.value("path").trim().is_empty() || !path.exists() => Look::Nothing,
            None if path.is_dir() => Look::Folder(toml_files(&path)),
            None => Look::Folder(1),
            Some(_) if path.is_dir() => Look::Nothing,
            Some(holds) => match recognise(&app.desk, &path, holds, None, None) {
                Ok(file) => match file.preview(LOOK_ROWS) {
                    Ok(preview) => Look::Known {
                        title: file.profile.title.clone(),
                        encoding: file.source.encoding_name(),
                        preview,
                    },
                    Err(bad) => Look::Bad(bad.to_string()),
                },
                Err(refusal) => Look::Bad(refusal.message()),
            },
        };
    }

    fn start(&mut self, app: &mut App, request: Request) -> Reply<App> {
        let dry_run = request.dry_run;
        self.outcome = None;
        match Job::start(app, request.clone()) {
            Ok(job) => {
                self.tried = Some(request);
                self.job = Some((job, dry_run));
                self.on_wake(app).and(Reply::begun())
            }
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    fn ended(&mut self, app: &mut App, dry_run: bool, outcome: Result<Outcome, Refusal>) -> Reply<App> {
        self.job = None;
        let answer = match outcome {
            Ok(answer) => answer,
            Err(refusal) => return Reply::refuse(refusal.message()),
        };
        if dry_run && !answer.already {
            let question = format!("{}：{}。现在导入？", answer.file, counts(&answer));
            self.outcome = Some(answer);
            return Reply::push(Confirm::new("run", "导入", &question).with_f2());
        }
        app.finder.refresh();
        app.refresh();
        let said = match answer.already {
            true => format!("{} 以前已导入，没有改动", answer.file),
            false => format!("{} 已导入：{}", answer.file, counts(&answer)),
        };
        self.outcome = Some(answer);
        Reply::say(said).and_forget(DRAFT)
    }

    fn pick_file(&self) -> Reply<App> {
        let typed = self.path();
        let folder = if typed.is_dir() {
            typed
        } else {
            typed.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| ".".into(), Path::to_owned)
        };
        let items = files_of(&folder);
        if items.is_empty() {
            return Reply::refuse(format!("文件夹 {} 里没有可导入的文件", folder.display()));
        }
        Reply::push(Pick::new("file", &folder.display().to_string(), items, initials))
    }
}

fn toml_files(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    files.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "toml")).count()
}

/// Folders and files an import can read, folders first.
fn files_of(folder: &Path) -> Vec<PickItem> {
    let mut found: Vec<(bool, String, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            let fits = path.is_dir() || ["csv", "txt", "xlsx", "dbf", "toml"].contains(&ending.as_str());
            (fits && !name.starts_with('.')).then(|| (path.is_file(), name, path))
        })
        .collect();
    found.sort();
    found.truncate(MOST_FILES);
    let up = folder.canonicalize().ok().and_then(|folder| folder.parent().map(Path::to_owned));
    let up = up.map(|up| PickItem { key: up.display().to_string(), label: "..".into(), note: "上一级".into() });
    let item = |(is_file, name, path): (bool, String, PathBuf)| PickItem {
        key: path.display().to_string(),
        label: name,
        note: if is_file { String::new() } else { "文件夹".into() },
    };
    up.into_iter().chain(found.into_iter().map(item)).collect()
}

/// 收下 537，未抄 10，退回 12，待确认 26 …
fn counts(answer: &Outcome) -> String {
    let mut words = vec![format!("共 {} 行", answer.rows), format!("收下 {}", answer.accepted)];
    if answer.unread > 0 {
        words.push(format!("未抄 {}", answer.unread));
    }
    for disposition in [Disposition::Refused, Disposition::Held, Disposition::Ignored, Disposition::Flagged] {
        let count = answer.count(disposition);
        if count > 0 {
            words.push(format!("{} {count}", disposition.label()));
        }
    }
    words.join("，")
}

impl Screen<App> for Import {
    fn place(&self) -> Place {
        Place::Import
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        "导入".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        if self.job.is_some() {
            return Vec::new();
        }
        let anew = self.form.resumed().map(|_| Command::Anew);
        [Command::RunImport, Command::Pick, Command::GoFixes].into_iter().chain(anew).collect()
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::RunImport if !self.form.check() => Reply::done(),
            Command::RunImport => {
                self.look_again(app);
                let request = self.request(true);
                self.start(app, request)
            }
            Command::Pick if self.form.focused() == "what" => {
                Reply::used_if(self.form.on_key(Key::f(4)) != FormEvent::Unused)
            }
            Command::Pick => self.pick_file(),
            Command::GoFixes => super::fixes(app, self.outcome.as_ref().and_then(|answer| answer.run)),
            Command::Anew => {
                let blank = of_form::thrown_away(app, DRAFT, |app| Ok(Self::new(app)));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        if self.job.is_some() {
            // Esc leaves, and with it the work stops; all other keys wait for its end.
            return Reply::used_if(key.code != Code::Esc);
        }
        let used = self.form.on_key(key) != FormEvent::Unused;
        if matches!(key.code, Code::Enter | Code::Tab | Code::Up | Code::Down | Code::Left | Code::Right) {
            self.look_again(app);
        }
        Reply::used_if(used)
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Reply<App> {
        let used = self.form.on_paste(text) != FormEvent::Unused;
        self.look_again(app);
        Reply::used_if(used)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("run", Given::Yes) => match self.tried.take() {
                Some(request) => self.start(app, Request { dry_run: false, ..request }),
                None => Reply::done(),
            },
            ("file", Given::Picked(path)) => {
                self.form.set("path", &path);
                self.form.focus_on("path");
                let folder = Path::new(&path).is_dir() && self.what().holds().is_some();
                self.look_again(app);
                if folder { self.pick_file() } else { Reply::done() }
            }
            _ => Reply::done(),
        }
    }

    fn on_wake(&mut self, app: &mut App) -> Reply<App> {
        let Some((job, dry_run)) = &self.job else { return Reply::unused() };
        let dry_run = *dry_run;
        match job.outcome() {
            Some(outcome) => self.ended(app, dry_run, outcome),
            None => Reply::done(),
        }
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        self.form.take_change().map(|values| Draft { key: DRAFT.into(), values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        if self.form.is_list_open() {
            return self.form.draw(&mut canvas.below(1)); // all of a list, not one row of it
        }
        let more = self.form.rows_more(canvas.width(), 4);
        self.form.draw(&mut canvas.part(0, 1, canvas.width(), 4 + more));
        let canvas = &mut canvas.below(more);
        let width = canvas.width().saturating_sub(2);
        if let Some((job, dry_run)) = &self.job {
            let progress = job.progress();
            let words = if *dry_run { "试导入，什么都不写" } else { "正在导入，可以按 Esc 停下" };
            canvas.text(1, 6, &format!("{words}：{}", progress.stage), Ink::Strong);
            gauge::progress(canvas, 8, progress.done, progress.total);
            return;
        }
        if let Some(answer) = &self.outcome {
            draw_outcome(canvas, answer);
            return;
        }
        match &self.look {
            Look::Nothing => {
                canvas.text(1, 6, "选好文件后，这里显示认出的方案和前几行", Ink::Faint);
            }
            Look::Folder(files) => {
                canvas.text(1, 6, &format!("{}文件 {files} 个", self.what().label()), Ink::Strong);
            }
            Look::Bad(why) => {
                canvas.paragraph(1, 6, width, &format!("! {why}"), Ink::Stop);
            }
            Look::Known { title, encoding, preview } => {
                canvas.text(
                    1,
                    6,
                    &format!("认出：{title}  编码 {encoding}  列 {}", preview.headings.len()),
                    Ink::Strong,
                );
                draw_preview(canvas, 8, preview);
            }
        }
    }
}

/// Heading and cell, row after row, as much as fits; columns nobody reads are faint, ID and card numbers are not shown.
fn draw_preview(canvas: &mut Canvas, top: u16, preview: &Preview) {
    let width = canvas.width().saturating_sub(2);
    let mut y = top;
    for (line, cells) in &preview.rows {
        if y + 2 > canvas.height() {
            break;
        }
        let shown = cells.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()).map(|(column, cell)| {
            let heading = preview.headings.get(column).map_or("", String::as_str);
            let field = preview.fields.get(column).and_then(Option::as_deref);
            let holds = field.map_or(Holds::Text, holds_of);
            format!("{heading} {}", fix_list::shown(cell.trim(), holds))
        });
        let text = format!("第{line}行  {}", shown.collect::<Vec<_>>().join("  "));
        canvas.text_in(1, y, width, &text, Ink::Text);
        y += 1;
    }
    let unknown: Vec<&str> = preview
        .headings
        .iter()
        .zip(&preview.fields)
        .filter(|(heading, field)| field.is_none() && !heading.is_empty())
        .map(|(heading, _)| heading.as_str())
        .collect();
    if !unknown.is_empty() && y < canvas.height() {
        canvas.text_in(1, y, width, &format!("不用的列：{}", unknown.join("、")), Ink::Faint);
    }
}

/// What came of the file, kind by kind.
fn draw_outcome(canvas: &mut Canvas, answer: &Outcome) {
    let how = match (answer.already, answer.dry_run) {
        (true, _) => "以前已导入",
        (_, true) => "试导入",
        _ => "已导入",
    };
    canvas.text(1, 6, &format!("{how}  {}", counts(answer)), Ink::Strong);
    let mut kinds: Vec<(Kind, u64)> = answer.defects.by_kind().iter().map(|(kind, count)| (*kind, *count)).collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rows = canvas.height().saturating_sub(9);
    for (y, (kind, count)) in (8..8 + rows).zip(&kinds) {
        let disposition = kind.disposition();
        canvas.text_in(3, y, 24, kind.label(), Ink::Text);
        canvas.number(28, y, 8, &count.to_string(), Ink::Text);
        let ink = if disposition == Disposition::Refused { Ink::Look } else { Ink::Faint };
        canvas.text(38, y, disposition.label(), ink);
    }
    let width = canvas.width().saturating_sub(2);
    let room = rows.saturating_sub(kinds.len() as u16).max(1).min(answer.notes.len() as u16);
    let first = canvas.height().saturating_sub(room);
    for (y, note) in (first..).zip(answer.notes.iter().take(usize::from(room))) {
        canvas.text_in(1, y, width, &format!("! {note}"), Ink::Look);
    }
}
