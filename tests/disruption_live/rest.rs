//! When a cluster is at rest: what its objects say that still has to happen. Only looks.

use super::cluster::Cluster;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Longer than any controller takes to react to what it sees.
pub const QUIET: Duration = Duration::from_millis(1500);
/// Longer than any case takes.
const AT_MOST: Duration = Duration::from_secs(120);

pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|one| one["type"] == kind)
}

pub fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|ready| ready["status"] == "True")
}

pub fn is_terminating(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}

/// Where it is, and what it plays: nothing more will happen to it by itself. A terminating pod is at rest before a drain, which
/// finds it so, and not within one, which waits for its end.
pub fn is_at_rest(pod: &Value, terminating_rests: bool) -> bool {
    if is_terminating(pod) {
        return terminating_rests;
    }
    if pod["spec"]["nodeName"].is_null() {
        return condition(pod, "PodScheduled").is_some_and(|placed| placed["status"] == "False");
    }
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    match pod["metadata"]["labels"]["play"]
        .as_str()
        .unwrap_or_default()
    {
        "waits" => true,
        "succeeds" => phase == "Succeeded",
        "fails" => phase == "Failed",
        _ => phase == "Running",
    }
}

/// What of a pod, seen twice alike, says that nothing happened.
pub fn stands(pods: &[Value]) -> BTreeMap<String, String> {
    pods.iter()
        .map(|pod| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
            (
                text(&pod["metadata"]["uid"]),
                text(&pod["metadata"]["resourceVersion"]),
            )
        })
        .collect()
}

/// What the controllers still have to do.
pub fn undone(object: &Value) -> bool {
    let (spec, status) = (&object["spec"], &object["status"]);
    let seen = status["observedGeneration"].as_u64() >= object["metadata"]["generation"].as_u64();
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    match object["kind"].as_str().unwrap_or_default() {
        "Deployment" | "ReplicaSet" => {
            !seen || count(&status["replicas"]) != count(&spec["replicas"])
        }
        // In order, each after the one before is ready: fewer are normal where one never is.
        "StatefulSet" => {
            let all = count(&status["replicas"]) == count(&spec["replicas"]);
            let held = count(&status["readyReplicas"]) < count(&status["replicas"]);
            !seen || !(all || held)
        }
        "DaemonSet" => {
            let wanted = count(&status["desiredNumberScheduled"]);
            !seen || count(&status["currentNumberScheduled"]) != wanted
        }
        // A pod that was lost is made again after ten seconds and more.
        "Job" => {
            let left = count(&spec["completions"]).saturating_sub(count(&status["succeeded"]));
            count(&status["active"]) < left.min(count(&spec["parallelism"]))
        }
        // Also where it could not be computed there is a condition then.
        "PodDisruptionBudget" => condition(object, "DisruptionAllowed").is_none(),
        "PersistentVolumeClaim" => status["phase"] != "Bound",
        kind => unreachable!("{kind} is not looked at"),
    }
}

const LOOKED_AT: &[&str] = &[
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "PodDisruptionBudget",
    "PersistentVolumeClaim",
];

/// The player misses a change of a pod now and then, on a busy machine: such a pod would wait for ever. It is shown the pod again.
#[derive(Default)]
pub struct Reminder {
    since: BTreeMap<String, Instant>,
}

/// Longer than any pod of a case takes for anything.
const REMIND_AFTER: Duration = Duration::from_secs(20);

impl Reminder {
    pub async fn remind(&mut self, cluster: &Cluster, scope: &str, pods: &[Value]) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let waiting: BTreeMap<String, String> = pods
            .iter()
            .filter(|pod| !is_at_rest(pod, false))
            .map(|pod| {
                (
                    text(&pod["metadata"]["uid"]),
                    text(&pod["metadata"]["name"]),
                )
            })
            .collect();
        self.since.retain(|uid, _| waiting.contains_key(uid));
        for (uid, name) in waiting {
            let since = self.since.entry(uid).or_insert_with(Instant::now);
            if since.elapsed() > REMIND_AFTER {
                *since = Instant::now();
                println!("{scope}: {name} is shown to its player again");
                let now = format!("{:?}", Instant::now());
                let change =
                    json!({"metadata": {"annotations": {"aksplan.test/shown-again": now}}});
                let path = format!("/api/v1/namespaces/{scope}/pods/{name}");
                // It may be gone by now.
                cluster.send("PATCH", &path, Some(&change)).await;
            }
        }
    }
}

/// Until nothing is left to happen and nothing has happened for a while.
pub async fn until_rest(cluster: &Cluster, scope: &str) -> Result<(), String> {
    let start = Instant::now();
    let mut since = Instant::now();
    let mut last = BTreeMap::new();
    let mut reminder = Reminder::default();
    loop {
        let mut waits_for = Vec::new();
        for node in cluster.nodes(scope).await {
            if !is_ready(&node) {
                waits_for.push(format!("node {}", node["metadata"]["name"]));
            }
        }
        let pods = cluster.objects("Pod", scope).await;
        for pod in pods.iter().filter(|pod| !is_at_rest(pod, true)) {
            waits_for.push(format!("pod {}", pod["metadata"]["name"]));
        }
        reminder.remind(cluster, scope, &pods).await;
        let mut seen = stands(&pods);
        for kind in LOOKED_AT {
            let objects = cluster.objects(kind, scope).await;
            for object in objects.iter().filter(|object| undone(object)) {
                waits_for.push(format!("{kind} {}", object["metadata"]["name"]));
            }
            seen.extend(stands(&objects));
        }
        if seen != last || !waits_for.is_empty() {
            since = Instant::now();
            last = seen;
        }
        if since.elapsed() > QUIET {
            return Ok(());
        }
        if start.elapsed() > AT_MOST {
            return Err(format!("{scope}: never at rest: {}", waits_for.join(", ")));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
