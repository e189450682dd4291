//! Judging one case of a business: what stops it, what is missing, what it costs, what is promised.
//!
//! [`Service::judge`] answers the form and the action alike, so that what F2 performs is what was shown. It knows no
//! clock and no table: facts, times and the calendar come in.

use std::collections::BTreeSet;

use super::catalogue::Common;
use super::condition::{CLOSED, Facts, UNBILLED};
use super::form;
use super::model::{Before, Clock, Field, Paper, Service, Situation, TalkStep, Urgency};
use crate::rules::moment::Moment;
use crate::rules::money::Fen;
use crate::rules::order::{ClockTerm, Milestone, Span, Terms, Whose, WorkingDays};
use crate::rules::refusal::Refusal;
use crate::rules::speech::{self, Unfilled, Words};

/// One case as the clerk has it before him.
#[derive(Debug, Clone)]
pub struct Case {
    /// What the program knows (utility, channel, arrears, the meter's state).
    pub known: Facts,
    /// What the clerk ticked.
    pub situations: BTreeSet<String>,
    /// What stands in the form, by field.
    pub fields: Vec<(String, String)>,
    /// Papers ticked.
    pub papers: BTreeSet<String>,
    /// Urgency chosen, if any.
    pub urgency: Option<Urgency>,
    /// When it happened, if that was asked.
    pub happened: Option<Moment>,
    /// When the customer told us.
    pub told: Moment,
    /// When it is typed.
    pub typed: Moment,
    /// Day or time agreed with the customer.
    pub agreed: Option<Moment>,
    /// Taken by the hotline.
    pub by_phone: bool,
}

/// A fee of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Kind of `fee.take`.
    pub key: String,
    /// 过户费
    pub name: String,
    /// How much; zero when it is free with proof.
    pub amount: Fen,
    /// What is given for it.
    pub invoice: String,
    /// Given back later.
    pub deposit: bool,
    /// What waits for it.
    pub before: Option<Before>,
}

/// What is promised to the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// 到场, 启封.
    pub name: String,
    /// How long, as the catalogue says.
    pub span: Span,
    /// By when.
    pub due: Moment,
}

/// The judgement of a case.
#[derive(Debug, Clone)]
pub struct Verdict<'a> {
    /// Everything that stands against taking it in; empty when nothing does.
    pub refusals: Vec<Refusal>,
    /// A business to take in first.
    pub first: Option<&'a str>,
    /// Papers still to bring.
    pub missing: Vec<&'a Paper>,
    /// What it costs.
    pub charges: Vec<Charge>,
    /// Its urgency.
    pub urgency: Urgency,
    /// What is promised first.
    pub promise: Option<Promise>,
    /// The order to make; none when it is closed at the desk.
    pub terms: Option<Terms>,
    /// Category on the dispatch desk.
    pub category: String,
    /// All facts, for lines and conditions.
    pub facts: Facts,
    /// Words for the gaps of lines.
    pub words: Words,
}

impl Verdict<'_> {
    /// May the case be taken in?
    pub fn is_accepted(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Sum of the fees, deposits included.
    pub fn total(&self) -> Fen {
        self.charges.iter().map(|charge| charge.amount).sum()
    }
}

impl Service {
    /// Everything known of a case: the program's facts, what was ticked, the form with its defaults, the profile.
    pub fn facts(&self, case: &Case) -> Facts {
        let mut facts = case.known.clone();
        facts.fill("profile", &self.profile);
        if case.agreed.is_some() {
            facts.tick("agreed");
        }
        for situation in &self.situations {
            if case.situations.contains(&situation.key) && situation.when.holds(&facts) {
                facts.tick(&situation.key);
            }
        }
        for field in &self.fields {
            let typed = case.fields.iter().find(|(key, _)| *key == field.key).map(|(_, value)| value.as_str());
            if field.when.holds(&facts) {
                facts.fill(&field.key, typed.filter(|text| !text.trim().is_empty()).unwrap_or(&field.default));
            }
        }
        facts
    }

    /// Fields of the form shown in this case.
    pub fn shown_fields<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(|field| field.when.holds(facts))
    }

    /// Situations asked in this case.
    pub fn shown_situations<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Situation> {
        self.situations.iter().filter(|situation| situation.when.holds(facts))
    }

    /// Papers needed in this case.
    pub fn needed_papers<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = &'a Paper> {
        self.papers.iter().filter(|paper| paper.when.holds(facts))
    }

    /// Clocks of this case: of several with one name the first that applies.
    pub fn clocks_for(&self, facts: &Facts) -> Vec<&Clock> {
        let mut clocks: Vec<&Clock> = Vec::new();
        for clock in self.clocks.iter().filter(|clock| clock.when.holds(facts)) {
            if clocks.iter().all(|known| known.term.key != clock.term.key) {
                clocks.push(clock);
            }
        }
        clocks
    }

    /// Judges a case.
    pub fn judge<'a>(&'a self, case: &Case, common: &Common, calendar: &dyn WorkingDays) -> Verdict<'a> {
        let facts = self.facts(case);
        let mut refusals = form::faults(self, case, &facts);
        let first = self.stop_at_gates(common, &facts, &mut refusals);
        let missing: Vec<&Paper> =
            self.papers.iter().filter(|p| p.when.holds(&facts) && !case.papers.contains(&p.key)).collect();
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(|paper| paper.label()).collect();
            let message = format!("还缺{}，请用户带齐后再办理", names.join("、"));
            refusals.push(Refusal::new("R-087", "papers", message));
        }
        let charges = self.charges(case, &facts, &mut refusals);
        let urgency = self.urgency_for(case, &facts);
        if urgency == Urgency::Agreed && case.agreed.is_none() {
            let message = "业务级别为“按照约定”，请填写与用户约定的时间";
            refusals.push(Refusal::new("R-084", "agreed", message));
        }
        let (terms, promise) = match self.terms(case, &facts, calendar) {
            Ok(made) => made,
            Err(refusal) => {
                refusals.push(refusal);
                (None, None)
            }
        };
        let words = self.words(common, &facts, &charges, promise.as_ref(), &missing);
        let category = self.category(&facts);
        Verdict { refusals, first, missing, charges, urgency, promise, terms, category, facts, words }
    }

    fn stop_at_gates(&self, common: &Common, facts: &Facts, refusals: &mut Vec<Refusal>) -> Option<&str> {
        let mut words = common.words();
        for (key, value) in facts.fields() {
            words.put_field(key, value);
        }
        let mut first = None;
        // What ends with the meter put into a state, or with a new owner, cannot end on a closed account.
        if facts.has(CLOSED) && (self.write_back.transfer || self.write_back.meter_state.is_some()) {
            let message = format!("该户已销户，不能受理{}，请核对户号；确有需要的请先复户", self.name);
            refusals.push(Refusal::new("R-080", "account", message));
        }
        for gate in self.refusals.iter().filter(|gate| gate.when.holds(facts)) {
            refusals.push(Refusal {
                rule: gate.rule.clone().into(),
                field: "".into(),
                message: gate.say.fill(&words).unwrap_or_else(|_| gate.say.template()),
            });
            first = first.or(gate.first.as_deref());
        }
        let unbilled = facts.field(UNBILLED);
        if !unbilled.is_empty()
            && let Some(gate) = self
                .refusals
                .iter()
                .find(|gate| gate.when.holds(&facts.clone().with("arrears")) && !gate.when.holds(facts))
        {
            let message = format!("{}业务须先结清：{unbilled}", self.name);
            refusals.push(Refusal { rule: gate.rule.clone().into(), field: "".into(), message });
        }
        first
    }

    fn charges(&self, case: &Case, facts: &Facts, refusals: &mut Vec<Refusal>) -> Vec<Charge> {
        let mut charges: Vec<Charge> = Vec::new();
        for fee in self.fees.iter().filter(|fee| fee.when.holds(facts)) {
            if charges.iter().any(|known| known.key == fee.key) {
                continue;
            }
            let proven = fee.proof.as_ref().is_none_or(|proof| case.papers.contains(proof));
            let free = proven && fee.free_when.as_ref().is_some_and(|when| when.holds(facts));
            if fee.amount.is_none() && !free {
                let message = format!("{}的金额还没有设定，请先在业务目录中写明后再受理", fee.name);
                refusals.push(Refusal::new("A-12", "", message));
            }
            charges.push(Charge {
                key: fee.key.clone(),
                name: fee.name.clone(),
                amount: fee.amount.filter(|_| !free).unwrap_or(Fen::ZERO),
                invoice: fee.invoice.clone(),
                deposit: fee.deposit,
                before: fee.before,
            });
        }
        charges
    }

    fn urgency_for(&self, case: &Case, facts: &Facts) -> Urgency {
        let raised = self.urgency.raised.iter().find(|(when, _)| when.holds(facts)).map(|(_, level)| *level);
        let usual = raised.unwrap_or(self.urgency.default);
        let agreed = case.agreed.map(|_| Urgency::Agreed).filter(|_| usual == Urgency::Wait);
        case.urgency.or(agreed).unwrap_or(usual)
    }

    /// The order's terms and the first promise.
    fn terms(
        &self,
        case: &Case,
        facts: &Facts,
        calendar: &dyn WorkingDays,
    ) -> Result<(Option<Terms>, Option<Promise>), Refusal> {
        let Some(order) = self.order.as_ref().filter(|order| order.when.holds(facts)) else {
            return Ok((None, None));
        };
        let clocks = self.clocks_for(facts).into_iter().map(|clock| clock_term(clock, case, calendar));
        let mut clocks = clocks.collect::<Result<Vec<ClockTerm>, Refusal>>()?;
        if let Some(agreed) = case.agreed
            && clocks.iter().all(|clock| clock.whose != Whose::Customer)
        {
            clocks.push(agreed_term(agreed));
        }
        let terms = Terms {
            kind: order.kind,
            outcomes: order.outcomes.clone(),
            clocks,
            callback: self.callback.as_ref().is_some_and(|rule| rule.when.holds(facts)),
            meter_state: self.write_back.meter_state,
            by_phone: case.by_phone,
            told: case.told,
            accepted: case.typed,
            agreed: case.agreed,
        };
        let promise = first_promise(&terms);
        Ok((Some(terms), promise))
    }

    fn category(&self, facts: &Facts) -> String {
        let key = self.order.as_ref().and_then(|order| order.category.as_deref());
        match key.map(|key| facts.field(key)).filter(|word| !word.is_empty()) {
            Some(word) => word.to_owned(),
            None => self.name.clone(),
        }
    }

    fn words(
        &self,
        common: &Common,
        facts: &Facts,
        charges: &[Charge],
        promise: Option<&Promise>,
        missing: &[&Paper],
    ) -> Words {
        let mut words = common.words();
        words.put("service", self.name.clone());
        let fee: Fen = charges.iter().map(|charge| charge.amount).sum();
        if fee > Fen::ZERO {
            words.put("fee", speech::yuan(fee));
        }
        if let Some(promise) = promise {
            words.put("limit", promise.span.spoken());
            words.put("days", promise.span.number());
            words.put("date", speech::day(promise.due));
            let by_day = promise.span.is_days();
            words.put("time", if by_day { speech::day(promise.due) } else { speech::moment(promise.due) });
        }
        let papers: Vec<String> = missing.iter().map(|paper| paper.label()).collect();
        words.put("papers", papers.join("、"));
        for (key, value) in facts.fields() {
            words.put_field(key, value);
        }
        words.put("phone", facts.field("phone"));
        words.put("answer", facts.field("answer"));
        words
    }

    /// What to say, in the order of the talk. A line with an unknown gap names the gap.
    pub fn talk(
        &self,
        common: &Common,
        facts: &Facts,
        words: &Words,
        papers_missing: bool,
    ) -> Vec<(TalkStep, Result<String, Unfilled>)> {
        let lines = common
            .lines
            .iter()
            .chain(&self.lines)
            .filter(|line| line.when.holds(facts) && (papers_missing || line.at != TalkStep::Missing));
        let mut talk: Vec<(TalkStep, Result<String, Unfilled>)> =
            lines.map(|line| (line.at, line.say.fill(words))).collect();
        talk.sort_by_key(|(at, _)| *at);
        talk
    }
}

fn clock_term(clock: &Clock, case: &Case, calendar: &dyn WorkingDays) -> Result<ClockTerm, Refusal> {
    let term = clock.term.clone();
    let start = match term.from {
        Milestone::Told => Some(case.told),
        Milestone::Accepted => Some(case.typed),
        Milestone::Dispatched | Milestone::Arrived | Milestone::Done | Milestone::Answered | Milestone::CalledBack => {
            None
        }
    };
    let due = match start.map(|start| term.span.due(start, calendar)).transpose() {
        Ok(due) => due,
        // No calendar, no promise: the date agreed with the customer takes its place.
        Err(refusal) => Some(case.agreed.ok_or(refusal)?),
    };
    Ok(ClockTerm { due, ..term })
}

/// The clock of a case for which only a date agreed with the customer is promised.
fn agreed_term(agreed: Moment) -> ClockTerm {
    ClockTerm {
        key: "agreed".to_owned(),
        name: "约定".to_owned(),
        whose: Whose::Customer,
        from: Milestone::Told,
        ends: Milestone::Done,
        span: Span::SameDay,
        due: Some(agreed),
    }
}

/// The first clock of the customer in the order of the file, as it stands with what was agreed.
fn first_promise(terms: &Terms) -> Option<Promise> {
    let clock = terms.clocks.iter().find(|clock| clock.whose == Whose::Customer)?;
    let order = crate::rules::order::Order::open(terms.clone());
    let reading = order.read_clock(clock, terms.accepted)?;
    Some(Promise { name: clock.name.clone(), span: clock.span, due: reading.due })
}
