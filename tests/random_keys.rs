//! A thousand random keys over every screen and popup, by seed: no deed that was typed ahead over a refusal or into what opened by itself,
//! no deed about somebody who was not on the screen, no panic, no growth.
//!
//! A failing run names its seed and screen: `METERDESK_KEYS_SEED=7 METERDESK_KEYS_SCREEN=pay cargo test --test random_keys`. More seeds:
//! `METERDESK_KEYS_SEEDS=20`.

mod support;

#[allow(dead_code)]
#[path = "gallery/branches.rs"]
mod branches;
#[path = "gallery/counter.rs"]
mod counter;
#[path = "gallery/customer.rs"]
mod customer;
#[path = "gallery/data_room.rs"]
mod data_room;
#[path = "gallery/exchange.rs"]
mod exchange;
#[path = "gallery/imports.rs"]
mod imports;
#[allow(dead_code)]
#[path = "gallery/orders.rs"]
mod orders;
#[path = "gallery/people.rs"]
mod people;
#[allow(dead_code)]
#[path = "gallery/scene.rs"]
mod scene;

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::{Desk, demo};
use meterdesk::store::OpenOptions;
use meterdesk::tui::app::App;
use meterdesk::tui::harness::{Shot, peek};
use meterdesk::tui::input::Inputs;
use meterdesk::tui::keymap::Place;
use meterdesk::tui::screen::Toast;
use meterdesk::tui::screens::home::Home;
use meterdesk::tui::stack::DEPTH_MAX;
use meterdesk::tui::theme::Ink;
use scene::Shown;
use serde_json::Value;
use support::orders::Chance;
use support::seat::{SIZES, Seat};

/// Keys pressed on each screen.
const KEYS: usize = 1_000;
/// Keys of one burst at most, nothing drawn between them.
const BURST: u64 = 20;
/// Forms left half filled that a run of this length may leave behind.
const DRAFTS: usize = 400;

const FAMILIES: [&[Shown]; 7] = [
    counter::SCREENS,
    customer::SCREENS,
    data_room::SCREENS,
    exchange::SCREENS,
    imports::SCREENS,
    orders::SCREENS,
    people::SCREENS,
];

/// How often each key comes, of the keys that do something. F12 and Ctrl-Q are left out: behind them nothing is typed.
const OFTEN: &[(usize, &str)] = &[
    (9, "<F2>"),
    (9, "<Enter>"),
    (5, "<Space>"),
    (4, "<Esc>"),
    (6, "<Tab>"),
    (1, "<S-Tab>"),
    (5, "<Down>"),
    (2, "<Up>"),
    (1, "<Left>"),
    (3, "<Right>"),
    (1, "<F1>"),
    (1, "<F3>"),
    (3, "<F4>"),
    (4, "<F5>"),
    (4, "<F6>"),
    (3, "<F7>"),
    (1, "<F8>"),
    (1, "<F9>"),
    (3, "<F10>"),
    (1, "<C-a>"),
    (2, "<C-e>"),
    (1, "<C-k>"),
    (1, "<C-n>"),
    (2, "<C-o>"),
    (2, "<C-p>"),
    (2, "<C-r>"),
    (1, "<C-t>"),
    (2, "<C-u>"),
    (1, "<PgDn>"),
    (1, "<Home>"),
    (1, "<End>"),
    (2, "<BS>"),
    (4, "1"),
    (3, "0"),
    (2, "31"),
    (2, "10"),
    (2, "."),
    (2, "l"),
    (2, "sf"),
    (1, "gh"),
    (1, "qf"),
    (2, "王"),
    (2, "收错了"),
    (1, "３"),
];

fn key(chance: &mut Chance) -> &'static str {
    let all: usize = OFTEN.iter().map(|(often, _)| often).sum();
    let mut at = usize::try_from(chance.below(all as u64)).unwrap();
    for (often, key) in OFTEN {
        match at.checked_sub(*often) {
            Some(rest) => at = rest,
            None => return key,
        }
    }
    unreachable!("a key within the sum")
}

/// What has happened since the last picture.
#[derive(Default)]
struct Burst {
    keys: String,
    refused: bool,
    opened: bool,
    /// Heights of the layers on which a deed was done.
    deeds: Vec<usize>,
    /// Work beside the desk writes when it likes.
    beside: bool,
}

/// The newest entry: a deed was done when it is another one.
fn entries(seat: &Seat) -> Option<meterdesk::rules::id::Id> {
    seat.app.desk.look().unwrap().latest_entries(1).unwrap().pop().map(|entry| entry.id)
}

fn is_stop(toast: Option<&Toast>) -> bool {
    toast.is_some_and(|toast| toast.ink == Ink::Stop)
}

/// Presses one key and holds what it did against what was on the screen.
fn press(seat: &mut Seat, burst: &mut Burst, key: &str, name: &str) {
    burst.keys.push_str(key);
    let (before, place, depth) = (entries(seat), seat.stack.place(), seat.stack.depth());
    burst.beside |= matches!(place, Place::Import | Place::Exchange);
    let (locked, toast) = (seat.stack.is_locked(), seat.stack.toast().cloned());
    let acts = matches!(key, "<F2>" | "<Enter>" | "<C-e>" | "<F5>");
    let picture = acts.then(|| peek(&mut seat.stack, &seat.app, SIZES[0].0, SIZES[0].1));
    seat.press(key);
    let (after, now, height) = (entries(seat), seat.stack.place(), seat.stack.depth());
    assert!(height <= DEPTH_MAX, "{name}: {height} layers after {}", burst.keys);
    burst.deeds.retain(|deed| *deed <= height);
    if burst.beside {
        return;
    }
    if after == before {
        burst.refused |= seat.stack.toast() != toast.as_ref() && is_stop(seat.stack.toast());
        return;
    }
    let told = || format!("{name}: {} after {} on {place:?}", newest(seat).0, burst.keys);
    assert!(!locked || burst.keys == key, "keyboard locked: {}", told()); // the first key comes after a look
    assert!(!burst.refused, "after a refusal: {}", told());
    assert!(!burst.opened, "into what opened by itself: {}", told());
    // Cards are keyed one after the other on one screen, each by its own Enter.
    assert!(place == Place::Cards || !burst.deeds.contains(&depth), "twice on one layer: {}", told());
    if let Some(picture) = &picture {
        shown(seat, picture, &told);
    }
    burst.opened |= height >= depth && now != place;
    if height == depth {
        burst.deeds.push(depth);
    }
}

/// The newest entry: its action and its body.
fn newest(seat: &Seat) -> (String, Value) {
    let tx = seat.app.desk.look().unwrap();
    let entry = tx.latest_entries(1).unwrap().remove(0);
    (entry.action, serde_json::from_str(&entry.payload).unwrap_or_default())
}

/// Whom the deed was about stood on the screen.
fn shown(seat: &Seat, picture: &Shot, told: &dyn Fn() -> String) {
    let (action, body) = newest(seat);
    let tx = seat.app.desk.look().unwrap();
    let id = |field: &str| body[field].as_str().and_then(|text| text.parse().ok());
    if matches!(action.as_str(), "payment.take" | "account.transfer" | "adjustment.request" | "reading.key")
        && let Some(account) = id("account").and_then(|id| tx.account(id).unwrap())
    {
        assert!(picture.has(&account.no), "not on the screen: {}\n{}", told(), picture.picture());
    }
    if matches!(action.as_str(), "order.return" | "order.callback" | "order.answer")
        && let Some(order) = body["order"].as_str()
    {
        assert!(picture.has(order), "not on the screen: {}\n{}", told(), picture.picture());
    }
}

/// A thousand keys in bursts, looked at between them; then a thousand in one. Where the hand has gone back below the screen it was
/// about, the screen is opened anew.
fn thousand(make: &mut dyn FnMut() -> Seat, chance: &mut Chance, name: &str) -> Seat {
    let mut seat = make();
    let floor = if seat.stack.depth() == 1 { 0 } else { 1 };
    let mut pressed = 0;
    while pressed < KEYS {
        let length = usize::try_from(1 + chance.below(BURST)).unwrap();
        let mut burst = Burst::default();
        for _ in 0..length {
            if seat.stack.depth() > floor {
                press(&mut seat, &mut burst, key(chance), name);
            }
        }
        pressed += length;
        seat.stack.wake(&mut seat.app);
        seat.shot();
        if seat.stack.depth() <= floor {
            seat = make();
        }
    }
    let mut burst = Burst::default();
    for _ in 0..KEYS {
        if seat.stack.depth() > floor {
            press(&mut seat, &mut burst, key(chance), name);
        }
    }
    seat.shot();
    seat
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The seeds to run: one that is asked for, else the first few.
fn seeds() -> std::ops::Range<u64> {
    match number("METERDESK_KEYS_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("METERDESK_KEYS_SEEDS").unwrap_or(1),
    }
}

fn is_asked_for(name: &str) -> bool {
    std::env::var("METERDESK_KEYS_SCREEN").map_or(true, |wanted| wanted == name)
}

/// One test of its own: what a screen writes into its folder goes into one that is thrown away.
#[test]
fn a_thousand_random_keys_on_every_screen() {
    let folder = tempfile::tempdir().unwrap();
    let (home, deep) = (std::env::current_dir().unwrap(), folder.path().join("a/b/c"));
    std::fs::create_dir_all(&deep).unwrap();
    for seed in seeds() {
        for shown in FAMILIES.iter().copied().flatten().filter(|shown| is_asked_for(shown.screen)) {
            let name = format!("METERDESK_KEYS_SEED={seed} METERDESK_KEYS_SCREEN={}", shown.screen);
            let mut make = || {
                std::env::set_current_dir(&home).unwrap();
                let seat = shown.full.seat().or_else(|| shown.empty.seat()).expect("a screen with a picture");
                std::env::set_current_dir(&deep).unwrap();
                seat
            };
            let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9).wrapping_add(shown.screen.len() as u64) | 1);
            guarded(&name, || drop(thousand(&mut make, &mut chance, &name)));
        }
    }
    if !is_asked_for("disk") {
        return;
    }
    let disk = folder.path().join("book");
    std::fs::create_dir(&disk).unwrap();
    let path = disk.join("a.db");
    drop(demo::build(&path, 60, 1, &mut |_, _, _| {}).unwrap());
    std::env::set_current_dir(&deep).unwrap();
    for seed in seeds() {
        for user in ["demo", "desk", "room", "check", "chief", "boss"] {
            let name = format!("METERDESK_KEYS_SEED={seed} METERDESK_KEYS_SCREEN=disk ({user})");
            guarded(&name, || at_home(&path, user, seed, &name));
        }
    }
}

/// Says which run it was when it falls.
fn guarded(name: &str, run: impl FnOnce()) {
    if let Err(fell) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        eprintln!("{name}");
        std::panic::resume_unwind(fell);
    }
}

/// From home, over a book on disk, where drafts are kept.
fn at_home(path: &std::path::Path, user: &str, seed: u64, name: &str) {
    let mut make = || {
        let mut desk = Desk::open(path, OpenOptions::default(), Box::new(SystemClock)).unwrap();
        desk.sign_in_practice(user).unwrap();
        let app = App::new(desk, Inputs::silent().waker());
        let home = Home::new(&app);
        Seat::with(app, home)
    };
    let seat = thousand(&mut make, &mut Chance((seed * 31 + user.len() as u64) | 1), name);
    seat.app.flush_drafts();
    let drafts = seat.app.desk.draft_box().unwrap().names("").unwrap();
    assert!(drafts.len() < DRAFTS, "{name}: {} drafts", drafts.len());
}
