//! meterdesk: the counter, the phone desk and the data room of a utility's branch.
//!
//! Whatever a person does at a desk is one entry in the branch's day book (日记账): written once, chained, never
//! changed. Everything else in the database is derived from entries. Arrows between rooms go down only.

pub mod book; // the day book: entry, chain, clock, append, verify
pub mod cli; // the command line, one file a command
pub mod derive; // entries → tables, one file a subject; the merge rules
pub mod desk; // what a person can do, one file an action: input → rights → rules → entry
pub mod exchange; // bundles between sites: file format, keys, what is sent, taking in
pub mod inbound; // files from outside, read with limits and judged row by row
pub mod outbound; // reports, slips, files for others
pub mod rules; // pure rules: money, tariff, late fee, calendar, numbers, states, rights
pub mod store; // the only room that knows SQL
pub mod text; // every Chinese string a person sees; pinyin
pub mod tui; // terminal, screen stack, widgets, screens
