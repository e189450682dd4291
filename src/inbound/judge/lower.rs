//! Why a reading may be below the last one: a sentence for the person who must decide.

use crate::inbound::on_file::{FileAccount, OnFile};
use crate::inbound::rows::ReadingRow;
use crate::rules::reading_use::whole;

/// The likeliest cause: a swap that waits, a remote module that began again, a lost last digit; else what to look for.
pub(super) fn cause_of_low(
    this: i64,
    older: &[ReadingRow],
    account: &FileAccount,
    factor: u32,
    on_file: &dyn OnFile,
) -> String {
    let last = account.last.unwrap_or(0);
    let base = format!("示数{this}低于上次{last}");
    if let Some(swap) = on_file.pending_swap(account.slot) {
        let used = swap.final_value - last + this - swap.first_value;
        if used >= 0 {
            return format!(
                "{base}：{}有拆换单（旧表止码{}，新表起码{}），先入账拆换单，入账后用量为{used}",
                swap.date, swap.final_value, swap.first_value
            );
        }
    }
    if let Some(before) = older.iter().rev().find(|row| whole(row.value) >= last.max(this + 1)) {
        let (at, value) = (before.at.format("%m-%d %H:%M"), whole(before.value));
        return format!("{base}：同表{at}还是{value}，像是远传模块清零重计，请现场核对机械示数");
    }
    if lost_last_digit(this, last, account, factor) {
        return format!("{base}：像是漏录了末位数字，请退回抄表员核对");
    }
    format!("{base}：请退回抄表员复抄；如换过表，先录入拆换单")
}

/// Would one more digit make an ordinary reading of it?
fn lost_last_digit(this: i64, last: i64, account: &FileAccount, factor: u32) -> bool {
    (0..10).any(|digit| u64::try_from(this * 10 + digit - last).is_ok_and(|used| account.average.covers(used, factor)))
}
