//! Files of outside: read, recognised and judged row by row against a small branch.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use meterdesk::inbound::judge::{CustomerJudge, CustomerVerdict, ReadingJudge, SwapJudge, Terms};
use meterdesk::inbound::on_file::FileMap;
pub use meterdesk::inbound::profile::Holds;
use meterdesk::inbound::profile::{Catalogue, Recognised};
use meterdesk::inbound::read::{BadFile, Limits, Source};

const CUSTOMERS: &[u8] = include_bytes!("branch.csv");

fn terms() -> Terms {
    Terms::on(chrono::NaiveDate::from_ymd_opt(2026, 11, 1).unwrap())
}

fn limits() -> Limits {
    Limits { unpacked_bytes: 16 << 20, ..Limits::default() }
}

/// One file of this process, written anew for each input; in memory where there is such a folder.
fn put(ending: &str, data: &[u8]) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let shared = Path::new("/dev/shm");
        let made = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() };
        made.unwrap()
    });
    let path = folder.path().join(format!("x.{ending}"));
    std::fs::write(&path, data).unwrap();
    path
}

fn recognise(path: &Path, holds: Holds) -> Result<Recognised, BadFile> {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    let source = Source::open(path, limits())?;
    CATALOGUE.get_or_init(|| Catalogue::built_in().unwrap()).recognise(&source, holds, None, None)
}

/// The branch that readings and swaps are judged against.
fn on_file() -> &'static FileMap {
    static MAP: OnceLock<FileMap> = OnceLock::new();
    MAP.get_or_init(|| {
        let file = recognise(&put("csv", CUSTOMERS), Holds::Customers).unwrap();
        let mut judge = CustomerJudge::new(&file, terms());
        let mut map = FileMap::default();
        file.each_row(&mut |row| {
            if let CustomerVerdict::Accepted(customer) = judge.judge(row, &FileMap::default()) {
                map.add_customer(&customer, 0);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        map
    })
}

/// Reads, recognises and judges a file.
pub fn import(ending: &str, holds: Holds, data: &[u8]) {
    let on_file = on_file();
    let path = put(ending, data);
    let Ok(file) = recognise(&path, holds) else { return };
    let mut customers = CustomerJudge::new(&file, terms());
    let mut readings = ReadingJudge::new(&file, on_file, terms());
    let mut swaps = SwapJudge::new(&file, terms());
    let _ = file.each_row(&mut |row| {
        match holds {
            Holds::Customers => drop(customers.judge(row, on_file)),
            Holds::Readings => readings.take(row, on_file),
            Holds::Swaps => drop(swaps.judge(row, on_file)),
        }
        ControlFlow::Continue(())
    });
    readings.finish(on_file);
}
