//! Headings as people type them: blanks and line breaks inside, full-width letters, a star, a unit in brackets.

use crate::rules::numbers::narrow;

/// What may stand in brackets behind a heading without changing what it means. `万元` and `分` change it.
const UNITS: [&str; 33] = [
    "元",
    "人民币",
    "rmb",
    "¥",
    "￥",
    "m3",
    "m³",
    "㎥",
    "方",
    "立方",
    "立方米",
    "吨",
    "t",
    "度",
    "kwh",
    "千瓦时",
    "mm",
    "毫米",
    "dn",
    "人",
    "口",
    "位",
    "户",
    "笔",
    "必填",
    "选填",
    "可不填",
    "可空",
    "年月日",
    "年-月-日",
    "yyyy-mm-dd",
    "yyyymmdd",
    "文本",
];

/// A heading without what people add to it: for comparing.
pub fn plain(heading: &str) -> String {
    let unseen = |c: char| c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
    let text: String = heading.chars().map(narrow).filter(|c| !unseen(*c)).flat_map(char::to_lowercase).collect();
    text.trim_matches(|c| matches!(c, '*' | ':' | '\'' | '"' | '#')).to_owned()
}

/// A plain heading without the unit in brackets behind it; `None` when there is none.
pub fn without_unit(plain: &str) -> Option<&str> {
    let inner = plain.strip_suffix([')', ']', '】', '〕'])?;
    let at = inner.rfind(['(', '[', '【', '〔'])?;
    let bracket = inner[at..].chars().next()?;
    let unit = &inner[at + bracket.len_utf8()..];
    (at > 0 && UNITS.contains(&unit)).then(|| &plain[..at])
}

/// Does a heading of a file mean this name of a profile?
pub fn means(heading: &str, name: &str) -> bool {
    heading == name || without_unit(heading) == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_as_people_type_them_mean_what_they_say() {
        for typed in [
            "本次示数",
            " 本次　示数 ",
            "本次\n示数",
            "＊本次示数：",
            "本次示数（ｍ³）",
            "本次示数(方)",
            "*本次示数【必填】",
        ] {
            assert!(means(&plain(typed), "本次示数"), "{typed}");
        }
        for typed in ["本次示数(上期)", "欠费金额（万元）", "(元)", "本次示数)"] {
            assert!(!means(&plain(typed), "本次示数") && without_unit(&plain(typed)).is_none(), "{typed}");
        }
        assert_eq!(plain("ＨＨ"), "hh");
    }
}
