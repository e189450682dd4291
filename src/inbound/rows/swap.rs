//! A meter swap slip (水表拆换单) as a file gives it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::rules::money::Milli;

columns! {
    slip, account, name, address, old_meter, final_value, new_meter, calibre, first_value, date, reason, worker, old_seal,
    new_seal, materials, remark,
}

/// A slip, cleaned and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwapRow {
    /// Line in the file.
    pub line: u32,
    /// 单号
    pub slip: String,
    /// 户号
    pub account: String,
    /// 旧表号
    pub old_meter: String,
    /// 旧表止码
    pub final_value: Milli,
    /// 新表号
    pub new_meter: String,
    /// 新表口径, millimetres
    pub calibre: Option<u16>,
    /// 新表起码
    pub first_value: Milli,
    /// 拆换日期
    pub date: NaiveDate,
    /// 拆换原因
    pub reason: Option<String>,
    /// 施工人
    pub worker: Option<String>,
    /// 旧铅封号
    pub old_seal: Option<String>,
    /// 新铅封号
    pub new_seal: Option<String>,
    /// 用料
    pub materials: Option<String>,
    /// 备注
    pub remark: Option<String>,
    /// Use of the old meter since the last reading on file, whole units.
    pub old_use: u32,
}
