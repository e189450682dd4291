//! What stands behind the last character of a text: the end mark of old systems, or the zeros of a copy that was cut short.

/// End of file as DOS and CP/M write it.
const END_MARK: u8 = 0x1A;

/// Watches the end of a file, block by block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tail {
    seen: u64,
    /// Bytes up to and with the last one that is neither zero nor an end mark.
    content: u64,
    marked: bool,
    zeros: u64,
}

impl Tail {
    pub(super) fn feed(&mut self, block: &[u8]) {
        let fills = |byte: &u8| *byte == 0 || *byte == END_MARK;
        let tail = match block.iter().rposition(|byte| !fills(byte)) {
            Some(last) => {
                *self = Self { content: self.seen + last as u64 + 1, ..Self::default() }.at(self.seen);
                &block[last + 1..]
            }
            None => block,
        };
        self.marked |= tail.contains(&END_MARK);
        self.zeros += tail.iter().filter(|byte| **byte == 0).count() as u64;
        self.seen += block.len() as u64;
    }

    fn at(self, seen: u64) -> Self {
        Self { seen, ..self }
    }

    /// Zero bytes behind the content.
    pub(super) fn zeros(self) -> u64 {
        self.zeros
    }

    /// Bytes of text; of one with two bytes a character always an even number.
    pub(super) fn text_bytes(self, wide: bool) -> u64 {
        let content = if wide { self.content.next_multiple_of(2) } else { self.content };
        content.min(self.seen)
    }

    /// Zeros without an end mark before them: the copy was cut short.
    pub(super) fn is_cut(self, wide: bool) -> bool {
        !self.marked && self.seen > self.text_bytes(wide) && self.zeros > u64::from(wide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(blocks: &[&[u8]]) -> Tail {
        let mut tail = Tail::default();
        blocks.iter().for_each(|block| tail.feed(block));
        tail
    }

    #[test]
    fn an_end_mark_is_no_text_and_zeros_are_a_cut_copy() {
        let marked = tail(&[b"a,b\n", b"\x1A"]);
        assert_eq!((marked.text_bytes(false), marked.is_cut(false), marked.zeros()), (4, false, 0));
        let filled = tail(&[b"a,b\n\x1A\0\0", b"\0\0"]);
        assert_eq!((filled.text_bytes(false), filled.is_cut(false), filled.zeros()), (4, false, 4));
        let cut = tail(&[b"a,b\n\0\0", b"\0\0"]);
        assert_eq!((cut.text_bytes(false), cut.is_cut(false)), (4, true));
        let whole = tail(&[b"a\0,", b"b"]);
        assert_eq!((whole.text_bytes(false), whole.is_cut(false), whole.zeros()), (4, false, 0));
        let wide = tail(&[b"\xFF\xFEa\0\n\0"]);
        assert_eq!((wide.text_bytes(true), wide.is_cut(true)), (6, false));
        let wide = tail(&[b"\xFF\xFEa\0\n\0\x1A\0"]);
        assert_eq!((wide.text_bytes(true), wide.is_cut(true)), (6, false));
        let wide = tail(&[b"\xFF\xFEa\0\n\0\0\0\0\0"]);
        assert!(wide.is_cut(true));
    }
}
