//! What is looked at in every row before anything is read from it: is the row to be seen, is each cell what stood there once?

use chrono::NaiveDate;

use super::columns::Cells;
use super::defect::{Flaw, Kind};
use crate::inbound::clean;
use crate::inbound::layout::name_of;
use crate::inbound::profile::Class;
use crate::inbound::read::{Mark, Standing, is_user_defined};
use crate::rules::{phone, private_numbers};

/// A shorter cell holds no private number.
const SHORTEST_PRIVATE: usize = 7;
/// So many digits in one telephone number are looked at.
const LONGEST_PHONE: usize = 13;

/// What a spreadsheet shows when it cannot compute a cell.
const ERRORS: [&str; 10] =
    ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"];
/// Months as an English spreadsheet writes them.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl Cells<'_> {
    /// Refuses a row nobody sees, and a row with a cell that is not what a person once wrote.
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Flaw> {
        match self.row.standing {
            Some(Standing::Hidden) => {
                let what =
                    "这一行在Excel里是隐藏的（可能正在筛选），没有导入；确要导入请取消隐藏后再导入，或在待改清单里收下";
                return Err(Flaw::new(Kind::HiddenRow, what));
            }
            Some(Standing::Uncounted) => {
                let what = "这条记录没有计入表头，抄表机可能中途断电，请核对后在待改清单里收下或退回重抄";
                return Err(Flaw::new(Kind::UncountedRecord, what));
            }
            Some(Standing::Struck(column)) => return Err(self.struck(column)),
            Some(Standing::Split(_) | Standing::OverLines(_)) | None => {}
        }
        self.check_private(today)?;
        self.check_text()?;
        self.check_headless()?;
        let marked = self.row.is_marked();
        for (column, class) in self.layout.classes.iter().enumerate() {
            if *class == Class::Unread {
                continue;
            }
            if marked {
                self.check_marks(column, *class)?;
            }
            match class {
                Class::Number => self.check_number(column)?,
                Class::Text | Class::Place => self.check_error(column)?,
                Class::Quantity | Class::Money | Class::Date | Class::Unread => {}
            }
        }
        Ok(())
    }

    /// Struck through by hand: whether the row is void or was put right nobody knows.
    fn struck(&self, column: usize) -> Flaw {
        let what = format!(
            "单元格“{}”被划掉了（删除线），不知道这一行是作废还是改过，没有导入；请核对原表：作废的删去这一行，\
             有效的改好、去掉删除线后再导入，或在待改清单里收下",
            self.shown(column)
        );
        match self.layout.heading(column) {
            "" => Flaw::new(Kind::StruckOut, what),
            heading => Flaw::at(Kind::StruckOut, heading, what),
        }
    }

    /// I-13: a number of an ID or a card in any column that is read and does not seal it, and a phone too long for one.
    fn check_private(&self, today: NaiveDate) -> Result<(), Flaw> {
        for (column, class) in self.layout.classes.iter().enumerate() {
            let cell = self.row.get(column);
            if *class == Class::Unread || cell.len() < SHORTEST_PRIVATE {
                continue;
            }
            let counts = matches!(class, Class::Quantity | Class::Money | Class::Date) && cell.contains('.');
            let found = || private_numbers::first(cell, self.layout.holds[column], Some(today));
            if let Some(found) = (!counts).then(found).flatten() {
                let heading = self.layout.heading(column);
                // Nothing of the cell stands in the message.
                let what = private_numbers::sentence(&format!("“{heading}”"), found.kind);
                return Err(Flaw::at(Kind::PrivateNumber, heading, what).by("I-13"));
            }
        }
        let phones = ["landline", "mobile", "sms_number"].map(|field| self.layout.column(field));
        for column in phones.into_iter().filter(Option::is_some) {
            let text = self.text(column);
            let parts = text.split([',', '，', ';', '；', '、', '/']);
            let long = |part: &str| part.bytes().filter(u8::is_ascii_digit).count() >= LONGEST_PHONE;
            if text.len() >= LONGEST_PHONE && parts.into_iter().any(|part| long(part) && phone::check(part).is_none()) {
                return Err(self.flaw(Kind::BadPhone, column, "不是电话号码，请改为手机11位或区号加号码"));
            }
        }
        Ok(())
    }

    /// Whatever stands under no heading: which column it belongs to nobody knows, and cells before it may be shifted.
    fn check_headless(&self) -> Result<(), Flaw> {
        if let Some(Standing::Split(column)) = self.row.standing {
            let (first, second) = (self.shown(column), self.shown(column + 1));
            let (cells, headings) = (self.row.len(), self.layout.headings.len());
            let what = format!(
                "这一行有{cells}格，表头只有{headings}列，“{first}”和“{second}”像是一个数被逗号分成了两格，请核对整行（数字里的逗号要去掉，或整格加引号）"
            );
            return Err(Flaw::at(Kind::ExtraCells, self.layout.heading(column), what));
        }
        let Some(column) = self.layout.headless(self.row).next() else { return Ok(()) };
        let value = self.shown(column);
        let width = self.layout.width();
        let what = if column < width {
            format!("第{}列没有表头，却写着“{value}”，请在原表补上表头或删去后再导入", column + 1)
        } else {
            let last = self.layout.headless(self.row).last().unwrap_or(column);
            format!(
                "这一行有{}格，表头只有{width}列，多出的“{value}”不知道是哪一列的，请核对整行（数字里的逗号要去掉，或整格加引号）",
                last + 1
            )
        };
        Err(Flaw::at(Kind::ExtraCells, &name_of(column), what))
    }

    fn check_marks(&self, column: usize, class: Class) -> Result<(), Flaw> {
        let has = |mark| self.row.has(column, mark);
        let unreadable = |what: &str| Err(self.flaw(Kind::UnreadableCell, Some(column), what));
        let said = matches!(class, Class::Number | Class::Text | Class::Place);
        if has(Mark::NoValue) {
            return unreadable(
                "：单元格里看见的与存的不是一回事（公式没有存下结果，或格式藏住、改了内容），请用Excel核对后另存再导入",
            );
        }
        if has(Mark::Merged) && matches!(class, Class::Number | Class::Quantity | Class::Money) {
            return unreadable("：与别的行合并了单元格，不知道属于哪一行，请取消合并后逐行填写");
        }
        if has(Mark::Date) && said {
            return Err(self.lost(column, "：被表格软件变成了日期，原来的内容已丢失，请按原件改为文本"));
        }
        if has(Mark::LostDigits) && said {
            return Err(self.lost(column, "：单元格是数字格式，15位以后的数字已丢失，请按原件重新录入为文本"));
        }
        let fraction = || self.row.get(column).split_once('.').map_or("", |(_, part)| part).to_owned();
        if has(Mark::Rounded) && (class == Class::Money || class == Class::Quantity && *fraction() >= *"5") {
            return unreadable("：单元格里显示的与存的不是一个数，请改成一样后再导入");
        }
        if class == Class::Number && self.row.is_number(column) && !fraction().is_empty() {
            return Err(self.lost(column, "：号码不会有小数，请按原件改为文本"));
        }
        Ok(())
    }

    /// A number of something, as text: a spreadsheet that saved it may have lost digits of it.
    fn check_number(&self, column: usize) -> Result<(), Flaw> {
        let cell = self.row.get(column);
        let plain = |b: u8| b.is_ascii_digit() || b == b'X' || b == b'-' || b == b' ';
        if !cell.bytes().all(plain) {
            self.check_error(column)?;
            let text = clean::text(cell);
            if is_scientific(&text) {
                return Err(self.lost(column, "是科学计数法，号码已丢失，请在原表把这一列改为文本格式后重新导出"));
            }
            if is_month_and_day(&text) {
                return Err(self.lost(column, "：被表格软件变成了日期，原来的内容已丢失，请按原件改为文本"));
            }
            let whole = clean::without_zero_fraction(&text);
            if whole.len() < text.len() && whole.len() > 15 && whole.bytes().all(|b| b.is_ascii_digit()) {
                return Err(self.lost(column, "：号码经过了小数格式，15位以后的数字已丢失，请按原件重新录入为文本"));
            }
        }
        if Some(column) == self.layout.column("landline") && lost_area_zero(&self.text(Some(column))) {
            return Err(self.lost(column, "：像是丢了区号前面的0，请补上并改为文本"));
        }
        Ok(())
    }

    fn check_error(&self, column: usize) -> Result<(), Flaw> {
        let cell = self.row.get(column);
        if !cell.contains('#') {
            return Ok(());
        }
        let text = clean::text(cell);
        let hashes = text.len() > 2 && text.bytes().all(|b| b == b'#');
        if hashes || ERRORS.iter().any(|error| text.eq_ignore_ascii_case(error)) {
            return Err(self.flaw(Kind::UnreadableCell, Some(column), "：单元格出错，没有内容，请在原表改正后再导入"));
        }
        Ok(())
    }

    /// A card number that lost digits is a bad card number, of whatever else it is told as lost digits.
    fn lost(&self, column: usize, what: &str) -> Flaw {
        let card = Some(column) == self.layout.column("card_number");
        self.flaw(if card { Kind::BadBankCard } else { Kind::LostDigits }, Some(column), what)
    }

    /// Headings of texts with user-defined characters (造字), which only the machine that made them can show.
    pub(super) fn user_defined(&self) -> Option<Flaw> {
        let kept = |class: &Class| matches!(class, Class::Text | Class::Number | Class::Place);
        let columns = self.layout.classes.iter().enumerate().filter(|(_, class)| kept(class));
        let made = |column: usize| {
            let cell = self.row.get(column);
            !cell.is_ascii() && cell.chars().any(is_user_defined)
        };
        let found: Vec<&str> =
            columns.filter(|(column, _)| made(*column)).map(|(column, _)| self.layout.heading(column)).collect();
        let first = found.first()?;
        Some(Flaw::at(Kind::UserDefined, first, format!("{}有造字，请核对", found.join("、"))))
    }
}

/// `3.10E+12`, `1E+12`, `2.2e13`: a number that a spreadsheet wrote short.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = mantissa.split_once(['.', ',']).map_or((mantissa, None), |(whole, part)| (whole, Some(part)));
    let signed = exponent.strip_prefix('+');
    let short = whole.len() == 1 && digits(whole) && part.is_none_or(digits);
    short && (signed.is_some() || part.is_some()) && digits(signed.unwrap_or(exponent)) && exponent.len() <= 4
}

/// `1月2日`, `2-Jan`, `Jan-02`: what a spreadsheet makes of 1-2.
fn is_month_and_day(text: &str) -> bool {
    if let Some((month, day)) = text.strip_suffix('日').and_then(|rest| rest.split_once('月')) {
        return [month, day].iter().all(|part| part.parse::<u32>().is_ok_and(|number| number <= 31));
    }
    let Some((left, right)) = text.split_once('-') else { return false };
    let month = |part: &str| MONTHS.contains(&part.to_ascii_lowercase().as_str());
    let number = |part: &str| part.len() <= 2 && part.parse::<u32>().is_ok();
    month(left) && number(right) || number(left) && month(right)
}

/// A number with its area code and without the 0 before it: one of those in the cell.
fn lost_area_zero(text: &str) -> bool {
    text.split([',', '，', ';', '；', '、', '/']).any(|part| lacks_zero(part) || parted_lacks_zero(part))
}

/// `577-88111111`, `(577)88111111`, with or without an extension: an area code, then seven or eight digits. 400 and 800 are none.
fn parted_lacks_zero(text: &str) -> bool {
    let plain: String = text.chars().map(crate::rules::numbers::narrow).filter(|c| !c.is_whitespace()).collect();
    let dash = |c| matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '(' | ')' | '转');
    let plain = plain.trim_start_matches('(').replace(dash, "-");
    let mut parts = plain.split('-').filter(|part| !part.is_empty());
    let (Some(area), Some(number)) = (parts.next(), parts.next()) else { return false };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let known = area == "10" || matches!(area.len(), 2 | 3) && !area.starts_with(['0', '1']);
    let service = matches!(area, "400" | "800");
    known && !service && digits(area) && matches!(number.len(), 7 | 8) && digits(number) && parts.all(digits)
}

/// Nine to eleven digits that are no mobile and no service number.
fn lacks_zero(text: &str) -> bool {
    let text = text.trim();
    let plain = (9..=11).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let mobile = text.len() == 11 && text.starts_with('1');
    let service = text.len() == 10 && (text.starts_with("400") || text.starts_with("800"));
    plain && !text.starts_with('0') && !mobile && !service
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_a_spreadsheet_wrote_short_are_known_and_meter_numbers_are_not() {
        for text in ["3.10E+12", "3.33E+21", "2.20000E+13", "1E+12", "1.38e10", "1,1E+17"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in ["1E12", "LC2200E+1", "12E+05", "E12345678", "3E", "1.2E+", "1.2E+12345", "91350100M000100Y43"] {
            assert!(!is_scientific(text), "{text}");
        }
        assert!(is_month_and_day("1月2日") && is_month_and_day("2-Jan") && is_month_and_day("Mar-03"));
        assert!(!is_month_and_day("1-2") && !is_month_and_day("A-Jan") && !is_month_and_day("二月三日"));
    }

    #[test]
    fn a_landline_without_the_zero_of_its_area_is_known() {
        for text in [
            "1088888888",
            "57188888888",
            "755888888",
            "577-88111111",
            "577－88111111",
            "577 - 8811111",
            "(577)88111111",
            "577-88111111-801",
            "10-88888888",
            "13800000000,577-88111111",
        ] {
            assert!(lost_area_zero(text), "{text}");
        }
        for text in [
            "01088888888",
            "88888888",
            "13800000000",
            "4008001234",
            "8001234567",
            "",
            "110",
            "0577-88111111",
            "（0577）88111111",
            "400-8001234",
            "138-0000-0000",
            "88111111-801",
            "8042909转801",
            "+86-577-88111111",
        ] {
            assert!(!lost_area_zero(text), "{text}");
        }
    }
}
