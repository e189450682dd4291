//! 待改清单: rows of imported files that were not taken. A row stays until it is mended (`import.mend`), confirmed
//! (`import.confirm`) or dropped (`import.drop`); what goes in is an entry of its own kind: a reading, a customer, a swap.

pub mod confirm;
pub mod drop;
pub mod mend;
pub mod view;

use std::collections::BTreeMap;

use crate::book::seal::Keys;
use crate::derive::account::file::AccountOpened;
use crate::desk::action::{Action, Cx, Decision, Draft};
use crate::desk::import::{Cell, OneByOne, Opener, What, catalogue, large_swap, no_price, open_cells, row_of, slip_of};
use crate::desk::reading_enter::{self, ReadingEnter};
use crate::desk::refusal::Refusal;
use crate::desk::swap::SlipInput;
use crate::desk::swap::enter::{SwapEnter, is_large};
use crate::inbound::clean;
use crate::inbound::judge::{
    CustomerJudge, CustomerVerdict, Defect, Kind, ReadingJudge, SwapJudge, SwapVerdict, Terms,
};
use crate::inbound::layout::column_of;
use crate::inbound::profile::{Layout, ReadBy, Recognised};
use crate::inbound::read::Row;
use crate::inbound::rows::reading::REGISTERS;
use crate::rules::id::Id;
use crate::rules::money::Milli;
use crate::rules::sealed_use::SealedUse;
use crate::store::Tx;
use crate::store::tables::fixes::{FileRow, StagedRow};

/// A row of the fix list with the file it came from.
pub(super) struct Kept {
    pub file: FileRow,
    pub row: StagedRow,
    pub cells: Vec<Cell>,
    recognised: Recognised,
}

/// Finds a row of the fix list that still waits.
pub(super) fn kept(tx: &Tx<'_>, keys: &Keys, run: Id, line: i64) -> Result<Kept, Refusal> {
    let row = tx.get::<StagedRow>(&[&run, &line])?;
    let row = row.ok_or_else(|| Refusal::missing("line", "待改清单的行", &format!("{run} 第{line}行")))?;
    let file = tx.get::<FileRow>(&[&run])?;
    let file = file.ok_or_else(|| Refusal::missing("file", "导入的文件", &run.to_string()))?;
    let cells = open_cells(keys, &row.cells)?;
    let recognised = remembered(tx, &file)?;
    Ok(Kept { file, row, cells, recognised })
}

/// A file as it was recognised.
pub(super) fn remembered(tx: &Tx<'_>, file: &FileRow) -> Result<Recognised, Refusal> {
    let catalogue = catalogue(tx)?;
    let profile = catalogue.profiles().iter().find(|profile| profile.name == file.profile);
    let profile =
        profile.ok_or_else(|| Refusal::data(format!("导入方案“{}”已不在，请改用新文件导入", file.profile)))?;
    let headings: Vec<String> =
        serde_json::from_str(&file.headings).map_err(|error| Refusal::data(error.to_string()))?;
    Ok(Recognised::remembered(&file.name, profile, &headings))
}

/// What a row says when it is judged again, alone, against what is on file now.
pub(super) enum Again {
    /// Good, or good but shown to somebody: what would be written.
    Good(Box<Fit>),
    /// Still not simply good; for a reading that could go in when confirmed, what would be written.
    Defect(Defect, Option<Box<Fit>>),
    /// Still not read.
    Unread(String),
}

/// What would be written.
pub(super) enum Fit {
    /// A customer.
    Customer(Box<AccountOpened>),
    /// A reading.
    Reading(Box<reading_enter::Input>),
    /// A swap.
    Swap(Box<SlipInput>),
}

impl Kept {
    fn what(&self) -> What {
        What::from_code(&self.file.holds).unwrap_or(What::Readings)
    }

    /// Do these headings change what a reading says: where the counter stood, and when? What stands under no heading may be a part of it.
    fn reads_anew<'h>(&self, headings: &[String], mut changed: impl Iterator<Item = &'h String>) -> bool {
        let said = ["value", "date"].into_iter().chain(REGISTERS);
        let columns: Vec<usize> = said.filter_map(|field| self.recognised.layout.column(field)).collect();
        let headless = |column: &usize| headings.get(*column).is_none_or(String::is_empty);
        let of_reading = |heading: &String| {
            column_of(headings, heading).is_some_and(|column| columns.contains(&column) || headless(&column))
        };
        self.what() == What::Readings && changed.any(of_reading)
    }

    /// Is it a reading whose cells may stand under the headings of others?
    fn is_shifted_reading(&self) -> bool {
        self.what() == What::Readings && self.row.defect == Kind::ExtraCells.code()
    }

    fn line(&self) -> u32 {
        u32::try_from(self.row.line).unwrap_or(0)
    }

    /// Judges the row again with these cells.
    pub(super) fn judge(&self, cx: &Cx<'_, '_>, cells: &[Cell]) -> Result<Again, Refusal> {
        let row = row_of(self.line(), cells);
        let on_file = OneByOne::new(cx.tx)?;
        let terms = Terms::on(cx.day.max(self.file.day));
        let again = match self.what() {
            What::Customers => match CustomerJudge::new(&self.recognised, terms).judge(&row, &on_file) {
                CustomerVerdict::Accepted(customer) => {
                    let body = Opener::new(cx.shelf.prices(cx.tx)?).opened(cx.keys, &customer)?;
                    Again::Good(Box::new(Fit::Customer(Box::new(body))))
                }
                CustomerVerdict::Defect(defect) => Again::Defect(defect, None),
                CustomerVerdict::Total => return Err(Refusal::rule("input", "这是合计行，不是一户，请忽略它")),
            },
            What::Swaps => match SwapJudge::new(&self.recognised, terms).judge(&row, &on_file) {
                SwapVerdict::Accepted(swap) => {
                    let slip = slip_of(&swap, &row, &self.recognised.layout);
                    let large = SwapEnter::decide(cx, SlipInput { preview: true, ..slip.clone() })
                        .err()
                        .filter(is_large)
                        .map(|refusal| large_swap(self.line(), &slip, &refusal));
                    let fit = Box::new(Fit::Swap(Box::new(slip)));
                    match large {
                        Some(defect) => Again::Defect(defect, Some(fit)),
                        None => Again::Good(fit),
                    }
                }
                SwapVerdict::Defect(defect) => Again::Defect(defect, None),
                SwapVerdict::Total => return Err(Refusal::rule("input", "这是合计行，不是拆换单，请忽略它")),
            },
            What::Tariffs | What::Readings | What::Calendar | What::Services => {
                self.judge_reading(cx.tx, &row, &on_file, terms)?
            }
        };
        on_file.finish()?;
        Ok(again)
    }

    fn judge_reading(
        &self,
        tx: &Tx<'_>,
        row: &Row,
        on_file: &OneByOne<'_, '_>,
        terms: Terms,
    ) -> Result<Again, Refusal> {
        let mut judge = ReadingJudge::new(&self.recognised, on_file, terms);
        judge.take(row, on_file);
        let outcome = judge.finish(on_file);
        if let Some(unread) = outcome.unread.iter().next().transpose()? {
            return Ok(Again::Unread(unread.why));
        }
        let fit = self.reading(tx, row)?.map(|input| Box::new(Fit::Reading(Box::new(input))));
        // What is only shown to somebody goes in.
        let stands = |defect: &Defect| defect.disposition() != crate::inbound::judge::Disposition::Flagged;
        let held = outcome.defects.iter().find(|defect| defect.as_ref().map_or(true, stands)).transpose()?;
        match (held, fit) {
            (Some(defect), fit) => Ok(Again::Defect(defect, fit)),
            (None, Some(fit)) => Ok(Again::Good(fit)),
            (None, None) => Err(Refusal::rule("input", "这一行读不出户号、日期或示数，请改正后再试")),
        }
    }

    /// The reading that stands in a row, when account, day and value can be read.
    fn reading(&self, tx: &Tx<'_>, row: &Row) -> Result<Option<reading_enter::Input>, Refusal> {
        let layout = &self.recognised.layout;
        let cell = |field: &str| layout.column(field).map_or("", |column| row.get(column));
        let text = |field: &str| layout.column(field).map(|column| layout.text(row, column)).unwrap_or_default();
        let way = self.recognised.profile.source.unwrap_or(ReadBy::Card);
        let account = match self.row.account {
            // A swapped meter's row still names the old meter; whose it was is known from the import.
            Some(account) => Some(account),
            None if way == ReadBy::Card => tx.account_id_of_no(&text("account"))?,
            None => tx.account_id_of_meter(&text("meter"))?,
        };
        let dated = |column: usize| match row.is_number(column) {
            true => clean::moment_of_number(row.get(column), row.counts_from_1904(column)),
            false => clean::moment(row.get(column)),
        };
        let day = layout.column("date").and_then(dated).map(|moment| moment.date());
        let value = clean::quantity(cell("value")).filter(|value| !value.is_negative());
        let (Some(account), Some(day), Some(value)) = (account, day, value) else { return Ok(None) };
        let remark = clean::text(cell("remark")).into_owned();
        let input = reading_enter::Input {
            account: Some(account.to_string()),
            meter: None,
            value,
            date: Some(day),
            source: Some(way.code().into()),
            estimated: self.recognised.profile.word("estimated", &remark).is_some(),
            remark,
            reader: clean::text(cell("reader")).into_owned(),
            registers: registers(layout, row),
            ..reading_enter::Input::default()
        };
        Ok(Some(input))
    }
}

/// Where each register stands, as far as the row says (分时).
fn registers(layout: &Layout, row: &Row) -> BTreeMap<String, Milli> {
    let one = |name: &str| Some((name.to_owned(), clean::quantity(row.get(layout.column(name)?))?));
    REGISTERS.into_iter().filter_map(one).collect()
}

/// What a person says of a row that was held.
pub(super) struct Said {
    /// A large use is right.
    pub(super) confirm: bool,
    /// The counter went past zero: what the row was held for.
    pub(super) rollover: bool,
    /// Why a sealed meter ran.
    pub(super) sealed: Option<SealedUse>,
}

/// What somebody should know of what comes in, as an import's notes say it: a customer whose class has no price.
pub(super) fn notes(cx: &Cx<'_, '_>, fit: &Fit) -> Result<Vec<String>, Refusal> {
    let Fit::Customer(body) = fit else { return Ok(Vec::new()) };
    Ok(no_price(&*cx.shelf.prices(cx.tx)?, cx.day, body).into_iter().collect())
}

/// Writes what fits: the entry is that of the thing itself.
pub(super) fn write(cx: &Cx<'_, '_>, fit: Fit, said: Said) -> Result<Draft, Refusal> {
    fn under<A: Action>(decision: Decision<A::Output>) -> Result<Draft, Refusal> {
        let draft = decision.draft.ok_or_else(|| Refusal::rule("input", "没有要记的内容"))?;
        Ok(Draft { under: Some((A::NAME, A::VERSION)), ..draft })
    }
    match fit {
        Fit::Customer(body) => {
            let subject = crate::book::subject::Subject::new(crate::book::subject::Kind::Account, cx.next);
            let decision: Decision<()> = Decision::write(vec![subject], &*body, ())?;
            let draft = decision.draft.ok_or_else(|| Refusal::rule("input", "没有要记的内容"))?;
            Ok(Draft { under: Some(("account.open", 1)), ..draft })
        }
        Fit::Reading(input) => {
            let Said { confirm, rollover, sealed } = said;
            let input = reading_enter::Input { confirm, rollover, sealed, ..*input };
            under::<ReadingEnter>(ReadingEnter::decide(cx, input)?)
        }
        Fit::Swap(slip) => under::<SwapEnter>(SwapEnter::decide(cx, SlipInput { confirm: said.confirm, ..*slip })?),
    }
}

/// Marks a row as decided, inside the action that decides it.
pub(super) fn decide(cx: &Cx<'_, '_>, row: &StagedRow, state: &str, note: &str) -> Result<(), Refusal> {
    cx.tx.put(&StagedRow { state: state.to_owned(), entry: Some(cx.next), note: note.to_owned(), ..row.clone() })?;
    Ok(())
}

/// Good rows that waited for this one: intermediate readings of the same meter, which bill nothing once a later one stands.
pub(super) fn close_older(cx: &Cx<'_, '_>, row: &StagedRow) -> Result<(), Refusal> {
    for older in cx.tx.fixes_following(row.run, row.line)? {
        decide(cx, &older, "dropped", &format!("第{}行已收下，较早的不再入账", row.line))?;
    }
    Ok(())
}

/// Is the row still to be decided?
pub(super) fn require_open(row: &StagedRow) -> Result<(), Refusal> {
    if matches!(row.state.as_str(), "open" | "unread" | "flagged") {
        return Ok(());
    }
    let how = view::state_label(&row.state);
    Err(Refusal::rule("stale", format!("第{}行{how}，不用再处理", row.line)))
}
