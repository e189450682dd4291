//! Typed rows. A table is a struct; its key columns stand first and are declared, so that reading, writing and scanning a
//! prefix of the key need no SQL anywhere else.

use rusqlite::{Row, Statement};

use super::StoreError;

/// The statements of one table, made once.
pub struct Sql {
    /// Insert a whole new row.
    pub insert: String,
    /// Insert or replace a whole row.
    pub put: String,
    /// Read by whole key.
    pub get: String,
    /// Is there a row of a whole key?
    pub has: String,
    /// Delete by whole key.
    pub delete: String,
    /// Read by the first columns of the key, in key order: by none, by one, … by all.
    pub scans: Vec<String>,
    /// `SELECT columns FROM table`, to be continued.
    pub select: String,
}

impl Sql {
    /// Writes the statements of a table.
    pub fn of(name: &str, columns: &[&str], keys: usize) -> Self {
        let list = columns.join(", ");
        let marks = vec!["?"; columns.len()].join(", ");
        let parts: Vec<String> = columns.iter().map(|column| format!("{column} = ?")).collect();
        let key = parts[..keys.min(parts.len())].join(" AND ");
        let order = columns[..keys.min(columns.len())].join(", ");
        let scan = |by: usize| match by {
            0 => format!("SELECT {list} FROM {name} ORDER BY {order}"),
            _ => format!("SELECT {list} FROM {name} WHERE {} ORDER BY {order}", parts[..by].join(" AND ")),
        };
        Self {
            insert: format!("INSERT INTO {name} ({list}) VALUES ({marks})"),
            put: format!("INSERT OR REPLACE INTO {name} ({list}) VALUES ({marks})"),
            get: format!("SELECT {list} FROM {name} WHERE {key}"),
            has: format!("SELECT 1 FROM {name} WHERE {key}"),
            scans: (0..=keys.min(parts.len())).map(scan).collect(),
            delete: format!("DELETE FROM {name} WHERE {key}"),
            select: format!("SELECT {list} FROM {name}"),
        }
    }
}

/// A row type of one table.
pub trait Table: Sized + Clone + Send + 'static {
    /// The table's name.
    const NAME: &'static str;
    /// All columns, the key first.
    const COLUMNS: &'static [&'static str];
    /// How many columns make the key.
    const KEYS: usize;
    /// Its statements.
    fn sql() -> &'static Sql;
    /// Binds all columns in order.
    fn bind(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()>;
    /// Its key, as [`push_key`](super::gather::push_key) writes it.
    fn key(&self) -> Vec<u8>;
    /// Reads all columns in order.
    fn read(row: &Row<'_>) -> Result<Self, StoreError>;
}

/// Declares row structs: `table! { /// 账单 pub struct Bill("d_bill", 2) { account: Id, id: Id, … } }`, where 2 is the number of
/// key columns, which come first.
#[macro_export]
macro_rules! __table {
    ($($(#[$doc:meta])* pub struct $name:ident($table:literal, $keys:literal) {
        $($(#[$fdoc:meta])* $field:ident : $type:ty),+ $(,)?
    })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),+ }

        impl $crate::store::Table for $name {
            const NAME: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];
            const KEYS: usize = $keys;

            fn sql() -> &'static $crate::store::table::Sql {
                static SQL: std::sync::OnceLock<$crate::store::table::Sql> = std::sync::OnceLock::new();
                SQL.get_or_init(|| $crate::store::table::Sql::of(
                    <Self as $crate::store::Table>::NAME,
                    <Self as $crate::store::Table>::COLUMNS,
                    <Self as $crate::store::Table>::KEYS,
                ))
            }

            fn bind(&self, statement: &mut rusqlite::Statement<'_>) -> rusqlite::Result<()> {
                let mut index = 0;
                $(
                    index += 1;
                    statement.raw_bind_parameter(index, $crate::store::Column::to_sql(&self.$field))?;
                )+
                let _ = index;
                Ok(())
            }

            fn key(&self) -> Vec<u8> {
                let (mut key, mut left) = (Vec::with_capacity(24), <Self as $crate::store::Table>::KEYS);
                $(
                    if left > 0 {
                        left -= 1;
                        $crate::store::gather::push_key(&mut key, &$crate::store::Column::to_sql(&self.$field));
                    }
                )+
                let _ = left;
                key
            }

            fn read(row: &rusqlite::Row<'_>) -> Result<Self, $crate::store::StoreError> {
                let mut index = 0;
                $(
                    let $field = <$type as $crate::store::Column>::from_sql(row.get_ref(index)?)?;
                    index += 1;
                )+
                let _ = index;
                Ok(Self { $($field),+ })
            }
        }
    )+};
}
pub use crate::__table as table;
