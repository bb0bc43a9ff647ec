//! A cluster in which nothing is left to chance: two pools of three nodes, every node full, so that what leaves one has one place to
//! go; pods that tie are alike; budgets refuse and let go at times of their own. A second is a second, as in the simulation.

use super::shape::{Pace, Pool, Shape};
use super::small::small;
use super::workloads::FIRST_ON;
use serde_json::{Value, json};
use std::time::Duration;

/// Name, where its pods are at first, how many, what each asks for, seconds that one takes to end, the budget that counts it.
type Row = (
    &'static str,
    &'static str,
    u64,
    &'static str,
    u64,
    &'static str,
);

/// A node has 3,860m, of which its daemon takes 100m. `left` and `right` share a budget over both pools: `right` goes first, and
/// `left` is asked before its replacement is Ready.
const ROWS: [Row; 7] = [
    ("alpha", "apps/0", 2, "1800m", 1, "alpha"),
    ("left", "apps/1", 1, "3600m", 1, "shared"),
    ("gamma", "apps/2", 2, "1800m", 1, "gamma"),
    ("plain", "jobs/0", 1, "3600m", 3, ""),
    ("beta", "jobs/1", 3, "800m", 1, "beta"),
    ("right", "jobs/1", 1, "1200m", 1, "shared"),
    ("delta", "jobs/2", 2, "1800m", 1, "delta"),
];

/// Seconds from a pod's being placed to its being Ready; of these the network takes about a third of one to give it an address.
const READY: u64 = 5;
const PLAYED: &str = "4700ms";

/// How long things take, as `--policy` says it.
pub fn policy() -> Value {
    let exactly = |seconds: u64| json!({"median": seconds, "p90": seconds});
    json!({
        "control_plane": exactly(0),
        "node_create": exactly(1),
        "node_reimage": exactly(2),
        "node_delete": exactly(0),
        "pod_start": exactly(READY),
        "pod_stop_percent": exactly(100),
        "eviction_retry_seconds": 1,
        "replacement_seconds": 0
    })
}

fn deployment((name, first_on, replicas, cpu, stop, budget): Row) -> Value {
    let pool = first_on.split('/').next().unwrap_or_default();
    let labels = json!({"app": name, "budget": budget});
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": name, "annotations": {FIRST_ON: first_on}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels, "annotations": {
                "aksplan.test/ready-after": PLAYED, "aksplan.test/gone-after": format!("{stop}s")}},
            "spec": {"nodeSelector": {"agentpool": pool}, "terminationGracePeriodSeconds": stop,
                "containers": super::workloads::container(name, cpu)}}}})
}

fn budget(name: &str, least: u64) -> Value {
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"namespace": "shop", "name": name},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"budget": name}}}})
}

pub fn timed() -> Shape {
    let mut shape = small().with_upgrade(&json!({"maxSurge": "1"}));
    let pool = |name: &'static str| Pool {
        name,
        is_system: false,
        nodes: 3,
        ..shape.pools[1].clone()
    };
    shape.pools = vec![pool("apps"), pool("jobs")];
    let daemons_and_namespaces = ["Namespace", "DaemonSet"];
    shape.objects.retain(|object| {
        daemons_and_namespaces.contains(&object["kind"].as_str().unwrap_or_default())
    });
    shape.objects.extend(ROWS.map(deployment));
    let budgets = [
        ("alpha", 1),
        ("beta", 2),
        ("gamma", 1),
        ("delta", 1),
        ("shared", 1),
    ];
    let budgets = budgets.map(|(name, least)| budget(name, least));
    shape.objects.extend(budgets);
    shape.pace = Pace {
        node_create: Duration::from_secs(1),
        reimage: Duration::from_secs(2),
        eviction_retry: Duration::from_millis(500),
        minute: Duration::from_secs(60),
        ..Pace::default()
    };
    shape
}
