//! What all screens of the program share: the desk with the person at it, the drafts, the top line — and the way in.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Datelike;
use serde_json::{Map, Value};

use super::drafts::{DraftSink, DraftWriter};
use super::input::{Inputs, Waker};
use super::keymap::Command;
use super::run::{Ending, run};
use super::screen::{Context, Draft, Reply, RoomName, Screen, TopLine, Waiting};
use super::screens;
use super::stack::Stack;
use super::terminal::Tty;
use super::theme::{Ink, Theme};
use super::widgets::form::Form;
use crate::desk::drafts::DraftBox;
use crate::desk::finder::Finder;
use crate::desk::refusal::Refusal;
use crate::desk::view_home::TopFacts;
use crate::desk::{Call, Desk, Done, view_home};

/// Idle time after which the screen locks itself.
pub const IDLE: Duration = Duration::from_secs(10 * 60);

/// Set to anything but 0: the terminal's bell sounds when something is refused.
pub const BELL: &str = "METERDESK_BELL";

/// Fields of a draft that no form has: the day and the time it was typed.
const DRAFT_DAY: &str = "_day";
const DRAFT_AT: &str = "_at";

/// A draft nobody came back to is forgotten after so many days.
const DRAFT_DAYS: i64 = 30;

/// A draft as it comes back.
pub struct KeptDraft {
    /// Field → text.
    pub values: Map<String, Value>,
    /// The day it was typed on; empty when that is not known.
    pub day: String,
    /// The time it was typed, `09:41`.
    pub at: String,
}

/// The context of every screen.
pub struct App {
    /// The branch's book with the person at it.
    pub desk: Desk,
    /// Who owes, and the search index kept in step.
    pub finder: Finder,
    /// Wakes the screens when work in the background has something.
    pub waker: Waker,
    drafts: Option<DraftWriter>,
    kept: Option<DraftBox>,
    facts: TopFacts,
    /// What others had written when it was last looked whether the session still holds.
    looked: Option<i64>,
    carried: BTreeMap<&'static str, Vec<(&'static str, String)>>,
    rings: bool,
}

impl App {
    /// Takes a desk over. Nobody is logged in yet, or somebody already (practice, `--as`).
    pub fn new(desk: Desk, waker: Waker) -> Self {
        let in_memory = desk.path() == std::path::Path::new(":memory:");
        let open = |desk: &Desk| if in_memory { None } else { desk.draft_box().ok() };
        let drafts = open(&desk).and_then(|store| DraftWriter::new(Sealed { store }).ok());
        let kept = open(&desk);
        if let Some(kept) = &kept {
            let before = millis_now() - DRAFT_DAYS * 24 * 60 * 60 * 1000;
            let _ = kept.forget_before(before); // a comfort that fails is tried again at the next start
        }
        let news = waker.clone();
        let finder = if in_memory {
            Finder::idle(&desk)
        } else {
            Finder::start(&desk, move || news.wake()).unwrap_or_else(|_| Finder::idle(&desk))
        };
        let mut app = Self {
            desk,
            finder,
            waker,
            drafts,
            kept,
            facts: TopFacts::default(),
            looked: None,
            carried: BTreeMap::new(),
            rings: false,
        };
        app.refresh();
        app
    }

    /// Performs an action for the person at the desk; the top line follows.
    pub fn act(&mut self, action: &str, input: &serde_json::Value, key: Option<&str>) -> Result<Done, Refusal> {
        let done = self.desk.perform(action, &input.to_string(), Call { key, at: None });
        if done.is_ok() {
            self.finder.refresh();
            self.refresh();
        }
        done
    }

    /// Performs an action and reads its answer.
    pub fn ask(&mut self, action: &str, input: &serde_json::Value) -> Result<serde_json::Value, Refusal> {
        let done = self.act(action, input, None)?;
        serde_json::from_str(&done.result).map_err(|error| Refusal::data(error.to_string()))
    }

    /// Reads the facts of the top line again.
    pub fn refresh(&mut self) {
        if let Ok(facts) = view_home::top_facts(&self.desk) {
            self.facts = facts;
        }
    }

    /// The facts of the top line.
    pub fn facts(&self) -> &TopFacts {
        &self.facts
    }

    /// Keeps, until the program ends, what the next paper of a pile has from the one before.
    pub fn carry(&mut self, pile: &'static str, fields: &[(&'static str, String)]) {
        self.carried.insert(pile, fields.to_vec());
    }

    /// What was kept of the last paper of a pile.
    pub fn carried(&self, pile: &str) -> impl Iterator<Item = (&'static str, &str)> {
        self.carried.get(pile).into_iter().flatten().map(|(field, value)| (*field, value.as_str()))
    }

    /// The person at the desk gives it over to another; what was typed lies in the drafts.
    pub fn leave_desk(&mut self) {
        self.desk.sign_out();
        self.carried.clear();
        self.refresh();
    }

    /// True where drafts lie on disk: one that is gone from there was done at another desk.
    pub fn keeps_drafts(&self) -> bool {
        self.drafts.is_some() && self.kept.is_some()
    }

    /// What a form held when it was last left or the power went.
    pub fn draft(&self, key: &str) -> Option<Map<String, Value>> {
        self.kept_draft(key).map(|kept| kept.values)
    }

    /// Puts back into a form what it held when it was last left or the power went. True when there was something.
    pub fn resume(&self, form: &mut Form, key: &str) -> bool {
        let Some(kept) = self.kept_draft(key) else { return false };
        let is_today = kept.day == self.desk.today().to_string();
        let day = if is_today { "" } else { kept.day.get(5..).unwrap_or_default() };
        form.resume(&kept.values, format!("{day} {}", kept.at).trim_start().to_owned());
        true
    }

    /// The same, of today only: an amount of money typed on another day is never resumed.
    pub fn draft_of_today(&self, key: &str) -> Option<KeptDraft> {
        self.kept_draft(key).filter(|kept| kept.day == self.desk.today().to_string())
    }

    /// A draft with the day and the time it was typed.
    pub fn kept_draft(&self, key: &str) -> Option<KeptDraft> {
        let name = self.draft_name(key);
        let bytes = match self.drafts.as_ref().and_then(|drafts| drafts.in_hand(&name)) {
            Some(state) => state?,
            None => self.kept.as_ref()?.get(&name).ok()??,
        };
        let mut values: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
        let mut word = |stamp| values.remove(stamp).and_then(|value| value.as_str().map(str::to_owned));
        let (day, at) = (word(DRAFT_DAY).unwrap_or_default(), word(DRAFT_AT).unwrap_or_default());
        Some(KeptDraft { values, day, at })
    }

    /// This person's drafts whose keys begin so, newest first.
    pub fn kept_drafts(&self, prefix: &str) -> Vec<(String, KeptDraft)> {
        self.flush_drafts(); // names are read from the disk
        let own = self.draft_name("");
        let names = self.kept.as_ref().and_then(|kept| kept.names(&self.draft_name(prefix)).ok()).unwrap_or_default();
        let keys = names.iter().filter_map(|(name, _)| name.strip_prefix(&own));
        keys.filter_map(|key| Some((key.to_owned(), self.kept_draft(key)?))).collect()
    }

    /// Waits until every draft is on disk.
    pub fn flush_drafts(&self) {
        if let Some(drafts) = &self.drafts {
            drafts.flush();
        }
    }

    fn draft_name(&self, key: &str) -> String {
        let user = self.desk.session().map(|session| session.user.to_string()).unwrap_or_default();
        format!("{user}/{key}")
    }
}

/// The machine's own time in milliseconds since 1970: drafts are told apart by it, whatever day a practice branch lives on.
fn millis_now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// The disk side of drafts.
struct Sealed {
    store: DraftBox,
}

impl DraftSink for Sealed {
    fn save(&mut self, key: &str, bytes: &[u8]) -> Result<(), String> {
        self.store.save(key, millis_now(), bytes).map_err(|error| error.message())
    }

    fn forget(&mut self, key: &str) -> Result<(), String> {
        self.store.forget(key).map_err(|error| error.to_string())
    }
}

impl Context for App {
    fn top_line(&self) -> TopLine {
        let facts = &self.facts;
        let mut left = vec![format!("{} {}", facts.site_name, self.desk.site())];
        if let Some(session) = self.desk.session() {
            left.push(format!("{} {}", session.name, facts.title));
        }
        left.push(format!("营业日 {:02}-{:02}", facts.day.month(), facts.day.day()));
        if let Some(shift) = &facts.shift {
            left.push(format!("班次 {shift}"));
        }
        let mut right = Vec::new();
        if facts.waiting > 0 {
            right.push(Waiting { text: format!("待上传 {}", facts.waiting), ink: Ink::Faint });
        }
        if facts.exceptions > 0 {
            right.push(Waiting { text: format!("疑问 {}", facts.exceptions), ink: Ink::Look });
        }
        if facts.approvals_stopped {
            right.push(Waiting { text: "审批暂停".into(), ink: Ink::Stop });
        }
        if let Some(reason) = self.drafts.as_ref().and_then(DraftWriter::failure) {
            right.push(Waiting { text: reason, ink: Ink::Stop });
        }
        TopLine { left, right }
    }

    fn is_practice(&self) -> bool {
        self.desk.is_practice()
    }

    fn run(&mut self, command: Command) -> Reply<Self> {
        screens::everywhere(command, self)
    }

    fn rooms(&self) -> Vec<RoomName> {
        let rooms = if self.desk.session().is_some() { screens::ROOMS } else { &[] };
        rooms.iter().map(|room| RoomName { name: room.name, note: room.note }).collect()
    }

    fn open_room(&mut self, room: usize) -> Reply<Self> {
        screens::ROOMS.get(room).map_or_else(Reply::unused, |room| (room.open)(self))
    }

    fn shut_out(&mut self) -> Option<String> {
        let written = self.desk.db().written_by_others().ok();
        if written.is_some() && written == self.looked {
            return None;
        }
        let ended = self.desk.session_ended();
        // Looked at again with every key until somebody is let in.
        self.looked = if ended.is_none() { written } else { None };
        ended.map(|refusal| refusal.message())
    }

    fn rings(&self) -> bool {
        self.rings
    }

    fn lock_screen(&mut self) -> Option<Box<dyn Screen<Self>>> {
        Some(Box::new(screens::login::Login::locked(self.desk.session()?)))
    }

    fn idle_limit(&self) -> Option<Duration> {
        self.desk.session().map(|_| IDLE)
    }

    fn keep_draft(&mut self, draft: Draft) {
        if draft.values.is_empty() {
            return self.forget_draft(&draft.key); // what was emptied again holds nothing
        }
        let key = self.draft_name(&draft.key);
        let mut values = draft.values;
        values.insert(DRAFT_DAY.into(), self.desk.today().to_string().into());
        values.insert(DRAFT_AT.into(), self.desk.now().format("%H:%M").to_string().into());
        if let Some(drafts) = &self.drafts {
            drafts.keep(Draft { key, values });
        }
    }

    fn forget_draft(&mut self, key: &str) {
        if let Some(drafts) = &self.drafts {
            drafts.forget(&self.draft_name(key));
        }
    }
}

/// After how many looks for a second copy it is asked whether a copy is due.
const COPY_LOOKS: u32 = 60;
/// How often it is asked whether a second copy is to be kept.
const SECOND_COPY_LOOKS: Duration = Duration::from_secs(1);

/// Pinyin initials of the program's own words, for the palette and the lists.
pub fn initials(words: &str) -> String {
    crate::text::initials_of(words)
}

/// Makes the hour's copy beside the work, on a thread and a connection of its own, as long as the program runs.
fn copy_every_hour(app: &App) {
    let Ok(mut desk) = app.desk.beside() else { return };
    std::thread::spawn(move || {
        loop {
            // What fails is kept with the book and shown on home; the next hour tries again.
            let _ = desk.backup_if_due();
            for _ in 0..COPY_LOOKS {
                // A second place may have been set by another window.
                desk.keep_second_copy();
                std::thread::sleep(SECOND_COPY_LOOKS);
            }
        }
    });
}

/// Opens the screens on a desk and stays until the person leaves. Answers the exit code.
pub fn open(desk: Desk) -> std::io::Result<u8> {
    let mut inputs = Inputs::silent();
    let mut app = App::new(desk, inputs.waker());
    app.rings = std::env::var(BELL).is_ok_and(|set| !matches!(set.as_str(), "" | "0"));
    let theme = Theme::from_env(|name| std::env::var(name).ok());
    let mut stack = match app.desk.session() {
        Some(_) => Stack::new(screens::home::Home::new(&app), theme, initials),
        None => Stack::new(screens::login::Login::first(&app), theme, initials),
    };
    copy_every_hour(&app);
    let mut tty = Tty::enter()?;
    inputs.listen()?;
    let ending = run(&mut tty, &mut inputs, &mut stack, &mut app);
    app.flush_drafts();
    drop(tty);
    app.desk.end_second_copy();
    let _ = app.desk.db().checkpoint_when_large();
    Ok(match ending? {
        Ending::Quit | Ending::Closed => 0,
        Ending::Signal(signal) => u8::try_from(128 + signal).unwrap_or(255),
    })
}
