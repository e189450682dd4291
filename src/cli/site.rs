//! `site`: a branch and its head office come to know each other by a short file and a fingerprint read over the phone.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::common::{CliError, Context};
use crate::desk::refusal::Refusal;
use crate::desk::site::view::PeerView;
use crate::desk::{Call, Desk};
use crate::exchange::card::MAX_CARD;
use crate::outbound::new_file;
use crate::text::{safe, safe_json};

/// Arguments of `site`.
#[derive(Args)]
pub struct SiteArgs {
    #[command(subcommand)]
    command: SiteCommand,
}

#[derive(Subcommand)]
enum SiteCommand {
    /// 本网点的名片：写成文件交给对方，指纹在电话里念
    Card {
        /// 写到哪个文件
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// 文件已经在时覆盖它
        #[arg(long)]
        overwrite: bool,
    },
    /// 认定总部 (在网点做)
    Trust {
        /// 总部的名片文件
        card: PathBuf,
        /// 电话里念的指纹
        #[arg(long)]
        fingerprint: String,
    },
    /// 登记网点；换了机器、换了名片时重新登记，没给出的项不变 (在总部做)
    Enrol {
        /// 网点的名片文件
        card: PathBuf,
        /// 电话里念的指纹
        #[arg(long)]
        fingerprint: String,
        /// 片区：老区 (old) 或 新区 (new)，即户的“区域”，可重复；别的网点这些区域的户、账、工单也转给它。重新登记时不给则不变
        #[arg(long = "area", value_name = "老区|新区")]
        areas: Option<Vec<String>>,
        /// 该网点要知道全公司的全部。重新登记时不给则不变
        #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
        everything: Option<bool>,
        /// 该网点主任可以授予的岗位代码 (如 clerk)，可重复；一个也不给，它就不能添加人员。重新登记时不给则不变
        #[arg(long = "role", value_name = "ROLE")]
        roles: Option<Vec<String>>,
        /// 多少天没有总部消息就暂停审批，1 到 366。首次不给为 30；重新登记时不给则不变
        #[arg(long)]
        days: Option<i64>,
    },
    /// 改网点的片区、可授岗位、天数 (在总部做)；给出的项整项替换
    Amend {
        /// 网点代码
        code: String,
        /// 片区：老区 (old) 或 新区 (new)，即户的“区域”，可重复
        #[arg(long = "area", value_name = "老区|新区")]
        areas: Option<Vec<String>>,
        /// 是否要知道全公司的全部：true 或 false
        #[arg(long)]
        everything: Option<bool>,
        /// 它的主任可以授予的岗位代码，可重复
        #[arg(long = "role", value_name = "ROLE")]
        roles: Option<Vec<String>>,
        /// 多少天没有总部消息就暂停审批，1 到 366
        #[arg(long)]
        days: Option<i64>,
        /// 把该网点交给另一个总部：它的代码
        #[arg(long, value_name = "CODE")]
        hand_over: Option<String>,
    },
    /// 本网点与它的总部或网点
    List,
    /// 换本网点的密钥
    Rotate,
    /// 停用网点的密钥：先收进机器被盗以前送出的交换包，再停用；停用后都不收 (在总部做)
    Revoke {
        /// 网点代码
        code: String,
        /// 原因
        #[arg(long)]
        reason: String,
    },
    /// 解冻网点 (在总部做)
    Thaw {
        /// 网点代码
        code: String,
        /// 查明的情况
        #[arg(long)]
        reason: String,
    },
    /// 确认本机时钟
    Clock {
        /// 查明的情况
        #[arg(long)]
        reason: String,
    },
    /// 启用号用完后换了新代码：接下旧代码的账 (总部已登记新代码、停用旧代码，全部的账已收进)
    Succeed {
        /// 旧的网点代码
        code: String,
    },
    /// 给以前建的库生成网点密钥；--passphrase 给已有的密钥文件加口令或换口令
    Keys {
        /// 加口令或换口令：新口令键盘输入，或放在 METERDESK_NEW_PASSPHRASE (没有旧口令时 METERDESK_PASSPHRASE 也可)
        #[arg(long)]
        passphrase: bool,
    },
}

/// Runs `site`.
pub fn run(context: &Context, args: &SiteArgs) -> Result<u8, CliError> {
    match &args.command {
        SiteCommand::Card { to, overwrite } => card(context, to, *overwrite),
        SiteCommand::List => list(context),
        SiteCommand::Rotate => rotate(context),
        SiteCommand::Keys { passphrase } => keys(context, *passphrase),
        SiteCommand::Trust { card, fingerprint } => {
            let input = json!({ "card": read_card(card)?, "fingerprint": fingerprint });
            let mut desk = context.open_as()?;
            let done = perform(context, &mut desk, "site.trust", &input)?;
            say(context, &done, |result| {
                format!(
                    "已认定总部 {} {}；现在可以做本网点的名片 (site card) 交给总部登记",
                    text(result, "site"),
                    text(result, "name")
                )
            })
        }
        SiteCommand::Enrol { card, fingerprint, areas, everything, roles, days } => {
            let input = json!({
                "card": read_card(card)?, "fingerprint": fingerprint, "areas": areas, "everything": everything,
                "roles": roles, "good_for_days": days,
            });
            enrol(context, &input)
        }
        SiteCommand::Amend { code, areas, everything, roles, days, hand_over } => {
            let input = json!({
                "site": code, "areas": areas, "everything": everything, "roles": roles, "good_for_days": days,
                "hand_over": hand_over,
            });
            let done = perform(context, &mut context.open_as()?, "site.amend", &input)?;
            say(context, &done, |result| format!("已修改网点 {}{}", text(result, "site"), given(result)))
        }
        SiteCommand::Revoke { code, reason } => {
            let said = "已停用密钥，它签的交换包从此不收 (被盗以前送出、还没收进的，要先重新登记旧名片才能收)；网点";
            about(context, "site.revoke", &json!({ "site": code, "reason": reason }), said)
        }
        SiteCommand::Thaw { code, reason } => {
            about(context, "site.thaw", &json!({ "site": code, "reason": reason }), "已解冻网点")
        }
        SiteCommand::Succeed { code } => {
            let old = context.open_as()?.succeed(code)?;
            if context.json {
                safe_json::print(&json!({ "ok": true, "succeeds": old.as_str() }));
            } else {
                println!("已接下 {old} 的账：户、表、欠费、人员都在这里办理；{old} 的机器不要再用");
            }
            Ok(0)
        }
        SiteCommand::Clock { reason } => {
            let mut desk = context.open_as()?;
            let done = perform(context, &mut desk, "clock.confirm", &json!({ "reason": reason }))?;
            say(context, &done, |_| "已确认本机时钟".to_owned())
        }
    }
}

fn about(context: &Context, action: &str, input: &Value, said: &str) -> Result<u8, CliError> {
    let done = perform(context, &mut context.open_as()?, action, input)?;
    say(context, &done, |result| format!("{said} {}", text(result, "site")))
}

fn enrol(context: &Context, input: &Value) -> Result<u8, CliError> {
    let mut desk = context.open_as()?;
    let done = perform(context, &mut desk, "site.enrol", input)?;
    let unlocked = context.unlock(&desk);
    desk.take_over_data_keys()?;
    if let Err(error) = unlocked {
        eprintln!("注意：{}；该网点密封的号码要在解锁后才能打开", error.refusal.message());
    }
    say(context, &done, |result| {
        let word = if result["already"] == json!(true) {
            "早已用这张名片登记，没有改动：网点"
        } else {
            "已登记网点"
        };
        let mut line = format!("{word} {} {}{}", text(result, "site"), text(result, "name"), given(result));
        if result["roles"].as_array().is_some_and(Vec::is_empty) {
            line.push_str("；没有给可授岗位 (--role)，它的主任不能添加人员，可用 site amend 补上");
        }
        if result["data_key"] != json!(true) {
            line.push_str("；名片里没有数据密钥，请该网点先 site trust 本总部，再重做名片登记，否则打不开它密封的号码");
        }
        line
    })
}

/// What a branch was given, as a person reads it.
fn given(result: &Value) -> String {
    let roles: Vec<&str> = result["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let roles = if roles.is_empty() { "无".to_owned() } else { roles.join(" ") };
    let (areas, days) = (text(result, "areas_mean"), &result["good_for_days"]);
    format!("；片区 {areas}；可授岗位 {roles}；有效 {days} 天")
}

/// Performs and answers entry and result.
fn perform(_: &Context, desk: &mut Desk, action: &str, input: &Value) -> Result<Value, CliError> {
    let done = desk.perform(action, &input.to_string(), Call::default())?;
    let result: Value = serde_json::from_str(&done.result).unwrap_or_default();
    Ok(json!({ "ok": true, "entry": done.entry, "result": result }))
}

fn say(context: &Context, done: &Value, words: impl Fn(&Value) -> String) -> Result<u8, CliError> {
    if context.json {
        println!("{done}");
    } else {
        println!("{}", safe::line(&words(&done["result"])));
    }
    Ok(0)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// A card from a file; anything longer is none.
fn read_card(path: &Path) -> Result<String, CliError> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let limit = MAX_CARD as u64 + 64;
    crate::text::plain_file::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| Refusal::data(format!("读不了“{}”：{error}，请核对路径", path.display())))?;
    String::from_utf8(bytes).map_err(|_| Refusal::field("card", "card", "这个文件不是网点名片，请核对").into())
}

fn card(context: &Context, to: &Path, overwrite: bool) -> Result<u8, CliError> {
    let desk = context.open()?;
    context.unlock(&desk)?;
    let (card, body) = desk.site_card()?;
    new_file::write(to, desk.path(), overwrite, body.as_bytes())?;
    let fingerprint = card.keys.fingerprint();
    if context.json {
        let line = json!({
            "ok": true, "file": to, "site": card.code.as_str(), "fingerprint": fingerprint,
            "data_key": card.data_key.is_some(),
        });
        println!("{line}");
    } else {
        println!("名片已写到 {}：{} {}", to.display(), card.code, safe::line(&card.name));
        println!("指纹 (请在电话里念给对方，不要和文件一起送)：\n  {fingerprint}");
    }
    Ok(0)
}

fn rotate(context: &Context) -> Result<u8, CliError> {
    let mut desk = context.open_as()?;
    desk.rights()?.require("site.rotate")?;
    context.unlock(&desk)?;
    let keys = desk.rotate_site_keys()?;
    if context.json {
        safe_json::print(&json!({ "ok": true, "key": keys.name(), "fingerprint": keys.fingerprint() }));
    } else {
        println!("已换网点密钥；新指纹 {}", keys.fingerprint());
        println!("对方凭旧密钥的签名认得新密钥，不用重新登记；旧密钥若已泄露，请总部停用后重新登记");
    }
    Ok(0)
}

fn keys(context: &Context, passphrase: bool) -> Result<u8, CliError> {
    let mut desk = context.open_as()?;
    desk.rights()?.require("site.rotate")?;
    let is_there = desk.has_site_keys();
    if is_there && passphrase {
        let locked = desk.are_site_keys_locked();
        context.unlock(&desk)?;
        desk.seal_site_keys(&new_passphrase(locked)?)?;
        if context.json {
            safe_json::print(&json!({ "ok": true, "passphrase": true }));
        } else {
            println!(
                "网点密钥文件已加上口令；以后打开要 METERDESK_PASSPHRASE 或键盘输入，忘了口令只能另做密钥、请总部重新登记"
            );
        }
        return Ok(0);
    }
    let passphrase = match passphrase {
        false => None,
        true => Some(new_passphrase(false)?),
    };
    let keys = desk.make_site_keys(passphrase.as_deref().map(String::as_str))?.public();
    if context.json {
        safe_json::print(&json!({ "ok": true, "key": keys.name(), "fingerprint": keys.fingerprint() }));
    } else {
        println!("已生成网点密钥；指纹 {}", keys.fingerprint());
    }
    Ok(0)
}

/// The passphrase from now on; `locked`: the file has one, which `METERDESK_PASSPHRASE` is then.
fn new_passphrase(locked: bool) -> Result<zeroize::Zeroizing<String>, CliError> {
    let names: &[&str] = match locked {
        true => &["METERDESK_NEW_PASSPHRASE"],
        false => &["METERDESK_NEW_PASSPHRASE", "METERDESK_PASSPHRASE"],
    };
    let given = names.iter().find_map(|name| std::env::var(name).ok().map(zeroize::Zeroizing::new));
    if let Some(given) = given {
        if given.trim().is_empty() {
            return Err(CliError::usage("口令不能为空"));
        }
        return Ok(given);
    }
    let typed = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map(zeroize::Zeroizing::new)
            .map_err(|_| CliError::usage("没有终端可输口令；请用 METERDESK_NEW_PASSPHRASE"))
    };
    let first = typed("网点密钥的口令：")?;
    if *first != *typed("再输一次：")? {
        return Err(CliError::usage("两次输入的口令不同，请重来"));
    }
    if first.trim().is_empty() {
        return Err(CliError::usage("口令不能为空"));
    }
    Ok(first)
}

fn list(context: &Context) -> Result<u8, CliError> {
    let desk = context.open()?;
    // A list needs no keys; with a passphrase the own fingerprint is only left out.
    let company = desk.company()?;
    if context.json {
        safe_json::print(&json!(company));
        return Ok(0);
    }
    let own = &company.own;
    let role = if own.head_office { "总部" } else { "网点" };
    let practice = if own.practice { "，练习库" } else { "" };
    println!("本网点 {} {} ({role}{practice})", own.site, safe::line(&own.name));
    println!("    指纹 {}", own.fingerprint.as_deref().unwrap_or("(没有密钥或要口令)"));
    if let Some(day) = own.last_word {
        println!("    总部最近的消息 {day}{}", if own.stale { "，已过期，审批暂停" } else { "" });
    }
    for (is, word) in [(own.frozen, "总部已冻结本网点"), (own.revoked, "总部已停用本网点的密钥")] {
        if is {
            println!("    {word}");
        }
    }
    if let Some(off) = own.clock_ahead_ms {
        println!("    {}", clock(off));
    }
    company.peers.iter().for_each(print_peer);
    Ok(0)
}

fn print_peer(peer: &PeerView) {
    let role = if peer.head_office { "总部" } else { "网点" };
    let mut marks = Vec::new();
    for (is, word) in [(peer.revoked, "密钥已停用"), (peer.frozen, "已冻结")] {
        if is {
            marks.push(word);
        }
    }
    println!("{role} {} {}  {}", peer.site, safe::line(&peer.name), marks.join("，"));
    println!("    指纹 {}", peer.fingerprint);
    if peer.head_office {
        return;
    }
    println!("    片区 {}", safe::line(&peer.areas_mean));
    println!("    可授岗位 {}；有效 {} 天", peer.roles.join(" "), peer.good_for_days);
    if !peer.opens_sealed {
        println!("    打不开它密封的号码：没有它的数据密钥");
    }
    if let Some(off) = peer.clock_ahead_ms {
        println!("    {}", clock(off));
    }
}

fn clock(off: i64) -> String {
    let way = if off > 0 { "快" } else { "慢" };
    format!("时钟比总部{way} {} 分钟，等主任确认", off.unsigned_abs() / 60_000)
}
