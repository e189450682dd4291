//! How our types stand in SQLite: amounts and quantities as integers, dates as day numbers, texts as texts. No REAL.

use chrono::NaiveDate;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use crate::rules::id::Id;
use crate::rules::money::{Fen, Milli};

use super::StoreError;

/// A type that stands in a column.
pub trait Column: Sized {
    /// The value to bind.
    fn to_sql(&self) -> ToSqlOutput<'_>;
    /// Reads it back.
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError>;
}

fn integer(value: ValueRef<'_>) -> Result<i64, StoreError> {
    value.as_i64().map_err(|_| StoreError::Corrupt("应为整数".into()))
}

/// Days since 1970-01-01.
pub fn day_number(day: NaiveDate) -> i64 {
    i64::from(day.to_epoch_days())
}

/// The date of a day number.
pub fn day_of(number: i64) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(i32::try_from(number).ok()?)
}

impl Column for i64 {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Integer(*self))
    }
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
        integer(value)
    }
}

impl Column for bool {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Integer(i64::from(*self)))
    }
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
        Ok(integer(value)? != 0)
    }
}

macro_rules! wrapped {
    ($($name:ident),*) => {$(
        impl Column for $name {
            fn to_sql(&self) -> ToSqlOutput<'_> {
                ToSqlOutput::Owned(Value::Integer(self.0))
            }
            fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
                Ok(Self(integer(value)?))
            }
        }
    )*};
}
wrapped!(Id, Fen, Milli);

impl Column for NaiveDate {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Owned(Value::Integer(day_number(*self)))
    }
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
        day_of(integer(value)?).ok_or_else(|| StoreError::Corrupt("日期超出范围".into()))
    }
}

impl Column for String {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(self.as_bytes()))
    }
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
        value.as_str().map(str::to_owned).map_err(|_| StoreError::Corrupt("应为文字".into()))
    }
}

impl Column for &str {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(self.as_bytes()))
    }
    fn from_sql(_: ValueRef<'_>) -> Result<Self, StoreError> {
        Err(StoreError::Corrupt("借用的文字不能读出".into()))
    }
}

impl Column for Vec<u8> {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Blob(self))
    }
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
        value.as_blob().map(<[u8]>::to_vec).map_err(|_| StoreError::Corrupt("应为字节".into()))
    }
}

impl<const N: usize> Column for [u8; N] {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Blob(self))
    }
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
        value
            .as_blob()
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| StoreError::Corrupt(format!("应为 {N} 字节")))
    }
}

impl<T: Column> Column for Option<T> {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        self.as_ref().map_or(ToSqlOutput::Owned(Value::Null), Column::to_sql)
    }
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
        if value == ValueRef::Null { Ok(None) } else { T::from_sql(value).map(Some) }
    }
}

/// Makes a plain enum stand in a column (and in JSON) as its Chinese or English word.
///
/// ```ignore
/// worded! { /// 工单状态
///   pub enum OrderState { Waiting = "待派", Sent = "在途" } }
/// ```
#[macro_export]
macro_rules! worded {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word it is printed and stored as.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl $crate::store::column::Worded for $name {
            fn word(&self) -> &'static str {
                Self::word(*self)
            }
            fn of(word: &str) -> Option<Self> {
                Self::from_word(word)
            }
        }
    };
}

/// An enum made by [`worded!`].
pub trait Worded: Sized {
    /// Its word.
    fn word(&self) -> &'static str;
    /// The value of a word.
    fn of(word: &str) -> Option<Self>;
}

impl<T: Worded> Column for T {
    fn to_sql(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(self.word().as_bytes()))
    }
    fn from_sql(value: ValueRef<'_>) -> Result<Self, StoreError> {
        let word = value.as_str().map_err(|_| StoreError::Corrupt("应为文字".into()))?;
        T::of(word).ok_or_else(|| StoreError::Corrupt(format!("不认识的值“{word}”")))
    }
}
