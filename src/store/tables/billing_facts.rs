//! What a bill run reads of each account: narrow looks at wide tables, so that a million of them stream by.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::table::table;

table! {
    /// What of an account decides its price.
    pub struct PricedAccount("d_account", 1) {
        /// The account.
        id: Id,
        /// 户号.
        no: String,
        /// 户名.
        name: String,
        /// water, gas, power, heat.
        utility: String,
        /// Price class.
        class: String,
        /// False while the highest price stands in.
        class_confirmed: bool,
        /// Shares of a mixed account.
        mix: Option<String>,
        /// 用水人口.
        people: Option<i64>,
        /// 优待类别.
        discount: Option<String>,
        /// 用户类型.
        user_type: Option<String>,
        /// 开户日期.
        opened: Option<NaiveDate>,
        /// 近三期用量.
        recent: String,
        /// Further facts, JSON object: whether prepaid settles.
        extra: String,
        /// 正常, 报停, 销户.
        status: String,
        /// The present owner; of an account that was never handed over the account itself.
        customer: Id,
    }

    /// What of a meter the use depends on.
    pub struct BilledMeter("d_meter", 2) {
        /// The account.
        account: Id,
        /// The entry that fitted it.
        id: Id,
        /// 表位数.
        dial: i64,
        /// 装表日期.
        fitted: Option<NaiveDate>,
        /// 底数.
        first: Milli,
        /// 止码.
        last: Option<Milli>,
        /// Two swaps claim it.
        disputed: bool,
        /// The meter fitted in its place.
        replaced_by: Option<Id>,
        /// 表状态.
        state: String,
        /// 拆表日期.
        removed: Option<NaiveDate>,
        /// Since when it is sealed or taken down.
        shut: Option<NaiveDate>,
    }

    /// What of a meter tells which one hung on a day.
    pub struct HangingMeter("d_meter", 2) {
        /// The account.
        account: Id,
        /// The entry that fitted it.
        id: Id,
        /// 拆表日期.
        removed: Option<NaiveDate>,
        /// The meter fitted in its place.
        replaced_by: Option<Id>,
    }

    /// What of a reading the use depends on.
    pub struct BilledReading("d_reading", 3) {
        /// The account.
        account: Id,
        /// 抄表日期.
        day: NaiveDate,
        /// The entry and item.
        id: Id,
        /// The meter.
        meter: Id,
        /// 示数.
        value: Milli,
        /// opening, swap, or how it was read.
        source: String,
        /// 估抄.
        estimated: bool,
        /// Passed zero.
        rollover: bool,
        /// By register: `[read, used]` as JSON, empty for an ordinary meter.
        registers: String,
        /// How a sealed meter came to run.
        sealed: String,
    }

    /// What of a bill the next one depends on.
    pub struct BilledSpan("d_bill", 2) {
        /// The account.
        account: Id,
        /// The entry and item.
        id: Id,
        /// First day of use.
        first_day: NaiveDate,
        /// Last day of use.
        last_day: NaiveDate,
        /// Last day without late fee.
        due: NaiveDate,
        /// 用量.
        volume: Milli,
        /// 应收.
        amount: Fen,
        /// opening, use, rebill, swap …
        kind: String,
        /// open, paid, cancelled, held.
        state: String,
        /// Why it was cancelled or is held.
        note: String,
        /// The reading, or the mark of the swap, it ends with.
        reading: Option<Id>,
        /// The one of its first day that it begins behind; none: with the day.
        behind: Option<Id>,
    }

    /// What of an amendment tells whether a fact changed.
    pub struct ChangedField("d_field", 3) {
        /// The account.
        account: Id,
        /// The field.
        field: String,
        /// The entry.
        id: Id,
        /// The value on file before it.
        before: Option<String>,
        /// The new value.
        value: Option<String>,
        /// set, agreed, late, lost, pending, decided.
        outcome: String,
    }

    /// An account as a reading card shows it.
    pub struct CardAccount("d_account", 1) {
        /// The account.
        id: Id,
        /// 户号.
        no: String,
        /// 户名.
        name: String,
        /// 地址.
        address: String,
        /// 抄表册号.
        book: String,
        /// 抄表序号.
        route: String,
    }

    /// One keying of a reading card.
    pub struct CardRow("d_card", 3) {
        /// The account.
        account: Id,
        /// 账期 of the card.
        cycle: String,
        /// The entry.
        id: Id,
        /// Who keyed it.
        actor: String,
        /// 抄表日期.
        day: NaiveDate,
        /// 示数.
        value: Milli,
        /// It agreed with the first keying, or was insisted on, and became the reading.
        posted: bool,
    }
}
