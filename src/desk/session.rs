//! Who is at the desk: logging in with growing delay after failures, and the day their entries belong to.

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::refusal::Refusal;
use super::rights::Rights;
use super::{Desk, password};
use crate::rules::business_day;
use crate::rules::id::Id;
use crate::store::tables::till::ShiftRow;
use crate::store::tables::user::UserRow;
use crate::store::{StoreError, Tx};

/// The person at the desk.
#[derive(Clone, Debug)]
pub struct Session {
    /// The user.
    pub user: Id,
    /// Login name.
    pub login: String,
    /// Name as printed.
    pub name: String,
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

/// The business day (营业日) of a person's entries: that of their open shift until its day is over, else the date.
pub fn business_day(tx: &Tx<'_>, actor: &UserRow, at: DateTime<FixedOffset>) -> Result<NaiveDate, StoreError> {
    let shift = tx.open_shift(actor.id)?;
    Ok(match shift {
        Some(shift) if !is_over(tx, &shift, at)? => shift.day,
        _ => at.date_naive(),
    })
}

/// Is the day of a shift over at this branch: past the cut-off hour of the day after?
pub fn is_over(tx: &Tx<'_>, shift: &ShiftRow, at: DateTime<FixedOffset>) -> Result<bool, StoreError> {
    let cut_off = tx.own_record()?.map_or(business_day::USUAL_CUT_OFF, |site| site.cut_off);
    Ok(business_day::is_over(shift.day, cut_off, at.naive_local()))
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

impl Desk {
    /// Who is at the desk.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
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

    /// Logs in by password; after five failures each further one waits longer.
    pub fn sign_in(&mut self, login: &str, given: &str) -> Result<(), Refusal> {
        let now = self.now().timestamp();
        let name = format!("login_failures:{}", login.chars().take(64).collect::<String>());
        let tx = self.db.write()?;
        let known = tx.setting(&name)?.unwrap_or_default();
        let mut words = known.split(' ');
        let failures: u32 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let last: i64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let wait = last + password::delay_seconds(failures) - now;
        if wait > 0 && failures > 0 && now >= last {
            return Err(Refusal::permission("login", format!("密码连续输错，请等 {wait} 秒再试")));
        }
        let user = tx.user_at_desk(login)?;
        // An unknown name costs the same work as a wrong password, so that names cannot be guessed by time.
        let decoy = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let fits = password::matches(given, user.as_ref().map_or(decoy, |user| &user.password));
        match user.filter(|user| fits && user.active) {
            Some(user) => {
                if failures > 0 {
                    tx.set_setting(&name, "0 0")?;
                }
                tx.commit()?;
                self.session = Some(Session { user: user.id, login: user.login, name: user.name });
                Ok(())
            }
            None => {
                tx.set_setting(&name, &format!("{} {now}", failures + 1))?;
                tx.commit()?;
                Err(Refusal::permission("login", "用户名或密码不对，请重新输入"))
            }
        }
    }

    /// Sits down without a password: practice books only.
    pub fn sign_in_practice(&mut self, login: &str) -> Result<(), Refusal> {
        if !self.practice {
            return Err(Refusal::permission("login", "正式库须用密码登录 (METERDESK_PASSWORD 或 --password-stdin)"));
        }
        let user = self.look()?.user_at_desk(login)?.filter(|user| user.active);
        let user = user.ok_or_else(|| Refusal::permission("login", format!("没有用户“{login}”，请核对用户名")))?;
        self.session = Some(Session { user: user.id, login: user.login, name: user.name });
        Ok(())
    }
}
