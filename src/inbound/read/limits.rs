//! How much of a file from outside is read.

/// Caps on one file. The usual ones are [`Limits::default`]; tests lower them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, bytes.
    pub file_bytes: u64,
    /// Largest packed file after unpacking, bytes.
    pub unpacked_bytes: u64,
    /// Largest unpacked size as a multiple of the packed one (above 64 MiB).
    pub unpacked_ratio: u64,
    /// Largest table of shared texts of an xlsx file, bytes: it is the one part held in memory.
    pub shared_bytes: u64,
    /// Longest cell, bytes.
    pub cell_bytes: usize,
    /// Most columns.
    pub columns: usize,
    /// Most rows, headings counted.
    pub rows: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 512 << 20,
            unpacked_bytes: 4 << 30,
            unpacked_ratio: 200,
            shared_bytes: 256 << 20,
            cell_bytes: 32 << 10,
            columns: 256,
            rows: 5_000_000,
        }
    }
}
