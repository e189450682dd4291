//! Text with delimiters, read in blocks: memory does not grow with the file.
//!
//! A reader of our own and not the `csv` crate, for its limits: that crate lets a cell grow without end (one unpaired
//! quote swallows the file), and gives the line where it began to look for a record, which is a blank line before it.
//!
//! Text behind a closing quote is a broken quote, and nothing of the file is read. A quoted cell over a line end may be one too,
//! that swallowed rows: such a row is marked, and whoever knows what the file holds decides.

use std::io::Read;
use std::ops::ControlFlow;

use encoding_rs::CoderResult;

use super::bad_file::{BadFile, Why};
use super::encoding::Encoding;
use super::row::{Row, Standing};
use super::source::{OnRow, Source};

const BLOCK: usize = 64 << 10;
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

pub(super) fn each_row(source: &Source, encoding: Encoding, on_row: OnRow<'_>) -> Result<(), BadFile> {
    let mut file = source.file()?.take(source.text_bytes);
    let mut decoder = encoding.decoder();
    let mut bytes = vec![0; BLOCK];
    let mut text = vec![0; BLOCK * 3 + 16];
    let mut parser: Option<Parser> = None;
    let mut over = false;
    while !over {
        let count = file.read(&mut bytes).map_err(|error| BadFile::io(&source.path, &error))?;
        over = count == 0;
        let mut rest = &bytes[..count];
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut text, over);
            rest = &rest[read..];
            let parser = parser.get_or_insert_with(|| Parser::new(delimiter(&text[..written])));
            if parser.feed(source, &text[..written], on_row)?.is_break() {
                return Ok(());
            }
            if result == CoderResult::InputEmpty {
                break;
            }
        }
    }
    match parser {
        Some(mut parser) => parser.finish(source, on_row),
        None => Ok(()),
    }
}

/// Lines looked at to tell the delimiter: a title above the headings has none, or another.
const FIRST_LINES: usize = 20;

/// The delimiter of the first lines together: the one that stands equally often in most of them, outside quotes.
fn delimiter(text: &[u8]) -> u8 {
    let lines = text.split(|b| matches!(*b, b'\n' | b'\r')).filter(|line| !line.trim_ascii().is_empty());
    let counts: Vec<[usize; DELIMITERS.len()]> = lines.take(FIRST_LINES).map(counts_of).collect();
    let score = |at: usize| {
        let weight = |own: usize| own * counts.iter().filter(|other| other[at] == own).count();
        counts.iter().map(|line| weight(line[at])).max().unwrap_or(0)
    };
    let best = (0..DELIMITERS.len()).rev().max_by_key(|at| score(*at)).unwrap_or(0);
    DELIMITERS[best]
}

fn counts_of(line: &[u8]) -> [usize; DELIMITERS.len()] {
    let mut counts = [0; DELIMITERS.len()];
    let mut quoted = false;
    for byte in line {
        quoted ^= *byte == b'"';
        if let Some(at) = DELIMITERS.iter().position(|d| d == byte).filter(|_| !quoted) {
            counts[at] += 1;
        }
    }
    counts
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At the first byte of a cell.
    Start,
    Plain,
    Quoted,
    /// After a quote inside a quoted cell.
    QuoteSeen,
}

struct Parser {
    delimiter: u8,
    state: State,
    /// Line of the byte that comes next, from 1.
    line: u32,
    /// Line in which the row began.
    began: u32,
    rows: u32,
    after_return: bool,
    cell: Vec<u8>,
    row: Row,
    /// Delimiters in quoted cells of this row, and whether one ran over a line end.
    inside: u32,
    over_lines: bool,
    /// The line of a closing quote with text behind it.
    broken: Option<u32>,
}

impl Parser {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::Start,
            line: 1,
            began: 1,
            rows: 0,
            after_return: false,
            cell: Vec::new(),
            row: Row::default(),
            inside: 0,
            over_lines: false,
            broken: None,
        }
    }

    fn feed(&mut self, source: &Source, text: &[u8], on_row: OnRow<'_>) -> Result<ControlFlow<()>, BadFile> {
        let mut at = 0;
        while at < text.len() {
            if self.state == State::Plain || self.state == State::Quoted {
                at += self.take_run(&text[at..]);
                self.check_cell(source)?;
                if at == text.len() {
                    break;
                }
            }
            let byte = text[at];
            at += 1;
            let ended = self.step(byte);
            if let Some(line) = self.broken {
                return Err(self.broken_quote(source, line));
            }
            if ended && self.end_row(source, on_row)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Copies bytes that mean nothing special; says how many.
    fn take_run(&mut self, text: &[u8]) -> usize {
        let special = |byte: &u8| match self.state {
            State::Quoted => *byte == b'"' || *byte == b'\n',
            State::Start | State::Plain | State::QuoteSeen => {
                *byte == self.delimiter || *byte == b'\n' || *byte == b'\r'
            }
        };
        let run = text.iter().position(special).unwrap_or(text.len());
        self.cell.extend_from_slice(&text[..run]);
        if self.state == State::Quoted {
            self.inside += text[..run].iter().filter(|byte| **byte == self.delimiter).count() as u32;
            self.over_lines |= text[..run].contains(&b'\r');
        }
        if run > 0 {
            self.after_return = false;
        }
        run
    }

    /// Takes one byte; true when it ends a row.
    fn step(&mut self, byte: u8) -> bool {
        let after_return = std::mem::take(&mut self.after_return);
        if byte == b'\n' && !after_return || byte == b'\r' && self.state != State::Quoted {
            self.line += 1;
        }
        match (self.state, byte) {
            (State::Quoted, b'"') => self.state = State::QuoteSeen,
            (State::Quoted, _) => {
                self.over_lines |= byte == b'\n';
                self.cell.push(byte);
            }
            (State::QuoteSeen, b'"') => {
                self.cell.push(b'"');
                self.state = State::Quoted;
            }
            (_, b'\n') if after_return => self.began = self.line,
            (_, b'\n' | b'\r') => {
                self.after_return = byte == b'\r';
                return true;
            }
            (State::Start, b'"') => self.state = State::Quoted,
            (_, byte) if byte == self.delimiter => self.end_cell(),
            (State::QuoteSeen, b' ') => {}
            (State::QuoteSeen, _) => self.broken = Some(self.line),
            (_, _) => {
                self.cell.push(byte);
                self.state = State::Plain;
            }
        }
        false
    }

    fn check_cell(&self, source: &Source) -> Result<(), BadFile> {
        if self.cell.len() > source.limits.cell_bytes {
            return Err(source.long_cell(self.began, self.row.len()));
        }
        Ok(())
    }

    fn end_cell(&mut self) {
        // The decoder writes nothing but UTF-8, so this never replaces.
        self.row.push(&String::from_utf8_lossy(&self.cell));
        self.cell.clear();
        self.state = State::Start;
    }

    /// Ends a row; a line without any content is no row.
    fn end_row(&mut self, source: &Source, on_row: OnRow<'_>) -> Result<ControlFlow<()>, BadFile> {
        self.end_cell();
        self.row.line = self.began;
        self.began = self.line;
        if std::mem::take(&mut self.over_lines) {
            self.row.standing = Some(Standing::OverLines(self.inside));
        }
        self.inside = 0;
        let mut flow = ControlFlow::Continue(());
        if !self.row.is_blank() {
            self.rows += 1;
            source.within(&self.row, self.rows)?;
            flow = on_row(&self.row);
        }
        self.row.restart(self.line);
        Ok(flow)
    }

    /// Nothing of such a file is read: which rows a broken quote swallowed nobody knows.
    fn broken_quote(&self, source: &Source, line: u32) -> BadFile {
        let place = if line == self.began { format!("第{line}行") } else { format!("第{}至{line}行", self.began) };
        source.bad(Why::Damaged, format!("{place}的引号没有成对或后面还有文字，整个文件没有读，请核对该行或重新导出"))
    }

    fn finish(&mut self, source: &Source, on_row: OnRow<'_>) -> Result<(), BadFile> {
        if self.state == State::Quoted {
            return Err(self.broken_quote(source, self.began));
        }
        if !self.row.is_empty() || !self.cell.is_empty() || self.state != State::Start {
            // The last row: whether the reader wants more no longer matters.
            let _ = self.end_row(source, on_row)?;
        }
        Ok(())
    }
}
