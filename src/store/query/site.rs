//! Sites: who says what of whom.

use crate::rules::id::Id;
use crate::store::tables::site::{SiteBondRow, SiteHeadRow, SiteKeyRow};
use crate::store::{StoreError, Tx};

impl Tx<'_> {
    /// What a site says of others, by kind (`trust`, `enrol`), in the order of the sites.
    pub fn bonds_by(&self, by: &str, kind: &str) -> Result<Vec<SiteBondRow>, StoreError> {
        self.select::<SiteBondRow>(" WHERE by = ? AND kind = ? ORDER BY site", &[&by, &kind])
    }

    /// What one site says of another.
    pub fn bond(&self, site: Id, by: &str) -> Result<Option<SiteBondRow>, StoreError> {
        self.get::<SiteBondRow>(&[&site, &by])
    }

    /// Everything said of a site, in the order of who says it.
    pub fn bonds_of(&self, site: Id) -> Result<Vec<SiteBondRow>, StoreError> {
        self.scan::<SiteBondRow>(&[&site])
    }

    /// Certificates of a site's keys.
    pub fn key_certificates(&self, site: Id) -> Result<Vec<SiteKeyRow>, StoreError> {
        self.scan::<SiteKeyRow>(&[&site])
    }

    /// Heads of a site's chains that another signed for.
    pub fn heads_signed(&self, site: Id, by: &str) -> Result<Vec<SiteHeadRow>, StoreError> {
        self.scan::<SiteHeadRow>(&[&site, &by])
    }
}
