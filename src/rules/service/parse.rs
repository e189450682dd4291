//! One catalogue file → one [`Service`], with every fault of the file.

use std::collections::BTreeMap;

use super::model::*;
use super::parse_order;
use super::scope::Scope;
use crate::rules::money::Fen;
use crate::rules::toml_reader::{At, Doc, Item, Section};
use crate::rules::utility::Utility;

/// Longest name of anything, in characters.
const LONGEST_NAME: usize = 60;
/// Longest text a field may take, in characters.
const LONGEST_FIELD: u32 = 500;

/// A business that another file names; checked when all files are read.
pub(super) struct Reference {
    /// The code named.
    pub(super) code: String,
    /// Where.
    pub(super) line: usize,
}

/// A file read, still to be checked against the others.
pub(super) struct Parsed {
    pub(super) service: Service,
    pub(super) references: Vec<Reference>,
}

/// Reads a file. Its faults stay in `doc`; the service is only to be used when there are none.
pub(super) fn service(doc: &Doc, phrases: &BTreeMap<String, String>) -> Parsed {
    let table = doc.parse();
    let top = doc.top(&table);
    let scope = Scope::of(&top, phrases);
    let mut references = Vec::new();
    let service = Service {
        code: top.need_key("code").value,
        name: top.need_text("name", 20).value,
        source: top.need_text("source", 100).value,
        utilities: top.choices("utilities", &Utility::ALL.map(|utility| (utility.code(), utility))),
        channels: channels(&top),
        account: top
            .need_choice("account", &[("必须", AccountNeed::Required), ("可无", AccountNeed::Optional)])
            .unwrap_or(AccountNeed::Required),
        profile: scope.profile(&top),
        situations: situations(&top, &scope),
        papers: papers(&top, &scope),
        refusals: top
            .sections("refuse")
            .into_iter()
            .filter_map(|one| gate(one, &scope, doc, &mut references))
            .collect(),
        fees: fees(&top, &scope),
        fields: top.sections("field").into_iter().map(|section| field(section, &scope)).collect(),
        urgency: urgency(&top, &scope),
        clocks: parse_order::clocks(&top, &scope),
        except: top.text("except", LONGEST_NAME).map_or_else(String::new, |text| text.value),
        lines: lines(&top, &scope),
        order: parse_order::order(&top, &scope),
        callback: parse_order::callback(&top, &scope),
        write_back: parse_order::write_back(&top),
        follow_ups: parse_order::follow_ups(&top, &scope, doc, &mut references),
    };
    check_proofs(&top, &service);
    parse_order::check(&top, &service);
    top.close();
    Parsed { service, references }
}

fn channels(top: &Section) -> Vec<Channel> {
    if !top.has("channels") {
        top.fault("缺少“channels”，请写明可在柜台、电话何处受理");
    }
    top.choices("channels", Channel::WORDS)
}

fn situations(top: &Section, scope: &Scope) -> Vec<Situation> {
    let read = |section: Section| {
        let situation = Situation {
            key: section.need_key("key").value,
            label: section.need_text("label", LONGEST_NAME).value,
            when: scope.condition(&section, "when"),
        };
        section.close();
        situation
    };
    top.sections("situation").into_iter().map(read).collect()
}

fn papers(top: &Section, scope: &Scope) -> Vec<Paper> {
    let mut papers: Vec<Paper> = Vec::new();
    for section in top.sections("paper") {
        let key = section.need_key("key");
        if papers.iter().any(|paper| paper.key == key.value) {
            section.fault_at(key.at, format!("要件“{}”写了两次，请改名或删去一处", key.value));
        }
        papers.push(Paper {
            key: key.value,
            name: section.need_text("name", LONGEST_NAME).value,
            form: section.need_choice("form", PaperForm::WORDS).unwrap_or(PaperForm::Original),
            when: scope.condition(&section, "when"),
            sample: section.flag("sample", false),
        });
        section.close();
    }
    papers
}

fn gate(section: Section, scope: &Scope, doc: &Doc, references: &mut Vec<Reference>) -> Option<Gate> {
    if !section.has("when") {
        section.fault("[[refuse]]缺少“when”，请写明何时不予受理");
    }
    let first = section.text("first", 40);
    if let Some(first) = &first {
        references.push(Reference { code: first.value.clone(), line: doc.line(first.at) });
    }
    let gate = Gate {
        when: scope.condition(&section, "when"),
        rule: section.need_text("rule", 20).value,
        first: first.map(|first| first.value),
        say: scope.sentence(&section)?,
    };
    section.close();
    Some(gate)
}

fn fees(top: &Section, scope: &Scope) -> Vec<Fee> {
    let mut fees: Vec<Fee> = Vec::new();
    for section in top.sections("fee") {
        let key = section.need_key("key");
        if fees.iter().any(|fee| fee.key == key.value && fee.when.is_always()) {
            let what = format!("费用“{}”前面已有一条不带条件的，这一条用不上，请改正", key.value);
            section.fault_at(key.at, what);
        }
        let free_when = section.has("free_when").then(|| scope.condition(&section, "free_when"));
        let proof = section.text("proof", 40).map(|proof| proof.value);
        if free_when.is_none() && proof.is_some() {
            section.fault("[[fee]]写了“proof”却没有“free_when”，请补上免收的情形");
        }
        fees.push(Fee {
            key: key.value,
            name: section.need_text("name", LONGEST_NAME).value,
            amount: amount(&section),
            when: scope.condition(&section, "when"),
            free_when,
            proof,
            invoice: section.need_text("invoice", LONGEST_NAME).value,
            deposit: section.flag("deposit", false),
            before: section.choice("before", Before::WORDS),
        });
        section.close();
    }
    fees
}

/// `"5.00"`, or `"未定"` for what the company has still to set.
fn amount(section: &Section) -> Option<Fen> {
    let text = section.need_text("amount", 20);
    if text.value.is_empty() || text.value == "未定" {
        return None;
    }
    match text.value.parse::<Fen>() {
        Ok(amount) if amount > Fen::ZERO => Some(amount),
        Ok(_) => {
            section.fault_at(text.at, "“amount”必须大于零，不收费的请删去这一节");
            None
        }
        Err(fault) => {
            section.fault_at(text.at, format!("“amount”{fault}"));
            None
        }
    }
}

/// Reads `[[field]]` and `[[order.slip]]`.
pub(super) fn field(section: Section, scope: &Scope) -> Field {
    let kind = section.need_choice("kind", FieldKind::WORDS).unwrap_or(FieldKind::Text);
    let choices = choices(&section, scope);
    let default = section.text("default", LONGEST_NAME);
    check_choices(&section, kind, &choices, default.as_ref());
    let required = if section.is_flag("required") {
        section.flag("required", false).then(Default::default)
    } else {
        section.has("required").then(|| scope.condition(&section, "required"))
    };
    let field = Field {
        key: section.need_key("key").value,
        label: section.need_text("label", 20).value,
        kind,
        required,
        when: scope.condition(&section, "when"),
        choices,
        default: default.map_or_else(String::new, |text| text.value),
        longest: section.number("longest", 1..LONGEST_FIELD + 1).map_or(LONGEST_NAME, |n| n.value as usize),
        remember: section.flag("remember", false),
    };
    section.close();
    field
}

fn choices(section: &Section, scope: &Scope) -> Vec<Choice> {
    let read = |item| match item {
        Item::Text(text) => Choice { text: text.value, when: Default::default() },
        Item::Table(table) => {
            let choice = Choice { text: table.need_text("text", 20).value, when: scope.condition(&table, "when") };
            table.close();
            choice
        }
    };
    section.items("choices", 20).into_iter().map(read).collect()
}

fn check_choices(section: &Section, kind: FieldKind, choices: &[Choice], default: Option<&At<String>>) {
    if kind == FieldKind::Choice && choices.is_empty() {
        section.fault("选项栏目缺少“choices”，请列出可选的词");
    }
    if kind != FieldKind::Choice && !choices.is_empty() {
        section.fault("只有“选项”栏目可写“choices”，请改“kind”或删去");
    }
    for (index, choice) in choices.iter().enumerate() {
        let twice = choices[..index].iter().any(|earlier| earlier.text == choice.text);
        if twice {
            section.fault(format!("选项“{}”写了两次，请删去一处", choice.text));
        }
    }
    if let Some(default) = default.filter(|_| kind == FieldKind::Choice)
        && choices.iter().all(|choice| choice.text != default.value)
    {
        section.fault_at(default.at, format!("“default”的“{}”不在“choices”里，请改正", default.value));
    }
}

fn urgency(top: &Section, scope: &Scope) -> UrgencyRule {
    let Some(section) = top.section("urgency") else { return UrgencyRule::default() };
    let raised = section.sections("raise").into_iter().filter_map(|raise| {
        let when = scope.condition(&raise, "when");
        let level = raise.need_choice("level", Urgency::WORDS);
        raise.close();
        Some((when, level?))
    });
    let raised = raised.collect();
    let default = section.choice("default", Urgency::WORDS).unwrap_or_default();
    section.close();
    UrgencyRule { default, raised }
}

/// Reads `[[line]]`.
pub(super) fn lines(top: &Section, scope: &Scope) -> Vec<Line> {
    let read = |section: Section| {
        let at = section.need_choice("at", TalkStep::WORDS);
        let when = scope.condition(&section, "when");
        let say = scope.sentence(&section);
        section.close();
        Some(Line { at: at?, when, say: say? })
    };
    top.sections("line").into_iter().filter_map(read).collect()
}

fn check_proofs(top: &Section, service: &Service) {
    for section in top.sections("fee") {
        if let Some(proof) = section.text("proof", 40)
            && service.papers.iter().all(|paper| paper.key != proof.value)
        {
            section.fault_at(proof.at, format!("免收凭据“{}”不在要件里，请先写一节 [[paper]]", proof.value));
        }
    }
}
