//! The sabotage list: what breaks the merge or a check must be caught by a test. Here it is kept from rotting; `dev/sabotage/run` puts
//! it to the proof.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// The switch a broken program looks at.
const SWITCH: &str = "METERDESK_SABOTAGE";

#[derive(Deserialize)]
struct List {
    breakage: Vec<Breakage>,
}

/// One deliberate fault.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Breakage {
    /// Its name.
    name: String,
    /// What is broken, in words.
    what: String,
    /// The file.
    file: String,
    /// An expression or statements, once in the file.
    before: String,
    /// What stands there instead.
    after: String,
    /// The test target: a file of `tests/`, or `lib`.
    target: String,
    /// The test's name, as the harness prints it.
    test: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn list() -> Vec<Breakage> {
    let text = std::fs::read_to_string(root().join("dev/sabotage/list.toml")).unwrap();
    toml::from_str::<List>(&text).unwrap().breakage
}

#[test]
fn every_breakage_fits_the_source_and_names_a_test_that_is_there() {
    let list = list();
    assert!(list.len() >= 15);
    let names: BTreeSet<&str> = list.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), list.len(), "every name once");
    for one in &list {
        let source = std::fs::read_to_string(root().join(&one.file)).unwrap();
        assert_eq!(source.matches(&one.before).count(), 1, "{}: {} has not once: {}", one.name, one.file, one.before);
        assert_ne!(one.before, one.after, "{}", one.name);
        // A test of the library stands in the broken file itself.
        let tests = match one.target.as_str() {
            "lib" => root().join(&one.file),
            target => root().join(format!("tests/{target}.rs")),
        };
        let function = one.test.rsplit("::").next().unwrap();
        let tests = std::fs::read_to_string(tests).unwrap();
        assert!(tests.contains(&format!("fn {function}(")), "{}: there is no test {}", one.name, one.test);
    }
}

/// A work tree of the last commit, gone when dropped.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("tree");
        git(&["worktree", "add", "--quiet", "--detach", place.to_str().unwrap(), "HEAD"]);
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("tree")
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        git(&["worktree", "remove", "--force", self.path().to_str().unwrap()]);
    }
}

fn git(args: &[&str]) {
    assert!(Command::new("git").arg("-C").arg(root()).args(args).status().unwrap().success(), "git {args:?}");
}

/// Puts every breakage behind its switch.
fn break_all(tree: &Path, list: &[Breakage]) {
    for one in list {
        let file = tree.join(&one.file);
        let source = std::fs::read_to_string(&file).unwrap();
        let (name, before, after) = (&one.name, &one.before, &one.after);
        let broken = format!("if crate::sabotage({name:?}) {{ {after} }} else {{ {before} }}");
        let is_statement = before.ends_with([';', '}']);
        let broken = if is_statement { broken } else { format!("({broken})") };
        std::fs::write(&file, source.replacen(before.as_str(), &broken, 1)).unwrap();
    }
    let library = tree.join("src/lib.rs");
    let source = std::fs::read_to_string(&library).unwrap();
    let switch = format!(
        "\n/// Is this breakage on?\n#[inline(never)]\npub fn sabotage(name: &str) -> bool {{\n    \
         std::env::var(\"{SWITCH}\").is_ok_and(|on| on == name)\n}}\n"
    );
    std::fs::write(&library, format!("#![allow(warnings)]\n{source}{switch}")).unwrap();
}

/// Builds one test target of the broken tree; answers its program.
fn build(tree: &Path, target: &str) -> PathBuf {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(tree).args(["test", "--no-run", "--message-format=json-render-diagnostics"]);
    match target {
        "lib" => command.arg("--lib"),
        target => command.args(["--test", target]),
    };
    let output = command.stderr(std::process::Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the broken tree does not build: {target}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let made = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut programs = made
        .filter(|line| line["profile"]["test"] == true)
        .filter_map(|line| line["executable"].as_str().map(PathBuf::from));
    programs.next_back().unwrap()
}

/// Does this test pass with a switch on?
fn passes(program: &Path, tree: &Path, test: &str, switch: &str) -> bool {
    let mut command = Command::new(program);
    command.current_dir(tree).args(["--exact", test]).env(SWITCH, switch).env("RUST_BACKTRACE", "0");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("running 1 test"), "there is no test {test}: {said}");
    output.status.success()
}

#[test]
#[ignore = "builds the program anew and takes long: dev/sabotage/run"]
fn every_breakage_is_caught_by_its_test() {
    let only = std::env::var("METERDESK_SABOTAGE_ONLY").unwrap_or_default();
    let wanted: Vec<&str> = only.split_whitespace().collect();
    let list: Vec<Breakage> = list()
        .into_iter()
        .filter(|one| wanted.is_empty() || wanted.iter().any(|word| one.name.contains(word)))
        .collect();
    let tree = Tree::new();
    break_all(&tree.path(), &list);
    let targets: BTreeSet<&str> = list.iter().map(|one| one.target.as_str()).collect();
    let programs: BTreeMap<&str, PathBuf> =
        targets.into_iter().map(|target| (target, build(&tree.path(), target))).collect();
    let mut missed = Vec::new();
    println!("| breakage | what | caught by |\n| --- | --- | --- |");
    for one in &list {
        let program = &programs[one.target.as_str()];
        assert!(passes(program, &tree.path(), &one.test, ""), "{} fails without any breakage", one.test);
        let caught = !passes(program, &tree.path(), &one.test, &one.name);
        let by = if caught { format!("`{}` {}", one.target, one.test.replace('_', " ")) } else { "**nothing**".into() };
        println!("| {} | {} | {by} |", one.name, one.what);
        if !caught {
            missed.push(&one.name);
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}
