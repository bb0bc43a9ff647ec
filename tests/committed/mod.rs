//! Files in the repository that must equal what the program prints now. `AKSPLAN_UPDATE=1` rewrites them.

use crate::binary::root;
use std::fs;

const SWITCH: &str = "AKSPLAN_UPDATE";

/// Compares each file (path from the root) with what it should hold, byte for byte, or rewrites it.
///
/// # Panics
/// Naming every file that differs, the first difference of each, and the command that rewrites them.
pub fn check(test: &str, files: &[(String, String)]) {
    let update = std::env::var(SWITCH).is_ok_and(|value| value == "1");
    let mut differences = Vec::new();
    for (path, now) in files {
        let full = root().join(path);
        let committed = fs::read_to_string(&full).ok();
        if committed.as_ref() == Some(now) {
            continue;
        }
        if update {
            fs::create_dir_all(full.parent().expect("a file below the root"))
                .and_then(|()| fs::write(&full, now))
                .unwrap_or_else(|error| panic!("{path}: {error}"));
            continue;
        }
        differences.push(match committed {
            None => format!("{path} is missing"),
            Some(committed) => first_difference(path, &committed, now),
        });
    }
    assert!(
        differences.is_empty(),
        "{} of {} files differ from what aksplan prints now.\n\n{}\n\n\
         If the change is meant: {SWITCH}=1 cargo test --test {test}, then read `git diff reports`.\n",
        differences.len(),
        files.len(),
        differences.join("\n\n")
    );
}

fn first_difference(path: &str, committed: &str, now: &str) -> String {
    let mut line = 1;
    let (mut old, mut new) = (committed.split('\n'), now.split('\n'));
    loop {
        match (old.next(), new.next()) {
            (Some(a), Some(b)) if a == b => line += 1,
            (a, b) => {
                let shown = |line: Option<&str>| match line {
                    Some(line) => format!("{line:?}"),
                    None => "(end of file)".to_string(),
                };
                return format!(
                    "{path}, line {line}:\n  committed: {}\n  now:       {}",
                    shown(a),
                    shown(b)
                );
            }
        }
    }
}
