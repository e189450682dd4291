//! Users, their roles, and the register of workers.

use chrono::NaiveDate;

use crate::rules::id::Id;
use crate::store::table::table;

crate::worded! {
    /// 工种: what a worker is named for on records.
    pub enum Post {
        /// Repairs.
        Repair = "维修",
        /// Fits meters.
        Fitter = "装表",
        /// Reads meters.
        Reader = "抄表",
        /// Lights and accepts gas appliances.
        Igniter = "点火验收",
        /// Surveys IC cards on site.
        CardSurveyor = "IC卡勘察",
    }
}

table! {
    /// 用户 of the program.
    pub struct UserRow("d_user", 1) {
        /// The entry that added the user.
        id: Id,
        /// Login name.
        login: String,
        /// Name as printed.
        name: String,
        /// argon2id verifier, sealed as entries have it; in clear (PHC text) from entries of before.
        password: String,
        /// May log in.
        active: bool,
    }

    /// A role of a user.
    pub struct UserRoleRow("d_user_role", 3) {
        /// The user.
        user: Id,
        /// Role code, as in the roles file.
        role: String,
        /// Where it holds: the code of a branch to which head office sends the user; empty: at the user's own site.
        site: String,
        /// The entry that gave it.
        entry: Id,
        /// First day.
        first_day: NaiveDate,
        /// Last day, if any.
        last_day: Option<NaiveDate>,
    }

    /// 师傅.
    pub struct WorkerRow("d_worker", 1) {
        /// The entry that added the worker.
        id: Id,
        /// Short code, typed to pick.
        code: String,
        /// Name.
        name: String,
        /// 班组.
        team: String,
        /// Area served.
        area: String,
        /// Phone.
        phone: String,
        /// Still there.
        active: bool,
        /// 工种, such as 抄表; empty when not said.
        post: String,
    }
}
