//! The outcome table, the life of an order and its clocks.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::rules::calendar::Calendar;
use crate::rules::id::Id;
use crate::rules::moment::{self, Moment};

fn moment(text: &str) -> Moment {
    moment::parse(&format!("2026-11-{text}")).unwrap()
}

fn clock(key: &str, whose: Whose, ends: Milestone, span: Span, due: Option<&str>) -> ClockTerm {
    let (name, from) = (key.to_owned(), Milestone::Told);
    ClockTerm { key: key.to_owned(), name, whose, from, ends, span, due: due.map(moment) }
}

/// A leak told at 09:00 on the 20th: arrival within 45 minutes, passed on within 5.
fn leak() -> Order {
    Order::open(Terms {
        kind: OrderKind::Repair,
        outcomes: OrderKind::Repair.outcomes().to_vec(),
        clocks: vec![
            clock("arrive", Whose::Customer, Milestone::Arrived, Span::Minutes(45), None),
            clock("pass_on", Whose::Step, Milestone::Dispatched, Span::Minutes(5), None),
        ],
        callback: true,
        meter_state: None,
        by_phone: true,
        told: moment("20 09:00"),
        accepted: moment("20 09:02"),
        agreed: None,
    })
}

/// An unseal promised by the end of the 24th.
fn unseal() -> Order {
    let mut order = leak();
    order.terms.kind = OrderKind::Unseal;
    order.terms.outcomes = OrderKind::Unseal.outcomes().to_vec();
    order.terms.callback = false;
    order.terms.clocks =
        vec![clock("done", Whose::Customer, Milestone::Done, Span::WorkingDays(3), Some("24 23:59:59"))];
    Order::open(order.terms)
}

fn of_kind(kind: OrderKind) -> Order {
    let terms = Terms { kind, outcomes: kind.outcomes().to_vec(), clocks: Vec::new(), ..leak().terms };
    Order::open(terms)
}

fn at(text: &str, what: What) -> Event {
    Event { at: moment(text), what }
}

fn dispatched() -> What {
    What::Dispatched { worker: Id(7) }
}

fn slip(outcome: Outcome) -> Slip {
    Slip {
        arrived: Some(moment("20 09:40")),
        done: Some(moment("20 10:30")),
        left: Some(moment("20 10:40")),
        outcome,
        reason: None,
        remark: if outcome == Outcome::Passed { String::new() } else { "原因".into() },
    }
}

fn called(outcome: CallbackOutcome) -> What {
    What::CalledBack { outcome, remark: "用户意见".into(), dues: Vec::new() }
}

fn run(mut order: Order, events: Vec<Event>) -> Order {
    for event in events {
        order.apply(&event).unwrap_or_else(|refusal| panic!("{event:?}: {refusal}"));
    }
    order
}

#[test]
fn each_kind_allows_the_outcomes_of_its_paper_and_no_other() {
    use Outcome::*;
    let table: [(OrderKind, &[Outcome]); 13] = [
        (OrderKind::Fit, &[Passed, Unfinished, Failed, Cancelled]),
        (OrderKind::Modify, &[Passed, Unfinished, Failed, Cancelled]),
        (OrderKind::Ignite, &[Passed, Unfinished, Impossible, Failed, Cancelled]),
        (OrderKind::Swap, &[Passed, Unfinished, Cancelled]),
        (OrderKind::Remove, &[Passed, Unfinished, Cancelled]),
        (OrderKind::Seal, &[Passed, Unfinished, Cancelled]),
        (OrderKind::Unseal, &[Passed, Unfinished, Cancelled]),
        (OrderKind::Test, &[Passed, Unfinished, Cancelled]),
        (OrderKind::Rectify, &[Passed, Unfinished, Cancelled]),
        (OrderKind::Repair, &[Passed, Unfinished, Impossible, Failed, Cancelled]),
        (OrderKind::Other, &[Passed, Unfinished, Impossible, Failed, Cancelled]),
        (OrderKind::Complaint, &[]),
        (OrderKind::Consult, &[]),
    ];
    for (kind, allowed) in table {
        for outcome in Outcome::ALL {
            let mut order = of_kind(kind);
            order.apply(&at("20 09:05", dispatched())).unwrap();
            let result = order.apply(&at("20 11:00", What::Returned(slip(outcome))));
            assert_eq!(result.is_ok(), allowed.contains(&outcome), "{kind:?} {outcome:?}");
        }
    }
}

#[test]
fn an_outcome_its_kind_does_not_allow_is_refused_with_those_it_does() {
    let mut order = run(unseal(), vec![at("20 09:05", dispatched())]);
    let refusal = order.apply(&at("20 11:00", What::Returned(slip(Outcome::Failed)))).unwrap_err();
    assert_eq!(refusal.message, "实施情况不能选“不合格”，该类工单只能选：合格、未完成、取消");
    assert_eq!((refusal.rule.as_ref(), refusal.field.as_ref()), ("R-288", "outcome"));
}

#[test]
fn every_mistake_of_a_slip_is_told_at_once() {
    let order = run(leak(), vec![at("20 09:05", dispatched())]);
    let bad = Slip {
        arrived: Some(moment("20 09:04")),
        done: None,
        left: Some(moment("20 12:00")),
        outcome: Outcome::Failed,
        reason: None,
        remark: " ".into(),
    };
    let told: Vec<_> = order
        .faults(&at("20 11:00", What::Returned(bad)))
        .into_iter()
        .map(|refusal| (refusal.field.into_owned(), refusal.message))
        .collect();
    assert_eq!(
        told,
        [
            ("remark".to_owned(), "实施情况为“不合格”，请在现场备注栏注明原因".to_owned()),
            ("arrived".to_owned(), "到场时间早于派工时间（11-20 09:05），请核对".to_owned()),
            ("done".to_owned(), "请填写实施时间".to_owned()),
            ("left".to_owned(), "离开时间晚于现在（11-20 11:00），请核对".to_owned()),
        ]
    );
}

#[test]
fn arrival_after_leaving_is_refused_and_the_minute_of_dispatch_is_fine() {
    let order = run(leak(), vec![Event { at: moment("20 09:05:40"), what: dispatched() }]);
    let mut late = slip(Outcome::Passed);
    late.left = Some(moment("20 10:00"));
    let refusal = order.check(&at("20 11:00", What::Returned(late))).unwrap();
    assert_eq!(refusal.message, "离开时间早于实施时间（11-20 10:30），请核对");
    let mut prompt = slip(Outcome::Passed);
    prompt.arrived = Some(moment("20 09:05"));
    assert_eq!(order.check(&at("20 11:00", What::Returned(prompt))), None);
}

#[test]
fn an_order_nobody_reached_is_cancelled_without_times() {
    let empty = Slip {
        arrived: None,
        done: None,
        left: None,
        outcome: Outcome::Cancelled,
        reason: None,
        remark: "用户出差".into(),
    };
    let order = run(unseal(), vec![at("20 09:05", dispatched()), at("25 09:00", What::Returned(empty))]);
    assert_eq!(order.state, State::Cancelled);
}

#[test]
fn every_usual_reason_for_cancelling_is_a_whole_slip_as_it_stands() {
    for reason in ReturnReason::ALL.into_iter().filter(|reason| !reason.remark().is_empty()) {
        let remark = reason.remark().to_owned();
        let empty =
            Slip { arrived: None, done: None, left: None, outcome: Outcome::Cancelled, reason: Some(reason), remark };
        let order = run(unseal(), vec![at("20 09:05", dispatched()), at("25 09:00", What::Returned(empty))]);
        assert_eq!(order.state, State::Cancelled, "{}", reason.rule());
    }
    let rules = |keep: fn(ReturnReason) -> bool| -> Vec<&str> {
        ReturnReason::ALL.into_iter().filter(|reason| keep(*reason)).map(ReturnReason::rule).collect()
    };
    assert_eq!(rules(|reason| !reason.remark().is_empty()), ["R-295", "R-296", "R-297", "R-298", "R-299"]);
    assert_eq!(rules(ReturnReason::only_overdue), ["R-296"]);
    assert_eq!(rules(ReturnReason::then_modify), ["R-295", "R-299"]);
}

#[test]
fn a_return_before_dispatch_and_a_second_dispatch_are_refused() {
    let refusal = leak().check(&at("20 11:00", What::Returned(slip(Outcome::Passed)))).unwrap();
    assert_eq!(refusal.message, "工单现为“待派”，还没有派工，请先派工再填回执");
    let order = run(leak(), vec![at("20 09:05", dispatched())]);
    let refusal = order.check(&at("20 09:05", dispatched())).unwrap();
    assert_eq!(refusal.message, "工单现为“在途”，已派给师傅，要改派须先填回执");
}

#[test]
fn an_order_goes_out_comes_back_and_is_closed_by_its_callback() {
    let order = run(
        leak(),
        vec![
            at("20 09:05", dispatched()),
            at("20 10:00", What::Returned(Slip { arrived: None, done: None, left: None, ..slip(Outcome::Unfinished) })),
        ],
    );
    assert_eq!(order.state, State::Returned);
    let order = run(order, vec![at("20 10:05", dispatched())]);
    let mut second = slip(Outcome::Passed);
    second.arrived = Some(moment("20 10:20"));
    let order = run(order, vec![at("20 11:00", What::Returned(second))]);
    assert_eq!((order.state, order.dispatches), (State::Callback, 2));
    let order = run(order, vec![at("21 09:00", called(CallbackOutcome::Satisfied))]);
    assert_eq!(order.state, State::Closed);
}

#[test]
fn trouble_found_by_a_callback_goes_back_to_repair_with_new_clocks() {
    let order = run(
        leak(),
        vec![
            at("20 09:05", dispatched()),
            at("20 11:00", What::Returned(slip(Outcome::Passed))),
            at("21 09:00", called(CallbackOutcome::Trouble)),
        ],
    );
    assert_eq!((order.state, order.round), (State::Waiting, 2));
    assert_eq!(order.next_due(Whose::Customer, moment("21 09:10")).unwrap().due, moment("21 09:45"));
}

#[test]
fn a_callback_nobody_answers_is_given_up_after_three_calls() {
    let mut order =
        run(leak(), vec![at("20 09:05", dispatched()), at("20 11:00", What::Returned(slip(Outcome::Passed)))]);
    for (call, state) in [State::Callback, State::Callback, State::Closed].into_iter().enumerate() {
        order.apply(&at(&format!("21 09:0{call}"), called(CallbackOutcome::Unreached))).unwrap();
        assert_eq!(order.state, state);
    }
}

#[test]
fn a_complaint_is_answered_then_solved_and_each_stops_its_own_clock() {
    let mut order = of_kind(OrderKind::Complaint);
    order.terms.clocks = vec![
        clock("answer", Whose::Customer, Milestone::Answered, Span::Days(2), None),
        clock("solve", Whose::Customer, Milestone::Done, Span::Days(10), None),
    ];
    let answer = |outcome| What::Answered { outcome, remark: "已说明".into() };
    let order = run(order, vec![at("21 10:00", answer(AnswerOutcome::Answered))]);
    assert_eq!(order.state, State::Waiting);
    assert_eq!(order.next_due(Whose::Customer, moment("21 10:00")).unwrap().key, "solve");
    let order = run(order, vec![at("25 10:00", answer(AnswerOutcome::Solved))]);
    assert_eq!(order.state, State::Callback);
    assert!(order.overruns(moment("25 10:00")).is_empty());
    let refusal = leak().check(&at("21 10:00", answer(AnswerOutcome::Solved))).unwrap();
    assert_eq!(refusal.message, "工单现为“待派”，抢修工单不录答复，请填回执");
}

#[test]
fn a_pause_the_customer_asked_for_moves_the_promise_and_one_of_our_own_does_not() {
    for (reason, due) in [(PauseReason::Customer, "20 10:05"), (PauseReason::Weather, "20 09:45")] {
        let order = run(
            leak(),
            vec![at("20 09:10", What::Paused { reason }), at("20 09:30", What::Resumed { dues: Vec::new() })],
        );
        assert_eq!(order.next_due(Whose::Customer, moment("20 09:31")).unwrap().due, moment(due), "{reason:?}");
        let inner = order.next_due(Whose::Step, moment("20 09:31")).unwrap();
        assert_eq!(inner.due, moment("20 09:05"), "{reason:?}: late before the pause, and late it stays");
    }
}

#[test]
fn the_time_left_stands_still_while_the_customer_holds_the_order() {
    let order = run(leak(), vec![at("20 09:10", What::Paused { reason: PauseReason::Customer })]);
    for now in ["20 09:10", "20 12:00", "21 09:00"] {
        let reading = order.next_due(Whose::Customer, moment(now)).unwrap();
        assert_eq!((reading.left, reading.held), (TimeDelta::minutes(35), true), "{now}");
    }
}

#[test]
fn an_entry_of_before_that_carries_no_deadline_moves_a_promise_by_the_day_as_it_did() {
    let order = run(
        unseal(),
        vec![
            at("20 10:00", What::Paused { reason: PauseReason::Customer }),
            at("21 15:00", What::Resumed { dues: Vec::new() }),
        ],
    );
    assert_eq!(order.next_due(Whose::Customer, moment("21 15:00")).unwrap().due, moment("26 23:59:59"));
}

/// The unseal promised by Tuesday the 24th of November 2026, held in these times, each with the calendar at hand.
fn held(times: &[(&str, &str)]) -> (Order, Moment) {
    let mut order = unseal();
    let mut last = moment("20 09:02");
    for (from, to) in times {
        order.apply(&at(from, What::Paused { reason: PauseReason::Customer })).unwrap();
        last = moment(to);
        let dues = order.after_pauses(last, &Calendar::builtin()).unwrap();
        order.apply(&at(to, What::Resumed { dues })).unwrap();
    }
    let due = order.next_due(Whose::Customer, last).unwrap().due;
    (order, due)
}

#[test]
fn a_pause_moves_a_promise_in_working_days_by_the_working_days_it_held_and_by_no_minutes() {
    for (times, due) in [
        (&[("20 10:00", "20 10:05")][..], "24"),
        (&[("20 10:00", "20 17:59")], "24"),
        (&[("20 23:55", "21 00:05")], "24"),
        // A weekend gives nothing away.
        (&[("21 00:00", "22 23:59")], "24"),
        (&[("20 22:00", "23 05:59")], "24"),
        (&[("20 16:00", "23 16:00")], "25"),
        (&[("23 10:00", "24 10:00")], "25"),
        // Over the deadline, and over the next weekend: never onto a day off.
        (&[("23 10:00", "25 10:00")], "26"),
        (&[("20 10:00", "26 10:00")], "30"),
        (&[("24 16:00", "25 09:00")], "25"),
        (&[("24 16:00", "28 09:00")], "30"),
        // Three times eight hours are one day.
        (&[("20 09:00", "20 17:00"), ("23 09:00", "23 17:00"), ("24 09:00", "24 17:00")], "25"),
    ] {
        let wanted = moment(&format!("{due} 23:59:59"));
        assert_eq!(held(times).1, wanted, "{times:?}");
    }
}

#[test]
fn a_pause_from_friday_afternoon_to_monday_morning_or_over_a_days_work_moved_nothing() {
    for (times, due) in [
        (&[("20 16:00", "23 09:00")][..], "25"),
        (&[("23 00:00", "23 23:59")], "25"),
        (&[("23 08:00", "23 18:00")], "25"),
        (&[("20 09:30", "21 00:30"), ("23 08:00", "24 07:00")], "26"),
        (&[("23 08:00", "24 07:00"), ("24 08:00", "25 07:00")], "26"),
    ] {
        let wanted = moment(&format!("{due} 23:59:59"));
        assert_eq!(held(times).1, wanted, "{times:?}");
    }
}

#[test]
fn a_promise_by_the_day_stands_still_while_it_is_held_and_what_is_agreed_later_counts() {
    let mut order = unseal();
    order.apply(&at("24 16:00", What::Paused { reason: PauseReason::Customer })).unwrap();
    for now in ["24 16:00", "25 09:00", "29 09:00"] {
        let reading = order.next_due(Whose::Customer, moment(now)).unwrap();
        let left = moment("24 23:59:59") - moment("24 16:00");
        assert_eq!((reading.held, reading.left), (true, left), "{now}");
    }
    let (mut order, _) = held(&[("23 10:00", "25 10:00")]);
    order.apply(&at("25 11:00", What::Deferred { until: moment("28 09:00") })).unwrap();
    assert_eq!(order.next_due(Whose::Customer, moment("25 11:00")).unwrap().due, moment("28 09:00"));
    let told: Order = serde_json::from_str(&serde_json::to_string(&order).unwrap()).unwrap();
    assert_eq!(told, order, "kept as it is between two entries");
}

proptest! {
    #[test]
    fn a_pause_never_moves_a_promise_onto_a_day_off_nor_nearer_nor_by_more_than_it_held(
        waits in prop::collection::vec((1i64..4_000, 1i64..9_000), 1..6),
    ) {
        let calendar = Calendar::builtin();
        let mut order = unseal();
        let mut now = moment("20 09:02");
        let before = order.next_due(Whose::Customer, now).unwrap().due;
        let (mut last, mut sum) = (before, TimeDelta::zero());
        for (wait, hold) in waits {
            now += TimeDelta::minutes(wait);
            if now > moment("30 23:00") {
                break;
            }
            order.apply(&Event { at: now, what: What::Paused { reason: PauseReason::Customer } }).unwrap();
            now += TimeDelta::minutes(hold);
            sum += TimeDelta::minutes(hold);
            let dues = order.after_pauses(now, &calendar).unwrap();
            order.apply(&Event { at: now, what: What::Resumed { dues } }).unwrap();
            let due = order.next_due(Whose::Customer, now).unwrap().due;
            prop_assert!(due >= last, "nearer");
            prop_assert!(calendar.is_working(moment::day(due)).unwrap(), "{due} is a day off");
            prop_assert!(due <= last.max(now) + sum + TimeDelta::days(3), "{due} is too far");
            last = due;
        }
    }
}

#[test]
fn a_deferral_takes_the_place_of_the_promise_and_beyond_it_needs_the_lead() {
    let now = moment("20 10:00");
    assert!(!unseal().deferral_needs_lead(moment("24 09:00"), now));
    assert!(unseal().deferral_needs_lead(moment("28 09:00"), now));
    let order = run(unseal(), vec![at("20 10:00", What::Deferred { until: moment("28 09:00") })]);
    assert_eq!(order.next_due(Whose::Customer, now).unwrap().due, moment("28 09:00"));
    assert!(unseal().check(&at("20 10:00", What::Deferred { until: moment("20 09:00") })).is_some());
}

#[test]
fn overdue_and_due_soon_are_read_from_the_clock() {
    let order = leak();
    let due = |now| order.next_due(Whose::Customer, moment(now)).unwrap();
    assert!(!order.is_overdue(moment("20 09:45")));
    assert!(order.is_overdue(moment("20 09:46")));
    assert!(due("20 09:30").is_due_soon(TimeDelta::minutes(20)));
    assert!(!due("20 09:20").is_due_soon(TimeDelta::minutes(20)));
    assert!(!due("20 10:00").is_due_soon(TimeDelta::minutes(20)), "overdue is more than due soon");
}

#[test]
fn an_arrival_after_the_promise_stays_an_overrun_for_ever() {
    let mut slow = slip(Outcome::Passed);
    slow.arrived = Some(moment("20 10:00"));
    let order = run(leak(), vec![at("20 09:05", dispatched()), at("20 11:00", What::Returned(slow))]);
    for now in ["20 11:00", "29 11:00"] {
        let overruns = order.overruns(moment(now));
        assert_eq!(overruns.len(), 1);
        assert_eq!((overruns[0].key.as_str(), overruns[0].left), ("arrive", TimeDelta::minutes(-15)));
    }
}

#[test]
fn the_hall_director_voids_what_a_clerk_took_and_the_hotline_lead_what_the_hotline_did() {
    assert_eq!(Voider::of(false).label(), "营业厅主任");
    assert_eq!(Voider::of(true).label(), "接听组班组长");
    let mut order = unseal();
    assert!(order.apply(&at("20 10:00", What::Voided { reason: " ".into() })).is_err());
    order.apply(&at("20 10:00", What::Voided { reason: "楼栋未经验收".into() })).unwrap();
    assert_eq!(order.state, State::Void);
}

#[test]
fn redispatch_is_asked_by_the_outcome_of_the_paper() {
    assert_eq!(OrderKind::Ignite.redispatch_outcome(), Some(Outcome::Impossible));
    assert_eq!(OrderKind::Fit.redispatch_outcome(), Some(Outcome::Unfinished));
    assert_eq!(OrderKind::Complaint.redispatch_outcome(), None);
}

fn any_event() -> impl Strategy<Value = What> {
    let outcome = prop::sample::select(Outcome::ALL.to_vec());
    let callback = prop::sample::select(CallbackOutcome::ALL.to_vec());
    let answer = prop::sample::select(AnswerOutcome::ALL.to_vec());
    let reason = prop::sample::select(PauseReason::ALL.to_vec());
    prop_oneof![
        Just(dispatched()),
        reason.prop_map(|reason| What::Paused { reason }),
        Just(What::Resumed { dues: Vec::new() }),
        (1i64..5000).prop_map(|minutes| What::Deferred { until: moment("20 09:00") + TimeDelta::minutes(minutes) }),
        outcome.prop_map(|outcome| What::Returned(Slip {
            arrived: None,
            done: None,
            left: None,
            outcome,
            reason: None,
            remark: "原因".into()
        })),
        Just(What::Returned(slip(Outcome::Passed))),
        answer.prop_map(|outcome| What::Answered { outcome, remark: "已说明".into() }),
        callback.prop_map(called),
        Just(What::Voided { reason: "重复".into() }),
        Just(What::Chased),
        Just(What::Joined),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_events_wakes_a_closed_order(
        kind in prop::sample::select(OrderKind::ALL.to_vec()),
        callback in any::<bool>(),
        events in prop::collection::vec((0i64..600, any_event()), 1..40),
    ) {
        let terms = Terms { callback, kind, outcomes: kind.outcomes().to_vec(), ..leak().terms };
        let mut order = Order::open(terms);
        let mut now = moment("20 09:02");
        for (minutes, what) in events {
            now += TimeDelta::minutes(minutes);
            let before = order.clone();
            let applied = order.apply(&Event { at: now, what: what.clone() }).is_ok();
            if !applied || before.state.is_closed() {
                prop_assert_eq!(&order, &before, "{:?}", what);
            }
            if applied && matches!(what, What::Returned(_)) {
                prop_assert_eq!(before.state, State::Underway);
            }
            if applied && matches!(what, What::Dispatched { .. }) {
                prop_assert!(before.state.is_dispatchable());
            }
            let open_pauses = order.pauses.iter().filter(|pause| pause.to.is_none()).count();
            prop_assert_eq!(open_pauses, usize::from(order.state == State::Paused));
            if order.state == State::Callback {
                prop_assert!(callback && order.milestones.contains_key(&Milestone::Done));
            }
            if order.state.is_closed() {
                prop_assert_eq!(order.next_due(Whose::Customer, now), None);
            }
        }
    }

    #[test]
    fn pauses_never_bring_a_deadline_nearer(
        pauses in prop::collection::vec((1i64..300, 1i64..300, any::<bool>()), 0..6),
    ) {
        let mut order = leak();
        let mut now = moment("20 09:02");
        let mut due = order.next_due(Whose::Customer, now).unwrap().due;
        for (wait, hold, customer) in pauses {
            now += TimeDelta::minutes(wait);
            let in_time = now <= due;
            let reason = if customer { PauseReason::Customer } else { PauseReason::Material };
            order.apply(&Event { at: now, what: What::Paused { reason } }).unwrap();
            now += TimeDelta::minutes(hold);
            order.apply(&Event { at: now, what: What::Resumed { dues: Vec::new() } }).unwrap();
            let moved = order.next_due(Whose::Customer, now).unwrap().due;
            let wanted = if customer && in_time { due + TimeDelta::minutes(hold) } else { due };
            prop_assert_eq!(moved, wanted);
            due = moved;
        }
    }
}
