//! `verify`: the chains, the ledger, and with `--full` the derived tables against a rebuild of a copy.

use serde::Serialize;

use super::Desk;
use super::copies::{apart, beside};
use super::own_files;
use super::refusal::Refusal;
use super::till;
use crate::book::append::Head;
use crate::book::clock;
use crate::book::mark::{self, Found, Mark};
use crate::book::seal::Sealed;
use crate::book::verify::{self, ChainHead, Fault};
use crate::derive::{Fx, bulk, fork, ledger, parties, rebuild};
use crate::exchange::site_keys::{SiteKeyError, SiteKeys};
use crate::rules::id::Site;
use crate::rules::money::Fen;
use crate::store::entries::EntryRow;
use crate::store::{Db, Tx};

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
    /// What is odd but no fault: entries whose stamps do not rise, or that count nowhere because they are about others than their
    /// payload names. Left out when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Fault>,
}

impl Desk {
    /// Checks the book; `full` also rebuilds a copy and compares.
    pub fn verify(&mut self, full: bool, mut progress: impl FnMut(i64)) -> Result<Verdict, Refusal> {
        bulk::finish(&mut self.db, |_| {})?;
        let tx = self.db.look()?;
        let mut fx = Fx::new(&tx);
        let ask = |row: &EntryRow| parties::question(&mut fx, row);
        let chains = verify::chains_asking(&tx, &mut progress, ask)?;
        drop(fx);
        let balance = ledger::trial_balance(&tx)?;
        let state = hex(&tx.state_hash()?);
        let mut fault = chains.fault;
        if fault.is_none() && balance.total() != Fen::ZERO {
            fault = Some(Fault {
                entry: None,
                message: format!("试算不平：差 {}；请运行 rebuild 重新记账，再用 verify --full 核对", balance.total()),
            });
        }
        if let (None, Some(entry)) = (&fault, balance.unbalanced) {
            fault = Some(Fault {
                entry: Some(entry),
                message: format!("凭单 {entry}：借贷不平；请运行 rebuild 重新记账，再用 verify --full 核对"),
            });
        }
        let plain = |message: String| Fault { entry: None, message };
        if fault.is_none() {
            fault = tx.odd_schema()?.first().map(|odd| plain(odd.sentence()));
        }
        if fault.is_none() {
            fault = rebuild::emptiness_fault(&tx)?.map(plain);
        }
        if fault.is_none() {
            fault = till::sound::fault(&tx)?;
        }
        if fault.is_none() && (full || self.db.is_file()) {
            fault = self.settings_fault(&tx)?.map(plain);
        }
        if full && fault.is_none() && self.db.is_file() {
            fault = self.keys_fault(&tx)?.map(plain);
        }
        if full && fault.is_none() {
            fault = counters_fault(&tx)?.map(plain);
        }
        let mut questions = chains.questions;
        if full && fault.is_none() {
            questions.extend(skipped_receipts(&tx)?.map(plain));
        }
        if full && fault.is_none() {
            fault = rebuild::index_fault(&tx)?
                .map(|message| plain(format!("{message}；请从备份恢复 (restore)，rebuild 不重做对象索引")));
        }
        if full && fault.is_none() {
            fault = self.person_fault(&tx)?.map(plain);
        }
        if full && fault.is_none() && tx.search_differs()? {
            fault =
                Some(plain("检索索引与户档不符：有户按姓名、地址、电话找不到，或找错；请运行 rebuild 重做".to_owned()));
        }
        drop(tx);
        if full && fault.is_none() {
            fault = self.deep_fault(&state)?;
        }
        if full && fault.is_none() && !self.marks {
            self.renew_mark()?;
        }
        let fault = fault.map(with_way_out);
        Ok(Verdict {
            ok: fault.is_none(),
            entries: chains.entries,
            sites: chains.heads,
            state_hash: state,
            trial_balance: balance.total(),
            first_fault: fault,
            questions,
        })
    }

    /// Settings this book stands on: its site and life. Answers the first that is not what the entries say.
    fn settings_fault(&self, tx: &Tx<'_>) -> Result<Option<String>, Refusal> {
        let own = tx.setting("site")?.and_then(|code| Site::parse(&code).ok());
        let Some(own) = own else {
            return Ok(Some("设置里没有网点代码；请从备份恢复 (restore)".to_owned()));
        };
        if tx.own_record()?.is_none() && tx.has_rows("entry")? {
            let message = format!("设置里的网点是 {own}，日记账里却没有 {own} 的启用凭单；请从备份恢复 (restore)");
            return Ok(Some(message));
        }
        let lives = tx.chains()?.into_iter().filter(|chain| chain.site() == own && !chain.is_twin());
        let newest = lives.map(|chain| chain.epoch()).max().unwrap_or(1);
        let life = tx.setting("epoch")?.and_then(|text| text.parse::<i64>().ok());
        if life.is_none_or(|life| life != newest) && !fork::is_aside(tx)? {
            let life = life.map_or("没有".to_owned(), |life| life.to_string());
            let message = format!(
                "设置里的启用号是 {life}，日记账里最新的是 {newest}；有人改过数据库，请从备份恢复 (restore)，以新的启用号继续"
            );
            return Ok(Some(message));
        }
        // The mark knows whose book it was.
        if let Found::Sound(mark) = mark::read(self.db.path(), &self.keys)
            && mark.site != own.as_str()
        {
            let message = format!("设置里的网点是 {own}，最高位文件记的是 {}；请从备份恢复 (restore)", mark.site);
            return Ok(Some(message));
        }
        Ok(None)
    }

    fn keys_fault(&self, tx: &Tx<'_>) -> Result<Option<String>, Refusal> {
        let book = self.db.path();
        if let Err(refusal) = own_files::require_key(tx, &self.keys, book) {
            return Ok(Some(refusal.message()));
        }
        let sealed = tx.any_sealed_id()?.and_then(|text| Sealed::from_text(&text));
        if let Some(sealed) = sealed.filter(|sealed| sealed.key == self.keys.name())
            && self.keys.open_sealed("resident_id", &sealed).is_err()
        {
            let message =
                "密封的证件号打不开：密钥不对或内容被改过；请用 key restore 凭恢复码重做密钥文件，仍打不开请从备份恢复";
            return Ok(Some(message.to_owned()));
        }
        match SiteKeys::open(book, None) {
            Ok(keys) if own_files::is_own_site_key(tx, &keys)? == Some(false) => {
                Ok(Some(own_files::strange_site_key(book)))
            }
            // Keys that are gone are told when the book is opened; its entries are as sound as before.
            Ok(_) | Err(SiteKeyError::Locked | SiteKeyError::Missing(_)) => Ok(None),
            Err(error) => Ok(Some(error.to_string())),
        }
    }

    /// The book is sound and was looked at: a mark that was lost or damaged is made anew, the damaged one set aside.
    fn renew_mark(&mut self) -> Result<(), Refusal> {
        let path = mark::path_of(self.db.path());
        if path.symlink_metadata().is_ok() {
            let aside = beside(&path, &format!(".damaged-{}", self.now().format("%Y%m%d-%H%M%S")));
            let fault = |error: std::io::Error| Refusal::data(crate::text::disk::why(&error));
            std::fs::rename(&path, crate::store::companions::free_name(&aside)).map_err(fault)?;
        }
        self.marks = true;
        let tx = self.db.look()?;
        let mark = Mark::of(&tx, &Head::read(&tx)?)?;
        drop(tx);
        self.note_mark(&mark);
        Ok(())
    }

    /// Rebuilds a copy beside the database and compares table by table; also SQLite's own check.
    fn deep_fault(&mut self, state: &str) -> Result<Option<Fault>, Refusal> {
        if let Some(word) = self.db.integrity()? {
            return Ok(Some(Fault {
                entry: None, message: format!("数据库文件损坏：{word}；请从备份恢复 (restore)")
            }));
        }
        let mut copy = self.db.path().as_os_str().to_owned();
        copy.push(format!(".verify-{}", std::process::id()));
        let copy = std::path::PathBuf::from(copy);
        let outcome = self.compare_with_rebuilt(&copy, state);
        for tail in ["", "-wal", "-shm", "-journal"] {
            let mut name = copy.as_os_str().to_owned();
            name.push(tail);
            let _ = std::fs::remove_file(name);
        }
        outcome
    }

    fn compare_with_rebuilt(&self, copy: &std::path::Path, state: &str) -> Result<Option<Fault>, Refusal> {
        self.db.backup_to(copy)?;
        let (mut rebuilt, _) = Db::open(copy, apart())?;
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

/// Counters of this machine that another tool wrote: the stamp taken from other sites, the receipts of the present life.
fn counters_fault(tx: &Tx<'_>) -> Result<Option<String>, Refusal> {
    if let Some(text) = clock::strange_seen(tx)? {
        let message = format!(
            "设置 hlc_seen 是“{text}”，没有一张凭单是这一刻记的：有人用别的工具改过数据库；请运行 rebuild，程序按最新的凭单改正"
        );
        return Ok(Some(message));
    }
    let head = Head::read(tx)?;
    Ok(till::receipt::fault(tx, &own_files::series(&head.site, head.epoch))?)
}

/// Receipt numbers that no till knows of, though the counter has passed them.
fn skipped_receipts(tx: &Tx<'_>) -> Result<Option<String>, Refusal> {
    let head = Head::read(tx)?;
    let skipped = till::receipt::skipped(tx, &own_files::series(&head.site, head.epoch))?;
    Ok(skipped.map(|(first, last)| {
        format!("收据号 {first} 至 {last} 计数器说已用，班次里没有：请与收据存根核对；存根也没有的是跳号，记下原因即可")
    }))
}

/// A fault with what to do next, where its finder has not said it.
fn with_way_out(fault: Fault) -> Fault {
    let says = ["请", "restore", "rebuild"].iter().any(|word| fault.message.contains(word));
    let way = "。日记账本身坏了或被改过：请停止记账，从备份恢复 (restore)，并查明原因";
    match fault.entry {
        _ if says => fault,
        _ => Fault { message: format!("{}{way}", fault.message), ..fault },
    }
}

/// Bytes as hex.
pub fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}
