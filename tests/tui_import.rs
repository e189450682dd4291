//! The screens of import and fix list: given a branch's files, when these keys, then this picture and these entries.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::TimeZone;
use meterdesk::book::clock::{FixedClock, zone};
use meterdesk::desk::Desk;
use meterdesk::desk::import::{Request, What};
use meterdesk::desk::open::NewSite;
use meterdesk::store::OpenOptions;
use meterdesk::tui::app::App;
use meterdesk::tui::harness::{Shot, press, render};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::screens;
use meterdesk::tui::stack::Stack;
use meterdesk::tui::theme::Theme;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/branch-7").join(name)
}

struct Room {
    folder: tempfile::TempDir,
    app: App,
    stack: Stack<App>,
}

impl Room {
    fn open(screen: &str, files: &[(What, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = zone().with_ymd_and_hms(2026, 11, 21, 10, 0, 0).unwrap();
        let new = NewSite {
            site: "B03",
            name: "城南营业所",
            utility: "water",
            head_office: false,
            practice: true,
            login: "boss",
            manager: "主任",
            password: "demo",
        };
        let clock = Box::new(FixedClock::at(now));
        let (mut desk, _) =
            Desk::create(&folder.path().join("branch.db"), OpenOptions::default(), clock, &new).unwrap();
        desk.sign_in_practice("boss").unwrap();
        for (what, file) in files {
            let request =
                Request { what: *what, path: sample(file), read_by: None, profile: None, on: None, dry_run: false };
            desk.import(&request, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        }
        let app = App::new(desk, Inputs::silent().waker());
        let stack = Stack::new(screens::menu::Menu::new(), Theme::default(), meterdesk::tui::app::initials);
        let mut room = Self { folder, app, stack };
        room.press(&format!("{screen}<Enter>"));
        room
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        press(&mut self.stack, &mut self.app, keys).unwrap();
        self
    }

    fn paste(&mut self, text: &str) -> &mut Self {
        self.stack.paste(text, &mut self.app);
        self
    }

    /// Lets the thread beside the desk work until the screen shows these words.
    fn until(&mut self, words: &str) -> &mut Self {
        let begun = Instant::now();
        while !self.shot().has(words) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{words}\n{}", self.shot().picture());
            std::thread::sleep(Duration::from_millis(20));
            self.stack.wake(&mut self.app);
        }
        self
    }

    fn shot(&mut self) -> Shot {
        render(&mut self.stack, &self.app, 80, 24)
    }

    fn shows(&mut self, words: &str) -> &mut Self {
        let shot = self.shot();
        assert!(shot.has(words), "{words}\n{}", shot.picture());
        let (_, y) = shot.cursor.expect("the cursor is visible");
        assert!(y < 23, "never on the last row");
        self
    }

    fn snapshot(&mut self, name: &str) {
        for (width, height) in [(80, 24), (120, 40)] {
            let picture = render(&mut self.stack, &self.app, width, height).picture();
            let folder = self.folder.path().display().to_string();
            let home = env!("CARGO_MANIFEST_DIR");
            insta::assert_snapshot!(format!("{name}_{width}"), picture.replace(&folder, "…").replace(home, "…"));
        }
    }
}

#[test]
fn a_file_is_recognised_tried_and_taken_in() {
    let mut room = Room::open("dr", &[]);
    room.snapshot("import_empty");
    let customers = room.folder.path().join("customers.csv");
    std::fs::copy(sample("water/customers.csv"), &customers).unwrap();
    room.press("<Left><Tab>").paste(&customers.display().to_string());
    room.shows("用户档案").shows("编码");
    room.press("<F2>").until("现在导入？").shows("收下");
    assert_eq!(room.app.desk.look().unwrap().account_count().unwrap(), 0, "a try changes nothing");
    room.press("<F2>").until("已导入");
    assert!(room.app.desk.look().unwrap().account_count().unwrap() > 900);
    room.press("<F2>").until("以前已导入");
    room.press("<F7>").shows("待改清单  customers.csv");
}

#[test]
fn a_file_that_is_something_else_says_so() {
    let mut room = Room::open("dr", &[]);
    let odd = room.folder.path().join("pay.csv");
    std::fs::write(&odd, "日期,金额\r\n2026-01-01,3\r\n").unwrap();
    room.press("<Tab>").paste(&odd.display().to_string());
    room.shows("认不出表头");
    room.press("<F2>").until("认不出表头");
}

#[test]
fn rows_are_confirmed_mended_and_dropped_from_the_list() {
    let files = [(What::Customers, "water/customers.csv"), (What::Readings, "water/cards-2026-10.csv")];
    let mut room = Room::open("dgqd", &files);
    room.snapshot("fixes_full");
    room.press("<F4>").paste("cards").press("<Enter>").shows("待改清单  cards-2026-10.csv");
    let before = room.app.desk.fix_files().unwrap()[0].open;
    room.press("<F4>").paste("用量偏大").press("<Enter>").shows("用量偏大");
    room.press("<Space><Space><F2>").shows("已收下 2 行");
    room.press("<F4>").paste("cards").press("<Enter>");
    room.press("<F4>").paste("示数无法识别").press("<Enter><Enter>").shows("改哪一列");
    room.snapshot("fixes_mend");
    room.press("<Esc><F6>").paste("抄错了").press("<Enter>").shows("已作废 1 行");
    let after = room.app.desk.fix_files().unwrap()[0].open;
    assert_eq!(after, before - 3);
}

#[test]
fn an_empty_list_says_so() {
    let mut room = Room::open("dgqd", &[]);
    room.shows("没有待处理的行");
    room.snapshot("fixes_empty");
}
