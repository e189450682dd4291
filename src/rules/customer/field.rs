//! The fields of the customer file: name, label, form, and which of them are decided together.

use Form::*;

use crate::rules::customer_fields::method;

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 户名: no blanks; empty means unknown.
    Name,
    /// Pinyin initials, small letters.
    Initials,
    /// Text of at most so many characters.
    Text(usize),
    /// Text that must not be empty.
    Needed(usize),
    /// A telephone number.
    Phone,
    /// A mobile number: short numbers and landlines have a field of their own.
    Mobile,
    /// A whole number from … to.
    Number(u32, u32),
    /// One of these words; the first of each pair is kept, the second shown.
    Choice(&'static [(&'static str, &'static str)]),
    /// A day, not in the future.
    Day,
    /// The last day of a temporary supply: not past, at most six months ahead.
    DayAhead,
    /// 价格类别: a code of the price book.
    Class,
    /// Shares of a mixed account that add up to 1.
    Mix,
    /// A number that is sealed: resident ID or credit code.
    Identity,
    /// A number that is sealed: bank card.
    Card,
    /// 底数: a quantity that is not negative.
    Quantity,
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its stable name.
    pub key: &'static str,
    /// Its Chinese label, as on the paper forms.
    pub label: &'static str,
    /// What it may hold.
    pub form: Form,
    /// The unit it is decided in when two amendments meet: fields of one guarded unit have no automatic winner.
    pub unit: &'static str,
    /// Does it belong to the person rather than to the place? Then a transfer ends it.
    pub personal: bool,
}

/// Guarded units: bank, ID and price class have no automatic winner.
pub const BANK: &str = "bank";
/// See [`BANK`].
pub const IDENTITY: &str = "identity";
/// See [`BANK`].
pub const CLASS: &str = "class";

impl Field {
    /// Must a person decide when two amendments of it meet?
    pub fn is_guarded(&self) -> bool {
        [BANK, IDENTITY, CLASS].contains(&self.unit)
    }

    /// Are amounts worked out from it? Then one person alone does not change it: the price unit by P1, P3, P4 or the first reading,
    /// the others by D1. The import of the file of before, and opening, bring it in.
    pub fn moves_money(&self) -> bool {
        MOVES_MONEY.contains(&self.key)
    }

    /// Is it kept sealed?
    pub fn is_sealed(&self) -> bool {
        matches!(self.form, Identity | Card)
    }
}

const fn place(key: &'static str, label: &'static str, form: Form) -> Field {
    Field { key, label, form, unit: key, personal: false }
}

const fn person(key: &'static str, label: &'static str, form: Form) -> Field {
    Field { key, label, form, unit: key, personal: true }
}

const fn guarded(key: &'static str, label: &'static str, form: Form, unit: &'static str, personal: bool) -> Field {
    Field { key, label, form, unit, personal }
}

/// 缴费方式; people also say 银行代扣.
pub const METHODS: &[(&str, &str)] = &[
    (method::CASH, "现金"),
    (method::TOP_UP, "充值"),
    (method::DEBIT, "银行代缴"),
    (method::DEBIT, "银行代扣"),
    (method::COLLECTION, "银行托收"),
    (method::ONLINE, "网上缴费"),
];
const CARRIERS: &[(&str, &str)] = &[("移动", "移动"), ("联通", "联通"), ("电信", "电信"), ("广电", "广电")];
const AREAS: &[(&str, &str)] = &[("old", "老区"), ("new", "新区")];
const BUILDINGS: &[(&str, &str)] = &[("multi", "多层"), ("high", "高层")];
const READ_WAYS: &[(&str, &str)] = &[("card", "卡片"), ("handheld", "手持"), ("remote", "远传")];
const DISCOUNTS: &[(&str, &str)] = &[("特困", "特困"), ("双证", "双证")];
const USER_KINDS: &[(&str, &str)] = &[("普通用户", "普通用户"), ("公建用户", "公建用户")];
const USER_TYPES: &[(&str, &str)] = &[("抄表", "抄表"), ("IC卡", "IC卡")];
const CONNECTIONS: &[(&str, &str)] = &[("集体", "集体"), ("散户", "散户")];
const STATUSES: &[(&str, &str)] = &[("正常", "正常"), ("报停", "报停"), ("销户", "销户")];
const YES: &[(&str, &str)] = &[("true", "是"), ("false", "否")];
const HAVE: &[(&str, &str)] = &[("有", "有"), ("无", "无")];
const SPECIAL: &[(&str, &str)] = &[("老", "老"), ("弱", "弱"), ("病", "病"), ("残", "残")];

/// Whether prepaid pays a bill when it is made; when nothing is said it does.
pub const PREPAID_SETTLES: &str = "extra.prepaid_settles";

/// Facts from which an amount is worked out, beside the price unit: steps by people, the discount's tariff, the opening day (the
/// classes of the highest price and the first bill's start), no bill by reading for IC cards, late fee on what prepaid would have
/// paid, use past zero by the digits of the dial, the first bill's start by the day the meter was fitted.
const MOVES_MONEY: &[&str] =
    &["people", "discount", "opened", "user_type", PREPAID_SETTLES, "meter.dial", "meter.fitted"];

/// The fields that a D1 changes, in the order of the form.
pub fn money_fields() -> impl Iterator<Item = &'static Field> {
    [FIELDS, EXTRA, METER].into_iter().flatten().filter(|field| field.moves_money())
}

/// The fields of the file, in the order of the form.
pub const FIELDS: &[Field] = &[
    person("name", "户名", Name),
    person("initials", "拼音首字母", Initials),
    guarded("id_number", "证件号码", Identity, IDENTITY, true),
    person("phone", "联系电话", Phone),
    person("mobile", "手机", Mobile),
    person("sms", "短信号码", Mobile),
    person("sms_carrier", "短信公司", Choice(CARRIERS)),
    place("estate", "小区名称", Text(60)),
    place("address", "地址", Needed(120)),
    place("area", "区域", Choice(AREAS)),
    place("building_kind", "楼型", Choice(BUILDINGS)),
    place("building", "楼号", Text(8)),
    place("unit", "单元", Text(8)),
    place("room", "室号", Text(8)),
    place("book", "抄表册号", Text(8)),
    place("read_way", "抄表方式", Choice(READ_WAYS)),
    guarded("class", "价格类别", Class, CLASS, false),
    guarded("class_confirmed", "价格类别已确认", Choice(YES), CLASS, false),
    guarded("mix", "混用比例", Mix, CLASS, false),
    place("people", "人口", Number(1, 99)),
    person("discount", "优待类别", Choice(DISCOUNTS)),
    place("user_kind", "用户类别", Choice(USER_KINDS)),
    place("user_type", "用户类型", Choice(USER_TYPES)),
    guarded("method", "缴费方式", Choice(METHODS), BANK, true),
    guarded("bank_name", "银行名称", Text(40), BANK, true),
    guarded("bank_holder", "持卡人", Text(40), BANK, true),
    guarded("bank_card", "银行卡号", Card, BANK, true),
    guarded("agreement", "代扣协议号", Text(40), BANK, true),
    place("connection", "报装性质", Choice(CONNECTIONS)),
    place("connected", "报装日期", Day),
    place("invoiced", "开票日期", Day),
    place("supplied", "通气日期", Day),
    place("opened", "开户日期", Day),
    place("status", "状态", Choice(STATUSES)),
    place("remark", "备注", Text(200)),
];

/// Further facts of the paper file (R-064, R-066 … ), under `extra.`.
pub const EXTRA: &[Field] = &[
    place("extra.cooker", "灶具品牌", Text(40)),
    place("extra.flame_guard", "熄火保护", Choice(HAVE)),
    place("extra.cooker_year", "灶具启用年份", Number(1980, 2100)),
    place("extra.heater", "热水器品牌", Text(40)),
    place("extra.heater_flow", "热水器流量", Text(20)),
    place("extra.heater_year", "热水器启用年份", Number(1980, 2100)),
    place("extra.heating", "采暖炉品牌", Text(40)),
    place("extra.heating_power", "采暖炉功率", Text(20)),
    place("extra.heating_year", "采暖炉启用年份", Number(1980, 2100)),
    place("extra.hose", "波纹管", Text(60)),
    person("extra.special", "特殊客户", Choice(SPECIAL)),
    person(PREPAID_SETTLES, "预存自动抵扣", Choice(YES)),
    place("extra.paper_file", "纸质档案", Text(60)),
    place("extra.custody", "托管", Choice(HAVE)),
    place("extra.settled_with", "合并结算户号", Text(20)),
    place("extra.temporary_until", "临时供应到期", DayAhead),
    place("extra.bought", "累计购气量", Text(20)),
];

/// Facts of the meter on the wall (R-065, corrected from the photo by R-071), under `meter.`. Its state moves by slips only
/// its number by a swap.
pub const METER: &[Field] = &[
    place("meter.maker", "厂家", Text(40)),
    place("meter.model", "型号", Text(40)),
    place("meter.calibre", "口径", Number(1, 2000)),
    place("meter.dial", "表位数", Number(3, 9)),
    place("meter.direction", "表方向", Text(10)),
    place("meter.fitted", "装表日期", Day),
    place("meter.seal", "铅封号", Text(40)),
];

/// The field of a name.
pub fn field(key: &str) -> Option<&'static Field> {
    [FIELDS, EXTRA, METER].into_iter().flatten().find(|field| field.key == key)
}

/// Does prepaid pay bills by itself, by the account's further facts (a JSON object)?
pub fn prepaid_settles(extra: &str) -> bool {
    const KEY: &str = "prepaid_settles";
    if !extra.contains(KEY) {
        return true; // most say nothing: a million of them are not read
    }
    let facts: std::collections::BTreeMap<String, String> = serde_json::from_str(extra).unwrap_or_default();
    facts.get(KEY).is_none_or(|said| said != "false")
}

/// The label of a field; a name that is none is its own label.
pub fn label(key: &str) -> &str {
    match (field(key), key) {
        (Some(field), _) => field.label,
        (None, "route") => "抄表序号",
        (None, "id_kind") => "证件类型",
        (None, other) => other,
    }
}

/// The unit in which a field is decided.
pub fn unit_of(key: &str) -> &str {
    field(key).map_or(key, |field| field.unit)
}

/// The keys of a unit.
pub fn units(unit: &str) -> impl Iterator<Item = &'static Field> {
    [FIELDS, EXTRA, METER].into_iter().flatten().filter(move |field| field.unit == unit)
}

impl Form {
    /// What is shown for a kept value: the label of a choice, else the value.
    pub fn shown(self, value: &str) -> String {
        match self {
            Choice(words) => words.iter().find(|(kept, _)| *kept == value).map_or(value, |(_, shown)| shown).to_owned(),
            _ => value.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once() {
        let mut keys: Vec<&str> = [FIELDS, EXTRA, METER].into_iter().flatten().map(|field| field.key).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn bank_id_and_class_are_guarded_and_nothing_else() {
        let guarded: Vec<&str> = FIELDS.iter().filter(|field| field.is_guarded()).map(|field| field.key).collect();
        assert_eq!(
            guarded,
            [
                "id_number",
                "class",
                "class_confirmed",
                "mix",
                "method",
                "bank_name",
                "bank_holder",
                "bank_card",
                "agreement"
            ]
        );
    }
}
