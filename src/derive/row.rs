//! Rows of bulk entries: a struct written as a JSON array of its fields, in order, nested structs too. The same struct reads
//! back from the array or from an object, so bulk and single entries share one body.
//!
//! A writer of its own, since a bill run writes a million of them: names of fields are never looked at, texts that need no escape are
//! copied. The tests hold it against serde_json.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Error;

use crate::rules::digits;

/// Writes a struct as an array. Maps must not stand in it: their keys would be lost.
pub fn to_row<T: Serialize>(value: &T) -> Result<String, Error> {
    let mut out = String::with_capacity(384);
    value.serialize(Row { out: &mut out })?;
    Ok(out)
}

/// Writes one value at the end of a text.
struct Row<'o> {
    out: &'o mut String,
}

/// Writes the values of an array.
struct List<'o> {
    out: &'o mut String,
    empty: bool,
}

impl<'o> Row<'o> {
    fn list(self) -> List<'o> {
        self.out.push('[');
        List { out: self.out, empty: true }
    }

    fn whole(self, number: i64) -> Result<(), Error> {
        self.out.push_str(digits::fixed(number, 0, 0).as_str());
        Ok(())
    }

    fn other<T: Serialize>(self, value: T) -> Result<(), Error> {
        self.out.push_str(&serde_json::to_string(&value)?);
        Ok(())
    }
}

fn no_row(what: &str) -> Error {
    Error::custom(format!("{what} cannot stand in a row"))
}

impl List<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        value.serialize(Row { out: self.out })
    }

    fn close(self) -> Result<(), Error> {
        self.out.push(']');
        Ok(())
    }
}

impl<'o> Serializer for Row<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'o>;
    type SerializeTuple = List<'o>;
    type SerializeTupleStruct = List<'o>;
    type SerializeTupleVariant = List<'o>;
    type SerializeMap = List<'o>;
    type SerializeStruct = List<'o>;
    type SerializeStructVariant = List<'o>;

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            return self.other(text);
        }
        self.out.push('"');
        self.out.push_str(text);
        self.out.push('"');
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_i8(self, number: i8) -> Result<(), Error> {
        self.whole(number.into())
    }

    fn serialize_i16(self, number: i16) -> Result<(), Error> {
        self.whole(number.into())
    }

    fn serialize_i32(self, number: i32) -> Result<(), Error> {
        self.whole(number.into())
    }

    fn serialize_i64(self, number: i64) -> Result<(), Error> {
        self.whole(number)
    }

    fn serialize_u8(self, number: u8) -> Result<(), Error> {
        self.whole(number.into())
    }

    fn serialize_u16(self, number: u16) -> Result<(), Error> {
        self.whole(number.into())
    }

    fn serialize_u32(self, number: u32) -> Result<(), Error> {
        self.whole(number.into())
    }

    fn serialize_u64(self, number: u64) -> Result<(), Error> {
        self.other(number)
    }

    fn serialize_f32(self, number: f32) -> Result<(), Error> {
        self.other(number)
    }

    fn serialize_f64(self, number: f64) -> Result<(), Error> {
        self.other(number)
    }

    fn serialize_char(self, character: char) -> Result<(), Error> {
        self.other(character)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        Err(no_row("bytes"))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, word: &'static str) -> Result<(), Error> {
        self.serialize_str(word)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(no_row("a variant with a value"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'o>, Error> {
        Ok(self.list())
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'o>, Error> {
        Ok(self.list())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'o>, Error> {
        Ok(self.list())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<List<'o>, Error> {
        Ok(self.list())
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<List<'o>, Error> {
        Err(no_row("a variant with values"))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<List<'o>, Error> {
        Err(no_row("a variant with fields"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<List<'o>, Error> {
        Err(no_row("a map"))
    }
}

macro_rules! list {
    ($($trait:ident: $($method:ident),+;)+) => {$(
        impl $trait for List<'_> {
            type Ok = ();
            type Error = Error;
            $(list!(@ $method);)+
            fn end(self) -> Result<(), Error> {
                self.close()
            }
        }
    )+};
    (@ serialize_element) => {
        fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
            self.add(value)
        }
    };
    (@ serialize_value) => {
        fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
            self.add(value)
        }
    };
    (@ serialize_key) => {
        fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Error> {
            Err(no_row("a map"))
        }
    };
    (@ positional) => {
        fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
            self.add(value)
        }
    };
    (@ named) => {
        fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Error> {
            self.add(value)
        }
    };
}

list! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: positional;
    SerializeTupleVariant: positional;
    SerializeMap: serialize_key, serialize_value;
    SerializeStruct: named;
    SerializeStructVariant: named;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
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

    #[test]
    fn a_map_is_refused() {
        assert!(to_row(&std::collections::BTreeMap::from([("a", 1)])).is_err());
    }

    proptest! {
        #[test]
        fn it_writes_what_serde_json_writes(
            texts in prop::collection::vec("\\PC*|[\\x00-\\x7f]*", 0..4),
            number in any::<i64>(), large in any::<u64>(), small in any::<i8>(), real in any::<f64>(),
            maybe in any::<Option<u32>>(), yes in any::<bool>(), letter in any::<char>(),
        ) {
            let value = (texts, number, (large, small, yes), [maybe], letter, real, ());
            prop_assert_eq!(to_row(&value).unwrap(), serde_json::to_string(&value).unwrap());
        }
    }
}
