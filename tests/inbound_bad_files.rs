//! Files that are cut short, too large, not what they say or hostile: a clear sentence, and nothing taken.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use encoding_rs::GBK;
use meterdesk::inbound::judge::{CustomerJudge, CustomerVerdict, Kind, ReadingJudge, SwapJudge, Terms};
use meterdesk::inbound::on_file::{FileMap, OnFile};
use meterdesk::inbound::profile::{Catalogue, Holds, ReadBy, Recognised};
use meterdesk::inbound::read::{BadFile, Encoding, Form, Limits, Source, Why};
use proptest::prelude::*;
use tempfile::TempDir;

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/branch-7").join(name)).unwrap()
}

fn terms() -> Terms {
    Terms::on(chrono::NaiveDate::from_ymd_opt(2026, 11, 1).unwrap())
}

fn recognise(path: &Path, holds: Holds, limits: Limits) -> Result<Recognised, BadFile> {
    let source = Source::open(path, limits)?;
    Catalogue::built_in().unwrap().recognise(&source, holds, None, None)
}

/// Reads a file to its end; the number of rows or the refusal.
fn read_all(path: &Path, limits: Limits) -> Result<usize, BadFile> {
    let source = Source::open(path, limits)?;
    let mut rows = 0;
    for sheet in source.sheets()? {
        source.each_row(&sheet.name, &mut |row| {
            assert!(row.cells().all(|cell| cell.len() <= limits.cell_bytes * 3));
            assert!(row.cells().flat_map(str::chars).all(|c| !c.is_control()));
            rows += 1;
            ControlFlow::Continue(())
        })?;
    }
    Ok(rows)
}

fn refusal(path: &Path) -> BadFile {
    refusal_within(path, Limits::default())
}

fn refusal_within(path: &Path, limits: Limits) -> BadFile {
    let error = read_all(path, limits).unwrap_err();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = error.to_string();
    assert!(text.starts_with(&format!("文件“{name}”")) && text.contains('，') || error.why == Why::Limit, "{text}");
    error
}

fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_missing_an_empty_and_a_too_large_file_are_refused() {
    let desk = Desk::new();
    assert_eq!(refusal(&desk.folder.path().join("没有.csv")).why, Why::Io);
    assert_eq!(refusal(&desk.file("空.csv", b"")).why, Why::Empty);
    let limits = Limits { file_bytes: 10, ..Limits::default() };
    assert_eq!(refusal_within(&desk.file("大.csv", b"12345678901"), limits).why, Why::TooLarge);
    let limits = Limits { rows: 2, ..Limits::default() };
    assert_eq!(refusal_within(&desk.file("长.csv", b"a\nb\nc\n"), limits).why, Why::TooLarge);
    assert_eq!(refusal(desk.folder.path()).why, Why::Io);
}

#[test]
fn a_file_that_is_not_what_it_says_is_refused_by_name_and_real_form() {
    let desk = Desk::new();
    let book = sample("water/remote-2026-10.xlsx");
    let table = sample("water/handheld/jk.dbf");
    for (name, bytes, word) in [
        ("a.csv", &book[..], "xlsx"),
        ("b.xlsx", b"\xe6\x88\xb7\xe5\x8f\xb7,x\n", "文本"),
        ("c.csv", &table, "dbf"),
        ("d.dbf", &book, "xlsx"),
        ("e.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "另存为xlsx"),
        ("f.xls", b"<html><table></table></html>", "网页"),
        ("g.csv", b"%PDF-1.7", "PDF"),
    ] {
        let error = refusal(&desk.file(name, bytes));
        assert_eq!(error.why, Why::Form, "{name}");
        assert!(error.what.contains(word), "{name}: {error}");
    }
    assert_eq!(refusal(&desk.file("noise.csv", &[0xFF; 300])).why, Why::Encoding);
    assert_eq!(refusal(&desk.file("inner.csv", b"a\0\0\0b")).why, Why::Encoding);
    let cut = refusal(&desk.file("zeros.csv", b"a\0\0\0"));
    assert!(cut.why == Why::Truncated && cut.what.contains("尾部是空的，像是没有拷完"), "{cut}");
}

#[test]
fn a_gbk_file_is_read_as_gbk_whatever_its_first_lines_look_like() {
    let desk = Desk::new();
    let ascii = "id,name\n".repeat(20_000);
    let mut bytes = ascii.into_bytes();
    bytes.extend_from_slice(&GBK.encode("3100000000,孙国华\n").0);
    let source = Source::open(&desk.file("late.csv", &bytes), Limits::default()).unwrap();
    assert_eq!(source.form, Form::Text(Encoding::Gb18030));
    let mut last = String::new();
    source
        .each_row("", &mut |row| {
            last = row.get(1).to_owned();
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(last, "孙国华");
}

#[test]
fn a_gbk_text_that_happens_to_be_utf_8_is_known_by_its_headings() {
    let desk = Desk::new();
    // Two-byte GBK characters from C2A1 to DFBF are valid UTF-8 too: a heading of such characters alone.
    let heading = "露瓢,露";
    let bytes = GBK.encode(heading).0.into_owned();
    let profile = format!(
        "name='x'\ntitle='x'\nholds='readings'\nsource='card'\nrequired=['account']\n[columns]\naccount=['{}']\n",
        "露瓢"
    );
    std::fs::write(desk.folder.path().join("x.toml"), profile).unwrap();
    let catalogue = Catalogue::built_in().unwrap().with_folder(desk.folder.path()).unwrap();
    let source = Source::open(&desk.file("x.csv", &bytes), Limits::default()).unwrap();
    assert_eq!(source.form, Form::Text(Encoding::Utf8));
    let found = catalogue.recognise(&source, Holds::Readings, Some(ReadBy::Card), None).unwrap();
    assert_eq!(found.source.form, Form::Text(Encoding::Gb18030));
    assert_eq!(found.layout.column("account"), Some(0));
}

#[test]
fn a_cell_of_a_megabyte_is_refused_with_its_place() {
    let desk = Desk::new();
    let long = "长".repeat(350_000);
    for text in [
        format!("户号,户名\r\n1,{long}\r\n"),
        format!("户号,户名\r\n1,\"{long}\"\r\n"),
        format!("户号\r\n\"{}", "a\n".repeat(99_999)),
    ] {
        let error = refusal(&desk.file("cell.csv", text.as_bytes()));
        assert_eq!(error.why, Why::Limit);
        assert!(error.what.contains("第2行"), "{error}");
    }
    let sheet = format!(
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{long}</t></is></c></row></sheetData></worksheet>"
    );
    let error = refusal(&desk.file("cell.xlsx", &workbook(sheet.as_bytes())));
    assert_eq!(error.why, Why::Limit);
}

fn workbook(sheet: &[u8]) -> Vec<u8> {
    zip(&[
        ("[Content_Types].xml", b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"),
        ("_rels/.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
        ("xl/workbook.xml", b"<workbook xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

#[test]
fn number_text_and_date_cells_of_a_workbook_become_text() {
    let desk = Desk::new();
    let sheet = b"<worksheet><sheetData><row r=\"3\"><c r=\"B3\"><v>20140501</v></c><c r=\"C3\" t=\"inlineStr\"><is><t>a\x01b</t></is></c><c r=\"E3\" t=\"e\"><v>#N/A</v></c><c r=\"F3\"><v>6217005123241412345</v></c></row></sheetData></worksheet>";
    let clean: Vec<u8> = sheet.iter().copied().filter(|b| *b != 1).collect();
    let source = Source::open(&desk.file("s.xlsx", &workbook(&clean)), Limits::default()).unwrap();
    let mut seen = Vec::new();
    source
        .each_row("S", &mut |row| {
            seen.push((
                row.line,
                row.cells().map(str::to_owned).collect::<Vec<_>>(),
                row.lost_digits(5),
                row.is_number(1),
            ));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen.len(), 1);
    let (line, cells, lost, number) = &seen[0];
    assert_eq!((*line, *lost, *number), (3, true, true));
    assert_eq!(cells[..5], ["", "20140501", "ab", "", "#N/A"]);
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_unpacked_into_memory() {
    let desk = Desk::new();
    let tags = "<c/>".repeat(40 << 18);
    let bomb = workbook(format!("<worksheet><sheetData>{tags}</sheetData></worksheet>").as_bytes());
    let limits = Limits { unpacked_bytes: 16 << 20, ..Limits::default() };
    assert_eq!(refusal_within(&desk.file("bomb.xlsx", &bomb), limits).why, Why::Limit);
    let text = vec![b'a'; 4 << 20];
    assert_eq!(refusal(&desk.file("text.xlsx", &workbook(&text))).why, Why::Limit);
}

#[test]
fn cut_short_workbooks_and_tables_are_refused() {
    let desk = Desk::new();
    let book = sample("water/remote-2026-10.xlsx");
    let error = refusal(&desk.file("cut.xlsx", &book[..book.len() / 2]));
    assert_eq!(error.why, Why::Truncated, "{error}");
    let table = sample("water/handheld/jk.dbf");
    let error = refusal(&desk.file("cut.dbf", &table[..table.len() / 2]));
    assert_eq!(error.why, Why::Truncated);
    assert!(error.what.contains("747") || error.what.contains("条记录"), "{error}");
    assert_eq!(refusal(&desk.file("head.dbf", &table[..100])).why, Why::Truncated);
    assert_eq!(refusal(&desk.file("plain.xlsx", &zip(&[("a.txt", b"x")]))).why, Why::Damaged);
}

#[test]
fn unpaired_quotes_do_not_swallow_the_file() {
    let desk = Desk::new();
    let error = refusal(&desk.file("q.csv", b"a,b\n1,\"x\n2,y\n"));
    assert_eq!(error.why, Why::Damaged);
    assert!(error.what.contains("第2行"), "{error}");
}

#[test]
fn lines_are_physical_lines_whatever_their_ends() {
    let desk = Desk::new();
    for text in ["a,b\r\n\r\n1,\"x\ny\"\r\n\r\n2,z", "a,b\n\n1,\"x\ny\"\n\n2,z\n", "\n"] {
        let source = Source::open(&desk.file("l.csv", text.as_bytes()), Limits::default()).unwrap();
        let mut lines = Vec::new();
        source
            .each_row("", &mut |row| {
                lines.push((row.line, row.get(1).to_owned()));
                ControlFlow::Continue(())
            })
            .unwrap();
        if text.len() > 1 {
            assert_eq!(lines, [(1, "b".into()), (3, "x y".into()), (6, "z".into())], "{text:?}");
        } else {
            assert!(lines.is_empty());
        }
    }
}

#[test]
fn unknown_headings_say_what_is_nearest_and_what_is_missing() {
    let desk = Desk::new();
    let cards = desk.file("cards.csv", "户号,本次示数\n1,2\n".as_bytes());
    let error = recognise(&cards, Holds::Readings, Limits::default()).unwrap_err();
    assert!(error.what.contains("抄表卡片") && error.what.contains("抄表日期"), "{error}");
    let error = recognise(&desk.file("other.csv", b"x,y\n1,2\n"), Holds::Swaps, Limits::default()).unwrap_err();
    assert_eq!(error.why, Why::Headings);
    assert!(error.what.contains("“水表拆换单”要有列：单号、户号"), "{error}");
    let typed = desk.file("typed.csv", "用户标识,抄表的日子,读数\n1,2,3\n".as_bytes());
    let error = recognise(&typed, Holds::Readings, Limits::default()).unwrap_err();
    assert!(error.what.contains("最接近“抄表卡片”，但缺少列：户号、本次示数、抄表日期"), "{error}");
    assert!(error.what.contains("没有认出的列：“用户标识”、“抄表的日子”、“读数”"), "{error}");
    let slips = desk.file("slips.csv", &sample("water/swaps-2026-10.csv"));
    let error = recognise(&slips, Holds::Readings, Limits::default()).unwrap_err();
    assert!(error.what.contains("这个文件像是“水表拆换单”"), "{error}");
    // A row of people in the place of the headings is not repeated.
    let bare = desk.file("bare.csv", "3100000001,王芳,530124194610038814\n".as_bytes());
    let error = recognise(&bare, Holds::Customers, Limits::default()).unwrap_err();
    assert!(error.what.contains("没有认得的列") && !error.what.contains("王芳"), "{error}");
    let source = Source::open(&cards, Limits::default()).unwrap();
    let none = Catalogue::built_in().unwrap().recognise(&source, Holds::Readings, None, Some("没有")).unwrap_err();
    assert!(none.what.contains("没有"), "{none}");
}

/// Judges a water customer file made of the first good row of the sample with some cells changed.
fn judged(changes: &[(&str, &str)]) -> CustomerVerdict {
    let text = GBK.decode(&sample("water/customers.csv")).0.into_owned();
    let mut lines = text.lines();
    let headings: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut cells: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    for (heading, value) in changes {
        let at = headings.iter().position(|h| h == heading).unwrap();
        cells[at] = (*value).to_owned();
    }
    let desk = Desk::new();
    let path = desk.file("c.csv", format!("{}\n{}\n", headings.join(","), cells.join(",")).as_bytes());
    let file = recognise(&path, Holds::Customers, Limits::default()).unwrap();
    let mut judge = CustomerJudge::new(&file, terms());
    let mut verdict = CustomerVerdict::Total;
    file.each_row(&mut |row| {
        verdict = judge.judge(row, &FileMap::default());
        ControlFlow::Continue(())
    })
    .unwrap();
    verdict
}

#[test]
fn bad_cells_are_refused_by_kind_and_the_message_names_the_column() {
    assert!(matches!(judged(&[]), CustomerVerdict::Accepted(_)));
    for (column, value, kind) in [
        ("户名", "王\u{1b}[31m芳", Kind::ControlCharacter),
        ("用水地址", "人民路\u{202e}12号", Kind::ControlCharacter),
        ("户名", "王\u{FFFD}", Kind::UnreadableText),
        ("户名", "王 芳", Kind::R049),
        ("户号", "", Kind::NoAccountNumber),
        ("装表日期", "1900-01-01", Kind::UnreadableDate),
        ("装表日期", "2199-01-01", Kind::FutureDate),
        ("开户日期", "2014-02-30", Kind::UnreadableDate),
        ("预存余额", "1.234", Kind::UnreadableNumber),
        ("预存余额", "1e9", Kind::UnreadableNumber),
        ("预存余额", "1000000000", Kind::UnreadableNumber),
        ("上次表底", "-5", Kind::UnreadableNumber),
        ("表位数", "77", Kind::UnreadableNumber),
        ("区域", "中区", Kind::BadRouteNumber),
        ("单元", "10", Kind::BadRouteNumber),
        ("状态", "在用", Kind::UnknownState),
        ("抄表方式", "目测", Kind::UnknownWord),
        ("优待类别", "劳模", Kind::UnknownWord),
        ("用水性质", "混用", Kind::BadMixRatio),
        ("混用比例", "居民60%;非居民40%", Kind::BadMixRatio),
        ("欠费金额", "77777.00", Kind::ArrearsMismatch),
        ("欠费笔数", "77", Kind::ArrearsMismatch),
    ] {
        let CustomerVerdict::Defect(defect) = judged(&[(column, value)]) else { panic!("{column} {value}") };
        assert_eq!(defect.kind, kind, "{column} {value}: {}", defect.message);
        assert!(defect.message.contains('“') && !defect.message.chars().any(char::is_control), "{}", defect.message);
    }
}

#[test]
fn harmless_mess_is_cleaned_and_accepted() {
    let CustomerVerdict::Accepted(row) = judged(&[
        ("室号", " １０１\u{3000}"),
        ("口径", "DN25"),
        ("用水人口", "３"),
        ("户名", "用户"),
        ("证件号码", ""),
    ]) else {
        panic!("refused")
    };
    let meter = row.meter.unwrap();
    assert_eq!(
        (meter.calibre, row.people, row.parts.unwrap().room, row.name.as_str()),
        (Some(25), Some(3), 101, "用户")
    );
}

/// The customers of the sample, once.
fn on_file() -> &'static FileMap {
    static MAP: OnceLock<FileMap> = OnceLock::new();
    MAP.get_or_init(|| {
        let desk = Desk::new();
        let path = desk.file("customers.csv", &sample("water/customers.csv"));
        let file = recognise(&path, Holds::Customers, Limits::default()).unwrap();
        let mut judge = CustomerJudge::new(&file, terms());
        let mut map = FileMap::default();
        file.each_row(&mut |row| {
            if let CustomerVerdict::Accepted(customer) = judge.judge(row, &FileMap::default()) {
                map.add_customer(&customer, 0);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(map.slots() > 900);
        map
    })
}

/// Runs every judge that fits over a file; only a clean refusal or judged rows may come out. Says how many rows were judged.
fn survive(path: &Path) -> usize {
    let limits = Limits { unpacked_bytes: 64 << 20, ..Limits::default() };
    let mut judged = 0;
    for holds in [Holds::Customers, Holds::Readings, Holds::Swaps] {
        let Ok(file) = recognise(path, holds, limits) else { continue };
        let mut customers = CustomerJudge::new(&file, terms());
        let mut readings = ReadingJudge::new(&file, on_file(), terms());
        let mut swaps = SwapJudge::new(&file, terms());
        let _ = file.each_row(&mut |row| {
            judged += 1;
            match holds {
                Holds::Customers => drop(customers.judge(row, on_file())),
                Holds::Readings => readings.take(row, on_file()),
                Holds::Swaps => drop(swaps.judge(row, on_file())),
            }
            ControlFlow::Continue(())
        });
        readings.finish(on_file());
    }
    let _ = read_all(path, limits);
    judged
}

#[test]
fn every_sample_is_judged_whole() {
    let desk = Desk::new();
    for name in SAMPLES {
        let ending = name.rsplit('.').next().unwrap();
        assert!(survive(&desk.file(&format!("x.{ending}"), &sample(name))) > 80, "{name}");
    }
}

const SAMPLES: [&str; 6] = [
    "water/customers.csv",
    "water/cards-2026-10.csv",
    "water/handheld/jk.dbf",
    "water/remote-2026-10.xlsx",
    "water/swaps-2026-10.csv",
    "gas/customers.xlsx",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000), head in 0usize..5) {
        let desk = Desk::new();
        let heads: [&[u8]; 5] = [b"", b"PK\x03\x04", b"\x03\x1a\x0a\x1f", b"\xef\xbb\xbf", b"\xff\xfe"];
        let mut all = heads[head].to_vec();
        all.extend_from_slice(&bytes);
        survive(&desk.file("x", &all));
    }

    #[test]
    fn cut_and_flipped_samples_never_panic(which in 0..SAMPLES.len(), cut in 0.0f64..1.0, flips in proptest::collection::vec((0.0f64..1.0, 0u8..8), 0..6)) {
        let desk = Desk::new();
        let mut bytes = sample(SAMPLES[which]);
        if SAMPLES[which].ends_with("csv") {
            bytes.truncate(40_000);
        }
        let keep = (bytes.len() as f64 * cut) as usize;
        if keep.is_multiple_of(2) {
            bytes.truncate(keep.max(1));
        }
        let len = bytes.len() as f64;
        for (place, bit) in flips {
            bytes[(len * place) as usize] ^= 1 << bit;
        }
        let ending = SAMPLES[which].rsplit('.').next().unwrap();
        survive(&desk.file(&format!("x.{ending}"), &bytes));
    }
}
