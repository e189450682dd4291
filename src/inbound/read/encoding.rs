//! Which encoding a text is in, decided on the whole file, and its decoding.
//!
//! Strict validation decides, no statistics: a text that is valid UTF-8 is UTF-8; one that is not is GB18030 (which
//! holds GBK) when hardly anything in it is invalid there. So a GBK file is never read as UTF-8. A few broken bytes,
//! as old systems leave them at the end of a field, spoil only their rows: they become U+FFFD, which the judges refuse.

use encoding_rs::{BIG5, Decoder, DecoderResult, Encoding as Known, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::tail::Tail;

/// Encoding of a text file or of the texts in a dbf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GBK or GB18030.
    Gb18030,
    /// Big5, in a dbf whose head says so.
    Big5,
    /// UTF-16 with a byte order mark, as Excel writes "Unicode text".
    Utf16 {
        /// High byte first?
        big: bool,
    },
}

impl Encoding {
    /// The name a person knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GBK",
            Self::Big5 => "Big5",
            Self::Utf16 { .. } => "UTF-16",
        }
    }

    /// A decoder that drops a byte order mark.
    pub(super) fn decoder(self) -> Decoder {
        self.known().new_decoder_with_bom_removal()
    }

    /// The text of a short field; what is invalid becomes U+FFFD.
    pub(super) fn decode(self, bytes: &[u8]) -> std::borrow::Cow<'_, str> {
        self.known().decode_without_bom_handling(bytes).0
    }

    fn known(self) -> &'static Known {
        match self {
            Self::Utf8 => UTF_8,
            Self::Gb18030 => GB18030,
            Self::Big5 => BIG5,
            Self::Utf16 { big: false } => UTF_16LE,
            Self::Utf16 { big: true } => UTF_16BE,
        }
    }
}

/// Counts, block by block, how well a text fits both encodings.
pub(super) struct Survey {
    head: [u8; 3],
    seen: u64,
    /// Bytes above 0x7F.
    high: u64,
    zeros: u64,
    tail: Tail,
    utf8: Trial,
    gb: Trial,
}

struct Trial {
    decoder: Decoder,
    faults: u64,
}

impl Trial {
    fn new(known: &'static Known) -> Self {
        Self { decoder: known.new_decoder_without_bom_handling(), faults: 0 }
    }

    fn feed(&mut self, mut block: &[u8], last: bool, scratch: &mut [u8]) {
        loop {
            let (result, read, _) = self.decoder.decode_to_utf8_without_replacement(block, scratch, last);
            block = &block[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.faults += 1,
            }
        }
    }
}

/// Among a thousand characters beyond ASCII, how many may be broken before the file is refused.
const BROKEN_PER_MILLE: u64 = 20;
/// Faults of UTF-8 after which nobody counts on.
const FAULTS_COUNTED: u64 = 100_000;

impl Survey {
    pub(super) fn new() -> Self {
        Self {
            head: [0; 3],
            seen: 0,
            high: 0,
            zeros: 0,
            tail: Tail::default(),
            utf8: Trial::new(UTF_8),
            gb: Trial::new(GB18030),
        }
    }

    /// Looks at the next block of the file.
    pub(super) fn feed(&mut self, block: &[u8], scratch: &mut [u8]) {
        for (index, byte) in block.iter().take(3).enumerate() {
            if let Some(slot) = usize::try_from(self.seen).ok().and_then(|seen| self.head.get_mut(seen + index)) {
                *slot = *byte;
            }
        }
        self.seen += block.len() as u64;
        self.tail.feed(block);
        if block.is_ascii() && self.high == 0 {
            self.zeros += block.iter().filter(|b| **b == 0).count() as u64;
            return;
        }
        self.high += block.iter().filter(|b| **b >= 0x80).count() as u64;
        self.zeros += block.iter().filter(|b| **b == 0).count() as u64;
        if self.utf8.faults < FAULTS_COUNTED {
            self.utf8.feed(block, false, scratch);
        }
    }

    /// What stands behind the last character.
    pub(super) fn tail(&self) -> Tail {
        self.tail
    }

    /// Is it UTF-8 with so much beyond ASCII that no GBK text would be by chance? Asked of a dbf, whose head names no UTF-8.
    pub(super) fn is_plainly_utf8(&self) -> bool {
        const ENOUGH: u64 = 12;
        self.high >= ENOUGH && self.utf8.faults == 0
    }

    /// Is it no UTF-8, so that GBK must be tried from the start of the file?
    pub(super) fn needs_gb(&self) -> bool {
        self.utf8.faults > 0
    }

    /// Counts GBK faults, in a second look at the file.
    pub(super) fn feed_gb(&mut self, block: &[u8], scratch: &mut [u8]) {
        self.gb.feed(block, false, scratch);
    }

    /// The verdict; `None` when it is neither, or no text at all.
    pub(super) fn verdict(mut self, scratch: &mut [u8]) -> Option<Encoding> {
        if self.head.starts_with(&[0xFF, 0xFE]) {
            return Some(Encoding::Utf16 { big: false });
        }
        if self.head.starts_with(&[0xFE, 0xFF]) {
            return Some(Encoding::Utf16 { big: true });
        }
        if self.zeros > self.tail.zeros() {
            return None;
        }
        if self.high == 0 {
            return Some(Encoding::Utf8);
        }
        self.utf8.feed(&[], true, scratch);
        self.gb.feed(&[], true, scratch);
        let enough = |faults: u64, bytes: u64| faults == 0 || faults * 1000 <= bytes / 2 * BROKEN_PER_MILLE;
        let marked = self.head == [0xEF, 0xBB, 0xBF];
        if self.utf8.faults == 0 {
            Some(Encoding::Utf8)
        } else if !marked && enough(self.gb.faults, self.high) && self.gb.faults <= self.utf8.faults {
            Some(Encoding::Gb18030)
        } else if enough(self.utf8.faults, self.high) {
            Some(Encoding::Utf8)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(bytes: &[u8]) -> Option<Encoding> {
        let mut scratch = vec![0; 4096];
        let mut survey = Survey::new();
        survey.feed(bytes, &mut scratch);
        if survey.needs_gb() {
            survey.feed_gb(bytes, &mut scratch);
        }
        survey.verdict(&mut scratch)
    }

    #[test]
    fn gbk_is_never_taken_for_utf_8() {
        let gbk = GB18030.encode("户号,户名\r\n3100000000,孙国华\r\n").0.into_owned();
        assert_eq!(verdict(&gbk), Some(Encoding::Gb18030));
        assert_eq!(verdict("户号,户名".as_bytes()), Some(Encoding::Utf8));
        assert_eq!(verdict(b"\xef\xbb\xbfa"), Some(Encoding::Utf8));
        assert_eq!(verdict(b"plain,ascii"), Some(Encoding::Utf8));
        assert_eq!(verdict(b"\xff\xfea\0"), Some(Encoding::Utf16 { big: false }));
    }

    #[test]
    fn a_few_broken_bytes_spoil_rows_not_the_file_but_noise_is_no_text() {
        let mut gbk = GB18030.encode(&"清溪花园东区十二幢".repeat(100)).0.into_owned();
        gbk.push(0xFF);
        assert_eq!(verdict(&gbk), Some(Encoding::Gb18030));
        assert_eq!(verdict(&[0xFF; 200]), None);
        assert_eq!(verdict(b"a\0b"), None);
        let mut marked = b"\xef\xbb\xbf".to_vec();
        marked.extend_from_slice(&gbk);
        assert_eq!(verdict(&marked), None, "a mark of UTF-8 before GBK is no UTF-8");
    }
}
