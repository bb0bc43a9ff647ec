//! Addresses of pods: each pod that has a node gets one of the node's, or waits until one is free. Touches no node.

use super::Shared;
use super::nodes::{ADDRESS, names};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(60);
const HOST: &str = "aksplan.test/host-ip";

/// On a busy machine the player now and then misses a change of a pod, which would then wait for ever: it is shown it again, so long
/// after it should have acted, for it begins to wait anew then.
const SHOWN_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Never ends by itself.
pub async fn run(shared: Arc<Shared>) {
    let mut since: BTreeMap<String, Instant> = BTreeMap::new();
    let mut looked = Instant::now();
    loop {
        if looked.elapsed() > Duration::from_secs(1) {
            looked = Instant::now();
            show_again(&shared, &mut since).await;
            forget_successors(&shared).await;
        }
        tokio::time::sleep(LOOK_EVERY).await;
        let (status, answer) = shared
            .api
            .send(
                "GET",
                "/api/v1/pods?fieldSelector=status.phase%3DPending",
                None,
            )
            .await;
        let waiting = answer["items"].as_array();
        if status == 200 && waiting.into_iter().flatten().any(waits) {
            round(&shared).await;
        }
    }
}

/// On a busy machine the budgets' controller can miss that a pod of a StatefulSet was gone, and takes its successor, which has its
/// name, for disrupted for two minutes. Real pods take longer to go than that controller takes to look.
async fn forget_successors(shared: &Shared) {
    let path = "/apis/policy/v1/poddisruptionbudgets";
    let (_, answer) = shared.api.send("GET", path, None).await;
    for budget in answer["items"].as_array().into_iter().flatten() {
        let (namespace, name) = names(budget);
        let disrupted = budget["status"]["disruptedPods"].as_object();
        for (pod, since) in disrupted.into_iter().flatten() {
            let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}");
            let (status, now) = shared.api.send("GET", &path, None).await;
            let made = now["metadata"]["creationTimestamp"].as_str();
            if status != 200 || made <= since.as_str() {
                continue;
            }
            let change = json!({"status": {"disruptedPods": {pod: null}}});
            let path = format!(
                "/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/{name}/status"
            );
            shared.api.send("PATCH", &path, Some(&change)).await;
        }
    }
}

async fn show_again(shared: &Shared, since: &mut BTreeMap<String, Instant>) {
    let (_, answer) = shared.api.send("GET", "/api/v1/pods", None).await;
    let empty = Vec::new();
    let pods = answer["items"].as_array().unwrap_or(&empty);
    let stands: BTreeMap<String, &Value> = pods
        .iter()
        .filter(|pod| {
            let starts = pod["status"]["phase"] == "Pending"
                && pod["metadata"]["annotations"][ADDRESS].is_string();
            starts || pod["metadata"]["deletionTimestamp"].is_string()
        })
        .map(|pod| (pod["metadata"]["uid"].to_string(), pod))
        .collect();
    since.retain(|uid, _| stands.contains_key(uid));
    for (uid, pod) in stands {
        let since = since.entry(uid).or_insert_with(Instant::now);
        if since.elapsed() < SHOWN_AGAIN_AFTER + ready_after(pod) {
            continue;
        }
        *since = Instant::now();
        let (namespace, name) = names(pod);
        eprintln!("{namespace}/{name} is shown to its player again");
        let shown = format!("{:?}", Instant::now());
        let change = json!({"metadata": {"annotations": {"aksplan.test/shown-again": shown}}});
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        shared.api.send("PATCH", &path, Some(&change)).await;
    }
}

fn ready_after(pod: &Value) -> Duration {
    let text = pod["metadata"]["annotations"]["aksplan.test/ready-after"].as_str();
    let (number, unit) = match text.unwrap_or("0ms").strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.unwrap_or_default().trim_end_matches('s'), 1000),
    };
    Duration::from_millis(number.parse::<u64>().expect("milliseconds or seconds") * unit)
}

fn waits(pod: &Value) -> bool {
    pod["spec"]["nodeName"].is_string()
        && pod["metadata"]["annotations"][ADDRESS].is_null()
        && pod["metadata"]["deletionTimestamp"].is_null()
        && pod["status"]["phase"] == "Pending"
}

async fn round(shared: &Shared) {
    let (status, answer) = shared.api.send("GET", "/api/v1/pods", None).await;
    if status != 200 {
        return;
    }
    let empty = Vec::new();
    let pods = answer["items"].as_array().unwrap_or(&empty);
    let used: BTreeSet<&str> = pods
        .iter()
        .filter_map(|pod| pod["metadata"]["annotations"][ADDRESS].as_str())
        .collect();
    let mut given = Vec::new();
    {
        let world = shared.world();
        let mut free: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for pod in pods.iter().filter(|pod| waits(pod)) {
            let name = pod["spec"]["nodeName"].as_str().unwrap_or_default();
            let Some(node) = world.nodes.get(name) else {
                continue;
            };
            let host = node.address.to_string();
            let address = if pod["spec"]["hostNetwork"] == true {
                Some(host.clone())
            } else {
                let free = free.entry(name).or_insert_with(|| {
                    let all = world.pod_addresses(name).into_iter().rev();
                    all.map(|address| address.to_string())
                        .filter(|address| !used.contains(address.as_str()))
                        .collect()
                });
                free.pop()
            };
            if let Some(address) = address {
                let change = json!({"metadata": {"annotations": {ADDRESS: address, HOST: host}}});
                let (namespace, pod) = names(pod);
                given.push((format!("/api/v1/namespaces/{namespace}/pods/{pod}"), change));
            }
        }
    }
    let given = given.iter().map(async |(path, change)| {
        // A pod that went in between needs none.
        shared.api.send("PATCH", path, Some(change)).await;
    });
    join_all(given).await;
}
