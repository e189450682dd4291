//! A bundle of a known site that unpacks to 10 GiB: refused at once, with memory flat. Alone in its program, so that the memory
//! measured is its own.

#[path = "support/bundle.rs"]
mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use meterdesk::exchange::bundle_error::BundleError;
use support::*;

/// Frames that go on for 10 GiB: padding of 64 KiB each.
fn ten_gib() -> Vec<u8> {
    let frame = raw_frame(9, &vec![0; 64 << 10]);
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..(10u64 << 30) / (64 << 10) {
        packer.write_all(&frame).unwrap();
    }
    packer.finish().unwrap()
}

/// Most memory this program ever held, in KiB.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}

#[test]
fn ten_gib_in_a_small_bundle_are_refused_at_once() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let packed = ten_gib();
    let honest = forge(&packed, 10 << 30, &from, &to, |header| header.frames = 163_841);
    let lying = forge(&packed, 1 << 20, &from, &to, |_| ());
    let before = peak_kib();
    let started = Instant::now();
    assert!(matches!(read(&honest, &from, &to).1, Err(BundleError::TooLarge { what: "解压长度", .. })));
    assert_eq!(read(&lying, &from, &to).1, Err(BundleError::Bomb));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        assert!(after - before < 64 << 10, "{} KiB more", after - before);
    }
}

#[test]
fn a_bundle_that_unpacks_without_end_stops_where_its_header_says() {
    let (from, to) = (Keys::new(1), Keys::new(2));
    let zeros = zstd::bulk::compress(&vec![0; 8 << 20], 19).unwrap();
    let end = read(&forge(&zeros, 1 << 20, &from, &to, |_| ()), &from, &to).1;
    assert!(matches!(end, Err(BundleError::Broken { frame: 1, .. })), "{end:?}"); // zeros are no end frame
}
