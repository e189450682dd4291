//! Intake (受理): the business by its initials, its papers one key each, its form — and live below what stops it, what it costs,
//! what is promised and what to say. What F2 takes in is what was judged.

use std::time::Duration;

use serde_json::{Value, json};

use super::intake_form::{self as form, TypedForm};
use super::queue;
use crate::derive::order::window::{DEED, FEE};
use crate::desk::intake_case::Typed;
use crate::desk::refusal::{Fault, Refusal};
use crate::desk::view_intake::{self as view, Head, Live};
use crate::desk::view_orders;
use crate::outbound::check_slip::Slip;
use crate::outbound::printer;
use crate::rules::id::Id;
use crate::rules::moment::{self, Moment};
use crate::rules::money::Fen;
use crate::tui::app::{App, KeptDraft, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Context, Draft, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{Confirm, Pick, PickItem};
use crate::tui::widgets::form::{Form, FormEvent};

/// Rows below the form: rule, fee and promise, what stops, what to say.
const FOOT: u16 = 7;

/// The screen.
pub struct Intake {
    account: Option<String>,
    head: Option<Head>,
    form: TypedForm,
    live: Result<Live, Refusal>,
    queue: Option<String>,
    /// When the customer came to the window.
    began: Moment,
    /// Since when the form holds what was typed and not entered.
    resumed: Option<String>,
    /// What was left half filled without an account: it may be another caller's, so it is asked about.
    left: Option<KeptDraft>,
}

impl Intake {
    /// A case about an account, or about none yet; with what was typed before.
    pub fn new(app: &App, account: Option<Id>) -> Result<Self, Refusal> {
        let account = account.map(|id| id.to_string());
        let mut screen = Self {
            head: account.as_ref().map(|id| view::head(&app.desk, id)).transpose()?.flatten(),
            form: TypedForm::new(app, account.is_some())?,
            live: Err(Refusal::usage("")),
            queue: None,
            began: app.desk.now(),
            account,
            resumed: None,
            left: None,
        };
        match app.kept_draft(&screen.draft_key()) {
            Some(kept) if screen.account.is_some() => screen.resume_draft(app, kept),
            left => screen.left = left,
        }
        screen.judge(app);
        Ok(screen)
    }

    /// A case about an account in a business already chosen, its papers next.
    pub fn of(app: &App, account: Id, service: &str) -> Result<Self, Refusal> {
        let mut screen = Self::new(app, Some(account))?;
        if screen.form.value("service") != service {
            screen.form.restore(&serde_json::Map::from_iter([("service".to_owned(), service.into())]));
            screen.judge(app);
        }
        screen.form.go_to_first_tick();
        Ok(screen)
    }

    /// Takes up what was typed before.
    fn resume_draft(&mut self, app: &App, KeptDraft { values, at, .. }: KeptDraft) {
        self.resumed = Some(at);
        self.queue = values.get(queue::FIELD).and_then(Value::as_str).map(str::to_owned);
        // After a power cut the clock goes on; what was left lying since another day begins anew.
        let began = values.get("began").and_then(Value::as_str).and_then(moment::parse);
        let today = app.desk.today();
        self.began = began.filter(|began| moment::day(*began) == today).unwrap_or(self.began);
        // Twice: the first time brings the fields that the business has, the second fills them.
        for _ in 0..2 {
            self.form.restore(&values);
            self.judge(app);
        }
    }

    /// Asks whether what was left is this caller's.
    pub fn ask_left(&self, app: &App) -> Reply<App> {
        let Some(left) = &self.left else { return Reply::done() };
        let word = |field: &str| left.values.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let services = view::services(&app.desk).unwrap_or_default();
        let service = services.into_iter().find(|known| known.code == word("service")).map(|known| known.name);
        let what = [service.unwrap_or_default(), word("caller"), word("phone"), word("address"), word("problem")];
        let what: Vec<String> = what.into_iter().filter(|word| !word.is_empty()).collect();
        if what.is_empty() {
            return Reply::done(); // nothing of a case in it
        }
        let question = format!(
            "{} 有一张没办完的受理：{}。F2 接着填，Ctrl-N 另起一张 (那张就丢掉)，Esc 先放着",
            left.at,
            what.join("，")
        );
        Reply::push(Confirm::new("left", "没办完的受理", &question).with_f2().or_anew()).and_hold()
    }

    /// From the beginning: what was typed is thrown away.
    fn anew(&mut self, app: &mut App) -> Reply<App> {
        app.forget_draft(&self.draft_key());
        let account = self.account.as_ref().and_then(|text| text.parse().ok());
        match Self::new(app, account) {
            Ok(blank) => {
                *self = blank;
                Reply::say("已另起一张")
            }
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    /// The case parked under a queue number, as the customer comes back with it.
    pub fn taken_up(app: &mut App, queue: &str) -> Result<Self, Refusal> {
        let mut screen = Self::new(app, None)?;
        screen.take_up(app, queue)?;
        Ok(screen)
    }

    fn draft_key(&self) -> String {
        format!("intake/{}", self.account.as_deref().unwrap_or("-"))
    }

    fn typed(&self) -> Typed {
        let began = Some(self.began.to_rfc3339());
        Typed { account: self.account.clone(), queue: self.queue.clone(), began, ..self.form.typed() }
    }

    /// Judges the case as it stands; the form follows.
    fn judge(&mut self, app: &App) {
        if self.form.value("service").is_empty() {
            self.live = Err(Refusal::usage("打业务的拼音首字母或汉字选一项业务，如 启封 qf"));
            return;
        }
        self.live = view::judge(&app.desk, &self.typed());
        if let Ok(live) = &self.live {
            self.form.follow(app, live, self.account.is_some());
        }
    }

    fn take(&mut self, app: &mut App) -> Reply<App> {
        let input = json!(self.typed());
        if !self.form.check() {
            for fault in app.desk.try_out("intake.take", &input.to_string()).err().iter().flat_map(|no| &no.faults) {
                let place = self.form.place_of(fault);
                self.form.also(&place, &fault.message);
            }
            return Reply::done();
        }
        match app.ask("intake.take", &input) {
            Ok(answer) => self.taken(app, &answer),
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn taken(&self, app: &mut App, answer: &Value) -> Reply<App> {
        let word = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        let mut said = match answer["joined"].as_bool() {
            Some(true) => format!("已并入工单 {}，现为{}", word("order"), word("state")),
            _ if word("state") == crate::derive::order::WINDOW => "已受理，窗口办结".to_owned(),
            _ if matches!(word("state").as_str(), DEED | FEE) => {
                format!("已受理 {}，{}", word("order"), word("state"))
            }
            _ => format!("已受理，工单 {}", word("order")),
        };
        if let Ok(live) =
            self.live.as_ref().map_err(|_| ()).and_then(|live| Some(live).filter(|l| l.joins.is_none()).ok_or(()))
        {
            if !live.promise.is_empty() {
                said.push_str(&format!("，承诺 {}", live.promise));
            }
            if live.fee > Fen::ZERO {
                said.push_str(&format!("，应收 {}", live.fee.grouped()));
            }
        }
        let reply = Reply::pop().and_forget(self.draft_key());
        // What was agreed at the window is taken at once by who may; of a transfer the deed comes first.
        let transfers = self.live.as_ref().is_ok_and(|live| live.transfers && live.joins.is_none());
        let next = match (self.head.as_ref(), word("order").parse::<Id>()) {
            (Some(head), _) if transfers => super::transfer(app, head.id),
            (_, Ok(order)) if answer["joined"].as_bool() != Some(true) => super::charges_after(app, order),
            _ => Reply::done(),
        };
        reply.and(next).and_say(said)
    }

    fn refused(&mut self, refusal: &Refusal) -> Reply<App> {
        let missing = refusal.faults.iter().any(|fault| fault.field.as_deref() == Some("papers"));
        let faults: Vec<(String, String)> =
            refusal.faults.iter().map(|fault| (self.form.place_of(fault), fault.message.clone())).collect();
        let mut others = self.form.fail(&faults);
        if missing {
            others.push("Ctrl-O 打印缺件单，F9 挂起".to_owned());
        }
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }

    /// F8: the whole talk, and where the rules stand.
    fn talk(&self) -> Reply<App> {
        let live = match &self.live {
            Ok(live) => live,
            Err(refusal) => return Reply::refuse(refusal.message()),
        };
        let mut lines: Vec<String> = Vec::new();
        for charge in &live.charges {
            lines.push(format!("{} {}，给{}", charge.kind, charge.amount.grouped(), charge.invoice));
        }
        lines.extend(live.talk.iter().map(|said| format!("{}  {}", said.step, said.say)));
        lines.push(format!("依据 {}", live.source));
        super::explain(&format!("{} 怎么说", live.title), lines)
    }

    fn print(&self, app: &App) -> Reply<App> {
        let live = match &self.live {
            Ok(live) if !live.missing.is_empty() => live,
            Ok(_) => return Reply::say("资料齐全，没有缺件单要打"),
            Err(refusal) => return Reply::refuse(refusal.message()),
        };
        let number = format!("缺件单-{}", app.desk.now().format("%Y-%m-%d-%H%M%S"));
        paper(app, &number, &live.slip)
    }

    fn ask_queue(&self, app: &App) -> Reply<App> {
        if self.form.value("service").is_empty() {
            return Reply::refuse("先选业务，再挂起");
        }
        queue::ask(app, self.queue.as_deref().unwrap_or_default())
    }

    fn park(&mut self, app: &mut App, queue: &str) -> Reply<App> {
        let mut typed = self.typed();
        typed.queue = Some(queue.trim().to_owned()).filter(|queue| !queue.is_empty());
        if let Some(taken) = queue::held_by_draft(app, queue, &self.draft_key()) {
            return Reply::refuse(taken);
        }
        let answer = match app.ask("intake.park", &json!(typed)) {
            Ok(answer) => answer,
            Err(refusal) => return self.refused(&refusal),
        };
        let word = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        let missing = answer["missing"].as_array().is_some_and(|missing| !missing.is_empty());
        let reply = Reply::pop().and_forget(self.draft_key()).and_say(format!("已挂起，排队号 {}", word("queue")));
        if missing { reply.and(paper(app, &format!("缺件单-{}", word("queue")), &word("slip"))) } else { reply }
    }

    fn ask_parked(app: &App) -> Reply<App> {
        let parked = match app.desk.look().and_then(|tx| view_orders::parked(&tx)) {
            Ok(parked) if parked.is_empty() => return Reply::refuse("没有挂起的业务"),
            Ok(parked) => parked,
            Err(error) => return Reply::refuse(error.to_string()),
        };
        let names = view::services(&app.desk).unwrap_or_default();
        let item = |(row, who): &(crate::store::tables::order::ParkedRow, String)| {
            let name = names.iter().find(|known| known.code == row.service).map_or(&row.service, |known| &known.name);
            let lacks = if row.missing.is_empty() { String::new() } else { format!("缺{}", row.missing) };
            // Whose case it is, not who parked it: a wrong one taken up is another customer's.
            let head = row.account.and_then(|id| view::head(&app.desk, &id.to_string()).ok().flatten());
            let (whose, where_to) = match head {
                Some(head) => (format!("{} {}", head.no, head.name), head.address),
                None => ("无户号".to_owned(), format!("{who} 经办")),
            };
            let label = format!("{} {name} {whose}", row.queue);
            PickItem { key: row.queue.clone(), label, note: format!("{where_to} {lacks}") }
        };
        Reply::push(Pick::new("parked", "取回哪一件", parked.iter().map(item).collect(), initials))
    }

    fn resume(&mut self, app: &mut App, queue: &str) -> Reply<App> {
        match self.take_up(app, queue) {
            Ok(()) => Reply::say(format!("已取回排队号 {queue}，补齐后按 F2 受理")),
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    fn take_up(&mut self, app: &mut App, queue: &str) -> Result<(), Refusal> {
        let answer = app.ask("intake.resume", &json!({ "queue": queue }))?;
        let typed: Typed = serde_json::from_value(answer["draft"].clone())
            .map_err(|error| Refusal::data(format!("挂起的内容打不开：{error}")))?;
        self.account = typed.account.clone().filter(|text| !text.is_empty());
        self.head = self.account.as_ref().and_then(|text| view::head(&app.desk, text).ok().flatten());
        self.queue = typed.queue.clone();
        self.began = app.desk.now(); // the customer is back at the window
        let values = form::values_of(&typed);
        for _ in 0..2 {
            self.form.restore(&values);
            self.judge(app);
        }
        Ok(())
    }
}

/// Prints a paper, or shows it where no printer is set up.
fn paper(app: &App, number: &str, text: &str) -> Reply<App> {
    let slip = Slip { number: number.to_owned(), text: text.to_owned() };
    let printed = app.desk.look().map(|tx| printer::print_made(&tx, &slip));
    match printed {
        Ok(Ok(Some(place))) => Reply::say(format!("{number} 已送到 {place}")),
        Ok(Ok(None)) => super::text(number, text),
        Ok(Err(error)) => Reply::refuse(error.to_string()),
        Err(error) => Reply::refuse(error.to_string()),
    }
}

impl Screen<App> for Intake {
    fn place(&self) -> Place {
        Place::Intake
    }

    fn form(&self) -> Option<&Form> {
        Some(self.form.form())
    }

    fn title(&self, _: &App) -> String {
        match &self.live {
            Ok(live) => format!("受理  {}", live.title),
            Err(_) => "受理".into(),
        }
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::TakeIn];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        if self.resumed.is_some() {
            keys.push(Command::Anew);
        }
        keys.extend([Command::Explain, Command::Park, Command::Unpark, Command::Print]);
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::TakeIn => self.take(app),
            Command::Anew => self.anew(app),
            Command::Explain => self.talk(),
            Command::Park => self.ask_queue(app),
            Command::Unpark => Self::ask_parked(app),
            Command::Print => self.print(app),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match self.form.on_key(key) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Used => Reply::done(),
            FormEvent::Submit => super::of_form::through(self.form.form(), "看清之后按 F2 受理"),
            FormEvent::Changed(field) => {
                self.judge(app);
                if field == "service" {
                    self.form.go_to_first_tick();
                } else if key.is(Code::Char(' ')) && self.form.is_tick(field) {
                    self.form.step_on();
                }
                Reply::done()
            }
        }
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Reply<App> {
        let event = self.form.on_paste(text);
        if let FormEvent::Changed(_) = event {
            self.judge(app);
        }
        Reply::used_if(event != FormEvent::Unused)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            (queue::TAG, Given::Values(values)) => {
                let queue = values.get(queue::FIELD).and_then(Value::as_str).unwrap_or_default().to_owned();
                self.park(app, &queue)
            }
            ("parked", Given::Picked(queue)) => self.resume(app, &queue),
            ("left", Given::Yes) => {
                if let Some(left) = self.left.take() {
                    self.resume_draft(app, left);
                }
                self.judge(app);
                Reply::done()
            }
            ("left", Given::Picked(_)) => self.anew(app),
            // Esc throws nothing away: the question comes again with the next call.
            ("left", _) => Reply::pop(),
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        self.judge(app);
    }

    fn resumed(&self) -> Option<&str> {
        self.resumed.as_deref()
    }

    fn draft(&mut self) -> Option<Draft> {
        let key = self.draft_key();
        let mut values = self.form.take_change()?;
        if values.is_empty() {
            return Some(Draft { key, values });
        }
        if let Some(queue) = &self.queue {
            values.insert(queue::FIELD.into(), queue.as_str().into());
        }
        values.insert("began".into(), self.began.to_rfc3339().into());
        Some(Draft { key, values })
    }

    fn tick_every(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        self.draw_head(canvas);
        self.draw_window(canvas, app.desk.now());
        let rows = height.saturating_sub(1 + FOOT);
        self.draw_foot(&mut canvas.part(0, 1 + rows, width, FOOT));
        self.form.draw(&mut canvas.part(0, 1, width, rows));
    }
}

impl Intake {
    fn draw_head(&self, canvas: &mut Canvas) {
        let Some(head) = &self.head else {
            canvas.text(1, 0, "没有户号：填地址和来电人", Ink::Faint);
            return;
        };
        let owed = if head.owed > Fen::ZERO { format!("! 欠费 {}", head.owed.grouped()) } else { String::new() };
        // The state and the debt are seen whole; the name and the address take what is left.
        let state = format!("{}  ", head.state);
        let cells = |text: &str| u16::try_from(safe::cells(text)).unwrap_or(0);
        let room = canvas.width().saturating_sub(cells(&state) + cells(&owed) + 6);
        let mut x = canvas.text_in(1, 0, room, &format!("{} {}", head.no, head.name), Ink::Strong) + 2;
        x = canvas.text(x, 0, &state, Ink::Strong);
        let left = canvas.width().saturating_sub(x + cells(&owed) + 3);
        x = canvas.text_in(x, 0, left, &safe::cut_front(&head.address, usize::from(left)), Ink::Text) + 2;
        canvas.text(x, 0, &owed, Ink::Look);
    }

    /// How long the case may still take at the window, at the right of its first line once it is short.
    fn draw_window(&self, canvas: &mut Canvas, now: Moment) {
        let Some(window) = self.live.as_ref().ok().and_then(|live| live.window) else { return };
        let Some(words) = window.warning(now) else { return };
        let ink = if window.over(now) > 0 { Ink::Stop } else { Ink::Look };
        let cells = u16::try_from(safe::cells(&words)).unwrap_or(0);
        canvas.text(canvas.width().saturating_sub(cells + 1), 0, &words, ink);
    }

    fn draw_foot(&self, canvas: &mut Canvas) {
        canvas.rule(0, "", Ink::Faint);
        let width = canvas.width().saturating_sub(2);
        let live = match &self.live {
            Ok(live) => live,
            Err(refusal) => {
                canvas.paragraph(1, 1, width, &refusal.message(), Ink::Faint);
                return;
            }
        };
        let mut x = canvas.text(1, 1, "应收 ", Ink::Text);
        x = canvas.text(x, 1, &live.fee.grouped(), Ink::Strong) + 3;
        if !live.promise.is_empty() {
            x = canvas.text(x, 1, "承诺 ", Ink::Text);
            x = canvas.text(x, 1, &live.promise, Ink::Strong) + 3;
        }
        canvas.text(x, 1, live.urgency, Ink::Text);
        let mut y = 2;
        if let Some(open) = &live.joins {
            let what = format!("! 已有未办完的工单 {}（{}），F2 并入这一张；另开请勾“另开工单”", open.id, open.state);
            y = canvas.paragraph(1, y, width, &what, Ink::Look);
        } else if let Some(gate) = live.gates.first() {
            y = canvas.paragraph(1, y, width, &format!("x {gate}"), Ink::Stop);
        } else if !live.missing.is_empty() {
            y = canvas.paragraph(1, y, width, &format!("! 缺{}", live.missing.join("、")), Ink::Look);
        }
        if !live.similar.is_empty() && live.joins.is_none() {
            let ids: Vec<String> = live.similar.iter().take(3).map(Id::to_string).collect();
            let what = format!("! 同一条路上未办完的同类工单：{}，是同一处就填“并入工单”", ids.join(" "));
            y = canvas.paragraph(1, y, width, &what, Ink::Look);
        }
        if !live.line.is_empty() && y < FOOT {
            canvas.paragraph(1, y, width, &format!("说：{}", live.line), Ink::Accent);
        }
    }
}

impl TypedForm {
    /// The field of the form that a fault of the desk belongs to.
    fn place_of(&self, fault: &Fault) -> String {
        match fault.field.as_deref() {
            Some("papers") => self.first_open_paper().unwrap_or_default().to_owned(),
            Some(field) => match field.strip_prefix("fields.") {
                Some(key) => format!("f.{key}"),
                None => field.to_owned(),
            },
            None => String::new(),
        }
    }
}
