//! `verify` and `rebuild`.

use clap::Args;

use super::common::{CliError, Context};
use crate::book::clock;
use crate::desk::{Desk, rights};
use crate::text::safe_json;

/// Arguments of `verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// 另把副本重新记账一遍再比对
    #[arg(long)]
    full: bool,
    /// 只查找凭单和各表里没有密封的证件号、银行卡号
    #[arg(long, conflicts_with = "full")]
    numbers: bool,
}

/// Places given in one JSON answer at most; all are counted.
const MOST_PLACES: usize = 1_000;

/// Checks the book; says the first broken place, exit 3.
pub fn verify(context: &Context, args: &VerifyArgs) -> Result<u8, CliError> {
    if args.numbers {
        return numbers(context, &context.open_to(rights::ACCESS)?);
    }
    let mut desk = context.open()?;
    let verdict = desk.verify(args.full, |_| {})?;
    if context.json {
        safe_json::print(&serde_json::json!(verdict));
    } else {
        for site in &verdict.sites {
            println!("{}.{}  到 {}  {}", site.site, site.epoch, site.seq, &site.head[..16]);
        }
        println!("凭单 {}  试算 {}  状态 {}", verdict.entries, verdict.trial_balance, &verdict.state_hash[..16]);
        match &verdict.first_fault {
            None if verdict.questions.is_empty() => println!("核对无误"),
            None => {
                for question in &verdict.questions {
                    println!("疑问：{}", question.message);
                }
                println!(
                    "核对无误，另有疑问 {} 处：凭单都在，备份、恢复和交换照常；请在疑问中查明该网点的机器",
                    verdict.questions.len()
                );
            }
            Some(fault) => eprintln!("第一处不对：{}", fault.message),
        }
    }
    Ok(if verdict.ok { 0 } else { 3 })
}

/// Tells numbers that stand in clear; exit 1 when there are any.
fn numbers(context: &Context, desk: &Desk) -> Result<u8, CliError> {
    let mut places = Vec::new();
    let found = desk.stray_numbers(|stray| match context.json {
        true if places.len() < MOST_PLACES => places.push(stray),
        true => {}
        false => println!("{}", stray.line()),
    })?;
    if context.json {
        let more = found > places.len() as u64;
        safe_json::print(&serde_json::json!({ "ok": found == 0, "found": found, "places": places, "more": more }));
    } else if found == 0 {
        println!("没有发现未密封的证件号、银行卡号");
    } else {
        let way = "凭单不能改，请限制查看和导出，备份与交换盘按涉密件保管；档案各栏请用“改户档案”改正";
        eprintln!("共 {found} 处未密封的号码：{way}");
    }
    Ok(u8::from(found > 0))
}

/// Derives everything again.
pub fn rebuild(context: &Context) -> Result<u8, CliError> {
    let mut desk = context.open_to(rights::REBUILD)?;
    crate::derive::rebuild::rebuild(desk.db_mut(), |_| {})?;
    desk.db_mut().reindex_search(|_| true)?;
    desk.rehash_people(|_| {})?;
    let now = desk.now();
    let tx = desk.db_mut().write()?;
    clock::put_seen_right(&tx, now)?;
    tx.commit()?;
    let hash = crate::desk::verify::hex(&desk.look()?.state_hash()?);
    if context.json {
        safe_json::print(&serde_json::json!({ "ok": true, "state_hash": hash }));
    } else {
        println!("已重新记账，状态 {}", &hash[..16]);
    }
    Ok(0)
}
