//! The word lists of the practice branch, from assets.

use std::sync::OnceLock;

use serde::Deserialize;

const FILE: &str = include_str!("../../../assets/words/demo.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    surnames: String,
    given: String,
    roads: String,
    estates: String,
    shops: String,
    firms: String,
    special: String,
    makers: String,
    workers: String,
    teams: String,
    faults: String,
    faults_gas: String,
    complaints: String,
    questions: String,
}

/// The lists, split.
#[derive(Default)]
pub struct Words {
    /// Surnames, frequent ones repeated.
    pub surnames: Vec<&'static str>,
    /// Given names.
    pub given: Vec<&'static str>,
    /// Roads of the town.
    pub roads: Vec<&'static str>,
    /// Estates.
    pub estates: Vec<&'static str>,
    /// Kinds of shop.
    pub shops: Vec<&'static str>,
    /// Kinds of firm and institution.
    pub firms: Vec<&'static str>,
    /// Special trades.
    pub special: Vec<&'static str>,
    /// Meter makers.
    pub makers: Vec<&'static str>,
    /// Workers.
    pub workers: Vec<&'static str>,
    /// Their teams.
    pub teams: Vec<&'static str>,
    /// Faults of water.
    pub faults: Vec<&'static str>,
    /// Faults of gas.
    pub faults_gas: Vec<&'static str>,
    /// Complaints.
    pub complaints: Vec<&'static str>,
    /// Questions.
    pub questions: Vec<&'static str>,
}

/// The lists.
pub fn words() -> &'static Words {
    static LISTS: OnceLock<Option<Lists>> = OnceLock::new();
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| {
        let Some(lists) = LISTS.get_or_init(|| toml::from_str(FILE).ok()) else { return Words::default() };
        let split = |text: &'static String| text.split(' ').collect();
        Words {
            surnames: split(&lists.surnames),
            given: split(&lists.given),
            roads: split(&lists.roads),
            estates: split(&lists.estates),
            shops: split(&lists.shops),
            firms: split(&lists.firms),
            special: split(&lists.special),
            makers: split(&lists.makers),
            workers: split(&lists.workers),
            teams: split(&lists.teams),
            faults: split(&lists.faults),
            faults_gas: split(&lists.faults_gas),
            complaints: split(&lists.complaints),
            questions: split(&lists.questions),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_words() {
        let words = words();
        for list in [&words.surnames, &words.given, &words.roads, &words.estates, &words.makers, &words.workers] {
            assert!(list.len() >= 6 && list.iter().all(|word| !word.is_empty()));
        }
    }
}
