//! Shift (班次): open with the counted float, pay in, add to the float — with the identity of R-366 in sight — and today's receipts, to
//! print again, reverse or confirm. Closing is a form of its own ([`super::shift_close`]).

use serde_json::{Map, Value, json};

use super::mistyped;
use super::of_form;
use super::reversal;
use super::shift_close::{self, Closing};
use super::shift_float::{self, Again};
use crate::desk::Done;
use crate::desk::refusal::Refusal;
use crate::desk::view_till::{self, ShiftView};
use crate::outbound::reports::payments::state;
use crate::outbound::{check_slip, printer};
use crate::rules::money::Fen;
use crate::store::tables::till::{ShiftRow, TillRow};
use crate::text::toolkit::ROW_GONE;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Draft, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::{Pick, PickItem};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// What is typed survives under this key.
const DRAFT: &str = "shift";
/// Fields that hold money.
const MONEY: [&str; 2] = ["amount", "float"];

/// The screen.
pub struct Shift {
    view: Option<ShiftView>,
    pending: Vec<TillRow>,
    others: Vec<(ShiftRow, bool)>,
    last: Option<Fen>,
    close_first: Option<String>,
    closing: Option<Closing>,
    form: Form,
    table: Table,
    /// The row a question was asked about has left the list.
    gone: bool,
    /// A float that is asked for once more.
    float: Option<Again>,
}

impl Shift {
    /// The shift of the person at the desk.
    pub fn new(app: &App) -> Result<Self, Refusal> {
        let columns = vec![
            Column::text("时间", Width::Cells(5)),
            Column::text("核对单", Width::Cells(14)),
            Column::text("户号户名", Width::Fill(14, 2)),
            Column::text("项目", Width::Cells(8)),
            Column::text("方式", Width::Cells(6)),
            Column::number("金额", 12),
            Column::text("", Width::Fill(8, 1)),
        ];
        let table = Table::new(columns).when_empty("这一班还没有收支");
        let form = Form::new(Vec::new(), app.desk.today(), initials);
        let mut screen = Self {
            view: None,
            pending: Vec::new(),
            others: Vec::new(),
            last: None,
            close_first: None,
            closing: None,
            form,
            table,
            gone: false,
            float: None,
        };
        screen.read(app)?;
        if app.draft_of_today(DRAFT).is_some() {
            app.resume(&mut screen.form, DRAFT);
        }
        Ok(screen)
    }

    fn read(&mut self, app: &App) -> Result<(), Refusal> {
        let was_open = self.view.is_some();
        let kept = self.chosen().map(|row| row.id);
        self.view = view_till::shift(&app.desk)?;
        let moves = self.view.iter().flat_map(|view| view.moves.iter().map(|row| row.id));
        self.gone = !self.table.follow(kept, moves);
        self.pending = view_till::pending(&app.desk)?;
        self.last = view_till::last_counted(&app.desk)?;
        self.others = view_till::of_others(&app.desk)?;
        self.close_first = view_till::close_first(&app.desk)?;
        if was_open != self.view.is_some() || self.form.focused().is_empty() {
            let fields = if self.view.is_some() { open_fields() } else { closed_fields() };
            self.form = Form::new(fields, app.desk.today(), initials);
        }
        Ok(())
    }

    /// F2; `is_sure`: the picture of a deposit that leaves little or is large was looked at.
    fn perform(&mut self, app: &mut App, is_sure: bool) -> Reply<App> {
        if !self.form.check() {
            return Reply::done();
        }
        let doubt = self.view.as_ref().and_then(|view| shift_float::doubt(&self.form, view.shift.cash));
        if let Some(asked) = doubt.filter(|_| !is_sure) {
            return asked;
        }
        let text = |field: &str| self.form.value(field).to_owned();
        let (action, input) = match &self.view {
            None => ("shift.open", json!({ "float": text("float"), "reason": text("reason") })),
            Some(_) => ("shift.deposit", json!({ "amount": text("amount"), "to": text("to"), "slip": text("slip") })),
        };
        match app.act(action, &input, None) {
            Ok(done) => self.done(app, action, &done),
            Err(refusal) => {
                let asked = self.ask_again(app, action, &input, &refusal);
                asked.unwrap_or_else(|| self.refused(&refusal))
            }
        }
    }

    /// A float that looks mistyped is asked for once more.
    fn ask_again(&mut self, app: &App, action: &'static str, input: &Value, refusal: &Refusal) -> Option<Reply<App>> {
        self.float = Again::of(action, input, refusal);
        self.float.as_ref().map(|again| again.ask(app))
    }

    fn hear_again(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let Some(again) = self.float.take() else { return Reply::done() };
        let action = again.action;
        match again.hear(values).map(|input| app.act(action, &input, None)) {
            Ok(Ok(done)) => self.done(app, action, &done),
            Ok(Err(refusal)) => self.refused(&refusal),
            Err(told) => Reply::refuse(told),
        }
    }

    /// Prints what has a slip, begins a new form and says what was done.
    fn done(&mut self, app: &mut App, action: &str, done: &Done) -> Reply<App> {
        let answer: Value = serde_json::from_str(&done.result).unwrap_or_default();
        let printed = done.entry.and_then(|entry| app.desk.look().ok().map(|tx| printer::print(&tx, entry, false)));
        self.form = Form::new(Vec::new(), app.desk.today(), initials);
        if let Err(refusal) = self.read(app) {
            return Reply::refuse(refusal.message());
        }
        let reply = Reply::done().and_forget(DRAFT);
        match printed {
            Some(Err(error)) => reply.and_toast(format!("{}。{error}", said(action, &answer)), Ink::Look),
            _ => reply.and_say(said(action, &answer)),
        }
    }

    fn refused(&mut self, refusal: &Refusal) -> Reply<App> {
        let faults =
            refusal.faults.iter().map(|fault| (fault.field.as_deref().unwrap_or_default(), fault.message.clone()));
        let others = self.form.fail(faults);
        if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) }
    }

    fn chosen(&self) -> Option<&TillRow> {
        self.view.as_ref()?.moves.get(self.table.selected())
    }

    fn print_again(&self, app: &App) -> Reply<App> {
        let Some(row) = self.chosen() else { return Reply::refuse("先用 ↑↓ 选一笔") };
        reversal::print_again(app, row)
    }

    /// F6: nothing is deleted; the reason is asked and the counter-entry is made.
    fn ask_reversal(&self, app: &App) -> Reply<App> {
        let fine = |row: &&TillRow| row.reverses.is_none() && row.kind != "reversal";
        let Some(row) = self.chosen().filter(fine) else {
            return Reply::refuse("先用 ↑↓ 选一笔收费、存入或备用金");
        };
        reversal::ask(app, row, None)
    }

    fn reverse(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let Some(row) = self.chosen().filter(|_| !self.gone).cloned() else { return Reply::refuse(ROW_GONE) };
        let done = reversal::make(app, &row, values);
        let again = self.read(app);
        match (done, again) {
            (Ok(said), Ok(())) => Reply::say(said).and_hold(),
            (Err(refusal), Ok(())) => reversal::ask(app, &row, Some((values, &refusal))),
            (_, Err(refusal)) => Reply::refuse(refusal.message()),
        }
    }

    fn add_float(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let done = app.ask("shift.float_add", &json!(values));
        if let Err(refusal) = &done
            && let Some(asked) = self.ask_again(app, "shift.float_add", &json!(values), refusal)
        {
            return asked;
        }
        match (done, self.read(app)) {
            (Err(refusal), Ok(())) => self.ask_float(app, Some((values, &refusal))),
            (Ok(answer), Ok(())) => Reply::say(said("shift.float_add", &answer)),
            (Err(refusal), _) | (_, Err(refusal)) => Reply::refuse(refusal.message()),
        }
    }

    fn ask_float(&self, app: &App, before: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
        let Some(view) = &self.view else { return Reply::unused() };
        shift_float::ask(app, view.shift.cash, before)
    }

    /// F8: one's own shift; F5: another's that was left open.
    fn ask_close(&mut self, app: &App, closing: Closing) -> Reply<App> {
        let reply = closing.ask_count(app);
        self.closing = Some(closing);
        reply
    }

    fn pick_other(&self) -> Reply<App> {
        let item = |(shift, is_over): &(ShiftRow, bool)| PickItem {
            key: shift.id.to_string(),
            label: format!("{} {} 班次 {}", shift.day, shift.clerk, shift.no),
            note: if *is_over { "忘了交班".to_owned() } else { "营业中".to_owned() },
        };
        Reply::push(Pick::new("other", "代谁交班", self.others.iter().map(item).collect(), initials))
    }

    /// What a popup of the closing heard.
    fn close(&mut self, app: &mut App, tag: &str, values: &Map<String, Value>) -> Reply<App> {
        let Some(mut closing) = self.closing.take() else { return Reply::done() };
        if let Err(told) = closing.hear(tag, values) {
            return self.ask_close(app, closing).and_toast(told, Ink::Stop);
        }
        match app.act("shift.close", &closing.input(), None) {
            Ok(done) => self.done(app, "shift.close", &done),
            Err(refusal) => {
                let reply = closing.ask_again(app, &refusal);
                self.closing = Some(closing);
                reply
            }
        }
    }

    /// F7: the slips that wait for a second person.
    fn ask_confirm(&self, app: &App) -> Reply<App> {
        let tx = app.desk.look().ok();
        // The day the clerk says the money was taken moves the late fee and stands on the paper: it is what is compared.
        let taken = |row: &TillRow| tx.as_ref().and_then(|tx| check_slip::taken_on(tx, row.id).ok().flatten());
        let item = |row: &TillRow| PickItem {
            key: row.id.to_string(),
            label: format!("{} {}", row.paper.as_deref().unwrap_or_default(), row.payer),
            note: format!("{} {} 收钱", row.amount.grouped(), taken(row).unwrap_or(row.day)),
        };
        let items: Vec<PickItem> = self.pending.iter().map(item).collect();
        if items.is_empty() {
            return Reply::refuse("没有等待确认的手开单");
        }
        Reply::push(Pick::new("confirm", "核对手开单后确认", items, initials))
    }
}

fn closed_fields() -> Vec<Field> {
    vec![
        Field::number("float", "备用金", 2).required().unit("元").hint("清点后填写"),
        Field::text("reason", "差额原因", 60).hint("与上一班清点的不同时填写"),
    ]
}

fn open_fields() -> Vec<Field> {
    vec![
        Field::number("amount", "存入金额", 2).half().required().unit("元"),
        Field::text("to", "存到", 20).half().value("银行").required(),
        Field::text("slip", "缴款单号", 20),
    ]
}

fn said(action: &str, answer: &Value) -> String {
    let word = |field: &str| format::grouped(answer[field].as_str().unwrap_or_default());
    match action {
        "shift.open" => format!("已开班：班次 {}，备用金 {}", answer["no"], word("float")),
        "shift.close" => {
            format!(
                "已交班：应有 {}，清点 {}，差 {}，校验码 {}",
                word("expected"),
                word("counted"),
                word("over_short"),
                answer["head"].as_str().unwrap_or_default()
            )
        }
        "shift.float_add" => format!("已加备用金，钱箱应有 {}", word("cash")),
        _ => format!("已存入，钱箱应有 {}", word("cash")),
    }
}

impl Screen<App> for Shift {
    fn place(&self) -> Place {
        Place::Shift
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        match &self.view {
            Some(view) => format!("班次 {}  营业日 {}", view.shift.no, view.shift.day),
            None => "开班".into(),
        }
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::DoShift];
        keys.extend(self.form.resumed().map(|_| Command::Anew));
        if self.view.is_some() {
            keys.push(Command::CloseShift);
        }
        if !self.others.is_empty() {
            keys.push(Command::CloseOther);
        }
        if self.view.as_ref().is_some_and(|view| !view.moves.is_empty()) {
            keys.push(Command::Reverse);
        }
        if !self.pending.is_empty() {
            keys.push(Command::ConfirmSlip);
        }
        if let Some(view) = &self.view {
            keys.push(Command::AddFloat);
            keys.extend((!view.moves.is_empty()).then_some(Command::Print));
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::DoShift => self.perform(app, false),
            Command::CloseShift => match self.view.as_ref().map(|view| Closing::own(&view.shift)) {
                Some(closing) => self.ask_close(app, closing),
                None => Reply::unused(),
            },
            Command::CloseOther => self.pick_other(),
            Command::AddFloat => self.ask_float(app, None),
            Command::Print => self.print_again(app),
            Command::Reverse => self.ask_reversal(app),
            Command::ConfirmSlip => self.ask_confirm(app),
            Command::Anew => {
                let blank = of_form::thrown_away(app, DRAFT, |app| Self::new(app));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, _: &mut App) -> Reply<App> {
        let walks = matches!(key.code, Code::Up | Code::Down | Code::PageUp | Code::PageDown);
        if let Some(view) = self.view.as_ref().filter(|_| walks && !self.form.is_list_open()) {
            return Reply::used_if(self.table.on_key(key, view.moves.len()) != TableEvent::Unused);
        }
        match self.form.on_key(key) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Submit => super::of_form::through(&self.form, "看清之后按 F2 办理"),
            FormEvent::Used | FormEvent::Changed(_) => Reply::done(),
        }
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            (reversal::TAG, Given::Values(values)) => self.reverse(app, &values),
            ("float", Given::Values(values)) => self.add_float(app, &values),
            (shift_float::DEPOSIT, Given::Yes) => self.perform(app, true),
            (mistyped::FLOAT, Given::Values(values)) => self.hear_again(app, &values),
            (tag @ (shift_close::COUNT | shift_close::AGAIN), Given::Values(values)) => self.close(app, tag, &values),
            ("other", Given::Picked(id)) => {
                let chosen = self.others.iter().find(|(shift, _)| shift.id.to_string() == id);
                match chosen.map(|(shift, _)| Closing::another(shift)) {
                    Some(closing) => self.ask_close(app, closing),
                    None => Reply::done(),
                }
            }
            ("confirm", Given::Picked(payment)) => {
                let done = app.ask("payment.confirm", &json!({ "payment": payment }));
                match (done, self.read(app)) {
                    (Ok(_), Ok(())) => Reply::say("已确认"),
                    (Err(refusal), _) | (_, Err(refusal)) => Reply::refuse(refusal.message()),
                }
            }
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        // What cannot be read now stays as it was; the next action says why.
        let _ = self.read(app);
    }

    /// What came back is told above the form and holds no key: F8, typed ahead, closes the shift.
    fn resumed(&self) -> Option<&str> {
        None
    }

    /// A sum of money is never resumed: typed ahead, a count would be joined to it or take its place.
    fn draft(&mut self) -> Option<Draft> {
        let mut values = self.form.take_change()?;
        let is_kept = |field: &str, value: &Value| !MONEY.contains(&field) && *value != json!(self.form.initial(field));
        if values.iter().all(|(field, value)| !is_kept(field, value)) {
            values.clear();
        }
        values.retain(|field, _| !MONEY.contains(&field.as_str()));
        Some(Draft { key: DRAFT.into(), values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let Some(view) = &self.view else {
            let mut y = 1;
            if let Some(last) = self.last {
                canvas.text(1, y, &format!("上一班交班时清点 {}", last.grouped()), Ink::Faint);
                y += 2;
            }
            self.form.draw(&mut canvas.below(y));
            return;
        };
        let y = draw_identity(canvas, view);
        if let Some(told) = &self.close_first {
            canvas.text_in(1, y, width.saturating_sub(2), &format!("! {told} (F8)"), Ink::Look);
        } else if !view.shift.open_note.is_empty() {
            let float = view.shift.float_difference().grouped();
            let told = format!("开班清点差额 {float}：{}", view.shift.open_note);
            canvas.text_in(1, y, width.saturating_sub(22), &told, Ink::Look);
        }
        let waiting = format!("待确认手开单 {}", self.pending.len());
        if !self.pending.is_empty() {
            canvas.number(width.saturating_sub(20), y, 19, &waiting, Ink::Look);
        }
        let left = self.form.resumed().map(|at| format!("{at} 没办完的存入，金额请重新填写 (Ctrl-N 另起)"));
        match shift_float::picture(&self.form, view.shift.cash, false) {
            Some(after) => canvas.rule(y + 1, &after, Ink::Strong),
            None => canvas.rule(y + 1, &left.unwrap_or_default(), Ink::Faint),
        }
        // Mistakes take their rows from the list.
        let form = 3 + self.form.rows_more(width, 3).min(height.saturating_sub(y + 10));
        self.form.draw(&mut canvas.part(0, y + 2, width, form));
        let y = y + form - 3;
        canvas.rule(y + 5, "本班收支", Ink::Faint);
        let list = height.saturating_sub(y + 6);
        self.table
            .draw(&mut canvas.part(0, y + 6, width, list), view.moves.len(), false, |row| move_row(&view.moves[row]));
    }
}

/// 前日现金结余 + 本日营业收入 − 存入 = 当日现金结余; answers the row after. Large sums take a row more.
fn draw_identity(canvas: &mut Canvas, view: &ShiftView) -> u16 {
    let shift = &view.shift;
    let float = shift.float_difference();
    let mut parts = vec![("前日现金结余 ", shift.opening - float, " + ")];
    if float != Fen::ZERO {
        parts.push(("开班差额 ", float, " + "));
    }
    if shift.added != Fen::ZERO {
        parts.push(("备用金 ", shift.added, " + "));
    }
    parts.push(("本日营业收入 ", view.income, if view.deposits == Fen::ZERO { " - " } else { " + " }));
    if view.deposits != Fen::ZERO {
        parts.push(("押金 ", view.deposits, " - "));
    }
    parts.extend([("存入 ", shift.paid_in, " = "), ("当日现金结余 ", shift.cash, "")]);
    let (mut x, mut y) = (1, 0);
    for (name, sum, sign) in parts {
        let sum = sum.grouped();
        let cells = safe::cells(name) + safe::cells(&sum) + safe::cells(sign.trim_end());
        if usize::from(x) + cells > usize::from(canvas.width()) {
            (x, y) = (1, y + 1);
        }
        x = canvas.text(x, y, name, Ink::Faint);
        x = canvas.text(x, y, &sum, Ink::Strong);
        // At the edge its blank behind is left out, else the sign itself would be cut.
        let is_edge = usize::from(x) + safe::cells(sign) > usize::from(canvas.width());
        x = canvas.text(x, y, if is_edge { sign.trim_end() } else { sign }, Ink::Text);
    }
    draw_methods(canvas, y + 1, view)
}

/// What came in by each method; those that one row has no room for stand whole in the next. Answers the row after.
fn draw_methods(canvas: &mut Canvas, mut y: u16, view: &ShiftView) -> u16 {
    let mut x: u16 = 1;
    for (method, count, sum) in &view.methods {
        let text = format!("{method} {count} 笔 {}", sum.grouped());
        let cells = u16::try_from(safe::cells(&text)).unwrap_or(u16::MAX);
        if x > 1 && x.saturating_add(cells) > canvas.width() {
            (x, y) = (1, y + 1);
        }
        x = canvas.text(x, y, &text, Ink::Text) + 3;
    }
    y + 1
}

fn move_row(row: &TillRow) -> Row {
    let ink = if row.pending || row.reversed_by.is_some() { Ink::Look } else { Ink::Faint };
    Row::new([
        row.at.get(11..16).unwrap_or_default().to_owned(),
        row.receipt(),
        row.payer.clone(),
        row.item.clone(),
        row.method.clone(),
        row.amount.grouped(),
    ])
    .cell(state(row), ink)
}
