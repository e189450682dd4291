//! `site.enrol`: head office takes a branch in, from its card and the fingerprint read over the phone; again with a new card
//! when the branch has lost its keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{USUAL_DAYS, areas, at_head_office, days, known_card, roles};
use crate::book::subject::{Kind, Subject};
use crate::derive::site::{SiteEnrolled, subject_of};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;
use crate::desk::whose::Whose;
use crate::exchange::peers;

/// The action.
pub struct SiteEnrol;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The branch's card, whole.
    pub card: String,
    /// Its fingerprint as read over the phone: 8 groups of 4 letters.
    pub fingerprint: String,
    /// Areas whose accounts of other sites the branch is to know.
    #[serde(default)]
    pub areas: Vec<String>,
    /// Is it to know everything?
    #[serde(default)]
    pub everything: bool,
    /// Roles its director may give.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Days its approvals go on without word from head office, 1 to 366; 30 when nothing is said.
    #[serde(default = "usual_days")]
    pub good_for_days: i64,
}

fn usual_days() -> i64 {
    USUAL_DAYS
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Code of the branch.
    pub site: String,
    /// Its name.
    pub name: String,
    /// Did its card bring its data key? Without it numbers it sealed cannot be opened at head office.
    pub data_key: bool,
}

impl Action for SiteEnrol {
    const NAME: &'static str = "site.enrol";
    const SUMMARY: &'static str = "登记网点 (名片和电话里念的指纹)";
    const MERGE: &'static str = "只有总部能登记，以总部自己的先后为准；重新登记取代以前的密钥和停用";
    const WHOSE: Whose = Whose::ActionSays;
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        at_head_office(cx)?;
        let card = known_card(cx, &input.card, &input.fingerprint)?;
        if card.head_office {
            return Err(Refusal::field("card", "card", format!("{} 是总部的名片，总部之间不登记", card.code)));
        }
        let known = peers::peer(cx.tx, card.code.as_str())?.filter(|peer| !peer.revoked);
        let data_key = card.data_key.filter(|data| data.for_site == cx.site.as_str());
        let brings_key = data_key.is_some() && known.as_ref().is_some_and(|peer| peer.data_key.is_none());
        if known.is_some_and(|peer| peer.keys.contains(&card.keys)) && !brings_key {
            let message = format!("网点 {} 已经登记；改片区、岗位或天数请用 site amend", card.code);
            return Err(Refusal::field("card", "card", message));
        }
        let mut faults = Vec::new();
        let body = SiteEnrolled {
            code: card.code.to_string(),
            name: card.name.clone(),
            utility: card.utility,
            practice: card.practice,
            keys: card.keys,
            areas: areas(&input.areas, &mut faults),
            everything: input.everything,
            roles: roles(&input.roles, &mut faults),
            good_for_days: days(input.good_for_days, &mut faults),
            data_key,
        };
        Refusal::unless_empty(faults)?;
        let output = Output { site: card.code.to_string(), name: card.name, data_key: body.data_key.is_some() };
        Decision::write(vec![Subject::new(Kind::Site, subject_of(&card.code))], &body, output)
    }
}
