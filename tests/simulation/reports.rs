//! What is printed for the payments cluster, byte for byte, and the numbers in it that were worked out by hand.

use crate::binary::{aksplan, answer, names_in};
use crate::committed;
use serde_json::Value;

const PAYMENTS: [&str; 2] = ["--from", "scenarios/payments"];
const STRICT: [&str; 2] = ["--from", "tests/fixtures/strict-budget.json"];

const DRAIN: [&str; 6] = [
    "drain",
    "aks-apps-38250194-vmss000003",
    "aks-apps-38250194-vmss000008",
    "aks-apps-38250194-vmss000012",
    "--ignore-daemonsets",
    "--force",
];

/// Name of the report, and what prints it.
fn reports() -> Vec<(&'static str, Vec<&'static str>)> {
    vec![
        (
            "migrate-fintech",
            [&["migrate", "--window", "4h"], &PAYMENTS[..]].concat(),
        ),
        (
            "migrate-strict-budget",
            [&["migrate", "--window", "4h"], &PAYMENTS[..], &STRICT].concat(),
        ),
        ("upgrade-fintech", [&["upgrade"], &PAYMENTS[..]].concat()),
        (
            "drain-three-nodes",
            [&DRAIN[..], &["--window", "22:00-02:00"], &PAYMENTS].concat(),
        ),
        (
            "drain-strict-budget",
            [&DRAIN[..], &["--drain-timeout", "10m"], &PAYMENTS, &STRICT].concat(),
        ),
    ]
}

fn json(arguments: &[&str]) -> Value {
    let text = answer(&[arguments, &["-o", "json"]].concat());
    serde_json::from_str(&text).expect("`-o json` prints JSON")
}

#[test]
fn the_payments_cluster_renders_to_its_reports() {
    let files: Vec<(String, String)> = reports()
        .iter()
        .flat_map(|(name, arguments)| {
            [("md", "markdown"), ("json", "json")].map(|(extension, format)| {
                (
                    format!("reports/simulation/{name}.{extension}"),
                    answer(&[arguments.as_slice(), &["-o", format]].concat()),
                )
            })
        })
        .collect();
    committed::check("simulation", &files);
}

#[test]
fn every_report_is_made_here() {
    for extension in ["md", "json"] {
        for name in names_in("reports/simulation", extension) {
            assert!(
                reports().iter().any(|(known, _)| *known == name),
                "reports/simulation/{name}.{extension} is made by nothing"
            );
        }
    }
}

/// 26 nodes of max_pods 30 hold 29 addresses each, and 12 are somebody else's.
#[test]
fn addresses_were_worked_out_by_hand() {
    let migration = json(&[&["migrate", "--futures", "0", "--no-advice"], &PAYMENTS[..]].concat());
    let subnet = &migration["ranges"][0];
    assert_eq!(subnet["name"], "spoke-payments/aks");
    // A /22 less Azure's five.
    assert_eq!(subnet["capacity"], 1_019);
    assert_eq!(subnet["held"], 26 * 29 + 12);
    // ⌈0.33 × 20⌉ + ⌈0.33 × 6⌉ surge nodes of both pools at once: of the new kind, or of the old one.
    let surged = &subnet["over_time"]
        .as_array()
        .expect("changes")
        .iter()
        .find(|held| held["least"].as_u64() > subnet["held"].as_u64())
        .expect("surge nodes take addresses")
        .clone();
    assert_eq!(surged["least"], 766 + 9);
    assert_eq!(surged["most"], 766 + 9 * 29);
    // One each, when all is over.
    let end = subnet["over_time"]
        .as_array()
        .expect("changes")
        .last()
        .expect("one");
    assert_eq!(
        (&end["least"], &end["most"]),
        (&Value::from(26 + 12), &Value::from(26 + 12))
    );
    // A /24 each.
    let pods = &migration["ranges"][1];
    let end = pods["over_time"]
        .as_array()
        .expect("changes")
        .last()
        .expect("one");
    assert_eq!(
        (&end["least"], &end["most"]),
        (&Value::from(26 * 256), &Value::from(26 * 256))
    );
    assert_eq!(migration["completes"], true);
    assert!(
        codes(&migration).contains(&"surge-may-not-fit"),
        "{:?}",
        codes(&migration)
    );
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().expect("a list");
    findings
        .iter()
        .map(|finding| finding["code"].as_str().expect("a code"))
        .collect()
}

/// One budget that never lets a pod go, and the whole move stops.
#[test]
fn a_strict_budget_stops_the_move() {
    let arguments = [&["migrate", "--futures", "20"], &PAYMENTS[..], &STRICT].concat();
    let migration = json(&arguments);
    assert_eq!(migration["completes"], false);
    assert_eq!(migration["futures"]["completed"], 0);
    let codes = codes(&migration);
    for code in ["budget-never-allows", "node-stuck", "drain-times-out"] {
        assert!(codes.contains(&code), "{code} is not in {codes:?}");
    }
    let findings = migration["findings"].as_array().expect("a list");
    let stuck = findings
        .iter()
        .find(|finding| finding["code"] == "node-stuck")
        .expect("it is there");
    let message = stuck["message"].as_str().expect("a message");
    for word in [
        "payments/api",
        "3 of 3 healthy",
        "1 pod more",
        "replace its minAvailable",
    ] {
        assert!(message.contains(word), "{word} is not in {message}");
    }
    let told = aksplan(
        &[arguments.as_slice(), &["--fail-on", "blocker"]].concat(),
        "",
    );
    assert_eq!(told.status.code(), Some(3));
}

/// The three services whose waits made it as long stand in the critical path, which has no gap.
#[test]
fn the_critical_path_is_as_long_as_the_run() {
    for (name, arguments) in reports() {
        let document = json(&arguments);
        let path = document["critical_path"].as_array().expect("a list");
        let Some(seconds) = document["seconds"].as_u64() else {
            continue;
        };
        let mut at = 0;
        for step in path {
            assert_eq!(step["from"].as_u64(), Some(at), "{name}: {step}");
            at = step["until"].as_u64().expect("seconds");
        }
        assert!(at >= seconds, "{name}: ends at {at} of {seconds}");
    }
}
