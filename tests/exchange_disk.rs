//! Disks that are full, protected or gone in the middle of an exchange: one Chinese sentence and exit code 3, the book opens and is
//! sound, no cut file has a bundle's name, and with room the same command does its work.

#![cfg(unix)]

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod office;
    pub mod orders;
    pub mod pair;
    pub mod site;
}

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::office::{Office, Said, copy_folder};
use support::orders::Chance;
use support::pair::{self, Before, Step};

/// Entries of each side: the bundle is far larger than what else the program writes, and is taken in by slices.
const ENTRIES: u64 = 2_100;

/// The night every test begins from, made once.
fn night() -> &'static (Vec<Before>, pair::After) {
    static NIGHT: std::sync::OnceLock<(Vec<Before>, pair::After)> = std::sync::OnceLock::new();
    NIGHT.get_or_init(|| pair::night(ENTRIES))
}

fn before(step: Step) -> &'static Before {
    night().0.iter().find(|before| before.step == step).unwrap()
}

/// Runs the rest of the night and compares with the undisturbed one.
fn goes_through(step: Step, office: &Office) {
    for next in step.onwards() {
        next.run(office).ends(0);
    }
    let found = pair::after(office, false);
    let expected = &night().1;
    assert_eq!((found.entries, &found.branch_head), (expected.entries, &expected.branch_head));
    assert_eq!(pair::leftovers(office), Vec::<PathBuf>::new());
}

/// Exit code 3, and a sentence of this program, in Chinese, with the words that help; nothing says the stick can be taken.
fn is_told(said: &Said) {
    assert_eq!(said.code, 3, "{}\n{}", said.out, said.err);
    assert!(!said.out.contains("可以取盘"), "{}", said.out);
    let line = said.err.lines().last().unwrap_or_default();
    let told: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", said.err));
    let message = told["message"].as_str().unwrap();
    assert!(["盘", "空间", "只读", "权限"].iter().any(|word| message.contains(word)), "{message}");
    // What is left after the file's name is Chinese only.
    let sentence = message.rsplit('：').next().unwrap();
    assert!(!sentence.bytes().any(|byte| byte.is_ascii_alphabetic()), "{message}");
}

/// Sound after a fault; a large import may stand between two slices.
fn is_sound(before: &Before, office: &Office) {
    let raw = pair::raw(&office.db(before.step.site()));
    assert_eq!(raw.fault, None);
    assert!((before.entries.0..=before.entries.1).contains(&raw.entries), "{}", raw.entries);
    pair::whole_bundles(office);
}

/// No file may grow above a size: header, middle and end of a bundle, its copy, the book's log, each is hit by some size.
#[test]
fn a_disk_that_takes_no_more_at_any_size_is_told_and_the_same_command_goes_through_with_room() {
    for step in pair::NIGHT {
        let before = before(step);
        let office = before.office.copy();
        let (mut blocks, mut told) = (1_u64, 0);
        while blocks < 1 << 20 {
            let mut command = Command::new("sh");
            // Half a KiB each; ignoring the signal turns the limit into an error of writing.
            command.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
            command.arg(env!("CARGO_BIN_EXE_meterdesk")).arg("--db").arg(office.db(step.site()));
            let said = Said::of(&command.args(step.args(&office.stick(step.stick()))).output().unwrap());
            is_sound(before, &office);
            if said.code == 0 {
                break;
            }
            is_told(&said);
            told += 1;
            blocks += blocks.div_ceil(3);
        }
        assert!(told > 8, "{step:?}: only {told} sizes were too small");
        goes_through(step, &office);
    }
}

/// May this machine give a program a small disk of its own? `unshare` without root, or root in a container.
fn small_disks() -> bool {
    let works = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"]).output();
    let works = works.is_ok_and(|output| output.status.success());
    if !works {
        println!("skipped: no small file system can be mounted here");
    }
    works
}

/// Runs a step while one folder of the office is a small disk with so much room; what stands on it afterwards is copied back.
fn on_a_small_disk(step: Step, office: &Office, folder: &Path, room_kib: u64, options: &str) -> Said {
    let script = r#"set -e
        folder=$1; room=$2; options=$3; shift 3
        cp -a "$folder" "$folder.real"
        used=$(du -sk --apparent-size "$folder.real" | cut -f1); files=$(find "$folder.real" | wc -l)
        mount -t tmpfs -o size=$((used + files * 4 + room))k none "$folder"
        cp -a "$folder.real/." "$folder"
        if [ -n "$options" ]; then mount -o "remount,$options" none "$folder"; fi
        set +e; "$@"; code=$?; set -e
        rm -rf "$folder.real"; mkdir "$folder.real"; cp -a "$folder/." "$folder.real"
        umount "$folder"; rm -rf "$folder"; mv "$folder.real" "$folder"
        exit $code"#;
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, "sh"]).arg(folder).args([&room_kib.to_string(), options]);
    command.arg(env!("CARGO_BIN_EXE_meterdesk")).arg("--db").arg(office.db(step.site()));
    Said::of(&command.args(step.args(&office.stick(step.stick()))).output().unwrap())
}

#[test]
fn a_full_stick_is_told_at_any_moment_of_writing() {
    if !small_disks() {
        return;
    }
    for step in [Step::BranchOut, Step::OfficeOut] {
        let before = before(step);
        let office = before.office.copy();
        let stick = office.stick(step.stick());
        let mut told = 0;
        for room in [0, 4, 16, 40, 64, 4_096] {
            let said = on_a_small_disk(step, &office, &stick, room, "");
            is_sound(before, &office);
            if said.code == 0 {
                break;
            }
            is_told(&said);
            assert!(said.err.contains("已满"), "{}", said.err);
            assert_eq!(std::fs::read_dir(&stick).unwrap().count(), 0, "nothing is left on it");
            told += 1;
        }
        assert!((2..6).contains(&told), "{told}");
        goes_through(step, &office);
    }
}

#[test]
fn a_full_disk_under_the_book_is_told_at_any_moment_of_sending_and_taking() {
    if !small_disks() {
        return;
    }
    for step in pair::NIGHT {
        let before = before(step);
        let base = before.office.copy();
        let mut told = 0;
        for room in [0, 24, 48, 80, 120, 200, 400, 800, 1_600, 3_200, 64_000] {
            // The book lies alone on its disk, as it does at a branch.
            let disk = base.path("machine");
            let office = Office::at(disk.clone());
            copy_book(&base, &office, step.site());
            let said = elsewhere(step, &office, &base.stick(step.stick()), &disk, room);
            let raw = pair::raw(&office.db(step.site()));
            assert_eq!(raw.fault, None);
            assert!((before.entries.0..=before.entries.1).contains(&raw.entries), "{}", raw.entries);
            pair::whole_bundles(&base);
            copy_book(&office, &base, step.site());
            std::fs::remove_dir_all(&disk).unwrap();
            if said.code == 0 {
                break;
            }
            is_told(&said);
            told += 1;
        }
        assert!(told > 2, "{step:?}: {told}");
        goes_through(step, &base);
    }
}

/// A step on a book whose folder is a small disk, with a stick that is not on it.
fn elsewhere(step: Step, office: &Office, stick: &Path, disk: &Path, room: u64) -> Said {
    let link = office.path(step.stick());
    let _ = std::fs::remove_dir_all(&link);
    std::os::unix::fs::symlink(stick, &link).unwrap();
    let said = on_a_small_disk(step, office, disk, room, "");
    std::fs::remove_file(link).unwrap();
    said
}

/// Copies a book with all that lies beside it, in the place of the one there.
fn copy_book(from: &Office, to: &Office, site: &str) {
    let book = format!("{site}.db");
    for entry in std::fs::read_dir(to.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap().to_string_lossy().starts_with(&book) {
            std::fs::remove_file(path).unwrap();
        }
    }
    for entry in std::fs::read_dir(from.path("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let target = to.path(&name);
        if name.starts_with(&book) && path.is_dir() {
            let _ = std::fs::remove_dir_all(&target);
            copy_folder(&path, &target);
        } else if name.starts_with(&book) {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_write_protected_stick_is_told() {
    if !small_disks() {
        return;
    }
    let before = before(Step::BranchOut);
    let office = before.office.copy();
    let said = on_a_small_disk(Step::BranchOut, &office, &office.stick("to-office"), 4_096, "ro");
    is_told(&said);
    assert!(said.err.contains("写保护"), "{}", said.err);
    is_sound(before, &office);
    // Taking in from it is no fault.
    Step::BranchOut.run(&office).ends(0);
    let said = on_a_small_disk(Step::OfficeIn, &office, &office.stick("to-office"), 0, "ro");
    assert_eq!(said.code, 0, "{}", said.err);
    goes_through(Step::OfficeOut, &office);
}

/// A program that root starts as somebody else, for whom rights on files count; anybody else is such a person already.
fn as_somebody(office: &Office) -> Command {
    let program = office.path("program");
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_meterdesk"), &program).unwrap();
    }
    let mut command = Command::new(program);
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        let nobody = 65_534;
        let mut all = vec![office.path("")];
        while let Some(path) = all.pop() {
            std::os::unix::fs::chown(&path, Some(nobody), Some(nobody)).unwrap();
            if path.is_dir() {
                all.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        command.uid(nobody).gid(nobody);
    }
    command
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_book_or_a_folder_that_may_not_be_written_is_told() {
    for step in [Step::BranchOut, Step::OfficeIn] {
        let before = before(step);
        let office = before.office.copy();
        let (db, stick) = (office.db(step.site()), office.stick(step.stick()));
        let run = || Said::of(&as_somebody(&office).arg("--db").arg(&db).args(step.args(&stick)).output().unwrap());
        set_mode(&db, 0o444);
        is_told(&run());
        set_mode(&db, 0o600);
        is_sound(before, &office);
        if !step.is_in() {
            set_mode(&stick, 0o555);
            is_told(&run());
            set_mode(&stick, 0o755);
            is_sound(before, &office);
        }
        assert_eq!(run().code, 0);
        goes_through(step, &office);
    }
}

/// The stick is pulled out while it is written: the folder is gone from its place at a moment by chance. Where the program ended well,
/// the bundle is on the stick whole; where it is not, nothing said that the stick could be taken.
#[test]
fn a_stick_pulled_out_at_any_moment_is_never_called_safe_without_a_whole_bundle() {
    let before = before(Step::BranchOut);
    let limit = u64::try_from(before.took.as_micros()).unwrap();
    let mut chance = Chance(20_261_122);
    let mut pulled_early = 0;
    for round in 0..24 {
        let office = before.office.copy();
        let (stick, away) = (office.stick("to-office"), office.path("in-the-pocket"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
        command.arg("--db").arg(office.db("B1")).args(["exchange", "out", "--to"]).arg(&stick);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_micros(chance.below(limit)));
        std::fs::rename(&stick, &away).unwrap();
        let said = Said::of(&child.wait_with_output().unwrap());
        let whole = pair::whole_bundles_in(&away);
        if said.code == 0 {
            assert_eq!(whole, 1, "round {round}: {}", said.out);
        } else {
            pulled_early += 1;
            assert!(!said.out.contains("可以取盘") && said.err.contains("盘"), "round {round}: {}", said.err);
        }
        is_sound(before, &office);
        std::fs::remove_dir_all(&away).unwrap();
        Step::BranchOut.run(&office).ends(0);
        assert_eq!(pair::whole_bundles_in(&office.stick("to-office")), 1);
    }
    assert!(pulled_early > 4, "only {pulled_early} were pulled before the end");
}
