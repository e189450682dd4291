//! The second test vector of docs/exchange.md: what sites know of each other's keys, and what they tell in confidence. Each is made by hand
//! from the words of the page, compared with the kept file, and read with the program.

use age::x25519::Identity;
use bech32::ToBase32;
use ed25519_dalek::{Signer, SigningKey};
use meterdesk::book::public_keys::{PublicKeys, Rotation, line};
use meterdesk::book::seal::Keys;
use meterdesk::exchange::card::Card;
use meterdesk::exchange::site_keys::SiteKeys;
use serde_json::{Value, json};

const FILE: &str = "tests/data/exchange/vector-2.json";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Each text with its length.
fn lengths(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()).collect()
}

/// A pair from a byte, as the page says.
struct Pair {
    secret: [u8; 64],
    sign: SigningKey,
    public: Value,
}

fn pair(number: u8) -> Pair {
    let (mut secret, seed, seal) = ([0u8; 64], [number; 32], [number + 100; 32]);
    secret[..32].copy_from_slice(&seed);
    secret[32..].copy_from_slice(&seal);
    let sign = SigningKey::from_bytes(&seed);
    let identity = bech32::encode("age-secret-key-", seal.to_base32(), bech32::Variant::Bech32).unwrap();
    let identity: Identity = identity.to_uppercase().parse().unwrap();
    let public = json!({ "sign": hex(sign.verifying_key().as_bytes()), "seal": identity.to_public().to_string() });
    Pair { secret, sign, public }
}

fn texts(public: &Value) -> Vec<u8> {
    lengths(&[public["sign"].as_str().unwrap(), public["seal"].as_str().unwrap()])
}

fn name(public: &Value) -> String {
    hex(&blake3::derive_key("meterdesk site key name 1", &texts(public))[..8])
}

fn fingerprint(public: &Value) -> String {
    let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let bytes = blake3::derive_key("meterdesk site key fingerprint 1", &texts(public));
    let all: Vec<char> = bytes.iter().map(|byte| char::from(letters[usize::from(byte % 32)])).collect();
    all.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn rotation(old: &Pair, new: &Pair) -> Value {
    let (from, at) = (name(&old.public), "2026-03-02T17:30:00+08:00");
    let signed = lengths(&[&from, new.public["sign"].as_str().unwrap(), new.public["seal"].as_str().unwrap(), at]);
    let signature = old.sign.sign(&[b"meterdesk rotation 1\0", signed.as_slice()].concat());
    json!({ "from": from, "keys": new.public, "at": at, "signature": hex(&signature.to_bytes()) })
}

fn card(of: &Pair) -> String {
    let (sign, seal) = (of.public["sign"].as_str().unwrap(), of.public["seal"].as_str().unwrap());
    let lines = format!(
        "meterdesk site card 1\ncode: B03\nname: 城南营业所\nutility: water\nrole: branch\npractice: no\nsign: {sign}\nseal: {seal}\n"
    );
    let signature = of.sign.sign(&[b"meterdesk site card signature 1\0", lines.as_bytes()].concat());
    format!("{lines}signature: {}\n", hex(&signature.to_bytes()))
}

fn site_file(old: &Pair, new: &Pair) -> String {
    let inside = json!({ "pairs": [hex(&new.secret), hex(&old.secret)], "rotations": [rotation(old, new)] });
    let lines = format!("meterdesk-site 1\nplain\n{inside}\n");
    format!("{lines}check {}\n", hex(&blake3::hash(lines.as_bytes()).as_bytes()[..8]))
}

/// A header head office signed, given back to it.
fn proof(office: &Pair) -> Value {
    let (head, body_hash) = ([7u8; 32], *blake3::hash(b"the ciphertext of that bundle").as_bytes());
    let range = json!({ "site": "HQ", "epoch": 1, "first": 1, "last": 3, "head": hex(&head), "count": 3, "sum": "0" });
    let none = json!({ "life": 1, "from": 1, "upto": 0 });
    let header = json!({
        "format": 1, "needs": "0.1.0", "from": "HQ", "to": "B03", "life": 1, "practice": false,
        "made_at": "2026-03-02T17:30:00.000+08:00", "number": 1, "previous": "", "key": name(&office.public), "rotations": [],
        "ranges": [range], "relayed": 0, "relay": none, "have": [], "relay_seen": none, "entries": 3, "frames": 4,
        "plain_len": 3000, "packed_len": 2000, "cipher_len": 2200, "cipher_hash": hex(&body_hash),
    })
    .to_string();
    let signed = [b"meterdesk bundle 1\0".as_slice(), &body_hash, header.as_bytes()].concat();
    json!({
        "chain": "HQ.1.0", "seq": 3, "head": hex(&head), "header": header, "body_hash": hex(&body_hash),
        "signature": hex(&office.sign.sign(&signed).to_bytes()),
    })
}

fn by_hand() -> Value {
    let (old, new, office) = (pair(1), pair(2), pair(3));
    let said = |pair: &Pair| {
        json!({
            "secret": hex(&pair.secret), "public": pair.public, "name": name(&pair.public),
            "fingerprint": fingerprint(&pair.public),
        })
    };
    json!({
        "old": said(&old), "new": said(&new), "office": said(&office), "rotation": rotation(&old, &new), "card": card(&old),
        "site_file": site_file(&old, &new), "secret_of_head_office": json!({ "search": "05".repeat(32) }).to_string(),
        "secret_of_a_branch": json!({ "data": [{ "key": "0a0b0c0d", "secret": "06".repeat(32) }] }).to_string(),
        "proof": proof(&office).to_string(),
    })
}

fn kept() -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
#[ignore = "makes the vector; the one in the repository is kept"]
fn make_the_second_vector() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    std::fs::write(path, format!("{:#}\n", by_hand())).unwrap();
}

#[test]
fn the_second_vector_is_what_the_page_says() {
    assert_eq!(by_hand(), kept());
}

#[test]
fn the_program_reads_keys_card_rotation_secrets_and_proof_of_the_second_vector() {
    let kept = kept();
    let public = |who: &str| -> PublicKeys { serde_json::from_value(kept[who]["public"].clone()).unwrap() };
    for who in ["old", "new", "office"] {
        assert_eq!(public(who).name(), kept[who]["name"]);
        assert_eq!(public(who).fingerprint(), kept[who]["fingerprint"]);
    }
    let rotation: Rotation = serde_json::from_value(kept["rotation"].clone()).unwrap();
    assert!(rotation.is_by(&public("old")) && !rotation.is_by(&public("office")));
    assert_eq!(line(&public("old"), &[rotation]), [public("new"), public("old")]);
    let card = Card::read(kept["card"].as_str().unwrap()).unwrap();
    assert_eq!((card.code.as_str(), card.keys), ("B03", public("old")));
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("x.db.site");
    std::fs::write(&file, kept["site_file"].as_str().unwrap()).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let keys = SiteKeys::open(&home.path().join("x.db"), None).unwrap();
    assert_eq!(keys.all_public(), [public("new"), public("old")]);
    assert_eq!(keys.rotations().len(), 1);
    let mut branch = Keys::from_master([9; 32]);
    assert!(branch.take_over(None, kept["secret_of_head_office"].as_str().unwrap(), true).unwrap().search);
    let mut office = Keys::from_master([8; 32]);
    assert_eq!(office.take_over(None, kept["secret_of_a_branch"].as_str().unwrap(), false).unwrap().data, 1);
    // A proof counts for who signed it, and for nobody else.
    let text = kept["proof"].as_str().unwrap();
    let signer = |who: &str| {
        let secret = kept[who]["secret"].as_str().unwrap();
        let inside = json!({ "pairs": [secret], "rotations": [] });
        let lines = format!("meterdesk-site 1\nplain\n{inside}\n");
        let path = home.path().join(format!("{who}.db.site"));
        let check = hex(&blake3::hash(lines.as_bytes()).as_bytes()[..8]);
        std::fs::write(&path, format!("{lines}check {check}\n")).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        SiteKeys::open(&home.path().join(format!("{who}.db")), None).unwrap()
    };
    let proof = meterdesk::exchange::proof::read(text).unwrap();
    assert!(proof.is_signed_by(&signer("office")) && !proof.is_signed_by(&signer("old")));
    let other = text.replace(&"07".repeat(32), &"08".repeat(32));
    let forged = meterdesk::exchange::proof::read(&other).unwrap();
    assert!(!forged.is_signed_by(&signer("office")), "another head than the signed one");
}
