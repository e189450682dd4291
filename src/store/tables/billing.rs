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
        /// What prepaid paid of it by itself: goes back there when the bill is cancelled. Of a cancelled one what prepaid and credit had
        /// paid by themselves: the bill in its place has it again.
        prepaid: Fen,
        /// The reading, or the mark of the swap, it ends with; none of opening arrears.
        reading: Option<Id>,
        /// The one of its first day that it begins behind: a bill before it ended there. None: it begins with the day.
        behind: Option<Id>,
        /// Some of its days were rated at the highest price, as the bill says; one made before bills said so does not.
        highest: bool,
    }

    /// 收费.
    pub struct PaymentRow("d_payment", 2) {
        /// The account.
        account: Id,
        /// The entry.
        id: Id,
        /// The shift that took it; none for money that came without a till (bank debit).
        shift: Option<Id>,
        /// 营业日.
        business_day: NaiveDate,
        /// The day late fees were counted to: the business day, or the true day of a hand-written slip.
        day: NaiveDate,
        /// Who took it (user id as text).
        actor: String,
        /// 方式.
        method: String,
        /// 核对单 number.
        receipt: String,
        /// Number of the hand-written slip.
        paper: Option<String>,
        /// Money taken in (prepaid and credit used not counted).
        amount: Fen,
        /// 滞纳金 that bills took.
        late_fee: Fen,
        /// 减免.
        waived: Fen,
        /// Put to prepaid.
        to_prepaid: Fen,
        /// Taken from prepaid.
        from_prepaid: Fen,
        /// Taken from the customer's credit.
        from_credit: Fen,
        /// What no bill took: became the customer's credit.
        credit: Fen,
        /// Per bill as applied, JSON: `[["B03.1.9/3","85.00","1.50","0.00"],…]` (bill, principal, late fee, waived).
        lines: String,
        /// taken, reversed, surplus (a balance that was spent already: no effect).
        state: String,
        /// The reversing entry.
        reversed_by: Option<Id>,
        /// A hand-written slip: the confirming entry.
        confirmed_by: Option<Id>,
    }

    /// What part payments of a bill leave behind for its late fee, see `rules::part_payment`.
    pub struct BillLateRow("d_bill_late", 2) {
        /// The account.
        account: Id,
        /// The bill.
        bill: Id,
        /// Σ principal paid × days late, in fen and days, within the due date's year.
        fen_days: i64,
        /// The same after it.
        fen_days_later: i64,
        /// Late fee charged so far, paid or waived.
        charged: Fen,
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
