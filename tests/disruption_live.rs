//! Evictions against the real thing: small clusters are loaded into a real API server with the real controllers and the real
//! scheduler, kwok plays nodes and pods, nodes are drained through the real eviction API, and what happened is compared with
//! what each case file says.
//!
//! All cases: `cargo test --test disruption_live`. Some: `AKSPLAN_CASES=shared,percent`, by the beginning of the file's name.
//! Beside the written ones some are drawn (`drawn`), of which only the simulator says what must come.
//! `AKSPLAN_KEEP=folder` leaves there, for each run, the cluster's state before the drain and what was observed. What it needs
//! is built by `tests/control_plane/build` once a machine; where that cannot be, the tests are skipped with a word, and fail
//! in CI.
#![cfg(all(feature = "kubernetes", unix))]

#[path = "disruption_live/case.rs"]
mod case;
#[path = "disruption_live/cluster.rs"]
mod cluster;
#[path = "control_plane/mod.rs"]
mod control_plane;
#[path = "disruption_live/drain.rs"]
mod drain;
#[path = "disruption_live/drawn.rs"]
mod drawn;
#[path = "disruption_live/filters.rs"]
mod filters;
#[path = "disruption_live/foretold.rs"]
mod foretold;
#[path = "disruption_live/objects.rs"]
mod objects;
#[path = "disruption_live/observed.rs"]
mod observed;
#[path = "disruption_live/rest.rs"]
mod rest;
#[path = "disruption_live/run.rs"]
mod run;
#[path = "disruption_live/simulated.rs"]
mod simulated;

use case::Case;
use cluster::Cluster;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// So many at once: most of a run is waiting.
const TOGETHER: usize = 8;

/// So many clusters are drawn.
const DRAWN: u64 = 12;

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disruption_live/cases");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the cases lie there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| Case::read(path)).collect()
}

/// `AKSPLAN_DRAWN=100..120` draws others, and more.
fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("AKSPLAN_DRAWN") else {
        return 0..DRAWN;
    };
    let (from, to) = text.split_once("..").expect("a range, like 100..120");
    from.parse().expect("a number")..to.parse().expect("a number")
}

fn wanted(name: &str) -> bool {
    std::env::var("AKSPLAN_CASES").map_or(true, |wanted| {
        wanted.split(',').any(|start| name.starts_with(start))
    })
}

/// Every rule that a case says it shows is in the book, and there are as many cases as were promised.
#[test]
fn cases_cite_rules_of_the_book() {
    let cases = cases();
    assert!(cases.len() >= 14, "{} cases", cases.len());
    for case in &cases {
        assert!(!case.rules.is_empty(), "{}: shows no rule", case.name);
        for rule in &case.rules {
            assert!(aksplan::rule::find(rule).is_some(), "{}: {rule}", case.name);
        }
    }
}

/// One test, for a control plane takes seconds to start.
#[test]
fn what_the_cluster_does_is_what_the_cases_say() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    let failures = runtime.block_on(async {
        let cluster = Arc::new(Cluster::start().await?);
        let places = Arc::new(Semaphore::new(TOGETHER));
        let mut running = Vec::new();
        let drawn = seeds().map(drawn::case);
        let all = cases().into_iter().chain(drawn);
        for case in all.filter(|case| wanted(&case.name)) {
            for name in case.runs.keys().cloned().collect::<Vec<_>>() {
                let (cluster, places) = (Arc::clone(&cluster), Arc::clone(&places));
                let case = case.clone();
                running.push(tokio::spawn(async move {
                    let _place = places.acquire().await.expect("never closed");
                    run::run(&cluster, &case, &name).await
                }));
            }
        }
        assert!(!running.is_empty(), "no case of that name");
        let mut failures = Vec::new();
        for run in running {
            failures.extend(run.await.expect("a run does not panic"));
        }
        if failures.iter().any(|what| what.contains("never at rest")) {
            eprintln!("{}", cluster.plane.said(10));
        }
        Some(failures)
    });
    if let Some(failures) = failures {
        assert!(
            failures.is_empty(),
            "{} disagreements:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }
}

/// Whoever changes the simulator need not wait for a cluster.
#[test]
#[ignore = "compares again what AKSPLAN_KEEP left in the folder AKSPLAN_AGAIN"]
fn what_was_kept_is_compared_again() {
    let folder = std::env::var_os("AKSPLAN_AGAIN").expect("AKSPLAN_AGAIN names the folder");
    let mut failures = Vec::new();
    let all = cases().into_iter().chain(seeds().map(drawn::case));
    for case in all.filter(|case| wanted(&case.name)) {
        for name in case.runs.keys() {
            failures.extend(run::again(&case, name, Path::new(&folder)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
