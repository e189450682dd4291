//! The money of a branch, step by step beside a ledger that shares no code with the program.
//! Long runs: `cargo run -p money-fuzzer -- --seeds 100 --steps 1000`.

use money_fuzzer::{Report, run};

#[test]
fn whatever_is_done_in_whatever_order_every_figure_is_that_of_a_ledger_of_its_own() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (seeds, steps) = (number("METERDESK_SEEDS", 3), number("METERDESK_STEPS", 300));
    let mut report = Report::default();
    for seed in 1..=seeds {
        report.add(&run(seed, steps, false).unwrap_or_else(|failure| panic!("{failure}")));
    }
    println!("{report}");
    for action in ["payment.take", "payment.reverse", "bill.issue", "shift.close", "adjustment.decide", "fee.take"] {
        let (done, _) = report.actions.get(action).copied().unwrap_or_default();
        assert!(done > 0, "{action} did happen:\n{report}");
    }
}
