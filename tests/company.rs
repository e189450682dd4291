//! A branch and its head office come to know each other; what each says of the other counts, in every order of arrival.

mod support;

use chrono::{DateTime, Duration, FixedOffset};
use meterdesk::book::clock::FixedClock;
use meterdesk::derive::site::{AcceptedFork, subject_of};
use meterdesk::derive::{self, rebuild};
use meterdesk::desk::open::NewSite;
use meterdesk::desk::refusal::Refusal;
use meterdesk::desk::{Call, Desk};
use meterdesk::exchange::peers;
use meterdesk::exchange::site_keys::{Rotation, SiteKeys};
use meterdesk::rules::id::{Id, Site};
use meterdesk::store::OpenOptions;
use meterdesk::store::entries::EntryRow;
use serde_json::{Value, json};
use support::company::accept;
use support::orders::{Chance, moment};

fn new_site(code: &'static str, head_office: bool) -> NewSite<'static> {
    let name = if head_office { "总部" } else { "城南营业所" };
    let (utility, login, manager, password) = ("water", "boss", "主任", "demo");
    NewSite { site: code, name, utility, head_office, practice: true, login, manager, password }
}

/// A practice book in memory.
fn book(code: &'static str, head_office: bool) -> Desk {
    let mut desk = Desk::in_memory(code, Box::new(FixedClock::at(moment()))).unwrap();
    desk.begin(&new_site(code, head_office)).unwrap();
    desk
}

fn try_act(desk: &mut Desk, action: &str, input: &Value) -> Result<(Id, Value), Refusal> {
    desk.sign_in_practice("boss")?;
    let done = desk.perform(action, &input.to_string(), Call::default())?;
    Ok((done.entry.unwrap_or_default(), serde_json::from_str(&done.result).unwrap()))
}

fn act(desk: &mut Desk, action: &str, input: Value) -> Id {
    try_act(desk, action, &input).unwrap_or_else(|error| panic!("{action}: {error:?}")).0
}

fn refused(desk: &mut Desk, action: &str, input: Value) -> String {
    try_act(desk, action, &input).expect_err(action).message()
}

fn entries(desk: &Desk) -> Vec<EntryRow> {
    desk.look().unwrap().entries_after(Id(0), 100_000).unwrap()
}

fn receive<'e>(desk: &mut Desk, entries: impl IntoIterator<Item = &'e EntryRow>) {
    let tx = desk.db_mut().write().unwrap();
    for entry in entries {
        derive::receive(&tx, entry).unwrap();
    }
    tx.commit().unwrap();
}

fn pass(from: &Desk, to: &mut Desk) {
    receive(to, &entries(from));
}

fn card_of(desk: &Desk) -> (String, String) {
    let (card, text) = desk.site_card().unwrap();
    (text, card.keys.fingerprint())
}

fn trust(branch: &mut Desk, office: &Desk) -> Id {
    let (card, fingerprint) = card_of(office);
    act(branch, "site.trust", json!({ "card": card, "fingerprint": fingerprint }))
}

fn enrol(office: &mut Desk, branch: &Desk, roles: &[&str]) -> Id {
    let (card, fingerprint) = card_of(branch);
    let input =
        json!({ "card": card, "fingerprint": fingerprint, "areas": ["新区"], "roles": roles, "good_for_days": 10 });
    act(office, "site.enrol", input)
}

/// The same entries in many orders of arrival give one state, equal to a rebuild.
fn one_state(common: &[EntryRow], late: &[EntryRow]) -> Desk {
    let state = |order: &[usize]| {
        let mut desk = Desk::in_memory("Z9", Box::new(FixedClock::at(moment()))).unwrap();
        receive(&mut desk, common);
        receive(&mut desk, order.iter().map(|index| &late[*index]));
        desk
    };
    let forward: Vec<usize> = (0..late.len()).collect();
    let mut desk = state(&forward);
    let hash = desk.look().unwrap().state_hash().unwrap();
    rebuild::rebuild(desk.db_mut(), |_| {}).unwrap();
    assert_eq!(desk.look().unwrap().state_hash().unwrap(), hash, "incremental differs from rebuild");
    let mut chance = Chance(11);
    for _ in 0..120 {
        let mut order = forward.clone();
        for index in (1..order.len()).rev() {
            order.swap(index, chance.below(index as u64 + 1) as usize);
        }
        let names: Vec<&str> = order.iter().map(|index| late[*index].action.as_str()).collect();
        assert_eq!(state(&order).look().unwrap().state_hash().unwrap(), hash, "{names:?}");
    }
    desk
}

fn after(desk: &Desk, known: &[EntryRow]) -> Vec<EntryRow> {
    entries(desk).into_iter().filter(|entry| known.iter().all(|old| old.id != entry.id)).collect()
}

#[test]
fn a_branch_and_its_head_office_know_each_other_after_two_cards() {
    let (mut office, mut branch) = (book("H", true), book("B03", false));
    trust(&mut branch, &office);
    enrol(&mut office, &branch, &["clerk"]);
    pass(&branch, &mut office);
    pass(&office, &mut branch);
    let tx = branch.look().unwrap();
    let known = peers::head_office(&tx).unwrap().unwrap();
    assert_eq!((known.site.as_str(), known.head_office, known.revoked), ("H", true, false));
    assert_eq!(*known.seal_to(), office.site_keys().unwrap().public());
    assert!(peers::peer(&tx, "B07").unwrap().is_none());
    let tx = office.look().unwrap();
    let known = peers::enrolled(&tx).unwrap().remove(0);
    assert_eq!(known.site.as_str(), "B03");
    assert_eq!(known.areas, ["new"]);
    assert_eq!(*known.seal_to(), branch.site_keys().unwrap().public());
    assert!(peers::head_office(&tx).unwrap().is_none());
}

#[test]
fn a_card_that_does_not_fit_is_refused_in_words() {
    let (mut office, mut branch) = (book("H", true), book("B03", false));
    let (office_card, office_print) = card_of(&office);
    let (branch_card, branch_print) = card_of(&branch);
    let give = |card: &str, print: &str| json!({ "card": card, "fingerprint": print });
    let said = refused(&mut branch, "site.trust", give(&office_card, &branch_print));
    assert!(said.contains("指纹不符") && !said.contains(&office_print[..4]), "{said}");
    assert!(refused(&mut branch, "site.trust", give("x", &office_print)).contains("不是网点名片"));
    let changed = office_card.replace("总部", "分部");
    assert!(refused(&mut branch, "site.trust", give(&changed, &office_print)).contains("签名不符"));
    assert!(refused(&mut branch, "site.trust", give(&branch_card, &branch_print)).contains("自己的名片"));
    assert!(refused(&mut office, "site.enrol", give(&office_card, &office_print)).contains("自己的名片"));
    assert!(refused(&mut branch, "site.enrol", give(&office_card, &office_print)).contains("不是总部"));
    assert!(refused(&mut office, "site.trust", give(&branch_card, &branch_print)).contains("本网点就是总部"));
    let other = book("B07", false);
    let (other_card, other_print) = card_of(&other);
    assert!(refused(&mut branch, "site.trust", give(&other_card, &other_print)).contains("不是总部"));
    let folder = tempfile::tempdir().unwrap();
    let real = NewSite { practice: false, password: "long enough 7", ..new_site("B09", false) };
    let clock = Box::new(FixedClock::at(moment()));
    let (real, _) = Desk::create(&folder.path().join("r.db"), OpenOptions::default(), clock, &real).unwrap();
    let (card, print) = card_of(&real);
    assert!(refused(&mut office, "site.enrol", give(&card, &print)).contains("练习库"));
    trust(&mut branch, &office);
    assert!(refused(&mut branch, "site.trust", give(&office_card, &office_print)).contains("已经认定"));
    assert!(refused(&mut office, "site.revoke", json!({ "site": "B03", "reason": "丢失" })).contains("B03"));
}

#[test]
fn what_sites_say_of_each_other_gives_one_state_in_every_order() {
    let (mut office, mut branch) = (book("H", true), book("B03", false));
    let mut common = entries(&office);
    common.extend(entries(&branch));
    trust(&mut branch, &office);
    act(
        &mut branch,
        "user.add",
        json!({ "login": "yi", "name": "一", "roles": ["clerk", "data_director"], "password": "demo" }),
    );
    enrol(&mut office, &branch, &["clerk"]);
    // No head is signed for here: one that is not the branch's own would freeze it.
    accept(&mut office, "B03", |body| {
        body.clock_ahead_ms = 3_600_000;
        body.heads.clear();
    });
    pass(&office, &mut branch);
    act(&mut branch, "clock.confirm", json!({ "reason": "时区设错，已改" }));
    branch.rotate_site_keys().unwrap();
    accept(&mut office, "B03", |body| {
        body.heads[0].seq = 5;
        body.ahead = vec!["B03.1.4".parse().unwrap()];
        body.forks =
            vec![AcceptedFork { place: "B03.1.3".parse().unwrap(), held: "22".repeat(32), other: "33".repeat(32) }];
    });
    act(&mut office, "site.amend", json!({ "site": "B03", "roles": ["seat"], "everything": true }));
    act(&mut office, "site.thaw", json!({ "site": "B03", "reason": "旧机器已收回" }));
    accept(&mut office, "B03", |body| body.heads[0].seq = 4);
    let mut late = after(&office, &common);
    late.extend(after(&branch, &[common.clone(), late.clone()].concat()));
    let merged = one_state(&common, &late);
    let tx = merged.look().unwrap();
    let bond = tx.bond(subject_of(&Site::parse("B03").unwrap()), "H").unwrap().unwrap();
    assert!(bond.frozen.is_none() && bond.everything && bond.clock_said.is_none());
    let heads = tx.heads_signed(bond.site, "H").unwrap();
    assert_eq!(heads.iter().map(|head| head.seq).collect::<Vec<_>>(), [5], "a counter-signed head never goes back");
    let open = tx.open_exceptions().unwrap();
    assert_eq!(open.iter().map(|row| row.what.as_str()).collect::<Vec<_>>(), ["stamp_ahead"]);
    let beyond: Vec<_> = tx.open_clashes().unwrap().into_iter().filter(|row| row.what == "role_delegation").collect();
    assert_eq!(beyond.len(), 2, "the amended delegation names neither role: {beyond:?}");
}

#[test]
fn revoked_keys_count_again_only_after_a_new_card_and_rotated_ones_follow_by_themselves() {
    let (mut office, mut branch) = (book("H", true), book("B03", false));
    enrol(&mut office, &branch, &[]);
    let first = branch.site_keys().unwrap().public();
    branch.sign_in_practice("boss").unwrap();
    branch.rotate_site_keys().unwrap();
    let second = branch.site_keys().unwrap().public();
    let keys = |office: &Desk| {
        let peer = peers::peer(&office.look().unwrap(), "B03").unwrap().unwrap();
        (peer.keys, peer.revoked)
    };
    assert_eq!(keys(&office).0, std::slice::from_ref(&first));
    let peer = peers::peer(&office.look().unwrap(), "B03").unwrap().unwrap();
    let rotations = branch.site_keys().unwrap().rotations().to_vec();
    assert_eq!(peer.key_named(&second.name(), &rotations), Some(second.clone()), "by the certificate of a header");
    pass(&branch, &mut office);
    assert_eq!(keys(&office).0, [second, first]);
    act(&mut office, "site.revoke", json!({ "site": "B03", "reason": "机器被盗" }));
    assert!(keys(&office).1);
    enrol(&mut office, &branch, &[]);
    assert!(!keys(&office).1);
    let other = book("B07", false);
    let common = entries(&other);
    one_state(&common, &entries(&office));
}

#[test]
fn a_code_that_is_a_living_branch_s_with_one_letter_more_was_enrolled_and_counted_as_its_successor() {
    let mut office = book("H", true);
    let branches: Vec<Desk> = ["B03", "B03A", "B0", "B4", "B03AB"].iter().map(|code| book(code, false)).collect();
    let [old, new, short, other, third] = &branches[..] else { panic!() };
    let mut ask = |branch: &Desk| {
        let (card, fingerprint) = card_of(branch);
        let input = json!({ "card": card, "fingerprint": fingerprint });
        office.sign_in_practice("boss").unwrap();
        office.perform("site.enrol", &input.to_string(), Call::default()).map(|_| ()).map_err(|no| no.message())
    };
    ask(old).unwrap();
    ask(other).unwrap();
    assert!(ask(new).unwrap_err().contains("site revoke B03"));
    assert!(ask(short).unwrap_err().contains("换一个代码"), "B03 would take over from it");
    ask(third).unwrap();
    assert!(ask(new).is_err());
    ask(old).unwrap();
    let mut office = book("H", true);
    enrol(&mut office, old, &[]);
    act(&mut office, "site.revoke", json!({ "site": "B03", "reason": "启用号用完" }));
    enrol(&mut office, new, &[]);
    assert!(peers::peer(&office.look().unwrap(), "B03").unwrap().unwrap().revoked);
}

/// Revoked too early: what it still sent is taken in, and meanwhile its successor is not believed.
#[test]
fn an_old_code_enrolled_again_stood_beside_its_successor_and_both_wrote_about_what_it_had_made() {
    let (old, new) = (book("B03", false), book("B03A", false));
    let mut office = book("H", true);
    let revoke =
        |office: &mut Desk, code: &str| act(office, "site.revoke", json!({ "site": code, "reason": "启用号用完" }));
    let believed = |office: &Desk| {
        let peers = peers::enrolled(&office.look().unwrap()).unwrap();
        peers.into_iter().filter(|peer| !peer.revoked).map(|peer| peer.site.to_string()).collect::<Vec<_>>()
    };
    let again = |office: &mut Desk, branch: &Desk| {
        let (card, fingerprint) = card_of(branch);
        refused(office, "site.enrol", json!({ "card": card, "fingerprint": fingerprint }))
    };
    enrol(&mut office, &old, &[]);
    revoke(&mut office, "B03");
    enrol(&mut office, &new, &[]);
    let said = again(&mut office, &old);
    assert!(said.contains("site revoke B03A"), "{said}");
    assert_eq!(believed(&office), ["B03A"]);
    revoke(&mut office, "B03A");
    enrol(&mut office, &old, &[]);
    assert_eq!(believed(&office), ["B03"]);
    let said = again(&mut office, &new);
    assert!(said.contains("site revoke B03"), "{said}");
    revoke(&mut office, "B03");
    enrol(&mut office, &new, &[]);
    assert_eq!(believed(&office), ["B03A"]);
}

#[test]
fn a_certificate_nobody_signed_is_passed_over() {
    let (mut office, mut branch) = (book("H", true), book("B03", false));
    enrol(&mut office, &branch, &[]);
    branch.sign_in_practice("boss").unwrap();
    branch.rotate_site_keys().unwrap();
    let new = branch.site_keys().unwrap().public();
    let peer = peers::peer(&office.look().unwrap(), "B03").unwrap().unwrap();
    let certificate = branch.site_keys().unwrap().rotations()[0].clone();
    assert!(peer.key_named(&new.name(), std::slice::from_ref(&certificate)).is_some());
    let mut unsigned = certificate.clone();
    unsigned.signature = "00".repeat(64);
    let mut altered = certificate.clone();
    altered.at = format!("{}x", altered.at);
    let mut by_another = certificate;
    let message = Rotation::message(&by_another.from, &by_another.keys, &by_another.at);
    let thief = SiteKeys::from_seed([3; 32]).sign(&message);
    by_another.signature = thief.iter().map(|byte| format!("{byte:02x}")).collect();
    for forged in [unsigned, altered, by_another] {
        assert_eq!(peer.key_named(&new.name(), &[forged]), None);
    }
}

#[test]
fn a_branch_gives_only_what_was_delegated_to_it_and_head_office_gives_the_rest() {
    let (mut office, mut branch) = (book("H", true), book("B03", false));
    let add = |login: &str, roles: &[&str]| json!({ "login": login, "name": "人", "roles": roles, "password": "demo" });
    act(&mut branch, "user.add", add("early", &["data_director"]));
    trust(&mut branch, &office);
    act(&mut branch, "user.add", add("between", &["data_director", "clerk"]));
    enrol(&mut office, &branch, &["clerk", "seat"]);
    pass(&office, &mut branch);
    let may = |branch: &Desk, login: &str, action: &str| {
        let tx = branch.look().unwrap();
        let user = tx.users_of_login(login).unwrap().remove(0);
        meterdesk::desk::rights::Rights::of(&tx, user.id, moment().date_naive()).unwrap().allow(action)
    };
    assert!(may(&branch, "early", "adjustment.decide"), "head office enrolled the branch as it stood");
    assert!(!may(&branch, "between", "adjustment.decide"), "given after, beyond what was delegated");
    assert!(may(&branch, "between", "payment.take"));
    let said = refused(&mut branch, "user.add", add("late", &["seat", "finance"]));
    assert!(said.contains("finance") && said.contains("总部"), "{said}");
    let said = refused(&mut branch, "user.right", json!({ "user": "early", "role": "finance" }));
    assert!(said.contains("总部"), "{said}");
    act(&mut branch, "user.right", json!({ "user": "early", "role": "seat" }));
    act(&mut branch, "user.right", json!({ "user": "early", "role": "data_director", "withdraw": true }));
    pass(&branch, &mut office);
    office.set_clock(Box::new(FixedClock::at(moment() + Duration::minutes(1))));
    act(&mut office, "user.right", json!({ "user": "between@B03", "role": "data_director" }));
    pass(&office, &mut branch);
    assert!(may(&branch, "between", "adjustment.decide"), "head office's own word counts");
    assert!(branch.look().unwrap().open_clashes().unwrap().iter().all(|row| row.what != "role_delegation"));
}

#[test]
fn without_word_from_head_office_approvals_stop_and_the_till_goes_on() {
    let (mut office, mut branch) = (book("H", true), book("B03", false));
    let check = json!({ "request": "B03.1.9", "approve": true });
    let late = |desk: &mut Desk, days: i64| {
        let at: DateTime<FixedOffset> = moment() + Duration::days(days);
        desk.set_clock(Box::new(FixedClock::at(at)));
    };
    let director = json!({ "login": "dir", "name": "孙", "roles": ["data_director", "clerk"], "password": "demo" });
    act(&mut branch, "user.add", director);
    let says = |branch: &mut Desk, action: &str, input: &Value| {
        branch.sign_in_practice("dir").unwrap();
        branch
            .perform(action, &input.to_string(), Call::default())
            .map_or_else(|error| error.message(), |_| String::new())
    };
    late(&mut branch, 400);
    assert!(
        !says(&mut branch, "adjustment.check", &check).contains("审批暂停"),
        "without head office there is no limit"
    );
    late(&mut branch, 0);
    trust(&mut branch, &office);
    enrol(&mut office, &branch, &["clerk"]);
    pass(&office, &mut branch);
    late(&mut branch, 10);
    assert!(!says(&mut branch, "adjustment.check", &check).contains("审批暂停"));
    late(&mut branch, 11);
    let said = says(&mut branch, "adjustment.check", &check);
    assert!(said.contains("审批暂停") && said.contains("10 天"), "{said}");
    assert_eq!(says(&mut branch, "shift.open", &json!({ "float": "100.00" })), "");
    late(&mut office, 11);
    act(&mut office, "site.amend", json!({ "site": "B03", "good_for_days": 20 }));
    pass(&office, &mut branch);
    assert!(!says(&mut branch, "adjustment.check", &check).contains("审批暂停"), "any entry of head office is word");
}

#[test]
fn head_office_opens_a_number_that_a_branch_sealed_once_the_branch_has_handed_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let create = |code: &'static str, head_office| {
        let path = folder.path().join(format!("{code}.db"));
        let clock = Box::new(FixedClock::at(moment()));
        Desk::create(&path, OpenOptions::default(), clock, &new_site(code, head_office)).unwrap().0
    };
    let (mut office, mut branch) = (create("H", true), create("B03", false));
    let sealed = branch.keys().seal("resident_id", "530124194610038814").unwrap();
    assert!(office.keys().open_sealed("resident_id", &sealed).unwrap_err().to_string().contains("别的网点密封"));
    enrol(&mut office, &branch, &[]);
    office.take_over_data_keys().unwrap();
    assert!(
        office.keys().open_sealed("resident_id", &sealed).is_err(),
        "that card came before the branch trusted anyone"
    );
    trust(&mut branch, &office);
    enrol(&mut office, &branch, &[]);
    drop(office);
    let path = folder.path().join("H.db");
    let mut office = Desk::open(&path, OpenOptions::default(), Box::new(FixedClock::at(moment()))).unwrap();
    assert_eq!(*office.keys().open_sealed("resident_id", &sealed).unwrap(), "530124194610038814");
    assert!(office.company().unwrap().peers[0].opens_sealed);
    let from_office = peers::head_office(&branch.look().unwrap()).unwrap().unwrap();
    let to_branch = peers::peer(&office.look().unwrap(), "B03").unwrap().unwrap();
    let secret = meterdesk::exchange::secret::company_secret_for(office.keys(), &to_branch);
    assert!(branch.take_over_secret(&from_office, &secret).unwrap().search);
    assert_eq!(branch.keys().search_hash("x"), office.keys().search_hash("x"));
    let secret = meterdesk::exchange::secret::company_secret_for(branch.keys(), &from_office);
    assert!(!office.take_over_secret(&to_branch, &secret).unwrap().is_news(), "the card brought it already");
}

#[test]
fn a_business_of_the_company_takes_the_place_of_the_built_in_one_and_a_faulty_file_is_refused_with_its_line() {
    let mut office = book("H", true);
    let built_in = include_str!("../assets/services/consult.toml");
    let own = built_in.replace("name     = \"咨询\"", "name     = \"咨询台\"");
    let name = |desk: &Desk| {
        let loaded = meterdesk::desk::catalogue::of(&desk.look().unwrap());
        loaded.catalogue.get("consult").unwrap().name.clone()
    };
    assert_eq!(name(&office), "咨询");
    act(&mut office, "catalogue.put", json!({ "file": "consult.toml", "text": own }));
    assert_eq!(name(&office), "咨询台");
    let said = refused(&mut office, "catalogue.put", json!({ "file": "x.toml", "text": "code = \"x\"\nname = 3\n" }));
    assert!(said.contains("x.toml") && said.contains("第2行"), "{said}");
    let again = own.replace("咨询台", "问询");
    act(&mut office, "catalogue.put", json!({ "file": "consult.toml", "text": again }));
    assert_eq!(name(&office), "问询");
    let mut other = book("B03", false);
    act(&mut other, "catalogue.put", json!({ "file": "consult.toml", "text": own }));
    pass(&office, &mut other);
    assert_eq!(name(&other), "问询", "two texts loaded apart: head office's counts");
    assert!(other.look().unwrap().open_clashes().unwrap().iter().any(|row| row.what == "service"));
    act(&mut other, "catalogue.put", json!({ "file": "consult.toml", "text": again }));
    assert_eq!(name(&other), "问询");
    let late: Vec<EntryRow> = entries(&other).into_iter().filter(|entry| entry.action == "catalogue.put").collect();
    one_state(&[], &late);
}
