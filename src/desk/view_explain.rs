//! F8: how an amount came about — formula, tariff version, document, rule number — for a bill, its lines and its late fee.

use chrono::NaiveDate;

use super::Desk;
use super::billing::{Ledger, body};
use super::refusal::Refusal;
use super::tariffs;
use super::till::due::{self, Due};
use super::view_bills;
use crate::derive::account::bill::{BillIssued, BillLine, SWAP};
use crate::rules::billing::registers;
use crate::rules::classes;
use crate::rules::fault::Fault;
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::rules::tariff::model::Cycle;
use crate::rules::tariff::{PriceBook, Tariff};
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::BillRow;

/// The lines of the popup for a bill; `paid` is the day its late fee is counted to.
pub fn bill(desk: &Desk, account: Id, bill: Id, paid: NaiveDate) -> Result<Vec<String>, Refusal> {
    let prices = desk.prices()?;
    let tx = desk.look()?;
    let row = tx.get::<BillRow>(&[&account, &bill])?;
    let row = row.ok_or_else(|| Refusal::missing("bill", "账单", &bill.to_string()))?;
    let owner = tx.account(account)?.ok_or_else(|| Refusal::data("账单没有对应的用户档案"))?;
    let mut lines = Vec::new();
    match row.state.as_str() {
        "held" => {
            lines.push(format!("挂起，还没有金额：{}", row.note));
            lines.push(view_bills::now_words(&tx, &prices, &row, paid));
        }
        "cancelled" => lines.push(format!("已作废：{}", row.note)),
        _ => {}
    }
    match body::issued(&tx, bill)? {
        Some(issued) if issued.held.is_none() => {
            lines.extend(of_bill(&prices, &issued));
            if issued.earlier.is_empty() && unconfirmed(&tx, account, &issued)? {
                let class = classes::label(&issued.class);
                lines.push(format!("价格类别未确认：各类价格都算过，取其中金额最高的 {class} [R-072 A-07]"));
            }
        }
        Some(_) => {}
        None => lines.push(format!("期初欠费 {} 元：旧系统转入，账期 {}，没有明细", row.amount, row.cycle)),
    }
    if row.unpaid > Fen::ZERO {
        let due = due::due_of(&tx, &prices, &owner, row, paid)?;
        lines.extend(of_late_fee(&prices, &owner, &due).unwrap_or_else(|fault| vec![fault.message]));
    }
    Ok(lines)
}

/// Was the class of the account not confirmed on the days of a bill?
fn unconfirmed(tx: &Tx<'_>, account: Id, bill: &BillIssued) -> Result<bool, Refusal> {
    let facts = tx.billing_facts(account)?;
    Ok(facts.is_some_and(|facts| !Ledger::of(&facts).price_on(bill.last_day).confirmed))
}

/// How a bill's amount came about.
pub fn of_bill(prices: &PriceBook, bill: &BillIssued) -> Vec<String> {
    let mut lines = vec![format!(
        "用量 {} → {} 共 {}，{} 至 {} [R-242]",
        bill.from.grouped(),
        bill.to.grouped(),
        bill.volume.grouped(),
        bill.first_day,
        bill.last_day
    )];
    if bill.kind == SWAP {
        lines.push("拆换差额：旧表止码与系统示数之差先收 [R-272]".into());
    }
    if !bill.registers.is_empty() {
        lines.push(format!("分时用量 {} [R-222]", registers::words(&bill.registers)));
    }
    if bill.estimated {
        lines.push("本期为估抄 [R-235]".into());
    }
    if let Ok(tariff) = prices.at(&bill.tariff, bill.last_day) {
        if tariff.cycle == Cycle::Year {
            let from = if bill.used_before_from == "recent" { "，依据旧系统近三期用量" } else { "" };
            lines.push(format!("本年此前已用 {}{from}，阶梯从此接着算", bill.used_before.grouped()));
        }
        if let Some(people) = bill.people.filter(|_| tariff.people.is_some()) {
            lines.push(format!("人口 {people}，按价目规定放宽阶梯"));
        }
    }
    for before in &bill.earlier {
        let highest = if before.highest { "，类别未确认，取金额最高的" } else { "" };
        let class = classes::label(&before.class);
        lines.push(format!(
            "{} 以前 (含当天) 按{class}{highest}，其后另按新价：用量按天数分 [R-248 R-250 R-251]",
            before.last
        ));
    }
    let own = prices.at(&bill.tariff, bill.last_day).ok();
    let mut named: Vec<*const Tariff> = Vec::new();
    for line in &bill.lines {
        let tariff = version_of(prices, line).or(own);
        if let Some(tariff) = tariff.filter(|tariff| !named.iter().any(|known| std::ptr::eq(*known, *tariff))) {
            named.push(tariff);
            lines.push(format!("{} ({} 起) 依据 {} [R-036]", tariff.name, tariff.valid_from, tariff.document));
        }
        lines.push(format!(
            "  {}{} 第{}档 {} × {} = {}",
            component_name(tariff, &line.component),
            registers::label(&line.register),
            line.step,
            line.quantity,
            line.price,
            line.amount
        ));
    }
    lines.push(format!("合计 {} 元，四舍五入到分；{} 前交清不收滞纳金", bill.amount, bill.due));
    lines
}

/// How a bill's late fee on a day came about (R-180 … R-187); of a bill paid in parts, every part its own days.
pub fn of_late_fee(prices: &PriceBook, account: &AccountRow, due: &Due) -> Result<Vec<String>, Fault> {
    let late = due.late.as_ref().map_err(Clone::clone)?;
    if late.fee.days == 0 {
        return Ok(vec![format!("滞纳金 0.00：{} 到期，还没有逾期 [A-16]", due.bill.due)]);
    }
    let (tariff, _) = tariffs::late_rule(prices, account, &due.bill)?;
    Ok(vec![
        format!("滞纳金：逾期 {} 天 ({} 到期)，{} [R-180 R-181 A-16]", late.fee.days, due.bill.due, due.formula()),
        format!("  按 {} ({} 起) 的滞纳金规定", tariff.name, tariff.valid_from),
    ])
}

fn version_of<'b>(prices: &'b PriceBook, line: &BillLine) -> Option<&'b Tariff> {
    let (code, day) = line.tariff.rsplit_once('@')?;
    prices.at(code, day.parse().ok()?).ok()
}

fn component_name<'t>(tariff: Option<&'t Tariff>, key: &'t str) -> &'t str {
    let components = tariff.map(|tariff| tariff.components.as_slice()).unwrap_or_default();
    components.iter().find(|component| component.key == key).map_or(key, |component| &component.name)
}
