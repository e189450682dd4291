//! What is written on a slip, as it is typed or comes from a file, and the slip it names.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::derive::slip::SlipFacts;
use crate::desk::refusal::{Fault, Refusal};
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::store::Tx;
use crate::store::tables::slip::SlipRow;

/// The fields of a slip (water/swaps file, in English).
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct SlipInput {
    /// 单号.
    pub slip: String,
    /// 户号.
    pub account: Option<String>,
    /// 户名.
    pub name: Option<String>,
    /// 地址.
    pub address: Option<String>,
    /// 旧表号.
    pub old_meter: String,
    /// 旧表止码.
    #[serde(alias = "final", alias = "final_reading")]
    pub final_value: Option<Milli>,
    /// 新表号.
    pub new_meter: String,
    /// 新表口径.
    pub calibre: Option<String>,
    /// 新表起码.
    #[serde(alias = "first", alias = "first_reading")]
    pub first_value: Option<Milli>,
    /// 拆换日期.
    pub date: Option<NaiveDate>,
    /// 拆换原因.
    pub reason: Option<String>,
    /// 施工人.
    pub worker: Option<String>,
    /// 旧铅封号.
    pub old_seal: Option<String>,
    /// 新铅封号.
    pub new_seal: Option<String>,
    /// 用料.
    pub materials: Option<String>,
    /// 备注.
    pub remark: Option<String>,
    /// 表位数 of the new meter; that of the old one when absent.
    pub dial: Option<i64>,
    /// The old meter passed zero since its last reading.
    pub rollover: bool,
    /// A large use of the old meter was confirmed.
    pub confirm: bool,
    /// Show the picture of after, write nothing.
    pub preview: bool,
}

/// Longest text of a slip's field.
const LONGEST: usize = 200;

fn text(given: &Option<String>) -> String {
    given.as_deref().unwrap_or_default().trim().to_owned()
}

impl SlipInput {
    /// As the slip is kept; the account where it is known.
    pub fn facts(&self, account: Option<Id>) -> SlipFacts {
        SlipFacts {
            no: self.slip.trim().to_owned(),
            account,
            account_no: text(&self.account),
            name: text(&self.name),
            address: text(&self.address),
            old_meter: self.old_meter.trim().to_owned(),
            final_value: self.final_value,
            new_meter: self.new_meter.trim().to_owned(),
            calibre: text(&self.calibre).trim_start_matches(['D', 'd', 'N', 'n']).to_owned(),
            first_value: self.first_value,
            day: self.date,
            reason: text(&self.reason),
            worker: text(&self.worker),
            old_seal: text(&self.old_seal),
            new_seal: text(&self.new_seal),
            materials: text(&self.materials),
            remark: text(&self.remark),
        }
    }

    /// Texts that are too long or hold control characters.
    pub fn faults(&self) -> Vec<Fault> {
        let texts = [
            ("slip", Some(&self.slip)),
            ("account", self.account.as_ref()),
            ("name", self.name.as_ref()),
            ("address", self.address.as_ref()),
            ("old_meter", Some(&self.old_meter)),
            ("new_meter", Some(&self.new_meter)),
            ("calibre", self.calibre.as_ref()),
            ("reason", self.reason.as_ref()),
            ("worker", self.worker.as_ref()),
            ("old_seal", self.old_seal.as_ref()),
            ("new_seal", self.new_seal.as_ref()),
            ("materials", self.materials.as_ref()),
            ("remark", self.remark.as_ref()),
        ];
        let bad = |text: &String| text.chars().count() > LONGEST || text.chars().any(char::is_control);
        let bad = texts.into_iter().filter(|(_, text)| text.is_some_and(bad));
        let bad = bad.map(|(field, _)| Fault::field("input", field, format!("最多 {LONGEST} 字，且不能有控制字符")));
        bad.chain(self.bore_fault()).collect()
    }

    /// A calibre that is no number of millimetres, as the customer file has it (1 to 2000).
    fn bore_fault(&self) -> Option<Fault> {
        let bore = self.facts(None).calibre;
        let fits =
            bore.bytes().all(|b| b.is_ascii_digit()) && bore.parse().is_ok_and(|mm: u16| (1..=2_000).contains(&mm));
        let told = format!("口径“{bore}”不是毫米数，请填 15、20 这样的数");
        (!bore.is_empty() && !fits).then(|| Fault::field("R-065", "calibre", told))
    }

    /// Fills what is absent from a slip taken in before.
    pub fn filled_from(mut self, row: &SlipRow) -> Self {
        let fill = |own: &mut Option<String>, kept: &str| {
            if own.as_deref().is_none_or(|text| text.trim().is_empty()) && !kept.is_empty() {
                *own = Some(kept.to_owned());
            }
        };
        let fill_text = |own: &mut String, kept: &str| {
            if own.trim().is_empty() {
                *own = kept.to_owned();
            }
        };
        self.slip = row.no.clone();
        fill(&mut self.account, &row.account_no);
        fill(&mut self.name, &row.name);
        fill(&mut self.address, &row.address);
        fill_text(&mut self.old_meter, &row.old_meter);
        fill_text(&mut self.new_meter, &row.new_meter);
        fill(&mut self.calibre, &row.calibre);
        fill(&mut self.reason, &row.reason);
        fill(&mut self.worker, &row.worker);
        fill(&mut self.old_seal, &row.old_seal);
        fill(&mut self.new_seal, &row.new_seal);
        fill(&mut self.materials, &row.materials);
        fill(&mut self.remark, &row.remark);
        self.final_value = self.final_value.or(row.final_value);
        self.first_value = self.first_value.or(row.first_value);
        self.date = self.date.or(row.day);
        self
    }
}

/// The slip an input names by 单号 or by its own name.
pub fn find(tx: &Tx<'_>, slip: &str) -> Result<SlipRow, Refusal> {
    tx.slip_of_text(slip)?.ok_or_else(|| Refusal::missing("slip", "拆换单", slip))
}
