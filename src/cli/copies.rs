//! `backup` and `restore`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::common::{CliError, Context};
use crate::book::clock::{Clock, SystemClock};
use crate::book::seal::{self, Keys};
use crate::desk::copy_places::CopyPlaces;
use crate::desk::refusal::Refusal;
use crate::desk::since::Since;
use crate::desk::{Desk, copies, own_files, restore, rights};
use crate::exchange::site_keys;
use crate::store::OpenOptions;
use crate::text::safe_json;

/// What a backup is called in what is said of the time after it.
const COPY: &str = "副本";

/// Arguments of `backup`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BackupArgs {
    #[command(subcommand)]
    command: Option<BackupCommand>,
    /// 备份到哪个文件 (不能已存在)
    #[arg(required_unless_present = "every_hour", conflicts_with = "every_hour")]
    file: Option<PathBuf>,
    /// 每小时自动备份到哪个文件夹 (另一个盘)；off 停止
    #[arg(long, value_name = "DIR|off")]
    every_hour: Option<PathBuf>,
}

#[derive(Subcommand)]
enum BackupCommand {
    /// 随写副本：每一笔一秒之内密封写到第二处 (另一个盘、优盘、共享文件夹)；不带参数看现状
    Tail {
        /// 写到哪个文件夹，并在那里先做一份备份
        #[arg(long, value_name = "DIR", conflicts_with = "off")]
        to: Option<PathBuf>,
        /// 不再写
        #[arg(long)]
        off: bool,
    },
}

/// Arguments of `restore`.
#[derive(Args)]
pub struct RestoreArgs {
    /// 从哪个备份恢复
    file: PathBuf,
    /// 随写副本的文件夹：备份以后的每一笔从这里补回
    #[arg(long, value_name = "DIR")]
    tail: Option<PathBuf>,
    /// 密钥文件也丢了：用恢复码 (从标准输入或键盘输入，不作参数)
    #[arg(long)]
    recovery_code: bool,
}

/// Copies the book and proves the copy.
pub fn backup(context: &Context, args: &BackupArgs) -> Result<u8, CliError> {
    let mut desk = context.open_to(rights::BACKUP)?;
    if let Some(BackupCommand::Tail { to, off }) = &args.command {
        return second_copy(context, &mut desk, to.as_deref(), *off);
    }
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
        safe_json::print(&serde_json::json!({ "ok": true, "every_hour": place, "file": made }));
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

fn second_copy(context: &Context, desk: &mut Desk, to: Option<&Path>, off: bool) -> Result<u8, CliError> {
    if to.is_some() || off {
        let made = desk.set_second_copy(to)?;
        if !context.json {
            match made {
                Some(made) => println!("以后每一笔一秒之内写到第二处；那里已先做一份备份 {}", made.display()),
                None => println!("不再写随写副本；第二处已写的文件还在"),
            }
        }
    }
    let standing = desk.second_copy()?;
    let warning = standing.as_ref().and_then(|(_, warning)| warning.clone());
    if context.json {
        let standing = standing.as_ref().map(|(standing, _)| standing);
        let (place, upto) = (standing.map(|at| &at.place), standing.and_then(|at| at.upto.as_ref()));
        let behind = standing.and_then(|at| at.behind);
        let line = serde_json::json!({
            "ok": true, "place": place, "upto": upto, "behind": behind, "warning": warning,
        });
        println!("{line}");
        return Ok(0);
    }
    let Some((standing, _)) = standing else {
        println!("没有设随写副本：主机和盘一起丢时，上一份备份以后办的都会丢；用 backup tail --to 文件夹 设一个");
        return Ok(0);
    };
    let upto = standing.upto.map_or_else(|| "还没有写过".to_owned(), |upto| format!("写到 {upto}"));
    let behind = match standing.behind {
        Some(0) => "，没有落后".to_owned(),
        Some(behind) => format!("，还差 {behind} 张凭单"),
        None => String::new(),
    };
    println!("随写副本在 {}：{upto}{behind}", standing.place.display());
    if let Some(warning) = warning {
        println!("注意：{warning}");
    }
    Ok(0)
}

/// The recovery code as it was typed.
type Code = zeroize::Zeroizing<String>;

/// Goes on from a copy, in a new epoch.
pub fn restore(context: &Context, args: &RestoreArgs) -> Result<u8, CliError> {
    let target = context.db_path()?;
    let code = || if args.recovery_code { super::key::recovery_code().map(Some) } else { Ok(None) };
    let told = let_in(context, &args.file, &target, code)?;
    let code = if told.is_some() { told } else { code()? };
    let code = code.as_ref().map(|code| code.as_str());
    let tail = args.tail.as_deref().map(|folder| restore::Tail { folder, code });
    let done = restore::restore(&args.file, &target, tail, SystemClock.now())?;
    let (copy, since, brought) = (&done.copy, &done.since, &done.brought);
    let until = copy.until.as_deref().map(own_files::minute);
    if context.json {
        let line = serde_json::json!({
            "ok": true, "db": target, "entries": copy.entries, "upto": copy.upto, "until": until, "aside": done.aside,
            "epoch": done.epoch,
        });
        let mut line = line;
        say_since(&mut line, since, COPY);
        say_places(&mut line, &done.places);
        if !copy.questions.is_empty() {
            line["questions"] = serde_json::json!(copy.questions);
        }
        if let Some(brought) = brought {
            line["tail"] = serde_json::json!({
                "entries": brought.entries, "upto": brought.upto, "until": brought.until, "receipts": brought.receipts,
                "faults": brought.faults,
            });
        }
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
        if let Some(brought) = brought {
            brought.sentences().iter().for_each(|said| println!("{said}"));
        }
        since.sentences(COPY).iter().for_each(|said| println!("{said}"));
        done.places.sentences().iter().for_each(|said| println!("{said}"));
        copy.questions.iter().for_each(|question| println!("疑问：{question}"));
        if let Some(notice) = own_files::lives_notice(done.epoch) {
            println!("注意：{notice}");
        }
        if !seal::path_of(&target).exists() {
            println!("还没有密钥文件：请放回 {}，或用恢复码重做 (key restore)", seal::path_of(&target).display());
        }
    }
    Ok(0)
}

/// What was done after a copy, in the answer of a command.
pub(super) fn say_since(line: &mut serde_json::Value, since: &Since, copy: &str) {
    let receipts: Vec<_> =
        since.receipts.iter().map(|(first, last)| serde_json::json!({ "first": first, "last": last })).collect();
    line["confirmed_lost"] = since.confirmed.into();
    line["only_in_old"] = since.only_here.into();
    line["receipts_since"] = since.receipt_count.into();
    line["receipts"] = receipts.into();
    line["receipts_to_enter"] = since.to_enter.into();
    line["since_until"] = since.until.clone().into();
    line["old_book_read"] = (!since.by_mark).into();
    line["since"] = since.sentences(copy).into();
}

/// Where copies go after a book was replaced, in the answer of a command.
pub(super) fn say_places(line: &mut serde_json::Value, places: &CopyPlaces) {
    line["second_copy"] = places.second.clone().into();
    line["every_hour"] = places.hourly.clone().into();
    line["copies"] = places.sentences().into();
}

/// Whoever puts another book in the place of one that can be read must have the right to, as that book says. Answers whether one was
/// asked.
fn asked_of_book(context: &Context, target: &Path) -> Result<bool, CliError> {
    if context.as_user.is_none()
        && target.is_file()
        && let Ok(practice) = copies::is_practice(target)
    {
        return if practice { Ok(true) } else { Err(context.nobody().into()) };
    }
    if target.is_file()
        && let Ok(mut desk) = Desk::open(target, OpenOptions::default(), Box::new(SystemClock))
    {
        return context.let_in(&mut desk, rights::RESTORE).map(|()| true);
    }
    Ok(false)
}

/// Who may put a book made anew in the place of the one that is there. Nobody is asked where none can be read.
pub(super) fn let_in_over(context: &Context, target: &Path) -> Result<(), CliError> {
    let asked = asked_of_book(context, target)?;
    if !asked
        && target.is_file()
        && let (Some(login), Ok(false)) = (&context.as_user, copies::is_practice(target))
    {
        let password = context.password(&format!("{login} 的密码："))?;
        let (keys, day) = (Keys::open(target).ok(), SystemClock.now().date_naive());
        copies::let_in(target, keys.as_ref(), (login, &password), rights::RESTORE, day)?;
    }
    Ok(())
}

/// Who may restore is asked of the book that is there; of the copy only when there is none that opens. Then the recovery code, asked for
/// after the password, stands for a key file that is lost; it is answered.
fn let_in(
    context: &Context,
    copy: &Path,
    target: &Path,
    code: impl Fn() -> Result<Option<Code>, CliError>,
) -> Result<Option<Code>, CliError> {
    if asked_of_book(context, target)? {
        return Ok(None);
    }
    if copies::is_practice(copy)? {
        return Ok(None);
    }
    let Some(login) = &context.as_user else { return Err(context.nobody().into()) };
    let password = context.password(&format!("{login} 的密码："))?;
    let (kept, day) = (Keys::open(target).ok(), SystemClock.now().date_naive());
    let code = if kept.is_none() { code()? } else { None };
    let told = code.as_ref().map(|code| Keys::from_recovery(code)).transpose().map_err(Refusal::from)?;
    copies::let_in(copy, kept.or(told).as_ref(), (login, &password), rights::RESTORE, day)?;
    Ok(code)
}
