//! `find`: the search box of the screens.

use clap::Args;

use super::common::{CliError, Context};
use crate::desk::view_home::Opens;
use crate::desk::{rights, view_home};
use crate::store::search::Answer;
use crate::text::{safe, safe_json};

/// Hits shown when nothing else is asked for.
const LIMIT: usize = 20;

/// Arguments of `find`.
#[derive(Args)]
pub struct FindArgs {
    /// 户号、表号、电话、户名、首字母、地址、工单号或核对单号，次序不限
    #[arg(required = true, num_args = 1.., value_name = "QUERY")]
    query: Vec<String>,
    /// 最多几户
    #[arg(long, default_value_t = LIMIT)]
    limit: usize,
}

/// Finds accounts, best first.
pub fn run(context: &Context, args: &FindArgs) -> Result<u8, CliError> {
    let mut desk = context.open_to(rights::FIND)?;
    if args.limit > LIMIT {
        desk.note_access("find", &format!("查找，最多 {} 户", args.limit))?;
    }
    desk.db().refresh_search(|_| true)?;
    let owes = desk.look()?.owing()?;
    let found = view_home::find(&desk, &args.query.join(" "), args.limit, &owes)?;
    if context.json {
        let hits: Vec<serde_json::Value> = found
            .rows
            .iter()
            .map(|hit| {
                let mut found = match hit.opens {
                    Opens::Account => serde_json::json!({
                        "account": hit.no, "name": hit.name, "address": hit.address, "utility": hit.utility,
                        "class": hit.class, "state": hit.state, "owed": hit.owed,
                    }),
                    Opens::Order => serde_json::json!({ "order": hit.name, "about": hit.address, "state": hit.state }),
                    Opens::Receipt => serde_json::json!({ "receipt": hit.name, "about": hit.address }),
                };
                if hit.near {
                    found["near"] = true.into();
                }
                found
            })
            .collect();
        safe_json::print(&hits);
        return Ok(0);
    }
    for hit in &found.rows {
        let owed = hit.owed.grouped();
        let line = [&hit.no, &hit.name, &hit.address, &hit.class_word, hit.utility_word, &owed, &hit.state];
        let near = if hit.near { "  （相近，不是这个地址）" } else { "" };
        println!("{}{near}", line.map(|cell| safe::line(cell).into_owned()).join("  "));
    }
    match found.answer {
        Answer::Near if !found.rows.is_empty() => println!("没有这一户，相近的 {} 户", found.total),
        Answer::Accounts(accounts) => println!("{} 户，这一处有 {accounts} 个户号", found.total),
        Answer::Several => println!("{} 户，有几户都对得上", found.total),
        Answer::First | Answer::Near => println!("{} 户", found.total),
    }
    Ok(0)
}
