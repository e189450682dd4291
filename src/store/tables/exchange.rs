//! What the exchange keeps on this machine: peers, acknowledgements, bundles, the relay of a head office.

use crate::rules::id::Id;
use crate::store::table::table;

table! {
    /// What is known of another site's bundles.
    pub struct PeerRow("l_peer", 1) {
        /// The other site's code.
        site: String,
        /// Number of the last bundle sent to it.
        sent: i64,
        /// Hash of that bundle, hex.
        sent_hash: String,
        /// When.
        sent_at: String,
        /// Life of the other site in the newest bundle taken in.
        taken_life: i64,
        /// Number of that bundle.
        taken: i64,
        /// Hash of that bundle, hex.
        taken_hash: String,
        /// When.
        taken_at: String,
        /// Life in which the relay numbers we have seen were given.
        seen_life: i64,
        /// The last relay number seen without a gap.
        seen: i64,
        /// Life of ours in which the relay numbers it has seen were given.
        told_life: i64,
        /// The last relay number it says it has seen.
        told: i64,
    }

    /// What another site says it holds whole.
    pub struct AckRow("l_ack", 2) {
        /// The other site's code.
        site: String,
        /// The chain.
        chain: Id,
        /// Its last entry there.
        seq: i64,
        /// That entry's hash.
        head: [u8; 32],
        /// When the site said so.
        at: String,
    }

    /// A bundle sent, taken in, held or refused.
    pub struct BundleRow("l_bundle", 2) {
        /// Hash of the whole file, hex.
        hash: String,
        /// `out` or `in`.
        way: String,
        /// The other site.
        site: String,
        /// The sender's life.
        life: i64,
        /// The sender's number.
        number: i64,
        /// The file's name, without folders.
        file: String,
        /// When it was sent or looked at last.
        at: String,
        /// Entries in it.
        entries: i64,
        /// Entries that were new here.
        fresh: i64,
        /// sent, taken, known, held, refused.
        state: String,
        /// Why it is held or refused.
        note: String,
    }

    /// The bundle being taken in.
    pub struct IntakeRow("l_intake", 1) {
        /// Hash of the whole file, hex.
        hash: String,
        /// Name of the copy in the spool.
        file: String,
    }

    /// An entry a branch is to know, in the order it is sent.
    pub struct RelayRow("l_relay", 2) {
        /// The branch.
        site: String,
        /// Its place in the relay, from 1.
        number: i64,
        /// The entry.
        entry: Id,
    }

    /// Whom a branch is to know.
    pub struct FollowRow("l_follow", 3) {
        /// The branch.
        site: String,
        /// Letter of the subject's kind.
        kind: String,
        /// The subject.
        subject: Id,
    }

    /// How far a chain was looked through for a branch.
    pub struct SiftedRow("l_sifted", 2) {
        /// The branch.
        site: String,
        /// The chain.
        chain: Id,
        /// The last entry looked at.
        seq: i64,
    }

    /// A head that stands in a header head office has signed.
    pub struct ProofRow("l_proof", 1) {
        /// The chain.
        chain: Id,
        /// The head's number.
        seq: i64,
        /// The head's hash.
        head: [u8; 32],
        /// The header: its `body_hash`.
        signed: [u8; 32],
    }

    /// A header head office has signed.
    pub struct SignedHeaderRow("l_signed_header", 1) {
        /// Hash of the sealed body the signature also covers.
        body_hash: [u8; 32],
        /// The header, byte for byte.
        header: Vec<u8>,
        /// The signature.
        signature: Vec<u8>,
    }
}
