//! Files of others, after they were dealt with: put away into a folder where they wait a while, so that no night opens them again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::folder::{ENDING, KEPT};
use crate::text::disk;

/// Where refused ones go, below the others.
const REFUSED: &str = "refused";
/// A refused file that was written to within this time is left where it is.
const GROWING: Duration = Duration::from_secs(10 * 60);
/// Names tried for one file.
const MOST_NAMES: u32 = 1_000;

/// Moves a file that was dealt with into a folder, refused ones into `refused` below it; never onto another file. A refused one
/// that may still be growing stays. Answers what to tell
/// when it cannot be moved: nothing is lost then, it is looked at again the next time.
pub fn put_away(path: &Path, folder: &Path, refused: bool, now: SystemTime) -> Option<String> {
    let touched = fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let age = touched.and_then(|at| now.duration_since(at).ok());
    if refused && age.is_some_and(|age| age < GROWING) {
        return None; // perhaps somebody is still copying it here
    }
    let moved = if refused { below(folder) } else { Ok(folder.to_owned()) }
        .and_then(|folder| if is_in(path, &folder) { Ok(()) } else { move_into(path, &folder, now) });
    moved.err().map(|error| format!("{} 没有移走 ({})，下次还会再看一遍", path.display(), disk::why(&error)))
}

/// Removes a bundle of our own that newer ones have taken the place of. Answers what to tell when that fails.
pub fn remove(path: &Path) -> Option<String> {
    let error = fs::remove_file(path).err()?;
    Some(format!("旧的交换包 {} 删不掉：{}", path.display(), disk::why(&error)))
}

/// Bundles that were put away longer ago than copies are kept go.
pub fn tidy(folder: &Path, now: SystemTime) {
    for folder in [folder.to_owned(), folder.join(REFUSED)] {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let put_away = fs::symlink_metadata(&path).ok().filter(|meta| meta.is_file());
            let age = put_away.and_then(|meta| now.duration_since(meta.modified().ok()?).ok());
            if age.is_some_and(|age| age > KEPT) && path.extension().is_some_and(|ending| ending == ENDING) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn below(folder: &Path) -> io::Result<PathBuf> {
    let folder = folder.join(REFUSED);
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(folder),
    }
}

fn is_in(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    path.parent().and_then(real).is_some_and(|parent| real(folder) == Some(parent))
}

fn move_into(path: &Path, folder: &Path, now: SystemTime) -> io::Result<()> {
    let target = free_name(path, folder)?;
    if fs::rename(path, &target).is_err() {
        // Another disk: copied, and gone from here only when the copy is on it.
        fs::copy(path, &target).and_then(|_| File::open(&target)?.sync_all()).inspect_err(|_| {
            let _ = fs::remove_file(&target);
        })?;
        fs::remove_file(path)?;
    }
    // From now on counts how long it is kept; a file system without times keeps it longer.
    if let Ok(file) = File::options().append(true).open(&target) {
        let _ = file.set_modified(now);
    }
    Ok(())
}

/// A name nobody has in the folder; it is taken at once, so that two programs never choose one.
fn free_name(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    for number in 1..=MOST_NAMES {
        let again = if number == 1 { String::new() } else { format!("-{number}") };
        let target = folder.join(format!("{name}{again}.{ending}"));
        match File::options().write(true).create_new(true).open(&target) {
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
