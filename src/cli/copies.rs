//! `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

use super::common::{CliError, Context};
use crate::book::clock::{Clock, SystemClock};
use crate::desk::copies;

/// Arguments of `backup`.
#[derive(Args)]
pub struct BackupArgs {
    /// 备份到哪个文件 (不能已存在)
    file: PathBuf,
}

/// Arguments of `restore`.
#[derive(Args)]
pub struct RestoreArgs {
    /// 从哪个备份恢复
    file: PathBuf,
}

/// Copies the book and proves the copy.
pub fn backup(context: &Context, args: &BackupArgs) -> Result<u8, CliError> {
    let desk = context.open()?;
    let copy = desk.backup(&args.file)?;
    if context.json {
        println!(
            "{}",
            serde_json::json!({ "ok": true, "file": args.file, "entries": copy.entries, "upto": copy.upto })
        );
    } else {
        println!("已备份到 {}：{} 张凭单，记到 {}；密钥文件另行保管", args.file.display(), copy.entries, copy.upto);
    }
    Ok(0)
}

/// Goes on from a copy, in a new epoch.
pub fn restore(context: &Context, args: &RestoreArgs) -> Result<u8, CliError> {
    let target = context.db_path()?;
    let (copy, aside) = copies::restore(&args.file, &target, SystemClock.now())?;
    if context.json {
        let line =
            serde_json::json!({ "ok": true, "db": target, "entries": copy.entries, "upto": copy.upto, "aside": aside });
        println!("{line}");
    } else {
        println!("已从 {} 恢复到 {}：记到 {}，以新的启用号继续", args.file.display(), target.display(), copy.upto);
        if let Some(aside) = aside {
            println!("原来的数据库移到 {}", aside.display());
        }
    }
    Ok(0)
}
