//! The sample price book built into the program: what `quote` uses without `--tariffs`, and what a practice branch
//! starts with. Some of its prices are samples and say so in `document`.

use super::book::PriceBook;

/// The files, by name.
pub const FILES: [(&str, &str); 9] = [
    ("bj-gas-boiler-2019.toml", include_str!("../../../assets/tariffs/bj-gas-boiler-2019.toml")),
    ("bj-gas-res-2019.toml", include_str!("../../../assets/tariffs/bj-gas-res-2019.toml")),
    ("bj-power-res-2012.toml", include_str!("../../../assets/tariffs/bj-power-res-2012.toml")),
    ("bj-water-institution-2014.toml", include_str!("../../../assets/tariffs/bj-water-institution-2014.toml")),
    ("bj-water-res-2014.toml", include_str!("../../../assets/tariffs/bj-water-res-2014.toml")),
    ("sample-gas-nonres.toml", include_str!("../../../assets/tariffs/sample-gas-nonres.toml")),
    ("sample-water-nonres.toml", include_str!("../../../assets/tariffs/sample-water-nonres.toml")),
    ("sample-water-special.toml", include_str!("../../../assets/tariffs/sample-water-special.toml")),
    ("school-book-water.toml", include_str!("../../../assets/tariffs/school-book-water.toml")),
];

/// Reads the built-in book.
pub fn price_book() -> PriceBook {
    PriceBook::read(FILES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::utility::Utility;

    #[test]
    fn every_built_in_file_is_sound() {
        let book = price_book();
        assert!(book.faults().is_empty(), "{:?}", book.faults());
        assert_eq!(book.tariffs().count(), FILES.len());
        let day = "2026-11-01".parse().unwrap();
        assert_eq!(book.dearest(Utility::Water, day).unwrap().code, "SAMPLE-WATER-SPECIAL");
    }
}
