//! One case at intake (受理) as it is typed, resolved and judged. Taking, parking, previewing and the screen share it, so what
//! F2 performs is what was shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::billing::doubt;
use super::catalogue::{self, Loaded};
use super::debts;
use super::order_step;
use super::refusal::Fault;
use crate::rules::id::Id;
use crate::rules::meter_state::MeterState;
use crate::rules::moment::{self, Moment};
use crate::rules::numbers;
use crate::rules::private_numbers;
use crate::rules::reading_use;
use crate::rules::service::condition::{CLOSED, UNBILLED};
use crate::rules::service::{AccountNeed, AtWindow, Case, Channel, Facts, Service, Urgency};
use crate::rules::utility::Utility;
use crate::store::tables::account::AccountRow;
use crate::store::{StoreError, Tx};

/// Longest address, caller or phone.
const LONGEST: usize = 120;
/// A modification counts as recent for so many days.
const RECENT_DAYS: i64 = 90;

/// What is typed of a case. A parked case may have any part missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Typed {
    /// The business by code or Chinese name: `unseal`, 启封.
    pub service: String,
    /// The account by 户号 or id.
    pub account: Option<String>,
    /// Where, for a case without an account (a leak in the street), or elsewhere than the account's address.
    pub address: Option<String>,
    /// Who came or called.
    pub caller: Option<String>,
    /// Papers seen, by key or Chinese name.
    pub papers: Vec<String>,
    /// What was ticked about the case: `agent` 代办, `kin` 直系亲属 …, by key or Chinese label.
    pub situations: Vec<String>,
    /// Urgency: 等待安排, 按照约定, 尽快安排, 加急安排; else the one the business begins with.
    pub urgency: Option<Urgency>,
    /// The form: key or Chinese label → value. `true` under a situation's name ticks it.
    pub fields: BTreeMap<String, serde_json::Value>,
    /// When it happened.
    pub happened: Option<String>,
    /// When the customer told us; now, if not said.
    pub told: Option<String>,
    /// When the number was called at the window; without it no time at the window is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
    /// Day or time agreed with the customer.
    pub agreed: Option<String>,
    /// counter or phone; by the post of the clerk, if not said.
    pub channel: Option<Channel>,
    /// Join this open order.
    pub join: Option<String>,
    /// Make an order of its own even though one is open for the same thing.
    pub separate: bool,
    /// 排队号: the number it is parked under, or was taken up from.
    pub queue: Option<String>,
}

/// A case with everything looked up.
pub struct Resolved {
    /// The catalogue it is judged by.
    pub loaded: Arc<Loaded>,
    /// Place of the business in the catalogue.
    index: usize,
    /// The account, if any.
    pub account: Option<AccountRow>,
    /// Address as it is printed.
    pub address: String,
    /// Who came or called.
    pub caller: String,
    /// How it came.
    pub channel: Channel,
    /// Its time at the window, when it came over the counter.
    pub window: Option<AtWindow>,
    /// For the judge.
    pub case: Case,
}

/// Who asks, when.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// Now.
    pub at: Moment,
    /// Does the person take cases by phone only?
    pub by_phone: bool,
    /// Default utility of the branch.
    pub utility: Utility,
    /// The case is put aside half filled: what only a finished one needs is not asked for.
    pub partial: bool,
}

impl Resolved {
    /// The business.
    pub fn service(&self) -> &Service {
        // `resolve` found the place in this same catalogue, which nothing changes.
        &self.loaded.catalogue.services()[self.index]
    }

    /// What an open order for the same thing at the same place is found by; none when it is never joined.
    pub fn join_key(&self, category: &str) -> Option<String> {
        let service = self.service();
        service.order.as_ref().filter(|order| order.join)?;
        Some(match &self.account {
            Some(account) => format!("a{}|{}|{category}", account.id, service.code),
            None => format!("s{}|{category}", plain_place(&self.address)),
        })
    }

    /// Beginning of the join keys of everything open in the same street.
    pub fn street_key(&self) -> Option<String> {
        let place = plain_place(&self.address);
        let end = place.char_indices().find(|(_, c)| "路街道巷弄".contains(*c))?;
        Some(format!("s{}", &place[..end.0 + end.1.len_utf8()]))
    }
}

/// An address for comparing: half-width, without blanks and punctuation.
fn plain_place(address: &str) -> String {
    let narrow = address.chars().map(numbers::narrow);
    narrow.filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

/// Looks everything up that a case names. All mistakes at once.
pub fn resolve(tx: &Tx<'_>, typed: &Typed, asking: Asking) -> Result<Result<Resolved, Vec<Fault>>, StoreError> {
    let loaded = catalogue::of(tx);
    let mut faults = Vec::new();
    let Some(service) = loaded.catalogue.get(typed.service.trim()) else {
        let names: Vec<String> =
            loaded.catalogue.services().iter().map(|known| format!("{} {}", known.code, known.name)).collect();
        let what = format!("没有“{}”这项业务，请从中选一项：{}", shown(&typed.service), names.join("、"));
        return Ok(Err(vec![Fault::field("R-082", "service", what)]));
    };
    let account = account(tx, typed, service, asking, &mut faults)?;
    let address = place(typed, account.as_ref(), asking, &mut faults);
    let utility = account.as_ref().and_then(|row| Utility::from_code(&row.utility)).unwrap_or(asking.utility);
    if !service.utilities.is_empty() && !service.utilities.contains(&utility) {
        let what = format!("{}业务不适用于用{}户", service.name, utility.label());
        faults.push(Fault::field("R-082", "service", what));
    }
    let channel = channel(typed, service, asking, &mut faults);
    private(typed, moment::day(asking.at), &mut faults);
    let window = window(typed, channel, loaded.catalogue.common.window_minutes, asking.at, &mut faults);
    let case = case(tx, typed, service, account.as_ref(), (utility, channel), asking, &mut faults)?;
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let caller = typed.caller.as_deref().unwrap_or_default().trim().to_owned();
    let index = loaded.catalogue.services().iter().position(|known| known.code == service.code).unwrap_or_default();
    Ok(Ok(Resolved { loaded, index, account, address, caller, channel, window, case }))
}

fn account(
    tx: &Tx<'_>,
    typed: &Typed,
    service: &Service,
    asking: Asking,
    faults: &mut Vec<Fault>,
) -> Result<Option<AccountRow>, StoreError> {
    let Some(text) = typed.account.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        if service.account == AccountNeed::Required && !asking.partial {
            let what = format!("{}业务须有户号，请先找到该户", service.name);
            faults.push(Fault::field("R-082", "account", what));
        }
        return Ok(None);
    };
    let found = tx.account_of_text(text)?;
    if found.is_none() {
        faults.push(Fault::field("missing", "account", format!("没有找到户号“{}”，请核对后重输", shown(text))));
    }
    Ok(found)
}

fn place(typed: &Typed, account: Option<&AccountRow>, asking: Asking, faults: &mut Vec<Fault>) -> String {
    let said = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
    let (address, caller) = (said(&typed.address), said(&typed.caller));
    let nameless = typed.account.as_deref().is_none_or(|text| text.trim().is_empty());
    if nameless && !asking.partial {
        if address.is_empty() {
            faults.push(Fault::field("R-082", "address", "没有户号的，请填写地址"));
        }
        if caller.is_empty() {
            faults.push(Fault::field("R-082", "caller", "没有户号的，请填写来电人"));
        }
    }
    for (field, label, text) in [("address", "地址", &address), ("caller", "来电人", &caller)] {
        if text.chars().count() > LONGEST {
            faults.push(Fault::field("input", field, format!("{label}超过 {LONGEST} 个字，请缩短")));
        }
        if text.chars().any(char::is_control) {
            faults.push(Fault::field("input", field, format!("{label}含有控制字符，请重新输入")));
        }
    }
    match account {
        Some(account) if address.is_empty() => account.address.clone(),
        _ => address,
    }
}

fn channel(typed: &Typed, service: &Service, asking: Asking, faults: &mut Vec<Fault>) -> Channel {
    let usual = if asking.by_phone { Channel::Phone } else { Channel::Counter };
    match typed.channel {
        Some(channel) => {
            if !service.channels.contains(&channel) {
                let words: Vec<&str> = service.channels.iter().map(|known| known.label()).collect();
                let what = format!("{}业务不能由{}受理，只能由：{}", service.name, channel.label(), words.join("、"));
                faults.push(Fault::field("R-082", "channel", what));
            }
            channel
        }
        None if service.channels.contains(&usual) => usual,
        None => service.channels.first().copied().unwrap_or(usual),
    }
}

/// The time at the window of a case that came over the counter.
fn window(typed: &Typed, channel: Channel, limit: u32, at: Moment, faults: &mut Vec<Fault>) -> Option<AtWindow> {
    let began = time(&typed.began, "began", "叫号时间", at, faults).filter(|_| channel == Channel::Counter)?;
    if began > at {
        faults.push(Fault::field("R-095", "began", "叫号时间在现在之后，请改正"));
        return None;
    }
    Some(AtWindow { began, limit })
}

/// Numbers of IDs and cards have no place in a case (I-13).
fn private(typed: &Typed, today: NaiveDate, faults: &mut Vec<Fault>) {
    let mut check = |field: &str, label: &str, text: &str| {
        if let Err(fault) = private_numbers::refuse(label, text, today) {
            faults.push(Fault::field(fault.rule, field, fault.message));
        }
    };
    check("address", "地址", typed.address.as_deref().unwrap_or_default());
    check("caller", "来电人", typed.caller.as_deref().unwrap_or_default());
    check("queue", "排队号", typed.queue.as_deref().unwrap_or_default());
    for (key, value) in &typed.fields {
        check(&format!("fields.{key}"), "栏目", &text_of(value));
    }
    for word in typed.papers.iter().chain(&typed.situations) {
        check("papers", "要件", word);
    }
}

fn case(
    tx: &Tx<'_>,
    typed: &Typed,
    service: &Service,
    account: Option<&AccountRow>,
    (utility, channel): (Utility, Channel),
    asking: Asking,
    faults: &mut Vec<Fault>,
) -> Result<Case, StoreError> {
    let mut known = Facts::new();
    known.tick(utility.code());
    known.tick(channel.code());
    if let Some(account) = account {
        account_facts(tx, account, asking.at, &mut known)?;
    }
    let mut situations: BTreeSet<String> = typed.situations.iter().map(|word| situation(service, word)).collect();
    let mut fields = Vec::new();
    for (name, value) in &typed.fields {
        let key = service.fields.iter().find(|field| field.key == *name || field.label == *name);
        match value {
            serde_json::Value::Bool(true) if key.is_none() => drop(situations.insert(situation(service, name))),
            serde_json::Value::Bool(false) | serde_json::Value::Null if key.is_none() => {}
            value => fields.push((key.map_or(name, |field| &field.key).clone(), text_of(value))),
        }
    }
    let papers = typed.papers.iter().map(|word| paper(service, word)).collect();
    let happened = time(&typed.happened, "happened", "发生时间", asking.at, faults);
    let told = time(&typed.told, "told", "接报时间", asking.at, faults).unwrap_or(asking.at);
    let agreed = order_step::agreed("agreed", "约定时间", typed.agreed.as_deref(), asking.at, faults);
    let by_phone = channel == Channel::Phone;
    Ok(Case {
        known,
        situations,
        fields,
        papers,
        urgency: typed.urgency,
        happened,
        told,
        typed: asking.at,
        agreed,
        by_phone,
    })
}

/// What the program knows of an account.
fn account_facts(tx: &Tx<'_>, account: &AccountRow, at: Moment, known: &mut Facts) -> Result<(), StoreError> {
    known.tick("account");
    if account.status == doubt::CLOSED {
        known.tick(CLOSED);
    }
    if tx.owed(account.id)?.0 > 0 {
        known.tick("arrears");
    }
    if let Some(what) = debts::unbilled(tx, account.id)? {
        known.fill(UNBILLED, &what);
    }
    if account.method == "现金" || account.method == "cash" {
        known.tick("cash");
    }
    if account.user_type.as_deref() == Some("IC卡") {
        known.tick("ic");
    }
    if let Some(state) = tx.meter_on_wall(account.id)?.and_then(|meter| MeterState::parse(&meter.state)) {
        known.meter_state(state);
    }
    if tx.had_order_done(account.id, "改装", (at - chrono::TimeDelta::days(RECENT_DAYS)).timestamp())? {
        known.tick("modified_recently");
    }
    if unused_since(tx, account.id, moment::day(at))? {
        known.tick("unused_3_months");
    }
    Ok(())
}

/// Has nothing run through since a reading more than three months old?
fn unused_since(tx: &Tx<'_>, account: Id, today: NaiveDate) -> Result<bool, StoreError> {
    let Some(last) = tx.last_reading(account)? else { return Ok(false) };
    let Some(before) = reading_use::over_three_months_ago(today) else { return Ok(false) };
    Ok(tx.reading_on_or_before(account, before)?.is_some_and(|old| old.meter == last.meter && old.value == last.value))
}

fn situation(service: &Service, word: &str) -> String {
    let found = service.situations.iter().find(|known| known.key == word || known.label == word);
    found.map_or(word, |known| &known.key).to_owned()
}

fn paper(service: &Service, word: &str) -> String {
    let found = service.papers.iter().find(|known| known.key == word || known.name == word || known.label() == word);
    found.map_or(word, |known| &known.key).to_owned()
}

/// The text of a JSON value as the form would hold it.
pub fn text_of(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.trim().to_owned(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn time(text: &Option<String>, field: &str, label: &str, at: Moment, faults: &mut Vec<Fault>) -> Option<Moment> {
    let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
    let read = moment::typed(text, moment::day(at));
    if read.is_none() {
        let what = format!("{label}“{}”不对，应如 0930、11-23 9:00 或 2026-11-21 09:30", shown(text));
        faults.push(Fault::field("input", field, what));
    }
    read
}

fn shown(text: &str) -> String {
    crate::rules::fault::shown(text)
}
