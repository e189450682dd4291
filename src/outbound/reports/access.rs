//! 查阅记录: who read or exported whole lists on this machine.

use chrono::NaiveDate;

use super::Report;
use crate::outbound::sheet::{Cell, Column, Sheet};
use crate::rules::reach::Reach;
use crate::store::{StoreError, Tx};

/// The report.
pub const REPORT: Report = Report {
    name: "access",
    title: "查阅记录",
    about: "谁在本机看过或导出过整张报表、名单、清单，做过备份",
    from_beginning: false,
    fill,
};

fn fill(tx: &Tx<'_>, _: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("at", "时间"),
        Column::new("user", "用户"),
        Column::new("name", "姓名"),
        Column::new("what", "命令"),
        Column::new("detail", "内容"),
    ];
    let mut sheet = REPORT.sheet(from, to, columns);
    for row in tx.accesses(from, to)? {
        let user = row.user.map(|id| tx.user(id)).transpose()?.flatten();
        let (login, name) = user.map_or_else(Default::default, |user| (user.login, user.name));
        sheet.rows.push(vec![
            Cell::text(row.at.replace('T', " ").chars().take(19).collect::<String>()),
            Cell::text(login),
            Cell::text(name),
            Cell::text(row.what),
            Cell::text(row.detail),
        ]);
    }
    Ok(sheet)
}
