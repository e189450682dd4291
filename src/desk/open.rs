//! Making a branch's book (`init`) and opening it: keys, the high-water mark, work that was interrupted.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::refusal::Refusal;
use super::tail::Slot;
use super::tariffs::Shelf;
use super::{Desk, own_files, password, sealed_password};
use crate::book::append::{AppendError, Head};
use crate::book::clock::{Clock, PinnedClock};
use crate::book::mark::{self, Mark};
use crate::book::seal::Keys;
use crate::book::subject::Kind;
use crate::derive::site::SiteOpened;
use crate::derive::system::{begin_life, write};
use crate::derive::user::UserAdded;
use crate::derive::{bulk, fork, knowledge, rebuild};
use crate::exchange::site_keys::{PublicKeys, SiteKeyError, SiteKeys};
use crate::rules::id::Site;
use crate::store::companions::is_set_aside;
use crate::store::{Db, OpenOptions, Tx};

/// What `init` is told.
pub struct NewSite<'a> {
    /// Site code.
    pub site: &'a str,
    /// Name of the office.
    pub name: &'a str,
    /// Default utility: water, gas, power, heat.
    pub utility: &'a str,
    /// Head office?
    pub head_office: bool,
    /// Practice, for ever?
    pub practice: bool,
    /// Login of the first manager.
    pub login: &'a str,
    /// Name of the first manager.
    pub manager: &'a str,
    /// Their password.
    pub password: &'a str,
}

/// Roles of a site's first manager: the director's, none that posts money.
pub const MANAGER_ROLES: [&str; 5] = ["admin", "data_director", "hall_supervisor", "hotline_lead", "team_lead"];

/// Setting of a practice branch that lives on a day of its own: the moment its clock begins at.
pub const PINNED: &str = "pinned";

/// A clock this many minutes before the last entry was set back.
const CLOCK_BACK_MINUTES: i64 = 5;
/// A clock this many hours after the last entry is worth a look at the date.
const CLOCK_AHEAD_HOURS: i64 = 24;

/// Utilities a branch can have.
pub const UTILITIES: &[(&str, &str)] = &[("water", "水"), ("gas", "气"), ("power", "电"), ("heat", "热")];

impl Desk {
    /// Makes a new book with its site and first manager, who holds the administrator's and the director's roles. Answers the
    /// desk and the recovery code to print.
    pub fn create(
        path: &Path,
        options: OpenOptions,
        clock: Box<dyn Clock>,
        new: &NewSite<'_>,
    ) -> Result<(Self, String), Refusal> {
        let site = Site::parse(new.site).map_err(|_| {
            Refusal::field("site", "site", format!("网点代码“{}”不对，应为 1 到 5 位大写字母或数字", new.site))
        })?;
        if !UTILITIES.iter().any(|(code, _)| *code == new.utility) {
            return Err(Refusal::field("utility", "utility", "行业应为 water、gas、power 或 heat"));
        }
        for (field, text) in [("name", new.name), ("login", new.login), ("manager", new.manager)] {
            super::plain_text::require_one(field, text, clock.now().date_naive())?;
        }
        if new.name.trim().is_empty() {
            return Err(Refusal::field("name", "name", "网点名称不能为空"));
        }
        password::verifier(new.password, !new.practice)?;
        let mut db = Db::create(path, options)?;
        let keys = Keys::create(path)?;
        let site_keys = SiteKeys::create(path, None)?;
        let at = clock.now();
        let tx = db.write()?;
        tx.set_setting("site", site.as_str())?;
        tx.set_setting("epoch", "1")?;
        tx.set_setting(own_files::DATA_KEY, keys.name())?;
        tx.set_setting(own_files::SITE_KEY, &site_keys.public().name())?;
        tx.set_setting(own_files::KEYED_MARK, "1")?;
        found(&tx, &site, at, new, (&keys, Some(site_keys.public())))?;
        let mark = Mark::of(&tx, &Head::read(&tx)?)?;
        tx.commit()?;
        let _ = mark::write(path, &keys, &mark);
        let code = keys.recovery_code();
        let desk = Self {
            practice: new.practice,
            place: super::guesses::here(),
            ..Self::of(db, keys, OnceLock::from(Arc::new(site_keys)), clock, site)
        };
        Ok((desk, code))
    }

    /// A desk nobody is at yet.
    fn of(db: Db, keys: Keys, site_keys: OnceLock<Arc<SiteKeys>>, clock: Box<dyn Clock>, site: Site) -> Self {
        Self {
            second: Slot::empty(),
            db,
            keys,
            site_keys,
            clock,
            site,
            practice: false,
            session: None,
            place: String::new(),
            notices: Vec::new(),
            shelf: Shelf::default(),
            marks: true,
        }
    }

    /// A practice book in memory with a fixed secret, for tests and what-if work. It begins empty; entries are received into it.
    pub fn in_memory(site: &str, clock: Box<dyn Clock>) -> Result<Self, Refusal> {
        let site = Site::parse(site).map_err(|error| Refusal::usage(error.to_string()))?;
        let mut db = Db::in_memory()?;
        let tx = db.write()?;
        tx.set_setting("site", site.as_str())?;
        tx.set_setting("epoch", "1")?;
        tx.commit()?;
        let keys = Keys::from_master([7; 32]);
        let seed = blake3::derive_key("meterdesk site keys of a book in memory 1", site.as_str().as_bytes());
        let site_keys = OnceLock::from(Arc::new(SiteKeys::from_seed(seed)));
        Ok(Self { practice: true, ..Self::of(db, keys, site_keys, clock, site) })
    }

    /// Begins the book of a desk made by [`Desk::in_memory`]: its site and first manager.
    pub fn begin(&mut self, new: &NewSite<'_>) -> Result<(), Refusal> {
        let at = self.clock.now();
        let tx = self.db.write()?;
        let keys = self.site_keys.get().map(|keys| keys.public());
        found(&tx, &self.site, at, new, (&self.keys, keys))?;
        tx.commit()?;
        Ok(())
    }

    /// A copy of this book in memory with a clock of its own and nobody at it.
    pub fn copy_in_memory(&self, clock: Box<dyn Clock>) -> Result<Self, Refusal> {
        Ok(self.again(self.db.copy_in_memory()?, clock))
    }

    /// A desk beside this one: the same book on a connection of its own, the same person; for long work on another thread.
    pub fn beside(&self) -> Result<Self, Refusal> {
        let clock = Box::new(crate::book::clock::RunningClock::from(self.now()));
        Ok(Self {
            second: self.second.again(),
            session: self.session.clone(),
            marks: self.marks,
            ..self.again(self.db.again()?, clock)
        })
    }

    /// This desk's branch over another connection or copy of its book, with nobody at it.
    fn again(&self, db: Db, clock: Box<dyn Clock>) -> Self {
        Self {
            practice: self.practice,
            place: self.place.clone(),
            ..Self::of(db, self.keys.again(), self.site_keys.clone(), clock, self.site.clone())
        }
    }

    /// What is odd about the machine's clock, held against this site's last entry.
    fn clock_doubt(&self) -> Result<Option<String>, Refusal> {
        let tx = self.look()?;
        let head = Head::read(&tx)?;
        let last = tx.head(&head.site, head.epoch)?.and_then(|row| chrono::DateTime::parse_from_rfc3339(&row.at).ok());
        let Some(last) = last else { return Ok(None) };
        let (now, passed) = (self.now(), self.now() - last);
        let shown = |at: &chrono::DateTime<chrono::FixedOffset>| at.format("%Y-%m-%d %H:%M").to_string();
        if passed < -chrono::Duration::minutes(CLOCK_BACK_MINUTES) {
            let (now, last) = (shown(&now), shown(&last));
            return Ok(Some(format!("本机时钟 {now} 比最后一笔 {last} 还早，时钟可能被调回；请先校准时钟再办业务")));
        }
        if passed > chrono::Duration::hours(CLOCK_AHEAD_HOURS) && !self.practice {
            let (now, last) = (shown(&now), shown(&last));
            return Ok(Some(format!("本机时钟 {now}，上一笔是 {last}；请核对日期是否正确")));
        }
        Ok(None)
    }

    /// Site keys of another book are told at once, not when a bundle signed with them comes back refused. Keys with a passphrase are
    /// looked at when they are unlocked.
    fn look_at_site_keys(&mut self) -> Result<(), Refusal> {
        let keys = match SiteKeys::open(self.db.path(), None) {
            Ok(keys) => keys,
            Err(SiteKeyError::Missing(_)) if self.db.is_on_disk() => {
                let lost = own_files::lost_site_key(&self.db.look()?, self.db.path())?;
                self.notices.extend(lost);
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        let (own, noted) = {
            let tx = self.db.read()?;
            (own_files::is_own_site_key(&tx, &keys)?, tx.setting(own_files::SITE_KEY)?)
        };
        match own {
            Some(false) => self.notices.push(own_files::strange_site_key(self.db.path())),
            Some(true) if noted.is_none() => self.note_site_key(&keys)?,
            _ => {}
        }
        Ok(())
    }

    /// Opens a book; goes on with interrupted derivation, and in a new epoch when the file is an older copy.
    pub fn open(path: &Path, options: OpenOptions, clock: Box<dyn Clock>) -> Result<Self, Refusal> {
        super::staging::tidy(path);
        let keys_of = path.to_owned();
        let (mut db, stale) = Db::open(path, options)?;
        let keys = Keys::open(&keys_of)?;
        own_files::require_key(&db.read()?, &keys, path)?;
        let mut notices = Vec::new();
        if stale && rebuild::after_upgrade(&mut db)? {
            notices.push("程序升级后，已从日记账重新记账".to_owned());
        }
        if rebuild::is_empty(&db.read()?)? {
            rebuild::rebuild(&mut db, |_| {})?;
            notices.push("账表是空的 (上次升级后的第一次启动被中断)，已从日记账重新记账".to_owned());
        }
        bulk::finish(&mut db, |_| {})?;
        if knowledge::catch_up(&mut db)? {
            notices.push("程序升级后，原先看不懂的凭单已重新记账".to_owned());
        }
        // The mark is read before the head: another desk writes it after its commit, so a sound book is never behind it.
        let own_files::MarkState { mark, writes, notice } = own_files::mark_state(&db.read()?, &keys, path)?;
        notices.extend(notice);
        let head = Head::read(&db.read()?)?;
        if mark.as_ref().is_some_and(|mark| mark.site != head.site.as_str()) {
            return Err(AppendError::SettingsChanged(head.site, head.epoch).into());
        }
        // What was set aside as a fork's second branch is not gone on with, however far its mark is.
        let aside = fork::is_aside(&db.read()?)?;
        if let Some(ahead) = mark.filter(|mark| !aside && mark.is_ahead_of(&head)) {
            notices.extend(go_on_from_older_copy(&mut db, &keys, &ahead, clock.now())?);
        }
        if writes && db.read()?.setting(own_files::KEYED_MARK)?.is_none() {
            let tx = db.write()?;
            tx.set_setting(own_files::KEYED_MARK, "1")?;
            let mark = Mark::of(&tx, &Head::read(&tx)?)?;
            tx.commit()?;
            let _ = mark::write(path, &keys, &mark);
        }
        notices.extend(own_files::lives_notice(head_epoch(&db.read()?)?));
        let mut clock = clock;
        let (site, practice) = {
            let tx = db.read()?;
            let loaded = super::catalogue::of(&tx);
            notices.extend(loaded.faults.iter().map(|fault| {
                format!("业务目录 {} 第 {} 行有错，该文件没有用：{}", fault.file, fault.line, fault.what)
            }));
            let site = Head::read(&tx)?.site;
            let practice = match super::proven::practice(&tx, &site)? {
                Some(practice) => practice,
                None => tx.own_site(site.as_str())?.is_some_and(|row| row.practice),
            };
            if let Some(start) = tx.setting(PINNED)?.filter(|_| practice).and_then(|text| text.parse().ok()) {
                let last = tx.head(&site, head_epoch(&tx)?)?.and_then(|row| row.at.parse().ok());
                clock = Box::new(PinnedClock::from(last.map_or(start, |last| start.max(last))));
            }
            (site, practice)
        };
        let mut desk = Self {
            practice,
            place: super::guesses::here(),
            notices,
            marks: writes,
            ..Self::of(db, keys, OnceLock::new(), clock, site)
        };
        if is_set_aside(path) {
            desk.notices = vec![super::frozen::SET_ASIDE.to_owned()];
        }
        desk.look_at_site_keys()?;
        desk.take_over_data_keys()?;
        let clock = desk.clock_doubt()?;
        desk.notices.extend(clock);
        let taken = desk.go_on_with_exchange()?;
        desk.notices.extend(taken);
        desk.hash_people(|_| {})?;
        desk.second.keep(&desk.db, &desk.keys)?;
        Ok(desk)
    }
}

/// The file is an older copy: goes on in a new life, once, whichever of several desks comes first.
fn go_on_from_older_copy(
    db: &mut Db,
    keys: &Keys,
    ahead: &Mark,
    now: chrono::DateTime<chrono::FixedOffset>,
) -> Result<Option<String>, Refusal> {
    let path = db.path().to_owned();
    let tx = db.write()?;
    let head = Head::read(&tx)?;
    if !ahead.is_ahead_of(&head) {
        return Ok(None);
    }
    if ahead.epoch.max(head.epoch) >= own_files::MOST_LIVES {
        return Err(own_files::no_life_left(&head.site));
    }
    let (epoch, after) = begin_life(&tx, "older_copy", ahead.epoch, now)?;
    let begun = Mark::of(&tx, &Head::read(&tx)?)?;
    tx.commit()?;
    let _ = mark::write(&path, keys, &begun);
    Ok(Some(format!(
        "数据库是较早的副本 (曾记到 {}.{}，现只到 {})，已换启用号 {epoch} 继续；请核对最近的单据",
        ahead.epoch, ahead.seq, after
    )))
}

/// The first entries of a book: the site, and its first manager.
fn found(
    tx: &Tx<'_>,
    site: &Site,
    at: chrono::DateTime<chrono::FixedOffset>,
    new: &NewSite<'_>,
    (keys, public): (&Keys, Option<PublicKeys>),
) -> Result<(), Refusal> {
    let verifier = password::verifier(new.password, !new.practice)?;
    let opened = SiteOpened {
        code: site.as_str().to_owned(),
        name: new.name.trim().to_owned(),
        utility: new.utility.to_owned(),
        head_office: new.head_office,
        practice: new.practice,
        keys: public,
    };
    write(tx, "site.open", Err(Kind::Site), at, &opened)?;
    let manager = UserAdded {
        login: new.login.to_owned(),
        name: new.manager.to_owned(),
        roles: MANAGER_ROLES.iter().map(|role| (*role).to_owned()).collect(),
        password: sealed_password::of_new(keys, new.login, &verifier)?,
        first_day: super::rights::first_day(new.practice, at.date_naive()),
    };
    write(tx, "user.add", Err(Kind::User), at, &manager)?;
    Ok(())
}

fn head_epoch(tx: &Tx<'_>) -> Result<i64, Refusal> {
    Ok(Head::read(tx)?.epoch)
}
