//! 上次抄表日期 and 上次表底: the first bill begins at both, so a customer has both or neither.
//!
//! A date without its value would bill the whole life of the meter, a value without its date the steps of years. One may stand
//! without a date: that of an IC card, which is not billed by reading, and what the meter began with, when nothing was used since.

use chrono::NaiveDate;

use super::columns::Cells;
use super::defect::{Flaw, Kind};
use crate::inbound::rows::customer::{Columns, LastReading, MeterFacts, Standing};
use crate::rules::customer_fields::IC_CARD;
use crate::rules::money::Milli;
use crate::rules::reading_use::{dial, whole};

/// What the rest of the row says.
pub(super) struct Known<'r> {
    pub meter: Option<&'r MeterFacts>,
    pub standing: Standing,
    /// 近三期用量.
    pub volumes: &'r [u32],
    /// A day use may have begun on: 通气, 装表, 开户.
    pub begun: bool,
}

/// Reads the last reading; `date` is its day as read.
pub(super) fn read(
    cells: Cells<'_>,
    columns: &Columns,
    date: Option<NaiveDate>,
    known: &Known<'_>,
) -> Result<Option<LastReading>, Flaw> {
    let value = cells.quantity(columns.last_value)?;
    let card = cells.text(columns.user_type) == IC_CARD;
    let used = known.volumes.iter().any(|volume| *volume > 0);
    let half = |column: Option<usize>, usual: &str, what: String| {
        let heading = column.map_or(usual, |_| cells.heading(column));
        Err(Flaw::at(Kind::HalfReading, heading, format!("“{heading}”为空，{what}")))
    };
    let value_missing = |what| half(columns.last_value, "上次表底", what);
    let date_missing = |what| half(columns.last_date, "上次抄表日期", what);
    match (date, value) {
        (Some(date), None) => {
            return value_missing(format!("上次抄表日期却是{date}，请补填那天的示数；从未抄过的请清空日期"));
        }
        (None, None) if used && !card && known.meter.is_some() => {
            return value_missing("近三期却有用量，请补填上次抄表日期和那天的示数".into());
        }
        (None, Some(value)) if !card => {
            let start = known.meter.and_then(|meter| meter.base).unwrap_or(Milli::ZERO);
            if value != start || used || !known.begun {
                return date_missing(format!("上次表底却是{value}，请补填那天的日期"));
            }
        }
        _ => {}
    }
    if let (Some(value), None, Standing::Normal | Standing::Suspended) = (value, known.meter, known.standing) {
        return half(columns.meter, "表号", format!("上次表底却是{value}，请补填表号"));
    }
    let digits = known.meter.and_then(|meter| meter.dial_digits).unwrap_or(0);
    let beyond =
        |value: Option<Milli>| dial(digits).is_some_and(|size| value.is_some_and(|value| whole(value) >= size));
    let too_large = |column| {
        let what = format!("超过 {digits} 位表盘，请核对示数和表位数");
        Err(cells.flaw(Kind::UnreadableNumber, column, &what))
    };
    if beyond(value) {
        return too_large(columns.last_value);
    }
    if beyond(known.meter.and_then(|meter| meter.base)) {
        return too_large(columns.base);
    }
    Ok(value.map(|value| LastReading { date, value }))
}
