//! Whose rows a desk works on. A book holds entries of several sites; what a person does at a counter may concern any account
//! the book knows, but what a site does by itself — its tills, its desks, its bill runs, its imports, its lists — is its own.
//! What is whose is told by the site in the id. Never used in a fold: derived rows are the same at every site (I-5).

use crate::rules::id::{Id, Site};
use crate::rules::reach::Reach;
use crate::store::tables::base::SiteRow;
use crate::store::{StoreError, Tx};

/// Setting: the code this site took the place of, when that one's lives were used up.
pub const SUCCEEDS: &str = "succeeds";

impl Tx<'_> {
    /// This site's own record. None in a what-if book, which received entries and began none itself: it is nobody's, and
    /// works on everything it knows.
    pub fn own_record(&self) -> Result<Option<SiteRow>, StoreError> {
        let Some(code) = self.setting("site")? else { return Ok(None) };
        let Ok(site) = Site::parse(&code) else { return Ok(None) };
        match Id::new(&site, 1, 1, 0) {
            Some(id) => self.get::<SiteRow>(&[&id]),
            None => Ok(None),
        }
    }

    /// Is this the head office's book?
    pub fn at_head_office(&self) -> Result<bool, StoreError> {
        Ok(self.own_record()?.is_some_and(|row| row.head_office))
    }

    /// What this site works on: its own.
    pub fn own(&self) -> Result<Reach, StoreError> {
        self.own_record()?.map_or(Ok(Reach::ALL), |row| self.reach_of(&row))
    }

    /// What a site made, and what was made under the code whose place it took.
    fn reach_of(&self, row: &SiteRow) -> Result<Reach, StoreError> {
        let own = row.id.site();
        let before = self.setting(SUCCEEDS)?.and_then(|code| Site::parse(&code).ok());
        let before = before.filter(|old| own.follows(old));
        Ok(before.map_or(Reach::of(&own), |old| Reach::of(&own).with_before(&old)))
    }

    /// What this site's lists show: its own; at the head office everybody's.
    pub fn seen(&self) -> Result<Reach, StoreError> {
        let own = self.own_record()?.filter(|row| !row.head_office);
        own.map_or(Ok(Reach::ALL), |row| self.reach_of(&row))
    }

    /// The site a subject belongs to, when it is not this one.
    pub fn other_site(&self, id: Id) -> Result<Option<Site>, StoreError> {
        Ok(if id.0 < 0 || self.own()?.holds(id) { None } else { Some(id.site()) })
    }

    /// The site that knows an account whole when this book does not: it is another's, and entries of that site are held here one
    /// by one instead of as a whole chain.
    pub fn incomplete(&self, account: Id) -> Result<Option<Site>, StoreError> {
        let Some(site) = self.other_site(account)? else { return Ok(None) };
        let reach = Reach::of(&site);
        let sql = "SELECT 1 FROM entry_relayed WHERE id BETWEEN ?1 AND ?2 LIMIT 1";
        let mut statement = self.conn().prepare_cached(sql)?;
        Ok(statement.exists([reach.low.0, reach.high.0])?.then_some(site))
    }

    /// A name with the site before it when it is another's: `B05 王芳`.
    pub fn with_site(&self, id: Id, name: &str) -> Result<String, StoreError> {
        Ok(match self.other_site(id)? {
            Some(site) => format!("{site} {name}").trim_end().to_owned(),
            None => name.to_owned(),
        })
    }
}
