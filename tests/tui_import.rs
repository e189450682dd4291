//! The screens of import and fix list: given a branch's files, when these keys, then this picture and these entries.

mod support;

use std::path::{Path, PathBuf};

use meterdesk::book::clock::FixedClock;
use meterdesk::desk::Desk;
use meterdesk::desk::import::{Request, What};
use meterdesk::store::OpenOptions;
use support::orders::{Book, moment};
use support::seat::Seat;
use support::site::new_site;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/branch-7").join(name)
}

/// A branch in a file of its own, with files taken in, at a screen of the menu. The folder lives as long as the test.
fn open(screen: &str, files: &[(What, &str)]) -> (tempfile::TempDir, Seat) {
    let folder = tempfile::tempdir().unwrap();
    let new = new_site("B03", false);
    let clock = Box::new(FixedClock::at(moment()));
    let (mut desk, _) = Desk::create(&folder.path().join("branch.db"), OpenOptions::default(), clock, &new).unwrap();
    desk.sign_in_practice("boss").unwrap();
    for (what, file) in files {
        let request =
            Request { what: *what, path: sample(file), read_by: None, profile: None, on: None, dry_run: false };
        desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    }
    let mut seat = Seat::menu(Book { desk }, "boss");
    seat.press(&format!("{screen}<Enter>"));
    (folder, seat)
}

#[test]
fn a_file_is_recognised_tried_and_taken_in() {
    let (folder, mut seat) = open("dr", &[]);
    let customers = folder.path().join("customers.csv");
    std::fs::copy(sample("water/customers.csv"), &customers).unwrap();
    seat.press("<Left><Tab>").paste(&customers.display().to_string());
    seat.shows("用户档案").shows("编码");
    seat.press("<F2>").until("现在导入？").shows("收下");
    assert_eq!(seat.app.desk.look().unwrap().account_count().unwrap(), 0, "a try changes nothing");
    seat.press("<F2>").until("已导入");
    assert!(seat.app.desk.look().unwrap().account_count().unwrap() > 900);
    seat.press("<F2>").until("以前已导入");
    seat.press("<F7>").shows("待改清单  customers.csv");
}

#[test]
fn a_file_that_is_something_else_says_so() {
    let (folder, mut seat) = open("dr", &[]);
    let odd = folder.path().join("pay.csv");
    std::fs::write(&odd, "日期,金额\r\n2026-01-01,3\r\n").unwrap();
    seat.press("<Tab>").paste(&odd.display().to_string());
    seat.shows("认不出表头");
    seat.press("<F2>").until("认不出表头");
}

#[test]
fn rows_are_confirmed_mended_and_dropped_from_the_list() {
    let files = [(What::Customers, "water/customers.csv"), (What::Readings, "water/cards-2026-10.csv")];
    let (_folder, mut seat) = open("dgqd", &files);
    seat.press("<F4>").paste("cards").press("<Enter>").shows("待改清单  cards-2026-10.csv");
    let before = seat.app.desk.fix_files().unwrap()[0].open;
    seat.press("<F4>").paste("用量偏大").press("<Enter>").shows("用量偏大");
    seat.press("<Space><Space><F2>").shows("已收下 2 行");
    seat.press("<F4>").paste("cards").press("<Enter>");
    seat.press("<F4>").paste("示数无法识别").press("<Enter><Enter>").shows("改哪一列");
    seat.snapshot("fixes_mend");
    seat.press("<Esc><F6>").paste("抄错了").press("<Enter>").shows("已作废 1 行");
    let after = seat.app.desk.fix_files().unwrap()[0].open;
    assert_eq!(after, before - 3);
}

#[test]
fn an_empty_list_says_so() {
    let (_folder, mut seat) = open("dgqd", &[]);
    seat.shows("没有待处理的行");
}

#[test]
fn another_column_kept_the_value_of_the_one_before() {
    let files = [(What::Customers, "water/customers.csv"), (What::Readings, "water/cards-2026-10.csv")];
    let (_folder, mut seat) = open("dgqd", &files);
    seat.press("<F4>")
        .paste("cards")
        .press("<Enter><F4>")
        .paste("示数无法识别")
        .press("<Enter><Enter>")
        .shows("改哪一列");
    let now = |seat: &mut Seat| {
        let picture = seat.shot().picture();
        picture.lines().find(|line| line.contains("改为")).unwrap().to_owned()
    };
    let before = now(&mut seat);
    seat.press("<Right>");
    assert_ne!(now(&mut seat), before);
    seat.press("<Left>");
    assert_eq!(now(&mut seat), before);
}
