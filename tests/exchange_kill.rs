//! `kill -9` of the real program in the middle of `exchange in` and `exchange out`, at 200 moments by chance (`METERDESK_SEED` tries
//! others): the book opens and is sound, stands before or after and never between, no cut file has a bundle's name, and the same
//! command again ends as if nothing had been.

#![cfg(unix)]

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod office;
    pub mod orders;
    pub mod pair;
    pub mod site;
}

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use support::office::Office;
use support::orders::Chance;
use support::pair::{self, After, Before};

/// Programs killed while they ran, over both sizes.
const KILLS: (usize, usize) = (170, 30);
/// Entries of each side: taken in by one transaction, or in slices.
const SMALL: u64 = 60;
const LARGE: u64 = 6_000;

fn seed() -> u64 {
    std::env::var("METERDESK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_122)
}

/// Starts a step and kills it after a while.
fn start_and_kill(before: &Before, office: &Office, after: Duration) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(office.db(before.step.site())).args(before.step.args(&office.stick(before.step.stick())));
    command.env_remove("METERDESK_PASSPHRASE").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait_with_output().unwrap()
}

/// One kill, and everything that must hold after it. Answers whether the program was still at work, and whether the book stood
/// between before and after (which only an import in slices may).
fn trial(before: &Before, reach: f64, expected: &After, chance: &mut Chance) -> (bool, bool) {
    let office = before.office.copy();
    let (step, db) = (before.step, office.db(before.step.site()));
    let share = chance.below(1 << 20) as f64 / f64::from(1 << 20);
    let killed = start_and_kill(before, &office, before.took.mul_f64(reach * share));
    let raw = pair::raw(&db);
    assert_eq!(raw.fault, None);
    let (first, last) = before.entries;
    let between = raw.entries != first && raw.entries != last;
    assert!(!between || (step.is_in() && last - first > 2_000 && (first..last).contains(&raw.entries)), "{raw:?}");
    pair::whole_bundles(&office);
    // What was answered is there.
    if let Ok(answer) = serde_json::from_slice::<serde_json::Value>(&killed.stdout) {
        assert!(!step.is_in() || raw.entries == last, "{answer}");
        for bundle in answer["bundles"].as_array().unwrap().iter().filter(|_| !step.is_in()) {
            assert!(office.stick(step.stick()).join(bundle["file"].as_str().unwrap()).is_file(), "{answer}");
        }
    }
    // The next start finishes what was begun, whatever it is started for.
    if chance.below(2) == 0 {
        let verdict = pair::opened(&db, false);
        assert!(verdict.ok, "{:?}", verdict.first_fault);
        assert!(verdict.entries == if between { last } else { raw.entries }, "{verdict:?}");
    }
    for next in step.onwards() {
        next.run(&office).ends(0);
    }
    let found = pair::after(&office, chance.below(8) == 0);
    assert_eq!((found.entries, &found.branch_head), (expected.entries, &expected.branch_head));
    let accepted_before = matches!(step, pair::Step::OfficeOut | pair::Step::BranchIn);
    assert!(!accepted_before || found.state == expected.state);
    assert_eq!(pair::leftovers(&office), Vec::<std::path::PathBuf>::new());
    (killed.status.signal() == Some(9), between)
}

/// Kills until so many programs were killed while they ran and, where there are slices, one between two of them: on a quick machine that
/// is a narrow gap. Answers how many stood between.
fn kills(entries: u64, wanted: usize) -> usize {
    let (befores, expected) = pair::night(entries);
    let seed = seed();
    let (mut killed, mut between) = (0, 0);
    // How much of the undisturbed time the moments are spread over: a machine that has become quicker since is caught up with.
    let mut reach = [1.0_f64; pair::NIGHT.len()];
    for round in 0.. {
        assert!(round < 4 * wanted || killed >= wanted, "only {killed} programs were killed at work in {round} rounds");
        let mut chance = Chance(seed ^ (round as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let before = &befores[round % befores.len()];
        let place = format!("seed {seed}, round {round}, {:?}, {entries} entries", before.step);
        let reach = &mut reach[round % befores.len()];
        let done = std::panic::AssertUnwindSafe(|| trial(before, *reach, &expected, &mut chance));
        let Ok((at_work, stood_between)) = std::panic::catch_unwind(done) else { panic!("{place}") };
        *reach = if at_work { (*reach * 1.05).min(1.0) } else { *reach * 0.8 };
        killed += usize::from(at_work);
        between += usize::from(stood_between);
        if killed >= wanted && (entries < LARGE || between > 0 || round > 12 * wanted) {
            break;
        }
    }
    between
}

/// What a killed import left can turn out to be nothing to go on with: the book opens all the same, says so, and its desks work.
#[test]
fn an_import_that_cannot_be_finished_does_not_keep_the_book_from_being_opened() {
    let office = Office::new(&["B1"]);
    office.worker("B1", "W1").ends(0);
    let stick = office.stick("s");
    let said = office.out("B1", &stick, &[]).ends(0).json();
    let bundle = stick.join(said["bundles"][0]["file"].as_str().unwrap());
    let hash = blake3::hash(&std::fs::read(&bundle).unwrap()).to_hex().to_string();
    let interrupted = |office: &Office| {
        std::fs::create_dir_all(office.path("HO.db.exchange/spool")).unwrap();
        std::fs::copy(&bundle, office.path("HO.db.exchange/spool/77.mdx")).unwrap();
        let (mut db, _) =
            meterdesk::store::Db::open(&office.db("HO"), meterdesk::store::OpenOptions::default()).unwrap();
        let tx = db.write().unwrap();
        tx.put(&meterdesk::store::tables::exchange::IntakeRow { hash: hash.clone(), file: "77.mdx".into() }).unwrap();
        tx.commit().unwrap();
    };
    // Its sender was revoked since.
    let revoked = office.copy();
    revoked.run("HO", &["site", "revoke", "B1", "--reason", "机器被盗"]).ends(0);
    interrupted(&revoked);
    let opened = revoked.worker("HO", "W2").ends(0);
    assert!(opened.err.contains("不收") && opened.err.contains("作废"), "{}", opened.err);
    assert!(revoked.worker("HO", "W3").ends(0).err.is_empty(), "it is said once");
    assert_eq!(pair::leftovers(&revoked), Vec::<std::path::PathBuf>::new());
    // The keys are under a passphrase, which nobody gives when a desk is opened.
    interrupted(&office);
    std::fs::rename(office.path("HO.db.site"), office.path("HO.db.site.away")).unwrap();
    let opened = office.worker("HO", "W2").ends(0);
    assert!(opened.err.contains("还没有收完"), "{}", opened.err);
    std::fs::rename(office.path("HO.db.site.away"), office.path("HO.db.site")).unwrap();
    // With the keys back the next start finishes it; the same stick brings nothing new.
    assert_eq!(office.take("HO", &stick).ends(0).json()["bundles"][0]["new"], 0);
    assert!(pair::opened(&office.db("HO"), true).ok);
}

#[test]
fn killed_in_an_exchange_of_one_transaction_the_books_stand_before_or_after() {
    assert_eq!(kills(SMALL, KILLS.0), 0);
}

#[test]
fn killed_in_an_exchange_of_many_slices_the_next_start_goes_on() {
    let between = kills(LARGE, KILLS.1);
    println!("{between} of {} kills came between two slices", KILLS.1);
    assert!(between > 0, "no kill came between two slices: this proves nothing about them");
}
