//! What a person can do: one file an action. The same function serves the screens, `do` and batches: input → rights → rules
//! → one entry → derived rows, in one transaction.
//!
//! To add an action: a file here with its [`action::Action`], a line in [`ACTIONS`], its body in `derive/`, its right in
//! `assets/roles.toml`.

pub mod action;
pub mod adjusting;
mod answers;
pub mod billing;
mod by_name;
pub mod catalogue;
pub mod catalogue_put;
pub mod clock_jump;
pub mod copies;
pub mod copy_places;
pub mod debts;
pub mod demo;
pub mod drafts;
pub mod exchange;
mod exchange_files;
pub mod find;
pub mod finder;
pub mod fixes;
pub mod frozen;
mod guesses;
mod hourly;
pub mod import;
pub mod index;
pub mod intake_case;
pub mod intake_talk;
pub mod key_restore;
pub mod key_show;
mod last_admin;
pub mod number_fields;
pub mod only_one;
pub mod open;
mod order_settle;
pub mod order_step;
pub mod own_files;
pub mod password;
pub mod plain_text;
pub mod practice;
pub mod proven;
pub mod recover;
pub mod refusal;
pub mod restore;
pub mod rights;
pub mod run;
pub mod sealed_password;
pub mod session;
pub mod since;
pub mod site;
pub mod site_company;
pub mod staging;
pub mod stray_numbers;
pub mod succeed;
pub mod swap;
pub mod tail;
pub mod tariffs;
pub mod till;
pub mod verify;
pub mod view_adjust;
pub mod view_bills;
pub mod view_cards;
pub mod view_exceptions;
pub mod view_exchange;
pub mod view_explain;
pub mod view_finance;
pub mod view_home;
pub mod view_intake;
pub mod view_orders;
pub mod view_reading;
pub mod view_receipt;
pub mod view_sides;
pub mod view_swap;
pub mod view_till;
pub mod view_till_reading;
pub mod view_transfer;
pub mod view_users;
pub mod whose;

pub mod account_amend;
pub mod account_open;
pub mod account_transfer;
pub mod adjustment_check;
pub mod adjustment_decide;
pub mod adjustment_preview;
pub mod adjustment_request;
mod bill_batches;
pub mod bill_cancel;
pub mod bill_issue;
pub mod bill_release;
pub mod bill_run;
pub mod bodies;
pub mod calendar_put;
pub mod callback_record;
pub mod complaint_answer;
pub mod customer_file;
pub mod customer_reveal;
pub mod customer_view;
pub mod deposit_return;
pub mod deposit_take;
pub mod entry_place;
pub mod exception_assign;
pub mod exception_resolve;
pub mod fee_take;
pub mod intake_park;
pub mod intake_preview;
pub mod intake_resume;
pub mod intake_take;
pub mod order_chase;
pub mod order_defer;
pub mod order_dispatch;
pub mod order_pause;
pub mod order_resume;
pub mod order_return;
pub mod order_void;
pub mod payment_confirm;
pub mod payment_enter_late;
pub mod payment_method;
pub mod payment_reverse;
pub mod payment_take;
pub mod reading_correct;
pub mod reading_enter;
mod reading_judge;
pub mod reading_key;
pub mod shift_close;
pub mod shift_confirm;
pub mod shift_deposit;
pub mod shift_deposit_reverse;
pub mod shift_float_add;
pub mod shift_open;
mod tariff_behind;
pub mod tariff_put;
pub mod user_add;
pub mod user_close;
pub mod user_named;
pub mod user_password;
pub mod user_reset;
pub mod user_right;
pub mod worker_add;
pub mod worker_amend;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Serialize;

use crate::book::append::{self, AppendError, Head, NewEntry};
use crate::book::clock::Clock;
use crate::book::mark::{self, Mark};
use crate::book::seal::Keys;
use crate::book::subject::Subject;
use crate::derive;
use crate::exchange::site_keys::SiteKeys;
use crate::rules::id::{Id, Site};
use crate::store::local::AnswerRow;
use crate::store::{Db, StoreError, Tx};

use action::{Action, Cx, Def, def};
use refusal::Refusal;
use rights::Rights;
use session::Session;

/// Every action.
pub const ACTIONS: &[Def] = &[
    def::<adjustment_check::AdjustmentCheck>(),
    def::<adjustment_decide::AdjustmentDecide>(),
    def::<adjustment_preview::AdjustmentPreview>(),
    def::<adjustment_request::AdjustmentRequest>(),
    def::<account_amend::AccountAmend>(),
    def::<account_open::AccountOpen>(),
    def::<account_transfer::AccountTransfer>(),
    def::<bill_cancel::BillCancel>(),
    def::<bill_issue::BillIssue>(),
    def::<bill_release::BillRelease>(),
    def::<calendar_put::CalendarPut>(),
    def::<callback_record::CallbackRecord>(),
    def::<catalogue_put::CataloguePut>(),
    def::<complaint_answer::ComplaintAnswer>(),
    def::<deposit_return::DepositReturn>(),
    def::<deposit_take::DepositTake>(),
    def::<entry_place::EntryPlace>(),
    def::<exception_assign::ExceptionAssign>(),
    def::<exception_resolve::ExceptionResolve>(),
    def::<fee_take::FeeTake>(),
    def::<fixes::confirm::ImportConfirm>(),
    def::<fixes::drop::ImportDrop>(),
    def::<fixes::mend::ImportMend>(),
    def::<intake_park::IntakePark>(),
    def::<intake_preview::IntakePreview>(),
    def::<intake_resume::IntakeResume>(),
    def::<intake_take::IntakeTake>(),
    def::<order_chase::OrderChase>(),
    def::<order_defer::OrderDefer>(),
    def::<order_dispatch::OrderDispatch>(),
    def::<order_pause::OrderPause>(),
    def::<order_resume::OrderResume>(),
    def::<order_return::OrderReturn>(),
    def::<order_void::OrderVoid>(),
    def::<payment_confirm::PaymentConfirm>(),
    def::<payment_enter_late::PaymentEnterLate>(),
    def::<payment_method::PaymentMethod>(),
    def::<payment_reverse::PaymentReverse>(),
    def::<payment_take::PaymentTake>(),
    def::<shift_close::ShiftClose>(),
    def::<shift_confirm::ShiftConfirm>(),
    def::<shift_deposit::ShiftDeposit>(),
    def::<shift_deposit_reverse::ShiftDepositReverse>(),
    def::<shift_float_add::ShiftFloatAdd>(),
    def::<shift_open::ShiftOpen>(),
    def::<customer_reveal::CustomerReveal>(),
    def::<key_show::KeyShow>(),
    def::<key_show::KeyConfirm>(),
    def::<reading_correct::ReadingCorrect>(),
    def::<reading_enter::ReadingEnter>(),
    def::<reading_key::ReadingKey>(),
    def::<site::amend::SiteAmend>(),
    def::<site::clock_confirm::ClockConfirm>(),
    def::<site::cut_off::SiteCutOff>(),
    def::<site::enrol::SiteEnrol>(),
    def::<site::revoke::SiteRevoke>(),
    def::<site::rotate::SiteRotate>(),
    def::<site::thaw::SiteThaw>(),
    def::<site::trust::SiteTrust>(),
    def::<swap::assign::SwapAssign>(),
    def::<swap::enter::SwapEnter>(),
    def::<swap::field_check::SwapFieldCheck>(),
    def::<swap::number_found::SwapNumberFound>(),
    def::<swap::send_back::SwapSendBack>(),
    def::<swap::task::SwapTask>(),
    def::<tariff_put::TariffPut>(),
    def::<user_add::UserAdd>(),
    def::<user_close::UserClose>(),
    def::<user_password::UserPassword>(),
    def::<user_reset::UserReset>(),
    def::<user_right::UserRight>(),
    def::<worker_add::WorkerAdd>(),
    def::<worker_amend::WorkerAmend>(),
];

/// Longest idempotency key.
pub const MAX_KEY: usize = 200;

/// Finds an action by name.
pub fn action(name: &str) -> Option<&'static Def> {
    ACTIONS.iter().find(|def| def.name == name)
}

/// A branch's open book with a person at it.
pub struct Desk {
    /// Who keeps the second copy up; the first to go, while the book is still open.
    second: tail::Slot,
    db: Db,
    keys: Keys,
    site_keys: OnceLock<Arc<SiteKeys>>,
    clock: Box<dyn Clock>,
    site: Site,
    practice: bool,
    session: Option<Session>,
    place: String,
    notices: Vec<String>,
    shelf: tariffs::Shelf,
    /// Is the high-water mark written? Not while it is lost or damaged.
    marks: bool,
}

/// One call of an action.
#[derive(Default)]
pub struct Call<'a> {
    /// Idempotency key.
    pub key: Option<&'a str>,
    /// The moment it pretends to happen at; practice books only.
    pub at: Option<DateTime<FixedOffset>>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The entry written; none for a preview.
    pub entry: Option<Id>,
    /// The action's answer, JSON.
    pub result: String,
    /// The same key came before: nothing was written now.
    pub repeated: bool,
}

impl Desk {
    /// This site's code.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// A practice book?
    pub fn is_practice(&self) -> bool {
        self.practice
    }

    /// Sealing keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The database, for bulk work.
    pub fn db_mut(&mut self) -> &mut Db {
        &mut self.db
    }

    /// Where the database lies.
    pub fn path(&self) -> &Path {
        self.db.path()
    }

    /// Now, by this desk's clock.
    pub fn now(&self) -> DateTime<FixedOffset> {
        self.clock.now()
    }

    /// Puts another clock in.
    pub fn set_clock(&mut self, clock: Box<dyn Clock>) {
        self.clock = clock;
    }

    /// Today's date in +08:00.
    pub fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }

    /// The business day of this branch: today, for money (see [`session::business_day`]).
    pub fn business_day(&self) -> Result<NaiveDate, StoreError> {
        session::business_day(&self.look()?, self.now())
    }

    /// What the person must know that happened at opening (a new epoch, work gone on with).
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// A consistent picture for reading.
    pub fn look(&self) -> Result<Tx<'_>, StoreError> {
        self.db.look()
    }

    /// Performs a typed action for the person at the desk.
    pub fn act<A: Action>(&mut self, input: &serde_json::Value, key: Option<&str>) -> Result<Done, Refusal> {
        self.perform(A::NAME, &input.to_string(), Call { key, at: None })
    }

    /// Performs an action from JSON for the person at the desk.
    pub fn perform(&mut self, name: &str, input: &str, call: Call<'_>) -> Result<Done, Refusal> {
        let def = action(name).ok_or_else(|| Refusal::usage(format!("没有“{name}”这个操作，用 do --list 查看全部")))?;
        if call.at.is_some() && !self.practice {
            return Err(Refusal::usage("只有练习库可以指定发生时间 at，请去掉"));
        }
        if call.key.is_some_and(|key| key.is_empty() || key.len() > MAX_KEY) {
            return Err(Refusal::usage(format!("key 应为 1 到 {MAX_KEY} 字节")));
        }
        let at = call.at.unwrap_or_else(|| self.clock.now());
        if let Some(key) = call.key {
            plain_text::require_one("key", key, at.date_naive())?;
        }
        let (done, row) = self.perform_in_tx(def, input, call.key, at, false)?;
        if let Some(mark) = row {
            self.note_mark(&mark);
        }
        Ok(done)
    }

    /// Notes how far the book has come. A mark that could not be written only lags; the next one heals it. One that is lost or
    /// damaged is not replaced before the book was looked at.
    fn note_mark(&self, mark: &Mark) {
        if self.marks {
            let _ = mark::write(self.db.path(), &self.keys, mark);
        }
    }

    /// Would an action be done? Decides as performing does, and writes nothing.
    pub fn try_out(&mut self, name: &str, input: &str) -> Result<(), Refusal> {
        self.tried(name, input).map(|_| ())
    }

    /// The same, with what it would answer: the picture of after.
    pub fn tried(&mut self, name: &str, input: &str) -> Result<String, Refusal> {
        let def = action(name).ok_or_else(|| Refusal::usage(format!("没有“{name}”这个操作，用 do --list 查看全部")))?;
        let at = self.clock.now();
        self.perform_in_tx(def, input, None, at, true).map(|(done, _)| done.result)
    }

    fn perform_in_tx(
        &mut self,
        def: &Def,
        input: &str,
        key: Option<&str>,
        at: DateTime<FixedOffset>,
        only_try: bool,
    ) -> Result<(Done, Option<Mark>), Refusal> {
        let session = self.session.as_ref().ok_or_else(|| Refusal::permission("R-003", "还没有登录，请先登录"))?;
        let (session, site, practice) = (session.clone(), self.site.clone(), self.practice);
        frozen::refuse_set_aside(self.db.path())?;
        let file = self.db.is_file();
        let tx = self.db.write()?;
        let head = Head::read(&tx)?;
        prove_head(&tx, &head, (&site, file))?;
        let person = session.person(&tx)?;
        if def.name != user_password::UserPassword::NAME {
            session::refuse_first_password(&person, practice)?;
        }
        let actor = person.user.clone();
        let day = session::business_day(&tx, at)?;
        let rights = Rights::of_person(&tx, &person, at.date_naive())?;
        if !def.free {
            rights.require(def.name)?;
        }
        // Only who may do it now is told what it came to before.
        let asked = answers::Asked::new(&self.keys, def, input, actor.id)?;
        if let Some(done) = key.map(|key| asked.first_answer(&tx, &site, key)).transpose()?.flatten() {
            return Ok((done, None));
        }
        session::refuse_left_open(&tx, actor.id, at, def.name)?;
        site::fresh::require(&tx, &site, def.name, day)?;
        whose::require_of_input(&tx, def, input)?;
        clock_jump::require(&tx, &head, at, def.name, practice)?;
        let next = head.next()?;
        let cx = Cx {
            tx: &tx,
            actor: &actor,
            rights: &rights,
            at,
            day,
            next,
            site: &site,
            practice,
            keys: &self.keys,
            shelf: &self.shelf,
        };
        let decision = (def.decide)(&cx, input)?;
        let Some(draft) = decision.draft.filter(|_| !only_try) else {
            return Ok((Done { entry: None, result: decision.output, repeated: false }, None));
        };
        let (action, version) = draft.under.unwrap_or((def.name, def.version));
        whose::require_of_entry(&tx, &site, def, action, &draft)?;
        if draft.under.is_some() {
            session::refuse_left_open(&tx, actor.id, at, action)?;
        }
        refuse_paused(&tx, &draft.subjects)?;
        if let Some(frozen) = frozen::why(&tx, &site)? {
            return Err(frozen.refusal());
        }
        let author = actor.id.to_string();
        let new = NewEntry {
            at,
            business_day: day,
            actor: &author,
            action,
            version,
            subjects: &draft.subjects,
            key,
            payload: draft.payload,
        };
        let before = till::balance::Stand::of(&tx, &draft.subjects)?;
        let row = append::append(&tx, &head, new)?;
        let fx = derive::record(&tx, &row)?;
        before.refuse_overspent(&tx)?;
        session::refuse_work_of_left_open(&tx, actor.id, at, action, (row.id, &draft.subjects))?;
        index::follow(&tx, &self.keys, &fx.reindex)?;
        if let Some(key) = key {
            let (key, action) = (key.to_owned(), def.name.to_owned());
            let result = answers::kept_answer(def, &decision.output);
            tx.put(&AnswerRow { key, action, input: asked.by_person(), entry: row.id, result })?;
        }
        let mark = Mark::of(&tx, &Head { seq: row.seq, hlc: row.hlc, hash: row.hash, ..head })?;
        let done = Done { entry: Some(row.id), result: decision.output, repeated: false };
        match tx.commit() {
            Ok(()) => {
                if def.name == user_password::UserPassword::NAME {
                    self.go_on_with_new_password()?;
                }
                Ok((done, Some(mark)))
            }
            Err(StoreError::Unknown(reason)) => self.tell_the_truth(row.id, row.hash, done, mark, &reason),
            Err(error) => Err(error.into()),
        }
    }

    /// COMMIT failed with an I/O error, so the outcome is not known: reopen, look, and say what is so.
    fn tell_the_truth(
        &mut self,
        id: Id,
        hash: [u8; 32],
        done: Done,
        mark: Mark,
        reason: &str,
    ) -> Result<(Done, Option<Mark>), Refusal> {
        let mut again = self.db.again()?;
        let there = again.read()?.entry(id)?.is_some_and(|row| row.hash == hash);
        self.db = again;
        if there {
            return Ok((done, Some(mark)));
        }
        Err(Refusal::data(format!("写盘出错，这一笔没有记账，请检查磁盘后重做 ({reason})")))
    }
}

/// Site and life stand in settings; the entries must bear them out. No other tool changes a book in memory, which may be nobody's.
fn prove_head(tx: &Tx<'_>, head: &Head, (site, file): (&Site, bool)) -> Result<(), Refusal> {
    if file && head.site != *site {
        return Err(AppendError::SettingsChanged(head.site.clone(), head.epoch).into());
    }
    if file { Ok(head.prove(tx)?) } else { Ok(()) }
}

/// Nothing is done to what a newer program's entry has paused: it would not take effect before the upgrade.
fn refuse_paused(tx: &Tx<'_>, subjects: &[Subject]) -> Result<(), Refusal> {
    for subject in subjects {
        if tx.is_held(subject.kind.letter(), subject.id)? {
            return Err(Refusal::rule("upgrade", "这里有新版程序记的内容，请先升级程序再办理"));
        }
    }
    Ok(())
}
