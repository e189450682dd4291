//! `bill`: rates a cycle's readings, and lists what is held.

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::common::{CliError, Context};
use super::progress::Progress;
use crate::desk::bill_run::{Ask, Large, Summary};
use crate::desk::refusal::Refusal;
use crate::rules::billing::BillCycle;
use crate::rules::billing::large::Limits;
use crate::rules::money::Fen;
use crate::text::safe_json;

/// Arguments of `bill`.
#[derive(Args)]
pub struct BillArgs {
    #[command(subcommand)]
    command: BillCommand,
}

#[derive(Subcommand)]
enum BillCommand {
    /// 按账期给读数出账
    Run(RunArgs),
    /// 列出挂起的账单及原因
    Held(HeldArgs),
    /// 看或改“金额过大须核实”的界限
    Limits(LimitsArgs),
}

#[derive(Args)]
struct RunArgs {
    /// 账期，如 2026-10
    #[arg(long)]
    cycle: BillCycle,
    /// 只试算，不记账
    #[arg(long)]
    dry_run: bool,
    /// 账单日期 (只有练习库可以指定)
    #[arg(long, value_name = "DATE")]
    dated: Option<NaiveDate>,
}

#[derive(Args)]
struct HeldArgs {
    /// 账期；不写则列出全部
    #[arg(long)]
    cycle: Option<BillCycle>,
}

#[derive(Args)]
struct LimitsArgs {
    /// 超过上一张账单多少倍就挂起
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=1000))]
    times: Option<u32>,
    /// 低于这个金额 (元) 的不问
    #[arg(long, value_name = "YUAN")]
    least: Option<Fen>,
    /// 没有以前账单的居民户，超过这个金额 (元) 就挂起
    #[arg(long, value_name = "YUAN")]
    household: Option<Fen>,
    /// 没有以前账单的其他户，超过这个金额 (元) 就挂起
    #[arg(long, value_name = "YUAN")]
    other: Option<Fen>,
}

/// Runs `bill`.
pub fn run(context: &Context, args: &BillArgs) -> Result<u8, CliError> {
    match &args.command {
        BillCommand::Run(args) => bill_run(context, args),
        BillCommand::Held(args) => held(context, args),
        BillCommand::Limits(args) => limits(context, args),
    }
}

fn bill_run(context: &Context, args: &RunArgs) -> Result<u8, CliError> {
    let mut desk = context.open_as()?;
    if args.dated.is_some() && !desk.is_practice() {
        return Err(Refusal::usage("只有练习库可以指定账单日期 --dated，请去掉").into());
    }
    let mut progress = Progress::new("出账");
    let ask = Ask { cycle: args.cycle, dated: args.dated, dry_run: args.dry_run };
    let summary = desk.bill_run(&ask, |done, of| progress.set(done, of))?;
    drop(progress);
    if context.json {
        safe_json::print(&serde_json::json!(summary));
    } else {
        print_summary(&summary);
    }
    Ok(u8::from(summary.held > 0))
}

fn print_summary(summary: &Summary) {
    const SHOWN: usize = 20;
    let how = if summary.dry_run { "试算" } else { "出账" };
    println!(
        "{} 账期{how}：读数 {} 个，账单 {} 张，用量 {}，合计 {} 元，挂起 {} 张",
        summary.cycle,
        summary.readings,
        summary.bills,
        summary.volume,
        summary.total.grouped(),
        summary.held
    );
    if summary.dry_run && !summary.largest.is_empty() {
        println!("  最大的账单：");
        for large in &summary.largest {
            println!("    {}", large_line(large));
        }
    }
    if !summary.above.is_empty() {
        let (times, least) = (summary.times, summary.least.grouped());
        println!("  超过上一张 {times} 倍且不低于 {least} 元的，挂起待核 {} 张：", summary.above.len());
        for large in summary.above.iter().take(SHOWN) {
            println!("    {}", large_line(large));
        }
    }
    for hold in summary.holds.iter().take(SHOWN) {
        println!("  挂起 {} {} [{}] {}", hold.account, hold.day, hold.rule, hold.message);
    }
    if summary.held as usize > SHOWN {
        println!("  … 其余 {} 张见 bill held --cycle {}", summary.held as usize - SHOWN, summary.cycle);
    }
}

fn limits(context: &Context, args: &LimitsArgs) -> Result<u8, CliError> {
    let mut desk = context.open_as()?;
    let known = desk.bill_limits()?;
    let wanted = Limits {
        times: args.times.unwrap_or(known.times),
        least: args.least.unwrap_or(known.least),
        household: args.household.unwrap_or(known.household),
        other: args.other.unwrap_or(known.other),
    };
    if wanted != known {
        desk.set_bill_limits(wanted)?;
    }
    let Limits { times, least, household, other } = wanted;
    if context.json {
        let told = serde_json::json!({ "times": times, "least": least, "household": household, "other": other });
        println!("{told}");
    } else {
        println!("超过上一张账单 {times} 倍、且不低于 {} 元的账单挂起待核", least.grouped());
        println!("没有以前账单的：居民超过 {} 元、其他超过 {} 元的挂起待核", household.grouped(), other.grouped());
    }
    Ok(0)
}

fn large_line(large: &Large) -> String {
    let last = large.last.map_or_else(|| "无".to_owned(), |last| format!("{} 元", last.grouped()));
    let held = if large.held { "  挂起" } else { "" };
    let (no, name, day) = (&large.account, &large.name, large.day);
    format!("{no} {name} {day} 用量 {} 应收 {} 元 (上一张 {last}){held}", large.volume, large.amount.grouped())
}

fn held(context: &Context, args: &HeldArgs) -> Result<u8, CliError> {
    let desk = context.open_as()?;
    let tx = desk.look().map_err(Refusal::from)?;
    let bills = match args.cycle {
        Some(cycle) => tx.held_bills(&cycle.to_string()),
        None => tx.all_held_bills(),
    };
    let mut list = Vec::new();
    for bill in bills.map_err(Refusal::from)? {
        let account = tx.account(bill.account).map_err(Refusal::from)?;
        let (no, name) = account.map(|row| (row.no, row.name)).unwrap_or_default();
        list.push((no, name, bill));
    }
    if context.json {
        let row = |(no, name, bill): &(String, String, crate::store::tables::billing::BillRow)| {
            serde_json::json!({
                "bill": bill.id, "account": no, "name": name, "cycle": bill.cycle, "from": bill.first_day,
                "to": bill.last_day, "message": bill.note,
            })
        };
        safe_json::print(&serde_json::Value::Array(list.iter().map(row).collect()));
    } else {
        for (no, name, bill) in &list {
            println!("{} {no} {name} {} {}…{} {}", bill.id, bill.cycle, bill.first_day, bill.last_day, bill.note);
        }
    }
    Ok(0)
}
