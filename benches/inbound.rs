//! How fast files from outside are read and judged: a million readings, a hundred thousand customers.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::OnceLock;

use chrono::NaiveDate;
use meterdesk::inbound::judge::{CustomerJudge, CustomerVerdict, ReadingJudge, Terms};
use meterdesk::inbound::on_file::{FileAccount, FileMap};
use meterdesk::inbound::profile::{Catalogue, Holds, ReadBy};
use meterdesk::inbound::read::{Limits, Source};
use meterdesk::inbound::rows::customer::Standing;
use meterdesk::rules::reading_use::Average;

const READINGS: u32 = 1_000_000;
const CUSTOMERS: usize = 100_000;

fn main() {
    divan::main();
}

fn terms() -> Terms {
    Terms::on(NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day of 2026"))
}

fn place(name: &str) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().expect("a folder to write in")).path().join(name)
}

fn branch() -> &'static (FileMap, PathBuf) {
    static BRANCH: OnceLock<(FileMap, PathBuf)> = OnceLock::new();
    BRANCH.get_or_init(|| {
        let mut map = FileMap::with_capacity(READINGS as usize);
        let mut text = String::from("册号,序号,户号,户名,地址,上次示数,本次示数,抄表日期,备注码,抄表员\r\n");
        for number in 0..READINGS {
            let account = format!("31{number:08}");
            let facts = FileAccount {
                slot: 0,
                key: i64::from(number),
                book: (number / 150 % 9999) as u16,
                read_by: Some(ReadBy::Card),
                standing: Standing::Normal,
                dial_digits: 5,
                last: Some(i64::from(number % 90_000)),
                last_date: NaiveDate::from_ymd_opt(2026, 8, 9),
                fitted: None,
                average: Average { sum: 30, periods: 3 },
                sealed: false,
            };
            map.add(&account, &format!("NB{number:010}"), facts);
            let last = number % 90_000;
            let _ = write!(text, "0002,{number},{account},王义庆,柳溪路59号芙蓉小区1幢1单元101室,{last},{},", last + 9);
            text.push_str("2026-10-11,,谭秀兰\r\n");
        }
        let path = place("cards.csv");
        std::fs::write(&path, text).expect("a file to write");
        (map, path)
    })
}

#[divan::bench(sample_count = 3)]
fn a_million_card_readings(bencher: divan::Bencher<'_, '_>) {
    let (map, path) = branch();
    bencher.bench(|| {
        let source = Source::open(path, Limits::default()).expect("the file just written");
        let catalogue = Catalogue::built_in().expect("sound profiles");
        let file = catalogue.recognise(&source, Holds::Readings, None, None).expect("known headings");
        let mut judge = ReadingJudge::new(&file, map, terms());
        file.each_row(&mut |row| {
            judge.take(row, map);
            ControlFlow::Continue(())
        })
        .expect("readable rows");
        let outcome = judge.finish(map);
        assert_eq!(outcome.accepted.len(), READINGS as usize);
        outcome.accepted.len()
    });
}

fn customer_file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/branch-7/water/customers.csv");
        let bytes = std::fs::read(sample).expect("the sample");
        let text = encoding_rs::GBK.decode(&bytes).0;
        let mut lines = text.lines();
        let mut out = String::from(lines.next().expect("headings"));
        let row = lines.next().expect("a customer");
        let (account, rest) = row.split_once(',').expect("an account number");
        let meter = rest.split(',').nth(18).expect("a meter number");
        for number in 0..CUSTOMERS {
            let mine = rest.replacen(meter, &format!("NB{number:010}"), 1);
            let _ = write!(out, "\r\n{}{number:08},{mine}", &account[..2]);
        }
        let path = place("customers.csv");
        std::fs::write(&path, encoding_rs::GBK.encode(&out).0).expect("a file to write");
        path
    })
}

#[divan::bench(sample_count = 3)]
fn a_hundred_thousand_customers(bencher: divan::Bencher<'_, '_>) {
    let path = customer_file();
    bencher.bench(|| {
        let source = Source::open(path, Limits::default()).expect("the file just written");
        let catalogue = Catalogue::built_in().expect("sound profiles");
        let file = catalogue.recognise(&source, Holds::Customers, None, None).expect("known headings");
        let mut judge = CustomerJudge::new(&file, terms());
        let nothing = FileMap::default();
        let mut good = 0;
        file.each_row(&mut |row| {
            good += usize::from(matches!(judge.judge(row, &nothing), CustomerVerdict::Accepted(_)));
            ControlFlow::Continue(())
        })
        .expect("readable rows");
        assert_eq!(good, CUSTOMERS);
        good
    });
}
