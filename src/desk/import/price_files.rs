//! Price, calendar and business files: each file one entry, its text whole. A folder is a price book.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::answer::Answer;
use super::{Request, What};
use crate::desk::refusal::{Refusal, RefusalKind};
use crate::desk::{Call, Desk, catalogue};
use crate::inbound::judge::{Defect, Kind};
use crate::rules::calendar;
use crate::rules::tariff::file;
use crate::text::plain_file;

/// Largest file read.
const MAX_BYTES: u64 = 1 << 20;

impl Desk {
    pub(super) fn import_price_files(&mut self, request: &Request) -> Result<Answer, Refusal> {
        let files = files_of(&request.path)?;
        let mut answer = Answer {
            file: name_of(&request.path),
            profile: request.what.code().to_owned(),
            rows: files.len() as u64,
            dry_run: request.dry_run,
            ..Answer::default()
        };
        let mut written = false;
        for path in &files {
            match self.put_file(request, path) {
                Ok(already) => {
                    answer.accepted += 1;
                    written |= !already;
                }
                Err(refusal) if refusal.kind == RefusalKind::Refused => {
                    refused(path, &refusal).iter().for_each(|defect| answer.defects.push(defect));
                }
                Err(other) => return Err(other),
            }
        }
        answer.already = !written && answer.defects.is_empty() && !request.dry_run;
        Ok(answer)
    }

    /// Loads one file; true when it stands already.
    fn put_file(&mut self, request: &Request, path: &Path) -> Result<bool, Refusal> {
        let text = read(path)?;
        let name = name_of(path);
        if request.dry_run {
            let faults = match request.what {
                What::Calendar => calendar::read(&name, &text).err(),
                What::Services => catalogue::check(&self.look()?, &name, &text).err(),
                What::Customers | What::Tariffs | What::Readings | What::Swaps => file::read(&name, &text).err(),
            };
            return match faults {
                None => Ok(false),
                Some(faults) => {
                    let faults = faults.iter().map(|fault| crate::desk::refusal::Fault {
                        rule: "R-036".into(),
                        field: None,
                        message: fault.to_string(),
                    });
                    Refusal::unless_empty(faults.collect()).map(|()| false)
                }
            };
        }
        let action = match request.what {
            What::Calendar => "calendar.put",
            What::Services => "catalogue.put",
            What::Customers | What::Tariffs | What::Readings | What::Swaps => "tariff.put",
        };
        let input = serde_json::json!({ "text": text, "file": name });
        let done = self.perform(action, &input.to_string(), Call::default())?;
        Ok(done.entry.is_none())
    }
}

fn refused(path: &Path, refusal: &Refusal) -> Vec<Defect> {
    let line = |message: &str| {
        let digits = message.split_once(':').map(|(_, rest)| rest).unwrap_or_default();
        digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(1)
    };
    let defect = |message: &String| Defect::new(line(message), &name_of(path), Kind::BadFile, message);
    refusal.faults.iter().map(|fault| defect(&fault.message)).collect()
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .map_err(|error| unreadable(path, &error))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(Refusal::data(format!("文件夹“{}”里没有 toml 文件，请核对", path.display())));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    plain_file::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Refusal::data(format!("“{}”超过 1MB，不像价目、日历或业务文件，请核对", name_of(path))));
    }
    String::from_utf8(bytes).map_err(|_| Refusal::data(format!("“{}”不是 UTF-8 文本，请另存为 UTF-8", name_of(path))))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::data(format!("读不了“{}”：{error}，请核对路径", path.display()))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
