//! The way on when a site's lives are used up: the branch goes on under a new code, its old one with a letter or digit behind it. Head
//! office has enrolled the new code and revoked the old one, and sent the old site's book; from then on what the old code made is the
//! new site's own: its accounts are billed, read and amended here, its people sign in here.

use super::Desk;
use super::own_files::first_words;
use super::refusal::Refusal;
use crate::derive::site::subject_of;
use crate::exchange::peers;
use crate::rules::id::Site;
use crate::store::query::own::SUCCEEDS;
use crate::store::tables::base::SiteRow;

impl Desk {
    /// Takes over from the site of an old code. Only what head office has said counts: the old one is revoked, this one enrolled.
    pub fn succeed(&mut self, old: &str) -> Result<Site, Refusal> {
        self.rights()?.require("site.trust")?;
        let refuse = |message: String| Err(Refusal::rule("lives", message));
        let Ok(old) = Site::parse(old) else { return Err(Refusal::missing("site", "网点", old)) };
        let own = self.site().clone();
        if !own.follows(&old) {
            return refuse(format!("{own} 不能接 {old}：新代码应是 {old} 后面再加一个字母或数字，如 {old}A"));
        }
        let tx = self.look()?;
        let Some(office) = peers::head_office(&tx)? else {
            return refuse("本网点还没有认定总部；请先 site trust，由总部 site enrol 登记".to_owned());
        };
        if peers::own_enrolment(&tx)?.is_none() {
            return refuse(format!("总部 {} 还没有登记 {own}，或登记还没有送到；请先交换一次", office.site));
        }
        let bond = tx.bond(subject_of(&old), office.site.as_str())?;
        if bond.is_none_or(|bond| bond.revoked.is_none()) {
            return refuse(format!(
                "总部还没有停用 {old} (site revoke {old})，或停用还没有送到；两个网点不能同时记一本账"
            ));
        }
        if first_words(&tx, &old)?.is_none() || tx.is_relayed(subject_of(&old))? {
            return refuse(format!("{old} 的账还没有全部送到：请总部 exchange out --for {own} --whole，收进后再试"));
        }
        let between = |row: &SiteRow| subject_of(&old) < row.id && row.id < subject_of(&own);
        if let Some(other) = tx.scan::<SiteRow>(&[])?.into_iter().find(between) {
            return refuse(format!("{old} 和 {own} 之间还有网点 {}，不能这样接；请换一个新代码", other.code));
        }
        drop(tx);
        let tx = self.db_mut().write()?;
        tx.set_setting(SUCCEEDS, old.as_str())?;
        tx.commit()?;
        Ok(old)
    }
}
