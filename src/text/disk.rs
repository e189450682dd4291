//! What a disk or a stick says, in words a clerk can act on.

use std::io::{Error, ErrorKind};

/// Why reading or writing failed, and what to do; the system's number where that is all there is.
pub fn why(error: &Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "磁盘已满，请腾出空间后再做".to_owned(),
        ErrorKind::FileTooLarge => "写不下了：文件超过这个盘或系统允许的大小，请腾出空间或换一个盘后再做".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "盘是只读的，写不进去；请打开盘的写保护开关，或换一个盘".to_owned(),
        ErrorKind::PermissionDenied => "没有权限，请检查文件和文件夹的权限".to_owned(),
        ErrorKind::NotFound => "找不到，请检查盘是否插好".to_owned(),
        ErrorKind::NotADirectory | ErrorKind::IsADirectory => "这个位置被别的文件或文件夹占用，请换一个位置".to_owned(),
        ErrorKind::UnexpectedEof => "没有读完就到了末尾，盘可能被拔出；请重新插好后再做".to_owned(),
        ErrorKind::InvalidInput if error.to_string() == super::plain_file::NOT_PLAIN => {
            super::plain_file::NOT_PLAIN.to_owned()
        }
        _ => {
            let code = error.raw_os_error().map_or(String::new(), |code| format!(" (代码 {code})"));
            format!("读写出错{code}，盘可能被拔出或已坏；请重新插好或换一个盘后再做")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_full_or_protected_disk_says_is_chinese_only() {
        let kinds = [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::FileTooLarge,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::PermissionDenied,
            ErrorKind::NotFound,
            ErrorKind::IsADirectory,
            ErrorKind::UnexpectedEof,
        ];
        for kind in kinds {
            let said = why(&Error::from(kind));
            assert!(!said.bytes().any(|byte| byte.is_ascii_alphabetic()), "{said}");
        }
        assert!(why(&Error::from_raw_os_error(5)).contains("代码 5"));
    }
}
