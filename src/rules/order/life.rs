//! The life of an order (工单) as a fold over its events.
//!
//! ```text
//! 待派 ─派工→ 在途 ─回执 合格→ 待回访 ─回访→ 完结        取消: by a return slip
//!  ↑ ↓暂停     │ ↑恢复   └(no callback needed)→ 完结      作废: by its director, while open
//!  暂停        └─回执 未完成 不合格 无法实施→ 已回执 ─派工→ 在途
//! ```
//!
//! What is answered at a desk (投诉, 咨询) goes the same way with an answer in place of the slip. 顺延 and 催办 are
//! events, not states (A-27). The same [`Order::apply`] refuses at the desk and, when entries of two sites meet, tells
//! deriving which of them has no effect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::{ClockTerm, Course, Milestone, Pause, Reading, Whose, WorkingDays};
use super::event::{AnswerOutcome, CallbackOutcome, Event, UNREACHED_LIMIT, What};
use super::kind::{OrderKind, Outcome};
use super::slip::Slip;
use super::state::{State, Terms};
use crate::rules::id::Id;
use crate::rules::moment::Moment;
use crate::rules::refusal::Refusal;

/// An order and all that happened to it. Its JSON is what deriving keeps of it between two events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Order {
    /// What it was made with.
    pub terms: Terms,
    /// Where it stands.
    pub state: State,
    /// Who has it, or had it last.
    pub worker: Option<Id>,
    /// Round: 1, and one more each time a callback sends it back.
    pub round: u32,
    /// Times it was handed out.
    pub dispatches: u32,
    /// When it was handed out last; a slip cannot be earlier.
    pub dispatched: Option<Moment>,
    /// Milestones of this round, each as it was first reached.
    pub milestones: BTreeMap<Milestone, Moment>,
    /// All pauses.
    pub pauses: Vec<Pause>,
    /// When something was agreed, and for when.
    pub agreed: Option<(Moment, Moment)>,
    /// Outcome of the last slip.
    pub outcome: Option<Outcome>,
    /// Calls without an answer in this round.
    pub unreached: usize,
    /// Outcome of the callback that closed it.
    pub callback: Option<CallbackOutcome>,
    /// Times it was urged.
    pub chased: u32,
    /// Further calls joined to it.
    pub joined: u32,
    dues: BTreeMap<String, Moment>,
    /// Deadlines by the day as pauses moved them, and when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    moved: BTreeMap<String, (Moment, Moment)>,
    before_pause: State,
}

impl Order {
    /// A new order.
    pub fn open(terms: Terms) -> Self {
        let milestones = BTreeMap::from([(Milestone::Told, terms.told), (Milestone::Accepted, terms.accepted)]);
        let agreed = terms.agreed.map(|until| (terms.accepted, until));
        Self {
            terms,
            state: State::Waiting,
            worker: None,
            round: 1,
            dispatches: 0,
            dispatched: None,
            milestones,
            pauses: Vec::new(),
            agreed,
            outcome: None,
            unreached: 0,
            callback: None,
            chased: 0,
            joined: 0,
            dues: BTreeMap::new(),
            moved: BTreeMap::new(),
            before_pause: State::Waiting,
        }
    }

    /// Applies one event, or says why it has no effect and leaves the order as it was.
    pub fn apply(&mut self, event: &Event) -> Result<(), Refusal> {
        self.check(event).map_or(Ok(()), Err)?;
        self.perform(event);
        Ok(())
    }

    /// The first reason why an event would have no effect.
    pub fn check(&self, event: &Event) -> Option<Refusal> {
        self.faults(event).into_iter().next()
    }

    /// Every reason why an event would have no effect, for a form that marks all mistakes at once.
    pub fn faults(&self, event: &Event) -> Vec<Refusal> {
        match self.state_fault(&event.what) {
            Some(fault) => vec![fault],
            None => self.content_faults(event),
        }
    }

    fn state_fault(&self, what: &What) -> Option<Refusal> {
        use State::{Callback, Paused, Underway, Waiting};
        let state = self.state;
        let answered = self.terms.kind.is_answered();
        let (fits, rule, todo) = match what {
            What::Dispatched { .. } => (state.is_dispatchable(), "R-303", self.why_not_dispatched()),
            What::Paused { .. } => {
                (matches!(state, Waiting | Underway), "R-305", "只有待派或在途的工单可以暂停".to_owned())
            }
            What::Resumed { .. } => (state == Paused, "R-305", "该工单没有暂停，不用恢复".to_owned()),
            What::Deferred { .. } => (state.is_open(), "R-300", "只有未办完的工单可以顺延".to_owned()),
            What::Returned(_) if answered => {
                (false, "R-288", format!("{}不填回执，请录入答复", self.terms.kind.label()))
            }
            What::Returned(_) => (state == Underway, "R-287", self.why_not_returned()),
            What::Answered { .. } if !answered => {
                (false, "R-317", format!("{}工单不录答复，请填回执", self.terms.kind.label()))
            }
            What::Answered { .. } => (
                matches!(state, Waiting | Underway),
                "R-317",
                "只有待派或在途的工单可以答复，暂停的请先恢复".to_owned(),
            ),
            What::CalledBack { .. } => (state == Callback, "R-350", "只有待回访的工单可以回访".to_owned()),
            What::Voided { .. } => (state.is_open(), "R-302", "只有未办完的工单可以作废".to_owned()),
            What::Chased => (state.is_open(), "R-305", "只有未办完的工单可以催办".to_owned()),
            What::Joined => (!state.is_closed(), "R-305", "该工单已办结，请另行受理".to_owned()),
        };
        (!fits).then(|| Refusal::new(rule, "order", format!("工单现为“{}”，{todo}", state.label())))
    }

    fn why_not_dispatched(&self) -> String {
        match self.state {
            State::Underway => "已派给师傅，要改派须先填回执".to_owned(),
            State::Paused => "请先恢复再派工".to_owned(),
            State::Waiting | State::Returned | State::Callback | State::Closed | State::Cancelled | State::Void => {
                "不能再派工".to_owned()
            }
        }
    }

    fn why_not_returned(&self) -> String {
        match self.state {
            State::Waiting => "还没有派工，请先派工再填回执".to_owned(),
            State::Returned => "回执已录入，请重新派工".to_owned(),
            State::Paused => "请先恢复再填回执".to_owned(),
            State::Underway | State::Callback | State::Closed | State::Cancelled | State::Void => {
                "不能再填回执".to_owned()
            }
        }
    }

    fn content_faults(&self, event: &Event) -> Vec<Refusal> {
        let need = |rule, field, text: &str, message: &str| {
            if text.trim().is_empty() { vec![Refusal::new(rule, field, message)] } else { Vec::new() }
        };
        match &event.what {
            What::Returned(slip) => slip.faults(&self.terms.outcomes, self.dispatched.unwrap_or(event.at), event.at),
            What::Deferred { until } if *until <= event.at => {
                vec![Refusal::new("R-300", "until", "约定时间已经过去，请填写今后的时间")]
            }
            What::Answered { remark, .. } => need("R-338", "remark", remark, "请填写答复内容"),
            What::CalledBack { outcome, remark, .. } => match outcome {
                CallbackOutcome::Dissatisfied => need("R-348", "remark", remark, "用户不满意，请填写用户意见"),
                CallbackOutcome::Trouble => need("R-346", "remark", remark, "返修的请填写发现的问题"),
                CallbackOutcome::Satisfied | CallbackOutcome::Unreached => Vec::new(),
            },
            What::Voided { reason } => need("R-302", "reason", reason, "请填写作废原因"),
            What::Dispatched { .. }
            | What::Paused { .. }
            | What::Resumed { .. }
            | What::Deferred { .. }
            | What::Chased
            | What::Joined => Vec::new(),
        }
    }

    fn perform(&mut self, event: &Event) {
        let at = event.at;
        match &event.what {
            What::Dispatched { worker } => {
                self.worker = Some(*worker);
                self.dispatches += 1;
                self.dispatched = Some(at);
                self.milestones.entry(Milestone::Dispatched).or_insert(at);
                self.state = State::Underway;
            }
            What::Paused { reason } => {
                self.pauses.push(Pause { from: at, to: None, reason: *reason });
                self.before_pause = self.state;
                self.state = State::Paused;
            }
            What::Resumed { dues } => {
                self.end_pause(at);
                self.moved.extend(dues.iter().map(|(key, due)| (key.clone(), (at, *due))));
                self.state = self.before_pause;
            }
            What::Deferred { until } => self.agreed = Some((at, *until)),
            What::Returned(slip) => self.take_slip(slip, at),
            What::Answered { outcome, .. } => self.take_answer(*outcome, at),
            What::CalledBack { outcome, dues, .. } => self.take_callback(*outcome, dues, at),
            What::Voided { .. } => self.close(State::Void, at),
            What::Chased => self.chased += 1,
            What::Joined => self.joined += 1,
        }
    }

    fn end_pause(&mut self, at: Moment) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(at.max(pause.from));
        }
    }

    fn close(&mut self, state: State, at: Moment) {
        self.end_pause(at);
        self.state = state;
    }

    fn take_slip(&mut self, slip: &Slip, at: Moment) {
        self.outcome = Some(slip.outcome);
        if let Some(arrived) = slip.arrived {
            self.milestones.entry(Milestone::Arrived).or_insert(arrived);
        }
        match slip.outcome {
            Outcome::Passed => self.finish(slip.done.unwrap_or(at)),
            Outcome::Cancelled => self.close(State::Cancelled, at),
            Outcome::Failed | Outcome::Unfinished | Outcome::Impossible => self.state = State::Returned,
        }
    }

    fn take_answer(&mut self, outcome: AnswerOutcome, at: Moment) {
        self.milestones.entry(Milestone::Answered).or_insert(at);
        if outcome == AnswerOutcome::Solved || self.terms.kind == OrderKind::Consult {
            self.finish(at);
        }
    }

    fn finish(&mut self, done: Moment) {
        self.milestones.insert(Milestone::Done, done);
        self.state = if self.terms.callback { State::Callback } else { State::Closed };
    }

    fn take_callback(&mut self, outcome: CallbackOutcome, dues: &[(String, Moment)], at: Moment) {
        match outcome {
            CallbackOutcome::Unreached => {
                self.unreached += 1;
                if self.unreached < UNREACHED_LIMIT {
                    return;
                }
            }
            CallbackOutcome::Trouble => return self.reopen(dues, at),
            CallbackOutcome::Satisfied | CallbackOutcome::Dissatisfied => {}
        }
        self.callback = Some(outcome);
        self.milestones.insert(Milestone::CalledBack, at);
        self.state = State::Closed;
    }

    /// Back to repair: the clocks begin anew at the callback.
    fn reopen(&mut self, dues: &[(String, Moment)], at: Moment) {
        self.round += 1;
        self.unreached = 0;
        self.agreed = None;
        self.pauses.clear();
        self.milestones = BTreeMap::from([(Milestone::Told, at), (Milestone::Accepted, at)]);
        self.dues = dues.iter().cloned().collect();
        self.moved.clear();
        self.state = State::Waiting;
    }

    /// Reads one clock at a moment; `None` when it has not started or cannot be counted.
    pub fn read_clock(&self, term: &ClockTerm, now: Moment) -> Option<Reading> {
        let (term, course) = self.course(term, now)?;
        term.read(&course)
    }

    /// The running deadlines by the day as they stand when a pause ends at `now`, by clock.
    pub fn after_pauses(&self, now: Moment, calendar: &dyn WorkingDays) -> Result<Vec<(String, Moment)>, Refusal> {
        let mut dues = Vec::new();
        for term in &self.terms.clocks {
            let Some((term, course)) = self.course(term, now) else { continue };
            if course.stopped.is_none()
                && let Some(due) = term.after_pauses(&course, calendar)?
            {
                dues.push((term.key, due));
            }
        }
        Ok(dues)
    }

    /// A clock with what is known of it at a moment; `None` when it has not started or will not be met any more.
    fn course(&self, term: &ClockTerm, now: Moment) -> Option<(ClockTerm, Course<'_>)> {
        let start = *self.milestones.get(&term.from)?;
        let stopped = self.milestones.get(&term.ends).copied();
        if stopped.is_none() && (self.state.is_closed() || self.is_past(term.ends)) {
            return None;
        }
        let mut term = term.clone();
        if self.round > 1 {
            term.due = self.dues.get(&term.key).copied();
        }
        let arrival_promised =
            self.terms.clocks.iter().any(|clock| clock.whose == Whose::Customer && clock.ends == Milestone::Arrived);
        let agreed_replaces = match term.ends {
            Milestone::Arrived => true,
            Milestone::Done => !arrival_promised,
            Milestone::Told
            | Milestone::Accepted
            | Milestone::Dispatched
            | Milestone::Answered
            | Milestone::CalledBack => false,
        };
        let agreed = self.agreed.filter(|_| matches!(term.ends, Milestone::Arrived | Milestone::Done));
        let moved = self.moved.get(&term.key).copied();
        let course = Course { start, stopped, pauses: &self.pauses, agreed, agreed_replaces, moved, now };
        Some((term, course))
    }

    /// A milestone that can no longer come in this round.
    fn is_past(&self, ends: Milestone) -> bool {
        self.state == State::Callback && ends != Milestone::CalledBack
    }

    /// Reads every clock that has started.
    pub fn read_clocks(&self, now: Moment) -> Vec<Reading> {
        self.terms.clocks.iter().filter_map(|term| self.read_clock(term, now)).collect()
    }

    /// The running clock of one party that ends first: what the desk shows as 剩余.
    pub fn next_due(&self, whose: Whose, now: Moment) -> Option<Reading> {
        let running = self.read_clocks(now).into_iter().filter(|reading| reading.stopped.is_none());
        running.filter(|reading| reading.whose == whose).min_by_key(|reading| reading.due)
    }

    /// Is the promise overdue and still open?
    pub fn is_overdue(&self, now: Moment) -> bool {
        self.next_due(Whose::Customer, now).is_some_and(|reading| reading.is_overdue())
    }

    /// A deferral beyond the promise is entered by the team lead (班组长), R-300.
    pub fn deferral_needs_lead(&self, until: Moment, now: Moment) -> bool {
        self.next_due(Whose::Customer, now).is_some_and(|reading| until > reading.due)
    }

    /// Promises that were not kept; each needs its reason kept and told to the customer (R-325).
    pub fn overruns(&self, now: Moment) -> Vec<Reading> {
        let late = |reading: &Reading| reading.whose == Whose::Customer && reading.is_overdue();
        self.read_clocks(now).into_iter().filter(late).collect()
    }
}
