//! Profiles: named column maps, recognised by the headings of a file.
//!
//! A profile is data (`assets/profiles/*.toml`): which heading means which field, which word means which value, which
//! line is a total and no row. The built-in ones can be replaced or joined by a folder of the same form.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Deserialize;

use super::clean;
use super::read::{BadFile, Encoding, Form, Row, Source, Why};
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
/// The variable that names another folder of profiles.
pub const FOLDER: &str = "METERDESK_PROFILES";
/// Rows at the top of a sheet among which the headings are looked for.
const HEADING_ROWS: usize = 10;

impl Profile {
    /// Reads a profile and checks that every field it names exists.
    pub fn parse(file: &str, text: &str) -> Result<Self, BadProfile> {
        let bad = |what: String| BadProfile { file: file.to_owned(), line: None, what };
        let at = |word: &str, what: String| {
            let place = text.lines().position(|line| line.trim_start().trim_start_matches('"').starts_with(word));
            let place = place.or_else(|| text.lines().position(|line| line.contains(word)));
            BadProfile { line: place.map(|place| place + 1), ..bad(what) }
        };
        let profile: Self = toml::from_str(text).map_err(|error| BadProfile {
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
        match profile.holds {
            Holds::Readings if profile.source.is_none() => Err(at("holds", "抄表方案缺少 source".into())),
            Holds::Customers if profile.utility.is_none() => Err(at("holds", "用户方案缺少 utility".into())),
            _ => Ok(profile),
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

    /// The words a field knows, for messages: `居民、非居民`.
    pub fn words_of(&self, field: &str) -> String {
        self.words.get(field).map(|words| words.keys().cloned().collect::<Vec<_>>().join("、")).unwrap_or_default()
    }

    /// Is this row a line of totals?
    pub fn is_total(&self, row: &Row) -> bool {
        self.total.as_deref().is_some_and(|total| clean::text(row.get(0)) == total)
    }

    fn locate(&self, headings: &[String]) -> Layout {
        let at = self
            .columns
            .iter()
            .filter_map(|(field, names)| {
                let column = names.iter().find_map(|name| headings.iter().position(|heading| heading == name));
                column.map(|column| (field.clone(), column))
            })
            .collect();
        Layout { headings: headings.to_vec(), at }
    }

    fn missing(&self, layout: &Layout) -> Vec<&str> {
        let lacks = |field: &&String| !layout.at.contains_key(*field);
        self.required.iter().filter(lacks).map(|field| self.columns[field][0].as_str()).collect()
    }
}

/// Where the fields stand in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The headings, cleaned.
    pub headings: Vec<String>,
    /// Field → column.
    pub at: BTreeMap<String, usize>,
}

impl Layout {
    /// The column of a field.
    pub fn column(&self, field: &str) -> Option<usize> {
        self.at.get(field).copied()
    }

    /// The heading over a column.
    pub fn heading(&self, column: usize) -> &str {
        self.headings.get(column).map_or("", String::as_str)
    }
}

/// A file whose profile is known.
#[derive(Debug, Clone)]
pub struct Recognised {
    /// The file, with the encoding that made the headings readable.
    pub source: Source,
    /// The profile.
    pub profile: Profile,
    /// The sheet; empty when the form has none.
    pub sheet: String,
    /// The line of the headings; rows come after it.
    pub heading_line: u32,
    /// Where the fields stand.
    pub layout: Layout,
}

/// The first rows of a file for a look before importing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Headings of the file.
    pub headings: Vec<String>,
    /// The field a column was recognised as, by column.
    pub fields: Vec<Option<String>>,
    /// Line and cells of the first rows.
    pub rows: Vec<(u32, Vec<String>)>,
}

impl Recognised {
    /// Gives every data row to `on_row`: not the headings, not what stands above them.
    pub fn each_row(&self, on_row: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<(), BadFile> {
        let heading_line = self.heading_line;
        self.source.each_row(&self.sheet, &mut |row| {
            if row.line > heading_line { on_row(row) } else { ControlFlow::Continue(()) }
        })
    }

    /// The first `rows` rows, with what their columns were recognised as.
    pub fn preview(&self, rows: usize) -> Result<Preview, BadFile> {
        let mut first = Vec::new();
        self.each_row(&mut |row| {
            if first.len() == rows {
                return ControlFlow::Break(());
            }
            first.push((row.line, row.cells().map(str::to_owned).collect()));
            ControlFlow::Continue(())
        })?;
        let field =
            |column: usize| self.layout.at.iter().find(|(_, at)| **at == column).map(|(field, _)| field.clone());
        let headings = self.layout.headings.clone();
        Ok(Preview { fields: (0..headings.len()).map(field).collect(), headings, rows: first })
    }

    /// Some rows, read again: rows are not kept while a file is judged.
    pub fn rows_of(&self, lines: &[u32]) -> Result<BTreeMap<u32, Row>, BadFile> {
        let wanted: std::collections::BTreeSet<u32> = lines.iter().copied().collect();
        let mut found = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        self.each_row(&mut |row| {
            if wanted.contains(&row.line) {
                found.insert(row.line, row.clone());
            }
            if found.len() == wanted.len() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    }

    /// The cells of some lines.
    pub fn cells_of(&self, lines: &[u32]) -> Result<BTreeMap<u32, Vec<String>>, BadFile> {
        let rows = self.rows_of(lines)?;
        Ok(rows.into_iter().map(|(line, row)| (line, row.cells().map(str::to_owned).collect())).collect())
    }

    /// A file known by its profile and headings alone, for judging single rows of it again.
    pub fn remembered(name: &str, profile: &Profile, headings: &[String]) -> Self {
        let source = Source {
            path: name.into(),
            form: Form::Text(Encoding::Utf8),
            size: 0,
            hash: [0; 32],
            limits: super::read::Limits::default(),
        };
        let layout = profile.locate(headings);
        Self { source, profile: profile.clone(), sheet: String::new(), heading_line: 0, layout }
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
            let text = std::fs::read_to_string(file).map_err(|error| bad(file, format!("读不了 ({error})")))?;
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

    /// Finds the profile of a file by its headings, among those that hold `holds` (and came by `source`); `name` asks for one alone.
    pub fn recognise(
        &self,
        source: &Source,
        holds: Holds,
        read_by: Option<ReadBy>,
        name: Option<&str>,
    ) -> Result<Recognised, BadFile> {
        let fits = |profile: &&Profile| match name {
            Some(name) => profile.name == name,
            None => read_by.is_none() || profile.source == read_by,
        };
        let candidates: Vec<&Profile> = self.profiles.iter().filter(|p| p.holds == holds).filter(fits).collect();
        if candidates.is_empty() {
            let what = format!("没有可用的导入方案“{}”，请核对名称", name.unwrap_or_default());
            return Err(BadFile::new(&source.path, Why::Headings, what));
        }
        match look(source, &candidates) {
            Err(error) if error.why == Why::Headings && source.form == Form::Text(Encoding::Utf8) => {
                // A short GBK text can happen to be valid UTF-8; readable headings then tell.
                let other = Source { form: Form::Text(Encoding::Gb18030), ..source.clone() };
                look(&other, &candidates).map_err(|_| error)
            }
            answer => answer,
        }
    }
}

fn look(source: &Source, candidates: &[&Profile]) -> Result<Recognised, BadFile> {
    let mut best: Option<Recognised> = None;
    let mut nearest: Option<(usize, String)> = None;
    for sheet in source.sheets()? {
        for (line, headings) in top_rows(source, &sheet)? {
            for profile in candidates {
                let layout = profile.locate(&headings);
                let missing = profile.missing(&layout);
                if !missing.is_empty() {
                    let found = profile.required.len() - missing.len();
                    if found > 0 && nearest.as_ref().is_none_or(|(most, _)| found > *most) {
                        let text = format!("最接近“{}”，但缺少列：{}", profile.title, missing.join("、"));
                        nearest = Some((found, text));
                    }
                } else if best.as_ref().is_none_or(|best| layout.at.len() > best.layout.at.len()) {
                    best = Some(Recognised {
                        source: source.clone(),
                        profile: (*profile).clone(),
                        sheet: sheet.clone(),
                        heading_line: line,
                        layout,
                    });
                }
            }
        }
    }
    best.ok_or_else(|| {
        let hint = nearest.map_or_else(|| "请核对是否选错了文件或导入种类".to_owned(), |(_, text)| text);
        BadFile::new(&source.path, Why::Headings, format!("认不出表头：{hint}"))
    })
}

fn top_rows(source: &Source, sheet: &str) -> Result<Vec<(u32, Vec<String>)>, BadFile> {
    let mut rows = Vec::new();
    source.each_row(sheet, &mut |row| {
        rows.push((row.line, row.cells().map(|cell| clean::text(cell).into_owned()).collect()));
        if rows.len() == HEADING_ROWS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(rows)
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
