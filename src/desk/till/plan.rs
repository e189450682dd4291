//! The plan of a payment: which bills, how much of each, what is waived. The preview on the screen and the entry are made from
//! the same plan.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::ask::{Amounts, Ask, Waive};
use super::due::{self, Due};
use super::settle::{Settlement, settle};
use super::since::Lot;
use super::slip_back::{self, Back};
use super::{balance, cover};
use crate::book::subject::Kind;
use crate::derive::account::cover::Covers;
use crate::derive::account::fee_first::come_back;
use crate::derive::account::payment::PaymentLine;
use crate::desk::billing::doubt::CLOSED;
use crate::desk::refusal::{Fault, Refusal};
use crate::rules::customer::prepaid_settles;
use crate::rules::id::Id;
use crate::rules::late_fee;
use crate::rules::money::Fen;
use crate::rules::part_payment::{Owed, share};
use crate::rules::tariff::PriceBook;
use crate::store::tables::account::AccountRow;
use crate::store::tables::billing::{BalanceRow, BillRow};
use crate::store::{StoreError, Tx};

/// A payment as it would be taken.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The account.
    pub account: AccountRow,
    /// The day late fees are counted to.
    pub day: NaiveDate,
    /// What each bill gets.
    pub lines: Vec<PlanLine>,
    /// 应收: all lines and what is to be put to prepaid on request.
    pub total: Fen,
    /// How it is paid.
    pub money: Settlement,
    /// Prepaid and credit before.
    pub balance: BalanceRow,
    /// Late fee that a hand-written slip brings back.
    pub back: Vec<Back>,
}

/// What one bill gets.
#[derive(Debug, Clone)]
pub struct PlanLine {
    /// What it owes.
    pub due: Due,
    /// Principal paid.
    pub principal: Fen,
    /// Late fee paid.
    pub late_fee: Fen,
    /// Late fee waived.
    pub waived: Fen,
    /// Late fee charged before, also what has come back since.
    pub charged_before: Fen,
}

impl Plan {
    /// The lines as the entry keeps them.
    pub fn payment_lines(&self) -> Vec<PaymentLine> {
        let line = |line: &PlanLine| PaymentLine {
            bill: line.due.bill.id,
            cycle: line.due.bill.cycle.clone(),
            principal: line.principal,
            late_fee: line.late_fee,
            waived: line.waived,
            charged_before: Some(line.charged_before),
        };
        self.lines.iter().map(line).collect()
    }

    /// Late fee paid.
    pub fn late_fee(&self) -> Fen {
        self.lines.iter().map(|line| line.late_fee).sum()
    }

    /// Late fee that comes back.
    pub fn late_back(&self) -> Fen {
        self.back.iter().map(|back| back.late.back.refund).sum()
    }

    fn back_of(&self, bill: Id) -> Fen {
        self.back.iter().filter(|back| back.late.bill == bill).map(|back| back.late.back.refund).sum()
    }

    /// Late fee waived.
    pub fn waived(&self) -> Fen {
        self.lines.iter().map(|line| line.waived).sum()
    }

    /// What is over what is due and stays, as prepaid.
    pub fn kept(&self, ask: &Ask) -> Fen {
        self.money.to_prepaid - ask.to_prepaid.unwrap_or_default()
    }

    /// The bills as the payment leaves them, their late fees as of `day`.
    fn after(&self, tx: &Tx<'_>, book: &PriceBook, day: NaiveDate) -> Result<Vec<Due>, StoreError> {
        let mut dues = due::due(tx, book, &self.account, day)?;
        for due in &mut dues {
            let line = self.lines.iter().find(|line| line.due.bill.id == due.bill.id);
            let back = self.back_of(due.bill.id);
            if let Some(line) = line {
                due.earlier.add(line.principal, line.late_fee + line.waived, due.bill.due, self.day);
                due.bill.unpaid -= line.principal;
            }
            if line.is_some() || back > Fen::ZERO {
                due.earlier.charged -= back;
                due.late = due::late_fee_of(book, &self.account, &due.bill, due.earlier, day);
            }
        }
        Ok(dues)
    }

    /// The bills that prepaid and credit pay after it, where the account does not keep them for itself.
    pub fn covers(&self, tx: &Tx<'_>, book: &PriceBook) -> Result<Option<Covers>, StoreError> {
        let (kept, money) = (&self.balance, &self.money);
        let after = BalanceRow {
            account: kept.account,
            prepaid: kept.prepaid + money.to_prepaid - money.from_prepaid,
            credit: kept.credit - money.from_credit + self.late_back(),
        };
        if !prepaid_settles(&self.account.extra) {
            return Ok(None);
        }
        let lots = self.lots(&after);
        let Some(day) = lots.last().map(|lot| lot.since) else { return Ok(None) };
        Ok(cover::lay(book, &self.account, &self.after(tx, book, day)?, &lots, day))
    }

    /// The money that is there after it, oldest first: since the payment, but late fee that comes back, and what the slip's money would
    /// have paid in another payment's place, since that one.
    fn lots(&self, after: &BalanceRow) -> Vec<Lot> {
        let mut left = cover::money(after);
        let mut lots = Vec::new();
        let later =
            self.back.iter().map(|back| Lot { since: back.since, amount: back.late.back.refund + back.in_place });
        for lot in later.chain([Lot { since: self.day, amount: left }]) {
            let amount = lot.amount.min(left);
            left -= amount;
            lots.push(Lot { amount, ..lot });
        }
        lots.retain(|lot| lot.amount > Fen::ZERO);
        lots.sort_by_key(|lot| lot.since);
        lots
    }

    /// What the account still owes when it is paid and what is there has covered what it can, principal and late fee, as it would be
    /// asked for on `day`.
    pub fn left(
        &self,
        tx: &Tx<'_>,
        book: &PriceBook,
        day: NaiveDate,
        covers: Option<&Covers>,
    ) -> Result<Owed, StoreError> {
        let mut left = Owed { principal: Fen::ZERO, late_fee: Fen::ZERO };
        for mut due in self.after(tx, book, day)? {
            if let Some(covers) = covers {
                due = cover::covered(book, &self.account, due, covers, day);
            }
            if due.bill.unpaid > Fen::ZERO {
                left.principal += due.bill.unpaid;
                left.late_fee += due.fee();
            }
        }
        Ok(left)
    }
}

/// The days of a payment.
#[derive(Debug, Clone, Copy)]
pub struct Days {
    /// The business day it is entered on.
    pub today: NaiveDate,
    /// The day the money was taken: late fees are counted to it.
    pub taken: NaiveDate,
}

impl Days {
    /// Taken today.
    pub fn of(today: NaiveDate) -> Self {
        Self { today, taken: today }
    }
}

/// Plans a payment.
pub fn plan(tx: &Tx<'_>, book: &PriceBook, days: Days, ask: &Ask) -> Result<Plan, Refusal> {
    let day = days.taken;
    let account = tx.account_of_text(&ask.account)?;
    let account = account.ok_or_else(|| Refusal::missing("account", "户", &ask.account))?;
    Refusal::unless_empty(signs(ask))?;
    if tx.is_held(Kind::Account.letter(), account.id)? {
        return Err(Refusal::field(
            "upgrade",
            "account",
            format!("{} 有新版程序的凭单，请先升级程序再收费", account.no),
        ));
    }
    let chosen = choose(tx, book, &account, day, ask)?;
    let named = named(&chosen, ask)?;
    let to_prepaid = ask.to_prepaid.is_some_and(|sum| sum > Fen::ZERO);
    if chosen.is_empty() && !to_prepaid {
        let who = format!("{} {}", account.no, account.name);
        let is_owing = ask.bills.is_some() && !due::due(tx, book, &account, day)?.is_empty();
        return Err(match is_owing {
            true => Refusal::field("R-172", "bills", format!("{who} 有欠费，没有列出要缴的账单，请列出或不填")),
            false => Refusal::field("R-174", "account", format!("{who} 没有欠费，不用缴费")),
        });
    }
    let waived = waive(tx, &account, days, &chosen, ask)?;
    let mut lines = lay(&chosen, &waived, &named, ask)?;
    for line in &mut lines {
        line.charged_before += come_back(tx, account.id, line.due.bill.id)?;
    }
    if lines.is_empty() && !to_prepaid {
        return Err(Refusal::field("R-172", "amounts", "没有要缴的金额，请写明每笔缴多少"));
    }
    let bills: Fen = lines.iter().map(|line| line.principal + line.late_fee).sum();
    let total = bills + ask.to_prepaid.unwrap_or_default();
    if ask.expected_total.is_some_and(|seen| seen != total) {
        let seen = ask.expected_total.unwrap_or_default();
        return Err(Refusal::stale(format!("应收已变：您看到的是 {seen}，现在是 {total}，请重新核对后再收")));
    }
    let balance = balance::of(tx, account.id)?;
    still_as_seen(tx, book, &account, day, &balance, ask)?;
    let money = settle(ask, bills, total, &balance)?;
    if account.status == CLOSED && money.to_prepaid > Fen::ZERO {
        let text = format!("{} 已销户，不能存预存，多收的请找零；确要存的请先复户", account.no);
        return Err(Refusal::field("R-080", "to_prepaid", text));
    }
    let mut back = slip_back::of(tx, book, &account, days, &lines)?;
    back.extend(slip_back::of_put_by(tx, book, &account, days, &lines, money.to_prepaid)?);
    Ok(Plan { account, day, lines, total, money, balance, back })
}

/// The account owes and has what the caller saw: a part of it would go through whatever happened meanwhile, and be taken twice.
fn still_as_seen(
    tx: &Tx<'_>,
    book: &PriceBook,
    account: &AccountRow,
    day: NaiveDate,
    balance: &BalanceRow,
    ask: &Ask,
) -> Result<(), Refusal> {
    if let Some(seen) = ask.expected_owed {
        let owed: Fen = due::due(tx, book, account, day)?.iter().map(Due::total).sum();
        if owed != seen {
            let said = format!("应收已变：您看到的全户欠费是 {seen}，现在是 {owed}，请看清后再收");
            return Err(Refusal::stale(said));
        }
    }
    let has = balance.prepaid + balance.credit;
    match ask.expected_balance {
        Some(seen) if seen != has => {
            Err(Refusal::stale(format!("预存已变：您看到的余额是 {seen}，现在是 {has}，请看清后再收")))
        }
        _ => Ok(()),
    }
}

/// Negative amounts, all of them at once.
fn signs(ask: &Ask) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut check = |field: &str, sum: Option<Fen>| {
        if sum.is_some_and(Fen::is_negative) {
            faults.push(Fault::field("R-172", field, "金额不能是负数，请改正"));
        }
    };
    check("tendered", ask.tendered);
    check("to_prepaid", ask.to_prepaid);
    check("from_prepaid", ask.from_prepaid);
    match &ask.waive {
        Some(Waive::Sum(sum)) => check("waive", Some(*sum)),
        Some(Waive::Named(map)) => map.values().for_each(|sum| check("waive", Some(*sum))),
        Some(Waive::All) | None => {}
    }
    let amounts: Vec<Fen> = match &ask.amounts {
        Some(Amounts::Sum(sum)) => vec![*sum],
        Some(Amounts::Each(list)) => list.clone(),
        Some(Amounts::Named(map)) => map.values().copied().collect(),
        None => Vec::new(),
    };
    if amounts.iter().any(|sum| *sum <= Fen::ZERO) {
        faults.push(Fault::field("R-172", "amounts", "每笔金额要大于零，不缴的账单请不要列出"));
    }
    faults
}

/// The bills to be paid, in the order asked, else oldest first.
fn choose(tx: &Tx<'_>, book: &PriceBook, account: &AccountRow, day: NaiveDate, ask: &Ask) -> Result<Vec<Due>, Refusal> {
    let names: Option<Vec<&String>> = match (&ask.bills, &ask.amounts) {
        (Some(names), _) => Some(names.iter().collect()),
        (None, Some(Amounts::Named(map))) => Some(map.keys().collect()),
        (None, _) => None,
    };
    let Some(names) = names else {
        // A payment into prepaid alone leaves the bills alone only when nothing is owed.
        return Ok(due::due(tx, book, account, day)?);
    };
    let (mut chosen, mut seen, mut faults) = (Vec::new(), BTreeSet::new(), Vec::new());
    for name in names {
        match find_bills(tx, account, name)? {
            Err(fault) => faults.push(fault),
            Ok(bills) => {
                for bill in bills {
                    if seen.insert(bill.id) {
                        chosen.push(due::due_of(tx, book, account, bill, day)?);
                    } else {
                        faults.push(Fault::field("R-172", "bills", format!("账单“{name}”列了两次，请去掉一个")));
                    }
                }
            }
        }
    }
    Refusal::unless_empty(faults)?;
    Ok(chosen)
}

/// The unpaid bills a name stands for: one by id or `#1`, those of a 账期.
fn find_bills(tx: &Tx<'_>, account: &AccountRow, name: &str) -> Result<Result<Vec<BillRow>, Fault>, Refusal> {
    let known = match name.parse::<Id>() {
        Ok(id) => tx.get::<BillRow>(&[&account.id, &id])?.into_iter().collect(),
        Err(_) => tx.bills_of_cycle(account.id, name.trim())?,
    };
    let fault = |text: String| Ok(Err(Fault::field("R-172", "bills", text)));
    if known.is_empty() {
        return fault(format!("{} 名下没有账单“{name}”，请核对", account.no));
    }
    let unpaid: Vec<BillRow> = known.iter().filter(|bill| bill.unpaid > Fen::ZERO).cloned().collect();
    if !unpaid.is_empty() {
        return Ok(Ok(unpaid));
    }
    if known.iter().all(|bill| bill.state == "cancelled") {
        return fault(format!("账单“{name}”已经作废，不用缴费"));
    }
    fault(format!("账单“{name}”已经缴清，请不要重复收费"))
}

/// What is waived of each bill: only estimated bills, within the clerk's own limit for the account: of the
/// business day, whichever way it is entered, and of the day the money was taken.
fn waive(
    tx: &Tx<'_>,
    account: &AccountRow,
    days: Days,
    chosen: &[Due],
    ask: &Ask,
) -> Result<BTreeMap<Id, Fen>, Refusal> {
    let Some(wanted) = &ask.waive else { return Ok(BTreeMap::new()) };
    let fault = |text: String| Refusal::field("A-17", "waive", text);
    let mut asked: BTreeMap<Id, Fen> = BTreeMap::new();
    match wanted {
        Waive::All => {
            asked = chosen.iter().filter(|due| due.bill.estimated).map(|due| (due.bill.id, due.fee())).collect();
            if asked.values().all(|sum| *sum == Fen::ZERO) && chosen.iter().any(|due| due.fee() > Fen::ZERO) {
                return Err(fault("只有估抄账单的滞纳金可由营业员自行减免，其他须走特殊处理审批".into()));
            }
        }
        Waive::Sum(sum) => {
            let mut rest = *sum;
            for due in chosen.iter().filter(|due| due.bill.estimated) {
                let part = rest.min(due.fee());
                asked.insert(due.bill.id, part);
                rest -= part;
            }
            if rest > Fen::ZERO {
                return Err(fault(format!("要减免 {sum}，而估抄账单的滞纳金只有 {}，请改正", *sum - rest)));
            }
        }
        Waive::Named(map) => {
            for (name, sum) in map {
                let bills = find_bills(tx, account, name)?;
                let bills = bills.map_err(|fault| Refusal::field("A-17", "waive", fault.message))?;
                if bills.len() > 1 {
                    return Err(fault(format!("“{name}”有 {} 笔账单，请用账单号分别写减免", bills.len())));
                }
                for bill in bills {
                    asked.insert(bill.id, *sum);
                }
            }
        }
    }
    let mut before = tx.waived_on(account.id, days.today)?.max(tx.waived_on(account.id, days.taken)?);
    for (bill, sum) in asked.iter().filter(|(_, sum)| **sum > Fen::ZERO) {
        let due = chosen.iter().find(|due| due.bill.id == *bill);
        let due = due.ok_or_else(|| fault(format!("要减免的账单 {bill} 不在这次缴费里，请核对")))?;
        let late = due.late.as_ref().map_err(|fault| Refusal::field(fault.rule, "waive", &fault.message))?;
        if *sum > late.fee.fee {
            return Err(fault(format!("{} 的滞纳金只有 {}，不能减免 {sum}", due.bill.cycle, late.fee.fee)));
        }
        let Some(rule) = &late.rule else { continue };
        late_fee::own_waiver(rule, due.bill.estimated, before, *sum).map_err(|out| fault(out.message))?;
        before += *sum;
    }
    Ok(asked)
}

/// Lays the money on the bills: the late fee first, then the principal.
fn lay(
    chosen: &[Due],
    waived: &BTreeMap<Id, Fen>,
    named: &BTreeMap<Id, Fen>,
    ask: &Ask,
) -> Result<Vec<PlanLine>, Refusal> {
    let mut faults = Vec::new();
    let mut lines = Vec::new();
    let mut rest = match &ask.amounts {
        Some(Amounts::Sum(sum)) => Some(*sum),
        Some(Amounts::Each(_) | Amounts::Named(_)) | None => None,
    };
    if let Some(Amounts::Each(list)) = &ask.amounts
        && (list.len() > chosen.len() || (ask.bills.is_some() && list.len() != chosen.len()))
    {
        let text = format!("金额有 {} 个，账单有 {} 笔，对不上，请核对", list.len(), chosen.len());
        return Err(Refusal::field("R-172", "amounts", text));
    }
    for (index, due) in chosen.iter().enumerate() {
        let off = waived.get(&due.bill.id).copied().unwrap_or_default();
        let money = match (&ask.amounts, rest) {
            (None, _) => None,
            (Some(Amounts::Sum(_)), rest) => rest,
            (Some(Amounts::Each(list)), _) => Some(list.get(index).copied().unwrap_or_default()),
            (Some(Amounts::Named(_)), _) => Some(named.get(&due.bill.id).copied().unwrap_or_default()),
        };
        if money == Some(Fen::ZERO) {
            continue;
        }
        if let Err(fault) = &due.late {
            faults.push(Fault::field(fault.rule, "bills", format!("{}：{}", due.bill.cycle, fault.message)));
            continue;
        }
        let owed = Owed { principal: due.bill.unpaid, late_fee: due.fee() - off };
        let all = owed.principal + owed.late_fee;
        let got = share(owed, money.unwrap_or(all));
        let taken = got.principal + got.late_fee;
        match &mut rest {
            Some(rest) => *rest -= taken,
            None if money.is_some_and(|money| money > taken) => {
                let text =
                    format!("{} 只欠 {all}，不能缴 {}，多出的请存预存", due.bill.cycle, money.unwrap_or_default());
                faults.push(Fault::field("R-172", "amounts", text));
            }
            None => {}
        }
        let (principal, late_fee, charged_before) = (got.principal, got.late_fee, due.earlier.charged);
        lines.push(PlanLine { due: due.clone(), principal, late_fee, waived: off, charged_before });
    }
    if let Some(over) = rest.filter(|over| *over > Fen::ZERO) {
        faults.push(Fault::field("R-172", "amounts", format!("比欠费多出 {over}，多出的请存预存")));
    }
    Refusal::unless_empty(faults)?;
    Ok(lines)
}

/// The amounts of a map, by bill: each stands for one bill that is to be paid, and each of these has one. No named sum is passed over.
fn named(chosen: &[Due], ask: &Ask) -> Result<BTreeMap<Id, Fen>, Refusal> {
    let Some(Amounts::Named(map)) = &ask.amounts else { return Ok(BTreeMap::new()) };
    let (mut found, mut faults) = (BTreeMap::new(), Vec::new());
    let mut fault = |text: String| faults.push(Fault::field("R-172", "amounts", text));
    for (name, sum) in map {
        let id = name.parse::<Id>().ok();
        let is_meant = |due: &&Due| id.map_or(due.bill.cycle == name.trim(), |id| due.bill.id == id);
        let meant: Vec<&Due> = chosen.iter().filter(is_meant).collect();
        match meant.as_slice() {
            [] => fault(format!("写了金额的账单“{name}”不在这次缴费里，请核对")),
            [due] if found.insert(due.bill.id, *sum).is_none() => {}
            [_] => fault(format!("账单“{name}”的金额写了两次，请去掉一个")),
            several => fault(format!("“{name}”有 {} 笔账单，请用账单号分别写金额", several.len())),
        }
    }
    if faults.is_empty() {
        let missing = chosen.iter().filter(|due| !found.contains_key(&due.bill.id));
        let text = |due: &Due| format!("账单 {} 没有写金额，不缴的请不要列出", due.bill.cycle);
        faults.extend(missing.map(|due| Fault::field("R-172", "amounts", text(due))));
        if map.is_empty() && faults.is_empty() {
            faults.push(Fault::field("R-172", "amounts", "没有要缴的金额，请写明每笔缴多少"));
        }
    }
    Refusal::unless_empty(faults)?;
    Ok(found)
}
