//! Tables a company writes itself: tariffs, work calendars, the catalogue of businesses.

use meterdesk::rules::{calendar, service::Catalogue, tariff};

/// A price file.
pub fn tariff(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = tariff::file::read("x.toml", text);
    }
}

/// A work calendar.
pub fn calendar(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = calendar::read("x.toml", text);
    }
}

/// A business of one's own, over the built-in ones; then as what all share.
pub fn catalogue(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Catalogue::load(&[("x.toml".to_owned(), text.to_owned())]);
        let _ = Catalogue::load(&[("common.toml".to_owned(), text.to_owned())]);
    }
}
