//! What leaves the program for people and other programs: reports, slips, exports. Reads the store, writes nothing in it.

pub mod check_slip;
pub mod csv_safe;
pub mod dispatch_slip;
pub mod new_file;
pub mod paper;
pub mod printer;
pub mod render;
pub mod reports;
pub mod sheet;
