//! Every planted defect of the test branches is found: kind by kind, line by line, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use meterdesk::inbound::judge::{
    CustomerJudge, CustomerTotals, CustomerVerdict, Defect, Disposition, ReadingJudge, ReadingOutcome, SwapJudge,
    SwapVerdict, Terms,
};
use meterdesk::inbound::on_file::{FileMap, OnFile, PendingSwap};
use meterdesk::inbound::profile::{Catalogue, Holds, ReadBy, Recognised};
use meterdesk::inbound::read::{Limits, Source};
use meterdesk::inbound::rows::reading::UnreadRow;
use meterdesk::inbound::rows::{CustomerRow, SwapRow};
use meterdesk::rules::reading_use::whole;
use serde_json::Value;

struct Branch {
    folder: PathBuf,
    truth: Value,
}

fn branches() -> Vec<Branch> {
    let root = std::env::var_os("METERDESK_TEST_BRANCHES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"), PathBuf::from);
    let mut found: Vec<Branch> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("truth.json").exists())
        .map(|folder| {
            let truth = serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
            Branch { folder, truth }
        })
        .collect();
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    assert!(!found.is_empty());
    found
}

impl Branch {
    fn terms(&self) -> Terms {
        let about = &self.truth["about"];
        let today: NaiveDate = about["reference_date"].as_str().unwrap().parse().unwrap();
        Terms { today, high_use_factor: about["high_use_factor"].as_u64().unwrap() as u32 }
    }

    fn recognise(&self, file: &str, holds: Holds) -> Recognised {
        let source = Source::open(&self.folder.join(file), Limits::default()).unwrap();
        Catalogue::built_in().unwrap().recognise(&source, holds, None, None).unwrap()
    }

    fn customers(&self, file: &str) -> (Vec<CustomerRow>, Vec<Defect>, CustomerTotals) {
        let recognised = self.recognise(file, Holds::Customers);
        let mut judge = CustomerJudge::new(&recognised, self.terms());
        let (mut good, mut defects) = (Vec::new(), Vec::new());
        let nothing = FileMap::default();
        recognised
            .each_row(&mut |row| {
                match judge.judge(row, &nothing) {
                    CustomerVerdict::Accepted(customer) => good.push(*customer),
                    CustomerVerdict::Defect(defect) => defects.push(defect),
                    CustomerVerdict::Total => {}
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        (good, defects, judge.finish())
    }

    fn water_on_file(&self) -> FileMap {
        let mut map = FileMap::default();
        for (key, row) in self.customers("water/customers.csv").0.iter().enumerate() {
            map.add_customer(row, key as i64).unwrap();
        }
        map
    }

    fn swaps(&self, on_file: &FileMap) -> (Vec<SwapRow>, Vec<Defect>, u32, u64) {
        let recognised = self.recognise("water/swaps-2026-10.csv", Holds::Swaps);
        let mut judge = SwapJudge::new(&recognised, self.terms());
        let (mut good, mut defects) = (Vec::new(), Vec::new());
        recognised
            .each_row(&mut |row| {
                match judge.judge(row, on_file) {
                    SwapVerdict::Accepted(swap) => good.push(*swap),
                    SwapVerdict::Defect(defect) => defects.push(defect),
                    SwapVerdict::Total => {}
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        (good, defects, judge.rows, judge.volume_of_old_meters)
    }

    fn readings(&self, file: &str, on_file: &FileMap) -> (Recognised, ReadingOutcome) {
        let recognised = self.recognise(file, Holds::Readings);
        let mut judge = ReadingJudge::new(&recognised, on_file, self.terms());
        recognised
            .each_row(&mut |row| {
                judge.take(row, on_file);
                ControlFlow::Continue(())
            })
            .unwrap();
        let outcome = judge.finish(on_file);
        (recognised, outcome)
    }

    /// Compares kinds, lines, ids, dispositions and counts with the truth about `file`.
    fn compare(&self, file: &str, rows: u32, accepted: usize, defects: &[Defect]) {
        let truth = &self.truth[file];
        let place = format!("{} {file}", self.folder.display());
        let mut found: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
        for defect in defects {
            found.entry(defect.kind.code()).or_default().push((defect.line.into(), &defect.id));
            let wanted = self.truth["about"]["dispositions"][defect.kind.code()].as_str();
            assert_eq!(Some(defect.disposition().code()), wanted, "{place} {defect:?}");
            assert!(!defect.message.is_empty());
        }
        let planted: BTreeMap<&str, Vec<(u64, &str)>> = truth["defects"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(kind, rows)| {
                let row = |row: &'_ Value| row["line"].as_u64().unwrap();
                let mut rows: Vec<_> =
                    rows.as_array().unwrap().iter().map(|r| (row(r), r["id"].as_str().unwrap())).collect();
                rows.sort_unstable();
                (kind.as_str(), rows)
            })
            .filter(|(_, rows)| !rows.is_empty())
            .collect();
        for kind in found.keys().chain(planted.keys()).collect::<BTreeSet<_>>() {
            let mut rows = found.get(kind).cloned().unwrap_or_default();
            rows.sort_unstable();
            let wanted = planted.get(kind).cloned().unwrap_or_default();
            let said: Vec<_> = defects.iter().filter(|d| d.kind.code() == *kind).collect();
            assert_eq!(rows, wanted, "{place} {kind} {said:#?}");
        }
        assert_eq!(Some(u64::from(rows)), truth["rows"].as_u64(), "{place} rows");
        assert_eq!(Some(accepted as u64), truth["accepted"].as_u64(), "{place} accepted");
    }
}

fn counts(truth: &Value) -> BTreeMap<String, u32> {
    truth.as_object().unwrap().iter().map(|(key, count)| (key.clone(), count.as_u64().unwrap() as u32)).collect()
}

fn volumes(truth: &Value) -> BTreeMap<u16, u64> {
    let volumes = truth["volume_by_book"].as_object().unwrap();
    volumes.iter().map(|(book, volume)| (book.parse().unwrap(), volume.as_str().unwrap().parse().unwrap())).collect()
}

#[test]
fn water_customers_come_out_as_the_truth_says() {
    for branch in branches() {
        let (good, defects, totals) = branch.customers("water/customers.csv");
        branch.compare("water/customers.csv", totals.rows, good.len(), &defects);
        let truth = &branch.truth["water/customers.csv"];
        let sums = &truth["totals_of_accepted"];
        assert_eq!(Some(totals.arrears.to_string().as_str()), sums["arrears"].as_str());
        assert_eq!(Some(u64::from(totals.unpaid_bills)), sums["unpaid_bills"].as_u64());
        assert_eq!(totals.by_class, counts(&sums["accounts_by_class"]));
        assert_eq!(totals.by_state, counts(&sums["accounts_by_state"]));
        let footer = totals.footer.unwrap();
        assert_eq!(Some(u64::from(footer.line)), truth["footer_line"]["line"].as_u64());
        assert_eq!(
            footer.arrears.map(|sum| sum.to_string()).as_deref(),
            truth["footer_line"]["arrears_of_all_rows"].as_str()
        );
        assert!(footer.agrees(), "{footer:?}");
        let unknown = good.iter().filter(|row| row.name == "用户").count() as u64;
        let hidden = good.iter().filter(|row| row.landline.is_none() && row.mobile.is_none()).count() as u64;
        // The harmless counts are of all rows; defective ones are few.
        let near =
            |count: u64, name: &str| count.abs_diff(truth["harmless"][name].as_u64().unwrap()) <= defects.len() as u64;
        assert!(near(unknown, "name_unknown") && near(hidden, "no_phone"), "{unknown} {hidden}");
        for lost in truth["name_lost_a_character"].as_array().unwrap() {
            let row = good.iter().find(|row| u64::from(row.line) == lost["line"].as_u64().unwrap());
            assert!(row.is_none_or(|row| row.name.contains('?')));
        }
    }
}

#[test]
fn gas_customers_come_out_as_the_truth_says() {
    for branch in branches() {
        let (good, defects, totals) = branch.customers("gas/customers.xlsx");
        branch.compare("gas/customers.xlsx", totals.rows, good.len(), &defects);
        let sums = &branch.truth["gas/customers.xlsx"]["totals_of_accepted"];
        assert_eq!(Some(totals.arrears.to_string().as_str()), sums["arrears"].as_str());
        assert_eq!(totals.by_class_label, counts(&sums["accounts_by_class"]));
        assert_eq!(totals.by_state, counts(&sums["accounts_by_state"]));
        assert_eq!(totals.by_method, counts(&sums["accounts_by_method"]));
    }
}

#[test]
fn readings_come_out_as_the_truth_says() {
    for branch in branches() {
        let on_file = branch.water_on_file();
        for file in ["water/cards-2026-10.csv", "water/handheld/jk.dbf", "water/remote-2026-10.xlsx"] {
            let (_, outcome) = branch.readings(file, &on_file);
            let defects: Vec<Defect> = outcome.defects.iter().map(Result::unwrap).collect();
            branch.compare(file, outcome.rows, outcome.good() as usize, &defects);
            let truth = &branch.truth[file];
            assert_eq!(outcome.volume_by_book, volumes(truth), "{file}");
            let unread: Vec<UnreadRow> = outcome.unread.iter().map(Result::unwrap).collect();
            let unread: BTreeSet<(u64, &str)> = unread.iter().map(|row| (row.line.into(), row.id.as_str())).collect();
            let none = Vec::new();
            let wanted = truth["unread"].as_array().unwrap_or(&none);
            let wanted: BTreeSet<(u64, &str)> =
                wanted.iter().map(|row| (row["line"].as_u64().unwrap(), row["id"].as_str().unwrap())).collect();
            assert_eq!(unread, wanted, "{file}");
            if let Some(estimated) = truth["accepted_estimated"].as_u64() {
                assert_eq!(u64::from(outcome.estimated), estimated);
            }
            if let Some(meters) = &outcome.meters {
                let names = |slots: &[u32]| {
                    slots.iter().map(|slot| on_file.meter_of(*slot).into_owned()).collect::<BTreeSet<_>>()
                };
                let listed =
                    |key: &str| truth[key].as_array().unwrap().iter().map(|m| m.as_str().unwrap().to_owned()).collect();
                assert_eq!(Some(u64::from(meters.billed)), truth["meters_billed"].as_u64());
                assert_eq!(names(&meters.held), listed("meters_held"));
                assert_eq!(names(&meters.without_rows), listed("meters_without_rows"));
            }
        }
    }
}

#[test]
fn swap_slips_come_out_as_the_truth_says_and_explain_low_readings() {
    for branch in branches() {
        let mut on_file = branch.water_on_file();
        let (good, defects, rows, volume) = branch.swaps(&on_file);
        branch.compare("water/swaps-2026-10.csv", rows, good.len(), &defects);
        let truth = &branch.truth["water/swaps-2026-10.csv"];
        assert_eq!(Some(volume.to_string().as_str()), truth["volume_of_old_meters"].as_str());
        for swap in &good {
            let slot = on_file.by_account(&swap.account).unwrap().slot;
            let (final_value, first_value) = (whole(swap.final_value), whole(swap.first_value));
            on_file.expect_swap(slot, PendingSwap { final_value, first_value, date: swap.date });
        }
        for file in ["water/cards-2026-10.csv", "water/handheld/jk.dbf", "water/remote-2026-10.xlsx"] {
            let (_, outcome) = branch.readings(file, &on_file);
            let none = Vec::new();
            for low in branch.truth[file]["defects"]["lower_than_last"].as_array().unwrap_or(&none) {
                let mut defects = outcome.defects.iter().map(Result::unwrap);
                let said = defects.find(|d| u64::from(d.line) == low["line"].as_u64().unwrap()).unwrap();
                let hint = match low["cause"].as_str().unwrap() {
                    "swap" => format!("入账后用量为{}", low["use_once_swaps_are_in"]),
                    "module_reset" => "模块清零".to_owned(),
                    _ => "低于上次".to_owned(),
                };
                assert!(said.message.contains(&hint), "{} {low}: {}", branch.folder.display(), said.message);
            }
        }
    }
}

#[test]
fn what_is_refused_says_column_and_value_and_hides_long_numbers() {
    let branch = &branches()[0];
    for file in ["water/customers.csv", "gas/customers.xlsx"] {
        let (_, defects, _) = branch.customers(file);
        for defect in defects.iter().filter(|defect| defect.disposition() == Disposition::Refused) {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
            let longest = defect.message.split(|c: char| !c.is_ascii_alphanumeric()).map(digits).max().unwrap_or(0);
            assert!(longest < 15, "{defect:?}");
            assert!(defect.column.is_some(), "{defect:?}");
        }
    }
}

#[test]
fn the_cells_of_a_defect_are_found_again_and_a_preview_names_its_columns() {
    let branch = &branches()[0];
    let on_file = branch.water_on_file();
    for (file, by) in [
        ("water/cards-2026-10.csv", ReadBy::Card),
        ("water/handheld/jk.dbf", ReadBy::Handheld),
        ("water/remote-2026-10.xlsx", ReadBy::Remote),
    ] {
        let (recognised, outcome) = branch.readings(file, &on_file);
        assert_eq!(recognised.profile.source, Some(by));
        let defects: Vec<Defect> = outcome.defects.iter().map(Result::unwrap).collect();
        let lines: Vec<u32> = defects.iter().map(|defect| defect.line).collect();
        let cells = recognised.cells_of(&lines).unwrap();
        for defect in &defects {
            assert!(cells[&defect.line].contains(&defect.id), "{defect:?}");
        }
        let preview = recognised.preview(5).unwrap();
        assert_eq!(preview.rows.len(), 5);
        assert!(preview.fields.contains(&Some("value".into())));
    }
}
