//! The part of a catalogue file about its order: clocks, kind and outcomes, callback, write-back, what follows.

use super::model::*;
use super::parse::{Reference, field};
use super::scope::Scope;
use crate::rules::meter_state::MeterState;
use crate::rules::order::{ClockTerm, Milestone, OrderKind, Outcome, Span, Whose};
use crate::rules::toml_reader::{Doc, Section};

/// Reads every `[[clock]]`.
pub(super) fn clocks(top: &Section, scope: &Scope) -> Vec<Clock> {
    let mut clocks: Vec<Clock> = Vec::new();
    for section in top.sections("clock") {
        let key = section.need_key("key");
        if clocks.iter().any(|clock| clock.term.key == key.value && clock.when.is_always()) {
            let what = format!("时限“{}”前面已有一条不带条件的，这一条用不上，请改正", key.value);
            section.fault_at(key.at, what);
        }
        let clock = clock(&section, key.value, scope);
        section.close();
        clocks.extend(clock);
    }
    clocks
}

fn clock(section: &Section, key: String, scope: &Scope) -> Option<Clock> {
    let name = section.need_text("name", 20).value;
    let rule = section.need_text("rule", 20).value;
    let when = scope.condition(section, "when");
    let whose = section.need_choice("whose", &[("用户", Whose::Customer), ("内部", Whose::Step)]);
    let from = section.choice("from", Milestone::WORDS).unwrap_or(Milestone::Told);
    let ends = section.need_choice("ends", Milestone::WORDS);
    let span = span(section);
    let (whose, ends, span) = (whose?, ends?, span?);
    if ends <= from || ends.is_at_intake() {
        section.fault(format!("时限“{name}”的“ends”必须在“from”之后，请改正"));
    }
    if matches!(span, Span::WorkingDays(_)) && !from.is_at_intake() {
        section.fault(format!("时限“{name}”按工作日计算，只能从接报或受理算起，请改“from”"));
    }
    Some(Clock { term: ClockTerm { key, name, whose, from, ends, span, due: None }, when, rule })
}

fn span(section: &Section) -> Option<Span> {
    let written = [
        section.number("minutes", 1..1441).map(|n| Span::Minutes(n.value)),
        section.number("hours", 1..721).map(|n| Span::Hours(n.value)),
        section.number("days", 1..367).map(|n| Span::Days(n.value)),
        section.number("working_days", 1..251).map(|n| Span::WorkingDays(n.value)),
        section.flag("same_day", false).then_some(Span::SameDay),
    ];
    let mut spans = written.into_iter().flatten();
    match (spans.next(), spans.next()) {
        (Some(span), None) => Some(span),
        _ => {
            section.fault("[[clock]]须在 minutes、hours、days、working_days、same_day 中正好写一个");
            None
        }
    }
}

/// Reads `[order]`.
pub(super) fn order(top: &Section, scope: &Scope) -> Option<OrderRule> {
    let section = top.section("order")?;
    let kinds = OrderKind::ALL.map(|kind| (kind.label(), kind));
    let kind = section.need_choice("kind", &kinds);
    let written = section.choices("outcomes", &Outcome::ALL.map(|outcome| (outcome.label(), outcome)));
    let category = section.text("category", 40);
    if let Some(category) = category.as_ref().filter(|category| !scope.is_field(&category.value)) {
        section.fault_at(category.at, format!("类别栏目“{}”不存在，请先在 [[field]] 里写明", category.value));
    }
    let when = scope.condition(&section, "when");
    let slip = section.sections("slip").into_iter().map(|slip| field(slip, scope)).collect();
    let join = section.flag("join", true);
    let outcomes = kind.map(|kind| outcomes(&section, kind, written));
    section.close();
    Some(OrderRule {
        kind: kind?,
        when,
        outcomes: outcomes?,
        category: category.map(|category| category.value),
        slip,
        join,
    })
}

fn outcomes(section: &Section, kind: OrderKind, written: Vec<Outcome>) -> Vec<Outcome> {
    if written.is_empty() {
        return kind.outcomes().to_vec();
    }
    for outcome in written.iter().filter(|outcome| !kind.outcomes().contains(outcome)) {
        let words: Vec<&str> = kind.outcomes().iter().map(|allowed| allowed.label()).collect();
        let what = format!("{}工单不能有“{}”，只能是：{}", kind.label(), outcome.label(), words.join("、"));
        section.fault(what);
    }
    if !written.contains(&Outcome::Passed) {
        section.fault("“outcomes”必须有“合格”，否则工单永远办不完");
    }
    written
}

/// Reads `[callback]`.
pub(super) fn callback(top: &Section, scope: &Scope) -> Option<CallbackRule> {
    let section = top.section("callback")?;
    let rule = CallbackRule { when: scope.condition(&section, "when") };
    section.close();
    Some(rule)
}

/// Reads `[write_back]`.
pub(super) fn write_back(top: &Section) -> WriteBack {
    let Some(section) = top.section("write_back") else { return WriteBack::default() };
    let states = MeterState::ALL.map(|state| (state.paper_word(), state));
    let write_back =
        WriteBack { meter_state: section.choice("meter_state", &states), transfer: section.flag("transfer", false) };
    section.close();
    write_back
}

/// Reads every `[[follow_up]]`.
pub(super) fn follow_ups(top: &Section, scope: &Scope, doc: &Doc, references: &mut Vec<Reference>) -> Vec<FollowUp> {
    let mut read = |section: Section| {
        let on = section.need_choice("on", &Outcome::ALL.map(|outcome| (outcome.label(), outcome)));
        let service = section.need_text("service", 40);
        if !service.value.is_empty() {
            references.push(Reference { code: service.value.clone(), line: doc.line(service.at) });
        }
        let when = scope.condition(&section, "when");
        section.close();
        Some(FollowUp { on: on?, when, service: service.value })
    };
    top.sections("follow_up").into_iter().filter_map(&mut read).collect()
}

/// Checks that belong to several sections at once.
pub(super) fn check(top: &Section, service: &Service) {
    let Some(order) = &service.order else {
        for (written, name) in [
            (!service.clocks.is_empty(), "[[clock]]"),
            (service.callback.is_some(), "[callback]"),
            (service.write_back.meter_state.is_some(), "[write_back]的“meter_state”"),
            (!service.follow_ups.is_empty(), "[[follow_up]]"),
        ] {
            if written {
                top.fault(format!("没有 [order]，{name}用不上，请补上工单或删去"));
            }
        }
        return;
    };
    for clock in &service.clocks {
        let never = match clock.term.ends {
            Milestone::Arrived => order.kind.is_answered(),
            Milestone::Answered => !order.kind.is_answered(),
            Milestone::CalledBack => service.callback.is_none(),
            Milestone::Told | Milestone::Accepted | Milestone::Dispatched | Milestone::Done => false,
        };
        if never {
            let what = format!("时限“{}”永远停不下来：{}工单没有这一步", clock.term.name, order.kind.label());
            top.fault(what);
        }
    }
    for follow_up in &service.follow_ups {
        if !order.outcomes.contains(&follow_up.on) {
            top.fault(format!("[[follow_up]]的“{}”不是该类工单可有的实施情况", follow_up.on.label()));
        }
    }
}
