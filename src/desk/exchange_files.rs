//! Bundles on disks: into a folder or onto a stick and read back from there, in from one by way of the spool, held ones tried again.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Desk;
use super::exchange::{Answer, BundleLine, News, TakeIn, WriteOut, line_of};
use super::refusal::Refusal;
use crate::exchange::error::ExchangeError;
use crate::exchange::folder::{self, Files};
use crate::exchange::opener;
use crate::exchange::outside;
use crate::exchange::peers::Peer;
use crate::exchange::send::{self, Stand, file_name, stamp};
use crate::exchange::take::{Fate, Taken};
use crate::store::tables::exchange::{BundleRow, IntakeRow};

/// Names of files passed over that are told.
const NAMED: usize = 5;

/// What of a folder was not looked at, in one sentence; none when there was nothing else in it.
fn passed_over(names: &[String], others: usize, more: bool) -> Option<String> {
    let mut said = Vec::new();
    if others > 0 {
        said.push(format!("给其他网点的交换包 {others} 个"));
    }
    if !names.is_empty() {
        let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        let rest = if names.len() > NAMED { " 等" } else { "" };
        said.push(format!("不是交换包的文件 {} 个 ({}{rest})", names.len(), shown.join("、")));
    }
    if more {
        said.push("文件太多，后面的没有看，请清理文件夹再收一次".to_owned());
    }
    (!said.is_empty()).then(|| format!("文件夹里没有收的：{}", said.join("，")))
}

impl Desk {
    /// Writes the bundles for every peer, or for one, into a folder. A bundle counts as written when it was read back from there.
    pub fn exchange_out(
        &mut self,
        to: &Path,
        WriteOut { only, whole, replace }: WriteOut<'_>,
        mut progress: impl FnMut(i64, i64),
    ) -> Result<Answer, Refusal> {
        if !to.is_dir() {
            return Err(Refusal::usage(format!("{} 不是文件夹，请检查盘是否插好", to.display())));
        }
        let mut peers = self.peers_or_say()?;
        if let Some(only) = only {
            peers.retain(|peer| peer.site.as_str() == only);
            if peers.is_empty() {
                return Err(Refusal::usage(format!("没有登记网点 {only}")));
            }
        }
        let files = Files::lock(self.path())?;
        self.tidy(&files)?;
        let mut answer = Answer::default();
        let stand = self.begin_export(&peers)?;
        for peer in peers {
            if whole {
                self.forget_acknowledgements(&peer)?;
            }
            let before = if replace { self.own_bundles_at(to, &peer)? } else { Vec::new() };
            clear_parts(to, &format!("{}-{}-", self.site, peer.site));
            let sent = self.send_to(&files, (&stand, &peer), to, &mut progress)?;
            // The new ones stand and were read back: they hold everything of these that was not acknowledged.
            answer.notices.extend(before.iter().filter_map(|path| outside::remove(path)));
            for one in sent {
                answer.bundles.push(BundleLine {
                    file: one.file,
                    from: one.header.from.clone(),
                    to: one.header.to.clone(),
                    life: one.header.life,
                    number: one.header.number,
                    entries: i64::try_from(one.header.entries).unwrap_or(i64::MAX),
                    ..BundleLine::default()
                });
            }
        }
        if let Some(failed) = self.backup_if_due() {
            answer.notices.push(failed);
        }
        self.complete(answer)
    }

    fn send_to(
        &mut self,
        files: &Files,
        (stand, peer): (&Stand, &Peer),
        to: &Path,
        progress: &mut impl FnMut(i64, i64),
    ) -> Result<Vec<send::Sent>, Refusal> {
        let part = RefCell::new(PathBuf::new());
        let sent = self.send_begun(
            stand,
            peer,
            send::FULL,
            |header| {
                let (file, path) = files.begin(&file_name(header))?;
                *part.borrow_mut() = path;
                Ok(file)
            },
            |file, written| {
                let name = file_name(&written.header);
                let copy = files.out().join(&name);
                folder::settle(&file, &part.borrow(), &copy)?;
                folder::deliver(&copy, to, &name, &written.hash).map(|_| ())
            },
            progress,
        );
        if sent.is_err() {
            // A full disk gets its room back at once.
            let _ = std::fs::remove_file(&*part.borrow());
        }
        sent
    }

    /// Bundles in a folder that this very book wrote for a peer; another machine's with the same code are not among them.
    fn own_bundles_at(&self, folder: &Path, peer: &Peer) -> Result<Vec<PathBuf>, Refusal> {
        let tx = self.look()?;
        let mut own = Vec::new();
        for path in folder::bundles_at(folder)?.bundles {
            let Ok(hash) = folder::hash_of(&path) else { continue };
            let row = tx.get::<BundleRow>(&[&hash, &"out"])?;
            if row.is_some_and(|row| row.site == peer.site.as_str()) {
                own.push(path);
            }
        }
        Ok(own)
    }

    /// Old copies go, and what a killed exchange left, but not what it is to go on with.
    fn tidy(&self, files: &Files) -> Result<(), Refusal> {
        let intake = self.look()?.intake()?;
        Ok(files.tidy(SystemTime::now(), intake.as_ref().map(|row| row.file.as_str()))?)
    }

    /// Takes in a bundle, or every bundle of a folder that is for this site; then those that waited for them.
    pub fn exchange_in(
        &mut self,
        from: &Path,
        how: TakeIn<'_>,
        mut progress: impl FnMut(i64, i64),
    ) -> Result<Answer, Refusal> {
        if let Some(folder) = how.move_to.filter(|folder| !folder.is_dir()) {
            return Err(Refusal::usage(format!("{} 不是文件夹，请先建好", folder.display())));
        }
        let files = Files::lock(self.path())?;
        let mut answer = Answer::default();
        let lives = self.own_lives()?;
        self.tidy(&files)?;
        self.go_on(&files, &mut answer, &mut progress)?;
        let found = folder::bundles_at(from)?;
        let (mut bundles, mut others) = (found.bundles, 0);
        if from.is_dir() {
            let all = bundles.len();
            bundles.retain(|path| self.is_for_us(path));
            others = all - bundles.len();
        }
        answer.notices.extend(passed_over(&found.passed, others, found.more));
        let mut news = News::default();
        for path in bundles {
            let line = self.take_file(&files, &path, &mut news, &mut progress)?;
            if let Some(folder) = how.move_to {
                answer.notices.extend(outside::put_away(&path, folder, line.refused.is_some(), SystemTime::now()));
            }
            answer.bundles.push(line);
        }
        if let Some(folder) = how.move_to {
            outside::tidy(folder, SystemTime::now());
        }
        self.take_held(&files, &mut answer, &mut news, &mut progress)?;
        answer.notices.extend(self.after_taking(news)?);
        let back = self.given_back_since(&lives)?;
        if back > 0 {
            answer.notices.push(format!("总部退回本网点恢复前的凭单 {back} 张，已重新入账"));
        }
        if let Some(frozen) = super::frozen::why(&self.look()?, self.site())? {
            answer.notices.push(frozen.sentence());
        }
        self.complete(answer)
    }

    /// Goes on with an import that was interrupted, if no other program is at it. Called when the book is opened. What cannot be
    /// finished now (a full disk, keys under a passphrase) is said and waits for the next `exchange in`: what stands is sound, and no
    /// till waits for it.
    pub(super) fn go_on_with_exchange(&mut self) -> Result<Vec<String>, Refusal> {
        if self.look()?.intake()?.is_none() {
            return Ok(Vec::new());
        }
        let mut answer = Answer::default();
        let gone_on = match Files::lock(self.path()) {
            Ok(files) => self.go_on(&files, &mut answer, &mut |_, _| {}),
            Err(ExchangeError::Locked) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(refusal) = gone_on {
            answer.notices.push(format!("上次没收完的交换包还没有收完 ({})，请再收一次", refusal.message()));
        }
        Ok(answer.notices)
    }

    /// A folder holds bundles for others too; a file that cannot be told is looked at, so that it is said what is wrong with it.
    fn is_for_us(&self, path: &Path) -> bool {
        let Ok(file) = folder::open_plain(path) else { return true };
        opener::peek(file).map_or(true, |header| header.to == self.site.as_str())
    }

    /// Tries the held ones again until none of them goes any further.
    fn take_held(
        &mut self,
        files: &Files,
        answer: &mut Answer,
        news: &mut News,
        progress: &mut impl FnMut(i64, i64),
    ) -> Result<(), Refusal> {
        loop {
            let before = news.fresh;
            for path in folder::bundles_at(&files.held())?.bundles {
                let line = self.take_file(files, &path, news, progress)?;
                if line.held.is_none() {
                    let _ = std::fs::remove_file(&path);
                    let same = |known: &BundleLine| {
                        (&known.from, known.life, known.number) == (&line.from, line.life, line.number)
                    };
                    match answer.bundles.iter_mut().find(|known| same(known)) {
                        Some(known) => *known = BundleLine { file: known.file.clone(), ..line },
                        None => answer.bundles.push(line),
                    }
                }
            }
            if news.fresh == before {
                return Ok(());
            }
        }
    }

    /// Takes one file in. What is wrong with the bundle is in the answer; faults of disk and database stop the work, and the copy in
    /// the spool stays when part of it stands already.
    fn take_file(
        &mut self,
        files: &Files,
        path: &Path,
        news: &mut News,
        progress: &mut impl FnMut(i64, i64),
    ) -> Result<BundleLine, Refusal> {
        let shown = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let name = format!("{}.{}", std::process::id(), folder::ENDING);
        let spooled = files.spool(path, &name)?;
        let line = match self.take_spooled(&spooled, &name, &shown, progress) {
            Ok(taken) => {
                if taken.fate == Fate::Held {
                    files.hold(&spooled, &taken.hash)?;
                }
                let line = line_of(&shown, &taken);
                news.add(taken);
                line
            }
            Err(error) if error.is_of_the_bundle() => self.refuse(&spooled, &shown, &error)?,
            Err(error) => {
                self.tidy(files)?;
                return Err(error.into());
            }
        };
        let _ = std::fs::remove_file(&spooled);
        Ok(line)
    }

    fn take_spooled(
        &mut self,
        spooled: &Path,
        name: &str,
        shown: &str,
        progress: &mut impl FnMut(i64, i64),
    ) -> Result<Taken, ExchangeError> {
        let file = std::io::BufReader::new(folder::open_plain(spooled)?);
        self.take_bundle(file, shown, Some(name), progress)
    }

    /// Nothing of a refused bundle is written, but a line in the local log.
    fn refuse(&mut self, spooled: &Path, shown: &str, error: &ExchangeError) -> Result<BundleLine, Refusal> {
        let header = folder::open_plain(spooled).ok().and_then(|file| opener::peek(file).ok()).unwrap_or_default();
        let hash = folder::hash_of(spooled)?;
        let at = stamp(self.now());
        let tx = self.db.write()?;
        tx.delete::<IntakeRow>(&[&hash])?;
        if tx.get::<BundleRow>(&[&hash, &"in"])?.is_none_or(|row| row.state == "refused") {
            tx.put(&BundleRow {
                hash,
                way: "in".into(),
                site: header.from.clone(),
                life: header.life,
                number: header.number,
                file: shown.chars().take(100).collect(),
                at,
                entries: 0,
                fresh: 0,
                state: "refused".into(),
                note: error.to_string(),
            })?;
        }
        tx.commit()?;
        Ok(BundleLine {
            file: shown.to_owned(),
            from: header.from,
            to: header.to,
            life: header.life,
            number: header.number,
            refused: Some(error.to_string()),
            ..BundleLine::default()
        })
    }

    /// Goes on with a bundle whose import was interrupted: its copy in the spool was whole and proved.
    fn go_on(
        &mut self,
        files: &Files,
        answer: &mut Answer,
        progress: &mut impl FnMut(i64, i64),
    ) -> Result<(), Refusal> {
        let Some(row) = self.look()?.intake()? else { return Ok(()) };
        let spooled = files.spooled(&row.file);
        if spooled.is_file() && folder::hash_of(&spooled)? == row.hash {
            match self.take_spooled(&spooled, &row.file, &row.file, progress) {
                Ok(taken) => {
                    if taken.fate == Fate::Held {
                        files.hold(&spooled, &taken.hash)?;
                    }
                    let mut news = News::default();
                    news.add(taken);
                    answer.notices.extend(self.after_taking(news)?);
                }
                Err(error) if error.is_of_the_bundle() => {
                    self.refuse(&spooled, &row.file, &error)?;
                    answer.notices.push(format!("上次没收完的交换包不收：{error}"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if self.look()?.intake()?.is_some_and(|left| left.hash == row.hash) {
            // The entries that stand are sound by themselves; the rest comes with the next bundle.
            let tx = self.db.write()?;
            tx.delete::<IntakeRow>(&[&row.hash])?;
            tx.commit()?;
        }
        let _ = std::fs::remove_file(&spooled);
        Ok(())
    }
}

/// Removes what an export of this site that was cut short has left in a folder under no name yet: names are not given twice, so nobody
/// else would. What can't be removed is only in the way.
fn clear_parts(folder: &Path, begins: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_part = name.to_str().is_some_and(|name| name.starts_with(begins) && name.ends_with(".mdx.part"));
        if is_part && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
