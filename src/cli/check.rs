//! `verify` and `rebuild`.

use clap::Args;

use super::common::{CliError, Context};

/// Arguments of `verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// 另把副本重新记账一遍再比对
    #[arg(long)]
    full: bool,
}

/// Checks the book; says the first broken place, exit 3.
pub fn verify(context: &Context, args: &VerifyArgs) -> Result<u8, CliError> {
    let mut desk = context.open()?;
    let verdict = desk.verify(args.full, |_| {})?;
    if context.json {
        println!("{}", serde_json::json!(verdict));
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
                    "核对无误，另有疑问 {} 处：凭单已入账，备份、恢复和交换照常；请在疑问中查明该网点的机器",
                    verdict.questions.len()
                );
            }
            Some(fault) => eprintln!("第一处不对：{}", fault.message),
        }
    }
    Ok(if verdict.ok { 0 } else { 3 })
}

/// Derives everything again.
pub fn rebuild(context: &Context) -> Result<u8, CliError> {
    let mut desk = context.open_to(crate::desk::rights::REBUILD)?;
    crate::derive::rebuild::rebuild(desk.db_mut(), |_| {})?;
    let hash = crate::desk::verify::hex(&desk.look()?.state_hash()?);
    if context.json {
        println!("{}", serde_json::json!({ "ok": true, "state_hash": hash }));
    } else {
        println!("已重新记账，状态 {}", &hash[..16]);
    }
    Ok(0)
}
