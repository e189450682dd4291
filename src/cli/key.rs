//! `key restore`: the key file is made again from the recovery code of the first-run ceremony. `key show`, `key confirm`: that code once
//! more, until it is known to be on paper.

use clap::{Args, Subcommand};

use super::common::{CliError, Context};
use crate::desk::{Call, key_restore};
use crate::text::safe_json;

/// Arguments of `key`.
#[derive(Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Subcommand)]
enum KeyCommand {
    /// 用恢复码重做密钥文件 (恢复码从标准输入或键盘输入，不作参数)
    Restore,
    /// 再看一次恢复码 (确认抄好之前；记下谁看的、为什么)
    Show {
        /// 为什么要再看
        #[arg(long)]
        reason: String,
    },
    /// 确认恢复码已抄好锁好，以后不再显示
    Confirm {
        /// 存放处
        #[arg(long)]
        reason: String,
    },
}

/// Runs `key`.
pub fn run(context: &Context, args: &KeyArgs) -> Result<u8, CliError> {
    match &args.command {
        KeyCommand::Restore => restore(context),
        KeyCommand::Show { reason } => {
            let shown = about(context, "key.show", reason)?;
            let code = shown["recovery_code"].as_str().unwrap_or_default();
            if context.json {
                safe_json::print(&serde_json::json!({ "ok": true, "recovery_code": code, "key": shown["key"] }));
            } else {
                println!("恢复码 (请抄下锁好)：\n  {code}");
                println!("抄好锁好后请运行 key confirm --reason 存放处");
            }
            Ok(0)
        }
        KeyCommand::Confirm { reason } => {
            let done = about(context, "key.confirm", reason)?;
            if context.json {
                safe_json::print(&serde_json::json!({ "ok": true, "key": done["key"] }));
            } else {
                println!("已确认恢复码抄好，以后不再显示");
            }
            Ok(0)
        }
    }
}

fn about(context: &Context, action: &str, reason: &str) -> Result<serde_json::Value, CliError> {
    let input = serde_json::json!({ "reason": reason }).to_string();
    let done = context.open_as()?.perform(action, &input, Call::default())?;
    Ok(serde_json::from_str(&done.result).unwrap_or_default())
}

fn restore(context: &Context) -> Result<u8, CliError> {
    let path = context.db_path()?;
    let code = recovery_code()?;
    key_restore::restore(&path, &code)?;
    if context.json {
        safe_json::print(&serde_json::json!({ "ok": true, "db": path }));
    } else {
        println!("密钥文件已重做：{}.key", path.display());
    }
    Ok(0)
}

/// The code, typed unseen at a terminal or read from a pipe.
pub(super) fn recovery_code() -> Result<zeroize::Zeroizing<String>, CliError> {
    use std::io::{BufRead, IsTerminal, Read};
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password("恢复码：")
            .map(zeroize::Zeroizing::new)
            .map_err(|error| super::common::io(&error));
    }
    let mut line = String::new();
    std::io::stdin().lock().take(4096).read_line(&mut line).map_err(|error| super::common::io(&error))?;
    Ok(zeroize::Zeroizing::new(line))
}
