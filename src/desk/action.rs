//! What an action is: typed input, a decision, a typed answer — and the table of all actions, which the command line, the
//! batch mode and the screens share.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use super::rights::Rights;
use super::tariffs::Shelf;
use crate::book::seal::Keys;
use crate::book::subject::Subject;
use crate::rules::id::{Id, Site};
use crate::store::Tx;
use crate::store::tables::user::UserRow;

/// Something a person can do. One file an action.
pub trait Action {
    /// Its name in `do`, in entries, and as the right it needs: `payment.take`.
    const NAME: &'static str;
    /// Version of the payload it writes.
    const VERSION: u32 = 1;
    /// One Chinese line for `do --list`.
    const SUMMARY: &'static str;
    /// How two of its entries, made apart, fit together.
    const MERGE: &'static str;
    /// May a person without a role that names the action do it? Only reading and logging in.
    const FREE: bool = false;
    /// Does its answer hold what must not be stored in clear?
    const SECRET: bool = false;
    /// What is typed.
    type Input: DeserializeOwned + JsonSchema;
    /// What is answered.
    type Output: Serialize + JsonSchema;

    /// Checks the input against rules and rights, and says what to write and what to answer.
    fn decide(cx: &Cx<'_, '_>, input: Self::Input) -> Result<Decision<Self::Output>, Refusal>;
}

/// What an action decides with. The transaction already holds the writer's place, so nothing moves until it is written.
pub struct Cx<'t, 'c> {
    /// The database.
    pub tx: &'t Tx<'c>,
    /// Who does it.
    pub actor: &'t UserRow,
    /// The actor's rights today.
    pub rights: &'t Rights,
    /// Now.
    pub at: DateTime<FixedOffset>,
    /// 营业日.
    pub day: NaiveDate,
    /// Name of the entry to be written.
    pub next: Id,
    /// This site.
    pub site: &'t Site,
    /// A practice book?
    pub practice: bool,
    /// Sealing and search keys.
    pub keys: &'t Keys,
    /// The price book and the calendar.
    pub shelf: &'t Shelf,
}

/// What an action decided.
pub struct Decision<O> {
    /// The entry to write; none for a preview.
    pub draft: Option<Draft>,
    /// The answer.
    pub output: O,
}

/// The author's part of an entry.
pub struct Draft {
    /// Whom it is about.
    pub subjects: Vec<Subject>,
    /// The body, as JSON.
    pub payload: String,
    /// The action and version the entry is written under, where they are not the author's own: a row of the fix list goes in as
    /// what it is, a reading or a customer.
    pub under: Option<(&'static str, u32)>,
}

impl<O> Decision<O> {
    /// Write `body` about `subjects` and answer `output`.
    pub fn write<B: Serialize>(subjects: Vec<Subject>, body: &B, output: O) -> Result<Self, Refusal> {
        let payload = serde_json::to_string(body).map_err(|error| Refusal::data(error.to_string()))?;
        Ok(Self { draft: Some(Draft { subjects, payload, under: None }), output })
    }

    /// Write nothing, answer `output`.
    pub fn answer(output: O) -> Self {
        Self { draft: None, output }
    }
}

/// An action without its types, as the table holds it. Whose accounts, orders, workers … it may be about stands in `derive/whose.rs`.
pub struct Def {
    /// See [`Action::NAME`].
    pub name: &'static str,
    /// See [`Action::VERSION`].
    pub version: u32,
    /// See [`Action::SUMMARY`].
    pub summary: &'static str,
    /// See [`Action::MERGE`].
    pub merge: &'static str,
    /// See [`Action::FREE`].
    pub free: bool,
    /// See [`Action::SECRET`].
    pub secret: bool,
    /// Decides from JSON.
    pub decide: fn(&Cx<'_, '_>, &str) -> Result<Decision<String>, Refusal>,
    /// JSON Schemas of input and result.
    pub schema: fn() -> serde_json::Value,
}

/// The table entry of an action.
pub const fn def<A: Action>() -> Def {
    Def {
        name: A::NAME,
        version: A::VERSION,
        summary: A::SUMMARY,
        merge: A::MERGE,
        free: A::FREE,
        secret: A::SECRET,
        decide: decide_json::<A>,
        schema: schema::<A>,
    }
}

fn decide_json<A: Action>(cx: &Cx<'_, '_>, input: &str) -> Result<Decision<String>, Refusal> {
    super::by_name::require::<A::Input>(input)?;
    super::plain_text::require(A::NAME, input, cx.at.date_naive())?;
    let input = read_input::<A::Input>(input)?;
    let decision = A::decide(cx, input)?;
    let output = serde_json::to_string(&decision.output).map_err(|error| Refusal::data(error.to_string()))?;
    Ok(Decision { draft: decision.draft, output })
}

/// What the reader of dates says of a text that is none; its words are no person's.
const NO_DATE: [&str; 4] =
    ["premature end of input", "input contains invalid characters", "input is out of range", "trailing input"];

/// The text at a place of an input, as it may be shown.
fn typed_at(input: &str, path: &str) -> String {
    let input: serde_json::Value = serde_json::from_str(input).unwrap_or_default();
    let at = path.split('.').try_fold(&input, |value, name| value.get(name));
    crate::rules::fault::shown(at.and_then(serde_json::Value::as_str).unwrap_or_default())
}

/// Reads an action's input; says which field is wrong.
pub fn read_input<T: DeserializeOwned>(input: &str) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_str(input);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner().to_string();
        // Where in the JSON it stands is nothing to a person: the field says it.
        let reason = reason.split(" at line ").next().unwrap_or(&reason).to_owned();
        let named = reason.split('`').nth(1).filter(|_| path == "." || path.is_empty());
        let field = named.map_or(path, str::to_owned);
        let what = match () {
            () if reason.starts_with("missing field") => format!("缺少“{field}”，请补上"),
            () if reason.starts_with("unknown field") => format!("不认识“{field}”，请核对字段名 (do --schema)"),
            // A sentence of our own says what was typed and what to do; the field is named beside it.
            () if reason.starts_with('“') => reason,
            () if NO_DATE.contains(&reason.as_str()) => {
                format!("日期“{}”不对，应如 2026-11-21", typed_at(input, &field))
            }
            () => format!("“{field}”的值不对：{reason}"),
        };
        Refusal::field("input", &field, what)
    })
}

fn schema<A: Action>() -> serde_json::Value {
    serde_json::json!({
        "action": A::NAME,
        "version": A::VERSION,
        "summary": A::SUMMARY,
        "merge": A::MERGE,
        "input": schemars::schema_for!(A::Input),
        "result": schemars::schema_for!(A::Output),
    })
}
