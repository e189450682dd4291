//! The house stands as ARCHITECTURE.md shows it: arrows between rooms go down only, and each outside thing is named in one room.

use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// Code only: neither comments nor the tests at a file's end.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]").next().unwrap_or("");
    body.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn arrows_between_rooms_go_down_only() {
    let may_use: &[(&str, &[&str])] = &[
        ("rules", &["rules"]),
        ("text", &["text", "rules"]),
        ("store", &["store", "rules", "text", "__table"]),
        ("book", &["book", "store", "rules"]),
        ("derive", &["derive", "book", "store", "rules", "text"]),
        ("exchange", &["exchange", "derive", "book", "store", "rules", "text"]),
        ("outbound", &["outbound", "store", "rules", "text", "derive", "desk", "book"]),
        ("inbound", &["inbound", "rules", "text", "store", "desk", "derive", "book"]),
    ];
    let mut faults = Vec::new();
    for (name, text) in sources() {
        let room = name.split('/').next().unwrap_or("").trim_end_matches(".rs").to_owned();
        let Some((_, allowed)) = may_use.iter().find(|(known, _)| *known == room) else { continue };
        for (number, line) in code(&text).lines().enumerate() {
            for part in line.split("crate::").skip(1) {
                let path: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect();
                let is_macro = part[path.len()..].starts_with('!');
                if !is_macro && !allowed.iter().any(|known| path.starts_with(known)) {
                    faults.push(format!("{name}:{}: {room} → {path}", number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_outside_thing_is_named_in_one_room() {
    let homes = [
        ("rusqlite", "store/"),
        ("crossterm", "tui/"),
        ("ratatui", "tui/"),
        ("clap", "cli"),
        ("indicatif", "cli"),
        ("zstd", "exchange/"),
    ];
    let mut faults = Vec::new();
    for (name, text) in sources() {
        for (thing, home) in homes {
            if code(&text).contains(&format!("{thing}::")) && !name.starts_with(home) {
                faults.push(format!("{name} names {thing}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn screens_know_no_sql_and_no_store_of_their_own() {
    let mut faults = Vec::new();
    for (name, text) in sources().into_iter().filter(|(name, _)| name.starts_with("tui/")) {
        for word in ["SELECT ", "INSERT ", "UPDATE ", "DELETE FROM"] {
            if code(&text).contains(word) {
                faults.push(format!("{name} speaks SQL"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A fold must give the same rows at every site (I-5): it never asks whose desk it runs at.
#[test]
fn no_fold_asks_whose_book_it_is() {
    let own = ["own", "seen", "own_record", "other_site", "with_site", "at_head_office", "standing_of", "incomplete"];
    let lists =
        ["open_shift", "account_of_text", "slip_of_text", "user_at_desk", "workers_of_text", "users", "taken_on"];
    let mut faults = Vec::new();
    for (name, text) in
        sources().into_iter().filter(|(name, _)| name.starts_with("derive/") || name.starts_with("rules/"))
    {
        for word in own.iter().chain(&lists) {
            if code(&text).contains(&format!("tx.{word}(")) {
                faults.push(format!("{name}: {word}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
