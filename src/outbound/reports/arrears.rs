//! 欠费清单: every unpaid bill that was due in the days asked for, in the order of the accounts.

use chrono::NaiveDate;

use super::Report;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::money::Fen;
use crate::rules::reach::Reach;
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "arrears",
    title: "欠费清单",
    about: "到期日在所选日期内、还没有缴清的账单 (滞纳金另计)",
    from_beginning: true,
    fill,
};

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("account", "户号"),
        Column::new("name", "户名"),
        Column::new("address", "地址"),
        Column::new("phone", "电话"),
        Column::new("cycle", "账期"),
        Column::sum("volume", "用量"),
        Column::new("due", "到期日"),
        Column::sum("amount", "应收"),
        Column::sum("unpaid", "未缴"),
        Column::new("late", "逾期"),
    ];
    let mut sheet = REPORT.sheet(from, to, columns);
    let mut accounts = 0;
    tx.walk_unpaid(reach, |account, bills| {
        let due = bills.iter().filter(|bill| from <= bill.due && bill.due <= to && bill.unpaid > Fen::ZERO);
        let before = sheet.rows.len();
        for bill in due {
            sheet.rows.push(vec![
                Cell::text(&account.no),
                Cell::text(&account.name),
                Cell::text(&account.address),
                Cell::text(account.mobile.as_ref().or(account.phone.as_ref()).map_or("", String::as_str)),
                Cell::text(&bill.cycle),
                Cell::Quantity(bill.volume),
                Cell::Day(bill.due),
                Cell::Money(bill.amount),
                Cell::Money(bill.unpaid),
                Cell::text(format!("{} 天", (to - bill.due).num_days().max(0))),
            ]);
        }
        accounts += i64::from(sheet.rows.len() > before);
        Ok(())
    })?;
    sheet.notes.push(format!("共 {accounts} 户，逾期天数算到 {to}"));
    Ok(sheet)
}
