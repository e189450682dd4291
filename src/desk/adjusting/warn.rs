//! What the eye should fall on in a picture: bills that are rated again or not, readings that follow, money that becomes credit, a clock that runs on.

use super::ask::Meant;
use super::owner;
use crate::derive::account::bill::OPENING;
use crate::rules::adjustment::Change;
use crate::rules::adjustment::picture::{BillPicture, Covered, ReadingChange};
use crate::rules::money::Fen;
use crate::store::tables::billing::BillRow;
use crate::store::{StoreError, Tx};

/// The warnings of a case; `readings` are those of the readings that follow, `moved` the readings themselves.
pub fn warnings(
    tx: &Tx<'_>,
    case: &Meant,
    (pictures, moved): (&[BillPicture], &[ReadingChange]),
    covered: &[Covered],
    readings: Vec<String>,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.scan::<BillRow>(&[&case.account.id])?;
    let others: Vec<&BillRow> = rows.iter().filter(|row| is_living(row) && !case.bills.contains(&row.id)).collect();
    let mut warnings = readings;
    match &case.change {
        Change::Volume(_) | Change::VolumeAndReading { .. } => {
            let touched: Vec<&BillRow> =
                others.into_iter().filter(|row| pictures.iter().any(|bill| bill.bill == row.id)).collect();
            if !touched.is_empty() {
                warnings.push(format!("本年后来的账单 {} 随之重算阶梯", cycles(&touched)));
            }
        }
        Change::Price { from, .. } => {
            let since: Vec<&BillRow> = others.into_iter().filter(|row| row.last_day >= *from).collect();
            if !since.is_empty() {
                warnings.push(format!("生效日以来的账单 {} 没有列入，不重算", cycles(&since)));
            }
            let named = rows.iter().filter(|row| case.bills.contains(&row.id));
            let across: Vec<&BillRow> = named.filter(|row| row.first_day < *from).collect();
            if !across.is_empty() {
                warnings
                    .push(format!("账单 {} 跨过生效日：{from} 以前的天数仍按原价，从这天起按新价", cycles(&across)));
            }
            let billed = rows.iter().filter(|row| is_living(row)).map(|row| row.last_day).max();
            if let Some(billed) = billed.filter(|billed| billed.succ_opt().is_some_and(|next| next < *from)) {
                warnings.push(format!("{billed} 以后还没有出账，下一张账单 {from} 以前的天数按原价，从这天起按新价"));
            }
        }
        Change::LateFee { until: None, .. } => warnings.push("违约金照计，批准时减免到批准当天".to_owned()),
        Change::File(_) => warnings.push("只管以后的账单；已出的账单要改，另开申请".to_owned()),
        Change::LateFee { .. } => {}
    }
    let mut others_bills = Vec::new();
    for row in rows.iter().filter(|row| pictures.iter().any(|bill| bill.bill == row.id)) {
        let owner = owner::of_use(tx, &case.account, row.last_day)?;
        others_bills.extend(owner.map(|name| format!("{} ({name})", row.cycle)));
    }
    if !others_bills.is_empty() {
        let (bills, now) = (others_bills.join("、"), &case.account.name);
        warnings
            .push(format!("账单 {bills} 是过户前的：差额和余款都落在现户主 {now} 名下，请双方说清由谁承担 (R-078)"));
        // What the reading moves by, the next bill measures more or less.
        let of_them = |row: &&BillRow| case.bills.contains(&row.id);
        let named = rows.iter().filter(of_them).map(|row| owner::of_use(tx, &case.account, row.last_day));
        let named = named.collect::<Result<Vec<_>, _>>()?.into_iter().any(|name| name.is_some());
        if let Some(last) = moved.last().filter(|last| named && last.new != last.old) {
            let (word, by) =
                if last.new < last.old { ("多", last.old - last.new) } else { ("少", last.new - last.old) };
            warnings.push(format!(
                "示数随之改动，现户主 {now} 的下一张账单因此{word} {}：不该由现户主承担的，请在 reading 写明原来的示数 (R-078)",
                by.grouped()
            ));
        }
    }
    let over: Fen = pictures.iter().map(BillPicture::over).filter(|over| *over > Fen::ZERO).sum();
    if !covered.is_empty() {
        let sum: Fen = covered.iter().map(|line| line.principal + line.late_fee).sum();
        let cycles: Vec<&str> = covered.iter().map(|line| line.cycle.as_str()).collect();
        let cycles = cycles.join("、");
        let whence = match over > Fen::ZERO {
            true => format!("已收多出的 {} 元记为用户余款", over.grouped()),
            false => "账上有余款或预存".to_owned(),
        };
        warnings.push(format!("{whence}，批准后随即抵缴 {cycles} 账单 {} 元", sum.grouped()));
    } else if over > Fen::ZERO {
        warnings.push(format!("已收多出的 {} 元记为用户余款", over.grouped()));
    }
    Ok(warnings)
}

fn is_living(row: &BillRow) -> bool {
    matches!(row.state.as_str(), "open" | "paid") && row.kind != OPENING
}

fn cycles(rows: &[&BillRow]) -> String {
    rows.iter().map(|row| row.cycle.as_str()).collect::<Vec<_>>().join("、")
}
