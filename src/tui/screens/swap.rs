//! Meter swap (水表拆换单): a slip by its number, what is known of it filled in, use on both meters in sight, F2 enters it; a slip
//! without 户号 goes back with a reason (F6).

use serde_json::{Map, Value, json};

use super::mistakes;
use super::of_form;
use crate::desk::refusal::Refusal;
use crate::desk::view_swap::{self, ReturnLine, SlipLine, SwapAccount};
use crate::rules::money::Milli;
use crate::store::tables::slip::{SlipRow, SlipState};
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Draft, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::AskForm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::suggest;

/// What is typed survives under this key.
const DRAFT: &str = "swap";
/// Fields handed to the action as they are.
const TEXTS: [&str; 13] = [
    "slip",
    "account",
    "old_meter",
    "final_value",
    "new_meter",
    "first_value",
    "calibre",
    "date",
    "old_seal",
    "new_seal",
    "worker",
    "reason",
    "materials",
];
/// What the next slip of a pile has from the one before: the same crew, day and reason.
const CARRIED: [&str; 3] = ["date", "worker", "reason"];
/// What a tick about the use stands for.
const NUMBERS: [&str; 5] = ["account", "old_meter", "final_value", "first_value", "date"];
/// Rows of the form.
const FORM_ROWS: u16 = 12;

/// The screen.
pub struct Swap {
    form: Form,
    account: Option<SwapAccount>,
    /// What the slip filled in, taken in before.
    of_slip: Vec<(&'static str, String)>,
    /// The line under the form: the picture of after, or why there is none.
    picture: Vec<(String, Ink)>,
    /// What the picture was made of, and what came out: F2 enters nothing else.
    pictured: Option<(Map<String, Value>, Value)>,
    waiting: Vec<SlipLine>,
    returns: Vec<ReturnLine>,
}

impl Swap {
    /// An empty form, what was typed before, or a slip by its number.
    pub fn new(app: &mut App, slip: Option<&str>) -> Result<Self, Refusal> {
        let waiting = view_swap::waiting(&app.desk)?;
        let returns = view_swap::returns(&app.desk)?;
        let form = form(app, &waiting);
        let (account, of_slip, picture, pictured) = (None, Vec::new(), Vec::new(), None);
        let mut screen = Self { form, account, of_slip, picture, pictured, waiting, returns };
        match slip {
            Some(no) => {
                screen.form.set("slip", no);
                screen.fill(app);
            }
            None => {
                if app.resume(&mut screen.form, DRAFT) {
                    screen.of_slip = screen.slip(app).as_ref().map(known).unwrap_or_default();
                    screen.follow(app);
                }
            }
        }
        Ok(screen)
    }

    /// Fills in what a slip taken in before already says.
    fn fill(&mut self, app: &mut App) {
        let slip = self.slip(app);
        let said = slip.as_ref().map(known).unwrap_or_default();
        if said != self.of_slip {
            let before = std::mem::replace(&mut self.of_slip, said);
            self.take_back(&before);
        }
        if let Some(row) = slip {
            for (field, text) in self.of_slip.clone() {
                self.form.set(field, &text);
            }
            if row.state != SlipState::Waiting {
                let word = format!("这张单{}", row.state);
                self.picture = vec![(word, Ink::Look)];
            }
        }
        self.follow(app);
    }

    fn slip(&self, app: &App) -> Option<SlipRow> {
        view_swap::slip(&app.desk, self.form.value("slip")).ok().flatten()
    }

    /// Takes out again what another slip or account had filled in, where it still stands so.
    fn take_back(&mut self, filled: &[(&'static str, String)]) {
        for (field, text) in filled {
            if self.form.value(field) == text {
                self.form.prefill(field, "");
            }
        }
    }

    /// The account that 户号 names now.
    fn named(&self, app: &App) -> Option<SwapAccount> {
        let typed = self.form.value("account").trim();
        if typed.is_empty() { None } else { view_swap::account(&app.desk, typed).ok().flatten() }
    }

    /// Reads the account again and tries the slip, without writing. What the account before had filled in does not stay with another.
    fn follow(&mut self, app: &mut App) {
        let account = self.named(app);
        let before = std::mem::replace(&mut self.account, account);
        if let Some(before) = before.filter(|before| self.account.as_ref().is_none_or(|now| now.no != before.no)) {
            self.take_back(&[("old_meter", before.meter), ("calibre", before.calibre)]);
            for asked in ["rollover", "confirm"] {
                self.form.set(asked, "");
                self.form.show(asked, false);
            }
        }
        if let Some(account) = &self.account
            && self.form.value("old_meter").is_empty()
        {
            let (meter, calibre) = (account.meter.clone(), account.calibre.clone());
            self.form.prefill("old_meter", &meter);
            if self.form.value("calibre").is_empty() {
                self.form.prefill("calibre", &calibre);
            }
            if self.form.value("first_value").is_empty() {
                self.form.prefill("first_value", "0");
            }
        }
        self.look(app);
    }

    /// Tries the slip as it stands, without writing; at each key, so that the picture is never that of other numbers.
    fn look(&mut self, app: &mut App) {
        self.picture.clear();
        self.pictured = None;
        let ready = ["slip", "final_value", "new_meter", "date"].iter().all(|field| !self.form.value(field).is_empty());
        // A day that is none yet says so at its own field, once the hand leaves it.
        let is_day = self.form.normal("date").parse::<chrono::NaiveDate>().is_ok();
        if self.account.is_none() || !ready || !is_day {
            return;
        }
        match self.tried(app) {
            Ok((input, shown)) => {
                self.picture = picture(&shown, self.form.value("final_value"));
                self.pictured = Some((input, shown));
            }
            Err(refusal) => self.picture = vec![(refusal.message(), Ink::Look)],
        }
    }

    /// What would be entered, and its picture.
    fn tried(&self, app: &mut App) -> Result<(Map<String, Value>, Value), Refusal> {
        let input = self.input();
        let mut trial = input.clone();
        trial.insert("preview".into(), true.into());
        let done = app.desk.perform("swap.enter", &Value::Object(trial).to_string(), Default::default())?;
        let mut answer: Value = serde_json::from_str(&done.result).unwrap_or_default();
        Ok((input, answer["picture"].take()))
    }

    fn input(&self) -> Map<String, Value> {
        let mut input = Map::new();
        for field in TEXTS {
            let text = self.form.normal(field);
            if !text.is_empty() {
                input.insert(field.into(), text.into());
            }
        }
        input.entry("first_value").or_insert_with(|| "0".into());
        for field in ["rollover", "confirm"] {
            if self.form.is_checked(field) {
                input.insert(field.into(), true.into());
            }
        }
        input
    }

    fn post(&mut self, app: &mut App) -> Reply<App> {
        let no = |account: Option<&SwapAccount>| account.map(|account| account.no.clone());
        if self.account.is_some() && no(self.named(app).as_ref()) != no(self.account.as_ref()) {
            self.follow(app);
            return Reply::refuse("户号改过，旧表已按现在的户号带出，看清之后再按 F2");
        }
        if !self.form.check() {
            return self.try_all(app);
        }
        // Numbers that were not on the screen, or have another picture now, are shown first. What the desk refuses it says itself.
        if let Ok(tried) = self.tried(app)
            && self.pictured.as_ref() != Some(&tried)
        {
            self.follow(app);
            if let Ok((input, shown)) = self.tried(app) {
                self.picture = picture(&shown, self.form.value("final_value"));
                self.pictured = Some((input, shown));
            }
            return Reply::refuse("量或差额与刚才屏上的不同，请看清之后再按 F2");
        }
        let input = Value::Object(self.input());
        let answer = match app.ask("swap.enter", &input) {
            Ok(answer) => answer,
            Err(refusal) => return self.refused(&refusal),
        };
        let no = self.form.value("slip").to_owned();
        let charged =
            answer["picture"]["charged"].as_str().map(|sum| format!("，差额 {} 元已出账", format::grouped(sum)));
        let said = format!("拆换单 {no} 已入账{}", charged.unwrap_or_default());
        let carried = CARRIED.map(|field| (field, self.form.value(field).to_owned()));
        app.carry(DRAFT, &carried);
        match Self::new(app, None) {
            Ok(next) => {
                *self = next.blank(app);
                Reply::done().and_forget(DRAFT).and_say(said)
            }
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    /// A form with mistakes of its own: those of the desk beside them.
    fn try_all(&mut self, app: &mut App) -> Reply<App> {
        let input = Value::Object(self.input());
        mistakes::also(&mut self.form, app, "swap.enter", input, mistakes::same);
        Reply::done()
    }

    /// Mistakes go to their fields; a confirmation that is asked for becomes a field of its own.
    fn refused(&mut self, refusal: &Refusal) -> Reply<App> {
        for fault in &refusal.faults {
            match (fault.rule.as_str(), fault.field.as_deref()) {
                ("R-230", _) => self.form.show("confirm", true),
                ("R-265", Some("final_value")) => self.form.show("rollover", true),
                _ => {}
            }
        }
        let faults =
            refusal.faults.iter().map(|fault| (fault.field.as_deref().unwrap_or_default(), fault.message.clone()));
        let others = self.form.fail(faults);
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }

    /// The same with nothing typed.
    fn blank(self, app: &App) -> Self {
        let form = form(app, &self.waiting);
        Self { form, account: None, of_slip: Vec::new(), picture: Vec::new(), pictured: None, ..self }
    }

    /// F6: the reason is asked, then the slip goes back.
    fn ask_reason(&self, app: &App) -> Reply<App> {
        let no = self.form.value("slip").trim();
        if no.is_empty() {
            return Reply::refuse("先填单号，再退回");
        }
        let fields = vec![
            Field::text("slip", "单号", 30).value(no).fixed(),
            Field::text("reason", "原因", 60).value("无户号，请核实后补上").required(),
        ];
        Reply::push(AskForm::new("send_back", "退回拆换岗", Form::new(fields, app.desk.today(), initials)))
    }

    fn send_back(&mut self, app: &mut App, reason: &str) -> Reply<App> {
        let no = self.form.value("slip").trim().to_owned();
        let known = view_swap::slip(&app.desk, &no).ok().flatten();
        if known.is_none() {
            let mut slip = self.input();
            slip.remove("account");
            if let Err(refusal) = app.ask("swap.task", &json!({ "slip": slip })) {
                return self.refused(&refusal);
            }
        }
        match app.ask("swap.send_back", &json!({ "slip": no, "reason": reason })) {
            Ok(_) => match Self::new(app, None) {
                Ok(next) => {
                    *self = next.blank(app);
                    Reply::done().and_forget(DRAFT).and_say(format!("拆换单 {no} 已退回，记入退回登记"))
                }
                Err(refusal) => Reply::refuse(refusal.message()),
            },
            Err(refusal) => self.refused(&refusal),
        }
    }
}

/// What a slip taken in before says, field by field.
fn known(row: &SlipRow) -> Vec<(&'static str, String)> {
    let day = row.day.map(|day| day.to_string()).unwrap_or_default();
    let number = |value: Option<Milli>| value.map(|value| value.to_string()).unwrap_or_default();
    let said = [
        ("account", row.account_no.clone()),
        ("old_meter", row.old_meter.clone()),
        ("final_value", number(row.final_value)),
        ("new_meter", row.new_meter.clone()),
        ("first_value", number(row.first_value)),
        ("calibre", row.calibre.clone()),
        ("date", day),
        ("old_seal", row.old_seal.clone()),
        ("new_seal", row.new_seal.clone()),
        ("worker", row.worker.clone()),
        ("reason", row.reason.clone()),
        ("materials", row.materials.clone()),
    ];
    said.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// The form, with the numbers that wait to pick from.
fn form(app: &App, waiting: &[SlipLine]) -> Form {
    let numbers = waiting.iter().map(|line| line.slip.no.clone()).collect();
    let fields = vec![
        Field::code("slip", "拆换单", 20).half().required().suggest(suggest::from_words(numbers, initials)),
        Field::code("account", "户号", 20).half().required(),
        Field::code("old_meter", "旧表", 20).half().required(),
        Field::number("final_value", "止码", 3).half().required(),
        Field::code("new_meter", "新表", 20).half().required(),
        Field::number("first_value", "底码", 3).half().hint("不填为 0"),
        Field::date("date", "拆换日期").half().required(),
        Field::code("calibre", "口径", 6).half(),
        Field::code("old_seal", "旧铅封", 16).half(),
        Field::code("new_seal", "新铅封", 16).half(),
        Field::text("worker", "施工", 10).half(),
        Field::text("reason", "原因", 10).half(),
        Field::text("materials", "用料", 40),
        Field::check("rollover", "走过一圈").stands_for(&NUMBERS),
        Field::check("confirm", "用量核对").stands_for(&NUMBERS),
    ];
    let mut form = Form::new(fields, app.desk.today(), initials);
    form.show("rollover", false);
    form.show("confirm", false);
    for (field, value) in app.carried(DRAFT) {
        form.prefill(field, value);
    }
    form
}

/// Use on both meters in one line, and the charge.
fn picture(picture: &Value, final_value: &str) -> Vec<(String, Ink)> {
    let text = |field: &str| picture[field].as_str().map(format::grouped);
    let number = |field: &str| format::grouped(&picture[field].as_i64().unwrap_or(0).to_string());
    let line = format!(
        "旧表量 {} ({}→{}, {} 天)   新表量至今 {}   预计本期 {}   去年同期 {}",
        number("old_use"),
        text("last").unwrap_or_default(),
        format::grouped(final_value),
        number("days"),
        number("new_use"),
        text("expected").unwrap_or_default(),
        text("last_year").unwrap_or_else(|| "无".into()),
    );
    let charge = match (text("charged"), picture["charged_later"].as_str()) {
        (Some(sum), _) => format!("差额 {sum} 元，入账时出账 [R-272]"),
        (None, Some(why)) => why.to_owned(),
        (None, None) => String::new(),
    };
    vec![(line, Ink::Strong), (charge, Ink::Accent)]
}

impl Screen<App> for Swap {
    fn place(&self) -> Place {
        Place::Swap
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        format!("水表拆换  待录 {}", self.waiting.len())
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::Post];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        keys.extend(self.form.resumed().map(|_| Command::Anew));
        keys.push(Command::SendBack);
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Post => self.post(app),
            Command::SendBack => self.ask_reason(app),
            Command::Anew => {
                let blank = of_form::thrown_away(app, DRAFT, |app| Self::new(app, None));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        let before = self.form.focused();
        let event = self.form.on_key(key);
        match event {
            FormEvent::Unused => return Reply::unused(),
            FormEvent::Submit => return of_form::through(&self.form, "看清之后按 F2 入账"),
            FormEvent::Used => {}
            FormEvent::Changed("account") => {
                // Half a number names nobody: the picture comes when the hand leaves.
                self.picture.clear();
                self.pictured = None;
            }
            FormEvent::Changed(_) => self.look(app),
        }
        if self.form.focused() != before {
            if before == "slip" {
                self.fill(app)
            } else {
                self.follow(app)
            }
            if key.is(Code::Enter) {
                self.form.pass_known();
            }
        }
        Reply::done()
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Reply<App> {
        let reply = of_form::paste(&mut self.form, text);
        self.look(app);
        reply
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("send_back", Given::Values(values)) => {
                let reason = values.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.send_back(app, &reason)
            }
            _ => Reply::done(),
        }
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        self.form.take_change().map(|values| Draft { key: DRAFT.into(), values })
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        match &self.account {
            Some(account) => {
                let last = account
                    .last
                    .map(|(value, day)| format!("上次 {} ({})", value.grouped(), format::day(day, app.desk.today())));
                let last = last.unwrap_or_default();
                let doubt = if account.disputed { "! 两张拆换单，待现场核实" } else { "" };
                // The last reading and a doubt are seen whole; the name and the address take what is left.
                let tail = u16::try_from(safe::cells(&last) + safe::cells(doubt) + 5).unwrap_or(width);
                let who = format!("{} {}  {}", account.no, account.name, account.address);
                let x = canvas.text_in(1, 0, width.saturating_sub(tail), &who, Ink::Strong);
                let x = canvas.text(x + 2, 0, &last, Ink::Text);
                canvas.text(x + 2, 0, doubt, Ink::Stop);
            }
            None => _ = canvas.text(1, 0, "填单号：收过的单自动带出；没有户号的单按 F6 退回", Ink::Faint),
        }
        let rows = FORM_ROWS.min(height.saturating_sub(6));
        self.form.draw(&mut canvas.part(0, 1, width, rows));
        let mut y = rows + 1;
        for (line, ink) in self.picture.iter().filter(|(line, _)| !line.is_empty()) {
            y = canvas.paragraph(1, y, width.saturating_sub(2), line, *ink);
        }
        if self.account.as_ref().is_some_and(|account| account.timed) {
            let words = "分时计价：入账后在户档案“抄表”页补新表各时段底码 (不为 0 时)，下次抄表填各时段用量 [R-222]";
            y = canvas.paragraph(1, y, width.saturating_sub(2), words, Ink::Look);
        }
        y = y.max(rows + 3);
        if y + 1 >= height {
            return;
        }
        let open = self.returns.iter().filter(|line| line.row.resumed.is_none()).count();
        canvas.rule(y, &format!("待录 {}   退回登记 {open} 张未回", self.waiting.len()), Ink::Faint);
        y += 1;
        for line in self.waiting.iter().take(usize::from(height.saturating_sub(y))) {
            let slip = &line.slip;
            let day = slip.day.map(|day| format::day(day, app.desk.today())).unwrap_or_default();
            let text =
                format!("{}  {}  {}  {}  {day}  {}", slip.no, slip.account_no, slip.name, slip.address, line.clerk);
            canvas.text_in(2, y, width.saturating_sub(3), &text, Ink::Text);
            y += 1;
        }
        for line in self.returns.iter().filter(|line| line.row.resumed.is_none()) {
            if y >= height {
                break;
            }
            let day = format::day(line.row.day, app.desk.today());
            canvas.text_in(
                2,
                y,
                width.saturating_sub(3),
                &format!("{}  {day} 退回  {}", line.no, line.row.reason),
                Ink::Look,
            );
            y += 1;
        }
    }
}
