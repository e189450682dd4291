//! A table for every business that comes with the program.

use super::*;
use crate::rules::money::Fen;
use crate::rules::order::{Milestone, OrderKind, Span, Whose};
use crate::rules::service::{Service, Urgency};

#[test]
fn the_built_in_catalogue_is_sound_and_whole() {
    let catalogue = catalogue();
    let codes: Vec<&str> = catalogue.services().iter().map(|service| service.code.as_str()).collect();
    assert_eq!(codes, ["fault", "unseal", "seal", "transfer", "complaint", "consult"]);
    assert_eq!(catalogue.get("启封").unwrap().code, "unseal");
    assert_eq!(catalogue.common.window_minutes, 20);
}

#[test]
fn papers_differ_for_the_owner_an_agent_and_kin() {
    let gas = case("gas", "2026-11-21 09:00");
    let water = case("water", "2026-11-21 09:00");
    for (service, case, wanted) in [
        ("unseal", gas.clone(), &["owner_id", "application"][..]),
        ("unseal", gas.clone().ticked(&["agent"]), &["principal_id", "agent_id", "application"]),
        ("seal", gas.clone(), &[]),
        ("seal", gas.clone().ticked(&["agent"]), &["agent_id"]),
        (
            "transfer",
            gas.clone(),
            &["invoice", "title_proof", "owner_id", "bank_card", "application", "debit_authorisation"],
        ),
        (
            "transfer",
            gas.clone().ticked(&["agent", "invoice_lost", "other_card_holder", "kin"]),
            &[
                "invoice_lost_statement",
                "title_proof",
                "owner_id",
                "agent_id",
                "bank_card",
                "card_holder_id",
                "kin_proof",
                "application",
                "debit_authorisation",
            ],
        ),
        ("transfer", water.clone(), &["title_proof", "owner_id"]),
        ("transfer", water.ticked(&["debit"]), &["title_proof", "owner_id", "bank_card", "debit_authorisation"]),
        ("fault", gas.clone(), &[]),
        ("complaint", gas.clone(), &[]),
        ("consult", gas, &[]),
    ] {
        assert_eq!(papers(service, &case), wanted, "{service}");
    }
}

#[test]
fn a_transfer_costs_five_yuan_and_nothing_between_kin_with_proof() {
    let base = case("water", "2026-11-21 09:00").with("new_name", "李四").showing(&["title_proof", "owner_id"]);
    let fee = |case: &Case| judge("transfer", case, |v| (v.is_accepted(), v.total(), v.charges[0].invoice.clone()));
    assert_eq!(fee(&base), (true, Fen(500), "定额（过户费）发票".into()));
    let kin = base.clone().ticked(&["kin"]);
    assert_eq!(fee(&kin), (false, Fen(500), "定额（过户费）发票".into()));
    assert_eq!(fee(&kin.clone().showing(&["kin_proof"])), (true, Fen(0), "定额（过户费）发票".into()));
    assert_eq!(spoken("transfer", &base, TalkStep::Fee), ["收你5元"]);
    assert_eq!(spoken("transfer", &kin.showing(&["kin_proof"]), TalkStep::Fee), ["直系亲属过户凭有效证明免收过户费"]);
}

#[test]
fn arrears_stop_seal_unseal_and_transfer_with_the_words_of_the_paper() {
    let owing = case("gas", "2026-11-21 09:00").knowing("arrears");
    for (service, state, wanted) in [
        ("seal", MeterState::Supplied, "R-136 你还有欠费未缴，须先缴清欠费方可给予受理封表业务"),
        ("unseal", MeterState::Sealed, "R-138 你还有欠费未缴，须先缴清欠费方可给予受理启封业务"),
        ("transfer", MeterState::Supplied, "R-122 你还有欠费未缴，须先缴清欠费方可给予受理过户业务"),
    ] {
        assert!(messages(service, &owing.clone().in_state(state)).iter().any(|said| said == wanted), "{service}");
    }
    assert_eq!(messages("fault", &owing.with("kind", "漏气")), Vec::<String>::new());
}

#[test]
fn a_transfer_comes_first_when_the_owner_changed() {
    let case = case("gas", "2026-11-21 09:00").in_state(MeterState::Sealed).ticked(&["owner_changed"]);
    judge("unseal", &case, |verdict| {
        assert_eq!(verdict.first, Some("transfer"));
        assert_eq!(verdict.refusals[0].message, "存在过户的，需先办理过户手续后，再予以启封");
    });
}

#[test]
fn only_a_supplied_meter_is_sealed_and_only_a_sealed_or_removed_one_unsealed() {
    for state in MeterState::ALL {
        let base = case("gas", "2026-11-21 09:00").in_state(state);
        let seal = base.clone().with("reason", "长期无人居住");
        let unseal = base.showing(&["owner_id", "application"]);
        assert_eq!(messages("seal", &seal).is_empty(), state == MeterState::Supplied, "{state:?}");
        let sealed = matches!(state, MeterState::Sealed | MeterState::Removed);
        assert_eq!(messages("unseal", &unseal).is_empty(), sealed, "{state:?}");
    }
}

#[test]
fn missing_papers_are_all_named_and_the_customer_is_told_where_to_bring_them() {
    let base = case("gas", "2026-11-21 09:00").in_state(MeterState::Sealed).ticked(&["agent"]).showing(&["agent_id"]);
    assert_eq!(messages("unseal", &base), ["R-087 还缺委托人身份证（复印件）、启封申请表（填写），请用户带齐后再办理"]);
    assert!(spoken("unseal", &base, TalkStep::Missing)[0].starts_with("请带齐资料后，可到公司各营业厅办理"));
}

#[test]
fn an_unseal_is_promised_over_the_holidays_and_spoken_with_its_days() {
    let case = case("gas", "2026-09-29 16:00").in_state(MeterState::Sealed).showing(&["owner_id", "application"]);
    judge("unseal", &case, |verdict| {
        let promise = verdict.promise.clone().unwrap();
        // Wednesday 30 September, then Monday and Tuesday after the holiday and the weekend.
        assert_eq!(promise.due, moment("2026-10-06 23:59:59"));
        let terms = verdict.terms.clone().unwrap();
        assert_eq!((terms.kind, terms.meter_state), (OrderKind::Unseal, Some(MeterState::Supplied)));
    });
    assert_eq!(
        spoken("unseal", &case, TalkStep::Promise),
        ["办理启封手续后，自次日起3个工作日内由专业人员上门给予启封完毕（特殊情况除外）"]
    );
}

#[test]
fn promises_follow_the_state_councils_calendar() {
    let calendar = crate::rules::calendar::Calendar::builtin();
    let catalogue = catalogue();
    let seal = catalogue.get("seal").unwrap();
    for (told, due) in [
        ("2026-02-12 10:00", "2026-02-24"), // 13 and 14 (worked in exchange) February, then after Spring Festival
        ("2026-09-29 16:00", "2026-10-09"), // 30 September, then 8 and 9 October
        ("2026-11-20 17:59", "2026-11-25"),
    ] {
        let case = case("gas", told).in_state(MeterState::Supplied).with("reason", "外出");
        let verdict = seal.judge(&case, &catalogue.common, &calendar);
        let promise = verdict.promise.map(|promise| moment::day(promise.due).to_string());
        assert_eq!(promise.as_deref(), Some(due), "{told} {:?}", verdict.refusals);
    }
    let late = case("gas", "2026-12-30 16:00").in_state(MeterState::Supplied).with("reason", "外出");
    let verdict = seal.judge(&late, &catalogue.common, &calendar);
    assert_eq!(verdict.refusals.len(), 1);
    assert!(verdict.refusals[0].message.contains("2027"), "{}", verdict.refusals[0]);
}

#[test]
fn a_calendar_that_ends_before_the_promise_is_refused_until_a_date_is_agreed() {
    let late = case("gas", "2026-12-30 16:00").in_state(MeterState::Supplied).with("reason", "外出");
    assert_eq!(messages("seal", &late), ["A-09 日历只到2026年"]);
    let agreed = Case { agreed: Some(moment("2027-01-05 10:00")), ..late };
    judge("seal", &agreed, |verdict| {
        assert!(verdict.is_accepted(), "{:?}", verdict.refusals);
        assert_eq!(verdict.urgency, Urgency::Agreed);
        assert_eq!(verdict.promise.clone().unwrap().due, moment("2027-01-05 10:00"));
    });
    assert_eq!(spoken("seal", &agreed, TalkStep::Promise), ["按照约定1月5日上门，到时会与你电话联系的"]);
}

#[test]
fn a_leak_is_urgent_and_its_arrival_depends_on_the_area() {
    for (area, due) in [("城区", "10:10"), ("农村", "10:55"), ("特殊边远", "11:25")] {
        let case = case("water", "2026-11-21 09:25").with("kind", "漏水").with("area", area);
        judge("fault", &case, |verdict| {
            assert!(verdict.is_accepted(), "{:?}", verdict.refusals);
            assert_eq!(verdict.promise.clone().unwrap().due, moment(&format!("2026-11-21 {due}")), "{area}");
            assert_eq!((verdict.urgency, verdict.category.as_str()), (Urgency::Urgent, "漏水"));
            assert!(verdict.terms.as_ref().unwrap().callback);
        });
    }
    let typed_late =
        Case { typed: moment("2026-11-21 12:00"), ..case("water", "2026-11-21 09:25").with("kind", "漏水") };
    judge("fault", &typed_late, |verdict| {
        assert_eq!(verdict.promise.clone().unwrap().due, moment("2026-11-21 10:10"), "counted from the report");
    });
    assert_eq!(
        spoken("fault", &typed_late, TalkStep::Promise),
        ["抢修人员自接到报修之时起45分钟内到达现场，最迟11月21日10点10分"]
    );
}

#[test]
fn a_fault_inside_the_customers_premises_makes_no_order_except_for_gas() {
    let inside = |utility, kind| case(utility, "2026-11-21 09:25").ticked(&["inside"]).with("kind", kind);
    for (utility, kind, order) in [("water", "漏水", false), ("power", "停电", false), ("gas", "漏气", true)] {
        judge("fault", &inside(utility, kind), |verdict| {
            assert!(verdict.is_accepted(), "{:?}", verdict.refusals);
            assert_eq!(verdict.terms.is_some(), order, "{utility}");
        });
        let told = spoken("fault", &inside(utility, kind), TalkStep::Tell);
        assert_eq!(told.iter().any(|said| said.contains("用户内部故障")), !order, "{utility}");
    }
}

#[test]
fn a_gas_fault_has_two_clocks_beside_the_arrival() {
    let case = case("gas", "2026-11-21 09:25").with("kind", "停气");
    judge("fault", &case, |verdict| {
        let clocks = &verdict.terms.as_ref().unwrap().clocks;
        let customer = clocks.iter().filter(|clock| clock.whose == Whose::Customer);
        let dues: Vec<_> = customer.map(|clock| (clock.key.as_str(), clock.due.unwrap())).collect();
        assert_eq!(
            dues,
            [
                ("arrive", moment("2026-11-21 10:10")),
                ("handle", moment("2026-11-21 15:25")),
                ("repair", moment("2026-11-22 09:25")),
            ]
        );
    });
}

#[test]
fn a_fault_of_another_utility_cannot_be_chosen() {
    let case = case("water", "2026-11-21 09:25").with("kind", "漏气");
    assert_eq!(
        messages("fault", &case),
        ["R-086 故障类别“漏气”不对，应为其中之一：漏水、停水、水压不足、水质、表故障、设施损坏、其它"]
    );
}

#[test]
fn a_complaint_is_answered_in_five_days_by_the_profile_that_ships() {
    let case = case("water", "2026-11-21 09:25").with("course", "抄表员态度不好");
    judge("complaint", &case, |verdict| {
        assert!(verdict.is_accepted(), "{:?}", verdict.refusals);
        assert_eq!(verdict.promise.clone().unwrap().due, moment("2026-11-26 23:59:59"));
        let terms = verdict.terms.as_ref().unwrap();
        assert_eq!((terms.kind, terms.callback), (OrderKind::Complaint, true));
        assert_eq!(terms.clocks[0].ends, Milestone::Answered);
    });
}

#[test]
fn the_other_profiles_of_a_complaint_count_as_their_papers_say() {
    let text = include_str!("../../../../assets/services/complaint.toml");
    for (profile, class, wanted) in [
        ("五个工作日", None, &[("answer", "2026-11-27 23:59:59")][..]),
        ("二十四小时", None, &[("answer", "2026-11-21 09:25")]),
        ("分级", Some("重大"), &[("answer", "2026-11-22 23:59:59"), ("solve", "2026-11-30 23:59:59")]),
        ("分级", Some("重要"), &[("solve", "2026-11-23 23:59:59")]),
        ("分级", Some("轻微"), &[("solve", "2026-11-22 23:59:59")]),
    ] {
        let own = text.replace("profile  = \"五天\"", &format!("profile = \"{profile}\""));
        let (catalogue, faults) = Catalogue::load(&[("complaint.toml".into(), own)]);
        assert_eq!(faults, []);
        let mut case = case("water", "2026-11-20 09:25").with("course", "停水两天没有通知");
        if let Some(class) = class {
            case = case.with("class", class);
        }
        let verdict = catalogue.get("complaint").unwrap().judge(&case, &catalogue.common, &FiveDayWeek);
        assert!(verdict.is_accepted(), "{profile} {:?}", verdict.refusals);
        let terms = verdict.terms.unwrap();
        let customer = terms.clocks.iter().filter(|clock| clock.whose == Whose::Customer);
        let dues: Vec<_> = customer.map(|clock| (clock.key.as_str(), clock.due.unwrap())).collect();
        let wanted: Vec<_> = wanted.iter().map(|(key, due)| (*key, moment(due))).collect();
        assert_eq!(dues, wanted, "{profile} {class:?}");
    }
}

/// Clocks of the step: key, start, length.
fn inner(service: &Service, case: &Case) -> Vec<(String, Milestone, Span)> {
    let verdict = service.judge(case, &catalogue().common, &FiveDayWeek);
    assert!(verdict.is_accepted(), "{:?}", verdict.refusals);
    let clocks = verdict.terms.unwrap().clocks.into_iter().filter(|clock| clock.whose == Whose::Step);
    clocks.map(|clock| (clock.key, clock.from, clock.span)).collect()
}

#[test]
fn a_fault_is_passed_on_in_five_minutes_and_called_back_within_two_days_or_three_after_a_leak() {
    let catalogue = catalogue();
    let fault = catalogue.get("fault").unwrap();
    let at_desk = case("water", "2026-11-21 09:25");
    let by_phone = at_desk.clone().knowing("phone");
    let callback = |days| ("callback".to_owned(), Milestone::Done, Span::Days(days));
    let pass_on = ("pass_on".to_owned(), Milestone::Told, Span::Minutes(5));
    assert_eq!(inner(fault, &by_phone.clone().with("kind", "停水")), [pass_on.clone(), callback(2)]);
    assert_eq!(inner(fault, &by_phone.with("kind", "漏水")), [pass_on, callback(3)]);
    assert_eq!(inner(fault, &at_desk.with("kind", "表故障")), [callback(2)]);
}

#[test]
fn a_graded_complaint_is_handed_over_the_same_day_or_within_the_hour_and_damage_is_stopped_first() {
    let own = include_str!("../../../../assets/services/complaint.toml");
    let own = own.replace("profile  = \"五天\"", "profile = \"分级\"");
    let (catalogue, faults) = Catalogue::load(&[("complaint.toml".into(), own)]);
    assert_eq!(faults, []);
    let complaint = catalogue.get("complaint").unwrap();
    let told = case("water", "2026-11-20 09:25").with("course", "水管爆裂没人管").with("place", "人民路");
    let report = ("report".to_owned(), Milestone::Done, Span::SameDay);
    for (class, hand_over) in [("重大", Some(Span::SameDay)), ("重要", Some(Span::Hours(1))), ("轻微", None)] {
        let hand_over = hand_over.map(|span| ("hand_over".to_owned(), Milestone::Told, span));
        let wanted: Vec<_> = hand_over.into_iter().chain([report.clone()]).collect();
        assert_eq!(inner(complaint, &told.clone().with("class", class)), wanted, "{class}");
    }
    let damage = told.ticked(&["damage"]);
    judge("complaint", &damage, |verdict| assert_eq!(verdict.urgency, Urgency::Urgent));
    assert!(spoken("complaint", &damage, TalkStep::Remind)[0].contains("先立即采取措施停止或挽救伤害"));
}

#[test]
fn a_question_answered_at_once_makes_no_order_and_one_passed_on_does() {
    let asked = case("water", "2026-11-21 09:25").with("question", "水价多少");
    judge("consult", &asked, |verdict| assert_eq!(verdict.terms.as_ref().unwrap().kind, OrderKind::Consult));
    let answered = asked.clone().ticked(&["answered"]);
    assert_eq!(messages("consult", &answered), ["R-086 请填写答复内容"]);
    judge("consult", &answered.with("answer", "每立方米5元"), |verdict| {
        assert!(verdict.is_accepted());
        assert_eq!(verdict.terms, None);
    });
    let agreed = Case { agreed: Some(moment("2026-11-22 17:00")), ..asked };
    judge("consult", &agreed, |verdict| assert_eq!(verdict.promise.clone().unwrap().due, moment("2026-11-22 17:00")));
}

#[test]
fn times_out_of_order_and_unknown_names_are_all_told_at_once() {
    let case = Case {
        happened: Some(moment("2026-11-21 09:30")),
        typed: moment("2026-11-21 09:20"),
        agreed: Some(moment("2026-11-20 09:00")),
        ..case("water", "2026-11-21 09:25").with("kind", "漏水").with("colour", "红").ticked(&["x"]).showing(&["y"])
    };
    assert_eq!(
        messages("fault", &case),
        [
            "input 报修业务没有栏目“colour”，请删去",
            "input 报修业务没有情形“x”，请删去",
            "input 报修业务没有要件“y”，请删去",
            "input 接报时间晚于现在，请核对",
            "input 发生时间晚于接报时间，请核对",
            "A-09 约定时间早于接报时间，请核对",
        ]
    );
}
