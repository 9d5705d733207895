//! Random histories: a network lives for a while with a Cloudways and a DNS that misbehave, and an oracle of its own
//! watches every step of the engine.
//!
//! `SEED=7` lives through one, and shows all of it; `SEEDS=1..1000` through many. `VERBOSE=1` shows all.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test")]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod between;
mod book;
mod history;
mod oracle;
mod rng;
mod runner;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use history::{History, Tally, Trace, Violation};

/// A history that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(300);
/// How much of a history is shown when it breaks a rule.
const LAST_LINES: usize = 60;

/// The seeds of the smaller number that every run of all tests takes.
const FEW: (u64, u64) = (1, 80);

pub fn print(line: &str) {
    println!("{line}");
}

fn main() -> ExitCode {
    // cargo-nextest asks each test binary what it has; this one is run by itself.
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let environment = |key: &str| std::env::var(key).ok().filter(|value| !value.is_empty());
    let (first, last) = match (environment("SEED"), environment("SEEDS")) {
        (Some(seed), _) => match number(&seed) {
            Some(seed) => (seed, seed),
            None => return usage("SEED is a number"),
        },
        (None, Some(seeds)) => match seeds.split_once("..").and_then(|(from, to)| Some((number(from)?, number(to)?))) {
            Some(range) => range,
            None => return usage("SEEDS is from..to"),
        },
        (None, None) => FEW,
    };
    let verbose = environment("VERBOSE").is_some_and(|value| value != "0") || environment("SEED").is_some();
    let threads = environment("JOBS").and_then(|jobs| number(&jobs)).unwrap_or_else(|| {
        // Much of a history is waiting for answers.
        3 * std::thread::available_parallelism().map_or(2, |number| number.get() as u64)
    });

    // What is thrown on purpose says nothing; a panic of the engine's is shown.
    let began = Instant::now();
    let next = AtomicU64::new(first);
    let failures: Mutex<Vec<(u64, String)>> = Mutex::new(Vec::new());
    let total: Mutex<Tally> = Mutex::new(Tally::default());
    let slowest: Mutex<(f64, u64)> = Mutex::new((0.0, 0));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(last.saturating_sub(first) + 1).max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > last {
                        return;
                    }
                    let at = Instant::now();
                    match one(seed, verbose) {
                        Ok(tally) => {
                            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                            total.calls += tally.calls;
                            total.orders += tally.orders;
                            total.lists += tally.lists;
                            total.requests += tally.requests;
                        }
                        Err(what) => {
                            println!("history {seed} FAILED: {what}");
                            failures.lock().unwrap_or_else(PoisonError::into_inner).push((seed, what));
                        }
                    }
                    let took = at.elapsed().as_secs_f64();
                    let mut slowest = slowest.lock().unwrap_or_else(PoisonError::into_inner);
                    if took > slowest.0 {
                        *slowest = (took, seed);
                    }
                }
            });
        }
    });

    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort();
    let total = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    let slowest = slowest.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{} histories in {:.1} s: {} runs, {} requests, {} lists and {} orders sent; the slowest was {} with {:.1} s",
        last.saturating_sub(first) + 1,
        began.elapsed().as_secs_f64(),
        total.calls,
        total.requests,
        total.lists,
        total.orders,
        slowest.1,
        slowest.0,
    );
    if failures.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("{} failed:", failures.len());
    for (seed, what) in &failures {
        println!("  make histories SEED={seed}   {what}");
    }
    ExitCode::FAILURE
}

fn usage(what: &str) -> ExitCode {
    println!("{what}");
    ExitCode::from(2)
}

/// Lives through one history, on a thread of its own that is watched.
fn one(seed: u64, verbose: bool) -> Result<Tally, String> {
    let trace: Trace = Arc::default();
    let (done, waits) = std::sync::mpsc::channel();
    let lived = std::thread::Builder::new().name(format!("history {seed}")).spawn({
        let trace = Arc::clone(&trace);
        move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| History::new(seed, trace, verbose).live()));
            // Nobody listens any more when it came too late.
            let _ = done.send(outcome.map_err(|payload| words(payload.as_ref())));
        }
    });
    lived.expect("a thread");
    let outcome = waits.recv_timeout(PATIENCE).unwrap_or_else(|_| Err("it hangs".into()));
    if outcome.is_err() && !verbose {
        let trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
        let from = trace.len().saturating_sub(LAST_LINES);
        println!("--- history {seed}, its last steps ---\n{}", trace[from..].join("\n"));
    }
    outcome
}

fn words(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(Violation(what)) = payload.downcast_ref() {
        return what.clone();
    }
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    format!("panicked: {}", text.unwrap_or_else(|| "?".into()))
}
