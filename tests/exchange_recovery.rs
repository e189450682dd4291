//! Copies, forks and lost machines, with the real program and real files: nothing that was acknowledged is lost, and every way out
//! ends with all sites agreeing.

mod support {
    pub mod office;
}

use std::collections::BTreeSet;

use support::office::Office;

#[test]
fn a_branch_restored_from_an_old_copy_gets_back_what_head_office_has() {
    let office = Office::new(&["B1"]);
    let db = office.db("B1");
    office.shift(&db);
    let mut receipts = vec![office.fee(&db)];
    let copy = office.path("old.db");
    let said = office.run("B1", &["backup", copy.to_str().unwrap()]).ends(0).json();
    let kept: Vec<&str> = said["keep_besides"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert!(kept[0].ends_with("B1.db.key") && kept[1].ends_with("B1.db.site"), "{kept:?}");
    receipts.push(office.fee(&db));
    receipts.push(office.fee(&db));
    office.night("B1", "first");
    let restored = office.run("B1", &["restore", copy.to_str().unwrap()]).ends(0).json();
    assert!(restored["confirmed_lost"].as_i64().unwrap() >= 2, "{restored}");
    assert_eq!(restored["only_in_old"], 0, "{restored}");
    receipts.push(office.fee(&db));
    let stick = office.stick("second");
    office.out("B1", &stick, &[]).ends(0);
    office.take("HO", &stick).ends(0);
    office.out("HO", &stick, &[]).ends(0);
    let taken = office.take("B1", &stick).ends(0).json();
    let notices = taken["notices"].to_string();
    assert!(notices.contains("总部退回本网点恢复前的凭单"), "{notices}");
    receipts.push(office.fee(&db));
    office.night("B1", "third");
    office.night("B1", "fourth");
    assert_eq!(office.state("B1"), office.state("HO"));
    let once: BTreeSet<&String> = receipts.iter().collect();
    assert_eq!(once.len(), receipts.len(), "{receipts:?}");
}

#[test]
fn what_head_office_has_not_is_told_apart_when_an_old_copy_is_restored() {
    let office = Office::new(&["B1"]);
    let copy = office.path("old.db");
    office.run("B1", &["backup", copy.to_str().unwrap()]).ends(0);
    office.worker("B1", "W1").ends(0);
    office.night("B1", "first");
    office.worker("B1", "W2").ends(0);
    office.worker("B1", "W3").ends(0);
    let restored = office.run("B1", &["restore", copy.to_str().unwrap()]).ends(0).json();
    assert_eq!((&restored["confirmed_lost"], &restored["only_in_old"]), (&1.into(), &2.into()), "{restored}");
}

#[test]
fn one_book_used_on_two_machines_is_frozen_and_has_a_way_out() {
    let office = Office::new(&["B1"]);
    let db = office.db("B1");
    office.shift(&db);
    office.fee(&db);
    office.night("B1", "before");
    office.copy_machine("B1", "twin");
    let other = office.db("twin");
    office.fee(&db);
    office.fee(&db);
    office.fee(&other);
    office.night("B1", "one");
    // The second machine's bundle shows the fork.
    let stick = office.stick("two");
    office.out("twin", &stick, &[]).ends(0);
    office.take("HO", &stick).ends(0);
    office.out("HO", &stick, &[]).ends(0);
    for machine in ["B1", "twin"] {
        let taken = office.take(machine, &stick).ends(0).json();
        assert!(taken["notices"].to_string().contains("已冻结"), "{machine}: {taken}");
        let refused = office.worker(machine, "W9").ends(1);
        assert!(refused.err.contains("frozen") && refused.err.contains("两张不同"), "{machine}: {}", refused.err);
        office.run(machine, &["backup", office.path(&format!("{machine}.copy")).to_str().unwrap()]).ends(0);
        office.out(machine, &office.stick(&format!("{machine}-last")), &[]).ends(0);
        office.take("HO", &office.path(&format!("{machine}-last"))).ends(0);
        office.run(machine, &["verify", "--full"]).ends(0);
    }
    // Everybody's money is counted at head office: three fees of one machine, one more of the other.
    assert_eq!(fees(&office, "HO"), 4);
    office.run("HO", &["site", "thaw", "B1", "--reason", "第二台机器是拷贝的旧机，已停用"]).ends(0);
    // The machine head office held as the other one makes its book anew; the first is put away.
    let whole = office.stick("whole");
    office.out("HO", &whole, &["--for", "B1", "--whole"]).ends(0);
    let card = office.card("HO");
    let args =
        ["recover", "--site", "B1", "--card", &card.0, "--fingerprint", &card.1, "--from", whole.to_str().unwrap()];
    let done = office.run("twin", &args).ends(0).json();
    assert_eq!(done["epoch"], 2, "{done}");
    assert!(done["aside"].as_str().unwrap().contains("before-recover"));
    office.worker("twin", "W9").ends(0);
    office.fee(&other);
    office.night("twin", "after");
    office.night("twin", "after-again");
    assert_eq!(fees(&office, "HO"), 5);
    assert_eq!(office.state("twin"), office.state("HO"));
}

#[test]
fn a_lost_machine_is_made_anew_from_head_office_and_its_own_last_bundles() {
    let office = Office::new(&["B1"]);
    let db = office.db("B1");
    office.shift(&db);
    let mut receipts = vec![office.fee(&db)];
    office.night("B1", "night");
    receipts.push(office.fee(&db));
    let last = office.stick("last");
    office.out("B1", &last, &[]).ends(0);
    for entry in std::fs::read_dir(office.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap().to_string_lossy().starts_with("B1.db") {
            std::fs::remove_file(path).unwrap();
        }
    }
    office.take("HO", &last).ends(0);
    // New keys, a new card, enrolled; then everything head office has, for those keys.
    let card = office.card("HO");
    let new_card = office.path("B1.new.card").to_str().unwrap().to_owned();
    let base = ["recover", "--site", "B1", "--card", &card.0, "--fingerprint", &card.1];
    let prepare = [&base[..], &["--prepare", "--name", "营业所", "--to", &new_card]].concat();
    let said = office.run("B1", &prepare).ends(0).json();
    let whole = office.stick("whole");
    let from = [&base[..], &["--from", whole.to_str().unwrap()]].concat();
    let early = office.run("B1", &from).ends(1);
    assert!(early.err.contains("--whole") && !db.exists(), "{}", early.err);
    office.enrol(&(new_card, said["fingerprint"].as_str().unwrap().to_owned()));
    office.out("HO", &whole, &["--for", "B1", "--whole"]).ends(0);
    let done = office.run("B1", &from).ends(0).json();
    assert_eq!((&done["epoch"], &done["aside"]), (&2.into(), &serde_json::Value::Null), "{done}");
    receipts.push(office.fee(&db));
    office.night("B1", "after");
    office.night("B1", "after-again");
    assert_eq!(fees(&office, "HO"), 3);
    assert_eq!(office.state("B1"), office.state("HO"));
    let once: BTreeSet<&String> = receipts.iter().collect();
    assert_eq!(once.len(), receipts.len(), "{receipts:?}");
}

#[test]
fn a_lost_key_file_comes_back_from_the_recovery_code_and_sealed_numbers_open_again() {
    const ID: &str = "530124194610038814";
    let office = Office::new(&[]);
    let code = office.init("B1", &[]);
    office.join("B1");
    let db = office.db("B1");
    let home = serde_json::json!({
        "name": "王芳", "address": "人民路12号33幢2单元502室", "area": "old", "building_kind": "multi", "building": "33",
        "unit": "2", "room": "502", "book": "0412", "class": "resident", "people": 3, "id_number": ID,
        "mobile": "13987654321", "meter": { "no": "M0031877", "maker": "宁北", "calibre": 20, "fitted": "2019-05-01", "first": "1204" },
        "recent": [9, 8, 8],
    });
    let account = office.act(&db, "demo", "account.open", &home).ends(0).json()["result"]["account"].clone();
    office.night("B1", "night");
    let key = std::fs::read(office.path("B1.db.key")).unwrap();
    for tail in ["", "-wal", "-shm", ".key", ".site", ".mark"] {
        let _ = std::fs::remove_file(office.path(&format!("B1.db{tail}")));
    }
    let card = office.card("HO");
    let new_card = office.path("B1.new.card").to_str().unwrap().to_owned();
    let base = ["recover", "--site", "B1", "--card", &card.0, "--fingerprint", &card.1];
    let prepare = [&base[..], &["--prepare", "--name", "营业所", "--to", &new_card, "--recovery-code"]].concat();
    let (first, rest) = code.split_at(1);
    let mistyped = format!("{}{rest}\n", if first == "A" { "B" } else { "A" });
    let refused = office.run_told("B1", &prepare, &mistyped);
    assert!(refused.code != 0 && !office.path("B1.db.key").exists(), "a mistyped code makes no key: {}", refused.err);
    let said = office.run_told("B1", &prepare, &format!("{code}\n")).ends(0).json();
    // The company's search key beside it comes back from head office.
    assert!(key.starts_with(&std::fs::read(office.path("B1.db.key")).unwrap()));
    office.enrol(&(new_card, said["fingerprint"].as_str().unwrap().to_owned()));
    let whole = office.stick("whole");
    office.out("HO", &whole, &["--for", "B1", "--whole"]).ends(0);
    office.run("B1", &[&base[..], &["--from", whole.to_str().unwrap()]].concat()).ends(0);
    let ask = serde_json::json!({ "account": account, "field": "id_number", "reason": "核对身份" });
    let shown = office.act(&db, "chief", "customer.reveal", &ask).ends(0);
    assert!(shown.out.contains(ID), "{}", shown.out);
    assert!(office.run("B1", &["verify", "--full"]).ends(0).json()["ok"].as_bool().unwrap());
}

#[test]
fn a_copy_every_hour_is_made_proved_and_ended_and_a_failing_place_stops_nothing() {
    let office = Office::new(&["B1"]);
    let place = office.stick("copies");
    let said = office.run("B1", &["backup", "--every-hour", place.to_str().unwrap()]).ends(0).json();
    let copy = std::path::PathBuf::from(said["file"].as_str().unwrap());
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 1);
    office.run_on(&office.db("B1"), &["restore", copy.to_str().unwrap()]).ends(0);
    office.run("B1", &["backup", "--every-hour", "/nowhere/at/all"]).ends(2);
    office.run("B1", &["backup", "--every-hour", "off"]).ends(0);
    office.out("B1", &office.stick("s"), &[]).ends(0);
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 1, "none after it was ended");
}

/// Fees a site's book holds.
fn fees(office: &Office, site: &str) -> usize {
    let clock = Box::new(meterdesk::book::clock::SystemClock);
    let options = meterdesk::store::OpenOptions::default();
    let desk = meterdesk::desk::Desk::open(&office.db(site), options, clock).unwrap();
    let tx = desk.look().unwrap();
    let rows = tx.scan::<meterdesk::store::tables::till::TillRow>(&[]).unwrap();
    rows.iter().filter(|row| row.item == "补卡费").count()
}
