//! The price book (价目册): which tariff is valid on a day.
//!
//! Several files of one code are one tariff over time, each from its `valid_from`. The youngest that has begun decides;
//! when it has ended there is no price, it does not hand back to an older one. A file that could not be read makes
//! its code unusable instead of leaving an older price in force unnoticed.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::model::Tariff;
use super::plain::Ladder;
use crate::rules::classes::is_group;
use crate::rules::fault::{Fault, shown};
use crate::rules::form::FileFault;
use crate::rules::utility::Utility;

/// Tariffs by code.
#[derive(Debug, Default)]
pub struct PriceBook {
    codes: BTreeMap<String, Code>,
    faults: Vec<FileFault>,
}

/// All files of one code.
#[derive(Debug, Default)]
pub struct Code {
    versions: Vec<Version>,
    broken: Option<String>,
}

/// One file, ready for rating.
#[derive(Debug)]
pub struct Version {
    /// The tariff of the file.
    pub tariff: Tariff,
    /// Its steps as integers, where they fit.
    pub ladder: Option<Ladder>,
}

impl PriceBook {
    /// Reads a book from files: name and text of each. Mistakes are kept in [`faults`](Self::faults).
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Self {
        let mut book = Self::default();
        for (file, text) in files {
            book.read_file(file, text);
        }
        book
    }

    /// Reads one more file.
    pub fn read_file(&mut self, file: &str, text: &str) {
        match super::file::read(file, text) {
            Ok(tariff) => {
                if let Err(fault) = self.add(tariff) {
                    self.faults.push(fault);
                }
            }
            Err(faults) => {
                if let (Some(code), Some(first)) = (code_in(text), faults.first()) {
                    self.codes.entry(code).or_default().broken.get_or_insert(first.to_string());
                }
                self.faults.extend(faults);
            }
        }
    }

    /// Adds a tariff. Two files of one code may not begin on the same day, and must agree on utility and unit.
    pub fn add(&mut self, tariff: Tariff) -> Result<(), FileFault> {
        let code = self.codes.entry(tariff.code.clone()).or_default();
        let clash = code.versions.iter().map(|version| &version.tariff).find_map(|other| {
            let shared = format!("价目 {} 在 {} 中", tariff.code, other.file);
            if other.valid_from == tariff.valid_from {
                Some(format!("{shared}已有同一天（{}）生效的一份，请删去其一", tariff.valid_from))
            } else if other.utility != tariff.utility || other.unit != tariff.unit {
                Some(format!("{shared}的 utility 或 unit 与本文件不同，请改用另一个 code"))
            } else {
                None
            }
        });
        if let Some(message) = clash {
            let fault = FileFault { file: tariff.file, line: 1, message };
            code.broken.get_or_insert(fault.to_string());
            return Err(fault);
        }
        let place = code.versions.partition_point(|version| version.tariff.valid_from < tariff.valid_from);
        let ladder = Ladder::of(&tariff);
        code.versions.insert(place, Version { tariff, ladder });
        Ok(())
    }

    /// Notes a file that could not even be read as text.
    pub fn refuse(&mut self, fault: FileFault) {
        self.faults.push(fault);
    }

    /// Mistakes found while reading files.
    pub fn faults(&self) -> &[FileFault] {
        &self.faults
    }

    /// Every tariff, by code and first day.
    pub fn tariffs(&self) -> impl Iterator<Item = &Tariff> {
        self.codes.values().flat_map(|code| &code.versions).map(|version| &version.tariff)
    }

    /// All files of a code.
    pub fn code(&self, code: &str) -> Result<&Code, Fault> {
        let Some(found) = self.codes.get(code) else {
            return Err(Fault::new("R-036", format!("价目册中没有价目“{}”，请核对代码", shown(code))));
        };
        match &found.broken {
            Some(fault) => Err(Fault::new("R-036", format!("价目“{}”的文件有误，不能使用：{fault}", shown(code)))),
            None => Ok(found),
        }
    }

    /// The tariff of a code on a day.
    pub fn at(&self, code: &str, day: NaiveDate) -> Result<&Tariff, Fault> {
        Ok(&self.code(code)?.at(day)?.tariff)
    }

    /// Every tariff in force on a day, by code.
    pub fn in_force(&self, day: NaiveDate) -> impl Iterator<Item = &Tariff> {
        self.codes
            .values()
            .filter(|code| code.broken.is_none())
            .filter_map(move |code| code.at(day).ok())
            .map(|version| &version.tariff)
    }

    /// The one tariff of a price class on a day; refused when there is none or more than one.
    pub fn of_class(&self, utility: Utility, class: &str, day: NaiveDate) -> Result<&Tariff, Fault> {
        let mut found = self.in_force(day).filter(|tariff| tariff.utility == utility && tariff.class == class);
        let label = utility.label();
        let first = found
            .next()
            .ok_or_else(|| Fault::new("R-036", format!("{day} 没有{label}价类别“{}”的价目，请先导入", shown(class))))?;
        match found.next() {
            None => Ok(first),
            Some(second) => Err(Fault::new(
                "R-036",
                format!(
                    "{day} 的{label}价类别“{class}”有两份价目 {} 和 {}，请停用其一：{}",
                    first.code,
                    second.code,
                    how_to_end("要停的")
                ),
            )),
        }
    }

    /// A tariff of another code that prices the same class on a day on which this one would, and the first such day. Of the same code
    /// the younger file takes the older one's place.
    pub fn beside(&self, tariff: &Tariff) -> Option<(&Tariff, NaiveDate)> {
        let own = self.codes.get(&tariff.code).map_or(&[][..], Code::versions);
        let (from, to) = in_force_days(tariff, own);
        let others = self.codes.iter().filter(|(code, others)| **code != tariff.code && others.broken.is_none());
        let shared = others.flat_map(|(_, code)| code.versions.iter().map(move |version| (&version.tariff, code)));
        let same = shared.filter(|(other, _)| other.utility == tariff.utility && other.class == tariff.class);
        let days = same.filter_map(|(other, code)| {
            let (first, last) = in_force_days(other, &code.versions);
            (first.max(from) <= last.min(to)).then(|| (other, first.max(from)))
        });
        days.min_by_key(|(_, day)| *day)
    }

    /// The tariffs of a utility's price classes in force on a day, the dearest at the first step first, of equal ones that with the
    /// dearer top step, then the first code. Tariffs of discount groups are no classes.
    pub fn classes(&self, utility: Utility, day: NaiveDate) -> Vec<&Tariff> {
        let own = |tariff: &&Tariff| tariff.utility == utility && !is_group(&tariff.class);
        let mut found: Vec<&Tariff> = self.in_force(day).filter(own).collect();
        found.sort_by_key(|tariff| std::cmp::Reverse((tariff.first_price(), tariff.dearest_price())));
        found
    }

    /// The class that stands on the file of a new account before anything was used: the dearest at the first step.
    /// What a bill comes to is found by rating it under every class (`pricing::choices`).
    pub fn dearest(&self, utility: Utility, day: NaiveDate) -> Option<&Tariff> {
        self.classes(utility, day).into_iter().next()
    }
}

/// The first and the last day on which a file decides, among the files of its code.
fn in_force_days(tariff: &Tariff, versions: &[Version]) -> (NaiveDate, NaiveDate) {
    let later = versions.iter().map(|version| version.tariff.valid_from).filter(|from| *from > tariff.valid_from);
    let before_next = later.min().and_then(|from| from.pred_opt());
    let last = [tariff.valid_to, before_next].into_iter().flatten().min().unwrap_or(NaiveDate::MAX);
    (tariff.valid_from, last)
}

/// How a code is ended; no file is ever rewritten.
pub fn how_to_end(code: &str) -> String {
    format!("先载入 {code} 价目的一份新文件，code 不变，valid_from 另定在已出账单之后，valid_to 写停用前的最后一天")
}

impl Code {
    /// The files in order of their first days.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Which file is in force on a day.
    pub fn place_at(&self, day: NaiveDate) -> Result<usize, Fault> {
        let begun = self.versions.partition_point(|version| version.tariff.valid_from <= day);
        let code = || self.versions.first().map_or("", |version| version.tariff.code.as_str());
        let Some(place) = begun.checked_sub(1) else {
            return Err(Fault::new("R-036", format!("价目“{}”在 {day} 尚未生效，没有价格", code())));
        };
        if !self.versions[place].tariff.covers(day) {
            return Err(Fault::new("R-036", format!("价目“{}”在 {day} 已经失效，没有价格", code())));
        }
        Ok(place)
    }

    /// The file in force on a day.
    pub fn at(&self, day: NaiveDate) -> Result<&Version, Fault> {
        self.place_at(day).map(|place| &self.versions[place])
    }
}

/// The code a broken file meant: the first line `code = "…"`.
fn code_in(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        let value = value.trim();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let code = value[1..].split(quote).next()?;
        (key.trim() == "code").then(|| code.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(code: &str, head: &str, price: &str) -> String {
        format!(
            "code = \"{code}\"\nname = \"n\"\nutility = \"water\"\nunit = \"m3\"\nclass = \"resident\"\n{head}\n\
             document = \"d\"\ncycle = \"year\"\n[[component]]\nkey = \"w\"\nname = \"水费\"\nsteps = [ {{ price = \"{price}\" }} ]\n"
        )
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_youngest_file_decides_and_does_not_hand_back() {
        let old = file("A", "valid_from = 2020-01-01", "1");
        let new = file("A", "valid_from = 2024-07-01\nvalid_to = 2024-12-31", "2");
        let book = PriceBook::read([("new.toml", new.as_str()), ("old.toml", old.as_str())]);
        assert!(book.faults().is_empty(), "{:?}", book.faults());
        assert!(book.at("A", day("2019-12-31")).unwrap_err().message.contains("尚未生效"));
        assert_eq!(book.at("A", day("2024-06-30")).unwrap().file, "old.toml");
        assert_eq!(book.at("A", day("2024-07-01")).unwrap().file, "new.toml");
        assert!(book.at("A", day("2025-01-01")).unwrap_err().message.contains("已经失效"));
        assert!(book.at("B", day("2025-01-01")).unwrap_err().message.contains("没有价目“B”"));
    }

    #[test]
    fn a_broken_or_doubled_file_makes_its_code_unusable_and_no_other() {
        let good = file("A", "valid_from = 2020-01-01", "1");
        let bad = file("A", "valid_from = 2024-01-01", "-2");
        let other = file("B", "valid_from = 2020-01-01", "1");
        let book = PriceBook::read([("a.toml", good.as_str()), ("bad.toml", bad.as_str()), ("b.toml", other.as_str())]);
        assert!(book.at("A", day("2023-01-01")).unwrap_err().message.contains("bad.toml 第12行"));
        assert!(book.at("B", day("2023-01-01")).is_ok());
        let twice = PriceBook::read([("a.toml", good.as_str()), ("a2.toml", good.as_str())]);
        assert!(twice.at("A", day("2023-01-01")).unwrap_err().message.contains("同一天"));
        assert_eq!(twice.faults().len(), 1);
    }

    #[test]
    fn the_class_names_one_tariff_and_the_dearest_is_the_default_of_new_accounts() {
        let cheap = file("A", "valid_from = 2020-01-01", "1");
        let dear = file("B", "valid_from = 2020-01-01", "9").replace("resident", "special");
        let mut book = PriceBook::read([("a.toml", cheap.as_str()), ("b.toml", dear.as_str())]);
        let today = day("2026-01-01");
        assert_eq!(book.of_class(Utility::Water, "resident", today).unwrap().code, "A");
        assert_eq!(book.dearest(Utility::Water, today).unwrap().code, "B");
        assert!(book.of_class(Utility::Gas, "resident", today).is_err());
        let second = file("C", "valid_from = 2021-01-01", "2");
        book.read_file("c.toml", &second);
        assert!(book.of_class(Utility::Water, "resident", today).unwrap_err().message.contains("A 和 C"));
    }
}
