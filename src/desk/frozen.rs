//! Frozen (冻结): one of this site's places has two entries, because its book was gone on with on two machines. Nothing more is
//! written until it is known which book is the branch's; reading, printing, copies and the exchange go on.

use std::path::Path;

use super::refusal::Refusal;
use crate::book::entry::head_code;
use crate::book::public_keys::unhex;
use crate::derive::fork;
use crate::derive::site::BundleAccepted;
use crate::exchange::peers;
use crate::rules::id::{Id, Site};
use crate::store::companions::is_set_aside;
use crate::store::{StoreError, Tx};

/// Why this site is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// The place both entries claim.
    pub place: Id,
    /// Code of the head here.
    pub ours: String,
    /// Code of the head at head office, or of the other branch of the fork.
    pub theirs: String,
    /// Head office holds this very book as the other one: it cannot be gone on with even after a thaw.
    pub aside: bool,
}

impl Frozen {
    /// What is wrong, and the way out.
    pub fn sentence(&self) -> String {
        let (place, ours, theirs) = (self.place, &self.ours, &self.theirs);
        let way = match self.aside {
            true => {
                "本库不能再用：请再导出一次交换包交给总部，待总部解冻后用 recover 从总部的全套交换包重建，以新的启用号继续"
            }
            false => "请停用另一台机器，把两台都再导出一次交给总部，由总部查明后解冻 (site thaw)",
        };
        format!(
            "本网点已冻结：凭单 {place} 有两张不同的 (本库摘要 {ours}，总部另有 {theirs})，有两台机器用同一个库记过账；{way}"
        )
    }

    /// The same as a refusal.
    pub fn refusal(&self) -> Refusal {
        Refusal::rule("frozen", self.sentence())
    }
}

/// Refuses to write in a book that was set aside: another goes on in its place, and two would give the same numbers.
pub fn refuse_set_aside(book: &Path) -> Result<(), Refusal> {
    match is_set_aside(book) {
        true => Err(Refusal::rule("frozen", SET_ASIDE)),
        false => Ok(()),
    }
}

/// What is said of a book that was set aside.
pub const SET_ASIDE: &str = "这是换下来的旧库，只供查看，不能在里面办业务；确要再用它，请用 restore 从它恢复";

/// Is this site frozen, as far as this book knows?
pub fn why(tx: &Tx<'_>, own: &Site) -> Result<Option<Frozen>, StoreError> {
    if let Some(place) = fork::aside(tx)? {
        let code = |hash: Option<[u8; 32]>| hash.map_or_else(String::new, |hash| head_code(&hash));
        let (ours, theirs) = (code(tx.entry_hash(place.twin())?), code(tx.entry_hash(place)?));
        return Ok(Some(Frozen { place, ours, theirs, aside: true }));
    }
    for confirmed in peers::signed_heads(tx, own)? {
        let Some(place) = place_of(&confirmed.chain, own, confirmed.epoch, confirmed.seq) else { continue };
        let Some(theirs) = unhex::<32>(&confirmed.head) else { continue };
        let here = tx.entry_hash(place)?;
        let across = tx.entry_hash(place.across())? == Some(theirs);
        if across && tx.fork_before(place)?.is_some() {
            continue; // head office said so while it called the branches otherwise
        }
        let other_side = across && !place.is_twin();
        if here == Some(theirs) || (here.is_none() && !other_side) {
            continue;
        }
        let ours = match here {
            Some(hash) => Some(hash),
            None => tx.chain_last(place.chain())?.map_or(Ok(None), |last| tx.entry_hash(last))?,
        };
        let ours = ours.map_or_else(String::new, |hash| head_code(&hash));
        return Ok(Some(Frozen { place: place.main(), ours, theirs: head_code(&theirs), aside: true }));
    }
    let Some(frozen) = peers::own_enrolment(tx)?.and_then(|said| said.frozen) else { return Ok(None) };
    let said = tx.entry(frozen)?.and_then(|entry| serde_json::from_str::<BundleAccepted>(&entry.payload).ok());
    let Some(fork) = said.and_then(|said| said.forks.into_iter().next()) else {
        let none = String::new;
        return Ok(Some(Frozen { place: frozen, ours: none(), theirs: none(), aside: false }));
    };
    let code = |hash: &str| unhex::<32>(hash).map_or_else(String::new, |hash| head_code(&hash));
    Ok(Some(Frozen { place: fork.place, ours: code(&fork.held), theirs: code(&fork.other), aside: false }))
}

fn place_of(chain: &str, own: &Site, epoch: i64, seq: i64) -> Option<Id> {
    Id::new(own, epoch, seq, 0).filter(|_| chain == own.as_str() && seq > 0)
}
