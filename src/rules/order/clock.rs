//! The clocks of an order: the customer's (the promise) and the step's (inner limits), with pauses.
//!
//! A clock starts and stops at milestones. Counting is pure: start, span, pauses and what was agreed go in, a deadline
//! comes out. A pause the customer asked for holds every clock; one of our own holds the inner limits only: weather or
//! traffic do not move a promise, they explain its overrun. A pause that begins when a clock has run out holds it no more:
//! late stays late. Hours and minutes move by the time held, days by the days
//! held (`held`), counted with the calendar when the pause ends. A day agreed with the customer takes the promise's
//! place.

use chrono::{NaiveDate, TimeDelta};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::held;
use crate::rules::calendar::Calendar;
use crate::rules::moment::{self, Moment};
use crate::rules::refusal::Refusal;

/// Something that happens once in a round of an order and starts or stops clocks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// 接报: the customer told us (R-324 counts from here).
    Told,
    /// 受理: it was typed in.
    Accepted,
    /// 派工
    Dispatched,
    /// 到场
    Arrived,
    /// 完成; of a complaint: solved (解决).
    Done,
    /// 答复
    Answered,
    /// 回访
    CalledBack,
}

impl Milestone {
    /// Words of the catalogue files.
    pub const WORDS: &[(&str, Self)] = &[
        ("接报", Self::Told),
        ("受理", Self::Accepted),
        ("派工", Self::Dispatched),
        ("到场", Self::Arrived),
        ("完成", Self::Done),
        ("答复", Self::Answered),
        ("回访", Self::CalledBack),
    ];

    /// Known already when the case is taken in.
    pub fn is_at_intake(self) -> bool {
        matches!(self, Self::Told | Self::Accepted)
    }
}

/// Whose time it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// 用户: promised.
    Customer,
    /// 内部: a step's own limit.
    Step,
}

/// How long a clock runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Minutes from the start.
    Minutes(u32),
    /// Hours from the start.
    Hours(u32),
    /// Calendar days; the first is the next day, over at the end of the last.
    Days(u32),
    /// Working days by the State Council calendar; the first is the next working day.
    WorkingDays(u32),
    /// 当天
    SameDay,
}

/// A calendar that knows where `n` working days after a day end.
pub trait WorkingDays {
    /// The `n`-th working day after `day`; an uncovered year is refused, never guessed.
    fn add(&self, day: NaiveDate, n: u32) -> Result<NaiveDate, Refusal>;

    /// Is this a working day: the first one after the day before it?
    fn is_working(&self, day: NaiveDate) -> Result<bool, Refusal> {
        match day.pred_opt() {
            Some(before) => Ok(self.add(before, 1)? == day),
            None => Ok(false),
        }
    }
}

impl WorkingDays for Calendar {
    fn add(&self, day: NaiveDate, n: u32) -> Result<NaiveDate, Refusal> {
        Ok(self.after_working_days(day, i64::from(n))?)
    }
}

impl Span {
    /// As it is spoken: `3个工作日`, `45分钟`.
    pub fn spoken(self) -> String {
        match self {
            Self::Minutes(n) => format!("{n}分钟"),
            Self::Hours(n) => format!("{n}小时"),
            Self::Days(n) => format!("{n}天"),
            Self::WorkingDays(n) => format!("{n}个工作日"),
            Self::SameDay => "当天".to_owned(),
        }
    }

    /// The bare number; empty for 当天.
    pub fn number(self) -> String {
        match self {
            Self::Minutes(n) | Self::Hours(n) | Self::Days(n) | Self::WorkingDays(n) => n.to_string(),
            Self::SameDay => String::new(),
        }
    }

    /// Ends with a day, not at a minute.
    pub fn is_days(self) -> bool {
        matches!(self, Self::Days(_) | Self::WorkingDays(_) | Self::SameDay)
    }

    /// When it is over, if that needs no calendar.
    pub fn plain_due(self, start: Moment) -> Option<Moment> {
        let day = moment::day(start);
        match self {
            Self::Minutes(n) => Some(start + TimeDelta::minutes(i64::from(n))),
            Self::Hours(n) => Some(start + TimeDelta::hours(i64::from(n))),
            Self::Days(n) => day.checked_add_days(chrono::Days::new(u64::from(n))).map(moment::end_of),
            Self::SameDay => Some(moment::end_of(day)),
            Self::WorkingDays(_) => None,
        }
    }

    /// When it is over.
    pub fn due(self, start: Moment, calendar: &dyn WorkingDays) -> Result<Moment, Refusal> {
        match self {
            Self::WorkingDays(n) => calendar.add(moment::day(start), n).map(moment::end_of),
            Self::Minutes(_) | Self::Hours(_) | Self::Days(_) | Self::SameDay => self
                .plain_due(start)
                .ok_or_else(|| Refusal::new("A-09", "", "承诺日期太远，无法计算，请与用户约定日期后填写“约定”")),
        }
    }
}

/// A clock as an order carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockTerm {
    /// Name in the catalogue file.
    pub key: String,
    /// 到场, 修复, 答复.
    pub name: String,
    /// The customer's or the step's.
    pub whose: Whose,
    /// What starts it.
    pub from: Milestone,
    /// What stops it.
    pub ends: Milestone,
    /// How long it runs.
    pub span: Span,
    /// The deadline, when it was counted at intake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub due: Option<Moment>,
}

/// Why work stands still (暂停).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum PauseReason {
    /// The customer asked for it or is not there.
    #[serde(rename = "用户原因", alias = "customer")]
    Customer,
    /// Material is missing.
    #[serde(rename = "等材料", alias = "material")]
    Material,
    /// Weather.
    #[serde(rename = "天气", alias = "weather")]
    Weather,
    /// Traffic.
    #[serde(rename = "交通", alias = "traffic")]
    Traffic,
    /// Another party has to do something first.
    #[serde(rename = "等他方", alias = "others")]
    Others,
}

impl PauseReason {
    /// All, in the order they are offered.
    pub const ALL: [Self; 5] = [Self::Customer, Self::Material, Self::Weather, Self::Traffic, Self::Others];

    /// The word on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Customer => "用户原因",
            Self::Material => "等材料",
            Self::Weather => "天气",
            Self::Traffic => "交通",
            Self::Others => "等他方",
        }
    }

    /// Holds the customer's clock too.
    pub fn holds_promise(self) -> bool {
        self == Self::Customer
    }
}

/// A time in which work stood still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pause {
    /// Since when.
    pub from: Moment,
    /// Until when; `None` while it lasts.
    pub to: Option<Moment>,
    /// Why.
    pub reason: PauseReason,
}

/// What is known when a clock is read.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// When it started.
    pub start: Moment,
    /// When it stopped, if it did.
    pub stopped: Option<Moment>,
    /// All pauses of the order.
    pub pauses: &'a [Pause],
    /// When something was agreed, and for when.
    pub agreed: Option<(Moment, Moment)>,
    /// Whether what was agreed takes the deadline's place, or only keeps it from being earlier.
    pub agreed_replaces: bool,
    /// When a pause ended last, and the deadline as the desk moved it then; of spans by the day.
    pub moved: Option<(Moment, Moment)>,
    /// The moment at which it is read.
    pub now: Moment,
}

/// A clock read at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Name in the catalogue file.
    pub key: String,
    /// 到场, 修复, 答复.
    pub name: String,
    /// The customer's or the step's.
    pub whose: Whose,
    /// The deadline as it stands now.
    pub due: Moment,
    /// When it was met, or missed and stopped.
    pub stopped: Option<Moment>,
    /// Time left; below zero when overdue. Of a stopped clock, what was left then.
    pub left: TimeDelta,
    /// Held by a pause now.
    pub held: bool,
}

impl Reading {
    /// Late, whether it still runs or stopped late.
    pub fn is_overdue(&self) -> bool {
        self.left < TimeDelta::zero()
    }

    /// Still running, not late, and over within `soon`.
    pub fn is_due_soon(&self, soon: TimeDelta) -> bool {
        self.stopped.is_none() && !self.is_overdue() && self.left <= soon
    }
}

impl ClockTerm {
    /// Reads the clock. `None` when its deadline cannot be counted (working days without a counted deadline).
    pub fn read(&self, course: &Course) -> Option<Reading> {
        let end = course.stopped.unwrap_or(course.now);
        let (base, since) = self.base(course)?;
        let (base, since) = match course.moved {
            Some((when, due)) if when >= since => (due, when),
            _ => (base, since),
        };
        let holding = self.holding(course, base, since, end);
        let running = holding
            .iter()
            .copied()
            .find(|pause| course.stopped.is_none() && pause.to.is_none() && pause.from <= course.now);
        let held = running.is_some();
        // A promise by the day stands where it stood while it is held; how far it moves is counted when the pause ends.
        let stands = running.filter(|_| self.span.is_days());
        let passed = holding.into_iter().filter(|pause| stands.is_none_or(|stands| *pause != stands));
        let held_for: TimeDelta = passed.map(|pause| overlap(pause, since, end)).sum();
        let due = extended(base, held_for, self.span.is_days());
        let end = stands.map_or(end, |pause| pause.from.max(since));
        Some(Reading {
            key: self.key.clone(),
            name: self.name.clone(),
            whose: self.whose,
            due,
            stopped: course.stopped,
            left: due - end,
            held,
        })
    }

    /// The deadline without pauses, and since when it is the one that counts.
    fn base(&self, course: &Course) -> Option<(Moment, Moment)> {
        let counted = self.due.or_else(|| self.span.plain_due(course.start))?;
        Some(match course.agreed.filter(|_| self.whose == Whose::Customer) {
            Some((when, until)) if course.agreed_replaces || until > counted => (until, when),
            _ => (counted, course.start),
        })
    }

    /// The pauses that hold the clock, each begun before it had run out.
    fn holding<'p>(&self, course: &Course<'p>, base: Moment, since: Moment, end: Moment) -> Vec<&'p Pause> {
        let (mut holding, mut held_for) = (Vec::new(), TimeDelta::zero());
        for pause in course.pauses.iter().filter(|pause| self.holds(pause)) {
            if pause.from <= extended(base, held_for, self.span.is_days()) {
                held_for += overlap(pause, since, end);
                holding.push(pause);
            }
        }
        holding
    }

    fn holds(&self, pause: &Pause) -> bool {
        self.whose == Whose::Step || pause.reason.holds_promise()
    }

    /// Where a deadline by the day stands after all its pauses, the last of which ends now; none of another span.
    pub fn after_pauses(&self, course: &Course, calendar: &dyn WorkingDays) -> Result<Option<Moment>, Refusal> {
        let Some((base, since)) = self.base(course).filter(|_| self.span.is_days()) else { return Ok(None) };
        let clipped = |pause: &Pause| (pause.from.max(since), pause.to.unwrap_or(course.now).min(course.now));
        let holding = course.pauses.iter().filter(|pause| self.holds(pause)).map(clipped);
        let (mut held, mut due) = (Vec::new(), base);
        for (from, to) in holding.filter(|(from, to)| from < to) {
            if from <= due {
                held.push((from, to));
                due = held::moved(self.span, base, &held, calendar)?;
            }
        }
        Ok(Some(due))
    }
}

fn overlap(pause: &Pause, since: Moment, end: Moment) -> TimeDelta {
    let from = pause.from.max(since);
    let to = pause.to.map_or(end, |to| to.min(end));
    (to - from).max(TimeDelta::zero())
}

/// A deadline by day goes on to the end of the day in which the added time ends: so entries of before count, which carry no
/// deadline of the desk's.
fn extended(base: Moment, by: TimeDelta, by_day: bool) -> Moment {
    let moved = base + by;
    if by_day && by > TimeDelta::zero() { moment::end_of(moment::day(moved)) } else { moved }
}
