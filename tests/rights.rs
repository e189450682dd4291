//! Who may, and who did: keys, names, rights from entries, reading, other sites' subjects; every role with every action.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use meterdesk::book::subject::{Kind, Subject};
use meterdesk::desk::refusal::{Refusal, RefusalKind};
use meterdesk::desk::rights::{self, Rights};
use meterdesk::desk::{ACTIONS, Call, Desk, whose};
use meterdesk::rules::id::Id;
use meterdesk::store::OpenOptions;
use serde_json::{Value, json};
use support::household::{ID, home};
use support::orders::{Book, book, moment, office};
use support::real::{add, choose_own, clock, perform, real};
use support::{town, water};

fn refused(book: &mut Book, user: &str, action: &str, input: &Value) -> Refusal {
    book.try_act(user, action, input).expect_err(&format!("{action} {input}"))
}

#[test]
fn another_persons_key_gives_neither_answer_nor_entry() {
    let mut book = book("B03");
    book.act("demo", "account.open", home());
    let ask = json!({ "account": "B03000001", "field": "id_number", "reason": "核对身份" }).to_string();
    let call = || Call { key: Some("job-1"), at: None };
    book.desk.sign_in_practice("chief").unwrap();
    assert!(book.desk.perform("customer.reveal", &ask, call()).unwrap().result.contains(ID));
    let entries = book.desk.look().unwrap().entry_count().unwrap();
    for (user, kind) in [("demo", RefusalKind::Permission), ("boss", RefusalKind::Refused)] {
        book.desk.sign_in_practice(user).unwrap();
        let refusal = book.desk.perform("customer.reveal", &ask, call()).unwrap_err();
        assert_eq!(refusal.kind, kind, "{user}: {refusal}");
        assert!(!refusal.message().contains(ID));
    }
    assert_eq!(book.desk.look().unwrap().entry_count().unwrap(), entries);
    // Not of secret answers only: whoever comes with another's key is told so.
    let worker = json!({ "code": "lq", "name": "李强", "team": "抢修班" }).to_string();
    for (user, done) in [("boss", true), ("boss", true), ("desk", false)] {
        book.desk.sign_in_practice(user).unwrap();
        let outcome = book.desk.perform("worker.add", &worker, Call { key: Some("w-1"), at: None });
        assert_eq!(outcome.is_ok(), done, "{user}");
    }
    // Who had the right and has it no more gets no answer again.
    let withdraw = json!({ "user": "chief", "role": "hall_supervisor", "withdraw": true });
    book.act("boss", "user.right", withdraw);
    book.desk.sign_in_practice("chief").unwrap();
    assert_eq!(book.desk.perform("customer.reveal", &ask, call()).unwrap_err().kind, RefusalKind::Permission);
}

#[test]
fn a_batch_line_names_a_person_and_not_a_text() {
    let (mut north, mut centre) = (book("B01"), office("H00"));
    centre.act("boss", "user.right", json!({ "user": "desk", "role": "clerk", "site": "B01" }));
    north.receive_from(&centre);
    north.desk.sign_in_practice("desk@H00").unwrap();
    let at = |book: &Book, login: &str| book.desk.is_at_desk(login).unwrap();
    assert!(at(&north, "desk@H00") && at(&north, "desk@h00"));
    assert!(!at(&north, "desk") && !at(&north, "desk@B01") && !at(&north, "demo"));
    north.desk.sign_in_practice("desk").unwrap();
    assert!(at(&north, "desk") && at(&north, "desk@b01") && !at(&north, "desk@H00"));
}

#[test]
fn a_second_head_office_is_trusted_only_with_a_word_of_the_first_and_is_a_question() {
    let mut company = support::company::Company::new(1, false);
    let add = |login: &str| json!({ "login": login, "name": "人", "roles": ["finance"], "password": "demo" });
    let mut false_office = support::company::site("ZZ", true);
    let card = |desk: &Desk| {
        let print = desk.site_keys().unwrap().public().fingerprint();
        json!({ "card": desk.site_card().unwrap().1, "fingerprint": print })
    };
    let (own, other) = (card(company.desk("HO")), card(&false_office));
    company.night();
    let refusal = support::company::try_act(company.desk("B1"), "boss", "site.trust", &other).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Permission);
    let said = support::company::try_act(company.desk("B1"), "boss", "user.add", &add("pal")).unwrap_err();
    assert!(said.message().contains("总部"), "{said}");
    assert!(support::company::try_act(company.desk("B1"), "boss", "site.trust", &own).is_err());

    // A branch whose program let it: the word stands, gives nothing, and is a question at both.
    let branch = company.desk("B1");
    {
        let keys = false_office.site_keys().unwrap().public();
        let body = meterdesk::derive::site::SiteTrusted {
            code: "ZZ".into(),
            name: "假".into(),
            utility: "water".into(),
            practice: true,
            keys,
        };
        let zz = meterdesk::derive::site::subject_of(&"ZZ".parse_site());
        let tx = branch.db_mut().write().unwrap();
        meterdesk::derive::system::write(&tx, "site.trust", Ok(Subject::new(Kind::Site, zz)), moment(), &body).unwrap();
        tx.commit().unwrap();
    }
    let tx = branch.look().unwrap();
    let found = meterdesk::derive::delegation::company(&tx, branch.site()).unwrap().unwrap();
    assert_eq!(found.head_office().as_str(), "HO");
    drop(tx);
    let refusal = support::company::try_act(branch, "boss", "user.add", &add("pal")).unwrap_err();
    assert!(refusal.message().contains("总部"), "{refusal}");
    company.night();
    for site in ["B1", "HO"] {
        let open = meterdesk::desk::view_exceptions::open(company.desk(site)).unwrap();
        assert!(open.iter().any(|view| view.what == "site_trust" && view.about == "B1"), "{site}");
    }

    // With the word of the first it may.
    let amend = json!({ "site": "B1", "hand_over": "NH" });
    support::company::act(company.desk("HO"), "boss", "site.amend", &amend);
    company.night();
    let next = support::company::site("NH", true);
    support::company::act(company.desk("B1"), "boss", "site.trust", &card(&next));
    let branch = company.desk("B1");
    let tx = branch.look().unwrap();
    let found = meterdesk::derive::delegation::company(&tx, branch.site()).unwrap().unwrap();
    assert_eq!(found.head_office().as_str(), "NH");
    let proven = meterdesk::desk::proven::delegation(&tx, branch.site()).unwrap().unwrap();
    assert_eq!(proven, found.delegation());
    false_office.sign_out();
}

trait ParseSite {
    fn parse_site(&self) -> meterdesk::rules::id::Site;
}

impl ParseSite for str {
    fn parse_site(&self) -> meterdesk::rules::id::Site {
        meterdesk::rules::id::Site::parse(self).unwrap()
    }
}

#[test]
fn one_administrator_is_not_three_people() {
    let mut book = book("B03");
    water::branch(&mut book, &[water::resident("3100000001")]);
    water::read(&mut book, "3100000001", "2026-10-12", "130");
    water::bill(&mut book, "2026-10");
    let id = water::bills(&book, "3100000001")[0].id;
    for (login, roles) in
        [("ma", vec!["data_clerk"]), ("ch", vec!["data_clerk"]), ("ap", vec!["centre_deputy", "data_director"])]
    {
        book.act("boss", "user.add", json!({ "login": login, "name": login, "roles": roles, "password": "demo" }));
    }
    let ask = json!({ "kind": "V1", "account": "3100000001", "bills": [id], "change": { "volume": "20" }, "evidence": "复表单 1" });
    let asked = book.act("ma", "adjustment.request", ask);
    let request = asked["request"].clone();
    let check = json!({ "request": request, "approve": true });
    let checked = book.act("ch", "adjustment.check", check.clone());
    assert!(checked["warnings"].to_string().contains("新建"), "{checked}");
    let refusal = refused(&mut book, "ap", "adjustment.decide", &check);
    assert_eq!((refusal.kind, refusal.first_rule()), (RefusalKind::Permission, "R-007"), "{refusal}");
    // Made thirty-one days ago they would be themselves; chief, whom nobody made of late, is now.
    let decided = book.act("chief", "adjustment.decide", check);
    assert_eq!(decided["state"], "approved");
    let tx = book.desk.look().unwrap();
    let id: Id = request.as_str().unwrap().parse().unwrap();
    let shown = meterdesk::desk::view_adjust::request_json(&tx, id).unwrap().unwrap();
    assert!(shown["accounts"].to_string().contains("ma 的账号 11-21"), "{}", shown["accounts"]);
}

#[test]
fn the_last_administrators_role_is_not_withdrawn_whoever_asks() {
    let mut book = book("B03");
    book.act("boss", "user.right", json!({ "user": "chief", "role": "admin" }));
    let take = |user: &str| json!({ "user": user, "role": "admin", "withdraw": true });
    book.act("chief", "user.right", take("boss"));
    for input in [
        take("chief"),
        json!({ "user": "chief", "role": "admin", "last_day": "2027-01-01" }),
        json!({ "user": "chief", "role": "admin", "first_day": "2027-01-01" }),
    ] {
        let refusal = refused(&mut book, "boss", "user.right", &input);
        assert!(refusal.message().contains("最后一位管理员"), "{input}: {refusal}");
    }
    book.act("chief", "user.right", json!({ "user": "demo", "role": "admin" }));
    let close = json!({ "user": "chief", "reason": "离职" });
    book.act("demo", "user.close", close);
    for (field, day) in [("first_day", "-0001-01-01"), ("last_day", "9999-12-31")] {
        let input = json!({ "user": "room", "role": "seat", field: day });
        assert!(book.try_act("boss", "user.right", &input).is_err(), "{day}");
    }
}

#[test]
fn a_row_changed_with_another_tool_gives_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.db");
    let mut desk = real(folder.path());
    desk.sign_in("admin", "secret-1").unwrap();
    add(&mut desk, "wang", &["clerk"]);
    add(&mut desk, "zhao", &["data_clerk"]);
    for login in ["wang", "zhao"] {
        choose_own(&mut desk, login);
    }
    let id = |desk: &Desk, login: &str| desk.look().unwrap().users_of_login(login).unwrap()[0].clone();
    let (wang, admin) = (id(&desk, "wang"), id(&desk, "admin"));
    drop(desk);
    let with_tool = |sql: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let open = || Desk::open(&path, OpenOptions::default(), clock(moment())).unwrap();
    // One's own verifier in another's row, a role, the practice mark.
    with_tool(&format!("UPDATE d_user SET password = '{}' WHERE id = {}", wang.password, admin.id.0));
    with_tool(&format!(
        "INSERT INTO d_user_role (user, role, site, entry, first_day, last_day) VALUES ({0}, 'data_director', '', {0}, 0, NULL)",
        wang.id.0
    ));
    with_tool("UPDATE d_site SET practice = 1");
    let mut desk = open();
    assert!(!desk.is_practice() && desk.sign_in_practice("admin").is_err());
    assert!(desk.sign_in("admin", "own-pass-1").is_err(), "wang's password is not the administrator's");
    desk.sign_in("admin", "secret-1").unwrap();
    desk.sign_in("wang", "own-pass-1").unwrap();
    let rights = desk.rights().unwrap();
    assert!(rights.has_role("clerk") && !rights.has_role("data_director"));
    // While the session is open too.
    with_tool(&format!(
        "UPDATE d_user_role SET role = 'centre_deputy' WHERE user = {} AND role = 'data_director'",
        wang.id.0
    ));
    let decide = json!({ "request": "B03.1.2", "approve": true });
    assert_eq!(perform(&mut desk, "adjustment.decide", &decide).unwrap_err().kind, RefusalKind::Permission);
    // A right that was withdrawn does not come back when the row says so, nor when the entry is taken out of sight.
    desk.sign_in("admin", "secret-1").unwrap();
    perform(&mut desk, "user.right", &json!({ "user": "zhao", "role": "data_clerk", "withdraw": true })).unwrap();
    let zhao = id(&desk, "zhao");
    drop(desk);
    with_tool(&format!("UPDATE d_user_role SET last_day = NULL WHERE user = {}", zhao.id.0));
    with_tool(&format!("DELETE FROM entry_subject WHERE kind = 'u' AND subject = {} AND id != subject", zhao.id.0));
    let desk = open();
    let today = moment().date_naive();
    let of = |user: Id| Rights::of(&desk.look().unwrap(), user, today);
    assert!(!of(zhao.id).unwrap().has_role("data_clerk"));
    drop(desk);
    // An entry that was rewritten is noticed, and nobody signs in by it.
    with_tool(
        "DROP TRIGGER entry_no_update;
         UPDATE entry SET payload = replace(payload, '\"clerk\"', '\"centre_deputy\"') WHERE action = 'user.add'",
    );
    let mut desk = open();
    let refusal = desk.sign_in("wang", "own-pass-1").unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Data, "{refusal}");
    assert!(refusal.message().contains("摘要"));
}

#[test]
fn a_verifier_never_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("b.db");
    let init = ["init", "--practice", "--site", "B03", "--name", "城南营业所"];
    assert!(meterdesk(&db, &init, "", None).status.success());
    for entry in ["B03.1.2", "B03.1.3"] {
        let out = meterdesk(&db, &["--json", "show", "entry", entry], "", None);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(text.contains("user.add") && !text.contains("argon2"), "{text}");
    }
    let list = meterdesk(&db, &["--json", "user", "list"], "", None);
    assert!(!String::from_utf8_lossy(&list.stdout).contains("argon2"));
}

fn meterdesk(db: &Path, args: &[&str], stdin: &str, password: Option<&str>) -> Output {
    use std::io::Write;
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterdesk"));
    command.arg("--db").arg(db).args(args).env_remove("METERDESK_DB").env_remove("METERDESK_NEW_PASSWORD");
    match password {
        Some(password) => command.env("METERDESK_PASSWORD", password),
        None => command.env_remove("METERDESK_PASSWORD"),
    };
    let piped = std::process::Stdio::piped;
    let mut child = command.stdin(piped()).stdout(piped()).stderr(piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// Every command that reads or keeps the book asks, on a real one, for a user and a right; on a practice one for nobody.
#[test]
fn every_reading_command_asks_for_a_user_and_a_right_on_a_real_base() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("b.db");
    let init = ["init", "--site", "B03", "--name", "城南营业所"];
    assert!(meterdesk(&db, &init, "", Some("secret-1")).status.success());
    let add =
        ["--as", "admin", "--password-stdin", "user", "add", "shi", "--name", "史", "--role", "information_centre"];
    assert!(meterdesk(&db, &add, "secret-1\ngiven-1\n", None).status.success());
    let copy = folder.path().join("copy.bak");
    let copy = copy.to_str().unwrap();
    let slips = format!("file:{}", folder.path().display());
    let commands: Vec<Vec<&str>> = vec![
        vec!["find", "王"],
        vec!["show", "entry", "B03.1.1"],
        vec!["report", "cash"],
        vec!["report", "access"],
        vec!["slip", "B03-1-000001"],
        vec!["user", "list"],
        vec!["import", "fixes"],
        vec!["backup", copy],
        vec!["backup", "--every-hour", "off"],
        vec!["printer", &slips],
        vec!["printer"],
        vec!["rebuild"],
        vec!["restore", copy],
    ];
    // A first password is good for nothing but choosing one's own.
    for command in &commands {
        let args: Vec<&str> = ["--as", "shi"].iter().chain(command).copied().collect();
        assert_eq!(meterdesk(&db, &args, "", Some("given-1")).status.code(), Some(4), "{command:?}");
    }
    let own = ["--as", "shi", "--password-stdin", "user", "password"];
    assert!(meterdesk(&db, &own, "given-1\ngiven-1\nown-pass-1\n", None).status.success());
    let may = ["find", "show", "slip"];
    for command in &commands {
        if command[0] != "import" {
            let nobody = meterdesk(&db, command, "", Some("secret-1"));
            assert_eq!(nobody.status.code(), Some(4), "{command:?} without --as");
        }
        let by = |user: &str, password: &str| {
            let args: Vec<&str> = ["--as", user].iter().chain(command).copied().collect();
            meterdesk(&db, &args, "", Some(password)).status.code()
        };
        assert_eq!(by("admin", "wrong"), Some(4), "{command:?} with a wrong password");
        let (code, allowed) = (by("shi", "own-pass-1"), may.contains(&command[0]) || command[..] == ["report", "cash"]);
        assert_eq!(code != Some(4), allowed, "{command:?} without the right: {code:?}");
        assert!(matches!(by("admin", "secret-1"), Some(0 | 1)), "{command:?} with the right");
    }
    let log = meterdesk(&db, &["--as", "admin", "report", "access", "--format", "json"], "", Some("secret-1"));
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("用户名单") && log.contains("admin"), "{log}");

    let practice = folder.path().join("p.db");
    let init = ["init", "--practice", "--site", "B04", "--name", "练习"];
    assert!(meterdesk(&practice, &init, "", None).status.success());
    for command in [vec!["find", "王"], vec!["report", "cash"], vec!["user", "list"], vec!["rebuild"], vec!["printer"]]
    {
        assert_eq!(meterdesk(&practice, &command, "", None).status.code(), Some(0), "{command:?}");
        let args: Vec<&str> = ["--as", "boss"].iter().chain(&command).copied().collect();
        assert_eq!(meterdesk(&practice, &args, "", None).status.code(), Some(0), "{command:?}");
    }
    let seat = ["--as", "desk", "user", "list"];
    assert_eq!(meterdesk(&practice, &seat, "", None).status.code(), Some(4), "a right is asked of who is named");
}

/// What another site's is, is that site's: only paying, asking, reporting and applying go on at any counter.
#[test]
fn another_sites_accounts_bills_readings_and_workers_are_left_to_it() {
    let (mut north, mut south) = (book("B03"), book("B04"));
    for (book, digit) in [(&mut north, 1), (&mut south, 2)] {
        let owing = town::account(&format!("3{digit}00000002"), "王军义", "supplied", 8_500);
        water::branch(book, &[water::resident(&format!("3{digit}00000001")), owing]);
        book.act(
            "boss",
            "worker.add",
            json!({ "code": format!("w{digit}"), "name": "李强", "team": "抢修班", "area": "城区" }),
        );
    }
    water::read(&mut south, "3200000001", "2026-10-12", "130");
    water::bill(&mut south, "2026-10");
    let bill = water::bills(&south, "3200000001")[0].id;
    let worker = south.desk.look().unwrap().workers_of_text("w2").unwrap()[0].id;
    let reading = json!({ "account": "3200000001", "value": "140", "date": "2026-11-12", "source": "card" });
    let seen = json!({ "account": "3200000002", "field": "mobile", "seen": null, "value": "13987654321" });
    south.try_act("room", "reading.enter", &reading).unwrap();
    north.receive_from(&south);
    let later = json!({ "account": "3200000001", "value": "150", "date": "2026-11-20", "source": "card" });
    for (user, action, input) in [
        ("room", "bill.cancel", json!({ "bill": bill, "reason": "量错" })),
        ("room", "bill.issue", json!({ "account": "3200000001" })),
        ("room", "reading.enter", later),
        ("room", "account.amend", seen),
        ("boss", "worker.amend", json!({ "worker": worker, "phone": "13800000000" })),
    ] {
        let refusal = refused(&mut north, user, action, &input);
        assert_eq!((refusal.kind, refusal.first_rule()), (RefusalKind::Permission, "site"), "{action}: {refusal}");
        assert!(refusal.message().contains("B04"), "{refusal}");
    }
    north.act("demo", "shift.open", json!({ "float": "0.00" }));
    north.act("demo", "payment.take", json!({ "account": "3200000002" }));
    let leak = json!({ "service": "fault", "account": "3200000002", "fields": { "kind": "漏水", "area": "城区" } });
    north.act("demo", "intake.take", leak);
}

/// The table of the rights: every action with the roles that may do it, and whether it may be about another site's account or
/// other subject, at a branch and at the head office. Made anew with METERDESK_WRITE_RIGHTS=1, and then read against the papers of
/// the posts.
#[test]
fn every_role_with_every_action_own_and_other_site_is_as_the_table_says() {
    let mut branch = book("B01");
    let other = book("B02");
    branch.receive_from(&other);
    let mut centre = office("H00");
    centre.receive_from(&other);
    for role in rights::roles() {
        let login = role.code.replace('_', "-");
        branch.act(
            "boss",
            "user.add",
            json!({ "login": login, "name": "人", "roles": [role.code], "password": "demo" }),
        );
    }
    let foreign: Id = "B02.1.9".parse().unwrap();
    let verdict = |book: &Book, def: &meterdesk::desk::action::Def, kind: Kind| {
        let tx = book.desk.look().unwrap();
        if whose::require(&tx, def, &[Subject::new(kind, foreign)]).is_ok() { "yes" } else { "no" }
    };
    let mut table = String::from("action\tother account\tother subject\tat head office\troles\n");
    for def in ACTIONS {
        let mut may = Vec::new();
        for role in rights::roles() {
            branch.desk.sign_in_practice(&role.code.replace('_', "-")).unwrap();
            let outcome = branch.desk.perform(def.name, "{\"nothing such\": 1}", Call::default());
            let refusal = outcome.expect_err(def.name);
            if refusal.kind != RefusalKind::Permission {
                may.push(role.code.as_str());
            }
            let key = Call { key: Some("matrix"), at: None };
            let with_key = branch.desk.perform(def.name, "{\"nothing such\": 1}", key).expect_err(def.name);
            assert_eq!(with_key.kind, refusal.kind, "{} {}", role.code, def.name);
        }
        let (account, subject) = (verdict(&branch, def, Kind::Account), verdict(&branch, def, Kind::Worker));
        let at_centre = verdict(&centre, def, Kind::Account);
        writeln!(table, "{}\t{account}\t{subject}\t{at_centre}\t{}", def.name, may.join(" ")).unwrap();
    }
    for right in rights::BESIDE_ACTIONS {
        let mut may = Vec::new();
        for role in rights::roles() {
            branch.desk.sign_in_practice(&role.code.replace('_', "-")).unwrap();
            if branch.desk.may(right).is_ok() {
                may.push(role.code.as_str());
            }
        }
        writeln!(table, "{right}\t-\t-\t-\t{}", may.join(" ")).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rights.tsv");
    if std::env::var_os("METERDESK_WRITE_RIGHTS").is_some() {
        std::fs::write(path, table).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path).unwrap();
    for (now, kept) in table.lines().zip(kept.lines()) {
        assert_eq!(now, kept);
    }
    assert_eq!(table.lines().count(), kept.lines().count());
}
