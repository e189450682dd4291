//! What a book that is replaced had after the copy that takes its place (恢复, 重建): told by that book or, when it is gone, by the mark.

use std::path::Path;

use super::copies::apart;
use super::own_files::{self, series};
use super::refusal::Refusal;
use super::till::receipt;
use crate::book::append::Head;
use crate::book::clock;
use crate::book::mark::{self, Found, Mark};
use crate::book::seal::Keys;
use crate::exchange::peers;
use crate::rules::id::{Id, Site};
use crate::store::tables::site::SiteHeadRow;
use crate::store::tables::till::receipt as receipt_text;
use crate::store::{Db, OpenOptions, Tx};

/// Receipts looked at one by one, to tell which head office has; more are all counted as not sent.
const MOST_RECEIPTS: i64 = 100_000;

/// What was done after the copy, as the old book or, when that is gone, the mark tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// Entries head office has confirmed: they come back with its next bundle.
    pub confirmed: i64,
    /// Entries nobody else is known to have.
    pub only_here: i64,
    /// Receipts given since, first and last of each life.
    pub receipts: Vec<(String, String)>,
    /// How many receipts those are.
    pub receipt_count: i64,
    /// How many of them head office is not known to have.
    pub to_enter: i64,
    /// When the last entry since was written.
    pub until: Option<String>,
    /// Told by the mark alone, because the old book is gone or cannot be read.
    pub by_mark: bool,
    /// Neither the old book nor a mark could be read.
    pub unknown: bool,
}

impl Since {
    /// What it means, for the person who puts `copy` (副本, 总部的包) in the book's place; a sentence a line.
    pub fn sentences(&self, copy: &str) -> Vec<String> {
        if self.unknown {
            return vec![format!(
                "没有找到原来的库和最高位文件，{copy}之后办过什么无从知道：请按收据存根逐张核对，缺的在收费屏用“补录”(F6) 补上"
            )];
        }
        let (confirmed, only_here) = (self.confirmed, self.only_here);
        if confirmed + only_here == 0 {
            return vec![format!("{copy}之后没有新的凭单")];
        }
        let until = self.until.as_ref().map_or(String::new(), |until| format!(" (最后一张在 {until})"));
        let mut said = vec![match self.by_mark {
            true => format!("{copy}之后至少还有 {only_here} 张凭单{until}，原来的库不在，只有最高位文件知道"),
            false => {
                let whole = confirmed + only_here;
                format!("{copy}之后还有 {whole} 张凭单{until}：总部已收到 {confirmed} 张，下次收进总部的交换包时退回")
            }
        }];
        if only_here > 0 && !self.by_mark {
            said.push(format!(
                "{only_here} 张总部还没有确认，请把没送出的交换包交给总部，原来的数据库不要删 (可用 --db 打开查看)"
            ));
        }
        if self.receipt_count > 0 {
            let spans = self.receipts.iter().map(|(first, last)| match first == last {
                true => first.clone(),
                false => format!("{first} 至 {last}"),
            });
            let spans = spans.collect::<Vec<_>>().join("、");
            said.push(format!("其间开出收据 {} 张：{spans}", self.receipt_count));
            if self.to_enter > 0 {
                said.push(format!(
                    "其中 {} 张不知道总部是否收到：等没送出的交换包都交给总部、收进总部退回的包以后，仍查不到的才按存根逐张补录\
                     (收费屏 F6“补录”，或 do payment.enter_late，paper 填原收据号)，以免记两次",
                    self.to_enter
                ));
            } else {
                said.push("这些收据总部都已收到，会退回来，不要补录".to_owned());
            }
        }
        said
    }
}

/// The book that is replaced, where it can be read.
pub(super) struct Old {
    pub db: Db,
    pub head: Head,
}

impl Old {
    pub fn open(target: &Path) -> Option<Self> {
        let options = OpenOptions { read_only: true, ..apart() };
        let (mut db, _) = Db::open(target, options).ok()?;
        let head = Head::read(&db.read().ok()?).ok()?;
        Some(Self { db, head })
    }

    pub fn epoch(&self) -> i64 {
        self.head.epoch
    }

    pub fn setting(&self, name: &str) -> Option<String> {
        self.db.look().ok()?.setting(name).ok()?
    }
}

/// What the mark beside a book says; without the keys it cannot be proved.
pub(super) fn marked(target: &Path, keys: Option<&Keys>) -> Option<Mark> {
    match keys.map(|keys| mark::read(target, keys)) {
        Some(Found::Sound(mark) | Found::Unkeyed(mark)) => Some(mark),
        Some(Found::Missing | Found::Damaged) => None,
        None => mark::read_unproved(target),
    }
}

/// What was done after the copy.
pub(super) fn since(copy: &Tx<'_>, old: Option<Old>, marked: Option<&Mark>) -> Result<Since, Refusal> {
    let mut since = match &old {
        Some(old) => by_book(copy, old)?,
        None => Since { by_mark: true, unknown: marked.is_none(), ..Since::default() },
    };
    let Some(mark) = marked else { return Ok(since) };
    let head = Head::read(copy)?;
    // The mark may know of more than the old book, when that went back itself.
    let known = match &old {
        Some(old) => old.head.clone(),
        None => head.clone(),
    };
    if !mark.is_ahead_of(&known) {
        return Ok(since);
    }
    let before = if mark.epoch == known.epoch { known.seq } else { 0 };
    since.only_here += (mark.seq - before).max(0);
    let serials = series(&head.site, mark.epoch);
    let counted = match &old {
        Some(old) => receipt::last(&old.db.look()?, &serials)?,
        None => receipt::last(copy, &serials)?,
    };
    if mark.receipts > counted {
        since.receipts.push((receipt_text(&serials, counted + 1), receipt_text(&serials, mark.receipts)));
        since.receipt_count += mark.receipts - counted;
        since.to_enter += mark.receipts - counted;
    }
    if mark.at > 0 {
        since.until = clock::moment_of(mark.at).map(|at| own_files::minute(&at.to_rfc3339()));
    }
    Ok(since)
}

/// Which of this site's entries are in the old book, or known to it, and not in the copy.
fn by_book(copy: &Tx<'_>, book: &Old) -> Result<Since, Refusal> {
    let (old, head) = (book.db.look()?, &book.head);
    let mut since = Since::default();
    let signed = peers::signed_heads(&old, &head.site).unwrap_or_default();
    let office = peers::head_office(&old).ok().flatten();
    for epoch in 1..=head.epoch {
        let Some(chain) = Id::new(&head.site, epoch, 0, 0) else { continue };
        let seq = |tx: &Tx<'_>| tx.chain_last(chain).ok().flatten().map_or(0, |last| last.seq());
        let (was, is) = (seq(&old), seq(copy));
        let of_chain = |row: &&SiteHeadRow| row.chain == head.site.as_str() && row.epoch == epoch;
        let told = match &office {
            Some(office) => old.ack(office.site.as_str(), chain)?.map_or(0, |ack| ack.seq),
            None => 0,
        };
        let confirmed = signed.iter().find(of_chain).map_or(0, |row| row.seq).max(told);
        since.confirmed += (confirmed - is).max(0);
        since.only_here += (was - confirmed.max(is)).max(0);
        if was > is
            && let Some(last) = Id::new(&head.site, epoch, was, 0).map_or(Ok(None), |id| old.entry(id))?
        {
            since.until = Some(own_files::minute(&last.at));
        }
        receipts_of_life(&mut since, &old, copy, &head.site, epoch, confirmed)?;
    }
    Ok(since)
}

/// The receipts of one life that the copy does not know.
fn receipts_of_life(
    since: &mut Since,
    old: &Tx<'_>,
    copy: &Tx<'_>,
    site: &Site,
    epoch: i64,
    confirmed: i64,
) -> Result<(), Refusal> {
    let serials = series(site, epoch);
    let (was, is) = (receipt::last(old, &serials).unwrap_or(0), receipt::last(copy, &serials)?);
    if was <= is {
        return Ok(());
    }
    since.receipts.push((receipt_text(&serials, is + 1), receipt_text(&serials, was)));
    since.receipt_count += was - is;
    for serial in is + 1..=was.min(is + MOST_RECEIPTS) {
        let sent = old.till_of_receipt(&serials, serial).unwrap_or_default().iter().any(|row| {
            let place = row.id.entry();
            place.epoch() == epoch && place.seq() <= confirmed
        });
        since.to_enter += i64::from(!sent);
    }
    since.to_enter += (was - is - MOST_RECEIPTS).max(0);
    Ok(())
}
