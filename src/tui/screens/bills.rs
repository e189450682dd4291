//! Bills (出账): a cycle, tried first and then run (F2); what is held stands below with its reason, Enter lets one go.

use serde_json::{Map, Value, json};

use super::file_form;
use crate::desk::bill_run::{Ask, Large, Summary};
use crate::desk::refusal::Refusal;
use crate::desk::view_bills::{self, HeldLine};
use crate::desk::view_explain;
use crate::rules::billing::BillCycle;
use crate::rules::money::{Fen, Milli};
use crate::text::toolkit::ROW_GONE;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::Confirm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// Rows below the list: a rule, why the chosen bill is held, whole, and what it comes to now.
const TOLD: u16 = 4;

/// The screen.
pub struct Bills {
    cycles: Vec<BillCycle>,
    chosen: usize,
    tried: Option<Summary>,
    /// The newest entry when it was tried.
    tried_at: Option<i64>,
    held: Vec<HeldLine>,
    table: Table,
    /// The row a question was asked about has left the list.
    gone: bool,
}

impl Bills {
    /// The newest cycle, tried.
    pub fn new(app: &mut App) -> Result<Self, Refusal> {
        let columns = vec![
            Column::text("户号", Width::Cells(12)),
            Column::text("户名", Width::Fill(8, 1)),
            Column::text("抄表", Width::Cells(10)),
            Column::text("原因", Width::Fill(24, 3)),
        ];
        let mut screen = Self {
            cycles: view_bills::cycles(&app.desk)?,
            chosen: 0,
            tried: None,
            tried_at: None,
            held: Vec::new(),
            gone: false,
            table: Table::new(columns).when_empty("这个账期没有挂起的账单"),
        };
        screen.read(app)?;
        Ok(screen)
    }

    fn cycle(&self, app: &App) -> BillCycle {
        self.cycles.get(self.chosen).copied().unwrap_or_else(|| BillCycle::of(app.facts().day))
    }

    fn read(&mut self, app: &mut App) -> Result<(), Refusal> {
        let cycle = self.cycle(app);
        self.take_held(view_bills::held(&app.desk, cycle)?);
        self.tried = None;
        Ok(())
    }

    /// The list read again; the hand goes with its bill.
    fn take_held(&mut self, held: Vec<HeldLine>) {
        let kept = self.held.get(self.table.selected()).map(|line| line.bill.id);
        self.held = held;
        self.gone = !self.table.follow(kept, self.held.iter().map(|line| line.bill.id));
    }

    fn run(&mut self, app: &mut App, dry_run: bool) -> Reply<App> {
        let now = match view_bills::as_of(&app.desk) {
            Ok(now) => now,
            Err(refusal) => return Reply::refuse(refusal.message()),
        };
        // Something was entered since the question was asked: the numbers are worked out again, and asked about again if they differ.
        let asked = self.tried.take().filter(|_| !dry_run);
        let dry_run = dry_run || self.tried_at != Some(now);
        let ask = Ask { cycle: self.cycle(app), dated: None, dry_run };
        let summary = match app.desk.bill_run(&ask, |_, _| {}) {
            Ok(summary) => summary,
            Err(refusal) => return Reply::refuse(refusal.message()),
        };
        if let Some(asked) = asked.filter(|asked| dry_run && same(asked, &summary)) {
            (self.tried, self.tried_at) = (Some(asked), Some(now));
            return self.run(app, false);
        }
        if dry_run {
            self.tried_at = Some(now);
            if summary.readings == 0 {
                self.tried = Some(summary);
                return Reply::say(format!("{} 账期没有未出账的读数", ask.cycle));
            }
            let mut question = format!(
                "{} 账期：{} 张账单，用量 {}，合计 {} 元；{} 张挂起。现在出账？",
                ask.cycle,
                summary.bills,
                Milli::whole(summary.volume).grouped(),
                summary.total.grouped(),
                summary.held
            );
            question.push_str(&largest_words(&summary));
            self.tried = Some(summary);
            return Reply::push(Confirm::new("run", "出账", &question).with_f2());
        }
        let said =
            format!("已出账 {} 张，合计 {} 元，挂起 {} 张", summary.bills, summary.total.grouped(), summary.held);
        app.finder.refresh();
        app.refresh();
        match self.read(app) {
            Ok(()) => {
                self.tried = Some(summary);
                Reply::say(said)
            }
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    fn step(&mut self, app: &mut App, older: bool) -> Reply<App> {
        let last = self.cycles.len().saturating_sub(1);
        self.chosen = if older { (self.chosen + 1).min(last) } else { self.chosen.saturating_sub(1) };
        match self.read(app) {
            Ok(()) => Reply::done(),
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }

    /// The same bill by what stands now: the amount F2 bills, in the popup and behind it.
    fn now(&self, app: &App) -> String {
        let line = self.held.get(self.table.selected());
        let words = line.map(|line| app.desk.held_bill_now(&line.bill).unwrap_or_else(|refusal| refusal.message()));
        words.unwrap_or_default()
    }

    fn ask_release(&self, app: &App, refused: Option<(&Map<String, Value>, &Refusal)>) -> Reply<App> {
        let Some(line) = self.held.get(self.table.selected()) else { return Reply::refuse("没有选中的账单") };
        let fields = vec![
            Field::text("bill", "账单", 30).value(&format!("{} {}", line.no, line.bill.id)).fixed(),
            Field::text("reason", "放行原因", 60).required(),
        ];
        let form = Form::new(fields, app.desk.today(), initials);
        let now = self.now(app);
        file_form::ask_showing("release", "放行挂起的账单", form, refused, move |_| Some(now.clone()))
    }

    fn release(&mut self, app: &mut App, values: &Map<String, Value>) -> Reply<App> {
        let chosen = self.held.get(self.table.selected()).filter(|_| !self.gone);
        let Some(line) = chosen.cloned() else { return Reply::refuse(ROW_GONE) };
        let input = json!({ "bill": line.bill.id, "account": line.no, "reason": values.get("reason") });
        match (app.ask("bill.release", &input), self.read(app)) {
            (Ok(answer), Ok(())) => {
                let amount =
                    answer["amount"].as_str().and_then(|amount| amount.parse::<Fen>().ok()).unwrap_or_default();
                Reply::say(format!("{} 已放行，{} 元", line.no, amount.grouped())).and_hold()
            }
            (Err(refusal), _) => self.ask_release(app, Some((values, &refusal))),
            (_, Err(refusal)) => Reply::refuse(refusal.message()),
        }
    }

    fn explain(&self, app: &App) -> Reply<App> {
        let Some(line) = self.held.get(self.table.selected()) else { return Reply::refuse("没有选中的账单") };
        match view_explain::bill(&app.desk, line.account, line.bill.id, app.facts().day) {
            Ok(lines) => super::explain(&format!("账单 {}", line.bill.id), lines),
            Err(refusal) => Reply::refuse(refusal.message()),
        }
    }
}

/// True when a question about the one is the question about the other.
fn same(one: &Summary, other: &Summary) -> bool {
    let told = |summary: &Summary| {
        (summary.readings, summary.bills, summary.held, summary.volume, summary.total, largest_words(summary))
    };
    told(one) == told(other)
}

/// The largest bills before they go out, and how many are held as too large.
fn largest_words(summary: &Summary) -> String {
    const NAMED: usize = 3;
    let one = |large: &Large| {
        let held = if large.held { " 挂起" } else { "" };
        format!("{} {} {} 元{held}", large.account, large.name, large.amount.grouped())
    };
    let named: Vec<String> = summary.largest.iter().take(NAMED).map(one).collect();
    let mut words = format!(" 最大的：{}。", named.join("；"));
    if !summary.above.is_empty() {
        words.push_str(&format!("超过上一张 {} 倍的 {} 张，已挂起待核。", summary.times, summary.above.len()));
    }
    if named.is_empty() { String::new() } else { words }
}

impl Screen<App> for Bills {
    fn place(&self) -> Place {
        Place::Bills
    }

    fn title(&self, app: &App) -> String {
        format!("出账  {} 账期", self.cycle(app))
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        let mut keys = vec![Command::RunBills];
        if !self.held.is_empty() {
            keys.extend([Command::Open, Command::Explain]);
        }
        keys
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::RunBills => self.run(app, true),
            Command::Open => self.ask_release(app, None),
            Command::Explain => self.explain(app),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match key.code {
            Code::Left => self.step(app, true),
            Code::Right => self.step(app, false),
            _ => Reply::used_if(self.table.on_key(key, self.held.len()) != TableEvent::Unused),
        }
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("run", Given::Yes) => self.run(app, false),
            ("release", Given::Values(values)) => self.release(app, &values),
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        // What cannot be read now stays as it was; the next action says why.
        if let Ok(held) = view_bills::held(&app.desk, self.cycle(app)) {
            self.take_held(held);
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, app: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let mut x = canvas.text(1, 0, "账期", Ink::Faint) + 1;
        for (index, cycle) in self.cycles.iter().enumerate() {
            let ink = if index == self.chosen { Ink::Accent } else { Ink::Text };
            let word = if index == self.chosen { format!("[{cycle}]") } else { format!(" {cycle} ") };
            x = canvas.text(x, 0, &word, ink);
        }
        canvas.text(1, 1, "← → 换账期；F2 先试算，看清之后再出账", Ink::Faint);
        if let Some(tried) = &self.tried {
            let words = if tried.dry_run { "试算" } else { "已出账" };
            let line = format!(
                "{words}  读数 {}  账单 {}  用量 {}  合计 {}  挂起 {}",
                tried.readings,
                tried.bills,
                Milli::whole(tried.volume).grouped(),
                tried.total.grouped(),
                tried.held
            );
            canvas.text(1, 3, &line, Ink::Strong);
        }
        canvas.rule(5, &format!("挂起 {}", self.held.len()), Ink::Faint);
        let rows = height.saturating_sub(6 + TOLD);
        self.table.draw(&mut canvas.part(0, 6, width, rows), self.held.len(), true, |index| {
            let line = &self.held[index];
            Row::new([line.no.clone(), line.name.clone(), line.bill.last_day.to_string(), line.bill.note.clone()])
                .marked(Ink::Look)
        });
        if let Some(line) = self.held.get(self.table.selected()) {
            canvas.rule(6 + rows, &format!("{} {}", line.no, line.name), Ink::Faint);
            let y = canvas.paragraph(1, 7 + rows, width.saturating_sub(2), &line.bill.note, Ink::Look);
            canvas.text_in(1, y, width.saturating_sub(2), &self.now(app), Ink::Strong);
        }
    }
}
