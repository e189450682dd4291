//! Files as handhelds, spreadsheets and old systems really write them: read as a person reads them, or refused with a word. Each
//! test is named after what once went wrong; inputs are in `tests/data/cases`.

#[path = "support/import_book.rs"]
mod import_book;

use std::path::Path;
use std::process::Command;

use import_book::{Book, CARD, case, workbook};
use serde_json::Value;

#[test]
fn an_unclosed_quote_gives_nobody_the_reading_of_another() {
    for name in ["swallow.csv", "swallow3.csv"] {
        let book = Book::new(true);
        book.cards(&case("B01").join(name)).is_refused("第2至5行的引号");
        for account in ["3100000001", "3100000002", "3100000003", "3100000004"] {
            assert_eq!(book.newest(account), "100", "{name} {account}");
        }
    }
}

#[test]
fn a_quote_that_closes_at_the_end_of_another_rows_cell_is_a_broken_quote() {
    let book = Book::new(true);
    let swallowed =
        format!("{CARD}2,3100000001,\"王芳二,100,120,2026-10-20,,张三\n2,3100000002,李四\",100,121,2026-10-20,,张三\n");
    book.cards(&book.file("a.csv", &swallowed)).is_refused("第2行有一格跨了行");
    let text = std::fs::read_to_string(case("base/base.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let book = Book::new(false);
    // The address of a customer may have two lines; a quote that swallows a row may not.
    let fine =
        format!("{}\n{}\n", lines[0], lines[1].replacen("人民路12号", "\"人民路12号\n", 1).replacen("室,", "室\",", 1));
    assert_eq!(book.customers(&book.file("fine.csv", &fine)).accepted(), 1);
    let bad =
        format!("{}\n{}\n{}\n", lines[0], lines[1].replacen(",王", ",\"王", 1), lines[2].replacen("三,", "三\",", 1));
    book.customers(&book.file("bad.csv", &bad)).is_refused("第2行有一格跨了行");
}

#[test]
fn a_hidden_sheet_is_never_read_in_place_of_the_one_that_is_seen() {
    let book = Book::new(true);
    let answer = book.cards(&case("B03/hidden_sheet.xlsx"));
    assert_eq!((answer.code, answer.accepted()), (Some(0), 1), "{}", answer.said);
    assert_eq!(book.newest("3100000001"), "125");
    assert!(answer.notes().contains("隐藏的表没有读：“旧底稿”"), "{}", answer.notes());
}

#[test]
fn every_sheet_with_the_same_headings_is_read() {
    let book = Book::new(true);
    let answer = book.cards(&case("B04/two_sheets.xlsx"));
    assert_eq!(
        (answer.code, answer.accepted(), answer.json["rows"].as_u64()),
        (Some(0), 3, Some(3)),
        "{}",
        answer.said
    );
    for (account, value) in [("3100000001", "120"), ("3100000002", "121"), ("3100000003", "122")] {
        assert_eq!(book.newest(account), value);
    }
    assert!(answer.notes().contains("“Sheet1”、“Sheet2”"), "{}", answer.notes());
}

#[test]
fn an_id_number_in_a_number_cell_is_refused_as_lost_digits_whatever_its_check_says() {
    let book = Book::new(false);
    let answer = book.customers(&case("B08/id_numeric.xlsx"));
    assert_eq!(answer.accepted(), 0);
    assert_eq!(answer.defects(), [(2, "lost_digits"), (3, "lost_digits")]);
    assert!(answer.message(2).contains("15位以后的数字已丢失"), "{}", answer.message(2));
}

#[test]
fn a_number_in_scientific_notation_opens_no_account_and_no_meter() {
    let book = Book::new(false);
    let answer = book.customers(&case("B10/sci.csv"));
    assert_eq!(answer.accepted(), 0);
    assert_eq!(answer.defects(), [(2, "lost_digits"), (3, "lost_digits"), (4, "lost_digits")]);
    assert!(answer.message(2).contains("科学计数法，号码已丢失"), "{}", answer.message(2));
    let answer = book.customers(&case("B10/sci2.csv"));
    assert_eq!(answer.defects(), [(2, "lost_digits"), (3, "lost_digits")]);
}

#[test]
fn a_binary_integer_of_foxpro_is_decoded() {
    let book = Book::new(true);
    let answer = book.handheld(&case("B12/vfp.dbf"));
    assert_eq!(book.newest("3100000009"), "120", "{}", answer.json);
    assert_eq!(answer.defects(), [(2, "high_use"), (3, "unreadable_value")], "{}", answer.json);
    assert!(answer.message(2).contains("12849"), "{}", answer.message(2));
    assert_eq!(book.newest("3100000011"), "100");
}

#[test]
fn certificates_of_other_kinds_come_in_with_their_kind_and_a_word() {
    let book = Book::new(false);
    let answer = book.customers(&case("B14/ident.csv"));
    let refused: Vec<u64> =
        answer.defects().iter().filter(|(_, kind)| *kind != "other_certificate").map(|(line, _)| *line).collect();
    assert_eq!((answer.accepted(), refused), (5, vec![6, 8]), "{}", answer.json);
    for (line, words) in [(2, "统一社会信用代码"), (5, "旧15位"), (7, "港澳居民来往内地通行证")] {
        assert!(answer.message(line).contains(words), "{line}: {}", answer.message(line));
    }
    let output = book.run(&["quote", "number", case("B14/ids.jsonl").to_str().unwrap()]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let found: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kind =
        |at: usize| (found[at]["valid"].as_bool().unwrap(), found[at]["certificate"].as_str().unwrap_or_default());
    assert_eq!((kind(0), kind(1)), ((true, "foreigner_id"), (true, "foreigner_id")));
    assert_eq!((kind(2), kind(3)), ((true, "foreigner_id_old"), (true, "passport")));
    assert!(!kind(4).0 && found[4]["reason"].as_str().unwrap().contains("旧15位"), "{}", found[4]);
}

#[test]
fn a_record_that_the_head_does_not_count_is_not_passed_over() {
    let book = Book::new(true);
    let answer = book.handheld(&case("B16/count_less.dbf"));
    assert_eq!((answer.code, answer.accepted()), (Some(1), 1), "{}", answer.said);
    assert_eq!(answer.defects(), [(2, "uncounted_record")]);
    assert!(answer.notes().contains("文件里还有1条记录没有计入表头"), "{}", answer.notes());
    assert_eq!((book.newest("3100000009").as_str(), book.newest("3100000010").as_str()), ("120", "100"));
}

#[test]
fn a_title_line_hides_no_tabs_and_semicolons() {
    for name in ["u16t.txt", "semi_title.csv", "tab_title.txt"] {
        let book = Book::new(true);
        let answer = book.cards(&case("B18").join(name));
        assert_eq!((answer.code, answer.accepted()), (Some(0), 2), "{name} {}", answer.said);
        assert_eq!(book.newest("3100000002"), "121", "{name}");
    }
}

#[test]
fn lines_of_totals_are_told_compared_and_no_rows() {
    for name in ["total_row.xlsx", "subtotal.xlsx"] {
        let book = Book::new(true);
        let answer = book.cards(&case("B20").join(name));
        assert_eq!((answer.code, answer.accepted(), answer.json["rows"].as_u64()), (Some(0), 2, Some(2)), "{name}");
        assert!(answer.notes().contains("是合计") && answer.notes().contains("相符"), "{}", answer.notes());
    }
    for (word, account) in [("合　计", ""), ("总计：", ""), ("", "共2户"), ("0002 汇总", ""), ("本页小计", "2户")]
    {
        let book = Book::new(true);
        let label = if word.is_empty() { "共计" } else { word };
        let text = format!(
            "{CARD}2,3100000001,,100,120,2026-10-20,,张\n2,3100000002,,100,121,2026-10-20,,张\n{label},{account},,200,240,,,\n"
        );
        let answer = book.cards(&book.file("t.csv", &text));
        assert_eq!((answer.code, answer.accepted(), answer.defects().len()), (Some(0), 2, 0), "{word} {}", answer.said);
        let notes = answer.notes();
        assert!(notes.contains("第4行的合计与明细不符：“本次示数”写240，实为241"), "{word}: {notes}");
    }
}

#[test]
fn timestamps_of_such_systems_are_plain_times() {
    let book = Book::new(true);
    let answer = book.handheld(&case("B22/ts14.dbf"));
    assert_eq!((answer.code, answer.accepted()), (Some(0), 4), "{} {}", answer.json, answer.said);
    let day = |book: &Book, account| book.show(account)["readings"][0]["day"].as_str().unwrap_or_default().to_owned();
    for account in ["3100000009", "3100000010", "3100000011", "3100000012"] {
        assert_eq!(day(&book, account), "2026-10-20", "{account}");
    }
    let book = Book::new(true);
    let answer = book.cards(&case("B22/dates.xlsx"));
    assert_eq!(answer.defects(), [(6, "unreadable_date"), (7, "unreadable_date")], "{}", answer.json);
    assert_eq!(day(&book, "3100000007"), "2026-10-20");
}

#[test]
fn a_user_defined_character_comes_in_and_is_told() {
    let book = Book::new(false);
    let answer = book.customers(&case("B26/eudc.csv"));
    assert_eq!(answer.accepted(), 5, "{}", answer.json);
    for line in [2, 4] {
        assert_eq!(answer.message(line), "户名有造字，请核对");
    }
    let kinds: Vec<&str> = answer.defects().into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["user_defined_character", "user_defined_character", "R-049"]);
    assert!(answer.notes().contains("第6行共1户的户名里有“?”"), "{}", answer.notes());
}

#[test]
fn a_new_meter_may_be_read_on_the_day_it_was_fitted() {
    let book = Book::new(true);
    let output = book.run(&["do", "--batch", case("B28/1.jsonl").to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(book.newest("3100000001"), "1");
    let again = r#"{"action":"reading.enter","as":"room","at":"2026-10-25T10:00:00+08:00","input":{"account":"3100000001","value":"2","date":"2026-10-20"}}"#;
    let output = book.run(&["do", "--batch", book.file("again.jsonl", again).to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("日期须在其后"), "a second walk on one day is refused");
}

#[test]
fn a_memo_is_no_number_of_a_block() {
    let book = Book::new(true);
    let answer = book.handheld(&case("B30/memo.dbf"));
    assert_eq!((answer.code, answer.accepted()), (Some(0), 1), "{}", answer.said);
    assert_eq!(book.show("3100000009")["readings"][0]["remark"], "");
    assert!(answer.notes().contains("字段BZTSTR的内容在另一个备注文件"), "{}", answer.notes());
}

#[test]
fn an_end_mark_of_dos_is_no_row_and_zeros_at_the_end_are_a_cut_copy() {
    let book = Book::new(true);
    let answer = book.cards(&case("B32/ctrlz.csv"));
    assert_eq!(
        (answer.code, answer.accepted(), answer.json["rows"].as_u64()),
        (Some(0), 2, Some(2)),
        "{}",
        answer.said
    );
    book.cards(&case("B32/nul.csv")).is_refused("尾部是空的，像是没有拷完");
}

#[test]
fn headings_are_read_as_people_type_them() {
    let book = Book::new(true);
    let text = "册 号,＊户号：,户　名,上次示数（方）,\"本次\n示数(m³)\",抄表日期,备注码,抄表员,电话\n2,3100000001,,100,120方,2026.10.20,,张,1\n\
                册 号,＊户号：,户　名,上次示数（方）,\"本次\n示数(m³)\",抄表日期,备注码,抄表员,电话\n2,3100000002,,100,121,2026年10月20日,,张,1\n";
    let answer = book.cards(&book.file("h.csv", text));
    assert_eq!(
        (answer.code, answer.accepted(), answer.json["rows"].as_u64()),
        (Some(0), 2, Some(2)),
        "{} {}",
        answer.json,
        answer.said
    );
    assert!(answer.notes().contains("没有读的列：“电话”"), "{}", answer.notes());
    let twice = "册号,户号,上次示数,本次示数,本次示数,抄表日期\n2,3100000003,100,120,125,2026-10-20\n";
    book.cards(&book.file("t.csv", twice)).is_refused("有两列“本次示数”");
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_is_refused_at_once_by_every_reader() {
    let book = Book::new(true);
    let pipe = book.folder.path().join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero"), Path::new("/dev/null")] {
        for what in [&["customers"][..], &["readings"], &["swaps"], &["tariffs"], &["calendar"], &["services"]] {
            let answer = book.import(what, path);
            answer.is_refused("不是普通文件");
        }
        for arguments in [&["do", "--batch"][..], &["do", "fee.take", "--input"], &["quote", "number"]] {
            let mut arguments = arguments.to_vec();
            arguments.push(path.to_str().unwrap());
            let output = book.run(&arguments);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(3) && said.contains("不是普通文件"), "{arguments:?} {said}");
        }
    }
    let folder = book.folder.path().join("tariffs");
    std::fs::create_dir(&folder).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("a.toml")).status().unwrap().success());
    book.import(&["tariffs"], &folder).is_refused("不是普通文件");
}

#[test]
fn what_a_person_does_not_see_on_a_sheet_is_not_taken_in_silently() {
    let book = Book::new(true);
    let answer = book.cards(&workbook(&book, "rows.xlsx", |sheet| _ = sheet.set_row_hidden(2).unwrap()));
    assert_eq!((answer.accepted(), answer.defects()), (2, vec![(3, "hidden_row")]), "{}", answer.json);
    assert_eq!(book.newest("3100000002"), "100");

    let book = Book::new(true);
    let columns = workbook(&book, "columns.xlsx", |sheet| _ = sheet.set_column_hidden(3).unwrap());
    book.cards(&columns).is_refused("“本次示数”列是隐藏的");
    // Of two columns of one heading the one that is seen is read.
    let two = workbook(&book, "two.xlsx", |sheet| {
        sheet.set_column_hidden(3).unwrap();
        sheet.write(0, 6, "本次示数").unwrap();
        (1..=3).for_each(|row| _ = sheet.write(row, 6, 129 + row).unwrap());
    });
    assert_eq!(book.cards(&two).accepted(), 3);
    assert_eq!(book.newest("3100000001"), "130");
}

#[test]
fn a_merged_cell_counts_for_every_row_it_covers_unless_it_is_a_number() {
    let book = Book::new(true);
    let format = rust_xlsxwriter::Format::new();
    let day = workbook(&book, "day.xlsx", |sheet| {
        (1..=3).for_each(|row| _ = sheet.write(row, 4, "").unwrap());
        sheet.merge_range(1, 4, 3, 4, "2026-10-20", &format).unwrap();
    });
    let answer = book.cards(&day);
    assert_eq!((answer.code, answer.accepted()), (Some(0), 3), "{}", answer.json);

    let book = Book::new(true);
    let value = workbook(&book, "value.xlsx", |sheet| {
        sheet.merge_range(1, 3, 2, 3, "150", &format).unwrap();
    });
    let answer = book.cards(&value);
    assert_eq!(answer.defects(), [(2, "unreadable_cell"), (3, "unreadable_cell")], "{}", answer.json);
}

#[test]
fn a_cell_is_read_as_its_format_shows_it() {
    let numbered = |code: &str| rust_xlsxwriter::Format::new().set_num_format(code);
    for (code, value, accepted) in [
        ("0\"方\"", 120.0, 3),
        ("#,##0.00", 120.0, 3),
        ("0%", 1.2, 2),
        ("0", 120.6, 2),
        ("0", 120.4, 3),
        (";;;", 120.0, 2),
        ("0,", 120.0, 2),
        ("yyyy-mm-dd", 120.0, 2),
    ] {
        let book = Book::new(true);
        let path = workbook(&book, "f.xlsx", |sheet| {
            sheet.write_with_format(1, 3, value, &numbered(code)).unwrap();
        });
        let answer = book.cards(&path);
        assert_eq!(answer.accepted(), accepted, "{code} {}", answer.json);
        assert_eq!(book.newest("3100000001") == "100", accepted == 2, "{code}");
    }
    let book = Book::new(true);
    let path = workbook(&book, "ids.xlsx", |sheet| {
        sheet.write_with_format(1, 1, 3_100_000_001u32, &numbered("0000000000")).unwrap();
        sheet.write(2, 1, 3_100_000_002.5).unwrap();
        sheet.write(3, 1, "3100000003.0").unwrap();
    });
    let answer = book.cards(&path);
    assert_eq!((answer.accepted(), answer.defects()), (2, vec![(3, "lost_digits")]), "{}", answer.json);
}

#[test]
fn an_error_or_a_formula_without_result_is_no_value() {
    let book = Book::new(true);
    let path = workbook(&book, "e.xlsx", |sheet| {
        sheet.write(1, 5, "#N/A").unwrap();
        sheet.write_formula(2, 3, rust_xlsxwriter::Formula::new("=C3+20").set_result("")).unwrap();
        sheet.write(3, 1, "########").unwrap();
    });
    let answer = book.cards(&path);
    assert_eq!(answer.accepted(), 0, "{}", answer.json);
    let kinds: Vec<(u64, &str)> = answer.defects();
    assert_eq!((kinds[0], kinds[2]), ((2, "unreadable_cell"), (4, "unreadable_cell")));
    assert_eq!(book.newest("3100000002"), "100");
}

#[test]
fn every_number_of_something_is_guarded_in_every_column_and_kind_of_file() {
    let text = std::fs::read_to_string(case("base/base.csv")).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    for heading in ["户号", "证件号码", "手机", "抄表序号", "楼号", "单元", "室号", "水表编号"] {
        for value in ["3.10E+12", "#N/A", "1月2日"] {
            let book = Book::new(false);
            let column = lines[0].iter().position(|known| *known == heading).unwrap();
            let mut row = lines[1].clone();
            row[column] = value;
            let answer = book.customers(&book.file("n.csv", &format!("{}\n{}\n", lines[0].join(","), row.join(","))));
            let kind = if value == "#N/A" { "unreadable_cell" } else { "lost_digits" };
            assert_eq!((answer.accepted(), answer.defects()), (0, vec![(2, kind)]), "{heading} {value}");
        }
    }
    let slips = "单号,户号,旧表号,旧表止码,新表号,新表起码,拆换日期,旧铅封号,新铅封号\n";
    for column in [0, 1, 2, 4, 7, 8] {
        let book = Book::new(true);
        let mut row = ["S1", "3100000001", "LC2200000001", "110", "NB1", "0", "2026-10-20", "Q1", "Q2"];
        row[column] = "3.10E+12";
        let answer = book.import(&["swaps"], &book.file("s.csv", &format!("{slips}{}\n", row.join(","))));
        assert_eq!((answer.accepted(), answer.defects()), (0, vec![(2, "lost_digits")]), "{column}");
    }
    for (way, headings, row) in [
        ("card", CARD, "2,3.10E+12,,100,120,2026-10-20,,张\n"),
        ("remote", "表号,采集时间,累计流量\n", "3.33E+21,2026-10-20,120\n"),
        ("handheld", "BH,FLA,CBSJ,CBZT\n", "2.20000E+13,120,2026-10-20,1\n"),
    ] {
        let book = Book::new(true);
        let answer = book.import(&["readings", "--source", way], &book.file("r.csv", &format!("{headings}{row}")));
        assert_eq!((answer.accepted(), answer.defects()), (0, vec![(2, "lost_digits")]), "{way}");
    }
}
