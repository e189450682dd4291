//! Golden files of the first entry format: bundles of entries this program wrote, kept for ever. Every later program must still
//! open them, read every entry and derive the same rows. A file here is never made again; new actions get a new file.
//!
//! `cargo test --test golden_make -- --ignored` makes files that are not there yet; `cargo test --test golden -- --ignored note_` writes
//! `state.txt`: what they derive to, a line a table with its columns and a hash over them, so that a column added later changes nothing.

#[path = "support/bundle.rs"]
mod bundle;
#[path = "support/golden.rs"]
mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use files::{entries, folder, golden_files};
use meterdesk::derive::{self, Incoming, bulk, ledger, rebuild};
use meterdesk::desk::{ACTIONS, bodies};
use meterdesk::store::entries::EntryRow;
use meterdesk::store::migrate::FOLDS;
use meterdesk::store::{Db, OpenOptions};
use serde_json::{Value, json};

/// Actions of which no golden entry can be: they write nothing, or an entry of another action.
const WRITE_NOTHING_OF_THEIR_OWN: &[&str] = &["intake.preview", "adjustment.preview", "import.confirm", "import.mend"];

/// Derives entries into an empty book on disk.
fn derived(path: &Path, rows: &[EntryRow]) -> Db {
    let mut db = Db::create(path, OpenOptions::default()).unwrap();
    let tx = db.write().unwrap();
    tx.set_setting("site", "Z9").unwrap();
    tx.set_setting("epoch", "1").unwrap();
    let batch: Vec<Incoming> = rows.iter().map(|row| Incoming { row: row.clone() }).collect();
    derive::receive_many(&tx, &batch).unwrap();
    tx.commit().unwrap();
    bulk::finish(&mut db, |_| {}).unwrap();
    db
}

/// A hash over some columns of a table, in an order of their own.
fn table_hash(conn: &rusqlite::Connection, table: &str, columns: &str) -> String {
    let mut statement = conn.prepare(&format!("SELECT {columns} FROM {table}")).unwrap();
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let cells: Vec<String> = (0..width).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect();
        lines.push(cells.join("|"));
    }
    lines.sort();
    blake3::hash(lines.join("\n").as_bytes()).to_hex()[..32].to_owned()
}

/// Every derived table with its columns.
fn tables(conn: &rusqlite::Connection) -> Vec<(String, String)> {
    let sql = "SELECT m.name, group_concat(c.name, ',') FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name LIKE 'd\\_%' ESCAPE '\\' GROUP BY m.name ORDER BY m.name";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_golden_entry_derives_to_the_rows_it_always_did() {
    let said = std::fs::read_to_string(folder().join("state.txt")).unwrap();
    assert!(said.starts_with(&format!("# folds {FOLDS}:")), "state.txt is of other folds: see note_the_state");
    let mut states: BTreeMap<&str, Vec<(&str, &str, &str)>> = BTreeMap::new();
    for line in said.lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = line.split(' ').collect();
        let [file, table, columns, hash] = parts[..] else { panic!("{line}") };
        states.entry(file).or_default().push((table, columns, hash));
    }
    let home = tempfile::tempdir().unwrap();
    let mut faults = Vec::new();
    for file in golden_files() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let rows = entries(&file);
        let path = home.path().join(format!("{name}.db"));
        let mut db = derived(&path, &rows);
        let tx = db.read().unwrap();
        assert_eq!(tx.entry_count().unwrap(), i64::try_from(rows.len()).unwrap(), "{name}");
        let held = tx.scan::<meterdesk::store::tables::base::HoldRow>(&[]).unwrap();
        assert!(held.is_empty(), "{name}: {held:?}");
        let balance = ledger::trial_balance(&tx).unwrap();
        assert_eq!(balance.unbalanced, None, "{name}");
        let before = tx.state_hash().unwrap();
        drop(tx);
        rebuild::rebuild(&mut db, |_| {}).unwrap();
        assert_eq!(db.look().unwrap().state_hash().unwrap(), before, "{name}: rebuilt otherwise");
        drop(db);
        let conn = rusqlite::Connection::open(&path).unwrap();
        for (table, columns, hash) in states.remove(name).unwrap_or_else(|| panic!("{name} is not in state.txt")) {
            if table_hash(&conn, table, columns) != hash {
                faults.push(format!("{name}: {table} ({columns})"));
            }
        }
    }
    assert!(states.is_empty(), "files that went away: {:?}", states.keys());
    assert!(
        faults.is_empty(),
        "old entries derive otherwise than they did (meant so? raise FOLDS):\n{}",
        faults.join("\n")
    );
}

#[test]
fn every_action_has_a_golden_entry() {
    let held: BTreeSet<String> = golden_files().iter().flat_map(|file| entries(file)).map(|row| row.action).collect();
    let lacking: Vec<&str> = meterdesk::desk::ACTIONS
        .iter()
        .map(|action| action.name)
        .filter(|name| !held.contains(*name) && !WRITE_NOTHING_OF_THEIR_OWN.contains(name))
        .collect();
    assert!(lacking.is_empty(), "no golden entry of {lacking:?}: add a golden file");
    for name in WRITE_NOTHING_OF_THEIR_OWN {
        assert!(!held.contains(*name), "{name} has a golden entry: take it off the list");
    }
}

/// What of a value is not as its schema says, as far as these schemas go. An object may stand as an array of its fields, as in the rows
/// of bulk entries.
fn misfit(root: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    let again = |schema: &Value, value: &Value, place: &str| misfit(root, schema, value, place);
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name}"));
        if let Some(said) = again(target, value, place) {
            return Some(said);
        }
    }
    if let Some(constant) = schema.get("const") {
        return (constant != value).then(|| format!("{place}: {value} is not {constant}"));
    }
    if let Some(list) = schema["enum"].as_array() {
        return (!list.contains(value)).then(|| format!("{place}: {value} is none of {list:?}"));
    }
    for any in ["anyOf", "oneOf"] {
        if let Some(several) = schema[any].as_array() {
            let said: Vec<String> = several.iter().filter_map(|one| again(one, value, place)).collect();
            if said.len() == several.len() {
                return Some(format!("{place}: {}", said.join(" and ")));
            }
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let fits = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object() || (value.is_array() && schema["properties"].is_object()),
        other => panic!("{other}"),
    };
    if !types.iter().any(|kind| fits(kind)) {
        return Some(format!("{place}: {value} is no {types:?}"));
    }
    if let (Some(items), Some(list)) = (schema.get("items").filter(|items| items.is_object()), value.as_array()) {
        return list.iter().enumerate().find_map(|(at, one)| again(items, one, &format!("{place}/{at}")));
    }
    if let (Some(items), Some(list)) = (schema["prefixItems"].as_array(), value.as_array()) {
        return items.iter().zip(list).find_map(|(schema, one)| again(schema, one, place));
    }
    let properties = schema["properties"].as_object()?;
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
    if let Some(row) = value.as_array() {
        if row.len() > properties.len() {
            return Some(format!("{place}: {} fields, {} known", row.len(), properties.len()));
        }
        return properties.iter().enumerate().find_map(|(at, (name, schema))| match row.get(at) {
            Some(Value::Null) if !required(name) => None,
            Some(one) => again(schema, one, &format!("{place}/{name}")),
            None => required(name).then(|| format!("{place}: no {name}")),
        });
    }
    let object = value.as_object()?;
    if let Some(strange) = object.keys().find(|name| !properties.contains_key(*name)) {
        return Some(format!("{place}: {strange} is not known"));
    }
    properties.iter().find_map(|(name, schema)| match object.get(name) {
        Some(one) => again(schema, one, &format!("{place}/{name}")),
        None => required(name).then(|| format!("{place}: no {name}")),
    })
}

#[test]
fn every_entry_has_a_schema_of_its_payload_and_every_golden_payload_keeps_to_it() {
    let known: BTreeSet<(String, u32)> =
        bodies::BODIES.iter().map(|bodies| (bodies.action.to_owned(), bodies.version)).collect();
    let folded = derive::FOLDS.iter().flat_map(|fold| fold.knows).chain(derive::exception::KNOWS);
    let read: BTreeSet<(String, u32)> = folded.map(|(action, version)| ((*action).to_owned(), *version)).collect();
    assert_eq!(known, read, "what is read and what is described");
    for def in ACTIONS.iter().filter(|def| !WRITE_NOTHING_OF_THEIR_OWN.contains(&def.name)) {
        assert!(known.contains(&(def.name.to_owned(), def.version)), "{} {}", def.name, def.version);
    }
    let (mut faults, mut rows, mut seen) = (BTreeSet::new(), 0, BTreeSet::new());
    for file in golden_files() {
        for entry in entries(&file) {
            let schema = bodies::schemas(&entry.action).unwrap()[entry.version.to_string()].clone();
            let payload: Value = serde_json::from_str(&entry.payload).unwrap();
            let all = match payload["rows"].as_array().filter(|_| bulk::is_bulk(&entry.payload)) {
                Some(list) => list.clone(),
                None => vec![payload],
            };
            rows += usize::from(all[0].is_array());
            faults.extend(all.iter().filter_map(|one| misfit(&schema, &schema, one, &entry.action)));
            seen.insert(entry.action);
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(rows > 0 && seen.len() > 60, "{rows} bulk entries, {} actions", seen.len());
    // The check can fail.
    let schema = bodies::schemas("shift.open").unwrap()["1"].clone();
    for wrong in [json!({}), json!({ "float": true }), json!({ "float": "1.00", "more": 1 })] {
        assert!(misfit(&schema, &schema, &wrong, "").is_some(), "{wrong} {schema}");
    }
}

/// Writes down what the files derive to now: once for new files, and on purpose when a rule was changed on purpose.
#[test]
#[ignore = "writes state.txt"]
fn note_the_state() {
    let home = tempfile::tempdir().unwrap();
    let mut text = format!("# folds {FOLDS}: file table columns hash\n");
    for file in golden_files() {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let path = home.path().join(format!("state-{name}.db"));
        drop(derived(&path, &entries(&file)));
        let conn = rusqlite::Connection::open(&path).unwrap();
        for (table, columns) in tables(&conn) {
            writeln!(text, "{name} {table} {columns} {}", table_hash(&conn, &table, &columns)).unwrap();
        }
    }
    std::fs::write(folder().join("state.txt"), text).unwrap();
}
