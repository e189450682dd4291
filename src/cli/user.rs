//! `user`: who may log in, and with which roles. Passwords never stand in an argument: `METERDESK_PASSWORD` (practice books;
//! on a real one that is the asking person's, and the new one is `METERDESK_NEW_PASSWORD`), `--password-stdin` (first line the
//! asking person's, next line the new one), or typed.

use clap::{Args, Subcommand};
use serde_json::json;

use super::common::{CliError, Context};
use crate::desk::rights;
use crate::desk::{Call, Desk};
use crate::text::{safe, safe_json};

/// Arguments of `user`.
#[derive(Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand)]
enum UserCommand {
    /// 列出用户和岗位
    List,
    /// 列出岗位和它们能办的业务
    Roles,
    /// 新增用户
    Add {
        /// 登录名
        login: String,
        /// 姓名
        #[arg(long)]
        name: String,
        /// 岗位代码，可重复
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
    },
    /// 授予或收回岗位
    Right {
        /// 登录名
        login: String,
        /// 岗位代码
        role: String,
        /// 首日
        #[arg(long)]
        from: Option<String>,
        /// 末日
        #[arg(long)]
        to: Option<String>,
        /// 收回
        #[arg(long, conflicts_with_all = ["from", "to"])]
        withdraw: bool,
    },
    /// 重置密码
    Reset {
        /// 登录名
        login: String,
    },
    /// 改自己的密码
    Password,
    /// 停用用户
    Close {
        /// 登录名
        login: String,
        /// 原因
        #[arg(long)]
        reason: String,
    },
}

/// Runs `user`.
pub fn run(context: &Context, args: &UserArgs) -> Result<u8, CliError> {
    match &args.command {
        UserCommand::List => list(context),
        UserCommand::Roles => roles(context),
        UserCommand::Add { login, name, roles } => {
            let mut desk = context.open_as()?;
            let password = new_password(context, &desk)?;
            let input = json!({ "login": login, "name": name, "roles": roles, "password": *password });
            perform(context, &mut desk, "user.add", &input, &format!("已新增用户 {login}"))
        }
        UserCommand::Right { login, role, from, to, withdraw } => {
            let input = json!({ "user": login, "role": role, "first_day": from, "last_day": to, "withdraw": withdraw });
            let done = if *withdraw { "已收回" } else { "已授予" };
            perform(context, &mut context.open_as()?, "user.right", &input, &format!("{done} {login} 的岗位 {role}"))
        }
        UserCommand::Reset { login } => {
            let mut desk = context.open_as()?;
            let password = new_password(context, &desk)?;
            let input = json!({ "user": login, "password": *password });
            perform(context, &mut desk, "user.reset", &input, &format!("已重置 {login} 的密码"))
        }
        UserCommand::Password => {
            let mut desk = context.open_as()?;
            let old = match desk.is_practice() {
                true => context.password("旧密码：")?,
                false => context.password("再输一次旧密码：")?,
            };
            let new = new_password(context, &desk)?;
            let input = json!({ "old": *old, "new": *new });
            perform(context, &mut desk, "user.password", &input, "密码已修改")
        }
        UserCommand::Close { login, reason } => {
            let input = json!({ "user": login, "reason": reason });
            perform(context, &mut context.open_as()?, "user.close", &input, &format!("已停用 {login}"))
        }
    }
}

fn perform(
    context: &Context,
    desk: &mut Desk,
    action: &str,
    input: &serde_json::Value,
    said: &str,
) -> Result<u8, CliError> {
    let done = desk.perform(action, &input.to_string(), Call::default())?;
    if context.json {
        let result: serde_json::Value = serde_json::from_str(&done.result).unwrap_or_default();
        safe_json::print(&json!({ "ok": true, "entry": done.entry, "result": result }));
    } else {
        println!("{}", safe::line(said));
    }
    Ok(0)
}

/// The password to be set, of somebody or of oneself.
fn new_password(context: &Context, desk: &Desk) -> Result<zeroize::Zeroizing<String>, CliError> {
    if let Ok(password) = std::env::var("METERDESK_NEW_PASSWORD") {
        return Ok(zeroize::Zeroizing::new(password));
    }
    if desk.is_practice() || context.password_stdin {
        return context.password("新密码 (至少 6 个字符)：");
    }
    let typed = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map(zeroize::Zeroizing::new)
            .map_err(|_| CliError::usage("没有终端可输密码；请用 METERDESK_NEW_PASSWORD 或 --password-stdin 的第二行"))
    };
    let first = typed("新密码 (至少 6 个字符)：")?;
    if *first != *typed("再输一次新密码：")? {
        return Err(CliError::usage("两次输入的新密码不同，请重来"));
    }
    Ok(first)
}

fn list(context: &Context) -> Result<u8, CliError> {
    let mut desk = context.open_to(rights::USERS)?;
    desk.note_access("user list", "用户名单")?;
    let rows = crate::desk::view_users::users(&desk)?;
    if context.json {
        safe_json::print(&json!(rows));
        return Ok(0);
    }
    for user in rows {
        let state = if user.active { "" } else { "  已停用" };
        println!("{:<12} {}{state}", safe::line(&user.handle), safe::line(&user.name));
        for role in user.roles {
            let at = if role.site.is_empty() { String::new() } else { format!("  在 {}", role.site) };
            println!("    {:<18} {}  {}{at}", role.code, role.name, role.span());
        }
    }
    Ok(0)
}

fn roles(context: &Context) -> Result<u8, CliError> {
    for role in rights::roles() {
        if context.json {
            println!(
                "{}",
                json!({ "code": role.code, "name": role.name, "rule": role.rule, "actions": role.actions, "limits": role.limits })
            );
        } else {
            println!("{:<18} {} ({})", role.code, role.name, role.rule);
            println!("    {}", role.actions.join(" "));
        }
    }
    Ok(0)
}
