//! Approvals (审批): the requests of special handling that wait for the person, each with the picture its maker saw; F2 passes it on
//! or approves it, F6 sends it back with the reason.

use serde_json::json;

use super::adjust_picture;
use crate::desk::refusal::Refusal;
use crate::desk::view_adjust::{self, Mine, RequestView};
use crate::desk::view_exchange;
use crate::rules::id::Id;
use crate::text::toolkit::ROW_GONE;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::ask::AskForm;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::table::{Column, Row, Table, TableEvent, Width};

/// The screen.
pub struct Approvals {
    requests: Vec<RequestView>,
    table: Table,
    moved: Option<String>,
    stopped: Option<String>,
    top: usize,
    /// The row a question was asked about has left the list.
    gone: bool,
}

impl Approvals {
    /// Requests on their way, those of the person first.
    pub fn new(app: &App) -> Result<Self, Refusal> {
        let columns = vec![
            Column::text("", Width::Cells(6)),
            Column::text("申请", Width::Cells(12)),
            Column::text("种类", Width::Cells(18)),
            Column::text("户", Width::Fill(14, 1)),
            Column::number("金额", 12),
            Column::text("经办", Width::Cells(8)),
            Column::text("状态", Width::Cells(8)),
        ];
        let table = Table::new(columns).when_empty("没有在办的特殊处理申请");
        let mut screen = Self { requests: Vec::new(), table, moved: None, stopped: None, top: 0, gone: false };
        screen.read(app)?;
        Ok(screen)
    }

    /// The same, with the hand on one request; none when it is settled and no longer in the list.
    pub fn at(app: &App, request: Id) -> Result<Option<Self>, Refusal> {
        let mut screen = Self::new(app)?;
        let place = screen.requests.iter().position(|known| known.id == request);
        if let Some(place) = place {
            screen.table.select(place);
            screen.look(app);
        }
        Ok(place.map(|_| screen))
    }

    fn read(&mut self, app: &App) -> Result<(), Refusal> {
        let kept = self.chosen().map(|request| request.id);
        self.requests = view_adjust::requests(&app.desk)?;
        self.gone = !self.table.follow(kept, self.requests.iter().map(|request| request.id));
        self.stopped = view_exchange::approvals_stop(&app.desk, &app.desk.look()?)?;
        self.look(app);
        Ok(())
    }

    fn chosen(&self) -> Option<&RequestView> {
        self.requests.get(self.table.selected())
    }

    /// Does the picture of the chosen request still hold?
    fn look(&mut self, app: &App) {
        self.top = 0;
        let id = self.chosen().map(|request| request.id);
        self.moved = id.and_then(|id| view_adjust::moved(&app.desk, id).unwrap_or_else(|error| Some(error.message())));
    }

    fn say_yes(&mut self, app: &mut App) -> Reply<App> {
        let Some(request) = self.chosen() else { return Reply::refuse("没有申请") };
        let (action, done) = match request.mine {
            Mine::Check => ("adjustment.check", "已复核"),
            Mine::Decide => ("adjustment.decide", "已批准"),
            Mine::Look => return Reply::refuse("这份申请不由您复核或批准"),
        };
        if let Some(why) = &self.moved {
            return Reply::refuse(format!("提出之后情况有变：{why}。请按 F6 退回重提"));
        }
        let id = request.id;
        self.act(app, action, &json!({ "request": id, "approve": true }), &format!("{done} {id}"))
    }

    fn ask_why(&self, app: &App) -> Reply<App> {
        match self.chosen().map(|request| request.mine) {
            None => Reply::refuse("没有申请"),
            Some(Mine::Look) => Reply::refuse("这份申请不由您复核或批准"),
            Some(_) => {
                let field = Field::text("remark", "原因", 60).required();
                let form = Form::new(vec![field], app.desk.today(), initials);
                Reply::push(AskForm::new("no", "不同意", form))
            }
        }
    }

    fn act(&mut self, app: &mut App, action: &str, input: &serde_json::Value, said: &str) -> Reply<App> {
        let done = app.act(action, input, None);
        let again = self.read(app);
        match (done, again) {
            (Ok(_), Ok(())) => Reply::say(said).and_hold(), // the hand stands on another request now
            (Err(refusal), _) | (_, Err(refusal)) => Reply::refuse(refusal.message()),
        }
    }

    fn explain(&self) -> Reply<App> {
        let Some(request) = self.chosen() else { return Reply::refuse("没有申请") };
        let mut lines = vec![
            format!("{}  {}  凭据 {}", request.kind, request.account, request.evidence),
            format!("经办 {} {}", request.maker, request.at),
        ];
        lines.extend(request.checker.as_ref().map(|checker| format!("复核 {checker}")));
        for line in request.picture.iter().flat_map(adjust_picture::lines).filter(|line| !line.difference.is_empty()) {
            let words = |note: &str, amount: &str| format!("{note} {amount}").trim().to_owned();
            let (before, after) = (words(&line.before_note, &line.before), words(&line.after_note, &line.after));
            lines.push(format!("{}：{before} → {after}，差 {}", line.name, line.difference));
        }
        super::explain("改前与改后", lines)
    }
}

impl Screen<App> for Approvals {
    fn place(&self) -> Place {
        Place::Approve
    }

    fn title(&self, _: &App) -> String {
        let mine = self.requests.iter().filter(|request| request.mine != Mine::Look).count();
        format!("特殊处理审批  待我审核 {mine}  在办 {}", self.requests.len())
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        match self.chosen().map(|request| request.mine) {
            Some(Mine::Check | Mine::Decide) => vec![Command::Decide, Command::Reject, Command::Explain],
            Some(Mine::Look) => vec![Command::Explain],
            None => Vec::new(),
        }
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Decide => self.say_yes(app),
            Command::Reject => self.ask_why(app),
            Command::Explain => self.explain(),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match key.code {
            Code::PageDown => self.top += 3,
            Code::PageUp => self.top = self.top.saturating_sub(3),
            _ => {
                let before = self.table.selected();
                let used = self.table.on_key(key, self.requests.len()) != TableEvent::Unused;
                if self.table.selected() != before {
                    self.look(app);
                }
                return Reply::used_if(used);
            }
        }
        Reply::done()
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        let ("no", Given::Values(values)) = (answer.tag, answer.given) else { return Reply::done() };
        let Some(request) = self.chosen().filter(|_| !self.gone) else { return Reply::refuse(ROW_GONE) };
        let action = if request.mine == Mine::Check { "adjustment.check" } else { "adjustment.decide" };
        let input = json!({ "request": request.id, "approve": false, "remark": values.get("remark") });
        let said = format!("已退回 {}", request.id);
        self.act(app, action, &input, &said)
    }

    fn on_return(&mut self, app: &mut App) {
        // A failure shows at the next key.
        let _ = self.read(app);
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let wanted = u16::try_from(self.requests.len() + 1).unwrap_or(u16::MAX);
        let room = width.saturating_sub(2);
        let above = self.stopped.as_ref().map_or(0, |why| canvas.paragraph(1, 0, room, &format!("! {why}"), Ink::Look));
        let list = wanted.clamp(3, (height / 3).max(3));
        let rows = above + list;
        let requests = &self.requests;
        let mut part = canvas.part(0, above, width, list);
        self.table.draw(&mut part, requests.len(), true, |row| request_row(&requests[row]));
        let Some(request) = requests.get(self.table.selected()) else { return };
        canvas.rule(rows, &format!("{}  {}", request.kind, request.account), Ink::Faint);
        let mut facts = format!("经办 {} {}", request.maker, request.at);
        if let Some(checker) = &request.checker {
            facts.push_str(&format!("   复核 {checker}"));
        }
        facts.push_str(&format!("   凭据 {}", request.evidence));
        let y = canvas.paragraph(1, rows + 1, room, &facts, Ink::Text);
        let (foot, ink) = match &self.moved {
            Some(why) => (format!("! 提出之后情况有变：{why}"), Ink::Stop),
            None => (format!("批准：{}", request.approve.join("、")), Ink::Faint),
        };
        // Told to its end, over as many rows as it takes.
        let foot = safe::wrap(&foot, usize::from(room));
        let top = height.saturating_sub(u16::try_from(foot.len()).unwrap_or(height));
        if let Some(picture) = &request.picture {
            adjust_picture::draw(&mut canvas.part(0, y, width, top.saturating_sub(y)), picture, self.top);
        }
        for (y, line) in (top..).zip(&foot) {
            canvas.text_in(1, y, room, line, ink);
        }
    }
}

fn request_row(request: &RequestView) -> Row {
    let (word, ink) = match request.mine {
        Mine::Check => ("待复核", Ink::Look),
        Mine::Decide => ("待批准", Ink::Look),
        Mine::Look => ("", Ink::Faint),
    };
    let mut row = Row::new(Vec::<String>::new()).cell(word, ink);
    for text in [request.id.to_string(), request.kind.clone(), request.account.clone(), request.amount.grouped()] {
        row = row.cell(text, Ink::Text);
    }
    row.cell(request.maker.clone(), Ink::Text).cell(request.state.label(), Ink::Text)
}
