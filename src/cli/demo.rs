//! `demo`: a practice branch of realistic size in one go, and the screens on it.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::common::{CliError, Context};
use crate::desk::demo;
use crate::desk::staging::Staged;

/// Arguments of `demo`.
#[derive(Args)]
pub struct DemoArgs {
    /// 户数，最多 1400000
    #[arg(long, default_value_t = demo::ACCOUNTS, value_parser = clap::value_parser!(u64).range(1..=1_400_000))]
    accounts: u64,
    /// 种子：同一个种子做出同一个练习库
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 只做库，不打开屏幕
    #[arg(long)]
    no_ui: bool,
}

/// Makes the branch and opens it. Without `--db` it lies in the data folder, and one made before is gone on with.
pub fn run(context: &Context, args: &DemoArgs) -> Result<u8, CliError> {
    let path = place(context, args)?;
    let again = context.db.is_none() && path.exists();
    if !again {
        make(&path, args)?;
    }
    if args.no_ui {
        let word = if again { "已有" } else { "已做好" };
        println!("{word}练习库 {}：{} 户，种子 {}", path.display(), args.accounts, args.seed);
        return Ok(0);
    }
    let context =
        Context { db: Some(path), as_user: context.as_user.clone(), password_stdin: false, json: context.json };
    super::screens::run(&context)
}

fn place(context: &Context, args: &DemoArgs) -> Result<PathBuf, CliError> {
    if let Some(path) = &context.db {
        return Ok(path.clone());
    }
    let default = context.db_path()?;
    Ok(default.with_file_name(format!("demo-{}-{}.db", args.accounts, args.seed)))
}

/// Makes it under another name first, so that one cut short is never taken for whole.
fn make(path: &Path, args: &DemoArgs) -> Result<(), CliError> {
    let staged = Staged::begin(path)?;
    let bar = ProgressBar::new(args.accounts);
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len}") {
        bar.set_style(style);
    }
    let desk = demo::build(staged.part(), args.accounts, args.seed, &mut |stage, done, total| {
        bar.set_length(total);
        bar.set_position(done);
        if bar.message() != stage {
            bar.set_message(stage.to_owned());
        }
    });
    bar.finish_and_clear();
    drop(desk?);
    staged.finish()?;
    Ok(())
}
