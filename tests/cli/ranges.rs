//! Free ranges and network modes, as a planner asks for them.

use super::{FINE, file, run, stdout};
use serde_json::Value;

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[args, &["-o", "json"]].concat())).expect("`-o json` prints JSON")
}

#[test]
fn a_pod_cidr_grows_to_a_superset_or_takes_a_new_cluster() {
    let fine = file("grow.yaml", FINE);
    let suggest = ["cidr", "suggest", "--from", &fine, "--for", "pod"];
    let larger = json(&[&suggest[..], &["--prefix-length", "14"]].concat());
    assert_eq!(larger["suggestions"][0]["cidr"], "10.244.0.0/14");
    let note = larger["note"].as_str().expect("there is a present range");
    assert!(
        note.contains("10.244.0.0/16") && note.contains("EXP-1"),
        "{note}"
    );

    // 10.244.0.0/16 cannot grow when its other half is a VNet's.
    let half = FINE.replace("[10.50.0.0/16]", "[10.50.0.0/16, 10.245.0.0/16]");
    let half = file("grow-half.yaml", &half);
    let other = json(&[
        "cidr",
        "suggest",
        "--from",
        &half,
        "--for",
        "pod",
        "--prefix-length",
        "15",
    ]);
    let note = other["note"].as_str().expect("there is a present range");
    assert!(
        note.contains("10.244.0.0/15") && note.contains("new cluster"),
        "{note}"
    );
    assert_ne!(other["suggestions"][0]["cidr"], "10.244.0.0/15");
}

#[test]
fn a_service_cidr_has_no_room_to_grow_and_is_smaller_than_a_12() {
    let fine = file("service.yaml", FINE);
    let suggest = ["cidr", "suggest", "--from", &fine, "--for", "service"];
    let text = stdout(&suggest);
    assert!(!text.contains("grow"), "{text}");
    assert_eq!(
        run(&[&suggest[..], &["--prefix-length", "12"]].concat())
            .status
            .code(),
        Some(2)
    );
    assert!(
        run(&[&suggest[..], &["--prefix-length", "13"]].concat())
            .status
            .success()
    );
}

#[test]
fn a_subnet_keeps_clear_of_the_services_of_its_neighbours() {
    let (first, pools) = FINE.split_once("  - name: c\n").expect("the cluster");
    let neighbour = pools
        .replace("172.16.0.0/16", "10.50.128.0/17")
        .replace("172.16.0.10", "10.50.128.10");
    let two = format!("{first}  - name: c\n{pools}  - name: d\n{neighbour}");
    let two = file("neighbours.yaml", &two);
    let found = json(&[
        "cidr",
        "suggest",
        "--from",
        &two,
        "--for",
        "subnet",
        "--cluster",
        "c",
    ]);
    let suggestions = found["suggestions"].as_array().expect("a list");
    assert!(!suggestions.is_empty());
    for suggestion in suggestions {
        let cidr = suggestion["cidr"].as_str().expect("text");
        let third: u8 = cidr
            .split('.')
            .nth(2)
            .and_then(|part| part.parse().ok())
            .expect("IPv4");
        assert!(third < 128, "{cidr} is in the service CIDR of d");
    }
}

/// Two node subnets: the large one's room is no help to the small one.
#[test]
fn each_node_subnet_has_to_hold_its_own_pools() {
    let two = FINE
        .replace(
            "subnets: [{ name: nodes, cidr: 10.50.0.0/20, foreign: 0 }]",
            "subnets: [{ name: nodes, cidr: 10.50.0.0/20, foreign: 0 }, { name: small, cidr: 10.50.16.0/27, foreign: 0 }]",
        )
        .replace(
            "subnet: nodes }]",
            "subnet: nodes }, { name: q, count: 2, max_pods: 30, subnet: small }]",
        );
    let two = file("two-subnets.yaml", &two);
    let modes = json(&["compare", "--from", &two]);
    let mode = |name: &str| {
        let all = modes["modes"].as_array().expect("a list");
        all.iter()
            .find(|mode| mode["mode"] == name)
            .expect("all six")
            .clone()
    };
    // Classic: two nodes of 29 addresses do not fit into 27, though 4,091 + 27 would.
    let classic = mode("node_subnet");
    assert_eq!(classic["fits"], false);
    assert_eq!(classic["available"], 4_091 + 27);
    // Overlay, as it is: 10.244.0.0/16 has 256 blocks.
    let overlay = mode("overlay");
    assert_eq!(overlay["fits"], true);
    assert_eq!(
        (&overlay["largest_cluster"], &overlay["largest_by"]),
        (&256.into(), &"pod_cidr".into())
    );
}
