//! Route numbers (抄表序号), R-040 ….
//!
//! book 4 + building 2 + unit 1 (old area) or 2 (new area) + room 3 (multi-storey) or 4 (high-rise), each padded with
//! zeros. Eleven digits have two meanings, so a number is composed and read with area and building kind known, and the
//! parts are what is kept. In an old area the unit has one digit, so units above 9 cannot be written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::numbers;

/// Area (区域): decides the digits of the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// 老区: one digit.
    Old,
    /// 新区: two digits.
    New,
}

/// Kind of building (楼型): decides the digits of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 多层: three digits.
    Multi,
    /// 高层: four digits.
    High,
}

/// The parts of a route number, as they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// Card book (抄表册), up to 9999.
    pub book: u16,
    /// Building (楼号), up to 99.
    pub building: u8,
    /// Unit or entrance (单元), up to 9 in an old area, 99 in a new one.
    pub unit: u8,
    /// Room (室号), up to 999 in a multi-storey building, 9999 in a high-rise.
    pub room: u16,
}

impl Area {
    /// Reads 老区/新区 or `old`/`new`.
    pub fn from_label(label: &str) -> Option<Self> {
        match label {
            "老区" | "老区域" | "老" | "old" => Some(Self::Old),
            "新区" | "新区域" | "新" | "new" => Some(Self::New),
            _ => None,
        }
    }

    /// The word on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Old => "老区",
            Self::New => "新区",
        }
    }

    fn unit_digits(self) -> usize {
        match self {
            Self::Old => 1,
            Self::New => 2,
        }
    }
}

impl Kind {
    /// Reads 多层/高层 or `multi`/`high`.
    pub fn from_label(label: &str) -> Option<Self> {
        match label {
            "多层" | "multi" => Some(Self::Multi),
            "高层" | "high" => Some(Self::High),
            _ => None,
        }
    }

    /// The word on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Multi => "多层",
            Self::High => "高层",
        }
    }

    fn room_digits(self) -> usize {
        match self {
            Self::Multi => 3,
            Self::High => 4,
        }
    }
}

/// The rule that gives the form of an area and a building kind.
pub fn rule(area: Area, kind: Kind) -> &'static str {
    match (area, kind) {
        (Area::Old, Kind::Multi) => "R-040",
        (Area::Old, Kind::High) => "R-041",
        (Area::New, Kind::Multi) => "R-042",
        (Area::New, Kind::High) => "R-043",
    }
}

/// Writes the route number of `parts`. Refuses parts that have no place in it.
pub fn compose(parts: &Parts, area: Area, kind: Kind) -> Result<String, Fault> {
    let (unit_digits, room_digits) = (area.unit_digits(), kind.room_digits());
    let fits = |number: u16, digits: usize| u32::from(number) < 10u32.pow(digits as u32);
    if !fits(parts.book, 4) {
        return Err(Fault::new(rule(area, kind), format!("抄表册号{}超过4位，请核对", parts.book)));
    }
    if !fits(parts.building.into(), 2) {
        return Err(Fault::new(rule(area, kind), format!("楼号{}超过2位，请核对", parts.building)));
    }
    if !fits(parts.unit.into(), unit_digits) {
        return Err(Fault::new(
            "A-04",
            format!("{}单元号只有{unit_digits}位，写不下{}单元，请核对区域", area.label(), parts.unit),
        ));
    }
    if !fits(parts.room, room_digits) {
        return Err(Fault::new(
            "A-04",
            format!("{}室号只有{room_digits}位，写不下{}室，请核对楼型", kind.label(), parts.room),
        ));
    }
    let Parts { book, building, unit, room } = parts;
    Ok(format!("{book:04}{building:02}{unit:0unit_digits$}{room:0room_digits$}"))
}

/// Reads a route number, cleaned first.
///
/// With area and kind both known the length must be theirs. Without both, ten digits can only be old multi-storey and
/// twelve only new high-rise; eleven are ambiguous and refused. One of the two alone is refused.
pub fn parse(text: &str, area: Option<Area>, kind: Option<Kind>) -> Result<Parts, Fault> {
    let digits = numbers::clean(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::new("R-040", "抄表序号应全为数字，请核对"));
    }
    let (area, kind) = match (area, kind, digits.len()) {
        (Some(area), Some(kind), _) => (area, kind),
        (None, None, 10) => (Area::Old, Kind::Multi),
        (None, None, 12) => (Area::New, Kind::High),
        (None, None, 11) => {
            return Err(Fault::new("A-03", "11位抄表序号可能是老区高层，也可能是新区多层，请同时说明区域和楼型"));
        }
        (None, None, length) => {
            return Err(Fault::new("R-040", format!("抄表序号应为10至12位，现为{length}位，请核对")));
        }
        (Some(_), None, _) => return Err(Fault::new("A-03", "只说明了区域，请同时说明楼型（多层或高层）")),
        (None, Some(_), _) => return Err(Fault::new("A-03", "只说明了楼型，请同时说明区域（老区或新区）")),
    };
    split(&digits, area, kind)
}

fn split(digits: &str, area: Area, kind: Kind) -> Result<Parts, Fault> {
    let wanted = 6 + area.unit_digits() + kind.room_digits();
    let wrong = || {
        let (area_label, kind_label) = (area.label(), kind.label());
        let found = digits.len();
        Fault::new(rule(area, kind), format!("{area_label}{kind_label}抄表序号应为{wanted}位，现为{found}位，请核对"))
    };
    if digits.len() != wanted {
        return Err(wrong());
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<u16>().map_err(|_| wrong());
    let room_at = 6 + area.unit_digits();
    let small = |value: u16| u8::try_from(value).map_err(|_| wrong());
    Ok(Parts {
        book: number(0, 4)?,
        building: small(number(4, 6)?)?,
        unit: small(number(6, room_at)?)?,
        room: number(room_at, wanted)?,
    })
}

/// Checks that a route number says what the parts on file say; names the first part that differs.
pub fn check(text: &str, parts: &Parts, area: Area, kind: Kind) -> Result<(), Fault> {
    let right = compose(parts, area, kind)?;
    let found = parse(text, Some(area), Some(kind))?;
    let differs = |what: &str, found: u16, wanted: u16| {
        let message = format!("抄表序号中的{what}是{found}，档案中是{wanted}，应为{right}，请核对");
        if found == wanted { Ok(()) } else { Err(Fault::new(rule(area, kind), message)) }
    };
    differs("册号", found.book, parts.book)?;
    differs("楼号", found.building.into(), parts.building.into())?;
    differs("单元", found.unit.into(), parts.unit.into())?;
    differs("室号", found.room, parts.room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PARTS: Parts = Parts { book: 17, building: 3, unit: 2, room: 501 };
    const FORMS: [(Area, Kind, &str); 4] = [
        (Area::Old, Kind::Multi, "0017032501"),
        (Area::Old, Kind::High, "00170320501"),
        (Area::New, Kind::Multi, "00170302501"),
        (Area::New, Kind::High, "001703020501"),
    ];

    #[test]
    fn the_four_forms_are_written_and_read() {
        for (area, kind, text) in FORMS {
            assert_eq!(compose(&PARTS, area, kind).unwrap(), text);
            assert_eq!(parse(text, Some(area), Some(kind)).unwrap(), PARTS);
            check(text, &PARTS, area, kind).unwrap();
        }
    }

    #[test]
    fn eleven_digits_mean_two_things_and_are_never_guessed() {
        assert_eq!(parse("00170320501", None, None).unwrap_err().rule, "A-03");
        assert_eq!(parse("00170320501", Some(Area::Old), None).unwrap_err().rule, "A-03");
        assert_eq!(parse("00170320501", None, Some(Kind::Multi)).unwrap_err().rule, "A-03");
        assert_eq!(parse("0017032501", Some(Area::Old), None).unwrap_err().rule, "A-03");
        assert_eq!(parse("0017032501", None, None).unwrap(), PARTS);
        assert_eq!(parse("００17 0302-0501", None, None).unwrap(), PARTS);
        let other = parse("00170320501", Some(Area::New), Some(Kind::Multi)).unwrap();
        assert_eq!(other, Parts { book: 17, building: 3, unit: 20, room: 501 });
    }

    #[test]
    fn parts_without_a_place_are_refused() {
        for (parts, area, kind, words) in [
            (Parts { unit: 10, ..PARTS }, Area::Old, Kind::Multi, "10单元"),
            (Parts { unit: 100, ..PARTS }, Area::New, Kind::Multi, "100单元"),
            (Parts { room: 1001, ..PARTS }, Area::New, Kind::Multi, "1001室"),
            (Parts { room: 10000, ..PARTS }, Area::New, Kind::High, "10000室"),
            (Parts { building: 100, ..PARTS }, Area::Old, Kind::High, "楼号100"),
            (Parts { book: 10000, ..PARTS }, Area::Old, Kind::High, "册号10000"),
        ] {
            assert!(compose(&parts, area, kind).unwrap_err().message.contains(words), "{parts:?}");
        }
    }

    #[test]
    fn a_number_that_differs_from_the_file_says_where() {
        for (text, words) in [
            ("0018032501", "册号是18"),
            ("0017042501", "楼号是4"),
            ("0017033501", "单元是3"),
            ("0017032508", "室号是508"),
            ("00170302501", "应为10位，现为11位"),
            ("001703250", "现为9位"),
            ("001703250X", "数字"),
        ] {
            let fault = check(text, &PARTS, Area::Old, Kind::Multi).unwrap_err();
            assert!(fault.message.contains(words), "{text}: {fault}");
        }
    }

    proptest! {
        #[test]
        fn what_is_composed_is_read_back(
            book in 0u16..=9999, building in 0u8..=99, unit in 0u8..=120, room in 0u16..=12000, form in 0usize..4,
        ) {
            let (area, kind, _) = FORMS[form];
            let parts = Parts { book, building, unit, room };
            if let Ok(text) = compose(&parts, area, kind) {
                prop_assert_eq!(parse(&text, Some(area), Some(kind)).unwrap(), parts);
            }
        }
    }
}
