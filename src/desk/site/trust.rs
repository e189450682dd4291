//! `site.trust`: a branch names its head office, from its card and the fingerprint read over the phone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known_card;
use crate::book::subject::{Kind, Subject};
use crate::derive::site::{SiteTrusted, subject_of};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;
use crate::exchange::peers;

/// The action.
pub struct SiteTrust;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Head office's card, whole.
    pub card: String,
    /// Its fingerprint as read over the phone: 8 groups of 4 letters.
    pub fingerprint: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Code of the head office.
    pub site: String,
    /// Its name.
    pub name: String,
}

impl Action for SiteTrust {
    const NAME: &'static str = "site.trust";
    const SUMMARY: &'static str = "认定总部 (名片和电话里念的指纹)";
    const MERGE: &'static str = "只有网点自己能认定总部，以它最先认定的为准，原总部交出后才以新认定的为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let card = known_card(cx, &input.card, &input.fingerprint)?;
        if peers::is_head_office(cx.tx)? {
            return Err(Refusal::rule("site", "本网点就是总部，不能再认定别的总部"));
        }
        if !card.head_office {
            let message = format!("{} {} 不是总部，请用总部的名片", card.code, card.name);
            return Err(Refusal::field("card", "card", message));
        }
        if let Some(office) = peers::head_office(cx.tx)? {
            if office.site == card.code && office.keys.contains(&card.keys) {
                return Err(Refusal::field("card", "card", format!("总部 {} 已经认定，无需再做", card.code)));
            }
            // Whoever has another pair for the same code is another office, unless the pair named first vouches for it.
            if office.site == card.code && !peers::first_keys(cx.tx, &office)?.contains(&card.keys) {
                let message = format!(
                    "这张名片写着总部 {}，密钥却不是本网点认定的那一副，也没有原密钥作证，不能认定。总部换过密钥 (site rotate) 的，收它的交换包就行，不用重新认定；总部的机器重装过的，请总部放回保存的 .site 文件",
                    card.code
                );
                return Err(Refusal::permission("R-003", message));
            }
            let let_go = peers::own_enrolment(cx.tx)?.and_then(|row| row.handed_to);
            if office.site != card.code && let_go.as_deref() != Some(card.code.as_str()) {
                let message = format!(
                    "本网点的总部是 {}；改认 {} 要由 {} 先交出 (site amend --hand-over {}) 并送来交换包",
                    office.site, card.code, office.site, card.code
                );
                return Err(Refusal::permission("R-003", message));
            }
        }
        let subject = Subject::new(Kind::Site, subject_of(&card.code));
        let output = Output { site: card.code.to_string(), name: card.name.clone() };
        let body = SiteTrusted {
            code: card.code.to_string(),
            name: card.name,
            utility: card.utility,
            practice: card.practice,
            keys: card.keys,
        };
        Decision::write(vec![subject], &body, output)
    }
}
