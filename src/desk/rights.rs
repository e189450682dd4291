//! Rights: what a person's roles allow on a day. Roles come from a file (the built-in one is a sample); who has which role
//! from when to when comes from entries. Administration gives no right to post money.

use std::sync::OnceLock;

use chrono::NaiveDate;
use serde::Deserialize;

use super::proven::{self, Proven};
use super::refusal::{Fault, Refusal};
use crate::derive::delegation;
use crate::rules::id::{Id, Site};
use crate::rules::money::Fen;
use crate::store::{StoreError, Tx};

const SAMPLE: &str = include_str!("../../assets/roles.toml");

/// From which day a right given on a day holds. On a practice book it holds from long before, because there an action may
/// pretend to have happened earlier.
pub fn first_day(practice: bool, given: NaiveDate) -> NaiveDate {
    const LONG_AGO: Option<NaiveDate> = NaiveDate::from_ymd_opt(2000, 1, 1);
    if practice { LONG_AGO.map_or(given, |long_ago| long_ago.min(given)) } else { given }
}

/// The right to print dispatch slips, which writes no entry.
pub const PRINT_SLIPS: &str = "order.print";

/// To search (查找).
pub const FIND: &str = "read.find";
/// To see a record whole.
pub const SHOW: &str = "read.show";
/// To see or print a 核对单 again.
pub const SLIP: &str = "read.slip";
/// To see reports.
pub const REPORT: &str = "read.report";
/// To list the users and their roles.
pub const USERS: &str = "read.users";
/// To list and save the fix list.
pub const FIXES: &str = "read.fixes";
/// To see who read or exported whole lists.
pub const ACCESS: &str = "read.access";
/// To copy the book.
pub const BACKUP: &str = "base.backup";
/// To derive the book anew.
pub const REBUILD: &str = "base.rebuild";
/// To go on from a copy.
pub const RESTORE: &str = "base.restore";
/// To say where slips go.
pub const PRINTER: &str = "base.printer";

/// Rights that are asked for beside an action's own name: a part of an action that not everybody who may do it may do, or work
/// that writes no entry of its own.
pub const BESIDE_ACTIONS: &[&str] = &[
    super::bill_run::LIMITS,
    super::bill_run::RIGHT,
    "import.calendar",
    "import.customers",
    "import.readings",
    "import.services",
    "import.swaps",
    "import.tariffs",
    super::order_defer::BEYOND,
    PRINT_SLIPS,
    super::order_void::COUNTER,
    super::order_void::HOTLINE,
    super::shift_close::ANOTHERS,
    super::shift_confirm::CASHIER,
    super::shift_confirm::ACCOUNTANT,
    FIND,
    SHOW,
    SLIP,
    REPORT,
    USERS,
    FIXES,
    ACCESS,
    BACKUP,
    REBUILD,
    RESTORE,
    PRINTER,
];

/// A role of the roles file.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Stable code.
    pub code: String,
    /// Title of the post, as on paper.
    pub name: String,
    /// Where the post is described.
    pub rule: String,
    /// Actions, or families such as `order.*`.
    pub actions: Vec<String>,
    /// Largest amount by action, in yuan.
    #[serde(default)]
    pub limits: std::collections::BTreeMap<String, Fen>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesFile {
    role: Vec<Role>,
}

/// All roles of the built-in sample.
pub fn roles() -> &'static [Role] {
    static ROLES: OnceLock<Vec<Role>> = OnceLock::new();
    ROLES.get_or_init(|| toml::from_str::<RolesFile>(SAMPLE).map(|file| file.role).unwrap_or_default())
}

/// The role of a code.
pub fn role(code: &str) -> Option<&'static Role> {
    roles().iter().find(|role| role.code == code)
}

/// What one person may do on one day.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    held: Vec<(&'static Role, Id)>,
}

impl Rights {
    /// Reads a user's rights at this site for a day from the entries that give them: the roles of its own users, and those that head office gave its people
    /// here. A role given beyond what head office delegated gives nothing.
    pub fn of(tx: &Tx<'_>, user: Id, day: NaiveDate) -> Result<Self, StoreError> {
        match proven::of(tx, user)? {
            Some(person) => Self::of_person(tx, &person, day),
            None => Ok(Self::default()),
        }
    }

    /// The rights of a person whose entries were checked.
    pub fn of_person(tx: &Tx<'_>, person: &Proven, day: NaiveDate) -> Result<Self, StoreError> {
        let user = person.user.id;
        let here = tx.other_site(user)?.and(tx.own_record()?).map(|site| site.code);
        let delegation = proven::delegation(tx, &user.site())?;
        let mut held = Vec::new();
        for row in &person.roles {
            let holds_here = match &here {
                None => row.site.is_empty(),
                Some(code) => row.site == *code && row.entry.site() == user.site(),
            };
            let in_force = row.first_day <= day && row.last_day.is_none_or(|last| day <= last);
            let Some(role) = role(&row.role).filter(|_| holds_here && in_force) else { continue };
            if delegation.as_ref().is_none_or(|delegation| delegation.beyond(row, None).is_none()) {
                held.push((role, row.entry));
            }
        }
        Ok(Self { held })
    }

    /// The entry that gives the right to an action, if any.
    pub fn source(&self, action: &str) -> Option<Id> {
        self.held.iter().find(|(role, _)| allows(role, action)).map(|(_, entry)| *entry)
    }

    /// May the person do it at all?
    pub fn allow(&self, action: &str) -> bool {
        self.source(action).is_some()
    }

    /// May the person do it up to this amount? Without a limit in some role: any amount.
    pub fn allow_amount(&self, action: &str, amount: Fen) -> bool {
        self.held
            .iter()
            .filter(|(role, _)| allows(role, action))
            .any(|(role, _)| role.limits.get(action).is_none_or(|limit| amount.abs() <= *limit))
    }

    /// Has the person this role today?
    pub fn has_role(&self, code: &str) -> bool {
        self.held.iter().any(|(role, _)| role.code == code)
    }

    /// Refuses a correction without a second person when what it changes is beyond every limit: it goes by special handling.
    pub fn require_correction(&self, action: &str, amount: Fen) -> Result<(), Refusal> {
        self.require(action)?;
        if self.allow_amount(action, amount) {
            return Ok(());
        }
        let message = format!("涉及金额 {} 超过您的权限，请由上级办理，或走特殊处理经复核批准", amount.abs().grouped());
        Err(Refusal::permission("R-260", message))
    }

    /// Titles, for the top line.
    pub fn titles(&self) -> Vec<&'static str> {
        self.held.iter().map(|(role, _)| role.name.as_str()).collect()
    }

    /// Refuses when the action is not allowed.
    pub fn require(&self, action: &str) -> Result<(), Refusal> {
        if self.allow(action) {
            return Ok(());
        }
        let who: Vec<&str> =
            roles().iter().filter(|role| allows(role, action)).map(|role| role.name.as_str()).collect();
        let who = if who.is_empty() { "没有岗位".to_owned() } else { who.join("、") };
        let what = super::action(action).map_or_else(|| beside_word(action), |def| def.summary);
        Err(Refusal::permission("R-003", format!("您没有“{what}”的权限；有此权限的岗位：{who}")))
    }

    /// Posts that may do it up to this amount, by title.
    pub fn posts_for(action: &str, amount: Fen) -> Vec<&'static str> {
        let fits =
            |role: &&Role| allows(role, action) && role.limits.get(action).is_none_or(|limit| amount.abs() <= *limit);
        roles().iter().filter(fits).map(|role| role.name.as_str()).collect()
    }

    /// ` (限额 500.00)`: how far this person may go; nothing where there is no limit.
    pub fn limit_words(&self, action: &str) -> String {
        let limit = self.held.iter().filter_map(|(role, _)| role.limits.get(action)).max();
        limit.map(|limit| format!(" (限额 {})", limit.grouped())).unwrap_or_default()
    }

    /// Refuses when the amount is beyond every limit.
    pub fn require_amount(&self, action: &str, amount: Fen) -> Result<(), Refusal> {
        self.require(action)?;
        if self.allow_amount(action, amount) {
            return Ok(());
        }
        let limit = self.limit_words(action);
        let enough = |role: &&Role| role.limits.get(action).is_none_or(|limit| amount.abs() <= *limit);
        let who = roles().iter().filter(|role| allows(role, action)).filter(enough);
        let who: Vec<&str> = who.map(|role| role.name.as_str()).collect();
        let who = if who.is_empty() { "没有岗位".to_owned() } else { who.join("、") };
        let sum = amount.abs().grouped();
        Err(Refusal::permission("R-260", format!("金额 {sum} 超过您的权限{limit}，请由上级办理：{who}")))
    }
}

/// What a right beside the actions is called.
fn beside_word(right: &str) -> &str {
    match right {
        super::bill_run::RIGHT => "出账",
        "import.calendar" => "导入日历",
        "import.customers" => "导入客户",
        "import.readings" => "导入抄表",
        "import.services" => "导入业务目录",
        "import.swaps" => "导入拆换单",
        "import.tariffs" => "导入价目",
        super::order_defer::BEYOND => "顺延超过承诺期",
        PRINT_SLIPS => "打印派工单",
        super::order_void::COUNTER => "作废窗口受理的工单",
        super::order_void::HOTLINE => "作废热线受理的工单",
        super::shift_close::ANOTHERS => "代别人交班",
        super::shift_confirm::CASHIER => "以出纳签字",
        super::shift_confirm::ACCOUNTANT => "以会计签字",
        FIND => "查找",
        SHOW => "查看记录",
        SLIP => "重印核对单",
        REPORT => "出报表",
        USERS => "查看用户名单",
        FIXES => "查看待改清单",
        ACCESS => "看查阅记录",
        BACKUP => "备份",
        REBUILD => "重新记账",
        RESTORE => "从备份恢复",
        PRINTER => "设置打印机",
        other => other,
    }
}

/// May this site give a role to a user? A branch only what its head office delegated, and to its own users.
pub fn may_give(tx: &Tx<'_>, site: &Site, user: Option<Id>, role: &str) -> Result<Option<Fault>, StoreError> {
    let Some(company) = delegation::company(tx, site)? else { return Ok(None) };
    if let Some(other) = user.map(Id::site).filter(|home| home != site) {
        let message = format!("该用户属于网点 {other}，请由该网点或总部授予");
        return Ok(Some(Fault::field("R-003", "user", message)));
    }
    let within = company.roles().is_none_or(|roles| roles.iter().any(|delegated| delegated == role));
    let message = || format!("总部没有把“{role}”这个岗位交给本网点授予，请由总部授予");
    Ok((!within).then(|| Fault::field("R-003", "role", message())))
}

fn allows(role: &Role, action: &str) -> bool {
    role.actions.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(family) => action.starts_with(family),
        None => pattern == action,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_read_and_marked_as_a_sample() {
        assert!(roles().len() >= 14);
        assert!(SAMPLE.starts_with("# 样例"));
    }

    /// A role that names what does not exist promises a right that nobody can use.
    #[test]
    fn every_action_a_role_names_exists() {
        let known: Vec<&str> =
            crate::desk::ACTIONS.iter().map(|def| def.name).chain(BESIDE_ACTIONS.iter().copied()).collect();
        for role in roles() {
            for pattern in role.actions.iter().chain(role.limits.keys()) {
                let one = Role { actions: vec![pattern.clone()], ..role.clone() };
                assert!(known.iter().any(|action| allows(&one, action)), "{}: {pattern}", role.code);
            }
        }
    }

    /// Every action that is not free is somebody's, and what is asked beside actions too.
    #[test]
    fn every_right_is_held_by_some_role() {
        let rights = crate::desk::ACTIONS.iter().filter(|def| !def.free).map(|def| def.name);
        for right in rights.chain(BESIDE_ACTIONS.iter().copied()) {
            assert!(roles().iter().any(|role| allows(role, right)), "{right}");
        }
    }

    #[test]
    fn administration_gives_no_right_to_post_money() {
        let admin = Rights { held: vec![(role("admin").unwrap(), Id(0))] };
        for action in ["payment.take", "payment.reverse", "fee.take", "adjustment.decide", "shift.open"] {
            assert!(!admin.allow(action), "{action}");
        }
        assert!(admin.allow("user.add"));
    }

    #[test]
    fn amounts_are_limited_by_role() {
        let director = Rights { held: vec![(role("data_director").unwrap(), Id(0))] };
        assert!(director.allow_amount("adjustment.decide", Fen(50_000)));
        assert!(!director.allow_amount("adjustment.decide", Fen(50_001)));
        assert!(!director.allow("payment.take"));
    }

    #[test]
    fn corrections_of_bills_are_limited_by_role_and_beyond_that_go_by_special_handling() {
        let table = [("data_clerk", 50_000), ("data_director", 500_000)];
        for (post, limit) in table {
            let rights = Rights { held: vec![(role(post).unwrap(), Id(0))] };
            for action in ["bill.cancel", "bill.issue", "reading.correct"] {
                assert!(rights.require_correction(action, Fen(limit)).is_ok(), "{post} {action}");
                let refusal = rights.require_correction(action, Fen(-limit - 1)).unwrap_err();
                assert_eq!(refusal.first_rule(), "R-260");
                assert!(refusal.message().contains("特殊处理"), "{refusal}");
            }
        }
    }

    /// Posts, what their paper lets them do, and what it leaves to others (R-003, R-005, R-007, R-011, R-012, R-016 … R-022).
    #[test]
    fn each_post_may_do_what_its_paper_says_and_no_more() {
        let table: [(&str, &[&str], &[&str]); 13] = [
            (
                "data_director",
                &["user.right", "swap.send_back", "adjustment.check"],
                &["adjustment.request", "user.add"],
            ),
            (
                "data_clerk",
                &["reading.enter", "swap.enter", "adjustment.request"],
                &["adjustment.decide", "user.right"],
            ),
            (
                "clerk",
                &["intake.take", "payment.take", "order.return"],
                &["order.dispatch", "order.print", "shift.confirm", "payment.method"],
            ),
            ("dispatcher", &["order.dispatch", "order.pause"], &["payment.take", "order.defer_beyond"]),
            ("seat", &["intake.take", "complaint.answer", "callback.record"], &["payment.take", "order.dispatch"]),
            ("hall_supervisor", &["order.void", "order.void.counter"], &["order.void.hotline", "payment.take"]),
            ("hotline_lead", &["order.void", "order.void.hotline"], &["order.void.counter"]),
            ("team_lead", &["order.defer", "order.defer_beyond"], &["order.dispatch", "order.void"]),
            ("shift_lead", &["intake.take", "order.dispatch", "complaint.answer"], &["order.print", "order.void"]),
            ("duty_clerk", &["order.print"], &["order.dispatch"]),
            ("information_centre", &["payment.method"], &["payment.take", "payment.reverse"]),
            ("cashier", &["shift.confirm", "shift.confirm.cashier"], &["shift.confirm.accountant", "shift.open"]),
            ("accountant", &["shift.confirm", "shift.confirm.accountant"], &["shift.confirm.cashier", "shift.close"]),
        ];
        for (post, may, may_not) in table {
            let rights = Rights { held: vec![(role(post).unwrap(), Id(0))] };
            assert!(may.iter().all(|action| rights.allow(action)), "{post} {may:?}");
            assert!(!may_not.iter().any(|action| rights.allow(action)), "{post} {may_not:?}");
        }
    }
}
