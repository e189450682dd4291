//! The conditional rules between the fields of a customer's file (一户一档), R-047 … R-058.
//!
//! Each says what one field must be because of another. All faults are returned at once, with the field to stand on
//! . Fields that are not known are `None`; a rule whose condition is unknown says nothing.

use chrono::NaiveDate;

use super::refusal::Refusal;

/// Names of payment methods (缴费方式).
pub mod method {
    /// 现金
    pub const CASH: &str = "现金";
    /// 充值: top-up of an IC card.
    pub const TOP_UP: &str = "充值";
    /// 银行代缴: debit from a household's account.
    pub const DEBIT: &str = "银行代缴";
    /// 银行托收: collection from a firm's account.
    pub const COLLECTION: &str = "银行托收";
    /// 网上缴费
    pub const ONLINE: &str = "网上缴费";
    /// All, in the order of lists.
    pub const ALL: [&str; 5] = [CASH, TOP_UP, DEBIT, COLLECTION, ONLINE];

    /// The word that is kept: people also say 银行代扣.
    pub fn plain(typed: &str) -> &str {
        if typed == "银行代扣" { DEBIT } else { typed }
    }

    /// Does the bank fetch the money?
    pub fn is_debit(method: &str) -> bool {
        matches!(method, DEBIT | COLLECTION)
    }
}

/// Name of a customer nobody knows.
pub const UNKNOWN_NAME: &str = "用户";
/// User types (用户类型), R-047.
pub const USER_TYPES: [&str; 2] = [IC_CARD, READ_METER];
/// IC卡: pays before use.
pub const IC_CARD: &str = "IC卡";
/// 抄表: is read and billed.
pub const READ_METER: &str = "抄表";
/// User kinds (用户类别): households and public buildings.
pub const USER_KINDS: [&str; 2] = ["普通用户", "公建用户"];
/// Connection kinds (报装性质), R-055.
pub const CONNECTIONS: [&str; 2] = [GROUP, SINGLE];
/// 集体: a developer paid for all.
pub const GROUP: &str = "集体";
/// 散户: paid at the counter.
pub const SINGLE: &str = "散户";

/// The fields the rules look at, as typed; empty texts count as `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct CustomerFields<'c> {
    /// 户名.
    pub name: Option<&'c str>,
    /// 用水地址, 安装地址.
    pub address: Option<&'c str>,
    /// 单元.
    pub unit: Option<&'c str>,
    /// 用户类型.
    pub user_type: Option<&'c str>,
    /// 缴费方式.
    pub method: Option<&'c str>,
    /// 银行卡号.
    pub bank_card: Option<&'c str>,
    /// 银行名称.
    pub bank_name: Option<&'c str>,
    /// 持卡人.
    pub bank_holder: Option<&'c str>,
    /// 短信号码.
    pub sms: Option<&'c str>,
    /// 短信公司.
    pub sms_carrier: Option<&'c str>,
    /// 报装性质.
    pub connection: Option<&'c str>,
    /// 报装日期.
    pub connected: Option<NaiveDate>,
    /// 开票日期.
    pub invoiced: Option<NaiveDate>,
}

/// Every rule the fields break, in the order of the catalogue. Empty: all is well.
pub fn check(fields: &CustomerFields<'_>) -> Vec<Refusal> {
    let fields = fields.without_blanks();
    let mut faults = Vec::new();
    payment(&fields, &mut faults);
    name(&fields, &mut faults);
    unit(&fields, &mut faults);
    bank(&fields, &mut faults);
    sms(&fields, &mut faults);
    connection(&fields, &mut faults);
    faults.sort_by(|left, right| left.rule.cmp(&right.rule));
    faults
}

impl CustomerFields<'_> {
    fn without_blanks(mut self) -> Self {
        let texts = [
            &mut self.name,
            &mut self.address,
            &mut self.unit,
            &mut self.user_type,
            &mut self.method,
            &mut self.bank_card,
            &mut self.bank_name,
            &mut self.bank_holder,
            &mut self.sms,
            &mut self.sms_carrier,
            &mut self.connection,
        ];
        for text in texts {
            *text = text.map(str::trim).filter(|text| !text.is_empty());
        }
        self
    }
}

/// an IC card is topped up, a read meter is not.
fn payment(fields: &CustomerFields<'_>, faults: &mut Vec<Refusal>) {
    let message = match (fields.user_type, fields.method) {
        (Some(IC_CARD), Some(method)) if method != method::TOP_UP => "IC卡用户的缴费方式应为充值，请改正",
        (Some(READ_METER), Some(method::TOP_UP)) => "抄表用户的缴费方式不能为充值，请改正",
        _ => return,
    };
    faults.push(Refusal::new("R-048", "method", message));
}

/// no blank in the name; "用户" stands for an unknown one.
fn name(fields: &CustomerFields<'_>, faults: &mut Vec<Refusal>) {
    if fields.name.is_some_and(|name| name.contains(char::is_whitespace)) {
        faults.push(Refusal::new("R-049", "name", "户名中间有空格，请删去空格；姓名不详填“用户”"));
    }
}

/// the unit written in the address is the unit of the record; an address without one says nothing.
fn unit(fields: &CustomerFields<'_>, faults: &mut Vec<Refusal>) {
    let (Some(address), Some(unit)) = (fields.address, fields.unit) else { return };
    let Some((before, _)) = address.split_once("单元") else { return };
    let kept = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let written = before[kept..].trim_start_matches('0');
    if !written.is_empty() && written != unit.trim_start_matches('0') {
        faults.push(Refusal::new("R-050", "address", format!("地址里是{written}单元，单元栏是{unit}，请核对")));
    }
}

/// R-051 … R-053: bank card number, bank and holder.
fn bank(fields: &CustomerFields<'_>, faults: &mut Vec<Refusal>) {
    let three = [("bank_card", fields.bank_card), ("bank_name", fields.bank_name), ("bank_holder", fields.bank_holder)];
    let empty = three.iter().find(|(_, value)| value.is_none()).map(|(field, _)| *field);
    let filled = three.iter().find(|(_, value)| value.is_some()).map(|(field, _)| *field);
    let reads = fields.user_type == Some(READ_METER);
    match (reads, fields.method.map(method::is_debit), empty, filled) {
        (true, Some(true), Some(empty), _) => {
            let message = "银行代缴、托收用户的银行卡号、银行名称、持卡人必须填全，请补齐";
            faults.push(Refusal::new("R-052", empty, message));
        }
        (true, Some(false), _, Some(filled)) => {
            let message = "非银行代缴用户的银行卡号、银行名称、持卡人应为空，请清空或改缴费方式";
            faults.push(Refusal::new("R-053", filled, message));
        }
        (_, _, Some(empty), Some(_)) => {
            let message = "银行卡号、银行名称、持卡人应全填或全不填，请补齐或清空";
            faults.push(Refusal::new("R-051", empty, message));
        }
        _ => {}
    }
}

/// a number for messages has a carrier.
fn sms(fields: &CustomerFields<'_>, faults: &mut Vec<Refusal>) {
    if fields.sms.is_some() && fields.sms_carrier.is_none() {
        faults.push(Refusal::new("R-054", "sms_carrier", "有短信号码时必须填短信公司，请补齐"));
    }
}

/// R-055 … R-058: the kind of connection and its dates. A lost invoice is dated 2002-01-01.
fn connection(fields: &CustomerFields<'_>, faults: &mut Vec<Refusal>) {
    let mut refuse = |rule, field, message: String| faults.push(Refusal::new(rule, field, message));
    match fields.connection {
        None => {}
        Some(GROUP) if fields.invoiced.is_none() => {
            refuse("R-056", "invoiced", "集体报装必须填发票上的开票日期，发票遗失填2002-01-01".into());
        }
        Some(SINGLE) if fields.invoiced != fields.connected => {
            refuse("R-057", "invoiced", "散户的报装日期和开票日期都是办理当天，请改成同一天".into());
        }
        Some(GROUP | SINGLE) => {}
        Some(_) => refuse("R-055", "connection", "报装性质只能是集体或散户，请改正".into()),
    }
    if let (Some(connected), Some(invoiced)) = (fields.connected, fields.invoiced)
        && invoiced > connected
        && fields.connection != Some(SINGLE)
    {
        refuse("R-058", "invoiced", format!("开票日期 {invoiced} 晚于报装日期 {connected}，请核对"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> CustomerFields<'static> {
        CustomerFields {
            name: Some("张三"),
            address: Some("光明街112号百合苑1幢2单元1902室"),
            unit: Some("2"),
            user_type: Some(READ_METER),
            method: Some(method::DEBIT),
            bank_card: Some("6217008518155968107"),
            bank_name: Some("建设银行"),
            bank_holder: Some("张三"),
            sms: Some("13800000000"),
            sms_carrier: Some("移动"),
            connection: Some(GROUP),
            connected: "2020-05-01".parse().ok(),
            invoiced: "2020-04-01".parse().ok(),
        }
    }

    fn broken(fields: CustomerFields<'_>) -> Vec<(String, String)> {
        check(&fields).iter().map(|fault| (fault.rule.to_string(), fault.field.to_string())).collect()
    }

    #[test]
    fn each_rule_is_named_with_its_field() {
        let good = sound();
        assert_eq!(broken(good), []);
        let no_bank = CustomerFields { bank_card: None, bank_name: None, bank_holder: None, ..good };
        let ic = CustomerFields { user_type: Some(IC_CARD), method: Some(method::TOP_UP), ..no_bank };
        let single = CustomerFields { connection: Some(SINGLE), invoiced: good.connected, ..good };
        assert_eq!((broken(ic), broken(single)), (vec![], vec![]));
        assert_eq!(broken(CustomerFields { user_type: Some(IC_CARD), method: Some(method::TOP_UP), ..good }), []);
        let later = "2020-05-02".parse().ok();
        let table: [(CustomerFields<'_>, &str, &str); 17] = [
            (CustomerFields { method: Some("现金"), ..ic }, "R-048", "method"),
            (CustomerFields { method: Some("充值"), ..no_bank }, "R-048", "method"),
            (CustomerFields { name: Some("张 三"), ..good }, "R-049", "name"),
            (CustomerFields { name: Some("张\u{3000}三"), ..good }, "R-049", "name"),
            (CustomerFields { unit: Some("3"), ..good }, "R-050", "address"),
            (CustomerFields { bank_name: Some("工商银行"), ..ic }, "R-051", "bank_card"),
            (CustomerFields { bank_card: Some("1"), ..ic }, "R-051", "bank_name"),
            (CustomerFields { bank_holder: None, ..good }, "R-052", "bank_holder"),
            (no_bank, "R-052", "bank_card"),
            (CustomerFields { method: Some("现金"), ..good }, "R-053", "bank_card"),
            (CustomerFields { sms_carrier: Some("  "), ..good }, "R-054", "sms_carrier"),
            (CustomerFields { connection: Some("其它"), ..good }, "R-055", "connection"),
            (CustomerFields { invoiced: None, ..good }, "R-056", "invoiced"),
            (CustomerFields { invoiced: None, ..single }, "R-057", "invoiced"),
            (CustomerFields { invoiced: later, ..single }, "R-057", "invoiced"),
            (CustomerFields { invoiced: later, ..good }, "R-058", "invoiced"),
            (CustomerFields { invoiced: later, connection: None, ..good }, "R-058", "invoiced"),
        ];
        for (fields, rule, field) in table {
            assert_eq!(broken(fields), [(rule.to_owned(), field.to_owned())], "{fields:?}");
        }
    }

    #[test]
    fn all_faults_come_at_once_in_order() {
        let fields = CustomerFields {
            name: Some("李 四"),
            method: Some("充值"),
            sms_carrier: None,
            invoiced: None,
            unit: Some("02"),
            ..sound()
        };
        let rules: Vec<String> = broken(fields).into_iter().map(|(rule, _)| rule).collect();
        assert_eq!(rules, ["R-048", "R-049", "R-053", "R-054", "R-056"]);
        assert_eq!(broken(CustomerFields::default()), []);
    }
}
