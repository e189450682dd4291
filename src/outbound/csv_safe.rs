//! A cell of a CSV file that a spreadsheet takes for text and never for a formula.

/// Excel turns longer digit strings into numbers with an exponent.
const LONGEST_NUMBER: usize = 11;

/// The cell with an apostrophe before it where a spreadsheet would calculate it or lose its digits.
pub fn safe(cell: &str) -> String {
    let digits = !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
    let loses_digits = digits && (cell.len() > LONGEST_NUMBER || cell.len() > 1 && cell.starts_with('0'));
    let formula = cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']) && !is_number(cell);
    if loses_digits || formula { format!("'{cell}") } else { cell.to_owned() }
}

fn is_number(cell: &str) -> bool {
    let rest = cell.strip_prefix('-').unwrap_or(cell);
    rest.starts_with(|c: char| c.is_ascii_digit()) && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn no_cell_is_a_formula_and_digits_stay() {
        for (cell, wanted) in [
            ("=1+1", "'=1+1"),
            ("@SUM", "'@SUM"),
            ("＝1", "'＝1"),
            ("-5.00", "-5.00"),
            ("-a", "'-a"),
            ("0100", "'0100"),
            ("6222020200001234567", "'6222020200001234567"),
            ("10023377", "10023377"),
            ("王芳", "王芳"),
            ("", ""),
        ] {
            assert_eq!(safe(cell), wanted);
        }
    }
}
