//! Intake and dispatch in a real terminal, on a practice branch, within the key budgets of screens.md: take in 启封 with its
//! papers; dispatch an order and enter its slip; a callback.

#[path = "support/pty.rs"]
mod pty;

use std::path::{Path, PathBuf};

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::Desk;
use meterdesk::desk::demo;
use meterdesk::store::OpenOptions;
use meterdesk::store::tables::order::OrderRow;
use meterdesk::tui::notation;
use portable_pty::CommandBuilder;
use pty::Pty;

struct Branch {
    folder: tempfile::TempDir,
}

impl Branch {
    fn new(accounts: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        drop(demo::build(&folder.path().join("a.db"), accounts, 1, &mut |_, _, _| {}).unwrap());
        Self { folder }
    }

    fn db(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    fn desk(&self) -> Desk {
        Desk::open(&self.db(), OpenOptions::default(), Box::new(SystemClock)).unwrap()
    }

    fn open(&self, user: &str) -> Pty {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.args(["--db", path(&self.db()), "--as", user]);
        let pty = Pty::spawn(command, 80, 24);
        pty.wait_text("首页");
        pty
    }

    /// A sealed account that owes nothing and has no open order.
    fn sealed(&self) -> String {
        let raw = rusqlite::Connection::open(self.db()).unwrap();
        let sql = "SELECT d_account.no FROM d_account JOIN d_meter ON d_meter.account = d_account.id
                   WHERE d_meter.state = 'sealed' AND removed IS NULL
                     AND NOT EXISTS (SELECT 1 FROM d_bill WHERE d_bill.account = d_account.id AND unpaid > 0)
                     AND NOT EXISTS (SELECT 1 FROM d_order WHERE d_order.account = d_account.id AND open = 1)
                   ORDER BY d_account.no LIMIT 1";
        raw.query_row(sql, [], |row| row.get(0)).expect("a sealed account")
    }

    fn newest_order(&self) -> OrderRow {
        let desk = self.desk();
        let tx = desk.look().unwrap();
        let day = demo::day();
        tx.orders_taken_between(day, day).unwrap().pop().expect("an order of today")
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn control_keys(keys: &str) -> usize {
    notation::parse(keys).unwrap().into_iter().filter(|key| key.typed().is_none_or(|c| c == ' ')).count()
}

#[test]
fn an_unsealing_is_taken_in_dispatched_returned_and_shows_its_end() {
    let branch = Branch::new(900);
    let no = branch.sealed();
    let mut clerk = branch.open("demo");
    let papers = 2;
    let keys = format!("{no}<F6>qf<Enter><Space><Space><F2>");
    assert!(control_keys(&keys) <= 6 + papers);
    // Typed ahead in one write: nothing may be lost.
    clerk.press(&keys);
    clerk.wait_text("已受理，工单");
    let order = branch.newest_order();
    assert_eq!((order.service.as_str(), order.state.as_str()), ("unseal", "待派"));
    drop(clerk);

    let mut desk = branch.open("desk");
    desk.press("<F7>");
    desk.wait_text("按剩余时间");
    let tail = order.id.seq();
    // The order is meant by the last part of its number; the worker by his code.
    desk.press(&format!("{tail}<F4>"));
    desk.wait_text("派给哪位师傅");
    desk.press("<Enter><F2>");
    desk.wait_text("已派 1 张给");
    assert_eq!(branch.newest_order().state, "在途");
    let slips = |number: &str| {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_meterdesk"))
            .args(["--db", path(&branch.db()), "slip", number])
            .output()
            .unwrap();
        (done.status.code(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    for number in [demo::day().to_string(), order.id.to_string()] {
        let (code, text) = slips(&number);
        assert!(code == Some(0) && text.contains(&format!("工单号 {}", order.id)), "{number}: {code:?}\n{text}");
    }
    assert_eq!(slips("2001-01-01").0, Some(1), "nothing went out that day");
    desk.press(&format!("{tail}<F5>"));
    desk.wait_text("实施情况");
    desk.wait("a visible cursor in the form", |screen| !screen.hide_cursor() && screen.cursor_position().0 < 23);
    desk.press("000000010002<F2>");
    desk.wait_text("早于派工时间");
    let now = branch.desk().now().format("%H%M").to_string();
    desk.press(&format!("<C-u>{now}<C-u>{now}<C-u>{now}<F2>"));
    desk.wait_text("现为完结，表改为通水");
    assert_eq!(branch.newest_order().state, "完结");
}

#[test]
fn a_callback_is_three_keys() {
    let branch = Branch::new(300);
    let before = waiting(&branch);
    assert!(before > 0);
    let mut desk = branch.open("desk");
    assert_eq!(control_keys("<F7><F6><F2>"), 3);
    desk.press("<F7><F6><F2>");
    desk.wait_text("现为完结");
    assert_eq!(waiting(&branch), before - 1);
}

fn waiting(branch: &Branch) -> i64 {
    let desk = branch.desk();
    let tx = desk.look().unwrap();
    tx.order_heaps(desk.now().timestamp()).unwrap().callback
}
