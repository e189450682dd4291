//! One receipt (收费单) by its number, whoever took it and in whatever shift: printed again, reversed, a deposit given back. Here a
//! superior without a till finds what is beyond a clerk's limit, and the receipt of somebody without an account.

use serde_json::{Map, Value, json};

use super::{drawer, file_form, reversal};
use crate::desk::refusal::Refusal;
use crate::desk::rights;
use crate::desk::view_receipt::{self, Drawers, ReceiptView};
use crate::outbound::printer;
use crate::rules::id::Id;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};

/// Whose answer it is: a deposit goes back.
const BACK: &str = "give_back";
/// Cells of the labels.
const LABEL: u16 = 10;

/// The screen.
pub struct Receipt {
    form: Form,
    found: Option<ReceiptView>,
}

impl Receipt {
    /// A receipt by its number; an empty text asks for the number.
    pub fn new(app: &App, text: &str) -> Result<Self, Refusal> {
        let fields = vec![Field::code("number", "单号", 30).required().hint("核对单、押金收据或手开单号")];
        let mut screen = Self { form: Form::new(fields, app.desk.today(), initials), found: None };
        if !text.is_empty() {
            let found = view_receipt::receipt(&app.desk, text)?;
            let number = [found.row.receipt(), found.row.paper.clone().unwrap_or_default(), found.row.id.to_string()];
            screen.form.set("number", number.iter().find(|number| !number.is_empty()).map_or("", String::as_str));
            screen.found = Some(found);
        }
        Ok(screen)
    }

    /// Reads the receipt that is typed.
    fn look(&mut self, app: &App) -> Reply<App> {
        if !self.form.check() {
            return Reply::refused();
        }
        match view_receipt::receipt(&app.desk, self.form.value("number").trim()) {
            Ok(found) => {
                self.found = Some(found);
                Reply::done()
            }
            Err(refusal) => {
                self.found = None;
                self.form.show_mistake("number", &refusal.message());
                Reply::refused()
            }
        }
    }

    fn read_again(&mut self, app: &App) {
        let id = self.found.as_ref().map(|found| found.row.id.to_string());
        if let Some(Ok(found)) = id.map(|id| view_receipt::receipt(&app.desk, &id)) {
            self.found = Some(found);
        }
    }

    fn print_again(&self, app: &App) -> Reply<App> {
        match (app.desk.may(rights::SLIP), &self.found) {
            (Err(refusal), _) => Reply::refuse(refusal.message()),
            (Ok(_), None) => Reply::unused(),
            (Ok(_), Some(found)) => reversal::print_again(app, &found.row),
        }
    }

    fn reverse(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let Some(row) = self.found.as_ref().map(|found| found.row.clone()) else { return Reply::refused() };
        match reversal::make(app, &row, values) {
            Ok(said) => {
                self.read_again(app);
                Reply::say(said).and_hold()
            }
            Err(refusal) => reversal::ask(app, &row, Some((values, &refusal))),
        }
    }

    /// What goes back, how, and out of which drawer; then F2.
    fn ask_back(&self, app: &App, before: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
        let Some(found) = &self.found else { return Reply::unused() };
        let row = &found.row;
        let order = found.order.as_ref().map(|(id, title)| format!("{id} {title}")).unwrap_or_default();
        let mut fields = vec![
            Field::text("receipt", "押金收据", 30).value(&row.receipt()).fixed(),
            Field::text("payer", "用户", 40).value(&row.payer).fixed(),
            Field::text("order", "业务", 40).value(&order).fixed(),
            Field::text("amount", "退还", 40).value(&format!("{} {}", row.amount.grouped(), row.method)).fixed(),
        ];
        if let Ok(Drawers::Own(Some(own))) = view_receipt::drawers(&app.desk, Some(row.shift))
            && view_receipt::is_cash(row)
        {
            let after = format!("{}  →  退后 {}", own.cash.grouped(), (own.cash - row.amount).grouped());
            fields.push(Field::text("cash", "钱箱", 40).value(&after).fixed());
        }
        fields.extend(drawer::field(app, Some(row.shift)).map(Field::required));
        fields.push(Field::text("remark", "备注", 60));
        let mut form = Form::new(fields, app.desk.today(), initials);
        drawer::pass(&mut form, "remark");
        file_form::ask_again(BACK, "退押金", form, before)
    }

    fn give_back(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let Some(id) = self.found.as_ref().map(|found| found.row.id) else { return Reply::refused() };
        let mut input = json!({ "deposit": id, "remark": values.get("remark") });
        drawer::put(&mut input, values);
        let done = match app.act("deposit.return", &input, None) {
            Ok(done) => done,
            Err(refusal) => return self.ask_back(app, Some((values, &refusal))),
        };
        let answer: Value = serde_json::from_str(&done.result).unwrap_or_default();
        let said = answer["spoken"].as_str().unwrap_or("已退押金").to_owned();
        let printed = done.entry.and_then(|entry| app.desk.look().ok().map(|tx| printer::print(&tx, entry, false)));
        self.read_again(app);
        match printed {
            Some(Err(error)) => Reply::done().and_toast(format!("{said}。{error}"), Ink::Look).and_hold(),
            _ => Reply::say(said).and_hold(),
        }
    }

    fn account(&self) -> Option<Id> {
        self.found.as_ref()?.row.account
    }
}

impl Screen<App> for Receipt {
    fn place(&self) -> Place {
        Place::Receipt
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        "收费单".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::Open];
        if let Some(found) = &self.found {
            keys.extend(found.deposit.then_some(Command::GiveBack));
            keys.extend(found.reversible.then_some(Command::Reverse));
            keys.push(Command::Print);
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match (command, &self.found) {
            (Command::Open, Some(_)) => match self.account() {
                Some(account) => super::customer(app, account),
                None => Reply::say("这一笔没有户号"),
            },
            (Command::Open, None) => self.look(app),
            (Command::Reverse, Some(found)) => reversal::ask(app, &found.row, None),
            (Command::GiveBack, Some(_)) => self.ask_back(app, None),
            (Command::Print, _) => self.print_again(app),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        match self.form.on_key(key) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Changed(_) => {
                self.found = None; // another number: what is shown is always that of the number typed
                Reply::done()
            }
            FormEvent::Used | FormEvent::Submit => Reply::done(),
        }
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        self.found = None;
        Reply::used_if(self.form.on_paste(text) != FormEvent::Unused)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            (reversal::TAG, Given::Values(values)) => self.reverse(app, &values),
            (BACK, Given::Values(values)) => self.give_back(app, &values),
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        self.read_again(app);
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let rows = u16::try_from(self.form.lines(width)).unwrap_or(1);
        self.form.draw(&mut canvas.part(0, 1, width, rows));
        let Some(found) = &self.found else {
            canvas.text(1, rows + 2, "填单号，按 Enter 查看", Ink::Faint);
            return;
        };
        canvas.rule(rows + 2, "", Ink::Faint);
        let mut part = canvas.part(0, rows + 3, width, height.saturating_sub(rows + 3));
        draw_receipt(&mut part, found);
    }
}

fn draw_receipt(canvas: &mut Canvas, found: &ReceiptView) {
    let row = &found.row;
    let taken = found.shift.as_ref().map(|shift| format!("{} 班次 {}", shift.clerk, shift.no)).unwrap_or_default();
    let time = row.at.get(11..16).unwrap_or_default();
    let mut lines = vec![
        ("用户", row.payer.clone(), Ink::Strong),
        ("项目", row.item.clone(), Ink::Text),
        ("金额", format!("{} {}", row.amount.grouped(), row.method), Ink::Strong),
        ("收于", format!("{} {time}  {taken}", row.day), Ink::Text),
    ];
    let parts = [("本金", row.principal), ("滞纳金", row.late_fee), ("减免", row.waived), ("存预存", row.to_prepaid)];
    let parts = parts.into_iter().chain([("用预存", row.from_prepaid)]).filter(|(_, sum)| sum.0 != 0);
    let parts = parts.map(|(name, sum)| format!("{name} {}", sum.grouped())).collect::<Vec<_>>().join("   ");
    lines.push(("其中", parts, Ink::Text));
    lines.push(("手开单", row.paper.clone().unwrap_or_default(), Ink::Text));
    let order = found.order.as_ref().map(|(id, title)| format!("{id} {title}"));
    lines.push(("业务", order.unwrap_or_default(), Ink::Text));
    let mark = if found.state.is_empty() { String::new() } else { format!("! {}", found.state) };
    lines.push(("状态", mark, Ink::Look));
    let mut y = 0;
    for (label, text, ink) in lines.into_iter().filter(|(_, text, _)| !text.is_empty()) {
        canvas.text(1, y, label, Ink::Faint);
        y = canvas.paragraph(1 + LABEL, y, canvas.width().saturating_sub(LABEL + 2), &text, ink);
    }
}
