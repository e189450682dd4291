//! Files for others (reports, lists, cards, slips): made new or refused. Nothing that is there is written over unless that was said, and
//! the book, what lies beside it, links, devices and pipes never are.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::desk::refusal::Refusal;
use crate::store::companions::{is_of_any_book, is_of_book};
use crate::text::disk;

/// A file in the making, under a name nobody can guess; dropped before [`NewFile::finish`], it leaves nothing.
pub struct NewFile {
    file: File,
    part: PathBuf,
    target: PathBuf,
    overwrite: bool,
}

impl NewFile {
    /// Begins a file at a place. `overwrite`: a plain file of that name may be replaced.
    pub fn begin(target: &Path, book: &Path, overwrite: bool) -> Result<Self, Refusal> {
        check(target, book, overwrite)?;
        let name = target.file_name().ok_or_else(|| place(target, "不是文件名"))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", chance()?));
        let part = target.with_file_name(hidden);
        let file = OpenOptions::new().write(true).create_new(true).open(&part);
        let file = file.map_err(|error| place(target, &disk::why(&error)))?;
        Ok(Self { file, part, target: target.to_owned(), overwrite })
    }

    /// Everything on the disk, then the name: the whole file or none.
    pub fn finish(self) -> Result<(), Refusal> {
        let fault = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.target),
            _ => place(&self.target, &disk::why(&error)),
        };
        self.file.sync_all().map_err(fault)?;
        if self.overwrite {
            return std::fs::rename(&self.part, &self.target).map_err(fault);
        }
        // A second name is refused where one stands already, whoever was quicker.
        match std::fs::hard_link(&self.part, &self.target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&self.target)),
            Err(_) => {
                // Sticks cannot give a second name.
                OpenOptions::new().write(true).create_new(true).open(&self.target).map_err(fault)?;
                std::fs::rename(&self.part, &self.target).map_err(fault)
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.part);
    }
}

/// Writes a whole file. One that holds these very bytes already is left as it is.
pub fn write(target: &Path, book: &Path, overwrite: bool, bytes: &[u8]) -> Result<(), Refusal> {
    let plain = target.symlink_metadata().is_ok_and(|meta| meta.is_file() && meta.len() == bytes.len() as u64);
    if plain && !is_of_book(target, book) && std::fs::read(target).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let mut file = NewFile::begin(target, book, overwrite)?;
    file.write_all(bytes).map_err(|error| place(target, &disk::why(&error)))?;
    file.finish()
}

/// Writes a file whose name nobody can guess: `stem-1f3a09c2.txt`. Answers where.
pub fn write_unguessed(folder: &Path, stem: &str, ending: &str, book: &Path, bytes: &[u8]) -> Result<PathBuf, Refusal> {
    let target = folder.join(format!("{stem}-{}.{ending}", chance()?));
    write(&target, book, false, bytes)?;
    Ok(target)
}

/// A name beside the wanted one that is free: `name-2.csv`.
pub fn free_beside(wanted: &Path) -> PathBuf {
    let stem = wanted.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = wanted.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let name = |number: u32| match number {
        1 => wanted.to_owned(),
        number => wanted.with_file_name(format!("{stem}-{number}{ending}")),
    };
    (1..1_000).map(name).find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| wanted.to_owned())
}

/// A folder for files of ours: one that is there, or can be made; no pipe, no device, nothing of the book's.
pub fn check_folder(folder: &Path, book: &Path) -> Result<(), Refusal> {
    if is_of_book(folder, book) {
        return Err(place(folder, "这是数据库或它旁边的文件，请换一个文件夹"));
    }
    let there = folder.ancestors().find(|above| above.symlink_metadata().is_ok());
    match there {
        Some(above) if !above.is_dir() => {
            let message = format!("{} 不是文件夹（是文件、管道、设备或断了的链接），请换一个文件夹", above.display());
            Err(place(folder, &message))
        }
        _ => Ok(()),
    }
}

fn check(target: &Path, book: &Path, overwrite: bool) -> Result<(), Refusal> {
    if is_of_book(target, book) {
        return Err(place(target, "这是数据库或它旁边的文件，不能写在上面，请换一个文件名"));
    }
    let Ok(meta) = target.symlink_metadata() else { return Ok(()) };
    match () {
        () if meta.is_symlink() => Err(place(target, "这个名字是一个链接，不跟着链接写，请换一个文件名")),
        () if !meta.is_file() => Err(place(target, "这个名字不是普通文件，请换一个文件名")),
        () if !overwrite => Err(exists(target)),
        () if is_of_any_book(target) => {
            Err(place(target, "这是一个数据库、备份或密钥文件，不能写在上面，请换一个文件名"))
        }
        () => Ok(()),
    }
}

fn exists(target: &Path) -> Refusal {
    place(target, "已经存在，不会覆盖；请换一个文件名，确要覆盖请加 --overwrite")
}

fn place(target: &Path, why: &str) -> Refusal {
    Refusal::rule("file", format!("没有写 {}：{why}", target.display()))
}

/// Eight letters nobody can guess.
fn chance() -> Result<String, Refusal> {
    let mut bytes = [0u8; 4];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::data(format!("系统没有给出随机数：{error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
