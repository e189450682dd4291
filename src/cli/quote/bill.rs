//! `quote bill` and `quote late-fee`.

use rust_decimal::Decimal;
use serde::Serialize;

use super::case::{self, CaseFields, missing};
use crate::rules::fault::{Fault, shown};
use crate::rules::late_fee;
use crate::rules::money::Fen;
use crate::rules::tariff::{self, Case, Line, PriceBook, Share};

/// A rated bill.
#[derive(Serialize)]
pub struct BillAnswer {
    total: Fen,
    lines: Vec<LineAnswer>,
}

#[derive(Serialize)]
struct LineAnswer {
    component: String,
    step: usize,
    quantity: String,
    price: String,
    amount: Fen,
}

/// A late fee.
#[derive(Serialize)]
pub struct LateFeeAnswer {
    days: i64,
    raw: String,
    fee: Fen,
}

/// Most shares of a mix.
const MOST_SHARES: usize = 100;

/// Rates the use of one case.
pub fn bill(book: &PriceBook, fields: &mut CaseFields<'_>) -> Result<BillAnswer, Fault> {
    let shares = shares(fields)?;
    let shares: Vec<Share<'_>> = shares.iter().map(|(tariff, ratio)| Share { tariff, ratio: *ratio }).collect();
    let registers = registers(fields)?;
    let registers: Option<Vec<(&str, Decimal)>> =
        registers.as_ref().map(|list| list.iter().map(|(name, used)| (name.as_str(), *used)).collect());
    let case = Case {
        shares: &shares,
        usage: fields.need_quantity("usage")?,
        used_before: fields.quantity("used_before")?.unwrap_or_default(),
        from: fields.need_date("from")?,
        to: fields.need_date("to")?,
        people: fields.count("people")?,
        months: fields.count("months")?,
        cycles: fields.count("cycles")?,
        registers: registers.as_deref(),
    };
    let bill = tariff::engine::rate(book, &case)?;
    Ok(BillAnswer { total: bill.total, lines: bill.lines.iter().map(line).collect() })
}

fn line(line: &Line<'_>) -> LineAnswer {
    LineAnswer {
        component: line.component_key().to_owned(),
        step: line.step,
        quantity: line.quantity.to_string(),
        price: line.price.to_string(),
        amount: line.amount,
    }
}

/// The tariff with ratio 1, or the tariffs of the mix.
fn shares(fields: &CaseFields<'_>) -> Result<Vec<(String, Decimal)>, Fault> {
    let mix = fields.objects("mix")?;
    match (fields.text("tariff")?, mix) {
        (Some(_), Some(_)) => Err(Fault::new("R-248", "tariff 和 mix 只能给一个")),
        (None, None) => Err(missing("tariff")),
        (Some(tariff), None) => Ok(vec![(tariff, Decimal::ONE)]),
        (None, Some(list)) if list.len() > MOST_SHARES => Err(Fault::new("R-248", "混用的份数太多")),
        (None, Some(list)) => list.iter().map(share).collect(),
    }
}

fn share(pairs: &case::Pairs) -> Result<(String, Decimal), Fault> {
    let fields = CaseFields::new(pairs)?;
    let share = (fields.need_text("tariff")?, fields.need_quantity("ratio")?);
    match fields.unknown().into_iter().find(|key| key != "id") {
        None => Ok(share),
        Some(key) => Err(Fault::new("input", format!("mix 中不认识的键 {key}"))),
    }
}

fn registers(fields: &CaseFields<'_>) -> Result<Option<Vec<(String, Decimal)>>, Fault> {
    let Some(pairs) = fields.object("registers")? else { return Ok(None) };
    let read = |(name, raw): &(String, Box<serde_json::value::RawValue>)| {
        Ok((name.clone(), case::quantity_of(&format!("registers.{}", shown(name)), raw)?))
    };
    pairs.iter().map(read).collect::<Result<Vec<_>, Fault>>().map(Some)
}

/// The late fee of one case, by the file valid on the due date.
pub fn late_fee(book: &PriceBook, fields: &mut CaseFields<'_>) -> Result<LateFeeAnswer, Fault> {
    let code = fields.need_text("tariff")?;
    let principal = fields.need_quantity("principal")?;
    let (due, paid) = (fields.need_date("due")?, fields.need_date("paid")?);
    let principal =
        Fen::exact(principal).ok_or_else(|| Fault::new("input", "principal 应为金额，小数不超过两位，小于十亿元"))?;
    let late = late_fee::late_fee(late_fee::rule_of(book.at(&code, due)?)?, principal, due, paid)?;
    Ok(LateFeeAnswer { days: late.days, raw: late.raw.to_string(), fee: late.fee })
}
