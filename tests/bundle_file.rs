//! The bundle file by itself: what is written is read back byte for byte, and what cannot be right is refused with its own word.

#[path = "support/bundle.rs"]
mod support;

use meterdesk::book::entry;
use meterdesk::exchange::bundle_error::BundleError;
use meterdesk::exchange::envelope::BundleWriter;
use meterdesk::exchange::frame::{Frame, FrameKind};
use meterdesk::rules::id::{Id, Site};
use meterdesk::store::entries::EntryRow;
use proptest::prelude::*;
use support::*;

fn any_entry() -> impl Strategy<Value = (FrameKind, EntryRow)> {
    let place = ("[A-Z0-9]{1,5}", 1i64..32, 1i64..4_000_000, any::<i64>(), any::<i64>(), 0i32..3_000_000);
    let texts = (".{0,30}", ".{0,30}", ".{0,30}", ".{0,200}", proptest::option::of(".{0,40}"), ".{0,2000}");
    let bytes = (any::<[u8; 16]>(), any::<[u8; 32]>(), 0u8..3);
    (place, texts, bytes).prop_map(
        |((site, epoch, seq, hlc, version, day), (at, actor, action, subjects, key, payload), (salt, prev, kind))| {
            let kind = [FrameKind::Chained, FrameKind::Single, FrameKind::Twin][usize::from(kind)];
            let id = Id::new(&Site::parse(&site).unwrap(), epoch, seq, 0).unwrap();
            let business_day = chrono::NaiveDate::from_num_days_from_ce_opt(day + 366).unwrap();
            let (leaf, hash) = ([0; 32], [0; 32]);
            let row = entry::seal(EntryRow {
                id,
                suite: 1,
                site,
                epoch,
                seq,
                hlc,
                at,
                business_day,
                actor,
                action,
                version,
                subjects,
                key,
                payload,
                salt,
                leaf,
                prev,
                hash,
            });
            (kind, if kind == FrameKind::Twin { twin(row) } else { row })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_entries_come_back_byte_for_byte(rows in proptest::collection::vec(any_entry(), 0..30)) {
        let (from, to) = (Keys::new(1), Keys::new(2));
        let (bytes, written) = write(&rows, &from, &to);
        let (frames, end) = read(&bytes, &from, &to);
        prop_assert_eq!(end, Ok(()));
        let want: Vec<Frame> = rows.into_iter().map(|(kind, row)| Frame::Entry(kind, Box::new(row))).collect();
        prop_assert_eq!(frames, want);
        prop_assert_eq!(written.hash, blake3::hash(&bytes).to_hex().to_string());
        prop_assert_eq!(written.size, bytes.len() as u64);
        prop_assert_eq!(&open(&bytes, &from).unwrap().header, &written.header);
    }
}

#[test]
fn secrets_and_proofs_travel_between_entries() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let rows = chain("B03", (0..3).map(|n| format!("{{\"n\":{n}}}")));
    let mut writer = BundleWriter::begin(Vec::new(), &to.seal.to_public()).unwrap();
    writer.secret("{\"search\":\"密\"}").unwrap();
    writer.entry(&rows[0], FrameKind::Chained).unwrap();
    writer.proof("{\"seq\":1}").unwrap();
    writer.entry(&rows[1], FrameKind::Chained).unwrap();
    let (bytes, _) = writer.finish(header(), from.signer()).unwrap();
    let (frames, end) = read(&bytes, &from, &to);
    assert_eq!(end, Ok(()));
    assert_eq!(frames[0], Frame::Secret("{\"search\":\"密\"}".into()));
    assert_eq!(frames[2], Frame::Proof("{\"seq\":1}".into()));
    assert_eq!(frames[3], Frame::Entry(FrameKind::Chained, Box::new(rows[1].clone())));
}

#[test]
fn a_walk_may_be_made_twice() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let rows: Vec<_> = chain("B03", (0..50).map(|n| format!("{{\"n\":{n}}}")))
        .into_iter()
        .map(|row| (FrameKind::Chained, row))
        .collect();
    let (bytes, _) = write(&rows, &from, &to);
    let mut opened = open(&bytes, &from).unwrap();
    assert_eq!(opened.check([&to.seal]), Ok(()));
    let other = Keys::new(3);
    assert_eq!(opened.frames([&other.seal, &to.seal]).unwrap().count(), 50);
}

#[test]
fn a_wrong_sender_or_recipient_has_its_own_word() {
    let (from, to, other) = (Keys::new(1), Keys::new(2), Keys::new(3));
    let (bytes, _) = write(&[], &from, &to);
    let nobody = meterdesk::exchange::opener::open(std::io::Cursor::new(&bytes), |_| Ok::<_, BundleError>(Vec::new()));
    assert_eq!(nobody.unwrap_err(), BundleError::UnknownSender("B03".into()));
    assert_eq!(open(&bytes, &other).unwrap_err(), BundleError::BadSignature("B03".into()));
    assert_eq!(read(&bytes, &from, &other), (vec![], Err(BundleError::NotForUs)));
}
