//! `recover`: a lost machine made anew from head office's copy, in two steps.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::common::{CliError, Context, io};
use super::copies;
use super::progress::Progress;
use crate::book::clock::SystemClock;
use crate::desk::recover::{self, Lost};
use crate::desk::refusal::Refusal;
use crate::exchange::card::MAX_CARD;
use crate::outbound::new_file;
use crate::text::safe;

/// What stands for the copy in what is said of the time after it.
const COPY: &str = "总部的包";

/// Arguments of `recover`.
#[derive(Args)]
pub struct RecoverArgs {
    /// 网点代码，如 B03
    #[arg(long)]
    site: String,
    /// 总部的名片文件
    #[arg(long)]
    card: PathBuf,
    /// 总部在电话里念的指纹
    #[arg(long)]
    fingerprint: String,
    /// 第一步：做好密钥和新名片，交总部登记
    #[arg(long, requires_all = ["name", "to"], conflicts_with = "from")]
    prepare: bool,
    /// 网点名称 (第一步)
    #[arg(long)]
    name: Option<String>,
    /// 行业：water gas power heat (第一步)
    #[arg(long, default_value = "water")]
    utility: String,
    /// 新名片写到哪个文件 (第一步)
    #[arg(long)]
    to: Option<PathBuf>,
    /// 名片文件已经在时覆盖它
    #[arg(long)]
    overwrite: bool,
    /// 从标准输入读恢复码，找回证件号的密钥 (第一步，.key 文件没有留下时)
    #[arg(long)]
    recovery_code: bool,
    /// 第二步：总部导出的全套交换包在哪个文件夹
    #[arg(long, required_unless_present = "prepare")]
    from: Option<PathBuf>,
}

/// Runs `recover`.
pub fn run(context: &Context, args: &RecoverArgs) -> Result<u8, CliError> {
    let office = recover::office_card(&read_card(&args.card)?, &args.fingerprint)?;
    let target = context.db_path()?;
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| io(&error))?;
    }
    let passphrase = std::env::var("METERDESK_PASSPHRASE").ok().map(zeroize::Zeroizing::new);
    let passphrase = passphrase.as_ref().map(|text| text.as_str());
    let lost = Lost { target: &target, site: &args.site, office: &office, passphrase };
    match (&args.name, &args.to, &args.from) {
        (Some(name), Some(to), None) => prepare(context, args, &lost, name, to),
        (_, _, Some(from)) => {
            copies::let_in_over(context, &target)?;
            rebuild(context, &lost, from)
        }
        _ => Err(CliError::usage("第一步要 --prepare --name --to，第二步要 --from")),
    }
}

fn prepare(context: &Context, args: &RecoverArgs, lost: &Lost<'_>, name: &str, to: &Path) -> Result<u8, CliError> {
    let code = args.recovery_code.then(recovery_code).transpose()?;
    let had_keys = crate::exchange::site_keys::path_of(lost.target).exists();
    let other_data_key = code.is_none() && !crate::book::seal::path_of(lost.target).exists();
    let (card, text) = recover::prepare(lost, name, &args.utility, code.as_ref().map(|code| code.as_str()))?;
    new_file::write(to, lost.target, args.overwrite, text.as_bytes())?;
    let fingerprint = card.keys.fingerprint();
    if context.json {
        let line = serde_json::json!({ "ok": true, "file": to, "site": args.site, "fingerprint": fingerprint });
        println!("{line}");
    } else if had_keys && !other_data_key {
        println!("沿用留下的网点密钥，名片写到 {}", to.display());
        println!("这副密钥的指纹：\n  {fingerprint}");
        println!(
            "总部登记过它、也没有停用过的，不用重新登记；还没有登记的 (密钥是上次 --prepare 新做的)，先请总部 site enrol 登记这张名片"
        );
        println!("请总部依次：收进本网点还没送出的交换包；exchange out --for {} --whole", args.site);
        println!("然后在这里用 recover --from 指明总部导出的文件夹");
    } else {
        println!("密钥已备好，新名片写到 {}", to.display());
        println!("指纹 (请在电话里念给总部，不要和文件一起送)：\n  {fingerprint}");
        println!(
            "请总部依次：收进本网点还没送出的交换包；site enrol 登记新名片 (片区、岗位、天数不给就不变)；exchange out --for {} --whole",
            args.site
        );
        if other_data_key {
            println!(
                "没有 .key 也没有恢复码：原来的密码在这里打不开了。请总部登记新名片以后、导出以前，给本网点管理员 user reset 用户名@{} 一个首次密码",
                args.site
            );
        }
        println!("然后在这里用 recover --from 指明总部导出的文件夹");
    }
    Ok(0)
}

fn rebuild(context: &Context, lost: &Lost<'_>, from: &Path) -> Result<u8, CliError> {
    let mut bar = Progress::new("重建");
    let progress = |done: i64, of: i64| bar.set(done.unsigned_abs(), of.unsigned_abs());
    let (_, done) = recover::recover(lost, from, Box::new(SystemClock), progress)?;
    drop(bar);
    if context.json {
        let line = serde_json::json!({
            "ok": true, "bundles": done.bundles, "entries": done.entries, "upto": done.upto, "epoch": done.epoch,
            "aside": done.aside, "refused": done.refused, "until": done.until,
        });
        let mut line = line;
        copies::say_since(&mut line, &done.since, COPY);
        copies::say_places(&mut line, &done.places);
        println!("{line}");
    } else {
        for (file, why) in &done.refused {
            println!("不收：{}  {}", safe::line(file), safe::line(why));
        }
        println!(
            "已从总部的 {} 个交换包重建：{} 张凭单，本网点记到 {}{}，以新的启用号 {} 继续",
            done.bundles,
            done.entries,
            done.upto,
            done.until.as_ref().map_or(String::new(), |until| format!(" ({until})")),
            done.epoch
        );
        done.since.sentences(COPY).iter().for_each(|said| println!("{said}"));
        done.places.sentences().iter().for_each(|said| println!("{said}"));
        if let Some(aside) = done.aside {
            println!("原来的数据库移到 {}，不要再打开它办业务", aside.display());
        }
    }
    Ok(u8::from(!done.refused.is_empty()))
}

/// A card from a file; anything longer is none.
fn read_card(path: &Path) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    crate::text::plain_file::open(path)
        .and_then(|file| file.take(MAX_CARD as u64 + 64).read_to_end(&mut bytes))
        .map_err(|error| Refusal::data(format!("读不了“{}”：{error}，请核对路径", path.display())))?;
    String::from_utf8(bytes).map_err(|_| Refusal::field("card", "card", "这个文件不是网点名片，请核对").into())
}

fn recovery_code() -> Result<zeroize::Zeroizing<String>, CliError> {
    let mut line = zeroize::Zeroizing::new(String::new());
    std::io::stdin().lock().take(4096).read_line(&mut line).map_err(|error| io(&error))?;
    Ok(line)
}
