//! The report of a live cluster: read from the stand-in and its API server, into a file, with nothing written there.

use super::aks::Aks;
use super::aks::small::small;
use super::binary::{command, only_read, said};
use super::control_plane::Folder;
use serde_json::Value;

fn report(aks: &Aks, arguments: &[&str]) -> String {
    let output = command(aks, "report", arguments).output();
    let output = output.expect("the binary runs");
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    out
}

#[test]
fn a_live_cluster_has_its_report_and_nothing_is_written() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = folder.path.join("report.html").display().to_string();
    aks.forget();
    let asked = [
        "--cluster",
        "shop",
        "--pod-cidr",
        "100.64.0.0/16",
        "--window",
        "4h",
        "--futures",
        "50",
    ];
    let mut page = asked.to_vec();
    page.extend(["-f", &path]);
    assert_eq!(report(&aks, &page), "");
    let text = std::fs::read_to_string(&path).expect("the report");
    for words in [
        "<title>Pre-migration report of shop</title>",
        "shop: move to Azure CNI Overlay, pod CIDR 100.64.0.0/16",
        // The cluster's id is known, so there is a plan with commands.
        "Go or no-go",
        "aksplan migrate --execute --plan plan.json --window 4h",
        "How to abort, and what that leaves",
        "What the plan must then show",
        "Lowest availability by workload",
        "Readiness",
        "id=\"rule-MIG-20\"",
        "Not checked",
    ] {
        assert!(text.contains(words), "no `{words}`");
    }
    let mut json = asked.to_vec();
    json.extend(["-o", "json"]);
    let shape: Value = serde_json::from_str(&report(&aks, &json)).expect("JSON");
    let moved = &shape["moves"][0];
    assert_ne!(moved["decision"], "no_go", "{moved}");
    assert!(moved["plan"]["digest"].is_string(), "{moved}");
    assert!(
        moved["simulation"]["completes"].as_bool().unwrap(),
        "{moved}"
    );
    assert_eq!(shape["readiness"][0]["cluster"], "shop");
    only_read(&aks);
}
