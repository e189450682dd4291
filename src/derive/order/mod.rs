//! 工单: an order's fold, and that of what was parked before it.
//!
//! Merge: the order's own entries in (hlc, place) go through [`Order::apply`], the same state machine the desk asks. What the
//! state no longer allows when its turn comes has no effect and is an exception that names the entry that came first:
//! dispatched at two sites, the first stands; closed twice, the first stands. Chasing merges always. Two open orders for
//! one thing at one place, taken in at two sites, both stand and are shown as a clash until one is closed. What a case costs is
//! in [`charge`], what is done at the window in [`window`].

mod apply;
pub mod body;
mod charge;
mod row;
pub mod window;

use super::Fold;
use super::cross::Cross;
use crate::book::subject::Kind;
use crate::rules::order::Order;

/// The fold of orders.
pub const FOLD: Fold = Fold {
    kind: Kind::Order,
    tables: &[
        ("d_order", "id"),
        ("d_order_event", "order_id"),
        ("d_parked", "id"),
        ("d_charge", "order_id"),
        ("d_charge_paid", "order_id"),
    ],
    knows: ACTIONS,
    apply: apply::apply,
};

/// Every action an order takes part in.
pub const ACTIONS: &[(&str, u32)] = &[
    ("intake.take", 2),
    ("intake.park", 1),
    ("intake.resume", 1),
    ("order.dispatch", 1),
    ("order.pause", 1),
    ("order.resume", 1),
    ("order.defer", 1),
    ("order.void", 1),
    ("order.chase", 1),
    ("order.return", 1),
    ("callback.record", 1),
    ("complaint.answer", 1),
    ("fee.take", 2),
    ("payment.reverse", 2),
    ("deposit.take", 1),
    ("deposit.return", 1),
    ("account.transfer", 2),
];

/// One thing at one place, one open order.
pub const SAME: Cross = Cross {
    what: "open_order",
    kind: Kind::Order,
    holders: |tx, key| Ok(tx.orders_of_join_key(key)?.into_iter().map(|row| row.id).collect()),
    several: |tx| tx.join_keys_of_several(),
    of: |tx, id| Ok(tx.order(id)?.and_then(|row| row.join_key).into_iter().collect()),
};

pub use apply::happening;
pub use row::WINDOW;

/// The order as its row keeps it. `None` when it was closed at the window.
pub fn life(text: Option<&str>) -> Option<Order> {
    serde_json::from_str(text?).ok()
}
