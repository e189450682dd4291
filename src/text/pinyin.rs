//! Pinyin initials (拼音首字母): what a clerk types instead of Chinese, `zsf` for 曾世芳, `rml` for 人民路.
//!
//! A surname has its own reading (单 Shàn, 曾 Zēng, 仇 Qiú, 查 Zhā, 解 Xiè), a place its own (厦门, 重庆). Where two
//! readings are alive both are given, so that either finds the customer; what is still wrong is corrected for one
//! customer by a text of his own.

mod readings;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use pinyin::{ToPinyin, ToPinyinMulti};

use super::width::plain;

/// At most so many readings of one text are told apart.
const READINGS: usize = 4;
/// And of a name by its less likely ones.
const FURTHER: usize = 8;
/// Longest run of letters that is looked at as syllables.
const SPELLED: usize = 30;
/// And at most so many ways to cut it.
pub const WAYS: usize = 3;
/// Letters of the longest syllable, `zhuang`.
const LONGEST: usize = 6;
const FIRST: u32 = 0x3400;
const LAST: u32 = 0x9FFF;
const SPECIAL: u8 = 0x80;

/// How the characters of a text are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A person's or a firm's name: the first character may be a surname.
    Name,
    /// An address, an estate, a street, a word of a list.
    Place,
}

/// The initials of a text in small letters, every reading once, the likeliest first.
///
/// Latin letters stand for themselves; digits and signs are passed over; a character nobody can read is passed over
/// too. `correction` is what somebody typed for this customer (`zsf`, several readings by blanks or commas); when it
/// holds a letter it alone counts. A text without letters has no initials.
pub fn initials(text: &str, kind: Kind, correction: Option<&str>) -> Vec<String> {
    let corrected = correction.map(corrections).unwrap_or_default();
    if !corrected.is_empty() {
        return corrected;
    }
    let chars: Vec<char> = text.chars().map(plain).filter(|c| c.is_alphabetic() || is_private(*c)).collect();
    readings_of(&chars, kind)
}

/// Further initials of a name, by readings that [`initials`] leaves out: 单 read as dān, 会 as kuài. At most [`FURTHER`].
pub fn further_initials(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().map(plain).filter(|c| c.is_alphabetic() || is_private(*c)).collect();
    let mut all = vec![String::with_capacity(chars.len())];
    for c in chars {
        let mut letters: Vec<char> =
            initials(&c.to_string(), Kind::Place, None).iter().flat_map(|text| text.chars()).collect();
        letters.extend(readings::surname(c).unwrap_or_default().chars());
        letters.extend(syllables(c).filter_map(|syllable| syllable.chars().next()));
        let mut seen = Vec::new();
        letters.retain(|letter| {
            !seen.contains(letter) && {
                seen.push(*letter);
                true
            }
        });
        if letters.is_empty() {
            continue;
        }
        if letters.len() * all.len() > FURTHER {
            letters.truncate(1);
        }
        all = all.iter().flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}"))).collect();
    }
    let likely = initials(name, Kind::Name, None);
    all.retain(|text| !text.is_empty() && !likely.contains(text));
    all
}

/// All syllables a character is read as, without tones, `ü` as `v`; none for what is not Chinese.
pub fn syllables(c: char) -> impl Iterator<Item = &'static str> {
    let read = c.to_pinyin_multi();
    let count = read.map_or(0, |read| read.count());
    let mut found: Vec<&'static str> = Vec::with_capacity(count);
    for at in 0..count {
        let Some(one) = read.and_then(|read| read.get_opt(at)) else { continue };
        let plain = syllable(one.plain());
        if !plain.is_empty() && !found.contains(&plain) {
            found.push(plain);
        }
    }
    found.into_iter()
}

/// The syllable as it is typed.
fn syllable(plain: &'static str) -> &'static str {
    match plain {
        "lü" => "lv",
        "nü" => "nv",
        "lüe" => "lve",
        "nüe" => "nve",
        other if other.bytes().all(|b| b.is_ascii_lowercase()) && other.contains(['a', 'e', 'i', 'o', 'u', 'v']) => {
            other
        }
        _ => "",
    }
}

/// Ways to read Latin letters as whole syllables, the last one maybe begun only: `liujinfeng` → liu jin feng. None when they
/// are no pinyin, or nothing but initials.
pub fn spelled(letters: &str) -> Vec<Spelled> {
    let mut found = Vec::new();
    if (2..=SPELLED).contains(&letters.len()) && letters.bytes().all(|b| b.is_ascii_lowercase()) {
        for letters in spellings(letters) {
            spell(&letters, &mut Vec::new(), &mut found);
        }
    }
    found.retain(|way: &Spelled| way.syllables.iter().any(|syllable| syllable.len() > 1));
    found.sort_by_key(|way| (way.begun, way.initials.len()));
    found.truncate(WAYS);
    found
}

/// Letters as syllables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelled {
    /// The whole syllables.
    pub syllables: Vec<String>,
    /// Their initials, that of a syllable only begun too.
    pub initials: String,
    /// The last syllable is only begun.
    pub begun: bool,
}

/// Do the letters say neighbouring characters of a text by their syllables, the last one maybe begun only: `cuihu` 翠湖花园? Initials
/// alone do not.
pub fn spells(letters: &str, text: &str) -> bool {
    let read: Vec<Vec<&'static str>> = text.chars().map(|c| syllables(c).collect()).collect();
    spellings(letters).iter().any(|letters| (0..read.len()).any(|from| spells_here(letters, &read[from..], false)))
}

/// Do the letters say every character of a name by its syllable: `liuyan` 刘艳, and not 刘玉兰?
pub fn spells_whole(letters: &str, name: &str) -> bool {
    fn all(rest: &str, read: &[Vec<&'static str>]) -> bool {
        let Some((next, behind)) = read.split_first() else { return rest.is_empty() };
        next.iter().any(|syllable| rest.strip_prefix(syllable).is_some_and(|rest| all(rest, behind)))
    }
    let read: Vec<Vec<&'static str>> = name.chars().map(|c| syllables(c).collect()).collect();
    !read.is_empty() && spellings(letters).iter().any(|letters| all(letters, &read))
}

/// Letters as they are typed, and with what stands for ü: `lyu` is lü; in `chenyu` it is not.
fn spellings(letters: &str) -> Vec<String> {
    let mut all = vec![letters.to_owned()];
    for (typed, meant) in [("lyu", "lv"), ("nyu", "nv")] {
        all.extend(all.clone().iter().filter(|text| text.contains(typed)).map(|text| text.replace(typed, meant)));
    }
    all
}

/// `told`: a whole syllable of more than one letter was among them.
fn spells_here(rest: &str, read: &[Vec<&'static str>], told: bool) -> bool {
    if rest.is_empty() {
        return told;
    }
    let Some((next, behind)) = read.split_first() else { return false };
    next.iter().any(|syllable| {
        let begun = told && syllable.len() > rest.len() && syllable.starts_with(rest);
        begun || rest.strip_prefix(syllable).is_some_and(|rest| spells_here(rest, behind, told || syllable.len() > 1))
    })
}

fn spell(rest: &str, so_far: &mut Vec<String>, found: &mut Vec<Spelled>) {
    let initials = |all: &[String], more: &str| -> String {
        all.iter().map(String::as_str).chain([more]).filter_map(|syllable| syllable.chars().next()).collect()
    };
    if found.len() >= WAYS * 4 {
        return;
    }
    if rest.is_empty() {
        found.push(Spelled { syllables: so_far.clone(), initials: initials(so_far, ""), begun: false });
        return;
    }
    for length in (1..=rest.len().min(LONGEST)).rev() {
        if SYLLABLES.contains(&rest[..length]) {
            so_far.push(rest[..length].to_owned());
            spell(&rest[length..], so_far, found);
            so_far.pop();
        }
    }
    if rest.len() < LONGEST
        && !so_far.is_empty()
        && SYLLABLES.iter().any(|whole| whole.len() > rest.len() && whole.starts_with(rest))
    {
        found.push(Spelled { syllables: so_far.clone(), initials: initials(so_far, rest), begun: true });
    }
}

/// Every syllable there is.
static SYLLABLES: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| (FIRST..=LAST).filter_map(char::from_u32).flat_map(syllables).collect());

/// The single letters a correction names: `"zsf, csf"` → `zsf`, `csf`.
fn corrections(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(plain).collect();
    let mut found: Vec<String> = Vec::new();
    for part in plain.split(|c: char| !c.is_ascii_lowercase()).filter(|part| !part.is_empty()) {
        if found.len() < READINGS && !found.iter().any(|old| old == part) {
            found.push(part.to_owned());
        }
    }
    found
}

fn readings_of(chars: &[char], kind: Kind) -> Vec<String> {
    let mut all = vec![String::with_capacity(chars.len())];
    let mut at = 0;
    if kind == Kind::Name && chars.first().is_some_and(|c| *c >= '\u{2E80}') {
        at = read_surname(chars, &mut all);
    }
    while let Some(&c) = chars.get(at) {
        at += read_next(c, &chars[at..], &mut all);
    }
    all.retain(|text| !text.is_empty());
    all
}

/// Reads the surname, or the first character of a firm's name, and says how many characters it took.
fn read_surname(chars: &[char], all: &mut Vec<String>) -> usize {
    let compound = readings::COMPOUND.iter().find(|(word, _)| starts_with(chars, word));
    if let Some((_, letters)) = compound {
        all[0].push_str(letters);
        return 2;
    }
    let Some(letters) = readings::surname(chars[0]) else { return 0 };
    if is_person(chars) {
        branch(all, letters);
    } else if word_at(chars).is_some() {
        return 0;
    } else {
        let everyday = readings::heteronym(chars[0]).map_or_else(|| letter(chars[0]).to_string(), str::to_owned);
        let further = everyday.chars().filter(|c| !letters.contains(*c) && *c != '\0');
        branch(all, &letters.chars().chain(further).collect::<String>());
    }
    1
}

/// Reads one character, or a whole known word, and says how many characters it took.
fn read_next(c: char, rest: &[char], all: &mut Vec<String>) -> usize {
    if c.is_ascii_lowercase() {
        all.iter_mut().for_each(|text| text.push(c));
        return 1;
    }
    let code = table(c);
    if code & SPECIAL != 0 {
        if let Some((word, letters)) = word_at(rest) {
            all.iter_mut().for_each(|text| text.push_str(letters));
            return word.chars().count();
        }
        if let Some(letters) = readings::heteronym(c) {
            branch(all, letters);
            return 1;
        }
    }
    let one = letter(c);
    if one != '\0' {
        all.iter_mut().for_each(|text| text.push(one));
    }
    1
}

/// Goes on with each of the letters; past [`READINGS`] only with the first.
fn branch(all: &mut Vec<String>, letters: &str) {
    let ways = letters.len();
    if ways * all.len() > READINGS {
        all.iter_mut().for_each(|text| text.extend(letters.chars().take(1)));
        return;
    }
    let before = std::mem::take(all);
    for one in letters.chars() {
        all.extend(before.iter().map(|text| format!("{text}{one}")));
    }
}

/// A person has two or three characters and no ending of a firm; compound surnames were seen before.
fn is_person(chars: &[char]) -> bool {
    const FIRM: &str = "店厂司馆行部局校院所社站会处场铺坊吧房队团厅城超记";
    (2..=3).contains(&chars.len())
        && chars.iter().all(|c| *c >= '\u{2E80}')
        && chars.last().is_some_and(|last| !FIRM.contains(*last))
}

fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xE000..=0xF8FF | 0xF0000..)
}

fn starts_with(chars: &[char], word: &str) -> bool {
    let mut at = chars.iter();
    word.chars().all(|c| at.next() == Some(&c))
}

fn word_at(chars: &[char]) -> Option<(&'static str, &'static str)> {
    let words = WORDS_BY_FIRST.get(chars.first()?)?;
    words.iter().copied().find(|(word, _)| starts_with(chars, word))
}

/// The everyday initial of one character, `'\0'` when it has none.
fn letter(c: char) -> char {
    char::from(table(c) & !SPECIAL)
}

fn table(c: char) -> u8 {
    match u32::from(c) {
        code @ FIRST..=LAST => TABLE[(code - FIRST) as usize],
        _ => look_up(c),
    }
}

fn look_up(c: char) -> u8 {
    readings::rare(c)
        .or_else(|| c.to_pinyin().and_then(|read| read.plain().bytes().next()))
        .filter(u8::is_ascii_lowercase)
        .unwrap_or(0)
}

static WORDS_BY_FIRST: LazyLock<HashMap<char, Vec<(&'static str, &'static str)>>> = LazyLock::new(|| {
    let mut by_first: HashMap<char, Vec<(&'static str, &'static str)>> = HashMap::new();
    for pair in readings::WORDS {
        if let Some(first) = pair.0.chars().next() {
            by_first.entry(first).or_default().push(pair);
        }
    }
    by_first.values_mut().for_each(|words| words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len())));
    by_first
});

/// Initials of the basic plane's characters, with a mark on those that need a second look.
static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let codes = (FIRST..=LAST).filter_map(char::from_u32);
    codes
        .map(|c| {
            let special = readings::heteronym(c).is_some() || WORDS_BY_FIRST.contains_key(&c);
            look_up(c) | if special { SPECIAL } else { 0 }
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Vec<String> {
        initials(text, Kind::Name, None)
    }

    fn place(text: &str) -> Vec<String> {
        initials(text, Kind::Place, None)
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        for (text, letters) in [
            ("单英", "sy"),
            ("曾世芳", "zsf"),
            ("仇建国", "qjg"),
            ("查宇", "zy"),
            ("解明", "xm"),
            ("区志强", "ozq"),
            ("盖伟", "gw"),
            ("朴秀英", "pxy"),
            ("翟静", "zj"),
            ("任丽", "rl"),
            ("华敏", "hm"),
            ("欧阳芳", "oyf"),
            ("上官婉儿", "sgwe"),
            ("尉迟恭", "ycg"),
            ("万俟雅", "mqy"),
            ("王芳", "wf"),
        ] {
            assert_eq!(name(text), [letters], "{text}");
        }
    }

    #[test]
    fn a_surname_read_in_two_ways_is_found_by_both() {
        assert_eq!(name("覃玲"), ["ql", "tl"]);
        assert_eq!(name("覃行乐查").len(), READINGS);
    }

    #[test]
    fn a_firm_is_found_by_the_surname_and_by_the_everyday_reading() {
        assert_eq!(name("曾记面馆"), ["zjmg", "cjmg"]);
        assert_eq!(name("解放商店"), ["jfsd"]);
        assert_eq!(name("单位食堂"), ["dwst"]);
        assert_eq!(name("单家面馆"), ["sjmg", "djmg"]);
        assert_eq!(name("云泽市聚友纺织有限公司"), ["yzsjyfzyxgs"]);
        assert_eq!(name("KTV练歌房"), ["ktvlgf"]);
    }

    #[test]
    fn places_are_read_as_places() {
        for (text, letters) in [
            ("人民路", "rml"),
            ("厦门路", "xml"),
            ("重庆路", "cql"),
            ("长安街", "caj"),
            ("朝阳小区", "cyxq"),
            ("解放路", "jfl"),
            ("国贸大厦", "gmds"),
            ("番禺大道", "pydd"),
        ] {
            assert_eq!(place(text), [letters], "{text}");
        }
        assert_eq!(place("重兴路"), ["cxl", "zxl"]);
    }

    #[test]
    fn characters_outside_the_basic_plane_are_read() {
        assert_eq!(name("王㐂𠮷"), ["wxj"]);
        assert_eq!(name("李䶮㛃"), ["lyj"]);
        assert_eq!(name("李\u{E863}"), ["ly"]);
        assert_eq!(name("张喆堃翀犇淼骉垚"), ["zzkcbmby"]);
        assert_eq!(name("刘𬘡𫖯"), ["lyf"]);
    }

    #[test]
    fn a_correction_alone_counts() {
        let corrected = |text: &str| initials("曾世芳", Kind::Name, Some(text));
        assert_eq!(corrected("csf"), ["csf"]);
        assert_eq!(corrected("ＣＳＦ，zsf csf"), ["csf", "zsf"]);
        assert_eq!(corrected(" 12 "), ["zsf"]);
    }

    #[test]
    fn every_word_has_one_letter_a_character() {
        for (word, letters) in readings::WORDS.iter().chain(&readings::COMPOUND) {
            assert_eq!(word.chars().count(), letters.len(), "{word}");
        }
    }

    #[test]
    fn every_reading_of_a_name_is_known() {
        for (text, letters) in [("单英", "dy"), ("曾世芳", "csf"), ("区志强", "qzq"), ("华敏", "hm"), ("刘会", "lk")]
        {
            let all: Vec<String> = name(text).into_iter().chain(further_initials(text)).collect();
            assert!(all.iter().any(|found| found == letters), "{text}: {all:?}");
        }
        assert!(further_initials("覃行乐查曾单解会").len() <= FURTHER);
    }

    #[test]
    fn letters_are_cut_into_syllables() {
        let ways = |text: &str| -> Vec<String> {
            spelled(text)
                .into_iter()
                .map(|way| format!("{}{}", way.syllables.join(" "), if way.begun { "…" } else { "" }))
                .collect()
        };
        assert_eq!(ways("liujinfeng")[0], "liu jin feng");
        assert!(ways("xian").contains(&"xian".to_owned()) && ways("xian").contains(&"xi an".to_owned()));
        assert_eq!(ways("liujinf")[0], "liu jin…");
        assert!(ways("lvmei").contains(&"lv mei".to_owned()));
        assert!(ways("lyumei").contains(&"lv mei".to_owned()));
        assert!(ways("zsf").is_empty() && ways("rml").is_empty() && ways("").is_empty());
        assert!(ways(&"a".repeat(30)).len() <= WAYS);
    }

    #[test]
    fn what_has_no_letters_has_no_initials() {
        assert!(name("").is_empty());
        assert!(place("12-3 ?").is_empty());
    }
}
