//! A lost machine made anew (重建): first its keys and its card (`prepare`), which head office enrols; then the book itself, from the
//! whole bundles head office writes to the new keys. The site goes on in a new life, so nothing the lost machine may still have
//! written can stand in the way.

use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset};

use super::copies::{apart, beside, prove, put_in_place};
use super::copy_places::{self, CopyPlaces};
use super::refusal::Refusal;
use super::since::{self, Old, Since};
use super::{Desk, own_files};
use crate::book::append::Head;
use crate::book::clock::Clock;
use crate::book::mark::{self, Mark};
use crate::book::seal::{self, Keys};
use crate::derive::fork;
use crate::derive::system::begin_life;
use crate::exchange::card::Card;
use crate::exchange::folder::{self, Files};
use crate::exchange::opener;
use crate::exchange::peers;
use crate::exchange::secret;
use crate::exchange::site_keys::{self, SiteKeys};
use crate::exchange::take::{self, Fate, Taker};
use crate::rules::id::Site;
use crate::store::hold::Alone;
use crate::store::{Db, OpenOptions};

/// Name of the copy of a bundle that is being taken in.
const SPOOLED: &str = "recover.mdx";

/// The site that is made anew.
pub struct Lost<'a> {
    /// Where its database is to lie.
    pub target: &'a Path,
    /// Its code.
    pub site: &'a str,
    /// Head office's card.
    pub office: &'a Card,
    /// Passphrase of the site's keys.
    pub passphrase: Option<&'a str>,
}

/// What came of it.
pub struct Recovered {
    /// Bundles taken in.
    pub bundles: i64,
    /// Entries held now.
    pub entries: i64,
    /// The site's last entry before its new life.
    pub upto: String,
    /// When that was written.
    pub until: Option<String>,
    /// What was known here and is not in the bundles.
    pub since: Since,
    /// The new life.
    pub epoch: i64,
    /// Where the book that was there went.
    pub aside: Option<PathBuf>,
    /// Bundles that could not be taken in, and why.
    pub refused: Vec<(String, String)>,
    /// Where copies go from now on.
    pub places: CopyPlaces,
}

/// Reads head office's card and holds it against the fingerprint heard over the phone.
pub fn office_card(text: &str, fingerprint: &str) -> Result<Card, Refusal> {
    let card = Card::read(text)?;
    if !card.keys.is_fingerprint(fingerprint) {
        let message = "指纹不符：名片里的密钥不是电话里念的那一副。请让总部重念一遍；仍不符时不要使用这张名片";
        return Err(Refusal::field("fingerprint", "fingerprint", message));
    }
    if !card.head_office {
        let message = format!("{} {} 不是总部，请用总部的名片", card.code, card.name);
        return Err(Refusal::field("card", "card", message));
    }
    Ok(card)
}

fn site_of(code: &str) -> Result<Site, Refusal> {
    Site::parse(code)
        .map_err(|_| Refusal::field("site", "site", format!("网点代码“{code}”不对，应为 1 到 5 位大写字母或数字")))
}

/// Makes the keys of a site whose machine is lost, those files that were not saved, and its new card. `code`: the recovery code of
/// the first-run ceremony, when the key file is gone; without it numbers sealed before stay sealed here.
pub fn prepare(lost: &Lost<'_>, name: &str, utility: &str, code: Option<&str>) -> Result<(Card, String), Refusal> {
    let site = site_of(lost.site)?;
    require_same_site(lost, &site)?;
    require_files_of_living(lost)?;
    let keys = match (seal::path_of(lost.target).exists(), code) {
        (true, _) => Keys::open(lost.target)?,
        (false, Some(code)) => {
            let keys = Keys::from_recovery(code)?;
            keys.write(lost.target)?;
            keys
        }
        (false, None) => Keys::create(lost.target)?,
    };
    let site_keys = match site_keys::path_of(lost.target).exists() {
        true => SiteKeys::open(lost.target, lost.passphrase)?,
        false => SiteKeys::create(lost.target, lost.passphrase)?,
    };
    let card = Card {
        code: site,
        name: name.trim().to_owned(),
        utility: utility.to_owned(),
        head_office: false,
        practice: lost.office.practice,
        keys: site_keys.public(),
        data_key: Some(secret::seal_data_key(&keys, lost.office.code.as_str(), &lost.office.keys)?),
    };
    let text = card.to_text(&site_keys);
    Card::read(&text)?; // a name or utility no card can carry is said here, not at head office
    Ok((card, text))
}

/// Makes the book anew from the bundles in a folder. A book that is there is set aside, never overwritten.
pub fn recover(
    lost: &Lost<'_>,
    from: &Path,
    clock: Box<dyn Clock>,
    mut progress: impl FnMut(i64, i64),
) -> Result<(Desk, Recovered), Refusal> {
    let site = site_of(lost.site)?;
    let now = clock.now();
    let keys = Keys::open(lost.target)?;
    let site_keys = SiteKeys::open(lost.target, lost.passphrase)?;
    let files = Files::lock(lost.target)?;
    let alone = Alone::take(lost.target)?;
    require_same_site(lost, &site)?;
    let part = beside(lost.target, ".recovering");
    clear(&part);
    let mut db = Db::create(&part, apart())?;
    let tx = db.write()?;
    tx.set_setting("site", site.as_str())?;
    tx.set_setting("epoch", "1")?;
    tx.set_setting(own_files::DATA_KEY, keys.name())?;
    tx.set_setting(own_files::SITE_KEY, &site_keys.public().name())?;
    tx.set_setting(own_files::KEYED_MARK, "1")?;
    tx.commit()?;
    let taker = Taker { site: &site, keys: &site_keys, practice: lost.office.practice, now, spooled: None };
    let brought = bring(&mut db, &taker, lost.office, &files, from, &mut progress)
        .and_then(|brought| Ok((begin_again(&mut db, lost, &site, &keys, now, &brought)?, brought)));
    let (begun_again, brought) = brought.inspect_err(|_| clear(&part))?;
    let begun = {
        let tx = db.read()?;
        Mark::of(&tx, &Head::read(&tx)?)?
    };
    db.checkpoint()?;
    drop(db);
    let proved = prove(&part).inspect_err(|_| clear(&part))?;
    let fault = |error: std::io::Error| Refusal::data(format!("换上新库时出错：{error}"));
    let aside = put_in_place(&part, lost.target, "recover", now, &alone).map_err(fault)?;
    // The mark spoke of the book that was there. One of another key cannot be written over, only replaced.
    let _ = std::fs::remove_file(mark::path_of(lost.target));
    let _ = mark::write(lost.target, &keys, &begun);
    drop((files, alone));
    let mut desk = Desk::open(lost.target, OpenOptions::default(), clock)?;
    let office = peers::head_office(&desk.look()?)?;
    if let Some(office) = office {
        for secret in &brought.secrets {
            desk.take_over_secret(&office, secret)?;
        }
    }
    let Begun { epoch, upto, until, since, places } = begun_again;
    let (Brought { bundles, refused, .. }, entries) = (brought, proved.entries);
    let recovered = Recovered { bundles, entries, upto, until, since, epoch, aside, refused, places };
    Ok((desk, recovered))
}

#[derive(Default)]
struct Brought {
    bundles: i64,
    secrets: Vec<String>,
    refused: Vec<(String, String)>,
}

/// Takes in every bundle for this site, in the order of their numbers, until none goes any further.
fn bring(
    db: &mut Db,
    taker: &Taker<'_>,
    office: &Card,
    files: &Files,
    from: &Path,
    progress: &mut impl FnMut(i64, i64),
) -> Result<Brought, Refusal> {
    let (mut waiting, mut brought) = (Vec::new(), Brought::default());
    for path in folder::bundles_at(from)?.bundles {
        match folder::open_plain(&path).and_then(|file| Ok(opener::peek(file)?)) {
            Ok(header) if header.to == taker.site.as_str() => waiting.push((header.life, header.number, path)),
            Ok(_) => {}
            Err(error) => brought.refused.push((name_of(&path), error.to_string())),
        }
    }
    waiting.sort();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut held = Vec::new();
        for (life, number, path) in std::mem::take(&mut waiting) {
            let shown = name_of(&path);
            let spooled = files.spool(&path, SPOOLED)?;
            let copy = std::io::BufReader::new(folder::open_plain(&spooled)?);
            let keys = (&office.code, &office.keys);
            match take::take_trusting(db, taker, keys, copy, &shown, &mut *progress) {
                Ok(taken) if taken.fate == Fate::Held => held.push((life, number, path)),
                Ok(taken) => {
                    brought.bundles += 1;
                    brought.secrets.extend(taken.secrets);
                }
                Err(error) if error.is_of_the_bundle() => brought.refused.push((shown, error.to_string())),
                Err(error) => return Err(error.into()),
            }
            let _ = std::fs::remove_file(&spooled);
        }
        if held.len() == before {
            let names = held.iter().map(|(_, _, path)| name_of(path));
            brought.refused.extend(names.map(|name| (name, "前面的交换包不在".to_owned())));
            break;
        }
        waiting = held;
    }
    Ok(brought)
}

fn name_of(bundle: &Path) -> String {
    bundle.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The new life, where the one before ended in the bundles, and what was done after that.
struct Begun {
    epoch: i64,
    upto: String,
    until: Option<String>,
    since: Since,
    places: CopyPlaces,
}

/// The site's new life, after the newest head office, the book that was there or its mark knows of.
fn begin_again(
    db: &mut Db,
    lost: &Lost<'_>,
    site: &Site,
    keys: &Keys,
    now: DateTime<FixedOffset>,
    brought: &Brought,
) -> Result<Begun, Refusal> {
    let tx = db.write()?;
    let lives = tx.chains()?.into_iter().filter(|chain| chain.site() == *site && !chain.is_twin());
    let known = tx.own_site(site.as_str())?;
    let Some(newest) = lives.map(|chain| chain.epoch()).max().filter(|_| known.is_some()) else {
        return Err(Refusal::rule("recover", nothing_came(site, brought)));
    };
    if peers::head_office(&tx)?.is_none_or(|office| office.site != lost.office.code) {
        return Err(Refusal::rule("recover", format!("{site} 认定的总部不是 {}，请核对名片", lost.office.code)));
    }
    tx.set_setting("epoch", &newest.to_string())?;
    fork::forget_aside(&tx)?;
    let marked = since::marked(lost.target, Some(keys)).filter(|mark| mark.site == site.as_str());
    let old = Old::open(lost.target);
    let lived = old.as_ref().map_or(0, Old::epoch).max(marked.as_ref().map_or(0, |mark| mark.epoch));
    if newest.max(lived) >= own_files::MOST_LIVES {
        return Err(own_files::no_life_left(site));
    }
    let until = tx.head(site, newest)?.map(|row| own_files::minute(&row.at));
    let places = CopyPlaces::carry(&tx, copy_places::of_old(old.as_ref()).as_ref())?;
    let since = since::since(&tx, old, marked.as_ref())?;
    let (epoch, upto) = begin_life(&tx, "recover", newest.max(lived), now)?;
    tx.commit()?;
    Ok(Begun { epoch, upto, until, since, places })
}

/// Why no book came of a folder: the bundles that could not be taken in, or that there are none.
fn nothing_came(site: &Site, brought: &Brought) -> String {
    let faults: Vec<String> = brought.refused.iter().map(|(file, why)| format!("{file}：{why}")).collect();
    match faults.is_empty() {
        true => format!(
            "文件夹里没有可用的 {site} 的账：请总部登记新名片后用 exchange out --for {site} --whole 导出全部，再放到这里"
        ),
        false => format!("没有收进 {site} 的账，文件夹里的交换包不收：{}", faults.join("；")),
    }
}

/// Beside a book that can be read no key file is made anew: what the book sealed, passwords among it, would be shut for ever.
fn require_files_of_living(lost: &Lost<'_>) -> Result<(), Refusal> {
    let Some(old) = Old::open(lost.target) else { return Ok(()) };
    let refuse = |file: PathBuf, way: &str| {
        let (file, book) = (file.display(), lost.target.display());
        let message = format!(
            "{book} 是读得出的库，它的密钥文件 {file} 却不在；没有另做密钥。请放回它，或{way}；\
             库确实不要了，请把库文件移到别处再办"
        );
        Err(Refusal::rule("recover", message))
    };
    let (key, site) = (seal::path_of(lost.target), site_keys::path_of(lost.target));
    if !key.exists() {
        return refuse(key, "用恢复码重做 (key restore)");
    }
    let made = old.setting(own_files::SITE_KEY).is_some_and(|own| !own.is_empty());
    if made && !site.exists() {
        return refuse(site, "用 site keys 另做，再请总部重新登记 (site enrol)");
    }
    Ok(())
}

/// Refuses to put the book of a site in the place of another's, of a practice book's or of one with another head office.
fn require_same_site(lost: &Lost<'_>, site: &Site) -> Result<(), Refusal> {
    let options = OpenOptions { read_only: true, ..apart() };
    let Some((mut db, _)) = Db::open(lost.target, options).ok() else { return Ok(()) };
    let tx = db.read()?;
    let Ok(head) = Head::read(&tx) else { return Ok(()) };
    let said = match own_files::first_words(&tx, &head.site)? {
        _ if head.site != *site => format!("这里是网点 {} 的库", head.site),
        Some(first) if first.practice != lost.office.practice => "练习库和正式库不能互换".to_owned(),
        Some(first) if first.head_office => "这里是总部的库".to_owned(),
        _ => match peers::head_office(&tx).ok().flatten() {
            Some(office) if office.site != lost.office.code => format!("这里的库认定的总部是 {}", office.site),
            _ => return Ok(()),
        },
    };
    let message = format!("{said}，不是 {} (总部 {}) 的；没有替换。请核对 --db 和 --site", site, lost.office.code);
    Err(Refusal::rule("recover", message))
}

fn clear(part: &Path) {
    for tail in ["", "-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(beside(part, tail));
    }
}
