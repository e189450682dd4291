//! The service catalogue of this branch: the built-in files, with the company's own from the folder `services` beside the
//! database over them. Read once a process and database; a mistake in a file is told with file and line, and the rest goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::rules::service::Catalogue;
use crate::rules::toml_reader::FileFault;
use crate::store::Tx;

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

static LOADED: Mutex<BTreeMap<Option<PathBuf>, Arc<Loaded>>> = Mutex::new(BTreeMap::new());

/// The catalogue of the branch whose book this is.
pub fn of(tx: &Tx<'_>) -> Arc<Loaded> {
    let folder = tx.file().and_then(|file| folder_beside(&file));
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(loaded.entry(folder.clone()).or_insert_with(|| Arc::new(load(folder.as_deref()))))
}

/// Where the company's own files lie: the folder `services` beside the database, if there is one.
pub fn folder_beside(db: &Path) -> Option<PathBuf> {
    Some(db.parent()?.join("services")).filter(|folder| folder.is_dir())
}

/// Reads a folder of catalogue files over the built-in ones.
pub fn load(folder: Option<&Path>) -> Loaded {
    let mut faults = Vec::new();
    let own = folder.map(|folder| read_folder(folder, &mut faults)).unwrap_or_default();
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
        Ok(meta) if meta.len() > MAX_FILE => return fault(format!("文件超过 {} KB，请缩短", MAX_FILE >> 10)),
        Ok(_) => {}
        Err(error) => return fault(format!("读不出来：{error}")),
    }
    match std::fs::read(file).map(String::from_utf8) {
        Ok(Ok(text)) => Some((name.clone(), text)),
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
