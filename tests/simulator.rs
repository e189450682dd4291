//! Companies through thirty days of lost, doubled, late and damaged bundles, crashes, old copies and wrong clocks.
//! Long runs: `cargo run --release -p simulator -- --seeds 3000`.

use simulator::plan::Size;
use simulator::{Run, run};

#[test]
fn companies_agree_in_the_end_whatever_went_wrong() {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let seeds = std::env::var("METERDESK_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let (report, failures) = run(
        Run { from: 1, seeds, days: 30, size: Size::Small, threads, rare: true, forked: false, told: false },
        |_, _| {},
    );
    let words: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{} of {seeds} seeds failed:\n{}", failures.len(), words.join("\n"));
    // The faults did happen.
    let counted = [
        report.lost,
        report.doubled,
        report.late,
        report.truncated,
        report.flipped,
        report.pulled,
        report.held,
        report.crashes,
        report.restored_branches,
        report.restored_offices,
        report.clocks,
    ];
    assert!(counted.iter().all(|count| *count > 0), "{report}");
    println!("{report}");
}
