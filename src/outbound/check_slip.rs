//! 核对单: the receipt of what was paid, by its number, as text of 80 columns. Made from the entry itself, so a reprint shows
//! what was printed, and is marked 重印. Also the slip of a reversal and the day-close slip with the head code.

use crate::derive::account::amend::AccountAmended;
use crate::derive::account::payment::{PaymentReversed, PaymentTaken};
use crate::derive::account::transfer::{AccountTransferred, Refund};
use crate::derive::order::body::{DepositReturned, DepositTaken};
use crate::derive::shift::{FeeTaken, ShiftClosed, security};
use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::entries::EntryRow;
use crate::store::tables::till::TillRow;
use crate::store::{StoreError, Tx};
use crate::text::safe;

use super::paper::{cells, ends, middle, rule};

/// A slip ready for paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Its number, for the file's name: a 核对单 number, or the entry.
    pub number: String,
    /// The text, lines ended by newlines.
    pub text: String,
}

/// The slip of an entry; none for entries that have none.
pub fn slip(tx: &Tx<'_>, entry: Id, reprint: bool) -> Result<Option<Slip>, StoreError> {
    let Some(row) = tx.entry(entry)? else { return Ok(None) };
    let lines = match row.action.as_str() {
        "payment.take" | "payment.enter_late" => read::<PaymentTaken>(&row)?.map(|body| payment(tx, &row, &body)),
        "fee.take" => read::<FeeTaken>(&row)?.map(|body| Ok(fee(&body))),
        "deposit.take" => read::<DepositTaken>(&row)?.map(|body| Ok(deposit(&body))),
        "deposit.return" => read::<DepositReturned>(&row)?.map(|body| Ok(deposit_back(&body))),
        "account.transfer" => {
            read::<AccountTransferred>(&row)?.and_then(|body| body.refund).map(|body| Ok(refund(&body, "过户")))
        }
        "account.amend" => {
            read::<AccountAmended>(&row)?.and_then(|body| body.refund).map(|body| Ok(refund(&body, "销户")))
        }
        "payment.reverse" => read::<PaymentReversed>(&row)?.map(|body| Ok(reversal(&body))),
        "shift.close" => read::<ShiftClosed>(&row)?.map(|body| day_close(tx, &body)),
        _ => None,
    };
    let Some((title, number, body)) = lines.transpose()? else { return Ok(None) };
    let number = if number.is_empty() { row.id.to_string() } else { number };
    let text = frame(tx, &row, title, &number, &body, reprint)?;
    Ok(Some(Slip { number, text }))
}

/// The day on which the money of a receipt was taken: of a hand-written slip, the day that its clerk keyed.
pub fn taken_on(tx: &Tx<'_>, entry: Id) -> Result<Option<chrono::NaiveDate>, StoreError> {
    let Some(row) = tx.entry(entry)? else { return Ok(None) };
    let is_payment = matches!(row.action.as_str(), "payment.take" | "payment.enter_late");
    Ok(if is_payment { read::<PaymentTaken>(&row)?.map(|body| body.day) } else { None })
}

type Body = (&'static str, String, Vec<String>);

fn read<T: serde::de::DeserializeOwned>(row: &EntryRow) -> Result<Option<T>, StoreError> {
    serde_json::from_str(&row.payload).map(Some).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Head and foot that every slip has.
fn frame(
    tx: &Tx<'_>,
    row: &EntryRow,
    title: &str,
    number: &str,
    body: &[String],
    reprint: bool,
) -> Result<String, StoreError> {
    let site = tx.own_site(&row.site)?;
    let office = site.as_ref().map_or(row.site.as_str(), |site| site.name.as_str());
    let practice = site.as_ref().is_some_and(|site| site.practice);
    let clerk = match row.actor.parse::<Id>() {
        Ok(id) => tx.user(id)?.map(|user| user.name).unwrap_or_default(),
        Err(_) => String::new(),
    };
    let mark = if reprint { "  ** 重印 **" } else { "" };
    let mut lines = vec![middle(&format!("{office} {title}{mark}"))];
    if practice {
        lines.push(middle("练习库，不是真账"));
    }
    let time = row.at.get(..16).unwrap_or(&row.at).replace('T', " ");
    lines.push(ends(&format!("编号 {number}"), &format!("营业日 {}  打单 {time}", row.business_day)));
    lines.push(rule());
    lines.extend(body.iter().cloned());
    lines.push(rule());
    lines.push(ends(&format!("经手 {clerk}"), &format!("凭单 {}", row.id)));
    let lines: Vec<String> =
        lines.iter().flat_map(|line| line.split('\n')).map(|line| safe::line(line).into()).collect();
    Ok(lines.join("\n") + "\n")
}

fn payment(tx: &Tx<'_>, row: &EntryRow, body: &PaymentTaken) -> Result<Body, StoreError> {
    let mut lines = vec![format!("户号户名 {}", body.payer)];
    if let Some(account) = tx.account(body.account)? {
        lines.push(format!("地址 {}", account.address));
    }
    let head = ["收款项目", "账期", "用量", "本金", "滞纳金", "减免", "小计"];
    lines.push(seven(head));
    for line in &body.lines {
        let bill = tx.get::<crate::store::tables::billing::BillRow>(&[&body.account, &line.bill])?;
        let volume = bill.map(|bill| bill.volume.grouped()).unwrap_or_default();
        lines.push(seven([
            &body.item,
            &line.cycle,
            &volume,
            &line.principal.grouped(),
            &line.late_fee.grouped(),
            &line.waived.grouped(),
            &(line.principal + line.late_fee).grouped(),
        ]));
    }
    if body.to_prepaid > Fen::ZERO {
        lines.push(seven(["存入预存", "", "", "", "", "", &body.to_prepaid.grouped()]));
    }
    let used = body.from_prepaid + body.from_credit;
    if used > Fen::ZERO {
        lines.push(seven(["预存抵缴", "", "", "", "", "", &(-used).grouped()]));
    }
    lines.push(paid(&body.method, body.amount, body.tendered, body.change));
    if let Some(paper) = &body.paper {
        let at_till = match body.shift {
            Some(shift) => tx.till_of_entry(shift, row.id)?,
            None => None,
        };
        let seen = if at_till.is_some_and(|row| !row.pending) { "已由第二人确认" } else { "待第二人确认" };
        lines.push(format!("补录手开单 {paper}，收钱日期 {}，{seen}", body.day));
    }
    if tx.payments(body.account)?.iter().any(|paid| paid.id == row.id && paid.state == "reversed") {
        lines.push("此单已冲正，不作收据".to_owned());
    }
    Ok(("核对单", body.receipt.clone(), lines))
}

fn seven(texts: [&str; 7]) -> String {
    let widths = [14, 10, 10, 12, 11, 10, 12];
    let list: Vec<(&str, usize, bool)> =
        texts.iter().zip(widths).enumerate().map(|(i, (t, w))| (*t, w, i > 1)).collect();
    cells(&list)
}

fn paid(method: &str, amount: Fen, tendered: Fen, change: Fen) -> String {
    let money = format!("实收 {}  找零 {}", tendered.grouped(), change.grouped());
    ends(&format!("合计收款 {} 元  方式 {method}", amount.grouped()), &money)
}

fn fee(body: &FeeTaken) -> Body {
    let mut lines = Vec::new();
    if !body.payer.is_empty() {
        lines.push(format!("缴款人 {}", body.payer));
    }
    lines.push(cells(&[("收款项目", 40, false), ("金额", 39, true)]));
    lines.push(cells(&[(&body.kind, 40, false), (&body.amount.grouped(), 39, true)]));
    if !body.for_what.is_empty() {
        lines.push(format!("事由 {}", body.for_what));
    }
    lines.push(paid(&body.method, body.amount, body.tendered, body.change));
    ("核对单", body.receipt.clone(), lines)
}

fn deposit(body: &DepositTaken) -> Body {
    let lines = vec![
        format!("缴款人 {}", body.payer),
        cells(&[("收款项目", 40, false), ("金额", 39, true)]),
        cells(&[(&body.kind, 40, false), (&body.amount.grouped(), 39, true)]),
        format!("业务 {}", body.charge.order),
        paid(&body.method, body.amount, body.tendered, body.change),
        "请妥善保管，退押金时凭此收据".to_owned(),
    ];
    ("押金收据", body.receipt.clone(), lines)
}

fn deposit_back(body: &DepositReturned) -> Body {
    let mut lines = vec![
        format!("收款人 {}", body.payer),
        format!("退还 {} 元  方式 {}  原收据 {}", body.amount.grouped(), body.method, body.receipt),
        format!("收款项目 {}  业务 {}", body.kind, body.charge.order),
    ];
    if !body.remark.is_empty() {
        lines.push(format!("备注 {}", body.remark));
    }
    lines.push("用户签收".to_owned());
    ("押金退还单", String::new(), lines)
}

fn refund(body: &Refund, at: &str) -> Body {
    let lines = vec![
        format!("户号户名 {}", body.payer),
        format!("{at}退预存 {} 元  退余款 {} 元", body.prepaid.grouped(), body.credit.grouped()),
        format!("合计退还 {} 元  方式 现金", (body.prepaid + body.credit).grouped()),
        "用户签收".to_owned(),
    ];
    ("退款单", String::new(), lines)
}

fn reversal(body: &PaymentReversed) -> Body {
    let lines = vec![
        format!("户号户名 {}", body.payer),
        format!("冲正核对单 {}  收款项目 {}", body.receipt, body.item),
        format!("退回 {} 元  方式 {}", body.amount.grouped(), body.method),
        format!("原因 {}", body.reason),
    ];
    ("冲正单", String::new(), lines)
}

fn day_close(tx: &Tx<'_>, body: &ShiftClosed) -> Result<Body, StoreError> {
    let Some(shift) = tx.shift(body.shift)? else { return Ok(("交班单", String::new(), Vec::new())) };
    let mut lines = vec![format!("营业员 {}  班次 {}  营业日 {}", shift.clerk, shift.no, shift.day)];
    let rows: Vec<TillRow> = tx.scan::<TillRow>(&[&shift.id])?;
    for (label, method) in [("现金", "现金"), ("银行卡", "银行卡"), ("转账", "转账")] {
        let taken: Vec<&TillRow> = rows.iter().filter(|row| row.method == method && row.is_receipt()).collect();
        if !taken.is_empty() {
            let sum: Fen = taken.iter().map(|row| row.amount).sum();
            let late: Fen = taken.iter().map(|row| row.late_fee).sum();
            let left = format!("{label} {} 笔", taken.len());
            lines.push(ends(&left, &format!("{}  其中滞纳金 {}", sum.grouped(), late.grouped())));
        }
    }
    let deposits = security::deposits(tx, shift.id)?;
    if !deposits.is_empty() {
        let sum: Fen = deposits.iter().map(|row| row.amount).sum();
        lines.push(ends("其中押金 (不是收入)", &sum.grouped()));
    }
    let over = body.counted - body.expected;
    let word = match over.0 {
        0 => "相符",
        1.. => "长款",
        _ => "短款",
    };
    let float = shift.float_difference();
    let (income, drawer) = security::income(tx, &shift)?;
    for (label, sum) in [
        ("前日现金结余", shift.opening - float),
        ("开班清点差额", float),
        ("加备用金", shift.added),
        ("本日营业收入", income),
        ("押金 (现金，不是收入)", drawer),
        ("存入", -shift.paid_in),
        ("当日现金结余", body.expected),
        ("清点现金", body.counted),
        (word, over),
    ] {
        let is_shown = sum != Fen::ZERO || !matches!(label, "开班清点差额" | "加备用金" | "押金 (现金，不是收入)");
        if is_shown {
            lines.push(ends(label, &sum.grouped()));
        }
    }
    if !shift.open_note.is_empty() {
        lines.push(format!("开班清点差额的原因 {}", shift.open_note));
    }
    if !body.closer.is_empty() {
        lines.push(format!("由 {} 清点代交班", body.closer));
    }
    if !body.why.is_empty() {
        lines.push(format!("代交班的原因 {}", body.why));
    }
    if !body.note.is_empty() {
        lines.push(format!("备注 {}", body.note));
    }
    lines.push(format!("校验码 {}  (日记账到本单之前)", spaced(&body.head)));
    Ok(("交班单", String::new(), lines))
}

/// `ABCD EFGH`, to be read aloud.
fn spaced(code: &str) -> String {
    code.get(..4).zip(code.get(4..)).map_or(code.to_owned(), |(left, right)| format!("{left} {right}"))
}
