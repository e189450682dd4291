//! 欠费清单: every unpaid bill that was due in the days asked for, in the order of the accounts; after them what is owed for
//! businesses (应收业务费, 押金) taken in on those days.

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
    about: "到期日在所选日期内、还没有缴清的账单 (滞纳金另计)，和这些天受理、还没有收的业务费",
    from_beginning: true,
    fill,
};

const BILL: &str = "账单";
const FEE: &str = "业务费";
const DEPOSIT: &str = "押金";

fn fill(tx: &Tx<'_>, reach: Reach, from: NaiveDate, to: NaiveDate) -> Result<Sheet, StoreError> {
    let columns = vec![
        Column::new("account", "户号"),
        Column::new("name", "户名"),
        Column::new("address", "地址"),
        Column::new("phone", "电话"),
        Column::new("kind", "类别"),
        Column::new("cycle", "账期或业务"),
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
                Cell::text(BILL),
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
    let (fees, sum) = businesses(tx, &mut sheet, reach, from, to)?;
    if fees > 0 {
        sheet.notes.push(format!("另有应收业务费 {fees} 笔 {}，从受理日算起", sum.grouped()));
    }
    sheet.notes.push(format!("共 {accounts} 户，逾期天数算到 {to}"));
    Ok(sheet)
}

/// The charges still owed; answers how many, and their sum.
fn businesses(
    tx: &Tx<'_>,
    sheet: &mut Sheet,
    reach: Reach,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<(usize, Fen), StoreError> {
    let charges = tx.charges_owed(reach, from, to)?;
    for charge in &charges {
        let account = charge.account.map(|account| tx.account(account)).transpose()?.flatten();
        let Some(order) = tx.order(charge.order_id)? else { continue };
        let (no, name) = account.map_or((String::new(), order.caller), |row| (row.no, row.name));
        sheet.rows.push(vec![
            Cell::text(no),
            Cell::text(name),
            Cell::text(order.address),
            Cell::text(order.phone),
            Cell::text(if charge.deposit { DEPOSIT } else { FEE }),
            Cell::text(format!("{} {}", charge.name, charge.order_id)),
            Cell::Empty,
            Cell::Day(charge.day),
            Cell::Money(charge.amount),
            Cell::Money(charge.owed),
            Cell::text(format!("{} 天", (to - charge.day).num_days().max(0))),
        ]);
    }
    Ok((charges.len(), charges.iter().map(|charge| charge.owed).sum()))
}
