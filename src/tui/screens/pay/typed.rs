//! What is typed at the till: the form, and what it means to the desk, for the plan and for F2.

use serde_json::{Value, json};

use super::Pay;
use crate::desk::till::ask::{Amounts, Ask, Method, Waive};
use crate::desk::till::due::Due;
use crate::desk::view_till::{PayView, Preview};
use crate::rules::money::Fen;
use crate::tui::app::initials;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::Form;
use crate::tui::widgets::kind::Choice;

impl Pay {
    fn money(&self, field: &str) -> Option<Fen> {
        self.form.value(field).trim().trim_end_matches('.').parse().ok()
    }

    /// The ids of the bills to pay; none when all are ticked.
    fn chosen(&self) -> Option<Vec<String>> {
        let ticks = self.table.ticks();
        let all = ticks.len() == self.view.bills.len();
        let id = |row: &usize| self.view.bills.get(*row).map(|due| due.bill.id.to_string());
        (!all).then(|| ticks.iter().filter_map(id).collect())
    }

    fn method(&self) -> Method {
        Method::from_word(self.form.value("method")).unwrap_or(Method::Cash)
    }

    pub(super) fn ask(&self) -> Ask {
        Ask {
            account: self.view.account.id.to_string(),
            bills: self.chosen(),
            amounts: self.money("part").map(Amounts::Sum),
            method: self.method(),
            tendered: self.money("tendered"),
            waive: self.money("waive").map(Waive::Sum),
            to_prepaid: self.money("to_prepaid"),
            keep_change: self.form.value("keep") == "keep",
            from_prepaid: self.money("from_prepaid"),
            expected_total: None,
            expected_owed: None,
            expected_balance: None,
            confirm: false,
            charge: None,
        }
    }

    /// What F2 sends: what was typed, and the sum that was seen.
    pub(super) fn input(&self) -> Value {
        let mut input = json!({ "account": self.view.account.id, "method": self.method() });
        let Value::Object(map) = &mut input else { return input };
        if let Some(bills) = self.chosen() {
            map.insert("bills".into(), json!(bills));
        }
        for (field, name) in [
            ("tendered", "tendered"),
            ("part", "amounts"),
            ("waive", "waive"),
            ("from_prepaid", "from_prepaid"),
            ("to_prepaid", "to_prepaid"),
        ] {
            if !self.form.value(field).is_empty() {
                map.insert(name.into(), self.form.value(field).into());
            }
        }
        if self.form.value("keep") == "keep" {
            map.insert("keep_change".into(), true.into());
        }
        if let Ok(Preview { plan, .. }) = &self.plan {
            map.insert("expected_total".into(), plan.total.to_string().into());
        }
        // A part has the same sum whatever else was paid: what the account owed and had when this was drawn goes with it.
        let owed: Fen = self.view.bills.iter().map(Due::total).sum();
        map.insert("expected_owed".into(), owed.to_string().into());
        map.insert("expected_balance".into(), self.view.balance.to_string().into());
        if self.late {
            map.insert("paper".into(), self.form.value("paper").into());
            map.insert("happened".into(), self.form.value("happened").into());
        }
        input
    }
}

/// The fields of a payment.
pub(super) fn form(view: &PayView) -> Form {
    let methods = Method::ALL.iter().map(|method| Choice::new(method.word(), method.word())).collect();
    let keep = vec![Choice::new("give", "找给用户"), Choice::new("keep", "存入预存")];
    let mut form = Form::new(
        vec![
            Field::number("tendered", "实收", 2).half().unit("元"),
            Field::choice("method", "方式", methods).half().value(Method::Cash.word()),
            Field::number("part", "部分缴", 2).half().unit("元"),
            Field::number("waive", "减免", 2).half().unit("元"),
            Field::number("from_prepaid", "用预存", 2).half().unit("元"),
            Field::number("to_prepaid", "存预存", 2).half().unit("元"),
            Field::choice("keep", "找零", keep).half().value("give"),
            Field::code("paper", "手开单号", 32).half().cells(18).required(),
            Field::date("happened", "收钱日期").half().required(),
        ],
        view.day,
        initials,
    );
    form.show("paper", false);
    form.show("happened", false);
    form
}

/// The field of the form under which a field of the input stands.
pub(super) fn own_field(field: &str) -> &'static str {
    match field {
        "amounts" => "part",
        "tendered" => "tendered",
        "waive" => "waive",
        "from_prepaid" => "from_prepaid",
        "to_prepaid" => "to_prepaid",
        "paper" => "paper",
        "happened" => "happened",
        _ => "",
    }
}
