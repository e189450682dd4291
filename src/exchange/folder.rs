//! The files of an exchange: copies of what was sent, the spool of what is being taken in, bundles that wait for a gap to fill, and
//! the folder or stick the bundles travel on. Names of files found there are never trusted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::envelope::MAX_FILE;
use super::error::ExchangeError;

/// Files looked at in one folder.
const MAX_FILES: usize = 10_000;

/// How long copies of what was sent are kept, for a re-send.
pub const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// How the names begin of what a Mac puts beside each file on a stick.
const BESIDE: &str = "._";

/// Ending of a bundle's file name.
pub const ENDING: &str = "mdx";

/// The folder beside a database.
pub struct Files {
    root: PathBuf,
    _lock: File,
}

/// Where the exchange's own files of a database lie.
pub fn root_of(db: &Path) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(".exchange");
    PathBuf::from(path)
}

impl Files {
    /// Opens the folder, and keeps everybody else out until dropped.
    pub fn lock(db: &Path) -> Result<Self, ExchangeError> {
        let root = root_of(db);
        for part in ["out", "spool", "held"] {
            make_private(&root.join(part))?;
        }
        let path = root.join("lock");
        let lock = private(OpenOptions::new().create(true).truncate(false).write(true), &path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root, _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(ExchangeError::Locked),
            Err(fs::TryLockError::Error(error)) => Err(ExchangeError::file(&path, &error)),
        }
    }

    /// Where copies of what was sent lie.
    pub fn out(&self) -> PathBuf {
        self.root.join("out")
    }

    /// Where bundles wait for a gap to fill.
    pub fn held(&self) -> PathBuf {
        self.root.join("held")
    }

    /// A file of the spool; its name is one we gave.
    pub fn spooled(&self, name: &str) -> PathBuf {
        let plain = Path::new(name).file_name().unwrap_or_default();
        self.root.join("spool").join(plain)
    }

    /// A new file in the folder of what is sent, not yet under its name.
    pub fn begin(&self, name: &str) -> Result<(File, PathBuf), ExchangeError> {
        let path = self.out().join(format!("{name}.part"));
        Ok((private(OpenOptions::new().create(true).truncate(true).read(true).write(true), &path)?, path))
    }

    /// Copies a bundle from outside into the spool, within the cap: a stick that is pulled, or a file still growing, changes nothing.
    pub fn spool(&self, source: &Path, name: &str) -> Result<PathBuf, ExchangeError> {
        let target = self.root.join("spool").join(name);
        let from = open_plain(source)?;
        let mut to = private(OpenOptions::new().create(true).truncate(true).write(true), &target)?;
        let copied = copy(&mut from.take(MAX_FILE + 1), source, &mut to, &target)
            .and_then(|()| to.sync_all().map_err(|error| ExchangeError::file(&target, &error)));
        if let Err(error) = copied {
            let _ = fs::remove_file(&target);
            return Err(error);
        }
        Ok(target)
    }

    /// Moves a spooled bundle to those that wait.
    pub fn hold(&self, spooled: &Path, hash: &str) -> Result<PathBuf, ExchangeError> {
        let target = self.held().join(format!("{hash}.{ENDING}"));
        fs::rename(spooled, &target).map_err(|error| ExchangeError::file(&target, &error))?;
        sync_folder(&self.held())?;
        Ok(target)
    }

    /// Removes copies older than they are kept, and what an interrupted export or import left; `going_on` is the file in the spool
    /// an interrupted import still needs.
    pub fn tidy(&self, now: SystemTime, going_on: Option<&str>) -> Result<(), ExchangeError> {
        for path in files_in(&self.root.join("spool"))? {
            if going_on.is_none_or(|name| path != self.spooled(name)) {
                let _ = fs::remove_file(&path);
            }
        }
        for path in files_in(&self.out())? {
            let age =
                fs::metadata(&path).and_then(|meta| meta.modified()).ok().and_then(|at| now.duration_since(at).ok());
            let old = age.is_some_and(|age| age > KEPT);
            if old || path.extension().is_some_and(|ending| ending == "part") {
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }
}

/// Puts a complete file under its name: everything on disk, then the name, then the folder.
pub fn settle(file: &File, part: &Path, target: &Path) -> Result<(), ExchangeError> {
    file.sync_all().map_err(|error| ExchangeError::file(part, &error))?;
    fs::rename(part, target).map_err(|error| ExchangeError::file(target, &error))?;
    target.parent().map_or(Ok(()), sync_folder)
}

/// Copies a bundle to where it travels, and reads it back before anybody is told that it stands there. What cannot be read back
/// is not left under the bundle's name.
pub fn deliver(kept: &Path, folder: &Path, name: &str, hash: &str) -> Result<PathBuf, ExchangeError> {
    let target = folder.join(name);
    place(kept, folder, &target)?;
    let read = read_back(&target, hash);
    if read.is_err() {
        let _ = fs::remove_file(&target);
    }
    read.map(|()| target)
}

/// Writes a copy beside its place, and gives it its name when all of it is on the disk.
fn place(kept: &Path, folder: &Path, target: &Path) -> Result<(), ExchangeError> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = folder.join(name);
    let outcome = (|| {
        let mut from = open_plain(kept)?;
        // Never through a link somebody left under that name.
        let _ = fs::remove_file(&part);
        let to = OpenOptions::new().write(true).create_new(true).open(&part);
        let mut to = to.map_err(|error| ExchangeError::file(&part, &error))?;
        copy(&mut from, kept, &mut to, &part)?;
        settle(&to, &part, target)?;
        forget_cached(&to);
        Ok(())
    })();
    if outcome.is_err() {
        let _ = fs::remove_file(&part);
    }
    outcome
}

fn read_back(target: &Path, hash: &str) -> Result<(), ExchangeError> {
    if hash_of(target)? == hash {
        return Ok(());
    }
    let reason = "写出后读回的内容不同，盘可能已坏，请换一个盘再导出".to_owned();
    Err(ExchangeError::File { path: target.to_owned(), reason })
}

/// Copies to the end; says which of the two files failed.
fn copy(from: &mut impl Read, source: &Path, to: &mut File, target: &Path) -> Result<(), ExchangeError> {
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let got = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ExchangeError::file(source, &error)),
        };
        to.write_all(&buffer[..got]).map_err(|error| ExchangeError::file(target, &error))?;
    }
}

/// What the system remembers of a file that is on the disk is dropped where that is possible, so that reading back asks the disk.
fn forget_cached(file: &File) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

/// Hash of a whole file, hex.
pub fn hash_of(path: &Path) -> Result<String, ExchangeError> {
    let mut file = open_plain(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(|error| ExchangeError::file(path, &error))?;
        if read == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(&buffer[..read]);
    }
}

/// What lies in a folder.
#[derive(Default)]
pub struct Found {
    /// Bundles by their names, in name order.
    pub bundles: Vec<PathBuf>,
    /// Names of what is passed over: files of other endings, what a Mac leaves beside each file (`._*`), and what has the name of a
    /// bundle but is no plain file.
    pub passed: Vec<String>,
    /// There is more than is looked at.
    pub more: bool,
}

/// Bundles in a folder, or the one file named: plain files of the right ending, in capitals or small letters.
pub fn bundles_at(path: &Path) -> Result<Found, ExchangeError> {
    let meta = fs::metadata(path).map_err(|error| ExchangeError::file(path, &error))?;
    if !meta.is_dir() {
        return Ok(Found { bundles: vec![path.to_owned()], ..Found::default() });
    }
    let fault = |error: io::Error| ExchangeError::file(path, &error);
    let mut found = Found::default();
    for (index, entry) in fs::read_dir(path).map_err(fault)?.enumerate() {
        let entry = entry.map_err(fault)?;
        if index == MAX_FILES {
            found.more = true;
            break;
        }
        let (name, plain) = (entry.file_name(), entry.file_type().is_ok_and(|kind| kind.is_file()));
        let name = name.to_string_lossy();
        let named = entry.path().extension().is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING));
        match (named, plain) {
            (true, true) if !name.starts_with(BESIDE) => found.bundles.push(entry.path()),
            (false, false) => {}
            _ => found.passed.push(name.into_owned()),
        }
    }
    found.bundles.sort();
    found.passed.sort();
    Ok(found)
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, ExchangeError> {
    let fault = |error: io::Error| ExchangeError::file(folder, &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)?.take(MAX_FILES) {
        let entry = entry.map_err(fault)?;
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Opens a plain file for reading; a device, a pipe or a folder is refused.
pub fn open_plain(path: &Path) -> Result<File, ExchangeError> {
    let meta = fs::metadata(path).map_err(|error| ExchangeError::file(path, &error))?;
    if !meta.is_file() {
        let reason = "不是普通文件，请指明一个交换包".to_owned();
        return Err(ExchangeError::File { path: path.to_owned(), reason });
    }
    File::open(path).map_err(|error| ExchangeError::file(path, &error))
}

/// Back to the beginning, to be read.
pub fn rewind(file: &mut File, path: &Path) -> Result<(), ExchangeError> {
    file.flush()
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .map(|_| ())
        .map_err(|error| ExchangeError::file(path, &error))
}

fn sync_folder(folder: &Path) -> Result<(), ExchangeError> {
    // Not every stick's file system can sync a folder; the read-back proves the file itself.
    if let Ok(handle) = File::open(folder) {
        let _ = handle.sync_all();
    }
    Ok(())
}

fn make_private(folder: &Path) -> Result<(), ExchangeError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| ExchangeError::file(folder, &error))
}

fn private(options: &mut OpenOptions, path: &Path) -> Result<File, ExchangeError> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path).map_err(|error| ExchangeError::file(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens to a file between its writing and its reading back.
    type Mishap = fn(&Path);

    #[test]
    fn what_cannot_be_read_back_is_an_error_and_keeps_no_name() {
        let gone: Mishap = |target| fs::remove_dir_all(target.parent().unwrap()).unwrap();
        let cut: Mishap = |target| OpenOptions::new().write(true).open(target).unwrap().set_len(70_000).unwrap();
        let flipped: Mishap = |target| {
            let mut bytes = fs::read(target).unwrap();
            bytes[90_000] ^= 1;
            fs::write(target, bytes).unwrap();
        };
        let longer: Mishap = |target| OpenOptions::new().append(true).open(target).unwrap().write_all(b"x").unwrap();
        let untouched: Mishap = |_| {};
        let cases = [("gone", gone), ("cut", cut), ("flipped", flipped), ("longer", longer), ("untouched", untouched)];
        for (word, mishap) in cases {
            let home = tempfile::tempdir().unwrap();
            let (kept, stick) = (home.path().join("kept"), home.path().join("stick"));
            fs::create_dir(&stick).unwrap();
            fs::write(&kept, vec![7u8; 100_000]).unwrap();
            let target = stick.join("B1-HO-1-000001.mdx");
            place(&kept, &stick, &target).unwrap();
            mishap(&target);
            // The same steps as `deliver`, with the mishap between them.
            let read = read_back(&target, &hash_of(&kept).unwrap());
            assert_eq!(read.is_ok(), word == "untouched", "{word}");
        }
    }

    #[test]
    fn a_copy_that_is_not_what_was_sealed_is_told_and_taken_from_the_stick() {
        let home = tempfile::tempdir().unwrap();
        let (kept, stick) = (home.path().join("kept"), home.path().join("stick"));
        fs::create_dir(&stick).unwrap();
        fs::write(&kept, b"something else").unwrap();
        let said = deliver(&kept, &stick, "B1-HO-1-000001.mdx", &"0".repeat(64)).unwrap_err().to_string();
        assert!(said.contains("读回的内容不同"), "{said}");
        assert_eq!(fs::read_dir(&stick).unwrap().count(), 0);
        fs::remove_dir(&stick).unwrap();
        let said = deliver(&kept, &stick, "B1-HO-1-000001.mdx", &hash_of(&kept).unwrap()).unwrap_err().to_string();
        assert!(said.contains("请检查盘是否插好"), "{said}");
    }
}
