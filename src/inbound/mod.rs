//! Files from outside: read with limits, recognised by a named profile, judged row by row.
//!
//! The way of a file: [`read::Source::open`] looks at the whole file once (size, hash, form, encoding), a
//! [`profile::Catalogue`] recognises its columns by their headings, one of the judges in [`judge`] turns every row
//! into accepted, unread or a defect with a named kind. Nothing here writes: what is accepted ends in `desk`.

pub mod clean; // what a cell means: text, numbers, dates
pub mod fix_list; // rows not taken, as CSV for the person who mends them
pub mod headings; // headings as people type them
pub mod judge; // customers, readings, swap slips: accepted, unread, or a defect
pub mod layout; // where fields stand, what each column is
mod nearest; // headings that fit no profile: which one they come nearest to
pub mod on_file; // what the branch already knows, as the judges ask for it
pub mod profile; // named column maps, recognised by headings
pub mod read; // csv, xlsx and dbf files as rows of text cells
pub mod recognise; // a file by its headings: sheets, columns, what is not read
pub mod rows; // what a good row says: customers, readings, swap slips
mod running; // the running number a data program writes in front of a table
pub mod spill;
mod synonyms; // headings that mean a field in every profile // lists as long as a file, in bounded memory
