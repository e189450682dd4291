//! What people do, drawn from a weighted list over the accounts, orders and requests of the whole company. Much of it is refused,
//! as in life: the account is not known here, the shift is not open, somebody was faster.

use meterdesk::desk::Desk;
use meterdesk::desk::view_exceptions;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::town;

/// One thing somebody does.
pub struct Act {
    /// Who.
    pub user: &'static str,
    /// What.
    pub action: &'static str,
    /// With what.
    pub input: Value,
    /// It must be refused.
    pub wrong: bool,
}

/// What the company has, by name.
#[derive(Default)]
pub struct Memory {
    /// 户号.
    pub accounts: Vec<String>,
    /// Orders.
    pub orders: Vec<Value>,
    /// Requests of special handling.
    pub requests: Vec<Value>,
    /// Payments.
    pub payments: Vec<Value>,
    /// Running number for new names.
    pub count: u64,
}

const WEIGHTS: &[(u64, &str)] = &[
    (16, "payment.take"),
    (5, "payment.reverse"),
    (8, "shift.open"),
    (4, "shift.close"),
    (10, "account.amend"),
    (5, "account.open"),
    (6, "reading.enter"),
    (2, "bill.issue"),
    (9, "intake.take"),
    (8, "order.dispatch"),
    (6, "order.return"),
    (2, "order.pause"),
    (2, "order.void"),
    (4, "worker.add"),
    (2, "user.right"),
    (3, "swap.enter"),
    (4, "exception.resolve"),
    (4, "adjustment.request"),
    (3, "adjustment.check"),
    (3, "adjustment.decide"),
    (3, "wrong"),
];

impl Memory {
    /// The town as it begins.
    pub fn new() -> Self {
        Self { accounts: (0..town::ACCOUNTS).map(town::account_no).collect(), ..Self::default() }
    }

    /// Draws what is done next at a desk.
    pub fn draw(&mut self, chance: &mut Chance, desk: &Desk) -> Option<Act> {
        let total: u64 = WEIGHTS.iter().map(|(weight, _)| weight).sum();
        let mut at = chance.below(total);
        let action = WEIGHTS.iter().find(|(weight, _)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        })?;
        self.count += 1;
        self.of(action.1, chance, desk)
    }

    fn of(&mut self, action: &'static str, chance: &mut Chance, desk: &Desk) -> Option<Act> {
        let site = desk.site().to_string();
        let (count, day) = (self.count, desk.today());
        let account = chance.pick(&self.accounts).clone();
        let till = *chance.pick(&["demo", "check"]);
        let act = |user, input| Some(Act { user, action, input, wrong: false });
        match action {
            "payment.take" if chance.percent(30) => act(till, json!({ "account": account })),
            "payment.take" => {
                let money = format!("{}.{:02}", chance.between(1, 200), chance.below(100));
                act(till, json!({ "account": account, "bills": [], "to_prepaid": money }))
            }
            "payment.reverse" => {
                let payment = recent(&self.payments, chance)?;
                act(till, json!({ "payment": payment, "reason": "收错户" }))
            }
            "shift.open" => {
                let float = format!("{}.00", chance.between(1, 5) * 100);
                act(till, json!({ "float": float, "reason": "重新配备" }))
            }
            "shift.close" => {
                let counted = format!("{}.00", chance.below(900));
                act(till, json!({ "counted": counted, "note": "点钞", "confirm": true }))
            }
            "account.amend" => self.amend(&account, chance, desk),
            "account.open" => self.open(&site, chance),
            "reading.enter" => {
                let value = 1_000 + 20 * u64::from(chrono::Datelike::day(&day)) + chance.below(200);
                let input = json!({ "account": account, "value": value.to_string(), "date": day, "confirm": true });
                act("room", input)
            }
            "bill.issue" => act("room", json!({ "account": account })),
            "intake.take" => {
                let kind = *chance.pick(&["漏水", "停水", "水压不足", "水质"]);
                let fields = json!({ "kind": kind, "area": "城区" });
                act("desk", json!({ "service": "fault", "account": account, "fields": fields, "channel": "phone" }))
            }
            "order.dispatch" => {
                let order = recent(&self.orders, chance)?;
                act("desk", json!({ "orders": [order], "worker": "lq" }))
            }
            "order.return" => {
                let order = recent(&self.orders, chance)?;
                let outcome = *chance.pick(&["合格", "合格", "未完成"]);
                act("desk", json!({ "order": order, "outcome": outcome, "remark": "现场处理", "overrun": "路远" }))
            }
            "order.pause" => {
                let order = recent(&self.orders, chance)?;
                act("desk", json!({ "order": order, "reason": "用户原因", "remark": "等电话" }))
            }
            "order.void" => {
                let order = recent(&self.orders, chance)?;
                act("chief", json!({ "order": order, "reason": "重复受理" }))
            }
            "worker.add" => {
                let code = if chance.percent(20) { "W1".to_owned() } else { format!("W{count}") };
                act("boss", json!({ "code": code, "name": "张师傅", "team": "抢修班", "area": "城南" }))
            }
            "user.right" => {
                let role = *chance.pick(&["seat", "clerk", "data_director", "team_lead"]);
                let withdraw = chance.percent(30);
                act(
                    "boss",
                    json!({ "user": *chance.pick(&["demo", "room", "desk"]), "role": role, "withdraw": withdraw }),
                )
            }
            "swap.enter" => act("room", self.swap(&account, chance, desk)?),
            "exception.resolve" => self.resolve(chance, desk),
            "adjustment.request" => self.adjustment(&account, chance, desk),
            "adjustment.check" => {
                let request = recent(&self.requests, chance)?;
                let approve = chance.percent(80);
                act("check", json!({ "request": request, "approve": approve, "remark": "核对" }))
            }
            "adjustment.decide" => {
                let request = recent(&self.requests, chance)?;
                let approve = chance.percent(70);
                act("chief", json!({ "request": request, "approve": approve, "remark": "说明" }))
            }
            _ => Some(wrong(chance)),
        }
    }

    fn amend(&self, account: &str, chance: &mut Chance, desk: &Desk) -> Option<Act> {
        let tx = desk.look().ok()?;
        let row = tx.account_of_text(account).ok()?;
        let (field, seen, value) = match (chance.below(4), row) {
            (0, Some(row)) => ("remark", Some(row.remark), chance.between(1, 9).to_string()),
            (1, Some(row)) => ("estate", Some(row.estate), (*chance.pick(&["光明小区", "翠湖"])).to_owned()),
            (_, Some(row)) => ("mobile", row.mobile, format!("139{:08}", chance.below(100_000_000))),
            (_, None) => ("mobile", None, "13900000000".to_owned()),
        };
        let input = json!({ "account": account, "field": field, "seen": seen, "value": value });
        Some(Act { user: "demo", action: "account.amend", input, wrong: false })
    }

    fn open(&self, site: &str, chance: &mut Chance) -> Option<Act> {
        let count = self.count;
        let digit = site.bytes().last().filter(u8::is_ascii_digit).map_or(0, |byte| byte - b'0');
        // Now and then two sites give one number.
        let no = if chance.percent(15) { format!("4900{:04}", chance.below(3)) } else { format!("4{digit}{count:06}") };
        let input = json!({
            "utility": "water", "account": no, "name": "新户", "address": format!("建设路{count}号"), "class": "resident",
            "people": 3, "area": *chance.pick(&["old", "new"]), "mobile": "13358990332",
            "meter": { "no": format!("N{digit}{count}"), "maker": "宁北", "calibre": 20, "first": "1000" },
            "recent": [9, 8, 8],
        });
        Some(Act { user: "demo", action: "account.open", input, wrong: false })
    }

    fn swap(&self, account: &str, chance: &mut Chance, desk: &Desk) -> Option<Value> {
        use meterdesk::store::tables::account::MeterRow;
        let tx = desk.look().ok()?;
        let id = tx.account_of_text(account).ok()??.id;
        let meters = tx.scan::<MeterRow>(&[&id]).ok()?;
        let old = meters.last()?;
        let count = self.count;
        Some(json!({
            "slip": format!("HB{count}"), "account": account, "old_meter": old.no,
            "final_value": (1_700 + chance.below(100)).to_string(), "new_meter": format!("S{count}"), "first_value": "0",
            "calibre": "DN20", "date": desk.today(), "reason": "周期更换", "worker": "陈志强", "old_seal": "F1",
            "new_seal": "F2", "materials": "生料带×1", "confirm": true,
        }))
    }

    fn resolve(&self, chance: &mut Chance, desk: &Desk) -> Option<Act> {
        let open = view_exceptions::open(desk).ok()?;
        if open.is_empty() {
            return None;
        }
        let view = chance.pick(&open);
        let mut input = json!({ "exception": view.exception, "decision": "按现场核实", "reason": "核实单 7" });
        if view.choice && !view.sides.is_empty() {
            input["keep"] = json!(chance.pick(&view.sides).id);
        }
        Some(Act { user: "chief", action: "exception.resolve", input, wrong: false })
    }

    fn adjustment(&self, account: &str, chance: &mut Chance, desk: &Desk) -> Option<Act> {
        use meterdesk::store::tables::billing::BillRow;
        let tx = desk.look().ok()?;
        let id = tx.account_of_text(account).ok()??.id;
        let mut bills = tx.scan::<BillRow>(&[&id]).ok()?;
        bills.retain(|bill| bill.state == "open" || bill.state == "paid");
        let bill = bills.last()?.id;
        let volume = chance.between(1, 8).to_string();
        let input = json!({
            "kind": "V1", "account": account, "bills": [bill], "change": { "volume": volume }, "evidence": "复表单 0817",
        });
        Some(Act { user: "demo", action: "adjustment.request", input, wrong: false })
    }

    /// Remembers what came of an act.
    pub fn learn(&mut self, act: &Act, result: &Value) {
        match act.action {
            "account.open" => self.accounts.extend(result["account"].as_str().map(str::to_owned)),
            "intake.take" if !result["order"].is_null() => self.orders.push(result["order"].clone()),
            "adjustment.request" if !result["request"].is_null() => self.requests.push(result["request"].clone()),
            "payment.take" => {
                let name = [&result["payment"], &result["entry"], &result["receipt"]];
                self.payments.extend(name.into_iter().find(|name| !name.is_null()).cloned());
            }
            _ => {}
        }
    }
}

fn recent(list: &[Value], chance: &mut Chance) -> Option<Value> {
    let last = &list[list.len().saturating_sub(12)..];
    if last.is_empty() { None } else { Some(chance.pick(last).clone()) }
}

/// What nobody may do, or not so.
fn wrong(chance: &mut Chance) -> Act {
    let (user, action, input) = match chance.below(5) {
        0 => ("demo", "payment.take", json!({ "account": "99999999" })),
        1 => ("demo", "user.right", json!({ "user": "demo", "role": "admin" })),
        2 => ("desk", "order.dispatch", json!({ "orders": ["B9.1.999"], "worker": "lq" })),
        3 => ("room", "reading.enter", json!({ "account": "31000001", "value": "-5" })),
        _ => ("demo", "account.amend", json!({ "account": "31000001", "field": "nothing", "value": "1" })),
    };
    Act { user, action, input, wrong: true }
}
