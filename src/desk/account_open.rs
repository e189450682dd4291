//! `account.open`: a new customer file (一户一档), R-037 … R-081.
//!
//! The route number is composed from its parts (R-040 … ), the name of somebody unknown is 用户, the
//! price is the dearest until the first reading confirms the class, named or not, the meter stands in a state of A-05. Resident
//! ID and bank card are sealed before anything is written.

use std::collections::BTreeMap;

use super::action::{Action, Cx, Decision};
use super::customer_file::{self, Typed};
use super::refusal::{Fault, Refusal};
use super::rights::Rights;
use super::tariffs;
use crate::book::subject::{Kind, Subject};
use crate::derive::account::fields::CustomerFile;
use crate::derive::account::file::{self, AccountOpened, Arrear, LastReading, MeterFacts};
use crate::rules::customer::{self, EXTRA, FIELDS, METER};
use crate::rules::customer_fields::{GROUP, IC_CARD, SINGLE, method};
use crate::rules::meter_state::MeterState;
use crate::rules::money::{Fen, Milli};
use crate::rules::route;
use crate::rules::utility::Utility;
use chrono::{Datelike, NaiveDate};

mod input;

pub use input::{ArrearInput, Input, LastReadingInput, MeterInput, Output};

/// The right to bring in the file of before.
const IMPORT: &str = "import.customers";

/// The action.
pub struct AccountOpen;

impl Action for AccountOpen {
    const NAME: &'static str = "account.open";
    const SUMMARY: &'static str = "开户建档";
    const MERGE: &'static str =
        "两处各开一户就是两户；户号或表号相同的列为疑问；两处互不知情为同一人开户的列为疑问，两户都保留";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let mut form = Form { body: AccountOpened::default(), faults: Vec::new(), warnings: Vec::new() };
        form.set_utility(cx, &input)?;
        form.take_fields(cx, &input)?;
        form.take_route(&input);
        form.take_meter(cx, &input)?;
        form.take_past(cx, &input)?;
        form.take_number(cx, &input)?;
        let broken = form.body.broken_rules();
        form.faults.extend(broken.iter().map(customer_file::fault));
        form.faults.extend(customer_file::refuse_discount(form.body.discount.as_deref()));
        Refusal::unless_empty(form.faults)?;
        let Form { mut body, mut warnings, .. } = form;
        refuse_alone(cx, &body)?;
        body.settle();
        // Whatever day it was opened on: one person confirms no price. The file of before is imported.
        if body.class_confirmed {
            body.class_confirmed = false;
            let class = crate::rules::classes::label(&body.class);
            warnings.push(format!("价格类别{class}待首次抄表确认，确认前按最高价收费：各类价格都算，取金额最高的"));
        }
        let output = Output {
            account: body.no.clone(),
            id: cx.next,
            route: body.route.clone(),
            class: body.class.clone(),
            class_confirmed: body.class_confirmed,
            warnings,
        };
        Decision::write(vec![Subject::new(Kind::Account, cx.next)], &body, output)
    }
}

/// The file being filled in, with every mistake found so far.
struct Form {
    body: AccountOpened,
    faults: Vec<Fault>,
    warnings: Vec<String>,
}

impl Form {
    fn fault(&mut self, rule: &str, field: &str, message: impl Into<String>) {
        self.faults.push(Fault::field(rule, field, message));
    }

    fn set_utility(&mut self, cx: &Cx<'_, '_>, input: &Input) -> Result<(), Refusal> {
        let own = cx.tx.own_site(cx.site.as_str())?.map(|site| site.utility).unwrap_or_default();
        let typed = input.utility.as_deref().filter(|text| !text.is_empty());
        let code = typed.unwrap_or(&own);
        let known = Utility::ALL.into_iter().find(|utility| utility.code() == code || utility.label() == code);
        match known {
            Some(utility) => self.body.utility = utility.code().into(),
            None => self.fault("utility", "utility", "行业应为 water、gas、power 或 heat，请改正"),
        }
        Ok(())
    }

    fn utility(&self) -> Utility {
        Utility::from_code(&self.body.utility).unwrap_or(Utility::Water)
    }

    /// Every plain field, in the order of the form; class first, because the number of a customer hangs on it.
    fn take_fields(&mut self, cx: &Cx<'_, '_>, input: &Input) -> Result<(), Refusal> {
        let typed = serde_json::to_value(input).map_err(|error| Refusal::data(error.to_string()))?;
        let text_of = |key: &str| {
            let value: Option<Typed> = typed.get(key).and_then(|value| serde_json::from_value(value.clone()).ok());
            value.map(|value| value.text()).unwrap_or_default()
        };
        self.take_class(cx, &text_of("class"))?;
        for field in FIELDS.iter().filter(|field| !field.key.starts_with("class")) {
            match customer_file::keep(cx, field, &text_of(field.key), &self.body) {
                Ok(kept) => {
                    self.body.set(field.key, kept.value.as_deref());
                    self.warnings.extend(kept.warning);
                    if field.key == "id_number" {
                        self.body.id_mark = kept.mark;
                    }
                }
                Err(fault) => self.faults.push(fault),
            }
        }
        for (key, value) in &input.extra {
            let name = format!("extra.{key}");
            let Some(field) = EXTRA.iter().find(|field| field.key == name) else {
                let known = EXTRA.iter().filter_map(|field| field.key.strip_prefix("extra.")).collect::<Vec<_>>();
                self.fault("input", "extra", format!("没有“{key}”这一项，可填：{}", known.join("、")));
                continue;
            };
            match customer_file::keep(cx, field, &value.text(), &self.body) {
                Ok(kept) => _ = self.body.set(field.key, kept.value.as_deref()),
                Err(fault) => self.faults.push(fault),
            }
        }
        self.fill_in(cx);
        self.find_person(cx, &text_of("id_number"))
    }

    /// What is left empty: method, way of reading, status, opening and connection dates.
    fn fill_in(&mut self, cx: &Cx<'_, '_>) {
        let body = &mut self.body;
        let default = |slot: &mut String, value: &str| {
            if slot.is_empty() {
                value.clone_into(slot);
            }
        };
        let pays = if body.user_type.as_deref() == Some(IC_CARD) { method::TOP_UP } else { method::CASH };
        default(&mut body.method, pays);
        default(&mut body.read_way, "card");
        default(&mut body.status, "正常");
        let today = body.opened.unwrap_or(cx.day);
        body.opened = Some(today);
        match body.connection.as_deref() {
            Some(SINGLE) => {
                let day = body.connected.or(body.invoiced).unwrap_or(today);
                body.connected = body.connected.or(Some(day));
                body.invoiced = body.invoiced.or(Some(day));
                if today == cx.day && body.invoiced == body.connected && body.connected != Some(today) {
                    self.fault("R-057", "connected", format!("散户的报装日期和开票日期都是办理当天 {today}，请改正"));
                }
            }
            Some(GROUP) => {
                body.connected = body.connected.or(Some(today));
                let invoiced = body.invoiced;
                self.faults.extend(customer_file::refuse_invoice_of_today(cx, invoiced));
            }
            _ => {}
        }
        if self.body.status == "销户" {
            self.fault("R-080", "status", "新开的户不能是销户，请改正");
        }
    }

    fn take_class(&mut self, cx: &Cx<'_, '_>, typed: &str) -> Result<(), Refusal> {
        let utility = self.utility();
        if typed.trim().is_empty() {
            let day = cx.day;
            match cx.shelf.prices(cx.tx)?.dearest(utility, day) {
                Some(tariff) => self.body.class = tariff.class.clone(),
                None => self.fault(
                    "A-07",
                    "class",
                    format!("{day} 没有任何{}价目，定不出最高价；请先导入价目，或填写价格类别", utility.label()),
                ),
            }
            return Ok(());
        }
        let Some(field) = customer::field("class") else { return Ok(()) };
        match customer_file::keep(cx, field, typed, &self.body) {
            Ok(kept) => {
                let class = kept.value.unwrap_or_default();
                match customer_file::check_class(cx, utility, &class) {
                    Ok(()) => {
                        self.body.class = class;
                        self.body.class_confirmed = true;
                    }
                    Err(refusal) => self.faults.extend(refusal.faults),
                }
            }
            Err(fault) => self.faults.push(fault),
        }
        Ok(())
    }

    /// The same person's other accounts are told, not refused: one person may have several homes.
    fn find_person(&mut self, cx: &Cx<'_, '_>, typed: &str) -> Result<(), Refusal> {
        if self.body.id_number.is_none() {
            return Ok(());
        }
        let clean = crate::rules::numbers::clean(typed);
        for other in customer_file::accounts_of_person(cx.tx, cx.keys, &clean)? {
            self.warnings.push(customer_file::same_person_line(&other));
            self.body.known.push(other.id);
        }
        Ok(())
    }

    /// R-040 … R-044: composed from its parts; a typed one must agree, and gives the parts that were left out.
    fn take_route(&mut self, input: &Input) {
        let typed = input.route.as_ref().map(Typed::text).unwrap_or_default();
        let area = self.body.area.as_deref().and_then(route::Area::from_label);
        let kind = self.body.building_kind.as_deref().and_then(route::Kind::from_label);
        if !typed.trim().is_empty() {
            match route::parse(&typed, area, kind) {
                Ok(parts) => {
                    let body = &mut self.body;
                    let fill = |slot: &mut String, value: String| {
                        if slot.is_empty() {
                            *slot = value;
                        }
                    };
                    fill(&mut body.book, format!("{:04}", parts.book));
                    fill(&mut body.building, parts.building.to_string());
                    fill(&mut body.unit, parts.unit.to_string());
                    fill(&mut body.room, parts.room.to_string());
                    body.route = crate::rules::numbers::clean(&typed);
                    if area.is_none() {
                        let (area, kind) = if body.route.len() == 10 { ("old", "multi") } else { ("new", "high") };
                        body.area = Some(area.into());
                        body.building_kind = Some(kind.into());
                    }
                }
                Err(wrong) => self.fault(wrong.rule, "route", wrong.message),
            }
        }
        let before = self.body.route.clone();
        match self.body.compose_route() {
            Ok(()) if !before.is_empty() && before != self.body.route => {
                let what = format!("抄表序号与册、楼、单元、室不符，应为{}，请核对", self.body.route);
                self.fault("R-040", "route", what);
            }
            Ok(()) => {}
            Err(wrong) => {
                let field = if wrong.message.contains("室") { "room" } else { "unit" };
                self.fault(wrong.rule, field, wrong.message);
            }
        }
    }

    fn take_meter(&mut self, cx: &Cx<'_, '_>, input: &Input) -> Result<(), Refusal> {
        let Some(meter) = &input.meter else { return Ok(()) };
        let no = crate::rules::numbers::clean(&meter.no);
        if no.is_empty() || no.len() > 40 {
            self.fault("R-065", "meter.no", "表号应为 1 到 40 个字符，请填写");
        } else if let Some(other) = cx.tx.accounts_of_meter(&no)?.first() {
            let other = cx.tx.account(*other)?.map(|row| row.no).unwrap_or_default();
            self.fault("R-038", "meter.no", format!("表号 {no} 已挂在户 {other}，请核对"));
        }
        let typed = |key: &str| match key {
            "meter.maker" => meter.maker.as_ref(),
            "meter.model" => meter.model.as_ref(),
            "meter.calibre" => meter.calibre.as_ref(),
            "meter.dial" => meter.dial.as_ref(),
            "meter.direction" => meter.direction.as_ref(),
            "meter.fitted" => meter.fitted.as_ref(),
            _ => meter.seal.as_ref(),
        };
        let mut values = BTreeMap::new();
        for field in METER {
            let text = typed(field.key).map(Typed::text).unwrap_or_default();
            match customer_file::keep(cx, field, &text, &self.body) {
                Ok(kept) => _ = values.insert(field.key, kept.value),
                Err(fault) => self.faults.push(fault),
            }
        }
        let mut take = |key: &str| values.remove(key).flatten();
        let facts = MeterFacts {
            no,
            maker: take("meter.maker").unwrap_or_default(),
            model: take("meter.model").unwrap_or_default(),
            calibre: take("meter.calibre").unwrap_or_default(),
            dial: take("meter.dial").and_then(|dial| dial.parse().ok()).unwrap_or(5),
            direction: take("meter.direction").unwrap_or_default(),
            fitted: take("meter.fitted").and_then(|day| day.parse().ok()),
            first: meter.first.unwrap_or(Milli::ZERO),
            state: self.meter_state(cx, meter.state.as_deref()),
            seal: take("meter.seal").unwrap_or_default(),
        };
        if facts.first.is_negative() || facts.first >= dial_end(facts.dial) {
            self.fault("R-065", "meter.first", "表底数应在 0 与表的满程之间，请核对");
        }
        self.body.meter = Some(facts);
        Ok(())
    }

    /// a meter on an account is at least applied for; removed ones are not opened.
    /// Opened at the counter it is applied for; a customer of before has supply.
    fn meter_state(&mut self, cx: &Cx<'_, '_>, typed: Option<&str>) -> String {
        let unsaid = if is_known_customer(cx, &self.body) { MeterState::Supplied } else { MeterState::Applied };
        let state = match typed.map(str::trim).filter(|text| !text.is_empty()) {
            None => Some(unsaid),
            Some(text) => MeterState::parse(text),
        };
        match state {
            Some(MeterState::Unused) => {
                self.fault("R-062", "meter.state", "未用的表须先置为报装才能挂到户上，请改正");
            }
            Some(MeterState::Removed) | None => {
                self.fault("A-05", "meter.state", "表状态应为报装、装表、通气或封表，请改正");
            }
            Some(MeterState::Applied | MeterState::Fitted | MeterState::Supplied | MeterState::Sealed) => {}
        }
        state.map(|state| state.code().to_owned()).unwrap_or_default()
    }

    /// Last reading, recent use, arrears dated at the end of their period, prepaid.
    fn take_past(&mut self, cx: &Cx<'_, '_>, input: &Input) -> Result<(), Refusal> {
        if let Some(last) = &input.last_reading {
            match &self.body.meter {
                None => self.fault("R-065", "last_reading", "有上次表底就要有表，请填写水表"),
                Some(meter) if last.value.is_negative() || last.value >= dial_end(meter.dial) => {
                    self.fault("R-065", "last_reading", "上次表底应在 0 与表的满程之间，请核对");
                }
                Some(_) if last.day > cx.at.date_naive() => {
                    self.fault("R-065", "last_reading", "上次抄表日期在今天之后，请核对");
                }
                Some(_) => {
                    let registers = last.registers.clone().into_iter().collect();
                    self.body.last_reading = Some(LastReading { day: last.day, value: last.value, registers });
                }
            }
        }
        self.body.recent = input.recent.iter().map(u32::to_string).collect::<Vec<_>>().join(";");
        if let Some(prepaid) = input.prepaid.filter(|prepaid| *prepaid != Fen::ZERO) {
            cx.rights.require(IMPORT)?;
            if prepaid.is_negative() {
                self.fault("R-180", "prepaid", "预存余额不能为负数，请核对");
            }
            self.body.prepaid = prepaid;
        }
        let row = file::row(cx.next, cx.next, self.body.clone());
        let prices = cx.shelf.prices(cx.tx)?;
        for (index, arrear) in input.arrears.iter().enumerate() {
            let field = format!("arrears[{index}]");
            match end_of_cycle(&arrear.cycle).filter(|end| *end < cx.at.date_naive()) {
                None => self.fault("R-180", &field, "欠费账期应如 2026-09，且已经过去，请改正"),
                Some(_) if arrear.amount <= Fen::ZERO => self.fault("R-180", &field, "欠费金额应大于 0，请改正"),
                Some(dated) => {
                    let (tariff, due) = due_of_arrear(&prices, &row, dated);
                    let (cycle, amount) = (arrear.cycle.clone(), arrear.amount);
                    self.body.arrears.push(Arrear { cycle, amount, dated, due, tariff });
                }
            }
        }
        Ok(())
    }

    fn take_number(&mut self, cx: &Cx<'_, '_>, input: &Input) -> Result<(), Refusal> {
        let typed = input.account.as_ref().map(Typed::text).unwrap_or_default();
        let no = crate::rules::numbers::clean(&typed);
        if no.is_empty() {
            self.body.no = customer_file::next_no(cx)?;
        } else if no.len() > 20 || !no.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.fault("account", "account", "户号应为最多 20 位数字或字母，请改正");
        } else if customer_file::is_of_own_block(cx, &no) {
            self.fault("account", "account", format!("户号 {no} 在本网点号段内，由程序编号，请留空"));
        } else if let Some(other) = cx.tx.accounts_of_no(&no)?.first() {
            self.fault("account", "account", format!("户号 {no} 已有户 {}，请换一个", other.name));
        } else {
            self.body.no = no;
        }
        let (book, route) = (&self.body.book, &self.body.route);
        if !route.is_empty()
            && let Some(other) = cx.tx.account_of_route(book, route, &self.body.utility)?
        {
            self.warnings.push(format!("抄表序号 {route} 与户 {} {} 相同，请核对室号", other.no, other.name));
        }
        Ok(())
    }
}

/// What of the past moves what is owed for years is brought in with the customer file, or by three people: since when the
/// account has been open, where its counter stood before today, more people than the steps of the prices are for.
fn refuse_alone(cx: &Cx<'_, '_>, body: &AccountOpened) -> Result<(), Refusal> {
    if cx.rights.allow(IMPORT) {
        return Ok(());
    }
    let posts = Rights::posts_for(IMPORT, Fen::ZERO).join("、");
    let refuse = |what: String, how: &str| {
        let message = format!("{what}影响应收金额，不能由一人填写：{how}；可以填写的岗位：{posts}");
        Err(Refusal::permission("R-003", message))
    };
    if let Some(opened) = body.opened.filter(|opened| *opened < cx.day) {
        return refuse(format!("开户日期 {opened} 早于今天，"), "新户请留空，以前的老户随客户档案导入");
    }
    if let Some(last) = body.last_reading.as_ref().filter(|last| last.day < cx.day) {
        let how = "新户请填表底数，以前的老户随客户档案导入";
        return refuse(format!("上次抄表 {} 早于今天，", last.day), how);
    }
    let prices = cx.shelf.prices(cx.tx)?;
    let own = prices.tariffs().filter(|tariff| tariff.utility.code() == body.utility);
    let over = own.filter_map(|tariff| tariff.people.as_ref().map(|rule| rule.over)).min();
    match (over, body.people) {
        (Some(over), Some(people)) if people > i64::from(over) => refuse(
            format!("人口 {people} 超过 {over} 人，放宽阶梯，"),
            "请先留空，凭证件走特殊处理 D1 登记，经复核、批准后按人口计价",
        ),
        _ => Ok(()),
    }
}

/// A customer of before today, entered by somebody who may bring in the customer file: the meter has supply if nothing else is said. It
/// gives no price and no discount.
fn is_known_customer(cx: &Cx<'_, '_>, body: &AccountOpened) -> bool {
    body.opened.is_some_and(|opened| opened < cx.day) && cx.rights.allow(IMPORT)
}

/// One beyond the last reading of a counter.
fn dial_end(dial: i64) -> Milli {
    Milli(1000 * 10_i64.pow(u32::try_from(dial.clamp(0, 9)).unwrap_or(9)))
}

/// Last day of a cycle `2026-09`.
pub fn end_of_cycle(cycle: &str) -> Option<NaiveDate> {
    let (year, month) = cycle.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
    let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
    let next = first.checked_add_months(chrono::Months::new(1))?;
    next.pred_opt().filter(|last| last.month() == first.month())
}

/// The tariff whose late-fee rule counts for an opening arrear and the last day without fee; without a price both are open: no
/// tariff, due on its date.
pub fn due_of_arrear(
    prices: &crate::rules::tariff::PriceBook,
    account: &crate::store::tables::account::AccountRow,
    dated: NaiveDate,
) -> (String, NaiveDate) {
    let code = tariffs::late_code(prices, account, dated);
    let due = code.and_then(|code| tariffs::due_of(prices, &code, dated).map(|due| (code, due)));
    due.unwrap_or((String::new(), dated))
}
