//! What stands in the payloads of entries: a schema for each action and version, made from the very structs that are written and
//! read. For who writes another program; `do --schema ACTION` prints it beside the input, which is another shape.

use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value, json};

use super::{customer_reveal, fixes};
use crate::derive::account::amend::AccountAmended;
use crate::derive::account::bill::{BillCancelled, BillIssued, BillReleased};
use crate::derive::account::file::AccountOpened;
use crate::derive::account::payment::{PaymentConfirmed, PaymentReversed, PaymentTaken};
use crate::derive::account::reading::{CardKeyed, ReadingCorrected, ReadingEntered};
use crate::derive::account::swap::{SwapChecked, SwapEntered};
use crate::derive::account::transfer::AccountTransferred;
use crate::derive::exception::{ExceptionAssigned, ExceptionResolved};
use crate::derive::order::body as order;
use crate::derive::placed::EntryPlaced;
use crate::derive::request::{AdjustmentChecked, AdjustmentDecided, AdjustmentRequested};
use crate::derive::run::{RunClosed, RunOpened};
use crate::derive::shift::method::MethodCorrected;
use crate::derive::shift::sign::ShiftConfirmed;
use crate::derive::shift::{FeeTaken, ShiftClosed, ShiftDepositReversed, ShiftDeposited, ShiftFloatAdded, ShiftOpened};
use crate::derive::site;
use crate::derive::slip::{SlipNumberFound, SlipSentBack, SwapAssigned, SwapTask};
use crate::derive::tariff::{CalendarPut, CataloguePut, TariffPut};
use crate::derive::user::{UserAdded, UserClosed, UserReset, UserRight};
use crate::derive::worker::WorkerFacts;

/// The payloads of one action.
pub struct Bodies {
    /// The action, as entries name it.
    pub action: &'static str,
    /// Its newest version; all from 1 on are read.
    pub version: u32,
    schema: fn() -> Value,
}

/// The payload of an entry in which nothing needs to be said.
#[derive(JsonSchema)]
struct Nothing {}

const fn body<T: JsonSchema>(action: &'static str, version: u32) -> Bodies {
    Bodies { action, version, schema: || schema_for!(T).into() }
}

/// Every action that writes entries, those of the program itself too.
pub const BODIES: &[Bodies] = &[
    body::<AccountAmended>("account.amend", 1),
    body::<AccountOpened>("account.open", 1),
    body::<AccountTransferred>("account.transfer", 2),
    body::<AdjustmentChecked>("adjustment.check", 1),
    body::<AdjustmentDecided>("adjustment.decide", 1),
    body::<AdjustmentRequested>("adjustment.request", 1),
    body::<BillCancelled>("bill.cancel", 1),
    body::<BillIssued>("bill.issue", 1),
    body::<BillReleased>("bill.release", 1),
    body::<site::BundleAccepted>("bundle.accept", 1),
    body::<CalendarPut>("calendar.put", 1),
    body::<order::CallbackRecorded>("callback.record", 1),
    body::<CataloguePut>("catalogue.put", 1),
    body::<site::ClockConfirmed>("clock.confirm", 1),
    body::<order::ComplaintAnswered>("complaint.answer", 1),
    body::<customer_reveal::CustomerRevealed>("customer.reveal", 1),
    body::<order::DepositReturned>("deposit.return", 1),
    body::<order::DepositTaken>("deposit.take", 1),
    body::<EntryPlaced>("entry.place", 1),
    body::<ExceptionAssigned>("exception.assign", 1),
    body::<ExceptionResolved>("exception.resolve", 1),
    body::<FeeTaken>("fee.take", 2),
    body::<fixes::drop::ImportDropped>("import.drop", 1),
    body::<order::IntakeParked>("intake.park", 1),
    body::<order::IntakeResumed>("intake.resume", 1),
    body::<order::IntakeTaken>("intake.take", 2),
    body::<site::KeyShown>("key.confirm", 1),
    body::<site::KeyShown>("key.show", 1),
    body::<order::OrdersChased>("order.chase", 1),
    body::<order::OrderDeferred>("order.defer", 1),
    body::<order::OrdersDispatched>("order.dispatch", 1),
    body::<order::OrderPaused>("order.pause", 1),
    body::<order::OrderResumed>("order.resume", 1),
    body::<order::OrderReturned>("order.return", 1),
    body::<order::OrderVoided>("order.void", 1),
    body::<PaymentConfirmed>("payment.confirm", 1),
    body::<PaymentTaken>("payment.enter_late", 1),
    body::<MethodCorrected>("payment.method", 1),
    body::<PaymentReversed>("payment.reverse", 2),
    body::<PaymentTaken>("payment.take", 1),
    body::<ReadingCorrected>("reading.correct", 1),
    body::<ReadingEntered>("reading.enter", 1),
    body::<CardKeyed>("reading.key", 1),
    body::<RunClosed>("run.close", 1),
    body::<Nothing>("run.drop", 1),
    body::<RunOpened>("run.open", 1),
    body::<ShiftClosed>("shift.close", 1),
    body::<ShiftConfirmed>("shift.confirm", 1),
    body::<ShiftDeposited>("shift.deposit", 1),
    body::<ShiftDepositReversed>("shift.deposit_reverse", 1),
    body::<ShiftFloatAdded>("shift.float_add", 1),
    body::<ShiftOpened>("shift.open", 1),
    body::<site::SiteAmended>("site.amend", 1),
    body::<site::SiteCutOff>("site.cut_off", 1),
    body::<site::SiteEnrolled>("site.enrol", 1),
    body::<site::SiteEpoch>("site.epoch", 1),
    body::<site::SiteOpened>("site.open", 1),
    body::<site::SiteRevoked>("site.revoke", 1),
    body::<site::SiteRotated>("site.rotate", 1),
    body::<site::SiteThawed>("site.thaw", 1),
    body::<site::SiteTrusted>("site.trust", 1),
    body::<SwapAssigned>("swap.assign", 1),
    body::<SwapEntered>("swap.enter", 1),
    body::<SwapChecked>("swap.field_check", 1),
    body::<SlipNumberFound>("swap.number_found", 1),
    body::<SlipSentBack>("swap.send_back", 1),
    body::<SwapTask>("swap.task", 1),
    body::<TariffPut>("tariff.put", 1),
    body::<UserAdded>("user.add", 1),
    body::<UserClosed>("user.close", 1),
    body::<UserReset>("user.password", 1),
    body::<UserReset>("user.reset", 1),
    body::<UserRight>("user.right", 1),
    body::<WorkerFacts>("worker.add", 1),
    body::<WorkerFacts>("worker.amend", 1),
];

/// The payloads of an action by version: one struct reads all of them, what a later version added is not required. None for an action
/// that writes nothing of its own.
pub fn schemas(action: &str) -> Option<Value> {
    let bodies = BODIES.iter().find(|bodies| bodies.action == action)?;
    let by_version = (1..=bodies.version).map(|version| (version.to_string(), (bodies.schema)()));
    Some(by_version.collect::<Map<String, Value>>().into())
}

/// What `do --schema` prints: input and result of an action, and what its entries hold. None for no action.
pub fn of_action(name: &str) -> Option<Value> {
    let (def, bodies) = (super::action(name), schemas(name));
    let mut said = match (&def, &bodies) {
        (Some(def), _) => (def.schema)(),
        (None, Some(_)) => json!({ "action": name, "summary": "程序写的凭单，不能用 do 办理" }),
        (None, None) => return None,
    };
    said["body"] = bodies.unwrap_or(Value::Null);
    Some(said)
}
