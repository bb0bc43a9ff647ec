//! `aksplan diff`: what came, went and became different.

use super::binary::answer;
use super::files::{Folder, ends};
use serde_json::Value;

const BEFORE: &str = "scenarios/fintech.yaml";

fn changed(folder: &Folder, changes: &[(&str, &str)]) -> String {
    let mut text = std::fs::read_to_string(super::binary::root().join(BEFORE)).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let file = folder.file("after.yaml");
    std::fs::write(&file, text).unwrap();
    file
}

fn diff(before: &str, after: &str) -> Value {
    serde_json::from_str(&answer(&["diff", before, after, "-o", "json"])).unwrap()
}

fn change<'a>(diff: &'a Value, kind: &str, name: &str) -> &'a Value {
    let changes = diff["changes"].as_array().unwrap();
    changes
        .iter()
        .find(|change| change["kind"] == kind && change["name"] == name)
        .unwrap_or_else(|| panic!("no {kind} {name} in {diff:#}"))
}

fn field(change: &Value, name: &str) -> (Value, Value) {
    let fields = change["fields"].as_array().unwrap();
    let field = fields.iter().find(|field| field["field"] == name);
    let field = field.unwrap_or_else(|| panic!("no {name} in {change:#}"));
    (field["before"].clone(), field["after"].clone())
}

#[test]
fn the_same_is_no_change() {
    let folder = Folder::new("same");
    let file = folder.file("estate.json.zst");
    ends(&["snapshot", "--from", BEFORE, "-f", &file], "", 0);
    let diff = diff(BEFORE, &file);
    for list in [
        "changes",
        "new_findings",
        "gone_findings",
        "changed_findings",
    ] {
        assert_eq!(diff[list].as_array().map(Vec::len), Some(0), "{list}");
    }
    let (text, _) = ends(&["diff", BEFORE, &file, "--fail-on", "warning"], "", 0);
    assert!(text.contains("nothing changed in capacity terms"), "{text}");
}

#[test]
fn what_changed_is_told_with_both_numbers() {
    let folder = Folder::new("changed");
    let after = changed(
        &folder,
        &[
            (
                "{ name: apps, count: 5, min_count: 3, max_count: 20, max_pods: 110",
                "{ name: apps, count: 4, min_count: 3, max_count: 30, max_pods: 30",
            ),
            (
                "cidr: 10.30.0.0/22, used: 210",
                "cidr: 10.30.0.0/21, used: 300",
            ),
            (
                "      - { name: private-endpoints, cidr: 10.20.4.0/26, used: 6 }\n",
                "      - { name: new, cidr: 10.20.4.0/27 }\n",
            ),
            (
                "kubernetes_version: \"1.33\"",
                "kubernetes_version: \"1.34\"",
            ),
            (
                "      - { remote: spoke-analytics, allow_gateway_transit: true }\n",
                "",
            ),
        ],
    );
    let diff = diff(BEFORE, &after);
    let pool = change(&diff, "pool", "payments/apps");
    assert_eq!(field(pool, "count"), (5.into(), 4.into()));
    assert_eq!(field(pool, "max_count"), (20.into(), 30.into()));
    assert_eq!(field(pool, "max_pods"), (110.into(), 30.into()));
    let subnet = change(&diff, "subnet", "spoke-analytics/databricks");
    assert_eq!(
        field(subnet, "prefixes"),
        ("10.30.0.0/22".into(), "10.30.0.0/21".into())
    );
    assert_eq!(field(subnet, "used"), (210.into(), 300.into()));
    assert_eq!(field(subnet, "free"), (809.into(), 1743.into()));
    // 3 + 5 nodes of 109 now, 26 at the ceiling; 3 of 109 and 4 of 29 afterwards, 6 of 109 and 30 of 29.
    let aks = change(&diff, "subnet", "spoke-payments/aks");
    assert_eq!(field(aks, "demand_now"), (872.into(), 443.into()));
    assert_eq!(field(aks, "demand_ceiling"), (2834.into(), 1524.into()));
    assert_eq!(
        field(aks, "headroom_ceiling"),
        ((-1815).into(), (-505).into())
    );
    assert_eq!(
        change(&diff, "subnet", "spoke-payments/private-endpoints")["change"],
        "removed"
    );
    assert_eq!(
        change(&diff, "subnet", "spoke-payments/new")["change"],
        "added"
    );
    assert_eq!(
        field(change(&diff, "cluster", "payments"), "kubernetes_version"),
        ("1.33".into(), "1.34".into())
    );
    let peerings = diff["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["kind"] == "peering");
    assert_eq!(
        peerings
            .map(|change| change["change"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["removed"]
    );
    // Both ways round it is the same difference.
    let back = self::diff(&after, BEFORE);
    assert_eq!(
        change(&back, "subnet", "spoke-payments/new")["change"],
        "removed"
    );
    assert_eq!(
        field(change(&back, "pool", "payments/apps"), "count"),
        (4.into(), 5.into())
    );
    for format in ["table", "markdown", "yaml"] {
        let text = answer(&["diff", BEFORE, &after, "-o", format]);
        assert!(
            text.contains("private-endpoints") && text.contains("1.34"),
            "{text}"
        );
    }
}

/// `--fail-on` is about what is new: what was wrong before was known.
#[test]
fn only_new_findings_fail() {
    let folder = Folder::new("fails");
    let after = changed(
        &folder,
        &[
            ("service_cidr: 172.16.0.0/16", "service_cidr: 10.20.0.0/16"),
            ("dns_service_ip: 172.16.0.10", "dns_service_ip: 10.20.0.10"),
        ],
    );
    ends(&["diff", BEFORE, &after, "--fail-on", "blocker"], "", 3);
    ends(&["diff", &after, BEFORE, "--fail-on", "blocker"], "", 0);
    let new = diff(BEFORE, &after)["new_findings"]
        .as_array()
        .unwrap()
        .len();
    let gone = diff(&after, BEFORE)["gone_findings"]
        .as_array()
        .unwrap()
        .len();
    assert!(new > 0 && new == gone, "{new} {gone}");
}

/// Subscriptions are numbered as they come, names by the key: two redacted snapshots still know each other.
#[test]
fn redacted_snapshots_of_one_key_compare() {
    let folder = Folder::new("redacted-diff");
    let after = changed(
        &folder,
        &[("count: 5, min_count: 3", "count: 6, min_count: 3")],
    );
    let redacted = |from: &str, name: &str| {
        let file = folder.file(name);
        ends(
            &[
                "snapshot",
                "--from",
                from,
                "-f",
                &file,
                "--redact",
                "--redact-key-file",
                "tests/snapshots/key.txt",
            ],
            "",
            0,
        );
        file
    };
    let diff = diff(&redacted(BEFORE, "a.json"), &redacted(&after, "b.json"));
    let changes = diff["changes"].as_array().unwrap();
    let kinds: Vec<&str> = changes
        .iter()
        .map(|change| change["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["subnet", "pool", "pool"], "{diff:#}");
    assert!(changes.iter().all(|change| change["change"] == "changed"));
}

/// With a key of its own each has other names: everything would look new.
#[test]
fn redacted_snapshots_of_two_keys_do_not() {
    let folder = Folder::new("two-keys");
    let written = |name: &str, more: &[&str]| {
        let file = folder.file(name);
        let mut args = vec!["snapshot", "--from", BEFORE, "-f", &file];
        args.extend(more);
        ends(&args, "", 0);
        file
    };
    let (one, other) = (
        written("a.json", &["--redact"]),
        written("b.json", &["--redact"]),
    );
    let plain = written("c.json", &[]);
    for (before, after) in [(&one, &other), (&one, &plain)] {
        let output = super::binary::aksplan(&["diff", before, after], "");
        let told = String::from_utf8_lossy(&output.stderr).to_string();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("--redact-key-file"), "{told}");
    }
}
