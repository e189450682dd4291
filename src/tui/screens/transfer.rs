//! 过户: what the account owes, the new customer, the fee and what to say; F2 hands it over, then the fee is taken.

use serde_json::{Value, json};

use super::fee::Known;
use super::file_form;
use super::mistakes;
use super::of_form;
use crate::desk::customer_view::{self, OnFile, Words};
use crate::desk::refusal::Refusal;
use crate::rules::customer::{FIELDS, TRANSFER_FEE_FEN};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;

/// The screen.
pub struct Transfer {
    account: Id,
    file: OnFile,
    form: Form,
}

impl Transfer {
    /// The account (户号 or its name in the day book) with a form for its new customer, whose name may be known already, or with
    /// what was typed before.
    pub fn new(app: &App, account: &str, name: &str) -> Result<Self, Refusal> {
        let account = customer_view::account_of(&app.desk, account)?;
        let file = customer_view::on_file(&app.desk, account)?;
        let words = Words::of(&app.desk, &file.utility)?;
        let person = FIELDS.iter().filter(|field| field.personal && field.key != "initials");
        let mut fields: Vec<Field> = person
            .map(|field| {
                let widget = file_form::widget(field, &words);
                if field.key == "name" { widget.required() } else { widget }
            })
            .collect();
        fields.push(Field::check("kin", "直系亲属 (有证明)").half());
        fields.push(Field::text("agent.name", "受委托人", 20).half());
        fields.push(Field::code("agent.id_number", "受委托人证件", 24).cells(24));
        let mut form = Form::new(fields, app.desk.today(), initials);
        form.focus_on("name");
        if !name.trim().is_empty() {
            form.set("name", name.trim());
        }
        let mut screen = Self { account, file, form };
        if let Some(kept) = app.draft(&screen.draft_key()) {
            screen.form.restore(&kept);
        }
        Ok(screen)
    }

    fn draft_key(&self) -> String {
        format!("transfer/{}", self.account)
    }

    fn input(&self) -> Value {
        let mut input = json!({ "account": self.account, "seen": self.file.name, "kin": self.form.is_checked("kin") });
        let mut agent = serde_json::Map::new();
        for (key, value) in file_form::typed(&self.form) {
            match key.strip_prefix("agent.") {
                Some(key) => _ = agent.insert(key.to_owned(), value),
                None if key == "kin" => {}
                None => input[key] = value,
            }
        }
        if !agent.is_empty() {
            for key in ["name", "id_number"] {
                agent.entry(key).or_insert_with(|| "".into());
            }
            input["agent"] = Value::Object(agent);
        }
        input
    }

    fn save(&mut self, app: &mut App) -> Reply<App> {
        if !self.form.check() {
            let input = self.input();
            mistakes::also(&mut self.form, app, "account.transfer", input, mistakes::same);
            return Reply::done();
        }
        match app.ask("account.transfer", &self.input()) {
            Ok(answer) => {
                let word = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
                let said = format!("已过户给 {}，{}", word("to"), word("say"));
                let done = Reply::pop().and_forget(self.draft_key());
                let next = match word("fee").parse::<Fen>() {
                    Ok(amount) if amount > Fen::ZERO => {
                        let (account, for_what) = (self.file.no.as_str(), "");
                        super::fee_of(app, &Known { kind: "过户费", amount, account, payer: "", for_what })
                    }
                    _ => Reply::done(),
                };
                done.and(next).and_say(said)
            }
            Err(refusal) => {
                let others = file_form::refused(&mut self.form, &refusal);
                if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
            }
        }
    }
}

impl Screen<App> for Transfer {
    fn place(&self) -> Place {
        Place::Customer
    }

    fn title(&self, _: &App) -> String {
        format!("过户  {} {}", self.file.no, self.file.name)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::Save];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        if self.file.owed > Fen::ZERO {
            keys.push(Command::GoPay);
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => self.save(app),
            Command::Pick => of_form::pick(&mut self.form),
            Command::GoPay => super::pay(app, self.account),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        of_form::reply(self.form.on_key(key), "看清之后按 F2 过户")
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn on_return(&mut self, app: &mut App) {
        if let Ok(file) = customer_view::on_file(&app.desk, self.account) {
            self.file = file;
        }
    }

    fn draft(&mut self) -> Option<Draft> {
        let key = self.draft_key();
        self.form.take_change().map(|values| Draft { key, values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        canvas.text_in(1, 0, width.saturating_sub(2), &self.file.address, Ink::Faint);
        if self.file.owed > Fen::ZERO {
            let owed = self.file.owed.grouped();
            canvas.text(1, 1, &format!("! 欠费 {owed}，须先缴清欠费方可过户，F5 收费"), Ink::Stop);
        } else {
            canvas.text(1, 1, "没有欠费，可以过户；过户后的费用由新户主承担", Ink::Text);
        }
        self.form.draw(&mut canvas.part(0, 3, width, height.saturating_sub(5)));
        let say = if self.form.is_checked("kin") {
            "直系亲属过户凭有效证明免收过户费".to_owned()
        } else {
            format!("过户费 {} 元", Fen(TRANSFER_FEE_FEN).grouped())
        };
        canvas.text(1, height.saturating_sub(1), &say, Ink::Accent);
    }
}
