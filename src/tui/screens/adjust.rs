//! Special handling (特殊处理): choose the kind, the bills, the change; see before and after while typing; F2 asks for it.
//!
//! What F2 asks for is what is seen: the hash of the picture goes with it, and when the account has moved since, the new picture
//! is shown and nothing is written.

use serde_json::{Map, Value, json};

use super::adjust_picture;
use super::mistakes;
use super::of_form;
use super::queue::{self, Queue};
use crate::desk::action::read_input;
use crate::desk::adjusting::Ask;
use crate::desk::adjustment_preview::Output as Preview;
use crate::desk::refusal::Refusal;
use crate::desk::view_adjust::{self, AdjustView};
use crate::rules::adjustment::{Family, Kind};
use crate::rules::classes;
use crate::rules::customer;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::kind::{self, Choice};
use crate::tui::widgets::table::{Column, Row, Table, Width};

/// Rows of the form and of the bills at 80×24.
const FORM: u16 = 4;
const BILLS: u16 = 4;
/// Rows kept beside a form with mistakes: the rule, three of the picture, two of the path.
const LEAST: u16 = 6;

/// The screen.
pub struct Adjust {
    view: AdjustView,
    form: Form,
    table: Table,
    shown: Result<Preview, Refusal>,
    top: usize,
    queue: Queue,
}

impl Adjust {
    /// Special handling of an account, with what was typed before.
    pub fn new(app: &App, account: Id) -> Result<Self, Refusal> {
        let view = view_adjust::open(&app.desk, account)?;
        let columns = vec![
            Column::number("行", 3),
            Column::text("账期", Width::Cells(9)),
            Column::number("用量", 8),
            Column::number("应收", 12),
            Column::number("未缴", 12),
            Column::number("违约金", 10),
            Column::text("账单", Width::Fill(10, 1)),
        ];
        let table = Table::new(columns).when_empty("没有可以处理的账单");
        let mut screen = Self {
            form: form(&view),
            table,
            shown: Err(Refusal::usage("请选种类")),
            top: 0,
            queue: Queue::default(),
            view,
        };
        let key = screen.draft_key();
        screen.queue = app.draft(&key).map(|kept| Queue::of(&kept)).unwrap_or_default();
        app.resume(&mut screen.form, &key);
        screen.fit_form();
        screen.look(app);
        Ok(screen)
    }

    /// The same, with the kind that a change of this field of the file needs already chosen.
    pub fn for_field(app: &App, account: Id, key: &str) -> Result<Self, Refusal> {
        let mut screen = Self::new(app, account)?;
        let kind = match (customer::unit_of(key) == customer::CLASS, screen.view.account.class_confirmed) {
            (false, _) => Kind::D1,
            (true, _) if key == "mix" => Kind::P1,
            (true, true) => Kind::P4,
            (true, false) => Kind::P3,
        };
        screen.form.set("kind", kind.code());
        if kind == Kind::D1 {
            screen.form.set("fact", key);
        }
        if kind.family() == Family::Price {
            screen.form.set("bills", "");
        }
        screen.fit_form();
        screen.look(app);
        Ok(screen)
    }

    fn draft_key(&self) -> String {
        format!("adjust/{}", self.view.account.id)
    }

    fn kind(&self) -> Option<Kind> {
        Kind::read(self.form.value("kind")).ok()
    }

    /// Only the parts of the kind's list stand on the form.
    fn fit_form(&mut self) {
        let kind = self.kind();
        let family = kind.map(Kind::family);
        self.form.show("volume", family == Some(Family::Volume));
        self.form.show("reading", family == Some(Family::Volume));
        self.form.show("class", matches!(kind, Some(Kind::P3 | Kind::P4)));
        self.form.show("mix", kind == Some(Kind::P1));
        self.form.show("from", family == Some(Family::Price));
        self.form.show("fact", family == Some(Family::File));
        self.form.show("value", family == Some(Family::File));
        self.form.show("bills", family != Some(Family::File));
        self.form.show("waive", family == Some(Family::LateFee));
        self.form.show("until", family == Some(Family::LateFee));
        self.form.show("order", matches!(kind, Some(Kind::P1 | Kind::P4 | Kind::V1 | Kind::V4)));
    }

    /// The bills whose rows were typed: `1 3`.
    fn bills(&self) -> Vec<String> {
        let rows = self.form.value("bills").split(parts_list).filter(|part| !part.is_empty());
        rows.map(|row| row.chars().map(kind::half_width).collect::<String>())
            .map(|row| {
                let at = row.parse::<usize>().ok().and_then(|row| row.checked_sub(1));
                at.and_then(|at| self.view.bills.get(at))
                    .map_or_else(|| row.to_owned(), |(bill, _)| bill.id.to_string())
            })
            .collect()
    }

    /// The volumes typed, one a bill, each as the program prints it or plain. A comma stands between the thousands of a number where
    /// it can, else between two of them.
    fn volumes(&self) -> Vec<String> {
        let typed: String = self.form.value("volume").chars().map(kind::half_width).collect();
        let number = kind::Kind::Number { decimals: 3, signed: false };
        let plain = |one: &str| number.normal(one, self.view.day).ok();
        let words: Vec<&str> =
            typed.split(|c: char| c.is_whitespace() || c == '、').filter(|one| !one.is_empty()).collect();
        let whole: Option<Vec<String>> = words.iter().map(|one| plain(one)).collect();
        let parts = || {
            let parts = words.iter().flat_map(|one| one.split(parts_list)).filter(|one| !one.is_empty());
            parts.map(|one| plain(one).unwrap_or_else(|| one.to_owned())).collect()
        };
        let asked = self.bills().len();
        let is_one = whole.as_ref().is_some_and(|whole| whole.len() == asked) || typed.contains(",00");
        whole.filter(|_| is_one || !typed.contains(',')).unwrap_or_else(parts)
    }

    /// What is asked, as the action takes it.
    fn input(&self) -> Value {
        let text = |field: &str| Some(self.form.value(field).trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let of_file = self.kind().map(Kind::family) == Some(Family::File);
        let bills = if of_file { Vec::new() } else { self.bills() };
        let mut change = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                change.insert(name.to_owned(), value);
            }
        };
        match self.kind().map(Kind::family) {
            Some(Family::Volume) => {
                let volumes = self.volumes();
                if let [one] = &volumes[..] {
                    put("volume", Some(one.as_str().into()));
                } else if !volumes.is_empty() {
                    put("volumes", Some(json!(volumes)));
                }
                put("reading", text("reading").map(Value::from));
            }
            Some(Family::Price) => {
                put("class", text("class").filter(|_| self.kind() != Some(Kind::P1)).map(Value::from));
                put("mix", text("mix").filter(|_| self.kind() == Some(Kind::P1)).map(Value::from));
                put("from", self.form.date("from").map(|day| json!(day)));
            }
            Some(Family::File) => {
                let fact = self.form.value("fact").to_owned();
                put("facts", Some(json!({ fact: self.form.value("value").trim() })));
            }
            Some(Family::LateFee) => {
                put("waive", text("waive").map(Value::from));
                put("until", self.form.date("until").map(|day| json!(day)));
            }
            None => {}
        }
        json!({
            "kind": self.form.value("kind"), "account": self.view.account.id, "bills": bills, "change": change,
            "evidence": self.form.value("evidence"), "order": text("order"),
        })
    }

    /// Works the picture out again.
    fn look(&mut self, app: &App) {
        if self.form.value("kind").is_empty() {
            self.shown = Err(Refusal::usage("先选种类：打 V1、P3、L3 这样的代码，或按 F4 从清单里选"));
            return;
        }
        let ask = read_input::<Ask>(&self.input().to_string());
        self.shown = ask.and_then(|ask| view_adjust::preview(&app.desk, &ask));
    }

    fn submit(&mut self, app: &mut App) -> Reply<App> {
        if !self.form.check() {
            let input = self.input();
            mistakes::also(&mut self.form, app, "adjustment.request", input, place_of);
            return Reply::done();
        }
        let mut input = self.input();
        if let (Ok(shown), Value::Object(map)) = (&self.shown, &mut input) {
            map.insert("seen".into(), shown.hash.clone().into());
        }
        match app.ask("adjustment.request", &input) {
            Ok(answer) => {
                let posts = |field: &str| {
                    let list = answer[field].as_array().cloned().unwrap_or_default();
                    list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("、")
                };
                let request = answer["request"].as_str().unwrap_or_default();
                let said = format!("已提交申请 {request}：待 {} 复核，{} 批准", posts("check"), posts("approve"));
                Reply::pop().and_forget(self.draft_key()).and_say(said)
            }
            Err(refusal) => self.refused(app, &refusal),
        }
    }

    fn refused(&mut self, app: &App, refusal: &Refusal) -> Reply<App> {
        if let Ok(view) = view_adjust::open(&app.desk, self.view.account.id) {
            self.view = view;
        }
        self.look(app);
        let place = |field: Option<&'_ str>| place_of(field.unwrap_or_default()).to_owned();
        let faults: Vec<(String, String)> =
            refusal.faults.iter().map(|fault| (place(fault.field.as_deref()), fault.message.clone())).collect();
        let faults = faults.iter().map(|(field, message)| (field.as_str(), message.clone()));
        let others = self.form.fail(faults);
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }

    fn changed(&mut self, field: &str, app: &App) {
        if field == "kind" {
            self.fit_form();
        }
        self.top = 0;
        self.look(app);
    }

    fn explain(&self) -> Reply<App> {
        let Ok(shown) = &self.shown else { return Reply::say("还没有改后的样子，先把申请填完") };
        let mut lines = Vec::new();
        if let Some(kind) = self.kind() {
            lines.push(format!("{} {}：{} ({})", kind.family().label(), kind.title(), kind.help(), kind.rule()));
        }
        for line in adjust_picture::lines(&shown.picture).into_iter().filter(|line| !line.difference.is_empty()) {
            let words = |note: &str, amount: &str| format!("{note} {amount}").trim().to_owned();
            lines.push(format!(
                "{}：{} → {}，差 {}",
                line.name,
                words(&line.before_note, &line.before),
                words(&line.after_note, &line.after),
                line.difference
            ));
        }
        super::explain("改前与改后", lines)
    }
}

/// The field of the form under which a field of the action stands.
fn place_of(field: &str) -> &str {
    match field {
        "change.volumes" => "volume",
        "change.facts" => "value",
        "kind" | "bills" | "evidence" | "order" => field,
        _ => field.strip_prefix("change.").unwrap_or_default(),
    }
}

/// What stands between the parts of a list: blanks and commas of both widths.
fn parts_list(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '，' | '、')
}

fn form(view: &AdjustView) -> Form {
    let kinds = Kind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.title())).collect();
    let priced = classes::CLASSES.iter().filter(|(code, _)| *code != classes::MIXED);
    let classes = priced.map(|(code, label)| Choice::new(*code, *label)).collect();
    let facts = customer::money_fields().map(|field| Choice::new(field.key, field.label)).collect();
    Form::new(
        vec![
            Field::choice("kind", "种类", kinds).half().required(),
            Field::text("bills", "账单行", 40).half().cells(16).value("1").hint("填下面的行号，如 1 3 或 1,3"),
            Field::text("volume", "改后用量", 40).half().cells(16).required().hint("几张填几个，空格或逗号隔开"),
            Field::choice("class", "改后类别", classes).half().required(),
            Field::text("mix", "混用比例", 60).half().cells(24).required().hint("居民70%;非居民30%"),
            Field::date("from", "生效日").half(),
            Field::choice("fact", "资料", facts).half().required(),
            Field::text("value", "改为", 40).half().cells(16).hint("空着就是清空"),
            Field::number("waive", "减免", 2).half().cells(12).hint("空着是全部").unit("元"),
            Field::date("until", "减免到").half().hint("空着到批准当天"),
            Field::text("evidence", "凭据", 100).required(),
            Field::code("order", "核实工单", 24).half(),
            Field::number("reading", "正确示数", 3).half().cells(12).hint("空着随用量"),
        ],
        view.day,
        initials,
    )
}

impl Screen<App> for Adjust {
    fn place(&self) -> Place {
        Place::Adjust
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        let account = &self.view.account;
        let class = if account.class_confirmed { classes::label(&account.class) } else { "最高价 (未确认)" };
        format!("特殊处理  {} {}  {class}", account.no, account.name)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::Submit];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        keys.extend(self.form.resumed().map(|_| Command::Anew));
        keys.extend([Command::Explain, Command::Park]);
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Submit => self.submit(app),
            Command::Explain => self.explain(),
            Command::Park => queue::ask(app, self.queue.number()),
            Command::Anew => {
                let blank = of_form::thrown_away(app, &self.draft_key(), |app| Self::new(app, self.view.account.id));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match key.code {
            Code::PageDown if !self.form.is_list_open() => {
                self.top += 3;
                return Reply::done();
            }
            Code::PageUp if !self.form.is_list_open() => {
                self.top = self.top.saturating_sub(3);
                return Reply::done();
            }
            _ => {}
        }
        match self.form.on_key(key) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Used => Reply::done(),
            FormEvent::Submit => of_form::through(&self.form, "看清改前改后，按 F2 提交"),
            FormEvent::Changed(field) => {
                self.changed(field, app);
                Reply::done()
            }
        }
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Reply<App> {
        match self.form.on_paste(text) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Changed(field) => {
                self.changed(field, app);
                Reply::done()
            }
            FormEvent::Used | FormEvent::Submit => Reply::done(),
        }
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match queue::heard(&answer) {
            Some(number) => self.queue.park(app, &self.draft_key(), number, "就接着填"),
            None => Reply::done(),
        }
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        let key = self.draft_key();
        let typed = self.form.take_change();
        let is_parked = self.queue.take_change();
        let mut values = typed.or_else(|| is_parked.then(|| self.form.kept()))?;
        self.queue.keep(&mut values);
        Some(Draft { key, values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        // A tall window shows the form whole. Mistakes take their rows from the picture, which is none then.
        let most = if self.form.mistakes().is_empty() { height / 4 } else { height.saturating_sub(BILLS + LEAST) };
        let form = u16::try_from(self.form.lines(width)).unwrap_or(FORM).clamp(FORM, most.max(FORM));
        let spare = height.saturating_sub(20) / 2;
        let rows = BILLS + spare.min(u16::try_from(self.view.bills.len()).unwrap_or(0).saturating_sub(3));
        let bills = &self.view.bills;
        self.table.draw(&mut canvas.part(0, form, width, rows), bills.len(), false, |row| bill_row(row, &bills[row]));
        canvas.rule(form + rows, "改前与改后", Ink::Faint);
        let room = width.saturating_sub(2);
        let path = self.path(room);
        let foot = height.saturating_sub(u16::try_from(path.len()).unwrap_or(1));
        self.draw_shown(&mut canvas.part(0, form + rows + 1, width, foot.saturating_sub(form + rows + 1)));
        for (y, line) in (foot..).zip(&path) {
            canvas.text_in(1, y, room, line, Ink::Faint);
        }
        if self.form.is_list_open() {
            return self.form.draw(canvas); // all of a list, not one row of it
        }
        self.form.draw(&mut canvas.part(0, 0, width, form));
    }
}

impl Adjust {
    fn draw_shown(&self, canvas: &mut Canvas) {
        let room = canvas.width().saturating_sub(2);
        match &self.shown {
            Ok(shown) => adjust_picture::draw(canvas, &shown.picture, self.top),
            Err(refusal) => {
                canvas.paragraph(1, 1, room, &refusal.message(), Ink::Faint);
            }
        }
    }

    /// Who checks and approves, whole: over more rows where one has no room.
    fn path(&self, room: u16) -> Vec<String> {
        let text = match &self.shown {
            Ok(shown) => {
                let (check, approve) = (shown.check.join("、"), shown.approve.join("、"));
                let amount = shown.picture.amount.grouped();
                let whole = format!("审批 {amount}: 录入 → 复核 ({check}) → 批准 ({approve})");
                // A narrow window leaves out what everybody knows, never the last step.
                let fits = safe::cells(&whole) <= usize::from(room);
                if fits { whole } else { format!("审批 {amount}: 复核 {check} → 批准 {approve}") }
            }
            Err(_) if self.view.open.is_empty() => String::new(),
            Err(_) => format!("在办申请: {}", self.view.open.join("；")),
        };
        if safe::cells(&text) <= usize::from(room) {
            return vec![text];
        }
        let parts = match text.split_once(" → ") {
            Some((check, approve)) => vec![check.to_owned(), format!("→ {approve}")],
            None => vec![text],
        };
        parts.iter().flat_map(|part| safe::wrap(part, usize::from(room))).collect()
    }
}

fn bill_row(row: usize, (bill, fee): &(crate::store::tables::billing::BillRow, Fen)) -> Row {
    let number = format!("{}", row + 1);
    Row::new([number, bill.cycle.clone(), bill.volume.grouped(), bill.amount.grouped(), bill.unpaid.grouped()])
        .cell(fee.grouped(), if *fee > Fen::ZERO { Ink::Look } else { Ink::Text })
        .cell(bill.id.to_string(), Ink::Faint)
}
