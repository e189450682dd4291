//! The return slip (回执): arrived, done, left, outcome, remark — as the worker wrote them. Four digits of a time bring the hand
//! to the next field, so a slip done as planned is twelve digits and F2.

use serde_json::{Map, Value, json};

use super::mistakes;
use super::of_form;
use crate::desk::catalogue;
use crate::desk::refusal::{Fault, Refusal};
use crate::desk::view_orders::{self as view, OrderDetail};
use crate::rules::id::Id;
use crate::rules::moment::{self, Moment};
use crate::rules::money::Fen;
use crate::rules::order::{Outcome, ReturnReason};
use crate::rules::utility::Utility;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::key::{Code, Key};
use crate::tui::keylock;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::kind::{Choice, half_width};
use crate::tui::widgets::suggest;

/// The slip's own field that tells how far the meter ran: it brings a reading and a bill.
const SETTLED: &str = "settled";
/// The three times, in order.
const TIMES: [&str; 3] = ["arrived", "done", "left"];

/// The screen.
pub struct OrderReturn {
    detail: OrderDetail,
    form: Form,
    /// For the word of the meter's state: 通水, 通气.
    utility: Utility,
    /// Keys of the business's own fields on the slip.
    own: Vec<&'static str>,
    /// When the hand went on by itself after a time: the Enter that habit adds at once is not meant for the next field.
    went_on: Option<Moment>,
    /// The last reading on file, where the slip tells how far the meter ran.
    last: Option<String>,
    /// The bill that F2 would bring, as it is shown; null for none.
    bill: Value,
}

impl OrderReturn {
    /// The slip of an order.
    pub fn new(app: &mut App, id: Id) -> Result<Self, Refusal> {
        let tx = app.desk.look()?;
        let detail = view::detail(&tx, id, app.desk.now())?;
        let detail = detail.ok_or_else(|| Refusal::missing("order", "工单", &id.to_string()))?;
        let outcomes = view::outcomes(&tx, id)?;
        let loaded = catalogue::of(&tx);
        let service = loaded.catalogue.get(&detail.row.service);
        let slip = service.and_then(|service| service.order.as_ref()).map_or(&[][..], |order| &order.slip);
        let own: Vec<&'static str> = slip.iter().map(|field| super::interned(&field.key)).collect();
        let fields = fields(app, &outcomes, slip.iter().zip(&own).map(|(field, key)| (*key, field.label.as_str())));
        let mut form = Form::new(fields, app.desk.today(), initials);
        form.show("overrun", false);
        form.show("reason", false);
        form.show("confirm", false);
        form.show("sealed", false);
        form.focus_on("arrived");
        let account = detail.row.account.map(|account| tx.account(account)).transpose()?.flatten();
        let settles = own.contains(&SETTLED);
        let reading = account.as_ref().filter(|_| settles).map(|row| tx.last_reading(row.id)).transpose()?;
        let last = reading.map(|row| match row {
            Some(row) => format!("上次示数 {} ({})", row.value.grouped(), format::day(row.day, app.desk.today())),
            None => "没有上次示数".to_owned(),
        });
        drop(tx);
        let utility = account.and_then(|row| Utility::from_code(&row.utility)).unwrap_or(Utility::Water);
        let mut screen = Self { detail, form, utility, own, went_on: None, last, bill: Value::Null };
        let key = screen.draft_key();
        if app.resume(&mut screen.form, &key) {
            screen.follow_outcome();
            screen.look(app);
        }
        Ok(screen)
    }

    fn draft_key(&self) -> String {
        format!("return/{}", self.detail.row.id)
    }

    fn input(&self) -> Value {
        let mut input = Map::new();
        input.insert("order".into(), json!(self.detail.row.id));
        for field in TIMES {
            let time = self.form.value(field);
            if !time.is_empty() {
                input.insert(field.into(), format!("{} {time}", self.form.value("day")).into());
            }
        }
        if self.form.is_checked("confirm") {
            input.insert("confirm".into(), true.into());
        }
        for field in ["outcome", "reason", "remark", "overrun", "sealed"] {
            let text = self.form.value(field);
            if !text.is_empty() {
                input.insert(field.into(), text.into());
            }
        }
        let own: Map<String, Value> = self
            .own
            .iter()
            .filter(|key| !self.form.value(key).is_empty())
            .map(|key| ((*key).to_owned(), self.form.value(key).into()))
            .collect();
        if !own.is_empty() {
            input.insert("fields".into(), Value::Object(own));
        }
        Value::Object(input)
    }

    /// Tries the slip without writing: the bill it brings is on the screen before F2 brings it.
    fn look(&mut self, app: &mut App) {
        self.bill = self.tried(app).unwrap_or_default();
    }

    /// The bill that the slip as typed brings; nothing while it is not complete.
    fn tried(&self, app: &mut App) -> Option<Value> {
        self.last.as_ref()?;
        let done = app.desk.tried("order.return", &self.input().to_string()).ok()?;
        let mut answer: Value = serde_json::from_str(&done).ok()?;
        let mut bill = answer["bill"].take();
        if let Some(bill) = bill.as_object_mut() {
            bill.remove("bill"); // its number is known when it is written
        }
        Some(bill)
    }

    fn post(&mut self, app: &mut App) -> Reply<App> {
        self.tidy_times();
        if !self.form.check() {
            let input = self.input();
            mistakes::also(&mut self.form, app, "order.return", input, own_field);
            return Reply::done();
        }
        // A bill that was not on the screen is shown first; what the desk refuses it says itself.
        if let Some(bill) = self.tried(app).filter(|bill| *bill != self.bill) {
            self.bill = bill;
            return Reply::refuse("这张回执会出账，看清用量和应收之后再按 F2");
        }
        let answer = match app.ask("order.return", &self.input()) {
            Ok(answer) => answer,
            Err(refusal) => return self.refused(&refusal),
        };
        let mut said = format!("{} 已入账，现为{}", self.detail.row.id, answer["state"].as_str().unwrap_or_default());
        if let Some(state) = answer["meter_state"].as_str().and_then(crate::rules::meter_state::MeterState::parse) {
            said.push_str(&format!("，表改为{}", state.label(self.utility)));
        }
        if !answer["bill"].is_null() {
            let held = if answer["bill"]["held"].is_null() {
                owed_words(&answer["bill"])
            } else {
                "账单挂起待核".into()
            };
            said.push_str(&format!("，结算已出账，{held}"));
        }
        if let Some(next) = answer["next"].as_str() {
            said.push_str(&format!("，请接着受理{next}"));
        }
        Reply::pop().and_forget(self.draft_key()).and_say(said)
    }

    fn refused(&mut self, refusal: &Refusal) -> Reply<App> {
        if refusal.faults.iter().any(|fault| fault.field.as_deref() == Some("overrun")) {
            self.form.show("overrun", true);
        }
        for fault in &refusal.faults {
            match (fault.rule.as_str(), fault.field.as_deref()) {
                (_, Some("sealed")) => self.form.show("sealed", true),
                ("R-230", Some("fields.settled")) => self.form.show("confirm", true),
                _ => {}
            }
        }
        let field = |fault: &Fault| own_field(fault.field.as_deref().unwrap_or_default()).to_owned();
        let faults: Vec<(String, String)> =
            refusal.faults.iter().map(|fault| (field(fault), fault.message.clone())).collect();
        let others = self.form.fail(faults.iter().map(|(field, message)| (field.as_str(), message.clone())));
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }

    /// `0930` becomes `09:30`.
    fn tidy_times(&mut self) {
        for field in TIMES {
            if let Some(time) = tidy(self.form.value(field)) {
                self.form.set(field, &time);
            }
        }
    }

    /// The paper's sentence for the reason picked, where nobody has written another.
    fn fill_remark(&mut self) {
        let picked = ReturnReason::ALL.iter().find(|reason| reason.label() == self.form.value("reason"));
        let written = self.form.value("remark").trim();
        let by_itself = written.is_empty() || ReturnReason::ALL.iter().any(|reason| reason.remark() == written);
        if let Some(reason) = picked.filter(|_| by_itself) {
            self.form.set("remark", reason.remark());
        }
    }

    /// Work that was not done has its reason on the form.
    fn follow_outcome(&mut self) {
        let outcome = Outcome::from_label(self.form.value("outcome")).unwrap_or(Outcome::Passed);
        self.form.show("reason", outcome != Outcome::Passed);
    }

    fn changed(&mut self, field: &str, now: Moment) {
        let typed: String = self.form.value(field).chars().map(half_width).collect();
        let place = TIMES.iter().position(|known| *known == field);
        if let Some(place) = place.filter(|_| typed.len() == 4 && typed.bytes().all(|b| b.is_ascii_digit())) {
            self.tidy_times();
            self.form.focus_on(TIMES.get(place + 1).copied().unwrap_or("outcome"));
            self.went_on = Some(now);
        }
        if field == "outcome" {
            let outcome = Outcome::from_label(self.form.value("outcome")).unwrap_or(Outcome::Passed);
            if outcome == Outcome::Passed {
                self.form.set("reason", "");
            }
            self.follow_outcome();
            match outcome {
                Outcome::Cancelled => self.form.focus_on("reason"),
                _ if outcome.needs_remark() => self.form.focus_on("remark"),
                Outcome::Passed | Outcome::Failed | Outcome::Unfinished | Outcome::Impossible => {}
            }
        }
        if field == "reason" {
            self.fill_remark();
        }
    }
}

impl OrderReturn {
    /// Where the meter stood, and the bill up to what is typed.
    fn draw_bill(&self, canvas: &mut Canvas, y: u16) -> u16 {
        let Some(last) = &self.last else { return y };
        let x = canvas.text(1, y, last, Ink::Text) + 2;
        if self.bill.is_null() {
            return y + 1;
        }
        let held = self.bill["held"].as_str().map(|why| format!("账单挂起待核：{why}"));
        let volume = format::grouped(self.bill["volume"].as_str().unwrap_or_default());
        let words = format!("用量 {volume}  {}", held.unwrap_or_else(|| owed_words(&self.bill)));
        canvas.text_in(x, y, canvas.width().saturating_sub(x + 1), &words, Ink::Strong);
        y + 1
    }
}

/// What a bill comes to, and what prepaid pays of it at once.
fn owed_words(bill: &Value) -> String {
    let sum = |field: &str| bill[field].as_str().and_then(|text| text.parse::<Fen>().ok()).unwrap_or_default();
    let (amount, settled) = (sum("amount"), sum("settled"));
    match settled {
        Fen::ZERO => format!("应收 {}", amount.grouped()),
        _ if settled == amount => format!("应收 {}，预存已付清", amount.grouped()),
        _ => format!("应收 {}，预存付 {}，还欠 {}", amount.grouped(), settled.grouped(), (amount - settled).grouped()),
    }
}

/// A time typed in digits, full-width ones too.
fn tidy(typed: &str) -> Option<String> {
    let digits: String = typed.trim().chars().map(half_width).filter(char::is_ascii_digit).collect();
    let (hour, minute) = match digits.len() {
        4 => digits.split_at(2),
        3 => digits.split_at(1),
        _ => return None,
    };
    Some(format!("{hour:0>2}:{minute}"))
}

fn fields<'f>(app: &App, outcomes: &[Outcome], own: impl Iterator<Item = (&'static str, &'f str)>) -> Vec<Field> {
    let words = outcomes.iter().map(|outcome| Choice::new(outcome.label(), outcome.label())).collect();
    let first = outcomes.first().map_or("", |outcome| outcome.label());
    let paper = ReturnReason::ALL.iter().map(|reason| reason.remark().to_owned());
    let remarks: Vec<String> = paper.filter(|remark| !remark.is_empty()).collect();
    let reasons = ReturnReason::ALL.iter().map(|reason| Choice::new(reason.label(), reason.label()));
    let reasons = std::iter::once(Choice::new("", "(空)")).chain(reasons).collect();
    let time = |id, label| Field::text(id, label, 8).half().cells(8).hint("如 0930").retyped();
    let mut fields = vec![
        Field::date("day", "日期").half().value(&moment::day(app.desk.now()).to_string()).required(),
        time("arrived", "到场时间"),
        time("done", "实施时间"),
        time("left", "离开时间"),
        Field::choice("outcome", "实施情况", words).value(first).required(),
        Field::choice("reason", "未办原因", reasons),
        Field::text("remark", "现场备注", 120).suggest(suggest::from_words(remarks, initials)),
    ];
    let own: Vec<(&'static str, &str)> = own.collect();
    let numbers: Vec<&'static str> = own.iter().map(|(key, _)| *key).collect();
    fields.extend(
        own.into_iter().map(
            |(key, label)| {
                if key == SETTLED { Field::number(key, label, 3) } else { Field::text(key, label, 60) }
            },
        ),
    );
    fields.push(Field::text("overrun", "超时原因", 120));
    fields.push(Field::check("confirm", "用量核实").stands_for(&numbers));
    fields.push(super::reading::sealed_field());
    fields
}

/// The field of the form: those of the business itself stand under `fields`.
fn own_field(field: &str) -> &str {
    field.strip_prefix("fields.").unwrap_or(field)
}

impl Screen<App> for OrderReturn {
    fn place(&self) -> Place {
        Place::Return
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        format!("回执  {} {}", self.detail.row.id, self.detail.row.category)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::Post];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        keys.extend(self.form.resumed().map(|_| Command::Anew));
        keys.push(Command::Park);
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Post => self.post(app),
            Command::Park => Reply::pop().and_say("已挂起，再打开这张回执就接着填"),
            Command::Anew => {
                let blank = of_form::thrown_away(app, &self.draft_key(), |app| Self::new(app, self.detail.row.id));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        let now = app.desk.now();
        let by_habit = |at: Moment| now.signed_duration_since(at).to_std().is_ok_and(|since| since < keylock::QUIET);
        if self.went_on.take().is_some_and(by_habit) && key.is(Code::Enter) {
            return Reply::done();
        }
        match self.form.on_key(key) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Used => Reply::done(),
            FormEvent::Submit => super::of_form::through(&self.form, "看清之后按 F2 入账"),
            FormEvent::Changed(field) => {
                self.changed(field, now);
                self.look(app);
                Reply::done()
            }
        }
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Reply<App> {
        let reply = of_form::paste(&mut self.form, text);
        self.look(app);
        reply
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        let key = self.draft_key();
        self.form.take_change().map(|values| Draft { key, values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (row, desk) = (&self.detail.row, &self.detail.desk);
        let sent = row.dispatched.and_then(|second| chrono::DateTime::from_timestamp(second, 0));
        let sent = sent.map(|at| at.with_timezone(&moment::offset()).format("%m-%d %H:%M").to_string());
        let room = canvas.width().saturating_sub(2);
        let what = format!("{} {}  {}", row.title, row.category, row.address);
        let y = canvas.paragraph(1, 0, room, &what, Ink::Strong);
        let line = format!("师傅 {}  派工 {}  承诺 {}", desk.worker, sent.unwrap_or_default(), desk.promise);
        let x = canvas.text(1, y, &line, Ink::Text);
        let left = if desk.late { Ink::Stop } else { Ink::Faint };
        let sign = if desk.late { "! 超时" } else { "剩余" };
        canvas.text(x + 2, y, &format!("{sign} {}", desk.left), left);
        let y = canvas.paragraph(1, y + 1, room, &row.wish, Ink::Faint);
        let y = self.draw_bill(canvas, y);
        canvas.rule(y, "", Ink::Faint);
        self.form.draw(&mut canvas.below(y + 1));
    }
}
