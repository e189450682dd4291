//! `import`: files from outside. Good rows go in, the others stay in the fix list with a named reason each.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::common::{CliError, Context};
use super::progress::Progress as Bar;
use crate::desk::Desk;
use crate::desk::import::{Answer, DefectLine, Request, What};
use crate::desk::refusal::Refusal;
use crate::inbound::judge::{Disposition, Kind};
use crate::inbound::profile::ReadBy;
use crate::inbound::read::place;
use crate::rules::id::Id;
use crate::text::{safe, safe_json};

/// Rows told to a person; all of them stand in the fix list.
const SHOWN: usize = 50;

/// Arguments of `import`.
#[derive(Args)]
pub struct ImportArgs {
    /// 导入什么
    what: Kinds,
    /// 文件；价目、业务目录也可以是文件夹
    file: Option<PathBuf>,
    /// 抄表数据的来源
    #[arg(long)]
    source: Option<Ways>,
    /// 指定导入方案 (默认按表头识别)
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// 只核对，不写入
    #[arg(long)]
    dry_run: bool,
    /// 待改清单另存为 CSV (import fixes)
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// 另存的文件已经在时覆盖它
    #[arg(long)]
    overwrite: bool,
    /// 待改清单只要哪个文件的，按导入批号 (import fixes)
    #[arg(long, value_name = "RUN")]
    of: Option<Id>,
    /// 确认全部已由换表说明的低读数 (import fixes)
    #[arg(long)]
    confirm_explained: bool,
    /// 以哪天为营业日来核对，仅练习库
    #[arg(long, value_name = "DATE")]
    on: Option<NaiveDate>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kinds {
    /// 用户档案
    Customers,
    /// 价目
    Tariffs,
    /// 抄表数据
    Readings,
    /// 水表拆换单
    Swaps,
    /// 工作日历
    Calendar,
    /// 业务目录
    Services,
    /// 待改清单：列出、另存
    Fixes,
}

#[derive(Clone, Copy, ValueEnum)]
enum Ways {
    /// 卡片
    Card,
    /// 手持
    Handheld,
    /// 远传
    Remote,
}

impl Kinds {
    fn what(self) -> Option<What> {
        Some(match self {
            Self::Customers => What::Customers,
            Self::Tariffs => What::Tariffs,
            Self::Readings => What::Readings,
            Self::Swaps => What::Swaps,
            Self::Calendar => What::Calendar,
            Self::Services => What::Services,
            Self::Fixes => return None,
        })
    }
}

/// Runs `import`. Exit code 1 when something was refused or held while the rest went in.
pub fn run(context: &Context, args: &ImportArgs) -> Result<u8, CliError> {
    if args.source.is_some() && !matches!(args.what, Kinds::Readings) {
        return Err(CliError::usage("--source 只用于抄表数据 (import readings)"));
    }
    let Some(what) = args.what.what() else {
        return super::fixes::run(
            context,
            args.of,
            args.export.as_deref().map(|path| (path, args.overwrite)),
            args.confirm_explained,
        );
    };
    let path = args.file.clone().ok_or_else(|| CliError::usage("请给出要导入的文件"))?;
    let request = Request {
        what,
        path,
        read_by: args.source.map(|way| match way {
            Ways::Card => ReadBy::Card,
            Ways::Handheld => ReadBy::Handheld,
            Ways::Remote => ReadBy::Remote,
        }),
        profile: args.profile.clone(),
        on: args.on,
        dry_run: args.dry_run,
    };
    let mut desk = context.open_as()?;
    let answer = with_bar(&mut desk, &request)?;
    if context.json {
        // Written as it is made: the answer to a million bad rows is never held as one text.
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        match safe_json::to_writer(&mut out, &answer) {
            Err(error) if !error.is_io() => return Err(Refusal::data(error.to_string()).into()),
            // A reader that went away (`| head`) is no fault of the import.
            _ => _ = writeln!(out).and_then(|()| out.flush()),
        }
    } else {
        let worth = |defect: &DefectLine| defect.disposition != Disposition::Ignored;
        let lines = answer.lines().filter(|defect| defect.as_ref().map_or(true, worth)).take(SHOWN);
        let shown = lines.collect::<Result<Vec<_>, _>>().map_err(Refusal::from)?;
        let _ = print(&mut std::io::stdout().lock(), &answer, &shown);
    }
    Ok(u8::from(answer.leaves_work()))
}

/// Imports with a bar; Ctrl-C stops at the next row, and nothing of the file counts.
fn with_bar(desk: &mut Desk, request: &Request) -> Result<Answer, Refusal> {
    let stop = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second one ends the process at once. Without the handler the first does, which leaves the book just as sound.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop));
        let _ = signal_hook::flag::register(signal, Arc::clone(&stop));
    }
    end_when_nobody_looks(&stop);
    let mut bar = Bar::new("导入");
    desk.import(request, &mut |progress| {
        bar.stage(progress.stage);
        bar.set(progress.done, progress.total.max(progress.done));
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// Ends the process when it was asked to stop and a disk that does not answer keeps it from looking: what was not closed does not
/// count, and the same command goes on.
fn end_when_nobody_looks(stop: &Arc<AtomicBool>) {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
    const STOPPED: i32 = 130;
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        std::thread::sleep(PATIENCE);
        std::process::exit(STOPPED);
    });
}

/// Writes the outcome for a person: counts, the first rows to look at, notes.
fn print(out: &mut impl Write, answer: &Answer, shown: &[DefectLine]) -> std::io::Result<()> {
    let how = match (answer.already, answer.dry_run) {
        (true, _) => "以前已导入，没有改动",
        (_, true) => "试导入，没有写入",
        _ => "已导入",
    };
    writeln!(out, "{}  {}  方案 {}", safe::line(&answer.file), how, answer.profile)?;
    let count = |disposition| answer.count(disposition);
    writeln!(
        out,
        "共 {} 行：收下 {}，未抄 {}，退回 {}，待确认 {}，忽略 {}，提示 {}",
        answer.rows,
        answer.accepted,
        answer.unread,
        count(Disposition::Refused),
        count(Disposition::Held),
        count(Disposition::Ignored),
        count(Disposition::Flagged)
    )?;
    for defect in shown {
        let kind = Kind::from_code(&defect.kind).map_or("", Kind::label);
        let (word, id) = (defect.disposition.label(), safe::line(&defect.id));
        let line = u32::try_from(defect.line).map_or_else(|_| format!("第{}行", defect.line), place);
        writeln!(out, "  {line} {id} {kind} [{word}] {}", safe::line(&defect.message))?;
    }
    let more = (answer.defects.len() - count(Disposition::Ignored)).saturating_sub(shown.len() as u64);
    if more > 0 {
        writeln!(out, "  … 还有 {more} 行，全部见待改清单")?;
    }
    for note in &answer.notes {
        writeln!(out, "注意：{}", safe::line(note))?;
    }
    Ok(())
}
