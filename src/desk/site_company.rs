//! What a desk does with the keys of its company: its own site's keys, unlocked once; its card; keys other sites handed over.

use std::sync::{Arc, OnceLock};

use super::refusal::Refusal;
use super::{Call, Desk, own_files};
use crate::book::public_keys::{PublicKeys, Rotation};
use crate::book::seal::TakenOver;
use crate::derive::site::subject_of;
use crate::exchange::card::Card;
use crate::exchange::peers::{self, Peer};
use crate::exchange::secret;
use crate::exchange::site_keys::{self, SiteKeyError, SiteKeys};

impl Desk {
    /// This site's keys: read from their file the first time. Keys with a passphrase are unlocked before by
    /// [`Desk::unlock_site_keys`].
    pub fn site_keys(&self) -> Result<Arc<SiteKeys>, Refusal> {
        self.unlock_site_keys(None)
    }

    /// The same with a passphrase, when the file has one.
    pub fn unlock_site_keys(&self, passphrase: Option<&str>) -> Result<Arc<SiteKeys>, Refusal> {
        if let Some(keys) = self.site_keys.get() {
            return Ok(Arc::clone(keys));
        }
        let keys = SiteKeys::open(self.db.path(), passphrase)?;
        if own_files::is_own_site_key(&self.look()?, &keys)? == Some(false) {
            return Err(Refusal::data(own_files::strange_site_key(self.db.path())));
        }
        Ok(Arc::clone(self.site_keys.get_or_init(|| Arc::new(keys))))
    }

    /// Does the key file wait for a passphrase?
    pub fn are_site_keys_locked(&self) -> bool {
        self.site_keys.get().is_none() && matches!(SiteKeys::open(self.db.path(), None), Err(SiteKeyError::Locked))
    }

    /// Is there a file with the site's keys?
    pub fn has_site_keys(&self) -> bool {
        site_keys::path_of(self.db.path()).exists()
    }

    /// Seals the file of the site's keys, which are at hand, under a passphrase.
    pub fn seal_site_keys(&mut self, passphrase: &str) -> Result<(), Refusal> {
        let mut keys = self.site_keys()?.again();
        keys.seal_file(passphrase)?;
        self.site_keys = OnceLock::from(Arc::new(keys));
        Ok(())
    }

    /// Makes the site's keys of a book from before there were any.
    pub fn make_site_keys(&mut self, passphrase: Option<&str>) -> Result<Arc<SiteKeys>, Refusal> {
        let keys = SiteKeys::create(self.db.path(), passphrase)?;
        self.note_site_key(&keys)?;
        Ok(Arc::clone(self.site_keys.get_or_init(|| Arc::new(keys))))
    }

    /// Notes whose site keys are this book's own.
    pub(super) fn note_site_key(&mut self, keys: &SiteKeys) -> Result<(), Refusal> {
        let tx = self.db.write()?;
        tx.set_setting(own_files::SITE_KEY, &keys.public().name())?;
        Ok(tx.commit()?)
    }

    /// Goes over to new keys: the key file first, then an entry for every certificate the book does not hold, so that an
    /// interrupted change is only finished. Answers the new pair.
    pub fn rotate_site_keys(&mut self) -> Result<PublicKeys, Refusal> {
        let mut keys = self.site_keys()?.again();
        if self.rotations_without_entry(&keys)?.is_empty() {
            keys.rotate(&self.now().to_rfc3339())?;
            self.site_keys = OnceLock::from(Arc::new(keys.again()));
        }
        let old = keys.all_public();
        for rotation in self.rotations_without_entry(&keys)? {
            let Some(old) = old.iter().find(|old| rotation.is_by(old)) else { continue };
            let input = serde_json::json!({ "old": old, "rotation": rotation });
            self.perform("site.rotate", &input.to_string(), Call::default())?;
        }
        Ok(keys.public())
    }

    fn rotations_without_entry(&self, keys: &SiteKeys) -> Result<Vec<Rotation>, Refusal> {
        let known = self.look()?.key_certificates(subject_of(&self.site))?;
        let is_new = |rotation: &&Rotation| {
            let name = rotation.keys.name();
            !known.iter().any(|row| row.name == name && row.follows == rotation.from)
        };
        Ok(keys.rotations().iter().filter(is_new).cloned().collect())
    }

    /// This site's card; at a branch that trusts a head office with the data key sealed for it.
    pub fn site_card(&self) -> Result<(Card, String), Refusal> {
        let site_keys = self.site_keys()?;
        let tx = self.look()?;
        let row = tx.own_site(self.site.as_str())?;
        let row = row.ok_or_else(|| Refusal::data("本库还没有建好网点，请重新 init"))?;
        let office = peers::head_office(&tx)?;
        let data_key = office.map(|office| secret::seal_data_key(&self.keys, office.site.as_str(), office.seal_to()));
        let card = Card {
            code: self.site.clone(),
            name: row.name,
            utility: row.utility,
            head_office: row.head_office,
            practice: row.practice,
            keys: site_keys.public(),
            data_key: data_key.transpose()?,
        };
        let text = card.to_text(&site_keys);
        Ok((card, text))
    }

    /// Reads the key file again, after another connection has taken keys over. One that cannot be read changes nothing.
    pub fn reload_keys(&mut self) {
        let path = self.db.path().to_owned();
        if let Some(keys) = file(&path).and_then(|path| crate::book::seal::Keys::open(path).ok()) {
            self.keys = keys;
        }
    }

    /// Takes over what a peer handed in a bundle: a branch its head office's search key, head office a branch's data key. When
    /// it was news, the people's index is made again.
    pub fn take_over_secret(&mut self, from: &Peer, json: &str) -> Result<TakenOver, Refusal> {
        let path = self.db.path().to_owned();
        let news = self.keys.take_over(file(&path), json, from.head_office)?;
        if news.is_news() {
            self.rehash_people(|_| {})?;
        }
        Ok(news)
    }

    /// Head office opens the data keys that stand sealed in enrolments and are not in its key file yet. Without the site's keys
    /// at hand (a passphrase) it is done at the next enrolment or bundle; nothing else waits for it.
    pub fn take_over_data_keys(&mut self) -> Result<(), Refusal> {
        let waiting: Vec<_> = {
            let tx = self.look()?;
            let sealed = peers::enrolled(&tx)?.into_iter().filter_map(|peer| peer.data_key);
            sealed.filter(|data| !self.keys.knows(&data.key)).collect()
        };
        if waiting.is_empty() {
            return Ok(());
        }
        let Ok(site_keys) = self.site_keys() else { return Ok(()) };
        let (path, mut news) = (self.db.path().to_owned(), false);
        for sealed in waiting {
            if let Some(json) = secret::open_data_key(&site_keys, &sealed) {
                news |= self.keys.take_over(file(&path), &json, false)?.is_news();
            }
        }
        if news {
            self.rehash_people(|_| {})?;
        }
        Ok(())
    }
}

/// The database's file; none for a book in memory.
fn file(path: &std::path::Path) -> Option<&std::path::Path> {
    Some(path).filter(|path| !path.as_os_str().is_empty() && path.as_os_str() != ":memory:")
}
