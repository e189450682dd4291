//! dBase III tables, record by record.
//!
//! A reader of our own and not the `dbase` crate: handhelds write every field as text in GBK, and what counts here is
//! the record number (deleted records keep theirs) and a clear word when the file is cut short; that crate hides
//! deleted records from its numbers and converts texts by a code page it does not always know.

use std::io::{BufReader, Read};

use super::bad_file::{BadFile, Why};
use super::encoding::Encoding;
use super::row::Row;
use super::source::{OnRow, Source};

const HEADER: usize = 32;
const FIELD: usize = 32;
const FIELDS_END: u8 = 0x0D;
const DELETED: u8 = b'*';
/// Largest record dBase III knows is 4000 bytes; later ones go to 64 KiB.
const LONGEST_RECORD: usize = 64 << 10;

/// Do these first bytes look like the head of a dbf? Version, a possible date, sizes that fit together.
pub(super) fn looks_like(head: &[u8]) -> bool {
    let Some(start) = head.get(..HEADER) else { return false };
    let version = matches!(start[0], 0x02 | 0x03 | 0x30 | 0x31 | 0x43 | 0x83 | 0x8B | 0xF5);
    let date = (1..=12).contains(&start[2]) && (1..=31).contains(&start[3]) || start[1..4] == [0; 3];
    let header = usize::from(u16::from_le_bytes([start[8], start[9]]));
    let record = usize::from(u16::from_le_bytes([start[10], start[11]]));
    version && date && header > HEADER && record > 1
}

/// The encoding the head names: 0x4D and 0x7A are GBK; other drivers and none are read as GBK too, which plain text also is.
pub(super) fn encoding_of(_head: &[u8]) -> Encoding {
    Encoding::Gb18030
}

struct Field {
    name: String,
    start: usize,
    len: usize,
}

struct Head {
    records: u32,
    record_len: usize,
    fields: Vec<Field>,
}

pub(super) fn each_row(source: &Source, encoding: Encoding, on_row: OnRow<'_>) -> Result<(), BadFile> {
    let mut file = BufReader::with_capacity(256 << 10, source.file()?);
    let head = read_head(source, &mut file)?;
    let mut row = Row::default();
    row.restart(0);
    head.fields.iter().for_each(|field| row.push(&field.name));
    source.within(&row, 0)?;
    if on_row(&row).is_break() {
        return Ok(());
    }
    let mut record = vec![0; head.record_len];
    for number in 1..=head.records {
        if let Err(error) = file.read_exact(&mut record) {
            return Err(match error.kind() {
                std::io::ErrorKind::UnexpectedEof => cut_short(source, head.records, number - 1),
                _ => BadFile::io(&source.path, &error),
            });
        }
        if record[0] == DELETED {
            continue;
        }
        row.restart(number);
        for field in &head.fields {
            push_field(&mut row, &record[field.start..field.start + field.len], encoding);
        }
        source.within(&row, number)?;
        if on_row(&row).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

fn cut_short(source: &Source, records: u32, found: u32) -> BadFile {
    source.bad(Why::Truncated, format!("不完整：应有{records}条记录，只读到{found}条，请重新从抄表机导出"))
}

/// Adds a field without the blanks and zero bytes it is filled up with. A character cut in two by the field's end is dropped.
fn push_field(row: &mut Row, bytes: &[u8], encoding: Encoding) {
    let used = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let trimmed = bytes[..used].trim_ascii();
    if trimmed.is_ascii() {
        row.push(std::str::from_utf8(trimmed).unwrap_or_default());
        return;
    }
    let text = encoding.decode(trimmed);
    let full = used == bytes.len() && trimmed.last() == bytes.last();
    row.push(text.strip_suffix('\u{FFFD}').filter(|_| full).unwrap_or(&text));
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
    let mut fields = Vec::new();
    let mut at = 1;
    for raw in rest.chunks(FIELD).take_while(|raw| raw[0] != FIELDS_END) {
        let [name @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = raw else { return Err(damaged()) };
        let len = usize::from(raw[16]);
        let name: Vec<u8> = name.iter().copied().take(11).take_while(|b| *b != 0).collect();
        fields.push(Field { name: Encoding::Gb18030.decode(&name).trim().to_owned(), start: at, len });
        at += len;
    }
    if fields.is_empty() || at > record_len {
        return Err(damaged());
    }
    let present = source.size.saturating_sub(head_len as u64) / record_len as u64;
    if present < u64::from(records) {
        return Err(cut_short(source, records, u32::try_from(present).unwrap_or(u32::MAX)));
    }
    Ok(Head { records, record_len, fields })
}
