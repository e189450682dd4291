//! Whole numbers in as few bytes as they need: seven bits a byte, the lowest first.

/// Appends a number.
pub(super) fn write(blob: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        blob.push(number as u8 | 0x80);
        number >>= 7;
    }
    blob.push(number as u8);
}

/// Takes a number from the front; `None` at the end, and where the bytes make none.
#[inline]
pub(super) fn read(blob: &mut &[u8]) -> Option<u64> {
    match blob.split_first() {
        Some((&byte, rest)) if byte < 0x80 => {
            *blob = rest;
            Some(u64::from(byte))
        }
        _ => read_long(blob),
    }
}

fn read_long(blob: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = blob.split_first()?;
        *blob = rest;
        number |= u64::from(byte & 0x7F).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

/// A signed number folded so that small ones stay small.
pub(super) fn fold(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// The number that was folded.
pub(super) fn unfold(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
