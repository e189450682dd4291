//! `key restore`: the key file is made again from the recovery code of the first-run ceremony.

use clap::{Args, Subcommand};

use super::common::{CliError, Context};
use crate::desk::key_restore;

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
}

/// Runs `key`.
pub fn run(context: &Context, args: &KeyArgs) -> Result<u8, CliError> {
    let KeyCommand::Restore = args.command;
    let path = context.db_path()?;
    let code = recovery_code()?;
    key_restore::restore(&path, &code)?;
    if context.json {
        println!("{}", serde_json::json!({ "ok": true, "db": path }));
    } else {
        println!("密钥文件已重做：{}.key", path.display());
    }
    Ok(0)
}

/// The code, typed unseen at a terminal or read from a pipe.
fn recovery_code() -> Result<zeroize::Zeroizing<String>, CliError> {
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
