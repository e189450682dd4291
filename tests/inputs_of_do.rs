//! What `do` and other commands read: keys, encodings, characters nobody sees. Each test is named after what went wrong.

mod support {
    pub mod office;
    pub mod one_book;
}

use std::io::Write;
use std::process::{Command, Stdio};

use support::office::Said;
use support::one_book::{Home, worker};

/// What `do` says of bytes at standard input.
fn told(home: &Home, args: &[&str], bytes: &[u8]) -> Said {
    let mut child = home.command("x.db", &[&["--json", "--as", "boss", "do"], args].concat());
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(bytes); // a refused call does not read
    Said::of(&child.wait_with_output().unwrap())
}

#[test]
fn an_empty_key_is_no_key_and_a_key_beside_a_batch_is_none_of_its_lines() {
    let home = Home::new();
    let input = worker("W1").to_string();
    for key in ["", &"k".repeat(201)] {
        let refused = told(&home, &["worker.add", "--key", key, "--input", "-"], input.as_bytes()).ends(2);
        assert!(refused.err.contains("1 到 200 字节"), "{}", refused.err);
    }
    told(&home, &["--key", "k1", "--batch", "-"], b"").ends(2);
    told(&home, &["worker.add", "--key", "k1", "--input", "-"], input.as_bytes()).ends(0);
    let again = told(&home, &["worker.add", "--key", "k1", "--input", "-"], input.as_bytes()).ends(0).json();
    assert_eq!(again["repeated"], true);
}

#[test]
fn bytes_in_another_encoding_are_no_broken_disk_and_a_byte_order_mark_is_passed_over() {
    let home = Home::new();
    let gbk = b"{\"code\":\"W1\",\"name\":\"\xd5\xc5\xca\xa6\xb8\xb5\",\"team\":\"a\"}";
    let refused = told(&home, &["worker.add", "--input", "-"], gbk).ends(2);
    assert!(refused.err.contains("UTF-8") && !refused.err.contains("盘"), "{}", refused.err);
    std::fs::write(home.path("gbk.json"), gbk).unwrap();
    let file = home.path("gbk.json");
    let refused = told(&home, &["worker.add", "--input", file.to_str().unwrap()], b"").ends(2);
    assert!(refused.err.contains("UTF-8"), "{}", refused.err);
    let line = [&b"{\"action\":\"worker.add\",\"input\":"[..], gbk, b"}\n"].concat();
    let refused = told(&home, &["--batch", "-"], &line).ends(1);
    assert!(refused.out.contains("UTF-8"), "{}", refused.out);
    let marked = [b"\xEF\xBB\xBF", worker("W1").to_string().as_bytes()].concat();
    told(&home, &["worker.add", "--input", "-"], &marked).ends(0);
    let line = format!("\u{feff}{}\n", serde_json::json!({ "action": "worker.add", "input": worker("W2") }));
    told(&home, &["--batch", "-"], line.as_bytes()).ends(0);
}

#[test]
fn a_printer_named_by_an_id_and_a_name_with_unseen_characters_are_refused() {
    let home = Home::new();
    let refused = home.run(&["printer", "lp:530124194610038814"]);
    assert!(refused.code != 0 && refused.err.contains("身份证号"), "{}", refused.err);
    home.run(&["printer", "lp:office-1"]).ends(0);
    for unseen in
        ['\u{200b}', '\u{200d}', '\u{ad}', '\u{3164}', '\u{2800}', '\u{e0041}', '\u{fdd0}', '\u{feff}', '\u{202e}']
    {
        let mut input = worker("W1");
        input["name"] = format!("张{unseen}师傅").into();
        let refused = home.act("boss", "worker.add", &input).ends(1);
        assert!(refused.err.contains("看不见"), "{unseen:?} {}", refused.err);
    }
}

#[test]
fn numbers_in_clear_are_told_to_a_person_on_a_real_book() {
    let home = Home::empty();
    let run = |args: &[&str]| {
        let mut command: Command = home.command("r.db", &[&["--json"], args].concat());
        Said::of(&command.env("METERDESK_PASSWORD", "secret-9").output().unwrap())
    };
    run(&["init", "--site", "B1", "--name", "营业所"]).ends(0);
    assert!(run(&["verify", "--numbers"]).ends(4).err.contains("要先登录"));
    run(&["--as", "admin", "verify", "--numbers"]).ends(0);
}

#[test]
fn a_healthy_practice_book_holds_no_numbers_in_clear() {
    let home = Home::empty();
    home.on("d.db", &["demo", "--accounts", "300", "--seed", "1", "--no-ui"]);
    let said = home.on("d.db", &["verify", "--numbers"]).ends(0).json();
    assert_eq!(said["found"], 0, "{said}");
}

#[test]
fn a_list_in_the_place_of_an_object_did_the_deed_by_position() {
    let home = Home::new();
    let by_position = r#"["W1", "张师傅", "甲班"]"#;
    for input in [by_position, "7", "\"W1\"", "null"] {
        let refused = told(&home, &["worker.add", "--input", "-"], input.as_bytes()).ends(1);
        assert!(refused.err.contains("不按位置读"), "{input} {}", refused.err);
        let line = format!(r#"{{"action":"worker.add","input":{input}}}"#);
        if input != "null" {
            let refused = told(&home, &["--batch", "-"], line.as_bytes()).ends(1);
            assert!(refused.out.contains("不按位置读"), "{input} {}", refused.out);
        }
    }
    let line = format!(r#"["worker.add", "boss", null, null, {}]"#, worker("W1"));
    let refused = told(&home, &["--batch", "-"], line.as_bytes()).ends(1);
    assert!(refused.out.contains("不按位置读"), "{}", refused.out);
    told(&home, &["worker.add", "--input", "-"], worker("W1").to_string().as_bytes()).ends(0);
}
