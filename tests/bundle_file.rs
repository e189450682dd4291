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
    let bytes = (any::<[u8; 16]>(), any::<[u8; 32]>(), 0u8..4);
    (place, texts, bytes).prop_map(
        |((site, epoch, seq, hlc, version, day), (at, actor, action, subjects, key, payload), (salt, prev, kind))| {
            let kind =
                [FrameKind::Chained, FrameKind::Single, FrameKind::Twin, FrameKind::SingleTwin][usize::from(kind)];
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
            (kind, if kind.is_twin() { twin(row) } else { row })
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

fn long() -> bool {
    std::env::var_os("METERDESK_LONG").is_some()
}

/// A bundle of about 64 KiB that does not pack well.
fn bundle_of_64_kib(from: &Keys, to: &Keys) -> Vec<u8> {
    let payloads = (0..285u32).map(|n| {
        let hex: String = (0..6u32).map(|m| blake3::hash(&(n * 6 + m).to_le_bytes()).to_hex().to_string()).collect();
        format!("{{\"n\":\"{hex}\"}}")
    });
    let rows: Vec<_> = chain("B03", payloads).into_iter().map(|row| (FrameKind::Chained, row)).collect();
    let (bytes, _) = write(&rows, from, to);
    assert!((48 << 10..80 << 10).contains(&bytes.len()), "{}", bytes.len());
    bytes
}

/// Numbers below `end`: all of them in a long run, else `sample` of them spread evenly with both ends.
fn spread(end: usize, sample: usize) -> impl Iterator<Item = usize> {
    let step = if long() { 1 } else { (end / sample).max(1) };
    (0..end).step_by(step).chain([end - 1])
}

#[test]
fn every_bit_flip_is_refused_before_a_frame_is_handed_out() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let mut bytes = bundle_of_64_kib(&from, &to);
    let envelope = 2048.min(bytes.len()); // magic, trailer and header are tried bit by bit also in the short run
    let bits: Vec<usize> =
        spread(bytes.len() * 8, 10_000).chain((bytes.len() - envelope) * 8..bytes.len() * 8).collect();
    for bit in bits {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (frames, end) = read(&bytes, &from, &to);
        assert!(end.is_err(), "bit {bit} was not missed");
        assert!(frames.is_empty(), "bit {bit}: a frame before the signature");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(read(&bytes, &from, &to).1, Ok(()));
}

#[test]
fn every_truncation_is_refused_before_a_frame_is_handed_out() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let bytes = bundle_of_64_kib(&from, &to);
    for length in spread(bytes.len(), 10_000) {
        let (frames, end) = read(&bytes[..length], &from, &to);
        let refused = matches!(end, Err(BundleError::TooShort(_) | BundleError::CutOff | BundleError::NotABundle));
        assert!(refused && frames.is_empty(), "cut at {length}: {end:?}");
    }
    for more in [1, 8, 84, 4096] {
        let longer = [bytes.as_slice(), &vec![0; more]].concat();
        assert_eq!(read(&longer, &from, &to), (vec![], Err(BundleError::CutOff)));
    }
}

#[test]
fn a_file_still_being_copied_is_told_from_a_file_of_another_kind() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let mut bytes = bundle_of_64_kib(&from, &to);
    assert_eq!(read(b"", &from, &to).1, Err(BundleError::NotABundle));
    assert_eq!(read(b"PK\x03\x04 a table of figures", &from, &to).1, Err(BundleError::NotABundle));
    assert_eq!(read(b"MDXBN", &from, &to).1, Err(BundleError::TooShort(5)));
    let half = bytes.len() / 2;
    bytes[half..].fill(0); // a copier that takes the space first
    assert_eq!(read(&bytes, &from, &to).1, Err(BundleError::CutOff));
}

#[test]
fn a_newer_format_names_the_version_it_needs() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let newer = |bytes: &[u8], needs: &str| {
        assert_eq!(read(bytes, &from, &to).1, Err(BundleError::NewerFormat { needs: needs.into() }));
    };
    newer(&assemble(b"", b"{\"format\":2,\"needs\":\"1.4.0\",\"quite\":\"different\"}", &from), "1.4.0");
    newer(&forge(b"", 0, &from, &to, |header| header.needs = "99.0.0".into()), "99.0.0");
    let mut bytes = forge(b"", 0, &from, &to, |_| ());
    bytes[7] = b'2';
    newer(&bytes, "");
}

#[test]
fn a_header_that_cannot_be_is_refused_whoever_signed_it() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let refused = |change: fn(&mut meterdesk::exchange::header::Header)| {
        let end = read(&forge(b"", 0, &from, &to, change), &from, &to).1;
        assert!(matches!(end, Err(BundleError::BadHeader(_))), "{end:?}");
    };
    refused(|header| header.from = "../B".into());
    refused(|header| header.to = "b03".into());
    refused(|header| header.to = String::new());
    refused(|header| header.number = 0);
    refused(|header| header.life = -1);
    refused(|header| header.made_at = "yesterday".into());
    refused(|header| header.previous = "abc".into());
    refused(|header| header.cipher_hash.clear());
    refused(|header| header.format = 0);
    refused(|header| header.have[0].seq = i64::MAX);
    refused(|header| header.have[0].epoch = 64);
    refused(|header| header.have[0].site = "/etc".into());
    refused(|header| {
        header.ranges.push(meterdesk::exchange::header::Range {
            site: "B03".into(),
            epoch: 1,
            first: i64::MIN,
            last: i64::MAX,
            head: "00".repeat(32),
            count: 5,
            sum: "1".into(),
        });
    });
    for text in ["", "{}", "[]", "null", "{\"format\":1}", "\u{0}", &"[".repeat(100_000)] {
        let end = read(&assemble(b"", text.as_bytes(), &from), &from, &to).1;
        assert!(matches!(end, Err(BundleError::BadHeader(_))), "{end:?}");
    }
}

#[test]
fn lengths_above_their_caps_are_refused() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let large = |bytes: &[u8], name: &str| match read(bytes, &from, &to).1 {
        Err(BundleError::TooLarge { what, .. }) => assert_eq!(what, name),
        other => panic!("{other:?}"),
    };
    large(&assemble(b"", &vec![b' '; (1 << 20) + 1], &from), "包头");
    large(&assemble(&vec![0; 64 << 20], b"{}", &from), "文件");
    large(&forge(b"", (1 << 20) + 1, &from, &to, |_| ()), "解压长度");
    large(&forge(b"", 0, &from, &to, |header| header.packed_len = 1 << 40), "压缩长度");
    large(&forge(b"", 10, &from, &to, |header| header.frames = 3), "项数");
    large(&forge(b"", 10, &from, &to, |header| header.entries = 2), "凭单数");
    let end = read(&forge(b"", 0, &from, &to, |header| header.cipher_len += 1), &from, &to).1;
    assert!(matches!(end, Err(BundleError::CountsDiffer { what: "密文长度", .. })), "{end:?}");
}

#[test]
fn a_changed_file_is_told_from_a_wrong_signature() {
    let (from, to, other) = (Keys::new(1), Keys::new(2), Keys::new(3));
    let mut bytes = bundle_of_64_kib(&from, &to);
    bytes[30_000] ^= 1;
    assert_eq!(read(&bytes, &from, &to).1, Err(BundleError::Damaged));
    bytes[30_000] ^= 1;
    assert_eq!(read(&bytes, &other, &to).1, Err(BundleError::BadSignature("B03".into())));
}

/// Opens a forged bundle around a plain stream.
fn forged(plain: &[u8], change: impl FnOnce(&mut meterdesk::exchange::header::Header)) -> Result<(), BundleError> {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let packed = zstd::bulk::compress(plain, 3).unwrap();
    read(&forge(&packed, plain.len() as u64, &from, &to, change), &from, &to).1
}

fn broken(end: Result<(), BundleError>, sentence: &str) {
    match end {
        Err(BundleError::Broken { what, .. }) => assert_eq!(what, sentence),
        other => panic!("{sentence}: {other:?}"),
    }
}

#[test]
fn frames_that_a_known_site_signed_are_still_checked_one_by_one() {
    let end = raw_frame(0, &end_text(1));
    assert_eq!(forged(&end, |_| ()), Ok(()));
    broken(forged(&[end.clone(), vec![9]].concat(), |_| ()), "结尾项后有多余内容");
    broken(forged(&raw_frame(77, b""), |_| ()), "不认识的内容种类");
    broken(forged(&raw_frame(9, &vec![0; (64 << 10) + 1]), |_| ()), "长度超过上限");
    broken(forged(&[9, 255, 255, 255, 255, 0], |_| ()), "长度超过上限");
    broken(forged(&raw_frame(0, b"{}"), |_| ()), "结尾项读不懂");
    broken(forged(&raw_frame(5, &[0xff]), |_| ()), "文字不是 UTF-8");
    broken(forged(&raw_frame(1, b""), |_| ()), "凭单字段不全");
    broken(forged(&raw_frame(1, &u64::MAX.to_le_bytes()), |_| ()), "凭单字段长度不对");
    assert_eq!(forged(&raw_frame(9, b"padding and no end"), |_| ()), Err(BundleError::Bomb));
    broken(forged(&raw_frame(9, b"padding and no end"), |header| header.plain_len += 99), "解不开");
    assert_eq!(forged(&end, |header| header.plain_len -= 1), Err(BundleError::Bomb));
    let counts = |frames: u64| raw_frame(0, &end_text(frames));
    assert!(matches!(forged(&counts(2), |_| ()), Err(BundleError::CountsDiffer { what: "项数", .. })));
    for change in [
        (|header| header.frames = 2) as fn(&mut meterdesk::exchange::header::Header),
        |header| header.entries = 1,
        |header| header.relayed = 1,
        |header| header.plain_len += 1,
        |header| header.packed_len -= 1,
    ] {
        assert!(matches!(forged(&end, change), Err(BundleError::CountsDiffer { .. })));
    }
}

#[test]
fn packed_bytes_are_one_zstd_frame_and_nothing_behind_it() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let plain = raw_frame(0, &end_text(1));
    let packed = zstd::bulk::compress(&plain, 3).unwrap();
    let read = |packed: &[u8]| read(&forge(packed, plain.len() as u64, &from, &to, |_| ()), &from, &to).1;
    assert_eq!(read(&packed), Ok(()));
    broken(read(&[packed.as_slice(), b"x"].concat()), "结尾项后有多余内容");
    broken(read(&[packed.as_slice(), &packed].concat()), "结尾项后有多余内容");
    broken(read(&packed[..packed.len() - 1]), "解不开");
    broken(read(b"not zstd at all"), "解不开");
    broken(read(b""), "解不开");
}

#[test]
fn what_is_not_encrypted_in_the_standard_way_is_not_for_us() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    for cipher in [&b""[..], b"age-encryption.org/v1\n", b"age-encryption.org/v2\n", &[0; 5000]] {
        let mut header = header();
        (header.format, header.needs) = (1, "0.1.0".into());
        header.cipher_len = cipher.len() as u64;
        header.cipher_hash = blake3::hash(cipher).to_hex().to_string();
        let bytes = assemble(cipher, &serde_json::to_vec(&header).unwrap(), &from);
        assert_eq!(read(&bytes, &from, &to), (vec![], Err(BundleError::NotForUs)));
    }
}

#[test]
fn an_entry_frame_is_read_strictly() {
    use meterdesk::exchange::frame::{Before, decode, encode};
    let rows = chain("B03", (0..2).map(|n| format!("{{\"n\":{n}}}")));
    let mut bytes = Vec::new();
    encode(&rows[0], FrameKind::Chained, &mut Before::default(), &mut bytes).unwrap();
    assert_eq!(decode(&bytes, FrameKind::Chained, &mut Before::default()).as_ref(), Ok(&rows[0]));
    let fields: Vec<Vec<u8>> = {
        let (mut rest, mut fields) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            let length = usize::try_from(u64::from_le_bytes(rest[..8].try_into().unwrap())).unwrap();
            fields.push(rest[8..8 + length].to_vec());
            rest = &rest[8 + length..];
        }
        fields
    };
    let with = |at: usize, field: &[u8], kind: FrameKind| {
        let mut changed = fields.clone();
        changed[at] = field.to_vec();
        let join = |fields: &[Vec<u8>]| -> Vec<u8> {
            fields.iter().flat_map(|field| [&(field.len() as u64).to_le_bytes()[..], field].concat()).collect()
        };
        decode(&join(&changed), kind, &mut Before::default()).map(|_| ())
    };
    let number = |number: i64| number.to_le_bytes();
    let chained = FrameKind::Chained;
    assert_eq!(with(0, &number(2), chained), Err("不认识的加密套件"));
    assert_eq!(with(0, &[1], chained), Err("凭单字段长度不对"));
    assert_eq!(with(1, b"b03", chained), Err("网点代码不对"));
    assert_eq!(with(1, b" B03", chained), Err("网点代码不对"));
    assert_eq!(with(2, &number(0), chained), Err("凭单位置不对"));
    assert_eq!(with(2, &number(32), FrameKind::Twin), Err("凭单位置不对"));
    assert_eq!(with(3, &number(0), chained), Err("凭单位置不对"));
    assert_eq!(with(3, &number(4_000_000), chained), Err("凭单位置不对"));
    assert_eq!(with(6, b"2026-3-2", chained), Err("营业日不对"));
    assert_eq!(with(6, b"+12026-03-02", chained), Ok(()));
    assert_eq!(with(7, &[0xff, 0xfe], chained), Err("凭单文字不是 UTF-8"));
    assert_eq!(with(10, &vec![b'a'; 40 << 10], chained), Err("凭单过大"));
    assert_eq!(with(11, &[2], chained), Err("幂等键标记不对"));
    assert_eq!(with(12, &[0; 15], chained), Err("凭单字段长度不对"));
    assert_eq!(with(13, b"", chained), Err("缺前一凭单的摘要"));
    assert_eq!(with(13, &[0; 31], chained), Err("前一凭单的摘要长度不对"));
    assert_eq!(with(14, &vec![b' '; (64 << 10) + 1], chained), Err("凭单过大"));
    let more = [bytes.as_slice(), &[0]].concat();
    assert_eq!(decode(&more, chained, &mut Before::default()), Err("凭单后有多余内容"));
    for cut in 0..bytes.len() {
        assert!(decode(&bytes[..cut], chained, &mut Before::default()).is_err());
    }
}

#[test]
fn the_hash_before_is_left_out_only_where_it_stands_right_before() {
    use meterdesk::exchange::frame::{Before, decode, encode};
    let (ours, theirs) = (chain("B03", (0..3).map(|n| n.to_string())), chain("B04", (0..2).map(|n| n.to_string())));
    let (mut write, mut read) = (Before::default(), Before::default());
    let order = [
        (FrameKind::Chained, &ours[0], true),
        (FrameKind::Chained, &ours[1], false),
        (FrameKind::Single, &ours[2], true),
        (FrameKind::Chained, &theirs[0], true),
        (FrameKind::Chained, &theirs[1], false),
        (FrameKind::Chained, &ours[2], true),
        (FrameKind::Twin, &twin(ours[1].clone()), true),
        (FrameKind::Twin, &twin(ours[2].clone()), false),
    ];
    let mut alone = Vec::new();
    for (kind, row, whole) in order {
        let mut bytes = Vec::new();
        encode(row, kind, &mut write, &mut bytes).unwrap();
        alone.clear();
        encode(row, kind, &mut Before::default(), &mut alone).unwrap();
        assert_eq!(bytes.len() == alone.len(), whole, "{} {kind:?}", row.id);
        assert_eq!(decode(&bytes, kind, &mut read).as_ref(), Ok(row));
    }
}

#[test]
fn very_even_entries_are_padded_until_the_ratio_is_kept() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let payloads = (0..200).map(|_| " ".repeat(64 << 10));
    let rows: Vec<_> = chain("B03", payloads).into_iter().map(|row| (FrameKind::Chained, row)).collect();
    let (bytes, written) = write(&rows, &from, &to);
    assert!(written.header.frames > written.header.entries + 1, "no padding was needed");
    assert!(written.header.plain_len <= written.header.packed_len * 100 + (1 << 20));
    assert!(bytes.len() < 200 << 10, "{} bytes", bytes.len());
    let (frames, end) = read(&bytes, &from, &to);
    assert_eq!((frames.len(), end), (200, Ok(())));
}

#[test]
fn what_no_bundle_can_carry_is_refused_when_writing() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let mut writer = BundleWriter::begin(Vec::new(), &to.seal.to_public()).unwrap();
    let large = entry_after(None, "B03", " ".repeat((64 << 10) + 1));
    assert_eq!(writer.entry(&large, FrameKind::Chained), Err(BundleError::EntryTooLarge("B03.1.1".into())));
    let mut many = entry_after(None, "B03", "{}".into());
    many.subjects = "aB03.1.7 ".repeat(5000);
    assert_eq!(writer.entry(&many, FrameKind::Chained), Err(BundleError::EntryTooLarge("B03.1.1".into())));
    assert!(matches!(writer.secret(&" ".repeat((1 << 20) + 1)), Err(BundleError::TooLarge { .. })));
    let small = entry_after(None, "B03", "{}".into());
    writer.entry(&small, FrameKind::Chained).unwrap();
    let (bytes, _) = writer.finish(header(), from.signer()).unwrap();
    assert_eq!(read(&bytes, &from, &to).0, vec![Frame::Entry(FrameKind::Chained, Box::new(small))]);
}
