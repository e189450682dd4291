//! `init`: the first-run ceremony.

use clap::Args;

use super::common::{CliError, Context, io};
use crate::book::clock::SystemClock;
use crate::desk::Desk;
use crate::desk::open::NewSite;
use crate::store::OpenOptions;

/// Arguments of `init`.
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
    /// 第一个管理员的登录名
    #[arg(long, default_value = "admin")]
    manager: String,
    /// 第一个管理员的姓名
    #[arg(long, default_value = "管理员")]
    manager_name: String,
}

/// Makes the database and its first manager; prints the recovery code once.
pub fn run(context: &Context, args: &InitArgs) -> Result<u8, CliError> {
    let path = context.db_path()?;
    if path.exists() {
        return Err(crate::store::StoreError::Exists(path).into());
    }
    let password = context.password("为管理员设一个密码 (至少 6 个字符)：")?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| io(&error))?;
    }
    let login = context.as_user.clone().unwrap_or_else(|| args.manager.clone());
    let new = NewSite {
        site: &args.site,
        name: &args.name,
        utility: &args.utility,
        head_office: args.head_office,
        practice: args.practice,
        login: &login,
        manager: &args.manager_name,
        password: &password,
    };
    let (mut desk, code) = Desk::create(&path, OpenOptions::default(), Box::new(SystemClock), &new)?;
    if args.practice {
        desk.sign_in_practice(&login)?;
        crate::desk::demo::seat_users(&mut desk)?;
    }
    if context.json {
        let line = serde_json::json!({ "ok": true, "db": path, "site": desk.site().as_str(), "manager": login, "recovery_code": code });
        println!("{line}");
    } else {
        println!("已新建 {}：网点 {} {}，管理员 {login}", path.display(), desk.site(), args.name);
        println!("恢复码 (请抄下锁好；密钥文件 {}.key 丢失时只有它能打开证件号码)：\n  {code}", path.display());
    }
    Ok(0)
}
