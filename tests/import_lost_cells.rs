//! What files lost on the way in without a word: cells without heading, what a format adds, headings of other names, lines under the
//! table. Each test is named after what went wrong.

#[path = "support/import_book.rs"]
mod import_book;

use import_book::{Book, CARD, case, workbook};

const SHORT: &str = "户号,抄表日期,本次示数\n";

#[test]
fn a_comma_in_a_number_is_not_the_end_of_it_and_no_cell_falls_off_the_row() {
    for (name, mark) in [("e.csv", ","), ("e.txt", "\t"), ("s.csv", ";")] {
        let book = Book::new(true);
        let rows = "3100000001,2026-10-20,120,456\n3100000002,2026-10-20,121,,\n3100000003,2026-10-20,122\n";
        let answer = book.cards(&book.file(name, &format!("{SHORT}{rows}").replace(',', mark)));
        assert_eq!((answer.accepted(), answer.defects()), (2, vec![(2, "extra_cells")]), "{name} {}", answer.json);
        assert_eq!(answer.code, Some(1));
        let said = answer.message(2);
        assert!(said.contains("这一行有4格，表头只有3列，多出的“456”"), "{said}");
        assert_eq!(book.newest("3100000001"), "100", "{name}");
        assert_eq!(book.newest("3100000002"), "121", "{name}");
    }
}

#[test]
fn a_number_split_by_a_comma_does_not_pass_with_an_empty_cell_at_the_end() {
    let headings = "户号,抄表日期,本次示数,备注码,抄表员\n";
    let book = Book::new(true);
    let rows = "3100000001,2026-10-20,120,456,,\n3100000002,2026-10-20,121,,\n3100000003,2026-10-20,122,,\n";
    let answer = book.cards(&book.file("e.csv", &format!("{headings}{rows}")));
    assert_eq!((answer.accepted(), answer.defects()), (2, vec![(2, "extra_cells")]), "{}", answer.json);
    assert!(answer.message(2).contains("有6格，表头只有5列，“120”和“456”像是一个数"), "{}", answer.message(2));
    // Row for row one delimiter more than the headings is how some programs write.
    let book = Book::new(true);
    let headings = "户号,抄表日期,上次示数,本次示数\n";
    let rows = "3100000001,2026-10-20,100,120,\n3100000002,2026-10-20,100,121,\n3100000003,2026-10-20,100,122,\n";
    let answer = book.cards(&book.file("t.csv", &format!("{headings}{rows}")));
    assert_eq!((answer.code, answer.accepted()), (Some(0), 3), "{}", answer.json);
}

#[test]
fn what_stands_under_an_empty_heading_is_not_left_out() {
    let book = Book::new(true);
    let text = "户号,抄表日期,本次示数,\n3100000001,2026-10-20,120,改为130\n3100000002,2026-10-20,121,\n";
    let answer = book.cards(&book.file("e.csv", text));
    assert_eq!((answer.accepted(), answer.defects()), (1, vec![(2, "extra_cells")]), "{}", answer.json);
    let book = Book::new(true);
    let text = "户号,,抄表日期,本次示数\n3100000001,改为130,2026-10-20,120\n3100000002,,2026-10-20,121\n";
    let answer = book.cards(&book.file("i.csv", text));
    assert_eq!((answer.accepted(), answer.defects()), (1, vec![(2, "extra_cells")]), "{}", answer.json);
    assert!(answer.message(2).contains("第2列没有表头，却写着“改为130”"), "{}", answer.message(2));
}

#[test]
fn the_running_number_of_a_data_program_is_no_cell_without_heading_and_anything_else_there_is() {
    let table = |head: &str, numbers: [&str; 3]| {
        let [a, b, c] = numbers;
        format!(
            "{head},户号,抄表日期,本次示数\n{a},3100000001,2026-10-20,120\n{b},3100000002,2026-10-20,121\n{c},3100000003,2026-10-20,122\n"
        )
    };
    for (head, numbers) in [("", ["0", "1", "2"]), ("", ["1", "2", "3"]), ("Unnamed: 0", ["0", "1", "2"])] {
        let book = Book::new(true);
        let answer = book.cards(&book.file("e.csv", &table(head, numbers)));
        assert_eq!((answer.code, answer.accepted()), (Some(0), 3), "{head:?} {}", answer.json);
        let said = answer.json["notes"].to_string();
        assert!(said.contains("的行号") && said.contains("没有读"), "{said}");
        assert_eq!(book.newest("3100000003"), "122");
    }
    // Anything but a plain sequence is data nobody has named: every row of it waits.
    for numbers in [["0", "1", "3"], ["0", "2", "1"], ["7", "8", "9"], ["0", "", "1"], ["0", "1", "2?"]] {
        let book = Book::new(true);
        let answer = book.cards(&book.file("e.csv", &table("", numbers)));
        let filled = numbers.iter().filter(|number| !number.is_empty()).count();
        assert_eq!(
            (answer.accepted(), answer.defects().len()),
            (3 - filled as u64, filled),
            "{numbers:?} {}",
            answer.json
        );
    }
    // A workbook of such a program, each sheet with its own numbers.
    let book = Book::new(true);
    let mut file = rust_xlsxwriter::Workbook::new();
    for accounts in [["3100000001", "3100000002"], ["3100000003", "3100000004"]] {
        let sheet = file.add_worksheet();
        for (column, heading) in (1..).zip(["户号", "抄表日期", "本次示数"]) {
            sheet.write(0, column, heading).unwrap();
        }
        for (row, account) in (1..).zip(accounts) {
            sheet.write(row, 0, row - 1).unwrap();
            sheet.write(row, 1, account).unwrap();
            sheet.write(row, 2, "2026-10-20").unwrap();
            sheet.write(row, 3, 120).unwrap();
        }
    }
    let path = book.folder.path().join("numbered.xlsx");
    file.save(&path).unwrap();
    let answer = book.cards(&path);
    assert!(
        answer.accepted() >= 3 && !answer.defects().iter().any(|(_, kind)| *kind == "extra_cells"),
        "{}",
        answer.json
    );
}

#[test]
fn a_workbook_loses_no_cell_beyond_its_headings_on_any_sheet() {
    let book = Book::new(true);
    let path = workbook(&book, "beyond.xlsx", |sheet| {
        sheet.write(1, 7, "改为130").unwrap();
        sheet.write(2, 7, " ").unwrap();
    });
    let answer = book.cards(&path);
    assert_eq!((answer.accepted(), answer.defects()), (2, vec![(2, "extra_cells")]), "{}", answer.json);
    assert!(answer.message(2).contains("有8格，表头只有6列"), "{}", answer.message(2));

    let book = Book::new(true);
    let mut file = rust_xlsxwriter::Workbook::new();
    for account in ["3100000001", "3100000002"] {
        let sheet = file.add_worksheet();
        for (column, (heading, cell)) in (0..).zip([("户号", account), ("本次示数", "120"), ("抄表日期", "2026-10-20")])
        {
            sheet.write(0, column, heading).unwrap();
            sheet.write(1, column, cell).unwrap();
        }
        if account == "3100000002" {
            sheet.write(1, 3, "456").unwrap();
        }
    }
    let path = book.folder.path().join("two.xlsx");
    file.save(&path).unwrap();
    let answer = book.cards(&path);
    assert_eq!((answer.accepted(), answer.defects()), (1, vec![(2_000_002, "extra_cells")]), "{}", answer.json);
    assert!(answer.message(2_000_002).contains("有4格，表头只有3列，多出的“456”"), "{}", answer.message(2_000_002));
}

#[test]
fn customers_and_slips_lose_no_cell_either() {
    let text = std::fs::read_to_string(case("base/base.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let book = Book::new(false);
    let answer = book.customers(&book.file("c.csv", &format!("{}\n{},重复\n{}\n", lines[0], lines[1], lines[2])));
    assert_eq!((answer.accepted(), answer.defects()), (1, vec![(2, "extra_cells")]), "{}", answer.json);
    let book = Book::new(true);
    let slips =
        "单号,户号,旧表号,旧表止码,新表号,新表起码,拆换日期\nS1,3100000001,LC2200000001,1,110,NB1,0,2026-10-20\n";
    let answer = book.import(&["swaps"], &book.file("s.csv", slips));
    assert_eq!((answer.accepted(), answer.defects()), (0, vec![(2, "extra_cells")]), "{}", answer.json);
}

#[test]
fn a_cell_without_heading_is_cleared_in_the_fix_list_by_who_read_again() {
    let book = Book::new(true);
    let answer = book.cards(&book.file("e.csv", &format!("{SHORT}3100000001,2026-10-20,120,456\n")));
    let run = answer.json["run"].as_str().unwrap_or_else(|| panic!("{}", answer.json)).to_owned();
    let mend = |cells: &str, reader: &str| {
        let input = format!(r#"{{"file":"{run}","line":2,"cells":{cells},"reread_by":"{reader}"}}"#);
        let input = book.file("mend.json", &input);
        let input = input.to_str().unwrap();
        let output = book.run(&["--as", "room", "--json", "do", "import.mend", "--input", input]);
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let said = mend("{}", "");
    assert!(said.contains("R-232"), "{said}");
    let said = mend(r#"{"本次示数":"130"}"#, "张三");
    assert!(said.contains("多出的“456”"), "{said}");
    let said = mend(r#"{"第4列":""}"#, "");
    assert!(said.contains("R-232"), "{said}");
    let said = mend(r#"{"第2列":""}"#, "张三");
    assert!(said.contains("没有“第2列”"), "{said}");
    let said = mend(r#"{"第4列":"","本次示数":"130"}"#, "张三");
    assert_eq!(book.newest("3100000001"), "130", "{said}");
}

#[test]
fn digits_points_and_ten_thousands_in_a_cell_format_are_not_dropped() {
    let numbered = |code: &str| rust_xlsxwriter::Format::new().set_num_format(code);
    for (code, value) in [
        ("0\".\"0", 127.0),
        ("0\"0\"", 126.0),
        ("0\"万\"", 129.0),
        ("0-0", 139.0),
        ("00\".\"00", 136.0),
        ("General\"万\"", 129.0),
        ("0\"千\"", 129.0),
    ] {
        let book = Book::new(true);
        let path = workbook(&book, "f.xlsx", |sheet| {
            sheet.write_with_format(1, 3, value, &numbered(code)).unwrap();
        });
        let answer = book.cards(&path);
        assert_eq!((answer.accepted(), answer.defects()), (2, vec![(2, "unreadable_cell")]), "{code} {}", answer.json);
        assert_eq!(book.newest("3100000001"), "100", "{code}");
    }
}

#[test]
fn headings_of_other_systems_are_known_to_cards_too() {
    for headings in [
        "用户编号,抄表时间,本次读数",
        "客户编号,抄表日期,本期示数",
        "用户号,抄表时间,本月表底",
        "客户号,本次抄表日期,抄见数",
    ] {
        let book = Book::new(true);
        let answer = book.cards(&book.file("h.csv", &format!("{headings}\n3100000001,2026-10-20,120\n")));
        assert_eq!((answer.code, answer.json["accepted"].as_u64()), (Some(0), Some(1)), "{headings} {}", answer.said);
        assert_eq!(book.newest("3100000001"), "120", "{headings}");
    }
    let text = std::fs::read_to_string(case("base/base.csv")).unwrap();
    let text = text.replacen("户号,户名", "客户编号,客户名称", 1).replacen("水表编号", "表具编号", 1);
    let book = Book::new(false);
    let answer = book.customers(&book.file("c.csv", &text));
    assert_eq!((answer.code, answer.accepted()), (Some(0), 16), "{} {}", answer.json, answer.said);
    let book = Book::new(true);
    book.cards(&book.file("u.csv", "用户标识,抄表的日子,本次读数\n1,2,3\n"))
        .is_refused("最接近“抄表卡片”，但缺少列：户号、抄表日期");
    let slips = "单号,户号,旧表号,旧表止码,新表号,新表起码,拆换日期\n";
    book.cards(&book.file("s.csv", slips)).is_refused("这个文件像是“水表拆换单”");
}

#[test]
fn a_count_and_a_signature_under_the_table_are_no_customers() {
    let rows = "1,3100000001,120,2026-10-20\n2,3100000002,121,2026-10-20\n";
    for (tail, notes) in [
        ("共2户,,241,\n制表人：王芳,,,\n", ["第4行是合计，不作一行数据；与明细相符", "第5行“制表人：王芳”是签名"]),
        ("本册共3户,,240,\n,审核：,,\n", ["写3户，实有2户；“本次示数”写240，实为241", "第5行“审核：”是签名"]),
        (",共 2 户,241,\n制表：,王芳,审核：,李四\n", ["第4行是合计", "第5行“制表： 王芳 审核： 李四”是签名"]),
        ("总户数：2户,,,\n第1页 共1页,,,\n", ["第4行是合计", "第5行“第1页 共1页”是签名、页码或说明"]),
    ] {
        let book = Book::new(true);
        let answer = book.cards(&book.file("t.csv", &format!("序号,户号,本次示数,抄表日期\n{rows}{tail}")));
        let counts = (answer.code, answer.json["accepted"].as_u64(), answer.json["rows"].as_u64());
        assert_eq!(counts, (Some(0), Some(2), Some(2)), "{tail} {}", answer.json);
        for note in notes {
            assert!(answer.notes().contains(note), "{tail}: {}", answer.notes());
        }
    }
    // A row with a reading and no account is a row, whatever its first cell says.
    let book = Book::new(true);
    let answer =
        book.cards(&book.file("r.csv", &format!("序号,户号,本次示数,抄表日期\n{rows}备注：,,125,2026-10-20\n")));
    assert_eq!((answer.accepted(), answer.defects().len()), (2, 1), "{}", answer.json);
    let text = std::fs::read_to_string(case("base/base.csv")).unwrap();
    let commas = ",".repeat(27);
    let book = Book::new(false);
    let answer = book.customers(&book.file("c.csv", &format!("{text}共16户{commas}\n制表人：王芳{commas}\n")));
    assert_eq!((answer.code, answer.accepted()), (Some(0), 16), "{} {}", answer.json, answer.said);
    assert!(answer.notes().contains("相符") && answer.notes().contains("制表人"), "{}", answer.notes());
}

#[test]
fn a_state_of_the_handheld_that_nobody_knows_is_no_reading() {
    let book = Book::new(true);
    let rows = "LC2200000001,126,2026-10-20,3\nLC2200000002,126,2026-10-20,\nLC2200000003,126,2026-10-20,1\nLC2200000004,,2026-10-20,2\n";
    let answer = book.handheld(&book.file("h.csv", &format!("BH,FLA,CBSJ,CBZT\n{rows}")));
    assert_eq!(answer.defects(), [(2, "unknown_word"), (3, "unknown_word")], "{}", answer.json);
    assert_eq!(answer.accepted(), 1);
    assert_eq!((book.newest("3100000001"), book.newest("3100000003")), ("100".into(), "126".into()));
}

#[test]
fn a_card_that_says_nobody_was_at_home_has_no_reading() {
    let book = Book::new(true);
    let rows = "2,3100000001,,100,122,2026-10-20,门闭,张\n2,3100000002,,100,,2026-10-20,门闭,张\n2,3100000003,,100,122,2026-10-20,估抄,张\n";
    let answer = book.cards(&book.file("c.csv", &format!("{CARD}{rows}")));
    assert_eq!((answer.accepted(), answer.defects()), (1, vec![(2, "value_though_unread")]), "{}", answer.json);
    assert!(answer.message(2).contains("本次示数却写着122"), "{}", answer.message(2));
    assert_eq!(book.newest("3100000001"), "100");
}

/// The file of customers with a column more.
fn with_column(heading: &str, values: &[&str]) -> String {
    let text = std::fs::read_to_string(case("base/base.csv")).unwrap();
    let mut lines = text.lines();
    let first = format!("{},{heading}\n", lines.next().unwrap());
    lines.zip(values).fold(first, |text, (line, value)| text + line + "," + value + "\n")
}

#[test]
fn a_landline_that_lost_the_zero_of_its_area_before_the_hyphen_is_told() {
    let values = ["577-88111111", "0577-88111111", "88111111-801", "400-8001234", "57788111111"];
    let book = Book::new(false);
    let answer = book.customers(&book.file("p.csv", &with_column("联系电话", &values)));
    assert_eq!(answer.defects(), [(2, "lost_digits"), (6, "lost_digits")], "{}", answer.json);
    assert_eq!(answer.accepted(), 3);
}

#[test]
fn building_unit_and_room_without_books_are_no_broken_route_number() {
    let text = std::fs::read_to_string(case("base/base.csv")).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let gone =
        ["区域", "楼型", "抄表册号", "抄表序号"].map(|name| rows[0].iter().position(|known| *known == name).unwrap());
    let address = rows[0].iter().position(|known| *known == "用水地址").unwrap();
    let cut = |row: &Vec<&str>, bare: bool| {
        let cells = row.iter().enumerate().filter(|(column, _)| !gone.contains(column));
        cells.map(|(column, cell)| if bare && column == address { "" } else { *cell }).collect::<Vec<_>>().join(",")
    };
    let file = [cut(&rows[0], false), cut(&rows[1], false), cut(&rows[2], true)].join("\n");
    let book = Book::new(false);
    let answer = book.customers(&book.file("c.csv", &file));
    assert_eq!((answer.code, answer.accepted()), (Some(0), 2), "{} {}", answer.json, answer.said);
    assert!(answer.notes().contains("“楼号”、“单元”、“室号”只在没有地址时写进地址"), "{}", answer.notes());
    let shown = book.show("3100000002").to_string();
    assert!(shown.contains("清溪花园1幢1单元102室"), "{shown}");
}
