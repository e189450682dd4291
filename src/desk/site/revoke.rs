//! `site.revoke`: head office stops believing a branch's keys: a machine lost or stolen. The way back is to enrol it anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{branch, reason};
use crate::book::subject::{Kind, Subject};
use crate::derive::site::SiteRevoked;
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;

/// The action.
pub struct SiteRevoke;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Code of the branch.
    pub site: String,
    /// Why.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Code of the branch.
    pub site: String,
}

impl Action for SiteRevoke {
    const NAME: &'static str = "site.revoke";
    const SUMMARY: &'static str = "停用网点的密钥 (机器丢失、被盗)";
    const MERGE: &'static str = "只有总部能停用，直到总部用新名片重新登记；已收下的凭单不受影响";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let peer = branch(cx, &input.site)?;
        if peer.revoked {
            return Err(Refusal::field("site", "site", format!("网点 {} 的密钥已经停用", peer.site)));
        }
        let body = SiteRevoked { reason: reason(cx, &input.reason)? };
        Decision::write(vec![Subject::new(Kind::Site, peer.id)], &body, Output { site: peer.site.to_string() })
    }
}
