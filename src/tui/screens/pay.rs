//! Payment (收费): what the account owes, what the customer gives, what goes back and what to say — then F2.
//!
//! The bills are ticked with the space bar and walked with ↑↓ while the hand stays in the money field, so a cash payment of all
//! that is owed is F5, digits, F2. What F2 takes is what the screen shows: the sum seen goes with it.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::mistakes;
use super::mistyped;
use super::queue::{self, Queue};
use crate::desk::refusal::{Refusal, RefusalKind};
use crate::desk::till::ask::{Amounts, Ask, Method, Waive};
use crate::desk::till::due::Due;
use crate::desk::till::mistyped::{CONFIRM, LARGE};
use crate::desk::till::plan::Plan;
use crate::desk::view_explain;
use crate::desk::view_till::{self, PayView, Preview};
use crate::outbound::printer;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Context, Draft, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows below the bills: rule, form, rule, what to say.
const BELOW: u16 = 11;
/// Rows of the form without mistakes.
const FORM: u16 = 5;
/// Rows the bills keep beside a form with mistakes: their head and two.
const LEAST_BILLS: u16 = 3;

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

    fn money(&self, field: &str) -> Option<Fen> {
        self.form.value(field).trim().trim_end_matches('.').parse().ok()
    }

    /// The ids of the bills to pay; none when all are ticked.
    fn chosen(&self) -> Option<Vec<String>> {
        let ticks = self.table.ticks();
        let all = ticks.len() == self.view.bills.len();
        let id = |row: &usize| self.view.bills.get(*row).map(|due| due.bill.id.to_string());
        (!all).then(|| ticks.iter().filter_map(id).collect())
    }

    fn method(&self) -> Method {
        Method::from_word(self.form.value("method")).unwrap_or(Method::Cash)
    }

    fn ask(&self) -> Ask {
        Ask {
            account: self.view.account.id.to_string(),
            bills: self.chosen(),
            amounts: self.money("part").map(Amounts::Sum),
            method: self.method(),
            tendered: self.money("tendered"),
            waive: self.money("waive").map(Waive::Sum),
            to_prepaid: self.money("to_prepaid"),
            keep_change: self.form.value("keep") == "keep",
            from_prepaid: self.money("from_prepaid"),
            expected_total: None,
            expected_owed: None,
            expected_balance: None,
            confirm: false,
            charge: None,
        }
    }

    /// What F2 sends: what was typed, and the sum that was seen.
    fn input(&self) -> Value {
        let mut input = json!({ "account": self.view.account.id, "method": self.method() });
        let Value::Object(map) = &mut input else { return input };
        if let Some(bills) = self.chosen() {
            map.insert("bills".into(), json!(bills));
        }
        for (field, name) in [
            ("tendered", "tendered"),
            ("part", "amounts"),
            ("waive", "waive"),
            ("from_prepaid", "from_prepaid"),
            ("to_prepaid", "to_prepaid"),
        ] {
            if !self.form.value(field).is_empty() {
                map.insert(name.into(), self.form.value(field).into());
            }
        }
        if self.form.value("keep") == "keep" {
            map.insert("keep_change".into(), true.into());
        }
        if let Ok(Preview { plan, .. }) = &self.plan {
            map.insert("expected_total".into(), plan.total.to_string().into());
        }
        // A part has the same sum whatever else was paid: what the account owed and had when this was drawn goes with it.
        let owed: Fen = self.view.bills.iter().map(Due::total).sum();
        map.insert("expected_owed".into(), owed.to_string().into());
        map.insert("expected_balance".into(), self.view.balance.to_string().into());
        if self.late {
            map.insert("paper".into(), self.form.value("paper").into());
            map.insert("happened".into(), self.form.value("happened").into());
        }
        input
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

fn form(view: &PayView) -> Form {
    let methods = Method::ALL.iter().map(|method| Choice::new(method.word(), method.word())).collect();
    let keep = vec![Choice::new("give", "找给用户"), Choice::new("keep", "存入预存")];
    let mut form = Form::new(
        vec![
            Field::number("tendered", "实收", 2).half().unit("元"),
            Field::choice("method", "方式", methods).half().value(Method::Cash.word()),
            Field::number("part", "部分缴", 2).half().unit("元"),
            Field::number("waive", "减免", 2).half().unit("元"),
            Field::number("from_prepaid", "用预存", 2).half().unit("元"),
            Field::number("to_prepaid", "存预存", 2).half().unit("元"),
            Field::choice("keep", "找零", keep).half().value("give"),
            Field::code("paper", "手开单号", 32).half().cells(18).required(),
            Field::date("happened", "收钱日期").half().required(),
        ],
        view.day,
        initials,
    );
    form.show("paper", false);
    form.show("happened", false);
    form
}

/// The field of the form under which a field of the input stands.
fn own_field(field: &str) -> &'static str {
    match field {
        "amounts" => "part",
        "tendered" => "tendered",
        "waive" => "waive",
        "from_prepaid" => "from_prepaid",
        "to_prepaid" => "to_prepaid",
        "paper" => "paper",
        "happened" => "happened",
        _ => "",
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
        let (width, height) = (canvas.width(), canvas.height());
        let total = match &self.plan {
            Ok(Preview { plan, .. }) => plan.total,
            Err(_) => self.ticked().map(Due::total).sum(),
        };
        let shown = format!("应收 {}", total.grouped());
        let cells = u16::try_from(crate::tui::safe::cells(&shown)).unwrap_or(0);
        let room = width.saturating_sub(cells + 3);
        canvas.text_in(1, 0, room, &self.view.account.address, Ink::Faint);
        canvas.text(width.saturating_sub(cells + 1), 0, &shown, Ink::Strong);
        // Mistakes take their rows from the bills: none of the form is pushed out of sight.
        let bills_and_form = height.saturating_sub(1 + BELOW - FORM);
        let most = bills_and_form.saturating_sub(FORM + LEAST_BILLS);
        let form = FORM + self.form.rows_more(width, FORM).min(most);
        let list = bills_and_form.saturating_sub(form);
        let bills = &self.view.bills;
        self.table.draw(&mut canvas.part(0, 1, width, list), bills.len(), false, |row| bill_row(&bills[row]));
        canvas.rule(1 + list, "", Ink::Faint);
        if self.form.is_list_open() {
            return self.form.draw(&mut canvas.below(2 + list)); // all of a list, not three rows of it
        }
        self.form.draw(&mut canvas.part(0, 2 + list, width, form));
        self.draw_money(&mut canvas.part(0, 2 + list + form, width, 5));
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

    /// What comes in, what goes back, what to say.
    fn draw_money(&self, canvas: &mut Canvas) {
        canvas.rule(0, "", Ink::Faint);
        let balance = format!("预存余额 {}   核对单 {}", self.view.balance.grouped(), self.view.receipt);
        let x = canvas.text(1, 3, &balance, Ink::Faint);
        if self.view.owed_fees > Fen::ZERO {
            let fees = format!("! 另欠业务费 {}，Ctrl-F 收", self.view.owed_fees.grouped());
            canvas.text(x + 3, 3, &fees, Ink::Look);
        }
        if !self.has_shift {
            canvas.text(1, 1, "! 您还没有开班，按 F2 先清点备用金并开班", Ink::Look);
            return;
        }
        if let Some(told) = &self.close_first {
            let width = canvas.width().saturating_sub(2);
            canvas.paragraph(1, 1, width, &format!("! {told}。按 F2 去交班"), Ink::Look);
            return;
        }
        let Preview { plan, left } = match &self.plan {
            Ok(seen) => seen,
            Err(refusal) => {
                canvas.paragraph(
                    1,
                    1,
                    canvas.width().saturating_sub(2),
                    &format!("! {}", refusal.message()),
                    Ink::Look,
                );
                return;
            }
        };
        let mut x = canvas.text(1, 1, "找零 ", Ink::Text);
        x = canvas.text(x, 1, &plan.money.change.grouped(), Ink::Strong);
        x = canvas.text(x + 3, 1, &plan.money.spoken(), Ink::Accent);
        if plan.money.to_prepaid > Fen::ZERO {
            canvas.text(x + 3, 1, &format!("存预存 {}", plan.money.to_prepaid.grouped()), Ink::Look);
        }
        let after = plan.lines.iter().map(|line| line.due.bill.unpaid - line.principal);
        let open = after.filter(|left| *left > Fen::ZERO).count();
        let note = if open > 0 { "，有账单只缴了一部分" } else { "" };
        let all = left.principal + left.late_fee;
        let parts = match left.late_fee {
            Fen::ZERO => String::new(),
            fee => format!(" (本金 {} + 今日滞纳金 {})", left.principal.grouped(), fee.grouped()),
        };
        canvas.text(1, 2, &format!("收后仍欠 {}{parts}{note}", all.grouped()), Ink::Text);
    }
}

fn bill_row(due: &Due) -> Row {
    let (words, ink) = match &due.late {
        Err(_) => ("滞纳金算不出".to_owned(), Ink::Stop),
        Ok(late) if late.fee.days > 0 => (format!("逾期 {} 天", late.fee.days), Ink::Look),
        Ok(_) => ("未到期".to_owned(), Ink::Faint),
    };
    Row::new([due.bill.cycle.clone(), due.bill.volume.grouped(), due.bill.unpaid.grouped()])
        .cell(words, ink)
        .cell(due.fee().grouped(), Ink::Text)
        .cell(if due.bill.estimated { "估抄" } else { "" }, Ink::Look)
}
