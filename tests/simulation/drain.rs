//! `aksplan drain`: on files of kubectl alone, with kubectl's vocabulary and refusals.

use crate::binary::{aksplan, answer};
use serde_json::Value;

const OBJECTS: [&str; 2] = ["--from", "scenarios/payments/objects.json"];
const NODE: &str = "aks-apps-38250194-vmss000003";
const OTHER: &str = "aks-apps-38250194-vmss000007";
const ALL_FLAGS: [&str; 2] = ["--ignore-daemonsets", "--force"];

fn drain(more: &[&str]) -> Value {
    let arguments = [
        &["drain", "--no-advice", "-o", "json"][..],
        &OBJECTS[..],
        if more.contains(&"--futures") {
            &[][..]
        } else {
            &["--futures", "10"][..]
        },
        more,
    ]
    .concat();
    serde_json::from_str(&answer(&arguments)).expect("JSON")
}

fn outcomes(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_string();
    document["nodes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|node| (text(&node["name"]), text(&node["outcome"])))
        .collect()
}

fn has(document: &Value, code: &str) -> bool {
    document["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|finding| finding["code"] == code)
}

#[test]
fn objects_alone_are_enough() {
    let document = drain(&[&[NODE][..], &ALL_FLAGS].concat());
    assert_eq!(document["cluster"], "MC_rg-payments_payments_westeurope");
    assert_eq!(document["completes"], true);
    assert_eq!(
        outcomes(&document),
        [(NODE.to_string(), "done".to_string())]
    );
    // Without subnets no address is told of, and that is said.
    assert_eq!(document["ranges"], Value::Array(Vec::new()));
    let not_checked = document["not_checked"].to_string();
    assert!(not_checked.contains("no subnet was read"), "{not_checked}");
}

#[test]
fn refuses_what_kubectl_refuses() {
    let document = drain(&[NODE]);
    assert_eq!(document["completes"], false);
    assert_eq!(
        outcomes(&document),
        [(NODE.to_string(), "refused".to_string())]
    );
    assert!(has(&document, "drain-refused"));
    assert!(
        document["findings"]
            .to_string()
            .contains("--ignore-daemonsets")
    );
    // The shell that nobody controls is on this node alone.
    let forced = drain(&[NODE, "--ignore-daemonsets"]);
    assert!(forced["findings"].to_string().contains("--force"));
    let other = drain(&[OTHER, "--ignore-daemonsets"]);
    assert_eq!(other["completes"], true);
}

#[test]
fn one_after_the_other_or_together() {
    let begins = |document: &Value| -> Vec<u64> {
        let nodes = document["nodes"].as_array().expect("a list");
        nodes
            .iter()
            .map(|node| node["began"].as_u64().expect("it began"))
            .collect()
    };
    let both = [&[NODE, OTHER][..], &ALL_FLAGS].concat();
    let one_by_one = begins(&drain(&both));
    assert!(one_by_one[0] == 0 && one_by_one[1] > 0, "{one_by_one:?}");
    let together = begins(&drain(&[both.as_slice(), &["--together"]].concat()));
    assert_eq!(together, [0, 0]);
}

#[test]
fn every_pod_on_the_node_is_told_of() {
    let document = drain(&[&[NODE, "--pods"][..], &ALL_FLAGS].concat());
    let pods = document["pods"].as_array().expect("a list");
    let lost: Vec<&Value> = pods.iter().filter(|pod| pod["outcome"] == "lost").collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0]["name"], "debug-shell");
    let evicted: u64 = document["nodes"][0]["evicted"].as_u64().expect("a number");
    assert_eq!(pods.len() as u64, evicted);
    for pod in pods {
        assert_eq!(pod["from"], NODE);
        assert_ne!(pod["to"], NODE, "{pod}");
    }
}

#[test]
fn a_window_fits_or_does_not() {
    let wide = drain(&[&[NODE, "--window", "4h"][..], &ALL_FLAGS].concat());
    assert!(wide["windows"][0]["left_p90"].as_i64().expect("a number") > 0);
    // Ten futures have no 99th percentile.
    assert_eq!(wide["windows"][0]["left_p99"], Value::Null);
    assert_eq!(wide["futures"]["seconds"]["p99"], Value::Null);
    let many = drain(
        &[
            &[NODE, "--window", "4h", "--futures", "100"][..],
            &ALL_FLAGS,
        ]
        .concat(),
    );
    assert!(many["windows"][0]["left_p99"].as_i64().expect("a number") > 0);
    assert!(!has(&wide, "window-too-short"));
    let narrow = drain(&[&[NODE, "--window", "1s"][..], &ALL_FLAGS].concat());
    assert!(has(&narrow, "window-too-short"));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let arguments = [
        &[
            "drain",
            "--pool",
            "apps",
            "--futures",
            "50",
            "--no-advice",
            "-o",
            "json",
        ],
        &OBJECTS[..],
        &ALL_FLAGS,
    ]
    .concat();
    let first = answer(&arguments);
    assert_eq!(answer(&arguments), first);
    let other = answer(&[arguments.as_slice(), &["--seed", "2"]].concat());
    assert_ne!(other, first);
}

#[test]
fn what_cannot_be_is_bad_usage() {
    for (more, wanted) in [
        (&["nope"][..], "no node `nope`"),
        (&["--pool", "nope"], "known: apps and system"),
        (&[], "nothing to drain"),
        (&[NODE, "--window", "soon"], "--window `soon`"),
        (&[NODE, "--drain-timeout", "10"], "no duration"),
        (&[NODE, "--policy", "/no/such/file"], "/no/such/file"),
        (&[NODE, "--all-nodes"], "cannot be used with"),
    ] {
        let arguments = [&["drain"], &OBJECTS[..], more].concat();
        let told = aksplan(&arguments, "");
        assert_eq!(told.status.code(), Some(2), "{more:?}");
        let talk = String::from_utf8(told.stderr).expect("text");
        assert!(talk.contains(wanted), "{more:?}: {talk}");
        assert!(told.stdout.is_empty(), "{more:?}");
    }
    // A cluster without objects, and objects without a cluster to move.
    for (arguments, wanted) in [
        (
            ["drain", "--all-nodes", "--from", "scenarios/fintech.yaml"],
            "no nodes of cluster payments",
        ),
        (
            ["migrate", "--pods", "--from", OBJECTS[1]],
            "needs Azure's view",
        ),
    ] {
        let told = aksplan(&arguments, "");
        assert_eq!(told.status.code(), Some(2));
        let talk = String::from_utf8(told.stderr).expect("text");
        assert!(talk.contains(wanted), "{talk}");
    }
}

#[test]
fn a_policy_overrides_what_was_seen() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("slow-pods.yaml");
    std::fs::write(&path, "pod_start: { median: 600, p90: 900 }\n").expect("a writable folder");
    let path = path.to_str().expect("UTF-8");
    let document = drain(&[&[NODE, "--policy", path][..], &ALL_FLAGS].concat());
    let durations = document["durations"].as_array().expect("a list");
    let starts: Vec<&Value> = durations
        .iter()
        .filter(|duration| duration["what"] == "pod_start")
        .collect();
    assert!(!starts.is_empty());
    for start in starts {
        assert_eq!(
            (&start["origin"], &start["median"]),
            (&Value::from("policy"), &Value::from(600))
        );
    }
    let seen = drain(&[&[NODE][..], &ALL_FLAGS].concat());
    assert!(seen["durations"].to_string().contains("\"seen\""));
}
