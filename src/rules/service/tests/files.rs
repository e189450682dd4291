//! Faults a catalogue file can have, and a company's own files.

use super::*;

#[test]
fn a_file_with_mistakes_is_left_out_and_every_mistake_is_told_with_its_line() {
    let text = r#"
code = "Seal"
nane = "封表"
source = "本单位"
channels = ["窗口"]
account = "必须"
[[situation]]
key = "arrears"
label = "欠费"
[[paper]]
key = "id"
name = "身份证"
form = "扫描件"
when = "agnet"
[[refuse]]
when = "state=停用"
rule = "R-1"
say = "不行{feee}"
first = "demolish"
[[fee]]
key = "f"
name = "费"
amount = "5.005"
invoice = "发票"
free_when = "arrears"
proof = "proof"
[[field]]
key = "kind"
label = "类"
kind = "选项"
default = "丙"
choices = ["甲", "乙", "甲"]
[[clock]]
key = "c"
name = "修复"
whose = "用户"
ends = "完成"
days = 3
hours = 2
rule = "R-1"
[order]
kind = "换表"
outcomes = ["合格", "不合格"]
category = "sort"
"#;
    let (catalogue, faults) = Catalogue::load(&[("own.toml".into(), text.into())]);
    assert_eq!(catalogue, Catalogue::built_in());
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let begins = [
        "own.toml 第 1 行：缺少“name”，请补上",
        "own.toml 第 2 行：“code”只能用小写字母",
        "own.toml 第 3 行：不认识“nane”，可用的有：",
        "own.toml 第 5 行：“channels”不能是“窗口”，只能是：柜台、电话",
        "own.toml 第 8 行：情形“arrears”是程序已知的，不能另写，请改名",
        "own.toml 第 13 行：[[paper]]的“form”不能是“扫描件”，只能是：原件、复印件、填写、号码",
        "own.toml 第 14 行：不认识条件“agnet”，可用的有：",
        "own.toml 第 16 行：条件“state=停用”不对，只能是：未用、报装、装表、通气、封表、拆表",
        "own.toml 第 18 行：不认识空位“{feee}”，可用的有：",
        "own.toml 第 23 行：“amount”“5.005”小数多于 2 位，请改正",
        "own.toml 第 26 行：免收凭据“proof”不在要件里，请先写一节 [[paper]]",
        "own.toml 第 27 行：选项“甲”写了两次，请删去一处",
        "own.toml 第 31 行：“default”的“丙”不在“choices”里，请改正",
        "own.toml 第 33 行：[[clock]]须在 minutes、hours、days、working_days、same_day 中正好写一个",
        "own.toml 第 41 行：换表工单不能有“不合格”，只能是：合格、未完成、取消",
        "own.toml 第 44 行：类别栏目“sort”不存在，请先在 [[field]] 里写明",
    ];
    assert_eq!(told.len(), begins.len(), "{}", told.join("\n"));
    for (told, begins) in told.iter().zip(begins) {
        assert!(told.starts_with(begins), "{told}\n{begins}");
    }
}

#[test]
fn a_company_adds_a_business_and_replaces_one_without_touching_the_program() {
    let hose = r#"
code = "hose"
name = "换波纹管"
source = "营业厅工作流程标准 1.2.11"
utilities = ["gas"]
channels = ["柜台", "电话"]
account = "必须"
[[field]]
key = "length"
label = "长度（米）"
kind = "数字"
required = true
[[fee]]
key = "hose"
name = "波纹管"
amount = "未定"
invoice = "销售发票"
[[clock]]
key = "done"
name = "更换"
whose = "用户"
ends = "完成"
working_days = 5
rule = "R-148"
[[line]]
at = "承诺"
say = "受理后次日起{limit}内由专业人员上门给予更换，长度{field.length}米"
[order]
kind = "其它"
[[follow_up]]
on = "取消"
service = "consult"
"#;
    let seal = include_str!("../../../../assets/services/seal.toml").replace("working_days = 3", "working_days = 2");
    let (catalogue, faults) = Catalogue::load(&[("hose.toml".into(), hose.into()), ("a.toml".into(), seal)]);
    assert_eq!(faults, []);
    assert_eq!(catalogue.services().len(), 7);
    let case = case("gas", "2026-11-16 09:00").with("length", "1.5");
    let verdict = catalogue.get("hose").unwrap().judge(&case, &catalogue.common, &FiveDayWeek);
    assert_eq!(verdict.refusals[0].rule, "A-12");
    assert_eq!(verdict.promise.unwrap().due, moment("2026-11-23 23:59:59"));
    let seal = catalogue.get("seal").unwrap();
    assert_eq!(seal.clocks[0].term.span.spoken(), "2个工作日");
}

#[test]
fn a_reference_to_a_business_that_is_not_there_and_a_code_given_twice_are_told() {
    let seal = include_str!("../../../../assets/services/seal.toml");
    let unseal = include_str!("../../../../assets/services/unseal.toml").replace("\"transfer\"", "\"demolish\"");
    let own = [("a.toml", seal.to_owned()), ("b.toml", seal.to_owned()), ("c.toml", unseal)];
    let own: Vec<_> = own.into_iter().map(|(file, text)| (file.to_owned(), text)).collect();
    let told: Vec<String> = Catalogue::load(&own).1.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "b.toml 第 1 行：业务代码“seal”与 a.toml 重复，请改名或删去一个文件");
    assert!(told[1].starts_with("c.toml 第 49 行：业务“demolish”不存在"), "{}", told[1]);
}

#[test]
fn text_that_is_no_catalogue_at_all_is_told_and_never_panics() {
    for text in ["", "不是目录", "[[paper]", "code = \"\u{7}\"", "\u{feff}code = 1", "[order]\nkind = []\n[[clock]]\n"]
    {
        let (catalogue, faults) = Catalogue::load(&[("x.toml".into(), text.into())]);
        assert!(!faults.is_empty(), "{text:?}");
        assert_eq!(catalogue, Catalogue::built_in());
    }
}

proptest::proptest! {
    #[test]
    fn cutting_or_changing_a_catalogue_file_never_panics(at in 0usize..4000, byte in proptest::prelude::any::<char>()) {
        let text = include_str!("../../../../assets/services/complaint.toml");
        let mut cut: String = text.chars().take(at).collect();
        cut.push(byte);
        cut.extend(text.chars().skip(at + 1));
        Catalogue::load(&[("x.toml".into(), cut)]);
    }
}

#[test]
fn the_example_of_the_manual_is_a_sound_file() {
    let manual = include_str!("../../../../docs/services.md");
    let example = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (catalogue, faults) = Catalogue::load(&[("hose.toml".into(), example.into())]);
    assert_eq!(faults, []);
    assert_eq!(catalogue.get("换波纹管").unwrap().code, "hose");
}

#[test]
fn the_manual_names_every_known_fact_and_every_gap() {
    let manual = include_str!("../../../../docs/services.md");
    for (fact, _) in crate::rules::service::KNOWN_FACTS {
        assert!(manual.contains(&format!("`{fact}`")), "{fact}");
    }
    for (gap, _) in crate::rules::speech::GAPS {
        assert!(manual.contains(&format!("`{{{gap}}}`")), "{gap}");
    }
}
