//! One customer's cells → a [`CustomerRow`], or the first flaw.

use rust_decimal::Decimal;

use super::Terms;
use super::columns::Cells;
use super::connection::{self, ConnectionDates};
use super::defect::{Flaw, Kind};
use super::{last_reading, limits, opening};
use crate::inbound::clean;
use crate::inbound::profile::{Profile, ReadBy};
use crate::inbound::rows::customer::{Bank, Columns, CustomerRow, MeterFacts, Sms, Standing};
use crate::rules::certificate::{self, Certificate};
use crate::rules::classes::{self, Discount};
use crate::rules::customer_fields::{UNKNOWN_NAME, method};
use crate::rules::meter_state::MeterState;
use crate::rules::money::Milli;
use crate::rules::utility::Utility;
use crate::rules::{numbers, route};

/// Fewest and most digits of a counter.
const DIAL_DIGITS: std::ops::RangeInclusive<u32> = 3..=9;

/// Reads one customer; what somebody should look at although the row is good is added to `flags`.
pub(super) fn read(
    cells: Cells<'_>,
    columns: &Columns,
    profile: &Profile,
    terms: Terms,
    flags: &mut Vec<Flaw>,
) -> Result<CustomerRow, Flaw> {
    let utility = profile.utility.unwrap_or(Utility::Water);
    let (class, class_label) = class_of(cells, columns, profile)?;
    let id_number = id_of(cells, columns, &class, terms, flags)?;
    let (standing, meter_state) = state_of(cells, columns, profile)?;
    let place = place_of(cells, columns)?;
    let past = |column| cells.past_date(column, terms.today);
    let (applied, invoiced) = (past(columns.applied)?, past(columns.invoiced)?);
    connection::check(cells, columns, ConnectionDates { applied, invoiced })?;
    let bank = bank_of(cells, columns)?;
    let meter = meter_of(cells, columns, terms)?;
    let last_date = past(columns.last_date)?;
    let money = opening::read(cells, columns, last_date, terms)?;
    let (opened, supplied) = (past(columns.opened)?, past(columns.supplied)?);
    let volumes = volumes_of(cells, columns)?;
    let fitted = meter.as_ref().and_then(|meter| meter.fitted);
    let begun = opened.or(supplied).or(fitted).is_some();
    let known = last_reading::Known { meter: meter.as_ref(), standing, volumes: &volumes, begun };
    let last = last_reading::read(cells, columns, last_date, &known)?;
    if meter_state == MeterState::Unused && meter.is_some() {
        let what = "：未用的表须先置为报装才能挂到户上，请改正状态或清空表号";
        return Err(cells.flaw(Kind::UnknownState, columns.state, what).by("R-062"));
    }
    let people = limits::number(cells, columns.people, "people", cells.count(columns.people)?, terms.today)?;
    limits::check(cells, columns, terms.today)?;
    Ok(CustomerRow {
        line: cells.row.line,
        utility,
        account: cells.text(columns.account).into_owned(),
        name: cells.some(columns.name).unwrap_or_else(|| UNKNOWN_NAME.to_owned()),
        id_number,
        landline: cells.some(columns.landline),
        mobile: cells.some(columns.mobile),
        sms: cells
            .some(columns.sms_number)
            .map(|number| Sms { number, carrier: cells.text(columns.sms_carrier).into_owned() }),
        estate: cells.some(columns.estate),
        address: address_of(cells, columns),
        form: place.as_ref().map(|place| place.form),
        parts: place.as_ref().map(|place| place.parts),
        route: place.map(|place| place.route),
        read_by: read_by(cells, columns, profile)?,
        user_kind: cells.some(columns.user_kind),
        user_type: cells.some(columns.user_type),
        method: cells.some(columns.method).map(|word| method::plain(&word).to_owned()),
        bank,
        agreement: cells.some(columns.agreement),
        mix: mix_of(cells, columns, &class)?,
        class,
        class_label,
        people,
        discount: discount_of(cells, columns)?,
        connection: cells.some(columns.connection),
        applied,
        invoiced,
        opened,
        supplied,
        standing,
        state_label: cells.text(columns.state).into_owned(),
        meter_state,
        meter,
        last,
        volumes,
        bought: cells.quantity(columns.bought)?,
        cooker: cells.some(columns.cooker),
        flame_guard: cells.some(columns.flame_guard).map(|word| word == "有"),
        balance: money.balance,
        arrears: money.arrears,
        prepaid_settles: prepaid_settles(cells, columns)?,
        remark: cells.some(columns.remark),
    })
}

fn class_of(cells: Cells<'_>, columns: &Columns, profile: &Profile) -> Result<(String, String), Flaw> {
    let label = cells.text(columns.class);
    match profile.word("class", &label) {
        Some(class) => Ok((class.to_owned(), label.into_owned())),
        None => {
            let what = format!("不在价目表，请改为：{}", profile.words_of("class"));
            Err(cells.flaw(Kind::UnknownPriceClass, columns.class, &what))
        }
    }
}

/// Whatever certificate it is, its number is kept; what cannot be checked, or is not what such a customer has, is told.
fn id_of(
    cells: Cells<'_>,
    columns: &Columns,
    class: &str,
    terms: Terms,
    flags: &mut Vec<Flaw>,
) -> Result<Option<String>, Flaw> {
    let text = cells.text(columns.id_number);
    if text.is_empty() {
        return Ok(None);
    }
    let household = classes::is_household(class);
    let heading = cells.heading(columns.id_number);
    // The number itself does not go into the message: messages are logged and exported.
    let said = |what: &str| format!("“{heading}”：{what}");
    let (checked, kind) = certificate::check(&text, !household, terms.today).map_err(|fault| {
        let kind = if fault.rule == "GB 32100" { Kind::BadUscc } else { Kind::BadResidentId };
        Flaw::at(kind, heading, said(&fault.message)).by(fault.rule)
    })?;
    let told = match kind {
        Certificate::CreditCode if household => Some("居民户登记的是统一社会信用代码，请核对用水性质或证件".to_owned()),
        kind if kind.is_checked() => None,
        _ => checked.warning,
    };
    flags.extend(told.map(|what| Flaw::at(Kind::OtherCertificate, heading, said(&what))));
    Ok(Some(checked.clean))
}

fn state_of(cells: Cells<'_>, columns: &Columns, profile: &Profile) -> Result<(Standing, MeterState), Flaw> {
    let label = cells.text(columns.state);
    let known = match profile.word("state", &label) {
        Some("normal") => Some((Standing::Normal, MeterState::Supplied)),
        Some("suspended") => Some((Standing::Suspended, MeterState::Sealed)),
        Some("closed") => Some((Standing::Closed, MeterState::Removed)),
        Some(code) => MeterState::parse(code).map(|state| (Standing::Normal, state)),
        None => None,
    };
    known.ok_or_else(|| {
        let what = format!("不是已知状态，请改为：{}", profile.words_of("state"));
        cells.flaw(Kind::UnknownState, columns.state, &what)
    })
}

struct Place {
    form: (route::Area, route::Kind),
    parts: route::Parts,
    route: String,
}

/// Has the file a column of books or of route numbers?
pub(super) fn has_route(columns: &Columns) -> bool {
    columns.book.is_some() || columns.route.is_some()
}

/// The address; in a file without books and with an empty one, of estate, building, unit and room.
fn address_of(cells: Cells<'_>, columns: &Columns) -> String {
    let address = cells.text(columns.address);
    if !address.is_empty() || has_route(columns) {
        return address.into_owned();
    }
    let mut address = cells.text(columns.estate).into_owned();
    for (column, word) in [(columns.building, "幢"), (columns.unit, "单元"), (columns.room, "室")] {
        let part = cells.text(column);
        let bare = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        address.push_str(&part);
        address.push_str(if bare && !part.is_empty() { word } else { "" });
    }
    address
}

/// Checks the route number against its parts (R-040 … R-044): it must be exactly what they compose to.
fn place_of(cells: Cells<'_>, columns: &Columns) -> Result<Option<Place>, Flaw> {
    // Without books no route number is made of building, unit and room, and none can be compared.
    if !has_route(columns) {
        return Ok(None);
    }
    let fields = [columns.book, columns.building, columns.unit, columns.room, columns.route];
    if fields.iter().all(|column| cells.text(*column).is_empty()) {
        return Ok(None);
    }
    let bad = |column: Option<usize>, what: &str| cells.flaw(Kind::BadRouteNumber, column, what);
    let area = route::Area::from_label(&cells.text(columns.area))
        .ok_or_else(|| bad(columns.area, "应为老区或新区，抄表序号由此编排，请改正"))?;
    let kind = route::Kind::from_label(&cells.text(columns.building_kind))
        .ok_or_else(|| bad(columns.building_kind, "应为多层或高层，抄表序号由此编排，请改正"))?;
    let number = |column: Option<usize>| {
        clean::count(&cells.text(column)).ok_or_else(|| bad(column, "不是数字，无法核对抄表序号，请改正"))
    };
    let narrow = |column| number(column)?.try_into().map_err(|_| bad(column, "太大，无法编入抄表序号，请核对"));
    let small = |column| number(column)?.try_into().map_err(|_| bad(column, "太大，无法编入抄表序号，请核对"));
    let parts = route::Parts {
        book: narrow(columns.book)?,
        building: small(columns.building)?,
        unit: small(columns.unit)?,
        room: narrow(columns.room)?,
    };
    let right = route::compose(&parts, area, kind)
        .map_err(|fault| Flaw::at(Kind::BadRouteNumber, cells.heading(columns.route), fault.message).by(fault.rule))?;
    if cells.text(columns.route) != right.as_str() {
        let what = format!("与册、楼、单元、室不符，按{}{}应为{right}，请核对", area.label(), kind.label());
        return Err(bad(columns.route, &what).by(route::rule(area, kind)));
    }
    Ok(Some(Place { form: (area, kind), parts, route: right }))
}

fn read_by(cells: Cells<'_>, columns: &Columns, profile: &Profile) -> Result<Option<ReadBy>, Flaw> {
    let label = cells.text(columns.read_by);
    if label.is_empty() {
        return Ok(None);
    }
    let known = profile.word("read_by", &label).and_then(ReadBy::from_code);
    known.map(Some).ok_or_else(|| {
        let what = format!("不是抄表方式，请改为：{}", profile.words_of("read_by"));
        cells.flaw(Kind::UnknownWord, columns.read_by, &what)
    })
}

fn discount_of(cells: Cells<'_>, columns: &Columns) -> Result<Option<String>, Flaw> {
    let label = cells.text(columns.discount);
    if label.is_empty() {
        return Ok(None);
    }
    Discount::from_label(&label).map(|group| Some(group.label().to_owned())).ok_or_else(|| {
        let known = Discount::ALL.map(Discount::label).join("、");
        cells.flaw(Kind::UnknownWord, columns.discount, &format!("不是优待类别，请改为：{known}"))
    })
}

/// All three or none; the card passes its check digit and has lost none.
fn bank_of(cells: Cells<'_>, columns: &Columns) -> Result<Option<Bank>, Flaw> {
    let Some(card) = cells.some(columns.card_number) else { return Ok(None) };
    let heading = cells.heading(columns.card_number);
    let flaw = |what: String| Flaw::at(Kind::BadBankCard, heading, format!("“{heading}”：{what}"));
    if columns.card_number.is_some_and(|column| cells.row.lost_digits(column)) {
        return Err(flaw("单元格是数字格式，15位以后的数字已丢失，请按银行卡重新录入为文本".into()));
    }
    let checked = numbers::bank_card(&card).map_err(|fault| flaw(fault.message).by(fault.rule))?;
    Ok(Some(Bank {
        card_number: checked.clean,
        bank: cells.text(columns.bank).into_owned(),
        holder: cells.text(columns.holder).into_owned(),
    }))
}

fn meter_of(cells: Cells<'_>, columns: &Columns, terms: Terms) -> Result<Option<MeterFacts>, Flaw> {
    let fitted = cells.past_date(columns.fitted, terms.today)?;
    let calibre = cells.calibre(columns.calibre)?;
    let base = cells.quantity(columns.base)?;
    let digits = match cells.count(columns.dial_digits)? {
        Some(digits) if !DIAL_DIGITS.contains(&digits) => {
            return Err(cells.flaw(Kind::UnreadableNumber, columns.dial_digits, "不是表位数，应为3至9，请核对"));
        }
        digits => digits,
    };
    let Some(number) = cells.some(columns.meter) else { return Ok(None) };
    Ok(Some(MeterFacts {
        number,
        maker: cells.some(columns.maker),
        model: cells.some(columns.model),
        calibre,
        dial_digits: digits.and_then(|digits| u8::try_from(digits).ok()),
        direction: cells.some(columns.direction),
        fitted,
        base,
    }))
}

/// `居民60%;非居民40%`: shares that add up to 100 %, for mixed accounts and no others.
fn mix_of(cells: Cells<'_>, columns: &Columns, class: &str) -> Result<Vec<(String, Decimal)>, Flaw> {
    let text = cells.text(columns.mix);
    let bad = |what: &str| cells.flaw(Kind::BadMixRatio, columns.mix, what);
    match (text.is_empty(), class == classes::MIXED) {
        (true, false) => Ok(Vec::new()),
        (true, true) => Err(bad("，混用户必须填各类用水的比例，请补齐")),
        (false, false) => Err(bad("，但用水性质不是混用，请改用水性质或清空比例")),
        (false, true) => {
            let shares = classes::parse_mix(&text);
            let shares = shares.map_err(|fault| bad(&format!("：{}", fault.message)).by(fault.rule))?;
            Ok(shares.into_iter().map(|(class, ratio)| (class.to_owned(), ratio)).collect())
        }
    }
}

fn volumes_of(cells: Cells<'_>, columns: &Columns) -> Result<Vec<u32>, Flaw> {
    let text = cells.text(columns.volumes);
    let number = |part: &str| {
        clean::quantity(part)
            .filter(|value| !value.is_negative())
            .and_then(|Milli(value)| u32::try_from(value / 1000).ok())
            .ok_or_else(|| cells.flaw(Kind::UnreadableNumber, columns.volumes, "不是用量，请改为如“23;19;18”"))
    };
    text.split([';', '；']).filter(|part| !part.trim().is_empty()).map(number).collect()
}

/// 预存自动抵扣: 是 or 否; an empty cell says nothing.
fn prepaid_settles(cells: Cells<'_>, columns: &Columns) -> Result<Option<bool>, Flaw> {
    match &*cells.text(columns.prepaid_settles) {
        "" => Ok(None),
        "是" => Ok(Some(true)),
        "否" => Ok(Some(false)),
        _ => Err(cells.flaw(Kind::UnknownWord, columns.prepaid_settles, "应为是或否，请改正")),
    }
}
