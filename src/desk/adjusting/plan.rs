//! The plan of a case: the picture of before and after, and the effect that an approval gives. Preview, request, check and
//! decision all make it here, so that they see one thing.

use chrono::NaiveDate;

use super::ask::Meant;
use super::links::{Links, Rated};
use super::readings::{self, Followed};
use super::{cover, file, sides, warn};
use crate::derive::account::bill::{BillIssued, OPENING};
use crate::derive::account::parts;
use crate::derive::request::{AdjustmentEffect, PriceSet, Replacement};
use crate::desk::billing::{
    Ledger, body,
    doubt::{CLOSED, closed},
};
use crate::desk::refusal::{Fault, Refusal};
use crate::desk::tariffs;
use crate::desk::till::due::{self, Due};
use crate::rules::adjustment::picture::{self, Balance, BillPicture, PriceChange};
use crate::rules::adjustment::{Change, Kind, Picture};
use crate::rules::classes::{self, MIXED};
use crate::rules::money::{Fen, Milli};
use crate::rules::part_payment::Earlier;
use crate::rules::price_days;
use crate::rules::pricing::{self, Pricing};
use crate::rules::tariff::PriceBook;
use crate::store::Tx;
use crate::store::tables::account::{AccountRow, FieldRow};
use crate::store::tables::adjust::RebillRow;
use crate::store::tables::billing::{BalanceRow, BillRow};

/// A case worked out.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Before and after.
    pub picture: Picture,
    /// What an approval does.
    pub effect: AdjustmentEffect,
}

impl Plan {
    /// Hash of the picture, hex.
    pub fn hash(&self) -> String {
        blake3::hash(self.picture.canonical().as_bytes()).to_hex().to_string()
    }
}

/// What plans are made with.
pub(super) struct Work<'w, 'c> {
    pub(super) tx: &'w Tx<'c>,
    pub(super) book: &'w PriceBook,
    pub(super) account: &'w AccountRow,
    pub(super) day: NaiveDate,
}

/// A bill named, with what it owes.
pub(super) struct Named {
    pub(super) due: Due,
    pub(super) issued: Option<BillIssued>,
}

/// Works a case out as of `day`.
pub fn plan(tx: &Tx<'_>, book: &PriceBook, case: &Meant, day: NaiveDate) -> Result<Plan, Refusal> {
    if case.account.status == CLOSED && !matches!(case.change, Change::LateFee { .. }) {
        return Err(Refusal::field("R-080", "account", closed(&case.account.no)));
    }
    let work = Work { tx, book, account: &case.account, day };
    let bills = work.named(case)?;
    let mut effect = AdjustmentEffect::default();
    let (mut price, mut told) = (None, Vec::new());
    let mut followed = Followed::default();
    let pictures = match &case.change {
        Change::Price { class, mix, from } => {
            price = Some(work.price(case.kind, (class, mix.as_deref(), *from), &bills, &mut effect)?);
            work.repriced(case, bills, (class, mix.as_deref(), *from), &mut effect)?
        }
        Change::Volume(volumes) if bills.iter().any(|named| named.due.bill.kind == OPENING) => {
            work.taken_away(bills, volumes, &mut effect)?
        }
        Change::Volume(volumes) => work.remeasured(case, bills, volumes, None, &mut followed, &mut effect)?,
        Change::VolumeAndReading { volumes, reading } => {
            work.remeasured(case, bills, volumes, Some(*reading), &mut followed, &mut effect)?
        }
        Change::File(facts) => {
            let amended = file::amended(tx, &case.account, facts)?;
            effect.file = Some(amended.body);
            told = amended.facts;
            Vec::new()
        }
        Change::LateFee { waive, until } => work.waived(&bills, *waive, until.unwrap_or(day), &mut effect)?,
    };
    for one in &mut effect.replace {
        // What is there covers it, late fee first, as the picture says, and comes back from it when the money goes back.
        one.new.settles = false;
    }
    let before = work.balance()?;
    let difference = |bill: &BillPicture| (bill.new.amount - bill.old.amount).abs() + bill.waived + bill.refunded;
    let mut after = after(&before, &pictures);
    let to_prepaid = work.prepaid_over(&effect)?;
    (after.credit, after.prepaid) = (after.credit - to_prepaid, after.prepaid + to_prepaid);
    let covered = cover::covered(tx, book, case, day, &pictures, &effect, &mut after)?;
    let picture = Picture {
        kind: case.kind.code().to_owned(),
        account: case.account.id,
        no: case.account.no.clone(),
        name: case.account.name.clone(),
        day,
        price,
        before,
        after,
        amount: pictures.iter().map(difference).sum(),
        warnings: warn::warnings(tx, case, (&pictures, &followed.changes), &covered, followed.warnings)?,
        covered,
        bills: pictures,
        readings: followed.changes,
        facts: told,
    };
    Ok(Plan { picture, effect })
}

/// What stands in the place of an arrear that is taken away: nothing, on the same days.
fn without_arrear(account: &AccountRow, row: &BillRow) -> BillIssued {
    BillIssued {
        cycle: row.cycle.clone(),
        first_day: row.first_day,
        last_day: row.last_day,
        dated: row.dated,
        due: row.due,
        from: Milli::ZERO,
        to: Milli::ZERO,
        volume: Milli::ZERO,
        used_before: Milli::ZERO,
        used_before_from: String::new(),
        class: account.class.clone(),
        tariff: row.tariff.clone(),
        people: None,
        estimated: row.estimated,
        kind: OPENING.to_owned(),
        reading: None,
        replaces: Some(row.id),
        lines: Vec::new(),
        amount: Fen::ZERO,
        held: None,
        registers: Vec::new(),
        settles: false,
        mix: None,
        earlier: Vec::new(),
        stored: None,
        covers: None,
    }
}

fn bills_fault(rule: &str, message: String) -> Fault {
    Fault::field(rule, "bills", message)
}

impl Work<'_, '_> {
    /// The bills of the case; every one that cannot be adjusted is told.
    fn named(&self, case: &Meant) -> Result<Vec<Named>, Refusal> {
        let (mut named, mut faults) = (Vec::new(), Vec::new());
        if case.bills.is_empty() && !matches!(case.change, Change::Price { .. } | Change::File(_)) {
            faults.push(bills_fault(case.kind.rule(), "请选要处理的账单".into()));
        }
        for id in &case.bills {
            match self.tx.get::<BillRow>(&[&self.account.id, id])? {
                None => faults.extend(Refusal::missing("bills", "这一户的账单", &id.to_string()).faults),
                Some(row) => match self.unfit(case, &row)? {
                    Some(fault) => faults.push(fault),
                    None => {
                        let issued = body::issued(self.tx, row.id)?;
                        let due = due::due_of(self.tx, self.book, self.account, row, self.day)?;
                        named.push(Named { due, issued });
                    }
                },
            }
        }
        Refusal::unless_empty(faults)?;
        Ok(named)
    }

    /// Why a bill cannot be adjusted, if it cannot.
    fn unfit(&self, case: &Meant, row: &BillRow) -> Result<Option<Fault>, Refusal> {
        let id = row.id;
        if let Some(rebill) = self.tx.get::<RebillRow>(&[&self.account.id, &id])? {
            let message = match rebill.request == rebill.new {
                true => format!("账单 {id} 已作废重出，现在是账单 {}，请选新账单", rebill.new),
                false => {
                    format!("账单 {id} 已由申请 {} 调整，现在是账单 {}，不能再调整旧账单", rebill.request, rebill.new)
                }
            };
            return Ok(Some(bills_fault("adjusted", message)));
        }
        let late_fee = matches!(case.change, Change::LateFee { .. });
        let is_volume = matches!(case.change, Change::Volume(_));
        let fault = match row.state.as_str() {
            "cancelled" => Some(bills_fault("adjusted", format!("账单 {id} 已经作废：{}", row.note))),
            "held" => Some(bills_fault("R-264", format!("账单 {id} 挂起，还没有金额，请先放行再调整"))),
            _ if row.kind == OPENING && !late_fee && !(case.kind == Kind::V4 && is_volume) => Some(bills_fault(
                "R-254",
                format!("账单 {id} 是旧系统带来的欠费，没有明细，不能重算；确实不该收的用 V4，水量改为 0"),
            )),
            _ => match &case.change {
                Change::Price { from, .. } if row.last_day < *from => Some(bills_fault(
                    case.kind.rule(),
                    format!(
                        "账单 {} {id} 用到 {}，在新价的生效日 {from} 之前，不能按新价重算：请去掉这张账单，或改生效日",
                        row.cycle, row.last_day
                    ),
                )),
                Change::Price { .. }
                | Change::Volume(_)
                | Change::VolumeAndReading { .. }
                | Change::LateFee { .. }
                | Change::File(_) => None,
            },
        };
        Ok(fault)
    }

    fn price(
        &self,
        kind: Kind,
        (class, mix, from): (&str, Option<&str>, NaiveDate),
        bills: &[Named],
        effect: &mut AdjustmentEffect,
    ) -> Result<PriceChange, Refusal> {
        let account = self.account;
        let field = if kind == Kind::P1 { "change.mix" } else { "change.class" };
        if kind == Kind::P3 && account.class_confirmed {
            return Err(Refusal::field("R-250", "kind", "这一户的价格类别已经确认，更改请用 P4"));
        }
        if kind == Kind::P4 && !account.class_confirmed {
            return Err(Refusal::field("R-250", "kind", "这一户是新入户，价格类别还没有确认，请用 P3"));
        }
        let new = Pricing { class, mix, confirmed: true, ..tariffs::pricing_of(account) };
        // A bill keeps the price it went out with: the account may have another by now.
        let has = |issued: &BillIssued| issued.class == class && issued.mix.as_deref() == mix;
        let all_have = bills.iter().filter_map(|named| named.issued.as_ref()).all(has);
        if all_have && self.stands_since(&new, from)? {
            return Err(Refusal::field(kind.rule(), field, "调整后的价格与现在相同，不用申请"));
        }
        pricing::shares(self.book, &new, self.day).map_err(|fault| Refusal::field(fault.rule, field, fault.message))?;
        let history = self.tx.scan::<FieldRow>(&[&account.id])?;
        effect.price = Some(PriceSet {
            old_class: account.class.clone(),
            old_confirmed: account.class_confirmed,
            old_mix: account.mix.clone(),
            class: class.to_owned(),
            mix: mix.map(str::to_owned),
            from,
            base: crate::derive::account::amend::base_of(&history, "class"),
        });
        let old = match account.class_confirmed {
            true => price_words(&account.class, account.mix.as_deref()),
            false => "最高价 (未确认)".to_owned(),
        };
        Ok(PriceChange { old, new: price_words(class, mix), from })
    }

    /// Is this the account's price on every day from one on?
    fn stands_since(&self, price: &Pricing<'_>, from: NaiveDate) -> Result<bool, Refusal> {
        let facts = self.tx.billing_facts(self.account.id)?;
        let set = facts.as_ref().map(|facts| Ledger::of(facts).prices).unwrap_or_default();
        let now = tariffs::pricing_of(self.account);
        let days = price_days::split(&now, &set, from.min(self.day), self.day);
        Ok(days.iter().all(|days| days.price.is(price)))
    }

    fn repriced(
        &self,
        case: &Meant,
        bills: Vec<Named>,
        (class, mix, from): (&str, Option<&str>, NaiveDate),
        effect: &mut AdjustmentEffect,
    ) -> Result<Vec<BillPicture>, Refusal> {
        if bills.is_empty() {
            return Ok(Vec::new());
        }
        let price = Pricing { class, mix, confirmed: true, ..tariffs::pricing_of(self.account) };
        let links = Links::read(self.tx, self.account.id, &case.bills)?;
        let rated =
            links.rate(self.book, self.account, false, |rerater, _, again| rerater.with_price(again, &price, from))?;
        self.replaced(&links, bills, rated, effect)
    }

    /// Volumes put right: the later bills of the year take other steps, the readings follow.
    fn remeasured(
        &self,
        case: &Meant,
        bills: Vec<Named>,
        volumes: &[Milli],
        reading: Option<Milli>,
        followed: &mut Followed,
        effect: &mut AdjustmentEffect,
    ) -> Result<Vec<BillPicture>, Refusal> {
        for (named, volume) in bills.iter().zip(volumes) {
            if named.due.bill.volume == *volume {
                let message = format!("账单 {} 的水量本来就是 {volume}，请改正或去掉", named.due.bill.id);
                return Err(Refusal::field("R-254", "change.volume", message));
            }
        }
        let mut links = Links::read(self.tx, self.account.id, &case.bills)?;
        for link in &mut links.list {
            link.volume = link.named.and_then(|at| volumes.get(at)).copied().unwrap_or(link.row.volume);
        }
        let mut rated = links
            .rate(self.book, self.account, true, |rerater, link, again| rerater.with_volume(again, link.volume))?;
        *followed = readings::follow(&links, &mut rated, reading)?;
        if links.measured_anew(self.book, self.account, &followed.readings, &mut rated)? {
            *followed = readings::follow(&links, &mut rated, reading)?;
        }
        effect.readings = std::mem::take(&mut followed.readings);
        links.remember(&mut rated, &effect.readings);
        self.replaced(&links, bills, rated, effect)
    }

    /// Arrears from before this book, which have no lines to be rated again, are taken away whole: their volume becomes nothing.
    fn taken_away(
        &self,
        bills: Vec<Named>,
        volumes: &[Milli],
        effect: &mut AdjustmentEffect,
    ) -> Result<Vec<BillPicture>, Refusal> {
        if volumes.iter().any(|volume| *volume != Milli::ZERO) {
            let text = "旧系统带来的欠费没有明细，不能改成别的水量；确实不该收的，水量改为 0，整笔去掉";
            return Err(Refusal::field("R-254", "change.volume", text));
        }
        let mut pictures = Vec::with_capacity(bills.len());
        for named in bills {
            let row = &named.due.bill;
            if row.kind != OPENING {
                let text = "旧系统带来的欠费和本系统的账单不能一并申请，请分开";
                return Err(Refusal::field("R-264", "bills", text));
            }
            let new = without_arrear(self.account, row);
            let would_be = sides::replacing(row, &new);
            let late = self.late_fee_back(&named.due, &would_be)?;
            let refunded = late.as_ref().map_or(Fen::ZERO, |back| back.refund);
            let earlier = Earlier { charged: named.due.earlier.charged - refunded, ..named.due.earlier };
            pictures.push(BillPicture {
                bill: row.id,
                cycle: row.cycle.clone(),
                old: sides::as_it_is(&named.due, &self.account.class),
                new: sides::as_it_would_be(self.book, self.account, &would_be, earlier, &new.class, self.day),
                lines: Vec::new(),
                waived: Fen::ZERO,
                refunded,
                charged_again: Fen::ZERO,
            });
            effect.replace.push(Replacement { old: row.id, income: Vec::new(), new, late, rule: None });
        }
        Ok(pictures)
    }

    /// Every bill rated again, with its picture.
    fn replaced(
        &self,
        links: &Links,
        mut bills: Vec<Named>,
        rated: Vec<Rated>,
        effect: &mut AdjustmentEffect,
    ) -> Result<Vec<BillPicture>, Refusal> {
        let mut pictures = Vec::with_capacity(rated.len());
        let mut credit = self.balance()?.credit.max(Fen::ZERO);
        for Rated { at, bill: new } in rated {
            let Some(link) = links.list.get(at) else { continue };
            let Some(issued) = &link.issued else { continue };
            let named = match bills.iter().position(|named| named.due.bill.id == link.row.id) {
                Some(place) => bills.swap_remove(place).due,
                None => due::due_of(self.tx, self.book, self.account, link.row.clone(), self.day)?,
            };
            let row = &named.bill;
            let mut would_be = sides::replacing(row, &new);
            let late = self.late_fee_back(&named, &would_be)?;
            let refunded = late.as_ref().map_or(Fen::ZERO, |back| back.refund);
            let (own, days) = self.left_over(row, &would_be, credit)?;
            would_be.unpaid -= own;
            let parts = parts::of(self.tx, self.account.id, row.id)?;
            let carried = parts::carried(&parts, row, new.amount);
            credit += row.amount - row.unpaid - row.prepaid - carried.payments + refunded - own;
            let mut earlier = Earlier { charged: named.earlier.charged - refunded, ..days.unwrap_or(named.earlier) };
            let unpaid = would_be.unpaid;
            let again = self.charged_again(row, &mut would_be, &mut earlier, credit)?;
            let (rule, charged_again) = again.map_or((None, Fen::ZERO), |(rule, sum)| (Some(rule), sum));
            credit -= charged_again - (would_be.unpaid - unpaid);
            pictures.push(BillPicture {
                bill: row.id,
                cycle: row.cycle.clone(),
                old: sides::as_it_is(&named, &issued.class),
                new: sides::as_it_would_be(self.book, self.account, &would_be, earlier, &new.class, self.day),
                lines: sides::pairs(self.book, issued, &new),
                waived: Fen::ZERO,
                refunded,
                charged_again,
            });
            effect.replace.push(Replacement { old: row.id, income: issued.income(), new, late, rule });
        }
        Ok(pictures)
    }

    fn balance(&self) -> Result<Balance, Refusal> {
        let kept = self.tx.get::<BalanceRow>(&[&self.account.id])?;
        let dues = due::due(self.tx, self.book, self.account, self.day)?;
        Ok(Balance {
            owed: dues.iter().map(|due| due.bill.unpaid).sum(),
            late_fee: dues.iter().map(Due::fee).sum(),
            credit: kept.as_ref().map_or(Fen::ZERO, |row| row.credit),
            prepaid: kept.as_ref().map_or(Fen::ZERO, |row| row.prepaid),
        })
    }
}

fn after(before: &Balance, bills: &[BillPicture]) -> Balance {
    let unpaid = |side: &picture::Side| side.amount - side.paid;
    Balance {
        owed: before.owed + bills.iter().map(|bill| unpaid(&bill.new) - unpaid(&bill.old)).sum(),
        late_fee: before.late_fee + bills.iter().map(|bill| bill.new.late_fee - bill.old.late_fee).sum(),
        credit: before.credit + bills.iter().map(BillPicture::over).sum(),
        prepaid: before.prepaid,
    }
}

/// A price in words.
fn price_words(class: &str, mix: Option<&str>) -> String {
    match mix.filter(|_| class == MIXED).map(classes::parse_mix) {
        Some(Ok(shares)) => classes::mix_label(&shares),
        _ => classes::label(class).to_owned(),
    }
}
