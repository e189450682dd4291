//! Idempotency keys: the same key with the same input gets the first answer again, with another input it is refused.

use super::Done;
use super::action::Def;
use super::refusal::Refusal;
use crate::book::seal::Keys;
use crate::rules::id::{Id, Site};
use crate::store::Tx;
use crate::store::local::AnswerRow;

/// What a person asks for under a key.
pub(super) struct Asked<'a> {
    keys: &'a Keys,
    def: &'a Def,
    actor: Id,
    input: [u8; 32],
}

/// Hash of an action's input, the same for JSON that differs only in blanks or the order of keys.
fn fingerprint(keys: &Keys, action: &str, input: &str) -> Result<[u8; 32], Refusal> {
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

/// An answer as it is kept for its key: nothing of a secret one (I-13), which is never given again.
pub(super) fn kept_answer(def: &Def, output: &str) -> String {
    if def.secret { String::new() } else { output.to_owned() }
}

impl<'a> Asked<'a> {
    /// An action with its input, by a person.
    pub(super) fn new(keys: &'a Keys, def: &'a Def, input: &str, actor: Id) -> Result<Self, Refusal> {
        Ok(Self { keys, def, actor, input: fingerprint(keys, def.name, input)? })
    }

    /// Hash of the input and of who asks: a key belongs to a person.
    pub(super) fn by_person(&self) -> [u8; 32] {
        let mut hasher = self.keys.keyed_hasher();
        hasher.update(b"by person");
        hasher.update(&self.actor.0.to_le_bytes());
        hasher.update(&self.input);
        *hasher.finalize().as_bytes()
    }

    /// The answer this person's key was given before. The same key with another input, or another's key, is refused.
    pub(super) fn first_answer(&self, tx: &Tx<'_>, site: &Site, key: &str) -> Result<Option<Done>, Refusal> {
        let Some(known) = tx.get::<AnswerRow>(&[&key])? else {
            return match tx.entry_of_key(site, key)? {
                None => Ok(None),
                Some(entry) => Err(Refusal::rule("key", format!("key“{key}”已用于凭单 {}，请先查看该凭单", entry.id))),
            };
        };
        let author = tx.entry(known.entry)?.map(|entry| entry.actor);
        if author.is_none_or(|author| author != self.actor.to_string()) {
            return Err(Refusal::rule("key", format!("key“{key}”是别人用过的 (凭单 {})，请换一个 key", known.entry)));
        }
        // Answers kept by a program of before name only the input; the entry says whose they are.
        if known.action != self.def.name || (known.input != self.by_person() && known.input != self.input) {
            let message = format!("key“{key}”已用于凭单 {}，内容不同，请换一个 key", known.entry);
            return Err(Refusal::rule("key", message));
        }
        if self.def.secret {
            let message =
                format!("key“{key}”已用于凭单 {}，保密的内容不再给出；要再看请换一个 key，会另记一笔", known.entry);
            return Err(Refusal::rule("key", message));
        }
        Ok(Some(Done { entry: Some(known.entry), result: known.result, repeated: true }))
    }
}
