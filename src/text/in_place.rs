//! Numbers typed with their places: `4幢4单元502室`, `4-4-502`, `光明小区 4 4 502`. They count in these places only: an address that holds
//! the same numbers elsewhere is another household's, however near it looks.

use super::address::{
    ANY, BUILDING, HAO, HOUSE, Piece, Places, ROOM, UNIT, bare, names, pieces, place_said, same, settle,
};
use super::words::{Script, furniture, parts};

/// Behind these stands the number of a house, not of a building.
const STREETS: &str = "路街巷道弄";
/// The last digits of a phone or account number are so many.
const TAIL: usize = 4;

/// A piece, and how it was written.
#[derive(Clone, Debug)]
struct Marked<'a> {
    piece: Piece<'a>,
    /// The places that the word behind a number says, whatever its neighbours say.
    said: Places,
    /// No blank between this number and the one before.
    joined: bool,
    /// A dash between, and no word behind the one before.
    dashed: bool,
}

/// What was typed, when it has numbers that count in their places only.
pub struct InPlace<'a> {
    text: String,
    pieces: Vec<Marked<'a>>,
    /// Nothing but blanks between the numbers, and a name before them: they are places only where the address holds the name.
    spaced: bool,
}

impl<'a> InPlace<'a> {
    /// Reads what was typed, plain already; none where its numbers may stand anywhere.
    pub fn new(normal: &'a str) -> Option<Self> {
        let pieces = marked(normal);
        let numbers = pieces.iter().filter(|one| one.is_number()).count();
        let placed = pieces.iter().any(|one| one.is_number() && (one.said != ANY || one.joined));
        let spaced = numbers > 1 && pieces.first().is_some_and(|one| !one.is_number());
        (placed || spaced).then(|| Self { text: bare(normal), pieces, spaced: !placed })
    }

    /// Are there but blanks between the numbers?
    pub fn is_spaced(&self) -> bool {
        self.spaced
    }

    /// Do the numbers stand in this address, plain already, where they were said to stand?
    pub fn fits(&self, address: &str) -> bool {
        let mut there = marked(address);
        as_household(&mut there);
        if self.text == bare(address) || same(&plain(&self.pieces), &plain(&there)) {
            return true;
        }
        let held =
            |name: &str| there.iter().any(|other| matches!(other.piece, Piece::Name(whole) if names(name, whole)));
        // A name the address does not hold is somebody's.
        if self.spaced && !matches!(self.pieces[0].piece, Piece::Name(name) if held(name)) {
            return true;
        }
        if (0..self.pieces.len()).any(|at| self.is_elsewhere(at, &there)) {
            return self.without_tails(&there).stands(&there, held);
        }
        self.stands(&there, held)
    }

    fn stands(&self, there: &[Marked<'_>], held: impl Fn(&str) -> bool) -> bool {
        let passes = |at: &usize| !matches!(self.pieces[*at].piece, Piece::Name(name) if !held(name));
        let known: Vec<usize> = (0..self.pieces.len()).filter(passes).collect();
        self.in_order(&known, there) || self.each_at_its_own(there)
    }

    /// The same without what the address holds nowhere: the numbers left take their places anew.
    fn without_tails(&self, there: &[Marked<'_>]) -> Self {
        let kept = (0..self.pieces.len()).filter(|at| !self.is_elsewhere(*at, there));
        let mut left: Vec<Marked<'a>> = kept.map(|at| self.pieces[at].clone()).collect();
        let unsettled = |one: &Marked<'a>| match one.piece {
            Piece::Number(number, _) => Piece::Number(number, one.said),
            Piece::Name(name) => Piece::Name(name),
        };
        let mut pieces: Vec<Piece<'a>> = left.iter().map(unsettled).collect();
        settle(&mut pieces);
        left.iter_mut().zip(pieces).for_each(|(one, piece)| one.piece = piece);
        Self { text: self.text.clone(), pieces: left, spaced: self.spaced }
    }

    /// In their order, without the names behind the last number, and without the numbers that may stand anywhere.
    fn in_order(&self, known: &[usize], there: &[Marked<'_>]) -> bool {
        let walks = |known: &[usize]| Walk { typed: &self.pieces, there }.goes(known, 0, None, None);
        let numbers_end = known.iter().rposition(|at| self.pieces[*at].is_number()).map_or(0, |at| at + 1);
        if walks(known) || walks(&known[..numbers_end]) {
            return true;
        }
        let bound: Vec<usize> = (0..numbers_end).filter(|at| !self.is_free(known, *at)).map(|at| known[at]).collect();
        bound.len() < numbers_end && bound.iter().any(|at| self.pieces[*at].is_number()) && walks(&bound)
    }

    /// A number by itself, with no word, no dash and no name beside it.
    fn is_free(&self, known: &[usize], at: usize) -> bool {
        let one = &self.pieces[known[at]];
        let name_before = at.checked_sub(1).is_some_and(|before| !self.pieces[known[before]].is_number());
        let next_joined = self.pieces.get(known[at] + 1).is_some_and(|next| next.joined);
        one.is_number() && one.said == ANY && !one.joined && !next_joined && !name_before && !self.spaced
    }

    /// The end of a phone or account number, which no address holds.
    fn is_elsewhere(&self, at: usize, there: &[Marked<'_>]) -> bool {
        let one = &self.pieces[at];
        let next_joined = self.pieces.get(at + 1).is_some_and(|next| next.joined);
        let Piece::Number(number, _) = one.piece else { return false };
        let alone = one.said == ANY && !one.joined && !next_joined;
        alone
            && number.len() == TAIL
            && !there.iter().any(|other| matches!(other.piece, Piece::Number(whole, _) if whole == number))
    }

    /// Every number with a word behind it, against the order: `502室4单元3幢`.
    fn each_at_its_own(&self, there: &[Marked<'_>]) -> bool {
        let held = |one: &Marked<'_>| match one.piece {
            Piece::Number(number, _) => {
                // 号 against the order is the house.
                let said = if one.said == HAO { HOUSE } else { one.said };
                said != ANY
                    && there.iter().any(|other| {
                        matches!(other.piece, Piece::Number(whole, theirs) if whole == number && theirs & said != 0)
                    })
            }
            Piece::Name(_) => true,
        };
        self.pieces.iter().any(Marked::is_number) && self.pieces.iter().all(held)
    }
}

impl Marked<'_> {
    fn is_number(&self) -> bool {
        matches!(self.piece, Piece::Number(..))
    }

    fn may_be(&self, place: Places) -> bool {
        matches!(self.piece, Piece::Number(_, places) if places & place != 0)
    }
}

/// The typed pieces in an address, one behind the other.
struct Walk<'a, 'b> {
    typed: &'a [Marked<'b>],
    there: &'a [Marked<'b>],
}

impl Walk<'_, '_> {
    /// Can these still be found from here on? `number` and `name` are where the last number, and the name just before, were found.
    fn goes(&self, known: &[usize], from: usize, number: Option<usize>, name: Option<usize>) -> bool {
        let Some((at, rest)) = known.split_first() else { return number.is_some() };
        let typed = &self.typed[*at];
        (from..self.there.len()).any(|place| match (&typed.piece, &self.there[place].piece) {
            // Two names may stand in one stretch: 人民路光明.
            (Piece::Name(said), Piece::Name(whole)) => {
                names(said, whole) && self.goes(rest, place, number, Some(place))
            }
            (Piece::Number(said, places), Piece::Number(whole, theirs)) => {
                said == whole
                    && places & theirs != 0
                    && self.may_pass(*at, place, number, name)
                    && self.goes(rest, place + 1, Some(place), None)
            }
            (Piece::Name(_), Piece::Number(..)) | (Piece::Number(..), Piece::Name(_)) => false,
        })
    }

    /// May the numbers of the address between the piece before and this place be passed over?
    fn may_pass(&self, at: usize, place: usize, number: Option<usize>, name: Option<usize>) -> bool {
        let typed = &self.typed[at];
        let passed = |from: usize| self.there[from + 1..place].iter().filter(|one| one.is_number());
        if typed.dashed
            && let Some(before) = number
        {
            // 4-502 is a building and a room, 4-4-502 says every number.
            return passed(before).all(|one| self.is_pair(at) && one.may_be(UNIT));
        }
        match name {
            // 12号 right behind a street is its house; 4 right behind an estate its building, behind a street maybe a building there.
            Some(before) if typed.said == HAO || typed.said == HOUSE => passed(before).next().is_none(),
            Some(before) if typed.said == ANY => passed(before).all(|one| one.may_be(HOUSE)),
            _ => true,
        }
    }

    /// Is the number one of two with a dash between, and no third?
    fn is_pair(&self, at: usize) -> bool {
        let dashed = |at: usize| self.typed.get(at).is_some_and(|one| one.dashed);
        !dashed(at + 1) && !at.checked_sub(1).is_some_and(dashed)
    }
}

fn plain<'a>(all: &[Marked<'a>]) -> Vec<Piece<'a>> {
    all.iter().map(|one| one.piece.clone()).collect()
}

fn marked(normal: &str) -> Vec<Marked<'_>> {
    let parts = parts(normal);
    let word = |at: usize| furniture(&normal[parts[at].end..]);
    pieces(normal)
        .into_iter()
        .enumerate()
        .map(|(at, piece)| {
            let before = at
                .checked_sub(1)
                .filter(|before| (parts[*before].script, parts[at].script) == (Script::Digits, Script::Digits));
            let joined = before.is_some_and(|before| {
                let gap = &normal[parts[before].end + word(before).len()..parts[at].start];
                !gap.contains([' ', ',', ';', '，', '；', '、'])
            });
            let dashed = joined && before.is_some_and(|before| word(before).is_empty());
            let said = if parts[at].script == Script::Digits { place_said(word(at)) } else { ANY };
            Marked { piece, said, joined, dashed }
        })
        .collect()
}

/// Three numbers with dashes behind an estate are a building, a unit and a room: 光明小区3-1-0101.
fn as_household(there: &mut [Marked<'_>]) {
    let Some(from) = there.len().checked_sub(3) else { return };
    let (before, last) = there.split_at_mut(from);
    let estate = matches!(before.last(), Some(Marked { piece: Piece::Name(name), .. }) if !name.ends_with(|c| STREETS.contains(c)));
    let dashed = last.iter().enumerate().all(|(at, one)| one.is_number() && one.dashed == (at > 0));
    let unsaid = last[..2].iter().all(|one| one.said == ANY);
    if estate && dashed && unsaid {
        for (one, place) in last.iter_mut().zip([BUILDING, UNIT, ROOM]) {
            if let Piece::Number(_, places) = &mut one.piece {
                *places = place;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InPlace;

    const HOME: &str = "人民路12号光明小区4幢2单元502室";

    fn fits(typed: &str, address: &str) -> bool {
        InPlace::new(typed).is_none_or(|typed| typed.fits(address))
    }

    #[test]
    fn numbers_with_their_places_stand_there_or_nowhere() {
        for typed in [
            HOME,
            "光明小区4幢2单元502",
            "光明小区4幢502",
            "光明4-502",
            "光明 4-2-502",
            "gmxq 4 2 502",
            "rml 12 502",
            "人民路12 光明4-2-502",
            "人民路 4-2-502",
            "人民路12号",
            "光明小区2单元502室",
            "502室2单元4幢光明小区",
            "4-2-502 光明",
            "4幢2单元502室光明小区人民路12号",
            "502 光明小区4幢",
            "刘 光明小区4幢2单元502",
            "光明4-2-502 5678",
            "光明4幢",
        ] {
            assert!(fits(typed, HOME), "{typed}");
        }
        for typed in [
            "光明小区2幢4单元502室",
            "光明小区4幢12单元502室",
            "光明2-4-502",
            "光明2-502",
            "光明2 502",
            "gmxq 2 4 502",
            "光明4-2-50",
            "光明小区4幢2单元50",
            "人民路4号",
            "人民路4 光明4-2-502",
            "人民路2号光明小区4幢12单元502室",
            "502幢2单元4室",
            "4单元2幢光明小区502室",
            "2-4-502 光明",
            "光明12-2-502",
        ] {
            assert!(!fits(typed, HOME), "{typed}");
        }
    }

    #[test]
    fn an_address_with_dashes_has_places_too() {
        let home = "光明小区3-1-0101";
        for typed in ["光明小区3幢1单元101室", "光明小区3-1-101", "光明 3 1 101", "光明3-101", "光明小区1单元101室"]
        {
            assert!(fits(typed, home), "{typed}");
        }
        for typed in ["光明小区1幢3单元101室", "光明小区1幢101室", "光明1-101", "光明小区1幢"] {
            assert!(!fits(typed, home), "{typed}");
        }
    }

    #[test]
    fn numbers_by_themselves_may_stand_anywhere() {
        for typed in ["502", "502 12 rml", "人民路12", "曾 12", "12 502", "王芳", ""] {
            assert!(InPlace::new(typed).is_none(), "{typed}");
        }
        // 曾 is no name of the address.
        assert!(fits("曾 502 12", HOME));
    }
}
