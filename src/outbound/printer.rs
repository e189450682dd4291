//! Where slips go: nowhere, a folder, or `lp`. Called after COMMIT only, so nothing is printed that was not booked.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::check_slip::{self, Slip};
use super::new_file;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;
use crate::store::{StoreError, Tx};

/// Name of the setting of this machine.
const SETTING: &str = "slips_to";

/// Where this machine's slips go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// They are shown on request only.
    Off,
    /// One text file each in a folder.
    Folder(PathBuf),
    /// `lp`, with a printer's name or the default one.
    Lp(Option<String>),
}

/// Why a slip was not printed; the payment stands all the same.
#[derive(Debug, thiserror::Error)]
#[error("账已入，单子没有打出来：{0}。请用 slip 重印")]
pub struct NotPrinted(pub String);

impl Target {
    /// Reads `off`, `file:FOLDER`, `lp`, `lp:NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        let name =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
        match text.trim().split_once(':') {
            None if text.trim() == "off" => Some(Self::Off),
            None if text.trim() == "lp" => Some(Self::Lp(None)),
            Some(("file", folder)) if !folder.trim().is_empty() => Some(Self::Folder(folder.trim().into())),
            Some(("lp", printer)) if name(printer.trim()) && !printer.trim().starts_with('-') => {
                Some(Self::Lp(Some(printer.trim().to_owned())))
            }
            _ => None,
        }
    }

    /// As it is kept.
    pub fn text(&self) -> String {
        match self {
            Self::Off => "off".into(),
            Self::Folder(folder) => format!("file:{}", folder.display()),
            Self::Lp(None) => "lp".into(),
            Self::Lp(Some(name)) => format!("lp:{name}"),
        }
    }

    /// Where this machine's slips go now.
    pub fn of(tx: &Tx<'_>) -> Result<Self, StoreError> {
        Ok(tx.setting(SETTING)?.and_then(|text| Self::parse(&text)).unwrap_or(Self::Off))
    }

    /// Keeps the choice; a folder that is something else is refused.
    pub fn keep(&self, tx: &Tx<'_>) -> Result<(), Refusal> {
        if let Self::Folder(folder) = self {
            new_file::check_folder(folder, &tx.file().unwrap_or_default())?;
        }
        Ok(tx.set_setting(SETTING, &self.text())?)
    }
}

/// Prints the slip of an entry where this machine's slips go. Answers where it went; none when there is nothing to print.
pub fn print(tx: &Tx<'_>, entry: Id, reprint: bool) -> Result<Option<String>, NotPrinted> {
    let store = |error: StoreError| NotPrinted(error.to_string());
    let target = Target::of(tx).map_err(store)?;
    if target == Target::Off {
        return Ok(None);
    }
    let Some(slip) = check_slip::slip(tx, entry, reprint).map_err(store)? else { return Ok(None) };
    send(tx, &target, &slip, reprint).map(Some)
}

/// Prints a slip made already, where this machine's slips go. Answers where it went; none when nothing is set.
pub fn print_made(tx: &Tx<'_>, slip: &Slip) -> Result<Option<String>, NotPrinted> {
    let target = Target::of(tx).map_err(|error| NotPrinted(error.to_string()))?;
    if target == Target::Off { Ok(None) } else { send(tx, &target, slip, false).map(Some) }
}

fn send(tx: &Tx<'_>, target: &Target, slip: &Slip, reprint: bool) -> Result<String, NotPrinted> {
    let fault = |error: std::io::Error| NotPrinted(error.to_string());
    match target {
        Target::Off => Ok(String::new()),
        Target::Folder(folder) => {
            let book = tx.file().unwrap_or_default();
            let refused = |refusal: Refusal| NotPrinted(refusal.message());
            new_file::check_folder(folder, &book).map_err(refused)?; // it may have become something else since it was set
            std::fs::create_dir_all(folder).map_err(fault)?;
            let mark = if reprint { "-重印" } else { "" };
            let stem = format!("{}{mark}", slip.number.replace('/', "_"));
            // In a folder others may write to, a name that can be guessed could be taken before.
            let path = new_file::write_unguessed(folder, &stem, "txt", &book, slip.text.as_bytes());
            path.map(|path| path.display().to_string()).map_err(refused)
        }
        Target::Lp(name) => {
            let mut lp = Command::new("lp");
            lp.arg("-s").args(name.iter().flat_map(|name| ["-d", name.as_str()]));
            let quiet = lp.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = quiet.spawn().map_err(fault)?;
            if let Some(mut pipe) = child.stdin.take() {
                pipe.write_all(slip.text.as_bytes()).map_err(fault)?;
            }
            let done = child.wait().map_err(fault)?;
            if done.success() { Ok(target.text()) } else { Err(NotPrinted(format!("lp 返回 {done}"))) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn targets_are_read_and_kept() {
        for text in ["off", "file:/tmp/slips", "lp", "lp:till-1"] {
            assert_eq!(Target::parse(text).unwrap().text(), text);
        }
        for bad in ["", "lp:", "lp:-o", "file:", "usb", "lp:a b"] {
            assert_eq!(Target::parse(bad), None, "{bad}");
        }
    }
}
