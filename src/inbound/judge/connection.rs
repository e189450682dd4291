//! Conditional rules between the fields of a gas customer (R-048 … R-058), in the order of the catalogue.

use super::columns::Cells;
use super::defect::{Flaw, Kind};
use crate::inbound::rows::customer::Columns;
use chrono::NaiveDate;

const DEBIT: [&str; 2] = ["银行代缴", "银行托收"];

/// The three dates a connection is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionDates {
    pub applied: Option<NaiveDate>,
    pub invoiced: Option<NaiveDate>,
}

/// … R-054: user type, payment method, bank fields, SMS.
pub(super) fn check_payment(cells: Cells<'_>, columns: &Columns) -> Result<(), Flaw> {
    let (user_type, method) = (cells.text(columns.user_type), cells.text(columns.method));
    let bank = [columns.card_number, columns.bank, columns.holder];
    let filled = bank.iter().filter(|column| !cells.text(**column).is_empty()).count();
    let is_card = user_type == "IC卡";
    if !user_type.is_empty() && is_card != (method == "充值") {
        let what = if is_card {
            "，IC卡用户应为充值，请改正"
        } else {
            "，抄表用户不能为充值，请改正"
        };
        return Err(cells.flaw(Kind::R048, columns.method, what).by("R-048"));
    }
    let first_empty = bank.into_iter().find(|column| cells.text(*column).is_empty()).flatten();
    let debit = DEBIT.contains(&&*method);
    if !is_card && debit && filled < bank.len() {
        let what = "，银行代缴、托收用户的银行卡号、银行名称、持卡人必须填全，请补齐";
        return Err(cells.flaw(Kind::R052, first_empty, what).by("R-052"));
    }
    if !is_card && !debit && filled > 0 {
        let what = "，非银行代缴用户的银行卡号、银行名称、持卡人应为空，请清空或改缴费方式";
        let column = bank.into_iter().find(|column| !cells.text(*column).is_empty()).flatten();
        return Err(cells.flaw(Kind::R053, column, what).by("R-053"));
    }
    if is_card && filled > 0 && filled < bank.len() {
        let what = "，银行卡号、银行名称、持卡人应全填或全不填，请补齐或清空";
        return Err(cells.flaw(Kind::R051, first_empty, what).by("R-051"));
    }
    if !cells.text(columns.sms_number).is_empty() && cells.text(columns.sms_carrier).is_empty() {
        return Err(cells.flaw(Kind::R054, columns.sms_carrier, "，有短信号码时必须填短信公司，请补齐").by("R-054"));
    }
    Ok(())
}

/// no blank inside a name.
pub(super) fn check_name(cells: Cells<'_>, columns: &Columns) -> Result<(), Flaw> {
    if cells.text(columns.name).contains(char::is_whitespace) {
        return Err(cells.flaw(Kind::R049, columns.name, "中间有空格，请删去空格").by("R-049"));
    }
    Ok(())
}

/// the unit in the address is that of the record. An address without a unit (a shop) says nothing.
pub(super) fn check_unit(cells: Cells<'_>, columns: &Columns) -> Result<(), Flaw> {
    let (address, unit) = (cells.text(columns.address), cells.text(columns.unit));
    let Some((before, _)) = address.split_once("单元") else { return Ok(()) };
    let start = before
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let written = before[start..].trim_start_matches('0');
    if !written.is_empty() && !unit.is_empty() && written != unit.trim_start_matches('0') {
        let what = format!("里的单元与“{}”{unit}不一致，请核对", cells.heading(columns.unit));
        return Err(cells.flaw(Kind::R050, columns.address, &what).by("R-050"));
    }
    Ok(())
}

/// R-055 … R-058: connection kind and its dates.
pub(super) fn check_connection(cells: Cells<'_>, columns: &Columns, dates: ConnectionDates) -> Result<(), Flaw> {
    let ConnectionDates { applied, invoiced } = dates;
    match &*cells.text(columns.connection) {
        "集体" => match (invoiced, applied) {
            (None, _) => {
                let what = "，集体报装必须填发票上的开票日期，发票遗失填2002-01-01";
                Err(cells.flaw(Kind::R056, columns.invoiced, what).by("R-056"))
            }
            (Some(invoiced), Some(applied)) if invoiced > applied => {
                let what = format!("晚于报装日期{applied}，开票日期不能晚于报装日期，请核对");
                Err(cells.flaw(Kind::R058, columns.invoiced, &what).by("R-058"))
            }
            _ => Ok(()),
        },
        "散户" if invoiced != applied => {
            let applied = applied.map_or_else(|| "空".to_owned(), |day| day.to_string());
            let what = format!("与报装日期（{applied}）不同，散户的两个日期都是办理当天，请核对");
            Err(cells.flaw(Kind::R057, columns.invoiced, &what).by("R-057"))
        }
        "散户" => Ok(()),
        _ => Err(cells.flaw(Kind::R055, columns.connection, "，报装性质只能是集体或散户，请改正").by("R-055")),
    }
}
