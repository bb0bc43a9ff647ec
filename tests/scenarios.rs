//! Every scenario renders byte for byte to its report, and the numbers that its description promises are in it.

mod binary;
mod committed;

use binary::{answer, names_in, scenarios};
use serde_json::Value;

/// Scenarios with the objects of their clusters beside them.
const WITH_OBJECTS: [&str; 2] = ["edge", "payments"];

fn report(name: &str, format: &str) -> String {
    let is_folder = WITH_OBJECTS.contains(&name);
    let ending = if is_folder { "" } else { ".yaml" };
    let source = format!("scenarios/{name}{ending}");
    let mut arguments = vec!["report", "--from", &source, "-o", format];
    if is_folder {
        arguments.extend(["--window", "1h"]);
    }
    answer(&arguments)
}

/// The scenarios that have a report.
fn reported() -> Vec<String> {
    let mut names = scenarios();
    names.extend(WITH_OBJECTS.map(str::to_string));
    names
}

#[test]
fn every_scenario_renders_to_its_report() {
    let files: Vec<(String, String)> = reported()
        .iter()
        .flat_map(|name| {
            [("md", "markdown"), ("json", "json"), ("html", "html")].map(|(extension, format)| {
                (format!("reports/{name}.{extension}"), report(name, format))
            })
        })
        .collect();
    committed::check("scenarios", &files);
}

#[test]
fn every_report_has_its_scenario() {
    for extension in ["md", "json", "html"] {
        for name in names_in("reports", extension) {
            assert!(
                reported().contains(&name),
                "reports/{name}.{extension} has no scenarios/{name}.yaml: delete it, or bring the scenario back"
            );
        }
    }
}

/// The pictures of the README are those of a report, so they cannot show anything else.
#[test]
fn pictures_are_those_of_a_report() {
    let page = report("payments", "html");
    let pictures = [
        ("timeline", "Nodes over time"),
        ("addresses", "Addresses of spoke-payments/aks over time"),
    ];
    let files: Vec<(String, String)> = pictures
        .iter()
        .map(|(file, title)| {
            let drawn = page
                .split("<svg ")
                .skip(1)
                .find(|svg| svg.contains(&format!(">{title}</title>")))
                .unwrap_or_else(|| panic!("no picture `{title}`"));
            let end = drawn.find("</svg>").expect("a picture ends");
            (
                format!("reports/pictures/{file}.svg"),
                format!("<svg {}</svg>\n", &drawn[..end]),
            )
        })
        .collect();
    committed::check("scenarios", &files);
}

/// Worked out by hand from the published rules, so that an update of the reports cannot carry a wrong number along.
#[test]
fn the_numbers_that_were_worked_out_by_hand() {
    let subnet = "/capacity/subnets/0";
    let first = "/predictions/0";
    let second = "/predictions/1";
    let third = "/predictions/2";
    let expected: &[(&str, &str, &str, &str)] = &[
        // 26 nodes of 110 - 1; a /22 less Azure's five.
        ("fintech", subnet, "/demand/ceiling", "2834"),
        ("fintech", subnet, "/usable", "1019"),
        ("fintech", first, "/errors/0/preallocated", "218"),
        ("fintech", first, "/errors/0/available", "147"),
        // (6 + 20 + 2) × 109.
        ("fintech", second, "/errors/0/preallocated", "3052"),
        // 4 + ⌈0.33 × 4⌉ + 5 + ⌈0.33 × 5⌉, and a /24 each.
        ("aks-baseline", subnet, "/demand/ceiling_with_surge", "13"),
        ("aks-baseline", "/capacity/pod_cidrs/0", "/nodes", "256"),
        ("aks-baseline", first, "/verdict", "accepted"),
        // 20 × 29 + 10 × 49, of which each cluster's own part is admitted.
        ("hub-three-clusters", subnet, "/demand/ceiling", "1070"),
        ("hub-three-clusters", first, "/verdict", "accepted"),
        ("hub-three-clusters", second, "/verdict", "accepted"),
        // 5 + 395, and 1 + 40 surge nodes.
        ("kubenet-400-nodes", subnet, "/demand/ceiling", "400"),
        (
            "kubenet-400-nodes",
            subnet,
            "/demand/ceiling_with_surge",
            "441",
        ),
        ("kubenet-400-nodes", first, "/verdict", "rejected"),
        ("kubenet-400-nodes", second, "/verdict", "rejected"),
        ("kubenet-400-nodes", third, "/verdict", "accepted"),
        // 14 × 17 = 238 of 251; 15 × 16 = 240 pass but 15 × 17 = 255 do not fit; 16 × 16 = 256 do not pass.
        ("pod-subnet-dynamic", first, "/verdict", "accepted"),
        (
            "pod-subnet-dynamic",
            second,
            "/verdict",
            "accepted_then_fails",
        ),
        ("pod-subnet-dynamic", third, "/verdict", "rejected"),
        ("pod-subnet-dynamic", third, "/errors/0/preallocated", "256"),
        // 3 × 256 held where 3 × 16 are counted; 10 × 16.
        (
            "static-block-hangs",
            first,
            "/verdict",
            "accepted_then_fails",
        ),
        ("static-block-hangs", first, "/errors/0/preallocated", "768"),
        ("static-block-hangs", second, "/verdict", "rejected"),
        (
            "static-block-hangs",
            second,
            "/errors/0/preallocated",
            "160",
        ),
        ("static-block-hangs", second, "/errors/0/available", "59"),
        // 5 × 256 of 4 × 256: a pod CIDR loses no five.
        (
            "overlay-small-pod-cidr",
            first,
            "/errors/0/preallocated",
            "1280",
        ),
        (
            "overlay-small-pod-cidr",
            first,
            "/errors/0/available",
            "1024",
        ),
        ("overlay-small-pod-cidr", second, "/verdict", "rejected"),
        ("service-cidr-new-peer", first, "/verdict", "accepted"),
        (
            "service-cidr-new-peer",
            second,
            "/errors/0/code",
            "ServiceCidrOverlapExistingSubnetsCidr",
        ),
        // 3 × 29 + 3 × 31 + 2 × 29, and 31 more for a Windows surge node.
        ("windows-and-spot", subnet, "/demand/ceiling", "238"),
        ("windows-and-spot", first, "/verdict", "accepted"),
        ("windows-and-spot", second, "/errors/0/preallocated", "269"),
        // 5 + 54 is the /26's last address.
        ("dual-stack", first, "/verdict", "accepted"),
        ("dual-stack", second, "/errors/0/preallocated", "60"),
        ("dual-stack", second, "/errors/0/available", "59"),
        // As fintech, of which it is the year ahead.
        ("fintech-year", subnet, "/demand/ceiling", "2834"),
        ("fintech-year", first, "/errors/0/preallocated", "3052"),
        // (2 + 8 + 3) × 29; 4 × 29 of 507 - 40 - 5 × 29.
        (
            "two-pools-one-subnet-year",
            subnet,
            "/demand/ceiling",
            "377",
        ),
        ("two-pools-one-subnet-year", first, "/verdict", "accepted"),
        // (4 + 26 + ⌈0.33 × 26⌉) × 256.
        ("overlay-year", first, "/errors/0/preallocated", "9984"),
        ("node-auto-provisioning", first, "/verdict", "accepted"),
        (
            "node-auto-provisioning",
            "/capacity/findings/0",
            "/code",
            "no-admission-check",
        ),
    ];
    for name in scenarios() {
        let report: Value = serde_json::from_str(&report(&name, "json")).expect("a JSON report");
        let of_this: Vec<_> = expected.iter().filter(|(of, ..)| *of == name).collect();
        assert!(!of_this.is_empty(), "{name}: no number is checked by hand");
        for (_, place, field, wanted) in of_this {
            let found = report.pointer(&format!("{place}{field}"));
            let found = match found {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => "nothing".to_string(),
            };
            assert_eq!(&found, wanted, "{name}: {place}{field}");
        }
    }
}

/// What certainly breaks forbids the move until it has another way in, and that is handed out ready to apply.
#[test]
fn a_gateway_that_names_pods_is_a_no_go_with_its_load_balancer() {
    let report: Value = serde_json::from_str(&report("edge", "json")).expect("JSON");
    let of = &report["moves"][0];
    assert_eq!(of["decision"], "no_go");
    let blockers = of["blockers"].as_array().expect("blockers");
    assert_eq!(blockers.len(), 1, "{blockers:?}");
    let said = blockers[0].as_str().expect("a sentence");
    assert!(said.starts_with("application gateway edge, backend pool storefront (certain):"));
    let dependent = &of["dependents"]["found"][0];
    assert_eq!(
        dependent["services"],
        serde_json::json!(["shop/storefront"])
    );
    let manifest = dependent["manifest"].as_str().expect("a manifest");
    assert!(manifest.contains("service.beta.kubernetes.io/azure-load-balancer-internal: \"true\""));
}
