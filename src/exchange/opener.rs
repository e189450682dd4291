//! Opening a bundle, in the one order in which nothing is believed before it is checked: length and trailer, format, caps, known
//! sender, signature; then decryption, capped unpacking and the frames, one after the other. No frame is handed out before the
//! signature has verified (I-12), and nothing is allocated on the word of a length that is not within its cap.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};

use ed25519_dalek::{Signature, VerifyingKey};

use super::bundle_error::BundleError;
use super::envelope::{
    Counts, END_MAGIC, EndCounts, MAGIC, MAX_FILE, MAX_HEADER, TRAILER, WINDOW_LOG, cap, plain_cap, signed_text,
};
use super::frame::{self, Before, FRAME_HEAD, Frame, Part};
use super::header::Header;

/// The encryption's own head must end within this many bytes: one recipient takes some two hundred.
const AGE_HEAD: u64 = 4096;
/// Bytes read at a time.
const BLOCK: usize = 64 << 10;

/// A bundle whose signature has verified.
#[derive(Debug)]
pub struct Opened<R> {
    /// Its header.
    pub header: Header,
    /// The header's bytes as they were signed.
    pub header_bytes: Vec<u8>,
    /// Hash of the encrypted bytes.
    pub cipher_hash: [u8; 32],
    /// The sender's signature over both.
    pub signature: [u8; 64],
    /// BLAKE3 of the whole file, hex.
    pub hash: String,
    /// Bytes of the whole file.
    pub size: u64,
    source: R,
}

/// Checks a bundle up to its signature. `sender` says which keys may have signed for the sender the header names, or refuses;
/// no key at all means that the sender is not known. The source must not change meanwhile: read a copy of one's own.
pub fn open<R: Read + Seek, E: From<BundleError>>(
    mut source: R,
    sender: impl FnOnce(&Header) -> Result<Vec<VerifyingKey>, E>,
) -> Result<Opened<R>, E> {
    let trailer = Trailer::read(&mut source)?;
    let header_bytes = trailer.header_bytes(&mut source)?;
    let header = Header::read(&header_bytes)?;
    within_caps(&header, &trailer)?;
    let keys = sender(&header)?;
    if keys.is_empty() {
        return Err(BundleError::UnknownSender(header.from.clone()).into());
    }
    let (cipher_hash, hash) = hashes(&mut source, &trailer, &header_bytes)?;
    let damaged = blake3::Hash::from_bytes(cipher_hash).to_hex().as_str() != header.cipher_hash;
    if !verifies(&cipher_hash, &header_bytes, &trailer.signature, &keys) {
        let signed_wrong = BundleError::BadSignature(header.from.clone());
        return Err(if damaged { BundleError::Damaged } else { signed_wrong }.into());
    }
    if damaged {
        return Err(BundleError::Damaged.into());
    }
    let size = trailer.size;
    Ok(Opened { header, header_bytes, cipher_hash, signature: trailer.signature, hash, size, source })
}

/// The header of a bundle as it stands, before anything is verified: to tell whom a file in a folder is for, and for nothing else.
pub fn peek<R: Read + Seek>(mut source: R) -> Result<Header, BundleError> {
    let trailer = Trailer::read(&mut source)?;
    Header::read(&trailer.header_bytes(&mut source)?)
}

/// Did one of these keys sign this header over encrypted bytes of this hash? For proofs no ciphertext is needed.
pub fn verifies(cipher_hash: &[u8; 32], header: &[u8], signature: &[u8; 64], keys: &[VerifyingKey]) -> bool {
    let text = signed_text(cipher_hash, header);
    let signature = Signature::from_bytes(signature);
    keys.iter().any(|key| key.verify_strict(&text, &signature).is_ok())
}

/// Where everything lies.
struct Trailer {
    size: u64,
    cipher_len: u64,
    header_len: u64,
    signature: [u8; 64],
}

impl Trailer {
    fn read<R: Read + Seek>(source: &mut R) -> Result<Self, BundleError> {
        let io = |error: io::Error| BundleError::io(&error);
        let size = source.seek(SeekFrom::End(0)).map_err(io)?;
        source.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut start = Vec::with_capacity(MAGIC.len());
        source.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start).map_err(io)?;
        let layout = MAGIC.len() - 1;
        if start.is_empty() || !MAGIC[..layout].starts_with(&start[..start.len().min(layout)]) {
            return Err(BundleError::NotABundle);
        }
        if size < MAGIC.len() as u64 + TRAILER {
            return Err(BundleError::TooShort(size));
        }
        if start != MAGIC {
            let newer = start[layout] > MAGIC[layout] && start[layout].is_ascii_digit();
            return Err(if newer {
                BundleError::NewerFormat { needs: String::new() }
            } else {
                BundleError::NotABundle
            });
        }
        source.seek(SeekFrom::Start(size - TRAILER)).map_err(io)?;
        let (mut cipher, mut header, mut signature, mut end) = ([0u8; 8], [0u8; 4], [0u8; 64], [0u8; 8]);
        for part in [cipher.as_mut_slice(), &mut header, &mut signature, &mut end] {
            source.read_exact(part).map_err(io)?;
        }
        let (cipher_len, header_len) = (u64::from_le_bytes(cipher), u64::from(u32::from_le_bytes(header)));
        let rest = size - TRAILER - MAGIC.len() as u64;
        if end != *END_MAGIC || cipher_len.checked_add(header_len) != Some(rest) {
            return Err(BundleError::CutOff);
        }
        cap("文件", size, MAX_FILE)?;
        cap("包头", header_len, MAX_HEADER)?;
        Ok(Self { size, cipher_len, header_len, signature })
    }

    fn header_bytes<R: Read + Seek>(&self, source: &mut R) -> Result<Vec<u8>, BundleError> {
        let io = |error: io::Error| BundleError::io(&error);
        source.seek(SeekFrom::Start(MAGIC.len() as u64 + self.cipher_len)).map_err(io)?;
        let mut bytes = Vec::new();
        source.by_ref().take(self.header_len).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 == self.header_len { Ok(bytes) } else { Err(BundleError::CutOff) }
    }
}

/// Every length the header states, against the others and the caps.
fn within_caps(header: &Header, trailer: &Trailer) -> Result<(), BundleError> {
    if header.cipher_len != trailer.cipher_len {
        let (said, found) = (header.cipher_len.to_string(), trailer.cipher_len.to_string());
        return Err(BundleError::CountsDiffer { what: "密文长度", said, found });
    }
    cap("压缩长度", header.packed_len, header.cipher_len)?;
    cap("解压长度", header.plain_len, plain_cap(header.packed_len))?;
    cap("项数", header.frames, header.plain_len / FRAME_HEAD as u64)?;
    cap("凭单数", header.entries, header.frames)
}

/// Hash of the encrypted bytes, and of the whole file, in one pass.
fn hashes<R: Read + Seek>(source: &mut R, trailer: &Trailer, header: &[u8]) -> Result<([u8; 32], String), BundleError> {
    let io = |error: io::Error| BundleError::io(&error);
    let (mut cipher, mut file) = (blake3::Hasher::new(), blake3::Hasher::new());
    source.seek(SeekFrom::Start(MAGIC.len() as u64)).map_err(io)?;
    file.update(MAGIC);
    let (mut left, mut block) = (trailer.cipher_len, vec![0u8; BLOCK]);
    while left > 0 {
        let want = block.len().min(usize::try_from(left).unwrap_or(BLOCK));
        let got = source.read(&mut block[..want]).map_err(io)?;
        if got == 0 {
            return Err(BundleError::CutOff);
        }
        cipher.update(&block[..got]);
        file.update(&block[..got]);
        left -= got as u64;
    }
    file.update(header);
    file.update(&trailer.cipher_len.to_le_bytes());
    file.update(&u32::try_from(trailer.header_len).unwrap_or(u32::MAX).to_le_bytes());
    file.update(&trailer.signature);
    file.update(END_MAGIC);
    Ok((*cipher.finalize().as_bytes(), file.finalize().to_hex().to_string()))
}

impl<R: Read + Seek> Opened<R> {
    /// Decrypts with one of these identities and walks the frames. May be called again: each walk begins anew.
    pub fn frames<'i>(
        &mut self,
        identities: impl IntoIterator<Item = &'i age::x25519::Identity>,
    ) -> Result<Frames<'_, R>, BundleError> {
        let io = |error: io::Error| BundleError::io(&error);
        let start = SeekFrom::Start(MAGIC.len() as u64);
        self.source.seek(start).map_err(io)?;
        let mut head = Vec::new();
        self.source.by_ref().take(self.header.cipher_len.min(AGE_HEAD)).read_to_end(&mut head).map_err(io)?;
        age::Decryptor::new_buffered(head.as_slice()).map_err(|_| BundleError::NotForUs)?;
        if !is_for_one(&head) {
            return Err(BundleError::Recipients);
        }
        self.source.seek(start).map_err(io)?;
        let cipher = Source(self.source.by_ref().take(self.header.cipher_len));
        let decryptor = age::Decryptor::new(cipher).map_err(|error| not_for_us(&error))?;
        let identities = identities.into_iter().map(|identity| identity as &dyn age::Identity);
        let plain = decryptor.decrypt(identities).map_err(|_| BundleError::NotForUs)?;
        let packed = Packed { inner: plain, length: 0 };
        let mut unpacker = zstd::stream::read::Decoder::new(packed).map_err(io)?.single_frame();
        unpacker.window_log_max(WINDOW_LOG).map_err(io)?;
        let (counts, before) = (Counts::default(), Before::default());
        Ok(Frames { header: &self.header, unpacker: Some(unpacker), counts, before, buffer: Vec::new() })
    }

    /// Walks all frames without keeping any: the read-back of one's own stick is [`open`] alone, this is for one who can decrypt.
    pub fn check<'i>(
        &mut self,
        identities: impl IntoIterator<Item = &'i age::x25519::Identity>,
    ) -> Result<(), BundleError> {
        self.frames(identities)?.try_for_each(|frame| frame.map(|_| ()))
    }

    /// The source.
    pub fn into_inner(self) -> R {
        self.source
    }
}

/// Does the encryption's head, which has been read as one, name one recipient of the one kind? A stanza that only keeps readers from
/// being too strict (`…-grease`) is none.
fn is_for_one(head: &[u8]) -> bool {
    let lines = head.split(|byte| *byte == b'\n').take_while(|line| !line.starts_with(b"---"));
    let kinds = lines.filter_map(|line| line.strip_prefix(b"-> ")?.split(|byte| *byte == b' ').next());
    let mut recipients = kinds.filter(|kind| !kind.ends_with(b"-grease"));
    recipients.next() == Some(b"X25519".as_slice()) && recipients.next().is_none()
}

/// The disk failed, as opposed to the bytes on it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct DiskFailed(io::Error);

/// Marks errors of the disk on their way through decryption and unpacking.
struct Source<R>(R);

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, DiskFailed(error)),
        })
    }
}

/// Counts the packed bytes.
struct Packed<R> {
    inner: R,
    length: u64,
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.length += read as u64;
        Ok(read)
    }
}

type Cipher<'o, R> = Source<Take<&'o mut R>>;
type Unpacker<'o, R> =
    zstd::stream::read::Decoder<'static, BufReader<Packed<age::stream::StreamReader<Cipher<'o, R>>>>>;

/// The frames of an opened bundle; ends after the first error, or after the end frame when every count is right.
pub struct Frames<'o, R> {
    header: &'o Header,
    unpacker: Option<Unpacker<'o, R>>,
    counts: Counts,
    before: Before,
    buffer: Vec<u8>,
}

impl<R: Read + Seek> Frames<'_, R> {
    fn step(&mut self) -> Result<Option<Frame>, BundleError> {
        loop {
            let Some(part) = self.read_frame()? else { return Ok(None) };
            match part {
                Part::Padding => {}
                Part::End => {
                    self.end()?;
                    return Ok(None);
                }
                // What is no text is one that cannot be read: it is dropped where secrets are judged, and the entries are taken.
                Part::Secret => return Ok(Some(Frame::Secret(self.text().unwrap_or_default()))),
                Part::Proof => return Ok(Some(Frame::Proof(self.text()?))),
                Part::Entry(kind) => {
                    let row = frame::decode(&self.buffer, kind, &mut self.before).map_err(|what| self.broken(what))?;
                    self.counts.entry(kind, &row);
                    return Ok(Some(Frame::Entry(kind, Box::new(row))));
                }
            }
        }
    }

    /// Reads one frame into the buffer.
    fn read_frame(&mut self) -> Result<Option<Part>, BundleError> {
        if self.unpacker.is_none() {
            return Ok(None);
        }
        let mut head = [0u8; FRAME_HEAD];
        self.within(FRAME_HEAD)?;
        self.read_exact(&mut head)?;
        let [number, length @ ..] = head;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let part = Part::of(number).ok_or_else(|| self.broken("不认识的内容种类"))?;
        if length > part.cap() {
            return Err(self.broken("长度超过上限"));
        }
        self.within(FRAME_HEAD + length)?;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.resize(length, 0);
        let read = self.read_exact(&mut buffer);
        self.buffer = buffer;
        read?;
        if part == Part::End {
            let said: EndCounts = serde_json::from_slice(&self.buffer).map_err(|_| self.broken("结尾项读不懂"))?;
            self.compare_end(&said)?;
        }
        self.counts.frame(length);
        Ok(Some(part))
    }

    /// So many more bytes are within what the header says.
    fn within(&self, more: usize) -> Result<(), BundleError> {
        let after = self.counts.plain.saturating_add(more as u64);
        if after > self.header.plain_len { Err(BundleError::Bomb) } else { Ok(()) }
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), BundleError> {
        let frame = self.counts.frames + 1;
        let Some(unpacker) = &mut self.unpacker else { return Err(BundleError::CutOff) };
        unpacker.read_exact(buffer).map_err(|error| fault(&error, frame))
    }

    fn text(&self) -> Result<String, BundleError> {
        let text = std::str::from_utf8(&self.buffer).map_err(|_| self.broken("文字不是 UTF-8"))?;
        Ok(text.to_owned())
    }

    fn broken(&self, what: &'static str) -> BundleError {
        BundleError::Broken { frame: self.counts.frames + 1, what }
    }

    fn compare_end(&self, said: &EndCounts) -> Result<(), BundleError> {
        let found = self.counts.end();
        compare("凭单数", said.entries, found.entries)?;
        compare("单发凭单数", said.relayed, found.relayed)?;
        compare("项数", said.frames, found.frames)?;
        compare("凭单摘要", &said.hash, &found.hash)
    }

    /// After the end frame: nothing more, and what the header says.
    fn end(&mut self) -> Result<(), BundleError> {
        let frame = self.counts.frames;
        let Some(mut unpacker) = self.unpacker.take() else { return Ok(()) };
        let more = BundleError::Broken { frame, what: "结尾项后有多余内容" };
        let mut one = [0u8; 1];
        if unpacker.read(&mut one).map_err(|error| fault(&error, frame))? != 0 {
            return Err(more);
        }
        let mut rest = unpacker.finish();
        if rest.read(&mut one).map_err(|error| fault(&error, frame))? != 0 {
            return Err(more);
        }
        let header = self.header;
        compare("凭单数", header.entries, self.counts.entries)?;
        compare("单发凭单数", header.relayed, self.counts.relayed)?;
        compare("项数", header.frames, self.counts.frames)?;
        compare("解压长度", header.plain_len, self.counts.plain)?;
        compare("压缩长度", header.packed_len, rest.get_ref().length)
    }
}

impl<R: Read + Seek> Iterator for Frames<'_, R> {
    type Item = Result<Frame, BundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            self.unpacker = None;
        }
        step.transpose()
    }
}

fn compare<T: PartialEq + ToString>(what: &'static str, said: T, found: T) -> Result<(), BundleError> {
    if said == found {
        return Ok(());
    }
    Err(BundleError::CountsDiffer { what, said: said.to_string().chars().take(64).collect(), found: found.to_string() })
}

/// The encryption does not open: the disk's fault, or not meant for these identities.
fn not_for_us(error: &age::DecryptError) -> BundleError {
    match error {
        age::DecryptError::Io(error) if is_disk(error) => BundleError::io(error),
        _ => BundleError::NotForUs,
    }
}

fn is_disk(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<DiskFailed>())
}

/// An error from below: the disk's, or bytes that do not decrypt or unpack.
fn fault(error: &io::Error, frame: u64) -> BundleError {
    if is_disk(error) { BundleError::io(error) } else { BundleError::Broken { frame, what: "解不开" } }
}
