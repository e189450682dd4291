//! How a bill came about, for F8: the lines it was calculated with.

use crate::desk::Desk;
use crate::desk::billing::body;
use crate::desk::refusal::Refusal;
use crate::rules::id::Id;

/// Title and lines of a bill's calculation.
pub fn bill_lines(desk: &Desk, account: Id, bill: Id) -> Result<(String, Vec<String>), Refusal> {
    let tx = desk.look()?;
    let row = body::find(&tx, bill, Some(account))?;
    let row = row.ok_or_else(|| Refusal::missing("bill", "账单", &bill.to_string()))?;
    let title = format!("{} 账单 {} 元", row.cycle, row.amount.grouped());
    let Some(issued) = body::issued(&tx, bill)? else {
        let told = "从旧系统带来的欠费，计算过程在旧系统".to_owned();
        return Ok((title, vec![told, format!("账单日 {}，到期 {}", row.dated, row.due)]));
    };
    let mut lines = vec![format!(
        "{} 至 {}  示数 {} → {}  用量 {}",
        issued.first_day,
        issued.last_day,
        issued.from.grouped(),
        issued.to.grouped(),
        issued.volume.grouped()
    )];
    if issued.used_before.0 != 0 {
        let from = if issued.used_before_from == "recent" { "（取自近三期用量）" } else { "" };
        lines.push(format!("本年此前已用 {}{from}", issued.used_before.grouped()));
    }
    let prices = desk.shelf.prices(&tx)?;
    for line in &issued.lines {
        let code = if line.tariff.is_empty() { &issued.tariff } else { &line.tariff };
        let tariff = prices.at(code.split('@').next().unwrap_or(code), issued.last_day).ok();
        let component = tariff.and_then(|tariff| tariff.components.iter().find(|part| part.key == line.component));
        let name = component.map_or(line.component.as_str(), |component| component.name.as_str());
        lines.push(format!("{name} 第{}阶 {} × {} = {}", line.step, line.quantity, line.price, line.amount.grouped()));
    }
    if row.state != "cancelled" && row.prepaid > crate::rules::money::Fen::ZERO {
        lines.push(format!("出账时由预存抵扣 {}", row.prepaid.grouped()));
    }
    lines.push(format!("价目 {}，到期 {}，还欠 {}", issued.tariff, row.due, row.unpaid.grouped()));
    if !row.note.is_empty() {
        lines.push(row.note);
    }
    Ok((title, lines))
}
