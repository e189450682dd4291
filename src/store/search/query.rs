//! What a person typed into the search box, understood: an order, a receipt, long numbers, and words in any order.

use crate::rules::id::{Id, Site};
use crate::text::address::{Places, Typed, choices, place_words};
use crate::text::pinyin;
use crate::text::width::plain;
use crate::text::words::{LETTERS, Script, is_furniture, length, number, parts, shape, without_dots};

/// Characters of the text that are looked at; the rest of a long paste is not.
const CHARS: usize = 96;
/// Digits from which a number is looked up as an account, meter or phone number.
const LONG: usize = 5;
/// Digits behind one letter from which they may begin a meter's number; fewer are a queue number.
const METER: usize = 4;
/// Most words of one query, the most telling ones; further ones are passed over.
const WORDS: usize = 8;

/// Something typed with its own number, to be opened whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// An order or another entry: `B03.1.3981`.
    Entry(Id),
    /// A receipt (核对单): `B03-1-000702`, in capitals, the running number with its zeros as typed.
    Receipt(String),
    /// The end of an order or receipt number, or a queue number: one short word, in capitals.
    Tail(String),
}

/// How the words of a text are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// As they stand: letters are initials.
    Plain,
    /// Letters are a name's less likely initials.
    Further,
    /// Letters are whole syllables, cut in this way of those there are.
    Spelled(usize),
    /// Letters are syllables of a place: their initials.
    SpelledPlace,
    /// Every number may go on, and initials may stand anywhere in a name.
    Loose,
}

/// A text understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// An order or receipt number among the words.
    pub named: Option<Named>,
    /// Beginnings of account, meter or phone numbers, capitals and digits.
    pub numbers: Vec<String>,
    /// The words, the most telling first.
    words: Vec<Word>,
    /// All digits of a text of nothing but short numbers.
    spaced: Option<String>,
    /// The text as it is compared with addresses.
    pub(super) normal: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// A number: without its zeros, as typed; `open` while it is the last thing typed, and may go on; `zeros` in front of it, and
    /// no word behind it.
    Digits { bare: String, typed: String, open: bool, zeros: bool },
    /// Pinyin initials.
    Letters(String),
    /// One Chinese character or a pair of neighbours.
    Chinese(String),
}

/// Words of which an account must hold one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clause {
    /// What was meant outright.
    pub(super) exact: Vec<String>,
    /// What the number still being typed may become: `50` finds 502. Hits by these alone come later.
    pub(super) open: Vec<String>,
}

impl Query {
    /// Understands a text. Never fails: what cannot be anything is passed over.
    pub fn parse(text: &str) -> Self {
        Self::read(text, true)
    }

    /// Understands a text whose long numbers are nobody's as words only: `rml10023` is a street and a house number.
    pub fn words_only(text: &str) -> Self {
        Self::read(text, false)
    }

    fn read(text: &str, numbers: bool) -> Self {
        let normal: String = without_dots(text).chars().map(plain).take(CHARS).collect();
        let mut query = Self::default();
        for chunk in normal.split([' ', ',', ';']).filter(|chunk| !chunk.is_empty()) {
            query.chunk(chunk, numbers);
        }
        let bare: String = normal.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if query.numbers.is_empty() && bare.len() > LONG && bare.bytes().all(|b| b.is_ascii_digit()) {
            query.spaced = Some(bare);
        }
        query.close(&normal);
        query.choose();
        if query.named.is_none() {
            query.named = tail(normal.trim());
        }
        query.keep_queue_number(normal.trim());
        query.zeros_alone();
        query.normal = normal;
        query
    }

    /// Does it ask for nothing?
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.words.is_empty() && self.spaced.is_none()
    }

    /// The text as it is compared with addresses, when no number of it is looked up by itself.
    pub(super) fn placed(&self) -> Option<&str> {
        self.numbers.is_empty().then_some(self.normal.as_str())
    }

    /// Does it hold words, besides numbers to look up?
    pub fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Are there letters that may be the syllables of a place, and numbers behind which one stands: `cuihu12-1-102`?
    pub(super) fn spells_a_place(&self) -> bool {
        let spelled = |word: &Word| matches!(word, Word::Letters(text) if !pinyin::spelled(text).is_empty());
        self.words.iter().any(spelled) && self.words.iter().any(|word| matches!(word, Word::Digits { .. }))
    }

    /// The number the text may have meant when it found nothing else: `m0031`, `139 1234 5678`.
    pub fn short_number(&self) -> Option<String> {
        self.spaced.clone()
    }

    /// What an account must hold: of every clause one word. None where the words can't be taken this way.
    pub(super) fn clauses(&self, way: Way) -> Vec<Clause> {
        let takes = |word: &Word| match (word, way) {
            (Word::Letters(text), Way::Further) => text.len() > 1,
            (Word::Letters(text), Way::Spelled(at)) => pinyin::spelled(text).len() > at,
            (Word::Letters(text), Way::SpelledPlace) => !pinyin::spelled(text).is_empty(),
            _ => false,
        };
        if matches!(way, Way::Further | Way::Spelled(_) | Way::SpelledPlace) && !self.words.iter().any(takes) {
            return Vec::new();
        }
        self.words.iter().flat_map(|word| word.clauses(if takes(word) { way } else { plain_of(way) })).collect()
    }

    /// The letters, when nothing else was typed: a name may be spelled by them.
    pub(super) fn letters(&self) -> Option<String> {
        let bare: String = self.normal.chars().filter(|c| *c != ' ').collect();
        (bare.len() > 1 && bare.bytes().all(|b| b.is_ascii_lowercase())).then_some(bare)
    }

    /// The Chinese, when nothing else was typed: it may be a name.
    pub(super) fn name(&self) -> Option<String> {
        let bare: String = self.normal.chars().filter(|c| *c != ' ').collect();
        let chinese = self.words.iter().all(|word| matches!(word, Word::Chinese(_)));
        (chinese && !bare.is_empty()).then_some(bare)
    }

    /// What accounts hold whose whole name was typed, in Chinese or spelled out: one set of clauses for each way to read it.
    pub(super) fn whole_names(&self) -> Vec<Vec<Clause>> {
        if let Some(name) = self.name() {
            return vec![[vec![Clause::word(&length(&name))], self.clauses(Way::Plain)].concat()];
        }
        let Some(letters) = self.letters() else { return Vec::new() };
        let whole = pinyin::spelled(&letters).into_iter().filter(|way| !way.begun);
        let asked = |way: pinyin::Spelled| {
            let count = Clause::word(&format!("0n{}", way.syllables.len().min(9)));
            let syllables = way.syllables.iter().map(|syllable| Clause::word(&format!("0{syllable}")));
            std::iter::once(count).chain(syllables).collect()
        };
        whole.map(asked).collect()
    }

    /// The word of an address with as many numbers as were typed.
    pub(super) fn shape(&self) -> Clause {
        Clause::word(&shape(Typed::new(&self.normal).numbers().count()))
    }

    /// What accounts hold whose numbers stand each at a place of its own, the likeliest choice of places first: building, unit, room.
    /// Two equal numbers can be told in this way only.
    pub(super) fn choices(&self) -> Vec<Vec<Clause>> {
        let typed = Typed::new(&self.normal);
        let numbers: Vec<_> = typed.numbers().collect();
        if !(1..=4).contains(&numbers.len()) || !typed.has_order() || !self.numbers.is_empty() {
            return Vec::new();
        }
        let last = numbers.len() - 1;
        let open = self.words.iter().any(|word| matches!(word, Word::Digits { open: true, .. }));
        let clause = |at: usize, place: Places| Clause {
            exact: place_words(numbers[at].0, place).collect(),
            open: if open && at == last { vec![format!("{}p", numbers[at].0)] } else { Vec::new() },
        };
        let places: Vec<Places> = numbers.iter().map(|(_, places)| *places).collect();
        let choices = choices(&places).into_iter();
        choices.map(|choice| choice.into_iter().enumerate().map(|(at, place)| clause(at, place)).collect()).collect()
    }

    /// Words that only those accounts hold whose address has the typed numbers in their places.
    pub(super) fn in_place(&self) -> Vec<Clause> {
        let typed = Typed::new(&self.normal);
        let numbers: Vec<_> = typed.numbers().collect();
        if numbers.is_empty() {
            return vec![self.shape()];
        }
        if !typed.has_order() || !self.numbers.is_empty() {
            return Vec::new();
        }
        let last = numbers.len() - 1;
        let open = self.words.iter().any(|word| matches!(word, Word::Digits { open: true, .. }));
        numbers
            .iter()
            .enumerate()
            .map(|(at, (number, places))| Clause {
                exact: place_words(number, *places).collect(),
                open: if open && at == last { vec![format!("{number}p")] } else { Vec::new() },
            })
            .collect()
    }

    /// Beside another number, zeros are how a room is written: 人民路12 0502.
    fn zeros_alone(&mut self) {
        let numbers = self.words.iter().filter(|word| matches!(word, Word::Digits { .. })).count();
        for word in self.words.iter_mut().filter(|_| numbers > 1) {
            if let Word::Digits { zeros, .. } = word {
                *zeros = false;
            }
        }
    }

    /// One letter and digits are a queue number, and nothing else; from four digits on maybe the beginning of a meter's.
    fn keep_queue_number(&mut self, text: &str) {
        let digits = text.strip_prefix(|c: char| c.is_ascii_lowercase()).unwrap_or_default();
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() < LONG {
            self.words.clear();
            self.spaced = self.spaced.take().filter(|_| digits.len() >= METER);
        }
    }

    fn chunk(&mut self, chunk: &str, numbers: bool) {
        let named = named(chunk);
        // gmxq4-4-502 looks like a receipt's number too.
        let whole = named.as_ref().is_some_and(|named| !matches!(named, Named::Receipt(number) if is_short(number)));
        if let Some(named) = named {
            self.named.get_or_insert(named);
        }
        match long_number(chunk).filter(|_| numbers) {
            _ if whole => {}
            Some(long) => self.numbers.push(long),
            None => self.cut(chunk, numbers),
        }
    }

    fn cut(&mut self, chunk: &str, numbers: bool) {
        let parts = parts(chunk);
        for part in &parts {
            let alone = chunk[part.end..].chars().next().is_none_or(|c| !c.is_alphanumeric());
            match part.script {
                Script::Han => self.chinese(part.text),
                Script::Latin => self.words.push(Word::Letters(part.text.to_owned())),
                Script::Digits if numbers && part.text.len() >= LONG => self.numbers.push(part.text.to_owned()),
                Script::Digits => self.digits(part.text, alone),
            }
        }
        if let [letters, digits] = parts[..]
            && (letters.script, digits.script) == (Script::Latin, Script::Digits)
            && digits.text.len() >= 3
            && letters.end == digits.start
        {
            self.spaced = Some([letters.text, digits.text].concat().to_ascii_uppercase());
        }
    }

    fn digits(&mut self, typed: &str, alone: bool) {
        let zeros = alone && typed.len() > 1 && typed.starts_with('0');
        self.words.push(Word::Digits { bare: number(typed).to_owned(), typed: typed.to_owned(), open: false, zeros });
    }

    fn chinese(&mut self, run: &str) {
        let chars: Vec<char> = run.chars().collect();
        if let [one] = chars[..] {
            self.words.push(Word::Chinese(one.to_string()));
        }
        // Pairs that do not overlap first: they tell more.
        let (even, odd): (Vec<usize>, Vec<usize>) = (0..chars.len().saturating_sub(1)).partition(|at| at % 2 == 0);
        for at in even.into_iter().chain(odd) {
            self.words.push(Word::Chinese(chars[at..at + 2].iter().collect()));
        }
    }

    /// Marks the number that stands last in the text: it may go on.
    fn close(&mut self, normal: &str) {
        if normal.ends_with(|c: char| c.is_ascii_digit())
            && let Some(Word::Digits { open, .. }) =
                self.words.iter_mut().rev().find(|word| matches!(word, Word::Digits { .. }))
        {
            *open = true;
        }
    }

    /// Keeps the most telling words, and drops furniture where there is anything else.
    fn choose(&mut self) {
        let furniture = |word: &Word| matches!(word, Word::Chinese(text) if is_furniture(text));
        if self.words.iter().any(|word| !furniture(word)) {
            self.words.retain(|word| !furniture(word));
        }
        self.words.sort_by_key(|word| std::cmp::Reverse(word.telling()));
        self.words.dedup();
        self.words.truncate(WORDS);
    }
}

impl Word {
    /// How far the word tells accounts apart, roughly.
    fn telling(&self) -> usize {
        match self {
            Self::Digits { bare, .. } => bare.len() * 2,
            Self::Letters(text) => text.len().min(LETTERS) * 2 - 1,
            Self::Chinese(text) => 5 * usize::from(text.chars().count() > 1),
        }
    }

    fn clauses(&self, way: Way) -> Vec<Clause> {
        let loose = way == Way::Loose;
        match self {
            Self::Digits { bare, typed, open, zeros } => {
                let mut exact = vec![bare.clone()];
                let tail = (typed.len() == 4).then(|| format!("t{typed}"));
                exact.extend(tail.clone());
                let open = if loose || *open { vec![format!("{bare}p")] } else { Vec::new() };
                // 0431 may be a room, or the end of a number, but no house: an address of one number has no other.
                let rooms = zeros.then(|| Clause { exact: (2..=9).map(shape).chain(tail).collect(), open: Vec::new() });
                let number = Clause { exact, open };
                std::iter::once(number).chain(rooms).collect()
            }
            Self::Letters(text) => match way {
                Way::Plain | Way::Loose => letters(text, loose),
                Way::Further => vec![Clause::word(&format!("00{}", &text[..text.len().min(LETTERS)]))],
                Way::Spelled(at) => spelled(text, at, true),
                Way::SpelledPlace => spelled(text, 0, false),
            },
            Self::Chinese(text) => vec![Clause::word(text)],
        }
    }
}

impl Clause {
    pub(super) fn word(text: &str) -> Self {
        Self { exact: vec![text.to_owned()], open: Vec::new() }
    }
}

/// Words that can't be taken this way are taken as they stand.
fn plain_of(way: Way) -> Way {
    if way == Way::Loose { way } else { Way::Plain }
}

/// The syllables of a name and their initials; of a place the initials only.
fn spelled(text: &str, at: usize, name: bool) -> Vec<Clause> {
    let ways = pinyin::spelled(text);
    let first = |way: &pinyin::Spelled| way.initials[..way.initials.len().min(LETTERS)].to_owned();
    // The initials of a name may be its less likely ones.
    let initials = |first: String| [format!("00{first}"), first];
    if !name {
        // Xian is 西安, too: a place is spelled in any of the ways there are.
        let mut exact: Vec<String> = ways.iter().flat_map(|way| initials(first(way))).collect();
        exact.sort();
        exact.dedup();
        return vec![Clause { exact, open: Vec::new() }];
    }
    let Some(way) = ways.get(at) else { return Vec::new() };
    let syllables = way.syllables.iter().map(|syllable| Clause::word(&format!("0{syllable}")));
    let short = (way.initials.len() > 1).then(|| Clause { exact: initials(first(way)).to_vec(), open: Vec::new() });
    syllables.chain(short).collect()
}

/// A short word that may be the end of an order or receipt number, or a queue number: `275`, `000013`, `A012`.
fn tail(text: &str) -> Option<Named> {
    let letters = text.bytes().take_while(u8::is_ascii_lowercase).count();
    let digits = text.len() - letters;
    let fine = letters <= 2 && (1..=7).contains(&digits) && text.bytes().skip(letters).all(|b| b.is_ascii_digit());
    fine.then(|| Named::Tail(text.to_ascii_uppercase()))
}

/// Initials: the first six as one word, the rest by pairs; loosely, all by pairs.
fn letters(text: &str, loose: bool) -> Vec<Clause> {
    let (first, pairs_from) = if loose && text.len() > 2 { (2, 1) } else { (text.len().min(LETTERS), LETTERS - 1) };
    let pairs = pairs_from..text.len().saturating_sub(1).min(pairs_from + LETTERS);
    let pairs = pairs.map(|at| Clause::word(&text[at..at + 2]));
    std::iter::once(Clause::word(&text[..first])).chain(pairs).collect()
}

/// An order number with its two dots, or a receipt number with its two dashes and letters before the first.
fn named(chunk: &str) -> Option<Named> {
    if chunk.contains('.')
        && let Ok(id) = chunk.to_ascii_uppercase().parse::<Id>()
    {
        return Some(Named::Entry(id));
    }
    let mut parts = chunk.split('-');
    let (site, epoch, running) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let fine = parts.next().is_none()
        && Site::parse(site).is_ok()
        && site.bytes().any(|b| b.is_ascii_lowercase())
        && digits(epoch, 2)
        && digits(running, 9);
    fine.then(|| Named::Receipt(chunk.to_ascii_uppercase()))
}

/// A receipt's running number is printed with six digits.
fn is_short(receipt: &str) -> bool {
    receipt.rsplit('-').next().is_some_and(|running| running.len() < 6)
}

/// Digits from five on, maybe behind the letters of a meter number or with dashes as in a phone number.
fn long_number(chunk: &str) -> Option<String> {
    let bare: String = chunk.chars().filter(|c| *c != '-').collect();
    let fine = bare.bytes().all(|b| b.is_ascii_alphanumeric())
        && bare.bytes().filter(u8::is_ascii_digit).count() >= LONG
        && chunk.split('-').any(|part| part.bytes().filter(u8::is_ascii_digit).count() >= LONG)
        && bare.bytes().last().is_some_and(|b| b.is_ascii_digit() || b == b'x');
    fine.then(|| bare.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The clauses as text: alternatives by `|`, those a number may become behind `~`.
    fn asked(text: &str) -> String {
        let clause = |clause: &Clause| {
            let open: String = clause.open.iter().map(|word| format!("~{word}")).collect();
            clause.exact.join("|") + &open
        };
        Query::parse(text).clauses(Way::Plain).iter().map(clause).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_understood_in_any_order_and_spelling() {
        for (text, clauses) in [
            ("rml 12 502", "502~502p rml 12"),
            ("502 rml 12", "502 rml 12~12p"),
            ("人民路12 0502", "502|t0502~502p 人民 民路 12"),
            ("rml12", "rml 12~12p"),
            ("ｒｍｌ１２ ", "rml 12"),
            ("12号", "12"),
            ("人", "人"),
            ("33幢2单元", "33 2"),
            ("yzsjyfz", "yzsjyf fz"),
            ("单元 3", "3~3p"),
            ("\"'*()", ""),
        ] {
            assert_eq!(asked(text), clauses, "{text}");
        }
    }

    #[test]
    fn numbers_with_a_place_of_their_own_are_seen() {
        let site = Site::parse("B03").unwrap();
        assert_eq!(Query::parse("b03.1.3981").named, Id::new(&site, 1, 3981, 0).map(Named::Entry));
        assert_eq!(Query::parse("Ｂ03－1－000702").named, Some(Named::Receipt("B03-1-000702".into())));
        for (text, number) in [
            ("10023377", "10023377"),
            ("139 12345", "12345"),
            ("0571-88012345", "057188012345"),
            ("lc2200001932", "LC2200001932"),
            ("户号10023377", "10023377"),
        ] {
            let query = Query::parse(text);
            assert_eq!(query.numbers, [number], "{text}");
            assert!(!matches!(query.named, Some(Named::Entry(_) | Named::Receipt(_))), "{text}");
        }
        assert!(Query::parse("光明小区2-1-0301").numbers.is_empty());
        assert_eq!(Query::parse("m0031").short_number().as_deref(), Some("M0031"));
        assert_eq!(Query::parse("139 1234 5678").short_number().as_deref(), Some("13912345678"));
    }

    #[test]
    fn a_long_paste_stays_small() {
        let long = "人民路12号\" OR * NEAR(".repeat(600);
        assert!(Query::parse(&long).clauses(Way::Plain).len() <= WORDS);
        assert!(Query::parse(&"1".repeat(10_000)).numbers[0].len() <= CHARS);
        assert!(Query::parse(&"z".repeat(10_000)).clauses(Way::Loose).len() <= WORDS);
    }

    proptest! {
        #[test]
        fn any_text_asks_for_a_few_plain_words(text in "\\PC{0,40}|[a-z0-9人民\"'*:^()\\-. ]{0,30}") {
            let query = Query::parse(&text);
            for clause in [query.clauses(Way::Plain), query.clauses(Way::Loose), query.clauses(Way::Further), query.clauses(Way::Spelled(0)), query.in_place()].concat() {
                prop_assert!(!clause.exact.is_empty());
                for word in clause.exact.iter().chain(&clause.open) {
                    prop_assert!(!word.is_empty() && word.len() <= 24);
                }
            }
        }
    }
}
