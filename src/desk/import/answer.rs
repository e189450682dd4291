//! What an import answers, as the machine contract has it.

use serde::{Deserialize, Serialize};

use crate::inbound::judge::{Defect, Disposition};

/// The answer of an import.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
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
    pub defects: Vec<DefectLine>,
    /// The rows nobody could read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread_rows: Vec<UnreadLine>,
    /// The same file came in before: nothing was changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub already: bool,
    /// Nothing was written: a look at what would come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// The run the good rows went in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<crate::rules::id::Id>,
    /// What somebody should know beside the rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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

impl Answer {
    /// How many rows have a disposition.
    pub fn count(&self, disposition: Disposition) -> usize {
        self.defects.iter().filter(|defect| defect.disposition == disposition).count()
    }

    /// Was anything refused or held now? A file that was in before leaves nothing new.
    pub fn leaves_work(&self) -> bool {
        !self.already && (self.count(Disposition::Refused) > 0 || self.count(Disposition::Held) > 0)
    }
}
