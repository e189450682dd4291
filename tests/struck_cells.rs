//! Workbooks whose cells show otherwise than they hold: hours gone by, formats around texts, fillings, what somebody struck through.

mod support {
    pub mod import_book;
}

use rust_xlsxwriter::Format;
use support::import_book::{Book, workbook};

#[test]
fn a_counter_shown_as_hours_gone_by_is_not_read_as_days() {
    for code in ["[h]:mm", "[h]", "[m]", "[s]", "[mm]:ss", "[hh]:mm:ss", "0*0", "*-0"] {
        let book = Book::new(true);
        let path = workbook(&book, "h.xlsx", |sheet| {
            sheet.write_with_format(1, 3, 123.0, &Format::new().set_num_format(code)).unwrap();
            sheet.write_with_format(2, 1, 3_100_000_002.0, &Format::new().set_num_format(code)).unwrap();
        });
        let answer = book.cards(&path);
        let told = vec![(2, "unreadable_cell"), (3, "unreadable_cell")];
        assert_eq!((answer.accepted(), answer.defects()), (1, told), "{code} {}", answer.json);
        assert_eq!(book.newest("3100000001"), "100", "{code}");
    }
}

#[test]
fn a_text_whose_format_adds_to_it_or_hides_it_is_not_read_as_it_is_kept() {
    let book = Book::new(true);
    let codes = ["\"1\"@", "@\"5\"", "@@", ";;;\"x\"", "@*0"];
    for code in codes {
        let path = workbook(&book, "t.xlsx", |sheet| {
            sheet.write_with_format(1, 3, "120", &Format::new().set_num_format(code)).unwrap();
        });
        let answer = Book::new(true).cards(&path);
        assert_eq!((answer.accepted(), answer.defects()), (2, vec![(2, "unreadable_cell")]), "{code} {}", answer.json);
    }
    for code in ["@", "General", "0.00;-0.00;0;@", "0_);(0)"] {
        let path = workbook(&book, "p.xlsx", |sheet| {
            sheet.write_with_format(1, 3, "120", &Format::new().set_num_format(code)).unwrap();
        });
        let answer = Book::new(true).cards(&path);
        assert_eq!((answer.accepted(), answer.defects()), (3, vec![]), "{code} {}", answer.json);
    }
}

#[test]
fn a_row_that_was_struck_through_does_not_come_in_unsaid() {
    let book = Book::new(true);
    let struck = Format::new().set_font_strikethrough();
    let path = workbook(&book, "s.xlsx", |sheet| {
        for column in [0, 1] {
            sheet.write_with_format(1, column, ["2", "3100000001"][usize::from(column)], &struck).unwrap();
        }
        let parts = [(&Format::new(), "12"), (&struck, "9"), (&Format::new(), "2")];
        sheet.write_rich_string(2, 3, &parts).unwrap();
        // An empty cell that is struck through says nothing.
        sheet.write_blank(3, 6, &struck).unwrap();
    });
    let answer = book.cards(&path);
    assert_eq!(
        (answer.accepted(), answer.defects()),
        (1, vec![(2, "struck_out"), (3, "struck_out")]),
        "{}",
        answer.json
    );
    assert!(answer.message(3).contains("1292") && answer.message(3).contains("删除线"), "{}", answer.message(3));
}

#[test]
fn a_day_nobody_sees_in_its_cell_was_read_as_the_day_of_the_reading() {
    for code in ["h:mm", "mm:ss.0", "[$-F400]h:mm:ss\\ AM/PM", "yyyy\"年\"m\"月\"", "dddd"] {
        let book = Book::new(true);
        let path = workbook(&book, "d.xlsx", |sheet| {
            sheet.write_with_format(1, 4, 46_315.5, &Format::new().set_num_format(code)).unwrap();
        });
        let answer = book.cards(&path);
        assert_eq!((answer.accepted(), answer.defects()), (2, vec![(2, "unreadable_cell")]), "{code} {}", answer.json);
        assert_eq!(book.newest("3100000001"), "100", "{code}");
    }
    for code in
        ["yyyy/m/d", "m\"月\"d\"日\"", "yyyy\"年\"m\"月\"d\"日\";@", "[$-F800]dddd, mmmm dd, yyyy", "yyyy-mm-dd h:mm"]
    {
        let book = Book::new(true);
        let path = workbook(&book, "d.xlsx", |sheet| {
            sheet.write_with_format(1, 4, 46_315.5, &Format::new().set_num_format(code)).unwrap();
        });
        let answer = book.cards(&path);
        assert_eq!((answer.accepted(), answer.defects()), (3, vec![]), "{code} {}", answer.json);
    }
}
