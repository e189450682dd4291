//! Conditional rules between the fields of a customer (R-048 … R-058), asked of [`customer_fields`] and told by heading.

use chrono::NaiveDate;

use super::columns::Cells;
use super::defect::{Flaw, Kind};
use crate::inbound::rows::customer::Columns;
use crate::rules::customer_fields::{self, CustomerFields, method};

/// The two dates a connection is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionDates {
    pub applied: Option<NaiveDate>,
    pub invoiced: Option<NaiveDate>,
}

/// The first broken rule names the kind; the message says all of them.
pub(super) fn check(cells: Cells<'_>, columns: &Columns, dates: ConnectionDates) -> Result<(), Flaw> {
    if columns.connection.is_some() && cells.text(columns.connection).is_empty() {
        let flaw = cells.flaw(Kind::R055, columns.connection, "，报装性质只能是集体或散户，请改正");
        return Err(flaw.by("R-055"));
    }
    let text = |column| cells.text(column);
    let (name, address, unit) = (text(columns.name), text(columns.address), text(columns.unit));
    let (user_type, method) = (text(columns.user_type), text(columns.method));
    let (card, bank, holder) = (text(columns.card_number), text(columns.bank), text(columns.holder));
    let (sms, carrier, connection) = (text(columns.sms_number), text(columns.sms_carrier), text(columns.connection));
    let faults = customer_fields::check(&CustomerFields {
        name: Some(&name),
        address: Some(&address),
        unit: Some(&unit),
        user_type: Some(&user_type),
        method: Some(method::plain(&method)),
        bank_card: Some(&card),
        bank_name: Some(&bank),
        bank_holder: Some(&holder),
        sms: Some(&sms),
        sms_carrier: Some(&carrier),
        connection: Some(&connection),
        connected: dates.applied,
        invoiced: dates.invoiced,
    });
    let Some(first) = faults.first() else { return Ok(()) };
    let Some((kind, rule)) = kind_of(&first.rule) else { return Ok(()) };
    let column = column_of(columns, &first.field);
    let messages: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    let flaw = cells.flaw(kind, column, &format!("：{}", messages.join("；")));
    Err(flaw.by(rule))
}

fn kind_of(rule: &str) -> Option<(Kind, &'static str)> {
    Kind::from_code(rule).map(|kind| (kind, kind.code()))
}

/// The column of a field of [`CustomerFields`].
fn column_of(columns: &Columns, field: &str) -> Option<usize> {
    match field {
        "name" => columns.name,
        "address" => columns.address,
        "method" => columns.method,
        "bank_card" => columns.card_number,
        "bank_name" => columns.bank,
        "bank_holder" => columns.holder,
        "sms_carrier" => columns.sms_carrier,
        "invoiced" => columns.invoiced,
        _ => columns.connection,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_between_fields_has_a_kind() {
        for number in 48..=58 {
            assert!(kind_of(&format!("R-{number:03}")).is_some(), "R-{number:03}");
        }
    }
}
