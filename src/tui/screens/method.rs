//! A wrongly recorded payment method put right (更改缴费方式): 信息中心 finds the receipt, sees what it was, and types how it was paid
//! in truth, with the number of the approved request and the reason.

use serde_json::{Value, json};

use super::file_form;
use super::mistakes;
use super::of_form;
use crate::desk::refusal::Refusal;
use crate::desk::view_finance;
use crate::rules::id::Id;
use crate::store::tables::till::TillRow;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;

/// What is typed survives under this key.
const DRAFT: &str = "method";
/// Ways money comes in; a prepaid payment took none.
const WAYS: [&str; 3] = ["现金", "银行卡", "转账"];

/// The screen.
pub struct Method {
    form: Form,
    row: Option<TillRow>,
    /// Why the receipt typed was not found.
    lost: Option<String>,
}

impl Method {
    /// An empty form, or what was typed before.
    pub fn new(app: &App) -> Self {
        let mut screen = Self::begin(app);
        if app.resume(&mut screen.form, DRAFT) {
            screen.look(app);
        }
        screen
    }

    /// On the last receipt of an account.
    pub fn of(app: &App, account: Id) -> Result<Self, Refusal> {
        let mut screen = Self::begin(app);
        if let Some(row) = view_finance::last_receipt(&app.desk, account)? {
            let receipt = row.receipt();
            screen.form.set("payment", if receipt.is_empty() { row.paper.as_deref().unwrap_or("") } else { &receipt });
            screen.form.focus_on("method");
            screen.look(app);
        }
        Ok(screen)
    }

    fn begin(app: &App) -> Self {
        let ways = WAYS.map(|way| Choice::new(way, way)).to_vec();
        let fields = vec![
            Field::code("payment", "核对单", 30).required().hint("核对单号、手开单号或凭单号"),
            Field::choice("method", "实际方式", ways).required(),
            Field::text("request", "申请单号", 60).required().hint("已批准的申请"),
            Field::text("reason", "原因", 60).required(),
        ];
        Self { form: Form::new(fields, app.desk.today(), initials), row: None, lost: None }
    }

    /// Reads the receipt that is typed.
    fn look(&mut self, app: &App) {
        let typed = self.form.value("payment").trim().to_owned();
        (self.row, self.lost) = match view_finance::receipt(&app.desk, &typed) {
            _ if typed.is_empty() => (None, None),
            Ok(row) => (Some(row), None),
            Err(refusal) => (None, Some(refusal.message())),
        };
        if let Some(why) = &self.lost {
            self.form.show_mistake("payment", why);
        }
    }

    fn input(&self) -> Value {
        json!({
            "payment": self.form.value("payment").trim(), "method": self.form.value("method"),
            "request": self.form.value("request"), "reason": self.form.value("reason"),
        })
    }

    fn save(&mut self, app: &mut App) -> Reply<App> {
        if !self.form.check() {
            let input = self.input();
            mistakes::also(&mut self.form, app, "payment.method", input, mistakes::same);
            return Reply::done();
        }
        match app.ask("payment.method", &self.input()) {
            Ok(answer) => {
                let word = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
                let said = format!("核对单 {} 的方式由{}改为{}", word("receipt"), word("before"), word("method"));
                Reply::pop().and_forget(DRAFT).and_say(said)
            }
            Err(refusal) => {
                let others = file_form::refused(&mut self.form, &refusal);
                if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
            }
        }
    }
}

impl Screen<App> for Method {
    fn place(&self) -> Place {
        Place::Method
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        "更改缴费方式".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        of_form::keys(&self.form)
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => self.save(app),
            Command::Pick => of_form::pick(&mut self.form),
            Command::Anew => {
                let blank = of_form::thrown_away(app, DRAFT, |app| Ok(Self::new(app)));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        let before = self.form.focused();
        let event = self.form.on_key(key);
        if self.form.focused() != before && before == "payment" {
            self.look(app);
        }
        of_form::reply(&self.form, event, "看清之后按 F2 保存")
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        self.form.take_change().map(|values| Draft { key: DRAFT.into(), values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let room = width.saturating_sub(2);
        match &self.row {
            Some(row) => {
                let what = format!("{}  {}  {} {} 元", row.day, row.receipt(), row.item, row.amount.grouped());
                let x = canvas.text(1, 0, &what, Ink::Strong);
                let x = canvas.text(x + 3, 0, &format!("现在记的方式 {}", row.method), Ink::Look);
                canvas.text(x + 3, 0, &crate::outbound::reports::payments::state(row), Ink::Text);
                canvas.text_in(1, 1, room, &row.payer, Ink::Text);
            }
            None => _ = canvas.text(1, 0, "填核对单号，看清是哪一笔，再填实际方式", Ink::Faint),
        }
        self.form.draw(&mut canvas.part(0, 3, width, height.saturating_sub(5)));
        let foot = "只由信息中心凭已批准的申请更改；原方式和更改都留在账里，班次的现金随之变";
        canvas.text_in(1, height.saturating_sub(1), room, foot, Ink::Faint);
    }
}
