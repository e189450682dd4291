//! Idempotency keys: the same key with the same input gets the first answer again, with another input it is refused.

use super::Done;
use super::action::Def;
use super::refusal::Refusal;
use crate::book::seal::{Keys, Sealed};
use crate::rules::id::Site;
use crate::store::Tx;
use crate::store::local::AnswerRow;

/// Hash of an action's input, the same for JSON that differs only in blanks or the order of keys.
pub(super) fn fingerprint(keys: &Keys, action: &str, input: &str) -> Result<[u8; 32], Refusal> {
    let value: serde_json::Value =
        serde_json::from_str(input).map_err(|error| Refusal::usage(format!("输入不是合法的 JSON：{error}")))?;
    let mut hasher = keys.keyed_hasher(); // keyed: an input may hold a password
    hasher.update(action.as_bytes());
    hasher.update(&[0]);
    feed(&value, &mut hasher);
    Ok(*hasher.finalize().as_bytes())
}

fn feed(value: &serde_json::Value, hasher: &mut blake3::Hasher) {
    match value {
        serde_json::Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            hasher.update(b"{");
            for key in keys {
                hasher.update(serde_json::Value::String(key.clone()).to_string().as_bytes());
                feed(&map[key], hasher);
            }
            hasher.update(b"}");
        }
        serde_json::Value::Array(list) => {
            hasher.update(b"[");
            list.iter().for_each(|item| feed(item, hasher));
            hasher.update(b"]");
        }
        other => {
            hasher.update(other.to_string().as_bytes());
            hasher.update(b",");
        }
    }
}

/// Where a secret answer is sealed.
const ANSWER_PLACE: &str = "answer";

/// An answer as it is kept for its key: sealed when it is secret (I-13).
pub(super) fn kept_answer(keys: &Keys, def: &Def, output: &str) -> Result<String, Refusal> {
    if !def.secret {
        return Ok(output.to_owned());
    }
    let sealed = keys.seal(ANSWER_PLACE, output)?;
    Ok(Sealed { tail: String::new(), ..sealed }.to_text())
}

/// The answer a key was given before. The same key with another input is refused.
pub(super) fn first_answer(
    tx: &Tx<'_>,
    keys: &Keys,
    site: &Site,
    key: &str,
    def: &Def,
    input: &[u8; 32],
) -> Result<Option<Done>, Refusal> {
    if let Some(known) = tx.get::<AnswerRow>(&[&key])? {
        if known.action == def.name && known.input == *input {
            let result = match Sealed::from_text(&known.result).filter(|_| def.secret) {
                Some(sealed) => keys.open_sealed(ANSWER_PLACE, &sealed)?.to_string(),
                None => known.result,
            };
            return Ok(Some(Done { entry: Some(known.entry), result, repeated: true }));
        }
        return Err(Refusal::rule("key", format!("key“{key}”已用于凭单 {}，内容不同，请换一个 key", known.entry)));
    }
    match tx.entry_of_key(site, key)? {
        None => Ok(None),
        Some(entry) => Err(Refusal::rule("key", format!("key“{key}”已用于凭单 {}，请先查看该凭单", entry.id))),
    }
}
