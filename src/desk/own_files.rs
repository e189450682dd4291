//! The files beside a book, held against it when it is opened: is the key file this book's, are the site's keys, does the high-water
//! mark stand, how many lives are left. Each oddity is told with its way out.

use std::path::Path;

use super::refusal::Refusal;
use crate::book::append::Head;
use crate::book::mark::{self, Found, Mark};
use crate::book::seal::{self, Keys};
use crate::derive::site::SiteOpened;
use crate::exchange::peers;
use crate::exchange::site_keys::{self, SiteKeys};
use crate::rules::id::{Id, LIVES, Site};
use crate::store::{StoreError, Tx};

/// Setting: name of the data key this book seals with.
pub const DATA_KEY: &str = "key";
/// Setting: name of a pair of site keys that was made for this book.
pub const SITE_KEY: &str = "site_key";
/// Setting: this book's marks are keyed; one without a key is none of them.
pub const KEYED_MARK: &str = "mark_keyed";

/// Lives a site has in all.
pub const MOST_LIVES: i64 = LIVES - 1;
/// From this life on the desk says how many are left.
const FEW_LIVES: i64 = 20;

/// Refuses to go on with the data key of another book: what it sealed could never be opened with this book's own.
pub fn require_key(tx: &Tx<'_>, keys: &Keys, book: &Path) -> Result<(), Refusal> {
    let Some(own) = tx.setting(DATA_KEY)?.filter(|own| own != keys.name()) else { return Ok(()) };
    let (file, have) = (seal::path_of(book), keys.name());
    Err(Refusal::data(format!(
        "密钥文件 {} 是另一个库的 (密钥 {have}，本库用 {own})，没有打开本库。请把它移到别处，放回本库自己的密钥文件；\
         找不到时用首次启用时的恢复码重做 (key restore)",
        file.display()
    )))
}

/// Is a site key file this book's own? None when that cannot be told: a book of before notes none.
pub fn is_own_site_key(tx: &Tx<'_>, keys: &SiteKeys) -> Result<Option<bool>, StoreError> {
    let names: Vec<String> = keys.all_public().iter().map(|public| public.name()).collect();
    if let Some(own) = tx.setting(SITE_KEY)?.filter(|own| !own.is_empty()) {
        return Ok(Some(names.contains(&own)));
    }
    let first = match tx.setting("site")?.and_then(|code| Site::parse(&code).ok()) {
        Some(site) => first_words(tx, &site)?.and_then(|opened| opened.keys),
        None => None,
    };
    let enrolled = peers::own_enrolment(tx)?.map(|row| row.sign);
    let known = first.is_some_and(|first| names.contains(&first.name()))
        || enrolled.is_some_and(|sign| keys.all_public().iter().any(|public| public.sign == sign));
    Ok(known.then_some(true))
}

/// What is wrong with a site key file that is another book's, and the way out.
pub fn strange_site_key(book: &Path) -> String {
    format!(
        "网点密钥文件 {} 是另一个库的，交换包不能用它签：别的网点都不会收。请放回本网点自己的；\
         找不到时把它移到别处，用 site keys 另做，再请总部重新登记 (site enrol)",
        site_keys::path_of(book).display()
    )
}

/// What to do when the site's keys are gone that were made for this book; none where none were.
pub fn lost_site_key(tx: &Tx<'_>, book: &Path) -> Result<Option<String>, StoreError> {
    let made = tx.setting(SITE_KEY)?.is_some_and(|own| !own.is_empty());
    Ok(made.then(|| {
        format!(
            "网点密钥文件 {} 不在了，交换包签不了也收不了。请放回另抄的那份；找不到时用 site keys 另做，再请总部重新登记 (site enrol)",
            site_keys::path_of(book).display()
        )
    }))
}

/// The body of the first entry of a site, by which its book is known.
pub fn first_words(tx: &Tx<'_>, site: &Site) -> Result<Option<SiteOpened>, StoreError> {
    let first = Id::new(site, 1, 1, 0).map_or(Ok(None), |id| tx.entry(id))?;
    Ok(first.and_then(|entry| serde_json::from_str(&entry.payload).ok()))
}

/// How the mark beside a book stands.
pub struct MarkState {
    /// How far it says the book came; none when it cannot be believed.
    pub mark: Option<Mark>,
    /// May it be written over? Not one that is lost or damaged, before the book was looked at.
    pub writes: bool,
    /// What is wrong with it.
    pub notice: Option<String>,
}

/// Reads the mark beside a book.
pub fn mark_state(tx: &Tx<'_>, keys: &Keys, book: &Path) -> Result<MarkState, Refusal> {
    let keyed = tx.setting(KEYED_MARK)?.is_some();
    let what = match mark::read(book, keys) {
        Found::Sound(mark) => return Ok(MarkState { mark: Some(mark), writes: true, notice: None }),
        Found::Unkeyed(mark) if !keyed => return Ok(MarkState { mark: Some(mark), writes: true, notice: None }),
        Found::Missing => "不在了",
        Found::Unkeyed(_) | Found::Damaged => "读不懂，或是另一个库的",
    };
    let head = Head::read(tx)?;
    let last = tx.head(&head.site, head.epoch)?.map_or(String::new(), |row| format!(" ({})", minute(&row.at)));
    let receipts = Mark::of(tx, &head)?.receipts;
    let receipt = match receipts {
        0 => String::new(),
        serial => {
            format!("、最后一张收据 {}", crate::store::tables::till::receipt(&series(&head.site, head.epoch), serial))
        }
    };
    let notice = format!(
        "最高位文件 {} {what}：若有人换过旧库，程序认不出来。请核对最后一张凭单 {}.{}.{}{last}{receipt} 是否就是最近办的，\
         是则运行 verify --full，核对无误后会重写这个文件",
        mark::path_of(book).display(),
        head.site,
        head.epoch,
        head.seq
    );
    Ok(MarkState { mark: None, writes: false, notice: Some(notice) })
}

/// The receipts of a life: `B03-1`.
pub fn series(site: &Site, epoch: i64) -> String {
    format!("{site}-{epoch}")
}

/// `2026-11-28 12:03` of a moment as it stands in an entry.
pub fn minute(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}

/// How many lives are used, once few are left.
pub fn lives_notice(epoch: i64) -> Option<String> {
    let left = MOST_LIVES - epoch;
    (epoch >= FEW_LIVES).then(|| {
        let way = "请查明为什么常要恢复；用完后本网点要换一个网点代码继续，请先照 README“启用号用完”准备";
        match left {
            ..=0 => format!("本网点在用最后一个启用号 (第 {epoch} 个)，不能再恢复备份；{way}"),
            _ => format!(
                "本网点已用到第 {epoch} 个启用号，最多 {MOST_LIVES} 个，还剩 {left} 个；每恢复一次用一个。{way}"
            ),
        }
    })
}

/// Why no further life can begin, and the way on.
pub fn no_life_left(site: &Site) -> Refusal {
    Refusal::rule(
        "lives",
        format!(
            "网点 {site} 的 {MOST_LIVES} 个启用号都用完了，不能再从备份恢复。出路：本网点换新代码 {site}A 继续 (在新位置 \
             init --site {site}A，总部收齐交换包后 site revoke {site}、site enrol 登记、exchange out --for {site}A --whole，这里收进后 \
             site succeed {site})，步骤见 README“启用号用完”"
        ),
    )
}
