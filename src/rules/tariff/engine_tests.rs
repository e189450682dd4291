use super::super::model::Register;
use super::*;
use proptest::prelude::*;

const HEAD: &str = "name = \"样例\"\nutility = \"water\"\nunit = \"m3\"\nclass = \"resident\"\ndocument = \"文号\"\n";

/// A tariff file: code, first day, cycle, and the rest as TOML.
fn file(code: &str, from: &str, cycle: &str, rest: &str) -> String {
    format!("code = \"{code}\"\nvalid_from = {from}\ncycle = \"{cycle}\"\n{HEAD}{rest}\n")
}

fn one(key: &str, steps: &str) -> String {
    format!("[[component]]\nkey = \"{key}\"\nname = \"{key}\"\nsteps = [ {steps} ]\n")
}

const THREE: &str = "{ upto = \"100\", price = \"1\" }, { upto = \"200\", price = \"2\" }, { price = \"3\" }";

fn book(files: &[String]) -> PriceBook {
    let named: Vec<(String, &str)> =
        files.iter().enumerate().map(|(place, text)| (format!("{place}.toml"), text.as_str())).collect();
    let book = PriceBook::read(named.iter().map(|(name, text)| (name.as_str(), *text)));
    assert!(book.faults().is_empty(), "{:?}", book.faults());
    book
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What a test says of a case; the rest is empty.
#[derive(Clone)]
struct Ask {
    mix: Vec<(&'static str, &'static str)>,
    usage: &'static str,
    before: &'static str,
    from: &'static str,
    to: &'static str,
    people: Option<u32>,
    months: Option<u32>,
    cycles: Option<u32>,
    registers: Option<Vec<(&'static str, &'static str)>>,
}

fn ask(code: &'static str, usage: &'static str) -> Ask {
    Ask {
        mix: vec![(code, "1")],
        usage,
        before: "0",
        from: "2026-09-01",
        to: "2026-10-31",
        people: None,
        months: None,
        cycles: None,
        registers: None,
    }
}

impl Ask {
    fn with<T>(&self, book: &PriceBook, see: impl FnOnce(Result<Bill<'_>, Fault>) -> T) -> T {
        let shares: Vec<Share<'_>> =
            self.mix.iter().map(|(tariff, ratio)| Share { tariff, ratio: dec(ratio) }).collect();
        let registers: Option<Vec<(&str, Decimal)>> =
            self.registers.as_ref().map(|list| list.iter().map(|(name, used)| (*name, dec(used))).collect());
        let case = Case {
            shares: &shares,
            usage: dec(self.usage),
            used_before: dec(self.before),
            from: day(self.from),
            to: day(self.to),
            people: self.people,
            months: self.months,
            cycles: self.cycles,
            registers: registers.as_deref(),
        };
        see(rate(book, &case))
    }

    /// The bill as text: `total = component/step quantity×price=amount …`.
    fn bill(&self, book: &PriceBook) -> String {
        self.with(book, |answer| match answer {
            Err(fault) => format!("拒绝 {}：{}", fault.rule, fault.message),
            Ok(bill) => {
                assert_eq!(bill.total, bill.lines.iter().map(|line| line.amount).sum(), "lines add up");
                let lines = bill.lines.iter().map(|line| {
                    let register = line.register_name().map(|name| format!(":{name}")).unwrap_or_default();
                    let (key, step, amount) = (line.component_key(), line.step, line.amount);
                    format!(" {key}/{step}{register} {}×{}={amount}", line.quantity, line.price)
                });
                format!("{} ={}", bill.total, lines.collect::<String>())
            }
        })
    }
}

#[test]
fn bounds_are_inclusive_and_the_steps_go_on_from_where_they_stand() {
    let book = book(&[file("A", "2020-01-01", "year", &one("w", THREE))]);
    let table = [
        ("100", "0", "100.00 = w/1 100×1=100.00"),
        ("101", "0", "102.00 = w/1 100×1=100.00 w/2 1×2=2.00"),
        ("20", "100", "40.00 = w/2 20×2=40.00"),
        ("20", "90", "30.00 = w/1 10×1=10.00 w/2 10×2=20.00"),
        ("1", "200", "3.00 = w/3 1×3=3.00"),
        ("300", "0", "600.00 = w/1 100×1=100.00 w/2 100×2=200.00 w/3 100×3=300.00"),
        ("0", "50", "0.00 ="),
        ("0.5", "99.75", "0.75 = w/1 0.25×1=0.25 w/2 0.25×2=0.50"),
    ];
    for (usage, before, wanted) in table {
        assert_eq!(Ask { before, ..ask("A", usage) }.bill(&book), wanted);
    }
}

#[test]
fn the_beijing_household_of_the_published_example_pays_what_the_page_says() {
    let book = super::super::builtin::price_book();
    let bill = Ask { before: "170", ..ask("BJ-WATER-RES-2014", "20") }.bill(&book);
    assert!(bill.starts_with("120.00 = water/1 10×2.07=20.70 water/2 10×4.07=40.70 resource/1 20×1.57"), "{bill}");
    let bill = Ask { from: "2026-10-01", ..ask("SCHOOL-BOOK-WATER", "25") }.bill(&book);
    assert_eq!(bill, "73.25 = water/1 20×1.8=36.00 water/2 5×2.7=13.50 sewage/1 25×0.95=23.75");
}

#[test]
fn people_widen_per_head_once_or_some_bounds() {
    let steps = one("w", THREE);
    let people = |more: &str| format!("{steps}[people]\nover = 5\nadd = \"30\"\n{more}");
    let book = book(&[
        file("HEAD", "2020-01-01", "year", &people("")),
        file("ONCE", "2020-01-01", "year", &people("mode = \"once\"")),
        file("FIRST", "2020-01-01", "year", &people("mode = \"per_head\"\nsteps = [1]")),
        file("MONTH", "2020-01-01", "month", &people("")),
    ]);
    let table = [
        ("HEAD", 5, "200.00 = w/1 100×1=100.00 w/2 50×2=100.00"),
        ("HEAD", 6, "170.00 = w/1 130×1=130.00 w/2 20×2=40.00"),
        ("HEAD", 7, "150.00 = w/1 150×1=150.00"),
        ("ONCE", 9, "170.00 = w/1 130×1=130.00 w/2 20×2=40.00"),
        ("FIRST", 6, "170.00 = w/1 130×1=130.00 w/2 20×2=40.00"),
        ("MONTH", 6, "150.00 = w/1 150×1=150.00"),
    ];
    for (code, people, wanted) in table {
        assert_eq!(Ask { people: Some(people), ..ask(code, "150") }.bill(&book), wanted, "{code} {people}");
    }
    // widened first, then × cycles: (100 + 30) × 2 = 260
    let bill = Ask { people: Some(6), ..ask("MONTH", "261") }.bill(&book);
    assert_eq!(bill, "262.00 = w/1 260×1=260.00 w/2 1×2=2.00");
    // only bound 1 widened, beyond bound 2: the second step is empty, not negative
    let bill = Ask { people: Some(10), ..ask("FIRST", "260") }.bill(&book);
    assert_eq!(bill, "280.00 = w/1 250×1=250.00 w/3 10×3=30.00");
    assert_eq!(ask("HEAD", "150").bill(&book), "200.00 = w/1 100×1=100.00 w/2 50×2=100.00");
}

#[test]
fn a_monthly_cycle_has_its_bounds_once_a_month_and_no_new_year() {
    let book = book(&[file("M", "2020-01-01", "month", &one("w", THREE))]);
    for (from, to, cycles, wanted) in [
        ("2026-09-01", "2026-09-30", None, "450.00 = w/1 100×1=100.00 w/2 100×2=200.00 w/3 50×3=150.00"),
        ("2026-09-01", "2026-10-31", None, "300.00 = w/1 200×1=200.00 w/2 50×2=100.00"),
        ("2026-12-01", "2027-01-31", None, "300.00 = w/1 200×1=200.00 w/2 50×2=100.00"),
        ("2026-09-01", "2026-09-30", Some(2), "300.00 = w/1 200×1=200.00 w/2 50×2=100.00"),
        ("2026-09-01", "2026-09-05", None, "450.00 = w/1 100×1=100.00 w/2 100×2=200.00 w/3 50×3=150.00"),
    ] {
        assert_eq!(Ask { from, to, cycles, ..ask("M", "250") }.bill(&book), wanted, "{from} {to}");
    }
}

#[test]
fn the_season_is_that_of_the_month_of_the_last_day() {
    let rest = one("w", THREE)
        + "[[season]]\nmonths = [5, 6]\nsteps.w = [ { upto = \"150\", price = \"1\" }, { price = \"5\" } ]\n";
    let book = book(&[file("S", "2020-01-01", "month", &rest)]);
    for (from, to, wanted) in [
        ("2026-04-16", "2026-05-15", "200.00 = w/1 150×1=150.00 w/2 10×5=50.00"),
        ("2026-06-16", "2026-07-15", "220.00 = w/1 100×1=100.00 w/2 60×2=120.00"),
    ] {
        assert_eq!(Ask { from, to, ..ask("S", "160") }.bill(&book), wanted, "{to}");
    }
}

#[test]
fn registers_share_each_step_in_proportion() {
    let rest = one("e", THREE)
        + &one("fund", "{ price = \"0.1\" }")
        + "[registers]\ncomponent = \"e\"\npeak = { add = \"0\" }\nvalley = { add = [\"-0.5\", \"-0.6\", \"-0.7\"] }\n";
    let book = book(&[file("R", "2020-01-01", "month", &rest)]);
    let registers = Some(vec![("valley", "100"), ("peak", "200")]);
    let asked = Ask { from: "2026-10-01", registers, ..ask("R", "300") };
    assert_eq!(
        asked.bill(&book),
        "570.00 = e/1:peak 66.666667×1=66.67 e/1:valley 33.333333×0.5=16.67 e/2:peak 66.666667×2=133.33 \
         e/2:valley 33.333333×1.4=46.67 e/3:peak 66.666667×3=199.99 e/3:valley 33.333333×2.3=76.67 fund/1 300×0.1=30.00"
    );
    let idle = Some(vec![("valley", "0"), ("peak", "10")]);
    assert_eq!(Ask { registers: idle, ..ask("R", "10") }.bill(&book), "11.00 = e/1:peak 10×1=10.00 fund/1 10×0.1=1.00");
    let none = Some(vec![("valley", "0"), ("peak", "0")]);
    assert_eq!(Ask { registers: none, ..ask("R", "0") }.bill(&book), "0.00 =");
    assert_eq!(Register { name: "x".into(), add: vec![dec("2")] }.add_at(5), dec("2"));
}

#[test]
fn a_mix_runs_each_share_through_its_own_ladder_and_rounds_once() {
    let book = book(&[
        file("A", "2020-01-01", "year", &one("w", THREE)),
        file("B", "2020-01-01", "year", &one("w", "{ upto = \"10\", price = \"0.333\" }, { price = \"0.777\" }")),
    ]);
    let mixed = Ask { mix: vec![("A", "0.7"), ("B", "0.3")], before: "140", ..ask("", "10") };
    // A: 98 + 7 → 2 at 1, 5 at 2; B: 42 + 3 → 3 at 0.777 = 2.331
    assert_eq!(mixed.bill(&book), "14.33 = w/1 2×1=2.00 w/2 5×2=10.00 w/2 3×0.777=2.33");
    let thirds = Ask { mix: vec![("B", "0.5"), ("B", "0.5")], ..ask("", "1") };
    // 0.1665 twice is 0.333: 0.17 + 0.17 prints one fen too much, the first of equals gives it back
    assert_eq!(thirds.bill(&book), "0.33 = w/1 0.5×0.333=0.16 w/1 0.5×0.333=0.17");
}

#[test]
fn a_price_change_splits_the_use_by_days_and_the_steps_go_on() {
    let book = book(&[
        file("A", "2020-01-01", "year", &one("w", THREE)),
        file("A", "2026-10-01", "year", &one("w", "{ upto = \"100\", price = \"10\" }, { price = \"20\" }")),
    ]);
    // 61 days, 30 of them in September: 61 m³ → 30 + 31; steps stand at 80
    let bill = Ask { before: "80", ..ask("A", "61") }.bill(&book);
    assert_eq!(bill, "660.00 = w/1 20×1=20.00 w/2 10×2=20.00 w/2 31×20=620.00");
    let bill = ask("A", "10").bill(&book);
    assert_eq!(bill, "55.74 = w/1 4.918033×1=4.92 w/1 5.081967×10=50.82");
}

#[test]
fn a_new_year_splits_a_yearly_cycle_and_begins_again() {
    let book = book(&[file("A", "2020-01-01", "year", &one("w", THREE))]);
    let asked = Ask { from: "2026-12-01", to: "2027-01-31", before: "90", ..ask("A", "62") };
    assert_eq!(asked.bill(&book), "83.00 = w/1 10×1=10.00 w/2 21×2=42.00 w/1 31×1=31.00");
    let whole = Ask { from: "2026-12-01", to: "2026-12-31", before: "90", ..ask("A", "31") };
    assert_eq!(whole.bill(&book), "52.00 = w/1 10×1=10.00 w/2 21×2=42.00");
    let three = Ask { from: "2025-12-31", to: "2027-01-01", before: "100", ..ask("A", "367") };
    assert_eq!(
        three.bill(&book),
        "798.00 = w/2 1×2=2.00 w/1 100×1=100.00 w/2 100×2=200.00 w/3 165×3=495.00 w/1 1×1=1.00"
    );
}

#[test]
fn a_part_year_cuts_the_bounds_exactly() {
    let rest = one("w", THREE) + "[prorate]\nby = \"month\"\n[people]\nover = 5\nadd = \"20\"\n";
    let book = book(&[file("P", "2020-01-01", "year", &rest), file("N", "2020-01-01", "year", &one("w", THREE))]);
    let asked = Ask { months: Some(4), ..ask("P", "40") };
    // 100 × 4 ÷ 12 = 33⅓
    assert_eq!(asked.bill(&book), "46.67 = w/1 33.333333×1=33.34 w/2 6.666667×2=13.33");
    // people first: (100 + 20) × 4 ÷ 12 = 40
    assert_eq!(Ask { people: Some(6), ..asked.clone() }.bill(&book), "40.00 = w/1 40×1=40.00");
    assert_eq!(ask("P", "40").bill(&book), "40.00 = w/1 40×1=40.00");
    assert_eq!(Ask { months: Some(4), ..ask("N", "40") }.bill(&book), "40.00 = w/1 40×1=40.00");
}

#[test]
fn rounding_is_once_or_every_line() {
    let parts =
        one("a", "{ price = \"0.333\" }") + &one("b", "{ price = \"0.333\" }") + &one("c", "{ price = \"0.333\" }");
    let lines = format!("round = \"line\"\n{parts}");
    let half = one("a", "{ price = \"0.005\" }");
    let book = book(&[
        file("BILL", "2020-01-01", "year", &parts),
        file("LINE", "2020-01-01", "year", &lines),
        file("H", "2020-01-01", "year", &half),
    ]);
    assert_eq!(ask("BILL", "1").bill(&book), "1.00 = a/1 1×0.333=0.34 b/1 1×0.333=0.33 c/1 1×0.333=0.33");
    assert_eq!(ask("LINE", "1").bill(&book), "0.99 = a/1 1×0.333=0.33 b/1 1×0.333=0.33 c/1 1×0.333=0.33");
    assert_eq!(ask("H", "1").bill(&book), "0.01 = a/1 1×0.005=0.01");
}

#[test]
fn errors_are_errors_and_never_guesses() {
    let timed = one("e", THREE) + "[registers]\npeak = { add = \"0\" }\nvalley = { add = \"-0.1\" }\n";
    let book = book(&[
        file("A", "2026-01-01", "year", &one("w", THREE)),
        file("R", "2020-01-01", "year", &timed),
        file("B", "2020-01-01", "year", &one("w", "{ upto = \"100\", price = \"1\" }")),
    ]);
    let registers = |list: &[(&'static str, &'static str)]| Some(list.to_vec());
    let plain = ask("A", "10");
    let table = [
        (ask("X", "10"), "没有价目“X”"),
        (ask("R", "10"), "请给出各时段用量"),
        (Ask { registers: registers(&[("peak", "10")]), ..plain.clone() }, "不分时"),
        (Ask { registers: registers(&[("peak", "9")]), ..ask("R", "10") }, "相加为9"),
        (Ask { registers: registers(&[("flat", "10")]), ..ask("R", "10") }, "没有分时表盘“flat”"),
        (Ask { registers: registers(&[("peak", "5"), ("peak", "5")]), ..ask("R", "10") }, "重复"),
        (Ask { registers: registers(&[("peak", "11"), ("valley", "-1")]), ..ask("R", "10") }, "负数"),
        (Ask { from: "2026-12-01", to: "2027-01-01", months: Some(3), ..plain.clone() }, "12月31日"),
        (Ask { months: Some(0), ..plain.clone() }, "1至12"),
        (Ask { months: Some(13), ..plain.clone() }, "1至12"),
        (Ask { from: "2025-12-31", ..plain.clone() }, "尚未生效"),
        (ask("A", "-1"), "负数"),
        (Ask { before: "-1", ..plain.clone() }, "负数"),
        (ask("A", "1000000000"), "太大"),
        (Ask { mix: vec![("A", "0.7"), ("B", "0.2")], ..plain.clone() }, "不等于1"),
        (Ask { mix: vec![("A", "1.5"), ("B", "-0.5")], ..plain.clone() }, "负数"),
        (Ask { mix: vec![], ..plain.clone() }, "不等于1"),
        (Ask { from: "2026-11-01", ..plain.clone() }, "晚于"),
        (ask("B", "101"), "最后一档"),
        (Ask { before: "100", ..ask("B", "0.001") }, "最后一档"),
        (Ask { cycles: Some(0), ..plain.clone() }, "周期"),
    ];
    for (asked, words) in table {
        let bill = asked.bill(&book);
        assert!(bill.starts_with("拒绝") && bill.contains(words), "{words}: {bill}");
    }
    assert_eq!(Ask { before: "100", ..ask("B", "0") }.bill(&book), "0.00 =");
    assert_eq!(ask("B", "100").bill(&book), "100.00 = w/1 100×1=100.00");
}

fn sample_book() -> PriceBook {
    let people = "[people]\nover = 4\nadd = \"12.5\"\n";
    let second = one("s", "{ price = \"0.955\" }");
    let year = one(
        "w",
        "{ upto = \"33.3\", price = \"2.0725\" }, { upto = \"66\", price = \"4.07\" }, { price = \"6.0751\" }",
    );
    book(&[
        file("Y", "2020-01-01", "year", &format!("{year}{second}{people}")),
        file("M", "2020-01-01", "month", &format!("{year}{second}{people}")),
        file("L", "2020-01-01", "year", &format!("round = \"line\"\n{year}{second}")),
        file(
            "S",
            "2020-01-01",
            "month",
            &format!("{year}[[season]]\nmonths = [1, 7]\nsteps.w = [ {{ price = \"0.0375\" }} ]\n"),
        ),
    ])
}

proptest! {
    /// The integers of [`plain`] and the fractions agree on everything a bill says.
    #[test]
    fn the_fast_way_equals_the_exact_way(
        code in 0usize..4, usage in 0i64..500_000, before in 0i64..100_000, people in 0u32..8,
        start in 0u64..300, length in 0u64..200, cycles in proptest::option::of(1u32..5),
    ) {
        let book = sample_book();
        let from = day("2026-01-01") + chrono::Days::new(start);
        let shares = [Share { tariff: ["Y", "M", "L", "S"][code], ratio: Decimal::ONE }];
        let case = Case {
            shares: &shares, usage: Decimal::new(usage, 3), used_before: Decimal::new(before, 3), from,
            to: from + chrono::Days::new(length), people: Some(people), months: None, cycles, registers: None,
        };
        let fast = plain::rate(&book, &case).unwrap();
        if case.to.year() == from.year() || code == 1 || code == 3 {
            prop_assert!(fast.is_some());
        }
        if let Some(fast) = fast {
            prop_assert_eq!(fast, rate_exactly(&book, &case).unwrap());
        }
    }

    /// Use split in any way over the year costs, before rounding, what the sum costs: every part's exact line
    /// amounts added up equal those of the whole, and rounded bills differ by at most half a fen each.
    #[test]
    fn a_split_quantity_costs_what_the_sum_costs(parts in proptest::collection::vec(0i64..60_000, 1..12)) {
        let book = sample_book();
        let shares = [Share { tariff: "Y", ratio: Decimal::ONE }];
        let rated = |usage: i64, before: i64| {
            let case = Case {
                shares: &shares, usage: Decimal::new(usage, 3), used_before: Decimal::new(before, 3),
                from: day("2026-03-01"), to: day("2026-03-31"), people: Some(5), months: None, cycles: None,
                registers: None,
            };
            let bill = rate(&book, &case).unwrap();
            let exact = bill.lines.iter().map(|line| line.quantity.times(Exact::of(line.price)).unwrap());
            (exact.fold(Exact::ZERO, |sum, amount| sum.plus(amount).unwrap()), bill.total)
        };
        let (whole, whole_fen) = rated(parts.iter().sum(), 0);
        let (mut before, mut sum, mut sum_fen) = (0, Exact::ZERO, Fen::ZERO);
        for part in &parts {
            let (exact, fen) = rated(*part, before);
            sum = sum.plus(exact).unwrap();
            sum_fen += fen;
            before += part;
        }
        prop_assert_eq!(sum, whole);
        prop_assert!((sum_fen - whole_fen).abs().0 * 2 <= parts.len() as i64 + 1);
    }

    /// Whatever is asked, lines add up to the total and quantities to the use, or it is refused.
    #[test]
    fn lines_add_up_whatever_the_split(
        usage in 1i64..1_000_000, before in 0i64..100_000, ratio in 0i64..=100, start in 0u64..500, length in 0u64..800,
    ) {
        let book = sample_book();
        let shares = [
            Share { tariff: "Y", ratio: Decimal::new(ratio, 2) },
            Share { tariff: "M", ratio: Decimal::new(100 - ratio, 2) },
        ];
        let from = day("2025-01-01") + chrono::Days::new(start);
        let case = Case {
            shares: &shares, usage: Decimal::new(usage, 3), used_before: Decimal::new(before, 3), from,
            to: from + chrono::Days::new(length), people: None, months: None, cycles: None, registers: None,
        };
        let bill = rate(&book, &case).unwrap();
        prop_assert_eq!(bill.total, bill.lines.iter().map(|line| line.amount).sum());
        let water = bill.lines.iter().filter(|line| line.component == 0);
        let used = water.fold(Exact::ZERO, |sum, line| sum.plus(line.quantity).unwrap());
        prop_assert_eq!(used, Exact::of(case.usage));
    }
}
