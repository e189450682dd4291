//! Numbers of 核对单: one series a site and life of its database, continuous, so a number is given once (I-9). The series holds
//! the site and the life: two sites never print one number, and after a restore a new life begins a new series, so numbers of
//! lost entries are never given again. The counter stands in a setting too, because rows of a shift that waits for an upgrade
//! are not derived.

use crate::rules::id::{Id, Site};
use crate::store::tables::till::receipt;
use crate::store::{StoreError, Tx};

/// The series of an entry's site: `B03-1`.
pub fn series(next: Id) -> String {
    format!("{}-{}", next.site(), next.epoch())
}

/// The number the next receipt of this site gets: `B03-1-000815`.
pub fn next_receipt(tx: &Tx<'_>, next: Id) -> Result<String, StoreError> {
    let series = series(next);
    Ok(receipt(&series, drawn(tx, &series)?))
}

/// Gives the next number: it is gone with this transaction's commit, whatever becomes of the entry's rows.
pub fn give_receipt(tx: &Tx<'_>, next: Id) -> Result<String, StoreError> {
    let series = series(next);
    let serial = drawn(tx, &series)?;
    tx.set_setting(&setting(&series), &serial.to_string())?;
    Ok(receipt(&series, serial))
}

/// The last number given in a series, as the tills or the counter know it; a number that cannot be counts for none.
pub(in crate::desk) fn last(tx: &Tx<'_>, series: &str) -> Result<i64, StoreError> {
    let most = most(tx, series)?;
    let counted = tx.setting(&setting(series))?.and_then(|text| text.parse().ok());
    Ok([counted, Some(tx.last_receipt(series)?)]
        .into_iter()
        .flatten()
        .filter(|last| (0..=most).contains(last))
        .max()
        .unwrap_or(0))
}

/// The next number, where what is counted can be.
fn drawn(tx: &Tx<'_>, series: &str) -> Result<i64, StoreError> {
    match fault(tx, series)? {
        Some(why) => Err(StoreError::Corrupt(why)),
        None => Ok(last(tx, series)? + 1),
    }
}

/// How many receipts a life can have given: each stands in an entry of it, or of its other branch.
fn most(tx: &Tx<'_>, series: &str) -> Result<i64, StoreError> {
    let life = series.rsplit_once('-').and_then(|(site, epoch)| Some((Site::parse(site).ok()?, epoch.parse().ok()?)));
    let chain = life.and_then(|(site, epoch)| Id::new(&site, epoch, 0, 0));
    let Some(chain) = chain else { return Ok(0) };
    let entries = |chain: Id| -> Result<i64, StoreError> { Ok(tx.chain_last(chain)?.map_or(0, |last| last.seq())) };
    Ok(entries(chain)? + entries(chain.twin())?)
}

/// What is wrong with the counter of a series: no number, below zero, or more receipts than entries.
pub(in crate::desk) fn fault(tx: &Tx<'_>, series: &str) -> Result<Option<String>, StoreError> {
    let (counted, given, most) = (tx.setting(&setting(series))?, tx.last_receipt(series)?, most(tx, series)?);
    let sound = |last: i64| (0..=most).contains(&last);
    if counted.as_ref().is_none_or(|text| text.parse().is_ok_and(sound)) && sound(given) {
        return Ok(None);
    }
    let counted = counted.unwrap_or_default();
    Ok(Some(format!(
        "收据号 {series} 的计数是“{counted}”，不会是真的 (这一启用号只有 {most} 张凭单)：有人用别的工具改过数据库，没有出收据；\
         请从备份恢复 (restore)，以新的启用号继续"
    )))
}

/// Numbers of a series that were passed over, as the counter says and the tills do not: first and last. Not told while entries wait.
pub(in crate::desk) fn skipped(tx: &Tx<'_>, series: &str) -> Result<Option<(String, String)>, StoreError> {
    let (given, counted) = (tx.last_receipt(series)?, last(tx, series)?);
    let told = counted > given && !tx.has_rows("d_hold")?;
    Ok(told.then(|| (receipt(series, given + 1), receipt(series, counted))))
}

fn setting(series: &str) -> String {
    crate::book::mark::receipts_setting(series)
}
