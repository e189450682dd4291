//! The bundle file: magic, encrypted frames, header, trailer. Here are the numbers both sides share, and the writer; the other
//! side is [`super::opener`]. Everything streams: memory does not grow with the bundle.
//!
//! ```text
//! "MDXBNDL1" | age( zstd( frames ) ) | header JSON | cipher_len u64 | header_len u32 | signature 64 | "MDXEND01"
//! ```

use std::io::{self, Write};

use super::bundle_error::BundleError;
use super::frame::{self, Before, FRAME_HEAD, FrameKind, MAX_PADDING, MAX_PROOF, MAX_SECRET, Part};
use super::header::{FORMAT, Header, NEEDS};
use crate::store::entries::EntryRow;

/// First bytes of a bundle; the last digit is the layout's version.
pub const MAGIC: &[u8; 8] = b"MDXBNDL1";
/// Last bytes of a bundle.
pub const END_MAGIC: &[u8; 8] = b"MDXEND01";
/// Trailer: two lengths, signature, end magic.
pub const TRAILER: u64 = 8 + 4 + 64 + 8;
/// What is signed begins with this.
pub const SIGNED: &[u8] = b"meterdesk bundle 1\0";
/// Largest file.
pub const MAX_FILE: u64 = 64 << 20;
/// Largest header.
pub const MAX_HEADER: u64 = 1 << 20;
/// Frames may be this many times as long as they are packed, …
pub const RATIO: u64 = 100;
/// … and this much longer.
pub const RATIO_FREE: u64 = 1 << 20;
/// Largest zstd window, as a power of two.
pub const WINDOW_LOG: u32 = 23;
/// How hard to pack.
const LEVEL: i32 = 3;

/// Most bytes of frames that so many packed bytes may unpack to.
pub fn plain_cap(packed: u64) -> u64 {
    packed.saturating_mul(RATIO).saturating_add(RATIO_FREE)
}

/// What is signed: a name for its use, the hash of the encrypted bytes, the header.
pub fn signed_text(cipher_hash: &[u8; 32], header: &[u8]) -> Vec<u8> {
    [SIGNED, cipher_hash, header].concat()
}

/// The counts at the end of the frames.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EndCounts {
    /// Entries of every kind.
    pub entries: u64,
    /// Entries by themselves.
    pub relayed: i64,
    /// Frames of every kind, this one included.
    pub frames: u64,
    /// BLAKE3 of the hashes of all entries, one after the other, hex.
    pub hash: String,
}

/// Running counts of the frames of one bundle, alike in writer and opener.
#[derive(Default)]
pub(super) struct Counts {
    pub entries: u64,
    pub relayed: i64,
    pub frames: u64,
    pub plain: u64,
    hasher: blake3::Hasher,
}

impl Counts {
    pub fn frame(&mut self, length: usize) {
        self.frames += 1;
        self.plain += (FRAME_HEAD + length) as u64;
    }

    pub fn entry(&mut self, kind: FrameKind, row: &EntryRow) {
        self.entries += 1;
        self.relayed += i64::from(kind.is_single());
        self.hasher.update(&row.hash);
    }

    /// The end frame that would follow now.
    pub fn end(&self) -> EndCounts {
        let hash = self.hasher.finalize().to_hex().to_string();
        EndCounts { entries: self.entries, relayed: self.relayed, frames: self.frames + 1, hash }
    }
}

/// Counts and hashes what goes to the file.
struct Tally<W> {
    sink: W,
    cipher: blake3::Hasher,
    file: blake3::Hasher,
    length: u64,
}

impl<W: Write> Write for Tally<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.cipher.update(&bytes[..written]);
        self.file.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Counts what goes to the encryption.
struct Packed<W: Write> {
    inner: age::stream::StreamWriter<Tally<W>>,
    length: u64,
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // the encryption has no half chunks to flush
    }
}

/// A bundle that has been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its header, complete.
    pub header: Header,
    /// BLAKE3 of the whole file, hex.
    pub hash: String,
    /// Bytes of the whole file.
    pub size: u64,
}

/// Writes one bundle. Syncing, renaming and reading back are the caller's.
pub struct BundleWriter<W: Write> {
    packer: zstd::stream::write::Encoder<'static, Packed<W>>,
    counts: Counts,
    before: Before,
    buffer: Vec<u8>,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle that only `to` can open.
    pub fn begin(mut sink: W, to: &age::x25519::Recipient) -> Result<Self, BundleError> {
        let io = |error: io::Error| BundleError::io(&error);
        let recipients = std::iter::once(to as &dyn age::Recipient);
        let encryptor =
            age::Encryptor::with_recipients(recipients).map_err(|error| BundleError::Recipient(error.to_string()))?;
        sink.write_all(MAGIC).map_err(io)?;
        let mut file = blake3::Hasher::new();
        file.update(MAGIC);
        let tally = Tally { sink, cipher: blake3::Hasher::new(), file, length: 0 };
        let inner = encryptor.wrap_output(tally).map_err(io)?;
        let packer = zstd::stream::write::Encoder::new(Packed { inner, length: 0 }, LEVEL).map_err(io)?;
        Ok(Self { packer, counts: Counts::default(), before: Before::default(), buffer: Vec::new() })
    }

    /// Adds an entry.
    pub fn entry(&mut self, row: &EntryRow, kind: FrameKind) -> Result<(), BundleError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let fits = frame::encode(row, kind, &mut self.before, &mut buffer);
        fits.ok_or_else(|| BundleError::EntryTooLarge(row.id.to_string()))?;
        let done = self.frame(Part::Entry(kind), &buffer);
        self.buffer = buffer;
        done?;
        self.counts.entry(kind, row);
        Ok(())
    }

    /// Adds what the recipient is told in confidence, a JSON text.
    pub fn secret(&mut self, json: &str) -> Result<(), BundleError> {
        cap("密文项", json.len() as u64, MAX_SECRET as u64)?;
        self.frame(Part::Secret, json.as_bytes())
    }

    /// Adds a header and signature of head office that are given back, a JSON text.
    pub fn proof(&mut self, json: &str) -> Result<(), BundleError> {
        cap("凭据项", json.len() as u64, MAX_PROOF as u64)?;
        self.frame(Part::Proof, json.as_bytes())
    }

    /// Packed bytes so far, within what the packer still holds back (some hundred KiB).
    pub fn bytes_so_far(&self) -> u64 {
        self.packer.get_ref().length
    }

    /// Ends the bundle: fills the header's lengths and counts, signs, and gives the file back.
    pub fn finish(
        mut self,
        mut header: Header,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<(W, Written), BundleError> {
        let io = |error: io::Error| BundleError::io(&error);
        let end = self.pad()?;
        self.frame(Part::End, &end)?;
        let counts = self.counts;
        let packed = self.packer.finish().map_err(io)?;
        let packed_len = packed.length;
        let Tally { mut sink, cipher, mut file, length } = packed.inner.finish().map_err(io)?;
        let cipher_hash = cipher.finalize();

        header.format = FORMAT;
        header.needs = NEEDS.to_owned();
        header.entries = counts.entries;
        header.relayed = counts.relayed;
        header.frames = counts.frames;
        header.plain_len = counts.plain;
        header.packed_len = packed_len;
        header.cipher_len = length;
        header.cipher_hash = cipher_hash.to_hex().to_string();
        if let Some(what) = header.fault() {
            return Err(BundleError::BadHeader(what.to_owned()));
        }
        let text = header.bytes()?;
        let size = MAGIC.len() as u64 + length + text.len() as u64 + TRAILER;
        cap("包头", text.len() as u64, MAX_HEADER)?;
        cap("文件", size, MAX_FILE)?;
        let signature = sign(&signed_text(cipher_hash.as_bytes(), &text));
        let header_len = u32::try_from(text.len()).unwrap_or(u32::MAX); // the cap is far below
        for part in [text.as_slice(), &length.to_le_bytes(), &header_len.to_le_bytes(), &signature, END_MAGIC] {
            sink.write_all(part).map_err(io)?;
            file.update(part);
        }
        sink.flush().map_err(io)?;
        Ok((sink, Written { header, hash: file.finalize().to_hex().to_string(), size }))
    }

    fn frame(&mut self, part: Part, bytes: &[u8]) -> Result<(), BundleError> {
        let io = |error: io::Error| BundleError::io(&error);
        let length = u32::try_from(bytes.len()).map_err(|_| BundleError::EntryTooLarge(String::new()))?;
        self.packer.write_all(&[part.number()]).map_err(io)?;
        self.packer.write_all(&length.to_le_bytes()).map_err(io)?;
        self.packer.write_all(bytes).map_err(io)?;
        self.counts.frame(bytes.len());
        Ok(())
    }

    /// Very even entries pack better than the ratio allows: adds random bytes until they do not. Gives the end frame.
    fn pad(&mut self) -> Result<Vec<u8>, BundleError> {
        loop {
            self.packer.flush().map_err(|error| BundleError::io(&error))?;
            let end =
                serde_json::to_vec(&self.counts.end()).map_err(|error| BundleError::BadHeader(error.to_string()))?;
            let plain = self.counts.plain + (FRAME_HEAD + end.len()) as u64;
            let allowed = plain_cap(self.bytes_so_far());
            if plain <= allowed {
                return Ok(end);
            }
            let lacking = usize::try_from((plain - allowed) / RATIO).unwrap_or(MAX_PADDING);
            let mut noise = vec![0u8; (lacking + 64).min(MAX_PADDING)];
            getrandom::fill(&mut noise).map_err(|error| BundleError::Io(error.to_string()))?;
            self.frame(Part::Padding, &noise)?;
        }
    }
}

/// A length within its cap.
pub(super) fn cap(what: &'static str, size: u64, cap: u64) -> Result<(), BundleError> {
    if size > cap { Err(BundleError::TooLarge { what, size, cap }) } else { Ok(()) }
}
