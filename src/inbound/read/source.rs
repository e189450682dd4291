//! A file from outside, looked at once: how large, which hash, which form, which encoding.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::bad_file::{BadFile, Why, file_name};
use super::encoding::{Encoding, Survey};
use super::limits::Limits;
use super::row::Row;
use super::sheet_facts::SheetFacts;
use super::{csv, dbf, xlsx};

/// Form of a file, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text with cells between commas, tabs, semicolons or bars.
    Text(Encoding),
    /// Excel workbook (xlsx).
    Xlsx,
    /// dBase III table, with the encoding of its texts.
    Dbf(Encoding),
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its name; empty for other forms.
    pub name: String,
    /// Nobody sees it.
    pub hidden: bool,
}

/// What a reader of rows does with each: go on or stop.
pub(crate) type OnRow<'a> = &'a mut dyn FnMut(&Row) -> ControlFlow<()>;

/// A file that passed the first look.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its form.
    pub form: Form,
    /// Bytes.
    pub size: u64,
    /// Bytes of it that are text: an end mark of DOS and what stands behind it are none.
    pub text_bytes: u64,
    /// blake3 of all bytes: the same file again is known by it.
    pub hash: [u8; 32],
    /// The caps it is read within.
    pub limits: Limits,
}

/// Bytes looked at to tell the form.
const HEAD: usize = 512;
const BLOCK: usize = 256 << 10;

impl Source {
    /// Looks at the whole file: size, hash, form, encoding. Refuses what is too large or not what its name says.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, BadFile> {
        let io = |error: std::io::Error| BadFile::io(path, &error);
        // Asked before it is opened: opening a pipe waits for whoever writes into it.
        let meta = std::fs::metadata(path).map_err(io)?;
        if meta.is_dir() {
            return Err(BadFile::new(path, Why::Io, "是文件夹，请选里面的文件"));
        }
        if !meta.is_file() {
            return Err(BadFile::new(path, Why::Io, "不是普通文件（是管道或设备），请先存成文件再导入"));
        }
        let mut file = File::open(path).map_err(io)?;
        if meta.len() > limits.file_bytes {
            return Err(too_large(path, &limits));
        }
        let mut survey = Survey::new();
        let mut hasher = blake3::Hasher::new();
        let mut head = Vec::with_capacity(HEAD);
        let size = each_block(&mut file, limits.file_bytes, |block, scratch| {
            hasher.update(block);
            head.extend_from_slice(&block[..block.len().min(HEAD - head.len())]);
            survey.feed(block, scratch);
        })
        .map_err(io)?;
        if size > limits.file_bytes {
            return Err(too_large(path, &limits));
        }
        if size == 0 {
            return Err(BadFile::new(path, Why::Empty, "是空的，请重新导出"));
        }
        let tail = survey.tail();
        let form = match guess(&head) {
            Guess::Xlsx => Form::Xlsx,
            Guess::Dbf => Form::Dbf(dbf::encoding_of(&head, &survey)),
            Guess::Other(what) => return Err(BadFile::new(path, Why::Form, what)),
            Guess::Text => Form::Text(text_encoding(path, &mut file, limits.file_bytes, survey)?),
        };
        name_fits(path, form)?;
        let wide = matches!(form, Form::Text(Encoding::Utf16 { .. }));
        if matches!(form, Form::Text(_)) && tail.is_cut(wide) {
            return Err(BadFile::new(path, Why::Truncated, "尾部是空的，像是没有拷完，请重新拷贝或重新导出"));
        }
        let text_bytes = tail.text_bytes(wide);
        Ok(Self { path: path.to_owned(), form, size, text_bytes, hash: *hasher.finalize().as_bytes(), limits })
    }

    /// Name of the file without its folder.
    pub fn name(&self) -> String {
        file_name(&self.path)
    }

    /// The hash in hexadecimal digits.
    pub fn hash_text(&self) -> String {
        blake3::Hash::from_bytes(self.hash).to_hex().to_string()
    }

    /// The encoding of its texts as a person knows it.
    pub fn encoding_name(&self) -> &'static str {
        match self.form {
            Form::Text(encoding) | Form::Dbf(encoding) => encoding.name(),
            Form::Xlsx => "Excel",
        }
    }

    /// The sheets of a workbook; one nameless sheet for other forms.
    pub fn sheets(&self) -> Result<Vec<Sheet>, BadFile> {
        match self.form {
            Form::Xlsx => xlsx::sheets(self),
            Form::Text(_) | Form::Dbf(_) => Ok(vec![Sheet { name: String::new(), hidden: false }]),
        }
    }

    /// What a sheet says beside its cells.
    pub fn facts(&self, sheet: &str) -> Result<SheetFacts, BadFile> {
        match self.form {
            Form::Xlsx => xlsx::facts(self, sheet),
            Form::Text(_) | Form::Dbf(_) => Ok(SheetFacts::default()),
        }
    }

    /// What of the file is no row and is not read, in words.
    pub fn left_out(&self) -> Result<Vec<String>, BadFile> {
        match self.form {
            Form::Dbf(_) => dbf::left_out(self),
            Form::Text(_) | Form::Xlsx => Ok(Vec::new()),
        }
    }

    /// Gives every row of a sheet to `on_row`, headings too, until that says stop. The field names of a dbf come first, as line 0.
    pub fn each_row(&self, sheet: &str, on_row: OnRow<'_>) -> Result<(), BadFile> {
        self.each_row_with(sheet, &SheetFacts::default(), on_row)
    }

    /// The same, with what the sheet says beside its cells.
    pub fn each_row_with(&self, sheet: &str, facts: &SheetFacts, on_row: OnRow<'_>) -> Result<(), BadFile> {
        match self.form {
            Form::Text(encoding) => csv::each_row(self, encoding, on_row),
            Form::Dbf(encoding) => dbf::each_row(self, encoding, on_row),
            Form::Xlsx => xlsx::each_row(self, sheet, facts, on_row),
        }
    }

    pub(super) fn bad(&self, why: Why, what: impl Into<String>) -> BadFile {
        BadFile::new(&self.path, why, what)
    }

    pub(super) fn file(&self) -> Result<File, BadFile> {
        File::open(&self.path).map_err(|error| BadFile::io(&self.path, &error))
    }

    /// Refuses a row that breaks a limit.
    pub(super) fn within(&self, row: &Row, count: u32) -> Result<(), BadFile> {
        if count > self.limits.rows {
            let what = format!("超过{}行，请分成几个文件导入", self.limits.rows);
            return Err(self.bad(Why::TooLarge, what));
        }
        if row.len() > self.limits.columns {
            let what = format!("第{}行有{}列，超过{}列，请核对分隔符", row.line, row.len(), self.limits.columns);
            return Err(self.bad(Why::Limit, what));
        }
        Ok(())
    }

    /// The refusal of a cell that is too long.
    pub(super) fn long_cell(&self, line: u32, column: usize) -> BadFile {
        let kib = self.limits.cell_bytes >> 10;
        self.bad(Why::Limit, format!("第{line}行第{}列的内容超过{kib}KB，请核对引号或删去多余内容", column + 1))
    }
}

fn too_large(path: &Path, limits: &Limits) -> BadFile {
    BadFile::new(path, Why::TooLarge, format!("超过{}MB，请分成几个文件导入", limits.file_bytes >> 20))
}

/// Reads a file from its start in blocks, not much further than `most` bytes; says how many it had.
fn each_block(file: &mut File, most: u64, mut look: impl FnMut(&[u8], &mut [u8])) -> std::io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let (mut block, mut scratch) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut size = 0;
    loop {
        let count = file.read(&mut block)?;
        if count == 0 || size > most {
            return Ok(size);
        }
        size += count as u64;
        look(&block[..count], &mut scratch);
    }
}

fn text_encoding(path: &Path, file: &mut File, most: u64, mut survey: Survey) -> Result<Encoding, BadFile> {
    if survey.needs_gb() {
        each_block(file, most, |block, scratch| survey.feed_gb(block, scratch))
            .map_err(|error| BadFile::io(path, &error))?;
    }
    survey.verdict(&mut [0; 4096]).ok_or_else(|| {
        let what = "既不是UTF-8也不是GBK文本，请在原系统重新导出，或用Excel另存为xlsx";
        BadFile::new(path, Why::Encoding, what)
    })
}

enum Guess {
    Text,
    Xlsx,
    Dbf,
    Other(&'static str),
}

/// Tells the form by the first bytes.
fn guess(head: &[u8]) -> Guess {
    let page = head.trim_ascii_start();
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Guess::Xlsx
    } else if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        Guess::Other("是旧版Excel（xls）或加了密码的工作簿，请用Excel打开后另存为xlsx")
    } else if head.starts_with(b"%PDF") {
        Guess::Other("是PDF，不是数据文件，请导出csv、xlsx或dbf")
    } else if [&b"<html"[..], b"<!doc", b"<table", b"<?xml"]
        .iter()
        .any(|tag| page.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
    {
        Guess::Other("其实是网页或XML，请用Excel打开后另存为xlsx")
    } else if matches!(head, [0x04 | 0x8C, _, 1..=12, 1..=31, ..]) && head.len() > 68 && head.contains(&0) {
        Guess::Other("是dBase 7的表，请在原系统另存为dBase III或FoxPro格式")
    } else if dbf::looks_like(head) {
        Guess::Dbf
    } else {
        Guess::Text
    }
}

/// Refuses a file whose name promises another form than it has.
fn name_fits(path: &Path, form: Form) -> Result<(), BadFile> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let (fits, real) = match form {
        Form::Xlsx => (!matches!(ending.as_str(), "csv" | "txt" | "dbf" | "xls"), "Excel工作簿，请把扩展名改为xlsx"),
        Form::Dbf(_) => (!matches!(ending.as_str(), "csv" | "txt" | "xlsx" | "xls"), "dBase表，请把扩展名改为dbf"),
        Form::Text(_) => (!matches!(ending.as_str(), "xlsx" | "xls" | "dbf"), "文本或已损坏，请在原系统重新导出"),
    };
    if fits {
        return Ok(());
    }
    Err(BadFile::new(path, Why::Form, format!("名为{ending}，内容却是{real}")))
}
