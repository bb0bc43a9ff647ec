//! The runbook of the payments cluster as `aksplan migrate --out` writes it, byte for byte, and what a reviewer must find in it.

mod binary;
mod committed;

use binary::aksplan;
use std::fs;
use std::path::Path;

/// What `migrate` writes beside a plan, as if that were called plan.json.
fn runbook(name: &str, more: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("runbook-{name}"));
    fs::create_dir_all(&folder).expect("a folder for what the test writes");
    let plan = folder.join("plan.json");
    let plan = plan.to_str().expect("the target folder has a plain name");
    let arguments = [
        &[
            "migrate",
            "--from",
            "scenarios/payments",
            "--futures",
            "200",
            "--out",
            plan,
        ],
        more,
    ]
    .concat();
    let output = aksplan(&arguments, "");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read_to_string(folder.join("plan.md")).expect("a runbook beside the plan");
    assert!(text.contains(plan), "its commands name the plan");
    text.replace(plan, "plan.json")
}

#[test]
fn the_payments_cluster_has_its_runbook() {
    let files: Vec<(String, String)> = [
        ("payments", &[][..]),
        (
            "payments-less-surge",
            &["--max-surge", "apps=10%", "--drain-timeout", "apps=60"],
        ),
    ]
    .iter()
    .map(|(name, more)| (format!("reports/migration/{name}.md"), runbook(name, more)))
    .collect();
    committed::check("runbook", &files);
}

/// A command that is copied at night is one that the program takes: with no such plan, that is all it has to say.
#[test]
fn its_own_commands_are_commands() {
    let text = runbook("commands", &[]);
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("aksplan "))
        .collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for line in lines {
        let line = line.replace("plan.json", "no-such-plan.json");
        let arguments: Vec<&str> = line.split(' ').collect();
        let output = aksplan(&arguments, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains("no-such-plan.json"),
            "{line}: {said}"
        );
        assert!(!said.contains("Usage:"), "{line}: {said}");
    }
}

/// The same plan twice, the same runbook: no clock is in it, and no chance.
#[test]
fn it_is_the_same_every_time() {
    assert_eq!(runbook("once", &[]), runbook("twice", &[]));
}
