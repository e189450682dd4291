//! Loading price files and calendar years: given a book, when a file is put, then an entry, nothing, or a refusal.

mod support {
    pub mod site;
}

use meterdesk::book::clock::SystemClock;
use meterdesk::desk::{Call, Desk};
use meterdesk::store::OpenOptions;
use support::site::new_site;

const RESIDENT: &str = include_str!("../assets/tariffs/bj-water-res-2014.toml");

fn new_desk(folder: &tempfile::TempDir) -> Desk {
    let new = new_site("B03", false);
    let path = folder.path().join("a.db");
    let (mut desk, _) = Desk::create(&path, OpenOptions::default(), Box::new(SystemClock), &new).unwrap();
    desk.sign_in_practice("boss").unwrap();
    desk
}

fn put(desk: &mut Desk, action: &str, text: &str) -> Result<(bool, serde_json::Value), (String, String)> {
    let input = serde_json::json!({ "file": "some/folder/x.toml", "text": text }).to_string();
    match desk.perform(action, &input, Call::default()) {
        Ok(done) => Ok((done.entry.is_some(), serde_json::from_str(&done.result).unwrap())),
        Err(refusal) => Err((refusal.first_rule().to_owned(), refusal.message())),
    }
}

#[test]
fn a_tariff_is_loaded_once_and_never_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = new_desk(&folder);
    let day = "2026-10-12".parse().unwrap();
    assert!(desk.prices().unwrap().at("BJ-WATER-RES-2014", day).is_err());
    let (written, answer) = put(&mut desk, "tariff.put", RESIDENT).unwrap();
    assert!(written && answer["code"] == "BJ-WATER-RES-2014" && answer["already"] == false);
    assert_eq!(desk.prices().unwrap().at("BJ-WATER-RES-2014", day).unwrap().name, "北京居民水价");
    let (written, answer) = put(&mut desk, "tariff.put", RESIDENT).unwrap();
    assert!(!written && answer["already"] == true);
    let dearer = RESIDENT.replace("2.07", "2.08");
    assert_eq!(put(&mut desk, "tariff.put", &dearer).unwrap_err().0, "R-036");
    let later = dearer.replace("2014-05-01", "2027-01-01");
    assert!(put(&mut desk, "tariff.put", &later).unwrap().0);
    assert_eq!(desk.prices().unwrap().at("BJ-WATER-RES-2014", day).unwrap().valid_from.to_string(), "2014-05-01");
    assert!(desk.verify(true, |_| {}).unwrap().ok);
}

#[test]
fn a_tariff_with_a_mistake_is_refused_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = new_desk(&folder);
    let (rule, message) = put(&mut desk, "tariff.put", &RESIDENT.replace("\"180\"", "\"280\"")).unwrap_err();
    assert!(rule == "R-036" && message.contains("x.toml 第"), "{rule} {message}");
    let other_unit = RESIDENT.replace("\"m3\"", "\"t\"").replace("2014-05-01", "2027-01-01");
    put(&mut desk, "tariff.put", RESIDENT).unwrap();
    assert_eq!(put(&mut desk, "tariff.put", &other_unit).unwrap_err().0, "R-036");
}

#[test]
fn a_new_year_of_the_calendar_can_be_loaded_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = new_desk(&folder);
    let day = "2027-01-01".parse().unwrap();
    assert!(desk.calendar().unwrap().is_working(day).is_err(), "an uncovered year is refused");
    let text = "year = 2027\n[[holiday]]\nname = \"元旦\"\nfrom = 2027-01-01\nto = 2027-01-03\n";
    assert!(put(&mut desk, "calendar.put", text).unwrap().0);
    assert_eq!(desk.calendar().unwrap().is_working(day), Ok(false));
    assert!(!put(&mut desk, "calendar.put", text).unwrap().0);
    let longer = text.replace("2027-01-03", "2027-01-05");
    assert!(put(&mut desk, "calendar.put", &longer).unwrap().0);
    assert_eq!(desk.calendar().unwrap().is_working("2027-01-05".parse().unwrap()), Ok(false));
    assert!(put(&mut desk, "calendar.put", "year = 2027\nholiday = 3").is_err());
    assert!(desk.verify(true, |_| {}).unwrap().ok);
}
