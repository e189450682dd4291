//! Deriving a book of small entries again, and verifying it (goal: 25 s for 600,000 entries).
//!
//! `cargo bench --bench rebuild [-- ENTRIES]`

mod support;

use std::path::Path;

use meterdesk::derive::rebuild::rebuild;
use support::{Failure, spend};

fn main() -> Result<(), Failure> {
    support::in_folder("rebuild", |folder| run(folder, support::number(600_000)))
}

fn run(folder: &Path, entries: i64) -> Result<(), Failure> {
    let mut desk = support::new_desk(&folder.join("small.db"))?;
    let ((), made) = spend(|| support::write_small_entries(&mut desk, entries))?;
    println!("{entries} small entries written and derived: {:.1} s", made.wall);
    let before = desk.look()?.state_hash()?;
    support::forget_peak();
    let ((), again) = spend(|| rebuild(desk.db_mut(), |_| {}))?;
    let memory = support::peak_megabytes();
    let (after, hashed) = spend(|| desk.look()?.state_hash())?;
    assert_eq!(before, after, "what is derived again is what was derived");
    println!("rebuild   {:.2} s, {memory} MB at most (goal 25 s for 600,000)", again.wall);
    println!("state hash {:.2} s", hashed.wall);
    Ok(())
}
