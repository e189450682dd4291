//! Home (首页): one box that finds everything, what waits today, and the way to every room.
//!
//! Enter opens the top hit of exactly the text typed: the search runs with the key itself, inside the frame's time, so there is
//! never a hit of an earlier text on the screen.

use std::borrow::Cow;

use crate::desk::intake_park::queue_form;
use crate::desk::refusal::RefusalKind;
use crate::desk::view_home::{self, FactLine, HitRow, HomeFacts, Opens};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::search::Answer;
use crate::text::toolkit as words;
use crate::tui::app::App;
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::screens::queue::{self, PutBy};
use crate::tui::theme::Ink;
use crate::tui::widgets::edit::{Edited, LineEdit};
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// What the box finds, said while nothing is typed.
const NOTHING_TYPED: &str = "打户号、表号、电话、姓名、拼音首字母、地址、单号，马上就找";
/// The address typed is not there.
const ONLY_NEAR: &str = "没有这一户，下面是相近的：要的话按 ↓ 选中";
/// Several are as good an answer.
const SEVERAL: &str = "有几户都对得上：按 ↓ 选中一户";
/// Payment and intake are an account's.
const NO_ACCOUNT: &str = "这一张没有户号：按 Enter 打开";
const MAY_NOT: &str = "您没有“查找”的权限，请找管理员";
/// Hits looked at for one text: as many as the tallest screen shows.
const HITS: usize = 60;
/// Cells of the column of what is owed.
const OWED: u16 = 12;
/// Rows below the list at least: rule, today, due, mine.
const FACTS: u16 = 4;
/// Where the words of these rows begin.
const FACT_X: usize = 7;
/// And at most, when there is something to be warned of.
const MOST_FACTS: u16 = 9;

/// The lowest layer of the stack.
pub struct Home {
    query: LineEdit,
    table: Table,
    hits: Vec<HitRow>,
    total: String,
    answer: Answer,
    facts: HomeFacts,
    /// What this person has put by under queue numbers.
    put_by: Vec<PutBy>,
    /// Who stood under the hand when it was last drawn, or acted on.
    seen: Option<Id>,
}

impl Home {
    /// Home for the person at the desk.
    pub fn new(app: &App) -> Self {
        let columns = vec![
            Column::text("", Width::Cells(10)),
            Column::text("", Width::Fill(8, 2)),
            Column::text("", Width::Fill(20, 5)).keeping_end(),
            Column::text("", Width::Cells(4)),
            Column::text("", Width::Cells(2)),
            Column::number("", OWED),
            Column::text("", Width::Cells(4)),
        ];
        let mut home = Self {
            query: LineEdit::new(80),
            table: Table::new(columns).when_empty(NOTHING_TYPED),
            hits: Vec::new(),
            total: String::new(),
            answer: Answer::First,
            facts: HomeFacts::default(),
            put_by: Vec::new(),
            seen: None,
        };
        home.read(app);
        home
    }

    fn read(&mut self, app: &App) {
        if let Ok(facts) = view_home::facts(&app.desk) {
            self.facts = facts;
        }
        self.put_by = queue::put_by(app);
        self.facts.lines.extend(put_by_line(&self.put_by));
        self.search_again(app);
    }

    fn search(&mut self, app: &App) {
        let found = view_home::find(&app.desk, self.query.text(), HITS, &app.finder.owes());
        let may = !found.as_ref().is_err_and(|refusal| refusal.kind == RefusalKind::Permission);
        let found = found.unwrap_or_default();
        self.total = found.total;
        let nothing = if may { words::NOTHING_FOUND } else { MAY_NOT };
        self.table.say_empty(if self.query.text().trim().is_empty() { NOTHING_TYPED } else { nothing });
        self.hits = found.rows;
        self.answer = found.answer;
        let typed = queue_form(self.query.text());
        let named = self.put_by.iter().find(|one| !typed.is_empty() && one.number == typed);
        if let Some(row) = named.and_then(|one| row_put_by(app, one)) {
            self.hits.insert(0, row);
            self.answer = Answer::First;
        }
    }

    /// Another text: the hand lies on the first hit, or on none where somebody must choose.
    fn search_anew(&mut self, app: &App) {
        self.table.select(0);
        self.search(app);
        if self.unclear().is_some() {
            self.table.lift();
        }
    }

    /// Why the first hit is not opened by itself.
    fn unclear(&self) -> Option<Cow<'static, str>> {
        match self.answer {
            _ if self.hits.is_empty() => None,
            Answer::First => None,
            Answer::Accounts(accounts) => Some(format!("这一处有 {accounts} 个户号：按 ↓ 选中一个").into()),
            Answer::Several => Some(SEVERAL.into()),
            Answer::Near => Some(ONLY_NEAR.into()),
        }
    }

    /// The same text again, because what is owed has changed: who was seen under the hand stays under it.
    fn search_again(&mut self, app: &App) {
        let kept = self.chosen().filter(|id| self.seen == Some(*id));
        self.search(app);
        let stays = self.table.follow(kept, self.hits.iter().map(|hit| hit.id)) && kept.is_some();
        match self.unclear() {
            _ if stays => {}
            Some(_) => self.table.lift(),
            None if self.table.is_lifted() => self.table.select(0),
            None => {}
        }
    }

    fn hit(&self) -> Option<&HitRow> {
        self.hits.get(self.table.selected()).filter(|_| !self.table.is_lifted())
    }

    fn chosen(&self) -> Option<Id> {
        self.hit().map(|hit| hit.id)
    }

    /// Enter: what stands under the bar, whole.
    fn open(&mut self, app: &mut App) -> Reply<App> {
        match self.hit().map(|hit| (hit.opens, hit.id)) {
            Some((Opens::Order, id)) => super::order(app, id),
            Some((Opens::Receipt, id)) => super::receipt(app, &id.to_string()),
            Some((Opens::Account, _)) | None => self.with_chosen(app, super::customer),
        }
    }

    fn with_chosen(&mut self, app: &mut App, open: fn(&mut App, Id) -> Reply<App>) -> Reply<App> {
        self.seen = self.chosen();
        match self.seen {
            Some(_) if self.hit().is_some_and(|hit| hit.opens != Opens::Account) => Reply::refuse(NO_ACCOUNT),
            Some(id) => open(app, id),
            None => Reply::refuse(self.unclear().unwrap_or("先在查找框里找到这一户".into())),
        }
    }
}

impl Screen<App> for Home {
    fn place(&self) -> Place {
        Place::Home
    }

    fn title(&self, _: &App) -> String {
        "首页".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        vec![Command::Open, Command::GoPay, Command::GoIntake, Command::GoDispatch, Command::Menu, Command::Lock]
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Open => {
                // What the number typed names, unless the bar was moved to somebody else.
                let on_top = self.table.is_lifted() || self.table.selected() == 0;
                let named = if on_top { super::named(app, self.query.text()) } else { None };
                named.unwrap_or_else(|| self.open(app))
            }
            Command::GoPay => self.with_chosen(app, super::pay),
            Command::GoIntake => {
                if let Some(why) = self.unclear().filter(|_| self.table.is_lifted()) {
                    return Reply::refuse(why);
                }
                let chosen = self.hit().filter(|hit| hit.opens == Opens::Account).map(|hit| hit.id);
                super::intake(app, chosen.filter(|_| !self.query.text().trim().is_empty()))
            }
            Command::GoDispatch => super::dispatch(app),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        if key.typed().is_none() && self.table.on_key(key, self.hits.len()) != TableEvent::Unused {
            return Reply::done();
        }
        match self.query.on_key(key) {
            Edited::Unused => Reply::unused(),
            Edited::Moved => Reply::done(),
            Edited::Changed => {
                self.search_anew(app);
                Reply::done()
            }
        }
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Reply<App> {
        self.query.insert_str(text);
        self.search_anew(app);
        Reply::done()
    }

    fn on_wake(&mut self, app: &mut App) -> Reply<App> {
        self.search_again(app);
        Reply::done()
    }

    fn on_return(&mut self, app: &mut App) {
        self.read(app);
    }

    fn draft(&mut self) -> Option<Draft> {
        None
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        self.seen = self.chosen();
        let width = canvas.width();
        let x = canvas.text(1, 0, "找 > ", Ink::Accent);
        let all = app.finder.accounts().map(|all| format!(" / {} 户", grouped(all))).unwrap_or_default();
        let total = format!("{}{all}", self.total);
        let cells = u16::try_from(crate::tui::safe::cells(&total)).unwrap_or(0);
        canvas.text(width.saturating_sub(cells + 1), 0, &total, Ink::Faint);
        let (shown, at) = self.query.view(width.saturating_sub(x + cells + 3));
        canvas.text(x, 0, &shown, Ink::Strong);
        let facts = self.fact_lines(width);
        let rows = u16::try_from(facts.len() + 1).unwrap_or(MOST_FACTS).max(FACTS);
        let list = canvas.height().saturating_sub(1 + rows);
        let said = self.unclear();
        if let Some(said) = &said {
            canvas.text(4, 1, said, Ink::Look);
        }
        let top = u16::from(said.is_some());
        let hits = &self.hits;
        // The sums stand under one another, as wide as the widest.
        let sums = hits.iter().map(|hit| crate::tui::safe::cells(&owed(hit.owed))).max().unwrap_or(0);
        self.table.draw(&mut canvas.part(0, 1 + top, width, list.saturating_sub(top)), hits.len(), false, |row| {
            row_of(&hits[row], sums)
        });
        draw_facts(canvas, canvas.height().saturating_sub(rows), &facts);
        canvas.cursor(x + at, 0);
    }
}

/// What is put by, as the list of home shows it.
fn row_put_by(app: &App, one: &PutBy) -> Option<HitRow> {
    let account = app.desk.look().ok()?.account(one.account).ok()??;
    Some(HitRow {
        no: account.no.clone(),
        name: account.name,
        address: format!("排队号 {}  {}", one.number, one.opens.label()),
        state: "挂起".into(),
        ..HitRow::blank(one.account, app.desk.look().ok()?.owed(one.account).ok()?)
    })
}

/// The line that keeps what is put by from being forgotten.
fn put_by_line(put_by: &[PutBy]) -> Option<FactLine> {
    let words: Vec<String> = put_by.iter().map(|one| format!("{} {}", one.number, one.opens.label())).collect();
    let text = format!("{} 件，排队号 {}", words.len(), words.join("、"));
    (!words.is_empty()).then(|| FactLine { head: "挂起".into(), text, look: true, warning: false })
}

/// A sum that has no room to the fen stands in ten thousands: on the customer's file it is whole.
fn owed(sum: Fen) -> String {
    if sum.0 < 100_000_000 { sum.grouped() } else { format!("{}万", Fen(sum.0 / 10_000).grouped()) }
}

fn row_of(hit: &HitRow, sums: usize) -> Row {
    let ink = if hit.owed.0 > 0 { Ink::Look } else { Ink::Text };
    let sum = owed(hit.owed);
    let blanks = " ".repeat(sums.saturating_sub(crate::tui::safe::cells(&sum)));
    let owed = if hit.owed.0 > 0 { format!("欠{blanks}{sum}") } else { sum };
    Row::new([&hit.no, &hit.name, &hit.address, &hit.class_word, hit.utility_word])
        .cell(owed, ink)
        .cell(&hit.state, Ink::Text)
}

fn grouped(count: i64) -> String {
    crate::rules::money::Milli::whole(count).grouped()
}

/// A line of home as it is drawn: its head where it begins, the words, their ink.
type Drawn = (String, String, Ink);

impl Home {
    /// The lines below the list. What must be seen is told to its end, over as many lines as it takes; when that is more than there is
    /// room for, its end gives way, never what waits today.
    fn fact_lines(&self, width: u16) -> Vec<Drawn> {
        let wrapped = |line: &FactLine| -> Vec<Drawn> {
            let head = crate::tui::safe::cells(&line.head) + 4;
            let ink = if line.look { Ink::Look } else { Ink::Text };
            let parts = crate::tui::safe::wrap(&line.text, usize::from(width).saturating_sub(head));
            let first = |row: usize| if row == 0 { line.head.clone() } else { String::new() };
            parts.into_iter().enumerate().map(|(row, text)| (first(row), text, ink)).collect()
        };
        let (warnings, others): (Vec<_>, Vec<_>) = self.facts.lines.iter().partition(|line| line.warning);
        let whole =
            |line: &FactLine| (line.head.clone(), line.text.clone(), if line.look { Ink::Look } else { Ink::Text });
        let mut lines: Vec<Drawn> = warnings.into_iter().flat_map(wrapped).collect();
        // Rows that would be left blank take what a line has no room for.
        let fits_whole = |line: &FactLine| crate::tui::safe::cells(&line.text) + FACT_X <= usize::from(width);
        let told = |line: &FactLine| if fits_whole(line) { vec![whole(line)] } else { wrapped(line) };
        let told: Vec<Drawn> = others.iter().copied().flat_map(told).collect();
        let fits = lines.len() + told.len() < usize::from(FACTS);
        let others: Vec<Drawn> = if fits { told } else { others.into_iter().map(whole).collect() };
        lines.truncate(usize::from(MOST_FACTS - 1).saturating_sub(others.len()));
        lines.extend(others);
        lines
    }
}

fn draw_facts(canvas: &mut Canvas, top: u16, lines: &[Drawn]) {
    canvas.rule(top, "", Ink::Faint);
    for (row, (head, text, ink)) in (1u16..).zip(lines) {
        canvas.text(1, top + row, head, Ink::Strong);
        canvas.text(FACT_X as u16, top + row, text, *ink);
    }
}
