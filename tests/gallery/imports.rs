//! Files from outside: their import and the rows that were not taken.

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use chrono::TimeZone;
use meterdesk::book::clock::{FixedClock, zone};
use meterdesk::desk::Desk;
use meterdesk::desk::import::{Request, What};
use meterdesk::store::OpenOptions;
use meterdesk::tui::screens;

use crate::branches::Branch::Empty;
use crate::scene::Picture::By;
use crate::scene::{Shown, of};
use crate::support::orders::{Book, moment};
use crate::support::seat::Seat;
use crate::support::site::new_site;

/// Named from the project's folder, where tests run: the same wherever that lies.
const CUSTOMERS: &str = "tests/data/branch-7/water/customers.csv";
const CARDS: &str = "tests/data/branch-7/water/cards-2026-10.csv";

pub const SCREENS: &[Shown] = &[
    Shown {
        screen: "import",
        empty: of(Empty, "boss", screens::import, ""),
        full: By(|| {
            let mut seat = on_disk();
            seat.press("<Left><Tab>").paste(CUSTOMERS).press("<F2>").until("现在导入？").press("<F2>").until("已导入");
            seat
        }),
        error: By(|| {
            let mut seat = on_disk();
            seat.press("<Left><Tab>").paste("tests/data/README.md").press("<F2>").until("x ");
            seat
        }),
    },
    Shown {
        screen: "fixes",
        empty: of(Empty, "boss", |app| screens::fixes(app, None), ""),
        full: By(|| fixes("")),
        error: By(|| {
            let mut seat = fixes("<F4>");
            seat.paste("示数无法识别").press("<Enter><Enter><Tab><C-u>又不是数字<F2>");
            seat
        }),
    },
];

/// What the rows of two files left behind.
static IMPORTED: LazyLock<Mutex<Desk>> = LazyLock::new(|| {
    let mut book = crate::support::orders::book("B03");
    book.desk.sign_in_practice("boss").unwrap();
    for (what, file) in [(What::Customers, CUSTOMERS), (What::Readings, CARDS)] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
        let request = Request { what, path, read_by: None, profile: None, on: None, dry_run: false };
        book.desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    }
    Mutex::new(book.desk)
});

pub fn fixes(keys: &str) -> Seat {
    let desk = IMPORTED.lock().unwrap().copy_in_memory(Box::new(FixedClock::at(moment()))).unwrap();
    let mut seat = Seat::on(Book { desk }, "boss", |app| screens::fixes(app, None));
    seat.press(keys);
    seat
}

/// A branch in a file of its own, for work that goes on beside the screens.
fn on_disk() -> Seat {
    let folder = tempfile::tempdir().unwrap();
    let clock = Box::new(FixedClock::at(zone().with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap()));
    let new = new_site("B03", false);
    let (desk, _) = Desk::create(&folder.path().join("branch.db"), OpenOptions::default(), clock, &new).unwrap();
    Seat::on(Book { desk }, "boss", screens::import).keeping(folder)
}
