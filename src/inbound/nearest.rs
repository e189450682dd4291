//! Headings that fit no profile: which one they come nearest to, what it lacks, and which of them nobody knows.

use super::headings::plain;
use super::layout::Layout;
use super::profile::Profile;
use crate::rules::fault::shown;
use crate::rules::private_numbers::{Holds, mask};

/// Headings named.
const NAMED: usize = 6;

/// The nearest profile so far.
#[derive(Default)]
pub(super) struct Nearest {
    best: Option<(Score, String)>,
}

/// Required columns found, columns found, headings like one of the profile's, headings at all.
type Score = (usize, usize, usize, usize);

impl Nearest {
    /// Looks at a row that may be the headings, under a profile that lacks some of them.
    pub(super) fn see(&mut self, profile: &Profile, layout: &Layout, missing: &[&str]) {
        let unknown = layout.unread();
        let names: Vec<String> = profile.columns.values().flatten().map(|name| plain(name)).collect();
        let like = |heading: &&&str| names.iter().any(|name| is_like(&plain(heading), name));
        let likes = unknown.iter().filter(like).count();
        let filled = layout.headings.iter().filter(|heading| !heading.is_empty()).count();
        let score = (profile.required.len() - missing.len(), layout.at.len(), likes, filled);
        if self.best.as_ref().is_some_and(|(best, _)| *best >= score) {
            return;
        }
        let (title, missing) = (&profile.title, missing.join("、"));
        let strange = layout.at.is_empty() && likes == 0;
        let mut text = match strange {
            true => format!("没有认得的列，请核对是否选错了文件或导入种类；“{title}”要有列：{missing}"),
            false => format!("最接近“{title}”，但缺少列：{missing}"),
        };
        // Where nothing is known it may be a row of people, and is not repeated.
        if !strange && !unknown.is_empty() {
            let name = |heading: &&str| format!("“{}”", shown(&mask(heading, Holds::Text)));
            let named: Vec<String> = unknown.iter().take(NAMED).map(name).collect();
            let more = if unknown.len() > NAMED { "等" } else { "" };
            text.push_str(&format!("；没有认出的列：{}{more}", named.join("、")));
        }
        self.best = Some((score, text));
    }

    /// What there is to say.
    pub(super) fn text(self) -> String {
        self.best.map_or_else(|| "没有表头，请核对是否选错了文件或导入种类".to_owned(), |(_, text)| text)
    }
}

/// Do two signs of it stand together in the name?
fn is_like(heading: &str, name: &str) -> bool {
    let signs: Vec<char> = heading.chars().collect();
    let pair = |pair: &[char]| !pair[0].is_ascii() && name.contains(&pair.iter().collect::<String>());
    signs.windows(2).any(pair)
}
