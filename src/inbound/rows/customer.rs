//! A customer as a file gives it: everything of one household, one file (一户一档, R-037).

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::inbound::profile::ReadBy;
use crate::rules::meter_state::MeterState;
use crate::rules::money::{Fen, Milli};
use crate::rules::route;
use crate::rules::utility::Utility;

columns! {
    account, name, id_number, landline, mobile, sms_number, sms_carrier, estate, address, area, building_kind, building,
    unit, room, book, route, read_by, user_kind, user_type, method, card_number, bank, holder, agreement, class, mix,
    people, discount, connection, applied, invoiced, opened, fitted, supplied, state, meter, maker, model, calibre,
    dial_digits, direction, base, last_date, last_value, bought, volumes, cooker, flame_guard, balance, arrears_count,
    arrears_sum, arrears, remark, prepaid_settles,
}

/// A customer's row, cleaned and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRow {
    /// Line in the file.
    pub line: u32,
    /// Utility of the profile.
    pub utility: Utility,
    /// 户号
    pub account: String,
    /// 户名; `用户` when unknown.
    pub name: String,
    /// 证件号码, cleaned: resident ID or credit code.
    pub id_number: Option<String>,
    /// 联系电话
    pub landline: Option<String>,
    /// 手机
    pub mobile: Option<String>,
    /// 短信号码 and 短信公司.
    pub sms: Option<Sms>,
    /// 小区名称
    pub estate: Option<String>,
    /// 地址
    pub address: String,
    /// 区域 and 楼型: what gives a route number its form.
    pub form: Option<(route::Area, route::Kind)>,
    /// Parts of the route number: 册, 楼, 单元, 室.
    pub parts: Option<route::Parts>,
    /// 抄表序号
    pub route: Option<String>,
    /// 抄表方式
    pub read_by: Option<ReadBy>,
    /// 用户类别 (普通用户, 公建用户)
    pub user_kind: Option<String>,
    /// 用户类型 (IC卡, 抄表)
    pub user_type: Option<String>,
    /// 缴费方式
    pub method: Option<String>,
    /// 银行卡号, 银行名称, 持卡人: all or none.
    pub bank: Option<Bank>,
    /// 代扣协议号
    pub agreement: Option<String>,
    /// Price class, as tariffs name it: `resident`.
    pub class: String,
    /// The label of the class in the file.
    pub class_label: String,
    /// Shares of a mixed account: class and ratio; they add up to 1.
    pub mix: Vec<(String, Decimal)>,
    /// 用水人口
    pub people: Option<u32>,
    /// 优待类别 (特困, 双证)
    pub discount: Option<String>,
    /// 报装性质 (集体, 散户)
    pub connection: Option<String>,
    /// 报装日期
    pub applied: Option<NaiveDate>,
    /// 开票日期
    pub invoiced: Option<NaiveDate>,
    /// 开户日期
    pub opened: Option<NaiveDate>,
    /// 通气日期
    pub supplied: Option<NaiveDate>,
    /// Standing of the account.
    pub standing: Standing,
    /// The state as it stands in the file.
    pub state_label: String,
    /// State of the meter.
    pub meter_state: MeterState,
    /// The meter, when one is fitted.
    pub meter: Option<MeterFacts>,
    /// 上次抄表日期 and 上次表底.
    pub last: Option<LastReading>,
    /// 近三期用量, oldest first, whole units.
    pub volumes: Vec<u32>,
    /// 累计购气量 of an IC card.
    pub bought: Option<Milli>,
    /// 灶具品牌
    pub cooker: Option<String>,
    /// 熄火保护
    pub flame_guard: Option<bool>,
    /// 预存余额
    pub balance: Fen,
    /// 预存自动抵扣, where the file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepaid_settles: Option<bool>,
    /// 欠费明细
    pub arrears: Vec<Arrear>,
    /// 备注
    pub remark: Option<String>,
}

/// Where short messages go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    /// 短信号码
    pub number: String,
    /// 短信公司
    pub carrier: String,
}

/// A bank card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bank {
    /// 银行卡号
    pub card_number: String,
    /// 银行名称
    pub bank: String,
    /// 持卡人
    pub holder: String,
}

/// Standing of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// 正常
    Normal,
    /// 报停
    Suspended,
    /// 销户
    Closed,
}

/// Facts of a meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterFacts {
    /// 表号
    pub number: String,
    /// 厂家
    pub maker: Option<String>,
    /// 型号
    pub model: Option<String>,
    /// 口径, millimetres
    pub calibre: Option<u16>,
    /// 表位数: a counter of five digits goes from 99999 to 0.
    pub dial_digits: Option<u8>,
    /// 表方向
    pub direction: Option<String>,
    /// 装表日期
    pub fitted: Option<NaiveDate>,
    /// 表底数: reading when fitted
    pub base: Option<Milli>,
}

/// The last reading on file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastReading {
    /// Its day, where the file knows it.
    pub date: Option<NaiveDate>,
    /// Its value.
    pub value: Milli,
}

/// An unpaid bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrear {
    /// First day of its month.
    pub period: NaiveDate,
    /// What is owed.
    pub amount: Fen,
}

impl CustomerRow {
    /// A stable hash of everything but the line: rows equal to what is on file have the print of what is on file.
    ///
    /// Of ID and card number it takes the last four characters only, so that nobody finds the number by trying all.
    pub fn print(&self) -> [u8; 16] {
        let mut plain = Self { line: 0, ..self.clone() };
        plain.id_number.as_mut().into_iter().for_each(keep_last_four);
        plain.bank.as_mut().into_iter().for_each(|bank| keep_last_four(&mut bank.card_number));
        // A struct of texts, numbers and dates always serialises; were it not so, the print of nothing equals no other row's.
        let text = serde_json::to_vec(&plain).unwrap_or_default();
        let mut print = [0; 16];
        print.copy_from_slice(&blake3::hash(&text).as_bytes()[..16]);
        print
    }

    /// Sum of the unpaid bills.
    pub fn owed(&self) -> Fen {
        self.arrears.iter().map(|bill| bill.amount).sum()
    }
}

fn keep_last_four(number: &mut String) {
    let cut = number.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    number.drain(..cut);
}
