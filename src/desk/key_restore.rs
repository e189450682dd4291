//! The key file lost: made again from the recovery code, after the code has proved to be this book's.

use std::path::Path;

use super::refusal::Refusal;
use crate::book::seal::{self, Keys, Sealed};
use crate::store::{Db, OpenOptions};

/// Writes the key file of a database from its recovery code. Refuses while a key file is there, and a code of another book.
pub fn restore(path: &Path, code: &str) -> Result<(), Refusal> {
    let keys = Keys::from_recovery(code)?;
    let key_file = seal::path_of(path);
    if key_file.exists() {
        let message = format!("密钥文件 {} 已经在，不会改写；若它已损坏，请先移到别处", key_file.display());
        return Err(Refusal::rule("key", message));
    }
    let (mut db, _) = Db::open(path, OpenOptions { read_only: true, ..OpenOptions::default() })?;
    let tx = db.read()?;
    let named = tx.setting("key")?.is_none_or(|name| name == keys.name());
    let opens = match tx.any_sealed_id()? {
        Some(text) => Sealed::from_text(&text).is_some_and(|sealed| keys.open_sealed("resident_id", &sealed).is_ok()),
        None => true,
    };
    if !(named && opens) {
        return Err(Refusal::rule("key", "这个恢复码是另一个库的，打不开本库的证件号码，请核对"));
    }
    Ok(keys.write(path)?)
}
