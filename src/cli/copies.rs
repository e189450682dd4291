//! `backup` and `restore`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::common::{CliError, Context};
use crate::book::clock::{Clock, SystemClock};
use crate::book::seal;
use crate::desk::{Desk, copies, own_files, restore, rights};
use crate::exchange::site_keys;
use crate::store::OpenOptions;

/// Arguments of `backup`.
#[derive(Args)]
pub struct BackupArgs {
    /// 备份到哪个文件 (不能已存在)
    #[arg(required_unless_present = "every_hour", conflicts_with = "every_hour")]
    file: Option<PathBuf>,
    /// 每小时自动备份到哪个文件夹 (另一个盘)；off 停止
    #[arg(long, value_name = "DIR|off")]
    every_hour: Option<PathBuf>,
}

/// Arguments of `restore`.
#[derive(Args)]
pub struct RestoreArgs {
    /// 从哪个备份恢复
    file: PathBuf,
}

/// Copies the book and proves the copy.
pub fn backup(context: &Context, args: &BackupArgs) -> Result<u8, CliError> {
    let mut desk = context.open_to(rights::BACKUP)?;
    let Some(file) = &args.file else {
        return every_hour(context, &mut desk, args.every_hour.as_deref().unwrap_or(Path::new("off")));
    };
    let copy = desk.backup(file)?;
    // A copy must be had even when the disk of the book is full: then the log lacks it.
    if let Err(refusal) = desk.note_access("backup", &format!("备份到 {}", file.display())) {
        eprintln!("注意：没有记入查阅记录：{}", refusal.message());
    }
    let db = context.db_path()?;
    let keys = [seal::path_of(&db), site_keys::path_of(&db)];
    if context.json {
        println!(
            "{}",
            serde_json::json!({
                "ok": true, "file": file, "entries": copy.entries, "upto": copy.upto, "keep_besides": keys,
            })
        );
    } else {
        println!("已备份到 {}：{} 张凭单，记到 {}，已打开核对", file.display(), copy.entries, copy.upto);
        let [data, site] = keys;
        println!("备份里没有密钥，请另抄一份锁好，不要和备份放在一起：");
        println!("  {}  (证件号、卡号的密钥；丢了要用恢复码)", data.display());
        println!("  {}  (网点密钥；丢了要请总部重新登记)", site.display());
    }
    Ok(0)
}

fn every_hour(context: &Context, desk: &mut Desk, place: &Path) -> Result<u8, CliError> {
    let place = Some(place).filter(|place| *place != Path::new("off"));
    let made = desk.backup_every_hour(place)?;
    if context.json {
        println!("{}", serde_json::json!({ "ok": true, "every_hour": place, "file": made }));
    } else {
        match (place, made) {
            (Some(place), Some(file)) => {
                println!("以后每小时备份到 {}；已做第一份 {}", place.display(), file.display());
            }
            _ => println!("不再自动备份"),
        }
    }
    Ok(0)
}

/// Goes on from a copy, in a new epoch.
pub fn restore(context: &Context, args: &RestoreArgs) -> Result<u8, CliError> {
    let target = context.db_path()?;
    let_in(context, &args.file, &target)?;
    let done = restore::restore(&args.file, &target, SystemClock.now())?;
    let (copy, since) = (&done.copy, &done.since);
    let until = copy.until.as_deref().map(own_files::minute);
    if context.json {
        let receipts: Vec<_> =
            since.receipts.iter().map(|(first, last)| serde_json::json!({ "first": first, "last": last })).collect();
        let line = serde_json::json!({
            "ok": true, "db": target, "entries": copy.entries, "upto": copy.upto, "until": until, "aside": done.aside,
            "epoch": done.epoch, "confirmed_lost": since.confirmed, "only_in_old": since.only_here,
            "receipts_since": since.receipt_count, "receipts": receipts, "receipts_to_enter": since.to_enter,
            "since_until": since.until, "old_book_read": !since.by_mark, "since": since.sentences(),
        });
        println!("{line}");
    } else {
        println!(
            "已从 {} 恢复到 {}：记到 {}{}，以新的启用号 {} 继续",
            args.file.display(),
            target.display(),
            copy.upto,
            until.map_or(String::new(), |until| format!(" ({until})")),
            done.epoch
        );
        if let Some(aside) = done.aside {
            println!("原来的数据库移到 {}", aside.display());
        }
        since.sentences().iter().for_each(|said| println!("{said}"));
        if let Some(notice) = own_files::lives_notice(done.epoch) {
            println!("注意：{notice}");
        }
        if !seal::path_of(&target).exists() {
            println!("还没有密钥文件：请放回 {}，或用恢复码重做 (key restore)", seal::path_of(&target).display());
        }
    }
    Ok(0)
}

/// Who may restore is asked of the book that is there; of the copy only when there is none that opens.
fn let_in(context: &Context, copy: &Path, target: &Path) -> Result<(), CliError> {
    if context.as_user.is_none()
        && target.is_file()
        && let Ok(practice) = copies::is_practice(target)
    {
        return if practice { Ok(()) } else { Err(context.nobody().into()) };
    }
    if target.is_file()
        && let Ok(mut desk) = Desk::open(target, OpenOptions::default(), Box::new(SystemClock))
    {
        return context.let_in(&mut desk, rights::RESTORE);
    }
    if copies::is_practice(copy)? {
        return Ok(());
    }
    let Some(login) = &context.as_user else { return Err(context.nobody().into()) };
    let password = context.password(&format!("{login} 的密码："))?;
    Ok(copies::let_in(copy, login, &password, rights::RESTORE, SystemClock.now().date_naive())?)
}
