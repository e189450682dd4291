//! `docs/rules.md` says the truth about itself: every rule once, every state known, every file and test of a done rule there, the
//! head line counted right.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Rules and open points of the catalogue.
const RULES: usize = 441;
const POINTS: usize = 40;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/rules.md")).unwrap()
}

/// Cells of the table rows that begin with this letter's numbers: `R-001`.
fn rows(page: &str, letter: char) -> Vec<Vec<String>> {
    let begins = format!("| {letter}-");
    let cells = |line: &str| {
        let inner = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')).unwrap_or_else(|| panic!("{line}"));
        inner.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    page.lines().filter(|line| line.starts_with(&begins)).map(cells).collect()
}

/// The words between back quotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn exists(path: &str) -> bool {
    let path = Path::new(path);
    path.is_relative() && root().join(path).is_file()
}

/// Is this function a test of this file, by `#[test]` or inside `proptest!`?
fn is_test(file: &str, name: &str) -> bool {
    let text = fs::read_to_string(root().join(file)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let heads = [format!("fn {name}("), format!("fn {name}<")];
    lines.iter().enumerate().any(|(place, line)| {
        heads.iter().any(|head| line.starts_with(head))
            && lines[..place].iter().rev().take_while(|line| line.starts_with('#')).any(|line| *line == "#[test]")
    })
}

#[test]
fn every_rule_and_every_open_point_stands_once_in_order() {
    for (letter, count) in [('R', RULES), ('A', POINTS)] {
        let width = if letter == 'R' { 3 } else { 2 };
        let found: Vec<String> = rows(&page(), letter).into_iter().map(|cells| cells[0].clone()).collect();
        let wanted: Vec<String> = (1..=count).map(|number| format!("{letter}-{number:0width$}")).collect();
        assert_eq!(found, wanted);
    }
}

#[test]
fn what_is_done_names_a_file_and_a_test_that_exist_and_the_rest_says_why() {
    for cells in rows(&page(), 'R') {
        let [rule, what, state, kept, proof] = cells.as_slice() else { panic!("{cells:?}") };
        assert!(!what.is_empty() && !proof.is_empty(), "{rule}");
        match state.as_str() {
            "done" => {
                let (kept, proof) = (quoted(kept), quoted(proof));
                assert!(!kept.is_empty() && kept.iter().all(|file| exists(file)), "{rule} {kept:?}");
                assert_eq!(proof.len(), 2, "{rule} {proof:?}");
                assert!(is_test(proof[0], proof[1]), "{rule}: no test {} in {}", proof[1], proof[0]);
            }
            "to come" | "not software" => assert_eq!(kept, "", "{rule}"),
            other => panic!("{rule}: {other} is no state"),
        }
    }
}

#[test]
fn files_named_beside_open_points_exist() {
    for cells in rows(&page(), 'A') {
        let [point, reading, place] = cells.as_slice() else { panic!("{cells:?}") };
        assert!(!reading.is_empty(), "{point}");
        for file in quoted(place) {
            assert!(exists(file), "{point} {file}");
        }
    }
}

#[test]
fn the_head_line_counts_the_rows() {
    let page = page();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let rows = rows(&page, 'R');
    for cells in &rows {
        *counts.entry(cells[2].clone()).or_default() += 1;
    }
    let of = |state: &str| counts.get(state).copied().unwrap_or_default();
    let (done, to_come, not) = (of("done"), of("to come"), of("not software"));
    let head = format!("**{} rules: {done} done, {to_come} to come, {not} not software.**", rows.len());
    assert!(page.lines().any(|line| line == head), "{head}");
}
