//! What the money that a case leaves pays of the open bills, as the picture tells it.

use chrono::NaiveDate;

use super::ask::Meant;
use crate::derive::account::cover::Covers;
use crate::derive::request::AdjustmentEffect;
use crate::desk::refusal::Refusal;
use crate::desk::till::cover::{covered as after_covers, lay};
use crate::desk::till::due::{self, Due, late_fee_of};
use crate::desk::till::since::{self, Before};
use crate::rules::adjustment::picture::{Balance, BillPicture, Covered};
use crate::rules::customer::{PREPAID_SETTLES, prepaid_settles};
use crate::rules::money::Fen;
use crate::rules::part_payment::Earlier;
use crate::rules::tariff::PriceBook;
use crate::store::Tx;
use crate::store::tables::billing::{BalanceRow, BillRow};

/// The bills covered as of `day`; `after` becomes what is left then.
pub fn covered(
    tx: &Tx<'_>,
    book: &PriceBook,
    case: &Meant,
    day: NaiveDate,
    pictures: &[BillPicture],
    effect: &AdjustmentEffect,
    after: &mut Balance,
) -> Result<Vec<Covered>, Refusal> {
    let account = &case.account;
    let balance = BalanceRow { account: account.id, prepaid: after.prepaid, credit: after.credit };
    let lots = match prepaid_settles(&account.extra) {
        true => Before::of(tx, account.id, day)?.lots(tx, &balance, &[], day)?,
        false => since::all_since(&balance, day),
    };
    if lots.is_empty() || !settles(case, effect) {
        return Ok(Vec::new());
    }
    let mut dues = due::due(tx, book, account, day)?;
    dues.retain(|due| pictures.iter().all(|bill| bill.bill != due.bill.id));
    for bill in pictures {
        let Some(row) = tx.get::<BillRow>(&[&account.id, &bill.bill])? else { continue };
        let known = due::due_of(tx, book, account, row, day)?;
        let new = effect.replace.iter().find(|one| one.old == bill.bill).map(|one| &one.new);
        let tariff = new.map_or_else(|| known.bill.tariff.clone(), |new| new.tariff.clone());
        let (amount, unpaid) = (bill.new.amount, bill.new.amount - bill.new.paid);
        let row = BillRow { amount, unpaid, tariff, ..known.bill };
        let charged = known.earlier.charged + bill.waived - if new.is_some() { bill.refunded } else { Fen::ZERO };
        let earlier = Earlier { charged, ..known.earlier };
        let late = late_fee_of(book, account, &row, earlier, day);
        dues.push(Due { bill: row, earlier, late });
    }
    dues.sort_by(|one, other| {
        let key = |due: &Due| (due.bill.due, due.bill.cycle.clone(), due.bill.id);
        key(one).cmp(&key(other))
    });
    let Some(covers) = lay(book, account, &dues, &lots, day) else { return Ok(Vec::new()) };
    let from_prepaid = covers.total().min(after.prepaid.max(Fen::ZERO));
    after.prepaid -= from_prepaid;
    after.credit -= covers.total() - from_prepaid;
    for due in dues {
        let before = (due.bill.unpaid, due.fee());
        let now = after_covers(book, account, due, &covers, day);
        let fee = if now.bill.unpaid > Fen::ZERO { now.fee() } else { Fen::ZERO };
        after.owed -= before.0 - now.bill.unpaid;
        after.late_fee -= if before.0 > Fen::ZERO { before.1 - fee } else { Fen::ZERO };
    }
    Ok(by_bill(&covers))
}

/// Of a bill that money of several days pays the sum.
fn by_bill(covers: &Covers) -> Vec<Covered> {
    let mut bills: Vec<Covered> = Vec::new();
    for line in &covers.lines {
        match bills.iter_mut().find(|known| known.bill == line.bill) {
            Some(known) => {
                known.principal += line.principal;
                known.late_fee += line.late_fee;
            }
            None => bills.push(Covered {
                bill: line.bill,
                cycle: line.cycle.clone(),
                principal: line.principal,
                late_fee: line.late_fee,
            }),
        }
    }
    bills
}

/// The account's setting once the case has taken effect.
fn settles(case: &Meant, effect: &AdjustmentEffect) -> bool {
    let mut changes = effect.file.iter().flat_map(|file| &file.changes);
    match changes.rfind(|change| change.field == PREPAID_SETTLES) {
        Some(change) => change.value.as_deref() != Some("false"),
        None => prepaid_settles(&case.account.extra),
    }
}
