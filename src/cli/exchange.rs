//! `exchange out|in|status`: the nightly bundles. No prompts; one summary line; exit 1 when something was held or
//! refused, 5 when another exchange is running and nothing was done.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::common::{CliError, Context};
use super::progress::Progress;
use crate::desk::exchange::{Answer, TakeIn, WriteOut};
use crate::text::{safe, safe_json};

/// Arguments of `exchange`.
#[derive(Args)]
pub struct ExchangeArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// 导出交换包到文件夹或盘
    Out {
        /// 写到哪个文件夹
        #[arg(long)]
        to: PathBuf,
        /// 只给哪个网点 (总部用)
        #[arg(long = "for", value_name = "SITE")]
        only: Option<String>,
        /// 从第一张凭单起全部重发 (给重建的机器)
        #[arg(long)]
        whole: bool,
        /// 写好后删去文件夹里本库以前给同一对方的交换包 (新的包里全有)
        #[arg(long)]
        replace: bool,
    },
    /// 收进交换包：一个文件，或文件夹里给本网点的全部
    In {
        /// 文件或文件夹
        from: PathBuf,
        /// 办过的交换包移到哪个文件夹 (不收的移到其下的 refused)，满 14 天删去
        #[arg(long, value_name = "DIR")]
        move_to: Option<PathBuf>,
    },
    /// 待送、已确认、缺号、挂起的交换包
    Status,
}

/// Runs `exchange`.
pub fn run(context: &Context, args: &ExchangeArgs) -> Result<u8, CliError> {
    let mut desk = context.open()?;
    if !matches!(args.what, What::Status) {
        context.unlock(&desk)?;
    }
    let mut bar = Progress::new("交换");
    let mut progress = |done: i64, of: i64| bar.set(done.unsigned_abs(), of.unsigned_abs());
    let answer = match &args.what {
        What::Out { to, only, whole, replace } => {
            let how = WriteOut { only: only.as_deref(), whole: *whole, replace: *replace };
            desk.exchange_out(to, how, &mut progress)?
        }
        What::In { from, move_to } => desk.exchange_in(from, TakeIn { move_to: move_to.as_deref() }, &mut progress)?,
        What::Status => desk.exchange_status()?,
    };
    drop(bar);
    if context.json {
        safe_json::print(&answer);
    } else {
        print(&answer, &args.what);
    }
    let is_status = matches!(args.what, What::Status);
    Ok(u8::from(!is_status && answer.leaves_work()))
}

fn print(answer: &Answer, what: &What) {
    for notice in &answer.notices {
        println!("注意：{}", safe::line(notice));
    }
    for line in answer.waiting.iter().filter(|_| matches!(what, What::Status)) {
        let or_never = |at: &str| if at.is_empty() { "从未".to_owned() } else { at.chars().take(16).collect() };
        println!(
            "{}：待送 {} 张，上次导出 {}，上次收到 {}",
            line.site,
            line.entries,
            or_never(&line.sent_at),
            or_never(&line.taken_at)
        );
    }
    for line in &answer.bundles {
        let fate = match (&line.held, &line.refused) {
            (Some(why), _) => format!("挂起：{why}"),
            (_, Some(why)) => format!("不收：{why}"),
            _ if line.dropped.is_some() => {
                let dropped = line.dropped.as_deref().unwrap_or_default();
                format!("{} 张，新 {} 张；{dropped}", line.entries, line.new)
            }
            _ => format!("{} 张，新 {} 张", line.entries, line.new),
        };
        println!(
            "{}  {} → {}  {}",
            safe::line(&line.file),
            safe::line(&line.from),
            safe::line(&line.to),
            safe::line(&fate)
        );
    }
    for line in &answer.acknowledged {
        println!("{} 已确认 {}.{} 到第 {} 张", line.by, line.site, line.epoch, line.seq);
    }
    let (mut entries, mut fresh, mut held, mut refused) = (0, 0, 0, 0);
    for line in &answer.bundles {
        entries += line.entries;
        fresh += line.new;
        held += usize::from(line.held.is_some());
        refused += usize::from(line.refused.is_some());
    }
    let word = match what {
        What::Out { .. } => "已导出并读回核对，可以取盘",
        What::In { .. } => "收进",
        What::Status => "最近",
    };
    println!(
        "{word}：{} 个交换包，{entries} 张凭单，新 {fresh} 张，挂起 {held} 个，不收 {refused} 个；疑问 {} 件",
        answer.bundles.len(),
        answer.exceptions
    );
}
