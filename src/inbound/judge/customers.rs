//! Customers, one row at a time: what a row says, and how it stands to earlier rows and to what is on file.
//!
//! Of two rows that clash the first is good. Nothing is kept of a row but hashes of its account, meter and cells, so a
//! million customers are judged in some fifty megabytes.

use super::columns::Cells;
use super::defect::{Defect, Flaw, Kind};
use super::prehashed::{PrehashedMap, hash_of};
use super::totals::{Line, Totals, counted};
use super::{Terms, record};
use crate::inbound::clean;
use crate::inbound::on_file::OnFile;
use crate::inbound::profile::{Layout, Profile, Recognised};
use crate::inbound::read::{Row, place};
use crate::inbound::rows::CustomerRow;
use crate::inbound::rows::customer::Columns;
use crate::rules::money::Fen;
use std::collections::BTreeMap;

/// The verdict on a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerVerdict {
    /// A good customer.
    Accepted(Box<CustomerRow>),
    /// A defect; the row stays in the fix list.
    Defect(Defect),
    /// A line of totals, no row.
    Total,
}

/// The line of totals of an export, compared with the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// Its line.
    pub line: u32,
    /// Sum of 欠费金额 it states.
    pub arrears: Option<Fen>,
    /// Sum of that column over all rows that could be read.
    pub arrears_found: Fen,
    /// Rows it states, `6004户`.
    pub rows: Option<u32>,
    /// Rows found above it.
    pub rows_found: u32,
}

impl Footer {
    /// Do its numbers agree with the rows? A number it does not state agrees.
    pub fn agrees(&self) -> bool {
        self.arrears.is_none_or(|stated| stated == self.arrears_found)
            && self.rows.is_none_or(|stated| stated == self.rows_found)
    }
}

/// What the accepted rows add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerTotals {
    /// Data rows: no headings, no line of totals.
    pub rows: u32,
    /// Accepted rows.
    pub accepted: u32,
    /// Unpaid bills of accepted rows.
    pub arrears: Fen,
    /// Their number.
    pub unpaid_bills: u32,
    /// Accepted rows by price class.
    pub by_class: BTreeMap<String, u32>,
    /// By label of the class in the file.
    pub by_class_label: BTreeMap<String, u32>,
    /// By state in the file.
    pub by_state: BTreeMap<String, u32>,
    /// By payment method.
    pub by_method: BTreeMap<String, u32>,
    /// Accepted rows whose 预存余额 was below zero: taken as owed.
    pub negative_balances: u32,
    /// The line of totals, when there is one.
    pub footer: Option<Footer>,
    /// What somebody should know beside the rows.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
struct Earlier {
    line: u32,
    print: u64,
}

/// Judges the rows of a customer file in their order.
pub struct CustomerJudge<'a> {
    profile: &'a Profile,
    layout: &'a Layout,
    columns: Columns,
    terms: Terms,
    accounts: PrehashedMap<Earlier>,
    /// Prints of rows whose account was there already, with their lines.
    repeats: PrehashedMap<u32>,
    meters: PrehashedMap<u32>,
    stated_arrears: Fen,
    totals: CustomerTotals,
    sums: Totals,
    /// What somebody should look at in the row accepted last.
    flagged: Option<Defect>,
    /// Lines whose name seems to have lost a character.
    lost_characters: Vec<u32>,
}

impl<'a> CustomerJudge<'a> {
    /// A judge for the rows of `file`.
    pub fn new(file: &'a Recognised, terms: Terms) -> Self {
        Self {
            profile: &file.profile,
            layout: &file.layout,
            columns: Columns::of(&file.layout),
            terms,
            accounts: PrehashedMap::default(),
            repeats: PrehashedMap::default(),
            meters: PrehashedMap::default(),
            stated_arrears: Fen::ZERO,
            totals: CustomerTotals::default(),
            sums: Totals::new(file.profile.total.as_deref(), &file.layout, file.layout.column("account")),
            flagged: None,
            lost_characters: Vec::new(),
        }
    }

    /// Judges the next row.
    pub fn judge(&mut self, row: &Row, on_file: &dyn OnFile) -> CustomerVerdict {
        self.flagged = None;
        match self.sums.take(row, self.layout) {
            Line::Row => {}
            Line::Total => {
                self.totals.footer = Some(self.footer(row));
                return CustomerVerdict::Total;
            }
            Line::Aside => return CustomerVerdict::Total,
        }
        self.totals.rows += 1;
        let cells = Cells { row, layout: self.layout };
        self.stated_arrears += self.columns.arrears_sum.and_then(|at| clean::money(row.get(at))).unwrap_or(Fen::ZERO);
        let account = cells.text(self.columns.account);
        match self.row(cells, &account, on_file) {
            Ok(customer) => {
                self.count(&customer);
                if customer.name.contains(['?', '？', '□', '\u{FFFD}']) {
                    self.lost_characters.push(row.line);
                }
                let below = self.columns.balance.and_then(|at| clean::money(row.get(at))).is_some_and(Fen::is_negative);
                self.totals.negative_balances += u32::from(below);
                CustomerVerdict::Accepted(Box::new(customer))
            }
            Err(flaw) => CustomerVerdict::Defect(flaw.on(row.line, &account)),
        }
    }

    /// What somebody should look at in the row just accepted.
    pub fn flagged(&mut self) -> Option<Defect> {
        self.flagged.take()
    }

    /// What all rows added up to.
    pub fn finish(self) -> CustomerTotals {
        const NAMED: usize = 10;
        let without_route = self.without_route();
        let mut notes = self.sums.into_notes();
        notes.extend(without_route);
        if !self.lost_characters.is_empty() {
            let named: Vec<String> = self.lost_characters.iter().take(NAMED).map(|line| place(*line)).collect();
            let more = if self.lost_characters.len() > NAMED { "等" } else { "" };
            let count = self.lost_characters.len();
            notes.push(format!("{}{more}共{count}户的户名里有“?”，像是原系统丢了字，请核对", named.join("、")));
        }
        if self.totals.negative_balances > 0 {
            let rows = self.totals.negative_balances;
            notes.push(format!("{rows}户的预存余额为负，已按欠费记入，请与原系统核对"));
        }
        CustomerTotals { notes, ..self.totals }
    }

    /// Buildings, units and rooms of a file without books: no route number is made of them.
    fn without_route(&self) -> Option<String> {
        if record::has_route(&self.columns) {
            return None;
        }
        let parts = [self.columns.building, self.columns.unit, self.columns.room].into_iter().flatten();
        let named: Vec<String> = parts.map(|column| format!("“{}”", self.layout.heading(column))).collect();
        let what = "只在没有地址时写进地址，没有编入抄表序号：文件没有抄表册号和抄表序号，请在编册时补";
        (!named.is_empty()).then(|| format!("{}{what}", named.join("、")))
    }

    fn row(&mut self, cells: Cells<'_>, account: &str, on_file: &dyn OnFile) -> Result<CustomerRow, Flaw> {
        cells.check(self.terms.today)?;
        if account.is_empty() {
            return Err(cells.flaw(Kind::NoAccountNumber, self.columns.account, "，请补填户号"));
        }
        let clash = self.clash_with_earlier(cells, account);
        let meter_line = self.note_meter(cells);
        clash?;
        let known = on_file.by_account(account);
        let mut flags = Vec::from_iter(cells.user_defined());
        let customer = match record::read(cells, &self.columns, self.profile, self.terms, &mut flags) {
            Ok(customer) => customer,
            Err(flaw) if known.is_some() => return Err(self.other_customer(cells, account, Some(flaw))),
            Err(flaw) => return Err(flaw),
        };
        if known.is_some() {
            return Err(match on_file.customer_print(account) {
                Some(print) if print == customer.print() => {
                    Flaw::new(Kind::OnFile, format!("户号{account}与在册资料相同，不再导入"))
                }
                _ => self.other_customer(cells, account, None),
            });
        }
        if let Some(line) = meter_line {
            let what = format!("与{}重复，请核对水表归属", place(line));
            return Err(cells.flaw(Kind::DuplicateMeter, self.columns.meter, &what));
        }
        let meter = customer.meter.as_ref().map_or("", |meter| &meter.number);
        if let Some(other) = on_file.by_meter(meter).filter(|_| !meter.is_empty()) {
            let what = format!("已挂在户号{}，请核对水表归属", on_file.account_of(other.slot));
            return Err(cells.flaw(Kind::DuplicateMeter, self.columns.meter, &what));
        }
        let said = flags.iter().map(|flag| flag.message.as_str()).collect::<Vec<_>>().join("；");
        let first = flags.into_iter().next().map(|flag| Flaw { message: said, ..flag });
        self.flagged = first.map(|flag| flag.on(cells.row.line, account));
        Ok(customer)
    }

    /// The row's account is on file with other facts.
    fn other_customer(&self, cells: Cells<'_>, account: &str, flaw: Option<Flaw>) -> Flaw {
        let mut what = format!("已在册（{account}）而资料不同，改资料请走用户变更，新户请换户号");
        if let Some(flaw) = flaw {
            what = format!("{what}；另外{}", flaw.message);
        }
        cells.flaw(Kind::DuplicateAccount, self.columns.account, &what)
    }

    /// Notes account and print; a row equal to an earlier one is a repeat, another customer under the same account a clash.
    fn clash_with_earlier(&mut self, cells: Cells<'_>, account: &str) -> Result<(), Flaw> {
        let now = Earlier { line: cells.row.line, print: cells.row.print() };
        let Some(earlier) = self.accounts.get(&hash_of(account)).copied() else {
            self.accounts.insert(hash_of(account), now);
            return Ok(());
        };
        let same = if earlier.print == now.print { Some(earlier.line) } else { self.repeats.get(&now.print).copied() };
        self.repeats.entry(now.print).or_insert(now.line);
        Err(match same {
            Some(line) => Flaw::new(Kind::DuplicateRow, format!("与{}完全相同，已忽略", place(line))),
            None => {
                let what = format!("与{}重复而资料不同，请核对户号", place(earlier.line));
                cells.flaw(Kind::DuplicateAccount, self.columns.account, &what)
            }
        })
    }

    /// Notes the meter; says the line that had it before.
    fn note_meter(&mut self, cells: Cells<'_>) -> Option<u32> {
        let meter = cells.text(self.columns.meter);
        if meter.is_empty() {
            return None;
        }
        let key = hash_of(&meter);
        let earlier = self.meters.get(&key).copied();
        self.meters.entry(key).or_insert(cells.row.line);
        earlier
    }

    fn count(&mut self, customer: &CustomerRow) {
        let totals = &mut self.totals;
        totals.accepted += 1;
        totals.arrears += customer.owed();
        totals.unpaid_bills += customer.arrears.len() as u32;
        add_one(&mut totals.by_class, &customer.class);
        add_one(&mut totals.by_class_label, &customer.class_label);
        add_one(&mut totals.by_state, &customer.state_label);
        if let Some(method) = &customer.method {
            add_one(&mut totals.by_method, method);
        }
    }

    fn footer(&self, row: &Row) -> Footer {
        let rows = row.cells().find_map(counted);
        Footer {
            line: row.line,
            arrears: self.columns.arrears_sum.and_then(|at| clean::money(row.get(at))),
            arrears_found: self.stated_arrears,
            rows,
            rows_found: self.totals.rows,
        }
    }
}

fn add_one(counts: &mut BTreeMap<String, u32>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => {
            counts.insert(key.to_owned(), 1);
        }
    }
}
