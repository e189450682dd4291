//! A true bundle between two sites that have met, and a copy of the book that is to take it in: what a writer that lies begins with.

use std::io::Cursor;
use std::path::PathBuf;

use meterdesk::book::verify;
use meterdesk::derive::rebuild;
use meterdesk::exchange::envelope::{self, BundleWriter};
use meterdesk::exchange::error::ExchangeError;
use meterdesk::exchange::frame::FrameKind;
use meterdesk::exchange::header::{Fork, Have, Header, Relay, Unordered};
use meterdesk::exchange::take::{self, Taken, Taker};
use meterdesk::rules::id::{Id, SEQS, Site};
use meterdesk::store::entries::EntryRow;
use meterdesk::store::{Db, OpenOptions};
use serde_json::{Value, json};

use super::bundle::range;
use super::company::{Company, act};
use super::orders::moment;
use super::site::keys;

pub fn chain(site: &str) -> Id {
    Id::new(&Site::parse(site).unwrap(), 1, 0, 0).unwrap()
}

/// A true bundle, and the book that is to take it in.
pub struct Scene {
    pub from: &'static str,
    pub to: &'static str,
    pub frames: Vec<(FrameKind, EntryRow)>,
    pub secret: Option<String>,
    pub home: tempfile::TempDir,
    pub made: usize,
}

impl Scene {
    /// A branch writes to head office.
    pub fn of_branch() -> Self {
        let mut company = Company::new(1, true);
        company.night();
        let from = end(&mut company, "B1", "B1");
        workers(&mut company, "B1", 3);
        let rows = since(&mut company, "B1", "B1", from);
        Self::kept(&mut company, "B1", "HO", rows.into_iter().map(|row| (FrameKind::Chained, row)).collect())
    }

    /// Head office writes to a branch: its own chain, another branch's, and a single entry.
    pub fn of_head_office() -> Self {
        let mut company = Company::new(2, true);
        company.night();
        let (own, other) = (end(&mut company, "B2", "HO"), end(&mut company, "B2", "B1"));
        workers(&mut company, "B1", 5);
        let parcels = company.export("B1");
        company.deliver(&parcels);
        workers(&mut company, "HO", 2);
        let mut frames: Vec<_> = since(&mut company, "HO", "HO", own);
        let mut others = since(&mut company, "HO", "B1", other);
        let single = others.pop().unwrap();
        frames.append(&mut others);
        let mut frames: Vec<_> = frames.into_iter().map(|row| (FrameKind::Chained, row)).collect();
        frames.push((FrameKind::Single, single));
        Self::kept(&mut company, "HO", "B2", frames)
    }

    pub fn kept(
        company: &mut Company,
        from: &'static str,
        to: &'static str,
        frames: Vec<(FrameKind, EntryRow)>,
    ) -> Self {
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        company.desk(to).db_mut().backup_to(&home.path().join("true.db")).unwrap();
        Self { from, to, frames, secret: None, home, made: 0 }
    }

    /// The header as a writer that does not lie makes it of these frames.
    pub fn header(&self, frames: &[(FrameKind, EntryRow)]) -> Header {
        let mut chains: Vec<Vec<EntryRow>> = Vec::new();
        for (_, row) in frames.iter().filter(|(kind, _)| !kind.is_single()) {
            match chains.last_mut().filter(|chain| chain[0].id.chain() == row.id.chain()) {
                Some(chain) => chain.push(row.clone()),
                None => chains.push(vec![row.clone()]),
            }
        }
        let singles = i64::try_from(frames.iter().filter(|(kind, _)| kind.is_single()).count()).unwrap();
        let own = &frames[0].1;
        Header {
            from: self.from.into(),
            to: self.to.into(),
            life: 1,
            practice: true,
            made_at: "2026-03-02T17:30:00.000+08:00".into(),
            number: 100,
            key: keys(self.from).public().name(),
            ranges: chains.iter().map(|rows| range(rows)).collect(),
            have: vec![Have { site: self.to.into(), epoch: 1, seq: 2, head: "ab".repeat(32) }],
            forks: vec![Fork { site: own.site.clone(), epoch: 1, seq: 2, main: "cd".repeat(32) }],
            unordered: vec![Unordered { site: own.site.clone(), epoch: 1, seq: 1 }],
            relay: Relay { life: 1, from: 1, upto: singles },
            relay_seen: Relay { life: 1, from: 0, upto: 0 },
            ..Header::default()
        }
    }

    /// Signs a bundle of these frames with a header changed as JSON, whatever it says then.
    pub fn signed(&self, frames: &[(FrameKind, EntryRow)], change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut writer = BundleWriter::begin(Vec::new(), &keys(self.to).public().recipient().unwrap()).unwrap();
        if let Some(secret) = &self.secret {
            writer.secret(secret).unwrap();
        }
        for (kind, row) in frames {
            if writer.entry(row, *kind).is_err() {
                return Vec::new();
            }
        }
        // The writer itself will not write some lies: it writes what is true of the frames, and the lie is put in its place.
        let bytes = writer.finish(Header { ranges: Vec::new(), ..self.header(&self.frames) }, |_| [0; 64]).unwrap().0;
        let trailer = &bytes[bytes.len() - 84..];
        let cipher_len = usize::try_from(u64::from_le_bytes(trailer[..8].try_into().unwrap())).unwrap();
        let (cipher, header) = (&bytes[8..8 + cipher_len], &bytes[8 + cipher_len..bytes.len() - 84]);
        let mut header: Value = serde_json::from_slice(header).unwrap();
        let said = self.header(frames);
        header["ranges"] = json!(said.ranges);
        header["relay"] = json!(said.relay);
        change(&mut header);
        let header = serde_json::to_vec(&header).unwrap();
        let text = envelope::signed_text(blake3::hash(cipher).as_bytes(), &header);
        let lengths = [&(cipher.len() as u64).to_le_bytes()[..], &u32::try_from(header.len()).unwrap().to_le_bytes()];
        [envelope::MAGIC, cipher, &header, &lengths.concat(), &keys(self.from).sign(&text), envelope::END_MAGIC]
            .concat()
    }

    pub fn copy(&mut self) -> PathBuf {
        self.made += 1;
        let path = self.home.path().join(format!("{}.db", self.made));
        std::fs::copy(self.home.path().join("true.db"), &path).unwrap();
        path
    }

    /// The bundle comes in at a copy of the book: refused with nothing changed, or the book is sound afterwards.
    pub fn holds(&mut self, word: &str, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return false; // no bundle can carry such an entry
        }
        let path = self.copy();
        let (mut db, _) = Db::open(&path, OpenOptions::default()).unwrap();
        let state = |db: &Db| db.look().unwrap().state_hash().unwrap();
        let before = (state(&db), db.look().unwrap().entry_count().unwrap());
        let taken = take_in(&mut db, self.to, bytes);
        match &taken {
            Err(error) => {
                assert!(error.is_of_the_bundle(), "{word}: {error}");
                assert_eq!((state(&db), db.look().unwrap().entry_count().unwrap()), before, "{word}: {error}");
            }
            Ok(taken) => {
                sound(&mut db, word);
                assert!(taken.fresh <= 64, "{word}");
            }
        }
        drop(db);
        for tail in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{tail}", path.display()));
        }
        taken.is_ok_and(|taken| taken.fresh > 0)
    }
}

pub fn take_in(db: &mut Db, site: &str, bytes: &[u8]) -> Result<Taken, ExchangeError> {
    let (code, keys) = (Site::parse(site).unwrap(), keys(site));
    let taker = Taker { site: &code, keys: &keys, practice: true, now: moment(), spooled: None };
    take::take(db, &taker, Cursor::new(bytes), "lie.mdx", |_, _| {})
}

/// What `verify --full`, `backup` and `rebuild` ask of a book.
pub fn sound(db: &mut Db, word: &str) {
    let state = {
        let tx = db.read().unwrap();
        let chains = verify::chains(&tx, |_| {}).unwrap();
        assert_eq!(chains.fault, None, "{word}");
        assert_eq!(rebuild::index_fault(&tx).unwrap(), None, "{word}");
        tx.state_hash().unwrap()
    };
    assert_eq!(db.integrity().unwrap(), None, "{word}");
    rebuild::rebuild(db, |_| {}).unwrap();
    assert_eq!(db.look().unwrap().state_hash().unwrap(), state, "{word}: the rebuild differs");
}

pub fn end(company: &mut Company, at: &str, of: &str) -> i64 {
    company.desk(at).look().unwrap().chain_last(chain(of)).unwrap().map_or(0, |last| last.seq())
}

pub fn since(company: &mut Company, at: &str, of: &str, after: i64) -> Vec<EntryRow> {
    company.desk(at).look().unwrap().stretch(chain(of), after, SEQS - 1, 100).unwrap()
}

pub fn workers(company: &mut Company, site: &str, count: usize) {
    for index in 0..count {
        let input = json!({ "code": format!("{site}W{index}"), "name": "张师傅", "team": "抢修班" });
        act(company.desk(site), "boss", "worker.add", &input);
    }
}
