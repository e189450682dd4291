//! Lines under a table that are no rows: who made it and checked it, when it was printed, which page it is, what it remarks.

use super::totals::counted;
use crate::inbound::clean;
use crate::inbound::profile::{Class, Layout};
use crate::inbound::read::Row;
use crate::rules::numbers::narrow;

/// What people sign as, alone or with 人, 员, 签字 … behind it.
const SIGNED: [&str; 22] = [
    "制表", "填表", "制单", "填报", "统计", "审核", "复核", "审批", "批准", "核对", "校对", "抄表", "经办", "经手",
    "打印", "导出", "主管", "负责", "领导", "班组", "营业", "财务",
];
/// What stands behind such a word.
const ROLES: [&str; 17] = [
    "",
    "人",
    "员",
    "者",
    "长",
    "人员",
    "负责人",
    "主管",
    "人签字",
    "人签名",
    "签字",
    "签名",
    "签章",
    "日期",
    "时间",
    "单位",
    "部门",
];
/// The same in words of their own.
const ALONE: [&str; 22] = [
    "签字",
    "签名",
    "签章",
    "盖章",
    "公章",
    "单位盖章",
    "日期",
    "时间",
    "备注",
    "说明",
    "注",
    "附注",
    "单位",
    "单位负责人",
    "站长",
    "所长",
    "组长",
    "班长",
    "会计",
    "出纳",
    "联系人",
    "页码",
];
/// Whole lines.
const WHOLE: [&str; 4] = ["以下空白", "以下无正文", "本页无正文", "本页以下空白"];
/// Longest word before a colon.
const LONGEST: usize = 12;

/// Is this such a line? Its first cell says so, and it has no number where the file has some.
pub(super) fn is_aside(row: &Row, layout: &Layout, id: Option<usize>) -> bool {
    let Some(first) = (0..row.len()).find(|column| !row.get(*column).trim().is_empty()) else { return false };
    if !is_label(row.get(first)) {
        return false;
    }
    let has_number = |column: &usize| {
        let cell = row.get(*column);
        match layout.class(*column) {
            Class::Quantity | Class::Money => clean::quantity(cell).is_some() || clean::money(cell).is_some(),
            Class::Number | Class::Place | Class::Date | Class::Text | Class::Unread => {
                Some(*column) == id && *column != first && cell.bytes().any(|b| b.is_ascii_digit())
            }
        }
    };
    !(0..row.len()).any(|column| has_number(&column))
}

fn is_label(cell: &str) -> bool {
    if cell.is_ascii() {
        return false;
    }
    let plain: String = cell.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    if WHOLE.iter().any(|whole| plain.trim_matches(|c: char| !c.is_alphanumeric()) == *whole) || is_page(&plain) {
        return true;
    }
    let (word, colon) = plain.split_once(':').map_or((plain.as_str(), false), |(word, _)| (word, true));
    if word.chars().count() > LONGEST {
        return false;
    }
    // 单位（盖章）
    let word: String = word.chars().filter(|c| !matches!(c, '(' | ')')).collect();
    let signed = SIGNED.iter().filter_map(|known| word.strip_prefix(known));
    let role = |rest: &str| ROLES.contains(&rest) && (colon || !rest.is_empty());
    signed.into_iter().any(role) || colon && ALONE.contains(&word.as_str())
}

/// `第1页`, `第1页共3页`, `共3页`.
fn is_page(plain: &str) -> bool {
    let bare: String = plain.chars().filter(|c| !c.is_ascii_digit() && !matches!(c, '-' | '/' | ',' | '，')).collect();
    plain.bytes().any(|b| b.is_ascii_digit()) && matches!(bare.as_str(), "第页" | "共页" | "第页共页" | "第共页")
}

/// Is the first cell of a line a count of the rows above it: 共2户, 本册共 20 户, 总户数：2?
pub(super) fn is_count(cell: &str) -> bool {
    if cell.is_ascii() {
        return false;
    }
    let plain: String = cell.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let counts = ["共", "计", "户数", "合", "总"].iter().any(|word| plain.contains(word));
    counts && plain.chars().count() <= 2 * LONGEST && counted(cell).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_pages_and_remarks_are_known_and_customers_are_not() {
        for cell in [
            "制表人：王芳",
            "审核:",
            "制 表 人 ： 王芳",
            "抄表员：张三  审核：李四",
            "制表人",
            "单位（盖章）：",
            "打印时间：2026-10-21 08:00",
            "第1页 共3页",
            "共 3 页",
            "备注：门闭的下月补抄",
            "（以下空白）",
        ] {
            assert!(is_label(cell), "{cell}");
        }
        for cell in [
            "3100000001",
            "王芳",
            "统计",
            "审核局宿舍",
            "abc:",
            "",
            "日期",
            "备注",
            "第一页",
            "抄表",
            "营业部食堂",
            "时间就是金钱宾馆：1号",
        ] {
            assert!(!is_label(cell), "{cell}");
        }
        for cell in ["共2户", "共 2 户", "本册共20户", "总户数：2", "合计2户", "户数:2户"] {
            assert!(is_count(cell), "{cell}");
        }
        for cell in ["2户", "共2", "公共厕所", "共青团路2号", "3100000001"] {
            assert!(!is_count(cell), "{cell}");
        }
    }
}
