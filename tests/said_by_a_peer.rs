//! What a known site says beside its entries, when it is not so: secrets that are none, entries of ours it never had. And what a site
//! says of itself.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod bundle;
    pub mod company;
    pub mod office;
    pub mod orders;
    pub mod site;
}

use std::io::Write;

use meterdesk::exchange::envelope::{self, BundleWriter, EndCounts};
use meterdesk::exchange::frame::{self, Before, FrameKind};
use meterdesk::exchange::header::{Have, Header};
use meterdesk::exchange::take::Fate;
use meterdesk::rules::id::{Id, SEQS, Site};
use meterdesk::store::entries::EntryRow;
use serde_json::json;
use support::bundle::{range, raw_frame};
use support::company::{Company, act};
use support::office::Office;
use support::site::keys;

/// A company whose branch has written an entry since the last night.
fn company() -> (Company, Vec<EntryRow>) {
    let mut company = Company::new(1, true);
    company.night();
    company.night();
    let chain = Id::new(&Site::parse("B1").unwrap(), 1, 0, 0).unwrap();
    let head = company.desk("B1").look().unwrap().chain_last(chain).unwrap().unwrap();
    act(company.desk("B1"), "boss", "worker.add", &json!({ "code": "W1", "name": "张师傅", "team": "抢修班" }));
    let rows = company.desk("B1").look().unwrap().stretch(chain, head.seq(), SEQS - 1, 10).unwrap();
    (company, rows)
}

fn header(number: i64, rows: &[EntryRow], have: Vec<Have>) -> Header {
    Header {
        from: "B1".into(),
        to: "HO".into(),
        life: 1,
        practice: true,
        made_at: "2026-03-02T17:30:00.000+08:00".into(),
        number,
        ranges: vec![range(rows)],
        have,
        ..Header::default()
    }
}

/// A branch's bundle of these entries behind a secret of any bytes.
fn with_secret(secret: &[u8], rows: &[EntryRow]) -> Vec<u8> {
    let mut plain = raw_frame(4, secret);
    let (mut before, mut hash) = (Before::default(), blake3::Hasher::new());
    for row in rows {
        let mut bytes = Vec::new();
        frame::encode(row, FrameKind::Chained, &mut before, &mut bytes).unwrap();
        plain.extend(raw_frame(1, &bytes));
        hash.update(&row.hash);
    }
    let (entries, frames) = (rows.len() as u64, rows.len() as u64 + 2);
    let end = EndCounts { entries, relayed: 0, frames, hash: hash.finalize().to_hex().to_string() };
    plain.extend(raw_frame(0, &serde_json::to_vec(&end).unwrap()));
    let packed = zstd::encode_all(plain.as_slice(), 3).unwrap();
    let recipient = keys("HO").public().recipient().unwrap();
    let mut cipher = Vec::new();
    let encryptor = age::Encryptor::with_recipients([&recipient as &dyn age::Recipient].into_iter()).unwrap();
    let mut sealing = encryptor.wrap_output(&mut cipher).unwrap();
    sealing.write_all(&packed).unwrap();
    sealing.finish().unwrap();
    let header = Header {
        format: 1,
        needs: "0.1.0".into(),
        entries,
        frames,
        plain_len: plain.len() as u64,
        packed_len: packed.len() as u64,
        cipher_len: cipher.len() as u64,
        cipher_hash: blake3::hash(&cipher).to_hex().to_string(),
        ..header(50, rows, Vec::new())
    };
    let header = serde_json::to_vec(&header).unwrap();
    let signature = keys("B1").sign(&envelope::signed_text(blake3::hash(&cipher).as_bytes(), &header));
    let lengths =
        [&(cipher.len() as u64).to_le_bytes()[..], &u32::try_from(header.len()).unwrap().to_le_bytes()].concat();
    [&envelope::MAGIC[..], &cipher, &header, &lengths, &signature, &envelope::END_MAGIC[..]].concat()
}

/// A list of so many data keys.
fn data(count: usize) -> String {
    let key = |index: usize| json!({ "key": format!("{index:08x}"), "secret": "7a".repeat(32) });
    json!({ "data": (0..count).map(key).collect::<Vec<_>>() }).to_string()
}

#[test]
fn a_secret_that_is_no_utf_8_is_dropped_with_a_word_and_the_entries_are_taken() {
    for secret in [&b"\xff"[..], b"{\"data\":[],\"x\":\"\xff\"}", b"\xe4\xb8"] {
        let (mut company, rows) = company();
        let taken = company.import("HO", &with_secret(secret, &rows)).unwrap();
        assert_eq!((taken.fate, taken.fresh), (Fate::Taken, 1), "{secret:?}");
        assert!(taken.dropped.is_some() && taken.secrets.is_empty(), "{secret:?}");
    }
}

#[test]
fn ten_thousand_data_keys_are_taken_and_one_more_is_dropped_with_a_word() {
    for (count, dropped) in [(10_000, false), (10_001, true)] {
        let (mut company, rows) = company();
        let taken = company.import("HO", &with_secret(data(count).as_bytes(), &rows)).unwrap();
        let kept = usize::from(!dropped);
        assert_eq!((taken.fresh, taken.dropped.is_some(), taken.secrets.len()), (1, dropped, kept), "{count}");
    }
}

#[test]
fn what_head_office_does_not_hold_itself_no_branch_has_confirmed() {
    let (mut company, rows) = company();
    let own = Id::new(&Site::parse("HO").unwrap(), 1, 0, 0).unwrap();
    let last = company.desk("HO").look().unwrap().chain_last(own).unwrap().unwrap().seq();
    for (number, seq) in [(50, 1_000_000), (51, 2), (52, last + 1)] {
        let have = Have { site: "HO".into(), epoch: 1, seq, head: "ab".repeat(32) };
        let mut writer = BundleWriter::begin(Vec::new(), &keys("HO").public().recipient().unwrap()).unwrap();
        for row in &rows {
            writer.entry(row, FrameKind::Chained).unwrap();
        }
        let bytes = writer.finish(header(number, &rows, vec![have]), |text| keys("B1").sign(text)).unwrap().0;
        company.import("HO", &bytes).unwrap();
        let said = company.desk("HO").exchange_status().unwrap();
        assert_eq!(said.acknowledged, [], "{seq}");
        let word = format!("B1 说已收到 HO.1 到第 {seq} 张");
        assert!(said.notices.iter().any(|notice| notice.contains(&word)), "{:?}", said.notices);
        let view = meterdesk::desk::view_exchange::view(company.desk("HO")).unwrap();
        assert_eq!(view.peers[0].confirmed, "", "{seq}");
    }
}

#[test]
fn what_a_branch_holds_is_confirmed_without_a_word() {
    let (mut company, _) = company();
    company.night();
    let said = company.desk("HO").exchange_status().unwrap();
    assert_eq!((said.acknowledged.len(), said.notices.len()), (1, 0), "{:?}", said.notices);
}

#[test]
fn a_list_of_sites_says_the_own_fingerprint_that_the_card_says() {
    let office = Office::new(&["B03"]);
    for site in ["B03", "HO"] {
        let (_, fingerprint) = office.card(site);
        let said = office.run(site, &["site", "list"]).ends(0).json();
        assert_eq!(said["own"]["fingerprint"], json!(fingerprint), "{site}");
    }
}
