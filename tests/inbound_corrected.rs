//! A corrected file comes in again: what is on file is ignored, what was mended is judged like new.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveDateTime};
use meterdesk::inbound::judge::{
    CustomerJudge, CustomerVerdict, Defect, Kind, ReadingJudge, ReadingOutcome, SwapJudge, SwapVerdict, Terms,
};
use meterdesk::inbound::on_file::{FileAccount, FileMap, OnFile};
use meterdesk::inbound::profile::{Catalogue, Holds, Recognised};
use meterdesk::inbound::read::{Limits, Source};
use meterdesk::inbound::rows::{CustomerRow, SwapRow};
use meterdesk::rules::money::Milli;

/// A branch in memory with what imports left there.
#[derive(Default)]
struct Office {
    map: FileMap,
    prints: BTreeMap<String, [u8; 16]>,
    readings: BTreeSet<(u32, NaiveDateTime, i64)>,
    slips: BTreeSet<(String, String)>,
}

impl OnFile for Office {
    fn by_account(&self, account: &str) -> Option<FileAccount> {
        self.map.by_account(account)
    }
    fn by_meter(&self, meter: &str) -> Option<FileAccount> {
        self.map.by_meter(meter)
    }
    fn slots(&self) -> u32 {
        self.map.slots()
    }
    fn at(&self, slot: u32) -> Option<FileAccount> {
        self.map.at(slot)
    }
    fn account_of(&self, slot: u32) -> Cow<'_, str> {
        self.map.account_of(slot)
    }
    fn meter_of(&self, slot: u32) -> Cow<'_, str> {
        self.map.meter_of(slot)
    }
    fn customer_print(&self, account: &str) -> Option<[u8; 16]> {
        self.prints.get(account).copied()
    }
    fn has_reading(&self, account: &FileAccount, at: NaiveDateTime, value: Milli) -> bool {
        self.readings.contains(&(account.slot, at, value.0))
    }
    fn has_slip(&self, slip: &str, _account: &str, new_meter: &str) -> bool {
        self.slips.contains(&(slip.to_owned(), new_meter.to_owned()))
    }
}

fn terms() -> Terms {
    Terms::on(NaiveDate::from_ymd_opt(2026, 11, 1).unwrap())
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/branch-7").join(name)
}

fn recognise(name: &str, holds: Holds) -> Recognised {
    let source = Source::open(&sample(name), Limits::default()).unwrap();
    Catalogue::built_in().unwrap().recognise(&source, holds, None, None).unwrap()
}

fn customers(office: &Office) -> (Vec<CustomerRow>, Vec<Defect>) {
    let file = recognise("water/customers.csv", Holds::Customers);
    let mut judge = CustomerJudge::new(&file, terms());
    let (mut good, mut defects) = (Vec::new(), Vec::new());
    file.each_row(&mut |row| {
        match judge.judge(row, office) {
            CustomerVerdict::Accepted(customer) => good.push(*customer),
            CustomerVerdict::Defect(defect) => defects.push(defect),
            CustomerVerdict::Total => {}
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    (good, defects)
}

fn readings(office: &Office, name: &str) -> ReadingOutcome {
    let file = recognise(name, Holds::Readings);
    let mut judge = ReadingJudge::new(&file, office, terms());
    file.each_row(&mut |row| {
        judge.take(row, office);
        ControlFlow::Continue(())
    })
    .unwrap();
    judge.finish(office)
}

fn swaps(office: &Office) -> (Vec<SwapRow>, Vec<Defect>) {
    let file = recognise("water/swaps-2026-10.csv", Holds::Swaps);
    let mut judge = SwapJudge::new(&file, terms());
    let (mut good, mut defects) = (Vec::new(), Vec::new());
    file.each_row(&mut |row| {
        match judge.judge(row, office) {
            SwapVerdict::Accepted(swap) => good.push(*swap),
            SwapVerdict::Defect(defect) => defects.push(defect),
            SwapVerdict::Total => {}
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    (good, defects)
}

fn office() -> Office {
    let mut office = Office::default();
    let (good, _) = customers(&office);
    for (key, row) in good.iter().enumerate() {
        office.map.add_customer(row, key as i64).unwrap();
        office.prints.insert(row.account.clone(), row.print());
    }
    office
}

fn count(defects: &[Defect], kind: Kind) -> usize {
    defects.iter().filter(|defect| defect.kind == kind).count()
}

#[test]
fn customers_on_file_are_ignored_and_nothing_else_changes_its_kind() {
    let (good, before) = customers(&Office::default());
    let (again, after) = customers(&office());
    assert!(again.is_empty());
    assert_eq!(count(&after, Kind::OnFile), good.len());
    for defect in before {
        let now = after.iter().find(|other| other.line == defect.line).unwrap();
        assert_eq!((now.kind, &now.id), (defect.kind, &defect.id));
    }
}

#[test]
fn a_customer_on_file_with_other_facts_is_no_new_customer() {
    let mut office = office();
    let (account, print) = office.prints.iter_mut().next().unwrap();
    print[0] ^= 1;
    let account = account.clone();
    let (_, defects) = customers(&office);
    let defect = defects.iter().find(|defect| defect.id == account).unwrap();
    assert_eq!(defect.kind, Kind::DuplicateAccount);
    assert!(defect.message.contains("用户变更"), "{}", defect.message);
}

#[test]
fn readings_and_slips_on_file_are_ignored() {
    for name in ["water/cards-2026-10.csv", "water/handheld/jk.dbf", "water/remote-2026-10.xlsx"] {
        let mut office = office();
        let first = readings(&office, name);
        office.readings = first.accepted.iter().map(|row| (row.slot, row.at, row.value.0)).collect();
        let again = readings(&office, name);
        assert!(again.accepted.is_empty(), "{name}");
        assert_eq!(again.defects.of(Kind::OnFile), first.accepted.len() as u64, "{name}");
        assert_eq!(again.unread.len(), first.unread.len());
        assert_eq!(again.defects.of(Kind::ConflictingDuplicate), first.defects.of(Kind::ConflictingDuplicate));
    }
    let mut office = office();
    let (good, _) = swaps(&office);
    office.slips = good.iter().map(|swap| (swap.slip.clone(), swap.new_meter.clone())).collect();
    let (again, defects) = swaps(&office);
    assert!(again.is_empty());
    assert_eq!(count(&defects, Kind::OnFile), good.len());
}
