//! Where a request stands, as its entries say in their order: asked, checked, decided. Used alike by the request and by the
//! account it is about, so that both come to one answer.
//!
//! Maker, checker and approver are three people; a decision that breaks this, that nobody checked, that rests on a right which
//! had ended, or that names another request, has no effect and is an exception (R-007, I-10). Approved here and rejected there
//! without knowing of each other: the rejection holds, what the approval had done is undone, until a third decision that names
//! both settles it. Two alike count once.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::rules::id::Id;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for the checker.
    Asked,
    /// Waits for the approver.
    Checked,
    /// The checker said no.
    Returned,
    /// Approved; the effect stands.
    Approved,
    /// Not approved.
    Rejected,
    /// Approved here, rejected there: no effect until settled.
    Disputed,
    /// A newer request took its place.
    Superseded,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Asked, Self::Checked, Self::Returned, Self::Approved, Self::Rejected, Self::Disputed, Self::Superseded];

    /// Its stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Checked => "checked",
            Self::Returned => "returned",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Disputed => "disputed",
            Self::Superseded => "superseded",
        }
    }

    /// Reads [`Self::code`].
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// On the screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Asked => "待复核",
            Self::Checked => "待批准",
            Self::Returned => "复核退回",
            Self::Approved => "已批准",
            Self::Rejected => "不同意",
            Self::Disputed => "批否不一",
            Self::Superseded => "已另行申请",
        }
    }

    /// Does somebody still have to do something?
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Asked | Self::Checked | Self::Disputed)
    }
}

/// What does not fit: an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Stable word.
    pub what: &'static str,
    /// The entry that counts.
    pub first: Id,
    /// One Chinese sentence.
    pub note: String,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Decided {
    /// The entry.
    pub entry: Id,
    /// Yes or no.
    pub approve: bool,
}

/// A decision as it comes in.
#[derive(Debug, Clone)]
pub struct Decision<'d> {
    /// The entry.
    pub entry: Id,
    /// Who.
    pub actor: &'d str,
    /// Yes or no.
    pub approve: bool,
    /// The day it belongs to.
    pub day: NaiveDate,
    /// First day of the right it rests on.
    pub right_from: NaiveDate,
    /// Last day of that right.
    pub right_to: Option<NaiveDate>,
    /// Does it name the hash of this very request?
    pub names_request: bool,
    /// Decisions it settles between.
    pub settles: &'d [Id],
}

/// What a decision does to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// What was asked takes effect.
    Apply,
    /// What had taken effect is undone.
    Undo,
}

/// Where a request stands and how it came there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Standing {
    /// The entry that asked.
    pub request: Id,
    /// Who asked.
    pub maker: String,
    /// Who checked, if anybody did, and the entry.
    pub checker: Option<(Id, String)>,
    /// Effective decisions, in order.
    pub decisions: Vec<Decided>,
    /// Where it stands.
    pub state: State,
}

impl Standing {
    /// A request just made.
    pub fn asked(request: Id, maker: &str) -> Self {
        Self { request, maker: maker.to_owned(), checker: None, decisions: Vec::new(), state: State::Asked }
    }

    /// A newer request takes its place; only while nothing is decided.
    pub fn supersede(&mut self) {
        if matches!(self.state, State::Asked | State::Checked) {
            self.state = State::Superseded;
        }
    }

    /// A check. The first effective one counts; a second that says otherwise is an exception.
    pub fn check(&mut self, entry: Id, actor: &str, approve: bool) -> Option<Odd> {
        let odd = |what, first, note| Some(Odd { what, first, note });
        if actor == self.maker {
            return odd("checked_by_maker", self.request, format!("申请 {} 由经办人自己复核，不算数", self.request));
        }
        if let Some((first, _)) = self.checker {
            let said_yes = self.state != State::Returned;
            if said_yes != approve {
                return odd(
                    "checked_twice",
                    first,
                    format!("申请 {} 复核了两次，结果不同，以先到的为准", self.request),
                );
            }
            return None;
        }
        self.checker = Some((entry, actor.to_owned()));
        if self.state == State::Asked {
            self.state = if approve { State::Checked } else { State::Returned };
        }
        None
    }

    /// A decision: what it does, and what does not fit.
    pub fn decide(&mut self, decision: &Decision<'_>) -> (Effect, Option<Odd>) {
        if let Some(odd) = self.flaw(decision) {
            return (Effect::None, Some(odd));
        }
        let settled = self.state == State::Disputed
            && self.decisions.iter().all(|earlier| decision.settles.contains(&earlier.entry));
        let first = self.decisions.first().map(|earlier| earlier.entry);
        let before = self.state;
        self.decisions.push(Decided { entry: decision.entry, approve: decision.approve });
        match (before, decision.approve) {
            (State::Checked, true) => {
                self.state = State::Approved;
                (Effect::Apply, None)
            }
            (State::Checked, false) => {
                self.state = State::Rejected;
                (Effect::None, None)
            }
            (State::Disputed, approve) if settled => {
                self.state = if approve { State::Approved } else { State::Rejected };
                (if approve { Effect::Apply } else { Effect::None }, None)
            }
            (State::Approved, false) | (State::Rejected, true) => {
                self.state = State::Disputed;
                let note = format!("申请 {} 一处批准、一处不同意，暂按不同意，请再裁定一次", self.request);
                let odd = Odd { what: "approved_and_rejected", first: first.unwrap_or(self.request), note };
                (if before == State::Approved { Effect::Undo } else { Effect::None }, Some(odd))
            }
            (State::Approved, true)
            | (State::Rejected, false)
            | (State::Disputed | State::Asked | State::Returned | State::Superseded, _) => (Effect::None, None),
        }
    }

    /// Why a decision has no effect at all.
    fn flaw(&self, decision: &Decision<'_>) -> Option<Odd> {
        let request = self.request;
        let odd = |what, first, note: String| Some(Odd { what, first, note });
        if !decision.names_request {
            return odd(
                "decided_other_request",
                request,
                format!("凭单 {} 批的不是申请 {request} 的原文，不算数", decision.entry),
            );
        }
        if decision.actor == self.maker {
            return odd("approved_by_maker", request, format!("申请 {request} 由经办人自己批准，不算数"));
        }
        let Some((check, checker)) = &self.checker else {
            return odd("approved_unchecked", request, format!("申请 {request} 没有复核就批准，不算数"));
        };
        if decision.actor == checker {
            return odd("approved_by_checker", *check, format!("申请 {request} 由复核人自己批准，不算数"));
        }
        if matches!(self.state, State::Asked | State::Returned | State::Superseded) {
            return odd("approved_unchecked", *check, format!("申请 {request} 已退回或已另行申请，批准不算数"));
        }
        let ended = decision.right_to.is_some_and(|last| last < decision.day) || decision.day < decision.right_from;
        if ended {
            return odd("right_ended", request, format!("批准申请 {request} 的权限不在期内，不算数"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 1).unwrap() + chrono::Days::new(n)
    }

    fn by<'d>(entry: i64, actor: &'d str, approve: bool, settles: &'d [Id]) -> Decision<'d> {
        Decision {
            entry: Id(entry),
            actor,
            approve,
            day: day(20),
            right_from: day(0),
            right_to: None,
            names_request: true,
            settles,
        }
    }

    fn checked() -> Standing {
        let mut standing = Standing::asked(Id(1), "wang");
        assert_eq!(standing.check(Id(2), "zhao", true), None);
        standing
    }

    fn odd(found: (Effect, Option<Odd>)) -> (Effect, &'static str) {
        (found.0, found.1.map_or("", |odd| odd.what))
    }

    #[test]
    fn three_people_or_no_effect() {
        let mut own = Standing::asked(Id(1), "wang");
        assert_eq!(own.check(Id(2), "wang", true).unwrap().what, "checked_by_maker");
        assert_eq!(odd(own.decide(&by(3, "sun", true, &[]))), (Effect::None, "approved_unchecked"));
        let mut standing = checked();
        assert_eq!(odd(standing.decide(&by(3, "wang", true, &[]))), (Effect::None, "approved_by_maker"));
        assert_eq!(odd(standing.decide(&by(4, "zhao", true, &[]))), (Effect::None, "approved_by_checker"));
        assert_eq!(odd(standing.decide(&by(5, "sun", true, &[]))), (Effect::Apply, ""));
        assert_eq!(standing.state, State::Approved);
    }

    #[test]
    fn a_right_that_ended_yesterday_or_another_request_gives_no_effect() {
        let mut standing = checked();
        let ended = Decision { right_to: Some(day(19)), ..by(3, "sun", true, &[]) };
        assert_eq!(odd(standing.decide(&ended)), (Effect::None, "right_ended"));
        let early = Decision { right_from: day(21), ..by(3, "sun", true, &[]) };
        assert_eq!(odd(standing.decide(&early)), (Effect::None, "right_ended"));
        let other = Decision { names_request: false, ..by(3, "sun", true, &[]) };
        assert_eq!(odd(standing.decide(&other)), (Effect::None, "decided_other_request"));
        let last_day = Decision { right_to: Some(day(20)), ..by(3, "sun", true, &[]) };
        assert_eq!(odd(standing.decide(&last_day)), (Effect::Apply, ""));
    }

    #[test]
    fn a_rejection_elsewhere_holds_until_a_third_decision_names_both() {
        let mut standing = checked();
        assert_eq!(odd(standing.decide(&by(3, "sun", true, &[]))), (Effect::Apply, ""));
        assert_eq!(odd(standing.decide(&by(4, "li", false, &[]))), (Effect::Undo, "approved_and_rejected"));
        assert_eq!(
            odd(standing.decide(&by(5, "sun", true, &[Id(3)]))),
            (Effect::None, ""),
            "it did not know of the rejection"
        );
        assert_eq!(standing.state, State::Disputed);
        assert_eq!(odd(standing.decide(&by(6, "li", true, &[Id(3), Id(4), Id(5)]))), (Effect::Apply, ""));
        assert_eq!(standing.state, State::Approved);
    }

    #[test]
    fn a_returned_or_superseded_request_takes_no_approval() {
        let mut returned = Standing::asked(Id(1), "wang");
        assert_eq!(returned.check(Id(2), "zhao", false), None);
        assert_eq!(returned.state, State::Returned);
        assert_eq!(odd(returned.decide(&by(3, "sun", true, &[]))), (Effect::None, "approved_unchecked"));
        let mut replaced = checked();
        replaced.supersede();
        assert_eq!(odd(replaced.decide(&by(3, "sun", true, &[]))), (Effect::None, "approved_unchecked"));
    }

    proptest! {
        /// Whatever decisions come in: effects alternate, and one stands exactly when the state says approved.
        #[test]
        fn what_took_effect_is_undone_before_it_takes_effect_again(
            list in prop::collection::vec((0usize..4, any::<bool>(), prop::collection::vec(3i64..20, 0..6)), 0..17),
        ) {
            let mut standing = checked();
            let mut stands = false;
            for (index, (who, approve, settles)) in list.iter().enumerate() {
                let settles: Vec<Id> = settles.iter().map(|id| Id(*id)).collect();
                let actor = ["wang", "zhao", "sun", "li"][*who];
                let (effect, _) = standing.decide(&by(index as i64 + 3, actor, *approve, &settles));
                match effect {
                    Effect::Apply => { prop_assert!(!stands); stands = true; }
                    Effect::Undo => { prop_assert!(stands); stands = false; }
                    Effect::None => {}
                }
                prop_assert_eq!(stands, standing.state == State::Approved);
            }
        }
    }
}
