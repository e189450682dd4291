//! Orders and what is parked before an order: the rows the dispatch desk reads.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::table::table;

table! {
    /// 工单, or a case closed at the window (then without a life of its own).
    pub struct OrderRow("d_order", 1) {
        /// The entry that took it in; the order number.
        id: Id,
        /// The account, if the case has one.
        account: Option<Id>,
        /// Code of the business.
        service: String,
        /// Name of the business: 报修.
        title: String,
        /// 派工单类型 word: 抢修; empty when closed at the window.
        kind: String,
        /// 类别 on the dispatch desk: 漏水.
        category: String,
        /// 待派, 在途 … as in [`crate::rules::order::State`].
        state: String,
        /// Is something still to be done, a callback included?
        open: bool,
        /// Which heap of the desk: waiting, underway, paused, callback, closed.
        stage: String,
        /// Second of 1970 at which the clock shown runs out, or, while it is held, the seconds left.
        due: i64,
        /// The clock shown is held by a pause of the customer's.
        held: bool,
        /// When the promise to the customer runs out.
        promise: Option<i64>,
        /// When the step's own limit runs out.
        step: Option<i64>,
        /// 业务级别.
        urgency: String,
        /// Address as it is printed.
        address: String,
        /// 区域: 城区, 农村.
        area: String,
        /// Who called.
        caller: String,
        /// 联系电话.
        phone: String,
        /// What is wanted, in one line.
        wish: String,
        /// counter or phone.
        channel: String,
        /// 师傅 who has it, or had it last.
        worker: Option<Id>,
        /// 营业日 of the intake.
        day: NaiveDate,
        /// When the customer told us.
        told: i64,
        /// When it was handed out last.
        dispatched: Option<i64>,
        /// When it was done.
        done: Option<i64>,
        /// Outcome of the last slip, or of the callback that closed it.
        outcome: String,
        /// Why a promise was not kept.
        overrun: String,
        /// Minutes beyond the limit at the window.
        window_over: i64,
        /// Agreed fees.
        fee: Fen,
        /// What of them is still owed, deposits included.
        owed: Fen,
        /// Is it over only with its deed (过户)?
        deed_due: bool,
        /// The deed.
        deed: Option<Id>,
        /// Same thing at the same place: what a repeat call joins. None when closed or never joined.
        join_key: Option<String>,
        /// The last entry that had an effect.
        last: Id,
        /// The order with all that happened to it, as JSON; none when closed at the window.
        life: Option<String>,
    }

    /// One thing that happened to an order, in effect or not.
    pub struct OrderEventRow("d_order_event", 2) {
        /// The order.
        order_id: Id,
        /// The entry.
        id: Id,
        /// 营业日.
        day: NaiveDate,
        /// Second of 1970.
        at: i64,
        /// Who.
        actor: String,
        /// 受理, 派工, 回执 …
        what: String,
        /// The worker concerned.
        worker: Option<Id>,
        /// What it says, in one line.
        note: String,
        /// False when another entry came first (an exception says which).
        effective: bool,
    }

    /// A charge of a case (应收业务费, 押金): what the catalogue asks for it, and what has come in.
    pub struct ChargeRow("d_charge", 2) {
        /// The case.
        order_id: Id,
        /// Key in the catalogue.
        key: String,
        /// The account, if the case has one.
        account: Option<Id>,
        /// 过户费.
        name: String,
        /// How much; zero when free with proof.
        amount: Fen,
        /// What is given for it.
        invoice: String,
        /// 押金: given back later, no income.
        deposit: bool,
        /// What waits for it: 派工, 过户.
        before: String,
        /// 营业日 of the intake.
        day: NaiveDate,
        /// Money in hand for it.
        paid: Fen,
        /// Still owed.
        owed: Fen,
        /// Money to be given back: paid twice, or the case was voided.
        refundable: Fen,
        /// The case was voided or cancelled.
        cancelled: bool,
        /// The deposit was given back.
        returned: bool,
        /// owed, paid, free, held, returned, cancelled, refundable.
        state: String,
    }

    /// Money taken for a charge.
    pub struct ChargePaidRow("d_charge_paid", 2) {
        /// The case.
        order_id: Id,
        /// The entry that took it.
        id: Id,
        /// The charge.
        key: String,
        /// Number of its receipt.
        receipt: String,
        /// How much.
        amount: Fen,
        /// What the charge took of it; the rest is to be given back.
        applied: Fen,
        /// The entry that gave it back or reversed it.
        ended: Option<Id>,
    }

    /// 挂起: a case parked under its queue number while the customer fetches a paper.
    pub struct ParkedRow("d_parked", 1) {
        /// The entry that parked it first.
        id: Id,
        /// 排队号.
        queue: String,
        /// Code of the business.
        service: String,
        /// The account, if known.
        account: Option<Id>,
        /// 营业日.
        day: NaiveDate,
        /// Second of 1970.
        at: i64,
        /// Who parked or took it up last.
        actor: String,
        /// Papers still to bring, `、` between.
        missing: String,
        /// What was typed, sealed.
        draft: String,
        /// parked, resumed or taken.
        state: String,
    }

    /// An order whose end changes the meter of the account it is on, as the account sees it.
    pub struct WriteBackRow("d_write_back", 2) {
        /// The account.
        account: Id,
        /// The order.
        order_id: Id,
        /// The order with all that happened to it, as JSON.
        life: String,
    }
}
