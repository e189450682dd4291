//! Digits in a text as a person reads them: blocks of digits, and blocks that stand together with blanks or hyphens between.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::rules::numbers;

/// Blocks that are joined at most: every digit of a number by itself.
const MOST_BLOCKS: usize = 19;
/// Characters between two blocks of one number at most, and blanks.
const WIDEST_GAP: usize = 3;
const WIDEST_BLANK: usize = 8;
/// Anything between two blocks of an ID, whose day of birth and check character say enough.
const WIDEST_NEAR: usize = 6;
/// Where the parts of an ID end: place, year, month, day, and all but the check character.
const ID_PARTS: [usize; 5] = [6, 10, 12, 14, 17];
/// Digits of other scripts and styles, by the first of each ten: every decimal digit of Unicode but the plain ones.
const TENS: [u32; 64] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0,
    0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
    0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
];
/// Ones in a ring, in brackets, with a point, Roman, 苏州码子 and so on; their noughts stand elsewhere.
const ONES: [u32; 13] =
    [0x2160, 0x2170, 0x2460, 0x2474, 0x2488, 0x24F5, 0x2776, 0x2780, 0x278A, 0x3021, 0x3220, 0x3280, 0x1F102];
/// Chinese numerals by their worth, as people say a number digit by digit; a numeral also stands in names and other words, so they
/// are looked at by themselves.
const NUMERALS: [&str; 10] = ["〇零○", "一壹幺", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"];
/// A word of so many hexadecimal digits with letters among them is a hash or a key, which no person writes.
const HASH: usize = 32;

/// Digits that stand together; an X at the end of seventeen belongs to them.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) digits: String,
    /// Where each digit stands in the text.
    pub(super) places: Vec<Range<usize>>,
    /// What stands between it and the block before: `None` when that is more than a gap.
    gap: Option<String>,
    /// The same, whatever it is, when it is so little that the digits of an ID may go on behind it.
    near: Option<String>,
    letter_before: bool,
    letter_after: bool,
    behind_point: bool,
}

/// One block, or several that stand together.
pub(super) struct Span<'b> {
    blocks: &'b [Block],
    /// Whether other things than a gap may stand between them.
    pub(super) between: Between,
}

/// What stands between the blocks of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    /// Nothing but gaps.
    Gaps,
    /// The same anything.
    Same,
    /// Anything, but only where the parts of an ID end.
    Parts,
}

/// Letters and digits that stand together, cleaned.
pub(super) struct Word {
    pub(super) clean: String,
    pub(super) span: Range<usize>,
}

/// What stands between the groups of one number.
fn is_gap(c: char) -> bool {
    c.is_whitespace() || is_unseen(c) || matches!(c, '-' | '.' | '_' | '·' | '•' | '/' | '|') || is_hyphen(c)
}

/// A digit of any script or style as the plain one, other characters narrow.
pub(super) fn plain(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let code = u32::from(c);
    let from = |first: &u32, nought: u32| {
        code.checked_sub(*first).filter(|over| *over < 10 - nought).map(|over| over + nought)
    };
    let raised = || match c {
        '\u{2070}' | '\u{24EA}' | '\u{24FF}' | '\u{1F101}' => Some(0),
        '\u{00B9}' => Some(1),
        '\u{00B2}' => Some(2),
        '\u{00B3}' => Some(3),
        '\u{2074}'..='\u{2079}' => Some(code - 0x2070),
        '\u{2080}'..='\u{2089}' => Some(code - 0x2080),
        _ => None,
    };
    if matches!(c, '×' | 'Х' | 'х' | 'Χ' | 'χ' | 'Ⅹ' | 'ⅹ' | '✕' | '╳') {
        return 'X';
    }
    let digit = TENS.iter().find_map(|first| from(first, 0)).or_else(|| ONES.iter().find_map(|first| from(first, 1)));
    digit.or_else(raised).and_then(|digit| char::from_digit(digit, 10)).unwrap_or_else(|| numbers::narrow(c))
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}')
}

/// What takes no room where it stands: joiners, marks over another character, variation selectors, fillers.
fn is_unseen(c: char) -> bool {
    !c.is_ascii()
        && (c.width() == Some(0) || matches!(c, '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{3164}' | '\u{FFA0}'))
}

/// A Chinese numeral as the plain digit.
fn numeral(c: char) -> Option<char> {
    let worth = NUMERALS.iter().position(|all| all.contains(c))?;
    char::from_digit(u32::try_from(worth).ok()?, 10)
}

/// How many digits a text has that has Chinese numerals among them.
pub(super) fn numerals_in(text: &str) -> usize {
    if text.is_ascii() || !text.chars().any(|c| numeral(c).is_some()) {
        return 0;
    }
    text.chars().filter(|c| plain(*c).is_ascii_digit() || numeral(*c).is_some()).count()
}

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Digits of every script are digits.
    Digits,
    /// Chinese numerals too.
    Numerals,
}

/// The characters of a text, narrow, each with its place; what nobody sees is left out.
fn narrowed(text: &str, reading: Reading) -> Vec<(char, Range<usize>)> {
    let chars = text.char_indices().filter(|(_, c)| !is_unseen(*c));
    let read = |c: char| match reading {
        Reading::Numerals => numeral(c).unwrap_or_else(|| plain(c)),
        Reading::Digits => plain(c),
    };
    chars.map(|(at, c)| (read(c), at..at + c.len_utf8())).collect()
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let chars = narrowed(text, Reading::Digits);
    let groups = chars.chunk_by(|left, right| left.0.is_ascii_alphanumeric() == right.0.is_ascii_alphanumeric());
    let words = groups.filter(|group| group[0].0.is_ascii_alphanumeric());
    let word = |group: &[(char, Range<usize>)]| Word {
        clean: group.iter().map(|(c, _)| c.to_ascii_uppercase()).collect(),
        span: group[0].1.start..group[group.len() - 1].1.end,
    };
    words.map(word).collect()
}

/// The blocks of digits in a text, in order.
pub(super) fn blocks(text: &str, reading: Reading) -> Vec<Block> {
    let chars = narrowed(text, reading);
    let mut blocks: Vec<Block> = Vec::new();
    let mut at = 0;
    let mut last_end = None;
    for group in chars.chunk_by(|left, right| left.0.is_ascii_alphanumeric() == right.0.is_ascii_alphanumeric()) {
        let from = at;
        at += group.len();
        if !group[0].0.is_ascii_alphanumeric() || is_hash(group) {
            continue;
        }
        for run in group.chunk_by(|left, right| left.0.is_ascii_digit() == right.0.is_ascii_digit()) {
            let start = run[0].1.start;
            if let Some(block) = blocks.last_mut().filter(|block| block.ends_with_x_at(run)) {
                block.digits.push('X');
                block.places.push(run[0].1.clone());
                last_end = Some(run[0].1.end);
                continue;
            }
            let digit = run[0].0.is_ascii_digit();
            let ends_id = is_check_letter(run, group, blocks.last());
            if !digit && !ends_id {
                continue;
            }
            if ends_id {
                // The X of an ID, beside its digits or a gap behind them.
                let whole = ends_seventeen(&blocks);
                let last = blocks.last_mut().filter(|block| whole && near(text, block.end(), start).is_some());
                if let Some(block) = last {
                    block.digits.push('X');
                    block.places.push(run[0].1.clone());
                    block.letter_after = false;
                    last_end = Some(run[0].1.end);
                }
                continue;
            }
            let inside = |c: Option<&(char, Range<usize>)>| c.is_some_and(|(c, _)| c.is_ascii_alphabetic());
            let place = from + group.iter().position(|(_, range)| range.start == start).unwrap_or(0);
            let before = place.checked_sub(1).and_then(|at| chars.get(at));
            let twice = place.checked_sub(2).and_then(|at| chars.get(at));
            blocks.push(Block {
                digits: run.iter().map(|(c, _)| *c).collect(),
                places: run.iter().map(|(_, range)| range.clone()).collect(),
                gap: last_end.and_then(|end| gap(text, end, start)),
                near: last_end.and_then(|end| near(text, end, start)),
                letter_before: inside(before),
                letter_after: inside(chars.get(place + run.len())),
                behind_point: before.is_some_and(|(c, _)| *c == '.') && twice.is_some_and(|(c, _)| c.is_ascii_digit()),
            });
            last_end = Some(run[run.len() - 1].1.end);
        }
    }
    blocks
}

fn is_hash(word: &[(char, Range<usize>)]) -> bool {
    word.len() >= HASH
        && word.iter().all(|(c, _)| c.is_ascii_hexdigit())
        && word.iter().any(|(c, _)| c.is_ascii_alphabetic())
}

/// Is this the X that ends an ID: alone, right behind the digits before it or a gap away from them, and nothing behind it?
fn is_check_letter(run: &[(char, Range<usize>)], word: &[(char, Range<usize>)], before: Option<&Block>) -> bool {
    run.len() == 1
        && matches!(run[0].0, 'X' | 'x')
        && word.last().is_some_and(|(_, range)| range == &run[0].1)
        && before.is_some_and(|block| !block.digits.ends_with('X'))
}

/// Do the last blocks together make the seventeen digits before an X?
fn ends_seventeen(blocks: &[Block]) -> bool {
    let mut length = 0;
    for block in blocks.iter().rev() {
        length += block.digits.len();
        if length >= 17 || block.near.is_none() {
            break;
        }
    }
    length == 17
}

/// What stands between two blocks, when it is no more than a gap.
fn gap(text: &str, from: usize, to: usize) -> Option<String> {
    let gap = between(text, from, to)?;
    let blank = gap.chars().all(char::is_whitespace);
    let widest = if blank { WIDEST_BLANK } else { WIDEST_GAP };
    (gap.chars().count() <= widest && gap.chars().all(is_gap)).then_some(gap)
}

/// What stands between two blocks, when they may be parts of one ID.
fn near(text: &str, from: usize, to: usize) -> Option<String> {
    between(text, from, to).filter(|between| {
        let widest = if between.chars().all(char::is_whitespace) { WIDEST_BLANK } else { WIDEST_NEAR };
        between.chars().count() <= widest
    })
}

fn between(text: &str, from: usize, to: usize) -> Option<String> {
    // A long stretch is none; nothing of it need be copied.
    let between = text.get(from..to).filter(|between| between.len() <= 64)?;
    Some(between.chars().filter(|c| !is_unseen(*c)).map(numbers::narrow).collect())
}

impl Block {
    /// Do these letters begin with the X of seventeen digits right before them?
    fn ends_with_x_at(&self, letters: &[(char, Range<usize>)]) -> bool {
        let [(c, place), ..] = letters else { return false };
        self.digits.len() >= 17 && matches!(c, 'X' | 'x') && !self.digits.ends_with('X') && place.start == self.end()
    }

    fn end(&self) -> usize {
        self.places.last().map_or(0, |place| place.end)
    }
}

/// Every block, every row of blocks that stand together without letters at either side, and every row with the same between all, or
/// with anything between an ID's own parts.
pub(super) fn spans(blocks: &[Block]) -> impl Iterator<Item = Span<'_>> {
    let rows = (0..blocks.len()).flat_map(move |from| {
        let mut length = blocks[from].digits.len();
        let apart = blocks[from].letter_before;
        let next = blocks[from + 1..].iter().take(MOST_BLOCKS);
        let joined = next.take_while(move |block| {
            length += block.digits.len();
            !apart && length <= 19 && block.gap.is_some() && !block.letter_before
        });
        (from + 2..from + 2 + joined.count()).map(move |to| Span { blocks: &blocks[from..to], between: Between::Gaps })
    });
    let near = (0..blocks.len()).flat_map(move |from| {
        let mut length = blocks[from].digits.len();
        let (mut same, mut parts) = (true, true);
        let next = blocks[from + 1..].iter().take(MOST_BLOCKS).enumerate();
        let joined = next.map_while(move |(more, block)| {
            parts &= ID_PARTS.contains(&length);
            same &= block.near == blocks[from + 1].near;
            length += block.digits.len();
            let goes_on = length <= 19 && block.near.is_some() && (same || parts);
            goes_on.then_some((from + 2 + more, length, if same { Between::Same } else { Between::Parts }))
        });
        let long = joined.filter(|(_, length, _)| *length >= 15);
        long.map(move |(to, _, between)| Span { blocks: &blocks[from..to], between })
    });
    let alone = blocks.iter().map(|block| Span { blocks: std::slice::from_ref(block), between: Between::Gaps });
    alone.chain(rows.filter(|span| span.blocks.last().is_some_and(|block| !block.letter_after))).chain(near)
}

impl Span<'_> {
    pub(super) fn digits(&self) -> String {
        self.blocks.iter().map(|block| block.digits.as_str()).collect()
    }

    pub(super) fn bytes(&self) -> Range<usize> {
        let start = self.blocks.first().and_then(|block| block.places.first()).map_or(0, |place| place.start);
        start..self.blocks.last().map_or(start, Block::end)
    }

    /// In one block, digit by digit, or in these groups.
    pub(super) fn is_grouped_as(&self, groups: &[usize]) -> bool {
        let sizes = || self.blocks.iter().map(|block| block.digits.len());
        self.blocks.len() == 1 || sizes().all(|size| size == 1) || sizes().eq(groups.iter().copied())
    }

    /// As a card is printed: fours, or six first; American Express 4-6-5.
    pub(super) fn is_printed_as_a_card(&self) -> bool {
        let sizes: Vec<usize> = self.blocks.iter().map(|block| block.digits.len()).collect();
        match sizes.as_slice() {
            [6, _] | [4, 6, 5] => true,
            [fours @ .., last] => fours.len() >= 3 && fours.iter().all(|size| *size == 4) && *last <= 4,
            [] => false,
        }
    }

    /// In one block; in groups of one size, the last may be shorter; or six first, as banks print them; groups of fewer than four
    /// with the same thing between all.
    pub(super) fn is_grouped_as_a_card(&self) -> bool {
        let [first, rest @ ..] = self.blocks else { return false };
        let same = rest.windows(2).all(|pair| pair[0].gap == pair[1].gap) || first.digits.len() >= 4;
        let even = |groups: &[Block]| match groups {
            [] => true,
            [.., last] => {
                let size = groups[0].digits.len();
                groups.iter().rev().skip(1).all(|block| block.digits.len() == size) && last.digits.len() <= size
            }
        };
        same && (even(self.blocks) || first.digits.len() == 6 && even(rest))
    }

    /// Do the digits stand behind a decimal point?
    pub(super) fn is_fraction(&self) -> bool {
        self.blocks.len() == 1 && self.blocks[0].behind_point
    }
}
