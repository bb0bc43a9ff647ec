//! What benchmarks of whole programs share: the best of several runs, with the most memory any of them held; and labels and instants
//! for the objects that they make.

#![allow(dead_code, reason = "every benchmark uses a part of this")]

pub mod busy;

use aksplan::model::workload::Labels;
use jiff::Timestamp;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 5;

/// Milliseconds of the fastest run.
pub fn best(mut run: impl FnMut()) -> f64 {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e3
    });
    times.fold(f64::INFINITY, f64::min)
}

/// Milliseconds of the fastest run of the program with these arguments, and megabytes at its peak.
pub fn program(arguments: impl Fn(&mut Command)) -> (f64, u64) {
    let mut peak = 0;
    let time = best(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aksplan"));
        arguments(&mut command);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary was built for this");
        let status = format!("/proc/{}/status", child.id());
        while child.try_wait().expect("it runs").is_none() {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with("VmHWM:"));
            let kilobytes =
                line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
            peak = peak.max(kilobytes.unwrap_or(0) / 1024);
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(child.wait().expect("it ended").success(), "{command:?}");
    });
    (time, peak)
}

pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}
