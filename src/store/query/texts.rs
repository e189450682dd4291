//! Every text of the day book and of every table, for who looks for something anywhere.

use rusqlite::types::ValueRef;

use crate::rules::id::Id;
use crate::store::{StoreError, Tx};

/// Numbers above this are packed places.
const SMALLEST_PLACE: i64 = 1 << 40;

/// A text where it is kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptText<'t> {
    /// The table.
    pub table: &'t str,
    /// The column.
    pub column: &'t str,
    /// Which row: its key, places as they are printed.
    pub key: &'t str,
    /// The entry, in the day book's own table.
    pub entry: Option<Id>,
    /// The text.
    pub text: &'t str,
}

/// A table's columns: name, whether they hold text, place in the key.
struct Shape {
    names: Vec<String>,
    texts: Vec<usize>,
    keys: Vec<usize>,
}

impl Tx<'_> {
    /// Walks every text column of every table, row by row; nothing is held but the row.
    pub fn walk_texts<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(&KeptText<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for table in self.all_tables()? {
            let shape = self.shape_of(&table)?;
            if shape.texts.is_empty() {
                continue;
            }
            // Some columns are named like words of SQL.
            let columns: Vec<String> = shape.names.iter().map(|name| format!("\"{name}\"")).collect();
            let sql = format!("SELECT {} FROM {table}", columns.join(", "));
            let mut statement = self.conn().prepare(&sql).map_err(StoreError::from)?;
            let mut rows = statement.query([]).map_err(StoreError::from)?;
            while let Some(row) = rows.next().map_err(StoreError::from)? {
                let value = |column: usize| row.get_ref(column).map_err(StoreError::from);
                let parts = shape.keys.iter().map(|column| Ok(key_part(value(*column)?)));
                let key = parts.collect::<Result<Vec<_>, StoreError>>()?.join(" ");
                let entry = match value(0)? {
                    ValueRef::Integer(id) if table == "entry" => Some(Id(id)),
                    _ => None,
                };
                for column in &shape.texts {
                    if let ValueRef::Text(bytes) = value(*column)?
                        && let Ok(text) = std::str::from_utf8(bytes)
                    {
                        let name = &shape.names[*column];
                        visit(&KeptText { table: &table, column: name, key: &key, entry, text })?;
                    }
                }
            }
        }
        Ok(())
    }

    fn all_tables(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.conn().prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )?;
        let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names)
    }

    fn shape_of(&self, table: &str) -> Result<Shape, StoreError> {
        let mut statement = self.conn().prepare(&format!("PRAGMA table_info({table})"))?;
        let mut rows = statement.query([])?;
        let mut shape = Shape { names: Vec::new(), texts: Vec::new(), keys: Vec::new() };
        while let Some(row) = rows.next()? {
            let (name, kind, key): (String, String, i64) = (row.get(1)?, row.get(2)?, row.get(5)?);
            if kind == "TEXT" {
                shape.texts.push(shape.names.len());
            }
            if key > 0 {
                shape.keys.push(shape.names.len());
            }
            shape.names.push(name);
        }
        Ok(shape)
    }
}

fn key_part(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Integer(number) if number >= SMALLEST_PLACE => Id(number).to_string(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    }
}
