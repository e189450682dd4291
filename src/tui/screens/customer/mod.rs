//! 一户一档: what must be seen of one household on one screen, and its pages: timeline, bills, readings, meters, orders, file.

mod pages;

use serde_json::{Map, Value, json};

use crate::desk::customer_view::{self, AccountView, Alert, bill_lines};
use crate::desk::refusal::Refusal;
use crate::desk::{rights, view_till};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::tables::till::TillRow;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::AskForm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::gauge;
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::table::{Row, Table, TableEvent};

use super::reversal;
use pages::Page;

/// Nothing to print or reverse stands under the hand.
const PICK_RECEIPT: &str = "先按 Tab 到时间线，用 ↑↓ 选一笔收费";
/// Rows of alerts at most; the rest is counted.
const ALERT_ROWS: usize = 3;
/// Cells between alerts.
const ALERT_GAP: u16 = 3;

/// The screen.
pub struct Customer {
    view: AccountView,
    page: Page,
    table: Table,
    today: chrono::NaiveDate,
    /// No older entries than those read.
    whole: bool,
    /// The receipt whose reversal is asked about.
    asked: Option<TillRow>,
}

impl Customer {
    /// Reads an account.
    pub fn new(app: &App, account: Id) -> Result<Self, Refusal> {
        let view = customer_view::account(&app.desk, &account.to_string())?;
        let page = Page::Timeline;
        Ok(Self { whole: false, asked: None, table: page.table(), page, today: app.desk.today(), view })
    }

    fn read_again(&mut self, app: &App) {
        if let Ok(view) = customer_view::account(&app.desk, &self.view.id.to_string()) {
            self.view = view;
            self.whole = false;
        }
    }

    fn rows(&self) -> usize {
        self.page.rows(&self.view)
    }

    fn turn_to(&mut self, page: Page) {
        self.page = page;
        self.table = page.table();
    }

    /// Reads older entries when the hand stands on the last one.
    fn read_on(&mut self, app: &App) {
        let at_end = self.page == Page::Timeline && self.table.selected() + 1 >= self.rows();
        let Some(last) = self.view.timeline.last().filter(|_| at_end && !self.whole) else { return };
        match customer_view::older(&app.desk, self.view.id, last.key) {
            Ok(lines) if !lines.is_empty() => self.view.timeline.extend(lines),
            _ => self.whole = true,
        }
    }

    /// The bill under the hand, on the bills' page or in the timeline.
    fn bill(&self) -> Option<Id> {
        let row = self.table.selected();
        match self.page {
            Page::Bills => self.view.bills.get(row).map(|bill| bill.id),
            Page::Timeline => {
                let entry = self.view.timeline.get(row)?.entry;
                self.view.bills.iter().find(|bill| bill.id == entry).map(|bill| bill.id)
            }
            Page::Readings | Page::Meters | Page::Orders | Page::File => None,
        }
    }

    /// The receipt under the hand in the timeline.
    fn receipt(&self, app: &App) -> Option<TillRow> {
        let line = self.view.timeline.get(self.table.selected()).filter(|_| self.page == Page::Timeline)?;
        view_till::receipt_of(&app.desk, line.entry).ok().flatten()
    }

    fn print_again(&self, app: &App) -> Reply<App> {
        match (app.desk.may(rights::SLIP), self.receipt(app)) {
            (Err(refusal), _) => Reply::refuse(refusal.message()),
            (Ok(_), None) => Reply::refuse(PICK_RECEIPT),
            (Ok(_), Some(row)) => reversal::print_again(app, &row),
        }
    }

    /// Whoever took it: a superior reverses here what is beyond the clerk's limit.
    fn ask_reversal(&mut self, app: &App) -> Reply<App> {
        self.asked = self.receipt(app);
        self.asked.as_ref().map_or_else(|| Reply::refuse(PICK_RECEIPT), |row| reversal::ask(app, row, None))
    }

    fn reverse(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let Some(row) = self.asked.clone() else { return Reply::refused() };
        match reversal::make(app, &row, values) {
            Ok(said) => {
                self.asked = None;
                self.read_again(app);
                Reply::say(said).and_hold()
            }
            Err(refusal) => reversal::ask(app, &row, Some((values, &refusal))),
        }
    }

    fn explain(&self, app: &App) -> Reply<App> {
        if self.page == Page::File {
            return self.history();
        }
        let Some(bill) = self.bill() else {
            let lines: Vec<String> = self.view.alerts.iter().map(|alert| format!("! {}", alert.text)).collect();
            return match lines.is_empty() {
                true => Reply::say("把光标放在一笔账单上，再按 F8"),
                false => super::explain("要留意的", lines),
            };
        };
        match bill_lines(&app.desk, self.view.id, bill) {
            Ok((title, lines)) => super::explain(&title, lines),
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    /// The history of the field under the hand.
    fn history(&self) -> Reply<App> {
        let Some(field) = self.view.fields.get(self.table.selected()) else { return Reply::done() };
        let empty = |value: &Option<String>| value.clone().unwrap_or_else(|| "空".into());
        let changes = self.view.changes.iter().filter(|change| change.key == field.key);
        let mut lines: Vec<String> = changes
            .map(|change| {
                let (before, after) = (empty(&change.before), empty(&change.after));
                format!("{} {} {before} → {after}  {} {}", change.day, change.who, change.outcome, change.entry)
            })
            .collect();
        if lines.is_empty() {
            lines.push("开户以来没有改过".to_owned());
        }
        if field.unknown {
            lines.push("2002-01-01 表示日期不详".to_owned());
        }
        super::explain(&format!("{} 的历次改动", field.label), lines)
    }

    fn open(&self, app: &mut App) -> Reply<App> {
        let row = self.table.selected();
        match self.page {
            Page::File => match self.view.fields.get(row) {
                Some(field) if field.key == "route" => Reply::say("抄表序号由册、楼、单元、室编成，请改这些栏"),
                Some(field) => super::amend(app, self.view.id, &field.key),
                None => Reply::done(),
            },
            Page::Readings => match self.view.readings.get(row) {
                Some(reading) => super::reading_correct(app, self.view.id, reading.id),
                None => super::reading(app, self.view.id, ""),
            },
            Page::Orders => match self.view.orders.get(row) {
                Some(order) => super::order(app, order.id),
                None => Reply::done(),
            },
            Page::Bills | Page::Timeline if self.bill().is_some() => self.explain(app),
            Page::Timeline => match self.view.timeline.get(row) {
                Some(line) if self.receipt(app).is_some() => super::receipt(app, &line.entry.to_string()),
                Some(line) => super::explain(
                    &format!("凭单 {}", line.entry),
                    vec![line.text.clone(), format!("{} {}  {}", line.day, line.time, line.who)],
                ),
                None => Reply::done(),
            },
            Page::Bills | Page::Meters => Reply::done(),
        }
    }

    /// Ctrl-K: which sealed number, and why.
    fn ask_reveal(&self, app: &App) -> Reply<App> {
        let numbers = vec![Choice::new("id_number", "证件号码"), Choice::new("bank_card", "银行卡号")];
        let fields = vec![
            Field::choice("field", "号码", numbers).value("id_number"),
            Field::text("reason", "原因", 60).required().hint("记入日记账"),
        ];
        Reply::push(AskForm::new("reveal", "查看完整号码", Form::new(fields, app.desk.today(), initials)))
    }

    fn reveal(&self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let input = json!({
            "account": self.view.id, "field": values.get("field"), "reason": values.get("reason"),
        });
        match app.ask("customer.reveal", &input) {
            Ok(answer) => {
                let number = answer["value"].as_str().unwrap_or_default().to_owned();
                super::explain("完整号码", vec![number, "看完按 Enter 收起，这次查看已记入日记账".to_owned()])
            }
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }
}

impl Screen<App> for Customer {
    fn place(&self) -> Place {
        Place::Customer
    }

    fn title(&self, _: &App) -> String {
        format!("一户一档  {} {}", self.view.account, self.view.name)
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        // Shown only where something is owed for a business.
        let fees = (self.view.owed_fees > Fen::ZERO).then_some(Command::GoFees);
        if self.page == Page::Readings {
            // What is done on this page comes first: the bottom line may not hold all.
            let keys = [
                Command::GoReading,
                Command::Open,
                Command::NextPage,
                Command::Explain,
                Command::GoPay,
                Command::GoIntake,
                Command::GoAdjust,
                Command::Transfer,
                Command::Reveal,
                Command::FixMethod,
            ];
            return keys.into_iter().chain(fees).collect();
        }
        let keys = [
            Command::GoPay,
            Command::GoIntake,
            Command::GoAdjust,
            Command::NextPage,
            Command::GoReading,
            Command::Explain,
            Command::Open,
            Command::Transfer,
            Command::Reveal,
            Command::FixMethod,
        ];
        let of_receipt = [Command::Print, Command::ReverseReceipt];
        let of_receipt = of_receipt.into_iter().filter(|_| self.page == Page::Timeline);
        keys.into_iter().chain(fees).chain(of_receipt).collect()
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::GoPay => super::pay(app, self.view.id),
            Command::GoIntake => super::intake(app, Some(self.view.id)),
            Command::GoAdjust => super::adjust(app, self.view.id),
            Command::NextPage => {
                self.turn_to(self.page.next());
                Reply::done()
            }
            Command::Explain => self.explain(app),
            Command::Open => self.open(app),
            Command::Transfer => super::transfer(app, self.view.id),
            Command::GoFees => super::charges_of_account(app, self.view.id),
            Command::Reveal => self.ask_reveal(app),
            Command::GoReading => super::reading(app, self.view.id, ""),
            Command::FixMethod => super::method(app, Some(self.view.id)),
            Command::Print => self.print_again(app),
            Command::ReverseReceipt => self.ask_reversal(app),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        if key == (Key { code: Code::Tab, ctrl: false, shift: true }) {
            self.turn_to(self.page.before());
            return Reply::done();
        }
        if Command::GoFees.key() == Some(key) {
            return super::charges_of_account(app, self.view.id); // which says that there are none
        }
        let rows = self.rows();
        match self.table.on_key(key, rows) {
            TableEvent::Unused => Reply::unused(),
            TableEvent::Open(_) => self.open(app),
            TableEvent::Moved | TableEvent::Ticked(_) => {
                self.read_on(app);
                Reply::done()
            }
        }
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("reveal", Given::Values(values)) => self.reveal(app, &values),
            (reversal::TAG, Given::Values(values)) => self.reverse(app, &values),
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        self.read_again(app);
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let mut y = self.draw_head(canvas);
        canvas.rule(y, "", Ink::Faint);
        y = self.draw_meter(canvas, y + 1);
        self.draw_pages(canvas, y);
        let rest = height.saturating_sub(y + 1);
        let (view, page, today) = (&self.view, self.page, self.today);
        let row = |row: usize| page.row(view, row, today).unwrap_or_else(|| Row::new([""]));
        self.table.draw(&mut canvas.part(0, y + 1, width, rest), page.rows(view), true, row);
    }
}

impl Customer {
    /// Who, what kind, where; and what must be seen first.
    fn draw_head(&self, canvas: &mut Canvas) -> u16 {
        let width = canvas.width();
        let x = canvas.text(1, 0, &self.view.headline, Ink::Strong);
        let mut y = 1;
        if safe::cells(&self.view.address) <= usize::from(width.saturating_sub(x + 4)) {
            canvas.text(x + 3, 0, &self.view.address, Ink::Text);
        } else {
            y = canvas.paragraph(1, 1, width.saturating_sub(2), &self.view.address, Ink::Text);
        }
        for row in self.alert_rows(width.saturating_sub(2)) {
            let mut x = 1;
            for alert in row {
                let ink = if alert.stop { Ink::Stop } else { Ink::Look };
                let room = width.saturating_sub(x + 1);
                x = canvas.text_in(x, y, room, &format!("! {}", alert.text), ink) + ALERT_GAP;
            }
            y += 1;
        }
        if self.view.prepaid.0 != 0 || self.view.credit.0 != 0 {
            let (prepaid, credit) = (self.view.prepaid.grouped(), self.view.credit.grouped());
            canvas.text(1, y, &format!("预存 {prepaid}  余额 {credit}"), Ink::Text);
            y += 1;
        }
        y
    }

    /// Alerts packed into rows; what does not fit is counted, F8 tells all.
    fn alert_rows(&self, width: u16) -> Vec<Vec<Alert>> {
        let cells = |alert: &Alert| safe::cells(&alert.text) + 2 + usize::from(ALERT_GAP);
        let mut rows: Vec<Vec<Alert>> = Vec::new();
        let mut left = 0;
        for (place, alert) in self.view.alerts.iter().enumerate() {
            let needed = cells(alert);
            if left < needed {
                if rows.len() == ALERT_ROWS {
                    let text = format!("另有 {} 条，F8 查看", self.view.alerts.len() - place);
                    let more = Alert { stop: false, text };
                    if let Some(last) = rows.last_mut() {
                        last.truncate(if left < cells(&more) {
                            last.len().saturating_sub(1).max(1)
                        } else {
                            last.len()
                        });
                        last.push(more);
                    }
                    return rows;
                }
                rows.push(Vec::new());
                left = usize::from(width);
            }
            left = left.saturating_sub(needed);
            if let Some(last) = rows.last_mut() {
                last.push(alert.clone());
            }
        }
        rows
    }

    /// The meter on the wall, its last reading; use of twelve periods and of the year.
    fn draw_meter(&self, canvas: &mut Canvas, y: u16) -> u16 {
        let view = &self.view;
        let meter = view.meters.iter().rev().find(|meter| meter.removed.is_none());
        let mut words = Vec::new();
        let mut state = format!("  {}", view.state);
        if let Some(last) = view.readings.first() {
            state = format!("  示数 {}  {} 抄{state}", last.value.grouped(), format::day(last.day, self.today));
        }
        match meter {
            Some(meter) => {
                let facts = meter.facts.iter().filter(|(label, _)| label != "铅封号" && label != "表位数");
                words.push(format!("表 {}", meter.no));
                words.extend(
                    facts.map(|(label, value)| if label == "口径" { format!("DN{value}") } else { value.clone() }),
                );
            }
            None => words.push("没有在装的表".to_owned()),
        }
        // Reading and state are seen whole; what the meter is takes the room that is left.
        let tail = u16::try_from(safe::cells(&state)).unwrap_or(0);
        let x = canvas.text_in(1, y, canvas.width().saturating_sub(tail + 2), &words.join(" "), Ink::Text);
        canvas.text(x, y, &state, Ink::Text);
        self.draw_use(canvas, y + 1);
        y + 2
    }

    fn draw_use(&self, canvas: &mut Canvas, y: u16) {
        let usage = &self.view.usage;
        let values: Vec<i64> = usage.bars.iter().map(|bar| bar.volume.0).collect();
        let mut words = Vec::new();
        if let (Some(first), Some(last)) = (usage.bars.first(), usage.bars.last()) {
            words.push(format!("用量 {}|{}|{}", first.volume.grouped(), gauge::bars(&values), last.volume.grouped()));
        }
        words.push(format!("本年 {} {}", usage.year.grouped(), usage.unit));
        match (usage.step, &usage.left) {
            (Some(step), Some(left)) => words.push(format!("第{step}阶梯 还余 {left}")),
            (Some(step), None) => words.push(format!("第{step}阶梯")),
            _ => {}
        }
        words.extend(usage.change.as_ref().map(|change| format!("去年同期 {change}")));
        canvas.text_in(1, y, canvas.width().saturating_sub(2), &words.join("  "), Ink::Text);
    }

    /// The names of the pages, the open one strong.
    fn draw_pages(&self, canvas: &mut Canvas, y: u16) {
        canvas.rule(y, "", Ink::Faint);
        let mut x = 2;
        for page in Page::ALL {
            let here = *page == self.page;
            let words = if here { format!("[{}]", page.name()) } else { format!(" {} ", page.name()) };
            let cells = u16::try_from(safe::cells(&words)).unwrap_or(0);
            if x + cells > canvas.width() {
                break;
            }
            x = canvas.text(x, y, &words, if here { Ink::Strong } else { Ink::Faint }) + 1;
        }
    }
}
