//! What a reading is asked before it stands, a new one and one that is put right alike: does it fit on the dial, does it lie above the
//! reading before, is its use many times the average? One that is put right must also lie below what was read behind it.

use chrono::NaiveDate;

use super::billing::Ledger;
use super::reading_enter::Input;
use super::refusal::Refusal;
use crate::rules::billing::{Mark, MarkKind};
use crate::rules::money::Milli;
use crate::rules::reading_use::{self, Before, Use, whole};
use crate::rules::sealed_use;
use crate::store::tables::account::{MeterRow, ReadingRow};

/// How many times the average is a large use.
pub const HIGH_USE_FACTOR: u32 = 3;

/// Use as judged.
pub(super) struct Judged {
    /// Whole units.
    pub(super) units: i64,
    /// The counter passed zero.
    pub(super) rollover: bool,
    /// The meter should have stood still.
    pub(super) sealed: bool,
}

/// What is said of a value.
#[derive(Clone, Copy)]
pub(super) struct Told {
    /// 示数.
    pub(super) value: Milli,
    /// The counter passed zero.
    pub(super) rollover: bool,
    /// A large use is right, or nobody went there.
    pub(super) confirm: bool,
}

/// A new reading.
pub(super) fn judge(input: &Input, day: NaiveDate, ledger: &Ledger, meter: &MeterRow) -> Result<Judged, Refusal> {
    check_dial(input.value, meter)?;
    let last = ledger.last_mark();
    // The mark a swap leaves is no walk: the new meter may be read on the day it was fitted.
    let walked = |last: &&Mark| last.kind != MarkKind::Swap && last.id.0 > 0 && last.meter == meter.id;
    if let Some(last) = last.filter(|last| day < last.day || (day == last.day && walked(last))) {
        let message = format!("上次抄表是 {}，日期须在其后；原读数有误请用更正", last.day);
        return Err(Refusal::field("R-232", "date", message));
    }
    let from = last.filter(|last| last.meter == meter.id).map_or(meter.first, |last| last.value);
    let told = Told { value: input.value, rollover: input.rollover, confirm: input.confirm };
    let (units, rollover) = judge_use(told, input.estimated, from, ledger, meter)?;
    let sealed = units > 0 && sealed_use::stands_still(&meter.state, meter.shut.is_some());
    if sealed && input.sealed.is_none() {
        return Err(Refusal::field("A-05", "sealed", sealed_use::question(&meter.state, units)));
    }
    Ok(Judged { units, rollover, sealed })
}

/// A reading on file that is put right: where it stands between the one before and the one behind. What a sealed meter gave holds
/// its bill. Answers whether the counter passed zero before it.
pub(super) fn judge_corrected(
    told: Told,
    found: &ReadingRow,
    ledger: &Ledger,
    meter: &MeterRow,
) -> Result<bool, Refusal> {
    check_dial(told.value, meter)?;
    let own = || ledger.marks.iter().filter(|mark| mark.meter == meter.id);
    let before = own().rev().find(|mark| mark.day < found.day);
    let from = before.map_or(meter.first, |mark| mark.value);
    let (_, rollover) = judge_use(told, found.estimated, from, ledger, meter)?;
    let above = |value: Milli, turned: bool| !turned && whole(value) < whole(told.value);
    if let Some(next) = own().find(|mark| mark.day > found.day) {
        if above(next.value, next.rollover) {
            let message = format!("高于其后 {} 的示数 {}，那一个也抄错的请先更正那一个", next.day, whole(next.value));
            return Err(Refusal::field("R-232", "value", message));
        }
        return Ok(rollover);
    }
    let swap = |mark: &&Mark| mark.kind == MarkKind::Swap && meter.replaced_by == Some(mark.meter);
    let turned = ledger.marks.iter().find(swap).is_some_and(|mark| mark.rollover);
    match meter.last.filter(|last| above(*last, turned)) {
        Some(last) => {
            let message = format!("高于拆换单的旧表止码 {}，请复查读数和拆换单", whole(last));
            Err(Refusal::field("R-232", "value", message))
        }
        None => Ok(rollover),
    }
}

fn check_dial(value: Milli, meter: &MeterRow) -> Result<(), Refusal> {
    match dial_of(meter).filter(|size| whole(value) >= *size) {
        Some(_) => Err(Refusal::field("R-230", "value", format!("示数超过 {} 位表盘，请核对", meter.dial))),
        None => Ok(()),
    }
}

fn dial_of(meter: &MeterRow) -> Option<i64> {
    reading_use::dial(u8::try_from(meter.dial).unwrap_or(0))
}

/// Use since `from` and whether the counter passed zero, or what must be looked at first.
fn judge_use(
    told: Told,
    estimated: bool,
    from: Milli,
    ledger: &Ledger,
    meter: &MeterRow,
) -> Result<(i64, bool), Refusal> {
    let this = whole(told.value);
    let dial_digits = u8::try_from(meter.dial).unwrap_or(0);
    let before = Before { last: whole(from), dial_digits, average: ledger.average() };
    match reading_use::judge(this, before, HIGH_USE_FACTOR) {
        Use::Ordinary(units) => Ok((units as i64, false)),
        Use::Zero => Ok((0, false)),
        Use::High(units) if told.confirm || estimated => Ok((units as i64, false)),
        Use::High(units) => {
            let message = format!(
                "本次用量 {} 超过平均 {} 的 {HIGH_USE_FACTOR} 倍，请核对后确认",
                Milli::whole(units as i64).grouped(),
                before.average.text()
            );
            Err(Refusal::field("R-230", "value", message))
        }
        Use::Rollover(units) if told.rollover => Ok((units as i64, true)),
        Use::Rollover(units) => {
            let message = format!("低于上次示数 {}，如表已走过一圈 (用量 {units})，请确认过零", before.last);
            Err(Refusal::field("R-230", "rollover", message))
        }
        Use::Lower => match dial_of(meter).filter(|_| told.rollover && told.confirm) {
            Some(size) => Ok((this + size - before.last, true)),
            None => {
                let message = format!("低于上次示数 {}，请复抄；如已换表请先录入拆换单", before.last);
                Err(Refusal::field("R-232", "value", message))
            }
        },
    }
}
