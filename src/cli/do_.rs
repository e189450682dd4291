//! `do`: one action from JSON, a batch of them, the list, a schema.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};

use chrono::{DateTime, FixedOffset};
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::common::{CliError, Context, MAX_INPUT, MOST_SKIPPED, io, skip_line};
use crate::desk::refusal::Refusal;
use crate::desk::{ACTIONS, Call, Desk, Done};
use crate::text::plain_file;
use crate::text::safe_json;

/// Arguments of `do`.
#[derive(Args)]
pub struct DoArgs {
    /// 操作名，如 payment.take
    action: Option<String>,
    /// 输入的 JSON 文件，- 为标准输入
    #[arg(long)]
    input: Option<String>,
    /// 幂等键；成批时写在每一行里
    #[arg(long, conflicts_with_all = ["batch", "list", "schema"])]
    key: Option<String>,
    /// 成批：每行一个 JSON
    #[arg(long, value_name = "FILE|-")]
    batch: Option<String>,
    /// 列出全部操作
    #[arg(long)]
    list: bool,
    /// 一个操作的 JSON Schema：输入、结果，和它写进凭单的内容 (body，按版本)
    #[arg(long, value_name = "ACTION")]
    schema: Option<String>,
}

/// Runs `do`.
pub fn run(context: &Context, args: &DoArgs) -> Result<u8, CliError> {
    if args.list {
        return list(context);
    }
    if let Some(name) = &args.schema {
        let schema = crate::desk::bodies::of_action(name)
            .ok_or_else(|| CliError::usage(&format!("没有“{name}”这个操作，用 do --list 查看全部")))?;
        println!("{schema:#}");
        return Ok(0);
    }
    if let Some(from) = &args.batch {
        return batch(context, from);
    }
    let Some(name) = &args.action else {
        return Err(CliError::usage("请给出操作名，或 --batch、--list、--schema"));
    };
    let mut desk = context.open_as()?;
    let input = context.read_input(args.input.as_deref())?;
    let done = desk.perform(name, &input, Call { key: args.key.as_deref(), at: None })?;
    print_slip(&desk, &done);
    println!("{}", answer(&Ok(done)));
    Ok(0)
}

/// Prints the slip of what was just booked, where this machine's slips go.
fn print_slip(desk: &Desk, done: &Done) {
    let Some(entry) = done.entry.filter(|_| !done.repeated) else { return };
    let printed = desk.look().map(|tx| crate::outbound::printer::print(&tx, entry, false));
    if let Ok(Err(error)) = printed {
        eprintln!("注意：{error}");
    }
}

fn list(context: &Context) -> Result<u8, CliError> {
    for def in ACTIONS {
        if context.json {
            safe_json::print(&serde_json::json!({ "action": def.name, "summary": def.summary, "merge": def.merge }));
        } else {
            println!("{:<24} {}", def.name, def.summary);
        }
    }
    Ok(0)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    action: String,
    #[serde(rename = "as")]
    as_user: Option<String>,
    at: Option<String>,
    key: Option<String>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

fn batch(context: &Context, from: &str) -> Result<u8, CliError> {
    let mut desk = context.open()?;
    let reader: Box<dyn Read> = match from {
        "-" => Box::new(std::io::stdin()),
        path => Box::new(plain_file::open(std::path::Path::new(path)).map_err(|error| io(&error))?),
    };
    let mut reader = BufReader::with_capacity(1 << 16, reader);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut refused, mut begun, mut line) = (false, false, Vec::new());
    loop {
        line.clear();
        let read = (&mut reader).take(MAX_INPUT).read_until(b'\n', &mut line).map_err(|error| io(&error))?;
        if read == 0 {
            break;
        }
        let skipped = match line.last() != Some(&b'\n') && line.len() as u64 >= MAX_INPUT {
            true => skip_line(&mut reader).map_err(|error| io(&error))?,
            false => 0,
        };
        if skipped > 0 {
            refused = true;
            let said = Err(Refusal::usage(format!("这一行超过 {} MB，没有办理；请拆开", MAX_INPUT >> 20)));
            writeln!(out, "{}", answer(&said)).and_then(|()| out.flush()).map_err(|error| io(&error))?;
            if skipped > MOST_SKIPPED {
                break; // no line ends here: what follows is no batch
            }
            continue;
        }
        if !begun && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        begun = true;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let outcome = one_line(context, &mut desk, &line);
        refused |= outcome.is_err();
        if let Ok(done) = &outcome {
            print_slip(&desk, done);
        }
        // Answered only after it is durable, and flushed at once, so that a caller never loses an answer it was owed.
        writeln!(out, "{}", safe_json::line(&answer(&outcome)))
            .and_then(|()| out.flush())
            .map_err(|error| io(&error))?;
        // Nobody is idle in a long batch: the log is folded between two lines, when it has grown.
        desk.db().checkpoint_when_large()?;
    }
    desk.db().checkpoint_when_large()?;
    Ok(u8::from(refused))
}

fn one_line(context: &Context, desk: &mut Desk, line: &[u8]) -> Result<Done, Refusal> {
    let line = std::str::from_utf8(line).map_err(|error| super::common::no_utf8("这一行", error.valid_up_to()))?;
    if !line.trim_start().starts_with('{') {
        return Err(Refusal::usage("这一行应是一个对象 {…}，各项写明名字，不按位置读；没有办理"));
    }
    let line: Line<'_> =
        serde_json::from_str(line).map_err(|error| Refusal::usage(format!("这一行不是合法的 JSON：{error}")))?;
    let login = line.as_user.as_ref().or(context.as_user.as_ref());
    let login = login.ok_or_else(|| Refusal::usage("缺少 as：请指明用户"))?;
    if !desk.is_at_desk(login)? {
        context.sign_in(desk, login).map_err(|error| error.refusal)?;
    }
    let at = line.at.as_deref().map(moment).transpose()?;
    let input = line.input.map_or("{}", RawValue::get);
    desk.perform(&line.action, input, Call { key: line.key.as_deref(), at })
}

/// Reads a moment; without an offset it is +08:00.
pub fn moment(text: &str) -> Result<DateTime<FixedOffset>, Refusal> {
    let zone = crate::book::clock::zone();
    let naive = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|moment| moment.with_timezone(&zone))
        .or_else(|| naive(text).and_then(|moment| moment.and_local_timezone(zone).single()))
        .filter(|moment| (1970..2200).contains(&chrono::Datelike::year(moment)))
        .ok_or_else(|| Refusal::usage(format!("时间“{text}”不对，应如 2026-11-21T09:40:00+08:00")))
}

/// One line of answer, as the contract says.
fn answer(outcome: &Result<Done, Refusal>) -> serde_json::Value {
    match outcome {
        Ok(done) => {
            let result: serde_json::Value = serde_json::from_str(&done.result).unwrap_or_default();
            let mut line = serde_json::json!({ "ok": true, "entry": done.entry, "result": result });
            if done.repeated {
                line["repeated"] = true.into();
            }
            line
        }
        Err(refusal) => {
            let first = refusal.faults.first();
            serde_json::json!({
                "ok": false, "kind": refusal.kind, "rule": first.map(|fault| &fault.rule),
                "field": first.and_then(|fault| fault.field.as_ref()), "message": refusal.message(), "faults": refusal.faults,
            })
        }
    }
}
