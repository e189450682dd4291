//! What must hold of a book after every step, and of a whole book after a restore and in the end.

use std::collections::{BTreeMap, BTreeSet};

use meterdesk::book::subject::{self, Kind, Subject};
use meterdesk::book::verify;
use meterdesk::derive::account::payment::PaymentTaken;
use meterdesk::derive::ledger::{Legs, account, trial_balance};
use meterdesk::derive::{bulk, rebuild, refolded};
use meterdesk::desk::Desk;
use meterdesk::desk::till;
use meterdesk::rules::id::Id;
use meterdesk::rules::money::Fen;
use meterdesk::store::entries::{EntryRow, SubjectRow};
use meterdesk::store::{StoreError, Tx};

/// What is wrong, or the store's own fault.
pub type Wrong = Result<Option<String>, StoreError>;

/// Whom an entry is about.
pub fn subjects(entry: &EntryRow) -> BTreeSet<Subject> {
    subject::read(&entry.subjects, entry.id).unwrap_or_default().into_iter().flatten().collect()
}

/// The ledger adds up to zero, and so does every entry.
pub fn ledger(desk: &Desk) -> Wrong {
    let balance = trial_balance(&desk.look()?)?;
    if balance.total() != Fen::ZERO {
        return Ok(Some(format!("the ledger is off by {}", balance.total())));
    }
    Ok(balance.unbalanced.map(|id| format!("entry {id} does not balance")))
}

/// These subjects are what folding all of their entries again gives.
pub fn refold(desk: &mut Desk, touched: &BTreeSet<Subject>) -> Wrong {
    for one in touched {
        // A fresh transaction each, let go of without commit.
        let tx = desk.db_mut().write()?;
        if let Some(table) = refolded::fault(&tx, one.kind, one.id)? {
            return Ok(Some(format!("{} {} differs from its fold in {table}", one.kind.letter(), one.id)));
        }
    }
    Ok(None)
}

/// Chains, till, index, and a full rebuild compared.
pub fn whole(desk: &mut Desk) -> Wrong {
    bulk::finish(desk.db_mut(), |_| {})?;
    {
        let tx = desk.look()?;
        if let Some(fault) = verify::chains(&tx, |_| {})?.fault {
            return Ok(Some(format!("chains: {}", fault.message)));
        }
        if let Some(fault) = till::sound::fault(&tx)? {
            return Ok(Some(format!("till: {}", fault.message)));
        }
        if let Some(fault) = rebuild::index_fault(&tx)? {
            return Ok(Some(format!("index: {fault}")));
        }
    }
    let before = tables(desk)?;
    let tx = desk.db_mut().write()?;
    rebuild::all(&tx)?;
    for (table, hash) in &before {
        if tx.table_hash(table)? != *hash {
            return Ok(Some(format!("a rebuild differs in {table}")));
        }
    }
    Ok(None)
}

/// Hash of every derived table.
pub fn tables(desk: &Desk) -> Result<BTreeMap<String, [u8; 32]>, StoreError> {
    let tx = desk.look()?;
    tx.derived_tables()?.into_iter().map(|table| Ok((table.clone(), tx.table_hash(&table)?))).collect()
}

/// Tables in which two books differ.
pub fn differing(left: &Desk, right: &Desk) -> Result<Vec<String>, StoreError> {
    let right = tables(right)?;
    Ok(tables(left)?
        .into_iter()
        .filter(|(table, hash)| right.get(table) != Some(hash))
        .map(|(table, _)| table)
        .collect())
}

/// Entries only one of two books holds, in words.
pub fn entries_apart(here: &Desk, office: &Desk) -> Result<String, StoreError> {
    let names = |desk: &Desk| {
        let entries = desk.look()?.entries_after(Id(0), i64::MAX)?;
        Ok::<BTreeSet<String>, StoreError>(entries.iter().map(|entry| entry.id.to_string()).collect())
    };
    let (here, office) = (names(here)?, names(office)?);
    let only = |left: &BTreeSet<String>, right: &BTreeSet<String>| {
        left.difference(right).take(20).cloned().collect::<Vec<_>>().join(" ")
    };
    Ok(format!("only here: {}; only at head office: {}", only(&here, &office), only(&office, &here)))
}

/// Do two books hold the same entries?
pub fn same_entries(here: &Desk, office: &Desk) -> Result<bool, StoreError> {
    let held = |desk: &Desk| {
        let entries = desk.look()?.entries_after(Id(0), i64::MAX)?;
        Ok::<BTreeSet<[u8; 32]>, StoreError>(entries.into_iter().map(|entry| entry.hash).collect())
    };
    Ok(held(here)? == held(office)?)
}

/// In what two books with the same entries differ besides: names of entries, parts in the subject index.
pub fn named_apart(here: &Desk, office: &Desk) -> Result<String, StoreError> {
    let names = |desk: &Desk| {
        let entries = desk.look()?.entries_after(Id(0), i64::MAX)?;
        Ok::<BTreeMap<[u8; 32], Id>, StoreError>(entries.into_iter().map(|entry| (entry.hash, entry.id)).collect())
    };
    let (left, right) = (names(here)?, names(office)?);
    let apart =
        left.iter().filter_map(|(hash, id)| right.get(hash).filter(|there| *there != id).map(|there| (id, there)));
    let apart: Vec<String> = apart.take(8).map(|(here, there)| format!("{here} is {there}")).collect();
    let parts = |desk: &Desk| {
        let mut found = BTreeSet::new();
        desk.look()?.walk_subjects(|row| {
            found.insert((row.kind.clone(), row.subject, row.hlc, row.id));
            Ok(true)
        })?;
        Ok::<_, StoreError>(found)
    };
    let (left, right) = (parts(here)?, parts(office)?);
    let only = |left: &BTreeSet<_>, right: &BTreeSet<_>| left.difference(right).take(8).cloned().collect::<Vec<_>>();
    Ok(format!("names {apart:?}; parts only here {:?}, only there {:?}", only(&left, &right), only(&right, &left)))
}

/// Every payment at a till stands in the ledger with what was taken in, those of a fork's second branch too.
pub fn money(desk: &Desk) -> Wrong {
    const IN: [&str; 4] = [account::CASH, account::BANK, account::CHEQUE, account::TICKET];
    let tx = desk.look()?;
    let mut posted: BTreeMap<Id, Fen> = BTreeMap::new();
    tx.walk_postings(|id, text| {
        for (account, amount) in Legs::parse(text).unwrap_or_default().iter() {
            if IN.contains(&account) {
                *posted.entry(id.entry()).or_default() += amount;
            }
        }
    })?;
    for entry in tx.entries_after(Id(0), i64::MAX)? {
        if entry.action != "payment.take" || bulk::is_bulk(&entry.payload) {
            continue;
        }
        let Ok(body) = serde_json::from_str::<PaymentTaken>(&entry.payload) else {
            return Ok(Some(format!("payment {} cannot be read", entry.id)));
        };
        let found = posted.get(&entry.id).copied().unwrap_or(Fen::ZERO);
        if found != body.amount {
            return Ok(Some(format!("payment {} of {} is posted as {found}", entry.id, body.amount)));
        }
    }
    Ok(None)
}

/// Accounts, orders, requests and slips that two books both should know whole: the first that differs. A subject of which one of them
/// holds entries nobody can give the other any more, `lost` by the places their authors knew, is passed over.
pub fn same_subjects(left: &Desk, right: &Desk, subjects: &BTreeSet<Subject>, lost: &BTreeSet<Id>) -> Wrong {
    let (left, right) = (left.look()?, right.look()?);
    for one in subjects {
        let followed = matches!(one.kind, Kind::Account | Kind::Order | Kind::Request | Kind::Slip);
        let table = if followed { refolded::difference(&left, &right, one.kind, one.id)? } else { None };
        let Some(table) = table else { continue };
        let parts = |tx: &Tx<'_>| {
            let rows = tx.scan::<SubjectRow>(&[&one.kind.letter(), &one.id])?;
            Ok::<BTreeSet<(Id, i64)>, StoreError>(rows.iter().map(|row| (row.id, row.hlc)).collect())
        };
        let (here, there) = (parts(&left)?, parts(&right)?);
        let only_here: Vec<_> = here.difference(&there).collect();
        let only_there: Vec<_> = there.difference(&here).collect();
        if only_there.is_empty()
            && !only_here.is_empty()
            && only_here.iter().all(|(id, _)| lost.contains(&id.entry().main()))
        {
            continue;
        }
        let (letter, id) = (one.kind.letter(), one.id);
        return Ok(Some(format!(
            "{letter} {id} differs from head office in {table}; only here {only_here:?}, only there {only_there:?}"
        )));
    }
    Ok(None)
}
