//! The search box whole: what a clerk types against accounts in a database.

mod places;
mod together;
mod whole;

use proptest::prelude::*;
use rusqlite::params;

use super::*;
use crate::store::local::note_words;
use crate::text::pinyin::{Kind, initials, syllables};
use crate::text::words::{Script, parts};

/// An account's row, as far as the search box reads it.
#[derive(Clone)]
struct Row {
    id: i64,
    no: String,
    name: String,
    address: String,
    initials: Option<String>,
    phones: [Option<String>; 2],
}

fn account(id: i64, no: &str, name: &str, address: &str) -> Row {
    let (no, name, address) = (no.to_owned(), name.to_owned(), address.to_owned());
    Row { id, no, name, address, initials: None, phones: [None, None] }
}

/// A branch in memory with these accounts, the index in step.
struct Branch {
    db: Db,
    owes: Owes,
}

impl Branch {
    fn with(rows: Vec<Row>) -> Self {
        let mut branch = Self { db: Db::in_memory().unwrap(), owes: Owes::default() };
        branch.change(rows);
        branch.db.reindex_search(|_| true).unwrap();
        branch
    }

    /// Accounts of the made-up town.
    fn town(accounts: u64) -> Self {
        let mut branch = Self::with(Vec::new());
        branch.change((0..accounts).map(sampled).collect());
        branch.db.conn().execute_batch("BEGIN").unwrap();
        (0..accounts).for_each(|n| branch.meter(id(n), &sample::account(n).meter));
        branch.db.conn().execute_batch("COMMIT").unwrap();
        branch.db.refresh_search(|_| true).unwrap();
        branch
    }

    /// Changes accounts as an action does: rows, and a note for the index.
    fn change(&mut self, rows: Vec<Row>) {
        let tx = self.db.write().unwrap();
        let columns = ["id", "no", "name", "address", "initials", "mobile", "phone"];
        let sql = sample::insert(tx.conn(), "d_account", &columns).unwrap();
        for row in rows {
            let values = params![row.id, row.no, row.name, row.address, row.initials, row.phones[0], row.phones[1]];
            tx.conn().prepare_cached(&sql).unwrap().execute(values).unwrap();
            note_words(&tx, &[Id(row.id)].into()).unwrap();
        }
        tx.commit().unwrap();
    }

    fn meter(&self, account: i64, no: &str) {
        let sql = sample::insert(self.db.conn(), "d_meter", &["account", "id", "no"]).unwrap();
        self.db.conn().execute(&sql, params![account, account, no]).unwrap();
    }

    fn bill(&self, account: i64, id: i64, unpaid: i64) {
        let sql = sample::insert(self.db.conn(), "d_bill", &["account", "id", "unpaid"]).unwrap();
        self.db.conn().execute(&sql, params![account, id, unpaid]).unwrap();
    }

    fn find(&self, text: &str) -> Vec<i64> {
        self.hits(text).ids.iter().map(|id| id.0).collect()
    }

    fn hits(&self, text: &str) -> Hits {
        self.db.look().unwrap().find(text, 5_000, &self.owes).unwrap()
    }
}

fn id(n: u64) -> i64 {
    ((n / 150 + 10) * 512 + n % 150) as i64
}

fn sampled(n: u64) -> Row {
    let one = sample::account(n);
    let mut phones = one.phones.into_iter();
    Row { phones: [phones.next(), phones.next()], ..account(id(n), &one.no, &one.name, &one.address) }
}

fn four() -> Branch {
    let phoned = |row, mobile: &str| Row { phones: [Some(mobile.to_owned()), None], ..row };
    let mut branch = Branch::with(vec![
        phoned(account(1, "10023377", "曾世芳", "人民路12号33幢2单元0502"), "13912345678"),
        account(2, "10023391", "王建国", "人民路12号33幢2单元0503"),
        phoned(account(3, "10087120", "老王面馆", "人民路125号商铺"), "0571-88012345"),
        account(4, "10090017", "用户", "人民路12号5幢1单元0105"),
        account(5, "10090018", "李䶮𠮷", "厦门路7号Ａ座３０１室"),
    ]);
    branch.meter(1, "M0031877");
    branch.meter(3, "LC2200001932");
    branch.db.reindex_search(|_| true).unwrap();
    branch.owes.set(Id(4));
    branch
}

#[test]
fn everything_a_clerk_may_know_finds_the_account() {
    let branch = four();
    for (text, ids) in [
        ("10023377", &[1][..]),
        ("100233", &[1, 2]),
        ("１００２３３９１", &[2]),
        ("m0031877", &[1]),
        ("M0031", &[1]),
        ("lc22000", &[3]),
        ("1932", &[3]),
        ("13912345678", &[1]),
        ("139 1234 5678", &[1]),
        ("5678", &[1]),
        ("0571-88012345", &[3]),
        ("057188", &[3]),
        ("曾世芳", &[1]),
        ("zsf", &[1]),
        ("ZS", &[1]),
        ("世芳", &[1]),
        ("lwmg", &[3]),
        ("wmg", &[3]),
        ("ly", &[5]),
        ("𠮷", &[5]),
        ("xml7", &[5]),
        ("xml 301", &[5]),
        ("厦门路7号a座", &[5]),
        ("rml 12 502", &[1]),
        ("502 12 rml", &[1]),
        ("人民路12 0502", &[1]),
        ("人民路１２号 ５０２", &[1]),
        ("人民路12号33幢2单元0502", &[1]),
        ("33幢2单元", &[1, 2]),
        ("rml12 5", &[4, 1, 2]),
        ("曾 12", &[1]),
        ("rml125", &[3]),
        ("502 5678", &[1]),
        ("13912 rml", &[1]),
        ("13912 xml", &[]),
        ("10023377 13912345678", &[1]),
        ("李四", &[]),
        // The less likely reading, since nobody is found by the likely one.
        ("csf", &[1]),
        ("", &[]),
        (" -?*\"' ", &[]),
    ] {
        assert_eq!(branch.find(text), ids, "{text:?}");
    }
}

/// Two households whose addresses hold the same numbers, the wrong one with debts (人民路12号光明小区4幢4单元502室 opened 2幢4单元502).
fn estates() -> Branch {
    let rows = [
        (1, "人民路12号光明小区2幢4单元502室"),
        (2, "人民路12号光明小区4幢4单元502室"),
        (3, "建设路19号翠湖花园1幢3单元302室"),
        (4, "建设路19号翠湖花园3幢4单元302室"),
        (5, "建设路19号翠湖花园19幢3单元302室"),
        (6, "建设路19号翠湖花园3幢19单元302室"),
        (7, "光明小区2幢3单元502室"),
        (8, "光明小区3幢2单元502室"),
        (9, "光明小区1幢3单元101室"),
        (10, "光明小区3-1-0101"),
        (11, "王家村"),
        (12, "王家村小学"),
        (13, "建设路302号"),
    ];
    let rows = rows.map(|(id, address)| account(id, &format!("2000{id:04}"), "用户", address));
    let mut branch = Branch::with(rows.to_vec());
    [1, 3, 4, 6, 7, 9, 12].iter().for_each(|id| branch.owes.set(Id(*id)));
    branch
}

#[test]
fn an_address_typed_with_its_numbers_in_order_finds_that_household_first() {
    let branch = estates();
    for (text, first) in [
        ("人民路12号光明小区4幢4单元502室", 2),
        ("人民路12号光明小区4幢4单元502", 2),
        ("gmxq 4 4 502", 2),
        ("gmxq4-4-502", 2),
        ("光明小区 4幢4单元0502", 2),
        ("建设路19号翠湖花园19幢3单元302室", 5),
        ("翠湖19-3-302", 5),
        ("翠湖 １９ ３ ３０２", 5),
        ("建设路19号翠湖花园3幢4单元302室", 4),
        ("3幢2单元502", 8),
        ("光明小区3-2-502", 8),
        ("光明小区 3幢", 10),
        ("光明小区 3-1", 10),
        ("王家村", 11),
        ("建设路302", 13),
        ("19幢3单元302室翠湖花园", 5),
        ("4-4-502 光明", 2),
        ("302室3单元19幢", 5),
        ("光明小区四幢4单元502", 2),
        ("翠湖19．3．302", 5),
        ("翠湖19·3·302", 5),
    ] {
        assert_eq!(branch.find(text).first(), Some(&first), "{text}: {:?}", branch.find(text));
    }
    // Every number in its place before those that owe, whichever way round they were typed.
    assert!(branch.find("302 3 19 翠湖").contains(&5));
}

/// 翠湖 is an estate, 翠花 somebody at another one, and 12 the number of a house there.
#[test]
fn an_estate_spelled_out_is_no_given_name() {
    let mut branch = Branch::with(vec![
        account(1, "20000001", "沈翠花", "人民路12号光明小区9幢1单元102室"),
        account(2, "20000002", "用户", "建设路19号翠湖花园12幢1单元102室"),
        account(3, "20000003", "吴金桂", "人民路2号光明小区1幢3单元301室"),
        account(4, "20000004", "用户", "解放路26号金桂苑2幢1单元301室"),
    ]);
    [1, 3].iter().for_each(|id| branch.owes.set(Id(*id)));
    for text in ["cuihu12-1-102", "cuihu 12 1 102", "cuih12-1-102"] {
        assert_eq!(branch.find(text).first(), Some(&2), "{text}: {:?}", branch.find(text));
    }
    for text in ["jingui2-1-301", "jinguiyuan2-1-301"] {
        assert_eq!(branch.find(text).first(), Some(&4), "{text}: {:?}", branch.find(text));
    }
    assert_eq!(branch.find("cuihua"), [1]);
}

/// 刘玉兰 owes, and is no liuyan; n before yu is no ü; a letter behind a name is part of it.
#[test]
fn a_name_spelled_or_typed_whole_comes_before_those_that_only_begin_so() {
    let mut branch = Branch::with(vec![
        account(1, "30000001", "刘玉兰", "甲路1号"),
        account(2, "30000002", "刘艳", "甲路2号"),
        account(3, "30000003", "刘艳红", "甲路3号"),
        account(4, "30000004", "陈玉梅", "甲路4号"),
        account(5, "30000005", "林宇桐", "甲路5号"),
        account(6, "30000006", "李A", "甲路6号"),
        account(7, "30000007", "王B座", "甲路7号"),
        account(8, "30000008", "李安", "甲路8号"),
    ]);
    [1, 3, 8].iter().for_each(|id| branch.owes.set(Id(*id)));
    for (text, first) in [
        ("liuyan", 2),
        ("liuyanhong", 3),
        ("刘艳", 2),
        ("chenyumei", 4),
        ("linyutong", 5),
        ("lin yutong", 5),
        ("李A", 6),
        ("王B座", 7),
    ] {
        assert_eq!(branch.find(text).first(), Some(&first), "{text}: {:?}", branch.find(text));
    }
}

/// 4幢4单元 among many households of an estate, of which those of other buildings owe.
#[test]
fn two_equal_numbers_are_two_and_one_behind_a_name_is_a_building() {
    let mut rows = Vec::new();
    for building in 1..=9 {
        for unit in 1..=5 {
            for floor in 1..=6 {
                let address = format!("人民路12号光明小区{building}幢{unit}单元{floor}01室");
                rows.push(account(rows.len() as i64 + 1, &format!("4000{:04}", rows.len()), "用户", &address));
            }
        }
    }
    let of =
        |text: &str| -> Vec<i64> { rows.iter().filter(|row| row.address.contains(text)).map(|row| row.id).collect() };
    let (both, building) = (of("区4幢4单元"), of("区4幢"));
    let mut branch = Branch::with(rows.clone());
    (1..=rows.len() as i64).filter(|id| !building.contains(id)).for_each(|id| branch.owes.set(Id(id)));
    for text in ["光明小区 4 4", "gmxq 4 4", "光明4-4", "guangming4-4"] {
        assert_eq!(branch.find(text)[..both.len()], both, "{text}");
    }
    let mut first = branch.find("光明 4")[..building.len()].to_vec();
    first.sort_unstable();
    assert_eq!(first, building);
}

#[test]
fn names_are_found_by_whole_syllables_by_every_reading_and_without_their_dots() {
    let branch = Branch::with(vec![
        account(1, "30000001", "刘金凤", "甲路1号"),
        account(2, "30000002", "阿不都热合曼·买买提", "甲路2号"),
        account(3, "30000003", "古丽•阿依", "甲路3号"),
        account(4, "30000004", "单英", "甲路4号"),
        account(5, "30000005", "刘俊峰", "甲路5号"),
        account(6, "30000006", "吕梅", "翠湖花园6号"),
    ]);
    for (text, ids) in [
        ("liujinfeng", &[1][..]),
        ("LiuJinF", &[1]),
        ("liujunfeng", &[5]),
        ("liu jin feng", &[1]),
        ("liu", &[1, 5]),
        ("阿不都热合曼买买提", &[2]),
        ("阿不都热合曼·买买提", &[2]),
        ("阿不都热合曼・买买提", &[2]),
        ("热合曼买买提", &[2]),
        ("古丽阿依", &[3]),
        ("glay", &[3]),
        ("guliayi", &[3]),
        ("sy", &[4]),
        ("dy", &[4]),
        ("danying", &[4]),
        ("shanying", &[4]),
        ("lvmei", &[6]),
        ("lyumei", &[6]),
        ("cuihu 6", &[6]),
    ] {
        assert_eq!(branch.find(text), ids, "{text}");
    }
}

/// An address in letters: its names and the words behind its numbers spelled out, its numbers as they stand.
fn pieces_said(plain: &str) -> Vec<String> {
    let digits = |c: char| c.is_ascii_digit();
    let runs = plain.chars().collect::<Vec<_>>();
    let runs = runs.chunk_by(|a, b| digits(*a) == digits(*b) && a.is_alphanumeric() && b.is_alphanumeric());
    let spell = |run: &[char]| -> String {
        // Of several readings the one that the place has: 重庆 is chongqing.
        let letters = initials(&run.iter().collect::<String>(), Kind::Place, None).into_iter().next();
        let letters: Vec<char> = letters.filter(|l| l.len() == run.len()).unwrap_or_default().chars().collect();
        let fits = |at: usize, one: &&str| letters.get(at).is_none_or(|letter| one.starts_with(*letter));
        let one = |(at, c): (usize, &char)| {
            let said = syllables(*c).find(|one| fits(at, one));
            said.map_or_else(|| c.to_string(), str::to_owned)
        };
        run.iter().enumerate().map(one).collect()
    };
    runs.map(spell).filter(|run| !run.trim().is_empty()).collect()
}

/// The whole address of a household, and each short form people use, brings that household first, or others only that are as good.
fn short_forms(address: &str) -> Vec<String> {
    let plain = crate::text::width::normal(address);
    let pieces = parts(&plain);
    let numbers: Vec<&str> = pieces.iter().filter(|p| p.script == Script::Digits).map(|p| p.text).collect();
    let names: Vec<&str> = pieces.iter().filter(|p| p.script == Script::Han).map(|p| p.text).collect();
    let mut forms = vec![address.to_owned(), address.replace("号", "号 ")];
    let (Some(last), true) = (names.last(), numbers.len() >= 3) else { return forms };
    let tail = &numbers[numbers.len() - 3..];
    let bare: Vec<&str> = tail.iter().map(|number| number.trim_start_matches('0')).collect();
    let short: String = last.chars().take(2).collect();
    let letters = initials(last, Kind::Place, None).into_iter().next().unwrap_or_default();
    forms.push(format!("{last}{}-{}-{}", tail[0], tail[1], tail[2]));
    forms.push(format!("{short}{}-{}-{}", bare[0], bare[1], bare[2]));
    forms.push(format!("{letters} {} {} {}", bare[0], bare[1], bare[2]));
    forms.push(format!("{short}{}幢{}单元{}", bare[0], bare[1], bare[2]));
    forms.push(format!("{}幢{}单元{}室{last}", bare[0], bare[1], bare[2]));
    forms.push(format!("{}-{}-{} {short}", bare[0], bare[1], bare[2]));
    let spelled: String = short.chars().filter_map(|c| syllables(c).next()).collect();
    forms.push(format!("{spelled}{}-{}-{}", bare[0], bare[1], bare[2]));
    // The whole address in letters, 路, 号, 幢, 单元 and 室 among them, in one go and with blanks.
    let said: Vec<String> = pieces_said(&plain);
    forms.extend([said.concat(), said.join(" ")]);
    forms
}

fn finds_its_own_first(branch: &Branch, n: u64) {
    let address = sample::account(n).address;
    for form in short_forms(&address) {
        let found = branch.find(&form);
        let typed = crate::text::width::normal(&form);
        let typed = crate::text::address::Typed::new(&typed);
        let agreement = |id: i64| {
            let other = sample::account(((id / 512 - 10) * 150 + id % 512) as u64).address;
            typed.agrees(&crate::text::width::normal(&other))
        };
        let place = found.iter().position(|hit| *hit == id(n));
        let place = place.unwrap_or_else(|| panic!("{form:?} does not find {address}"));
        // Whoever stands before it is as good an answer: another household of the same place.
        let own = agreement(id(n));
        assert!(own <= crate::text::address::Agreement::InOneGo, "{form:?} for {address}: {own:?}");
        for other in &found[..place] {
            assert_eq!(agreement(*other), own, "{form:?} for {address}");
        }
    }
}

#[test]
fn of_twenty_thousand_households_each_is_first_by_its_own_address() {
    const ALL: u64 = 20_000;
    let mut branch = Branch::town(ALL);
    // The others owe, so that owing cannot help.
    (0..ALL).filter(|n| n % 97 != 5).for_each(|n| branch.owes.set(Id(id(n))));
    (0..ALL).filter(|n| n % 97 == 5).for_each(|n| finds_its_own_first(&branch, n));
}

#[test]
fn orders_and_receipts_are_named() {
    let branch = four();
    let hits = branch.hits("b03.1.3981");
    assert_eq!((hits.named, hits.total), ("B03.1.3981".parse().ok().map(Named::Entry), Total::Exactly(0)));
    assert_eq!(branch.hits("B03-1-000702").named, Some(Named::Receipt("B03-1-000702".to_owned())));
}

#[test]
fn a_corrected_reading_replaces_the_read_one() {
    let mut branch = four();
    let row = account(1, "10023377", "曾世芳", "人民路12号33幢2单元0502");
    branch.change(vec![Row { initials: Some("csf".to_owned()), ..row }]);
    assert_eq!((branch.find("csf"), branch.find("zsf")), (vec![1], vec![]));
    branch.db.refresh_search(|_| true).unwrap();
    assert_eq!((branch.find("csf"), branch.find("zsf"), branch.find("rml 502")), (vec![1], vec![], vec![1]));
}

#[test]
fn a_number_typed_whole_comes_first_then_debtors_then_the_street() {
    let mut branch = Branch::with(vec![
        account(1, "100101", "甲", "建设路10号"),
        account(2, "10010", "乙", "建设路9号"),
        account(3, "100102", "丙", "建设路2号"),
        account(4, "100103", "丁", "建设路1号"),
    ]);
    branch.owes.set(Id(1));
    assert_eq!(branch.find("10010"), [2, 1, 4, 3]);
    assert_eq!(branch.find("建设路"), [1, 4, 3, 2]);
    // 10号 is still being typed at "1": 1号 was typed whole.
    assert_eq!(branch.find("建设路1"), [4, 1]);
}

#[test]
fn a_changed_account_is_found_at_once_and_a_closed_one_no_more() {
    let mut branch = four();
    branch.change(vec![account(2, "10023391", "钱多多", "人民路12号33幢2单元0503")]);
    for _ in 0..2 {
        assert_eq!((branch.find("王建国"), branch.find("qdd")), (vec![], vec![2]));
        branch.db.refresh_search(|_| true).unwrap();
    }
    branch.change(vec![account(3, "10087120", "老王面馆", "人民路125号商铺")]);
    assert_eq!(branch.find("0571-88012345"), Vec::<i64>::new(), "the phone is theirs no more");
    let tx = branch.db.write().unwrap();
    tx.clear("d_account", "id", 1).unwrap();
    note_words(&tx, &[Id(1)].into()).unwrap();
    tx.commit().unwrap();
    for _ in 0..2 {
        assert_eq!((branch.find("zsf"), branch.find("13912345678"), branch.find("33")), (vec![], vec![], vec![2]));
        branch.db.refresh_search(|_| true).unwrap();
    }
}

#[test]
fn many_changes_are_written_into_the_blocks_and_nothing_is_found_twice() {
    let mut branch = Branch::town(6_000);
    let before = branch.find("rml 1");
    for round in 0..3 {
        branch.change((0..700).map(|n| sampled(n * 3 + round)).collect());
        branch.db.refresh_search(|_| true).unwrap();
    }
    branch.change((1_000..4_500).map(sampled).collect());
    branch.db.refresh_search(|_| true).unwrap();
    assert_eq!(branch.find("rml 1"), before);
    let places = index::state(branch.db.conn()).unwrap().places;
    assert!(places >= 6_000 + 2_100 + 3_500, "{places}");
}

#[test]
fn an_interrupted_index_is_made_anew() {
    let branch = Branch::town(3_000);
    let before = branch.find("rml");
    branch.db.conn().execute("UPDATE l_search_state SET ready = 0, places = 0", []).unwrap();
    assert!(branch.find("rml").is_empty());
    branch.db.refresh_search(|_| true).unwrap();
    assert_eq!(branch.find("rml"), before);
}

#[test]
fn an_index_of_other_words_is_made_anew() {
    let branch = estates();
    let tx = "DELETE FROM l_search_word WHERE word GLOB '[bhru][0-9]*'; UPDATE l_setting SET value = '1' WHERE name = 'search_words'";
    branch.db.conn().execute_batch(tx).unwrap();
    branch.db.refresh_search(|_| true).unwrap();
    let sql = "SELECT count(*) FROM l_search_word WHERE word = 'b19'";
    assert_eq!(branch.db.conn().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[test]
fn work_that_was_stopped_goes_on_where_it_can() {
    let mut branch = Branch::town(5_000);
    let before = branch.find("rml");
    branch.change((0..5_000).map(sampled).collect());
    branch.db.refresh_search(|_| false).unwrap();
    assert!(index::state(branch.db.conn()).unwrap().ready);
    branch.db.refresh_search(|_| true).unwrap();
    assert_eq!(branch.find("rml"), before);
    branch.db.reindex_search(|_| false).unwrap();
    assert!(!index::state(branch.db.conn()).unwrap().ready);
    branch.db.refresh_search(|_| true).unwrap();
    assert_eq!(branch.find("rml"), before);
}

#[test]
fn the_first_two_thousand_are_taken_debtors_before_the_others() {
    let mut branch = Branch::town(5_000);
    let all = branch.hits("1");
    assert_eq!((all.total, all.ids.len()), (Total::AtLeast(FIRST), FIRST));
    let last = all.ids[FIRST - 1];
    branch.owes.set(last);
    assert_eq!(branch.hits("1").ids[0], last);
}

#[test]
fn who_owes_is_read_from_the_bills() {
    let branch = four();
    for (account, id, unpaid) in [(2, 1, 100), (3, 2, 0), (2, 3, 5)] {
        branch.bill(account, id, unpaid);
    }
    let owes = branch.db.look().unwrap().owing().unwrap();
    assert_eq!((owes.len(), owes.has(Id(2)), owes.has(Id(3))), (1, true, false));
}

/// Ways to say a part of an address: as it stands, its beginning, its initials, a number without zeros or in full width.
fn said(part: &str, script: Script, kind: Kind, way: u8) -> String {
    let chars: Vec<char> = part.chars().collect();
    match (script, way % 4) {
        (Script::Digits, 1) => part.trim_start_matches('0').to_owned(),
        (Script::Digits, 2) => part.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect(),
        (Script::Han, 1) => chars[usize::from(way) % chars.len()..].iter().collect(),
        (Script::Han, 2) => initials(part, kind, None)[0].clone(),
        (Script::Han, 3) => {
            let letters = &initials(part, kind, None)[0];
            letters[..letters.len().min(1 + usize::from(way) / 4 % 4)].to_ascii_uppercase()
        }
        _ => part.to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_parts_of_its_own_name_and_address_find_an_account(
        picks in proptest::collection::vec((0..1_500u64, proptest::collection::vec((any::<u8>(), any::<u8>()), 1..6)), 60),
    ) {
        let branch = Branch::town(1_500);
        for (n, ways) in picks {
            let one = sample::account(n);
            let (name, address) = (crate::text::width::normal(&one.name), crate::text::width::normal(&one.address));
            let mut all: Vec<(&str, Script, Kind)> = parts(&address).iter().map(|p| (p.text, p.script, Kind::Place)).collect();
            all.extend(parts(&name).iter().map(|p| (p.text, p.script, Kind::Name)));
            let words: Vec<String> =
                ways.iter().map(|(which, way)| { let (text, script, kind) = all[usize::from(*which) % all.len()]; said(text, script, kind, *way) }).collect();
            let text = words.join(" ");
            prop_assert!(branch.find(&text).contains(&id(n)), "{text:?} for {} {}", one.name, one.address);
            for number in [one.no, one.meter].iter().chain(&one.phones) {
                prop_assert_eq!(branch.find(number)[0], id(n), "{}", number);
                prop_assert!(branch.find(&number[..7]).contains(&id(n)), "{}", number);
                prop_assert!(branch.find(&number[number.len() - 4..]).contains(&id(n)));
            }
        }
    }

    #[test]
    fn any_text_is_harmless(text in "\\PC{0,60}", more in "[a-z0-9人民路号 \"'*^:()\\-.]{0,40}") {
        let branch = four();
        branch.find(&text);
        branch.find(&more);
        branch.find(&more.repeat(300));
    }

    /// The index against the plain reading of every account, through any order of changes.
    #[test]
    fn changes_in_any_order_leave_what_a_fresh_index_holds(
        steps in proptest::collection::vec((0..40u64, 0..400u64, 0..8u8), 1..60),
        texts in proptest::collection::vec("[zwlrjyx]{1,3}|[1-9]|人民|路|[1-3]0[12]|rml [1-9]", 6),
    ) {
        let mut changed = Branch::with(Vec::new());
        let mut rows = std::collections::BTreeMap::new();
        for (n, alike, what) in steps {
            let row = Row { id: id(n), ..sampled(alike) };
            rows.insert(n, row.clone());
            changed.change(vec![row]);
            match what {
                0..3 => changed.db.refresh_search(|_| true).unwrap(),
                3 => {
                    changed.db.refresh_search(|_| true).unwrap();
                    index::transact(changed.db.conn(), || index::fold(changed.db.conn())).unwrap();
                }
                _ => {}
            }
        }
        prop_assert!(!changed.db.look().unwrap().search_differs().unwrap());
        let fresh = Branch::with(rows.into_values().collect());
        for text in texts {
            prop_assert_eq!(changed.hits(&text), fresh.hits(&text), "{}", text);
        }
    }
}
