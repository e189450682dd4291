//! Rows of bulk entries: a struct written as a JSON array of its fields, in order, nested structs too. The same struct reads
//! back from the array or from an object, so bulk and single entries share one body.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes a struct as an array. Real maps must not stand in it: their keys would be lost.
pub fn to_row<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut out = Vec::with_capacity(256);
    value.serialize(&mut Serializer::with_formatter(&mut out, Rows { in_key: false }))?;
    String::from_utf8(out).map_err(|error| serde::ser::Error::custom(error.to_string()))
}

struct Rows {
    in_key: bool,
}

impl Formatter for Rows {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"[")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"]")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.in_key = true;
        if first { Ok(()) } else { writer.write_all(b",") }
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.in_key = false;
        Ok(())
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        Ok(())
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.in_key { Ok(()) } else { writer.write_all(b"\"") }
    }

    fn end_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.in_key { Ok(()) } else { writer.write_all(b"\"") }
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if self.in_key { Ok(()) } else { writer.write_all(fragment.as_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Inner {
        a: i64,
        b: Option<String>,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Outer {
        name: String,
        inner: Inner,
        list: Vec<Inner>,
    }

    #[test]
    fn a_row_is_an_array_and_reads_back_into_the_same_struct() {
        let inner = || Inner { a: 7, b: Some("“\"\\\u{1}王".into()) };
        let outer = Outer { name: "x,y".into(), inner: inner(), list: vec![inner(), Inner { a: 1, b: None }] };
        let row = to_row(&outer).unwrap();
        assert!(row.starts_with("[\"x,y\",[7,") && !row.contains("inner"));
        assert_eq!(serde_json::from_str::<Outer>(&row).unwrap(), outer);
        assert_eq!(serde_json::from_str::<Outer>(&serde_json::to_string(&outer).unwrap()).unwrap(), outer);
    }
}
