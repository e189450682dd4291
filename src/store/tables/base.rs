//! Tables every subject shares: sites, runs, holds, exceptions, postings.

use crate::rules::id::Id;
use crate::store::table::table;

table! {
    /// 网点.
    pub struct SiteRow("d_site", 1) {
        /// The entry that opened the site.
        id: Id,
        /// Its code.
        code: String,
        /// Its name.
        name: String,
        /// Default utility of the branch: water, gas, power, heat.
        utility: String,
        /// Is it a head office?
        head_office: bool,
        /// A practice book, for ever.
        practice: bool,
        /// Minutes after midnight at which the day of an open shift ends (营业日截止).
        cut_off: i64,
    }

    /// 批: bulk work.
    pub struct RunRow("d_run", 1) {
        /// The opening entry.
        id: Id,
        /// The action of its bulk entries.
        kind: String,
        /// What a person calls it.
        label: String,
        /// Hash of the file it came from, or the cycle it bills.
        source: Option<String>,
        /// open, closed or dropped.
        state: String,
        /// Rows, as the closing entry says.
        rows: i64,
        /// The closing entry.
        closed_by: Option<Id>,
    }

    /// A subject that waits for an upgrade.
    pub struct HoldRow("d_hold", 3) {
        /// Letter of the subject's kind.
        kind: String,
        /// The subject.
        subject: Id,
        /// The entry not understood.
        entry: Id,
        /// Why.
        reason: String,
    }

    /// 疑问 inside one subject.
    pub struct ExceptionRow("d_exception", 5) {
        /// Letter of the subject's kind.
        kind: String,
        /// The subject.
        subject: Id,
        /// What does not fit, a stable word such as `paid_twice`.
        what: String,
        /// The entry that counts.
        first: Id,
        /// The entry that does not fit with it.
        second: Id,
        /// Both sides in one Chinese sentence.
        note: String,
        /// open or resolved.
        state: String,
        /// Who looks after it.
        owner: Option<String>,
        /// How it was decided.
        decision: Option<String>,
    }

    /// 疑问 across subjects.
    pub struct ClashRow("d_clash", 2) {
        /// What clashes, such as `account_no`, `meter_no`.
        what: String,
        /// The number that several hold.
        number: String,
        /// Ids of the holders, in order, blank between.
        holders: String,
        /// open or resolved.
        state: String,
        /// Who looks after it.
        owner: Option<String>,
        /// How it was decided.
        decision: Option<String>,
    }

    /// What was said about a clash, under each subject concerned.
    pub struct ClashWordRow("d_clash_word", 5) {
        /// Letter of the subject's kind.
        kind: String,
        /// The subject.
        subject: Id,
        /// What clashes.
        what: String,
        /// The number.
        number: String,
        /// The entry that said it.
        id: Id,
        /// The holders it spoke of.
        holders: String,
        /// Who looks after it.
        owner: Option<String>,
        /// How it was decided.
        decision: Option<String>,
    }

    /// 记账分录.
    pub struct PostingRow("d_posting", 3) {
        /// Letter of the subject's kind.
        kind: String,
        /// The subject.
        subject: Id,
        /// The entry and item.
        id: Id,
        /// The legs: `receivable:+4000 income.water:-2208 …` in fen.
        legs: String,
    }
}
