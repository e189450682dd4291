//! What the actions on orders share: finding the order, asking its state machine, telling whom an entry is about.

use super::action::Cx;
use super::refusal::{Fault, Refusal};
use crate::book::subject::{Kind, Subject};
use crate::derive::order::{WINDOW, life};
use crate::rules::id::Id;
use crate::rules::moment::{self, Moment};
use crate::rules::order::{Event, Order, What};
use crate::store::Tx;
use crate::store::tables::order::OrderRow;

/// An order as found.
pub struct Found {
    /// Its row.
    pub row: OrderRow,
    /// Its life.
    pub order: Order,
}

/// Finds an order by its number, whole (`B03.1.3981`) or only the last part (`3981`).
pub fn find(tx: &Tx<'_>, field: &str, text: &str) -> Result<Found, Refusal> {
    let row = find_row(tx, field, text)?;
    let id = row.id;
    let order = life(row.life.as_deref()).ok_or_else(|| {
        let text = match row.open {
            true => format!("{id} 在窗口办理，现为“{}”，没有派工单", row.state),
            false => format!("{id} 已{WINDOW}，没有工单"),
        };
        Refusal::field("R-303", field, text)
    })?;
    Ok(Found { row, order })
}

/// Finds the row of an order, or of a case done at the window, by its number.
pub fn find_row(tx: &Tx<'_>, field: &str, text: &str) -> Result<OrderRow, Refusal> {
    let text = text.trim();
    let missing = || Refusal::missing(field, "工单", &crate::rules::fault::shown(text));
    let id = match (text.parse::<Id>(), text.parse::<i64>()) {
        (Ok(id), _) => id,
        (Err(_), Ok(seq)) => tx.order_of_tail(seq)?.ok_or_else(missing)?,
        (Err(_), Err(_)) => return Err(missing()),
    };
    let row = tx.order(id)?.ok_or_else(missing)?;
    own(tx, field, id)?;
    if tx.is_held(Kind::Order.letter(), id)? {
        return Err(Refusal::field("upgrade", field, format!("工单 {id} 有新版程序记的内容，请升级程序后再办")));
    }
    Ok(row)
}

/// A branch works on its own orders: of another's it may not hold everything. The head office works on all.
pub fn own(tx: &Tx<'_>, field: &str, order: Id) -> Result<(), Refusal> {
    if tx.seen()?.holds(order) {
        return Ok(());
    }
    let text = format!("工单 {order} 是 {} 的，请由该网点或总部办理", order.site());
    Err(Refusal::field("R-305", field, text))
}

/// Finds several, each once; refuses when none is named.
pub fn find_all(tx: &Tx<'_>, texts: &[String]) -> Result<Vec<Found>, Refusal> {
    if texts.is_empty() {
        return Err(Refusal::field("R-285", "orders", "没有选工单，请先选工单"));
    }
    let mut found: Vec<Found> = Vec::new();
    for text in texts {
        let one = find(tx, "orders", text)?;
        if found.iter().all(|known| known.row.id != one.row.id) {
            found.push(one);
        }
    }
    Ok(found)
}

impl Found {
    /// What the order becomes, or every reason why not, each naming the order.
    pub fn after(&self, what: What, at: Moment) -> Result<Order, Vec<Fault>> {
        let event = Event { at, what };
        let mut order = self.order.clone();
        let faults = order.faults(&event);
        if faults.is_empty() && order.apply(&event).is_ok() {
            return Ok(order);
        }
        Err(faults.into_iter().map(|fault| self.named(fault.into())).collect())
    }

    fn named(&self, fault: Fault) -> Fault {
        if fault.field.as_deref() == Some("order") {
            return Fault { message: format!("{} {}", self.row.id, fault.message), ..fault };
        }
        fault
    }

    /// Whom an entry about this order is about.
    pub fn subjects(&self) -> Vec<Subject> {
        subjects_of_row(&self.row)
    }
}

/// Whom an entry about an order is about: the order, and the account it is on.
pub fn subjects_of_row(row: &OrderRow) -> Vec<Subject> {
    let account = row.account.map(|account| Subject::new(Kind::Account, account));
    std::iter::once(Subject::new(Kind::Order, row.id)).chain(account).collect()
}

/// Whom an entry about several orders is about, each once.
pub fn subjects_of(found: &[Found]) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    for subject in found.iter().flat_map(Found::subjects) {
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    subjects
}

/// Free text of a slip or remark: without control characters, not too long, without private numbers (I-13).
pub fn text(cx: &Cx<'_, '_>, field: &str, label: &str, said: &str, faults: &mut Vec<Fault>) -> String {
    const LONGEST: usize = 500;
    let said = said.trim();
    if said.chars().count() > LONGEST {
        faults.push(Fault::field("input", field, format!("{label}超过 {LONGEST} 个字，请缩短")));
    }
    if said.chars().any(char::is_control) {
        faults.push(Fault::field("input", field, format!("{label}含有控制字符，请重新输入")));
    }
    if let Err(fault) = crate::rules::private_numbers::refuse(label, said, moment::day(cx.at)) {
        faults.push(Fault::field(fault.rule, field, fault.message));
    }
    said.to_owned()
}

/// Reads a time of a slip; a bare clock time is of the day `day`.
pub fn time(field: &str, label: &str, said: Option<&str>, at: Moment, faults: &mut Vec<Fault>) -> Option<Moment> {
    let said = said.map(str::trim).filter(|said| !said.is_empty())?;
    let read = moment::typed(said, moment::day(at));
    if read.is_none() {
        let what = format!("{label}“{}”不对，应如 09:30 或 2026-11-21 09:30", crate::rules::fault::shown(said));
        faults.push(Fault::field("R-269", field, what));
    }
    read
}

/// Reads what was agreed: a time, or a day, which is kept to its end. Four digits are a day, unless it is past: then a time of today.
pub fn agreed(field: &str, label: &str, said: Option<&str>, at: Moment, faults: &mut Vec<Fault>) -> Option<Moment> {
    let today = moment::day(at);
    let day = said.and_then(|said| Some((said.trim().chars().count(), moment::typed_day(said, today)?)));
    let day = day.filter(|(length, day)| *length != 4 || *day >= today);
    day.map(|(_, day)| moment::end_of(day)).or_else(|| time(field, label, said, at, faults))
}
