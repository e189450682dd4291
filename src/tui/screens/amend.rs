//! A field of the customer file changed, with the fields it depends on beside it; F2 saves. What is on file stands in the fields
//! to begin with; of a sealed number only its last digits are known, so its field begins empty and stays as it is when empty.

use serde_json::{Map, Value, json};

use super::drawer;
use super::file_form;
use super::mistakes;
use super::of_form;
use crate::desk::customer_view::{self, Words};
use crate::desk::refusal::Refusal;
use crate::outbound::printer;
use crate::rules::customer::{self, Field as FileField};
use crate::rules::customer_fields::method;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::billing::BalanceRow;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;

/// What becomes of prepaid and credit when the account is closed.
const BALANCE: &str = "balance";

/// Fields that are changed together, because a rule binds them.
const TOGETHER: &[&[&str]] = &[
    &["method", "bank_name", "bank_holder", "bank_card", "agreement"],
    &["sms", "sms_carrier"],
    &["connection", "connected", "invoiced"],
    &["address", "area", "building_kind", "building", "unit", "room", "book"],
];

/// The screen.
pub struct Amend {
    account: Id,
    no: String,
    name: String,
    fields: Vec<&'static FileField>,
    /// What is on file: kept values, sealed numbers masked.
    seen: Map<String, Value>,
    form: Form,
}

impl Amend {
    /// The field of an account, with those it depends on.
    pub fn new(app: &App, account: Id, key: &str) -> Result<Self, Refusal> {
        let file = customer_view::on_file(&app.desk, account)?;
        let fields = together(key);
        if fields.is_empty() {
            return Err(Refusal::usage("这一栏不能改"));
        }
        let words = Words::of(&app.desk, &file.utility)?;
        let mut widgets = Vec::new();
        for field in &fields {
            let now = file.values.get(field.key).and_then(Value::as_str).unwrap_or_default();
            let widget = file_form::widget(field, &words);
            widgets.push(match field.is_sealed() && !now.is_empty() {
                true => widget.hint(&format!("在册 {now}，不改就留空")),
                false => widget.value(now),
            });
        }
        if key == "status" && has_money(app, account)? {
            let ways = vec![Choice::new("refund", "退用户")];
            widgets.push(Field::choice(BALANCE, "预存余款", ways).hint("销户时从钱箱退给用户，不销户就留空"));
            widgets.extend(drawer::field(app, None));
        }
        let mut form = Form::new(widgets, app.desk.today(), initials);
        form.focus_on(key);
        let mut screen = Self { account, no: file.no, name: file.name, fields, seen: file.values, form };
        let key = screen.draft_key();
        app.resume(&mut screen.form, &key);
        Ok(screen)
    }

    fn draft_key(&self) -> String {
        format!("amend/{}/{}", self.account, self.fields.first().map_or("", |field| field.key))
    }

    /// The fields whose text differs from what is on file. Bank fields of somebody who no longer pays by bank are cleared.
    fn changes(&self) -> Vec<Value> {
        let debit = method::is_debit(self.form.value("method"));
        let pays = self.fields.iter().any(|field| field.key == "method");
        let mut changes = Vec::new();
        for field in &self.fields {
            let seen = self.seen.get(field.key).and_then(Value::as_str).unwrap_or_default();
            let mut typed = self.form.value(field.key).trim();
            let stays = field.is_sealed() && typed.is_empty();
            let bank = matches!(field.key, "bank_name" | "bank_holder" | "bank_card");
            let top_up = self.form.value("method") == method::TOP_UP;
            if bank && pays && !debit && !top_up {
                typed = "";
            } else if stays {
                continue;
            }
            if typed != seen {
                let value = Some(typed).filter(|text| !text.is_empty());
                changes.push(json!({ "field": field.key, "seen": seen, "value": value }));
            }
        }
        changes
    }

    fn save(&mut self, app: &mut App) -> Reply<App> {
        let is_sound = self.form.check();
        let mut changes = self.changes().into_iter();
        let Some(first) = changes.next() else {
            return match is_sound {
                true => Reply::pop().and_forget(self.draft_key()).and_say("没有改动"),
                false => Reply::done(),
            };
        };
        let mut input = first;
        input["account"] = json!(self.account);
        input["also"] = Value::Array(changes.collect());
        let balance = self.form.value(BALANCE).trim();
        if !balance.is_empty() {
            input[BALANCE] = json!(balance);
            drawer::put(&mut input, &self.form.values());
        }
        if !is_sound {
            mistakes::also(&mut self.form, app, "account.amend", input, mistakes::same);
            return Reply::done();
        }
        match app.act("account.amend", &input, None) {
            Ok(done) => {
                let answer: Value = serde_json::from_str(&done.result).unwrap_or_default();
                let refunded = answer["refunded"].as_str().map(|sum| format!("退用户 {sum} 元，请清点"));
                let printed = refunded.is_some().then_some(done.entry).flatten();
                let printed = printed.and_then(|id| app.desk.look().ok().map(|tx| printer::print(&tx, id, false)));
                let warnings = answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let said = std::iter::once("已改，原值留在历次改动里").chain(refunded.as_deref()).chain(warnings);
                let said = said.collect::<Vec<_>>().join("；");
                let reply = Reply::pop().and_forget(self.draft_key());
                match printed {
                    Some(Err(error)) => reply.and_toast(format!("{said}。{error}"), Ink::Look),
                    _ => reply.and_say(said),
                }
            }
            Err(refusal) => {
                let others = file_form::refused(&mut self.form, &refusal);
                if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
            }
        }
    }
}

/// Has the account prepaid or credit, which a closing asks about?
fn has_money(app: &App, account: Id) -> Result<bool, Refusal> {
    let kept = app.desk.look()?.get::<BalanceRow>(&[&account])?;
    Ok(kept.is_some_and(|row| row.prepaid + row.credit > Fen::ZERO))
}

/// A field with those it is changed together with; the field's own group first.
fn together(key: &str) -> Vec<&'static FileField> {
    let group = TOGETHER.iter().find(|group| group.contains(&key));
    match group {
        Some(group) => group.iter().filter_map(|key| customer::field(key)).collect(),
        None => customer::field(key).into_iter().collect(),
    }
}

impl Screen<App> for Amend {
    fn place(&self) -> Place {
        Place::Customer
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        format!("改档案  {} {}", self.no, self.name)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        of_form::keys(&self.form)
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => self.save(app),
            Command::Pick => of_form::pick(&mut self.form),
            Command::Anew => {
                let blank = of_form::thrown_away(app, &self.draft_key(), |app| {
                    Self::new(app, self.account, self.fields.first().map_or("", |field| field.key))
                });
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

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        self.form.draw(&mut canvas.part(0, 1, width, height.saturating_sub(3)));
        canvas.text(1, height.saturating_sub(1), "原值和改动都留在这一户的历次改动里", Ink::Faint);
    }
}
