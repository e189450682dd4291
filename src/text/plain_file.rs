//! Opening a file that somebody named: a pipe, a device or a folder is refused at once, for opening a pipe waits for ever and a
//! device has no end.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::Path;

/// What is said of anything but a plain file.
pub const NOT_PLAIN: &str = "不是普通文件（是管道、设备或文件夹），请先存成文件";

/// Opens a plain file for reading.
pub fn open(path: &Path) -> std::io::Result<File> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, NOT_PLAIN));
    }
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_and_a_folder_are_refused_and_a_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "x").unwrap();
        assert!(open(&path).is_ok());
        assert_eq!(open(folder.path()).unwrap_err().to_string(), NOT_PLAIN);
        #[cfg(unix)]
        assert_eq!(open(Path::new("/dev/zero")).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
