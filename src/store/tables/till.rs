//! Shifts and what moved money in them.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::table::table;

table! {
    /// 班次.
    pub struct ShiftRow("d_shift", 1) {
        /// The opening entry.
        id: Id,
        /// The clerk.
        user: Id,
        /// The clerk's name as printed.
        clerk: String,
        /// 班次 of the business day, from 1.
        no: i64,
        /// 营业日.
        day: NaiveDate,
        /// When it was opened.
        opened_at: String,
        /// 备用金, counted at opening.
        opening: Fen,
        /// What the clerk's shift before had left in the drawer; none for a first shift.
        carried: Option<Fen>,
        /// Why the float is not what the shift before had left.
        open_note: String,
        /// 备用金 added in the course of the shift.
        added: Fen,
        /// Cash taken less cash given back: 本日营业收入 and 押金 (`security::income` tells them apart).
        income: Fen,
        /// 存入.
        paid_in: Fen,
        /// What must lie in the drawer: opening + added + income − paid in.
        cash: Fen,
        /// open or closed.
        state: String,
        /// Counted at the close.
        counted: Option<Fen>,
        /// Counted − cash: over (+) or short (−).
        over: Option<Fen>,
        /// The clerk's note at the close.
        note: String,
        /// Head code printed on the day-close slip.
        head: String,
        /// The closing entry.
        closed_by: Option<Id>,
        /// When it was closed.
        closed_at: Option<String>,
    }

    /// A signature on a closed shift.
    pub struct ShiftSignRow("d_shift_sign", 2) {
        /// The shift.
        shift: Id,
        /// 出纳 or 会计.
        step: String,
        /// The signing entry.
        id: Id,
        /// Who signed.
        actor: String,
        /// Name as printed.
        name: String,
        /// When.
        at: String,
        /// 备注.
        remark: String,
        /// Paid in by the papers − by the system, as it was signed.
        difference: Fen,
        /// The entry that changed a figure after it was signed.
        changed: Option<Id>,
    }

    /// One movement of money in a shift.
    pub struct TillRow("d_till", 2) {
        /// The shift.
        shift: Id,
        /// The entry.
        id: Id,
        /// payment, late_entry, fee, reversal, deposit, float.
        kind: String,
        /// 营业日 of the shift.
        day: NaiveDate,
        /// When.
        at: String,
        /// Series of the 核对单 number, `B03-1`; empty where there is none.
        series: String,
        /// Its number in the series.
        serial: i64,
        /// Number of a hand-written slip.
        paper: Option<String>,
        /// The account, if any.
        account: Option<Id>,
        /// 户号 and 户名 as printed.
        payer: String,
        /// 收款项目: 水费, 过户费 …, where a deposit went, where a float came from.
        item: String,
        /// 方式.
        method: String,
        /// Principal of bills.
        principal: Fen,
        /// 滞纳金.
        late_fee: Fen,
        /// 减免.
        waived: Fen,
        /// Put to prepaid.
        to_prepaid: Fen,
        /// Taken from prepaid or credit.
        from_prepaid: Fen,
        /// Money that moved by `method`; minus when it went out.
        amount: Fen,
        /// A reversal: the entry it reverses.
        reverses: Option<Id>,
        /// The reversing entry.
        reversed_by: Option<Id>,
        /// A hand-written slip nobody has confirmed yet (待确认).
        pending: bool,
    }
}

impl ShiftRow {
    /// The counted float − what the clerk's shift before had left.
    pub fn float_difference(&self) -> Fen {
        self.carried.map_or(Fen::ZERO, |carried| self.opening - carried)
    }
}

impl ShiftSignRow {
    /// What is to be known of the signature: signed with a difference, or changed since.
    pub fn mark(&self) -> String {
        let mut words = Vec::new();
        if self.difference != Fen::ZERO {
            words.push(format!("有差异 {}", self.difference.grouped()));
        }
        if self.changed.is_some() {
            words.push("签后有变".to_owned());
        }
        if words.is_empty() { String::new() } else { format!(" ({})", words.join("，")) }
    }
}

impl TillRow {
    /// Money that moved between the drawer and the house: a deposit, 备用金 added.
    pub fn is_of_the_house(&self) -> bool {
        matches!(self.kind.as_str(), "deposit" | "float")
    }

    /// Money of customers: a receipt or its reversal.
    pub fn is_receipt(&self) -> bool {
        !self.is_of_the_house()
    }

    /// The 核对单 number, `B03-1-000815`; empty where there is none.
    pub fn receipt(&self) -> String {
        if self.series.is_empty() { String::new() } else { receipt(&self.series, self.serial) }
    }
}

/// A 核对单 number.
pub fn receipt(series: &str, serial: i64) -> String {
    format!("{series}-{serial:06}")
}

/// Series and number of a 核对单 number; none for text that is no such number.
pub fn parse_receipt(text: &str) -> Option<(String, i64)> {
    let (series, serial) = text.trim().rsplit_once('-')?;
    let fine = serial.len() >= 6 && serial.len() <= 9 && serial.bytes().all(|b| b.is_ascii_digit());
    let serial = fine.then(|| serial.parse().ok()).flatten()?;
    (!series.is_empty()).then(|| (series.to_ascii_uppercase(), serial))
}
