//! `verify`: the chains, the ledger, and with `--full` the derived tables against a rebuild of a copy.

use serde::Serialize;

use super::Desk;
use super::refusal::Refusal;
use super::till;
use crate::book::verify::{self, ChainHead, Fault};
use crate::derive::{bulk, ledger, rebuild};
use crate::rules::money::Fen;
use crate::store::{Db, OpenOptions};

/// What `verify` answers.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// Everything sound?
    pub ok: bool,
    /// Entries held.
    pub entries: i64,
    /// Every chain with its head.
    pub sites: Vec<ChainHead>,
    /// Hash over all derived tables.
    pub state_hash: String,
    /// Sum over the ledger.
    pub trial_balance: Fen,
    /// The first broken place.
    pub first_fault: Option<Fault>,
}

impl Desk {
    /// Checks the book; `full` also rebuilds a copy and compares.
    pub fn verify(&mut self, full: bool, mut progress: impl FnMut(i64)) -> Result<Verdict, Refusal> {
        bulk::finish(&mut self.db, |_| {})?;
        let tx = self.db.read()?;
        let chains = verify::chains(&tx, &mut progress)?;
        let balance = ledger::trial_balance(&tx)?;
        let state = hex(&tx.state_hash()?);
        let mut fault = chains.fault;
        if fault.is_none() && balance.total() != Fen::ZERO {
            fault = Some(Fault { entry: None, message: format!("试算不平：差 {}", balance.total()) });
        }
        if let (None, Some(entry)) = (&fault, balance.unbalanced) {
            fault = Some(Fault { entry: Some(entry), message: format!("凭单 {entry}：借贷不平") });
        }
        if fault.is_none() {
            fault = till::sound::fault(&tx)?;
        }
        if full && fault.is_none() {
            fault = rebuild::index_fault(&tx)?.map(|message| Fault { entry: None, message });
        }
        drop(tx);
        if full && fault.is_none() {
            fault = self.deep_fault(&state)?;
        }
        Ok(Verdict {
            ok: fault.is_none(),
            entries: chains.entries,
            sites: chains.heads,
            state_hash: state,
            trial_balance: balance.total(),
            first_fault: fault,
        })
    }

    /// Rebuilds a copy beside the database and compares table by table; also SQLite's own check.
    fn deep_fault(&mut self, state: &str) -> Result<Option<Fault>, Refusal> {
        if let Some(word) = self.db.integrity()? {
            return Ok(Some(Fault { entry: None, message: format!("数据库文件损坏：{word}") }));
        }
        let mut copy = self.db.path().as_os_str().to_owned();
        copy.push(format!(".verify-{}", std::process::id()));
        let copy = std::path::PathBuf::from(copy);
        let outcome = self.compare_with_rebuilt(&copy, state);
        for tail in ["", "-wal", "-shm"] {
            let mut name = copy.as_os_str().to_owned();
            name.push(tail);
            let _ = std::fs::remove_file(name);
        }
        outcome
    }

    fn compare_with_rebuilt(&self, copy: &std::path::Path, state: &str) -> Result<Option<Fault>, Refusal> {
        self.db.backup_to(copy)?;
        let (mut rebuilt, _) = Db::open(copy, OpenOptions::default())?;
        rebuild::rebuild(&mut rebuilt, |_| {})?;
        let (mine, theirs) = (self.db.look()?, rebuilt.look()?);
        if hex(&theirs.state_hash()?) == state {
            return Ok(None);
        }
        for table in mine.derived_tables()? {
            if mine.table_hash(&table)? != theirs.table_hash(&table)? {
                return Ok(Some(Fault {
                    entry: None,
                    message: format!("{table} 与重新记账的结果不同，请运行 rebuild"),
                }));
            }
        }
        Ok(Some(Fault { entry: None, message: "与重新记账的结果不同，请运行 rebuild".into() }))
    }
}

/// Bytes as hex.
pub fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}
