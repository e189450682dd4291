//! Reading one tariff file (TOML).
//!
//! Every mistake is reported with file and line; unknown keys, bare numbers where a decimal in quotes is wanted, and
//! combinations without a meaning (a season on a yearly cycle, bounds that do not rise) are refused, never mended.

use rust_decimal::Decimal;

use super::model::{Component, Cycle, LateFeeRule, People, Register, Registers, Round, Season, Step, Tariff};
use crate::rules::form::{Fields, FileFault, Node, Sheet};
use crate::rules::utility::Utility;

/// Most steps of a component, and most of anything else listed in a tariff.
const MOST: usize = 50;
/// Most decimals of a price or rate.
const PRICE_PLACES: u32 = 12;
/// Most decimals of a bound.
const BOUND_PLACES: u32 = 6;
/// Prices stay below this many yuan a unit, bounds below this many units.
const LARGEST: i64 = 1_000_000_000;

/// Reads a tariff. `file` is the name shown in faults.
pub fn read(file: &str, text: &str) -> Result<Tariff, Vec<FileFault>> {
    Sheet::read(file, text, tariff)
}

fn tariff(sheet: &mut Sheet<'_>, mut fields: Fields<'_>) -> Option<Tariff> {
    let code = fields.text(sheet, "code");
    let name = fields.text(sheet, "name");
    let utility = fields.word(sheet, "utility", &Utility::ALL.map(|utility| (utility.code(), utility)), None);
    let unit = fields.text(sheet, "unit");
    let class = fields.text(sheet, "class");
    let valid_from = fields.need(sheet, "valid_from").and_then(|node| sheet.date_of(node, "valid_from"));
    let valid_to = fields.take("valid_to").map(|node| (node, sheet.date_of(node, "valid_to")));
    let document = fields.text(sheet, "document");
    let cycle = fields.word(sheet, "cycle", &[("year", Cycle::Year), ("month", Cycle::Month)], None);
    let round = fields.word(sheet, "round", &[("bill", Round::Bill), ("line", Round::Line)], Some(Round::Bill));
    let components = fields.need(sheet, "component").and_then(|node| components(sheet, node)).unwrap_or_default();
    let seasons = fields.take("season").map(|node| seasons(sheet, node, &components, cycle)).unwrap_or_default();
    let people = fields.take("people").and_then(|node| people(sheet, node, &components, &seasons));
    let registers = fields.take("registers").and_then(|node| registers(sheet, node, &components, &seasons));
    let prorate = fields.take("prorate").is_some_and(|node| prorate(sheet, node, cycle));
    let late_fee = fields.take("late_fee").and_then(|node| late_fee(sheet, node));
    if let (Some(from), Some((node, Some(to)))) = (valid_from, &valid_to)
        && *to < from
    {
        sheet.fault(node.span().start, "valid_to 早于 valid_from");
    }
    fields.finish(sheet);
    Some(Tariff {
        file: sheet.file().to_owned(),
        code: code?,
        name: name?,
        utility: utility?,
        unit: unit?,
        class: class?,
        valid_from: valid_from?,
        valid_to: valid_to.and_then(|(_, to)| to),
        document: document?,
        cycle: cycle?,
        round: round?,
        components,
        people,
        seasons,
        registers,
        prorate,
        late_fee,
    })
}

fn components(sheet: &mut Sheet<'_>, node: &Node<'_>) -> Option<Vec<Component>> {
    let mut list: Vec<Component> = Vec::new();
    for item in items(sheet, node, "component")? {
        let Some(mut fields) = sheet.table_of(item, "component") else { continue };
        let key = fields.text(sheet, "key");
        let name = fields.text(sheet, "name");
        let steps = fields.need(sheet, "steps").and_then(|node| steps(sheet, node, "component.steps"));
        let at = fields.at();
        fields.finish(sheet);
        let (Some(key), Some(name), Some(steps)) = (key, name, steps) else { continue };
        if list.iter().any(|known| known.key == key) {
            sheet.fault(at, format!("component.key “{key}”重复"));
        }
        list.push(Component { key, name, steps });
    }
    Some(list)
}

/// The items of a list that may be neither empty nor endless.
fn items<'n, 'd>(sheet: &mut Sheet<'_>, node: &'n Node<'d>, path: &str) -> Option<Vec<&'n Node<'d>>> {
    let list = sheet.array_of(node, path)?;
    if list.is_empty() || list.len() > MOST {
        sheet.fault(node.span().start, format!("{path} 应有1至{MOST}项"));
        return None;
    }
    Some(list)
}

fn steps(sheet: &mut Sheet<'_>, node: &Node<'_>, path: &str) -> Option<Vec<Step>> {
    let list = items(sheet, node, path)?;
    let last = list.len() - 1;
    let mut steps = Vec::with_capacity(list.len());
    let mut below = Decimal::ZERO;
    for (place, item) in list.into_iter().enumerate() {
        let mut fields = sheet.table_of(item, path)?;
        let upto = fields.take("upto");
        let bound = upto.and_then(|node| bounded(sheet, node, &format!("{path}.upto"), BOUND_PLACES));
        let price =
            fields.need(sheet, "price").and_then(|node| bounded(sheet, node, &format!("{path}.price"), PRICE_PLACES));
        let at = fields.at();
        fields.finish(sheet);
        match (upto, bound) {
            (None, _) if place < last => {
                sheet.fault(at, format!("{path} 第{}档没有 upto，只有最后一档可以没有", place + 1))
            }
            (Some(node), Some(bound)) if bound <= below => {
                sheet.fault(node.span().start, format!("{path} 第{}档的 upto {bound} 应大于{below}", place + 1));
            }
            (_, Some(bound)) => below = bound,
            _ => {}
        }
        steps.push(Step { upto: bound, price: price? });
    }
    Some(steps)
}

/// A decimal from 0 up, with at most `places` decimals.
fn bounded(sheet: &mut Sheet<'_>, node: &Node<'_>, path: &str, places: u32) -> Option<Decimal> {
    let value = sheet.amount_of(node, path)?;
    if value.normalize().scale() > places {
        sheet.fault(node.span().start, format!("{path} 小数多于{places}位"));
        return None;
    }
    if value >= Decimal::from(LARGEST) {
        sheet.fault(node.span().start, format!("{path} 太大，请核对"));
        return None;
    }
    Some(value)
}

/// How a larger household widens the bounds: `steps` names bounds of a component's ladder or of a season's.
fn people(sheet: &mut Sheet<'_>, node: &Node<'_>, components: &[Component], seasons: &[Season]) -> Option<People> {
    let mut fields = sheet.table_of(node, "people")?;
    let over = fields.need(sheet, "over").and_then(|node| sheet.integer_of(node, "people.over", 0, 1000));
    let add = fields.need(sheet, "add").and_then(|node| bounded(sheet, node, "people.add", BOUND_PLACES));
    let once = fields.word(sheet, "mode", &[("per_head", false), ("once", true)], Some(false));
    let all_year = components.iter().map(|component| component.steps.as_slice());
    let of_seasons = seasons.iter().flat_map(|season| &season.steps).map(|(_, steps)| steps.as_slice());
    let bounds = all_year.chain(of_seasons).map(|steps| steps.iter().filter(|step| step.upto.is_some()).count());
    let most = bounds.max().unwrap_or(0).max(1);
    let mut steps = Vec::new();
    if let Some(node) = fields.take("steps") {
        for item in items(sheet, node, "people.steps")? {
            if let Some(step) = sheet.integer_of(item, "people.steps", 1, most as i64) {
                steps.push(step as usize);
            }
        }
    }
    fields.finish(sheet);
    Some(People { over: over? as u32, add: add?, once: once?, steps })
}

fn seasons(sheet: &mut Sheet<'_>, node: &Node<'_>, components: &[Component], cycle: Option<Cycle>) -> Vec<Season> {
    if cycle == Some(Cycle::Year) {
        sheet.fault(node.span().start, "[[season]] 只能用于 cycle = \"month\"，按年累计的价目不能分季节");
        return Vec::new();
    }
    let mut list: Vec<Season> = Vec::new();
    for item in items(sheet, node, "season").unwrap_or_default() {
        let Some(season) = season(sheet, item, components) else { continue };
        if let Some(month) = season.months.iter().find(|month| list.iter().any(|other| other.months.contains(month))) {
            sheet.fault(item.span().start, format!("season.months 的{month}月已在另一个季节里"));
        }
        list.push(season);
    }
    list
}

fn season(sheet: &mut Sheet<'_>, node: &Node<'_>, components: &[Component]) -> Option<Season> {
    let mut fields = sheet.table_of(node, "season")?;
    let mut months = Vec::new();
    if let Some(node) = fields.need(sheet, "months") {
        for item in items(sheet, node, "season.months")? {
            let Some(month) = sheet.integer_of(item, "season.months", 1, 12) else { continue };
            if months.contains(&(month as u32)) {
                sheet.fault(item.span().start, format!("season.months 的{month}月重复"));
            }
            months.push(month as u32);
        }
    }
    let mut list = Vec::new();
    if let Some(mut table) = fields.need(sheet, "steps").and_then(|node| sheet.table_of(node, "season.steps")) {
        for field in table.drain() {
            let path = format!("season.steps.{}", field.key);
            let Some(component) = components.iter().position(|component| component.key == field.key) else {
                sheet.fault(field.at, format!("{path} 没有对应的 component.key"));
                continue;
            };
            list.push((component, steps(sheet, field.node, &path)?));
        }
    }
    fields.finish(sheet);
    Some(Season { months, steps: list })
}

fn registers(
    sheet: &mut Sheet<'_>,
    node: &Node<'_>,
    components: &[Component],
    seasons: &[Season],
) -> Option<Registers> {
    let mut fields = sheet.table_of(node, "registers")?;
    let component = match fields.take("component") {
        Some(node) => {
            let key = sheet.text_of(node, "registers.component")?;
            let place = components.iter().position(|component| component.key == key);
            if place.is_none() {
                sheet.fault(node.span().start, format!("registers.component “{key}”没有对应的 component.key"));
            }
            place?
        }
        None if components.len() == 1 => 0,
        None => {
            sheet.fault(fields.at(), "价目有几个 component，registers 须写明 component");
            return None;
        }
    };
    let rest = fields.drain();
    if rest.is_empty() || rest.len() > MOST {
        sheet.fault(fields.at(), format!("registers 应有1至{MOST}个表盘，如 peak = {{ add = \"0\" }}"));
    }
    let ladders: Vec<&[Step]> = std::iter::once(components.get(component)?.steps.as_slice())
        .chain(
            seasons.iter().flat_map(|season| &season.steps).filter(|(c, _)| *c == component).map(|(_, s)| s.as_slice()),
        )
        .collect();
    let mut list = Vec::new();
    for field in rest {
        let path = format!("registers.{}", field.key);
        let Some(mut table) = sheet.table_of(field.node, &path) else { continue };
        let add = table.need(sheet, "add").and_then(|node| additions(sheet, node, &format!("{path}.add"), &ladders));
        table.finish(sheet);
        list.push(Register { name: field.key.to_owned(), add: add.unwrap_or_default() });
    }
    Some(Registers { component, list })
}

/// One addition for all steps, or one a step of every ladder of the component; no price may fall below zero.
fn additions(sheet: &mut Sheet<'_>, node: &Node<'_>, path: &str, ladders: &[&[Step]]) -> Option<Vec<Decimal>> {
    let at = node.span().start;
    let mut add = Vec::new();
    if node.get_ref().is_array() {
        for item in items(sheet, node, path)? {
            add.push(addition(sheet, item, path)?);
        }
        if ladders.iter().any(|steps| steps.len() != add.len()) {
            sheet.fault(at, format!("{path} 有{}项，应与各档数目一致，或只写一个", add.len()));
            return None;
        }
    } else {
        add.push(addition(sheet, node, path)?);
    }
    let price = |place: usize, step: &Step| step.price + add.get(place).or(add.first()).copied().unwrap_or_default();
    let negative = |steps: &&[Step]| steps.iter().enumerate().any(|(place, step)| price(place, step) < Decimal::ZERO);
    if ladders.iter().any(negative) {
        sheet.fault(at, format!("{path} 使某一档的价格低于0"));
        return None;
    }
    Some(add)
}

fn addition(sheet: &mut Sheet<'_>, node: &Node<'_>, path: &str) -> Option<Decimal> {
    let value = sheet.decimal_of(node, path)?;
    if value.normalize().scale() > PRICE_PLACES || value.abs() >= Decimal::from(LARGEST) {
        sheet.fault(node.span().start, format!("{path} 太大或小数多于{PRICE_PLACES}位"));
        return None;
    }
    Some(value)
}

fn prorate(sheet: &mut Sheet<'_>, node: &Node<'_>, cycle: Option<Cycle>) -> bool {
    let Some(mut fields) = sheet.table_of(node, "prorate") else { return false };
    let by = fields.word(sheet, "by", &[("month", true)], None);
    fields.finish(sheet);
    if cycle == Some(Cycle::Month) {
        sheet.fault(node.span().start, "[prorate] 只能用于 cycle = \"year\"");
    }
    by.is_some()
}

fn late_fee(sheet: &mut Sheet<'_>, node: &Node<'_>) -> Option<LateFeeRule> {
    let mut fields = sheet.table_of(node, "late_fee")?;
    let due_days = fields.need(sheet, "due_days").and_then(|node| sheet.integer_of(node, "late_fee.due_days", 0, 3660));
    let daily = fields.need(sheet, "rate").and_then(|node| rate(sheet, node, "late_fee.rate"));
    let next_year = fields.take("next_year_rate").and_then(|node| rate(sheet, node, "late_fee.next_year_rate"));
    let half_up = fields.word(sheet, "round", &[("down", false), ("half_up", true)], Some(true));
    let step = money(sheet, &mut fields, "step", Decimal::new(1, 2), true);
    let minimum = money(sheet, &mut fields, "minimum", Decimal::ZERO, false);
    let own_waiver = money(sheet, &mut fields, "own_waiver", Decimal::ZERO, false);
    let cap = match fields.take("cap") {
        None => Some(false),
        Some(node) if node.get_ref().as_str() == Some("principal") => Some(true),
        Some(node) => {
            sheet.fault(node.span().start, "late_fee.cap 只能是 \"principal\"");
            None
        }
    };
    fields.finish(sheet);
    Some(LateFeeRule {
        due_days: due_days? as u32,
        rate: daily?,
        next_year_rate: next_year,
        step: step?,
        half_up: half_up?,
        minimum: minimum?,
        cap_principal: cap?,
        own_waiver: own_waiver?,
    })
}

/// A part of the principal a day, up to 1.
fn rate(sheet: &mut Sheet<'_>, node: &Node<'_>, path: &str) -> Option<Decimal> {
    let value = bounded(sheet, node, path, PRICE_PLACES)?;
    if value > Decimal::ONE {
        sheet.fault(node.span().start, format!("{path} 是每天的比例，不能大于1"));
        return None;
    }
    Some(value)
}

/// Yuan with at most two decimals.
fn money(
    sheet: &mut Sheet<'_>,
    fields: &mut Fields<'_>,
    key: &str,
    default: Decimal,
    above_zero: bool,
) -> Option<Decimal> {
    let path = fields.path(key);
    let Some(node) = fields.take(key) else { return Some(default) };
    let value = bounded(sheet, node, &path, 2)?;
    if above_zero && value.is_zero() {
        sheet.fault(node.span().start, format!("{path} 应大于0"));
        return None;
    }
    Some(value)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
