//! 过户: the second half of a transfer that was taken in: the old picture beside the new, what becomes of prepaid, then F2 — and
//! the fee. It cannot be saved without the new owner's certificate, so no key typed ahead of it does.

use serde_json::{Value, json};

use super::drawer;
use super::file_form;
use super::mistakes;
use super::of_form;
use crate::desk::customer_view::{self, OnFile, Words};
use crate::desk::refusal::Refusal;
use crate::desk::view_transfer::{self, TransferView};
use crate::rules::customer::FIELDS;
use crate::rules::customer_fields::method;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::kind::Choice;

/// Fields whose old value stands beside the new one.
const PICTURE: &[(&str, &str)] = &[
    ("name", "户主"),
    ("id_number", "证件"),
    ("mobile", "手机"),
    ("phone", "电话"),
    ("method", "缴费"),
    ("discount", "优待"),
];
/// Rows below the form: rule, picture, what to say.
const FOOT: u16 = 6;

/// The screen.
pub struct Transfer {
    account: Id,
    file: OnFile,
    case: TransferView,
    form: Form,
}

impl Transfer {
    /// The account with a form for the new customer of the case it has open, or with what was typed before.
    pub fn new(app: &App, account: Id, case: TransferView) -> Result<Self, Refusal> {
        let file = customer_view::on_file(&app.desk, account)?;
        let words = Words::of(&app.desk, &file.utility)?;
        let person = FIELDS.iter().filter(|field| field.personal && field.key != "initials");
        let mut fields: Vec<Field> = Vec::new();
        for field in person {
            let widget = file_form::widget(field, &words);
            let needed = matches!(field.key, "name" | "id_number");
            fields.push(if needed { widget.required() } else { widget });
        }
        let choices =
            vec![Choice::new("", "(请问清)"), Choice::new("refund", "退原户主"), Choice::new("pass", "转新户主")];
        fields.push(Field::choice("balance", "预存余款", choices).half().required());
        fields.extend(drawer::field(app, None).map(|field| field.half().required()));
        fields.push(Field::text("reason", "更正原因", 60).hint("与受理时登记的新户主不同，写明原因").required());
        fields.push(Field::text("agent.name", "受委托人", 20).half());
        fields.push(Field::code("agent.id_number", "受委托人证件", 24).cells(24).private());
        let mut form = Form::new(fields, app.desk.today(), initials);
        form.set("name", &case.name);
        let mobile = case.phone.len() == 11 && case.phone.starts_with('1');
        form.set(if mobile { "mobile" } else { "phone" }, &case.phone);
        form.focus_on("id_number");
        let mut screen = Self { account, file, case, form };
        let key = screen.draft_key();
        app.resume(&mut screen.form, &key);
        screen.follow();
        Ok(screen)
    }

    /// Shows what has to be asked as it stands: the balance, and why the name is another.
    fn follow(&mut self) {
        self.form.show("balance", self.case.prepaid + self.case.credit > Fen::ZERO);
        let refund = self.form.value("balance") == "refund";
        self.form.show(drawer::FIELD, refund && self.case.prepaid + self.case.credit > Fen::ZERO);
        let other = self.form.value("name").trim() != self.case.name && !self.case.name.is_empty();
        self.form.show("reason", other);
    }

    fn draft_key(&self) -> String {
        // Of the case, not of the account: what was typed for one new owner never meets another.
        format!("transfer/{}", self.case.case)
    }

    fn input(&self) -> Value {
        let mut input = json!({ "account": self.account, "seen": self.file.name, "case": self.case.case });
        let mut agent = serde_json::Map::new();
        for (key, value) in file_form::typed(&self.form) {
            match key.strip_prefix("agent.") {
                Some(key) => _ = agent.insert(key.to_owned(), value),
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
                let next = super::charges_after(app, self.case.case);
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

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        format!("过户  {} {}", self.file.no, self.file.name)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::Save];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        keys.extend(self.form.resumed().map(|_| Command::Anew));
        if self.case.debts > Fen::ZERO {
            keys.push(Command::GoPay);
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => self.save(app),
            Command::Pick => of_form::pick(&mut self.form),
            Command::GoPay => super::pay(app, self.account),
            Command::Anew => {
                let blank =
                    of_form::thrown_away(app, &self.draft_key(), |app| Self::new(app, self.account, self.case.clone()));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        let event = self.form.on_key(key);
        if let FormEvent::Changed(_) = event {
            self.follow();
        }
        of_form::reply(&self.form, event, "看清之后按 F2 过户")
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        let reply = of_form::paste(&mut self.form, text);
        self.follow();
        reply
    }

    fn on_return(&mut self, app: &mut App) {
        if let Ok(file) = customer_view::on_file(&app.desk, self.account) {
            self.file = file;
        }
        if let Ok(Some(case)) = view_transfer::waiting(&app.desk, self.account) {
            self.case = case;
        }
        self.follow();
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        let key = self.draft_key();
        self.form.take_change().map(|values| Draft { key, values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        canvas.text_in(1, 0, width.saturating_sub(2), &self.file.address, Ink::Faint);
        if self.case.debts > Fen::ZERO {
            let owed = self.case.debts.grouped();
            canvas.text(1, 1, &format!("! 欠费 {owed}，须先缴清欠费方可过户，F5 收费"), Ink::Stop);
        } else if let Some(waits) = &self.case.waits {
            canvas.text_in(1, 1, width.saturating_sub(2), &format!("! {waits}"), Ink::Stop);
        } else {
            let settled = self.case.settled.as_deref().unwrap_or("没有读数");
            let text = format!("没有欠费，可以过户；结算方数 {settled}，以后的费用由新户主承担");
            canvas.text_in(1, 1, width.saturating_sub(2), &text, Ink::Text);
        }
        let has = self.case.prepaid + self.case.credit;
        if has > Fen::ZERO {
            let (prepaid, credit) = (self.case.prepaid.grouped(), self.case.credit.grouped());
            canvas.text(1, 2, &format!("! 预存 {prepaid}  余款 {credit}，请问清：退原户主，还是转新户主"), Ink::Look);
        }
        let rows = height.saturating_sub(3 + FOOT);
        self.form.draw(&mut canvas.part(0, 3, width, rows));
        self.draw_picture(&mut canvas.part(0, 3 + rows, width, FOOT));
    }
}

impl Transfer {
    /// Old and new side by side, and what to say.
    fn draw_picture(&self, canvas: &mut Canvas) {
        canvas.rule(0, "现在 → 过户后", Ink::Faint);
        let width = canvas.width().saturating_sub(1);
        let shown = |text: &str| if text.is_empty() { "空".to_owned() } else { text.to_owned() };
        let mut lines: Vec<(String, bool)> = Vec::new();
        for (key, label) in PICTURE {
            let old = self.file.values.get(*key).and_then(Value::as_str).unwrap_or_default();
            let new = match (*key, self.form.value(key).trim()) {
                ("method", "") => method::CASH, // what the old owner had agreed with the bank ends
                (_, new) => new,
            };
            if !old.is_empty() || !new.is_empty() {
                lines.push((format!("{label} {} → {}", shown(old), shown(new)), old == new));
            }
        }
        let has = self.case.prepaid + self.case.credit;
        if has > Fen::ZERO {
            let after = match self.form.value("balance") {
                "refund" => "0.00 (退原户主)".to_owned(),
                "pass" => format!("{} (转新户主)", has.grouped()),
                _ => "请问清".to_owned(),
            };
            lines.push((format!("预存余款 {} → {after}", has.grouped()), false));
        }
        let (mut x, mut y) = (1, 1);
        for (text, same) in lines {
            let cells = u16::try_from(safe::cells(&text)).unwrap_or(0);
            if x > 1 && x + cells > width {
                (x, y) = (1, y + 1);
            }
            let ink = if same { Ink::Faint } else { Ink::Strong };
            x = canvas.text_in(x, y, width.saturating_sub(x), &text, ink) + 3;
        }
        let say = match (self.case.kin, self.case.owed) {
            (true, Fen::ZERO) => "直系亲属过户凭有效证明免收过户费".to_owned(),
            (_, Fen::ZERO) => format!("过户费 {} 元已收", self.case.fee.grouped()),
            (_, owed) => format!("过户费 {} 元", owed.grouped()),
        };
        canvas.text(1, canvas.height().saturating_sub(1), &format!("{}  {say}", self.case.case), Ink::Accent);
    }
}
