//! `init`: the first-run ceremony.

use clap::Args;

use super::common::{CliError, Context};
use crate::book::clock::SystemClock;
use crate::desk::open::NewSite;
use crate::desk::staging::Staged;
use crate::desk::{Desk, practice};
use crate::store::OpenOptions;

/// Arguments of `init`. With `METERDESK_PASSPHRASE` the file of the site's keys is sealed under it.
#[derive(Args)]
pub struct InitArgs {
    /// 网点代码，如 B03
    #[arg(long)]
    site: String,
    /// 网点名称，如 城南营业所
    #[arg(long)]
    name: String,
    /// 行业：water gas power heat
    #[arg(long, default_value = "water")]
    utility: String,
    /// 本库是总部
    #[arg(long)]
    head_office: bool,
    /// 练习库，永久标记
    #[arg(long)]
    practice: bool,
    /// 第一个管理员的登录名 (练习库为 boss)
    #[arg(long)]
    manager: Option<String>,
    /// 第一个管理员的姓名
    #[arg(long)]
    manager_name: Option<String>,
}

/// Makes the database and its first manager, under another name until it is whole; prints the recovery code.
pub fn run(context: &Context, args: &InitArgs) -> Result<u8, CliError> {
    let path = context.db_path()?;
    let staged = Staged::begin(&path)?;
    let practice = args.practice;
    let password = if practice {
        practice::PASSWORD.to_owned().into()
    } else {
        context.password("为管理员设一个密码 (至少 6 个字符)：")?
    };
    let (login, manager) = if practice { practice::DIRECTOR } else { ("admin", "管理员") };
    let login = args.manager.as_deref().or(context.as_user.as_deref()).unwrap_or(login);
    let manager = args.manager_name.as_deref().unwrap_or(manager);
    let new = NewSite {
        site: &args.site,
        name: &args.name,
        utility: &args.utility,
        head_office: args.head_office,
        practice: args.practice,
        login,
        manager,
        password: &password,
    };
    let (mut desk, code) = Desk::create(staged.part(), OpenOptions::default(), Box::new(SystemClock), &new)?;
    if let Ok(passphrase) = std::env::var("METERDESK_PASSPHRASE").map(zeroize::Zeroizing::new)
        && !passphrase.trim().is_empty()
    {
        desk.seal_site_keys(&passphrase)?;
    }
    if practice {
        desk.add_practice_users()?;
    }
    let site = desk.site().clone();
    drop(desk);
    staged.finish()?;
    if context.json {
        let line = serde_json::json!({ "ok": true, "db": path, "site": site.as_str(), "manager": login, "recovery_code": code });
        println!("{line}");
    } else {
        println!("已新建 {}：网点 {site} {}，管理员 {login}", path.display(), args.name);
        println!("恢复码 (请抄下锁好；密钥文件 {}.key 丢失时只有它能打开证件号码)：\n  {code}", path.display());
        println!("抄好锁好后请运行 key confirm --reason 存放处；在那以前可用 key show --reason 原因 再看");
    }
    Ok(0)
}
