//! Why a whole file is refused.

use std::path::Path;

use crate::rules::fault::shown;

/// A file that is not read: one Chinese sentence that names it and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("文件“{file}”{what}")]
pub struct BadFile {
    /// Name without its folder.
    pub file: String,
    /// What is wrong, and what to do.
    pub what: String,
    /// The reason for programs.
    pub why: Why,
}

/// The reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It cannot be opened or read.
    Io,
    /// Nothing in it.
    Empty,
    /// Above the cap on bytes or rows.
    TooLarge,
    /// Another form than its name says, or one the program does not read.
    Form,
    /// Neither UTF-8 nor GBK.
    Encoding,
    /// Cut short.
    Truncated,
    /// Broken inside.
    Damaged,
    /// A cell, a row or an unpacked part beyond the limits.
    Limit,
    /// No profile knows its headings.
    Headings,
}

impl BadFile {
    /// A refusal of the file at `path`.
    pub fn new(path: &Path, why: Why, what: impl Into<String>) -> Self {
        Self { file: shown(&file_name(path)), what: what.into(), why }
    }

    /// A refusal because of an error of the disk.
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => "找不到，请核对文件名和所在文件夹".to_owned(),
            std::io::ErrorKind::PermissionDenied => "没有读取权限，请检查文件权限".to_owned(),
            _ => format!("读不出来（{}），请检查磁盘或重新拷贝", shown(&error.to_string())),
        };
        Self::new(path, Why::Io, what)
    }
}

/// The name of a file without its folder.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
