//! An address spelled out in letters, with 号, 幢, 单元 and 室 among them: `renminlu12haoguangmingxiaoqu4zhuang4danyuan502shi`. The word
//! behind a number is written in Chinese, so that the number stands in its place; the names stay letters. It is one way to read the
//! text and never the only one: 12dongfang may be 12栋 or 东方.

use super::pinyin;
use super::width::plain;

/// Characters of a text that are looked at.
const CHARS: usize = 160;
/// The words behind a number as they are spelled, the longest first.
const WORDS: [(&str, &str); 16] = [
    ("danyuan", "单元"),
    ("haoyuan", "号院"),
    ("haolou", "号楼"),
    ("zhuang", "幢"),
    ("chuang", "幢"),
    ("dong", "栋"),
    ("ceng", "层"),
    ("fang", "房"),
    ("nong", "弄"),
    ("hao", "号"),
    ("lou", "楼"),
    ("men", "门"),
    ("shi", "室"),
    ("zuo", "座"),
    ("hu", "户"),
    ("pu", "铺"),
];

/// The text with the words behind its numbers in Chinese; none where no number has such a word behind it. Syllables typed apart
/// (`ren min lu`) are one name.
pub fn said(text: &str) -> Option<String> {
    let normal: String = text.chars().map(plain).take(CHARS).collect();
    let mut out = String::with_capacity(normal.len());
    let mut found = false;
    let mut rest = normal.as_str();
    while let Some(first) = rest.chars().next() {
        let alike = |c: char| if first.is_ascii_lowercase() { c.is_ascii_lowercase() } else { c == first };
        let length = rest.find(|c| !alike(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(length);
        let before = out.trim_end_matches(' ').len();
        let word = WORDS.iter().find(|(spelled, _)| run.starts_with(spelled));
        match word.filter(|_| out[..before].ends_with(|c: char| c.is_ascii_digit())) {
            Some((spelled, word)) => {
                found = true;
                out.truncate(before);
                out.push_str(word);
                out.push_str(&run[spelled.len()..]);
            }
            None => {
                if is_syllable(run) && out[..before].ends_with(|c: char| c.is_ascii_lowercase()) {
                    out.truncate(before);
                }
                out.push_str(run);
            }
        }
        rest = behind;
    }
    found.then_some(out)
}

/// One whole syllable of more than a letter.
fn is_syllable(run: &str) -> bool {
    pinyin::spelled(run).first().is_some_and(|way| !way.begun && way.syllables.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn the_word_behind_a_number_is_written_in_chinese() {
        for (typed, read) in [
            ("renminlu12haoguangmingxiaoqu4zhuang4danyuan502shi", "renminlu12号guangmingxiaoqu4幢4单元502室"),
            ("renminlu 12 hao guangmingxiaoqu 4 zhuang 502", "renminlu 12号 guangmingxiaoqu 4幢 502"),
            ("ren min lu 12hao guang ming", "renminlu 12号 guangming"),
            ("ＲＥＮminlu１２hao", "renminlu12号"),
            ("rml12haolou3", "rml12号楼3"),
            ("12dongfang", "12栋fang"),
        ] {
            assert_eq!(said(typed).as_deref(), Some(read), "{typed}");
        }
        for other in ["rml 12 502", "renminlu", "haohao", "人民路12号", "12", "", "gmxq4-4-502"] {
            assert_eq!(said(other), None, "{other}");
        }
    }
}
