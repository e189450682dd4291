//! A report as data: columns, rows, totals, notes. How it looks is the renderer's business.

use chrono::NaiveDate;

use crate::rules::money::{Fen, Milli};

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Money.
    Money(Fen),
    /// A quantity.
    Quantity(Milli),
    /// A count.
    Count(i64),
    /// A day.
    Day(NaiveDate),
    /// Nothing.
    Empty,
}

/// A column: key for programs, title for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// English key, as in JSON.
    pub key: &'static str,
    /// Title.
    pub title: &'static str,
    /// Is it added up at the foot?
    pub sum: bool,
}

/// A report, filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Name of the report.
    pub name: &'static str,
    /// Title of the paper.
    pub title: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// Lines below: identities, what is left out.
    pub notes: Vec<String>,
}

impl Column {
    /// A plain column.
    pub const fn new(key: &'static str, title: &'static str) -> Self {
        Self { key, title, sum: false }
    }

    /// A column added up at the foot.
    pub const fn sum(key: &'static str, title: &'static str) -> Self {
        Self { key, title, sum: true }
    }
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => crate::text::safe::line(text).into_owned(),
            Self::Money(sum) => sum.grouped(),
            Self::Quantity(quantity) => quantity.grouped(),
            Self::Count(count) => Milli::whole(*count).grouped(),
            Self::Day(day) => day.to_string(),
            Self::Empty => String::new(),
        }
    }

    /// As programs read it: amounts and quantities plain decimal text.
    pub fn plain(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Money(sum) => sum.to_string(),
            Self::Quantity(quantity) => quantity.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Day(day) => day.to_string(),
            Self::Empty => String::new(),
        }
    }

    /// Does it stand at the right of its column?
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Money(_) | Self::Quantity(_) | Self::Count(_))
    }
}

impl Sheet {
    /// The foot: 合计 and the sums of the columns that are added up. Empty when no column is, or without rows.
    pub fn totals(&self) -> Vec<Cell> {
        if self.rows.is_empty() || !self.columns.iter().any(|column| column.sum) {
            return Vec::new();
        }
        let mut foot: Vec<Cell> = (0..self.columns.len()).map(|index| self.total(index)).collect();
        if let Some(first) = foot.first_mut().filter(|first| **first == Cell::Empty) {
            *first = Cell::text("合计");
        }
        foot
    }

    fn total(&self, index: usize) -> Cell {
        if !self.columns[index].sum {
            return Cell::Empty;
        }
        let mut sum = Cell::Empty;
        for row in &self.rows {
            sum = match (sum, &row[index]) {
                (Cell::Money(a), Cell::Money(b)) => Cell::Money(a + *b),
                (Cell::Quantity(a), Cell::Quantity(b)) => Cell::Quantity(a + *b),
                (Cell::Count(a), Cell::Count(b)) => Cell::Count(a + b),
                (Cell::Empty, number) if number.is_number() => number.clone(),
                (sum, _) => sum,
            };
        }
        sum
    }
}
