//! One node drained as AKS does it: all its pods at once through the eviction API, refused ones asked again until the pool's drain
//! timeout. Cordons nothing and ends no operation.

use super::Shared;
use super::nodes::names;
use super::world::Eviction;
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// How a drain ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Drained {
    Empty,
    /// What AKS says of it.
    Failed(String),
    Cancelled,
}

/// Pods that stay: those of a DaemonSet, and those that no API object made.
pub fn stays(pod: &Value) -> bool {
    let owners = pod["metadata"]["ownerReferences"].as_array();
    let of_daemon = owners
        .into_iter()
        .flatten()
        .any(|owner| owner["kind"] == "DaemonSet" && owner["controller"] == true);
    of_daemon || pod["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_string()
}

impl Shared {
    pub async fn drain(&self, operation: &str, node: &str, until: Instant) -> Drained {
        let retry = self.pace.eviction_retry;
        let message = format!("Draining node: {node}");
        self.event(node, "Normal", "Drain", &message).await;
        self.world().drain_begins(node);
        let mut told = BTreeSet::new();
        let mut refused: BTreeMap<String, Value> = BTreeMap::new();
        for round in 0.. {
            let pods = self.pods_on(node).await;
            let left: Vec<&Value> = pods.iter().filter(|pod| !stays(pod)).collect();
            if left.is_empty() {
                self.world().is_drained(node);
                return Drained::Empty;
            }
            if self.is_cancelled(operation) {
                return Drained::Cancelled;
            }
            if Instant::now() > until {
                return Drained::Failed(given_up(node, &left, &refused));
            }
            let asked = left
                .into_iter()
                .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
            let answers = join_all(asked.map(|pod| self.evict(pod))).await;
            for (pod, status, answer) in answers {
                match status {
                    404 => {}
                    200 | 201 => self.world().evicted.push(Eviction {
                        node: node.to_string(),
                        pod,
                    }),
                    429 => {
                        let (namespace, _) = pod.split_once('/').unwrap_or_default();
                        let budget = format!("{namespace}/{}", budget(&answer));
                        self.world().refuses(budget, node, round);
                        if told.insert(pod.clone()) {
                            let message = format!(
                                "Eviction blocked by Too Many Requests (usually a pdb): {pod}"
                            );
                            self.event(node, "Warning", "Drain", &message).await;
                        }
                        refused.insert(pod, answer);
                    }
                    // Nobody asks again what was no answer about a budget.
                    _ => return Drained::Failed(broken(node, &pod, &answer)),
                }
            }
            tokio::time::sleep(retry).await;
        }
        unreachable!("there is no end of rounds")
    }

    async fn evict(&self, pod: &Value) -> (String, u16, Value) {
        let (namespace, name) = names(pod);
        let body = json!({"apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace}});
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/eviction");
        let (status, answer) = self.api.send("POST", &path, Some(&body)).await;
        (format!("{namespace}/{name}"), status, answer)
    }
}

fn given_up(node: &str, left: &[&Value], refused: &BTreeMap<String, Value>) -> String {
    let blocked = left.iter().find_map(|pod| {
        let (namespace, name) = names(pod);
        let full = format!("{namespace}/{name}");
        let answer = refused.get(&full)?;
        Some((full, name, answer))
    });
    let Some((full, name, answer)) = blocked else {
        let (_, name) = names(left[0]);
        return format!("Drain node {node} failed when waiting for pod {name} to go: timed out.");
    };
    let budget = budget(answer);
    format!(
        "Drain node {node} failed when evicting pod {name} failed with Too Many Requests error. This is often caused by a restrictive \
         Pod Disruption Budget (PDB) policy. See https://aka.ms/aks/debugdrainfailures. Original error: Cannot evict pod as it would \
         violate the pod's disruption budget.. PDB debug info: {full} blocked by pdb {budget} with 0 unready pods."
    )
}

/// "The disruption budget api needs 2 healthy pods and has 2 currently"
fn budget(answer: &Value) -> &str {
    let cause = answer["details"]["causes"][0]["message"].as_str();
    cause
        .unwrap_or_default()
        .split(' ')
        .nth(3)
        .unwrap_or_default()
}

fn broken(node: &str, pod: &str, answer: &Value) -> String {
    let why = answer["message"].as_str().unwrap_or("no answer");
    format!(
        "Drain node {node} failed when evicting pod {pod}. See https://aka.ms/aks/debugdrainfailures. Original error: {why}"
    )
}
