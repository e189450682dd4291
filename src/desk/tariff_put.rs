//! `tariff.put`: one file of the price book is loaded, its text whole. No price without its document, and none
//! is ever edited: a new price is a new file of the same code with a later first day, behind no bill that went out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::action::{Action, Cx, Decision};
use super::refusal::{Fault, Refusal};
use super::tariff_behind;
use crate::book::subject::{Kind, Subject};
use crate::derive::tariff::TariffPut as Body;
use crate::rules::classes;
use crate::rules::form::FileFault;
use crate::rules::id::Id;
use crate::rules::tariff::{PriceBook, Tariff, file, how_to_end};
use crate::store::query::tariff::Standing;

/// The action.
pub struct TariffPut;

/// Largest text: it must fit an entry whole.
pub const MAX_TEXT: usize = 48 * 1024;

/// What is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The tariff file (TOML), whole.
    pub text: String,
    /// Name of the file, for messages.
    #[serde(default)]
    pub file: String,
}

/// What is answered.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The tariff: the entry that loaded it.
    pub tariff: Id,
    /// Its code.
    pub code: String,
    /// Its first day.
    pub valid_from: String,
    /// The same text was loaded before: nothing was written.
    pub already: bool,
}

impl Action for TariffPut {
    const NAME: &'static str = "tariff.put";
    const SUMMARY: &'static str = "载入价目";
    const MERGE: &'static str = "代码与生效日相同而内容一致的算一份；内容不同的两份都留，列为疑问：各网点先用总部的，再用自己的；同一来源两份不同的，该代码停用";
    type Input = Input;
    type Output = Output;

    fn decide(cx: &Cx<'_, '_>, input: Input) -> Result<Decision<Output>, Refusal> {
        let name = file_name(&input.file, "tariff.toml");
        check_size("text", &input.text)?;
        let tariff = file::read(&name, &input.text).map_err(|faults| refusal_of(&faults))?;
        let output = |id: Id, already: bool| Output {
            tariff: id,
            code: tariff.code.clone(),
            valid_from: tariff.valid_from.to_string(),
            already,
        };
        let known = cx.tx.tariffs_of_code(&tariff.code)?;
        let mut same_day = Vec::new();
        for row in known.into_iter().filter(|row| row.valid_from == tariff.valid_from) {
            same_day.push((cx.tx.standing_of(row.id)?, row));
        }
        same_day.sort_by_key(|(standing, row)| (*standing, row.id));
        // What another branch loaded does not bind this one: two texts apart are kept, and shown to the head office.
        if let Some((standing, same)) = same_day.first()
            && (*standing != Standing::Other || same.text == input.text)
        {
            if same.text == input.text {
                return Ok(Decision::answer(output(same.id, true)));
            }
            let message = format!(
                "价目 {} 已有 {} 起生效的一份 ({})，内容不同；价格不能改写，请另定生效日",
                tariff.code, tariff.valid_from, same.file
            );
            return Err(Refusal::field("R-036", "text", message));
        }
        let prices = cx.shelf.prices(cx.tx)?;
        check_fits(&prices, &tariff)?;
        tariff_behind::refuse(cx, &prices, &tariff)?;
        check_only_one(&prices, &tariff)?;
        let answer = output(cx.next, false);
        let body = Body { code: tariff.code, valid_from: tariff.valid_from, file: name, text: input.text };
        Decision::write(vec![Subject::new(Kind::Tariff, cx.next)], &body, answer)
    }
}

/// Files of one code agree on what is supplied and in which unit.
fn check_fits(book: &PriceBook, tariff: &Tariff) -> Result<(), Refusal> {
    let other = book.tariffs().find(|other| other.code == tariff.code);
    match other.filter(|other| other.utility != tariff.utility || other.unit != tariff.unit) {
        None => Ok(()),
        Some(other) => {
            let message =
                format!("价目 {} 在 {} 中的行业或单位与本文件不同，请改用另一个代码", tariff.code, other.file);
            Err(Refusal::field("R-036", "text", message))
        }
    }
}

/// Two prices of one class on one day stop every bill of the class: the older one ends first.
fn check_only_one(book: &PriceBook, tariff: &Tariff) -> Result<(), Refusal> {
    match book.beside(tariff) {
        None => Ok(()),
        Some((other, day)) => {
            let (code, class) = (&other.code, classes::label(&tariff.class));
            let message = format!(
                "价格类别{class} {day} 已有价目 {code} ({}) 在用，两份同时有效，这一类就都不能出账：\
                 调价请用同一个 code = \"{code}\"，另定生效日；要换代码的，{}",
                other.file,
                how_to_end(code)
            );
            Err(Refusal::field("R-036", "text", message))
        }
    }
}

/// The last part of a path, or a stand-in.
pub(super) fn file_name(path: &str, otherwise: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if name.is_empty() { otherwise.to_owned() } else { name.chars().take(120).collect() }
}

/// A text that would not fit an entry is refused.
pub(super) fn check_size(field: &str, text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_TEXT {
        return Err(Refusal::field("input", field, format!("文件超过 {} KiB，不像数据文件，请核对", MAX_TEXT / 1024)));
    }
    Ok(())
}

/// Every mistake of a file, with its line.
pub(super) fn refusal_of(faults: &[FileFault]) -> Refusal {
    let faults = faults.iter().map(|fault| Fault::field("R-036", "text", fault.to_string())).collect();
    match Refusal::unless_empty(faults) {
        Err(refusal) => refusal,
        Ok(()) => Refusal::field("R-036", "text", "文件读不懂，请核对"),
    }
}
