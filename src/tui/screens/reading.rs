//! One reading (抄表): a new one of an account, or one on file put right with the reason. Where the price counts the hours of the
//! day apart, each register is asked for; after a swap, or when the reading before has none, the use by register instead.

use serde_json::{Map, Value, json};

use super::mistakes;
use super::of_form;
use crate::desk::customer_view::timeline::source_word;
use crate::desk::reading_enter::SOURCES;
use crate::desk::refusal::Refusal;
use crate::desk::view_reading::{self, ReadingView};
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::sealed_use::SealedUse;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;

/// The screen.
pub struct Reading {
    view: ReadingView,
    form: Form,
}

impl Reading {
    /// A new reading of an account, with its value if it was typed already.
    pub fn new(app: &App, account: Id, value: &str) -> Result<Self, Refusal> {
        let view = view_reading::view(&app.desk, account, app.facts().day, None)?;
        let mut screen = Self { form: form(&view, app, value), view };
        if value.is_empty() {
            let key = screen.draft_key();
            app.resume(&mut screen.form, &key);
        }
        screen.ask_use(screen.view.swapped);
        Ok(screen)
    }

    /// A reading on file, to be put right.
    pub fn correct(app: &App, account: Id, reading: Id) -> Result<Self, Refusal> {
        let view = view_reading::view(&app.desk, account, app.facts().day, Some(reading))?;
        if view.found.is_none() {
            return Err(Refusal::usage("这个读数已经不在，请重新打开户档案"));
        }
        Ok(Self { form: form(&view, app, ""), view })
    }

    fn draft_key(&self) -> String {
        match &self.view.found {
            Some(found) => format!("reading/{}/{}", self.view.account, found.id),
            None => format!("reading/{}", self.view.account),
        }
    }

    /// What the register fields mean is told by their labels: where they stand, or what was used.
    fn ask_use(&mut self, used: bool) {
        if used && !self.view.registers.is_empty() {
            self.form.set("told", "used");
        }
    }

    fn input(&self) -> Value {
        let text = |field: &str| self.form.value(field).trim().to_owned();
        let mut input = json!({ "account": self.view.account, "value": text("value"), "remark": text("remark") });
        let Value::Object(map) = &mut input else { return input };
        let (told, registers) = told_registers(&self.view, &self.form);
        if !registers.is_empty() {
            map.insert(told.into(), registers.into());
        }
        for field in ["rollover", "confirm"] {
            if self.form.is_checked(field) {
                map.insert(field.into(), true.into());
            }
        }
        match &self.view.found {
            Some(found) => _ = map.insert("date".into(), json!(found.day)),
            None => {
                map.insert("date".into(), text("date").into());
                map.insert("source".into(), text("source").into());
                map.insert("reader".into(), text("reader").into());
                if !self.form.value("sealed").is_empty() {
                    map.insert("sealed".into(), text("sealed").into());
                }
                if self.form.is_checked("estimated") {
                    map.insert("estimated".into(), true.into());
                }
            }
        }
        input
    }

    fn save(&mut self, app: &mut App) -> Reply<App> {
        let action = if self.view.found.is_some() { "reading.correct" } else { "reading.enter" };
        if !self.form.check() {
            let input = self.input();
            mistakes::also(&mut self.form, app, action, input, mistakes::same);
            return Reply::done();
        }
        match app.ask(action, &self.input()) {
            Ok(answer) => {
                let said = match &self.view.found {
                    Some(_) => format!("已更正，原示数 {} 留在账里", answer["was"].as_str().unwrap_or_default()),
                    None => format!("已录入，用量 {}", format::grouped(&answer["use"].to_string())),
                };
                Reply::pop().and_forget(self.draft_key()).and_say(said)
            }
            Err(refusal) => self.refused(&refusal),
        }
    }

    /// Mistakes go to their fields; a confirmation that is asked for becomes a field of its own.
    fn refused(&mut self, refusal: &Refusal) -> Reply<App> {
        let first = self.view.registers.first().map_or("value", |line| field_of(&line.name));
        let mut faults = Vec::new();
        for fault in &refusal.faults {
            match (fault.rule.as_str(), fault.field.as_deref()) {
                (_, Some("sealed")) => self.form.show("sealed", true),
                ("R-230", Some("rollover")) => self.form.show("rollover", true),
                ("R-230", Some("value")) => self.form.show("confirm", true),
                _ => {}
            }
            let field = match fault.field.as_deref() {
                Some("registers" | "register_uses") => first,
                Some(field) => field,
                None => "",
            };
            faults.push((field, fault.message.clone()));
        }
        let others = self.form.fail(faults);
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }

    /// Use since the reading before, while it is typed.
    fn use_line(&self) -> Option<String> {
        let (last, _) = self.view.last?;
        let value: Milli = self.form.value("value").trim_end_matches('.').parse().ok()?;
        let used = value - last;
        (!used.is_negative()).then(|| format!("用量 {}", used.grouped()))
    }
}

/// The field of a register.
pub(super) fn field_of(register: &str) -> &'static str {
    super::interned(&format!("register.{register}"))
}

/// How a sealed meter came to run, asked only when it did.
pub(super) fn sealed_field() -> Field {
    let answers = SealedUse::ALL.map(|answer| Choice::new(answer.code(), answer.label())).to_vec();
    Field::choice("sealed", "封表走字", answers)
}

/// A field for each register of the price, and what is told in them; none for an ordinary meter.
pub(super) fn register_fields(view: &ReadingView) -> Vec<Field> {
    let now = view.found.as_ref().map(view_reading::read_of).unwrap_or_default();
    let mut fields = Vec::new();
    for line in &view.registers {
        let known = now.iter().find(|(name, _)| *name == line.name).map(|(_, value)| value.to_string());
        let label = super::interned(&format!("{}时段", line.label));
        let field = Field::number(field_of(&line.name), label, 3).half();
        fields.push(field.value(&known.unwrap_or_default()));
    }
    if !view.registers.is_empty() {
        let ways = vec![Choice::new("read", "示数"), Choice::new("used", "用量")];
        fields.push(Field::choice("told", "时段填", ways).value("read").hint("换表后、上次没有时段示数时填用量"));
    }
    fields
}

/// What is told of the registers: under which field of the input, register by register.
pub(super) fn told_registers(view: &ReadingView, form: &Form) -> (&'static str, Map<String, Value>) {
    let typed = |name: &str| form.value(field_of(name)).trim().to_owned();
    let values = view.registers.iter().map(|line| (line.name.clone(), typed(&line.name)));
    let told = values.filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, text.into())).collect();
    (if form.value("told") == "used" { "register_uses" } else { "registers" }, told)
}

fn form(view: &ReadingView, app: &App, value: &str) -> Form {
    let today = app.facts().day;
    let mut fields = Vec::new();
    let on_file = view.found.as_ref().map(|row| row.value.to_string());
    let value = on_file.as_deref().unwrap_or(value);
    match &view.found {
        Some(found) => fields.push(Field::date("date", "抄表日期").half().value(&found.day.to_string()).fixed()),
        None => fields.push(Field::date("date", "抄表日期").half().required().value(&today.to_string())),
    }
    fields.push(Field::number("value", "示数", 3).half().required().value(value));
    fields.extend(register_fields(view));
    let numbers: Vec<&'static str> =
        view.registers.iter().map(|line| field_of(&line.name)).chain(["value", "date"]).collect();
    if view.found.is_none() {
        let sources = SOURCES.map(|source| Choice::new(source, source_word(source))).to_vec();
        fields.push(Field::choice("source", "来源", sources).half().value("card"));
        fields.push(Field::text("reader", "抄表员", 40).half());
        fields.push(Field::check("estimated", "估抄"));
        fields.push(Field::text("remark", "备注", 60));
        fields.push(Field::check("confirm", "用量核实").stands_for(&numbers));
        fields.push(sealed_field());
    } else {
        fields.push(Field::text("remark", "更正原因", 60).required());
        fields.push(Field::check("confirm", "用量核实"));
    }
    fields.push(Field::check("rollover", "走过一圈").stands_for(&numbers));
    let mut form = Form::new(fields, today, initials);
    form.show("confirm", false);
    form.show("sealed", false);
    form.show("rollover", false);
    form.focus_on("value");
    form
}

impl Screen<App> for Reading {
    fn place(&self) -> Place {
        Place::Readings
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        let what = if self.view.found.is_some() { "更正读数" } else { "抄表" };
        format!("{what}  {} {}", self.view.no, self.view.name)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        of_form::keys(&self.form)
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => self.save(app),
            Command::Pick => of_form::pick(&mut self.form),
            Command::Anew => {
                let blank = of_form::thrown_away(app, &self.draft_key(), |app| Self::new(app, self.view.account, ""));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        let event = self.form.on_key(key);
        of_form::reply(&self.form, event, "看清之后按 F2 保存")
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        let key = self.draft_key();
        self.form.take_change().map(|values| Draft { key, values })
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let mut line = format!("表 {}", self.view.meter);
        if let Some((value, day)) = self.view.last {
            line = format!("{line}   上次 {} ({})", value.grouped(), format::day(day, app.desk.today()));
        }
        for register in &self.view.registers {
            if let Some(last) = register.last {
                line = format!("{line} {} {}", register.label, last.grouped());
            }
        }
        let x = canvas.text_in(1, 0, width.saturating_sub(2), &line, Ink::Text);
        if let Some(used) = self.use_line() {
            canvas.text_in(x + 3, 0, width.saturating_sub(x + 4), &used, Ink::Strong);
        }
        self.form.draw(&mut canvas.part(0, 2, width, height.saturating_sub(4)));
        if !self.view.registers.is_empty() {
            let words = "分时计价：各时段相加应与总用量相符；没有各时段的读数，账单挂起待补 [R-222]";
            canvas.text_in(1, height.saturating_sub(1), width.saturating_sub(2), words, Ink::Faint);
        }
    }
}
