//! Postings (分录): double entry over the subjects of one entry. Legs of all subjects of an entry add up to zero (I-3).

use std::collections::BTreeMap;

use crate::book::subject::Kind;
use crate::rules::money::Fen;
use crate::store::tables::base::PostingRow;
use crate::store::{StoreError, Tx};

use super::{Event, Fx};

/// Ledger accounts (科目). Debit is plus.
pub mod account {
    /// 应收.
    pub const RECEIVABLE: &str = "receivable";
    /// Cash of a shift.
    pub const CASH: &str = "cash";
    /// Cheques of a shift.
    pub const CHEQUE: &str = "cheque";
    /// Tickets.
    pub const TICKET: &str = "ticket";
    /// Bank cards and transfers on their way.
    pub const BANK: &str = "bank_in_transit";
    /// Paid in to the bank or finance.
    pub const PAID_IN: &str = "paid_in";
    /// 押金.
    pub const DEPOSIT: &str = "deposit";
    /// 预存.
    pub const PREPAID: &str = "prepaid";
    /// Money of the customer that no bill took.
    pub const CREDIT: &str = "credit";
    /// 滞纳金 income.
    pub const LATE_FEE: &str = "late_fee";
    /// 减免.
    pub const WAIVER: &str = "waiver";
    /// Service fees.
    pub const FEE: &str = "fee";
    /// 应收业务费: charges of cases that nobody has paid yet.
    pub const CHARGE: &str = "charge";
    /// Money taken for a charge that is to be given back: paid twice, or the case was voided.
    pub const REFUNDABLE: &str = "refundable";
    /// Opening balances from the old system.
    pub const OPENING: &str = "opening";
    /// 备用金 and counted cash between shifts.
    pub const TILL: &str = "till";
    /// Over or short of a till.
    pub const OVER_SHORT: &str = "over_short";
    /// Not yet explained.
    pub const SUSPENSE: &str = "suspense";

    /// Income of one component of a price, `income.water`. A blank would end the name where legs are stored.
    pub fn income(component: &str) -> String {
        format!("income.{}", component.replace(' ', "_"))
    }
}

/// Collects legs of one entry on one subject.
#[derive(Default, Debug, Clone)]
pub struct Legs(BTreeMap<String, i64>);

impl Legs {
    /// Adds to an account; credit is minus.
    pub fn add(&mut self, account: &str, amount: Fen) -> &mut Self {
        if amount != Fen::ZERO {
            *self.0.entry(account.to_owned()).or_default() += amount.0;
        }
        self
    }

    /// Sum over all legs.
    pub fn sum(&self) -> Fen {
        Fen(self.0.values().sum())
    }

    /// As it is stored.
    pub fn text(&self) -> String {
        let legs = self.0.iter().filter(|(_, fen)| **fen != 0).map(|(account, fen)| format!("{account}:{fen}"));
        legs.collect::<Vec<_>>().join(" ")
    }

    /// Reads what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        let mut legs = Self::default();
        for leg in text.split(' ').filter(|leg| !leg.is_empty()) {
            let (account, fen) = leg.rsplit_once(':')?;
            legs.add(account, Fen(fen.parse().ok()?));
        }
        Some(legs)
    }

    /// Each account with its sum.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Fen)> {
        self.0.iter().map(|(account, fen)| (account.as_str(), Fen(*fen)))
    }

    /// Stores the legs of an event.
    pub fn post(&self, fx: &Fx<'_, '_>, kind: Kind, event: &Event<'_>) -> Result<(), StoreError> {
        let legs = self.text();
        if legs.is_empty() {
            return Ok(());
        }
        fx.tx.add(&PostingRow { kind: kind.letter().to_owned(), subject: event.subject, id: event.id, legs })
    }
}

impl Legs {
    /// Stores legs beside those the event has stored already.
    pub fn post_more(mut self, fx: &Fx<'_, '_>, kind: Kind, event: &Event<'_>) -> Result<(), StoreError> {
        let letter = kind.letter().to_owned();
        let known = fx.tx.get::<PostingRow>(&[&letter, &event.subject, &event.id])?;
        for (account, amount) in known.as_ref().and_then(|row| Self::parse(&row.legs)).unwrap_or_default().iter() {
            self.add(account, amount);
        }
        if known.is_some() {
            fx.tx.delete::<PostingRow>(&[&letter, &event.subject, &event.id])?;
        }
        self.post(fx, kind, event)
    }
}

/// The trial balance: what every account stands at, and the first entry whose legs do not add up to zero.
#[derive(Debug, Default)]
pub struct TrialBalance {
    /// Sum by account.
    pub accounts: BTreeMap<String, Fen>,
    /// The first entry that does not balance.
    pub unbalanced: Option<crate::rules::id::Id>,
}

impl TrialBalance {
    /// Sum over all accounts; zero in a sound book.
    pub fn total(&self) -> Fen {
        self.accounts.values().copied().sum()
    }
}

/// Adds up every posting; those of entries that wait for an upgrade are left out.
pub fn trial_balance(tx: &Tx<'_>) -> Result<TrialBalance, StoreError> {
    let mut balance = TrialBalance::default();
    let mut open: std::collections::HashMap<i64, i64> = std::collections::HashMap::new();
    let mut broken = None;
    // An entry of which one subject waits for an upgrade, or cannot read it, has posted only the legs of the others.
    let paused = tx.paused_places()?;
    tx.walk_postings(|id, text| {
        if paused.contains(&id.0) {
            return;
        }
        let Some(legs) = Legs::parse(text) else {
            broken = broken.or(Some(id));
            return;
        };
        for (account, fen) in legs.iter() {
            *balance.accounts.entry(account.to_owned()).or_default() += fen;
        }
        let sum = open.entry(id.0).or_default();
        *sum += legs.sum().0;
        if *sum == 0 {
            open.remove(&id.0);
        }
    })?;
    let odd = open.into_iter().filter(|(_, sum)| *sum != 0).map(|(id, _)| crate::rules::id::Id(id)).min();
    balance.unbalanced = [broken, odd].into_iter().flatten().min();
    Ok(balance)
}
