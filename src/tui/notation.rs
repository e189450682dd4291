//! Keys written as text, for tests and for the pseudo-terminal: `<F5>100<Enter>`.
//!
//! Everything outside angle brackets is typed as it stands. Inside: `F1`…`F12`, `Enter`, `Esc`, `Tab`, `S-Tab`,
//! `Space`, `BS`, `Del`, `Ins`, `Up`, `Down`, `Left`, `Right`, `Home`, `End`, `PgUp`, `PgDn`, `C-p` (Ctrl-P) and `lt`
//! for a plain `<`. Case does not matter.

use super::key::{Code, Key};

/// Reads the notation. The error names the piece that is no key.
pub fn parse(text: &str) -> Result<Vec<Key>, String> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c != '<' {
            keys.push(Key::char(c));
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let Some(end) = rest.find('>') else {
            return Err(format!("没有右尖括号: {rest}"));
        };
        keys.push(named(&rest[1..end])?);
        rest = &rest[end + 1..];
    }
    Ok(keys)
}

/// One key by its name between the brackets.
fn named(name: &str) -> Result<Key, String> {
    let lower = name.to_ascii_lowercase();
    if let Some(letter) = lower.strip_prefix("c-").filter(|l| l.chars().count() == 1) {
        return Ok(letter.chars().next().map_or(Key::plain(Code::Esc), Key::ctrl));
    }
    if let Some(n) = lower.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()).filter(|n| (1..=12).contains(n)) {
        return Ok(Key::f(n));
    }
    let code = match lower.as_str() {
        "enter" => Code::Enter,
        "esc" => Code::Esc,
        "tab" => Code::Tab,
        "s-tab" => return Ok(Key { code: Code::Tab, ctrl: false, shift: true }),
        "space" => Code::Char(' '),
        "lt" => Code::Char('<'),
        "bs" => Code::Backspace,
        "del" => Code::Delete,
        "ins" => Code::Insert,
        "up" => Code::Up,
        "down" => Code::Down,
        "left" => Code::Left,
        "right" => Code::Right,
        "home" => Code::Home,
        "end" => Code::End,
        "pgup" => Code::PageUp,
        "pgdn" => Code::PageDown,
        _ => return Err(format!("没有这个键: <{name}>")),
    };
    Ok(Key::plain(code))
}

/// The bytes an xterm sends for the key: what the pseudo-terminal tests write.
pub fn bytes(key: Key) -> Vec<u8> {
    let fixed: &[u8] = match key.code {
        Code::Char(c) if key.ctrl => return vec![(c.to_ascii_uppercase() as u8) & 0x1f],
        Code::Char(c) => return c.to_string().into_bytes(),
        Code::F(n) => return function_key(n),
        Code::Enter => b"\r",
        Code::Esc => b"\x1b",
        Code::Tab if key.shift => b"\x1b[Z",
        Code::Tab => b"\t",
        Code::Backspace => b"\x7f",
        Code::Delete => b"\x1b[3~",
        Code::Insert => b"\x1b[2~",
        Code::Up => b"\x1b[A",
        Code::Down => b"\x1b[B",
        Code::Right => b"\x1b[C",
        Code::Left => b"\x1b[D",
        Code::Home => b"\x1b[H",
        Code::End => b"\x1b[F",
        Code::PageUp => b"\x1b[5~",
        Code::PageDown => b"\x1b[6~",
    };
    fixed.to_vec()
}

/// F1 … F4 are SS3, the others CSI n ~ with the gaps xterm inherited from the VT220.
fn function_key(n: u8) -> Vec<u8> {
    match n {
        1..=4 => vec![0x1b, b'O', b'P' + n - 1],
        _ => {
            let number = [15, 17, 18, 19, 20, 21, 23, 24][usize::from(n.clamp(5, 12)) - 5];
            format!("\x1b[{number}~").into_bytes()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_names_mix() {
        let keys = parse("<F5>1<lt>王<C-p><s-tab>").unwrap();
        let tab = Key { code: Code::Tab, ctrl: false, shift: true };
        assert_eq!(keys, [Key::f(5), Key::char('1'), Key::char('<'), Key::char('王'), Key::ctrl('p'), tab]);
    }

    #[test]
    fn a_wrong_name_is_refused() {
        assert_eq!(parse("a<F13>").unwrap_err(), "没有这个键: <F13>");
        assert!(parse("a<F1").is_err());
    }
}
