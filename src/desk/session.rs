//! Who is at the desk: logging in with growing delay after failures, and the day their entries belong to.

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::guesses::{self, Guesses};
use super::proven::{self, Proven};
use super::refusal::{Refusal, RefusalKind};
use super::rights::Rights;
use super::{Desk, password, sealed_password};
use crate::book::subject::{Kind, Subject};
use crate::rules::business_day;
use crate::rules::id::Id;
use crate::rules::private_numbers::{self, Holds};
use crate::store::tables::account::ReadingRow;
use crate::store::tables::billing::BillRow;
use crate::store::tables::till::ShiftRow;
use crate::store::{StoreError, Tx};
use crate::text::safe;

/// The person at the desk.
#[derive(Clone, Debug)]
pub struct Session {
    /// The user.
    pub user: Id,
    /// Login name, with the site when the person is another's: `demo@H00`.
    pub login: String,
    /// Name as printed.
    pub name: String,
    /// What the password was when the person sat down.
    mark: [u8; 32],
}

impl Session {
    fn of(person: &Proven, tx: &Tx<'_>) -> Result<Self, StoreError> {
        let user = &person.user;
        Ok(Self { user: user.id, login: tx.handle(user)?, name: user.name.clone(), mark: person.mark() })
    }

    /// The person as the entries say now. A closed account, or a password set since, ends the session.
    pub fn person(&self, tx: &Tx<'_>) -> Result<Proven, Refusal> {
        let person = proven::of(tx, self.user)?.filter(|person| person.user.active);
        let person = person.ok_or_else(|| Refusal::permission("R-003", "您的账号已停用，请找管理员"))?;
        if person.mark() != self.mark {
            return Err(Refusal::permission("R-003", "您的密码已被重置或修改，请重新登录"));
        }
        Ok(person)
    }
}

/// A password that somebody else gave is good for one thing: choosing one's own. On a practice book nobody need.
pub fn refuse_first_password(person: &Proven, practice: bool) -> Result<(), Refusal> {
    if practice || !person.must_change() {
        return Ok(());
    }
    let message = "您的密码是别人设的，请先改成自己的密码 (屏幕登录时即可改，或用 user password)，再办别的";
    Err(Refusal::permission("R-003", message))
}

/// Families of actions that move money or take readings: they wait while a shift of an earlier day is open.
const MONEY_AND_READINGS: &[&str] = &[
    "payment.",
    "fee.",
    "bill.",
    "reading.",
    "swap.enter",
    "shift.deposit",
    "shift.float",
    "charge.",
    "deposit.",
    "prepaid.",
    "balance.",
    "tender.",
];

/// The business day (营业日) of this branch, one for all who work there: before the cut-off hour it is still yesterday's. Whatever asks
/// for the day of money asks here; promises, clocks of orders, rights and the dates of readings go by the calendar.
pub fn business_day(tx: &Tx<'_>, at: DateTime<FixedOffset>) -> Result<NaiveDate, StoreError> {
    Ok(business_day::of(at.naive_local(), cut_off(tx)?))
}

/// Is the day of a shift over at this branch: past the cut-off hour of the day after?
pub fn is_over(tx: &Tx<'_>, shift: &ShiftRow, at: DateTime<FixedOffset>) -> Result<bool, StoreError> {
    Ok(business_day::is_over(shift.day, cut_off(tx)?, at.naive_local()))
}

/// The hour at which this branch's business day ends, minutes after midnight.
pub fn cut_off(tx: &Tx<'_>) -> Result<i64, StoreError> {
    Ok(tx.own_record()?.map_or(business_day::USUAL_CUT_OFF, |site| site.cut_off))
}

/// The shift a person left open although its day is over.
pub fn left_open(tx: &Tx<'_>, user: Id, at: DateTime<FixedOffset>) -> Result<Option<ShiftRow>, StoreError> {
    let Some(shift) = tx.open_shift(user)? else { return Ok(None) };
    Ok(if is_over(tx, &shift, at)? { Some(shift) } else { None })
}

/// What a shift of an earlier day says to whoever wants to use it.
pub fn close_first(shift: &ShiftRow) -> String {
    format!("{} 的班次 {} ({}) 还没有交班，请先交班，再收钱、录读数", shift.day, shift.no, shift.clerk)
}

/// Money and readings wait while the person's shift of an earlier day is open.
pub fn refuse_left_open(tx: &Tx<'_>, user: Id, at: DateTime<FixedOffset>, action: &str) -> Result<(), Refusal> {
    if !MONEY_AND_READINGS.iter().any(|family| action.starts_with(family)) {
        return Ok(());
    }
    match left_open(tx, user, at)? {
        Some(shift) => Err(Refusal::rule("R-178", close_first(&shift))),
        None => Ok(()),
    }
}

/// What becomes of a till without money moving in it: its opening, its close and the signatures.
const TILL_ITSELF: &[&str] = &["shift.open", "shift.close", "shift.confirm"];

/// Whatever the action: while the person's shift of an earlier day is open no entry of theirs is about a till, and none makes a reading
/// or a bill. Looked at when the entry is derived, so that no action can be forgotten.
pub fn refuse_work_of_left_open(
    tx: &Tx<'_>,
    user: Id,
    at: DateTime<FixedOffset>,
    action: &str,
    (entry, subjects): (Id, &[Subject]),
) -> Result<(), Refusal> {
    if TILL_ITSELF.contains(&action) {
        return Ok(());
    }
    let Some(shift) = left_open(tx, user, at)? else { return Ok(()) };
    for subject in subjects {
        let works = match subject.kind {
            Kind::Shift => true,
            Kind::Account => {
                tx.get::<BillRow>(&[&subject.id, &entry])?.is_some()
                    || tx
                        .scan::<ReadingRow>(&[&subject.id])?
                        .iter()
                        .any(|reading| reading.id == entry && reading.source != "opening")
            }
            Kind::Calendar
            | Kind::Order
            | Kind::Slip
            | Kind::Request
            | Kind::Run
            | Kind::Tariff
            | Kind::Site
            | Kind::User
            | Kind::Service
            | Kind::Worker => false,
        };
        if works {
            return Err(Refusal::rule("R-178", close_first(&shift)));
        }
    }
    Ok(())
}

/// What a wrong name and a wrong password are told, alike.
const WRONG: &str = "用户名或密码不对，请重新输入";
/// The same to a person of another site, whose password comes with its bundles.
const WRONG_SENT: &str = "用户名或密码不对，请重新输入；总部派来的人刚改过密码的，本网点要先收总部的交换包";

impl Desk {
    /// Who is at the desk.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Is it this person who is at the desk? A name means a person: `desk` the site's own, `desk@HO` head office's.
    pub fn is_at_desk(&self, login: &str) -> Result<bool, Refusal> {
        let Some(session) = &self.session else { return Ok(false) };
        let tx = self.look()?;
        let meant = tx.user_at_desk(login)?.is_some_and(|user| user.id == session.user);
        Ok(meant && session.person(&tx).is_ok())
    }

    /// The person at the desk, who must have this right; for what writes no entry.
    pub fn may(&self, right: &str) -> Result<&Session, Refusal> {
        let session = self.session.as_ref().ok_or_else(|| Refusal::permission("R-003", "还没有登录，请先登录"))?;
        let tx = self.look()?;
        let person = session.person(&tx)?;
        refuse_first_password(&person, self.practice)?;
        Rights::of_person(&tx, &person, self.today())?.require(right)?;
        Ok(session)
    }

    /// The same where somebody is at the desk; on a practice book reading needs nobody.
    pub fn may_if_known(&self, right: &str) -> Result<(), Refusal> {
        if self.session.is_none() && self.practice {
            return Ok(());
        }
        self.may(right).map(|_| ())
    }

    /// Notes that the person at the desk reads or exports a whole list (查阅记录); before it is given.
    pub fn note_access(&mut self, what: &str, detail: &str) -> Result<(), Refusal> {
        let (at, user) = (self.now().to_rfc3339(), self.session.as_ref().map(|session| session.user));
        let tx = self.db.write()?;
        // A path may be named after a number that has no place in clear (I-13).
        let detail = private_numbers::mask(&safe::line(detail), Holds::Text);
        tx.note_access(&at, user, what, &detail)?;
        Ok(tx.commit()?)
    }

    /// The name of the place this desk stands at; else it is told by its surroundings.
    pub fn set_place(&mut self, place: &str) {
        self.place = place.to_owned();
    }

    /// Must the person at the desk choose a password of their own before anything else?
    pub fn must_change_password(&self) -> Result<bool, Refusal> {
        let Some(session) = &self.session else { return Ok(false) };
        let person = session.person(&self.look()?)?;
        Ok(refuse_first_password(&person, self.practice).is_err())
    }

    /// Why the person at the desk must log in again, if so: closed, or the password was set anew, here or elsewhere.
    pub fn session_ended(&self) -> Option<Refusal> {
        let session = self.session.as_ref()?;
        let tx = self.look().ok()?;
        session.person(&tx).err().filter(|refusal| refusal.kind == RefusalKind::Permission)
    }

    /// Whoever chose a new password goes on with it.
    pub(super) fn go_on_with_new_password(&mut self) -> Result<(), Refusal> {
        let Some(session) = &self.session else { return Ok(()) };
        let person = proven::of(&self.look()?, session.user)?;
        let mark = person.map_or(session.mark, |person| person.mark());
        self.session.iter_mut().for_each(|session| session.mark = mark);
        Ok(())
    }

    /// Login of the site's first manager.
    pub fn first_manager(&self) -> Result<Option<String>, StoreError> {
        let tx = self.look()?;
        let own = tx.own()?;
        Ok(tx.all_users()?.into_iter().find(|user| own.holds(user.id)).map(|user| user.login))
    }

    /// Nobody is at the desk any more (F12, idle).
    pub fn sign_out(&mut self) {
        self.session = None;
    }

    /// The present person's rights today.
    pub fn rights(&self) -> Result<Rights, StoreError> {
        match &self.session {
            Some(session) => Rights::of(&self.look()?, session.user, self.today()),
            None => Ok(Rights::default()),
        }
    }

    /// Logs in by password; after five failures each further one waits longer, by person and not by spelling.
    pub fn sign_in(&mut self, login: &str, given: &str) -> Result<(), Refusal> {
        let (now, site) = (self.now().timestamp(), self.site.clone());
        let place = guesses::Place::of(&self.keys, &self.place);
        let tx = self.db.write()?;
        let person = proven::at_desk(&tx, &site, login.trim())?;
        let guesses = Guesses::read(&tx, person.as_ref().map(|person| person.user.id), &place, now)?;
        if let Some(wait) = guesses.wait(now) {
            return Err(Refusal::permission("login", format!("密码连续输错，请等 {wait} 秒再试")));
        }
        // An unknown name costs the same work as a wrong password, so that names cannot be guessed by time.
        let decoy = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let known = person.as_ref().and_then(|person| sealed_password::open(&self.keys, &person.user));
        let fits = password::matches(given, known.as_ref().map_or(decoy, |known| known));
        match person.filter(|person| fits && person.user.active) {
            Some(person) => {
                guesses.right(&tx, person.user.id, &place, now)?;
                let session = Session::of(&person, &tx)?;
                tx.commit()?;
                self.session = Some(session);
                Ok(())
            }
            None => {
                guesses.wrong(&tx, now)?;
                tx.commit()?;
                Err(Refusal::permission("login", if login.contains('@') { WRONG_SENT } else { WRONG }))
            }
        }
    }

    /// Sits down without a password: practice books only.
    pub fn sign_in_practice(&mut self, login: &str) -> Result<(), Refusal> {
        if !self.practice {
            return Err(Refusal::permission("login", "正式库须用密码登录 (METERDESK_PASSWORD 或 --password-stdin)"));
        }
        let session = {
            let tx = self.look()?;
            let person = proven::at_desk(&tx, &self.site, login)?.filter(|person| person.user.active);
            let person =
                person.ok_or_else(|| Refusal::permission("login", format!("没有用户“{login}”，请核对用户名")))?;
            Session::of(&person, &tx)?
        };
        self.session = Some(session);
        Ok(())
    }
}
