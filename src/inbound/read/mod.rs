//! Files as rows of text cells with their physical line numbers, whatever the form, within limits.
//!
//! Nothing from outside is trusted: size, cells, columns, rows and unpacked size have a cap, and what breaks one is
//! refused with a sentence that names the file and what to do.

mod bad_file;
mod cell_format;
mod csv;
mod dbf;
mod dbf_field;
mod encoding;
mod limits;
mod row;
mod sheet_facts;
mod source;
mod struck;
mod tail;
mod xlsx;
mod zip_guard;

pub use bad_file::{BadFile, Why};
pub use encoding::Encoding;
pub use limits::Limits;
pub use row::{Mark, Row, Standing, is_user_defined, line_on, place};
pub use sheet_facts::SheetFacts;
pub use source::{Form, Sheet, Source};
