//! Bytes of a terminal → keys, pastes. Pure: no terminal, no clock.
//!
//! Why not the decoder of the terminal library: it reads `Esc Esc` as one Esc, and `Esc F5` arriving in one packet as
//! Esc and the typed text `[15~`. Keys typed ahead would be lost or land in a field (screens.md, rule 3). Here every
//! split of the same bytes gives the same keys, an unknown sequence is dropped whole, and `Esc x` in one packet is Esc,
//! then x (Alt is used nowhere).

use super::key::{Code, Key};

/// A paste longer than this is cut: no field is larger, and a paste of 10,000 lines must stay cheap.
pub const PASTE_MAX_BYTES: usize = 64 * 1024;

/// A sequence longer than this is no key of any terminal.
const SEQUENCE_MAX_BYTES: usize = 32;

const PASTE_END: &[u8] = b"\x1b[201~";

/// What the bytes said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A key.
    Key(Key),
    /// A bracketed paste, at most [`PASTE_MAX_BYTES`], as it came (newlines and all).
    Paste(String),
}

/// The decoder keeps what is not yet a whole key between packets.
#[derive(Default)]
pub struct Decoder {
    pending: Vec<u8>,
    paste: Option<Paste>,
}

#[derive(Default)]
struct Paste {
    text: Vec<u8>,
    /// How many bytes of the end mark have been seen.
    matched: usize,
}

/// How far one attempt at the pending bytes came.
enum Attempt {
    /// This many bytes were a key (or nothing worth saying).
    Took(usize, Option<Key>),
    /// A paste begins after this many bytes.
    PasteBegins(usize),
    /// More bytes are needed to know.
    More,
}

impl Decoder {
    /// Takes a packet and gives what is complete. Call [`Decoder::settle`] when nothing follows for a moment.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Heard> {
        let mut work = std::mem::take(&mut self.pending);
        work.extend_from_slice(bytes);
        let (mut heard, mut at) = (Vec::new(), 0);
        loop {
            if self.paste.is_some() {
                let (taken, done) = self.feed_paste(&work[at..]);
                at += taken;
                match done {
                    Some(text) => heard.push(Heard::Paste(text)),
                    None => return heard,
                }
            }
            match attempt(&work[at..]) {
                Attempt::Took(n, key) => {
                    heard.extend(key.map(Heard::Key));
                    at += n;
                }
                Attempt::PasteBegins(n) => {
                    self.paste = Some(Paste::default());
                    at += n;
                }
                Attempt::More => {
                    self.pending = work.split_off(at);
                    return heard;
                }
            }
        }
    }

    /// True while bytes wait that may be the beginning of a longer key: a lone Esc.
    pub fn is_unsettled(&self) -> bool {
        self.paste.is_none() && !self.pending.is_empty()
    }

    /// Nothing followed: what waits is what it looks like, a lone Esc first of all.
    pub fn settle(&mut self) -> Vec<Heard> {
        if self.paste.is_some() {
            return Vec::new();
        }
        let esc = Heard::Key(Key::plain(Code::Esc));
        match std::mem::take(&mut self.pending).as_slice() {
            [0x1b] => vec![esc],
            [0x1b, after] => vec![esc, Heard::Key(Key::char(*after as char))],
            _ => Vec::new(), // a torn sequence or half a character: nobody can say what it was
        }
    }

    /// Takes bytes of a paste up to its end mark: how many were taken, and the text when it ended.
    fn feed_paste(&mut self, bytes: &[u8]) -> (usize, Option<String>) {
        let Some(paste) = self.paste.as_mut() else { return (0, None) };
        for (i, &b) in bytes.iter().enumerate() {
            if b == PASTE_END[paste.matched] {
                paste.matched += 1;
                if paste.matched == PASTE_END.len() {
                    let text = String::from_utf8_lossy(&paste.text).replace('\u{fffd}', "");
                    self.paste = None;
                    return (i + 1, Some(text));
                }
                continue;
            }
            let held = std::mem::take(&mut paste.matched);
            let room = PASTE_MAX_BYTES.saturating_sub(paste.text.len());
            paste.text.extend(PASTE_END[..held].iter().take(room));
            if b == PASTE_END[0] {
                paste.matched = 1;
            } else if paste.text.len() < PASTE_MAX_BYTES {
                paste.text.push(b);
            }
        }
        (bytes.len(), None)
    }
}

/// Reads one key from the front.
fn attempt(bytes: &[u8]) -> Attempt {
    let Some(&first) = bytes.first() else { return Attempt::More };
    match first {
        0x1b => escape(bytes),
        b'\r' => Attempt::Took(1, Some(Key::plain(Code::Enter))),
        b'\t' => Attempt::Took(1, Some(Key::plain(Code::Tab))),
        0x08 | 0x7f => Attempt::Took(1, Some(Key::plain(Code::Backspace))),
        0x01..=0x1a => Attempt::Took(1, Some(Key::ctrl((first - 1 + b'a') as char))),
        0x00 | 0x1c..=0x1f => Attempt::Took(1, None),
        _ => character(bytes, first),
    }
}

/// One character in UTF-8; a byte that begins none is dropped.
fn character(bytes: &[u8], first: u8) -> Attempt {
    let length = match first {
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Attempt::Took(1, None),
    };
    match std::str::from_utf8(&bytes[..length.min(bytes.len())]) {
        Ok(text) => Attempt::Took(length, text.chars().next().filter(|c| !c.is_control()).map(Key::char)),
        Err(e) if e.error_len().is_none() => Attempt::More,
        Err(_) => Attempt::Took(1, None),
    }
}

/// What begins with Esc: a sequence, or Esc itself before something else.
fn escape(bytes: &[u8]) -> Attempt {
    let esc = Some(Key::plain(Code::Esc));
    match bytes.get(1) {
        None => Attempt::More,
        Some(b'[') => csi(bytes),
        Some(b'O') => match bytes.get(2) {
            None => Attempt::More,
            Some(&b) => match ss3(b) {
                Some(code) => Attempt::Took(3, Some(Key::plain(code))),
                None => Attempt::Took(1, esc),
            },
        },
        Some(_) => Attempt::Took(1, esc),
    }
}

fn ss3(b: u8) -> Option<Code> {
    match b {
        b'P'..=b'S' => Some(Code::F(b - b'P' + 1)),
        b'M' => Some(Code::Enter), // Enter of a number pad in application mode
        _ => letter_key(b),
    }
}

/// The cursor block, common to SS3 and CSI.
fn letter_key(b: u8) -> Option<Code> {
    Some(match b {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        _ => return None,
    })
}

/// `Esc [ parameters final`; the console of Linux sends F1 … F5 as `Esc [ [ A`.
fn csi(bytes: &[u8]) -> Attempt {
    if bytes.get(2) == Some(&b'[') {
        return match bytes.get(3) {
            None => Attempt::More,
            Some(b @ b'A'..=b'E') => Attempt::Took(4, Some(Key::f(b - b'A' + 1))),
            Some(_) => Attempt::Took(3, None),
        };
    }
    let Some(end) = bytes.iter().skip(2).position(|b| !(0x20..=0x3f).contains(b)).map(|i| i + 2) else {
        return if bytes.len() > SEQUENCE_MAX_BYTES { Attempt::Took(bytes.len(), None) } else { Attempt::More };
    };
    if bytes[end] < 0x40 || bytes[end] == 0x7f || bytes[end] >= 0x80 {
        return Attempt::Took(end, None); // not a final byte: drop what was begun, keep what interrupts it
    }
    let parameters = std::str::from_utf8(&bytes[2..end]).unwrap_or("");
    if (parameters, bytes[end]) == ("200", b'~') {
        return Attempt::PasteBegins(end + 1);
    }
    Attempt::Took(end + 1, csi_key(parameters, bytes[end]))
}

fn csi_key(parameters: &str, last: u8) -> Option<Key> {
    let mut numbers = parameters.split(';').map(|p| p.parse::<u8>().ok());
    let first = numbers.next().flatten();
    let held = numbers.next().flatten().unwrap_or(1).saturating_sub(1);
    let (shift, ctrl) = (held & 1 != 0, held & 4 != 0);
    let code = match last {
        b'~' => match first? {
            1 | 7 => Code::Home,
            2 => Code::Insert,
            3 => Code::Delete,
            4 | 8 => Code::End,
            5 => Code::PageUp,
            6 => Code::PageDown,
            n @ 11..=15 => Code::F(n - 10),
            n @ 17..=21 => Code::F(n - 11),
            n @ 23..=24 => Code::F(n - 12),
            _ => return None,
        },
        b'Z' => return Some(Key { code: Code::Tab, ctrl: false, shift: true }),
        b'P'..=b'S' => Code::F(last - b'P' + 1),
        _ => letter_key(last)?,
    };
    Some(Key { code, ctrl, shift })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::notation;
    use proptest::prelude::*;

    fn keys(text: &str) -> Vec<Heard> {
        notation::parse(text).unwrap().into_iter().map(Heard::Key).collect()
    }

    fn all(bytes: &[u8]) -> Vec<Heard> {
        let mut decoder = Decoder::default();
        let mut heard = decoder.feed(bytes);
        heard.extend(decoder.settle());
        heard
    }

    #[test]
    fn keys_typed_ahead_in_one_packet_are_all_there() {
        assert_eq!(all(b"\x1b\x1b"), keys("<Esc><Esc>"));
        assert_eq!(all(b"\x1b\x1b[15~100\r"), keys("<Esc><F5>100<Enter>"));
        assert_eq!(all(b"\x1brml"), keys("<Esc>rml"));
        assert_eq!(all(b"\x1b\x1bOP"), keys("<Esc><F1>"));
    }

    #[test]
    fn the_keys_of_common_terminals_are_known() {
        let table: [(&[u8], &str); 14] = [
            (b"\x1b[11~", "<F1>"),
            (b"\x1b[[E", "<F5>"),
            (b"\x1b[24~", "<F12>"),
            (b"\x1b[1~", "<Home>"),
            (b"\x1b[8~", "<End>"),
            (b"\x1bOA", "<Up>"),
            (b"\x1b[Z", "<S-Tab>"),
            (b"\x08", "<BS>"),
            (b"\x10", "<C-p>"),
            (b"\x1b[I", ""),
            (b"\x1b[?1;2c", ""),
            (b"\x1b[99~", ""),
            (b"\xff\xc0a", "a"),
            ("人𠮷".as_bytes(), "人𠮷"),
        ];
        for (bytes, expected) in table {
            assert_eq!(all(bytes), keys(expected), "{bytes:?}");
        }
    }

    #[test]
    fn a_paste_is_one_thing_and_keys_around_it_keep_their_order() {
        let heard = all(b"a\x1b[200~x\r\ny\x1b[15~\x1b[201~b");
        let mut expected = keys("a");
        expected.push(Heard::Paste("x\r\ny\x1b[15~".into()));
        expected.extend(keys("b"));
        assert_eq!(heard, expected);
    }

    #[test]
    fn a_paste_of_ten_thousand_lines_is_cut_and_what_follows_is_heard() {
        let mut bytes = b"\x1b[200~".to_vec();
        bytes.extend("一行很长的文字，粘贴了一万遍\n".repeat(10_000).into_bytes());
        bytes.extend(b"\x1b[201~\x1b[12~");
        let heard = all(&bytes);
        assert_eq!(heard.len(), 2);
        let Heard::Paste(text) = &heard[0] else { panic!("no paste") };
        assert!(text.len() <= PASTE_MAX_BYTES && text.starts_with("一行很长"));
        assert_eq!(heard[1], Heard::Key(Key::f(2)));
    }

    #[test]
    fn what_notation_writes_the_decoder_reads() {
        let every = "<F1><F2><F3><F4><F5><F6><F7><F8><F9><F10><F11><F12><Enter><Tab><S-Tab><BS><Del><Ins><Up><Down>\
                     <Left><Right><Home><End><PgUp><PgDn><C-p><C-o><C-e><Space>王a１<Esc>";
        let bytes: Vec<u8> = notation::parse(every).unwrap().into_iter().flat_map(notation::bytes).collect();
        assert_eq!(all(&bytes), keys(every));
    }

    proptest! {
        #[test]
        fn any_split_of_whole_keys_gives_the_same_keys(text in "(<F[1-9]>|<Up>|<Enter>|<C-p>|[a-z1-9]|王|𠮷){0,20}",
                                                      cuts in prop::collection::vec(0usize..60, 0..6)) {
            let bytes: Vec<u8> = notation::parse(&text).unwrap().into_iter().flat_map(notation::bytes).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut decoder = Decoder::default();
            let (mut heard, mut from) = (Vec::new(), 0);
            for cut in cuts.into_iter().chain([bytes.len()]) {
                heard.extend(decoder.feed(&bytes[from..cut]));
                from = cut;
            }
            heard.extend(decoder.settle());
            prop_assert_eq!(heard, keys(&text));
        }

        #[test]
        fn no_bytes_make_it_fall(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut decoder = Decoder::default();
            for packet in packets {
                decoder.feed(&packet);
                decoder.settle();
            }
        }
    }
}
