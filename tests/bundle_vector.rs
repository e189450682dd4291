//! The test vector of docs/exchange.md: one small bundle with every key and every byte inside it, kept for ever. It is read
//! twice, by the program and by hand from the words of the document, so that the document is true.

#[path = "support/bundle.rs"]
mod support;

use std::io::Read;
use std::path::PathBuf;

use age::secrecy::ExposeSecret;
use ed25519_dalek::{Signature, SigningKey, Verifier};
use meterdesk::exchange::envelope::BundleWriter;
use meterdesk::exchange::frame::{Frame, FrameKind};
use serde_json::{Value, json};
use support::*;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/exchange").join(name)
}

fn describe(frame: &Frame) -> Value {
    match frame {
        Frame::Entry(FrameKind::Chained, row) => said_of("chained", row),
        Frame::Entry(FrameKind::Single, row) => said_of("single", row),
        Frame::Entry(FrameKind::Twin, row) => said_of("twin", row),
        Frame::Entry(FrameKind::SingleTwin, row) => said_of("single twin", row),
        Frame::Secret(text) => json!({ "kind": "secret", "text": text }),
        Frame::Proof(text) => json!({ "kind": "proof", "text": text }),
    }
}

/// The vector was made by this, once. What it makes now differs in every random byte; the files in the repository stay.
#[test]
#[ignore = "makes a new vector; the one in the repository is kept"]
fn make_the_vector() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let ours = chain("B03", ["{\"note\":\"户号 3100000004 已联系\"}", "{\"n\":2}"].map(str::to_owned));
    let theirs = chain("B04", ["{\"n\":3}", "{\"n\":4}"].map(str::to_owned));
    let other = twin(entry_after(Some(&ours[0]), "B03", "{\"n\":\"another second\"}".into()));
    let mut writer = BundleWriter::begin(Vec::new(), &to.seal.to_public()).unwrap();
    writer.secret("{\"example\":true}").unwrap();
    for row in &ours {
        writer.entry(row, FrameKind::Chained).unwrap();
    }
    writer.entry(&other, FrameKind::Twin).unwrap();
    writer.proof("{\"example\":true}").unwrap();
    writer.entry(&theirs[1], FrameKind::Single).unwrap();
    let mut header = header();
    header.ranges = vec![range(&ours), range(std::slice::from_ref(&other))];
    let (bytes, written) = writer.finish(header, from.signer()).unwrap();
    let (frames, _) = read(&bytes, &from, &to);
    let opened = open(&bytes, &from).unwrap();
    let packed = decrypt(&bytes, &to.seal, written.header.cipher_len);
    let vector = json!({
        "sign_seed": hex(&from.sign.to_bytes()), "sign_public": hex(from.verifying().as_bytes()),
        "seal_identity": to.seal.to_string().expose_secret(), "seal_recipient": to.seal.to_public().to_string(),
        "file_hash": written.hash, "cipher_hash": hex(&opened.cipher_hash), "signature": hex(&opened.signature),
        "header": String::from_utf8(opened.header_bytes.clone()).unwrap(),
        "plain": hex(&zstd::stream::decode_all(packed.as_slice()).unwrap()),
        "frames": frames.iter().map(describe).collect::<Vec<_>>(),
    });
    std::fs::write(path("vector-1.mdx"), &bytes).unwrap();
    std::fs::write(path("vector-1.json"), serde_json::to_string_pretty(&vector).unwrap() + "\n").unwrap();
}

fn decrypt(bytes: &[u8], identity: &age::x25519::Identity, cipher_len: u64) -> Vec<u8> {
    let cipher = &bytes[8..8 + usize::try_from(cipher_len).unwrap()];
    let decryptor = age::Decryptor::new(cipher).unwrap();
    let mut packed = Vec::new();
    decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).unwrap().read_to_end(&mut packed).unwrap();
    packed
}

struct Vector {
    bytes: Vec<u8>,
    said: Value,
    keys: SigningKey,
    identity: age::x25519::Identity,
}

fn vector() -> Vector {
    let said: Value = serde_json::from_str(&std::fs::read_to_string(path("vector-1.json")).unwrap()).unwrap();
    let keys = SigningKey::from_bytes(&unhex(&said["sign_seed"]).try_into().unwrap());
    let identity = said["seal_identity"].as_str().unwrap().parse().unwrap();
    Vector { bytes: std::fs::read(path("vector-1.mdx")).unwrap(), said, keys, identity }
}

#[test]
fn the_vector_is_read_as_it_always_was() {
    let Vector { bytes, said, keys, identity } = vector();
    let from = Keys { sign: keys, seal: identity.clone() };
    let to = Keys { sign: from.sign.clone(), seal: identity };
    let opened = open(&bytes, &from).unwrap();
    assert_eq!(opened.hash, said["file_hash"]);
    assert_eq!(String::from_utf8(opened.header_bytes).unwrap(), said["header"].as_str().unwrap());
    let (frames, end) = read(&bytes, &from, &to);
    assert_eq!(end, Ok(()));
    assert_eq!(Value::Array(frames.iter().map(describe).collect()), said["frames"]);
}

/// From here on the words of docs/exchange.md, step by step, with nothing of the program.
#[test]
fn the_vector_is_what_the_document_says() {
    let Vector { bytes, said, keys, identity } = vector();
    // Envelope.
    assert_eq!(&bytes[..8], b"MDXBNDL1");
    let trailer = &bytes[bytes.len() - 84..];
    let cipher_len = u64::from_le_bytes(trailer[..8].try_into().unwrap());
    let header_len = u64::from(u32::from_le_bytes(trailer[8..12].try_into().unwrap()));
    assert_eq!(8 + cipher_len + header_len + 84, bytes.len() as u64);
    assert_eq!(&trailer[76..], b"MDXEND01");
    let cipher = &bytes[8..8 + usize::try_from(cipher_len).unwrap()];
    let header = &bytes[8 + cipher.len()..bytes.len() - 84];
    // Signature.
    let cipher_hash = blake3::hash(cipher);
    let text = [b"meterdesk bundle 1\0".as_slice(), cipher_hash.as_bytes(), header].concat();
    assert_eq!(hex(keys.verifying_key().as_bytes()), said["sign_public"]);
    keys.verifying_key().verify(&text, &Signature::from_slice(&trailer[12..76]).unwrap()).unwrap();
    assert_eq!(hex(&trailer[12..76]), said["signature"]);
    // Header.
    let header: Value = serde_json::from_slice(header).unwrap();
    assert_eq!(header["cipher_hash"], cipher_hash.to_hex().as_str());
    assert_eq!(header["cipher_len"], cipher_len);
    // Encryption and packing.
    let packed = decrypt(&bytes, &identity, cipher_len);
    assert_eq!(header["packed_len"], packed.len());
    let plain = zstd::stream::decode_all(packed.as_slice()).unwrap();
    assert_eq!(header["plain_len"], plain.len());
    assert_eq!(hex(&plain), said["plain"]);
    // Frames.
    let mut rest = plain.as_slice();
    let (mut frames, mut hashes, mut before) = (0, Vec::new(), Vec::new());
    let mut entries = said["frames"].as_array().unwrap().iter().filter(|frame| frame.get("hash").is_some());
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[1..5].try_into().unwrap()) as usize;
        let (kind, body) = (rest[0], &rest[5..5 + length]);
        rest = &rest[5 + length..];
        frames += 1;
        match kind {
            1..=3 => {
                before = entry_by_hand(body, entries.next().unwrap(), &before);
                hashes.extend_from_slice(&before);
            }
            4 | 5 => assert_eq!(body, b"{\"example\":true}"),
            0 => {
                let end: Value = serde_json::from_slice(body).unwrap();
                let hash = blake3::hash(&hashes).to_hex().to_string();
                assert_eq!(end, json!({ "entries": hashes.len() / 32, "relayed": 1, "frames": frames, "hash": hash }));
                assert!(rest.is_empty());
            }
            other => panic!("frame kind {other}"),
        }
    }
    assert_eq!(header["frames"], frames);
    assert_eq!(header["entries"], hashes.len() / 32);
}

/// Checks one entry frame against what the vector says of it; answers its hash.
fn entry_by_hand(body: &[u8], said: &Value, before: &[u8]) -> Vec<u8> {
    let (mut rest, mut fields) = (body, Vec::new());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        fields.push(rest[8..8 + length].to_vec());
        rest = &rest[8 + length..];
    }
    let number = |name: &str| said[name].as_i64().unwrap().to_le_bytes().to_vec();
    let text = |name: &str| said[name].as_str().unwrap().as_bytes().to_vec();
    let mut want = vec![number("suite"), text("site"), number("epoch"), number("seq"), number("hlc"), text("at")];
    want.extend([text("business_day"), text("actor"), text("action"), number("version"), text("subjects")]);
    match said["key"].as_str() {
        None => want.push(vec![0]),
        Some(key) => want.extend([vec![1], key.as_bytes().to_vec()]),
    }
    want.push(unhex(&said["salt"]));
    assert_eq!(fields[..want.len()], want);
    let [prev, payload] = &fields[want.len()..] else { panic!("{} fields", fields.len()) };
    let prev = if prev.is_empty() { before.to_vec() } else { prev.clone() };
    assert_eq!(hex(&prev), said["prev"]);
    assert_eq!(payload, &text("payload"));
    if said["seq"] == 1 {
        let mut genesis = blake3::Hasher::new_derive_key("meterdesk genesis 1");
        genesis.update(&text("site"));
        genesis.update(&number("epoch"));
        assert_eq!(hex(genesis.finalize().as_bytes()), said["prev"]);
    }
    let mut leaf = blake3::Hasher::new_derive_key("meterdesk leaf 1");
    leaf.update(&unhex(&said["salt"]));
    leaf.update(payload);
    let leaf = leaf.finalize();
    assert_eq!(hex(leaf.as_bytes()), said["leaf"]);
    let mut hash = blake3::Hasher::new_derive_key("meterdesk entry 1");
    for field in want.iter().chain([&prev, &leaf.as_bytes().to_vec()]) {
        hash.update(&(field.len() as u64).to_le_bytes());
        hash.update(field);
    }
    let hash = hash.finalize();
    assert_eq!(hex(hash.as_bytes()), said["hash"]);
    hash.as_bytes().to_vec()
}
