//! The service catalogue of this branch: the built-in files; over them the company's own, as its entries say (`catalogue.put`),
//! and those of the folder `services` beside the database for what no entry says. Read once a process and text; a mistake in a
//! file is told with file and line, and the rest goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::rules::form;
use crate::rules::private_numbers;
use crate::rules::service::{COMMON, Catalogue};
use crate::rules::toml_reader::FileFault;
use crate::store::Tx;
use crate::store::query::tariff::Standing;
use crate::store::tables::tariff::ServiceRow;

/// Largest catalogue file read, in bytes.
const MAX_FILE: u64 = 256 << 10;
/// Most files read.
const MAX_FILES: usize = 500;

/// A catalogue as loaded, with what was wrong with the company's files.
#[derive(Debug)]
pub struct Loaded {
    /// Every business.
    pub catalogue: Catalogue,
    /// Mistakes, by file and line; such a file is left out.
    pub faults: Vec<FileFault>,
}

/// Which catalogue: the folder, and the texts that entries say.
type Which = (Option<PathBuf>, Vec<String>);

static LOADED: Mutex<BTreeMap<Which, Arc<Loaded>>> = Mutex::new(BTreeMap::new());
/// Catalogues kept; a process has one or two, tests have many.
const KEPT: usize = 16;

/// The catalogue of the branch whose book this is.
pub fn of(tx: &Tx<'_>) -> Arc<Loaded> {
    let folder = tx.file().and_then(|file| folder_beside(&file));
    let mut stamp = tx.service_stamp().unwrap_or_default();
    if !stamp.is_empty() {
        stamp.push(tx.setting("site").ok().flatten().unwrap_or_default()); // whose files count depends on where one is
    }
    let which = (folder, stamp);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = loaded.get(&which) {
        return Arc::clone(known);
    }
    if loaded.len() >= KEPT {
        loaded.clear();
    }
    let fresh = Arc::new(load_over(which.0.as_deref(), put_files(tx, None)));
    loaded.insert(which, Arc::clone(&fresh));
    fresh
}

/// Code of the file with what all businesses share.
const COMMON_CODE: &str = "common";

/// Checks a file as it would stand with the others; answers the code of its business.
pub fn check(tx: &Tx<'_>, name: &str, text: &str) -> Result<String, Vec<form::FileFault>> {
    let said = toml::from_str::<toml::Table>(text).ok().and_then(|table| Some(table.get("code")?.as_str()?.to_owned()));
    let code = if name == COMMON { COMMON_CODE.to_owned() } else { said.unwrap_or_default() };
    // Under a name of its own the file's faults are told from those of files that stand already.
    let own_name = if name == COMMON { COMMON.to_owned() } else { format!("\u{1}{name}") };
    let mut files = put_files(tx, Some(&code));
    files.insert(0, (own_name.clone(), text.to_owned()));
    let (_, faults) = Catalogue::load(&files);
    let mine = faults.into_iter().filter(|fault| fault.file == own_name);
    let named = |fault: FileFault| form::FileFault { file: name.to_owned(), line: fault.line, message: fault.what };
    let mine: Vec<form::FileFault> = mine.map(named).collect();
    if mine.is_empty() { Ok(code) } else { Err(mine) }
}

/// The files that entries say, but those of one code. Of one business the head office's file counts, then this site's own, then
/// another's; of two with equal standing that differ none does.
fn put_files(tx: &Tx<'_>, but: Option<&str>) -> Vec<(String, String)> {
    let rows = tx.services().unwrap_or_default().into_iter().filter(|row| Some(row.code.as_str()) != but);
    let mut best: BTreeMap<String, (Standing, ServiceRow, bool)> = BTreeMap::new();
    for row in rows {
        let Ok(standing) = tx.standing_of(row.id) else { continue };
        match best.get_mut(&row.code) {
            Some((known, ..)) if *known < standing => {}
            Some((known, first, differ)) if *known == standing => *differ |= first.digest != row.digest,
            _ => {
                best.insert(row.code.clone(), (standing, row, false));
            }
        }
    }
    let name = |row: &ServiceRow| if row.code == COMMON_CODE { COMMON.to_owned() } else { row.file.clone() };
    let counting = best.into_values().filter(|(_, _, differ)| !differ);
    counting.map(|(_, row, _)| (name(&row), row.text)).collect()
}

/// Where the company's own files lie: the folder `services` beside the database, if there is one.
pub fn folder_beside(db: &Path) -> Option<PathBuf> {
    Some(db.parent()?.join("services")).filter(|folder| folder.is_dir())
}

/// Reads a folder of catalogue files over the built-in ones.
pub fn load(folder: Option<&Path>) -> Loaded {
    load_over(folder, Vec::new())
}

fn load_over(folder: Option<&Path>, mut own: Vec<(String, String)>) -> Loaded {
    let mut faults = Vec::new();
    own.extend(folder.map(|folder| read_folder(folder, &mut faults)).unwrap_or_default());
    let (catalogue, more) = Catalogue::load(&own);
    faults.extend(more);
    Loaded { catalogue, faults }
}

fn read_folder(folder: &Path, faults: &mut Vec<FileFault>) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    files.truncate(MAX_FILES);
    files.into_iter().filter_map(|file| read_file(&file, faults)).collect()
}

fn read_file(file: &Path, faults: &mut Vec<FileFault>) -> Option<(String, String)> {
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut fault = |what: String| {
        faults.push(FileFault { file: name.clone(), line: 1, what });
        None
    };
    match std::fs::metadata(file) {
        Ok(meta) if !meta.is_file() => return fault(crate::text::plain_file::NOT_PLAIN.to_owned()),
        Ok(meta) if meta.len() > MAX_FILE => return fault(format!("文件超过 {} KB，请缩短", MAX_FILE >> 10)),
        Ok(_) => {}
        Err(error) => return fault(format!("读不出来：{error}")),
    }
    match std::fs::read(file).map(String::from_utf8) {
        Ok(Ok(text)) => match private_numbers::found_in_toml(&text, None) {
            None => Some((name.clone(), text)),
            Some((kind, _)) => fault(private_numbers::sentence("文件", kind)),
        },
        Ok(Err(_)) => fault("不是 UTF-8 编码，请另存为 UTF-8".to_owned()),
        Err(error) => fault(format!("读不出来：{error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_mistake_is_left_out_and_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("bad.toml"), "code = \"x\"\nname = 3\n").unwrap();
        std::fs::write(folder.path().join("gbk.toml"), [0xB1, 0xA8]).unwrap();
        std::fs::write(folder.path().join("note.txt"), "x").unwrap();
        let loaded = load(Some(folder.path()));
        assert!(loaded.catalogue.get("fault").is_some() && loaded.catalogue.get("x").is_none());
        assert!(loaded.faults.iter().any(|fault| fault.file == "bad.toml" && fault.line == 2), "{:?}", loaded.faults);
        assert!(loaded.faults.iter().any(|fault| fault.file == "gbk.toml"));
        assert!(load(None).faults.is_empty());
    }
}
