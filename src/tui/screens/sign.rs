//! Signing shifts (班次签字): the cashier, then the accountant, hold a closed shift against its papers and sign. What the papers
//! say was paid in is typed, not shown to be copied; where the system has another sum, it is signed with the difference and a remark.

use serde_json::{Map, Value, json};

use super::file_form;
use crate::desk::refusal::Refusal;
use crate::desk::view_finance::{self, SignLine};
use crate::rules::money::Fen;
use crate::text::toolkit::ROW_GONE;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows below the list: a rule, the clerk's count, the note, the signatures.
const DETAIL: u16 = 5;

/// The screen.
pub struct Sign {
    lines: Vec<SignLine>,
    table: Table,
    /// The row a question was asked about has left the list.
    gone: bool,
}

impl Sign {
    /// Shifts that wait, those of the person first.
    pub fn new(app: &App) -> Result<Self, Refusal> {
        let columns = vec![
            Column::text("", Width::Cells(8)),
            Column::text("营业日", Width::Cells(10)),
            Column::text("班次", Width::Cells(4)),
            Column::text("营业员", Width::Fill(8, 1)),
            Column::number("收入", 12),
            Column::number("清点", 12),
            Column::number("差", 10),
        ];
        let table = Table::new(columns).when_empty("没有等待签字的班次：交班以后由出纳、会计依次签字");
        Ok(Self { lines: view_finance::to_sign(&app.desk)?, table, gone: false })
    }

    fn read(&mut self, app: &App) -> Result<(), Refusal> {
        let kept = self.chosen().map(|line| line.shift.id);
        self.lines = view_finance::to_sign(&app.desk)?;
        self.gone = !self.table.follow(kept, self.lines.iter().map(|line| line.shift.id));
        Ok(())
    }

    fn chosen(&self) -> Option<&SignLine> {
        self.lines.get(self.table.selected())
    }

    fn ask(&self, app: &App, refused: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
        let Some(line) = self.chosen() else { return Reply::refuse("没有等待签字的班次") };
        if !line.mine {
            let who = line.step.word();
            return Reply::refuse(format!("这一班等{}：要有{who}岗位，经手的人和签了另一步的人不能签", what(line)));
        }
        let fields = vec![
            Field::number("deposits", "缴款单合计", 2).required().unit("元").hint("照单据加总后填写"),
            Field::text("remark", "备注", 60),
        ];
        let title = format!("{}  {} 班次 {}", what(line), line.shift.clerk, line.shift.no);
        file_form::ask_again("sign", &title, Form::new(fields, app.desk.today(), initials), refused)
    }

    fn sign(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let Some(line) = self.chosen().filter(|_| !self.gone) else { return Reply::refuse(ROW_GONE) };
        let text = |field: &str| values.get(field).and_then(Value::as_str).unwrap_or_default();
        let input = json!({ "shift": line.shift.id, "deposits": text("deposits"), "remark": text("remark") });
        let said = format!("{} 班次 {} 已由{}", line.shift.clerk, line.shift.no, what(line));
        let done = app.ask("shift.confirm", &input);
        match done {
            Err(refusal) => self.ask(app, Some((values, &refusal))),
            Ok(answer) => match self.read(app) {
                Ok(()) if answer["difference"] != "0.00" => {
                    Reply::say(format!("{said}，有差异 {}", answer["difference"].as_str().unwrap_or_default()))
                        .and_hold()
                }
                Ok(()) => Reply::say(said).and_hold(),
                Err(refusal) => Reply::refuse(refusal.message()),
            },
        }
    }
}

impl Screen<App> for Sign {
    fn place(&self) -> Place {
        Place::Sign
    }

    fn title(&self, _: &App) -> String {
        let mine = self.lines.iter().filter(|line| line.mine).count();
        format!("班次签字  待我签字 {mine}  共 {}", self.lines.len())
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        if self.chosen().is_some() { vec![Command::SignShift] } else { Vec::new() }
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        if command == Command::SignShift { self.ask(app, None) } else { Reply::unused() }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match self.table.on_key(key, self.lines.len()) {
            TableEvent::Unused => Reply::unused(),
            TableEvent::Open(_) => self.ask(app, None),
            TableEvent::Moved | TableEvent::Ticked(_) => Reply::done(),
        }
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("sign", Given::Values(values)) => self.sign(app, &values),
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        // What cannot be read now stays as it was; the next action says why.
        let _ = self.read(app);
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let list = height.saturating_sub(DETAIL);
        let (lines, today) = (&self.lines, app.desk.today());
        self.table.draw(&mut canvas.part(0, 0, width, list), lines.len(), true, |row| shift_row(&lines[row], today));
        let Some(line) = self.chosen() else { return };
        let shift = &line.shift;
        canvas.rule(list, &format!("{} 班次 {}", shift.clerk, shift.no), Ink::Faint);
        let room = width.saturating_sub(2);
        let deposits = match line.deposits {
            Fen::ZERO => String::new(),
            sum => format!("押金 {}   ", sum.grouped()),
        };
        let sums = format!(
            "备用金 {}   本日营业收入 {}   {deposits}清点 {}   存入照缴款单填",
            (shift.opening + shift.added).grouped(),
            line.income.grouped(),
            shift.counted.unwrap_or_default().grouped()
        );
        canvas.text_in(1, list + 1, room, &sums, Ink::Text);
        let note = if shift.note.is_empty() { "-" } else { &shift.note };
        let float = match shift.float_difference() {
            Fen::ZERO => String::new(),
            sum => format!("   开班差额 {} {}", sum.grouped(), shift.open_note),
        };
        canvas.text_in(1, list + 2, room, &format!("交班备注 {note}{float}   校验码 {}", shift.head), Ink::Text);
        let mut words = vec![format!("等{}", what(line))];
        words.extend(
            line.signed.iter().map(|row| format!("{} {} 已签{} {}", row.step, row.name, row.mark(), row.remark)),
        );
        let ink = if line.signed.iter().all(|row| row.mark().is_empty()) { Ink::Faint } else { Ink::Look };
        canvas.text_in(1, list + 3, room, &words.join("   "), ink);
    }
}

/// What the shift waits for: 出纳签字, 会计重新签字.
fn what(line: &SignLine) -> String {
    format!("{}{}签字", line.step.word(), if line.again { "重新" } else { "" })
}

fn shift_row(line: &SignLine, today: chrono::NaiveDate) -> Row {
    let shift = &line.shift;
    let (word, ink) = match (line.mine, line.again) {
        (true, false) => ("待我签字", Ink::Look),
        (true, true) => ("待我重签", Ink::Look),
        (false, _) => ("", Ink::Faint),
    };
    let over = shift.over.unwrap_or_default();
    Row::new(Vec::<String>::new())
        .cell(word, ink)
        .cell(format::day(shift.day, today), Ink::Text)
        .cell(shift.no.to_string(), Ink::Text)
        .cell(shift.clerk.clone(), Ink::Text)
        .cell(line.income.grouped(), Ink::Text)
        .cell(shift.counted.unwrap_or_default().grouped(), Ink::Text)
        .cell(over.grouped(), if over == Fen::ZERO { Ink::Faint } else { Ink::Look })
}
