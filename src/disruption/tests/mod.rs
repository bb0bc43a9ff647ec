//! Small clusters for the tests of this room.

mod drains;
mod laws;
mod maths;
mod speed;
mod verdicts;
mod words;

use crate::model::workload::{DisruptionBudget, Labels, Owner, Pod, Selector, Workload};
use crate::model::{Cluster, IntOrPercent, KubernetesState};
use std::sync::Arc;

pub fn cluster() -> Cluster {
    serde_json::from_str(r#"{"name": "shop"}"#).expect("a cluster needs a name")
}

pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

pub fn owner(kind: &str, name: &str) -> Owner {
    Owner {
        kind: kind.to_string(),
        name: name.to_string(),
        uid: Some(format!("{kind}-{name}")),
    }
}

/// Ready, running, with the label `app`.
pub fn pod(name: &str, app: &str, controller: Option<Owner>) -> Pod {
    Pod {
        namespace: "shop".to_string(),
        name: name.to_string(),
        labels: Arc::new(labels(&[("app", app)])),
        owner: controller.map(Arc::new),
        phase: Some("Running".to_string()),
        ready: true,
        ..Pod::default()
    }
}

pub fn workload(kind: &str, name: &str, above: Option<Owner>, replicas: Option<u64>) -> Workload {
    Workload {
        kind: kind.to_string(),
        namespace: "shop".to_string(),
        name: name.to_string(),
        uid: Some(format!("{kind}-{name}")),
        owner: above,
        replicas,
        ..Workload::default()
    }
}

/// `max` and `min` as they are written: `1`, `25%`; empty: not set.
pub fn budget(name: &str, app: &str, max: &str, min: &str) -> DisruptionBudget {
    DisruptionBudget {
        namespace: "shop".to_string(),
        name: name.to_string(),
        selector: Some(Selector {
            match_labels: labels(&[("app", app)]),
            ..Selector::default()
        }),
        max_unavailable: IntOrPercent::from_word(max),
        min_available: IntOrPercent::from_word(min),
        ..DisruptionBudget::default()
    }
}

/// Every kind read in full.
pub fn state() -> KubernetesState {
    KubernetesState {
        kinds: [
            "Pod",
            "PodDisruptionBudget",
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
            "DaemonSet",
            "Job",
            "ReplicationController",
        ]
        .map(str::to_string)
        .to_vec(),
        ..KubernetesState::default()
    }
}

/// A Deployment of `replicas` with its ReplicaSet and all its pods, ready.
pub fn deployment(state: &mut KubernetesState, app: &str, replicas: u64) {
    let set = format!("{app}-5d");
    let deployment = owner("Deployment", app);
    state
        .workloads
        .push(workload("Deployment", app, None, Some(replicas)));
    state.workloads.push(workload(
        "ReplicaSet",
        &set,
        Some(deployment),
        Some(replicas),
    ));
    for number in 0..replicas {
        state.pods.push(pod(
            &format!("{set}-{number}"),
            app,
            Some(owner("ReplicaSet", &set)),
        ));
    }
}
