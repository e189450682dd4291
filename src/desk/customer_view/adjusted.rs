//! Special handling in the timeline: asked, checked, decided, exceptions settled.

use crate::derive::exception::{ExceptionAssigned, ExceptionResolved};
use crate::derive::request::{AdjustmentChecked, AdjustmentDecided, AdjustmentRequested};
use crate::rules::money::Fen;

/// `特殊处理申请 V1 复表差异 2026-10 1,194.00 → 110.00 凭据 复表单 0817`.
pub fn asked(body: &AdjustmentRequested) -> String {
    let mut text = format!("特殊处理申请 {}", body.kind.title());
    for bill in &body.picture.bills {
        let given = bill.waived + bill.refunded;
        if given > Fen::ZERO && bill.new.amount == bill.old.amount {
            text += &format!(" {} 减免违约金 {}", bill.cycle, given.grouped());
        } else {
            text += &format!(" {} {} → {}", bill.cycle, bill.old.amount.grouped(), bill.new.amount.grouped());
        }
    }
    if let Some(price) = &body.picture.price {
        text += &format!(" 水价 {} → {}", price.old, price.new);
    }
    format!("{text} 凭据 {}", body.evidence)
}

/// `特殊处理 B03.1.23 复核通过`.
pub fn checked(body: &AdjustmentChecked) -> String {
    let word = if body.approve { "复核通过" } else { "复核退回" };
    format!("特殊处理 {} {word} {}", body.request, body.remark).trim_end().to_owned()
}

/// `特殊处理 B03.1.23 批准，新账单 110.00`.
pub fn decided(body: &AdjustmentDecided) -> String {
    let word = if body.approve { "批准" } else { "不同意" };
    let bills = body.effect.iter().flat_map(|effect| &effect.replace);
    let new: Vec<String> = bills.map(|one| one.new.amount.grouped()).collect();
    let new = if new.is_empty() { String::new() } else { format!("，新账单 {}", new.join("、")) };
    let follows = body.effect.iter().flat_map(|effect| &effect.readings);
    let readings: Vec<String> =
        follows.map(|one| format!("，{} 示数 {} → {}", one.day, one.seen.grouped(), one.value.grouped())).collect();
    format!("特殊处理 {} {word}{new}{} {}", body.request, readings.concat(), body.remark).trim_end().to_owned()
}

/// `疑问 YTEBBG2PC 指派 check`.
pub fn assigned(body: &ExceptionAssigned) -> String {
    format!("疑问 {} 指派 {}", body.place.code(), body.owner)
}

/// `疑问 YTEBBG2PC 裁定：保留先收的`.
pub fn resolved(body: &ExceptionResolved) -> String {
    format!("疑问 {} 裁定：{} ({})", body.place.code(), body.decision, body.reason)
}
