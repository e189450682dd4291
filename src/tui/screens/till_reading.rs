//! A reading keyed at the till and billed at once, over the payment: its use, the bill it brings and what would hold that
//! bill are seen while it is typed, then F2. What is refused comes back to its field, and nothing that was typed is lost.

use serde_json::{Value, json};

use super::file_form;
use super::reading::{field_of, register_fields, sealed_field, told_registers};
use crate::desk::reading_enter::Input;
use crate::desk::refusal::Refusal;
use crate::desk::view_reading::{self, ReadingView};
use crate::desk::view_till_reading::{self, AtTill, MOST_BILLS};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Reply, Screen, Shape};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::draw_ways;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::kind::Choice;

/// Cells across, border included, and cells in it.
const WIDTH: u16 = 76;
const INSIDE: u16 = WIDTH - 2;
/// Rows of the picture below the form.
const PICTURE: u16 = 6;
/// Rows of a list that hangs out of the form.
const LIST_ROWS: u16 = 5;
/// Bills the picture has room for.
const SHOWN: usize = 2;

/// The popup.
pub struct TillReading {
    view: ReadingView,
    form: Form,
    /// What the account owes on bills now.
    owed: Fen,
    /// What the reading comes to; none until it is one.
    picture: Option<Result<AtTill, Refusal>>,
}

impl TillReading {
    /// An empty reading of an account that owes so much.
    pub fn new(app: &App, account: Id, owed: Fen) -> Result<Self, Refusal> {
        let view = view_reading::view(&app.desk, account, app.facts().day, None)?;
        let sources = vec![Choice::new("till", "抄表员报数"), Choice::new("self", "用户自报")];
        let mut fields = vec![
            Field::number("value", "本次示数", 3).half().required(),
            Field::choice("source", "来源", sources).half().value("till"),
        ];
        let numbers: Vec<&'static str> =
            view.registers.iter().map(|line| field_of(&line.name)).chain(["value"]).collect();
        fields.extend(register_fields(&view));
        fields.extend([
            sealed_field(),
            Field::check("rollover", "表已走过一圈").stands_for(&numbers),
            Field::check("confirm", "用量偏大已核实").stands_for(&numbers),
        ]);
        let mut form = Form::new(fields, app.desk.today(), initials);
        if view.swapped && !view.registers.is_empty() {
            form.set("told", "used");
        }
        for asked in ["sealed", "rollover", "confirm"] {
            form.show(asked, false);
        }
        Ok(Self { view, form, owed, picture: None })
    }

    fn input(&self) -> Value {
        let mut input = json!({ "account": self.view.account, "value": self.form.value("value").trim() });
        let (told, registers) = told_registers(&self.view, &self.form);
        if !registers.is_empty() {
            input[told] = registers.into();
        }
        if !self.form.value("sealed").is_empty() {
            input["sealed"] = self.form.value("sealed").into();
        }
        for field in ["rollover", "confirm"] {
            if self.form.is_checked(field) {
                input[field] = true.into();
            }
        }
        input
    }

    /// Works the picture out anew; none while the number is not there or cannot be read.
    fn look(&mut self, app: &App) {
        let typed = self.form.value("value").trim().trim_end_matches('.');
        self.picture = None;
        if typed.is_empty() || self.form.unread().is_some() {
            return;
        }
        let mut input = self.input();
        input["value"] = typed.into();
        let Ok(input) = serde_json::from_value::<Input>(input) else { return };
        self.picture = Some(view_till_reading::picture(&app.desk, self.view.account, app.facts().day, &input));
    }

    /// F2: the reading, then every bill that waits on it.
    fn enter(&mut self, app: &mut App) -> Reply<App> {
        if !self.form.check() {
            return Reply::done();
        }
        self.look(app);
        if let Some(Err(refusal)) = &self.picture {
            let refusal = refusal.clone();
            return self.refused(&refusal);
        }
        let mut input = self.input();
        input["date"] = json!(app.facts().day);
        input["source"] = self.form.value("source").into();
        match app.act("reading.enter", &input, None) {
            Ok(_) => self.bill(app),
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn bill(&self, app: &mut App) -> Reply<App> {
        let mut said: Vec<String> = Vec::new();
        for _ in 0..MOST_BILLS {
            let bill = match app.ask("bill.issue", &json!({ "account": self.view.account })) {
                Ok(bill) => bill,
                Err(refusal) if said.is_empty() => {
                    return Reply::pop().and_toast(format!("读数已录，没有出账：{}", refusal.message()), Ink::Stop);
                }
                Err(_) => break, // no reading is left without a bill
            };
            let word = |field: &str| bill[field].as_str().unwrap_or_default();
            if !word("held").is_empty() {
                said.push(format!("读数已录，账单挂起：{}", word("held")));
                return Reply::pop().and_toast(said.join("；"), Ink::Look);
            }
            let (volume, amount) = (format::grouped(word("volume")), format::grouped(word("amount")));
            said.push(format!("已出账：{} 用量 {volume}，应收 {amount}", word("cycle")));
        }
        Reply::pop().and_say(said.join("；"))
    }

    /// Mistakes go to their fields; a confirmation that is asked for becomes a field of its own.
    fn refused(&mut self, refusal: &Refusal) -> Reply<App> {
        let first = self.view.registers.first().map_or("value", |line| field_of(&line.name));
        let mut named = refusal.clone();
        for fault in &mut named.faults {
            match (fault.rule.as_str(), fault.field.as_deref()) {
                (_, Some("sealed")) => self.form.show("sealed", true),
                ("R-230", Some("rollover")) => self.form.show("rollover", true),
                ("R-230", Some("value")) => self.form.show("confirm", true),
                _ => {}
            }
            if matches!(fault.field.as_deref(), Some("registers" | "register_uses")) {
                fault.field = Some(first.to_owned());
            }
        }
        let others = file_form::refused(&mut self.form, &named);
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }

    fn changed(&mut self, event: FormEvent, app: &App) -> Reply<App> {
        match event {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Used => Reply::done(),
            FormEvent::Submit => super::of_form::through(&self.form, "看清之后按 F2 录入并出账"),
            FormEvent::Changed(_) => {
                self.look(app);
                Reply::done()
            }
        }
    }
}

impl Screen<App> for TillReading {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        format!("录入读数  {} {}", self.view.no, self.view.name)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        vec![Command::ConfirmF2]
    }

    fn shape(&self) -> Shape {
        let form = u16::try_from(self.form.lines(INSIDE)).unwrap_or(PICTURE);
        let list = if self.form.is_list_open() { LIST_ROWS } else { 0 };
        Shape::Popup { width: WIDTH, height: form + PICTURE + list + 4 }
    }

    fn on_command(&mut self, _: Command, app: &mut App) -> Reply<App> {
        self.enter(app)
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        if key.is(Code::Esc) && !self.form.is_list_open() {
            return Reply::pop();
        }
        let event = self.form.on_key(key);
        self.changed(event, app)
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Reply<App> {
        let event = self.form.on_paste(text);
        self.changed(event, app)
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let mut before = format!("表 {}", self.view.meter);
        if let Some((value, day)) = self.view.last {
            before = format!("{before}   上次 {} ({})", value.grouped(), format::day(day, app.desk.today()));
        }
        canvas.text_in(3, 0, width.saturating_sub(4), &before, Ink::Text);
        let form = height.saturating_sub(PICTURE + 2);
        canvas.rule(form + 1, "", Ink::Faint);
        self.draw_picture(&mut canvas.part(0, form + 2, width, PICTURE - 2), app);
        draw_ways(canvas, height.saturating_sub(1), Command::ConfirmF2, "录入并出账");
        if self.form.is_list_open() {
            return self.form.draw(&mut canvas.part(0, 1, width, height.saturating_sub(2)));
        }
        self.form.draw(&mut canvas.part(0, 1, width, form));
    }
}

impl TillReading {
    /// Use, bills, what is owed before and after.
    fn draw_picture(&self, canvas: &mut Canvas, app: &App) {
        let room = canvas.width().saturating_sub(4);
        let picture = match &self.picture {
            None => {
                canvas.text_in(3, 0, room, "填示数，看清用量和金额后按 F2", Ink::Faint);
                return;
            }
            Some(Err(refusal)) => {
                canvas.paragraph(3, 0, room, &format!("! {}", refusal.message()), Ink::Look);
                return;
            }
            Some(Ok(picture)) => picture,
        };
        if picture.bills.is_empty() {
            canvas.text_in(
                3,
                0,
                room,
                &format!("用量 {}   没有要出的账单", format::grouped(&picture.used.to_string())),
                Ink::Text,
            );
            return;
        }
        let mut y = 0;
        let most = if picture.bills.len() > SHOWN { SHOWN - 1 } else { SHOWN };
        let hidden = picture.bills.len().saturating_sub(most);
        if hidden > 0 {
            canvas.text_in(3, y, room, &format!("先出前面没有出账的 {hidden} 张账单"), Ink::Look);
            y += 1;
        }
        for bill in &picture.bills[hidden..] {
            let due = format::day(bill.due, app.desk.today());
            let mut line = format!("账期 {}   用量 {}   应收 ", bill.cycle, bill.volume.grouped());
            let x = canvas.text(3, y, &line, Ink::Text);
            let x = canvas.text(x, y, &bill.amount.grouped(), Ink::Strong);
            line = format!("   {due} 前不收滞纳金");
            let x = canvas.text_in(x, y, room.saturating_sub(x), &line, Ink::Faint);
            if bill.settled > Fen::ZERO {
                canvas.text_in(
                    x,
                    y,
                    room.saturating_sub(x),
                    &format!("   预存付 {}", bill.settled.grouped()),
                    Ink::Text,
                );
            }
            y += 1;
        }
        let held = picture.bills.iter().find_map(|bill| bill.held.as_ref());
        if held.is_none() {
            let new: Fen = picture.bills.iter().map(|bill| bill.amount - bill.settled).sum();
            let sums = format!("欠费  现在 {}  →  出账后 {}", self.owed.grouped(), (self.owed + new).grouped());
            canvas.text_in(3, y, room, &sums, Ink::Strong);
            y += 1;
        }
        // What must be said first comes first.
        let held = held.map(|held| format!("! 账单会挂起，现在不能收：{held}"));
        if let Some(told) = picture.doubt.as_ref().map(|doubt| format!("! {doubt}")).or(held) {
            canvas.paragraph(3, y, room, &told, Ink::Look);
        }
    }
}
