//! `simulator --seeds 3000 --from 1 --days 30 [--threads 2] [--small] [--forks]`: long runs; `--seed N` runs one and says every step.

use std::time::Instant;

use simulator::plan::Size;
use simulator::{Run, run};

fn main() {
    let mut asked =
        Run { from: 1, seeds: 3_000, days: 30, size: Size::Whole, threads: 2, rare: true, forked: false, told: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_else(|| usage(&word));
        match word.as_str() {
            "--from" => asked.from = number(),
            "--seeds" => asked.seeds = number(),
            "--days" => asked.days = number(),
            "--threads" => asked.threads = usize::try_from(number()).unwrap_or(1),
            "--seed" => (asked.from, asked.seeds, asked.told) = (number(), 1, true),
            "--no-rare" => asked.rare = false,
            "--forks" => asked.forked = true,
            "--small" => asked.size = Size::Small,
            _ => usage(&word),
        }
    }
    let started = Instant::now();
    let (report, failures) = run(asked, |seed, outcome| match outcome {
        Ok(_) if seed % 50 == 0 => eprintln!("seed {seed} after {:.0} s", started.elapsed().as_secs_f64()),
        Ok(_) => {}
        Err(failure) => println!("{failure}\n  {:?}", simulator::plan::Plan::of(seed, asked.days, asked.size)),
    });
    print!("{report}");
    println!("{:>12.0}  seconds on {} threads", started.elapsed().as_secs_f64(), asked.threads);
    println!("{:>12}  seeds failed", failures.len());
    if !failures.is_empty() {
        std::process::exit(1);
    }
}

fn usage<T>(word: &str) -> T {
    eprintln!(
        "{word}?  simulator [--seeds N] [--from S] [--days 30] [--threads 2] [--small] [--no-rare] [--forks] [--seed N]"
    );
    std::process::exit(2)
}
