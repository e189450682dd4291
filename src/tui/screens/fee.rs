//! Service fee (服务费): kind, amount, who pays; F2 takes it.

use serde_json::{Value, json};

use super::mistakes;
use super::mistyped;
use super::of_form;
use crate::desk::refusal::Refusal;
use crate::desk::till::ask::Method;
use crate::desk::till::fee_kinds;
use crate::desk::till::mistyped::CONFIRM;
use crate::outbound::printer;
use crate::rules::money::Fen;
use crate::store::tables::order::ChargeRow;
use crate::text::till::say_cash;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Context, Draft, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;

/// What is typed survives under this key; of a charge, under its own, so that it never meets another payer.
const DRAFT: &str = "fee";

/// The screen.
pub struct Fee {
    form: Form,
    /// Since when the form holds what was typed and not entered.
    resumed: Option<String>,
    /// The charge of a case that is paid.
    charge: Option<ChargeRow>,
}

impl Fee {
    /// An empty form, or what was typed before.
    pub fn new(app: &App) -> Self {
        Self::blank(app).with_draft(app)
    }

    fn with_draft(mut self, app: &App) -> Self {
        if let Some(kept) = app.draft_of_today(&self.draft_key()) {
            self.form.restore(&kept.values);
            self.resumed = Some(kept.at);
        }
        self
    }

    fn draft_key(&self) -> String {
        self.charge.as_ref().map_or_else(|| DRAFT.to_owned(), |charge| format!("{DRAFT}/{}", name_of(charge)))
    }

    fn blank(app: &App) -> Self {
        let kinds = kinds(app).iter().map(|kind| Choice::new(kind, kind)).collect();
        let methods = [Method::Cash, Method::Card, Method::Transfer];
        let methods = methods.iter().map(|method| Choice::new(method.word(), method.word())).collect();
        let fields = vec![
            Field::choice("kind", "收款项目", kinds).required(),
            Field::number("amount", "金额", 2).half().required().unit("元"),
            Field::number("tendered", "实收", 2).half().unit("元"),
            Field::choice("method", "方式", methods).half().value(Method::Cash.word()),
            Field::code("account", "户号", 20).half().hint("没有户号就填缴款人"),
            Field::text("payer", "缴款人", 20).half(),
            Field::text("for_what", "事由", 30),
        ];
        Self { form: Form::new(fields, app.desk.today(), initials), resumed: None, charge: None }
    }

    /// The form with a charge of a case filled in: it is only taken. Of another payer's half-filled fee nothing comes along.
    pub fn of(app: &App, charge: &ChargeRow) -> Self {
        Self::filled(app, charge).with_draft(app)
    }

    fn filled(app: &App, charge: &ChargeRow) -> Self {
        let mut screen = Self::blank(app);
        screen.charge = Some(charge.clone());
        // A catalogue of before may have named a kind that the list has not.
        let name = charge.name.as_str();
        let mut kinds = kinds(app);
        kinds.extend((!kinds.iter().any(|kind| kind == name)).then(|| name.to_owned()));
        screen.form.choices("kind", kinds.iter().map(|kind| Choice::new(kind, kind)).collect());
        let tx = app.desk.look();
        let account = charge.account.and_then(|account| tx.as_ref().ok()?.account(account).ok().flatten());
        let order = tx.as_ref().ok().and_then(|tx| tx.order(charge.order_id).ok().flatten());
        let payer = order.filter(|_| account.is_none()).map(|order| order.caller).unwrap_or_default();
        let filled = [
            ("kind", name),
            ("amount", &charge.owed.to_string()),
            ("tendered", ""),
            ("method", Method::Cash.word()),
            ("account", account.as_ref().map_or("", |row| row.no.as_str())),
            ("payer", &payer),
            ("for_what", &charge.order_id.to_string()),
        ];
        for (field, value) in filled {
            screen.form.prefill(field, value);
        }
        screen.form.focus_on("tendered");
        screen
    }

    fn action(&self) -> &'static str {
        if self.charge.as_ref().is_some_and(|charge| charge.deposit) { "deposit.take" } else { "fee.take" }
    }

    fn input(&self) -> Value {
        let mut input = serde_json::Map::new();
        for field in ["kind", "amount", "tendered", "method", "account", "payer", "for_what"] {
            let text = self.form.value(field).trim();
            if !text.is_empty() {
                input.insert(field.into(), text.into());
            }
        }
        if let Some(charge) = &self.charge {
            input.insert("charge".into(), name_of(charge).into());
            if charge.deposit {
                input.remove("for_what");
            }
        }
        json!(input)
    }

    fn take(&mut self, app: &mut App) -> Reply<App> {
        if !self.form.check() {
            let (input, action) = (self.input(), self.action());
            mistakes::also(&mut self.form, app, action, input, mistakes::same);
            return Reply::done();
        }
        self.perform(app, self.input())
    }

    /// The sums on the screen: tendered and change.
    fn sums(&self) -> (Fen, Fen) {
        let money = |field: &str| self.form.value(field).trim_end_matches('.').parse::<Fen>().ok();
        let amount = money("amount").unwrap_or_default();
        let tendered = money("tendered").unwrap_or(amount);
        (tendered, tendered - amount)
    }

    fn perform(&mut self, app: &mut App, input: Value) -> Reply<App> {
        let done = match app.act(self.action(), &input, None) {
            Ok(done) => done,
            Err(refusal) => return self.refused(app, &refusal),
        };
        let answer: Value = serde_json::from_str(&done.result).unwrap_or_default();
        let word = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        let paper = if self.action() == "fee.take" { "核对单" } else { "押金收据" };
        let said = format!("{}  {paper} {}", word("spoken"), word("receipt"));
        let printed = done.entry.and_then(|entry| app.desk.look().ok().map(|tx| printer::print(&tx, entry, false)));
        let reply = Reply::pop().and_forget(self.draft_key());
        match printed {
            Some(Err(error)) => reply.and_toast(format!("{said}。{error}"), Ink::Look),
            _ => reply.and_say(said),
        }
    }

    fn refused(&mut self, app: &mut App, refusal: &Refusal) -> Reply<App> {
        if refusal.first_rule() == "R-176" {
            return super::shift(app).and_say("先开班，再收费");
        }
        if refusal.first_rule() == "R-178" {
            return super::shift(app).and_say("先交班，再收费");
        }
        if let [fault] = &refusal.faults[..]
            && fault.field.as_deref() == Some(CONFIRM)
        {
            let (tendered, change) = self.sums();
            return mistyped::ask(app, tendered, change, &fault.message);
        }
        let faults =
            refusal.faults.iter().map(|fault| (fault.field.as_deref().unwrap_or_default(), fault.message.clone()));
        let others = self.form.fail(faults);
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }
}

/// How `charge` of an input names it.
fn name_of(charge: &ChargeRow) -> String {
    format!("{}/{}", charge.order_id, charge.key)
}

fn kinds(app: &App) -> Vec<String> {
    app.desk.look().map(|tx| fee_kinds::names(&tx)).unwrap_or_default()
}

impl Screen<App> for Fee {
    fn place(&self) -> Place {
        Place::Pay
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        if self.action() == "fee.take" { "服务费".into() } else { "押金".into() }
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::TakePayment];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        if self.resumed.is_some() {
            keys.push(Command::Anew);
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::TakePayment => self.take(app),
            Command::Anew => {
                app.forget_draft(&self.draft_key());
                *self = match &self.charge {
                    Some(charge) => Self::filled(app, charge),
                    None => Self::blank(app),
                };
                Reply::say("已清空，从头填")
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        let event = self.form.on_key(key);
        of_form::reply(&self.form, event, "看清之后按 F2 收款")
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        let (mistyped::TAG, Given::Values(values)) = (answer.tag, answer.given) else { return Reply::done() };
        let (tendered, change) = self.sums();
        if let Err(told) = mistyped::heard(&values, tendered, change) {
            return Reply::refuse(told);
        }
        let mut input = self.input();
        input[CONFIRM] = true.into();
        self.perform(app, input)
    }

    fn resumed(&self) -> Option<&str> {
        self.resumed.as_deref()
    }

    fn draft(&mut self) -> Option<Draft> {
        self.form.take_change().map(|values| Draft { key: self.draft_key(), values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let money = |field: &str| self.form.value(field).trim_end_matches('.').parse::<Fen>().ok();
        let (amount, tendered) = (money("amount"), money("tendered"));
        let rows = canvas.height().saturating_sub(3);
        self.form.draw(&mut canvas.part(0, 1, u16::MAX, rows));
        if let Some((label, why)) = self.form.unread() {
            canvas.text(1, rows + 1, &format!("! {label}：{why}"), Ink::Look);
            return;
        }
        if let Some(amount) = amount {
            let given = tendered.unwrap_or(amount);
            let change = given - amount;
            let words = if change.is_negative() {
                format!("还差 {}", change.abs().grouped())
            } else {
                say_cash(given, change)
            };
            canvas.text(1, rows + 1, &words, if change.is_negative() { Ink::Look } else { Ink::Accent });
        }
    }
}
