//! `aksplan simulate` through the real program: every scenario with a timeline renders byte for byte to `reports/simulate`, the
//! numbers worked out by hand are in it, whatever the number of threads; and bad input is told in one line that names its place.

mod binary;
mod committed;

use binary::{aksplan, answer, names_in, root, scenarios};
use serde_json::Value;

/// Enough for shares of a percent, and quick where nothing is optimised.
const FUTURES: [&str; 4] = ["--futures", "2000", "--seed", "7"];

fn timelines() -> Vec<String> {
    let has_timeline = |name: &String| {
        let text = std::fs::read_to_string(root().join(format!("scenarios/{name}.yaml")));
        text.expect("a scenario is readable")
            .contains("\ntimeline:")
    };
    scenarios().into_iter().filter(has_timeline).collect()
}

fn simulated(name: &str, more: &[&str]) -> String {
    let file = format!("scenarios/{name}.yaml");
    answer(&[&["simulate", &file], more].concat())
}

fn json(name: &str, more: &[&str]) -> Value {
    let text = simulated(name, &[more, &["-o", "json"]].concat());
    serde_json::from_str(&text).expect("`-o json` prints JSON")
}

#[test]
fn every_timeline_renders_to_its_report() {
    let files: Vec<(String, String)> = timelines()
        .iter()
        .flat_map(|name| {
            [("md", "markdown"), ("json", "json")].map(|(extension, format)| {
                let more = [&FUTURES[..], &["-o", format]].concat();
                (
                    format!("reports/simulate/{name}.{extension}"),
                    simulated(name, &more),
                )
            })
        })
        .collect();
    committed::check("growth", &files);
    for extension in ["md", "json"] {
        assert_eq!(names_in("reports/simulate", extension), timelines());
    }
}

/// Worked out by hand, so that an update of the reports cannot carry a wrong number along.
#[test]
fn the_numbers_that_were_worked_out_by_hand() {
    let first = "/first_failure";
    let error = "/first_failure/error";
    let expected: &[(&str, &str, &str, &str)] = &[
        // 26 × 109 + 1 × 29.
        ("fintech-year", first, "/date", "2027-02-15"),
        ("fintech-year", error, "/preallocated", "2863"),
        ("fintech-year", first, "/nodes_that_fit", "0"),
        // Apps want 5 nodes and 0.06 more each week, 0.6 more in a rush: seven from 6.5 on. After fifteen weeks, on 2027-03-16, it
        // is 5.9; a rush is half way into each part of 365.25 hours, the next one on 2027-03-25. Six nodes have been there once
        // already: 872 + 109 = 981 and 38 are left.
        ("fintech-year", "/happenings/2", "/date", "2027-03-25"),
        (
            "fintech-year",
            "/happenings/2/error",
            "/code",
            "SubnetIsFull",
        ),
        (
            "fintech-year",
            "/happenings/2/error",
            "/preallocated",
            "109",
        ),
        ("fintech-year", "/happenings/2/error", "/available", "38"),
        ("fintech-year", "/happenings/2", "/nodes_wanted", "7"),
        ("fintech-year", "/ranges/0/weeks/0", "/used", "872"),
        // On Overlay: 3 system nodes, 8 apps nodes (5 + 52 × 0.06 = 8.12) and gpu2.
        ("fintech-year", "/ranges/0/weeks/52", "/used", "12"),
        ("fintech-year", "/ranges/1/weeks/52", "/used", "3072"),
        // (2 + 8 nodes + 1 + ⌈0.33 × 8⌉ surge) × 29 of 507 - 40 - 3 × 29: stock has grown to 3 × 1.015⁹ = 3.43, three nodes.
        ("two-pools-one-subnet-year", first, "/date", "2027-03-08"),
        ("two-pools-one-subnet-year", error, "/preallocated", "406"),
        ("two-pools-one-subnet-year", error, "/available", "380"),
        ("two-pools-one-subnet-year", first, "/event", "0"),
        // (4 + 2 + 40) × 256 of 32 × 256.
        ("overlay-year", first, "/date", "2027-09-01"),
        ("overlay-year", error, "/preallocated", "11776"),
        ("overlay-year", error, "/available", "8192"),
    ];
    for name in timelines() {
        let report = json(&name, &[]);
        let of_this: Vec<_> = expected.iter().filter(|(of, ..)| *of == name).collect();
        assert!(!of_this.is_empty(), "{name}: no number is checked by hand");
        for (_, place, field, wanted) in of_this {
            let found = match report.pointer(&format!("{place}{field}")) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => "nothing".to_string(),
            };
            assert_eq!(&found, wanted, "{name}: {place}{field}");
        }
    }
}

#[test]
fn the_same_seed_prints_the_same_bytes_on_any_number_of_threads() {
    let on = |threads: &str, seed: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_aksplan"))
            .args([
                "simulate",
                "scenarios/fintech-year.yaml",
                "--futures",
                "1500",
            ])
            .args(["--seed", seed, "-o", "json"])
            .env("RAYON_NUM_THREADS", threads)
            .current_dir(root())
            .output()
            .expect("the program starts");
        assert!(output.status.success());
        output.stdout
    };
    let one = on("1", "5");
    assert_eq!(one, on("2", "5"));
    assert_eq!(one, on("7", "5"));
    assert_ne!(one, on("2", "6"));
}

/// Twice the futures say the same within a few standard errors: the error that is printed is the error that is there.
#[test]
fn standard_errors_are_honest() {
    let probability = |seed: &str| {
        let report = json("fintech-year", &["--futures", "1500", "--seed", seed]);
        let curve = &report["futures"]["ranges"][0]["full"]["weeks"][10];
        let number = |field: &str| curve[field].as_f64().expect("a number");
        (number("probability"), number("standard_error"))
    };
    let all: Vec<(f64, f64)> = ["1", "2", "3", "4", "5", "6"].map(probability).to_vec();
    let mean = all.iter().map(|(share, _)| share).sum::<f64>() / all.len() as f64;
    assert!((0.05..0.95).contains(&mean), "{mean} says little");
    for (share, error) in all {
        assert!((0.005..0.02).contains(&error), "{error}");
        assert!((share - mean).abs() < 4.0 * error, "{share} {mean} {error}");
    }
}

const ESTATE: &str = "\
apiVersion: aksplan/v1
name: quay
virtual_networks:
  - { name: v, address_space: [10.50.0.0/16], subnets: [{ name: nodes, cidr: 10.50.0.0/26, foreign: 0 }] }
clusters:
  - name: c
    kubernetes_version: \"1.33\"
    network_plugin: azure
    service_cidr: 172.16.0.0/16
    dns_service_ip: 172.16.0.10
    identity: SystemAssigned
    pools:
      - { name: p, mode: System, count: 1, min_count: 1, max_count: 9, max_pods: 30, subnet: nodes }
";
const TIMELINE: &str = "\
apiVersion: aksplan/v1
name: tide
timeline:
  starts: 2027-01-01
  growth: [{ pool: p, nodes_a_week: 1 }]
";

fn file(name: &str, content: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("growth");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let path = folder.join(name);
    std::fs::write(&path, content).expect("files can be written");
    path.display().to_string()
}

/// 59 addresses, 29 a node: the second week asks for a third node.
#[test]
fn an_estate_from_elsewhere_is_played() {
    let (estate, timeline) = (file("estate.yaml", ESTATE), file("timeline.yaml", TIMELINE));
    let snapshot = file("estate.json", "");
    answer_quietly(&["snapshot", "--from", &estate, "--file", &snapshot]);
    for from in [&estate, &snapshot] {
        let text = answer(&["simulate", &timeline, "--from", from, "-o", "json"]);
        let report: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(report["name"], "tide");
        let failure = &report["first_failure"];
        assert_eq!(failure["date"], "2027-01-15", "{from}");
        assert_eq!(failure["error"]["code"], "SubnetIsFull");
        assert_eq!(failure["error"]["available"], 1);
        assert_eq!(failure["nodes_that_fit"], 2);
    }
    let fails = [
        "simulate",
        &timeline,
        "--from",
        &estate,
        "--fail-on",
        "blocker",
    ];
    assert_eq!(aksplan(&fails, "").status.code(), Some(3));
    let short = [
        "simulate",
        &timeline,
        "--from",
        &estate,
        "--fail-on",
        "blocker",
        "--weeks",
        "1",
    ];
    assert_eq!(aksplan(&short, "").status.code(), Some(0));
}

fn answer_quietly(arguments: &[&str]) {
    assert!(aksplan(arguments, "").status.success(), "{arguments:?}");
}

/// What comes after the timeline's end is not played, and said.
#[test]
fn later_events_are_said() {
    let with = |timeline: &str| file("later.yaml", &format!("{ESTATE}{timeline}"));
    let late = with(
        "timeline: { starts: 2027-01-01, weeks: 2, events: [{ at: 2027-03-01, upgrade: {} }] }\n",
    );
    let text = answer(&["simulate", &late]);
    assert!(
        text.contains("events[0] of 2027-03-01 comes after the last week"),
        "{text}"
    );
    assert!(text.contains("nothing fails before 2027-01-15"), "{text}");
}

/// A move is played of a cluster that can be moved (MIG-1), and of one on Overlay does nothing: a pod CIDR that is not its own never is.
#[test]
fn what_is_on_overlay_is_not_moved() {
    let with = |cluster: &str, range: &str| {
        let estate = ESTATE.replace("network_plugin: azure", cluster);
        let move_to = format!("migrate_to_overlay: {{ {range} }}");
        let text = format!(
            "{estate}timeline: {{ starts: 2027-01-01, weeks: 4, events: [{{ at: 2027-01-05, {move_to} }}] }}\n"
        );
        file("overlay.yaml", &text)
    };
    let overlay =
        "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 10.9.0.0/16";
    for range in ["", "pod_cidr: 10.9.0.0/16"] {
        let text = answer(&["simulate", &with(overlay, range), "-o", "json"]);
        let report: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            report["happenings"][0]["outcome"], "nothing_to_do",
            "{report:#}"
        );
        let ranges = report["ranges"].as_array().expect("ranges").iter();
        let cidrs: Vec<&Value> = ranges.map(|range| &range["cidr"][0]).collect();
        assert_eq!(cidrs, ["10.50.0.0/26", "10.9.0.0/16"]);
    }
    for (cluster, wanted) in [
        (
            overlay,
            "cluster `c` is on Azure CNI Overlay already, and 10.8.0.0/16 is not its pod CIDR",
        ),
        (
            "network_plugin: none",
            "cluster `c` cannot be moved in place: only Azure CNI node subnet and kubenet can (MIG-1)",
        ),
    ] {
        let output = aksplan(&["simulate", &with(cluster, "pod_cidr: 10.8.0.0/16")], "");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{talk}");
        assert!(talk.contains(wanted), "{talk}");
    }
}

#[test]
fn bad_timelines_are_told_in_one_line() {
    let timeline = |inner: &str| format!("timeline: {{ starts: 2027-01-01, {inner} }}\n");
    let cases: &[(String, &str)] = &[
        (String::new(), "no timeline; add one"),
        ("timeline: { weeks: 4 }\n".to_string(), "starts"),
        (
            "timeline: { starts: soon }\n".to_string(),
            "timeline.starts: `soon` is no date",
        ),
        (
            "timeline: { starts: 2027-02-30 }\n".to_string(),
            "timeline.starts: `2027-02-30` is no date",
        ),
        (timeline("weeks: 0"), "timeline.weeks: 0 is out of range"),
        (
            timeline("weeks: 521"),
            "timeline.weeks: 521 is out of range",
        ),
        (timeline("wekks: 4"), "wekks"),
        (
            timeline("growth: [{ pool: q, nodes_a_week: 1 }]"),
            "timeline.growth[0].pool: cluster `c` has no pool `q`",
        ),
        (
            timeline("growth: [{ pool: p }]"),
            "timeline.growth[0]: pool `p`: expected nodes_a_week or percent_a_week",
        ),
        (
            timeline("growth: [{ pool: p, nodes_a_week: 2, p90: 1 }]"),
            "timeline.growth[0].p90: 1 is less than 2",
        ),
        (
            timeline("growth: [{ pool: p, nodes_a_week: -1 }]"),
            "timeline.growth[0].nodes_a_week: -1",
        ),
        (
            timeline("growth: [{ pool: p, nodes_a_week: .nan }]"),
            "non-finite",
        ),
        (
            timeline("growth: [{ cluster: d, pool: p, nodes_a_week: 1 }]"),
            "timeline.growth[0].cluster: no cluster `d`",
        ),
        (
            timeline("spikes: [{ pool: p, nodes: 1, per_month: 1, hours: 0 }]"),
            "timeline.spikes[0].hours: 0 is out of range",
        ),
        (
            timeline("spikes: [{ pool: p, nodes: 1, hours: 1 }]"),
            "timeline.spikes[0]: pool `p`: expected per_month or days",
        ),
        (
            timeline("spikes: [{ pool: p, nodes: 1, per_month: 0, hours: 1 }]"),
            "timeline.spikes[0].per_month: 0 is out of range",
        ),
        (
            timeline("spikes: [{ pool: p, nodes: 1, days: [32], hours: 1 }]"),
            "timeline.spikes[0].days: 32 is no day",
        ),
        (
            timeline("events: [{ at: 2026-12-31, upgrade: {} }]"),
            "timeline.events[0].at: 2026-12-31 lies before 2027-01-01",
        ),
        (
            timeline("events: [{ at: 2027-01-05 }]"),
            "timeline.events[0]: an event without a change",
        ),
        (
            timeline("events: [{ at: 2027-01-05, scale: { pool: q, count: 1 } }]"),
            "timeline.events[0].scale.pool: cluster `c` has no pool `q`",
        ),
        (
            timeline("events: [{ at: 2027-01-05, max_count: { pool: p, count: 0 } }]"),
            "timeline.events[0].max_count.count: 0 is less than the min_count 1",
        ),
        (
            timeline(
                "events: [{ at: 2027-01-05, add_pool: { name: p, count: 1, subnet: nodes } }]",
            ),
            "timeline.events[0].add_pool.name: cluster `c` already has a pool",
        ),
        (
            timeline(
                "events: [{ at: 2027-01-05, add_pool: { name: q, count: 1, subnet: nowhere } }]",
            ),
            "timeline.events[0].add_pool.subnet: pool `q`",
        ),
        (
            timeline("events: [{ at: 2027-01-05, migrate_to_overlay: {} }]"),
            "timeline.events[0].migrate_to_overlay.pod_cidr: missing",
        ),
        (
            timeline(
                "events: [{ at: 2027-01-05, migrate_to_overlay: { pod_cidr: 10.9.0.0/16 } }, { at: 2027-02-05, migrate_to_overlay: { pod_cidr: 10.8.0.0/16 } }]",
            ),
            "timeline.events[1].migrate_to_overlay.pod_cidr: 10.8.0.0/16 differs from 10.9.0.0/16",
        ),
        (
            timeline("events: [{ at: 2027-01-05, hours: 9999, upgrade: {} }]"),
            "timeline.events[0].hours: 9999 is out of range",
        ),
    ];
    for (text, wanted) in cases {
        let bad = file("bad.yaml", &format!("{ESTATE}{text}"));
        let output = aksplan(&["simulate", &bad], "");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {talk}");
        assert!(
            talk.contains(wanted),
            "{text}: expected `{wanted}` in: {talk}"
        );
        assert_eq!(talk.lines().count(), 1, "{talk}");
        assert!(output.stdout.is_empty(), "{text}");
    }
    let two = [file("estate.yaml", ESTATE), file("timeline.yaml", TIMELINE)];
    let again = aksplan(
        &["simulate", &two[1], "--from", &two[1], "--from", &two[0]],
        "",
    );
    assert!(String::from_utf8_lossy(&again.stderr).contains("several timelines"));
}
