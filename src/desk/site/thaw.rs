//! `site.thaw`: the way out of a fork. When it is known which machine held the older copy, and it is gone or restored into a
//! new epoch, head office takes bundles of the site again. Every entry of both sides stays.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{branch, reason};
use crate::book::subject::{Kind, Subject};
use crate::derive::site::SiteThawed;
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;

/// The action.
pub struct SiteThaw;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Code of the branch.
    pub site: String,
    /// What was found and done.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Code of the branch.
    pub site: String,
}

impl Action for SiteThaw {
    const NAME: &'static str = "site.thaw";
    const SUMMARY: &'static str = "解冻网点 (一个序号两张凭单已查明)";
    const MERGE: &'static str = "解冻写明是哪一次冻结；之后再发现分叉，重新冻结";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let peer = branch(cx, &input.site)?;
        let Some(frozen) = peer.bond.frozen else {
            return Err(Refusal::field("site", "site", format!("网点 {} 没有冻结，无需解冻", peer.site)));
        };
        let body = SiteThawed { frozen, reason: reason(cx, &input.reason)? };
        Decision::write(vec![Subject::new(Kind::Site, peer.id)], &body, Output { site: peer.site.to_string() })
    }
}
