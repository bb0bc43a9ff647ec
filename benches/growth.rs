//! Whole-process measurements of `aksplan simulate`: futures of the fintech scenario's year at four sizes, and longer timelines.
//!
//! `cargo bench --bench growth` runs the binary and prints the best and median wall time of each. Every run prints its whole answer;
//! the same seed prints the same bytes, so runs differ in time alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 10;

fn main() {
    println!("aksplan simulate, whole process, from file to JSON\n");
    println!("{:<54} {:>9} {:>10}", "what", "best ms", "median ms");
    let fintech = scenario("fintech-year");
    measure("fintech-year, the run of medians alone", &fintech, &[]);
    for futures in ["1000", "10000", "100000", "1000000"] {
        let name = format!("fintech-year, {futures} futures");
        measure(&name, &fintech, &["--futures", futures]);
    }
    for weeks in ["104", "208", "416"] {
        let name = format!("fintech-year, {weeks} weeks, 100000 futures");
        measure(&name, &fintech, &["--weeks", weeks, "--futures", "100000"]);
    }
    for name in ["two-pools-one-subnet-year", "overlay-year"] {
        let file = scenario(name);
        let title = format!("{name}, 100000 futures");
        measure(&title, &file, &["--futures", "100000"]);
    }
}

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.yaml"))
}

fn measure(name: &str, file: &Path, flags: &[&str]) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let status = Command::new(env!("CARGO_BIN_EXE_aksplan"))
                .arg("simulate")
                .arg(file)
                .args(flags)
                .args(["-o", "json"])
                .stdout(Stdio::null())
                .status()
                .expect("the binary was built for this");
            assert!(status.success(), "{name}: {status}");
            start.elapsed()
        })
        .collect();
    times.sort();
    println!(
        "{name:<54} {:>9.1} {:>10.1}",
        times[0].as_secs_f64() * 1e3,
        times[times.len() / 2].as_secs_f64() * 1e3
    );
}
