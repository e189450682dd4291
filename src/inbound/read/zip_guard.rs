//! Looks into a packed file before it is trusted: real unpacked sizes within the caps, no text without end.
//!
//! The sizes a zip states about itself may lie, so every part is unpacked once into nothing. That costs one more
//! inflate; the reader behind it keeps whole texts in memory and must not meet a bomb.

use std::io::{BufReader, Read};

use zip::ZipArchive;

use super::bad_file::{BadFile, Why};
use super::source::Source;

/// Parts of a workbook; more is no workbook.
const PARTS: usize = 10_000;
/// Below this size the ratio does not matter.
const RATIO_FROM: u64 = 64 << 20;
const BLOCK: usize = 64 << 10;

/// Unpacks everything into nothing; refuses bombs, broken parts and files cut short.
pub(super) fn check(source: &Source) -> Result<(), BadFile> {
    let damaged = || source.bad(Why::Truncated, "不完整或已损坏，打不开，请重新导出或重新拷贝");
    let mut archive = ZipArchive::new(BufReader::new(source.file()?)).map_err(|_| damaged())?;
    if archive.len() > PARTS {
        return Err(bomb(source));
    }
    let mut total = 0;
    let mut block = vec![0; BLOCK];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| damaged())?;
        let name = part.name().map_err(|_| damaged())?.into_owned();
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let shared = name.ends_with("sharedStrings.xml");
        let mut size = 0u64;
        let mut run = 0usize;
        loop {
            let count = part.read(&mut block).map_err(|_| damaged())?;
            if count == 0 {
                break;
            }
            size += count as u64;
            total += count as u64;
            run = longest_open_run(&block[..count], run).ok_or_else(|| long_text(source))?;
            let limits = &source.limits;
            let inflated = total > RATIO_FROM && total > limits.unpacked_ratio.saturating_mul(source.size);
            if inflated || total > limits.unpacked_bytes || shared && size > limits.shared_bytes {
                return Err(bomb(source));
            }
        }
    }
    Ok(())
}

/// Longest stretch of XML without a tag. Cells are capped again when they are read.
const LONGEST_RUN: usize = 512 << 10;

/// Counts on the bytes since the last `<`; `None` when they are too many.
fn longest_open_run(block: &[u8], mut run: usize) -> Option<usize> {
    for piece in block.split_inclusive(|b| *b == b'<') {
        run += piece.len();
        if run > LONGEST_RUN {
            return None;
        }
        if piece.last() == Some(&b'<') {
            run = 0;
        }
    }
    Some(run)
}

fn bomb(source: &Source) -> BadFile {
    source.bad(Why::Limit, "解压后过大，不像正常的工作簿，请核对来源或分成几个文件")
}

fn long_text(source: &Source) -> BadFile {
    source.bad(Why::Limit, "有单元格内容过长，请删去多余内容后再导入")
}
