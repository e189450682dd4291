//! The pages of 一户一档: which rows each has.

use chrono::NaiveDate;

use crate::desk::customer_view::timeline::{bill_state, source_word};
use crate::desk::customer_view::{AccountView, FieldLine};
use crate::desk::view_reading;
use crate::rules::money::{Fen, Milli};
use crate::tui::format::day;
use crate::tui::theme::Ink;
use crate::tui::widgets::table::{Column, Row, Table, Width};

/// One page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// 时间线
    Timeline,
    /// 账单
    Bills,
    /// 抄表
    Readings,
    /// 水表, 气表 …
    Meters,
    /// 工单
    Orders,
    /// 证件: the whole file.
    File,
}

impl Page {
    /// All, in the order of Tab.
    pub const ALL: &[Self] = &[Self::Timeline, Self::Bills, Self::Readings, Self::Meters, Self::Orders, Self::File];

    /// The name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeline => "时间线",
            Self::Bills => "账单",
            Self::Readings => "抄表",
            Self::Meters => "表",
            Self::Orders => "工单",
            Self::File => "证件档案",
        }
    }

    /// The page after this one, round.
    pub fn next(self) -> Self {
        self.turned(1)
    }

    /// The page before this one, round.
    pub fn before(self) -> Self {
        self.turned(Self::ALL.len() - 1)
    }

    fn turned(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|page| *page == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }

    /// The page's table.
    pub fn table(self) -> Table {
        let text = |title: &str, cells: u16| Column::text(title, Width::Cells(cells));
        let fill = |title: &str| Column::text(title, Width::Fill(12, 1));
        match self {
            Self::Timeline => {
                Table::new(vec![text("", 10), text("", 5), fill(""), text("", 8)]).when_empty("还没有凭单")
            }
            Self::Bills => Table::new(vec![
                text("账期", 8),
                Column::number("用量", 9),
                Column::number("应收", 12),
                Column::number("未付", 12),
                text("到期", 10),
                fill("状态"),
            ])
            .when_empty("还没有账单"),
            Self::Readings => Table::new(vec![
                text("日期", 10),
                Column::number("示数", 10),
                Column::number("量", 8),
                text("来源", 8),
                fill("备注"),
            ])
            .when_empty("还没有抄表"),
            Self::Meters => Table::new(vec![
                text("表号", 14),
                text("状态", 6),
                Column::number("底数", 8),
                Column::number("止码", 8),
                fill(""),
            ])
            .when_empty("没有表，报装后由装表工单登记"),
            Self::Orders => {
                Table::new(vec![text("工单", 14), text("类别", 12), text("状态", 8), text("受理", 10), fill("要求")])
                    .when_empty("没有工单，F6 受理业务")
            }
            Self::File => Table::new(vec![text("栏", 16), fill("在册"), text("", 10)]),
        }
    }

    /// How many rows.
    pub fn rows(self, view: &AccountView) -> usize {
        match self {
            Self::Timeline => view.timeline.len(),
            Self::Bills => view.bills.len(),
            Self::Readings => view.readings.len(),
            Self::Meters => view.meters.len(),
            Self::Orders => view.orders.len(),
            Self::File => view.fields.len(),
        }
    }

    /// One row.
    pub fn row(self, view: &AccountView, row: usize, today: NaiveDate) -> Option<Row> {
        match self {
            Self::Timeline => view.timeline.get(row).map(|line| {
                Row::new([day(line.day, today), line.time.clone()])
                    .cell(line.text.clone(), Ink::Text)
                    .cell(line.who.clone(), Ink::Faint)
            }),
            Self::Bills => view.bills.get(row).map(|bill| {
                let late = bill.unpaid > Fen::ZERO && bill.due < today;
                let state = bill_state(&bill.state);
                let state = if bill.note.is_empty() { state.to_owned() } else { format!("{state} {}", bill.note) };
                let estimated = if bill.estimated { " 估" } else { "" };
                Row::new([bill.cycle.clone(), bill.volume.grouped(), bill.amount.grouped()])
                    .cell(bill.unpaid.grouped(), if late { Ink::Look } else { Ink::Text })
                    .cell(day(bill.due, today), if late { Ink::Look } else { Ink::Text })
                    .cell(format!("{state}{estimated}"), Ink::Text)
            }),
            Self::Readings => view.readings.get(row).map(|reading| {
                let before = view.readings.get(row + 1).filter(|before| before.meter == reading.meter);
                let used = before.map(|before| Milli(reading.value.0 - before.value.0));
                let used = used.filter(|used| !used.is_negative()).map(Milli::grouped).unwrap_or_default();
                let mut remark = reading.remark.clone();
                for (is_so, word) in [(reading.estimated, "估抄"), (reading.rollover, "过零")] {
                    if is_so {
                        remark = format!("{word} {remark}");
                    }
                }
                let registers = view_reading::words(reading);
                if !registers.is_empty() {
                    remark = format!("{registers} {remark}");
                }
                if !reading.reader.is_empty() {
                    remark = format!("{} {remark}", reading.reader);
                }
                let source = source_word(&reading.source).to_owned();
                Row::new([day(reading.day, today), reading.value.grouped(), used, source, remark.trim().to_owned()])
            }),
            Self::Meters => view.meters.get(row).map(|meter| {
                let facts = meter.facts.iter().map(|(label, value)| format!("{label} {value}"));
                let removed = meter.removed.map(|removed| format!("拆 {}", day(removed, today)));
                let facts = facts.chain(removed).collect::<Vec<_>>().join("  ");
                let last = meter.last.map(Milli::grouped).unwrap_or_default();
                let shown = Row::new([meter.no.clone(), meter.state.clone(), meter.first.grouped(), last, facts]);
                if meter.disputed { shown.marked(Ink::Stop) } else { shown }
            }),
            Self::Orders => view.orders.get(row).map(|order| {
                let what = if order.category.is_empty() { &order.title } else { &order.category };
                let ink = if order.open { Ink::Look } else { Ink::Text };
                Row::new([order.id.to_string(), what.clone()])
                    .cell(order.state.clone(), ink)
                    .cell(day(order.day, today), Ink::Text)
                    .cell(order.wish.clone(), Ink::Text)
            }),
            Self::File => view.fields.get(row).map(field_row),
        }
    }
}

fn field_row(field: &FieldLine) -> Row {
    let changed = if field.changed > 0 { format!("改过 {} 次", field.changed) } else { String::new() };
    let (value, ink) = match (&field.value, field.unknown) {
        (Some(value), true) => (format!("{value} (不详)"), Ink::Look),
        (Some(value), false) => (value.clone(), Ink::Text),
        (None, _) => ("-".to_owned(), Ink::Faint),
    };
    Row::new([field.label.clone()]).cell(value, ink).cell(changed, Ink::Faint)
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn tab_goes_round_both_ways() {
        for page in Page::ALL {
            assert_eq!(page.next().before(), *page);
        }
        assert_eq!(Page::File.next(), Page::Timeline);
    }
}
