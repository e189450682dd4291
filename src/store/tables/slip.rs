//! Meter swap slips (水表拆换单) and their returns.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::store::table::table;

crate::worded! {
    /// Where a slip stands.
    pub enum SlipState {
        /// Waits for its entry.
        Waiting = "待录",
        /// Went back to the swap desk.
        Returned = "已退回",
        /// Entered: the meters are changed.
        Entered = "已入账",
    }
}

table! {
    /// 拆换单.
    pub struct SlipRow("d_slip", 1) {
        /// The entry that took it in.
        id: Id,
        /// 单号.
        no: String,
        /// The account, once known.
        account: Option<Id>,
        /// 户号 as written on the slip.
        account_no: String,
        /// 户名.
        name: String,
        /// 地址.
        address: String,
        /// 旧表号.
        old_meter: String,
        /// 旧表止码.
        final_value: Option<Milli>,
        /// 新表号.
        new_meter: String,
        /// 新表口径.
        calibre: String,
        /// 新表起码.
        first_value: Option<Milli>,
        /// 拆换日期.
        day: Option<NaiveDate>,
        /// 拆换原因.
        reason: String,
        /// 施工人.
        worker: String,
        /// 旧铅封号.
        old_seal: String,
        /// 新铅封号.
        new_seal: String,
        /// 用料.
        materials: String,
        /// 备注.
        remark: String,
        /// Where it stands.
        state: SlipState,
        /// The clerk it was shared out to.
        clerk: Option<Id>,
        /// The entry that entered it.
        entered: Option<Id>,
        /// The day it was taken in.
        taken: NaiveDate,
    }

    /// A return of a slip.
    pub struct SlipReturnRow("d_slip_return", 2) {
        /// The slip.
        slip: Id,
        /// The entry that sent it back.
        id: Id,
        /// When.
        day: NaiveDate,
        /// Why.
        reason: String,
        /// When it came again.
        resumed: Option<NaiveDate>,
    }
}
