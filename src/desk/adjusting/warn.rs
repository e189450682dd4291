//! What the eye should fall on in a picture: bills that are not rated again, money that becomes credit, a clock that runs on.

use chrono::Datelike;

use super::ask::Meant;
use crate::derive::account::bill::OPENING;
use crate::desk::billing::body;
use crate::rules::adjustment::picture::BillPicture;
use crate::rules::adjustment::{Change, Kind};
use crate::rules::money::Fen;
use crate::store::tables::billing::BillRow;
use crate::store::{StoreError, Tx};

/// The warnings of a case.
pub fn warnings(tx: &Tx<'_>, case: &Meant, pictures: &[BillPicture]) -> Result<Vec<String>, StoreError> {
    let rows = tx.scan::<BillRow>(&[&case.account.id])?;
    let (named, others): (Vec<&BillRow>, Vec<&BillRow>) =
        rows.iter().filter(|row| is_living(row)).partition(|row| case.bills.contains(&row.id));
    let mut warnings = Vec::new();
    match &case.change {
        Change::Volume(_) => {
            let first = named.iter().map(|row| row.last_day).min();
            let follows =
                |row: &&BillRow| first.is_some_and(|day| row.first_day > day && row.first_day.year() == day.year());
            let later: Vec<&BillRow> = others.into_iter().filter(follows).collect();
            if !later.is_empty() {
                warnings.push(format!("本年后来的账单 {} 没有列入，阶梯不随之重算", cycles(&later)));
            }
            if case.kind == Kind::V1 {
                warnings.extend(right_reading(tx, pictures)?);
            }
        }
        Change::Price { from, .. } => {
            let since: Vec<&BillRow> = others.into_iter().filter(|row| row.last_day >= *from).collect();
            if !since.is_empty() {
                warnings.push(format!("生效日以来的账单 {} 没有列入，不重算", cycles(&since)));
            }
        }
        Change::LateFee { until: None, .. } => warnings.push("违约金照计，批准时减免到批准当天".to_owned()),
        Change::LateFee { .. } => {}
    }
    let over: Fen = pictures.iter().map(BillPicture::over).filter(|over| *over > Fen::ZERO).sum();
    if over > Fen::ZERO {
        warnings.push(format!("已收多出的 {} 元记为用户余款", over.grouped()));
    }
    Ok(warnings)
}

/// The reading a re-read bill rested on has to follow the bill, or the next one would be measured from the wrong value.
fn right_reading(tx: &Tx<'_>, pictures: &[BillPicture]) -> Result<Option<String>, StoreError> {
    let Some(last) = pictures.last() else { return Ok(None) };
    let Some(issued) = body::issued(tx, last.bill)?.filter(|bill| bill.to - bill.from == bill.volume) else {
        return Ok(None);
    };
    let right = issued.from + last.new.volume;
    Ok(Some(format!("批准后请把 {} 的示数 {} 更正为 {}", issued.last_day, issued.to.grouped(), right.grouped())))
}

fn is_living(row: &BillRow) -> bool {
    matches!(row.state.as_str(), "open" | "paid") && row.kind != OPENING
}

fn cycles(rows: &[&BillRow]) -> String {
    rows.iter().map(|row| row.cycle.as_str()).collect::<Vec<_>>().join("、")
}
