//! Keys of sealed fields and of search, as sites hand them to each other: inside a bundle (frame kind 4) or, a branch's data
//! key, sealed in its card.

use zeroize::Zeroizing;

use super::card::CardError;
use super::peers::Peer;
use super::site_keys::SiteKeys;
use crate::book::public_keys::{PublicKeys, hex, unhex_all};
use crate::book::seal::{DataKey, Handed, Keys};
use crate::derive::site::SealedDataKey;

/// What this site hands to another inside a bundle: head office the company's search key, a branch its data key.
pub fn company_secret_for(keys: &Keys, peer: &Peer) -> Zeroizing<String> {
    let handed = if peer.head_office { keys.for_head_office() } else { keys.for_branch() };
    // Texts in a struct are always JSON.
    Zeroizing::new(serde_json::to_string(&handed).unwrap_or_default())
}

/// Seals this site's data key for a head office.
pub fn seal_data_key(keys: &Keys, office: &str, office_keys: &PublicKeys) -> Result<SealedDataKey, CardError> {
    let json = Zeroizing::new(serde_json::to_string(&keys.for_head_office()).unwrap_or_default());
    let recipient = office_keys.recipient()?;
    let sealed = age::encrypt(&recipient, json.as_bytes()).map_err(|_| CardError::Seal)?;
    Ok(SealedDataKey { key: keys.name().to_owned(), for_site: office.to_owned(), sealed: hex(&sealed) })
}

/// Opens a data key that a branch sealed for this site; answers the JSON for [`Keys::take_over`]. The one key it names is all
/// it may bring.
pub fn open_data_key(site_keys: &SiteKeys, sealed: &SealedDataKey) -> Option<Zeroizing<String>> {
    let clear = site_keys.open_sealed(&unhex_all(&sealed.sealed)?).ok()?;
    let mut handed: Handed = serde_json::from_slice(&clear).ok()?;
    handed.search = None;
    handed.data.retain(|data: &DataKey| data.key == sealed.key);
    serde_json::to_string(&handed).ok().filter(|_| !handed.data.is_empty()).map(Zeroizing::new)
}
