//! How things stand at the end of a move, as far as it must not matter what happened on the way; and that each write was sent once.

use super::aks::Aks;
use super::aks::nodes::names;
use super::control_plane::Folder;
use aksplan::migrate::Plan;
use aksplan::migrate::step::Resource;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Everything that stays, without what is drawn anew each time: eTags, names of pods, their addresses.
pub fn end_state(aks: &Aks) -> Value {
    let mut cluster = aks.cluster();
    cluster["eTag"] = Value::Null;
    let pools = cluster["properties"]["agentPoolProfiles"].as_array_mut();
    for pool in pools.into_iter().flatten() {
        pool["eTag"] = Value::Null;
    }
    let nodes: Vec<Value> = aks
        .list("/api/v1/nodes")
        .iter()
        .map(|node| {
            json!({"name": node["metadata"]["name"], "labels": node["metadata"]["labels"],
                "unschedulable": node["spec"]["unschedulable"] == true, "machine": node["spec"]["providerID"]})
        })
        .collect();
    let configs: Vec<Value> = aks
        .list(super::aks::kubernetes::NETWORK_CONFIGS)
        .iter()
        .map(|config| {
            let container = &config["status"]["networkContainers"][0];
            json!([
                config["metadata"]["name"],
                container["type"],
                container["subnetAddressSpace"]
            ])
        })
        .collect();
    let deployments: Vec<Value> = aks
        .list("/apis/apps/v1/deployments")
        .iter()
        .map(|one| json!([names(one).1, one["status"]["readyReplicas"]]))
        .collect();
    let mut pods: Vec<Value> = aks
        .list("/api/v1/pods")
        .iter()
        .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null())
        .map(|pod| json!([pod["metadata"]["labels"], pod["spec"]["nodeName"]]))
        .collect();
    pods.sort_by_key(Value::to_string);
    json!({"cluster": cluster, "nodes": nodes, "configs": configs, "deployments": deployments, "pods": pods,
        "addresses": aks.used()})
}

/// Every PUT that arrived was one of the plan's writes, in their order, each once.
pub fn each_write_once(aks: &Aks, plan: &Plan, what: &str) {
    let wanted: Vec<String> = plan
        .steps
        .iter()
        .filter_map(|step| step.write.as_ref())
        .map(|write| match &write.resource {
            Resource::Cluster => "/managedclusters/shop".to_string(),
            Resource::AgentPool(pool) => format!("/agentpools/{}", pool.to_ascii_lowercase()),
        })
        .collect();
    let sent: Vec<String> = aks
        .log()
        .iter()
        .filter(|asked| asked.method != "GET" && !asked.path.ends_with("credential"))
        .map(|asked| asked.path.clone())
        .collect();
    let is_same = sent.len() == wanted.len()
        && sent
            .iter()
            .zip(&wanted)
            .all(|(sent, wanted)| sent.ends_with(wanted));
    assert!(is_same, "{what}: {wanted:?} wanted, {sent:?} sent");
    assert_eq!(aks.writes().len(), wanted.len(), "{what}");
}

/// A journal, as whoever watches it sees it.
pub struct Journal(pub PathBuf);

impl Journal {
    pub fn beside_plan_of(folder: &Folder) -> Journal {
        Journal(folder.path.join("plan.journal"))
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.0).unwrap_or_default()
    }

    /// What each whole record says: its kind and its step.
    pub fn records(&self) -> Vec<(String, String)> {
        let bytes = self.bytes();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        lines
            .filter(|line| line.ends_with(b"\n"))
            .map(|line| {
                let record: Value = serde_json::from_slice(line).expect("a whole record");
                let text = |field: &str| {
                    let value = record["event"][field].as_str();
                    value.unwrap_or_default().to_string()
                };
                (text("is"), text("step"))
            })
            .collect()
    }

    /// Bytes of whole records.
    pub fn good(&self) -> usize {
        let bytes = self.bytes();
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        end.map_or(0, |end| end + 1)
    }

    pub fn is_complete(&self) -> bool {
        let bytes = self.bytes();
        let last = bytes.split(|byte| *byte == b'\n').rev().nth(1);
        let record = last.and_then(|line| serde_json::from_slice::<Value>(line).ok());
        record.is_some_and(|record| record["event"]["how"] == "completed")
    }
}

/// SplitMix64.
pub struct Draws(pub u64);

impl Draws {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
