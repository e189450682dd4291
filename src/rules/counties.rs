//! County codes of resident IDs (县级行政区划代码, GB/T 2260) with the years they were in use.
//!
//! Only for a warning: a code out of use, or not yet in use in the year of birth, is unusual but no fault; and codes made
//! after 2020 are not in the table. `assets/counties.txt` holds records of fifteen bytes, sorted: code, first year (0000:
//! from the start), last year (9999: still in use).

/// The table.
const TABLE: &[u8] = include_bytes!("../../assets/counties.txt");
/// Bytes of a record with its line end.
const RECORD: usize = 15;
const CODE: usize = 6;
/// The last year of a code still in use.
const IN_USE: u16 = 9999;

/// What to look at in the county code of an ID, if anything. `code` is six digits.
pub fn warning(code: &str, birth_year: i32) -> Option<String> {
    let spans = spans(code);
    if !spans.iter().any(|(_, last)| *last == IN_USE) {
        return Some(match spans.last() {
            None => format!("行政区划代码{code}不在代码表中，请留意"),
            Some((_, last)) => format!("行政区划代码{code}在{last}年后已停用，请留意"),
        });
    }
    let known = spans.iter().any(|(first, last)| (i32::from(*first)..=i32::from(*last)).contains(&birth_year));
    (!known).then(|| format!("行政区划代码{code}在出生的{birth_year}年尚未启用，请留意"))
}

/// The years in which a code was in use.
fn spans(code: &str) -> Vec<(u16, u16)> {
    let records = TABLE.as_chunks::<RECORD>().0;
    let start = records.partition_point(|record| &record[..CODE] < code.as_bytes());
    let same = records[start..].iter().take_while(|record| &record[..CODE] == code.as_bytes());
    same.map(|record| (year(&record[6..10]), year(&record[10..14]))).collect()
}

fn year(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |year, digit| year * 10 + u16::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_sorted() {
        let (records, rest) = TABLE.as_chunks::<RECORD>();
        assert!(rest.is_empty() && records.len() > 6000);
        assert!(records.is_sorted());
        assert!(records.iter().all(|record| record[..14].iter().all(u8::is_ascii_digit) && record[14] == b'\n'));
    }

    #[test]
    fn only_unusual_codes_are_warned_about() {
        assert_eq!(warning("110105", 1949), None);
        assert_eq!(warning("430121", 2004), None);
        assert!(warning("440524", 1990).unwrap().contains("1992年后已停用"));
        assert!(warning("110199", 1990).unwrap().contains("不在代码表中"));
        assert!(warning("120116", 1970).unwrap().contains("尚未启用"));
    }
}
