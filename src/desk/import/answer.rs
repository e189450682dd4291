//! What an import answers, as the machine contract has it.

use serde::ser::{Error, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use crate::inbound::judge::{Defect, Defects, Disposition};
use crate::inbound::rows::reading::UnreadRow;
use crate::inbound::spill::{Lined, Lost, Spill};

/// The answer of an import. What is told of each row is read from disk as it is written, for a file may have a million bad rows.
#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// Name of the file.
    pub file: String,
    /// The profile that recognised it.
    pub profile: String,
    /// Data rows.
    pub rows: u64,
    /// Rows − unread − all defects that are not flagged.
    pub accepted: u64,
    /// Rows nobody could read.
    pub unread: u64,
    /// Rows that are not simply good, in the order of the file.
    #[serde(serialize_with = "defect_lines")]
    pub defects: Defects,
    /// The rows nobody could read.
    #[serde(serialize_with = "unread_lines", skip_serializing_if = "Spill::is_empty")]
    pub unread_rows: Spill<UnreadRow>,
    /// The same file came in before: nothing was changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub already: bool,
    /// Nothing was written: a look at what would come.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The run the good rows went in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<crate::rules::id::Id>,
    /// What somebody should know beside the rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One row that is not simply good.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct DefectLine {
    /// Physical line, row of the sheet, or record number.
    pub line: u64,
    /// Account, meter or slip.
    pub id: String,
    /// Kind of the defect.
    pub kind: String,
    /// What is done with it.
    pub disposition: Disposition,
    /// Where, and what to do.
    pub message: String,
}

/// One row nobody could read.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct UnreadLine {
    /// Physical line, row of the sheet, or record number.
    pub line: u64,
    /// Account or meter.
    pub id: String,
    /// 门闭, 表埋, 水淹 …
    pub why: String,
}

impl From<Defect> for DefectLine {
    fn from(defect: Defect) -> Self {
        Self {
            line: defect.line.into(),
            kind: defect.kind.code().to_owned(),
            disposition: defect.disposition(),
            id: defect.id,
            message: defect.message,
        }
    }
}

impl From<UnreadRow> for UnreadLine {
    fn from(row: UnreadRow) -> Self {
        Self { line: row.line.into(), id: row.id, why: row.why }
    }
}

fn defect_lines<S: Serializer>(defects: &Defects, to: S) -> Result<S::Ok, S::Error> {
    one_by_one::<_, DefectLine, _>(defects.rows(), to)
}

fn unread_lines<S: Serializer>(rows: &Spill<UnreadRow>, to: S) -> Result<S::Ok, S::Error> {
    one_by_one::<_, UnreadLine, _>(rows, to)
}

/// A list as it is read.
fn one_by_one<T: Lined, L: From<T> + Serialize, S: Serializer>(rows: &Spill<T>, to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(None)?;
    for row in rows {
        list.serialize_element(&L::from(row.map_err(S::Error::custom)?))?;
    }
    list.end()
}

impl Answer {
    /// How many rows have a disposition.
    pub fn count(&self, disposition: Disposition) -> u64 {
        self.defects.count(disposition)
    }

    /// The rows that are not simply good, one by one.
    pub fn lines(&self) -> impl Iterator<Item = Result<DefectLine, Lost>> {
        self.defects.iter().map(|defect| defect.map(DefectLine::from))
    }

    /// Was anything refused or held now? A file that was in before leaves nothing new.
    pub fn leaves_work(&self) -> bool {
        !self.already && (self.count(Disposition::Refused) > 0 || self.count(Disposition::Held) > 0)
    }
}
