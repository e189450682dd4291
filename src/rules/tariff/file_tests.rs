use super::*;

/// A file with everything in it.
const WHOLE: &str = r#"code = "ALL"
name = "样例"
utility = "power"
unit = "kWh"
class = "resident"
valid_from = 2014-05-01
valid_to = 2030-12-31
document = "文号"
cycle = "month"
round = "line"

[[component]]
key = "energy"
name = "电费"
steps = [ { upto = "240", price = "0.4883" }, { upto = "400", price = "0.5383" }, { price = "0.7883" } ]

[[component]]
key = "fund"
name = "基金"
steps = [ { price = "0.02" } ]

[people]
over = 5
add = "30"
mode = "once"
steps = [1, 2]

[[season]]
months = [5, 6]
steps.energy = [ { upto = "260", price = "0.66286875" }, { upto = "600", price = "0.71286875" }, { price = "0.96286875" } ]

[registers]
component = "energy"
peak = { add = "0" }
valley = { add = ["-0.31", "-0.34", "-0.34"] }

[late_fee]
due_days = 15
rate = "0.003"
step = "0.5"
round = "down"
minimum = "0"
next_year_rate = "0.002"
cap = "principal"
own_waiver = "20.00"
"#;

#[test]
fn a_whole_file_is_read() {
    let tariff = read("all.toml", WHOLE).unwrap();
    assert_eq!((tariff.components.len(), tariff.seasons.len(), tariff.prorate), (2, 1, false));
    let registers = tariff.registers.as_ref().unwrap();
    assert_eq!(registers.list.iter().map(|register| register.name.as_str()).collect::<Vec<_>>(), ["peak", "valley"]);
    assert_eq!(tariff.steps_in(0, 5)[0].price.to_string(), "0.66286875");
    assert_eq!(tariff.steps_in(0, 7)[0].price.to_string(), "0.4883");
    assert_eq!(tariff.steps_in(1, 5)[0].price.to_string(), "0.02");
    let late = tariff.late_fee.unwrap();
    assert!(late.cap_principal && !late.half_up && late.next_year_rate.is_some());
}

#[test]
fn registers_keep_the_order_of_the_file() {
    let text = WHOLE.replace("peak = { add = \"0\" }\nvalley", "flat = { add = \"0\" }\na_valley");
    let tariff = read("all.toml", &text).unwrap();
    let names: Vec<_> = tariff.registers.unwrap().list.into_iter().map(|register| register.name).collect();
    assert_eq!(names, ["flat", "a_valley"]);
}

/// What is changed in the whole file, the line the fault must name, and words it must hold.
const FAULTS: &[(&str, &str, usize, &str)] = &[
    ("code = \"ALL\"\n", "", 1, "缺少 code"),
    ("document = \"文号\"\n", "", 1, "缺少 document"),
    ("document = \"文号\"", "document = \"  \"", 8, "document"),
    ("cycle = \"month\"", "cycle = \"week\"", 9, "只能是 \"year\"、\"month\""),
    ("cycle = \"month\"", "cycle = \"year\"", 28, "[[season]]"),
    ("utility = \"power\"", "utility = \"steam\"", 3, "utility"),
    ("round = \"line\"", "round = \"up\"", 10, "round"),
    ("round = \"line\"", "rounding = \"line\"", 10, "不认识的键 rounding"),
    ("valid_from = 2014-05-01", "valid_from = 2014-13-01", 6, "TOML"),
    ("valid_from = 2014-05-01", "valid_from = 20140501", 6, "应为日期"),
    ("valid_from = 2014-05-01", "valid_from = 2014-05-01T00:00:00", 6, "应为日期"),
    ("valid_to = 2030-12-31", "valid_to = 2013-12-31", 7, "早于"),
    ("price = \"0.4883\"", "price = 0.4883", 15, "裸数字"),
    ("price = \"0.4883\"", "price = 1", 15, "裸数字"),
    ("price = \"0.4883\"", "price = \"-0.4883\"", 15, "负数"),
    ("price = \"0.4883\"", "price = \"0,4883\"", 15, "不是数字"),
    ("price = \"0.4883\"", "price = \"1e2\"", 15, "不是数字"),
    ("price = \"0.4883\"", "prices = \"0.4883\"", 15, "不认识的键 component.steps.prices"),
    ("upto = \"400\"", "upto = \"240\"", 15, "应大于240"),
    ("{ upto = \"400\", price = \"0.5383\" }", "{ price = \"0.5383\" }", 15, "没有 upto"),
    ("upto = \"240\", price", "upto = \"0\", price", 15, "应大于0"),
    ("key = \"fund\"", "key = \"energy\"", 17, "重复"),
    ("steps = [ { price = \"0.02\" } ]", "steps = []", 20, "应有1至"),
    ("over = 5", "over = \"5\"", 23, "整数"),
    ("over = 5", "over = -1", 23, "整数"),
    ("add = \"30\"", "add = 30", 24, "裸数字"),
    ("mode = \"once\"", "mode = \"twice\"", 25, "per_head"),
    ("steps = [1, 2]", "steps = [3]", 26, "1至2"),
    ("steps = [1, 2]", "steps = [0]", 26, "1至2"),
    ("steps = [1, 2]", "step = [1]", 26, "不认识的键 people.step"),
    ("months = [5, 6]", "months = [5, 13]", 29, "1至12"),
    ("months = [5, 6]", "months = [5, 5]", 29, "重复"),
    ("steps.energy = [ { upto = \"260\"", "steps.power = [ { upto = \"260\"", 30, "没有对应的"),
    ("component = \"energy\"\n", "", 32, "须写明 component"),
    ("component = \"energy\"\n", "component = \"gas\"\n", 33, "没有对应的"),
    ("[\"-0.31\", \"-0.34\", \"-0.34\"]", "[\"-0.31\", \"-0.34\"]", 35, "与各档数目一致"),
    ("[\"-0.31\", \"-0.34\", \"-0.34\"]", "\"-0.5\"", 35, "低于0"),
    ("valley = { add =", "valley = { sub =", 35, "缺少 registers.valley.add"),
    ("peak = { add = \"0\" }", "peak = \"0\"", 34, "应为一张表"),
    ("due_days = 15", "due_days = 1.5", 38, "整数"),
    ("rate = \"0.003\"\nstep", "rate = \"3\"\nstep", 39, "不能大于1"),
    ("step = \"0.5\"", "step = \"0\"", 40, "应大于0"),
    ("step = \"0.5\"", "step = \"0.005\"", 40, "小数多于2位"),
    ("round = \"down\"", "round = \"up\"", 41, "half_up"),
    ("cap = \"principal\"", "cap = \"total\"", 44, "principal"),
    ("own_waiver = \"20.00\"", "own_waver = \"20.00\"", 45, "不认识的键 late_fee.own_waver"),
    ("[late_fee]", "[prorate]\nby = \"month\"\n[late_fee]", 37, "[prorate]"),
    ("[late_fee]", "[prorate]\nby = \"day\"\n[late_fee]", 38, "prorate.by"),
    ("[late_fee]", "[demand]\nprice = \"1\"\n[late_fee]", 37, "不认识的键 demand"),
    ("name = \"样例\"\n", "name = \"样例\n", 2, "TOML"),
];

#[test]
fn every_mistake_is_named_with_its_line() {
    for (good, bad, line, words) in FAULTS {
        assert!(WHOLE.contains(good), "{good}");
        let faults = read("f.toml", &WHOLE.replacen(good, bad, 1)).expect_err(bad);
        let named = faults.iter().any(|fault| fault.line == *line && fault.message.contains(words));
        assert!(named, "{bad}: {faults:?}");
        assert!(faults.iter().all(|fault| fault.file == "f.toml"));
    }
}

#[test]
fn seasons_may_not_share_a_month() {
    let more = "[[season]]\nmonths = [6]\nsteps.energy = [ { upto = \"1\", price = \"1\" }, { upto = \"2\", price = \"1\" }, { price = \"1\" } ]\n[late_fee]";
    let faults = read("f.toml", &WHOLE.replacen("[late_fee]", more, 1)).unwrap_err();
    assert!(faults.iter().any(|fault| fault.message.contains("6月已在另一个季节")), "{faults:?}");
}

#[test]
fn a_short_file_takes_the_defaults() {
    let text = "code = \"A\"\nname = \"n\"\nutility = \"gas\"\nunit = \"m3\"\nclass = \"c\"\nvalid_from = 2020-01-01\n\
                document = \"d\"\ncycle = \"year\"\n[[component]]\nkey = \"g\"\nname = \"气费\"\nsteps = [ { price = \"3\" } ]\n";
    let tariff = read("a.toml", text).unwrap();
    assert_eq!((tariff.round, tariff.valid_to, tariff.late_fee), (Round::Bill, None, None));
    assert!(read("a.toml", "").is_err());
    assert!(read("a.toml", &"x".repeat(2 << 20)).is_err());
}

#[test]
fn people_may_widen_a_bound_that_only_a_season_has() {
    let more = WHOLE.replace(
        "{ upto = \"600\", price = \"0.71286875\" }",
        "{ upto = \"600\", price = \"0.71286875\" }, { upto = \"900\", price = \"0.8\" }",
    );
    let more = more.replace("steps = [1, 2]", "steps = [3]").replace("[\"-0.31\", \"-0.34\", \"-0.34\"]", "\"-0.31\"");
    let tariff = read("f.toml", &more).unwrap();
    assert_eq!((tariff.widened_by(Some(6), 2), tariff.widened_by(Some(6), 1)), ("30".parse().unwrap(), Decimal::ZERO));
    let faults = read("f.toml", &more.replace("steps = [3]", "steps = [4]")).unwrap_err();
    assert!(faults[0].message.contains("1至3"), "{faults:?}");
}
