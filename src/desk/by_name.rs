//! Nothing is read by its position: where an action's schema says an object, a list is refused. The readers made from the structs
//! would take one, field after field, past whoever looks at an input by the names in it.

use schemars::JsonSchema;
use serde_json::Value;

use super::refusal::Refusal;

/// Most references followed at one value, and deepest value looked at.
const DEEPEST: usize = 64;

/// Refuses an input that is no object, or in which a list stands for one.
pub fn require<T: JsonSchema>(input: &str) -> Result<(), Refusal> {
    // What is no JSON is told by who reads the fields.
    let Ok(value) = serde_json::from_str::<Value>(input) else { return Ok(()) };
    if !value.is_object() {
        return Err(Refusal::field("input", "input", sentence("输入")));
    }
    if !input.contains('[') {
        return Ok(());
    }
    let schema = Value::from(schemars::schema_for!(T));
    match list_for_object(&schema, &schema, &value, "", 0) {
        Some(path) => Err(Refusal::field("input", &path, sentence(&format!("“{path}”")))),
        None => Ok(()),
    }
}

fn sentence(what: &str) -> String {
    format!("{what}应是一个对象 {{\"名字\": 值}}，不按位置读；没有办理")
}

/// The first value that is a list where only an object is meant.
fn list_for_object(root: &Value, schema: &Value, value: &Value, path: &str, depth: usize) -> Option<String> {
    let meant = meanings(root, schema, depth);
    if depth > DEEPEST || meant.is_empty() {
        return None;
    }
    match value {
        Value::Array(items) => {
            let says = |name: &str| meant.iter().any(|schema| is_type(schema, name));
            if says("object") && !says("array") {
                return Some(path.to_owned());
            }
            let of_items = |item: &Value, at: usize| {
                let mut schemas = meant.iter().filter_map(|schema| schema.get("items"));
                schemas.find_map(|schema| list_for_object(root, schema, item, &format!("{path}[{at}]"), depth + 1))
            };
            items.iter().enumerate().find_map(|(at, item)| of_items(item, at))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let mut schemas = meant.iter().filter_map(|schema| {
                let named = schema.get("properties").and_then(|known| known.get(name));
                named.or_else(|| schema.get("additionalProperties"))
            });
            schemas.find_map(|schema| list_for_object(root, schema, field, &inner, depth + 1))
        }),
        _ => None,
    }
}

fn is_type(schema: &Value, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

/// What a schema may stand for: itself, what it refers to, and each of its alternatives.
fn meanings<'s>(root: &'s Value, schema: &'s Value, depth: usize) -> Vec<&'s Value> {
    let mut found = Vec::new();
    let mut waiting = vec![schema];
    while let Some(next) = waiting.pop().filter(|_| found.len() + depth < DEEPEST) {
        found.push(next);
        let named = next.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
        waiting.extend(named.and_then(|name| root.pointer(name)));
        for several in ["anyOf", "oneOf", "allOf"] {
            waiting.extend(next.get(several).and_then(Value::as_array).into_iter().flatten());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::ACTIONS;

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Inner {
        reason: String,
        parts: Vec<Part>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Part {
        amount: String,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Outer {
        change: Option<Inner>,
        names: Vec<String>,
        free: Value,
    }

    #[test]
    fn a_list_stands_for_no_object_at_any_depth() {
        let field = |text: &str| require::<Outer>(text).err().and_then(|refusal| refusal.faults[0].field.clone());
        for (text, at) in [
            (r#"["B03000001", null]"#, "input"),
            (r#"7"#, "input"),
            (r#"{"change": ["x", []]}"#, "change"),
            (r#"{"change": {"reason": "x", "parts": [["1"]]}}"#, "change.parts[0]"),
        ] {
            assert_eq!(field(text).as_deref(), Some(at), "{text}");
        }
        for text in [
            r#"{"change": {"reason": "x", "parts": [{"amount": "1"}]}, "names": ["a"], "free": [1]}"#,
            r#"{"change": null, "names": [], "free": {}}"#,
        ] {
            assert_eq!(field(text), None, "{text}");
        }
    }

    #[test]
    fn every_action_reads_an_object() {
        for def in ACTIONS {
            let schema = (def.schema)();
            let meant = meanings(&schema["input"], &schema["input"], 0);
            assert!(meant.iter().any(|meant| is_type(meant, "object")), "{}", def.name);
        }
    }
}
