//! The running number that data programs write in front of a table: the first heading is empty (or `Unnamed: 0`), and under it stands
//! 0, 1, 2 … or 1, 2, 3 … down to the last row. A person passes over it; anything that is not exactly that is no such column.

use std::ops::ControlFlow;

use super::clean;
use super::headings::plain;
use super::layout::{Class, Layout};
use super::read::{BadFile, Row, SheetFacts, Source};
use crate::rules::fault::shown;

/// What such a column is called where a heading is needed.
pub const NAME: &str = "表内行号";
/// A single number is no sequence.
const FEWEST: u64 = 2;

/// Could the first column be one, by its heading?
fn may_be(layout: &Layout) -> bool {
    layout.headings.len() > 1
        && layout.class(0) == Class::Unread
        && matches!(plain(layout.heading(0)).as_str(), "" | "unnamed:0")
}

/// First and last number of the sequence in the first column of a sheet, looked at to its last row. Rows below the table may have none.
pub fn of(
    source: &Source,
    (name, facts): (&str, &SheetFacts),
    layout: &Layout,
    is_row: &dyn Fn(&Row) -> bool,
) -> Result<Option<(u64, u64)>, BadFile> {
    if !may_be(layout) {
        return Ok(None);
    }
    let (mut first, mut count, mut ended, mut fits) = (None::<u64>, 0u64, false, true);
    source.each_row_with(name, facts, &mut |row| {
        if !is_row(row) {
            return ControlFlow::Continue(());
        }
        let text = clean::text(row.get(0));
        let wanted = first.map(|first| first + count);
        let number = wanted.or(match &*text {
            "0" => Some(0),
            "1" => Some(1),
            _ => None,
        });
        match number {
            _ if text.is_empty() && first.is_some() => ended = true,
            Some(number) if !ended && *text == number.to_string() => {
                first.get_or_insert(number);
                count += 1;
            }
            _ => fits = false,
        }
        if fits { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(first.filter(|_| fits && count >= FEWEST).map(|first| (first, first + count - 1)))
}

/// What is said of it.
pub fn note((first, last): (u64, u64), heading: &str, sheet: &str) -> String {
    let place = if sheet.is_empty() { String::new() } else { format!("表“{}”", shown(sheet)) };
    let column = if heading.is_empty() { "没有表头，".to_owned() } else { format!("“{}”", shown(heading)) };
    format!("{place}第1列{column}从上到下是{first}到{last}的行号，是导出程序自己编的，不是数据，没有读")
}
