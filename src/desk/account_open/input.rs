//! What is typed to open a customer file, and what is answered.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::customer_file::Typed;
use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};

/// What is typed: the fields of the customer file. Only the address is needed.
#[derive(Deserialize, Serialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Input {
    /// 户号, as printed; empty: the next of the site's block.
    pub account: Option<Typed>,
    /// water, gas, power, heat; empty: the site's.
    pub utility: Option<String>,
    /// 户名; empty: 用户.
    pub name: Option<Typed>,
    /// Corrected pinyin initials of the name.
    pub initials: Option<Typed>,
    /// 证件号码: resident ID of a household, credit code of a firm.
    pub id_number: Option<Typed>,
    /// 联系电话.
    pub phone: Option<Typed>,
    /// 手机.
    pub mobile: Option<Typed>,
    /// 短信号码.
    pub sms: Option<Typed>,
    /// 短信公司: 移动, 联通, 电信, 广电.
    pub sms_carrier: Option<Typed>,
    /// 小区名称.
    pub estate: Option<Typed>,
    /// 地址, with its unit.
    pub address: Option<Typed>,
    /// 区域: old or new.
    pub area: Option<Typed>,
    /// 楼型: multi or high.
    pub building_kind: Option<Typed>,
    /// 楼号.
    pub building: Option<Typed>,
    /// 单元.
    pub unit: Option<Typed>,
    /// 室号.
    pub room: Option<Typed>,
    /// 抄表册号.
    pub book: Option<Typed>,
    /// 抄表序号: composed from its parts; when typed it must agree with them.
    pub route: Option<Typed>,
    /// 抄表方式: card, handheld, remote; empty: card.
    pub read_way: Option<Typed>,
    /// 价格类别: `resident`, `non_resident`, `special`, `mixed` …; empty: the dearest, until confirmed.
    pub class: Option<Typed>,
    /// 混用比例: `[{"class","ratio"}]` or `resident:0.7;non_resident:0.3`.
    pub mix: Option<Typed>,
    /// 人口, 1 to 99; more than the steps of the prices are for needs the right `import.customers`, or D1 afterwards.
    pub people: Option<Typed>,
    /// 优待类别: 特困, 双证.
    pub discount: Option<Typed>,
    /// 用户类别: 普通用户, 公建用户.
    pub user_kind: Option<Typed>,
    /// 用户类型: IC卡, 抄表.
    pub user_type: Option<Typed>,
    /// 缴费方式: 现金, 银行代缴, 银行托收, 网上缴费, 充值; empty: 现金, of an IC card 充值.
    pub method: Option<Typed>,
    /// 银行名称.
    pub bank_name: Option<Typed>,
    /// 持卡人.
    pub bank_holder: Option<Typed>,
    /// 银行卡号.
    pub bank_card: Option<Typed>,
    /// 代扣协议号.
    pub agreement: Option<Typed>,
    /// 报装性质: 集体, 散户.
    pub connection: Option<Typed>,
    /// 报装日期.
    pub connected: Option<Typed>,
    /// 开票日期 (R-056 … R-058).
    pub invoiced: Option<Typed>,
    /// 通气日期.
    pub supplied: Option<Typed>,
    /// 开户日期; empty: the business day; an earlier one needs the right `import.customers`.
    pub opened: Option<Typed>,
    /// 状态: 正常, 报停; empty: 正常.
    pub status: Option<Typed>,
    /// 备注.
    pub remark: Option<Typed>,
    /// Further facts: cooker, flame_guard, cooker_year, heater, heater_flow, heater_year, heating, heating_power, heating_year,
    /// hose, special, paper_file, custody, settled_with, temporary_until, bought.
    pub extra: BTreeMap<String, Typed>,
    /// The meter on the wall.
    pub meter: Option<MeterInput>,
    /// The last reading before this book; of a day before today it needs the right `import.customers`.
    pub last_reading: Option<LastReadingInput>,
    /// 近三期用量, oldest first.
    pub recent: Vec<u32>,
    /// Unpaid bills from before this book.
    pub arrears: Vec<ArrearInput>,
    /// 预存余额 from before this book, `"100.00"`; needs the right `import.customers`.
    pub prepaid: Option<Fen>,
}

/// A meter.
#[derive(Deserialize, Serialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct MeterInput {
    /// 表号.
    pub no: String,
    /// 厂家.
    pub maker: Option<Typed>,
    /// 型号.
    pub model: Option<Typed>,
    /// 口径, millimetres.
    pub calibre: Option<Typed>,
    /// 表位数; empty: 5.
    pub dial: Option<Typed>,
    /// 表方向.
    pub direction: Option<Typed>,
    /// 装表日期.
    pub fitted: Option<Typed>,
    /// 表底数; empty: 0.
    pub first: Option<Milli>,
    /// 表状态: applied, fitted, supplied, sealed or the Chinese word; empty: supplied.
    pub state: Option<String>,
    /// 铅封号.
    pub seal: Option<Typed>,
}

/// The last reading before this book.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LastReadingInput {
    /// 上次抄表日期.
    pub day: NaiveDate,
    /// 上次表底.
    pub value: Milli,
    /// Where each register stood, for a meter that counts the hours apart: `{"peak":"180","valley":"60"}`.
    #[serde(default)]
    pub registers: BTreeMap<String, Milli>,
}

/// An unpaid bill from before this book.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrearInput {
    /// 账期, `2026-09`.
    pub cycle: String,
    /// What is owed.
    pub amount: Fen,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// 户号, as printed.
    pub account: String,
    /// The account's name in the day book.
    pub id: Id,
    /// 抄表序号.
    pub route: String,
    /// 价格类别.
    pub class: String,
    /// False while the dearest price stands in.
    pub class_confirmed: bool,
    /// What the clerk should look at: the same person's other accounts, a neighbour's route number.
    pub warnings: Vec<String>,
}
