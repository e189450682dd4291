//! Payment (收费): what the account owes, what the customer gives, what goes back and what to say — then F2.
//!
//! The bills are ticked with the space bar and walked with ↑↓ while the hand stays in the money field, so a cash payment of all
//! that is owed is F5, digits, F2. What F2 takes is what the screen shows: the sum seen goes with it.

mod draw;
mod typed;

use chrono::NaiveDate;
use serde_json::Value;

use self::typed::{form, own_field};
use super::mistakes;
use super::mistyped;
use super::queue::{self, Queue};
use crate::desk::refusal::{Refusal, RefusalKind};
use crate::desk::till::due::Due;
use crate::desk::till::mistyped::{CONFIRM, LARGE};
use crate::desk::till::plan::Plan;
use crate::desk::view_explain;
use crate::desk::view_till::{self, PayView, Preview};
use crate::outbound::printer;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::tui::app::App;
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Context, Draft, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::table::{Column, Table, TableEvent, Width};

/// The screen.
pub struct Pay {
    view: PayView,
    table: Table,
    form: Form,
    plan: Result<Preview, Refusal>,
    has_shift: bool,
    close_first: Option<String>,
    late: bool,
    /// What is typed has been kept as a draft: gone from there, it was done at another desk.
    kept: bool,
    /// Since when the form holds what was typed and not entered.
    resumed: Option<String>,
    /// The bills not ticked, as the last draft kept them.
    unticked: String,
    queue: Queue,
}

/// Under this name a draft keeps the bills that are not to be paid.
const UNTICKED: &str = "unticked";

impl Pay {
    /// The account at the till, with what was typed before.
    pub fn new(app: &App, account: Id) -> Result<Self, Refusal> {
        let view = view_till::pay(&app.desk, account, None)?;
        let columns = vec![
            Column::text("账期", Width::Cells(10)),
            Column::number("用量", 8),
            Column::number("本金", 12),
            Column::text("", Width::Cells(14)),
            Column::number("滞纳金", 12),
            Column::text("", Width::Fill(4, 1)),
        ];
        let table = Table::new(columns).with_ticks().when_empty("没有欠费。Ctrl-R 录入本次读数，或填“存预存”");
        let (form, plan) = (form(&view), Err(Refusal::usage("")));
        let (has_shift, late, kept) = (true, false, false);
        let mut screen = Self {
            table,
            form,
            plan,
            has_shift,
            close_first: None,
            late,
            kept,
            view,
            resumed: None,
            unticked: String::new(),
            queue: Queue::default(),
        };
        screen.tick_all();
        if let Some(kept) = app.draft_of_today(&screen.draft_key()) {
            screen.form.restore(&kept.values);
            screen.tick_kept(kept.values.get(UNTICKED).and_then(Value::as_str).unwrap_or_default());
            screen.set_late(kept.values.contains_key("paper"));
            screen.queue = Queue::of(&kept.values);
            screen.resumed = Some(kept.at);
            screen.unticked = screen.unticked();
            screen.kept = true;
        }
        screen.plan_again(app);
        Ok(screen)
    }

    fn draft_key(&self) -> String {
        format!("pay/{}", self.view.account.id)
    }

    /// Ctrl-N: what came back is thrown away.
    fn anew(&mut self, app: &mut App) -> Reply<App> {
        app.forget_draft(&self.draft_key());
        match Self::new(app, self.view.account.id) {
            Ok(blank) => {
                *self = blank;
                Reply::say("已清空，从头填")
            }
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    fn tick_all(&mut self) {
        self.table.untick_all();
        (0..self.view.bills.len()).for_each(|row| self.table.tick(row, true));
    }

    /// All bills but those that were not to be paid when it was left.
    fn tick_kept(&mut self, unticked: &str) {
        let not: Vec<&str> = unticked.split(' ').collect();
        for row in 0..self.view.bills.len() {
            self.table.tick(row, !not.contains(&self.view.bills[row].bill.id.to_string().as_str()));
        }
    }

    /// The bills that are not to be paid, as a draft keeps them.
    fn unticked(&self) -> String {
        let ticks = self.table.ticks();
        let not = self.view.bills.iter().enumerate().filter(|(row, _)| !ticks.contains(row));
        not.map(|(_, due)| due.bill.id.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn set_late(&mut self, late: bool) {
        self.late = late;
        self.form.show("paper", late);
        self.form.show("happened", late);
    }

    /// Reads what is owed again: money may have moved at another desk. The ticks stay while the bills are the same.
    fn read_again(&mut self, app: &App) -> Result<(), Refusal> {
        let day = self.late_day();
        let view = view_till::pay(&app.desk, self.view.account.id, day)?;
        let same = view.bills.len() == self.view.bills.len()
            && view.bills.iter().zip(&self.view.bills).all(|(new, old)| new.bill.id == old.bill.id);
        self.view = view;
        if !same {
            self.tick_all();
        }
        self.plan_again(app);
        Ok(())
    }

    fn plan_again(&mut self, app: &App) {
        self.has_shift = app.facts().shift.is_some();
        self.close_first = view_till::close_first(&app.desk).unwrap_or_default();
        // A number that cannot be read is no empty field: nothing is worked out then.
        self.plan = match self.form.unread() {
            Some((label, why)) => Err(Refusal::usage(format!("{label}：{why}"))),
            None => view_till::preview(&app.desk, &self.ask(), self.late_day()),
        };
    }

    /// The true day of a hand-written slip, once it is a date.
    fn late_day(&self) -> Option<NaiveDate> {
        if self.late { self.form.date("happened") } else { None }
    }

    fn take(&mut self, app: &mut App) -> Reply<App> {
        if !self.has_shift {
            return super::shift(app).and_say("先开班，再收费");
        }
        if self.close_first.is_some() {
            return super::shift(app).and_say("先交班，再收费");
        }
        // Not planned anew: what F2 takes is what was seen, and the desk refuses when that has moved.
        let action = if self.late { "payment.enter_late" } else { "payment.take" };
        if !self.form.check() {
            let input = self.input();
            mistakes::also(&mut self.form, app, action, input, |field| own_field(field));
            return Reply::done();
        }
        self.perform(app, action, self.input())
    }

    fn perform(&mut self, app: &mut App, action: &str, input: Value) -> Reply<App> {
        let done = match app.act(action, &input, None) {
            Ok(done) => done,
            Err(refusal) => return self.refused(app, &refusal),
        };
        let answer: Value = serde_json::from_str(&done.result).unwrap_or_default();
        let word = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        let mut said = format!("{}  核对单 {}", word("spoken"), word("receipt"));
        if self.late {
            said.push_str("，待另一人确认");
        }
        let printed = done.entry.and_then(|entry| app.desk.look().ok().map(|tx| printer::print(&tx, entry, false)));
        let reply = Reply::pop().and_forget(self.draft_key());
        match printed {
            Some(Err(error)) => reply.and_toast(format!("{said}。{error}"), Ink::Look),
            _ => reply.and_say(said),
        }
    }

    fn refused(&mut self, app: &mut App, refusal: &Refusal) -> Reply<App> {
        app.refresh(); // another may have closed the shift meanwhile: the top line says so, and F2 leads to a new one
        if let [fault] = &refusal.faults[..]
            && fault.field.as_deref() == Some(CONFIRM)
            && let Ok(Preview { plan, .. }) = &self.plan
        {
            return mistyped::ask(app, plan.money.tendered, counted_change(plan), &fault.message);
        }
        if refusal.kind == RefusalKind::Refused
            && self.kept
            && app.keeps_drafts()
            && app.draft(&self.draft_key()).is_none()
        {
            let _ = self.anew(app);
            return Reply::refuse(format!("{}。填的内容已在别处收过，这里已清空", refusal.message()));
        }
        let again = self.read_again(app);
        let field = |fault: &crate::desk::refusal::Fault| own_field(fault.field.as_deref().unwrap_or_default());
        let faults: Vec<(&str, String)> =
            refusal.faults.iter().map(|fault| (field(fault), fault.message.clone())).collect();
        let mut others = self.form.fail(faults);
        others.extend(again.err().map(|error| error.message()));
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }

    /// F7: fills in what may be waived, or takes it out again.
    fn waive(&mut self, app: &App) -> Reply<App> {
        if !self.form.value("waive").is_empty() {
            self.form.set("waive", "");
            self.plan_again(app);
            return Reply::done();
        }
        let fees: Fen = self.ticked().filter(|due| due.bill.estimated).map(Due::fee).sum();
        let sum = fees.min(self.view.may_waive);
        if sum == Fen::ZERO {
            return Reply::refuse("没有可自行减免的滞纳金：只有估抄账单可以，每户每天合计有限额，其余走特殊处理");
        }
        self.form.set("waive", &sum.to_string());
        self.form.focus_on("waive");
        self.plan_again(app);
        Reply::done()
    }

    /// All that is owed on bills today.
    fn owed(&self) -> Fen {
        self.view.bills.iter().map(Due::total).sum()
    }

    fn ticked(&self) -> impl Iterator<Item = &Due> {
        self.table.ticks().into_iter().filter_map(|row| self.view.bills.get(row))
    }

    /// F8: how the bill under the hand and its late fee came about.
    fn explain(&self, app: &App) -> Reply<App> {
        let Some(due) = self.view.bills.get(self.table.selected()) else {
            return Reply::refuse("没有账单可以解释");
        };
        match view_explain::bill(&app.desk, self.view.account.id, due.bill.id, self.view.day) {
            Ok(lines) => super::explain(&format!("账单 {} {}", due.bill.id, due.bill.cycle), lines),
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }
}

/// The change that is counted again; where much goes to prepaid, the tendered sum is.
fn counted_change(plan: &Plan) -> Fen {
    if plan.money.to_prepaid > LARGE { Fen::ZERO } else { plan.money.change }
}

impl Screen<App> for Pay {
    fn place(&self) -> Place {
        Place::Pay
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        format!("收费  {} {}", self.view.account.no, self.view.account.name)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::TakePayment];
        if self.form.can_pick() {
            keys.push(Command::Pick);
        }
        if self.view.bills.len() > 1 {
            keys.push(Command::Tick);
        }
        if self.resumed.is_some() {
            keys.push(Command::Anew);
        }
        keys.extend([Command::Waive, Command::Explain, Command::LateSlip, Command::ReadHere, Command::Park]);
        if self.view.owed_fees > Fen::ZERO {
            keys.push(Command::GoFees);
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::TakePayment => self.take(app),
            Command::Anew => self.anew(app),
            Command::Waive => self.waive(app),
            Command::Explain => self.explain(app),
            Command::ReadHere => super::till_reading(app, self.view.account.id, self.owed()),
            Command::GoFees => super::charges_of_account(app, self.view.account.id),
            Command::LateSlip => {
                self.set_late(!self.late);
                self.form.focus_on(if self.late { "paper" } else { "tendered" });
                let again = self.read_again(app);
                again.map_or_else(|error| Reply::refuse(error.message()), |()| Reply::done())
            }
            Command::Tick => {
                self.table.on_key(Key::char(' '), self.view.bills.len());
                self.plan_again(app);
                Reply::done()
            }
            Command::Park => queue::ask(app, self.queue.number()),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        let walks = matches!(key.code, Code::Up | Code::Down | Code::PageUp | Code::PageDown);
        if walks && !self.form.is_list_open() {
            return Reply::used_if(self.table.on_key(key, self.view.bills.len()) != TableEvent::Unused);
        }
        if Command::GoFees.key() == Some(key) {
            return super::charges_of_account(app, self.view.account.id); // which says that there are none
        }
        match self.form.on_key(key) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Used => Reply::done(),
            FormEvent::Submit => super::of_form::through(&self.form, "看清之后按 F2 收款"),
            FormEvent::Changed(field) => self.changed(field, app),
        }
    }

    fn on_paste(&mut self, text: &str, app: &mut App) -> Reply<App> {
        match self.form.on_paste(text) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Changed(field) => self.changed(field, app),
            FormEvent::Used | FormEvent::Submit => Reply::done(),
        }
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        if let Some(number) = queue::heard(&answer) {
            return self.queue.park(app, &self.draft_key(), number, "就接着收");
        }
        match (answer.tag, answer.given) {
            (mistyped::TAG, Given::Values(values)) => {
                let Ok(Preview { plan, .. }) = &self.plan else { return Reply::done() };
                if let Err(refusal) = mistyped::heard(&values, plan.money.tendered, counted_change(plan)) {
                    return Reply::refuse(refusal);
                }
                let action = if self.late { "payment.enter_late" } else { "payment.take" };
                let mut input = self.input();
                input[CONFIRM] = true.into();
                self.perform(app, action, input)
            }
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        // A failure shows in the plan; the next key tries again.
        let _ = self.read_again(app);
    }

    fn resumed(&self) -> Option<&str> {
        self.resumed.as_deref()
    }

    fn draft(&mut self) -> Option<Draft> {
        let key = self.draft_key();
        let unticked = self.unticked();
        let typed = self.form.take_change();
        let is_parked = self.queue.take_change();
        if typed.is_none() && unticked == self.unticked && !is_parked {
            return None;
        }
        let mut values = typed.unwrap_or_else(|| self.form.kept());
        self.queue.keep(&mut values);
        if !unticked.is_empty() {
            values.insert(UNTICKED.into(), unticked.as_str().into());
        }
        self.unticked = unticked;
        self.kept = !values.is_empty();
        Some(Draft { key, values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        self.paint(canvas);
    }
}

impl Pay {
    fn changed(&mut self, field: &str, app: &App) -> Reply<App> {
        if field == "happened" {
            return self.read_again(app).map_or_else(|error| Reply::refuse(error.message()), |()| Reply::done());
        }
        self.plan_again(app);
        Reply::done()
    }
}
