//! What can go wrong with the file, in words a clerk can act on.

use std::path::PathBuf;

/// A fault of the file or the disk; the message says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No file at that place.
    #[error("找不到数据库 {0}，请用 --db 指明位置，或先用 init 新建")]
    Missing(PathBuf),
    /// `init` on a file that is there already.
    #[error("数据库 {0} 已经存在，不会覆盖；请换一个位置")]
    Exists(PathBuf),
    /// A file that is no meterdesk database.
    #[error("{0} 不是 meterdesk 的数据库，请核对文件")]
    Foreign(PathBuf),
    /// Written by a later program.
    #[error("{path} 是较新版本程序写的 (第 {found} 版，本程序到第 {known} 版)，请先升级本程序")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The last version this program knows.
        known: i64,
    },
    /// On a network share or a removable stick, where SQLite's locks and syncs cannot be trusted.
    #[error("{path} 在 {kind} 上，断线或拔出会损坏数据；请放到本机硬盘上")]
    NotLocal {
        /// The file.
        path: PathBuf,
        /// What the place is.
        kind: &'static str,
    },
    /// A pragma did not take.
    #[error("数据库设置 {0} 没有生效，拒绝打开")]
    Pragma(&'static str),
    /// The disk is full; the action is not booked.
    #[error("磁盘已满，没有做成，也没有记账；请腾出空间后重做")]
    DiskFull,
    /// The file, its folder or its disk is write-protected.
    #[error("数据库文件是只读的，写不进去；请检查文件权限和磁盘的写保护")]
    ReadOnly,
    /// The disk fails, or takes no more of this file; SQLite's own number of the fault.
    #[error("读写数据库文件出错 (代码 {0})，磁盘可能已满或已坏；请检查磁盘后重做")]
    Disk(i32),
    /// Another process holds the write lock for too long.
    #[error("另一个窗口正在写数据库，请稍候重试")]
    Busy,
    /// The name leads to another file than the one that was opened.
    #[error(
        "数据库 {0} 已被换成另一个文件 (有人恢复过备份或移动过文件)，本窗口停在旧文件上，这一笔没有记账；请关掉本窗口，重新打开后再办"
    )]
    Replaced(PathBuf),
    /// Somebody has the book open that is to be replaced.
    #[error("数据库 {0} 正被别的窗口或程序打开，不能替换；请先关掉所有窗口 (柜台、成批、自动任务) 再做")]
    InUse(PathBuf),
    /// The book is being replaced.
    #[error("数据库 {0} 正在恢复或重建，请等它做完再打开")]
    BeingReplaced(PathBuf),
    /// A row that cannot be what the program wrote.
    #[error("数据库内容有误：{0}")]
    Corrupt(String),
    /// COMMIT failed: the outcome is looked up by key after reopening.
    #[error("写盘时出错，结果未知：{0}")]
    Unknown(String),
    /// A fold asked for rows that another thread is writing: the derivation goes on in one thread.
    #[error("重新记账须改为逐个进行，请重试")]
    Torn,
    /// Anything else SQLite says.
    #[error("数据库出错：{0}")]
    Sqlite(String),
    /// A file beside the database.
    #[error("读写 {path} 出错：{reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
                Self::Disk(error.sqlite_error().map_or(0, |fault| fault.extended_code))
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupt(error.to_string()),
            _ => Self::Sqlite(error.to_string()),
        }
    }
}
