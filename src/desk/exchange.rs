//! The nightly exchange as a branch or a head office does it: bundles out into a folder, bundles in from one, and how far both sides
//! are. Nobody need be logged in: who may read the database and its keys is the machine's owner, and no business is done here.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, Write};
use std::path::Path;

use serde::Serialize;

use super::Desk;
use super::refusal::Refusal;
use crate::book::append::Head;
use crate::book::mark::Mark;
use crate::derive::system::begin_life;
use crate::exchange::chains;
use crate::exchange::envelope::Written;
use crate::exchange::error::ExchangeError;
use crate::exchange::header::Header;
use crate::exchange::peers::{self, Peer};
use crate::exchange::secret;
use crate::exchange::send::{self, Sender, Stand};
use crate::exchange::take::{self, Fate, OwnFork, Taken, Taker};
use crate::rules::id::{Id, LIVES};
use crate::store::Tx;
use crate::store::tables::exchange::{AckRow, PeerRow};

/// One bundle, as `exchange` answers it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BundleLine {
    /// The file's name.
    pub file: String,
    /// Who sent it.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// The sender's life.
    pub life: i64,
    /// The sender's number.
    pub number: i64,
    /// Entries in it.
    pub entries: i64,
    /// Entries that were new here.
    pub new: i64,
    /// Waits for a bundle before it: why.
    pub held: Option<String>,
    /// Was not taken: why.
    pub refused: Option<String>,
    /// Was taken, but for a part of it: what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<String>,
}

/// How bundles are taken in.
#[derive(Clone, Copy, Debug, Default)]
pub struct TakeIn<'a> {
    /// Where files that were dealt with go.
    pub move_to: Option<&'a Path>,
}

/// How bundles are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteOut<'a> {
    /// Only for this site.
    pub only: Option<&'a str>,
    /// From the first entry on, whatever was acknowledged, for a machine that is made anew.
    pub whole: bool,
    /// What this book wrote for the same site into the folder before goes: the new bundles hold all of it.
    pub replace: bool,
}

/// How far another site has confirmed one of our chains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmed {
    /// Who confirmed.
    pub by: String,
    /// Whose chain.
    pub site: String,
    /// Which life.
    pub epoch: i64,
    /// Up to which entry.
    pub seq: i64,
    /// That entry's hash.
    pub head: String,
    /// When it said so.
    pub at: String,
}

/// What an `exchange` command answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Bundles written, read or known.
    pub bundles: Vec<BundleLine>,
    /// What the other side has confirmed.
    pub acknowledged: Vec<Confirmed>,
    /// Open exceptions.
    pub exceptions: i64,
    /// What waits to be sent, site by site (`status`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// What the person must know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
}

/// What waits for one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The site.
    pub site: String,
    /// Entries it has not acknowledged.
    pub entries: i64,
    /// When a bundle was last written for it.
    pub sent_at: String,
    /// When a bundle of its was last taken in.
    pub taken_at: String,
    /// Life and number of that bundle: reports of that site are complete to here.
    pub complete_to: String,
}

impl Answer {
    /// Was something refused or held, or a part of a bundle dropped?
    pub fn leaves_work(&self) -> bool {
        let left = |line: &BundleLine| line.held.is_some() || line.refused.is_some() || line.dropped.is_some();
        self.bundles.iter().any(left)
    }
}

impl From<ExchangeError> for Refusal {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Store(error) => error.into(),
            ExchangeError::NoPeer(_) => Self::usage(error.to_string()),
            ExchangeError::Locked => Self::busy("exchange", error.to_string()),
            error if error.is_of_the_bundle() => Self::rule("exchange", error.to_string()),
            error => Self::data(error.to_string()),
        }
    }
}

impl Desk {
    /// Whom this site exchanges with: a branch with its head office, a head office with every branch it has enrolled.
    pub fn peers(&self) -> Result<Vec<Peer>, Refusal> {
        let tx = self.look()?;
        if peers::is_head_office(&tx)? {
            return Ok(peers::enrolled(&tx)?.into_iter().filter(|peer| !peer.revoked).collect());
        }
        Ok(peers::head_office(&tx)?.into_iter().collect())
    }

    pub(super) fn peers_or_say(&self) -> Result<Vec<Peer>, Refusal> {
        let peers = self.peers()?;
        if !peers.is_empty() {
            return Ok(peers);
        }
        let head_office = peers::is_head_office(&self.look()?)?;
        Err(ExchangeError::NoPeer(if head_office {
            "还没有登记任何网点，请先用 site enrol 登记网点卡"
        } else {
            "还没有登记总部，请先用 site trust 登记总部的网点卡"
        })
        .into())
    }

    /// Begins an export: what is the same for all its peers is found out once.
    pub(super) fn begin_export(&mut self, peers: &[Peer]) -> Result<Stand, Refusal> {
        Ok(send::begin(&mut self.db, &self.site, peers)?)
    }

    /// Writes everything a peer has not acknowledged, bundle by bundle.
    pub fn send_bundles<F: Read + Write + Seek>(
        &mut self,
        peer: &Peer,
        full: u64,
        place: impl FnMut(&Header) -> Result<F, ExchangeError>,
        keep: impl FnMut(F, &Written) -> Result<(), ExchangeError>,
        progress: impl FnMut(i64, i64),
    ) -> Result<Vec<send::Sent>, Refusal> {
        let stand = self.begin_export(std::slice::from_ref(peer))?;
        self.send_begun(&stand, peer, full, place, keep, progress)
    }

    /// The same for one peer of an export that has begun.
    pub(super) fn send_begun<F: Read + Write + Seek>(
        &mut self,
        stand: &Stand,
        peer: &Peer,
        full: u64,
        place: impl FnMut(&Header) -> Result<F, ExchangeError>,
        keep: impl FnMut(F, &Written) -> Result<(), ExchangeError>,
        progress: impl FnMut(i64, i64),
    ) -> Result<Vec<send::Sent>, Refusal> {
        let secret = secret::company_secret_for(&self.keys, peer);
        let keys = self.site_keys()?;
        let sender = Sender {
            site: &self.site,
            keys: &keys,
            practice: self.practice,
            now: self.clock.now(),
            secret: Some(&secret),
            full,
        };
        Ok(send::send(&mut self.db, &sender, peer, stand, place, keep, progress)?)
    }

    /// Sends a peer everything again, whatever it has acknowledged.
    pub fn forget_acknowledgements(&mut self, peer: &Peer) -> Result<(), Refusal> {
        let tx = self.db.write()?;
        let site = peer.site.as_str();
        tx.forget_acks(site)?;
        let row = tx.peer_row(site)?;
        tx.put(&PeerRow { told_life: 0, told: 0, ..row })?;
        Ok(tx.commit()?)
    }

    /// Takes a bundle in. `spooled` names its copy, with which an interrupted import goes on. What follows from it is
    /// [`Desk::after_taking`]'s.
    pub fn take_bundle<R: Read + Seek>(
        &mut self,
        source: R,
        shown: &str,
        spooled: Option<&str>,
        progress: impl FnMut(i64, i64),
    ) -> Result<Taken, ExchangeError> {
        let keys = self.site_keys().map_err(|refusal| ExchangeError::Book(refusal.message()))?;
        let taker = Taker { site: &self.site, keys: &keys, practice: self.practice, now: self.clock.now(), spooled };
        take::take(&mut self.db, &taker, source, shown, progress)
    }

    /// What follows from bundles taken in: keys handed over, people found again, and whether this book is an older copy or forked.
    pub fn after_taking(&mut self, news: News) -> Result<Vec<String>, Refusal> {
        for (from, secret) in news.secrets {
            let peer = peers::peer(&self.look()?, &from)?;
            if let Some(peer) = peer {
                self.take_over_secret(&peer, &secret)?;
            }
        }
        if news.fresh > 0 {
            self.hash_people(|_| {})?;
        }
        let mut notices = news.notices;
        notices.extend(self.find_out_about_ourselves()?);
        self.db.checkpoint_when_large()?;
        self.refresh_mark()?;
        Ok(notices)
    }

    /// Head office has confirmed more of our present life than we hold: this is an older copy that nobody told so. It goes on in a
    /// new life; what is missing comes back from head office.
    fn find_out_about_ourselves(&mut self) -> Result<Vec<String>, Refusal> {
        let now = self.now();
        let tx = self.db.write()?;
        let head = Head::read(&tx)?;
        if super::frozen::why(&tx, &self.site)?.is_some() {
            return Ok(Vec::new()); // a fork is no older copy: what to do is for head office to say
        }
        if peers::is_head_office(&tx)? {
            return Ok(Vec::new()); // nobody knows more of it than itself
        }
        let known = known_elsewhere(&tx, &head)?;
        let Some((life, seq)) = known.filter(|known| *known > (head.epoch, head.seq)) else { return Ok(Vec::new()) };
        if life + 1 >= LIVES {
            return Ok(vec![format!("总部说已收到本网点启用号 {life} 的凭单，启用号已用完；请与总部核实")]);
        }
        let (epoch, after) = begin_life(&tx, "older_copy", life, now)?;
        tx.commit()?;
        Ok(vec![format!(
            "数据库是较早的副本 (总部已收到 {life}.{seq}，本库只到 {after})，已换启用号 {epoch} 继续；缺少的单据由总部退回"
        )])
    }

    fn refresh_mark(&self) -> Result<(), Refusal> {
        let tx = self.look()?;
        let mark = Mark::of(&tx, &Head::read(&tx)?)?;
        drop(tx);
        self.note_mark(&mark);
        Ok(())
    }

    /// How many entries of its own each life of this site holds.
    pub(super) fn own_lives(&self) -> Result<BTreeMap<Id, i64>, Refusal> {
        let tx = self.look()?;
        let mut lives = BTreeMap::new();
        for chain in tx.chains()?.into_iter().filter(|chain| chain.site() == self.site && !chain.is_twin()) {
            lives.insert(chain, tx.chain_last(chain)?.map_or(0, |last| last.seq()));
        }
        Ok(lives)
    }

    /// Entries of earlier lives that came back since `before`.
    pub(super) fn given_back_since(&self, before: &BTreeMap<Id, i64>) -> Result<i64, Refusal> {
        let present = Head::read(&self.look()?)?.epoch;
        let now = self.own_lives()?;
        let back = now.iter().filter(|(chain, _)| chain.epoch() != present);
        Ok(back.map(|(chain, seq)| seq - before.get(chain).copied().unwrap_or(0)).sum())
    }

    /// How far both sides are, and what waits.
    pub fn exchange_status(&mut self) -> Result<Answer, Refusal> {
        let mut answer = Answer::default();
        let stand = Stand::read(&self.look()?)?;
        for peer in self.peers()? {
            let tx = self.look()?;
            let row = tx.peer_row(peer.site.as_str())?;
            let entries = stand.plan(&tx, &self.site, &peer)?.entries();
            answer.waiting.push(Waiting {
                site: peer.site.as_str().to_owned(),
                entries,
                sent_at: row.sent_at,
                taken_at: row.taken_at,
                complete_to: format!("{}-{}", row.taken_life, row.taken),
            });
        }
        let bundles = self.look()?.bundles(200)?;
        for row in bundles {
            let us = self.site.as_str().to_owned();
            let (from, to) = if row.way == "out" { (us, row.site) } else { (row.site, us) };
            answer.bundles.push(BundleLine {
                file: row.file,
                from,
                to,
                life: row.life,
                number: row.number,
                entries: row.entries,
                new: row.fresh,
                held: (row.state == "held").then(|| row.note.clone()),
                refused: (row.state == "refused").then_some(row.note),
                dropped: None,
            });
        }
        self.complete(answer)
    }

    /// What every answer ends with.
    pub(super) fn complete(&self, mut answer: Answer) -> Result<Answer, Refusal> {
        let peers = self.peers()?;
        let tx = self.look()?;
        let own: BTreeSet<Id> = chains::all_whole(&tx)?.iter().map(|held| held.chain).collect();
        let head_office = peers::is_head_office(&tx)?;
        for peer in peers {
            let said = tx.scan::<AckRow>(&[&peer.site.as_str()])?.into_iter();
            for ack in said.filter(|ack| ack.chain.site() == self.site) {
                // What head office does not hold itself nobody can have confirmed; a branch learns so that it is an older copy.
                if head_office && !chains::holds(&tx, ack.chain, ack.seq, ack.head)? {
                    answer.notices.push(format!(
                        "{} 说已收到 {}.{} 到第 {} 张，本库没有这张凭单，没有算作已确认；请核对该网点的机器，或本库是否较早的副本",
                        peer.site, self.site, ack.chain.epoch(), ack.seq
                    ));
                } else if own.contains(&ack.chain) {
                    answer.acknowledged.push(Confirmed {
                        by: peer.site.as_str().to_owned(),
                        site: self.site.as_str().to_owned(),
                        epoch: ack.chain.epoch(),
                        seq: ack.seq,
                        head: send::hex(&ack.head),
                        at: ack.at,
                    });
                }
            }
        }
        answer.exceptions = tx.exception_count()?;
        Ok(answer)
    }
}

/// The newest entry of this site that head office holds, as far as it said so: life and number.
fn known_elsewhere(tx: &Tx<'_>, head: &Head) -> Result<Option<(i64, i64)>, Refusal> {
    let own = head.site.as_str();
    let signed = peers::signed_heads(tx, &head.site)?.into_iter().filter(|row| row.chain == own);
    let mut known: Vec<(i64, i64)> = signed.map(|row| (row.epoch, row.seq)).collect();
    if let Some(office) = peers::head_office(tx)? {
        let said = tx.scan::<AckRow>(&[&office.site.as_str()])?.into_iter();
        known.extend(said.filter(|ack| ack.chain.site() == head.site).map(|ack| (ack.chain.epoch(), ack.seq)));
    }
    Ok(known.into_iter().filter(|(life, _)| *life < LIVES).max())
}

pub(super) fn line_of(shown: &str, taken: &Taken) -> BundleLine {
    BundleLine {
        file: shown.to_owned(),
        from: taken.header.from.clone(),
        to: taken.header.to.clone(),
        life: taken.header.life,
        number: taken.header.number,
        entries: i64::try_from(taken.header.entries).unwrap_or(i64::MAX),
        new: taken.fresh,
        held: (taken.fate == Fate::Held).then(|| taken.note.clone()),
        refused: None,
        dropped: taken.dropped.map(str::to_owned),
    }
}

/// What bundles brought besides entries.
#[derive(Default)]
pub struct News {
    pub(super) fresh: i64,
    secrets: Vec<(String, String)>,
    notices: Vec<String>,
}

impl News {
    /// Adds what a bundle brought.
    pub fn add(&mut self, taken: Taken) {
        self.fresh += taken.fresh;
        self.notices.extend(taken.own_fork.map(|fork| {
            let OwnFork { other, epoch, after } = fork;
            format!(
                "总部的库曾从较早的副本接着记账：网点退回了原来的一支 (到 {after})，副本上记的另成一支 (到 {other})，两支都已记账；已换启用号 {epoch} 继续，请在疑问中查明"
            )
        }));
        let from = taken.header.from;
        self.secrets.extend(taken.secrets.into_iter().map(|secret| (from.clone(), secret)));
    }
}
