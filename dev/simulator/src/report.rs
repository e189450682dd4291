//! What a seed, or a whole run, came to; and how a failure is told.

use std::fmt;
use std::ops::AddAssign;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident = $words:literal),* $(,)?) => {
        /// How often everything happened.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Report { $($(#[$doc])* pub $name: u64),* }

        impl AddAssign for Report {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }

        impl fmt::Display for Report {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(writeln!(out, "{:>12}  {}", self.$name, $words)?;)*
                Ok(())
            }
        }
    };
}

counts! {
    /// Seeds.
    seeds = "seeds",
    /// Actions that wrote an entry.
    done = "actions done",
    /// Actions refused.
    refused = "actions refused",
    /// Entries at head office in the end.
    entries = "entries at head office in the end",
    /// Bundles written.
    sent = "bundles written",
    /// Bundles lost.
    lost = "bundles lost",
    /// Bundles that came twice.
    doubled = "bundles that came twice",
    /// Bundles that came late and out of order.
    late = "bundles that came nights later",
    /// Bundles cut short, all refused.
    truncated = "bundles cut short, refused",
    /// Bundles with flipped bits, all refused.
    flipped = "bundles with flipped bits, refused",
    /// Imports during which the stick was pulled out.
    pulled = "imports during which the stick was pulled out",
    /// Bundles taken.
    taken = "bundles taken in",
    /// Bundles that brought nothing new.
    known = "bundles that brought nothing new",
    /// Bundles held for a gap.
    held = "bundles held for a gap",
    /// Bundles of a forked site that did not fit.
    misfits = "bundles of forked sites that were refused",
    /// Crashes.
    crashes = "crashes",
    /// Restores at branches.
    restored_branches = "restores of a branch from an old copy",
    /// Restores at head office.
    restored_offices = "restores of head office from an old copy",
    /// Old copies nobody noticed.
    unnoticed = "old copies put back unnoticed",
    /// Lives begun by a site that found out by itself.
    found_out = "lives begun because head office knew more",
    /// Branches that held exactly head office's entries in the end, and had its state.
    same = "branches with head office's entries, all of its state",
    /// Of them, those of companies with a fork.
    same_forked = "of them, where a book had gone on from an unnoticed copy",
    /// Clock changes.
    clocks = "clock changes",
    /// Upgrades of a program that knew less.
    upgrades = "upgrades of programs that knew less",
    /// Entries lost because the only machine that had them went back.
    never_sent = "acknowledged entries lost before they were ever sent",
    /// Entries that had reached head office and were lost because both machines went back.
    lost_by_both = "entries lost because both machines that had them went back",
    /// Subjects folded again and compared.
    refolded = "subjects folded again and compared",
    /// Full rebuilds compared.
    rebuilds = "full rebuilds compared",
    /// Nights without faults until it was quiet.
    nights = "nights without faults until quiet",
}

/// A seed that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The step.
    pub step: u64,
    /// The site.
    pub site: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "seed {} step {} at {}: {}", self.seed, self.step, self.site, self.what)
    }
}
