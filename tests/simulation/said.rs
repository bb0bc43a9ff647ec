//! What must not be silent: a refusal, a failure, an object that was not read, a number that goes on.

use crate::binary::aksplan;
use serde_json::{Value, json};

const NODE: &str = "aks-apps-38250194-vmss000003";

fn objects() -> Value {
    let text = std::fs::read_to_string("scenarios/payments/objects.json").expect("it is committed");
    serde_json::from_str(&text).expect("JSON")
}

fn written(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a writable folder");
    path.to_str().expect("UTF-8").to_string()
}

/// The objects after a change, as a file.
fn changed(name: &str, change: impl Fn(&mut Vec<Value>)) -> String {
    let mut list = objects();
    change(list["items"].as_array_mut().expect("a list"));
    written(name, &list.to_string())
}

fn run(arguments: &[&str]) -> (Option<i32>, Value) {
    let flags = [
        "--no-advice",
        "--futures",
        "5",
        "-o",
        "json",
        "--fail-on",
        "blocker",
    ];
    let told = aksplan(&[arguments, &flags].concat(), "");
    let text = String::from_utf8(told.stdout).expect("text");
    let document = serde_json::from_str(&text).unwrap_or(Value::Null);
    (told.status.code(), document)
}

fn findings<'a>(document: &'a Value, code: &str) -> Vec<&'a Value> {
    let all = document["findings"].as_array().expect("a list");
    all.iter().filter(|found| found["code"] == code).collect()
}

fn is(object: &Value, kind: &str) -> bool {
    object["kind"] == kind
}

/// A budget with other terms than the cluster's own.
fn with_budget(name: &str, spec: &Value) -> String {
    changed(name, |items| {
        let budget = items
            .iter_mut()
            .find(|item| is(item, "PodDisruptionBudget") && item["metadata"]["name"] == "api")
            .expect("it is there");
        let selector = budget["spec"]["selector"].clone();
        budget["spec"] = spec.clone();
        budget["spec"]["selector"] = selector;
    })
}

const CLUSTER: &str = "scenarios/payments/cluster.yaml";

#[test]
fn a_refusal_is_the_headline() {
    let zero = with_budget("zero.json", &json!({ "maxUnavailable": 0 }));
    for arguments in [
        &["upgrade", "-f", CLUSTER, "-f", &zero][..],
        &[
            "migrate",
            "-f",
            "scenarios/payments",
            "--pod-cidr",
            "10.244.0.0/22",
        ],
    ] {
        let (code, document) = run(arguments);
        assert_eq!(code, Some(3), "{arguments:?}");
        assert_eq!(
            (&document["admitted"], &document["completes"]),
            (&Value::from(false), &Value::from(false))
        );
        let summary = document["summary"].as_str().expect("text");
        assert!(
            summary.starts_with("AKS refuses the request: nothing starts. Were it let through: "),
            "{summary}"
        );
        assert!(findings(&document, "pod-cidr-too-small").is_empty());
    }
}

#[test]
fn only_what_helps_is_advised() {
    for (name, spec, wanted, unwanted) in [
        (
            "mu0.json",
            json!({ "maxUnavailable": 0 }),
            "only a change of the budget helps",
            "run ",
        ),
        (
            "ma100.json",
            json!({ "minAvailable": "100%" }),
            "replace it by maxUnavailable 1",
            "run ",
        ),
        (
            "ma5.json",
            json!({ "minAvailable": 5 }),
            "run 3 pods more of payments/api",
            "5 of 3",
        ),
        (
            "ma90.json",
            json!({ "minAvailable": "90%" }),
            "run 10 pods of payments/api",
            "maxUnavailable",
        ),
    ] {
        let file = with_budget(name, &spec);
        let (_, document) = run(&["upgrade", "-f", CLUSTER, "-f", &file, "--pool", "apps"]);
        let stuck = findings(&document, "node-stuck");
        assert_eq!(stuck.len(), 1, "{name}: {}", document["findings"]);
        let message = stuck[0]["message"].as_str().expect("text");
        assert!(message.contains(wanted), "{name}: {message}");
        assert!(!message.contains(unwanted), "{name}: {message}");
    }
}

#[test]
fn no_failure_is_without_a_blocker() {
    let text = std::fs::read_to_string(CLUSTER).expect("it is committed");
    let file = written(
        "no-surge.yaml",
        &text.replace("max_surge: 33%", "max_surge: 0"),
    );
    let objects = "scenarios/payments/objects.json";
    let (code, document) = run(&["upgrade", "-f", &file, "-f", objects]);
    assert_eq!(
        (code, &document["completes"]),
        (Some(3), &Value::from(false))
    );
    let found = findings(&document, "no-surge-and-none-unavailable");
    let text = found.iter().map(|found| found["message"].to_string());
    let text: String = text.collect();
    assert!(
        text.contains("pool apps") && text.contains("not allowed on a system pool"),
        "{text}"
    );
}

#[test]
fn a_refused_node_is_told_of_once() {
    let (code, document) = run(&["drain", NODE, "-f", "scenarios/payments/objects.json"]);
    assert_eq!(code, Some(3));
    let all = document["findings"].as_array().expect("a list");
    let blockers: Vec<&Value> = all
        .iter()
        .filter(|found| found["severity"] == "blocker")
        .collect();
    assert_eq!(blockers.len(), 1, "{blockers:?}");
    let message = blockers[0]["message"].as_str().expect("text");
    for word in ["--ignore-daemonsets", "--force", "kubectl uncordon"] {
        assert!(message.contains(word), "{word}: {message}");
    }
}

#[test]
fn what_was_not_read_is_said_first() {
    let bare = changed("no-pods.json", |items| {
        items.retain(|item| !is(item, "Pod"))
    });
    let told = aksplan(&["drain", NODE, "-f", &bare], "");
    assert_eq!(told.status.code(), Some(2));
    let talk = String::from_utf8(told.stderr).expect("text");
    assert!(talk.contains("kubectl get pods -A -o json"), "{talk}");

    let free = changed("no-budgets.json", |items| {
        items.retain(|item| !is(item, "PodDisruptionBudget"));
    });
    let (_, document) = run(&["drain", NODE, "-f", &free]);
    assert_eq!(document["findings"][0]["code"], "budgets-not-read");
}

#[test]
fn nodes_that_are_not_as_they_should_be_are_named() {
    let ill = changed("ill-nodes.json", |items| {
        let node = |items: &mut Vec<Value>, name: &str| -> usize {
            let found = items
                .iter()
                .position(|item| is(item, "Node") && item["metadata"]["name"] == name);
            found.expect("it is there")
        };
        let dead = node(items, NODE);
        items[dead]["status"]["conditions"] = json!([{ "type": "Ready", "status": "Unknown" }]);
        let cordoned = node(items, "aks-apps-38250194-vmss000007");
        items[cordoned]["spec"]["unschedulable"] = json!(true);
    });
    let (_, document) = run(&["upgrade", "-f", CLUSTER, "-f", &ill, "--pool", "apps"]);
    for (code, severity, node) in [
        ("node-not-ready", "warning", "apps-3"),
        ("node-cordoned", "info", "apps-7"),
    ] {
        let found = findings(&document, code);
        assert_eq!(found.len(), 1, "{code}");
        assert_eq!(found[0]["severity"], severity);
        assert!(found[0]["message"].to_string().contains(node));
    }
}

#[test]
fn a_workload_that_is_never_back_is_a_blocker() {
    let arguments = [
        "drain",
        "--pool",
        "apps",
        "--together",
        "--disable-eviction",
        "--ignore-daemonsets",
        "--force",
        "-f",
        "scenarios/payments/objects.json",
    ];
    let (code, document) = run(&arguments);
    assert_eq!(code, Some(3));
    let workloads = document["workloads"].as_array().expect("a list");
    let gone: Vec<&Value> = workloads
        .iter()
        .filter(|told| told["until_end"] == true && told["ready_after"] == 0)
        .filter(|told| told["kind"] != "DaemonSet")
        .collect();
    assert!(!gone.is_empty());
    let down = findings(&document, "workload-down");
    assert_eq!(down[0]["severity"], "blocker");
    let message = down[0]["message"].as_str().expect("text");
    assert!(message.contains("on, to the end"), "{message}");
}

#[test]
fn a_policy_is_read_with_care() {
    for (name, text, wanted) in [
        (
            "number.yaml",
            "node_reimage: 600\n",
            "{ median: 600, p90: 900 }",
        ),
        (
            "zero.yaml",
            "drain_timeout_minutes: 0\n",
            "drain_timeout_minutes is 0",
        ),
    ] {
        let path = written(name, text);
        let objects = "scenarios/payments/objects.json";
        let told = aksplan(&["drain", NODE, "-f", objects, "--policy", &path], "");
        assert_eq!(told.status.code(), Some(2));
        let talk = String::from_utf8(told.stderr).expect("text");
        assert!(talk.contains(wanted) && !talk.contains("-->"), "{talk}");
    }
}
