//! `site.rotate`: this site goes over to new keys, which its old ones signed. The certificate also stands in every bundle's
//! header, so that nobody has to know this entry first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::book::public_keys::{PublicKeys, Rotation};
use crate::book::subject::{Kind, Subject};
use crate::derive::site::{SiteRotated, subject_of};
use crate::desk::action::{Action, Cx, Decision};
use crate::desk::refusal::Refusal;

/// The action.
pub struct SiteRotate;

/// What is typed: `site rotate` makes it from the key file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The keys before.
    pub old: PublicKeys,
    /// The certificate they signed.
    pub rotation: Rotation,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Name of the new keys.
    pub key: String,
}

impl Action for SiteRotate {
    const NAME: &'static str = "site.rotate";
    const SUMMARY: &'static str = "换网点密钥";
    const MERGE: &'static str = "只有网点自己能换，新密钥由旧密钥签名证明，先到后到都一样";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        if !input.rotation.is_by(&input.old) {
            return Err(Refusal::field("rotation", "rotation", "新密钥没有旧密钥的签名证明，请用 site rotate 更换"));
        }
        let output = Output { key: input.rotation.keys.name() };
        let subject = Subject::new(Kind::Site, subject_of(cx.site));
        Decision::write(vec![subject], &SiteRotated { rotation: input.rotation }, output)
    }
}
