//! JSON as it may reach a terminal: characters that must not be shown stand in it as `\u` escapes, so that a program still reads the
//! very text and a screen does nothing with it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::safe::is_unsafe;

/// The JSON text with every such character escaped. Outside of strings JSON has none but line ends.
pub fn escape(json: &str) -> Cow<'_, str> {
    let bad = |c: char| c != '\n' && is_unsafe(c);
    if json.is_ascii() || !json.chars().any(bad) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if bad(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The value as one line of JSON.
pub fn line(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    match escape(&json) {
        Cow::Borrowed(_) => json,
        Cow::Owned(safe) => safe,
    }
}

/// Prints the value to standard output as one line.
pub fn print(value: &impl Serialize) {
    println!("{}", line(value));
}

/// Writes a value as it is made, never held as one text.
pub fn to_writer(out: impl io::Write, value: &impl Serialize) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Safe))
}

struct Safe;

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        writer.write_all(escape(fragment).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_shown_is_escaped_and_read_back_the_same() {
        let value = serde_json::json!({ "name": "王\u{9b}31m芳\u{202e}\u{e0041}\u{1b}\n", "other": "𠮷" });
        let mut written = Vec::new();
        to_writer(&mut written, &value).unwrap();
        for text in [line(&value), String::from_utf8(written).unwrap(), escape(&format!("{value:#}")).into_owned()] {
            assert!(!text.chars().any(|c| c != '\n' && is_unsafe(c)), "{text:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        }
    }
}
