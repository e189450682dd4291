//! The files `quote` rests on: a folder of tariffs, further years of the calendar.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::super::common::CliError;
use crate::desk::refusal::Refusal;
use crate::rules::calendar::Calendar;
use crate::rules::form::{FileFault, LARGEST_FILE};
use crate::rules::tariff::PriceBook;

/// Most files of a price book.
const MOST_FILES: usize = 10_000;

const NOT_UTF8: &str = "文件不是UTF-8文字，请另存为UTF-8";

/// Reads every `.toml` file of a folder, by name; one file alone is a book too. Mistakes stay in the book.
pub fn price_book(folder: &Path) -> Result<PriceBook, CliError> {
    let mut files = Vec::new();
    if folder.is_file() {
        files.push(folder.to_owned());
    } else {
        let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) && path.is_file() {
                files.push(path);
            }
        }
        files.sort();
    }
    if files.is_empty() || files.len() > MOST_FILES {
        let message = format!("价目文件夹 {} 中应有1至{MOST_FILES}个 .toml 文件", folder.display());
        return Err(Refusal::data(message).into());
    }
    let mut book = PriceBook::default();
    for path in files {
        match text_of(&path)? {
            Some(text) => book.read_file(&name_of(&path), &text),
            None => book.refuse(FileFault { file: name_of(&path), line: 1, message: NOT_UTF8.into() }),
        }
    }
    Ok(book)
}

/// The built-in calendar and the years of files, which come before the built-in ones.
pub fn calendar(files: &[PathBuf]) -> Result<Calendar, CliError> {
    let mut calendar = Calendar::builtin();
    for path in files {
        let text = text_of(path)?.ok_or_else(|| Refusal::data(format!("{}：{NOT_UTF8}", path.display())))?;
        if let Err(faults) = calendar.load(&name_of(path), &text) {
            let all = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("；");
            return Err(Refusal::data(format!("日历文件有误：{all}")).into());
        }
    }
    Ok(calendar)
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The file's text, without a byte order mark; of an overlong file just enough for the reader to refuse it. `None` when
/// it is not UTF-8.
fn text_of(path: &Path) -> Result<Option<String>, CliError> {
    let mut bytes = Vec::new();
    crate::text::plain_file::open(path)
        .and_then(|file| file.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8(bytes).ok();
    Ok(text.map(|text| text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text)))
}

/// A file that cannot be opened or read.
pub fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    Refusal::data(format!("读不了 {}：{error}", path.display())).into()
}
