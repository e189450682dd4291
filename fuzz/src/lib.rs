//! What the fuzz targets do with their bytes: only a clean refusal or a sound result may come out.

pub mod exchange;
pub mod files;
pub mod texts;
