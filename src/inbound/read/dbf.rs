//! dBase III and Visual FoxPro tables, record by record.
//!
//! A reader of our own and not the `dbase` crate: handhelds write every field as text in GBK, and what counts here is
//! the record number (deleted records keep theirs), what the head promises against what the file holds, and a clear word when it is
//! cut short; that crate hides deleted records from its numbers and converts texts by a code page it does not always know.

use std::io::{BufReader, Read};

use super::bad_file::{BadFile, Why};
use super::dbf_field::{Field, Kind, fields_of};
use super::encoding::{Encoding, Survey};
use super::row::{Row, Standing};
use super::source::{OnRow, Source};

const HEADER: usize = 32;
const LIVE: u8 = b' ';
const DELETED: u8 = b'*';
/// Largest record dBase III knows is 4000 bytes; later ones go to 64 KiB.
const LONGEST_RECORD: usize = 64 << 10;

/// Do these first bytes look like the head of a dbf? Version, a possible date, sizes that fit together.
pub(super) fn looks_like(head: &[u8]) -> bool {
    let Some(start) = head.get(..HEADER) else { return false };
    let version = matches!(start[0], 0x02 | 0x03 | 0x30 | 0x31 | 0x32 | 0x43 | 0x63 | 0x83 | 0x8B | 0xCB | 0xF5 | 0xFB);
    let date = (1..=12).contains(&start[2]) && (1..=31).contains(&start[3]) || start[1..4] == [0; 3];
    let header = usize::from(u16::from_le_bytes([start[8], start[9]]));
    let record = usize::from(u16::from_le_bytes([start[10], start[11]]));
    version && date && header > HEADER && record > 1
}

/// The encoding of its texts. The head's code page counts where it says Big5; whatever else stands there Chinese systems write GBK,
/// some of late UTF-8, which no GBK text of any length is by chance.
pub(super) fn encoding_of(head: &[u8], survey: &Survey) -> Encoding {
    const BIG5: [u8; 2] = [0x4F, 0x78];
    match head.get(29) {
        Some(page) if BIG5.contains(page) => Encoding::Big5,
        _ if survey.is_plainly_utf8() => Encoding::Utf8,
        _ => Encoding::Gb18030,
    }
}

struct Head {
    records: u32,
    record_len: usize,
    fields: Vec<Field>,
}

pub(super) fn each_row(source: &Source, encoding: Encoding, on_row: OnRow<'_>) -> Result<(), BadFile> {
    let mut file = BufReader::with_capacity(256 << 10, source.file()?);
    let head = read_head(source, &mut file)?;
    let shown: Vec<&Field> = head.fields.iter().filter(|field| field.kind != Kind::System).collect();
    let mut row = Row::default();
    row.restart(0);
    shown.iter().for_each(|field| row.push(&field.name));
    source.within(&row, 0)?;
    if on_row(&row).is_break() {
        return Ok(());
    }
    let nulls = head.fields.iter().find(|field| field.is_null_flags());
    let mut record = vec![0; head.record_len];
    for number in 1.. {
        let uncounted = number > head.records;
        if let Err(error) = file.read_exact(&mut record) {
            return match error.kind() {
                _ if uncounted => Ok(()),
                std::io::ErrorKind::UnexpectedEof => Err(cut_short(source, head.records, number - 1)),
                _ => Err(BadFile::io(&source.path, &error)),
            };
        }
        match record[0] {
            DELETED => continue,
            LIVE => {}
            _ if uncounted => return Ok(()), // the end mark, or what no record is
            other => {
                let what = format!("第{number}条记录的标志不对（{other:02X}），表可能错位或损坏，请重新从抄表机导出");
                return Err(source.bad(Why::Damaged, what));
            }
        }
        row.restart(number);
        row.standing = uncounted.then_some(Standing::Uncounted);
        let flags = nulls.map_or(&[][..], |field| &record[field.start..field.start + field.len]);
        for field in &shown {
            field.push(&mut row, &record[field.start..field.start + field.len], flags, encoding);
        }
        source.within(&row, number)?;
        if on_row(&row).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// What of a table is not read as rows: deleted records, and fields that only point into a file of memos.
pub(super) fn left_out(source: &Source) -> Result<Vec<String>, BadFile> {
    let mut file = BufReader::with_capacity(256 << 10, source.file()?);
    let head = read_head(source, &mut file)?;
    let mut notes = Vec::new();
    for field in head.fields.iter().filter(|field| field.kind == Kind::Memo) {
        notes.push(format!("字段{}的内容在另一个备注文件（dbt、fpt）里，没有读", field.name));
    }
    let mut record = vec![0; head.record_len];
    let (mut deleted, mut uncounted) = (0u32, 0u32);
    for number in 1u32.. {
        if file.read_exact(&mut record).is_err() {
            break;
        }
        match record[0] {
            DELETED if number <= head.records => deleted += 1,
            LIVE if number > head.records => uncounted += 1,
            LIVE | DELETED => {}
            _ => break,
        }
    }
    if deleted > 0 {
        notes.push(format!("有{deleted}条记录已在原系统打上删除标志，没有读"));
    }
    if uncounted > 0 {
        notes.push(format!("文件里还有{uncounted}条记录没有计入表头，抄表机可能中途断电，请逐条核对"));
    }
    Ok(notes)
}

fn cut_short(source: &Source, records: u32, found: u32) -> BadFile {
    source.bad(Why::Truncated, format!("不完整：应有{records}条记录，只读到{found}条，请重新从抄表机导出"))
}

fn read_head(source: &Source, file: &mut impl Read) -> Result<Head, BadFile> {
    let damaged = || source.bad(Why::Damaged, "的表头已损坏，请重新从抄表机导出");
    let mut start = [0; HEADER];
    file.read_exact(&mut start).map_err(|_| damaged())?;
    let records = u32::from_le_bytes([start[4], start[5], start[6], start[7]]);
    let head_len = usize::from(u16::from_le_bytes([start[8], start[9]]));
    let record_len = usize::from(u16::from_le_bytes([start[10], start[11]]));
    if head_len <= HEADER || !(2..=LONGEST_RECORD).contains(&record_len) {
        return Err(damaged());
    }
    let mut rest = vec![0; head_len - HEADER];
    file.read_exact(&mut rest).map_err(|_| cut_short(source, records, 0))?;
    let fields = fields_of(&rest, record_len).map_err(|what| match what {
        Some(what) => source.bad(Why::Damaged, what),
        None => damaged(),
    })?;
    let present = source.size.saturating_sub(head_len as u64) / record_len as u64;
    if present < u64::from(records) {
        return Err(cut_short(source, records, u32::try_from(present).unwrap_or(u32::MAX)));
    }
    Ok(Head { records, record_len, fields })
}
