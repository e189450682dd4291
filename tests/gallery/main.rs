//! The gallery: three pictures of every screen (with nothing in it; with the longest Chinese, rare characters and more rows than fit; in
//! error), each at 80×24 and 120×40, over a fixed day. A screen that is not in one of the tables below fails.

#[path = "../support/mod.rs"]
mod support;

mod branches;
mod counter;
mod cursor;
mod customer;
mod data_room;
mod exchange;
mod footer;
mod imports;
mod orders;
mod people;
mod scene;

use std::collections::BTreeSet;
use std::path::Path;

use meterdesk::tui::screens;
use scene::Shown;

const FAMILIES: [&[Shown]; 7] = [
    counter::SCREENS,
    customer::SCREENS,
    data_room::SCREENS,
    exchange::SCREENS,
    imports::SCREENS,
    orders::SCREENS,
    people::SCREENS,
];

#[test]
fn the_counter() {
    scene::take(counter::SCREENS);
}

#[test]
fn the_customer_file() {
    scene::take(customer::SCREENS);
}

#[test]
fn the_data_room() {
    scene::take(data_room::SCREENS);
}

#[test]
fn the_exchange() {
    scene::take(exchange::SCREENS);
}

#[test]
fn imports_and_fixes() {
    scene::take(imports::SCREENS);
}

#[test]
fn intake_and_orders() {
    scene::take(orders::SCREENS);
}

#[test]
fn people_and_what_frames_the_work() {
    scene::take(people::SCREENS);
}

#[test]
fn every_screen_has_its_pictures() {
    let shown: Vec<&str> = FAMILIES.iter().flat_map(|family| family.iter().map(|shown| shown.screen)).collect();
    let once: BTreeSet<&str> = shown.iter().copied().collect();
    assert_eq!(once.len(), shown.len(), "a screen twice");
    assert_eq!(once, screens::ALL.iter().copied().collect());
}

#[test]
fn every_file_with_a_screen_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui/screens");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = if path.is_dir() { path.join("mod.rs") } else { path.clone() };
        if std::fs::read_to_string(file).unwrap().contains("Screen<App> for ") {
            found.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    let listed: BTreeSet<String> = screens::ALL.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(listed, found);
}

#[test]
fn every_accepted_picture_is_still_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    for shown in FAMILIES.iter().copied().flatten() {
        for (state, picture) in shown.pictures() {
            let file = folder.join(format!("{}_{state}.snap", shown.screen));
            assert_eq!(file.exists(), !picture.is_never(), "{}", file.display());
        }
    }
}
