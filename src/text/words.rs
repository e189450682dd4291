//! The words of the search box: what an account is found by, cut from its name and address.
//!
//! A name or an address becomes Chinese characters and pairs of neighbours (人民 民路), numbers without leading zeros
//! (`502`) and their beginnings (`50p`), the places its numbers may have (`b3` for 3幢), pinyin initials from every sensible
//! start (`r`, `rm`, `rml`) and in pairs, further readings of a name (`00dy`), whole syllables (`0liu`), a name's
//! length (`0n3`), and the last four of its numbers (`t5678`). Every word is made of small letters, digits and Chinese only, so no text a person types can reach
//! the search engine's own syntax. What stands behind a number as furniture — 号 幢 单元 室 — is left out: everybody writes it
//! differently.

use std::borrow::Cow;

use super::address::{self, Piece};
use super::pinyin::{self, Kind, initials};
use super::width::{normal, plain};

/// Longest run of initials that is one word; of a longer run the rest goes by pairs.
pub const LETTERS: usize = 6;
/// Beginnings of a number that are words of their own: one digit to this many.
const NUMBER_STARTS: usize = 4;
/// Longer digit runs are cut here: no address holds more.
const NUMBER: usize = 20;
/// Said behind a number without saying anything; the longest first.
const FURNITURE: [&str; 15] =
    ["号楼", "号院", "单元", "号", "幢", "栋", "室", "座", "楼", "层", "弄", "铺", "户", "房", "门"];
/// The word of an address with so many numbers.
pub fn shape(numbers: usize) -> String {
    format!("n{}", numbers.min(9))
}

/// The word of a name of so many characters.
pub fn length(name: &str) -> String {
    format!("0n{}", name.chars().count().min(9))
}

/// Behind these a new name begins inside a run: 解放路|柏悦里, 云泽市|聚友.
const JOINTS: &str = "路街巷道村镇乡市县区省";

/// What a stretch of text is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Script {
    /// Chinese, and every other script that is neither Latin letters nor digits.
    Han,
    /// Small Latin letters.
    Latin,
    /// Digits `0` to `9`.
    Digits,
}

/// A stretch of one script, where it begins and ends in the normal text (bytes).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part<'a> {
    /// Its script.
    pub script: Script,
    /// The stretch itself, never empty.
    pub text: &'a str,
    /// First byte.
    pub start: usize,
    /// Byte after the last, furniture behind a number not counted.
    pub end: usize,
}

/// Cuts a text that went through [`normal`] into stretches of one script; signs, blanks and furniture fall out.
pub fn parts(normal: &str) -> Vec<Part<'_>> {
    let mut found: Vec<Part<'_>> = Vec::with_capacity(12);
    let mut at = 0;
    while let Some(first) = normal[at..].chars().next() {
        let Some(script) = script(first) else {
            at += first.len_utf8();
            continue;
        };
        let rest = &normal[at..];
        let length = rest.char_indices().find(|(_, c)| self::script(*c) != Some(script)).map_or(rest.len(), |(i, _)| i);
        found.push(Part { script, text: &rest[..length], start: at, end: at + length });
        at += length;
        if script == Script::Digits {
            at += furniture(&normal[at..]).len();
        }
    }
    found
}

/// A number as it is compared: without its leading zeros, `0502` → `502`, `000` → `0`.
pub fn number(digits: &str) -> &str {
    let bare = digits.trim_start_matches('0');
    let bare = if bare.is_empty() { &digits[digits.len().saturating_sub(1)..] } else { bare };
    bare.get(..NUMBER).unwrap_or(bare)
}

/// The word by which the last four digits of a phone, account or meter number are found; `None` below five signs.
pub fn tail(number: &str) -> Option<String> {
    let last = number.get(number.len().checked_sub(4)?..)?;
    let fine = number.len() > 4 && last.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| format!("t{last}"))
}

/// The furniture a text begins with, else nothing.
pub fn furniture(text: &str) -> &'static str {
    FURNITURE.iter().find(|word| text.starts_with(**word)).copied().unwrap_or_default()
}

/// The text without the dots that part the pieces of a name: 阿不都·买买提 is typed with any of them, or with none. Between digits a
/// dot parts two numbers, and stays. Chinese numerals of a building or a unit are digits: 四幢 is 4幢.
pub fn without_dots(text: &str) -> Cow<'_, str> {
    const DOTS: [char; 9] = ['·', '•', '・', '‧', '∙', '⋅', '･', '●', '．'];
    if !text.contains(DOTS) {
        return numerals(text);
    }
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| plain(*c).is_ascii_digit());
    let kept = |at: usize| !DOTS.contains(&chars[at]) || digit(at.checked_sub(1)) && digit(Some(at + 1));
    let bare: String = (0..chars.len()).filter(|at| kept(*at)).map(|at| chars[at]).collect();
    numerals(&bare).into_owned().into()
}

/// Behind these a Chinese numeral is a building's or a unit's number.
const COUNTED: [&str; 4] = ["幢", "栋", "号楼", "单元"];
const NUMERALS: &str = "一二三四五六七八九十";

/// The text with numerals before 幢, 栋, 号楼 and 单元 as digits, up to 九十九.
fn numerals(text: &str) -> Cow<'_, str> {
    if !COUNTED.iter().any(|word| text.contains(word)) || !text.contains(|c| NUMERALS.contains(c)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(from) = rest.find(|c| NUMERALS.contains(c)) {
        let length = rest[from..].find(|c| !NUMERALS.contains(c)).unwrap_or(rest.len() - from);
        let (said, behind) = rest[from..].split_at(length);
        out.push_str(&rest[..from]);
        match value(said).filter(|_| COUNTED.iter().any(|word| behind.starts_with(word))) {
            Some(value) => out.push_str(&value.to_string()),
            None => out.push_str(said),
        }
        rest = behind;
    }
    out.push_str(rest);
    out.into()
}

/// 十二 is 12, 二十 is 20; none of what is no such number.
fn value(said: &str) -> Option<usize> {
    let digit = |c: char| NUMERALS.chars().position(|one| one == c).map(|at| at + 1);
    let digits: Vec<usize> = said.chars().filter_map(digit).collect();
    match digits[..] {
        [one] => Some(one),
        [10, one] if one < 10 => Some(10 + one),
        [tens, 10] if tens < 10 => Some(tens * 10),
        [tens, 10, one] if tens < 10 && one < 10 => Some(tens * 10 + one),
        _ => None,
    }
}

/// Is this nothing but furniture, 号 or 单元, typed alone?
pub fn is_furniture(text: &str) -> bool {
    FURNITURE.contains(&text)
}

/// Gathers the words of one account after the other, in buffers used again.
#[derive(Default)]
pub struct Words {
    text: String,
    line: String,
}

impl Words {
    /// Adds the words of a name; `correction` replaces its initials.
    pub fn name(&mut self, name: &str, correction: Option<&str>) {
        let name = without_dots(name);
        self.cut(&normal(&name), Kind::Name, correction);
        self.syllables(&name);
        if correction.is_none_or(|text| initials("", Kind::Name, Some(text)).is_empty()) {
            for letters in pinyin::further_initials(&name) {
                self.further(&letters);
            }
        }
    }

    /// Adds the words of an address.
    pub fn address(&mut self, address: &str) {
        let address = normal(&without_dots(address));
        self.cut(&address, Kind::Place, None);
        let mut numbers = 0;
        for piece in address::pieces(&address) {
            if let Piece::Number(number, places) = piece {
                address::place_words(number, places).for_each(|word| self.add(&word));
                numbers += 1;
            }
        }
        self.add(&shape(numbers));
    }

    /// Adds the last four digits of a number; signs and blanks in it do not count.
    pub fn number(&mut self, number: &str) {
        let bare: String = number.chars().map(plain).filter(char::is_ascii_alphanumeric).collect();
        if let Some(word) = tail(&bare) {
            self.add(&word);
        }
    }

    /// All words with blanks between, some of them twice; the gatherer is empty again.
    pub fn finish(&mut self) -> &str {
        std::mem::swap(&mut self.text, &mut self.line);
        self.text.clear();
        self.line.trim_end()
    }

    fn add(&mut self, word: &str) {
        self.text.push_str(word);
        self.text.push(' ');
    }

    fn cut(&mut self, normal: &str, kind: Kind, correction: Option<&str>) {
        let parts = parts(normal);
        for part in &parts {
            match part.script {
                Script::Han => self.chinese(part.text),
                Script::Digits => self.digits(part.text),
                // 李A is typed as it stands.
                Script::Latin => self.starts(part.text),
            }
        }
        if let Some(corrected) = correction.map(|text| initials("", kind, Some(text))).filter(|found| !found.is_empty())
        {
            corrected.iter().for_each(|letters| self.letters(letters));
            return;
        }
        for group in parts.chunk_by(|a, b| b.script != Script::Digits && a.script != Script::Digits && a.end == b.start)
        {
            if let (Some(first), Some(last)) = (group.first(), group.last())
                && first.script != Script::Digits
            {
                self.spoken(&normal[first.start..last.end], kind);
            }
        }
    }

    /// Every syllable of Chinese once, in all its readings, and how many characters there are.
    fn syllables(&mut self, text: &str) {
        self.add(&length(text));
        for c in text.chars() {
            for syllable in pinyin::syllables(c) {
                self.text.push('0');
                self.add(syllable);
            }
        }
    }

    /// The beginnings of a name's less likely initials.
    fn further(&mut self, letters: &str) {
        for length in 2..=letters.len().min(LETTERS) {
            let word = ["00", &letters[..length]].concat();
            self.add(&word);
        }
    }

    fn chinese(&mut self, run: &str) {
        let mut before: Option<usize> = None;
        for (at, c) in run.char_indices() {
            let end = at + c.len_utf8();
            self.add(&run[at..end]);
            if let Some(start) = before {
                self.add(&run[start..end]);
            }
            before = Some(at);
        }
    }

    fn digits(&mut self, run: &str) {
        let bare = number(run);
        self.add(bare);
        for length in 1..bare.len().min(NUMBER_STARTS + 1) {
            let word = [&bare[..length], "p"].concat();
            self.add(&word);
        }
    }

    /// Initials of a run of Chinese and Latin, from its start and from every joint.
    fn spoken(&mut self, run: &str, kind: Kind) {
        let chars: Vec<char> = run.chars().collect();
        for letters in initials(run, kind, None) {
            self.letters(&letters);
            if letters.len() != chars.len() {
                continue;
            }
            for start in joints(&chars) {
                self.starts(&letters[start..]);
            }
        }
    }

    fn letters(&mut self, letters: &str) {
        self.starts(letters);
        for at in 1..letters.len().saturating_sub(1) {
            self.add(&letters[at..at + 2]);
        }
    }

    fn starts(&mut self, letters: &str) {
        for length in 1..=letters.len().min(LETTERS) {
            self.add(&letters[..length]);
        }
    }
}

/// Where inside a run a new name begins: behind 路, behind Latin letters.
fn joints(chars: &[char]) -> impl Iterator<Item = usize> + '_ {
    (1..chars.len().saturating_sub(1)).filter(|&at| {
        let before = chars[at - 1];
        (at > 1 && JOINTS.contains(before) && !JOINTS.contains(chars[at]))
            || (before.is_ascii_lowercase() && !chars[at].is_ascii_lowercase())
    })
}

fn script(c: char) -> Option<Script> {
    match c {
        '0'..='9' => Some(Script::Digits),
        'a'..='z' => Some(Script::Latin),
        _ if c.is_ascii() => None,
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => Some(Script::Han),
        _ => c.is_alphanumeric().then_some(Script::Han),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str, address: &str) -> Vec<String> {
        let mut words = Words::default();
        words.name(name, None);
        words.address(address);
        words.finish().split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn furniture_behind_a_number_falls_out() {
        let texts: Vec<&str> = parts("人民路12号33幢2单元0502室").iter().map(|part| part.text).collect();
        assert_eq!(texts, ["人民路", "12", "33", "2", "0502"]);
        let texts: Vec<&str> = parts("解放路240号柏悦里3号楼").iter().map(|part| part.text).collect();
        assert_eq!(texts, ["解放路", "240", "柏悦里", "3"]);
        let texts: Vec<&str> = parts("单元房3-1-0301").iter().map(|part| part.text).collect();
        assert_eq!(texts, ["单元房", "3", "1", "0301"]);
    }

    #[test]
    fn an_address_gives_pairs_numbers_and_initials() {
        let found = words("", "人民路12号0502");
        for word in ["人", "路", "人民", "民路", "12", "1p", "502", "5p", "50p", "r", "rm", "rml", "ml"] {
            assert!(found.iter().any(|have| have == word), "{word} in {found:?}");
        }
        assert!(!found.iter().any(|have| ["号", "12p", "502p", "0502"].contains(&have.as_str())), "{found:?}");
    }

    #[test]
    fn a_new_name_inside_a_run_is_a_start() {
        let found = words("云泽市聚友纺织有限公司", "解放路柏悦里西区");
        for word in ["yzsjyf", "jy", "jyf", "jyfzyx", "jfl", "bylxq", "by", "yl"] {
            assert!(found.iter().any(|have| have == word), "{word} in {found:?}");
        }
    }

    #[test]
    fn words_hold_nothing_but_letters_digits_and_chinese() {
        for word in words("A\"B*(OR)^王:芳 NEAR", "12-3 'x'+{y}\u{1b}[0m\u{0}#\\") {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || !c.is_ascii()), "{word:?}");
        }
    }

    #[test]
    fn numbers_and_tails_are_cut_as_people_say_them() {
        assert_eq!((number("0502"), number("000"), number("7")), ("502", "0", "7"));
        assert_eq!(tail("13912345678").as_deref(), Some("t5678"));
        assert_eq!((tail("5678"), tail("王芳1234x")), (None, None));
    }

    #[test]
    fn a_correction_replaces_the_initials_of_the_name_only() {
        let mut gatherer = Words::default();
        gatherer.name("曾世芳", Some("csf"));
        let found: Vec<String> = gatherer.finish().split(' ').map(str::to_owned).collect();
        assert!(found.contains(&"csf".to_owned()) && found.contains(&"曾世".to_owned()));
        assert!(!found.contains(&"zsf".to_owned()));
    }
}
