//! From a plan to proof: the real binary plans the move, carries it out, and says what it did.

use super::aks::Aks;
use super::aks::small::small;
use super::binary::{command, said};
use super::control_plane::Folder;
use std::path::Path;

/// Of one call: exit code, standard output, standard error.
pub fn migrate(aks: &Aks, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = command(aks, "migrate", arguments)
        .output()
        .expect("the binary runs");
    let (out, err) = said(&output);
    (output.status.code(), out, err)
}

/// Plans the move into a file of this folder.
pub fn plan(aks: &Aks, folder: &Folder, more: &[&str]) -> String {
    plan_with(aks, folder, "100.64.0.0/16", more)
}

/// With this pod CIDR.
pub fn plan_with(aks: &Aks, folder: &Folder, pod_cidr: &str, more: &[&str]) -> String {
    let path = folder.path.join("plan.json").display().to_string();
    let mut arguments = vec!["--pod-cidr", pod_cidr, "--futures", "50", "--out", &path];
    arguments.extend(more);
    let (code, out, err) = migrate(aks, &arguments);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(Path::new(&path).is_file(), "{err}");
    path
}

/// What every execution here is called with: short pauses, no questions, a window.
pub const QUICK: [&str; 9] = [
    "--yes",
    "--window",
    "4h",
    "--poll",
    "0.2",
    "--settle",
    "20",
    "--futures",
    "50",
];

pub fn execute(aks: &Aks, deed: &str, plan: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let mut arguments = vec![deed, "--plan", plan];
    arguments.extend(QUICK);
    let at = arguments.iter().position(|word| *word == "--settle");
    if let Some(at) = at.filter(|_| more.contains(&"--settle")) {
        arguments.drain(at..at + 2);
    }
    arguments.extend(more);
    migrate(aks, &arguments)
}

#[test]
fn a_plan_is_made_and_carried_out() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let plan = plan(&aks, &folder, &[]);
    let (code, out, err) = execute(&aks, "--execute", &plan, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(err.contains("completed"), "{err}");
    assert_eq!(aks.used(), 12 + 4);
    assert_eq!(aks.writes().len(), 1, "{:?}", aks.writes());
}

/// For trying it by hand: `cargo test --test migration_live serve -- --ignored --nocapture`. `AKSPLAN_SERVE=small` serves the small cluster,
/// `blocked` one with a budget that never allows; else the fintech one, in which a second takes `AKSPLAN_SECOND` milliseconds (100).
#[test]
#[ignore = "serves until it is interrupted"]
fn serve() {
    let wanted = std::env::var("AKSPLAN_SERVE").unwrap_or_default();
    let second = std::env::var("AKSPLAN_SECOND")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let shape = match wanted.as_str() {
        "small" => small(),
        "blocked" => small().blocked(),
        _ => super::aks::fintech::fintech(std::time::Duration::from_millis(second)),
    };
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    println!(
        "AKSPLAN_ARM_TOKEN={} aksplan migrate {}",
        super::aks::TOKEN,
        super::binary::live(&aks).join(" ")
    );
    loop {
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
}
