//! How a payment is paid: tendered, change, prepaid; and the line to say.

use super::ask::{Ask, Method};
use crate::desk::refusal::Refusal;
use crate::rules::money::Fen;
use crate::store::tables::billing::BalanceRow;
use crate::text;

/// The money of a payment. `amount + from_prepaid + from_credit` = what the bills get + `to_prepaid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// 方式.
    pub method: Method,
    /// Money that comes in: tendered − change.
    pub amount: Fen,
    /// What the customer gives.
    pub tendered: Fen,
    /// 找零.
    pub change: Fen,
    /// Put to prepaid.
    pub to_prepaid: Fen,
    /// Taken from prepaid.
    pub from_prepaid: Fen,
    /// Taken from credit.
    pub from_credit: Fen,
}

impl Settlement {
    /// The line to say to the customer.
    pub fn spoken(&self) -> String {
        let prepaid = self.from_prepaid + self.from_credit;
        match self.method {
            Method::Cash if self.tendered > Fen::ZERO => text::till::say_cash(self.tendered, self.change),
            Method::Cash | Method::Prepaid => text::till::say_prepaid(prepaid),
            method @ (Method::Card | Method::Transfer) => text::till::say_other(method.word(), self.amount),
        }
    }
}

/// Settles what the `bills` get; `total` is that and what is put to prepaid on request.
///
/// Cash gives change, or keeps it as prepaid when asked; what comes by card or transfer beyond the debt goes to prepaid, because
/// nothing can be handed back. Too little is refused: a part payment names its `amounts`.
pub fn settle(ask: &Ask, bills: Fen, total: Fen, balance: &BalanceRow) -> Result<Settlement, Refusal> {
    let put = total - bills;
    let fault = |field: &str, text: String| Err(Refusal::field("R-172", field, text));
    let by_balance = if ask.method == Method::Prepaid { bills } else { ask.from_prepaid.unwrap_or_default() };
    if ask.method == Method::Prepaid && (put > Fen::ZERO || ask.tendered.is_some_and(|sum| sum != bills)) {
        return fault("tendered", "用预存缴费不收钱，请去掉实收和存入预存".into());
    }
    let have = balance.prepaid.max(Fen::ZERO) + balance.credit.max(Fen::ZERO);
    if by_balance > have {
        return fault("from_prepaid", format!("预存和余款只有 {have}，不够 {by_balance}，请改用其他方式或部分缴费"));
    }
    if by_balance > bills {
        return fault("from_prepaid", format!("账单只要 {bills}，不能用预存 {by_balance}，请改正"));
    }
    let from_prepaid = by_balance.min(balance.prepaid.max(Fen::ZERO));
    let base = Settlement {
        method: ask.method,
        amount: Fen::ZERO,
        tendered: Fen::ZERO,
        change: Fen::ZERO,
        to_prepaid: put,
        from_prepaid,
        from_credit: by_balance - from_prepaid,
    };
    if ask.method == Method::Prepaid {
        return Ok(base);
    }
    let needed = total - by_balance;
    let tendered = ask.tendered.unwrap_or(needed);
    let over = tendered - needed;
    if over.is_negative() {
        let text = format!("实收 {tendered} 不够应收 {needed}，差 {}；部分缴费请写明金额", over.abs());
        return fault("tendered", text);
    }
    if ask.method == Method::Cash && !ask.keep_change {
        return Ok(Settlement { amount: needed, tendered, change: over, ..base });
    }
    Ok(Settlement { amount: tendered, tendered, to_prepaid: put + over, ..base })
}
