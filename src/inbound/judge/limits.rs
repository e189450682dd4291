//! What the desk lets nobody type, no file brings in: every column that is kept is held to the limits of its field in the customer file
//! (`rules::customer`). Telephones are read more widely, as the paper files have them.

use chrono::NaiveDate;

use super::columns::Cells;
use super::defect::{Flaw, Kind};
use crate::inbound::rows::customer::Columns;
use crate::rules::customer::{Form, check_value, field};

/// Longest 表号.
const LONGEST_METER: usize = 40;

/// The columns of texts and words with their fields. Those of numbers, places and dates are read by what they are.
fn texts(columns: &Columns) -> [(Option<usize>, &'static str); 17] {
    [
        (columns.name, "name"),
        (columns.sms_carrier, "sms_carrier"),
        (columns.estate, "estate"),
        (columns.address, "address"),
        (columns.user_kind, "user_kind"),
        (columns.user_type, "user_type"),
        (columns.method, "method"),
        (columns.bank, "bank_name"),
        (columns.holder, "bank_holder"),
        (columns.agreement, "agreement"),
        (columns.connection, "connection"),
        (columns.remark, "remark"),
        (columns.cooker, "extra.cooker"),
        (columns.flame_guard, "extra.flame_guard"),
        (columns.maker, "meter.maker"),
        (columns.model, "meter.model"),
        (columns.direction, "meter.direction"),
    ]
}

/// The first text or word that the desk would refuse.
pub(super) fn check(cells: Cells<'_>, columns: &Columns, today: NaiveDate) -> Result<(), Flaw> {
    for (column, key) in texts(columns) {
        let text = cells.text(column);
        if !text.is_empty() {
            check_one(cells, column, key, &text, today)?;
        }
    }
    if cells.text(columns.meter).chars().count() > LONGEST_METER {
        return Err(cells.flaw(Kind::TooLong, columns.meter, "：表号最多 40 字，请核对"));
    }
    Ok(())
}

/// A number that was read, held to the limits of its field.
pub(super) fn number<N: std::fmt::Display>(
    cells: Cells<'_>,
    column: Option<usize>,
    key: &str,
    read: Option<N>,
    today: NaiveDate,
) -> Result<Option<N>, Flaw> {
    if let Some(number) = &read {
        check_one(cells, column, key, &number.to_string(), today)?;
    }
    Ok(read)
}

fn check_one(cells: Cells<'_>, column: Option<usize>, key: &str, text: &str, today: NaiveDate) -> Result<(), Flaw> {
    let Some(field) = field(key) else { return Ok(()) };
    let Err(wrong) = check_value(field, text, today) else { return Ok(()) };
    let (kind, what) = match field.form {
        Form::Number(low, high) => {
            let what = format!("：应为 {low} 到 {high} 的整数，不知道的请留空");
            return Err(cells.flaw(Kind::UnreadableNumber, column, &what));
        }
        Form::Name | Form::Initials | Form::Text(_) | Form::Needed(_) => (Kind::TooLong, wrong.message),
        // The last of these have columns with judges of their own.
        Form::Choice(_)
        | Form::Class
        | Form::Mix
        | Form::Phone
        | Form::Mobile
        | Form::Day
        | Form::DayAhead
        | Form::Identity
        | Form::Card
        | Form::Quantity => (Kind::UnknownWord, wrong.message),
    };
    Err(cells.flaw(kind, column, &format!("：{what}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::customer::{EXTRA, FIELDS, METER, PREPAID_SETTLES};

    /// Read by what they are, in `record`, `opening`, `last_reading` and `cell_checks`.
    const OTHERWISE: [&str; 29] = [
        "id_number",
        "phone",
        "mobile",
        "sms",
        "area",
        "building_kind",
        "building",
        "unit",
        "room",
        "book",
        "read_way",
        "class",
        "class_confirmed",
        "mix",
        "people",
        "discount",
        "bank_card",
        "connected",
        "invoiced",
        "supplied",
        "opened",
        "status",
        PREPAID_SETTLES,
        "extra.bought",
        "meter.calibre",
        "meter.dial",
        "meter.fitted",
        "initials",
        "meter.seal",
    ];
    /// Facts of the paper file that no file brings in.
    const NOT_READ: [&str; 13] = [
        "extra.cooker_year",
        "extra.heater",
        "extra.heater_flow",
        "extra.heater_year",
        "extra.heating",
        "extra.heating_power",
        "extra.heating_year",
        "extra.hose",
        "extra.special",
        "extra.paper_file",
        "extra.custody",
        "extra.settled_with",
        "extra.temporary_until",
    ];

    #[test]
    fn a_field_of_the_customer_file_had_a_limit_at_the_desk_only() {
        let held = texts(&Columns::default()).map(|(_, key)| key);
        for one in [FIELDS, EXTRA, METER].into_iter().flatten() {
            let known = [&held[..], &OTHERWISE, &NOT_READ];
            let places = known.iter().filter(|keys| keys.contains(&one.key)).count();
            assert_eq!(places, 1, "{}: say in which way a file is held to its limits", one.key);
        }
    }
}
