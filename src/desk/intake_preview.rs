//! `intake.preview`: judges a case as it stands and writes nothing: what is missing, what it costs, what would be promised and
//! said. It also answers which papers, situations and fields the case has, for a program that does not know the catalogue.

use schemars::JsonSchema;
use serde::Serialize;

use super::action::{Action, Cx, Decision};
use super::intake_case::Typed;
use super::intake_take::{self, Fee};
use super::intake_talk::{self, Said};
use super::refusal::Refusal;
use crate::rules::money::Fen;

/// The action.
pub struct IntakePreview;

/// A thing of the form: key and what the clerk reads.
#[derive(Serialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Key for `papers`, `situations` or `fields`.
    pub key: String,
    /// What the clerk reads.
    pub name: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema, Debug, Clone)]
pub struct Output {
    /// May it be taken in?
    pub accepted: bool,
    /// Everything against it.
    pub refusals: Vec<String>,
    /// A business to take in first.
    pub first: Option<String>,
    /// Papers needed.
    pub papers: Vec<Named>,
    /// Papers still to bring.
    pub missing: Vec<Named>,
    /// What may be ticked about the case.
    pub situations: Vec<Named>,
    /// Fields of the form.
    pub fields: Vec<Named>,
    /// Fees.
    pub fee: Fen,
    /// The fees one by one.
    pub charges: Vec<Fee>,
    /// By when.
    pub due: Option<String>,
    /// The line to say.
    pub line: String,
    /// The whole talk.
    pub talk: Vec<Said>,
    /// The slip of papers to bring, to be printed.
    pub slip: Option<String>,
}

impl Action for IntakePreview {
    const NAME: &'static str = "intake.preview";
    const SUMMARY: &'static str = "试算一件业务：缺什么、收多少、承诺到哪天，不记账";
    const MERGE: &'static str = "不写凭单";
    type Input = Typed;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Typed) -> Result<Decision<Output>, Refusal> {
        let case = intake_take::resolve(cx, &input, true)?;
        let service = case.service();
        let calendar = intake_take::calendar(cx)?;
        let verdict = service.judge(&case.case, &case.loaded.catalogue.common, &*calendar);
        let named = |key: &str, name: String| Named { key: key.to_owned(), name };
        let talk = intake_talk::talk(&case, &verdict, None);
        let missing = !verdict.missing.is_empty();
        let is_blocked = verdict.refusals.iter().any(|refusal| intake_talk::is_gate(Some(&refusal.field)));
        let promise = verdict.promise.as_ref();
        let output = Output {
            accepted: verdict.is_accepted(),
            refusals: verdict.refusals.iter().map(|refusal| refusal.message.clone()).collect(),
            first: verdict.first.map(str::to_owned),
            papers: service.needed_papers(&verdict.facts).map(|paper| named(&paper.key, paper.label())).collect(),
            missing: verdict.missing.iter().map(|paper| named(&paper.key, paper.label())).collect(),
            situations: service
                .shown_situations(&verdict.facts)
                .map(|situation| named(&situation.key, situation.label.clone()))
                .collect(),
            fields: service.shown_fields(&verdict.facts).map(|field| named(&field.key, field.label.clone())).collect(),
            fee: verdict.total(),
            charges: intake_take::fees(&verdict),
            due: promise.map(|promise| intake_take::due_text(promise.due, promise.span.is_days())),
            line: intake_talk::spoken(&talk, &verdict, is_blocked),
            slip: missing.then(|| intake_talk::bring_back_slip(&case, &verdict, input.queue.as_deref().unwrap_or(""))),
            talk,
        };
        Ok(Decision::answer(output))
    }
}
