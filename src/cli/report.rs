//! `report`: any report, as a table, CSV, JSON or workbook.

use std::io::Write;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::common::{CliError, Context, io};
use crate::desk::refusal::Refusal;
use crate::outbound::reports::{REPORTS, Report, report};
use crate::outbound::{new_file, render};
use crate::rules::id::Site;
use crate::rules::reach::Reach;
use crate::store::Tx;
use crate::text::safe_json;

/// Arguments of `report`.
#[derive(Args)]
pub struct ReportArgs {
    /// 报表名，如 cash；用 --list 查看全部
    name: Option<String>,
    /// 起始营业日，如 2026-11-01
    #[arg(long, value_name = "D")]
    from: Option<NaiveDate>,
    /// 截止营业日，默认今天
    #[arg(long, value_name = "D")]
    to: Option<NaiveDate>,
    /// 格式
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// 写到文件；xlsx 默认写到当前目录
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 文件已经在时覆盖它
    #[arg(long)]
    overwrite: bool,
    /// 只看一个网点 (总部可选任一网点，不写则全部)
    #[arg(long, value_name = "CODE")]
    site: Option<String>,
    /// 列出全部报表
    #[arg(long)]
    list: bool,
}

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// 终端表格
    Table,
    /// CSV (带 BOM)
    Csv,
    /// JSON
    Json,
    /// Excel 工作簿
    Xlsx,
}

/// Runs `report`.
pub fn run(context: &Context, args: &ReportArgs) -> Result<u8, CliError> {
    if args.list {
        list(context);
        return Ok(0);
    }
    let name = args.name.as_deref().ok_or_else(|| CliError::usage("请给出报表名，或用 --list 查看全部"))?;
    let report = report(name).ok_or_else(|| CliError::usage(&format!("没有“{name}”这个报表，用 --list 查看全部")))?;
    let mut desk = context.open_to(report.right())?;
    let (from, to) = report.days(args.from, args.to, report.today(&desk)?);
    if from > to {
        return Err(CliError::usage(&format!("起始日 {from} 晚于截止日 {to}，请改正")));
    }
    let where_to = out_path(args, report, from, to);
    let kept = where_to.as_ref().map_or_else(String::new, |path| format!("，写到 {}", path.display()));
    desk.note_access("report", &format!("{} {from} 至 {to}{kept}", report.title))?;
    let bytes = write(context, args, report, &desk, from, to)?;
    match where_to {
        None => std::io::stdout().lock().write_all(&bytes).map_err(|error| io(&error))?,
        Some(path) => {
            new_file::write(&path, desk.path(), args.overwrite, &bytes)?;
            eprintln!("已写到 {}", path.display());
        }
    }
    Ok(0)
}

/// Whose rows: those this site sees, or one site's of them.
fn reach(tx: &Tx<'_>, site: Option<&str>) -> Result<Reach, CliError> {
    let seen = tx.seen()?;
    let Some(text) = site else { return Ok(seen) };
    let site = Site::parse(text).map_err(|_| CliError::usage(&format!("网点代码“{text}”不对，应如 B03")))?;
    let reach = Reach::of(&site);
    if !seen.holds(reach.low) {
        return Err(CliError::usage(&format!("本网点只能看自己的报表；{site} 的报表请在该网点或总部查看")));
    }
    if tx.own_site(site.as_str())?.is_none() {
        return Err(CliError::usage(&format!("没有网点 {site} 的数据，请核对网点代码")));
    }
    Ok(reach)
}

fn list(context: &Context) {
    for report in REPORTS {
        if context.json {
            safe_json::print(
                &serde_json::json!({ "report": report.name, "title": report.title, "about": report.about }),
            );
        } else {
            println!("{:<12} {}：{}", report.name, report.title, report.about);
        }
    }
}

fn out_path(args: &ReportArgs, report: &Report, from: NaiveDate, to: NaiveDate) -> Option<PathBuf> {
    let default = (args.format == Format::Xlsx).then(|| PathBuf::from(format!("{}-{from}-{to}.xlsx", report.name)));
    args.out.clone().or(default)
}

fn write(
    context: &Context,
    args: &ReportArgs,
    report: &Report,
    desk: &crate::desk::Desk,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<u8>, CliError> {
    let tx = desk.look()?;
    let sheet = (report.fill)(&tx, reach(&tx, args.site.as_deref())?, from, to)?;
    let mut bytes = Vec::new();
    let fault = |error: String| CliError::from(Refusal::data(format!("报表写不出来：{error}")));
    match args.format {
        Format::Table if context.json => {
            bytes = safe_json::escape(&format!("{:#}\n", render::json(&sheet))).into_owned().into_bytes()
        }
        Format::Json => bytes = safe_json::escape(&format!("{:#}\n", render::json(&sheet))).into_owned().into_bytes(),
        Format::Table => render::table(&mut bytes, &sheet).map_err(|error| io(&error))?,
        Format::Csv => render::csv(&mut bytes, &sheet).map_err(|error| fault(error.to_string()))?,
        Format::Xlsx => bytes = render::xlsx(&sheet).map_err(|error| fault(error.to_string()))?,
    }
    Ok(bytes)
}
