//! The exchange: a branch without a head office, one with everything there is to see, and a place that is none.

use chrono::Duration;
use meterdesk::book::clock::FixedClock;
use meterdesk::store::tables::exchange::BundleRow;
use meterdesk::tui::screens;

use crate::branches::Branch::Empty;
use crate::scene::Picture::By;
use crate::scene::{Shown, of};
use crate::support::company::Company;
use crate::support::orders::{Book, moment};
use crate::support::seat::Seat;

pub const SCREENS: &[Shown] = &[Shown {
    screen: "exchange",
    empty: of(Empty, "boss", screens::exchange, ""),
    full: By(|| branch(5, "")),
    error: By(|| branch(40, "/nowhere/at/all<F2>")),
}];

/// A branch that has exchanged once, has not for some days, and holds bundles it could not take in.
pub fn branch(days: i64, keys: &str) -> Seat {
    let mut company = Company::new(1, true);
    company.night();
    company.night();
    let mut desk = company.desks.remove(1);
    let later = moment() + Duration::days(days);
    desk.set_clock(Box::new(FixedClock::at(later)));
    desk.sign_in_practice("boss").unwrap();
    desk.perform("worker.add", r#"{"code":"W1","name":"欧阳𠮷龘","team":"抢修班"}"#, meterdesk::desk::Call::default())
        .unwrap();
    let tx = desk.db_mut().write().unwrap();
    let long = "HO.1 缺第 97 到 1204 张凭单，等前面的交换包到了再收；缺的包可请总部从 14 天内的副本重发";
    for (number, state, note) in [
        (9, "held", long),
        (10, "held", "HO.1 缺第 97 到 1301 张凭单，等前面的交换包到了再收"),
        (11, "refused", "交换包不完整，可能还在复制或盘被拔早了，请等复制完再收"),
        (12, "refused", "这个交换包是给 B77 的，不是给本网点 B1 的；请送到 B77"),
    ] {
        tx.put(&BundleRow {
            hash: format!("{number:064}"),
            way: "in".into(),
            site: "HO".into(),
            life: 1,
            number,
            file: format!("HO-B1-1-{number:06}.mdx"),
            at: format!("2026-11-{number:02}T19:30:00.000+08:00"),
            entries: 100,
            fresh: 0,
            state: state.into(),
            note: note.into(),
        })
        .unwrap();
    }
    tx.commit().unwrap();
    let mut seat = Seat::on(Book { desk }, "boss", screens::exchange);
    seat.press(keys);
    seat
}
