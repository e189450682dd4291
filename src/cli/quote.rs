//! `quote bill|late-fee|promise|number`: what-if answers, one JSON case a line in and out. Needs no database.
//!
//! A case that cannot be answered gives `{"id","error":{"rule","message"}}` and the run goes on; the exit code is then 1.
//! A line that is no JSON object gives `{"id":null,"line":7,"error":…}`.

mod bill;
mod case;
mod promise;
mod sources;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::value::RawValue;

use super::common::{CliError, Context, MOST_SKIPPED, io, skip_line};
use crate::rules::calendar::{BRANCH_OFFSET, Calendar};
use crate::rules::fault::Fault;
use crate::rules::tariff::PriceBook;
use case::CaseFields;

/// Arguments of `quote`.
#[derive(Args)]
pub struct QuoteArgs {
    /// 算什么：bill 水气电费，late-fee 滞纳金，promise 承诺日期，number 证件号与序号
    kind: QuoteKind,
    /// 案例文件，每行一个 JSON；不写或写 - 则读标准输入
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// 同 FILE
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    input: Option<PathBuf>,
    /// 价目文件夹；不写则用自带价目
    #[arg(long, value_name = "DIR")]
    tariffs: Option<PathBuf>,
    /// 另加一年的工作日历；自带 2004 至 2026 年
    #[arg(long, value_name = "FILE")]
    calendar: Vec<PathBuf>,
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum QuoteKind {
    /// 水气电费
    Bill,
    /// 滞纳金
    LateFee,
    /// 承诺日期
    Promise,
    /// 证件号与序号
    Number,
}

/// What answers rest on; only what the kind needs is read.
struct Sources {
    book: PriceBook,
    calendar: Calendar,
    today: chrono::NaiveDate,
}

/// Longest line of a case, in bytes.
const MAX_LINE: usize = 64 << 10;

/// The answer to one line, or why there is none.
#[derive(Serialize)]
struct Failed<'c> {
    id: Option<&'c RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    error: Error<'c>,
}

#[derive(Serialize)]
struct Error<'c> {
    rule: &'c str,
    message: &'c str,
}

/// An answer with the case's id in front and, behind, the names of fields nobody knows.
#[derive(Serialize)]
struct Answered<'c, T: Serialize> {
    id: Option<&'c RawValue>,
    #[serde(flatten)]
    answer: T,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignored: Vec<String>,
}

/// Answers every line; 1 when some case could not be answered or some tariff file not be read.
pub fn run(_: &Context, args: &QuoteArgs) -> Result<u8, CliError> {
    let sources = Sources::load(args)?;
    for fault in sources.book.faults() {
        eprintln!("价目文件 {fault}");
    }
    let input: Box<dyn Read> = match args.file.as_ref().or(args.input.as_ref()) {
        Some(path) if path.as_os_str() != "-" => {
            Box::new(crate::text::plain_file::open(path).map_err(|error| sources::unreadable(path, &error))?)
        }
        _ => Box::new(std::io::stdin().lock()),
    };
    let failed = answer_all(args.kind, &sources, BufReader::new(input), std::io::stdout().lock())?;
    Ok(u8::from(failed > 0 || !sources.book.faults().is_empty()))
}

impl Sources {
    fn load(args: &QuoteArgs) -> Result<Self, CliError> {
        let book = match (args.kind, &args.tariffs) {
            (QuoteKind::Bill | QuoteKind::LateFee, Some(folder)) => sources::price_book(folder)?,
            (QuoteKind::Bill | QuoteKind::LateFee, None) => crate::rules::tariff::builtin::price_book(),
            (QuoteKind::Promise | QuoteKind::Number, _) => PriceBook::default(),
        };
        let calendar = match args.kind {
            QuoteKind::Promise => sources::calendar(&args.calendar)?,
            QuoteKind::Bill | QuoteKind::LateFee | QuoteKind::Number => Calendar::default(),
        };
        let today = chrono::Utc::now().with_timezone(&BRANCH_OFFSET).date_naive();
        Ok(Self { book, calendar, today })
    }
}

/// Reads lines to the end; returns how many were not answered. Blank lines are passed over.
fn answer_all(
    kind: QuoteKind,
    sources: &Sources,
    mut input: BufReader<impl Read>,
    output: impl Write,
) -> Result<u64, CliError> {
    let mut output = std::io::BufWriter::new(output);
    let (mut number, mut failed, mut bytes) = (0, 0, Vec::new());
    loop {
        let read = read_line(&mut input, &mut bytes).map_err(|error| io(&error))?;
        if read == Got::End {
            break;
        }
        number += 1;
        if number == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let (text, good) = answer(kind, sources, &bytes, number);
        failed += u64::from(!good);
        writeln!(output, "{text}").map_err(|error| io(&error))?;
        if read == Got::Endless {
            break;
        }
        if input.buffer().is_empty() {
            output.flush().map_err(|error| io(&error))?;
        }
    }
    output.flush().map_err(|error| io(&error))?;
    Ok(failed)
}

/// Reads one line; of one that is too long only a little more than the limit is kept.
fn read_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> std::io::Result<Got> {
    bytes.clear();
    if input.take(MAX_LINE as u64 + 2).read_until(b'\n', bytes)? == 0 {
        return Ok(Got::End);
    }
    if bytes.ends_with(b"\n") {
        bytes.pop();
        return Ok(Got::Line);
    }
    if bytes.len() > MAX_LINE {
        return Ok(if skip_line(input)? > MOST_SKIPPED { Got::Endless } else { Got::Line });
    }
    Ok(Got::Line)
}

/// What came of reading a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Got {
    /// There is none any more.
    End,
    /// A line; of one that is too long the beginning.
    Line,
    /// The beginning of one that does not end: nothing is read after it.
    Endless,
}

/// The answer to one line as JSON text, and whether it is one.
fn answer(kind: QuoteKind, sources: &Sources, bytes: &[u8], number: u64) -> (String, bool) {
    let no_case = |message: &str| {
        let error = Error { rule: "json", message };
        (print(&Failed { id: None, line: Some(number), error }), false)
    };
    if bytes.len() > MAX_LINE {
        return no_case("这一行太长，一个案例不能超过64KB");
    }
    let Some(text) = std::str::from_utf8(bytes).ok() else {
        return no_case("这一行不是UTF-8文字，请检查文件编码");
    };
    let pairs = match case::pairs(text) {
        Ok(pairs) => pairs,
        Err(message) => return no_case(message),
    };
    let id = case::id_of(&pairs);
    let answered = CaseFields::new(&pairs).and_then(|mut fields| match kind {
        QuoteKind::Bill => finish(id, bill::bill(&sources.book, &mut fields)?, &fields),
        QuoteKind::LateFee => finish(id, bill::late_fee(&sources.book, &mut fields)?, &fields),
        QuoteKind::Promise => finish(id, promise::promise(&sources.calendar, &mut fields)?, &fields),
        QuoteKind::Number => finish(id, promise::number(sources.today, &mut fields)?, &fields),
    });
    match answered {
        Ok(text) => (text, true),
        Err(fault) => {
            let error = Error { rule: fault.rule, message: &fault.message };
            (print(&Failed { id, line: None, error }), false)
        }
    }
}

fn finish<T: Serialize>(id: Option<&RawValue>, answer: T, fields: &CaseFields<'_>) -> Result<String, Fault> {
    Ok(print(&Answered { id, answer, ignored: fields.unknown() }))
}

/// JSON text of an answer. Answers hold only texts, numbers and lists, which always have one.
fn print<T: Serialize>(answer: &T) -> String {
    serde_json::to_string(answer).unwrap_or_else(|error| format!("{{\"id\":null,\"error\":{:?}}}", error.to_string()))
}

#[cfg(test)]
#[path = "quote/tests.rs"]
mod tests;
