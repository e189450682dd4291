//! The toolkit's gallery: a form with every kind of field, and a screen with every other widget. Both follow the page
//! "how to write a screen" in `src/tui/mod.rs`; they belong to the tests, the program has no such screen.

#![allow(dead_code)] // each test binary uses its own part

use chrono::NaiveDate;
use meterdesk::tui::canvas::Canvas;
use meterdesk::tui::format;
use meterdesk::tui::input::Waker;
use meterdesk::tui::key::Key;
use meterdesk::tui::keymap::{Command, Place};
use meterdesk::tui::screen::{Answer, Context, Draft, Given, Reply, Screen, TopLine, Waiting};
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::{Ink, Theme};
use meterdesk::tui::widgets::ask::{AskForm, Confirm, Pick, PickItem};
use meterdesk::tui::widgets::compare;
use meterdesk::tui::widgets::field::Field;
use meterdesk::tui::widgets::form::{Form, FormEvent};
use meterdesk::tui::widgets::gauge;
use meterdesk::tui::widgets::kind::Choice;
use meterdesk::tui::widgets::suggest;
use meterdesk::tui::widgets::table::{Column, Row, Table, TableEvent, Width};
use pinyin::ToPinyin;
use std::time::Duration;

/// What the gallery's screens share.
#[derive(Default)]
pub struct Hall {
    pub practice: bool,
    pub saved: Vec<String>,
    pub drafts: Vec<Draft>,
    pub forgotten: Vec<String>,
    pub idle: Option<Duration>,
    pub waker: Option<Waker>,
    pub ran: Vec<Command>,
}

impl Context for Hall {
    fn top_line(&self) -> TopLine {
        let left = ["城南营业所 B03", "王芳 营业员", "营业日 11-21", "班次 1"];
        TopLine {
            left: left.map(String::from).to_vec(),
            right: vec![
                Waiting { text: "待上传 37".into(), ink: Ink::Text },
                Waiting { text: "! 疑问 2".into(), ink: Ink::Look },
            ],
        }
    }

    fn is_practice(&self) -> bool {
        self.practice
    }

    fn run(&mut self, command: Command) -> Reply<Self> {
        self.ran.push(command);
        match command {
            Command::Find => Reply::home(),
            Command::Menu => Reply::push(Pick::new("menu", "菜单", menu(), initials)),
            _ => Reply::unused(),
        }
    }

    fn lock_screen(&mut self) -> Option<Box<dyn Screen<Self>>> {
        Some(Box::new(Locked {
            form: Form::new(vec![Field::secret("password", "密码").required()], today(), initials),
        }))
    }

    fn idle_limit(&self) -> Option<Duration> {
        self.idle
    }

    fn keep_draft(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    fn forget_draft(&mut self, key: &str) {
        self.forgotten.push(key.into());
    }
}

pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
}

pub fn initials(words: &str) -> String {
    words
        .chars()
        .filter_map(|c| match c.to_pinyin() {
            Some(p) => p.plain().chars().next(),
            None => c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase()),
        })
        .collect()
}

pub fn stack(theme: Theme) -> Stack<Hall> {
    Stack::new(FormGallery::new(), theme, initials)
}

fn menu() -> Vec<PickItem> {
    [("pay", "收费", "F5"), ("dispatch", "派工台", "F7"), ("swap", "水表拆换", ""), ("import", "导入", "")]
        .map(|(key, label, note)| PickItem { key: key.into(), label: label.into(), note: note.into() })
        .to_vec()
}

/// A form with every kind of field.
pub struct FormGallery {
    pub form: Form,
    waiting: bool,
}

impl FormGallery {
    pub fn new() -> Self {
        let streets = ["人民路", "建设路", "光明小区", "建设东路"].map(String::from).to_vec();
        let classes = [("resident", "居民"), ("non_resident", "非居民"), ("special", "特种")];
        let fields = vec![
            Field::fixed(Field::text("account", "户号", 12).value("10023377 王芳")),
            Field::text("name", "户名", 30).required().hint("证件上的全名"),
            Field::phone("phone", "电话").half(),
            Field::date("date", "拆换日期").required().half(),
            Field::text("street", "街道", 40).suggest(suggest::from_words(streets, initials)),
            Field::choice("class", "用水性质", classes.map(|(c, l)| Choice::new(c, l)).to_vec()).required().half(),
            Field::code("meter", "表号", 12).half(),
            Field::number("reading", "止码", 0).unit("m3").half(),
            Field::number("amount", "实收", 2).unit("元").required().half(),
            Field::check("agent", "代办").hint("空格 勾选"),
            Field::secret("password", "密码"),
            Field::text("remark", "备注", 100),
        ];
        Self { form: Form::new(fields, today(), initials), waiting: false }
    }
}

impl Screen<Hall> for FormGallery {
    fn place(&self) -> Place {
        Place::Gallery
    }

    fn title(&self, _: &Hall) -> String {
        "样张 各种格子".into()
    }

    fn keys(&self, _: &Hall) -> Vec<Command> {
        let mut keys = vec![Command::Save, Command::Explain, Command::Park];
        if self.form.can_pick() {
            keys.insert(1, Command::Pick);
        }
        keys
    }

    fn on_command(&mut self, command: Command, _: &mut Hall) -> Reply<Hall> {
        match command {
            Command::Save if !self.form.check() => Reply::done(),
            Command::Save => Reply::push(Confirm::new("save", "保存", "保存这张单子？")),
            Command::Explain => Reply::push(ListGallery::new()),
            Command::Park => {
                let fields = vec![Field::text("reason", "原因", 40).required(), Field::number("queue", "排队号", 0)];
                Reply::push(AskForm::new("park", "挂起", Form::new(fields, today(), initials)))
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, hall: &mut Hall) -> Reply<Hall> {
        match key {
            k if k == Key::ctrl('e') => panic!("样张要的崩溃"),
            k if k == Key::ctrl('o') => {
                // A worker that falls must not spoil the screen; one that answers wakes it.
                let waker = hall.waker.clone();
                self.waiting = true;
                std::thread::spawn(move || {
                    let fallen = std::thread::spawn(|| panic!("后台的崩溃")).join();
                    assert!(fallen.is_err());
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                });
                Reply::done()
            }
            _ => Reply::used_if(self.form.on_key(key) != FormEvent::Unused),
        }
    }

    fn on_paste(&mut self, text: &str, _: &mut Hall) -> Reply<Hall> {
        Reply::used_if(self.form.on_paste(text) != FormEvent::Unused)
    }

    fn on_wake(&mut self, _: &mut Hall) -> Reply<Hall> {
        if std::mem::take(&mut self.waiting) { Reply::push(ListGallery::new()) } else { Reply::unused() }
    }

    fn waits(&self) -> bool {
        self.waiting
    }

    fn on_answer(&mut self, answer: Answer, hall: &mut Hall) -> Reply<Hall> {
        match (answer.tag, answer.given) {
            ("save", Given::Yes) => {
                hall.saved.push(self.form.value("name").into());
                Reply::say("已保存").and_forget("gallery")
            }
            ("park", Given::Values(values)) => {
                Reply::say(format!("已挂起：{}", values["reason"].as_str().unwrap_or("")))
            }
            ("menu", Given::Picked(key)) => Reply::say(format!("选了 {key}")),
            _ => Reply::done(),
        }
    }

    fn draft(&mut self) -> Option<Draft> {
        self.form.take_change().map(|values| Draft { key: "gallery".into(), values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &Hall) {
        self.form.draw(&mut canvas.below(1));
    }
}

/// A list with ticks, an after-picture, bars and a progress bar.
pub struct ListGallery {
    pub table: Table,
    pub rows: usize,
}

impl ListGallery {
    pub fn new() -> Self {
        let columns = vec![
            Column::text("工单", Width::Cells(10)),
            Column::text("地址", Width::Fill(12, 1)),
            Column::number("欠费", 12),
            Column::text("状态", Width::Cells(6)),
        ];
        Self { table: Table::new(columns).with_ticks().when_empty("没有工单，F6 受理后才有"), rows: 40 }
    }

    fn row(i: usize) -> Row {
        let address =
            ["人民路12号33幢2单元0502", "建设路3号\u{1b}[31m", "光明小区·2-1-0301 “老王”面馆后门左手第二家"][i % 3];
        let owed = format::grouped(["0.00", "1204.00", "85.00"][i % 3]);
        let row = Row::new([format!("B03.1.{}", 3981 + i), address.into(), owed]);
        let row = row.cell(["通水", "欠费", "封表"][i % 3], if i % 3 == 1 { Ink::Look } else { Ink::Text });
        if i % 3 == 1 { row.marked(Ink::Look) } else { row }
    }
}

impl Screen<Hall> for ListGallery {
    fn place(&self) -> Place {
        Place::Gallery
    }

    fn title(&self, _: &Hall) -> String {
        "样张 清单和对照".into()
    }

    fn keys(&self, _: &Hall) -> Vec<Command> {
        vec![Command::Tick]
    }

    fn on_key(&mut self, key: Key, _: &mut Hall) -> Reply<Hall> {
        match self.table.on_key(key, self.rows) {
            TableEvent::Unused => Reply::unused(),
            TableEvent::Open(i) => Reply::push(Confirm::new("open", "打开", &format!("打开第 {i} 行？")).with_f2()),
            TableEvent::Moved | TableEvent::Ticked(_) => Reply::done(),
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &Hall) {
        let (width, height) = (canvas.width(), canvas.height());
        self.table.draw(&mut canvas.part(0, 0, width, height - 10), self.rows, true, Self::row);
        let y = height - 10;
        canvas.rule(y, "水量修改 V1 复表差异", Ink::Strong);
        let lines = [
            ("用量", "", "222 m3", "", "22 m3", "-200", false),
            ("一级", "180x5", "900.00", "22x5", "110.00", "-790.00", false),
            ("二级", "42x7", "294.00", "", "0.00", "-294.00", false),
            ("合计", "", "1,205.94", "", "111.10", "-1,094.84", true),
        ];
        let lines = lines.map(|(name, before_note, before, after_note, after, difference, strong)| compare::Line {
            name: name.into(),
            before_note: before_note.into(),
            before: before.into(),
            after_note: after_note.into(),
            after: after.into(),
            difference: difference.into(),
            strong,
        });
        compare::draw(&mut canvas.below(y + 1), &lines);
        let bars = format!("用量 11|{}|8  本年 104 m3", gauge::bars(&[11, 12, 14, 18, 22, 25, 25, 21, 17, 13, 12, 8]));
        canvas.text(1, y + 7, &bars, Ink::Text);
        gauge::progress(canvas, y + 8, 132, 180);
    }
}

/// A lock: opens with any password, and nothing else works.
struct Locked {
    form: Form,
}

impl Screen<Hall> for Locked {
    fn place(&self) -> Place {
        Place::Login
    }

    fn title(&self, _: &Hall) -> String {
        "已锁屏".into()
    }

    fn keys(&self, _: &Hall) -> Vec<Command> {
        Vec::new()
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn on_key(&mut self, key: Key, _: &mut Hall) -> Reply<Hall> {
        match self.form.on_key(key) {
            FormEvent::Submit if self.form.check() => Reply::pop(),
            event => Reply::used_if(event != FormEvent::Unused),
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &Hall) {
        self.form.draw(&mut canvas.below(1));
    }
}
