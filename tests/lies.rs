//! A writer that lies, under the true signature of a known site: in each field of header, frames and entries, one at a time and in pairs.
//! Each bundle is refused with nothing changed, or it is taken in and the book stays sound: its chains, its copy, and the state
//! that a rebuild makes again.

#[allow(dead_code)] // other tests use the rest
mod support {
    pub mod bundle;
    pub mod company;
    pub mod orders;
    pub mod scene;
    pub mod site;
}

use meterdesk::book::entry;
use meterdesk::exchange::bundle_error::BundleError;
use meterdesk::exchange::envelope::BundleWriter;
use meterdesk::exchange::error::ExchangeError;
use meterdesk::exchange::frame::FrameKind;
use meterdesk::exchange::header::{Header, Relay};
use meterdesk::rules::id::{Id, SEQS, Site};
use meterdesk::store::entries::EntryRow;
use meterdesk::store::{Db, OpenOptions};
use serde_json::{Value, json};
use support::bundle::range;
use support::scene::{Scene, sound, take_in};
use support::site::keys;

/// Frames joined anew after one of them lied, each to the one before it in its chain.
fn joined(mut frames: Vec<(FrameKind, EntryRow)>, from: usize) -> Vec<(FrameKind, EntryRow)> {
    for at in from..frames.len() {
        if at > from && frames[at].0 == frames[at - 1].0 && frames[at].1.site == frames[at - 1].1.site {
            frames[at].1.prev = frames[at - 1].1.hash;
        }
        frames[at].1 = entry::seal(frames[at].1.clone());
    }
    frames
}

type EntryLie = (&'static str, fn(&mut EntryRow));

/// A lie in each field of an entry.
fn entry_lies() -> Vec<EntryLie> {
    fn placed(row: &mut EntryRow) {
        let site = Site::parse(&row.site).unwrap_or(Site::parse("B1").unwrap());
        if let Some(id) = Id::new(&site, row.epoch, row.seq, 0) {
            row.id = id;
        }
    }
    vec![
        ("suite", |row| row.suite = 2),
        ("site: another", |row| {
            row.site = "B9".into();
            placed(row);
        }),
        ("site: head office", |row| {
            row.site = "HO".into();
            placed(row);
        }),
        ("site: small", |row| row.site = "b1".into()),
        ("site: a path", |row| row.site = "../B1".into()),
        ("epoch: 0", |row| row.epoch = 0),
        ("epoch: 2", |row| {
            row.epoch = 2;
            placed(row);
        }),
        ("epoch: 31, first", |row| {
            (row.epoch, row.seq) = (31, 1);
            placed(row);
        }),
        ("epoch: 32", |row| row.epoch = 32),
        ("epoch: most", |row| row.epoch = i64::MAX),
        ("seq: 0", |row| row.seq = 0),
        ("seq: 1", |row| {
            row.seq = 1;
            placed(row);
        }),
        ("seq: one more", |row| {
            row.seq += 1;
            placed(row);
        }),
        ("seq: one less", |row| {
            row.seq -= 1;
            placed(row);
        }),
        ("seq: last", |row| {
            row.seq = SEQS - 1;
            placed(row);
        }),
        ("seq: too many", |row| row.seq = SEQS),
        ("seq: least", |row| row.seq = i64::MIN),
        ("hlc: 0", |row| row.hlc = 0),
        ("hlc: negative", |row| row.hlc = -1),
        ("hlc: most", |row| row.hlc = i64::MAX),
        ("hlc: least", |row| row.hlc = i64::MIN),
        ("hlc: a year ahead", |row| row.hlc += (365 * 24 * 3_600_000) << 16),
        ("at: empty", |row| row.at = String::new()),
        ("at: no time", |row| row.at = "昨天".into()),
        ("at: long", |row| row.at = "9".repeat(30_000)),
        ("day: long ago", |row| row.business_day = "0001-01-01".parse().unwrap()),
        ("day: far", |row| row.business_day = "9999-12-31".parse().unwrap()),
        ("actor: empty", |row| row.actor = String::new()),
        ("actor: nobody", |row| row.actor = "B9.1.7".into()),
        ("actor: escapes", |row| row.actor = "\u{1b}[2J\u{0}".into()),
        ("action: empty", |row| row.action = String::new()),
        ("action: unknown", |row| row.action = "no.such".into()),
        ("action: bundle.accept", |row| row.action = "bundle.accept".into()),
        ("action: site.enrol", |row| row.action = "site.enrol".into()),
        ("action: site.open", |row| row.action = "site.open".into()),
        ("action: site.epoch", |row| row.action = "site.epoch".into()),
        ("action: entry.place", |row| row.action = "entry.place".into()),
        ("action: payment.take", |row| row.action = "payment.take".into()),
        ("action: account.open", |row| row.action = "account.open".into()),
        ("version: 0", |row| row.version = 0),
        ("version: negative", |row| row.version = -1),
        ("version: new", |row| row.version = 99),
        ("version: most", |row| row.version = i64::MAX),
        ("subjects: none", |row| row.subjects = String::new()),
        ("subjects: unreadable", |row| row.subjects = "?? x".into()),
        ("subjects: another kind", |row| row.subjects = "aB1.1.1 oB1.1.2 sB1.1.3".into()),
        ("subjects: an item too many", |row| row.subjects = "a/99999999".into()),
        ("subjects: the same twice", |row| row.subjects = format!("{0} {0}", row.subjects)),
        ("subjects: head office's", |row| row.subjects = "sHO.1.0".into()),
        ("subjects: many", |row| row.subjects = "aB1.1.1 ".repeat(3_000).trim().into()),
        ("key: empty", |row| row.key = Some(String::new())),
        ("key: long", |row| row.key = Some("k".repeat(30_000))),
        ("salt", |row| row.salt = [0; 16]),
        ("prev", |row| row.prev = [0; 32]),
        ("payload: empty", |row| row.payload = String::new()),
        ("payload: not JSON", |row| row.payload = "{".into()),
        ("payload: null", |row| row.payload = "null".into()),
        ("payload: other", |row| row.payload = "{}".into()),
        ("payload: a list", |row| row.payload = "[[],[],[]]".into()),
        ("payload: deep", |row| row.payload = "[".repeat(30_000)),
        ("payload: rows", |row| row.payload = r#"{"run":"B1.1.1","rows":[[1],[2]]}"#.into()),
        ("payload: large", |row| row.payload = format!("\"{}\"", "x".repeat(65_000))),
        ("payload: too large", |row| row.payload = format!("\"{}\"", "x".repeat(66_000))),
    ]
}

/// Frames with a lie in one entry, joined anew behind it or left as they are.
fn lied(scene: &Scene, at: usize, lie: EntryLie, anew: bool) -> Vec<(FrameKind, EntryRow)> {
    let mut frames = scene.frames.clone();
    lie.1(&mut frames[at].1);
    match anew {
        true => joined(frames, at),
        false => {
            frames[at].1 = entry::seal(frames[at].1.clone());
            frames
        }
    }
}

fn every_entry_lie(mut scene: Scene) -> usize {
    let mut taken = 0;
    for lie in entry_lies() {
        // The first, one in the middle and the last; those behind it joined anew to the lie, or left as they were.
        for at in [0, scene.frames.len() / 2, scene.frames.len() - 1] {
            for anew in [true, false] {
                let frames = lied(&scene, at, lie, anew);
                let bytes = scene.signed(&frames, |_| {});
                taken += usize::from(scene.holds(&format!("{} in {at}, {anew}", lie.0), &bytes));
            }
        }
    }
    taken
}

#[test]
fn a_branch_s_lie_in_each_field_of_an_entry_is_refused_or_leaves_the_book_sound() {
    assert!(every_entry_lie(Scene::of_branch()) > 10, "lies of business are taken in, and deriving decides");
}

#[test]
fn head_office_s_lie_in_each_field_of_an_entry_is_refused_or_leaves_the_book_sound() {
    assert!(every_entry_lie(Scene::of_head_office()) > 10);
}

/// What a liar writes where a number, a text, a list is expected.
fn values() -> Vec<Value> {
    let mut values = vec![Value::Null, json!(true), json!(1.5), json!([]), json!({}), json!(["x"]), json!([{}])];
    values.extend([-1, 0, 1, 2, 5, 31, 32, 63, 64, SEQS - 1, SEQS, i64::MAX, i64::MIN].map(|number| json!(number)));
    values.push(json!(u64::MAX));
    let texts = ["", "x", "HO", "B1", "B9", "0.1", "99.0.0", "1", "-1", "18446744073709551616", "9999-12-31T23:59:59Z"];
    values.extend(texts.map(|text| json!(text)));
    values.extend([json!("ab".repeat(32)), json!("AB".repeat(32)), json!("长".repeat(2_000)), json!("\u{1b}[2J")]);
    values
}

/// Every field of a header, as paths.
fn fields(header: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in header.as_object().unwrap() {
        found.push(format!("/{name}"));
        let inner = match value {
            Value::Array(list) => list.first().map(|first| (format!("/{name}/0"), first)),
            Value::Object(_) => Some((format!("/{name}"), value)),
            _ => None,
        };
        if let Some((path, Value::Object(inner))) = inner {
            found.extend(inner.keys().map(|name| format!("{path}/{name}")));
        }
    }
    found
}

fn every_header_lie(mut scene: Scene) {
    let header = json!(scene.header(&scene.frames));
    let truth = scene.signed(&scene.frames, |_| {});
    assert!(scene.holds("the truth", &truth), "what is true is taken in");
    for field in fields(&header) {
        for value in values() {
            let bytes = scene.signed(&scene.frames, |header| *header.pointer_mut(&field).unwrap() = value.clone());
            scene.holds(&format!("{field} = {value}"), &bytes);
        }
        let (parent, name) = field.rsplit_once('/').unwrap();
        let bytes = scene.signed(&scene.frames, |header| {
            header.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
        });
        scene.holds(&format!("without {field}"), &bytes);
    }
}

#[test]
fn a_branch_s_lie_in_each_field_of_the_header_is_refused_or_leaves_the_book_sound() {
    every_header_lie(Scene::of_branch());
}

#[test]
fn head_office_s_lie_in_each_field_of_the_header_is_refused_or_leaves_the_book_sound() {
    every_header_lie(Scene::of_head_office());
}

/// Pairs by seed: two entries lie, an entry and the header, two fields of the header.
fn pairs(mut scene: Scene, count: u64) {
    let (lies, values) = (entry_lies(), values());
    let fields = fields(&json!(scene.header(&scene.frames)));
    let mut seed = 7u64;
    let mut pick = |of: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % of
    };
    for round in 0..count {
        let (first, second) = (lies[pick(lies.len())], lies[pick(lies.len())]);
        let (at, other) = (pick(scene.frames.len()), pick(scene.frames.len()));
        let mut frames = scene.frames.clone();
        let mut word = format!("{round}: ");
        if round % 3 < 2 {
            frames = lied(&scene, at, first, true);
            word.push_str(&format!("{} in {at}; ", first.0));
        }
        if round % 3 == 0 {
            second.1(&mut frames[other].1);
            frames = joined(frames, other.min(at));
            word.push_str(&format!("{} in {other}", second.0));
        }
        let changes = [0, 1, 2][usize::try_from(round % 3).unwrap()];
        let changes: Vec<_> =
            (0..changes).map(|_| (&fields[pick(fields.len())], &values[pick(values.len())])).collect();
        let bytes = scene.signed(&frames, |header| {
            for (field, value) in &changes {
                if let Some(place) = header.pointer_mut(field) {
                    *place = (*value).clone();
                }
            }
        });
        scene.holds(&format!("{word} {changes:?}"), &bytes);
    }
}

#[test]
fn two_lies_at_once_are_refused_or_leave_the_book_sound() {
    pairs(Scene::of_branch(), 150);
    pairs(Scene::of_head_office(), 150);
}

#[test]
fn frames_of_another_kind_twice_or_in_another_order_are_refused_or_leave_the_book_sound() {
    for make in [Scene::of_branch, Scene::of_head_office] {
        let mut scene = make();
        for kind in [FrameKind::Chained, FrameKind::Single, FrameKind::Twin, FrameKind::SingleTwin] {
            for at in 0..scene.frames.len() {
                let mut frames = scene.frames.clone();
                frames[at].0 = kind;
                if kind.is_twin() {
                    frames[at].1.id = frames[at].1.id.twin();
                }
                let bytes = scene.signed(&frames, |_| {});
                scene.holds(&format!("{kind:?} at {at}"), &bytes);
            }
        }
        let mut backwards = scene.frames.clone();
        backwards.reverse();
        let mut twice = scene.frames.clone();
        twice.insert(1, twice[0].clone());
        let mut less = scene.frames.clone();
        less.remove(1);
        for (word, frames) in [("backwards", backwards), ("twice", twice), ("one left out", less)] {
            let bytes = scene.signed(&frames, |header| header["ranges"] = json!(scene.header(&scene.frames).ranges));
            scene.holds(word, &bytes);
            let bytes = scene.signed(&frames, |_| {});
            scene.holds(word, &bytes);
        }
    }
}

#[test]
fn two_ranges_of_one_chain_are_refused_with_the_true_reason() {
    let mut scene = Scene::of_branch();
    let rows: Vec<EntryRow> = scene.frames.iter().map(|(_, row)| row.clone()).collect();
    let bytes = scene.signed(&scene.frames, |header| header["ranges"] = json!([range(&rows[..1]), range(&rows[1..])]));
    let path = scene.copy();
    let (mut db, _) = Db::open(&path, OpenOptions::default()).unwrap();
    let said = take_in(&mut db, "HO", &bytes).unwrap_err().to_string();
    assert!(said.contains("分成了几段"), "{said}");
}

#[test]
fn numbers_of_the_relay_that_no_entries_fill_are_refused() {
    let mut scene = Scene::of_head_office();
    for (from, upto, entries, fits) in
        [(1, 1, 1, true), (1, 2, 1, true), (1, 0, 1, false), (0, 0, 1, false), (2, 4, 0, false)]
    {
        let frames = scene.frames[..scene.frames.len() - 1 + entries].to_vec();
        let bytes = scene.signed(&frames, |header| header["relay"] = json!({ "life": 1, "from": from, "upto": upto }));
        let path = scene.copy();
        let (mut db, _) = Db::open(&path, OpenOptions::default()).unwrap();
        let taken = take_in(&mut db, "B2", &bytes);
        assert_eq!(taken.is_ok(), fits, "{from} to {upto}: {taken:?}");
    }
}

#[test]
fn lives_versions_and_numbers_out_of_their_range_are_refused_in_the_header() {
    let mut scene = Scene::of_branch();
    type Change = (&'static str, Value);
    let wrong: Vec<Change> = vec![
        ("/life", json!(0)),
        ("/life", json!(32)),
        ("/life", json!(1_000)),
        ("/life", json!(1i64 << 40)),
        ("/number", json!(0)),
        ("/number", json!(1_000_000_000_000i64)),
        ("/relay/life", json!(32)),
        ("/relay/upto", json!(i64::MAX)),
        ("/relay_seen/upto", json!(i64::MAX)),
        ("/needs", json!("0.1")),
        ("/needs", json!("")),
        ("/needs", json!("0.1.x")),
        ("/key", json!("a\nname")),
        ("/format", json!(0)),
    ];
    for (field, value) in wrong {
        let bytes = scene.signed(&scene.frames, |header| *header.pointer_mut(field).unwrap() = value.clone());
        let path = scene.copy();
        let (mut db, _) = Db::open(&path, OpenOptions::default()).unwrap();
        let error = take_in(&mut db, "HO", &bytes).unwrap_err();
        assert!(matches!(error, ExchangeError::Bundle(BundleError::BadHeader(_))), "{field} {value}: {error}");
    }
    let many = json!(vec![json!({}); 257]);
    let bytes = scene.signed(&scene.frames, |header| header["rotations"] = many);
    let path = scene.copy();
    let (mut db, _) = Db::open(&path, OpenOptions::default()).unwrap();
    let said = take_in(&mut db, "HO", &bytes).unwrap_err().to_string();
    assert!(said.contains("换钥证明过多"), "{said}");
}

#[test]
fn a_bad_secret_is_dropped_with_a_word_and_the_entries_are_taken() {
    let key = "ab".repeat(32);
    let fine = json!({ "data": [{ "key": "0123abcd", "secret": key }] }).to_string();
    let bad =
        ["", "x", "null", "[]", r#"{"search":"xyz"}"#, r#"{"data":[{"key":"../x","secret":"00"}]}"#, r#"{"data":7}"#];
    for (secret, dropped) in bad.map(|bad| (bad, true)).into_iter().chain([(fine.as_str(), false)]) {
        let mut scene = Scene::of_branch();
        scene.secret = Some(secret.to_owned());
        let bytes = scene.signed(&scene.frames, |_| {});
        let path = scene.copy();
        let (mut db, _) = Db::open(&path, OpenOptions::default()).unwrap();
        let taken = take_in(&mut db, "HO", &bytes).unwrap();
        assert_eq!(
            (taken.fresh, taken.dropped.is_some(), taken.secrets.len()),
            (3, dropped, usize::from(!dropped)),
            "{secret}"
        );
    }
}

/// Frames that cost memory without bringing anything: a second secret, entries of chains the header does not name.
#[test]
fn what_would_only_fill_the_memory_is_refused_at_the_first_frame() {
    let mut scene = Scene::of_branch();
    let recipient = keys("HO").public().recipient().unwrap();
    let mut writer = BundleWriter::begin(Vec::new(), &recipient).unwrap();
    for _ in 0..2 {
        writer.secret(r#"{"data":[]}"#).unwrap();
    }
    let header = Header { ranges: Vec::new(), relay: Relay::default(), ..scene.header(&scene.frames) };
    let bytes = writer.finish(header, |text| keys("B1").sign(text)).unwrap().0;
    let path = scene.copy();
    let (mut db, _) = Db::open(&path, OpenOptions::default()).unwrap();
    let said = take_in(&mut db, "HO", &bytes).unwrap_err().to_string();
    assert!(said.contains("密钥不止一份"), "{said}");
    let stray = scene.frames[0].1.clone();
    let stray =
        EntryRow { id: Id::new(&Site::parse("B7").unwrap(), 1, 1, 0).unwrap(), site: "B7".into(), seq: 1, ..stray };
    let mut frames = scene.frames.clone();
    frames.push((FrameKind::Chained, entry::seal(stray)));
    let ranges = json!(scene.header(&scene.frames).ranges);
    let bytes = scene.signed(&frames, |header| header["ranges"] = ranges);
    let said = take_in(&mut db, "HO", &bytes).unwrap_err().to_string();
    assert!(said.contains("包头没有说的凭单"), "{said}");
}

/// A branch whose clock is far ahead writes thousands of entries: they are all asked about, by as many acceptances as it takes.
#[test]
fn thousands_of_entries_from_the_future_are_all_asked_about() {
    let mut scene = Scene::of_branch();
    let mut rows = vec![scene.frames[0].1.clone()];
    rows[0].hlc += (400 * 24 * 3_600_000) << 16;
    rows[0].key = None;
    rows[0] = entry::seal(rows[0].clone());
    for _ in 0..1_500 {
        let last = rows.last().unwrap().clone();
        let (id, seq, hlc, prev) = (Id(last.id.0 + 512), last.seq + 1, last.hlc + 1, last.hash);
        rows.push(entry::seal(EntryRow { id, seq, hlc, prev, subjects: "s".into(), ..last }));
    }
    let frames: Vec<_> = rows.into_iter().map(|row| (FrameKind::Chained, row)).collect();
    let bytes = scene.signed(&frames, |_| {});
    let path = scene.copy();
    let (mut db, _) = Db::open(&path, OpenOptions::default()).unwrap();
    assert_eq!(take_in(&mut db, "HO", &bytes).unwrap().fresh, 1_501);
    let asked =
        db.look().unwrap().open_exceptions().unwrap().into_iter().filter(|row| row.what == "stamp_ahead").count();
    assert_eq!(asked, 1_501);
    sound(&mut db, "from the future");
}

#[test]
fn a_bundle_sealed_to_two_keys_is_refused() {
    let (from, to) = (support::bundle::Keys::new(1), support::bundle::Keys::new(2));
    let frames = support::bundle::raw_frame(0, &support::bundle::end_text(1));
    let packed = zstd::encode_all(frames.as_slice(), 0).unwrap();
    let both = [to.seal.to_public(), support::bundle::Keys::new(3).seal.to_public()];
    for (recipients, fits) in [(&both[..1], true), (&both[..], false)] {
        let bytes = support::bundle::forge_for(&packed, frames.len() as u64, &from, recipients, |header| {
            header.relay = Relay::default();
        });
        let outcome = support::bundle::read(&bytes, &from, &to).1;
        assert_eq!(outcome, if fits { Ok(()) } else { Err(BundleError::Recipients) });
    }
}
