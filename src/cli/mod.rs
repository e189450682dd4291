//! The command line, one file a command. Everything the screens do, `do` can do, through the same functions.

mod about;
mod bill;
mod check;
mod common;
mod copies;
mod demo;
mod do_;
mod exchange;
mod find;
mod fixes;
mod import;
mod init;
mod key;
mod progress;
mod quote;
mod recover;
mod report;
mod screens;
mod show;
mod site;
mod slip;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use common::{CliError, Context};

/// meterdesk: 水气电营业网点的柜台、电话与数据室
#[derive(Parser)]
#[command(name = "meterdesk", version)]
pub struct Args {
    /// 数据库文件
    #[arg(long, global = true, env = "METERDESK_DB")]
    db: Option<PathBuf>,
    /// 以哪个用户的身份
    #[arg(long = "as", global = true, value_name = "USER")]
    as_user: Option<String>,
    /// 从标准输入第一行读密码
    #[arg(long, global = true)]
    password_stdin: bool,
    /// 输出 JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// 新建网点的数据库和第一个管理员；设了 METERDESK_PASSPHRASE 则网点密钥文件加此口令
    Init(init::InitArgs),
    /// 做一个练习库并打开
    Demo(demo::DemoArgs),
    /// 办一项业务 (JSON)，与屏幕上完全一样
    Do(do_::DoArgs),
    /// 导入文件：好的行收下，其余留在待改清单，各有原因
    Import(import::ImportArgs),
    /// 试算：费用、滞纳金、承诺日期、号码；每行一个 JSON，不需要数据库
    Quote(quote::QuoteArgs),
    /// 查找：户号、表号、电话、户名、首字母、地址、工单号、核对单号
    Find(find::FindArgs),
    /// 出报表
    Report(report::ReportArgs),
    /// 重印核对单
    Slip(slip::SlipArgs),
    /// 核对单送到哪里打印
    Printer(slip::PrinterArgs),
    /// 显示一条记录的全部
    Show(show::ShowArgs),
    /// 用户与岗位
    User(user::UserArgs),
    /// 密钥文件
    Key(key::KeyArgs),
    /// 总部与网点：名片、认定、登记、密钥
    Site(site::SiteArgs),
    /// 出账
    Bill(bill::BillArgs),
    /// 交换：导出、收进、状况；密钥文件有口令时要 METERDESK_PASSPHRASE。另一个交换正在进行时退出码 5
    Exchange(exchange::ExchangeArgs),
    /// 核对日记账与账目
    Verify(check::VerifyArgs),
    /// 从日记账重新记账
    Rebuild,
    /// 备份，并核对备份
    Backup(copies::BackupArgs),
    /// 从备份恢复，以新的启用号继续
    Restore(copies::RestoreArgs),
    /// 机器丢失后，从总部的全套交换包重建
    Recover(recover::RecoverArgs),
    /// 输出 shell 的补全脚本
    Completions(about::CompletionsArgs),
    /// 输出手册页
    Man,
}

/// Reads the arguments and runs the command. The exit code is as the contract says: 0 done, 1 refused, 2 usage, 3 data, 4
/// permission, 5 another exchange is running.
pub fn run() -> ExitCode {
    common::end_quietly_when_nobody_reads();
    let args = Args::parse();
    let context = Context { db: args.db, as_user: args.as_user, password_stdin: args.password_stdin, json: args.json };
    let outcome = match args.command {
        None => screens::run(&context),
        Some(Command::Init(args)) => init::run(&context, &args),
        Some(Command::Demo(args)) => demo::run(&context, &args),
        Some(Command::Do(args)) => do_::run(&context, &args),
        Some(Command::Import(args)) => import::run(&context, &args),
        Some(Command::Quote(args)) => quote::run(&context, &args),
        Some(Command::Report(args)) => report::run(&context, &args),
        Some(Command::Slip(args)) => slip::run(&context, &args),
        Some(Command::Printer(args)) => slip::printer(&context, &args),
        Some(Command::Find(args)) => find::run(&context, &args),
        Some(Command::Show(args)) => show::run(&context, &args),
        Some(Command::User(args)) => user::run(&context, &args),
        Some(Command::Key(args)) => key::run(&context, &args),
        Some(Command::Site(args)) => site::run(&context, &args),
        Some(Command::Bill(args)) => bill::run(&context, &args),
        Some(Command::Exchange(args)) => exchange::run(&context, &args),
        Some(Command::Verify(args)) => check::verify(&context, &args),
        Some(Command::Backup(args)) => copies::backup(&context, &args),
        Some(Command::Recover(args)) => recover::run(&context, &args),
        Some(Command::Restore(args)) => copies::restore(&context, &args),
        Some(Command::Completions(args)) => about::completions(<Args as clap::CommandFactory>::command(), &args),
        Some(Command::Man) => about::man(<Args as clap::CommandFactory>::command()),
        Some(Command::Rebuild) => check::rebuild(&context),
    };
    // What the desk that was just closed could not write to the second place; the work itself is done.
    if let Some(word) = crate::desk::tail::last_word() {
        eprintln!("注意：{}", crate::text::safe::line(&word));
    }
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) if error.code == 0 => ExitCode::SUCCESS,
        Err(error) => {
            error.print(context.json);
            ExitCode::from(error.code)
        }
    }
}
