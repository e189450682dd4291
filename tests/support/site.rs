//! A practice site as tests and benches make it.

use meterdesk::desk::open::NewSite;

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
