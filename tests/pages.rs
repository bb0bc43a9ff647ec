//! The report's page in a real browser: every scenario's, and pages whose names come from an enemy. Light, dark, on a phone, on paper, by
//! keyboard and by screen reader; `tests/browser/check.mjs` opens them, this makes them and wants no finding.
//!
//! Pages and pictures of them stay in `target/pages`, to be looked at. Runs with default features alone: the page is the same without.

#![cfg(feature = "azure")]

mod binary;
#[path = "pages/hostile.rs"]
mod hostile;

use binary::{answer, names_in, root};
use std::path::{Path, PathBuf};
use std::process::Command;

const INSTALL: &str = "tests/browser/install";

/// Whether there is a browser and what drives it; said aloud where not, and a failure in CI.
fn can_browse() -> bool {
    let chromium = std::env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    let node = Command::new("node").arg("--version").output();
    let missing = if node.is_err() {
        "Node.js"
    } else if !Path::new(&chromium).is_file() {
        "Chromium"
    } else if !root().join("tests/browser/node_modules").is_dir() {
        "the packages of tests/browser"
    } else {
        return true;
    };
    let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let problem = format!("{missing} not there, so no page was opened: run {INSTALL}");
    assert!(!is_ci, "{problem}");
    eprintln!("skipped: {problem}");
    false
}

/// Where pages are left.
fn folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("it is in the target folder");
    let folder = target.join("pages");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

fn report(from: &str) -> String {
    answer(&["report", "--from", from, "--output", "html"])
}

/// Scenarios: single files, and folders of files.
fn scenarios() -> Vec<(String, String)> {
    let files = names_in("scenarios", "yaml");
    let files = files
        .into_iter()
        .map(|name| (name.clone(), format!("scenarios/{name}.yaml")));
    files
        .chain(["edge", "payments"].map(|name| (name.to_string(), format!("scenarios/{name}"))))
        .collect()
}

#[test]
fn every_page_is_for_everybody() {
    if !can_browse() {
        return;
    }
    let folder = folder();
    let keep = |name: &str, page: String| {
        std::fs::write(folder.join(format!("{name}.html")), page)
            .expect("the target folder is writable");
    };
    for (name, from) in scenarios() {
        keep(&name, report(&from));
    }
    for (name, snapshot) in hostile::snapshots(&folder) {
        let from = folder.join(format!("{name}.json"));
        std::fs::write(&from, snapshot).expect("the target folder is writable");
        keep(name, report(from.to_str().expect("UTF-8")));
    }
    let checked = Command::new("node")
        .arg("check.mjs")
        .arg(&folder)
        .current_dir(root().join("tests/browser"))
        .output()
        .expect("node was there a moment ago");
    assert!(
        checked.status.success(),
        "{}{}\npictures: {}",
        String::from_utf8_lossy(&checked.stdout),
        String::from_utf8_lossy(&checked.stderr),
        folder.display()
    );
}
