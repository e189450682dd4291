//! `money-fuzzer --seeds 100 --steps 1000 --from 1 [--threads 2]`: long runs; `--seed N` runs one and says every step.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use money_fuzzer::{Failure, Report, run};

fn main() {
    let (mut from, mut seeds, mut steps, mut threads, mut told) = (1, 100, 1_000, 1, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_else(|| usage(&word));
        match word.as_str() {
            "--from" => from = number(),
            "--seeds" => seeds = number(),
            "--steps" => steps = number(),
            "--threads" => threads = number().max(1),
            "--seed" => (from, seeds, told) = (number(), 1, true),
            _ => usage(&word),
        }
    }
    let started = Instant::now();
    let next = AtomicU64::new(from);
    let all: Mutex<(Report, Vec<Failure>)> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds {
                        break;
                    }
                    let outcome = run(seed, steps, told);
                    let Ok(mut all) = all.lock() else { break };
                    match outcome {
                        Ok(report) => all.0.add(&report),
                        Err(failure) => {
                            println!("{failure}");
                            all.1.push(failure);
                        }
                    }
                }
            });
        }
    });
    let (report, failures) = all.into_inner().unwrap_or_default();
    print!("{report}");
    println!(
        "{:>8.0} seconds, {seeds} seeds of {steps} steps, {} failed",
        started.elapsed().as_secs_f64(),
        failures.len()
    );
    if !failures.is_empty() {
        std::process::exit(1);
    }
}

fn usage<T>(word: &str) -> T {
    eprintln!("{word}?  money-fuzzer [--seeds N] [--steps N] [--from S] [--threads 1] [--seed N]");
    std::process::exit(2)
}
