//! The customer file opened, by a person at a desk or by an import.
//!
//! Merge: two openings are two accounts; one 户号 or one 表号 on both is a clash, and so are two openings for one person by
//! clerks who did not know of each other's. Prepaid that stands beside arrears pays them at once, oldest due first, when the opening
//! says so ([`super::prepaid`]): they were both there before this book, so no late fee runs on what it covers.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{METER, NUMBER, PERSON, prepaid};
use crate::book::subject::Kind;
use crate::derive::ledger::{Legs, account};
use crate::derive::{DeriveError, Event, Fx};
use crate::rules::billing::ByRegister;
use crate::rules::customer::prepaid_settles;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};
use crate::store::tables::account::{AccountRow, MeterRow, NewcomerRow, OwnerRow, ReadingRow};
use crate::store::tables::billing::{BalanceRow, BillRow};

/// Body of `account.open`: the whole file. Sealed numbers stand as [`crate::book::seal::Sealed::to_text`].
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, schemars::JsonSchema)]
#[serde(default)]
pub struct AccountOpened {
    /// 户号.
    pub no: String,
    /// water, gas, power, heat.
    pub utility: String,
    /// 户名.
    pub name: String,
    /// Corrected pinyin initials.
    pub initials: Option<String>,
    /// resident_id or uscc.
    pub id_kind: Option<String>,
    /// Sealed resident ID, or a credit code.
    pub id_number: Option<String>,
    /// 联系电话.
    pub phone: Option<String>,
    /// 手机.
    pub mobile: Option<String>,
    /// 短信号码.
    pub sms: Option<String>,
    /// 短信公司.
    pub sms_carrier: Option<String>,
    /// 小区名称.
    pub estate: String,
    /// 地址.
    pub address: String,
    /// old or new.
    pub area: Option<String>,
    /// multi or high.
    pub building_kind: Option<String>,
    /// 楼号.
    pub building: String,
    /// 单元.
    pub unit: String,
    /// 室号.
    pub room: String,
    /// 抄表册号.
    pub book: String,
    /// 抄表序号.
    pub route: String,
    /// card, handheld, remote.
    pub read_way: String,
    /// Price class.
    pub class: String,
    /// False while the highest price stands in.
    pub class_confirmed: bool,
    /// `resident:0.7;non_resident:0.3`.
    pub mix: Option<String>,
    /// 用水人口.
    pub people: Option<i64>,
    /// 特困, 双证.
    pub discount: Option<String>,
    /// 普通用户, 公建用户.
    pub user_kind: Option<String>,
    /// IC卡, 抄表.
    pub user_type: Option<String>,
    /// 缴费方式.
    pub method: String,
    /// 银行名称.
    pub bank_name: Option<String>,
    /// 持卡人.
    pub bank_holder: Option<String>,
    /// Sealed card number.
    pub bank_card: Option<String>,
    /// 代扣协议号.
    pub agreement: Option<String>,
    /// 集体, 散户.
    pub connection: Option<String>,
    /// 报装日期.
    pub connected: Option<NaiveDate>,
    /// 开票日期.
    pub invoiced: Option<NaiveDate>,
    /// 通气日期.
    pub supplied: Option<NaiveDate>,
    /// 开户日期.
    pub opened: Option<NaiveDate>,
    /// 正常, 报停, 销户.
    pub status: String,
    /// 近三期用量, `23;19;18`.
    pub recent: String,
    /// 备注.
    pub remark: String,
    /// Further facts, a JSON object as text.
    pub extra: String,
    /// The meter on the wall.
    pub meter: Option<MeterFacts>,
    /// The last reading before this book.
    pub last_reading: Option<LastReading>,
    /// Unpaid bills from before this book.
    pub arrears: Vec<Arrear>,
    /// 预存余额.
    pub prepaid: Fen,
    /// Keyed hash of the resident ID or credit code, when a person opened the file at a desk.
    pub id_mark: Option<i64>,
    /// Accounts of the same person that the clerk was told of.
    pub known: Vec<Id>,
    /// The print of the imported row that made it: rows of a corrected file that say the same are known by it.
    pub print: Option<String>,
    /// Prepaid pays the arrears it stands beside; openings from before that was said keep both.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub settles: bool,
}

impl AccountOpened {
    /// Sets prepaid against arrears, where there are both and the customer does not keep prepaid for itself.
    pub fn settle(&mut self) {
        self.settles = self.prepaid > Fen::ZERO && !self.arrears.is_empty() && prepaid_settles(&self.extra);
    }
}

/// A meter as a slip or a file gives it.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, schemars::JsonSchema)]
#[serde(default)]
pub struct MeterFacts {
    /// 表号.
    pub no: String,
    /// 厂家.
    pub maker: String,
    /// 型号.
    pub model: String,
    /// 口径.
    pub calibre: String,
    /// 表位数.
    pub dial: i64,
    /// 表方向.
    pub direction: String,
    /// 装表日期.
    pub fitted: Option<NaiveDate>,
    /// 底数.
    pub first: Milli,
    /// 表状态.
    pub state: String,
    /// 铅封号.
    pub seal: String,
}

/// The last reading before this book.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct LastReading {
    /// Day.
    pub day: NaiveDate,
    /// 示数.
    pub value: Milli,
    /// By register, for a meter that counts the hours apart.
    #[serde(default)]
    pub registers: ByRegister,
}

/// An unpaid bill from before this book. It is dated at the end of its period.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, schemars::JsonSchema)]
pub struct Arrear {
    /// 账期, `2026-09`.
    pub cycle: String,
    /// Amount.
    pub amount: Fen,
    /// Its date: the last day of its period.
    pub dated: NaiveDate,
    /// Last day without late fee, by the tariff of the class on that date.
    pub due: NaiveDate,
    /// Tariff code whose late-fee rule counts.
    pub tariff: String,
}

/// Applies `account.open`.
pub fn open(fx: &mut Fx<'_, '_>, event: &Event<'_>) -> Result<(), DeriveError> {
    let body: AccountOpened = event.read()?;
    let id = event.subject;
    fx.touch(NUMBER.what, &body.no);
    fx.reindex.insert(id);
    if let Some(meter) = &body.meter {
        fx.touch(METER.what, &meter.no);
        fit(fx, event, meter)?;
    }
    if let Some(last) = &body.last_reading {
        fx.tx.put(&ReadingRow {
            account: id,
            day: last.day,
            id: event.id,
            meter: event.id,
            value: last.value,
            source: "opening".into(),
            estimated: false,
            rollover: false,
            remark: String::new(),
            reader: String::new(),
            registers: super::reading::registers_text(&last.registers, &[])?,
            sealed: String::new(),
        })?;
    }
    let mut legs = Legs::default();
    for (index, arrear) in body.arrears.iter().enumerate() {
        legs.add(account::RECEIVABLE, arrear.amount).add(account::OPENING, -arrear.amount);
        open_arrear(fx, event, arrear, index)?;
    }
    if body.prepaid != Fen::ZERO {
        legs.add(account::PREPAID, -body.prepaid).add(account::OPENING, body.prepaid);
        fx.tx.put(&BalanceRow { account: id, prepaid: body.prepaid, credit: Fen::ZERO })?;
    }
    if body.settles {
        let mut oldest: Vec<usize> = (0..body.arrears.len()).collect();
        oldest.sort_by_key(|index| (body.arrears[*index].due, *index));
        for index in oldest {
            prepaid::settle(fx, event, Id::brought(index as i64), &mut legs)?;
        }
    }
    legs.post(fx, Kind::Account, event)?;
    fx.tx.put(&OwnerRow {
        account: id,
        id: event.id,
        since: body.opened.unwrap_or(event.entry.business_day),
        name: body.name.clone(),
        id_kind: body.id_kind.clone(),
        id_number: body.id_number.clone(),
        fee: Fen::ZERO,
        state: "owner".into(),
    })?;
    if let Some(mark) = body.id_mark {
        let known = body.known.iter().map(Id::to_string).collect::<Vec<_>>().join(" ");
        fx.tx.put(&NewcomerRow { account: id, mark, known })?;
        fx.touch(PERSON.what, &mark.to_string());
    }
    fx.tx.put(&row(id, event.id, body))?;
    Ok(())
}

/// Puts a meter on the account.
pub fn fit(fx: &mut Fx<'_, '_>, event: &Event<'_>, meter: &MeterFacts) -> Result<(), DeriveError> {
    fx.tx.put(&MeterRow {
        account: event.subject,
        id: event.id,
        no: meter.no.clone(),
        maker: meter.maker.clone(),
        model: meter.model.clone(),
        calibre: meter.calibre.clone(),
        dial: meter.dial,
        direction: meter.direction.clone(),
        fitted: meter.fitted,
        first: meter.first,
        removed: None,
        last: None,
        state: meter.state.clone(),
        seal: meter.seal.clone(),
        disputed: false,
        replaced_by: None,
        shut: None,
    })?;
    Ok(())
}

/// An opening arrear becomes a bill, named `#1`, `#2` … within its account.
fn open_arrear(fx: &mut Fx<'_, '_>, event: &Event<'_>, arrear: &Arrear, index: usize) -> Result<(), DeriveError> {
    fx.tx.put(&BillRow {
        account: event.subject,
        id: Id::brought(index as i64),
        cycle: arrear.cycle.clone(),
        first_day: arrear.dated,
        last_day: arrear.dated,
        dated: arrear.dated,
        due: arrear.due,
        volume: Milli::ZERO,
        amount: arrear.amount,
        unpaid: arrear.amount,
        tariff: arrear.tariff.clone(),
        estimated: false,
        kind: "opening".into(),
        state: "open".into(),
        note: String::new(),
        prepaid: Fen::ZERO,
        reading: None,
        behind: None,
        highest: false,
    })?;
    Ok(())
}

/// The row of a file just opened: `id` the account, `customer` its first owner.
pub fn row(id: Id, customer: Id, body: AccountOpened) -> AccountRow {
    AccountRow {
        id,
        no: body.no,
        utility: body.utility,
        name: body.name,
        initials: body.initials,
        id_kind: body.id_kind,
        id_number: body.id_number,
        phone: body.phone,
        mobile: body.mobile,
        sms: body.sms,
        sms_carrier: body.sms_carrier,
        estate: body.estate,
        address: body.address,
        area: body.area,
        building_kind: body.building_kind,
        building: body.building,
        unit: body.unit,
        room: body.room,
        book: body.book,
        route: body.route,
        read_way: body.read_way,
        class: body.class,
        class_confirmed: body.class_confirmed,
        mix: body.mix,
        people: body.people,
        discount: body.discount,
        user_kind: body.user_kind,
        user_type: body.user_type,
        method: body.method,
        bank_name: body.bank_name,
        bank_holder: body.bank_holder,
        bank_card: body.bank_card,
        agreement: body.agreement,
        connection: body.connection,
        connected: body.connected,
        invoiced: body.invoiced,
        supplied: body.supplied,
        opened: body.opened,
        status: body.status,
        customer,
        recent: body.recent,
        remark: body.remark,
        extra: body.extra,
    }
}
