//! What taking a fee and taking a deposit share: the account it is for, what is handed over, and who is named on the receipt.

use super::ask::Method;
use super::book::payer;
use super::charges::tender;
use super::mistyped;
use super::receipt::give_receipt;
use crate::desk::action::Cx;
use crate::desk::refusal::Refusal;
use crate::rules::money::Fen;
use crate::store::Tx;
use crate::store::tables::account::AccountRow;
use crate::store::tables::order::ChargeRow;
use crate::store::tables::till::ShiftRow;
use crate::text::till::{say_cash, say_other};

/// The account that is typed, if one is.
pub fn account_typed(tx: &Tx<'_>, text: Option<&str>) -> Result<Option<AccountRow>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    Ok(Some(tx.account_of_text(text)?.ok_or_else(|| Refusal::missing("account", "户", text))?))
}

/// The account of a charge; another one typed beside it is a mistake.
pub fn account_of(tx: &Tx<'_>, charge: &ChargeRow, typed: Option<AccountRow>) -> Result<Option<AccountRow>, Refusal> {
    let own = charge.account.map(|account| tx.account(account)).transpose()?.flatten();
    match (&own, typed) {
        (Some(own), Some(typed)) if own.id != typed.id => {
            let text = format!("{} 是 {} {} 的业务，与所填户号不符，请核对", charge.order_id, own.no, own.name);
            Err(Refusal::field("R-209", "account", text))
        }
        (None, typed) => Ok(typed),
        (Some(_), _) => Ok(own),
    }
}

/// Money that is handed over for one thing.
pub struct Taking<'a> {
    /// How much it comes to.
    pub amount: Fen,
    /// 方式.
    pub method: Method,
    /// 实收; none: exactly the amount.
    pub tendered: Option<Fen>,
    /// The sum was looked at again.
    pub confirm: bool,
    /// Who pays, as typed.
    pub payer: &'a str,
    /// The account it is for.
    pub account: Option<&'a AccountRow>,
    /// The charge it pays.
    pub charge: Option<&'a ChargeRow>,
}

/// The receipt it gets.
pub struct Taken {
    /// 实收.
    pub tendered: Fen,
    /// 找零.
    pub change: Fen,
    /// Its number.
    pub receipt: String,
    /// Who is named as paying.
    pub payer: String,
    /// The line to say.
    pub spoken: String,
}

impl Taking<'_> {
    /// Looks at the money and gives the next receipt number.
    pub fn take(&self, cx: &Cx<'_, '_>, shift: &ShiftRow) -> Result<Taken, Refusal> {
        let (tendered, change) = tender(self.amount, self.method, self.tendered)?;
        mistyped::ask(mistyped::Paid { tendered, change, ..Default::default() }, shift.cash, self.confirm)?;
        let receipt = give_receipt(cx.tx, cx.next)?;
        let spoken = match self.method {
            Method::Cash => say_cash(tendered, change),
            other @ (Method::Card | Method::Transfer | Method::Prepaid) => say_other(other.word(), self.amount),
        };
        Ok(Taken { tendered, change, receipt, payer: self.payer(cx.tx)?, spoken })
    }

    /// The account, else who is typed, else who came with the case.
    fn payer(&self, tx: &Tx<'_>) -> Result<String, Refusal> {
        if let Some(row) = self.account {
            return Ok(payer(&row.no, &row.name));
        }
        let said = self.payer.trim();
        let order = self.charge.filter(|_| said.is_empty()).map(|charge| tx.order(charge.order_id)).transpose()?;
        Ok(order.flatten().map_or(said.to_owned(), |order| order.caller))
    }
}
