//! The import of readings against the raw insert of the same rows: readings a second of both, and their ratio (goals: 0.4 × raw
//! on a book with history, 0.3 on an empty one).
//!
//! `cargo bench --bench import [-- ACCOUNTS]`
//!
//! The first file meets accounts without a reading of their own, the second one their history.

mod support;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use meterdesk::desk::Desk;
use meterdesk::desk::import::{Request, What};
use meterdesk::store::OpenOptions;
use support::{Failure, spend};

/// Tables an import of readings writes, in account order.
const TABLES: [(&str, &str); 3] =
    [("entry", "id"), ("entry_subject", "kind, subject, hlc, id"), ("d_reading", "account, day, id")];

fn main() -> Result<(), Failure> {
    support::in_folder("import", |folder| run(folder, support::number(1_000_000)))
}

fn run(folder: &Path, accounts: i64) -> Result<(), Failure> {
    let place = folder.join("import.db");
    let mut desk = support::new_desk(&place)?;
    let ((), made) = spend(|| {
        support::open_accounts(&mut desk, accounts, "2026-06-10")?;
        Ok::<_, Failure>(desk.db().checkpoint()?)
    })?;
    println!("{accounts} accounts: {:.1} s", made.wall);
    drop(desk);
    for (words, goal, day, add) in [("empty book", 0.3, "2026-08-12", 9), ("with history", 0.4, "2026-10-12", 21)] {
        println!("{words}:");
        one_file(folder, &place, accounts, goal, (day, add))?;
    }
    Ok(())
}

fn one_file(folder: &Path, place: &Path, accounts: i64, goal: f64, (day, add): (&str, i64)) -> Result<(), Failure> {
    let file = folder.join(format!("cards-{day}.csv"));
    write_cards(&file, accounts, day, add)?;
    let mut desk = Desk::open(place, OpenOptions::default(), Box::new(support::clock()?))?;
    desk.sign_in_practice("boss")?;
    let new = support::ids_to_come(&desk)?;
    let request = Request { what: What::Readings, path: file, read_by: None, profile: None, on: None, dry_run: true };
    support::forget_peak();
    let (tried, judged) = spend(|| desk.import(&request, &mut |_| ControlFlow::Continue(())))?;
    let request = Request { dry_run: false, ..request };
    let (answer, ours) = spend(|| desk.import(&request, &mut |_| ControlFlow::Continue(())))?;
    let memory = support::peak_megabytes();
    assert_eq!((tried.accepted, answer.accepted), (accounts as u64, accounts as u64));
    desk.db().checkpoint()?;
    drop(desk);
    let raw = support::raw_insert(place, &folder.join(format!("raw-{day}.db")), &TABLES, new)?;
    println!("judged    {:.2} s, without writing", judged.wall);
    support::compare("import", accounts as f64, ours, raw, goal);
    println!("memory    {memory} MB at most");
    Ok(())
}

/// A card a row, with what stands on a real one.
fn write_cards(path: &Path, accounts: i64, day: &str, add: i64) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    out.write_all("册号,序号,户号,户名,地址,上次示数,本次示数,抄表日期,备注码,抄表员\r\n".as_bytes())?;
    for n in 0..accounts {
        let (account, value) = (3_100_000_000 + n, 1_000 + n % 500 + add);
        write!(
            out,
            "{:04},{},{account},王建国,人民路{}号{}幢2单元{:04}室,,",
            n / 300,
            n % 300,
            n / 400,
            n / 40 % 10,
            n % 40
        )?;
        write!(out, "{value},{day},,谭秀兰\r\n")?;
    }
    out.flush()
}
