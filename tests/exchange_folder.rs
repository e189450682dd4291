//! What lies in a folder beside good bundles: names as sticks and other systems make them, files that are none, a bundle whose secret cannot be
//! read. Each is said, and the rest of the folder is taken in.

mod support {
    pub mod bundle;
    pub mod office;
}

use std::path::{Path, PathBuf};

use meterdesk::exchange::envelope::BundleWriter;
use meterdesk::exchange::header::{Have, Header, Relay};
use meterdesk::exchange::site_keys::SiteKeys;
use support::office::Office;

/// The only bundle a site writes onto a new stick.
fn bundle(office: &Office, site: &str, stick: &str) -> PathBuf {
    let stick = office.stick(stick);
    office.out(site, &stick, &[]).ends(0);
    std::fs::read_dir(stick).unwrap().next().unwrap().unwrap().path()
}

fn notices(said: &serde_json::Value) -> String {
    said["notices"].to_string()
}

#[test]
fn a_name_in_capitals_as_old_file_systems_write_it_is_taken_in() {
    for name in ["B1HO1~1.MDX", "B1-HO-1-000001.Mdx", "x.mDX"] {
        let office = Office::new(&["B1"]);
        let stick = office.stick("up");
        std::fs::copy(bundle(&office, "B1", "s"), stick.join(name)).unwrap();
        let said = office.take("HO", &stick).ends(0).json();
        assert!(said["bundles"][0]["new"].as_i64().unwrap() > 0, "{name}: {said}");
        assert_eq!(said["bundles"][0]["file"], name);
    }
}

#[test]
fn what_a_mac_leaves_beside_files_is_passed_over_and_all_that_is_passed_over_is_said() {
    let office = Office::new(&["B1", "B2"]);
    let stick = office.stick("mac");
    let whole = bundle(&office, "B1", "s");
    std::fs::copy(&whole, stick.join("B1-HO-1-000001.mdx")).unwrap();
    std::fs::write(stick.join("._B1-HO-1-000001.mdx"), "Mac OS X").unwrap();
    std::fs::write(stick.join("._X.MDX"), "Mac OS X").unwrap();
    std::fs::write(stick.join("说明.txt"), "x").unwrap();
    std::fs::create_dir(stick.join("folder.mdx")).unwrap();
    std::fs::create_dir(stick.join("folder")).unwrap();
    office.night("B2", "t");
    office.out("HO", &stick, &["--for", "B2"]).ends(0);
    let said = office.take("HO", &stick).ends(0).json();
    assert_eq!(said["bundles"].as_array().unwrap().len(), 1, "{said}");
    let notices = notices(&said);
    for word in ["给其他网点的交换包 1 个", "不是交换包的文件 4 个", "._B1-HO-1-000001.mdx", "说明.txt", "folder.mdx"]
    {
        assert!(notices.contains(word), "{word}: {notices}");
    }
    let alone = office.stick("alone");
    std::fs::copy(&whole, alone.join("B1-HO-1-000001.mdx")).unwrap();
    let said = office.take("HO", &alone).ends(0).json();
    assert_eq!(said["notices"], serde_json::Value::Null, "nothing to say");
}

/// A bundle that a branch signed, with this secret in it and no entries.
fn with_secret(office: &Office, branch: &str, number: i64, secret: &str) -> Vec<u8> {
    let keys = |site: &str| SiteKeys::open(&office.db(site), None).unwrap();
    let (from, to) = (keys(branch), keys("HO"));
    let mut writer = BundleWriter::begin(Vec::new(), &to.public().recipient().unwrap()).unwrap();
    writer.secret(secret).unwrap();
    let header = Header {
        from: branch.into(),
        to: "HO".into(),
        life: 1,
        practice: true,
        made_at: "2026-03-02T17:30:00.000+08:00".into(),
        number,
        relay: Relay { life: 1, from: 1, upto: 0 },
        have: vec![Have { site: "HO".into(), epoch: 1, seq: 1, head: "ab".repeat(32) }],
        ..Header::default()
    };
    writer.finish(header, |text| from.sign(text)).unwrap().0
}

#[test]
fn a_secret_that_cannot_be_read_is_dropped_with_a_word_and_the_folder_goes_on() {
    let office = Office::new(&["B1", "B2"]);
    let stick = office.stick("s");
    std::fs::write(stick.join("A.mdx"), with_secret(&office, "B1", 1, r#"{"data":[{"key":"x","secret":"y"}]}"#))
        .unwrap();
    std::fs::copy(bundle(&office, "B2", "t"), stick.join("B.mdx")).unwrap();
    let said = office.take("HO", &stick).ends(1).json();
    assert!(said["bundles"][0]["dropped"].as_str().unwrap().contains("密钥读不懂"), "{said}");
    assert!(said["bundles"][1]["new"].as_i64().unwrap() > 0, "the rest of the folder was taken in: {said}");
    let again = office.take("HO", &stick).ends(0).json();
    assert_eq!(again["bundles"][1]["new"], 0, "{again}");
    assert!(read_out(&office, &stick).contains("个交换包"));
}

/// What a person reads.
fn read_out(office: &Office, stick: &Path) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    let said = command.arg("--db").arg(office.db("HO")).args(["exchange", "in"]).arg(stick).output().unwrap();
    String::from_utf8(said.stdout).unwrap()
}

/// Head office says that it has a life of this branch's that is the last there can be: a lie, or the end of its numbers. Nothing stops.
#[test]
fn head_office_naming_the_last_life_does_not_stop_the_exchange() {
    let office = Office::new(&["B1"]);
    let keys = |site: &str| SiteKeys::open(&office.db(site), None).unwrap();
    let (from, to) = (keys("HO"), keys("B1"));
    let writer = BundleWriter::begin(Vec::new(), &to.public().recipient().unwrap()).unwrap();
    let header = Header {
        from: "HO".into(),
        to: "B1".into(),
        life: 1,
        practice: true,
        made_at: "2026-03-02T17:30:00.000+08:00".into(),
        number: 1,
        relay: Relay { life: 1, from: 1, upto: 0 },
        have: vec![Have { site: "B1".into(), epoch: 31, seq: 3_999_999, head: "ab".repeat(32) }],
        ..Header::default()
    };
    let stick = office.stick("s");
    std::fs::write(stick.join("A.mdx"), writer.finish(header, |text| from.sign(text)).unwrap().0).unwrap();
    let said = office.take("B1", &stick).ends(0).json();
    assert!(notices(&said).contains("启用号已用完"), "{said}");
    office.worker("B1", "W1").ends(0);
    office.run("B1", &["verify", "--full"]).ends(0);
}
