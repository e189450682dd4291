//! The form of a case: which fields it has follows from the business and from what is ticked, so it is made anew when that
//! changes, and what was typed stays.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::desk::intake_case::{Typed, text_of};
use crate::desk::refusal::Refusal;
use crate::desk::view_intake::{self as view, Live, ServiceChoice};
use crate::rules::service::{Channel, Field as ServiceField, FieldKind, Urgency};
use crate::store::query::order::OrderWords;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::{Code, Key};
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::kind::Choice;
use crate::tui::widgets::suggest;

/// Prefixes of the names of papers, situations and the business's own fields.
const PAPER: &str = "p.";
const SITUATION: &str = "s.";
const OWN: &str = "f.";
/// The state of a ticked box.
const TICKED: &str = "true";

/// The form and what it was made from.
pub struct TypedForm {
    form: Form,
    services: Vec<ServiceChoice>,
    /// Names of its fields and the words of its choices, to see whether it must be made anew.
    shape: Vec<String>,
    /// Everything typed, that of fields not shown now too.
    kept: Map<String, Value>,
}

impl TypedForm {
    /// Before a business is picked.
    pub fn new(app: &App, has_account: bool) -> Result<Self, Refusal> {
        let services = view::services(&app.desk)?;
        let mut made = Self {
            form: Form::new(Vec::new(), app.desk.today(), initials),
            services,
            shape: Vec::new(),
            kept: Map::new(),
        };
        made.form = Form::new(made.fields(app, None, has_account), app.desk.today(), initials);
        Ok(made)
    }

    /// Makes the form anew when the case has other fields now.
    pub fn follow(&mut self, app: &App, live: &Live, has_account: bool) {
        let mut shape = shape(live, has_account);
        // Once ticked there is no order to join any more, and the box stays all the same.
        let is_separate = self.form.is_checked("separate") || self.is_kept_separate();
        shape.push(format!("{is_separate}"));
        if shape == self.shape {
            return;
        }
        self.keep();
        let focused = self.form.focused();
        let form = Form::new(self.fields(app, Some(live), has_account), app.desk.today(), initials);
        let before = std::mem::replace(&mut self.form, form);
        self.form.restore(&self.kept);
        self.form.goes_on(&before);
        self.form.focus_on(focused);
        self.shape = shape;
    }

    fn is_kept_separate(&self) -> bool {
        self.kept.get("separate").and_then(Value::as_str) == Some(TICKED)
    }

    fn keep(&mut self) {
        self.kept.extend(self.form.values());
    }

    fn fields(&self, app: &App, live: Option<&Live>, has_account: bool) -> Vec<Field> {
        let services = self.services.iter().map(|known| Choice::new(known.code.clone(), known.name.clone())).collect();
        let mut fields = vec![Field::choice("service", "业务", services).required().hint("拼音首字母")];
        let places = suggest::from_words(view::words(&app.desk, OrderWords::Address), initials);
        let address = Field::text("address", "地址", 60).suggest(places);
        if !has_account {
            fields.extend([address, Field::text("caller", "来电人", 20)]);
        }
        let Some(live) = live else { return fields };
        let tick = |prefix: &str, key: &str, label: &str| {
            Field::check(super::interned(&format!("{prefix}{key}")), label).half()
        };
        fields.extend(live.papers.iter().map(|paper| tick(PAPER, &paper.key, &paper.label)));
        // What decides on the papers stands beside them; without papers the form comes first.
        let mut situations = live.situations.iter().map(|known| tick(SITUATION, &known.key, &known.label)).collect();
        if !live.papers.is_empty() {
            fields.append(&mut situations);
        }
        let wishes = if live.fields.iter().any(|field| field.remember) {
            view::words(&app.desk, OrderWords::Wish)
        } else {
            Vec::new()
        };
        fields.extend(live.fields.iter().map(|field| own_field(field, &wishes)));
        fields.append(&mut situations);
        let levels = Urgency::WORDS.iter().map(|(word, _)| Choice::new(*word, *word)).collect();
        fields.push(Field::choice("urgency", "业务级别", levels).half());
        fields.push(Field::text("agreed", "约定时间", 16).half().cells(17));
        fields.push(Field::text("told", "接报时间", 16).half().cells(17));
        fields.push(Field::text("happened", "发生时间", 16).half().cells(17));
        if live.channels.len() > 1 {
            let channels = [Channel::Counter, Channel::Phone];
            let words = channels.iter().map(|channel| Choice::new(channel.code(), channel.label())).collect();
            fields.push(Field::choice("channel", "受理渠道", words).half());
        }
        if live.joins.is_some() || self.is_kept_separate() {
            fields.push(Field::check("separate", "另开工单").half());
        }
        if !live.similar.is_empty() {
            fields.push(Field::code("join", "并入工单", 20).half());
        }
        fields
    }

    /// What is typed, as the desk takes it.
    pub fn typed(&self) -> Typed {
        let values = self.form.values();
        let text = |id: &str| values.get(id).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let some = |id: &str| Some(text(id)).filter(|text| !text.is_empty());
        let ticked = |prefix: &str| -> Vec<String> {
            let on = values.iter().filter(|(_, value)| value.as_str() == Some(TICKED));
            on.filter_map(|(id, _)| id.strip_prefix(prefix)).map(str::to_owned).collect()
        };
        let own = values.iter().filter_map(|(id, value)| Some((id.strip_prefix(OWN)?, value)));
        let fields: BTreeMap<String, Value> = own
            .filter(|(_, value)| value.as_str().is_some_and(|text| !text.trim().is_empty()))
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect();
        let word = |id: &str| serde_json::from_value(Value::String(text(id))).ok();
        Typed {
            service: text("service"),
            account: None,
            address: some("address"),
            caller: some("caller"),
            papers: ticked(PAPER),
            situations: ticked(SITUATION),
            urgency: serde_json::from_value(Value::String(text("urgency"))).ok(),
            fields,
            happened: some("happened"),
            told: some("told"),
            began: None,
            agreed: some("agreed"),
            channel: word("channel"),
            join: some("join"),
            separate: text("separate") == TICKED,
            queue: None,
        }
    }

    /// Takes what was typed before back in.
    pub fn restore(&mut self, values: &Map<String, Value>) {
        self.kept.extend(values.clone());
        self.form.restore(values);
    }

    /// What a draft keeps, when something changed.
    pub fn take_change(&mut self) -> Option<Map<String, Value>> {
        let changed = self.form.take_change()?;
        self.kept.extend(self.form.values());
        let _ = changed;
        let filled = self.kept.iter().filter(|(_, value)| value.as_str() != Some(""));
        Some(filled.map(|(id, value)| (id.clone(), value.clone())).collect())
    }

    /// What stands in a field.
    pub fn value(&self, id: &str) -> &str {
        self.form.value(id)
    }

    /// F4 opens a list here.
    pub fn can_pick(&self) -> bool {
        self.form.can_pick()
    }

    /// Is this a box to tick?
    pub fn is_tick(&self, id: &str) -> bool {
        id.starts_with(PAPER) || id.starts_with(SITUATION)
    }

    /// The first paper not ticked.
    pub fn first_open_paper(&self) -> Option<&str> {
        let values = self.shape.iter().filter_map(|name| name.strip_prefix("+"));
        values.filter(|id| id.starts_with(PAPER)).find(|id| !self.form.is_checked(id))
    }

    /// After the business is picked: the hand goes to the first thing to tick or fill.
    pub fn go_to_first_tick(&mut self) {
        self.form.focus_on("service");
        self.step_on();
    }

    /// The hand goes on to the next field.
    pub fn step_on(&mut self) {
        let _ = self.form.on_key(Key::plain(Code::Tab));
    }

    /// The form as it stands.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Checks the typing.
    pub fn check(&mut self) -> bool {
        self.form.check()
    }

    /// Shows what the desk would refuse beside the form's own mistakes.
    pub fn also(&mut self, field: &str, message: &str) {
        self.form.show_mistake(field, message);
    }

    /// Shows what the desk refused; what belongs to no field comes back.
    pub fn fail(&mut self, faults: &[(String, String)]) -> Vec<String> {
        self.form.fail(faults.iter().map(|(id, message)| (id.as_str(), message.clone())))
    }

    /// One key.
    pub fn on_key(&mut self, key: Key) -> FormEvent {
        self.form.on_key(key)
    }

    /// A paste.
    pub fn on_paste(&mut self, text: &str) -> FormEvent {
        self.form.on_paste(text)
    }

    /// Draws the form.
    pub fn draw(&mut self, canvas: &mut Canvas) {
        self.form.draw(canvas);
    }
}

/// What a case's form looks like: names of its fields, the words of its choices.
fn shape(live: &Live, has_account: bool) -> Vec<String> {
    let mut shape = vec![format!("{}{has_account}", live.title)];
    shape.extend(live.papers.iter().map(|paper| format!("+{PAPER}{}", paper.key)));
    shape.extend(live.situations.iter().map(|situation| format!("+{SITUATION}{}", situation.key)));
    shape.extend(live.fields.iter().map(|field| format!("+{OWN}{}", field.key)));
    shape.push(format!("{}{}", live.joins.is_some(), live.similar.is_empty()));
    shape
}

fn own_field(field: &ServiceField, wishes: &[String]) -> Field {
    let id = super::interned(&format!("{OWN}{}", field.key));
    let label = field.label.as_str();
    let made = match field.kind {
        FieldKind::Text => Field::text(id, label, field.longest),
        FieldKind::Number => Field::number(id, label, 3),
        FieldKind::Money => Field::number(id, label, 2),
        FieldKind::Date => Field::date(id, label),
        FieldKind::Time => Field::text(id, label, 16).hint("如 2026-11-21 09:30"),
        FieldKind::Phone => Field::phone(id, label),
        FieldKind::Choice => Field::choice(
            id,
            label,
            field.choices.iter().map(|choice| Choice::new(&choice.text, &choice.text)).collect(),
        ),
    };
    let made = made.value(&field.default);
    if field.remember && field.kind == FieldKind::Text {
        made.suggest(suggest::from_words(wishes.to_vec(), initials))
    } else {
        made
    }
}

/// A parked case as values of the form.
pub fn values_of(typed: &Typed) -> Map<String, Value> {
    let mut values = Map::new();
    let mut put = |id: String, text: String| {
        values.insert(id, text.into());
    };
    put("service".into(), typed.service.clone());
    for (id, text) in [
        ("address", &typed.address),
        ("caller", &typed.caller),
        ("happened", &typed.happened),
        ("told", &typed.told),
        ("agreed", &typed.agreed),
        ("join", &typed.join),
    ] {
        put(id.into(), text.clone().unwrap_or_default());
    }
    put("urgency".into(), typed.urgency.map_or("", Urgency::label).to_owned());
    put("channel".into(), typed.channel.map_or("", Channel::code).to_owned());
    put("separate".into(), if typed.separate { TICKED.to_owned() } else { String::new() });
    typed.papers.iter().for_each(|key| put(format!("{PAPER}{key}"), TICKED.into()));
    typed.situations.iter().for_each(|key| put(format!("{SITUATION}{key}"), TICKED.into()));
    typed.fields.iter().for_each(|(key, value)| put(format!("{OWN}{key}"), text_of(value)));
    values
}
