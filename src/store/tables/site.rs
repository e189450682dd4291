//! Sites as others know them: bonds, key certificates, counter-signed heads.

use crate::rules::id::Id;
use crate::store::table::table;

table! {
    /// What one site says of another.
    pub struct SiteBondRow("d_site_bond", 2) {
        /// The site spoken of.
        site: Id,
        /// Code of the site that says it.
        by: String,
        /// `trust`: a branch of its head office; `enrol`: a head office of its branch.
        kind: String,
        /// The entry that made the bond.
        entry: Id,
        /// Name of the site spoken of.
        name: String,
        /// Its utility.
        utility: String,
        /// Its practice mark.
        practice: bool,
        /// Its signing key as read over the phone, hex.
        sign: String,
        /// Its sealing key.
        seal: String,
        /// Areas whose accounts it is to know, a JSON list.
        areas: String,
        /// Is it to know everything?
        everything: bool,
        /// Roles it may give, a JSON list.
        roles: String,
        /// Days its rights hold without word from head office.
        good_for_days: i64,
        /// Its data key, sealed for the site that says so, JSON.
        data_key: Option<String>,
        /// Why its keys count no more.
        revoked: Option<String>,
        /// The last entry by which a bundle of it was accepted.
        accepted: Option<Id>,
        /// The entry that found a fork in its chain and froze it.
        frozen: Option<Id>,
        /// How far its clock was ahead (or, negative, behind), in milliseconds, when that is too far.
        clock_ahead_ms: i64,
        /// The entry that says so.
        clock_said: Option<Id>,
        /// Has the site's director confirmed the clock since?
        clock_confirmed: bool,
        /// The entry that said so first; a head office trusted anew keeps it.
        first: Id,
        /// The head office to which this one lets the branch go.
        handed_to: Option<String>,
    }

    /// A certificate of new keys.
    pub struct SiteKeyRow("d_site_key", 3) {
        /// The site.
        site: Id,
        /// Name of the new pair.
        name: String,
        /// Name of the pair that signed.
        follows: String,
        /// Signing key, hex.
        sign: String,
        /// Sealing key.
        seal: String,
        /// When, by the site's clock.
        at: String,
        /// Signature by the pair before, hex.
        signature: String,
        /// The entry.
        entry: Id,
    }

    /// A counter-signed head.
    pub struct SiteHeadRow("d_site_head", 4) {
        /// The site whose bundle was accepted.
        site: Id,
        /// Code of the site that signs for it.
        by: String,
        /// The chain's site.
        chain: String,
        /// The chain's epoch.
        epoch: i64,
        /// Last number held.
        seq: i64,
        /// Hash of that entry, hex.
        head: String,
        /// Entries held of the chain.
        count: i64,
        /// When, by the signer's clock.
        at: String,
        /// The entry that says so.
        entry: Id,
    }

    /// A place with two entries.
    pub struct ForkRow("d_fork", 1) {
        /// The first place at which the branches differ, on the main one.
        place: Id,
        /// The site it is of.
        site: Id,
        /// Hash of the main branch's entry there.
        main: [u8; 32],
        /// Hash of the other's.
        twin: [u8; 32],
        /// The entry of head office that said so first.
        entry: Id,
    }
}
