//! `recover` where a book still stands, with the real program: what it had and the bundles have not is told, whoever puts another in
//! its place is asked, and no key is made anew beside it. Each test is named after what went wrong.

mod support {
    pub mod office;
}

use std::process::Command;

use support::office::{Office, Said};

/// `recover` of B1, with these arguments behind.
fn recover(office: &Office, more: &[&str]) -> Said {
    let (card, print) = office.card("HO");
    let base = ["recover", "--site", "B1", "--card", &card, "--fingerprint", &print];
    office.run("B1", &[&base[..], more].concat())
}

#[test]
fn recover_over_a_living_book_says_which_receipts_the_bundles_lack() {
    let office = Office::new(&["B1"]);
    let db = office.db("B1");
    office.shift(&db);
    let sent = office.fee(&db);
    office.night("B1", "night");
    let whole = office.stick("whole");
    office.out("HO", &whole, &["--for", "B1", "--whole"]).ends(0);
    let first = office.fee(&db);
    office.fee(&db);
    let last = office.fee(&db);
    let saved = office.path("saved.mark");
    std::fs::copy(office.path("B1.db.mark"), &saved).unwrap();
    let from = ["--from", whole.to_str().unwrap()];
    let done = recover(&office, &from).ends(0).json();
    assert_eq!(
        (&done["receipts_since"], &done["receipts_to_enter"], &done["only_in_old"]),
        (&3.into(), &3.into(), &3.into())
    );
    assert_eq!(done["receipts"], serde_json::json!([{ "first": first, "last": last }]), "{sent}: {done}");
    let said = done["since"].to_string();
    assert!(said.contains("补录") && said.contains(&last) && done["until"].as_str().unwrap().len() == 16, "{done}");
    // The book gone, its mark still tells.
    for tail in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(office.path(&format!("B1.db{tail}")));
    }
    std::fs::copy(&saved, office.path("B1.db.mark")).unwrap();
    let done = recover(&office, &from).ends(0).json();
    assert_eq!((&done["old_book_read"], &done["receipts_since"]), (&false.into(), &3.into()), "{done}");
    // Neither: what was done since nobody knows, and that is said.
    for tail in ["", "-wal", "-shm", ".mark"] {
        let _ = std::fs::remove_file(office.path(&format!("B1.db{tail}")));
    }
    let done = recover(&office, &from).ends(0).json();
    assert!(done["since"].to_string().contains("无从知道"), "{done}");
}

#[test]
fn recover_over_a_living_real_book_asks_who_may_restore() {
    let folder = tempfile::tempdir().unwrap();
    let run = |site: &str, login: Option<&str>, password: &str, args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(folder.path().join(format!("{site}.db"))).arg("--json");
        command.args(login.map(|login| ["--as", login]).iter().flatten()).args(args);
        Said::of(&command.env("METERDESK_PASSWORD", password).env_remove("METERDESK_PASSPHRASE").output().unwrap())
    };
    run("HO", None, "secret-9", &["init", "--site", "HO", "--name", "总部", "--head-office"]).ends(0);
    run("B1", None, "secret-9", &["init", "--site", "B1", "--name", "营业所"]).ends(0);
    let card = folder.path().join("HO.card");
    let card = card.to_str().unwrap();
    let said = run("HO", Some("admin"), "secret-9", &["site", "card", "--to", card]).ends(0).json();
    let print = said["fingerprint"].as_str().unwrap();
    let from = folder.path().to_str().unwrap();
    let args = ["recover", "--site", "B1", "--card", card, "--fingerprint", print, "--from", from];
    let refused = run("B1", None, "secret-9", &args).ends(4);
    assert!(refused.err.contains("要先登录"), "{}", refused.err);
    run("B1", Some("admin"), "wrong-99", &args).ends(4);
    let none = run("B1", Some("admin"), "secret-9", &args).ends(1);
    assert!(none.err.contains("没有可用的"), "{}", none.err);
    // Where no book is left nobody can be asked.
    std::fs::remove_file(folder.path().join("B1.db")).unwrap();
    let none = run("B1", None, "secret-9", &args).ends(1);
    assert!(none.err.contains("没有可用的"), "{}", none.err);
}

#[test]
fn no_key_is_made_anew_beside_a_living_book_or_for_another_sites() {
    let office = Office::new(&["B1", "B2"]);
    let card = office.path("new.card");
    let prepare = ["--prepare", "--name", "营业所", "--to", card.to_str().unwrap()];
    for (file, way) in [("B1.db.key", "key restore"), ("B1.db.site", "site keys")] {
        let (file, kept) = (office.path(file), office.path("kept"));
        std::fs::rename(&file, &kept).unwrap();
        let refused = recover(&office, &prepare).ends(1);
        assert!(refused.err.contains(way) && !file.exists() && !card.exists(), "{}", refused.err);
        std::fs::rename(&kept, &file).unwrap();
    }
    // Of another site, as in the second step.
    let (ho, print) = office.card("HO");
    let base = ["recover", "--site", "B1", "--card", &ho, "--fingerprint", &print];
    let refused = office.run("B2", &[&base[..], &prepare].concat()).ends(1);
    assert!(refused.err.contains("B2") && !card.exists(), "{}", refused.err);
    recover(&office, &prepare).ends(0);
}
