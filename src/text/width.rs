//! Full-width and half-width: a clerk's input method leaves `１２．５` and `ＺＳＦ` where `12.5` and `zsf` were meant.

/// One character in its plain form: half-width, small letters, every blank and control character a space.
///
/// Characters that have no plain form stay as they are.
pub fn plain(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => narrow(c).to_ascii_lowercase(),
        '\u{3000}' => ' ',
        _ if c.is_control() || c.is_whitespace() => ' ',
        _ => c.to_ascii_lowercase(),
    }
}

/// The text with every character plain, for comparing and searching; never for keeping.
pub fn normal(text: &str) -> String {
    text.chars().map(plain).collect()
}

/// The text with full-width letters, digits and signs made half-width; case, blanks and everything else stay.
pub fn half_width(text: &str) -> String {
    text.chars().map(narrow).collect()
}

fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_signs_letters_and_blanks_become_half_width() {
        for (typed, meant) in [
            ("１２．５", "12.5"),
            ("ＺＳＦ", "zsf"),
            ("RML\u{3000}１２", "rml 12"),
            ("人民路\t12\u{1b}[31m", "人民路 12 [31m"),
            ("Ｂ０３－１－０００７０２", "b03-1-000702"),
            ("", ""),
        ] {
            assert_eq!(normal(typed), meant, "{typed:?}");
        }
    }

    #[test]
    fn half_width_keeps_case_and_chinese() {
        assert_eq!(half_width("Ｍ００３１ 王芳，Ａ座"), "M0031 王芳,A座");
    }
}
