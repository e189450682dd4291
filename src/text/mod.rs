//! Every Chinese string a person sees that is shared; safe text; pinyin, widths and the words of the search box.

pub mod pinyin; // initials of names and places
pub mod safe;
pub mod toolkit; // the frame, forms and popups of the screens
pub mod width; // full-width and half-width
pub mod words; // what an account is found by

/// Pinyin initials of the program's own words: `派工台` → `pgt`.
pub fn initials_of(words: &str) -> String {
    use ::pinyin::ToPinyin;
    let letter = |c: char| match c.to_pinyin() {
        Some(reading) => reading.first_letter().chars().next(),
        None => c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase()),
    };
    words.chars().filter_map(letter).collect()
}
