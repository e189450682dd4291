//! Bodies of the entries about sites.

use serde::{Deserialize, Serialize};

use crate::book::public_keys::{PublicKeys, Rotation};
use crate::rules::id::Id;

/// Body of `site.open`.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SiteOpened {
    /// Site code.
    pub code: String,
    /// Name of the office.
    pub name: String,
    /// Default utility: water, gas, power, heat.
    pub utility: String,
    /// Head office?
    pub head_office: bool,
    /// Practice book, for ever?
    pub practice: bool,
    /// The site's first keys. Others take its keys from its card, checked over the phone, never from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<PublicKeys>,
}

/// Body of `site.epoch`: the site goes on in a new life.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SiteEpoch {
    /// Why: `older_copy`, `restore`, `recover`, `fork`.
    pub reason: String,
    /// Head of the life before, as the database had it.
    pub after: String,
    /// Its author knows of a fork in its own lives, and names both branches as head office does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
}

/// Body of `site.trust`, at a branch.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SiteTrusted {
    /// Code of the head office.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its utility.
    pub utility: String,
    /// Practice, as its card says.
    pub practice: bool,
    /// Its keys, as read over the phone.
    pub keys: PublicKeys,
}

/// A site's data key, sealed for another.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct SealedDataKey {
    /// Which key: the eight hex digits that sealed fields name.
    pub key: String,
    /// Code of the site it is sealed for.
    pub for_site: String,
    /// age ciphertext, hex.
    pub sealed: String,
}

/// Body of `site.enrol`, at head office.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SiteEnrolled {
    /// Code of the branch.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its utility.
    pub utility: String,
    /// Practice, as its card says.
    pub practice: bool,
    /// Its keys, as read over the phone.
    pub keys: PublicKeys,
    /// Areas whose accounts of other sites it is to know.
    pub areas: Vec<String>,
    /// Is it to know everything?
    pub everything: bool,
    /// Roles it may give.
    pub roles: Vec<String>,
    /// Days its rights hold without word from head office.
    pub good_for_days: i64,
    /// Its data key, sealed for head office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_key: Option<SealedDataKey>,
}

/// Body of `site.amend`, at head office: what is given is changed.
#[derive(Serialize, Deserialize, Debug, Clone, Default, schemars::JsonSchema)]
pub struct SiteAmended {
    /// Areas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub areas: Option<Vec<String>>,
    /// Everything?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everything: Option<bool>,
    /// Roles it may give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_for_days: Option<i64>,
    /// Code of the head office to which this one lets the branch go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over: Option<String>,
}

/// Body of `site.cut_off`, by the site itself.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SiteCutOff {
    /// Minutes after midnight at which the day of an open shift ends.
    pub minutes: i64,
}

/// Body of `site.rotate`, by the site itself.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SiteRotated {
    /// The certificate.
    pub rotation: Rotation,
}

/// Body of `site.revoke`, at head office.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SiteRevoked {
    /// Why.
    pub reason: String,
}

/// Body of `bundle.accept`, at head office: what it took in, and what it holds now.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct BundleAccepted {
    /// Code of the sender.
    pub from: String,
    /// The sender's running number.
    pub number: i64,
    /// Hash of the bundle file, hex.
    pub bundle: String,
    /// What is held of the sender's chains now.
    pub heads: Vec<AcceptedHead>,
    /// Entries stamped more than 24 hours ahead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<Id>,
    /// Entries held here whose stamps do not rise along their site's line: taken in before that was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<Id>,
    /// Where chains of others end that the sender gave back without head office's signature: not taken in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unvouched: Vec<Id>,
    /// How far the sender's clock is ahead of head office's; negative when behind.
    #[serde(default)]
    pub clock_ahead_ms: i64,
    /// Places with two entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<AcceptedFork>,
}

/// What is held of one chain.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct AcceptedHead {
    /// Whose chain.
    pub site: String,
    /// Which life.
    pub epoch: i64,
    /// Its last number.
    pub seq: i64,
    /// Hash of that entry, hex.
    pub head: String,
    /// Entries held.
    pub count: i64,
}

/// A place with two entries.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, schemars::JsonSchema)]
pub struct AcceptedFork {
    /// The first place at which they differ.
    pub place: Id,
    /// Hash of the main branch's, hex: the one held first. Of head office's own lives, the one that came back to it.
    pub held: String,
    /// Hash of the other, hex.
    pub other: String,
}

/// Body of `clock.confirm`, by the site whose clock was off.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct ClockConfirmed {
    /// The entry of head office that found it off; none: the clock stood long after the last entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Id>,
    /// How far it was off.
    pub clock_ahead_ms: i64,
    /// What was found and done.
    pub reason: String,
}

/// Body of `key.show` and `key.confirm`. The code itself stands in no entry.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct KeyShown {
    /// Name of the key.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// Body of `site.thaw`, at head office: the way out of a fork.
#[derive(Serialize, Deserialize, Debug, Clone, schemars::JsonSchema)]
pub struct SiteThawed {
    /// The entry that froze it.
    pub frozen: Id,
    /// What was found and done.
    pub reason: String,
}
