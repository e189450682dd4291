//! What `verify --full` says of the index: every word of every account is looked at.

use super::*;

const WORD: &str = "阳光";

/// The town, with some accounts beside the blocks and some not taken in yet.
fn town(accounts: u64) -> Branch {
    let mut branch = Branch::town(accounts);
    branch.change((500..540).map(|n| Row { id: id(n), ..sampled(n + 1) }).collect());
    branch.db.refresh_search(|_| true).unwrap();
    branch.change((700..720).map(|n| Row { id: id(n), ..sampled(n + 1) }).collect());
    branch
}

fn differs(branch: &Branch) -> bool {
    branch.db.look().unwrap().search_differs().unwrap()
}

/// Puts another set for a word.
fn write(branch: &Branch, word: &str, places: &[u16]) {
    let sql = "INSERT OR REPLACE INTO l_search_word(block, word, docs) VALUES(0, ?1, ?2)";
    branch.db.conn().execute(sql, params![word, docset::encode(places)]).unwrap();
}

fn read(branch: &Branch, word: &str) -> Vec<u16> {
    let sql = "SELECT docs FROM l_search_word WHERE block = 0 AND word = ?1";
    let blob: Vec<u8> = branch.db.conn().query_row(sql, [word], |row| row.get(0)).unwrap();
    let mut set = docset::Bits::empty();
    set.add(&blob);
    set.places().collect()
}

#[test]
fn one_word_that_one_account_lost_was_seen_by_chance_only() {
    let branch = town(3_000);
    assert!(!differs(&branch));
    let all = read(&branch, WORD);
    assert!(all.len() > 30);
    for at in [0, 7, all.len() / 2, all.len() - 1] {
        let mut fewer = all.clone();
        fewer.remove(at);
        write(&branch, WORD, &fewer);
        assert!(differs(&branch), "place {}", all[at]);
        write(&branch, WORD, &all);
    }
    assert!(!differs(&branch));
}

#[test]
fn an_account_found_by_what_it_is_not_was_sound() {
    let branch = town(3_000);
    let all = read(&branch, WORD);
    let other = (0..).find(|place| !all.contains(place)).unwrap();
    let mut more: Vec<u16> = all.iter().copied().chain([other]).collect();
    more.sort_unstable();
    write(&branch, WORD, &more);
    assert!(differs(&branch));
    write(&branch, WORD, &all);
    write(&branch, "nobody", &[other]);
    assert!(differs(&branch));
}

#[test]
fn an_account_without_a_place_a_phone_or_its_words_beside_the_blocks_is_told() {
    for change in [
        "DELETE FROM l_search_ids",
        "DELETE FROM l_search_phone WHERE digits = (SELECT max(digits) FROM l_search_phone)",
        "UPDATE l_search_recent SET words = replace(words, ' ', 'x ') WHERE id = (SELECT max(id) FROM l_search_recent)",
        "DELETE FROM l_search_recent WHERE id = (SELECT max(id) FROM l_search_recent)",
        "DELETE FROM l_search_word WHERE word = '王'",
        "UPDATE d_account SET name = '别人' WHERE id = (SELECT min(id) FROM d_account)",
    ] {
        let branch = town(900);
        branch.db.conn().execute_batch(change).unwrap();
        assert!(differs(&branch), "{change}");
    }
    // An index that says that it is not whole is made anew by itself.
    let branch = town(900);
    branch.db.conn().execute_batch("UPDATE l_search_state SET ready = 0; DELETE FROM l_search_ids").unwrap();
    assert!(!differs(&branch));
}
