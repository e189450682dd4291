//! Special handling: requests, and what they did to accounts.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::rules::money::Fen;
use crate::store::table::table;

table! {
    /// 特殊处理申请.
    pub struct RequestRow("d_request", 1) {
        /// The entry that asked.
        id: Id,
        /// The account.
        account: Id,
        /// Kind code.
        kind: String,
        /// Who asked (user id).
        maker: String,
        /// 营业日 of the request.
        day: NaiveDate,
        /// When.
        at: String,
        /// See `rules::adjustment::State::code`.
        state: String,
        /// The bills, blank between.
        bills: String,
        /// The change, JSON.
        change: String,
        /// 凭据.
        evidence: String,
        /// 现场核实工单.
        site_order: Option<Id>,
        /// What the approval table looks at.
        amount: Fen,
        /// The picture, canonical JSON.
        picture: String,
        /// Its hash, hex.
        picture_hash: String,
        /// Hash of the request's entry, hex: what a decision names.
        entry_hash: String,
        /// Where it stands and how it came there, JSON.
        standing: String,
        /// Who checked.
        checker: Option<String>,
        /// When.
        checked_at: Option<String>,
        /// What the checker said.
        check_remark: String,
        /// Who decided last.
        approver: Option<String>,
        /// 营业日 of that.
        decided_day: Option<NaiveDate>,
        /// When.
        decided_at: Option<String>,
        /// What the approver said.
        decide_remark: String,
    }

    /// A request as its account sees it.
    pub struct AdjustRow("d_adjust", 2) {
        /// The account.
        account: Id,
        /// The request.
        request: Id,
        /// Hash of the request's entry, hex.
        entry_hash: String,
        /// Where it stands, JSON.
        standing: String,
        /// What took effect and stands, JSON; empty when nothing does.
        applied: String,
    }

    /// A bill replaced by an adjustment, or cancelled and issued again.
    pub struct RebillRow("d_rebill", 2) {
        /// The account.
        account: Id,
        /// The bill that was.
        old: Id,
        /// The bill in its place.
        new: Id,
        /// The request; of a bill cancelled and issued again the new bill.
        request: Id,
    }

    /// A price set from a day by special handling, and what stood until then.
    pub struct PriceRow("d_price", 2) {
        /// The account.
        account: Id,
        /// The turn of the price's unit in which it was set: their order.
        turn: i64,
        /// The decision.
        id: Id,
        /// First day of the price set.
        from_day: NaiveDate,
        /// Price class until then.
        class: String,
        /// Was it confirmed?
        confirmed: bool,
        /// Its mix.
        mix: Option<String>,
        /// False while it waits for a conflict to be decided.
        stands: bool,
    }

    /// Late fee waived.
    pub struct WaiverRow("d_waiver", 3) {
        /// The account.
        account: Id,
        /// The bill.
        bill: Id,
        /// The decision.
        entry: Id,
        /// The request.
        request: Id,
        /// Not charged any more.
        fee: Fen,
        /// Paid before, given back as credit.
        refund: Fen,
    }
}
