//! Profiles: named column maps, recognised by the headings of a file.
//!
//! A profile is data (`assets/profiles/*.toml`): which heading means which field, which word means which value, which
//! line is a total and no row. The built-in ones can be replaced or joined by a folder of the same form.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::headings::{means, plain};
pub use super::layout::{Class, Layout};
pub use super::recognise::{Preview, Recognised};
use super::rows::{customer, reading, swap};
use crate::rules::utility::Utility;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Customers (一户一档).
    Customers,
    /// Readings (抄表).
    Readings,
    /// Meter swap slips (拆换单).
    Swaps,
}

/// How readings came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadBy {
    /// 卡片
    Card,
    /// 手持
    Handheld,
    /// 远传
    Remote,
}

impl ReadBy {
    /// Reads the word of the command line.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Card, Self::Handheld, Self::Remote].into_iter().find(|way| way.code() == code)
    }

    /// The word of the command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Handheld => "handheld",
            Self::Remote => "remote",
        }
    }

    /// The word on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Card => "卡片",
            Self::Handheld => "手持",
            Self::Remote => "远传",
        }
    }
}

/// A named column map.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name on the command line, `water-customers-gbk`.
    pub name: String,
    /// Name on screens.
    pub title: String,
    /// What it holds.
    pub holds: Holds,
    /// For readings: how they came.
    pub source: Option<ReadBy>,
    /// For customers: the utility.
    pub utility: Option<Utility>,
    /// First cell of a line that only adds up.
    pub total: Option<String>,
    /// Fields without which the file is another one.
    pub required: Vec<String>,
    /// Field → headings that mean it.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Field → word in the file → value kept.
    #[serde(default)]
    pub words: BTreeMap<String, BTreeMap<String, String>>,
}

/// A profile file with a mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("导入方案“{file}”{}有错：{what}，请改正", line.map(|line| format!("第{line}行")).unwrap_or_default())]
pub struct BadProfile {
    /// Name of the file.
    pub file: String,
    /// The line, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

const BUILT_IN: [(&str, &str); 6] = [
    ("water-customers-gbk.toml", include_str!("../../assets/profiles/water-customers-gbk.toml")),
    ("gas-customers.toml", include_str!("../../assets/profiles/gas-customers.toml")),
    ("cards.toml", include_str!("../../assets/profiles/cards.toml")),
    ("handheld-jk.toml", include_str!("../../assets/profiles/handheld-jk.toml")),
    ("remote-freeze.toml", include_str!("../../assets/profiles/remote-freeze.toml")),
    ("swaps.toml", include_str!("../../assets/profiles/swaps.toml")),
];

/// The folder of a branch's own profiles, beside its book.
const BESIDE: &str = "profiles";
/// Largest profile read, bytes.
const LARGEST: u64 = 1 << 20;
/// The variable that names another folder of profiles.
pub const FOLDER: &str = "METERDESK_PROFILES";

impl Profile {
    /// Reads a profile and checks that every field it names exists.
    pub fn parse(file: &str, text: &str) -> Result<Self, BadProfile> {
        let bad = |what: String| BadProfile { file: file.to_owned(), line: None, what };
        let at = |word: &str, what: String| {
            let place = text.lines().position(|line| line.trim_start().trim_start_matches('"').starts_with(word));
            let place = place.or_else(|| text.lines().position(|line| line.contains(word)));
            BadProfile { line: place.map(|place| place + 1), ..bad(what) }
        };
        let mut profile: Self = toml::from_str(text).map_err(|error| BadProfile {
            line: error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1),
            ..bad(format!("读不懂 ({})", error.message().lines().next().unwrap_or_default()))
        })?;
        let known = profile.fields();
        let unknown = profile.columns.keys().chain(&profile.required).find(|field| !known.contains(&field.as_str()));
        if let Some(field) = unknown {
            return Err(at(field, format!("没有“{field}”这个字段")));
        }
        if let Some(field) = profile.required.iter().find(|field| !profile.columns.contains_key(*field)) {
            return Err(at("required", format!("必需字段“{field}”没有列名")));
        }
        super::synonyms::add_to(&mut profile).map_err(|error| bad(error.message().to_owned()))?;
        match profile.holds {
            Holds::Readings if profile.source.is_none() => Err(at("holds", "抄表方案缺少 source".into())),
            Holds::Customers if profile.utility.is_none() => Err(at("holds", "用户方案缺少 utility".into())),
            Holds::Customers | Holds::Readings | Holds::Swaps => Ok(profile),
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        match self.holds {
            Holds::Customers => customer::Columns::FIELDS,
            Holds::Readings => reading::Columns::FIELDS,
            Holds::Swaps => swap::Columns::FIELDS,
        }
    }

    /// The value a word stands for in a field.
    pub fn word(&self, field: &str, word: &str) -> Option<&str> {
        self.words.get(field)?.get(word).map(String::as_str)
    }

    /// Does it list words for a field?
    pub fn knows_words(&self, field: &str) -> bool {
        self.words.get(field).is_some_and(|words| !words.is_empty())
    }

    /// The words a field knows, for messages: `居民、非居民`.
    pub fn words_of(&self, field: &str) -> String {
        self.words.get(field).map(|words| words.keys().cloned().collect::<Vec<_>>().join("、")).unwrap_or_default()
    }

    /// Where the fields stand under these headings. A column that nobody sees is taken only when there is no other.
    pub(super) fn locate(&self, headings: &[String], hidden: &dyn Fn(usize) -> bool) -> Layout {
        let found: Vec<String> = headings.iter().map(|heading| plain(heading)).collect();
        let mut layout = Layout::of(headings.to_vec());
        for (field, names) in &self.columns {
            let columns = |name: &String| -> Vec<usize> {
                let name = plain(name);
                (0..found.len()).filter(|column| means(&found[*column], &name)).collect()
            };
            let Some(places) = names.iter().map(columns).find(|places| !places.is_empty()) else { continue };
            let seen: Vec<usize> = places.iter().copied().filter(|column| !hidden(*column)).collect();
            if seen.len() > 1 {
                layout.twice.push(headings[seen[0]].clone());
            }
            let column = seen.first().copied().unwrap_or(places[0]);
            if seen.is_empty() {
                layout.unseen.push(headings[column].clone());
            }
            layout.put(field, column);
        }
        layout
    }

    /// Headings that a file lacks to be of this profile.
    pub(super) fn missing(&self, layout: &Layout) -> Vec<&str> {
        let lacks = |field: &&String| !layout.at.contains_key(*field);
        self.required.iter().filter(lacks).map(|field| self.columns[field][0].as_str()).collect()
    }
}

/// All profiles known.
#[derive(Debug, Clone)]
pub struct Catalogue {
    profiles: Vec<Profile>,
}

impl Catalogue {
    /// The profiles that come with the program.
    pub fn built_in() -> Result<Self, BadProfile> {
        let profiles = BUILT_IN.iter().map(|(file, text)| Profile::parse(file, text)).collect::<Result<_, _>>()?;
        Ok(Self { profiles })
    }

    /// The profiles that come with the program, those in `profiles/` beside the book, and those of the folder that the variable
    /// [`FOLDER`] names; the later takes the place of the earlier of its name.
    pub fn of_book(book: Option<&Path>) -> Result<Self, BadProfile> {
        let beside = book.and_then(Path::parent).map(|folder| folder.join(BESIDE)).filter(|folder| folder.is_dir());
        let named = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()).map(std::path::PathBuf::from);
        beside.into_iter().chain(named).try_fold(Self::built_in()?, |known, folder| known.with_folder(&folder))
    }

    /// Adds the profiles of a folder; one with the name of a built-in one takes its place.
    pub fn with_folder(mut self, folder: &Path) -> Result<Self, BadProfile> {
        let bad = |file: &Path, what: String| BadProfile { file: file.display().to_string(), line: None, what };
        let entries = std::fs::read_dir(folder).map_err(|error| bad(folder, format!("文件夹读不了 ({error})")))?;
        let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "toml")) {
            let mut text = String::new();
            crate::text::plain_file::open(file)
                .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
                .map_err(|error| bad(file, format!("读不了 ({error})")))?;
            let profile = Profile::parse(&file.display().to_string(), &text)?;
            self.profiles.retain(|other| other.name != profile.name);
            self.profiles.push(profile);
        }
        Ok(self)
    }

    /// Every profile, for lists.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profiles_are_sound_and_their_names_differ() {
        let catalogue = Catalogue::built_in().unwrap();
        let names: std::collections::BTreeSet<_> = catalogue.profiles().iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names.len(), BUILT_IN.len());
        for (file, _) in BUILT_IN {
            assert!(names.contains(file.trim_end_matches(".toml")), "{file}");
        }
    }

    #[test]
    fn a_profile_with_a_mistake_is_refused_with_its_place() {
        let base = "name='x'\ntitle='x'\nholds='readings'\nsource='card'\nrequired=['account']\n";
        let bad = |tail: &str| Profile::parse("x.toml", &format!("{base}{tail}")).unwrap_err().to_string();
        assert!(bad("[columns]\naccount=['户号']\nnonsense=['x']\n").contains("第8行有错：没有“nonsense”"));
        assert!(bad("[columns]\nvalue=['x']\n").contains("第5行有错：必需字段"));
        assert!(bad("[columns\n").contains("第6行有错：读不懂"));
    }

    #[test]
    fn a_folder_joins_and_replaces_profiles() {
        let folder = tempfile::tempdir().unwrap();
        let text = "name='cards'\ntitle='本地卡片'\nholds='readings'\nsource='card'\nrequired=['account']\n[columns]\naccount=['用户号']\n";
        std::fs::write(folder.path().join("cards.toml"), text).unwrap();
        let catalogue = Catalogue::built_in().unwrap().with_folder(folder.path()).unwrap();
        assert_eq!(catalogue.profiles().len(), BUILT_IN.len());
        assert!(catalogue.profiles().iter().any(|profile| profile.title == "本地卡片"));
    }
}
