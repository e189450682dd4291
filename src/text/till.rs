//! The till's words: lines to say, names of what is paid for.

use crate::rules::money::Fen;

/// 收您××元，找您××元，请清点；请核对收好.
pub fn say_cash(tendered: Fen, change: Fen) -> String {
    if change == Fen::ZERO {
        return format!("收您 {tendered} 元，请核对收好");
    }
    format!("收您 {tendered} 元，找您 {change} 元，请清点。请核对收好")
}

/// Money by card or transfer.
pub fn say_other(method: &str, amount: Fen) -> String {
    format!("{method}收您 {amount} 元，请核对收好")
}

/// Paid from prepaid.
pub fn say_prepaid(amount: Fen) -> String {
    format!("从预存扣 {amount} 元，请核对收好")
}

/// Money given back.
pub fn say_back(method: &str, amount: Fen) -> String {
    if method == "现金" { format!("退您 {amount} 元，请清点") } else { format!("{amount} 元按原路退回") }
}

/// What a bill of a utility is paid as on slips and reports: 水费, 气费, 电费, 热费.
pub fn item_of(utility: &str) -> &'static str {
    match utility {
        "gas" => "气费",
        "power" => "电费",
        "heat" => "热费",
        _ => "水费",
    }
}

/// Any other service fee: what it is for is said.
pub const OTHER: &str = "其他";

/// Service fees taken by themselves at the counter (§1.3.1, §1.3.3); one that the catalogue has is owed by its business.
pub const FEES: &[&str] = &["补卡费", "报装费", "改装费", "IC卡安装费", "启封费", "封表费", "校表费", OTHER];
