//! Bills, payments and balances of an account.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::table::table;

table! {
    /// 账单.
    pub struct BillRow("d_bill", 2) {
        /// The account.
        account: Id,
        /// The entry and item that made it.
        id: Id,
        /// 账期, `2026-10`.
        cycle: String,
        /// First day of use.
        first_day: NaiveDate,
        /// Last day of use.
        last_day: NaiveDate,
        /// The bill's date.
        dated: NaiveDate,
        /// Last day without late fee.
        due: NaiveDate,
        /// 用量.
        volume: Milli,
        /// 应收.
        amount: Fen,
        /// Principal not paid yet.
        unpaid: Fen,
        /// Tariff code whose late-fee rule counts; empty for opening arrears (then that of the class).
        tariff: String,
        /// 估抄.
        estimated: bool,
        /// opening, use, rebill, swap …
        kind: String,
        /// open, paid, cancelled, held (no money yet: `note` says why).
        state: String,
        /// Why it was cancelled or is held; else empty.
        note: String,
    }

    /// 收费.
    pub struct PaymentRow("d_payment", 2) {
        /// The account.
        account: Id,
        /// The entry.
        id: Id,
        /// The shift that took it.
        shift: Id,
        /// 营业日.
        business_day: NaiveDate,
        /// 方式.
        method: String,
        /// 核对单 number.
        receipt: String,
        /// Money taken (prepaid used not counted).
        amount: Fen,
        /// 滞纳金 in it.
        late_fee: Fen,
        /// 减免.
        waived: Fen,
        /// Put to prepaid.
        to_prepaid: Fen,
        /// Taken from prepaid.
        from_prepaid: Fen,
        /// Per bill, JSON: `[["B03.1.9/3","85.00","1.50","0.00"],…]` (bill, principal, late fee, waived).
        lines: String,
        /// taken, reversed, surplus.
        state: String,
        /// The reversing entry.
        reversed_by: Option<Id>,
    }

    /// Money of the customer that no bill took.
    pub struct BalanceRow("d_balance", 1) {
        /// The account.
        account: Id,
        /// 预存.
        prepaid: Fen,
        /// From corrections and double payments.
        credit: Fen,
    }
}
