//! Addresses of pods: each pod that has a node gets one of the node's, or waits until one is free. Touches no node.

use super::Shared;
use super::nodes::{ADDRESS, names};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(60);
const HOST: &str = "aksplan.test/host-ip";

/// Never ends by itself.
pub async fn run(shared: Arc<Shared>) {
    loop {
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
