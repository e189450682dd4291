//! `key.show`, `key.confirm`: the recovery code of the first-run ceremony, shown again to who may until somebody has confirmed that it is
//! on paper. Who looked, and why, stands in the day book; the code does not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::Refusal;
use super::site::reason;
use crate::book::subject::{Kind, Subject};
use crate::derive::site::{KeyShown, subject_of};

/// Setting: the entry that confirmed the code.
const CONFIRMED: &str = "recovery_confirmed";

/// Shows the code.
pub struct KeyShow;

/// Confirms that the code is on paper.
pub struct KeyConfirm;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Why it is looked at again, or where the paper is kept.
    pub reason: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Shown {
    /// The recovery code.
    pub recovery_code: String,
    /// Name of the key it brings back.
    pub key: String,
}

/// What is answered.
#[derive(Serialize, JsonSchema)]
pub struct Confirmed {
    /// Name of the key.
    pub key: String,
}

impl Action for KeyShow {
    const NAME: &'static str = "key.show";
    const SUMMARY: &'static str = "再看一次恢复码 (确认抄好之前)";
    const MERGE: &'static str = "各自成立，只记谁看过、为什么";
    const SECRET: bool = true;
    type Input = Input;
    type Output = Shown;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Shown>, Refusal> {
        let body = KeyShown { key: cx.keys.name().to_owned(), reason: reason(cx, &input.reason)? };
        if cx.tx.setting(CONFIRMED)?.as_deref() == Some(cx.keys.name()) {
            let message =
                "恢复码已经确认抄好，不再显示。请找抄下的那一份；若已丢失，请趁密钥文件还在另抄一份 .key 文件锁好";
            return Err(Refusal::rule("key", message));
        }
        let output = Shown { recovery_code: cx.keys.recovery_code(), key: cx.keys.name().to_owned() };
        Decision::write(vec![Subject::new(Kind::Site, subject_of(cx.site))], &body, output)
    }
}

impl Action for KeyConfirm {
    const NAME: &'static str = "key.confirm";
    const SUMMARY: &'static str = "确认恢复码已抄好锁好，以后不再显示";
    const MERGE: &'static str = "各自成立，以先的为准";
    type Input = Input;
    type Output = Confirmed;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Confirmed>, Refusal> {
        let body = KeyShown { key: cx.keys.name().to_owned(), reason: reason(cx, &input.reason)? };
        cx.tx.set_setting(CONFIRMED, cx.keys.name())?;
        let output = Confirmed { key: cx.keys.name().to_owned() };
        Decision::write(vec![Subject::new(Kind::Site, subject_of(cx.site))], &body, output)
    }
}
