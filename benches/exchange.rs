//! The exchange against the raw insert of the same rows: `cargo bench --bench exchange -- ENTRIES [BRANCHES]`.
//!
//! A branch writes so many small entries (a tenth of them new workers, the others amendments); they go out to a head office on the
//! same disk and come in there. Then so many branches of 400 entries each into one head office.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use meterdesk::desk::Desk;
use meterdesk::desk::open::NewSite;
use meterdesk::exchange::opener;
use meterdesk::rules::id::Site;
use meterdesk::store::OpenOptions;
use serde_json::json;

#[path = "support/mod.rs"]
mod support;

use support::site::new_site;
use support::{Failure, clock, in_folder, number, peak_megabytes, raw_insert, spend, write_small_entries};

/// Tables a worker's entry writes, in the order rows are written.
const TABLES: &[(&str, &str)] = &[("entry", "id"), ("entry_subject", "kind, subject, hlc, id"), ("d_worker", "id")];

fn main() -> Result<(), Failure> {
    in_folder("exchange", |folder| one_branch(folder, number(10_000)))?;
    let branches = std::env::args().filter_map(|arg| arg.parse::<i64>().ok()).nth(1).unwrap_or(20);
    in_folder("exchange-many", |folder| many_branches(folder, branches))
}

fn one_branch(folder: &Path, entries: i64) -> Result<(), Failure> {
    let mut office = site(folder, "HO", true)?;
    let mut branch = site(folder, "B1", false)?;
    acquaint(&mut office, &mut branch)?;
    write_small_entries(&mut branch, entries)?;
    let stick = folder.join("stick");
    std::fs::create_dir(&stick)?;
    let (sent, out) = spend(|| branch.exchange_out(&stick, Default::default(), |_, _| {}))?;
    let mut size = 0;
    for file in std::fs::read_dir(&stick)? {
        size += file?.metadata()?.len();
    }
    let keys = office.site_keys()?;
    let signer = branch.site_keys()?.public().verifying().ok_or("no key")?;
    let (_, unpack) = spend(|| -> Result<(), Failure> {
        for line in &sent.bundles {
            let file = BufReader::new(File::open(stick.join(&line.file))?);
            let mut opened =
                opener::open(file, |_| Ok::<_, meterdesk::exchange::bundle_error::BundleError>(vec![signer]))?;
            opened.check(keys.identities())?;
        }
        Ok(())
    })?;
    support::forget_peak();
    let (_, taken) = spend(|| office.exchange_in(&stick, Default::default(), |_, _| {}))?;
    let memory = peak_megabytes();
    let path = office.path().to_owned();
    let (low, high) = Site::parse("B1")?.ids();
    let raw = raw_insert(&path, &folder.join("raw.db"), TABLES, low.0..=high.0)?;
    let text = dump(&path, &stick.join("dump.sql"))?;
    println!("{entries} entries, {} bundles", sent.bundles.len());
    println!("out        {:8.2} s", out.wall);
    println!("in         {:8.2} s, of it signature and unpacking {:.2} s", taken.wall, unpack.wall);
    println!("raw insert {:8.2} s", raw.wall);
    println!("in / raw   {:8.2} before signature and unpacking (goal 0.4)", raw.wall / (taken.wall - unpack.wall));
    println!("bundle     {size} bytes; zstd of the entries as SQL {text} bytes; {:.2}", size as f64 / text as f64);
    println!("memory     {memory} MiB at most while they came in");
    Ok(())
}

fn many_branches(folder: &Path, branches: i64) -> Result<(), Failure> {
    let mut office = site(folder, "HO", true)?;
    let stick = folder.join("stick");
    std::fs::create_dir(&stick)?;
    for number in 0..branches {
        let mut branch = site(folder, &format!("B{number:03}"), false)?;
        acquaint(&mut office, &mut branch)?;
        write_small_entries(&mut branch, 400)?;
        branch.exchange_out(&stick, Default::default(), |_, _| {})?;
    }
    let (answer, taken) = spend(|| office.exchange_in(&stick, Default::default(), |_, _| {}))?;
    let fresh: i64 = answer.bundles.iter().map(|line| line.new).sum();
    println!("{branches} branches of 400 entries: {fresh} entries in {:.2} s", taken.wall);
    let (_, back) = spend(|| office.exchange_out(&stick, Default::default(), |_, _| {}))?;
    println!("their answers {:.2} s; memory {} MiB at most", back.wall, peak_megabytes());
    Ok(())
}

fn site(folder: &Path, code: &str, head_office: bool) -> Result<Desk, Failure> {
    let new = NewSite { name: "营业所", ..new_site(code, head_office) };
    let place = folder.join(format!("{code}.db"));
    let (mut desk, _) = Desk::create(&place, OpenOptions::default(), Box::new(clock()?), &new)?;
    desk.sign_in_practice("boss")?;
    Ok(desk)
}

fn acquaint(office: &mut Desk, branch: &mut Desk) -> Result<(), Failure> {
    let (card, text) = office.site_card()?;
    let trust = json!({ "card": text, "fingerprint": card.keys.fingerprint() });
    branch.perform("site.trust", &trust.to_string(), meterdesk::desk::Call::default())?;
    let (card, text) = branch.site_card()?;
    let enrol = json!({ "card": text, "fingerprint": card.keys.fingerprint() });
    office.perform("site.enrol", &enrol.to_string(), meterdesk::desk::Call::default())?;
    Ok(())
}

/// The entries that came in as SQL text, packed: what a plain copy of the data would weigh.
fn dump(db: &Path, to: &Path) -> Result<u64, Failure> {
    use std::io::Write;
    let source = rusqlite::Connection::open(db)?;
    let mut packer = zstd::stream::write::Encoder::new(File::create(to)?, 3)?;
    let sql =
        "SELECT 'INSERT INTO entry VALUES(' || id || ',' || suite || ',' || quote(site) || ',' || epoch || ',' || seq
        || ',' || hlc || ',' || quote(at) || ',' || business_day || ',' || quote(actor) || ',' || quote(action) || ','
        || version || ',' || quote(subjects) || ',' || quote(key) || ',' || quote(payload) || ',' || quote(salt) || ','
        || quote(leaf) || ',' || quote(prev) || ',' || quote(hash) || ');' FROM entry WHERE site <> 'HO' ORDER BY id";
    let mut statement = source.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        writeln!(packer, "{}", row.get_ref(0)?.as_str()?)?;
    }
    packer.finish()?;
    Ok(std::fs::metadata(to)?.len())
}
