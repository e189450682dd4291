//! A practice site as tests and benches make it.

use meterdesk::desk::open::NewSite;
use meterdesk::exchange::site_keys::SiteKeys;

/// The branch `城南营业所`, or a head office, whose director is `boss`.
pub const fn new_site(site: &str, head_office: bool) -> NewSite<'_> {
    NewSite {
        site,
        name: "城南营业所",
        utility: "water",
        head_office,
        practice: true,
        login: "boss",
        manager: "主任",
        password: "demo",
    }
}

/// The site keys of a book in memory: the program makes them of the code, so that a test can sign as that site.
#[allow(dead_code)] // benches make sites only
pub fn keys(site: &str) -> SiteKeys {
    SiteKeys::from_seed(blake3::derive_key("meterdesk site keys of a book in memory 1", site.as_bytes()))
}
