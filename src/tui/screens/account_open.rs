//! A new customer file (开户建档): the form of the file, then the meter; F2 saves. The route number shows as it is composed.

use serde_json::{Map, Value, json};

use super::file_form;
use super::mistakes;
use super::of_form;
use crate::desk::customer_view::{self, Words};
use crate::desk::refusal::Refusal;
use crate::rules::customer::{EXTRA, FIELDS, METER};
use crate::rules::meter_state::MeterState;
use crate::rules::utility::Utility;
use crate::tui::app::{App, initials};
use crate::tui::canvas::Canvas;
use crate::tui::key::Key;
use crate::tui::keymap::{Command, Place};
use crate::tui::screen::{Draft, Reply, Screen};
use crate::tui::theme::Ink;
use crate::tui::widgets::field::Field;
use crate::tui::widgets::form::{Form, FormEvent};
use crate::tui::widgets::kind::Choice;

/// What is typed survives under this key.
const DRAFT: &str = "account.open";
/// Fields of the file that a new one does not ask for.
const LEFT_OUT: &[&str] = &["class_confirmed", "status", "supplied", "opened", "discount"];

/// The screen.
pub struct AccountOpen {
    form: Form,
    route: Result<String, String>,
    neighbours: Vec<String>,
}

impl AccountOpen {
    /// An empty form, or what was typed before.
    pub fn new(app: &App) -> Result<Self, Refusal> {
        let own = customer_view::own_utility(&app.desk)?;
        let words = Words::of(&app.desk, &own)?;
        let utility = Utility::from_code(&own).unwrap_or(Utility::Water);
        let utilities = [("water", "水"), ("gas", "气"), ("power", "电"), ("heat", "热")];
        let utilities = utilities.into_iter().map(|(code, label)| Choice::new(code, label)).collect();
        let mut fields = vec![
            Field::code("account", "户号", 20).half().hint("留空由本网点号段编"),
            Field::choice("utility", "行业", utilities).half().value(&own),
        ];
        let asked = FIELDS.iter().filter(|field| !LEFT_OUT.contains(&field.key));
        fields.extend(asked.map(|field| match field.key {
            "class" => file_form::widget(field, &words).hint("空则暂按最高价"),
            _ => file_form::widget(field, &words),
        }));
        let further = EXTRA.iter().filter(|field| !field.moves_money());
        fields.extend(further.map(|field| file_form::widget(field, &words)));
        fields.push(Field::code("meter.no", "表号", 40).half().cells(20));
        let states = [MeterState::Applied, MeterState::Fitted, MeterState::Supplied, MeterState::Sealed];
        let states = states.into_iter().map(|state| Choice::new(state.code(), state.label(utility))).collect();
        fields.push(Field::choice("meter.state", "表状态", states).half().value(MeterState::Applied.code()));
        fields.extend(METER.iter().map(|field| file_form::widget(field, &words)));
        fields.push(Field::number("meter.first", "表底数", 3).half());
        let mut form = Form::new(fields, app.desk.today(), initials);
        app.resume(&mut form, DRAFT);
        form.focus_on("name");
        Ok(Self { form, route: Ok(String::new()), neighbours: Vec::new() })
    }

    fn input(&self) -> Value {
        let (mut input, mut meter, mut extra) = (Map::new(), Map::new(), Map::new());
        for (key, value) in file_form::typed(&self.form) {
            match (key.strip_prefix("meter."), key.strip_prefix("extra.")) {
                (Some(key), _) => meter.insert(key.to_owned(), value),
                (_, Some(key)) => extra.insert(key.to_owned(), value),
                (None, None) => input.insert(key, value),
            };
        }
        if !extra.is_empty() {
            input.insert("extra".into(), Value::Object(extra));
        }
        // The state alone is no meter: it stands there from the beginning.
        if meter.keys().any(|key| key != "state") {
            meter.entry("no").or_insert_with(|| "".into());
            input.insert("meter".into(), Value::Object(meter));
        }
        json!(input)
    }

    /// The route number of the parts typed so far, and who lives next door.
    fn follow(&mut self, app: &App) {
        let value = |key: &str| self.form.value(key).trim().to_owned();
        self.route = customer_view::route_of(
            [&value("area"), &value("building_kind")],
            [&value("book"), &value("building"), &value("unit"), &value("room")],
        );
        self.neighbours = customer_view::neighbours(&app.desk, &value("book"), &value("building")).unwrap_or_default();
    }

    fn save(&mut self, app: &mut App) -> Reply<App> {
        if !self.form.check() {
            let input = self.input();
            mistakes::also(&mut self.form, app, "account.open", input, mistakes::same);
            return Reply::done();
        }
        let answer = match app.ask("account.open", &self.input()) {
            Ok(answer) => answer,
            Err(refusal) => {
                let others = file_form::refused(&mut self.form, &refusal);
                return if others.is_empty() { Reply::refused() } else { Reply::refuse(others.join("；")) };
            }
        };
        let no = answer["account"].as_str().unwrap_or_default();
        let warnings: Vec<&str> =
            answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let said = format!("已开户，户号 {no}");
        let said = if warnings.is_empty() { said } else { format!("{said}；{}", warnings.join("；")) };
        let opened = answer["id"].as_str().and_then(|id| id.parse().ok());
        let next = opened.map_or_else(Reply::pop, |id| super::customer_instead(app, id));
        let ink = if warnings.is_empty() { Ink::Text } else { Ink::Look };
        next.and_forget(DRAFT).and_toast(said, ink)
    }
}

impl Screen<App> for AccountOpen {
    fn place(&self) -> Place {
        Place::Customer
    }

    fn form(&self) -> Option<&Form> {
        Some(&self.form)
    }

    fn title(&self, _: &App) -> String {
        "开户建档".into()
    }

    fn keys(&self, _: &App) -> Vec<Command> {
        of_form::keys(&self.form)
    }

    fn on_command(&mut self, command: Command, app: &mut App) -> Reply<App> {
        match command {
            Command::Save => self.save(app),
            Command::Pick => of_form::pick(&mut self.form),
            Command::Anew => {
                let blank = of_form::thrown_away(app, DRAFT, |app| Self::new(app));
                of_form::begin_anew(self, blank)
            }
            _ => Reply::unused(),
        }
    }

    fn on_key(&mut self, key: Key, app: &mut App) -> Reply<App> {
        match self.form.on_key(key) {
            FormEvent::Unused => Reply::unused(),
            FormEvent::Submit => super::of_form::through(&self.form, "看清之后按 F2 保存"),
            FormEvent::Used => Reply::done(),
            FormEvent::Changed(field) => {
                if matches!(field, "area" | "building_kind" | "book" | "building" | "unit" | "room") {
                    self.follow(app);
                }
                Reply::done()
            }
        }
    }

    fn on_paste(&mut self, text: &str, _: &mut App) -> Reply<App> {
        of_form::paste(&mut self.form, text)
    }

    fn resumed(&self) -> Option<&str> {
        self.form.resumed()
    }

    fn draft(&mut self) -> Option<Draft> {
        self.form.take_change().map(|values| Draft { key: DRAFT.into(), values })
    }

    fn draw(&mut self, canvas: &mut Canvas, _: &App) {
        let (width, height) = (canvas.width(), canvas.height());
        self.form.draw(&mut canvas.part(0, 0, width, height.saturating_sub(2)));
        let y = height.saturating_sub(2);
        let neighbours = self.neighbours.join("  ");
        let x = match &self.route {
            Ok(route) if route.is_empty() => {
                canvas.text(1, y, "抄表序号由区域、楼型、册、楼、单元、室编成", Ink::Faint)
            }
            Ok(route) => canvas.text(1, y, &format!("抄表序号 {route}"), Ink::Accent),
            Err(message) => canvas.text(1, y, &format!("! {message}"), Ink::Look),
        };
        if !neighbours.is_empty() {
            canvas.text_in(x + 3, y, width.saturating_sub(x + 4), &format!("邻居 {neighbours}"), Ink::Faint);
        }
    }
}
