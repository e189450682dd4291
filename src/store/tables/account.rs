//! The customer file (一户一档): account, owners, amended fields, meters, readings.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::table::table;

table! {
    /// 户.
    pub struct AccountRow("d_account", 1) {
        /// The entry and item that opened it.
        id: Id,
        /// 户号, as printed.
        no: String,
        /// water, gas, power, heat.
        utility: String,
        /// 户名.
        name: String,
        /// Pinyin initials where the reading was corrected.
        initials: Option<String>,
        /// resident_id or uscc.
        id_kind: Option<String>,
        /// Sealed resident ID (see `book::seal`), or a credit code as it is.
        id_number: Option<String>,
        /// 联系电话.
        phone: Option<String>,
        /// 手机.
        mobile: Option<String>,
        /// 短信号码.
        sms: Option<String>,
        /// 短信公司.
        sms_carrier: Option<String>,
        /// 小区名称.
        estate: String,
        /// 地址, whole.
        address: String,
        /// old or new.
        area: Option<String>,
        /// multi or high.
        building_kind: Option<String>,
        /// 楼号.
        building: String,
        /// 单元.
        unit: String,
        /// 室号.
        room: String,
        /// 抄表册号.
        book: String,
        /// 抄表序号, composed from its parts.
        route: String,
        /// card, handheld, remote.
        read_way: String,
        /// Price class.
        class: String,
        /// False while the highest price stands in until the first reading.
        class_confirmed: bool,
        /// Shares of a mixed account: `resident:0.7;non_resident:0.3`.
        mix: Option<String>,
        /// 用水人口.
        people: Option<i64>,
        /// 优待类别: 特困, 双证.
        discount: Option<String>,
        /// 用户类别: 普通用户, 公建用户.
        user_kind: Option<String>,
        /// 用户类型: IC卡, 抄表.
        user_type: Option<String>,
        /// 缴费方式.
        method: String,
        /// 银行名称.
        bank_name: Option<String>,
        /// 持卡人.
        bank_holder: Option<String>,
        /// Sealed bank card number.
        bank_card: Option<String>,
        /// 代扣协议号.
        agreement: Option<String>,
        /// 报装性质: 集体, 散户.
        connection: Option<String>,
        /// 报装日期.
        connected: Option<NaiveDate>,
        /// 开票日期.
        invoiced: Option<NaiveDate>,
        /// 通气日期.
        supplied: Option<NaiveDate>,
        /// 开户日期.
        opened: Option<NaiveDate>,
        /// 状态 of the account: 正常, 报停, 销户.
        status: String,
        /// The present owner: id of the `d_owner` row.
        customer: Id,
        /// 近三期用量 from before the first bill here, oldest first, `;` between.
        recent: String,
        /// 备注.
        remark: String,
        /// Further facts, JSON object (stove, flame protection …).
        extra: String,
    }

    /// An owner of an account.
    pub struct OwnerRow("d_owner", 2) {
        /// The account.
        account: Id,
        /// The entry that made them the owner.
        id: Id,
        /// From which day.
        since: NaiveDate,
        /// Name.
        name: String,
        /// resident_id or uscc.
        id_kind: Option<String>,
        /// Sealed.
        id_number: Option<String>,
        /// Transfer fee taken.
        fee: Fen,
        /// owner, or disputed: a second transfer from the same owner.
        state: String,
    }

    /// One amendment of one field.
    pub struct FieldRow("d_field", 3) {
        /// The account.
        account: Id,
        /// The field.
        field: String,
        /// The entry.
        id: Id,
        /// Its place among the amendments of its unit, from 1, in the order of derivation.
        turn: i64,
        /// The last amendment of the unit that the clerk knew of.
        base: Option<Id>,
        /// The value on file before it.
        before: Option<String>,
        /// The new value.
        value: Option<String>,
        /// Keyed hash of a sealed value, to tell that two are the same.
        mark: Option<i64>,
        /// set, agreed, late (won over one it did not know of), lost, pending, decided.
        outcome: String,
    }

    /// A file opened at a desk for a person with a number, as long as that person owns it.
    pub struct NewcomerRow("d_newcomer", 1) {
        /// The account.
        account: Id,
        /// Keyed hash of the person's number.
        mark: i64,
        /// Accounts of the same person that the clerk knew of, blank between.
        known: String,
    }

    /// 表.
    pub struct MeterRow("d_meter", 2) {
        /// The account.
        account: Id,
        /// The entry that fitted it.
        id: Id,
        /// 表号.
        no: String,
        /// 厂家.
        maker: String,
        /// 型号.
        model: String,
        /// 口径, digits only.
        calibre: String,
        /// 表位数: the counter goes to 10^dial - 1.
        dial: i64,
        /// 表方向.
        direction: String,
        /// 装表日期.
        fitted: Option<NaiveDate>,
        /// 底数.
        first: Milli,
        /// 拆表日期.
        removed: Option<NaiveDate>,
        /// 止码.
        last: Option<Milli>,
        /// 表状态.
        state: String,
        /// 铅封号.
        seal: String,
        /// Two swaps claim it: billing is held until a field check.
        disputed: bool,
        /// The meter fitted in its place by a swap.
        replaced_by: Option<Id>,
        /// Since when a slip has it sealed or taken down; none: it is not, or nobody knows the day.
        shut: Option<NaiveDate>,
    }

    /// 读数.
    pub struct ReadingRow("d_reading", 3) {
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
        /// opening, card, handheld, remote, self, till, swap.
        source: String,
        /// 估抄.
        estimated: bool,
        /// The counter passed zero since the last reading, confirmed.
        rollover: bool,
        /// 备注.
        remark: String,
        /// 抄表员, as the file or the clerk names them; may be empty.
        reader: String,
        /// By register: `[read, used]` as JSON, empty for an ordinary meter.
        registers: String,
        /// How a sealed meter came to run ([`crate::rules::sealed_use`]); empty for ordinary use.
        sealed: String,
    }
}
