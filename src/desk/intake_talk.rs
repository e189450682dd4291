//! What is said to the customer about a case: the whole talk of the catalogue, the one line to speak, and the slip of papers
//! still to bring.

use schemars::JsonSchema;
use serde::Serialize;

use super::intake_case::Resolved;
use crate::rules::id::Id;
use crate::rules::service::{TalkStep, Verdict};
use crate::store::tables::order::OrderRow;
use crate::store::{StoreError, Tx};

/// One sentence of the talk.
#[derive(Serialize, JsonSchema, Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// 开场, 要件, 收费, 承诺 …
    pub step: String,
    /// The sentence, or what it still lacks.
    pub say: String,
    /// Every gap is filled.
    pub ready: bool,
}

/// The whole talk of a case.
pub fn talk(case: &Resolved, verdict: &Verdict<'_>, order: Option<Id>) -> Vec<Said> {
    let mut words = verdict.words.clone();
    words.put("name", case.account.as_ref().map_or(case.caller.clone(), |row| row.name.clone()));
    words.put("address", case.address.clone());
    if let Some(order) = order {
        words.put("order", order.to_string());
    }
    let common = &case.loaded.catalogue.common;
    let lines = case.service().talk(common, &verdict.facts, &words, !verdict.missing.is_empty());
    let said = |(step, line): (TalkStep, Result<String, _>)| {
        let (ready, say) = match line {
            Ok(say) => (true, say),
            Err(unfilled) => (false, crate::rules::speech::Unfilled::to_string(&unfilled)),
        };
        Said { step: step_word(step).to_owned(), say, ready }
    };
    lines.into_iter().map(said).collect()
}

/// The word of a step.
fn step_word(step: TalkStep) -> &'static str {
    TalkStep::WORDS.iter().find(|(_, known)| *known == step).map_or("", |(word, _)| word)
}

/// The line to speak: fee and promise, and what the customer must know before.
pub fn line(talk: &[Said]) -> String {
    let steps = ["收费", "告知", "承诺"];
    let spoken = talk.iter().filter(|said| said.ready && steps.contains(&said.step.as_str()));
    sentences(spoken.map(|said| said.say.as_str()))
}

/// What to say of a case as it stands; nothing that sounds like a go-ahead where it cannot be taken in at all.
pub fn spoken(talk: &[Said], verdict: &Verdict<'_>, is_blocked: bool) -> String {
    match () {
        () if !verdict.missing.is_empty() => missing_line(talk, verdict),
        () if is_blocked => String::new(),
        () => line(talk),
    }
}

/// Does a fault stand against the business itself, not against what is typed in one of its fields?
pub fn is_gate(field: Option<&str>) -> bool {
    field.is_none_or(|field| matches!(field, "" | "account"))
}

/// What to say when papers are missing: which, and where to come back.
pub fn missing_line(talk: &[Said], verdict: &Verdict<'_>) -> String {
    let names: Vec<String> = verdict.missing.iter().map(|paper| paper.label()).collect();
    let first = format!("还缺{}", names.join("、"));
    let rest = talk.iter().filter(|said| said.ready && said.step == "缺件").map(|said| said.say.as_str());
    sentences(std::iter::once(first.as_str()).chain(rest))
}

fn sentences<'s>(said: impl Iterator<Item = &'s str>) -> String {
    said.fold(String::new(), |mut line, say| {
        line.push_str(say.trim_end_matches('。'));
        line.push('。');
        line
    })
}

/// What to say to somebody who calls again about an open order.
pub fn joined_line(tx: &Tx<'_>, open: &OrderRow) -> Result<String, StoreError> {
    let worker = open.worker.map(|worker| tx.worker(worker)).transpose()?.flatten();
    let who = match worker.filter(|_| open.stage == "underway") {
        Some(worker) => format!("已派{}师傅处理", worker.name),
        None => format!("现为{}", open.state),
    };
    Ok(format!("您反映的{}已受理，工单号{}，{who}，您的再次来电已记下。", open.category, open.id))
}

/// The slip of papers to bring, as text for printing.
pub fn bring_back_slip(case: &Resolved, verdict: &Verdict<'_>, queue: &str) -> String {
    let service = case.service();
    let mut slip = format!("{}业务  请补齐下列资料\n", service.name);
    if !queue.is_empty() {
        slip.push_str(&format!("排队号  {queue}\n"));
    }
    if let Some(account) = &case.account {
        slip.push_str(&format!("户号  {}  {}\n", account.no, account.name));
    }
    slip.push_str(&format!("地址  {}\n\n", case.address));
    for (index, paper) in verdict.missing.iter().enumerate() {
        slip.push_str(&format!("  [ ] {}. {}\n", index + 1, paper.label()));
    }
    let common = &case.loaded.catalogue.common;
    let talk = talk(case, verdict, None);
    slip.push('\n');
    for said in talk.iter().filter(|said| said.ready && said.step == "缺件") {
        slip.push_str(&said.say);
        slip.push('\n');
    }
    slip.push_str(&format!("客服电话  {}\n", common.hotline));
    slip
}
