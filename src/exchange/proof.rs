//! Head office's signature over one of its own heads, kept by a branch: with it a head office that went on from an older copy takes
//! its lost entries back, and nobody can slip it others.

use serde::Deserialize;

use super::error::ExchangeError;
use super::header::Header;
use super::opener;
use super::site_keys::{PublicKeys, SiteKeys};
use crate::rules::id::Id;

/// A proof as it came.
pub struct Proof {
    /// The chain it is about.
    pub chain: Id,
    /// Hash of the chain's entry at the proven end.
    pub head: [u8; 32],
    header: Vec<u8>,
    body_hash: [u8; 32],
    signature: [u8; 64],
}

#[derive(Deserialize)]
struct Text {
    chain: Id,
    head: String,
    header: String,
    body_hash: String,
    signature: String,
}

/// Reads a proof frame.
pub fn read(text: &str) -> Result<Proof, ExchangeError> {
    let text: Text = serde_json::from_str(text).map_err(|_| ExchangeError::NoProof)?;
    let hash = |hex: &str| blake3::Hash::from_hex(hex).map(|hash| *hash.as_bytes()).map_err(|_| ExchangeError::NoProof);
    let halves = text.signature.split_at_checked(64).ok_or(ExchangeError::NoProof)?;
    let mut signature = [0u8; 64];
    signature[..32].copy_from_slice(&hash(halves.0)?);
    signature[32..].copy_from_slice(&hash(halves.1)?);
    Ok(Proof {
        chain: text.chain,
        head: hash(&text.head)?,
        header: text.header.into_bytes(),
        body_hash: hash(&text.body_hash)?,
        signature,
    })
}

impl Proof {
    /// Did the holder of these keys sign that the chain has this head? Which branch of a fork it called the main one then is no matter.
    pub fn is_signed_by(&self, keys: &SiteKeys) -> bool {
        let Ok(header) = serde_json::from_slice::<Header>(&self.header) else { return false };
        let says = header.ranges.iter().any(|range| {
            super::take::chain_of(range).is_ok_and(|chain| chain.main() == self.chain.main())
                && blake3::Hash::from_hex(&range.head).is_ok_and(|head| *head.as_bytes() == self.head)
        });
        let own: Vec<_> = keys.all_public().iter().filter_map(PublicKeys::verifying).collect();
        says && opener::verifies(&self.body_hash, &self.header, &self.signature, &own)
    }
}
