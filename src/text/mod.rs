//! Every Chinese string a person sees that is shared; safe text; pinyin, widths and the words of the search box.

pub mod address;
pub mod disk; // what a disk says
pub mod exceptions; // what does not fit
pub mod fields; // fields of entries, side by side
pub mod in_place; // numbers with their places
pub mod pinyin; // initials of names and places
pub mod plain_file; // a file that somebody named
pub mod safe;
pub mod safe_json;
pub mod spelled_places;
pub mod till;
pub mod toolkit; // the frame, forms and popups of the screens
pub mod width; // full-width and half-width
pub mod words; // what an account is found by

/// Pinyin initials of the program's own words: `派工台` → `pgt`.
pub fn initials_of(words: &str) -> String {
    pinyin::initials(words, pinyin::Kind::Place, None).into_iter().next().unwrap_or_default()
}
