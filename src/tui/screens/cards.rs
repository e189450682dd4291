//! Reading cards (卡片录入): a book in walking order, one key a card. The first person keys all of them; then another does,
//! blind: what agrees becomes the reading at once, what does not is keyed again, and the same value twice is insisted on.

use serde_json::json;

use crate::desk::refusal::{Fault, Refusal};
use crate::desk::view_cards::{self, CardBook, CardLine};
use crate::desk::view_reading;
use crate::rules::money::Milli;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::{Command, Place};
use crate::tui::safe;
use crate::tui::screen::{Answer, Given, Reply, Screen};
use crate::tui::theme::{Ink, STOP_SIGN};
use crate::tui::widgets::ask::{Confirm, Pick, PickItem};
use crate::tui::widgets::edit::{Edited, LineEdit};
use crate::tui::widgets::kind::Kind;

/// Digits a reading may have.
const LONGEST: usize = 12;
/// Cells of the columns of figures on the right: the last reading, what is keyed, the use; and what stays free behind them.
const FIGURES: [u16; 3] = [10, 11, 8];
const FREE: u16 = 3;
/// Cells of the title of a column, and of the one over what is keyed.
const TITLE: u16 = 4;
const ROUND: u16 = 6;
/// Nothing is typed into a card that is a reading.
const DONE: &str = "这张卡片已经录完，按 ↓ 到下一张；录错的请到这一户更正抄表";
/// From this width on the name stands beside the address.
const WIDE: u16 = 100;

/// A value that was refused and may be insisted on: each reason is answered by itself. Another value begins anew.
struct Doubt {
    value: String,
    /// The reasons that stand, in the order they are answered.
    open: Vec<Reason>,
    /// Those answered.
    answered: Vec<Reason>,
}

/// Why a card is looked at again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Other than the first keying: a third look, the value typed again.
    Differs,
    /// A large use.
    High,
    /// The counter passed zero.
    Rollover,
}

impl Reason {
    /// The reason behind a fault; `None`: nothing to insist on.
    fn of(fault: &Fault) -> Option<Self> {
        match (fault.rule.as_str(), fault.field.as_deref()) {
            ("R-239", Some("third")) => Some(Reason::Differs),
            ("R-230", Some("value")) => Some(Reason::High),
            ("R-230", Some("rollover")) => Some(Reason::Rollover),
            _ => None,
        }
    }
}

/// A sealed meter that ran is asked about on the reading's own screen, once nothing else stands.
fn is_sealed(fault: &Fault) -> bool {
    fault.field.as_deref() == Some("sealed")
}

/// The screen.
pub struct Cards {
    books: Vec<String>,
    book: CardBook,
    at: usize,
    edit: LineEdit,
    /// What was refused on this card, and why.
    doubt: Option<Doubt>,
    said: (String, Ink),
}

impl Cards {
    /// The first book.
    pub fn new(app: &App) -> Result<Self, Refusal> {
        let books = view_cards::books(&app.desk)?;
        let mut screen = Self {
            book: CardBook::default(),
            books,
            at: 0,
            edit: LineEdit::new(LONGEST),
            doubt: None,
            said: (String::new(), Ink::Text),
        };
        let first = screen.books.first().cloned().unwrap_or_default();
        screen.open(app, &first)?;
        Ok(screen)
    }

    fn open(&mut self, app: &App, book: &str) -> Result<(), Refusal> {
        self.book = view_cards::book(&app.desk, book, app.desk.business_day()?)?;
        self.at = self.next_from(0).unwrap_or(0);
        self.clear();
        Ok(())
    }

    fn clear(&mut self) {
        self.edit = LineEdit::new(LONGEST);
        self.doubt = None;
    }

    /// The second round: somebody else keyed the first.
    fn is_second(&self) -> bool {
        self.book.first.is_some() && !self.book.first_is_own
    }

    fn is_open(&self, card: &CardLine) -> bool {
        card.posted.is_none() && if self.is_second() { card.keyed } else { card.own_first.is_none() }
    }

    /// The card under the hand is a reading already.
    fn is_done(&self) -> bool {
        self.book.cards.get(self.at).is_some_and(|card| card.posted.is_some())
    }

    fn next_from(&self, from: usize) -> Option<usize> {
        (from..self.book.cards.len()).find(|index| self.is_open(&self.book.cards[*index]))
    }

    /// Enter: the card is keyed, the next one stands ready.
    fn key_card(&mut self, app: &mut App) -> Reply<App> {
        let typed: String = self.edit.text().trim().chars().map(half_width).collect();
        let number = Kind::Number { decimals: 3, signed: true };
        let typed = number.plain(&typed).unwrap_or(typed);
        let Some(card) = self.book.cards.get(self.at) else {
            return Reply::refuse("这一册没有卡片，F4 换一册");
        };
        if typed.is_empty() {
            return Reply::refuse("请录示数；没抄到的卡片按 ↓ 跳过");
        }
        if card.posted.is_some() {
            return Reply::refuse(DONE);
        }
        if view_reading::is_timed(&app.desk, card.account, app.facts().day).unwrap_or(false) {
            return super::reading(app, card.account, &typed).and_say("这一户分时计价，请连各时段示数一起录");
        }
        if self.doubt.as_ref().is_some_and(|doubt| doubt.value != typed) {
            self.doubt = None;
        }
        // The same value again answers the first reason that stands.
        if let Some(doubt) = self.doubt.as_mut().filter(|doubt| !doubt.open.is_empty()) {
            doubt.answered.push(doubt.open.remove(0));
        }
        self.post(app, &typed)
    }

    /// Posts a card with what was answered about it; a reason that still stands is asked about.
    fn post(&mut self, app: &mut App, typed: &str) -> Reply<App> {
        let Some(card) = self.book.cards.get(self.at) else { return Reply::refused() };
        let answered = self.doubt.as_ref().map(|doubt| doubt.answered.clone()).unwrap_or_default();
        let differs = answered.contains(&Reason::Differs);
        let mut input = json!({ "account": card.no, "value": typed, "second": self.is_second() });
        for reason in answered {
            match reason {
                Reason::Differs => input["third"] = typed.into(),
                Reason::High => input["confirm"] = true.into(),
                Reason::Rollover => input["rollover"] = true.into(),
            }
        }
        let (route, account) = (card.route.clone(), card.account);
        match app.ask("reading.key", &input) {
            Ok(answer) => {
                let value = typed.parse::<Milli>().unwrap_or_default();
                self.book.cards[self.at].keyed = true;
                if answer["posted"] == true {
                    self.book.cards[self.at].posted = Some(value);
                    let how = if differs { "已按第二遍入账" } else { "与第一遍一致" };
                    self.book.cards[self.at].differed = differs;
                    self.said = (format!("前张 {route} = {} {how}", value.grouped()), Ink::Text);
                } else {
                    self.book.cards[self.at].own_first = Some(value);
                    self.said = (
                        format!(
                            "前张 {route} = {}  量 {}",
                            value.grouped(),
                            format::grouped(&answer["use"].to_string())
                        ),
                        Ink::Text,
                    );
                }
                self.clear();
                match self.next_from(self.at + 1).or_else(|| self.next_from(0)) {
                    Some(next) => self.at = next,
                    None => return Reply::say(self.book.through(self.is_second())),
                }
                Reply::done()
            }
            Err(refusal) if refusal.faults.iter().all(is_sealed) => {
                super::reading(app, account, typed).and_say(refusal.message())
            }
            Err(refusal) => self.doubted(typed, &refusal),
        }
    }

    /// Refused: the reasons are told; what may be insisted on is remembered.
    fn doubted(&mut self, typed: &str, refusal: &Refusal) -> Reply<App> {
        self.said = (refusal.message(), Ink::Stop);
        self.edit = LineEdit::new(LONGEST);
        let answered = self.doubt.take().map(|doubt| doubt.answered).unwrap_or_default();
        let asked_here = refusal.faults.iter().filter(|fault| !is_sealed(fault));
        let reasons: Option<Vec<Reason>> = asked_here.map(Reason::of).collect();
        // What was answered and is refused all the same is nothing to insist on.
        let Some(open) = reasons.filter(|open| !open.iter().any(|reason| answered.contains(reason))) else {
            return Reply::refused();
        };
        let asks = !answered.is_empty();
        // What a popup asks is answered there, not by typing again.
        self.said.0.push_str(if asks { "" } else { "；核对无误就把同样的示数再录一遍" });
        self.doubt = Some(Doubt { value: typed.to_owned(), open, answered });
        if asks {
            // One reason was answered by typing again; the next is a question of its own.
            let question = format!("{typed}：{}", refusal.message());
            return Reply::push(Confirm::new("reason", "这一点也请核实", &question).with_f2());
        }
        Reply::refused()
    }

    /// The reason asked about is confirmed.
    fn confirmed(&mut self, app: &mut App) -> Reply<App> {
        let Some(doubt) = self.doubt.as_mut().filter(|doubt| !doubt.open.is_empty()) else { return Reply::refused() };
        doubt.answered.push(doubt.open.remove(0));
        let value = doubt.value.clone();
        self.post(app, &value)
    }

    fn step(&mut self, down: bool) -> Reply<App> {
        let last = self.book.cards.len().saturating_sub(1);
        self.at = if down { (self.at + 1).min(last) } else { self.at.saturating_sub(1) };
        self.clear();
        Reply::done()
    }

    fn pick_book(&self) -> Reply<App> {
        let item = |book: &String| PickItem {
            key: book.clone(),
            label: if book.is_empty() { "未编册".into() } else { format!("{book} 册") },
            note: String::new(),
        };
        let items: Vec<PickItem> = self.books.iter().map(item).collect();
        if items.is_empty() {
            return Reply::refuse("还没有抄表册，请先导入用户档案");
        }
        Reply::push(Pick::new("book", "换一册", items, initials).at(&self.book.book))
    }

    /// Cards keyed in this round, and the sum of their readings: to compare with the batch's control slip (批控).
    fn totals(&self) -> (usize, Milli) {
        let value = |card: &CardLine| if self.is_second() { card.posted } else { card.own_first };
        let keyed: Vec<Milli> = self.book.cards.iter().filter_map(value).collect();
        (keyed.len(), keyed.iter().copied().sum())
    }

    /// The columns for the cards in sight.
    fn lanes(&self, width: u16, cards: std::ops::Range<usize>) -> Lanes {
        let cards = &self.book.cards[cards];
        let widest = |text: fn(&CardLine) -> &str| cards.iter().map(|card| cells(text(card))).max().unwrap_or(0);
        let figures = |figure: &dyn Fn(&CardLine) -> Option<Milli>| {
            cards.iter().filter_map(figure).map(|value| cells(&value.grouped())).max().unwrap_or(0)
        };
        let keyed = figures(&|card| self.shown(card)).max(cells(self.edit.text())).max(ROUND);
        let needs = [
            widest(|card| &card.route),
            widest(|card| &card.no),
            widest(|card| &card.name),
            figures(&|card| card.last),
            keyed,
            figures(&|card| self.use_of(card)),
        ];
        Lanes::of(width, needs, widest(|card| &card.address))
    }

    /// What stands in the column of this round.
    fn shown(&self, card: &CardLine) -> Option<Milli> {
        if self.is_second() { card.posted } else { card.own_first.or(card.posted) }
    }

    /// The use told beside what was keyed; of a counter that passed zero the book tells it.
    fn use_of(&self, card: &CardLine) -> Option<Milli> {
        let value = self.shown(card)?;
        let used = value.0 / 1000 - card.last.map_or(0, |last| last.0 / 1000);
        (used >= 0).then(|| Milli::whole(used))
    }

    fn draw_card(&self, canvas: &mut Canvas, lanes: &Lanes, y: u16, index: usize) {
        let card = &self.book.cards[index];
        let here = index == self.at;
        let ink = if here { Ink::Strong } else { Ink::Text };
        if here {
            canvas.text(0, y, ">", Ink::Accent);
        }
        let [route, no, name, last, keyed, used] = lanes.cells;
        canvas.text_in(lanes.x[0], y, route, &card.route, ink);
        canvas.text_in(lanes.x[1], y, no, &card.no, ink);
        canvas.text_in(lanes.x[2], y, name, &card.name, ink);
        let address = safe::cut_front(&card.address, usize::from(lanes.address));
        canvas.text_in(lanes.x[3], y, lanes.address, &address, ink);
        let [at_last, at_keyed, at_used] = lanes.figures;
        let shown_last = card.last.map(Milli::grouped).unwrap_or_default();
        canvas.number(at_last, y, last, &shown_last, Ink::Faint);
        let shown = self.shown(card);
        if here {
            let done = shown.filter(|_| self.edit.text().is_empty()).map(Milli::grouped);
            canvas.number(at_keyed, y, keyed, done.as_deref().unwrap_or(self.edit.text()), Ink::Accent);
            canvas.cursor((at_keyed + keyed).min(canvas.width().saturating_sub(1)), y);
        } else if let Some(value) = shown {
            canvas.number(at_keyed, y, keyed, &value.grouped(), Ink::Text);
        }
        if let Some(use_told) = self.use_of(card).filter(|_| !here || self.is_done()) {
            canvas.number(at_used, y, used, &use_told.grouped(), Ink::Faint);
        }
    }
}

/// Where the columns begin and how wide they are: as the form has them, or, where an address would be cut, as wide
/// as what is in them.
struct Lanes {
    /// 序号, 户号, 户名, 地址.
    x: [u16; 4],
    /// 上次, 第二遍, 量.
    figures: [u16; 3],
    /// 序号, 户号, 户名, 上次, 第二遍, 量.
    cells: [u16; 6],
    address: u16,
}

impl Lanes {
    fn of(width: u16, needs: [u16; 6], address: u16) -> Self {
        let wide = width >= WIDE;
        let [last, keyed, used] = FIGURES;
        let mut cells = [13, 11, if wide { 16 } else { 0 }, last, keyed, used];
        let gaps = if wide { [1, 1, 2] } else { [1, 1, 0] };
        let right = |cells: &[u16; 6]| width.saturating_sub(cells[3] + cells[4] + cells[5] + 2 + FREE);
        let room = |cells: &[u16; 6]| {
            right(cells).saturating_sub(2 + cells[0] + cells[1] + cells[2] + gaps.iter().sum::<u16>() + 1)
        };
        for at in 0..cells.len() {
            let lacks = address.saturating_sub(room(&cells));
            // Its title stays, too.
            cells[at] -= lacks.min(cells[at].saturating_sub(needs[at].max(TITLE)));
        }
        let second = 2 + cells[0] + gaps[0];
        let third = second + cells[1] + gaps[1];
        let at_last = right(&cells);
        let at_keyed = at_last + cells[3] + 1;
        Self {
            x: [2, second, third, third + cells[2] + gaps[2]],
            figures: [at_last, at_keyed, at_keyed + cells[4] + 1],
            address: room(&cells),
            cells,
        }
    }

    /// The cells of the titles.
    fn titled(&self) -> [u16; 4] {
        [self.cells[0], self.cells[1], self.cells[2], self.address]
    }
}

fn cells(text: &str) -> u16 {
    u16::try_from(safe::cells(text)).unwrap_or(u16::MAX)
}

/// Digits and points typed full-width count as half-width.
fn half_width(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(u32::from('0') + (u32::from(c) - u32::from('０'))).unwrap_or(c),
        '．' | '。' => '.',
        '，' => ',',
        other => other,
    }
}

impl Screen<App> for Cards {
    fn place(&self) -> Place {
        Place::Cards
    }

    fn title(&self, app: &App) -> String {
        let round = match &self.book.first {
            Some((name, day)) if self.is_second() => {
                format!("第二遍 (第一遍: {name} {})", format::day(*day, app.desk.today()))
            }
            _ => "第一遍".into(),
        };
        match self.book.book.as_str() {
            "" => format!("卡片录入 未编册  {round}"),
            book => format!("卡片录入 {book} 册  {round}"),
        }
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        vec![Command::Pick]
    }

    fn on_command(&mut self, command: Command, _: &mut App) -> Reply<App> {
        match command {
            Command::Pick => self.pick_book(),
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match key.code {
            Code::Enter => self.key_card(app),
            Code::Up => self.step(false),
            Code::Down | Code::Tab => self.step(true),
            _ if self.is_done() && key.typed().is_some() => Reply::refuse(DONE),
            _ => Reply::used_if(self.edit.on_key(key) != Edited::Unused),
        }
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        if self.is_done() {
            return Reply::refuse(DONE);
        }
        self.edit.insert_str(text);
        Reply::done()
    }

    fn on_answer(&mut self, answer: Answer, app: &mut App) -> Reply<App> {
        match (answer.tag, answer.given) {
            ("reason", Given::Yes) => self.confirmed(app),
            ("reason", _) => {
                self.clear();
                Reply::done()
            }
            ("book", Given::Picked(book)) => match self.open(app, &book) {
                Ok(()) => Reply::done(),
                Err(refusal) => Reply::refuse(refusal.message()),
            },
            _ => Reply::done(),
        }
    }

    fn on_return(&mut self, app: &mut App) {
        // What cannot be read now stays as it was; the next key says why.
        let here = self.book.cards.get(self.at).map(|card| card.account);
        if let Ok(book) = view_cards::book(&app.desk, &self.book.book, app.facts().day) {
            self.book = book;
            let place = self.book.cards.iter().position(|card| Some(card.account) == here);
            if place.is_none() {
                self.clear();
            }
            self.at = place.unwrap_or_else(|| self.next_from(0).unwrap_or(0));
        }
        if self.book.cards.get(self.at).is_some_and(|card| card.posted.is_some()) {
            self.clear();
            self.at = self.next_from(self.at).or_else(|| self.next_from(0)).unwrap_or(self.at);
        }
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        let said = safe::wrap(&self.said.0, usize::from(width.saturating_sub(4)));
        let told = u16::try_from(said.len().clamp(1, 3)).unwrap_or(1);
        let rows = usize::from(height.saturating_sub(3 + told));
        let top = self.at.saturating_sub(rows / 2).min(self.book.cards.len().saturating_sub(rows));
        let sight = top..self.book.cards.len().min(top + rows);
        let lanes = self.lanes(width, sight.clone());
        for ((title, x), cells) in ["序号", "户号", "户名", "地址"].iter().zip(lanes.x).zip(lanes.titled()) {
            canvas.text_in(x, 0, cells, title, Ink::Faint);
        }
        let round = if self.is_second() { "第二遍" } else { "第一遍" };
        for ((title, x), cells) in ["上次", round, "量"].iter().zip(lanes.figures).zip(&lanes.cells[3..]) {
            canvas.number(x, 0, *cells, title, Ink::Faint);
        }
        for (y, index) in (1u16..).zip(sight) {
            self.draw_card(canvas, &lanes, y, index);
        }
        if self.book.cards.is_empty() {
            canvas.text(2, 2, "还没有抄表册，请先导入用户档案", Ink::Look);
            canvas.cursor(2, 2);
        }
        let y = height.saturating_sub(2);
        let x = if self.said.1 == Ink::Stop { canvas.text(1, y + 1 - told, STOP_SIGN, Ink::Stop) + 1 } else { 1 };
        for (row, line) in (y + 1 - told..=y).zip(&said) {
            canvas.text(x, row, line, self.said.1);
        }
        let (keyed, sum) = self.totals();
        let totals = format!("批控: 卡 {keyed}/{} 张, 示数合计 {}", self.book.cards.len(), sum.grouped());
        let x = canvas.text(1, y + 1, &totals, Ink::Faint);
        let differ = self.book.cards.iter().filter(|card| card.differed).count();
        let ink = if differ > 0 { Ink::Look } else { Ink::Faint };
        canvas.text(x + 3, y + 1, &format!("不符 {differ}"), ink);
    }
}
