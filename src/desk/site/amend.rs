//! `site.amend`: head office changes what a branch is to know, which roles it may give, how long its rights hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{areas, branch, days, roles, words_of};
use crate::book::subject::{Kind, Subject};
use crate::derive::site::SiteAmended;
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::{Fault, Refusal};
use crate::rules::fault::shown;
use crate::rules::id::Site;

/// The action.
pub struct SiteAmend;

/// What is typed; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Code of the branch.
    pub site: String,
    /// Areas, all of them: 老区, 新区, or `old`, `new`; an empty list for none.
    #[serde(default)]
    pub areas: Option<Vec<String>>,
    /// Everything?
    #[serde(default)]
    pub everything: Option<bool>,
    /// Roles its director may give, all of them.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    /// Days, 1 to 366.
    #[serde(default)]
    pub good_for_days: Option<i64>,
    /// Code of another head office that the branch may trust from now on.
    #[serde(default)]
    pub hand_over: Option<String>,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Code of the branch.
    pub site: String,
    /// What its areas mean now, for a person.
    pub areas_mean: String,
    /// Roles its director may give now.
    pub roles: Vec<String>,
    /// Days its rights hold without word now.
    pub good_for_days: i64,
}

impl Action for SiteAmend {
    const NAME: &'static str = "site.amend";
    const SUMMARY: &'static str = "改网点的片区、可授岗位、有效天数";
    const MERGE: &'static str = "只有总部能改，逐项以总部自己的后一次为准";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let peer = branch(cx, &input.site)?;
        let mut faults = Vec::new();
        let body = SiteAmended {
            areas: input.areas.map(|given| areas(&given, &mut faults)),
            everything: input.everything,
            roles: input.roles.map(|given| roles(&given, &mut faults)),
            good_for_days: input.good_for_days.map(|given| days(given, &mut faults)),
            hand_over: input.hand_over.map(|given| another_office(cx, &given, &mut faults)),
        };
        Refusal::unless_empty(faults)?;
        let kept = body.areas.is_none() && body.everything.is_none() && body.roles.is_none();
        if kept && body.good_for_days.is_none() && body.hand_over.is_none() {
            return Err(Refusal::field("site", "site", "没有要改的内容，请至少改一项"));
        }
        let everything = body.everything.unwrap_or(peer.everything);
        let output = Output {
            site: peer.site.to_string(),
            areas_mean: words_of(body.areas.as_ref().unwrap_or(&peer.areas), everything),
            roles: body.roles.clone().unwrap_or(peer.roles),
            good_for_days: body.good_for_days.unwrap_or(peer.good_for_days),
        };
        Decision::write(vec![Subject::new(Kind::Site, peer.id)], &body, output)
    }
}

/// The head office a branch is let go to: any site's code but this one's.
fn another_office(cx: &Cx<'_, '_>, given: &str, faults: &mut Vec<Fault>) -> String {
    match Site::parse(given.trim()).ok().filter(|site| site != cx.site) {
        Some(site) => site.to_string(),
        None => {
            let message = format!("“{}”不是另一个总部的代码，请核对", shown(given));
            faults.push(Fault::field("site", "hand_over", message));
            String::new()
        }
    }
}
