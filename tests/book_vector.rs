//! The third vector of docs/exchange.md: a whole small book, entries of six sites, and the state they derive to. Another program
//! can check with it how it reads entries, in which order it applies them, and how a state hash is made.
//!
//! `vector-3.json` holds the entries and is kept for ever. `vector-3-state.json` is what they derive to: written again on purpose when
//! `FOLDS` is raised or a derived table has other columns, by `cargo test --test book_vector -- --ignored note_`.

#[path = "support/bundle.rs"]
mod bundle;
mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bundle::{hex, said_of, unhex};
use meterdesk::book::entry;
use meterdesk::derive::account::file::LastReading;
use meterdesk::derive::{self, Incoming, bulk, rebuild};
use meterdesk::rules::id::{Id, Site};
use meterdesk::rules::money::Milli;
use meterdesk::store::entries::EntryRow;
use meterdesk::store::migrate::FOLDS;
use meterdesk::store::tables::base::HoldRow;
use meterdesk::store::{Db, OpenOptions};
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use support::orders::{Chance, Town};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/exchange").join(name)
}

fn kept(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// The entries of `vector-3.json`, sealed anew from what stands there.
fn entries() -> Vec<EntryRow> {
    let kept = kept("vector-3.json");
    let row = |said: &Value| {
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        let number = |name: &str| said[name].as_i64().unwrap();
        let site = Site::parse(&text("site")).unwrap();
        entry::seal(EntryRow {
            id: Id::new(&site, number("epoch"), number("seq"), 0).unwrap(),
            suite: number("suite"),
            site: text("site"),
            epoch: number("epoch"),
            seq: number("seq"),
            hlc: number("hlc"),
            at: text("at"),
            business_day: text("business_day").parse().unwrap(),
            actor: text("actor"),
            action: text("action"),
            version: number("version"),
            subjects: text("subjects"),
            key: said["key"].as_str().map(str::to_owned),
            payload: text("payload"),
            salt: unhex(&said["salt"]).try_into().unwrap(),
            leaf: [0; 32],
            prev: unhex(&said["prev"]).try_into().unwrap(),
            hash: [0; 32],
        })
    };
    kept["entries"].as_array().unwrap().iter().map(row).collect()
}

/// A book that takes these entries in, in this order, so many at a time.
fn derived(home: &tempfile::TempDir, rows: &[EntryRow], at_once: usize) -> (Db, PathBuf) {
    let file = home.path().join(format!("{}.db", std::fs::read_dir(home.path()).unwrap().count()));
    let mut db = Db::create(&file, OpenOptions::default()).unwrap();
    for part in rows.chunks(at_once) {
        let tx = db.write().unwrap();
        tx.set_setting("site", "Z9").unwrap();
        tx.set_setting("epoch", "1").unwrap();
        let batch: Vec<Incoming> = part.iter().map(|row| Incoming { row: row.clone() }).collect();
        derive::receive_many(&tx, &batch).unwrap();
        tx.commit().unwrap();
        bulk::finish(&mut db, |_| {}).unwrap();
    }
    (db, file)
}

/// What a book derived to: the parts of every subject in their order, and every row of every derived table.
fn state_of(db: &Db, file: &std::path::Path) -> Value {
    let tx = db.look().unwrap();
    let state_hash = hex(&tx.state_hash().unwrap());
    assert!(tx.scan::<HoldRow>(&[]).unwrap().is_empty());
    let conn = rusqlite::Connection::open(file).unwrap();
    let mut subjects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut index =
        conn.prepare("SELECT kind, subject, id FROM entry_subject ORDER BY kind, subject, hlc, id").unwrap();
    let mut rows = index.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (kind, subject, part): (String, i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        subjects.entry(format!("{kind}{}", Id(subject))).or_default().push(Id(part).to_string());
    }
    let mut tables = Vec::new();
    for name in tx.derived_tables().unwrap() {
        let key = "SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk)";
        let key: String = conn.query_row(key, [&name], |row| row.get(0)).unwrap();
        let mut statement = conn.prepare(&format!("SELECT * FROM {name} ORDER BY {key}")).unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let cell = |column: usize| match row.get_ref(column).unwrap() {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => json!(number),
                ValueRef::Text(text) => json!(std::str::from_utf8(text).unwrap()),
                ValueRef::Blob(bytes) => json!({ "blob": hex(bytes) }),
                ValueRef::Real(number) => panic!("{name}: a real, {number}"),
            };
            all.push(Value::Array((0..columns.len()).map(cell).collect()));
        }
        let hash = hex(&tx.table_hash(&name).unwrap());
        tables.push(json!({ "name": name, "key": key, "columns": columns, "rows": all, "hash": hash }));
    }
    json!({ "folds": FOLDS, "state_hash": state_hash, "subjects": subjects, "tables": tables })
}

/// The book: at B01 a price, customers of an import and one of the counter, a worker; apart, at S0 to S3, what concerns the same
/// customer and worker, of two clocks that agree and two behind; then at M1, which knows all of it, a reading, bills and a payment.
fn book() -> Vec<EntryRow> {
    let town = Town::new(|book| {
        let water = include_str!("../assets/tariffs/bj-water-res-2014.toml");
        book.act("boss", "tariff.put", json!({ "file": "x.toml", "text": water }));
        let mut metered = support::town::account("3100000004", "黄思诺", "supplied", 0);
        let day = "2026-10-11".parse().unwrap();
        metered.last_reading = Some(LastReading { day, value: Milli::whole(100), registers: Vec::new() });
        let owing = support::town::account("3100000006", "老王面馆", "supplied", 8_500);
        support::town::open_accounts(book, &[metered, owing]);
        book.act("boss", "worker.add", json!({ "code": "lq", "name": "李强", "team": "抢修班" }));
    });
    let mobile =
        |value: &str| json!({ "account": "3100000004", "field": "mobile", "seen": "13358990332", "value": value });
    let mut book = town.merged(&[
        ("check", "account.amend", mobile("13800000001")),
        ("demo", "account.amend", mobile("13800000002")),
        ("boss", "worker.amend", json!({ "worker": "lq", "phone": "13900000000" })),
        ("boss", "worker.amend", json!({ "worker": "lq", "phone": "13900000001", "team": "表务班" })),
    ]);
    support::water::read(&mut book, "3100000004", "2026-11-12", "112.5");
    book.act("chief", "bill.issue", json!({ "account": "3100000004" }));
    book.act("demo", "shift.open", json!({ "float": "200.00" }));
    book.act("demo", "payment.take", json!({ "account": "3100000004", "to_prepaid": "40.00" }));
    book.act("demo", "payment.take", json!({ "account": "3100000006", "amounts": "10.00" }));
    let tx = book.desk.look().unwrap();
    tx.entries_after(Id(0), 1_000_000).unwrap()
}

#[test]
#[ignore = "makes the vector; the one in the repository is kept"]
fn make_the_third_vector() {
    let place = path("vector-3.json");
    assert!(!place.exists(), "it is kept for ever");
    let entries: Vec<Value> = book().iter().map(|row| said_of("chained", row)).collect();
    std::fs::write(place, format!("{:#}\n", json!({ "entries": entries }))).unwrap();
}

/// Once, and on purpose when a rule or a table was changed on purpose.
#[test]
#[ignore = "writes what the third vector derives to"]
fn note_the_state_of_the_third_vector() {
    let home = tempfile::tempdir().unwrap();
    let (db, file) = derived(&home, &entries(), 1_000);
    std::fs::write(path("vector-3-state.json"), format!("{:#}\n", state_of(&db, &file))).unwrap();
}

#[test]
fn the_third_vector_derives_to_its_state_hash_in_whatever_order_it_comes() {
    let (rows, said) = (entries(), kept("vector-3-state.json"));
    assert_eq!(said["folds"], FOLDS, "the state is of other folds: see note_the_state_of_the_third_vector");
    let sites: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.site.as_str()).collect();
    assert_eq!(sites.len(), 6, "{sites:?}");
    let home = tempfile::tempdir().unwrap();
    let (mut db, file) = derived(&home, &rows, 1_000);
    assert_eq!(state_of(&db, &file), said, "old entries derive otherwise (meant so? raise FOLDS and note the state)");
    rebuild::rebuild(&mut db, |_| {}).unwrap();
    assert_eq!(state_of(&db, &file), said, "rebuilt otherwise");
    let mut chance = Chance(3);
    for (round, at_once) in [1, 1_000, 1, 7].into_iter().enumerate() {
        let mut mixed = rows.clone();
        mixed.reverse();
        for last in (1..mixed.len()).rev().filter(|_| round > 0) {
            mixed.swap(last, usize::try_from(chance.below(last as u64 + 1)).unwrap());
        }
        let (db, file) = derived(&home, &mixed, at_once);
        assert_eq!(state_of(&db, &file), said, "order {round}");
    }
}

// From here on the words of docs/exchange.md, with nothing of the program.

fn field(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_le_bytes()[..], bytes].concat()
}

fn kdf(context: &str, bytes: &[u8]) -> Vec<u8> {
    blake3::derive_key(context, bytes).to_vec()
}

#[test]
fn the_entries_of_the_third_vector_are_chained_as_the_page_says() {
    let kept = kept("vector-3.json");
    let mut heads: BTreeMap<String, (i64, i64, Vec<u8>)> = BTreeMap::new();
    for said in kept["entries"].as_array().unwrap() {
        let number = |name: &str| said[name].as_i64().unwrap();
        let text = |name: &str| said[name].as_str().unwrap();
        let genesis =
            kdf("meterdesk genesis 1", &[text("site").as_bytes(), &number("epoch").to_le_bytes()[..]].concat());
        let (seq, hlc, prev) = heads.remove(text("site")).unwrap_or((0, -1, genesis));
        assert_eq!((number("epoch"), number("seq"), hex(&prev).as_str()), (1, seq + 1, text("prev")));
        assert!(number("hlc") > hlc, "it rises");
        let leaf = kdf("meterdesk leaf 1", &[unhex(&said["salt"]), text("payload").as_bytes().to_vec()].concat());
        assert_eq!(hex(&leaf), text("leaf"));
        let numbered = |name: &str| field(&number(name).to_le_bytes());
        let texts = |name: &str| field(text(name).as_bytes());
        let mut bytes =
            [numbered("suite"), texts("site"), numbered("epoch"), numbered("seq"), numbered("hlc")].concat();
        bytes.extend([texts("at"), texts("business_day"), texts("actor"), texts("action")].concat());
        bytes.extend([numbered("version"), texts("subjects")].concat());
        match said["key"].as_str() {
            None => bytes.extend(field(&[0])),
            Some(key) => bytes.extend([field(&[1]), field(key.as_bytes())].concat()),
        }
        bytes.extend([field(&unhex(&said["salt"])), field(&prev), field(&leaf)].concat());
        let hash = kdf("meterdesk entry 1", &bytes);
        assert_eq!(hex(&hash), text("hash"));
        heads.insert(text("site").into(), (number("seq"), number("hlc"), hash));
    }
}

/// hlc, site, life, number, item.
type PlaceInOrder = (i64, String, i64, i64, usize);

/// Rows of a bulk entry: their subjects stand as many as the rows, and the entry's place with its item names the part.
#[test]
fn the_parts_of_each_subject_of_the_third_vector_stand_in_the_order_of_the_page() {
    let (kept, state) = (kept("vector-3.json"), kept("vector-3-state.json"));
    let mut parts: BTreeMap<String, Vec<(PlaceInOrder, String)>> = BTreeMap::new();
    let mut items = 0;
    for said in kept["entries"].as_array().unwrap() {
        let (site, epoch, seq) = (said["site"].as_str().unwrap(), said["epoch"].as_i64().unwrap(), &said["seq"]);
        let place = format!("{site}.{epoch}.{seq}");
        let is_bulk = said["payload"].as_str().unwrap().starts_with("{\"run\":");
        for (at, word) in said["subjects"].as_str().unwrap().split(' ').enumerate() {
            let (letter, name) = word.split_at(1);
            let subject = match name {
                "" => place.clone(),
                item if item.starts_with('/') => format!("{place}{}", item.strip_suffix("/0").unwrap_or(item)),
                other => other.to_owned(),
            };
            let item = if is_bulk { at } else { 0 };
            items += usize::from(item > 0);
            let part = if item > 0 { format!("{place}/{item}") } else { place.clone() };
            let order = (said["hlc"].as_i64().unwrap(), site.to_owned(), epoch, seq.as_i64().unwrap(), item);
            parts.entry(format!("{letter}{subject}")).or_default().push((order, part));
        }
    }
    assert!(items > 0, "a bulk entry of several rows");
    let mut ties = 0;
    let mut crossed = 0;
    for (subject, mut list) in parts.clone() {
        list.sort();
        ties += list.windows(2).filter(|pair| pair[0].0.0 == pair[1].0.0 && pair[0].0.1 != pair[1].0.1).count();
        crossed += list.windows(2).filter(|pair| pair[0].0.1 > pair[1].0.1).count();
        let names: Vec<&str> = list.iter().map(|(_, part)| part.as_str()).collect();
        assert_eq!(json!(names), state["subjects"][&subject], "{subject}");
    }
    assert_eq!(parts.len(), state["subjects"].as_object().unwrap().len());
    assert!(ties > 0 && crossed > 0, "of one moment {ties}, a later site first {crossed}");
}

#[test]
fn the_state_hash_of_the_third_vector_is_made_of_its_rows_as_the_page_says() {
    let state = kept("vector-3-state.json");
    let mut whole = Vec::new();
    let tables = state["tables"].as_array().unwrap();
    let names: Vec<&str> = tables.iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.iter().all(|name| name.starts_with("d_")));
    for (table, name) in tables.iter().zip(&names) {
        let mut bytes = Vec::new();
        for cell in table["rows"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap()) {
            match cell {
                Value::Null => bytes.push(0),
                Value::Number(number) => {
                    bytes.push(1);
                    bytes.extend(number.as_i64().unwrap().to_le_bytes());
                }
                Value::String(text) => {
                    bytes.push(2);
                    bytes.extend(field(text.as_bytes()));
                }
                other => {
                    bytes.push(3);
                    bytes.extend(field(&unhex(&other["blob"])));
                }
            }
        }
        let hash = blake3::hash(&bytes);
        assert_eq!(hash.to_hex().as_str(), table["hash"], "{name}");
        whole.extend([name.as_bytes(), hash.as_bytes()].concat());
    }
    assert_eq!(hex(&kdf("meterdesk state 1", &whole)), state["state_hash"]);
    // Places as they stand in the rows: the two accounts of one bulk entry.
    let accounts = tables.iter().find(|table| table["name"] == "d_account").unwrap();
    let found: Vec<i64> = accounts["rows"].as_array().unwrap().iter().map(|row| row[0].as_i64().unwrap()).collect();
    let site = [11 + 1, 1, 2, 0, 0].iter().fold(0i64, |number, digit| number * 37 + digit);
    let place = |seq: i64, item: i64| ((site * 64 + 1) * 4_000_000 + seq) * 512 + item;
    assert_eq!(found, [place(10, 0), place(10, 1)], "B01.1.10 and B01.1.10/1");
    let filled = tables.iter().filter(|table| !table["rows"].as_array().unwrap().is_empty()).count();
    assert!(filled > 10, "{filled} tables with rows");
}
