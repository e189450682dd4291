//! An address read as people say it: names, and numbers in their places — 号, 幢, 单元, 室. The same reading serves what stands
//! in the file and what is typed (`翠湖19-3-302`), so that the search box can tell how well the two agree.

use super::pinyin::{Kind, initials, spells};
use super::words::{Part, Script, furniture, number, parts};

/// The places a number may have, as bits, in the order in which an address names them.
pub type Places = u8;
/// 号, 弄 behind a street.
pub const HOUSE: Places = 1;
/// 幢, 栋, 号楼, 座.
pub const BUILDING: Places = 2;
/// 单元, 门.
pub const UNIT: Places = 4;
/// 室, 户.
pub const ROOM: Places = 8;
pub(super) const ANY: Places = HOUSE | BUILDING | UNIT | ROOM;
/// 号 behind a number.
pub(super) const HAO: Places = HOUSE | BUILDING | ROOM;
const IN_ORDER: [Places; 4] = [HOUSE, BUILDING, UNIT, ROOM];

/// One piece of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A name: Chinese or Latin letters.
    Name(&'a str),
    /// A number without its leading zeros, and the places it may have.
    Number(&'a str, Places),
}

/// The pieces of a text that went through [`super::width::normal`], in their order.
pub fn pieces(normal: &str) -> Vec<Piece<'_>> {
    let mut found: Vec<Piece<'_>> = parts(normal).iter().map(|part| piece(normal, part)).collect();
    settle(&mut found);
    found
}

fn piece<'a>(normal: &str, part: &Part<'a>) -> Piece<'a> {
    match part.script {
        Script::Digits => Piece::Number(number(part.text), place_said(furniture(&normal[part.end..]))),
        Script::Han | Script::Latin => Piece::Name(part.text),
    }
}

/// The places that the word behind a number says.
pub(super) fn place_said(word: &str) -> Places {
    match word {
        "号院" | "弄" => HOUSE,
        // 12号 is a house, 5号 a building of an estate, 302号 a room.
        "号" => HAO,
        "号楼" | "幢" | "栋" | "座" | "楼" => BUILDING,
        "单元" | "门" => UNIT,
        "室" | "户" | "房" | "铺" => ROOM,
        _ => ANY,
    }
}

/// Leaves every number the places that its neighbours leave it: they rise. An address that does not go so is left as it stands.
pub(super) fn settle(pieces: &mut [Piece<'_>]) {
    let mut places: Vec<&mut Places> = pieces
        .iter_mut()
        .filter_map(|piece| if let Piece::Number(_, places) = piece { Some(places) } else { None })
        .collect();
    // Of more than four numbers the last ones are house, building, unit and room; a street may be numbered before.
    let from = places.len().saturating_sub(IN_ORDER.len());
    let Some(tail) = places.get_mut(from..) else { return };
    let before: Vec<Places> = tail.iter().map(|places| **places).collect();
    if let Some(after) = rising(&before) {
        tail.iter_mut().zip(after).for_each(|(places, left)| **places = left);
    }
}

/// The places each number has in some rising choice; `None` when there is none.
fn rising(all: &[Places]) -> Option<Vec<Places>> {
    let mut left = vec![0; all.len()];
    let mut choice = Vec::with_capacity(all.len());
    choose(all, 0, &mut choice, &mut left);
    left.iter().all(|places| *places != 0).then_some(left)
}

fn choose(all: &[Places], lowest: usize, choice: &mut Vec<Places>, left: &mut [Places]) {
    let Some(places) = all.get(choice.len()) else {
        choice.iter().zip(left).for_each(|(one, left)| *left |= one);
        return;
    };
    for (at, place) in IN_ORDER.iter().enumerate().skip(lowest).filter(|(_, place)| places & **place != 0) {
        choice.push(*place);
        choose(all, at + 1, choice, left);
        choice.pop();
    }
}

/// The rising choices of one place for each number, those that begin with a building first.
pub fn choices(all: &[Places]) -> Vec<Vec<Places>> {
    fn go(all: &[Places], lowest: usize, choice: &mut Vec<Places>, found: &mut Vec<Vec<Places>>) {
        let Some(places) = all.get(choice.len()) else {
            found.push(choice.clone());
            return;
        };
        for (at, place) in IN_ORDER.iter().enumerate().skip(lowest).filter(|(_, place)| places & **place != 0) {
            choice.push(*place);
            go(all, at + 1, choice, found);
            choice.pop();
        }
    }
    let mut found = Vec::new();
    go(all, 0, &mut Vec::new(), &mut found);
    found.sort_by_key(|choice| choice.first() != Some(&BUILDING));
    found
}

/// The words by which a number is found at its place: `b3` for 3幢.
pub fn place_words(number: &str, places: Places) -> impl Iterator<Item = String> {
    const LETTERS: [char; 4] = ['h', 'b', 'u', 'r'];
    IN_ORDER
        .iter()
        .zip(LETTERS)
        .filter(move |(place, _)| places & **place != 0)
        .map(move |(_, letter)| format!("{letter}{number}"))
}

/// How well an address agrees with what was typed; the smaller the better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Agreement {
    /// It is the text typed.
    Whole,
    /// The same names and numbers, said with other words between.
    Same,
    /// All that was typed, in its order, the numbers one behind the other up to the address's last.
    ToTheEnd,
    /// The same, but more numbers follow.
    InOneGo,
    /// In its order, other numbers between.
    InOrder,
    /// Against the order, but every number at the place said: `502室4单元`.
    InPlace,
    /// In its order if the last number is still being typed.
    Begun,
    /// Only as a set.
    Loose,
}

/// What was typed, to be compared with many addresses.
pub struct Typed<'a> {
    text: String,
    pieces: Vec<Piece<'a>>,
    /// The last number may go on.
    open: bool,
}

impl<'a> Typed<'a> {
    /// Reads what was typed, plain already.
    pub fn new(normal: &'a str) -> Self {
        let pieces = pieces(normal);
        let open = normal.ends_with(|c: char| c.is_ascii_digit());
        Self { text: bare(normal), pieces, open }
    }

    /// Does its order say anything: a number with its place, or two pieces of which one is a number?
    pub fn has_order(&self) -> bool {
        let labelled = |piece: &Piece<'_>| matches!(piece, Piece::Number(_, places) if *places != ANY);
        let numbered = self.pieces.iter().any(|piece| matches!(piece, Piece::Number(..)));
        (numbered && self.pieces.len() > 1) || self.pieces.iter().any(labelled)
    }

    /// The numbers with their places.
    pub fn numbers(&self) -> impl Iterator<Item = (&'a str, Places)> + '_ {
        self.pieces
            .iter()
            .filter_map(|piece| if let Piece::Number(number, places) = piece { Some((*number, *places)) } else { None })
    }

    /// Compares with an address, plain already.
    pub fn agrees(&self, address: &str) -> Agreement {
        self.agrees_closely(address).0
    }

    /// The same, and whether a number stands in the address between a name and the number typed right behind it: `光明 4` is 4幢 of
    /// 光明小区 rather than its 1幢4单元.
    pub fn agrees_closely(&self, address: &str) -> (Agreement, bool) {
        if self.pieces.is_empty() {
            return (Agreement::Loose, true);
        }
        if self.text == bare(address) {
            return (Agreement::Whole, false);
        }
        let there = pieces(address);
        if same(&self.pieces, &there) {
            return (Agreement::Same, false);
        }
        if !self.has_order() {
            return (Agreement::Loose, true);
        }
        self.in_order(&there, false)
            .or_else(|| self.in_place(&there).then_some((Agreement::InPlace, true)))
            .or_else(|| self.in_order(&there, true).filter(|_| self.open).map(|(_, apart)| (Agreement::Begun, apart)))
            .unwrap_or((Agreement::Loose, true))
    }

    /// Finds the typed pieces in the address in their order; names may also stand behind the numbers: `4-4-502 光明`. Names the
    /// address does not hold are somebody's name, and pass.
    fn in_order(&self, there: &[Piece<'_>], open: bool) -> Option<(Agreement, bool)> {
        let held = |name: &str| there.iter().any(|other| matches!(other, Piece::Name(whole) if names(name, whole)));
        let mut known: Vec<(usize, &Piece<'_>)> = self
            .pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| match piece {
                Piece::Name(name) => held(name),
                Piece::Number(..) => true,
            })
            .collect();
        self.walk(&known, there, open).or_else(|| {
            let numbers_end = known.iter().rposition(|(_, piece)| matches!(piece, Piece::Number(..)))? + 1;
            known.truncate(numbers_end);
            self.walk(&known, there, open)
        })
    }

    /// Does the address hold every number at the one place that was said with it?
    fn in_place(&self, there: &[Piece<'_>]) -> bool {
        let held = |number: &str, places: Places| {
            (places.count_ones() == 1 || places == HAO)
                && there.iter().any(
                    |other| matches!(other, Piece::Number(whole, theirs) if *whole == number && theirs & places != 0),
                )
        };
        let mut numbers = self.numbers().peekable();
        numbers.peek().is_some() && numbers.all(|(number, places)| held(number, places))
    }

    fn walk(&self, known: &[(usize, &Piece<'_>)], there: &[Piece<'_>], open: bool) -> Option<(Agreement, bool)> {
        let last = self.pieces.iter().rposition(|piece| matches!(piece, Piece::Number(..)));
        let fits = |typed: usize, other: &Piece<'_>| match (&self.pieces[typed], other) {
            (Piece::Name(name), Piece::Name(whole)) => names(name, whole),
            (Piece::Number(number, places), Piece::Number(whole, theirs)) => {
                let alike = number == whole || (open && Some(typed) == last && whole.starts_with(*number));
                alike && places & theirs != 0
            }
            (Piece::Name(_), Piece::Number(..)) | (Piece::Number(..), Piece::Name(_)) => false,
        };
        let mut best = None;
        follow(known, there, 0, &Trail::default(), &fits, &mut best);
        best
    }
}

/// How far a comparison came.
#[derive(Clone, Default)]
struct Trail {
    /// Place of the last number found.
    number: Option<usize>,
    /// Numbers were passed over.
    gap: bool,
    /// Place of the name found just before.
    name: Option<usize>,
    /// Numbers were passed over between a name and the number behind it.
    apart: bool,
}

fn follow(
    typed: &[(usize, &Piece<'_>)],
    there: &[Piece<'_>],
    from: usize,
    trail: &Trail,
    fits: &dyn Fn(usize, &Piece<'_>) -> bool,
    best: &mut Option<(Agreement, bool)>,
) {
    let number_in = |from: usize, to: usize| there[from..to].iter().any(|piece| matches!(piece, Piece::Number(..)));
    let Some(((index, piece), rest)) = typed.split_first() else {
        let Some(last) = trail.number else { return };
        let agreement = match () {
            () if trail.gap => Agreement::InOrder,
            () if number_in(last + 1, there.len()) => Agreement::InOneGo,
            () => Agreement::ToTheEnd,
        };
        let found = (agreement, trail.apart);
        *best = Some(best.map_or(found, |before| before.min(found)));
        return;
    };
    let is_name = matches!(piece, Piece::Name(_));
    for at in from..there.len() {
        if *best == Some((Agreement::ToTheEnd, false)) {
            return;
        }
        if fits(*index, &there[at]) {
            let gap = trail.gap || trail.number.is_some_and(|last| number_in(last + 1, at));
            let trail = if is_name {
                Trail { gap, name: Some(at), ..trail.clone() }
            } else {
                let apart = trail.apart || trail.name.is_some_and(|name| number_in(name + 1, at));
                Trail { gap, number: Some(at), name: None, apart }
            };
            // Two names may stand in one stretch: 人民路光明.
            follow(rest, there, if is_name { at } else { at + 1 }, &trail, fits, best);
        }
    }
}

/// Is a name said by this text: as it stands, by its initials, or by its syllables?
pub(super) fn names(said: &str, whole: &str) -> bool {
    if whole.contains(said) {
        return true;
    }
    said.bytes().all(|b| b.is_ascii_lowercase())
        && (initials(whole, Kind::Place, None).iter().any(|letters| letters.contains(said)) || spells(said, whole))
}

pub(super) fn same(typed: &[Piece<'_>], there: &[Piece<'_>]) -> bool {
    typed.len() == there.len()
        && typed.iter().zip(there).all(|pair| match pair {
            (Piece::Name(one), Piece::Name(other)) => one == other,
            (Piece::Number(one, places), Piece::Number(other, theirs)) => one == other && places & theirs != 0,
            (Piece::Name(_), Piece::Number(..)) | (Piece::Number(..), Piece::Name(_)) => false,
        })
}

pub(super) fn bare(normal: &str) -> String {
    normal.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_places_their_neighbours_leave_them() {
        let places = |text: &str| -> Vec<Places> { Typed::new(text).numbers().map(|(_, places)| places).collect() };
        assert_eq!(places("人民路12号光明小区4幢4单元502室"), [HOUSE, BUILDING, UNIT, ROOM]);
        assert_eq!(places("翠湖19-3-302"), [HOUSE | BUILDING, BUILDING | UNIT, UNIT | ROOM]);
        assert_eq!(places("12 4 4 502"), [HOUSE, BUILDING, UNIT, ROOM]);
        assert_eq!(places("3幢502"), [BUILDING, UNIT | ROOM]);
        assert_eq!(places("3幢"), [BUILDING]);
        assert_eq!(places("502"), [ANY]);
        // More numbers than places: the first is left out.
        assert_eq!(places("1 12 4 4 502"), [ANY, HOUSE, BUILDING, UNIT, ROOM]);
        assert_eq!(places("3单元2幢"), [UNIT, BUILDING], "what goes against the order stays as it is said");
    }

    #[test]
    fn what_was_typed_agrees_with_one_address_better_than_with_another() {
        let right = "建设路19号翠湖花园19幢3单元302室";
        for (typed, agreement) in [
            ("建设路19号翠湖花园19幢3单元302室", Agreement::Whole),
            ("建设路 19号 翠湖花园 19幢 3单元 302室", Agreement::Whole),
            ("建设路19翠湖花园19-3-0302", Agreement::Same),
            ("翠湖19-3-302", Agreement::ToTheEnd),
            ("ch 19 3 302", Agreement::ToTheEnd),
            ("刘 翠湖19幢3单元302", Agreement::ToTheEnd),
            ("cuihu19-3-302", Agreement::ToTheEnd),
            ("19-3-302 翠湖", Agreement::ToTheEnd),
            ("19幢3单元302室翠湖花园建设路19号", Agreement::InPlace),
            ("302室3单元19幢翠湖", Agreement::InPlace),
            ("建设路19号翠湖花园19幢", Agreement::InOneGo),
            ("翠湖19 302", Agreement::InOrder),
            ("翠湖19-3-30", Agreement::Begun),
            ("302 翠湖 19 3", Agreement::Loose),
            ("翠湖3幢19单元302", Agreement::Loose),
            ("李四", Agreement::Loose),
        ] {
            assert_eq!(Typed::new(typed).agrees(right), agreement, "{typed}");
        }
        let other = "建设路19号翠湖花园3幢1单元302室";
        for typed in ["翠湖19-3-302", "建设路19号翠湖花园19幢3单元302室", "19幢3单元302室翠湖花园"]
        {
            assert_eq!(Typed::new(typed).agrees(other), Agreement::Loose, "{typed}");
        }
        assert_eq!(Typed::new("19-3-302 翠湖").agrees(other), Agreement::InOrder);
    }

    #[test]
    fn a_number_right_behind_a_name_is_its_own() {
        let typed = Typed::new("光明 4");
        assert_eq!(typed.agrees_closely("人民路12号光明小区4幢1单元101室"), (Agreement::InOneGo, false));
        assert_eq!(typed.agrees_closely("人民路12号光明小区1幢4单元101室"), (Agreement::InOneGo, true));
        assert_eq!(choices(&[ANY, ANY])[0], [BUILDING, UNIT]);
        assert_eq!(choices(&[BUILDING | UNIT, BUILDING | UNIT]), [[BUILDING, UNIT]]);
    }

    #[test]
    fn a_building_is_no_unit() {
        let typed = Typed::new("光明小区3幢");
        assert_eq!(typed.agrees("光明小区3幢1单元101室"), Agreement::InOneGo);
        assert_eq!(typed.agrees("光明小区1幢3单元101室"), Agreement::Loose);
        assert_eq!(typed.agrees("光明小区3-1-101"), Agreement::InOneGo);
    }
}
