//! How the dispatch desk is drawn: its head, its rows, and what the row under the hand has no room for.

use super::list::List;
use crate::desk::view_orders::{DeskRow, STAGES};
use crate::store::query::order::Heaps;
use crate::tui::canvas::Canvas;
use crate::tui::safe;
use crate::tui::theme::Ink;
use crate::tui::widgets::table::{Column, Row, Width};

/// A wide window shows state and the step's limit too.
pub(super) const WIDE: u16 = 110;
/// Cells of a narrow window that the other columns take.
const OTHERS: u16 = 56;

/// The columns of a window.
pub(super) fn columns(wide: bool) -> Vec<Column> {
    let mut columns = vec![
        Column::text("", Width::Cells(3)),
        Column::number("剩余", 7),
        Column::text("工单", Width::Cells(12)),
        Column::text("类别", Width::Cells(8)),
        Column::text("地址", Width::Fill(14, 1)).keeping_end(),
        Column::text("师傅", Width::Cells(6)),
        Column::text("承诺", Width::Cells(if wide { 11 } else { 5 })),
    ];
    if wide {
        columns.insert(6, Column::text("状态", Width::Cells(6)));
        columns.push(Column::text("本环节", Width::Cells(16)));
    }
    columns
}

/// The heaps with their counts, and at the right what is ticked, picked or typed.
pub(super) fn head(canvas: &mut Canvas, list: &List, words: &[String]) {
    let Heaps { waiting, underway, paused, callback, overdue } = list.heaps;
    let mut x = 1;
    for (at, (stage, name)) in STAGES.iter().enumerate() {
        let count = match *stage {
            "waiting" => waiting,
            "underway" => underway,
            "callback" => callback,
            "paused" => paused,
            _ => waiting + underway + paused + callback,
        };
        let ink = if at == list.stage { Ink::Accent } else { Ink::Text };
        let (open, close) = if at == list.stage { ("<", ">") } else { ("", "") };
        x = canvas.text(x, 0, &format!("{open}{name} {count}{close}"), ink) + 2;
    }
    if overdue > 0 {
        x = canvas.text(x, 0, &format!("! 超时 {overdue}"), Ink::Stop) + 2;
    }
    let ink = if words.is_empty() { Ink::Faint } else { Ink::Accent };
    let right = if words.is_empty() { "按剩余时间".to_owned() } else { words.join("  ") };
    let cells = u16::try_from(safe::cells(&right)).unwrap_or(0);
    canvas.text(x.max(canvas.width().saturating_sub(cells + 1)), 0, &right, ink);
}

/// What the row has no room for.
pub(super) fn foot(canvas: &mut Canvas, y: u16, row: &DeskRow) {
    let mut x = canvas.text(1, y, &format!("{} {}", row.title, row.state), Ink::Strong) + 2;
    for word in [&row.urgency, &row.phone] {
        if !word.is_empty() {
            x = canvas.text(x, y, word, Ink::Text) + 2;
        }
    }
    if !row.step.is_empty() {
        canvas.text(x, y, &format!("本环节 {}", row.step), Ink::Faint);
    }
    canvas.text(1, y + 1, &row.wish, Ink::Faint);
}

/// One order.
pub(super) fn row(row: &DeskRow, ticked: bool, width: u16) -> Row {
    let wide = width >= WIDE;
    // Area and limit stand behind an address that leaves room for them.
    let room = usize::from(width.saturating_sub(if wide { 90 } else { OTHERS }));
    let whole = format!("{} {}", row.address, row.limit);
    let address = if safe::cells(&whole) <= room { whole.trim_end().to_owned() } else { row.address.clone() };
    let left = match (row.late, row.soon) {
        (true, _) => Ink::Stop,
        (false, true) => Ink::Look,
        _ => Ink::Text,
    };
    let made = Row::default()
        .cell(if ticked { "[x]" } else { "[ ]" }, Ink::Text)
        .cell(row.left.as_str(), left)
        .cell(row.id.to_string(), Ink::Text)
        .cell(row.category.as_str(), Ink::Text)
        .cell(address, Ink::Text)
        .cell(row.worker.as_str(), Ink::Text);
    let made = if wide { made.cell(row.state.as_str(), Ink::Text) } else { made };
    // A narrow window has room for the day alone; the time of another day stands in the wide one.
    let promise = if wide { row.promise.as_str() } else { row.promise.split(' ').next().unwrap_or_default() };
    let made = made.cell(promise, Ink::Text);
    let made = if wide { made.cell(row.step.as_str(), Ink::Faint) } else { made };
    match (row.late, row.soon) {
        (true, _) => made.marked(Ink::Stop),
        (false, true) => made.marked(Ink::Look),
        _ => made,
    }
}
