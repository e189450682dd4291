//! Exchange (交换): what waits for whom, what is confirmed and until when, what is held or refused; F2 writes the bundles onto the
//! stick and reads them back, F6 takes in those on it. Keys of the site that are locked ask for their passphrase first; it is kept
//! nowhere, neither in a draft nor in a log.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::exchange_job::{Job, Way};
use super::of_form;
use crate::desk::exchange::Answer as Outcome;
use crate::desk::refusal::Refusal;
use crate::desk::view_exchange::{self, ExchangeView, PeerLine, Trouble};
use crate::exchange::sticks;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{AskForm, Pick, PickItem};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::gauge;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows below the list of sites: rule, held and refused ones.
const TROUBLES: u16 = 7;
/// Warnings shown at most.
const WARNINGS: usize = 3;

/// The screen.
pub struct Exchange {
    form: Form,
    view: ExchangeView,
    table: Table,
    job: Option<Job>,
    said: Option<(Ink, String)>,
}

impl Exchange {
    /// How things stand, with the stick that is in.
    pub fn new(app: &App) -> Result<Self, Refusal> {
        let columns = vec![
            Column::text("网点", Width::Cells(5)),
            Column::text("名称", Width::Fill(8, 1)),
            Column::number("待送", 9),
            Column::text("对方确认到", Width::Cells(15)),
            Column::text("上次导出", Width::Cells(11)),
            Column::text("对方账齐到", Width::Cells(15)),
        ];
        let stick = sticks::find().into_iter().next();
        let stick = stick.map(|path| path.display().to_string()).unwrap_or_default();
        let fields = vec![Field::text("place", "盘", 400).required().hint("F4 选盘，或打文件夹").value(&stick)];
        Ok(Self {
            form: Form::new(fields, app.desk.today(), initials),
            view: view_exchange::view(&app.desk)?,
            table: Table::new(columns).when_empty("还没有登记总部或网点，请用 site trust / site enrol 登记"),
            job: None,
            said: None,
        })
    }

    fn read(&mut self, app: &App) {
        if let Ok(view) = view_exchange::view(&app.desk) {
            self.view = view;
        }
    }

    fn place_typed(&self) -> PathBuf {
        let typed = self.form.value("place").trim();
        match typed.strip_prefix("~/").zip(directories::UserDirs::new()) {
            Some((rest, folders)) => folders.home_dir().join(rest),
            None => PathBuf::from(typed),
        }
    }

    fn start(&mut self, app: &mut App, way: Way) -> Reply<App> {
        self.said = None;
        if !self.form.check() {
            return Reply::done();
        }
        if app.desk.are_site_keys_locked() {
            return ask_passphrase(app, way, None);
        }
        match Job::start(app, way, self.place_typed()) {
            Ok(job) => {
                self.job = Some(job);
                self.on_wake(app).and(Reply::begun())
            }
            Err(refusal) => self.failed(&refusal),
        }
    }

    fn failed(&mut self, refusal: &Refusal) -> Reply<App> {
        self.said = Some((Ink::Stop, format!("x {}", refusal.message())));
        Reply::refuse(refusal.message())
    }

    fn ended(&mut self, app: &mut App, way: Way, outcome: Result<Outcome, Refusal>) -> Reply<App> {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(refusal) => {
                self.read(app);
                return self.failed(&refusal);
            }
        };
        app.desk.reload_keys();
        app.finder.refresh();
        app.refresh();
        self.read(app);
        let (ink, mut said) = summary(way, &answer);
        let dropped = answer.bundles.iter().filter_map(|line| line.dropped.as_ref());
        for notice in answer.notices.iter().chain(dropped) {
            said = format!("{said}；注意：{notice}");
        }
        self.said = Some((ink, said.clone()));
        Reply::done().and_toast(said, ink)
    }

    /// Unlocks the site's keys with what was typed, for as long as the program runs, and goes on.
    fn unlock(&mut self, app: &mut App, way: Way, values: &Map<String, Value>) -> Reply<App> {
        let typed = values.get("passphrase").and_then(Value::as_str).unwrap_or_default();
        match app.desk.unlock_site_keys(Some(typed)) {
            Ok(_) => {
                self.read(app);
                self.start(app, way)
            }
            Err(refusal) => ask_passphrase(app, way, Some(refusal.message())),
        }
    }

    fn pick_stick(&self) -> Reply<App> {
        let items: Vec<PickItem> = sticks::find()
            .into_iter()
            .map(|path| PickItem {
                key: path.display().to_string(),
                label: path.display().to_string(),
                note: String::new(),
            })
            .collect();
        if items.is_empty() {
            let names = sticks::FOLDERS.join("” 或 “");
            return Reply::refuse(format!("没有找到盘：盘里要有文件夹 “{names}”；也可以直接打文件夹的路径"));
        }
        Reply::push(Pick::new("stick", "盘", items, initials))
    }
}

/// Asks for the passphrase of the site's keys; after a wrong one with the mistake at its field, which is empty again.
fn ask_passphrase(app: &App, way: Way, mistake: Option<String>) -> Reply<App> {
    let field = Field::secret("passphrase", "口令").required().hint("不保存，退出程序后要重输");
    let mut form = Form::new(vec![field], app.desk.today(), initials);
    form.fail(mistake.map(|sentence| ("passphrase", sentence)));
    let tag = if way == Way::Out { "unlock-out" } else { "unlock-in" };
    Reply::push(AskForm::new(tag, "网点密钥的口令", form))
}

/// What an export or import came to.
fn summary(way: Way, answer: &Outcome) -> (Ink, String) {
    let (mut entries, mut fresh, mut held, mut refused) = (0, 0, 0, 0);
    for line in &answer.bundles {
        entries += line.entries;
        fresh += line.new;
        held += usize::from(line.held.is_some());
        refused += usize::from(line.refused.is_some());
    }
    let bundles = answer.bundles.len();
    match way {
        Way::Out => (Ink::Strong, format!("已导出 {bundles} 个交换包，{entries} 张凭单，读回核对无误，可以取盘")),
        Way::In if bundles == 0 => (Ink::Look, "盘里没有给本网点的交换包，请检查盘和文件夹".to_owned()),
        Way::In => {
            let ink = if held + refused > 0 { Ink::Look } else { Ink::Strong };
            (ink, format!("收进 {bundles} 个交换包，新 {fresh} 张凭单，挂起 {held} 个，不收 {refused} 个，可以取盘"))
        }
    }
}

impl Screen<App> for Exchange {
    fn place(&self) -> Place {
        Place::Exchange
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        "交换".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        match self.job {
            Some(_) => Vec::new(),
            None => vec![Command::BundlesOut, Command::BundlesIn, Command::Pick, Command::GoExceptions],
        }
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::BundlesOut => self.start(app, Way::Out),
            Command::BundlesIn => self.start(app, Way::In),
            Command::Pick => self.pick_stick(),
            Command::GoExceptions => super::exceptions(app),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        if self.job.is_some() {
            // Esc leaves; the work goes on to its end. All other keys wait for it.
            return Reply::used_if(key.code != Code::Esc);
        }
        if matches!(key.code, Code::Up | Code::Down | Code::PageUp | Code::PageDown)
            && self.table.on_key(key, self.view.peers.len()) != TableEvent::Unused
        {
            return Reply::done();
        }
        Reply::used_if(self.form.on_key(key) != FormEvent::Unused)
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("stick", Given::Picked(path)) => self.form.set("place", &path),
            ("unlock-out", Given::Values(values)) => return self.unlock(app, Way::Out, &values),
            ("unlock-in", Given::Values(values)) => return self.unlock(app, Way::In, &values),
            _ => {}
        }
        Reply::done()
    }

    fn on_wake(&mut self, app: &mut App) -> Reply<App> {
        let Some(job) = &self.job else { return Reply::unused() };
        let way = job.way;
        match job.outcome() {
            Some(outcome) => {
                self.job = None;
                self.ended(app, way, outcome)
            }
            None => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        self.read(app);
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let room = width.saturating_sub(2);
        let mut y = 2 + self.form.rows_more(width, 2);
        self.form.draw(&mut canvas.part(0, 0, width, y));
        if let Some(job) = &self.job {
            let words = if job.way == Way::Out {
                "正在导出，读回核对之前不要拔盘"
            } else {
                "正在收进，不要拔盘"
            };
            let (done, total) = job.progress();
            canvas.text(1, y, words, Ink::Look);
            gauge::progress(canvas, y + 1, done, total);
            y += 3;
        } else if let Some((ink, said)) = &self.said {
            y = canvas.paragraph(1, y, room, said, *ink) + 1;
        }
        if self.view.locked {
            let words = "! 网点密钥已锁：导出或收进时输一次口令";
            y = canvas.paragraph(1, y, room, words, Ink::Look);
        }
        for warning in self.view.warnings.iter().take(WARNINGS) {
            y = canvas.paragraph(1, y, room, &format!("! {warning}"), Ink::Look);
        }
        let list = height.saturating_sub(y + TROUBLES);
        let peers = &self.view.peers;
        self.table.draw(&mut canvas.part(0, y, width, list), peers.len(), false, |row| peer_row(&peers[row]));
        draw_troubles(canvas, y + list, &self.view);
    }
}

fn peer_row(peer: &PeerLine) -> Row {
    let ink = if peer.waiting > 0 { Ink::Text } else { Ink::Faint };
    let row = Row::new([&peer.site])
        .cell(&peer.name, Ink::Text)
        .cell(grouped(peer.waiting), ink)
        .cell(upto(&peer.confirmed, &peer.confirmed_at), Ink::Text)
        .cell(short(&peer.sent_at), Ink::Faint);
    match (peer.revoked, peer.frozen) {
        (true, _) => row.cell("密钥已停用", Ink::Stop),
        (_, true) => row.cell("已冻结", Ink::Stop),
        _ => row.cell(upto(&peer.complete_to, &peer.complete_at), Ink::Text),
    }
}

fn grouped(count: i64) -> String {
    crate::rules::money::Milli::whole(count).grouped()
}

/// `1-97 11-20`, or never.
fn upto(place: &str, at: &str) -> String {
    if place.is_empty() { "从未".to_owned() } else { format!("{place} {}", at.get(5..10).unwrap_or_default()) }
}

/// `11-20 19:30` of a moment as tables hold it.
fn short(at: &str) -> String {
    at.get(5..16).map_or_else(|| "从未".to_owned(), |part| part.replace('T', " "))
}

fn draw_troubles(canvas: &mut Canvas, top: u16, view: &ExchangeView) {
    let held = view.troubles.iter().filter(|trouble| trouble.held).count();
    let refused = view.troubles.len() - held;
    let mut words = format!("挂起 {held}  不收 {refused}  疑问 {}", view.exceptions);
    if let Some(until) = view.approves_until {
        words = format!("{words}  审批权限有效到 {}", until.format("%m-%d"));
    }
    canvas.rule(top, &words, if held + refused > 0 { Ink::Look } else { Ink::Faint });
    let room = canvas.width().saturating_sub(2);
    for (y, trouble) in (top + 1..canvas.height()).zip(&view.troubles) {
        canvas.text_in(1, y, room, &trouble_text(trouble), if trouble.held { Ink::Look } else { Ink::Text });
    }
}

fn trouble_text(trouble: &Trouble) -> String {
    let word = if trouble.held { "挂起" } else { "不收" };
    format!("{word} {} {}  {}", short(&trouble.at), trouble.file, trouble.why)
}
